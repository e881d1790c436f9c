"""Which conversation goes on is remembered in a file that survives whatever is done to it."""

from __future__ import annotations

import re
import stat
import tempfile
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.core.errors import StorageError
from jobs.users.session_file import SessionFile

ID = "0123abcd-0123-4567-89ab-0123456789ab"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions" / "1.session"


def test_at_first_there_is_no_conversation(path: Path) -> None:
    assert SessionFile(path).read() is None


def test_what_was_written_is_read_by_the_next_start(path: Path) -> None:
    SessionFile(path).write(ID)
    SessionFile(path).write(other := str(uuid.uuid4()))
    assert SessionFile(path).read() == other


def test_the_file_and_its_folder_are_for_their_owner_alone_and_nothing_else_is_left(path: Path) -> None:
    SessionFile(path).write(ID)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_forgotten_conversation_is_gone_and_may_be_forgotten_again(path: Path) -> None:
    file = SessionFile(path)
    file.write(ID)
    file.clear()
    file.clear()
    assert file.read() is None


@given(
    st.binary(max_size=80)
    | st.text(max_size=40).map(str.encode)
    | st.sampled_from((ID[:-1], ID + "0", ID + "\nx", ID.upper())).map(str.encode)
)
def test_a_damaged_file_is_a_conversation_that_nobody_knows_and_never_an_argument(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "1.session"
        path.write_bytes(content)
        found = SessionFile(path).read()
        assert found is not None
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found)
        assert found != ID
        assert SessionFile(path).read() == found


@pytest.mark.parametrize("around", ["{}", "{}\n", "  {}  \r\n"])
def test_blanks_around_the_id_do_not_matter(path: Path, around: str) -> None:
    path.parent.mkdir()
    path.write_text(around.format(ID))
    assert SessionFile(path).read() == ID


def test_a_folder_in_its_place_is_a_sentence(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StorageError, match="cannot be read"):
        SessionFile(path).read()
    with pytest.raises(StorageError, match="cannot be written"):
        SessionFile(path).write(ID)
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(StorageError, match="cannot be removed"):
        SessionFile(path).clear()


def test_a_file_in_its_folders_place_is_a_sentence(path: Path) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(StorageError, match="cannot be written"):
        SessionFile(path).write(ID)
