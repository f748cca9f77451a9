"""`python3 -m tests` installs everything the tests need and runs them; further arguments go to pytest.

On a fresh machine it makes a virtual environment, `.venv-tests` beside the script, so that it works where the system's
Python refuses to be installed into (PEP 668: Debian 12, Ubuntu 24.04, Homebrew), and also where Debian's `python3-venv`
is missing as long as one of virtualenv, uv and pip is there. The next run finds it made and starts at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = [ROOT / "requirements.txt", ROOT / "tests" / "requirements.txt"]
ENVIRONMENT = ROOT / ".venv-tests"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
INSTALLED = ENVIRONMENT / "installed"  # written last: an interrupted installation is made again

VENV = [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)]
# Each makes an environment that has a pip of its own. The first that works is taken.
WAYS = [
    VENV,
    [sys.executable, "-m", "virtualenv", "--clear", str(ENVIRONMENT)],
    ["virtualenv", "--clear", "--python", sys.executable, str(ENVIRONMENT)],
    ["uv", "venv", "--clear", "--seed", "--python", sys.executable, str(ENVIRONMENT)],
]
INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(REQUIREMENTS[-1])]


def wanted() -> str:
    """What a finished environment was made from: this Python, and the wording of the requirements."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in REQUIREMENTS)).hexdigest()
    return f"{sys.version}\n{digest}\n"


def succeeds(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def make_environment() -> list[str]:
    """Makes `.venv-tests`, empty, and returns the command that installs the requirements into it."""
    for way in WAYS:
        if succeeds(way) and succeeds([str(PYTHON), "-m", "pip", "--version"]):
            return [str(PYTHON), *INSTALL]
    # Debian without python3-venv can still make an environment without pip, and its own pip may fill that.
    if succeeds([sys.executable, "-m", "pip", "--version"]) and succeeds([*VENV, "--without-pip"]):
        ask_where = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        packages = subprocess.check_output(ask_where, text=True).strip()
        return [sys.executable, *INSTALL, "--target", packages]
    version = "{}.{}".format(*sys.version_info[:2])
    sys.exit(
        f"{sys.executable} cannot make a virtual environment: it has neither ensurepip nor pip.\n"
        f"  Debian, Ubuntu:  sudo apt install python{version}-venv\n"
        "  Elsewhere:       install Python from https://www.python.org/downloads/, or uv from https://docs.astral.sh/uv/\n"
        "Then run the same command again."
    )


def prepare() -> str:
    """Makes `.venv-tests` ready, unless it is already, and returns its Python."""
    if sys.version_info < (3, 9):
        sys.exit("The tests need Python 3.9 or newer; this is Python {}.{}.".format(*sys.version_info[:2]))
    if not INSTALLED.exists() or INSTALLED.read_text("utf-8") != wanted():
        install()
    return str(PYTHON)


def install() -> None:
    print(f"Installing what the tests need into {ENVIRONMENT.name} (once, about a minute) …", flush=True)
    code = subprocess.call(make_environment())
    if code:
        sys.exit(f"pip could not install tests/requirements.txt (exit code {code}); its words are above.")
    INSTALLED.write_text(wanted(), "utf-8")


def main() -> int:
    try:
        # Two workers a core: a test spends most of its time waiting, for the script to start and to answer. Whoever is
        # done takes from the others, because a few tests take a minute and many a moment.
        workers = ["-n", str(2 * (os.cpu_count() or 1)), "--dist", "worksteal"]
        return subprocess.call([prepare(), "-m", "pytest", *workers, *sys.argv[1:]], cwd=str(ROOT))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
