"""`jobs health`: is a daemon running in DATA_DIR, connected, and answering?"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from jobs.core.errors import ConfigError
from jobs.core.health import HEALTH_SOCKET, ask_health
from jobs.core.i18n import Language
from jobs.core.settings import load_settings
from jobs.core.words import cli as words


def main(language: Language) -> int:
    """0 only for a daemon that is well; 1 in every other case, as container platforms expect."""
    try:
        path = load_settings().data_dir / HEALTH_SOCKET
    except ConfigError as error:
        for problem in error.problems:
            print(f"✗ {problem}")
        return 1
    report = asyncio.run(ask_health(path))
    if report is None:
        print(words.NOT_RUNNING.say(language, path=path))
        return 1
    sentence = words.HEALTHY if report.healthy else words.UNHEALTHY
    values = {
        "telegram": report.telegram,
        "dispatcher": report.dispatcher,
        "uptime": timedelta(seconds=int(report.uptime)),
        "version": report.version,
    }
    print(sentence.say(language, **values))
    return 0 if report.healthy else 1
