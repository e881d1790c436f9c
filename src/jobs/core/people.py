"""People other than the owner, as the parts of the program pass them to each other."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

_BRACKETS = str.maketrans("[]<>", "()()")
_QUOTES = str.maketrans(dict.fromkeys('“”„‟«»"', "'"))
LONGEST_TITLE = 128
"""Characters; Telegram's own titles are no longer."""
Kind = Literal["person", "bot", "service", "deleted", "self"]


def one_line(name: str) -> str:
    """A name that somebody outside has chosen, fit to stand in a sentence of the program's."""
    words = name.translate(_BRACKETS).split()
    return " ".join(filter(None, ("".join(c for c in w if unicodedata.category(c)[0] != "C") for w in words)))


def title_in_quotes(title: str) -> str:
    """What somebody outside may have called something, fit to stand in quotation marks: it cannot end them."""
    line = one_line(title).translate(_QUOTES)
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


@dataclass(frozen=True, slots=True)
class PersonCard:
    """Somebody as Telegram, or our own table, knows them; `id` is Telegram's numeric user id."""

    id: int
    first_name: str = ""
    last_name: str = ""
    username: str | None = None
    phone: str | None = None
    """Digits only, with the country code."""
    language: str | None = None
    kind: Kind = "person"
    is_contact: bool = False

    @property
    def name(self) -> str:
        """What to call them: their full name, else their username, else their id.

        They have chosen it themselves, and the program says it in sentences of its own: one line, no brackets, nothing
        that cannot be seen.
        """
        full = one_line(f"{self.first_name} {self.last_name}")
        return full or (f"@{self.username}" if self.username else str(self.id))
