"""A tool is declared once, with `@tool`; everything else about it is derived from its ToolSpec."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from jobs.core.i18n import Words
from jobs.core.rich_text import RichText
from jobs.tools.roles import Effect, Role

P = TypeVar("P", bound=BaseModel)
T = TypeVar("T")

Handler = Callable[["ToolContext", Any], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """Everything that is known about a tool."""

    name: str
    description: str
    params: type[BaseModel]
    roles: frozenset[Role]
    effect: Effect
    status: Words
    """What the owner reads while it runs; may have places named like the parameters."""
    handler: Handler
    atomic: bool = True
    """Everything it does goes into the transaction that records its end (`ToolContext.send`)."""
    always_loaded: bool = False
    """Its definition is in every request; the others are found through tool search."""


class Services:
    """The collaborators that tools may use, each found by its port (a Protocol or a class)."""

    def __init__(self) -> None:
        self._by_port: dict[type, object] = {}

    def provide(self, port: type[T], service: T) -> None:
        """Offer a service; one for each port."""
        self._by_port[port] = service

    def get(self, port: type[T]) -> T:
        """The service behind a port. Raises KeyError when the application offers none: a wiring mistake."""
        return typing.cast("T", self._by_port[port])


@dataclass(slots=True)
class ToolContext:
    """Who calls, and with what at hand. Identity is here and never in a parameter."""

    role: Role
    session_key: str
    tool_use_id: str
    services: Services
    outgoing: list[tuple[int, RichText]] = field(default_factory=list[tuple[int, RichText]])

    def use(self, port: type[T]) -> T:
        """The collaborator behind a port."""
        return self.services.get(port)

    def send(self, chat_id: int, content: RichText) -> None:
        """Queue a message; it is journalled in the transaction that records this call as done, or not at all."""
        self.outgoing.append((chat_id, content))


def tool(
    *roles: Role, effect: Effect, status: Words, atomic: bool = True, always_loaded: bool = False
) -> Callable[[Callable[[ToolContext, P], Awaitable[str]]], ToolSpec]:
    """Declare a tool: its name is the function's, its description the docstring, its schema the second parameter."""

    def declare(function: Callable[[ToolContext, P], Awaitable[str]]) -> ToolSpec:
        params: Mapping[str, Any] = typing.get_type_hints(function)
        first_two = list(inspect.signature(function).parameters)[:2]
        description = inspect.getdoc(function)
        if not description:
            raise TypeError(f"{function.__name__} needs a docstring: it is what the model reads")
        return ToolSpec(
            name=function.__name__,
            description=description,
            params=params[first_two[1]],
            roles=frozenset(roles),
            effect=effect,
            status=status,
            handler=function,
            atomic=atomic,
            always_loaded=always_loaded,
        )

    return declare
