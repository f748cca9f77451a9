"""Findings: what is in the things that people bring, each with its place, and what `convert` makes of many at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telegram_session as script

from .conftest import ROOT, Run
from .helpers.sessions import KEY

CASES = ROOT / "tests" / "fixtures" / "sessions"
STRING = (CASES / "good" / "telethon_string" / "v4_dc1" / "session.txt").read_text().strip()


def session(number: int) -> script.Session:
    """A made-up session; each number has another key and user."""
    key = bytes((number * 7 + place * 11 + 1) % 256 for place in range(256))
    return script.new_session(number % 5 + 1, key, user_id=7000000000 + number)


def string(number: int) -> str:
    return script.encode_telethon_string(session(number))


def packs(folder: Path, many: int) -> Path:
    """A folder of account packs: a `.session` and a `.json` for each phone number."""
    folder.mkdir()
    for number in range(many):
        one = session(number)._replace(api=script.ApiIdentity(2040, "0123456789abcdef" * 2))
        script.save_session([one], str(folder / f"+155501{number:05}"), "json")
    return folder


class Shell:
    """The script run in an empty folder with pipes on every side."""

    def __init__(self, path: Path, env: dict[str, str]) -> None:
        self.path, self.env = path, env

    def run(self, *arguments: object, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "telegram_session", *map(str, arguments)], input=given, capture_output=True,
            text=True, encoding="utf-8", env={**self.env, "PYTHONPATH": str(ROOT), **env}, cwd=self.path, check=False,
        )  # fmt: skip

    def check(self, *what: object, **options: Any) -> Any:
        """What `check --json` says."""
        return json.loads(self.run("check", "--json", *what, **options).stdout)

    def names(self, folder: str = "") -> list[str]:
        return sorted(path.name for path in (self.path / folder).iterdir())


@pytest.fixture
def shell(tmp_path: Path, clean_env: dict[str, str]) -> Shell:
    place = tmp_path / "desk"
    place.mkdir()
    return Shell(place, clean_env)


def keys(found: Any) -> list[str]:
    return [one["accounts"][0]["key_fingerprint"] if "accounts" in one else one["problem"]["title"] for one in found]


def fingerprint(number: int) -> str:
    return script.fingerprint(script.home_key(session(number)))


# ── whatever people bring ──

BROUGHT = ROOT / "tests" / "fixtures" / "brought"
ROWS = [line.split("\t") for line in (BROUGHT / "cases.tsv").read_text("utf-8").splitlines()[1:]]


@pytest.mark.parametrize(("name", "wanted"), ROWS, ids=[name for name, _ in ROWS])
def test_what_people_bring_is_read_or_called_by_its_name(shell: Shell, name: str, wanted: str) -> None:
    folder, _, inside = name.partition("/")  # whose names tell what is in them
    shutil.copytree(BROUGHT / folder, shell.path / "x")
    done = shell.run("check", f"x/{inside}")
    said = " ".join((done.stdout + done.stderr).split())
    rules = dict(rule.split(": ", 1) for rule in wanted.split(" | "))
    never = rules.pop("never", "")
    assert "Traceback" not in said and not (never and re.search(never, said, re.IGNORECASE))
    key = rules.get("read", "").rpartition(" ")[2]
    assert (key and key in said) or re.search(rules.get("named", "(?!)"), said, re.IGNORECASE), said


# ── folders ──


def test_a_folder_of_packs_is_told_in_a_line_each_and_counted(shell: Shell) -> None:
    packs(shell.path / "accounts", 12)
    done = shell.run("check", "accounts")
    lines = [line for line in done.stderr.splitlines() if line.startswith("✓")]
    assert len(lines) == 12 and "+15550100003.session: " in lines[3]
    assert "12 sessions are intact" in done.stderr
    assert done.returncode == 0
    found = shell.check("accounts")
    assert keys(found) == [fingerprint(number) for number in range(12)]
    assert found[3]["place"] == "+15550100003.session"


def test_one_damaged_pack_of_many_is_a_line_and_an_exit_code(shell: Shell) -> None:
    folder = packs(shell.path / "accounts", 3)
    (folder / "+15550100001.session").write_bytes(b"")
    done = shell.run("check", "accounts")
    assert done.returncode == 1
    assert "✗ 2. +15550100001.session: +15550100001.session is empty" in done.stderr
    assert "2 sessions are intact, 1 cannot be read" in done.stderr


def test_what_lies_in_folders_of_a_folder_is_found_and_other_files_are_not_complained_of(shell: Shell) -> None:
    top = shell.path / "many"
    for number in range(2):
        (top / f"1555010012{number}").mkdir(parents=True)
        script.save_session([session(number)], str(top / f"1555010012{number}" / "tdata"), "tdata")
        (top / f"1555010012{number}" / "2FA.txt").write_text("MadeUp2FA1")
    (top / "package.json").write_text('{"name": "many"}')
    (top / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (top / "._string.session").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    (top / "string.txt").write_text(string(2))
    found = shell.check(top)
    assert [one["place"] for one in found] == ["15550100120/tdata", "15550100121/tdata", "string.txt"]
    assert keys(found) == [fingerprint(number) for number in range(3)]
    [alone] = [shell.check(top / "15550100121")]
    assert (alone["format"], alone["place"]) == ("tdata", "tdata")


# ── archives ──


def zipped(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def left_behind() -> set[str]:
    return {
        str(path) for place in ("/dev/shm", tempfile.gettempdir()) for path in Path(place).glob("telegram-session-*")
    }


def test_what_is_in_a_zip_is_found_and_nothing_of_it_stays(shell: Shell) -> None:
    before = left_behind()
    zipped(shell.path / "packs.zip", packs(shell.path / "accounts", 2))
    found = shell.check("packs.zip")
    assert keys(found) == [fingerprint(0), fingerprint(1)]
    assert [one["place"] for one in found] == [f"packs.zip/+1555010000{number}.session" for number in range(2)]
    for where in ("tdata", "15550100123/tdata", ""):
        script.save_session([session(5)], str(shell.path / "tdata"), "tdata")
        top = shell.path / "top"
        (top / where).parent.mkdir(parents=True, exist_ok=True)
        os.rename(shell.path / "tdata", top / where)
        assert keys([shell.check(zipped(shell.path / "tdata.zip", top))]) == [fingerprint(5)]
        shutil.rmtree(top)
    assert shell.run("convert", "tdata.zip", "-").stdout.strip() == string(5)
    assert shell.run("convert", "packs.zip", "out", "--to", "string").returncode == 0
    assert shell.names("out") == ["+15550100000.txt", "+15550100001.txt"]
    assert not left_behind() - before


def test_an_archive_that_cannot_be_looked_into_is_said_to_be_one(shell: Shell) -> None:
    path = shell.path / "given.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../../../evil.session", string(1))
        archive.writestr(f"{shell.path}/evil.txt", "x")
        archive.writestr("Windows\\\\good.session", string(2))
    assert keys(shell.check(path)) == [fingerprint(2), fingerprint(1)]
    assert not list(shell.path.parent.rglob("evil*")) and not list(Path("/dev").glob("evil*"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    assert "archive" in shell.check(path)["problem"]["title"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.session", bytes(80 << 20))
    assert "more than 64 MiB" in shell.check(path)["problem"]["title"]
    for _ in range(6):  # an archive in an archive in …
        inner = path.read_bytes()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.zip", inner)
    assert "archive" in shell.check(path)["problem"]["title"]
    whole = zipped(path, packs(shell.path / "accounts", 1)).read_bytes()
    for damaged in (whole[:4] + b"\xff" * 40 + whole[44:], whole[:200], whole.replace(b"\0\0\x08\0", b"\1\0\x08\0")):
        path.write_bytes(damaged)
        done = shell.run("check", path)
        assert done.returncode in (0, 1) and "Traceback" not in done.stderr


# ── texts ──


def test_two_strings_in_a_text_are_told_apart_with_their_lines(shell: Shell) -> None:
    (shell.path / "two.env").write_text(f"FIRST_SESSION={string(1)}\n\nexport SECOND_SESSION='{string(2)}'\n")
    found = shell.check("two.env")
    assert [one["place"] for one in found] == ["two.env, FIRST_SESSION, line 1", "two.env, SECOND_SESSION, line 3"]
    assert keys(found) == [fingerprint(1), fingerprint(2)]


@pytest.mark.parametrize(
    "text",
    [
        "[{{'phone': '+1555', 'session': '{}'}}, {{'session': '{}'}}]",
        "{{'accounts': {{'a': ['{}'], 'b': '{}'}}}}",
        "{{'credentials': '{{\\'sessionString\\': \\'{}\\', \\'second\\': \\'{}\\'}}'}}",
        "FIRST={}\nSECOND='{}'\n",
        "{}\n{}\n",
    ],
)
def test_two_strings_are_found_wherever_they_stand(shell: Shell, text: str) -> None:
    (shell.path / "given.json").write_text(text.format(string(1), string(2)).replace("'", '"'))
    assert keys(shell.check("given.json")) == [fingerprint(1), fingerprint(2)]


def test_no_part_of_a_string_is_taken_for_the_name_of_another(shell: Shell) -> None:
    secret = string(1)
    for between in (" ", "=", ": ", "= ", ",", "'='"):
        (shell.path / "two.txt").write_text(f"{secret}{between}{string(2)}")
        done = shell.run("check", "two.txt")
        assert not any(secret[at : at + 20] in done.stderr for at in range(len(secret) - 20))
    (shell.path / "two.txt").write_text(f"{secret}\n{secret}\n")
    assert keys([shell.check("two.txt")]) == [fingerprint(1)]


@pytest.mark.parametrize("name", [".env", "settings.json", "config.toml"])
def test_a_string_that_is_cut_off_in_settings_is_found_with_its_line(shell: Shell, name: str) -> None:
    (shell.path / name).write_text(
        f'{{\n  "TELEGRAM_API_ID": "1234567",\n  "TELEGRAM_SESSION_STRING": "{STRING[:300]}"\n}}'
        if name.endswith("json")
        else f'# my settings\nTELEGRAM_API_ID = "1234567"\nTELEGRAM_SESSION_STRING = "{STRING[:300]}"\n'
    )
    found = shell.check(name)
    assert found["place"] == f"{name}, TELEGRAM_SESSION_STRING, line 3"
    assert "300 of 353 characters" in found["problem"]["title"]


def test_a_string_that_is_broken_into_lines_in_settings_is_put_together(shell: Shell) -> None:
    (shell.path / "settings.env").write_text(
        f"A=1\nTELEGRAM_SESSION={STRING[:120]}\n{STRING[120:240]}\n{STRING[240:]}\nB=2\n"
    )
    found = shell.check("settings.env")
    assert found["accounts"][0]["key_fingerprint"] == "ffb48eb086e73a48"
    assert found["place"] == "settings.env, TELEGRAM_SESSION, line 2"
    three = "\n".join(f'    "{part}"' for part in (STRING[:120], STRING[120:240], STRING[240:]))
    (shell.path / "bot.py").write_text(f'import x\nSESSION = (\n{three}\n)\nCODE = "{STRING[:50]}"\n')
    assert shell.check("bot.py")["accounts"][0]["key_fingerprint"] == "ffb48eb086e73a48"


@pytest.mark.parametrize("how", ["\\\\n", "\\n", "\\r\\n", " ", "\\\\r\\\\n  "])
def test_a_string_with_a_break_in_it_is_read_and_the_break_is_told(shell: Shell, how: str) -> None:
    """Settings with it are not all right for other programs, so it must be said."""
    text = json.dumps({"env": {"OTHER": "x", "TELEGRAM_SESSION_STRING": f"{STRING[:120]}@{STRING[120:]}"}}, indent=2)
    (shell.path / "settings.json").write_text(text.replace("@", how.encode().decode("unicode_escape")))
    found = shell.check("settings.json")
    assert found["accounts"][0]["key_fingerprint"] == "ffb48eb086e73a48"
    assert "Joined the pieces it was broken into." in found["repaired"]
    assert found["place"] == "settings.json, TELEGRAM_SESSION_STRING, line 4"


def test_the_escapes_of_other_json_writers_are_understood(shell: Shell) -> None:
    gramjs = (CASES / "good" / "gramjs_string" / "web_domain" / "session.txt").read_text().strip()
    text = json.dumps({"a": "b", "gram_session": gramjs}, indent=1).replace("/", "\\/").replace("=", "\\u003d")
    (shell.path / "php.json").write_text(text)
    assert shell.check("php.json")["format"] == "gramjs"


@pytest.mark.parametrize("text", ['"', "\\", '"\\', "\\n", "A", "1" * 300 + "\n", "a" * 79 + "\n", "{\\"])
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    began = time.process_time()  # its own time: others may use the machine, too
    script.findings_in_text(text * (500_000 // len(text)), "given")
    assert time.process_time() - began < 5


# ── several things ──


def test_several_files_patterns_and_folders_are_one_list(shell: Shell) -> None:
    packs(shell.path / "accounts", 2)
    (shell.path / "a.txt").write_text(string(7))
    found = shell.check("a.txt", "accounts/*", "accounts")
    assert [one["place"] for one in found] == [
        "a.txt", "+15550100000.session", "+15550100001.session",
        "accounts/+15550100000.session", "accounts/+15550100001.session",
    ]  # fmt: skip


def test_what_is_asked_for_by_its_number_is_shown_alone(shell: Shell) -> None:
    packs(shell.path / "accounts", 3)
    assert shell.check("accounts", "--account", "2")["accounts"][0]["key_fingerprint"] == fingerprint(1)
    done = shell.run("check", "accounts", "--account", "4")
    assert done.returncode == 1 and "There is no account 4" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="paths of other systems")
@pytest.mark.parametrize(
    "spelling",
    [
        "file://{0}/My%20Files/it%27s%20me.session", "file://localhost{0}/My%20Files/it's%20me.session",
        "file:{0}/My Files/it's me.session", "{0}/My\\ Files/it\\'s\\ me.session", "'{0}/My Files/it's me.session'",
        '"{0}/My Files/it\'s me.session"', "& '{0}/My Files/it''s me.session'", "~/desk/My Files/it's me",
        "'~/desk/My Files/it's me.session' ", "{0}/My*/*.session", "{0}/My Files/it's me",
    ],
)  # fmt: skip
def test_paths_are_taken_as_terminals_and_file_managers_give_them(shell: Shell, spelling: str) -> None:
    folder = shell.path / "My Files"
    folder.mkdir()
    script.save_session([session(1)], str(folder / "it's me.session"), "telethon")
    assert keys([shell.check(spelling.format(shell.path))]) == [fingerprint(1)]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the one who may read everything")
def test_what_may_not_be_read_has_a_next_step(shell: Shell) -> None:
    (shell.path / "a.session").write_text(STRING)
    (shell.path / "a.session").chmod(0)
    found = shell.check("a.session")["problem"]
    assert found["name"] == "PermissionError" and found["steps"]


def test_every_problem_has_a_name_for_programs() -> None:
    problems = [
        finding.session
        for folder in sorted((CASES / "bad").glob("*/*"))
        for finding in script.findings_at(str(folder), folder.name)
        if isinstance(finding.session, script.Problem)
    ]
    assert len(problems) > 20
    assert all(script.for_programs(problem)["name"] for problem in problems)


# ── whatever is given ──

# Owners are named on their own marks only, and none of these is in bytes that Hypothesis makes up.
OWNERS = "Android|TDLib|macOS|iOS|Madeline|gotd|tdl|grammers|wzgram|Telegram Web|WTelegram|TLSharp|Webogram"
NAMES = ["a.session", "a.json", "a.txt", "a", ".env", "key_datas", "tgnet.dat", "td.binlog", "a.zip", "ä ö.SESSION"]
GOOD = sorted(path for path in (CASES / "good").rglob("*") if path.is_file() and path.stat().st_size < 100_000)


def damaged(data: bytes, at: int, how: str, with_what: bytes) -> bytes:
    at %= len(data) + 1
    if how == "cut":
        return data[:at]
    return data[:at] + with_what + data[at + (len(with_what) if how == "over" else 0) :]


@given(st.binary(max_size=2000), st.sampled_from(NAMES))
def test_whatever_bytes_are_given_are_a_problem_and_no_owner_is_made_up(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(data)
        found = [*script.given_findings([f"{folder}/{name}"]), *script.given_findings([folder])]
    for finding in found:
        assert isinstance(finding.session, script.Problem)
        assert not re.search(OWNERS, finding.session.title) or name in ("tgnet.dat", "td.binlog")


@given(
    st.sampled_from(GOOD), st.integers(0, 100_000), st.sampled_from(["cut", "over", "into"]), st.binary(max_size=9),
)  # fmt: skip
def test_a_damaged_file_is_a_session_or_a_problem_and_never_a_traceback(
    path: Path, at: int, how: str, with_what: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for other in path.parent.iterdir():
            if other.is_file():
                shutil.copy(other, folder)
        copy = Path(folder) / path.name
        copy.write_bytes(damaged(path.read_bytes(), at, how, with_what))
        for finding in [*script.given_findings([str(copy)]), *script.given_findings([folder])]:
            assert isinstance(finding.session, (script.Session, script.Problem))
            if isinstance(finding.session, script.Session):
                script.facts_of(finding.session)


@given(
    st.lists(st.one_of(st.text(max_size=40), st.integers(0, 9).map(string)), max_size=8),
    st.sampled_from(["", " ", "\n", '"', "=", ", ", "\\n"]), st.integers(0, 400),
)  # fmt: skip
def test_a_text_gives_no_key_that_does_not_stand_in_it(parts: list[str], between: str, cut: int) -> None:
    text = between.join(parts)
    text = text[: len(text) - cut] if cut < 300 else text
    whole = {fingerprint(number) for number in range(10) if string(number)[1:-1] in text}
    for finding in script.findings_in_text(text, "given"):
        assert isinstance(finding.session, (script.Session, script.Problem))
        if isinstance(finding.session, script.Session):
            assert script.fingerprint(script.home_key(finding.session)) in whole
        said = f"{finding.place} {getattr(finding.session, 'title', '')} {getattr(finding.session, 'meaning', '')}"
        assert not [run for run in re.findall(r"[\w-]{20,}", said) if any(run in string(one) for one in range(10))]


@given(st.text(max_size=60))
def test_whatever_is_typed_for_a_path_is_one_or_none(word: str) -> None:
    for path in script.paths_meant(word):
        assert path == word or os.path.lexists(path)


# ── convert ──


def test_a_folder_of_packs_is_converted_each_on_its_own(shell: Shell) -> None:
    folder = packs(shell.path / "accounts", 3)
    (folder / "+15550100001.session").write_bytes(b"")
    done = shell.run("convert", "accounts", "strings", "--to", "string")
    assert done.returncode == 1
    assert "2 of 3 were written to strings" in done.stderr
    assert "+15550100001.session: +15550100001.session is empty" in done.stderr
    assert shell.names("strings") == ["+15550100000.txt", "+15550100002.txt"]
    assert (shell.path / "strings" / "+15550100002.txt").read_text().strip() == string(2)
    again = shell.run("convert", "accounts", "strings", "--to", "string")
    assert again.returncode == 1 and again.stderr.count("exists already") == 2


def test_of_several_sessions_one_is_chosen_by_its_number_or_none(shell: Shell) -> None:
    packs(shell.path / "accounts", 3)
    done = shell.run("convert", "accounts", "-")
    assert done.returncode == 2 and "3 sessions in it" in done.stderr and done.stdout == ""
    assert shell.run("convert", "accounts", "-", "--account", "3").stdout.strip() == string(2)


def test_of_several_sessions_one_is_chosen_at_the_prompt(run: Run, tmp_path: Path) -> None:
    packs(tmp_path / "accounts", 3)
    person = run("convert", "accounts", "new.txt")
    person.sees("[2] +15550100001.session")
    person.answers("Number", "2")
    person.sees("Written: new.txt")
    person.answers("Press Enter to exit", "")
    person.exits(0)
    assert (tmp_path / "new.txt").read_text().strip() == string(1)


def test_a_string_is_never_written_into_a_session_file(shell: Shell) -> None:
    (shell.path / "a.txt").write_text(STRING)
    done = shell.run("convert", "a.txt", "new.session", "--to", "gramjs")
    assert done.returncode == 2 and "ends in .txt" in done.stderr
    assert shell.names() == ["a.txt"]


def test_the_chosen_session_is_the_one_that_is_told_of(shell: Shell) -> None:
    packs(shell.path / "accounts", 1)
    (shell.path / "accounts" / "b.txt").write_text(f"'{string(2)}'")
    done = shell.run("convert", "accounts", "-", "--account", "2")
    assert done.stdout.strip() == string(2) and "From a Telethon StringSession" in done.stderr


def test_a_user_id_can_be_given_by_a_script(shell: Shell) -> None:
    (shell.path / "a.txt").write_text(STRING)
    assert shell.run("convert", "a.txt", "tdata", "--user-id", "7000000001").returncode == 0
    assert shell.check("tdata")["accounts"][0]["user_id"] == 7000000001


# ── from Python ──


def test_the_lines_for_programs_in_readme_work(shell: Shell) -> None:
    packs(shell.path / "accounts", 2)
    (shell.path / "accounts" / "empty.session").touch()
    script.save_session([session(3)], str(shell.path / "acc.session"), "telethon")
    [lines] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", lines], env={**shell.env, "PYTHONPATH": str(ROOT)}, cwd=shell.path,
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert said[0] == "accounts/+15550100000.session json 7000000000"
    assert said[2].startswith("accounts/empty.session empty.session is empty")
    assert said[3] == "PC"
    assert shell.names() == ["acc.session", "accounts"]


# ── the end ──


@pytest.mark.parametrize("command", ["check a.txt", "convert a.txt b.session"])
def test_what_stood_on_the_command_line_and_succeeds_does_not_wait(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "a.txt").write_text(STRING)
    person = run(*command.split())
    person.exits(0)
    person.does_not_see("Press Enter")


@pytest.mark.parametrize("around", ["{}", "my string:\n{}\n", '{{"a": 1, "session": "{}"}}', "x = '{}'\ny = 2\n"])
def test_a_letter_that_only_looks_latin_is_named_wherever_the_string_stands(around):
    string = script.encode_telethon_string(script.new_session(2, KEY, "149.154.167.51", 443))
    found = script.findings_in_text(around.format(string[:100] + "\u0430" + string[101:]), "here")
    titles = [finding.session.title for finding in found if isinstance(finding.session, script.Problem)]
    assert titles == ["Character 101 of the string is “\u0430” (U+0430), which only looks Latin."]
