"""A person at a terminal, for tests: a command in a pseudo-terminal, what it shows, and what is typed into it.

    with Person([sys.executable, "script.py"]) as person:
        person.answers("Phone number", "+49 151 12345678")
        person.sees("by the Telegram app")
        person.exits(0)

Waiting always ends as soon as what is waited for has happened; nothing sleeps for luck. POSIX only.
"""

from __future__ import annotations

import codecs
import contextlib
import functools
import os
import re
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from re import Pattern
from typing import Callable, TypeVar

try:
    import fcntl
    import pty
    import termios
except ImportError:  # Windows
    AVAILABLE = False
else:
    AVAILABLE = True

import pyte

TIMEOUT = 30.0  # how long a loaded machine may take; waiting ends at once when there is something to see
KEYS = {
    "enter": b"\r",
    "ctrl-c": b"\x03",
    "ctrl-d": b"\x04",
    "ctrl-z": b"\x1a",
    "ctrl-\\": b"\x1c",
    "backspace": b"\x7f",
    "tab": b"\t",
    "escape": b"\x1b",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
}

SIGNALS = ("ctrl-c", "ctrl-z", "ctrl-\\")

# ECMA-48: control sequences (CSI), operating system commands (OSC) up to their end, and two-character escapes.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")
_UNFINISHED_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[ -/]*)?$")

# The shell opens the terminal anew, as the leader of a session that has none: so it becomes the session's own, which
# /dev/tty, Ctrl-C and the hang-up signal need. Nothing of Python runs between fork and exec.
_TAKE_TERMINAL = 'terminal=$1; shift; exec "$@" <"$terminal"'

T = TypeVar("T")


class Person:
    """Runs a command in a terminal of its own and drives it.

    With `stdout="pipe"` its standard output goes to a pipe (`output`), with `stderr="pipe"` its standard error to
    another (`errors`); with `stdin="null"` it has no terminal to read from. The rest is the terminal.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        size: tuple[int, int] = (80, 24),
        stdin: str = "terminal",
        stdout: str = "terminal",
        stderr: str = "terminal",
    ) -> None:
        columns, rows = size
        self._changed = threading.Condition()
        self._text = ""  # everything shown, without escape sequences
        self._pending = ""  # the start of an escape sequence that has not ended yet
        self._seen = 0  # what lies before this in `_text` has been matched
        self._typed = 0  # what lies before this in `_text` had been shown when something was last typed
        self._all_read = False
        self._closed = False
        self._raw = bytearray()
        self._pipes: dict[str, bytearray] = {}
        self._threads: list[threading.Thread] = []
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        choice = {"terminal": slave, "pipe": subprocess.PIPE, "null": subprocess.DEVNULL}
        take = ["/bin/sh", "-c", _TAKE_TERMINAL, "sh", os.ttyname(slave)] if stdin == "terminal" else []
        self.process = subprocess.Popen(
            [*take, *command],
            stdin=choice[stdin],
            stdout=choice[stdout],
            stderr=choice[stderr],
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        os.close(slave)
        self._watch(self._read_terminal)
        for name, pipe in (("stdout", self.process.stdout), ("stderr", self.process.stderr)):
            if pipe is not None:
                self._pipes[name] = bytearray()
                self._watch(functools.partial(self._read_pipe, pipe.fileno(), self._pipes[name]))
        self._watch(self._await_end)

    def __enter__(self) -> Person:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends whatever is left of the command and of what it started."""
        if self._closed:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for thread in self._threads:
            thread.join(timeout=5)
        self._closed = True
        os.close(self._master)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    # Reading

    def _watch(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _read_terminal(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # EIO: nobody has the terminal open any more
                data = b""
            with self._changed:
                if not data:
                    self._all_read = True
                    self._changed.notify_all()
                    return
                self._raw += data
                self._stream.feed(data)
                text = self._pending + decoder.decode(data)
                unfinished = _UNFINISHED_ESCAPE.search(text)
                end = unfinished.start() if unfinished else len(text)
                self._pending = text[end:]
                self._text += _ESCAPES.sub("", text[:end])
                self._changed.notify_all()

    def _read_pipe(self, fd: int, into: bytearray) -> None:
        while True:
            data = os.read(fd, 65536)
            with self._changed:
                into += data
                self._changed.notify_all()
            if not data:
                return

    def _await_end(self) -> None:
        self.process.wait()
        with self._changed:
            self._changed.notify_all()

    def _wait(self, what: Callable[[], T], timeout: float) -> T:
        with self._changed:
            self._changed.wait_for(what, timeout)
            return what()

    def _fail(self, what: str) -> AssertionError:
        code = self.process.poll()
        state = "still running" if code is None else f"ended with exit code {code}"
        return AssertionError(f"{what}; the command is {state}, and this is what it has shown:\n{self.transcript}")

    @property
    def transcript(self) -> str:
        """Everything the terminal has been sent, without escape sequences, with plain line ends."""
        with self._changed:
            return self._text.replace("\r\n", "\n")

    @property
    def raw(self) -> bytes:
        """The same, as it was sent."""
        with self._changed:
            return bytes(self._raw)

    @property
    def output(self) -> str:
        """What has come through standard output, where that is a pipe."""
        with self._changed:
            return self._pipes["stdout"].decode("utf-8", "replace")

    @property
    def errors(self) -> str:
        """What has come through standard error, where that is a pipe."""
        with self._changed:
            return self._pipes["stderr"].decode("utf-8", "replace")

    def screen(self) -> str:
        """What the terminal shows right now: its lines, without the blanks at their ends."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._screen.display).rstrip("\n")

    def cells(self) -> list[list[pyte.screens.Char]]:
        """What the terminal shows, letter by letter: each with `data`, `fg`, `bg` and `bold`."""
        with self._changed:
            screen = self._screen
            return [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]

    def _cursor_line(self) -> str:
        """The line the cursor is in, from its beginning where the terminal has wrapped it."""
        rows = self._screen.display
        top = self._screen.cursor.y
        while top > 0 and not rows[top - 1].endswith(" "):
            top -= 1
        return "".join(rows[top : self._screen.cursor.y + 1]).strip()

    # Seeing

    def sees(self, what: str | Pattern[str], timeout: float = TIMEOUT) -> str:
        """Waits for a text (or a pattern) after whatever was seen before it; returns it as it was shown.

        Line breaks and repeated blanks count as one blank, so that it does not matter where lines are broken.
        """
        pattern = what if isinstance(what, re.Pattern) else re.compile(r"\s+".join(map(re.escape, what.split())))

        def found() -> re.Match[str] | None:
            return pattern.search(self._text, self._seen)

        match = self._wait(lambda: found() or self._has_ended(), timeout) and found()
        if not match:
            raise self._fail(f"never saw {what!r}")
        self._seen = match.end()
        return match.group()

    def does_not_see(self, what: str) -> None:
        """Fails if a text has been shown at any time so far."""
        pattern = re.compile(r"\s+".join(map(re.escape, what.split())))
        if pattern.search(self.transcript):
            raise self._fail(f"saw {what!r}")

    def is_asked(self, prompt: str, timeout: float = TIMEOUT) -> None:
        """Waits until the cursor stands in a line that begins with `prompt` and was shown after the last typing."""
        if not self.is_asked_one_of([prompt], timeout):
            raise self._fail(f"was never asked {prompt!r}")

    def is_asked_one_of(self, prompts: Sequence[str], timeout: float = TIMEOUT) -> str:
        """The same for whichever of several prompts comes; "" when the command has ended, or none comes in time."""

        def asked() -> str:
            line, new = self._cursor_line(), self._text[self._typed :]
            return next((prompt for prompt in prompts if prompt in new and line.startswith(prompt)), "")

        self._wait(lambda: asked() or self._has_ended(), timeout)
        with self._changed:
            self._seen = len(self._text)
            return asked()

    def _has_ended(self) -> bool:
        """Whether nothing can be shown any more: the command is gone, and its terminal has been read to the end."""
        return self.process.poll() is not None and self._all_read

    def exits(self, code: int = 0, timeout: float = TIMEOUT) -> None:
        """Waits for the command to end, and checks its exit code."""
        ended = self._wait(lambda: self.process.poll() is not None, timeout)
        if not ended:
            raise self._fail("did not end")
        for thread in self._threads:
            thread.join(timeout=5)
        if self.process.returncode != code:
            raise self._fail(f"expected exit code {code}")

    # Doing

    def types(self, text: str, *, enter: bool = True, hidden: bool = False) -> None:
        """Types a line. `hidden`: only once the terminal has stopped to echo, as it must for secrets.

        A byte that is no UTF-8 is written as Python does: `\\udcff` types FF.
        """
        if hidden:
            self._wait_for_no_echo()
        self._write(text.encode("utf-8", "surrogateescape") + (b"\r" if enter else b""))

    def answers(self, prompt: str, text: str, *, hidden: bool = False, timeout: float = TIMEOUT) -> None:
        """Types a line at a prompt, once it is there."""
        self.is_asked(prompt, timeout)
        self.types(text, hidden=hidden)

    def presses(self, key: str) -> None:
        """One of KEYS, or a single character. Keys that send a signal wait until the program waits for something.

        CPython's `input` does not notice a SIGINT between the writing of its prompt and the beginning of its read.
        """
        if key in SIGNALS:
            self._wait_until_asleep()
        self._write(KEYS.get(key) or key.encode())

    def is_sent(self, number: int) -> None:
        """Sends a signal to all that runs there, as `kill` does, once it waits for something: see `presses`."""
        self._wait_until_asleep()
        os.killpg(self.process.pid, number)

    def _write(self, data: bytes) -> None:
        with self._changed:
            self._typed = len(self._text)
        os.write(self._master, data)

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def _wait_until_asleep(self, timeout: float = TIMEOUT) -> None:
        """Waits for the main thread of what has the terminal, which may be the job of a shell.

        Linux tells its state, though without an event; elsewhere this waits for nothing.
        """
        try:
            leader = os.tcgetpgrp(self._master)
        except OSError:  # nobody has it
            leader = 0
        stat = Path(f"/proc/{leader or self.process.pid}/stat")
        asleep = 0
        end = time.monotonic() + timeout
        while asleep < 3 and time.monotonic() < end:
            try:
                state = stat.read_text().rpartition(")")[2].split()[0]
            except OSError:
                return
            asleep = asleep + 1 if state == "S" else 0
            time.sleep(0.005)

    def _wait_for_no_echo(self, timeout: float = TIMEOUT) -> None:
        """No event tells of a change of the terminal's settings, so this looks again and again."""
        end = time.monotonic() + timeout
        while self.echoes():
            if time.monotonic() > end or self.process.poll() is not None:
                raise self._fail("the terminal still echoes")
            time.sleep(0.005)

    def resizes(self, columns: int, rows: int) -> None:
        """Changes the size of the terminal, which the command is told by SIGWINCH."""
        with self._changed:
            self._screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def loses_the_window(self) -> None:
        """Closes the terminal for good: the system sends SIGHUP, and nothing can be shown or typed any more.

        It is closed as soon as the command has shown one more thing, which ends the reading that is under way.
        """
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, self._master)
        os.close(nowhere)

    def hangs_up(self) -> None:
        """Closes the terminal window: the session's leader gets SIGHUP."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGHUP)
