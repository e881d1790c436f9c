"""`jobs setup` where something is in the way: what cannot be reached or read, and what is decided already."""

from __future__ import annotations

from jobs_command import API_HASH, Jobs
from person import at_terminal
from setup_steps import (
    PHONE,
    Place,
    connects_claude,
    keeps_telegram,
    make_data_folder,
    names_the_application,
    names_the_owner,
    signs_in_by_code,
)

from jobs.core.health import HEALTH_SOCKET, HealthReport, serve_health
from jobs.sandbox.claude import API_KEY
from jobs.sandbox.telegram.faults import Refuse


async def test_a_claude_that_cannot_be_reached_lets_the_key_be_kept(place: Place) -> None:
    place.telegram.create_session_file(make_data_folder(place.jobs) / "telethon.session", place.assistant.id)
    place.jobs.write_env(LANGUAGE="en", TG_API_ID="12345", TG_API_HASH=API_HASH, TG_USER_ID="7", TZ="UTC")
    async with at_terminal(place.jobs, "setup", ANTHROPIC_BASE_URL="http://127.0.0.1:9") as person:
        await keeps_telegram(person)
        await person.answers("How do you pay", "1")
        await person.answers("API key (not shown", API_KEY)
        await person.sees("so it could not be checked")
        await person.answers("Keep it all the same?", "y")
        await person.answers("such as Europe/Berlin", "")
        assert await person.leaves_with() == 0
    assert place.env["ANTHROPIC_API_KEY"] == API_KEY


async def test_a_telegram_that_cannot_be_reached_ends_it_with_a_sentence(place: Place) -> None:
    await place.telegram.pause()
    async with at_terminal(place.jobs, "setup") as person:
        await person.answers("Language", "1")
        await person.answers("api_id", "12345")
        await person.answers("api_hash (not shown", API_HASH)
        await person.sees("✗ Telegram cannot be reached")
        assert await person.leaves_with() == 1
    assert place.env["TG_API_HASH"] == API_HASH


async def test_an_env_file_that_cannot_be_read_is_told_before_anything_is_asked(jobs: Jobs) -> None:
    jobs.env_file.write_bytes(b"TG_API_ID=1\n\xff\xfe\n")
    told = await jobs("setup", typed="1\n")
    assert (told.code, told.out) == (2, "")
    assert "cannot be read (not UTF-8)" in told.err
    assert "Traceback" not in told.err
    jobs.env_file.unlink()
    jobs.env_file.mkdir()
    assert "cannot be read (Is a directory)" in (await jobs("setup", typed="1\n")).err


async def test_a_folder_that_was_deleted_is_told_before_anything_is_asked(jobs: Jobs) -> None:
    told = await jobs("setup", typed="1\n", through='mkdir gone && cd gone && rmdir ../gone && exec "$@"')
    assert (told.code, told.out) == (2, "")
    assert "The folder that you are in is gone" in told.err
    assert "Traceback" not in told.err


async def test_a_flood_wait_ends_it_with_the_minutes(place: Place) -> None:
    place.telegram.faults.add(Refuse(420, "FLOOD_WAIT_600"), on="auth.sendCode")
    async with at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.answers("Which account", "1")
        await person.answers("sign that account in", "1")
        await person.answers("Its phone number", PHONE)
        await person.sees("come back in 10 min")
        assert await person.leaves_with() == 1


async def test_what_the_environment_decides_is_not_asked(place: Place) -> None:
    given = {"TG_API_ID": "12345", "TG_API_HASH": API_HASH, "LANGUAGE": "en", "TZ": "UTC", "ANTHROPIC_API_KEY": API_KEY}
    async with at_terminal(place.jobs, "setup", **given) as person:
        await person.sees("TG_API_ID comes from the environment")
        await signs_in_by_code(person, place)
        await names_the_owner(person)
        await person.sees("ANTHROPIC_API_KEY comes from the environment")
        await person.sees("✓ Claude accepts it.")
        assert await person.leaves_with() == 0
    assert place.env == {"TG_USER_ID": str(place.owner.id)}


async def test_what_the_environment_says_to_the_system_is_asked_all_the_same(place: Place) -> None:
    place.telegram.create_session_file(make_data_folder(place.jobs) / "telethon.session", place.assistant.id)
    given = {"LANGUAGE": "de_DE:en", "TZ": ":/etc/localtime"}
    place.jobs.write_env(LANGUAGE="en", TG_API_ID="12345", TG_API_HASH=API_HASH, TG_USER_ID="7", TZ="Asia/Tbilisi")
    async with at_terminal(place.jobs, "setup", **given) as person:
        await keeps_telegram(person)
        await connects_claude(person)
        await person.answers("such as Europe/Berlin [Asia/Tbilisi]", "Europe/Berlin")
        assert await person.leaves_with() == 0
    assert place.env["TZ"] == "Europe/Berlin"


async def test_beside_a_running_daemon_the_sign_in_is_left_alone(place: Place) -> None:
    socket = make_data_folder(place.jobs) / HEALTH_SOCKET
    place.jobs.write_env(TG_USER_ID="7")
    report = HealthReport(True, "connected", "alive", 1, "1")
    async with serve_health(socket, lambda: report), at_terminal(place.jobs, "setup") as person:
        await names_the_application(person)
        await person.sees("Jobs is running right now")
        await connects_claude(person)
        await person.answers("such as Europe/Berlin", "")
        assert await person.leaves_with() == 0
    assert place.telegram.links(place.assistant.id) == []
