"""`python3 -m tests.practice [arguments]`: the script on a Telegram that lives on this computer only.

No account, no network: type what the notice says and walk through a whole sign-in.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

try:
    from .telegram import API_HASH, API_ID, PracticeTelegram
except ImportError as error:
    if (error.name or "").partition(".")[0] != "telethon":
        raise
    sys.exit(f"The practice Telegram needs Telethon; install it with:\n\n    {sys.executable} -m pip install telethon")

PHONE, CODE = "+49 151 12345678", "24680"
PHONE_2FA, CODE_2FA, PASSWORD = "+44 7700 900123", "13579", "correct horse"
BOT_TOKEN = "5000000777:AAGpracticebotpracticebotpracticebo"
SCANNED_AFTER = 8

NOTICE = f"""\
This is the practice Telegram: a server on this computer that answers as
Telegram does. Nothing leaves this computer, and the session string at the end
opens nothing but this run.

    API ID        {API_ID}
    API hash      {API_HASH}

    Phone number  {PHONE}
    Code          {CODE}

or, with a 2FA password:

    Phone number  {PHONE_2FA}
    Code          {CODE_2FA}
    2FA password  {PASSWORD}

or, without a phone: qr in the place of the phone number (this server scans it
by itself after {SCANNED_AFTER} seconds), or the token of a bot:

    {BOT_TOKEN}

"""


def main(arguments: list[str]) -> int:
    with PracticeTelegram() as telegram:
        telegram.add_account(PHONE, code=CODE, dc=2, first_name="Petra", username="petra_practice")
        telegram.add_account(
            PHONE_2FA,
            code=CODE_2FA,
            dc=4,
            first_name="Paul",
            password=PASSWORD,
            hint="four words, the first two of them",
            recovery_email="paul@example.org",
        )
        telegram.add_bot(BOT_TOKEN, first_name="Practice bot", username="practice_bot")
        telegram.auto_scan = (PHONE, SCANNED_AFTER)
        print(NOTICE, end="", file=sys.stderr, flush=True)
        # Ctrl-C is for the script, which is in the same terminal; a handler, unlike SIG_IGN, is not inherited.
        signal.signal(signal.SIGINT, lambda *_: None)
        launcher = Path(__file__).with_name("launcher.py")
        command = [sys.executable, str(launcher), "--config", telegram.config, "--", *arguments]
        return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
