"""What the tests of the practice Telegram share: one call to it by Telethon, and what it ends in."""

from __future__ import annotations

from typing import Any

from telethon import TelegramClient
from telethon.tl import functions, types

from ..practice import PracticeTelegram
from ..practice.telegram import API_HASH, API_ID
from .second_client import use

PHONE = "+4915112345678"
App, Sms, Call = types.auth.SentCodeTypeApp, types.auth.SentCodeTypeSms, types.auth.SentCodeTypeCall


def send_code(phone: str = PHONE, api_id: int = API_ID, api_hash: str = API_HASH) -> functions.auth.SendCodeRequest:
    return functions.auth.SendCodeRequest(phone, api_id, api_hash, types.CodeSettings())


def ask(telegram: PracticeTelegram, request: Any, **options: Any) -> Any:
    """One request on a connection of its own."""

    async def send(client: TelegramClient) -> Any:
        return await client(request)

    return use(telegram, send, **options)


def outcome(telegram: PracticeTelegram, request: Any, timeout: float = 5.0, **options: Any) -> Any:
    """What a single request ends in: its answer, or the exception."""
    try:
        return ask(telegram, request, auto_reconnect=False, timeout=timeout, **options)
    except BaseException as error:
        return error


NEAREST = functions.help.GetNearestDcRequest()
