"""The log tells everything but secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from jobs.core.logging import configure_logging

KEY = "sk-ant-api03-abcdefgh"


@pytest.fixture(autouse=True)
def the_loggers_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    noisy = {name: logging.getLogger(name).level for name in ("telethon", "httpx2", "httpcore2", "mcp", "asyncio")}
    root.handlers = []  # pytest's own must not be closed
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, was in noisy.items():
        logging.getLogger(name).setLevel(was)


def logged(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_secret_never_passes_wherever_in_a_record_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", [KEY])
    log = logging.getLogger("anything")
    log.info("in the text: %s", KEY)
    log.info("in an object: %s", {"headers": {"x-api-key": KEY}})
    log.info(f"in the message itself: {KEY}")
    try:
        raise ValueError(f"refused {KEY}")
    except ValueError:
        log.exception("it failed")
    logging.getLogger("telethon.network").warning("another library's: %s", KEY)
    text = logged(capsys)
    assert KEY not in text
    assert text.count("•••") == 5
    assert "ValueError: refused •••" in text
    assert "in an object: {'headers': {'x-api-key': '•••'}}" in text


def test_a_secret_that_contains_another_is_taken_out_whole(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", ["password", "password-and-more"])
    logging.getLogger("x").info("it is password-and-more")
    assert logged(capsys).rstrip().endswith("it is •••")


def test_a_short_value_blots_out_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", ["a", "", "at"])
    logging.getLogger("x").info("a cat sat")
    assert logged(capsys).rstrip().endswith("INFO x: a cat sat")


def test_the_level_holds_and_other_peoples_chatter_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", [])
    logging.getLogger("jobs.x").debug("a detail")
    logging.getLogger("jobs.x").info("an event")
    logging.getLogger("telethon.client").info("chatter")
    logging.getLogger("telethon.client").warning("a warning")
    assert [line.split(": ", 1)[1] for line in logged(capsys).splitlines()] == ["an event", "a warning"]


@pytest.mark.parametrize(("level", "lines"), [("info", 1), ("debug", 5)])
def test_a_connection_that_failed_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], level: str, lines: int
) -> None:
    configure_logging(level, [])
    try:
        raise BufferError("too short")
    except BufferError:
        logging.getLogger("telethon.network.connection").exception("unexpected")
    text = logged(capsys)
    assert len(text.splitlines()) == lines
    assert "BufferError: too short" in text
