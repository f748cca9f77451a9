"""Answers to whatever is asked that no Telegram would give.

The answers are made, not picked: answers of the right kind with hostile values in every text and number, objects of
other kinds, bytes that are no answer at all, and errors with hostile names.
"""

from __future__ import annotations

import inspect
import random
import re
import struct
from typing import Any, NamedTuple
from zlib import crc32

from telethon.extensions import BinaryReader
from telethon.tl import functions, types
from telethon.tl.alltlobjects import tlobjects

from ..practice.telegram import serialize

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
LINES = 500  # of the screen, for one sign-in: real ones have under 150


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


# What the script itself sends to a terminal without colours: the status line, and the QR code with its cursor movement.
DRIVING = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
OWN = re.compile(rb"\r\x1b\[K|\x1b\[\d+A\r|\x1b\[30;47m\x1b\[38;5;16;48;5;231m|\x1b\[0m|\r\n")


def nothing_drives_the_terminal(raw: bytes) -> None:
    left = OWN.sub(b"", raw).decode("utf-8")
    found = re.search(DRIVING, left)
    assert not found, f"{found[0]!r} after {left[: found.start()][-300:]!r}"
