"""What a person may expect of every wait: it ends in time, and it never says nothing for long."""

from __future__ import annotations

import os
import re
import time
from typing import Callable

from .terminal import Person

# The script speaks after one second and then every second; the rest is for machines that are busy with other tests.
LONGEST_SILENCE = 2.5


def slowness() -> float:
    """How much longer everything takes now than with two programs for each core; 1 where the machine cannot say."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
    return max(1.0, load / (2 * (os.cpu_count() or 1)))


def sees_in_time(person: Person, what: str, within: float) -> None:
    """Waits until `what` has been shown, at most `within` seconds, without a silence of more than LONGEST_SILENCE.

    Both are for a machine that is not overloaded; the bounds themselves are measured by `tests.bench`.
    """
    pattern = re.compile(r"\s+".join(map(re.escape, what.split())))
    started = time.monotonic()
    shown = ""
    while not pattern.search(shown):
        shown += person.sees(re.compile(r"[\s\S]+"), timeout=LONGEST_SILENCE * slowness())
        assert time.monotonic() - started < within * slowness(), f"{what!r} took more than {within} seconds"


def wait_until(condition: Callable[[], bool], what: str, within: float = 30) -> None:
    """Waits for something that another program does, and that nobody tells of."""
    ends = time.monotonic() + within * slowness()
    while not condition():
        assert time.monotonic() < ends, f"waited in vain until {what}"
        time.sleep(0.02)
