"""What reading of files tells the guard about an errand's session."""

from __future__ import annotations

from pathlib import Path

import pytest
from people_desk import MASHA, PeopleDesk

from jobs.catalog import by_cli_name
from jobs.core.messages import errand_session
from jobs.tools.execution import ToolRunner
from jobs.tools.gate import Pass
from jobs.tools.roles import Role
from jobs.users.guard import Marks, SessionGuard


@pytest.mark.parametrize(
    ("tool", "arguments", "theirs"),
    [
        ("Read", {"file_path": "{workspace}/uploads/people/10/a.txt"}, True),
        ("Read", {"file_path": "{workspace}/uploads//people/10/a.txt"}, True),
        ("Read", {"file_path": "uploads/./people/../people/10/a.txt"}, True),
        ("Read", {"file_path": "{workspace}/link/10/a.txt"}, True),
        ("Grep", {"pattern": ".", "path": "{workspace}/uploads/people"}, True),
        ("Grep", {"pattern": ".", "path": "uploads"}, True),
        ("Grep", {"pattern": "."}, True),
        ("Grep", {"pattern": ".", "path": "memory"}, False),
        ("Read", {"file_path": "{workspace}/uploads/document/a.txt"}, False),
        ("Read", {"file_path": "{workspace}/MEMORY.md"}, False),
        ("Glob", {"pattern": "**/*"}, False),
    ],
)
async def test_whoever_reads_what_others_have_sent_has_seen_their_words_however_the_path_is_written(
    desk: PeopleDesk, tmp_path: Path, tool: str, arguments: dict[str, str], theirs: bool
) -> None:
    await desk.errand("lumo", MASHA)
    (tmp_path / "uploads" / "people" / "10").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "uploads" / "people")
    marks, key = Marks(desk.journal.database), errand_session("lumo")
    guard = SessionGuard(
        key,
        repository=desk.repository,
        marks=marks,
        tools=by_cli_name(Role.TASK),
        mode="guarded",
        language="en",
        skills=tmp_path / ".claude" / "skills",
        runner=ToolRunner(desk.journal),
    )
    named = {name: value.replace("{workspace}", str(tmp_path)) for name, value in arguments.items()}
    assert isinstance(await guard.sight(tool, named), Pass)
    saw, private = await marks.of(key)
    assert saw is theirs
    assert private
