"""Everything goes into one file while the program runs, and comes back out of it; nothing bad gets in."""

from __future__ import annotations

import gzip
import io
import os
import resource
import shutil
import sqlite3
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from backup_desk import Home, database, facts, tree

from jobs.backup import archive
from jobs.backup.making import make_backup
from jobs.backup.problems import BackupError
from jobs.backup.restoring import finish, restore
from jobs.core.words import backup as words

CACHES = ("data/models", "data/lock", "data/memory.sqlite", "data/claude-owner.pid", "data/tmp", "workspace/cache",
          "workspace/node_modules", "workspace/pipe")  # fmt: skip
PASSPHRASES = ["", "correct horse"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home").furnish("tea")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "all.backup"


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_everything_but_caches_comes_back_on_another_machine(
    home: Home, file: Path, tmp_path: Path, passphrase: str
) -> None:
    before = tree(home.root)
    home.clutter()
    made = make_backup(home.places, file, passphrase)
    assert made.size == file.stat().st_size
    assert made.passed_over == ()
    assert file.stat().st_mode & 0o777 == 0o600
    other = Home(tmp_path / "other")
    done = restore(other.places, file, passphrase)
    assert tree(other.root, but=CACHES) == {name: what for name, what in before.items() if not name.startswith(CACHES)}
    assert not (other.root / "workspace/cache").exists()
    assert not (other.root / "data/models").exists()
    assert done.files == made.files
    assert done.replaced == []


def test_what_was_there_before_is_kept_and_the_settings_stay(home: Home, file: Path, tmp_path: Path) -> None:
    make_backup(home.places, file)
    other = Home(tmp_path / "other")
    other.root.mkdir()
    other.furnish("coffee").clutter()
    (other.places.workspace / "only here").write_text("mine")
    before = tree(other.root)
    done = restore(other.places, file)
    assert facts(other.state) == ["tea"]
    assert not (other.places.workspace / "only here").exists()
    assert (other.places.data / "models" / "e5.onnx").read_text() == "large"
    assert "coffee" in other.env.read_text()
    in_data, in_workspace = done.replaced
    assert facts(in_data / "db.sqlite") == ["coffee"]
    assert "tea" in (in_data / "env-of-backup").read_text()
    assert (in_workspace / "only here").read_text() == "mine"
    again = make_backup(other.places, tmp_path / "again.backup")
    assert not any(".jobs-" in name for name in again.passed_over)
    _, members = archive.members(again.path, "")
    assert not any(".jobs-" in member.name for member in members), "what was replaced is not taken along"
    assert before["workspace/only here"] is not None


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_a_backup_taken_while_the_state_is_written_is_whole(home: Home, file: Path, passphrase: str) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(home.state, timeout=30)) as connection:
            number = 0
            while not stop.is_set():
                with connection:
                    connection.executemany("INSERT INTO facts VALUES (?)", [(f"{number}",)] * 2)
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        make_backup(home.places, file, passphrase)
    finally:
        stop.set()
        writer.join()
    other = Home(file.parent / "other")
    restore(other.places, file, passphrase)
    rows = facts(other.state)[1:]
    assert len(rows) % 2 == 0, "a transaction was torn"


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_a_damaged_backup_changes_nothing(home: Home, file: Path, tmp_path: Path, passphrase: str) -> None:
    make_backup(home.places, file, passphrase)
    whole = file.read_bytes()
    flips = range(3, len(whole), len(whole) // (5 if passphrase else 60))
    damaged = [whole[:position] + bytes([whole[position] ^ 0x10]) + whole[position + 1 :] for position in flips]
    damaged += [whole[: len(whole) * part // 5] for part in range(1, 5, 3 if passphrase else 1)]
    other = Home(tmp_path / "other")
    other.root.mkdir()
    other.furnish("coffee")
    before = tree(other.root)
    refused = 0
    for data in damaged:
        file.write_bytes(data)
        try:
            restore(other.places, file, passphrase)
        except BackupError:
            refused += 1
            assert tree(other.root) == before
        else:  # a byte that says nothing, as the time in gzip's header, or what fills a tar's last block
            came = tree(other.root, but=(".env", "data/.jobs-", "workspace/.jobs-", *CACHES))
            assert came == tree(home.root, but=(".env", *CACHES))
            before = tree(other.root)
    assert refused > len(damaged) / 2


@pytest.mark.parametrize(
    ("given", "why"),
    [("", words.LOCKED), ("wrong", words.WRONG_PASSPHRASE)],
)
def test_without_its_passphrase_it_stays_closed(home: Home, file: Path, given: str, why: object) -> None:
    make_backup(home.places, file, "right")
    assert b"tea" not in file.read_bytes()
    with pytest.raises(BackupError) as refused:
        restore(home.places, file, given)
    assert refused.value.why is why


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x1f\x8b", gzip.compress(b"", mtime=0), gzip.compress(b"x" * 3000, mtime=0)]
)
def test_a_file_that_is_no_backup_is_refused(home: Home, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(BackupError):
        restore(home.places, file)


def test_a_newer_backup_is_refused(home: Home, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.backup.making.migrations", lambda: ["one more"] * 99)
    make_backup(home.places, file)
    with pytest.raises(BackupError) as refused:
        restore(home.places, file)
    assert refused.value.why is words.NEWER
    assert facts(home.state) == ["tea"]


def forged(file: Path, *members: tarfile.TarInfo) -> None:
    about = archive.About(1, "1.0", 1, "2026-01-01T00:00:00+00:00")
    with file.open("wb") as out, archive.writing(out, about, "") as writer:
        for member in members:
            writer.add(member, io.BytesIO(b"evil") if member.isreg() else None)


def member(name: str, kind: bytes = tarfile.REGTYPE, to: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mode = kind, to, 4 if kind == tarfile.REGTYPE else 0, 0o644
    return made


@pytest.mark.parametrize(
    "name",
    ["data/../../out", "/etc/out", "workspace//x", "workspace/./x", "out", "data/.jobs-restore.json", "../out", "data",
     "workspace/a/../../../out"],
)  # fmt: skip
def test_a_name_that_has_no_place_is_refused(home: Home, file: Path, name: str) -> None:
    forged(file, member(name))
    before = tree(home.root)
    with pytest.raises(BackupError) as refused:
        restore(home.places, file)
    assert refused.value.why is words.DAMAGED
    assert tree(home.root) == before


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE])
def test_only_files_folders_and_links_are_unpacked(home: Home, file: Path, kind: bytes) -> None:
    forged(file, member("workspace/odd", kind, "workspace/MEMORY.md"))
    with pytest.raises(BackupError):
        restore(home.places, file)
    assert facts(home.state) == ["tea"]


def test_nothing_is_written_through_a_link(home: Home, file: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    forged(
        file,
        member("workspace/way", tarfile.SYMTYPE, str(tmp_path / "outside")),
        member("workspace/way/x"),
    )
    with pytest.raises(BackupError):
        restore(home.places, file)
    assert list((tmp_path / "outside").iterdir()) == []
    assert facts(home.state) == ["tea"]


def test_a_full_disk_leaves_nothing_behind(home: Home, file: Path, tmp_path: Path) -> None:
    (home.places.workspace / "big").write_bytes(bytes(range(256)) * 4000)
    names = sorted(path.name for path in tmp_path.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(BackupError) as refused:
            make_backup(home.places, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert refused.value.why in (words.DISK_FULL, words.DATABASE_DAMAGED)
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_nothing_is_overwritten(home: Home, file: Path) -> None:
    file.write_text("mine")
    with pytest.raises(BackupError) as refused:
        make_backup(home.places, file)
    assert refused.value.why is words.EXISTS
    assert file.read_text() == "mine"


def test_a_damaged_state_is_said_and_a_damaged_file_of_the_owner_is_taken_as_it_is(home: Home, file: Path) -> None:
    own = home.places.workspace / "own.db"
    database(own, "x")
    own.write_bytes(own.read_bytes()[:3000])
    make_backup(home.places, file)
    other = Home(file.parent / "other")
    restore(other.places, file)
    assert (other.places.workspace / "own.db").read_bytes() == own.read_bytes()
    file.unlink()
    home.state.write_bytes(home.state.read_bytes()[:3000])
    with pytest.raises(BackupError) as refused:
        make_backup(home.places, file)
    assert refused.value.why is words.DATABASE_DAMAGED
    assert not file.exists()


def test_folders_deep_in_each_other_are_refused_and_those_directly_in_each_other_work(
    home: Home, file: Path, tmp_path: Path
) -> None:
    places = home.places
    inside = type(places)(places.data, places.data / "workspace", places.session, places.env)
    (places.data / "workspace").mkdir()
    (places.data / "workspace" / "x").write_text("x")
    make_backup(inside, file)
    restore(inside, file)
    assert (inside.workspace / "x").read_text() == "x"
    assert facts(home.state) == ["tea"]
    deep = type(places)(places.data, places.data / "a" / "b", places.session, places.env)
    with pytest.raises(BackupError) as refused:
        make_backup(deep, tmp_path / "deep.backup")
    assert refused.value.why is words.NESTED


def test_there_is_nothing_to_finish_where_nothing_was_begun(home: Home) -> None:
    before = tree(home.root)
    assert finish(home.places) == []
    assert tree(home.root) == before


@pytest.mark.parametrize("passphrase", PASSPHRASES)
def test_a_name_that_is_no_text_comes_back_as_it_was(home: Home, file: Path, passphrase: str) -> None:
    odd = os.fsencode(home.places.workspace) + b"/\xff\xfe.txt"
    Path(os.fsdecode(odd)).write_text("odd")
    make_backup(home.places, file, passphrase)
    other = Home(file.parent / "other")
    restore(other.places, file, passphrase)
    assert Path(os.fsdecode(os.fsencode(other.places.workspace) + b"/\xff\xfe.txt")).read_text() == "odd"


@pytest.mark.parametrize("kind", ["missing", "a folder"])
def test_a_backup_that_cannot_be_read_is_said(home: Home, file: Path, kind: str) -> None:
    if kind == "a folder":
        file.mkdir()
    with pytest.raises(BackupError) as refused:
        restore(home.places, file)
    assert refused.value.why is words.NOT_READ
    assert facts(home.state) == ["tea"]


def test_a_place_that_knows_no_hard_links_takes_one_all_the_same(
    home: Home, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")  # as vfat does

    monkeypatch.setattr(os, "link", refuse)
    make_backup(home.places, file)
    assert archive.members(file, "")[1]
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".jobs-")] == []
    with pytest.raises(BackupError) as refused:
        make_backup(home.places, file)
    assert refused.value.why is words.EXISTS


def test_where_nothing_is_there_is_nothing_to_back_up(file: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupError) as refused:
        make_backup(Home(tmp_path / "nobody").places, file)
    assert refused.value.why is words.NOTHING_THERE
    assert not file.exists()


def test_both_folders_together_have_to_fit(home: Home, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home.places.workspace / "big").write_bytes(bytes(1 << 20))
    (home.places.data / "big").write_bytes(bytes(1 << 20))
    make_backup(home.places, file)
    usage = shutil.disk_usage(home.root)
    fits_one = usage._replace(free=(64 << 20) + (3 << 19) + 100_000)  # what is spare, and one and a half of them
    monkeypatch.setattr(shutil, "disk_usage", lambda _: fits_one)
    with pytest.raises(BackupError) as refused:
        restore(home.places, file)
    assert refused.value.why is words.NO_ROOM
