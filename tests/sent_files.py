"""Files as people send them."""

from __future__ import annotations

import io

import PIL.Image

SECRET_PLACE = "taken at home"


def photo(width: int, height: int, *, kind: str = "JPEG", turned: bool = False, colour: str = "red") -> bytes:
    """A picture with notes in its EXIF; `turned`: the camera was held upright, and the notes say so."""
    exif = PIL.Image.Exif()
    exif[0x010E] = SECRET_PLACE
    if turned:
        exif[0x0112] = 6
    file = io.BytesIO()
    PIL.Image.new("RGB", (width, height), colour).save(file, kind, exif=exif)
    return file.getvalue()


def opened(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(data))


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
PDF += b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R>>endobj\n"
PDF += b"trailer\n%%EOF\n"
