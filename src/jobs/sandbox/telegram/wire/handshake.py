"""The server's half of the Diffie-Hellman key exchange."""

from __future__ import annotations

import secrets
import struct
import time
from hashlib import sha1

import rsa
from telethon.crypto import AES, AuthKey
from telethon.crypto.rsa import get_byte_array
from telethon.helpers import generate_key_data_from_nonce
from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from jobs.sandbox.telegram.wire.envelope import BrokenPacketError
from jobs.sandbox.telegram.wire.messages import read_object

# Telegram's own group.
_DH_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F"
    "48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37"
    "20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4"
    "A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754"
    "FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F"
    "0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
_DH_GENERATOR = 3
# Proof of work for the client: small, for a quick sign-in. Telethon reads a product whose top bit is set wrongly.
_P, _Q = 1_000_003, 2_000_003

# The sandbox's key is public on purpose: making one takes seconds, and it guards nothing but made-up chats.
_RSA_P = int(
    "fd3afc159d2417644c074422fc35007cb3c57fa3ff5f4b82fa822bae08798b93"
    "d2ea671a21ff52f4224bd34254903bb0d0c2c6e2d1b0d820b5c934b31709f1f0"
    "a26d6f590233fd786ff3018e233e6427555a5a2e59d67b82606856600ca3c615"
    "de94d448528c8a6100cc7f417ac736d2dfbe150a365962ff0d015a08a9bf38b5"
    "c4755753fc84b959",
    16,
)
_RSA_Q = int(
    "fa562d94ef5d8774ea1d9a0add9d225b6c2d44db6fbddad3bbc9c45e29d72451"
    "a02efd4fe0047eab9a0622c2bbec23984cb216a9512f139fc49576a2744d3900"
    "4a30db9884768fc3df2989b0f9a540bf79cf2a758ce0ae5be382c5ae27ea36ec"
    "000e9cef4ce2634538a6aafa42b1f83a49953848413a31ab",
    16,
)
_RSA_E = 65537


def sandbox_rsa_key() -> rsa.PrivateKey:
    """The key that every sandbox server has unless it is given another."""
    d = pow(_RSA_E, -1, (_RSA_P - 1) * (_RSA_Q - 1))
    return rsa.PrivateKey(_RSA_P * _RSA_Q, _RSA_E, d, _RSA_P, _RSA_Q)


def public_pem(key: rsa.PrivateKey) -> str:
    """The public half in PKCS#1 PEM, as `telethon.crypto.rsa.add_key` takes it."""
    return rsa.PublicKey(key.n, key.e).save_pkcs1().decode()


def _fingerprint(key: rsa.PrivateKey) -> int:
    parts = [TLObject.serialize_bytes(get_byte_array(number)) for number in (key.n, key.e)]
    return struct.unpack("<q", sha1(b"".join(parts), usedforsecurity=False).digest()[-8:])[0]


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


def _hash(inner: TLObject) -> bytes:
    return sha1(bytes(inner), usedforsecurity=False).digest()


class Handshake:
    """One exchange on one connection. Its steps raise BrokenPacketError when the client's do not add up."""

    def __init__(self, key: rsa.PrivateKey) -> None:
        self._rsa = key
        self._fingerprint = _fingerprint(key)
        self._nonce = 0
        self._server_nonce = _signed(secrets.token_bytes(16))
        self._new_nonce = 0
        self._a = 0
        self.auth_key: bytes | None = None
        """The key that was agreed on, once the last step is done."""
        self.salt = 0
        """The first server salt."""

    def step(self, body: bytes) -> TLObject:
        """The answer to one request of the client."""
        request = read_object(body)
        match request:
            case functions.ReqPqMultiRequest() | functions.ReqPqRequest():
                self._nonce = request.nonce
                pq = get_byte_array(_P * _Q)
                return types.ResPQ(self._nonce, self._server_nonce, pq, [self._fingerprint])
            case functions.ReqDHParamsRequest():
                return self._dh_params(request.encrypted_data)
            case functions.SetClientDHParamsRequest() if self._a:
                return self._finish(request.encrypted_data)
            case _:
                raise BrokenPacketError(f"{type(request).__name__} without encryption")

    def _dh_params(self, sealed: bytes) -> types.ServerDHParamsOk:
        number = rsa.core.decrypt_int(int.from_bytes(sealed, "big"), self._rsa.d, self._rsa.n)
        plain = number.to_bytes(256, "big")[1:]
        inner = read_object(plain[20:])
        if not isinstance(inner, types.PQInnerData) or plain[:20] != _hash(inner):
            raise BrokenPacketError("p_q_inner_data does not match its hash")
        if (inner.nonce, inner.server_nonce) != (self._nonce, self._server_nonce):
            raise BrokenPacketError("p_q_inner_data has other nonces")
        self._new_nonce = inner.new_nonce
        # 256 random bits are as good as 2048 here, and eight times quicker.
        self._a = secrets.randbits(256) | 1 << 255
        answer = bytes(
            types.ServerDHInnerData(
                self._nonce,
                self._server_nonce,
                _DH_GENERATOR,
                get_byte_array(_DH_PRIME),
                get_byte_array(pow(_DH_GENERATOR, self._a, _DH_PRIME)),
                int(time.time()),
            )
        )
        plain_answer = sha1(answer, usedforsecurity=False).digest() + answer
        plain_answer += bytes(-len(plain_answer) % 16)
        sealed_answer = AES.encrypt_ige(plain_answer, *self._nonce_key())
        return types.ServerDHParamsOk(self._nonce, self._server_nonce, sealed_answer)

    def _finish(self, sealed: bytes) -> types.DhGenOk:
        plain = AES.decrypt_ige(sealed, *self._nonce_key())
        inner = read_object(plain[20:])
        if not isinstance(inner, types.ClientDHInnerData) or plain[:20] != _hash(inner):
            raise BrokenPacketError("client_DH_inner_data does not match its hash")
        shared = pow(int.from_bytes(inner.g_b, "big"), self._a, _DH_PRIME)
        # Telethon leaves leading zeros out (one key in 256), so we do.
        key = AuthKey(get_byte_array(shared))
        new_nonce = self._new_nonce.to_bytes(32, "little", signed=True)
        server_nonce = self._server_nonce.to_bytes(16, "little", signed=True)
        self.salt = _signed(bytes(a ^ b for a, b in zip(new_nonce[:8], server_nonce[:8], strict=True)))
        self.auth_key = key.key
        return types.DhGenOk(self._nonce, self._server_nonce, key.calc_new_nonce_hash(self._new_nonce, 1))

    def _nonce_key(self) -> tuple[bytes, bytes]:
        return generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
