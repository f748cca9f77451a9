"""The other programs that sessions come from and go to: `python3 -m tests.others` installs them for the tests.

Each goes into a folder of its own under `.venv-others/`, so that several versions of one library stand side by side; a
test that needs one that is not there is skipped and says so. The next run finds them and is done at once.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLACE = Path(__file__).resolve().parents[1] / ".venv-others"
TELETHON = ("telethon==1.24.0", "telethon==1.36.0", "telethon==1.42.0", "telethon==1.45.0")
PYTHON = (*TELETHON, "opentele2==2.0.0", "kurigram==2.2.26")
NODE = ("@mtcute/convert@0.29.7", "@mtcute/node@0.29.7", "telegram@2.26.22")
NODE_FOLDER = "node"
# opentele2 asks the network for version numbers when it is imported, unless it is told not to.
QUIET = {"OPENTELE_NO_FETCH": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def folder(package: str) -> Path:
    return PLACE / package.replace("==", "-")


def install() -> list[str]:
    """Installs what is missing, and returns what could not be installed."""
    failed = []
    commands = {
        folder(package): [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
        for package in PYTHON
    }
    for package, (place, command) in zip(PYTHON, commands.items()):
        if not place.exists() and not succeeds([*command, f"{place}.part", package], place):
            failed.append(package)
    node = PLACE / NODE_FOLDER
    npm = shutil.which("npm")
    if npm and not node.exists():
        # Without install scripts: they would fetch or build what only a running client needs.
        part = Path(f"{node}.part")
        part.mkdir(parents=True, exist_ok=True)
        if not succeeds(
            [npm, "install", "--prefix", str(part), "--no-audit", "--no-fund", "--ignore-scripts", *NODE], node
        ):
            failed += NODE
    return failed if npm else [*failed, *NODE]


def succeeds(command: list[str], place: Path) -> bool:
    """Runs an installation into `place`.part, which becomes `place` when it has succeeded."""
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode == 0:
        os.rename(f"{place}.part", place)
    return done.returncode == 0


def answer(command: list[str], environment: dict[str, str], place: Path | None = None) -> Any:
    """What a program prints as JSON on its last line."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=place, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def in_python(package: str, code: str, *arguments: str) -> Any:
    """Runs `code` with one of PYTHON importable; `code` has `sys`, `json`, and prints its answer as JSON."""
    place = folder(package)
    if not place.exists():
        pytest.skip(f"{package} is not installed: python3 -m tests.others")
    if package == "telethon==1.24.0" and sys.version_info >= (3, 13):
        pytest.skip("Telethon 1.24 needs the module imghdr, which Python 3.13 no longer has")
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(place)}
    return answer([sys.executable, "-c", f"import sys, json\n{code}", *arguments], environment)


def in_node(code: str, *arguments: str) -> Any:
    """Runs `code`, an ES module, with NODE importable and `args` as its arguments; it prints its answer as JSON."""
    node, place = shutil.which("node"), PLACE / NODE_FOLDER
    if not node or not place.exists():
        pytest.skip("Node, or its packages, is not installed: python3 -m tests.others")
    head = "const args = process.argv.slice(1);\n"
    return answer([node, "--input-type=module", "-e", head + code, *arguments], dict(os.environ), place)


if __name__ == "__main__":
    missing = install()
    print(f"Not installed: {', '.join(missing)}" if missing else f"All other programs are in {PLACE.name}.")
