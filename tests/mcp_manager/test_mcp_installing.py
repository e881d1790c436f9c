"""Servers from the registries of npm and PyPI, on loopback: an exact version, in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.core.errors import ToolFailed, ToolRetry
from jobs.mcp_manager.config import checked_name
from jobs.mcp_manager.installing import Sources, installed, resolved
from jobs.mcp_manager.plans import Plan, checked_key, of_command, of_url
from jobs.mcp_manager.trial import tried
from jobs.sandbox.registries import NpmRegistry, PypiIndex
from servers_folder import SERVERS, WHEELS


@pytest.fixture(scope="module")
def sources() -> Iterator[Sources]:
    with NpmRegistry(SERVERS) as npm, PypiIndex(WHEELS) as pypi:
        npm.add("runs-scripts", "1.0.0", {"index.js": ""}, bin="index.js", scripts={"install": "touch ../../pwned"})
        npm.add("leads-out", "1.0.0", {"index.js": ""}, bin="../../../../outside.js")
        yield Sources(npm.url, pypi.index_url)


@pytest.mark.parametrize(
    ("command", "kind", "tool"),
    [
        (["npx", "-y", "@modelcontextprotocol/server-memory"], "npm", "create_entities"),
        (["npx", "@modelcontextprotocol/server-everything@2026.8.31"], "npm", "echo"),
        (["npx", "@modelcontextprotocol/server-filesystem@latest", "/usr"], "npm", "read_file"),
        (["uvx", "mcp-server-time"], "pypi", "get_current_time"),
    ],
)
async def test_a_floating_command_becomes_an_exact_version_that_works(
    tmp_path: Path, sources: Sources, command: list[str], kind: str, tool: str
) -> None:
    plan = await resolved(of_command(command), sources, tmp_path / "look-ups")
    assert plan.kind == kind
    assert plan.version[:4] == "2026"
    assert list((tmp_path / "look-ups").iterdir()) == []
    server = await installed(plan, tmp_path / "server", sources)
    assert not {"npx", "uvx"} & {Path(word).name for word in server.command}
    found = await tried(server, tmp_path / "server")
    assert tool in {one.name for one in found.tools}


async def test_a_package_runs_no_script_when_it_is_installed(tmp_path: Path, sources: Sources) -> None:
    plan = await resolved(of_command(["npx", "runs-scripts"]), sources, tmp_path / "look-ups")
    await installed(plan, tmp_path / "server", sources)
    assert not list(tmp_path.rglob("pwned"))


async def test_a_program_that_lies_outside_of_its_package_is_not_run(tmp_path: Path, sources: Sources) -> None:
    with pytest.raises(ToolFailed, match=r"lies outside|Which program"):
        await installed(Plan("npm", package="leads-out", version="1.0.0"), tmp_path / "server", sources)


async def test_a_package_that_is_not_there_is_named(tmp_path: Path, sources: Sources) -> None:
    for command in (["npx", "nobody-has-this"], ["uvx", "nobody-has-this"]):
        with pytest.raises(ToolFailed, match=r"Looking up nobody-has-this(@latest)? failed"):
            await resolved(of_command(command), sources, tmp_path / "look-ups")


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", "npx -y foo"],
        ["env", "npx", "foo"],
        ["npx", "--registry=https://evil.example", "foo"],
        ["npx", "-y"],
        ["npx", "foo; rm -rf /"],
        ["npx", "git+https://evil.example/x"],
        ["docker", "run", "-v", "/:/host", "image:1"],
        ["docker", "run", "image"],
        ["docker", "run", "image:latest"],
        ["docker", "run", "-e", "KEY=value", "image:1"],
        ["docker", "run", "image:main"],
        ["docker", "run", "image:stable"],
        ["nice", "bash", "-c", "true"],
        ["timeout", "5", "bash", "-c", "true"],
        ["xargs", "bash"],
        ["busybox", "sh"],
        ["no-such-program-anywhere"],
    ],
)
def test_a_command_that_hides_what_runs_is_refused(command: list[str]) -> None:
    with pytest.raises(ToolRetry):
        of_command(command)


@pytest.mark.parametrize("tag", ["1", "1.2", "v1.2.3", "1.2.3-alpine", "2026.8.31", "release-1.4"])
def test_an_image_with_a_version_is_taken(tag: str) -> None:
    assert of_command(["docker", "run", f"image:{tag}"]).version == tag


def test_an_image_needs_a_version_and_keeps_its_keys() -> None:
    plan = of_command(["docker", "run", "-i", "--rm", "-e", "TOKEN", "ghcr.io/x/y:1.2", "stdio"])
    assert (plan.kind, plan.package, plan.version) == ("oci", "ghcr.io/x/y:1.2", "1.2")
    assert (plan.keys, plan.arguments) == (("TOKEN",), ("stdio",))


async def test_without_docker_an_image_is_refused_in_plain_words(
    tmp_path: Path, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(ToolFailed, match="no docker on this machine"):
        await resolved(of_command(["docker", "run", "image:1"]), sources, tmp_path / "look-ups")


@pytest.mark.parametrize(
    "url",
    ["http://example.org/mcp", "https://user:pw@example.org/", "ftp://x", "https://a b", "https://\u0430pple.com"],
)
def test_an_address_that_is_not_safe_is_refused(url: str) -> None:
    with pytest.raises(ToolRetry):
        of_url(url)


@pytest.mark.parametrize("name", ["jobs", "browser", "", "a_b", "A", "-a", "a-", "a" * 41, "a/b", "..", "a\n"])
def test_a_name_that_clashes_or_escapes_is_refused(name: str) -> None:
    with pytest.raises(ToolRetry):
        checked_name(name)


DECIDES = """
PATH HOME LD_PRELOAD DYLD_INSERT_LIBRARIES NODE_OPTIONS NODE_PATH pythonpath PYTHONSTARTUP BASH_ENV ENV IFS
HTTPS_PROXY http_proxy ALL_PROXY NODE_TLS_REJECT_UNAUTHORIZED NODE_EXTRA_CA_CERTS DOCKER_HOST GIT_SSH_COMMAND
GIT_CONFIG_COUNT PERL5OPT PERL5LIB RUBYOPT JAVA_TOOL_OPTIONS _JAVA_OPTIONS npm_config_node_options OPENSSL_CONF
GCONV_PATH SSL_CERT_FILE REQUESTS_CA_BUNDLE PIP_INDEX_URL
"""


@pytest.mark.parametrize("key", [*DECIDES.split(), "A B", "1A", "A=B", ""])
def test_a_key_that_decides_which_code_runs_is_refused(key: str) -> None:
    with pytest.raises(ToolRetry):
        checked_key(key, "stdio")


@pytest.mark.parametrize(
    "key", ["GITHUB_TOKEN", "NODE_ENV", "API_KEY", "MEMORY_FILE_PATH", "DOCKER_HUB_TOKEN", "PROXY_TOKEN"]
)
def test_a_key_that_is_a_servers_own_is_taken(key: str) -> None:
    assert checked_key(key, "stdio") == key


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "10.0.0.1", "192.168.1.1", "[::1]", "[fd00::1]", "localhost", "nas.local", "0x7f000001"],
)
def test_an_address_of_this_network_is_taken_of_the_owner_and_not_of_a_registry(host: str) -> None:
    assert of_url(f"https://{host}/mcp").kind == "remote"
    with pytest.raises(ToolRetry, match="not asked"):
        of_url(f"https://{host}/mcp", public=True)
