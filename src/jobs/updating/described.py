"""A version that could be installed, in words."""

from __future__ import annotations

from jobs.core.i18n import Language
from jobs.core.rich_text import visible
from jobs.core.words import updating as words
from jobs.updating.source import Candidate


def there_is(candidate: Candidate, current: str, language: Language) -> str:
    """That it is there."""
    signed = words.SIGNED.say(language) if candidate.signed else ""
    return words.THERE_IS.say(
        language, version=candidate.version, ref=candidate.ref, commit=candidate.commit[:12], signed=signed,
        current=current,
    )  # fmt: skip


def changes(candidate: Candidate, language: Language) -> str:
    """What is new in it: lines that others wrote."""
    if not candidate.changes:
        return words.NO_CHANGES.say(language)
    return "\n".join([words.CHANGES.say(language), *map(visible, candidate.changes)])


def described(candidate: Candidate, current: str, language: Language) -> str:
    """Both."""
    return f"{there_is(candidate, current, language)}\n{changes(candidate, language)}"
