"""What is installed: plugins.json says it, and the folders below hold it. For one thread at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, Field

from jobs.intake.record import Record
from jobs.plugin_manager.building import SERVERS
from jobs.plugin_manager.catalogue import is_name
from jobs.plugin_manager.programs import placed

FILE = "plugins.json"


class Marketplace(BaseModel):
    """A marketplace that was fetched."""

    source: str
    fetched_at: datetime
    commit: str = ""


def _named(name: str) -> str:
    if not is_name(name):
        raise ValueError("no name of a plugin or a marketplace")
    return name


_Name = Annotated[str, AfterValidator(_named)]


class Installed(BaseModel):
    """A plugin that the owner has said yes to."""

    name: _Name
    marketplace: _Name
    version: str = ""
    commit: str = ""
    origin: str = ""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]+$")]
    """Of its folder, by which that is called."""
    enabled: bool = True
    installed_at: datetime

    @property
    def key(self) -> str:
        """name@marketplace."""
        return f"{self.name}@{self.marketplace}"


class Plugins(BaseModel):
    """The shape of the file."""

    version: Literal[1] = 1
    marketplaces: Mapping[str, Marketplace] = {}
    removed: Sequence[str] = ()
    """Sources of the settings that the owner does not want."""
    plugins: Sequence[Installed] = ()


class PluginProblem(Exception):
    """What was asked for cannot be done; the message tells the model why, and what to do."""


@dataclass(slots=True)
class PluginStore:
    """`data` is the program's data folder, `workspace` where Claude works."""

    data: Path
    workspace: Path
    record: Record[Plugins] = field(init=False)
    unreadable: str = field(init=False, default="")
    """Why the file of what is installed cannot be read at present."""
    _known: Plugins | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.record = Record(self.data / FILE, Plugins)

    @property
    def home(self) -> Path:
        """The folder of all plugins and marketplaces."""
        return self.data / ".claude" / "plugins"

    @property
    def marketplaces(self) -> Path:
        """The folder of the marketplaces, each under its name."""
        return self.home / "marketplaces"

    @property
    def staging(self) -> Path:
        """Where things are until it is known that they are wanted."""
        return self.home / "staging"

    @property
    def known(self) -> Plugins:
        """What is installed, read once; nothing while the file cannot be read, see `unreadable`."""
        if self._known is None:
            try:
                self._known = self.record.read()
            except OSError as error:
                self.unreadable = error.strerror or type(error).__name__
                return Plugins()
            self.unreadable = ""
        return self._known

    def change(self, **fields: object) -> None:
        """Write what is different now. Raises OSError, and then nothing is."""
        changed = self.known.model_copy(update=fields)
        self.record.write(changed)
        self._known = changed

    def folder(self, plugin: Installed) -> Path:
        """Where its files are."""
        return self.home / "installed" / plugin.marketplace / plugin.name / plugin.digest[:16]

    def enabled(self) -> Sequence[Installed]:
        """Those that are switched on, be their folders there or not."""
        return [plugin for plugin in self.known.plugins if plugin.enabled]

    def servers(self, plugin: Installed) -> Mapping[str, object]:
        """The MCP servers of a plugin, as Claude's CLI gets them; none when its folder is damaged."""
        folder = self.folder(plugin)
        try:
            found: object = json.loads((folder / SERVERS).read_bytes())
        except (OSError, ValueError):
            return {}
        entries = cast("dict[str, object]", found) if isinstance(found, dict) else {}
        places = {
            "CLAUDE_PLUGIN_ROOT": str(folder),
            "CLAUDE_PLUGIN_DATA": str(self._own_data(plugin)),
            "CLAUDE_PROJECT_DIR": str(self.workspace),
        }
        return {name: placed(entry, places) for name, entry in entries.items()}

    def _own_data(self, plugin: Installed) -> Path:
        """What a plugin keeps, through its updates."""
        return self.home / "data" / f"{plugin.name}-inline"  # the CLI calls it so

    def one(self, name: str) -> Installed:
        """An installed plugin by its name, or name@marketplace. Raises PluginProblem."""
        wanted = name.strip().casefold()
        for plugin in self.known.plugins:
            if wanted in (plugin.name.casefold(), plugin.key.casefold()):
                return plugin
        there = ", ".join(plugin.key for plugin in self.known.plugins) or "none yet"
        raise PluginProblem(f"No plugin {name[:80]!r} is installed. There are: {there}.")

    def take_in(self, built: Path, plugin: Installed) -> None:
        """Install what stands in `built`; a former version of it goes. Whole or not at all: the record decides."""
        self.sweep()
        target = self.folder(plugin)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        built.rename(target)
        self._own_data(plugin).mkdir(parents=True, exist_ok=True, mode=0o700)
        others = [other for other in self.known.plugins if other.name.casefold() != plugin.name.casefold()]
        self.change(plugins=[*others, plugin])

    def switch(self, name: str, *, on: bool) -> Installed:
        """Enable or disable a plugin. Raises PluginProblem."""
        changed = self.one(name).model_copy(update={"enabled": on})
        if on and not self.folder(changed).is_dir():
            raise PluginProblem(f"The folder of {changed.key} is gone: remove it, and install it anew.")
        self.change(plugins=[changed if other.key == changed.key else other for other in self.known.plugins])
        return changed

    def remove(self, name: str) -> Installed:
        """Take a plugin away, with its files. Raises PluginProblem."""
        gone = self.one(name)
        self.change(plugins=[other for other in self.known.plugins if other.key != gone.key])
        shutil.rmtree(self._own_data(gone), ignore_errors=True)
        self.sweep()
        return gone

    def sweep(self) -> None:
        """Remove the folders that the record does not know: of former versions, and of a run that was killed."""
        wanted = {self.folder(plugin) for plugin in self.known.plugins}
        for folder in _children(self.home / "installed", 3):
            if folder not in wanted:
                shutil.rmtree(folder, ignore_errors=True)
        for depth in (2, 1):
            for folder in _children(self.home / "installed", depth):
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()


def _children(folder: Path, depth: int) -> Iterator[Path]:
    if depth == 0:
        yield folder
    elif folder.is_dir() and not folder.is_symlink():
        for child in sorted(folder.iterdir()):
            yield from _children(child, depth - 1)
