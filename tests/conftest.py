"""What every test may ask for: a Telegram of its own, and a person who runs the script on it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Protocol

import pytest
from hypothesis import HealthCheck, settings

from .helpers import terminal
from .helpers.explaining import explain, here  # noqa: F401  fixtures
from .helpers.sessions import copies_are_taken_away, rich  # noqa: F401  fixtures
from .practice import PracticeTelegram

if TYPE_CHECKING:
    from .helpers.terminal import Person

# The same inputs in every run, and no limits of time: a busy machine is no defect.
# For others, and more of them: --hypothesis-profile default.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# What a shell starts in the background (CI, nohup) ignores Ctrl-C or a closed window, and so would all that it starts.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

ROOT = Path(__file__).resolve().parents[1]
LAUNCHER = ROOT / "tests" / "practice" / "launcher.py"


class Run(Protocol):
    """Starts the script on the practice Telegram; see the fixture `run`."""

    def __call__(self, *arguments: str, env: dict[str, str] | None = None, **options: Any) -> Person: ...


@pytest.fixture
def telegram(count: Callable[[str, int], None]) -> Iterator[PracticeTelegram]:
    """A fresh practice Telegram, empty but for the apps it knows."""
    with PracticeTelegram() as server:
        yield server
        count("sign-ins that the practice Telegram granted", sum(key.account is not None for key in server.keys))


@pytest.fixture
def clean_env(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of the person's own settings speaks: no TELEGRAM_*, no proxies, an empty home."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "LANG": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.fixture
def run(
    telegram: PracticeTelegram, clean_env: dict[str, str], tmp_path: Path, count: Callable[[str, int], None]
) -> Iterator[Run]:
    """`run("--qr", env={...}, size=(60, 20), stdout="pipe")`: the unmodified script, in an empty folder."""
    if not terminal.AVAILABLE:
        pytest.skip("no pseudo-terminals on this platform")
    people: list[Person] = []

    def start(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> Person:
        command = [sys.executable, str(LAUNCHER), "--config", telegram.config, "--", *arguments]
        options.setdefault("cwd", tmp_path)
        person = terminal.Person(command, env={**clean_env, **(env or {})}, **options)
        people.append(person)
        return person

    yield start
    for person in people:
        person.close()
    count("conversations in a terminal", len(people))


@pytest.fixture
def count(record_property: Callable[[str, Any], None]) -> Callable[[str, int], None]:
    """`count("formats read", 12)` adds to the figures that are printed when all tests have run."""
    return lambda what, number: record_property("count", (what, number))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Counts what Hypothesis makes up: as many inputs as the test's settings ask for."""
    yield
    test = getattr(item, "obj", None)
    if getattr(test, "is_hypothesis_test", False):
        settings = test._hypothesis_internal_use_settings
        item.user_properties.append(("count", ("made-up inputs tried", settings.max_examples)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    totals: Counter[str] = Counter()
    for report in terminalreporter.getreports(""):  # the set-up and the end of each test; at the end all is counted
        for name, value in report.user_properties if report.when == "teardown" else ():
            if name == "count":
                totals[value[0]] += value[1]
    if totals:
        terminalreporter.section("counted")
        for what, number in sorted(totals.items()):
            terminalreporter.line(f"{number:8,d}  {what}")
