"""What follows `/secret`: taken or thrown away, said in a sentence, and never a message for the model by mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hand_clock import HandClock
from jobs.core.messages import Forwarded, InboundMessage
from jobs.core.ports import REDACTED
from jobs.mcp_manager.config import McpConfig, Server
from jobs.mcp_manager.secret_requests import SecretRequests

VALUE = "hunter2-hunter2"


class Desk:
    """The requests of an owner who has the server `plants`, and what they were told unasked."""

    def __init__(self, data: Path) -> None:
        self.config = McpConfig(data)
        self.clock = HandClock()
        self.told: list[str] = []
        self.requests = SecretRequests(data, self.config, self._set, self.clock, "en", tell=self._tell)
        self._sent = 0

    async def _set(self, name: str, key: str, value: str) -> bool:
        return await self.config.set_value(name, key, value) is not None

    async def _tell(self, text: str, once: str) -> None:
        del once
        self.told.append(text)

    async def send(self, text: str, **more: Any) -> tuple[str, str]:
        """What is journalled of a message, and what is answered if it is one for us."""
        self._sent += 1
        message = InboundMessage(
            chat_id=1, message_id=self._sent, sender_id=1, text=text, sent_at=self.clock.now(), **more
        )
        seen = await self.requests.seen(message)
        return seen.text, await self.requests.answer(seen)

    async def value(self) -> str:
        return (await self.config.one("plants")).values.get("SOIL", "")


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    await desk.config.put("plants", Server(kind="program"))
    return desk


@pytest.mark.parametrize("text", ["/secret", "/secret plants"])
async def test_a_command_without_a_key_is_explained(desk: Desk, text: str) -> None:
    seen, said = await desk.send(text)
    assert seen == text
    assert "Servers: plants" in said


@pytest.mark.parametrize("text", [f"/secret plants {VALUE}!", f"/secret {VALUE}= plants", f"/secret = {VALUE}"])
async def test_what_may_be_a_value_in_a_malformed_command_is_kept_nowhere(desk: Desk, text: str) -> None:
    seen, said = await desk.send(text)
    assert seen == REDACTED
    assert "such as /secret github GITHUB_TOKEN" in said
    assert "deleted the message" in said


async def test_a_value_for_a_server_that_is_not_there_is_thrown_away(desk: Desk) -> None:
    seen, said = await desk.send(f"/secret nobody SOIL {VALUE}")
    assert (seen, "no server nobody" in said) == (REDACTED, True)
    assert "no server nobody" in (await desk.send("/secret nobody SOIL"))[1]


async def test_a_value_that_is_forwarded_is_taken(desk: Desk) -> None:
    await desk.send("/secret plants SOIL")
    seen, said = await desk.send(VALUE, forwarded=Forwarded(origin="Saved", sent_at=desk.clock.now()))
    assert (seen, await desk.value()) == (REDACTED, VALUE)
    assert "plants has its SOIL" in said


async def test_a_command_that_is_forwarded_commands_nothing_and_its_value_is_kept_nowhere(desk: Desk) -> None:
    forwarded = Forwarded(origin="Eve", sent_at=desk.clock.now())
    assert (await desk.send(f"/secret plants SOIL {VALUE}", forwarded=forwarded))[0] == REDACTED
    assert await desk.value() == ""


async def test_a_value_that_comes_late_is_thrown_away_and_what_is_said_then_is_not(desk: Desk) -> None:
    await desk.send("/secret plants SOIL")
    desk.clock.moves(minutes=6)
    assert (await desk.send("what is the weather"))[0] == "what is the weather"
    seen, said = await desk.send(VALUE)
    assert (seen, await desk.value()) == (REDACTED, "")
    assert "more than five minutes" in said
    assert (await desk.send("thanks"))[0] == "thanks"


@pytest.mark.parametrize("way", ["a folder", "damaged"])
async def test_a_record_that_cannot_be_read_is_put_aside_and_said_once(tmp_path: Path, desk: Desk, way: str) -> None:
    path = tmp_path / "secret_request.json"
    path.mkdir() if way == "a folder" else path.write_text("{")
    assert (await desk.send("hello"))[0] == "hello"
    assert (await desk.send("hello again"))[0] == "hello again"
    [told] = desk.told
    assert "secret_request.json.damaged-1" in told
    await desk.send("/secret plants SOIL")
    assert (await desk.send(VALUE))[0] == REDACTED
    assert await desk.value() == VALUE


async def test_a_record_that_cannot_even_be_put_aside_keeps_no_message_waiting(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret_request.json"
    path.mkdir()

    def refused(self: Path, target: Path) -> Path:
        raise OSError(16, "Device or resource busy")

    with monkeypatch.context() as stuck:
        stuck.setattr(Path, "replace", refused)  # as with a folder that something is mounted on
        assert (await desk.send("hello"))[0] == "hello"
    await desk.send("/secret plants SOIL")
    assert (await desk.send(VALUE))[0] == REDACTED
    assert path.is_dir()
