"""The notes as the program itself writes and reads them: the days' logs, and what is distilled from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import unified_diff
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from jobs.memory.daylog import logged
from jobs.memory.facts import NOTHING, Facts, NotFound, Unsure
from jobs.memory.items import Item, items_of
from jobs.memory.markdown import Block, Lines
from jobs.memory.marks import LOCK
from jobs.memory.paths import FACTS, FOLDER, NotePath, day_path
from jobs.memory.storage import Storage
from jobs.users.private_lines import private_numbers

ARCHIVE: NotePath = (FOLDER, "archive.md")
"""Where lines of MEMORY.md go when it has grown too long."""


class LearnedFact(BaseModel):
    """A fact for MEMORY.md; `replaces` is the line that it puts out of date, if any."""

    model_config = ConfigDict(frozen=True)

    fact: str = Field(min_length=1, max_length=500)
    section: str = Field(default="", max_length=100)
    replaces: str = Field(default="", max_length=600)


@dataclass(frozen=True, slots=True)
class MemoryChange:
    """What has become of MEMORY.md: an id to undo it by, and the lines that came and went."""

    id: str
    added: Sequence[str]
    removed: Sequence[str]


class Notebook:
    """Every method raises StorageError."""

    def __init__(self, storage: Storage, zone: ZoneInfo) -> None:
        self._storage = storage
        self._zone = zone

    async def facts(self) -> str:
        """The text of MEMORY.md; "" where there is none."""
        return await self._storage.read((FACTS,)) or ""

    async def of_date(self, day: date) -> str:
        """The log of a day in the owner's zone; "" where there is none."""
        return await self._storage.read(day_path(day)) or ""

    async def of_day(self, moment: datetime) -> str:
        """The log of the day of a moment."""
        return await self.of_date(moment.astimezone(self._zone).date())

    async def note(self, items: Sequence[Item], moment: datetime) -> None:
        """Write items into the log of the day of a moment, at that time."""
        local = moment.astimezone(self._zone)
        await self._storage.rewrite(day_path(local.date()), lambda log: logged(log, items, local))

    async def learn(self, facts: Sequence[LearnedFact], *, again: bool = False) -> MemoryChange | None:
        """Bring facts into MEMORY.md, in one change; None where it says all of it already.

        `again`: it may have been done before a kill, so that what stands there, under whatever heading, is left.
        """

        def edit(text: str) -> str:
            file = Facts(text, self._storage.today())
            there = {block.text for block in Lines(text).blocks} if again else set[str]()
            for fact in facts:
                for item in items_of(fact.fact):
                    if item.text in there:
                        continue
                    if isinstance(file.add(item, fact.section, fact.replaces), Unsure | NotFound):
                        file.add(item, fact.section, NOTHING)  # better twice than not at all
            return str(file)

        return await self._changed(edit)

    async def archive(self, memory: str, numbers: Collection[int]) -> MemoryChange | None:
        """Move entries of MEMORY.md, named by the numbers of their first lines (from 1), into the archive.

        `memory` is the text that was numbered; None where it is another by now, or where no entry is named.
        """
        lines = Lines(memory)
        going = [block for _, block in _entries(lines) if block.start + 1 in numbers]
        if not going or await self.facts() != memory:
            return None
        moved = "\n".join((f"## {self._storage.today().isoformat()}", *_as_archived(lines, going)))
        # A kill between the two leaves an entry in both places; the other way round it would be in none.
        await self._storage.rewrite(ARCHIVE, lambda text: "\n\n".join(filter(None, (text.rstrip(), moved))) + "\n")

        def without(text: str) -> str:
            if text != memory:  # somebody edits it this moment: it waits for another night
                return text
            for block in reversed(going):
                lines.remove(block.start, block.end)
            return str(lines)

        return await self._changed(without)

    async def _changed(self, edit: Callable[[str], str]) -> MemoryChange | None:
        change = await self._storage.rewrite((FACTS,), edit)
        if change is None:
            return None
        before, after = (change.before or "").splitlines(), (change.after or "").splitlines()
        diff = [line for line in unified_diff(before, after, n=0, lineterm="") if line[1:].strip("+- ")]
        return MemoryChange(
            change.id,
            [line[1:] for line in diff if line.startswith("+")],
            [line[1:] for line in diff if line.startswith("-")],
        )


def _entries(lines: Lines) -> Iterator[tuple[str, Block]]:
    """What states something, with what is within it, and the headings above it."""
    above: list[tuple[int, str]] = []
    reached = 0
    for block in lines.blocks:
        if block.kind == "heading":
            above = [*((depth, title) for depth, title in above if depth < block.depth), (block.depth, block.text)]
        elif block.start >= reached and block.kind in ("item", "paragraph"):
            yield " › ".join(title for depth, title in above if depth > 1), block
        reached = max(reached, block.end)


def _as_archived(lines: Lines, going: Sequence[Block]) -> Iterator[str]:
    """Entries under the headings that they stood under; what was private there is marked, so that it stays so."""
    private = private_numbers(lines.plain)
    heading_of = {block.start: heading for heading, block in _entries(lines)}
    heading = ""
    for block in going:
        if heading_of[block.start] != heading:
            heading = heading_of[block.start]
            yield f"\n### {heading}" if heading else "\n###"
        for number in range(block.start, block.end):
            line = lines.plain[number]
            yield f"{line} {LOCK}" if number in private and LOCK not in line and line.strip() else line
