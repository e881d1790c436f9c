"""What the account does in its chats beside sending: each is done at once, and doing it again changes nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from telethon import errors
from telethon.tl import functions, types

from jobs.core.errors import NotFound, ToolDenied, ToolRetry, Undeliverable
from jobs.core.ports import REDACTED, OpenErrands
from jobs.core.rich_text import RichText
from jobs.telegram.attachments import said_in
from jobs.telegram.chat_links import Invite, parse_source
from jobs.telegram.client import Telegram, translated
from jobs.telegram.finding import SIGN_IN_CODES, Finder, Found, found_of, titled


@dataclass(frozen=True, slots=True)
class Discussion:
    """Where a post is commented on: its group, and the message there that stands for it."""

    chat_id: int
    message_id: int
    name: str


class Acting:
    """Every method raises NotFound and TelegramError; those that take a name also ToolRetry and ToolDenied."""

    def __init__(
        self, telegram: Telegram, finder: Finder, errands: OpenErrands, *, owner_chat: int, zone: tzinfo
    ) -> None:
        self._telegram = telegram
        self._client: Any = telegram.client
        self._finder = finder
        self._errands = errands
        self._owner_chat = owner_chat
        self.zone = zone

    # ---- who may be reached ----

    async def recipient(self, who: str) -> Found:
        """Whom to write to: nobody with whom an errand is open, because what is said to them belongs to that."""
        found = await self._finder.find(who)
        await self._errands.refuse_beside(found.id)
        return found

    async def target(self, who: str) -> Found:
        """A chat to act in; never the owner's, where a changed question or a 👍 would pass for the owner's word."""
        found = await self.recipient(who)
        self.not_the_owners(found.id)
        if found.id == SIGN_IN_CODES:
            raise ToolDenied("That chat tells the owner of every sign-in: nothing there is deleted, hidden or changed.")
        return found

    def not_the_owners(self, chat_id: int) -> None:
        """Raises ToolDenied for the chat in which the owner gives their word."""
        if chat_id == self._owner_chat:
            raise ToolDenied(
                "That is the owner's conversation with you: nothing is changed there by tools. Say it in your answer; "
                "for later, use schedule_task."
            )

    # ---- messages ----

    async def said(self, chat_id: int, message_id: int) -> tuple[str, str]:
        """What a message says, and that with all that hangs on it. Raises ToolDenied for a secret of the owner's."""
        message = await self._telegram.message(chat_id, message_id)
        if message is None or message.message is None:
            raise NotFound(f"There is no message {message_id} in that chat.")
        everything = said_in(message)
        if everything == REDACTED:
            raise ToolDenied("That message holds a secret that the owner has entered: leave it alone.")
        return message.message, everything

    async def edit(self, found: Found, message_id: int, content: RichText) -> None:
        """Change a text of this account's."""
        await self._telegram.edit(found.id, message_id, content)

    async def delete(self, found: Found, message_id: int, *, for_everyone: bool) -> None:
        """Delete a message."""
        await self.said(found.id, message_id)
        with translated():
            await self._client.delete_messages(found.entity, [message_id], revoke=for_everyone)

    async def react(self, found: Found, message_id: int, emoji: str) -> None:
        """React with one emoji; with none, take the reaction back."""
        reaction: list[types.TypeReaction] = [types.ReactionEmoji(emoji)] if emoji else []
        with translated(), suppress(errors.MessageNotModifiedError):
            await self._client(functions.messages.SendReactionRequest(found.entity, message_id, reaction=reaction))

    async def pin(self, found: Found, message_id: int, *, pinned: bool, silent: bool) -> None:
        """Pin a message, for everybody, or unpin it."""
        with translated(), suppress(errors.ChatNotModifiedError):
            await self._client(
                functions.messages.UpdatePinnedMessageRequest(
                    found.entity, message_id, silent=silent or None, unpin=not pinned or None
                )
            )

    async def discussion(self, channel: str, post_id: int) -> Discussion:
        """Where a channel's post is commented on."""
        found = await self._finder.find(channel)
        try:
            with translated():
                answer: Any = await self._client(functions.messages.GetDiscussionMessageRequest(found.entity, post_id))
        except Undeliverable as error:
            if str(error) != "MSG_ID_INVALID":
                raise
            raise NotFound(f"{found.described} has no comments below post {post_id}, or no such post.") from error
        if not answer.messages:
            raise NotFound(f"{found.described} has no comments below post {post_id}.")
        top = answer.messages[0]
        self._telegram.remember()
        return Discussion(top.chat_id, top.id, found.described)

    # ---- chats ----

    async def join(self, where: str) -> str:
        """Join a public channel or group, or one by its invite link; returns what came of it."""
        source = parse_source(where)
        if isinstance(source, Invite):
            return await self._join_by(source.hash)
        found = await self._finder.find(where)
        if found.kind not in ("group", "channel") or isinstance(found.entity, types.Chat):
            raise ToolRetry(
                f"{found.described} cannot be joined so: give a public channel or group, or an invite link."
            )
        try:
            with translated(), suppress(errors.UserAlreadyParticipantError):
                await self._client(functions.channels.JoinChannelRequest(found.entity))
        except Undeliverable as error:
            return _waits(error)
        return f"This account is in {found.described} now."

    async def _join_by(self, invite: str) -> str:
        try:
            with translated():
                known: Any = await self._client(functions.messages.CheckChatInviteRequest(invite))
                if isinstance(known, types.ChatInviteAlready):
                    return f"This account is in {found_of(known.chat).described} already."
                await self._client(functions.messages.ImportChatInviteRequest(invite))
        except Undeliverable as error:
            return _waits(error)
        return f"This account is in {titled(known.title)} now."

    async def leave(self, found: Found) -> str:
        """Leave a group or channel."""
        if found.kind not in ("group", "channel"):
            raise ToolRetry(f"{found.described} is no group or channel: there is nothing to leave.")
        with translated(), suppress(errors.UserNotParticipantError):
            if isinstance(found.entity, types.Chat):
                me = types.InputUserSelf()
                await self._client(functions.messages.DeleteChatUserRequest(found.entity.id, me))
            else:
                await self._client(functions.channels.LeaveChannelRequest(found.entity))
        return f"This account is not in {found.described} any more."

    async def mark_read(self, found: Found) -> None:
        """Mark a chat as read to its end; people see that."""
        with translated():
            await self._client.send_read_acknowledge(found.entity)

    async def save_draft(self, found: Found, text: str, reply_to: int | None) -> None:
        """Leave a text in a chat's input field, for the account's owner to send; an empty one clears it."""
        target = types.InputReplyToMessage(reply_to) if reply_to else None
        with translated():
            await self._client(functions.messages.SaveDraftRequest(found.entity, text, reply_to=target))

    def moment(self, at: str, now: datetime) -> datetime | None:
        """When to send; None for at once. Raises ToolRetry for a moment that Telegram does not take."""
        if not at:
            return None
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise ToolRetry(f"{at!r} is no moment. Write it like 2026-05-31T14:00.") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=self.zone)
        if not 60 <= (moment - now).total_seconds() <= 364 * 86400:
            raise ToolRetry("Telegram keeps a message for a minute at least and a year at most.")
        return moment


def _waits(error: Undeliverable) -> str:
    """What came of asking to be let in, where it is not decided yet. Raises the error otherwise."""
    if isinstance(error.__cause__, errors.InviteRequestSentError):
        return "Asked to be let in: its admins decide, and nothing can be read there before."
    if isinstance(error.__cause__, errors.InviteHashExpiredError | errors.InviteHashInvalidError):
        raise NotFound("That invite link has expired or was revoked. Ask for a new one.") from error
    raise error
