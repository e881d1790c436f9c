"""The npm registry: the packages of a package-lock.json, from the cache that `npm ci` has filled, and made-up ones."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from .serving import Answer, Loopback

_INSIDE = "node_modules/"


class _Locked(BaseModel):
    """A package in a lock of version 3, which says of it what the registry would."""

    model_config = ConfigDict(extra="allow")

    version: str = ""
    integrity: str = ""


class _Lock(BaseModel):
    packages: Mapping[str, _Locked]


@dataclass(frozen=True, slots=True)
class _Package:
    manifest: Mapping[str, JsonValue]
    tarball: Path | bytes
    integrity: str


class NpmRegistry(Loopback):
    """Serves what a folder has in package-lock.json and npm/, and what was added."""

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._packages: dict[str, dict[str, _Package]] = {}
        self._latest: dict[str, str] = {}
        if folder is not None:
            self._take(folder)

    def add(self, name: str, version: str, files: Mapping[str, str], **manifest: JsonValue) -> None:
        """Publish a package with these files; it is the latest from now on."""
        whole: dict[str, JsonValue] = {"name": name, "version": version, **manifest}
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz") as archive:
            for path, text in {**files, "package.json": json.dumps(whole)}.items():
                member = tarfile.TarInfo(f"package/{path}")
                member.size, member.mode = len(text.encode()), 0o755
                archive.addfile(member, io.BytesIO(text.encode()))
        digest = base64.b64encode(hashlib.sha512(data.getvalue()).digest()).decode()
        self._packages.setdefault(name, {})[version] = _Package(whole, data.getvalue(), f"sha512-{digest}")
        self._latest[name] = version

    def answer(self, path: str, query: Mapping[str, str]) -> Answer | None:
        """A package's document, or its tarball."""
        del query
        name, _, version = path.lstrip("/").removesuffix(".tgz").partition("/-/")
        versions = self._packages.get(name)
        if versions is None or (version and version not in versions):
            return None
        if version:
            tarball = versions[version].tarball
            data = tarball if isinstance(tarball, bytes) else tarball.read_bytes()
            return Answer(data, "application/octet-stream")
        document = {
            "name": name,
            "dist-tags": {"latest": self._latest[name]},
            "versions": {number: self._published(name, number, one) for number, one in versions.items()},
        }
        return Answer(json.dumps(document).encode(), "application/json")

    def _published(self, name: str, version: str, package: _Package) -> Mapping[str, JsonValue]:
        dist: JsonValue = {"tarball": f"{self.url}/{name}/-/{version}.tgz", "integrity": package.integrity}
        return {**package.manifest, "name": name, "version": version, "dist": dist}

    def _take(self, folder: Path) -> None:
        lock = _Lock.model_validate_json((folder / "package-lock.json").read_bytes())
        for place, one in lock.packages.items():
            if not one.integrity:  # the folder itself
                continue
            name = place.rpartition(_INSIDE)[2]
            found = _Package(one.model_extra or {}, _cached(folder / "npm", one.integrity), one.integrity)
            self._packages.setdefault(name, {})[one.version] = found
            if place == f"{_INSIDE}{name}" or name not in self._latest:
                self._latest[name] = one.version


def _cached(cache: Path, integrity: str) -> Path:
    """Where npm's cache keeps what has this hash."""
    algorithm, _, digest = integrity.partition("-")
    digits = base64.b64decode(digest).hex()
    return cache / "_cacache" / "content-v2" / algorithm / digits[:2] / digits[2:4] / digits[4:]
