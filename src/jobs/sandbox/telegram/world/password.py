"""Two-step verification: the server's half of Telegram's SRP."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random

from telethon import password as client_side
from telethon.tl import types

Algo = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow

_G = 3
# The prime that Telegram serves and that clients accept without testing it.
_P = bytes.fromhex(
    "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4db"
    "fa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64"
    "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b41"
    "0dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4"
    "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf"
    "6f4fadf034b10403119cd8e3b92fcc5b"
)
_PRIME = int.from_bytes(_P, "big")


@dataclass(frozen=True, slots=True)
class Password:
    """What the server keeps of a password: enough to check it, not to tell it."""

    salt1: bytes
    salt2: bytes
    verifier: bytes
    hint: str = ""

    @classmethod
    def of(cls, text: str, random: Random, hint: str = "") -> Password:
        algo = new_algo(random)
        return cls(algo.salt1, algo.salt2, client_side.compute_digest(algo, text), hint)

    @property
    def algo(self) -> Algo:
        return Algo(self.salt1, self.salt2, _G, _P)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One question to a client that claims to know a password."""

    id: int
    password: Password
    b: int
    public: bytes

    @classmethod
    def to(cls, password: Password, challenge_id: int, random: Random) -> Challenge:
        b = random.getrandbits(2048)
        public = (_multiplier() * int.from_bytes(password.verifier, "big") + pow(_G, b, _PRIME)) % _PRIME
        return cls(challenge_id, password, b, _padded(public))

    def is_answered_by(self, given: types.InputCheckPasswordSRP) -> bool:
        their_public = int.from_bytes(given.A, "big")
        if not 0 < their_public < _PRIME:
            return False
        verifier = int.from_bytes(self.password.verifier, "big")
        u = int.from_bytes(_sha256(_padded(their_public), self.public), "big")
        shared = pow(their_public * pow(verifier, u, _PRIME), self.b, _PRIME)
        xored = bytes(x ^ y for x, y in zip(_sha256(_P), _sha256(_padded(_G)), strict=True))
        expected = _sha256(
            xored,
            _sha256(self.password.salt1),
            _sha256(self.password.salt2),
            _padded(their_public),
            self.public,
            _sha256(_padded(shared)),
        )
        return expected == given.M1


def new_algo(random: Random) -> Algo:
    """Parameters for a password that is about to be set; the client lengthens the first salt."""
    return Algo(random.randbytes(8), random.randbytes(16), _G, _P)


def _multiplier() -> int:
    return int.from_bytes(_sha256(_P, _padded(_G)), "big")


def _padded(number: int) -> bytes:
    return number.to_bytes(256, "big")


def _sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()
