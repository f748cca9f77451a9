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
    makes sense. `code` is the exit code if the program ends here.
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
        code: int = 1,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.meaning = meaning
        self.steps = tuple(steps)
        self.name = name
        self.call = call
        self.retry_at = retry_at
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
        self.out = sys.stderr if self.delivered_to_pipe else sys.stdout
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        self.interactive = self._is_terminal(sys.stdin)
        self.screen = self._is_terminal(self.out)
        dumb = os.environ.get("TERM", "") in ("dumb", "") and os.name != "nt"
        self.redraws = self.screen and not dumb
        self.colours = self.redraws and not os.environ.get("NO_COLOR") and self._console_understands_escapes()
        self.encoding = getattr(self.out, "encoding", None) or "ascii"
        self.unicode = self._encodes("─✓✗•…")
        self._status_shown = False

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

    def problem(self, problem: Problem) -> None:
        """The card of a `Problem`: title, why, numbered steps, when to try again, Telegram's own name."""
        self._write("\n")
        self.bad(problem.title)
        if problem.meaning:
            self.say(problem.meaning, indent=2)
        if problem.steps:
            self.say()
            self.say("What to do:", "bold", indent=2)
            self.steps(problem.steps)
        if problem.retry_at:
            left = duration(problem.retry_at - time.time())
            self.say(f"Next try: {clock(problem.retry_at)} (in {left})", "bold", indent=2)
        if problem.name:
            asked = f", in answer to {problem.call}" if problem.call else ""
            self.say(f"Telegram's name for it: {problem.name}{asked}", "dim", indent=2)

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

# ── calling codes ──


# ══ 4  SESSIONS ══════════════════════════════════════════════════════════════════════════════════════════════════════


# ══ 5  NETWORK ═══════════════════════════════════════════════════════════════════════════════════════════════════════


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
