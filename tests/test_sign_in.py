"""The main job, as a person meets it: from an empty terminal to a string that works, and how one leaves it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from telethon.tl import types

import telegram_session

from .helpers.signing_in import (
    APP,
    CREDENTIALS,
    PHONE,
    SMS,
    STRING,
    gets_a_string,
    leaves_nothing_behind,
    shown_string,
    start,
    who_signs_in_with,
)
from .practice.accounts import Delivery
from .practice.telegram import API_HASH, API_ID

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram


# ── a string at the end ──


def test_from_the_first_prompt_to_a_string_that_works(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, code="24680", first_name="Petra", username="petra")
    person = run()
    person.answers("Do you already have an API ID and API hash? [Y/n]", "")
    person.answers("API ID", str(API_ID))
    person.answers("API hash", API_HASH)
    person.answers("Phone number", PHONE)
    person.sees("SentCodeTypeApp")
    person.sees("sent the code to your Telegram APP. It is not an SMS")
    person.answers("Code", "24680")
    string = gets_a_string(person, telegram, account)
    for fact in ("Petra", "@petra", str(account.user_id), "2 (Amsterdam)", str(API_ID), API_HASH):
        assert fact in person.transcript.split("Your session")[1]
    session = telegram_session.decode_telethon_string(string)
    assert [key.key for key in telegram.authorizations(PHONE)] == [telegram_session.home_key(session)]


def test_a_sign_in_with_a_code_costs_at_most_four_calls(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", "12345")
    person.is_asked("Press Enter to exit")
    assert telegram.methods[:2] == ["auth.sendCode", "auth.signIn"]
    assert len(telegram.calls) <= 4


def test_a_code_by_sms(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[SMS])
    person = start(run)
    person.sees("by SMS to +4915112345678")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


def test_the_account_lives_in_another_data_centre(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, dc=4)
    person = start(run)
    person.sees("Telegram keeps this account in data centre 4 (Amsterdam). Moving there.")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)
    assert telegram.methods[:3] == ["auth.sendCode", "auth.sendCode", "auth.signIn"]


def test_a_wrong_code_is_asked_for_again(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", "54321")
    person.sees("PHONE_CODE_INVALID")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


def test_a_code_that_was_resent(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=0), SMS])
    person = start(run)
    person.sees("[2] send the code again by SMS (possible now)")
    person.answers("Code", "2")
    person.sees("SentCodeTypeSms")
    person.answers("Code", telegram.wait_for_call("auth.resendCode") and telegram.code(PHONE))
    gets_a_string(person, telegram, account)
    sent = [call for call in telegram.calls if call.method == "auth.signIn"]
    assert sent[0].request.phone_code_hash in person.transcript.split("SentCodeTypeApp")[1]  # the second dump's


def test_the_password_is_asked_for_without_echo_and_with_its_hint(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="correct horse", hint="four words")
    person = start(run)
    person.answers("Code", "12345")
    person.sees("Telegram wants its password too. (SESSION_PASSWORD_NEEDED)")
    person.sees("Your hint: four words")
    person.answers("2FA password", "correct horse", hidden=True)
    gets_a_string(person, telegram, account)
    person.does_not_see("correct horse")


def test_a_wrong_password_is_asked_for_again_with_a_fresh_challenge(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password=" with blanks ")
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "with blanks", hidden=True)
    person.sees("PASSWORD_HASH_INVALID")
    person.answers("2FA password", " with blanks ", hidden=True)
    gets_a_string(person, telegram, account)
    checked = [call.request.password.srp_id for call in telegram.calls if call.method == "auth.checkPassword"]
    assert len(set(checked)) == 2


def test_letters_in_another_encoding_are_asked_for_again(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    person = start(run, env={"PYTHONIOENCODING": "utf-8:strict"})  # as it is wherever LANG names a language
    person.answers("Code", "\udcea\udcee\udce4")  # what a terminal for Windows-1251 sends for “код”
    person.sees("There is no digit in it.")
    person.answers("Code", "12345")
    person.answers("2FA password", "\udcea\udcee\udce4", hidden=True)
    person.sees("could not be read")
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


def test_a_pipe_gets_the_string_and_nothing_else(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    person = start(run, stdout="pipe")
    person.answers("Code", "12345")
    person.answers("2FA password", "secret", hidden=True)
    person.sees("Signed in.")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    string, end = person.output[:-1], person.output[-1]
    assert end == "\n"
    assert STRING.fullmatch(string)
    assert who_signs_in_with(telegram, string).id == account.user_id
    person.does_not_see(string)


def test_another_string_for_another_program(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("kill it (AUTH_KEY_DUPLICATED)")
    person.is_asked("Press Enter to exit")
    first = shown_string(person)
    way = re.search(r"\[(\d)\] make another string", person.transcript)
    assert way
    person.types(way[1])
    person.answers("Code", telegram.wait_for_call("auth.sendCode", nth=2) and "23456")
    second = gets_a_string(person, telegram, account)
    assert second != first
    assert len(telegram.authorizations(PHONE)) == 2
    assert who_signs_in_with(telegram, first).id == account.user_id


# ── what Telegram answered, and what is typed ──


def test_the_dump_shows_every_field_of_every_nested_object(telegram: PracticeTelegram, run: Run) -> None:
    kind = types.auth.SentCodeTypeFirebaseSms(
        length=6,
        nonce=b"\x01\xfe",
        play_integrity_project_id=77,
        play_integrity_nonce=b"\x02",
        receipt="r",
        push_timeout=90,
    )
    telegram.add_account(PHONE, delivery=[Delivery(kind, timeout=300), SMS])
    person = start(run)
    person.is_asked("Code")
    sent = telegram.account(PHONE).sent
    assert sent
    dump = re.split("─{20,}", person.transcript.split("Telegram response (full debug dump)")[1])[1]
    rows = dict(re.findall(r"^ +(\S+(?: \(raw\))?) +: +(.*)$", dump, re.MULTILINE))
    assert rows == {
        "phone_code_hash": sent.hash,
        "timeout": "300s  (5m 0s)",
        "type (raw)": "SentCodeTypeFirebaseSms",
        ".length": "6",
        ".nonce": "01fe (2 bytes)",
        ".play_integrity_project_id": "77",
        ".play_integrity_nonce": "02 (1 bytes)",
        ".receipt": "r",
        ".push_timeout": "90s  (1m 30s)",
        "next_type (raw)": "CodeTypeSms",
    }


def test_the_dump_shows_every_member_of_a_list(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[types.auth.SentCodeSuccess])
    user = account.user()
    user.usernames = [types.Username("petra", active=True), types.Username("petra_too")]
    success = types.auth.SentCodeSuccess(types.auth.Authorization(user))
    telegram.faults.add("auth.sendCode", "answer", answer=success, handled=True)
    person = start(run)
    person.sees(re.compile(r"usernames\[0\] \(raw\) +: +Username\s"))
    person.sees(re.compile(r"username +: +petra\s"))
    person.sees(re.compile(r"username +: +petra_too\s"))
    gets_a_string(person, telegram, account)


def test_an_empty_code_is_never_sent(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", "")
    person.sees("Nothing was typed, and nothing was sent")
    person.answers("Code", "   ")
    person.sees("Nothing was typed, and nothing was sent")
    person.answers("Code", " - ")
    person.sees("There is no digit in it")
    person.answers("Code", " - ")
    person.sees("There is no digit in it")
    person.is_asked("Code")
    assert "auth.signIn" not in telegram.methods


# As Telegram's apps copy it: the code is in the second line, and lines follow that answer nothing.
MESSAGE = "Telegram, [22.11.2026 18:30]\rLogin code: {}. Do not give this code to anyone!\r\rWe never ask for it.\r\r"


def test_a_message_is_pasted_in_the_place_of_the_code(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", MESSAGE.format("99999"))
    person.sees("This code is wrong.")
    person.answers("Code", MESSAGE.format("12345"))
    person.answers("Press Enter to exit", "1")
    person.sees("Where does it go?")
    person.does_not_see("Nothing was typed")
    person.does_not_see("Please type a number")


def test_half_a_letter_that_the_terminal_left_behind_ends_nothing(telegram: PracticeTelegram, run: Run) -> None:
    """Without IUTF8 (tty_ioctl(4)) Backspace takes one byte away, and half of a Cyrillic letter stays in the line."""
    half = "\udcd0"
    account = telegram.add_account(PHONE, password="correct horse")
    strict = {"PYTHONIOENCODING": "utf-8:strict"}  # as in en_US.UTF-8, for one
    person = start(run, phone="", env={**strict, "TERM": "dumb"})
    person.answers("Phone number", half + PHONE)
    person.sees("Type one number")
    person.answers("Phone number", PHONE)
    person.answers("Code", half + "12345")
    person.answers("2FA password", half + "correct horse", hidden=True)
    person.sees("could not be read")
    person.answers("2FA password", "correct horse", hidden=True)
    gets_a_string(person, telegram, account)


def test_a_code_of_the_wrong_length_is_doubted_once(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, code="123456")])
    person = start(run)
    person.answers("Code", "123456")
    person.sees("The code has 5 digits, and this is 6.")
    assert "auth.signIn" not in telegram.methods
    person.answers("Code", "123456")
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12345", "12345"),
        ("1 2 3 4 5", "12345"),
        ("12-345", "12345"),
        ("12–345.", "12345"),
        ("“12345”", "12345"),
        ("１２３４５", "12345"),
        ("١٢٣٤٥", "12345"),
        ("Login code: 12345. Do not give this code to anyone, even if they say they are from Telegram!", "12345"),
        ("my code is 12 345", "12345"),
        ("Telegram code 12-345", "12345"),
    ],
)
def test_a_code_is_understood_however_it_is_written(typed: str, code: str) -> None:
    assert telegram_session.read_code(typed, APP, "digits") == (code, "")


@pytest.mark.parametrize("typed", ["1234", "123456", "hello", "", "--", "12345 or 54321"])
def test_what_cannot_be_the_code_is_doubted(typed: str) -> None:
    assert telegram_session.read_code(typed, APP, "digits")[1]


# ── leaving ──

# A prompt, and the answers that lead to it from the start: (prompt, typed, hidden)...
CODE = [("Code", "12345", False)]
PROMPTS: dict[str, tuple[dict[str, Any], list[tuple[str, str, bool]], str]] = {
    "API ID and hash": ({}, [], "Do you already have an API ID and API hash? [Y/n]"),
    "API ID": ({}, [("Do you", "", False)], "API ID"),
    "API hash": ({}, [("Do you", "n", False), ("API ID", str(API_ID), False)], "API hash"),
    "Phone number": (CREDENTIALS, [], "Phone number"),
    "right number?": (CREDENTIALS, [("Phone number", "4915112345678", False)], "Is this the number?"),
    "Code": ({"TELEGRAM_PHONE": PHONE}, [], "Code"),
    "Code again": ({"TELEGRAM_PHONE": PHONE}, [("Code", "54321", False)], "Code"),
    "New code": ({"TELEGRAM_PHONE": PHONE}, CODE, "Ask Telegram for a new code? [Y/n]"),
    "2FA password": ({"TELEGRAM_PHONE": PHONE}, CODE, "2FA password"),
    "Recover": ({"TELEGRAM_PHONE": PHONE}, [*CODE, ("2FA password", "", True)], "Recover by e-mail? [y/N]"),
    "Recovery code": (
        {"TELEGRAM_PHONE": PHONE},
        [*CODE, ("2FA password", "", True), ("Recover by e-mail?", "y", False)],
        "Recovery code",
    ),
    "Email": ({"TELEGRAM_PHONE": "+44 7700 900123"}, [], "Email"),
    "Email code": ({"TELEGRAM_PHONE": "+44 7700 900123"}, [("Email", "me@example.org", False)], "Email code"),
}


@pytest.mark.parametrize("key", ["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("place", PROMPTS)
def test_leaving_at_a_prompt_leaves_nothing_behind(telegram: PracticeTelegram, run: Run, place: str, key: str) -> None:
    telegram.add_account(PHONE, password="secret", recovery_email="petra@example.org")
    telegram.add_account("+44 7700 900123", delivery=[types.auth.SentCodeTypeSetUpEmailRequired(), SMS])
    if place == "New code":
        telegram.faults.add("auth.signIn", "error", name="PHONE_CODE_EXPIRED")
    env, answers, prompt = PROMPTS[place]
    person = run(env=CREDENTIALS | env if env else {})
    for asked, typed, hidden in answers:
        person.answers(asked, typed, hidden=hidden)
    person.is_asked(prompt)
    if prompt == "2FA password":
        person._wait_for_no_echo()
    person.presses(key)
    person.sees("Stopped.")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    leaves_nothing_behind(person, telegram)
    if place.startswith(("Code", "Email", "2FA", "Recover")):
        assert telegram.methods[-1] == "auth.cancelCode"
        assert all(account.sent is None for account in telegram.accounts.values())


@pytest.mark.parametrize("key", ["ctrl-c", "ctrl-d"])
def test_leaving_at_the_last_prompt_is_a_success(telegram: PracticeTelegram, run: Run, key: str) -> None:
    telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", "12345")
    person.is_asked("Press Enter to exit")
    person.presses(key)
    person.exits(0)


def test_ctrl_c_while_waiting_for_an_answer(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "silence")
    person = start(run)
    telegram.wait_for_call("auth.sendCode")
    person.sees("asking for a code: 1s (gives up after 20s)")
    person.presses("ctrl-c")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    leaves_nothing_behind(person, telegram)


# ── always ──


@pytest.mark.parametrize(("option", "words"), [("--help", "usage: telegram_session.py"), ("--version", "1.")])
def test_help_and_version_answer_at_once(option: str, words: str) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(telegram_session.__file__), option], capture_output=True, text=True, timeout=20, check=True
    )
    assert words in done.stdout
    assert time.monotonic() - began < 5


def sign_in_on(telegram: PracticeTelegram, run: Run, env: dict[str, str], **options: Any) -> Person:
    """A sign-in with everything on the way: a dump, an error, a password, the end."""
    account = telegram.add_account(PHONE, password="secret", hint="hint", first_name="Pètra “P” ☺")
    person = start(run, env=env, **options)
    person.answers("Code", "54321")
    person.answers("Code", "12345")
    person.answers("2FA password", "secret", hidden=True)
    person.is_asked("Press Enter to exit")
    assert who_signs_in_with(telegram, shown_string(person)).id == account.user_id
    return person


def test_no_color_means_no_colour(telegram: PracticeTelegram, run: Run) -> None:
    person = sign_in_on(telegram, run, {"NO_COLOR": "1"})
    assert not re.search(rb"\x1b\[[0-9;]*m", person.raw)


def test_colours_are_there_otherwise(telegram: PracticeTelegram, run: Run) -> None:
    assert re.search(rb"\x1b\[[0-9;]*m", sign_in_on(telegram, run, {}).raw)


def test_a_dumb_terminal_gets_no_escape_sequences(telegram: PracticeTelegram, run: Run) -> None:
    assert b"\x1b" not in sign_in_on(telegram, run, {"TERM": "dumb"}).raw


def test_forty_columns_are_enough(telegram: PracticeTelegram, run: Run) -> None:
    person = sign_in_on(telegram, run, {}, size=(40, 24))
    lines = STRING.sub("", person.transcript).replace(API_HASH, "").splitlines()
    asked = [line for line in lines if not re.match("Code|2FA password|Press Enter", line)]
    assert [line for line in asked if len(line) > 40] == []


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_a_console_that_cannot_encode_a_check_mark(telegram: PracticeTelegram, run: Run, encoding: str) -> None:
    person = sign_in_on(telegram, run, {"PYTHONIOENCODING": encoding})
    person.does_not_see("UnicodeEncodeError")
    assert b"+ Signed in." in person.raw
    assert b"P" in person.raw
    if encoding == "ascii":
        assert max(person.raw) < 128


def test_without_a_terminal_nothing_is_asked_and_nothing_is_sent(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = start(run, stdin="null", stdout="pipe", stderr="pipe")
    person.exits(1)
    assert "There is no terminal to ask on." in person.errors
    assert person.output == ""
    assert telegram.connections == []
