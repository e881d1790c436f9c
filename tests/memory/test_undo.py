"""Every change of ours can be taken back, and nobody else's goes with it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.errors import NotFound
from jobs.memory.items import items_of
from jobs.memory.merging import Conflict, without
from jobs.memory.paths import FACTS
from jobs.memory.storage import Edited, Storage

ME = (FACTS,)
LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "\n"]), max_size=8).map("".join)
THEIRS = st.lists(st.sampled_from(["A\n", "B\n", "C\n"]), max_size=5).map("".join)


def history(workspace: Path) -> list[Path]:
    return sorted((workspace / "memory" / ".history").glob("*.json"))


async def test_changes_are_taken_back_one_after_another_to_the_byte(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"
    file.write_bytes("\ufeff* один\r\n* two".encode())
    first = file.read_bytes()
    await storage.add_facts(items_of("three"), "", "")
    second = file.read_bytes()
    await storage.add_facts(items_of("four"), "People", "")
    await storage.undo()
    assert file.read_bytes() == second
    await storage.undo()
    assert file.read_bytes() == first
    with pytest.raises(NotFound, match="Nothing can be undone"):
        await storage.undo()


async def test_what_others_wrote_elsewhere_stays(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"
    file.write_text("# Memory\n\n- one\n\n## End\n\nlast\n")
    await storage.add_facts(items_of("two"), "", "")
    file.write_text(file.read_text().replace("one", "One, edited").replace("last", "very last"))
    await storage.undo()
    assert file.read_text() == "# Memory\n\n- One, edited\n\n## End\n\nvery last\n"


async def test_a_change_whose_place_was_edited_is_refused_and_the_file_stays(workspace: Path, storage: Storage) -> None:
    file = workspace / "MEMORY.md"
    await storage.add_facts(items_of("two"), "", "")
    file.write_text("# Memory\n\n- two and a half\n")
    with pytest.raises(Edited, match=r"have been edited since.*the latest first: none"):
        await storage.undo()
    assert file.read_text() == "# Memory\n\n- two and a half\n"
    assert len(history(workspace)) == 1
    file.unlink()
    with pytest.raises(Edited, match="is gone"):
        await storage.undo()
    assert not file.exists()


async def test_an_earlier_change_is_taken_back_by_its_name(workspace: Path, storage: Storage) -> None:
    first = await storage.rewrite(ME, lambda _: "- one\n- two\n")
    await storage.rewrite(ME, lambda text: f"{text}- three\n- four\n")
    second = await storage.rewrite(ME, lambda text: text.replace("- three\n", "- 3\n"))
    await storage.rewrite(ME, lambda text: text.replace("- one\n", "- 1\n"))
    assert first is not None
    assert second is not None
    await storage.undo(second.id)
    assert (workspace / "MEMORY.md").read_text() == "- 1\n- two\n- three\n- four\n"
    with pytest.raises(NotFound, match="no change of that name"):
        await storage.undo(second.id)


async def test_a_file_that_the_change_made_is_gone_again(workspace: Path, storage: Storage) -> None:
    path = await storage.log(items_of("x"))
    await storage.log(items_of("y"))
    await storage.undo()
    assert (workspace.joinpath(*path)).read_text().endswith("13:00 x\n")
    await storage.undo()
    assert not workspace.joinpath(*path).exists()


async def test_a_change_that_was_only_about_to_be_made_is_not_undone(workspace: Path, storage: Storage) -> None:
    await storage.add_facts(items_of("one"), "", "")
    await storage.add_facts(items_of("two"), "", "")
    made, unmade = history(workspace)[-1], history(workspace)[-1].with_name("00000009-00000009.pending")
    unmade.write_text(json.dumps({**json.loads(made.read_text()), "id": "00000009", "after": "never written"}))
    made.rename(made.with_suffix(".pending"))  # killed after the note was written
    await storage.undo()
    assert (workspace / "MEMORY.md").read_text() == "# Memory\n\n- one\n"
    assert not unmade.exists()


async def test_the_history_is_bounded_and_what_is_damaged_in_it_is_no_obstacle(
    workspace: Path, storage: Storage
) -> None:
    for size in (400_000, 10):
        for number in range(15):
            await storage.rewrite(ME, lambda _, number=number, size=size: f"{number}{'x' * size}\n")
    assert sum(path.stat().st_size for path in history(workspace)) < 8_000_000
    history(workspace)[-1].write_text("{")
    history(workspace)[-2].write_text(json.dumps({"id": "x", "at": "2026-01-01", "path": "../x.md", "after": "x"}))
    with pytest.raises(Edited):  # the latest that can be read is not the latest
        await storage.undo()
    await storage.rewrite(ME, lambda _: "anew")
    assert (await storage.undo()).after == "anew"


@settings(max_examples=400, deadline=None)
@given(LINES, LINES, THEIRS)
def test_undoing_gives_the_old_text_or_leaves_out_only_the_change(before: str, ours: str, theirs: str) -> None:
    """The owner's lines above and below a change survive its undoing."""
    assert without(before, ours, ours) == before
    try:
        result = without(before, ours, f"top\n{ours}{theirs}")
    except Conflict:
        return
    assert result.startswith("top\n")
    assert result.endswith(theirs)


@settings(max_examples=400, deadline=None)
@given(LINES, LINES, LINES)
def test_undoing_between_edits_is_as_good_as_never_having_changed_it(head: str, ours: str, tail: str) -> None:
    before, after = f"{head}-\n+\n{tail}", f"{head}-\nOURS {ours}+\n{tail}"
    now = after.replace("a\n", "A\n")
    if "a\n" in ours:
        return
    assert without(before, after, now) == before.replace("a\n", "A\n")


async def test_where_the_latest_cannot_be_taken_back_the_others_are_named(workspace: Path, storage: Storage) -> None:
    await storage.log(items_of("the first"))
    await storage.add_facts(items_of("two"), "", "")
    (workspace / "MEMORY.md").write_text("# Memory\n\n- two and a half\n")
    with pytest.raises(Edited) as raised:
        await storage.undo()
    named = re.search(r"([0-9a-f]{8}) \(memory/", str(raised.value))
    assert named is not None
    assert (await storage.undo(named[1])).path == "memory/2026-03-02.md"
