"""What is found where new versions are published, and what is refused."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import NEW, OLD, Installation, Upstream

from jobs.core.settings import Settings
from jobs.sandbox.patience import PATIENCE
from jobs.updating import checkout
from jobs.updating.problems import UpdateError
from jobs.updating.source import Candidate, Source
from jobs.updating.state import Releases


@pytest.fixture
def cloned(tmp_path: Path, upstream: Upstream) -> Iterator[Path]:
    """A checkout of the first version, as the place that the running code was installed in."""
    folder = tmp_path / "clone"
    upstream.git("clone", "--quiet", str(upstream.folder), str(folder))
    before = checkout.base()
    checkout.set_base(folder)
    checkout.identity.cache_clear()
    yield folder
    checkout.set_base(before)
    checkout.identity.cache_clear()


def found(tmp_path: Path, **settings: object) -> Candidate | None:
    """The newest version, as the settings say."""
    data = tmp_path / "data"
    values = {"data_dir": data, "workspace_dir": tmp_path / "workspace", **settings}
    return Source(Settings(**values), Releases(data), {}).newest()  # pyright: ignore[reportArgumentType]


def test_the_newest_tag_is_found_with_what_is_new(tmp_path: Path, cloned: Path, upstream: Upstream) -> None:
    assert found(tmp_path) is None
    upstream.publish("0.1.9")
    commit = upstream.publish("0.1.10", "- It can whistle.")
    upstream.git("tag", "v9-nightly")
    newest = found(tmp_path)
    assert newest is not None
    assert (newest.version, newest.commit, newest.signed) == ("0.1.10", commit, False)
    assert "- It can whistle." in newest.changes


def test_a_branch_is_followed_but_not_into_another_history(tmp_path: Path, cloned: Path, upstream: Upstream) -> None:
    upstream.write_version("0.1.1")
    commit = upstream.commit("further")
    newest = found(tmp_path, update_ref="main")
    assert newest is not None
    assert (newest.commit, newest.ref) == (commit, "main")
    upstream.git("checkout", "--quiet", "--orphan", "other")
    upstream.commit("another beginning")
    upstream.git("branch", "--force", "main", "other")
    with pytest.raises(UpdateError, match="history was rewritten"):
        found(tmp_path, update_ref="main")


@pytest.mark.parametrize("what", ["tag", "commit"])
def test_only_what_is_signed_by_a_known_hand_is_taken(
    tmp_path: Path, cloned: Path, upstream: Upstream, what: str
) -> None:
    ours, foreign = (_key(tmp_path / name) for name in ("ours", "foreign"))
    signers = tmp_path / "signers"
    signers.write_text(f"publisher@example.org {ours.with_suffix('.pub').read_text()}")
    for version, key, known in (("0.1.1", None, False), ("0.1.2", foreign, False), (NEW, ours, True)):
        upstream.write_version(version)
        signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
        if what == "commit" and key is not None:
            upstream.git("add", "--all")
            upstream.git(*signing, "-c", "commit.gpgsign=true", "commit", "--quiet", "-S", f"--message={version}")
        else:
            upstream.commit(version)
        if what == "tag" and key is not None:
            upstream.git(*signing, "tag", "--sign", f"--message={version}", f"v{version}")
        else:
            upstream.git("tag", f"v{version}")
        if known:
            newest = found(tmp_path, update_signers=signers)
            assert newest is not None
            assert newest.signed
        else:
            with pytest.raises(UpdateError, match="is not signed by anybody"):
                found(tmp_path, update_signers=signers)
    with pytest.raises(UpdateError, match="which is not there"):
        found(tmp_path, update_signers=tmp_path / "nowhere")


def test_changes_of_the_owner_are_not_updated_away(tmp_path: Path, cloned: Path, upstream: Upstream) -> None:
    upstream.publish(NEW)
    (cloned / "README.md").write_text("mine\n")
    with pytest.raises(UpdateError, match=r"README\.md"):
        found(tmp_path)


def test_what_is_no_version_or_not_to_be_had_is_said(tmp_path: Path, cloned: Path, upstream: Upstream) -> None:
    (upstream.folder / "src" / "jobs" / "__init__.py").write_text("")
    upstream.commit("broken", f"v{NEW}")
    with pytest.raises(UpdateError, match="does not say which one"):
        found(tmp_path)
    with pytest.raises(UpdateError, match="could not be fetched"):
        found(tmp_path, update_source=str(tmp_path / "nowhere"))


def test_what_a_kill_has_left_of_a_fetch_is_fetched_anew(tmp_path: Path, cloned: Path, upstream: Upstream) -> None:
    assert found(tmp_path) is None
    upstream.publish(NEW)
    repository = tmp_path / "data" / "releases" / "code.git"
    (repository / "HEAD").write_text("")
    newest = found(tmp_path)
    assert newest is not None
    assert newest.version == NEW


def test_a_git_that_does_not_answer_is_no_change_of_the_checkout(tmp_path: Path, cloned: Path) -> None:
    releases = Releases(tmp_path / "data")
    releases.write(releases.now())
    assert releases.read() is not None
    (cloned / ".git" / "HEAD").write_text("")
    checkout.identity.cache_clear()
    assert releases.read() is not None


def test_what_is_pulled_by_hand_is_what_runs(tmp_path: Path, cloned: Path, upstream: Upstream) -> None:
    releases = Releases(tmp_path / "data")
    releases.write(releases.now())
    upstream.publish(NEW)
    subprocess.run(("git", "-C", cloned, "pull", "--quiet"), check=True, timeout=PATIENCE)
    checkout.identity.cache_clear()
    assert releases.read() is None


def test_an_image_says_what_to_run(tmp_path: Path, cloned: Path) -> None:
    checkout.set_base(tmp_path)
    with pytest.raises(UpdateError, match="docker compose build"):
        found(tmp_path)


def test_check_says_it_without_touching_anything(
    tmp_path: Path, installation: Installation, upstream: Upstream
) -> None:
    upstream.publish(NEW, "- It can whistle.")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DATA_DIR": str(tmp_path / "data")}
    environment |= {"UPDATE_SOURCE": str(upstream.folder), "LANGUAGE": "ru"}
    process = subprocess.run(
        (installation.python, "-m", "jobs", "update", "--check"), cwd=tmp_path, env=environment,
        capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert f"Есть версия {NEW}" in process.stdout
    assert f"работает {OLD}" in process.stdout
    assert "- It can whistle." in process.stdout
    assert Releases(tmp_path / "data").read() is None


def _key(path: Path) -> Path:
    assert shutil.which("ssh-keygen"), "ssh-keygen is missing: install it (on Debian: apt install openssh-client)"
    command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "publisher@example.org", "-f", str(path))
    subprocess.run(command, check=True, timeout=PATIENCE)
    return path
