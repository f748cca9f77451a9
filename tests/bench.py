"""`python3 -m tests.bench` measures the script beside what people would use instead, in one run, and prints one table.

Each figure is a median; both sides take turns, so that whatever else this computer does hits both. `ratio` is the
script's figure divided by the other's. The exit code is 1 when a target is missed. POSIX only, about three minutes.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Callable, NamedTuple

from .__main__ import prepare

try:
    import pty

    from . import others
    from .practice import PracticeTelegram
    from .practice.keys import RSA_PUBLIC_PEM
    from .practice.telegram import API_HASH, API_ID
except ImportError:
    if os.name == "nt":
        sys.exit("The benchmark drives pseudo-terminals, which Windows does not have.")
    python = prepare()  # this Python has no Telethon: on with the tests' own
    os.execv(python, [python, "-m", "tests.bench", *sys.argv[1:]])

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "telegram_session.py"
LAUNCHER = ROOT / "tests" / "practice" / "launcher.py"
MOST_TOKENS = 68_000
PHONE, CODE = "+49 151 12345678", "24680"
STRING = re.compile(rb"\b1[A-Za-z0-9_-]{300,}={0,2}")

# What most tools do: the library's own helper, with every setting as it comes.
START = f"""
import asyncio, sys
from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.sessions import StringSession

async def main():
    session = StringSession()
    session.set_dc(2, "127.0.0.1", int(sys.argv[1]))
    rsa.add_key(sys.argv[2], old=False)
    client = TelegramClient(session, {API_ID}, "{API_HASH}")
    await client.start(phone=lambda: input("Phone number: "), code_callback=lambda: input("Code: "))
    print("Session string:", session.save())
    await client.disconnect()
    input("Press Enter to exit")

try:
    asyncio.run(main())
except Exception as error:
    print("Gave up:", error)
"""


class Row(NamedTuple):
    """One line of the table. `ratio` and `limit` are targets: the highest ratio, the highest value of ours; or 0."""

    what: str
    beside: str
    ours: Sequence[float]
    theirs: Sequence[float]
    unit: str
    ratio: float = 0
    limit: float = 0


class Run:
    """A command in a pseudo-terminal, and a watch that starts with it and again at every line typed."""

    def __init__(self, command: Sequence[str], env: dict[str, str]) -> None:
        self._master, slave = pty.openpty()
        self._shown = b""
        self._begun = self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def until(self, what: bytes | re.Pattern[bytes], limit: float = 30.0) -> float:
        """Seconds from the last mark until this is shown; `limit` if it is not shown by then."""
        pattern = what if isinstance(what, re.Pattern) else re.compile(re.escape(what))
        while not pattern.search(self._shown):
            left = self._begun + limit - time.perf_counter()
            if left <= 0 or not select.select([self._master], [], [], left)[0]:
                return limit
            try:
                self._shown += os.read(self._master, 65536)
            except OSError:  # it has ended
                raise SystemExit(f"never saw {what!r} in:\n{self._shown.decode()}") from None
        return time.perf_counter() - self._begun

    def type(self, text: str) -> None:
        self._shown = b""
        self._begun = time.perf_counter()
        os.write(self._master, text.encode() + b"\r")

    def peak_memory(self) -> float:
        """MiB, the most it has had so far. Linux only: elsewhere the figure of a child includes its parent's."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def environment(**more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    identity = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH}
    return {**kept, "TERM": "xterm-256color", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), **identity, **more}


# ── the script itself ──


def size() -> Iterator[Row]:
    """Everybody who starts it by its name waits for all of it to be read, and somebody shall be able to read it."""
    unseen = (tokenize.NL, tokenize.COMMENT)
    with open(SCRIPT, "rb") as file:
        count = sum(token.type not in unseen for token in tokenize.tokenize(file.readline)) - 1  # the encoding is none
    yield Row("tokens of the script", "the most that it may have", [count], [MOST_TOKENS], "", limit=MOST_TOKENS)


# ── the first prompt ──


def first_prompt(times: int = 15) -> Iterator[Row]:
    commands = {
        "file": ([sys.executable, str(SCRIPT)], b"Do you already have"),
        "module": ([sys.executable, "-m", "telegram_session"], b"Do you already have"),
        "bare": ([sys.executable, "-c", "input('> ')"], b"> "),
        "telethon": ([sys.executable, "-c", "import telethon; input('> ')"], b"> "),
    }
    plain = {name: value for name, value in environment().items() if not name.startswith("TELEGRAM_")}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(times):
        for name, (command, prompt) in commands.items():
            with Run(command, plain) as run:
                taken[name].append(run.until(prompt))
    # The targets are for README's command. Started by its file name, a script is compiled whole before its first line
    # runs, and no script of this size is compiled in five times the start of Python: shown, without a target.
    ways = {
        "module": ("first prompt, python3 -m telegram_session", 5, 0.4),
        "file": ("first prompt, python3 telegram_session.py", 0, 0),
    }
    for ours, (what, to_bare, to_telethon) in ways.items():
        yield Row(what, 'python3 -c "input()"', taken[ours], taken["bare"], "ms", to_bare)
        yield Row(what, "a script that imports Telethon first", taken[ours], taken["telethon"], "ms", to_telethon)


def second_start(times: int = 15) -> Iterator[Row]:
    """`python3 telegram_session.py` where step 0 has set itself up: what it needs lies in `.venv` beside the script.

    It is the system's Python if there is one, which is built for speed as the ones that people install are.
    """
    python = shutil.which("python3", path="/usr/bin") or getattr(sys, "_base_executable", sys.executable)
    looks = "import importlib.util, sys; sys.exit(importlib.util.find_spec('telethon') is not None)"
    if subprocess.call([python, "-c", looks]):
        print("Left out: the start after the set-up. This computer's Python has Telethon.", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as home:
        subprocess.check_call([python, "-m", "venv", "--without-pip", os.path.join(home, ".venv")])
        packages = next(Path(home).glob(".venv/lib/*/site-packages"))
        for name in ("telethon", "pyaes", "rsa", "pyasn1", "segno", "python_socks"):
            shutil.copytree(Path(sysconfig.get_path("purelib"), name), packages / name)
        commands = (
            ([python, shutil.copy(SCRIPT, home)], b"Do you already have"),
            ([os.path.join(home, ".venv", "bin", "python"), "-c", "import telethon; input('> ')"], b"> "),
        )
        plain = {name: value for name, value in environment(HOME=home).items() if "TELEGRAM" not in name}
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(times):
            for (command, prompt), figures in zip(commands, taken):
                with Run(command, plain) as run:
                    figures.append(run.until(prompt))
    yield Row("first prompt, the start after the set-up", "a script that imports Telethon first", *taken, "ms", 0.6)


# ── a sign-in ──


TYPING = 0.5  # seconds: nobody types a phone number faster; they count for neither side


class SignIn(NamedTuple):
    """What one whole sign-in with a code took, in seconds, calls, connections and MiB."""

    to_phone: float
    to_code: float
    to_string: float
    calls: int
    connections: int
    memory: float

    @property
    def whole(self) -> float:
        return self.to_phone + self.to_code + self.to_string


def sign_in(ours: bool, latency: float) -> SignIn:
    with PracticeTelegram() as telegram:
        telegram.add_account(PHONE, code=CODE, dc=2)
        telegram.latency = latency
        with Run(command_for(telegram, ours), environment()) as run:
            to_phone = run.until(b"Phone number:")
            time.sleep(TYPING)
            run.type(PHONE)
            to_code = run.until(b"\nCode")
            run.type(CODE)
            to_string = run.until(STRING)
            run.until(b"Press Enter")
            memory = run.peak_memory() if sys.platform == "linux" else 0.0
            return SignIn(to_phone, to_code, to_string, len(telegram.calls), len(telegram.connections), memory)


def memory_by_file_name() -> float:
    """The peak memory of a sign-in by a script that this very run compiles, as when it is named by its file."""
    with PracticeTelegram() as telegram, tempfile.TemporaryDirectory() as folder:
        telegram.add_account(PHONE, code=CODE, dc=2)
        fresh = shutil.copy(SCRIPT, folder)
        ours = [sys.executable, "-B", str(LAUNCHER), "--config", telegram.config, "--script", fresh, "--"]
        env = environment()
        del env["PYTHONPATH"]  # which leads to the compiled one
        with Run(ours, env) as run:
            run.until(b"Phone number:")
            run.type(PHONE)
            run.until(b"\nCode")
            run.type(CODE)
            run.until(b"Press Enter")
            return run.peak_memory()


def command_for(telegram: PracticeTelegram, ours: bool) -> list[str]:
    if ours:
        return [sys.executable, str(LAUNCHER), "--config", telegram.config, "--"]
    return [sys.executable, "-c", START, str(telegram.data_centres[2].port), RSA_PUBLIC_PEM]


def sign_ins(times: int = 5) -> Iterator[Row]:
    beside = "TelegramClient.start()"
    for latency in (0.0, 0.1):
        runs = [(sign_in(True, latency), sign_in(False, latency)) for _ in range(times)]

        def both(figure: str, runs: list[tuple[SignIn, SignIn]] = runs) -> tuple[list[float], list[float]]:
            return [getattr(ours, figure) for ours, _ in runs], [getattr(theirs, figure) for _, theirs in runs]

        delay = f"{1000 * latency:.0f} ms delay"
        yield Row(f"phone number → code prompt, {delay}", beside, *both("to_code"), "ms")
        yield Row(f"code → string, {delay}", beside, *both("to_string"), "ms")
        yield Row(f"start → string, {delay}", beside, *both("whole"), "ms", ratio=0.6 if latency else 0)
    yield Row("API calls for a sign-in", beside, *both("calls"), "", limit=4)
    yield Row("connections for a sign-in", beside, *both("connections"), "")
    if sys.platform == "linux":
        with Run([sys.executable, "-c", "import telethon; input('> ')"], environment()) as run:
            run.until(b"> ")
            imported = run.peak_memory()
        yield Row("peak memory of a sign-in", "import telethon", both("memory")[0], [imported], "MiB", ratio=1.1)
        yield Row("the same, started by file name", "import telethon", [memory_by_file_name()], [imported], "MiB")


# ── the verdict when Telegram cannot be reached ──


def verdicts(patience: float = 20.0) -> Iterator[Row]:
    trouble: list[tuple[str, float, Callable[[PracticeTelegram], Any]]] = [
        ("refuses", 3, lambda telegram: telegram.refuse()),
        ("is silent", 12, lambda telegram: telegram.faults.add("accept", "silence")),
        ("closes every line", 3, lambda telegram: telegram.faults.add("accept", "cut")),
    ]
    for what, limit, make in trouble:
        taken = []
        for ours in (True, False):
            with PracticeTelegram() as telegram:
                make(telegram)
                with Run(command_for(telegram, ours), environment()) as run:
                    if ours:
                        run.until(b"Phone number:")
                        run.type(PHONE)
                    taken.append(run.until(b"What to do:" if ours else b"Gave up:", patience))
        yield Row(f"verdict when the server {what}", "TelegramClient.start()", taken[:1], taken[1:], "s", limit=limit)

    taken = []
    for ours in (True, False):
        with PracticeTelegram() as telegram:
            telegram.add_account(PHONE, code=CODE)
            with Run(command_for(telegram, ours), environment()) as run:
                run.until(b"Phone number:")
                run.type(PHONE)
                run.until(b"\nCode")
                telegram.faults.add("packet", "silence")
                telegram.faults.add("accept", "silence")
                run.type(CODE)
                taken.append(run.until(b"What to do:" if ours else b"Gave up:", patience))
    what = "verdict when all falls silent at the code"
    yield Row(what, "TelegramClient.start()", taken[:1], taken[1:], "s", limit=15)


# ── sessions, offline ──

KEY = bytes(range(256))
OPENTELE = others.folder("opentele2==2.0.0")
TELETHON_CHECK = """
import sys
from opentele2.tl import TelegramClient
from telethon.sessions import StringSession
session = StringSession(sys.argv[1])
print(session.dc_id, session.server_address, session.port)
"""
OPENTELE_STRING = """
import sys
from opentele2.td import TDesktop
from telethon.crypto import AuthKey
from telethon.sessions import StringSession

def convert(folder):
    account = TDesktop(folder).mainAccount
    session = StringSession()
    session.set_dc(int(account.MainDcId), "149.154.167.91", 443)
    session.auth_key = AuthKey(account.authKey.key)
    return session.save()

"""
OUR_STRING = """
import sys
import telegram_session as script

def convert(folder):
    return script.encode_telethon_string(script.Tdata(folder).load_all()[0])

"""
ONCE = "print(convert(sys.argv[1]))"
WARM = """
import time
convert(sys.argv[1])
begun = time.perf_counter()
for _ in range(20):
    convert(sys.argv[1])
print((time.perf_counter() - begun) / 20)
"""
MTCUTE_STRING = """
import { convertFromTdata, convertToTelethonSession } from "@mtcute/convert";
console.log(convertToTelethonSession(await convertFromTdata({ path: process.argv[1] })));
"""


def seconds(command: Sequence[str], env: dict[str, str], folder: Path = ROOT) -> float:
    begun = time.perf_counter()
    subprocess.run(command, env=env, cwd=folder, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return time.perf_counter() - begun


def side_by_side(*runs: Callable[[], float], times: int = 7) -> list[list[float]]:
    return [list(side) for side in zip(*([run() for run in runs] for _ in range(times)))]


def offline() -> Iterator[Row]:
    import telegram_session as script

    explain, version = (
        [sys.executable, str(SCRIPT), *words] for words in (["explain", "FLOOD_WAIT_37"], ["--version"])
    )
    yield Row("explain an error, one shot", "--version", *side_by_side(
        lambda: seconds(explain, environment()), lambda: seconds(version, environment())
    ), "ms")  # fmt: skip
    session = script.new_session(4, KEY, "149.154.167.91", 443, user_id=7000000001)
    with tempfile.TemporaryDirectory() as home:
        folder, text = os.path.join(home, "tdata"), os.path.join(home, "string")
        script.save_session([session], folder, "tdata")
        string = script.encode_telethon_string(session)
        Path(text).write_text(string)
        # Unlike in the tests Python may keep what it has compiled, here and there; started as README says.
        env = {**environment(), "OPENTELE_NO_FETCH": "1", "HOME": home}
        check = [sys.executable, "-m", "telegram_session", "check", text]
        convert = [sys.executable, "-m", "telegram_session", "convert", folder, "-"]
        packs = os.path.join(home, "packs")
        os.mkdir(packs)
        for number in range(50):
            pack = session._replace(api=script.ApiIdentity(2040, "0123456789abcdef" * 2))
            script.save_session([pack], os.path.join(packs, f"+155501{number:05}"), "json")
        many = [*check[:-1], packs]
        yield Row("check a folder of 50 account packs", "one string", *side_by_side(
            lambda: seconds(many, env), lambda: seconds(check, env)
        ), "ms", limit=3)  # fmt: skip
        if OPENTELE.exists():
            theirs = {**env, "PYTHONPATH": str(OPENTELE)}

            def python(code: str, argument: str) -> list[str]:
                return [sys.executable, "-c", code, argument]

            yield Row("check a string, one shot", "opentele2", *side_by_side(
                lambda: seconds(check, env),
                lambda: seconds(python(TELETHON_CHECK, string), theirs),
            ), "ms", ratio=0.4)  # fmt: skip
            yield Row("tdata → string, one shot", "opentele2", *side_by_side(
                lambda: seconds(convert, env),
                lambda: seconds(python(OPENTELE_STRING + ONCE, folder), theirs),
            ), "ms", ratio=0.4)  # fmt: skip

            def warm(code: str, env: dict[str, str]) -> float:
                return float(subprocess.check_output(python(code + WARM, folder), env=env))

            yield Row("tdata → string, warm", "opentele2", *side_by_side(
                lambda: warm(OUR_STRING, env), lambda: warm(OPENTELE_STRING, theirs), times=3
            ), "ms")  # fmt: skip
        node, place = shutil.which("node"), others.PLACE / "node"
        if node and place.exists():
            mtcute = [node, "--input-type=module", "-e", MTCUTE_STRING, folder]
            yield Row("tdata → string, one shot", "mtcute", *side_by_side(
                lambda: seconds(convert, env), lambda: seconds(mtcute, dict(os.environ), place)
            ), "ms")  # fmt: skip
        if not (OPENTELE.exists() and node and place.exists()):
            print("Left out: what is not installed. python3 -m tests.others installs it.", file=sys.stderr)


# ── the table ──


def shown(value: float, unit: str) -> str:
    if unit == "ms":
        return f"{1000 * value:.{1 if value < 0.02 else 0}f} ms"
    return f"{value:.1f} {unit}" if unit else f"{value:.0f}"


def line(row: Row) -> tuple[list[str], bool]:
    ours, theirs = median(row.ours), median(row.theirs)
    ratio = ours / theirs
    target = f"≤ {row.ratio:g}" if row.ratio else f"≤ {shown(row.limit, row.unit)}" if row.limit else ""
    met = (not row.ratio or ratio <= row.ratio) and (not row.limit or ours <= row.limit)
    verdict = target and ("met" if met else "MISSED")
    return [row.what, shown(ours, row.unit), shown(theirs, row.unit), f"{ratio:.2f}", target, verdict, row.beside], met


def main() -> int:
    begun = time.monotonic()
    lines = [(["what", "script", "other", "ratio", "target", "", "other is"], True)]
    for part in (size, first_prompt, second_start, sign_ins, verdicts, offline):
        print(f"… {part.__name__.replace('_', ' ')}", file=sys.stderr, flush=True)
        lines += [line(row) for row in part()]
    widths = [max(len(cells[column]) for cells, _ in lines) for column in range(7)]
    for cells, _ in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip())
    missed = sum(not met for _, met in lines)
    print(f"{len(lines) - 1} figures, {missed} missed, in {time.monotonic() - begun:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
