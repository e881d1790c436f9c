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
from jobs.users.values import Reading, is_telling, values_of

_TAG = re.compile(r"<[!/a-z][^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be said, as it is compared, and where it stands."""

    value: str
    where: str
    absolute: bool = False
    """No `may_say` allows it."""


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

    async def objection(
        self, chat_id: int, *texts: str, must_not_say: Sequence[str] = (), may_say: Sequence[str] = ()
    ) -> Objection | None:
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
        secrets, allowed = await self._secrets_and_allowed(chat_id)
        secrets += [Secret(value, "marked in the owner's memory") for value in memory]
        secrets += _named(must_not_say, "must_not_say of this errand", absolute=True)
        readings = await self._readings(texts)
        # There may be a hundred thousand values in long notes.
        said = await asyncio.to_thread(_first_said, secrets, readings, [Reading(p) for p in (*allowed, *may_say)])
        return _objection_to(said) if said is not None else None

    async def _readings(self, texts: Sequence[str]) -> Sequence[Reading]:
        """The texts as they are written, as they are shown, and without the tags that are shown but not read."""
        shown = "\n".join(part.text for part in await self._compose(*texts))
        return [Reading(text) for text in {"\n\n".join(texts), shown, _TAG.sub("", shown)}]

    async def _secrets_and_allowed(self, user_id: int) -> tuple[list[Secret], list[str]]:
        async with self._database.transaction() as tx:
            errands = await self._errands.list(tx, statuses=ALL)  # what is settled is no less private
            theirs = await self._errands.concerning(tx, user_id)
            people = await self._people.all(tx)
        allowed = [phrase for errand in theirs for phrase in errand.context.may_say]
        return [*_of_errands(errands, user_id), *_of_people(people, user_id)], allowed


def _first_said(secrets: Iterable[Secret], texts: Sequence[Reading], allowed: Sequence[Reading]) -> Secret | None:
    said = (secret for secret in secrets if any(text.says(secret.value) for text in texts))
    return next((s for s in said if s.absolute or not any(phrase.says(s.value) for phrase in allowed)), None)


def _objection_to(secret: Secret) -> Objection:
    ask = (
        "" if secret.absolute else ", or ask the owner to allow it for this person (`may_say` in the errand's context)"
    )
    return Objection(
        "private", f"Not sent: the text contains something that is private ({secret.where}). Leave it out{ask}."
    )


def _named(phrases: Iterable[str], where: str, *, absolute: bool) -> Iterator[Secret]:
    # A word like "no", or "90", is nobody else's secret, and none for ever.
    for phrase in phrases:
        yield from (Secret(v, where, absolute) for v in values_of(phrase) if absolute or is_telling(v))


def _of_errands(errands: Iterable[ConversationTask], user_id: int) -> Iterator[Secret]:
    for errand in errands:
        mine = errand.concerns(user_id)
        where = f"must_not_say of errand {errand.id}" if mine else "it belongs to another person's errand"
        yield from _named(errand.context.must_not_say, where, absolute=mine and errand.is_open)


def _of_people(people: Iterable[ExternalUser], user_id: int) -> Iterator[Secret]:
    for person in people:
        if person.id != user_id and person.card.phone:
            yield Secret(person.card.phone, "another person's phone number")
