"""Right after the sign-in: what Telegram says about the session and the account, and what comes of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from .helpers.signing_in import PHONE, gets_a_string, start

if TYPE_CHECKING:
    from .conftest import Run
    from .practice import PracticeTelegram


def test_telegram_wants_a_password_to_be_set(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, setup_password_required=True, otherwise_relogin_days=5)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("Telegram wants this account to set a 2FA password")
    person.sees("for 5 days")
    person.is_asked("Press Enter to exit")


def test_an_unconfirmed_session_is_told(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, unconfirmed=True)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("The new session is not confirmed yet")
    person.sees("No would end the session")
    person.is_asked("Press Enter to exit")


@pytest.mark.parametrize("sessions_too", [False, True], ids=["", "sessions may not be listed"])
def test_a_frozen_account_is_told_with_its_dates_and_where_to_appeal(
    telegram: PracticeTelegram, run: Run, sessions_too: bool
) -> None:
    telegram.add_account(PHONE, frozen=True)
    if sessions_too:
        telegram.faults.add("account.getAuthorizations", "error", code=420, name="FROZEN_METHOD_INVALID")
    person = start(run, env={"TZ": "UTC"})
    person.answers("Code", "12345")
    since, until = (time.strftime("%d %b %Y", time.gmtime(time.time() + days * 86400)) for days in (-1, 7))
    person.sees("Telegram has FROZEN this account since")
    person.sees(since)
    person.sees(until)
    person.sees("https://t.me/spambot?start=freeze")
    person.is_asked("Press Enter to exit")


@pytest.mark.parametrize("name", ["SESSION_REVOKED", "AUTH_KEY_INVALID", "USER_DEACTIVATED", "USER_DEACTIVATED_BAN"])
def test_a_session_that_is_over_at_once_is_a_problem(telegram: PracticeTelegram, run: Run, name: str) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("account.getAuthorizations", "revoke", name=name, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("is over already: this string does not work")
    person.sees(name)
    person.sees("try again")
    person.does_not_see("ready to paste")
    person.answers("Press Enter to exit", "")
    person.exits(1)


@pytest.mark.parametrize("call", ["account.getAuthorizations", "help.getAppConfig"])
def test_a_session_whose_key_is_forgotten_at_once_is_a_problem(telegram: PracticeTelegram, run: Run, call: str) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add(call, "forget", times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("is over already: this string does not work")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_a_string_in_a_pipe_that_is_over_at_once_is_told_by_the_exit_code(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("account.getAuthorizations", "revoke", name="SESSION_REVOKED", times=1)
    person = start(run, stdout="pipe")
    person.answers("Code", "12345")
    person.sees("is over already: this string does not work")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_ctrl_c_after_the_string_does_not_take_it_back(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("account.getAuthorizations", "silence")
    person = start(run)
    person.answers("Code", "12345")
    telegram.wait_for_call("account.getAuthorizations")
    person.sees("looking at the new session")
    person.presses("ctrl-c")
    person._seen = 0
    gets_a_string(person, telegram, account)
