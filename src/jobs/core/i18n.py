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
        if not values:
            return template
        return template.format(**{k: v.say(language) if isinstance(v, Phrase) else v for k, v in values.items()})


class Phrase:
    """Words that stand in a place of others, with the values of their own: said in the language of the whole."""

    def __init__(self, words: Words, **values: object) -> None:
        self._words = words
        self._values = values

    def say(self, language: Language) -> str:
        """The phrase in `language`."""
        return self._words.say(language, **self._values)
