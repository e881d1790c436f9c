"""Formatted text as Telegram knows it: plain text, and ranges of it measured in UTF-16 code units."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

Kind = Literal["bold", "italic", "underline", "strike", "spoiler", "code", "pre", "link", "quote"]

MARK = "│ "
"""Begins each line of other people's words where they stand among the program's own."""
_MOST = 4096  # UTF-16 code units that Telegram takes in a message
_PIECE = 1750  # characters, which are two units at most

_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_BLANK = frozenset("\u2800\u115f\u1160\u3164\uffa0\u034f" + "".join(map(chr, range(0xFE00, 0xFE10))))
"""Shown as nothing, whatever Unicode counts them among: fillers of scripts, and what only changes other characters."""

_KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted range; `offset` and `length` are in UTF-16 code units.

    `language` belongs to `pre` (may be empty), `url` to `link`.
    """

    kind: Kind
    offset: int
    length: int
    language: str = ""
    url: str = ""

    def to_json(self) -> dict[str, str | int]:
        """A flat object without empty fields, for `from_json`."""
        fields: dict[str, str | int] = {"kind": self.kind, "offset": self.offset, "length": self.length}
        if self.language:
            fields["language"] = self.language
        if self.url:
            fields["url"] = self.url
        return fields

    @classmethod
    def from_json(cls, fields: Mapping[str, object]) -> Entity:
        """The entity that `to_json` described. Raises ValueError when it describes none."""
        kind, offset, length = fields.get("kind"), fields.get("offset"), fields.get("length")
        language, url = fields.get("language", ""), fields.get("url", "")
        if kind not in _KINDS or not isinstance(offset, int) or not isinstance(length, int):
            raise ValueError(f"not an entity: {fields!r}")
        if not isinstance(language, str) or not isinstance(url, str):
            raise ValueError(f"not an entity: {fields!r}")
        return cls(kind, offset, length, language, url)


@dataclass(frozen=True, slots=True)
class RichText:
    """Text and its formatting, sorted by offset, outer entities before inner ones."""

    text: str
    entities: tuple[Entity, ...] = ()


def dump_entities(entities: Iterable[Entity]) -> str:
    """Entities as JSON text, for a database column; `load_entities` reads it."""
    return json.dumps([entity.to_json() for entity in entities], ensure_ascii=False)


def load_entities(text: str) -> tuple[Entity, ...]:
    """What `dump_entities` wrote. Raises ValueError when it is anything else."""
    items: object = json.loads(text)
    if not isinstance(items, list):
        raise ValueError("not a list of entities")
    entities: list[Entity] = []
    for item in cast(list[object], items):
        if not isinstance(item, dict):
            raise ValueError(f"not an entity: {item!r}")
        entities.append(Entity.from_json(cast(Mapping[str, object], item)))
    return tuple(entities)


def quoted(text: str) -> str:
    """Words of others, each line marked: they cannot pass for the program's own."""
    return "\n".join(MARK + line for line in text.splitlines())


def pieces(text: str) -> Sequence[RichText]:
    """A long plain text in messages that Telegram takes; its end is whole in the last, and marked lines stay marked.

    White space at the ends of a message is lost, as Telegram takes none there; inside, it stays as it is.
    """
    found: list[str] = []
    text = text.strip()
    while len(text.encode("utf-16-le", "surrogatepass")) // 2 > _MOST:
        at = _pause(text)
        rest = text[at:].lstrip()
        in_a_line = "\n" not in text[at : len(text) - len(rest)]
        marked = in_a_line and text.startswith(MARK, text.rfind("\n", 0, at) + 1)
        found.append(text[:at].rstrip())
        text = (MARK if marked else "") + rest
    return [RichText(part) for part in [*found, text] if has_visible(part)]


def _pause(text: str) -> int:
    """Where the first message ends: at a paragraph's end, else a line's, else a word's."""
    for gap in ("\n\n", "\n", " "):
        at = text.rfind(gap, _PIECE // 2, _PIECE)
        if at >= 0:
            return at
    return _PIECE


def has_visible(text: str) -> bool:
    """Whether a reader sees anything; Telegram refuses a message of blanks and joiners."""
    return any(unicodedata.category(char) not in _UNSEEN and char not in _BLANK for char in text)


def visible(text: str) -> str:
    """Text in which nothing is hidden, and nothing turns the reading direction round."""
    return "".join(f"⟨{ord(char):04X}⟩" if _is_hidden(char) else char for char in text)


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in ("Cf", "Cc") and char not in ("\u200d", "\n", "\t")  # emoji are joined
