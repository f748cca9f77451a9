"""The core on every Python that is here, and with every Telethon from the oldest that is accepted to the newest."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import telethon

from . import others
from .conftest import ROOT
from .helpers import terminal
from .helpers.sessions import CASES

needs_terminal = pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")

NEWEST = telethon.__version__
OURS = "{}.{}".format(*sys.version_info[:2])
PYTHONS = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
TELETHONS = ["1.36.0", "1.42.0", "1.45.0"]
MATRIX = dict.fromkeys(
    [(python, NEWEST) for python in PYTHONS]
    + [(OURS, version) for version in TELETHONS]
    + [(python, TELETHONS[0]) for python in (PYTHONS[0], PYTHONS[-2])]
)


def interpreter(version: str) -> str:
    if version == OURS:
        return sys.executable
    found = others.interpreter(version)
    if not found:
        pytest.skip(f"no Python {version} here")
    return found


def packages(version: str, folder: Path) -> str:
    """A PYTHONPATH with this Telethon, pyte, and what the two need: pure Python, good for every interpreter."""
    names = ["pyte", "wcwidth"]
    if version == NEWEST:
        names += ["telethon", "pyaes", "rsa", "pyasn1"]
    elif not others.folder(f"telethon=={version}").exists():
        pytest.skip(f"Telethon {version} is not installed: python3 -m tests.others")
    for name in names:
        origin = importlib.util.find_spec(name).origin
        (folder / name).symlink_to(Path(origin).parent)
    return os.pathsep.join([str(others.folder(f"telethon=={version}")), str(folder), str(ROOT)])


@needs_terminal
@pytest.mark.parametrize(("python", "version"), MATRIX)
def test_the_core_works(python, version, tmp_path, count):
    environment = {**os.environ, "PYTHONPATH": packages(version, tmp_path)}
    done = subprocess.run(
        [interpreter(python), "-m", "tests.helpers.core", version], env=environment, cwd=ROOT, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.endswith("The core works.\n"), done.stdout + done.stderr
    count("pairs of Python and Telethon", 1)


def test_a_real_telethon_that_is_too_old_is_refused():
    place = others.folder("telethon==1.24.0")
    if not place.exists():
        pytest.skip("Telethon 1.24.0 is not installed: python3 -m tests.others")
    done = subprocess.run(
        [sys.executable, str(ROOT / "telegram_session.py")], env={**os.environ, "PYTHONPATH": str(place)},
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "✗ Telethon 1.24.0 is too old; 1.36 or newer is needed." in done.stderr


def test_the_offline_commands_work_on_python_3_14_also_where_files_cannot_be_linked(tmp_path):
    """As WebAssembly CPython has no os.link, no processes and no threads; nothing that is there is replaced there, too.

    Not tdata: this build's hashlib lacks PBKDF2.
    """
    string = (CASES / "good/pyrogram_string/kuri_user_dc1/session.txt").read_text("utf-8").strip()
    (tmp_path / "session.txt").write_text(string, "utf-8")
    expected = {
        "explain FLOOD_WAIT_33": (0, "33 seconds"),
        "explain": (0, "PHONE_NUMBER_BANNED"),
        "check session.txt": (0, "It is intact."),
        "convert session.txt new.session": (0, "Written: new.session"),
        "convert session.txt ./new.session --to telethon": (1, "exists already, and nothing was changed"),
        "check new.session": (0, "It is intact."),
        "convert new.session - --to gramjs": (0, "1"),
        "convert": (2, "usage:"),
    }
    version, answers = others.in_pyodide(tmp_path, [command.split() for command in expected])
    assert version >= [3, 14]
    for (command, (code, words)), (exit_code, shown) in zip(expected.items(), answers):
        assert (exit_code, words in shown) == (code, True), f"{command}\n{shown}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.session", "session.txt"]
