"""What the model is shown of a file: pictures made fit, short texts, whole PDFs, and never what would be refused."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.core.messages import AttachmentKind, Document, Image, InboundMessage, Taken
from jobs.media import pictures
from jobs.media.showing import Showing
from sent_files import PDF, SECRET_PLACE, opened, photo


async def shown(tmp_path: Path, name: str, data: bytes, kind: AttachmentKind = "document") -> Image | Document | None:
    (tmp_path / name).write_bytes(data)
    message = InboundMessage(
        chat_id=1, message_id=1, sender_id=1, sent_at=datetime(2026, 1, 1, tzinfo=UTC), attachment=kind,
        taken=Taken(path=name),
    )  # fmt: skip
    return await Showing(tmp_path)(message)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_is_scaled_and_freed_of_its_notes(tmp_path: Path, kind: str) -> None:
    image = await shown(tmp_path, "a.png", photo(3000, 1500, kind=kind))
    assert isinstance(image, Image)
    assert opened(image.data).size == (1568, 784)
    assert SECRET_PLACE.encode() not in image.data
    assert not opened(image.data).getexif()


async def test_what_is_seen_through_is_white(tmp_path: Path) -> None:
    file = io.BytesIO()
    PIL.Image.new("RGBA", (5, 5), (0, 0, 0, 0)).save(file, "PNG")
    image = await shown(tmp_path, "a.png", file.getvalue())
    assert isinstance(image, Image)
    assert opened(image.data).convert("RGB").getpixel((2, 2)) == (255, 255, 255)


async def test_a_picture_that_would_fill_the_memory_is_not_opened(tmp_path: Path) -> None:
    file = io.BytesIO()
    PIL.Image.new("1", (30_000, 30_000)).save(file, "PNG")
    assert await shown(tmp_path, "bomb.png", file.getvalue()) is None


_PEAK = """
import sys
from pathlib import Path
from jobs.media import pictures
assert pictures.for_model(Path(sys.argv[1])) is not None
[peak] = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
print(int(peak) // 1024)
"""


def test_the_largest_picture_is_not_copied_before_it_is_made_smaller(tmp_path: Path) -> None:
    side, path = 7740, tmp_path / "large.bmp"
    header = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    path.write_bytes(header)
    with path.open("r+b") as file:
        file.truncate(len(header) + side * side * 3)
    told = subprocess.run([sys.executable, "-c", _PEAK, path], capture_output=True, check=True, text=True)
    assert int(told.stdout) < 450  # MB: 240 of them are the picture


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.integers(0, 700))
def test_no_broken_picture_breaks_anything(tmp_path_factory: pytest.TempPathFactory, noise: bytes, cut: int) -> None:
    path = tmp_path_factory.getbasetemp() / "broken.png"
    for kind in ("JPEG", "PNG", "WEBP", "GIF"):
        whole = photo(20, 20, kind=kind) if kind != "GIF" else b"GIF89a" + noise
        path.write_bytes(whole[:cut] + noise)
        image = pictures.for_model(path)
        assert image is None or opened(image.data).size[0] <= 1568


@pytest.mark.parametrize("data", [PDF[:-8], b"no pdf", PDF.replace(b"trailer", b"trailer<</Encrypt 5 0 R>>"), b""])
async def test_a_pdf_that_the_api_would_refuse_is_not_shown(tmp_path: Path, data: bytes) -> None:
    assert isinstance(await shown(tmp_path, "a.pdf", PDF), Document)
    assert await shown(tmp_path, "a.pdf", data) is None


async def test_a_pdf_whose_pages_are_too_many_or_cannot_be_counted_is_not_shown(tmp_path: Path) -> None:
    page = b"3 0 obj<</Type/Page/Parent 2 0 R>>endobj\n"
    assert await shown(tmp_path, "a.pdf", PDF.replace(page, page * 30)) is None
    assert await shown(tmp_path, "a.pdf", PDF.replace(page, b"3 0 obj<</Type/ObjStm>>stream")) is None
    assert await shown(tmp_path, "a.pdf", PDF.replace(page, b"")) is None
    assert isinstance(await shown(tmp_path, "a.pdf", PDF.replace(page, page * 20)), Document)


async def test_large_files_are_not_shown(tmp_path: Path) -> None:
    assert await shown(tmp_path, "a.pdf", PDF[:20] + bytes(4_000_000) + PDF[20:]) is None
    assert await shown(tmp_path, "a.txt", b"x" * 64 * 1024) is not None
    assert await shown(tmp_path, "a.txt", b"x" * (64 * 1024 + 1)) is None


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200))
async def test_whatever_bytes_a_text_has_it_is_shown_as_one_or_not_at_all(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    document = await shown(tmp_path_factory.getbasetemp(), "a.log", data)
    assert document is None or (isinstance(document, Document) and b"\0" not in document.data and document.data.strip())


async def test_what_was_deleted_meanwhile_is_not_shown(tmp_path: Path) -> None:
    message = InboundMessage(
        chat_id=1, message_id=1, sender_id=1, sent_at=datetime(2026, 1, 1, tzinfo=UTC), attachment="document",
        taken=Taken(path="gone.txt"),
    )  # fmt: skip
    assert await Showing(tmp_path)(message) is None
