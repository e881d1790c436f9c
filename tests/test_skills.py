"""Every shipped skill is one that Claude's CLI takes, and names no tool that its session does not have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.catalog import TOOLS
from jobs.skill_manager.manifest import FILE, Manifest, parse, problems, remarks
from jobs.skill_manager.shipped import SHIPPED
from jobs.tools.roles import Role

ROLES = {
    "daily-briefing": {Role.OWNER, Role.TRIGGER},
    "errand": {Role.TASK},
    "schedule-meeting": {Role.TASK},
    "travel-plan": {Role.OWNER},
    "watch-and-report": {Role.OWNER, Role.TRIGGER},
}
"""In whose sessions each runs."""
NO_TOOLS = {"may_say", "must_not_say"}
each_skill = pytest.mark.parametrize("name", ROLES)


def read(name: str) -> Manifest:
    return parse((SHIPPED / name / FILE).read_text(encoding="utf-8"))


def calls(name: str) -> set[str]:
    """What its text names that looks like a tool."""
    found = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)[`(]", read(name).body))
    return found - {parameter for tool in TOOLS for parameter in tool.params.model_fields} - NO_TOOLS


def test_these_skills_are_shipped() -> None:
    assert sorted(path.name for path in Path(SHIPPED).iterdir() if path.is_dir()) == sorted(ROLES)


@each_skill
def test_the_frontmatter_is_a_name_and_a_description_within_their_limits(name: str) -> None:
    manifest = read(name)
    assert problems(manifest, name) == []
    assert remarks(manifest, {tool.name for tool in TOOLS}) == []
    assert "Use it when" in manifest.description
    assert not manifest.tools
    assert not manifest.more


@each_skill
def test_a_skill_names_only_tools_that_its_sessions_have(name: str) -> None:
    for role in ROLES[name]:
        assert calls(name) - {tool.name for tool in TOOLS if role in tool.roles} == set()


@pytest.mark.parametrize("name", [name for name, roles in ROLES.items() if Role.TASK in roles])
def test_a_skill_of_an_errand_can_speak_note_and_tell(name: str) -> None:
    assert {"send_to_user", "update_task", "send_summary_to_owner"} <= calls(name)
