"""What must not reach an outsider: exact values that an errand or the owner's memory marks as private.

The check compares values, not meanings: it stops a phone number, an address, a price or a code that is written down
somewhere as private, in any case and spacing. It cannot stop a paraphrase.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jobs.core.database import Database
from jobs.core.ports import Compose, Objection
from jobs.users.errands import Errands
from jobs.users.models import ALL, ConversationTask, ExternalUser
from jobs.users.people import People
from jobs.users.private_memory import PrivateMemory, Unreadable
from jobs.users.values import Reading, values_of

_TAG = re.compile(r"<[!/a-z][^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be said, as it is compared, and where it stands."""

    value: str
    where: str


class Disclosure:
    """Implements `core.ports.DisclosureCheck`."""

    def __init__(
        self,
        database: Database,
        people: People,
        errands: Errands,
        *,
        memory: PrivateMemory,
        compose: Compose,
        owner_id: int,
    ) -> None:
        self._database = database
        self._people = people
        self._errands = errands
        self._memory = memory
        self._compose = compose
        self._owner_id = owner_id

    async def objection(self, chat_id: int, *texts: str, must_not_say: Sequence[str] = ()) -> Objection | None:
        """See the port."""
        if chat_id == self._owner_id:
            return None
        async with self._database.transaction() as tx:
            user = await self._people.find(tx, chat_id)
        if user is not None and user.banned:
            why = f"Not sent: {user.name} is banned, and nothing may be sent to them. The owner can lift the ban."
            return Objection("banned", why)
        try:
            memory = await self._memory.values()
        except Unreadable as error:
            why = f"Not sent: {error}, so nobody knows what is private there. Ask the owner to see to that file."
            return Objection("unchecked", why, what=error.name)
        more = [Secret(v, "must_not_say of this errand") for phrase in must_not_say for v in values_of(phrase)]
        secrets = [*more, *await self._secrets(chat_id, memory)]
        readings = await self._readings(texts)
        # There may be a hundred thousand values in long notes.
        said = await asyncio.to_thread(
            lambda: next((s for s in secrets if any(r.says(s.value) for r in readings)), None)
        )
        return _objection_to(said) if said is not None else None

    async def _readings(self, texts: Sequence[str]) -> Sequence[Reading]:
        """The texts as they are written, as they are shown, and without the tags that are shown but not read."""
        shown = "\n".join(part.text for part in await self._compose(*texts))
        return [Reading(text) for text in {"\n\n".join(texts), shown, _TAG.sub("", shown)}]

    async def _secrets(self, user_id: int, memory: Iterable[str]) -> list[Secret]:
        async with self._database.transaction() as tx:
            errands = await self._errands.list(tx, statuses=ALL)  # what is settled is no less private
            people = await self._people.all(tx)
        secrets = [*_of_errands(errands, user_id), *_of_people(people, user_id), *_of_memory(memory)]
        theirs = [errand for errand in errands if errand.concerns(user_id)]
        allowed = [phrase for errand in theirs for phrase in errand.context.may_say]
        readings = [Reading(phrase) for phrase in allowed]
        return [secret for secret in secrets if not any(reading.says(secret.value) for reading in readings)]


def _objection_to(secret: Secret) -> Objection:
    why = (
        f"Not sent: the text contains something that is private ({secret.where}). "
        "Leave it out, or ask the owner to allow it for this person (`may_say` in the errand's context)."
    )
    return Objection("private", why)


def _of_memory(values: Iterable[str]) -> Iterator[Secret]:
    return (Secret(value, "marked in the owner's memory") for value in values)


def _of_errands(errands: Iterable[ConversationTask], user_id: int) -> Iterator[Secret]:
    for errand in errands:
        mine = errand.concerns(user_id)
        where = f"must_not_say of errand {errand.id}" if mine else "it belongs to another person's errand"
        for phrase in errand.context.must_not_say:
            yield from (Secret(value, where) for value in values_of(phrase))


def _of_people(people: Iterable[ExternalUser], user_id: int) -> Iterator[Secret]:
    for person in people:
        if person.id != user_id and person.card.phone:
            yield Secret(person.card.phone, "another person's phone number")
