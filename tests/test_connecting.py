"""Signing in over lines that are slow, cut, proxied or blocked: a working string, or the right verdict in time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run
from .helpers.packages import needs_pip, without
from .helpers.second_client import who_is
from .helpers.terminal import Person
from .helpers.waiting import sees_in_time
from .practice import PracticeTelegram
from .practice.proxies import PracticeProxy
from .practice.telegram import API_HASH, API_ID

STRING = re.compile(r"^1[\w=-]{300,}\s", re.M)
PHONE, CODE = "+4915112345678", "24680"
SECRET = bytes(range(16))
VALUES = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_PHONE": PHONE}


@pytest.fixture(autouse=True)
def account(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, code=CODE, dc=2, first_name="Petra")


def gets_a_working_string(telegram: PracticeTelegram, person: Person) -> None:
    string = person.sees(STRING).strip()
    person.answers("Press Enter to exit", "")
    person.exits(0)
    user = who_is(telegram, string)
    assert user is not None and user.first_name == "Petra"


def signs_in(telegram: PracticeTelegram, person: Person) -> None:
    person.answers("Code", CODE)
    gets_a_working_string(telegram, person)


# Slow and wrong, but not broken


def test_a_line_with_a_third_of_a_second_of_delay(telegram: PracticeTelegram, run: Run) -> None:
    telegram.latency = 0.3
    signs_in(telegram, run(env=VALUES))


@pytest.mark.parametrize("offset", [600, -600])
def test_a_clock_that_is_wrong_by_ten_minutes(telegram: PracticeTelegram, run: Run, offset: int) -> None:
    telegram.clock_offset = offset
    person = run(env=VALUES)
    person.sees("The clock of this computer is wrong: 10m 0s")
    signs_in(telegram, person)


@pytest.mark.parametrize("offset", [120, -600])
def test_a_clock_that_jumps_while_the_person_looks_for_the_code(
    telegram: PracticeTelegram, run: Run, offset: int
) -> None:
    person = run(env=VALUES)
    person.is_asked("Code")
    telegram.clock_offset = offset
    signs_in(telegram, person)


def test_the_salt_changes_while_the_person_looks_for_the_code(telegram: PracticeTelegram, run: Run) -> None:
    """As it does every half hour (https://core.telegram.org/mtproto/description#server-salt)."""
    person = run(env=VALUES)
    person.is_asked("Code")
    for key in telegram.keys:
        key.salt ^= 1
    signs_in(telegram, person)
    person.does_not_see("went down")


def test_a_data_centre_that_answers_the_handshake_late(telegram: PracticeTelegram, run: Run) -> None:
    """The connection takes longer than the patience after which the network is examined, and still succeeds."""
    telegram.latency = 1.2
    person = run(env=VALUES)
    person.sees("connecting to data centre 2: 3s")
    person.is_asked("Code")
    telegram.latency = 0
    signs_in(telegram, person)


def test_a_machine_that_has_only_ipv6(telegram: PracticeTelegram, run: Run, tmp_path: Path) -> None:
    """Telethon leaves the data centre of a string with an IPv6 address, unless it is told to use IPv6."""
    if not telegram.data_centres[2].has_ipv6:
        pytest.skip("no IPv6 on this machine")
    telegram.account(PHONE).dc = 4
    person = run("--ipv6", env=VALUES)
    person.sees("Connected to ::1")
    person.sees("Moving there.")
    person.sees("Connected to ::1")
    person.answers("Code", CODE)
    string = person.sees(STRING).strip()
    person.sees("a program must connect by IPv6 too (Telethon: use_ipv6=True)")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert who_is(telegram, string, use_ipv6=True) is not None
    (tmp_path / "ipv6.txt").write_text(string)
    person = run("convert", "ipv6.txt", "-")
    person.sees("a program must connect by IPv6 too")
    person.answers("Give it Telegram's IPv4 address instead?", "")
    string = person.sees(STRING).strip()
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert who_is(telegram, string) is not None


# The line is cut


CALLS = ["req_pq", "req_DH_params", "set_client_DH_params", "auth.sendCode", "auth.signIn"]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("handled", [False, True], ids=["before", "after"])
def test_the_line_is_cut_around_a_call(telegram: PracticeTelegram, run: Run, call: str, handled: bool) -> None:
    fault = telegram.faults.add(call, "cut", handled=handled, times=1)
    person = run(env=VALUES)
    person.is_asked("Code")
    person.types(telegram.code(PHONE))
    gets_a_working_string(telegram, person)
    assert fault.hits == 1
    assert len(telegram.authorizations(PHONE)) == 1  # none that nobody was told about


def test_the_line_dies_while_the_person_looks_for_the_code(telegram: PracticeTelegram, run: Run) -> None:
    person = run(env=VALUES)
    person.is_asked("Code")
    telegram.refuse(2)
    telegram.listen(2)
    signs_in(telegram, person)
    assert telegram.methods.count("auth.sendCode") == 1
    assert len({call.key_id for call in telegram.calls if call.method.startswith("auth.")}) == 1


def test_telegram_is_gone_when_the_code_is_typed_and_comes_back(telegram: PracticeTelegram, run: Run) -> None:
    person = run(env=VALUES)
    person.is_asked("Code")
    telegram.refuse()
    person.types(CODE)
    person.sees("Telegram is blocked here: connections to its addresses are refused.")
    telegram.listen()


# Telegram is out of reach


def main_job_ends_with(person: Person, verdict: str, within: float) -> None:
    person.sees("Connecting to")
    sees_in_time(person, verdict, within)
    person.is_asked("Press Enter to exit")
    person.types("")
    person.exits(1)


@pytest.mark.parametrize(
    ("place", "do", "verdict", "within"),
    [
        ("accept", "cut", "connections are cut as soon as Telegram's protocol is spoken", 3),
        ("req_pq", "cut", "connections are cut as soon as Telegram's protocol is spoken", 3),
        ("accept", "silence", "the connection stands, but Telegram's answer never comes", 12),
        ("req_pq", "garbage", "Something answers in Telegram's place, and it is not Telegram.", 3),
        ("accept", "http", "a web server or web filter", 3),
        ("set_client_DH_params", "silence", "the key exchange stopped in the middle", 12),
        ("set_client_DH_params", "cut", "picked up and hung up without a word", 3),
    ],
)
def test_a_broken_way_to_telegram_is_named_in_time(
    telegram: PracticeTelegram, run: Run, place: str, do: str, verdict: str, within: float
) -> None:
    telegram.faults.add(place, do)
    main_job_ends_with(run(env=VALUES), verdict, within)


def test_a_refusing_network_is_named_in_time(telegram: PracticeTelegram, run: Run) -> None:
    telegram.refuse()
    main_job_ends_with(run(env=VALUES), "connections to its addresses are refused", 3)


def test_after_the_verdict_one_key_tries_again(telegram: PracticeTelegram, run: Run) -> None:
    telegram.refuse()
    person = run(env=VALUES)
    person.is_asked("Press Enter to exit")
    telegram.listen()
    person.types("1")
    signs_in(telegram, person)


# Proxies


@pytest.mark.parametrize("kind", ["socks5", "socks4", "http"])
@pytest.mark.parametrize("login", [False, True], ids=["open", "login"])
def test_signing_in_through_every_kind_of_proxy(telegram: PracticeTelegram, run: Run, kind: str, login: bool) -> None:
    pytest.importorskip("python_socks")
    telegram.account(PHONE).dc = 4  # the sign-in moves to another data centre on the way
    user = {"user": "ann", "password": "" if kind == "socks4" else "p@ss:w/d"} if login else {}
    with PracticeProxy(kind, **user) as proxy:
        quoted = {"socks4": "ann"}.get(kind, "ann:p%40ss%3Aw%2Fd") if login else ""
        person = run(env={**VALUES, "TELEGRAM_PROXY": proxy.url(login=quoted)})
        signs_in(telegram, person)
        person.does_not_see("p@ss:w/d")
        assert set(proxy.connected) == {telegram.data_centres[2].port, telegram.data_centres[4].port}


@pytest.mark.parametrize("padded", [False, True])
def test_signing_in_through_an_mtproxy(telegram: PracticeTelegram, run: Run, padded: bool) -> None:
    telegram.account(PHONE).dc = 4
    port = telegram.open_mtproxy(SECRET)
    link = f"https://t.me/proxy?server=127.0.0.1&port={port}&secret={'dd' * padded + SECRET.hex()}"
    person = run(env={**VALUES, "TELEGRAM_PROXY": link})
    signs_in(telegram, person)
    person.does_not_see(SECRET.hex())


def test_signing_in_through_a_proxy_that_has_a_name(telegram: PracticeTelegram, run: Run) -> None:
    pytest.importorskip("python_socks")
    with PracticeProxy("socks5") as proxy:
        signs_in(telegram, run(env={**VALUES, "TELEGRAM_PROXY": f"socks5://localhost:{proxy.port}"}))
        assert proxy.connected


@pytest.mark.parametrize("link", ["socks5://localhost:9", f"tg://proxy?server=localhost&port=9&secret={SECRET.hex()}"])
def test_a_name_service_that_never_answers_does_not_even_hold_up_the_end(
    telegram: PracticeTelegram, run: Run, link: str
) -> None:
    if link.startswith("socks"):
        pytest.importorskip("python_socks")
    telegram.name_service = "dead"
    main_job_ends_with(run(env={**VALUES, "TELEGRAM_PROXY": link}), "The name of the proxy cannot be looked up", 12)


@pytest.mark.parametrize(
    ("kind", "misbehaves", "verdict", "within"),
    [
        ("socks5", "closing", "hung up without a word", 3),
        ("socks5", "refusing", "refuses to connect to Telegram (a rule forbids it)", 3),
        ("http", "refusing", "refuses to connect to Telegram (403 Forbidden)", 3),
        ("http", "deaf", "The proxy takes the connection and then says nothing", 12),
    ],
)
def test_a_proxy_that_fails_the_sign_in_is_named(
    telegram: PracticeTelegram, run: Run, kind: str, misbehaves: str, verdict: str, within: float
) -> None:
    pytest.importorskip("python_socks")
    with PracticeProxy(kind, misbehaves=misbehaves) as proxy:
        main_job_ends_with(run(env={**VALUES, "TELEGRAM_PROXY": proxy.url()}), verdict, within)


def test_a_key_exchange_that_stalls_once_on_a_proxy_is_tried_again(telegram: PracticeTelegram, run: Run) -> None:
    pytest.importorskip("python_socks")
    fault = telegram.faults.add("set_client_DH_params", "silence", times=1)
    with PracticeProxy("socks5") as proxy:
        signs_in(telegram, run(env={**VALUES, "TELEGRAM_PROXY": proxy.url()}))
    assert fault.hits == 1


def test_a_key_exchange_that_always_stalls_on_a_proxy_is_called_that(telegram: PracticeTelegram, run: Run) -> None:
    pytest.importorskip("python_socks")
    telegram.faults.add("set_client_DH_params", "silence")
    with PracticeProxy("socks5") as proxy:
        verdict = "the key exchange stopped in the middle"
        main_job_ends_with(run(env={**VALUES, "TELEGRAM_PROXY": proxy.url()}), verdict, 12)


def test_connected_is_said_of_a_key_that_is_known_when_telegram_has_answered(
    telegram: PracticeTelegram, run: Run
) -> None:
    person = run(env=VALUES)
    person.is_asked("Code")
    telegram.refuse(2)
    telegram.listen(2)
    for call in ("users.getUsers", "auth.signIn"):  # the one or the other is the first on the new line
        telegram.faults.add(call, "delay", seconds=2.5)
    person.types(telegram.code(PHONE))
    person.sees("Bringing it back with the same key")
    person.sees("gives up after")
    told = person.transcript.rpartition("Bringing it back with the same key")[2]
    assert "Connected" not in told
    person.sees("Connected to")
    person.is_asked("Press Enter to exit")


def test_an_mtproxy_with_another_secret_is_named(telegram: PracticeTelegram, run: Run) -> None:
    port = telegram.open_mtproxy(SECRET)
    link = f"tg://proxy?server=127.0.0.1&port={port}&secret={'ab' * 16}"
    main_job_ends_with(run(env={**VALUES, "TELEGRAM_PROXY": link}), "its secret is probably wrong", 8)


@needs_pip
@pytest.mark.parametrize("answer", ["y", "n"])
def test_python_socks_is_offered_with_the_command_that_installs_it(run: Run, tmp_path: Any, answer: str) -> None:
    person = run(env={**VALUES, **without("python_socks", tmp_path), "TELEGRAM_PROXY": "socks5://127.0.0.1:9"})
    person.sees("-m pip install")
    person.sees("python-socks[asyncio]")
    person.answers("Install it now? [y/N]", answer)
    if answer == "y":
        person.sees("could not be installed", timeout=60)
    person.sees("Python needs the package python-socks")
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_answers_that_cannot_be_read_are_not_told_as_silence(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("auth.sendCode", "garbage")
    person = run(env=VALUES)
    person.sees("An answer came that was not meant for this connection.")
    person.sees("at auth.sendCode")
    person.does_not_see("Nobody answered")
