"""The skills that come with the program, and what becomes of them in the owner's hands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.skill_manager.folders import Places
from jobs.skill_manager.shipped import SHIPPED, ShippedSkills

TEXT = "---\nname: greet\ndescription: Say hello.\n---\nSay hello.\n"


class Shop:
    """A checkout's skills, the owner's, and the start of a program that comes with the former."""

    def __init__(self, root: Path) -> None:
        self.source = root / "checkout" / "skills"
        self.target = root / "workspace" / ".claude" / "skills"
        self.record = root / "data" / "skills.json"
        self.record.parent.mkdir()
        self.ship("greet/SKILL.md", TEXT)

    def ship(self, name: str, text: str) -> None:
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def start(self) -> None:
        ShippedSkills(Places(self.target), self.record, self.source).install()

    @property
    def mine(self) -> Path:
        return self.target / "greet" / "SKILL.md"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_shipped_skill_is_copied_with_all_that_belongs_to_it(shop: Shop) -> None:
    shop.ship("greet/words/hello.txt", "hello")
    shop.ship("CLAUDE.md", "no skill")
    shop.ship("unfinished/notes.md", "no skill either")
    shop.start()
    assert shop.mine.read_text() == TEXT
    assert (shop.target / "greet" / "words" / "hello.txt").read_text() == "hello"
    assert sorted(path.name for path in shop.target.iterdir()) == ["greet"]
    assert sorted(path.name for path in shop.target.parent.iterdir()) == ["skills"]


def test_an_unedited_skill_is_brought_up_to_date_and_files_that_are_gone_go(shop: Shop) -> None:
    shop.ship("greet/old.txt", "old")
    shop.start()
    (shop.source / "greet" / "old.txt").unlink()
    shop.ship("greet/SKILL.md", TEXT + "Twice.\n")
    shop.start()
    assert shop.mine.read_text() == TEXT + "Twice.\n"
    assert not (shop.target / "greet" / "old.txt").exists()
    shop.ship("greet/SKILL.md", TEXT + "Three times.\n")
    shop.start()
    assert shop.mine.read_text() == TEXT + "Three times.\n"


@pytest.mark.parametrize("edited", ["SKILL.md", "mine.txt"])
def test_an_edited_skill_is_never_touched_again(shop: Shop, edited: str) -> None:
    shop.start()
    (shop.target / "greet" / edited).write_text("my own")
    shop.ship("greet/SKILL.md", TEXT + "Twice.\n")
    shop.start()
    shop.start()
    assert (shop.target / "greet" / edited).read_text() == "my own"
    assert shop.mine.read_text() != TEXT + "Twice.\n"


def test_a_skill_of_the_owners_under_a_shipped_name_is_left_alone(shop: Shop) -> None:
    shop.mine.parent.mkdir(parents=True)
    shop.mine.write_text("my own")
    shop.start()
    assert shop.mine.read_text() == "my own"
    assert not shop.record.exists()


def test_a_link_in_the_place_of_a_skill_is_left_alone(shop: Shop, tmp_path: Path) -> None:
    shop.target.mkdir(parents=True)
    (shop.target / "greet").symlink_to(tmp_path / "elsewhere")
    shop.start()
    assert (shop.target / "greet").is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_skill_is_copied_again(shop: Shop) -> None:
    shop.start()
    shop.mine.unlink()
    shop.mine.parent.rmdir()
    shop.start()
    assert shop.mine.read_text() == TEXT


def test_a_copy_whose_record_was_lost_is_known_again_while_it_is_what_is_shipped(shop: Shop) -> None:
    shop.start()
    shop.record.write_text("{half a rec")
    shop.start()
    shop.ship("greet/SKILL.md", TEXT + "Twice.\n")
    shop.start()
    assert shop.mine.read_text() == TEXT + "Twice.\n"


def test_what_python_and_the_system_leave_behind_is_no_edit(shop: Shop) -> None:
    shop.start()
    (shop.target / "greet" / "__pycache__").mkdir()
    (shop.target / "greet" / "__pycache__" / "x.pyc").write_bytes(b"x")
    shop.ship("greet/SKILL.md", TEXT + "Twice.\n")
    shop.start()
    assert shop.mine.read_text() == TEXT + "Twice.\n"


def test_without_shipped_skills_nothing_happens(shop: Shop, tmp_path: Path) -> None:
    ShippedSkills(Places(shop.target), shop.record, tmp_path / "nowhere").install()
    assert not shop.target.exists()
    assert not shop.record.exists()


def test_a_folder_that_cannot_be_written_keeps_nobody_from_starting(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.target.parent.parent.mkdir()
    shop.target.parent.write_text("a file where the folder should be")
    shop.start()
    assert "could not be copied" in caplog.text
    assert shop.target.parent.read_text() == "a file where the folder should be"


def test_a_program_that_was_killed_while_it_copied_starts_over(shop: Shop) -> None:
    half = shop.target / ".new-skills" / "new"
    half.mkdir(parents=True)
    (half / "SKILL.md").write_text("half a")
    shop.start()
    assert shop.mine.read_text() == TEXT
    assert not half.parent.exists()


def test_a_program_that_was_killed_before_it_wrote_the_record_does_not_take_its_own_copy_for_an_edit(
    shop: Shop,
) -> None:
    shop.start()
    before = shop.record.read_text()
    shop.ship("greet/SKILL.md", TEXT + "Twice.\n")
    shop.start()
    shop.record.write_text(before)
    shop.start()
    assert json.loads(shop.record.read_text()) != json.loads(before)
    shop.ship("greet/SKILL.md", TEXT + "Three times.\n")
    shop.start()
    assert shop.mine.read_text() == TEXT + "Three times.\n"


def test_the_skills_of_this_checkout_are_found() -> None:
    assert Path(__file__).parents[2] / "skills" == SHIPPED
