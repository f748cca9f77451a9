"""How a client and the server agree on an authorization key.

Source: https://core.telegram.org/mtproto/auth_key, whose names are used here. Three questions and answers, all in plain
messages: `req_pq_multi` (who are you), `req_DH_params` (let us exchange), `set_client_DH_params` (here is my half).
"""

from __future__ import annotations

import os
import random
import secrets
import struct
from hashlib import sha1, sha256
from typing import Any, Callable

from telethon.crypto import AES
from telethon.extensions import BinaryReader
from telethon.tl import functions, types

from .keys import (
    DH_GENERATOR,
    DH_PRIME,
    PQ_PRIMES,
    RSA_FINGERPRINT,
    RSA_MODULUS,
    big_endian,
    rsa_decrypt,
)


class HandshakeRefused(Exception):
    """A step that Telegram answers with the transport error -404."""


def _int128(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


class Handshake:
    """One key exchange on one connection: `answer` takes each request in turn; the last makes `auth_key` and `salt`.

    `clock` gives the server's time in seconds, which the client takes over; it may be wrong on purpose.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._nonce = 0
        self._server_nonce = 0
        self._new_nonce = b""
        self._pq: tuple[int, int] = (0, 0)
        self._a = 0
        self.retry = False  # on purpose: answer dh_gen_retry and make no key
        self.auth_key: bytes | None = None
        self.salt = 0

    def answer(self, request: Any) -> Any:
        if isinstance(request, (functions.ReqPqMultiRequest, functions.ReqPqRequest)):
            return self._res_pq(request)
        if isinstance(request, functions.ReqDHParamsRequest):
            return self._server_dh_params(request)
        if isinstance(request, functions.SetClientDHParamsRequest):
            return self._dh_gen(request)
        raise HandshakeRefused(f"{type(request).__name__} is no part of the key exchange")

    def _res_pq(self, request: Any) -> types.ResPQ:
        p, q = sorted(random.sample(PQ_PRIMES, 2))
        self._pq = p, q
        self._nonce = request.nonce
        self._server_nonce = _int128(os.urandom(16))
        return types.ResPQ(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            pq=big_endian(p * q),
            server_public_key_fingerprints=[RSA_FINGERPRINT],
        )

    def _server_dh_params(self, request: functions.ReqDHParamsRequest) -> types.ServerDHParamsOk:
        self._check_nonces(request)
        if (request.p, request.q) != tuple(map(big_endian, self._pq)):
            raise HandshakeRefused("p and q are not the factors of pq")
        if request.public_key_fingerprint != RSA_FINGERPRINT:
            raise HandshakeRefused("encrypted for another key")
        inner = _read(_open_rsa(request.encrypted_data))
        if not isinstance(inner, (types.PQInnerData, types.PQInnerDataDc, types.PQInnerDataTempDc)):
            raise HandshakeRefused(f"{type(inner).__name__} instead of p_q_inner_data")
        self._check_nonces(inner)
        self._new_nonce = inner.new_nonce.to_bytes(32, "little", signed=True)

        # 256 random bits are as strong as this group and eight times as fast as 2048, which the client cannot tell.
        self._a = secrets.randbits(256)
        answer = bytes(
            types.ServerDHInnerData(
                nonce=self._nonce,
                server_nonce=self._server_nonce,
                g=DH_GENERATOR,
                dh_prime=big_endian(DH_PRIME),
                g_a=big_endian(pow(DH_GENERATOR, self._a, DH_PRIME)),
                server_time=int(self._clock()),
            )
        )
        with_hash = sha1(answer).digest() + answer
        with_hash += os.urandom(-len(with_hash) % 16)
        return types.ServerDHParamsOk(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            encrypted_answer=AES.encrypt_ige(with_hash, *self._tmp_aes()),
        )

    def _dh_gen(self, request: functions.SetClientDHParamsRequest) -> types.DhGenOk | types.DhGenRetry:
        self._check_nonces(request)
        if not self._new_nonce or len(request.encrypted_data) % 16:
            raise HandshakeRefused("out of turn or not in blocks")
        with_hash = AES.decrypt_ige(request.encrypted_data, *self._tmp_aes())
        inner = _read(with_hash[20:])
        if not isinstance(inner, types.ClientDHInnerData) or sha1(bytes(inner)).digest() != with_hash[:20]:
            raise HandshakeRefused("client_DH_inner_data does not match its hash")
        self._check_nonces(inner)
        g_b = int.from_bytes(inner.g_b, "big")
        margin = 1 << (2048 - 64)
        if not margin <= g_b <= DH_PRIME - margin:
            raise HandshakeRefused("g_b is out of range")
        auth_key = pow(g_b, self._a, DH_PRIME).to_bytes(256, "big")
        if self.retry:
            return types.DhGenRetry(
                nonce=self._nonce,
                server_nonce=self._server_nonce,
                new_nonce_hash2=self._new_nonce_hash(2, auth_key),
            )
        self.auth_key = auth_key
        server_nonce = self._server_nonce.to_bytes(16, "little", signed=True)
        (new_salt,) = struct.unpack("<q", self._new_nonce[:8])
        (server_salt,) = struct.unpack("<q", server_nonce[:8])
        self.salt = new_salt ^ server_salt
        return types.DhGenOk(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            new_nonce_hash1=self._new_nonce_hash(1, auth_key),
        )

    def _new_nonce_hash(self, number: int, auth_key: bytes) -> int:
        aux_hash = sha1(auth_key).digest()[:8]
        return _int128(sha1(self._new_nonce + bytes([number]) + aux_hash).digest()[4:20])

    def _tmp_aes(self) -> tuple[bytes, bytes]:
        server_nonce = self._server_nonce.to_bytes(16, "little", signed=True)
        hash_ns = sha1(self._new_nonce + server_nonce).digest()
        hash_sn = sha1(server_nonce + self._new_nonce).digest()
        hash_nn = sha1(self._new_nonce + self._new_nonce).digest()
        return hash_ns + hash_sn[:12], hash_sn[12:] + hash_nn + self._new_nonce[:4]

    def _check_nonces(self, part: Any) -> None:
        if (part.nonce, part.server_nonce) != (self._nonce, self._server_nonce):
            raise HandshakeRefused("nonces of another key exchange")


def _open_rsa(encrypted_data: bytes) -> bytes:
    """The inner data of either padding: RSA_PAD, which the page describes, or SHA1 in front, which came before it.

    RSA_PAD is `temp_key_xor + aes_encrypted`; the older form starts with a zero byte, the hash and the data, whose
    length only its own TL form tells.
    """
    if len(encrypted_data) != 256 or int.from_bytes(encrypted_data, "big") >= RSA_MODULUS:
        raise HandshakeRefused("not one RSA block")
    plain = rsa_decrypt(encrypted_data)
    temp_key_xor, aes_encrypted = plain[:32], plain[32:]
    temp_key = bytes(x ^ y for x, y in zip(temp_key_xor, sha256(aes_encrypted).digest()))
    data_with_hash: bytes = AES.decrypt_ige(aes_encrypted, temp_key, bytes(32))
    data_with_padding = data_with_hash[:192][::-1]
    if sha256(temp_key + data_with_padding).digest() == data_with_hash[192:]:
        return data_with_padding
    digest, data = plain[1:21], plain[21:]
    if plain[0] == 0 and sha1(bytes(_read(data))).digest() == digest:
        return data
    raise HandshakeRefused("neither RSA_PAD nor SHA1 fits the inner data")


def _read(data: bytes) -> Any:
    """The TL object at the start of `data`; what follows it is padding."""
    try:
        with BinaryReader(data) as reader:
            return reader.tgread_object()
    except Exception as error:  # whatever a hostile client makes the reader stumble over
        raise HandshakeRefused(str(error)) from error
