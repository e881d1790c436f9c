"""Fires when something is posted in a channel or group that the owner has subscribed to.

Where each subscription stands is written down in the transaction that fires; what is new is read from the chat's
history, whether it came a moment ago or while the program was off. The history is the queue: what cannot be looked at
yet stays there.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace

from jobs.core.clock import Clock, to_text
from jobs.core.database import Database, Transaction
from jobs.core.errors import NotFound, RetryLater, Undeliverable
from jobs.core.fence import fenced
from jobs.core.i18n import Language
from jobs.core.people import LONGEST_TITLE
from jobs.core.ports import ChannelFeed
from jobs.core.posts import FeedChat, Page, Post
from jobs.core.words import triggers as words
from jobs.triggers.alarm_clock import AlarmClock
from jobs.triggers.filters import Filter
from jobs.triggers.models import Resolved, Subscription, TriggerContext, TriggerEvent
from jobs.triggers.pace import Pace
from jobs.triggers.posts import Gathered, quoted
from jobs.triggers.subscriptions import Subscriptions
from jobs.triggers.watch import BUSY_AGAIN, Watched, WatchList, written, written_chat

log = logging.getLogger(__name__)

NAME = "tg_channel"
_MOST_WAITING = 2
"""Events of one subscription that are not dealt with yet; what comes then stays where it is."""
_CAUGHT_UP = 100
"""Posts of one subscription that are looked at after the program was off, the newest."""
_MOST_READ = 2000
"""Messages of one chat that are read for them."""
_FAILURES = 3
_OVER = {"gone", "unknown", "forbidden"}


class ChannelPosts:
    """The source of posts. Implements Subscribable."""

    name = NAME

    def __init__(
        self,
        feed: ChannelFeed,
        subscriptions: Subscriptions,
        database: Database,
        clock: Clock,
        *,
        alarm_clock: Callable[[], AbstractAsyncContextManager[AlarmClock]],
        language: Language,
        pace: Pace | None = None,
    ) -> None:
        self._feed = feed
        self._subscriptions = subscriptions
        self._database = database
        self._clock = clock
        self._alarm_clock = alarm_clock
        self._language: Language = language
        self._pace = pace or Pace(clock)
        self._list = WatchList(clock)
        self._not_before = float("-inf")
        self._stale = True
        self._known: set[str] | None = None
        self._caught_up = set[str]()
        """What has been read to its end since the program began: nothing of it is ever left out from then on."""

    # ---- subscribing ----

    async def resolve(self, source: str, _: Filter, /) -> Resolved:
        """See Subscribable."""
        chat = await self._find(source)
        try:
            latest = await self._feed.latest(chat)
        except Undeliverable as error:
            title = fenced(chat.title, "title", limit=LONGEST_TITLE)
            raise NotFound(f"This account cannot read {title}: {error}.") from error
        note = (
            "New posts are noticed within seconds."
            if chat.joined
            else "The account is not in it, so that it is looked at every five minutes."
        )
        return Resolved(written(chat), chat.title, str(latest), note=note)

    async def _find(self, source: str) -> FeedChat:
        known = written_chat(source)
        if known is None:
            return await self._feed.find(source)
        try:
            return await self._feed.find(str(known.id))
        except NotFound:
            found = await self._feed.find(f"@{known.username}") if known.username else None
        if found is None or found.id != known.id:
            raise NotFound("That channel or group cannot be found any more.")
        return found

    def describe(self, subscription: Subscription) -> str:
        """See Subscribable."""
        chat = written_chat(subscription.source)
        username = chat.username if chat is not None else None
        return f"posts of @{username}" if username else f"posts of the chat {subscription.source}"

    def changed(self) -> None:
        """See Subscribable."""
        self._stale = True
        self._feed.bell.set()

    # ---- firing ----

    async def events(self) -> AsyncGenerator[TriggerEvent]:
        """See Source."""
        self._stale = True
        async with self._alarm_clock() as clock:
            while True:
                self._feed.bell.clear()
                async with aclosing(self.due()) as events:
                    async for event in events:
                        yield event
                await clock.wait(self._list.next_moment(self._not_before), self._feed.bell)

    async def due(self) -> AsyncGenerator[TriggerEvent]:
        """What is to be fired now."""
        self._list.hear(self._feed.take_news())
        if self._stale or self._list.ready():
            await self._load()
        for watched in self._list.ready():
            if self._clock.monotonic() < self._not_before:
                return
            try:
                async with aclosing(self._read(watched)) as events:
                    async for event in events:
                        yield event
                watched.failures = 0
            except RetryLater as error:
                log.info("Channels are read again in %.0f s: %s", error.after, error)
                self._not_before = self._clock.monotonic() + error.after
                self._list.again(watched, 0)
            except Undeliverable as error:
                watched.failures += 1
                log.warning("The chat %d cannot be read (%d): %s", watched.chat.id, watched.failures, error)
                if error.reason in _OVER or watched.failures >= _FAILURES:
                    yield self._lost(watched.subscriptions, str(error))

    async def _load(self) -> None:
        self._stale = False
        async with self._database.transaction() as tx:
            found = await self._subscriptions.list(tx, type_=NAME)
        active = [one for one in found if one.state == "active"]
        ids = {one.id for one in active}
        if self._known is not None:  # what is new since has missed nothing
            self._caught_up |= ids - self._known
        self._known = ids
        self._list.fill(active)
        self._feed.watch(self._list.chat_ids)

    async def _read(self, watched: Watched) -> AsyncGenerator[TriggerEvent]:
        """Read what is new in a chat, once for all of its subscriptions."""
        gathered = [
            Gathered(one, int(one.position), None if one.id in self._caught_up else _CAUGHT_UP)
            for one in self._list.begin(watched)
        ]
        for one in gathered:
            await self._look_for_room(watched, one)
        page, trouble = None, None
        while any(one.is_open for one in gathered) and (page is None or page.more):
            try:
                page = await self._next_page(watched.chat, gathered, page)
            except RetryLater as error:
                trouble = error
                break
            for one in gathered:
                if one.is_open and page.reached > one.reached:
                    await self._take(one, page)
                    async with aclosing(self._fire(watched, one)) as events:
                        async for event in events:
                            yield event
        for one in gathered:
            if trouble is None or one.most is None:
                async with aclosing(self._finish(watched, one, None if trouble else page)) as events:
                    async for event in events:
                        yield event
        if trouble is not None:
            raise trouble
        if page is not None and page.closed and not any(one.stalled for one in gathered):
            yield self._lost(watched.subscriptions, "the account was taken out of it")

    async def _next_page(self, chat: FeedChat, gathered: Sequence[Gathered], before: Page | None) -> Page:
        await self._pace.request()
        if before is not None:
            return await self._feed.after(chat, before.reached)
        page = await self._feed.after(chat, min(one.reached for one in gathered if one.is_open))
        if not page.more or not all(one.most for one in gathered if one.is_open):
            return page
        await self._pace.request()
        start = await self._feed.before_latest(chat, _MOST_READ)
        if start <= page.reached:
            return page
        for one in gathered:
            one.skip_to(start)
        return Page((), start, more=True)

    async def _take(self, one: Gathered, page: Page) -> None:
        new = [post for post in page.posts if post.last_id > one.reached]
        sifted = await one.subscription.filter.sift(new)
        one.take(page, [post for post, passes in zip(new, sifted.passes, strict=True) if passes], sifted.undecided)

    async def _fire(self, watched: Watched, one: Gathered, *, due: bool = False) -> AsyncGenerator[TriggerEvent]:
        """Events of what was gathered: those that are full; all, when it is `due`."""
        while one.is_open and one.posts and (due or (one.is_full and one.most is None)):
            chosen = one.next_posts()
            yield self._event(one, chosen)
            if one.alive:
                one.heard(chosen)
                self._caught_up.add(one.subscription.id)
                await self._look_for_room(watched, one)

    async def _finish(self, watched: Watched, one: Gathered, page: Page | None) -> AsyncGenerator[TriggerEvent]:
        """A chat was read to its end, which `page` is, or as far as it went."""
        if not one.is_open:
            return
        ends = page is not None and (page.closed or page.moved_to is not None)
        moment = one.due_at()
        due = ends or one.has_left_out or moment is None or moment <= self._clock.now()
        async with aclosing(self._fire(watched, one, due=due)) as events:
            async for event in events:
                yield event
        if one.is_open and one.unseen:
            yield self._event(one, ())
            if one.alive:
                one.heard(())
        await self._settle(watched, one, page)

    async def _look_for_room(self, watched: Watched, one: Gathered) -> None:
        async with self._database.transaction() as tx:
            one.stalled = await self._subscriptions.waiting(tx, one.subscription) >= _MOST_WAITING
        if one.stalled:
            self._list.again(watched, BUSY_AGAIN)

    async def _settle(self, watched: Watched, one: Gathered, page: Page | None) -> None:
        """What passes no filter is done with; what is gathered for later is found again where it is."""
        if not one.is_open:
            return
        self._caught_up.add(one.subscription.id)
        self._list.gather(watched, one.subscription, one.due_at())
        reached = one.posts[0].first_id - 1 if one.posts else one.reached
        moved = page.moved_to if page is not None and not one.posts else None
        if moved is None and reached <= one.position:
            return
        async with self._database.transaction() as tx:
            if moved is None:
                await self._subscriptions.advance(tx, one.subscription, str(reached))
            else:
                await self._subscriptions.advance(tx, one.subscription, "0", written(moved))
        if moved is not None:
            self.changed()

    # ---- what an event says ----

    def _event(self, one: Gathered, chosen: Sequence[Post]) -> TriggerEvent:
        """An event of these posts; of none: the owner is told what was left out, and that is all."""
        subscription, after = one.subscription, one.after(chosen)

        async def step(tx: Transaction) -> bool:
            one.alive = await self._subscriptions.advance(tx, subscription, str(after))
            return one.alive

        notice = self._notice(one)
        context = TriggerContext(about=subscription.id, title=subscription.title)
        if chosen:
            facts = _facts(one, chosen)
            context = replace(context, facts=facts, notice=notice, quoted=quoted(chosen, subscription.title))
        key = f"{subscription.id} {subscription.source.split()[0]} {after}"
        prompt, session = (subscription.prompt, subscription.session) if chosen else (notice, None)
        return TriggerEvent(NAME, key, prompt, context, session, self._clock.now(), step)

    def _notice(self, one: Gathered) -> str:
        if not one.has_left_out:
            return ""
        title = one.subscription.title
        if not one.posts:
            return words.NOT_READ.say(self._language, title=title, count=_MOST_READ)
        count = f"{one.left_out}+" if one.unseen else str(one.left_out)
        return words.LEFT_OUT.say(self._language, title=title, kept=len(one.posts), count=count)

    def _lost(self, subscriptions: Sequence[Subscription], why: str) -> TriggerEvent:
        """That a chat cannot be heard any more: its subscriptions are paused, and the owner is told once."""
        self._stale = True
        first, which = subscriptions[0], ", ".join(one.id for one in subscriptions)

        async def step(tx: Transaction) -> bool:
            return any([await self._subscriptions.pause(tx, one, why) for one in subscriptions])

        context = TriggerContext(about=first.id, title=first.title)
        text = words.CHANNEL_LOST.say(self._language, title=first.title, which=which)
        key = f"{which} lost {to_text(max(one.updated_at for one in subscriptions))}"
        return TriggerEvent(NAME, key, text, context, None, self._clock.now(), step)


def _facts(one: Gathered, chosen: Sequence[Post]) -> str:
    subscription = one.subscription
    passed = f" that passed its filter ({subscription.filter.in_words()})" if not subscription.filter.is_empty else ""
    facts = [f"Subscription {subscription.id}: {len(chosen)} new in a Telegram channel or group{passed}, oldest first."]
    if one.undecided:
        facts.append(f"The filter's regex took too long for {one.undecided} of what was looked at; they are let pass.")
    if one.has_left_out:
        facts.append("Older ones, from when the program was off, were left out; the owner is told.")
    return " ".join(facts)
