"""Who an owner means by a name, a username, a number or a phone: people are found, never guessed.

Names are compared by a skeleton that is the same for all spellings of a sound (Мария, Maria, Mariya), diminutives
through the table in `diminutives`, and Russian case endings are undone in the words of the query.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from anyascii import anyascii
from rapidfuzz import fuzz

from jobs.core.people import PersonCard
from jobs.users.diminutives import ENGLISH, FAMILY, RUSSIAN

MAX_QUERY = 200
MAX_PEOPLE = 10
_MAX_WORDS = 12  # no name has more; bounds the work on hostile text
_MIN_PHONE = 7
_MIN_PART = 3
_MIN_FUZZY = 4
_FUZZY_RATIO = 83  # one letter in six

# How well a word of the query fits a word of a name; a hit below `_SURE` is never certain.
_EQUAL, _FORM, _CASE, _CASE_OF_FORM, _PREFIX, _IN_USERNAME, _SURE = 100.0, 95.0, 90.0, 85.0, 70.0, 60.0, 50.0
_MAYBE_CASE, _MAYBE_PREFIX, _MAYBE_IN_USERNAME = 40.0, 35.0, 30.0
_NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a query names: one person, several candidates with the best first, or nobody."""

    people: tuple[PersonCard, ...] = ()
    certain: bool = False
    """Exactly one person fits, and not by a resemblance: only then may the program act without asking."""


def find_people(query: str, people: Iterable[PersonCard]) -> Found:
    """Find who is meant: by address, full name, form of a name, part of a name, resemblance; the first hit decides."""
    asked = _read(query)
    if asked is None:
        return Found()
    cards = list(people)
    holders = [card for card in cards if _answers_to(asked, card)]
    if holders and asked.is_address:
        return _found(holders, certain=True)
    entries = [_entry(card) for card in cards if card.kind == "person"]
    # Anybody may take "masha" as a username: such a word means its holder only while nobody bears the name.
    for fits, sure in _LEVELS[:2] if holders else _LEVELS:
        ranked = _ranked(fits, asked.words, entries)
        if ranked:
            return _found([*holders, *(card for _, card in ranked)], not asked.is_address and ranked[0][0] >= sure)
    return _found(holders, certain=True)


def _found(cards: Sequence[PersonCard], certain: bool) -> Found:
    once = {card.id: card for card in reversed(cards)}
    distinct = tuple(once[id_] for id_ in dict.fromkeys(card.id for card in cards))
    return Found(distinct[:MAX_PEOPLE], certain and len(distinct) == 1)


# Reading the query.


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the query, ready to be compared with the words of many names; all of them skeletons."""

    literal: str
    readings: frozenset[str]
    """The word as it stands, and what it may be a case form of."""
    names: dict[str, float]
    """The words of names that it fits, and how well."""
    kin: frozenset[str]
    """Those that may be short for the same name."""

    @property
    def is_given_name(self) -> bool:
        return bool(self.kin)


@dataclass(frozen=True, slots=True)
class _Asked:
    words: tuple[_Word, ...]
    username: str = ""
    number: str = ""
    phones: frozenset[str] = frozenset()
    is_address: bool = False
    """Written as an address and nothing else: who only resembles it is never certain."""


_LINK = re.compile(
    r"(?:(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|telegram\.dog)/@?|tg://resolve\?domain=|@)"
    r"([a-z0-9_]{1,32})/?(?:[?#&].*)?",
    re.IGNORECASE,
)
_BARE_USERNAME = re.compile(r"[a-z][a-z0-9_]{1,31}", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[\s()]*[0-9][0-9\s()./‐–—-]*")


def _read(query: str) -> _Asked | None:
    if len(query) > MAX_QUERY or any(unicodedata.category(ch) == "Cc" and ch not in "\t\n\r" for ch in query):
        return None
    text = "".join(ch for ch in unicodedata.normalize("NFKC", query) if unicodedata.category(ch) != "Cf").strip()
    if _NUMBER.fullmatch(text):
        return _read_number(text)
    link = _LINK.fullmatch(text)
    words = _words(link[1] if link else text)
    if not words or len(words) > _MAX_WORDS:
        return None
    username = link[1] if link else text if _BARE_USERNAME.fullmatch(text) else ""
    return _Asked(tuple(map(_word, words)), username.casefold(), is_address=link is not None)


def _read_number(text: str) -> _Asked:
    digits = re.sub(r"[^0-9]", "", text)
    phones = {digits} if len(digits) >= _MIN_PHONE else set[str]()
    if len(digits) == 11 and digits.startswith("8") and not text.startswith("+"):
        phones.add("7" + digits[1:])  # 8 is what Russians dial for +7
    words = () if phones else (_word(digits),)
    number = text if text.isdecimal() else ""
    return _Asked(words, number=number, phones=frozenset(phones), is_address=bool(phones))


def _answers_to(asked: _Asked, card: PersonCard) -> bool:
    if asked.username and card.username and card.username.casefold() == asked.username:
        return True
    if asked.number and str(card.id) == asked.number:
        return True
    return bool(card.phone) and re.sub(r"[^0-9]", "", card.phone or "") in asked.phones


def _words(text: str) -> list[str]:
    """The words of a text in lower case: letters and digits in any script, without emoji, signs and apostrophes."""
    plain = text[:MAX_QUERY].casefold().replace("ё", "е")
    kept = (ch if unicodedata.category(ch)[0] in "LMN" else " " for ch in plain if not _is_inside_word(ch))
    return [word for word in "".join(kept).split() if _skeleton(word)]


def _is_inside_word(ch: str) -> bool:
    return ch in "'’ʼ`´‘" or unicodedata.category(ch) == "Cf"


# Spelling.

_CONSONANT = "bcdfghklmnpqrstvwxz"
_SPELLINGS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"'(?=[eo])", "i"),  # Васильев is Vasiliev
        (r"[^a-z0-9]", ""),
        (r"^piotr", "pyotr"),
        (r"shch|sch", "sh"),
        (r"kh", "h"),
        (r"tz", "ts"),
        (r"ck|c(?!h)|q", "k"),
        (r"ph", "f"),
        (r"w", "v"),
        (r"x", "ks"),
        (rf"(?<=[{_CONSONANT}])[yj]o(?=[{_CONSONANT}])|^yo", "e"),  # Fyodor is Фёдор
        (r"[yj]", "i"),
        (r"i+", "i"),
        (r"ie", "e"),
    )
)


@lru_cache(maxsize=16384)
def _skeleton(word: str) -> str:
    """What all spellings of a word share: Юлия, Julia, Yulia and Iuliia are iulia."""
    text = anyascii(word).lower()
    for pattern, replacement in _SPELLINGS:
        text = pattern.sub(replacement, text)
    return text


# Case endings.

# An ending of an oblique case, and the endings of the nominative that it may stand for.
_ENDINGS = tuple(
    (ending, tuple(nominatives.replace("-", "").split(",")))
    for ending, nominatives in (
        ("ого", "ый,ий,ой"), ("его", "ий"), ("ому", "ый,ий,ой"), ("ему", "ий"), ("ую", "ая"), ("юю", "яя"),
        ("ой", "а,ая"), ("ою", "а"), ("ей", "я,а,яя"), ("ею", "я,а"), ("ым", "-,ый,ой"), ("им", "ий"),
        ("ом", "-,ый,ий,ой"), ("ем", "-,й,ь,ий"), ("а", "-"), ("я", "й,ь"), ("у", "-,а"),
        ("ю", "я,й,ь"), ("е", "-,а,я,й,ь"), ("и", "а,я,й,ь"), ("ы", "а"),
    )
)  # fmt: skip
_FLEETING = re.compile(r"(?<=[бвгджзклмнпрстфхцчшщ])(?=[лкц]$)|ь(?=[вк]$)")  # Павл-у is Павел, Льв-у is Лев
_SURNAMES_OF_WOMEN = ("ова", "ева", "ина", "ына")


def _nominatives(word: str) -> set[str]:
    """What a Russian word may be a case form of: Павлу of Павел or Павла, Маше of Маша."""
    found: set[str] = set()
    for ending, replacements in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        found.update(stem + replacement for replacement in replacements)
        if "" in replacements:
            found.add(_FLEETING.sub("е", stem))
    return found


def _word(word: str) -> _Word:
    literal = _skeleton(word)
    nominatives = frozenset(map(_skeleton, _nominatives(word))) - {literal, ""}
    # Александра is a name as it stands, and also a case form of Александр: the second can't be certain.
    standing = word in _forms().spelled or word.endswith(_SURNAMES_OF_WOMEN)
    case, case_of_form = (_MAYBE_CASE, _MAYBE_CASE) if standing else (_CASE, _CASE_OF_FORM)
    names = {name: case_of_form for nominative in nominatives for name in _same_names(nominative)}
    names |= dict.fromkeys(nominatives, case)
    names |= dict.fromkeys(_same_names(literal), _FORM)
    names[literal] = _EQUAL
    readings = nominatives | {literal}
    return _Word(literal, readings, names, frozenset[str]().union(*map(_relatives, readings)))


# Forms of a name.


@dataclass(frozen=True, slots=True)
class _Forms:
    """The lines of the table in which a form stands, and those in which it is the full form; the forms of a line."""

    lines: dict[str, set[int]]
    full: dict[str, set[int]]
    members: list[set[str]]
    spelled: set[str]


@cache
def _forms() -> _Forms:
    lines, full = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    members: list[set[str]] = []
    spelled: set[str] = set()
    for number, line in enumerate(filter(None, (RUSSIAN + ENGLISH + FAMILY).splitlines())):
        words = _words(line)
        spelled.update(words)
        members.append(set(map(_skeleton, words)))
        for form in members[number]:
            lines[form].add(number)
        for form in map(_skeleton, _words(line.partition(":")[0])):
            full[form].add(number)
    return _Forms(dict(lines), dict(full), members, spelled)


def _relatives(form: str) -> set[str]:
    """All that may be short for the same name, but need not be: Слава and Стас for Станислав."""
    forms = _forms()
    return set[str]().union(*(forms.members[line] for line in forms.lines.get(form, ())))


def _same_names(form: str) -> set[str]:
    """Its full and its short forms, and what is short for just the same names: Машенька for Маша."""
    forms = _forms()
    lines, full = forms.lines.get(form, set[int]()), forms.full.get(form, set[int]())

    def is_same(other: str) -> bool:
        shared = lines & forms.lines[other]
        return bool(shared & (full | forms.full.get(other, set[int]()))) or lines == forms.lines[other]

    return set(filter(is_same, _relatives(form)))


# The levels.


@dataclass(frozen=True, slots=True)
class _Entry:
    card: PersonCard
    words: tuple[str, ...]
    username: str
    handles: tuple[str, ...]


def _entry(card: PersonCard) -> _Entry:
    words = [*_words(card.first_name), *_words(card.last_name)][: 2 * _MAX_WORDS]
    handles = tuple(map(_skeleton, _words(card.username or "")))
    return _Entry(card, tuple(map(_skeleton, words)), "".join(handles), handles)


_Fits = Callable[[Sequence[_Word], _Entry], float]


def _ranked(fits: _Fits, words: Sequence[_Word], entries: Iterable[_Entry]) -> list[tuple[float, PersonCard]]:
    hits = [(score, entry) for entry in entries if (score := fits(words, entry))] if words else []
    hits.sort(key=lambda hit: (-hit[0], not hit[1].card.is_contact, len(hit[1].words), hit[1].words, hit[1].card.id))
    return [(score, entry.card) for score, entry in hits]


def _fits_full_name(words: Sequence[_Word], entry: _Entry) -> float:
    # One word is all of a name where the owner wrote it; of a name a stranger gave himself it says too little.
    if len(words) == 1 and not entry.card.is_contact:
        return 0.0
    return _EQUAL if sorted(word.literal for word in words) == sorted(entry.words) else 0.0


def _fits_forms(words: Sequence[_Word], entry: _Entry) -> float:
    scores = [_form(word, entry) for word in words]
    if _CASE in scores or _CASE_OF_FORM in scores:  # "Павла Иванова": one is in a case, so the other is
        scores = [_CASE if score == _MAYBE_CASE else score for score in scores]
    return min(scores)


def _form(word: _Word, entry: _Entry) -> float:
    return max((word.names.get(name, 0.0) for name in entry.words), default=0.0)


def _fits_kin(words: Sequence[_Word], entry: _Entry) -> float:
    return _worst(_kin, words, entry)


def _kin(word: _Word, entry: _Entry) -> float:
    return _form(word, entry) or _EQUAL * any(name in word.kin for name in entry.words)


def _worst(fit: Callable[[_Word, _Entry], float], words: Sequence[_Word], entry: _Entry) -> float:
    worst = _EQUAL
    for word in words:
        worst = min(worst, fit(word, entry))
        if not worst:
            break
    return worst


def _fits_parts(words: Sequence[_Word], entry: _Entry) -> float:
    together = "".join(word.literal for word in words)
    is_given_name = len(words) == 1 and words[0].is_given_name
    return max(_worst(_part, words, entry), _in_username(together, entry, is_given_name))


def _part(word: _Word, entry: _Entry) -> float:
    # Виктор is no part of Виктория, Аня none of tanya: what is a name by itself means another person, most likely.
    scores = [_form(word, entry), _in_username(word.literal, entry, word.is_given_name)]
    for name in entry.words:
        if len(word.literal) >= _MIN_PART and name.startswith(word.literal):
            rest = name[len(word.literal) :]
            scores.append(_MAYBE_PREFIX if word.is_given_name or rest in ("a", "ia", "aia") else _PREFIX)
    return max(scores)


def _in_username(part: str, entry: _Entry, is_given_name: bool) -> float:
    if len(part) < _MIN_PART or part not in entry.username:
        return 0.0
    return _MAYBE_IN_USERNAME if is_given_name else _IN_USERNAME


def _fits_roughly(words: Sequence[_Word], entry: _Entry) -> float:
    return _worst(_resemblance, words, entry)


def _resemblance(word: _Word, entry: _Entry) -> float:
    known = _part(word, entry)
    if known or len(word.literal) < _MIN_FUZZY:
        return known
    names = [name for name in (*entry.words, *entry.handles, entry.username) if len(name) >= _MIN_FUZZY]
    ratios = (fuzz.ratio(reading, name, score_cutoff=_FUZZY_RATIO) for reading in word.readings for name in names)
    return max(ratios, default=0.0)


# Each with the score from which one hit alone is certain.
_LEVELS: tuple[tuple[_Fits, float], ...] = (
    (_fits_full_name, _SURE),
    (_fits_forms, _SURE),
    (_fits_kin, _NEVER),
    (_fits_parts, _SURE),
    (_fits_roughly, _NEVER),
)
