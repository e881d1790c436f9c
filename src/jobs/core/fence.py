"""Other people's words between marks that they cannot know, so that they cannot close them."""

from __future__ import annotations

import re
import secrets

BEARER = re.compile(r"(Bearer )\S+")
"""The secret of a web hook, in the message that told the owner of it."""


def masked(text: str) -> str:
    """Words of our own without the secret that only the owner may read."""
    return BEARER.sub(r"\1•••", text)


def fenced(text: str, label: str = "quoted", *, limit: int = 2000) -> str:
    """`text`, at most `limit` characters of it, in a fence that is never the same twice."""
    fence = secrets.token_hex(4)
    shown = text if len(text) <= limit else text[:limit] + "…"
    return f"<{label} {fence}>{shown}</{label} {fence}>"
