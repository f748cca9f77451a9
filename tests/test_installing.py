"""Step 0, run as a person runs it: the plain file, in real virtual environments and with real interpreters."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "telegram_session.py"
BASE_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))
VERSION = "{}.{}".format(*sys.version_info[:2])

TELETHON = {
    "telethon/__init__.py": "raise SystemExit('step 0 imported Telethon')",
    "telethon/version.py": "__version__ = '{version}'\n",
    "telethon/tl/__init__.py": "",
    "telethon/tl/alltlobjects.py": '"""Generated"""\n\nfrom . import types, functions\n\nLAYER = {layer}\n',
    "pyaes/__init__.py": "",
    "rsa/__init__.py": "",
    "pyasn1/__init__.py": "",
}
NEEDS_POSIX = pytest.mark.skipif(os.name == "nt", reason="made of symbolic links")


def run(python: Path | str, script: Path | None = None, **options) -> subprocess.CompletedProcess:
    """What the script says on a pipe, where it speaks on standard error, and what it ends with.

    Without `script` it is a copy that lies alone, in the person's home: no environment is found beside it, nor there.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    with tempfile.TemporaryDirectory() as home:
        environment.update({"HOME": home, "LOCALAPPDATA": home, **options.pop("env", {})}, PYTHONIOENCODING="utf-8")
        done = subprocess.run(
            [str(python), str(script or shutil.copy(SCRIPT, home))], stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", env=environment, timeout=60, **options,
        )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def words(done: subprocess.CompletedProcess) -> str:
    return " ".join(done.stderr.split())


def write(folder: Path, files: dict[str, str], version: str = "1.45.0", layer: int = 229) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{version}", version).replace("{layer}", str(layer)), "utf-8")


class Environment:
    """A virtual environment without pip, with these files in its site-packages."""

    def __init__(self, folder: Path, files: dict[str, str], **numbers) -> None:
        venv.EnvBuilder(symlinks=os.name != "nt").create(folder)
        inside = {"base": str(folder), "platbase": str(folder)}
        scheme = "nt" if os.name == "nt" else "posix_prefix"
        self.packages = Path(sysconfig.get_path("purelib", scheme, inside))
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        write(self.packages, files, **numbers)

    def add_pip(self) -> None:
        """pip itself, from the environment that the tests run in."""
        pip = pytest.importorskip("pip", reason="the tests' own environment has no pip")
        shutil.copytree(Path(pip.__file__).parent, self.packages / "pip")


def shelf(folder: Path) -> dict[str, str]:
    """Settings for pip: instead of the package index there are a Telethon 1.99 and two helpers, which are made here."""
    wheels = folder / "wheels"
    wheels.mkdir()
    write(folder / "wheel", TELETHON, version="1.99.0", layer=250)
    made = {"telethon": list(TELETHON), "segno": ["segno/__init__.py"], "python_socks": ["python_socks/__init__.py"]}
    for package, names in made.items():
        about = f"{package}-1.99.0.dist-info"
        with zipfile.ZipFile(wheels / f"{package}-1.99.0-py3-none-any.whl", "w") as wheel:
            for name in names:
                wheel.writestr(name, (folder / "wheel" / name).read_text("utf-8") if name in TELETHON else "")
            metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.99.0\nProvides-Extra: asyncio\n"
            wheel.writestr(f"{about}/METADATA", metadata)
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", "".join(f"{name},,\n" for name in [*names, f"{about}/RECORD"]))
    return {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}


def commands(done: subprocess.CompletedProcess) -> list[str]:
    """The commands to be copied: lines that stand further in than the steps around them."""
    return re.findall(r"^ {9}(\S.*)$", done.stderr, re.MULTILINE)


def test_what_is_installed_is_said_with_its_version_and_layer(tmp_path):
    done = run(Environment(tmp_path, TELETHON, version="1.44.3", layer=227).python)
    assert f"✓ Python {'.'.join(map(str, sys.version_info[:3]))}" in done.stderr
    assert "✓ Telethon 1.44.3, which speaks layer 227" in done.stderr
    assert "Layer 229 is known too" in done.stderr
    assert "Step 1" in done.stderr  # and the way is free


def test_the_real_telethon_is_read_right():
    import telethon
    from telethon.tl.alltlobjects import LAYER

    assert f"✓ Telethon {telethon.__version__}, which speaks layer {LAYER}" in run(sys.executable).stderr


# ── Telethon is missing ──


def test_missing_in_a_virtual_environment_the_printed_command_mends_it(tmp_path):
    environment = Environment(tmp_path / "an environment", {})
    environment.add_pip()
    done = run(environment.python)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "✗ Telethon is not installed." in done.stderr
    (command,) = commands(done)
    assert str(environment.python) in command

    subprocess.run(command, shell=True, env=shelf(tmp_path), check=True, stdout=subprocess.DEVNULL)
    assert "✓ Telethon 1.99.0, which speaks layer 250" in run(environment.python).stderr


def test_missing_where_there_is_no_pip_it_says_how_to_get_pip(tmp_path):
    environment = Environment(tmp_path, {})
    first, second = commands(run(environment.python, env={"PATH": ""}))
    assert first == f"{environment.python} -m ensurepip"
    assert second.startswith(f"{environment.python} -m pip install ")


@NEEDS_POSIX
def test_missing_in_an_environment_made_by_uv_uv_installs_it(tmp_path):
    environment = Environment(tmp_path / "env", {})
    uv = tmp_path / "bin" / "uv"
    write(tmp_path, {"bin/uv": "#!/bin/sh\n"})
    uv.chmod(0o755)
    (command,) = commands(run(environment.python, env={"PATH": str(uv.parent)}))
    assert command == f"{uv} pip install --python {environment.python} 'telethon~=1.36'"


@pytest.mark.skipif(os.name != "nt" or not shutil.which("py"), reason="only Windows has the launcher py")
def test_missing_on_windows_the_launcher_is_used(tmp_path):
    done = run(BASE_PYTHON)
    if "✗ Telethon is not installed." not in done.stderr:
        pytest.skip("this computer's Python has Telethon")
    assert commands(done) == [f"py -{VERSION} -m pip install telethon~=1.36"]


@pytest.fixture
def python_at(tmp_path):
    """A Python that is no virtual environment, in a folder of its own: its library is made of links to the real one."""
    if os.name == "nt":
        pytest.skip("made of symbolic links")
    real = Path(sysconfig.get_path("stdlib"))

    def make(without: tuple[str, ...] = (), marker: bool = False) -> dict[str, str]:
        library = tmp_path / "usr" / real.relative_to(real.parent.parent)
        library.mkdir(parents=True)
        for entry in real.iterdir():
            if entry.name not in ("site-packages", "EXTERNALLY-MANAGED", *without):
                (library / entry.name).symlink_to(entry)
        if marker:
            (library / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n")
        return {"PYTHONHOME": str(tmp_path / "usr")}

    return make


def test_missing_where_the_system_owns_python_every_way_around_is_shown(python_at, tmp_path):
    shutil.copy(SCRIPT, tmp_path)
    done = run(BASE_PYTHON, tmp_path / SCRIPT.name, cwd=tmp_path, env=python_at(marker=True))
    assert done.returncode == 1
    assert "belongs to the system" in words(done)
    shown = commands(done)
    assert shown[0].endswith(" -m venv .venv")
    assert shown[1:] == [
        ".venv/bin/python -m pip install 'telethon~=1.36'",
        ".venv/bin/python telegram_session.py",
        "uv run telegram_session.py",
        "pipx run telegram_session.py",
    ]


def test_debian_without_its_venv_package_is_told_the_name_of_it(python_at):
    done = run(BASE_PYTHON, env=python_at(without=("ensurepip",), marker=True))
    assert commands(done)[0] == f"sudo apt install python{VERSION}-venv"


def test_a_python_without_pip_that_nobody_owns_gets_an_environment_too(python_at):
    done = run(BASE_PYTHON, env={"PATH": "", **python_at()})
    assert "has no pip" in words(done)
    assert " -m venv " in commands(done)[0]


def test_the_systems_own_python_is_not_told_to_use_pip():
    python = Path("/usr/bin/python3")
    ask = "import sys, sysconfig; print(sys.version_info >= (3, 9), sysconfig.get_path('stdlib'))"
    if not python.exists():
        pytest.skip("no /usr/bin/python3 here")
    new_enough, library = subprocess.check_output([str(python), "-c", ask], encoding="utf-8").split(maxsplit=1)
    if new_enough != "True" or not Path(library.strip(), "EXTERNALLY-MANAGED").exists():
        pytest.skip("this system's Python lets pip in")
    done = run(python, env={"PYTHONNOUSERSITE": "1"})
    if "✗ Telethon is not installed." not in done.stderr:
        pytest.skip("this system's Python has Telethon")
    assert "/usr/bin/python3 -m venv" in done.stderr
    assert not any(command.startswith("/usr/bin/python3 -m pip") for command in commands(done))


# ── Telethon is there, but wrong ──


def test_too_old_names_both_versions_and_the_upgrade(tmp_path):
    environment = Environment(tmp_path, TELETHON, version="1.33.1", layer=167)
    environment.add_pip()
    done = run(environment.python)
    assert done.returncode == 1
    assert "✗ Telethon 1.33.1 is too old; 1.36 or newer is needed." in done.stderr
    assert "layer 167" in words(done)
    assert "--upgrade" in commands(done)[0]


def test_the_oldest_that_is_accepted(tmp_path):
    assert "✓ Telethon 1.36.0, " in run(Environment(tmp_path, TELETHON, version="1.36.0", layer=181).python).stderr


def test_version_two_is_another_library(tmp_path):
    files = {
        "telethon/__init__.py": "",
        "telethon/version.py": "__version__ = '{version}'",
        "telethon/_impl/__init__.py": "",
    }
    environment = Environment(tmp_path, files, version="2.0.0a0")
    done = run(environment.python)
    assert done.returncode == 1
    assert "✗ Telethon 2.0.0a0 is another library under the same name." in done.stderr
    assert "telethon~=1.36" in commands(done)[-1]


@pytest.mark.parametrize(
    "gone", ["telethon/version.py", "telethon/tl/alltlobjects.py", "pyaes/__init__.py", "rsa/__init__.py"]
)
def test_broken_says_where_and_reinstalls(tmp_path, gone):
    environment = Environment(tmp_path, {name: text for name, text in TELETHON.items() if name != gone})
    if gone.endswith("__init__.py"):
        shutil.rmtree(environment.packages / Path(gone).parent, ignore_errors=True)
    done = run(environment.python)
    assert done.returncode == 1
    assert "✗ Telethon is there, but not whole." in done.stderr
    assert str(environment.packages / "telethon") in done.stderr
    assert "--force-reinstall" in commands(done)[-1]
    if gone.endswith("__init__.py"):
        assert f"it needs {Path(gone).parent}" in words(done)


def test_deleted_but_on_pips_list_is_broken(tmp_path):
    about = {"telethon-1.40.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: Telethon\nVersion: 1.40.0\n"}
    done = run(Environment(tmp_path, about).python)
    assert "pip has version 1.40.0 on its list" in words(done)
    assert "--force-reinstall" in commands(done)[-1]


def test_an_empty_folder_of_that_name_is_no_telethon(tmp_path):
    environment = Environment(tmp_path, {"telethon/notes.txt": "nothing to import"})
    assert "✗ Telethon is not installed." in run(environment.python).stderr


# ── something has the name of a module ──


@pytest.mark.parametrize(
    "name",
    ["telethon.py", "signal.py", "asyncio.py", "socket.py", "ssl.py", "struct.py", "re.py", "typing.py", "token.py",
     "enum.py", "collections/__init__.py", "asyncio/__init__.py", "rsa.py"],
)  # fmt: skip
def test_a_file_beside_the_script_that_hides_a_module_is_named(tmp_path, name):
    write(tmp_path, {name: "raise SystemExit('the wrong file was imported')"})
    shutil.copy(SCRIPT, tmp_path)
    done = run(sys.executable, tmp_path / SCRIPT.name)
    assert done.returncode == 1
    assert "✗ A file here has the name of something that Python needs." in done.stderr
    assert f"    {tmp_path / name.replace('/__init__.py', '')}\n" in done.stderr
    assert "another name" in words(done)


def test_a_file_in_a_folder_of_pythonpath_is_named(tmp_path):
    write(tmp_path, {"signal.py": "raise SystemExit('the wrong file was imported')"})
    done = run(sys.executable, env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert f"    {tmp_path / 'signal.py'}\n" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no folder that a program works in")
def test_the_working_folder_may_be_gone(tmp_path):
    folder, python = tmp_path / "gone", tmp_path / "python"
    folder.mkdir()
    python.write_text(f"#!/bin/sh\nrmdir '{folder}' && exec '{sys.executable}' \"$@\"\n", "utf-8")
    python.chmod(0o755)
    assert "There is no terminal to ask on." in words(run(python, cwd=folder))


def test_a_file_in_the_working_folder_is_named_and_stops_nothing(tmp_path):
    write(tmp_path, {"telethon.py": "", "queue.py": ""})
    done = run(sys.executable, cwd=tmp_path)
    assert f"! {tmp_path / 'telethon.py'} has the name" in words(done)
    assert f"! {tmp_path / 'queue.py'} has the name" in words(done)
    assert "✓ Telethon" in done.stderr


def test_other_files_beside_the_script_are_nobodys_business(tmp_path):
    write(tmp_path, {"test/__init__.py": "", "this.py": "", "bot.py": "", "email/notes.txt": ""})
    shutil.copy(SCRIPT, tmp_path)
    assert "has the name" not in run(sys.executable, tmp_path / SCRIPT.name, cwd=tmp_path).stderr


def test_telethon_installed_beside_the_script_is_used(tmp_path):
    write(tmp_path, TELETHON, version="1.43.0")
    shutil.copy(SCRIPT, tmp_path)
    assert "✓ Telethon 1.43.0" in run(Environment(tmp_path / "env", {}).python, tmp_path / SCRIPT.name).stderr


LOADED_BY_TELETHON = """
import os, sys
known = set(sys.modules)
import telethon, telethon.network, telethon.sessions
library = os.path.dirname(os.__file__)
for name in {name.partition(".")[0] for name in set(sys.modules) - known}:
    path = getattr(sys.modules[name], "__file__", None) or ""
    if path.startswith(library) and "site-packages" not in path and not name.startswith("_"):
        print(name)
"""


def test_every_module_that_a_file_could_hide_is_looked_for():
    import telegram_session

    loaded = subprocess.check_output([sys.executable, "-c", LOADED_BY_TELETHON], encoding="utf-8").split()
    assert "asyncio" in loaded
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    start = subprocess.check_output([sys.executable, "-c", "import sys; print(*sys.modules)"], encoding="utf-8").split()
    optional = {"segno", "python_socks", "argon2", "cryptg"}
    never_hidden = {*start, *sys.builtin_module_names, *optional, "__future__", "msvcrt"}  # built in, on Windows
    assert sorted((imported | set(loaded)) - never_hidden - set(telegram_session.MODULES_NEEDED.split())) == []


# ── an old Python ──


@pytest.mark.parametrize("version", ["3.7", "3.8"])
def test_an_old_python_is_told_in_one_sentence(version):
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    pythons = [shutil.which(f"python{version}", path=os.defpath), *root.glob(f"versions/{version}.*/bin/python")]
    python = next(filter(None, pythons), None)
    if python is None:
        pytest.skip(f"no Python {version} here")
    done = run(python)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert f"needs Python 3.9 or newer, and this is Python {version}" in done.stderr
