"""`doctor`: the settings of the MCP clients on a computer, and a server started as its client starts it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import telegram_session as script

from . import others
from .conftest import ROOT
from .helpers.sessions import KEY
from .practice.telegram import API_HASH, API_ID

if TYPE_CHECKING:
    from .practice import PracticeTelegram

HASH = "c3a1f0d94b7e4e6f8a25d1907be6643c"
STRING = script.encode_telethon_string(script.new_session(2, KEY, "149.154.167.51", 443))


@contextlib.contextmanager
def whole_computer(*, alone: bool = False) -> Iterator[None]:
    """`doctor` looks at every program that runs, so the test that holds sessions open runs `alone`."""
    fcntl = pytest.importorskip("fcntl")
    with open(Path(tempfile.gettempdir()) / "telegram-session-doctor.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


def doctor(home: Path, *options: str) -> tuple[int, str]:
    """The exit code and what is shown, blanks and line ends made one."""
    with whole_computer():
        return look(home, *options)


def look(home: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "telegram_session.py"), "doctor", *options], check=False, capture_output=True,
        text=True, encoding="utf-8", stdin=subprocess.DEVNULL, cwd=home, timeout=100,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"},
    )  # fmt: skip
    said = " ".join((done.stdout + done.stderr).split())
    assert 'telegram_session.py", line' not in said
    assert HASH not in said
    assert not any(STRING[at : at + 24] in said for at in range(0, 250, 8))
    return done.returncode, said


def write_server(path: Path, command: list[str], name: str = "telegram", **environment: str) -> None:
    """Settings with one server; TELEGRAM_ names that are not given are right."""
    values = {"TELEGRAM_API_ID": "20481632", "TELEGRAM_API_HASH": HASH, "TELEGRAM_SESSION_STRING": STRING}
    server = {"command": command[0], "args": command[1:], "env": {**values, **environment}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"mcpServers": {name: server}}, indent=2))


@pytest.mark.parametrize(
    ("system", "places"),
    [
        ("linux", {"Claude Desktop": ".config/Claude/claude_desktop_config.json", "Codex": ".codex/config.toml"}),
        ("darwin", {"VS Code": "Library/Application Support/Code/User/mcp.json", "Goose": ".config/goose/config.yaml"}),
        ("win32", {"Zed": "Roaming/Zed/settings.json", "Cursor": ".cursor/mcp.json"}),
        ("win32", {"Claude Desktop": "Local/Packages/Claude_pz/LocalCache/Roaming/Claude/claude_desktop_config.json"}),
    ],
)
def test_the_settings_of_clients_are_found_where_each_system_has_them(tmp_path, monkeypatch, system, places):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path / "Roaming"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    monkeypatch.delenv("CODEX_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    for place in places.values():
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text("{}")
    assert {client: Path(path) for client, path in script.client_files(system)} == {
        client: tmp_path / place for client, place in places.items()
    }


def test_codex_is_looked_for_where_it_was_told_to_be(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "config.toml").write_text("")
    assert script.client_files("linux") == [("Codex", str(tmp_path / "elsewhere" / "config.toml"))]


def test_nothing_is_found_where_there_is_nothing(tmp_path):
    code, said = doctor(tmp_path)
    assert code == 0
    assert "None is there of Claude Desktop, Cursor" in said
    assert "The way to Telegram was not looked at" in said


def test_good_settings_are_all_right(tmp_path):
    write_server(tmp_path / ".cursor" / "mcp.json", [sys.executable, "-m", "telegram_server"])
    (tmp_path / ".codex").mkdir()
    (tmp_path / ".codex" / "config.toml").write_text('[mcp_servers.files]\ncommand = "npx"\n')
    code, said = doctor(tmp_path)
    assert code == 0, said
    assert "✓ 1. Cursor, server telegram, TELEGRAM_SESSION_STRING, line 12: a Telethon StringSession" in said
    assert "config.toml (no Telegram server)" in said
    assert "doctor --start NAME" in said


def test_a_string_that_two_clients_have_comes_first(tmp_path):
    write_server(tmp_path / ".cursor" / "mcp.json", ["no-such-program"], TELEGRAM_API_ID="your_id")
    write_server(tmp_path / ".config" / "Claude" / "claude_desktop_config.json", [sys.executable])
    code, said = doctor(tmp_path)
    assert code == 1
    first = said.split("What to do first")[1]
    assert "is the same string as Claude Desktop, server telegram" in first
    assert "SettingsSame" in first
    assert "there are 2 more" in first
    assert "no-such-program (line 4) is not there" in said
    assert "TELEGRAM_API_ID (line 7) is an example" in said


def test_a_command_without_its_path_and_a_folder_that_is_not_there(tmp_path):
    write_server(tmp_path / ".cursor" / "mcp.json", ["sh", "--directory", "/no/such/folder"])
    code, said = doctor(tmp_path)
    assert code == 1
    assert re.search(r"from the dock may not find “sh”. Its full path here is /\S*/sh\.", said)
    assert "There is no folder /no/such/folder (line 7)" in said
    elsewhere = tmp_path / "somewhere.json"  # no client of this computer reads it, so it may be another computer's
    (tmp_path / ".cursor" / "mcp.json").rename(elsewhere)
    assert "dock" not in doctor(tmp_path)[1]
    assert not script.findings_at(str(elsewhere), "here")[0].faults


@pytest.mark.parametrize(
    "command",
    [
        ["${HOME}/.local/bin/uv", "--directory", "${workspaceFolder}/server"],
        ["docker", "run", "image", "uv", "--directory", "/app/of/the/image"],
    ],
)
def test_the_variables_of_a_client_and_the_folders_of_a_container_are_not_looked_for(tmp_path, command):
    write_server(tmp_path / ".cursor" / "mcp.json", command)
    said = doctor(tmp_path)[1]
    assert "server telegram" in said
    assert not re.search(r"spawn \$|There is no folder", said)


def test_settings_that_cannot_be_read_are_said_to_be_that(tmp_path):
    (tmp_path / ".cursor" / "mcp.json").mkdir(parents=True)
    code, said = doctor(tmp_path)
    assert code == 1
    assert "no Telegram server" not in said
    assert "mcp.json" in said.split("What to do first")[1]


def test_settings_made_for_git_with_a_string_in_them(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    write_server(tmp_path / ".mcp.json", [sys.executable])
    code, said = doctor(tmp_path)
    assert code == 1
    assert "is made to be shared through git, which would take it up" in said
    (tmp_path / ".gitignore").write_text(".mcp.json\n")
    assert doctor(tmp_path)[0] == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what programs have open")
def test_a_session_file_that_a_program_has_open(tmp_path):
    path = tmp_path / "bot.session"
    path.write_bytes(b"")
    hold = [sys.executable, "-c", f"f = open({str(path)!r}); print(1, flush=True); input()"]
    with whole_computer(alone=True):
        looks_at_what_is_open(tmp_path, hold)


def looks_at_what_is_open(tmp_path: Path, hold: list[str]) -> None:
    held = [subprocess.Popen(hold, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for program in held:
            assert program.stdout is not None
            program.stdout.readline()
        code, said = look(tmp_path)
        assert code == 1
        assert "bot.session is open in 2 programs" in said
        assert f"(process {held[0].pid})" in said
        held[1].communicate(b"\n")
        code, said = look(tmp_path)
        assert code == 0
        assert re.search(rf"bot\.session is open in \S+ \(process {held[0].pid}\)", said)
    finally:
        for program in held:
            program.kill()
            program.wait()


# ── a server is started ──

# A server that answers what it is told to, by the number of the request.
SERVER = """
import json, sys
answers = json.loads(sys.argv[1])
for line in sys.stdin:
    number = str(json.loads(line).get("id"))
    if number in answers:
        print(json.dumps({"jsonrpc": "2.0", "id": int(number), **answers[number]}), flush=True)
"""
BEGUN = {"result": {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}}
TOOLS = {"result": {"tools": [{"name": "get_me"}, {"name": "send"}]}}


def says(text: str) -> dict[str, Any]:
    return {"result": {"content": [{"type": "text", "text": text}]}}


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({1: BEGUN, 2: TOOLS, 3: says('{"id": 7000000001}')}, 0, ["offers 2 tools", "It is signed in"]),
        ({1: BEGUN, 2: {"result": {"tools": [{"name": "send"}]}}}, 0, ["offers 1 tools", "shows when one of them"]),
        (
            {1: BEGUN, 2: TOOLS, 3: says("telethon.errors.rpcerrorlist.AuthKeyDuplicatedError: it was used")},
            1,
            ["AUTH_KEY_DUPLICATED", "does not work as it should: asked whose account it uses"],
        ),
        ({1: {"error": {"code": -32602, "message": "too new"}}}, 1, ["it answered: {'code': -32602"]),
        ({1: BEGUN, 2: TOOLS, 3: says("Name: Ann\nID: 7000000001")}, 0, ["It is signed in"]),
        ({1: BEGUN, 2: TOOLS, 3: {"result": {"structuredContent": {"id": 7000000001}}}}, 0, ["It is signed in"]),
        ({1: BEGUN, 2: TOOLS, 3: says("Logged in as Ann (@ann)")}, 0, ["it answers: Logged in as Ann"]),
        ({1: BEGUN, 2: TOOLS, 3: says("Error: the api id 20481632 was revoked")}, 1, ["it answers: Error: the api id"]),
        ({1: BEGUN, 2: TOOLS, 3: {"result": {"content": None}}}, 1, ["it gives no answer"]),
        ({1: BEGUN, 2: {"result": {"tools": None}}}, 0, ["offers 0 tools"]),
        ({1: BEGUN, 2: {"result": {"tools": ["get_me"]}}}, 0, ["offers 0 tools"]),
        ({1: {"result": ["x"]}}, 1, ["it answered: ['x']"]),
    ],
)
def test_what_a_server_answers_is_said(tmp_path, answers, code, words):
    write_server(tmp_path / ".cursor" / "mcp.json", [sys.executable, "-c", SERVER, json.dumps(answers)])
    got, said = doctor(tmp_path, "--start", "telegram")
    assert got == code, said
    assert "Close Cursor first if it runs" in said
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["no-such-program"], 1, "no-such-program (line 4) is not there"),
        ([sys.executable, "-c", "raise SystemExit(7)"], 1, "it ended with exit code 7"),
        ([sys.executable, "-c", "import os; raise ValueError(os.environ['TELEGRAM_API_HASH'])"], 1, "ended with exit"),
        ([sys.executable, "-c", "raise ModuleNotFoundError(\"No module named 'mcp.server.fastmcp'\")"], 1, "mcp"),
        ([sys.executable, "-c", "print('Welcome!')"], 1, "clients do not take: 1. The first: Wel"),
    ],
)
def test_a_server_that_does_not_start(tmp_path, command, code, words):
    write_server(tmp_path / ".cursor" / "mcp.json", command)
    got, said = doctor(tmp_path, "--start", "telegram")
    assert got == code, said
    assert words in said
    assert "It starts" not in said


def test_no_secret_of_a_server_is_shown_wherever_it_says_it(tmp_path):
    talk = "import os; print('login', os.environ['TELEGRAM_API_HASH'], flush=True)\n" + SERVER
    answers = {1: BEGUN, 2: TOOLS, 3: says(f"bad hash {HASH}, password hunter2pass")}
    command = [sys.executable, "-c", talk, json.dumps(answers), "--password", "hunter2pass"]
    write_server(tmp_path / ".cursor" / "mcp.json", command)
    _, said = doctor(tmp_path, "--start", "telegram")
    assert "bad hash" in said
    assert HASH[:8] not in said
    assert "hunter2" not in said


def test_a_server_that_floods_is_ended_and_its_lines_are_counted(tmp_path):
    write_server(tmp_path / ".cursor" / "mcp.json", [sys.executable, "-c", "for n in range(20000): print('line', n)"])
    code, said = doctor(tmp_path, "--start", "telegram")
    assert code == 1
    assert "The first: line 0" in said
    assert "line 7" not in said


def test_a_server_is_started_in_its_folder_and_not_at_all_if_that_is_not_known(tmp_path):
    path = tmp_path / ".cursor" / "mcp.json"
    (tmp_path / "there").mkdir()
    write_server(path, [sys.executable, "-c", "import os, sys; sys.exit(os.path.basename(os.getcwd()))"])
    settings = json.loads(path.read_text())
    settings["mcpServers"]["telegram"]["cwd"] = str(tmp_path / "there")
    path.write_text(json.dumps(settings))
    assert "there" in doctor(tmp_path, "--start", "telegram")[1].split("standard error:")[1]
    settings["mcpServers"]["telegram"]["envFile"] = ".env"
    path.write_text(json.dumps(settings))
    assert (
        "Something that telegram is started with is not in the settings" in doctor(tmp_path, "--start", "telegram")[1]
    )


def test_what_the_system_cannot_start_is_said_as_it_says_it(tmp_path):
    program = tmp_path / "server"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    write_server(tmp_path / ".cursor" / "mcp.json", [str(program)])
    code, said = doctor(tmp_path, "--start", "telegram")
    assert code == 1
    assert "telegram cannot be started: [Errno 2]" in said


def test_a_name_that_no_server_has(tmp_path):
    write_server(tmp_path / ".cursor" / "mcp.json", [sys.executable])
    code, said = doctor(tmp_path, "--start", "other")
    assert code == 2
    assert "These are: telegram." in said


def test_a_value_that_is_not_in_the_settings(tmp_path):
    write_server(tmp_path / ".cursor" / "mcp.json", [sys.executable], TELEGRAM_SESSION_STRING="${input:session}")
    code, said = doctor(tmp_path, "--start", "telegram")
    assert code == 1
    assert "The value of TELEGRAM_SESSION_STRING is not in the settings" in said


@pytest.mark.parametrize("then", ["import time; time.sleep(60)", ""])
def test_nothing_that_was_started_is_left_running(tmp_path, then):
    note = tmp_path / "child"
    child = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    begin = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])\n" + SERVER
    answers = json.dumps({1: BEGUN, 2: {"result": {"tools": []}}})
    write_server(tmp_path / ".cursor" / "mcp.json", [sys.executable, "-c", begin + then, answers])
    assert doctor(tmp_path, "--start", "telegram")[0] == 0
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not note.exists() or not Path(f"/proc/{note.read_text() or 0}").exists():
            return
    pytest.fail("a program that the server started is still there")


def test_on_a_terminal_it_is_asked_before_anything_starts(run, tmp_path):
    write_server(tmp_path / ".cursor" / "mcp.json", [sys.executable, "-c", "open('started', 'w')"])
    person = run("doctor", "--start", "telegram", env={"HOME": str(tmp_path)})
    person.answers("Start it now? [y/N]", "")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert not (tmp_path / "started").exists()


# ── on real servers ──


@pytest.mark.parametrize("state", ["good", "dead", "cut"])
def test_a_real_server_is_judged_by_what_it_does(telegram: PracticeTelegram, tmp_path, state):
    from .helpers.second_client import sign_in

    command, environment = others.server("tgmcp==0.2.2", "tgmcp")
    telegram.add_account("+4915112345678")
    string = sign_in(telegram, "+4915112345678")
    if state == "dead":
        telegram.revoke("+4915112345678")
    values = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH}
    values["TELEGRAM_SESSION_STRING"] = string[:250] if state == "cut" else string
    write_server(tmp_path / ".cursor" / "mcp.json", [command, "start"], **environment, **values)
    code, said = doctor(tmp_path, "--start", "telegram")
    assert "It starts, and offers 73 tools" in said
    assert code == (0 if state == "good" else 1)
    assert ("It is signed in" in said) == (state == "good")
    assert state != "cut" or "The session string has been damaged in copying" in said
    assert string[:60] not in said
