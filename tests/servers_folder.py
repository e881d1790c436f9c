"""The MCP servers and Python packages that `make test` has fetched, for registries on loopback."""

from pathlib import Path

SERVERS = Path(__file__).resolve().parents[1] / ".servers"
"""What scripts/fetch_servers.sh fetches: for `jobs.sandbox.registries.NpmRegistry`."""
WHEELS = SERVERS / "wheels"
"""For `jobs.sandbox.registries.PypiIndex`."""
