"""Room 9: the command line."""

from __future__ import annotations

import subprocess
import sys

import pytest

import telegram_session as script

from .helpers import terminal


def test_a_start_without_arguments_has_the_settings_that_the_parser_would_give():
    parsed = vars(script.parse_arguments(["--ipv6"]))
    assert vars(script.parse_arguments([])) == {**parsed, "ipv6": False}


@pytest.mark.parametrize("words", ["--proxy P --debug check", "check --proxy P --debug", "--debug check --proxy P"])
def test_an_option_of_every_connection_may_stand_before_the_command_and_behind_it(words):
    options = script.parse_arguments(words.split())
    assert (options.run, options.proxy, options.debug, options.ipv6) == (script.command_check, "P", True, False)


@pytest.mark.parametrize("command", ["", *script.COMMANDS])
def test_every_command_has_a_help_that_says_what_it_is_for_and_fits(command, capsys):
    assert script.main([*command.split(), "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if len(line) > 80]
    assert lines[lines.index("") + 1][0].isupper()  # the usage, an empty line, and what it is for


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no shell that closes what a program is started with")
@pytest.mark.parametrize(
    ("command", "closed", "code"),
    [("check", "<&-", 1), ("explain FLOOD_WAIT_5", ">&-", 0), ("explain FLOOD_WAIT_5", ">&- 2>&-", 0)],
)
def test_what_is_closed_from_the_start_is_no_crash(command, closed, code):
    words = ["/bin/sh", "-c", f'"$@" {closed}', "sh", sys.executable, script.__file__, *command.split()]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stdout + done.stderr
