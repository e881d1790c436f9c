"""The updater on the machine builds and starts what is published, goes back from what is not well, and does no more."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import NEW, OLD, PROJECT, Upstream
from machine import Machine, until

from jobs.sandbox.patience import PATIENCE


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    """Just what the updater reads of a project."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "src" / "jobs").mkdir(parents=True)
    shutil.copy2(PROJECT / "CHANGELOG.md", folder)
    (folder / "src" / "jobs" / "__init__.py").write_text(f'__version__ = "{OLD}"\n')
    upstream = Upstream(folder)
    upstream.git("init", "--quiet", "--initial-branch=main")
    upstream.commit("the beginning", f"v{OLD}")
    return upstream


@pytest.fixture
def upstream(tmp_path: Path, published: Upstream) -> Upstream:
    return published.copied(tmp_path / "upstream")


@pytest.fixture
def machine(tmp_path: Path, upstream: Upstream) -> Iterator[Machine]:
    machine = Machine(tmp_path, upstream)
    yield machine
    machine.stop()


def test_what_is_new_is_shown_built_and_started_when_the_asker_says_so(machine: Machine, upstream: Upstream) -> None:
    former = machine.head
    machine.start()
    assert stat.S_IMODE(machine.socket.stat().st_mode) == 0o660
    assert machine.ask(do="look") == {"kind": "newest", "version": OLD}
    commit = upstream.publish(NEW, "- It can whistle.")
    found = machine.ask(do="look")
    assert found == {
        "kind": "candidate", "current": OLD,
        "candidate": {
            "version": NEW, "commit": commit, "ref": f"v{NEW}", "changes": ["- It can whistle."], "signed": False,
        },
    }  # fmt: skip
    assert (machine.head, machine.log) == (former, [])
    with machine.talking(do="update", to=f"v{NEW}", commit=commit) as talk:
        talk.until("built")
        assert machine.started_versions == []
        assert machine.ask(do="look") == {"kind": "failed", "why": "busy", "detail": ""}
        talk.say(do="switch")
        talk.until("updated")
    assert machine.head == commit
    assert machine.log == [
        "compose ps --services --status running", "compose build browser jobs",
        "compose up -d --wait --wait-timeout 60 browser jobs",
    ]  # fmt: skip
    outcome = machine.ask(do="outcome")
    assert (outcome["kind"], outcome["version"], outcome["other"]) == ("updated", NEW, OLD)
    assert machine.ask(do="told") == machine.ask(do="outcome") == {"kind": "nothing"}


def test_a_branch_is_followed_and_checked_out_but_not_into_another_history(
    machine: Machine, upstream: Upstream
) -> None:
    upstream.git("tag", "main", f"v{OLD}")  # whose name is the branch's
    upstream.write_version(NEW)
    commit = upstream.commit("further")
    machine.start("--ref", "main")
    with machine.talking(do="update", to="main", commit=commit) as talk:
        talk.until("built")
        talk.say(do="switch")
        talk.until("updated")
    assert Upstream(machine.checkout).git("symbolic-ref", "--short", "HEAD") == "main"
    assert machine.head == commit
    upstream.git("checkout", "--quiet", "--orphan", "other")
    upstream.commit("another beginning")
    upstream.git("branch", "--force", "main", "other")
    assert machine.ask(do="look")["why"] == "rewritten"


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("v9.9.9", "no version"), ("main", "no version"), ("HEAD", "no version"), ("v0.2.0-rc", "no version"),
        ("--upload-pack=touch here", "no version"), ("v0.0.1", "older"), (f"v{OLD}", "older"), ("v0.3.0", "misnamed"),
        (f"v{NEW}", "moved"),
    ],
)  # fmt: skip
def test_nothing_but_a_newer_version_that_is_published_as_shown_is_taken(
    machine: Machine, upstream: Upstream, to: str, why: str
) -> None:
    former = machine.head
    upstream.publish(NEW)
    upstream.git("tag", "v0.3.0")
    upstream.write_version("0.0.1")
    upstream.commit("older", "v0.0.1")
    machine.start()
    Upstream(machine.checkout).git("tag", "v9.9.9")  # which only this checkout has
    assert machine.ask(do="update", to=to, commit="0" * 40)["why"] == why
    assert (machine.head, machine.log) == (former, [])


@pytest.mark.parametrize(
    "line",
    [
        b"", b"\n", b"{", b"[]\n", b"[" * 900 + b"\n", b'{"do": "stop"}\n', b'{"do": "look", "ref": "main"}\n',
        b'{"do": "update", "to": ["v0.2.0"], "commit": ""}\n', b'{"do": "look"' + b" " * 5000 + b"}\n", b"\xff\n",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(machine: Machine, line: bytes) -> None:
    machine.start()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(machine.socket))
        connection.sendall(line)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as lines:
            assert json.loads(lines.readline())["why"] == "request"
    assert machine.ask(do="look")["kind"] == "newest"


def test_only_what_is_signed_is_taken_when_signers_are_named(
    machine: Machine, upstream: Upstream, tmp_path: Path
) -> None:
    key, signers = tmp_path / "key", tmp_path / "signers"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key), check=True, timeout=PATIENCE)
    signers.write_text(f"publisher@example.org {key.with_suffix('.pub').read_text()}")
    unsigned = upstream.publish("0.1.5")
    machine.start("--signers", str(signers))
    assert machine.ask(do="update", to="v0.1.5", commit=unsigned)["why"] == "not signed"
    upstream.write_version(NEW)
    upstream.commit(NEW)
    signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
    upstream.git(*signing, "tag", "--sign", f"--message={NEW}", f"v{NEW}")
    found = machine.ask(do="look")
    assert found["kind"] == "candidate"
    assert '"signed": true' in json.dumps(found)
    signers.unlink()
    assert machine.ask(do="look")["why"] == "no signers"


def test_what_does_not_come_up_well_is_taken_back(machine: Machine, upstream: Upstream) -> None:
    former = machine.head
    commit = upstream.publish(NEW)
    machine.is_ill(NEW)
    machine.start()
    with machine.talking(do="update", to=f"v{NEW}", commit=commit) as talk:
        talk.until("built")
        talk.say(do="switch")
        talk.until("returned")
    assert (machine.head, machine.started_versions) == (former, [NEW, OLD])
    assert OLD in (machine.image / "src" / "jobs" / "__init__.py").read_text()
    assert Upstream(machine.checkout).git("symbolic-ref", "--short", "HEAD") == "main"
    outcome = machine.ask(do="outcome")
    assert (outcome["why"], outcome["detail"]) == ("not well", "container jobs is unhealthy")


def test_what_is_not_built_or_not_wanted_any_more_is_not_started(machine: Machine, upstream: Upstream) -> None:
    former = machine.head
    commit = upstream.publish(NEW)
    machine.start()
    machine.breaks()
    failed = machine.ask(do="update", to=f"v{NEW}", commit=commit)
    assert (failed["why"], failed["detail"], machine.head) == ("build", "no room on the device", former)
    (machine.play / "breaks").unlink()
    with machine.talking(do="update", to=f"v{NEW}", commit=commit) as talk:
        talk.until("built")
    until(lambda: machine.ask(do="look").get("kind") == "candidate")
    assert (machine.head, machine.started_versions) == (former, [])
    assert OLD in (machine.image / "src" / "jobs" / "__init__.py").read_text()


def test_edits_of_the_owner_stay_and_stop_what_would_change_them(machine: Machine, upstream: Upstream) -> None:
    former = machine.head
    (machine.checkout / "CHANGELOG.md").write_text("mine\n")
    commit = upstream.publish(NEW)
    machine.start()
    assert machine.ask(do="update", to=f"v{NEW}", commit=commit)["why"] == "git"
    assert (machine.head, machine.started_versions) == (former, [])
    assert (machine.checkout / "CHANGELOG.md").read_text() == "mine\n"


@pytest.mark.chaos
@pytest.mark.parametrize("during", ["build", "up", "return"])
def test_killed_at_any_point_it_goes_back_at_its_next_start(machine: Machine, upstream: Upstream, during: str) -> None:
    former = machine.head
    commit = upstream.publish(NEW)
    machine.start()
    if during == "return":
        machine.is_ill(NEW)
        machine.hold()
    else:
        (machine.play / f"hangs-{during}").touch()
    with machine.talking(do="update", to=f"v{NEW}", commit=commit) as talk:
        if during != "build":
            talk.until("built")
            talk.say(do="switch")
        if during == "return":
            until(lambda: machine.started_versions == [NEW])
            (machine.play / "hangs-build").touch()
            machine.let_go()
        until((machine.play / "hung").exists)
        machine.kill()
    (Path(machine.checkout) / ".git" / "index.lock").touch()
    for file in machine.play.glob("hangs-*"):
        file.unlink()
    machine.start()
    outcome = machine.ask(do="outcome")
    kind, head, started = {
        "build": ("nothing", former, []), "up": ("returned", former, [OLD]), "return": ("returned", former, [NEW, OLD]),
    }[during]  # fmt: skip
    assert (outcome["kind"], machine.head, machine.started_versions) == (kind, head, started)
    assert outcome.get("why") == {"build": None, "up": "interrupted", "return": "not well"}[during]
    assert machine.ask(do="look")["kind"] == "candidate"
