"""The line goes down, Telegram is silent or answers nonsense, at any moment of a sign-in; and nothing is lost by it."""

from __future__ import annotations

import re
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from telethon.tl import types

from .conftest import LAUNCHER
from .helpers import terminal
from .helpers.camera import scan
from .helpers.signing_in import (
    BOT,
    CREDENTIALS,
    PHONE,
    gets_a_string,
    leaves_nothing_behind,
    shown_string,
    start,
    who_signs_in_with,
)
from .helpers.terminal import Person
from .helpers.waiting import sees_in_time

if TYPE_CHECKING:
    from .conftest import Run
    from .practice import PracticeTelegram
    from .practice.accounts import Account

# handled=False: the line is cut before Telegram has carried the call out; True: after it, so that the answer is lost.
BEFORE_OR_AFTER = pytest.mark.parametrize("handled", [False, True], ids=["cut before", "cut after"])
HOW = pytest.mark.parametrize("do", ["cut", "garbage"])


def goes_through(person: Person, telegram: PracticeTelegram, account: Account) -> None:
    """Everything from the code prompt to the string."""
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


@HOW
@BEFORE_OR_AFTER
def test_at_send_code(telegram: PracticeTelegram, run: Run, do: str, handled: bool) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", do, handled=handled, times=1)
    person = start(run)
    person.sees("The line to Telegram went down meanwhile. Bringing it back")
    person.answers("Code", "23456" if handled else "12345")
    gets_a_string(person, telegram, account)


@HOW
@BEFORE_OR_AFTER
def test_at_sign_in(telegram: PracticeTelegram, run: Run, do: str, handled: bool) -> None:
    """After a lost answer the account may be signed in: that is asked, and signIn is never repeated blindly."""
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", do, handled=handled, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("It is not clear whether you are signed in now. Asking …")
    gets_a_string(person, telegram, account)
    assert telegram.methods.count("auth.signIn") == (1 if handled else 2)
    assert len(telegram.authorizations(PHONE)) == 1


@BEFORE_OR_AFTER
def test_at_sign_in_of_an_account_with_a_password(telegram: PracticeTelegram, run: Run, handled: bool) -> None:
    account = telegram.add_account(PHONE, password="secret")
    telegram.faults.add("auth.signIn", "cut", handled=handled, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


@BEFORE_OR_AFTER
def test_at_the_password(telegram: PracticeTelegram, run: Run, handled: bool) -> None:
    account = telegram.add_account(PHONE, password="secret")
    telegram.faults.add("auth.checkPassword", "cut", handled=handled, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)
    assert telegram.methods.count("auth.checkPassword") == (1 if handled else 2)


@BEFORE_OR_AFTER
def test_at_the_bot(telegram: PracticeTelegram, run: Run, handled: bool) -> None:
    bot = telegram.add_bot(BOT)
    telegram.faults.add("auth.importBotAuthorization", "cut", handled=handled, times=1)
    gets_a_string(start(run, phone=BOT), telegram, bot)


@BEFORE_OR_AFTER
def test_at_the_first_qr_code(telegram: PracticeTelegram, run: Run, handled: bool) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.exportLoginToken", "cut", handled=handled, times=1)
    person = run("--qr", env=CREDENTIALS)
    person.sees("follows by itself")
    telegram.scan(PHONE, scan(person)[0])
    gets_a_string(person, telegram, account)


@BEFORE_OR_AFTER
def test_at_the_export_after_the_scan(telegram: PracticeTelegram, run: Run, handled: bool) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.exportLoginToken", "cut", handled=handled, nth=2, times=1)
    person = run("--qr", env=CREDENTIALS)
    person.sees("follows by itself")
    telegram.scan(PHONE, scan(person)[0])
    gets_a_string(person, telegram, account)
    assert len(telegram.authorizations(PHONE)) == 1


@BEFORE_OR_AFTER
def test_at_the_removal_of_the_password(telegram: PracticeTelegram, run: Run, handled: bool) -> None:
    account = telegram.add_account(PHONE, password="secret", recovery_email="petra@example.org")
    telegram.faults.add("auth.recoverPassword", "cut", handled=handled, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "", hidden=True)
    person.answers("Recover by e-mail?", "y")
    person.answers("Recovery code", "765432")
    gets_a_string(person, telegram, account)


@BEFORE_OR_AFTER
def test_at_the_code_of_a_new_login_e_mail(telegram: PracticeTelegram, run: Run, handled: bool) -> None:
    """The lost answer held the hash of the login code, and ended the one before: a new code brings the next."""
    account = telegram.add_account(PHONE, delivery=[types.auth.SentCodeTypeSetUpEmailRequired()])
    telegram.faults.add("account.verifyEmail", "cut", handled=handled, times=1)
    person = start(run)
    person.answers("Email", "petra@example.org")
    person.answers("Email code", "654321")
    if handled:
        person.sees("PHONE_HASH_EXPIRED")
        account.plan.pop(0)  # the address is set: Telegram does not ask for it again
        person.answers("Ask Telegram for a new code?", "")
    person.answers("Code", "654321")
    gets_a_string(person, telegram, account)


def test_while_the_person_looks_for_the_code(telegram: PracticeTelegram, run: Run) -> None:
    """An idle line that died unnoticed: the code that is typed still counts, on a new line with the same key."""
    account = telegram.add_account(PHONE)
    person = start(run)
    person.is_asked("Code")
    for line in telegram.connections:
        telegram._at_once(line.cut)
    telegram.wait_until_idle()
    person.types("12345")
    person.sees("The line to Telegram went down meanwhile. Bringing it back with the same key")
    gets_a_string(person, telegram, account)
    assert len({call.key_id for call in telegram.calls}) == 1


def test_while_the_qr_code_is_shown(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.login_token_life = 5
    person = run("--qr", env=CREDENTIALS)
    person.sees("follows by itself")
    link = scan(person)[0]
    for line in telegram.connections:
        telegram._at_once(line.cut)
    telegram.scan(PHONE, link)
    gets_a_string(person, telegram, account)


def test_telegram_forgets_the_key_while_the_person_looks_for_the_code(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = start(run)
    person.is_asked("Code")
    telegram.forget_keys()
    person.types("12345")
    person.sees("with a new key, for Telegram no longer knows the old one")
    gets_a_string(person, telegram, account)


def test_after_the_string(telegram: PracticeTelegram, run: Run) -> None:
    """What comes after the string is not worth failing for."""
    account = telegram.add_account(PHONE)
    telegram.faults.add("account.getAuthorizations", "error", code=500, name="INTERNAL")
    telegram.faults.add("help.getAppConfig", "cut")
    person = start(run)
    goes_through(person, telegram, account)
    person.does_not_see("What to do:")


def test_nobody_can_tell_whether_the_sign_in_went_through(telegram: PracticeTelegram, run: Run) -> None:
    """The line goes down for good at the worst moment: the person is told about the session that may exist."""
    telegram.add_account(PHONE)
    person = start(run)
    person.is_asked("Code")
    fault = telegram.faults.add("auth.signIn", "silence", handled=True)
    person.types("12345")
    telegram.wait_for_call("auth.signIn")
    assert fault.hits
    telegram.refuse()
    person.sees("It is not known whether you are signed in now.", timeout=30)
    person.sees("Active Sessions")
    person.sees("end it: its string is lost")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_ctrl_c_during_the_sign_in_does_not_hide_a_session(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "silence", handled=True)
    person = start(run)
    person.answers("Code", "12345")
    telegram.wait_for_call("auth.signIn")
    person.sees("signing in with the code")
    person.presses("ctrl-c")
    gets_a_string(person, telegram, account)


def test_ctrl_c_during_a_sign_in_that_did_not_happen(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "silence")
    person = start(run)
    person.answers("Code", "12345")
    person.sees("signing in with the code")
    person.presses("ctrl-c")
    person.sees("Stopped. Nothing was left signed in that you were not told about.")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    leaves_nothing_behind(person, telegram)


def test_ctrl_c_twice_tells_about_the_session_that_may_exist(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "silence", handled=True)
    telegram.faults.add("users.getUsers", "silence")
    person = start(run)
    person.answers("Code", "12345")
    person.sees("signing in with the code")
    person.presses("ctrl-c")
    telegram.wait_for_call("users.getUsers")
    person.sees("asking whether the sign-in went through")
    person.presses("ctrl-c")
    person.sees("end it: its string is lost")
    person.answers("Press Enter to exit", "")
    person.exits(130)


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
@pytest.mark.parametrize("where", ["| :", ">&-"], ids=["it has ended", "there never was one"])
def test_the_reader_of_the_pipe_has_gone(telegram: PracticeTelegram, clean_env: dict[str, str], where: str) -> None:
    account = telegram.add_account(PHONE)
    script = [sys.executable, str(LAUNCHER), "--config", telegram.config]
    with Person(
        ["/bin/sh", "-c", f'"$@" {where}', "sh", *script], env={**clean_env, **CREDENTIALS, "TELEGRAM_PHONE": PHONE}
    ) as person:
        person.answers("Code", "12345")
        person.sees("Here it is instead:")
        person.answers("Press Enter to exit", "")
        person.exits(0)
        assert who_signs_in_with(telegram, shown_string(person)).id == account.user_id
        person.does_not_see("BrokenPipeError")
        person.does_not_see("Traceback")


# ── Telegram's own trouble ──


@pytest.mark.parametrize("method", ["auth.sendCode", "auth.signIn"])
def test_trouble_inside_telegram_once(telegram: PracticeTelegram, run: Run, method: str) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add(method, "error", code=500, name="RPC_CALL_FAIL", times=1)
    goes_through(start(run), telegram, account)


@pytest.mark.parametrize("method", ["auth.sendCode", "auth.signIn", "auth.checkPassword"])
def test_trouble_inside_telegram_for_ever(telegram: PracticeTelegram, run: Run, method: str) -> None:
    telegram.add_account(PHONE, password="secret" if method == "auth.checkPassword" else None)
    telegram.faults.add(method, "error", code=500, name="RPC_CALL_FAIL")
    person = start(run)
    if method != "auth.sendCode":
        person.answers("Code", "12345")
    if method == "auth.checkPassword":
        person.answers("2FA password", "secret", hidden=True)
    person.sees("Telegram's name for it: RPC_CALL_FAIL")
    person.sees("[1] try again")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)
    assert telegram.methods.count(method) <= 3


def test_a_long_flood_wait_at_the_password(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, password="secret")
    telegram.faults.add("auth.checkPassword", "error", code=420, name="FLOOD_WAIT_86000")
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "secret", hidden=True)
    person.sees(re.compile(r"Next try: .*\d\d:\d\d.* \(in 23h 53m\)"))
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_the_clock_of_this_computer_is_wrong(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.clock_offset = 4 * 3600
    person = start(run)
    person.sees("clock")
    goes_through(person, telegram, account)


def test_telegram_does_not_answer(telegram: PracticeTelegram, run: Run) -> None:
    """The longest wait there is: it is said all the time, bounded, and then met by a new line."""
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "silence", times=1)
    began = time.monotonic()
    person = start(run)
    person.sees("asking for a code: 1s (gives up after 20s)")
    person.sees("Bringing it back", timeout=40)
    assert time.monotonic() - began < 40
    goes_through(person, telegram, account)


def test_an_answer_of_a_kind_that_does_not_exist_yet(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "bytes", data=bytes.fromhex("deadbeef 01000000"))
    person = start(run)
    person.sees("(0xefbeadde)")
    person.sees("What to do:")
    person.answers("Press Enter to exit", "")
    person.exits(1)


# What stands in the place of who signed in.
UNREADABLE = {
    "another object": bytes(types.auth.LoggedOut()),
    "an unknown object": bytes.fromhex("deadbeef 01000000"),
    "half an object": struct.pack("<I", types.auth.Authorization.CONSTRUCTOR_ID) + bytes(2),
}


# What answers each call that can sign in; an auth.authorization stands in it, or is the answer itself.
SUCCESSES = {
    "auth.signIn": None,
    "auth.sendCode": types.auth.SentCodeSuccess,
    "auth.exportLoginToken": types.auth.LoginTokenSuccess,
    "auth.importLoginToken": types.auth.LoginTokenSuccess,
}


@pytest.mark.parametrize("inside", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("method", SUCCESSES)
def test_a_success_that_cannot_be_read_is_one_all_the_same(
    telegram: PracticeTelegram, run: Run, method: str, inside: bytes
) -> None:
    kind = SUCCESSES[method]
    delivery = [types.auth.SentCodeSuccess] if method == "auth.sendCode" else []
    account = telegram.add_account(PHONE, dc=4 if method == "auth.importLoginToken" else 2, delivery=delivery)
    telegram.auto_scan = (PHONE, 0)
    data = (struct.pack("<I", kind.CONSTRUCTOR_ID) if kind else b"") + inside
    telegram.faults.add(method, "bytes", data=data, handled=True, times=1)
    person = run("--qr", env=CREDENTIALS) if "LoginToken" in method else start(run)
    if method == "auth.signIn":
        person.answers("Code", "12345")
    person.sees("It is not clear whether you are signed in now. Asking …")
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("inside", UNREADABLE.values(), ids=UNREADABLE)
def test_a_success_that_is_none_ends_in_a_card(telegram: PracticeTelegram, run: Run, inside: bytes) -> None:
    telegram.add_account(PHONE)
    data = struct.pack("<I", types.auth.SentCodeSuccess.CONSTRUCTOR_ID) + inside
    telegram.faults.add("auth.sendCode", "bytes", data=data)
    person = start(run)
    person.sees("What to do:")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)


@pytest.mark.parametrize("method", ["auth.signIn", "auth.exportLoginToken", "auth.sendCode"])
def test_a_success_with_a_user_that_cannot_be_read_is_handed_over(
    telegram: PracticeTelegram, run: Run, method: str
) -> None:
    """Nor can it be read in the answer to whom the key is signed in as: it is a newer kind of User."""
    kind = SUCCESSES[method]
    delivery = [types.auth.SentCodeSuccess] if method == "auth.sendCode" else []
    account = telegram.add_account(PHONE, delivery=delivery)
    telegram.auto_scan = (PHONE, 0)
    newer = bytes.fromhex("deadbeef 01000000")
    data = struct.pack("<II", types.auth.Authorization.CONSTRUCTOR_ID, 0) + newer
    whole = (struct.pack("<I", kind.CONSTRUCTOR_ID) if kind else b"") + data
    telegram.faults.add(method, "bytes", data=whole, handled=True, times=1)
    telegram.faults.add("users.getUsers", "bytes", data=struct.pack("<Ii", 0x1CB5C415, 1) + newer, times=1)
    person = run("--qr", env=CREDENTIALS) if "LoginToken" in method else start(run)
    if method == "auth.signIn":
        person.answers("Code", "12345")
    person.sees("(could not be read)")
    person._seen = 0
    gets_a_string(person, telegram, account)


def test_the_wrong_object_in_an_answer(telegram: PracticeTelegram, run: Run) -> None:
    wrong: Any = telegram.add_account("+44 7700 900123").user()
    telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "answer", answer=wrong)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("of an unexpected kind: User instead of the answer to auth.signIn")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)


def test_a_code_is_not_called_wrong_before_the_key_was_asked_about(telegram: PracticeTelegram, run: Run) -> None:
    """The server stood still, and the second call is refused because the first one was carried out meanwhile."""
    account = telegram.add_account(PHONE)
    telegram.limits = {"CALL_LIMIT": 1.5}
    telegram.faults.add("auth.signIn", "late", seconds=2.3, times=1)
    person = start(run)
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)
    person.does_not_see("This code is wrong")
    assert len(telegram.authorizations(PHONE)) == 1


def test_after_it_is_not_known_the_same_key_can_be_asked_about_again(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.limits = {"CALL_LIMIT": 1.0}
    telegram.faults.add("auth.signIn", "late", seconds=6, times=1, handled=True)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("It is not known whether you are signed in now.", timeout=20)
    person.sees("[1] ask again whether you are signed in")
    person.answers("Press Enter to exit", "1")
    person.sees("Nobody is signed in with this key so far.")
    deadline = time.monotonic() + 15
    while not telegram.authorizations(PHONE) and time.monotonic() < deadline:
        time.sleep(0.05)
    person.sees("[1] ask again whether you are signed in")
    person.answers("Press Enter to exit", "1")
    gets_a_string(person, telegram, account)


def test_ctrl_c_at_a_password_that_may_still_be_accepted_is_no_promise(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, password="secret")
    telegram.faults.add("auth.checkPassword", "late", seconds=60, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "secret", hidden=True)
    person.sees("checking the password")
    person.presses("ctrl-c")
    person.sees("It is not known whether you are signed in now.")
    person.does_not_see("Nothing was left signed in")
    person.answers("Press Enter to exit", "")
    person.exits(130)


def test_a_new_line_goes_on_with_the_session_of_the_old_one(telegram: PracticeTelegram, run: Run) -> None:
    """So Telegram sends there what was not acknowledged (core.telegram.org/mtproto/description#session)."""
    account = telegram.add_account(PHONE)
    person = start(run)
    person.is_asked("Code")
    for line in telegram.connections:
        line.cut()
    goes_through(person, telegram, account)
    (key,) = telegram.authorizations(PHONE)
    assert len({session.id for session in key.sessions.values()}) == 1 + 1  # and that of the second client


def test_a_network_that_falls_silent_after_the_code_is_told_in_time(telegram: PracticeTelegram, run: Run) -> None:
    """Three calls of 20 seconds each were waited for, one after another."""
    telegram.add_account(PHONE)
    person = start(run)
    person.is_asked("Code")
    telegram.faults.add("packet", "silence")
    telegram.faults.add("accept", "silence")
    person.types("12345")
    sees_in_time(person, "It is not known whether you are signed in now.", within=15)
    person._seen = 0
    person.sees("[1] ask again whether you are signed in")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_a_slow_server_on_a_good_line_has_all_its_time(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("auth.signIn", "delay", seconds=14, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("Signed in.", timeout=30)
    assert telegram.methods.count("auth.signIn") == 1
    person._seen = 0
    gets_a_string(person, telegram, account)


def test_a_line_that_is_dead_while_the_network_is_fine_is_replaced(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = start(run)
    person.is_asked("Code")
    telegram.faults.add("packet", "silence", times=1)
    person.types("12345")
    sees_in_time(person, "Signed in.", within=15)
    person._seen = 0
    gets_a_string(person, telegram, account)
