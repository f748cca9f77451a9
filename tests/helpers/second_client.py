"""Telethon as anybody else would use it, on the practice Telegram: to try the server, and the strings of the script."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, Callable, TypeVar

from telethon import TelegramClient, errors
from telethon.client import telegrambaseclient
from telethon.crypto import rsa
from telethon.network import ConnectionTcpFull
from telethon.sessions import StringSession
from telethon.tl import types

from ..practice.keys import RSA_PUBLIC_PEM
from ..practice.telegram import API_HASH, API_ID, PracticeTelegram

rsa.add_key(RSA_PUBLIC_PEM, old=False)
telegrambaseclient.DEFAULT_IPV4_IP = "127.0.0.1"  # no test may knock at Telegram's own door by mistake
logging.getLogger("telethon").setLevel(logging.CRITICAL)

T = TypeVar("T")


def new_client(telegram: PracticeTelegram, *, dc: int = 2, string: str = "", **options: Any) -> TelegramClient:
    """A client without a session at this data centre, or with the session of a string."""
    session = StringSession(string)
    if not string:
        session.set_dc(dc, "127.0.0.1", telegram.data_centres[dc].port)
    settings = {"connection": ConnectionTcpFull, "retry_delay": 0, "request_retries": 1, "flood_sleep_threshold": 0}
    settings["connection_retries"] = 3  # Telethon takes one new key in 256 for a forged one, and then begins anew
    TelegramClient._config = None  # kept for all clients of a process, with the ports of the last test's server
    return TelegramClient(session, API_ID, API_HASH, **{**settings, **options})


def use(
    telegram: PracticeTelegram, work: Callable[[TelegramClient], Awaitable[T]], *, timeout: float = 20.0, **options: Any
) -> T:
    """Connects a new client, lets `work` use it, and disconnects it."""

    async def run() -> T:
        client = new_client(telegram, **options)
        try:
            await client.connect()
            return await work(client)
        finally:
            await client.disconnect()

    return asyncio.run(asyncio.wait_for(run(), timeout))


def who_is(telegram: PracticeTelegram, string: str, **options: Any) -> types.User | None:
    """Whom a session string signs in, found out by a client of its own; None if nobody."""

    async def ask(client: TelegramClient) -> types.User | None:
        return await client.get_me()

    return use(telegram, ask, string=string, **options)


def sign_in(telegram: PracticeTelegram, phone: str, *, dc: int = 2, password: str | None = None) -> str:
    """The string of a new session, signed in by code and, where needed, password."""

    async def go(client: TelegramClient) -> str:
        await client.send_code_request(phone)
        try:
            await client.sign_in(phone, telegram.code(phone))
        except errors.SessionPasswordNeededError:
            await client.sign_in(password=password)
        return str(client.session.save())

    return use(telegram, go, dc=dc)
