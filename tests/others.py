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
PYTHON = (*TELETHON, "opentele2==2.0.0", "kurigram==2.2.26", "pyrogram==2.0.106")
# MCP servers that a string is pasted into: the version that was tried, and what it needs beside it.
SERVERS: dict[str, tuple[str, ...]] = {
    "tgmcp==0.2.2": ("mcp<2",), "mcp-telegram==0.1.11": ("mcp<2",), "telethon-mcp==1.0.0": ("mcp<2",),
    "fast-mcp-telegram==0.46.1": (),
}  # fmt: skip
OTHER_PYTHON = {"fast-mcp-telegram==0.46.1": "3.12"}  # it does not start on 3.11
NODE = ("@mtcute/convert@0.29.7", "@mtcute/node@0.29.7", "telegram@2.26.22", "teleproto@1.229.0")
PYODIDE = ("pyodide@314.0.7",)  # CPython 3.14 as WebAssembly, the newest Python for a machine that has only older ones
OVERPOD = ("@overpod/mcp-telegram@1.43.0",)
NODE_FOLDERS = {"node": NODE, "pyodide": PYODIDE, "overpod": OVERPOD}
# GramJS connects to port 80 and to no other, and teleproto 1.229 takes ports above 32767 for negative ones; a practice
# Telegram has a port of its own.
PORT_80 = """
const net = require("net"), connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (port, ...rest) {
  return connect.call(this, port === 80 || port < 0 ? Number(process.env.PRACTICE_PORT) : port, ...rest);
};
"""
# opentele2 asks the network for version numbers when it is imported, unless it is told not to.
QUIET = {"OPENTELE_NO_FETCH": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def folder(package: str) -> Path:
    return PLACE / package.replace("==", "-")


def install() -> list[str]:
    """Installs what is missing, and returns what could not be installed."""
    failed = []
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
    for package, beside in {**dict.fromkeys(PYTHON, ()), **SERVERS}.items():
        place, python = folder(package), interpreter(OTHER_PYTHON.get(package, ""))
        if place.exists():
            continue
        if not python or not succeeds([python, *pip, f"{place}.part", package, *beside], place):
            failed.append(package)
    npm = shutil.which("npm")
    for name, packages in NODE_FOLDERS.items():
        place = PLACE / name
        if place.exists():
            continue
        # Without install scripts: they would fetch or build what only a running client needs.
        part = Path(f"{place}.part")
        part.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--ignore-scripts"]
        if not npm or not succeeds([npm, "install", "--prefix", str(part), *options, *packages], place):
            failed += packages
    return failed


def interpreter(version: str) -> str:
    """A Python of this version on this computer, of pyenv or on the PATH; "" if there is none; without one, our own."""
    if not version:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    known = sorted(pyenv.glob(f"{version}.*/bin/python"))
    return str(known[-1]) if known else shutil.which(f"python{version}") or ""


def succeeds(command: list[str], place: Path) -> bool:
    """Runs an installation into `place`.part, which becomes `place` when it has succeeded."""
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode == 0:
        os.rename(f"{place}.part", place)
    return done.returncode == 0


def answer(command: list[str], environment: dict[str, str], place: Path | None = None) -> Any:
    """What a program prints as JSON on its last line."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=place, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def server(package: str, program: str) -> tuple[str, dict[str, str]]:
    """One of SERVERS: the path of its program, and the environment that it needs to find itself."""
    place = folder(package)
    if not (place / "bin" / program).exists():
        pytest.skip(f"{package} is not installed: python3 -m tests.others")
    return str(place / "bin" / program), {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1", "DO_NOT_TRACK": "1"}


def in_python(package: str, code: str, *arguments: str) -> Any:
    """Runs `code` with one of PYTHON importable; `code` has `sys`, `json`, and prints its answer as JSON."""
    place = folder(package)
    if not place.exists():
        pytest.skip(f"{package} is not installed: python3 -m tests.others")
    if package == "telethon==1.24.0" and sys.version_info >= (3, 13):
        pytest.skip("Telethon 1.24 needs the module imghdr, which Python 3.13 no longer has")
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(place)}
    return answer([sys.executable, "-c", f"import sys, json\n{code}", *arguments], environment)


def node(name: str) -> tuple[str, Path]:
    """Node, and the folder of one of NODE_FOLDERS."""
    program, place = shutil.which("node"), PLACE / name
    if not program or not place.exists():
        pytest.skip(f"Node, or {', '.join(NODE_FOLDERS[name])}, is not installed: python3 -m tests.others")
    return program, place


def in_node(code: str, *arguments: str, name: str = "node", environment: dict[str, str] | None = None) -> Any:
    """Runs `code`, an ES module, with NODE importable and `args` as its arguments; it prints its answer as JSON."""
    program, place = node(name)
    command = [program, "--input-type=module", "-e", f"const args = process.argv.slice(1);\n{code}", *arguments]
    return answer(command, {**os.environ, **(environment or {})}, place)


def on_port_80(folder: Path, port: int) -> dict[str, str]:
    """The environment in which Node's port 80 is this port."""
    (folder / "port80.cjs").write_text(PORT_80)
    return {"NODE_OPTIONS": f"--require={folder / 'port80.cjs'}", "PRACTICE_PORT": str(port)}


# Each command runs as from a shell; what it prints goes to a file, so that only the answer is on standard output.
IN_PYODIDE = """
import { loadPyodide } from "pyodide";
const [house, place, commands] = args;
const python = await loadPyodide({ stdin: () => null });
python.mountNodeFS("/house", house);
python.mountNodeFS("/place", place);
python.globals.set("commands", commands);
const answer = python.runPython(`
import contextlib, io, json, os, runpy, sys
sys.dont_write_bytecode = True
os.chdir("/place")
answers = []
for command in json.loads(commands):
    sys.argv = ["/house/telegram_session.py", *command]
    with contextlib.redirect_stdout(io.StringIO()) as shown, contextlib.redirect_stderr(shown):
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except SystemExit as end:
            answers.append([end.code, shown.getvalue()])
json.dumps([sys.version_info[:2], answers])
`);
console.log(answer);
"""


def in_pyodide(place: Path, commands: list[list[str]]) -> tuple[list[int], list[tuple[int, str]]]:
    """Runs the script with each of these arguments in `place`: Python's version, exit codes and what was shown."""
    return in_node(IN_PYODIDE, str(PLACE.parent), str(place), json.dumps(commands), name="pyodide")


if __name__ == "__main__":
    missing = install()
    print(f"Not installed: {', '.join(missing)}" if missing else f"All other programs are in {PLACE.name}.")
