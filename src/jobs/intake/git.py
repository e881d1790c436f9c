"""One state of a repository from a git address, without its history, hooks, submodules, credentials or questions."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jobs.intake.bounds import BadSource

SECONDS = 60.0
MOST_BYTES = 100 * 2**20
_LOOK_SECONDS = 0.2
_PROTOCOLS = ("https", "git", "file")
_ADDRESS = re.compile(r"(https|git|file)://[^\s\x00-\x1f]+")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}")
_SHA = re.compile(r"[0-9a-f]{40}")
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "credential.helper=",
    "submodule.recurse=false",
    "protocol.file.allow=always",  # the environment says which protocols there are at all
    "http.followRedirects=initial",
    "core.protectNTFS=true",
    "fetch.fsckObjects=true",
)


def is_address(source: str) -> bool:
    """Whether this is a git address, be it one that is not allowed."""
    return "://" in source or source.startswith("git@")


def is_near(address: str) -> bool:
    """Whether this is a folder, this machine or its network, by what is written there (a name may lead anywhere)."""
    parts = urlsplit(address)
    if parts.scheme in ("", "file"):
        return bool(address)
    host = (parts.hostname or "").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan"))


async def clone(
    address: str,
    target: Path,
    proxy: Mapping[str, str],
    *,
    ref: str = "",
    sha: str = "",
    most_bytes: int = MOST_BYTES,
) -> str:
    """Fetch a state into a folder that does not exist yet; returns the commit that it is. Raises BadSource.

    `ref`: a branch or a tag instead of the newest state; `sha`: this commit and no other (40 hex digits).
    """
    _check(address, ref, sha)
    git = _Git(address, target, proxy, most_bytes)
    fetching = ("fetch", "--depth=1", "--no-tags", "--no-recurse-submodules", "--quiet", "--", address)
    try:
        async with asyncio.timeout(SECONDS):
            await git.run("init", "--template=", "--quiet", str(target))
            await git.run("-C", str(target), *fetching, sha or ref or "HEAD")
            await git.run("-C", str(target), "checkout", "--detach", "--quiet", "FETCH_HEAD")
            commit = (await git.run("-C", str(target), "rev-parse", "HEAD")).strip()
    except TimeoutError:
        raise BadSource(f"{address} was not fetched within {SECONDS:.0f} s.") from None
    if sha and commit != sha:
        raise BadSource(f"{address} gave commit {commit[:40]} where {sha} was asked for: nothing of this is taken.")
    return commit


def _check(address: str, ref: str, sha: str) -> None:
    if _ADDRESS.fullmatch(address) is None:
        raise BadSource(f"A git address begins with one of {', '.join(p + '://' for p in _PROTOCOLS)}.")
    if "@" in urlsplit(address).netloc:
        raise BadSource("No name or password may stand in the address: only what is open to everybody is fetched.")
    if ref and (_REF.fullmatch(ref) is None or ".." in ref):
        raise BadSource(f"{ref[:200]!r} is no name of a branch or a tag.")
    if sha and _SHA.fullmatch(sha) is None:
        raise BadSource(f"{sha[:200]!r} is no commit: that has 40 hex digits.")


@dataclass(frozen=True, slots=True)
class _Git:
    """Runs one command of git after the other on what is fetched from one address."""

    address: str
    target: Path
    proxy: Mapping[str, str]
    most_bytes: int

    async def run(self, *words: str) -> str:
        """What it printed. Raises BadSource."""
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        try:
            process = await asyncio.create_subprocess_exec(
                "git", *settings, *words,
                env=_environment(self.target.parent, self.proxy),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )  # fmt: skip
        except OSError:
            raise BadSource("git is not installed on this machine. Send an archive or a folder instead.") from None
        try:
            printed, said = await _bounded(process, self.target, self.most_bytes)
        finally:
            await _end(process)
        if process.returncode:
            reason = said.decode(errors="replace").strip()[-500:]
            raise BadSource(f"git cannot fetch {self.address}: {reason}")
        return printed.decode(errors="replace")


async def _bounded(process: asyncio.subprocess.Process, target: Path, most_bytes: int) -> tuple[bytes, bytes]:
    """Wait for the end, and look meanwhile how much has come in."""
    reading = asyncio.create_task(process.communicate())
    try:
        while not (await asyncio.wait({reading}, timeout=_LOOK_SECONDS))[0]:
            if await asyncio.to_thread(_size, target) > most_bytes:
                raise BadSource(f"The repository is larger than {most_bytes // 2**20} MB.")
        return reading.result()
    finally:
        if not reading.done():
            await _end(process)
            await asyncio.wait({reading})


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)  # git's helpers are of its group
        await process.wait()


def _environment(home: Path, proxy: Mapping[str, str]) -> dict[str, str]:
    return {
        **{
            name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR") if name in os.environ
        },
        **{name.lower(): value for name, value in proxy.items()},
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "false",
        "GIT_ALLOW_PROTOCOL": ":".join(_PROTOCOLS),
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }


def _size(folder: Path) -> int:
    total = 0
    for at, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(at) / name).lstat().st_size
            except OSError:  # git moves its files about
                continue
    return total
