"""A plugin made ready: what was fetched is copied, looked through, and its manifest written anew by us.

Claude's CLI takes in whatever it finds in the folders that it knows. So what the owner is not shown is not in the copy.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from jobs.intake.bounds import BadSource, Limits, copy_folder, ordinary_files
from jobs.intake.frontmatter import without_programs
from jobs.intake.trees import INCIDENTAL
from jobs.plugin_manager import programs
from jobs.plugin_manager.catalogue import FOLDER, Entry, inside, ordinary
from jobs.plugin_manager.contents import Contents, Hook, Server

MANIFEST = f"{FOLDER}/plugin.json"
SERVERS = f"{FOLDER}/servers.json"
"""Ours: the CLI is told of the servers of plugins by us, after they were tried."""
LIMITS = Limits(files=2000, bytes=50 * 2**20, what="plugin")
_SKILL = "SKILL.md"
_MOST_JSON = 2**20
_MOST_NAMED = 500
_COMPONENTS = ("commands", "agents", "skills", "hooks", "mcpServers")
_UNUSED = {
    "lspServers": "language servers",
    "outputStyles": "output styles",
    "monitors": "monitors",
    "themes": "themes",
    "workflows": "workflows",
    "userConfig": "settings of its own",
    "channels": "channels",
    "settings": "settings for Claude",
}
_UNUSED_FILES = {
    ".lsp.json": "language servers",
    "output-styles": "output styles",
    "monitors": "monitors",
    "themes": "themes",
    "workflows": "workflows",
    "settings.json": "settings for Claude",
    ".claude": "settings for Claude",
}


def build(source: Path, entry: Entry, built: Path) -> Contents:
    """Copy a plugin's folder to `built`, as it will be installed. Raises BadSource, OSError."""
    copy_folder(source, built, LIMITS)
    if not built.is_dir():
        raise BadSource(f"There is nothing in the folder of {entry.name}.")
    for name in INCIDENTAL:  # which no digest sees, so that nobody could say what was allowed
        for path in list(built.rglob(name)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    work = _Building(built, entry)
    contents = work.contents()
    work.clear_away()
    path = built / MANIFEST
    path.parent.mkdir()
    path.write_text(json.dumps(contents.manifest, indent=2, ensure_ascii=False), encoding="utf-8")
    if contents.entries:
        (built / SERVERS).write_text(json.dumps(contents.entries, indent=2, ensure_ascii=False), encoding="utf-8")
    return contents


@dataclass(slots=True)
class _Building:
    root: Path
    entry: Entry
    left_out: list[str] = field(default_factory=list[str])

    def contents(self) -> Contents:
        own = self._own_manifest()
        sources = [own, self.entry.fields] if self.entry.strict else [self.entry.fields]
        if not self.entry.strict and (both := [name for name in _COMPONENTS if name in own]):
            raise BadSource(f"{self.entry.name}: its plugin.json and the marketplace both say what it has ({both}).")
        self._without_programs()
        paths = {kind: self._paths(kind, sources) for kind in ("commands", "agents", "skills")}
        self._only_listed_skills(paths["skills"])
        servers, written_servers = self._servers(sources)
        hooks, written_hooks = self._hooks(sources)
        self._note_unused(sources)
        about = {name: _text(own, name) or _text(self.entry.fields, name) for name in ("version", "description")}
        declared = {kind: [f"./{path}" for path in found] for kind, found in paths.items() if found}
        return Contents(
            name=self.entry.name,
            version=about["version"],
            description=about["description"],
            author=_author(own) or _author(self.entry.fields),
            skills=self._named(self._skills(paths["skills"])),
            commands=self._named(self._markdown("commands", paths["commands"])),
            agents=self._named(self._markdown("agents", paths["agents"])),
            servers=servers,
            hooks=hooks,
            programs=[path.name for path in sorted((self.root / "bin").glob("*"))][:_MOST_NAMED],
            left_out=self.left_out,
            manifest={
                "name": self.entry.name,
                **{name: value for name, value in about.items() if value},
                **declared,
                **({"hooks": written_hooks} if written_hooks else {}),
            },
            entries=written_servers,
        )

    def clear_away(self) -> None:
        """Remove what Claude's CLI would take in beside our manifest."""
        for name in (FOLDER, ".mcp.json", "hooks/hooks.json", *_UNUSED_FILES):
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    # ---- what it says of itself ----

    def _own_manifest(self) -> Mapping[str, object]:
        if not (self.root / MANIFEST).exists():
            return {}
        own = self._json(MANIFEST)
        if not isinstance(own, dict):
            raise BadSource(f"{self.entry.name}: its {MANIFEST} is broken, so nothing of it is taken.")
        name = own.get("name")
        if name is not None and name != self.entry.name:
            self.left_out.append(f"its own name {str(name)[:80]!r}: the marketplace calls it {self.entry.name}")
        return own

    def _json(self, name: str) -> dict[str, object] | None:
        """A file of it; None when it is none, or broken."""
        try:
            path = ordinary(self.root, name)
            if not path.is_file() or path.stat().st_size > _MOST_JSON:
                return None
            found: object = json.loads(path.read_bytes())
        except (BadSource, ValueError, RecursionError):
            return None
        return cast("dict[str, object]", found) if isinstance(found, dict) else None

    def _note_unused(self, sources: Sequence[Mapping[str, object]]) -> None:
        found = [what for name, what in _UNUSED.items() if any(name in source for source in sources)]
        found += [what for name, what in _UNUSED_FILES.items() if (self.root / name).exists()]
        self.left_out += [f"{what}: the assistant has no use for them" for what in dict.fromkeys(found)]

    # ---- skills, commands, agents ----

    def _paths(self, kind: str, sources: Sequence[Mapping[str, object]]) -> Sequence[str]:
        """The files and folders that are declared, besides the folder of that name."""
        found: list[str] = []
        for value in _values(kind, sources):
            if not isinstance(value, str):
                self.left_out.append(f"{kind} that are no paths")
                continue
            try:
                path = inside(value)
                ordinary(self.root, path)
            except BadSource as error:
                self.left_out.append(f"{kind} {value[:100]!r}: {error}")
                continue
            if path:
                found.append(path)
        return list(dict.fromkeys(found))

    def _without_programs(self) -> None:
        for path in ordinary_files(self.root, LIMITS):
            if path.suffix.lower() == ".md" and (said := without_programs(path)):
                self.left_out.append(f"{path.relative_to(self.root).as_posix()}: {said}")

    def _only_listed_skills(self, listed: Sequence[str]) -> None:
        """Several entries may share one folder, and each list its own skills of it."""
        if self.entry.strict or not listed:
            return
        for skill in (self.root / "skills").glob(f"*/{_SKILL}"):
            path = skill.parent.relative_to(self.root).as_posix()
            if not any(path == one or path.startswith(f"{one}/") for one in listed):
                shutil.rmtree(skill.parent)

    def _skills(self, declared: Sequence[str]) -> Iterator[str]:
        if (self.root / _SKILL).is_file():
            yield self.entry.name
        for path in dict.fromkeys(("skills", *declared)):
            folder = self.root / path
            if (folder / _SKILL).is_file():
                yield folder.name
            yield from (skill.parent.name for skill in sorted(folder.glob(f"*/{_SKILL}")))

    def _markdown(self, kind: str, declared: Sequence[str]) -> Iterator[str]:
        for path in dict.fromkeys((kind, *declared)):
            found = self.root / path
            if found.suffix == ".md":
                yield found.stem
            yield from (file.relative_to(found).with_suffix("").as_posix() for file in sorted(found.rglob("*.md")))

    def _named(self, names: Iterator[str]) -> Sequence[str]:
        return list(dict.fromkeys(names))[:_MOST_NAMED]

    # ---- servers and hooks ----

    def _inline_and_files(
        self, kind: str, standard: str, sources: Sequence[Mapping[str, object]]
    ) -> Iterator[Mapping[str, object]]:
        """What is said of `kind` in the standard file, in files that are named, and in the manifest itself."""
        values = [*([standard] if (self.root / standard).exists() else []), *_values(kind, sources)]
        for value in values:
            found = self._json(value) if isinstance(value, str) else value
            if not isinstance(found, dict):
                self.left_out.append(f"{kind} in {str(value)[:100]!r}: no file with a list of them")
                continue
            fields = cast("dict[str, object]", found)
            inner = fields.get(kind)
            yield cast("dict[str, object]", inner) if isinstance(inner, dict) else fields

    def _servers(self, sources: Sequence[Mapping[str, object]]) -> tuple[Sequence[Server], Mapping[str, object]]:
        shown: dict[str, Server] = {}
        written: dict[str, object] = {}
        for found in self._inline_and_files("mcpServers", ".mcp.json", sources):
            for name, fields in found.items():
                try:
                    shown[name], written[name] = programs.server(name, fields)
                except programs.Unfit as error:
                    self.left_out.append(str(error))
                    continue
                if missing := programs.wanted(fields):
                    self.left_out.append(f"the variables {', '.join(missing)} for {name}: it is given none of ours")
        return list(shown.values()), written

    def _hooks(self, sources: Sequence[Mapping[str, object]]) -> tuple[Sequence[Hook], Mapping[str, object]]:
        shown: list[Hook] = []
        written: dict[str, list[object]] = {}
        for found in self._inline_and_files("hooks", "hooks/hooks.json", sources):
            for event, groups in found.items():
                if event == "description":
                    continue
                for hook, group in programs.hooks(event, groups, self.left_out):
                    if hook not in shown:
                        shown.append(hook)
                        written.setdefault(event, []).append(group)
        return shown, written


def _values(kind: str, sources: Sequence[Mapping[str, object]]) -> Iterator[object]:
    for source in sources:
        value = source.get(kind)
        if isinstance(value, list):
            yield from cast("list[object]", value)
        elif value is not None:
            yield value


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _author(fields: Mapping[str, object]) -> str:
    value = fields.get("author")
    if isinstance(value, dict):
        return _text(cast("dict[str, object]", value), "name")
    return value if isinstance(value, str) else ""
