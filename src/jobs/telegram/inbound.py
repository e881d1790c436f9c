"""From Telegram's updates to the journal. Handlers parse, write and return; nothing is answered here."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from telethon import events, utils
from telethon.tl import types

from jobs.core.errors import StorageError, Undeliverable
from jobs.core.journal import Journal
from jobs.core.messages import OWNER_SESSION, Forwarded, InboundMessage, RepliedTo, person_session
from jobs.core.ports import Questions, Secrets, SoundAlarm
from jobs.core.words import chat as words
from jobs.telegram.attachments import attachment_of, carried_by
from jobs.telegram.client import Telegram, translated
from jobs.telegram.commands import parse_command
from jobs.telegram.deletions import Deletions
from jobs.telegram.reactions import OwnerReactions

log = logging.getLogger(__name__)

_DIALOGS = 200
_LATEST = 100
_PEOPLE = 20
_LATEST_OF_A_PERSON = 50
"""Of so many people who have written lately, and so many messages in each chat: what was edited meanwhile."""


class Inbound:
    """Journals what people write to this account, each for their own session, and what they take back.

    `on_missed` is called for each message that the journal does not take: it is time to compare. `on_stop` is called
    with the session of a /stop among them.
    """

    def __init__(
        self,
        telegram: Telegram,
        journal: Journal,
        owner_id: int,
        alarm: SoundAlarm,
        *,
        questions: Questions,
        secrets: Secrets,
        typing: Callable[[str], None],
        on_missed: Callable[[], None],
        on_stop: Callable[[str], None],
    ) -> None:
        self._telegram = telegram
        self._journal = journal
        self._owner_id = owner_id
        self._alarm = alarm
        self.reactions = OwnerReactions(telegram, journal, owner_id, questions=questions, alarm=alarm)
        self._deletions = Deletions(telegram, journal, alarm)
        self._secrets = secrets
        self._typing = typing
        self._on_missed = on_missed
        self._on_stop = on_stop
        self._self_chat = telegram.account.id == owner_id
        self._missed = 0
        self._made_up = 0  # of those: how many had come when a comparison began that has succeeded since

    def listen(self) -> None:
        """Journal new messages, edits, deletions and reactions from now on."""
        client = self._telegram.client
        client.add_event_handler(self._on_message, events.NewMessage())
        client.add_event_handler(self._on_edit, events.MessageEdited())
        client.add_event_handler(self._on_typing, events.Raw(types.UpdateUserTyping))
        client.add_event_handler(self.reactions.on_update, events.Raw(types.UpdateMessageReactions))
        client.add_event_handler(self._deletions.on_deleted, events.MessageDeleted())

    async def reconcile(self) -> int:
        """Compare Telegram's history with the journal and add what is missing; returns how many that were.

        Updates alone do not tell what was sent before the first start, nor what a lost disk forgot.
        """
        missed = self._missed
        await self._journal.database.check_writable()  # before Telegram is asked in vain, again and again
        await self._deletions.compare()
        added = dialogs = people = 0
        with translated():
            client = self._telegram.client
            async for dialog in client.iter_dialogs(limit=_DIALOGS):
                dialogs += 1
                if not dialog.is_user:
                    continue
                if dialog.id == self._owner_id:
                    added += await self._reconcile_owner(dialog)
                    continue
                if people < _PEOPLE and await self._has_written(dialog.id):
                    people += 1
                    added += await self._journal_edits_of(dialog.id)
                if dialog.unread_count or await self._is_behind(dialog):
                    added += await self._reconcile_stranger(dialog)
        async with self._journal.database.transaction() as tx:
            if dialogs < _DIALOGS and await self._journal.inbox.reconciled(tx, self._owner_id) is None:
                # The owner has never written: all that comes is new, even if a later message marks it as read.
                await self._journal.inbox.set_reconciled(tx, self._owner_id, 0)
        self._made_up = missed
        if added:
            log.info("%d messages were waiting in Telegram", added)
        return added

    async def reconcile_owner(self) -> int:
        """The same for the owner's chat alone, unless others were missed: a few calls, every few minutes."""
        async with self._journal.database.transaction() as tx:
            seen = await self._journal.inbox.reconciled(tx, self._owner_id)
        if not seen or self._missed > self._made_up:  # there may be no chat to look at yet
            return await self.reconcile()
        await self._deletions.compare()
        with translated():
            return await self._journal_history(seen)

    async def _reconcile_owner(self, dialog: Any) -> int:
        async with self._journal.database.transaction() as tx:
            seen = await self._journal.inbox.reconciled(tx, self._owner_id)
        if seen is None:
            # In Saved Messages nothing is ever unread: what stands there from before is not a request.
            seen = dialog.dialog.top_message if self._self_chat else dialog.dialog.read_inbox_max_id
        return await self._journal_history(seen)

    async def _journal_history(self, seen: int) -> int:
        added, newest = await self._journal_edits(self._owner_id, _LATEST), seen
        async for message in self._telegram.client.iter_messages(self._owner_id, min_id=seen, reverse=True):
            newest = max(newest, message.id)
            if self._session_key(message):
                added += await self._receive(message, OWNER_SESSION)
        async with self._journal.database.transaction() as tx:
            await self._journal.inbox.set_reconciled(tx, self._owner_id, newest)
        return added

    async def _journal_edits(self, chat_id: int, most: int) -> int:
        """Edits of the latest messages of a chat: Telethon leaves those out of what it catches up with."""
        latest: list[Any] = [m async for m in self._telegram.client.iter_messages(chat_id, limit=most)]
        if chat_id == self._owner_id:
            await self.reactions.compare(latest)
        edits = [_parse_edit(m) for m in latest if _is_edited(m) and self._session_key(m)]
        inbox, outbox = self._journal.inbox, self._journal.outbox
        async with self._journal.database.transaction() as tx:
            edits = [
                edit
                for edit in edits
                if await inbox.revisions(tx, edit.chat_id, edit.message_id)
                and not await outbox.is_ours(tx, edit.chat_id, edit.message_id)
            ]
        session_key = OWNER_SESSION if chat_id == self._owner_id else person_session(chat_id)
        return sum([await self._receive_edit(edit, session_key) for edit in edits])

    async def _journal_edits_of(self, user_id: int) -> int:
        try:
            with translated():
                return await self._journal_edits(user_id, _LATEST_OF_A_PERSON)
        except Undeliverable as error:  # one chat that Telegram does not show must not keep the owner waiting
            log.warning("The chat with %d cannot be read: %s", user_id, error)
            return 0

    async def _has_written(self, user_id: int) -> bool:
        async with self._journal.database.transaction() as tx:
            return await self._journal.inbox.has_any(tx, user_id)

    async def _is_behind(self, dialog: Any) -> bool:
        """Whether something was said since this chat was compared: what is marked as read may have been missed."""
        async with self._journal.database.transaction() as tx:
            seen = await self._journal.inbox.reconciled(tx, dialog.id)
        return seen is not None and dialog.dialog.top_message > seen

    async def _reconcile_stranger(self, dialog: Any) -> int:
        """All that a person has written since the last comparison, in its order; before the first, what is unread."""
        inbox = self._journal.inbox
        async with self._journal.database.transaction() as tx:
            seen = await inbox.reconciled(tx, dialog.id)
        newest = since = dialog.dialog.read_inbox_max_id if seen is None else seen
        added = 0
        try:
            with translated():
                async for message in self._telegram.client.iter_messages(dialog.id, min_id=since, reverse=True):
                    newest = max(newest, message.id)
                    if not message.out and message.sender_id is not None:
                        added += await self._journal.receive(parse(message), self._session_key(message))
            async with self._journal.database.transaction() as tx:
                await inbox.set_reconciled(tx, dialog.id, newest)
        except Undeliverable as error:  # one chat that Telegram does not show must not keep the owner waiting
            log.warning("The chat with %d cannot be read: %s", dialog.id, error)
        return added

    async def _on_message(self, event: Any) -> None:
        message = event.message
        if not event.is_private or isinstance(message, types.MessageService):
            return
        session_key = self._session_key(message)
        if message.out and session_key is None:
            return  # written by this account's person on another device
        if await self._journalled(lambda: self._receive(message, session_key)):
            return
        if session_key == OWNER_SESSION and not message.fwd_from and parse_command(message.message or "") == "stop":
            self._on_stop(session_key)
        await self._alarm(words.DISK_REFUSES)

    async def _receive(self, message: Any, session_key: str | None) -> bool:
        """Journal a message; what is secret in it is taken out before."""
        return await self._journal.receive(await self._without_secret(parse(message), session_key), session_key)

    async def _without_secret(self, message: InboundMessage, session_key: str | None) -> InboundMessage:
        if session_key != OWNER_SESSION:
            return message
        if self._self_chat:  # our own words come back there
            async with self._journal.database.transaction() as tx:
                if await self._journal.outbox.may_be_ours(tx, message.chat_id, message.message_id, message.text):
                    return message
        return await self._secrets.seen(message)

    async def _receive_edit(self, edit: InboundMessage, session_key: str) -> bool:
        return await self._journal.receive_edit(await self._without_secret(edit, session_key), session_key)

    async def _on_typing(self, update: Any) -> None:
        if isinstance(update.action, types.SendMessageTypingAction):
            self._typing(person_session(update.user_id))

    async def _on_edit(self, event: Any) -> None:
        message = event.message
        session_key = self._session_key(message) if event.is_private else None
        if session_key is None or not _is_edited(message):
            return
        if not await self._journalled(lambda: self._receive_edit(_parse_edit(message), session_key)):
            await self._alarm(words.DISK_REFUSES)

    async def _journalled(self, write: Callable[[], Awaitable[bool]]) -> bool:
        """Whether the journal took it. After one that it did not take, a comparison brings all of them in order."""
        if self._missed == self._made_up:
            try:
                await write()
                return True
            except StorageError as error:
                log.error("A message could not be journalled; a comparison with Telegram will find it: %s", error)
        self._missed += 1
        self._on_missed()
        return False

    def _session_key(self, message: Any) -> str | None:
        """Whose session a message of a private chat is for: people are known by their numeric ids alone."""
        if message.chat_id != self._owner_id:
            ours = message.out or message.sender_id != message.chat_id
            return None if ours else person_session(message.chat_id)
        if self._self_chat:
            ours = words.is_alarm(message.message or "") and not message.fwd_from
            return None if ours else OWNER_SESSION
        return OWNER_SESSION if message.sender_id == self._owner_id and not message.out else None


def _is_edited(message: Any) -> bool:
    """Whether its author changed it; a reaction or a link's preview changes it, too, and says so by `edit_hide`."""
    return message.edit_date is not None and not getattr(message, "edit_hide", False)


def _parse_edit(message: Any) -> InboundMessage:
    return parse(message, edited_at=int(message.edit_date.timestamp()))


def parse(message: Any, *, edited_at: int = 0) -> InboundMessage:
    """A Telethon message as ours."""
    return InboundMessage(
        chat_id=message.chat_id,
        message_id=message.id,
        edited_at=edited_at,
        sender_id=message.sender_id or message.chat_id,
        sent_at=message.date,
        text=message.message or "",
        reply_to=_replied_to(message),
        forwarded=_forwarded(message),
        attachment=attachment_of(message),
        carried=carried_by(message),
        album_id=message.grouped_id,
    )


def _replied_to(message: Any) -> RepliedTo | None:
    header = message.reply_to
    if not isinstance(header, types.MessageReplyHeader):
        return None
    quote, peer, author = header.quote_text or None, header.reply_to_peer_id, header.reply_from
    if author is not None or (peer is not None and utils.get_peer_id(peer) != message.chat_id):
        return RepliedTo(elsewhere=True, author=getattr(author, "from_name", None), quote=quote)
    if not header.reply_to_msg_id and not quote:
        return None
    # Whose it was and what it said is looked up when the message is handed over: handlers do not ask Telegram.
    return RepliedTo(message_id=header.reply_to_msg_id or None, quote=quote)


def _forwarded(message: Any) -> Forwarded | None:
    header = message.fwd_from
    if header is None:
        return None
    forward = message.forward
    known = (forward.sender or forward.chat) if forward is not None else None
    name = utils.get_display_name(known) if known is not None else (header.from_name or "somebody")
    username = getattr(known, "username", None)
    return Forwarded(origin=f"{name} (@{username})" if username else name, sent_at=header.date)
