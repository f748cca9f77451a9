"""Whatever breaks, at whichever call: every sign-in ends in a string that works, or in a verdict that says why not.

The matrix is made, not picked: each way in is walked once to see which calls it makes, and then once for each of these
calls with each of the faults at it.
"""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Callable, NamedTuple

import pytest
from telethon.tl import types

import telegram_session

from . import terminal
from .conftest import LAUNCHER
from .practice import PracticeTelegram
from .practice.accounts import Delivery
from .practice.telegram import API_HASH, API_ID

pytestmark = pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")

PHONE = "+49 151 12345678"
BOT = "5000000777:AAGpracticebotpracticebotpracticebo"
PASSWORD = "correct horse"
BY_EMAIL = Delivery(types.auth.SentCodeTypeEmailCode("p***@example.org", 6))
SET_UP_EMAIL = Delivery(types.auth.SentCodeTypeSetUpEmailRequired())

# What the account is like, by the name of the way in.
WAYS: dict[str, dict[str, Any]] = {
    "code": {},
    "code and 2FA": {"password": PASSWORD},
    "login e-mail": {"delivery": [BY_EMAIL], "login_email": "petra@example.org"},
    "login e-mail to be set up": {"delivery": [SET_UP_EMAIL, BY_EMAIL]},
    "QR code": {},
    "QR code and 2FA": {"password": PASSWORD},
    "bot": {},
}


class Fault(NamedTuple):
    """What goes wrong at a call, and what may come of it."""

    do: str
    details: dict[str, Any]
    verdict: str = ""  # a pattern that the screen shows if the sign-in fails; without one it must not


FAULTS = {
    "the line is cut before it": Fault("cut", {"times": 1}),
    "the line is cut after it": Fault("cut", {"times": 1, "handled": True}),
    "it is answered 20 s late": Fault("delay", {"times": 1, "seconds": 20.0}),
    "it is answered 500 once": Fault("error", {"times": 1, "code": 500, "name": "RPC_CALL_FAIL"}),
    "it is answered 500 for ever": Fault("error", {"code": 500, "name": "RPC_CALL_FAIL"}, "RPC_CALL_FAIL"),
    "it is flooded for a moment": Fault("error", {"times": 1, "code": 420, "name": "FLOOD_WAIT_1"}),
    "it is flooded": Fault("error", {"code": 420, "name": "FLOOD_WAIT_3600"}, "FLOOD_WAIT_3600"),
    "the data centre moves": Fault("error", {"times": 1, "code": 303, "name": "PHONE_MIGRATE_4"}, "MIGRATE"),
    "the key is revoked": Fault("revoke", {"times": 1, "name": "AUTH_KEY_UNREGISTERED"}, "AUTH_KEY_UNREGISTERED"),
    "the key is forgotten": Fault("forget", {"times": 1}, "What to do:"),
}


class End(NamedTuple):
    """How a sign-in ended."""

    code: int | None
    transcript: str
    calls: tuple[tuple[str, int], ...]  # method, and the how-manieth call of it
    signed_in: int  # keys that are signed in now
    works: bool  # whether a string was shown that signs in


def sign_in(way: str, place: tuple[str, int] | None = None, fault: Fault | None = None) -> End:
    """One sign-in by one way, with one fault at one call, by a person who answers every prompt rightly."""
    answers: dict[str, Callable[[], str]] = {
        "Phone number": lambda: BOT if way == "bot" else PHONE,
        "Code": lambda: telegram.code(PHONE),
        "2FA password": lambda: PASSWORD,
        "Email code": lambda: telegram.account(PHONE).email_code,
        "Email": lambda: "petra@example.org",
        "Ask Telegram for a new code?": lambda: "",
        "Press Enter to exit": lambda: "",
    }
    with PracticeTelegram() as telegram:
        telegram.add_account(PHONE, code="24680", **WAYS[way])
        telegram.add_bot(BOT)
        if way.startswith("QR"):
            telegram.auto_scan = (PHONE, 0.3)
        if place and fault:
            telegram.faults.add(place[0], fault.do, nth=place[1], **fault.details)
        command = [sys.executable, str(LAUNCHER), "--config", telegram.config, "--"]
        env = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TERM": "xterm", "NO_COLOR": "1"}
        arguments = ["--qr"] if way.startswith("QR") else []
        with terminal.Person([*command, *arguments], env=env, size=(100, 50)) as person:
            for _ in range(12):
                prompt = person.is_asked_one_of(list(answers), timeout=70)
                if not prompt:
                    break
                person.types(answers[prompt](), hidden=prompt == "2FA password")
            for reader in person._threads if person.process.poll() is not None else []:
                reader.join(5)
            shown = re.search(r"^(1[A-Za-z0-9_-]{300,}=*)$", person.transcript, re.MULTILINE)
            signed = telegram.authorizations(BOT if way == "bot" else PHONE)
            key = telegram_session.home_key(telegram_session.decode_telethon_string(shown[1])) if shown else b""
            works = any(key == signed_key.key for signed_key in signed)
            met: dict[str, int] = {}
            calls = []
            for call in telegram.calls:
                met[call.method] = met.get(call.method, 0) + 1
                calls.append((call.method, met[call.method]))
            return End(person.process.poll(), person.transcript, tuple(calls), len(signed), works)
