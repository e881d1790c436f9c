"""What the owner's session does with plugins and marketplaces."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC

from pydantic import BaseModel, Field

from jobs.core.errors import ToolDenied
from jobs.core.i18n import Words
from jobs.core.rich_text import visible
from jobs.core.words import plugins as words
from jobs.intake.bounds import BadSource
from jobs.plugin_manager.installing import Ready, chosen, fetched
from jobs.plugin_manager.manager import PluginManager
from jobs.plugin_manager.ranking import ranked
from jobs.plugin_manager.shown import shown
from jobs.plugin_manager.store import Installed, PluginProblem
from jobs.plugin_manager.told import left_out, line, offered, problems, state, summary
from jobs.tools.approvals import Call
from jobs.tools.gate import canonical
from jobs.tools.roles import Effect, Role
from jobs.tools.server import SERVER_NAME
from jobs.tools.spec import ToolContext, ToolSpec, tool

_NEXT = "It counts from the owner's next message on."
_MOST_LISTED = 60


class Query(BaseModel):
    """Parameters of plugin_search."""

    query: str = Field(description="A few words, in English: what it should be good for", min_length=1, max_length=300)


@tool(
    Role.OWNER,
    effect=Effect.READ,
    status=Words(en="🧩 looking for a plugin: {query}", ru="🧩 ищу плагин: {query}"),
    atomic=False,
)
async def plugin_search(ctx: ToolContext, params: Query) -> str:
    """Find plugins in the marketplaces: bundles of skills, commands, agents, hooks and MCP servers."""
    manager = ctx.use(PluginManager)
    async with manager.working():
        offers = await manager.marketplaces.all()
        found = await asyncio.to_thread(ranked, params.query, [offer.catalogue for offer in offers])
    lines = [offered(catalogue, entry) for catalogue, entry in found]
    return "\n".join([*(lines or ["Nothing fits. Try other words, or plugin_available."]), *state(manager, offers)])


class Category(BaseModel):
    """Parameters of plugin_available."""

    category: str = Field(default="", description="Only this one", max_length=100)


@tool(
    Role.OWNER,
    effect=Effect.READ,
    status=Words(en="🧩 looking through the marketplaces", ru="🧩 смотрю, какие есть плагины"),
    atomic=False,
)
async def plugin_available(ctx: ToolContext, params: Category) -> str:
    """List what the marketplaces offer, by category."""
    manager, wanted = ctx.use(PluginManager), params.category.strip().casefold()
    async with manager.working():
        offers = await manager.marketplaces.all()
    there = [(offer.catalogue, entry) for offer in offers for entry in offer.catalogue.entries]
    categories = sorted({entry.category for _, entry in there if entry.category})
    fitting = [pair for pair in there if not wanted or pair[1].category.casefold() == wanted]
    lines = [offered(catalogue, entry) for catalogue, entry in fitting[:_MOST_LISTED]]
    if len(fitting) > _MOST_LISTED:
        lines.append(f"… and {len(fitting) - _MOST_LISTED} more: name a category, or use plugin_search.")
    shown_categories = f"Categories: {visible(', '.join(categories))[:2000]}" if categories else ""
    return "\n".join([*(lines or ["Nothing is offered there."]), shown_categories, *state(manager, offers)])


class Chosen(BaseModel):
    """Parameters of plugin_install."""

    name: str = Field(description="name, or name@marketplace", min_length=1, max_length=200)


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🧩 installing the plugin {name}", ru="🧩 устанавливаю плагин {name}"),
    atomic=False,
    asks=True,
)
async def plugin_install(ctx: ToolContext, params: Chosen) -> str:
    """Install a plugin, once the owner has seen what is in it and said yes.

    The program asks the owner itself.
    """
    manager = ctx.use(PluginManager)
    async with manager.working() as store:
        offer, entry = chosen(params.name, await manager.marketplaces.all())
        _no_clash(store.known.plugins, entry.name, offer.catalogue.name)
        before = next((one for one in store.known.plugins if one.name == entry.name), None)
        async with fetched(offer, entry, manager.marketplaces, manager.proxy, manager.github) as ready:
            if before is not None and before.digest == ready.digest and before.enabled:
                return f"{before.key} is installed already, as it is there."
            await _insist_on_a_yes(ctx, plugin_install, params, [(ready, before)])
            await asyncio.to_thread(store.take_in, ready.built, _installed(manager, ready))
    return f"Installed: {ready.contents.name}@{ready.marketplace}, {summary(ready)}. {_NEXT}{left_out(ready)}"


class NoParameters(BaseModel):
    """No parameters."""


@tool(
    Role.OWNER,
    effect=Effect.READ,
    status=Words(en="🧩 looking at my plugins", ru="🧩 смотрю свои плагины"),
)
async def plugin_list(ctx: ToolContext, params: NoParameters) -> str:
    """List the installed plugins and the marketplaces, with what is wrong with them."""
    del params
    manager = ctx.use(PluginManager)
    async with manager.working() as store:
        lines = [
            line(plugin, there=store.folder(plugin).is_dir(), failing=manager.failing(plugin))
            for plugin in store.known.plugins
        ]
        markets = [
            f"- marketplace {name}: {visible(found.source)}, fetched {found.fetched_at:%Y-%m-%d %H:%M} UTC"
            for name, found in sorted(store.known.marketplaces.items())
        ]
        troubles = [f"⚠ {visible(name)}: {visible(why)}" for name, why in manager.marketplaces.troubles.items()]
    return "\n".join([*(lines or ["No plugin is installed."]), *markets, *troubles])


class Named(BaseModel):
    """Parameters of the tools that change one."""

    name: str = Field(description="Which one", min_length=1, max_length=200)


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🧩 switching {name} on", ru="🧩 включаю {name}"),
    atomic=False,
)
async def plugin_enable(ctx: ToolContext, params: Named) -> str:
    """Switch an installed plugin on."""
    manager = ctx.use(PluginManager)
    async with manager.working() as store:
        plugin = await asyncio.to_thread(store.switch, params.name, on=True)
        manager.forget_trials()
    return f"{plugin.key} is switched on. {_NEXT}"


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🧩 switching {name} off", ru="🧩 выключаю {name}"),
    atomic=False,
)
async def plugin_disable(ctx: ToolContext, params: Named) -> str:
    """Switch a plugin off; it stays installed."""
    async with ctx.use(PluginManager).working() as store:
        plugin = await asyncio.to_thread(store.switch, params.name, on=False)
    return f"{plugin.key} is switched off. {_NEXT}"


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🧩 removing {name}", ru="🧩 удаляю {name}"),
    atomic=False,
)
async def plugin_remove(ctx: ToolContext, params: Named) -> str:
    """Remove a plugin with its files."""
    async with ctx.use(PluginManager).working() as store:
        plugin = await asyncio.to_thread(store.remove, params.name)
    return f"{plugin.key} is removed, with its files. {_NEXT}"


class OneOrAll(BaseModel):
    """Parameters of plugin_update and marketplace_refresh."""

    name: str = Field(default="", description="Which one; left out: all", max_length=200)


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🧩 looking for newer plugins", ru="🧩 ищу новые версии плагинов"),
    atomic=False,
    asks=True,
)
async def plugin_update(ctx: ToolContext, params: OneOrAll) -> str:
    """Fetch newer versions of plugins; the owner is shown each that has changed, and asked."""
    manager = ctx.use(PluginManager)
    said, asked = list[str](), list[str]()
    async with manager.working() as store:
        plugins = [store.one(params.name)] if params.name.strip() else list(store.known.plugins)
        for name in {plugin.marketplace for plugin in plugins}:
            said += await _refreshed(manager, name)
        for plugin in plugins:
            try:
                said.append(await _update(ctx, manager, plugin))
            except ToolDenied as error:
                asked.append(f"{plugin.key}: {error}")
    if asked:
        raise ToolDenied("\n".join([*said, *asked]))
    return "\n".join(said) or "No plugin is installed."


class Place(BaseModel):
    """Parameters of marketplace_add."""

    source: str = Field(description="A git address (https://…) or a folder", min_length=1, max_length=1000)


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🧩 adding a marketplace: {source}", ru="🧩 добавляю маркетплейс: {source}"),
    atomic=False,
)
async def marketplace_add(ctx: ToolContext, params: Place) -> str:
    """Take in a marketplace of plugins; nothing of it is installed by that."""
    manager = ctx.use(PluginManager)
    async with manager.working():
        found = await manager.marketplaces.add(params.source.strip())
    return f"{found.name} offers {len(found.entries)} plugins.{problems(found)}"


@tool(
    Role.OWNER,
    effect=Effect.POWER,
    status=Words(en="🧩 forgetting the marketplace {name}", ru="🧩 убираю маркетплейс {name}"),
    atomic=False,
)
async def marketplace_remove(ctx: ToolContext, params: Named) -> str:
    """Forget a marketplace; plugins that were installed from it stay."""
    manager = ctx.use(PluginManager)
    async with manager.working():
        name = await manager.marketplaces.remove(params.name)
    return f"The marketplace {name} is gone; what was installed from it stays."


@tool(
    Role.OWNER,
    effect=Effect.READ,
    status=Words(en="🧩 asking the marketplaces for news", ru="🧩 обновляю списки плагинов"),
    atomic=False,
)
async def marketplace_refresh(ctx: ToolContext, params: OneOrAll) -> str:
    """Fetch the lists of the marketplaces anew; plugins stay as they are."""
    manager = ctx.use(PluginManager)
    async with manager.working():
        names = await manager.marketplaces.refresh(params.name.strip())
        offers = await manager.marketplaces.all()
    lines = [
        f"{one.catalogue.name}: {len(one.catalogue.entries)} plugins" for one in offers if one.catalogue.name in names
    ]
    return "\n".join([*lines, *state(manager, offers)]) or "There is no marketplace: marketplace_add takes one in."


# ---- below ----


async def _update(ctx: ToolContext, manager: PluginManager, plugin: Installed) -> str:
    try:
        offer, entry = chosen(plugin.key, await manager.marketplaces.all())
        async with fetched(offer, entry, manager.marketplaces, manager.proxy, manager.github) as ready:
            if ready.digest == plugin.digest:
                return f"{plugin.key}: nothing new."
            arguments = OneOrAll(name=plugin.key)
            await _insist_on_a_yes(ctx, plugin_update, arguments, [(ready, plugin)])
            await asyncio.to_thread(
                manager.store.take_in, ready.built, _installed(manager, ready, enabled=plugin.enabled)
            )
    except (PluginProblem, BadSource) as error:
        return f"{plugin.key}: {error}"
    return f"{plugin.key}: updated to {summary(ready)}. {_NEXT}{left_out(ready)}"


async def _refreshed(manager: PluginManager, name: str) -> Sequence[str]:
    try:
        await manager.marketplaces.refresh(name)
    except (PluginProblem, BadSource) as error:
        return [f"The marketplace {name} cannot be fetched anew: {error}"]
    return []


async def _insist_on_a_yes(
    ctx: ToolContext, spec: ToolSpec, params: BaseModel, offered: Sequence[tuple[Ready, Installed | None]]
) -> None:
    """Raises ToolDenied until the owner has said yes to exactly this."""
    manager = ctx.use(PluginManager)
    for ready, before in offered:
        call = Call(
            session_key=ctx.session_key,
            task_id=None,
            tool=f"mcp__{SERVER_NAME}__{spec.name}",
            arguments=canonical(params.model_dump()),
            errand="",
            what=spec.status.say(manager.language, name=ready.contents.name),
            shown=shown(
                ready.contents,
                manager.language,
                origin=ready.origin,
                commit=ready.commit,
                replaces=(before.version or before.commit[:12] or before.digest[:12]) if before is not None else "",
            ),
            why=words.INSTALL_WHY.say(manager.language),
            people=ready.fingerprint,
        )
        if not await manager.approvals.use_permission(call):
            await manager.approvals.ask(call)
            raise ToolDenied(
                f"Nothing is installed yet: the owner is shown what is in {ready.contents.name} now, and asked. End "
                f"your turn: you will be woken with the answer; call {spec.name} with {call.arguments} then."
                f"{left_out(ready)}"
            )


def _no_clash(plugins: Iterable[Installed], name: str, marketplace: str) -> None:
    for plugin in plugins:
        if plugin.name.casefold() == name.casefold() and plugin.marketplace != marketplace:
            raise PluginProblem(
                f"{plugin.key} is installed, and two plugins of one name cannot be told apart: remove that one first."
            )


def _installed(manager: PluginManager, ready: Ready, *, enabled: bool = True) -> Installed:
    return Installed(
        name=ready.contents.name,
        marketplace=ready.marketplace,
        version=ready.contents.version[:80],
        commit=ready.commit,
        origin=ready.origin,
        digest=ready.digest,
        enabled=enabled,
        installed_at=manager.clock.now().astimezone(UTC),
    )


TOOLS = (
    plugin_search,
    plugin_available,
    plugin_install,
    plugin_list,
    plugin_enable,
    plugin_disable,
    plugin_remove,
    plugin_update,
    marketplace_add,
    marketplace_remove,
    marketplace_refresh,
)
