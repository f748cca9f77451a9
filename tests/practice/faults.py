"""What can be made to go wrong, and where.

A fault is bound to a place and does one thing there. The places are the names of API methods (`auth.signIn`), `*` for
any API method, `ping` (also `ping_delay_disconnect`), the steps of the key exchange (`req_pq`, `req_DH_params`,
`set_client_DH_params`), `packet` for any encrypted packet, and `accept` for a new connection.

| do | what happens | takes |
|---|---|---|
| `cut` | the line is closed | `handled` |
| `silence` | no answer, ever (at `accept` and `packet`: to nothing on that line) | `handled` |
| `delay` | the answer comes, late | `seconds` |
| `late` | the call is carried out late, whatever becomes of its line; others of its name wait | `seconds`, `handled` |
| `error` | an `rpc_error` | `name`, `code`, `popup`, `handled` |
| `answer` | this object instead of the answer | `answer`, `handled` |
| `bytes` | these bytes instead of the answer | `data`, `handled` |
| `garbage` | a packet of random bytes instead of the answer | `handled` |
| `http` | an HTTP response instead of MTProto, then the end of the line | – |
| `transport` | a transport error | `code`, such as -404, -429, -444 |
| `revoke` | the key is refused from this call on | `name`, such as `SESSION_REVOKED` (401) |
| `forget` | the server no longer knows the key, which it answers with -404 | – |
| `retry` | `dh_gen_retry`: the client has to begin the exchange anew (only at `set_client_DH_params`) | – |

`late` is what a server in trouble does, or a network that stood still: the answer comes on the line that the session
then has; with `handled`, never. Elsewhere `handled=True` lets Telegram carry the call out first, so that only its
answer is lost or replaced. `popup` is the text that Telegram pushes as `updateServiceNotification` beside a 406. `dc`
limits a fault to one data centre, `nth` skips the first places it fits, `times` ends it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

CALL_ONLY = ("delay", "late", "error", "answer", "bytes", "revoke", "forget")
ANYWHERE = ("cut", "silence", "garbage", "http", "transport")
ONLY_AT = {"retry": "set_client_DH_params"}
EXCHANGE = ("req_pq", "req_DH_params", "set_client_DH_params")
NOT_API = ("accept", "packet", "ping", *EXCHANGE)


@dataclass
class Fault:
    """One thing that goes wrong; `hits` counts how often it has."""

    call: str
    do: str
    name: str = ""
    code: int = 400
    popup: str | None = None
    seconds: float = 0.0
    answer: Any = None
    data: bytes = b""
    handled: bool = False
    dc: int | None = None
    nth: int = 1
    times: int | None = None
    hits: int = 0
    met: int = 0

    def __post_init__(self) -> None:
        known = (*CALL_ONLY, *ANYWHERE, *ONLY_AT)
        if self.do not in known:
            raise ValueError(f"nothing is called {self.do!r}: {', '.join(known)}")
        if self.do in CALL_ONLY and self.call in NOT_API:
            raise ValueError(f"{self.do!r} needs an API method, not {self.call!r}")
        if self.call != ONLY_AT.get(self.do, self.call):
            raise ValueError(f"{self.do!r} is possible at {ONLY_AT[self.do]!r} only")

    def _fits(self, place: str, dc: int) -> bool:
        here = self.call == place or (self.call == "*" and place not in NOT_API)
        return here and self.dc in (None, dc) and (self.times is None or self.hits < self.times)

    def strikes(self, place: str, dc: int) -> bool:
        if not self._fits(place, dc):
            return False
        self.met += 1
        if self.met < self.nth:
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of one server, in the order they were added; at each place the first that fits strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, call: str, do: str, **details: Any) -> Fault:
        """Adds a `Fault`; its fields are the keyword arguments."""
        fault = Fault(call, do, **details)
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._faults.remove(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def at(self, place: str, dc: int) -> Fault | None:
        """The fault that strikes here now, if any; asking counts as being there."""
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(place, dc)), None)
