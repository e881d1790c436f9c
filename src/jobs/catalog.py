"""The one list of tools: servers, documents and the gate are derived from it."""

from __future__ import annotations

from jobs.telegram import tools as telegram
from jobs.tools.server import SERVER_NAME
from jobs.tools.spec import ToolSpec

TOOLS: tuple[ToolSpec, ...] = (*telegram.TOOLS,)

BY_CLI_NAME: dict[str, ToolSpec] = {f"mcp__{SERVER_NAME}__{spec.name}": spec for spec in TOOLS}
"""Under the names by which the CLI reports calls."""
