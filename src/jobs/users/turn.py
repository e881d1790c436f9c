"""The turn that is underway: what has been written, which tools run, and what the owner sees of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jobs.core.i18n import Language
from jobs.core.journal import InboxRow
from jobs.core.ports import LiveReply
from jobs.tools.spec import ToolSpec
from jobs.users.agent_events import TextDelta, TextWritten, ToolEnded, ToolStarted
from jobs.users.silence import so_far
from jobs.users.status import status_line
from jobs.users.workload import is_trigger


class Turn:
    """Collects a turn's text; `show` puts it on the owner's screen."""

    def __init__(self, live: LiveReply, tools: Mapping[str, ToolSpec], language: Language) -> None:
        self.live = live
        self._tools = tools
        self._language: Language = language
        self._written: list[str] = []
        self._growing = ""
        self._running: dict[str, str] = {}
        self._quiet: bool | None = None

    def hears(self, rows: Iterable[InboxRow]) -> None:
        """These are handed to it. One that only triggers have started may end in silence: its tools are not shown."""
        self._quiet = self._quiet is not False and all(map(is_trigger, rows))

    @property
    def busy(self) -> bool:
        """Whether a tool is at work."""
        return bool(self._running)

    @property
    def texts(self) -> Sequence[str]:
        """Everything written so far, block by block."""
        return [part.strip() for part in (*self._written, self._growing) if part.strip()]

    def take(self, event: TextDelta | TextWritten | ToolStarted | ToolEnded) -> None:
        """Take one event in and show the result."""
        match event:
            case TextDelta(text, fresh):
                self._growing = text if fresh else self._growing + text
            case TextWritten(text):
                self._written.append(text)
                self._growing = ""
            case ToolStarted(tool_use_id, name, arguments):
                self._running[tool_use_id] = status_line(self._tools, name, arguments, self._language)
            case ToolEnded(tool_use_id):
                self._running.pop(tool_use_id, None)
        status = None if self._quiet else next(reversed(self._running.values()), None)
        shown = so_far(self.texts)
        if status or shown:
            self.live.show(shown, status)
