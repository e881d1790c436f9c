"""The owner's session, with plugins."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_desk import PluginDesk

from hand_clock import HandClock
from jobs.core.database import Database


@pytest.fixture
def desk(tmp_path: Path, database: Database) -> PluginDesk:
    return PluginDesk(tmp_path / "world", database, HandClock())
