"""Installing a server's package: the version is found out first, and exactly that one is installed."""

from __future__ import annotations

import asyncio
import configparser
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ValidationError

from jobs.core.errors import ToolFailed, ToolRetry
from jobs.mcp_manager.config import Server
from jobs.mcp_manager.containers import label
from jobs.mcp_manager.fetching import run
from jobs.mcp_manager.plans import Plan

_LOOK_UP_SECONDS = 60.0
APP = "app"
_EXACT = re.compile(r"\d[\w.+!-]*")


@dataclass(frozen=True, slots=True)
class Sources:
    """Where packages come from; "" for the registry that everybody uses. `proxy`: the variables to go out with."""

    npm: str = ""
    pypi: str = ""
    proxy: Mapping[str, str] | None = None

    def npm_environment(self) -> dict[str, str]:
        """What npm is told beside its arguments."""
        told = {"npm_config_registry": self.npm} if self.npm else {}
        return {**(self.proxy or {}), **told, "npm_config_update_notifier": "false", "npm_config_fund": "false"}

    def pip_environment(self) -> dict[str, str]:
        """What pip is told beside its arguments: no settings of the machine's."""
        told = {"PIP_INDEX_URL": self.pypi} if self.pypi else {}
        quiet = {"PIP_CONFIG_FILE": "/dev/null", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
        return {**(self.proxy or {}), **told, **quiet}


class _Manifest(BaseModel):
    """A package.json, as far as it says what to run."""

    bin: str | dict[str, str] = {}


class _Metadata(BaseModel):
    version: str


class _Item(BaseModel):
    metadata: _Metadata


class _Report(BaseModel):
    """What `pip install --report` writes."""

    install: list[_Item]


async def resolved(plan: Plan, sources: Sources, staging: Path) -> Plan:
    """The plan with an exact version. Nothing of the package is run. Raises ToolRetry, ToolFailed."""
    if plan.kind not in ("npm", "pypi"):
        if plan.kind == "oci" and shutil.which("docker") is None:
            raise ToolFailed("This server comes as a container image, and there is no docker on this machine.")
        return plan
    await asyncio.to_thread(staging.mkdir, parents=True, exist_ok=True, mode=0o700)
    room = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=staging))
    try:
        find = _npm_version if plan.kind == "npm" else _pypi_version
        version = await find(plan, sources, room)
    finally:
        await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)
    if _EXACT.fullmatch(version) is None:
        raise ToolRetry(f"There is no such version of {plan.package}.")
    return replace(plan, version=version)


async def installed(plan: Plan, folder: Path, sources: Sources) -> Server:
    """Fetch what is planned into `folder`, and say how it is run. Raises ToolFailed."""
    await asyncio.to_thread((folder / APP).mkdir, parents=True, exist_ok=True, mode=0o700)
    match plan.kind:
        case "npm":
            command = await _npm(plan, folder / APP, sources)
        case "pypi":
            command = await _pypi(plan, folder / APP, sources)
        case "oci":
            command = _docker(plan, folder)
        case "program":
            command = (plan.program,)
        case "remote":
            command = ()
    return Server(
        kind=plan.kind,
        package=plan.package,
        package_version=plan.version,
        command=(*command, *plan.arguments) if command else (),
        url=plan.url,
        transport=plan.transport,
        keys=plan.keys,
        needs=plan.needs,
        values=plan.environment,
    )


async def _npm_version(plan: Plan, sources: Sources, room: Path) -> str:
    wanted = f"{plan.package}@{plan.version or 'latest'}"
    command = ["npm", "view", wanted, "version", "--json", "--cache", str(room / "cache")]
    text = await run(command, room, sources.npm_environment(), what=f"Looking up {wanted}", seconds=_LOOK_UP_SECONDS)
    try:
        found: object = json.loads(text) if text.strip() else ""
    except json.JSONDecodeError:
        found = ""
    if isinstance(found, list):  # a range: the newest is the last
        found = str(found[-1]) if found else ""  # pyright: ignore[reportUnknownArgumentType]
    return str(found)


async def _pypi_version(plan: Plan, sources: Sources, room: Path) -> str:
    wanted = f"{plan.package}=={plan.version}" if plan.version else plan.package
    command = [
        sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet",
        "--only-binary", ":all:", "--no-cache-dir", "--report", str(room / "report.json"), wanted,
    ]  # fmt: skip
    await run(command, room, sources.pip_environment(), what=f"Looking up {wanted}", seconds=_LOOK_UP_SECONDS)
    try:
        report = _Report.model_validate_json(await asyncio.to_thread((room / "report.json").read_bytes))
        return report.install[0].metadata.version
    except (OSError, ValidationError, IndexError):
        raise ToolFailed(f"pip did not say which version of {plan.package} there is.") from None


async def _npm(plan: Plan, app: Path, sources: Sources) -> tuple[str, ...]:
    command = [
        "npm", "install", "--prefix", str(app), "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact",
        "--loglevel=error", "--cache", str(app / ".cache"), f"{plan.package}@{plan.version}",
    ]  # fmt: skip
    await run(command, app, sources.npm_environment(), what=f"Installing {plan.package}")
    await asyncio.to_thread(shutil.rmtree, app / ".cache", ignore_errors=True)
    package = app / "node_modules" / plan.package
    try:
        manifest = _Manifest.model_validate_json(await asyncio.to_thread((package / "package.json").read_bytes))
    except (OSError, ValidationError):
        raise ToolFailed(f"The package.json of {plan.package} cannot be read.") from None
    short = plan.package.rpartition("/")[2]
    programs = {short: manifest.bin} if isinstance(manifest.bin, str) else manifest.bin
    path = package / programs[_choice(programs, plan.program, short)]
    if not path.resolve().is_relative_to(app.resolve()):
        raise ToolFailed(f"The program of {plan.package} lies outside of it: it is not run.")
    node = shutil.which("node")
    if node is None:
        raise ToolFailed("This server needs Node.js, and there is none on this machine.")
    return node, str(path)


async def _pypi(plan: Plan, app: Path, sources: Sources) -> tuple[str, ...]:
    environment, what = sources.pip_environment(), f"Installing {plan.package}"
    await run([sys.executable, "-m", "venv", str(app / "venv")], app, environment, what="Making a Python environment")
    pip = [
        str(app / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary", ":all:",
        "--no-cache-dir", f"{plan.package}=={plan.version}",
    ]  # fmt: skip
    await run(pip, app, environment, what=what)
    programs = await asyncio.to_thread(_console_scripts, app / "venv", plan.package)
    name = _choice(programs, plan.program, plan.package)
    return (str(app / "venv" / "bin" / name),)


def _console_scripts(venv: Path, package: str) -> dict[str, str]:
    wanted = re.sub(r"[-_.]+", "_", package).lower()
    for info in venv.glob("lib/python*/site-packages/*.dist-info"):
        if re.sub(r"[-_.]+", "_", info.name.partition("-")[0]).lower() == wanted:
            parser = configparser.ConfigParser()
            parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]  # names keep their case
            parser.read(info / "entry_points.txt", encoding="utf-8")
            return dict(parser["console_scripts"]) if parser.has_section("console_scripts") else {}
    return {}


def _docker(plan: Plan, folder: Path) -> tuple[str, ...]:
    docker = shutil.which("docker")
    if docker is None:
        raise ToolFailed("This server comes as a container image, and there is no docker on this machine.")
    keys = dict.fromkeys((*plan.keys, *plan.environment))
    given = (word for key in keys for word in ("-e", key))
    return (docker, "run", "--rm", "-i", label(folder.parent), *given, plan.package)


def _choice(programs: Mapping[str, str], wanted: str, package: str) -> str:
    """Which program of a package is run. Raises ToolFailed."""
    for name in (wanted, package):
        if name and name in programs:
            return name
    if len(programs) == 1 and not wanted:
        return next(iter(programs))
    names = ", ".join(sorted(programs)[:20]) or "none"
    raise ToolFailed(f"Which program of {package}? It has: {names}. Name it: npx --package={package} <program>.")
