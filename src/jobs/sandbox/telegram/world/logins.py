"""Logins that have begun and are not finished."""

from __future__ import annotations

from dataclasses import dataclass, field

from jobs.sandbox.telegram.world.password import Challenge


@dataclass(slots=True)
class SentCode:
    """A code on its way to a phone."""

    code: str
    hash: str
    expires: int
    wrong_tries: int = 0


@dataclass(slots=True)
class LoginToken:
    """What a QR code carries. `accepted_by` is the account that scanned it."""

    token: bytes
    auth_key_id: int
    expires: int
    accepted_by: int | None = None


@dataclass(slots=True)
class Logins:
    codes: dict[str, SentCode] = field(default_factory=dict)
    """By phone, digits only."""
    tokens: dict[bytes, LoginToken] = field(default_factory=dict)
    awaiting_password: dict[int, int] = field(default_factory=dict)
    """By auth key: the account whose code or QR was right."""
    challenges: dict[int, Challenge] = field(default_factory=dict)
    """By account: the last one asked."""
