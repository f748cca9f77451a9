"""The core of what the script does, for any Python and any Telethon: `python -m tests.helpers.core TELETHON-VERSION`.

A whole sign-in with code and 2FA in a terminal, the string tried by a second client, then `check`, `convert` and
`explain`. Needs pyte and Telethon, and nothing of pytest: the interpreters of the matrix have nothing else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ..practice import PracticeTelegram
from .signing_in import CREDENTIALS, PHONE, gets_a_string
from .terminal import Person

ROOT = Path(__file__).resolve().parents[2]
LAUNCHER = ROOT / "tests" / "practice" / "launcher.py"
PASSWORD = "correct horse"


def environment(home: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, **CREDENTIALS, "HOME": home, "TERM": "xterm", "LANG": "C.UTF-8"}


def sign_in(telethon: str, home: str) -> str:
    with PracticeTelegram() as telegram:
        account = telegram.add_account(PHONE, password=PASSWORD, dc=4)  # and a move to another data centre on the way
        command = [sys.executable, str(LAUNCHER), "--config", telegram.config, "--"]
        with Person(command, env=environment(home), cwd=home) as person:
            person.sees(f"✓ Telethon {telethon}")
            person.answers("Phone number", PHONE)
            person.is_asked("Code")
            person.types(telegram.code(PHONE))
            person.answers("2FA password", "wrong", hidden=True)
            person.answers("2FA password", PASSWORD, hidden=True)
            return gets_a_string(person, telegram, account)


def offline(home: str, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that needs no connection; `text` is its standard input."""
    command = [sys.executable, str(ROOT / "telegram_session.py"), *arguments]
    return subprocess.run(
        command, input=text, capture_output=True, encoding="utf-8", env=environment(home), cwd=home, timeout=60,
        check=True,
    )  # fmt: skip


def main(telethon: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        string = sign_in(telethon, home)
        assert "This is a Telethon StringSession." in offline(home, string, "check", "-").stderr
        offline(home, string, "convert", "-", "petra.session")
        assert offline(home, "", "convert", "petra.session", "-").stdout.strip() == string
        assert "7m 0s" in offline(home, "", "explain", "FLOOD_WAIT_420").stdout


if __name__ == "__main__":
    main(sys.argv[1])
    print("The core works.")
