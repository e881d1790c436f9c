"""Words for people: every user-facing sentence exists once, in English and Russian, below `core/words`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "ru"]


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in every language of the product, with `{named}` places for values."""

    en: str
    ru: str

    def say(self, language: Language, **values: object) -> str:
        """The sentence in `language`; raises KeyError when a named place has no value."""
        template = self.ru if language == "ru" else self.en
        return template.format(**values) if values else template
