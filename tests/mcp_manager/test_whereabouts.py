from __future__ import annotations

import pytest

from jobs.mcp_manager.whereabouts import is_inside


@pytest.mark.parametrize(
    "host",
    ["192.168.1.5", "10.0.0.1:8080", "172.16.0.9", "100.64.1.1", "[fd00::1]", "[fe80::1]", "0xc0.0xa8.1.5", "10.1"],
)
async def test_other_machines_of_this_network_are_inside_it(host: str) -> None:
    assert await is_inside(f"https://{host}/mcp")


@pytest.mark.parametrize("host", ["1.1.1.1", "[2606:4700::1111]", "127.0.0.1:9", "localhost", "[::1]"])
async def test_the_internet_and_this_machine_are_not(host: str) -> None:
    assert not await is_inside(f"https://{host}/mcp")
