"""`python -m tests.pictures` makes the terminal pictures of README, from real runs on the practice Telegram.

Each picture is an SVG in .github/pictures. What is different in every run (ports, times, keys) is made the same, cell
by cell, so that a picture changes only when the script does.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Callable
from unittest import mock
from xml.sax.saxutils import escape

from telethon.tl import types

from .helpers.terminal import Person
from .practice import PracticeTelegram
from .practice.accounts import Delivery
from .practice.telegram import API_HASH, API_ID

ROOT = Path(__file__).resolve().parents[1]
LAUNCHER = ROOT / "tests" / "practice" / "launcher.py"
FOLDER = ROOT / ".github" / "pictures"

ALONE = Path(tempfile.gettempdir()) / "telegram"  # it is seen in the picture
PHONE, CODE = "+44 7700 900123", "24680"
KNOWN = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_PHONE": PHONE}

CELL, LINE, MARGIN = 8.4, 18, 16  # pixels, of a monospaced font of 14
BACKGROUND, TEXT = "#16181d", "#d7dae0"
COLOURS = {
    "default": TEXT, "black": "#000000", "red": "#ff6b6b", "green": "#69db7c", "brown": "#ffd43b", "blue": "#74c0fc",
    "magenta": "#da77f2", "cyan": "#66d9e8", "white": "#f1f3f5",
}  # fmt: skip

# What no two runs have in common, what the pictures show instead, and what fills it up to the same number of cells.
STEADY = (
    (r"\(/\S+/python[\d.]*\)", "(/usr/bin/python3)", " "),
    (r"in \d+\.\d\d s", "in 0.11 s", " "),
    (r"\(\d\.\d s from", "(0.2 s from", " "),
    (r"✓ \d+ \+ \d+ ms *", "✓ 21 + 24 ms", " "),
    (r"(?<=port )\d{5}\b", "10443", " "),
    (r"\d+s left", "28s left", " "),
    (r"(?<=phone_code_hash :  )\w+", "9f86d081884c7d659a", " "),
    (r"^1[\w=-]{60,}", "1BVtsOK8Bu7kq", "•"),
    (r"^[\w=-]{30,}$|^[\w-]{8,}=+$", "", "•"),
)

Cells = list[list[tuple[str, str, str, bool]]]  # rows of letter, colour, background, bold


# Short stories


def sign_in(telegram: PracticeTelegram) -> Iterator[Person]:
    """From the first line to the string."""
    telegram.add_account(
        PHONE, code=CODE, first_name="Petra", username="petra", user_id=7000000001,
        delivery=[Delivery(types.auth.SentCodeTypeApp(5), types.auth.CodeTypeSms(), 300)],
    )  # fmt: skip
    with started(telegram) as person:
        person.answers("Do you already have", "y")
        person.answers("API ID", str(API_ID))
        person.answers("API hash", API_HASH)
        person.answers("Phone number", PHONE)
        person.answers("Code", CODE)
        person.is_asked("Press Enter to exit")
        yield person


def set_up(telegram: PracticeTelegram) -> Iterator[Person]:
    """Nothing is installed: it is set up, and the conversation goes on. The file is started as it is, on Debian."""
    shutil.rmtree(ALONE, ignore_errors=True)
    ALONE.mkdir()
    shutil.copy(ROOT / "telegram_session.py", ALONE)
    clean = {"PATH": os.environ.get("PATH", ""), "HOME": str(ALONE), "LANG": "C.UTF-8", "TERM": "xterm-256color"}
    with Person(["/usr/bin/python3", "telegram_session.py"], env=clean, cwd=ALONE, size=(84, 100)) as person:
        person.answers("Press Enter to exit", "1")
        person.is_asked("Do you already have", timeout=300)
        yield person
    shutil.rmtree(ALONE)


def qr_code(telegram: PracticeTelegram) -> Iterator[Person]:
    """The code that a phone scans."""
    with started(telegram, "--qr", env=KNOWN) as person:
        person.sees(re.compile(r"\d+s left"))
        yield person


def error(telegram: PracticeTelegram) -> Iterator[Person]:
    """A card: what happened, why, and what to do."""
    telegram.add_account(PHONE, code=CODE)
    telegram.faults.add("auth.signIn", "error", name="PHONE_CODE_EXPIRED")
    with started(telegram, env=KNOWN) as person:
        person.answers("Code", CODE)
        person.is_asked("Ask Telegram for a new code?")
        yield person


def check(telegram: PracticeTelegram) -> Iterator[Person]:
    """What a session string is."""
    import telegram_session as script

    session = script.new_session(2, random.Random(4).randbytes(256), "149.154.167.51", 443)
    with started(telegram, "check") as person:
        person.answers("Session string", script.encode_telethon_string(session), hidden=True)
        person.is_asked("Press Enter to exit")
        yield person


def network(telegram: PracticeTelegram) -> Iterator[Person]:
    """Every way to Telegram, and the verdict."""
    with started(telegram, "network") as person:
        person.is_asked("Press Enter to exit")
        yield person


def doctor(telegram: PracticeTelegram) -> Iterator[Person]:
    """Why the MCP server does not connect."""
    import telegram_session as script

    string = script.encode_telethon_string(
        script.new_session(2, random.Random(4).randbytes(256), "149.154.167.51", 443)
    )
    values = {"TELEGRAM_API_ID": "your_api_id", "TELEGRAM_API_HASH": "0" * 31 + "1"}
    server = {"command": "uvx", "args": ["telegram-mcp"], "env": {**values, "TELEGRAM_SESSION_STRING": string[:250]}}
    settings = ALONE / ".config" / "Claude" / "claude_desktop_config.json"
    shutil.rmtree(ALONE, ignore_errors=True)
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"mcpServers": {"telegram": server}}, indent=2))
    with started(telegram, "doctor", env={"HOME": str(ALONE), "PATH": ""}) as person:
        person.is_asked("Press Enter to exit")
        yield person
    shutil.rmtree(ALONE)


STORIES: dict[str, Callable[[PracticeTelegram], Iterator[Person]]] = {
    "sign-in": sign_in, "set-up": set_up, "qr-code": qr_code, "error": error, "check": check, "network": network,
    "doctor": doctor,
}  # fmt: skip


@contextlib.contextmanager
def started(telegram: PracticeTelegram, *arguments: str, env: dict[str, str] | None = None) -> Iterator[Person]:
    """The script in a window that is high enough for everything it says."""
    command = [sys.executable, str(LAUNCHER), "--config", telegram.config, "--", *arguments]
    with tempfile.TemporaryDirectory() as home:
        clean = {"PATH": os.environ.get("PATH", ""), "HOME": home, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        with Person(command, env={**clean, **(env or {})}, cwd=home, size=(84, 100)) as person:
            yield person


# From the screen to the picture


def steady(rows: Cells) -> Cells:
    """The rows with what changes from run to run made the same."""
    made = []
    for row in rows:
        text = "".join(letter for letter, *_ in row).rstrip()
        for pattern, instead, filling in STEADY:
            text = re.sub(pattern, lambda found, new=instead, by=filling: new.ljust(len(found[0]), by), text)
        text = text.ljust(len(row))
        made.append([(letter, *cell[1:]) for letter, cell in zip(text, row)])
    written = [y for y, row in enumerate(made) if any(letter.strip() or look[1] != BACKGROUND for letter, *look in row)]
    return made[written[0] : written[-1] + 1]


def cells_of(person: Person) -> Cells:
    """What the person sees, with the colours of the picture."""

    def colour(name: str, default: str) -> str:
        return default if name == "default" else COLOURS.get(name, f"#{name}")

    return [
        [(cell.data, colour(cell.fg, TEXT), colour(cell.bg, BACKGROUND), cell.bold) for cell in row]
        for row in person.cells()
    ]


def svg(rows: Cells, title: str) -> str:
    """The picture: stretches of one colour become one text each; backgrounds lie under them."""
    width = len(rows[0]) * CELL + 2 * MARGIN
    height = len(rows) * LINE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" xml:space="preserve">',
    ]
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            look, end = row[x][1:], x
            while end < len(row) and row[end][1:] == look:
                end += 1
            parts += stretch("".join(letter for letter, *_ in row[x:end]), x, y, *look)
            x = end
    return "\n".join([*parts, "</g>", "</svg>", ""])


def stretch(text: str, x: int, y: int, colour: str, background: str, bold: bool) -> Iterator[str]:
    """Letters of one look. The halves of a QR code are drawn, because letters leave gaps between the lines."""
    left, top = MARGIN + x * CELL, MARGIN + y * LINE
    if background != BACKGROUND:
        yield f'<rect x="{left:.1f}" y="{top}" width="{len(text) * CELL:.1f}" height="{LINE}" fill="{background}"/>'
    if set(text) & set("▄▀█"):
        for place, letter in enumerate(text):
            if letter in "▄▀█":
                upper, high = (top + LINE / 2 if letter == "▄" else top), (LINE if letter == "█" else LINE / 2)
                yield (
                    f'<rect x="{left + place * CELL:.1f}" y="{upper:.0f}" width="{CELL + 0.1:.1f}" height="{high:.0f}" '
                    f'fill="{colour}"/>'
                )
    elif text.strip():
        indent = len(text) - len(text.lstrip())
        weight = ' font-weight="bold"' if bold else ""
        length = len(text.strip()) * CELL
        yield (
            f'<text x="{left + indent * CELL:.1f}" y="{top + LINE - 5}" fill="{colour}"{weight} '
            f'textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs">{escape(text.strip())}</text>'
        )


def picture(name: str) -> str:
    """The SVG of one story."""
    story = STORIES[name]
    numbers = random.Random(name)
    # The same QR code in every run; the keys of the connection are not the practice Telegram's to choose.
    with mock.patch("tests.practice.methods.os.urandom", numbers.randbytes), PracticeTelegram() as telegram:
        person = next(told := story(telegram))
        made = svg(steady(cells_of(person)), (story.__doc__ or "").splitlines()[0])
        told.close()
    return made


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in STORIES:
        (FOLDER / f"{name}.svg").write_text(picture(name), "utf-8")
        print(f".github/pictures/{name}.svg")


if __name__ == "__main__":
    main()
