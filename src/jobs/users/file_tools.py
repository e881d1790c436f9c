"""Files for the owner: a screenshot, a download, what was written for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

from jobs.core.errors import ToolRetry
from jobs.core.i18n import Words
from jobs.core.open_folders import OpenFolders, shown_name
from jobs.core.rich_text import RichText
from jobs.tools.roles import Effect, Role
from jobs.tools.spec import ToolContext, tool

LARGEST = 2 * 10**9
"""Bytes that Telegram takes in one file."""


@dataclass(frozen=True, slots=True)
class Sendable:
    """Where files may come from, and whom they go to."""

    owner_chat: int
    folders: OpenFolders


class SendFile(BaseModel):
    """Parameters of send_file."""

    path: str = Field(description="Its absolute path, or one inside the workspace", min_length=1)
    caption: str = Field(default="", description="A line to go with it", max_length=1000)


@tool(
    Role.OWNER,
    Role.TASK,
    effect=Effect.OUTWARD,
    status=Words(en="📎 sending {path}", ru="📎 отправляю {path}"),
)
async def send_file(ctx: ToolContext, params: SendFile) -> str:
    """Send the owner a file of the workspace or of the browser's downloads; a picture is shown as one."""
    allowed = ctx.use(Sendable)
    file = await asyncio.to_thread(_checked, params.path, allowed.folders)
    ctx.send(allowed.owner_chat, RichText(params.caption.strip() or shown_name(file)), file=str(file))
    return f"{shown_name(file)} is handed over for delivery to the owner."


def _checked(path: str, folders: OpenFolders) -> Path:
    file = folders.file(path)
    if not 0 < (size := file.stat().st_size) <= LARGEST:
        raise ToolRetry(f"{file} has {size} bytes; Telegram takes between 1 and {LARGEST}.")
    return file


TOOLS = (send_file,)
