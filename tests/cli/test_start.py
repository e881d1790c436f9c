"""`jobs start`: what a person meets at a terminal before anything is set up, and how a running one is stopped."""

from __future__ import annotations

from jobs_command import API_HASH, Jobs
from person import at_terminal

from jobs.sandbox.claude import API_KEY, MessagesServer
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import TelegramWorld


async def test_at_a_terminal_a_new_person_is_offered_the_setup(jobs: Jobs) -> None:
    async with at_terminal(jobs, "start") as person:
        await person.sees("Jobs is not set up yet")
        await person.sees("1. Sign in to Telegram")
        await person.sees("2. Look around first")
        await person.answers("Your choice", "1")
        await person.sees("Language / Язык")


async def test_without_a_terminal_a_new_installation_shows_itself_and_says_how_to_set_it_up(jobs: Jobs) -> None:
    outcome = await jobs("start", timeout=100)
    assert outcome.code == 0, outcome.err
    assert "remember that I take my tea black" in outcome.out
    assert outcome.out.splitlines()[-1].startswith("To use it with your Telegram, run `jobs setup`")
    assert list(jobs.folder.iterdir()) == []


async def test_at_a_terminal_a_new_person_can_look_around_first(jobs: Jobs) -> None:
    async with at_terminal(jobs, "start") as person:
        await person.answers("Your choice", "2")
        await person.sees("no account, no key")
        assert await person.presses_ctrl_c() == 130
        assert "Traceback" not in person.screen


async def test_a_setup_that_was_left_half_done_is_offered_to_be_finished(jobs: Jobs) -> None:
    jobs.write_env(TG_API_ID="12345", TG_API_HASH=API_HASH)
    async with at_terminal(jobs, "start") as person:
        await person.sees("set up in part only")


async def test_ctrl_c_at_the_offer_is_a_clean_end(jobs: Jobs) -> None:
    async with at_terminal(jobs, "start") as person:
        await person.sees("Your choice")
        assert await person.presses_ctrl_c() == 130
    assert person.screen.endswith("\nStopped.\n")
    assert "Traceback" not in person.screen


async def test_ctrl_d_at_the_offer_is_a_clean_end(jobs: Jobs) -> None:
    async with at_terminal(jobs, "start") as person:
        await person.sees("Your choice")
        person.types("\x04")
        assert await person.leaves_with() == 1
    assert "Traceback" not in person.screen


async def test_once_set_up_it_runs_healthy_and_ctrl_c_stops_it(jobs: Jobs) -> None:
    world = TelegramWorld()
    async with TelegramServer(world) as telegram, MessagesServer() as claude:
        (jobs.folder / "data").mkdir()
        ada, olga = world.add_user("Ada"), world.add_user("Olga")
        telegram.create_session_file(jobs.folder / "data" / "telethon.session", ada.id)
        jobs.write_env(
            TG_API_ID="12345",
            TG_API_HASH=API_HASH,
            TG_USER_ID=str(olga.id),
            ANTHROPIC_API_KEY=API_KEY,
            ANTHROPIC_BASE_URL=claude.base_url,
        )
        async with at_terminal(jobs, "start") as person:
            await person.sees("\nready")
            assert (await jobs("health")).code == 0
            assert await person.presses_ctrl_c() == 0
    assert "Traceback" not in person.screen
    assert (await jobs("health")).code == 1
