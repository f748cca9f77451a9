"""`network`: can this machine reach Telegram, and if not, what is in the way? Each case in time, with its verdict."""

from __future__ import annotations

import random
import re
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telegram_session as script

from .conftest import ROOT, Run
from .helpers.terminal import Person
from .helpers.waiting import sees_in_time, slowness
from .practice import PracticeTelegram

REFUSING, SILENT = 3.0, 12.0  # seconds to the verdict at most


def ends_with(person: Person, verdict: str, within: float) -> None:
    """The verdict comes in time, without a silence, and with steps; the exit code is 1."""
    person.sees("all at once")
    sees_in_time(person, verdict, within)
    person.is_asked("Press Enter to exit")
    assert "What to do:" in person.transcript
    person.types("")
    person.exits(1)


# All is well


def test_a_good_network_is_called_good(telegram: PracticeTelegram, run: Run) -> None:
    person = run("network")
    for dc in (1, 2, 3, 4, 5):
        person.sees(re.compile(rf"{dc} (Miami|Amsterdam|Singapore) +IPv4 ✓ \d+ \+ \d+ ms"))
    person.sees("The clock is right")
    person.sees("All is well")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert not telegram.calls


def test_a_slow_network_is_still_a_good_one(telegram: PracticeTelegram, run: Run) -> None:
    telegram.latency = 0.3
    person = run("network")
    times = [int(person.sees(re.compile(r"✓ \d+ \+ \d+ ms")).split()[3]) for _ in range(5)]
    person.sees("All is well")
    assert all(300 <= milliseconds < 1300 for milliseconds in times)


@pytest.mark.parametrize(("name_service", "words"), [("ignorant", "no address for"), ("dead", "no answer about")])
def test_a_name_service_that_does_not_work_is_said_and_holds_nothing_up(
    telegram: PracticeTelegram, run: Run, name_service: str, words: str
) -> None:
    telegram.name_service = name_service
    person = run("network")
    person.sees("all at once")
    sees_in_time(person, "All is well", REFUSING)
    assert f"Names cannot be looked up here (DNS): {words}" in " ".join(person.transcript.split())
    person.answers("Press Enter to exit", "")
    person.exits(0)


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_the_table_fits_the_terminal(run: Run, columns: int) -> None:
    person = run("network", size=(columns, 50))
    person.is_asked("Press Enter to exit")
    table = [line for line in person.screen().split("\n") if "IPv" in line]
    assert len([line for line in table if "IPv4 ✓" in line]) == 5
    assert all(len(line) < columns for line in table)


def test_without_a_terminal_the_result_is_an_exit_code(telegram: PracticeTelegram, run: Run) -> None:
    run("network", stdin="null", stdout="pipe").exits(0)
    telegram.refuse()
    run("network", stdin="null", stdout="pipe").exits(1)


def test_nothing_is_left_running(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("req_pq", "silence")
    person = run("network")
    person.sees("gives up after")
    person.presses("ctrl-c")
    person.sees("Stopped")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    telegram.wait_until_idle()


def test_ctrl_c_at_the_very_moment_of_connecting_leaves_no_traceback(
    telegram: PracticeTelegram, clean_env: dict[str, str]
) -> None:
    """Python itself sends the Ctrl-C, from inside the first connection that is opened."""
    code = (
        "import signal, sys; from tests.practice import launcher\n"
        "sys.addaudithook(lambda event, _: event == 'socket.connect' and signal.raise_signal(signal.SIGINT))\n"
        "sys.argv = ['launcher', 'network']; sys.exit(launcher.main())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env={**clean_env, "TELEGRAM_PRACTICE": telegram.config}, cwd=ROOT,
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert "Stopped." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 130


# Something is in the way


def test_refused(telegram: PracticeTelegram, run: Run) -> None:
    telegram.refuse()
    ends_with(run("network"), "Telegram is blocked here: connections to its addresses are refused.", REFUSING)


def test_connected_and_then_silent(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("req_pq", "silence")
    ends_with(run("network"), "blocked here by inspection: the connection stands, but", SILENT)


@pytest.mark.parametrize("place", ["accept", "req_pq"])
def test_connected_and_then_closed(telegram: PracticeTelegram, run: Run, place: str) -> None:
    telegram.faults.add(place, "cut")
    ends_with(run("network"), "blocked here by inspection: connections are cut", REFUSING)


@pytest.mark.parametrize("do", ["garbage", "http"])
def test_something_else_answers(telegram: PracticeTelegram, run: Run, do: str) -> None:
    telegram.faults.add("req_pq", do)
    verdict = {"garbage": "it is not Telegram.", "http": "a web server or web filter (HTTP/1.1 200 OK)"}[do]
    ends_with(run("network"), verdict, REFUSING)


@pytest.mark.parametrize("code", [-429, -444])
def test_telegram_turns_away(telegram: PracticeTelegram, run: Run, code: int) -> None:
    telegram.faults.add("req_pq", "transport", code=code)
    ends_with(run("network"), f"turns connections from this address away for now (transport error {code})", REFUSING)


def test_one_data_centre_is_missing(telegram: PracticeTelegram, run: Run) -> None:
    telegram.refuse(4)
    ends_with(run("network"), "not from all of its data centres: 4 cannot be reached", REFUSING)


@pytest.mark.parametrize(("offset", "words"), [(600, "10m 0s slow"), (-600, "10m 0s fast"), (45, "45s slow")])
def test_a_wrong_clock(telegram: PracticeTelegram, run: Run, offset: float, words: str) -> None:
    telegram.clock_offset = offset
    person = run("network")
    ends_with(person, f"The clock of this computer is wrong: {words}.", REFUSING)
    # Around midnight the other one is told with its day.
    told = re.search(
        r"Here it is (.*\d\d:\d\d\S*), at Telegram it is (.*\d\d:\d\d)", " ".join(person.transcript.split())
    )
    assert told
    assert told[1] != told[2]


def test_a_clock_that_is_a_little_off_is_right(telegram: PracticeTelegram, run: Run) -> None:
    telegram.clock_offset = 20
    person = run("network")
    person.sees("The clock is right (20.0 s from Telegram's)")
    person.sees("All is well")


# On loopback there is no network without a route, no silent address and no Wi-Fi that wants a sign-in, so these tests
# point the script's table at something else, inside this process.


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs 127.0.0.2, or Linux's way with a full backlog")


@pytest.fixture
def centres(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`centres(ipv4, ipv6, ports)`: all data centres stand there."""

    def place(ipv4: str, ipv6: str, ports: tuple[int, ...]) -> None:
        moved = {n: dc._replace(ipv4=ipv4, ipv6=ipv6, ports=ports) for n, dc in script.DATA_CENTRES.items()}
        monkeypatch.setattr(script, "DATA_CENTRES", moved)
        monkeypatch.setattr(script, "TELEGRAM_NAME", "localhost")

    return place


def verdict(ipv6: bool = False, limit: float = 9.0) -> str:
    problem = script.diagnose(None, ipv6, limit).verdict
    return problem.name if problem else ""


@contextmanager
def full_house() -> Iterator[int]:
    """A port of 127.0.0.1 whose backlog is full: Linux drops whoever else knocks, as a firewall would."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        guests = [socket.socket() for _ in range(4)]
        for guest in guests:
            guest.setblocking(False)
            guest.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])
        for guest in guests:
            guest.close()


@contextmanager
def web_server(answer: bytes) -> Iterator[int]:
    """Answers a web request with `answer`, and anything else with 400, as web servers do."""

    class Visit(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked = self.request.recv(4096)
            self.request.sendall(answer if asked.startswith(b"GET ") else b"HTTP/1.1 400 Bad Request\r\n\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A visitor who left."""

    with Server(("127.0.0.1", 0), Visit) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


@on_linux
@pytest.mark.parametrize(("names_work", "name"), [(True, "NetworkBlocked"), (False, "NetworkNoAnswer")])
def test_addresses_that_do_not_answer(
    centres: Any, monkeypatch: pytest.MonkeyPatch, names_work: bool, name: str
) -> None:
    with full_house() as port:
        centres("127.0.0.1", "::ffff:127.0.0.1", (port,))
        if not names_work:
            monkeypatch.setattr(script, "TELEGRAM_NAME", "no..such.name")
        started = time.monotonic()
        assert verdict(limit=2) == name
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("line", [b"302 Found", b"307 Temporary Redirect", b"511 Network Authentication Required"])
def test_a_wifi_that_wants_a_sign_in_first(centres: Any, line: bytes) -> None:
    with web_server(b"HTTP/1.1 " + line + b"\r\nLocation: http://wifi.example/\r\n\r\n") as port:
        centres("127.0.0.1", "127.0.0.1", (port,))
        assert verdict() == "NetworkCaptivePortal"


@pytest.mark.parametrize("line", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n<html>", b"<html>"])
def test_a_web_filter(centres: Any, line: bytes) -> None:
    with web_server(line) as port:
        centres("127.0.0.1", "127.0.0.1", (port,))
        assert verdict() == "NetworkHttp"


def test_a_dead_name_service_and_a_filter_that_lets_web_requests_through(
    centres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two things are waited for, neither of which comes: the waits do not add up."""

    class Filter(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if self.request.recv(4096).startswith(b"GET "):
                self.request.recv(4096)

    monkeypatch.setattr(socket, "getaddrinfo", lambda *host, **how: threading.Event().wait())
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Filter) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        centres("127.0.0.1", "127.0.0.1", (server.server_address[1],))
        started = time.monotonic()
        assert verdict() == "NetworkClosed"
        assert time.monotonic() - started < REFUSING * slowness()
        server.shutdown()


def unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@on_linux
def test_ipv6_only(telegram: PracticeTelegram, centres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one of the two leads to Telegram, once this and once that."""
    port = telegram.data_centres[1].port
    if not telegram.data_centres[1].has_ipv6:
        pytest.skip("no IPv6 on this machine")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.2", port))
        centres("127.0.0.2", "::1", (port,))
        assert verdict() == "NetworkIPv6Only"
        assert verdict(ipv6=True) == ""
    centres("127.0.0.1", "::ffff:127.0.0.2", (port,))
    assert verdict(ipv6=True) == "NetworkNoIPv6"
    assert verdict() == ""


def test_rows_of_ipv6_that_do_not_get_through_are_explained(
    telegram: PracticeTelegram, centres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    centres("127.0.0.1", "::ffff:127.0.0.2", (telegram.data_centres[1].port,))
    monkeypatch.setattr(script, "term", script.Terminal())
    outcome = script.command_network(SimpleNamespace(proxy=None, ipv6=False))
    said = " ".join(script.term.transcript().split())
    assert outcome.code == 0
    assert "IPv6 does not get through here. That does no harm" in said
    assert "All is well" in said


def test_the_usual_port_is_blocked_and_another_is_not(telegram: PracticeTelegram, centres: Any) -> None:
    centres("127.0.0.1", "::1", (unused_port(), telegram.data_centres[2].port))
    problem = script.diagnose().verdict
    assert problem is not None and problem.name == "NetworkPort"
    assert str(telegram.data_centres[2].port) in problem.title


@on_linux
def test_one_silent_port_does_not_hold_up_the_verdict(telegram: PracticeTelegram, centres: Any) -> None:
    with full_house() as port:
        centres("127.0.0.1", "::1", (telegram.data_centres[2].port, port))
        started = time.monotonic()
        assert verdict() == ""
        assert time.monotonic() - started < 5


def test_it_works_before_telethon_is_installed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['telethon'] = None")
    run("network", env={"PYTHONPATH": str(tmp_path)}).sees("All is well")
    person = run("network", env={"PYTHONPATH": str(tmp_path), "TELEGRAM_PROXY": f"mtproxy://{'a1' * 16}@127.0.0.1:9"})
    person.sees("Telethon is there, but not whole.")  # the cipher of MTProxy comes with it
    person.sees(f"{Path(sys.executable).name} -I -m pip install --force-reinstall")


def test_the_name_on_the_card_can_be_looked_up(run: Run) -> None:
    person = run("explain", "Name of the error: NetworkRefused")
    person.sees("Telegram is blocked here: connections to its addresses are refused.")
    person.answers("Press Enter to exit", "")
    person.exits(0)


# Verdicts from what was seen (no connection is made)


def probe(dc: int = 1, ipv6: bool = False, port: int = 443, failure: str = "", **more: Any) -> script.Probe:
    times = {} if failure else {"tcp": 0.05, "exchange": 0.05, "clock": 0.1}
    return script.Probe(dc, "2001:db8::1" if ipv6 else "192.0.2.1", port, failure=failure, **{**times, **more})


@pytest.mark.parametrize(
    ("failures", "name"),
    [
        ({"no route"}, "NetworkNoRoute"),
        ({"no route", "denied"}, "NetworkDenied"),
        ({"no route", "error"}, "NetworkError"),
        ({"refused", "closed"}, "NetworkClosed"),
        ({"no answer", "silent"}, "NetworkSilent"),
        ({"no answer", "refused", "silent", "garbage"}, "NetworkGarbage"),
    ],
)
def test_the_most_telling_failure_decides(failures: set[str], name: str) -> None:
    probes = tuple(probe(dc, failure=failure) for dc in range(1, 6) for failure in failures)
    problem = script.verdict_on_network(script.Diagnosis(probes, None, True, None), False)
    assert problem is not None and problem.name == name


@settings(max_examples=200)
@given(st.data())
def test_whatever_was_seen_there_is_a_verdict_in_words(data: st.DataObject) -> None:
    kinds = st.sampled_from(["", "no route", "denied", "refused", "no answer", "closed", "silent", "HTTP", "garbage",
                             "turned away", "error"])  # fmt: skip
    probes = tuple(
        probe(dc, ipv6, port, data.draw(kinds)) for dc in range(1, 6) for ipv6 in (False, True) for port in (443, 80)
    )
    ipv6 = data.draw(st.booleans())
    diagnosis = script.Diagnosis(probes, None, data.draw(st.sampled_from([True, False, None])), None)
    problem = script.verdict_on_network(diagnosis, ipv6)
    reached = {seen.dc for seen in probes if seen.ipv6 == ipv6 and not seen.failure and seen.port == 443}
    if problem is None:
        assert reached
    else:
        assert problem.steps and problem.meaning and not re.search(r"[{}]", problem.title + problem.meaning)


@pytest.mark.parametrize(("system", "words"), [("win32", "Sync now"), ("darwin", "zone"), ("linux", "set-ntp")])
def test_a_sign_in_with_a_wrong_clock_says_how_to_set_it(
    monkeypatch: pytest.MonkeyPatch, system: str, words: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert words in script.clock_warning(600)


def test_every_problem_of_the_table_reads_well() -> None:
    rows = [answer for answer in script.answers() if answer.group == script.answers()[-1].group]
    assert len(rows) > 25
    for row in rows:
        values = dict.fromkeys(re.findall(r"\{(\w+)\}", f"{row.title} {row.meaning} {row.steps}"), "something")
        problem = script.network_problem(row.head, **{**values, "another_way": "Another way.", "how": "set it"})
        assert problem.title and len(problem.meaning) > 40 and problem.steps
        assert all(step[-1] in ".)…" or step == "set it" for step in problem.steps), problem.steps
        assert "{" not in f"{problem.title} {problem.meaning} {problem.steps}"
        assert not problem.steps[-1].startswith("…")


# The first step of a key exchange


def test_the_first_message_is_what_the_protocol_says() -> None:
    now = 1_700_000_000.5
    message, nonce = script.first_message(now)
    key_id, message_id, length, constructor = struct.unpack("<qqiI", message[:24])
    assert (key_id, length, constructor, message[24:]) == (0, 20, 0xBE7E8EF1, nonce)
    assert message_id % 4 == 0 and message_id >> 32 == 1_700_000_000 and message_id & 0xFFFFFFFF
    assert script.first_message(now)[1] != nonce


def test_the_documented_answer_of_a_server_is_understood() -> None:
    """The example of core.telegram.org/mtproto/samples-auth_key."""
    nonce = bytes.fromhex("3E0549828CCA27E966B301A48FECE2FC")
    answer = bytes.fromhex(
        "000000000000000001C8831EC97AE55140000000632416053E0549828CCA27E966B301A48FECE2FCA5CF4D33F4A11EA877BA4AA573907330"
        "0817ED48941A08F98100000015C4B51C01000000216BE86C022BB4C3"
    )
    assert int(script.time_in_answer(answer, nonce)) == 0x51E57AC9
    for wrong in (answer[:39], b"\1" + answer[1:], answer[:20] + b"\0" + answer[21:]):
        with pytest.raises(ValueError):
            script.time_in_answer(wrong, nonce)
    with pytest.raises(ValueError):
        script.time_in_answer(answer, random.randbytes(16))
