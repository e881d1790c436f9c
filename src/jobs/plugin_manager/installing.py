"""A plugin on its way in: found, fetched, made ready, and put before the owner."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.intake.bounds import BadSource
from jobs.intake.git import clone, is_near
from jobs.intake.trees import digest
from jobs.plugin_manager.building import build
from jobs.plugin_manager.catalogue import GITHUB, Catalogue, Entry, Origin, ordinary
from jobs.plugin_manager.contents import Contents
from jobs.plugin_manager.marketplaces import MOST_FETCHED, Marketplaces, Offer
from jobs.plugin_manager.shown import too_much
from jobs.plugin_manager.store import PluginProblem

_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Ready:
    """A plugin that could be installed."""

    contents: Contents
    marketplace: str
    built: Path
    origin: str
    commit: str
    digest: str

    @property
    def fingerprint(self) -> str:
        """Of exactly what is offered, and from where: the owner's word holds for that alone."""
        whole = (self.contents.name, self.marketplace, self.origin, self.commit, self.digest)
        return hashlib.sha256("\0".join(whole).encode()).hexdigest()


def chosen(name: str, offers: Sequence[Offer]) -> tuple[Offer, Entry]:
    """The plugin that is called `name` or `name@marketplace`. Raises PluginProblem, BadSource."""
    plain, _, marketplace = name.strip().partition("@")
    among = [one for one in offers if not marketplace or one.catalogue.name.casefold() == marketplace.casefold()]
    if not among:
        there = ", ".join(one.catalogue.name for one in offers) or "none: marketplace_add takes one in"
        raise PluginProblem(f"There is no marketplace {marketplace[:80]!r}. There are: {there}.")
    found = [(offer, entry) for offer in among if (entry := offer.catalogue.find(plain)) is not None]
    if not found:
        raise PluginProblem(f"No marketplace offers a plugin {plain[:80]!r}. plugin_search finds what there is.")
    if len(found) > 1:
        names = ", ".join(f"{entry.name}@{offer.catalogue.name}" for offer, entry in found[:_MOST_NAMED])
        raise PluginProblem(f"Several marketplaces offer it. Say which: {names}.")
    return found[0]


@asynccontextmanager
async def fetched(
    offer: Offer, entry: Entry, marketplaces: Marketplaces, proxy: Mapping[str, str], github: str = GITHUB
) -> AsyncGenerator[Ready]:
    """The plugin, ready to be installed for the length of the block. Raises BadSource, OSError."""
    origin = offer.catalogue.origin(entry, github)
    if is_near(origin.address) and not is_near(offer.source):
        raise BadSource(f"{entry.name}: a marketplace from elsewhere names {origin.address}, which is on this network.")
    async with marketplaces.room() as room:
        source, commit = await _source(offer.catalogue, origin, room, proxy)
        built = room / "built"
        contents = await asyncio.to_thread(build, source, entry, built)
        if problem := too_much(contents):
            raise BadSource(problem)
        marks = await asyncio.to_thread(digest, built, modes=True)
        where = origin.shown if origin.address else f"{offer.source} {origin.path}".strip()
        yield Ready(contents, offer.catalogue.name, built, where, commit, marks)


async def _source(catalogue: Catalogue, origin: Origin, room: Path, proxy: Mapping[str, str]) -> tuple[Path, str]:
    if not origin.address:
        return await asyncio.to_thread(ordinary, catalogue.root, origin.path), ""
    target = room / "repository"
    commit = await clone(origin.address, target, proxy, ref=origin.ref, sha=origin.sha, most_bytes=MOST_FETCHED)
    return await asyncio.to_thread(ordinary, target, origin.path), commit
