"""A .session and its .json: found by either name, read as other tools write it, and no key of it is lost."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telegram_session as script

from .helpers.sessions import KEY, TELETHON, goes_everywhere, pair, read, refusal

pytestmark = pytest.mark.usefixtures("copies_are_taken_away")


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


def test_another_session_that_is_used_is_not_said_to_be_left_out(tmp_path: Path) -> None:
    """The companion names the .session beside it that it belongs to, which has another name."""
    pair(tmp_path, {"app_id": 2040, "session_file": "other"})
    storage, _ = read(tmp_path / "acc.json")
    assert "which was not used" in " ".join(storage.warnings)
    (tmp_path / "acc.session").rename(tmp_path / "other.session")
    storage, session = read(tmp_path / "acc.json")
    assert storage.warnings == [] and script.home_key(session) == KEY
