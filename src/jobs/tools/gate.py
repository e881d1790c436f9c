"""The gate: every call of a guarded session passes here before it runs.

It is a PreToolUse hook, which holds under bypassPermissions too; a hook that raises would let the call through
(measured with CLI 2.1.330), so everything is caught, and what errs denies.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from claude_agent_sdk.types import HookContext, HookEvent, HookInput, HookJSONOutput, HookMatcher

from jobs.tools.approvals import Approvals, Call

log = logging.getLogger(__name__)

Mode = Literal["off", "guarded", "all"]
_HOOK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing speaks against the call."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The call cannot be made as it is; `reason` tells the model why. The owner is not asked."""

    reason: str


class Guard(Protocol):
    """Knows what a session may do by itself."""

    async def sight(self, tool: str, arguments: Mapping[str, object]) -> Pass | Deny | Call:
        """What becomes of a call; what it makes the session see is noted on the way."""
        ...


class Gate:
    """Lets calls pass, or puts them to the owner and denies them until they are allowed."""

    def __init__(self, guard: Guard, approvals: Approvals) -> None:
        self._guard = guard
        self._approvals = approvals

    async def refusal(self, tool: str, arguments: Mapping[str, object]) -> str | None:
        """Why a call may not run now, for the model; None when it may."""
        try:
            seen = await self._guard.sight(tool, arguments)
            if isinstance(seen, Deny):
                return seen.reason
            if isinstance(seen, Pass) or await self._approvals.use_permission(seen):
                return None
            if seen.own and await self._approvals.allowed_when_it_asked(seen):
                return None
            await self._approvals.ask(seen)
        except Exception:
            log.exception("The gate failed on %s; the call is denied", tool)
            return "The call could not be checked, so it is denied. Tell the owner that something is wrong."
        return (
            f"This call of {tool} waits for the owner, who has been asked just now and shown it. It has "
            "not been made. Go on with what does not depend on it, or end your turn: you will be woken with the answer."
        )


def canonical(arguments: Mapping[str, object]) -> str:
    """Arguments as they are compared: equal calls have equal texts."""
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False, default=str)


def hooks(refusal: Callable[[str, Mapping[str, object]], Awaitable[str | None]]) -> dict[HookEvent, list[HookMatcher]]:
    """The hooks that a guarded Claude process is started with."""

    async def before(hook: HookInput, _tool_use_id: str | None, _context: HookContext) -> HookJSONOutput:
        try:
            data = cast("Mapping[str, Any]", hook)
            reason = await refusal(str(data["tool_name"]), dict(data["tool_input"]))
        except Exception:
            log.exception("A call could not be checked; it is denied")
            reason = "The call could not be checked, so it is denied."
        if reason is None:
            return {}
        return {
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            }
        }

    return {"PreToolUse": [HookMatcher(hooks=[before], timeout=_HOOK_SECONDS)]}
