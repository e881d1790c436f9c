"""Where a remote server is: out on the internet, or within the network that this machine is in."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from urllib.parse import urlsplit

_SECONDS = 5.0


async def is_inside(url: str) -> bool:
    """Whether the address leads to another machine of this network. What cannot be looked up is not known to."""
    host = urlsplit(url).hostname or ""
    try:
        async with asyncio.timeout(_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    addresses = [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
    return any(not address.is_global and not address.is_loopback for address in addresses)
