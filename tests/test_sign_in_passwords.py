"""A forgotten password: the recovery e-mail, the seven days, and turning back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .helpers.signing_in import PHONE, gets_a_string, leaves_nothing_behind, start

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram
    from .practice.accounts import Account


def forgets_the_password(telegram: PracticeTelegram, run: Run, **details: Any) -> tuple[Person, Account]:
    account = telegram.add_account(PHONE, password="secret", **details)
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "", hidden=True)
    return person, account


def test_a_forgotten_password_is_removed_by_the_recovery_e_mail(telegram: PracticeTelegram, run: Run) -> None:
    person, account = forgets_the_password(telegram, run, recovery_email="petra@example.org")
    person.sees("REMOVES the 2FA password")
    person.answers("Recover by e-mail? [y/N]", "y")
    person.sees("recovery code to pe***a@example.org")
    person.answers("Recovery code", "111111")
    person.sees("CODE_INVALID")
    assert account.password == "secret"
    person.answers("Recovery code", "765 432")
    gets_a_string(person, telegram, account)
    assert account.password is None


def test_turning_back_from_the_recovery_keeps_the_password(telegram: PracticeTelegram, run: Run) -> None:
    person, account = forgets_the_password(telegram, run, recovery_email="petra@example.org")
    person.answers("Recover by e-mail? [y/N]", "")
    person.answers("2FA password", "", hidden=True)
    person.answers("Recover by e-mail? [y/N]", "y")
    person.sees("cannot read that mailbox any more")
    person.sees("removes it after 7 days")
    person.answers("Recovery code", "")
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)
    assert account.password == "secret"
    assert "auth.recoverPassword" not in telegram.methods


def test_without_a_recovery_e_mail_the_seven_days_are_explained(telegram: PracticeTelegram, run: Run) -> None:
    person, account = forgets_the_password(telegram, run)
    person.sees("This account has no recovery e-mail")
    person.sees("Two-Step Verification → Forgot password")
    person.sees("after 7 days")
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)
    assert "auth.requestPasswordRecovery" not in telegram.methods


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("auth.requestPasswordRecovery", "PASSWORD_RECOVERY_NA"),
        ("auth.checkRecoveryPassword", "PASSWORD_RECOVERY_EXPIRED"),
    ],
)
def test_a_recovery_that_telegram_refuses_leads_back_to_the_password(
    telegram: PracticeTelegram, run: Run, method: str, name: str
) -> None:
    person, account = forgets_the_password(telegram, run, recovery_email="petra@example.org")
    telegram.faults.add(method, "error", name=name)
    person.answers("Recover by e-mail? [y/N]", "y")
    if method == "auth.checkRecoveryPassword":
        person.answers("Recovery code", "765432")
    person.sees(name)
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("then", ["a guess", "forgotten", "recovery"])
def test_a_password_that_was_removed_on_another_device_is_not_needed(
    telegram: PracticeTelegram, run: Run, then: str
) -> None:
    email = "petra@example.org" if then == "recovery" else None
    account = telegram.add_account(PHONE, password="secret", recovery_email=email)
    person = start(run)
    person.answers("Code", "12345")
    person.is_asked("2FA password")
    account.password = None
    person.answers("2FA password", "guess" if then == "a guess" else "", hidden=True)
    if email:
        person.answers("Recover by e-mail? [y/N]", "y")
    person.sees("The account has no 2FA password any more. Signing in without it.")
    gets_a_string(person, telegram, account)
    assert telegram.methods.count("auth.sendCode") == 1


def test_too_many_wrong_passwords_end_with_the_time_of_the_next_try(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, password="secret")
    telegram.password_limit = 1
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "wrong", hidden=True)
    person.answers("2FA password", "wrong", hidden=True)
    person.sees("Next try:")
    person.sees("FLOOD_WAIT_3600, in answer to auth.checkPassword")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)
