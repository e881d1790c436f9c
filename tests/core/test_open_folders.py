"""Files that may leave the machine."""

from pathlib import Path

import pytest

from jobs.core.errors import ToolRetry
from jobs.core.open_folders import OpenFolders


@pytest.mark.parametrize(("open_", "closed"), [("work", "work/data"), ("data/work", "data"), ("work", "data")])
def test_an_open_folder_may_lie_around_the_closed_one_or_inside_of_it(tmp_path: Path, open_: str, closed: str) -> None:
    for name in (open_, closed):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "file").touch()
    folders = OpenFolders((tmp_path / open_,), tmp_path / closed)
    assert folders.file("file") == tmp_path / open_ / "file"
    (tmp_path / open_ / "link").symlink_to(tmp_path / closed / "file")
    for path in (str(tmp_path / closed / "file"), "link"):
        with pytest.raises(ToolRetry, match=r"lies outside|the program's own"):
            folders.file(path)


def test_a_name_that_nobody_can_write_down_is_refused(tmp_path: Path) -> None:
    (tmp_path / "\udcff").touch()
    with pytest.raises(ToolRetry, match="UnicodeEncodeError"):
        OpenFolders((tmp_path,), tmp_path / "data").file("\udcff")
