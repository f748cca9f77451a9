"""Signing in as a bot: a token takes the place of the phone number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import telegram_session

from .helpers.signing_in import BOT, CREDENTIALS, gets_a_string, leaves_nothing_behind, start

if TYPE_CHECKING:
    from .conftest import Run
    from .practice import PracticeTelegram


@pytest.mark.parametrize("dc", [2, 4])
def test_a_bot_token_at_the_phone_prompt(telegram: PracticeTelegram, run: Run, dc: int) -> None:
    bot = telegram.add_bot(BOT, dc=dc, first_name="Robby", username="robby_bot")
    person = run(env=CREDENTIALS)
    person.answers("Phone number", f" {BOT} ")
    person.sees("This is a bot token. Signing in as that bot, not as a person.")
    person.sees("Robby (a bot)")
    person.sees("It is no user session")
    person._seen = 0
    gets_a_string(person, telegram, bot)
    assert len([name for name in telegram.methods if name == "auth.importBotAuthorization"]) == (1 if dc == 2 else 2)


def test_a_bot_needs_no_terminal(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_bot(BOT)
    person = start(run, phone=BOT, stdin="null", stdout="pipe", stderr="pipe")
    person.exits(0)
    session = telegram_session.decode_telethon_string(person.output.strip())
    assert [key.key for key in telegram.authorizations(BOT)] == [telegram_session.home_key(session)]


@pytest.mark.parametrize(("banned", "name"), [(None, "ACCESS_TOKEN_INVALID"), (True, "ACCESS_TOKEN_EXPIRED")])
def test_a_bot_token_that_telegram_refuses(
    telegram: PracticeTelegram, run: Run, banned: bool | None, name: str
) -> None:
    if banned:
        telegram.add_bot(BOT, banned=True)
    person = start(run, phone=BOT)
    person.sees("What to do:")
    person.sees(f"Telegram's name for it: {name}")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)
