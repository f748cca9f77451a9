"""Whatever stands in the place of Telegram: nothing that it says drives, floods, hangs or breaks the script.

The answers are made, not picked. At every call of every way in come: answers of the right kind with hostile values in
every text and number, objects of other kinds, bytes that are no answer at all, and errors with hostile names.
"""

from __future__ import annotations

import inspect
import io
import random
import re
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, Callable, NamedTuple
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telethon.extensions import BinaryReader
from telethon.tl import functions, types
from telethon.tl.alltlobjects import tlobjects

import telegram_session as script

from .conftest import LAUNCHER
from .helpers import terminal
from .practice import PracticeTelegram
from .practice.accounts import Delivery
from .practice.telegram import API_HASH, API_ID, serialize

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

# Here the practice Telegram carries the call out, and only its answer is hostile: the key is signed in.
SIGNS_IN = (
    "auth.signIn", "auth.checkPassword", "auth.recoverPassword", "auth.importBotAuthorization",
)  # fmt: skip

TEXTS = {
    "escapes": "\x1b]0;PWNED\x07\x1b[2J\x1b[31m\x1b]52;c;UFdO\x07\x9b5A\x1bP+q\x1b\\\x08\r\x00\u202e\u2066\u061c\u2028",
    "lines": "x" + "\n" * 5000 + "PWNED\n✓ Signed in.\nPWNED" + "\n" * 50_000,
    "long": "W" * 50_000 + " wild" * 10_000,
    "braces and stars": "{} {0} {0.__class__} {phone.__class__.__mro__} {length!r:>99999999} %s %n %(x)d +7"
    + "*" * 300
    + "(9+)+$([*9",
    "nothing": "",
}
NUMBERS = (2**31 - 1, -1, -(2**31), 0, 1 << 20, 77)
AT_ONCE = 4
LINES = 500  # of the screen, for one sign-in: real ones have under 150
PATIENCE = 45.0  # seconds for one sign-in: one answer that never comes, and what follows it


# ── what is answered ──


class Hostile(NamedTuple):
    """One answer: its name for people, and the fault that gives it."""

    name: str
    do: str
    details: dict[str, Any]


EVERY_KIND = sorted(
    (kind for kind in tlobjects.values() if kind.__module__.startswith("telethon.tl.types")),
    key=lambda kind: kind.CONSTRUCTOR_ID,
)
SPACES = ("", "auth.", "account.", "help.", "users.")


def kinds_of(type_id: int) -> list[Any]:
    """The classes of a type; Telethon knows a type by the CRC32 of its name."""
    return [kind for kind in EVERY_KIND if type_id == kind.SUBCLASS_OF_ID]


def made(kind: Any, choose: random.Random, text: str, number: int, depth: int = 3) -> Any:
    """An object of a TL class whose every text is `text` and every number `number`."""
    values = {}
    for name, parameter in list(inspect.signature(kind.__init__).parameters.items())[1:]:
        wanted = str(parameter.annotation)
        if parameter.annotation is parameter.empty:  # the class has no fields, and no __init__ of its own
            continue
        if parameter.default is parameter.empty or choose.random() < 0.1 + 0.25 * depth:
            values[name] = made_value(wanted, choose, text, number, depth)
    return kind(**values)


def made_value(wanted: str, choose: random.Random, text: str, number: int, depth: int) -> Any:
    if "List[" in wanted:
        return [
            made_value(wanted.replace("List[", "", 1), choose, text, number, depth) for _ in range(choose.randrange(3))
        ]
    if "bool" in wanted:
        return True
    if "float" in wanted:
        return choose.choice([float(number), float("nan"), float("inf"), 1e300])
    if "int" in wanted or "datetime" in wanted:
        return number
    if "str" in wanted or "bytes" in wanted:
        return text if "str" in wanted else text.encode()
    name = re.findall(r"Type(\w+)", wanted)[0]
    kinds = [kind for space in SPACES for kind in kinds_of(crc32(f"{space}{name}".encode()))]
    if choose.random() < 0.1:  # Telethon reads any object in the place of any other
        kinds = EVERY_KIND
    if depth <= 0:
        kinds = sorted(kinds, key=lambda one: len(inspect.signature(one.__init__).parameters))[:2]
    return made(choose.choice(kinds or EVERY_KIND[:50]), choose, text, number, depth - 1)


def made_bytes(kind: Any, choose: random.Random, text: str, number: int) -> bytes:
    """The same as it travels. Some fields have fixed lengths, or must come in pairs: then it is made anew."""
    for tries in range(40):
        try:
            data = serialize(made(kind, choose, text, number, depth=3 - tries // 10))
            with BinaryReader(data) as reader:
                reader.tgread_object()
            return data
        except Exception:
            continue
    return b""


def request_of(call: str) -> Any:
    space, _, name = call.partition(".")
    return getattr(getattr(functions, space), name[0].upper() + name[1:] + "Request")


def hostile_answers(call: str) -> list[Hostile]:
    """Everything that is answered at a call, the same in every run."""
    choose = random.Random(call)
    found: list[Hostile] = []

    def add(name: str, data: bytes) -> None:
        if data:
            handled = call in SIGNS_IN and "SignUp" not in name
            found.append(Hostile(f"{name} ({data[:24].hex()})", "bytes", {"data": data, "handled": handled}))

    right = kinds_of(types.User.SUBCLASS_OF_ID if call == "users.getUsers" else request_of(call).SUBCLASS_OF_ID)
    vector = struct.pack("<Ii", 0x1CB5C415, 1) if call == "users.getUsers" else b""
    for number, (name, text) in enumerate(TEXTS.items()):
        for kind in right:
            data = made_bytes(kind, choose, text, NUMBERS[number % len(NUMBERS)])
            add(f"{kind.__name__}, {name}", data and vector + data)
    if call == "auth.sendCode":
        for number, kind in enumerate(kinds_of(types.auth.SentCodeTypeApp.SUBCLASS_OF_ID)):
            inner = made_bytes(kind, choose, list(TEXTS.values())[number % len(TEXTS)], NUMBERS[number % len(NUMBERS)])
            if inner:
                head = struct.pack("<Ii", types.auth.SentCode.CONSTRUCTOR_ID, 4)
                add(kind.__name__, head + inner + b"\x04hash\0\0\0" + struct.pack("<i", -1))
    if call == "auth.exportLoginToken":
        for dc in (0, 77, -1):
            add(f"data centre {dc}", serialize(types.auth.LoginTokenMigrateTo(dc, b"x")))
        for expires in (0, 1, -(2**31), 2**31 - 1):
            for token in (b"", b"t" * 32, b"t" * 5000):
                add(f"{len(token)} bytes until {expires}", serialize(types.auth.LoginToken(expires, token)))
    for wrong in (True, [], [True], *(made_bytes(choose.choice(EVERY_KIND), choose, "wrong", 1) for _ in range(2))):
        add("another kind", serialize(wrong))
    add("a number that nobody knows", struct.pack("<I", 0xBADC0DE) + choose.randbytes(40))
    add("random bytes", choose.randbytes(64))
    add("a list without end", struct.pack("<Ii", 0x1CB5C415, 2**31 - 1) + bytes(40))
    if right:
        add("the beginning of an answer", struct.pack("<I", right[0].CONSTRUCTOR_ID) + bytes(2))
    for name, code in (("X" * 9000, 400), (TEXTS["escapes"], 406), ("FLOOD_WAIT_" + "9" * 5000, 420),
                       ("PHONE_MIGRATE_77", 303), (TEXTS["lines"][:9000], -(2**31))):  # fmt: skip
        found.append(Hostile(f"{name[:12]!r} {code}", "error", {"name": name, "code": code}))
    for name, text in TEXTS.items():
        if call == "auth.sendCode" and name != "nothing":
            found.append(Hostile(f"406, {name}", "error", {"name": "PHONE_NUMBER_INVALID", "code": 406, "popup": text}))
    return found


# ── what a person does and sees ──

# What the script itself sends to a terminal without colours: the status line, and the QR code with its cursor movement.
DRIVING = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
OWN = re.compile(rb"\r\x1b\[K|\x1b\[\d+A\r|\x1b\[30;47m\x1b\[38;5;16;48;5;231m|\x1b\[0m|\r\n")


def nothing_drives_the_terminal(raw: bytes) -> None:
    left = OWN.sub(b"", raw).decode("utf-8")
    found = re.search(DRIVING, left)
    assert not found, f"{found[0]!r} after {left[: found.start()][-300:]!r}"


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
            return next(number for number in "14" if re.search(rf"\[{number}\] (try again|make another)", choices))
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
