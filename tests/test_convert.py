"""`convert`: from any format to any other, with what is missing asked for and what gets lost said before."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import telegram_session as script

from .conftest import ROOT, Run
from .helpers.explaining import Explain
from .helpers.sessions import KEY, OTHER_KEY, desktop, read, telethon_file

SCRIPT = ROOT / "telegram_session.py"
CASES = ROOT / "tests" / "fixtures" / "sessions"
STRING_FILE = CASES / "good" / "telethon_string" / "v4_dc1" / "session.txt"
STRING = STRING_FILE.read_text().strip()
DESKTOP = CASES / "good" / "tdata" / "ot121_three_accounts" / "tdata"
LOCKED = CASES / "good" / "tdata" / "mtcute_three_accounts_passcode" / "tdata"
PAIR = CASES / "good" / "session_json" / "mk_null_strings" / "12345678902.session"
APP = {"TELEGRAM_API_ID": "31337", "TELEGRAM_API_HASH": "5f3a9c0e71d84b26a0c9e1f47d2b6835"}


class Folder:
    """`convert` run in an empty folder with pipes on every side."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path = path
        self.env = env

    def convert(self, *arguments: object, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), "convert", *map(str, arguments)]
        return subprocess.run(
            command, input=given, capture_output=True, text=True, encoding="utf-8",
            env={**self.env, **env}, cwd=self.path, check=False,
        )  # fmt: skip

    def read(self, name: str, passcode: str = "") -> list[script.Session]:
        storage = script.recognise_path(str(self.path / name))
        assert not isinstance(storage, script.Tdata) or storage.unlock(passcode)
        return storage.load_all()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir())


@pytest.fixture
def folder(tmp_path: Path, clean_env: dict[str, str]) -> Folder:
    place = tmp_path / "work"
    place.mkdir()
    return Folder(place, clean_env)


def key_of(path: Path) -> bytes:
    storage = script.recognise_path(str(path))
    return script.home_key(storage.load())


def test_a_string_alone_comes_out_of_the_pipe(folder: Folder) -> None:
    done = folder.convert(DESKTOP, "-")
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert script.home_key(script.decode_telethon_string(done.stdout.strip())) == key_of(DESKTOP)
    assert "3 accounts; account 1 (the active one) is taken" in done.stderr
    assert "the user id" in done.stderr  # which a string cannot hold
    assert folder.names() == []


def test_a_damaged_string_comes_out_as_it_should_be(folder: Folder) -> None:
    done = folder.convert("-", "-", given=f"SESSION='{STRING[:90]} {STRING[90:-1]}'")
    assert done.stdout == STRING + "\n"


@pytest.mark.parametrize(
    ("name", "written", "kind"),
    [
        ("new.session", ["new.session"], "telethon"),
        ("new.json", ["new.json", "new.session"], "json"),
        ("new.txt", ["new.txt"], "string"),
        ("tdata", ["tdata"], "tdata"),
    ],
)
def test_the_name_of_the_target_says_what_is_wanted(folder: Folder, name: str, written: list[str], kind: str) -> None:
    done = folder.convert(DESKTOP, name, "--account", "2", **APP)
    assert done.returncode == 0, done.stderr
    assert folder.names() == written
    assert script.recognise_path(str(folder.path / name)).name == kind
    assert [script.fingerprint(script.home_key(one)) for one in folder.read(name)] == ["d30299fb27ef595a"]
    if os.name != "nt":
        assert not any(stat.S_IMODE(path.stat().st_mode) & 0o077 for path in folder.path.iterdir())


@pytest.mark.parametrize("target", sorted(script.TARGETS))
def test_every_format_can_be_asked_for(folder: Folder, target: str) -> None:
    done = folder.convert(PAIR, "new", "--to", target, TELEGRAM_PASSCODE="")
    if target in ("tdata", "pyrogram", "pyrogram-file"):  # they need the user ID, which nobody is there to ask for
        assert done.returncode == 1 and "User ID" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert [script.home_key(one) for one in folder.read("new")] == [key_of(PAIR)]


def test_a_name_that_says_nothing_is_asked_about(folder: Folder) -> None:
    done = folder.convert(STRING_FILE, "new.xyz")
    assert done.returncode == 2 and "--to" in done.stderr
    done = folder.convert(STRING_FILE, "-", "--to", "tdata")
    assert done.returncode == 2
    assert folder.names() == []


def test_nothing_is_ever_overwritten_and_the_source_stays(folder: Folder) -> None:
    (folder.path / "new.session").write_text("precious")
    (folder.path / "tdata").mkdir()
    before = STRING_FILE.read_bytes()
    for arguments in (["new.session"], ["new.json"], ["new", "--to", "json"], ["tdata"]):
        done = folder.convert(STRING_FILE, *arguments, **APP)
        assert done.returncode == 1 and "exists already, and nothing was changed" in done.stderr
    assert folder.names() == ["new.session", "tdata"]
    assert (folder.path / "new.session").read_text() == "precious"
    assert STRING_FILE.read_bytes() == before


def test_what_gets_lost_is_said_before_it_is_written(folder: Folder) -> None:
    done = folder.convert(PAIR, "new.session")
    lost, written = done.stderr.index("cannot hold"), done.stderr.index("Written")
    assert lost < done.stderr.index("the API id") < written


def test_all_accounts_and_the_passcode_go_along_from_folder_to_folder(folder: Folder) -> None:
    done = folder.convert(LOCKED, "tdata", TELEGRAM_PASSCODE="пароль")
    assert done.returncode == 0, done.stderr
    assert "same passcode" in done.stderr
    assert len(folder.read("tdata", "пароль")) == 3
    assert not script.Tdata(str(folder.path / "tdata")).unlock()


def test_a_folder_without_a_passcode_can_get_one_on_the_way(folder: Folder) -> None:
    done = folder.convert(DESKTOP, "tdata/", TELEGRAM_PASSCODE="open sesame")
    assert "locked with the passcode in TELEGRAM_PASSCODE" in done.stderr
    assert not script.Tdata(str(folder.path / "tdata")).unlock()
    assert len(folder.read("tdata", "open sesame")) == 3


@pytest.mark.parametrize("name", ["nowhere/new.session", "nowhere/new.json", "nowhere/tdata", "nowhere/new.txt"])
def test_a_folder_that_is_not_there_is_named_before_anything_is_asked(folder: Folder, name: str) -> None:
    done = folder.convert(STRING_FILE, name)
    assert done.returncode == 1 and "there is no folder nowhere" in done.stderr
    assert folder.names() == []


def test_the_json_of_another_name_is_read_and_written(folder: Folder) -> None:
    source = CASES / "good" / "session_json" / "mk_json_other_name"
    companion = source / "account_config.json"
    done = folder.convert(
        source / "12345678909.session", "new", "--to", "json", "--json-path", companion
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((folder.path / "new.json").read_text("utf-8"))["id"] == 7000000016
    done = folder.convert("new.session", "more", "--to", "json", "--json-path", "other.json")
    assert done.returncode == 0, done.stderr
    assert folder.names() == ["more.session", "new.json", "new.session", "other.json"]


def test_a_folder_gets_the_key_name_that_was_given(folder: Folder) -> None:
    source = CASES / "good" / "telethon_sqlite" / "schema7_self_id_row_1.42.0" / "account.session"
    done = folder.convert(source, "tdata", "--key-name", "work")
    assert done.returncode == 0, done.stderr
    assert (folder.path / "tdata" / "key_works").exists()
    assert not (folder.path / "tdata" / "key_datas").exists()
    assert folder.read("tdata")[0].user.id == 7000000021


def test_schema_8_is_written_on_wish(folder: Folder) -> None:
    for schema in ("7", "8"):
        folder.convert(STRING_FILE, f"{schema}.session", "--schema", schema)
        storage = script.recognise_path(str(folder.path / f"{schema}.session"))
        storage.load()
        assert dict(storage.facts)["schema"] == schema


def test_what_is_missing_is_asked_for(run: Run, tmp_path: Path) -> None:
    person = run("convert", str(STRING_FILE), "tdata")
    person.answers("User ID", "somebody")
    person.sees("A user ID is a number")
    person.answers("User ID", "7000000001")
    person.answers("Passcode for the new folder", "open sesame", hidden=True)
    person.sees("Written: tdata")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    storage = script.Tdata(str(tmp_path / "tdata"))
    assert not storage.unlock() and storage.unlock("open sesame")
    assert storage.load().user.id == 7000000001


def test_pyrogram_gets_the_user_id_without_which_it_would_sign_in_anew(run: Run, tmp_path: Path) -> None:
    person = run("convert", str(STRING_FILE), "new.txt", "--to", "pyrogram", env=APP)
    person.sees("needs the user ID and an API ID")
    person.answers("User ID", "7000000001")
    person.sees("Written: new.txt")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    session = script.recognise_path(str(tmp_path / "new.txt")).load()
    assert (session.user.id, session.api) == (7000000001, script.ApiIdentity(31337))


def test_the_api_id_is_asked_for_where_a_json_needs_it(run: Run, tmp_path: Path) -> None:
    person = run("convert", str(STRING_FILE), "acc.json")
    person.answers("Do you already have an API ID and API hash?", "y")
    person.answers("API ID", "31337")
    person.answers("API hash", APP["TELEGRAM_API_HASH"])
    person.sees("Written: acc.session")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert json.loads((tmp_path / "acc.json").read_text("utf-8"))["app_id"] == 31337


def test_ctrl_c_at_a_question_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    person = run("convert", str(STRING_FILE), "tdata")
    person.is_asked("User ID")
    person.presses("ctrl-c")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    assert not (tmp_path / "tdata").exists()


# ── nothing is lost without a word ──


def test_deleting_tdata_leaves_what_lies_around_it(tmp_path: Path) -> None:
    desktop(tmp_path / "tdata", 7000000001)
    (tmp_path / "thesis.txt").write_text("mine")
    script.recognise_path(str(tmp_path)).delete()
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_deleting_a_database_takes_its_logs_along(tmp_path: Path) -> None:
    path = telethon_file(tmp_path / "a.session")
    (tmp_path / "a.session-wal").write_bytes(b"")
    script.recognise_path(str(path)).delete()
    assert os.listdir(tmp_path) == []


def test_telethon_v2_does_not_lose_which_data_centre_is_home(tmp_path: Path, here: Explain) -> None:
    web = {"dcId": 4, "dc2_auth_key": OTHER_KEY.hex(), "dc4_auth_key": KEY.hex()}
    (tmp_path / "web.json").write_text(json.dumps(web))
    target = str(tmp_path / "v2.session")
    _, said = here("convert", str(tmp_path / "web.json"), target, "--to", "telethon-v2")
    assert "needs the user ID" in said
    assert not os.path.exists(target)
    assert here("convert", str(tmp_path / "web.json"), target, "--to", "telethon-v2", "--user-id", "42")[0] == 0
    assert read(Path(target))[1].user == script.User(42, 4, False)


def test_every_tdata_folder_keeps_its_own_passcode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: Explain
) -> None:
    monkeypatch.setitem(script.SETTINGS, "TELEGRAM_PASSCODE", "aaa")
    for name, passcode in (("a", "aaa"), ("b", "")):
        (tmp_path / "all" / name).mkdir(parents=True)
        desktop(tmp_path / "all" / name / "tdata", 7000000001, passcode=passcode)
    code, said = here("convert", str(tmp_path / "all"), str(tmp_path / "new"), "--to", "tdata")
    assert code == 0, said
    for name, passcode in (("a", "aaa"), ("b", "")):
        assert script.Tdata(str(tmp_path / "new" / name / "tdata")).unlock(passcode)


def test_contacts_in_a_zip_are_said_to_stay_behind(tmp_path: Path, here: Explain) -> None:
    path = telethon_file(tmp_path / "a.session")
    connection = sqlite3.connect(path)
    connection.execute("insert into entities values (5, 6, 'ann', null, 'Ann', 0)")
    connection.commit()
    connection.close()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, "a.session")
    code, said = here("convert", str(tmp_path / "all.zip"), str(tmp_path / "b.session"))
    assert code == 0, said
    assert "Its contacts stay behind" in said


def test_what_is_odd_about_a_session_is_said_when_it_is_converted(tmp_path: Path, here: Explain) -> None:
    source = tmp_path / "a.txt"
    source.write_text(script.encode_telethon_string(script.new_session(4, KEY, "149.154.167.51", 443)))
    for target in ("b.session", "all"):
        (tmp_path / "two").mkdir(exist_ok=True)
        for name in ("a.txt", "b.txt"):
            (tmp_path / "two" / name).write_text(source.read_text())
        given = source if target == "b.session" else tmp_path / "two"
        _, said = here("convert", str(given), str(tmp_path / target), "--to", "telethon")
        assert "belongs to data centre 2, but the session says 4" in said


def test_two_of_the_same_name_are_both_written(tmp_path: Path, here: Explain) -> None:
    (tmp_path / "two").mkdir()
    for number, name in enumerate(("a b.session", "a-b.session"), 1):
        script.TelethonFile(str(tmp_path / "two" / name)).save(script.new_session(number, KEY))
    code, _ = here("convert", str(tmp_path / "two"), str(tmp_path / "new"), "--to", "string")
    assert code == 0
    assert sorted(os.listdir(tmp_path / "new")) == ["a-b-2.txt", "a-b.txt"]


@pytest.mark.parametrize("options", [["--account", "0"], ["--json-path", "no-such.json"]])
def test_options_that_cannot_be_meant_are_refused(tmp_path: Path, here: Explain, options: list[str]) -> None:
    code, _ = here("convert", str(telethon_file(tmp_path / "a.session")), str(tmp_path / "b.txt"), *options)
    assert code == 2
    assert not (tmp_path / "b.txt").exists()
