"""Session files that are SQLite databases: in use, half written, damaged, made to do harm; read or refused."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telegram_session as script

from .helpers.sessions import (
    CASES,
    KEY,
    OTHER_KEY,
    STRINGS,
    cases,
    given_path,
    goes_everywhere,
    read,
    refusal,
    snapshot,
    telethon_file,
)

pytestmark = pytest.mark.usefixtures("copies_are_taken_away")


def test_a_session_in_use_with_a_write_ahead_log_is_read_as_its_owner_sees_it(tmp_path: Path) -> None:
    path = telethon_file(tmp_path / "live.session")
    owner = sqlite3.connect(path)
    owner.execute("pragma journal_mode=wal")
    owner.execute("update sessions set auth_key = ?", (OTHER_KEY,))
    owner.commit()  # it is in the log now, and not in the file
    before = snapshot(tmp_path)
    assert script.home_key(read(path)[1]) == OTHER_KEY
    assert snapshot(tmp_path) == before
    owner.close()


def test_a_session_with_an_open_transaction_is_read_as_it_was_before(tmp_path: Path) -> None:
    path = telethon_file(tmp_path / "busy.session")
    owner = sqlite3.connect(path)
    owner.execute("update sessions set auth_key = ?", (OTHER_KEY,))
    before = snapshot(tmp_path)
    assert script.home_key(read(path)[1]) == KEY
    assert snapshot(tmp_path) == before
    owner.close()


def test_what_a_crash_left_half_written_is_rolled_back_in_a_copy(tmp_path: Path) -> None:
    path = telethon_file(tmp_path / "crashed.session")
    crash = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1])\n"
        "db.execute('pragma cache_size=1')\n"
        "db.execute('update sessions set auth_key = zeroblob(256)')\n"
        "db.executemany('insert into entities values (?, 1, ?, 1, 1, 1)', ((i, 'x' * 500) for i in range(9, 400)))\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", crash, str(path)], check=True)
    journal = Path(f"{path}-journal")
    assert journal.stat().st_size > 512
    before = snapshot(tmp_path)
    assert script.home_key(read(path)[1]) == KEY
    assert snapshot(tmp_path) == before


def test_a_locked_session_is_said_to_be_locked(tmp_path: Path) -> None:
    path = telethon_file(tmp_path / "locked.session")
    owner = sqlite3.connect(path)
    owner.execute("begin exclusive")
    assert "locked: another program is using it" in refusal(path)
    owner.close()


def test_a_file_that_telethon_made_and_never_connected_is_said_to_be_empty_and_not_damaged(tmp_path: Path) -> None:
    from telethon.sessions import SQLiteSession

    fresh = SQLiteSession(str(tmp_path / "fresh.session"))
    fresh.auth_key = None
    fresh.close()
    assert "never signed in" in refusal(tmp_path / "fresh.session")


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 31), reason="this SQLite has no computed columns")
def test_a_column_that_is_computed_is_not_asked_for(tmp_path: Path) -> None:
    """It may ask for any amount of memory, in a file of a few kilobytes."""
    path = tmp_path / "trap.session"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(
            "create table version (number); create table sessions (dc_id, test_mode, auth_key, user_id, is_bot,"
            " large generated always as (zeroblob(200000000)));"
            f"insert into sessions values (2, 0, x'{KEY.hex()}', 42, 0);"
        )
    tracemalloc.start()
    try:
        assert "another program" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_test_server_is_recognised_however_its_address_is_written(tmp_path: Path) -> None:
    path = tmp_path / "test.session"
    script.TelethonFile(str(path)).save(
        script.new_session(2, KEY, "2001:067c:04e8:f002:0000:0000:0000:000e", 443)
    )  # as opentele2 writes it
    assert read(path)[1].test is True


@pytest.mark.parametrize("target", ["telethon", "telethon-v2", "json"])
def test_a_web_host_gives_way_to_an_address_that_telethon_can_speak_to(tmp_path: Path, target: str) -> None:
    web = script.recognise_text(STRINGS["gramjs_string/web_domain"]).load()
    script.save_session([web], str(tmp_path / "new.session"), target)
    with contextlib.closing(sqlite3.connect(tmp_path / "new.session")) as database:
        table, column = ("datacenter", "ipv4_addr") if target == "telethon-v2" else ("sessions", "server_address")
        [(address,)] = database.execute(f"select {column} from {table}")
    assert address.startswith("149.154.167.51")


def test_a_file_that_can_only_be_read_and_has_a_strange_name_is_read(tmp_path: Path) -> None:
    name = "50% off #1 é" if os.name == "nt" else "50% off? #1 é"  # Windows has no ? in names
    path = telethon_file(tmp_path / f"{name}.session")
    path.chmod(0o400)
    assert script.home_key(read(path)[1]) == KEY
    link = tmp_path / "link.session"
    link.symlink_to(path)
    assert script.home_key(read(link)[1]) == KEY
    assert script.home_key(read(tmp_path / name)[1]) == KEY


def test_a_file_is_read_although_its_folder_may_not_be_listed(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    path = telethon_file(folder / "a.session")
    folder.chmod(0o311)
    try:
        if os.access(folder, os.R_OK):
            pytest.skip("this user may list every folder")
        assert script.home_key(read(path)[1]) == KEY
    finally:
        folder.chmod(0o755)


@pytest.mark.skipif(os.name != "nt", reason="only Windows names other computers in its paths")
def test_a_file_on_a_network_drive_is_read(tmp_path: Path) -> None:
    path = telethon_file(tmp_path / "far.session")
    shared = Path(str(path).replace(path.drive, rf"\\localhost\{path.drive[0]}$", 1))
    if not shared.exists():
        pytest.skip("this computer does not share its drives")
    assert script.home_key(read(shared)[1]) == KEY


@pytest.mark.parametrize(
    ("name", "make", "reason"),
    [
        ("empty.session", lambda path: path.touch(), "empty"),
        ("gone.session", lambda path: None, "There is no file"),
        ("huge.session", lambda path: (path.touch(), os.truncate(path, 3 << 30)), "too large"),
        ("fresh.session", lambda path: sqlite3.connect(path).execute("create table t(x)"), "another program"),
        ("noise.session", lambda path: path.write_bytes(bytes(range(256))), "neither"),
        ("desktop.session", lambda path: path.write_bytes(b"TDF$" + bytes(40)), "Telegram Desktop folder"),
    ],
)
def test_what_is_no_session_file_is_named_and_stays_as_it_is(tmp_path: Path, name: str, make: Any, reason: str) -> None:
    make(tmp_path / name)
    size = (tmp_path / name).stat().st_size if (tmp_path / name).exists() else None
    assert reason in refusal(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ([name] if size is not None else [])
    assert size is None or (tmp_path / name).stat().st_size == size


def test_a_name_in_a_database_that_is_no_text_is_damage_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "bent.session"
    telethon = (CASES / "good/telethon_sqlite/schema7_self_id_row_1.42.0/account.session").read_bytes()
    path.write_bytes(telethon.replace(b"indexsqlite_autoindex_sent", b"indexsqlit\xe5_autoindex_sent"))
    assert "damaged database" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.session")
    assert "not an ordinary file" in refusal(tmp_path / "pipe.session")


def test_a_view_that_never_ends_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "trap.session"
    database = sqlite3.connect(path)
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select x, x, x from n"
    database.executescript(
        "create table version(version); create table sessions(dc_id, server_address, port, auth_key);"
        f"create view entities(id, hash, username) as {endless};"
        f"insert into sessions values (2, '149.154.167.51', 443, x'{KEY.hex()}');"
    )
    database.close()
    assert script.home_key(read(path)[1]) == KEY


@pytest.mark.parametrize("schema", [7, 8])
def test_a_telethon_file_is_written_in_the_schema_that_was_asked_for(tmp_path: Path, schema: int) -> None:
    path = tmp_path / "new.session"
    script.TelethonFile(str(path), schema).save(script.new_session(2, KEY, "149.154.167.51", 443, user_id=42))
    storage, session = read(path)
    assert dict(storage.facts)["schema"] == str(schema)
    assert (session.user.id, script.home_key(session)) == (42, KEY)


@pytest.mark.parametrize(
    "ddl",
    [
        "create table datacenter(id integer primary key, ipv4 text, ipv6 text, port integer, auth blob);"
        "create table session(user_id integer primary key, dc_id integer, bot integer, pts integer, qts integer, "
        "date integer, seq integer, takeout_id integer);"
        "insert into datacenter values (4, '149.154.167.91', null, 443, :key), (2, '149.154.167.51', null, 443, null);"
        "insert into session values (7000000004, 4, 0, 1, 2, 3, 4, null);",
        "create table datacenter(id integer primary key, ipv4_addr text, ipv6_addr text, auth blob);"
        "create table user(id integer primary key, dc integer, bot integer, username text);"
        "insert into datacenter values (4, '149.154.167.91:443', '2001:67c:4e8:f004::a:443', :key);"
        "insert into datacenter values (2, null, null, null);"
        "insert into user values (7000000004, 4, 0, 'somebody');",
    ],
    ids=["of 2022", "final"],
)
def test_every_form_of_telethon_v2_is_read(tmp_path: Path, ddl: str) -> None:
    path = tmp_path / "v2.session"
    database = sqlite3.connect(path)
    database.executescript(
        "create table version(version integer primary key);" + ddl.replace(":key", f"x'{KEY.hex()}'")
    )
    database.close()
    storage, session = read(path)
    assert storage.name == "telethon-v2"
    assert (session.user.id, session.user.dc, script.home_key(session)) == (7000000004, 4, KEY)
    assert script.home_address(session) == ("149.154.167.91", 443)


WILD_VALUES = (
    None, -1, 0, 2.0, 1.5, 77, 203, 1 << 40, -(1 << 63), "", "x", "a\0b", b"", b"\xff" * 256, "ab" * 256,
    "ü.telegram.org", "fe80::1%é", "[::1]:443", "127.0.0.1:70000", "2001:67c:4e8:f002::a:443",
)  # fmt: skip


@pytest.mark.parametrize("case", [case for case in cases("good") if "sqlite" in case.id])
def test_whatever_stands_in_a_column_is_read_or_refused(case: Path, tmp_path: Path) -> None:
    """Each value in the place of each of a session's own, in tables without the types that would forbid it."""
    path = tmp_path / "wild.session"
    with contextlib.closing(sqlite3.connect(shutil.copy(given_path(case), tmp_path / "copy"))) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        own = [table for table in tables if table in ("sessions", "datacenter", "user", "state")]
        rows = {table: database.execute(f'select * from "{table}"') for table in own}
        columns = {table: [one[0] for one in rows[table].description] for table in own}
        values = {table: rows[table].fetchmany(3) for table in own}
    places = [(table, at) for table in own for at in range(len(columns[table])) if values[table]]
    for number, (table, at) in enumerate(places):
        for wild in WILD_VALUES[number % 2 :: 2]:
            path.unlink(missing_ok=True)
            with contextlib.closing(sqlite3.connect(path)) as database:
                database.execute("create table version (version)")
                for name in own:
                    database.execute(f"create table {name} ({','.join(columns[name])})")
                    marks = ",".join("?" * len(columns[name]))
                    database.executemany(f"insert into {name} values ({marks})", values[name])
                database.execute(f"update {table} set {columns[table][at]} = ?", (wild,))
                database.commit()
            with contextlib.suppress(script.Problem):
                session = read(path)[1]
                script.facts_of(session)
                for kind in (script.TelethonString, script.PyrogramString, script.GramjsString, script.MtcuteString):
                    kind().save(session)
                script.account_data(session)
                list(script.TelethonV2File("").rows(session))


SQLITE_FILES = [
    path.read_bytes()
    for path in (
        CASES / "good/telethon_sqlite/schema7_self_id_row_1.42.0/account.session",
        CASES / "good/pyrogram_sqlite/pyro1_user/account.session",
        CASES / "good/telethon_v2_sqlite/early_schema10_2023_09/account.session",
    )
]


@settings(max_examples=60)
@given(st.sampled_from(range(len(SQLITE_FILES))), st.data())
def test_a_damaged_database_gives_a_session_or_a_problem(which: int, data: st.DataObject) -> None:
    file = SQLITE_FILES[which]
    if data.draw(st.booleans()):
        file = file[: data.draw(st.integers(0, len(file) - 1))]
    else:
        page = data.draw(st.sampled_from([at for at in range(0, len(file), 512) if any(file[at : at + 512])]))
        at, bit = page + data.draw(st.integers(0, 511)), data.draw(st.integers(0, 7))
        file = file[:at] + bytes([file[at] ^ 1 << bit]) + file[at + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "damaged.session")
        path.write_bytes(file)
        session = None
        with contextlib.suppress(script.Problem):
            session = read(path)[1]
        if session:
            goes_everywhere(session)
        assert path.read_bytes() == file
        assert os.listdir(folder) == [path.name]
