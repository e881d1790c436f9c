"""Auth keys and who is signed in under each."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

from telethon.crypto import AuthKey
from telethon.sessions import SQLiteSession
from telethon.tl import types
from telethon.tl.tlobject import TLObject

from jobs.sandbox.telegram.faults import Delay, DropUpdate, FaultPlan, Reorder
from jobs.sandbox.telegram.wire.envelope import MessageIds, key_id_of
from jobs.sandbox.telegram.wire.messages import compressed
from jobs.sandbox.telegram.wire.session import Session
from jobs.sandbox.telegram.wire.tasks import TaskSet

DC_ID = 2
_UPDATES = (
    types.Updates,
    types.UpdatesCombined,
    types.UpdateShort,
    types.UpdateShortMessage,
    types.UpdateShortChatMessage,
    types.UpdateShortSentMessage,
    types.UpdatesTooLong,
)
_KEEP_SESSIONS = 64


class AuthLink:
    """One auth key: the `Link` that the world sees."""

    def __init__(
        self, auth_key: bytes, *, user_id: int | None, salt: int, ids: MessageIds, faults: FaultPlan, tasks: TaskSet
    ) -> None:
        self.auth_key = auth_key
        self.auth_key_id = key_id_of(auth_key)
        self.user_id = user_id
        self.salt = salt
        self.client: dict[str, str] = {}
        self.receives_updates = False
        """Whether its last call wanted updates: a client that comes back in a new session need not ask anew."""
        self._sessions: dict[int, Session] = {}
        self._ids = ids
        self._faults = faults
        self._tasks = tasks

    def session(self, session_id: int) -> Session:
        """The session of this id, new or known. Old ones are forgotten."""
        session = self._sessions.get(session_id)
        if session is None:
            self._forget_idle_sessions()
            session = Session(self, session_id, self._ids, receives_updates=self.receives_updates)
            self._sessions[session_id] = session
        return session

    def end_session(self, session_id: int) -> bool:
        """Forget a session; False when there is none."""
        return self._sessions.pop(session_id, None) is not None

    @property
    def connected(self) -> bool:
        """Whether any connection carries this key now."""
        return any(s.carrier is not None for s in self._sessions.values())

    def push(self, update: TLObject) -> None:
        """Send an update to every live connection of this key (nothing is kept when there is none)."""
        if not isinstance(update, _UPDATES):
            raise TypeError(f"{type(update).__name__} must be wrapped in Updates, UpdateShort or the like")
        fault = self._faults.for_update(update, self.user_id)
        if isinstance(fault, DropUpdate):
            return
        body = compressed(bytes(update))
        if isinstance(fault, Delay):
            self._tasks.spawn(self._deliver_later(body, fault))
        else:
            self._deliver(body, hold=isinstance(fault, Reorder))

    def close(self) -> None:
        """Drop the live connections of this key."""
        for session in list(self._sessions.values()):
            if session.carrier is not None:
                session.carrier.abort()

    def _forget_idle_sessions(self) -> None:
        surplus = max(0, len(self._sessions) - _KEEP_SESSIONS)
        idle = [session_id for session_id, session in self._sessions.items() if session.carrier is None]
        for session_id in idle[:surplus]:
            del self._sessions[session_id]

    def _deliver(self, body: bytes, *, hold: bool = False) -> None:
        for session in self._sessions.values():
            if session.receives_updates:
                session.update(body, hold=hold)

    async def _deliver_later(self, body: bytes, delay: Delay) -> None:
        await delay.wait()
        self._deliver(body)


class Keyring:
    """Every auth key the server knows."""

    def __init__(self, *, faults: FaultPlan, tasks: TaskSet) -> None:
        self._links: dict[int, AuthLink] = {}
        self._ids = MessageIds()
        self._faults = faults
        self._tasks = tasks

    def __iter__(self) -> Iterator[AuthLink]:
        return iter(list(self._links.values()))

    def get(self, auth_key_id: int) -> AuthLink | None:
        """The link of a key, if we know it."""
        return self._links.get(auth_key_id)

    def create(self, user_id: int | None = None) -> AuthLink:
        """A new random key, signed in as `user_id`."""
        return self.add(os.urandom(256), user_id=user_id)

    def add(self, auth_key: bytes, *, user_id: int | None = None, salt: int | None = None) -> AuthLink:
        """Learn a key."""
        link = AuthLink(
            auth_key,
            user_id=user_id,
            salt=secrets.randbits(63) if salt is None else salt,
            ids=self._ids,
            faults=self._faults,
            tasks=self._tasks,
        )
        self._links[link.auth_key_id] = link
        return link

    def remove(self, link: AuthLink) -> None:
        """Forget a key: whoever comes with it is told −404."""
        self._links.pop(link.auth_key_id, None)

    def export(self) -> dict[str, int | None]:
        """Every key in hex and the account signed in under it, as `load` takes it."""
        return {link.auth_key.hex(): link.user_id for link in self}

    def load(self, exported: Mapping[str, int | None]) -> None:
        """Learn keys that `export` gave."""
        for auth_key, user_id in exported.items():
            self.add(bytes.fromhex(auth_key), user_id=user_id)


def write_session_file(path: str, link: AuthLink, host: str, port: int) -> None:
    """A Telethon session file that connects to `host`:`port` with a link's key."""
    stored = SQLiteSession()
    stored.set_dc(DC_ID, host, port)
    stored.auth_key = AuthKey(link.auth_key)
    stored.save()
    # Made in memory and copied at once: several commits to a busy disk cost more than the rest of a test.
    made: sqlite3.Connection = stored._conn  # pyright: ignore[reportPrivateUsage, reportAssignmentType]
    with closing(sqlite3.connect(path)) as file, closing(made) as memory:
        file.execute("PRAGMA synchronous = OFF")
        memory.backup(file)
