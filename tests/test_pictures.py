"""README's pictures are real: made by a run of the script, the same in every run, and there."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from . import pictures
from .helpers import terminal


def words(svg: str) -> str:
    return " ".join(" ".join(ElementTree.fromstring(svg).itertext()).split())


@pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")
def test_a_picture_shows_what_the_script_says_and_nothing_that_changes():
    first, second = pictures.picture("error"), pictures.picture("error")
    assert first == second
    for said in ("✗ This code is not valid any more.", "What to do:", "PHONE_CODE_EXPIRED, in answer to auth.signIn"):
        assert said in words(first)


@pytest.mark.parametrize("name", pictures.STORIES)
def test_every_picture_is_there_and_can_be_drawn(name):
    svg = (pictures.FOLDER / f"{name}.svg").read_text("utf-8")
    assert len(words(svg)) > 200


def test_no_picture_shows_a_whole_session_string():
    for name in pictures.STORIES:
        shown = words((pictures.FOLDER / f"{name}.svg").read_text("utf-8")).split()
        assert not [word for word in shown if len(word) > 60 and word.isascii()]
