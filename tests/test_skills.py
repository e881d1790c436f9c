"""Every shipped skill is one that Claude's CLI takes, and names no tool that its session does not have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from jobs.catalog import TOOLS
from jobs.tools.roles import Role
from jobs.users.shipped_skills import SHIPPED

SKILLS = sorted(path for path in SHIPPED.iterdir() if path.is_dir())


def read(skill: Path) -> tuple[dict[str, Any], str]:
    """Frontmatter and body."""
    text = (skill / "SKILL.md").read_text(encoding="utf-8")
    found = re.fullmatch(r"---\n(.*?)\n---\n(.+)", text, re.DOTALL)
    assert found is not None, "a line ---, the frontmatter, a line ---, the body"
    return yaml.safe_load(found[1]), found[2]


def test_there_are_skills() -> None:
    assert [skill.name for skill in SKILLS] == ["schedule-meeting"]


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_the_frontmatter_is_a_name_and_a_description_within_their_limits(skill: Path) -> None:
    frontmatter, _ = read(skill)
    assert frontmatter.keys() == {"name", "description"}
    assert frontmatter["name"] == skill.name
    assert re.fullmatch(r"[a-z0-9-]{1,64}", frontmatter["name"])
    assert 0 < len(frontmatter["description"]) <= 1024
    assert "Use it when" in frontmatter["description"]


@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_a_skill_names_only_tools_that_the_session_of_an_errand_has(skill: Path) -> None:
    _, body = read(skill)
    calls = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)[`(]", body))
    known = {tool.name: tool for tool in TOOLS if Role.TASK in tool.roles}
    parameters = {name for tool in known.values() for name in tool.params.model_fields} | {"may_say", "must_not_say"}
    assert calls - known.keys() - parameters == set()
    assert {"send_to_user", "update_task", "send_summary_to_owner"} <= calls
