"""Posts as Telegram shows them, as ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from telethon import utils
from telethon.tl import types

from jobs.core.messages import AttachmentKind
from jobs.core.people import one_line
from jobs.core.posts import FeedChat, Page, Post
from jobs.telegram.attachments import attachment_of

PAGE = 100
"""Messages in one request: as many as Telegram gives."""
_MOST_LINKS = 10
_CHANNEL_MARK = 1_000_000_000_000


def parse_page(history: Any, chat: FeedChat, position: int, own_id: int) -> Page:
    """A piece of history after `position` as a page.

    What the account itself has written is no news, nor is who came and went. Raises nothing of Telegram's.
    """
    messages = sorted((m for m in history.messages if m.id > position), key=lambda message: message.id)
    more = len(history.messages) >= PAGE
    if more and (whole := _without_cut_album(messages)):
        messages = whole
    names = {utils.get_peer_id(one): utils.get_display_name(one) for one in (*history.users, *history.chats)}
    said = [m for m in messages if isinstance(m, types.Message) and not (m.out or m.sender_id == own_id)]
    posts = [_post(list(parts), chat, names) for _, parts in groupby(said, key=lambda m: m.grouped_id or -m.id)]
    reached = messages[-1].id if messages else position
    return Page(posts, reached, more, _moved_to(messages), closed=_is_closed(messages, own_id))


def _without_cut_album(messages: Sequence[Any]) -> Sequence[Any]:
    """Without an album at the end of a full page: the rest of it may stand on the next one."""
    album = getattr(messages[-1], "grouped_id", None)
    if album is None:
        return messages
    return [message for message in messages if getattr(message, "grouped_id", None) != album]


def _moved_to(messages: Sequence[Any]) -> FeedChat | None:
    for message in messages:
        action = getattr(message, "action", None)
        if isinstance(action, types.MessageActionChatMigrateTo):
            return FeedChat(utils.get_peer_id(types.PeerChannel(action.channel_id)), kind="group")
    return None


def _is_closed(messages: Sequence[Any], own_id: int) -> bool:
    """Whether the account was taken out: of a basic group the old history stays readable, and nothing more comes."""
    closed = False
    for message in messages:
        match getattr(message, "action", None):
            case types.MessageActionChatDeleteUser(user_id=gone) if gone == own_id:
                closed = True
            case types.MessageActionChatAddUser(users=added) if own_id in added:
                closed = False
            case _:
                pass
    return closed and isinstance(messages[-1].peer_id, types.PeerChat)


def _post(parts: Sequence[Any], chat: FeedChat, names: Mapping[int, str]) -> Post:
    first, last = parts[0], parts[-1]
    kinds: list[AttachmentKind] = [kind for part in parts if (kind := attachment_of(part)) is not None]
    links = [link for part in parts for link in _links(part)]
    return Post(
        first_id=first.id,
        last_id=last.id,
        sent_at=first.date,
        text="\n".join(filter(None, map(_text, parts))),
        author=_author(first, chat, names),
        attachments=tuple(kinds),
        links=tuple(dict.fromkeys(links))[:_MOST_LINKS],
        link=_link(chat, first.id),
    )


def _text(message: Any) -> str:
    poll = getattr(message, "poll", None)
    if poll is None:
        return message.message or ""
    answers = [answer.text.text for answer in poll.poll.answers]
    return "\n".join([poll.poll.question.text, *(f"- {answer}" for answer in answers)])


def _author(message: Any, chat: FeedChat, names: Mapping[int, str]) -> str:
    who = message.post_author or (names.get(message.sender_id, "") if message.sender_id != chat.id else "")
    source = message.fwd_from
    if source is None:
        return one_line(who)
    origin = source.from_name or (names.get(utils.get_peer_id(source.from_id), "") if source.from_id else "")
    return ", ".join(filter(None, (one_line(who), f"forwarded from {one_line(origin) or 'somebody'}")))


def _links(message: Any) -> Sequence[str]:
    return [entity.url for entity in message.entities or () if isinstance(entity, types.MessageEntityTextUrl)]


def _link(chat: FeedChat, message_id: int) -> str:
    if chat.username:
        return f"https://t.me/{chat.username}/{message_id}"
    bare = -chat.id - _CHANNEL_MARK
    return f"https://t.me/c/{bare}/{message_id}" if bare > 0 else ""
