"""The registry of MCP servers, as its API v0 answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from .serving import Answer, Loopback


class ServerRegistry(Loopback):
    """Serves the entries in `servers`: each is what the API calls a server.json."""

    def __init__(self, servers: Sequence[Mapping[str, JsonValue]] = ()) -> None:
        super().__init__()
        self.servers = list(servers)

    def answer(self, path: str, query: Mapping[str, str]) -> Answer | None:
        """A page of entries whose name contains `search`."""
        if path not in ("/v0/servers", "/v0.1/servers"):
            return None
        search, limit, start = query.get("search", "").lower(), int(query.get("limit", "30")), query.get("cursor", "0")
        found = [one for one in self.servers if search in str(one.get("name", "")).lower()]
        page, end = found[int(start) : int(start) + limit], int(start) + limit
        latest = {"io.modelcontextprotocol.registry/official": {"status": "active", "isLatest": True}}
        document = {
            "servers": [{"server": one, "_meta": latest} for one in page],
            "metadata": {"count": len(page), **({"nextCursor": str(end)} if end < len(found) else {})},
        }
        return Answer(json.dumps(document).encode(), "application/json")
