"""After the sign-in: what is pasted where, the clipboard, files, and scripts that take the string from a pipe."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import sqlite3
import stat
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any, Callable

import pytest

import telegram_session as script

from .conftest import LAUNCHER, ROOT, Run
from .helpers import terminal
from .helpers.terminal import Person
from .practice import PracticeTelegram
from .practice.telegram import API_HASH, API_ID

PHONE, CODE = "+49 151 12345678", "24680"
SECOND_CODE = "35791"  # the practice Telegram's code for the second sign-in of this account
KNOWN = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_PHONE": PHONE}
STRING = re.compile(r"^1[\w-]{350,}=*$", re.MULTILINE)

# The menu after a success.
PASTE, COPY, SAVE = "1", "2", "3"

SignIn = Callable[..., Person]

needs_terminal = pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")


@pytest.fixture
def sign_in(telegram: PracticeTelegram, run: Run) -> SignIn:
    """A person who has signed in with a code and stands before the menu."""
    telegram.add_account(PHONE, code=CODE, first_name="Petra", username="petra_practice")

    def start(*arguments: str, env: dict[str, str] | None = None, code: str = CODE, **options: Any) -> Person:
        person = run(*arguments, env={**KNOWN, **(env or {})}, **options)
        person.answers("Code", code)
        person.is_asked("Press Enter to exit (")
        return person

    return start


def string_of(person: Person) -> str:
    found = STRING.search(person.transcript)
    assert found, person.transcript
    return found.group()


def key_of(string: str) -> bytes:
    return script.home_key(script.decode_telethon_string(string))


def chosen(person: Person, *numbers: str) -> str:
    """What the menu shows for these numbers: the whole text up to the next menu."""
    before = len(person.transcript)
    person.answers("Press Enter to exit", numbers[0])
    for number in numbers[1:]:
        person.answers("Number", number)
    person.is_asked("Press Enter to exit")
    return person.transcript[before:]


def is_private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


# Ready to paste


def mcp_settings(text: str) -> Any:
    return json.loads(text[text.index("\n{\n") : text.index("\n}\n") + 2])


def test_the_settings_of_every_mcp_client_are_what_its_own_parser_reads(sign_in):
    person = sign_in()
    environment = {
        "TELEGRAM_API_ID": str(API_ID),
        "TELEGRAM_API_HASH": API_HASH,
        "TELEGRAM_SESSION_STRING": string_of(person),
    }
    server = {
        "command": "uv",
        "args": ["--directory", "/full/path/to/telegram-mcp", "run", "main.py"],
        "env": environment,
    }
    shown = [chosen(person, PASTE, "2", "1", client) for client in "12345"]
    claude_desktop, cursor, vs_code, claude_code, codex = shown
    assert ".claude.json" in claude_code
    for text in (claude_desktop, cursor, claude_code):
        assert mcp_settings(text) == {"mcpServers": {"telegram-mcp": server}}
    assert mcp_settings(vs_code) == {"servers": {"telegram-mcp": {"type": "stdio", **server}}}
    command = next(line for line in claude_code.splitlines() if line.startswith("claude mcp add"))
    given = [f"{name}={value}" for name, value in environment.items()]
    assert shlex.split(command) == [
        "claude", "mcp", "add", "telegram-mcp",
        *(word for value in given for word in ("-e", value)),
        "--", "uv", *server["args"],
    ]  # fmt: skip
    assert "stays in the history of your shell" in " ".join(claude_code.split())
    tomllib = pytest.importorskip("tomllib")
    toml = codex[codex.index("[mcp_servers") :].split("\n\nInstead of")[0].split("\n\nRight now")[0]
    assert tomllib.loads(toml) == {"mcp_servers": {"telegram-mcp": server}}


def test_lines_for_env_files_are_read_by_dotenv_and_docker(sign_in):
    dotenv = pytest.importorskip("dotenv")
    person = sign_in()
    string = string_of(person)
    expected = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_SESSION_STRING": string}
    for shown, names in (
        (chosen(person, PASTE, "1", "1"), expected),
        (chosen(person, PASTE, "4"), expected),
        (chosen(person, PASTE, "1", "2"), {name.replace("TELEGRAM_", ""): value for name, value in expected.items()}),
    ):
        lines = [line for line in shown.splitlines() if re.match(r"[A-Z_]+=", line)]
        assert dotenv.dotenv_values(stream=StringIO("\n".join(lines))) == names
        assert dict(line.split("=", 1) for line in lines) == names  # docker: no quotes, no escapes, to the line's end


def test_n8n_gets_the_fields_by_its_own_names(sign_in):
    person = sign_in()
    string = string_of(person)
    shown = chosen(person, PASTE, "3", "1")
    assert re.findall(r"^([A-Z][\w ]+): (.+)$", shown, re.MULTILINE)[-3:] == [
        ("API ID", str(API_ID)), ("API Hash", API_HASH), ("Session String", string),
    ]  # fmt: skip
    shown = chosen(person, PASTE, "3", "2")
    assert f"Session string: {string}\n" in shown
    assert "Phone Number" in shown


@pytest.mark.parametrize("group, name", [("mcp", "chaindead/telegram-mcp"), ("n8n", "TelePilot")])
def test_programs_that_cannot_take_a_string_are_told_so(sign_in, group, name):
    person = sign_in()
    number = [target.name for target in script.paste_targets(group)].index(name) + 1
    shown = chosen(person, PASTE, {"mcp": "2", "n8n": "3"}[group], str(number))
    assert f"{name} cannot take a session string" in shown
    assert string_of(person) not in shown


HOSTILE = "a\"b'c\\d $(id) `id` %PATH% {x} # ; & \n\t é"


def test_whatever_is_in_a_value_comes_out_of_the_parser_as_it_was():
    environment, command = {"NAME": HOSTILE}, ["uv", HOSTILE]
    server = {"command": "uv", "args": [HOSTILE], "env": environment}
    made = script.with_server("", "mcpServers", "n", command, environment)
    assert json.loads(made) == {"mcpServers": {"n": server}}
    if os.name != "nt":
        words = shlex.split(script.claude_command("n", command, environment))
        assert words == ["claude", "mcp", "add", "n", "-e", f"NAME={HOSTILE}", "--", "uv", HOSTILE]
    tomllib = pytest.importorskip("tomllib")
    assert tomllib.loads(script.codex_toml("a.b c", command, environment)) == {"mcp_servers": {"a.b c": server}}


def test_every_program_of_the_table_is_complete():
    targets = [target for group in ("variables", "mcp", "n8n") for target in script.paste_targets(group)]
    assert len({target.name for target in targets}) == len(targets) > 15
    for target in targets:
        if target.takes == "nothing":
            assert target.place
            assert not target.session
            continue
        assert target.takes in ("variables", "mcp", "fields", "tgcf", "file", "string file")
        assert target.api_id
        assert target.api_hash
        assert target.session
        assert bool(target.command) == (target in script.paste_targets("mcp"))
        if "file" in target.takes:
            assert target.place.startswith(("~/", "{state}/"))


# Programs that take a file


def number_of(program: str) -> str:
    return str([target.name for target in script.paste_targets("mcp")].index(program) + 1)


def test_a_file_that_is_in_the_way_is_moved_aside_if_that_is_wanted(sign_in, tmp_path):
    person = sign_in(env={"XDG_STATE_HOME": ""})
    folder = tmp_path / ".local" / "state" / "mcp-telegram"
    folder.mkdir(parents=True)
    path = folder / "mcp_telegram_session.session"
    path.write_text("old")
    for answer in ("n", "y"):
        assert [one.read_text() for one in folder.iterdir()] == ["old"]
        person.answers("Press Enter to exit", PASTE)
        person.answers("Number", "2")
        person.answers("Number", number_of("sparfenyuk/mcp-telegram"))
        person.answers("Write it there now?", "y")
        person.answers("Move it aside?", answer)
        if answer == "n":
            person.sees("exists already, and nothing was changed")
    person.sees("Written:")
    assert key_of(string_of(person)) == script.home_key(script.recognise_path(str(path)).load())
    (aside,) = [one for one in folder.iterdir() if one != path]
    assert aside.read_text() == "old"
    assert aside.name.startswith("mcp_telegram_session.session.20")


def test_a_session_file_is_written_where_the_program_looks_but_asked_first(sign_in, tmp_path):
    person = sign_in(env={"XDG_STATE_HOME": ""})
    path = tmp_path / ".local" / "state" / "mcp-telegram" / "mcp_telegram_session.session"
    for answer in ("n", "y"):
        assert not path.exists()
        person.answers("Press Enter to exit", PASTE)
        person.answers("Number", "2")
        person.answers("Number", number_of("sparfenyuk/mcp-telegram"))
        person.answers("Write it there now?", answer)
    person.sees(f"TELEGRAM_API_HASH={API_HASH}")
    person.answers("Number", "1")
    person.sees('"mcp<2"')
    person.is_asked("Press Enter to exit")
    assert is_private(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    with sqlite3.connect(str(path)) as database:
        assert database.execute("select version from version").fetchone() == (7,)
        assert database.execute("select auth_key from sessions").fetchone() == (key_of(string_of(person)),)
    # A second time nothing is overwritten, and the string that was delivered still counts.
    person.answers("Press Enter to exit", PASTE)
    person.answers("Number", "2")
    person.answers("Number", number_of("sparfenyuk/mcp-telegram"))
    person.answers("Write it there now?", "y")
    person.answers("Move it aside?", "")
    person.sees("exists already, and nothing was changed")
    person.answers("Press Enter to exit", "")
    person.exits(0)


def test_the_state_folder_may_be_elsewhere(sign_in, tmp_path):
    person = sign_in(env={"XDG_STATE_HOME": str(tmp_path / "state")})
    person.answers("Press Enter to exit", PASTE)
    person.answers("Number", "2")
    person.answers("Number", number_of("dryeab/mcp-telegram"))
    person.answers("Write it there now?", "y")
    person.sees("Written")
    person.answers("Number", "")
    person.is_asked("Press Enter to exit")
    storage = script.recognise_path(str(tmp_path / "state" / "mcp-telegram" / "session.session"))
    assert script.home_key(storage.load()) == key_of(string_of(person))


def test_a_program_with_a_string_in_a_file_gets_the_string_and_nothing_else(sign_in, tmp_path):
    person = sign_in()
    person.answers("Press Enter to exit", PASTE)
    person.answers("Number", "2")
    person.answers("Number", number_of("mcp-telegram/mcp-telegram"))
    person.answers("Write it there now?", "y")
    person.sees("Written")
    person.answers("Number", "")
    person.is_asked("Press Enter to exit")
    path = tmp_path / ".mcp-telegram" / "session"
    assert path.read_text() == string_of(person).replace("-", "+").replace("_", "/")  # as GramJS reads it
    assert is_private(path)


# The clipboard


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder for programs that is the whole PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    return folder


def put(shelf: Path, name: str, body: str) -> Path:
    """A program on the shelf, which writes down how it was called; returns where its input goes."""
    program, taken = shelf / name, shelf / f"{name}.taken"
    program.write_text(f'#!/bin/sh\necho "$0 $*" > "{taken}.called"\n{body.format(taken=taken)}\n')
    program.chmod(0o755)
    return taken


TAKES = '/bin/cat > "{taken}"'


@pytest.mark.parametrize("name", ["pbcopy", "wl-copy", "xclip", "xsel", "clip.exe"])
def test_the_string_is_on_the_clipboard_and_never_on_a_command_line(sign_in, shelf, name):
    taken = put(shelf, name, TAKES)
    person = sign_in(env={"PATH": str(shelf)})
    shown = " ".join(chosen(person, COPY).split())
    assert taken.read_text() == string_of(person)
    assert string_of(person)[:40] not in Path(f"{taken}.called").read_text()
    assert f"on the clipboard ({name})" in shown
    assert "A clipboard is not private" in shown


def test_what_was_shown_ready_to_paste_is_on_the_clipboard_as_it_is(sign_in, shelf):
    taken = put(shelf, "xclip", TAKES)
    person = sign_in(env={"PATH": str(shelf)})
    shown = chosen(person, PASTE, "2", "2", "2")
    chosen(person, COPY, "2")
    assert taken.read_text() in shown
    assert json.loads(taken.read_text())["mcpServers"]["tgmcp"]["env"]["TELEGRAM_SESSION_STRING"] == string_of(person)
    chosen(person, COPY, "1")
    assert taken.read_text() == string_of(person)
    chosen(person, PASTE, "2", "2", "4")  # Claude Code has settings and a command
    chosen(person, COPY, "3")
    assert taken.read_text().startswith("claude mcp add tgmcp ")


def test_a_clipboard_program_that_fails_or_hangs_does_not_stand_in_the_way(sign_in, shelf):
    put(shelf, "pbcopy", "exit 1")
    put(shelf, "wl-copy", "exec /bin/sleep 60")
    taken = put(shelf, "xclip", TAKES)
    person = sign_in(env={"PATH": str(shelf)})
    started = time.monotonic()
    assert "(xclip)" in chosen(person, COPY)
    assert time.monotonic() - started < 10
    assert taken.read_text() == string_of(person)


def test_over_ssh_the_terminal_is_asked_and_not_the_distant_computer(sign_in, shelf):
    taken = put(shelf, "xclip", TAKES)
    person = sign_in(env={"PATH": str(shelf), "SSH_CONNECTION": "192.0.2.7 50000 192.0.2.8 22"})
    shown = chosen(person, COPY)
    assert b"\x1b]52;c;" + base64.b64encode(string_of(person).encode()) + b"\x07" in person.raw
    assert "the computer you sit at" in " ".join(shown.split())
    assert not taken.exists()


def test_without_any_clipboard_the_person_is_told_to_mark_the_string(sign_in, shelf):
    person = sign_in(env={"PATH": str(shelf), "TERM": "dumb"})
    assert "Mark the string" in chosen(person, COPY)
    assert b"\x1b]52" not in person.raw


# Files


def save(person: Person, number: str, name: str = "") -> str:
    before = len(person.transcript)
    person.answers("Press Enter to exit", SAVE)
    person.answers("Number", number)
    person.answers("File name", name)
    person.is_asked("Press Enter to exit")
    return person.transcript[before:]


def test_every_format_that_can_be_saved_holds_the_same_session(sign_in, tmp_path):
    person = sign_in()
    key = key_of(string_of(person))
    assert "Written: telegram.env" in save(person, "1")
    assert "Written: session.txt" in save(person, "2")
    assert "Written: one.session" in save(person, "3", "one.session")
    assert "Written: two.json" in save(person, "4", "two.session")
    assert "Written: tdata" in save(person, "5")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    for name in ("session.txt", "one.session", "two.session", "two.json"):
        assert is_private(tmp_path / name), name
        assert script.home_key(script.recognise_path(str(tmp_path / name)).load()) == key, name
    assert script.home_key(script.recognise_path(str(tmp_path / "tdata")).load_all()[0]) == key
    assert is_private(tmp_path / "telegram.env")
    lines = (tmp_path / "telegram.env").read_text().splitlines()
    assert lines[:2] == [f"TELEGRAM_API_ID={API_ID}", f"TELEGRAM_API_HASH={API_HASH}"]
    assert key_of(lines[2].partition("=")[2]) == key
    companion = json.loads((tmp_path / "two.json").read_text())
    assert (companion["app_id"], companion["app_hash"]) == (API_ID, API_HASH)
    assert companion["username"] == "petra_practice"
    assert companion["app_version"] == f"telegram_session.py {script.__version__}"


def test_nothing_is_written_over_another_file(sign_in, tmp_path):
    (tmp_path / "session.txt").write_text("precious")
    person = sign_in()
    assert "exists already" in save(person, "2")
    assert (tmp_path / "session.txt").read_text() == "precious"
    person.answers("Press Enter to exit", "")
    person.exits(0)


@needs_terminal
def test_a_full_disk_is_said_leaves_nothing_behind_and_another_try_is_offered(telegram, clean_env, tmp_path):
    telegram.add_account(PHONE, code=CODE)
    launch = shlex.join([sys.executable, str(LAUNCHER), "--config", telegram.config, "--"])
    command = ["/bin/sh", "-c", f"ulimit -f 0; exec {launch}"]  # no file may have a single byte
    with Person(command, env={**clean_env, **KNOWN}, cwd=tmp_path) as person:
        person.answers("Code", CODE)
        for number in "12345":
            shown = save(person, number)
            assert "cannot be written" in shown
            assert "the disk is not full" in " ".join(shown.split())
            assert list(tmp_path.iterdir()) == []
        person.answers("Press Enter to exit", "")
        person.exits(0)
        assert STRING.search(person.transcript)


def test_a_name_that_no_file_can_have_leads_back_to_the_menu(sign_in, tmp_path):
    person = sign_in(env={"TERM": "dumb"})  # where a line is edited nobody can type a NUL
    for number in "12345":
        assert "cannot be written" in save(person, number, "a\0b")
        assert "cannot be written" in save(person, number, "x" * 300)
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_git_would_take_up_is_asked_about_first(sign_in, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.session\n")
    person = sign_in()
    assert "git" not in save(person, "3")
    for answer in ("n", "y"):
        assert not (tmp_path / "session.txt").exists()
        person.answers("Press Enter to exit", SAVE)
        person.answers("Number", "2")
        person.answers("File name", "")
        person.sees("lies in a git repository that does not seem to ignore it")
        person.answers("Write it there all the same? [y/N]", answer)
    person.is_asked("Press Enter to exit")
    assert (tmp_path / "session.txt").exists()


@pytest.mark.skipif(os.name == "nt", reason="symbolic links are not for everybody on Windows")
def test_git_is_asked_about_the_folder_that_a_path_really_leads_to(tmp_path):
    repository, ignored, link = tmp_path / "repository", tmp_path / "repository" / "ignored", tmp_path / "link"
    ignored.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / ".gitignore").write_text("ignored/\n")
    for folder, taken in ((repository, True), (ignored, False), (repository / "new", True)):
        link.symlink_to(folder)
        for path in (folder, folder / "not there yet", link):
            assert script.git_would_take(str(path / "telegram.session")) is taken
        link.unlink()


def test_beside_the_script_git_takes_up_nothing_of_what_is_offered_to_be_saved():
    if not (ROOT / ".git").exists():
        pytest.skip("not in a git repository")
    names = [row[1] for row in script.rows_of(script.SAVE_AS)]
    names += ["telegram.json", "telegram-session-report.txt", "telegram-session-report-2.txt"]
    assert [name for name in names if script.git_would_take(str(ROOT / name))] == []


def test_ctrl_c_in_the_menu_leads_back_and_the_end_is_still_a_success(sign_in):
    person = sign_in()
    person.answers("Press Enter to exit", SAVE)
    person.is_asked("Number")
    person.presses("ctrl-c")
    person.is_asked("Press Enter to exit")
    person.presses("ctrl-c")
    person.exits(0)


def test_another_string_can_be_made_at_once(sign_in):
    person = sign_in()
    first = string_of(person)
    person.answers("Press Enter to exit", "4")
    person.answers("Code", SECOND_CODE)
    person.is_asked("Press Enter to exit")
    both = STRING.findall(person.transcript)
    assert both[0] == first
    assert len(set(both)) == 2


# How to treat it


def test_the_last_page_says_what_the_string_can_do_and_how_it_is_ended(sign_in):
    person = sign_in(size=(200, 50))
    page = person.transcript[person.transcript.index("Keep the session string secret") :]
    for words in ("read and write everything as you", "never into a chat", "One string for each program"):
        assert words in page
    assert "Settings → Devices → “telegram_session.py" in page
    assert "Terminate" in page


def test_a_bot_is_not_sent_to_a_list_of_devices_that_it_does_not_have(telegram, run):
    token = "5000000777:AAGpracticebotpracticebotpracticebo"
    telegram.add_bot(token, first_name="Practice bot")
    person = run(env={**KNOWN, "TELEGRAM_PHONE": token})
    person.is_asked("Press Enter to exit")
    person.does_not_see("Settings → Devices")
    assert "/revoke" in person.transcript
    person.answers("Press Enter to exit", SAVE)
    person.is_asked("Number")
    person.does_not_see("tdata")


# Inside other tools


@needs_terminal
def test_a_shell_variable_gets_the_string_and_the_person_the_conversation(telegram, clean_env, tmp_path):
    telegram.add_account(PHONE, code=CODE)
    launch = shlex.join([sys.executable, str(LAUNCHER), "--config", telegram.config, "--"])
    command = ["/bin/sh", "-c", f'SESSION=$({launch}) && printf "<%s>" "$SESSION" > taken']
    with Person(command, env={**clean_env, **KNOWN}, cwd=tmp_path) as person:
        person.answers("Code", CODE)
        person.sees("Session string (it goes into your pipe or file):")
        person.exits(0)  # and nobody had to press Enter
        taken = (tmp_path / "taken").read_text()
        assert len(key_of(taken.strip("<>"))) == 256
        assert not STRING.search(person.transcript)


def test_a_qr_code_in_a_pipeline(telegram, run):
    telegram.add_account(PHONE)
    telegram.auto_scan = (PHONE, 0)
    person = run("--qr", env=KNOWN, stdout="pipe")
    person.exits(0)
    assert STRING.fullmatch(person.output.rstrip("\n"))
    assert person.output.endswith("\n")


def test_where_nothing_need_be_asked_no_terminal_is_needed(telegram, run):
    token = "5000000777:AAGpracticebotpracticebotpracticebo"
    telegram.add_bot(token, first_name="Practice bot")
    person = run(env={**KNOWN, "TELEGRAM_PHONE": token}, stdin="null", stdout="pipe", stderr="pipe")
    person.exits(0)
    assert STRING.fullmatch(person.output.rstrip("\n"))
    assert person.output.rstrip("\n") not in person.errors


def test_a_problem_in_a_pipeline_still_offers_what_can_be_done(telegram, run):
    telegram.add_account(PHONE, banned=True)
    person = run(env=KNOWN, stdout="pipe")
    person.sees("Right now you can")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert person.output == ""


# Wherever it runs


def whole_conversation(sign_in: SignIn, **options: Any) -> Person:
    person = sign_in(**options)
    chosen(person, PASTE, "1", "1")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    return person


@pytest.mark.parametrize("columns", [40, 200])
def test_lines_fit_into_narrow_and_wide_windows_and_the_string_is_whole(sign_in, columns):
    person = whole_conversation(sign_in, size=(columns, 30))
    string = string_of(person)
    prompts = ("Code", "Number", "Press Enter", "File name")
    lines = [line for line in person.transcript.splitlines() if string not in line and not line.startswith(prompts)]
    too_long = [line for line in lines if len(line) > min(columns, 100)]
    assert not [line for line in too_long if "_HASH" not in line and "phone_code_hash" not in line]


def test_an_old_windows_console_shows_no_question_marks_for_characters(sign_in):
    shown = {}
    for encoding, code in (("utf-8", CODE), ("cp1252", SECOND_CODE)):
        person = sign_in(env={"PYTHONIOENCODING": encoding}, code=code)
        shown[encoding] = person.raw.decode(encoding)
    assert shown["cp1252"].count("?") == shown["utf-8"].count("?")
    assert STRING.search(re.sub(r"\x1b\[[\d;]*m|\r", "", shown["cp1252"]))


def test_no_color_means_no_colour(sign_in):
    person = whole_conversation(sign_in, env={"NO_COLOR": "1"})
    assert not re.search(rb"\x1b\[[\d;]*m", person.raw)


def test_a_screen_reader_hears_plain_lines_only(sign_in):
    person = whole_conversation(sign_in, env={"TERM": "dumb"})
    assert b"\x1b" not in person.raw
    assert b"\r" not in person.raw.replace(b"\r\n", b"").replace(b"\r\r\n", b"")
    assert string_of(person)
