"""A daemon answers how it is, and whoever asks gets an answer or a clear nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from jobs.core.errors import StorageError
from jobs.core.health import HEALTH_SOCKET, HealthReport, ask_health, serve_health

WELL = HealthReport(healthy=True, telegram="connected", dispatcher="alive", uptime=12.5, version="0.1.0")


async def test_the_answer_is_what_the_daemon_says_at_that_moment(tmp_path: Path) -> None:
    reports = iter((WELL, HealthReport(False, "reconnecting", "alive", 13.0, "0.1.0")))
    path = tmp_path / HEALTH_SOCKET
    async with serve_health(path, lambda: next(reports)):
        assert await ask_health(path) == WELL
        second = await ask_health(path)
    assert second is not None
    assert (second.healthy, second.telegram) == (False, "reconnecting")


async def test_a_path_longer_than_a_socket_address_works(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30) / ("deeper" * 30)
    folder.mkdir(parents=True)
    path = folder / HEALTH_SOCKET
    assert len(os.fsencode(path)) > 108
    async with serve_health(path, lambda: WELL):
        assert await ask_health(path) == WELL
    assert list(folder.iterdir()) == []


async def test_the_socket_is_for_its_owner_alone_and_goes_when_the_daemon_goes(tmp_path: Path) -> None:
    path = tmp_path / HEALTH_SOCKET
    async with serve_health(path, lambda: WELL):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()
    assert await ask_health(path) is None


async def test_a_socket_left_by_a_killed_daemon_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / HEALTH_SOCKET
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    assert await ask_health(path) is None
    async with serve_health(path, lambda: WELL):
        assert await ask_health(path) == WELL


async def test_one_who_never_answers_is_given_up_in_time(tmp_path: Path) -> None:
    async def listen_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    path = tmp_path / HEALTH_SOCKET
    async with await asyncio.start_unix_server(listen_only, path):
        assert await ask_health(path, timeout=0.05) is None


@pytest.mark.parametrize("line", [b"", b"\n", b"{}\n", b"not json\n", b'{"healthy": "maybe"}\n', b"x" * 70_000])
async def test_an_answer_that_is_none_counts_as_no_answer(tmp_path: Path, line: bytes) -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line)
        writer.close()
        await writer.wait_closed()

    path = tmp_path / HEALTH_SOCKET
    async with await asyncio.start_unix_server(answer, path):
        assert await ask_health(path, timeout=5) is None


async def test_a_folder_that_does_not_exist_is_told_as_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=HEALTH_SOCKET):
        async with serve_health(tmp_path / "missing" / HEALTH_SOCKET, lambda: WELL):
            pass


async def test_many_may_ask_at_once(tmp_path: Path) -> None:
    path = tmp_path / HEALTH_SOCKET
    async with serve_health(path, lambda: WELL):
        assert await asyncio.gather(*(ask_health(path) for _ in range(50))) == [WELL] * 50
