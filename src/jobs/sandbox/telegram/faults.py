"""Misbehaviour on demand: rules that say which call or update goes wrong, and how."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from telethon.tl.tlobject import TLObject, TLRequest

from jobs.sandbox.patience import PATIENCE
from jobs.sandbox.telegram.calls import method_name


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """The call is handled; its answer is never sent. The client hears of it only if it asks again."""

    disconnect: bool = False
    """Drop the connection in place of the answer, so that the client does ask again."""


@dataclass(frozen=True, slots=True)
class DropConnection:
    """Drop the connection instead of handling the call, or, with `answered`, right after its answer."""

    answered: bool = False


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error, unhandled: Refuse(420, "FLOOD_WAIT_30"), Refuse(401, "AUTH_KEY_UNREGISTERED")."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait for an event, or this many seconds, before handling a call (or delivering an update)."""

    until: asyncio.Event | float
    handled: bool = False
    """Handle the call at once and hold back its answer alone."""

    async def wait(self) -> None:
        """Return when the wait is over."""
        if isinstance(self.until, asyncio.Event):
            await self.until.wait()
        else:
            await asyncio.sleep(self.until)


@dataclass(frozen=True, slots=True)
class Reorder:
    """Hold an answer or an update until the next answer or update has gone out on its connection."""


@dataclass(frozen=True, slots=True)
class DropUpdate:
    """An update is never delivered."""


Fault = LoseAnswer | DropConnection | Refuse | Delay | Reorder | DropUpdate
_CALL_FAULTS = (LoseAnswer, DropConnection, Refuse, Delay, Reorder)
_UPDATE_FAULTS = (Delay, Reorder, DropUpdate)


@dataclass(slots=True, eq=False)
class Rule:
    """A fault, and what it befalls."""

    fault: Fault
    on: str
    user_id: int | None
    predicate: Callable[[TLObject], bool] | None
    times: int | None
    hits: int = 0
    """How often it has struck."""
    _struck: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def struck(self, timeout: float = PATIENCE) -> None:
        """Wait until it has struck at least once. Raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            await self._struck.wait()

    def strikes(self, names: Iterable[str], user_id: int | None, thing: TLObject) -> bool:
        """Whether it befalls this call or update; if so, it is counted."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.user_id not in (None, user_id) or not any(fnmatchcase(name, self.on) for name in names):
            return False
        if self.predicate is not None and not self.predicate(thing):
            return False
        self.hits += 1
        self._struck.set()
        return True


class FaultPlan:
    """The rules in force. The first that fits a call or an update befalls it; the others wait."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(
        self,
        fault: Fault,
        on: str = "*",
        *,
        user_id: int | None = None,
        predicate: Callable[[TLObject], bool] | None = None,
        times: int | None = 1,
    ) -> Rule:
        """Plan a fault.

        `on` is a method ("messages.sendMessage"), a class ("SendMessageRequest", "UpdateNewMessage") or a
        pattern ("messages.*"); `user_id` is the account that calls, or that the update is for; `predicate`
        sees the request or the update; `times` is how often it strikes (None: always).
        """
        rule = Rule(fault, on, user_id, predicate, times)
        self._rules.append(rule)
        return rule

    def remove(self, rule: Rule) -> None:
        """Take a rule back."""
        self._rules.remove(rule)

    def clear(self) -> None:
        """Take all rules back."""
        self._rules.clear()

    def for_call(self, request: TLRequest, user_id: int | None) -> Fault | None:
        """The fault that befalls this call, if any."""
        names = (method_name(request), type(request).__name__)
        return self._first(_CALL_FAULTS, names, user_id, request)

    def for_update(self, update: TLObject, user_id: int | None) -> Fault | None:
        """The fault that befalls this update, if any; the names of what it contains count too."""
        inner: list[TLObject] = getattr(update, "updates", None) or [
            u for u in (getattr(update, "update", None),) if u is not None
        ]
        names = [type(u).__name__ for u in (update, *inner)]
        return self._first(_UPDATE_FAULTS, names, user_id, update)

    def _first(
        self, kinds: tuple[type[Fault], ...], names: Iterable[str], user_id: int | None, thing: TLObject
    ) -> Fault | None:
        for rule in self._rules:
            if isinstance(rule.fault, kinds) and rule.strikes(names, user_id, thing):
                return rule.fault
        return None
