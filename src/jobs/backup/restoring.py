"""Brings a backup back: read to its end first, unpacked beside what is there, then put in its place.

A kill at any moment leaves all that was there, or a marker by which `finish` goes on to what the backup holds.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from jobs.backup import archive
from jobs.backup.places import DATA, ENV, OURS, SESSION, WORKSPACE, Places
from jobs.backup.problems import BackupError
from jobs.core.database import migrations
from jobs.core.words import backup as words

_INCOMING = f"{OURS}restoring"
_MARKER = f"{OURS}restore.json"
_UNFINISHED_MARKER = f"{OURS}restore.part"
_REPLACED = f"{OURS}replaced-"
_SPARE = 64 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back."""

    about: archive.About
    files: int
    replaced: Sequence[Path]
    """The folders where what was there before is kept."""


def restore(places: Places, file: Path, passphrase: str = "", tell: Callable[[str], None] = lambda _: None) -> Restored:
    """Put what a backup holds in the place of what is there, which is kept beside it.

    The data folder has to be locked (`only_one`). Raises BackupError; then everything is as it was, unless it says
    that it goes on at the next start.
    """
    places.check()
    finish(places)
    try:
        about, found = archive.members(file, passphrase, tell)
        if about.schema > len(migrations()):
            raise BackupError(words.NEWER, path=file, version=about.version)
        for member in found:
            _checked(member, file)
        _check_room(places, found)
        _unpack(places, file, passphrase, tell)
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
        os.sync()
        _write_marker(places, stamp)
    except OSError as error:
        why = words.DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else words.NOT_RESTORED
        raise BackupError(why, path=places.data, reason=error.strerror or error) from error
    finally:
        if not (places.data / _MARKER).exists():
            discard(places)
    replaced = finish(places)
    return Restored(about, sum(member.isreg() for member in found), replaced)


def finish(places: Places) -> Sequence[Path]:
    """Go on with a restore that was interrupted; nothing if there is none. Returns where the replaced things are."""
    marker = places.data / _MARKER
    try:
        stamp = str(json.loads(marker.read_text(encoding="utf-8"))["stamp"])
    except FileNotFoundError:
        discard(places)  # of one that was interrupted before it touched anything
        return []
    try:
        for _, folder in places.folders:
            _swap(places, folder, folder / f"{_REPLACED}{stamp}")
        _place_files(places, places.data / f"{_REPLACED}{stamp}")
        os.sync()
        marker.unlink()
    except OSError as error:
        raise BackupError(words.HALF_RESTORED, path=error.filename, reason=error.strerror) from error
    discard(places)
    return [kept for _, folder in places.folders if (kept := folder / f"{_REPLACED}{stamp}").exists()]


def discard(places: Places) -> None:
    """Remove what was unpacked and not put in its place."""
    for _, folder in places.folders:
        shutil.rmtree(folder / _INCOMING, ignore_errors=True)
    (places.data / _UNFINISHED_MARKER).unlink(missing_ok=True)


def _swap(places: Places, folder: Path, replaced: Path) -> None:
    incoming = folder / _INCOMING / "all"
    wanted = set(cast("list[str]", json.loads((folder / _INCOMING / "names").read_text(encoding="utf-8"))))
    for name in sorted(entry.name for entry in os.scandir(folder)):
        # What is wanted and no longer incoming has come to its place already.
        if not places.stays(folder, name) and (name not in wanted or os.path.lexists(incoming / name)):
            replaced.mkdir(mode=0o700, exist_ok=True)
            (folder / name).rename(replaced / name)
    for name in sorted(wanted):
        if os.path.lexists(incoming / name):
            (incoming / name).rename(folder / name)


def _place_files(places: Places, replaced: Path) -> None:
    """Single files: the settings that are there stay, for they say where everything is on this machine."""
    incoming = places.data / _INCOMING / "files"
    for name, path in ((SESSION, places.session), (ENV, places.env)):
        came = incoming / name
        if not came.exists():
            continue
        if os.path.lexists(path):
            replaced.mkdir(mode=0o700, exist_ok=True)
            if name == ENV:
                shutil.copy2(came, replaced / "env-of-backup")
                continue
            if not (replaced / name).exists():  # else what is there came with a try that was interrupted
                shutil.copy2(path, replaced / name)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{OURS}{path.name}")  # it may stand on another file system
        shutil.copy2(came, beside)
        beside.replace(path)


def _unpack(places: Places, file: Path, passphrase: str, tell: Callable[[str], None]) -> None:
    roots = dict(places.folders)
    links: list[tuple[Path, str]] = []
    modes: list[tuple[Path, int]] = []
    for _, folder in places.folders:
        (folder / _INCOMING / "all").mkdir(parents=True, mode=0o700)
        (folder / _INCOMING).chmod(0o700)
    (places.data / _INCOMING / "files").mkdir(mode=0o700)

    def take(member: tarfile.TarInfo, content: BinaryIO | None) -> None:
        tell(member.name)
        first, _, rest = member.name.partition("/")
        inside = roots[first] / _INCOMING / "all" if rest else places.data / _INCOMING / "files"
        path = inside / (rest or first)
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            links.append((path, member.linkname))
        elif member.isdir():
            path.mkdir(exist_ok=True)
            modes.append((path, member.mode))
        else:
            _write(path, member, cast("BinaryIO", content))

    archive.read(file, passphrase, take)
    for path, target in links:  # last, so that nothing was written through one
        path.symlink_to(target)
    for path, mode in reversed(modes):
        path.chmod(mode & 0o777)
    for _, folder in places.folders:
        names = sorted(entry.name for entry in os.scandir(folder / _INCOMING / "all"))
        (folder / _INCOMING / "names").write_text(json.dumps(names), encoding="utf-8")


def _write(path: Path, member: tarfile.TarInfo, content: BinaryIO) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        shutil.copyfileobj(content, out)
        os.fchmod(out.fileno(), member.mode & 0o777)
    os.utime(path, (member.mtime, member.mtime))


def _checked(member: tarfile.TarInfo, file: Path) -> None:
    """Only what a backup of ours may hold. Raises BackupError."""
    path = PurePosixPath(member.name)
    parts = path.parts
    is_file = member.name in (SESSION, ENV) and member.isreg()
    is_inside = len(parts) > 1 and parts[0] in (DATA, WORKSPACE)
    is_plain = ".." not in parts and str(path) == member.name and not any(part.startswith(OURS) for part in parts[:2])
    is_known = member.isreg() or member.isdir() or member.issym()
    if not (is_plain and is_known and (is_file or is_inside)):
        raise BackupError(words.DAMAGED, path=file, reason=f"{member.name!r} has no place in it")


def _check_room(places: Places, found: Sequence[tarfile.TarInfo]) -> None:
    need: dict[int, int] = {}  # of each file system: both folders may stand on one
    for name, folder in places.folders:
        folder.mkdir(parents=True, exist_ok=True)
        device = folder.stat().st_dev
        size = sum(member.size + 4096 for member in found if member.name.startswith(f"{name}/"))
        need[device] = need.get(device, _SPARE) + size
        if shutil.disk_usage(folder).free < need[device]:
            raise BackupError(words.NO_ROOM, path=folder, need=need[device] >> 20)


def _write_marker(places: Places, stamp: str) -> None:
    unfinished = places.data / _UNFINISHED_MARKER
    with unfinished.open("w", encoding="utf-8") as out:
        json.dump({"stamp": stamp}, out)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(places.data / _MARKER)
