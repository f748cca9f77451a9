"""Sessions as other programs keep them, in the shapes that people bring: each is read, or called what it is."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telegram_session as script

from .helpers.sessions import KEY, OTHER_KEY

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
