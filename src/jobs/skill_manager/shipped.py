"""The skills that come with the program: copied to where the model finds them, and the owner's from then on.

A copy that the owner has edited is theirs and is left alone, one that they have not is kept up to date, and one that
they have deleted stays away.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

import jobs
from jobs.intake.record import Record
from jobs.intake.trees import digest, is_there
from jobs.skill_manager.folders import Places
from jobs.skill_manager.manifest import FILE

log = logging.getLogger(__name__)

SHIPPED = Path(jobs.__file__).resolve().parents[2] / "skills"
"""Where a checkout has them; a package that is installed elsewhere has none."""

State = Literal["as shipped", "edited", "outdated"]
"""outdated: edited, and there is a newer one."""


class _Copied(BaseModel):
    version: Literal[1] = 1
    copied: Mapping[str, str] = {}
    """A digest of what was copied last."""
    deleted: Sequence[str] = ()
    """What the owner does not want."""


class ShippedSkills:
    """Copies the folders of `source` to `places`; the file `record` remembers a digest of what was copied."""

    def __init__(self, places: Places, record: Path, source: Path = SHIPPED) -> None:
        self.places = places
        self.source = source
        self._record = Record(record, _Copied)

    def install(self) -> None:
        """Copy what is missing and refresh what is unedited. What cannot be copied is logged, and no reason to stop."""
        try:
            self.places.recover()
            for skill in self._all():
                self._bring_up_to_date(skill)
        except OSError:
            log.exception("The skills of %s could not be copied to %s", self.source, self.places.on)

    def state(self, name: str) -> State | None:
        """What has become of a shipped skill in the owner's hands; None for one that is not shipped, or not there."""
        mine, shipped = self.places.of(name), self.source / name
        if not self.ships(name) or not is_there(mine):
            return None
        fresh, found, copied = digest(shipped), digest(mine), self._record.read().copied.get(name)
        if found in (fresh, copied):
            return "as shipped"
        return "edited" if copied == fresh else "outdated"

    def ships(self, name: str) -> bool:
        """Whether a skill of that name comes with the program."""
        return any(skill.name == name for skill in self._all())

    def deleted(self) -> Sequence[str]:
        """The shipped skills that the owner has deleted."""
        return [name for name in self._record.read().deleted if self.ships(name)]

    def take(self, name: str) -> None:
        """Put the shipped version into the place of the owner's. Raises OSError."""
        skill = self.source / name
        self.places.take_in(skill, self.places.of(name))
        self._note(name, digest(skill))

    def delete(self, name: str) -> None:
        """Have a skill stay away that is being deleted. Raises OSError."""
        record = self._record.read()
        if self.ships(name) and name not in record.deleted:
            self._record.write(record.model_copy(update={"deleted": [*record.deleted, name]}))

    def bring_back(self, name: str) -> None:
        """A skill that was deleted is there again. Raises OSError."""
        record = self._record.read()
        if name in record.deleted:
            self._record.write(
                record.model_copy(update={"deleted": [other for other in record.deleted if other != name]})
            )

    def _all(self) -> Iterator[Path]:
        yield from sorted(path.parent for path in self.source.glob(f"*/{FILE}"))

    def _bring_up_to_date(self, skill: Path) -> None:
        name, record = skill.name, self._record.read()
        mine, fresh = self.places.of(name), digest(skill)
        if not is_there(mine):
            if name in record.deleted:
                return
            self.places.take_in(skill, mine)
            log.info("The skill %s is installed", name)
        elif (found := digest(mine)) == fresh:
            pass
        elif found == record.copied.get(name):
            self.places.take_in(skill, mine)
            log.info("The skill %s is brought up to date", name)
        else:
            log.info("The skill %s has been edited here and stays as it is", name)
            return
        if record.copied.get(name) != fresh:
            self._note(name, fresh)

    def _note(self, name: str, copied: str) -> None:
        record = self._record.read()
        deleted = [other for other in record.deleted if other != name]
        self._record.write(record.model_copy(update={"copied": {**record.copied, name: copied}, "deleted": deleted}))
