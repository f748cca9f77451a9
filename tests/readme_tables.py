"""The table of errors in README.md, made from the script's own: `python -m tests.readme_tables` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

import telegram_session as script

README = Path(__file__).resolve().parents[1] / "README.md"
PLACE = re.compile("(?<=<!-- errors:start -->\n).*?(?=<!-- errors:end -->)", re.DOTALL)

# The errors that people meet most, in the order in which a sign-in meets them.
FREQUENT = [
    "API_ID_INVALID",
    "API_ID_PUBLISHED_FLOOD",
    "UPDATE_APP_TO_LOGIN",
    "PHONE_NUMBER_INVALID",
    "PHONE_NUMBER_BANNED",
    "PHONE_NUMBER_UNOCCUPIED",
    "PHONE_MIGRATE_N",
    "SEND_CODE_UNAVAILABLE",
    "PHONE_CODE_INVALID",
    "PHONE_CODE_EXPIRED",
    "SESSION_PASSWORD_NEEDED",
    "PASSWORD_HASH_INVALID",
    "AUTH_TOKEN_EXPIRED",
    "ACCESS_TOKEN_INVALID",
    "FLOOD_WAIT_N",
    "PHONE_NUMBER_FLOOD",
    "PHONE_PASSWORD_FLOOD",
    "AUTH_RESTART",
    "AUTH_KEY_UNREGISTERED",
    "AUTH_KEY_DUPLICATED",
    "SESSION_REVOKED",
    "SESSION_EXPIRED",
    "USER_DEACTIVATED_BAN",
    "FROZEN_METHOD_INVALID",
    "Not a valid string",
    "unpack requires a buffer of 275 bytes",
    "database is locked",
    "EOF when reading a line",
    "Connection to Telegram failed 5 time(s)",
]


def errors_table() -> str:
    """Markdown: the name, what happened, what to do first, and when to try again."""
    lines = ["| error | what happened | what to do first | next try |", "|---|---|---|---|"]
    for asked in FREQUENT:
        found = script.find_answer(asked)
        assert found, asked
        problem = found.problem()
        lines.append(f"| `{asked}` | {problem.title} | {problem.steps[0]} | {problem.again} |")
    return "\n".join(lines) + "\n"


def with_tables(readme: str) -> str:
    """README's text with the table between its marks."""
    assert PLACE.search(readme), "README.md has lost the marks errors:start and errors:end"
    return PLACE.sub(lambda _: errors_table(), readme)


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
