"""What the model can do in Telegram."""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel, Field

from jobs.core.errors import ToolRetry
from jobs.core.i18n import Words
from jobs.core.ports import Composer, DisclosureCheck
from jobs.telegram.client import Recipient
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool


class Directory(Protocol):
    """Finds people and chats."""

    async def resolve(self, who: str) -> Recipient:
        """Raises NotFound."""
        ...


class TgSendMessage(BaseModel):
    """Parameters of tg_send_message."""

    to: str = Field(description="@username, phone number, numeric id, t.me link, or `me` for Saved Messages")
    text: str = Field(description="The message, in Markdown", min_length=1)


@tool(
    Role.OWNER,
    Role.TRIGGER,
    effect=Effect.OUTWARD,
    status=Words(en="✉️ writing to {to}", ru="✉️ пишу: {to}"),
    always_loaded=True,
)
async def tg_send_message(ctx: ToolContext, params: TgSendMessage) -> str:
    """Send a text message from the assistant's account to another person or chat.

    Not for answering the owner here: what you write as your answer reaches them by itself.
    """
    recipient = await ctx.use(Directory).resolve(params.to)
    objection = await ctx.use(DisclosureCheck).objection(recipient.chat_id, params.text)
    if objection is not None:
        raise ToolRetry(objection.why)
    parts = await ctx.use(Composer).compose(params.text)
    if not parts:
        raise ToolRetry("The text is empty once it is rendered.")
    for part in parts:
        ctx.send(recipient.chat_id, part)
    return f"Handed over for delivery to {recipient.name} (id {recipient.chat_id}); a failure is reported to the owner."


TOOLS = (tg_send_message,)
