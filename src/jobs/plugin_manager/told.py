"""Plugins and marketplaces in the lines that the model is told."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.core.rich_text import visible
from jobs.plugin_manager.catalogue import Catalogue, Entry
from jobs.plugin_manager.installing import Ready
from jobs.plugin_manager.manager import PluginManager
from jobs.plugin_manager.marketplaces import Offer
from jobs.plugin_manager.store import Installed

_MOST_DESCRIPTION = 200


def summary(ready: Ready) -> str:
    """What there is of each kind."""
    contents = ready.contents
    counts = {
        "skills": contents.skills,
        "commands": contents.commands,
        "agents": contents.agents,
        "MCP servers": contents.servers,
        "hooks": contents.hooks,
    }
    there = [f"{len(found)} {what}" for what, found in counts.items() if found]
    version = f"version {visible(contents.version)[:80]}, " if contents.version else ""
    return version + (", ".join(there) or "with nothing that can be used")


def left_out(ready: Ready) -> str:
    """What is not taken."""
    return "".join(f"\nNot taken: {visible(what)[:300]}" for what in ready.contents.left_out[:20])


def offered(catalogue: Catalogue, entry: Entry) -> str:
    """A plugin that can be had."""
    kind = f" [{visible(entry.category)[:40]}]" if entry.category else ""
    description = visible(" ".join(entry.description.split()))[:_MOST_DESCRIPTION]
    return f"- {entry.name}@{catalogue.name}{kind}: {description}"


def state(manager: PluginManager, offers: Sequence[Offer]) -> Sequence[str]:
    """What is wrong with the marketplaces."""
    old = [
        f"{offer.catalogue.name} is as it was on {offer.fetched_at:%Y-%m-%d %H:%M} UTC, and cannot be fetched anew."
        for offer in offers
        if offer.stale
    ]
    broken = [f"{offer.catalogue.name}:{problems(offer.catalogue)}" for offer in offers if offer.catalogue.problems]
    troubles = [f"⚠ {visible(name)}: {visible(why)}" for name, why in manager.marketplaces.troubles.items()]
    return [*old, *broken, *troubles]


def problems(catalogue: Catalogue) -> str:
    """What of a marketplace was left out."""
    return "".join(f"\n  ⚠ {visible(problem)}" for problem in catalogue.problems)


def line(plugin: Installed, *, there: bool, failing: Sequence[str]) -> str:
    """An installed plugin, and what is wrong with it."""
    off = "" if plugin.enabled else ", SWITCHED OFF"
    gone = "" if there else ", its folder is GONE: remove it, and install it anew"
    version = visible(plugin.version or plugin.commit[:12])
    out = "".join(f"\n  ⚠ its server is not used: {visible(problem)[:500]}" for problem in failing)
    return f"- {plugin.key} {version}, from {visible(plugin.origin)}{off}{gone}{out}"
