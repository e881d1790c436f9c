"""The one list of tools: servers, documents and the gate are derived from it."""

from __future__ import annotations

from jobs.mcp_manager import tools as servers
from jobs.memory import search_tools
from jobs.memory import tools as memory
from jobs.plugin_manager import tools as plugins
from jobs.skill_manager import tools as skills
from jobs.telegram import acting_tools, reading_tools
from jobs.telegram import tools as telegram
from jobs.tools.roles import Role
from jobs.tools.server import SERVER_NAME
from jobs.tools.spec import ToolSpec
from jobs.triggers import subscription_tools
from jobs.triggers import tools as triggers
from jobs.users import errand_tools, external_tools, file_tools, people_tools

TOOLS: tuple[ToolSpec, ...] = (
    *telegram.TOOLS,
    *reading_tools.TOOLS,
    *acting_tools.TOOLS,
    *memory.TOOLS,
    *search_tools.TOOLS,
    *skills.TOOLS,
    *servers.TOOLS,
    *plugins.TOOLS,
    *triggers.TOOLS,
    *subscription_tools.TOOLS,
    *errand_tools.TOOLS,
    *people_tools.TOOLS,
    *file_tools.TOOLS,
    *external_tools.TOOLS,
)


def by_cli_name(role: Role) -> dict[str, ToolSpec]:
    """The tools of a role, under the names by which the CLI reports calls."""
    return {f"mcp__{SERVER_NAME}__{spec.name}": spec for spec in TOOLS if role in spec.roles}
