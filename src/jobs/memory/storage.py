"""The assistant's memory: Markdown that people, editors and the model change at any time, and so does this."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.core.clock import Clock
from jobs.core.errors import JobsError, NotFound, StorageError
from jobs.core.slots import Slot
from jobs.core.words import memory as words
from jobs.memory.daylog import logged
from jobs.memory.facts import Facts, Outcome
from jobs.memory.files import Content, NoteFiles
from jobs.memory.forgetting import Found, Wanted, digest
from jobs.memory.history import Change, History
from jobs.memory.items import Item
from jobs.memory.merging import Conflict, without
from jobs.memory.paths import FACTS, FOLDER, HISTORY, NotePath, day_path, markdown_files, note_path, shown_path
from jobs.memory.problems import BadPath, NoteError, of_system

log = logging.getLogger(__name__)

Changed = Callable[[], Awaitable[object]]
"""Told after each change; when it returns, whatever was made of the notes agrees with them."""
Edit = Callable[[str], str]
"""What a note becomes. It is called again where somebody else has changed the note meanwhile."""
_TRIES = 50
_LONGEST_LIST = 1_500
"""Characters of the names of changes."""


class Edited(StorageError):
    """A change cannot be undone: its place has been edited since."""


@dataclass(frozen=True, slots=True)
class Forgettable:
    """Everything that speaks of something, at one moment."""

    wanted: Wanted
    found: Sequence[Found]
    """In the notes."""
    kept: Sequence[Found]
    """In what is kept for undoing, beside that."""
    near: Sequence[Found]
    """What speaks of it in other words perhaps, and would stay."""
    named: Sequence[Found] = ()
    """Folders and empty notes that are called so (line 0); files that are no notes stay, under another folder."""

    @property
    def digest(self) -> str:
        """Names exactly this."""
        return digest((*self.found, *self.kept, *self.named))


class Storage:
    """The notes of a workspace. Every method raises NoteError where a note cannot be read or written."""

    def __init__(self, workspace: Path, clock: Clock, zone: ZoneInfo, changed: Changed | None = None) -> None:
        self._files = NoteFiles(workspace)
        self._workspace = workspace
        self._clock = clock
        self._zone = zone
        self._changed = changed

    # ---- reading ----

    async def notes(self) -> Sequence[NotePath]:
        """The notes that can be named, `MEMORY.md` first, though some may turn out to be unreadable."""
        return await asyncio.to_thread(lambda: list(self._listed()))

    async def read(self, path: NotePath) -> str | None:
        """A note; None where there is none."""
        content = await asyncio.to_thread(self._files.read, path)
        return content.text if content is not None else None

    def today(self) -> date:
        """The day it is for the owner."""
        return self._now().date()

    async def latest_days(self) -> Sequence[tuple[NotePath, str]]:
        """The logs of yesterday and today, as far as there are any."""
        paths = [day_path(self.today() - timedelta(days=ago)) for ago in (1, 0)]
        texts = [(path, await self.read(path)) for path in paths]
        return [(path, text) for path, text in texts if text is not None]

    # ---- writing ----

    async def rewrite(self, path: NotePath, edit: Edit) -> Change | None:
        """Change a note ("" is what is read where there is none); None where it stayed as it was.

        What `edit` raises is passed on, and the note stays as it is.
        """
        change = await asyncio.to_thread(self._rewrite, path, edit)
        if change is not None:
            await self._tell()
        return change

    async def add_facts(self, facts: Sequence[Item], section: str, replaces: str) -> Sequence[Outcome]:
        """Write lasting facts into `MEMORY.md`; what became of each."""
        outcomes: list[Outcome] = []

        def edit(text: str) -> str:
            file = Facts(text, self.today())
            outcomes[:] = [file.add(fact, section, replaces) for fact in facts]
            return str(file)

        await self.rewrite((FACTS,), edit)
        return outcomes

    async def log(self, items: Sequence[Item]) -> NotePath:
        """Write down what happens, at the end of the day's log."""
        now = self._now()
        path = day_path(now.date())
        await self.rewrite(path, lambda text: logged(text, items, now))
        return path

    async def undo(self, change_id: str | None = None) -> Change:
        """Take a change back, the latest without an id; what was written elsewhere in the note since stays.

        Raises NotFound where no such change is kept, Edited where its place has been edited since.
        """
        change = await asyncio.to_thread(self._undo, change_id)
        await self._tell()
        return change

    # ---- forgetting ----

    async def find(self, wanted: Wanted) -> Forgettable:
        """Everything that speaks of something. Raises NoteError also where any note cannot be read."""
        return await asyncio.to_thread(self._find, wanted)

    async def forget(self, all_of_it: Forgettable) -> int:
        """Remove what was found, and nothing else, from notes, history and index; how many changes were kept of it.

        A line that has been edited since stays.
        """
        gone = await asyncio.to_thread(self._forget, all_of_it)
        if self._changed is not None:
            await self._changed()
        return gone

    # ---- starting ----

    async def tidy(self) -> None:
        """Clear away what was left by a process that was killed. What cannot be done is logged."""
        try:
            await asyncio.to_thread(self._tidy)
        except NoteError as error:
            log.warning("The notes could not be looked after: %s", error)

    # ---- in a thread ----

    def _now(self) -> datetime:
        return self._clock.now().astimezone(self._zone)

    def _listed(self) -> Iterator[NotePath]:
        try:
            files = list(markdown_files(self._workspace))
        except OSError as error:
            raise of_system(FOLDER, error) from error
        for file in files:
            try:
                path = note_path("/".join(file.relative_to(self._workspace).parts))
            except BadPath:
                continue  # hidden files, and names that are no text
            if not file.is_symlink() and file.is_file():
                yield path

    @contextmanager
    def _history(self) -> Generator[History]:
        """The history, while nobody else of us changes anything."""
        with self._files.locked() as folder:
            history = History(folder)
            history.recover(self._current)
            yield history

    def _current(self, path: str) -> str | None:
        content = self._files.read(note_path(path))
        return content.text if content is not None else None

    def _rewrite(self, path: NotePath, edit: Edit, *, recorded: bool = True) -> Change | None:
        with self._history() as history:
            self._files.sweep(path[:-1])
            for _ in range(_TRIES):
                before = self._files.read_to_change(path)
                old = before.text if before is not None else ""
                new = edit(old)
                if new == old:
                    return None
                change = self._put(history if recorded else None, path, before, new)
                if change is not None:
                    return change
        raise NoteError(shown_path(path), words.BUSY)

    def _put(self, history: History | None, path: NotePath, before: Content | None, new: str) -> Change | None:
        """None where the note has changed meanwhile."""
        old = before.text if before is not None else None
        name = history.prepare(self._clock.now(), shown_path(path), old, new) if history is not None else ""
        done = False
        try:
            done = self._files.replace(path, before, new)
        finally:
            if history is not None and not done:
                history.drop(name)
        if not done:
            return None
        change_id = history.keep(name) if history is not None else ""
        return Change(id=change_id, at=self._clock.now(), path=shown_path(path), before=old, after=new)

    def _undo(self, change_id: str | None) -> Change:
        with self._history() as history:
            changes = list(history.changes())
            wanted = changes if change_id else history.changes(since_forgetting=True)
            change = next((c for c in wanted if change_id in (None, c.id)), None)
            if change is None and not change_id and history.has_forgotten:
                raise NotFound(
                    "The latest thing done was to forget something, which cannot be undone: tell the owner so. Changes "
                    f"before that, to be undone by `change` if they ask for it: {_named(changes)}."
                )
            if change is None:
                raise NotFound("There is no change of that name to undo." if change_id else "Nothing can be undone.")
            path = note_path(change.path)
            try:
                for _ in range(_TRIES):
                    if self._take_back(path, change):
                        history.forget(lambda kept: kept.id == change.id)
                        return change
            except Edited as error:
                others = _named([c for c in changes if c != change])
                raise Edited(f"{error} Other changes, the latest first: {others}.") from None
        raise NoteError(change.path, words.BUSY)

    def _take_back(self, path: NotePath, change: Change) -> bool:
        now = self._files.read_to_change(path)
        if now is None:
            raise Edited(f"{change.path} is gone: it was removed after that change.")
        try:
            text = without(change.before or "", change.after, now.text)
        except Conflict:
            raise Edited(f"The lines of that change in {change.path} have been edited since; it stays.") from None
        if change.before is None and not text.strip():
            return self._files.remove(path, now)
        return self._files.replace(path, now, text)

    def _find(self, wanted: Wanted) -> Forgettable:
        texts = [(path, text) for path in self._listed() if (text := self._current(shown_path(path))) is not None]
        found: list[Found] = []
        near: list[Found] = []
        for path, text in texts:
            in_it, near_it = wanted.search(path, text)
            found += in_it
            near += near_it
        shown = {found.text for found in found}
        kept: dict[str, Found] = {}
        for change in self._kept():
            path = note_path(change.path)
            for item in (item for text in change.texts for item in wanted.search(path, text)[0]):
                if item.text not in shown:
                    kept.setdefault(item.text, Found((HISTORY,), 0, item.text))
        empty = [path for path, text in texts if not text.strip() and wanted.fits_name(path)]
        folders = [
            path for path in self._files.folders() if len(path) > 1 and path[:2] != (FOLDER, HISTORY)
            and wanted.fits_name(path) and not (len(path) > 2 and wanted.fits_name(path[:-1]))
        ]  # fmt: skip
        named = [Found(path, 0, "") for path in (*empty, *folders)]
        return Forgettable(wanted, found, list(kept.values()), near, named)

    def _kept(self) -> Sequence[Change]:
        if not self._has_history():
            return ()  # who only looks makes no folder
        with self._history() as history:
            return list(history.changes())

    def _has_history(self) -> bool:
        return (self._workspace / FOLDER / HISTORY).is_dir()

    def _forget(self, all_of_it: Forgettable) -> int:
        wanted, texts = all_of_it.wanted, {found.text for found in all_of_it.found}

        def speaks_of_it(change: Change) -> bool:
            path = note_path(change.path)
            found = any(wanted.search(path, text)[0] for text in change.texts)
            return found or any(gone in text for text in change.texts for gone in texts)

        # The notes last: a kill on the way leaves it where it is seen, and can be forgotten once more.
        with self._history() as history:
            history.mark_forgotten()
            gone = history.forget(speaks_of_it)
        self._forget_lines(all_of_it)
        return gone

    def _forget_lines(self, all_of_it: Forgettable) -> None:
        wanted = all_of_it.wanted
        notes = [*all_of_it.found, *(named for named in all_of_it.named if named.path[-1].endswith(".md"))]
        for path in dict.fromkeys(found.path for found in notes):
            self._rewrite(path, lambda text, path=path: wanted.without(path, text, all_of_it.found), recorded=False)
            content = self._files.read(path)
            if content is not None and not content.text.strip():
                self._files.remove(path, content)
        with self._history():
            filled = {path[:length] for path in self._listed() for length in range(2, len(path))}
            for folder in (named.path for named in all_of_it.named if not named.path[-1].endswith(".md")):
                if folder not in filled:  # a note has come into it since
                    self._files.remove_folder(folder, f"folder-{secrets.token_hex(3)}")

    def _tidy(self) -> None:
        if not self._has_history():
            return
        with self._history():
            for folder in self._files.folders():
                self._files.sweep(folder)

    async def _tell(self) -> None:
        if self._changed is None:
            return
        try:
            await self._changed()
        except JobsError as error:  # the notes are right; what is made of them follows later
            log.warning("The index of the notes is not up to date yet: %s", error)


def _named(changes: Sequence[Change]) -> str:
    named = ", ".join(f"{c.id} ({c.path}, {c.at:%Y-%m-%d %H:%M} UTC)" for c in changes)
    return named[:_LONGEST_LIST] or "none"


_slot: Slot[Storage] = Slot("The memory")
fill_storage = _slot.filled
get_storage = _slot.get
