"""An update of the image that this runs in, as far as the assistant has a part in it.

The updater on the machine builds and starts; here the data are kept as they were. When the former image runs again, its
start finds an update that was being tried (`updating.state`) and puts them back, like after every other failure.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from jobs.app.updater import Line, Updater
from jobs.backup.making import make_backup
from jobs.backup.places import Places
from jobs.core.settings import ENV_FILE, Settings
from jobs.core.words import updating as words
from jobs.updating.building import back_up
from jobs.updating.checkout import identity
from jobs.updating.problems import UpdateError
from jobs.updating.state import Outcome, Release, Releases, State

log = logging.getLogger(__name__)

_PATIENCE = 1800
_PAUSE = 2.0


class ImageUpdate:
    """One at a time; needs `settings.update_socket`."""

    def __init__(self, settings: Settings, releases: Releases) -> None:
        assert settings.update_socket is not None  # noqa: S101 - see above
        self._settings = settings
        self._releases = releases
        self._updater = Updater(settings.update_socket)

    async def look(self) -> Line:
        """The newest version, or that this is it. Raises UpdateError."""
        return await self._updater.asked("look")

    async def replace(self, commit: str, version: str, ref: str, built: Callable[[], Awaitable[None]]) -> None:
        """Have a version built and started in the place of this one; `built` is awaited between.

        Returns when this process still runs at the end: the version was taken back. Raises UpdateError and BackupError
        when it was not even started.
        """
        await asyncio.to_thread(back_up, self._settings, ENV_FILE)
        switched = ended = False
        try:
            async with self._updater.talking(do="update", to=ref, commit=commit) as conversation:
                async for line in conversation.lines():
                    if line.kind == "failed":
                        raise UpdateError(line.reason, detail=line.detail)
                    if line.kind == "built":
                        await built()
                        await asyncio.to_thread(self._keep, Release("", version, commit, 0))
                        switched = True
                        await conversation.say(do="switch")
                    ended = line.kind in ("updated", "returned")
            if not ended and not switched:
                raise UpdateError(words.NO_UPDATER, path=self._settings.update_socket, reason="EOF")
        except UpdateError:
            if not switched:
                raise
            log.exception("The updater went away while it started the new version")
        ended = ended or await self._known()
        await asyncio.to_thread(self._settle)
        if not ended:
            raise UpdateError(words.UPDATER["not switched"])

    async def outcome(self, state: State) -> Outcome | None:
        """How the last update ended, as the updater says, or else as this version found itself started."""
        try:
            line = await self._updater.asked("outcome")
        except UpdateError as error:
            log.warning("How the last update ended is not known: %s", error)
            return state.outcome
        if line.kind == "updated":
            await asyncio.to_thread(self._settle)
            return Outcome("updated", line.version, line.other, at=line.at)
        if line.kind == "returned":
            forgetful = state.outcome is not None and state.outcome.forgetful
            return Outcome("returned", line.version, line.other, line.why, line.detail, forgetful, line.at)
        return state.outcome

    async def told(self) -> None:
        """The owner knows."""
        with suppress(UpdateError):  # it is said again at the next start, which is not sent twice
            await self._updater.asked("told")

    def _keep(self, new: Release) -> None:
        """From here on, a start of this version means that the new one would not do."""
        name = f"snapshot-{time.time_ns()}.backup"
        places = replace(Places.of(self._settings, ENV_FILE), data_alone=True)
        make_backup(places, self._releases.folder / name)
        current = self._releases.now().current
        self._releases.write(State(identity(), "trying", current, new, name))

    async def _known(self) -> bool:
        """Wait until the updater is back, but not for ever; whether it knows an end."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with suppress(UpdateError):
                return (await self._updater.asked("outcome")).kind != "nothing"
            await asyncio.sleep(_PAUSE)
        return False

    def _settle(self) -> None:
        """What runs is this version, on the data as they are."""
        now = self._releases.now()
        settled = State(identity(), "settled", replace(now.current, name=""), outcome=now.outcome)
        self._releases.write(settled)
        self._releases.tidy(settled)
