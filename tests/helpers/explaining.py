"""Commands that ask nothing, run in this process: what their tests share."""

from __future__ import annotations

from typing import Callable

import pytest

import telegram_session as script

Explain = Callable[..., "tuple[int, str]"]


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Explain:
    """`here("check", "my.env")` → the exit code and what was said, white space as single blanks."""

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(script, "term", script.Terminal())  # on the streams of this moment
        code = script.main(list(words))
        return code, " ".join("".join(capsys.readouterr()).split())

    return run


@pytest.fixture
def explain(here: Explain) -> Explain:
    """`explain("FLOOD_WAIT_37")`: the same of this command."""
    return lambda *words: here("explain", *words)
