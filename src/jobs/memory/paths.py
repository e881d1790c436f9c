"""Which files are notes: `MEMORY.md`, and the Markdown below `memory/`."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from jobs.core.words import memory as words
from jobs.memory.problems import BadPath

FACTS = "MEMORY.md"
FOLDER = "memory"
HISTORY = ".history"
"""In FOLDER: what is kept for undoing, and no notes."""
_LONGEST_NAME = 255
_LONGEST_PATH = 1000

NotePath = tuple[str, ...]
"""The parts of a note's path from the workspace; each a plain name."""


def note_path(text: str) -> NotePath:
    """The note that is named. Raises BadPath for whatever is no name of a note, wherever it would lead."""
    shown = text if text.isprintable() and len(text) <= _LONGEST_PATH else repr(text[:80])
    parts = tuple(text.split("/"))
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text) or not _names_a_note(parts):
        raise BadPath(shown, words.OUTSIDE)
    sizes = [len(part.encode()) for part in parts]
    if max(sizes) > _LONGEST_NAME or sum(sizes) + len(sizes) > _LONGEST_PATH:
        raise BadPath(shown, words.NAME_TOO_LONG)
    return parts


def day_path(day: date) -> NotePath:
    """The log of a day."""
    return (FOLDER, f"{day.isoformat()}.md")


def shown_path(path: NotePath) -> str:
    """A note as people and the model know it."""
    return "/".join(path)


def _names_a_note(parts: NotePath) -> bool:
    if parts == (FACTS,):
        return True
    if len(parts) < 2 or parts[0] != FOLDER or not parts[-1].endswith(".md"):
        return False
    # What begins with a dot is nobody's note: "..", and what is kept for undoing.
    return all(part and not part.startswith(".") and "\\" not in part for part in parts)


def markdown_files(workspace: Path) -> Iterator[Path]:
    """All that may hold notes, hidden files and links among it; what is kept for undoing does not.

    Raises OSError where a folder cannot be listed. What is named may be gone, or no file.
    """
    yield workspace / FACTS
    top = workspace / FOLDER
    for folder, folders, files in os.walk(top, onerror=_raise_unless_missing):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not (name == HISTORY and folder == str(top)))
        yield from sorted(Path(folder) / name for name in (*files, *links) if name.endswith(".md"))


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error
