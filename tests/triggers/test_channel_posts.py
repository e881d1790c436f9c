"""When posts fire, and how many together; what is read for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from channel_desk import ChannelDesk, open_channel_desk
from telethon import functions, types

from jobs.core.database import Database
from jobs.core.errors import NotFound
from jobs.sandbox.telegram.faults import Refuse
from jobs.triggers.filters import Filter


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[ChannelDesk]:
    async with open_channel_desk(database, tmp_path) as desk:
        yield desk


async def test_posts_that_come_together_are_one_event_a_moment_later(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News")
    desk.post(news, "one", "two")
    assert await desk.hear() == []
    assert await desk.later(seconds=1) == [True]
    assert await desk.posts() == [["one", "two"]]
    [event] = await desk.events()
    assert event.quoted["what its people call the chat"] == "News"
    assert "News" not in event.facts


async def test_a_chat_that_never_rests_is_read_every_five_seconds_and_no_oftener(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News")
    await desk.later(seconds=60)
    before = desk.calls()
    for second in range(20):
        desk.post(news, str(second))
        await desk.hear()
        await desk.later(seconds=1)
        await desk.settle()
    assert desk.calls() - before <= 5
    await desk.later(seconds=5)
    assert [text for posts in await desk.posts() for text in posts] == [str(second) for second in range(20)]


async def test_nothing_is_asked_of_telegram_while_nothing_happens_but_a_look_every_five_minutes(
    desk: ChannelDesk,
) -> None:
    desk.channel()
    await desk.subscribe("News")
    before = desk.calls()
    for _ in range(60):
        assert await desk.later(minutes=1) == []
    assert desk.calls() - before == 12


async def test_a_public_channel_where_the_account_is_not_in_is_looked_at_every_five_minutes(desk: ChannelDesk) -> None:
    news = desk.channel(joined=False)
    await desk.subscribe("@news_public")
    desk.post(news, "headline")
    assert await desk.later(minutes=4) == []
    assert await desk.later(minutes=1) == [True]
    assert await desk.posts() == [["headline"]]


async def test_what_is_to_be_gathered_is_one_event_when_its_time_has_come_and_survives_a_restart(
    desk: ChannelDesk,
) -> None:
    news = desk.channel()
    await desk.subscribe("News", batch_minutes=60)
    desk.post(news, "first")
    await desk.hear()
    assert await desk.later(seconds=1) == []
    before = desk.calls()
    for number in range(10):
        desk.post(news, f"more {number}")
        await desk.hear()
        assert await desk.later(minutes=5) == []
    assert desk.calls() == before, "while it gathers, nothing is read"
    desk.restart()
    assert await desk.fire() == []
    assert await desk.later(minutes=10) == [True]
    assert await desk.posts() == [["first", *(f"more {number}" for number in range(10))]]
    desk.post(news, "next")
    await desk.hear()
    assert await desk.later(minutes=59) == []
    assert await desk.later(minutes=1, seconds=1) == [True]


async def test_only_what_passes_begins_the_gathering_and_the_rest_is_done_with(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News", batch_minutes=60, words=["flat"])
    desk.post(news, "weather", "a flat", "sports")
    await desk.hear()
    assert await desk.later(seconds=1) == []
    first = news.mailbox.ids_with(news.peer)[-2]
    assert await desk.row() == ("active", str(first - 1), str(news.peer))
    assert await desk.later(minutes=60) == [True]
    assert await desk.posts() == [["a flat"]]
    assert (await desk.row())[1] == str(first + 1)


async def test_an_event_holds_no_more_than_can_be_read_at_once_and_the_rest_is_in_the_next(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News")
    desk.post(news, *(str(number) for number in range(30)))
    desk.post(news, *("long " * 800 for _ in range(8)))
    await desk.hear()
    assert await desk.later(seconds=1) == [True, True]
    assert await desk.later(seconds=10) == [], "two wait already"
    assert await desk.settle() == 2
    assert await desk.later(seconds=5) == [True]
    posts = await desk.posts()
    assert [len(one) for one in posts] == [25, 10, 3]
    assert [text for one in posts for text in one][:30] == [str(number) for number in range(30)]
    assert (await desk.row())[1] == str(news.mailbox.next_id - 1)


async def test_what_cannot_be_looked_at_yet_stays_where_it_is_and_is_not_left_out(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News")
    for round_ in range(8):
        desk.post(news, *(f"{round_}.{number}" for number in range(50)))
        await desk.later(minutes=5)
    assert len(await desk.events()) == 2
    while await desk.settle():
        await desk.later(seconds=5)
    heard = [text for one in await desk.posts() for text in one]
    assert heard == [f"{round_}.{number}" for round_ in range(8) for number in range(50)]
    assert await desk.told() == []


async def test_many_subscriptions_to_a_chat_share_what_is_read_and_each_hears_what_it_wants(desk: ChannelDesk) -> None:
    news = desk.channel()
    for number in range(20):
        await desk.subscribe("News", f"s{number}", words=[f"word{number:02}"])
    before = desk.calls()
    desk.post(news, *(f"about word{number:02}" for number in range(20)))
    await desk.hear()
    assert await desk.later(seconds=5) == [True] * 20
    assert desk.calls() - before == 1
    for number in range(20):
        assert await desk.posts(f"s{number}") == [[f"about word{number:02}"]]


async def test_a_flood_wait_holds_everything_back_for_so_long_and_loses_nothing(desk: ChannelDesk) -> None:
    news, other = desk.channel(), desk.channel("Other")
    await desk.subscribe("News", "first")
    await desk.subscribe("Other", "second")
    desk.post(news, "one")
    desk.post(other, "two")
    desk.server.faults.add(Refuse(420, "FLOOD_WAIT_2"), "messages.getHistory")
    assert await desk.later(minutes=5) == []
    before = desk.calls()
    assert await desk.later(seconds=1) == []
    assert desk.calls() == before
    while len(await desk.events()) < 2:  # Telethon holds calls back itself, by the clock of the machine
        await desk.later(seconds=2)
    assert desk.calls() == before + 2
    assert (await desk.posts("first"), await desk.posts("second")) == ([["one"]], [["two"]])


async def test_of_a_long_absence_the_newest_is_seen_to_and_how_much_was_left_out_is_said_once(
    desk: ChannelDesk,
) -> None:
    news = desk.channel()
    await desk.subscribe("News", words=["even"])
    desk.post(news, *(f"{'even' if number % 2 == 0 else 'odd'} {number}" for number in range(2300)))
    desk.restart()
    before = desk.calls()
    await desk.fire()
    assert desk.calls() - before <= 3 + 20
    while await desk.settle():
        await desk.later(seconds=5)
    assert [text for one in await desk.posts() for text in one] == [f"even {n}" for n in range(2100, 2300, 2)]
    [told] = await desk.told()
    assert "the newest 100 posts; 900+ older ones are left out" in told
    assert "left out" in (await desk.events())[0].facts


async def test_only_what_came_while_it_was_off_is_left_out_and_nothing_that_came_after(desk: ChannelDesk) -> None:
    news, other = desk.channel(), desk.channel("Other")
    await desk.subscribe("News")
    desk.post(news, *(f"off {number}" for number in range(60)))
    desk.restart()
    assert await desk.fire() == [True, True]
    desk.post(news, *(f"on {number}" for number in range(95)))  # ten of the others wait still
    await desk.subscribe("Other", "new", fire=False)
    desk.post(other, *(f"new {number}" for number in range(130)))
    while await desk.fire() or await desk.settle():
        desk.clock.moves(seconds=5)
    heard = [text for one in await desk.posts("lumo") for text in one]
    assert heard == [f"off {number}" for number in range(60)] + [f"on {number}" for number in range(95)]
    assert [text for one in await desk.posts("new") for text in one] == [f"new {number}" for number in range(130)]
    assert await desk.told() == []


async def test_what_is_left_out_is_said_at_once_even_where_posts_are_gathered(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News", batch_minutes=60)
    desk.post(news, *(str(number) for number in range(110)))
    desk.restart()
    assert await desk.fire() == [True, True]
    [told] = await desk.told()
    assert "10 older ones" in told
    assert (await desk.posts())[0][0] == "10"


async def test_when_nothing_of_a_long_absence_passes_it_is_said_that_not_all_was_read(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News", words=["flat"])
    desk.post(news, *(str(number) for number in range(2200)))
    desk.restart()
    assert await desk.fire() == [True]
    [told] = await desk.told()
    assert "In the newest 2000 messages there was nothing for you" in told
    assert (await desk.row())[1] == str(news.mailbox.next_id - 1)
    desk.restart()
    assert await desk.fire() == []


async def test_a_group_that_becomes_a_supergroup_is_followed_there(desk: ChannelDesk) -> None:
    trip = desk.world.add_group("Trip", desk.editor, desk.us)
    await desk.subscribe("Trip")
    desk.world.send_text(desk.editor, trip, "in the group")
    channel = desk.world.migrate(trip)
    desk.post(channel, "in the supergroup")
    while len(await desk.posts()) < 2:
        await desk.later(minutes=5)
    assert await desk.posts() == [["Editor: in the group"], ["Editor: in the supergroup"]]
    assert (await desk.row())[2] == str(channel.peer)


async def test_what_was_said_before_a_group_shut_the_account_out_is_seen_to_and_then_it_is_told(
    desk: ChannelDesk,
) -> None:
    trip = desk.world.add_group("Trip", desk.editor, desk.us)
    await desk.subscribe("Trip", batch_minutes=600)
    desk.world.send_text(desk.editor, trip, "farewell")
    access_hash = desk.world.secret("access", desk.editor.id, desk.us.id)
    out = functions.messages.DeleteChatUserRequest(trip.id, types.InputUser(desk.us.id, access_hash))
    desk.world.perform(desk.editor, out)
    assert await desk.later(minutes=5) == [True, True]
    assert await desk.posts() == [["Editor: farewell"]]
    assert (await desk.row())[0] == "paused"
    assert "I cannot read “Trip” any more" in (await desk.told())[0]
    assert await desk.later(minutes=5) == []


async def test_of_a_chat_that_is_gone_the_owner_is_told_once_however_many_follow_it(desk: ChannelDesk) -> None:
    news = desk.channel()
    await desk.subscribe("News", "first")
    await desk.subscribe("News", "second", words=["flat"], batch_minutes=60)
    desk.world.delete_channel(news)
    assert await desk.later(minutes=5) == [True]
    assert [await desk.row(name) for name in ("first", "second")] == [("paused", "1", str(news.peer))] * 2
    [told] = await desk.told()
    assert "(first, second)" in told
    desk.restart()
    assert await desk.later(minutes=5) == []


async def test_a_refusal_that_may_pass_is_not_taken_for_the_end_until_it_has_come_three_times(
    desk: ChannelDesk,
) -> None:
    news = desk.channel()
    await desk.subscribe("News")
    strange = desk.server.faults.add(Refuse(400, "MSG_ID_INVALID"), "messages.getHistory", times=2)
    desk.post(news, "one")
    await desk.later(minutes=5)
    await desk.later(minutes=5)
    assert strange.hits == 2
    assert await desk.later(minutes=5) == [True]
    assert await desk.posts() == [["one"]]
    desk.server.faults.add(Refuse(400, "MSG_ID_INVALID"), "messages.getHistory", times=None)
    for _ in range(3):
        await desk.later(minutes=5)
    assert (await desk.row())[0] == "paused"
    assert len(await desk.told()) == 1


async def test_what_is_ended_while_its_posts_are_read_fires_no_more(desk: ChannelDesk) -> None:
    news = desk.channel()
    subscription = await desk.subscribe("News")
    desk.post(news, "one")
    desk.clock.moves(minutes=5)
    fired = []
    async for event in desk.source.due():
        async with desk.database.transaction() as tx:
            await desk.subscriptions.set_state(tx, replace(subscription, state="cancelled"))
        fired.append(await desk.executor.execute(event))
    assert fired == [False]
    assert await desk.events() == []


async def test_a_name_that_another_chat_has_taken_is_not_taken_for_the_one_that_was_followed(desk: ChannelDesk) -> None:
    impostor = desk.channel(joined=False)
    assert (await desk.source.resolve(f"{impostor.peer} @news_public", Filter())).title == "News"
    with pytest.raises(NotFound, match="cannot be found any more"):
        await desk.source.resolve("-1001234567890 @news_public", Filter())


async def test_what_cannot_be_read_cannot_be_subscribed_to(desk: ChannelDesk) -> None:
    desk.channel()
    desk.server.faults.add(Refuse(400, "CHANNEL_PRIVATE"), "messages.getHistory")
    with pytest.raises(NotFound, match=r"cannot read <title .*>News</title"):
        await desk.source.resolve("News", Filter())
