"""`explain`, run in this process: what its tests share."""

from __future__ import annotations

from typing import Callable

import pytest

import telegram_session as script

Explain = Callable[..., "tuple[int, str]"]


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Explain:
    """`explain("FLOOD_WAIT_37")` → the exit code and what standard output got, white space as single blanks."""
    monkeypatch.setattr(script, "term", script.Terminal())

    def run(*words: str) -> tuple[int, str]:
        code = script.main(["explain", *words])
        return code, " ".join(capsys.readouterr().out.split())

    return run
