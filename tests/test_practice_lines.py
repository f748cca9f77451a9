"""The practice Telegram's lines: transports, faults on demand, and what can be waited for."""

from __future__ import annotations

import asyncio
import collections
import logging
import os
import struct
import time
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

from .helpers.practising import NEAREST, PHONE, ask, outcome, send_code
from .helpers.second_client import new_client, sign_in, use, who_is
from .practice import PracticeTelegram

# ── transports ──


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


# ── faults ──


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


# ── waiting for what happens ──


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
