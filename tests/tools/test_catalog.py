"""What every tool of the product owes its callers, and what people from outside may call."""

from __future__ import annotations

import asyncio
import string

import pytest
from mcp import Client
from tool_desk import Desk

from jobs.catalog import TOOLS, by_cli_name
from jobs.tools.roles import Effect, Role
from jobs.tools.server import build_server
from jobs.tools.spec import ToolSpec

# Written by hand, so that nothing becomes callable by outsiders without somebody writing its name here.
EXTERNAL_MAY_CALL = {"get_my_tasks", "update_task", "send_summary_to_owner"}

each_tool = pytest.mark.parametrize("spec", TOOLS, ids=lambda spec: spec.name)


def test_outsiders_may_call_what_is_written_here_and_nothing_else() -> None:
    assert {spec.name for spec in TOOLS if Role.EXTERNAL in spec.roles} == EXTERNAL_MAY_CALL


def test_no_outsider_may_run_code() -> None:
    assert not [spec.name for spec in TOOLS if Role.EXTERNAL in spec.roles and spec.effect is Effect.POWER]


@pytest.mark.parametrize("role", Role)
def test_a_name_is_used_once_in_a_role_and_the_cli_knows_it(role: Role) -> None:
    names = [spec.name for spec in TOOLS if role in spec.roles]
    assert len(names) == len(set(names))
    assert [f"mcp__jobs__{name}" for name in names] == list(by_cli_name(role))


def test_no_parameter_of_an_outsiders_tool_names_a_person() -> None:
    named = {"user", "to", "who", "whom", "name", "query", "chat", "chat_id", "recipient", "person"}
    for spec in TOOLS:
        if Role.EXTERNAL in spec.roles:
            assert not named & set(spec.params.model_fields), spec.name


@pytest.mark.parametrize("role", Role)
async def test_the_server_of_a_role_offers_what_the_table_says(desk: Desk, role: Role) -> None:
    config = build_server(TOOLS, role, desk.runner, lambda call_id: desk.context(call_id, role))
    async with asyncio.timeout(60), Client(config["instance"], mode="legacy") as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {spec.name for spec in TOOLS if role in spec.roles}
    for tool in tools:
        spec = next(spec for spec in TOOLS if spec.name == tool.name and role in spec.roles)
        assert set(tool.input_schema["properties"]) == set(spec.params.model_fields)
        assert "Parameters of" not in str(tool.input_schema), "the model would pay for it in each request"


@each_tool
def test_a_tool_tells_the_model_what_it_does(spec: ToolSpec) -> None:
    first_line = spec.description.splitlines()[0]
    assert first_line.endswith(".")
    assert "|" not in first_line, "it breaks the table in docs/tool-access.md"
    assert spec.roles


@each_tool
def test_every_parameter_is_described(spec: ToolSpec) -> None:
    for name, field in spec.params.model_fields.items():
        assert field.description, f"{spec.name}.{name}"


@each_tool
def test_the_status_line_can_be_said_in_both_languages_with_the_parameters_at_hand(spec: ToolSpec) -> None:
    for template in (spec.status.en, spec.status.ru):
        places = {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}
        assert template.strip()
        assert places <= set(spec.params.model_fields)
    assert spec.status.en != spec.status.ru


@each_tool
def test_nobody_says_in_a_parameter_who_they_are(spec: ToolSpec) -> None:
    assert not {"user_id", "session_key", "role", "owner_id"} & set(spec.params.model_fields)
