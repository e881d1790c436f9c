"""The skills of the running assistant: one change at a time, and never on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from jobs.core.errors import ToolFailed, ToolRetry
from jobs.core.i18n import Language
from jobs.skill_manager.folders import ON, Places, fingerprint
from jobs.skill_manager.kept import Kept
from jobs.skill_manager.manifest import BadManifest
from jobs.skill_manager.shipped import SHIPPED, ShippedSkills
from jobs.skill_manager.store import SkillProblem, SkillStore
from jobs.tools.approvals import Approvals

T = TypeVar("T")


class SkillManager:
    """What the tools work with.

    `known_tools` are the names that a skill may use; `proxy`: the variables that git goes out with.
    """

    def __init__(
        self,
        workspace: Path,
        data: Path,
        *,
        approvals: Approvals,
        language: Language,
        known_tools: Collection[str] = (),
        proxy: Mapping[str, str] | None = None,
        shipped: Path = SHIPPED,
    ) -> None:
        places = Places(workspace / ".claude" / ON)
        self.workspace = workspace
        self.staging = data / "skills" / "import"
        self.store = SkillStore(
            places, Kept(data / "skills" / "kept"), ShippedSkills(places, data / "skills.json", shipped)
        )
        self.approvals = approvals
        self.language: Language = language
        self.known_tools = known_tools
        self.proxy = proxy or {}
        self._lock = asyncio.Lock()

    async def run(self, work: Callable[[SkillStore], T]) -> T:
        """Do something with the store. Raises ToolRetry with what is wrong, ToolFailed when the disk refuses."""
        async with self._lock:
            try:
                return await asyncio.to_thread(partial(work, self.store))
            except (SkillProblem, BadManifest) as error:
                raise ToolRetry(str(error)) from None
            except OSError as error:
                raise ToolFailed(f"The disk refuses: {error}.") from error

    async def fingerprint(self) -> str:
        """Of the skills that the model can use: see `core.ports.Equipment`."""
        return await asyncio.to_thread(fingerprint, self.store.places.on)
