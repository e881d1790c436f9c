"""How people name a channel or a group: @username, a link of any kind, an id, or its title."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

_HOSTS = {"t.me", "telegram.me", "telegram.dog"}
_CHANNEL_MARK = 1_000_000_000_000
_USERNAME = re.compile(r"[A-Za-z]\w{3,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Username:
    """A public name, without its @."""

    name: str


@dataclass(frozen=True, slots=True)
class Invite:
    """The secret part of an invite link."""

    hash: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The marked ids that a bare number may stand for, the likeliest first."""

    candidates: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """What a chat is called; it may be a username without its @ as well."""

    text: str

    @property
    def username(self) -> Username | None:
        """The username that it may be."""
        return Username(self.text) if _USERNAME.fullmatch(self.text) else None


def parse_source(source: str) -> Username | Invite | Ids | Title:
    """What somebody means by a source; anything that is no name, link or number is a title."""
    text = source.strip()
    if text.startswith("@") and _USERNAME.fullmatch(text[1:]):
        return Username(text[1:])
    if re.fullmatch(r"-?\d{5,20}", text):
        return Ids(_marked(int(text)))
    return _of_link(text) or Title(text)


def _marked(number: int) -> tuple[int, ...]:
    return (number,) if number < 0 else (-_CHANNEL_MARK - number, -number)


def _of_link(text: str) -> Username | Invite | Ids | None:
    parts = urlsplit(text if "://" in text else f"https://{text}")
    host = (parts.hostname or "").removeprefix("www.")
    if parts.scheme == "tg":
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return _of_path(["+" + asked["invite"]] if "invite" in asked else [asked.get("domain", "")])
    if host in _HOSTS:
        return _of_path([part for part in parts.path.split("/") if part])
    name, _, rest = host.partition(".")
    return _of_path([name]) if rest == "t.me" else None


def _of_path(path: list[str]) -> Username | Invite | Ids | None:
    match path:
        case ["joinchat", invite, *_]:
            return Invite(invite)
        case ["c", number, *_] if number.isdigit():
            return Ids((-_CHANNEL_MARK - int(number),))
        case ["s", name, *_]:
            return Username(name)
        case [first, *_] if first.startswith(("+", "%20")):
            return Invite(first.removeprefix("+").removeprefix("%20"))
        case [name, *_] if _USERNAME.fullmatch(name):
            return Username(name)
        case _:
            return None
