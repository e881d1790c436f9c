"""Everything about a tool follows from its declaration."""

from __future__ import annotations

import pytest
from pydantic import BaseModel
from tool_desk import Greet, World, greet

from jobs.core.i18n import Words
from jobs.core.rich_text import RichText
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import Outgoing, Services, ToolContext, ToolSpec, tool

STATUS = Words(en="x", ru="x")


def test_a_declaration_says_everything() -> None:
    assert isinstance(greet, ToolSpec)
    assert (greet.name, greet.description, greet.params) == ("greet", "Greet somebody.", Greet)
    assert (greet.roles, greet.effect) == ({Role.OWNER}, Effect.OUTWARD)
    assert (greet.atomic, greet.always_loaded) == (True, False)


def test_a_description_of_several_lines_loses_its_indent() -> None:
    @tool(Role.TASK, effect=Effect.READ, status=STATUS)
    async def example(ctx: ToolContext, params: Greet) -> str:
        """Do it.

        But only once.
        """
        return ""

    assert example.description == "Do it.\n\nBut only once."


def test_a_tool_without_a_docstring_cannot_be_declared() -> None:
    async def silent(ctx: ToolContext, params: Greet) -> str:
        return ""

    with pytest.raises(TypeError, match="silent needs a docstring"):
        tool(Role.OWNER, effect=Effect.READ, status=STATUS)(silent)


def test_a_collaborator_is_found_by_its_port() -> None:
    services, world = Services(), World()
    services.provide(World, world)
    context = ToolContext(Role.OWNER, "owner", "call", services)
    assert context.use(World) is world
    with pytest.raises(KeyError):
        context.use(BaseModel)


def test_each_call_has_messages_of_its_own() -> None:
    one, other = (ToolContext(Role.OWNER, "owner", call_id, Services()) for call_id in ("one", "other"))
    one.send(5, RichText("hi"))
    assert one.outgoing == [Outgoing(5, RichText("hi"))]
    assert other.outgoing == []
