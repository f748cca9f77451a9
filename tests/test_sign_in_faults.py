"""Whatever breaks, at whichever call: every sign-in ends in a string that works, or in a verdict that says why not.

The matrix is made, not picked: each way in is walked once to see which calls it makes, and then once for each of these
calls with each of the faults at it.
"""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Callable, NamedTuple

import pytest
from telethon.tl import types

import telegram_session

from .conftest import LAUNCHER
from .helpers import terminal
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
    "code and forgotten 2FA": {"password": PASSWORD, "recovery_email": "petra@example.org"},
    "login e-mail": {"delivery": [BY_EMAIL], "login_email": "petra@example.org"},
    "login e-mail to be set up": {"delivery": [SET_UP_EMAIL, BY_EMAIL]},
    "QR code": {},
    "QR code and 2FA": {"password": PASSWORD},
    "QR code, in another data centre": {"dc": 4},
    "bot": {},
}


# These follow every sign-in in the same way, so they are broken after one way in only.
AFTERWARDS = ("account.getAuthorizations", "help.getAppConfig")
# A way in that begins as another one does: what they have in common is broken in the other only.
BEGINS_AS = {"code and forgotten 2FA": "code and 2FA"}


class Fault(NamedTuple):
    """What goes wrong at a call."""

    do: str
    details: dict[str, Any]
    verdict: str = ""  # a pattern of what the screen says if this ends the sign-in; without one it must not


OVER_ALREADY = "is over already: this string does not work"
UNKNOWN_KEY = f"AUTH_KEY_UNREGISTERED|{OVER_ALREADY}"
FAULTS = {
    "cut before": Fault("cut", {"times": 1}),
    "cut after": Fault("cut", {"times": 1, "handled": True}),
    "20 s late": Fault("delay", {"times": 1, "seconds": 20.0}),
    "500 once": Fault("error", {"times": 1, "code": 500, "name": "RPC_CALL_FAIL"}),
    "500 for ever": Fault("error", {"code": 500, "name": "RPC_CALL_FAIL"}, "RPC_CALL_FAIL"),
    "flooded": Fault("error", {"code": 420, "name": "FLOOD_WAIT_3600"}, "FLOOD_WAIT_3600"),
    "moved": Fault("error", {"times": 1, "code": 303, "name": "PHONE_MIGRATE_4"}, UNKNOWN_KEY),
    "key revoked": Fault("revoke", {"times": 1, "name": "AUTH_KEY_UNREGISTERED"}, UNKNOWN_KEY),
    "key forgotten": Fault("forget", {"times": 1}, UNKNOWN_KEY),
}

# Every call that can sign in is carried out so late, with an answer then or never, on both sides of each limit that the
# script has for it, in times of CALL_LIMIT, which is made short for it: while the first one is waited for, while it is
# asked who the key is or made again, and after all that.
CAN_SIGN_IN = (
    "auth.signIn",
    "auth.checkPassword",
    "auth.recoverPassword",
    "auth.exportLoginToken",
    "auth.importLoginToken",
    "auth.importBotAuthorization",
)
SHORT_LIMIT = 2.0
FATE_UNKNOWN = "It is not known whether you are signed in now"
LATE = {
    f"{times} limits late, {'never answered' if unanswered else 'answered'}": Fault(
        "late", {"times": 1, "seconds": times * SHORT_LIMIT, "handled": unanswered}, FATE_UNKNOWN
    )
    for times in (0.5, 1.25, 1.75, 2.5)
    for unanswered in (False, True)
}

AT_ONCE = 7  # sign-ins; they wait more than they work


class End(NamedTuple):
    """How a sign-in ended."""

    code: int | None  # None: not at all
    transcript: str
    calls: tuple[tuple[str, int], ...]  # method, and the how-manieth call of it
    signed_in: int  # keys that are signed in now
    works: bool  # whether a string was shown that signs in


def sign_in(way: str, place: tuple[str, int] | None = None, fault: Fault | None = None) -> End:
    """One sign-in by one way, with one fault at one call, by a person who answers every prompt rightly."""
    answers: dict[str, Callable[[], str]] = {
        "Phone number": lambda: BOT if way == "bot" else PHONE,
        "Code": lambda: telegram.code(PHONE),
        "2FA password": lambda: "" if "forgotten" in way else PASSWORD,
        "Recover by e-mail?": lambda: "y",
        "Recovery code": lambda: telegram.account(PHONE).recovery_code,
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
            if fault.do == "late":
                telegram.limits = {"CALL_LIMIT": SHORT_LIMIT}
        command = [sys.executable, str(LAUNCHER), "--config", telegram.config, "--"]
        env = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TERM": "xterm", "NO_COLOR": "1"}
        arguments = ["--qr"] if way.startswith("QR") else []
        with terminal.Person([*command, *arguments], env=env, size=(100, 50)) as person:
            asked: list[str] = []
            while prompt := person.is_asked_one_of(list(answers), timeout=70):
                asked.append(prompt)
                if asked.count(prompt) > 3:
                    person.presses("ctrl-c")
                else:
                    person.types(answers[prompt](), hidden=prompt == "2FA password")
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


@cache
def calls_of(way: str) -> tuple[tuple[str, int], ...]:
    """Every call that a sign-in by this way makes when nothing goes wrong."""
    end = sign_in(way)
    assert end.works, end.transcript
    return end.calls


@pytest.mark.parametrize("name", FAULTS)
def test_every_sign_in_ends_in_a_working_string_or_in_the_right_verdict(name, count):
    fault = FAULTS[name]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calls = dict(zip(WAYS, pool.map(calls_of, WAYS)))
        cases = [
            (way, place)
            for way in WAYS
            for place in calls[way]
            if (place[0] not in AFTERWARDS or way == next(iter(WAYS)))
            and place not in calls.get(BEGINS_AS.get(way, ""), ())
        ]
        ends = list(pool.map(lambda case: sign_in(*case, fault), cases))
    for (way, (method, nth)), end in zip(cases, ends):
        told = f"{way}, {name} at {method} ({nth}), exit code {end.code}:\n{end.transcript}"
        assert end.code in (0, 1, 130), told
        assert "Traceback" not in end.transcript, told
        if end.works:
            assert (end.code, end.signed_in) == (0, 1), told  # and no second key that nobody has been told of
        else:
            assert fault.verdict, told
            assert re.search(fault.verdict, " ".join(end.transcript.split())), told
            assert not end.signed_in, told  # nobody is signed in with a key that the person does not have
    count("sign-ins survived", sum(end.works for end in ends))
    count("sign-ins ended in their verdict", sum(not end.works for end in ends))


@pytest.mark.parametrize("name", LATE)
def test_a_call_that_is_carried_out_late_is_not_lost(name, count):
    fault = LATE[name]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calls = dict(zip(WAYS, pool.map(calls_of, WAYS)))
        cases = [(way, place) for way in WAYS for place in calls[way] if place[0] in CAN_SIGN_IN]
        ends = list(pool.map(lambda case: sign_in(*case, fault), cases))
    assert {place[0] for _, place in cases} == set(CAN_SIGN_IN)
    for (way, (method, nth)), end in zip(cases, ends):
        told = f"{way}, {name} at {method} ({nth}), exit code {end.code}:\n{end.transcript}"
        assert "Traceback" not in end.transcript and "Nothing was left signed in" not in end.transcript, told
        if end.works:
            assert (end.code, end.signed_in) == (0, 1), told
        else:
            assert end.code == 1 and fault.verdict in " ".join(end.transcript.split()), told
    count("late calls survived", sum(end.works for end in ends))
    count("late calls that are told as not known", sum(not end.works for end in ends))
