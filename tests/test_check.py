"""`check`: what a person sees of a session, what a program gets, and what Telegram says about it when it is asked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import telegram_session as script

from .conftest import ROOT, Run
from .helpers.second_client import sign_in, who_is
from .practice import PracticeTelegram
from .practice.telegram import API_HASH, API_ID

SCRIPT = ROOT / "telegram_session.py"
CASES = ROOT / "tests" / "fixtures" / "sessions"
STRING_FILE = CASES / "good" / "telethon_string" / "v4_dc1" / "session.txt"
STRING = STRING_FILE.read_text().strip()
PHONE = "+4915112345678"
APP = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH}


def check(clean_env: dict[str, str], *arguments: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Runs `check` with pipes on every side."""
    command = [sys.executable, str(SCRIPT), "check", *arguments]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, encoding="utf-8", env={**clean_env, **env}, check=False
    )


def facts(clean_env: dict[str, str], *arguments: str, **options: Any) -> Any:
    done = check(clean_env, "--json", *arguments, **options)
    return json.loads(done.stdout)


# ── for people ──


def test_a_person_sees_what_it_is_and_how_it_is_known(clean_env: dict[str, str]) -> None:
    done = check(clean_env, str(STRING_FILE))
    assert done.returncode == 0
    for words in (
        "This is a Telethon StringSession",
        "Recognised by",
        "1 (Miami)",
        "149.154.175.53 port 443 (Telegram's)",
        "its fingerprint is ffb48eb086e73a48",
        "an API ID and API hash",
        "add --online to ask",
    ):
        assert words in done.stderr
    assert done.stdout == ""


def test_a_session_that_only_programs_with_ipv6_can_use_is_doubted(clean_env: dict[str, str]) -> None:
    done = check(clean_env, str(CASES / "good" / "telethon_string" / "v6_dc4" / "session.txt"))
    assert done.returncode == 0
    assert "! The session holds an IPv6 address" in done.stderr
    assert "IPv6" not in check(clean_env, str(STRING_FILE)).stderr


def test_neither_the_string_nor_the_key_is_ever_shown(clean_env: dict[str, str]) -> None:
    key = script.home_key(script.decode_telethon_string(STRING))
    for arguments in ([str(STRING_FILE)], ["--json", str(STRING_FILE)], ["--debug", str(STRING_FILE)]):
        done = check(clean_env, *arguments)
        for secret in (STRING[20:60], key.hex()[:40], repr(key[:8])[2:-1]):
            assert secret not in done.stdout + done.stderr


@pytest.mark.parametrize("how", ["pipe", "dash", "environment", "command line"])
def test_a_string_is_taken_from_wherever_it_is(clean_env: dict[str, str], how: str) -> None:
    done = {
        "pipe": lambda: check(clean_env, given=STRING),
        "dash": lambda: check(clean_env, "-", given=STRING),
        "environment": lambda: check(clean_env, TELEGRAM_SESSION_STRING=STRING),
        "command line": lambda: check(clean_env, STRING),
    }[how]()
    assert "This is a Telethon StringSession" in done.stderr
    assert ("TELEGRAM_SESSION_STRING" in done.stderr) == (how == "environment")
    assert ("shell's history" in done.stderr) == (how == "command line")


def test_a_string_is_asked_for_without_showing_it(run: Run) -> None:
    person = run("check")
    person.answers("Session string, or the path of a file or folder", STRING, hidden=True)
    person.sees("This is a Telethon StringSession")
    person.does_not_see(STRING[:40])
    person.answers("Press Enter to exit", "")
    person.exits(0)


@pytest.mark.parametrize(
    ("command", "words"),
    [("check", "This is a Telethon StringSession"), ("convert - - --to gramjs", "to a GramJS StringSession")],
)
def test_a_wrong_string_is_told_and_asked_for_again(run: Run, command: str, words: str) -> None:
    person = run(*command.split())
    person.answers("Session string, or the path of a file or folder", STRING[:200], hidden=True)
    person.sees("200 of 353 characters")
    person.answers("Session string, or the path of a file or folder", STRING, hidden=True)
    person.sees(words)
    person.answers("Press Enter to exit", "")
    person.exits(0)


@pytest.mark.parametrize("json_path", ["acc.json", "other.json"])
def test_a_pair_is_found_by_its_name_without_an_ending_where_it_is_asked_for(
    run: Run, tmp_path: Path, json_path: str
) -> None:
    script.TelethonFile(str(tmp_path / "acc.session")).save(script.decode_telethon_string(STRING))
    (tmp_path / json_path).write_text('{"app_id": 31337}')
    person = run("check", *([] if json_path == "acc.json" else ["--json-path", json_path]))
    person.answers("Session string, or the path of a file or folder", "acc", hidden=True)
    person.sees("This is a .session file with its .json")
    person.sees("31337")
    person.answers("Press Enter to exit", "")
    person.exits(0)


def test_a_damaged_string_is_refused_with_how_much_is_missing(clean_env: dict[str, str]) -> None:
    done = check(clean_env, given=STRING[:200])
    assert done.returncode == 1
    assert "200 of 353 characters" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_account_of_a_folder_is_shown_or_the_one_that_was_asked_for(clean_env: dict[str, str]) -> None:
    folder = str(CASES / "good" / "tdata" / "ot121_three_accounts" / "tdata")
    done = check(clean_env, folder)
    assert all(words in done.stderr for words in ("account 1 (the active one)", "7000000001", "account 3", "123456789"))
    done = check(clean_env, "--account", "3", folder)
    assert "123456789" in done.stderr and "7000000001" not in done.stderr
    done = check(clean_env, "--account", "4", folder)
    assert done.returncode == 1 and "There is no account 4" in done.stderr


def test_a_folder_asks_for_telethon_where_there_is_none(clean_env: dict[str, str]) -> None:
    folder = CASES / "good" / "tdata" / "ot2_plain" / "tdata"
    bare = [sys.executable, "-I", "-S", str(SCRIPT), "check"]  # nothing but Python's own library
    done = subprocess.run([*bare, str(folder)], capture_output=True, encoding="utf-8", env=clean_env, check=False)
    assert done.returncode == 1
    assert "package pyaes is needed. It comes with Telethon" in done.stderr
    assert "pip install 'telethon" in done.stderr
    assert "can be neither opened nor made" in " ".join(done.stderr.split())


def test_an_account_has_the_number_that_chooses_it_whichever_is_active(
    tmp_path: Path, clean_env: dict[str, str]
) -> None:
    """The active account is shown first, and one that cannot be read keeps its number."""
    folder = script.Tdata(str(tmp_path / "tdata"))
    folder.save_all([script.new_session(dc, bytes([dc]) * 256, user_id=7000000000 + dc) for dc in (1, 2, 3, 4)])
    key_file, damaged = tmp_path / "tdata" / "key_datas", tmp_path / "tdata" / f"{script.folder_name('data#2')}s"
    assert folder.unlock()
    third_is_active = script.local_encrypt(script.pack_numbers(4, 0, 1, 2, 3, 2), folder.local_key)
    blobs = [script.qt(blob) for blob in (folder.open().salt, folder.open().key, third_is_active)]
    key_file.write_bytes(script.tdf_file(b"".join(blobs)))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    found = facts(clean_env, str(tmp_path / "tdata"))
    assert [(one["account"], one["dc"]) for one in found["accounts"]] == [(3, 3), (1, 1), (4, 4)]
    assert found["problem"]["title"] == "Account 2: A7FDF864FBC10B77s is cut off."
    for number in (1, 3, 4):
        [one] = facts(clean_env, str(tmp_path / "tdata"), "--account", str(number))["accounts"]
        assert (one["account"], one["user_id"]) == (number, 7000000000 + number)
    shown = check(clean_env, str(tmp_path / "tdata")).stderr
    lines = [line.partition(":")[0] for line in shown.splitlines() if re.match("[✓✗] ", line)]
    assert lines == ["✓ 3. account 3 (the active one)", "✓ 1. account 1", "✗ 2. account 2", "✓ 4. account 4"]


def test_of_two_key_files_in_a_folder_the_one_that_was_named_is_used(tmp_path: Path, clean_env: dict[str, str]) -> None:
    folder = tmp_path / "tdata"
    for name, user in (("", 42), ("work", 43)):
        script.Tdata(str(tmp_path / f"of_{user}"), name).save(script.new_session(2, bytes([user]) * 256, user_id=user))
        shutil.copytree(tmp_path / f"of_{user}", folder, dirs_exist_ok=True)
    for options, user in (([], 42), (["--key-name", "data"], 42), (["--key-name", "work"], 43)):
        assert facts(clean_env, str(folder), *options)["accounts"][0]["user_id"] == user
    done = check(clean_env, str(folder), "--key-name", "play")
    assert done.returncode == 1
    assert "no key file key_plays in this folder; it has: data, work" in " ".join(done.stderr.split())


LOCKED = CASES / "good" / "tdata" / "mtcute_three_accounts_passcode" / "tdata"


def test_a_passcode_is_asked_for_again_until_it_is_right(run: Run) -> None:
    person = run("check", str(LOCKED))
    person.answers("Passcode of this Telegram Desktop", "parole", hidden=True)
    person.sees("Wrong passcode")
    person.answers("Passcode of this Telegram Desktop", "пароль", hidden=True)
    person.sees("account 3")
    person.does_not_see("пароль")


def test_a_passcode_from_the_environment_opens_the_folder_and_a_wrong_one_is_said(clean_env: dict[str, str]) -> None:
    assert check(clean_env, str(LOCKED), TELEGRAM_PASSCODE="пароль").returncode == 0
    done = check(clean_env, str(LOCKED), TELEGRAM_PASSCODE="parole")
    assert done.returncode == 1 and "Wrong passcode" in done.stderr
    done = check(clean_env, str(LOCKED))
    assert done.returncode == 1 and "locked with a local passcode" in done.stderr


# ── for programs ──


def test_a_program_gets_the_same_facts(clean_env: dict[str, str]) -> None:
    found = facts(clean_env, given=STRING + "\u200b")
    assert (found["valid"], found["format"]) == (True, "string")
    assert found["repaired"] == ["Removed invisible characters."]
    account = found["accounts"][0]
    assert (account["dc"], account["address"], account["port"]) == (1, "149.154.175.53", 443)
    assert (account["key_fingerprint"], account["user_id"], account["test_servers"]) == (
        "ffb48eb086e73a48",
        None,
        False,
    )
    assert account["missing_for"]["tdata"] == "the user ID"


def test_the_names_that_programs_rely_on_stay(clean_env: dict[str, str]) -> None:
    found = facts(clean_env, str(STRING_FILE))
    assert set(found) == {"valid", "place", "format", "recognised_by", "facts", "repaired", "warnings", "accounts"}
    assert set(found["accounts"][0]) == {
        "account", "dc", "address", "port", "address_stored", "address_is_telegrams", "user_id", "username", "bot",
        "api_id", "test_servers", "key_fingerprint", "keys_for_other_dcs", "missing_for", "warnings",
    }  # fmt: skip
    assert set(facts(clean_env, given="hello")["problem"]) == {"name", "title", "meaning", "steps"}


def test_a_program_gets_the_problem_and_the_exit_code(clean_env: dict[str, str]) -> None:
    done = check(clean_env, "--json", given="1234567890:" + "A" * 35)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert found["valid"] is False
    assert "bot token" in found["problem"]["title"]


def test_telethon_is_not_imported_to_look_at_a_session(clean_env: dict[str, str]) -> None:
    code = (
        "import sys, telegram_session\n"
        f"assert telegram_session.main(['check', {str(STRING_FILE)!r}]) == 0\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('telethon', 'asyncio', 'cryptography')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=clean_env, check=True
    )
    assert done.stdout.strip() == "[]"


# ── online ──


def online(run: Run, tmp_path: Path, string: str, *arguments: str, answer: str = "y") -> Any:
    (tmp_path / "session.txt").write_text(string)
    person = run("check", "--online", *arguments, "session.txt", env=APP)
    person.sees("can be ended for good by a second connection")
    person.answers("Connect once with this session?", answer)
    return person


def test_a_living_session_says_whose_it_is_and_how_long_it_lives(
    run: Run, telegram: PracticeTelegram, tmp_path: Path
) -> None:
    telegram.add_account(PHONE, first_name="Petra", username="petra", premium=True)
    string = sign_in(telegram, PHONE)
    before = len(telegram.keys)
    person = online(run, tmp_path, string)
    person.sees("Telegram accepts it")
    for name, value in (("Name", "Petra"), ("Username", "petra"), ("Premium", "yes"), ("Sessions", "1")):
        person.sees(script.re.compile(f"{name} +: {value}"))
    person.sees("Ends after days unused")
    person.sees(script.re.compile("Confirmed +: yes"))
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert len(telegram.keys) == before  # with the session's own key, and no other
    assert who_is(telegram, string)


def test_nothing_is_connected_to_without_a_yes(run: Run, telegram: PracticeTelegram, tmp_path: Path) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    telegram.wait_until_idle()
    before = len(telegram.methods)
    person = online(run, tmp_path, string, answer="")
    person.sees("Telegram was not asked")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert len(telegram.methods) == before


def test_a_frozen_account_and_an_unconfirmed_session_are_said(
    run: Run, telegram: PracticeTelegram, tmp_path: Path
) -> None:
    telegram.add_account(PHONE, frozen=True, unconfirmed=True)
    person = online(run, tmp_path, sign_in(telegram, PHONE))
    person.sees("FROZEN")
    person.sees(script.re.compile("Confirmed +: no"))


@pytest.mark.parametrize(
    "name",
    ["SESSION_REVOKED", "SESSION_EXPIRED", "USER_DEACTIVATED", "USER_DEACTIVATED_BAN", "AUTH_KEY_UNREGISTERED"],
)
def test_each_way_a_session_can_be_dead_is_told_apart(
    run: Run, telegram: PracticeTelegram, tmp_path: Path, name: str
) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    telegram.revoke(PHONE, name)
    person = online(run, tmp_path, string)
    person.sees(name)
    person.answers("Press Enter to exit", "")
    person.exits(1)


def test_a_duplicated_session_is_said_to_be_dead(run: Run, telegram: PracticeTelegram, tmp_path: Path) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    for key in telegram.keys:
        key.refused = (406, "AUTH_KEY_DUPLICATED")
    online(run, tmp_path, string).sees("AUTH_KEY_DUPLICATED")


def test_a_key_that_telegram_has_forgotten_is_said_to_be_gone(
    run: Run, telegram: PracticeTelegram, tmp_path: Path
) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    telegram.forget_keys()
    online(run, tmp_path, string).sees(script.re.compile("-404|AUTH_KEY_"))


def test_a_session_that_still_waits_for_its_password_is_named(
    run: Run, telegram: PracticeTelegram, tmp_path: Path
) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    telegram.faults.add("users.getUsers", "error", code=401, name="SESSION_PASSWORD_NEEDED")
    online(run, tmp_path, string).sees("SESSION_PASSWORD_NEEDED")


def test_a_program_gets_what_telegram_said(run: Run, telegram: PracticeTelegram, tmp_path: Path) -> None:
    telegram.add_account(PHONE, first_name="Petra")
    person = online(run, tmp_path, sign_in(telegram, PHONE), "--json")
    person.sees('"name": "Petra"')
    person.sees('"sessions": 1')
    person.sees('"frozen": false')
