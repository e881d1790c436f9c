"""Pictures as the model takes them: no larger than it looks at, and nothing in them but what is seen."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.core.messages import Image

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

_LONGEST_SIDE = 1568
"""Pixels: the model shrinks what is larger by itself, and the request has to carry it."""
_MOST_PIXELS = 60_000_000
"""About 250 MB once it is decoded, twice that with transparency, and for a moment four times that of a WEBP."""
_MOST_BYTES = 1_500_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Of all that Pillow can read: the fewer decoders meet what strangers made, the better."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"})


def for_model(path: Path) -> Image | None:
    """A picture scaled, turned upright and freed of its notes (place, camera); None where it is none. Blocks."""
    import PIL.Image  # noqa: PLC0415 - 10 MB of memory, for those who send pictures
    import PIL.ImageOps  # noqa: PLC0415

    PIL.Image.MAX_IMAGE_PIXELS = None  # in place of a warning that nobody sees: it is asked for below
    try:
        with PIL.Image.open(path, formats=_FORMATS) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return None
            is_png = opened.format == "PNG"
            opened.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))  # a JPEG is decoded smaller, for less memory
            opened.load()
            opened.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))  # first: whatever follows makes copies
            upright = PIL.ImageOps.exif_transpose(opened)
            return _encoded(_opaque(upright), is_png=is_png)
    except Exception:  # noqa: BLE001 - the decoders raise anything at all on what is no picture
        return None


def _opaque(picture: Picture) -> Picture:
    """A copy on white, and without what its file said beside the pixels."""
    import PIL.Image  # noqa: PLC0415

    seen = picture.convert("RGBA")
    paper = PIL.Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def _encoded(picture: Picture, *, is_png: bool) -> Image:
    """Drawings stay sharp, unless that takes too much room."""
    if is_png:
        sharp = io.BytesIO()
        picture.save(sharp, "PNG")
        if sharp.tell() <= _MOST_BYTES:
            return Image(media_type="image/png", data=sharp.getvalue())
    small = io.BytesIO()
    picture.save(small, "JPEG", quality=85)
    return Image(media_type="image/jpeg", data=small.getvalue())
