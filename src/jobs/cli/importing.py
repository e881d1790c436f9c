"""`jobs import`: an OpenClaw or nanobot workspace is brought along; nothing of ours is overwritten."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from jobs.cli.import_report import Report
from jobs.cli.skill_import import import_skills
from jobs.core.clock import SystemClock
from jobs.core.i18n import Language, Words
from jobs.core.settings import load_settings
from jobs.core.words import importing as words
from jobs.core.words import memory as memory_words
from jobs.memory.absorbing import absorbed
from jobs.memory.files import NoteFiles
from jobs.memory.markdown import Lines, sameness
from jobs.memory.paths import FACTS, FOLDER, NotePath, note_path, shown_path
from jobs.memory.problems import BadPath, NoteError
from jobs.memory.storage import Storage
from jobs.triggers.due import unchecked
from jobs.triggers.sources.heartbeat import CHECKLIST

SKILLS = "skills"
_USER, _SOUL = "USER.md", "SOUL.md"
_KNOWN = (FACTS, "memory.md", FOLDER, _USER, _SOUL, CHECKLIST, SKILLS)
_SOUL_NOTE = (FOLDER, "soul.md")
_MOST_FILES = 20_000


def main(language: Language, path: Path, *, dry_run: bool) -> int:
    """0 when everything was read and written; 1 when something was not, or there is nothing there."""
    settings = load_settings()
    source = _workspace_in(path.expanduser().absolute())
    target = settings.workspace_dir
    refusal = _refusal(source, target)
    if refusal:
        print(f"✗ {refusal.say(language, path=path, names=', '.join(_KNOWN))}")
        return 1
    report = Report(language, str(source), str(target), dry_run=dry_run)
    if not dry_run:
        target.mkdir(parents=True, exist_ok=True)
    storage = Storage(target, SystemClock(), settings.timezone)
    asyncio.run(_Import(source, target, storage, report).run())
    return report.close()


def _workspace_in(path: Path) -> Path:
    """The folder itself, or the workspace in it."""
    inner = path / "workspace"
    return inner if not _has_any(path) and _has_any(inner) else path


def _has_any(path: Path) -> bool:
    return any(os.path.lexists(path / name) for name in _KNOWN)


def _refusal(source: Path, target: Path) -> Words | None:
    if not source.is_dir() or not os.access(source, os.R_OK | os.X_OK):
        return words.NO_FOLDER
    if source.resolve() == target.resolve():
        return words.OUR_OWN
    return None if _has_any(source) else words.NOTHING_THERE


class _Import:
    """One run, from one folder to another."""

    def __init__(self, source: Path, target: Path, storage: Storage, report: Report) -> None:
        self._source = source
        self._files = NoteFiles(source)
        self._target = target
        self._storage = storage
        self._report = report
        self._would_be: dict[NotePath, str] = {}

    async def run(self) -> None:
        """Every part of it; what cannot be taken is reported and keeps nothing else back."""
        names = sorted(entry.name for entry in os.scandir(self._source))
        for name in names:
            match name:
                case "MEMORY.md" | "memory.md":
                    await self._take((name,), (FACTS,))
                case "USER.md":
                    await self._take((name,), (FACTS,), words.OWNER_SECTION.say(self._report.language))
                case "SOUL.md":
                    if await self._take((name,), _SOUL_NOTE):
                        self._report.remark(words.ABOUT_SOUL, target=shown_path(_SOUL_NOTE))
                case "HEARTBEAT.md":
                    await self._take_checklist((name,))
                case "memory" | "skills":
                    pass
                case _:
                    self._report.left(name, words.HIDDEN if name.startswith(".") else words.OF_THE_OTHER)
        for path in self._notes() if FOLDER in names else ():
            await self._take(path, (FACTS,) if path == (FOLDER, FACTS) else path)
        if SKILLS in names:
            import_skills(self._files, self._source / SKILLS, self._target / ".claude" / SKILLS, self._report)

    def _notes(self) -> Iterator[NotePath]:
        """The notes below memory/; whatever else is there is reported as left."""
        top = self._source / FOLDER
        if top.is_symlink():
            self._report.left(FOLDER, words.LINK)
            return
        count = 0
        for folder, folders, files in os.walk(top):
            place = Path(folder).relative_to(self._source)
            for name in sorted(folders):
                if name.startswith(".") or (Path(folder) / name).is_symlink():
                    self._report.left(str(place / name), words.HIDDEN if name.startswith(".") else words.LINK)
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                count += 1
                path = (*place.parts, name)
                if count > _MOST_FILES or not name.endswith(".md"):
                    self._report.left(shown_path(path), words.NO_MARKDOWN)
                elif self._can_be_named(path):
                    yield path

    def _can_be_named(self, path: NotePath) -> bool:
        try:
            note_path(shown_path(path))
        except BadPath as error:
            hidden = path[-1].startswith(".")
            self._report.left(ascii(shown_path(path))[1:-1], words.HIDDEN if hidden else error)
            return False
        return True

    def _text(self, path: NotePath) -> str | None:
        """What a file says; None, and reported as left, where that cannot be known or is nothing."""
        try:
            content = self._files.read(path)
        except NoteError as error:
            self._report.left(shown_path(path), error)
            return None
        if content is None or Lines(content.text).is_empty:
            self._report.left(shown_path(path), words.NOTHING_SAID)
            return None
        return content.text

    async def _take(self, path: NotePath, to: NotePath, under: str = "") -> bool:
        text = self._text(path)
        if text is None:
            return False
        counts = [0]

        def edit(target: str) -> str:
            after, counts[0] = absorbed(target, text, under)
            return after if counts[0] else target

        try:
            before = self._would_be.get(to) or await self._storage.read(to)
            if self._report.dry_run:
                self._would_be[to] = edit(before or "")
            else:
                await self._storage.rewrite(to, edit)
        except NoteError as error:
            self._report.failed(shown_path(path), error)
            return False
        self._report.taken(shown_path(path), shown_path(to), counts[0], new=before is None)
        return counts[0] > 0

    async def _take_checklist(self, path: NotePath) -> None:
        text = self._text(path)
        if text is None:
            return
        try:
            count = await asyncio.to_thread(self._add_items, unchecked(text))
        except NoteError as error:
            self._report.failed(CHECKLIST, error)
            return
        self._report.taken(CHECKLIST, CHECKLIST, count, new=False)

    def _add_items(self, items: Sequence[str]) -> int:
        files = NoteFiles(self._target)
        if self._report.dry_run:
            content = files.read((CHECKLIST,)) if self._target.is_dir() else None
            return len(_missing(items, content.text if content else ""))
        with files.locked():
            for _ in range(50):
                before = files.read_to_change((CHECKLIST,))
                lines = Lines(before.text if before else "")
                fresh = _missing(items, str(lines))
                lines.insert(lines.end, [f"- [ ] {item}" for item in fresh])
                if not fresh or files.replace((CHECKLIST,), before, str(lines)):
                    return len(fresh)
        raise NoteError(CHECKLIST, memory_words.BUSY)


def _missing(items: Sequence[str], there: str) -> Sequence[str]:
    known = {sameness(block.text.removeprefix("[ ] ").removeprefix("[x] ")) for block in Lines(there).blocks}
    fresh: dict[str, str] = {}
    for item in items:
        if sameness(item) not in known:
            fresh.setdefault(sameness(item), item)
    return list(fresh.values())
