"""The signs by which a person marks what is private in their notes."""

from __future__ import annotations

import re

PRIVATE = re.compile(
    r"🔒|(?<![^\W_])(?:private|privates|privately|secret|secrets|confidential|confidentially"
    r"|(?:личн(?!ост)|секрет(?!ар)|приватн|конфиденц)\w*|не говор\w+)(?![^\W_])",
    re.IGNORECASE,
)
UNTIL = re.compile(r"\s*[-*+]\s+until \d{4}-\d\d-\d\d: ")
"""Begins the line of what held once: see `jobs.memory.facts`."""
LOCK = "🔒"
