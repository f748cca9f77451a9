"""Telegram Desktop's folder: every account, passcodes, copies; and hostile contents under the right check sums."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import telegram_session as script

from .helpers.sessions import desktop, read, refusal

ROOT = Path(script.__file__).resolve().parent
pytestmark = pytest.mark.usefixtures("copies_are_taken_away")


def test_a_folder_is_written_with_every_account_and_its_passcode(tmp_path: Path) -> None:
    desktop(tmp_path / "tdata", 42, 43, 44, passcode="пароль")
    storage = script.Tdata(str(tmp_path / "tdata"))
    assert not storage.unlock()
    assert not storage.unlock("parole")
    assert storage.unlock("пароль")
    assert [session.user.id for session in storage.load_all()] == [42, 43, 44]


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
    ("salt", "behind", "doubt"),
    [
        (32, b"", ""),
        (16, b"", "A salt in its key file has 16 bytes"),
        (32, script.qt(b"of a fork"), "13 more bytes"),
        (32, script.qt(b""), "4 more bytes"),
    ],
)
def test_a_key_file_that_is_unlike_telegram_desktops_own_is_doubted(
    tmp_path: Path, salt: int, behind: bytes, doubt: str
) -> None:
    folder = desktop(tmp_path / "tdata")
    tdata = script.Tdata(str(folder))
    assert tdata.unlock()
    short = os.urandom(salt)
    key = script.local_encrypt(tdata.local_key, script.passcode_key(short, ""))
    blobs = b"".join(map(script.qt, (short, key, tdata.open().info)))
    (folder / "key_datas").write_bytes(script.tdf_file(blobs + behind))
    storage, session = read(folder)
    assert session.user.id == 42
    assert (doubt in " ".join(storage.warnings)) and bool(storage.warnings) == bool(doubt)


def test_what_stands_behind_the_passcode_part_is_doubted(tmp_path: Path) -> None:
    folder = desktop(tmp_path / "tdata")
    with_trailer(folder, open_wrap=True, kind=2, memory=1024, passes=8, lanes=1, secret="purse")
    assert read(folder)[0].warnings == []
    payload = (folder / "key_datas").read_bytes()[8:-16]
    (folder / "key_datas").write_bytes(script.tdf_file(payload + script.qt(b"of a fork")))
    assert "13 more bytes" in " ".join(read(folder)[0].warnings)


def test_a_python_without_pbkdf2_says_so(tmp_path: Path, clean_env: dict[str, str]) -> None:
    """As Pyodide is."""
    folder = desktop(tmp_path / "tdata")
    code = (
        "import hashlib, sys\n"
        "del hashlib.pbkdf2_hmac\n"
        "import telegram_session\n"
        f"sys.exit(telegram_session.main(['check', {str(folder)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=ROOT, env=clean_env, check=False
    )
    assert done.returncode == 1
    assert "this Python was built without PBKDF2" in " ".join(done.stderr.split())


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
