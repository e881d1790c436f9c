"""Words as the index knows them: stems, numbers, codes, telephone numbers, dates, and names in any alphabet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, cast

import regex
import snowballstemmer
from anyascii import anyascii

from jobs.memory.stop_words import MONTHS, STOP_WORDS

VERSION = 2
"""Another one makes the index anew."""
LONGEST = 20_000
"""Characters of a text that are looked at: a chunk has some 1,500."""
LONGEST_QUERY = 1_000
_MOST_EXPANDED = 2
"""Characters that one becomes by NFKC, in a text where that is usual."""
CODE, PHONE, NAME, DATE, OTHER = "0c", "0p", "0n", "0d", "0u"
"""Beginnings of what is no plain word: those begin with a letter, or are all digits."""

_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)?|\p{N}+")
_CODE = regex.compile(r"[\p{L}\p{N}]+(?:[-_/.:@+#][\p{L}\p{N}]+)*")
_SPACED = regex.compile(r"(?<!\w)[A-Z]{0,4}\d[\dA-Z]*(?:[ \u00a0][\dA-Z]*\d[\dA-Z]*){2,}(?!\w)")
"""An IBAN or the number of a card, in groups."""
_PHONE = regex.compile(r"(?<![\w.])\+?\(?\d(?:[\s\u00a0().\-–]{0,2}\d){6,14}(?!\w)")
_ISO = regex.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DOTTED = regex.compile(r"(?<![\d.])(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?(?![\d])")
_DAY_MONTH = regex.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|-?(?:го|е|ое))?\s+(?:of\s+)?(\p{L}{3,12})(?!\p{L})(?:\s+(\d{4}))?"
)
_MONTH_DAY = regex.compile(r"(?<!\p{L})(\p{L}{3,12})\s+(\d{1,2})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(\d{4}))?")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+")
_KNOWN = regex.compile(r"[a-zа-я0-9]+")
_CYRILLIC = regex.compile(r"\p{Cyrillic}")
_SOUNDS = (
    ("chzh", "zh"), ("cz", "k"), ("shch", "s"), ("sch", "s"), ("tch", "k"), ("sh", "s"), ("ch", "k"), ("zh", "s"),
    ("kh", "h"), ("gh", "g"), ("th", "t"), ("dt", "t"), ("ts", "k"), ("tz", "k"), ("ph", "f"), ("ck", "k"), ("ng", "n"),
    ("qu", "kv"), ("x", "ks"), ("w", "v"), ("q", "k"), ("z", "s"), ("ce", "se"), ("ci", "si"), ("cy", "sy"), ("c", "k"),
)  # fmt: skip
_SILENT_H = regex.compile(r"h(?=[bdfgklmnprstv])")
_TWICE = regex.compile(r"(.)\1+")
_SILENT = str.maketrans("", "", "aeiouyj'")
_J = ("", "ds", "s", "h")
"""How a Latin J may sound: in Jan, John, Julien, Juan."""


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the library's name


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that a query asks for: any of `forms` is it."""

    forms: frozenset[str]
    word: str
    """As a plain word; "" for what can have no slips of the pen."""
    exact: bool = False
    """A number, a code or a date: where it stands is right, however little else does."""
    name: bool = False
    """It is written like a name."""
    capital: bool = False
    """It begins with a capital, as the first word of a question does as well."""
    sounds: frozenset[str] = frozenset()
    """How it is found when it is a name in another alphabet."""


def normal(text: str, longest: int = LONGEST) -> str:
    """NFKC, and no longer than `longest`. A character that stands for words (U+FDFA becomes 18) is written out once."""
    text = text[:longest]
    plain = unicodedata.normalize("NFKC", text)
    if len(plain) > _MOST_EXPANDED * len(text):
        plain = unicodedata.normalize("NFKC", _once_each(text))
    return plain[:longest].replace("\u0301", "")


def _once_each(text: str) -> str:
    """Blanks in place of characters that become several and stood there before: what they say is found already."""
    several = {char: len(unicodedata.normalize("NFKC", char)) > _MOST_EXPANDED for char in set(text)}
    seen: set[str] = set()
    kept: list[str] = []
    for char in text:
        kept.append(" " if char in seen else char)
        if several[char]:
            seen.add(char)
    return "".join(kept)


def tokens_of(text: str) -> list[str]:
    """Everything that notes may be found by, in order, as often as it stands there."""
    text = normal(text)
    found = list(_dates(text))
    found += (form for match in _PHONE.finditer(text) for form in _phone_forms(match[0]))
    for pattern in (_CODE, _SPACED):
        found += (CODE + joined for match in pattern.finditer(text) if (joined := _code(match[0])))
    for match in _WORD.finditer(text):
        word = match[0]
        found += _plain(word)
        if word[0].isupper():
            found += sounds_of(word)
    return found


def day_tokens(day: str) -> list[str]:
    """What notes of a day (ISO) are found by."""
    return list(_dates(day))


def terms_of(query: str) -> list[Term]:
    """What a query asks for, without the words that stand everywhere."""
    text = normal(query, LONGEST_QUERY)
    terms: dict[frozenset[str], Term] = {}
    for term in _terms(text):
        terms.setdefault(term.forms, term)
    return list(terms.values())


def _terms(text: str) -> Iterator[Term]:
    rest = text
    for pattern, forms in (
        (_ISO, _date_query), (_DOTTED, _date_query), (_SPACED, _code_query), (_PHONE, _phone_query),
        (_DAY_MONTH, _date_query), (_MONTH_DAY, _date_query), (_CODE, _code_query),
    ):  # fmt: skip
        for match in pattern.finditer(rest):
            if tokens := forms(match[0]):
                yield Term(frozenset(tokens), "", exact=True)
                rest = rest.replace(match[0], " ", 1)
    for number, match in enumerate(_WORD.finditer(rest)):
        word = match[0].casefold()
        if word.isdigit():
            yield Term(frozenset((_encoded(word),)), "", exact=len(word) > 2)
        elif word not in STOP_WORDS and len(word) > 1:
            capital = match[0][0].isupper()
            for form in _plain(word):
                yield Term(
                    frozenset((form,)), form, name=capital and number > 0, capital=capital, sounds=sounds_of(word)
                )


def _plain(word: str) -> Sequence[str]:
    """A word as plain tokens: the stem, or pairs of characters where words are not set apart."""
    if _UNSPACED.search(word):
        return [_encoded(word[start : start + 2]) for start in range(max(1, len(word) - 1))]
    return [_encoded(stem(word.casefold()))]


def _encoded(token: str) -> str:
    """SQLite knows the letters of an older Unicode than Python: what it might take apart is written otherwise."""
    return token if _KNOWN.fullmatch(token) else OTHER + token.encode("utf-8", "replace").hex()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a casefolded word: Russian in Cyrillic, English else."""
    word = word.replace("ё", "е").replace("’", "'").removesuffix("'s").replace("'", "")
    stemmer = _russian() if _CYRILLIC.search(word) else _english()
    return stemmer.stemWord(word[:60])


@lru_cache(maxsize=50_000)
def sounds_of(word: str) -> frozenset[str]:
    """How a name sounds in any alphabet and any case: its consonants, and whether it begins with a vowel."""
    plain = word.casefold().replace("'", "").replace("’", "")
    found: set[str] = set()
    for form in {plain, stem(plain)}:
        latin = anyascii(form.replace("ř", "rzh")).casefold()
        for heard in _J if form.startswith("j") else ("",):
            found.add(_sound(heard + latin[1:] if heard else latin))
    return frozenset(NAME + sound for sound in found if len(sound) > 1 and _KNOWN.fullmatch(sound))


def _sound(latin: str) -> str:
    for written, heard in _SOUNDS:
        latin = latin.replace(written, heard)
    first = "a" if latin[:1] in tuple("aeiouyj") else ""
    return first + _TWICE.sub(r"\1", _SILENT_H.sub("", latin)).translate(_SILENT)


@lru_cache(maxsize=1)
def _russian() -> _Stemmer:
    return cast("_Stemmer", snowballstemmer.RussianStemmer())


@lru_cache(maxsize=1)
def _english() -> _Stemmer:
    return cast("_Stemmer", snowballstemmer.EnglishStemmer())


def _code(text: str) -> str:
    """A code without what separates its parts; "" for what is none: it has digits, and letters or several parts."""
    if len(text) < 2:
        return ""
    joined = "".join(char for char in text.casefold() if char.isalnum())
    digits = sum(char.isdigit() for char in joined)
    is_code = "@" in text or (digits and (digits < len(joined) or len(joined) < len(text) or digits >= 8))
    return _encoded(joined[:60]) if is_code and len(joined) >= 3 else ""


def _code_query(text: str) -> Sequence[str]:
    """A telephone number in groups of digits is none."""
    joined = "" if _PHONE.fullmatch(text) else _code(text)
    return (CODE + joined,) if joined else ()


def _digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


def _phone_forms(text: str) -> Sequence[str]:
    """A telephone number is told by its end: +7 916 … and 8916… are one."""
    digits = _digits(text)
    return [PHONE + digits[-length:] for length in (10, 7) if len(digits) >= length]


def _phone_query(text: str) -> Sequence[str]:
    return _phone_forms(text)[:1]


def _dates(text: str) -> Iterator[str]:
    for pattern, order in ((_ISO, "ymd"), (_DOTTED, "dmy"), (_DAY_MONTH, "dmy"), (_MONTH_DAY, "mdy")):
        for match in pattern.finditer(text):
            part = dict(zip(order, match.groups(), strict=True))
            yield from _date(part["y"], part["m"], part["d"])


def _date(year: str | None, month: str, day: str) -> Iterator[str]:
    number = int(month) if month.isdecimal() else MONTHS.get(month.casefold(), 0)
    if not (1 <= number <= 12 and 1 <= int(day) <= 31):
        return
    yield f"{DATE}{number:02}{int(day):02}"
    if year is not None:
        yield f"{DATE}{int(year) + (2000 if len(year) == 2 else 0)}{number:02}{int(day):02}"


def _date_query(text: str) -> Sequence[str]:
    """The most that a date says: with the year where it names one."""
    found = sorted(_dates(text), key=len)
    return found[-1:]
