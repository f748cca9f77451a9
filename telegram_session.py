#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["telethon>=1.36,<2", "segno", "python-socks"]
# ///
"""Sign in to Telegram out loud and leave with a working Telethon session string.

    python3 telegram_session.py                    sign in, step by step, and print the session string
    python3 telegram_session.py check [SESSION]    what is this session, is it intact, does it still work?
    python3 telegram_session.py convert SRC DST    from any session format to any other
    python3 telegram_session.py network            can this machine reach Telegram?
    python3 telegram_session.py explain [ERROR]    what an error means and what to do about it

The file is read from top to bottom; a room uses only the rooms above it:

    1  What this is    this page
    2  Terminal        the only place that prints, asks, colours, counts down and masks
    3  Knowledge       tables: delivery types, errors, calling codes, data centres, paste targets
    4  Sessions        the session model, and one storage class per format
    5  Network         reachability, the first step of a key exchange, proxies, the clock
    6  Telegram        the connection: one thread, one event loop, one `call()`
    7  Sign-in         phone code, e-mail, 2FA, QR code, bot: each flow reads like its page of the API
    8  Commands        steps 0 to 3 of the main job, and the four other commands
    9  main            arguments, and the one place that turns a `Problem` into words and an exit code

Everything that goes wrong becomes one exception, `Problem`, and only `main` ends the program. Telethon is imported
when a connection is about to be made and not before: the first prompt and the offline commands never wait for it.
"""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__version__ = "1.0.0"

# The whole file keeps to the syntax of Python 3.7, so that an old Python gets as far as this sentence.
if sys.version_info < (3, 9):
    sys.exit(
        "telegram_session.py needs Python 3.9 or newer, and this is Python {}.{} ({}). Install a newer one from "
        "https://www.python.org/downloads/ and run the script with that.".format(*sys.version_info[:2], sys.executable)
    )


# ══ 2  TERMINAL ══════════════════════════════════════════════════════════════════════════════════════════════════════
#
# The only place that prints, asks, colours, counts down, masks, or knows about encodings and terminals.
# Every other room says what it has to say through `term`.


class Problem(Exception):
    """Something went wrong, told so that a person can do something about it.

    `title` says in one line what happened, `meaning` why, `steps` what to do now, in order.
    `name` is Telegram's own name for it (`PHONE_NUMBER_INVALID`), or Python's (`ConnectionRefusedError`),
    `call` the API call that was answered with it (`auth.sendCode`), `retry_at` the Unix time from which a new try
    makes sense, `again` the same in words where there is no time to name ("at once, with a new code"). `said` is
    what Telegram itself says to the person: it pushes a text after most 406 errors. `code` is the exit code if the
    program ends here.
    """

    def __init__(
        self,
        title: str,
        meaning: str = "",
        steps: Iterable[str] = (),
        *,
        name: str = "",
        call: str = "",
        retry_at: float | None = None,
        again: str = "",
        said: str = "",
        code: int = 1,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.meaning = meaning
        self.steps = tuple(steps)
        self.name = name
        self.call = call
        self.retry_at = retry_at
        self.again = again
        self.said = said
        self.code = code


# What a console that cannot encode the left side gets instead. Anything else it cannot encode becomes a question mark.
PLAIN_CHARACTERS = {
    "─": "-", "│": "|", "✓": "+", "✗": "x", "•": "*", "→": "->", "…": "...", "–": "-", "—": "-",
    "“": '"', "”": '"', "‘": "'", "’": "'", "×": "x", "≤": "<=", "≥": ">=", "\u00a0": " ", "▸": ">", "·": "-",
}  # fmt: skip

# Control characters (but tab and line feed), direction overrides, lone surrogates: what could drive or fool a terminal.
NOT_PRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "plain": ""}


def duration(seconds: float) -> str:
    """`45` → `45s`, `300` → `5m 0s`, `86399` → `23h 59m`, `200000` → `2 days 7h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    days = whole // 86400
    return f"{days} day{'s' if days > 1 else ''} {whole % 86400 // 3600}h"


def clock(moment: float) -> str:
    """A Unix time as the wall clock shows it: `14:05:09`, with the day in front when it is not today."""
    then, now = time.localtime(moment), time.localtime()
    same_day = (then.tm_year, then.tm_yday) == (now.tm_year, now.tm_yday)
    return time.strftime("%H:%M:%S" if same_day else "%a %d %b %Y %H:%M", then)


class Terminal:
    """The conversation with the person: one instance, `term`.

    Words go to standard output on a terminal, and to standard error when standard output is a pipe or a file, so that
    `SESSION=$(python3 telegram_session.py)` gets the string and nothing else (`deliver`). Text from a server is
    never trusted to drive the terminal: whatever is printed passes `clean`.
    """

    def __init__(self) -> None:
        self.delivered_to_pipe = not self._is_terminal(sys.stdout)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        self.interactive = self._is_terminal(sys.stdin)
        self._status_shown = False
        self.speak_on(sys.stderr if self.delivered_to_pipe else sys.stdout)

    def speak_on(self, out: Any) -> None:
        """Words go to this stream from here on: to standard output for a command whose words are its result."""
        self.out = out
        self.screen = self._is_terminal(out)
        dumb = os.environ.get("TERM", "") in ("dumb", "") and os.name != "nt"
        self.redraws = self.screen and not dumb
        self.colours = self.redraws and not os.environ.get("NO_COLOR") and self._console_understands_escapes()
        self.encoding = getattr(out, "encoding", None) or "ascii"
        self.unicode = self._encodes("─✓✗•…")

    # ── what this terminal can do ──

    @staticmethod
    def _is_terminal(stream: Any) -> bool:
        try:
            return bool(stream.isatty())
        except (AttributeError, ValueError):  # no stream at all (pythonw), or a closed one
            return False

    @staticmethod
    def _console_understands_escapes() -> bool:
        """Windows consoles understand ANSI escapes only when asked to (Windows 10 and newer)."""
        if os.name != "nt":
            return True
        import ctypes

        kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
        console, mode = kernel32.GetStdHandle(-11), ctypes.c_uint32()
        if not kernel32.GetConsoleMode(console, ctypes.byref(mode)):
            return False
        return bool(kernel32.SetConsoleMode(console, mode.value | 4))  # ENABLE_VIRTUAL_TERMINAL_PROCESSING

    def _encodes(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    @property
    def width(self) -> int:
        """Columns to write in: the terminal's own, at most 100 (longer lines are hard to read), at least 20."""
        try:
            columns = os.get_terminal_size(self.out.fileno()).columns if self.screen else 80
        except (OSError, ValueError, AttributeError):
            columns = 80
        return max(20, min(columns or 80, 100))

    # ── printing ──

    def clean(self, text: object) -> str:
        """Makes text safe to print: control characters, escape sequences and direction overrides become `·`."""
        safe = NOT_PRINTABLE.sub("·", str(text))
        if not self.unicode:
            safe = "".join(PLAIN_CHARACTERS.get(character, character) for character in safe)
        return safe

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour of COLOURS, where the terminal has colours and the person did not say NO_COLOR."""
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.colours and COLOURS[colour] else text

    def _write(self, text: str) -> None:
        self.clear_status()
        try:
            self.out.write(text)
            self.out.flush()
        except (OSError, ValueError):  # the window was closed, or the pipe's reader has gone: nobody reads this
            pass

    def say(self, text: str = "", colour: str = "plain", *, mark: str = "", indent: int = 0) -> None:
        """Prints a paragraph, wrapped to the terminal. `mark` hangs in front of it (`✓`, `1.`, `•`)."""
        import textwrap

        first = " " * indent + (mark + " " if mark else "")
        rest = " " * len(first)
        lines = []
        for paragraph in self.clean(text).split("\n"):
            lines += textwrap.wrap(
                paragraph, self.width - 1, initial_indent=first, subsequent_indent=rest,
                break_long_words=False, break_on_hyphens=False,
            ) or [first.rstrip()]  # fmt: skip
            first = rest
        self._write("".join(self.paint(self.clean(line), colour) + "\n" for line in lines))

    def verbatim(self, text: str, colour: str = "plain") -> None:
        """Prints lines as they are, not wrapped: strings and commands that are there to be copied."""
        for line in self.clean(text).split("\n"):
            self._write(self.paint(line, colour) + "\n")

    def heading(self, text: str) -> None:
        """`── Step 1 of 3 · API credentials ──────────`, with room above."""
        line = f"── {text} "
        self._write("\n" + self.paint(self.clean(line + "─" * (self.width - 1 - len(line))), "bold") + "\n\n")

    def good(self, text: str) -> None:
        """A line that says that something worked."""
        self.say(text, "green", mark="✓")

    def bad(self, text: str) -> None:
        """A line that says that something did not work."""
        self.say(text, "red", mark="✗")

    def note(self, text: str) -> None:
        """A line beside the main road: worth knowing, nothing to do."""
        self.say(text, "dim")

    def warn(self, text: str) -> None:
        """A line that must not be overlooked."""
        self.say(text, "yellow", mark="!")

    def steps(self, steps: Iterable[str]) -> None:
        """A numbered list of things to do."""
        for number, step in enumerate(steps, 1):
            self.say(step, mark=f"{number}.", indent=2)

    def facts(self, rows: Iterable[tuple[str, object]]) -> None:
        """Lines of `name : value`, the colons below each other."""
        clean = [(self.clean(name), self.clean(value)) for name, value in rows]
        widest = max((len(name) for name, _ in clean), default=0)
        for name, value in clean:
            self.say(value, mark=f"{name.ljust(widest)} :", indent=2)

    def deliver(self, text: str) -> None:
        """What the person came for, on a line of its own, whole however narrow the terminal; alone on a pipe."""
        self.clear_status()
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    # ── asking ──

    def ask(self, prompt: str, default: str = "") -> str:
        """Asks for one line and returns it without the white space around it; Enter alone gives `default`.

        Ctrl-C and Ctrl-D raise KeyboardInterrupt; without a terminal to ask on this is a `Problem` at once.
        """
        self._need_a_person(prompt)
        self._write(self.paint(self.clean(f"{prompt}: "), "cyan"))
        line = sys.stdin.readline()
        if not line:  # Ctrl-D
            self._write("\n")
            raise KeyboardInterrupt
        return line.strip() or default

    def ask_secret(self, prompt: str) -> str:
        """Asks without showing what is typed. White space belongs to a password: only the line end is taken off."""
        import getpass

        self._need_a_person(prompt)
        self.clear_status()
        try:
            return getpass.getpass(self.clean(f"{prompt}: "), stream=self.out if os.name != "nt" else None)
        except EOFError:
            self._write("\n")
            raise KeyboardInterrupt from None

    def confirm(self, question: str, default: bool = True) -> bool:
        """Asks `question [Y/n]` (or `[y/N]`) until the answer is one of yes and no."""
        while True:
            answer = self.ask(f"{question} [{'Y/n' if default else 'y/N'}]").lower()
            if not answer:
                return default
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")
            self.warn("Please answer y (yes) or n (no), or press Enter for the one in capitals.")

    def _need_a_person(self, prompt: str) -> None:
        if self.interactive:
            return
        raise Problem(
            "There is no terminal to ask on.",
            f"The next question is “{prompt}”, but standard input is not a terminal: this was started by another "
            "program, in a pipe, in a container without -it, or by a scheduler.",
            [
                "Open a terminal and run the same command there.",
                "In Docker: docker run -it …, or docker exec -it …",
                "For a program that cannot ask (an MCP server, n8n): sign in here in a terminal once, and paste the "
                "session string into that program.",
            ],
            name="NoTerminal",
        )

    # ── waiting ──

    def status(self, text: str) -> None:
        """Shows one line that the next one replaces; on a terminal that cannot redraw it is an ordinary line."""
        text = self.clean(text)
        if self.redraws:
            self.out.write("\r\x1b[K" + self.paint(text[: self.width - 1], "dim"))
            self.out.flush()
            self._status_shown = True
        else:
            self._write(text + "\n")

    def clear_status(self) -> None:
        """Takes the status line away."""
        if self._status_shown:
            self._status_shown = False
            self.out.write("\r\x1b[K")
            self.out.flush()

    def wait(self, finished: Callable[[float], bool], doing: str, limit: float) -> bool:
        """Waits for `finished(seconds)`, which blocks that long at most and says whether it is done.

        After one second the person is told what is being waited for, for how long, and when it will be given up.
        False when `limit` seconds are over. Ctrl-C works all the time.
        """
        started = time.monotonic()
        shown = 0.0  # seconds waited when the line was last shown
        try:
            while not finished(0.1):
                waited = time.monotonic() - started
                if waited >= limit:
                    return False
                if waited >= 1 and waited - shown >= (1 if self.redraws else 5):
                    self.status(f"… {doing}: {duration(waited)} (gives up after {duration(limit)})")
                    shown = waited
            return True
        finally:
            self.clear_status()

    def countdown(self, seconds: float, text: str) -> None:
        """Waits, saying `text` and the seconds left; Ctrl-C interrupts it."""

        def finished(pause: float) -> bool:
            time.sleep(pause)
            return False

        self.wait_until(finished, seconds, text)

    def wait_until(self, finished: Callable[[float], bool], seconds: float, text: str) -> bool:
        """Like `wait`, but shown from the start and counting down: for waits whose end is known."""
        end = time.monotonic() + seconds
        shown = float("inf")
        try:
            while True:
                left = end - time.monotonic()
                if left <= 0:
                    return False
                if shown - left >= (1 if self.redraws else 10):
                    self.status(f"… {text}: {duration(left)} left")
                    shown = left
                if finished(min(0.1, left)):
                    return True
        finally:
            self.clear_status()

    # ── the ends ──

    def problem(self, problem: Problem, options: Iterable[str] = ()) -> None:
        """The card of a `Problem`: title, why, numbered steps, when to try again, its name, and what can be done now.

        `options` are the ways on that the caller offers, in a few words each (`other number`, `QR code`, `leave`).
        """
        self._write("\n")
        self.bad(problem.title)
        if problem.meaning:
            self.say(problem.meaning, indent=2)
        if problem.said:
            self.say()
            self.say(f"Telegram says: {problem.said}", "yellow", indent=2)
        if problem.steps:
            self.say()
            self.say("What to do:", "bold", indent=2)
            self.steps(problem.steps)
        if problem.retry_at:
            left = duration(problem.retry_at - time.time())
            self.say(f"Next try: {clock(problem.retry_at)} (in {left})", "bold", indent=2)
        elif problem.again:
            self.say(f"Next try: {problem.again}", "bold", indent=2)
        if problem.name:
            whose = "Telegram's name for it" if problem.name.isupper() else "Name of the error"
            asked = f", in answer to {problem.call}" if problem.call else ""
            self.say(f"{whose}: {problem.name}{asked}", "dim", indent=2)
        now = " · ".join(options)
        if now:
            self.say()
            self.say(f"Right now: {now}", indent=2)

    def goodbye(self) -> None:
        """Keeps the window open until Enter: on Windows it closes with the program."""
        if not (self.interactive and self.screen):
            return
        try:
            self._write("\n" + self.paint("Press Enter to exit", "cyan"))
            sys.stdin.readline()
        except (KeyboardInterrupt, OSError, ValueError):
            self._write("\n")


term = Terminal()


# ══ 3  KNOWLEDGE ═════════════════════════════════════════════════════════════════════════════════════════════════════
#
# What is known about Telegram's sign-in: tables of data, in an order a reader can predict. Long tables are text blocks,
# read when they are first needed: Python compiles this file at every start, and text costs nothing to compile.


# ── data centres ──


class DataCentre(NamedTuple):
    """One of Telegram's five data centres: its addresses, and the ports that each of them listens on."""

    id: int
    place: str
    ipv4: str
    ipv6: str
    ports: tuple[int, ...] = (443, 80, 5222)


# The only addresses the script ever connects to. Source: Telethon's and TDLib's built-in lists, help.getConfig (2026).
DATA_CENTRES = {
    1: DataCentre(1, "Miami", "149.154.175.53", "2001:b28:f23d:f001::a"),
    2: DataCentre(2, "Amsterdam", "149.154.167.51", "2001:67c:4e8:f002::a"),
    3: DataCentre(3, "Miami", "149.154.175.100", "2001:b28:f23d:f003::a"),
    4: DataCentre(4, "Amsterdam", "149.154.167.91", "2001:67c:4e8:f004::a"),
    5: DataCentre(5, "Singapore", "91.108.56.130", "2001:b28:f23f:f005::a"),
}


# ── errors ──

# Each row: the names that share one answer (Telegram's own, or Python's classes and errno names), or in “ ” the text
# that people see. Telethon's class names follow from Telegram's names and are not listed. Below, one mark per line:
#   ~ a text that means this error, too: {seconds} stands for a number, * for anything
#   | a text that hides the real cause, and counts only if nothing else is found
#   ! what happened    ? why    - what to do (one line each, in order)    @ when to try again
# A line indented further continues the one above. “after {seconds}” and “after 24 hours” become a clock time.
# Sources: core.telegram.org/api/errors and the method pages (layer 223), Telethon 1.45 (its errors.csv, and the texts
# in its code), python-socks, CPython, and reports in the issues of Telethon (2018 to 2026).
ERRORS = """\
== The API ID and API hash

API_ID_INVALID CONNECTION_API_ID_INVALID
  ~ api_id/api_hash combination is invalid
  ~ The provided API id is invalid
  ! Telegram does not know this pair of API ID and API hash.
  ? The two belong together like a user name and its password. One of them is mistyped, or they come from two
    different applications, or the application was deleted.
  - Open https://my.telegram.org/apps and sign in with your phone number.
  - Copy App api_id (digits only) and App api_hash (32 letters and digits) from the same page, with the mouse.
  - Paste them here without quotes or blanks, and mind which is which.
  @ as soon as you have the right pair

API_ID_PUBLISHED_FLOOD
  ~ This API id was published somewhere
  ! This API ID is burnt: Telegram has blocked it for sign-ins.
  ? It has been published somewhere, in a tutorial, in sample code or in another program, and too many strangers
    signed in with it.
  - Make your own pair at https://my.telegram.org/apps, it is free and takes two minutes.
  - Use that pair here and never post it anywhere.
  @ as soon as you have your own pair

UPDATE_APP_TO_LOGIN
  ! Telegram finds this app too old to sign in.
  ? It looks at the version of its own interface that the library speaks (the “layer”), and at what the API ID claims
    to be. Usually Telethon is out of date; sometimes the API ID is one of an official app.
  - Bring Telethon up to date: python3 -m pip install --upgrade telethon
  - Use an API ID of your own from https://my.telegram.org/apps, not one of an official app.
  - If it stays, sign in by QR code, which Telegram allows more readily.
  @ at once, with the newer Telethon

== The phone number

PHONE_NUMBER_INVALID
  ~ The phone number is invalid
  ! Telegram does not recognise this phone number.
  ? The country code is missing, a digit is wrong, or a zero stands where none belongs.
  - Write it with + and the country code, for example +44 7700 900123.
  - Leave out 00 at the beginning, and the 0 that follows the country code in national writing.
  - Compare it with the number in the Telegram app: Settings, at the top.
  @ at once, with the corrected number

PHONE_NUMBER_BANNED
  ~ phone number has been banned from Telegram
  ! Telegram has banned this phone number.
  ? It cannot sign in anywhere, with this or any other app. Telegram does so when it suspects spam, and sometimes it is
    wrong, above all with new and rented numbers.
  - Enter the number in an official Telegram app. When it says that the number is banned, tap Help: it prepares the
    mail to recover@telegram.org.
  - Say in it how you use Telegram, and that you believe it is a mistake. An answer takes days.
  - Do not try again and again: it does not help and looks like a robot.
  @ only after Telegram has lifted the ban

PHONE_NUMBER_UNOCCUPIED
  ~ The phone number is not yet being used
  ~ auth.AuthorizationSignUpRequired
  ! There is no Telegram account with this number.
  ? The number itself is fine, but nobody has registered it, or the account was deleted. Only Telegram's own apps can
    make new accounts.
  - Look at each digit again: one wrong digit is another person's number, or nobody's.
  - If it is right, install Telegram on a phone and register there.
  - Then sign in here.
  @ as soon as the account exists

== The code

PHONE_CODE_INVALID
  ~ The phone code entered was invalid
  ! This code is wrong.
  ? It is mistyped, or it belongs to an older message: each new code replaces the one before.
  - Look at the newest message where the code was sent, and type exactly that code.
  - If it is the right one and still refused, ask for a new code. Wrong tries count against a daily limit.
  @ at once

PHONE_CODE_EMPTY
  ~ The phone code is missing
  ! No code arrived at Telegram.
  ? The request to sign in was sent without a code.
  - Type the code that you received. If none has come, ask for another one, or sign in by QR code.
  @ at once

PHONE_CODE_EXPIRED
  ~ The confirmation code has expired
  ! This code is not valid any more.
  ? Codes live for a few minutes, and a new code kills the old one. Telegram also kills a code at once when it is
    written into any Telegram chat, forwarded, or sent as a screenshot, even to yourself.
  - Ask for a new code.
  - Read it on the phone and type it here by hand. Do not send it to yourself in Telegram.
  @ at once, with a new code

== The password (two-step verification)

SESSION_PASSWORD_NEEDED
  ~ Two-steps verification is enabled and a password is required
  ~ Two-step verification is enabled for this account. Please provide the
  ! The code was right. This account also wants its password.
  ? Its owner has set up two-step verification. This is a normal step, not a failure.
  - Enter the password of two-step verification. It is not the code and not the PIN of the phone.
  - If it is forgotten, let it be reset by the recovery e-mail.
  @ at once

PASSWORD_HASH_INVALID
  ~ The password (and thus its hash value) you entered is invalid
  ~ opentele2*PasswordIncorrect
  ! The password is wrong.
  ? Telegram compared it with the password of two-step verification, and they differ. Capitals and blanks count.
  - Check Caps Lock and the language of the keyboard, or type it in a text editor first to see it.
  - Make sure that it is the password of two-step verification (Settings → Privacy and Security), not the passcode
    that opens the app, not the PIN of the phone, not the password of your e-mail.
  - If it is forgotten, reset it by the recovery e-mail, or in an app that is still signed in (takes 7 days).
  @ at once, a few times; then Telegram asks for a pause

== The session

AUTH_KEY_UNREGISTERED ACTIVE_USER_REQUIRED
  ~ The key is not registered in the system
  ~ The method is only available to already activated users
  ! This session is not signed in.
  ? The key in it is unknown to Telegram as a signed-in one: the sign-in was never finished, or it was logged out, or
    Telegram ended it. For a key that has just been made this is normal.
  - Sign in once more and use the new session string.
  - Put the new string in the place of the old one wherever you pasted it.
  @ at once, with a new sign-in

AUTH_KEY_INVALID AUTH_KEY_PERM_EMPTY
  ~ The key is invalid
  ~ unavailable for temporary authorization key
  ! The key in this session is not valid.
  ? The session is damaged, was half converted from another program, or its key was thrown away by Telegram.
  - Put the old session aside. Do not delete it yet.
  - Sign in once more and use the new session string.
  @ at once, with a new sign-in

AUTH_KEY_DUPLICATED
  ~ used under two different IP addresses simultaneously
  ! This session was used in two places at once, and is dead for good.
  ? Telegram allows one connection at a time for a session. It saw two, from two programs or two machines, and so ended
    it for your safety. It cannot be brought back.
  - Find and stop the second program: another server, another container, your own computer, an old process.
  - Sign in again here, once for each program, so that each has a session string of its own.
  - Never give the same string to two programs that run at the same time.
  @ at once, with a new sign-in

SESSION_REVOKED
  ~ because of the user terminating all sessions
  ! This session was ended from another device.
  ? Somebody chose “Terminate session” or “Terminate all other sessions” in Telegram, or tapped “No, it's not me”.
  - If that was not you, look at Settings → Devices in the Telegram app and change your password.
  - Sign in once more and use the new session string.
  @ at once, with a new sign-in

SESSION_EXPIRED
  ~ The authorization has expired
  ! This session has run out.
  ? Telegram ends sessions that were not used for a while. How long is set in the Telegram app: Settings → Devices →
    Automatically terminate sessions.
  - Sign in once more and use the new session string.
  - To keep it longer, raise that limit, and let the program connect now and then.
  @ at once, with a new sign-in

== Too many tries

FLOOD_WAIT_{seconds} FLOOD_PREMIUM_WAIT_{seconds} FLOOD_SKIP_FAILED_WAIT_{seconds}
  ~ A wait of {seconds} seconds is required
  ~ FLOOD_WAIT ({seconds})
  ~ flood wait of {seconds}
  ~ Too Many Requests: retry after {seconds}
  ! Telegram asks for a pause of {seconds}.
  ? There were too many tries in a short time, for this number or from this API ID. Telegram refuses every further one
    until the pause is over. About five sign-ins a day are allowed for a number.
  - Wait until then. Trying earlier is refused, and can make the pause longer.
  - Stop every other program that signs in with the same number.
  - If a code has already arrived, it may still be good: use it then.
  @ after {seconds}

PHONE_NUMBER_FLOOD
  ~ You asked for the code too many times
  ! Too many codes were asked for with this number.
  ? Telegram has a daily limit for each number, and this number is over it. It does not say how long it lasts; a day is
    what the limits are made for.
  - Do not ask for more codes, not here and not in any other app.
  - Try the last code that you received; it may still be good.
  - If the account is open on a phone, sign in by QR code: that needs no code.
  @ after 24 hours

PHONE_PASSWORD_FLOOD FLOOD
  ~ You have tried logging in too many times
  ! Too many failed sign-ins with this number.
  ? Codes or passwords were wrong too often, so Telegram has locked the door for a while. It does not say for how long;
    a day is what its limits are made for.
  - Stop trying, in every app.
  - Find the right password meanwhile, or have the recovery e-mail at hand.
  - Try once when the time is over.
  @ after 24 hours

== The data centre

PHONE_MIGRATE_{dc} NETWORK_MIGRATE_{dc} USER_MIGRATE_{dc}
  ~ is associated with DC {dc}
  ! This account belongs to Telegram's data centre {dc}.
  ? Telegram keeps each account in one of five data centres, and sends the sign-in there. This is normal, and this
    script moves by itself. A session that was made for another data centre does not work there.
  - Nothing, if the sign-in goes on by itself.
  - If it does not: run the script with “network” to see whether this machine reaches data centre {dc}.
  - If a session from elsewhere says this, sign in once more: it carries the wrong data centre.
  @ at once

== Telegram's servers

AUTH_RESTART AUTH_RESTART_{number} SIGN_IN_FAILED
  ~ Restart the authorization process
  ~ Failure while signing in
  ! Telegram lost the thread and wants the sign-in to start again.
  ? Something failed inside Telegram between two steps. It is not about your number, code or password.
  - Start again from the phone number; a new code will come.
  - If it comes again, wait ten minutes.
  @ at once, from the beginning
"""


class Answer(NamedTuple):
    """One row of ERRORS: what an error means and what to do. Values stand in braces: `{seconds}`, `{dc}`."""

    group: str
    names: tuple[str, ...]
    texts: tuple[str, ...]
    vague_texts: tuple[str, ...]
    title: str
    meaning: str
    steps: tuple[str, ...]
    again: str


class Found(NamedTuple):
    """An answer, the name it was found under (`FLOOD_WAIT_37`), and the values in it (`{"seconds": 37}`)."""

    answer: Answer
    name: str
    values: dict[str, int]

    def problem(self, *, name: str = "", call: str = "", since: float | None = None) -> Problem:
        """The card. `since` is the Unix time of the error; without it a wait is told in words, not as a clock time."""
        seconds = seconds_to_wait(self.answer.again, self.values)
        return Problem(
            filled(self.answer.title, self.values),
            filled(self.answer.meaning, self.values),
            [filled(step, self.values) for step in self.answer.steps],
            name=name or self.name,
            call=call,
            retry_at=since + seconds if since is not None and seconds else None,
            again=filled(self.answer.again, self.values),
        )


_answers: list[Answer] = []
_named: dict[str, tuple[Answer, str]] = {}


def answers() -> list[Answer]:
    """Every row of ERRORS, in the order of the table; read on first use."""
    if not _answers:
        group = ""
        row: dict[str, list[str]] = {}
        for line in [*re.sub(r"\n {4,}", " ", ERRORS).splitlines(), "== end"]:
            if line.startswith("  "):
                row.setdefault(line[2], []).append(line[4:])
                continue
            if row:  # it ends where the next row or the next group begins
                _answers.append(_answer(group, row))
            row = {"names": [line]} if line and not line.startswith("== ") else {}
            group = line[3:] if line.startswith("== ") else group
    return _answers


def _answer(group: str, row: dict[str, list[str]]) -> Answer:
    names = row["names"][0]
    quoted = [names[1:-1]] if names.startswith("“") else []
    return Answer(
        group, () if quoted else tuple(names.split()), (*quoted, *row.get("~", ())), tuple(row.get("|", ())),
        row["!"][0], row["?"][0], tuple(row["-"]), row["@"][0],
    )  # fmt: skip


def filled(text: str, values: dict[str, int]) -> str:
    """`text` with its values: `{seconds}` → `420 seconds (7m 0s)`, `{dc}` → `4`; one that nobody knows → `some …`."""

    def words(match: re.Match[str]) -> str:
        known = values.get(match[1])
        if match[1] != "seconds":
            return "N" if known is None else str(known)
        if known is None:
            return "some time"
        exact = f"{known} second{'' if known == 1 else 's'}"
        return exact if known < 60 else f"{exact} ({duration(known)})"

    return re.sub(r"\{(\w+)\}", words, text)


def seconds_to_wait(again: str, values: dict[str, int]) -> int:
    """The wait that `after {seconds}`, `after 24 hours` or `after 10 minutes` names, in seconds; 0 if it names none."""
    wait = re.match(r"after (?:\{seconds\}|(\d+) (minute|hour))", again)
    if not wait:
        return 0
    return int(wait[1]) * (3600 if wait[2] == "hour" else 60) if wait[1] else values.get("seconds", 0)


# ── errors: from what people have to the row ──


def squashed(name: str) -> str:
    """What all spellings of a name share: `FLOOD_WAIT_37`, `FLOOD_WAIT_X`, `flood_wait` → `FLOODWAIT`."""
    without_values = re.sub(r"\{\w+\}|%[DS]|_[XN]$", "", name.upper().replace("2FA", "TWOFA"))
    return re.sub("[^A-Z]", "", without_values)


def rows_by_name() -> dict[str, tuple[Answer, str]]:
    """Squashed name → its row, and the name as the table writes it."""
    if not _named:
        for answer in answers():
            for name in answer.names:
                _named.setdefault(squashed(name), (answer, name))
    return _named


def find_name(name: str) -> Found | None:
    """The answer for a name alone: Telegram's (`FLOOD_WAIT_37`), a class (`telethon.errors.FloodWaitError`), an errno.

    Telethon makes its class names out of Telegram's names (telethon_generator/generators/errors.py): `FLOOD_WAIT_X` →
    `FloodWaitError`. So it has a `TimeoutError` that is Telegram's `TIMEOUT` and not Python's.
    """
    module, _, last = name.strip("'\"`“”:;,.()[]<> ").rpartition(".")
    key = squashed(last)
    shorter = re.sub("ERROR$", "", key)
    for candidate in [shorter, key] if module.startswith("telethon") else [key, shorter]:
        if candidate in rows_by_name():
            return _found(*rows_by_name()[candidate], last)
    for start, (answer, known) in rows_by_name().items():
        if known.endswith("_{key}") and key.startswith(start):
            return _found(answer, known, last)
    return None


def _found(answer: Answer, known: str, seen: str) -> Found:
    """`known` is the name as the table has it, `seen` as it was written: with a number in it, or with a secret."""
    value, number = re.search(r"\{(\w+)\}", known), re.search(r"\d{1,9}", re.sub("(?i)2fa", "", seen))
    values = {value[1]: int(number[0])} if value and value[1] != "key" and number else {}
    return Found(answer, _with_values(known, values), values)


def _with_values(name: str, values: dict[str, int]) -> str:
    for key, value in values.items():
        name = name.replace(f"{{{key}}}", str(value))
    return re.sub(r"_?\{\w+\}", "", name)


def match_text(pattern: str, text: str) -> re.Match[str] | None:
    """Where the text of a row occurs in `text`: `{seconds}` is any number, `*` anything, a blank any white space."""
    parts = re.split(r"(\{\w+\}|\*| )", pattern)
    if (
        max(parts[::2], key=len).lower() not in text.lower()
    ):  # nearly always: it spares compiling hundreds of expressions
        return None
    expression = "".join(
        r"\s+" if part == " " else r".{0,3000}?" if part == "*" else rf"(?P<{part[1:-1]}>\d{{1,9}})\d*"
        if part.startswith("{") else re.escape(part) for part in parts
    )  # fmt: skip
    return re.search(rf"(?<!\w){expression}(?!\w)", text, re.IGNORECASE | re.DOTALL)


def find_answer(text: str) -> Found | None:
    """The answer to whatever people have: a name, a class, a message, a log line, a whole traceback, in any case.

    Telegram's own name says most, then the text of a message (the longer the surer), then the class of an exception.
    Among equals the last one counts, because a traceback ends with its error; one that came up while another was being
    handled counts before that other one.
    """
    text = re.sub(r"\x1b\[[\d;]*m", "", text[-50_000:]).replace("\\n", "\n").replace('\\"', '"').strip()
    if not re.search(r"\s", text):
        found = find_name(text)
        if found:
            return found
    last = re.split(r"(?:During handling of|The) above exception.*", text)[-1]
    rank, found = _best(last)
    if rank < (2,) and last != text:
        rank, found = _best(text)
    return found


def _best(text: str) -> tuple[tuple[int, ...], Found | None]:
    best: Found | None = None
    best_rank: tuple[int, ...] = (0,)
    for token in re.finditer(r"[A-Za-z0-9][\w.%{}]*", text):
        found = find_name(token[0])
        rank = (_sureness(token[0], found), 0, token.start()) if found else (0,)
        if rank > (1,) and rank >= best_rank:
            best, best_rank = found, rank
    for answer in answers():
        for sure, pattern in [*((2, each) for each in answer.texts), *((1, each) for each in answer.vague_texts)]:
            match = match_text(pattern, text)
            if not match:
                continue
            values = {key: int(value) for key, value in match.groupdict().items()}
            if best and answer is best.answer:  # the name said which error, the text says how long
                best = best._replace(values={**values, **best.values})
            if (sure, len(pattern), match.start()) > best_rank:
                name = answer.names[0] if answer.names else pattern
                best, best_rank = Found(answer, name, values), (sure, len(pattern), match.start())
    if not best:
        return best_rank, None
    known = next((name for name in best.answer.names if squashed(name) == squashed(best.name)), best.name)
    return best_rank, best._replace(name=_with_values(known, best.values))


def _sureness(token: str, found: Found) -> int:
    """3 for Telegram's own names, 1 for other classes and errno names, 0 for a word that may stand there by chance."""
    word = token.rpartition(".")[2]
    looks_like_a_name = "_" in word or re.search(r"[a-z][A-Z]|(?i:error)$", word)
    if "_" in found.name and not found.name.startswith("EAI_"):
        return 3 if looks_like_a_name else 0
    return 1 if looks_like_a_name or word.isupper() else 0


def near_misses(text: str) -> list[str]:
    """Names of the table that are written nearly like something in `text`, at most five, the nearest first."""
    import difflib

    near: list[str] = []
    words = re.findall(r"[A-Za-z0-9]\w{3,60}", text[-5000:])
    for word in words if len(words) == 1 else [word for word in words if re.search(r"\w_\w|[a-z][A-Z]", word)]:
        key = re.sub("ERROR$", "", squashed(word))
        for match in difflib.get_close_matches(key, rows_by_name(), 5, 0.75):
            near.append(_with_values(rows_by_name()[match][1], {}))
    return list(dict.fromkeys(near))[:5]


# ── errors: from an exception to the card ──


def telegram_name(error: BaseException) -> str:
    """Telegram's own name for an exception of Telethon, `""` if it is not an answer of Telegram.

    Telethon's exceptions do not carry it: `e.message` of a PhoneNumberInvalidError is `BAD_REQUEST`. So it is read from
    the answer that the connection keeps with the exception (`rpc_error`), or got back from the tables that Telethon
    looks the class up in (telethon/errors/rpcerrorlist.py). Only a class without a name of its own has it in `message`.
    """
    raw = getattr(error, "rpc_error", None)
    if raw is not None:
        return str(raw.error_message)
    table: Any = sys.modules.get("telethon.errors.rpcerrorlist")
    if table is None or not isinstance(error, table.RPCError):
        return ""
    plain = next((str(name) for name, kind in table.rpc_errors_dict.items() if kind is type(error)), "")
    for pattern, kind in table.rpc_errors_re:
        if kind is type(error):
            number = max([value for value in vars(error).values() if isinstance(value, int)], default=0)
            return str(plain if plain and not number else pattern.replace(r"(\d+)", str(number)))
    if plain:
        return plain
    return str(getattr(error, "message", None) or type(error).__name__)


def named_problem(name: str, *, call: str = "") -> Problem:
    """The card for an answer of Telegram by its own name (`FLOOD_WAIT_37`), with the clock time of the next try."""
    found = find_name(name)
    if found:
        return found.problem(
            name=found.name if "{key}" in "".join(found.answer.names) else name, call=call, since=time.time()
        )
    wait = re.search(r"WAIT_(\d{1,9})", name)
    return Problem(
        "Telegram answered with an error that this script does not know.",
        f"Telegram calls it {name}. Nothing in the list of known errors has that name, so it is probably new. The name "
        "itself often says what is missing.",
        [
            "Try once more, without changing anything.",
            f"Search the web for {name} together with the word Telegram.",
            "Sign in by QR code instead: it takes another way through Telegram.",
            "If it stays, report it to the project of this script with the name above. It is safe to share.",
        ],
        name=name,
        call=call,
        retry_at=time.time() + int(wait[1]) if wait else None,
        again="" if wait else "once, at once; not in a loop",
    )


def problem_from(error: BaseException, call: str = "") -> Problem:
    """The card for any exception: by Telegram's name, by its text, by its class. A `Problem` comes back as it is."""
    if isinstance(error, Problem):
        return error
    name = telegram_name(error)
    if name:
        return named_problem(name, call=call)
    kind = type(error)
    found = find_answer(f"{kind.__module__}.{kind.__name__}: {error}")
    for base in kind.__mro__:
        found = found or find_name(f"{base.__module__}.{base.__name__}")
    if found:
        return found.problem(name=kind.__name__, call=call, since=time.time())
    return Problem(
        "Something unexpected went wrong in this script or in Telethon.",
        f"Python calls it {kind.__name__}. There is no answer for it in the list of known errors.",
        [
            "Run the same command again.",
            "Bring Telethon up to date: python3 -m pip install --upgrade telethon",
            "If it stays, run it with --debug and report what is shown; secrets are masked there.",
        ],
        name=kind.__name__,
        call=call,
        again="at once",
    )


# ── calling codes ──


# ══ 4  SESSIONS ══════════════════════════════════════════════════════════════════════════════════════════════════════
#
# A session is a data centre and the 256-byte key agreed with it; some formats know more. The model is Telethon v2's. Each
# format is one class with the same verbs in the same order: recognise, load, save, delete. Reading never changes what
# is read, believes no length before it is checked, and ends in a `Session` or a `Problem`. A key is never printed.


KEY_SIZE = 256  # bytes of an authorisation key, in every format

# Test servers: data centre, IPv4, IPv6. Source: Telethon's, Pyrogram's and mtcute's tables (2026).
TEST_DATA_CENTRES = """
1  149.154.175.10   2001:b28:f23d:f001::e
2  149.154.167.40   2001:67c:4e8:f002::e
3  149.154.175.117  2001:b28:f23d:f003::e
"""

# Networks that are Telegram's, from its published list (core.telegram.org/resources/cidr.txt, 2026).
TELEGRAM_NETWORKS = """
149.154.160.0/20  91.108.4.0/22   91.108.8.0/22     91.108.12.0/22    91.108.16.0/22  91.108.20.0/22  91.108.56.0/22
91.105.192.0/23   95.161.64.0/20  185.76.151.0/24
2001:67c:4e8::/48 2001:b28:f23d::/48 2001:b28:f23f::/48 2001:b28:f23c::/48 2a0a:f280::/32
"""


class DataCenter(NamedTuple):
    """A data centre as a session knows it. Addresses are `host:port`, IPv6 without brackets, as Telethon v2 writes them."""

    id: int
    ipv4_addr: str | None = None
    ipv6_addr: str | None = None
    auth: bytes | None = None


class User(NamedTuple):
    """Whose session it is. `id` 0: the format does not say; `bot` None: the same."""

    id: int
    dc: int
    bot: bool | None = None
    username: str | None = None


class ChannelState(NamedTuple):
    """How far the updates of one channel were read; `id` is the bare positive channel id."""

    id: int
    pts: int


class UpdateState(NamedTuple):
    """How far the account's updates were read; `date` is Unix time."""

    pts: int
    qts: int
    date: int
    seq: int
    channels: tuple[ChannelState, ...] = ()


class ApiIdentity(NamedTuple):
    """What the program that made the session told Telegram about itself: the JSON companion, by its own key names.

    `other` holds every other key of the companion as it was, so that a round trip loses none.
    """

    app_id: int = 0
    app_hash: str | None = None
    device: str | None = None
    sdk: str | None = None
    app_version: str | None = None
    system_lang_code: str | None = None
    lang_pack: str | None = None
    lang_code: str | None = None
    other: dict[str, Any] = {}  # noqa: RUF012  never changed: a new one is made instead


class Session(NamedTuple):
    """All that any format can hold. `user.dc` is the home data centre, also when nothing else is known of the user."""

    dcs: tuple[DataCenter, ...]
    user: User
    state: UpdateState | None = None
    api: ApiIdentity | None = None
    test: bool | None = None  # Telegram's test servers; None: nothing tells

    @property
    def home(self) -> DataCenter:
        """The user's own data centre, whose key is the session."""
        return next((dc for dc in self.dcs if dc.id == self.user.dc), DataCenter(self.user.dc))


def new_session(
    dc: int,
    key: bytes,
    host: str | None = None,
    port: int = 0,
    *,
    user_id: int = 0,
    bot: bool | None = None,
    username: str | None = None,
    test: bool | None = None,
) -> Session:
    """A session from what every format has: the home data centre, its key, and where it listens, if that is known.

    Raises a `Problem` for what cannot be one: an unknown data centre, a port out of range, an empty key.
    """
    if dc not in DATA_CENTRES and dc != 203:
        raise Problem(f"Data centre {dc} does not exist.", "A session names one of 1 to 5, so this one is damaged.")
    if host and not 0 < port < 65536:
        raise Problem(f"Port {port} is not valid.", "A port is a number from 1 to 65535, so this session is damaged.")
    check_key(key)
    place = join_address(host, port) if host else None
    ipv6 = bool(host and ":" in host)
    if test is None and host:
        test = known_server(host)
    centre = DataCenter(dc, None if ipv6 else place, place if ipv6 else None, key)
    return Session((centre,), User(user_id, dc, bot, username), test=test)


def check_key(key: bytes) -> None:
    """Raises a `Problem` if `key` cannot be an authorisation key."""
    if not any(key):
        what = "The key is all zeros" if key else "There is no key in it"
        raise Problem(f"{what}: this session was never signed in, or was logged out.", "", [SIGN_IN_AGAIN])
    if len(key) != KEY_SIZE:
        raise Problem(f"The key has {len(key)} bytes instead of {KEY_SIZE}: this session is damaged.", "", [SIGN_IN_AGAIN])


SIGN_IN_AGAIN = "Sign in again to get a new session: run this script without any arguments."
COPY_AGAIN = "Copy the whole string again from where you got it."


def fingerprint(key: bytes) -> str:
    """What may be shown of a key: its id, by which Telegram's servers know it (bytes 12 to 19 of its SHA-1), in hex."""
    import hashlib

    return hashlib.sha1(key).digest()[12:20].hex()


# ── addresses ──


def join_address(host: str, port: int) -> str:
    """`host:port`, IPv6 without brackets: Telethon v2's form."""
    return f"{host}:{port}"


def split_address(address: str) -> tuple[str, int]:
    """The opposite of `join_address`; a port that is not a number is 0."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() and len(port) < 6 else 0


def known_server(host: str) -> bool | None:
    """True for a test server, False for a production one, None for an address that neither table has."""
    if any(host in row.split()[1:] for row in TEST_DATA_CENTRES.strip().splitlines()):
        return True
    return False if any(host in (dc.ipv4, dc.ipv6) for dc in DATA_CENTRES.values()) else None


def usual_address(dc: int, test: bool | None) -> tuple[str, int]:
    """Where a data centre listens when a session does not say."""
    if test:
        for row in TEST_DATA_CENTRES.strip().splitlines():
            number, ipv4, _ = row.split()
            if int(number) == dc:
                return ipv4, 443
    if dc == 203:  # a data centre for files that Pyrogram's table has (2026)
        return "91.105.192.100", 443
    return DATA_CENTRES[dc].ipv4, DATA_CENTRES[dc].ports[0]


def ip_address(host: str) -> bytes | None:
    """The 4 or 16 bytes of an IP address, None for anything else (a host name, nonsense)."""
    import ipaddress

    try:
        return ipaddress.ip_address(host).packed
    except ValueError:
        return None


def is_telegrams(host: str) -> bool:
    """Whether an address lies in one of Telegram's networks, or is one of its web hosts."""
    import ipaddress

    if host.endswith(".web.telegram.org"):
        return True
    if ip_address(host) is None:
        return False
    address = ipaddress.ip_address(host)
    return any(address in ipaddress.ip_network(network) for network in TELEGRAM_NETWORKS.split())


def home_address(session: Session) -> tuple[str, int]:
    """The host and port of the home data centre: those of the session, else the usual ones."""
    home = session.home
    address = home.ipv4_addr or home.ipv6_addr
    return split_address(address) if address else usual_address(home.id, session.test)


def home_ip(session: Session) -> tuple[str, int]:
    """Like `home_address`, for formats that take an IP address only: a host name gives way to the usual address."""
    host, port = home_address(session)
    return (host, port) if ip_address(host) else usual_address(session.user.dc, session.test)


def home_key(session: Session) -> bytes:
    """The key that is the session; a `Problem` if there is none."""
    key = session.home.auth or b""
    check_key(key)
    return key


# ── Telethon's string ──


def encode_telethon_string(session: Session) -> str:
    """Telethon 1's StringSession: `1`, then URL-safe base64 of DC (u8), IP (4 or 16 bytes), port (u16), key.

    353 characters with an IPv4 address, 369 with an IPv6 one. Source: `telethon/sessions/string.py`.
    """
    import base64
    import struct

    host, port = home_ip(session)
    body = struct.pack(">B", session.user.dc) + (ip_address(host) or b"") + struct.pack(">H", port)
    return "1" + base64.urlsafe_b64encode(body + home_key(session)).decode("ascii")


def decode_telethon_string(text: str) -> Session:
    """The opposite of `encode_telethon_string`; padding and alphabet do not matter. A `Problem` says what is wrong."""
    body = base64_bytes(text[1:]) if text[:1] == "1" else None
    if body is None or len(body) < 7:
        raise cut_off(text, 353)
    ipv6 = body[1:3] in (b"\x20\x01", b"\x2a\x0a") or (len(body) == 275 and not is_telegrams(dotted(body[1:5])))
    length = 16 if ipv6 else 4
    if len(body) != length + 3 + KEY_SIZE:
        raise cut_off(text, 369 if ipv6 else 353)
    import socket

    host = socket.inet_ntop(socket.AF_INET6, body[1:17]) if ipv6 else dotted(body[1:5])
    return new_session(body[0], body[length + 3 :], host, int.from_bytes(body[length + 1 : length + 3], "big"))


def dotted(ip: bytes) -> str:
    """Four bytes as `149.154.167.51`."""
    return ".".join(str(byte) for byte in ip)


def base64_bytes(text: str) -> bytes | None:
    """What base64 text of either alphabet holds, with or without its padding; None if it is not base64."""
    import binascii

    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    if len(text) % 4 == 1 or not re.fullmatch("[A-Za-z0-9+/]*", text):
        return None
    return binascii.a2b_base64(text + "=" * (-len(text) % 4))


def cut_off(text: str, whole: int, kind: str = "a Telethon string") -> Problem:
    """The `Problem` of a string that is not as long as it must be; `whole` characters include the padding."""
    missing = whole - len(text)
    if missing > 0:
        title = f"The string is cut off: {len(text)} of {whole} characters, so {missing} are missing at its end."
    elif missing:
        title = f"The string is too long: {len(text)} characters instead of {whole}, so {-missing} do not belong to it."
    else:
        title = f"The string is damaged inside, although it has the right length ({whole} characters)."
    return Problem(title, f"It begins like {kind}.", [COPY_AGAIN, SIGN_IN_AGAIN])


# ══ 5  NETWORK ═══════════════════════════════════════════════════════════════════════════════════════════════════════
#
# Can this machine reach Telegram, through which proxy, and if not, what is in the way? Nothing here needs Telethon:
# a probe sends the first message of a key exchange itself, and speaks to proxies itself, because a library tells a
# wrong password from a forbidden address only in the words of its error messages.


# ── what can be in the way ──

# Each block: the name, the title, why, and the steps. {words} are filled in by `network_problem`.
NETWORK_PROBLEMS = """
PROXY_LINK
This is not a proxy address: {reason}.
A proxy address says which kind of proxy it is, where it is, and the user and password if it wants them.
- For a SOCKS5 proxy: socks5://user:password@host:port (without “user:password@” if it wants none).
- For a web proxy: http://user:password@host:port. For SOCKS4: socks4://host:port.
- For an MTProxy, the link that Telegram shows for it: tg://proxy?server=…&port=…&secret=…
- On a command line put quotes around it, because the shell ends a command at “&”. TELEGRAM_PROXY keeps it out of the \
shell's history.

PROXY_FAKE_TLS
This MTProxy only speaks fake-TLS, which Telethon cannot.
Its secret begins with “ee” (or “7” in the short form): such a proxy disguises itself as a web site. The Telegram apps \
can do that, Telethon 1 cannot, so neither this script nor the program you want the session for could use it.
- Ask the owner of the proxy for a secret that is 32 digits long or begins with “dd”.
- Or use a SOCKS5 proxy: socks5://host:port.
- Or use a VPN and no proxy at all.

PROXY_NEEDS_PYTHON_SOCKS
To use this proxy, Python needs the package python-socks.
Telethon speaks to SOCKS and HTTP proxies through that package, and it is not installed.
{install}
- An MTProxy (tg://proxy?…) works without it.
"""


def network_problem(name: str, **values: object) -> Problem:
    """The `Problem` of that name in NETWORK_PROBLEMS; `values` fill the {words} of its text.

    A value may bring several steps of its own: lines that begin with "- ".
    """
    for block in NETWORK_PROBLEMS.strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0] == name:
            title, meaning, *rest = "\n".join(lines[1:]).format_map(values).split("\n")
            return Problem(title, meaning, [line[2:] for line in rest if line], name=name)
    raise KeyError(name)


# ── helpers that are installed only when they are needed ──


def pip_command(package: str) -> list[str]:
    """The command that installs `package` for the very Python that runs this script, or [] if there is none.

    There is none where the system's package manager owns this Python (PEP 668: a file EXTERNALLY-MANAGED beside the
    standard library) and this is no virtual environment, and where there is neither pip nor uv.
    """
    import importlib.util
    import shutil
    import sysconfig

    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    if sys.prefix == sys.base_prefix and os.path.exists(marker):
        return []
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", package]
    uv = shutil.which("uv")  # its environments come without pip
    return [uv, "pip", "install", "--python", sys.executable, package] if uv else []


def in_shell_words(command: Sequence[str]) -> str:
    """A command as one types it, quoted as this system's shell wants it."""
    if os.name == "nt":
        import subprocess

        return subprocess.list2cmdline(command)
    import shlex

    return " ".join(shlex.quote(word) for word in command)


def ways_to_install(package: str) -> list[str]:
    """Steps that bring `package` to this script, best first."""
    script = in_shell_words([os.path.abspath(sys.argv[0])])
    command = pip_command(package)
    if command:
        return [f"Install it and start again: {in_shell_words(command)}"]
    return [
        "This Python belongs to the system, which does not let pip change it. Run the script in an environment of "
        f"its own instead; uv makes one and brings everything along: uv run {script}",
        f"The same with pipx: pipx run {script}",
        f"The same by hand: python3 -m venv tg-env, then tg-env/bin/pip install telethon {in_shell_words([package])}, "
        f"then tg-env/bin/python {script}",
    ]


def offer_install(package: str, module: str, why: str) -> bool:
    """Says `why` a package is needed and offers to install it; True if `module` can be imported afterwards.

    Nothing is installed without a yes. Without a terminal to ask on, and where pip may not be used, nobody is asked:
    the ways to get the package are shown and the answer is False.
    """
    import importlib
    import importlib.util

    if importlib.util.find_spec(module):
        return True
    term.say(why)
    command = pip_command(package)
    if not command:
        term.steps(ways_to_install(package))
        return False
    term.verbatim(f"    {in_shell_words(command)}")
    if not (term.interactive and term.confirm("Install it now?", default=False)):
        return False
    said = _run_quietly(command, f"installing {package}", limit=180)
    importlib.invalidate_caches()
    if importlib.util.find_spec(module):
        term.good(f"{package} is installed.")
        return True
    term.bad(f"{package} could not be installed.")
    if said:
        term.say(said, "dim", indent=2)
    return False


def _run_quietly(command: Sequence[str], doing: str, limit: float) -> str:
    """Runs a program for at most `limit` seconds, showing only that it runs; returns the last lines of what it said."""
    import subprocess
    import tempfile

    with tempfile.TemporaryFile() as output:
        quiet = {**os.environ, "PIP_NO_INPUT": "1"}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=quiet
        )

        def finished(pause: float) -> bool:
            try:
                process.wait(pause)
            except subprocess.TimeoutExpired:
                return False
            return True

        try:
            term.wait(finished, doing, limit)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        return "\n".join(output.read().decode("utf-8", "replace").split("\n")[-5:]).strip()


# ── proxies ──


class Proxy(NamedTuple):
    """A proxy: `kind` is socks5, socks4, http or mtproxy.

    `secret` belongs to MTProxy: 32 hexadecimal digits, with "dd" in front when the proxy wants padded packets.
    """

    kind: str
    host: str
    port: int
    username: str = ""
    password: str = ""
    secret: str = ""

    def describe(self) -> str:
        """The proxy in words, without password and secret: `socks5://127.0.0.1:1080 (with a login)`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.kind == "mtproxy":
            return f"MTProxy {host}:{self.port}"
        return f"{self.kind}://{host}:{self.port}" + (" (with a login)" if self.username or self.password else "")

    def __repr__(self) -> str:
        return self.describe()  # a traceback, a log or a report never shows the password


# What people write before “://”, and the kind of proxy they mean. SOCKS with “h” or “a” lets the proxy look names up:
# Telegram is reached by address, so there is no difference.
PROXY_SCHEMES = {
    "socks5": "socks5", "socks5h": "socks5", "socks": "socks5",
    "socks4": "socks4", "socks4a": "socks4",
    "http": "http",
    "mtproxy": "mtproxy", "mtproto": "mtproxy",
}  # fmt: skip

# What Telegram's own links call them: tg://proxy?server=…, https://t.me/socks?server=…
PROXY_LINKS = {"proxy": "mtproxy", "socks": "socks5", "http": "http"}


def parse_proxy(text: str) -> Proxy:
    """Reads a proxy address or link as people have it; anything else is a `Problem`.

    `socks5://user:pass@host:port`, `socks4://`, `http://`, and for MTProxy `tg://proxy?server=…&port=…&secret=…`,
    `https://t.me/proxy?…` (also t.me/socks, t.me/http) and `mtproxy://secret@host:port` or with `?secret=…`.
    """
    import urllib.parse

    text = text.strip().strip("\"'<>“”‘’").strip()
    if not text:
        raise network_problem("PROXY_LINK", reason="it is empty")
    link = re.match(
        r"(?:tg:(?://)?|(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/)(proxy|socks|http)/?\?(.*)",
        text,
        re.I | re.S,
    )
    try:
        if link:
            values = _link_values(link.group(2))
            return _proxy(
                PROXY_LINKS[link.group(1).lower()], values.get("server", ""), values.get("port", ""),
                values.get("user", ""), values.get("pass", ""), values.get("secret", ""),
            )  # fmt: skip
        scheme, separator, _ = text.partition("://")
        kind = PROXY_SCHEMES.get(scheme.lower(), "")
        if not separator:
            raise network_problem("PROXY_LINK", reason="it does not say which kind of proxy it is")
        if scheme.lower() == "https":
            raise network_problem("PROXY_LINK", reason="Telethon cannot speak to a proxy over TLS (https://)")
        if not kind:
            raise network_problem("PROXY_LINK", reason="it names a kind of proxy that Telethon does not speak to")
        parts = urllib.parse.urlsplit(text)
        user, password = (urllib.parse.unquote(value or "") for value in (parts.username, parts.password))
        if kind != "mtproxy":
            return _proxy(kind, parts.hostname or "", str(parts.port or ""), user, password, "")
        values = _link_values(parts.query)
        host, port = parts.hostname or values.get("server", ""), str(parts.port or values.get("port", ""))
        return _proxy(kind, host, port, "", "", values.get("secret") or user or password or parts.path.strip("/"))
    except ValueError as error:  # urlsplit: "Port could not be cast to integer value", "Invalid IPv6 URL"
        reason = (
            "its port is not a number from 1 to 65535" if "ort" in str(error) else "host and port cannot be told apart"
        )
        raise network_problem("PROXY_LINK", reason=reason) from None


def _link_values(query: str) -> dict[str, str]:
    """The values of a link's query. A “+” stays what it is: base64 secrets contain it, and nothing here has spaces."""
    import urllib.parse

    pairs = (pair.partition("=") for pair in query.partition("#")[0].split("&"))
    return {name.lower(): urllib.parse.unquote(value) for name, _, value in pairs}


def _proxy(kind: str, host: str, port: str, username: str, password: str, secret: str) -> Proxy:
    """Checks the parts of a proxy address and puts them together."""
    host = host.strip().strip("[]")
    if not re.fullmatch(r"[\w.:%-]{1,253}", host):
        raise network_problem(
            "PROXY_LINK", reason="the host is missing" if not host else "its host has characters no host has"
        )
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        raise network_problem(
            "PROXY_LINK", reason=f"{'its port is not a number from 1 to 65535' if port else 'the port is missing'}"
        )
    if len(username.encode()) > 255 or len(password.encode()) > 255:  # SOCKS5 has one byte for each length
        raise network_problem("PROXY_LINK", reason="its user or password is longer than a proxy takes")
    return Proxy(kind, host, int(port), username, password, _mtproxy_secret(secret) if kind == "mtproxy" else "")


def _mtproxy_secret(text: str) -> str:
    """The secret of an MTProxy as 32 hexadecimal digits, "dd" in front if it wants padding; a `Problem` if it is none.

    It comes as hexadecimal or base64 (either alphabet, with or without “=”): 16 bytes; 17 that begin with dd; or, for
    fake-TLS, 18 and more that begin with ee. Source: TDLib, td/mtproto/ProxySecret.cpp, and
    https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation
    """
    import base64
    import binascii

    if not text:
        raise network_problem("PROXY_LINK", reason="the secret is missing")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        try:
            plain = text.rstrip("=").replace("-", "+").replace("_", "/")
            secret = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise network_problem("PROXY_LINK", reason="its secret is neither hexadecimal nor base64") from None
    if len(secret) == 16:
        return secret.hex()
    if len(secret) == 17 and secret[0] == 0xDD:
        return secret.hex()
    if len(secret) > 17 and secret[0] == 0xEE:
        raise network_problem("PROXY_FAKE_TLS")
    raise network_problem(
        "PROXY_LINK", reason=f"its secret is {len(secret)} bytes long and not 16: part of it is missing or too much"
    )


def choose_proxy(options: Any) -> Proxy | None:
    """The proxy to use, or None: `options.proxy`, TELEGRAM_PROXY, or the system's if the person says yes to it.

    Says which one and why. Makes sure that what Telethon needs for it is there, or raises a `Problem`.
    """
    proxy = _proxy_named(options)
    if proxy and proxy.kind != "mtproxy":
        _need_python_socks()
    return proxy


def _proxy_named(options: Any) -> Proxy | None:
    given, from_environment = getattr(options, "proxy", None), os.environ.get("TELEGRAM_PROXY", "").strip()
    if given is not None:
        proxy = parse_proxy(given)
        term.note(f"Proxy: {proxy.describe()}")
        if proxy.password or proxy.secret:
            what = "password" if proxy.password else "secret"
            term.warn(
                f"The proxy's {what} was given on the command line: other programs on this computer can read it there, "
                "and it stays in the shell's history. The environment variable TELEGRAM_PROXY is a better place for it."
            )
        return proxy
    if from_environment:
        proxy = parse_proxy(from_environment)
        term.note(f"Proxy from TELEGRAM_PROXY: {proxy.describe()}")
        return proxy
    return _proxy_of_the_system()


def _proxy_of_the_system() -> Proxy | None:
    """The proxy that ALL_PROXY or HTTPS_PROXY names, if the person wants Telegram to go through it too."""
    for variable in ("ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
        value = os.environ.get(variable, "").strip()
        if not value:
            continue
        try:
            proxy = parse_proxy(value)
        except Problem as problem:
            term.note(f"{variable} is set, but Telegram cannot be reached through it. {problem.title}")
            return None
        if not term.interactive:
            term.note(
                f"{variable} is set but not used. To go through that proxy, set TELEGRAM_PROXY to the same address."
            )
            return None
        term.say(f"This computer has a proxy set ({variable}): {proxy.describe()}")
        return proxy if term.confirm("Use it for Telegram too?", default=False) else None
    return None


def _need_python_socks() -> None:
    """Telethon speaks to SOCKS and HTTP proxies through python-socks, which before Python 3.11 needs async_timeout."""
    package = "python-socks[asyncio]"
    modules = ["python_socks"] if sys.version_info >= (3, 11) else ["python_socks", "async_timeout"]
    why = "To speak to this proxy, Telethon needs the package python-socks, which is not installed. This installs it:"
    if not all(offer_install(package, module, why) for module in modules):
        install = "\n".join(f"- {way}" for way in ways_to_install(package))
        raise network_problem("PROXY_NEEDS_PYTHON_SOCKS", install=install)


def telethon_connection(proxy: Proxy | None) -> tuple[Any, Any]:
    """Telethon's connection class and `proxy` argument for this proxy (TelegramClient(connection=…, proxy=…)).

    An MTProxy secret is always handed over with "dd" in front, because Telethon takes two letters off any secret that
    begins with "dd" or "ee", also off one whose first byte happens to be that (tcpmtproxy.py, normalize_secret, 1.45).
    """
    from telethon import connection

    if proxy is None:
        return connection.ConnectionTcpFull, None
    if proxy.kind == "mtproxy":
        padded = connection.ConnectionTcpMTProxyRandomizedIntermediate
        kind = padded if len(proxy.secret) == 34 else connection.ConnectionTcpMTProxyIntermediate
        return kind, (proxy.host, proxy.port, "dd" + proxy.secret[-32:])
    return connection.ConnectionTcpFull, {
        "proxy_type": proxy.kind,
        "addr": proxy.host,
        "port": proxy.port,
        "username": proxy.username or None,
        "password": proxy.password or None,
        "rdns": True,
    }


# ══ 6  TELEGRAM ══════════════════════════════════════════════════════════════════════════════════════════════════════


# ══ 7  SIGN-IN ═══════════════════════════════════════════════════════════════════════════════════════════════════════


# ══ 8  COMMANDS ══════════════════════════════════════════════════════════════════════════════════════════════════════


# ── step 1: API credentials ──


class Credentials(NamedTuple):
    """What Telegram knows an application by, from https://my.telegram.org/apps: a number, and 32 hexadecimal digits."""

    api_id: int
    api_hash: str


def ask_credentials(use_environment: bool = True) -> Credentials:
    """Step 1: from TELEGRAM_API_ID and TELEGRAM_API_HASH, or asked for until they can be right.

    `use_environment` is False when Telegram has just refused what stands there.
    """
    raise NotImplementedError


# ── step 2: phone number ──


class PhoneNumber(NamedTuple):
    """A telephone number as Telegram takes it (`+447700900123`), its country, and how people write it.

    `notes` are sentences about what was changed on the way (a trunk zero taken out).
    """

    e164: str
    country: str
    formatted: str
    notes: tuple[str, ...] = ()


class BotToken(NamedTuple):
    """What @BotFather gives out, `123456789:AA…`: the answer of someone who signs in a bot."""

    token: str

    @property
    def bot_id(self) -> int:
        """The number before the colon is the bot's user id."""
        return int(self.token.partition(":")[0])


class WantsQr:
    """The answer `qr`: sign in by QR code, without a phone number."""


def parse_phone(text: str) -> PhoneNumber:
    """Reads a phone number the way people write it. Raises a Problem that says what is wrong with it."""
    raise NotImplementedError


def ask_phone(use_environment: bool = True) -> PhoneNumber | BotToken | WantsQr:
    """Step 2: from TELEGRAM_PHONE, or asked for until it can be right.

    `use_environment` is False when the person wants another number than the one that stands there.
    """
    raise NotImplementedError


# ══ 9  MAIN ══════════════════════════════════════════════════════════════════════════════════════════════════════════


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 a diagnosed problem, 2 wrong usage, 130 Ctrl-C."""
    return 0


if __name__ == "__main__":
    sys.exit(main())
