"""`jobs doctor` names what is wrong and how to mend it, whatever state it finds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from jobs_command import API_HASH, Jobs

from browser_stack import BrowserStack
from jobs.cli.doctor import bounded
from jobs.core.health import HEALTH_SOCKET, HealthReport, serve_health
from jobs.sandbox.claude import API_KEY, MessagesServer
from jobs.sandbox.openai import API_KEY as OPENAI_KEY
from jobs.sandbox.openai import OpenAIServer
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import TelegramWorld
from loopback import free_port

CHECKS = [
    "settings",
    "env_file",
    "data_folder",
    "workspace_folder",
    "disk",
    "telegram",
    "claude",
    "clock",
    "claude_program",
    "search",
    "browser",
    "versions",
]


@pytest.fixture
async def claude() -> AsyncGenerator[MessagesServer]:
    async with MessagesServer() as server:
        server.accepted_keys = {API_KEY}
        server.headers["date"] = format_datetime(datetime.now(tz=UTC), usegmt=True)
        yield server


@pytest.fixture
async def world() -> TelegramWorld:
    return TelegramWorld()


@pytest.fixture
async def telegram(world: TelegramWorld) -> AsyncGenerator[TelegramServer]:
    async with TelegramServer(world) as server:
        yield server


@pytest.fixture
def well(jobs: Jobs, claude: MessagesServer, telegram: TelegramServer, world: TelegramWorld) -> Jobs:
    """An installation with nothing wrong."""
    account = world.add_user("Ada", username="ada_helps")
    (jobs.folder / "data").mkdir()
    telegram.create_session_file(jobs.folder / "data" / "telethon.session", account.id)
    jobs.write_env(
        TG_API_ID="12345",
        TG_API_HASH=API_HASH,
        TG_USER_ID="777",
        ANTHROPIC_API_KEY=API_KEY,
        ANTHROPIC_BASE_URL=claude.base_url,
        EMBEDDINGS="none",
        LANGUAGE="en",
    )
    return jobs


async def findings(jobs: Jobs, **environment: str) -> dict[str, dict[str, object]]:
    outcome = await jobs("doctor", "--json", **environment)
    found = {entry["name"]: entry for entry in json.loads(outcome.out)}
    assert list(found) == CHECKS
    assert outcome.code == (0 if all(entry["ok"] for entry in found.values()) else 1)
    assert outcome.err == ""
    return found


async def test_a_sound_installation_passes_every_check_with_one_line_each(well: Jobs) -> None:
    outcome = await well("doctor")
    assert outcome.code == 0, outcome.out
    lines = outcome.out.splitlines()
    assert len(lines) == len(CHECKS)
    assert all(line.startswith("✓ ") for line in lines)
    assert "signed in as Ada" in outcome.out
    assert "(Claude Code)" in outcome.out


async def test_looking_leaves_the_sign_in_and_the_folder_as_they_were(well: Jobs) -> None:
    session = well.folder / "data" / "telethon.session"
    before = session.read_bytes(), sorted(path.name for path in well.folder.rglob("*"))
    assert (await well("doctor")).code == 0
    assert (session.read_bytes(), sorted(path.name for path in well.folder.rglob("*"))) == before


async def test_an_empty_folder_is_told_what_to_do_first(jobs: Jobs) -> None:
    found = await findings(jobs)
    assert "jobs setup" in str(found["settings"]["detail"])
    assert "jobs setup" in str(found["telegram"]["remedy"])
    assert "jobs setup" in str(found["claude"]["remedy"])
    assert not found["clock"]["ok"]
    assert found["data_folder"]["ok"]
    assert found["claude_program"]["ok"]


async def test_wrong_settings_are_all_listed_and_the_other_checks_still_run(well: Jobs) -> None:
    found = await findings(well, QUERY_TIMEOUT_SECONDS="soon", LOG_LEVEL="loud", DATA_DIR="/dev/null")
    detail = str(found["settings"]["detail"])
    assert [line.split()[0] for line in detail.splitlines()] == ["QUERY_TIMEOUT_SECONDS", "DATA_DIR", "LOG_LEVEL"]
    assert "DATA_DIR" in str(found["data_folder"]["detail"])
    assert found["workspace_folder"]["ok"]
    assert found["claude"]["ok"]


async def test_what_is_set_wrongly_is_not_called_missing_too(well: Jobs) -> None:
    detail = str((await findings(well, TG_API_ID="abc"))["settings"]["detail"])
    assert [line.split()[0] for line in detail.splitlines()] == ["TG_API_ID"]


async def test_the_password_of_an_address_is_not_shown(well: Jobs) -> None:
    outcome = await well("doctor", ANTHROPIC_BASE_URL="http://bob:tuna@fish@127.0.0.1:9/claude")
    assert "http://127.0.0.1:9/claude does not answer" in outcome.out
    assert not any(part in outcome.out for part in ("bob", "tuna", "fish"))


async def test_an_env_file_that_others_can_read_is_told_with_the_command_that_mends_it(well: Jobs) -> None:
    well.env_file.chmod(0o640)
    found = (await findings(well))["env_file"]
    assert not found["ok"]
    assert found["remedy"] == f"run `chmod 600 {well.env_file}`"


async def test_a_folder_that_cannot_be_written_is_found_by_writing(well: Jobs) -> None:
    found = (await findings(well, WORKSPACE_DIR="/proc/nowhere"))["workspace_folder"]
    assert not found["ok"]
    assert "WORKSPACE_DIR" in str(found["remedy"])


async def test_a_sign_in_that_telegram_has_ended_is_found(
    well: Jobs, telegram: TelegramServer, world: TelegramWorld
) -> None:
    telegram.create_session_file(well.folder / "data" / "other.session", None)
    found = (await findings(well, TG_SESSION_PATH="data/other.session"))["telegram"]
    assert not found["ok"]
    assert "no longer valid" in str(found["detail"])
    assert "jobs setup" in str(found["remedy"])


async def test_a_sign_in_that_telegram_has_forgotten_is_found(well: Jobs, telegram: TelegramServer) -> None:
    telegram.forget_key(telegram.create_session_file(well.folder / "data" / "other.session", None))
    found = (await findings(well, TG_SESSION_PATH="data/other.session"))["telegram"]
    assert not found["ok"]
    assert "no longer valid" in str(found["detail"])
    assert "jobs setup" in str(found["remedy"])


async def test_a_telegram_that_cannot_be_reached_is_told_in_time(well: Jobs, telegram: TelegramServer) -> None:
    await telegram.pause()
    found = (await findings(well))["telegram"]
    assert not found["ok"]


async def test_a_running_daemon_is_asked_instead_of_signing_in_beside_it(well: Jobs, telegram: TelegramServer) -> None:
    report = HealthReport(True, "connected", "alive", 5.0, "0.1.0")
    async with serve_health(well.folder / "data" / HEALTH_SOCKET, lambda: report):
        found = (await findings(well))["telegram"]
    assert found["ok"]
    assert "connected" in str(found["detail"])
    assert len(telegram.calls) == 0


async def test_an_unwell_daemon_is_a_failed_check(well: Jobs) -> None:
    report = HealthReport(False, "reconnecting", "alive", 5.0, "0.1.0")
    async with serve_health(well.folder / "data" / HEALTH_SOCKET, lambda: report):
        assert not (await findings(well))["telegram"]["ok"]


async def test_a_refused_key_is_told_without_showing_it(well: Jobs) -> None:
    outcome = await well("doctor", ANTHROPIC_API_KEY="sk-ant-api03-revoked")
    assert outcome.code == 1
    assert "refused (HTTP 401)" in outcome.out
    assert "revoked" not in outcome.out + outcome.err


async def test_a_subscription_token_is_checked_as_a_bearer(well: Jobs, claude: MessagesServer) -> None:
    claude.accepted_keys = {"sk-ant-oat01-mine"}
    well.write_env(CLAUDE_CODE_OAUTH_TOKEN="sk-ant-oat01-mine", ANTHROPIC_BASE_URL=claude.base_url, LANGUAGE="en")
    found = (await findings(well))["claude"]
    assert found["ok"]
    assert "token is accepted" in str(found["detail"])


async def test_a_claude_that_cannot_be_reached_is_told_with_what_to_check(well: Jobs) -> None:
    found = (await findings(well, ANTHROPIC_BASE_URL="http://127.0.0.1:9"))["claude"]
    assert not found["ok"]
    assert "HTTP_PROXY" in str(found["remedy"])


async def test_claude_is_asked_through_the_proxy_of_the_settings(well: Jobs, claude: MessagesServer) -> None:
    # Plain HTTP reaches a proxy as a request with the whole address, so the server can be its own proxy.
    found = await findings(well, HTTP_PROXY=claude.base_url, ANTHROPIC_BASE_URL="http://claude.invalid")
    assert found["claude"]["ok"]
    assert [record.path for record in claude.requests] == ["http://claude.invalid/v1/models?limit=1"]


async def test_a_gateway_that_cannot_tell_is_no_failure_but_says_so(well: Jobs, claude: MessagesServer) -> None:
    found = (await findings(well, ANTHROPIC_BASE_URL=f"{claude.base_url}/gateway"))["claude"]
    assert found["ok"]
    assert "HTTP 404" in str(found["detail"])


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_clock_that_is_off_is_told_with_the_remedy(well: Jobs, claude: MessagesServer, minutes: int) -> None:
    now = datetime.now(tz=UTC)
    claude.headers["date"] = format_datetime(now + timedelta(minutes=minutes), usegmt=True)
    found = (await findings(well, TG_SESSION_PATH="none"))["clock"]
    assert not found["ok"]
    assert "timedatectl" in str(found["remedy"])


async def test_the_doctor_speaks_russian_where_the_settings_say_so(well: Jobs) -> None:
    outcome = await well("doctor", LANGUAGE="ru")
    assert "✓ настройки: всё задано" in outcome.out


async def test_a_check_that_crashes_is_one_failed_line() -> None:
    async def crash() -> object:
        raise ZeroDivisionError("oops")

    finding = await bounded(crash, "en")  # type: ignore[arg-type]
    assert not finding.ok
    assert "ZeroDivisionError: oops" in finding.detail


async def test_a_check_that_hangs_is_given_up() -> None:
    finding = await bounded(asyncio.Event().wait, "en", seconds=0.01)  # type: ignore[arg-type]
    assert not finding.ok
    assert "0.01 s" in finding.detail


async def test_search_by_meaning_is_looked_at(well: Jobs) -> None:
    found = await findings(well, EMBEDDINGS="local")
    assert found["search"] == {
        "name": "search",
        "ok": True,
        "detail": "by words and by meaning, with the model on this machine",
        "remedy": "",
    }


async def test_a_model_that_cannot_be_kept_is_said(well: Jobs) -> None:
    (well.folder / "data" / "models" / "e5-small.onnx").mkdir(parents=True)
    (well.folder / "data" / "models" / "e5-small.json").write_text("{}")
    search = (await findings(well, EMBEDDINGS="local"))["search"]
    assert not search["ok"]
    assert "by their words alone: the model cannot be kept" in str(search["detail"])


async def test_an_openai_key_that_is_refused_is_said(well: Jobs) -> None:
    async with OpenAIServer() as openai:
        wrong = {"OPENAI_API_KEY": "sk-wrong-key", "OPENAI_BASE_URL": openai.base_url, "EMBEDDINGS": "auto"}
        search = (await findings(well, **wrong))["search"]
        assert not search["ok"]
        assert "HTTP 401" in str(search["detail"])
        right = wrong | {"OPENAI_API_KEY": OPENAI_KEY}
        assert (await findings(well, **right))["search"]["detail"] == "by words and by meaning, with OpenAI"


async def test_notes_that_are_no_text_are_named(well: Jobs) -> None:
    (well.folder / "workspace" / "memory").mkdir(parents=True)
    (well.folder / "workspace" / "memory" / "old.md").write_bytes(b"\xff\xfe")
    search = (await findings(well))["search"]
    assert not search["ok"]
    assert "not searched: memory/old.md" in str(search["detail"])


async def test_the_browser_is_looked_at_and_none_is_no_fault(well: Jobs, tmp_path: Path) -> None:
    found = (await findings(well, BROWSER_CDP_URL="off"))["browser"]
    assert found["ok"]
    nobody = f"http://127.0.0.1:{free_port()}"
    found = (await findings(well, BROWSER_CDP_URL=nobody))["browser"]
    assert not found["ok"]
    assert f"does not answer at {nobody}" in str(found["detail"])
    stack = BrowserStack(tmp_path / "browser")
    try:
        await asyncio.to_thread(stack.start)
        given = {"BROWSER_CDP_URL": stack.url, "BROWSER_VNC_URL": stack.vnc_url}
        found = (await findings(well, **given))["browser"]
        assert found == {"name": "browser", "ok": True, "detail": "can be driven and looked at", "remedy": ""}
        found = (await findings(well, **given | {"BROWSER_VNC_URL": nobody}))["browser"]
        assert not found["ok"]
        assert "but not looked at" in str(found["detail"])
        assert "VNC_PASSWORD_FILE" in str(found["remedy"])
    finally:
        await asyncio.to_thread(stack.stop)
