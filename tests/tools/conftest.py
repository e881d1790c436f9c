from __future__ import annotations

import pytest
from tool_desk import Desk

from jobs.core.journal import Journal


@pytest.fixture
def desk(journal: Journal) -> Desk:
    return Desk(journal)
