"""Session strings: what happens to them on their way is put right and said, and nothing else is taken for one."""

from __future__ import annotations

import base64
import json
import struct
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telegram_session as script

from .helpers.sessions import KEY, STRINGS, TELETHON, read, refusal, session_or_problem

pytestmark = pytest.mark.usefixtures("copies_are_taken_away")

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
    assert script.recognise_text(text).load().api == script.ApiIdentity()


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
