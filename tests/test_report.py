"""The report for asking for help: it says everything that helps, and nothing that belongs to the person."""

from __future__ import annotations

import base64
import os
import re
import signal
import stat
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from telethon.tl import types

import telegram_session as script

from .conftest import Run
from .helpers.signing_in import start
from .helpers.terminal import Person
from .practice import PracticeTelegram
from .practice.telegram import API_HASH, API_ID

PHONE = "+49 151 12345678"
FORMATTED = "+49 1511 2345678"
CODE, WRONG_CODE = "24680", "97531"
PASSWORD, WRONG_PASSWORD = 'Xanthippe\'s "dürre" Katze', "Wildschwein/42+7"
BOT_TOKEN = "5000000777:AAGpracticebotpracticebotpracticebo"
WHO = {"first_name": "Fridolin", "last_name": "Ott", "username": "fridolin_x7", "user_id": 6123456789}
HINT = "moo"
RECOVERY_EMAIL, RECOVERY_CODE = "fridolin.ott@example.org", "864209"
LOGIN_EMAIL, EMAIL_CODE = "quark@example.com", "753186"
KNOWN = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_PHONE": PHONE}
STRING = re.compile(r"^1[\w-]{350,}=*$", re.MULTILINE)


def spellings(secret: str | bytes) -> Iterator[str]:
    """How a secret can be written, apart from capitals; for base64 what stays the same whatever stands before it."""
    data = secret if isinstance(secret, bytes) else secret.encode()
    yield data.hex()
    yield from (quote(data), quote(data, safe=""), quote_plus(data))
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data + bytes(3))
        core = whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6].decode()
        if len(core) > 5:
            yield core
            yield core.replace("+", "-").replace("/", "_")
    if isinstance(secret, str):
        yield secret
        yield repr(secret)[1:-1]
        yield secret.encode("ascii", "backslashreplace").decode()


def leaks(text: str, secrets: dict[str, str | bytes]) -> list[str]:
    """The secrets that stand in a text, in whatever spelling; short ones where they stand alone.

    The addresses of objects in Telethon's own lines, `(7fb6b7e24680)`, hold the digits of a code now and then.
    """
    text = re.sub(r"\([0-9a-f]{6,16}\)", "", text).casefold()

    def stands(spelling: str) -> bool:
        plain = spelling.casefold()
        return bool(re.search(rf"\b{re.escape(plain)}\b", text)) if len(plain) < 5 else plain in text

    return [f"{name}: {each}" for name, secret in secrets.items() for each in spellings(secret) if stands(each)]


def secrets_of(telegram: PracticeTelegram, person: Person) -> dict[str, str | bytes]:
    """Everything that must not be in a report, as far as it has come up."""
    found: dict[str, str | bytes] = {
        "phone as typed": PHONE, "phone": "4915112345678", "phone as shown": FORMATTED, "national": "15112345678",
        "code": CODE, "wrong code": WRONG_CODE, "password": PASSWORD, "wrong password": WRONG_PASSWORD,
        "API ID": str(API_ID), "API hash": API_HASH, "start of the API hash": API_HASH[:4] + "…",
        "first name": "Fridolin", "last name": "Ott", "username": "fridolin_x7", "user id": "6123456789", "hint": HINT,
        "recovery e-mail": RECOVERY_EMAIL, "recovery pattern": "fr***t@example.org", "recovery code": RECOVERY_CODE,
        "login e-mail": LOGIN_EMAIL, "e-mail pattern": "qu***k@example.com", "e-mail code": EMAIL_CODE,
        "bot token": BOT_TOKEN, "bot secret": BOT_TOKEN.partition(":")[2], "bot id": BOT_TOKEN.partition(":")[0],
    }  # fmt: skip
    for number, key in enumerate(telegram.keys):
        found[f"auth key {number}"] = key.key
    for number, string in enumerate(STRING.findall(person.transcript)):
        found[f"string {number}"] = string
        found[f"half of string {number}"] = string[100:200]
    for number, token in enumerate(telegram.login_tokens):
        found[f"QR token {number}"] = token
    for number, shown in enumerate(re.findall(r"phone_code_hash :\s+(\w+)", person.transcript)):
        found[f"phone_code_hash {number}"] = shown
    for account in [*telegram.accounts.values(), *telegram.bots.values()]:
        found["access hash"] = str(account.access_hash)
    return found


def command_lines(person: Person) -> str:
    """The command lines of every process of the person's terminal, as everybody on the computer can read them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == person.process.pid:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (OSError, ValueError):
            continue
    return "\n".join(found)


# The ways in, each up to the last prompt


def by_code_and_password(telegram: PracticeTelegram, run: Run) -> Person:
    """Everything typed, and everything typed wrong first."""
    telegram.add_account(PHONE, code=CODE, password=PASSWORD, hint=HINT, **WHO)
    person = run("--report", "r.txt", "--debug", size=(100, 50))
    person.answers("Do you already have", "y")
    person.answers("API ID", PHONE)
    person.answers("API ID", API_HASH[:20])
    person.answers("API ID", str(API_ID))
    person.answers("API hash", API_HASH[:-1])
    person.answers("API hash", API_HASH)
    person.answers("Phone number", "49151")
    person.answers("Phone number", PHONE)
    person.answers("Code", WRONG_CODE)
    person.answers("Code", CODE)
    person.answers("2FA password", WRONG_PASSWORD, hidden=True)
    person.answers("2FA password", PASSWORD, hidden=True)
    return person


def by_recovery(telegram: PracticeTelegram, run: Run) -> Person:
    recovery = {"recovery_email": RECOVERY_EMAIL, "recovery_code": RECOVERY_CODE}
    telegram.add_account(PHONE, code=CODE, password=PASSWORD, hint=HINT, **recovery, **WHO)
    person = run("--report", "r.txt", "--debug", env=KNOWN)
    person.answers("Code", CODE)
    person.answers("2FA password", "", hidden=True)
    person.answers("Recover by e-mail?", "y")
    person.answers("Recovery code", RECOVERY_CODE)
    return person


def by_email(telegram: PracticeTelegram, run: Run) -> Person:
    telegram.add_account(PHONE, email_code=EMAIL_CODE, delivery=[types.auth.SentCodeTypeSetUpEmailRequired()], **WHO)
    person = run("--report", "r.txt", "--debug", env=KNOWN)
    person.answers("Email", LOGIN_EMAIL)
    person.answers("Email code", EMAIL_CODE)
    person.answers("Code", EMAIL_CODE)
    return person


def by_qr(telegram: PracticeTelegram, run: Run) -> Person:
    telegram.add_account(PHONE, dc=4, password=PASSWORD, hint=HINT, **WHO)
    person = run("--qr", "--report", "r.txt", "--debug", env=KNOWN, size=(80, 60))
    person.sees(re.compile(r"\d+s left"))
    telegram.scan(PHONE)
    person.answers("2FA password", PASSWORD, hidden=True)
    return person


def by_bot_token(telegram: PracticeTelegram, run: Run) -> Person:
    telegram.add_bot(BOT_TOKEN, first_name="Fridolin", username="fridolin_x7")
    person = run("--report", "r.txt", "--debug", env={**KNOWN, "TELEGRAM_PHONE": ""})
    person.answers("Phone number", BOT_TOKEN)
    return person


def by_word(telegram: PracticeTelegram, run: Run) -> Person:
    telegram.add_account(PHONE, code="Mo Katze", delivery=[types.auth.SentCodeTypeSmsPhrase(beginning="Mo")], **WHO)
    person = run("--report", "r.txt", "--debug", env=KNOWN)
    person.answers("Code", "Mo Katze")
    return person


WAYS_IN = [by_code_and_password, by_recovery, by_email, by_qr, by_bot_token, by_word]


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.__name__)
def test_nothing_of_the_person_is_in_the_report_or_in_debug_output(telegram, run, tmp_path, way):
    person = way(telegram, run)
    person.is_asked("Press Enter to exit")
    processes = command_lines(person)
    person.answers("Press Enter to exit", "1")
    person.answers("Number", "1")
    person.answers("Number", "1")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    secrets = secrets_of(telegram, person)
    assert {"string 0", "auth key 0"} <= secrets.keys()
    report = (tmp_path / "r.txt").read_text("utf-8")
    assert leaks(report, secrets) == []
    assert not re.search(r"\bMo\b|Katze", report)
    debug = "\n".join(re.findall(r"\x1b\[2m(.*?)\x1b\[0m", person.raw.decode()))
    assert "→ Authorization" in debug or "→ EmailVerifiedLogin" in debug or "→ LoginTokenSuccess" in debug
    assert leaks(debug, secrets) == []
    if processes:  # only Linux has /proc
        assert "telegram_session" in processes or "launcher.py" in processes
        assert leaks(processes, secrets) == []
    # What helps is there all the same.
    assert "auth." in report
    assert re.search(r"\n +\d+\.\d\d  ✓ Signed in\.", report)
    assert "Telethon" in report


MISPLACED = {
    "password": 'Zwölf "böse" Kämpfer\'s 7%', "another password": "Tr0ub4dor&3", "a third": "correcthorsebattery",
    "phone": "+49 (0)1522-345 6789", "phone in other digits": "\u0660\u0661\u0665\u0662\u0662 \u0663\u0664\u0665",
    "e-mail": "quetzal.vogel+7@example.net", "name": "🦜Quetzal🦜 Vogelsang", "link": "tg://login?token=QWxsZVZvZ2Vsc2luZA",
    "proxy": "socks5://vogel:Gefieder88@proxy.example:1080", "path": "/home/quetzalcoatl/geheim/vogel.session",
    "half a hash": "b7c41e9d0a5548f2ac61", "line": 'export TELEGRAM_API_HASH="q7c41e9d0a5548f2ac6177e0d3f1928b"',
    "half a token": "6000000123:AAHquetzal", "half a string": "1" + "BVtsOK8Bu7kq" * 12,
}  # fmt: skip

PLACES = ["Do you already", "API ID", "API hash", "Phone number", "Code", "Email", "Session"]
ELSEWHERE = [
    "Press Enter",
    "Email code",
    "Is this the number",
]  # what was typed has been taken, or the script has ended


@pytest.mark.parametrize("prompt", PLACES)
def test_what_is_typed_where_something_else_is_asked_for_is_not_in_the_report(telegram, run, tmp_path, prompt):
    delivery = [types.auth.SentCodeTypeSetUpEmailRequired()] if prompt == "Email" else []
    telegram.add_account(PHONE, code=CODE, delivery=delivery, **{**WHO, "first_name": "🦜 Quetzal\nVogel"})
    known = {} if prompt.startswith(("Do", "API")) else KNOWN
    known = {**known, "TELEGRAM_PHONE": ""} if prompt == "Phone number" else known
    command = ["check"] if prompt == "Session" else ["--debug"]
    person = run(*command, "--report", "r.txt", env=known)
    if prompt.startswith("API"):
        person.answers("Do you already have", "y")
    if prompt == "API hash":
        person.answers("API ID", str(API_ID))
    typed = {}
    for what, secret in MISPLACED.items():
        if person.is_asked_one_of([*ELSEWHERE, prompt, "Code"]) != prompt:
            break
        person.types(secret, hidden=prompt == "Session")
        typed[what] = secret
    assert typed
    person.is_asked_one_of([*ELSEWHERE, prompt, "Code"])
    if prompt == "Code":
        person.types(CODE)
        person.sees("Quetzal Vogel")
    else:
        person.presses("ctrl-c")
    person.answers("Press Enter to exit", "")
    person.exits(0 if prompt == "Code" else 130)
    report = (tmp_path / "r.txt").read_text("utf-8")
    assert prompt in report
    assert leaks(report, typed) == []
    assert not re.search("quetzal|vogel|gefieder|Kämpfer|ub4dor", report, re.IGNORECASE)


@pytest.mark.parametrize(
    "kind, shown",
    [
        (types.auth.SentCodeTypeFlashCall("+49301*****"), "+49301*****"),
        (types.auth.SentCodeTypeMissedCall("493", 4), "493"),
        (types.auth.SentCodeTypeFragmentSms("https://fragment.com/s/x7q", 5), "fragment.com/s/x7q"),
        (types.auth.SentCodeTypeEmailCode("q***k@example.com", 6), "q***k"),
        (types.auth.SentCodeTypeSmsWord("Ka"), "“Ka”"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_where_the_code_went_is_told_without_what_is_private_in_it(telegram, run, tmp_path, kind, shown):
    telegram.add_account(PHONE, delivery=[kind], **WHO)
    person = run("--report", "r.txt", env=KNOWN)
    person.is_asked("Code")
    person.presses("ctrl-c")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    report = (tmp_path / "r.txt").read_text("utf-8")
    assert shown in person.transcript
    assert shown not in report
    assert type(kind).__name__ in report


# When it is written


def test_the_report_tells_what_a_helper_asks_first(telegram, run, tmp_path):
    telegram.add_account(PHONE, banned=True)
    person = run("--report", "r.txt", env=KNOWN, size=(90, 33))
    person.answers("Press Enter to exit", "")
    person.exits(1)
    path = tmp_path / "r.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    head, _, body = path.read_text("utf-8").partition("\n\n")
    for words in (f": {script.__version__}\n", "exit code : 1\n", "layer ", "90 columns, 33 lines", "utf-8", "Python"):
        assert words in head, words
    assert re.search(r"auth\.sendCode → PHONE_NUMBER_BANNED \(\d+\.\d\d s\)", body)
    assert "Telegram's name for it: PHONE_NUMBER_BANNED, in answer to auth.sendCode" in body
    moments = [float(line.split()[0]) for line in body.splitlines()]
    assert moments == sorted(moments)


def test_a_report_that_exists_is_never_written_over_and_this_is_said_first(run, tmp_path):
    (tmp_path / "r.txt").write_text("precious")
    person = run("--report", "r.txt")
    person.sees("r.txt exists already")
    person.does_not_see("Step 0")
    person.answers("Press Enter to exit", "")
    person.exits(2)
    assert (tmp_path / "r.txt").read_text() == "precious"


def test_a_report_into_a_folder_that_does_not_exist_is_refused_first(run, tmp_path):
    person = run("--report", "nowhere/r.txt")
    person.sees("cannot be written")
    person.does_not_see("Step 0")
    person.answers("Press Enter to exit", "")
    person.exits(2)


def test_a_report_into_a_folder_that_is_not_theirs_is_refused_first(run, tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o500)
    if os.access(tmp_path / "theirs", os.W_OK):
        pytest.skip("whoever runs this may write everywhere")
    person = run("--report", "theirs/r.txt")
    person.sees("cannot be written: you may not write into its folder.")
    person.does_not_see("Step 0")
    person.answers("Press Enter to exit", "")
    person.exits(2)


def test_ctrl_c_leaves_a_report_behind(run, tmp_path):
    person = run("--report", "r.txt")
    person.is_asked("Do you already have")
    person.presses("ctrl-c")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    assert "exit code : 130" in (tmp_path / "r.txt").read_text("utf-8")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"], ids=["kill", "window closed"])
def test_a_closed_window_and_kill_leave_a_report_behind(run, tmp_path, name):
    person = run("--report", "r.txt")
    person.is_asked("Do you already have")
    person.is_sent(getattr(signal, name))
    person.answers("Press Enter to exit", "")
    person.exits(130)
    assert "Do you already have" in (tmp_path / "r.txt").read_text("utf-8")


def test_a_window_that_is_closed_while_telegram_is_silent_ends_the_sign_in(telegram, run, tmp_path):
    telegram.faults.add("auth.sendCode", "silence")
    person = start(run, "--report", "r.txt")
    person.sees("asking for a code:")
    person.loses_the_window()
    person.exits(130)
    assert "Stopped." in (tmp_path / "r.txt").read_text("utf-8")
    assert [call.method for call in telegram.calls] == ["auth.sendCode"]


def test_without_a_terminal_there_is_a_report_too(run, tmp_path):
    person = run("--report", "r.txt", stdin="null", stdout="pipe", stderr="pipe")
    person.exits(1)
    assert "NoTerminal" in (tmp_path / "r.txt").read_text("utf-8")


def test_network_and_check_write_one_too(run, tmp_path):
    person = run("network", "--report", "n.txt")
    person.answers("Press Enter to exit", "", timeout=30)
    person.exits(0)
    report = (tmp_path / "n.txt").read_text("utf-8")
    assert "All is well" in report
    assert "command   : network" in report
    key = bytes(range(256))
    string = script.encode_telethon_string(script.new_session(2, key, "149.154.167.51", 443, user_id=6123456789))
    person = run("check", "--report", "c.txt")
    person.answers("Session string", string, hidden=True)
    person.answers("Press Enter to exit", "")
    person.exits(0)
    report = (tmp_path / "c.txt").read_text("utf-8")
    assert "Data centre" in report
    assert leaks(report, {"string": string, "part": string[60:120], "key": key}) == []


def test_after_every_problem_a_report_is_offered(telegram, run, tmp_path):
    telegram.add_account(PHONE, banned=True)
    person = run(env=KNOWN)
    person.sees("Right now you can")
    number = re.search(r"\[(\d)\] save a report", person.sees(re.compile(r"\[\d\] save a report")))
    assert number
    for name in ("telegram-session-report.txt", "telegram-session-report-2.txt"):
        person.answers("Press Enter to exit", number.group(1))
        person.is_asked(f"File name (Enter alone: {name})")
        person.types("")
        person.sees(f"Report written: {name}")
        assert "PHONE_NUMBER_BANNED" in (tmp_path / name).read_text("utf-8")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_debug_lines_do_not_come_between_a_person_and_a_prompt(telegram, run):
    telegram.add_account(PHONE, code=CODE)
    telegram.latency = 0.05  # so that acknowledgements are on their way while the prompt is shown
    person = run("--debug", env=KNOWN)
    person.answers("Code", WRONG_CODE)
    person.answers("Code", CODE)
    person.is_asked("Press Enter to exit")
    for prompt in re.findall(r"^Code .*$", person.transcript, re.MULTILINE):
        assert re.fullmatch(rf"Code \(.*\): ({CODE}|{WRONG_CODE})", prompt)


def test_a_debug_line_that_is_just_being_written_is_waited_for_before_a_prompt(monkeypatch):
    """The connection speaks on a thread of its own: here it stops in the middle of a line while a question is asked."""
    order, writing, asked = [], threading.Event(), threading.Event()

    class Screen(StringIO):
        def write(self, text: str) -> int:
            if "of the connection" in text:
                writing.set()
                asked.wait(1)  # only as long as this: the question must not come before
            else:
                asked.set()
            order.append(text)
            return len(text)

    monkeypatch.setattr("sys.stdin", StringIO("12345\n"))
    term = script.Terminal()
    term.speak_on(Screen())
    term.interactive = term.debugging = True
    connection = threading.Thread(target=term.debug, args=["a word of the connection"])
    connection.start()
    assert writing.wait(30)
    assert term.ask("Code") == "12345"
    connection.join()
    assert order == ["a word of the connection\n", "Code: "]


def test_an_error_inside_brings_its_traceback_into_the_report(telegram, run, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "segno.py").write_text("raise AttributeError('this segno is broken')\n")
    person = run("--qr", "--report", "r.txt", env={**KNOWN, "PYTHONPATH": str(broken)})
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert "Traceback" not in person.transcript
    report = (tmp_path / "r.txt").read_text("utf-8")
    assert "AttributeError: this segno is broken" in report
    assert leaks(report, secrets_of(telegram, person)) == []


# What the mask knows by its looks


@pytest.fixture
def term() -> Any:
    return script.Terminal()


@pytest.mark.parametrize(
    "text",
    [
        "call +49 151 12345678.", "(020) 7946 0958", "4915112345678",
        "token 5000000777:AAGpracticebotpracticebotpractice",
        "c3a1f0d94b7e4e6f8a25d1907be6643c", "tg://login?token=AbCdEf", "name.surname@example.org", "so***e@example.org",
        "socks5://user:word@127.0.0.1:1080", "https://t.me/proxy?server=a&port=1&secret=abc", "from 203.0.113.9",
        "1ApWapzMBuQ7dH2mN8sKf0LxYzRtVbGh",
        r"Remaining bytes: b'\x07surname\'s so***e\x00'", 'remaining data b"it\'s a surname',
    ],
)  # fmt: skip
def test_what_looks_private_is_masked(term, text):
    masked = term.mask(text)
    assert "[" in masked
    assert not re.search(r"12345|7946|practicebot|c3a1|AbCdEf|surname|so\*\*\*|user:word|secret=|203\.|BuQ7dH", masked)


@pytest.mark.parametrize(
    "text",
    [
        "Telethon 1.45.0, which speaks layer 229 of Telegram's API", "FLOOD_WAIT_86400", "TAKEOUT_INIT_DELAY_86400",
        "Connected to 149.154.167.51 port 443 in 0.09 s.", "Sat 22 Nov 2025 15:10", "auth.sendCode → SentCode (0.00 s)",
        "Write to recover@telegram.org.", "https://my.telegram.org/apps", "SentCodeTypeSetUpEmailRequired",
        "300s  (5m 0s)",
        "Linux-6.1.0-13-amd64-x86_64-with-glibc2.36", "Next try: 14:05:09 (in 23h 59m)",
        'File "/usr/lib/python3.11/asyncio/base_events.py", line 653, in run_until_complete',
    ],
)  # fmt: skip
def test_what_helps_is_not_masked(term, text):
    assert term.mask(text) == text


def test_a_name_that_is_also_a_word_does_not_give_itself_away(term):
    for word in ("Telegram", "Will", "Code"):
        term.hide(word, "first name")
    assert term.mask("Telegram sent the code") == "Telegram sent the code"


def test_a_name_hides_itself_and_no_part_of_other_words(term):
    term.hide("Cobb", "last name")
    assert term.mask("The code goes to “Cobb”, and Telegram counts.") == (
        "The code goes to “[last name]”, and Telegram counts."
    )


def test_the_home_folder_is_not_named(term, monkeypatch):
    monkeypatch.setenv("HOME", "/home/fridolin")
    monkeypatch.setenv("USERPROFILE", "/home/fridolin")
    assert term.mask("Written: /home/fridolin/x.session") == "Written: ~/x.session"
    assert script.Terminal().mask("Looked for /media/fridolin/x") == "Looked for /media/[user name]/x"
