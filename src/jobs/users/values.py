"""Values (phones, prices, codes, short phrases) as they are compared: in any case, spacing and disguise."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.[\w.]+")
_NUMBER = re.compile(r"\d(?:(?:[^\w\n]|_)*\d)*")
"""A phone, a price, a date, a code: digits with whatever between them; several values perhaps."""
_APART = re.compile(r"[\s,;|()/]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_CODE = re.compile(r"\b(?=[\w-]{0,80}\d)(?=[\w-]{0,80}[^\W\d_])\w+(?:-\w+)*\b")
_MONEY = r"(?:[€$£₽¥₴]|eur|usd|rub|руб|евро|долл)"
_SMALL_PRICE = re.compile(
    rf"(?<![\d.,'])(?<!\d\s)\d\d?(?=\s?{_MONEY})|(?<=[€$£₽¥₴])\s?\d\d?(?![\d.,']|\s\d)", re.IGNORECASE
)
_ROUND_TIME = re.compile(r"(?:[01]?\d|2[0-3]):(?:00|15|30|45)")

_SHORTEST_VALUE = 4
_SHORTEST_NUMBER = 3
_LONGEST_PHRASE = 80
_PHONE_DIGITS = 10

_ALIKE = str.maketrans(
    # Letters of other alphabets that look like Latin ones, small or capital.
    "авенікморѕстухјһԁԛԝ" + "αβεηικμνορτυχ",
    "abehikmopsctyxjhdqw" + "abehikmnoptyx",
)
_BLANK = str.maketrans({"\u115f": None, "\u1160": None, "ǀ": "|", "ǁ": "|", "ǃ": "!"})
"""Letters by category that are seen as nothing, or as signs."""


def plain(text: str) -> str:
    """Text in one case and one alphabet, with ordinary digits and without what cannot be seen."""
    folded = unicodedata.normalize("NFKD", html.unescape(text)).translate(_BLANK).casefold()
    return "".join(_shown(char) for char in folded).translate(_ALIKE)


def _shown(char: str) -> str:
    if char.isascii():
        return char
    if char.isdigit():
        return str(unicodedata.digit(char))
    match unicodedata.category(char):
        case "Cf" | "Mn" | "Me":
            return ""
        case "Lm":  # what looks like a colon or an apostrophe
            return " "
        case _:
            return char


def normalized(text: str) -> str:
    """Letters and digits alone: how values are compared."""
    return _bare(plain(text))


def _bare(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


class Reading:
    """A text as somebody reads it, for comparing many values with it."""

    def __init__(self, text: str) -> None:
        self._plain = plain(text)
        self._bare = _bare(self._plain)

    def says(self, value: str) -> bool:
        """Whether a normalized value is in it, whatever else than letters and digits stands between its characters.

        A number must stand by itself (500 is not said by 1500, nor by 5:00), and so must a short word; of a phone
        number the last ten digits count.
        """
        is_number = value.isdigit()
        if is_number and len(value) >= _PHONE_DIGITS:
            return value[-_PHONE_DIGITS:] in self._bare
        if value not in self._bare:
            return False
        is_short = not is_telling(value)
        if not is_number and not is_short:
            return True
        edge = r"\d" if is_number else r"[^\W_]"
        spaced = ("" if is_short else r"[\W_]*").join(map(re.escape, value))
        found = re.finditer(rf"(?<!{edge}){spaced}(?!{edge})", self._plain)
        return any(not _ROUND_TIME.fullmatch(match.group()) for match in found)


def is_telling(value: str) -> bool:
    """Whether a normalized value is long enough to be told from other words and numbers."""
    return len(value) >= (_SHORTEST_NUMBER if value.isdigit() else _SHORTEST_VALUE)


def is_said(value: str, text: str) -> bool:
    """Whether a normalized value is in a text: see `Reading.says`."""
    return Reading(text).says(value)


def values_in(text: str) -> Iterator[str]:
    """The phones, prices, codes and addresses that can be recognised in a text, normalized."""
    for pattern in (_EMAIL, _CODE):
        for match in pattern.finditer(text):
            if len(value := normalized(match.group())) >= _SHORTEST_VALUE:
                yield value
    for match in _NUMBER.finditer(text):
        if len(value := normalized(match.group())) >= _SHORTEST_NUMBER:
            yield value
        for part in _APART.split(match.group()):
            bare = normalized(part) if len(part) >= _SHORTEST_VALUE else ""
            if len(bare) >= _SHORTEST_VALUE and not _YEAR.fullmatch(bare):
                yield bare


def phrase_of(text: str) -> Iterator[str]:
    """A short phrase itself, normalized; nothing where it is long, or too short to be told from other words."""
    bare = normalized(text)
    if len(text) <= _LONGEST_PHRASE and is_telling(bare):
        yield bare


def values_of(phrase: str) -> Iterator[str]:
    """What must not be said of a phrase that somebody has named: itself, however short, and the values in it."""
    yield from values_in(phrase)
    for match in _SMALL_PRICE.finditer(phrase):
        yield normalized(match.group())
    if bare := normalized(phrase):
        yield bare
