"""Closes what the last paragraph of an unfinished text leaves open, so that a preview does not flicker."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_HALF_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*\Z")
_HALF_MARKERS = re.compile(r"(?<!\S)[*_~`|]+\Z")
_LEAVES = ("inline", "fence", "code_block", "hr")


def unfinished_plugin(markdown: MarkdownIt) -> None:
    """Takes effect for a text that is parsed with `{"unfinished": True}` as its environment."""
    markdown.core.ruler.before("inline", "find_tail", _find_tail)
    markdown.inline.ruler.before("backticks", "open_code", _open_code)
    markdown.inline.ruler2.after("balance_pairs", "open_pairs", _close_pairs)


def _find_tail(state: StateCore) -> None:
    if not state.env.get("unfinished"):
        return
    last = next((token for token in reversed(state.tokens) if token.type in _LEAVES), None)
    if last is not None and last.type == "inline":
        last.content = _HALF_MARKERS.sub("", _HALF_LINK.sub(r"\1", last.content)).rstrip()
        state.env["tail"] = last.content
    elif last is not None and not last.content.strip() and not any(map(str.isspace, last.info.strip())):
        last.info = ""  # a language, until a second word shows that it is none


def _is_tail(state: StateInline) -> bool:
    return state.env.get("tail") == state.src


def _open_code(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if silent or source[start] != "`" or not _is_tail(state):
        return False
    code = source[start:].lstrip("`")
    marker = source[start : len(source) - len(code)]
    if not code.strip() or marker in code or state.posMax < len(source):
        return False
    state.push("code_inline", "code", 0).content = code.rstrip("`").replace("\n", " ")
    state.pos = state.posMax
    return True


def _close_pairs(state: StateInline) -> None:
    if not _is_tail(state):
        return
    openers: list[Delimiter] = []
    closed_until = -1
    for index, delimiter in enumerate(state.delimiters):
        closed_until = max(closed_until, delimiter.end)
        if delimiter.open and delimiter.end < 0 and index > closed_until:
            openers.append(delimiter)
    for opener in reversed(openers):
        token = state.push("text", "", 0)
        opener.end = len(state.delimiters)
        state.delimiters.append(
            Delimiter(opener.marker, opener.length, len(state.tokens) - 1, end=-1, open=False, close=True)
        )
        token.content = ""
