"""Session formats: what the real libraries made is read right, broken ones are refused, written ones hold it all."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any, Callable

import pytest

import telegram_session as script

from .helpers.sessions import CASES, KEY, cases, given_path, needs_argon2, read, refusal, snapshot

pytestmark = pytest.mark.usefixtures("copies_are_taken_away")


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
    facts = {key: value for key, value, *_ in script.facts_of(session)}
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
        accounts = [one for _, one in sorted(storage.accounts()) if isinstance(one, script.Session)]
        assert [[one.user.id, one.user.dc, script.fingerprint(script.home_key(one))] for one in accounts] == expected[
            "accounts"
        ]
        assert len(storage.load_all()) == len(accounts)
    count("sessions of other programs read right", 1)


WHAT_IS_ODD = {
    "pair/json_points_elsewhere": "names another file",
    "sqlite/auth_key_hex_text": "stored as text",
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
    "pair/json_without_session": "acc.session is missing, and no key was found in the JSON file alone",
    "sqlite/auth_key_all_zero": "all zeros",
    "sqlite/dc_77": "Data centre 77 does not exist",
    "sqlite/html_saved": "web page",
    "sqlite/no_session_row": "never signed in",
    "sqlite/sqlite_other_app_places": "another program (tables moz_bookmarks, moz_places)",
    "sqlite/sqlite_sessions_of_other_shape": "not with the columns of Telethon or Pyrogram",
    "sqlite/text_file": "is a text file",
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
    holds = set(script.TARGETS[first].holds.split()) & set(script.TARGETS[second].holds.split())
    after = through(through(rich, first, tmp_path), second, Path(tempfile.mkdtemp(dir=tmp_path)))
    assert visible(after, holds) == visible(rich, holds)


@pytest.mark.parametrize("target", sorted(script.TARGETS))
def test_what_a_format_cannot_hold_is_known_beforehand(target: str, rich: script.Session, tmp_path: Path) -> None:
    after = through(rich, target, tmp_path)
    lost = script.parts(rich) - script.parts(after)
    assert lost == script.parts(rich) - set(script.TARGETS[target].holds.split())
