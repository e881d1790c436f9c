"""What the owner reads before they decide about a plugin; everything in it is somebody else's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from jobs.core.i18n import Language, Words
from jobs.core.rich_text import visible
from jobs.core.words import plugins as words
from jobs.plugin_manager.contents import Contents

_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_MOST_TEXT = 1500
_MOST_RUNS = 2000
"""Characters of one command: what is longer is not installed unseen, it is refused."""
_MOST_ITEMS = 40


def longest(contents: Contents) -> int:
    """Characters of the longest thing that would run."""
    return max((len(one.runs) for one in (*contents.servers, *contents.hooks)), default=0)


def too_much(contents: Contents) -> str:
    """Why the owner cannot be shown all that would run; "" when they can."""
    if longest(contents) > _MOST_RUNS:
        return f"A command in it has {longest(contents)} characters: nobody can judge that, so it is not installed."
    if len(contents.servers) + len(contents.hooks) > _MOST_ITEMS:
        return f"It has more than {_MOST_ITEMS} servers and hooks: nobody can judge that, so it is not installed."
    return ""


def shown(contents: Contents, language: Language, *, origin: str, commit: str, replaces: str) -> str:
    """The plugin, as it would be installed."""
    return "\n".join(_lines(contents, language, origin, commit, replaces))


def _lines(contents: Contents, language: Language, origin: str, commit: str, replaces: str) -> Iterator[str]:
    yield words.ABOUT.say(
        language,
        name=contents.name,
        version=_line(contents.version, 40),
        author=_line(contents.author, 100) or words.UNNAMED.say(language),
        description=_line(contents.description, _MOST_TEXT),
    )
    if replaces:
        yield words.REPLACES.say(language, version=_line(replaces, 100))
    yield words.FROM.say(language, origin=_line(origin, 500))
    if commit:
        yield words.COMMIT.say(language, commit=commit)
    yield from _named(contents, language)
    for server in contents.servers:
        yield words.SERVER.say(language, name=_line(server.name, 80), runs=_command(server.runs))
        if server.keys:
            yield words.KEYS.say(language, keys=_line(", ".join(server.keys), 500))
    for hook in contents.hooks:
        matcher, runs = _line(hook.matcher, 200), _command(hook.runs)
        yield words.HOOK.say(language, event=hook.event, matcher=matcher, runs=runs)
    for what in contents.left_out[:_MOST_ITEMS]:
        yield words.LEFT_OUT.say(language, what=_line(what, 300))
    if len(contents.left_out) > _MOST_ITEMS:
        yield words.MORE.say(language, count=len(contents.left_out) - _MOST_ITEMS)


def _named(contents: Contents, language: Language) -> Iterator[str]:
    kinds: Sequence[tuple[Words, Sequence[str]]] = (
        (words.SKILLS, contents.skills),
        (words.COMMANDS, contents.commands),
        (words.AGENTS, contents.agents),
        (words.PROGRAMS, contents.programs),
    )
    there = [(word, names) for word, names in kinds if names]
    if not there and not contents.servers and not contents.hooks:
        yield words.NOTHING.say(language)
    for word, names in there:
        more = f" {words.MORE.say(language, count=len(names) - _MOST_ITEMS)}" if len(names) > _MOST_ITEMS else ""
        yield word.say(language, names=_line(", ".join(names[:_MOST_ITEMS]), 3000)) + more


def _command(text: str) -> str:
    """What runs, on one line; where it has several, that is seen."""
    return _line(_BREAKS.sub(" ⏎ ", text.strip()), _MOST_RUNS * 8)


def _line(text: str, most: int) -> str:
    """One line of it."""
    plain = visible(" ".join(text.split()))
    return plain if len(plain) <= most else f"{plain[:most]}…"
