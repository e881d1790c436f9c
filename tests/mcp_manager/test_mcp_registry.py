"""The registry of MCP servers: what it says is read leniently, and kept for when it cannot be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.core.clock import SystemClock
from jobs.core.errors import ToolFailed, ToolRetry
from jobs.mcp_manager.manager import with_values
from jobs.mcp_manager.questions import fingerprint, shown
from jobs.mcp_manager.registry import Entry, Registry, plan_of
from jobs.sandbox.registries import ServerRegistry

NPM: dict[str, Any] = {
    "name": "io.github.example/plants",
    "description": "Waters plants.",
    "version": "1.2.3",
    "unknown": {"field": 1},
    "packages": [
        {"registryType": "mcpb", "identifier": "https://example.org/x.mcpb", "transport": {"type": "stdio"}},
        {
            "registryType": "npm",
            "identifier": "@example/plants",
            "version": "1.2.3",
            "transport": {"type": "stdio"},
            "packageArguments": [{"type": "named", "name": "--soil", "value": "wet"}],
            "environmentVariables": [
                {"name": "TOKEN", "isRequired": True, "isSecret": True},
                {"name": "MODE", "default": "gentle"},
            ],
        },
    ],
}
REMOTE: dict[str, Any] = {
    "name": "com.example/remote",
    "description": "Far away.",
    "version": "1",
    "remotes": [
        {
            "type": "streamable-http",
            "url": "https://example.com/mcp",
            "headers": [{"name": "X-Key", "isRequired": True}],
        }
    ],
}
BAD: dict[str, Any] = {"name": ["not", "a", "name"]}


@pytest.fixture
def played() -> Iterator[ServerRegistry]:
    with ServerRegistry([NPM, REMOTE, BAD]) as played:
        yield played


def registry(played: ServerRegistry, tmp_path: Path) -> Registry:
    return Registry(played.url, tmp_path, SystemClock())


async def test_a_server_is_found_by_a_word_and_becomes_a_plan(played: ServerRegistry, tmp_path: Path) -> None:
    asked = registry(played, tmp_path)
    assert [entry.name for entry in (await asked.search("PLANTS")).entries] == ["io.github.example/plants"]
    plan = plan_of(await asked.one("io.github.example/plants"))
    assert (plan.kind, plan.package, plan.version) == ("npm", "@example/plants", "1.2.3")
    assert plan.arguments == ("--soil", "wet")
    assert (plan.keys, plan.needs, plan.fixed) == (("TOKEN", "MODE"), ("TOKEN",), {"MODE": "gentle"})
    assert plan.suggested_name == "plants"


async def test_a_remote_server_becomes_a_plan_with_its_headers(played: ServerRegistry, tmp_path: Path) -> None:
    plan = plan_of(await registry(played, tmp_path).one("com.example/remote"))
    assert (plan.kind, plan.url, plan.transport) == ("remote", "https://example.com/mcp", "http")
    assert plan.needs == ("X-Key",)


async def test_what_was_said_is_kept_for_when_it_cannot_be_asked(played: ServerRegistry, tmp_path: Path) -> None:
    assert (await registry(played, tmp_path).search("example")).at is None
    played.down = True
    later = await registry(played, tmp_path).search("plants")
    assert [entry.name for entry in later.entries] == ["io.github.example/plants"]
    assert later.at is not None
    with pytest.raises(ToolFailed, match="cannot be reached"):
        await registry(played, tmp_path).search("nothing of the kind")


async def test_a_name_that_is_not_there_is_answered_with_what_is(played: ServerRegistry, tmp_path: Path) -> None:
    with pytest.raises(ToolRetry, match=r"io\.github\.example/plants"):
        await registry(played, tmp_path).one("example")


async def test_what_is_kept_of_the_registry_stays_small(tmp_path: Path) -> None:
    wordy = [{"name": f"wordy/{n}", "description": "x" * 10_000} for n in range(10)]
    with ServerRegistry(wordy) as played:
        asked = registry(played, tmp_path)
        for query in ("w", "wo", "wor", "word", "wordy"):
            await asked.search(query)
        played.down = True
        assert (await asked.search("wordy")).at is not None
    assert (tmp_path / "mcp_registry.json").stat().st_size < 400_000


def variable(**said: object) -> Entry:
    package = {"registryType": "npm", "identifier": "plants", "version": "1.2.3", "environmentVariables": [said]}
    return Entry.model_validate({"name": "example/plants", "packages": [package]})


def test_a_value_of_the_registry_is_shown_and_another_one_needs_another_yes() -> None:
    plan, other = (plan_of(variable(name="MODE", value=value)) for value in ("gentle", "rough"))
    assert "MODE = “gentle”" in shown("plants", plan, None, "", "en")
    assert "I have it" not in shown("plants", plan, None, "", "en")
    assert fingerprint("plants", plan, None, "") != fingerprint("plants", other, None, "")
    own = [with_values(one, {"MODE": "the owner's"}) for one in (plan, other)]
    assert fingerprint("plants", own[0], None, "") == fingerprint("plants", own[1], None, "")
    assert "the owner's" not in shown("plants", own[0], None, "", "en")


def test_a_variable_that_decides_more_than_settings_is_not_taken_from_a_registry() -> None:
    assert plan_of(variable(name="HTTPS_PROXY")).keys == ()
    for said in ({"value": "http://evil.example"}, {"isRequired": True}):
        with pytest.raises(ToolRetry, match="HTTPS_PROXY decides"):
            plan_of(variable(name="HTTPS_PROXY", **said))
