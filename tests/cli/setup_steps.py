"""Where a person sets Jobs up, and the steps that most of them take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from jobs_command import API_HASH, Jobs
from person import Person

from jobs.sandbox.claude import API_KEY, MessagesServer
from jobs.sandbox.telegram.server import TelegramServer
from jobs.sandbox.telegram.world import TelegramWorld
from jobs.sandbox.telegram.world.model import User
from jobs.telegram.session_file import copy_session

PHONE = "+1 555 0100"
TOKEN = "sk-ant-oat01-token"


@dataclass
class Place:
    """Where the person is: an empty installation, and the two services it needs."""

    jobs: Jobs
    world: TelegramWorld
    telegram: TelegramServer
    claude: MessagesServer
    assistant: User
    owner: User

    @property
    def env(self) -> dict[str, str | None]:
        return dotenv_values(self.jobs.env_file)

    def signed_in(self) -> bool:
        """Whether the sign-in file opens the assistant's account."""
        session = copy_session(self.jobs.folder / "data" / "telethon.session")
        links = self.telegram.links(self.assistant.id)
        return session is not None and session.auth_key.key in {link.auth_key for link in links}


async def names_the_application(person: Person) -> None:
    await person.answers("Language", "1")
    await person.answers("api_id", "12345")
    await person.answers("api_hash (not shown", API_HASH)
    await person.sees("✓ Telegram knows this application.")


async def signs_in_by_code(person: Person, place: Place) -> None:
    await person.answers("Which account", "1")
    await person.answers("sign that account in", "1")
    await person.answers("Its phone number", PHONE)
    await person.answers("The code", lambda: place.world.last_code(PHONE))


async def names_the_owner(person: Person) -> None:
    await person.answers("Your @username", "@olga")
    await person.sees("Found Olga")
    await person.answers("Is that you?", "y")


async def connects_claude(person: Person) -> None:
    await person.answers("How do you pay", "1")
    await person.answers("API key (not shown", API_KEY)
    await person.sees("✓ Claude accepts it.")


def make_data_folder(jobs: Jobs) -> Path:
    data = jobs.folder / "data"
    data.mkdir()
    return data


async def keeps_telegram(person: Person) -> None:
    await person.answers("Language", "")
    await person.answers("api_id [12345]", "")
    await person.answers("[kept, Enter leaves it]", "")
    await person.answers("Keep this account?", "y")
    await person.answers("Your @username, or your numeric id [7]", "")
