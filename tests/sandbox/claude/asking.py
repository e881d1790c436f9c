"""Talking to the real CLI in tests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from claude_agent_sdk import AssistantMessage, ClaudeSDKClient, Message, ResultMessage, TextBlock

Open = Callable[..., AbstractAsyncContextManager[ClaudeSDKClient]]


async def ask(client: ClaudeSDKClient, text: str) -> list[Message]:
    await client.query(text)
    return [message async for message in client.receive_response()]


def texts(messages: list[Message]) -> list[str]:
    said = [message for message in messages if isinstance(message, AssistantMessage)]
    return [block.text for message in said for block in message.content if isinstance(block, TextBlock)]


def result(messages: list[Message]) -> ResultMessage:
    [found] = [message for message in messages if isinstance(message, ResultMessage)]
    return found
