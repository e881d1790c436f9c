"""The marketplaces: fetched when they are first needed, kept, and fetched anew once a day when they are used."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jobs.core.clock import Clock
from jobs.intake.bounds import BadSource, Limits, copy_folder
from jobs.intake.git import clone, is_address
from jobs.plugin_manager.catalogue import Catalogue, read
from jobs.plugin_manager.store import Marketplace, PluginProblem, PluginStore

log = logging.getLogger(__name__)

LIMITS = Limits(files=20_000, bytes=200 * 2**20, entries=50_000, what="marketplace")
MOST_FETCHED = 400 * 2**20
"""Bytes of a repository and its checkout together."""
FRESH = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """A marketplace as it is at hand."""

    catalogue: Catalogue
    source: str
    fetched_at: datetime
    stale: bool


class Marketplaces:
    """Those of the settings (`configured`) and those that the owner has added. One caller at a time."""

    def __init__(self, store: PluginStore, configured: Sequence[str], clock: Clock, proxy: Mapping[str, str]) -> None:
        self._store, self._configured, self._clock, self._proxy = store, configured, clock, proxy
        self._read: dict[str, Catalogue] = {}
        self.troubles: dict[str, str] = {}
        """What went wrong the last time, by name or source."""

    async def all(self) -> Sequence[Offer]:
        """What is offered; fetches what is missing or old, and does with what is there when it cannot."""
        known = self._store.known
        for source in self._configured:
            there = any(found.source == source for found in known.marketplaces.values())
            if not there and source not in known.removed:
                await self._try(source, self.add(source))
        for name, found in self._store.known.marketplaces.items():
            if self._is_old(found):
                await self._try(name, self._fetch(found.source, name))
        offers: list[Offer] = []
        for name, found in sorted(self._store.known.marketplaces.items()):
            catalogue = await asyncio.to_thread(self._catalogue, name)
            if catalogue is not None:
                offers.append(Offer(catalogue, found.source, found.fetched_at, self._is_old(found)))
        return offers

    async def add(self, source: str) -> Catalogue:
        """Take in a marketplace. Raises PluginProblem, BadSource, OSError."""
        return await self._fetch(source, "")

    async def refresh(self, name: str) -> Sequence[str]:
        """Fetch one of them, or all of them, anew; returns their names. Raises PluginProblem, BadSource, OSError."""
        if not name:
            await self.all()
        names = [self.named(name)] if name else list(self._store.known.marketplaces)
        for one in names:
            await self._fetch(self._store.known.marketplaces[one].source, one)
        return names

    async def remove(self, name: str) -> str:
        """Forget a marketplace; what was installed from it stays. Raises PluginProblem, OSError."""
        name, known = self.named(name), self._store.known
        source = known.marketplaces[name].source
        removed = sorted({*known.removed, source} & {*self._configured, *known.removed})
        rest = {other: found for other, found in known.marketplaces.items() if other != name}
        await asyncio.to_thread(self._store.change, marketplaces=rest, removed=removed)
        await asyncio.to_thread(shutil.rmtree, self._store.marketplaces / name, ignore_errors=True)
        self._read.pop(name, None)
        self.troubles.pop(name, None)
        return name

    def named(self, name: str) -> str:
        """The name as it is written. Raises PluginProblem."""
        there = self._store.known.marketplaces
        found = next((one for one in there if one.casefold() == name.strip().casefold()), None)
        if found is None:
            raise PluginProblem(f"There is no marketplace {name[:80]!r}. There are: {', '.join(there) or 'none yet'}.")
        return found

    @asynccontextmanager
    async def room(self) -> AsyncGenerator[Path]:
        """A folder for the length of the block."""
        staging = self._store.staging
        await asyncio.to_thread(staging.mkdir, parents=True, exist_ok=True, mode=0o700)
        room = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=staging))
        try:
            yield room
        finally:
            await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)

    async def _fetch(self, source: str, name: str) -> Catalogue:
        """`name`: the one that it must have, unless it is new."""
        async with self.room() as room:
            commit, content = "", room / "content"
            if is_address(source):
                commit = await clone(source, room / "repository", self._proxy, most_bytes=MOST_FETCHED)
                folder = room / "repository"
            else:
                folder = Path(source).expanduser()
            if not await asyncio.to_thread(folder.is_dir):
                raise BadSource(f"There is no folder {source}.")
            await asyncio.to_thread(copy_folder, folder, content, LIMITS, without_links=True)
            catalogue = await asyncio.to_thread(read, content)
            if name and catalogue.name != name:
                raise BadSource(f"{source} calls itself {catalogue.name[:80]} now, not {name}: add it anew.")
            await asyncio.to_thread(self._take_in, source, commit, catalogue)
        self.troubles.pop(catalogue.name, None)
        self.troubles.pop(source, None)
        return catalogue

    def _take_in(self, source: str, commit: str, catalogue: Catalogue) -> None:
        known, name = self._store.known, catalogue.name
        taken = next((one for one in known.marketplaces if one.casefold() == name.casefold()), None)
        if taken is not None and known.marketplaces[taken].source != source:
            other = known.marketplaces[taken].source
            raise PluginProblem(f"There is a marketplace {taken} already, from {other}: remove that one first.")
        target, old = self._store.marketplaces / name, self._store.staging / f"old-{name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        catalogue.root.rename(target)
        self._read.pop(name, None)
        shutil.rmtree(old, ignore_errors=True)
        fetched = Marketplace(source=source, fetched_at=self._clock.now(), commit=commit)
        removed = [one for one in known.removed if one != source]
        self._store.change(marketplaces={**known.marketplaces, name: fetched}, removed=removed)

    async def _try(self, name: str, fetching: object) -> None:
        try:
            await fetching  # type: ignore[misc]  # pyright: ignore
        except (BadSource, PluginProblem, OSError) as error:
            log.warning("The marketplace %s could not be fetched: %s", name, error)
            self.troubles[name] = str(error)

    def _catalogue(self, name: str) -> Catalogue | None:
        kept = self._read.get(name)
        if kept is not None:
            return kept
        try:
            catalogue = read(self._store.marketplaces / name)
        except (BadSource, OSError) as error:
            self.troubles[name] = f"{error} marketplace_refresh fetches it anew."
            return None
        self._read[name] = catalogue
        return catalogue

    def _is_old(self, found: Marketplace) -> bool:
        return self._clock.now().astimezone(UTC) - found.fetched_at > FRESH
