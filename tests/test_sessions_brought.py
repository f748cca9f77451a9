"""Sessions as other programs keep them, in the shapes that people bring: each is read, or called what it is."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telegram_session as script

from .helpers.sessions import KEY, OTHER_KEY, desktop, read, telethon_file

WEB = {"dc": 2, "dc2_auth_key": KEY.hex(), "user_auth": {"dcID": 2, "id": 7000000001}}
WEB_A = {"userId": "7000000001", "dcId": 4, "dc2_auth_key": OTHER_KEY.hex(), "dc4_auth_key": KEY.hex(), "isTest": False}
SESSION = script.new_session(2, KEY, "149.154.167.51", 443, user_id=7000000001)._replace(
    api=script.ApiIdentity(app_id=31337)
)


def only_key(text: str) -> tuple[script.StringStorage, script.Session]:
    storage = script.recognise_text(text)
    [session] = storage.load_all()
    assert script.home_key(session) == KEY
    return storage, session


# ── Telegram Web, and other JSON ──


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(WEB),
        json.dumps({name: json.dumps(value) for name, value in WEB.items()}),  # as localStorage has it
        "\n".join(f"{name}\t{json.dumps(value)}" for name, value in WEB.items()),
        "\n".join(f"{name}: {json.dumps(value)}," for name, value in WEB.items()),
        json.dumps({"dc2_auth_key": KEY.hex()}),
        json.dumps([{"name": "dc2_auth_key", "value": "x"}, {"dc2_auth_key": json.dumps(KEY.hex())}]),
    ],
)
def test_telegram_web_is_read_from_what_browsers_show(text):
    storage, session = only_key(text)
    assert session.user.dc == 2
    assert "Telegram Web" in storage.label
    assert "browser's own session" in storage.warnings[0]


def test_every_account_of_telegram_web_a_is_one():
    accounts = {"account1": json.dumps(WEB_A), "account2": json.dumps({"dcId": 2, "dc2_auth_key": OTHER_KEY.hex()})}
    storage = script.recognise_text(json.dumps(accounts))
    first, second = storage.load_all()
    assert (first.user.id, first.user.dc, second.user.dc) == (7000000001, 4, 2)
    assert [dc.id for dc in first.dcs] == [4, 2]


@pytest.mark.parametrize("dc, address", [(4, "149.154.167.91:443"), (2, "[2001:67c:4e8:f002::a]:443")])
def test_gotds_json_is_read(dc, address):
    data = {"DC": dc, "Addr": address, "AuthKey": script.as_base64(KEY), "Config": {"TestMode": False, "ThisDC": dc}}
    storage, session = only_key(json.dumps({"Version": 1, "Data": data}))
    assert "gotd" in storage.label
    assert script.home_address(session)[0] == script.split_address(address)[0]


def test_a_cut_off_key_is_told_with_whose_it_is():
    data = {"Version": 1, "Data": {"DC": 2, "AuthKey": script.as_base64(KEY[:200])}}
    with pytest.raises(script.Problem) as raised:
        script.recognise_text(json.dumps(data)).load()
    assert "200 bytes instead of 256" in raised.value.title
    assert "gotd" in raised.value.meaning


def test_the_old_json_of_telethon_and_pyrogram_is_read():
    old = {"server_address": "149.154.167.91", "port": 443, "auth_key_data": script.as_base64(KEY), "salt": 1}
    assert only_key(json.dumps(old))[1].user.dc == 4
    key = script.as_base64(KEY)
    older = {"dc_id": 5, "test_mode": False, "auth_key": [key[:43], key[43:]], "user_id": 7000000001}
    assert only_key(json.dumps(older))[1].user[:2] == (7000000001, 5)


# ── bare keys ──


@pytest.mark.parametrize("text", [KEY.hex(), KEY.hex().upper(), f"auth_key = {KEY!r}", f"bytearray({KEY!r})"])
def test_a_bare_key_is_read_once_its_data_centre_is_known(text):
    storage = script.recognise_text(text)
    assert isinstance(storage, script.BareKey)
    with pytest.raises(script.Problem) as raised:
        storage.load()
    assert raised.value.name == "DataCentreNotSaid"
    storage.dc = 4
    assert storage.load().user.dc == 4
    assert script.home_key(storage.load()) == KEY


def test_the_data_centre_of_a_bare_key_is_asked_for_or_given_along(run, tmp_path):
    (tmp_path / "key.txt").write_text(KEY.hex())
    person = run("check", "key.txt")
    person.answers("Data centre of this key", "9")
    person.answers("Data centre of this key", "4")
    person.sees("4 (Amsterdam)")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    person = run("convert", "key.txt", "new.session", "--dc", "5")
    person.exits(0)
    [session] = script.recognise_path(str(tmp_path / "new.session")).load_all()
    assert session.user.dc == 5
    assert script.home_key(session) == KEY


# ── strings ──


def test_a_string_that_lost_its_first_character_is_whole_again():
    for kind in (script.TelethonString, script.PyrogramString, script.MtcuteString):
        text = kind.encode(SESSION)
        storage = script.recognise_text(text[1:])
        assert storage.text.rstrip("=") == text.rstrip("=")
        assert "Put back" in storage.repaired[0]
        assert script.home_key(storage.load()) == KEY


@pytest.mark.parametrize(
    "text, whose, whole",
    [
        (script.encode_telethon_string(SESSION), "Telethon", 353),
        (script.PyrogramString.encode(SESSION), "Pyrogram", 362),
        ("AgA" + script.as_base64(KEY + bytes(9)).rstrip("="), "Pyrogram", 356),
        ("ATIAAv4AAQEAAQ" + script.as_base64(KEY).rstrip("="), "MTKruto", 354),
    ],
)
def test_a_string_that_is_cut_off_is_told_with_whose_it_was(text, whose, whole):
    with pytest.raises(script.Problem) as raised:
        script.recognise_text(text[:201]).load()
    assert f"cut off: 201 of {whole}" in raised.value.title
    assert whose in raised.value.meaning


def test_a_gramjs_string_without_an_address_is_no_telethon_string_with_an_ipv6_address():
    text = "1" + script.as_base64(bytes([2, 0, 14]) + bytes(range(128, 142)) + b"\1\xbb" + KEY)
    with pytest.raises(script.Problem) as raised:
        script.recognise_text(text).load()
    assert "where a server's address should be there is none" in raised.value.title


# ── databases ──


def database(path: Path, *statements: tuple) -> Path:
    connection = sqlite3.connect(path)
    for statement, *values in statements:
        connection.execute(statement, *values)
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize("table", ["sessions", "telethon_sessions"])
def test_the_sessions_of_several_people_are_never_mixed(tmp_path, table):
    path = database(
        tmp_path / "all.db",
        (f"create table {table} (session_id text, dc_id integer, server_address text, port integer, auth_key blob)",),
        (f"insert into {table} values ('alice', 2, '149.154.167.51', 443, ?)", (KEY,)),
        (f"insert into {table} values ('nobody', 2, '149.154.167.51', 443, null)",),
        (f"insert into {table} values ('bob', 4, null, null, ?)", (OTHER_KEY,)),
    )
    storage = script.recognise_path(str(path))
    assert [script.home_key(session) for session in storage.load_all()] == [KEY, OTHER_KEY]
    found = script.findings_at(str(path), "all.db")
    assert [finding.place for finding in found] == ["all.db, session_id “alice”", "all.db, session_id “bob”"]


def test_a_second_key_in_a_telethon_file_is_said(tmp_path):
    path = str(tmp_path / "two.session")
    script.save_session([SESSION], path, "telethon")
    database(Path(path), ("insert into sessions values (4, '149.154.167.91', null, ?, null)", (OTHER_KEY,)))
    storage = script.recognise_path(path)
    assert script.home_key(storage.load()) == KEY
    assert "Another row of it has a key, too (data centre 4)" in " ".join(storage.warnings)


def test_a_port_that_is_missing_is_the_usual_one_and_an_impossible_address_is_damage(tmp_path):
    path = str(tmp_path / "a.session")
    script.save_session([SESSION], path, "telethon")
    database(Path(path), ("update sessions set port = null",))
    assert script.home_address(script.recognise_path(path).load()) == ("149.154.167.51", 443)
    for host in ("0.0.0.0", "255.255.255.255", "224.0.0.1", "::"):
        database(Path(path), ("update sessions set server_address = ?", (host,)))
        with pytest.raises(script.Problem, match="cannot be the address of a server"):
            script.recognise_path(path).load()


def test_contacts_sent_files_and_takeout_come_along_from_telethon_to_telethon_and_only_there(tmp_path):
    source, target = str(tmp_path / "a.session"), str(tmp_path / "b.session")
    script.save_session([SESSION], source, "telethon", schema=8)
    contacts = [(number, number * 7, f"user{number}", None, "Name", 5) for number in range(1, 501)]
    connection = sqlite3.connect(source)
    connection.executemany("insert into entities values (?,?,?,?,?,?)", contacts)
    connection.execute("insert into sent_files values (?,?,?,?,?)", (b"md5", 10, 1, 2, 3))
    connection.execute("update sessions set takeout_id = 777")
    connection.commit()
    connection.close()
    session = script.recognise_path(source).load()
    assert script.losses(session, script.TelethonFile) == ["the API id"] or not script.losses(
        session, script.TelethonFile
    )
    assert any("contacts" in loss for loss in script.losses(session, script.PyrogramString))
    script.save_session([session], target, "telethon", schema=7)
    connection = sqlite3.connect(target)
    assert connection.execute("select * from entities where id != 0 order by id").fetchall() == contacts
    assert connection.execute("select * from sent_files").fetchall() == [(b"md5", 10, 1, 2, 3)]
    assert connection.execute("select takeout_id, auth_key from sessions").fetchall() == [(777, KEY)]
    connection.close()


def test_the_file_that_pyrogram_opens_is_read_back(tmp_path):
    path = str(tmp_path / "acc.session")
    session = SESSION._replace(user=SESSION.user._replace(bot=True))
    script.save_session([session], path, "pyrogram-file")
    read = script.recognise_path(path).load()
    assert script.home_key(read) == KEY
    assert (read.user.id, read.user.bot, read.api.app_id) == (7000000001, True, 31337)


def test_the_user_of_another_json_file_is_not_shown_as_the_sessions_own(tmp_path):
    script.save_session([SESSION], str(tmp_path / "a.session"), "telethon")
    (tmp_path / "a.json").write_text(json.dumps({"id": 5, "username": "somebody_else", "app_id": 1}))
    storage = script.recognise_path(str(tmp_path / "a.session"))
    assert storage.load().user[:4] == (7000000001, 2, None, None)
    assert "do not match" in " ".join(storage.warnings)


# ── what is only recognised ──


@pytest.mark.parametrize(
    "data, name, said",
    [
        (b"Rar!\x1a\7" + bytes(99), "a.rar", "archive"),
        (b"\x89PNG\r\n" + bytes(99), "a.png", "picture"),
        (bytes(16) + bytes.fromhex("edda0ced") + bytes(99), "data", "bbolt"),
        (bytes.fromhex("d9d505f920a163d7") + bytes(99), "a.session-journal", "journal"),
        (b"<?php __HALT_COMPILER();" + bytes(99), "safe.php", "PHP"),
        (bytes(range(1, 200)) * 6, "x.session", "1,194 bytes, which begin with 01 02 03"),
        (b"", "x.txt", "empty"),
        (b"hello", "x.session", "text file"),
    ],
)
def test_what_cannot_be_read_is_called_what_it_is(tmp_path, data, name, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(script.Problem) as raised:
        script.recognise_path(str(tmp_path / name)).load()
    assert said in f"{raised.value.title} {raised.value.meaning}"
    assert raised.value.steps


OWNERS = "tdl|TDLib|Madeline|Android|macOS|gotd|Telegram Web|grammers|mtcute|wzgram|GramJS|Telegram Desktop|bbolt"


@given(st.binary(max_size=600))
def test_no_owner_is_named_without_its_marks(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("made up") / "x.session"
    path.write_bytes(data)
    try:
        script.recognise_path(str(path)).load()
    except script.Problem as problem:
        begins = data[:1] in (b"\x2c", b"\xce", b"1", b"T", b"<") or data[16:20] == bytes.fromhex("edda0ced")
        assert begins or not script.re.search(OWNERS, problem.title + problem.meaning)


@pytest.mark.parametrize(
    "names", [["account-1", "account-2"], ["0123456789ABCDEF"], ["postbox"], ["a.session-old", "notes.txt"]]
)
def test_a_folder_has_no_owner_because_of_a_name_that_anybody_can_give(tmp_path, names):
    for name in names:
        (tmp_path / name).mkdir()
    with pytest.raises(script.Problem) as raised:
        script.recognise_path(str(tmp_path))
    assert raised.value.name == "NoSession"


def test_a_database_and_a_php_file_have_no_owner_without_its_marks(tmp_path):
    path = database(tmp_path / "c.db", ("create table cookies (a)",))
    with pytest.raises(script.Problem, match="no Telegram library that this script knows"):
        script.recognise_path(str(path))
    (tmp_path / "a.php").write_text("<?php echo 1; ?>")
    with pytest.raises(script.Problem) as raised:
        script.recognise_path(str(tmp_path / "a.php"))
    assert "Madeline" not in raised.value.title


# ── what was said and was not so ──


def said_of(path: Path) -> str:
    """The title and the meaning of the one problem that a path has."""
    [finding] = script.findings_at(str(path), path.name)
    assert isinstance(finding.session, script.Problem), finding
    return f"{finding.session.title} {finding.session.meaning}"


def test_a_database_that_has_lost_its_end_is_damaged_and_gives_no_key(tmp_path):
    path = telethon_file(tmp_path / "a.session")
    whole = path.read_bytes()
    path.write_bytes(whole[:-60])
    assert f"{len(whole) - 60:,} of its {len(whole):,} bytes are there" in said_of(path)


def logged(path: Path) -> Path:
    """A Telethon file whose key is in its write-ahead log alone; the log lies beside it."""
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode = wal")
    connection.executescript(script.TelethonFile.DDL)
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.execute("insert into sessions values (2, '149.154.167.51', 443, ?, null)", (KEY,))
    connection.commit()
    copies = {path.with_name(name): path.with_name(name).read_bytes() for name in (path.name, f"{path.name}-wal")}
    connection.close()
    for copy, data in copies.items():
        copy.write_bytes(data)
    return path


def test_the_log_of_a_database_is_taken_out_of_a_zip_with_it(tmp_path):
    path = logged(tmp_path / "a.session")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, path.name)
        archive.write(f"{path}-wal", f"{path.name}-wal")
    [finding] = script.findings_at(str(tmp_path / "all.zip"), "all.zip")
    assert script.home_key(finding.session) == KEY


def test_where_the_log_was_not_copied_along_nobody_is_said_to_have_never_signed_in(tmp_path):
    path = logged(tmp_path / "a.session")
    path.with_name("a.session-wal").unlink()
    said = said_of(path)
    assert "never" not in said
    assert "“-wal”" in said


def test_a_database_that_takes_too_long_is_not_called_damaged(tmp_path):
    path = telethon_file(tmp_path / "a.session")
    slow = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
    with pytest.raises(script.Problem) as raised:
        script.with_database(str(path), lambda database: database.connection.execute(slow).fetchone(), 0.05)
    assert "was not read to its end" in raised.value.title


def with_text(path: Path, value: str) -> Path:
    """A Telethon file with a text where its key belongs."""
    connection = sqlite3.connect(telethon_file(path))
    connection.execute("update sessions set auth_key = ?", (value,))
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize("value", [KEY.hex(), "0x" + KEY.hex(), script.as_base64(KEY)])
def test_a_key_that_is_stored_as_text_is_read(tmp_path, value):
    _, session = read(with_text(tmp_path / "a.session", value))
    assert script.home_key(session) == KEY


def test_a_text_where_the_key_belongs_is_not_called_never_signed_in(tmp_path):
    assert "a text of 6 characters" in said_of(with_text(tmp_path / "a.session", "secret"))


@pytest.mark.parametrize("value", ["null", "'text'", "7000000000"])
def test_an_mtcute_file_with_something_else_in_it_is_a_problem(tmp_path, value):
    path = tmp_path / "a.session"
    connection = sqlite3.connect(path)
    connection.executescript(
        "create table auth_keys (dc, key); create table key_value (key, value);"
        f"insert into key_value values ('dc_main', {value})"
    )
    connection.close()
    assert "No data centre stands in this mtcute session" in said_of(path)


KEY_WITH_ITS_CENTRE = [
    {"dc_id": 4, "auth_key": KEY.hex()},
    {"dcId": 4, "authKey": script.as_base64(KEY)},
    {"dc": 4, "auth_key": list(KEY)},
    {"dcId": 4, "authKey": {"type": "Buffer", "data": list(KEY)}},
]


@pytest.mark.parametrize("names", KEY_WITH_ITS_CENTRE)
def test_a_key_with_its_data_centre_beside_it_is_a_session(names):
    storage, session = only_key(json.dumps(names))
    assert (session.user.dc, storage.label) == (4, "a session of a program that is not known, as JSON")


def test_lines_with_a_key_and_its_data_centre_are_a_session():
    assert only_key(f"dc_id = 4\nauth_key = {KEY.hex()}\n")[1].user.dc == 4


def test_telegram_web_k_is_not_called_web_a_and_loses_no_key():
    account = {"dcId": 2, "userId": 7000000001, "auth_key_fingerprint": "x", "dc2_auth_key": KEY.hex()}
    both = {"old": {"dcId": 2, "dc2_auth_key": KEY.hex()}, "account1": {**account, "dc4_auth_key": OTHER_KEY.hex()}}
    assert "Telegram Web K" in only_key(json.dumps(account))[0].label
    assert [dc.id for dc in only_key(json.dumps(both))[1].dcs] == [2, 4]


def test_one_account_that_is_damaged_does_not_hide_the_other():
    accounts = {"account1": json.dumps(WEB_A), "account2": json.dumps({"dcId": 2, "dc2_auth_key": KEY.hex()[:300]})}
    storage, _ = only_key(json.dumps(accounts))
    assert "Another account in it cannot be read" in storage.warnings[-1]


def test_every_session_in_a_folder_of_gramjs_is_one(tmp_path):
    for prefix, key in (("alice", KEY), ("bob", OTHER_KEY)):
        values = {"authKey": {"data": list(key)}, "dcId": 2, "port": 443, "serverAddress": "149.154.167.51"}
        for name, value in values.items():
            (tmp_path / f"{prefix}%3A{name}").write_text(json.dumps(value))
    found = script.findings_at(str(tmp_path), "")
    assert [script.home_key(finding.session) for finding in found] == [KEY, OTHER_KEY]


def test_a_tdata_folder_in_small_letters_is_read(tmp_path):
    folder = desktop(tmp_path / "tdata", 7000000001)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rename(path.with_name(path.name.lower()))
    [finding] = script.findings_at(str(folder), "")
    assert finding.session.user.id == 7000000001


STRING = script.encode_telethon_string(SESSION)


@pytest.mark.parametrize(
    "text",
    [
        STRING.replace("_", r"\_").replace("-", r"\-"),
        "const s = " + " + \n".join(f"'{STRING[at : at + 60]}'" for at in range(0, 353, 60)),
        "SESSION = (\n" + "\n".join(f'    b"{STRING[at : at + 76]}"' for at in range(0, 353, 76)) + "\n)",
        "\\\n".join(["S=" + STRING[:78], STRING[78:200], STRING[200:]]),
    ],
)
def test_a_string_as_markdown_and_programs_write_it_is_read(text, tmp_path):
    path = tmp_path / "bot.txt"
    path.write_text(text)
    [finding] = script.findings_at(str(path), "bot.txt")
    assert script.home_key(finding.session) == KEY


NOT_SAID = {
    "1" + "5c" * 31 + "f": "Telethon|cut off",  # a private key, a check sum
    "AQEC" + "wZQ4" * 50: "is cut off",
    "这是一个关于会话的很长的说明" * 30: "looks Latin",
    "telegram_session_exporter... done": "shortened",
    '<svg xmlns="http://www.w3.org/2000/svg" width="10"></svg>': "HTML",
    "<?php $a = 1; // a program, and a longer line ?>": "HTML",
    "MZ=1\nAPP=telegram\n": "program, not a session",
    STRING[:200] + STRING[276:]: "at its end",
}


@pytest.mark.parametrize("text", NOT_SAID)
def test_what_was_not_seen_is_not_said(text, tmp_path):
    path = tmp_path / "thing.txt"
    path.write_text(text, encoding="utf-8")
    assert not re.search(NOT_SAID[text], said_of(path))


def test_a_text_of_many_lines_is_looked_at_in_no_time():
    with pytest.raises(script.Problem):
        script.recognise_text("auth_key\n" + ("-" * 77 + "\n") * 3000)


def test_one_folder_in_another_is_looked_into_however_deep(tmp_path):
    deep = tmp_path / "a/b/c/d/e/f"
    deep.mkdir(parents=True)
    telethon_file(deep / "a.session")
    [finding] = script.findings_at(str(tmp_path), "")
    assert script.home_key(finding.session) == KEY


def test_a_json_file_of_something_else_is_not_half_of_a_session(tmp_path):
    path = tmp_path / "package.json"
    path.write_text('{"name": "bot", "version": "1.0.0"}')
    assert "package.json is JSON, and no session was found in it." in said_of(path)
    path.write_text('{"app_id": 31337, "phone": "15550100123"}')
    assert "package.session is missing" in said_of(path)


def test_a_string_in_a_secret_of_kubernetes_is_read():
    storage, _ = only_key(script.as_base64(STRING.encode()))
    assert "base64 once more" in storage.repaired[-1]


def test_what_looks_damaged_is_not_called_intact(tmp_path, here):
    (tmp_path / "a.txt").write_text(script.encode_telethon_string(script.new_session(2, KEY, "149.1.2.3", 443)))
    said = here("check", str(tmp_path / "a.txt"))[1]
    assert "it is damaged, or another server was used" in said
    assert "intact" not in said
