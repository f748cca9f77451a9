"""`check --online` at a Telegram that answers anything: a living session is called alive, and nothing breaks or floods.

The answers are those of `helpers.hostile`; here each of them meets a session that is already there.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from .conftest import ROOT, Run
from .helpers import terminal
from .helpers.hostile import LINES, Hostile, hostile_answers, nothing_drives_the_terminal
from .helpers.second_client import sign_in
from .practice import PracticeTelegram
from .practice.telegram import API_HASH, API_ID

PHONE = "+4915112345678"
APP = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "NO_COLOR": "1"}
ACCEPTED = "Telegram accepts it."
# Starting the script takes longer than what it does here, so one process runs it again and again.
AGAIN_AND_AGAIN = """
import json, sys
from tests.practice import launcher
import telegram_session
launcher.launch(json.loads(sys.argv[1]), ["--version"])
while True:
    options = input("options? ").split()
    print("exit code", telegram_session.main(["check", "--online", *options, "session.txt"]), flush=True)
"""


class Checks:
    """A session, and as many checks of it as are wanted, each at a Telegram with one fault."""

    def __init__(self, telegram: PracticeTelegram, place: Path) -> None:
        self.telegram = telegram
        telegram.add_account(PHONE, first_name="Petra")
        (place / "session.txt").write_text(sign_in(telegram, PHONE))
        command = [sys.executable, "-c", AGAIN_AND_AGAIN, telegram.config]
        env = {**APP, "PYTHONPATH": str(ROOT), "TERM": "xterm", "HOME": str(place)}
        self.person = terminal.Person(command, env=env, cwd=place, size=(100, 60))

    def one(self, call: str, hostile: Hostile, options: str = "") -> tuple[str, int]:
        """What the script says, and its exit code."""
        begin = len(self.person.transcript)
        fault = self.telegram.faults.add(call, hostile.do, **hostile.details)
        self.person.answers("options?", options)
        self.person.answers("Connect once with this session?", "y")
        self.person.answers("Press Enter to exit", "", timeout=60)
        code = int(self.person.sees(re.compile(r"exit code (\d+)")).split()[-1])
        self.telegram.faults.remove(fault)
        assert fault.hits, hostile.name
        return self.person.transcript[begin:], code


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
@pytest.mark.parametrize("call", ["users.getUsers", "account.getAuthorizations", "help.getAppConfig"])
def test_whatever_is_answered_the_verdict_is_right(telegram: PracticeTelegram, tmp_path: Path, call: str) -> None:
    checks = Checks(telegram, tmp_path)
    before = len(telegram.keys)
    with checks.person:
        for number, hostile in enumerate(hostile_answers(call)):
            as_json = call != "users.getUsers" or number % 2 == 0
            shown, code = checks.one(call, hostile, "--json" if as_json else "")
            told = f"{hostile.name} at {call}:\n{shown[-5000:]}"
            assert "Traceback" not in shown and "Something unexpected" not in shown, told
            assert not re.search("(?m)^PWNED", shown), told
            assert shown.count("\n") + len(shown) // 100 < LINES, told
            accepted = ACCEPTED in shown
            assert accepted or call == "users.getUsers", told
            assert (code == 0) == accepted, told
            if as_json:
                report = json.loads(shown[shown.index('{\n  "valid"') : shown.rindex("\n}\n") + 2])
                assert report["valid"] and ("online" in report) == accepted == ("problem" not in report), told
            elif not accepted:
                assert "What to do:" in shown, told
            if call != "users.getUsers":
                assert code == 1 or report["online"]["name"] == "Petra", told
        nothing_drives_the_terminal(checks.person.raw)
    assert len(telegram.keys) == before


LINES_DOWN = [
    Hostile("cut", "cut", {}),
    Hostile("garbage", "garbage", {}),
    Hostile("a web page", "http", {}),
    Hostile("too many connections", "transport", {"code": -429}),
]


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
@pytest.mark.parametrize("call", ["users.getUsers", "account.getAuthorizations", "help.getAppConfig"])
def test_whatever_happens_to_the_line_what_is_known_is_said(
    telegram: PracticeTelegram, tmp_path: Path, call: str
) -> None:
    checks = Checks(telegram, tmp_path)
    with checks.person:
        for hostile in LINES_DOWN:
            shown, code = checks.one(call, hostile)
            if call == "users.getUsers":
                assert code == 1 and "What to do:" in shown and ACCEPTED not in shown, shown
            else:
                assert code == 0 and "could not be looked up" in shown, shown
                assert re.search(r"Name +: Petra", shown), shown
        forgotten = Hostile("the key is forgotten", "forget", {"times": 1})
        shown, code = checks.one(call, forgotten)
        assert code == 1 and "What to do:" in shown and ACCEPTED not in shown, shown


def test_who_does_not_want_to_wait_for_the_rest_gets_what_is_known(
    run: Run, telegram: PracticeTelegram, tmp_path: Path
) -> None:
    telegram.add_account(PHONE, first_name="Petra")
    (tmp_path / "session.txt").write_text(sign_in(telegram, PHONE))
    telegram.faults.add("account.getAuthorizations", "silence")
    person = run("check", "--online", "session.txt", env=APP)
    person.answers("Connect once with this session?", "y")
    person.sees("asking about its sessions")
    person.presses("ctrl-c")
    person.sees(re.compile("Name +: Petra"))
    person.answers("Press Enter to exit", "")
    person.exits(0)
