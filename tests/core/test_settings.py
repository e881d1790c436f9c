"""Where settings come from, which one wins, and what a person hears when they are wrong or missing."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs.core.errors import ConfigError
from jobs.core.setting_values import Endpoint, TelegramProxy
from jobs.core.settings import Settings, console_language, load_settings, variable_name

API_HASH = "0123456789abcdef0123456789abcdef"
COMPLETE = {"TG_API_ID": "12345", "TG_API_HASH": API_HASH, "TG_USER_ID": "777", "ANTHROPIC_API_KEY": "sk-ant-api03-x"}
SERVER_KEY = "-----BEGIN RSA PUBLIC KEY-----\nMIIB\n-----END RSA PUBLIC KEY-----\n"


@pytest.fixture(autouse=True)
def empty_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting in the environment, and an empty current folder."""
    for field in Settings.model_fields:
        for name in (variable_name(field), f"{variable_name(field)}_FILE"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_env(**values: str) -> None:
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def problems() -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_settings()
    return caught.value.problems


def test_without_any_setting_the_defaults_hold_and_nothing_is_wrong(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.claude_model == "claude-sonnet-5"
    assert settings.query_timeout_seconds == 300
    assert settings.language == "auto"
    assert settings.data_dir == tmp_path / "data"
    assert settings.workspace_dir == tmp_path / "workspace"
    assert settings.tg_session_path == tmp_path / "data" / "telethon.session"
    assert isinstance(settings.timezone, ZoneInfo)
    assert settings.unconfigured


def test_every_value_is_parsed_to_its_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "dc.pem").write_text(SERVER_KEY)
    write_env(
        **COMPLETE,
        ANTHROPIC_BASE_URL="http://127.0.0.1:8080/",
        HTTP_PROXY="10.0.0.1:3128",
        TG_PROXY="socks5://me:p%40ss@10.0.0.1:1080",
        HEARTBEAT_INTERVAL_MINUTES="0",
        BROWSER_CDP_URL="http://browser:9223",
        TZ="Europe/Berlin",
        LANGUAGE="RU",
        DATA_DIR="state",
        TG_SERVER="127.0.0.1:4430",
        TG_SERVER_KEY="dc.pem",
        LOG_LEVEL="debug",
    )
    settings = load_settings()
    assert settings.tg_api_id == 12345
    assert settings.tg_api_hash.get_secret_value() == API_HASH
    assert settings.tg_user_id == 777
    assert settings.anthropic_base_url == "http://127.0.0.1:8080"
    assert settings.http_proxy is not None
    assert settings.http_proxy.get_secret_value() == "http://10.0.0.1:3128"
    assert settings.tg_proxy == TelegramProxy("socks5", "10.0.0.1", 1080, "me", "p@ss")
    assert settings.heartbeat_interval_minutes == 0
    assert settings.timezone == ZoneInfo("Europe/Berlin")
    assert settings.language == "ru"
    assert settings.tg_session_path == tmp_path / "state" / "telethon.session"
    assert settings.tg_server == Endpoint("127.0.0.1", 4430)
    assert settings.tg_server_key == tmp_path / "dc.pem"
    assert settings.log_level == "DEBUG"
    assert settings.missing == ()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write_env(CLAUDE_MODEL="from-file", LANGUAGE="ru")
    monkeypatch.setenv("CLAUDE_MODEL", "from-environment")
    assert load_settings().claude_model == "from-environment"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    write_env(CLAUDE_MODEL="from-file")
    monkeypatch.setenv("CLAUDE_MODEL", "")
    assert load_settings().claude_model == "from-file"


@pytest.mark.parametrize("locale_list", ["de_DE:en", "en_US", "fr", "ru_RU:ru"])
def test_a_gettext_list_in_language_is_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch, locale_list: str) -> None:
    write_env(LANGUAGE="ru")
    monkeypatch.setenv("LANGUAGE", locale_list)
    assert load_settings().language == "ru"


def zone_with(**environment: str) -> str:
    """The zone in a process that starts with this environment."""
    show = "from jobs.core.settings import load_settings; print(load_settings().timezone.key)"
    kept = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error"}
    run = subprocess.run(
        [sys.executable, "-c", show], env=kept | environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("colon", ["", ":"])
def test_a_zone_of_the_environment_may_be_a_file_that_tells_its_name(tmp_path: Path, colon: str) -> None:
    (tmp_path / "localtime").symlink_to(str(files("tzdata") / "zoneinfo" / "Asia" / "Tbilisi"))
    assert zone_with(TZ=f"{colon}{tmp_path / 'localtime'}") == "Asia/Tbilisi"


@pytest.mark.parametrize("form", [":/etc/localtime", "/nowhere", "EST5EDT,M3.2.0,M11.1.0", "<+03>-3", "CET-1CEST"])
def test_a_zone_of_the_environment_without_a_name_is_the_machines(form: str) -> None:
    assert zone_with(TZ=form) == zone_with()
    write_env(TZ="Asia/Tbilisi")
    assert zone_with(TZ=form) == "Asia/Tbilisi"


@pytest.mark.parametrize("name", ["EST5EDT", "Etc/GMT+3", "UTC", ":Europe/Berlin"])
def test_a_zone_of_the_environment_that_has_a_name_is_taken_by_it(name: str) -> None:
    assert zone_with(TZ=name) == name.removeprefix(":")


def test_a_secret_can_come_as_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-ant-api03-in-file\n")
    monkeypatch.setenv("ANTHROPIC_API_KEY_FILE", str(tmp_path / "key"))
    settings = load_settings()
    assert settings.anthropic_api_key is not None
    assert settings.anthropic_api_key.get_secret_value() == "sk-ant-api03-in-file"


def test_a_secret_file_can_be_named_in_the_env_file_and_yields_to_the_variable(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sk-ant-api03-in-file")
    write_env(ANTHROPIC_API_KEY="sk-ant-api03-plain", ANTHROPIC_API_KEY_FILE="key", OPENAI_API_KEY_FILE="key")
    settings = load_settings()
    assert settings.anthropic_api_key is not None
    assert settings.openai_api_key is not None
    assert settings.anthropic_api_key.get_secret_value() == "sk-ant-api03-plain"
    assert settings.openai_api_key.get_secret_value() == "sk-ant-api03-in-file"


def test_a_secret_file_that_is_missing_or_empty_is_named_in_the_problem(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    write_env(ANTHROPIC_API_KEY_FILE="nowhere", OPENAI_API_KEY_FILE="empty")
    claude, openai = problems()
    assert claude.startswith("ANTHROPIC_API_KEY_FILE names nowhere")
    assert openai.startswith("OPENAI_API_KEY_FILE names empty")


def test_every_problem_is_said_at_once_each_naming_its_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    wrong = {
        "TG_API_ID": "12a",
        "TG_API_HASH": "short",
        "TG_USER_ID": "@me",
        "ANTHROPIC_API_KEY": "sk-ant-oat01-token",
        "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-api03-key",
        "ANTHROPIC_BASE_URL": "claude",
        "HTTP_PROXY": "socks5://10.0.0.1:1080",
        "TG_PROXY": "10.0.0.1",
        "HEARTBEAT_INTERVAL_MINUTES": "-5",
        "BROWSER_CDP_URL": "http://browser:port",
        "QUERY_TIMEOUT_SECONDS": "0",
        "TZ": "Mars/Olympus",
        "LANGUAGE": "klingon!",
        "DATA_DIR": "file",
        "TG_SERVER": "localhost:443",
        "TG_SERVER_KEY": "file",
        "LOG_LEVEL": "loud",
    }
    write_env(**wrong)
    told = problems()
    assert {problem.split()[0] for problem in told} == set(wrong)
    assert len(told) == len(wrong)


def test_no_secret_appears_in_a_problem_or_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {
        "TG_API_HASH": "hash-that-nobody-may-see",
        "ANTHROPIC_API_KEY": "sk-ant-oat01-nobody-may-see",
        "CLAUDE_CODE_OAUTH_TOKEN": "two words nobody-may-see",
        "HTTP_PROXY": "ftp://user:nobody-may-see@h:1",
        "TG_PROXY": "ftp://user:nobody-may-see@h:1",
        "OPENAI_API_KEY": "sk nobody-may-see",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    assert len(problems()) == len(secrets)
    assert "nobody-may-see" not in " ".join(problems())
    good = COMPLETE | {
        "HTTP_PROXY": "http://user:nobody-may-see@h:1",
        "TG_PROXY": "socks5://user:nobody-may-see@h:1",
        "ANTHROPIC_API_KEY": "nobody-may-see",
        "CLAUDE_CODE_OAUTH_TOKEN": "nobody-may-see",
        "OPENAI_API_KEY": "nobody-may-see",
    }
    for name, value in good.items():
        monkeypatch.setenv(name, value)
    assert "nobody-may-see" not in repr(load_settings())
    assert API_HASH not in repr(load_settings())


@pytest.mark.parametrize(
    "secret",
    ["sk-ant-api03-AbCd_EfGh-IjKl", "0123456789abcdef0123456789abcdef", "6012345678:AAHdqTcvCH1vGWJxfSeofSAs0K5PAL"],
)
def test_a_secret_in_the_wrong_line_is_not_quoted(secret: str) -> None:
    lines = (
        "TG_API_ID",
        "TG_USER_ID",
        "QUERY_TIMEOUT_SECONDS",
        "TZ",
        "LANGUAGE",
        "LOG_LEVEL",
        "ANTHROPIC_API_KEY_FILE",
    )
    write_env(**dict.fromkeys(lines, secret))
    told = problems()
    assert len(told) == len(lines)
    assert secret[-20:] not in "".join(told)


def test_problems_are_told_in_the_chosen_language(monkeypatch: pytest.MonkeyPatch) -> None:
    write_env(TG_API_ID="x", LANGUAGE="ru")
    assert problems()[0].startswith("TG_API_ID должно быть целым числом")
    write_env(TG_API_ID="x")
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    assert problems()[0].startswith("TG_API_ID должно быть целым числом")


def test_what_is_missing_is_told_apart_from_what_is_wrong() -> None:
    assert load_settings().missing == ("TG_API_ID", "TG_API_HASH", "TG_USER_ID", "ANTHROPIC_API_KEY")
    write_env(TG_API_ID="1", CLAUDE_CODE_OAUTH_TOKEN="sk-ant-oat01-x")
    settings = load_settings()
    assert settings.missing == ("TG_API_HASH", "TG_USER_ID")
    assert not settings.unconfigured


def test_starting_without_a_sign_in_is_refused_with_what_to_do(tmp_path: Path) -> None:
    write_env(**COMPLETE)
    settings = load_settings()
    with pytest.raises(ConfigError, match="jobs setup"):
        settings.require_complete()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "telethon.session").touch()
    settings.require_complete()


def test_a_broken_line_of_the_env_file_is_named_by_its_number() -> None:
    Path(".env").write_text("LANGUAGE=ru\n=oops\n")
    assert [problem for problem in problems() if "2" in problem and ".env" in problem]


def test_an_env_file_that_is_no_text_is_one_problem_and_not_a_crash() -> None:
    Path(".env").write_bytes(b"TG_API_ID=\xff\xfe")
    assert len(problems()) == 1
    assert ".env" in problems()[0]


def test_an_env_file_that_cannot_be_read_is_one_problem_and_not_a_crash() -> None:
    Path(".env").mkdir()
    assert problems() == ("The settings file .env cannot be read (Is a directory): mend its permissions or its text.",)


def test_the_rest_can_be_had_in_spite_of_wrong_values() -> None:
    write_env(TG_API_ID="12345", TZ="Mars/Olympus", DATA_DIR="/dev/null", CLAUDE_MODEL="mine")
    settings, wrong = Settings.load_what_works()
    assert set(wrong) == {"TZ", "DATA_DIR"}
    assert settings.tg_api_id == 12345
    assert settings.claude_model == "mine"
    assert isinstance(settings.timezone, ZoneInfo)


def test_the_terminal_speaks_the_language_of_the_setting_else_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert console_language() == "en"
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    assert console_language() == "ru"
    write_env(LANGUAGE="en")
    assert console_language() == "en"
    assert load_settings().console_language == "en"


def test_settings_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().tg_user_id = 5
