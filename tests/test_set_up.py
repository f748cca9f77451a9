"""Step 0 sets itself up: the plain file, a Python that has nothing, and a real pip."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

from .conftest import LAUNCHER
from .helpers import terminal
from .helpers.signing_in import CREDENTIALS, PHONE, shown_string, who_signs_in_with
from .test_installing import BASE_PYTHON, SCRIPT, TELETHON, Environment, python_at, shelf, write

if TYPE_CHECKING:
    from .helpers.terminal import Person
    from .practice import PracticeTelegram

    Start = Callable[..., Person]

__all__ = ["python_at"]
pytestmark = pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")

SET_UP, ANEW = "[1] set it up here and go on", "[1] make"
CODE = "24680"
INSTALLING = 240.0  # seconds that a real venv and pip may take on a loaded machine; the script itself waits longer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with nothing in it but a copy of the script."""
    made = tmp_path / "mein Ordner für Telegram"
    made.mkdir()
    shutil.copy(SCRIPT, made)
    return made


@pytest.fixture
def start(clean_env: dict[str, str], folder: Path, tmp_path: Path) -> Iterator[Start]:
    """`start(python, "check", env={...})`: the copy, run by this Python in its own folder; pip finds only our shelf."""
    people: list[Person] = []
    home = tmp_path / "home"
    home.mkdir()
    offline = {name: text for name, text in shelf(tmp_path).items() if name.startswith("PIP_")}

    def begin(python: Path | str, *arguments: str, env: dict[str, str] | None = None, **options: Any) -> Person:
        command = [*options.pop("before", []), str(python), str(options.pop("script", SCRIPT.name)), *arguments]
        options.setdefault("cwd", folder)
        options.setdefault("size", (100, 60))
        env = {**clean_env, "HOME": str(home), **offline, **(env or {})}
        people.append(terminal.Person(command, env=env, **options))
        return people[-1]

    yield begin
    for person in people:
        person.close()


@pytest.fixture
def system(python_at: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Settings that make `BASE_PYTHON` the Python of a system: nothing is installed, and pip must not change that."""
    return python_at(marker=True)


def chooses(person: Person, way: str) -> None:
    person.sees(way)
    person.answers("Press Enter to exit (or choose a number)", "1")


def goes_on(person: Person) -> None:
    person.sees("Telethon 1.99.0, which speaks layer 250", timeout=INSTALLING)
    person.is_asked("Do you already have an API ID and API hash?")


def data_folder(home: Path) -> Path:
    mac = sys.platform == "darwin"
    return home / ("Library/Application Support" if mac else ".local/share") / "telegram-session" / ".venv"


def left_in(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name != "__pycache__")


# ── where it goes ──


def test_a_systems_python_gets_an_environment_beside_the_script_and_finds_it_again(start, system, folder):
    person = start(BASE_PYTHON, env=system)
    person.sees("✗ Telethon is not installed.")
    person.sees("-m venv .venv")  # the commands to copy are there as before
    person.sees(f"[1] set it up here and go on (in {folder / '.venv'}, and nowhere else)")
    person.answers("Press Enter to exit", "1")
    person.sees(f"Setting up {folder / '.venv'}.")
    goes_on(person)
    assert left_in(folder) == [".venv", "telegram_session.py"]
    assert (folder / ".venv").stat().st_mode & 0o777 == 0o700

    again = start(BASE_PYTHON, env=system)
    goes_on(again)
    again.does_not_see("set it up")
    assert re.search(rb"\x1b\[2mUsing the environment", again.raw)
    again.presses("ctrl-c")
    again.answers("Press Enter to exit", "")
    again.exits(130)


def test_a_helper_that_is_missing_later_goes_into_that_environment(start, system, folder):
    chooses(person := start(BASE_PYTHON, env=system), SET_UP)
    goes_on(person)
    [helper] = (folder / ".venv").rglob("site-packages/python_socks")
    shutil.rmtree(helper)
    for record in helper.parent.glob("python_socks-*"):
        shutil.rmtree(record)

    env = {**system, **CREDENTIALS, "TELEGRAM_PHONE": PHONE, "TELEGRAM_PROXY": "socks5://127.0.0.1:9"}
    again = start(BASE_PYTHON, env=env)
    again.sees(f"{folder / '.venv' / 'bin' / 'python'}' -I -m pip install 'python-socks[asyncio]'")
    again.answers("Install it now? [y/N]", "y")
    again.sees("python-socks[asyncio] is installed.", timeout=INSTALLING)
    assert helper.is_dir()


def test_enter_alone_exits_and_nothing_was_set_up(start, system, folder, tmp_path):
    person = start(BASE_PYTHON, env=system)
    person.sees(SET_UP)
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert left_in(folder) == ["telegram_session.py"]
    assert left_in(tmp_path / "home") == []


@pytest.mark.parametrize("with_pip", [True, False])
def test_a_virtual_environment_that_is_active_gets_it_itself(start, folder, tmp_path, with_pip):
    environment = Environment(tmp_path / "bare", {})
    if with_pip:
        environment.add_pip()
    person = start(environment.python)
    person.sees(f"[1] set it up here and go on (in {tmp_path / 'bare'}, and nowhere else)")
    person.answers("Press Enter to exit", "1")
    goes_on(person)
    assert (environment.packages / "segno").is_dir()
    assert left_in(folder) == ["telegram_session.py"]


def test_without_ensurepip_and_uv_the_package_of_the_system_is_named(start, python_at):
    person = start(BASE_PYTHON, env={"PATH": "/nowhere", **python_at(without=("ensurepip",), marker=True)})
    person.sees("sudo apt install python")
    person.is_asked("Press Enter to exit")
    person.does_not_see("set it up here")


def test_without_ensurepip_uv_makes_the_environment(start, python_at, folder, tmp_path):
    """In the place of uv stands a script that understands the two commands, and does them with a real venv and pip."""
    uv = tmp_path / "bin" / "uv"
    made, into = f'"{BASE_PYTHON}" -I -m venv', f'"{folder}/.venv/bin/python" -I -m pip'
    write(
        tmp_path,
        {"bin/uv": f'#!/bin/sh\ncase $1 in venv) shift 4; {made} "$@";; *) shift 4; {into} install "$@";; esac\n'},
    )
    uv.chmod(0o755)
    path = f"{uv.parent}{os.pathsep}{os.environ['PATH']}"
    person = start(BASE_PYTHON, env={**python_at(without=("ensurepip",), marker=True), "PATH": path})
    chooses(person, SET_UP)
    goes_on(person)


def test_where_the_scripts_folder_may_not_be_written_it_goes_into_the_data_folder(start, system, folder, tmp_path):
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv to change that")
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    folder.chmod(0o555)
    place = data_folder(tmp_path / "home")
    person = start(BASE_PYTHON, env=system, before=bound)
    chooses(person, f"[1] set it up here and go on (in {place}, and nowhere else)")
    goes_on(person)
    goes_on(start(BASE_PYTHON, env=system, before=bound))
    assert left_in(folder) == ["telegram_session.py"]
    folder.chmod(0o755)


# ── what is there, and of no use ──


def broken(folder: Path, how: str) -> None:
    environment = Environment(folder / ".venv", TELETHON, version="1.30.0" if how == "old" else "1.99.0", layer=250)
    (folder / ".venv" / "notes.txt").write_text("mine")
    if how == "gone":
        for python in (folder / ".venv" / "bin").glob("python*"):
            python.unlink()
    elif how == "other":
        settings = folder / ".venv" / "pyvenv.cfg"
        settings.write_text(re.sub(r"version = \S+", "version = 3.5.2", settings.read_text()))
    elif how == "half":
        (environment.packages / "telethon" / "version.py").unlink()


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("old", "Telethon 1.30.0 is too old"),
        ("gone", "is not used: its Python has gone"),
        ("other", "is not used: it was made for Python 3.5"),
        ("half", "Telethon is there, but not whole"),
    ],
)
def test_an_environment_that_is_of_no_use_is_made_anew(start, system, folder, how, why):
    broken(folder, how)
    person = start(BASE_PYTHON, env=system)
    person.sees(why)
    person.sees(f"[1] make {folder / '.venv'} anew, without what is in it now, and go on")
    if how != "old":  # what follows is the same for all
        return
    person.answers("Press Enter to exit", "1")
    goes_on(person)
    assert left_in(folder) == [".venv", "telegram_session.py"]
    assert not (folder / ".venv" / "notes.txt").exists()


def test_if_it_cannot_be_made_anew_the_old_one_comes_back(start, system, folder):
    broken(folder, "old")
    person = start(BASE_PYTHON, env={**system, "PIP_FIND_LINKS": ""})
    chooses(person, ANEW)
    person.sees("✗ Failed", timeout=INSTALLING)
    person.is_asked("Press Enter to exit")
    assert left_in(folder) == [".venv", "telegram_session.py"]
    assert (folder / ".venv" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("place", [".venv", ".venv/lib", "telethon"])
def test_an_environment_where_others_may_write_is_neither_used_nor_touched(start, system, folder, tmp_path, place):
    environment = Environment(folder / ".venv", TELETHON, version="1.99.0", layer=250)
    (environment.packages / "telethon" if place == "telethon" else folder / place).chmod(0o777)
    person = start(BASE_PYTHON, env=system)
    person.sees("is not used: it belongs to somebody else, or others may write there")
    person.sees("✗ Telethon is not installed.")
    person.sees(f"{data_folder(tmp_path / 'home')}, and nowhere else)")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a folder away")
def test_an_environment_of_somebody_else_is_not_used(start, system, folder):
    Environment(folder / ".venv", TELETHON, version="1.99.0", layer=250)
    os.chown(folder / ".venv", 65534, 65534)
    person = start(BASE_PYTHON, env=system)
    person.sees("is not used: it belongs to somebody else")
    person.sees("✗ Telethon is not installed.")


def test_one_that_merely_lies_in_the_working_folder_is_not_looked_at(start, system, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    Environment(elsewhere / ".venv", TELETHON, version="1.99.0", layer=250)
    person = start(BASE_PYTHON, env=system, script=folder / SCRIPT.name, cwd=elsewhere)
    person.sees("✗ Telethon is not installed.")
    person.sees(f"(in {folder / '.venv'},")


def test_an_installed_telethon_does_not_look_at_it(start, folder, tmp_path):
    Environment(folder / ".venv", TELETHON, version="1.99.0", layer=250)
    person = start(Environment(tmp_path / "own", TELETHON, version="1.44.0", layer=227).python)
    person.sees("✓ Telethon 1.44.0")
    person.is_asked("Do you already")
    person.does_not_see("the environment")


# ── what goes wrong meanwhile ──


def test_an_index_that_refuses_is_a_verdict_and_leaves_nothing(start, system, folder, tmp_path):
    unreachable = {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    person = start(BASE_PYTHON, env={**system, **unreachable})
    chooses(person, SET_UP)
    person.sees(f"✗ Failed: setting up {folder / '.venv'}.", timeout=INSTALLING)
    person.sees("No matching distribution found for telethon")  # the last that pip says
    person.sees("✗ The connection was refused.")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert left_in(folder) == ["telegram_session.py"]
    assert not data_folder(tmp_path / "home").parent.exists()


@pytest.fixture
def silent() -> Iterator[dict[str, str]]:
    """An index that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        yield {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": url}


def test_an_index_that_is_silent_is_given_up(start, system, folder, silent):
    person = start(BASE_PYTHON, env={**system, **silent})
    chooses(person, SET_UP)
    person.sees("… setting up")
    person.sees("✗ Failed", timeout=INSTALLING)
    person.is_asked("Press Enter to exit")
    assert left_in(folder) == ["telegram_session.py"]


def test_ctrl_c_while_it_is_set_up_leaves_nothing(start, system, folder, silent):
    person = start(BASE_PYTHON, env={**system, **silent})
    chooses(person, SET_UP)
    person.sees("… setting up")
    person.presses("ctrl-c")
    person.sees("Stopped.")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    assert left_in(folder) == ["telegram_session.py"]


# ── streams ──


def test_with_standard_output_in_a_pipe_the_offer_is_made_on_the_terminal(start, system):
    person = start(BASE_PYTHON, env=system, stdout="pipe")
    chooses(person, SET_UP)
    person.sees("Setting up")
    assert person.output == ""


def test_without_a_terminal_nothing_is_installed(start, system, folder):
    person = start(BASE_PYTHON, env=system, stdin="null")
    person.exits(1)
    person.sees("✗ Telethon is not installed.")
    person.does_not_see("set it up here")
    assert left_in(folder) == ["telegram_session.py"]


def test_the_report_holds_the_whole_of_it(start, system, folder):
    person = start(BASE_PYTHON, "--report", "report.txt", env=system)
    chooses(person, SET_UP)
    goes_on(person)
    person.presses("ctrl-c")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    report = (folder / "report.txt").read_text("utf-8")
    assert "✗ Telethon is not installed." in report
    assert "Setting up" in report
    assert re.search(r"^Telethon +: 1\.99\.0, layer 250$", report, re.MULTILINE)


# ── the whole of it ──


def test_one_file_alone_and_nothing_installed_leads_to_a_session_string(
    telegram: PracticeTelegram, start: Start, system: dict[str, str], folder: Path
) -> None:
    index = {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""), "PIP_CONFIG_FILE": ""}
    index = {**index, **{name: text for name, text in os.environ.items() if name in ("PIP_INDEX_URL", "PIP_CERT")}}
    ask = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--retries", "0", "segno"]
    asked = subprocess.run(
        [*ask, "--timeout", "10", "--dest", str(folder.parent)], env={**os.environ, **index}, capture_output=True
    )
    if asked.returncode:
        pytest.skip("pip reaches no package index from here")
    account = telegram.add_account(PHONE, code=CODE)
    env = {**system, **index, **CREDENTIALS, "TELEGRAM_PHONE": PHONE}
    person = start(
        BASE_PYTHON, "--config", telegram.config, "--script", str(folder / SCRIPT.name), "--", env=env, script=LAUNCHER
    )
    person.sees(SET_UP)
    person.answers("Press Enter to exit", "1")
    person.is_asked("Code", timeout=INSTALLING)
    person.types(CODE)
    person.is_asked("Press Enter to exit")
    assert who_signs_in_with(telegram, shown_string(person)).id == account.user_id
    assert left_in(folder) == [".venv", "telegram_session.py"]
