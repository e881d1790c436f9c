"""Somebody before the demo's chat: what is on the screen, what they type, and the world behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from jobs.cli.demo.app import ChatApp
from jobs.cli.demo.bubble import Bubble
from jobs.cli.demo.world import Plan, World
from jobs.sandbox.patience import PATIENCE


class Desk:
    """Sits before a running ChatApp. Every wait ends with what happens on the screen, or fails with what is there."""

    def __init__(self, app: ChatApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.states: list[str] = []
        """Everything that the screen has shown, each on one line."""
        self._written = 0
        self._pilot = pilot
        self._drawn = asyncio.Event()
        app.post_display_hook = self._look  # Textual's own hook for tests
        self._look()

    @property
    def screen(self) -> str:
        """What the terminal shows now."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def world(self) -> World:
        assert self.app.world is not None
        return self.app.world

    @property
    def bubbles(self) -> list[Bubble]:
        """The messages, from the top."""
        return list(self.app.query(Bubble))

    @property
    def texts(self) -> list[str]:
        """What they say."""
        return [bubble.message.content.text for bubble in self.bubbles]

    async def sees(self, text: str, timeout: float = PATIENCE) -> None:
        """Wait until the screen has shown a text since the last message was written, wherever its lines broke."""
        await self.until(lambda: any(text in state for state in self.states[self._written :]), timeout)

    async def until(self, holds: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Wait until something holds of the screen."""
        try:
            async with asyncio.timeout(timeout):
                while not holds():
                    self._drawn.clear()
                    await self._drawn.wait()
        except TimeoutError:
            raise AssertionError(f"never came:\n{self.screen}") from None

    async def writes(self, text: str) -> None:
        """Paste a text into the box and press Enter."""
        self._written = len(self.states)
        self.app.post_message(events.Paste(text))
        await self.presses("enter")

    async def presses(self, *keys: str) -> None:
        await self._pilot.press(*keys)

    async def clicks(self, bubble: Bubble) -> None:
        await self._pilot.click(bubble)

    def _look(self) -> None:
        self.states.append(" ".join(self.screen.split()))
        self._drawn.set()


@asynccontextmanager
async def at_desk(plan: Plan, *, size: tuple[int, int] = (80, 70)) -> AsyncGenerator[Desk]:
    """Open the chat in a terminal of that size; everything is closed with the block."""
    app = ChatApp(plan)
    try:
        async with app.run_test(size=size) as pilot:
            try:
                yield Desk(app, pilot)
            finally:
                await app.close()  # before its screen goes, as with `leave`: what happens in the world is drawn there
    finally:
        await app.close()


def nothing_left_of(pid: int, folder: Path) -> bool:
    """Whether the process and the folder are gone."""
    return not Path(f"/proc/{pid}").exists() and not folder.exists()
