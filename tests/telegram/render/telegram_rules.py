"""What Telegram accepts as a message, written down a second time: the tests judge by it."""

from __future__ import annotations

from jobs.telegram.render import Entity, RichText

BLOCKS = {"pre", "quote"}
CODE = {"pre", "code"}


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def covered(rich: RichText, entity: Entity) -> str:
    """The text under an entity; raises UnicodeDecodeError where it begins or ends inside a character."""
    encoded = rich.text.encode("utf-16-le")
    return encoded[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le")


def formats(rich: RichText) -> list[tuple[str, ...]]:
    """Each entity as its kind, the text it covers and, where there is one, its language or address."""
    return [
        (entity.kind, covered(rich, entity), *filter(None, [entity.language, entity.url])) for entity in rich.entities
    ]


def assert_sendable(rich: RichText, limit: int = 4096) -> None:
    assert 0 < units(rich.text) <= limit
    assert rich.text.strip()
    assert rich.text == rich.text.rstrip()
    if rich.text[0].isspace():
        assert any(entity.kind == "pre" and entity.offset == 0 for entity in rich.entities), rich
    assert_entities_valid(rich)
    assert len(rich.entities) <= 100


def assert_entities_valid(rich: RichText) -> None:
    total = units(rich.text)
    open_entities: list[Entity] = []
    for entity in rich.entities:
        assert entity.offset >= 0
        assert entity.length > 0
        assert entity.offset + entity.length <= total
        _assert_edges(entity, covered(rich, entity))
        assert (entity.kind == "link") == bool(entity.url)
        assert entity.kind == "pre" or not entity.language
        while open_entities and entity.offset >= open_entities[-1].offset + open_entities[-1].length:
            open_entities.pop()
        if open_entities:
            _assert_nested(entity, open_entities)
        open_entities.append(entity)


def _assert_edges(entity: Entity, text: str) -> None:
    assert text == text.rstrip()
    if entity.kind in BLOCKS:
        assert text.partition("\n")[0].strip()
    else:
        assert text == text.lstrip()


def _assert_nested(entity: Entity, outer: list[Entity]) -> None:
    parent = outer[-1]
    kinds = {each.kind for each in outer}
    assert parent.offset <= entity.offset
    assert entity.offset + entity.length <= parent.offset + parent.length, (parent, entity)
    assert entity.kind not in kinds
    assert not kinds & CODE
    assert entity.kind not in CODE or kinds == {"quote"}
    assert entity.kind != "quote" or "link" not in kinds
