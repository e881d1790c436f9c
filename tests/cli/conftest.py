from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from jobs_command import API_HASH, Jobs
from setup_steps import TOKEN, Place

from jobs.sandbox.claude import API_KEY, MessagesServer
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import TelegramWorld


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    folder = tmp_path / "home"
    folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "Etc/UTC",
        "NO_PROXY": "127.0.0.1",
        "PYTHONWARNINGS": "error",
        "BROWSER_CDP_URL": "off",
    }
    return Jobs(folder, environment)


@pytest.fixture
async def place(jobs: Jobs) -> AsyncGenerator[Place]:
    world = TelegramWorld()
    world.settings.api_credentials = {12345: API_HASH}
    async with TelegramServer(world) as telegram, MessagesServer() as claude:
        claude.accepted_keys = {API_KEY, TOKEN}
        (jobs.folder / "dc.pem").write_text(telegram.public_key_pem)
        jobs.environment |= {
            "TG_SERVER": ":".join(map(str, telegram.address)),
            "TG_SERVER_KEY": "dc.pem",
            "ANTHROPIC_BASE_URL": claude.base_url,
        }
        del jobs.environment["TZ"]
        assistant = world.add_user("Ada", phone="15550100")
        owner = world.add_user("Olga", username="olga")
        yield Place(jobs, world, telegram, claude, assistant, owner)
