"""The registries that packages and MCP servers come from, on loopback."""

from .npm import NpmRegistry
from .pypi import PypiIndex
from .servers import ServerRegistry

__all__ = ["NpmRegistry", "PypiIndex", "ServerRegistry"]
