"""The registries on loopback are what npm and pip take for theirs."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from jobs.sandbox.registries import NpmRegistry, PypiIndex, ServerRegistry
from servers_folder import SERVERS, WHEELS


async def run(folder: Path, *command: str, **environment: str) -> str:
    """What a program says, that knows nothing of this machine's settings."""

    def running() -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return await asyncio.to_thread(running)


async def installed(folder: Path, registry: NpmRegistry, package: str) -> Path:
    await run(folder, "npm", "install", "--no-audit", "--no-fund", "--registry", registry.url, "--prefix", ".", package)
    return folder / "node_modules"


async def test_npm_installs_a_real_server_with_all_that_it_needs(tmp_path: Path) -> None:
    with NpmRegistry(SERVERS) as registry:
        modules = await installed(tmp_path, registry, "@modelcontextprotocol/server-memory")
        assert any("server-memory" in path for path in registry.asked)
    assert (modules / ".bin" / "mcp-server-memory").exists()
    version = json.loads((modules / "@modelcontextprotocol" / "server-memory" / "package.json").read_text())["version"]
    assert json.loads((SERVERS / "package.json").read_text())["dependencies"][
        "@modelcontextprotocol/server-memory"
    ] == (version)


async def test_npm_takes_the_newest_of_what_was_published_and_any_that_is_named(tmp_path: Path) -> None:
    with NpmRegistry() as registry:
        for version in ("1.0.0", "1.1.0"):
            registry.add("@made/up", version, {"index.js": f"console.log('{version}')"}, bin={"made-up": "index.js"})
        for package, said in (("@made/up", "1.1.0\n"), ("@made/up@1.0.0", "1.0.0\n")):
            modules = await installed(tmp_path, registry, package)
            assert await run(tmp_path, "node", str(modules / "@made" / "up" / "index.js")) == said


async def test_pip_installs_a_real_server_with_all_that_it_needs(tmp_path: Path) -> None:
    with PypiIndex(WHEELS) as index:
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", "lib")
        await run(tmp_path, *pip, "--index-url", index.index_url, "mcp-server-time", PIP_CONFIG_FILE=os.devnull)
    assert (tmp_path / "lib" / "mcp_server_time").is_dir()
    assert (tmp_path / "lib" / "pydantic_core").is_dir()


def asked(url: str) -> Mapping[str, object]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - on loopback
        return json.load(answer)


def test_servers_are_found_by_name_page_by_page() -> None:
    with ServerRegistry([{"name": f"io.example/weather-{number}"} for number in range(5)]) as registry:
        first = asked(f"{registry.url}/v0/servers?search=WEATHER&limit=3")
        assert first["metadata"] == {"count": 3, "nextCursor": "3"}
        last = asked(f"{registry.url}/v0/servers?search=weather&limit=3&cursor=3")
        assert last["metadata"] == {"count": 2}
        assert "weather-4" in json.dumps(last)
        assert asked(f"{registry.url}/v0/servers?search=tide")["servers"] == []
        registry.down = True
        with pytest.raises(urllib.error.HTTPError, match="503"):
            asked(f"{registry.url}/v0/servers")
