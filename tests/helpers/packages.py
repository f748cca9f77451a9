"""What the tests of the helper packages share: a package that is missing, whatever is installed, and a usable pip."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

import telegram_session

needs_pip = pytest.mark.skipif(
    importlib.util.find_spec("pip") is None or not telegram_session.pip_command("segno"), reason="needs a usable pip"
)


def without(module: str, folder: Path) -> dict[str, str]:
    """The environment of a Python that has no `module`, and whose pip finds nothing to install."""
    (folder / "sitecustomize.py").write_text(f"import sys; sys.modules[{module!r}] = None")
    return {"PYTHONPATH": str(folder), "PIP_NO_INDEX": "1"}
