"""Encrypted messages, sessions, and the service messages between them: one `Line` per TCP connection.

Sources: https://core.telegram.org/mtproto/description (messages, keys, identifiers),
https://core.telegram.org/mtproto/service_messages and .../service_messages_about_messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from telethon.crypto import AES
from telethon.extensions import BinaryReader
from telethon.tl import functions, types

from .faults import Fault
from .handshake import Handshake, HandshakeRefused
from .keys import tl_string
from .transport import Stream, Transport, greet

if TYPE_CHECKING:
    from .accounts import Account
    from .telegram import DataCentre, PracticeTelegram

MSG_CONTAINER = 0x73F1F8DC
GZIP_PACKED = 0x3072CFA1
RPC_RESULT = 0xF35C6D01
HTTP_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 32\r\n\r\n<html>Please log in here</html>\n"
)

# "Bad message" codes (service_messages_about_messages, "notice of ignored error message").
MSG_ID_TOO_LOW, MSG_ID_TOO_HIGH, MSG_ID_NOT_BY_FOUR = 16, 17, 18
SEQNO_SHOULD_BE_EVEN, SEQNO_SHOULD_BE_ODD, WRONG_SALT = 34, 35, 48


class AuthKey:
    """A key that a client and one data centre share, and who is signed in with it."""

    def __init__(self, key: bytes, dc: int, salt: int) -> None:
        self.key = key
        self.id: int = struct.unpack("<q", sha1(key).digest()[-8:])[0]
        self.dc = dc
        self.salt = salt
        self.sessions: dict[int, Session] = {}

        self.hash = int.from_bytes(os.urandom(7), "little")  # its name in account.getAuthorizations
        self.created = 0.0
        self.layer: int | None = None
        self.init: functions.InitConnectionRequest | None = None
        self.account: Account | None = None
        self.password_pending: Account | None = None
        self.refused: tuple[int, str] | None = None  # what every call gets once the session is dead
        self.login_token: bytes | None = None

    @property
    def lines(self) -> list[Line]:
        return [s.line for s in self.sessions.values() if s.line is not None and not s.line.closed]


@dataclass
class Session:
    """A client's `session_id`: counts messages, and keeps answers until they are acknowledged."""

    id: int
    key: AuthKey
    line: Line | None = None
    announced: bool = False
    wants_updates: bool = False
    content_messages: int = 0
    last_msg_id: int = 0
    seen: set[int] = field(default_factory=set)
    outbox: list[Message] = field(default_factory=list)
    answers: dict[int, bytes] = field(default_factory=dict)  # by the client's msg_id
    unacknowledged: dict[int, tuple[int, bytes]] = field(default_factory=dict)  # by the server's: seqno, body

    def seal(self, body: bytes, clock: float, *, answer: bool, content: bool) -> Message:
        """Numbers a message: identifiers are the server's time times 2^32, 1 mod 4 in answers and 3 otherwise.

        They grow, unless a test has turned the server's clock back.
        """
        msg_id = int(clock * (1 << 32)) & ~3
        if 0 <= self.last_msg_id - msg_id < 1 << 32:
            msg_id = (self.last_msg_id & ~3) + 4
        msg_id |= 1 if answer else 3
        self.last_msg_id = msg_id
        seqno = 2 * self.content_messages + content
        self.content_messages += content
        if content:
            self.unacknowledged[msg_id] = seqno, body
        return Message(msg_id, seqno, body)


class Message(NamedTuple):
    msg_id: int
    seqno: int
    body: bytes

    def __bytes__(self) -> bytes:
        return struct.pack("<qii", self.msg_id, self.seqno, len(self.body)) + self.body

    @property
    def constructor(self) -> int:
        return int.from_bytes(self.body[:4], "little")


def _aes(auth_key: bytes, msg_key: bytes, x: int) -> tuple[bytes, bytes]:
    """AES key and IV of MTProto 2.0; x is 0 for what clients send and 8 for what servers send."""
    a = sha256(msg_key + auth_key[x : x + 36]).digest()
    b = sha256(auth_key[40 + x : 76 + x] + msg_key).digest()
    return a[:8] + b[8:24] + a[24:], b[:8] + a[8:24] + b[24:]


def encrypt(key: AuthKey, session_id: int, message: bytes) -> bytes:
    """A whole packet: key id, msg_key, and salt, session, message and 12 to 27 bytes of padding enciphered."""
    plain = struct.pack("<qq", key.salt, session_id) + message
    plain += os.urandom(12 + -(len(plain) + 12) % 16)
    msg_key = sha256(key.key[96:128] + plain).digest()[8:24]
    enciphered: bytes = AES.encrypt_ige(plain, *_aes(key.key, msg_key, 8))
    return struct.pack("<q", key.id) + msg_key + enciphered


def decrypt(key: AuthKey, packet: bytes) -> tuple[int, int, Message]:
    """Salt, session id and message of a packet. ValueError if it does not match its msg_key or its lengths."""
    msg_key = packet[8:24]
    if len(packet) < 72 or len(packet) % 16 != 8:
        raise ValueError("not in blocks")
    plain = AES.decrypt_ige(packet[24:], *_aes(key.key, msg_key, 0))
    if sha256(key.key[88:120] + plain).digest()[8:24] != msg_key:
        raise ValueError("msg_key does not match")
    salt, session_id, msg_id, seqno, length = struct.unpack_from("<qqqii", plain)
    if length % 4 or not 12 <= len(plain) - 32 - length <= 1024:
        raise ValueError("wrong length or padding")
    return salt, session_id, Message(msg_id, seqno, plain[32 : 32 + length])


def unpack(message: Message) -> Iterator[Message]:
    """The messages of a container, or the message alone; gzip_packed bodies are inflated."""
    if message.constructor == GZIP_PACKED:
        message = message._replace(body=gzip.decompress(BinaryReader(message.body[4:]).tgread_bytes()))
    if message.constructor != MSG_CONTAINER:
        yield message
        return
    (count,) = struct.unpack_from("<i", message.body, 4)
    position = 8
    for _ in range(count):
        msg_id, seqno, length = struct.unpack_from("<qii", message.body, position)
        position += 16
        yield from unpack(Message(msg_id, seqno, message.body[position : position + length]))
        position += length


def pack_result(msg_id: int, body: bytes) -> bytes:
    """rpc_result; what is long is gzipped where that makes it shorter. From where on Telegram does so is not known."""
    if len(body) > 256:
        packed = struct.pack("<I", GZIP_PACKED) + tl_string(gzip.compress(body))
        body = min(body, packed, key=len)
    return struct.pack("<Iq", RPC_RESULT, msg_id) + body


class Line:
    """One TCP connection to one data centre."""

    def __init__(self, telegram: PracticeTelegram, dc: DataCentre, number: int, writer: asyncio.StreamWriter) -> None:
        self.telegram = telegram
        self.dc = dc
        self.number = number
        self.peer = writer.get_extra_info("peername")
        self.transport: Transport | None = None
        self.key: AuthKey | None = None
        self.exchanged_key = False
        self.closed = False
        self._writer = writer
        self._mute = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._deadline: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        transport = self.transport.name if self.transport else "nothing yet"
        return f"<line {self.number} to DC {self.dc.id}, {transport}, {'closed' if self.closed else 'open'}>"

    async def serve(self, reader: asyncio.StreamReader, secret: bytes | None) -> None:
        """Answers until one side closes the line. Through an MTProxy the client names the data centre itself."""
        stream = Stream(reader, self._writer)
        try:
            fault = self.telegram.faults.at("accept", self.dc.id)
            if fault and not await self._endure(fault):
                await reader.read()
                return
            self.transport, dc = await greet(stream, secret)
            if secret is not None:
                if dc not in self.telegram.data_centres:
                    self.transport.send_error(-444)
                    return
                self.dc = self.telegram.data_centres[dc]
            handshake = Handshake(self.telegram.clock)
            while not self.closed:
                packet = await self.transport.receive()
                if packet[:8] == bytes(8):
                    await self._plain(packet, handshake)
                else:
                    await self._encrypted(packet)
        except (ConnectionError, asyncio.IncompleteReadError, struct.error, gzip.BadGzipFile):
            pass  # the client has gone, or sends what makes no sense: Telegram says nothing then either
        finally:
            self.close()

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        for task in self._tasks:
            task.cancel()
        if self._deadline:
            self._deadline.cancel()
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            self._writer.close()
        self.telegram.line_closed(self)

    def cut(self) -> None:
        """Ends the line at once, dropping what has not been sent."""
        self._writer.transport.abort()
        self.close()

    def _write(self, packet: bytes) -> None:
        if not self.closed and not self._mute and self.transport:
            self.transport.send(packet)

    def _send(self, packet: bytes) -> None:
        if self.telegram.latency:
            asyncio.get_running_loop().call_later(self.telegram.latency, self._write, packet)
        else:
            self._write(packet)

    async def _endure(self, fault: Fault) -> bool:
        """Lets a fault of the line happen. True if things go on as if nothing had been."""
        if fault.do == "cut":
            self.cut()
        elif fault.do == "garbage":
            if self.transport:
                self._send(os.urandom(80))
            else:
                self._writer.write(os.urandom(80))
        elif fault.do == "transport":
            if self.transport:
                self.transport.send_error(fault.code)
        elif fault.do == "http":
            self._writer.write(HTTP_ANSWER)
            await self._writer.drain()
            self.close()
        elif fault.do == "silence" and fault.call in ("accept", "packet"):
            self._mute = True
        return False

    # Plain messages: the key exchange

    async def _plain(self, packet: bytes, handshake: Handshake) -> None:
        """auth_key_id:long = 0, message_id:long, message_data_length:int, message_data."""
        assert self.transport
        try:
            with BinaryReader(packet[20:]) as reader:
                request = reader.tgread_object()
            step = {
                functions.ReqPqMultiRequest: "req_pq",
                functions.ReqPqRequest: "req_pq",
                functions.ReqDHParamsRequest: "req_DH_params",
                functions.SetClientDHParamsRequest: "set_client_DH_params",
            }.get(type(request), "")
            fault = self.telegram.faults.at(step, self.dc.id)
            handshake.retry = fault is not None and fault.do == "retry"
            if fault and not handshake.retry:
                await self._endure(fault)
                return
            answer = bytes(handshake.answer(request))
        except HandshakeRefused:
            self.transport.send_error(-404)
            return
        except Exception:  # a hostile client's bytes
            self.transport.send_error(-404)
            return
        if handshake.auth_key:
            self.exchanged_key = True
            self.dc.remember(AuthKey(handshake.auth_key, self.dc.id, handshake.salt))
        msg_id = int(self.telegram.clock() * (1 << 32)) & ~3 | 1
        self._send(struct.pack("<qqi", 0, msg_id, len(answer)) + answer)

    # Encrypted messages

    async def _encrypted(self, packet: bytes) -> None:
        assert self.transport
        fault = self.telegram.faults.at("packet", self.dc.id)
        if fault:
            await self._endure(fault)
            return
        key = self.dc.keys.get(int.from_bytes(packet[:8], "little", signed=True))
        if key is None:
            self.transport.send_error(-404)
            return
        try:
            salt, session_id, message = decrypt(key, packet)
        except ValueError:
            self.transport.send_error(-404)
            return
        self.key = key
        session = key.sessions.setdefault(session_id, Session(session_id, key))
        if session.line is not self:
            session.line = self
            for msg_id, (seqno, body) in session.unacknowledged.items():
                session.outbox.append(Message(msg_id, seqno, body))
        wrong = self._wrong_msg_id(message.msg_id)
        if wrong:
            self._reply(session, types.BadMsgNotification(message.msg_id, message.seqno, wrong), content=False)
        elif salt != key.salt:
            notice = types.BadServerSalt(message.msg_id, message.seqno, WRONG_SALT, key.salt)
            self._reply(session, notice, content=False)
        else:
            self._accept(session, message)
            await asyncio.sleep(0)  # what needs no waiting is answered in the same container
        self._flush(session)

    def _wrong_msg_id(self, msg_id: int) -> int:
        """A client's identifiers are its time, at most 300 s behind and 30 s ahead of the server's, and 0 mod 4."""
        ahead = msg_id / (1 << 32) - self.telegram.clock()
        if ahead < -300:
            return MSG_ID_TOO_LOW
        if ahead > 30:
            return MSG_ID_TOO_HIGH
        return MSG_ID_NOT_BY_FOUR if msg_id % 4 else 0

    def _accept(self, session: Session, message: Message) -> None:
        if not session.announced:
            session.announced = True
            unique_id = struct.unpack("<q", os.urandom(8))[0]
            first = min(inner.msg_id for inner in (message, *unpack(message)))
            self._reply(session, types.NewSessionCreated(first, unique_id, session.key.salt), answer=False)
        for inner in unpack(message):
            if inner.msg_id not in session.seen:
                session.seen.add(inner.msg_id)
                self._handle(session, inner)
            elif inner.msg_id in session.answers:
                self._reply(session, session.answers[inner.msg_id])

    def _handle(self, session: Session, message: Message) -> None:
        try:
            with BinaryReader(message.body) as reader:
                request = reader.tgread_object()
        except Exception as error:  # a constructor or layout that this Telethon does not know
            self.answer_error(session, message.msg_id, 400, f"INPUT_METHOD_INVALID_{message.constructor}")
            print(f"practice: cannot read a request: {error}", file=sys.stderr)
            return
        content = not isinstance(request, _NOT_CONTENT)
        if content != bool(message.seqno % 2):
            code = SEQNO_SHOULD_BE_ODD if content else SEQNO_SHOULD_BE_EVEN
            self._reply(session, types.BadMsgNotification(message.msg_id, message.seqno, code), content=False)
            return
        service = _SERVICE.get(type(request))
        if service:
            service(self, session, message.msg_id, request)
        else:
            self._spawn(session, self.telegram.invoke(self, session, message.msg_id, request))

    def _spawn(self, session: Session, work: Any) -> None:
        async def run() -> None:
            await work
            self._flush(session)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Sending

    def _reply(self, session: Session, what: Any, *, answer: bool = True, content: bool = True) -> None:
        body = what if isinstance(what, bytes) else bytes(what)
        session.outbox.append(session.seal(body, self.telegram.clock(), answer=answer, content=content))

    def _flush(self, session: Session) -> None:
        """Sends what has gathered, several messages in one container."""
        if not session.outbox:
            return
        messages, session.outbox = session.outbox, []
        if len(messages) > 1:
            body = struct.pack("<Ii", MSG_CONTAINER, len(messages)) + b"".join(map(bytes, messages))
            messages = [session.seal(body, self.telegram.clock(), answer=False, content=False)]
        self._send(encrypt(session.key, session.id, bytes(messages[0])))

    def answer(self, session: Session, msg_id: int, body: bytes) -> None:
        session.answers[msg_id] = pack_result(msg_id, body)
        self._reply(session, session.answers[msg_id])

    def answer_late(self, session: Session, msg_id: int, body: bytes) -> None:
        """An answer that nothing else waits to go out with; if the line has ended, it goes out on the next one."""
        self.answer(session, msg_id, body)
        self._flush(session)

    def answer_error(self, session: Session, msg_id: int, code: int, name: str) -> None:
        self.answer(session, msg_id, bytes(types.RpcError(code, name)))

    def acknowledge(self, session: Session, msg_id: int) -> None:
        """What Telegram sends when the answer itself will take a while."""
        self._reply(session, types.MsgsAck([msg_id]), content=False)
        self._flush(session)

    def push(self, session: Session, update: Any) -> None:
        self._reply(session, update, answer=False)
        self._flush(session)

    async def suffer(self, session: Session, fault: Fault) -> None:
        """A fault in place of the answer to a call; what other calls are owed still goes out."""
        if fault.do != "cut":
            self._flush(session)
        await self._endure(fault)

    # Service messages

    def _ping(self, session: Session, msg_id: int, request: Any) -> None:
        fault = self.telegram.faults.at("ping", self.dc.id)
        if fault:
            self._spawn(session, self._endure(fault))
            return
        if isinstance(request, functions.PingDelayDisconnectRequest):
            if self._deadline:
                self._deadline.cancel()
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(request.disconnect_delay, self.close)
        self._reply(session, types.Pong(msg_id, request.ping_id), content=False)

    def _acknowledged(self, session: Session, _msg_id: int, request: Any) -> None:
        for msg_id in request.msg_ids:
            session.unacknowledged.pop(msg_id, None)

    def _future_salts(self, session: Session, msg_id: int, _request: Any) -> None:
        now = int(self.telegram.clock())
        salt = types.FutureSalt(now - 900, now + 2700, session.key.salt)
        self._reply(session, types.FutureSalts(msg_id, now, [salt]), content=False)

    def _state(self, session: Session, msg_id: int, request: Any) -> None:
        """One byte for each message asked about: 1 = too old to be known, 2 and 3 = not received, 4 = received."""
        first, last = min(session.seen), max(session.seen)

        def state(asked: int) -> int:
            return 4 if asked in session.seen else 1 if asked < first else 2 if asked < last else 3

        info = bytes(map(state, request.msg_ids))
        self._reply(session, types.MsgsStateInfo(msg_id, info), content=False)

    def _resend(self, session: Session, msg_id: int, request: Any) -> None:
        """The messages again; if one of them is not there (any more), the state of all besides."""
        known = [asked for asked in request.msg_ids if asked in session.unacknowledged]
        session.outbox += [Message(asked, *session.unacknowledged[asked]) for asked in known]
        if len(known) < len(request.msg_ids):
            self._state(session, msg_id, request)

    def _destroy_session(self, session: Session, _msg_id: int, request: Any) -> None:
        known = session.key.sessions.pop(request.session_id, None)
        kind = types.DestroySessionOk if known else types.DestroySessionNone
        self._reply(session, kind(request.session_id), content=False)

    def _drop_answer(self, session: Session, msg_id: int, _request: Any) -> None:
        self.answer(session, msg_id, bytes(types.RpcAnswerUnknown()))

    def _ignore(self, _session: Session, _msg_id: int, _request: Any) -> None:
        """For what asks for no answer."""


_SERVICE: dict[type, Callable[[Line, Session, int, Any], None]] = {
    functions.PingRequest: Line._ping,
    functions.PingDelayDisconnectRequest: Line._ping,
    types.MsgsAck: Line._acknowledged,
    functions.GetFutureSaltsRequest: Line._future_salts,
    types.MsgsStateReq: Line._state,
    types.MsgResendReq: Line._resend,
    functions.DestroySessionRequest: Line._destroy_session,
    functions.RpcDropAnswerRequest: Line._drop_answer,
    types.MsgsStateInfo: Line._ignore,
    types.MsgsAllInfo: Line._ignore,
    types.HttpWait: Line._ignore,
}
_NOT_CONTENT = (
    types.MsgsAck,
    types.MsgsStateReq,
    types.MsgsStateInfo,
    types.MsgsAllInfo,
    types.MsgResendReq,
    types.HttpWait,
)
