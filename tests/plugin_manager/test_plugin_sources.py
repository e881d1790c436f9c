"""Where plugins come from: every kind of source, and the state that is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_desk import PluginDesk
from pydantic import JsonValue

from jobs.core.errors import ToolRetry
from jobs.plugin_manager import tools
from marketplace_folder import committed, git, skill, write

TEXT = skill("prune", "Prunes. Use it when asked.", "first")


def repository(folder: Path, at: str = "") -> str:
    """A repository with a plugin in the folder `at`; returns its first commit. A second one follows."""
    path = f"{at}/skills/prune/SKILL.md".lstrip("/")
    first = committed(write(folder, {path: TEXT}))
    git(folder, "tag", "v1")
    git(folder, "branch", "old")
    committed(write(folder, {path: TEXT.replace("first", "second")}))
    return first


async def installed_text(desk: PluginDesk) -> str:
    assert "Installed: roses@garden" in await desk.install()
    return (desk.folder / "skills/prune/SKILL.md").read_text().splitlines()[-1]


async def test_a_folder_of_the_marketplace(desk: PluginDesk) -> None:
    desk.plugin(text="mine")
    assert await installed_text(desk) == "mine"


async def test_a_folder_below_the_root_of_the_plugins(desk: PluginDesk) -> None:
    desk.plugin(text="mine")
    desk.lists({"name": "roses", "source": "roses"}, metadata={"pluginRoot": "./plugins"})
    assert await installed_text(desk) == "mine"


@pytest.mark.parametrize("kind", ["github", "url", "git-subdir"])
@pytest.mark.parametrize(("state", "text"), [("", "second"), ("v1", "first"), ("old", "first"), ("sha", "first")])
async def test_a_repository_at_a_state(desk: PluginDesk, kind: str, state: str, text: str) -> None:
    folder = desk.root / "github" / "greta" / "roses.git"
    first = repository(folder, "inner/roses" if kind == "git-subdir" else "")
    at: dict[str, JsonValue] = {"sha": first} if state == "sha" else {"ref": state} if state else {}
    where: dict[str, dict[str, JsonValue]] = {
        "github": {"repo": "greta/roses"},
        "url": {"url": f"file://{folder}"},
        "git-subdir": {"url": f"file://{folder}", "path": "inner/roses"},
    }
    desk.lists({"name": "roses", "source": {"source": kind, **where[kind], **at}})
    question = await desk.asked()
    assert f"file://{folder}" in question
    commit = first if state else git(folder, "rev-parse", "HEAD").strip()
    assert f"commit {commit}" in question
    await desk.allow()
    await desk.call(tools.plugin_install, name="roses")
    assert (desk.folder / "skills/prune/SKILL.md").read_text().splitlines()[-1] == text


async def test_a_commit_that_is_not_there_is_refused(desk: PluginDesk) -> None:
    folder = desk.root / "roses"
    repository(folder)
    source: dict[str, JsonValue] = {"source": "url", "url": f"file://{folder}", "sha": "0" * 40}
    desk.lists({"name": "roses", "source": source})
    await desk.is_refused("git cannot fetch")
    desk.lists({"name": "roses", "source": {**source, "sha": "--upload-pack=touch"}})
    await refreshed(desk)
    await desk.is_refused("is no commit")
    desk.lists({"name": "roses", "source": {"source": "url", "url": f"file://{folder}", "ref": "--upload-pack=touch"}})
    await refreshed(desk)
    await desk.is_refused("is no name of a branch")


async def test_a_tag_that_bears_the_name_of_a_commit_does_not_pass_for_it(desk: PluginDesk) -> None:
    folder = desk.root / "roses"
    repository(folder)
    sha = "1" * 40
    git(folder, "update-ref", f"refs/tags/{sha}", "HEAD")
    desk.lists({"name": "roses", "source": {"source": "url", "url": f"file://{folder}", "sha": sha}})
    await desk.is_refused("git cannot fetch|was asked for")


async def test_a_marketplace_of_git_is_followed_and_its_links_are_not(desk: PluginDesk) -> None:
    desk.plugin(text="mine")
    (desk.place / "elsewhere").symlink_to("/etc")
    committed(desk.place)
    desk.sources[:] = [f"file://{desk.place}"]
    desk.restart()
    assert await installed_text(desk) == "mine"
    assert not (desk.manager.store.marketplaces / "garden" / "elsewhere").exists()


async def test_an_entry_that_is_the_manifest_says_all_that_there_is(desk: PluginDesk) -> None:
    texts = {f"skills/{name}/SKILL.md": skill(name, "Does it. Use it when asked.", name) for name in ("prune", "dig")}
    write(desk.place, {**texts, "more/water.md": "Water.", "servers.json": '{"well": {"command": "well"}}'})
    entry: dict[str, JsonValue] = {
        "name": "roses",
        "source": "./",
        "strict": False,
        "version": "7",
        "skills": ["./skills/prune"],
        "commands": "./more/water.md",
        "mcpServers": "./servers.json",
        "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "echo done"}]}]},
    }
    desk.lists(entry)
    question = await desk.asked()
    for line in ("roses 7", "skills: prune\n", "commands: water\n", "MCP server well: well", "at Stop : echo done"):
        assert line in question
    await desk.allow()
    await desk.call(tools.plugin_install, name="roses")
    assert not (desk.folder / "skills/dig").exists()
    write(desk.place, {".claude-plugin/plugin.json": '{"name": "roses", "commands": "./more"}'})
    await refreshed(desk)
    with pytest.raises(ToolRetry, match="both say what it has"):
        await desk.call(tools.plugin_install, name="roses")


async def test_a_former_name_leads_to_the_present_one(desk: PluginDesk) -> None:
    desk.plugin()
    desk.lists({"name": "roses", "source": "./plugins/roses"}, renames={"tulips": "roses", "weeds": None, "a": "a"})
    assert "Installed: roses@garden" in await desk.install("tulips")
    for name, why in (("weeds", "no longer offered"), ("a", "No marketplace offers"), ("x@nowhere", "no marketplace")):
        with pytest.raises(ToolRetry, match=why):
            await desk.call(tools.plugin_install, name=name)


async def refreshed(desk: PluginDesk) -> None:
    await desk.call(tools.marketplace_refresh, name="garden")
