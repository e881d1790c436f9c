"""What is private in the owner's notes: which lines, which values in them, in which files."""

import os
from pathlib import Path

import pytest

from jobs.users.private_lines import marked_lines, private_values
from jobs.users.private_memory import PrivateMemory, Unreadable
from jobs.users.values import is_said


def hides(notes: str, text: str) -> bool:
    return any(is_said(value, text) for value in private_values(notes))


def test_memory_is_private_line_by_line_or_under_a_marked_heading() -> None:
    text = (
        "# Home\naddress: x\n- door code: 4711 (private)\n## Private\nbank: 99\n### more\npin 12\n## Public\ncity: y\n"
    )
    assert [line.strip() for line in marked_lines(text)] == ["- door code: 4711 ()", "bank: 99", "### more", "pin 12"]


@pytest.mark.parametrize(
    "notes",
    [
        "- 🔒 4821: the code of the front door",
        "- PIN 4821 (since 18:30) 🔒",
        "- hotel 4821 🔒 https://x.example",
        "- secrets: 4821",
        "- конфиденциальный код 4821",
        "- Никому не говори: 4821",
        "- codes 4821, 7733 🔒",
        "- 🔒 code of the door:\n  4821",
        "- 🔒 doors\n  - front\n\n    4821",
        "Private\n-------\n- code 4821",
        "Private notes\n=============\n## Doors\n- code 4821",
        "Секреты\n-------\nкод 4821",
        "**Private**\n- code 4821",
        "__Private:__\n\n- code 4821",
        "**Личное:**\n- код 4821",
        "# Secrets\ncode 4821",
        "# Личные заметки\nкод 4821",
        "## Private\n**Doors**\ncode 4821",
        "Private:\n- code 4821",
        "Личное:\n\n- код 4821",
        "> ## Private\n> code 4821",
        "# Private\n```\n# a comment\n4821\n```",
        "# Private\n- list:\n  ```sh\n  # a comment\n  ```\n\n4821",
        "# Private\n    # indented\n4821",
        "## Private\ncode 4821\n---\nmore",
        "## Private\nmore\n---\ncode 4821",
        "## 🔒 Door 4821",
        "## Private\n```\nnever closed\n# Private\n4821",
    ],
)
def test_a_value_is_private_wherever_it_stands_by_its_mark(notes: str) -> None:
    assert hides(notes, "It is 4821.")


@pytest.mark.parametrize(
    "notes",
    [
        "# Private\ncode 7733\n# Public\nroom 4821",
        "Private\n=======\ncode 7733\n\nPublic\n======\nroom 4821",
        "**Private**\n- code 7733\n\n**Public**\n- room 4821",
        "**Private**\n- code 7733\n## Public\n- room 4821",
        "Private:\n- code 7733\n\nRoom 4821 is ours.",
        "- 🔒 doors:\n  7733\n- room 4821",
        "- отличный номер 4821, наличными",
        "- секретарь: 4821",
        "```\n# Private\n```\nroom 4821",
    ],
)
def test_other_lines_are_not_private(notes: str) -> None:
    assert not hides(notes, "It is 4821.")


@pytest.mark.parametrize(
    ("notes", "text"),
    [
        ("- 18:30 🔒 Pavel's code is 4821", "At 18:30, then."),
        ("- +49 170 1234567: private number", "Which number?"),
        ("- 🔒 4821: the code of the front door", "I do not know the code of the front door."),
        ("- floor 12 🔒", "At 12 o'clock."),
    ],
)
def test_what_stands_beside_a_private_value_may_be_said(notes: str, text: str) -> None:
    assert not hides(notes, text)


def test_a_private_number_before_the_colon_is_found() -> None:
    assert hides("- +49 170 1234567: private number", "Call 0170 1234567.")


async def test_the_daily_notes_count_and_every_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    memory = PrivateMemory(tmp_path)
    assert await memory.values() == frozenset()
    (tmp_path / "memory").mkdir()
    day = tmp_path / "memory" / "2026-11-24.md"
    day.write_text("- 🔒 alarm 9944\n")
    assert "9944" in await memory.values()
    (tmp_path / "MEMORY.md").write_text("- 🔒 door 4821\n")
    assert await memory.values() == {"9944", "4821"}
    day.write_text("- 🔒 alarm 1144\n")
    assert await memory.values() == {"1144", "4821"}
    day.unlink()
    assert await memory.values() == {"4821"}


async def test_notes_in_folders_count_and_what_is_kept_for_undoing_does_not(tmp_path: Path) -> None:
    for name, code in {
        "people/family/masha.md": "4821",
        ".hidden/x.md": "7733",
        ".history/00000001.md": "1155",
    }.items():
        (tmp_path / "memory" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "memory" / name).write_text(f"- 🔒 code {code}\n")
    assert await PrivateMemory(tmp_path).values() == {"4821", "7733"}
    (tmp_path / "memory" / "people" / "bad.md").write_bytes(b"\0")
    with pytest.raises(Unreadable, match=r"memory/people/bad\.md cannot be read"):
        await PrivateMemory(tmp_path).values()


def test_the_date_until_which_something_held_is_no_secret_and_what_held_is_one() -> None:
    notes = "- City: Madrid 🔒\n  - until 2026-11-28: City: Lisbon 🔒\n"
    assert private_values(notes) == {"madrid", "iisbon"} or private_values(notes) == {"madrid", "lisbon"}
    assert not hides(notes, "We meet on 2026-11-28.")


async def test_a_long_memory_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "MEMORY.md").write_text("- tea\n" * 400_000 + "- 🔒 door 4821\n")
    assert await PrivateMemory(tmp_path).values() == {"4821"}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("junk", ["a" * 300_000, "a-" * 20_000, "1_a" * 20_000, "**" * 20_000, "> " * 20_000])
def test_a_line_of_any_length_is_soon_read(junk: str) -> None:
    assert "4821" in private_values(f"# Private\n{junk}\ncode 4821")


async def test_what_cannot_be_read_is_said_by_name(tmp_path: Path) -> None:
    memory, folder = PrivateMemory(tmp_path), tmp_path / "memory"
    folder.mkdir()
    (folder / "old.md").write_bytes("- 🔒 door 4821".encode("utf-16"))
    with pytest.raises(Unreadable, match=r"memory/old\.md cannot be read: it is no UTF-8 text"):
        await memory.values()
    (folder / "old.md").unlink()
    os.mkfifo(folder / "pipe.md")
    with pytest.raises(Unreadable, match=r"memory/pipe\.md"):
        await memory.values()
    (folder / "pipe.md").unlink()
    with (tmp_path / "MEMORY.md").open("wb") as file:
        file.truncate(20_000_001)
    with pytest.raises(Unreadable, match=r"MEMORY\.md cannot be read: it is larger"):
        await memory.values()
