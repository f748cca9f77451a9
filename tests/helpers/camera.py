"""What a phone's camera reads from the screen of the pseudo-terminal: its cells as pixels, and a real QR decoder."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import zxingcpp

if TYPE_CHECKING:
    from .terminal import Person

NAMED = {"black": 0, "white": 229}  # the rest of the sixteen colours are somewhere between
COUNTDOWN = "scan this; a fresh code follows by itself"
DARK, LIGHT = (200, 20), (20, 240)  # letters and paper of a terminal, as brightness
INK = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1), "#": (1, 1)}  # upper and lower half of a cell
WIDTH, HALF = 4, 4  # pixels: a cell is twice as high as it is wide


def _brightness(colour: str, default: int) -> int:
    if colour == "default":
        return default
    if len(colour) == 6:
        return sum(bytes.fromhex(colour)) // 3
    return NAMED.get(colour, 128)


def scan(person: Person, terminal: tuple[int, int] = DARK) -> list[str]:
    """The texts of all QR codes on the screen of a `terminal`, DARK or LIGHT. Codes in negative count for nothing."""
    letters, paper = terminal
    lines = []
    with person._changed:
        screen = person._screen
        for y in range(screen.lines):
            upper, lower = bytearray(), bytearray()
            for x in range(screen.columns):
                cell = screen.buffer[y][x]
                tones = (_brightness(cell.bg, paper), _brightness(cell.fg, letters))
                halves = INK.get(cell.data, (0, 1))
                upper += bytes([tones[halves[0]]]) * WIDTH
                lower += bytes([tones[halves[1]]]) * WIDTH
            lines += [bytes(upper)] * HALF + [bytes(lower)] * HALF
    picture = memoryview(b"".join(lines)).cast("B", (len(lines), len(lines[0])))
    # Before 3.0, which needs Python 3.10, the decoder cannot be told to leave negatives alone.
    as_seen = {"try_invert": False} if sys.version_info >= (3, 10) else {}
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode, **as_seen)]


def scanned(person: Person, terminal: tuple[int, int] = DARK) -> str:
    """Waits for a code on the screen, all of it with the countdown below, and returns the link that a camera reads."""
    person.sees(COUNTDOWN)
    assert COUNTDOWN in person.screen().splitlines()[-1]
    (link,) = scan(person, terminal)
    return link
