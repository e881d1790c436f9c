"""Who or what is meant in Telegram: people, bots, groups and channels by whatever the owner calls them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from telethon import errors, utils
from telethon.tl import functions, types

from jobs.core.errors import NotFound
from jobs.core.fence import fenced
from jobs.core.people import LONGEST_TITLE, one_line
from jobs.telegram.chat_links import Ids, Invite, Title, Username, parse_source
from jobs.telegram.client import Telegram, translated

_DIALOGS = 1000
_NAMED = 10
_UNKNOWN = (ValueError, errors.UsernameInvalidError, errors.UsernameNotOccupiedError)
_BAD_INVITES = (errors.InviteHashExpiredError, errors.InviteHashInvalidError, errors.InviteHashEmptyError)
_OWN = frozenset({"me", "saved", "saved messages", "избранное"})
_PHONE = re.compile(r"\+\d[\d ()-]{6,}")

SIGN_IN_CODES = 777000
"""Telegram's own account: whoever reads its codes to somebody gives the account away."""

Kind = Literal["person", "bot", "group", "channel", "saved"]


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody, or some chat; `id` is the marked one (-100… for channels and supergroups)."""

    id: int
    kind: Kind
    name: str
    """One line, no brackets; its people, or its owner's contacts, call it so."""
    username: str | None
    joined: bool
    """Whether the account is in it; always so of people."""
    entity: Any
    """As Telethon knows it."""

    @property
    def described(self) -> str:
        """For the model to read: the name is fenced, because somebody outside may have chosen it."""
        username = f", @{self.username}" if self.username else ""
        return f"{titled(self.name)} ({self.kind}{username}, id {self.id})"


async def by_username(client: Any, name: str) -> Any:
    """Whoever or whatever has this username; None for nobody."""
    try:
        return await client.get_entity(name)
    except _UNKNOWN:
        return None


async def look_at_invite(client: Any, invite: str) -> Any:
    """What Telegram tells of an invite link. Raises NotFound when it leads nowhere any more."""
    try:
        return await client(functions.messages.CheckChatInviteRequest(invite))
    except _BAD_INVITES:
        raise NotFound("That invite link has expired or was revoked. Ask for a new one.") from None


class Finder:
    """Finds by @username, link, phone number, id, a chat's title or a contact's name.

    People are found by name only where they are contacts: anybody may call themselves anything.
    """

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._client: Any = telegram.client

    async def find(self, who: str) -> Found:
        """Raises NotFound, with a sentence for whoever asked, when nobody is meant or several may be; TelegramError."""
        text = who.strip()
        with translated():
            if text.casefold() in _OWN:
                entity = await self._client.get_me()
            elif _PHONE.fullmatch(text):
                entity = await self._by_phone(re.sub(r"\D", "", text))
            else:
                entity = await self._by_source(text)
        if entity is None:
            raise NotFound(
                f"Nobody and nothing is known in Telegram as {text!r}. Use an @username, a link, a phone number, an "
                "id, the exact title of a chat of this account (tg_get_dialogs), or the name of a contact."
            )
        self._telegram.remember()
        return found_of(entity)

    async def _by_source(self, text: str) -> Any:
        match parse_source(text):
            case Username(name):
                return await by_username(self._client, name)
            case Invite(invite):
                return await self._by_invite(invite)
            case Ids(candidates):
                mine = (int(text), *candidates) if text.isdigit() else candidates
                return await self._by_id(mine) or await self._by_title(text)
            case Title(title):
                return await self._by_title(title)

    async def _by_phone(self, digits: str) -> Any:
        try:
            resolved: Any = await self._client(functions.contacts.ResolvePhoneRequest(digits))
        except errors.BadRequestError:  # nobody has that number, or nobody may be found by it
            return None
        return next(iter(resolved.users), None)

    async def _by_invite(self, invite: str) -> Any:
        found = await look_at_invite(self._client, invite)
        if isinstance(found, types.ChatInviteAlready):
            return found.chat
        raise NotFound(
            f"The link leads to {titled(found.title)}, and this account is not in it, so that it can see nothing "
            "there. Nothing was joined: its people would see that."
        )

    async def _by_id(self, candidates: Sequence[int]) -> Any:
        for chat_id in candidates:
            try:
                return await self._client.get_entity(chat_id)
            except (ValueError, errors.BadRequestError):  # not met yet by this name
                continue
        return next((entity for entity in await self._known() if utils.get_peer_id(entity) in candidates), None)

    async def _by_title(self, text: str) -> Any:
        """What is called so; failing that, the only thing whose name contains it."""
        wanted, known = plain(text.removeprefix("@")), await self._known()
        named = [entity for entity in known if is_named(entity)]
        found = _matching(known, wanted, lambda entity: wanted in _own_words(entity))
        found = found or _matching(named, wanted, lambda entity: plain(utils.get_display_name(entity)) == wanted)
        found = found or _matching(named, wanted, lambda entity: wanted in plain(utils.get_display_name(entity)))
        if len(found) > 1:
            shown = "; ".join(found_of(entity).described for entity in found[:_NAMED])
            more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
            raise NotFound(f"Several may be meant by {text!r}: {shown}{more}. Ask which, and give the id.")
        return found[0] if found else None

    async def _known(self) -> Sequence[Any]:
        """The account's chats and contacts, each once."""
        contacts: Any = await self._client(functions.contacts.GetContactsRequest(hash=0))
        dialogs = [dialog.entity async for dialog in self._client.iter_dialogs(limit=_DIALOGS)]
        known: Mapping[int, Any] = {utils.get_peer_id(entity): entity for entity in (*dialogs, *contacts.users)}
        return [entity for entity in known.values() if not getattr(entity, "migrated_to", None)]


def _matching(entities: Sequence[Any], wanted: str, fits: Callable[[Any], bool]) -> Sequence[Any]:
    return [entity for entity in entities if fits(entity)] if wanted else []


def is_named(entity: Any) -> bool:
    """Whether it goes by its name: chats do, and people whom the account has named itself."""
    return not isinstance(entity, types.User) or bool(entity.contact)


def _own_words(entity: Any) -> Sequence[str]:
    """What can mean nobody else: the username, and the phone where it is told."""
    return [word.casefold() for word in (username_of(entity), getattr(entity, "phone", None)) if word]


def username_of(entity: Any) -> str | None:
    """The (first active) public name."""
    names = [name.username for name in getattr(entity, "usernames", None) or () if name.active]
    return getattr(entity, "username", None) or next(iter(names), None)


def found_of(entity: Any) -> Found:
    """A Telethon entity as ours."""
    name = one_line(utils.get_display_name(entity))
    return Found(
        id=utils.get_peer_id(entity),
        kind=kind_of(entity),
        name=name or str(entity.id),
        username=username_of(entity),
        joined=not getattr(entity, "left", False),
        entity=entity,
    )


def kind_of(entity: Any) -> Kind:
    """What it is."""
    if isinstance(entity, types.User):
        return "saved" if entity.is_self else "bot" if entity.bot else "person"
    return "channel" if getattr(entity, "broadcast", False) else "group"


def plain(name: str) -> str:
    """A name as it is compared."""
    return " ".join(name.casefold().replace("ё", "е").split())


def titled(name: str) -> str:
    """What somebody calls a chat or themselves, for the model to read."""
    return fenced(one_line(name), "title", limit=LONGEST_TITLE)
