"""The house is as its head says: the rooms and who uses whom, and every call that is made to Telegram."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "telegram_session.py"
SOURCE = SCRIPT.read_text("utf-8")
TREE = ast.parse(SOURCE)
HEAD = ast.get_docstring(TREE) or ""
HEADINGS = [
    (number, int(found[1]), found[2])
    for number, line in enumerate(SOURCE.splitlines(), 1)
    if (found := re.match(r"# ══ (\d+)  (.+?) ═", line))
]
# Where commands begin; nobody but `main` uses what stands there.
ENTRIES = [number for _, number, title in HEADINGS if title in ("OTHER COMMANDS", "MAIN")]
WRAPPERS = {"invokeWithLayer", "initConnection"}


def room_of(line: int) -> int:
    """The number of the room that a line stands in; 1 is the head."""
    return max((number for start, number, _ in HEADINGS if start <= line), default=1)


def named(statement: ast.stmt) -> str:
    """What a statement at the top level defines."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return statement.name
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else ""


DEFINED = {named(statement): room_of(statement.lineno) for statement in TREE.body if named(statement)}


def used_in(statement: ast.stmt) -> Iterator[str]:
    """The names of the top level that a definition uses, as far as it has none of its own by that name."""
    nodes = list(ast.walk(statement))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in DEFINED and node.id not in own:
            yield node.id


def test_the_map_of_the_head_is_the_house():
    told = re.findall(r"^ {4,5}(\d+)  (\S.*?)  +\S", HEAD, re.MULTILINE)
    assert [(int(number), title.upper()) for number, title in told[1:]] == [(n, title) for _, n, title in HEADINGS]
    assert [int(number) for number, _ in told] == list(range(1, len(HEADINGS) + 2))


def test_a_room_uses_the_rooms_below_it_and_the_head():
    against = [
        f"{named(statement)} (room {here}) uses {name} (room {there})"
        for statement in TREE.body
        if (here := DEFINED.get(named(statement), 0)) and here not in ENTRIES
        for name in used_in(statement)
        if (there := DEFINED[name]) != 1 and (there < here or (there in ENTRIES and there != here))
    ]
    assert not against


@pytest.mark.parametrize("start", [start for start, _, _ in HEADINGS])
def test_every_room_begins_with_a_few_lines_about_itself(start):
    lines = SOURCE.splitlines()[start:]
    words = [line for line in lines[: next(n for n, line in enumerate(lines) if not line.startswith("#"))] if line[1:]]
    assert 1 <= len(words) <= 8


def test_every_call_to_telegram_is_in_the_list_of_the_head():
    made = {
        name[0].lower() + name[1:]
        for node in ast.walk(TREE)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("telethon.tl.functions")
        for space in [(node.module or "").removeprefix("telethon.tl.functions").lstrip(".")]
        for alias in node.names
        for name in [alias.name.removesuffix("Request")]
        for name in [f"{space}.{name[0].lower()}{name[1:]}" if space else name]
    }
    told = set(re.findall(r"^    ([a-z]+\.\w+|ping) {2,}\S", HEAD, re.MULTILINE))
    assert made - WRAPPERS == told


def test_nothing_reaches_telegrams_calls_by_another_way():
    """Each is imported by its name, from the module of its namespace: so the list above is whole."""
    assert not re.findall(r"functions\.\w+\.\w+Request|import functions|getattr\(functions", SOURCE)


def test_every_problem_of_these_rooms_has_a_name_for_programs():
    """`check --json` gives it; what a function passes on has the name of what it is about."""
    rooms = {number for _, number, title in HEADINGS if title in ("FINDINGS", "OTHER COMMANDS")}
    nameless = [
        node.lineno
        for node in ast.walk(TREE)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and room_of(node.lineno) in rooms
        if not any(keyword.arg == "name" for keyword in node.keywords)
    ]
    assert not nameless
