"""Who a session speaks for, and how far a tool reaches."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Whose session it is; decides which tools it has."""

    OWNER = "owner"
    TASK = "task"
    TRIGGER = "trigger"
    EXTERNAL = "external"


class Effect(StrEnum):
    """What a call changes."""

    READ = "read"
    """Nothing: it may be repeated freely."""
    STATE = "state"
    """The assistant's own state."""
    OUTWARD = "outward"
    """Somebody else sees it."""
    POWER = "power"
    """It runs code, or changes what the assistant can do."""
