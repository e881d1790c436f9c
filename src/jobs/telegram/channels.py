"""Channels and groups as something to follow. New posts are told by ringing only; they are read from the history, so

that what came while nobody listened and what comes now go the same way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Any

from telethon import errors, events, utils
from telethon.tl import functions, types

from jobs.core.errors import NotFound
from jobs.core.people import one_line
from jobs.core.posts import FeedChat, Page
from jobs.telegram.chat_links import Ids, Invite, Title, Username, parse_source
from jobs.telegram.client import Telegram, translated
from jobs.telegram.finding import by_username, look_at_invite, plain, titled, username_of
from jobs.telegram.posts import PAGE, parse_page

log = logging.getLogger(__name__)

_DIALOGS = 1000
_NAMED = 10
_CHATS = (types.Channel, types.ChannelForbidden, types.Chat, types.ChatForbidden)


class TelegramChannels:
    """Implements `core.ports.ChannelFeed`."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._client: Any = telegram.client
        self._watched: frozenset[int] = frozenset()
        self._news: set[int] = set()
        self.bell = asyncio.Event()

    def listen(self) -> None:
        """Ring from now on when something happens in a chat that is watched."""
        self._client.add_event_handler(self._on_message, events.NewMessage())
        self._client.add_event_handler(
            self._on_change, events.Raw((types.UpdateChannel, types.UpdateChannelTooLong, types.UpdateChatParticipants))
        )

    async def _on_message(self, event: Any) -> None:
        if not event.is_private:
            self._ring(event.chat_id)

    async def _on_change(self, update: Any) -> None:
        """The account has come or gone, or Telegram names no more than the chat."""
        group = isinstance(update, types.UpdateChatParticipants)
        peer = types.PeerChat(update.participants.chat_id) if group else types.PeerChannel(update.channel_id)
        self._ring(utils.get_peer_id(peer))

    def _ring(self, chat_id: int) -> None:
        if chat_id in self._watched and chat_id not in self._news:
            self._news.add(chat_id)
            self.bell.set()

    def look_everywhere(self) -> None:
        """Something may have been missed in every chat: the connection was gone."""
        for chat_id in self._watched:
            self._ring(chat_id)

    def watch(self, chat_ids: Collection[int]) -> None:
        """See the port."""
        self._watched = frozenset(chat_ids)

    def take_news(self) -> Collection[int]:
        """See the port."""
        taken, self._news = self._news, set()
        return taken

    # ---- finding ----

    async def find(self, source: str) -> FeedChat:
        """See the port."""
        with translated():
            match parse_source(source):
                case Username(name):
                    entity = await by_username(self._client, name)
                case Invite(invite):
                    entity = await self._by_invite(invite)
                case Ids(candidates):
                    entity = await self._by_id(candidates) or await self._by_title(source.strip())
                case Title(text) as title:
                    entity = await self._by_title(text)
                    if entity is None and title.username is not None:
                        entity = await by_username(self._client, title.username.name)
        if entity is None:
            raise NotFound(
                f"No channel or group is known as {source!r}, neither by that name nor among this account's chats. Ask "
                "for its @username, a link to it, or its exact title."
            )
        self._telegram.remember()
        return await self._chat_of(entity, source)

    async def _by_invite(self, invite: str) -> Any:
        found = await look_at_invite(self._client, invite)
        if isinstance(found, types.ChatInviteAlready):
            return found.chat
        by_request = " (its admins decide who is let in)" if found.request_needed else ""
        raise NotFound(
            f"The link leads to {titled(found.title)}{by_request}, and this account is not in it, so that it can "
            "read nothing there. Nothing was joined: its people would see that. Ask the owner to let this account join "
            "first."
        )

    async def _by_id(self, candidates: Sequence[int]) -> Any:
        for chat_id in candidates:
            try:
                return await self._client.get_entity(chat_id)
            except (ValueError, errors.BadRequestError):  # not met yet by this name
                continue
        return next((dialog.entity for dialog in await self._chats() if dialog.id in candidates), None)

    async def _by_title(self, text: str) -> Any:
        """The chat of that title; failing that, the only one whose title contains it."""
        wanted, chats = plain(text), await self._chats()
        same = [dialog for dialog in chats if plain(dialog.name) == wanted]
        found = same or [dialog for dialog in chats if wanted and wanted in plain(dialog.name)]
        if len(found) > 1:
            named = "; ".join(map(_named, found[:_NAMED]))
            more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            raise NotFound(f"Several chats may be meant by {text!r}: {named}{more}. Ask which, and give its id.")
        return found[0].entity if found else None

    async def _chats(self) -> Sequence[Any]:
        dialogs = [dialog async for dialog in self._client.iter_dialogs(limit=_DIALOGS)]
        return [d for d in dialogs if isinstance(d.entity, _CHATS) and not getattr(d.entity, "migrated_to", None)]

    async def _chat_of(self, entity: Any, source: str) -> FeedChat:
        """What was found, if it can be followed."""
        if not isinstance(entity, _CHATS):
            raise NotFound(f"{source!r} is a person, not a channel or a group: only those can be followed.")
        moved = getattr(entity, "migrated_to", None)
        if moved is not None:
            with translated():
                entity = await self._client.get_entity(moved)
        chat = chat_of(entity)
        if isinstance(entity, types.ChannelForbidden | types.ChatForbidden) or not (chat.joined or chat.username):
            raise NotFound(
                f"This account is not in {titled(chat.title)} (any more), so that it can read nothing there."
            )
        return chat

    # ---- reading ----

    async def latest(self, chat: FeedChat) -> int:
        """See the port."""
        return await self._id_at(chat, 0)

    async def before_latest(self, chat: FeedChat, count: int) -> int:
        """See the port."""
        return await self._id_at(chat, count)

    async def _id_at(self, chat: FeedChat, back: int) -> int:
        history = await self._history(chat, offset_id=0, add_offset=back, limit=1)
        return history.messages[0].id if history.messages else 0

    async def after(self, chat: FeedChat, position: int) -> Page:
        """See the port."""
        history = await self._history(chat, offset_id=position + 1, add_offset=-PAGE, limit=PAGE)
        return parse_page(history, chat, position, self._telegram.account.id)

    async def _history(self, chat: FeedChat, *, offset_id: int, add_offset: int, limit: int) -> Any:
        # Telethon's own iterator would ask a second time to be sure that there is no more.
        with translated():
            peer = await self._peer(chat)
            request = functions.messages.GetHistoryRequest(peer, offset_id, None, add_offset, limit, 0, 0, 0)
            return await self._client(request)

    async def _peer(self, chat: FeedChat) -> Any:
        """Telegram's handle of a chat, which a kill may have made Telethon forget."""
        try:
            return await self._client.get_input_entity(chat.id)
        except ValueError:
            await self._client.get_dialogs(limit=_DIALOGS)
        try:
            return await self._client.get_input_entity(chat.id)
        except ValueError:
            if chat.username and await by_username(self._client, chat.username):
                self._telegram.remember()
        return await self._client.get_input_entity(chat.id)  # who has taken the name is not whom the id means


def chat_of(entity: Any) -> FeedChat:
    """A Telethon chat as ours."""
    broadcast = bool(getattr(entity, "broadcast", False))
    return FeedChat(
        id=utils.get_peer_id(entity),
        username=username_of(entity),
        title=one_line(entity.title) or str(entity.id),
        kind="channel" if broadcast else "group",
        joined=not getattr(entity, "left", False),
    )


def _named(dialog: Any) -> str:
    chat = chat_of(dialog.entity)
    username = f", @{chat.username}" if chat.username else ""
    return f"{titled(chat.title)} ({chat.kind}{username}, id {chat.id})"
