"""A Python package index (PEP 503): the wheels of a folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from .serving import Answer, Loopback


class PypiIndex(Loopback):
    """Serves a folder of wheels; `index_url` is what pip takes."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    @property
    def index_url(self) -> str:
        """The address of the index."""
        return f"{self.url}/simple/"

    def answer(self, path: str, query: Mapping[str, str]) -> Answer | None:
        """The list of a project's files, or one of them."""
        del query
        kind, _, name = path.strip("/").partition("/")
        wheels = {wheel.name: wheel for wheel in self._folder.glob("*.whl")}
        if kind == "files" and name in wheels:
            return Answer(wheels[name].read_bytes(), "application/octet-stream")
        mine = [wheel for wheel in wheels.values() if _normalised(wheel.name.partition("-")[0]) == name]
        if kind != "simple" or not mine:
            return None
        links = (
            f'<a href="/files/{wheel.name}#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}">{wheel.name}</a>'
            for wheel in mine
        )
        return Answer(b"<!DOCTYPE html>\n" + "\n".join(links).encode(), "text/html")


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
