"""Files, folders and texts that somebody has made to do harm: nothing of theirs is run, believed or waited for."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telegram_session as script

from .helpers.sessions import KEY
from .helpers.signing_in import PHONE
from .practice.telegram import API_HASH, API_ID

SCRIPT = Path(script.__file__)
SESSION = script.new_session(2, KEY, "149.154.167.51", 443, user_id=7000000001)
HOSTILE = "open({!r}, 'a').write(__name__ + '\\n')"

posix = pytest.mark.skipif(os.name == "nt", reason="modes, owners and signals of POSIX")


# ── code beside the script ──


@pytest.mark.parametrize("command", [[], ["check", "s.txt"], ["explain", "FLOOD_WAIT_5"], ["convert", "s.txt", "new"]])
def test_no_module_that_lies_beside_the_script_is_run(tmp_path, command):
    """Those of the helpers, which may be missing elsewhere, and those of Python's own library."""
    shutil.copy(SCRIPT, tmp_path)
    ran = tmp_path / "ran.txt"
    optional = ["segno", "python_socks", "async_timeout", "argon2", "cryptg", "PIL", "hachoir", "pyaes", "rsa", "pip"]
    for name in [*optional, "select", "types", "shlex", "re", "socket", "sqlite3", "json", "platform", "readline"]:
        (tmp_path / f"{name}.py").write_text(HOSTILE.format(str(ran)))
    (tmp_path / "s.txt").write_text(script.encode_telethon_string(SESSION))
    done = subprocess.run(
        [sys.executable, str(tmp_path / SCRIPT.name), *command, *(["--to", "string"] if "convert" in command else [])],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert not ran.exists()
    assert "Traceback" not in done.stderr


# ── files that are written ──


@posix
def test_what_is_written_lies_in_a_folder_that_nobody_else_may_enter_until_it_is_whole(tmp_path):
    seen = []

    def fill(new: str) -> None:
        seen.append(stat.S_IMODE(os.stat(os.path.dirname(new)).st_mode))
        Path(new).write_bytes(b"secret")

    script.write_new(str(tmp_path / "a"), fill)
    assert seen == [0o700]
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@posix
def test_a_file_that_somebody_puts_in_the_place_of_ours_is_not_called_saved(tmp_path):
    """The folder is exchanged while we write, as whoever may write beside it can do."""

    def fill(new: str) -> None:
        os.rename(os.path.dirname(new), tmp_path / "taken")
        os.mkdir(os.path.dirname(new))
        Path(new).write_bytes(b"theirs")

    with pytest.raises(script.Problem, match="cannot be written"):
        script.write_new(str(tmp_path / "a"), fill)
    assert not (tmp_path / "a").exists()


@posix
def test_a_folder_that_others_may_write_in_is_said_and_so_is_what_was_left_behind(run, tmp_path):
    (tmp_path / "s.txt").write_text(script.encode_telethon_string(SESSION))
    (tmp_path / ".session-abc.part").mkdir()
    tmp_path.chmod(0o777)
    person = run("convert", "s.txt", "new.session")
    person.sees(".session-abc.part")
    person.sees("was left behind")
    person.sees("Other users of this computer may write in the folder")
    person.exits(0)


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_kill_cleans_up_as_ctrl_c_does_without_report_too(run, telegram, number):
    telegram.add_account(PHONE, code="24680")
    person = run(env={"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_PHONE": PHONE})
    person.is_asked("Code")
    person.is_sent(number)
    person.sees("Stopped.")
    person.answers("Press Enter to exit", "")
    person.exits(130)


@posix
def test_no_memory_is_dumped_and_files_are_for_their_owner(monkeypatch):
    resource = pytest.importorskip("resource")
    code = "import telegram_session as s, os, resource; s.be_careful(); print(resource.getrlimit(4), oct(os.umask(0)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=SCRIPT.parent, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["(0,", "0)", "0o77"]
    assert resource.RLIMIT_CORE == 4


# ── databases ──


@posix
@pytest.mark.parametrize("ending", ["-journal", "-wal"])
def test_a_pipe_of_the_name_of_a_journal_is_not_waited_for(tmp_path, ending):
    path = tmp_path / "v.session"
    script.save_session([SESSION], str(path), "telethon")
    os.mkfifo(f"{path}{ending}")
    answered = threading.Event()

    def look() -> None:
        with pytest.raises(script.Problem):
            script.recognise_path(str(path)).load()
        answered.set()

    threading.Thread(target=look, daemon=True).start()
    assert answered.wait(20)


def test_a_value_of_many_megabytes_is_refused_and_a_virtual_table_is_not_opened(tmp_path):
    path = str(tmp_path / "big.session")
    script.save_session([SESSION], path, "telethon")
    connection = sqlite3.connect(path)
    connection.execute("update sessions set server_address = zeroblob(6000000)")
    connection.commit()
    with pytest.raises(script.Problem) as raised:
        script.recognise_path(path).load()
    assert raised.value.name == "ValueTooLong"
    connection.execute("update sessions set server_address = '149.154.167.51'")
    try:
        connection.execute("create virtual table words using fts5(text)")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite has no FTS5")
    connection.commit()
    connection.close()
    tables = script.with_database(path, lambda database: database.tables)
    assert "sessions" in tables and "words" not in tables
    assert script.home_key(script.recognise_path(path).load()) == KEY


def test_argon2_of_much_memory_and_many_passes_together_is_refused():
    fields = dict.fromkeys(script.Wrap._fields, b"")
    fields.update(kind=1, salt=bytes(16), memory=262144, passes=64, lanes=4)
    with pytest.raises(script.Problem, match="unreasonable"):
        script.check_wrap(script.Wrap(**fields), "key_datas")
    script.check_wrap(script.Wrap(**{**fields, "memory": 65536, "passes": 3}), "key_datas")


@posix
def test_the_copy_of_a_database_in_use_is_for_its_owner_only(tmp_path):
    path = str(tmp_path / "used.session")
    script.save_session([SESSION], path, "telethon")
    os.chmod(path, 0o644)
    Path(f"{path}-wal").write_bytes(b"x")
    seen = []

    def look(database):
        [(_, _, copy)] = database.connection.execute("pragma database_list").fetchall()
        seen.append((copy != path, stat.S_IMODE(os.stat(copy).st_mode)))

    mask = os.umask(0)
    try:
        script.with_database(path, look)
    finally:
        os.umask(mask)
    assert seen == [(True, 0o600)]


@posix
@pytest.mark.parametrize("target", ["new.json", "new.session"])
def test_convert_asks_before_git_could_take_up_any_of_its_files(run, tmp_path, target):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.session\n" if target.endswith("json") else "")
    (tmp_path / "s.txt").write_text(script.encode_telethon_string(SESSION))
    person = run("convert", "s.txt", target, env={"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH})
    person.sees(f"{target} lies in a git repository that does not seem to ignore it")
    person.answers("Write it there all the same? [y/N]", "n")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert not (tmp_path / target).exists()


# ── texts ──

MARKS = "✓✗→•▸─!…│"
BLANKS = "\u2800\u3164\u115f\u1160\uffa0\u00a0\u2003\u200b\n\r\t\x0b\x1b\u2028"
foreign = st.text(st.sampled_from(MARKS + BLANKS + "Paste the code at https:1.[2] ") | st.characters(), max_size=400)


@given(foreign)
def test_foreign_words_never_begin_a_line_as_the_scripts_own_do(text):
    shown = script.in_one_line(text, 300)
    assert len(shown) <= 300
    assert not re.search(rf"(?:^|\s)(?:[{MARKS}]|\d+\.\s|\[\d+\])", shown)
    assert not re.search(rf"[{BLANKS}]|\s\s", shown)
    assert max(map(len, shown.split()), default=0) <= 40


@given(foreign, st.integers(20, 100))
def test_a_sentence_that_is_wrapped_inside_foreign_words_begins_no_line_of_its_own(text, width):
    term = script.Terminal()
    shown = io.StringIO()
    term.out, term.unicode = shown, True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script.Terminal, "width", width)
        term.warn(f"The folder {text} cannot be read.")
    first, *others = shown.getvalue().splitlines()
    assert first.startswith("! The folder")
    assert not [line for line in others if re.match(r"\s*[✓✗•!─]", line)]


@pytest.mark.parametrize("options", [(), ("--debug",)])
def test_a_name_of_two_letters_or_of_the_scripts_own_words_is_not_in_the_report(run, telegram, tmp_path, options):
    telegram.add_account(PHONE, code="24680", first_name="Xq", last_name="Terminal", username="telegram")
    values = {"TELEGRAM_API_ID": str(API_ID), "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_PHONE": PHONE}
    person = run("--report", "r.txt", *options, env=values)
    person.answers("Code", "24680")
    person.sees("Xq Terminal")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    report = (tmp_path / "r.txt").read_text("utf-8")
    assert "Xq" not in report and "Xq Terminal" not in report and "@telegram" not in report


@pytest.mark.parametrize("text", ["@." * 2000, "<" * 200_000, "a b" * 20_000, "1:" * 50_000, "+" * 100_000])
def test_what_is_pasted_takes_no_time_however_it_is_made(text):
    started = time.process_time()
    for read in (script.parse_phone, lambda pasted: script.parse_credentials(pasted, "API ID")):
        with pytest.raises(script.Problem):
            read(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("text", ["a-" * 20_000, "a://" * 10_000, "@." * 20_000, "aB3/" * 10_000, "a.b@" * 10_000])
def test_masking_takes_no_time_however_a_text_is_made(text):
    started = time.process_time()
    script.term.mask(text)
    assert time.process_time() - started < 4


@pytest.mark.parametrize(
    "text, private",
    [
        ("acc_4915112345678_old.session", "4915112345678"),
        ("from 2a02:8109:9a80::17 port 5", "2a02:8109"),
        ("https://t.me/login/12345", "12345"),
        ("x" * 3990 + " +4915112345678", "15112345"),
    ],
)
def test_what_is_private_is_masked_beside_letters_and_before_it_is_cut(text, private):
    term = script.Terminal()
    term.record(text)
    assert private not in term.transcript()


# ── what the script changes on the disk ──

# Every function that makes, moves or removes something, and what for. Whoever adds one says here why it is safe.
CHANGES = {
    "write_new": "a new file, in a folder of its own until it is whole",
    "write_bytes": "its content",
    "move_new": "gives it its name, never over another",
    "make_folder": "for its owner only, at every level",
    "SqliteStorage.save.fill": "its content, if it is a database",
    "SessionJson.save": "takes its own first half away if the second fails",
    "Tdata.save_all.fill": "its content, if it is a folder",
    "Storage.delete": "a storage that a program asks to delete",
    "Tdata.delete": "the same",
    "replace_settings": "a client's settings, after a yes, with what they were kept beside them",
    "offer_to_move_aside": "another name for what is in the way, after a yes",
    "with_database": "a copy of a database and its journal, in a private folder, removed at once",
    "findings_in_zip": "what a zip holds, in a private folder, removed at once",
    "run_program": "what another program says",
    "set_up": "the environment beside the script, after a yes",
    "Terminal._let_go_of": "nothing: the null device",
}
CHANGING = re.compile(
    r"(os\.(mkdir|makedirs|link|symlink|rename|replace|remove|unlink|rmdir|chmod|truncate)"
    r"|shutil\.(rmtree|copy\w*|move)|tempfile\.\w+|sqlite3\.connect|archive\.extract\w*"
    r"|pathlib\.Path\(\w+\)\.write_(text|bytes))\("
    r"|(?<!\w)open\([^()]*(?:\([^()]*\))?[^()]*[\"'][rwax]?b?\+?[wax+]b?\+?[\"']"
)


def functions(node: ast.AST, owners: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        defines = isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef))
        named = (*owners, child.name) if defines else owners
        if isinstance(child, ast.Call):
            yield ".".join(named), child
        yield from functions(child, named)


def test_everything_that_changes_the_disk_is_in_the_list():
    source = SCRIPT.read_text("utf-8")
    found = {owner for owner, call in functions(ast.parse(source)) if CHANGING.match(ast.unparse(call))}
    assert found == set(CHANGES)


# ── tdata ──


def test_a_folder_of_very_many_accounts_is_read_up_to_a_bound_and_says_so(tmp_path):
    path = str(tmp_path / "tdata")
    many = [script.new_session(2, KEY, user_id=number) for number in range(1, 24)]
    script.save_session(many, path, "tdata")
    tdata = script.Tdata(path)
    assert tdata.unlock()
    assert len(tdata.load_all()) == 20
    assert "23 accounts; 20 were read" in " ".join(tdata.warnings)


def test_that_a_passcode_becomes_easier_to_guess_is_said(run, tmp_path):
    pytest.importorskip("argon2", reason="argon2-cffi is not installed")
    case = SCRIPT.parent / "tests/fixtures/sessions/good/tdata/hand_73_argon2_t4"
    folder = next(path for path in case.iterdir() if path.is_dir())
    passcode = json.loads((case / "expected.json").read_text("utf-8"))["passcode"]
    person = run("convert", str(folder), "tdata", env={"TELEGRAM_PASSCODE": passcode})
    person.sees("protects it with Argon2id")
    person.sees("easier to guess")


def test_git_ignores_what_was_left_behind_beside_the_script():
    if not (SCRIPT.parent / ".git").exists():
        pytest.skip("not in a git repository")
    command = ["git", "check-ignore", "-q", ".session-abc.part/new"]
    assert subprocess.run(command, cwd=SCRIPT.parent, check=False).returncode == 0
