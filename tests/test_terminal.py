"""The person at the terminal, who drives all other tests."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from .helpers import terminal

pytestmark = pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")


@pytest.fixture
def python() -> Iterator[Any]:
    """`python(source, **options)`: a person in front of a Python program."""
    people = []

    def start(source: str, **options: Any) -> terminal.Person:
        people.append(terminal.Person([sys.executable, "-c", textwrap.dedent(source)], **options))
        return people[-1]

    yield start
    for person in people:
        person.close()


def test_a_question_is_answered_and_the_answer_seen(python: Any) -> None:
    person = python("print('hello', input('Name: '))")
    person.answers("Name", "Petra")
    person.sees("hello Petra")
    person.exits(0)
    assert person.transcript == "Name: Petra\nhello Petra\n"


def test_what_is_hidden_is_typed_only_once_the_echo_is_off(python: Any) -> None:
    person = python("import getpass, time; time.sleep(0.2); print(len(getpass.getpass('Password: ')))")
    person.answers("Password", "secret", hidden=True)
    person.sees("6")
    person.exits(0)
    person.does_not_see("secret")


def test_waiting_for_the_echo_to_go_off_fails_where_it_stays_on(python: Any) -> None:
    person = python("input('Password: '); input()")
    person.is_asked("Password")
    with pytest.raises(AssertionError, match="still echoes"):
        person._wait_for_no_echo(timeout=0.1)


def test_the_same_question_asked_again_is_a_new_one(python: Any) -> None:
    person = python("print([input('Code: ') for _ in range(3)])")
    for code in "123":
        person.answers("Code", code)
    person.sees("['1', '2', '3']")


def test_lines_may_be_broken_anywhere(python: Any) -> None:
    person = python("print('the code was sent\\n   to the app')")
    assert person.sees("sent to the app") == "sent\r\n   to the app"


def test_colours_are_seen_through_and_patterns_found(python: Any) -> None:
    person = python("print('\\x1b[1mbo\\x1b[0mld', '\\x1b]0;title\\x07', 'in 37 s'); input('\\x1b[36mCode\\x1b[0m: ')")
    person.sees("bold")
    assert person.sees(re.compile(r"in \d+ s")) == "in 37 s"
    person.is_asked("Code")
    assert person.transcript == "bold  in 37 s\nCode: "
    assert b"\x1b[1m" in person.raw


def test_a_prompt_that_is_drawn_over_and_over_is_one(python: Any) -> None:
    person = python(
        """
        import sys
        for left in (3, 2, 1):
            sys.stdout.write(f"\\r\\x1b[KCode ({left} s): ")
        sys.stdout.flush()
        print("got", sys.stdin.readline())
        """
    )
    person.answers("Code (1 s)", "5")
    person.sees("got 5")


def test_a_prompt_longer_than_the_line_is_still_a_prompt(python: Any) -> None:
    person = python("print(input('Phone number with its country code, or a bot token: '))", size=(20, 10))
    person.answers("Phone number", "+49")
    person.exits(0)


def test_the_screen_is_what_a_terminal_of_that_size_would_show(python: Any) -> None:
    person = python("print('\\n'.join(map(str, range(40))), end='', flush=True); input()", size=(30, 5))
    person.sees("39")
    assert person.screen() == "35\n36\n37\n38\n39"
    person.presses("ctrl-d")


def test_keys_reach_the_program(python: Any) -> None:
    person = python(
        """
        try:
            input("First ")
        except KeyboardInterrupt:
            print("interrupted")
        try:
            input("Second ")
        except EOFError:
            print("end")
        """
    )
    person.is_asked("First")
    person.presses("ctrl-c")
    person.sees("interrupted")
    person.is_asked("Second")
    person.presses("ctrl-d")
    person.sees("end")
    person.exits(0)


def test_the_terminal_is_the_programs_own(python: Any) -> None:
    person = python(
        "import os; print(os.ttyname(0) == os.ttyname(2), open('/dev/tty').isatty(), os.get_terminal_size())"
    )
    person.sees("True True os.terminal_size(columns=80, lines=24)")
    person.exits(0)


def test_a_window_changes_its_size_and_closes(python: Any) -> None:
    person = python(
        """
        import os, signal
        signal.signal(signal.SIGWINCH, lambda *_: print(os.get_terminal_size().columns, flush=True))
        print("ready", flush=True)
        while True:
            signal.pause()
        """
    )
    person.sees("ready")
    person.resizes(40, 10)
    person.sees("40")
    person.hangs_up()
    person.exits(-1)


def test_standard_output_may_be_a_pipe_while_the_talk_goes_on(python: Any) -> None:
    person = python(
        """
        import sys
        print("Code: ", end="", file=sys.stderr, flush=True)
        print(sys.stdout.isatty(), sys.stderr.isatty(), sys.stdin.readline().strip())
        """,
        stdout="pipe",
    )
    person.answers("Code", "12345")
    person.exits(0)
    assert person.output == "False True 12345\n"
    assert person.transcript == "Code: 12345\n"


def test_without_a_terminal_to_read_from_there_is_none(python: Any) -> None:
    person = python("import sys; print(sys.stdin.isatty(), sys.stdin.read() == '')", stdin="null")
    person.sees("False True")
    person.exits(0)


def test_a_failure_tells_what_was_shown(python: Any) -> None:
    person = python("print('something else'); raise SystemExit(3)")
    with pytest.raises(AssertionError, match=r"(?s)never saw 'this'.*exit code 3.*something else"):
        person.sees("this")
    with pytest.raises(AssertionError, match="expected exit code 0"):
        person.exits(0)


def test_nothing_is_left_behind(python: Any) -> None:
    person = python("import subprocess, sys; subprocess.Popen(['sleep', '60']); print('started', flush=True); input()")
    person.sees("started")
    person.close()
    assert person.process.returncode == -9
    assert all(not thread.is_alive() for thread in person._threads)
