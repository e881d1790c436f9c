"""A message on the screen."""

from __future__ import annotations

from datetime import tzinfo

from textual import events
from textual.color import Color
from textual.containers import Vertical
from textual.content import Content, Span
from textual.highlight import highlight
from textual.style import Style
from textual.widgets import Static

from jobs.cli.demo.segments import Mark, Segment, segments
from jobs.cli.terminal import readable_size
from jobs.core.i18n import Language
from jobs.core.words import demo as words
from jobs.sandbox.chat import Attachment, ChatMessage

_LINK = Color.parse("#6ab3f3")
_DIM = Style(foreground=Color.parse("#7f91a4"))
_STYLES = {
    "bold": Style(bold=True),
    "italic": Style(italic=True),
    "underline": Style(underline=True),
    "strike": Style(strike=True),
    "code": Style(foreground=Color.parse("#9fd0b0"), background=Color.parse("#101a24")),
    "pre": Style(foreground=Color.parse("#9fd0b0")),
    "spoiler": Style(background=Color.parse("#31465a")),
}


class Row(Vertical):
    """A line of the history, which puts its message to the left or, for one's own, to the right."""

    def __init__(self, message: ChatMessage, zone: tzinfo, language: Language) -> None:
        self.bubble = Bubble(message, zone, language)
        super().__init__(self.bubble, classes="mine" if message.mine else "theirs")


class Bubble(Vertical):
    """One message. What it says can change in place."""

    def __init__(self, message: ChatMessage, zone: tzinfo, language: Language) -> None:
        super().__init__()
        self.message = message
        self._zone = zone
        self._language: Language = language
        self._is_read = False
        self._is_revealed = False

    def on_mount(self) -> None:
        self._draw()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.reveal()

    def change(self, message: ChatMessage) -> None:
        """Show what the message says now."""
        self.message = message
        self._draw()

    def mark_read(self) -> None:
        """Show that the other side has read it."""
        if not self._is_read:
            self._is_read = True
            self._draw()

    def reveal(self) -> None:
        """Show what is hidden."""
        if not self._is_revealed:
            self._is_revealed = True
            self._draw()

    def _draw(self) -> None:
        parts = self._parts()
        shown = list(self.query_children(Static))
        for widget, (classes, content) in zip(shown, parts, strict=False):
            widget.set_classes(classes)
            widget.update(content)
        self.mount_all(Static(content, classes=classes) for classes, content in parts[len(shown) :])
        for widget in shown[len(parts) :]:
            widget.remove()

    def _parts(self) -> list[tuple[str, Content]]:
        """What stands below each other: (style classes, content)."""
        parts: list[tuple[str, Content]] = []
        if self.message.attachment is not None:
            parts.append(("file", Content(_describe(self.message.attachment, self._language))))
        for segment in segments(self.message.content):
            apart = " apart" if segment.apart else ""
            if segment.kind == "pre" and segment.language:
                parts.append((f"language{apart}", Content(segment.language)))
                apart = ""
            parts.append((f"{segment.kind}{apart}", _content(segment, revealed=self._is_revealed)))
        foot = self._foot()
        if parts and parts[-1][0].startswith("text"):
            classes, content = parts[-1]
            parts[-1] = (classes, content + "  " + foot)
        else:
            parts.append(("foot", foot))
        return parts

    def _foot(self) -> Content:
        text = self.message.sent_at.astimezone(self._zone).strftime("%H:%M")
        if self.message.mine:
            text += " ✓✓" if self._is_read else " ✓"
        hides = any(entity.kind == "spoiler" for entity in self.message.content.entities)
        if hides and not self._is_revealed:
            text = f"{words.HIDDEN.say(self._language)}  {text}"
        return Content(text, [Span(0, len(text), _DIM)])


def _content(segment: Segment, *, revealed: bool) -> Content:
    if segment.kind == "pre":
        return highlight(segment.text, language=segment.language or "text")
    text = segment.text
    for mark in segment.marks:
        if mark.kind == "spoiler" and not revealed:
            hidden = "".join(c if c.isspace() else "░" for c in text[mark.start : mark.end])
            text = text[: mark.start] + hidden + text[mark.end :]
    return Content(text, [Span(mark.start, mark.end, _style(mark)) for mark in segment.marks])


def _style(mark: Mark) -> Style:
    if mark.kind == "link":
        return Style(foreground=_LINK, underline=True, link=mark.url)
    return _STYLES.get(mark.kind, Style())


def _describe(attachment: Attachment, language: Language) -> str:
    size = readable_size(attachment.size)
    if attachment.is_photo:
        return words.PHOTO.say(language, size=size)
    return words.DOCUMENT.say(language, name=attachment.name, size=size)
