from __future__ import annotations

import json

import pytest
from telethon.tl import types

from jobs.telegram.render import Entity, RichText, dump_entities, load_entities, split, to_telethon, utf16_length

ENTITIES = (
    Entity("quote", 0, 90),
    Entity("bold", 0, 5),
    Entity("italic", 6, 5),
    Entity("underline", 12, 5),
    Entity("strike", 18, 5),
    Entity("spoiler", 24, 5),
    Entity("code", 30, 5),
    Entity("pre", 36, 5, language="c++"),
    Entity("pre", 42, 5),
    Entity("link", 48, 5, url="https://example.com/ü"),
)


def test_entities_survive_a_trip_through_json() -> None:
    assert load_entities(dump_entities(ENTITIES)) == ENTITIES
    assert [Entity.from_json(json.loads(json.dumps(entity.to_json()))) for entity in ENTITIES] == list(ENTITIES)


def test_stored_entities_have_no_empty_fields() -> None:
    assert Entity("bold", 1, 2).to_json() == {"kind": "bold", "offset": 1, "length": 2}


@pytest.mark.parametrize(
    "stored",
    [
        "{}",
        "[1]",
        "[{}]",
        '[{"kind": "blink", "offset": 0, "length": 1}]',
        '[{"kind": ["bold"], "offset": 0, "length": 1}]',
        '[{"kind": "bold", "offset": "0", "length": 1}]',
        '[{"kind": "bold", "offset": 0}]',
        '[{"kind": "link", "offset": 0, "length": 1, "url": 5}]',
        "not json",
    ],
)
def test_what_is_no_entity_is_refused(stored: str) -> None:
    with pytest.raises(ValueError, match=r"entit|Expecting"):
        load_entities(stored)


def test_each_kind_is_what_telegram_calls_it() -> None:
    sent = [bytes(to_telethon(entity)) for entity in ENTITIES]
    expected = [
        types.MessageEntityBlockquote(0, 90),
        types.MessageEntityBold(0, 5),
        types.MessageEntityItalic(6, 5),
        types.MessageEntityUnderline(12, 5),
        types.MessageEntityStrike(18, 5),
        types.MessageEntitySpoiler(24, 5),
        types.MessageEntityCode(30, 5),
        types.MessageEntityPre(36, 5, "c++"),
        types.MessageEntityPre(42, 5, ""),
        types.MessageEntityTextUrl(48, 5, "https://example.com/ü"),
    ]
    assert sent == [bytes(entity) for entity in expected]


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("жук", 3), ("😀", 2), ("👩‍👧a", 6), ("e\u0301", 2)])
def test_length_is_counted_in_utf16_units(text: str, length: int) -> None:
    assert utf16_length(text) == length


def test_entities_that_reach_beyond_the_text_are_cut() -> None:
    (part,) = split(RichText("short 😀", (Entity("bold", 6, 50), Entity("italic", 70, 5))))
    assert part.entities == (Entity("bold", 6, 2),)
