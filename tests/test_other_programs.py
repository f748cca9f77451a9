"""Nobody else's program is run, and what is run gets no secret: hostile repositories, folders and PATHs."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import telegram_session as script

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs of these tests are scripts of a POSIX shell")
SCRIPT = Path(script.__file__)


def plant(path: Path, ran: Path) -> Path:
    """A program that leaves its environment in `ran`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n/usr/bin/env > '{ran}'\nexit 0\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    if not shutil.which("git"):
        pytest.skip("no git here")
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


@pytest.mark.parametrize("setting", ["core.fsmonitor", "core.hooksPath"])
def test_a_program_that_a_repository_names_is_not_run(repository, tmp_path, setting):
    ran = tmp_path / "ran"
    for name in ("evil", "hooks/post-index-change", "hooks/query-watchman"):
        plant(tmp_path / name, ran)
    git(repository, "config", setting, str(tmp_path / ("evil" if setting == "core.fsmonitor" else "hooks")))
    (repository / ".gitignore").write_text("*.session\n", "utf-8")
    assert not script.git_would_take(str(repository / "a.session"))
    assert script.git_would_take(str(repository / "a.txt"))
    assert not ran.exists()


def test_what_a_repository_lacks_is_not_fetched_by_its_program(repository, tmp_path):
    ran = tmp_path / "ran"
    evil = plant(tmp_path / "evil", ran)
    (repository / ".gitignore").write_text("*.session\n", "utf-8")
    git(repository, "add", ".gitignore")
    git(repository, "update-index", "--skip-worktree", ".gitignore")
    (repository / ".gitignore").unlink()
    for folder in (repository / ".git" / "objects").iterdir():  # a partial clone has the names, not the files
        if len(folder.name) == 2:
            shutil.rmtree(folder)
    for name, value in (
        ("core.repositoryFormatVersion", "1"), ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"), ("remote.origin.url", str(repository)),
        ("remote.origin.uploadpack", str(evil)), ("protocol.file.allow", "always"),
    ):  # fmt: skip
        git(repository, "config", name, value)
    assert script.git_would_take(str(repository / "a.session"))
    assert not ran.exists()


@pytest.mark.parametrize("folder", ["", ".", "{here}", "bin"])
def test_programs_of_the_working_folder_are_not_found(tmp_path, monkeypatch, folder):
    ran = tmp_path / "ran"
    for name in ("git", "xclip", "uv", "gcc"):
        plant(tmp_path / name, ran)
        plant(tmp_path / "bin" / name, ran)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([folder.format(here=tmp_path), os.environ["PATH"]]))
    script.take_settings()
    for name in ("git", "xclip", "uv", "gcc"):
        assert not script.program(name).startswith(str(tmp_path))
        assert not (shutil.which(name) or "").startswith((str(tmp_path), ".", "bin"))


def test_what_is_started_gets_no_secret_and_no_working_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "SETTINGS", {})
    monkeypatch.setenv("TELEGRAM_SESSION_STRING", "1secret")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shlex.py").write_text("raise SystemExit('PWNED')", "utf-8")
    script.take_settings()
    assert script.SETTINGS == {"TELEGRAM_SESSION_STRING": "1secret"}
    ran = script.run_program(
        [sys.executable, "-c", "import os, shlex; print(os.environ, os.getcwd())"], "asking", 20, MORE="and more"
    )
    assert ran.code == 0
    assert "TELEGRAM_" not in ran.said
    assert "and more" in ran.said
    assert str(tmp_path) not in ran.said.splitlines()[-1].rpartition("}")[2]


def test_what_does_not_end_is_ended_with_all_that_it_started():
    ran = script.run_program(["/bin/sh", "-c", "sleep 60 & echo begun; wait"], "waiting", 0.5)
    assert ran == script.Ran(None, "begun")


def test_what_says_too_much_is_ended():
    ran = script.run_program([sys.executable, "-c", "while True: print('x' * 1000)"], "listening", 20)
    assert ran.code is None
    assert len(ran.said) <= script.MOST_WORDS


def test_what_cannot_be_started_is_no_traceback():
    assert script.run_program([script.program("no-such-program")], "looking", 1).code is None


def test_no_program_is_started_in_another_way():
    source = SCRIPT.read_text("utf-8")
    assert source.count("subprocess.Popen(") == 1
    others = "subprocess.run|subprocess.check|os.system|os.popen|os.exec|os.spawn|shell=True|platform.platform("
    for other in [*others.split("|"), "platform.architecture(", "platform.processor(", 'environ.get("TELEGRAM_']:
        assert other not in source


def test_a_pipe_in_the_place_of_a_journal_is_told_and_not_waited_for(tmp_path):
    database = tmp_path / "v.session"
    database.write_bytes(b"SQLite format 3\0" + bytes(84))
    os.mkfifo(f"{database}-journal")
    asked = subprocess.run(
        [sys.executable, str(SCRIPT), "check", str(database)], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60, check=False, encoding="utf-8",
    )  # fmt: skip
    assert asked.returncode == 1
    assert "v.session-journal is not an ordinary file" in " ".join((asked.stdout + asked.stderr).split())


def test_every_folder_that_is_made_is_for_its_owner_only(tmp_path):
    before = os.umask(0o022)
    try:
        script.make_folder(str(tmp_path / "a" / "b" / "c"))
        script.make_folder(str(tmp_path / "a" / "b" / "c"))
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3
