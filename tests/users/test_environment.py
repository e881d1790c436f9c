"""What Claude's process finds around it: what it needs, and no secret that is not its own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from jobs.core.errors import StorageError
from jobs.core.setting_values import TelegramProxy
from jobs.core.settings import Settings
from jobs.sandbox.patience import PATIENCE
from jobs.users import environment

# What a shell would make something else of.
STRANGE = 'it\'s $HOME `x` "y" -z'


@pytest.fixture(autouse=True)
def the_environment_as_it_was() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def configured(folder: Path, **values: object) -> Settings:
    fields: dict[str, object] = {"data_dir": folder, "tg_api_hash": "0123456789abcdef0123456789abcdef"}
    return Settings.model_validate(fields | {"anthropic_api_key": None, "claude_code_oauth_token": None} | values)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def test_what_is_not_known_to_be_harmless_is_forgotten_and_children_do_not_get_it() -> None:
    os.environ |= {
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "ANTHROPIC_API_KEY": "k",
        "DATABASE_URL": "x",
        "LC_ALL": "C.UTF-8",
    }
    path = os.environ["PATH"]
    environment.forget_secrets()
    assert os.environ["PATH"] == path
    assert os.environ["LC_ALL"] == "C.UTF-8"
    seen = subprocess.run(
        [sys.executable, "-c", "import os; print(*os.environ)"], capture_output=True, text=True, check=True
    )
    assert not {"AWS_SECRET_ACCESS_KEY", "ANTHROPIC_API_KEY", "DATABASE_URL"} & set(seen.stdout.split())


def test_claude_gets_the_key_and_what_keeps_its_requests_lean(tmp_path: Path) -> None:
    env = environment.for_claude(configured(tmp_path, anthropic_api_key="key", query_timeout_seconds=5))
    assert env["ANTHROPIC_API_KEY"] == "key"
    assert env["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] == "1"
    assert int(env["API_TIMEOUT_MS"]) > 5000, "the session gives up first, and tells"
    assert "HTTP_PROXY" not in env
    assert "CLAUDE_CODE_OAUTH_TOKEN" not in env
    assert not any("0123456789abcdef" in value for value in env.values()), "a secret that is not Claude's"


def test_a_key_wins_over_a_token_and_a_token_is_used_without_one(tmp_path: Path) -> None:
    both = environment.for_claude(configured(tmp_path, anthropic_api_key="key", claude_code_oauth_token="token"))
    assert (both.get("ANTHROPIC_API_KEY"), both.get("CLAUDE_CODE_OAUTH_TOKEN")) == ("key", None)
    token = environment.for_claude(configured(tmp_path, claude_code_oauth_token="token"))
    assert (token.get("ANTHROPIC_API_KEY"), token.get("CLAUDE_CODE_OAUTH_TOKEN")) == (None, "token")


def test_a_proxy_is_for_the_way_out_and_not_for_this_machine(tmp_path: Path) -> None:
    env = environment.for_claude(configured(tmp_path, http_proxy="http://10.0.0.1:3128"))
    assert env["HTTP_PROXY"].startswith("http://10.0.0.1:3128")
    assert env["HTTPS_PROXY"] == env["HTTP_PROXY"]
    assert "127.0.0.1" in env["NO_PROXY"]


def test_claudes_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / ".claude").mkdir(mode=0o755)
    env = environment.for_claude(configured(tmp_path))
    assert env["CLAUDE_CONFIG_DIR"] == str(tmp_path / ".claude")
    assert stat.S_IMODE((tmp_path / ".claude").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".claude").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be used"):
        environment.for_claude(configured(tmp_path))
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        environment.launcher(tmp_path / "data", Path("/bin/true"))


def test_every_secret_is_told_to_the_log_so_that_it_can_leave_it_out(tmp_path: Path) -> None:
    settings = configured(
        tmp_path,
        anthropic_api_key="the-key",
        claude_code_oauth_token="the-token",
        openai_api_key="the-other-key",
        http_proxy="http://user:the-proxys-password@10.0.0.1:3128",
        anthropic_base_url="https://user:the-gateways-password@llm.example.org",
        tg_proxy=TelegramProxy("mtproxy", "10.0.0.1", 443, password="the word", secret="the secret"),
    )
    told = set(environment.secrets(settings))
    assert {
        "the-key",
        "the-token",
        "the-other-key",
        "the-proxys-password",
        "the-gateways-password",
        "the word",
        "the secret",
    } <= told
    assert "0123456789abcdef0123456789abcdef" in told


def test_the_launcher_starts_the_program_as_itself_wherever_it_lies(tmp_path: Path) -> None:
    binary = script(tmp_path / STRANGE / "claude cli", 'echo $$; for word in "$@"; do echo "[$word]"; done')
    launcher = environment.launcher(tmp_path, binary)
    pid_file = tmp_path / STRANGE / "claude.pid"
    words = ["--print", STRANGE, "", "two\nlines"]
    variables = {**os.environ, environment.PID_FILE: str(pid_file)}
    run = subprocess.Popen([launcher, *words], stdout=subprocess.PIPE, env=variables, text=True)
    said, _ = run.communicate(timeout=PATIENCE)
    assert said == f"{run.pid}\n" + "".join(f"[{word}]\n" for word in words)
    assert int(pid_file.read_text()) == run.pid
    assert stat.S_IMODE(pid_file.stat().st_mode) == 0o600


def test_the_launcher_needs_no_place_for_the_process_id(tmp_path: Path) -> None:
    launcher = environment.launcher(tmp_path, script(tmp_path / "cli", "echo started"))
    variables = {name: value for name, value in os.environ.items() if name != environment.PID_FILE}
    run = subprocess.run([launcher], capture_output=True, check=True, env=variables)
    assert (run.stdout, run.stderr) == (b"started\n", b"")


def test_the_launcher_follows_an_update_of_the_program(tmp_path: Path) -> None:
    old, new = script(tmp_path / "old", "echo old"), script(tmp_path / "new", "echo new")
    for binary, said in ((old, b"old\n"), (new, b"new\n"), (new, b"new\n")):
        launcher = environment.launcher(tmp_path, binary)
        assert subprocess.run([launcher], capture_output=True, check=True).stdout == said
        assert stat.S_IMODE(launcher.stat().st_mode) == 0o700
    assert not list(tmp_path.glob("*.new"))


if shutil.which("setpriv"):

    def test_the_program_dies_with_us_even_when_we_are_killed(tmp_path: Path) -> None:
        launcher = environment.launcher(tmp_path, script(tmp_path / "cli", "echo $$; exec sleep 600"))
        ours = "import subprocess, sys; subprocess.Popen([sys.argv[1]]).wait()"
        parent = subprocess.Popen([sys.executable, "-c", ours, launcher], stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        with parent.stdout:
            program = psutil.Process(int(parent.stdout.readline()))
            parent.kill()
            parent.wait(PATIENCE)
            gone, alive = psutil.wait_procs([program], timeout=PATIENCE)
            for process in alive:
                process.kill()
            assert gone


@pytest.mark.parametrize("proxy", ["http://bob:word@10.0.0.1:3128", "http://10.0.0.1:3128"])
def test_shell_commands_get_the_proxy_unless_it_has_a_password(tmp_path: Path, proxy: str) -> None:
    env = environment.for_claude(configured(tmp_path, http_proxy=proxy))
    assert env["HTTPS_PROXY"] == proxy
    run = subprocess.run(
        [env["CLAUDE_CODE_SHELL_PREFIX"], "echo $HTTP_PROXY $HTTPS_PROXY $ANTHROPIC_BASE_URL"],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        check=True,
    )
    assert run.stdout.split() == ([] if "word" in proxy else [proxy, proxy])


def test_shell_commands_run_as_written_and_without_the_keys(tmp_path: Path) -> None:
    shell = environment.keyless_shell(tmp_path)
    secret = {"ANTHROPIC_API_KEY": "key", "CLAUDE_CODE_OAUTH_TOKEN": "token"}
    command = 'echo "[$ANTHROPIC_API_KEY$CLAUDE_CODE_OAUTH_TOKEN]" "$OTHER" | tr a-z A-Z; env | grep -c KEY; exit 7'
    run = subprocess.run(
        [shell, command], capture_output=True, env={**os.environ, **secret, "OTHER": "other"}, check=False
    )
    assert run.stdout == b"[] OTHER\n0\n"
    assert run.returncode == 7
