"""Skills on the disk: whole or not at all, and brought back as they were."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from jobs.skill_manager.folders import Places, fingerprint
from jobs.skill_manager.kept import Kept
from jobs.skill_manager.manifest import Manifest, parse
from jobs.skill_manager.shipped import ShippedSkills
from jobs.skill_manager.store import SkillProblem, SkillStore

TEXT = "---\nname: greet\ndescription: When asked.\n---\n\nSay hello.\n"
MINE = Manifest("wave", "When somebody comes.", "Wave.")


@pytest.fixture
def store(tmp_path: Path) -> SkillStore:
    places = Places(tmp_path / "workspace" / ".claude" / "skills")
    (tmp_path / "shipped" / "greet").mkdir(parents=True)
    (tmp_path / "shipped" / "greet" / "SKILL.md").write_text(TEXT)
    store = SkillStore(
        places,
        Kept(tmp_path / "data" / "kept"),
        ShippedSkills(places, tmp_path / "data" / "skills.json", tmp_path / "shipped"),
    )
    store.shipped.install()
    return store


def ship(store: SkillStore, text: str) -> None:
    (store.shipped.source / "greet" / "SKILL.md").write_text(text)
    store.shipped.install()


def test_of_an_edited_shipped_skill_the_newer_version_is_offered_and_taken(store: SkillStore) -> None:
    assert store.one("greet").shipped == "as shipped"
    edited = Manifest("greet", "When I say so.", "Mine.")
    store.change("greet", edited)
    assert store.one("greet").shipped == "edited"
    ship(store, TEXT + "Twice.\n")
    assert store.one("greet").shipped == "outdated"
    assert "Mine." in store.text("greet")
    store.take_shipped("greet")
    assert store.text("greet") == TEXT + "Twice.\n"
    assert store.one("greet").shipped == "as shipped"
    store.bring_back("greet")
    assert "Mine." in store.text("greet")


def test_a_deleted_shipped_skill_stays_away_until_it_is_wanted(store: SkillStore) -> None:
    store.delete("greet")
    ship(store, TEXT + "Twice.\n")
    assert store.list() == []
    assert store.shipped.deleted() == ["greet"]
    store.bring_back("greet")
    store.shipped.install()
    assert store.text("greet") == TEXT + "Twice.\n"
    assert store.shipped.deleted() == []


def test_what_is_switched_off_is_kept_up_to_date_and_does_not_come_back_by_itself(store: SkillStore) -> None:
    store.switch("greet", on=False)
    ship(store, TEXT + "Twice.\n")
    assert not store.places.on.joinpath("greet").exists()
    assert store.text("greet") == TEXT + "Twice.\n"
    assert not store.one("greet").enabled


def test_what_is_kept_is_bounded_and_the_last_of_it_stays(store: SkillStore) -> None:
    store.create(MINE)
    for number in range(25):
        store.change("wave", Manifest("wave", "When asked.", f"Wave {number}."))
    assert len(list(store.kept.folder.iterdir())) == 20
    store.bring_back("wave")
    assert parse(store.text("wave")).body == "Wave 23."


@pytest.mark.parametrize("name", ["../x", "/etc", "", ".", "nobody"])
def test_a_name_that_is_no_skill_reaches_nothing(store: SkillStore, name: str) -> None:
    for work in (store.delete, store.text, store.bring_back, store.take_shipped):
        with pytest.raises(SkillProblem):
            work(name)


def test_a_linked_skill_is_not_written_through(store: SkillStore, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "SKILL.md").write_text(TEXT.replace("greet", "linked"))
    (store.places.on / "linked").symlink_to(elsewhere)
    with pytest.raises(SkillProblem, match="is a link"):
        store.change("linked", Manifest("linked", "When asked.", "Hi"))
    store.delete("linked")
    assert (elsewhere / "SKILL.md").exists()
    assert not (store.places.on / "linked").is_symlink()


def test_what_was_being_replaced_when_the_program_was_killed_is_put_back(store: SkillStore) -> None:
    store.create(MINE)
    beside = store.places.on / ".new-skills" / "old"
    beside.mkdir(parents=True)
    (store.places.on / "wave").rename(beside / "wave")
    store.shipped.install()
    assert parse(store.text("wave")) == MINE


@pytest.fixture
def mounted(store: SkillStore) -> Iterator[Path]:
    """The folder of the skills on a file system of its own, as in a container."""
    with TemporaryDirectory(dir="/dev/shm") as folder:  # which every Linux has beside the disk
        shutil.move(store.places.on, Path(folder) / "skills")
        store.places.on.symlink_to(Path(folder) / "skills")
        assert store.places.on.stat().st_dev != store.places.on.parent.stat().st_dev
        yield store.places.on


def test_skills_on_a_file_system_of_their_own_are_added_switched_and_kept_up_to_date(
    store: SkillStore, mounted: Path
) -> None:
    store.create(MINE)
    ship(store, TEXT + "Twice.\n")
    assert (mounted / "greet" / "SKILL.md").read_text() == TEXT + "Twice.\n"
    (mounted / "wave" / "more.txt").write_text("more")
    (mounted / "linked").symlink_to("wave")
    for name in ("wave", "linked"):
        store.switch(name, on=False)
    assert sorted(path.name for path in mounted.iterdir()) == ["greet"]
    assert [skill.name for skill in store.list() if not skill.enabled] == ["linked", "wave"]
    for name in ("wave", "linked"):
        store.switch(name, on=True)
    assert parse(store.text("wave")) == MINE
    assert [path.name for path in store.files("wave")] == ["more.txt"]
    assert (mounted / "linked").is_symlink()
    assert not list(store.places.off.iterdir())
    store.delete("wave")
    store.bring_back("wave")
    assert sorted(path.name for path in mounted.iterdir()) == ["greet", "linked", "wave"]


def test_a_skill_that_cannot_be_read_is_listed_with_what_is_wrong(store: SkillStore) -> None:
    for name, text in (("broken", b"hello"), ("binary", b"\xff\xfe")):
        (store.places.on / name).mkdir()
        (store.places.on / name / "SKILL.md").write_bytes(text)
    (store.places.on / "empty").mkdir()
    wrong = {skill.name: skill.wrong for skill in store.list()}
    assert "must begin with a line ---" in wrong["broken"][0]
    assert "no UTF-8" in wrong["binary"][0]
    assert "has no SKILL.md" in wrong["empty"][0]
    assert wrong["greet"] == []


def test_the_fingerprint_changes_with_what_the_cli_reads_and_with_nothing_else(store: SkillStore) -> None:
    seen = [fingerprint(store.places.on)]
    (store.places.on / "greet" / "notes.md").write_text("a")
    assert fingerprint(store.places.on) == seen[0]
    store.create(MINE)
    seen.append(fingerprint(store.places.on))
    store.change("wave", Manifest("wave", "When asked.", "Wave!"))
    seen.append(fingerprint(store.places.on))
    store.switch("greet", on=False)
    seen.append(fingerprint(store.places.on))
    assert len(set(seen)) == 4
    assert fingerprint(store.places.on / "nowhere") == ""
