"""Whatever stands in the place of Telegram: nothing that it says drives, floods, hangs or breaks the script.

At every call of every way in, each of the hostile answers that `helpers.hostile` makes.
"""

from __future__ import annotations

import io
import random
import re
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telethon.tl import types

import telegram_session as script

from .conftest import LAUNCHER
from .helpers import terminal
from .helpers.hostile import (
    DRIVING,
    EVERY_KIND,
    LINES,
    TEXTS,
    Hostile,
    hostile_answers,
    made,
    nothing_drives_the_terminal,
)
from .practice import PracticeTelegram
from .practice.accounts import Delivery
from .practice.telegram import API_HASH, API_ID

PHONE = "+49 151 12345678"
BOT = "5000000777:AAGpracticebotpracticebotpracticebo"
PASSWORD = "correct horse"
SET_UP_EMAIL = Delivery(types.auth.SentCodeTypeSetUpEmailRequired())
# How the account is, by the way in, and at which of its calls something hostile answers.
WAYS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "code": ({}, ("auth.sendCode", "auth.signIn", "account.getAuthorizations", "help.getAppConfig", "users.getUsers")),
    "code and 2FA": ({"password": PASSWORD}, ("account.getPassword", "auth.checkPassword")),
    "recovery": (
        {"password": PASSWORD, "recovery_email": "petra@example.org"},
        ("auth.requestPasswordRecovery", "auth.checkRecoveryPassword", "auth.recoverPassword"),
    ),
    "login e-mail to be set up": (
        {"delivery": [SET_UP_EMAIL]},
        ("account.sendVerifyEmailCode", "account.verifyEmail"),
    ),
    "QR code": ({}, ("auth.exportLoginToken",)),
    "bot": ({}, ("auth.importBotAuthorization",)),
}
PLACES = [(way, call) for way, (_, calls) in WAYS.items() for call in calls]
AT_ONCE = 4
PATIENCE = 45.0  # seconds for one sign-in: one answer that never comes, and what follows it


# ── what a person does and sees ──


class Attempt:
    """A practice Telegram, and one sign-in after the other at it, each with one hostile answer."""

    def __init__(self, way: str, call: str) -> None:
        self.way, self.call = way, call
        self.met = 0
        self.telegram = PracticeTelegram()
        self.who = BOT if way == "bot" else PHONE
        account = self.telegram.account
        self.replies: dict[str, Callable[[], str]] = {
            "Phone number": lambda: self.who,
            "Code": lambda: account(PHONE).sent.code if account(PHONE).sent else "12345",
            "2FA password": lambda: "" if way == "recovery" else PASSWORD,
            "Recover by e-mail?": lambda: "y",
            "Recovery code": lambda: "765432",
            "Email code": lambda: account(PHONE).email_code,
            "Email": lambda: "petra@example.org",
            "Ask Telegram for a new code?": lambda: "n",
        }

    def all(self, answers: list[Hostile]) -> int:
        """Starts the script as often as it takes; after most ends it is told to try again. Returns how many it met."""
        env = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TERM": "xterm", "NO_COLOR": "1"}
        env["TELEGRAM_PHONE"] = self.who
        left = list(reversed(answers))
        with self.telegram:
            self.telegram.send_limit = self.telegram.password_limit = 10**6
            command = [sys.executable, str(LAUNCHER), "--config", self.telegram.config, "--"]
            while left:
                with terminal.Person(
                    [*command, *["--qr"] * (self.way == "QR code")], env=env, size=(100, 60)
                ) as person:
                    again = ""
                    while left and (again or not person.transcript):
                        again = self.one(person, again, left.pop())
        return self.met

    def one(self, person: terminal.Person, again: str, hostile: Hostile) -> str:
        """One sign-in; returns what to type for another, "" if the script has ended."""
        telegram = self.telegram
        telegram.add_account(PHONE, **WAYS[self.way][0])
        telegram.add_bot(BOT)
        telegram.faults.clear()
        if self.way == "QR code":
            telegram.auto_scan = (PHONE, 0.1)
        if self.call == "users.getUsers":
            telegram.faults.add("auth.signIn", "cut", handled=True)
        times = 1 if self.way == "QR code" else None
        fault = telegram.faults.add(self.call, hostile.do, times=times, **hostile.details)
        begin, began = len(person.transcript), time.monotonic()
        if again:
            person.types(again)
        asked: list[str] = []
        end = "Press Enter to exit"
        patience = 4.0 if self.way == "QR code" else 30.0
        stopped = False
        while True:
            prompt = person.is_asked_one_of([*self.replies, end], timeout=patience)
            if prompt == end or person.process.poll() is not None:
                break
            if not prompt and not fault.hits and time.monotonic() - began < 30:
                continue  # a slow machine: the answer has not come yet
            asked.append(prompt)
            if not prompt or asked.count(prompt) > 2:
                person.presses("ctrl-c")
                patience, stopped = 30.0, True
            else:
                person.types(self.replies[prompt](), hidden=prompt == "2FA password")
            assert time.monotonic() - began < PATIENCE, f"{hostile.name}:\n{person.transcript[begin:][-5000:]}"
        self.met += min(1, fault.hits)
        shown = person.transcript[begin:]
        self.check(person, shown, f"{self.way}, {hostile.name} at {self.call}:\n{shown[-5000:]}")
        choices = shown[shown.rindex("Right now you can:") :] if "Right now you can:" in shown else ""
        if "(or choose a number)" in shown[-100:] and not stopped:  # Ctrl-C may come when it is the last prompt already
            return next(number for number in "124" if re.search(rf"\[{number}\] (try again|make another)", choices))
        person.types("")
        person.exits(person.process.wait(10))
        return ""

    def check(self, person: terminal.Person, shown: str, told: str) -> None:
        plain = " ".join(shown.split())
        strings = re.findall(r"^1[A-Za-z0-9_-]{300,}=*$", shown, re.MULTILINE)
        assert strings or "What to do:" in plain or "Stopped." in plain, told
        assert "Traceback" not in plain, told
        assert "Something unexpected went wrong in this script" not in plain, told
        assert not re.search("(?m)^PWNED", shown), told
        assert shown.count("\n") + len(shown) // 100 < LINES, told
        nothing_drives_the_terminal(person.raw)
        signed_in = {key.key for key in self.telegram.authorizations(self.who)}
        given = {script.home_key(script.decode_telethon_string(string)) for string in strings}
        assert signed_in <= given or "its string is lost" in plain, told


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
@pytest.mark.parametrize(("way", "call"), PLACES, ids=[f"{call} ({way})" for way, call in PLACES])
def test_every_hostile_answer_ends_in_a_string_or_a_verdict(way: str, call: str, count: Callable[..., None]) -> None:
    answers = hostile_answers(call)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        met = sum(pool.map(lambda part: Attempt(way, call).all(answers[part::AT_ONCE]), range(AT_ONCE)))
    assert met >= 0.9 * len(answers)  # an answer may come after the end that an earlier one made
    count("hostile answers of a server", met)


# ── what a person types, and what is printed ──

WILD = st.one_of(st.text(), st.text("0123456789 -*.'+é", max_size=40), st.sampled_from(sorted(TEXTS.values())))
WILD_NUMBERS = st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1), st.integers(0, 12))


def spoken(speak: Callable[[script.Terminal], None]) -> str:
    """What the script's terminal prints when something is said on it."""
    out, before = io.StringIO(), script.term
    script.term = script.Terminal()
    script.term.speak_on(out)
    try:
        speak(script.term)
    finally:
        script.term = before
    return out.getvalue()


@given(WILD, WILD, WILD_NUMBERS, st.sampled_from(["digits", "words", "number"]))
def test_whatever_is_typed_as_a_code_is_one_or_is_doubted(typed: str, told: str, length: int, ask: str) -> None:
    kind = SimpleNamespace(pattern=told, beginning=told, length=length, prefix=told)
    began = time.monotonic()
    code, doubt = script.read_code(typed, kind, ask)
    assert code or doubt
    assert ask == "words" or not re.search(r"\s", code)
    assert len(doubt) < 400
    assert time.monotonic() - began < 10  # no pattern runs away


@pytest.mark.parametrize(
    ("pattern", "typed", "right"),
    [
        ("+7*95*", "79951234567", True),
        ("+7*95*", "79123456789", False),
        ("*" * 5000 + "99", "123456789012", False),
        ("*" * 5000 + "2", "123456789012", True),
        ("12*12", "12", False),
    ],
)
def test_the_number_that_called_is_compared_with_the_pattern(pattern: str, typed: str, right: bool) -> None:
    code, doubt = script.read_code(typed, SimpleNamespace(pattern=pattern), "number")
    assert code == typed
    assert (not doubt) == right


HEAD = st.sampled_from([b"", struct.pack("<I", types.auth.SentCode.CONSTRUCTOR_ID)])
HASH = st.sampled_from([b"", b"\x0babcdefghijk", b"\x0babcdefghijk" + struct.pack("<I", 0x72A3158C)])


@given(HEAD, st.binary(max_size=8), st.binary(max_size=300), HASH, st.binary(max_size=40))
def test_a_code_behind_an_unknown_type_is_found_or_not(head: bytes, a: bytes, b: bytes, c: bytes, d: bytes) -> None:
    unknown = script.UnknownAnswer(1, head + a + b + c + d, "auth.sendCode")
    sent = script.rescue_sent_code(unknown)
    if sent is not None:
        assert sent.phone_code_hash.isalnum()
        assert all(isinstance(part, str) for row in script.answer_rows(sent) for part in row)


@given(st.sampled_from(EVERY_KIND), st.randoms(use_true_random=False), WILD, WILD_NUMBERS.filter(bool))
def test_every_object_can_be_dumped(kind: Any, choose: random.Random, text: str, number: int) -> None:
    answer = made(kind, choose, text, number)
    shown = spoken(lambda term: script.show_answer(answer))
    assert shown.count("\n") < LINES
    assert not re.search(DRIVING, shown)


@given(WILD)
def test_no_text_drives_the_terminal(text: str) -> None:
    def speak(term: script.Terminal) -> None:
        term.verbatim(text[:2000])
        term.say(text[:2000], mark="→")
        term.facts([("Name", text)])
        term.problem(script.Problem(text, text, [text], name=text, said=text))

    shown = spoken(speak)
    assert not re.search(DRIVING, shown)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_of_a_hostile_text_the_report_has_a_harmless_line_or_a_few(text: str) -> None:
    """The report masks everything that was said, and everything that a server called private."""
    term = script.Terminal()
    term.hide(text, "first name")
    term.record(text)
    report = term.transcript()
    assert not re.search(DRIVING, report)
    assert len(report) < 20 * script.LONGEST_TEXT
