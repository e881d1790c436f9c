"""Files by path: what of a typed message is the path of a file to send."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_BYTES = 50_000_000

_PATH = r"""("[^"]+"|'[^']+'|(?:\\.|\S)+)"""
# Terminals that take a dropped file type its path, quoted or with escaped spaces, and nothing else.
_AT_START = re.compile(r"\s*@?(?=[\"']?(?:/|~/|\.{1,2}/))" + _PATH)
_MARKED = re.compile(r"(?<!\S)@(?=[\"']?(?:/|~/|\.{1,2}/))" + _PATH)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send: with `file`, the text is its caption; `missing` looks like a path that leads nowhere."""

    text: str
    file: Path | None = None
    missing: str = ""


def parse_outgoing(typed: str) -> Outgoing:
    """A path that begins the message, or one anywhere in it that is marked with @, if such a file is there."""
    missing = ""
    for pattern in (_AT_START, _MARKED):
        for match in pattern.finditer(typed):
            if pattern is _AT_START and match.start():
                break
            name = _unquoted(match[1])
            path = _existing(name)
            if path is not None:
                caption = " ".join(
                    part for part in (typed[: match.start()].strip(), typed[match.end() :].strip()) if part
                )
                return Outgoing(caption, path)
            if "/" in name[1:]:  # /help is a command
                missing = missing or name
    return Outgoing(typed, missing=missing)


def _unquoted(token: str) -> str:
    if token[0] in "\"'" and token[-1] == token[0] and len(token) > 2:
        return token[1:-1]
    return re.sub(r"\\(.)", r"\1", token)


def _existing(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None
