"""The Markdown a model writes in a chat: CommonMark and GitHub's tables, less what would eat plain text.

Switched off: HTML, character entities, link definitions and underlined headings (`text` over `---`).
Changed: `__x__` is no bold, markers inside words and globs are text, a backslash only escapes a marker.
Added: `||spoilers||`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from .unfinished import unfinished_plugin

_BLOCK_DEPTH = 24  # deeper blocks are plain lines; each level costs the parser three stack frames
_INLINE_DEPTH = 40

_ESCAPABLE = frozenset("*_`~|")
_ESCAPABLE_AT_LINE_START = frozenset("#>+-=")
_URL = re.compile(r"://(?:(?!\*\*|\|\||~~)[^\s<>\[\]`\"])+")
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+|(?:mailto:)?[^\s<>@:/]+@[^\s<>@:/]+\.[^\s<>@:/.]+)>")
_BOLD_WORD = re.compile(r"\*\*[^\W\d_]+\Z")

_RULES = (
    *("code", "fence", "blockquote", "hr", "list", "heading", "table"),
    *("newline", "escape", "backticks", "strikethrough", "emphasis", "link", "image", "autolink"),
)


class _ChatMarkdown(MarkdownIt):
    """Leaves addresses as written: which of them may become links is the renderer's decision."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


@cache
def parser() -> MarkdownIt:
    """The parser, built once. It expects text whose line ends are `\\n`."""
    markdown = _ChatMarkdown("zero", {"maxNesting": _INLINE_DEPTH, "tasklists": True})
    markdown.enable(_RULES)
    markdown.disable(["normalize", "fragments_join"])
    markdown.block.ruler.before("table", "too_deep", _too_deep)
    inline = markdown.inline
    inline.add_terminator_char("|")
    inline.ruler.at("escape", _escape)
    inline.ruler.at("emphasis", _emphasis)
    inline.ruler.at("autolink", _autolink)
    inline.ruler.before("emphasis", "spoiler", _spoiler)
    inline.ruler.after("newline", "bare_url", _bare_url)
    inline.ruler2.after("balance_pairs", "spoiler", _pair_spoilers)
    markdown.use(unfinished_plugin)
    return markdown


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Keeps as plain lines what the parser would otherwise drop at its depth limit."""
    if silent or state.level < _BLOCK_DEPTH:
        return False
    state.push("paragraph_open", "p", 1).map = [start, end]
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(start, end, state.blkIndent, False).strip()
    inline.map, inline.children = [start, end], []
    state.push("paragraph_close", "p", -1)
    state.line = end
    return True


def _escape(state: StateInline, silent: bool) -> bool:
    """A backslash before a marker hides the marker; any other backslash is itself."""
    source, at = state.src, state.pos
    if source[at] != "\\" or at + 1 >= state.posMax:
        return False
    following = source[at + 1]
    if following == "\n":
        if not silent:
            state.push("hardbreak", "br", 0)
        state.pos = at + 2
        while state.pos < state.posMax and source[state.pos] in " \t":
            state.pos += 1
        return True
    if following in _ESCAPABLE or _escapes_a_block(source, at):
        text = following
    elif following in "\\[]":
        text = "\\" + following
    else:
        return False
    if not silent:
        state.append_pending(text)
    state.pos = at + 2
    return True


def _escapes_a_block(source: str, at: int) -> bool:
    """Whether this backslash stops a line from being a heading, a quote or a list item."""
    before = source[max(0, at - 12) : at].rpartition("\n")[2].strip()
    if before:
        return before.isdecimal() and source[at + 1] in ".)"
    return source[at + 1] in _ESCAPABLE_AT_LINE_START


def _bare_url(state: StateInline, silent: bool) -> bool:
    """An address is text to the letter, whatever markers it holds."""
    if state.src[state.pos] != ":" or state.pos == 0 or not state.src[state.pos - 1].isalpha():
        return False
    match = _URL.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    address = match.group().rstrip("*_~|.,;:!?)'\\")
    if len(address) <= len("://"):
        return False
    if not silent:
        state.append_pending(address)
    state.pos += len(address)
    return True


def _autolink(state: StateInline, silent: bool) -> bool:
    """`<https://example.com>` loses its brackets; Telegram links addresses by itself."""
    match = _AUTOLINK.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "<" else None
    if match is None:
        return False
    if not silent:
        state.append_pending(match.group(1).removeprefix("mailto:"))
    state.pos = match.end()
    return True


def _run(state: StateInline) -> tuple[str, int, str]:
    """The run of one marker that begins here: the character before, its end, the character after."""
    source, start = state.src, state.pos
    end = start + 1
    while end < state.posMax and source[end] == source[start]:
        end += 1
    before = source[start - 1] if start else " "
    return before, end, source[end] if end < state.posMax else " "


def _unspaced(char: str) -> bool:
    """A letter of a script that may set words without spaces, such as Chinese."""
    return char > "\x7f" and unicodedata.category(char) == "Lo"


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    before, end, after = _run(state)
    count = end - state.pos
    opens, closes = _flanks(state, before, end, after)
    if (marker == "_" and count > 1) or not (opens or closes):
        state.append_pending(marker * count)
    else:
        for _ in range(count):
            _push_delimiter(state, marker, count, opens, closes)
    state.pos = end
    return True


def _flanks(state: StateInline, before: str, end: int, after: str) -> tuple[bool, bool]:
    """Whether a run of `*` or `_` may open and may close. Stricter than CommonMark inside words."""
    source, start = state.src, state.pos
    glued = source[start] == "*"
    loose_before, loose_after = glued and _unspaced(before), glued and _unspaced(after)
    opens = not after.isspace() and (after.isalnum() or loose_before or not before.isalnum())
    closes = not before.isspace() and (before.isalnum() or loose_after or not after.isalnum())
    if before.isalnum() and after.isalnum() and not (loose_before or loose_after):
        opens = False
        # **S**pecific: a bold beginning of a word, unlike x**n
        closes = end - start == 2 and _BOLD_WORD.search(source[max(0, start - 40) : start]) is not None
    if opens and _starts_a_path(source, start, end):
        opens = False
    return opens, closes


def _starts_a_path(source: str, start: int, end: int) -> bool:
    """`*.py`, `*/5`, `/_next_/`."""
    if end - start == 1 and start and source[start - 1] == "/":
        return True
    following = source[end : end + 2]
    return following[0] == "/" or (following[0] == "." and following[1:].isalnum())


def _push_delimiter(state: StateInline, text: str, length: int, opens: bool, closes: bool) -> None:
    state.push("text", "", 0).content = text
    token = len(state.tokens) - 1
    state.delimiters.append(
        Delimiter(marker=ord(text[0]), length=length, token=token, end=-1, open=opens, close=closes)
    )


def _spoiler(state: StateInline, silent: bool) -> bool:
    if silent or state.src[state.pos] != "|":
        return False
    before, end, after = _run(state)
    # a||b, (a)||(b) and a || b are the "or" of programs
    word_before = before.isalnum() and not _unspaced(before)
    word_after = after.isalnum() and not _unspaced(after)
    opens = not (after.isspace() or word_before or before in ")]}\"'")
    closes = not (before.isspace() or word_after or after in "([{\"'")
    if end - state.pos == 2 and (opens or closes):
        _push_delimiter(state, "||", 0, opens, closes)
    else:
        state.append_pending("|" * (end - state.pos))
    state.pos = end
    return True


def _pair_spoilers(state: StateInline) -> None:
    groups: list[list[Delimiter]] = [state.delimiters]
    groups += [meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta]
    for delimiters in groups:
        for opener in delimiters:
            if opener.marker == ord("|") and opener.end >= 0:
                first, last = state.tokens[opener.token], state.tokens[delimiters[opener.end].token]
                first.type, last.type = "spoiler_open", "spoiler_close"
                first.nesting, last.nesting = 1, -1
                first.content = last.content = ""
