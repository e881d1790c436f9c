"""From the first frame of the chat to the last file of its world."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from jobs.cli.demo import ending
from jobs.cli.demo.app import ChatApp
from jobs.cli.demo.world import Plan, RealModel
from jobs.core.i18n import Language
from jobs.core.settings import Settings
from jobs.core.words import demo as words


def chat(language: Language, settings: Settings, *, scripted: bool) -> int:
    """Show the chat until the person leaves. Returns the exit code."""
    model = None if scripted else RealModel.from_settings(settings)
    return ending.run(_chat(Plan(language, settings.timezone.key, model)))


async def _chat(plan: Plan) -> int:
    app = ChatApp(plan)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal must not leave a world behind
        loop.add_signal_handler(number, app.leave)
    try:
        await app.run_async()
    finally:
        ending.be_deaf()
        _tell(words.STOPPING.say(plan.language))
        await app.close()
        _tell(words.STOPPED.say(plan.language))
    if app.failure is None:
        return app.return_code or 0
    _tell(f"✗ {app.failure}")
    return 1


def _tell(sentence: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be what has ended
        print(sentence, flush=True)
