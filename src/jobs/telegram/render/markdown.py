"""A model's Markdown as Telegram text with entities."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from markdown_it.token import Token

from jobs.core.rich_text import Kind, RichText

from .entities import Offsets
from .grammar import parser
from .marks import Mark, enrich, skip_blank
from .tables import Cell, Table

_INDENT = "    "
_DEEPEST_INDENT = 6 * len(_INDENT)
_RULE = "—" * 10

# What Telegram would remove or turn into a space by itself, so that lengths stay true.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\u202a-\u202e]")
_LINE_END = re.compile("\r\n?|[\u2028\u2029]")
# What may stand behind an opening fence: a language, and remarks that cannot be taken for a sentence.
_LANGUAGE = re.compile(
    r"(?P<language>(?=\d*[a-z])[a-z0-9#+_-]{1,32})(?:\s+(?P<remarks>(?:[{#]|//|[\w-]+=).*))?", re.I | re.A
)

_STYLES: dict[str, Kind] = {
    "strong_open": "bold",
    "em_open": "italic",
    "s_open": "strike",
    "spoiler_open": "spoiler",
    "link_open": "link",
}


def render(markdown: str, *, unfinished: bool = False) -> RichText:
    """Markdown as Telegram text, of any length: `split` cuts it into messages. Never raises.

    In an `unfinished` text, what is open at its end is formatted as if it were closed.
    """
    source = clean(markdown)
    return _Writer(source).write(iter(parser().parse(source, {"unfinished": unfinished})))


def clean(text: str) -> str:
    """The text as Telegram would keep it, its line ends as the parser expects them."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_END.sub("\n", text)
    return _UNSENDABLE.sub(lambda found: " " if found.group() < "\x80" else "", text)


def _reachable(url: str) -> bool:
    """Whether Telegram makes a link of this address; it drops all others without a word."""
    try:
        address = urlsplit(url)
        host = address.hostname or ""
    except ValueError:
        return False
    if any(char.isspace() for char in url):
        return False
    return bool(host) if address.scheme == "tg" else address.scheme in ("http", "https") and "." in host


def _aside(label: str, url: str) -> str:
    """What to write behind a label whose address cannot be a link."""
    shown = url.removeprefix("mailto:").removeprefix("tel:")
    return f" ({shown})" if shown and shown != label else ""


@dataclass(slots=True)
class _Open:
    kind: Kind
    start: int
    part: int
    url: str
    doubled: bool  # inside another one of its kind


class _Writer:
    """Takes the parser's tokens in their order; what is public handles one type of block token."""

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._parts: list[str] = []
        self._length = 0
        self._marks: list[Mark] = []
        self._open: list[_Open] = []
        self._indents = [""]
        self._quote_starts: list[int] = []
        self._after = "block"
        """What was written last: a `block`, a list `marker`, or nothing yet in this `quote`."""

    def write(self, tokens: Iterator[Token]) -> RichText:
        for token in tokens:
            if token.type == "table_open":
                self._table(token, tokens)
            elif handle := _BLOCKS.get(token.type):
                handle(self, token)
        text = "".join(self._parts).rstrip()
        blocks = [mark for mark in self._marks if mark.kind == "pre"]
        self._marks.reverse()  # outer ones were closed last
        return enrich(text, self._marks, Offsets(text), skip_blank(text, 0, blocks[:1]), len(text))

    def paragraph(self, token: Token) -> None:
        self._begin(token)

    def rule(self, token: Token) -> None:
        self._begin(token)
        self._put(_RULE)

    def heading(self, token: Token) -> None:
        self._begin(token, spaced=True)
        self._start("bold")

    def end_heading(self, _: Token) -> None:
        self._stop()

    def item(self, token: Token) -> None:
        self._begin(token)
        indent = self._indents[-1]
        self._indents.append(indent if len(indent) >= _DEEPEST_INDENT else indent + _INDENT)
        number = f"{token.info}{token.markup} " if token.info else ""
        box = ("☑ " if token.meta["checked"] else "☐ ") if "checked" in token.meta else ""
        self._put(number + box or "• ")
        self._after = "marker"

    def end_item(self, _: Token) -> None:
        self._indents.pop()
        self._after = "block"

    def quote(self, token: Token) -> None:
        if not self._quote_starts:
            self._begin(token, own_line=True)
            self._indents.append("")
            self._after = "quote"
        self._quote_starts.append(self._length)

    def end_quote(self, _: Token) -> None:
        """Telegram knows no quote inside a quote: only the outermost counts."""
        start = self._quote_starts.pop()
        if not self._quote_starts:
            self._indents.pop()
            self._after = "block"
            self._marks.append(Mark(start, self._length, "quote"))

    def code(self, token: Token) -> None:
        """A block, and above it whatever its opening line says beside the language."""
        opening, blank = token.info.strip(), not token.content.strip()
        found = None if blank else _LANGUAGE.fullmatch(opening)
        language, words = (found["language"], found["remarks"]) if found else ("", opening)
        if words:
            self._begin(token)
            self._put(words)
            self._after = "block" if blank else "marker"
        self._preformatted(token, token.content, language)

    def inline(self, parent: Token) -> None:
        for token in parent.children or ():
            match token.type:
                case "text":
                    self._put(token.content)
                case "softbreak" | "hardbreak":
                    self._newline()
                case "code_inline":
                    self._inline_code(token.content)
                case "image":
                    self._start("link", str(token.attrs.get("src", "")))
                    self._put(_plain(token.children or ()))
                    self._stop()
                case kind if token.nesting > 0:
                    self._start(_STYLES[kind], str(token.attrs.get("href", "")))
                case _:
                    self._stop()

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def _newline(self) -> None:
        self._put("\n" + self._indents[-1])

    def _begin(self, token: Token, *, spaced: bool = False, own_line: bool = False) -> None:
        """Go to where a block begins: on a new line, behind a blank one where the source has one."""
        after, self._after = self._after, "block"
        if not self._length or after == "quote" or (after == "marker" and not own_line):
            return
        if after == "block" and (spaced or self._follows_blank_line(token)):
            self._put("\n")
        self._put("\n" if own_line else "\n" + self._indents[-1])

    def _follows_blank_line(self, token: Token) -> bool:
        line = token.map[0] if token.map else 0
        return line > 0 and not self._lines[line - 1].strip(" \t>")

    def _preformatted(self, token: Token, code: str, language: str = "") -> None:
        code = code.expandtabs(4).rstrip()
        if not code:
            return
        self._begin(token, own_line=True)
        start = self._length
        self._put(code)
        self._marks.append(Mark(start, self._length, "pre", language))

    def _table(self, opening: Token, tokens: Iterator[Token]) -> None:
        table = Table()
        links: dict[str, str] = {}
        lines = self._lines[slice(*opening.map)] if opening.map else []
        for token in tokens:
            if token.type == "table_close":
                break
            if token.type == "tr_open":
                table.rows.append([])
            elif token.type in ("th_open", "td_open"):
                table.rows[-1].append(Cell(align=str(token.attrs.get("style", ""))))
            elif token.type == "inline":
                table.rows[-1][-1].text = _plain(token.children or (), links)
        self._preformatted(opening, table.layout(lines))
        for url, label in links.items():
            self._newline()
            self._start("link", url)
            self._put(label)
            self._stop()

    def _start(self, kind: Kind, url: str = "") -> None:
        doubled = any(style.kind == kind for style in self._open)
        self._open.append(_Open(kind, self._length, len(self._parts), url, doubled))

    def _stop(self) -> None:
        style = self._open.pop()
        if style.doubled:
            return
        if style.kind != "link":
            self._marks.append(Mark(style.start, self._length, style.kind))
            return
        label = "".join(self._parts[style.part :])
        if not label.strip():
            self._put(style.url)
        elif not _reachable(style.url):
            self._put(_aside(label, style.url))
        elif label != style.url:
            self._marks.append(Mark(style.start, self._length, "link", url=style.url))

    def _inline_code(self, code: str) -> None:
        """Code cannot be part of anything but a quote: styles pause for it, links and spoilers win."""
        start = self._length
        self._put(code)
        if any(style.kind in ("link", "spoiler") for style in self._open):
            return
        self._marks.append(Mark(start, self._length, "code"))
        for style in self._open:
            if not style.doubled:
                self._marks.append(Mark(style.start, start, style.kind))
                style.start = self._length


_BLOCKS: dict[str, Callable[[_Writer, Token], None]] = {
    "inline": _Writer.inline,
    "paragraph_open": _Writer.paragraph,
    "heading_open": _Writer.heading,
    "heading_close": _Writer.end_heading,
    "list_item_open": _Writer.item,
    "list_item_close": _Writer.end_item,
    "blockquote_open": _Writer.quote,
    "blockquote_close": _Writer.end_quote,
    "fence": _Writer.code,
    "code_block": _Writer.code,
    "hr": _Writer.rule,
}


def _plain(tokens: Sequence[Token], links: dict[str, str] | None = None) -> str:
    """The words of a text without its formatting; `links` collects address and label of what it links to."""
    words: list[str] = []
    starts: list[tuple[int, str]] = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            words.append(" ")
        elif token.type == "image":
            words.append(_plain(token.children or ()) or str(token.attrs.get("src", "")))
        elif token.type == "link_open":
            starts.append((len(words), str(token.attrs.get("href", ""))))
        elif token.type == "link_close":
            start, url = starts.pop()
            if links is not None and url:
                links.setdefault(url, "".join(words[start:]) or url)
    return "".join(words)
