"""A client written from Telegram's pages alone, byte by byte: what it and the server agree on, Telethon had no part in.

Only AES itself (pyaes) is borrowed. Transport: intermediate. Sources: https://core.telegram.org/mtproto/auth_key,
.../mtproto/description, .../mtproto/mtproto-transports.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from hashlib import sha1, sha256
from math import gcd

import pyaes

from ..practice.keys import DH_PRIME, RSA_EXPONENT, RSA_MODULUS

REQ_PQ_MULTI, RES_PQ = 0xBE7E8EF1, 0x05162463
REQ_DH_PARAMS, SERVER_DH_PARAMS_OK = 0xD712E4BE, 0xD0E8075C
SET_CLIENT_DH_PARAMS, DH_GEN_OK = 0xF5045F1F, 0x3BCBF734
P_Q_INNER_DATA_DC, SERVER_DH_INNER, CLIENT_DH_INNER = 0xA9F55F95, 0xB5890DBA, 0x6643B654
VECTOR = 0x1CB5C415
MSG_CONTAINER, MSGS_ACK, RPC_RESULT, RPC_ERROR, GZIP = 0x73F1F8DC, 0x62D6B459, 0xF35C6D01, 0x2144CA19, 0x3072CFA1


def ige(data: bytes, key: bytes, iv: bytes, *, decrypt: bool) -> bytes:
    """AES-256 in IGE mode: each block is mixed with the last plain and the last cipher block."""
    aes = pyaes.AES(key)
    before, after = (iv[16:], iv[:16]) if decrypt else (iv[:16], iv[16:])
    out = b""
    for i in range(0, len(data), 16):
        block = data[i : i + 16]
        mixed = [a ^ b for a, b in zip(block, before)]
        done = bytes(a ^ b for a, b in zip((aes.decrypt if decrypt else aes.encrypt)(mixed), after))
        out += done
        before, after = done, block
    return out


def string(data: bytes) -> bytes:
    head = bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
    return head + data + bytes(-(len(head) + len(data)) % 4)


class Cursor:
    """Reads TL's base types off bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, n: int) -> bytes:
        assert self.at + n <= len(self.data), "the answer is too short"
        self.at += n
        return self.data[self.at - n : self.at]

    def word(self) -> int:
        return int(struct.unpack("<I", self.take(4))[0])

    def long(self) -> int:
        return int(struct.unpack("<q", self.take(8))[0])

    def string(self) -> bytes:
        start = self.at
        length = self.take(1)[0]
        if length == 254:
            length = int.from_bytes(self.take(3), "little")
        data = self.take(length)
        self.take(-(self.at - start) % 4)
        return data


def factorize(pq: int) -> tuple[int, int]:
    """Pollard's rho, which takes some ten thousand steps for a pq of Telegram's size."""
    for c in range(1, 20):
        x = y = 2
        while True:
            x = (x * x + c) % pq
            y = (y * y + c) % pq
            y = (y * y + c) % pq
            divisor = gcd(abs(x - y), pq)
            if divisor == pq:
                break
            if divisor > 1:
                p, q = sorted((divisor, pq // divisor))
                return p, q
    raise AssertionError("pq does not come apart")


def rsa_pad(data: bytes) -> bytes:
    """auth_key, step 4.1: RSA_PAD(data, server_public_key)."""
    assert len(data) <= 144
    data_with_padding = data + os.urandom(192 - len(data))
    while True:
        temp_key = os.urandom(32)
        data_with_hash = data_with_padding[::-1] + sha256(temp_key + data_with_padding).digest()
        aes_encrypted = ige(data_with_hash, temp_key, bytes(32), decrypt=False)
        temp_key_xor = bytes(a ^ b for a, b in zip(temp_key, sha256(aes_encrypted).digest()))
        number = int.from_bytes(temp_key_xor + aes_encrypted, "big")
        if number < RSA_MODULUS:
            return pow(number, RSA_EXPONENT, RSA_MODULUS).to_bytes(256, "big")


class RawClient:
    """One connection. `exchange_key` first, then `send` and `receive`; every step asserts what its page promises."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.sendall(b"\xee\xee\xee\xee")
        self.auth_key = b""
        self.salt = 0
        self.session_id = int.from_bytes(os.urandom(8), "little", signed=True)
        self.content_messages = 0
        self.last_msg_id = 0
        self.server_time = 0

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.socket.close()

    def _read(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            if not part:
                raise EOFError("the server has closed the line")
            data += part
        return data

    def send_packet(self, packet: bytes) -> None:
        self.socket.sendall(struct.pack("<I", len(packet)) + packet)

    def receive_packet(self) -> bytes:
        return self._read(struct.unpack("<I", self._read(4))[0])

    def msg_id(self, offset: float = 0) -> int:
        self.last_msg_id = max(int((time.time() + offset) * (1 << 32)) & ~3, self.last_msg_id + 4 if not offset else 0)
        return self.last_msg_id

    # The key exchange

    def ask_plain(self, body: bytes) -> Cursor:
        self.send_packet(struct.pack("<qqi", 0, self.msg_id(), len(body)) + body)
        answer = Cursor(self.receive_packet())
        assert answer.long() == 0
        msg_id = answer.long()
        assert msg_id % 4 == 1, "an answer's identifier is 1 mod 4"
        assert answer.word() == len(answer.data) - 20
        return answer

    def exchange_key(self) -> None:
        nonce, new_nonce = os.urandom(16), os.urandom(32)
        answer = self.ask_plain(struct.pack("<I", REQ_PQ_MULTI) + nonce)
        assert answer.word() == RES_PQ
        assert answer.take(16) == nonce
        server_nonce = answer.take(16)
        pq = answer.string()
        assert answer.word() == VECTOR
        fingerprints = [answer.long() for _ in range(answer.word())]
        public_key = string(RSA_MODULUS.to_bytes(256, "big")) + string(RSA_EXPONENT.to_bytes(3, "big"))
        fingerprint = int.from_bytes(sha1(public_key).digest()[-8:], "little", signed=True)
        assert fingerprint in fingerprints
        assert int.from_bytes(pq, "big") < 1 << 63
        p, q = (factor.to_bytes(4, "big") for factor in factorize(int.from_bytes(pq, "big")))
        assert p < q

        inner = struct.pack("<I", P_Q_INNER_DATA_DC) + string(pq) + string(p) + string(q)
        inner += nonce + server_nonce + new_nonce + struct.pack("<i", 2)
        request = struct.pack("<I", REQ_DH_PARAMS) + nonce + server_nonce + string(p) + string(q)
        answer = self.ask_plain(request + struct.pack("<q", fingerprint) + string(rsa_pad(inner)))
        assert answer.word() == SERVER_DH_PARAMS_OK
        assert answer.take(32) == nonce + server_nonce
        hash_new_server = sha1(new_nonce + server_nonce).digest()
        hash_server_new = sha1(server_nonce + new_nonce).digest()
        tmp_key = hash_new_server + hash_server_new[:12]
        tmp_iv = hash_server_new[12:] + sha1(new_nonce + new_nonce).digest() + new_nonce[:4]
        plain = ige(answer.string(), tmp_key, tmp_iv, decrypt=True)
        dh = Cursor(plain[20:])
        assert dh.word() == SERVER_DH_INNER
        assert dh.take(32) == nonce + server_nonce
        g, dh_prime, g_a = dh.word(), int.from_bytes(dh.string(), "big"), int.from_bytes(dh.string(), "big")
        self.server_time = dh.word()
        assert sha1(dh.data[: dh.at]).digest() == plain[:20], "answer_with_hash starts with SHA1(answer)"
        assert len(plain) - 20 - dh.at < 16
        assert dh_prime == DH_PRIME
        assert g in (2, 3, 4, 5, 6, 7)
        assert 1 << (2048 - 64) <= g_a <= dh_prime - (1 << (2048 - 64))

        b = int.from_bytes(os.urandom(256), "big")
        inner = struct.pack("<I", CLIENT_DH_INNER) + nonce + server_nonce + struct.pack("<q", 0)
        inner += string(pow(g, b, dh_prime).to_bytes(256, "big"))
        with_hash = sha1(inner).digest() + inner
        with_hash += os.urandom(-len(with_hash) % 16)
        request = struct.pack("<I", SET_CLIENT_DH_PARAMS) + nonce + server_nonce
        answer = self.ask_plain(request + string(ige(with_hash, tmp_key, tmp_iv, decrypt=False)))
        self.auth_key = pow(g_a, b, dh_prime).to_bytes(256, "big")
        assert answer.word() == DH_GEN_OK
        assert answer.take(32) == nonce + server_nonce
        aux_hash = sha1(self.auth_key).digest()[:8]
        assert answer.take(16) == sha1(new_nonce + b"\x01" + aux_hash).digest()[-16:]
        self.salt = int.from_bytes(bytes(a ^ b for a, b in zip(new_nonce[:8], server_nonce[:8])), "little", signed=True)

    # Encrypted messages

    @property
    def key_id(self) -> bytes:
        return sha1(self.auth_key).digest()[-8:]

    def _aes(self, msg_key: bytes, x: int) -> tuple[bytes, bytes]:
        a = sha256(msg_key + self.auth_key[x : x + 36]).digest()
        b = sha256(self.auth_key[40 + x : 76 + x] + msg_key).digest()
        return a[:8] + b[8:24] + a[24:32], b[:8] + a[8:24] + b[24:32]

    def send(self, body: bytes, *, msg_id: int | None = None, content: bool = True) -> int:
        msg_id = self.msg_id() if msg_id is None else msg_id
        seqno = 2 * self.content_messages + content
        self.content_messages += content
        plain = struct.pack("<qqqii", self.salt, self.session_id, msg_id, seqno, len(body)) + body
        plain += os.urandom(12 + -(len(plain) + 12) % 16)
        msg_key = sha256(self.auth_key[88:120] + plain).digest()[8:24]
        self.send_packet(self.key_id + msg_key + ige(plain, *self._aes(msg_key, 0), decrypt=False))
        return msg_id

    def receive(self) -> list[tuple[int, int, bytes]]:
        """The messages of the next packet as (msg_id, seqno, body); a container is taken apart."""
        packet = self.receive_packet()
        assert len(packet) > 8, f"a transport error: {struct.unpack('<i', packet)[0]}"
        assert packet[:8] == self.key_id
        msg_key = packet[8:24]
        plain = ige(packet[24:], *self._aes(msg_key, 8), decrypt=True)
        assert sha256(self.auth_key[96:128] + plain).digest()[8:24] == msg_key
        message = Cursor(plain)
        message.long()
        assert message.long() == self.session_id
        msg_id, seqno, length = message.long(), message.word(), message.word()
        assert msg_id % 2 == 1
        assert 12 <= len(plain) - 32 - length <= 1024
        body = message.take(length)
        if int.from_bytes(body[:4], "little") != MSG_CONTAINER:
            return [(msg_id, seqno, body)]
        assert seqno % 2 == 0, "a container needs no acknowledgement"
        inside = Cursor(body[4:])
        messages = []
        for _ in range(inside.word()):
            inner_id, inner_seqno, inner_length = inside.long(), inside.word(), inside.word()
            assert inner_id < msg_id, "a container is younger than what it holds"
            messages.append((inner_id, inner_seqno, inside.take(inner_length)))
        return messages

    def receive_until(self, constructor: int) -> bytes:
        """The body of the first message that starts with `constructor`, without it; others are passed over."""
        while True:
            for _msg_id, _seqno, body in self.receive():
                if int.from_bytes(body[:4], "little") == constructor:
                    return body[4:]
