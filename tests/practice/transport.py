"""How MTProto packets travel over TCP, seen from the server.

Sources: https://core.telegram.org/mtproto/mtproto-transports (framing, transport errors) and its section "Transport
obfuscation" (obfuscated2, MTProxy). A client shows by its first bytes which transport it has chosen; the server sends
none of its own.
"""

from __future__ import annotations

import asyncio
import os
import struct
from hashlib import sha256
from typing import Callable, Protocol
from zlib import crc32

from telethon.crypto import AESModeCTR

MAX_PACKET = 1 << 24  # Telegram closes a line that announces more


class NotMTProto(ConnectionError):
    """The first bytes belong to no MTProto transport, or a packet breaks the rules of its own."""


class Reader(Protocol):
    async def readexactly(self, n: int) -> bytes: ...


class Stream:
    """The bytes of one TCP connection, deciphered where the client asked for obfuscation."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._pushed_back = b""
        self._decipher: Callable[[bytes], bytes] | None = None
        self._encipher: Callable[[bytes], bytes] | None = None

    async def readexactly(self, n: int) -> bytes:
        taken, self._pushed_back = self._pushed_back[:n], self._pushed_back[n:]
        if len(taken) < n:
            fresh = await self._reader.readexactly(n - len(taken))
            taken += self._decipher(fresh) if self._decipher else fresh
        return taken

    def push_back(self, data: bytes) -> None:
        self._pushed_back = data + self._pushed_back

    def obfuscate(self, decipher: AESModeCTR, encipher: AESModeCTR) -> None:
        self._decipher, self._encipher = decipher.decrypt, encipher.encrypt

    def write(self, data: bytes) -> None:
        self._writer.write(self._encipher(data) if self._encipher else data)


class Transport:
    """One framing. `receive` takes a packet off the stream, `frame` wraps one for it."""

    name = ""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    async def receive(self) -> bytes:
        raise NotImplementedError

    def frame(self, packet: bytes) -> bytes:
        raise NotImplementedError

    def send(self, packet: bytes) -> None:
        self.stream.write(self.frame(packet))

    def send_error(self, code: int) -> None:
        """A transport error is a packet of four bytes that hold a negative number, such as -404."""
        self.send(struct.pack("<i", code))


class Full(Transport):
    """length:int seqno:int packet crc32:int; the numbers count packets of each direction from 0."""

    name = "full"

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream)
        self._sent = 0
        self._received = 0

    async def receive(self) -> bytes:
        head = await self.stream.readexactly(8)
        length, number = struct.unpack("<iI", head)
        if not 12 <= length <= MAX_PACKET or number != self._received:
            raise NotMTProto(f"full: packet {number} of {length} bytes, expected packet {self._received}")
        self._received += 1
        packet = await self.stream.readexactly(length - 12)
        (checksum,) = struct.unpack("<I", await self.stream.readexactly(4))
        if checksum != crc32(head + packet):
            raise NotMTProto("full: wrong checksum")
        return packet

    def frame(self, packet: bytes) -> bytes:
        body = struct.pack("<iI", len(packet) + 12, self._sent) + packet
        self._sent += 1
        return body + struct.pack("<I", crc32(body))

    def send_error(self, code: int) -> None:
        """Real servers have been seen to send -429 bare, three times (LonamiWebs/Telethon#4042)."""
        if code == -429:
            self.stream.write(struct.pack("<i", code) * 3)
        else:
            super().send_error(code)


class Abridged(Transport):
    """The length in units of four bytes, in one byte, or in three after 0x7f. The top bit asks for a quick ack."""

    name = "abridged"

    async def receive(self) -> bytes:
        (words,) = await self.stream.readexactly(1)
        words &= 0x7F
        if words == 0x7F:
            words = int.from_bytes(await self.stream.readexactly(3), "little")
        return await self.stream.readexactly(4 * words)

    def frame(self, packet: bytes) -> bytes:
        words = len(packet) // 4
        return (bytes([words]) if words < 0x7F else b"\x7f" + words.to_bytes(3, "little")) + packet


class Intermediate(Transport):
    """length:int packet. The top bit of the length asks for a quick ack."""

    name = "intermediate"

    async def receive(self) -> bytes:
        (length,) = struct.unpack("<I", await self.stream.readexactly(4))
        length &= 0x7FFFFFFF
        if length > MAX_PACKET:
            raise NotMTProto(f"{self.name}: packet of {length} bytes")
        return await self.stream.readexactly(length)

    def frame(self, packet: bytes) -> bytes:
        return struct.pack("<I", len(packet)) + packet


class PaddedIntermediate(Intermediate):
    """Intermediate with 0 to 15 random bytes after each packet; MTProto packets are told by their own lengths."""

    name = "padded intermediate"

    async def receive(self) -> bytes:
        packet = await super().receive()
        if packet[:8] == bytes(8) and len(packet) >= 20:
            return packet[: 20 + int.from_bytes(packet[16:20], "little")]
        return packet[: len(packet) - (len(packet) - 24) % 16]

    def frame(self, packet: bytes) -> bytes:
        return super().frame(packet + os.urandom(os.urandom(1)[0] % 4))


_BY_TAG = {
    b"\xef\xef\xef\xef": Abridged,
    b"\xee\xee\xee\xee": Intermediate,
    b"\xdd\xdd\xdd\xdd": PaddedIntermediate,
}
_HTTP = (b"GET ", b"POST", b"HEAD", b"OPTI")


async def greet(stream: Stream, secret: bytes | None = None) -> tuple[Transport, int | None]:
    """The transport that the client's first bytes choose and, through an MTProxy, the data centre that it wants.

    With a `secret` of 16 bytes the server is an MTProxy and understands nothing but its obfuscation.
    """
    if secret is None:
        first = await stream.readexactly(1)
        if first == b"\xef":
            return Abridged(stream), None
        head = first + await stream.readexactly(3)
        if head in _BY_TAG:
            return _BY_TAG[head](stream), None
        if head in _HTTP:
            raise NotMTProto("HTTP")
        head += await stream.readexactly(4)
        if head[4:] == bytes(4):
            stream.push_back(head)
            return Full(stream), None
        head += await stream.readexactly(56)
    else:
        head = await stream.readexactly(64)
    return _deobfuscate(stream, head, secret)


def _deobfuscate(stream: Stream, head: bytes, secret: bytes | None) -> tuple[Transport, int]:
    """obfuscated2: 64 random bytes hold both AES-CTR keys; their own end, deciphered, names transport and DC.

    Bytes 8-40 are the key and 40-56 the IV of what the client sends, the same bytes reversed those of what it
    receives; an MTProxy's keys are SHA256(key + secret). Bytes 56-60 are the transport's tag, 60-62 the DC's number,
    negative for media and from 10000 up for the test servers.
    """

    def key(raw: bytes) -> bytes:
        return raw if secret is None else sha256(raw + secret).digest()

    backwards = head[8:56][::-1]
    decipher = AESModeCTR(key(head[8:40]), head[40:56])
    encipher = AESModeCTR(key(backwards[:32]), backwards[32:48])
    plain = decipher.decrypt(head)
    if plain[56:60] not in _BY_TAG:
        raise NotMTProto("neither a transport's tag nor an obfuscated one")
    stream.obfuscate(decipher, encipher)
    (dc,) = struct.unpack("<h", plain[60:62])
    return _BY_TAG[plain[56:60]](stream), abs(dc) % 10000
