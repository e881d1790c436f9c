"""Where a message is typed: Enter sends, a pasted text keeps its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea


class MessageBox(TextArea):
    """Grows with what is typed. It is the app's to empty it once the message is on its way."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+j,shift+enter,alt+enter", "new_line", show=False)]

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        text: str

    def __init__(self, placeholder: str, keys: str) -> None:
        super().__init__(placeholder=placeholder, highlight_cursor_line=False)
        self.border_subtitle = keys

    def action_new_line(self) -> None:
        self.insert("\n")

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self.text))
        else:
            await super()._on_key(event)
