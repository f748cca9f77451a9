"""What a person sees when Telegram refuses, or cannot be reached: the reason, and what to do."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from .helpers.signing_in import (
    PHONE,
    gets_a_string,
    leaves_nothing_behind,
    start,
)
from .practice.telegram import PUBLISHED_API_HASH, PUBLISHED_API_ID

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram


# ── errors ──

# Where, the RPC code, and Telegram's name. (sendCode comes first in every sign-in, signIn is reached with a code.)
ERRORS = [
    ("auth.sendCode", 406, "PHONE_NUMBER_INVALID"),
    ("auth.sendCode", 400, "PHONE_NUMBER_BANNED"),
    ("auth.sendCode", 400, "PHONE_NUMBER_FLOOD"),
    ("auth.sendCode", 406, "PHONE_PASSWORD_FLOOD"),
    ("auth.sendCode", 400, "API_ID_INVALID"),
    ("auth.sendCode", 400, "API_ID_PUBLISHED_FLOOD"),
    ("auth.sendCode", 420, "FLOOD_WAIT_4242"),
    ("auth.sendCode", 500, "AUTH_RESTART"),
    ("auth.sendCode", 303, "PHONE_MIGRATE_9"),
    ("auth.sendCode", 303, "NETWORK_MIGRATE_9"),
    ("auth.sendCode", 303, "USER_MIGRATE_9"),
    ("auth.sendCode", 401, "AUTH_KEY_INVALID"),
    ("auth.sendCode", 401, "AUTH_KEY_UNREGISTERED"),
    ("auth.sendCode", 406, "AUTH_KEY_DUPLICATED"),
    ("auth.sendCode", 406, "UPDATE_APP_TO_LOGIN"),
    ("auth.sendCode", 401, "SESSION_REVOKED"),
    ("auth.sendCode", 401, "SESSION_EXPIRED"),
    ("auth.signIn", 400, "PHONE_NUMBER_UNOCCUPIED"),
    ("auth.signIn", 400, "PHONE_CODE_EMPTY"),
    ("auth.signIn", 420, "FLOOD_WAIT_86400"),
    ("auth.signIn", 406, "UPDATE_APP_TO_LOGIN"),
]


def ends_with_a_card(person: Person, name: str) -> None:
    """Waits for the end of a run that failed: the error's name, its meaning, what to do; exit code 1."""
    person.sees("What to do:")
    person.sees(f"Telegram's name for it: {name}")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    person.does_not_see("with an error that this script does not know")


@pytest.mark.parametrize(("method", "code", "name"), ERRORS, ids=[f"{name}-{method}" for method, _, name in ERRORS])
def test_an_error_shows_its_name_its_meaning_and_what_to_do(
    telegram: PracticeTelegram, run: Run, method: str, code: int, name: str
) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add(method, "error", code=code, name=name)
    if code == 406:
        telegram.faults.remove(telegram.faults.at(method, 2))  # type: ignore[arg-type]
        telegram.faults.add(method, "error", code=code, name=name, popup="")
    person = start(run)
    if method == "auth.signIn":
        person.answers("Code", "12345")
    ends_with_a_card(person, name)
    leaves_nothing_behind(person, telegram)
    assert "auth.cancelCode" not in telegram.methods  # nobody has left on purpose


def test_an_error_that_nobody_knows_yet_is_shown_by_its_own_name(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "error", code=400, name="MOON_PHASE_WRONG")
    person = start(run)
    person.sees("What to do:")
    person.sees("Telegram's name for it: MOON_PHASE_WRONG, in answer to auth.sendCode")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_an_unoccupied_number_is_told_after_the_code(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, occupied=False)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("Name of the error: auth.authorizationSignUpRequired, at auth.signIn")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)


def test_a_published_api_id_is_refused(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    pair = {"TELEGRAM_API_ID": str(PUBLISHED_API_ID), "TELEGRAM_API_HASH": PUBLISHED_API_HASH}
    ends_with_a_card(start(run, env=pair), "API_ID_PUBLISHED_FLOOD")


def test_a_long_flood_wait_tells_the_exact_seconds_and_the_clock_time(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.send_limit = 0
    person = start(run, env={"TZ": "UTC"})
    person.sees("3600")
    shown = person.sees(re.compile(r"Next try: \S.*\d\d:\d\d.*\(in 59m \d+s\)|Next try: \S.*\d\d:\d\d.*\(in 1h 0m\)"))
    times = {time.strftime("%H:%M", time.gmtime(time.time() + 3600 + ago)) for ago in (0, -30)}
    assert any(clock in shown for clock in times)
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_a_short_flood_wait_is_counted_down_and_tried_again(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "error", code=420, name="FLOOD_WAIT_1", times=1)
    person = start(run)
    person.sees("Telegram asks for a pause (FLOOD_WAIT_1)")
    person.sees("2s left")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


def test_auth_restart_begins_again_once_by_itself(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "error", code=500, name="AUTH_RESTART", times=1)
    person = start(run)
    person.sees("AUTH_RESTART")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("name", ["PHONE_CODE_EXPIRED", "AUTH_RESTART"])
def test_a_dead_code_is_replaced_by_a_new_one(telegram: PracticeTelegram, run: Run, name: str) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "error", code=400, name=name, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.sees(f"Telegram's name for it: {name}")
    person.answers("Ask Telegram for a new code?", "")
    person.answers("Code", telegram.wait_for_call("auth.sendCode", nth=2) and "23456")
    gets_a_string(person, telegram, account)


def test_nobody_is_made_to_take_a_new_code(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "error", code=400, name="PHONE_CODE_EXPIRED")
    person = start(run)
    person.answers("Code", "12345")
    person.answers("Ask Telegram for a new code?", "n")
    ends_with_a_card(person, "PHONE_CODE_EXPIRED")


@pytest.mark.parametrize("migrate", ["PHONE_MIGRATE_5", "NETWORK_MIGRATE_5", "USER_MIGRATE_5"])
def test_every_migration_is_followed_and_said(telegram: PracticeTelegram, run: Run, migrate: str) -> None:
    account = telegram.add_account(PHONE, dc=5)
    telegram.faults.add("auth.sendCode", "error", code=303, name=migrate, dc=2)
    person = start(run)
    person.sees(f"Telegram keeps this account in data centre 5 (Singapore). Moving there. ({migrate})")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


def test_the_words_that_telegram_pushes_with_a_406_are_shown(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    words = "Please update Petra's app at the post office."
    telegram.faults.add("auth.sendCode", "error", code=406, name="UPDATE_APP_TO_LOGIN", popup=words)
    person = start(run)
    person.sees(f"Telegram says: {words}")
    ends_with_a_card(person, "UPDATE_APP_TO_LOGIN")


def test_after_a_problem_another_number_can_be_taken_at_once(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, banned=True)
    account = telegram.add_account("+44 7700 900123")
    person = start(run)
    person.sees("PHONE_NUMBER_BANNED")
    person.sees("[2] use another phone number")
    person.answers("Press Enter to exit", "2")
    person.answers("Phone number", "+44 7700 900123")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


# ── connecting never hangs ──


def test_a_server_that_refuses_ends_in_a_verdict(telegram: PracticeTelegram, run: Run) -> None:
    telegram.refuse()
    began = time.monotonic()
    person = start(run)
    person.sees("What to do:")
    refused = person.sees(re.compile("refuse", re.IGNORECASE))
    assert refused
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert time.monotonic() - began < 15


def test_a_server_that_hangs_up_ends_in_a_verdict_of_its_own(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("accept", "cut")
    began = time.monotonic()
    person = start(run)
    person.sees("What to do:")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    person.does_not_see("refused")
    assert time.monotonic() - began < 15


def test_a_server_that_says_nothing_ends_in_a_verdict_of_its_own(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("accept", "silence")
    began = time.monotonic()
    person = start(run)
    person.sees("connecting to data centre 2: 1s (gives up after")
    person.sees("What to do:", timeout=25)
    person.answers("Press Enter to exit", "")
    person.exits(1)
    person.does_not_see("refused")
    assert time.monotonic() - began < 25


@pytest.mark.parametrize("name", ["FLOOD_WAIT_3700", "RPC_CALL_FAIL"])
def test_a_code_that_may_still_be_good_is_not_cancelled(telegram: PracticeTelegram, run: Run, name: str) -> None:
    """Who comes back after the pause, or when the server is well, can still use it; who leaves on purpose cannot."""
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "error", code=420 if "FLOOD" in name else 500, name=name)
    person = start(run)
    person.answers("Code", "12345")
    person.sees(name, timeout=20)
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert "auth.cancelCode" not in telegram.methods and account.sent is not None


def test_a_data_centre_that_there_is_not_is_no_move(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "error", code=303, name="PHONE_MIGRATE_9")
    person = start(run)
    person.sees("data centre 9, which this script does not know")
    person.does_not_see("moves by itself")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_a_half_done_sign_in_that_is_gone_begins_again(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, password="secret")
    telegram.faults.add("auth.checkPassword", "error", code=401, name="AUTH_KEY_UNREGISTERED")
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "secret", hidden=True)
    person.sees("does not know of the half-done sign-in any more")
    person.sees("[1] try again")
    person.answers("Press Enter to exit", "")
    person.exits(1)


@pytest.mark.parametrize("word", ["quit", "exit", "q"])
def test_who_types_a_word_for_leaving_is_asked(telegram: PracticeTelegram, run: Run, word: str) -> None:
    telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", word)
    person.answers("Leave?", "")
    person.answers("Code", word)
    person.answers("Leave?", "y")
    person.sees("Stopped. Nothing was left signed in")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    assert "auth.signIn" not in telegram.methods
