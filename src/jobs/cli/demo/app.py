"""The terminal as the owner's Telegram: one chat, drawn as it happens."""

from __future__ import annotations

import asyncio
import contextlib
from typing import ClassVar
from zoneinfo import ZoneInfo

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.timer import Timer
from textual.widgets import Static

from jobs.cli.demo.bubble import Row
from jobs.cli.demo.files import MAX_FILE_BYTES, Outgoing, parse_outgoing
from jobs.cli.demo.message_box import MessageBox
from jobs.cli.demo.world import DemoError, Plan, World
from jobs.cli.terminal import readable_size
from jobs.core.i18n import Words
from jobs.core.words import demo as words
from jobs.sandbox.chat import ChatMessage, Gone, NotSentError, ReadUpTo, Shown, Typing

_TYPING_SECONDS = 6.0


class ChatApp(App[None]):
    """Opens the world of `plan` when it is shown. Whoever runs it calls `close` afterwards, in any case."""

    CSS_PATH = "chat.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
        Binding("ctrl+r", "reveal", show=False, priority=True),
    ]

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan
        self._zone = ZoneInfo(plan.zone)
        self._living: asyncio.Task[None] | None = None
        self._outgoing: asyncio.Queue[Outgoing] = asyncio.Queue()
        self._rows: dict[int, Row] = {}
        self._progress: list[str] = []
        self._typing: Timer | None = None
        self.world: World | None = None
        """The world, while it is there."""
        self.failure: str | None = None
        """Why nobody answers any more, in one sentence; None when all was well."""

    def compose(self) -> ComposeResult:
        model = self._plan.model
        badge = self._say(words.BADGE_REAL, model=model.name) if model else self._say(words.BADGE_SCRIPTED)
        with Horizontal(id="header"):
            yield Static("Jobs", id="name")
            yield Static(self._say(words.CONNECTING), id="status")
            yield Static(badge, id="badge")
        yield VerticalScroll(Static(id="progress", classes="system"), id="history", can_focus=False)
        yield MessageBox(self._say(words.PLACEHOLDER), self._say(words.KEYS))

    def on_mount(self) -> None:
        self.query_one(MessageBox).focus()
        self._history.anchor()
        self._living = asyncio.create_task(self._live(), name="world")
        self._living.add_done_callback(self._on_end)

    def leave(self) -> None:
        """End the app. The world begins to end at once, so that nothing more is drawn."""
        self._end_world()
        self.exit()

    async def close(self) -> None:
        """Stop the world and remove its folder; returns when nothing of it is left."""
        self._end_world()
        if self._living is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._living

    def _end_world(self) -> None:
        if self._living is not None and not self._living.cancelling():  # a second time would disturb the tidying up
            self._living.cancel()

    # What the person does

    def on_message_box_submitted(self, event: MessageBox.Submitted) -> None:
        text = event.text.strip()
        if text == "/quit":
            self.leave()
        elif self.world is None:
            self.notify(self._say(words.NOT_READY))
        elif text:
            self.query_one(MessageBox).clear()
            self._history.anchor()
            self._outgoing.put_nowait(parse_outgoing(text))

    async def action_quit(self) -> None:
        self.leave()

    def action_scroll(self, pages: int) -> None:
        if pages < 0:
            self._history.scroll_page_up()
        else:
            self._history.scroll_page_down()

    def action_reveal(self) -> None:
        for row in self._rows.values():
            row.bubble.reveal()

    # What happens in the world

    async def _live(self) -> None:
        try:
            async with self._plan.open(self._show_progress) as world:
                self.world = world
                self._introduce(world)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._follow(world))
                    group.create_task(self._send(world))
                    group.create_task(self._watch(world))
        except DemoError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(self._say(words.DEMO_FAILED, reason=error))
        finally:
            self.world = None

    def _on_end(self, living: asyncio.Task[None]) -> None:
        if not living.cancelled() and living.exception() is not None:
            self.exit()  # `close` raises it

    def _show_progress(self, step: str) -> None:
        self._progress.append(step)
        self.query_one("#progress", Static).update(" ".join(self._progress))

    def _introduce(self, world: World) -> None:
        model = world.model
        if model is not None:
            about = self._say(words.REAL_WORLD, workspace=world.workspace, model=model.name, host=model.host)
        else:
            about = self._say(words.SCRIPTED_WORLD, workspace=world.workspace)
        self._add_line(about, "system")
        self._add_line(self._say(words.TRY_REAL if model else words.TRY_SCRIPTED), "system")
        self._set_status(words.ONLINE)

    async def _follow(self, world: World) -> None:
        while True:
            match await world.chat.next_event():
                case Shown(message):
                    await self._show(message)
                case Gone(ids):
                    for row in filter(None, (self._rows.pop(id_, None) for id_ in ids)):
                        await row.remove()
                case ReadUpTo(id_):
                    for row in self._rows.values():
                        if row.bubble.message.mine and row.bubble.message.id <= id_:
                            row.bubble.mark_read()
                case Typing():
                    self._show_typing()

    async def _send(self, world: World) -> None:
        while True:
            outgoing = await self._outgoing.get()
            if outgoing.missing:
                self._warn(words.NO_SUCH_FILE, path=outgoing.missing)
            try:
                if outgoing.file is None:
                    await world.chat.send(outgoing.text)
                elif (size := outgoing.file.stat().st_size) <= MAX_FILE_BYTES:
                    await world.chat.send_file(outgoing.file, outgoing.text)
                else:
                    limit = readable_size(MAX_FILE_BYTES)
                    self._warn(words.FILE_TOO_BIG, path=outgoing.file, size=readable_size(size), limit=limit)
            except (NotSentError, OSError) as error:
                self._warn(words.NOT_SENT, reason=error)

    async def _watch(self, world: World) -> None:
        code = await world.until_daemon_ends()
        self._stop_typing()
        self._fail(self._say(words.DIED, code=code))

    # Drawing

    async def _show(self, message: ChatMessage) -> None:
        if message.id in self._rows:
            self._rows[message.id].bubble.change(message)
            return
        row = Row(message, self._zone, self._plan.language)
        later = min((id_ for id_ in self._rows if id_ > message.id), default=None)
        self._rows[message.id] = row
        await self._history.mount(row, before=self._rows[later] if later else None)
        if not message.mine:
            self._stop_typing()

    def _show_typing(self) -> None:
        self._set_status(words.TYPING)
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPING_SECONDS, self._stop_typing)

    def _stop_typing(self) -> None:
        if self._typing is not None:
            self._typing.stop()
            self._typing = None
            self._set_status(words.ONLINE)

    def _set_status(self, status: Words) -> None:
        if self.is_running:  # the timer of "typing" may end while the screen goes
            self.query_one("#status", Static).update(self._say(status))

    def _add_line(self, text: str, classes: str) -> None:
        self._history.mount(Static(text, classes=classes, markup=False))

    def _fail(self, sentence: str) -> None:
        self.failure = sentence
        if self.is_running:
            self._set_status(words.OFFLINE)
            self._add_line(sentence, "system error")

    def _warn(self, sentence: Words, **values: object) -> None:
        self._add_line(self._say(sentence, **values), "system error")

    @property
    def _history(self) -> VerticalScroll:
        return self.query_one("#history", VerticalScroll)

    def _say(self, sentence: Words, **values: object) -> str:
        return sentence.say(self._plan.language, **values)
