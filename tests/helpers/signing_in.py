"""What the tests of the sign-in share: how a person gets to a prompt, and the second client that tries the string."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from telethon import TelegramClient
from telethon.sessions import StringSession
from telethon.tl import types

from ..practice.telegram import API_HASH, API_ID

if TYPE_CHECKING:
    from ..conftest import Run
    from ..practice import PracticeTelegram
    from ..practice.accounts import Account
    from .terminal import Person

PHONE = "+49 151 12345678"
BOT = "5000000777:AAGpracticebotpracticebotpracticebo"
APP, SMS = types.auth.SentCodeTypeApp(5), types.auth.SentCodeTypeSms(5)
CREDENTIALS = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH}
STRING = re.compile(r"^1[A-Za-z0-9_-]{300,}=*$", re.MULTILINE)


def start(run: Run, *arguments: str, phone: str = PHONE, env: dict[str, str] | None = None, **options: Any) -> Person:
    """The script with steps 1 and 2 answered by the environment, so that its first question is the one of step 3."""
    return run(*arguments, env={**CREDENTIALS, "TELEGRAM_PHONE": phone, **(env or {})}, **options)


def shown_string(person: Person) -> str:
    """The session string that stands on the screen, the newest if there are several."""
    strings: list[str] = STRING.findall(person.transcript)
    assert strings, f"no session string on the screen:\n{person.transcript}"
    return strings[-1]


def who_signs_in_with(telegram: PracticeTelegram, string: str) -> types.User:
    """Signs in with a session string as any program does: a Telethon client of its own, which is asked who it is."""
    telegram.wait_until_idle()

    async def ask() -> types.User:
        client = TelegramClient(StringSession(string), API_ID, API_HASH, receive_updates=False, connection_retries=1)
        await client.connect()
        try:
            return await client.get_me()
        finally:
            await client.disconnect()

    user = asyncio.run(ask())
    assert user is not None, "the string is not signed in"
    return user


def gets_a_string(person: Person, telegram: PracticeTelegram, account: Account) -> str:
    """Waits for the good end and checks everything about it: the string works, for this account; exit code 0."""
    person.sees("Signed in.")
    person.is_asked("Press Enter to exit")
    string = shown_string(person)
    assert who_signs_in_with(telegram, string).id == account.user_id
    person.types("")
    person.exits(0)
    person.does_not_see("Traceback")
    return string


def leaves_nothing_behind(person: Person, telegram: PracticeTelegram) -> None:
    """Fails if any key is signed in: for runs that end without a string."""
    assert not STRING.search(person.transcript)
    assert [key for key in telegram.keys if key.account is not None] == []
    person.does_not_see("Traceback")
