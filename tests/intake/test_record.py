"""A file of ours that says what is installed."""

import json
import logging
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from jobs.intake.record import Record


class Things(BaseModel):
    version: Literal[1] = 1
    things: Mapping[str, str] = {}


@pytest.fixture
def record(tmp_path: Path) -> Record[Things]:
    return Record(tmp_path / "data" / "things.json", Things)


def test_what_is_written_is_read_and_nobody_else_may_read_it(record: Record[Things]) -> None:
    assert record.read() == Things()
    record.write(Things(things={"ключ": "значение"}))
    assert record.read().things == {"ключ": "значение"}
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o600
    assert json.loads(record.path.read_text(encoding="utf-8"))["version"] == 1


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": 2, "things": {}}',
        b'{"version": 1, "things": {"token": ["hunter2"]}}',
    ],
)
def test_a_damaged_file_is_kept_aside_and_said_without_what_is_in_it(
    record: Record[Things], damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    record.path.parent.mkdir()
    for number in (1, 2):
        record.path.write_bytes(damage)
        with caplog.at_level(logging.WARNING):
            assert record.read() == Things()
        assert record.damaged == record.path.with_name(f"things.json.damaged-{number}")
        assert record.damaged.read_bytes() == damage
    assert "is kept as" in caplog.text
    assert "hunter2" not in caplog.text
    record.write(Things(things={"a": "b"}))
    assert record.read().things == {"a": "b"}


def test_a_write_that_fails_leaves_what_was_there(record: Record[Things]) -> None:
    record.write(Things(things={"a": "b"}))
    record.path.with_name("things.json.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        record.write(Things(things={"a": "c"}))
    assert record.read().things == {"a": "b"}


def test_what_a_kill_left_half_written_is_written_over(record: Record[Things]) -> None:
    record.write(Things(things={"a": "b"}))
    unfinished = record.path.with_name("things.json.new")
    unfinished.write_text('{"version": 1, "thi')
    unfinished.chmod(0o644)
    assert record.read().things == {"a": "b"}
    record.write(Things(things={"a": "c"}))
    assert record.read().things == {"a": "c"}
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o600
