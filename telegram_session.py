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


# ══ 9  MAIN ══════════════════════════════════════════════════════════════════════════════════════════════════════════


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 a diagnosed problem, 2 wrong usage, 130 Ctrl-C."""
    return 0


if __name__ == "__main__":
    sys.exit(main())
