"""Whether the browser can be driven and looked at."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit, urlunsplit

import httpx2

from jobs.browser.endpoint import BrowserDown, identity
from jobs.browser.manager import SEEN
from jobs.cli.checks import Finding
from jobs.core.i18n import Language
from jobs.core.setting_values import without_user
from jobs.core.settings import Settings
from jobs.core.words import cli as words

_SECONDS = 4.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BrowserCheck:
    """DevTools and noVNC, asked as the assistant and its owner ask them."""

    def __init__(self, settings: Settings, language: Language) -> None:
        self._settings = settings
        self._language: Language = language

    async def check(self) -> Finding:
        language, url = self._language, self._settings.browser_cdp_url
        if url is None:
            return Finding(True, words.BROWSER_OFF.say(language))
        try:
            await asyncio.to_thread(identity, url, _SECONDS)
        except BrowserDown as error:
            if not self._meant(url):
                return Finding(True, words.BROWSER_NONE.say(language, url=without_user(url)))
            detail = words.BROWSER_DOWN.say(language, url=without_user(url), reason=error)
            return Finding(False, detail, words.BROWSER_DOWN_REMEDY.say(language))
        picture = _as_seen_from_here(self._settings.browser_vnc_url, url)
        if (reason := await _problem_with(picture)) is not None:
            detail = words.BROWSER_UNSEEN.say(language, url=without_user(picture), reason=reason)
            return Finding(False, detail, words.BROWSER_UNSEEN_REMEDY.say(language))
        return Finding(True, words.BROWSER_GOOD.say(language))

    def _meant(self, url: str) -> bool:
        """Whether the owner has a browser: set, or used before. It is no part of every installation."""
        if url != Settings.model_fields["browser_cdp_url"].default:
            return True
        return (self._settings.data_dir / SEEN).exists()


async def _problem_with(url: str) -> str | None:
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=_SECONDS) as client:
            answer = await client.get(url)
    except httpx2.HTTPError as error:
        return str(error) or type(error).__name__
    return None if answer.is_success else f"HTTP {answer.status_code}"


def _as_seen_from_here(vnc_url: str, cdp_url: str) -> str:
    """The owner's own machine is another than the one beside the browser's container."""
    vnc, cdp = urlsplit(vnc_url), urlsplit(cdp_url)
    if vnc.hostname not in _LOOPBACK or cdp.hostname in _LOOPBACK:
        return vnc_url
    return urlunsplit(vnc._replace(netloc=f"{cdp.hostname}:{vnc.port or 80}"))
