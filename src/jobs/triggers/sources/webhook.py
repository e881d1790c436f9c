"""Calls from other programs: home automation, CI, mail rules. Off by default; on loopback, for a reverse proxy."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from jobs.core.clock import Clock
from jobs.core.errors import JobsError, NotFound, ToolRetry
from jobs.core.i18n import Language
from jobs.core.journal import Journal
from jobs.core.journal.outbox import UNKEPT
from jobs.core.rich_text import Entity, RichText
from jobs.core.words import triggers as words
from jobs.triggers.deliveries import HOST, Refusal, as_text, body_of, delivery_id, is_authentic, serving, shown
from jobs.triggers.filters import Filter
from jobs.triggers.models import Resolved, Subscription, TriggerContext, TriggerEvent
from jobs.triggers.subscriptions import Subscriptions

log = logging.getLogger(__name__)

NAME = "webhook"
PER_MINUTE = 30
"""Deliveries of one subscription that pass its filter."""
_CALLS_PER_MINUTE = 300
"""Those that do not pass included."""
MOST_WAITING = 20
"""Runs of one subscription that are not dealt with yet."""
_QUEUED = 100
_NEW, _TOLD = "new", "told"
_FACTS = "Another program has called the web hook {id}, “{title}”. What it sent stands below; nobody vouches for it."
_SHOWN = 8_000


@dataclass(slots=True)
class _Delivery:
    event: TriggerEvent
    journalled: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(frozen=True, slots=True)
class _Sent:
    """A delivery as a filter looks at it."""

    text: str
    has_media: bool = False


class Webhook:
    """The source of deliveries: one is answered with 202 once it is journalled. Implements Subscribable."""

    name = NAME

    def __init__(
        self,
        subscriptions: Subscriptions,
        journal: Journal,
        clock: Clock,
        *,
        port: int,
        owner_chat: int,
        language: Language,
    ) -> None:
        self._subscriptions = subscriptions
        self._journal = journal
        self._clock = clock
        self._port = port
        self._owner_chat = owner_chat
        self._language: Language = language
        self._deliveries: asyncio.Queue[_Delivery | None] = asyncio.Queue(_QUEUED)
        self._calls: dict[str, deque[float]] = {}
        self._lately: dict[str, deque[float]] = {}
        self._underway: Counter[str] = Counter()

    # ---- subscribing ----

    async def resolve(self, source: str, wanted: Filter, /) -> Resolved:
        """See Subscribable. A name is enough: the address and the secret are made here."""
        if not self._port:
            raise ToolRetry("Web hooks are switched off. The owner switches them on by WEBHOOK_PORT, and a restart.")
        if wanted.has_media is not None:
            raise ToolRetry("What a web hook is sent has no media: leave `has_media` out.")
        name = " ".join(source.split())[:100]
        note = "Its address and its secret are sent to the owner in a message of their own; you do not see the secret."
        return Resolved(name, name, _NEW, secrets.token_urlsafe(32), note)

    def describe(self, subscription: Subscription) -> str:
        """See Subscribable."""
        return f"calls of {self._address(subscription.id)}"

    def changed(self) -> None:
        """See Subscribable."""
        with contextlib.suppress(asyncio.QueueFull):  # else there is enough that wakes it
            self._deliveries.put_nowait(None)

    def _address(self, subscription_id: str) -> str:
        return f"http://{HOST}:{self._port}/hooks/{subscription_id}"

    async def _tell_secrets(self) -> None:
        """Send the owner what the model does not get to see."""
        async with self._journal.database.transaction() as tx:
            for subscription in await self._subscriptions.list(tx, type_=NAME):
                if subscription.position == _NEW and await self._subscriptions.advance(tx, subscription, _TOLD):
                    introduction, once = self._introduction(subscription), f"{UNKEPT}{subscription.id}"
                    await self._journal.outbox.add_once(tx, self._owner_chat, introduction, once)
        self._journal.ring()

    def _introduction(self, subscription: Subscription) -> RichText:
        text = words.WEBHOOK_READY.say(
            self._language, title=subscription.title, address=self._address(subscription.id), secret=subscription.secret
        )
        start = len(text[: text.index(subscription.secret)].encode("utf-16-le")) // 2
        length = len(subscription.secret)
        return RichText(text, (Entity("spoiler", start, length), Entity("code", start, length)))

    # ---- firing ----

    async def events(self) -> AsyncGenerator[TriggerEvent]:
        """See Source."""
        if not self._port:
            await asyncio.Event().wait()
        async with serving(self._application(), self._port) as server:
            server.add_done_callback(lambda _: self.changed())
            await self._tell_secrets()
            while True:
                delivery = await self._deliveries.get()
                if server.done():
                    raise ConnectionError("The server of the web hooks has ended")
                if delivery is None:
                    await self._tell_secrets()
                    continue
                try:
                    yield delivery.event
                except JobsError:  # this one alone: its sender is told to try again
                    delivery.journalled.cancel()
                except BaseException:
                    delivery.journalled.cancel()
                    raise
                if not delivery.journalled.done():
                    delivery.journalled.set_result(None)

    def _application(self) -> Starlette:
        return Starlette(routes=[Route("/hooks/{id}", self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        try:
            return await self._take(request)
        except Refusal as refusal:
            return refusal.response
        except JobsError as error:
            log.warning("A delivery could not be kept: %s", error)
            return Refusal(503, "It could not be kept: try again.", retry_after=5).response

    async def _take(self, request: Request) -> Response:
        body = await body_of(request)
        subscription = await self._find(request.path_params["id"])
        if subscription is None or not is_authentic(request.headers, body, subscription.secret):
            raise Refusal(401, "No such hook, or a wrong secret.")
        if subscription.state != "active":
            raise Refusal(409, "This hook is paused.")
        self._count(subscription, _CALLS_PER_MINUTE, self._calls)
        text = await asyncio.to_thread(as_text, body)
        if not (await subscription.filter.sift([_Sent(text)])).passes[0]:
            return PlainTextResponse("Received; it does not pass the filter.\n")
        self._underway[subscription.id] += 1
        try:
            await self._refuse_too_much(subscription)
            return await self._journalled(self._event(subscription, delivery_id(request.headers), text))
        finally:
            self._underway[subscription.id] -= 1

    async def _journalled(self, event: TriggerEvent) -> Response:
        delivery = _Delivery(event)
        try:
            self._deliveries.put_nowait(delivery)
            await delivery.journalled
        except asyncio.QueueFull:
            raise Refusal(503, "Too much at once: try again.", retry_after=5) from None
        except asyncio.CancelledError:
            if not delivery.journalled.cancelled():
                raise
            raise Refusal(503, "It could not be kept: try again.", retry_after=5) from None
        return PlainTextResponse("Accepted.\n", 202)

    def _event(self, subscription: Subscription, delivery_id: str, text: str) -> TriggerEvent:
        now = self._clock.now()
        key = (
            f"{subscription.id} {delivery_id or f'{now.isoformat()} {hashlib.sha256(text.encode()).hexdigest()[:16]}'}"
        )
        context = TriggerContext(
            about=subscription.id,
            title=subscription.title,
            facts=_FACTS.format(id=subscription.id, title=subscription.title),
            quoted={"what was sent": shown(text, _SHOWN)},
        )
        return TriggerEvent(NAME, key, subscription.prompt, context, subscription.session, now)

    async def _find(self, subscription_id: str) -> Subscription | None:
        async with self._journal.database.transaction() as tx:
            try:
                found = await self._subscriptions.get(tx, subscription_id)
            except NotFound:
                return None
        return found if found.type == NAME else None

    async def _refuse_too_much(self, subscription: Subscription) -> None:
        """Raises Refusal when too much of a subscription has come lately, or waits to be dealt with."""
        async with self._journal.database.transaction() as tx:
            waiting = await self._subscriptions.waiting(tx, subscription)
        if waiting + self._underway[subscription.id] > MOST_WAITING:
            raise _too_many()
        self._count(subscription, PER_MINUTE, self._lately)

    def _count(self, subscription: Subscription, most: int, counted: dict[str, deque[float]]) -> None:
        """Count one more; raises Refusal when there were `most` in the last minute."""
        now, lately = time.monotonic(), counted.setdefault(subscription.id, deque())
        while lately and lately[0] <= now - 60:
            lately.popleft()
        if len(lately) >= most:
            raise _too_many()
        lately.append(now)


def _too_many() -> Refusal:
    return Refusal(429, "Too many deliveries.", retry_after=60)
