"""The card of every error that Telegram can answer a sign-in with, provoked on the practice Telegram.

One run of the script goes through many errors: after each card the person takes the option to try again. The names and
their numbers are those of `catalogue.tsv`.
"""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path
from typing import Any

import pytest

import telegram_session as script

from .conftest import Run
from .helpers.terminal import Person
from .practice import PracticeTelegram
from .practice.handshake import Handshake

API_ID, API_HASH = 20481632, "c3a1f0d94b7e4e6f8a25d1907be6643c"
PHONE = "+4915112345678"
TOKEN = "5000000777:AAGpracticebotpracticebotpracticebo"
SETTINGS = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_PHONE": PHONE}

with (Path(__file__).parent / "catalogue.tsv").open(encoding="utf-8", newline="") as lines:
    CATALOGUE = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
CODES = {known["name"]: int(known["code"]) for known in CATALOGUE if known["code"]}
WORDS = {known["name"]: known["words"].split("; ") for known in CATALOGUE}

# The script meets these by itself first, or it goes on to the next step: they have tests of their own. And those about
# chats, which share one answer, come from calls that no sign-in makes.
MET = r"\w+_MIGRATE_\d|AUTH_RESTART(_\d)?|FLOOD\w*_WAIT_4|CONNECTION_(NOT_INITED|LAYER_INVALID)|SESSION_PASSWORD_NEEDED"
CHATS = "CHAT|CHANNEL|PEER|USERNAME|USER_(BANNED|NOT|PRIVACY)|FROM_MESSAGE|INVITE"
REFUSALS = [
    name for name in CODES if abs(CODES[name]) < 500 and not re.fullmatch(MET, name) and not re.match(CHATS, name)
]
REFUSALS += ["FLOOD_WAIT_4711", "FLOOD_PREMIUM_WAIT_900", "FLOOD_TEST_PHONE_WAIT_900", "INPUT_METHOD_INVALID_1_2"]
RUNS = [REFUSALS[start : start + 10] for start in range(0, len(REFUSALS), 10)]


@pytest.fixture
def telegram(telegram: PracticeTelegram) -> PracticeTelegram:
    telegram.add_app(API_ID, API_HASH)
    return telegram


def refuse(telegram: PracticeTelegram, call: str, name: str, **details: Any) -> None:
    """From now on Telegram answers this call with this error, and nothing else goes wrong."""
    code = CODES.get(name, 420 if name.startswith("FLOOD") else 400)
    popup = f"Telegram's own words about {name}." if code == 406 else None
    telegram.faults.clear()
    telegram.faults.add(call, "error", name=name, code=code, popup=popup, **details)


def sees_card(person: Person, call: str, name: str) -> None:
    """The whole card: what happened, why, numbered steps, when to try again, the name, and the call; and what the
    catalogue wants of it.
    """
    expected = script.for_this_python(script.named_problem(name))
    card = "\n".join([expected.title, expected.meaning, *expected.steps]).lower()
    assert [word for word in WORDS.get(name, ()) if word.lower() not in card] == []
    person.sees(f"✗ {expected.title}")
    person.sees(expected.meaning[:60])
    if CODES.get(name) == 406 and name != "AUTH_KEY_DUPLICATED":
        person.sees(f"Telegram says: Telegram's own words about {name}.")
    person.sees("What to do:")
    for number, step in enumerate(expected.steps, 1):
        person.sees(f"{number}. {step[:40]}")
    if expected.retry_at:
        person.sees(re.compile(r"Next try: [\w ]*\d\d:\d\d(:\d\d)? \(in \d+ ?\w+"))
    else:
        person.sees(f"Next try: {expected.again}")
    if expected.name.isupper():
        person.sees(f"Telegram's name for it: {expected.name}, in answer to {call}")
    else:  # a text
        person.sees(f"Name of the error: {expected.name}, at {call}")


def tries_again(person: Person) -> None:
    person.sees("[1] try again")
    person.answers("Press Enter to exit", "1")


def leaves(person: Person) -> None:
    person.answers("Press Enter to exit", "")
    person.exits(1)


# ── the first call ──


@pytest.mark.parametrize("names", RUNS, ids=lambda names: names[0])
def test_every_refusal_of_the_first_call_shows_its_card(names: list[str], telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    refuse(telegram, "auth.sendCode", names[0])
    person = run(env=SETTINGS, size=(100, 50))
    for position, name in enumerate(names):
        sees_card(person, "auth.sendCode", name)
        if position + 1 < len(names):
            refuse(telegram, "auth.sendCode", names[position + 1])
            tries_again(person)
    leaves(person)
    person.does_not_see("Traceback")


def test_nearly_all_of_the_catalogue_is_tried() -> None:
    assert len(CODES) > 140 and len(REFUSALS) > 100


# ── what Telegram itself refuses, nothing injected ──


def test_a_wrong_hash_a_published_app_and_a_banned_number(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, banned=True)
    telegram.apps[API_ID] = ("0" * 32, False)
    person = run(env=SETTINGS, size=(100, 50))
    sees_card(person, "auth.sendCode", "API_ID_INVALID")
    telegram.apps[API_ID] = (API_HASH, True)
    tries_again(person)
    sees_card(person, "auth.sendCode", "API_ID_PUBLISHED_FLOOD")
    telegram.apps[API_ID] = (API_HASH, False)
    tries_again(person)
    sees_card(person, "auth.sendCode", "PHONE_NUMBER_BANNED")
    leaves(person)


def test_wrong_and_expired_codes(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run(env=SETTINGS, size=(100, 50))
    person.answers("Code", "99999")
    sees_card(person, "auth.signIn", "PHONE_CODE_INVALID")
    person.is_asked("Code")
    assert account.sent
    account.sent.expires = 0
    person.types("99999")
    sees_card(person, "auth.signIn", "PHONE_CODE_EXPIRED")
    person.answers("Ask Telegram for a new code?", "n")
    leaves(person)


def test_a_wrong_password(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, password="correct horse", hint="a horse")
    person = run(env=SETTINGS, size=(100, 50))
    person.is_asked("Code")
    person.types(telegram.code(PHONE))
    person.answers("2FA password", "wrong horse", hidden=True)
    sees_card(person, "auth.checkPassword", "PASSWORD_HASH_INVALID")
    for name in ("SRP_ID_INVALID", "SRP_PASSWORD_CHANGED"):
        refuse(telegram, "auth.checkPassword", name, times=1)
        person.answers("2FA password", "wrong horse", hidden=True)
        sees_card(person, "auth.checkPassword", name)
    refuse(telegram, "auth.checkPassword", "PHONE_PASSWORD_FLOOD")
    person.answers("2FA password", "wrong horse", hidden=True)
    sees_card(person, "auth.checkPassword", "PHONE_PASSWORD_FLOOD")
    leaves(person)


def test_a_wrong_bot_token(telegram: PracticeTelegram, run: Run) -> None:
    person = run(env={**SETTINGS, "TELEGRAM_PHONE": TOKEN}, size=(100, 50))
    sees_card(person, "auth.importBotAuthorization", "ACCESS_TOKEN_INVALID")
    refuse(telegram, "auth.importBotAuthorization", "ACCESS_TOKEN_EXPIRED")
    tries_again(person)
    sees_card(person, "auth.importBotAuthorization", "ACCESS_TOKEN_EXPIRED")
    leaves(person)


def test_too_many_codes_name_the_time_of_the_next_try(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.send_limit = 0
    person = run(env=SETTINGS, size=(100, 50))
    seconds = int(person.sees(re.compile(r"(?<=pause of )\d+(?= seconds)")))
    shown = person.sees(re.compile(r"(?<=Next try: )[^(]+(?= \(in)"))
    close = {script.clock(time.time() + seconds - ago) for ago in range(15)}
    assert shown in close
    leaves(person)


# ── later calls ──


@pytest.mark.parametrize(
    "names",
    [
        ["PHONE_CODE_EMPTY", "PHONE_CODE_HASH_EMPTY", "CODE_HASH_INVALID", "PHONE_NUMBER_UNOCCUPIED"],
        ["EMAIL_CODE_EMPTY", "UPDATE_APP_TO_LOGIN", "PHONE_PASSWORD_FLOOD", "FLOOD_WAIT_4711"],
    ],
    ids=lambda names: names[0],
)
def test_refusals_of_the_code_show_their_card(names: list[str], telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = run(env=SETTINGS, size=(100, 50))
    for position, name in enumerate(names):
        person.is_asked("Code")
        refuse(telegram, "auth.signIn", name)
        person.types("12345")
        sees_card(person, "auth.signIn", name)
        if "Ask" in person.sees(re.compile("Ask Telegram for a new code|Right now you can")):
            person.answers("Ask Telegram for a new code?", "n")
        if position + 1 < len(names):
            tries_again(person)
    leaves(person)


def test_no_other_way_to_send_the_code(telegram: PracticeTelegram, run: Run) -> None:
    from telethon.tl import types

    kinds = [types.auth.SentCodeTypeApp(5), types.auth.SentCodeTypeSms(5)]
    telegram.add_account(PHONE, delivery=kinds, resend_timeout=0)
    person = run(env=SETTINGS, size=(100, 50))
    person.is_asked("Code")
    refuse(telegram, "auth.resendCode", "SEND_CODE_UNAVAILABLE")
    person.types("2")
    sees_card(person, "auth.resendCode", "SEND_CODE_UNAVAILABLE")
    person.sees("The last code that was sent still counts.")
    person.is_asked("Code")
    person.types(telegram.code(PHONE))
    person.sees("session string")


def test_the_login_email(telegram: PracticeTelegram, run: Run) -> None:
    from telethon.tl import types

    telegram.add_account(PHONE, delivery=[types.auth.SentCodeTypeSetUpEmailRequired()])
    person = run(env=SETTINGS, size=(100, 50))
    person.answers("Email", "ann@mail.invalid")
    sees_card(person, "account.sendVerifyEmailCode", "EMAIL_NOT_ALLOWED")
    refuse(telegram, "account.sendVerifyEmailCode", "EMAIL_INVALID", times=1)
    person.answers("Email", "ann@example.org")
    sees_card(person, "account.sendVerifyEmailCode", "EMAIL_INVALID")
    person.answers("Email", "ann@example.org")
    person.answers("Email code", "000000")
    sees_card(person, "account.verifyEmail", "CODE_INVALID")
    refuse(telegram, "account.verifyEmail", "EMAIL_VERIFY_EXPIRED", times=1)
    person.answers("Email code", "654321")
    sees_card(person, "account.verifyEmail", "EMAIL_VERIFY_EXPIRED")


def test_the_recovery_of_a_password(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, password="correct horse", recovery_email="ann@example.org")
    person = run(env=SETTINGS, size=(100, 50))
    person.is_asked("Code")
    person.types(telegram.code(PHONE))
    person.answers("2FA password", "", hidden=True)
    person.answers("Recover by e-mail?", "y")
    person.answers("Recovery code", "000000")
    sees_card(person, "auth.checkRecoveryPassword", "CODE_INVALID")
    refuse(telegram, "auth.checkRecoveryPassword", "PASSWORD_RECOVERY_EXPIRED", times=1)
    person.answers("Recovery code", "765432")
    sees_card(person, "auth.checkRecoveryPassword", "PASSWORD_RECOVERY_EXPIRED")
    person.answers("2FA password", "", hidden=True)
    refuse(telegram, "auth.requestPasswordRecovery", "PASSWORD_RECOVERY_NA")
    person.answers("Recover by e-mail?", "y")
    sees_card(person, "auth.requestPasswordRecovery", "PASSWORD_RECOVERY_NA")


# ── what the script meets by itself, until it cannot ──


@pytest.mark.parametrize("name", ["RPC_CALL_FAIL", "No workers running", "Timeout"])
def test_trouble_of_the_servers_is_told_when_it_does_not_go_away(
    name: str, telegram: PracticeTelegram, run: Run
) -> None:
    """Some of them have no name, only a text."""
    telegram.add_account(PHONE)
    refuse(telegram, "auth.sendCode", name)
    person = run(env=SETTINGS, size=(100, 50))
    person.sees(f"Telegram's server has trouble ({name}). Trying again.")
    sees_card(person, "auth.sendCode", name)
    leaves(person)


def test_a_sign_in_that_telegram_restarts_twice(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    refuse(telegram, "auth.sendCode", "AUTH_RESTART")
    person = run(env=SETTINGS, size=(100, 50))
    person.sees("Telegram asks to begin again (AUTH_RESTART). Doing that once.")
    sees_card(person, "auth.sendCode", "AUTH_RESTART")
    leaves(person)


@pytest.mark.parametrize("name", ["PHONE_MIGRATE_9", "NETWORK_MIGRATE_9", "USER_MIGRATE_9"])
def test_a_move_to_a_data_centre_that_does_not_exist(name: str, telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "error", name=name, code=303)
    person = run(env=SETTINGS, size=(100, 50))
    person.sees("✗ Telegram sent the sign-in to data centre 9, which this script does not know.")
    person.sees("There are five data centres, 1 to 5.")
    leaves(person)


def test_a_key_exchange_that_fails_by_chance_is_made_again(
    telegram: PracticeTelegram, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telethon takes one key in 256 (those that begin with a zero byte) for forged."""
    exchanges = []
    honest = Handshake._dh_gen

    def wrong_once(self: Handshake, request: Any) -> Any:
        answer = honest(self, request)
        exchanges.append(request)
        if len(exchanges) == 1:
            answer.new_nonce_hash1 += 1
        return answer

    monkeypatch.setattr(Handshake, "_dh_gen", wrong_once)
    telegram.add_account(PHONE)
    person = run(env=SETTINGS, size=(100, 50))
    person.is_asked("Code")
    person.does_not_see("✗")
    assert len(exchanges) == 2


@pytest.mark.parametrize(
    ("code", "title"),
    [
        (-404, "Telegram's server refused to start a connection."),
        (-429, "Too many connections from this address."),
        (-444, "There is no such data centre."),
    ],
)
def test_a_connection_that_telegram_turns_away(code: int, title: str, telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("req_pq", "transport", code=code)
    person = run(env=SETTINGS, size=(100, 50))
    person.sees(f"✗ {title}")
    person.sees("What to do: 1.")
    person.sees("Name of the error: InvalidBufferError, at the key exchange")
    leaves(person)


def test_a_name_that_nobody_knows_gets_an_honest_card(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    refuse(telegram, "auth.sendCode", "MOON_TOO_FULL")
    person = run(env=SETTINGS, size=(100, 50))
    person.sees("✗ Telegram answered with an error that this script does not know.")
    person.sees("Telegram's name for it: MOON_TOO_FULL, in answer to auth.sendCode")
    leaves(person)


def test_a_telethon_that_is_too_old_comes_with_the_command_for_this_very_python(
    telegram: PracticeTelegram, run: Run
) -> None:
    refuse(telegram, "auth.sendCode", "UPDATE_APP_TO_LOGIN")
    person = run(env=SETTINGS, size=(160, 50))
    person.sees("1. Bring Telethon up to date. ")
    person.sees("    " + script.in_shell_words(script.pip_command(script.TELETHON, "--upgrade")))
    person.sees("2. Start the script again.")
    person.does_not_see("explain externally")
    leaves(person)
