"""What the model can send in Telegram: each message goes through the outbox, so that it is sent once."""

from __future__ import annotations

from pydantic import BaseModel, Field

from jobs.core.clock import Clock
from jobs.core.errors import ToolRetry
from jobs.core.i18n import Words
from jobs.core.journal.outbox import Manner
from jobs.core.ports import Composer, DisclosureCheck
from jobs.core.rich_text import RichText
from jobs.telegram.acting import Acting
from jobs.telegram.reading import Reader
from jobs.telegram.reading_tools import CHAT, explained
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool


class TgSendMessage(BaseModel):
    """Parameters of tg_send_message."""

    to: str = Field(description="@username, phone, id, link, title, contact, or `me` (Saved Messages)")
    text: str = Field(description="The message, in Markdown", min_length=1)
    reply_to: int = Field(default=0, description="Message id")
    at: str = Field(default="", description="ISO 8601: Telegram sends it then")
    silent: bool = Field(default=False, description="No sound")


@tool(
    Role.OWNER,
    Role.TASK,
    Role.TRIGGER,
    effect=Effect.OUTWARD,
    status=Words(en="✉️ writing to {to}", ru="✉️ пишу: {to}"),
    always_loaded=True,
)
async def tg_send_message(ctx: ToolContext, params: TgSendMessage) -> str:
    """Send a text message from the assistant's account to another person or chat.

    Not for answering the owner: your answer reaches them by itself.
    """
    acting = ctx.use(Acting)
    with explained():
        found = await acting.recipient(params.to)
    at = acting.moment(params.at, ctx.use(Clock).now())
    if at is not None:
        acting.not_the_owners(found.id)  # when it comes, nobody would know that it is ours
    parts = await _checked(ctx, found.id, params.text)
    for number, part in enumerate(parts):
        reply_to = (params.reply_to or None) if number == 0 else None
        ctx.send(found.id, part, reply_to=reply_to, manner=Manner(silent=params.silent, at=at))
    when = f", where Telegram keeps it until {at:%Y-%m-%d %H:%M %Z}" if at is not None else ""
    return f"Handed over for delivery to {found.name} (id {found.id}){when}; a failure is reported to the owner."


class TgForwardMessage(BaseModel):
    """Parameters of tg_forward_message."""

    to: str = Field(description=f"To whom: {CHAT}, or `me`")
    chat: str = Field(description=f"Where the message stands: {CHAT}")
    message_id: int = Field(ge=1, description="The message's id there")
    silent: bool = Field(default=False, description="No sound")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="↪️ forwarding to {to}", ru="↪️ пересылаю: {to}"),
)
async def tg_forward_message(ctx: ToolContext, params: TgForwardMessage) -> str:
    """Forward a message to another person or chat; they see who has written it."""
    acting = ctx.use(Acting)
    with explained():
        found, source = await acting.recipient(params.to), await ctx.use(Reader).open(params.chat)
        text, everything = await acting.said(source.id, params.message_id)
    if found.kind == "saved":
        acting.not_the_owners(found.id)
    await _no_objection(ctx, found.id, everything)
    manner = Manner(silent=params.silent, forward_from=source.id, forward_id=params.message_id)
    ctx.send(found.id, RichText(text or "[media]"), manner=manner)
    return f"Handed over for delivery to {found.name} (id {found.id}); a failure is reported to the owner."


class TgSendComment(BaseModel):
    """Parameters of tg_send_comment."""

    channel: str = Field(description="The channel: @username, link, id or exact title")
    post_id: int = Field(ge=1, description="The post's id")
    text: str = Field(description="The comment, in Markdown", min_length=1)
    reply_to: int | None = Field(default=None, ge=1, description="The id of the comment that it answers")


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="💬 commenting in {channel}", ru="💬 комментирую в {channel}"),
)
async def tg_send_comment(ctx: ToolContext, params: TgSendComment) -> str:
    """Comment on a channel's post, for everybody to read; some want this account to join their group first."""
    acting = ctx.use(Acting)
    with explained():
        place = await acting.discussion(params.channel, params.post_id)
    parts = await _checked(ctx, place.chat_id, params.text)
    for part in parts:
        ctx.send(place.chat_id, part, reply_to=params.reply_to or place.message_id)
    return f"Handed over: a comment below post {params.post_id} of {place.name}; a failure is reported to the owner."


async def _checked(ctx: ToolContext, chat_id: int, text: str) -> list[RichText]:
    """The messages that a text makes. Raises ToolRetry where it may not go there."""
    await _no_objection(ctx, chat_id, text)
    parts = await ctx.use(Composer).compose(text)
    if not parts:
        raise ToolRetry("The text is empty once it is rendered.")
    return list(parts)


async def _no_objection(ctx: ToolContext, chat_id: int, text: str) -> None:
    objection = await ctx.use(DisclosureCheck).objection(chat_id, text)
    if objection is not None:
        raise ToolRetry(objection.why)


TOOLS = (tg_send_message, tg_forward_message, tg_send_comment)
