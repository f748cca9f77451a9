"""The practice Telegram itself: what Telethon makes of it, and what the bytes are by Telegram's own pages."""

from __future__ import annotations

import asyncio
import collections
import logging
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import pbkdf2_hmac, sha256
from typing import Any

import pytest
from telethon import TelegramClient, errors, events
from telethon.network import (
    ConnectionTcpAbridged,
    ConnectionTcpFull,
    ConnectionTcpIntermediate,
    ConnectionTcpMTProxyRandomizedIntermediate,
    ConnectionTcpObfuscated,
)
from telethon.tl import functions, types

from .conftest import LAUNCHER, ROOT
from .helpers import terminal
from .helpers.raw_client import GZIP, MSG_CONTAINER, RPC_ERROR, RPC_RESULT, VECTOR, Cursor, RawClient, string
from .helpers.second_client import new_client, sign_in, use, who_is
from .practice import Delivery, PracticeTelegram
from .practice.accounts import Account
from .practice.keys import DH_GENERATOR, DH_PRIME
from .practice.srp import Challenge, algorithm
from .practice.telegram import API_HASH, API_ID, PUBLISHED_API_HASH, PUBLISHED_API_ID

PHONE = "+4915112345678"
App, Sms, Call = types.auth.SentCodeTypeApp, types.auth.SentCodeTypeSms, types.auth.SentCodeTypeCall


def send_code(phone: str = PHONE, api_id: int = API_ID, api_hash: str = API_HASH) -> functions.auth.SendCodeRequest:
    return functions.auth.SendCodeRequest(phone, api_id, api_hash, types.CodeSettings())


def ask(telegram: PracticeTelegram, request: Any, **options: Any) -> Any:
    """One request on a connection of its own."""

    async def send(client: TelegramClient) -> Any:
        return await client(request)

    return use(telegram, send, **options)


# Signing in, with Telethon's own helpers


def test_a_code_signs_in_and_the_string_works_elsewhere(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, first_name="Petra", username="petra")
    user = who_is(telegram, sign_in(telegram, PHONE))
    assert user and (user.first_name, user.username, user.phone) == ("Petra", "petra", PHONE[1:])
    assert len(telegram.authorizations(PHONE)) == 1


def test_the_right_password_signs_in_after_a_wrong_one(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="pässword ✓", hint="h")

    async def go(client: TelegramClient) -> Any:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        with pytest.raises(errors.PasswordHashInvalidError):
            await client.sign_in(password="wrong")
        return await client.sign_in(password="pässword ✓")

    assert use(telegram, go).phone == PHONE[1:]


def test_a_password_challenge_is_good_for_one_answer_and_the_newest_only(telegram: PracticeTelegram) -> None:
    from telethon.password import compute_check

    telegram.add_account(PHONE, password="right")

    async def go(client: TelegramClient) -> None:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        old = await client(functions.account.GetPasswordRequest())
        new = await client(functions.account.GetPasswordRequest())
        assert old.srp_id != new.srp_id and old.srp_B != new.srp_B
        with pytest.raises(errors.SrpIdInvalidError):
            await client(functions.auth.CheckPasswordRequest(compute_check(old, "right")))
        with pytest.raises(errors.PasswordHashInvalidError):
            await client(functions.auth.CheckPasswordRequest(compute_check(new, "wrong")))
        with pytest.raises(errors.SrpIdInvalidError):
            await client(functions.auth.CheckPasswordRequest(compute_check(new, "right")))

    use(telegram, go)


def test_a_number_of_another_data_centre_is_sent_there(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, dc=4)
    user = who_is(telegram, sign_in(telegram, PHONE, dc=2))
    assert user is not None
    outcomes = [call.outcome for call in telegram.calls if call.method == "auth.sendCode"]
    assert outcomes == ["PHONE_MIGRATE_4", "SentCode"]
    assert telegram.authorizations(PHONE)[0].dc == 4


def test_a_bot_signs_in_by_token_and_moves_to_its_data_centre(telegram: PracticeTelegram) -> None:
    telegram.add_bot("777:token", dc=5, username="some_bot")

    async def go(client: TelegramClient) -> Any:
        with pytest.raises(errors.AccessTokenInvalidError):
            await client.sign_in(bot_token="777:other")
        return await client.sign_in(bot_token="777:token")

    me = use(telegram, go)
    assert me.bot and me.id == 777
    assert telegram.authorizations("777:token")[0].dc == 5


def test_a_login_through_start_costs_seven_calls_or_eight(telegram: PracticeTelegram) -> None:
    """What the script is measured against: 8 with Telethon 1.45, 7 with 1.36; wrappers do not count."""
    telegram.add_account(PHONE)

    async def go() -> None:
        client = new_client(telegram)
        await client.start(phone=lambda: PHONE, code_callback=lambda: "12345")
        await client.disconnect()

    asyncio.run(go())
    assert len(telegram.calls) in (7, 8), telegram.methods


# Codes


def test_a_code_is_good_once_and_for_its_own_hash(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)

    async def go(client: TelegramClient) -> None:
        def with_code(code: str, phone_code_hash: str) -> Any:
            return client(functions.auth.SignInRequest(PHONE, phone_code_hash, code))

        first = await client(send_code())
        second = await client(send_code())
        assert first.phone_code_hash != second.phone_code_hash
        assert telegram.code(PHONE) == "23456"
        with pytest.raises(errors.PhoneCodeExpiredError):
            await with_code("12345", first.phone_code_hash)
        with pytest.raises(errors.PhoneCodeInvalidError):
            await with_code("12345", second.phone_code_hash)
        with pytest.raises(errors.PhoneCodeEmptyError):
            await with_code("", second.phone_code_hash)
        await with_code("23456", second.phone_code_hash)
        with pytest.raises(errors.PhoneCodeExpiredError):
            await with_code("23456", second.phone_code_hash)

    use(telegram, go)


def test_a_resend_waits_for_its_time_and_then_changes_hash_type_and_code(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[Delivery(App(5), timeout=1), Sms(5)])

    async def go(client: TelegramClient) -> None:
        sent = await client(send_code())
        assert isinstance(sent.next_type, types.auth.CodeTypeSms) and sent.timeout == 1
        again = functions.auth.ResendCodeRequest(PHONE, sent.phone_code_hash)
        with pytest.raises(errors.SendCodeUnavailableError):
            await client(again)
        await asyncio.sleep(1)
        resent = await client(again)
        assert isinstance(resent.type, Sms) and resent.next_type is None and resent.timeout is None
        with pytest.raises(errors.SendCodeUnavailableError):
            await client(functions.auth.ResendCodeRequest(PHONE, resent.phone_code_hash))
        await client(functions.auth.SignInRequest(PHONE, resent.phone_code_hash, telegram.code(PHONE)))

    use(telegram, go)


KINDS = [
    App(5),
    Sms(5),
    Call(5),
    types.auth.SentCodeTypeFlashCall("+4989*"),
    types.auth.SentCodeTypeFragmentSms("https://fragment.com/number/1", 5),
    types.auth.SentCodeTypeMissedCall("+4989", 4),
    types.auth.SentCodeTypeFirebaseSms(5, nonce=b"n"),
    *(getattr(types.auth, name)(beginning="a") for name in ("SentCodeTypeSmsWord", "SentCodeTypeSmsPhrase")),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_every_type_of_code_arrives_as_it_was_planned(telegram: PracticeTelegram, kind: Any) -> None:
    telegram.add_account(PHONE, delivery=[Delivery(kind, code="apple tree")])
    sent = ask(telegram, send_code())
    assert sent.type.to_dict() == kind.to_dict()
    assert telegram.code(PHONE) == "apple tree"


def test_a_type_that_does_not_exist_yet_is_bytes_that_telethon_cannot_read(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[b"\xef\xbe\xad\xde\x05\0\0\0"])
    with pytest.raises(errors.TypeNotFoundError) as caught:
        ask(telegram, send_code())
    assert caught.value.invalid_constructor_id == 0xDEADBEEF


@pytest.mark.skipif(not hasattr(types.auth, "SentCodePaymentRequired"), reason="this Telethon is older")
def test_payment_and_success_can_take_the_place_of_a_code(telegram: PracticeTelegram) -> None:
    payment = types.auth.SentCodePaymentRequired("store", "", "help@example.org", "subject", 7, "EUR", 199)
    telegram.add_account(PHONE, delivery=[payment, types.auth.SentCodeSuccess])
    assert ask(telegram, send_code()).premium_days == 7
    telegram.account(PHONE).plan.pop(0)
    assert ask(telegram, send_code()).authorization.user.phone == PHONE[1:]


def test_numbers_credentials_and_limits_are_refused_as_telegram_does(telegram: PracticeTelegram) -> None:
    telegram.add_account("+441111111", banned=True)
    telegram.send_limit = 1

    async def go(client: TelegramClient) -> None:
        with pytest.raises(errors.PhoneNumberInvalidError):
            await client(send_code("letters"))
        with pytest.raises(errors.PhoneNumberBannedError):
            await client(send_code("+441111111"))
        for app, error in (
            ((API_ID, "f" * 32), errors.ApiIdInvalidError),
            ((PUBLISHED_API_ID, PUBLISHED_API_HASH), errors.ApiIdPublishedFloodError),
        ):
            with pytest.raises(error):
                await client(send_code(PHONE, *app))
        sent = await client(send_code())
        with pytest.raises(errors.FloodWaitError) as caught:
            await client(send_code())
        assert caught.value.seconds == 3600
        answer = await client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, "12345"))
        assert isinstance(answer, types.auth.AuthorizationSignUpRequired), "nobody has signed up with this number"

    use(telegram, go)


def test_a_cancelled_code_is_dead(telegram: PracticeTelegram) -> None:
    async def go(client: TelegramClient) -> None:
        sent = await client(send_code())
        assert await client(functions.auth.CancelCodeRequest(PHONE, sent.phone_code_hash)) is True
        with pytest.raises(errors.PhoneCodeExpiredError):
            await client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, "12345"))

    use(telegram, go)


# The login e-mail and the forgotten password


def test_a_code_by_email_signs_in_only_as_an_email_code(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[types.auth.SentCodeTypeEmailCode("p***a@example.org", 6)])

    async def go(client: TelegramClient) -> Any:
        sent = await client(send_code())

        def with_email(code: str) -> Any:
            verification = types.EmailVerificationCode(code)
            return client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, email_verification=verification))

        with pytest.raises(errors.PhoneCodeInvalidError):
            await client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, "654321"))
        with pytest.raises(errors.CodeInvalidError):
            await with_email("000000")
        return await with_email("654321")

    assert use(telegram, go).user.phone == PHONE[1:]


def test_an_email_is_set_up_before_the_code_is_sent_to_it(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[types.auth.SentCodeTypeSetUpEmailRequired()])

    async def go(client: TelegramClient) -> Any:
        sent = await client(send_code())
        purpose = types.EmailVerifyPurposeLoginSetup(PHONE, sent.phone_code_hash)
        for address, error in (("nonsense", "EMAIL_INVALID"), ("a@b.invalid", "EMAIL_NOT_ALLOWED")):
            with pytest.raises(errors.BadRequestError) as caught:
                await client(functions.account.SendVerifyEmailCodeRequest(purpose, address))
            assert telegram.calls[-1].outcome == error, caught
        asked = await client(functions.account.SendVerifyEmailCodeRequest(purpose, "petra@example.org"))
        assert (asked.email_pattern, asked.length) == ("pe***a@example.org", 6)
        code = types.EmailVerificationCode("654321")
        verified = await client(functions.account.VerifyEmailRequest(purpose, code))
        sent = verified.sent_code
        assert isinstance(sent.type, types.auth.SentCodeTypeEmailCode)
        request = functions.auth.SignInRequest(PHONE, sent.phone_code_hash, email_verification=code)
        return await client(request)

    assert use(telegram, go).user.phone == PHONE[1:]


@pytest.mark.parametrize("period", [0, 86400])
def test_a_login_email_is_reset_at_once_or_pending(telegram: PracticeTelegram, period: int) -> None:
    email = types.auth.SentCodeTypeEmailCode("p***a@example.org", 6, reset_available_period=period)
    telegram.add_account(PHONE, delivery=[email])

    async def go(client: TelegramClient) -> None:
        sent = await client(send_code())
        sent = await client(functions.auth.ResetLoginEmailRequest(PHONE, sent.phone_code_hash))
        if period == 0:
            assert isinstance(sent.type, Sms)
            return
        assert sent.type.reset_available_period is None and sent.type.reset_pending_date
        assert sent.type.email_pattern == ""
        with pytest.raises(errors.BadRequestError):
            await client(functions.auth.ResetLoginEmailRequest(PHONE, sent.phone_code_hash))
        assert telegram.calls[-1].outcome == "TASK_ALREADY_EXISTS"
        telegram.account(PHONE).email_reset_pending = telegram.clock()  # the day has come
        sent = await client(functions.auth.ResetLoginEmailRequest(PHONE, sent.phone_code_hash))
        assert isinstance(sent.type, Sms)

    use(telegram, go)


def test_a_password_that_is_removed_meanwhile_is_missed_and_the_code_still_signs_in(telegram: PracticeTelegram) -> None:
    from telethon.password import compute_check

    account = telegram.add_account(PHONE, password="forgotten")

    async def go(client: TelegramClient) -> Any:
        sent = await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        challenge = await client(functions.account.GetPasswordRequest())
        account.password = None
        with pytest.raises(errors.PasswordEmptyError):
            await client(functions.auth.CheckPasswordRequest(compute_check(challenge, "forgotten")))
        assert (await client(functions.account.GetPasswordRequest())).current_algo is None
        return await client.sign_in(PHONE, "12345", phone_code_hash=sent.phone_code_hash)

    assert use(telegram, go).phone == PHONE[1:]


def test_a_forgotten_password_is_removed_by_the_code_of_the_recovery_email(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="forgotten", recovery_email="petra@example.org")

    async def go(client: TelegramClient) -> Any:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        recovery = await client(functions.auth.RequestPasswordRecoveryRequest())
        assert recovery.email_pattern == "pe***a@example.org"
        with pytest.raises(errors.CodeInvalidError):
            await client(functions.auth.CheckRecoveryPasswordRequest("000000"))
        assert await client(functions.auth.CheckRecoveryPasswordRequest("765432"))
        return await client(functions.auth.RecoverPasswordRequest("765432"))

    assert use(telegram, go).user.phone == PHONE[1:]
    assert telegram.account(PHONE).password is None


def test_without_a_recovery_email_nothing_can_be_recovered(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="forgotten")

    async def go(client: TelegramClient) -> None:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        with pytest.raises(errors.PasswordRecoveryNaError):
            await client(functions.auth.RequestPasswordRecoveryRequest())

    use(telegram, go)


# QR codes


@pytest.mark.parametrize("dc", [2, 4])
def test_a_scanned_qr_code_signs_in_wherever_the_account_lives(telegram: PracticeTelegram, dc: int) -> None:
    telegram.add_account(PHONE, dc=dc)

    async def go(client: TelegramClient) -> Any:
        qr = await client.qr_login()
        waiting = asyncio.ensure_future(qr.wait(10))
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, telegram.scan, PHONE, qr.url)
        await waiting
        return client.session.save()

    assert who_is(telegram, use(telegram, go)) is not None


def test_after_the_scan_the_password_is_asked_for(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="secret")
    telegram.auto_scan = (PHONE, 0.05)

    async def go(client: TelegramClient) -> Any:
        qr = await client.qr_login()
        with pytest.raises(errors.SessionPasswordNeededError):
            await qr.wait(10)
        return await client.sign_in(password="secret")

    assert use(telegram, go).phone == PHONE[1:]


def test_the_first_export_may_already_be_a_success(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    telegram.auto_scan = (PHONE, 0)
    answer = ask(telegram, functions.auth.ExportLoginTokenRequest(API_ID, API_HASH, []))
    assert isinstance(answer, types.auth.LoginTokenSuccess)


def test_a_qr_code_expires_and_the_next_is_another(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    telegram.login_token_life = 0.2
    export = functions.auth.ExportLoginTokenRequest(API_ID, API_HASH, [])

    async def go(client: TelegramClient) -> None:
        first = await client.qr_login()
        assert (await client(export)).token == first.token, "the same until it expires"
        await asyncio.sleep(0.25)
        with pytest.raises(LookupError, match="EXPIRED"):
            telegram.scan(PHONE, first.url)
        assert (await client(export)).token != first.token

    use(telegram, go)


def test_another_signed_in_client_can_accept_a_qr_code(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    phone_app = sign_in(telegram, PHONE)

    async def go(client: TelegramClient) -> Any:
        qr = await client.qr_login()
        waiting = asyncio.ensure_future(qr.wait(10))
        other = new_client(telegram, string=phone_app)
        await other.connect()
        authorization = await other(functions.auth.AcceptLoginTokenRequest(qr.token))
        await other.disconnect()
        assert isinstance(authorization, types.Authorization)
        return await waiting

    assert use(telegram, go).phone == PHONE[1:]


# Who may call what


def test_calls_need_a_session_that_is_signed_in_and_alive(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    me = functions.users.GetUsersRequest([types.InputUserSelf()])
    with pytest.raises(errors.AuthKeyUnregisteredError):
        ask(telegram, me)
    string = sign_in(telegram, PHONE)
    telegram.revoke(PHONE)
    with pytest.raises(errors.SessionRevokedError):
        ask(telegram, me, string=string)
    string = sign_in(telegram, PHONE)
    telegram.account(PHONE).banned = True
    with pytest.raises(errors.UserDeactivatedBanError):
        ask(telegram, me, string=string)
    telegram.account(PHONE).banned = False
    assert ask(telegram, functions.auth.LogOutRequest(), string=string)
    with pytest.raises(errors.AuthKeyUnregisteredError):
        ask(telegram, me, string=string)


def test_one_key_on_two_lines_at_once_is_dead_for_good(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)

    async def go(client: TelegramClient) -> None:
        await client.get_me()
        second = new_client(telegram, string=string)
        with pytest.raises(errors.AuthKeyDuplicatedError):
            await second.connect()
        await second.disconnect()

    use(telegram, go, string=string)
    with pytest.raises(errors.AuthKeyDuplicatedError):
        ask(telegram, functions.users.GetUsersRequest([types.InputUserSelf()]), string=string)


def test_a_key_that_the_server_does_not_know_gets_404(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    telegram.forget_keys()
    with pytest.raises(errors.AuthKeyNotFound):
        ask(telegram, functions.help.GetConfigRequest(), string=string)


def test_everything_else_is_no_method_here(telegram: PracticeTelegram) -> None:
    with pytest.raises(errors.BadRequestError):
        ask(telegram, functions.messages.GetDialogFiltersRequest())
    assert telegram.calls[-1].outcome.startswith("INPUT_METHOD_INVALID_")


def test_an_account_tells_about_itself(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, unconfirmed=True, frozen=True, premium=True)

    async def go(client: TelegramClient) -> None:
        authorizations = await client(functions.account.GetAuthorizationsRequest())
        (current,) = authorizations.authorizations
        assert current.current and current.unconfirmed and authorizations.authorization_ttl_days == 183
        config = await client(functions.help.GetAppConfigRequest(0))
        assert {"freeze_since_date", "freeze_until_date", "freeze_appeal_url"} <= {v.key for v in config.config.value}
        full = await client(functions.users.GetFullUserRequest(types.InputUserSelf()))
        assert full.users[0].premium

    use(telegram, go, string=sign_in(telegram, PHONE))


def test_an_authorization_can_be_carried_to_another_data_centre(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    ticket = ask(telegram, functions.auth.ExportAuthorizationRequest(4), string=sign_in(telegram, PHONE))
    carried = ask(telegram, functions.auth.ImportAuthorizationRequest(ticket.id, ticket.bytes), dc=4)
    assert carried.user.phone == PHONE[1:]
    assert {key.dc for key in telegram.authorizations(PHONE)} == {2, 4}


# Transports


@pytest.mark.parametrize(
    "connection",
    [ConnectionTcpFull, ConnectionTcpAbridged, ConnectionTcpIntermediate, ConnectionTcpObfuscated],
    ids=lambda connection: connection.__name__,
)
def test_every_transport_signs_in(telegram: PracticeTelegram, connection: Any) -> None:
    assert ask(telegram, functions.help.GetNearestDcRequest(), connection=connection).this_dc == 2


def test_an_mtproxy_leads_to_the_data_centre_that_is_asked_for(telegram: PracticeTelegram) -> None:
    secret = os.urandom(16)
    proxy = ("127.0.0.1", telegram.open_mtproxy(secret), "dd" + secret.hex())
    connection = ConnectionTcpMTProxyRandomizedIntermediate
    nearest = ask(telegram, functions.help.GetNearestDcRequest(), dc=4, connection=connection, proxy=proxy)
    assert nearest.this_dc == 4
    assert telegram.connections[-1].transport.name == "padded intermediate"


def test_an_mtproxy_knows_no_other_data_centres(telegram: PracticeTelegram) -> None:
    secret = os.urandom(16)
    proxy = ("127.0.0.1", telegram.open_mtproxy(secret), "dd" + secret.hex())
    loggers = collections.defaultdict(lambda: logging.getLogger("telethon"))

    async def go() -> bytes:
        line = ConnectionTcpMTProxyRandomizedIntermediate("127.0.0.1", 443, 9, loggers=loggers, proxy=proxy)
        try:
            await line.connect()
            return await line.recv()
        finally:
            await line.disconnect()

    assert struct.unpack("<i", asyncio.run(asyncio.wait_for(go(), 10))) == (-444,)


def test_an_mtproxy_is_silent_or_gone_for_a_wrong_secret(telegram: PracticeTelegram) -> None:
    proxy = ("127.0.0.1", telegram.open_mtproxy(os.urandom(16)), os.urandom(16).hex())
    connection = ConnectionTcpMTProxyRandomizedIntermediate
    with pytest.raises(ConnectionError):
        ask(telegram, functions.help.GetNearestDcRequest(), connection=connection, proxy=proxy)


@pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="this machine has no IPv6")
def test_ipv6_is_served_where_the_machine_has_it(telegram: PracticeTelegram) -> None:
    if not telegram.data_centres[2].has_ipv6:
        pytest.skip("no ::1 on this machine")

    async def go() -> Any:
        client = new_client(telegram, use_ipv6=True)
        client.session.set_dc(2, "::1", telegram.data_centres[2].port)
        await client.connect()
        config = await client(functions.help.GetConfigRequest())
        await client.disconnect()
        return config

    assert any(option.ipv6 for option in asyncio.run(go()).dc_options)


# Faults


def outcome(telegram: PracticeTelegram, request: Any, timeout: float = 5.0, **options: Any) -> Any:
    """What a single request ends in: its answer, or the exception."""
    try:
        return ask(telegram, request, auto_reconnect=False, timeout=timeout, **options)
    except BaseException as error:
        return error


NEAREST = functions.help.GetNearestDcRequest()


def test_an_error_is_answered_as_often_as_was_asked_for(telegram: PracticeTelegram) -> None:
    fault = telegram.faults.add("help.getNearestDc", "error", code=420, name="FLOOD_WAIT_5", times=1, nth=2)
    assert isinstance(outcome(telegram, NEAREST), types.NearestDc)
    error = outcome(telegram, NEAREST)
    assert isinstance(error, errors.FloodWaitError) and error.seconds == 5
    assert isinstance(outcome(telegram, NEAREST), types.NearestDc)
    assert fault.hits == 1


def test_a_406_is_followed_by_its_words_as_an_update(telegram: PracticeTelegram) -> None:
    telegram.faults.add("auth.sendCode", "error", code=406, name="UPDATE_APP_TO_LOGIN", popup="Please update.")

    async def go(client: TelegramClient) -> str:
        said = asyncio.get_running_loop().create_future()
        popups = events.Raw(types.UpdateServiceNotification)
        client.add_event_handler(lambda update: said.set_result(update.message), popups)
        with pytest.raises(errors.UpdateAppToLoginError):
            await client(send_code())
        return str(await said)

    assert use(telegram, go) == "Please update."


def test_a_line_is_cut_before_or_after_the_call_is_carried_out(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("auth.sendCode", "cut", times=1)
    telegram.faults.add("auth.sendCode", "cut", handled=True, times=1)
    for carried_out in (False, True):
        assert isinstance(outcome(telegram, send_code()), (ConnectionError, asyncio.IncompleteReadError))
        assert bool(telegram.account(PHONE).sent) is carried_out


def test_an_answer_can_be_late_or_never_come(telegram: PracticeTelegram) -> None:
    telegram.faults.add("help.getNearestDc", "delay", seconds=0.3, times=1)
    silence = telegram.faults.add("help.getNearestDc", "silence")
    before = time.monotonic()
    assert isinstance(outcome(telegram, NEAREST), types.NearestDc)
    assert time.monotonic() - before >= 0.3
    assert isinstance(outcome(telegram, NEAREST, timeout=2), asyncio.TimeoutError)
    assert silence.hits


def test_an_answer_can_be_of_the_wrong_type_or_no_type_at_all(telegram: PracticeTelegram) -> None:
    telegram.faults.add("help.getNearestDc", "answer", answer=types.Pong(1, 2), times=1)
    telegram.faults.add("help.getNearestDc", "answer", answer=True, times=1)
    telegram.faults.add("help.getNearestDc", "bytes", data=b"\xef\xbe\xad\xde")
    assert isinstance(outcome(telegram, NEAREST), types.Pong)
    assert outcome(telegram, NEAREST) is True
    assert isinstance(outcome(telegram, NEAREST), errors.TypeNotFoundError)


@pytest.mark.parametrize("code", [-404, -429, -444])
def test_transport_errors_reach_the_client_in_the_full_transport_too(telegram: PracticeTelegram, code: int) -> None:
    telegram.faults.add("help.getNearestDc", "transport", code=code)
    error = outcome(telegram, NEAREST)
    if code == -404:
        assert isinstance(error, errors.AuthKeyNotFound)
    else:
        assert isinstance(error, errors.InvalidBufferError) and error.code == -code


def test_a_key_is_revoked_or_forgotten_at_a_call(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    me = functions.users.GetUsersRequest([types.InputUserSelf()])
    for do, error in (("revoke", errors.SessionExpiredError), ("forget", errors.AuthKeyNotFound)):
        string = sign_in(telegram, PHONE)
        fault = telegram.faults.add("users.getUsers", do, name="SESSION_EXPIRED", times=1)
        assert isinstance(outcome(telegram, me, string=string), error)
        telegram.faults.remove(fault)
        assert isinstance(outcome(telegram, me, string=string), error), "and stays so"


@pytest.mark.parametrize("place", ["accept", "req_pq", "req_DH_params", "set_client_DH_params", "packet"])
@pytest.mark.parametrize("do", ["cut", "silence", "garbage", "http"])
def test_every_step_before_the_first_call_can_fail(telegram: PracticeTelegram, place: str, do: str) -> None:
    fault = telegram.faults.add(place, do)

    async def go() -> None:
        client = new_client(telegram, auto_reconnect=False)
        connecting = asyncio.ensure_future(client.connect())
        while not fault.hits:
            await asyncio.sleep(0.01)
        await asyncio.wait([connecting], timeout=0.2)
        assert not connecting.done() or connecting.exception()
        connecting.cancel()
        await asyncio.wait([connecting])
        await client.disconnect()

    asyncio.run(asyncio.wait_for(go(), 20))
    assert telegram.calls == []


def test_a_closed_port_refuses_until_it_is_opened_again(telegram: PracticeTelegram) -> None:
    port = telegram.data_centres[2].port
    telegram.refuse(2)
    before = time.monotonic()
    assert isinstance(outcome(telegram, NEAREST), ConnectionError)
    assert time.monotonic() - before < 5
    telegram.listen(2)
    assert telegram.data_centres[2].port == port
    assert isinstance(outcome(telegram, NEAREST), types.NearestDc)


@pytest.mark.parametrize("offset", [600, -600])
def test_a_wrong_clock_is_told_at_the_key_exchange_and_by_the_messages(telegram: PracticeTelegram, offset: int) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    telegram.clock_offset = offset
    assert who_is(telegram, string) is not None, "an old key: bad_msg_notification 16 or 17 tells the time"
    assert isinstance(outcome(telegram, NEAREST), types.NearestDc), "a new key: server_time does"


def test_latency_delays_every_packet(telegram: PracticeTelegram) -> None:
    telegram.latency = 0.05
    before = time.monotonic()
    outcome(telegram, NEAREST)
    # Three answers of the key exchange, bad_server_salt, help.getConfig, the call.
    assert time.monotonic() - before >= 6 * 0.05


def test_an_exchange_that_has_to_be_repeated_is_repeated(telegram: PracticeTelegram) -> None:
    """As one in 256 has to be with Telethon, which drops a zero at the beginning of a key."""
    fault = telegram.faults.add("set_client_DH_params", "retry", times=1)
    assert isinstance(ask(telegram, NEAREST), types.NearestDc)
    assert fault.hits == 1 and len(telegram.connections) == 1


def test_faults_that_cannot_be_are_refused(telegram: PracticeTelegram) -> None:
    with pytest.raises(ValueError, match="nothing is called"):
        telegram.faults.add("auth.signIn", "explode")
    with pytest.raises(ValueError, match="needs an API method"):
        telegram.faults.add("accept", "error")
    with pytest.raises(ValueError, match="set_client_DH_params"):
        telegram.faults.add("accept", "retry")


# Waiting for what happens


def test_a_call_and_a_connection_can_be_waited_for(telegram: PracticeTelegram) -> None:
    with pytest.raises(TimeoutError):
        telegram.wait_for_call("help.getNearestDc", timeout=0.05)
    ask(telegram, NEAREST)
    call = telegram.wait_for_call("help.getNearestDc")
    line = telegram.wait_for_connection(1)
    assert call.line == line.number and line.exchanged_key and call.outcome == "NearestDc"
    telegram.wait_until_idle()


def test_it_starts_and_stops_in_the_blink_of_an_eye() -> None:
    took = []
    for _ in range(10):
        before = time.monotonic()
        with PracticeTelegram():
            pass
        took.append(time.monotonic() - before)
    assert min(took) < 0.05


# The bytes, by Telegram's pages and without Telethon

STATE_REQ, STATE_INFO, RESEND_REQ = 0xDA69FB52, 0x04DEB57D, 0x7D861A08
PING, PONG, PING_DELAY_DISCONNECT = 0x7ABE77EC, 0x347773C5, 0xF3427B8C
NEW_SESSION, BAD_SALT, BAD_MSG = 0x9EC20908, 0xEDAB447B, 0xA7EFF811
NEAREST_DC, NEAREST_DC_ANSWER = 0x1FB33026, 0x8E1A1775


def ping(number: int = 7) -> bytes:
    return struct.pack("<Iq", PING, number)


@pytest.fixture
def raw(telegram: PracticeTelegram) -> Any:
    with RawClient(telegram.data_centres[2].port) as client:
        client.exchange_key()
        yield client


def test_the_key_exchange_keeps_to_its_page(telegram: PracticeTelegram, raw: RawClient) -> None:
    """RawClient asserts each field and hash; here, that both ends have come to the same key and salt."""
    (key,) = telegram.keys
    assert (key.key, key.salt) == (raw.auth_key, raw.salt)
    assert abs(raw.server_time - time.time()) < 2


def test_the_first_answer_comes_with_new_session_created(raw: RawClient) -> None:
    asked = raw.send(ping())
    messages = raw.receive()
    constructors = [int.from_bytes(body[:4], "little") for _, _, body in messages]
    assert constructors == [NEW_SESSION, PONG]
    assert [msg_id % 4 for msg_id, _, _ in messages] == [3, 1]
    assert [seqno % 2 for _, seqno, _ in messages] == [1, 0]
    assert struct.unpack_from("<q", messages[0][2], 4)[0] == asked
    assert struct.unpack_from("<qq", messages[1][2], 4) == (asked, 7)
    raw.send(ping(8))
    assert [int.from_bytes(body[:4], "little") for _, _, body in raw.receive()] == [PONG]


def test_a_wrong_salt_is_told_the_right_one(raw: RawClient) -> None:
    right, raw.salt = raw.salt, raw.salt ^ 1
    asked = raw.send(ping())
    assert struct.unpack("<qiiq", raw.receive_until(BAD_SALT)) == (asked, 1, 48, right)


@pytest.mark.parametrize(("offset", "code"), [(-400, 16), (60, 17)])
def test_messages_of_another_time_are_refused(raw: RawClient, offset: int, code: int) -> None:
    asked = raw.send(ping(), msg_id=raw.msg_id(offset))
    assert struct.unpack("<qii", raw.receive_until(BAD_MSG)) == (asked, 1, code)


def test_identifiers_and_numbers_have_to_fit(raw: RawClient) -> None:
    raw.send(ping(), msg_id=raw.msg_id() + 1)
    assert struct.unpack("<qii", raw.receive_until(BAD_MSG))[2] == 18
    raw.send(ping(), content=False)
    assert struct.unpack("<qii", raw.receive_until(BAD_MSG))[2] == 35


def test_an_unknown_key_and_a_forged_message_get_404(telegram: PracticeTelegram, raw: RawClient) -> None:
    raw.send_packet(os.urandom(24 + 64))
    assert raw.receive_packet() == struct.pack("<i", -404)
    raw.send_packet(raw.key_id + os.urandom(16 + 64))
    assert raw.receive_packet() == struct.pack("<i", -404)


def test_a_call_needs_layer_and_init_connection_first(raw: RawClient) -> None:
    asked = raw.send(struct.pack("<I", NEAREST_DC))
    answer = Cursor(raw.receive_until(RPC_RESULT))
    assert answer.long() == asked
    assert (answer.word(), answer.word(), answer.string()) == (RPC_ERROR, 400, b"CONNECTION_NOT_INITED")


def init(query: bytes, api_id: int = API_ID) -> bytes:
    """invokeWithLayer(229, initConnection(…, query)) as the schema has had it since layer 117."""
    fields = b"".join(map(string, (b"device", b"1", b"2", b"en", b"", b"en")))
    return struct.pack("<IIIII", 0xDA9B0D0D, 229, 0xC1CD5EA9, 0, api_id) + fields + query


def test_what_is_long_is_gzipped(raw: RawClient) -> None:
    import gzip

    asked = raw.send(init(struct.pack("<I", 0xC4F9186B)))  # help.getConfig
    answer = Cursor(raw.receive_until(RPC_RESULT))
    assert (answer.long(), answer.word()) == (asked, GZIP)
    assert gzip.decompress(answer.string())[:4] == struct.pack("<I", 0xCC1A241E)  # config


def test_a_container_with_gzipped_and_plain_messages_is_taken_apart(raw: RawClient) -> None:
    import gzip

    first, second, outer = raw.msg_id(), raw.msg_id(), raw.msg_id()
    zipped = struct.pack("<I", GZIP) + string(gzip.compress(init(struct.pack("<I", NEAREST_DC))))
    body = struct.pack("<Ii", MSG_CONTAINER, 2)
    body += struct.pack("<qii", first, 1, len(zipped)) + zipped
    body += struct.pack("<qii", second, 3, 12) + ping()
    raw.content_messages = 2
    raw.send(body, msg_id=outer, content=False)
    answers: dict[int, bytes] = {}
    while len(answers) < 3:
        answers.update((int.from_bytes(body[:4], "little"), body[4:]) for _, _, body in raw.receive())
    assert struct.unpack_from("<q", answers[NEW_SESSION])[0] == first
    assert struct.unpack_from("<qI", answers[RPC_RESULT]) == (first, NEAREST_DC_ANSWER)
    assert struct.unpack("<qq", answers[PONG]) == (second, 7)


def test_a_message_that_comes_twice_is_carried_out_once(telegram: PracticeTelegram, raw: RawClient) -> None:
    asked = raw.send(init(struct.pack("<I", NEAREST_DC)))
    first = raw.receive_until(RPC_RESULT)
    raw.send(init(struct.pack("<I", NEAREST_DC)), msg_id=asked)
    assert raw.receive_until(RPC_RESULT) == first
    assert telegram.methods == ["help.getNearestDc"]


def test_an_answer_that_nobody_acknowledged_comes_again_on_the_next_line(
    telegram: PracticeTelegram, raw: RawClient
) -> None:
    asked = raw.send(init(struct.pack("<I", NEAREST_DC)))
    telegram.wait_for_call("help.getNearestDc")
    with RawClient(telegram.data_centres[2].port) as again:
        again.auth_key, again.salt, again.session_id = raw.auth_key, raw.salt, raw.session_id
        again.content_messages = 5
        again.send(ping())
        assert struct.unpack_from("<qI", again.receive_until(RPC_RESULT)) == (asked, NEAREST_DC_ANSWER)


def test_a_line_ends_when_no_ping_comes_in_time(raw: RawClient) -> None:
    raw.send(struct.pack("<Iqi", PING_DELAY_DISCONNECT, 1, 1))
    raw.receive_until(PONG)
    with pytest.raises(EOFError):
        raw.receive()


def test_a_ping_can_stay_unanswered_while_calls_are_answered(telegram: PracticeTelegram, raw: RawClient) -> None:
    fault = telegram.faults.add("ping", "silence")
    raw.send(ping())
    raw.send(init(struct.pack("<I", NEAREST_DC)))
    seen: list[int] = []
    while RPC_RESULT not in seen:
        seen += [int.from_bytes(body[:4], "little") for _, _, body in raw.receive()]
    assert PONG not in seen
    assert fault.hits == 1


NONSENSE = {
    "empty": b"",
    "zeros": bytes(4),
    "cut-off container": struct.pack("<Ii", MSG_CONTAINER, 9),
    "broken gzip": struct.pack("<I", GZIP) + b"\3abc",
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_a_message_without_sense_harms_nobody_else(telegram: PracticeTelegram, raw: RawClient, body: bytes) -> None:
    raw.send(body)
    assert isinstance(outcome(telegram, NEAREST), types.NearestDc)


def test_the_state_of_messages_and_future_salts_can_be_asked_for(raw: RawClient) -> None:
    known = raw.send(ping())
    raw.receive()
    about = (known, known - 4, known + 4, known + (60 << 32))  # received, too old, missing in between, not sent yet
    asked = raw.send(struct.pack("<IIi4q", STATE_REQ, VECTOR, len(about), *about), content=False)
    info = Cursor(raw.receive_until(STATE_INFO))
    assert (info.long(), info.string()) == (asked, b"\x04\x01\x02\x03")
    asked = raw.send(struct.pack("<Ii", 0xB921BD04, 1))
    salts = Cursor(raw.receive_until(0xAE500895))
    assert (salts.long(), abs(salts.word() - time.time()) < 2, salts.word()) == (asked, True, 1)
    since, until = salts.word(), salts.word()
    assert since < time.time() < until and salts.long() == raw.salt


def test_a_message_can_be_asked_for_once_more(raw: RawClient) -> None:
    raw.send(init(struct.pack("<I", NEAREST_DC)))
    ((first, *answer),) = [message for message in raw.receive() if message[2][:4] == struct.pack("<I", RPC_RESULT)]
    raw.send(struct.pack("<IIiq", RESEND_REQ, VECTOR, 1, first), content=False)
    assert raw.receive() == [(first, *answer)]
    asked = raw.send(struct.pack("<IIi2q", RESEND_REQ, VECTOR, 2, first, first + 4), content=False)
    (again, _), (_, state) = ((message[0], message[2]) for message in raw.receive())
    assert again == first and struct.unpack_from("<Iq", state) == (STATE_INFO, asked)


def test_a_client_that_speaks_the_srp_page_is_let_in(telegram: PracticeTelegram) -> None:
    """The client's half, from https://core.telegram.org/api/srp, in the words of that page."""

    def h(*parts: bytes) -> bytes:
        return sha256(b"".join(parts)).digest()

    def sh(data: bytes, salt: bytes) -> bytes:
        return h(salt, data, salt)

    def m1(password: str) -> tuple[bytes, bytes]:
        salt1, salt2 = algorithm().salt1, algorithm().salt2
        p, g = DH_PRIME, DH_GENERATOR
        p_bytes, g_bytes = p.to_bytes(256, "big"), g.to_bytes(256, "big")
        ph1 = sh(sh(password.encode(), salt1), salt2)
        x = int.from_bytes(sh(pbkdf2_hmac("sha512", ph1, salt1, 100000), salt2), "big")
        k = int.from_bytes(h(p_bytes, g_bytes), "big")
        a = int.from_bytes(os.urandom(256), "big")
        g_a = pow(g, a, p).to_bytes(256, "big")
        u = int.from_bytes(h(g_a, challenge.srp_B), "big")
        k_v = k * pow(g, x, p) % p
        t = (int.from_bytes(challenge.srp_B, "big") - k_v) % p
        k_a = h(pow(t, a + u * x, p).to_bytes(256, "big"))
        p_xor_g = bytes(i ^ j for i, j in zip(h(p_bytes), h(g_bytes)))
        return g_a, h(p_xor_g, h(salt1), h(salt2), g_a, challenge.srp_B, k_a)

    challenge = Challenge("right")
    assert challenge.proves(*m1("right"))
    assert not challenge.proves(*m1("wrong"))
    with pytest.raises(ValueError, match="out of range"):
        challenge.proves((1).to_bytes(256, "big"), b"")


def test_what_follows_is_announced_by_its_own_name() -> None:
    account = Account(PHONE, delivery=[App(5), Call(5), types.auth.SentCodeTypeEmailCode("p", 6), Sms(5)])
    assert [type(account.next_type(step)).__name__ for step in range(4)] == [
        "CodeTypeCall",
        "NoneType",  # there is no CodeTypeEmailCode
        "CodeTypeSms",
        "NoneType",
    ]


# The launcher

STAND_IN = """
import sys
from typing import Dict, NamedTuple, Tuple

class DataCentre(NamedTuple):
    id: int
    place: str
    ipv4: str
    ipv6: str
    ports: Tuple[int, ...]

DATA_CENTRES: Dict[int, DataCentre] = {i: DataCentre(i, "", "149.154.167.51", "::2", (443, 80)) for i in range(1, 6)}

def main(argv):
    early = [name for name in ("telethon", "socket", "asyncio", "ssl") if name in sys.modules]
    assert not early, early
    import socket
    try:
        {attempt}
    except OSError as error:
        print(error)
    return 0
"""


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        ("print(DATA_CENTRES[2].ipv4)", 0),
        ("socket.create_connection((DATA_CENTRES[2].ipv4, DATA_CENTRES[2].ports[0])).close()", 0),
        ("socket.create_connection(('149.154.167.51', 443), timeout=1)", 99),
        ("socket.socket().connect_ex(('192.0.2.1', 443))", 99),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))", 99),
        ("socket.socket(socket.AF_INET6).connect(('2001:db8::1', 443))", 99),
        ("socket.getaddrinfo('telegram.org', 443)", 99),
        ("import asyncio; asyncio.run(asyncio.open_connection('192.0.2.1', 443))", 99),
    ],
)
def test_the_launcher_leads_here_and_nowhere_else(
    telegram: PracticeTelegram, tmp_path: Any, clean_env: dict[str, str], attempt: str, code: int
) -> None:
    (tmp_path / "tests" / "practice").mkdir(parents=True)
    launcher = tmp_path / "tests" / "practice" / "launcher.py"
    launcher.write_text(LAUNCHER.read_text())
    (tmp_path / "telegram_session.py").write_text(STAND_IN.replace("{attempt}", attempt))
    ended = subprocess.run(
        [sys.executable, str(launcher), "--config", telegram.config], env=clean_env, capture_output=True, text=True
    )
    assert ended.returncode == code, ended.stderr
    assert ("practice: the script tried" in ended.stderr) is (code == 99)


def test_importing_the_package_brings_nothing_along() -> None:
    check = (
        "import sys, tests.practice, tests.practice.launcher; sys.exit(bool({'telethon', 'socket'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0


# By hand: python3 -m tests.practice

needs_terminal = pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")


@pytest.fixture
def by_hand(clean_env: dict[str, str]) -> Iterator[terminal.Person]:
    with terminal.Person([sys.executable, "-m", "tests.practice"], cwd=ROOT, env=clean_env) as person:
        yield person


@needs_terminal
def test_whoever_types_what_the_notice_says_is_signed_in(by_hand: terminal.Person) -> None:
    by_hand.sees("Nothing leaves this computer")
    by_hand.answers("Do you already have an API ID and API hash?", "y")
    notice = by_hand.transcript

    def told(pattern: str) -> str:
        match = re.search(pattern, notice)
        assert match, pattern
        return match.group(1)

    by_hand.answers("API ID", told(r"API ID +(\d+)"))
    by_hand.answers("API hash", told(r"API hash +(\w+)"))
    by_hand.answers("Phone number", told(r"with 2FA +(\+[\d ]+\d)"))
    by_hand.answers("Code", told(r"with 2FA .*Code +(\d+)"))
    by_hand.answers("2FA password", told(r"2FA password +(.+)"), hidden=True)
    by_hand.sees("Session string")
    by_hand.is_asked("Press Enter to exit")
    by_hand.presses("enter")
    by_hand.exits(0)


@needs_terminal
def test_ctrl_c_ends_the_practice_as_it_ends_the_script(by_hand: terminal.Person) -> None:
    by_hand.is_asked("Do you already have an API ID and API hash?")
    by_hand.presses("ctrl-c")
    by_hand.is_asked("Press Enter to exit")
    by_hand.presses("enter")
    by_hand.exits(130)
    by_hand.does_not_see("Traceback")


def test_without_telethon_the_practice_says_what_it_needs() -> None:
    hide = "import sys, runpy; sys.modules['telethon'] = None; runpy.run_module('tests.practice', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", hide], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "pip install telethon" in ended.stderr
    assert "Traceback" not in ended.stderr
