"""Other people's words between marks that they cannot know, so that they cannot close them."""

from __future__ import annotations

import secrets


def fenced(text: str, label: str = "quoted", *, limit: int = 2000) -> str:
    """`text`, at most `limit` characters of it, in a fence that is never the same twice."""
    fence = secrets.token_hex(4)
    shown = text if len(text) <= limit else text[:limit] + "…"
    return f"<{label} {fence}>{shown}</{label} {fence}>"
