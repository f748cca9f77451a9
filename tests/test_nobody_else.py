"""The script talks to Telegram and to nobody else, writes nothing unasked, and leaves nothing running."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import telegram_session

from .conftest import LAUNCHER, ROOT
from .helpers import terminal
from .helpers.signing_in import CREDENTIALS, PHONE, gets_a_string
from .helpers.terminal import Person
from .practice.proxies import PracticeProxy

AUDITED = ROOT / "tests" / "helpers" / "audited.py"
# Telethon looks for OpenSSL with `ctypes.util.find_library`, which asks one of these where there is one.
LOOKS_FOR_OPENSSL = {"ldconfig", "gcc", "cc", "ld", "objdump"}
SECRET = bytes(range(16))
NOT_OF_THE_WORLD = ("/dev/tty", "/dev/null", os.devnull)


class Deeds:
    """What `audited.py` has written down, by kind."""

    def __init__(self, log: Path) -> None:
        self._notes = [json.loads(line) for line in log.read_text("utf-8").splitlines()]

    def __getitem__(self, kind: str) -> list:
        return [what for noted, what in self._notes if noted == kind]

    @property
    def written(self) -> list:
        files = [path for path in self["write"] if isinstance(path, str) and path not in NOT_OF_THE_WORLD]
        return files + self["change"]


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def command(log: Path, script: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(AUDITED), str(log), str(script), *arguments]


def settings(clean_env: dict[str, str], home: Path) -> dict[str, str]:
    return {**clean_env, **CREDENTIALS, "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
@pytest.mark.parametrize("arguments", [(), ("--qr",)])
def test_a_sign_in_reaches_telegram_only_writes_nothing_and_leaves_nothing_running(
    telegram, clean_env, tmp_path, home, arguments
):
    account = telegram.add_account(PHONE, password="correct horse", dc=4)
    telegram.auto_scan = (PHONE, 0.3)
    log = tmp_path / "log"
    run = command(log, LAUNCHER, "--config", telegram.config, "--", *arguments)
    with Person(run, env=settings(clean_env, home), cwd=home) as person:
        if not arguments:
            person.answers("Phone number", PHONE)
            person.is_asked("Code")
            person.types(telegram.code(PHONE))
        person.answers("2FA password", "correct horse", hidden=True)
        gets_a_string(person, telegram, account)
        with pytest.raises(ProcessLookupError):
            os.killpg(person.process.pid, 0)
    deeds = Deeds(log)
    ports = {dc.port for dc in telegram.data_centres.values()}
    assert {(host, port) for host, port, *_ in deeds["connection"]} <= {("127.0.0.1", port) for port in ports}
    assert deeds["connection"]
    assert deeds["look-up"] == []
    assert deeds.written == []
    assert os.listdir(home) == []
    assert {os.path.basename(program) for _, program in deeds["process"]} <= LOOKS_FOR_OPENSSL
    assert deeds["thread"] == []


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
@pytest.mark.parametrize("kind", ["socks5", "socks4", "http", "mtproxy"])
def test_a_sign_in_through_a_proxy_reaches_the_proxy_only(telegram, clean_env, tmp_path, home, kind):
    if kind != "mtproxy":
        pytest.importorskip("python_socks")
    account = telegram.add_account(PHONE, dc=4)  # a move to another data centre, too, goes through the proxy
    log = tmp_path / "log"
    run = command(log, LAUNCHER, "--config", telegram.config, "--")
    with contextlib.ExitStack() as stack:
        if kind == "mtproxy":
            port = telegram.open_mtproxy(SECRET)
            url = f"tg://proxy?server=127.0.0.1&port={port}&secret={SECRET.hex()}"
        else:
            proxy = stack.enter_context(PracticeProxy(kind))
            url, port = proxy.url(), proxy.port
        environment = {**settings(clean_env, home), "TELEGRAM_PROXY": url}
        person = stack.enter_context(Person(run, env=environment, cwd=home))
        person.answers("Phone number", PHONE)
        person.is_asked("Code")
        person.types(telegram.code(PHONE))
        gets_a_string(person, telegram, account)
    deeds = Deeds(log)
    assert {(host, to) for host, to, *_ in deeds["connection"]} == {("127.0.0.1", port)}
    assert deeds["look-up"] == []
    assert deeds.written == []


def telegrams_addresses() -> set[tuple[str, int]]:
    return {
        (address, port)
        for centre in telegram_session.DATA_CENTRES.values()
        for address in (centre.ipv4, centre.ipv6)
        for port in centre.ports
    }


def test_network_knocks_at_telegrams_addresses_and_at_no_other_door(clean_env, tmp_path, home):
    log = tmp_path / "log"
    subprocess.run(
        command(log, ROOT / "telegram_session.py", "network"), env=settings(clean_env, home), cwd=home,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    deeds = Deeds(log)
    tried = {(host, port) for host, port, *_ in deeds["connection"]}
    assert tried <= telegrams_addresses()
    assert len({host for host, _ in tried}) >= 5
    assert deeds["look-up"] == ["my.telegram.org"]
    assert deeds.written == []
    assert deeds["process"] == []
    assert deeds["thread"] == []


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("--version",), ("explain", "FLOOD_WAIT_42"), ("explain",), ("check", "-")],
)
def test_what_works_offline_touches_nothing(clean_env, tmp_path, home, arguments):
    log = tmp_path / "log"
    subprocess.run(
        command(log, ROOT / "telegram_session.py", *arguments), env=settings(clean_env, home), cwd=home,
        input=b"1abc\n", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    deeds = Deeds(log)
    assert deeds["connection"] + deeds["look-up"] + deeds["process"] + deeds["thread"] + deeds.written == []
