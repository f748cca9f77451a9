"""The table of errors: everything a sign-in is known to fail with has its own answer, and every exception finds it.

`catalogue.tsv` lists what is known: Telegram's names and their numbers (core.telegram.org/api/errors and the pages of
the methods), the texts of Telethon, python-socks and CPython. `retry` and `words` say what a right answer must contain.
"""

from __future__ import annotations

import csv
import errno
import re
import socket
import sqlite3
import time
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

import telegram_session as script

from . import readme_tables

telethon_errors = pytest.importorskip("telethon.errors")


class Known(NamedTuple):
    name: str
    code: str
    telethon_class: str
    text: str
    category: str
    retry: str
    evidence: str
    words: str


with (Path(__file__).parent / "catalogue.tsv").open(encoding="utf-8", newline="") as lines:
    CATALOGUE = [Known(*row) for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]

# What `again` says for each kind of retry. `now`, `fix` and `new` leave it open what has to be put right first.
AGAIN = {
    "wait": r"after \{seconds\}|after 10 minutes|on the date",
    "day": "after 24 hours|in a week",
    "code": "with (a|the) new (code|mail|QR code)|from the beginning",
    "account": "account exists",
    "never": "only after Telegram|exists again|right password|QR code",
    "network": r"network|proxy|machine|name is right|allowed|setting|type|user name|at once|after 1 minute",
}

# The groups of the table in which a row of each category may stand.
GROUPS = {
    "credentials": "The API ID and API hash",
    "phone": "The phone number",
    "code": "The code",
    "password": "The password of two-step verification",
    "email": "The e-mail",
    "qr": "The QR code",
    "bot": "Bots",
    "session": "The session",
    "rate-limit": "Too many tries",
    "data-centre": "The data centre|The session",
    "server": "Telegram's servers",
    "network": "The network|The proxy|The session|This computer, and the program",
    "client": "This computer, and the program|The proxy|The clock|The network",
}


def words_of(problem: script.Problem) -> str:
    return "\n".join([problem.title, problem.meaning, *problem.steps])


def titled(text: str) -> str:
    """The title of the answer to a text; nothing if there is none."""
    found = script.find_answer(text)
    return found.answer.title if found else ""


def telethon_error(name: str, code: int = 400) -> Exception:
    """What the script gets when Telegram answers with this name: the connection keeps the answer with the exception."""
    from telethon.tl import types
    from telethon.tl.functions.help import GetConfigRequest

    answer = types.RpcError(code, name)
    error = telethon_errors.rpc_message_to_error(answer, GetConfigRequest())
    assert isinstance(error, Exception)
    error.rpc_error = answer  # type: ignore[attr-defined]
    return error


# ── nothing is left without an answer ──


@pytest.mark.parametrize("known", CATALOGUE, ids=[known.name for known in CATALOGUE])
def test_everything_in_the_catalogue_has_its_own_answer(known: Known, count: Callable[[str, int], None]) -> None:
    found = script.find_answer(known.name)
    assert found, "no row of ERRORS answers it"
    said = words_of(found.problem()).lower()
    missing = [word for word in known.words.split("; ") if word.lower() not in said]
    assert not missing, said
    assert found.answer.group in GROUPS[known.category].split("|")
    assert re.search(AGAIN.get(known.retry, ""), found.answer.again), found.answer.again
    count("errors answered", 1)


@pytest.mark.parametrize(
    "known", [known for known in CATALOGUE if known.text], ids=[known.name for known in CATALOGUE if known.text]
)
def test_a_text_alone_finds_what_its_name_finds(known: Known) -> None:
    found = script.find_answer(known.name)
    assert found
    kind = "python_socks._errors.ProxyError" if known.name.startswith("proxy: ") else "builtins.Exception"
    assert titled(f"{kind}: {known.text} (caused by SignInRequest)") == found.answer.title


@pytest.mark.parametrize("known", [known for known in CATALOGUE if known.telethon_class], ids=lambda known: known.name)
def test_a_class_alone_finds_what_its_name_finds(known: Known) -> None:
    found = script.find_answer(known.name)
    assert found
    assert titled(known.telethon_class) == found.answer.title
    assert titled(f"telethon.errors.rpcerrorlist.{known.telethon_class}: (caused by X)") == found.answer.title


def test_each_telethon_class_is_spelled_as_telethon_spells_it() -> None:
    """Old and new Telethons lack some of them; those that exist must be found by the name they really have."""
    here = [known for known in CATALOGUE if hasattr(telethon_errors, known.telethon_class)]
    assert len(here) > 100
    for known in here:
        assert script.row_of(known.telethon_class), known.telethon_class


ABOUT_SIGNING_IN = re.compile(
    "^(AUTH|PHONE|PASSWORD|SESSION|EMAIL|CODE|SRP|API_ID|CONNECTION|FLOOD|ACCESS_TOKEN|USER_DEACTIVATED|FROZEN|RPC|"
    "INTERDC|TIMEOUT|WORKER|FRESH|INPUT_(LAYER|METHOD|FETCH|CONSTRUCTOR|REQUEST)|SIGN_IN|SEND_CODE|SMS|UPDATE_APP|"
    "TEMP_AUTH|2FA|FIRSTNAME|LASTNAME|HASH)|_MIGRATE|_WAIT"
)


def test_every_error_of_the_installed_telethon_about_signing_in_has_an_answer() -> None:
    names = [*telethon_errors.rpc_errors_dict, *(pattern for pattern, _ in telethon_errors.rpc_errors_re)]
    mine = [name.replace(r"(\d+)", "4") for name in names if ABOUT_SIGNING_IN.search(name)]
    left_out = {"CONNECTION_ID_INVALID", "PREVIOUS_CHAT_IMPORT_ACTIVE_WAIT_4MIN", "SEND_CODE_FORBIDDEN"}
    assert len(mine) > 80
    assert [name for name in mine if name not in left_out and not script.row_of(name)] == []


# ── the table itself ──


def test_every_row_is_whole() -> None:
    for answer in script.answers():
        assert answer.names or answer.texts, answer.head
        assert re.search(r"[.)]$|\{\w+\}$", answer.title) and answer.meaning.endswith("."), answer.head
        steps = script.Found(answer, "", {}).problem().steps
        assert steps and all(step[0].isupper() or step[0] in "@…" for step in steps), answer.head
        assert answer.again and not answer.again.endswith("."), answer.head


def test_no_name_has_two_answers() -> None:
    seen: dict[str, str] = {}
    for answer in script.answers():
        for name in answer.names:
            assert seen.setdefault(script.squashed(name), answer.title) == answer.title, name


def test_every_mark_of_the_table_is_a_known_one() -> None:
    lines = script.ERRORS.splitlines()
    assert [line for line in lines if line.startswith("  ") and not re.match(r"  [=~|#!?@-] \S|    +\S", line)] == []


@pytest.mark.parametrize("text", ["", "   ", "hello world", "It works", "0", "None", "a.b", "…", "ERROR", "error", "1"])
def test_what_is_no_error_has_no_answer(text: str) -> None:
    assert script.find_answer(text) is None


def test_readmes_table_is_made_from_the_same_answers() -> None:
    """After a change of the table: `python -m tests.readme_tables`."""
    readme = readme_tables.README.read_text(encoding="utf-8")
    assert readme_tables.with_tables(readme) == readme


# ── values ──


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("FLOOD_WAIT_37", "37 seconds"),
        ("FLOOD_WAIT_1", "1 second."),
        ("FLOOD_WAIT_420", "420 seconds (7m 0s)"),
        ("flood_wait_86400", "86400 seconds (1 day)"),
        ("PHONE_MIGRATE_4", "data centre 4"),
        ("EMAIL_UNCONFIRMED_6", "6 digits"),
        ("2FA_CONFIRM_WAIT_3600", "3600 seconds (1h 0m)"),
        ("A wait of 37 seconds is required (caused by SendCodeRequest)", "37 seconds"),
        ("[420 FLOOD_WAIT_X] - A wait of 99 seconds is required (caused by auth.SendCode)", "99 seconds (1m 39s)"),
        ("rpc error code 420: FLOOD_WAIT (12)", "12 seconds"),
    ],
)
def test_the_value_in_a_name_stands_in_the_answer(name: str, said: str) -> None:
    found = script.find_answer(name)
    assert found and said in words_of(found.problem())


@pytest.mark.parametrize("name", ["FLOOD_WAIT", "FLOOD_WAIT_X", "FloodWaitError", "FLOOD_WAIT_%d", "PHONE_MIGRATE_X"])
def test_a_name_without_its_value_reads_well(name: str) -> None:
    found = script.find_answer(name)
    assert found and "{" not in words_of(found.problem()) + found.name


def test_a_flood_wait_names_the_clock_time_of_the_next_try() -> None:
    before = time.time()
    problem = script.named_problem("FLOOD_WAIT_247", call="auth.sendCode")
    assert problem.retry_at and before + 247 <= problem.retry_at <= time.time() + 247
    assert (problem.name, problem.call) == ("FLOOD_WAIT_247", "auth.sendCode")


def test_a_lock_of_a_day_names_the_clock_time_too() -> None:
    problem = script.named_problem("PHONE_NUMBER_FLOOD")
    assert problem.retry_at and 23.9 < (problem.retry_at - time.time()) / 3600 <= 24


def test_a_name_that_nobody_knows_is_still_told() -> None:
    problem = script.named_problem("MOON_PHASE_WAIT_60", call="auth.signIn")
    assert "MOON_PHASE_WAIT_60" in words_of(problem) and problem.steps
    assert problem.retry_at and 58 < problem.retry_at - time.time() <= 60


def test_the_key_in_a_captcha_demand_is_not_told() -> None:
    problem = script.named_problem("RECAPTCHA_CHECK_signup__6LdKeyOfTheSite")
    assert problem.name == "RECAPTCHA_CHECK"
    assert "6LdKey" not in words_of(problem)


# ── exceptions ──


@pytest.mark.parametrize("known", [known for known in CATALOGUE if known.code], ids=lambda known: known.name)
def test_every_answer_of_telegram_becomes_its_card(known: Known) -> None:
    """Also those that are texts and no names, such as `No workers running`."""
    problem = script.problem_from(telethon_error(known.name, int(known.code)), "auth.signIn")
    said = words_of(problem).lower()
    assert [word for word in known.words.split("; ") if word.lower() not in said] == []
    assert (re.sub("__.*", "", known.name).startswith(problem.name), problem.call) == (True, "auth.signIn")


@pytest.mark.parametrize("name", ["NEVER_HEARD_OF", "Something that nobody has heard of"])
def test_an_answer_of_telegram_that_nobody_knows_is_called_that(name: str) -> None:
    problem = script.problem_from(telethon_error(name), "auth.signIn")
    assert "does not know" in problem.title and name in problem.meaning and problem.name == name


def test_the_raw_answer_goes_before_the_class() -> None:
    """Telethon makes 400 of what was a 406, and hides the name; the connection keeps the answer with the exception."""
    from telethon.tl import types

    error = telethon_errors.BadRequestError(None, "BAD_REQUEST")
    error.rpc_error = types.RpcError(406, "PHONE_NUMBER_INVALID")
    assert script.problem_from(error).name == "PHONE_NUMBER_INVALID"


def os_error(number: int, text: str = "Connect call failed ('149.154.167.51', 443)") -> OSError:
    return OSError(number, text)


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (os_error(errno.ECONNREFUSED), "The connection was refused."),
        (os_error(errno.ETIMEDOUT), "Nobody answered."),
        (os_error(errno.ECONNRESET), "The connection was cut off."),
        (os_error(errno.ENETUNREACH), "This machine has no way to that network."),
        (os_error(errno.EACCES), "The operating system does not allow this."),
        (TimeoutError(), "Nobody answered."),
        (TimeoutError("no answer within 10 seconds"), "Nobody answered."),
        (ConnectionResetError(), "The connection was cut off."),
        (socket.gaierror(socket.EAI_NONAME, "not known"), "A name could not be turned into an address."),
        (OSError("[WinError 10060] A connection attempt failed"), "Nobody answered."),
        (OSError("[WinError 1225] The remote computer refused it"), "The connection was refused."),
        (OSError("[Errno 61] Connect call failed ('::1', 443, 0, 0)"), "The connection was refused."),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 80)"), "The connection was refused."),
        (sqlite3.OperationalError("database is locked"), "Another program is using this file."),
        (ValueError("Not a valid string"), "This is not a session string of Telethon."),
        (EOFError("EOF when reading a line"), "The program asked a question, but nobody could answer."),
        (ModuleNotFoundError("No module named 'socks'"), "The helper for proxies is not installed."),
        (telethon_errors.InvalidBufferError(b"\x53\xfe\xff\xff"), "Too many connections from this address."),
        (telethon_errors.TypeNotFoundError(0x1234, b""), "Telethon and Telegram do not understand each other."),
    ],
    ids=repr,
)
def test_other_exceptions_find_their_answer(error: Exception, title: str) -> None:
    problem = script.problem_from(error, "auth.sendCode")
    assert (problem.title, problem.name, problem.call) == (title, type(error).__name__, "auth.sendCode")


def test_a_problem_stays_as_it_is() -> None:
    problem = script.Problem("A title.")
    assert script.problem_from(problem, "auth.signIn") is problem
    assert problem.call == ""


def test_an_exception_that_nobody_knows_is_told_without_the_secrets_in_it() -> None:
    secret = "5f3a9c0e71d84b26a0c9e1f47d2b6835"
    problem = script.problem_from(KeyError(f"no {secret} for +447700900123"))
    said = words_of(problem)
    assert "KeyError" in said
    assert secret not in said and "447700900123" not in said


# ── the card ──


def test_the_card_has_everything_in_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    term = script.Terminal()
    problem = script.named_problem("FLOOD_WAIT_247", call="auth.sendCode")
    problem.said = "Please try again later."
    term.problem(problem)
    shown = " ".join("".join(capsys.readouterr()).split())
    order = [
        "pause of 247 seconds (4m 7s)",
        "too many tries",
        "Telegram says: Please try again later.",
        "What to do: 1. Wait",
        "Next try: ",
    ]
    order += [
        script.clock(problem.retry_at),
        "(in 4m",
        "Telegram's name for it: FLOOD_WAIT_247, in answer to auth.sendCode",
    ]
    places = [shown.find(each) for each in order]
    assert -1 not in places and places == sorted(places), shown


def test_the_card_does_not_call_pythons_names_telegrams(capsys: pytest.CaptureFixture[str]) -> None:
    script.Terminal().problem(script.problem_from(ConnectionRefusedError(errno.ECONNREFUSED, "refused")))
    shown = "".join(capsys.readouterr())
    assert "Name of the error: ConnectionRefusedError" in shown
    assert "Telegram's name" not in shown
