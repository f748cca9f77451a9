"""README says what is true: its commands work as written, and its tables are the script's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import telegram_session

from .test_installing import shelf

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def command_for(shell: str, word: str) -> str:
    """The first command of README, for this shell, that has `word` in it."""
    blocks = re.findall(rf"```{shell}\n(.*?)```", README, re.DOTALL)
    return next(line for block in blocks for line in block.splitlines() if word in line)


def test_the_first_command_sets_everything_up_and_starts_the_script(tmp_path):
    for name in ("telegram_session.py", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    shell = ["powershell", "-NoProfile", "-Command"] if os.name == "nt" else ["sh", "-c"]
    command = command_for("powershell" if os.name == "nt" else "sh", "requirements.txt")
    environment = {**shelf(tmp_path), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [*shell, command], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert "✓ Telethon 1.99.0" in done.stderr
    assert "Step 1" in done.stderr


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
