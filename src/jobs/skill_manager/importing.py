"""Skills from elsewhere: fetched into a folder of ours, looked through, and shown before anything is installed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from jobs.core.i18n import Language
from jobs.core.rich_text import visible
from jobs.core.words import skills as words
from jobs.intake.archives import is_archive, unpack
from jobs.intake.bounds import BadSource, copy_folder, ordinary_files
from jobs.intake.frontmatter import without_programs
from jobs.intake.git import clone, is_address
from jobs.intake.trees import digest, is_there
from jobs.skill_manager.manifest import FILE, MOST_BYTES, BadManifest, Manifest, parse, problems, remarks
from jobs.skill_manager.store import SkillStore

_MOST_SKILLS = 20
_DEEPEST = 5
_MOST_TEXT = 6000
"""Characters of instructions that the owner is shown, of all skills together."""
_MOST_FILES = 40


@dataclass(frozen=True, slots=True)
class Offered:
    """A skill that is about to be installed."""

    folder: Path
    manifest: Manifest
    replaces: bool
    """Whether there is one of that name."""
    remarks: Sequence[str]
    not_taken: Sequence[str] = ()
    """What would have run by itself."""

    @property
    def name(self) -> str:
        """What it will be called."""
        return self.manifest.name


@asynccontextmanager
async def fetched(source: str, workspace: Path, staging: Path, proxy: Mapping[str, str]) -> AsyncGenerator[Path]:
    """The folder with what `source` names, for the length of the block. Raises BadSource, OSError.

    `source`: a git address, or the path of a folder or an archive, from the workspace.
    """
    staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    room = Path(tempfile.mkdtemp(dir=staging))
    try:
        if is_address(source):
            await clone(source, room / "repository", proxy)
            await asyncio.to_thread(copy_folder, room / "repository", room / "content")
        else:
            await asyncio.to_thread(_take, workspace / Path(source).expanduser(), room / "content")
        yield room / "content"
    finally:
        await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)


def offered(content: Path, store: SkillStore, wanted: str, known: Collection[str]) -> Sequence[Offered]:
    """The skills in what was fetched (`wanted`: one of them alone). Raises BadSource when one is not fit."""
    not_taken = _without_programs(content)
    found = sorted(_skills(content))
    if not found:
        raise BadSource(f"There is no {FILE} in it, so it is no skill.")
    read = [(folder, *_read(folder, content)) for folder in found]
    if wanted:
        read = [(folder, manifest, wrong) for folder, manifest, wrong in read if manifest.name == wanted]
    names = ", ".join(_read(folder, content)[0].name for folder in found)
    if not read:
        raise BadSource(f"There is no skill {wanted[:80]!r} in it. There are: {names}.")
    if len(read) > _MOST_SKILLS:
        raise BadSource(f"There are {len(read)} skills in it: choose one with `name`. There are: {names}.")
    if bad := [f"{manifest.name or folder.name}: {' '.join(wrong)}" for folder, manifest, wrong in read if wrong]:
        raise BadSource("It cannot be installed as it is:\n" + "\n".join(bad))
    if len({manifest.name for _, manifest, _ in read}) < len(read):
        raise BadSource("Two skills in it have the same name: name the folder of one.")
    return [
        Offered(
            folder,
            manifest,
            is_there(store.places.of(manifest.name)),
            remarks(manifest, known),
            [f"{path.relative_to(folder)}: {why}" for path, why in not_taken if path.is_relative_to(folder)],
        )
        for folder, manifest, _ in read
    ]


def _without_programs(content: Path) -> Sequence[tuple[Path, str]]:
    """Hooks would run with the skill, and nobody would see them: a skill is words. Raises BadSource."""
    found = [(path, without_programs(path)) for path in ordinary_files(content) if path.suffix.lower() == ".md"]
    for path, why in found:
        if why and path.name == FILE and not path.exists():
            raise BadSource(f"{path.relative_to(content)}: {why}.")
    return [(path, why) for path, why in found if why]


def fingerprint(skills: Sequence[Offered]) -> str:
    """Of exactly what is offered: the owner's word holds for that alone."""
    whole = "".join(f"{skill.name}\0{skill.replaces}\0{_modes(skill)}\0{digest(skill.folder)}\0" for skill in skills)
    return hashlib.sha256(whole.encode()).hexdigest()


def shown(skills: Sequence[Offered], language: Language) -> str:
    """What the owner reads before they decide."""
    share = _MOST_TEXT // len(skills)
    return "\n\n".join("\n".join(_shown(skill, share, language)) for skill in skills)


def install(skills: Sequence[Offered], store: SkillStore) -> None:
    """Put them where Claude's CLI finds them; what they replace is kept aside. Raises SkillProblem, OSError."""
    for skill in skills:
        store.replace(skill.folder, store.places.of(skill.name))


def _take(path: Path, content: Path) -> None:
    if path.is_dir():
        copy_folder(path, content)
    elif path.is_file() and is_archive(path):
        unpack(path, content)
    elif path.is_file():
        raise BadSource(f"{path.name} is no archive: a .zip or .tar.gz can be taken, or a folder.")
    else:
        raise BadSource(f"There is no {path}. What the owner sends stands in uploads/.")


def _skills(content: Path) -> Iterator[Path]:
    """The folders with a SKILL.md; what lies within a skill belongs to it."""
    found: list[Path] = []
    for path in sorted(ordinary_files(content), key=lambda path: len(path.parts)):
        folder = path.parent
        deep = len(path.relative_to(content).parts)
        if path.name == FILE and deep <= _DEEPEST and not any(folder.is_relative_to(other) for other in found):
            found.append(folder)
            yield folder


def _read(folder: Path, content: Path) -> tuple[Manifest, Sequence[str]]:
    path = folder / FILE
    try:
        if path.stat().st_size > MOST_BYTES:
            return Manifest(folder.name, "", ""), [f"{FILE} has more than {MOST_BYTES} bytes."]
        manifest = parse(path.read_text(encoding="utf-8"))
    except (BadManifest, UnicodeDecodeError) as error:
        name = folder.name if folder != content else ""
        return Manifest(name, "", ""), [str(error) if isinstance(error, BadManifest) else f"{FILE} is no UTF-8 text."]
    return manifest, problems(manifest, manifest.name)  # it gets a folder of its name


def _modes(skill: Offered) -> str:
    return "".join("x" if _runs(path) else "-" for path in ordinary_files(skill.folder))


def _runs(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _shown(skill: Offered, most: int, language: Language) -> Iterator[str]:
    replaces = f" {words.REPLACES.say(language)}" if skill.replaces else ""
    yield f"🎓 {skill.name}{replaces}: {visible(skill.manifest.description)}"
    if skill.manifest.tools:
        yield words.TOOLS.say(language, tools=visible(", ".join(skill.manifest.tools))[:500])
    others = [path for path in ordinary_files(skill.folder) if path != skill.folder / FILE]
    for path in others[:_MOST_FILES]:
        note = words.RUNS if _runs(path) else words.FILE
        yield note.say(language, name=visible(os.fspath(path.relative_to(skill.folder))), size=path.stat().st_size)
    if len(others) > _MOST_FILES:
        yield words.MORE_FILES.say(language, count=len(others) - _MOST_FILES)
    for what in skill.not_taken[:_MOST_FILES]:
        yield words.NOT_TAKEN.say(language, what=visible(what)[:300])
    text = visible(skill.manifest.body)
    yield text[:most]
    if len(text) > most:
        yield words.MORE_TEXT.say(language, count=len(text) - most)
