"""`PracticeTelegram`: five data centres on this machine's loopback, in a thread of their own."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
import struct
import threading
import time
import traceback
from dataclasses import dataclass, field
from typing import Any, Callable, TypeVar

from telethon.tl import TLObject, functions, types

from .accounts import Account
from .faults import Fault, Faults
from .keys import RSA_PUBLIC_PEM
from .methods import Caller, LoginToken, Methods, RpcError, method_name, wrappers
from .mtproto import AuthKey, Line, Session

API_ID = 20481632
API_HASH = "c3a1f0d94b7e4e6f8a25d1907be6643c"
PUBLISHED_API_ID = 20481633
PUBLISHED_API_HASH = "7d12e8f60b934c5ca8b1763ef0952ad4"

BOOL_TRUE, BOOL_FALSE, VECTOR = 0x997275B5, 0xBC799737, 0x1CB5C415
T = TypeVar("T")


def serialize(answer: Any) -> bytes:
    """A method's answer in TL: an object, a Bool, or a vector of objects."""
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, bool):
        return struct.pack("<I", BOOL_TRUE if answer else BOOL_FALSE)
    if isinstance(answer, list):
        return struct.pack("<Ii", VECTOR, len(answer)) + b"".join(map(serialize, answer))
    return bytes(answer)


@dataclass
class Call:
    """One call of an API method, without its wrappers, in the order of arrival."""

    method: str
    request: TLObject
    dc: int
    key_id: int
    line: int
    at: float  # time.monotonic()
    outcome: str = ""  # the answer's class, the error's name, or what the fault did

    def __str__(self) -> str:
        return f"{self.method} → {self.outcome or 'nothing yet'} (DC {self.dc}, line {self.line})"


@dataclass
class DataCentre:
    """A port on 127.0.0.1, the same on ::1 where the machine has it, and the keys made there."""

    id: int
    port: int = 0
    has_ipv6: bool = False
    keys: dict[int, AuthKey] = field(default_factory=dict)
    servers: list[asyncio.AbstractServer] = field(default_factory=list)
    reserved: list[socket.socket] = field(default_factory=list)

    def remember(self, key: AuthKey) -> None:
        self.keys[key.id] = key


class PracticeTelegram:
    """The server. `with PracticeTelegram() as telegram:` starts it; every method may be called from any thread.

    What may be set at any time:
    `latency` seconds by which every packet of the server is late · `clock_offset` seconds by which its clock is wrong ·
    `send_limit` codes a day and number, then FLOOD_WAIT · `password_limit` wrong passwords, likewise ·
    `login_token_life` seconds that a QR code is good for · `auto_scan` (phone, seconds): somebody scans every QR code
    after that time, and with 0 before the first answer · `duplicates_die` whether a key that is signed in dies when it
    calls over a second line.

    Read when a script is started: `name_service` of the script's computer: "well", "ignorant" (knows no name) or
    "dead" (never answers) · `limits`: seconds for the script's own limits, by their names, so that no test has to sleep
    through them.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self.clock_offset = 0.0
        self.send_limit = 8
        self.password_limit = 5
        self.login_token_life = 30.0
        self.auto_scan: tuple[str, float] | None = None
        self.duplicates_die = True
        self.name_service = "well"
        self.limits: dict[str, float] = {}

        self.faults = Faults()
        self.apps: dict[int, tuple[str, bool]] = {
            API_ID: (API_HASH, False),
            PUBLISHED_API_ID: (PUBLISHED_API_HASH, True),
        }
        self.accounts: dict[str, Account] = {}
        self.bots: dict[str, Account] = {}
        self.login_tokens: dict[bytes, LoginToken] = {}
        self.exported: dict[bytes, Account] = {}
        self.calls: list[Call] = []
        self.connections: list[Line] = []
        self.data_centres: dict[int, DataCentre] = {number: DataCentre(number) for number in range(1, 6)}

        self._methods = Methods(self)
        self._happened = threading.Condition()
        self._proxies: list[asyncio.AbstractServer] = []
        self._late: dict[str, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="practice Telegram", daemon=True)

    # Starting and stopping

    def __enter__(self) -> PracticeTelegram:
        self._thread.start()
        for dc in self.data_centres.values():
            self._in_loop(self._listen(dc))
        return self

    def __exit__(self, *_exc: object) -> None:
        self._in_loop(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _in_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def _at_once(self, work: Callable[[], T]) -> T:
        """Runs `work` where nothing else of the server runs meanwhile, from whichever thread."""
        if threading.current_thread() is self._thread:
            return work()

        async def run() -> T:
            return work()

        result: T = self._in_loop(run())
        return result

    async def _listen(self, dc: DataCentre) -> None:
        for reserved in dc.reserved:
            reserved.close()
        dc.reserved.clear()
        ipv4 = _bound(socket.AF_INET, dc.port)
        dc.port = ipv4.getsockname()[1]
        sockets = [ipv4]
        with contextlib.suppress(OSError):
            sockets.append(_bound(socket.AF_INET6, dc.port))
        dc.has_ipv6 = len(sockets) == 2
        dc.servers = [await self._serve(sock, dc) for sock in sockets]

    async def _serve(self, sock: socket.socket, dc: DataCentre, secret: bytes | None = None) -> Any:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = Line(self, dc, len(self.connections) + 1, writer)
            with self._happened:
                self.connections.append(line)
                self._happened.notify_all()
            with contextlib.suppress(asyncio.CancelledError):  # the server ends
                await line.serve(reader, secret)

        return await asyncio.start_server(connected, sock=sock)

    async def _close(self) -> None:
        for line in list(self.connections):
            line.close()
        for server in [*self._proxies, *(server for dc in self.data_centres.values() for server in dc.servers)]:
            server.close()
        for dc in self.data_centres.values():
            for reserved in dc.reserved:
                reserved.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def refuse(self, *dcs: int) -> None:
        """Closes the ports of these data centres, or of all, and their open lines; `listen` opens them again."""
        for number in dcs or self.data_centres:
            self._at_once(lambda dc=self.data_centres[number]: self._refuse(dc))  # type: ignore[misc]

    def _refuse(self, dc: DataCentre) -> None:
        for server in dc.servers:
            server.close()
        dc.servers.clear()
        for line in self.connections:
            if line.dc is dc:
                line.cut()
        # A bound port that does not listen refuses, and nobody else can be given it meanwhile.
        families = [socket.AF_INET] + [socket.AF_INET6] * dc.has_ipv6
        dc.reserved = [_bound(family, dc.port) for family in families]

    def listen(self, *dcs: int) -> None:
        for number in dcs or self.data_centres:
            if not self.data_centres[number].servers:
                self._in_loop(self._listen(self.data_centres[number]))

    def open_mtproxy(self, secret: bytes) -> int:
        """The port of a new MTProxy on 127.0.0.1 that leads to every data centre; `secret` has 16 bytes."""
        if len(secret) != 16:
            raise ValueError("an MTProxy secret has 16 bytes")
        sock = _bound(socket.AF_INET, 0)
        self._proxies.append(self._in_loop(self._serve(sock, self.data_centres[2], secret)))
        return int(sock.getsockname()[1])

    @property
    def config(self) -> str:
        """What `tests/practice/launcher.py` must know, as JSON."""
        ports = {dc.id: dc.port for dc in self.data_centres.values()}
        return json.dumps(
            {"ports": ports, "rsa_key": RSA_PUBLIC_PEM, "name_service": self.name_service, "limits": self.limits}
        )

    # Who and what exists

    def add_app(self, api_id: int, api_hash: str, *, published: bool = False) -> None:
        self.apps[api_id] = (api_hash, published)

    def add_account(self, phone: str, **details: Any) -> Account:
        """Adds an `Account`; its fields are the keyword arguments."""
        account = Account(phone, **details)
        account.user_id = account.user_id or 5_000_000_000 + len(self.accounts)
        self.accounts[account.digits] = account
        return account

    def add_bot(self, token: str, **details: Any) -> Account:
        """Adds a bot; its user id is what stands before the colon of its token."""
        bot = Account("", bot_token=token, user_id=int(token.partition(":")[0]), **details)
        self.bots[token] = bot
        return bot

    def account(self, phone: str) -> Account:
        return self.accounts["".join(filter(str.isdigit, phone))]

    def code(self, phone: str) -> str:
        """The code that would sign this number in right now."""
        sent = self.account(phone).sent
        if sent is None:
            raise LookupError(f"no code has been sent to {phone}")
        if isinstance(sent.delivery.type, types.auth.SentCodeTypeEmailCode):
            return sent.delivery.code or self.account(phone).email_code
        return sent.code

    @property
    def keys(self) -> list[AuthKey]:
        return [key for dc in self.data_centres.values() for key in list(dc.keys.values())]

    def authorizations(self, phone: str) -> list[AuthKey]:
        """The keys that are signed in to this account, or to the bot with this token, and may still be used."""
        account = self.bots.get(phone) or self.account(phone)
        return [key for key in self.keys if key.account is account and key.refused is None]

    def revoke(self, phone: str, name: str = "SESSION_REVOKED") -> None:
        """Ends every session of the account, as its owner can from another device."""
        for key in self.authorizations(phone):
            key.refused = (401, name)

    def forget_keys(self) -> None:
        """No data centre knows any key any more."""
        for dc in self.data_centres.values():
            self._at_once(dc.keys.clear)

    # QR codes

    def add_login_token(self, token: LoginToken) -> None:
        with self._happened:
            self.login_tokens[token.token] = token
            self._happened.notify_all()
        if self.auto_scan:
            phone, seconds = self.auto_scan
            if seconds:
                self._loop.call_later(seconds, self._scan_if_open, token, self.account(phone))
            else:
                token.account = self.account(phone)

    def _scan_if_open(self, token: LoginToken, account: Account) -> None:
        if token.account is None and token.expires > self.clock():
            self.accept(token, account)

    def accept(self, token: LoginToken, account: Account) -> None:
        """The account's owner has accepted the token; the client that shows it is told."""
        token.account = account
        for session in token.key.sessions.values():
            if session.wants_updates and session.line and not session.line.closed:
                update = types.UpdateShort(types.UpdateLoginToken(), date=int(self.clock()))
                session.line.push(session, update)

    def scan(self, phone: str, link: str | None = None, timeout: float = 10.0) -> None:
        """The owner of `phone` scans a QR code and accepts: the one that `link` tells, else the newest.

        Waits for one to be shown. LookupError when there is none in time, or the link is no good (any more).
        """

        def open_token() -> LoginToken | None:
            tokens = [t for t in self.login_tokens.values() if t.account is None and t.expires > self.clock()]
            return tokens[-1] if tokens else None

        if link is None:
            token = self._wait(open_token, timeout)
        else:
            raw = link.partition("token=")[2]
            token = self.login_tokens.get(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
            if token is None:
                raise LookupError("AUTH_TOKEN_INVALID")
            if token.account is not None:
                raise LookupError("AUTH_TOKEN_ALREADY_ACCEPTED")
            if token.expires <= self.clock():
                raise LookupError("AUTH_TOKEN_EXPIRED")
        if token is None:
            raise LookupError("nobody shows a QR code")
        self._at_once(lambda: self.accept(token, self.account(phone)))

    # What has happened

    def clock(self) -> float:
        """The server's idea of the time."""
        return time.time() + self.clock_offset

    @property
    def methods(self) -> list[str]:
        """The names of the methods called so far."""
        return [call.method for call in self.calls]

    def wait_for_call(self, method: str, timeout: float = 10.0, nth: int = 1) -> Call:
        """The `nth` call of a method, as soon as it has arrived. TimeoutError if it does not."""

        def arrived() -> Call | None:
            found = [call for call in self.calls if call.method == method]
            return found[nth - 1] if len(found) >= nth else None

        call = self._wait(arrived, timeout)
        if call is None:
            raise TimeoutError(f"no call {nth} of {method} within {timeout} s; calls so far: {self.methods}")
        return call

    def wait_for_connection(self, number: int, timeout: float = 10.0) -> Line:
        """The line of this number, counted from 1, as soon as it has been accepted."""
        found = self._wait(lambda: self.connections[number - 1 : number], timeout)
        if not found:
            raise TimeoutError(f"{len(self.connections)} connections within {timeout} s")
        return found[0]

    def wait_until_idle(self, timeout: float = 10.0) -> None:
        """Returns when no line is open any more."""
        if not self._wait(lambda: all(line.closed for line in self.connections), timeout):
            raise TimeoutError(f"still open: {[line for line in self.connections if not line.closed]}")

    def _wait(self, what: Callable[[], T], timeout: float) -> T:
        with self._happened:
            self._happened.wait_for(what, timeout)
            return what()

    def line_closed(self, _line: Line) -> None:
        with self._happened:
            self._happened.notify_all()

    # Calls

    async def invoke(self, line: Line, session: Session, msg_id: int, request: Any) -> None:
        """Carries a call out, and answers it unless a fault wants otherwise."""
        *outer, query = wrappers(request)
        call = Call(method_name(query), query, line.dc.id, session.key.id, line.number, time.monotonic())
        with self._happened:
            self.calls.append(call)
            self._happened.notify_all()
        if not any(isinstance(wrapper, functions.InvokeWithoutUpdatesRequest) for wrapper in outer):
            session.wants_updates = True

        if call.method in self._late:
            await asyncio.wait([self._late[call.method]])
        fault = self.faults.at(call.method, line.dc.id)
        if fault and fault.do == "late":
            late = self._carry_out_late(line, session, msg_id, request, call, fault)
            self._late[call.method] = asyncio.ensure_future(late)
            return
        if fault and fault.do == "revoke":
            session.key.refused = (401, fault.name)
        elif fault and fault.do == "forget":
            line.dc.keys.pop(session.key.id, None)
            assert line.transport
            line.transport.send_error(-404)
            return
        body = b""
        if fault is None or fault.handled or fault.do in ("delay", "revoke"):
            body = self._carry_out(line, session, request, call)
        if fault is None or fault.do == "revoke":
            line.answer(session, msg_id, body)
            return
        call.outcome = call.outcome or fault.name or fault.do
        if fault.do == "delay":
            line.acknowledge(session, msg_id)
            await asyncio.sleep(fault.seconds)
            line.answer(session, msg_id, body)
        elif fault.do == "error":
            line.answer_error(session, msg_id, fault.code, fault.name)
            if fault.popup is not None and session.wants_updates:
                line.push(session, self._popup(fault.name, fault.popup))
        elif fault.do in ("answer", "bytes"):
            line.answer(session, msg_id, serialize(fault.answer) if fault.do == "answer" else fault.data)
        else:
            await line.suffer(session, fault)

    async def _carry_out_late(
        self, line: Line, session: Session, msg_id: int, request: Any, call: Call, fault: Fault
    ) -> None:
        """On whichever line the session then has: a call belongs to its session and outlives the line."""
        await asyncio.sleep(fault.seconds)
        body = self._carry_out(session.line or line, session, request, call)
        if not fault.handled:
            (session.line or line).answer_late(session, msg_id, body)

    def _carry_out(self, line: Line, session: Session, request: Any, call: Call) -> bytes:
        try:
            self._check_duplicate(line, session)
            answer = self._methods.invoke(Caller(session.key, line.dc.id), request)
        except RpcError as error:
            call.outcome = error.name
            return bytes(types.RpcError(error.code, error.name))
        except Exception as error:  # a mistake of this server; a client must not wait for ever because of it
            traceback.print_exc()
            call.outcome = f"PRACTICE_{type(error).__name__}"
            return bytes(types.RpcError(500, call.outcome))
        call.outcome = type(answer).__name__
        return serialize(answer)

    def _check_duplicate(self, line: Line, session: Session) -> None:
        """AUTH_KEY_DUPLICATED: a signed-in key calls over two lines at once, and is dead from then on (api/errors)."""
        key = session.key
        if self.duplicates_die and key.account and key.refused is None and set(key.lines) - {line}:
            key.refused = (406, "AUTH_KEY_DUPLICATED")

    def _popup(self, kind: str, message: str) -> Any:
        """What follows a 406: the text to show, as an update of its own (https://core.telegram.org/api/errors)."""
        notification = types.UpdateServiceNotification(
            type=kind, message=message, media=types.MessageMediaEmpty(), entities=[], popup=True
        )
        return types.Updates([notification], [], [], int(self.clock()), 0)


def _bound(family: int, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where SO_REUSEADDR would let anybody in
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
    except OSError:
        sock.close()
        raise
    return sock
