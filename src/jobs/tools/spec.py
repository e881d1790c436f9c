"""A tool is declared once, with `@tool`; everything else about it is derived from its ToolSpec."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from jobs.core.database import Transaction
from jobs.core.errors import ToolDenied
from jobs.core.i18n import Words
from jobs.core.journal.outbox import PLAINLY, Manner
from jobs.core.messages import person_of
from jobs.core.rich_text import RichText
from jobs.tools.roles import Effect, Role

P = TypeVar("P", bound=BaseModel)
T = TypeVar("T")

MASK = "**********"
"""Stands for a secret value, as it does in pydantic's texts."""

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
    asks: bool = False
    """It asks the owner itself, by `canonical` parameters, and does nothing before they have seen and allowed that."""
    outside: bool = False
    """What it answers holds words of people outside: whoever has read them is guarded."""
    secret: frozenset[str] = frozenset()
    """Parameters whose values are told to nobody: of those that are a mapping, the keys may be."""

    def without_secrets(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """The arguments of a call as they may be shown and kept."""
        return {name: _masked(value) if name in self.secret else value for name, value in arguments.items()}


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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that a call sends; `task_id` is the errand it is sent for."""

    chat_id: int
    content: RichText
    task_id: str | None = None
    file: str = ""
    """The path of a file that goes with it."""
    reply_to: int | None = None
    manner: Manner = PLAINLY


Change = Callable[[Transaction], Awaitable[None]]
"""What a call changes in the database."""


@dataclass(slots=True)
class ToolContext:
    """Who calls, and with what at hand. Identity is here and never in a parameter."""

    role: Role
    session_key: str
    tool_use_id: str
    services: Services
    outgoing: list[Outgoing] = field(default_factory=list[Outgoing])
    changes: list[Change] = field(default_factory=list[Change])

    def use(self, port: type[T]) -> T:
        """The collaborator behind a port."""
        return self.services.get(port)

    @property
    def caller(self) -> int:
        """The person whose session calls. Raises ToolDenied where it is no person's."""
        user_id = person_of(self.session_key)
        if user_id is None:
            raise ToolDenied("Only the session of a person can do that.")
        return user_id

    def send(
        self,
        chat_id: int,
        content: RichText,
        task_id: str | None = None,
        *,
        file: str = "",
        reply_to: int | None = None,
        manner: Manner = PLAINLY,
    ) -> None:
        """Queue a message; it is journalled in the transaction that records this call as done, or not at all."""
        self.outgoing.append(Outgoing(chat_id, content, task_id, file, reply_to, manner))

    def change(self, change: Change) -> None:
        """Change the database, in the transaction that records this call as done. A ToolError in it undoes all."""
        self.changes.append(change)


def tool(
    *roles: Role,
    effect: Effect,
    status: Words,
    atomic: bool = True,
    always_loaded: bool = False,
    asks: bool = False,
    outside: bool = False,
    secret: Sequence[str] = (),
    name: str | None = None,
) -> Callable[[Callable[[ToolContext, P], Awaitable[str]]], ToolSpec]:
    """Declare a tool: its description is the docstring, its schema the second parameter.

    Its name is the function's, unless the tools of two roles share one.
    """

    def declare(function: Callable[[ToolContext, P], Awaitable[str]]) -> ToolSpec:
        params: Mapping[str, Any] = typing.get_type_hints(function)
        first_two = list(inspect.signature(function).parameters)[:2]
        description = inspect.getdoc(function)
        if not description:
            raise TypeError(f"{function.__name__} needs a docstring: it is what the model reads")
        return ToolSpec(
            name=name or function.__name__,
            description=description,
            params=params[first_two[1]],
            roles=frozenset(roles),
            effect=effect,
            status=status,
            handler=function,
            atomic=atomic,
            always_loaded=always_loaded,
            asks=asks,
            outside=outside,
            secret=frozenset(secret),
        )

    return declare


def _masked(value: object) -> object:
    return dict.fromkeys(typing.cast("Mapping[str, object]", value), MASK) if isinstance(value, Mapping) else MASK
