"""The command line itself: exit codes, help, wrong settings, and `jobs health`."""

from __future__ import annotations

import pytest
from jobs_command import API_HASH, Jobs

from jobs import __version__
from jobs.core.health import HEALTH_SOCKET, HealthReport, serve_health


async def test_the_version_is_printed(jobs: Jobs) -> None:
    outcome = await jobs("--version")
    assert (outcome.code, outcome.out) == (0, f"{__version__}\n")


async def test_help_names_every_command_in_the_language_of_the_system(jobs: Jobs) -> None:
    english = (await jobs("--help")).out
    russian = (await jobs("--help", LANG="ru_RU.UTF-8")).out
    for command in ("start", "run", "setup", "doctor", "health", "demo", "backup", "restore", "docs"):
        assert f"    {command} " in english
        assert f"    {command} " in russian
    assert "check everything" in english
    assert "всё проверить" in russian


@pytest.mark.parametrize("arguments", [["bogus"], [], ["doctor", "--jsn"], ["run", "now"]])
async def test_a_wrong_command_line_is_told_in_a_line_with_exit_2(jobs: Jobs, arguments: list[str]) -> None:
    outcome = await jobs(*arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("✗ ")
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("command", ["run", "start"])
async def test_wrong_settings_are_all_told_with_exit_2(jobs: Jobs, command: str) -> None:
    jobs.write_env(TG_API_ID="79991234567", TG_USER_ID="@me", LOG_LEVEL="loud")
    outcome = await jobs(command)
    assert outcome.code == 2
    assert [line.split()[1] for line in outcome.err.splitlines()] == ["TG_API_ID", "TG_USER_ID", "LOG_LEVEL"]


async def test_a_broken_line_of_the_env_file_is_told_once(jobs: Jobs) -> None:
    jobs.env_file.write_text("LANGUAGE=en\nfoo bar\n")
    outcome = await jobs("run")
    assert outcome.code == 2
    assert outcome.err == "✗ Line 2 of .env is not NAME=value: mend it, or put # in front.\n"


@pytest.mark.parametrize("command", ["run", "start"])
async def test_half_done_settings_without_a_terminal_are_told_with_exit_2(jobs: Jobs, command: str) -> None:
    jobs.write_env(TG_API_ID="12345", TG_API_HASH=API_HASH, TG_USER_ID="777")
    outcome = await jobs(command)
    assert outcome.code == 2
    claude, session = outcome.err.splitlines()
    assert "CLAUDE_CODE_OAUTH_TOKEN" in claude
    assert "jobs setup" in session


IMPOSSIBLE = {
    "of nobody's home": ("DATA_DIR", "~nobody-of-this-name/data", "home folder"),
    "too long": ("WORKSPACE_DIR", "x" * 300, "File name too long"),
    "in a circle": ("DATA_DIR", "circle", "Too many levels of symbolic links"),
    "of a sign-in of nobody": ("TG_SESSION_PATH", "~nobody-of-this-name/x", "home folder"),
    "of a sign-in inside a file": ("TG_SESSION_PATH", "/dev/null/x", "Not a directory"),
    "of a key of nobody": ("TG_SERVER_KEY", "~nobody-of-this-name/key.pem", "home folder"),
    "of a secret of nobody": ("ANTHROPIC_API_KEY_FILE", "~nobody-of-this-name/key", "no such home folder"),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
async def test_a_path_that_leads_nowhere_is_told_by_every_command(jobs: Jobs, case: str) -> None:
    (jobs.folder / "circle").symlink_to("circle")
    name, value, reason = IMPOSSIBLE[case]
    jobs.write_env(**{name: value})
    for command, code in (("run", 2), ("start", 2), ("health", 1), ("doctor", 1)):
        outcome = await jobs(command)
        said = outcome.out + outcome.err
        assert outcome.code == code, said
        assert f"{name} names " in said
        assert reason in said
        assert "Traceback" not in said
        assert "check itself failed" not in said


async def test_a_folder_that_was_deleted_under_it_is_told_by_every_command(jobs: Jobs) -> None:
    settings = {"TG_API_ID": "1", "TG_API_HASH": API_HASH, "TG_USER_ID": "5", "ANTHROPIC_API_KEY": "x"}
    elsewhere = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "LANG": "ru_RU.UTF-8"}
    for command, code in (("run", 2), ("start", 2), ("health", 1), ("doctor", 1)):
        gone = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
        outcome = await jobs(command, through=gone, **settings, **elsewhere)
        said = outcome.out + outcome.err
        assert outcome.code == code, said
        assert "DATA_DIR указывает на data в папке, где запущен Jobs, а её больше нет" in said
        assert "WORKSPACE_DIR указывает на workspace" in said
        assert "Traceback" not in said
        assert "сама проверка не удалась" not in said


async def test_a_default_folder_that_is_a_file_is_told_by_the_doctor_too(jobs: Jobs) -> None:
    (jobs.folder / "data").touch()
    for command, code in (("run", 2), ("doctor", 1)):
        outcome = await jobs(command)
        assert outcome.code == code
        assert f"DATA_DIR names {jobs.folder / 'data'}, which is a file" in outcome.out + outcome.err


async def test_a_terminal_that_has_no_check_marks_does_not_end_the_program(jobs: Jobs) -> None:
    outcome = await jobs("doctor", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert outcome.code == 1
    assert "? versions: Python" in outcome.out


async def test_health_is_exit_0_only_while_a_daemon_is_well(jobs: Jobs) -> None:
    socket = jobs.folder / "data" / HEALTH_SOCKET
    socket.parent.mkdir()
    absent = await jobs("health")
    assert (absent.code, absent.out.startswith("Nobody answers")) == (1, True)
    async with serve_health(socket, lambda: HealthReport(True, "connected", "alive", 3725.4, "9.9")):
        well = await jobs("health")
    assert (well.code, well.out) == (
        0,
        "Well: Telegram connected, dispatcher alive, up 1:02:05, version 9.9.\n",
    )
    async with serve_health(socket, lambda: HealthReport(False, "connected", "stuck", 5, "9.9")):
        unwell = await jobs("health")
    assert unwell.code == 1
    assert unwell.out.startswith("Not well: Telegram connected, dispatcher stuck")


async def test_health_with_wrong_settings_is_unhealthy_too(jobs: Jobs) -> None:
    outcome = await jobs("health", TZ="Mars/Olympus")
    assert outcome.code == 1
    assert outcome.out.startswith("✗ TZ ")
