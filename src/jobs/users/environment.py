"""What the Claude process finds in its environment: what it needs, and no secret that is not its own."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from jobs.core.errors import StorageError
from jobs.core.settings import Settings

_KEPT = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM"}
_KEPT_PREFIXES = ("LC_", "SSL_CERT_", "XDG_", "PYTHON")
_KEPT_LAST = {"NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "VIRTUAL_ENV"}

# The CLI's own prompt without what serves programmers at a terminal: 25 KB for a first request instead of 90, and
# a prefix that is the same in every request of every session (measured with CLI 2.1.330).
_LEAN = {
    "CLAUDE_CODE_SIMPLE_SYSTEM_PROMPT": "1",
    "CLAUDE_CODE_DISABLE_AUTO_MEMORY": "1",  # our memory is the workspace's Markdown
    "CLAUDE_CODE_DISABLE_BUNDLED_SKILLS": "1",
    "CLAUDE_CODE_DISABLE_GIT_INSTRUCTIONS": "1",
    "CLAUDE_CODE_DISABLE_AGENT_VIEW": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_TOTAL_TOKENS_REMINDER": "off",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "MCP_TIMEOUT": "20000",  # a server that hangs at its start keeps a turn no longer than a trial would
}
_TEMPORARY = "tmp"


def forget_secrets() -> None:
    """Reduce our own environment to a list of harmless names: every child inherits it.

    The SDK merges the parent's environment into the child's, so a whitelist has to be applied here.
    """
    for name in list(os.environ):
        if name not in _KEPT | _KEPT_LAST and not name.startswith(_KEPT_PREFIXES):
            del os.environ[name]


def for_claude(settings: Settings, *, memory_files: bool = True) -> dict[str, str]:
    """The variables that the CLI gets on top of ours.

    `memory_files`: whether the CLAUDE.md of the workspace, and of the folders above it, is told to the model unasked.
    """
    env = {
        **_LEAN,
        "CLAUDE_CONFIG_DIR": str(private_folder(settings.data_dir / ".claude")),
        "CLAUDE_CODE_TMPDIR": str(private_folder(settings.data_dir / _TEMPORARY)),
        "CLAUDE_ENABLE_BYTE_WATCHDOG": "1",
        "CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS": "60000",
        "CLAUDE_CODE_MAX_RETRIES": "3",
        "API_TIMEOUT_MS": str(settings.query_timeout_seconds * 2000),  # the session itself is less patient
        "ANTHROPIC_BASE_URL": settings.anthropic_base_url,
        "TZ": settings.timezone.key,
        "CLAUDE_CODE_AUTOMOUNT_ROOTS": _not_ours(settings.workspace_dir),
        "NO_PROXY": "127.0.0.1,localhost",
        **_shell(keyless_shell(settings.data_dir, without_proxy="@" in _proxy(settings))),
    }
    if not memory_files:
        env["CLAUDE_CODE_DISABLE_CLAUDE_MDS"] = "1"
    if settings.anthropic_api_key is not None:
        env["ANTHROPIC_API_KEY"] = settings.anthropic_api_key.get_secret_value()
    elif settings.claude_code_oauth_token is not None:
        env["CLAUDE_CODE_OAUTH_TOKEN"] = settings.claude_code_oauth_token.get_secret_value()
    if proxy := _proxy(settings):
        env["HTTP_PROXY"] = env["HTTPS_PROXY"] = proxy
    if os.geteuid() == 0:
        env["IS_SANDBOX"] = "1"  # the CLI's word for "bypassing permissions as root is meant"
    return env


def proxy(settings: Settings) -> dict[str, str]:
    """The variables by which a program that we start goes out as we do; they may hold a password."""
    return (
        {"HTTPS_PROXY": found, "HTTP_PROXY": found, "NO_PROXY": "127.0.0.1,localhost"}
        if (found := _proxy(settings))
        else {}
    )


def _proxy(settings: Settings) -> str:
    return settings.http_proxy.get_secret_value() if settings.http_proxy else ""


def clear_temporary_files(data_dir: Path) -> None:
    """Remove what Claude's process kept for a while, the owner's photos among it. Only while there is no process."""
    shutil.rmtree(data_dir / _TEMPORARY, ignore_errors=True)


def secrets(settings: Settings) -> Iterable[str]:
    """Every secret value, for the log to leave out."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
    addresses = (settings.anthropic_base_url, settings.openai_base_url, settings.browser_cdp_url)
    addresses += (settings.mcp_registry_url, settings.npm_config_registry, settings.pip_index_url)
    for address in (_proxy(settings), *addresses):
        yield urlsplit(address or "").password or ""
    if settings.tg_proxy is not None:
        yield settings.tg_proxy.password or ""
        yield settings.tg_proxy.secret


PID_FILE = "JOBS_CLAUDE_PID_FILE"
"""Names the file into which the launcher writes the CLI's process id."""


def launcher(data_dir: Path, binary: Path) -> Path:
    """A script that starts the CLI, tells its process id, and (on Linux) has it die with us, even of SIGKILL.

    An orphan would go on in the conversation that the next start resumes, and one of the two would be lost.
    """
    setpriv = shutil.which("setpriv")
    command = shlex.join([*([setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []), str(binary)])
    text = f'#!/bin/sh\n[ -z "${PID_FILE}" ] || (umask 077; echo $$ > "${PID_FILE}")\nexec {command} "$@"\n'
    return _script(data_dir / "claude", text)


def keyless_shell(data_dir: Path, *, without_proxy: bool = False) -> Path:
    """A script that the CLI runs each shell command and hook through: no key or password is in their environment.

    A proxy that wants a password is taken away whole: without it, it would refuse what may be reached directly.
    """
    hidden = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_BASE_URL"]
    hidden += ["HTTP_PROXY", "HTTPS_PROXY"] if without_proxy else []
    return _script(data_dir / "jobs-shell", f'#!/bin/sh\nunset {" ".join(hidden)}\nexec bash -c "$*"\n')


def _not_ours(workspace: Path) -> str:
    """The folders above the workspace, which the CLI is to look for nothing in.

    It would read the CLAUDE.md, rules, skills, agents and commands of each of them, as it does in folders where
    looking alone has an effect: those are named in this variable.
    """
    return os.pathsep.join(map(str, workspace.parents))


def _shell(script: Path) -> dict[str, str]:
    if " -" not in str(script):
        return {"CLAUDE_CODE_SHELL_PREFIX": str(script)}
    # The CLI takes what follows " -" for an option: such a script is found by its name.
    return {
        "CLAUDE_CODE_SHELL_PREFIX": script.name,
        "PATH": f"{script.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }


def private_folder(path: Path) -> Path:
    """A folder that only we can look into, made before the CLI makes it for everybody."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise StorageError(f"{path} cannot be used: {error.strerror}.") from error
    return path


def _script(path: Path, text: str) -> Path:
    try:
        if not path.exists() or path.read_text() != text:
            fresh = path.with_suffix(".new")
            fresh.write_text(text)
            fresh.chmod(0o700)
            fresh.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
    return path
