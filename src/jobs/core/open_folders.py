"""Files that may leave the machine when the model says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jobs.core.errors import ToolRetry


@dataclass(frozen=True, slots=True)
class OpenFolders:
    """Folders whose files may be sent to the owner or given to a site; never what is `closed`, wherever it lies."""

    folders: tuple[Path, ...]
    """The first is the one that relative paths begin in."""
    closed: Path
    """The program's own folder. It may be around an open one, or inside of it."""

    def file(self, path: str) -> Path:
        """The file itself, no link. Blocks. Raises ToolRetry when there is none, or not here."""
        try:
            file = (self.folders[0] / path).resolve()
            str(file).encode()
            found = file.is_file()
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or a name that nobody can write down
            raise ToolRetry(f"There is no file {path!r} that could be used ({type(error).__name__}).") from None
        around = [folder for folder in (*self.folders, self.closed) if file.is_relative_to(folder.resolve())]
        nearest = max(around, key=lambda folder: len(folder.resolve().parts), default=None)
        if nearest is None:
            raise ToolRetry(f"{file} lies outside of {' and '.join(map(str, self.folders))}: copy it there first.")
        if nearest not in self.folders:
            raise ToolRetry(f"{file} is the program's own and is given to nobody.")
        if not found:
            raise ToolRetry(f"There is no file {file}.")
        return file


def shown_name(file: Path) -> str:
    """Its name without signs that cannot be seen: some turn the rest around, so that an .exe reads as a .pdf."""
    return "".join(sign if sign.isprintable() else "_" for sign in file.name)
