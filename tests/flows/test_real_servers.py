"""Servers that people really use, from npm and PyPI by way of the registry, in a conversation and in an errand."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from test_errand_sessions import with_skill

from jobs.sandbox.claude import ModelRequest, Rules, call
from jobs.sandbox.person import Person
from jobs.sandbox.registries import NpmRegistry, PypiIndex, ServerRegistry
from jobs.sandbox.stage import Stage
from loopback import free_port
from roles import Roles, requests_of
from servers_folder import SERVERS, WHEELS


def entry(kind: str, package: str) -> dict[str, Any]:
    """As the registry of servers describes a package."""
    packages: list[Any] = [{"registryType": kind, "identifier": package, "transport": {"type": "stdio"}}]
    name = f"io.example/{package.rpartition('/')[2]}"
    return {"name": name, "description": "For tests", "version": "1.0.0", "packages": packages}


@dataclass(frozen=True)
class Registries:
    npm: NpmRegistry
    pypi: PypiIndex


@pytest.fixture
def everywhere(stage: Stage) -> Iterator[Registries]:
    """The registries; the daemon knows no others."""
    entries = [entry("npm", "@modelcontextprotocol/server-everything"), entry("pypi", "mcp-server-time")]
    with NpmRegistry(SERVERS) as npm, PypiIndex(WHEELS) as pypi, ServerRegistry(entries) as registry:
        stage.extra |= {
            "MCP_REGISTRY_URL": registry.url,
            "NPM_CONFIG_REGISTRY": npm.url,
            "PIP_INDEX_URL": pypi.index_url,
        }
        yield Registries(npm, pypi)


def installing(rules: Rules, **what: Any) -> Rules:
    wanted = "install it|allows your call of mcp__jobs__mcp_install"
    rules.on_text(wanted, lambda _: call("mcp__jobs__mcp_install", **what))
    return rules.on_result("Nothing is installed yet", "Have a look.").on_result("Installed and on", "It is on.")


async def installed(stage: Stage) -> Person:
    owner = await stage.person()
    await owner.ask("install it", "Have a look.")
    question = await owner.wait_for_text("🔐 May I?")
    await owner.send("yes", reply_to=question.id)
    await owner.wait_for_text("It is on.")
    return owner


async def test_a_server_of_npm_is_found_installed_and_used_and_an_errand_asks_before_it_does(
    stage: Stage, everywhere: Registries
) -> None:
    with_skill(stage)
    stage.world.add_user("Masha", username="masha")
    roles = Roles()
    roles.owner.on_text("find one", call("mcp__jobs__mcp_search", query="everything"))
    roles.owner.on_result("io.example/server-everything", "There is one.")
    installing(roles.owner, name="io.example/server-everything", call_it="all")
    roles.owner.on_text("echo", lambda _: call("mcp__all__echo", message="ficus")).on_result(
        "Echo: ficus", "It says so."
    )
    begin = call("mcp__jobs__create_task", user="@masha", title="Report", context={"skill": "chase"}, message="When?")
    roles.owner.on_text("begin", begin).on_result("Errand", "Begun.").on_text(".", "Fine.")
    again = "A new errand is yours|allows your call of mcp__all__echo"
    roles.errand.on_text(again, lambda _: call("mcp__all__echo", message="from the errand"))
    roles.errand.on_result("waits for the owner", "Waiting.").on_result("Echo: from the errand", "Heard.")
    stage.claude.script = roles
    await stage.start()
    owner = await stage.person()
    await owner.ask("find one", "There is one.")
    await installed(stage)
    assert any("server-everything/-/2026" in path for path in everywhere.npm.asked)
    await owner.ask("echo", "It says so.")
    await owner.ask("begin", "Begun.")
    await owner.wait_for(lambda seen: sum("🔐 May I?" in s.text for s in seen) == 2)
    assert not any(heard(request) for request in requests_of(stage, "errand"))
    question = [seen for seen in owner.received if "🔐 May I?" in seen.text][-1]
    assert "from the errand" in question.text
    await stage.nothing_waits()  # the yes is not to join the turn that has asked
    await owner.send("yes", reply_to=question.id)
    await stage.claude.requests.wait_for(lambda r: r.request is not None and heard(r.request))


def heard(request: ModelRequest) -> bool:
    """Whether the server has answered the errand."""
    return any("Echo: from the errand" in result.plain for result in request.tool_results)


async def test_a_server_of_pypi_is_installed_and_used(stage: Stage, everywhere: Registries) -> None:
    del everywhere
    rules = installing(Rules(), name="io.example/mcp-server-time", call_it="clock")
    rules.on_text("what time", lambda _: call("mcp__clock__get_current_time", timezone="Asia/Tokyo"))
    stage.claude.script = rules.on_result("Asia/Tokyo", "It is late there.")
    await stage.start()
    owner = await installed(stage)
    await owner.ask("what time is it in Tokyo", "It is late there.")


async def test_npx_of_filesystem_is_pinned_and_reads_what_it_was_given(stage: Stage, everywhere: Registries) -> None:
    del everywhere
    stage.workspace.mkdir(parents=True)
    (stage.workspace / "plants.txt").write_text("ficus on the window sill")
    given = ["-y", "@modelcontextprotocol/server-filesystem", str(stage.workspace)]
    rules = installing(Rules(), command="npx", args=given, call_it="files")
    rules.on_text("read it", lambda _: call("mcp__files__read_text_file", path=str(stage.workspace / "plants.txt")))
    stage.claude.script = rules.on_result("ficus on the window sill", "It is on the sill.")
    await stage.start()
    owner = await installed(stage)
    assert any("server-filesystem 2026.8.31 of npm" in text for text in owner.texts)
    await owner.ask("read it", "It is on the sill.")


async def test_what_the_server_of_memory_was_told_is_there_after_a_restart(
    stage: Stage, everywhere: Registries
) -> None:
    del everywhere
    rules = installing(Rules(), command="npx", args=["@modelcontextprotocol/server-memory"], call_it="mind")
    entity = {"name": "ficus", "entityType": "plant", "observations": ["wants water"]}
    rules.on_text("note it", lambda _: call("mcp__mind__create_entities", entities=[entity]))
    rules.on_text("what of it", lambda _: call("mcp__mind__open_nodes", names=["ficus"]))
    rules.on_result("relations.*wants water|wants water.*relations", "It wants water.")
    stage.claude.script = rules.on_result("wants water", "Noted.")
    daemon = await stage.start()
    owner = await installed(stage)
    await owner.ask("note it", "Noted.")
    await stage.nothing_waits()
    await daemon.stop()
    daemon = await stage.start()
    await daemon.wait_for_log("has passed its trial")
    await owner.ask("what of it", "It wants water.")


@pytest.mark.parametrize(("name", "ending"), [("server-everything", ".tgz"), ("mcp-server-time", ".whl")])
async def test_an_install_that_is_killed_while_it_fetches_leaves_nothing_and_can_be_made_again(
    stage: Stage, everywhere: Registries, name: str, ending: str
) -> None:
    registry = everywhere.npm if ending == ".tgz" else everywhere.pypi
    rules = installing(Rules(), name=f"io.example/{name}", call_it="it")
    rules.on_result("was interrupted before a result", "Nobody hears this.")  # from a CLI that outlives the kill
    rules.on_result("outcome is unknown", lambda _: call("mcp__jobs__mcp_list"))
    stage.claude.script = rules.on_result("no servers", "It is not there.").on_text(".", "Well.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("install it", "Have a look.")
    question = await owner.wait_for_text("🔐 May I?")
    registry.held = ending
    await owner.send("yes", reply_to=question.id)
    assert await asyncio.to_thread(registry.reached.wait, 60)
    await daemon.kill()
    assert list((stage.data_dir / "mcp").glob("*/*"))
    assert not (stage.data_dir / "mcp_servers.json").exists()
    registry.held = ""
    registry.release.set()
    await stage.start()
    await owner.wait_for_text("It is not there.")
    await stage.nothing_waits()
    assert not (stage.data_dir / "mcp" / "it").exists()
    await owner.send("install it")
    if ending == ".tgz":  # the yes was used; pip was still looking for what is newest
        questions = await owner.wait_for(lambda seen: sum("🔐 May I?" in s.text for s in seen) == 2)
        await stage.nothing_waits()
        await owner.send("yes", reply_to=next(s.id for s in reversed(questions) if "🔐 May I?" in s.text))
    await owner.wait_for_text("It is on.")


@pytest.mark.parametrize(("transport", "path"), [("streamableHttp", "/mcp"), ("sse", "/sse")])
async def test_a_real_server_over_http_is_used(stage: Stage, tmp_path: Path, transport: str, path: str) -> None:
    program = await everything(tmp_path)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "node", str(program), transport,
        env={"PATH": os.environ["PATH"], "PORT": str(port)},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            while not re.search(rb"listening|running", await process.stderr.readline()):
                pass
        rules = installing(Rules(), url=f"http://127.0.0.1:{port}{path}", call_it="far")
        rules.on_text("echo", lambda _: call("mcp__far__echo", message="ficus")).on_result("Echo: ficus", "It says so.")
        stage.claude.script = rules
        await stage.start()
        owner = await installed(stage)
        await owner.ask("echo", "It says so.")
    finally:
        process.kill()
        await process.communicate()


async def everything(folder: Path) -> Path:
    """The program of server-everything, with all that it needs, from what is there already."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SERVERS / name, folder / name)
    shutil.copytree(SERVERS / "npm", folder / "npm")
    process = await asyncio.create_subprocess_exec(
        "npm", "ci", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(folder / "npm"),
        cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await asyncio.wait_for(process.wait(), 120) == 0
    return folder / "node_modules" / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
