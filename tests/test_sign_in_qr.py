"""Signing in with a QR code: scanned, renewed, too small a window, a password after it; to a string or a verdict."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import re
import time
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from telethon.tl import types

import telegram_session as script

from .helpers.camera import COUNTDOWN, DARK, LIGHT, scan, scanned
from .helpers.packages import needs_pip
from .helpers.signing_in import CREDENTIALS, PHONE, gets_a_string, leaves_nothing_behind, start

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram


def test_qr_at_the_phone_prompt(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run(env=CREDENTIALS)
    person.answers("Phone number", "qr")
    for device in ("iPhone", "Android", "Computer"):
        person.sees(device)
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    assert "auth.sendCode" not in telegram.methods


def test_qr_on_the_command_line_asks_for_no_number(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    person.does_not_see("Phone number")


def test_where_to_scan_is_told_only_when_there_is_something_to_scan(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("auth.exportLoginToken", "error", name="API_ID_INVALID", code=400)
    person = run("--qr", env=CREDENTIALS)
    person.sees("API_ID_INVALID")
    person.does_not_see("Scan the code with the phone")


def test_without_a_terminal_a_qr_code_says_before_it_that_nobody_can_type_a_password(
    telegram: PracticeTelegram, run: Run
) -> None:
    account = telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS, stdin="null")
    person.sees("If the account has a 2FA password, this ends after the scan")
    telegram.scan(PHONE, scanned(person))
    person.sees("Signed in.")
    person.exits(0)
    assert sum(key.account is account for key in telegram.keys) == 1


def test_a_string_that_is_there_already_is_said_before_another_sign_in(telegram: PracticeTelegram, run: Run) -> None:
    person = run(env={**CREDENTIALS, "TELEGRAM_SESSION_STRING": "1abc"})
    person.sees("TELEGRAM_SESSION_STRING is set: there is a session string already")
    person.answers("Look at it first?", "")
    person.is_asked("Phone number")


@pytest.mark.parametrize("whole", [True, False])
def test_a_string_that_is_there_already_can_be_looked_at_first(
    telegram: PracticeTelegram, run: Run, whole: bool
) -> None:
    string = script.encode_telethon_string(script.new_session(2, bytes(range(256)), "149.154.167.51", 443))
    person = run(env={**CREDENTIALS, "TELEGRAM_SESSION_STRING": string if whole else string[:250]})
    person.answers("Look at it first?", "y")
    person.sees("It is intact." if whole else "The string is cut off: 250 of 353 characters")
    person.does_not_see(string[:60])
    person.answers("Press Enter to exit", "1")  # sign in all the same
    person.is_asked("Phone number")


def test_a_qr_code_that_runs_out_and_stays_the_same_is_said(telegram: PracticeTelegram, run: Run) -> None:
    ends = datetime.now(timezone.utc) + timedelta(seconds=8)  # time enough for the script to start
    same = types.auth.LoginToken(ends, b"the same token, always")
    telegram.faults.add("auth.exportLoginToken", "answer", answer=same)
    person = run("--qr", env=CREDENTIALS)
    person.sees("Telegram still gives the code that has run out", timeout=40)
    asked = telegram.methods.count("auth.exportLoginToken")
    began = time.monotonic()
    person.sees("scan this", timeout=20)
    telegram.wait_for_call("auth.exportLoginToken", nth=asked + 3)
    assert time.monotonic() - began > 1.5  # at most once a second
    person.presses("ctrl-c")
    person.is_asked("Press Enter to exit")


@pytest.mark.parametrize("name", ["PHONE_NUMBER_FLOOD", "SMS_CODE_CREATE_FAILED", "INTERNAL_ISSUE_DO_NOT_RETRY_14"])
def test_when_the_qr_code_fails_it_is_not_the_advice(telegram: PracticeTelegram, run: Run, name: str) -> None:
    telegram.faults.add("auth.exportLoginToken", "error", name=name)
    person = run("--qr", env=CREDENTIALS)
    person.is_asked("Press Enter to exit")
    card = " ".join(person.transcript.rpartition("What to do:")[2].split())
    assert card
    assert "by QR code" not in card.split("Right now you can")[0]
    assert "try the QR code" not in card


@pytest.mark.parametrize("typed", ["4", "[4]", "QR"])
def test_qr_at_the_code_prompt_and_the_code_is_taken_back(telegram: PracticeTelegram, run: Run, typed: str) -> None:
    account = telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", typed)
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    assert telegram.methods[:3] == ["auth.sendCode", "auth.cancelCode", "auth.exportLoginToken"]


@pytest.mark.parametrize(
    ("env", "size"),
    [
        ({}, (80, 24)),
        ({"NO_COLOR": "1"}, (80, 24)),
        ({"PYTHONIOENCODING": "ascii"}, (80, 45)),
    ],
    ids=["80x24", "no-colour", "ascii"],
)
def test_the_code_can_be_read_on_dark_and_on_light_backgrounds(
    telegram: PracticeTelegram, run: Run, env: dict[str, str], size: tuple[int, int]
) -> None:
    telegram.add_account(PHONE)
    person = run("--qr", env={**CREDENTIALS, **env}, size=size)
    assert [scanned(person, DARK)] == scan(person, LIGHT)
    if env.get("PYTHONIOENCODING") == "ascii":
        assert max(person.raw) < 128


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_without_colours_every_second_code_is_for_a_light_background(
    telegram: PracticeTelegram, run: Run, encoding: str
) -> None:
    telegram.add_account(PHONE)
    telegram.login_token_life = 2
    person = run("--qr", env={**CREDENTIALS, "TERM": "dumb", "PYTHONIOENCODING": encoding}, size=(80, 45))
    first = scanned_in_turn(person, DARK)
    second = scanned_in_turn(person, LIGHT, other_than=first)
    assert first != second
    assert b"\x1b" not in person.raw


def scanned_in_turn(person: Person, terminal: tuple[int, int], other_than: str = "") -> str:
    while True:
        person.sees("it has dark and light exchanged")
        person.sees("follows by itself")
        links = [link for link in scan(person, terminal) if link != other_than]
        if links:
            return links[-1]


def test_a_narrow_terminal_shows_the_code_and_the_seconds(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS, size=(40, 24))
    person.sees("scan this; a fresh code")
    assert re.search(r"scan this; a fresh code.*: (29|28|27)s left$", person.screen())
    telegram.scan(PHONE, scan(person)[0])
    gets_a_string(person, telegram, account)


def test_a_window_that_is_too_small_is_told(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS, size=(80, 15))
    person.sees("The code needs 20 lines, and this window has 15. Make the window larger")


def test_a_fresh_code_takes_the_place_of_the_old_one(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.login_token_life = 2
    person = run("--qr", env=CREDENTIALS)
    first = scanned(person)
    while len(telegram.login_tokens) < 2:
        person.sees("follows by itself")
    telegram.login_token_life = 30
    taken = False
    while not taken:
        second = scanned(person)  # one code on the screen, and not two
        if second != first:
            with contextlib.suppress(LookupError):  # it may run out while the camera looks: then the next
                telegram.scan(PHONE, second)
                taken = True
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_wrong_clock_does_not_change_the_countdown(telegram: PracticeTelegram, run: Run, hours: int) -> None:
    telegram.add_account(PHONE)
    telegram.clock_offset = hours * 3600
    person = run("--qr", env=CREDENTIALS)
    person.sees(re.compile(rf"{COUNTDOWN}: [12]\ds left"))


def test_a_clock_that_jumps_while_the_code_is_shown(telegram: PracticeTelegram, run: Run) -> None:
    """By the clock the next code is good for ten minutes more than it is; it is renewed in time all the same."""
    telegram.add_account(PHONE)
    telegram.login_token_life = 2
    person = run("--qr", env=CREDENTIALS)
    person.sees(COUNTDOWN)
    telegram.clock_offset = 600
    person.sees(f"{COUNTDOWN}: 30s left")
    person.does_not_see("m 0s left")


def test_codes_that_ran_out_before_they_came_are_shown_for_a_while(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.login_token_life = -300
    person = run("--qr", env=CREDENTIALS)
    person.sees("By its date this code ran out before it came")
    person.sees(re.compile(rf"{COUNTDOWN}: [12]\ds left"))
    person.sees(re.compile(rf"{COUNTDOWN}: [12]\ds left"))
    assert telegram.methods.count("auth.exportLoginToken") == 1
    (token,) = telegram.login_tokens.values()
    token.expires += 600
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)


def test_success_at_the_first_export(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.auto_scan = (PHONE, 0)
    person = run("--qr", env=CREDENTIALS)
    gets_a_string(person, telegram, account)
    person.does_not_see("█")


@pytest.mark.parametrize("seconds", [0, 0.2], ids=["at the first export", "after the scan"])
@pytest.mark.parametrize("password", [None, "secret"], ids=["", "with 2FA"])
def test_the_account_that_scans_lives_in_another_data_centre(
    telegram: PracticeTelegram, run: Run, seconds: float, password: str | None
) -> None:
    account = telegram.add_account(PHONE, dc=4, password=password)
    telegram.auto_scan = (PHONE, seconds)
    person = run("--qr", env=CREDENTIALS)
    person.sees("data centre 4 (Amsterdam). Moving there.")
    if password:
        person.answers("2FA password", password, hidden=True)
    gets_a_string(person, telegram, account)
    assert "auth.importLoginToken" in telegram.methods


def test_the_password_after_the_scan(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    person.sees("The code was scanned and accepted.")
    person.answers("2FA password", "wrong", hidden=True)
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


def test_the_password_is_removed_after_the_scan(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    person.is_asked("2FA password")
    account.password = None
    person.answers("2FA password", "guess", hidden=True)
    person.sees("The account has no 2FA password any more. Signing in without it.")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)


def test_a_password_that_is_needed_before_there_is_a_qr_code(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    telegram.auto_scan = (PHONE, 0)
    person = run("--qr", env=CREDENTIALS)
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("name", ["AUTH_TOKEN_EXPIRED", "AUTH_TOKEN_ALREADY_ACCEPTED", "AUTH_TOKEN_INVALID"])
def test_a_token_that_is_used_up_is_replaced(telegram: PracticeTelegram, run: Run, name: str) -> None:
    account = telegram.add_account(PHONE, dc=4)
    telegram.faults.add("auth.importLoginToken", "error", name=name, times=1)
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    person.sees(f"That code is no longer good ({name}). Here comes a fresh one.")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)


def test_tokens_that_are_never_good_end_in_a_card(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("auth.exportLoginToken", "error", name="AUTH_TOKEN_EXPIRED")
    person = run("--qr", env=CREDENTIALS)
    person.sees("What to do:")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert len(telegram.calls) < 10


def test_stopping_at_the_qr_code(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS)
    scanned(person)
    person.presses("ctrl-c")
    person.sees("Do not scan it any more")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    leaves_nothing_behind(person, telegram)


def test_a_scan_in_the_last_moment_is_not_lost(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS)
    scanned(person)
    for token in telegram.login_tokens.values():
        token.account = account  # accepted; the update that says so is still on its way
    person.presses("ctrl-c")
    gets_a_string(person, telegram, account)


@pytest.fixture
def without_segno(tmp_path: Path) -> dict[str, str]:
    """Segno is not found, unless pip has put it into a folder of its own; pip finds it in another and nowhere else."""
    installed, packages, hook = tmp_path / "installed", tmp_path / "packages", tmp_path / "hook"
    for folder in (installed, packages, hook):
        folder.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Elsewhere(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        f"        return PathFinder.find_spec(name, [{str(installed)!r}] if name == 'segno' else path, target)\n"
        "sys.meta_path[:] = [Elsewhere if finder is PathFinder else finder for finder in sys.meta_path]\n"
    )
    segno = importlib.metadata.distribution("segno")
    with zipfile.ZipFile(packages / f"segno-{segno.version}-py3-none-any.whl", "w") as wheel:
        for file in segno.files or ():
            if file.parts[0].startswith("segno") and file.suffix != ".pyc":
                wheel.write(str(segno.locate_file(file)), str(file))
    pip = {"TARGET": str(installed), "FIND_LINKS": str(packages), "NO_INDEX": "1", "NO_DEPS": "1", "NO_CACHE_DIR": "1"}
    return {"PYTHONPATH": str(hook), **{f"PIP_{name}": value for name, value in pip.items()}}


@needs_pip
def test_a_missing_segno_is_installed_while_the_sign_in_stays_alive(
    telegram: PracticeTelegram, run: Run, without_segno: dict[str, str]
) -> None:
    account = telegram.add_account(PHONE)
    person = start(run, env=without_segno)
    person.answers("Code", "4")
    person.sees("drawn by the small library “segno”, which is missing")
    person.sees("pip install segno")
    person.answers("Install it now? [y/N]", "y")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    assert len(telegram.connections) == 1 + 1  # the second is that of the client that tries the string


@needs_pip
def test_without_segno_the_code_still_counts(
    telegram: PracticeTelegram, run: Run, without_segno: dict[str, str]
) -> None:
    account = telegram.add_account(PHONE)
    person = start(run, env=without_segno)
    person.answers("Code", "4")
    person.answers("Install it now? [y/N]", "")
    person.sees("Without “segno” there is no QR code.")
    person.sees("The last code that was sent still counts.")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)
