"""A marketplace's list: `.claude-plugin/marketplace.json`, read leniently; what is broken in it is named.

The format is Claude Code's (code.claude.com/docs/en/plugins/marketplace-reference).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from jobs.intake.bounds import BadSource, safe_name

FOLDER = ".claude-plugin"
FILE = f"{FOLDER}/marketplace.json"
MOST_BYTES = 5 * 2**20
MOST_PLUGINS = 5_000
"""Of one marketplace; the rest is not looked at."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
_MOST_RENAMES = 10
_MOST_PROBLEMS = 20
GITHUB = "https://github.com"


class Commit(BaseModel):
    """Which state of a repository."""

    ref: str | None = None
    sha: str | None = None


class GithubSource(Commit):
    """A repository of GitHub."""

    source: Literal["github"]
    repo: str


class UrlSource(Commit):
    """A repository anywhere."""

    source: Literal["url"]
    url: str


class SubfolderSource(Commit):
    """A folder of a repository."""

    source: Literal["git-subdir"]
    url: str
    path: str


Source = str | Annotated[GithubSource | UrlSource | SubfolderSource, Field(discriminator="source")]


class Entry(BaseModel):
    """A plugin, as its marketplace describes it."""

    name: str
    source: Source
    description: str = ""
    version: str = ""
    category: str = ""
    tags: Sequence[str] = ()
    keywords: Sequence[str] = ()
    strict: bool = True
    fields: Mapping[str, Any] = {}
    """The entry as it stands: the manifest, where `strict` is false."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin's files come from."""

    address: str
    """A git address; "": the marketplace's own folder."""
    path: str
    """The folder in it; "" for all of it."""
    ref: str = ""
    sha: str = ""

    @property
    def shown(self) -> str:
        """In one line."""
        return " ".join(part for part in (self.address, self.path, self.ref, self.sha) if part)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a marketplace offers."""

    name: str
    owner: str
    root: Path
    entries: Sequence[Entry]
    problems: Sequence[str] = ()
    """What was left out, and why."""
    renames: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    plugin_root: str = ""

    def find(self, name: str) -> Entry | None:
        """The plugin of that name, be it its former one. Raises BadSource when it has been withdrawn."""
        for _ in range(_MOST_RENAMES):
            found = next((entry for entry in self.entries if entry.name.casefold() == name.casefold()), None)
            if found is not None or name not in self.renames:
                return found
            new = self.renames[name]
            if new is None:
                raise BadSource(f"{name} is no longer offered by {self.name}.")
            name = new
        return None

    def origin(self, entry: Entry, github: str = GITHUB) -> Origin:
        """Where its files are. Raises BadSource."""
        match entry.source:
            case str(path):
                return Origin("", self._within(path))
            case GithubSource(repo=repo, ref=ref, sha=sha):
                if _REPOSITORY.fullmatch(repo) is None:
                    raise BadSource(f"{entry.name}: {repo[:200]!r} is no repository of GitHub (owner/name).")
                return Origin(f"{github}/{repo}.git", "", ref or "", sha or "")
            case UrlSource(url=url, ref=ref, sha=sha):
                return Origin(url, "", ref or "", sha or "")
            case SubfolderSource(url=url, path=path, ref=ref, sha=sha):
                address = f"{github}/{url}.git" if _REPOSITORY.fullmatch(url) else url
                return Origin(address, inside(path), ref or "", sha or "")

    def _within(self, path: str) -> str:
        plain = inside(path)
        root = inside(self.plugin_root) if self.plugin_root else ""
        beneath = f"{root}/{plain}" if root and plain else root or plain
        if root and (not path.startswith("./") or not (self.root / plain).is_dir()):
            return beneath
        return plain


def is_name(name: str) -> bool:
    """Whether a plugin or a marketplace may be called so: it becomes a folder, and stands in the owner's chat."""
    return _NAME.fullmatch(name) is not None and ".." not in name


def inside(path: str) -> str:
    """A relative path that stays in its folder, without "./"; "" is the folder itself. Raises BadSource."""
    plain = path.strip().removesuffix("/")
    if plain in (".", ""):
        return ""
    return PurePosixPath(safe_name(plain)).as_posix()


def ordinary(root: Path, path: str) -> Path:
    """A file or folder below `root` which no link leads to. Raises BadSource."""
    at = root
    for part in PurePosixPath(inside(path)).parts:
        at = at / part
        if at.is_symlink():
            raise BadSource(f"{path} is a link: nothing of this is taken.")
    if not at.exists():
        raise BadSource(f"There is no {path or 'folder'} in it.")
    return at


def read(root: Path) -> Catalogue:
    """The list of the marketplace in a folder. Raises BadSource when it is none, OSError."""
    listed = _read_list(root)
    entries: list[Entry] = []
    problems: list[str] = []
    for number, fields in enumerate(listed.plugins[:MOST_PLUGINS]):
        found = _entry(fields, number)
        if isinstance(found, str):
            problems.append(found)
        else:
            entries.append(found)
    entries = _first_of_each_name(entries, problems)
    if len(listed.plugins) > MOST_PLUGINS:
        problems.insert(0, f"it lists {len(listed.plugins)} plugins: only the first {MOST_PLUGINS} are looked at")
    if len(problems) > _MOST_PROBLEMS:
        problems[_MOST_PROBLEMS:] = [f"and {len(problems) - _MOST_PROBLEMS} more"]
    owner = str(listed.owner.get("name", "")) if isinstance(listed.owner, dict) else str(listed.owner)
    renames = {old: new for old, new in listed.renames.items() if new is None or isinstance(new, str)}
    plugin_root = str(listed.metadata.get("pluginRoot") or "")
    return Catalogue(listed.name, owner, root, entries, problems, renames, plugin_root)


class _List(BaseModel):
    name: str
    owner: dict[str, Any] | str = ""
    plugins: list[Any]
    renames: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


def _read_list(root: Path) -> _List:
    path = ordinary(root, FILE)
    if not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise BadSource(f"Its {FILE} is larger than {MOST_BYTES // 2**20} MB, or no file.")
    try:
        listed = _List.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadSource(f"Its {FILE} is broken: {_first(error)}.") from None
    if not is_name(listed.name):
        raise BadSource(f"{listed.name[:80]!r} is no name for a marketplace: letters, digits, hyphens, dots.")
    return listed


def _entry(fields: object, number: int) -> Entry | str:
    """The entry, or what is wrong with it."""
    name = str(fields.get("name", "")) if isinstance(fields, dict) else ""  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    called = repr(name[:80]) if name else f"entry {number + 1}"
    if not isinstance(fields, dict) or not is_name(name):
        return f"{called}: a plugin is called by letters, digits, hyphens and dots, at most 64"
    try:
        return Entry.model_validate({**fields, "fields": fields})
    except ValidationError as error:
        return f"{called}: {_first(error)}"


def _first_of_each_name(entries: Sequence[Entry], problems: list[str]) -> list[Entry]:
    seen: dict[str, Entry] = {}
    for entry in entries:
        if seen.setdefault(entry.name.casefold(), entry) is not entry:
            problems.append(f"{entry.name}: there are two of that name, the first is taken")
    return list(seen.values())


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in found["loc"])
    return f"{where}: {found['msg']}"[:200] if where else found["msg"][:200]
