"""Reading in the account's chats, a page at a time; nothing here changes anything, nor marks it as read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from telethon import errors, utils
from telethon.tl import functions, types

from jobs.core.errors import NotFound
from jobs.core.fence import fenced
from jobs.core.people import one_line
from jobs.telegram.client import Telegram, translated
from jobs.telegram.finding import SIGN_IN_CODES, Finder, Found, found_of, plain
from jobs.telegram.listing import Names, line_of, listed, names_in

MOST = 100
"""Messages in one request: as many as Telegram gives."""
_DIALOGS = 1000
_PREVIEW = 160
_STATUS: dict[type[Any], str] = {
    types.UserStatusOnline: "online",
    types.UserStatusRecently: "seen recently",
    types.UserStatusLastWeek: "seen within a week",
    types.UserStatusLastMonth: "seen within a month",
}


@dataclass(frozen=True, slots=True)
class Window:
    """Which messages: the newest `limit` of those before an id and not older than a moment."""

    limit: int
    before: int = 0
    since: datetime | None = None


class Reader:
    """Answers as text for the model. Every method raises NotFound, with a sentence, and TelegramError."""

    def __init__(self, telegram: Telegram, finder: Finder, zone: tzinfo) -> None:
        self._client: Any = telegram.client
        self.finder = finder
        self.zone = zone

    # ---- chats and people ----

    async def dialogs(self, query: str, *, unread: bool, limit: int, skip: int) -> str:
        """The account's chats, the latest first."""
        with translated():
            every = [dialog async for dialog in self._client.iter_dialogs(limit=_DIALOGS)]
        wanted = plain(query)
        fitting = [
            dialog
            for dialog in every
            if (not unread or dialog.unread_count or dialog.dialog.unread_mark)
            and (wanted in plain(dialog.name) or wanted in (found_of(dialog.entity).username or "").casefold())
        ]
        page = fitting[skip : skip + limit]
        if not page:
            return "There are no such chats." if not fitting else "There are no more."
        shown = listed([self._dialog(dialog) for dialog in page], "chats")
        left = len(fitting) - skip - len(page) + shown.left_out
        more = f"\n{left} more: skip={skip + len(page) - shown.left_out}" if left else ""
        return f"{len(fitting)} chats, the latest first.\n{shown.text}{more}"

    def _dialog(self, dialog: Any) -> str:
        found = found_of(dialog.entity)
        username = f", @{found.username}" if found.username else ""
        unread = f", {dialog.unread_count} unread" if dialog.unread_count else ""
        line = f"{found.name} ({found.kind}{username}, id {found.id}{unread})"
        message = dialog.message
        if message is None or found.id == SIGN_IN_CODES:
            return line
        last = line_of(message, {found.id: found.name}, self.zone).splitlines()[0]
        return f"{line} {last[:_PREVIEW]}"

    async def participants(self, chat: str, query: str, *, limit: int, skip: int) -> str:
        """Who is in a group, or in a channel where this account is an admin."""
        found = await self.open(chat)
        if found.kind not in ("group", "channel"):
            raise NotFound(f"{found.described} is no group: nobody else is in it. See tg_get_user_info.")
        with translated():
            if isinstance(found.entity, types.Chat):
                users, total = await self._of_basic_group(found, query)
                users = users[skip : skip + limit]
            else:
                users, total = await self._of_channel(found, query, limit, skip)
        if not users:
            return "Nobody (else) fits."
        lines = [f"{one_line(utils.get_display_name(user))}{_facts(user)}" for user in users]
        shown = listed(lines, "members")
        reached = skip + len(users) - shown.left_out
        more = f"\n{total - reached} more: skip={reached}" if total > reached else ""
        return f"{found.described}: {total} people fit.\n{shown.text}{more}"

    async def _of_basic_group(self, found: Found, query: str) -> tuple[Sequence[Any], int]:
        full: Any = await self._client(functions.messages.GetFullChatRequest(found.entity.id))
        given = full.full_chat.participants
        if isinstance(given, types.ChatParticipantsForbidden):
            raise NotFound(f"This account is not in {found.described} (any more), so it may not see who is.")
        ids = {one.user_id for one in given.participants}
        users = [user for user in full.users if user.id in ids and plain(query) in plain(utils.get_display_name(user))]
        return users, len(users)

    async def _of_channel(self, found: Found, query: str, limit: int, skip: int) -> tuple[Sequence[Any], int]:
        try:
            answer: Any = await self._client(
                functions.channels.GetParticipantsRequest(
                    channel=found.entity,
                    filter=types.ChannelParticipantsSearch(query),
                    offset=skip,
                    limit=limit,
                    hash=0,
                )
            )
        except errors.ChatAdminRequiredError:
            raise NotFound(f"Only admins may see who is in {found.described}, and this account is none.") from None
        users = {user.id: user for user in answer.users}
        order = [getattr(one, "user_id", None) for one in answer.participants]
        return [users[user_id] for user_id in order if user_id in users], answer.count

    async def person(self, who: str) -> str:
        """What Telegram tells of somebody."""
        found = await self.finder.find(who)
        if found.kind in ("group", "channel"):
            raise NotFound(f"{found.described} is no person. See tg_read_chat and tg_get_participants.")
        with translated():
            full: Any = await self._client(functions.users.GetFullUserRequest(found.entity))
        user, more = found.entity, full.full_user
        was_online: datetime | None = getattr(user.status, "was_online", None)
        status = _STATUS.get(type(user.status), "")
        if was_online is not None:
            status = f"last seen {was_online.astimezone(self.zone):%Y-%m-%d %H:%M}"
        facts = [
            f"{found.described}",
            f"phone: +{user.phone}" if user.phone else "phone: hidden from this account",
            f"contact: {'yes' if user.contact else 'no'}",
            status,
            "the account was deleted" if user.deleted else "",
            "blocked by this account" if more.blocked else "",
            f"groups in common: {more.common_chats_count}",
            f"about: {fenced(more.about)}" if more.about else "",
        ]
        return "\n".join(filter(None, facts))

    # ---- messages ----

    async def chat(self, who: str, window: Window) -> str:
        """What was said in a chat of any kind."""
        return await self._history(await self.open(who), window)

    async def channel(self, who: str, window: Window) -> str:
        """What was posted in a channel, joined or public."""
        found = await self.open(who)
        if found.kind != "channel":
            raise NotFound(f"{found.described} is no channel: use tg_read_chat.")
        return await self._history(found, window)

    async def _history(self, found: Found, window: Window) -> str:
        with translated():
            answer: Any = await self._client(
                functions.messages.GetHistoryRequest(
                    peer=found.entity, offset_id=window.before, offset_date=None, add_offset=0,
                    limit=window.limit, max_id=0, min_id=0, hash=0,
                )
            )  # fmt: skip
        return self._page(f"{found.described}", answer, window)

    async def comments(self, who: str, post_id: int, window: Window) -> str:
        """What was written below a post."""
        found = await self.open(who)
        with translated():
            posts: Any = await self._client.get_messages(found.entity, ids=[post_id])
            post = posts[0] if posts else None
            if post is None:
                raise NotFound(f"There is no post {post_id} in {found.described}.")
            if post.replies is None or not post.replies.comments:
                raise NotFound(f"{found.described} has no comments below post {post_id}: they are switched off there.")
            answer: Any = await self._client(
                functions.messages.GetRepliesRequest(
                    peer=found.entity, msg_id=post_id, offset_id=window.before, offset_date=None, add_offset=0,
                    limit=window.limit, max_id=0, min_id=0, hash=0,
                )
            )  # fmt: skip
        return self._page(f"Comments below post {post_id} of {found.described}", answer, window)

    async def search(self, query: str, chat: str, sender: str, window: Window) -> str:
        """Messages in which words are found, in one chat or in all; of one sender, if told so."""
        author = await self.finder.find(sender) if sender else None
        if not chat:
            return await self._search_everywhere(query, author, window)
        found = await self.open(chat)
        with translated():
            answer: Any = await self._client(
                functions.messages.SearchRequest(
                    peer=found.entity, q=query, filter=types.InputMessagesFilterEmpty(), min_date=window.since,
                    max_date=None, offset_id=window.before, add_offset=0, limit=window.limit, max_id=0, min_id=0,
                    hash=0, from_id=author.entity if author is not None else None,
                )
            )  # fmt: skip
        return self._page(f"Found in {found.described}", answer, window)

    async def _search_everywhere(self, query: str, author: Found | None, window: Window) -> str:
        with translated():
            answer: Any = await self._client(
                functions.messages.SearchGlobalRequest(
                    q=query, filter=types.InputMessagesFilterEmpty(), min_date=window.since, max_date=None,
                    offset_rate=0, offset_peer=types.InputPeerEmpty(), offset_id=0,
                    limit=MOST if author is not None else window.limit,
                )
            )  # fmt: skip
        hits = [
            message
            for message in answer.messages
            if message.chat_id != SIGN_IN_CODES and (author is None or message.sender_id == author.id)
        ]
        if not hits:
            return "Nothing was found in the chats of this account."
        names = names_in(answer)
        shown = listed([line_of(message, names, self.zone, chat=True) for message in hits[: window.limit]], "messages")
        more = "" if len(hits) + shown.left_out < window.limit else "\nThere may be more: name the chat, or `since`."
        return f"Found in the chats of this account, the newest first.\n{shown.text}{more}"

    def _page(self, what: str, answer: Any, window: Window) -> str:
        """Messages as Telegram gives them, the newest first; shown so, too, and how to read on."""
        messages: list[Any] = [message for message in answer.messages if not isinstance(message, types.MessageEmpty)]
        since = window.since
        fitting = [message for message in messages if since is None or message.date >= since]
        if not fitting:
            return f"{what}: nothing{' since then' if since is not None else ''}."
        names: Names = names_in(answer)
        whole = len(fitting) == 1
        shown = listed([line_of(message, names, self.zone, whole=whole) for message in fitting], "messages")
        count = len(fitting) - shown.left_out
        ended = len(fitting) < len(messages) or len(messages) < window.limit
        more = "" if ended and not shown.left_out else f"\nEarlier ones: before={fitting[count - 1].id}"
        return f"{what}: {count} messages, the newest first.\n{shown.text}{more}"

    async def open(self, who: str) -> Found:
        """A chat to read in."""
        found = await self.finder.find(who)
        if found.id == SIGN_IN_CODES:
            raise NotFound("That chat holds Telegram's sign-in codes: it is not read. The owner can see it in the app.")
        return found


def _facts(user: Any) -> str:
    username = f", @{user.username}" if user.username else ""
    return f" ({'bot' if user.bot else 'person'}{username}, id {user.id})"
