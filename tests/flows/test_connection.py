"""When somebody other than Telegram answers at its address: patience, few words, and no end of the program."""

from __future__ import annotations

from itertools import pairwise

import pytest
from bad_line import Line, Mode, bad_line

from jobs.sandbox.stage import Stage


async def pauses(line: Line, count: int) -> list[float]:
    """The seconds between the next connections."""
    return [later - earlier for earlier, later in pairwise(await line.connections(count + 1))]


@pytest.mark.parametrize("mode", ["closes", "portal", "flood", "zeros"])
async def test_a_peer_that_is_not_telegram_is_asked_ever_more_seldom(stage: Stage, mode: Mode) -> None:
    async with bad_line(stage) as line:
        line.mode = mode
        daemon = await stage.start(wait=False)
        first, second = await pauses(line, 2)
        assert first > 0.9
        assert second > 1.9
        line.becomes("through")
        await daemon.ready()
        owner = await stage.person()
        await owner.ask("hi", "Fine.")

        said = len(daemon.log.splitlines())
        line.becomes(mode)
        first, second = await pauses(line, 2)
        assert first > 0.9
        assert second > 1.9
        assert len(daemon.log.splitlines()) - said <= 9
        line.becomes("through")
        await owner.send("still there?")
        await owner.wait_for(lambda seen: len(seen) == 2)


async def test_a_key_that_telegram_disowns_for_a_moment_ends_nothing(stage: Stage) -> None:
    async with bad_line(stage) as line:
        await stage.start()
        owner = await stage.person()
        line.becomes("unknown key")
        await line.connections(2)
        line.becomes("through")
        await owner.ask("still there?", "Fine.")


async def test_a_key_that_telegram_disowns_at_the_start_for_a_moment_is_good_later(stage: Stage) -> None:
    async with bad_line(stage) as line:
        line.mode = "unknown key"
        daemon = await stage.start(wait=False)
        await line.connections(2)
        line.becomes("through")
        await daemon.ready()


@pytest.mark.parametrize("when", ["at its start", "while it runs"])
async def test_a_key_that_telegram_has_forgotten_ends_the_program_with_a_sentence(stage: Stage, when: str) -> None:
    daemon = await stage.start()
    if when == "at its start":
        await daemon.stop()
    for link in stage.telegram.links(stage.assistant.id):
        stage.telegram.forget_key(link)
    if when == "at its start":
        daemon = await stage.start(wait=False)
    assert await daemon.wait() == 1
    assert daemon.log.splitlines()[-1].startswith("✗ Telegram has ended this sign-in: run jobs setup")
    assert "Traceback" not in daemon.log
    assert "Future exception" not in daemon.log
