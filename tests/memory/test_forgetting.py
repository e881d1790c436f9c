"""What is forgotten is gone from notes and history, word for word what was shown, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.errors import NotFound
from jobs.memory.forgetting import Wanted
from jobs.memory.items import items_of
from jobs.memory.markdown import Lines
from jobs.memory.paths import FACTS
from jobs.memory.problems import NoteError
from jobs.memory.storage import Storage

ME = (FACTS,)


def shown(what: str, text: str, path: tuple[str, ...] = ME) -> list[str]:
    return [found.text for found in Wanted(what).search(path, text)[0]]


@pytest.mark.parametrize(
    ("what", "text", "going"),
    [
        ("Masha", "- MASHA likes tea\n- Mashable\n- masha's\n", ["- MASHA likes tea", "- masha's"]),
        ("Masha tea", "- Masha: tea\n- Masha\n- tea\n", ["- Masha: tea"]),
        ("Маша | Маше | Masha", "- Маше 5\n- машина\n- Masha\n", ["- Маше 5", "- Masha"]),
        ("ёлка", "- Елка\n", ["- Елка"]),
        ("b", "- a\n  - b\n    - c\n  - d\n", ["  - b\n    - c"]),
        ("a", "- a\n  b\n\n  more\n  - c\n\n  end\n- d\n", ["- a\n  b\n\n  more\n  - c\n\n  end"]),
        ("end", "- a\n  - c\n\n  the end\n- d\n", ["  the end"]),
        ("Masha", "# M\n\n## Masha\n- x\n### y\nz\n\n## Next\n- q\n", ["## Masha\n- x\n### y\nz"]),
        ("x", "one\nx two\nthree\n\nfour\n", ["one\nx two\nthree"]),
        ("x", "| a | b |\n|---|---|\n| x | 1 |\n| y | 2 |\n", ["| x | 1 |"]),
        ("x", "```\na\nx\n```\nb\n", ["```\na\nx\n```"]),
        ("+49 (170) 123-45-67", "- 491701234567\n- 0049 170 1234567\n", ["- 491701234567", "- 0049 170 1234567"]),
        ("door 4821", "- door: 4821\n- door: 48210\n", ["- door: 4821"]),
        ("   ", "- a\n", []),
        ("x", "- y\n  - until 2026-01-01: x\n", ["  - until 2026-01-01: x"]),
    ],
)  # fmt: skip
def test_what_speaks_of_it(what: str, text: str, going: list[str]) -> None:
    assert shown(what, text) == going


def test_a_note_that_is_named_after_it_goes_whole() -> None:
    assert shown("masha", "- likes tea\n\n- x\n", ("memory", "people", "Masha.md")) == ["- likes tea\n\n- x"]


def test_other_forms_of_the_words_are_named_and_not_taken() -> None:
    going, near = Wanted("Маша").search(ME, "- Маша\n- Машу ждать\n- Мир\n")
    assert [found.text for found in going] == ["- Маша"]
    assert [found.text for found in near] == ["- Машу ждать"]


async def test_looking_for_it_changes_no_file(workspace: Path, storage: Storage) -> None:
    (workspace / FACTS).write_text("- Masha likes tea\n")
    before = set(workspace.rglob("*"))
    assert [found.text for found in (await storage.find(Wanted("masha"))).found] == ["- Masha likes tea"]
    assert set(workspace.rglob("*")) == before


async def test_it_is_gone_from_notes_and_history_and_other_changes_can_still_be_undone(
    workspace: Path, storage: Storage
) -> None:
    await storage.log(items_of("unrelated"))
    await storage.add_facts(items_of("- Masha's PIN is 4821\n- likes tea"), "", "")
    await storage.log(items_of("Masha called"))
    deep = workspace / "memory" / "people"
    deep.mkdir()
    (deep / "masha.md").write_text("born in May\n")
    (deep / "pavel.md").write_bytes(b"# Pavel\r\n\r\n- knows Masha\r\n- tall")
    await storage.add_facts(items_of("Anna: 1"), "", "")
    await storage.add_facts(items_of("Anna: 2"), "", "")
    all_of_it = await storage.find(Wanted("masha"))
    assert [found.text for found in all_of_it.found] == [
        "- Masha's PIN is 4821", "- 13:00 Masha called", "born in May", "- knows Masha",
    ]  # fmt: skip
    assert await storage.forget(all_of_it) >= 3
    left = b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file()).lower()
    assert b"masha" not in left
    assert b"4821" not in left
    assert b"born in may" not in left
    assert not (deep / "masha.md").exists()
    assert (deep / "pavel.md").read_bytes() == b"# Pavel\r\n\r\n- tall"
    assert "likes tea" in (workspace / FACTS).read_text()
    with pytest.raises(NotFound, match=r"cannot be undone: .* before that") as refused:
        await storage.undo()
    [left_to_undo] = re.findall(r"([0-9a-f]{8}) \(", str(refused.value))
    assert (await storage.undo(left_to_undo)).path == "memory/2026-03-02.md"


async def test_undo_after_forgetting_takes_back_what_came_after_and_never_what_was_before(
    workspace: Path, storage: Storage
) -> None:
    await storage.add_facts(items_of("Anna: 1"), "", "")
    await storage.add_facts(items_of("Masha likes tea"), "", "")
    before = "# Memory\n\n- Anna: 1\n"
    await storage.forget(await storage.find(Wanted("masha")))
    assert (workspace / FACTS).read_text() == before
    await storage.add_facts(items_of("Pavel: 2"), "", "")
    assert "Pavel" in (await storage.undo()).after
    for _ in range(2):
        with pytest.raises(NotFound, match="to forget something, which cannot be undone"):
            await storage.undo()
    assert (workspace / FACTS).read_text() == before


async def test_a_folder_that_is_named_after_it_goes_with_its_notes(workspace: Path, storage: Storage) -> None:
    deep = workspace / "memory" / "people" / "Masha" / "trips"
    deep.mkdir(parents=True)
    (deep / "spain.md").write_text("- in May\n")
    (workspace / "memory" / "people" / "masha.md").write_text("\n")
    (workspace / "memory" / "people" / "anna.md").write_text("- tall\n")
    all_of_it = await storage.find(Wanted("masha"))
    assert [found.text for found in all_of_it.found] == ["- in May"]
    assert ["/".join(named.path) for named in all_of_it.named] == ["memory/people/masha.md", "memory/people/Masha"]
    await storage.forget(all_of_it)
    assert not [path for path in workspace.rglob("*") if "masha" in path.name.lower()]
    assert (workspace / "memory" / "people" / "anna.md").read_text() == "- tall\n"
    assert not (await storage.find(Wanted("masha"))).named


async def test_files_that_are_no_notes_stay_in_a_folder_of_another_name(workspace: Path, storage: Storage) -> None:
    folder = workspace / "memory" / "Masha"
    folder.mkdir(parents=True)
    (folder / "photo.jpg").write_bytes(b"jpg")
    await storage.forget(await storage.find(Wanted("masha")))
    [photo] = workspace.rglob("photo.jpg")
    assert photo.read_bytes() == b"jpg"
    assert not folder.exists()


async def test_a_folder_stays_into_which_a_note_has_come_since_it_was_shown(workspace: Path, storage: Storage) -> None:
    folder = workspace / "memory" / "Masha"
    folder.mkdir(parents=True)
    all_of_it = await storage.find(Wanted("masha"))
    (folder / "new.md").write_text("- new\n")
    await storage.forget(all_of_it)
    assert (folder / "new.md").read_text() == "- new\n"


async def test_what_stands_only_in_the_history_is_found_and_goes(workspace: Path, storage: Storage) -> None:
    await storage.add_facts(items_of("Masha likes tea"), "", "")
    (workspace / FACTS).write_text("# Memory\n")
    all_of_it = await storage.find(Wanted("masha"))
    assert (list(all_of_it.found), [found.text for found in all_of_it.kept]) == ([], ["- Masha likes tea"])
    await storage.forget(all_of_it)
    assert b"Masha" not in b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file())


async def test_what_was_written_after_it_was_shown_stays(workspace: Path, storage: Storage) -> None:
    file = workspace / FACTS
    file.write_text("- Masha one\n- Masha two\n- Masha two\n- x\n")
    all_of_it = await storage.find(Wanted("masha"))
    file.write_text("- Masha new\n- Masha one, edited\n- Masha two\n- Masha two\n- Masha two\n- x\n")
    await storage.forget(all_of_it)
    assert file.read_text() == "- Masha new\n- Masha one, edited\n- Masha two\n- x\n"
    assert (await storage.find(Wanted("masha"))).digest != all_of_it.digest


async def test_nothing_is_forgotten_while_a_note_cannot_be_searched(workspace: Path, storage: Storage) -> None:
    (workspace / FACTS).write_text("- Masha\n")
    (workspace / "memory").mkdir()
    (workspace / "memory" / "old.md").write_bytes("Masha".encode("utf-16"))
    with pytest.raises(NoteError, match=r"memory/old\.md: it is no UTF-8 text"):
        await storage.find(Wanted("masha"))


NOTES = st.lists(
    st.tuples(
        st.sampled_from(["- ", "  - ", "", "# ", "## ", "| ", "    ", "> ", "1. "]),
        st.sampled_from(["x", "a x", "b", "c d", ""]),
    ),
    max_size=14,
).map(lambda lines: "\n".join(mark + words for mark, words in lines))


@settings(max_examples=500, deadline=None)
@given(NOTES)
def test_exactly_what_is_shown_goes_and_nothing_of_it_is_left(text: str) -> None:
    wanted = Wanted("x")
    going, _ = wanted.search(ME, text)
    after = wanted.without(ME, text, going)
    assert wanted.search(ME, after)[0] == []
    assert "x" not in after
    gone = [line for found in going for line in found.text.split("\n") if line.strip()]
    left = [line for line in Lines(after).plain if line.strip()]
    assert sorted([*gone, *left]) == sorted(line for line in Lines(text).plain if line.strip())


async def test_where_a_note_cannot_be_changed_after_all_nothing_is_left_where_nobody_looks(
    workspace: Path, storage: Storage
) -> None:
    await storage.add_facts(items_of("Masha likes tea"), "", "")
    all_of_it = await storage.find(Wanted("masha"))
    (workspace / FACTS).chmod(0o444)
    with pytest.raises(NoteError):
        await storage.forget(all_of_it)
    left = [path.name for path in workspace.rglob("*") if path.is_file() and b"Masha" in path.read_bytes()]
    assert left == [FACTS]
