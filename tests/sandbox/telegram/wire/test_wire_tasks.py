from __future__ import annotations

import asyncio

from jobs.sandbox.telegram.wire.tasks import TaskSet


async def test_a_task_that_breaks_is_in_the_log_with_its_traceback(caplog):
    async def break_down() -> None:
        raise ZeroDivisionError("so it goes")

    await asyncio.wait([TaskSet().spawn(break_down())])
    await asyncio.sleep(0)
    assert "ZeroDivisionError: so it goes" in caplog.text


async def test_cancelling_leaves_no_task_behind():
    tasks = TaskSet()
    running = [tasks.spawn(asyncio.Event().wait()) for _ in range(3)]
    await asyncio.sleep(0)
    await tasks.cancel()
    assert all(task.cancelled() for task in running)
