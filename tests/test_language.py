"""The file has the syntax of Python 3.7, so that an old Python gets to the sentence, and needs the library of 3.9."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "telegram_session.py"


def test_the_syntax_is_that_of_python_3_7():
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 7))


def test_nothing_newer_than_python_3_9_is_used():
    vermin = [sys.executable, "-c", "import vermin; vermin.main()", "--no-tips", "--violations", "-t=3.9-"]
    done = subprocess.run([*vermin, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert "Minimum required versions" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stdout


def test_no_git_changes_the_line_ends_of_a_file():
    """Git for Windows turns them into those of Windows, which bash, and the check sums of fixtures, do not bear."""
    if not (SCRIPT.parent / ".git").exists():
        pytest.skip("not in a git repository")
    files = [".ci/run", "telegram_session.py", "tests/fixtures/sessions/bad/sqlite/text_file/acc.session"]
    told = subprocess.run(
        ["git", "check-attr", "text", "--", *files], cwd=SCRIPT.parent, capture_output=True, text=True, check=True
    ).stdout
    assert told.splitlines() == [f"{file}: text: unset" for file in files]
