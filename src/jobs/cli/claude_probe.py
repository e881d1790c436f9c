"""Does Claude answer, and does it accept a key? One request that costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from importlib.util import find_spec
from pathlib import Path

import httpx2
from pydantic import SecretStr

from jobs.core.settings import Settings

_SECONDS = 8.0


class Verdict(Enum):
    """What became of the question."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNSURE = "unsure"
    """It answered, but neither yes nor no: overloaded, or a gateway that has no list of models."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class ClaudeAnswer:
    """The verdict, what it rests on (an HTTP status or a network failure) and the server's clock, if it told."""

    verdict: Verdict
    reason: str
    time: datetime | None = None


async def ask_claude(settings: Settings, *, api_key: SecretStr | None, token: SecretStr | None) -> ClaudeAnswer:
    """List one model with `api_key`, else with `token`, through HTTP_PROXY; takes 8 seconds at most."""
    headers = {"anthropic-version": "2023-06-01"}
    if api_key:
        headers["x-api-key"] = api_key.get_secret_value()
    elif token:
        headers["authorization"] = f"Bearer {token.get_secret_value()}"
        headers["anthropic-beta"] = "oauth-2025-04-20"
    proxy = settings.http_proxy.get_secret_value() if settings.http_proxy else None
    url = f"{settings.anthropic_base_url}/v1/models?limit=1"
    try:
        async with httpx2.AsyncClient(proxy=proxy, timeout=_SECONDS) as client:
            response = await client.get(url, headers=headers)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        return ClaudeAnswer(Verdict.UNREACHABLE, str(error) or type(error).__name__)
    status = response.status_code
    verdicts = {200: Verdict.ACCEPTED, 401: Verdict.REFUSED, 403: Verdict.REFUSED}
    return ClaudeAnswer(verdicts.get(status, Verdict.UNSURE), f"HTTP {status}", _clock(response))


def bundled_claude() -> Path | None:
    """The Claude program that comes with the SDK; None where the SDK is not installed whole."""
    spec = find_spec("claude_agent_sdk")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("claude", "claude.exe"):
            if (path := Path(folder) / "_bundled" / name).is_file():
                return path
    return None


def _clock(response: httpx2.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers["date"])
    except (KeyError, ValueError):
        return None
