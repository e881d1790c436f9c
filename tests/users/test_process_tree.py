"""Processes are ended with everything below them, and nobody else is."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import psutil
import pytest

from jobs.core.process_tree import kill_marked, kill_tree
from jobs.sandbox.patience import PATIENCE

# Each tells its id and starts the next; the last one has a session of its own, like a shell's background command.
FAMILY = """
import os, subprocess, sys
depth = int(sys.argv[1])
print(os.getpid(), flush=True)
if depth:
    next_one = [sys.executable, "-c", sys.argv[2], str(depth - 1), sys.argv[2]]
    subprocess.Popen(next_one, start_new_session=depth == 1).wait()
import time
from jobs.sandbox.patience import PATIENCE
time.sleep(600)
"""


class Family:
    """A process, its child and its grandchild, with a mark in their environment that nobody else has."""

    def __init__(self) -> None:
        self.mark = str(uuid.uuid4())
        command = [sys.executable, "-c", FAMILY, "2", FAMILY]
        environment = os.environ | {"MARK": self.mark}
        self._started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self._started.stdout is not None
        self.pids = [int(self._started.stdout.readline()) for _ in range(3)]
        self.members = [psutil.Process(pid) for pid in self.pids]

    def gone(self, timeout: float = PATIENCE) -> bool:
        """Whether all have ended in time."""
        return not psutil.wait_procs(self.members, timeout=timeout)[1]

    def alive(self) -> bool:
        """Whether all are running."""
        return all(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in self.members)

    def close(self) -> None:
        for member in self.members:
            if member.is_running():
                member.kill()
        self._started.wait(PATIENCE)
        assert self._started.stdout is not None
        self._started.stdout.close()


@pytest.fixture
def family() -> Iterator[Family]:
    family = Family()
    yield family
    family.close()


@pytest.fixture
def neighbours() -> Iterator[Family]:
    neighbours = Family()
    yield neighbours
    neighbours.close()


def test_a_process_is_ended_with_its_child_and_its_grandchild(family: Family, neighbours: Family) -> None:
    assert family.alive()
    kill_tree(family.pids[0])
    assert family.gone()
    assert neighbours.alive()


def test_those_below_are_ended_without_the_one_above(family: Family) -> None:
    kill_tree(family.pids[1])
    assert not psutil.wait_procs(family.members[1:], timeout=PATIENCE)[1]
    assert family.members[0].is_running()


def test_a_process_that_has_ended_already_is_no_trouble() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(PATIENCE)
    kill_tree(ended.pid)


def test_marked_processes_are_ended_wherever_they_are(family: Family, neighbours: Family) -> None:
    assert kill_marked("MARK", family.mark) == 3
    assert family.gone()
    assert neighbours.alive()


def test_a_mark_is_matched_whole(family: Family) -> None:
    assert kill_marked("MARK", family.mark[:-1]) == 0
    assert kill_marked("ARK", family.mark) == 0
    assert family.alive()


def test_with_this_process_among_the_marked_none_is_ended(family: Family) -> None:
    program = "import sys; from jobs.core.process_tree import kill_marked; print(kill_marked('MARK', sys.argv[1]))"
    command, environment = [sys.executable, "-c", program, family.mark], os.environ | {"MARK": family.mark}
    run = subprocess.run(command, capture_output=True, env=environment, check=True, text=True)
    assert run.stdout == "0\n"
    assert family.alive()
