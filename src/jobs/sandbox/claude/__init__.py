"""A Messages API on loopback for the real Claude CLI, scripted, and able to misbehave on demand."""

from .blocks import Reply, Text, Thinking, ToolUse, Usage, call, say
from .environment import API_KEY, environment
from .faults import (
    FORBIDDEN,
    OUT_OF_CREDIT,
    OVERLOADED,
    SERVER_ERROR,
    UNAUTHORIZED,
    DropBeforeHeaders,
    DropMidStream,
    NeverAnswer,
    Refuse,
    SlowHeaders,
    StallMidStream,
    rate_limited,
)
from .plan import plan_windows
from .request import Block, Message, ModelRequest, Tool
from .requests import RequestLog, RequestRecord
from .script import Rules, Script, Scripted, ScriptError
from .server import MessagesServer

__all__ = [
    "API_KEY",
    "FORBIDDEN",
    "OUT_OF_CREDIT",
    "OVERLOADED",
    "SERVER_ERROR",
    "UNAUTHORIZED",
    "Block",
    "DropBeforeHeaders",
    "DropMidStream",
    "Message",
    "MessagesServer",
    "ModelRequest",
    "NeverAnswer",
    "Refuse",
    "Reply",
    "RequestLog",
    "RequestRecord",
    "Rules",
    "Script",
    "ScriptError",
    "Scripted",
    "SlowHeaders",
    "StallMidStream",
    "Text",
    "Thinking",
    "Tool",
    "ToolUse",
    "Usage",
    "call",
    "environment",
    "plan_windows",
    "rate_limited",
    "say",
]
