"""The folder of what people send: names that harm nobody, bounds that hold, and nothing left behind."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.errors import MessageGone
from jobs.core.messages import FILES, AttachmentKind, Carried, Forwarded, InboundMessage
from jobs.media.uploads import LARGEST, MB, NotTaken, Uploads

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
HOSTILE = (
    "../../etc/passwd", "CLAUDE.md", ".bashrc", "a/b\\c.exe", "\u202egpj.exe", "con.", "x" * 300, "-rf", "a\0b.txt",
    "📎.pdf",
)  # fmt: skip
names = st.text(max_size=300) | st.sampled_from(HOSTILE)


def message(name: str = "", kind: AttachmentKind = "document", number: int = 7, **carried: object) -> InboundMessage:
    what = Carried.model_validate({"words": "a file", "name": name} | carried)
    return InboundMessage(chat_id=5, message_id=number, sender_id=5, sent_at=NOW, attachment=kind, carried=what)


async def coming(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


async def breaking(part: bytes) -> AsyncGenerator[bytes]:
    yield part
    raise MessageGone("gone")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@settings(deadline=None, max_examples=60)
@given(names, st.sampled_from(FILES), st.text(max_size=40), st.booleans())
def test_whatever_a_file_is_called_it_lands_under_a_plain_name_where_it_belongs(
    name: str, kind: AttachmentKind, mime_type: str, of_owner: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        uploads = Uploads(workspace, 100 * MB)
        sent = message(name, kind, mime_type=mime_type)
        saved = asyncio.run(uploads.save(sent, coming(b"abc"), of_owner=of_owner))
        where = kind if of_owner else "people/5"
        assert files(workspace) == [saved.path] == [workspace / "uploads" / where / saved.path.name]
        assert saved.path.name.startswith("2026-11-29_7")
        assert len(saved.path.name.encode()) < 130
        assert all(sign.isalnum() or sign in "-_." for sign in saved.path.name)
        assert saved.path.read_bytes() == b"abc"
        assert saved.path.stat().st_mode & 0o777 == 0o600
        assert saved.name == f"uploads/{where}/{saved.path.name}"


@settings(deadline=None, max_examples=60)
@given(names)
def test_what_others_call_their_files_goes_into_no_name(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        uploads = Uploads(Path(folder), 100 * MB)
        forwarded = message(name).model_copy(update={"forwarded": Forwarded(origin="Pavel")})
        for sent, of_owner in ((message(name), False), (forwarded, True)):
            saved = asyncio.run(uploads.save(sent, coming(b"abc"), of_owner=of_owner))
            assert saved.path.name.removesuffix(saved.path.suffix) == "2026-11-29_7"


async def test_a_name_of_ones_own_stays_readable(tmp_path: Path) -> None:
    saved = await Uploads(tmp_path, MB).save(message("Счёт за май (2).PDF"), coming(b"abc"), of_owner=True)
    assert saved.path.name == "2026-11-29_7_Счёт_за_май_2.pdf"


async def test_the_same_message_taken_in_again_replaces_its_file(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, MB)
    await uploads.save(message("a.txt"), coming(b"half"), of_owner=True)
    saved = await uploads.save(message("a.txt"), coming(b"the whole"), of_owner=True)
    assert [path.read_bytes() for path in files(tmp_path)] == [b"the whole"]
    edited = message("a.txt").model_copy(update={"revision": 3})
    assert (await uploads.save(edited, coming(b"another"), of_owner=True)).path != saved.path


async def test_a_file_that_grows_beyond_the_limit_is_cut_off_whatever_it_said(tmp_path: Path) -> None:
    taken = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(MB)

    with pytest.raises(NotTaken) as refusal:
        await Uploads(tmp_path, 100 * MB).save(message("a.bin", size=10), endless(), of_owner=True)
    assert refusal.value.trouble == "too_large"
    assert taken == LARGEST // MB + 1
    assert files(tmp_path) == []


async def test_what_breaks_off_leaves_nothing_behind_and_frees_its_room(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, MB)
    for _ in range(2):
        with pytest.raises(MessageGone):
            await uploads.save(message("a.bin", size=MB - 10), breaking(b"x"), of_owner=True)
    assert files(tmp_path) == []
    await uploads.save(message("a.bin", size=MB - 10), coming(b"x"), of_owner=True)


async def test_files_that_come_at_once_share_the_room(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, MB)
    sent = [message("a.bin", number=number, size=400_000) for number in range(4)]
    saving = [uploads.save(each, coming(bytes(400_000)), of_owner=True) for each in sent]
    results = await asyncio.gather(*saving, return_exceptions=True)
    assert [type(result) for result in results].count(NotTaken) == 2
    assert len(files(tmp_path)) == 2


async def test_a_file_that_is_being_written_takes_no_more_room_than_it_needs(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, MB)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncGenerator[bytes]:
        begun.set()
        await go_on.wait()
        yield bytes(400_000)

    first = asyncio.create_task(uploads.save(message("a.bin", number=1, size=400_000), slowly(), of_owner=True))
    await begun.wait()
    await uploads.save(message("b.bin", number=2, size=600_000), coming(bytes(600_000)), of_owner=True)
    with pytest.raises(NotTaken):
        await uploads.save(message("c.bin", number=3, size=100_000), coming(bytes(100_000)), of_owner=True)
    go_on.set()
    await first
    assert len(files(tmp_path)) == 2


async def test_strangers_cannot_take_the_owners_room(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path, 10 * MB)

    async def send(person: int, number: int) -> str:
        theirs = message("a.bin", number=number, size=600_000).model_copy(update={"chat_id": person})
        try:
            await uploads.save(theirs, coming(bytes(600_000)), of_owner=False)
        except NotTaken as error:
            return error.trouble
        return "taken"

    assert [await send(5, number) for number in range(2)] == ["taken", "no_room"]
    many = [await send(person, 1) for person in range(100, 112)]
    assert many.count("taken") == 7  # half of the room, with the one above
    await uploads.save(message("mine.bin", number=99, size=4 * MB), coming(bytes(4 * MB)), of_owner=True)


async def test_what_an_earlier_run_had_begun_is_removed_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "uploads" / "photo"
    folder.mkdir(parents=True)
    (folder / ".2026-11-29_7.jpg.part").write_bytes(b"half")
    (folder / "kept.part").write_bytes(b"whole")
    await Uploads(tmp_path, MB).tidy()
    assert files(tmp_path) == [folder / "kept.part"]


async def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("no folder")
    with pytest.raises(NotTaken) as refusal:
        await Uploads(tmp_path, MB).save(message("a.bin"), coming(b"x"), of_owner=True)
    assert refusal.value.trouble == "disk"


async def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    folder = tmp_path / "uploads" / "document"
    folder.mkdir(parents=True)
    (folder / "2026-11-29_7_a.bin").symlink_to(target)
    (folder / ".2026-11-29_7_a.bin.part").symlink_to(target)
    await Uploads(tmp_path, MB).save(message("a.bin"), coming(b"x"), of_owner=True)
    assert target.read_bytes() == b"precious"
