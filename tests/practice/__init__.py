"""A practice Telegram: a real MTProto server on this machine, for tests and for trying the script without an account.

| module | what it is |
|---|---|
| `keys` | the server's RSA key and the Diffie-Hellman group |
| `transport` | how packets travel over TCP: full, abridged, intermediate, padded, obfuscated, MTProxy |
| `handshake` | how a client and the server agree on an authorization key |
| `mtproto` | encrypted messages, sessions, and the service messages between them |
| `srp` | how a 2FA password is proven without being sent |
| `accounts` | who exists, and by which way each of their codes is sent |
| `methods` | the API methods a sign-in calls |
| `faults` | what can be made to go wrong, at which call |
| `telegram` | `PracticeTelegram`: the data centres in a thread of their own |
| `launcher` | runs the unmodified script against it; uses nothing but the standard library |

Importing this package imports nothing else, so that the launcher does not bring Telethon along.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Account": "accounts",
    "Delivery": "accounts",
    "Fault": "faults",
    "PracticeTelegram": "telegram",
}

__all__ = ["Account", "Delivery", "Fault", "PracticeTelegram"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
