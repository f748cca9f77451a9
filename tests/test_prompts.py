"""What people do at a prompt besides typing an answer: keys, pastes, Ctrl-Z, answers that come before the question."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest
from telethon.tl import types

from telegram_session import encode_telethon_string, new_session

from .conftest import LAUNCHER
from .helpers import terminal
from .helpers.signing_in import CREDENTIALS, PHONE, gets_a_string, shown_string, start, who_signs_in_with
from .practice.accounts import Delivery
from .practice.telegram import API_HASH, API_ID

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram

CODE, PASSWORD = "24680", "correct horse"

# A shell with job control: once the script is stopped, it does what shells do with their terminal before they ask for
# the next command, and then what a person types there.
STOPPED_AND_RESUMED = 'set -m; "$@"; stty echo; echo $ fg; fg'


@pytest.fixture
def in_a_shell(
    telegram: PracticeTelegram, clean_env: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., Person]]:
    """`in_a_shell('"$@"')`: the script, which is `"$@"`, in the words of a shell."""
    if not terminal.AVAILABLE:
        pytest.skip("no pseudo-terminals on this platform")
    script = [sys.executable, str(LAUNCHER), "--config", telegram.config, "--"]
    env = {**clean_env, **CREDENTIALS, "TELEGRAM_PHONE": PHONE}
    with contextlib.ExitStack() as people:

        def run(words: str) -> Person:
            command = ["/bin/sh", "-c", words, "sh", *script]
            return people.enter_context(terminal.Person(command, env=env, cwd=tmp_path))

        yield run


@pytest.mark.parametrize("at", ["Code", "2FA password", "Press Enter to exit"])
def test_after_ctrl_z_and_fg_the_question_is_asked_again(
    telegram: PracticeTelegram, in_a_shell: Callable[..., Person], at: str
) -> None:
    account = telegram.add_account(PHONE, code=CODE, password=PASSWORD)
    person = in_a_shell(STOPPED_AND_RESUMED)
    for prompt, answer in (("Code", CODE), ("2FA password", PASSWORD), ("Press Enter to exit", "")):
        person.is_asked(prompt)
        if prompt == at:
            person.presses("ctrl-z")
            person.sees("$ fg")
            person.is_asked(prompt)
        if not answer:
            assert who_signs_in_with(telegram, shown_string(person)).id == account.user_id
        person.types(answer, hidden=prompt == "2FA password")
    person.exits(0)
    person.does_not_see(PASSWORD)


LEFT, RIGHT, UP, HOME, END, DELETE = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[H", "\x1b[F", "\x1b[3~"
F5, CTRL_A, CTRL_E, CTRL_U = "\x1b[15~", "\x01", "\x05", "\x15"
NEEDS_READLINE = pytest.mark.skipif(find_spec("readline") is None, reason="this Python has no readline")


@NEEDS_READLINE
@pytest.mark.parametrize(
    "typed",
    [
        f"2480{LEFT * 2}6{RIGHT * 2}",
        f"680{HOME}24{END}",
        f"x468{CTRL_A}{DELETE}2{CTRL_E}0",
        f"99999{CTRL_U}24680",
        f"246{F5}80{UP}",
        f"24680{UP * 3}",
    ],
)
def test_a_line_is_edited_before_it_is_given(telegram: PracticeTelegram, run: Run, typed: str) -> None:
    account = telegram.add_account(PHONE, code=CODE)
    person = run(env=CREDENTIALS)
    person.answers("Phone number", f"9 151 12345678{HOME}+4")
    person.answers("Code", typed)
    gets_a_string(person, telegram, account)
    assert telegram.methods.count("auth.signIn") == 1
    assert b"\x1b[?2004h" not in person.raw  # and no marks around what is pasted are asked for


@NEEDS_READLINE
def test_nothing_that_was_typed_can_be_fetched_back(run: Run, tmp_path: Path) -> None:
    person = run()
    person.answers("Do you already", "y")
    person.answers("API ID", str(API_ID))
    person.is_asked("API hash")
    person.types(f"{UP}{UP}\x12{str(API_ID)[:3]}\x07", enter=False)
    person.answers("API hash", API_HASH)
    person.is_asked("Phone number")
    assert person.transcript.count(str(API_ID)) == 2  # as it was typed, and as it was understood
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("where", [{"env": {"TERM": "dumb"}}, {"stdout": "pipe"}])
def test_where_arrow_keys_do_nothing_it_is_said_and_costs_no_try(
    telegram: PracticeTelegram, run: Run, where: dict[str, Any]
) -> None:
    telegram.add_account(PHONE, code=CODE, password=PASSWORD)
    person = start(run, **where)
    person.answers("Code", f"2468{LEFT}{LEFT}0")
    person.sees("Arrow keys do not work here")
    person.answers("Code", CODE)
    person.is_asked("2FA password")
    assert telegram.methods.count("auth.signIn") == 1


def test_in_what_is_typed_unseen_arrow_keys_do_nothing_and_cost_no_try(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, code=CODE, password=PASSWORD)
    person = start(run)
    person.answers("Code", CODE)
    person.answers("2FA password", f"correct hosre{LEFT}", hidden=True)
    person.sees("Arrow keys do not work here")
    person.answers("2FA password", PASSWORD, hidden=True)
    gets_a_string(person, telegram, account)
    assert telegram.methods.count("auth.checkPassword") == 1


def test_what_stood_at_the_prompt_before_ctrl_z_is_still_there(
    telegram: PracticeTelegram, in_a_shell: Callable[..., Person]
) -> None:
    account = telegram.add_account(PHONE, code=CODE)
    person = in_a_shell(STOPPED_AND_RESUMED)
    person.is_asked("Code")
    person.types(CODE[:3], enter=False)
    person.sees(CODE[:3])
    person.presses("ctrl-z")
    person.sees("$ fg")
    person.sees(f"Code (or the number of an option): {CODE[:3]}")
    person.types(CODE[3:])
    person.is_asked("Press Enter to exit")
    assert who_signs_in_with(telegram, shown_string(person)).id == account.user_id


def test_what_a_terminal_puts_around_a_paste_is_no_part_of_the_answer(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, code=CODE, password=PASSWORD)
    person = run(env=CREDENTIALS)
    person.answers("Phone number", f"\x1b[200~{PHONE}\x1b[201~")
    person.answers("Code", f"\x1b[200~{CODE}\x1b[201~")
    person.answers("2FA password", f"\x1b[200~{PASSWORD}\x1b[201~", hidden=True)
    gets_a_string(person, telegram, account)


def test_a_string_that_is_pasted_in_several_lines_is_taken_whole(run: Run) -> None:
    lines = re.findall(".{1,80}", encode_telethon_string(new_session(2, bytes(range(256)), "149.154.167.51", 443)))
    person = run("check")
    person.answers("Session string", "\r".join(lines), hidden=True)
    person.sees("This is a Telethon StringSession.")
    person.sees("Joined the pieces it was broken into.")
    person.is_asked("Press Enter to exit")
    for line in lines:
        person.does_not_see(line)


def test_lines_that_are_pasted_together_stand_each_behind_its_question(run: Run) -> None:
    person = run()
    person.answers("Do you already", "y")
    person.answers("API ID", f"App api_id:\r{API_ID}\rApp api_hash:\r{API_HASH}")
    person.sees(f"API ID: {API_ID}")
    person.sees(f"API hash: {API_HASH}")
    person.is_asked("Phone number")
    assert not re.search(r"(API ID|API hash): (API|✓)", person.transcript)


def test_a_code_that_comes_while_another_is_waited_for_is_taken(telegram: PracticeTelegram, run: Run) -> None:
    plan = [Delivery(types.auth.SentCodeTypeApp(5), timeout=300), Delivery(types.auth.SentCodeTypeSms(5))]
    account = telegram.add_account(PHONE, code=CODE, delivery=plan)
    person = start(run)
    person.answers("Code", "2")
    person.sees("until the code can be sent again")
    person.types(CODE)
    gets_a_string(person, telegram, account)
    assert "auth.resendCode" not in telegram.methods


def test_at_the_end_an_ordinary_window_shows_the_whole_string(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, code=CODE)
    person = start(run, size=(80, 24))
    person.answers("Code", CODE)
    person.is_asked("Press Enter to exit")
    assert shown_string(person) in person.screen().replace("\n", "")
    assert "copy all of it" in person.screen()


def test_with_standard_output_closed_the_string_is_shown_on_the_terminal(
    telegram: PracticeTelegram, in_a_shell: Callable[..., Person]
) -> None:
    account = telegram.add_account(PHONE, code=CODE)
    person = in_a_shell('"$@" >&-')
    person.answers("Code", CODE)
    person.sees("Here it is instead")
    person.is_asked("Press Enter to exit")
    assert who_signs_in_with(telegram, shown_string(person)).id == account.user_id
    person.types("")
    person.exits(0)


def test_nothing_leaves_two_empty_lines_in_a_row(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, code=CODE)
    person = start(run)
    person.answers("Code", CODE)
    person.answers("Press Enter to exit", "1")
    for _ in range(2):
        person.answers("Number", "1")
    person.answers("Press Enter to exit", "1")
    person.is_asked("Number")
    person.presses("ctrl-c")
    person.is_asked("Press Enter to exit")
    nobody = start(run, stdin="null")
    nobody.sees("There is no terminal to ask on")
    assert "\n\n\n" not in person.transcript + nobody.transcript


@pytest.mark.parametrize("word", ["quit", "exit", "Q"])
@pytest.mark.parametrize("prompt", ["Do you already have an API ID and API hash?", "API ID", "Phone number", "Email"])
def test_a_word_for_leaving_is_no_answer_and_is_asked_about(
    telegram: PracticeTelegram, run: Run, word: str, prompt: str
) -> None:
    account = telegram.add_account(
        PHONE, delivery=[Delivery(types.auth.SentCodeTypeSetUpEmailRequired()), Delivery(types.auth.SentCodeTypeApp(5))]
    )
    assert account
    person = start(run) if prompt == "Email" else run(env=CREDENTIALS if prompt == "Phone number" else {})
    if prompt == "API ID":
        person.answers("Do you already have", "y")
    person.answers(prompt, word)
    person.answers("Leave?", "")
    person.answers(prompt, word)
    person.answers("Leave?", "y")
    person.is_asked("Press Enter to exit")
    person.types("")
    person.exits(130)
