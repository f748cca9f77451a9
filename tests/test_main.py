"""Room 9: the command line."""

from __future__ import annotations

import telegram_session as script


def test_a_start_without_arguments_has_the_settings_that_the_parser_would_give():
    parsed = vars(script.parse_arguments(["--ipv6"]))
    assert vars(script.parse_arguments([])) == {**parsed, "ipv6": False}
