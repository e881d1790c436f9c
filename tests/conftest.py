"""What tests of several packages need: a journal on a real file, and a place for tables in the summary."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.core.clock import SystemClock
from jobs.core.database import Database
from jobs.core.journal import Journal


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "db.sqlite") as database:
        yield database


@pytest.fixture
def journal(database: Database) -> Journal:
    return Journal(database, SystemClock())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the tables that tests have left in their reports, whichever process they ran in."""
    tables = {
        report.nodeid: value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "table"
    }
    for test, table in tables.items():
        terminalreporter.section(test)
        terminalreporter.write_line(table)
