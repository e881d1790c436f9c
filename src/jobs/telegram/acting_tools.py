"""Acting in the account's chats. What is sent goes through the outbox (tools.py); the rest is done at once."""

from __future__ import annotations

from pydantic import BaseModel, Field

from jobs.core.errors import ToolRetry
from jobs.core.i18n import Words
from jobs.core.journal import Journal
from jobs.core.ports import Composer, DisclosureCheck
from jobs.telegram.acting import Acting
from jobs.telegram.reading_tools import CHAT, explained
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool


class _Message(BaseModel):
    chat: str = Field(description=f"The chat: {CHAT}")
    message_id: int = Field(ge=1, description="The message's id there")


class TgEditMessage(_Message):
    """Parameters of tg_edit_message."""

    text: str = Field(description="What it is to say, in Markdown", min_length=1)


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="✏️ changing a message in {chat}", ru="✏️ меняю сообщение в {chat}"),
    atomic=False,
)
async def tg_edit_message(ctx: ToolContext, params: TgEditMessage) -> str:
    """Change the text of a message that this account has sent."""
    acting = ctx.use(Acting)
    with explained():
        found = await acting.target(params.chat)
        objection = await ctx.use(DisclosureCheck).objection(found.id, params.text)
        if objection is not None:
            raise ToolRetry(objection.why)
        parts = await ctx.use(Composer).compose(params.text)
        if len(parts) != 1:
            raise ToolRetry("The text must make exactly one message: it is empty or too long.")
        await acting.edit(found, params.message_id, parts[0])
    journal = ctx.use(Journal)
    ctx.change(lambda tx: journal.outbox.note_edit(tx, found.id, parts[0], params.message_id))
    return f"Message {params.message_id} in {found.described} reads so now."


class TgDeleteMessage(_Message):
    """Parameters of tg_delete_message."""

    for_everyone: bool = Field(default=True, description="Whether it goes from the others' screens as well")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="🗑 deleting a message in {chat}", ru="🗑 удаляю сообщение в {chat}"),
    atomic=False,
)
async def tg_delete_message(ctx: ToolContext, params: TgDeleteMessage) -> str:
    """Delete a message; it cannot be brought back."""
    acting = ctx.use(Acting)
    with explained():
        found = await acting.target(params.chat)
        await acting.delete(found, params.message_id, for_everyone=params.for_everyone)
    return f"Message {params.message_id} in {found.described} is deleted."


class TgReact(_Message):
    """Parameters of tg_react."""

    emoji: str = Field(description="One emoji that Telegram offers, such as 👍; empty takes the reaction back")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="{emoji} reacting in {chat}", ru="{emoji} реагирую в {chat}"),
    atomic=False,
)
async def tg_react(ctx: ToolContext, params: TgReact) -> str:
    """React to a message with an emoji."""
    acting = ctx.use(Acting)
    with explained():
        found = await acting.target(params.chat)
        await acting.react(found, params.message_id, params.emoji)
    return f"Message {params.message_id} in {found.described} has this account's {params.emoji or 'no reaction'} now."


class TgPinMessage(_Message):
    """Parameters of tg_pin_message."""

    unpin: bool = Field(default=False, description="Unpin it instead")
    silent: bool = Field(default=True, description="Whether the others are not notified")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="📌 pinning in {chat}", ru="📌 закрепляю в {chat}"),
    atomic=False,
)
async def tg_pin_message(ctx: ToolContext, params: TgPinMessage) -> str:
    """Pin a message in its chat, for everybody there, or unpin it."""
    acting = ctx.use(Acting)
    with explained():
        found = await acting.target(params.chat)
        await acting.pin(found, params.message_id, pinned=not params.unpin, silent=params.silent)
    return f"Message {params.message_id} in {found.described} is {'not pinned any more' if params.unpin else 'pinned'}."


class TgJoin(BaseModel):
    """Parameters of tg_join."""

    where: str = Field(description="The @username of a public channel or group, or an invite link")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="🚪 joining {where}", ru="🚪 вступаю: {where}"),
    atomic=False,
)
async def tg_join(ctx: ToolContext, params: TgJoin) -> str:
    """Join a channel or group; its people see that."""
    with explained():
        return await ctx.use(Acting).join(params.where)


class TgLeave(BaseModel):
    """Parameters of tg_leave."""

    chat: str = Field(description="The channel or group: @username, link, id or exact title")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="🚪 leaving {chat}", ru="🚪 выхожу: {chat}"),
    atomic=False,
)
async def tg_leave(ctx: ToolContext, params: TgLeave) -> str:
    """Leave a channel or group; a private one can be entered again only by an invitation."""
    acting = ctx.use(Acting)
    with explained():
        return await acting.leave(await acting.target(params.chat))


class TgMarkRead(BaseModel):
    """Parameters of tg_mark_read."""

    chat: str = Field(description=f"The chat: {CHAT}")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="✔️ marking {chat} as read", ru="✔️ отмечаю прочитанным: {chat}"),
    atomic=False,
)
async def tg_mark_read(ctx: ToolContext, params: TgMarkRead) -> str:
    """Mark a chat as read; the others see that."""
    acting = ctx.use(Acting)
    with explained():
        found = await acting.target(params.chat)
        await acting.mark_read(found)
    return f"{found.described} is marked as read."


class TgSaveDraft(BaseModel):
    """Parameters of tg_save_draft."""

    chat: str = Field(description=f"The chat: {CHAT}")
    text: str = Field(description="The draft, as plain text; empty removes it", max_length=4096)
    reply_to: int | None = Field(default=None, ge=1, description="The id of the message that it answers")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="📝 drafting for {chat}", ru="📝 черновик для {chat}"),
    atomic=False,
)
async def tg_save_draft(ctx: ToolContext, params: TgSaveDraft) -> str:
    """Leave a draft in a chat's input field of this account, for its owner to look at and send."""
    acting = ctx.use(Acting)
    with explained():
        found = await acting.target(params.chat)
        await acting.save_draft(found, params.text, params.reply_to)
    return f"The draft for {found.described} is {'saved' if params.text else 'removed'}; nobody else sees it."


TOOLS = (
    tg_edit_message,
    tg_delete_message,
    tg_react,
    tg_pin_message,
    tg_join,
    tg_leave,
    tg_mark_read,
    tg_save_draft,
)
