"""Session formats: files and strings of the real libraries are read right, broken ones refused, nothing is changed."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import stat
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telegram_session as script

CASES = Path(__file__).parent / "fixtures" / "sessions"
KEY = bytes((number * 7 + 1) % 256 for number in range(256))
OTHER_KEY = bytes((number * 11 + 5) % 256 for number in range(256))


def cases(*kinds: str) -> list[Any]:
    found = [path.parent for kind in kinds for path in sorted((CASES / kind).glob("**/expected.json"))]
    return [pytest.param(path, id=path.relative_to(CASES).as_posix()) for path in found]


def given_path(case: Path) -> Path:
    """What a person would name: the string's file, the folder, the .session file."""
    names = sorted(path for path in case.iterdir() if path.name != "expected.json")
    folders = [path for path in names if path.is_dir()]
    first = [path for path in names if path.suffix in (".session", ".txt")]
    return (folders or first or names)[0]


def needs_argon2(path: Path) -> bool:
    key_files = [] if path.is_file() else sorted(path.glob("key_*s"))
    return any(b"KD2\0\0\0\0\2" in file.read_bytes() for file in key_files if file.is_file())


def read(path: Path, passcode: str = "") -> tuple[script.Storage, script.Session]:
    storage = script.recognise_path(str(path))
    if isinstance(storage, script.Tdata) and not storage.unlock() and passcode and not storage.unlock(passcode):
        raise script.Problem("Wrong passcode.")
    return storage, storage.load()


def refusal(path: Path, passcode: str = "") -> str:
    with pytest.raises(script.Problem) as raised:
        read(path, passcode)
    assert raised.value.steps or raised.value.meaning or raised.value.title
    return f"{raised.value.title} {raised.value.meaning}"


@pytest.fixture(autouse=True)
def copies_are_taken_away(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = tmp_path_factory.mktemp("copies")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def rich() -> script.Session:
    """A session with something in every place that any format has."""
    return script.Session(
        (
            script.DataCenter(4, "149.154.167.91:443", None, KEY),
            script.DataCenter(2, "149.154.167.51:443", "2001:67c:4e8:f002::a:443", OTHER_KEY),
        ),
        script.User(7000000001, 4, True, "some_bot"),
        script.UpdateState(120, 3, 1700000000, 9, (script.ChannelState(1500000001, 55),)),
        script.ApiIdentity(
            31337, "0123456789abcdef0123456789abcdef", "Toaster", "Linux", "1.0", "en-GB", "tdesktop", "en",
            {"twoFA": "secret words", "proxy": [2, "127.0.0.1", 1080, True, "u", "p"], "invented_key": {"deep": [1]}},
        ),
        False,
    )  # fmt: skip


# ── the files of the real libraries ──


@pytest.mark.parametrize("case", cases("good", "odd"))
def test_a_real_session_is_read_right_quickly_and_left_as_it_was(case: Path, count: Callable[[str, int], None]) -> None:
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    path = given_path(case)
    if path.suffix == ".zip":
        assert "archive" in refusal(path)
        return
    if expected.get("passcode") and needs_argon2(path):
        pytest.importorskip("argon2", reason="argon2-cffi is not installed: it opens folders of Telegram Desktop 7.3")
    before = snapshot(case)
    started = time.process_time()
    storage, session = read(path, expected.get("passcode", ""))
    if "passcode" not in expected:
        assert time.process_time() - started < 2
    assert snapshot(case) == before
    facts = script.facts_for_programs(session)
    named = {"user_id", "api_id", "bot", "test_servers", "dc", "key_fingerprint"}
    assert {name: facts[name] or None for name in named} == {name: expected.get(name) for name in named}
    if "address" in expected:
        assert script.home_address(session) == (expected["address"], expected["port"])
    if "schema" in expected:
        assert dict(storage.facts)["schema"].startswith(expected["schema"])
    if "keys" in expected:
        assert {str(dc.id): script.fingerprint(dc.auth or b"") for dc in session.dcs} == expected["keys"]
    if "accounts" in expected:
        assert isinstance(storage, script.Tdata)
        accounts = [storage.load(number) for number in range(1, len(expected["accounts"]) + 1)]
        assert [[one.user.id, one.user.dc, script.fingerprint(script.home_key(one))] for one in accounts] == expected[
            "accounts"
        ]
        assert len(storage.load_all()) == len(accounts)
    count("sessions of other programs read right", 1)


WHAT_IS_ODD = {
    "pair/json_points_elsewhere": "names another file",
    "sqlite/auth_key_hex_text": "hex text",
    "sqlite/second_row_empty_first": "another row has one",
    "sqlite/version_9_future": "newer Telethon",
    "string/backticks": "quotes",
    "string/dc_ip_mismatch": "belongs to data centre 2, but the session says 4",
    "string/leading_bom": "byte order mark",
    "string/python_call": "out of the text around it",
    "string/single_quotes_comma": "quotes",
    "string/space_in_middle": "Joined the pieces",
    "string/utf16_file": "UTF-16",
    "string/wrapped_76": "Joined the pieces",
    "tdata/key_only_custom_name_not_given": "the only key file",
    "tdata/two_key_files": "other key files",
}


@pytest.mark.parametrize("case", sorted(WHAT_IS_ODD))
def test_what_is_odd_or_was_repaired_is_said(case: str) -> None:
    storage, session = read(given_path(CASES / "odd" / case))
    assert WHAT_IS_ODD[case] in " ".join([*storage.repaired, *storage.warnings, *script.doubts(session)])


WHY_REFUSED = {
    "pair/json_app_id_negative": "it is -5",
    "pair/json_without_session": "acc.session is missing, and the JSON file alone holds no key",
    "sqlite/auth_key_all_zero": "all zeros",
    "sqlite/dc_77": "Data centre 77 does not exist",
    "sqlite/grammers_sqlite": "grammers",
    "sqlite/html_saved": "web page",
    "sqlite/no_session_row": "never signed in",
    "sqlite/sqlite_other_app_places": "another program (tables moz_bookmarks, moz_places)",
    "sqlite/sqlite_sessions_of_other_shape": "not with the columns of Telethon or Pyrogram",
    "sqlite/text_file": "text file",
    "string/all_zero_key": "all zeros",
    "string/api_hash_only": "API hash",
    "string/bot_token": "bot token",
    "string/dc_zero": "Data centre 0 does not exist",
    "string/ellipsis_inside": "shortened",
    "string/gramjs_length_field_too_big": "GramJS string is damaged: its address length (300)",
    "string/jwt": "JSON web token",
    "string/port_zero": "Port 0 is not valid",
    "string/truncated_200": "cut off: 200 of 353 characters, so 153",
    "tdata/account_blob_bit_flip_md5_fixed": "Account 1: D877F783D5D3EF8Cs cannot be decrypted (its SHA-1",
    "tdata/account_file_bit_flip": "Account 1: D877F783D5D3EF8Cs is damaged: its MD5",
    "tdata/account_file_cut_off": "Account 1: D877F783D5D3EF8Cs is cut off",
    "tdata/account_file_of_other_tdata": "files of two folders are mixed",
    "tdata/argon2_time_4e9_dos": "unreasonable and were refused (Argon2id, memory 65536, 4294967295 passes",
    "tdata/key_file_empty": "key_datas is empty",
    "tdata/key_file_version_flip": "key_datas is damaged: its MD5",
    "tdata/macos_appstore_client": "macOS (App Store)",
    "tdata/no_key_for_main_dc": "main data centre (DC 4): keys for DC 2 only",
    "tdata/passcode_needed_73": "locked with a local passcode",
    "tdata/trailer_unknown_kdf": "unknown passcode method (9)",
    "tdata/wrong_passcode_73": "Wrong passcode",
}
READ_WITH_A_WARNING = {
    "pair/json_app_hash_short": "app_hash must be 32 hex digits",
    "pair/json_latin1": "not UTF-8 (byte 0xe9)",
    "sqlite/address_garbage": "“not-an-ip” is not valid",
    "string/pyrogram_api_id_zero_user_zero": "no user id and no API id",
}


@pytest.mark.parametrize("case", cases("bad"))
def test_a_broken_session_is_refused_with_the_reason_in_little_time_and_memory(
    case: Path, count: Callable[[str, int], None]
) -> None:
    name = case.relative_to(CASES / "bad").as_posix()
    passcode = json.loads((case / "expected.json").read_text("utf-8")).get("passcode", "")
    path = given_path(case)
    if name == "tdata/wrong_passcode_73":
        pytest.importorskip("argon2", reason="argon2-cffi is not installed: it opens folders of Telegram Desktop 7.3")
    before = snapshot(case)
    started = time.process_time()
    tracemalloc.start()
    try:
        if name in READ_WITH_A_WARNING:
            assert READ_WITH_A_WARNING[name] in " ".join(read(path)[0].warnings)
        else:
            assert WHY_REFUSED[name] in refusal(path, passcode)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert name == "tdata/wrong_passcode_73" or time.process_time() - started < 2
    assert snapshot(case) == before
    count("broken sessions refused", 1)


# ── strings ──

TELETHON = (CASES / "good/telethon_string/v4_dc1/session.txt").read_text().strip()
STRINGS = {
    path.parent.parent.name + "/" + path.parent.name: path.read_text().strip()
    for path in sorted((CASES / "good").glob("*_string/*/session.txt"))
}
LAYOUTS = [text for name, text in STRINGS.items() if not name.startswith("mtkruto")]


@pytest.mark.parametrize(
    ("given_text", "said"),
    [
        (f"SESSION={TELETHON}", "SESSION="),
        (f"export TELEGRAM_SESSION_STRING='{TELETHON}'\n", "TELEGRAM_SESSION_STRING="),
        (f'  "session": "{TELETHON}",', "out of the text"),
        (f"TELEGRAM_API_ID=31337\nTELEGRAM_SESSION_STRING={TELETHON}\nDEBUG=1\n", "out of the text"),
        (TELETHON.rstrip("="), "“=”"),
        (TELETHON.replace("=", "%3D"), "%3D"),
        (TELETHON.replace("-", "+").replace("_", "/"), "alphabet"),
        (TELETHON[:100] + "\u200b" + TELETHON[100:], "invisible"),
        (TELETHON[:76] + "\r\n" + TELETHON[76:], "Joined"),
        (TELETHON[1:], "“1”"),
        (f"> {TELETHON}", "quotes"),
        (f"> {TELETHON[:76]}\n> {TELETHON[76:]}", "Joined"),
        (f'(\n    "{TELETHON[:76]}"\n    "{TELETHON[76:]}"\n)', "Joined"),
    ],
)
def test_what_happens_to_a_string_on_its_way_is_put_right_and_said(given_text: str, said: str) -> None:
    storage = script.recognise_text(given_text)
    assert storage.text == TELETHON
    assert said in " ".join(storage.repaired)


@pytest.mark.parametrize("name", ["pyrogram_string/kuri_user_dc1", "mtcute_string/dc1_user_media"])
def test_the_other_alphabet_of_base64_is_put_right_and_said_for_every_library(name: str) -> None:
    text = STRINGS[name]
    storage = script.recognise_text(text.replace("-", "+").replace("_", "/"))
    assert (storage.text, storage.repaired) == (text, ["Changed it to the base64 alphabet its format has."])
    assert script.recognise_text(text).repaired == []


def test_what_a_link_makes_of_a_gramjs_string_is_put_right_and_said() -> None:
    text = STRINGS["gramjs_string/ipv4_dc1"]
    storage = script.recognise_text(text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3d"))
    assert storage.text == text
    assert "as links have them" in " ".join(storage.repaired)


@pytest.mark.parametrize(
    ("given_text", "reason"),
    [
        ("", "nothing in it"),
        ("“\u00a0”", "nothing in it"),
        ('"\f"\n', "nothing in it"),
        (TELETHON[:-1] + "A" * 8, "too long"),
        (TELETHON + "\n" + STRINGS["telethon_string/v6_dc3"], "2 different strings"),
        (TELETHON[:40] + "А" + TELETHON[41:], "Character 41 of the string is “А” (U+0410)"),
        (TELETHON[:60] + "..." + TELETHON[-60:], "shortened"),
        (STRINGS["telethon_string/v6_dc3"][:300], "300 of 369"),
        (STRINGS["telethon_string/v6_dc3"][:366], "366 of 369"),
        (STRINGS["gramjs_string/ipv4_dc1"][:300], "like a GramJS string"),
        (STRINGS["pyrogram_string/kuri_user_dc1"][:351], "351 of 362"),
        (STRINGS["mtcute_string/dc1_user_media"][:-11], "423 of 434 characters, so 11 are missing"),
        (STRINGS["mtcute_string/dc1_user_media"][:-342], "92 of 434"),
        (STRINGS["mtcute_string/dc1_user_media"] + "AAAA", "438 characters instead of 434"),
        ("+49 151 23456789", "number"),
        ("./my_account.session", "no file of that name"),
        ("https://t.me/addlist/abc", "link"),
        (KEY.hex(), "bare key"),
        ("hello", "not a session string of any library"),
    ],
)
def test_what_is_no_string_is_named(given_text: str, reason: str) -> None:
    with pytest.raises(script.Problem) as raised:
        script.recognise_text(given_text)
    assert reason in f"{raised.value.title} {raised.value.meaning}"


@pytest.mark.parametrize(
    "content",
    [TELETHON, f'"{TELETHON}"\n', f'["{TELETHON}"]', f"\ufeff{TELETHON}"],
    ids=["alone", "in quotes", "in a list", "after a byte order mark"],
)
def test_a_string_is_a_string_although_its_file_is_named_json(tmp_path: Path, content: str) -> None:
    (tmp_path / "session.json").write_text(content, "utf-8")
    storage, session = read(tmp_path / "session.json")
    assert storage.name == "string"
    assert script.encode_telethon_string(session) == TELETHON


def test_a_gramjs_folder_that_claims_a_key_without_end_is_refused_at_once(tmp_path: Path) -> None:
    for name, value in (("authKey", {"data": 10**13}), ("dcId", 2), ("port", 443), ("serverAddress", "149.154.167.51")):
        (tmp_path / f"session%3A{name}").write_text(json.dumps(value))
    assert "its values make no sense" in refusal(tmp_path)


def test_a_gramjs_string_that_telethon_would_misread_is_recognised() -> None:
    text = STRINGS["gramjs_string/ip14_same_length_as_telethon_v6"]
    assert len(text) == len(STRINGS["telethon_string/v6_dc3"])
    storage = script.recognise_text(text)
    assert isinstance(storage, script.GramjsString)
    assert script.home_address(storage.load()) == ("149.154.167.50", 443)


WRITTEN = [
    name for name in STRINGS if not name.startswith("mtkruto") and "media" not in name
]  # no media server is kept


@pytest.mark.parametrize("name", WRITTEN)
def test_a_string_is_written_exactly_as_its_library_writes_it(name: str) -> None:
    storage = script.recognise_text(STRINGS[name])
    written = type(storage).encode(storage.load())
    assert written == STRINGS[name]


@given(st.sampled_from(LAYOUTS), st.data())
def test_a_truncated_string_is_never_taken_for_a_whole_one(text: str, data: st.DataObject) -> None:
    cut = text[: data.draw(st.integers(0, len(text.rstrip("=")) - 1))]
    with pytest.raises(script.Problem):
        script.recognise_text(cut)


@given(st.sampled_from(sorted(STRINGS.values())), st.data())
def test_a_damaged_string_gives_a_session_or_a_problem(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=32, max_codepoint=0x2100))
    session_or_problem(text[:at] + other + text[at + 1 :])


@given(st.one_of(st.text(max_size=600), st.text("1AbC_-+/=09 \n'", min_size=300, max_size=420)))
def test_any_text_gives_a_session_or_a_problem(text: str) -> None:
    session_or_problem(text)


def session_or_problem(text: str) -> None:
    try:
        session = script.recognise_text(text).load()
    except script.Problem:
        return
    assert len(script.home_key(session)) == 256
    script.decode_telethon_string(script.encode_telethon_string(session))
    for kind in (script.PyrogramString, script.GramjsString, script.MtcuteString):
        kind().save(session)


def goes_everywhere(session: script.Session) -> None:
    """Every format takes it; what is in it that no format could take is not read in the first place."""
    with tempfile.TemporaryDirectory() as folder:
        for target in script.TARGETS:
            script.save_session([session], str(Path(folder, target)), target)
            assert script.home_key(read(Path(folder, target))[1]) == script.home_key(session)


def test_a_quarter_megabyte_of_letters_is_refused_at_once() -> None:
    for letter in ("A", "1", "=", " ", "A ", "\u200b", "x=", "A" * 341 + " "):
        started = time.process_time()
        with pytest.raises(script.Problem):
            script.recognise_text(letter * ((1 << 18) // len(letter)))
        assert time.process_time() - started < 2


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("user_id", [1 << 63, (1 << 64) - 1])
def test_a_user_id_that_no_format_could_take_is_damage(user_id: int) -> None:
    with pytest.raises(script.Problem, match=f"The user id {user_id} is not possible"):
        script.recognise_text(packed(struct.pack(">BIB256sQB", 2, 2040, 0, KEY, user_id, 0)))


def test_an_api_id_that_telegram_could_not_take_is_left_out() -> None:
    text = packed(struct.pack(">BIB256sQB", 2, 1 << 31, 0, KEY, 42, 0))
    assert script.recognise_text(text).load().api is None


def test_an_address_on_one_interface_is_no_address() -> None:
    place = bytes((2, 2, 1)) + script.MtcuteString.tl("fe80::1%é".encode("latin-1")) + struct.pack("<i", 443)
    body = struct.pack("<Bi", 3, 0) + script.MtcuteString.tl(place) + script.MtcuteString.tl(KEY)
    with pytest.raises(script.Problem, match="its address is no address"):
        script.recognise_text(packed(body))


def test_utf_16_is_read_without_its_mark_too(tmp_path: Path) -> None:
    (tmp_path / "session.txt").write_bytes(TELETHON.encode("utf-16-le"))
    storage, session = read(tmp_path / "session.txt")
    assert script.encode_telethon_string(session) == TELETHON
    assert "UTF-16" in " ".join(storage.repaired)


# ── SQLite files ──


def telethon_file(path: Path, key: bytes = KEY) -> Path:
    script.TelethonFile(str(path)).save(script.new_session(2, key, "149.154.167.51", 443))
    return path


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
                script.facts_for_people(session)
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


# ── pairs ──


def pair(folder: Path, companion: Any, name: str = "acc") -> Path:
    text = companion if isinstance(companion, str) else json.dumps(companion)
    (folder / f"{name}.json").write_text(text, "utf-8")
    return telethon_file(folder / f"{name}.session")


@pytest.mark.parametrize("name", ["acc", "acc.session", "acc.json"])
def test_a_pair_is_found_by_either_of_its_names(tmp_path: Path, name: str) -> None:
    pair(tmp_path, {"app_id": 2040, "app_hash": "a" * 32, "id": 42})
    storage, session = read(tmp_path / name)
    assert storage.name == "json"
    assert (session.user.id, session.api and session.api.app_id, script.home_key(session)) == (42, 2040, KEY)


@pytest.mark.parametrize(
    ("companion", "wanted"),
    [
        ({"app_id": "2040", "app_hash": "a" * 32}, (2040, 0)),
        ({"app_id": 2040.0, "id": "42", "app_hash": "a" * 32}, (2040, 42)),
        ({"api_id": 2040, "api_hash": "a" * 32, "user_id": 42}, (2040, 42)),
        ({"app_id": 2040, "id": 0}, (2040, 0)),
        ({"app_id": None, "phone": "null"}, (0, 0)),
        ({"app_id": 2040, "id": "not a number"}, (2040, 0)),
        ({"app_id": 2040, "id": [1]}, (2040, 0)),
    ],
)
def test_the_companion_is_read_as_other_tools_write_it(tmp_path: Path, companion: Any, wanted: Any) -> None:
    _, session = read(pair(tmp_path, companion))
    assert ((session.api or script.ApiIdentity()).app_id, session.user.id) == wanted


@pytest.mark.parametrize(
    ("companion", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"app_id": ' + "9" * 100_000 + "}", "40 digits"),
        ('{"app_id": 1,}', "not valid JSON"),
        ("[]", "no JSON object"),
        ('{"app_id": true', "not valid JSON"),
        ('{"app_id": "many"}', "it is many"),
    ],
)
def test_a_companion_that_cannot_be_one_is_refused(tmp_path: Path, companion: str, reason: str) -> None:
    started = time.process_time()
    assert reason in refusal(pair(tmp_path, companion))
    assert time.process_time() - started < 2


def test_a_companion_with_a_session_string_inside_needs_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"app_id": 2040, "session_string": TELETHON}))
    for name in ("a.json", "a"):
        assert script.encode_telethon_string(read(tmp_path / name)[1]) == TELETHON


@pytest.mark.parametrize("phone", [{}, {"phone": None}, {"phone": ""}])
def test_a_phone_number_under_another_name_is_written_under_its_own(tmp_path: Path, phone: Any) -> None:
    _, session = read(pair(tmp_path, {"app_id": 2040, "phone_number": "15550001111", **phone}))
    script.SessionJson(str(tmp_path / "copy")).save(session)
    assert json.loads((tmp_path / "copy.json").read_text("utf-8"))["phone"] == "15550001111"


def test_no_key_of_the_companion_is_lost_on_the_way(tmp_path: Path) -> None:
    companion = {
        "session_file": "acc", "app_id": 2040, "app_hash": "a" * 32, "twoFA": "pw", "phone": "15550001111",
        "proxy": [3, "127.0.0.1", 1080, True, "u", "p"], "spamblock_end_date": None, "extra_params": {"x": [1, None]},
    }  # fmt: skip
    _, session = read(pair(tmp_path, companion))
    script.SessionJson(str(tmp_path / "copy")).save(session)
    written = json.loads((tmp_path / "copy.json").read_text("utf-8"))
    assert {key: written[key] for key in companion} == {**companion, "session_file": "copy"}
    assert list(written)[:4] == ["app_id", "app_hash", "device", "sdk"]


@settings(max_examples=20)
@given(st.dictionaries(
    st.sampled_from(["app_id", "app_hash", "id", "phone", "device", "session_file", "system_lang_pack", "username"]),
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=4),
))  # fmt: skip
def test_any_companion_gives_a_session_or_a_problem(companion: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = pair(Path(folder), companion)
        try:
            session = read(path)[1]
        except script.Problem:
            return
        goes_everywhere(session)


@pytest.mark.parametrize(
    ("companion", "reason"), [({"app_id": 1 << 31}, "it is 2147483648"), ({"app_id": "4294967296"}, "it is 4294967296")]
)
def test_an_api_id_that_telegram_could_not_take_is_refused_in_a_companion(
    tmp_path: Path, companion: Any, reason: str
) -> None:
    assert reason in refusal(pair(tmp_path, companion))


def test_half_a_character_in_a_companion_survives_and_harms_nothing(tmp_path: Path) -> None:
    """JSON can say \\ud800 alone, which no other text can."""
    _, session = read(pair(tmp_path, {"app_id": 2040, "app_hash": "a" * 32, "username": "\ud800", "x": "\udfff"}))
    goes_everywhere(session)
    script.SessionJson(str(tmp_path / "copy")).save(session)
    storage, copy = read(tmp_path / "copy")
    assert copy.api and copy.api.other["x"] == "\udfff"
    assert storage.warnings == []


# ── Telegram Desktop ──


def desktop(path: Path, *users: int, passcode: str = "", key_name: str = "") -> Path:
    storage = script.Tdata(str(path), key_name, passcode)
    storage.save_all([script.new_session(2, KEY, user_id=user) for user in users or (42,)])
    return path


def test_a_folder_is_written_with_every_account_and_its_passcode(tmp_path: Path) -> None:
    desktop(tmp_path / "tdata", 42, 43, 44, passcode="пароль")
    storage = script.Tdata(str(tmp_path / "tdata"))
    assert not storage.unlock()
    assert not storage.unlock("parole")
    assert storage.unlock("пароль")
    assert [session.user.id for session in storage.load_all()] == [42, 43, 44]
    assert storage.load(3).user.id == 44
    with pytest.raises(script.Problem, match="no account 4"):
        storage.load(4)


@pytest.mark.parametrize("name", ["../x", "a/b", "My Key", "a#b"])
def test_a_key_name_that_telegram_desktop_cannot_be_given_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(script.Problem, match="cannot open a folder whose key name"):
        desktop(tmp_path / "tdata", key_name=name)
    assert list(tmp_path.iterdir()) == []
    assert read(desktop(tmp_path / "tdata", key_name="my_key-2"))[1].user.id == 42


@pytest.mark.parametrize(
    "inside", ["", "tdata", "tdata/key_datas", "tdata/D877F783D5D3EF8C", "tdata/D877F783D5D3EF8Cs"]
)
def test_a_folder_is_found_from_around_and_inside_it(tmp_path: Path, inside: str) -> None:
    desktop(tmp_path / "tdata")
    assert read(tmp_path / inside)[1].user.id == 42


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name must be text")
def test_a_key_file_whose_name_is_no_text_is_opened(tmp_path: Path) -> None:
    """FF. Its account is in the files that are named after MD5 of that, the low half of each byte first."""
    folder = desktop(tmp_path / "tdata")
    (folder / "key_datas").rename(folder / "key_\udcffs")
    account = "".join(f"{byte & 15:X}{byte >> 4:X}" for byte in hashlib.md5(b"\xff").digest()[:8])
    for name in ("D877F783D5D3EF8C", "D877F783D5D3EF8Cs"):
        (folder / name).rename(folder / name.replace("D877F783D5D3EF8C", account))
    assert read(folder)[1].user.id == 42


def test_of_two_copies_of_old_the_newer_whole_one_counts(tmp_path: Path) -> None:
    folder, other = desktop(tmp_path / "tdata", 42), desktop(tmp_path / "other", 43)
    for number, source in ((0, other), (1, folder)):
        (folder / f"key_data{number}").write_bytes((source / "key_datas").read_bytes())
        (folder / f"D877F783D5D3EF8C{number}").write_bytes((source / "D877F783D5D3EF8Cs").read_bytes())
    for name in ("key_data", "D877F783D5D3EF8C"):
        (folder / f"{name}s").unlink()
        os.utime(folder / f"{name}1", (1e9, 1e9))
    assert read(folder)[1].user.id == 43
    for name in ("key_data", "D877F783D5D3EF8C"):
        damaged = folder / f"{name}0"
        damaged.write_bytes(damaged.read_bytes()[:-1])
    assert read(folder)[1].user.id == 42


def test_one_broken_account_does_not_hide_the_others(tmp_path: Path) -> None:
    folder = desktop(tmp_path / "tdata", 42, 43)
    (folder / "D877F783D5D3EF8Cs").unlink()
    storage, session = read(folder)
    assert session.user.id == 43
    assert "D877F783D5D3EF8Cs is missing" in " ".join(storage.warnings)


def test_a_link_to_nowhere_in_a_folder_is_a_file_that_is_missing(tmp_path: Path) -> None:
    folder = desktop(tmp_path / "tdata")
    for name in ("D877F783D5D3EF8Cs", "key_datas"):
        (folder / name).unlink()
        (folder / f"{name[:-1]}0").symlink_to("nowhere")
        assert f"{name} is missing" in refusal(folder)


def test_a_folder_without_its_key_file_is_said_to_be_so(tmp_path: Path) -> None:
    folder = desktop(tmp_path / "tdata")
    (folder / "key_datas").unlink()
    assert "key file" in refusal(folder) and "missing" in refusal(folder)
    (folder / "key_datas").mkdir()
    assert "key_datas is a folder" in refusal(folder)


def with_trailer(
    folder: Path, *, open_wrap: bool, kind: int, memory: int, passes: int, lanes: int, secret: str
) -> None:
    """Gives a classic folder the key file of Telegram Desktop 7.3."""
    tdata = script.Tdata(str(folder))
    assert tdata.unlock()
    classic = tdata.open()
    wrap = script.Wrap(kind, memory, passes, lanes, os.urandom(32), b"")
    sealed = script.local_encrypt(tdata.local_key, script.wrap_key(wrap, secret)) if secret else bytes(288)
    numbers = b"".join(number.to_bytes(4, "big") for number in (kind, 5, memory, passes, lanes))
    head = b"".join(number.to_bytes(4, "big") for number in (0x4B443200, 2, 5, 1))
    trailer = head + numbers + script.qt(wrap.salt) + script.qt(sealed)
    payload = script.qt(classic.salt) + script.qt(classic.key if open_wrap else b"") + script.qt(classic.info)
    (folder / "key_datas").write_bytes(script.tdf_file(payload + script.qt(trailer)))


def test_a_folder_locked_with_scrypt_opens_with_its_passcode_only(tmp_path: Path) -> None:
    with_trailer(
        desktop(tmp_path / "tdata"), open_wrap=False, kind=2, memory=1024, passes=8, lanes=1, secret="let me in"
    )
    storage = script.Tdata(str(tmp_path / "tdata"))
    assert (storage.unlock(), storage.unlock("let me out"), storage.unlock("let me in")) == (False, False, True)
    assert storage.load().user.id == 42


def test_a_passcode_for_the_wallet_does_not_lock_the_folder(tmp_path: Path) -> None:
    with_trailer(
        desktop(tmp_path / "tdata"), open_wrap=True, kind=2, memory=1024, passes=8, lanes=1, secret="purse"
    )  # fmt: skip
    assert read(tmp_path / "tdata")[1].user.id == 42
    assert not script.Tdata(str(tmp_path / "tdata")).unlock("something else")


@pytest.mark.parametrize(
    ("kind", "memory", "passes", "lanes"),
    [
        (1, 1 << 30, 4, 1),
        (1, 65536, 65, 1),
        (1, 65536, 4, 17),
        (2, 1 << 24, 8, 1),
        (2, 3, 8, 1),
        (2, 1024, 0, 1),
        (2, 65536, 1, 1),
        (2, 2, 786432, 16),
        (0, 1, 1, 1),
    ],
)
def test_a_key_file_made_to_exhaust_the_computer_is_refused_before_anything_is_done(
    tmp_path: Path, kind: int, memory: int, passes: int, lanes: int
) -> None:
    folder = desktop(tmp_path / "tdata")
    with_trailer(folder, open_wrap=True, kind=kind, memory=memory, passes=passes, lanes=lanes, secret="")
    assert "refused" in refusal(folder) or "unknown passcode method" in refusal(folder)


@settings(max_examples=60)
@given(st.sampled_from(["key_datas", "D877F783D5D3EF8Cs"]), st.data())
def test_no_changed_bit_and_no_missing_byte_of_a_folder_goes_unnoticed(name: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = desktop(Path(place, "tdata"))
        file = (folder / name).read_bytes()
        if data.draw(st.booleans()):
            file = file[: data.draw(st.integers(0, len(file) - 1))]
        else:
            at = data.draw(st.integers(0, len(file) - 1))
            file = file[:at] + bytes([file[at] ^ 1 << data.draw(st.integers(0, 7))]) + file[at + 1 :]
        (folder / name).write_bytes(file)
        with pytest.raises(script.Problem):
            read(folder)


@settings(max_examples=30)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_hostile_contents_under_the_right_check_sums_end_in_a_problem(info: bytes, account: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = desktop(Path(place, "tdata"))
        tdata = script.Tdata(str(folder))
        assert tdata.unlock()
        sealed = script.qt(script.local_encrypt(account, tdata.local_key))
        (folder / "D877F783D5D3EF8Cs").write_bytes(script.tdf_file(sealed))
        with pytest.raises(script.Problem):
            read(folder)
        key_file = tdata.open()
        parts = (key_file.salt, key_file.key, script.local_encrypt(info, tdata.local_key))
        (folder / "key_datas").write_bytes(script.tdf_file(b"".join(map(script.qt, parts)) + info))
        with pytest.raises(script.Problem):
            read(folder)


def test_an_archive_that_would_write_outside_its_folder_is_warned_of(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "tdata.zip", "w") as archive:
        archive.writestr("../../evil", b"x")
    assert "leaves the folder (../../evil)" in refusal(tmp_path / "tdata.zip")


# ── writing ──

SUFFIX = {"telethon": ".session", "telethon-v2": ".session", "json": "", "tdata": ""}


@pytest.mark.parametrize("target", sorted(script.TARGETS))
def test_what_is_written_is_for_its_owner_only_and_never_replaces_anything(
    tmp_path: Path, target: str, rich: script.Session
) -> None:
    mask = os.umask(0)
    try:
        written = script.save_session([rich], str(tmp_path / f"new{SUFFIX.get(target, '.txt')}"), target)
    finally:
        os.umask(mask)
    everything = [path for one in written for path in (Path(one), *Path(one).rglob("*"))]
    if os.name != "nt":
        assert {stat.S_IMODE(path.stat().st_mode) for path in everything} <= {0o600, 0o700}
    before = snapshot(tmp_path)
    with pytest.raises(script.Problem, match="exists already, and nothing was changed"):
        script.save_session([rich], str(tmp_path / f"new{SUFFIX.get(target, '.txt')}"), target)
    assert snapshot(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == len(written)


@pytest.mark.parametrize("target", sorted(script.TARGETS))
def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, target: str, rich: script.Session) -> None:
    with pytest.raises(script.Problem, match="cannot be written"):
        script.save_session([rich], str(tmp_path / "no" / "folder" / "new.session"), target)
    signed_out = rich._replace(dcs=(script.DataCenter(4),))
    with pytest.raises(script.Problem, match="no key"):
        script.save_session([signed_out], str(tmp_path / "new.session"), target)
    assert list(tmp_path.iterdir()) == []


def test_half_of_a_pair_is_never_left(tmp_path: Path, rich: script.Session) -> None:
    (tmp_path / "acc.session").touch()
    with pytest.raises(script.Problem, match="exists already"):
        script.save_session([rich], str(tmp_path / "acc"), "json")
    assert [path.name for path in tmp_path.iterdir()] == ["acc.session"]


@pytest.mark.parametrize("target", sorted(script.TARGETS))
def test_what_was_saved_can_be_deleted(tmp_path: Path, target: str, rich: script.Session) -> None:
    storage = script.new_storage(target, str(tmp_path / "new.session"))
    storage.save(rich)
    storage.delete()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(script.Problem):
        storage.load()


def test_memory_keeps_everything_and_forgets_it(rich: script.Session) -> None:
    memory = script.Memory()
    memory.save(rich)
    assert memory.load() == rich
    memory.delete()
    with pytest.raises(script.Problem):
        memory.load()


# ── from every format to every other ──


def visible(session: script.Session, holds: frozenset[str]) -> dict[str, Any]:
    """What of a session a format with these PARTS shows."""
    api = session.api or script.ApiIdentity()
    parts = {
        "address": script.home_address(session),
        "user": session.user.id,
        "bot": session.user.bot,
        "username": session.user.username,
        "state": session.state,
        "keys": {dc.id: dc.auth for dc in session.dcs if dc.auth},
        "test": bool(session.test),
        "api_id": api.app_id,
        "api": api[1:-1],
    }
    always = {"dc": session.user.dc, "key": script.home_key(session)}
    return {**always, **{part: value for part, value in parts.items() if part in holds}}


def through(session: script.Session, target: str, folder: Path) -> script.Session:
    path = folder / f"{target}{SUFFIX.get(target, '.txt')}"
    script.save_session([session], str(path), target)
    return read(path)[1]


@pytest.mark.parametrize("test_servers", [False, True], ids=["production", "test servers"])
@pytest.mark.parametrize("second", sorted(script.TARGETS))
@pytest.mark.parametrize("first", sorted(script.TARGETS))
def test_what_two_formats_can_hold_survives_the_way_from_one_to_the_other(
    tmp_path: Path, first: str, second: str, test_servers: bool, rich: script.Session
) -> None:
    if test_servers:
        rich = rich._replace(
            dcs=(script.DataCenter(3, "149.154.175.117:443", None, KEY),), user=rich.user._replace(dc=3), test=True
        )
    holds = script.TARGETS[first].holds & script.TARGETS[second].holds
    after = through(through(rich, first, tmp_path), second, Path(tempfile.mkdtemp(dir=tmp_path)))
    assert visible(after, holds) == visible(rich, holds)


@pytest.mark.parametrize("target", sorted(script.TARGETS))
def test_what_a_format_cannot_hold_is_known_beforehand(target: str, rich: script.Session, tmp_path: Path) -> None:
    after = through(rich, target, tmp_path)
    lost = script.parts(rich) - script.parts(after)
    assert lost == script.parts(rich) - script.TARGETS[target].holds
