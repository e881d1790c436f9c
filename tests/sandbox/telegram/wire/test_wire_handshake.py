from __future__ import annotations

import os
from hashlib import sha1

import pytest
import rsa
from telethon.tl import functions, types

from jobs.sandbox.telegram.wire.envelope import BrokenPacketError
from jobs.sandbox.telegram.wire.handshake import Handshake, sandbox_rsa_key

NONCE = 5


def ask_for_params(handshake: Handshake, *, nonce: int = NONCE, spoil: bool = False) -> object:
    """The first two steps, with an inner nonce or a hash of the test's choice."""
    offer = handshake.step(bytes(functions.ReqPqMultiRequest(NONCE)))
    inner = bytes(types.PQInnerData(offer.pq, b"\x01", b"\x01", nonce, offer.server_nonce, new_nonce=9))
    digest = bytes(20) if spoil else sha1(inner, usedforsecurity=False).digest()
    plain = digest + inner + os.urandom(235 - len(inner))
    key = sandbox_rsa_key()
    sealed = rsa.core.encrypt_int(int.from_bytes(plain, "big"), key.e, key.n).to_bytes(256, "big")
    (fingerprint,) = offer.server_public_key_fingerprints
    request = functions.ReqDHParamsRequest(NONCE, offer.server_nonce, b"\x01", b"\x01", fingerprint, sealed)
    return handshake.step(bytes(request))


def test_an_honest_client_is_given_the_parameters():
    assert isinstance(ask_for_params(Handshake(sandbox_rsa_key())), types.ServerDHParamsOk)


@pytest.mark.parametrize(
    ("lie", "complaint"), [({"nonce": 6}, "other nonces"), ({"spoil": True}, "does not match its hash")]
)
def test_a_client_whose_first_secret_does_not_add_up_is_turned_away(lie, complaint):
    with pytest.raises(BrokenPacketError, match=complaint):
        ask_for_params(Handshake(sandbox_rsa_key()), **lie)


def test_a_client_whose_half_of_the_key_does_not_add_up_is_turned_away():
    handshake = Handshake(sandbox_rsa_key())
    params = ask_for_params(handshake)
    request = functions.SetClientDHParamsRequest(NONCE, params.server_nonce, bytes(400))
    with pytest.raises(BrokenPacketError):
        handshake.step(bytes(request))
    assert handshake.auth_key is None


@pytest.mark.parametrize(
    "request_", [functions.SetClientDHParamsRequest(NONCE, 1, b""), functions.help.GetConfigRequest()]
)
def test_nothing_but_the_steps_of_the_exchange_goes_unencrypted(request_):
    with pytest.raises(BrokenPacketError, match="without encryption"):
        Handshake(sandbox_rsa_key()).step(bytes(request_))
