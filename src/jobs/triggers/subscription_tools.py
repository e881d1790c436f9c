"""What the owner's and the self-started sessions do about subscriptions, of whatever source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, Field

from jobs.core.clock import Clock
from jobs.core.database import Database, Transaction
from jobs.core.errors import NotFound, ToolRetry
from jobs.core.fence import fenced
from jobs.core.i18n import Words
from jobs.core.people import LONGEST_TITLE
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import Change, ToolContext, tool
from jobs.triggers.filters import Filter
from jobs.triggers.models import Resolved, Subscribable, Subscription
from jobs.triggers.repository import TriggerEvents, free_id
from jobs.triggers.subscriptions import Subscriptions
from jobs.triggers.wording import Seen

_MOST = 100
_LONGEST_BATCH = 7 * 24 * 60
_GIST = 160


@dataclass(frozen=True, slots=True)
class Subscribing:
    """What the tools of subscriptions work with."""

    database: Database
    clock: Clock
    subscriptions: Subscriptions
    fired: TriggerEvents
    sources: Mapping[str, Subscribable]
    """By their names, which are the types."""


class SubscribeTrigger(BaseModel):
    """Parameters of subscribe_trigger."""

    type: str = Field(
        description="tg_channel: posts of a Telegram channel or group. webhook: calls of another program (home "
        "automation, CI, mail rules)"
    )
    source: Seen = Field(
        description="What to follow; for tg_channel the @username, link, invite link, id or exact title; for webhook "
        "a name for whatever will call",
        min_length=1,
    )
    prompt: Seen = Field(
        description="What is to be done with what comes, with all that has to be known, and when to tell the owner",
        min_length=1,
        max_length=8000,
    )
    filter: Filter = Field(default=Filter(), description="What to look at; the rest costs nothing")
    session: Literal["owner", "isolated"] = Field(
        default="isolated",
        description="isolated (default): each run in a conversation of its own that knows nothing but the prompt. "
        "owner: in the conversation with the owner, knowing it; only for what is rare",
    )
    batch_minutes: int = Field(
        default=0,
        description="tg_channel: gather what comes for so long and look at it at once; 0: at once. For a digest or "
        "busy groups: 60",
        ge=0,
        le=_LONGEST_BATCH,
    )


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="🔔 subscribing to {source}", ru="🔔 подписываюсь: {source}"),
)
async def subscribe_trigger(ctx: ToolContext, params: SubscribeTrigger) -> str:
    """Have something done whenever there is something new in a channel, a group or another source.

    Nothing is joined. Use `filter` where the owner named what they look for: what does not pass costs nothing.
    """
    subscribing = ctx.use(Subscribing)
    source = _source_of(subscribing, params.type)
    await params.filter.check()
    resolved = await _resolved(source, params.source, params.filter)
    now = subscribing.clock.now()
    async with subscribing.database.transaction() as tx:
        subscription_id = await free_id(tx)
    subscription = Subscription(
        id=subscription_id, type=params.type, source=resolved.source, title=resolved.title, prompt=params.prompt,
        filter=params.filter, session=params.session, batch_minutes=params.batch_minutes, created_by=ctx.session_key,
        created_at=now, updated_at=now, position=resolved.position, secret=resolved.secret,
    )  # fmt: skip
    others = await _others(subscribing, subscription)

    async def add(tx: Transaction) -> None:
        await subscribing.subscriptions.add(tx, subscription)

    _change(ctx, source, add)
    beside = f"The same is followed by {', '.join(others)}, too." if others else ""
    return " ".join(filter(None, (f"Subscribed: {_what(subscription, source)}.", resolved.note, beside)))


class ListTriggers(BaseModel):
    """list_triggers has no parameters."""


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.READ,
    status=Words(en="🔔 looking at the subscriptions", ru="🔔 смотрю подписки"),
)
async def list_triggers(ctx: ToolContext, _: ListTriggers) -> str:
    """List what is subscribed to, and what can be; what is scheduled by time is in list_schedules."""
    subscribing = ctx.use(Subscribing)
    async with subscribing.database.transaction() as tx:
        found = await subscribing.subscriptions.list(tx)
    types = f"Types: {', '.join(sorted(subscribing.sources))}."
    lines = [f"- {_line(one, subscribing.sources.get(one.type))}" for one in found]
    return "\n".join([*(lines or ["Nothing is subscribed to."]), types])


class UpdateTrigger(BaseModel):
    """Parameters of update_trigger; what is left out stays."""

    id: str = Field(description="The subscription's id")
    prompt: Seen | None = Field(
        default=None, description="What is to be done with what comes", min_length=1, max_length=8000
    )
    filter: Filter | None = Field(
        default=None, description="What to look at, in place of all that the filter said so far; {} lifts it"
    )
    session: Literal["owner", "isolated"] | None = Field(default=None, description="owner or isolated")
    batch_minutes: int | None = Field(
        default=None, description="Gather what comes for so long; 0: look at it at once", ge=0, le=_LONGEST_BATCH
    )


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="🔔 changing subscription {id}", ru="🔔 меняю подписку {id}"),
)
async def update_trigger(ctx: ToolContext, params: UpdateTrigger) -> str:
    """Change what is done with what comes, or what is looked at; to follow something else, subscribe to that."""
    subscribing, old = ctx.use(Subscribing), await _get(ctx, params.id)
    edited = replace(
        old, prompt=params.prompt or old.prompt, filter=old.filter if params.filter is None else params.filter,
        session=params.session or old.session,
        batch_minutes=old.batch_minutes if params.batch_minutes is None else params.batch_minutes,
    )  # fmt: skip
    if edited == old:
        raise ToolRetry("That changes nothing: give another `prompt`, `filter`, `session` or `batch_minutes`.")
    source = _source_of(subscribing, old.type)
    if params.filter is not None:
        await params.filter.check()
        await _resolved(source, old.source, params.filter)  # it may be none for this source
    await _others(subscribing, edited)

    async def change(tx: Transaction) -> None:
        await subscribing.subscriptions.edit(tx, edited)

    _change(ctx, source, change)
    return f"Subscription {_line(edited, source)}"


class TriggerId(BaseModel):
    """Parameters of unsubscribe_trigger, pause_trigger and resume_trigger."""

    id: str = Field(description="The subscription's id")


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="🔕 unsubscribing {id}", ru="🔕 отписываюсь: {id}"),
)
async def unsubscribe_trigger(ctx: ToolContext, params: TriggerId) -> str:
    """End a subscription for good. The account stays in the channel or group itself."""
    subscription = await _get(ctx, params.id)
    _set_state(ctx, replace(subscription, state="cancelled", reason=""))
    return f"Subscription {_named(subscription)} is ended."


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="🔕 pausing {id}", ru="🔕 ставлю на паузу: {id}"),
)
async def pause_trigger(ctx: ToolContext, params: TriggerId) -> str:
    """Stop a subscription for a while; what comes meanwhile is not looked at."""
    subscription = await _get(ctx, params.id)
    if subscription.state == "paused":
        raise ToolRetry(f"Subscription {_named(subscription)} is paused already.")
    _set_state(ctx, replace(subscription, state="paused", reason=""))
    return f"Subscription {_named(subscription)} is paused; resume_trigger goes on with it."


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.STATE,
    status=Words(en="🔔 resuming {id}", ru="🔔 возобновляю: {id}"),
)
async def resume_trigger(ctx: ToolContext, params: TriggerId) -> str:
    """Go on with a paused subscription, from now on."""
    subscription = await _get(ctx, params.id)
    if subscription.state == "active":
        raise ToolRetry(f"Subscription {_named(subscription)} is not paused.")
    source = _source_of(ctx.use(Subscribing), subscription.type)
    resolved = await _resolved(source, subscription.source, subscription.filter)
    position = resolved.position
    _set_state(ctx, replace(subscription, state="active", reason="", source=resolved.source, position=position))
    return (
        f"Subscription {_named(subscription)} goes on from now; what came while it was paused is left out. "
        f"{resolved.note}".strip()
    )


def _source_of(subscribing: Subscribing, name: str) -> Subscribable:
    source = subscribing.sources.get(name.strip())
    if source is None:
        raise ToolRetry(f"There is no type {name!r}; there are: {', '.join(sorted(subscribing.sources))}.")
    return source


async def _resolved(source: Subscribable, wanted: str, conditions: Filter) -> Resolved:
    try:
        return await source.resolve(wanted, conditions)
    except NotFound as error:
        raise ToolRetry(str(error)) from None


async def _get(ctx: ToolContext, subscription_id: str) -> Subscription:
    subscribing = ctx.use(Subscribing)
    async with subscribing.database.transaction() as tx:
        try:
            return await subscribing.subscriptions.get(tx, subscription_id)
        except NotFound as error:
            raise ToolRetry(str(error)) from None


async def _others(subscribing: Subscribing, wanted: Subscription) -> Sequence[str]:
    """The ids of the other subscriptions to the same. Raises ToolRetry where one is the very same, or one too many."""
    async with subscribing.database.transaction() as tx:
        found = await subscribing.subscriptions.list(tx)
    others = [one for one in found if one.id != wanted.id]
    if len(others) >= _MOST:
        raise ToolRetry(f"There are {_MOST} subscriptions, and no more can be had: end some that are not needed.")
    same = [one for one in others if (one.type, one.source) == (wanted.type, wanted.source)]
    for one in same:
        if (one.prompt.strip(), one.filter) == (wanted.prompt.strip(), wanted.filter):
            raise ToolRetry(f"That is subscribed to already: {_named(one)}, {one.state}.")
    return [one.id for one in same]


def _set_state(ctx: ToolContext, subscription: Subscription) -> None:
    subscribing = ctx.use(Subscribing)

    async def change(tx: Transaction) -> None:
        await subscribing.subscriptions.set_state(tx, subscription)
        if subscription.state != "active":
            await subscribing.fired.take_back(tx, subscription.id)

    _change(ctx, subscribing.sources.get(subscription.type), change)


def _change(ctx: ToolContext, source: Subscribable | None, change: Change) -> None:
    """Change the table, and have the source look at it."""

    async def and_tell(tx: Transaction) -> None:
        await change(tx)
        if source is not None:
            source.changed()

    ctx.change(and_tell)


def _what(subscription: Subscription, source: Subscribable | None) -> str:
    described = source.describe(subscription) if source is not None else subscription.type
    batch = f"gathered for {subscription.batch_minutes} minutes" if subscription.batch_minutes else ""
    parts = [described, subscription.filter.in_words(), batch, f"session {subscription.session}"]
    return f"{_named(subscription)}, {', '.join(filter(None, parts))}"


def _named(subscription: Subscription) -> str:
    """What a channel is called, its people say."""
    return f"{subscription.id} {fenced(subscription.title, 'title', limit=LONGEST_TITLE)}"


def _line(subscription: Subscription, source: Subscribable | None) -> str:
    state = subscription.state + (f" ({subscription.reason})" if subscription.reason else "")
    gist = " ".join(subscription.prompt.split())
    gist = gist if len(gist) <= _GIST else gist[: _GIST - 1] + "…"
    return f"{_what(subscription, source)}; {state}; {gist}"


TOOLS = (subscribe_trigger, list_triggers, update_trigger, unsubscribe_trigger, pause_trigger, resume_trigger)
