"""An MCP server that comes as a container image, run by a real engine: podman, under the name of docker."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from images import ASSISTANT, build_on, podman

from browser_stack import until
from jobs.sandbox.claude import ModelRequest, Reply, Rules, call
from jobs.sandbox.stage import Stage

pytestmark = pytest.mark.containers

IMAGE = f"localhost/plants:1.0.{os.getpid()}"
PLANTS = """
import os
from mcp.server.mcpserver import MCPServer
server = MCPServer("plants")

@server.tool()
def water(plant: str) -> str:
    "Waters a plant."
    return f"watered {plant} as {os.environ.get('GARDENER')}, {sorted(os.environ)}"

server.run()
"""


@pytest.fixture
def docker(images: float, tmp_path: Path) -> Iterator[Path]:
    """The folder of a `docker`, which knows the image."""
    del images
    build_on(ASSISTANT, IMAGE, tmp_path, {"plants.py": PLANTS}, ["/opt/jobs/.venv/bin/python", "/plants.py"])
    conf = tmp_path / "containers.conf"
    ours = Path(os.environ["CONTAINERS_CONF"]).read_text()
    conf.write_text(ours.replace("[containers]", '[containers]\nnetns = "host"'))
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        f"export CONTAINERS_CONF={conf} CONTAINERS_STORAGE_CONF={os.environ['CONTAINERS_STORAGE_CONF']}\n"
        'exec podman "$@"\n'
    )
    program.chmod(0o755)
    yield program.parent
    podman("rmi", "--force", IMAGE)  # with what still runs of it


@pytest.fixture
async def stage(tmp_path: Path, docker: Path) -> AsyncIterator[Stage]:
    async with Stage.open(tmp_path) as stage:
        stage.extra["PATH"] = f"{docker}:{os.environ['PATH']}"
        yield stage


async def test_a_server_that_is_an_image_is_installed_used_and_leaves_no_container(stage: Stage) -> None:
    def install(_: ModelRequest) -> Reply:
        return call(
            "mcp__jobs__mcp_install",
            command="docker",
            args=["run", "--rm", "-i", "-e", "GARDENER", IMAGE],
            env={"GARDENER": "greta"},
            call_it="plants",
        )

    rules = Rules().on_text("install it|allows your call", install)
    rules.on_result("Nothing is installed yet", "Have a look.").on_result("Installed and on", "It is on.")
    rules.on_text("water the ficus", lambda _: call("mcp__plants__water", plant="ficus"))
    stage.claude.script = rules.on_result("watered ficus as greta", "It is watered.")
    daemon = await stage.start()
    owner = await stage.person()
    await owner.ask("install it", "Have a look.")
    question = await owner.wait_for_text("🔐 May I?")
    assert IMAGE in question.text
    assert "greta" not in question.text
    await owner.send("yes", reply_to=question.id)
    await owner.wait_for_text("It is on.")
    await owner.ask("water the ficus", "It is watered.")
    [said] = [text for text in map(str, stage.claude.requests.model[-1].tool_results) if "watered ficus" in text]
    assert "ANTHROPIC" not in said
    assert await daemon.stop() == 0
    until(lambda: podman("ps", "--quiet", "--filter", f"ancestor={IMAGE}") == "")
