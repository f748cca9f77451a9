"""README says what is true: its commands work as written, and its tables are the script's."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

import telegram_session

from .helpers import terminal
from .test_installing import BASE_PYTHON, python_at, shelf

__all__ = ["python_at"]

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
FIRST_COMMAND = re.search(r"```sh\n(.*)\n```", README)[1]


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
def test_the_first_command_starts_the_script_and_sets_it_up(python_at, clean_env, tmp_path):
    """Here `python3` is a Python that has nothing and belongs to the system; the script lies alone in its folder."""
    place = tmp_path / "Downloads"
    place.mkdir()
    shutil.copy(ROOT / "telegram_session.py", place)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(BASE_PYTHON)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    env = {**clean_env, **shelf(tmp_path), "HOME": str(tmp_path), **python_at(marker=True), "PATH": path}
    with terminal.Person(["sh", "-c", FIRST_COMMAND], env=env, cwd=place) as person:
        person.answers("Press Enter to exit (or choose a number)", "1")
        person.sees("✓ Telethon 1.99.0", timeout=240)
        person.sees("Step 1")


def test_what_happens_at_the_first_command_is_told_in_ten_lines():
    before, told = README.split("```sh\npython3 telegram_session.py\n```\n")[:2]
    assert len(before.split()) == 2  # nothing but the heading
    steps = re.match(r"\n((?:(?:\d\.|  ) .+\n)+)", told)[1].splitlines()
    assert len(steps) <= 10
    assert "py telegram_session.py" in " ".join(steps)


def test_every_way_that_a_code_can_be_sent_is_in_the_table():
    assert re.findall(r"^\| `(SentCodeType\w+)`", README, re.MULTILINE) == list(telegram_session.DELIVERIES)


def test_links_inside_readme_lead_somewhere():
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert {link[1:] for link in links if link.startswith("#")} <= headings
    assert all((ROOT / link).exists() for link in links if not link.startswith(("#", "https://")))
