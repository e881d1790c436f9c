"""A SKILL.md: frontmatter in YAML, then the instructions; and what is wrong with one, for the model to mend."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

FILE = "SKILL.md"
MOST_BYTES = 100_000
"""Of a SKILL.md: all of it enters the conversation when it is used."""
_MOST_FRONTMATTER = 16_000
_MOST_DESCRIPTION = 1024
_NAME = re.compile(r"[a-z0-9-]{1,64}")
_SHAPE = re.compile(r"---[ \t]*\n(.*?\n)---[ \t]*(?:\n(.*))?", re.DOTALL)
_OURS = "mcp__jobs__"
_OUR_TOOL = re.compile(rf"{_OURS}([a-z0-9_]+)")
_WHEN = re.compile(r"\b(when|whenever|if|before|after|once|asks?|когда|если|просит|просят|при|перед|после)\b", re.I)


class BadManifest(Exception):
    """A SKILL.md that is none; the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A SKILL.md, read."""

    name: str
    description: str
    body: str
    tools: Sequence[str] = ()
    more: Mapping[str, object] = field(default_factory=dict[str, object])
    """Whatever else its frontmatter says."""


class _Loader(yaml.SafeLoader):
    """Safe, and without aliases: a few lines of them can stand for billions of values."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]
            raise BadManifest("The frontmatter may not use YAML aliases (*name).")
        return super().compose_node(parent, index)


def parse(text: str) -> Manifest:
    """Read a SKILL.md. Raises BadManifest."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise BadManifest(f"{FILE} may have {MOST_BYTES} bytes: move what is long into other files of its folder.")
    shape = _SHAPE.fullmatch(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    if shape is None:
        raise BadManifest(
            f"{FILE} must begin with a line ---, the frontmatter in YAML, another line ---, and the text."
        )
    fields = _fields(shape[1])
    tools = fields.pop("allowed-tools", None)
    return Manifest(
        name=_text(fields, "name"),
        description=_text(fields, "description"),
        body=(shape[2] or "").strip(),
        tools=tuple(_tools(tools)),
        more=fields,
    )


def render(manifest: Manifest) -> str:
    """The text of the file."""
    fields: dict[str, object] = {"name": manifest.name, "description": manifest.description}
    if manifest.tools:
        fields["allowed-tools"] = ", ".join(manifest.tools)
    frontmatter = yaml.safe_dump({**fields, **manifest.more}, allow_unicode=True, sort_keys=False, width=10**6)
    return f"---\n{frontmatter}---\n\n{manifest.body.strip()}\n"


def problems(manifest: Manifest, folder: str) -> Sequence[str]:
    """Why Claude's CLI would not take it, or not as it is meant; a sentence for each."""
    return list(_problems(manifest, folder))


def remarks(manifest: Manifest, known: Collection[str]) -> Sequence[str]:
    """What makes it less useful than it could be."""
    return list(_remarks(manifest, known))


def full_name(tool: str, known: Collection[str]) -> str:
    """A tool as the CLI calls it: ours stand behind a server."""
    return f"{_OURS}{tool}" if tool in known and tool == tool.lower() else tool


def is_name(name: str) -> bool:
    """Whether a skill may be called that."""
    return _NAME.fullmatch(name) is not None


def _problems(manifest: Manifest, folder: str) -> Iterator[str]:
    if not is_name(manifest.name):
        yield f"name: {manifest.name[:80]!r} must be lower-case letters (a-z), digits and hyphens, at most 64."
    elif manifest.name != folder:
        yield f"name: {manifest.name!r} must be that of its folder, {folder!r}."
    if not manifest.description.strip():
        yield "description: it is missing. Say what the skill does and when to use it."
    elif len(manifest.description) > _MOST_DESCRIPTION:
        yield f"description: it has {len(manifest.description)} characters, and {_MOST_DESCRIPTION} are the most."
    if not manifest.body:
        yield "The text is empty: say step by step what is to be done."


def _remarks(manifest: Manifest, known: Collection[str]) -> Iterator[str]:
    if manifest.description.strip() and not _WHEN.search(manifest.description):
        yield 'description: say when to use it, too ("Use it when …"): by that alone it is chosen.'
    named = [tool.split("(")[0] for tool in manifest.tools]
    unknown = [tool for tool in named if not _is_known(tool, known)]
    unknown += [f"{_OURS}{tool}" for tool in _OUR_TOOL.findall(manifest.body) if tool not in known]
    if unknown:
        yield f"There is no tool {', '.join(dict.fromkeys(unknown))}. Name tools exactly, or leave them out."


def _is_known(tool: str, known: Collection[str]) -> bool:
    """Tools of servers that are not ours may be there or not."""
    if tool.startswith(_OURS):
        return tool.removeprefix(_OURS) in known
    return tool in known or tool.startswith("mcp__")


def _fields(frontmatter: str) -> dict[str, object]:
    if len(frontmatter) > _MOST_FRONTMATTER:
        raise BadManifest(f"The frontmatter may have {_MOST_FRONTMATTER} characters.")
    try:
        fields: Any = yaml.load(frontmatter, _Loader)  # noqa: S506 - derived from SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise BadManifest(
            f"The frontmatter is no YAML{where}: {problem}. Put a value with a colon in it into quotes."
        ) from None
    except (RecursionError, ValueError):
        raise BadManifest("The frontmatter cannot be read: write simple lines `name: value`.") from None
    if not isinstance(fields, dict) or not all(isinstance(key, str) for key in cast("dict[object, object]", fields)):
        raise BadManifest("The frontmatter must be lines `name: value`, name and description among them.")
    return cast("dict[str, object]", fields)


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.pop(name, "")
    if not isinstance(value, str):
        raise BadManifest(f"{name}: it must be text; put it into quotes.")
    return value.strip()


def _tools(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from (tool.strip() for tool in re.split(r",\s*(?![^(]*\))", value) if tool.strip())
    elif isinstance(value, list):
        yield from (str(tool).strip() for tool in cast("list[object]", value))
    elif value is not None:
        raise BadManifest("allowed-tools: it must be a list of tools, or their names with commas.")
