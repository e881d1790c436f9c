"""Channels and groups: found by whatever people call them, and read page by page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from jobs.core.errors import NotFound, RetryLater, Undeliverable
from jobs.core.posts import FeedChat, Post
from jobs.core.settings import Settings
from jobs.sandbox.telegram.faults import Refuse
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import Channel, TelegramWorld, User
from jobs.telegram.channels import TelegramChannels
from jobs.telegram.client import Telegram


@dataclass
class Desk:
    """A signed-in client, and the world around it."""

    world: TelegramWorld
    server: TelegramServer
    us: User
    ada: User
    settings: Settings
    stack: AsyncExitStack
    channels: TelegramChannels

    def channel(self, title: str = "News", *, joined: bool = True, **options: object) -> Channel:
        members = [self.us] if joined else []
        return self.world.add_channel(title, self.ada, *members, **options)  # type: ignore[arg-type]

    def calls(self, method: str = "messages.getHistory") -> int:
        return len(self.server.calls.of(method, user_id=self.us.id))

    async def reconnect(self) -> None:
        """Come back as after a kill: with the session file alone, and that as empty as a new one."""
        await self.stack.aclose()
        self.settings.tg_session_path.unlink()
        self.channels = await connect(self.server, self.us, self.settings, self.stack)


async def connect(server: TelegramServer, us: User, settings: Settings, stack: AsyncExitStack) -> TelegramChannels:
    server.create_session_file(settings.tg_session_path, us.id)
    telegram = await stack.enter_async_context(Telegram.connect(settings, lambda: None))
    channels = TelegramChannels(telegram)
    channels.listen()
    return channels


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    world = TelegramWorld()
    us, ada = world.add_user("Jobs"), world.add_user("Ada", "Lovelace", username="ada_l")
    settings = Settings(
        _env_file=None, tg_api_id=1, tg_api_hash="0" * 32, tg_user_id=ada.id, anthropic_api_key="k", data_dir=tmp_path
    )
    async with TelegramServer(world) as server, AsyncExitStack() as stack:
        yield Desk(world, server, us, ada, settings, stack, await connect(server, us, settings, stack))


def texts(posts: Sequence[Post]) -> list[str]:
    return [post.text for post in posts]


@pytest.mark.parametrize(
    "source",
    ["@the_news", "the_news", "t.me/the_news", "https://t.me/the_news/17", "https://t.me/s/the_news", "News",
     "  news ", "tg://resolve?domain=the_news", "the_news.t.me", "https://telegram.me/THE_NEWS?single"],
)  # fmt: skip
async def test_a_public_channel_is_found_by_its_name_a_link_or_its_title(desk: Desk, source: str) -> None:
    channel = desk.channel(username="the_news")
    found = await desk.channels.find(source)
    assert found == FeedChat(channel.peer, "the_news", "News", "channel", joined=True)


async def test_a_private_channel_is_found_by_link_invite_id_and_title(desk: Desk) -> None:
    club = desk.channel("Закрытый клуб", megagroup=True)
    for source in (
        f"https://t.me/c/{club.id}/5", f"t.me/+{club.invite_hash}", f"https://t.me/joinchat/{club.invite_hash}",
        f"tg://join?invite={club.invite_hash}", str(club.peer), str(club.id), "закрытый Клуб", "клуб",
    ):  # fmt: skip
        assert await desk.channels.find(source) == FeedChat(club.peer, None, "Закрытый клуб", "group", joined=True)


async def test_a_basic_group_is_found_and_what_has_become_a_supergroup_is_found_there(desk: Desk) -> None:
    group = desk.world.add_group("Trip", desk.ada, desk.us)
    assert (await desk.channels.find("Trip")).id == group.peer
    assert (await desk.channels.find(str(group.id))).id == group.peer
    channel = desk.world.migrate(group)
    assert (await desk.channels.find("Trip")).id == channel.peer
    assert (await desk.channels.find(str(group.peer))).id == channel.peer


async def test_of_several_with_one_title_none_is_guessed_and_all_are_named(desk: Desk) -> None:
    first, second = desk.channel("Flats"), desk.channel("Flats", username="flats_msk")
    desk.channel("Flats for rent")
    with pytest.raises(NotFound) as refused:
        await desk.channels.find("flats")
    named = re.sub(r"<title (\w+)>(.*?)</title \1>", r"“\2”", str(refused.value))
    assert f"“Flats” (channel, id {first.peer})" in named
    assert f"“Flats” (channel, @flats_msk, id {second.peer})" in named
    assert "for rent" not in str(refused.value)
    assert (await desk.channels.find("for rent")).title == "Flats for rent"


async def test_an_invite_link_to_where_the_account_is_not_joins_nothing_and_says_so(desk: Desk) -> None:
    club = desk.channel("Club", joined=False)
    club.join_by_request = True
    with pytest.raises(NotFound, match=r"<title (\w+)>Club</title \1> \(its admins decide.*not in it"):
        await desk.channels.find(f"t.me/+{club.invite_hash}")
    assert desk.us.id not in club.members
    assert not desk.calls("messages.importChatInvite")
    with pytest.raises(NotFound, match="expired"):
        await desk.channels.find("t.me/+nonsense")


async def test_people_and_what_does_not_exist_are_no_source_of_posts(desk: Desk) -> None:
    desk.world.send_text(desk.ada, desk.us, "hi")
    with pytest.raises(NotFound, match="is a person"):
        await desk.channels.find("@ada_l")
    for source in ("@nobody_at_all", "No such title", "-1009999999", "123456", ""):
        with pytest.raises(NotFound, match="No channel or group is known"):
            await desk.channels.find(source)


async def test_a_public_channel_is_read_without_being_in_it(desk: Desk) -> None:
    channel = desk.channel(username="the_news", joined=False)
    desk.world.send_text(desk.ada, channel, "headline")
    found = await desk.channels.find("@the_news")
    assert not found.joined
    page = await desk.channels.after(found, 0)
    [post] = page.posts
    assert (post.text, post.link, post.author) == ("headline", f"https://t.me/the_news/{post.last_id}", "")
    assert desk.us.id not in channel.members


async def test_history_is_read_oldest_first_in_pages_of_one_request_each(desk: Desk) -> None:
    channel = desk.channel()
    for number in range(250):
        desk.world.send_text(desk.ada, channel, str(number))
    chat = await desk.channels.find("News")
    position, read = 1, list[str]()
    for expected in (True, True, False):
        page = await desk.channels.after(chat, position)
        read += texts(page.posts)
        position = page.reached
        assert page.more is expected
    assert read == [str(number) for number in range(250)]
    assert desk.calls() == 3
    assert await desk.channels.latest(chat) == position
    assert await desk.channels.before_latest(chat, 50) == position - 50
    assert await desk.channels.before_latest(chat, 500) == 0
    empty = await desk.channels.after(chat, position)
    assert (empty.posts, empty.reached, empty.more) == ([], position, False)


async def test_an_album_is_one_post_even_where_a_page_ends_in_it(desk: Desk) -> None:
    channel = desk.channel()
    for number in range(98):
        desk.world.send_text(desk.ada, channel, str(number))
    desk.world.send_album(desk.ada, channel, "three pictures", "", "the last")
    chat = await desk.channels.find("News")
    first = await desk.channels.after(chat, 1)
    assert (len(first.posts), first.more) == (98, True)
    [album] = (await desk.channels.after(chat, first.reached)).posts
    assert (album.text, album.attachments) == ("three pictures\nthe last", ("photo",) * 3)
    assert album.last_id == album.first_id + 2


async def test_edits_are_read_as_they_are_and_what_was_deleted_is_gone(desk: Desk) -> None:
    channel = desk.channel()
    posts = [desk.world.send_text(desk.ada, channel, text) for text in ("one", "two", "three")]
    chat = await desk.channels.find("News")
    position = (await desk.channels.after(chat, 0)).reached
    desk.world.edit_text(posts[0], "changed")
    desk.world.delete(posts[2])
    assert (await desk.channels.after(chat, position)).posts == []
    assert texts((await desk.channels.after(chat, 0)).posts) == ["changed", "two"]


async def test_in_a_group_authors_are_named_and_what_the_account_says_itself_is_no_news(desk: Desk) -> None:
    club = desk.channel("Club", megagroup=True)
    desk.world.send_text(desk.ada, club, "hello")
    desk.world.send_text(desk.us, club, "my own words")
    page = await desk.channels.after(await desk.channels.find("Club"), 0)
    assert [(post.author, post.text) for post in page.posts] == [("Ada Lovelace", "hello")]


async def test_only_chats_that_are_watched_ring_and_each_once_until_it_is_looked_at(desk: Desk) -> None:
    news, other = desk.channel("News"), desk.channel("Other")
    group = desk.world.add_group("Trip", desk.ada, desk.us)
    for title in ("News", "Other", "Trip"):
        await desk.channels.find(title)
    desk.channels.watch([news.peer, group.peer])
    desk.world.send_text(desk.ada, other, "x")
    desk.world.send_text(desk.ada, news, "y")
    desk.world.send_text(desk.ada, group, "z")
    rung = set[int]()
    async with asyncio.timeout(60):
        while rung != {news.peer, group.peer}:
            await desk.channels.bell.wait()
            desk.channels.bell.clear()
            rung |= set(desk.channels.take_news())
    assert not desk.channels.take_news()
    desk.channels.look_everywhere()
    assert desk.channels.bell.is_set()
    assert set(desk.channels.take_news()) == {news.peer, group.peer}


async def test_being_banned_rings_and_reading_says_that_it_is_over(desk: Desk) -> None:
    club = desk.channel("Club", megagroup=True)
    chat = await desk.channels.find("Club")
    desk.channels.watch([club.peer])
    desk.world.ban(desk.us, club)
    async with asyncio.timeout(60):
        await desk.channels.bell.wait()
    with pytest.raises(Undeliverable) as gone:
        await desk.channels.after(chat, 0)
    assert gone.value.reason == "gone"
    with pytest.raises(NotFound):
        await desk.channels.find(str(club.peer))


async def test_a_channel_that_was_deleted_cannot_be_read(desk: Desk) -> None:
    channel = desk.channel()
    chat = await desk.channels.find("News")
    desk.world.delete_channel(channel)
    with pytest.raises(Undeliverable):
        await desk.channels.after(chat, 0)


async def test_a_group_tells_where_it_has_gone_and_that_the_account_was_taken_out(desk: Desk) -> None:
    from telethon import functions, types

    moving, closing = (desk.world.add_group(title, desk.ada, desk.us) for title in ("Moving", "Closing"))
    [first, second] = [await desk.channels.find(title) for title in ("Moving", "Closing")]
    channel = desk.world.migrate(moving)
    page = await desk.channels.after(first, 0)
    assert page.moved_to == FeedChat(channel.peer, kind="group")
    desk.world.send_text(desk.ada, channel, "here we are")
    assert texts((await desk.channels.after(page.moved_to, 0)).posts) == ["here we are"]
    assert not (await desk.channels.after(second, 0)).closed
    desk.world.perform(desk.ada, functions.messages.DeleteChatUserRequest(closing.id, types.InputUserSelf()))
    assert not (await desk.channels.after(second, 0)).closed
    hers = types.InputUser(desk.us.id, desk.world.secret("access", desk.ada.id, desk.us.id))
    closing.members[desk.ada.id] = 0
    desk.world.perform(desk.ada, functions.messages.DeleteChatUserRequest(closing.id, hers))
    assert (await desk.channels.after(second, 0)).closed


async def test_a_flood_wait_says_how_long(desk: Desk) -> None:
    desk.channel()
    chat = await desk.channels.find("News")
    desk.server.faults.add(Refuse(420, "FLOOD_WAIT_77"), "messages.getHistory")
    with pytest.raises(RetryLater) as refused:
        await desk.channels.after(chat, 0)
    assert refused.value.after == 77


async def test_a_chat_is_found_again_when_the_sign_in_file_has_forgotten_it(desk: Desk) -> None:
    desk.channel("Club", megagroup=True)
    public = desk.channel(username="the_news", joined=False)
    desk.world.send_text(desk.ada, public, "headline")
    club, news = await desk.channels.find("Club"), await desk.channels.find("@the_news")
    await desk.reconnect()
    assert await desk.channels.latest(club) > 0
    assert texts((await desk.channels.after(news, 0)).posts) == ["headline"]
    await desk.reconnect()
    public.username = None
    desk.channel("Impostor", joined=False, username="the_news")
    with pytest.raises(Undeliverable):
        await desk.channels.after(replace(news), 0)
