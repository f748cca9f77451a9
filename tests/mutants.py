"""`python -m tests.mutants ROOM [NUMBER]`: do the fast tests notice when the script is changed?

mutmut (https://mutmut.readthedocs.io; none of the requirements, so `pip install mutmut` first) makes changes: a `<`
becomes `<=`, an `and` an `or`, 3 becomes 4, an argument None. NUMBER of them (200) are drawn in one room, the same in
every run of one script: in functions that the room's tests reach in their own process, and not in the words of a text.
For each, the tests that reach it run, in one process at low priority. What they do not notice is shown.

November 2026: the tests of what people type noticed 176 of 200 changes (88 %), those of looking an error up 81 of the
89 that were run (91 %); those of sessions were not measured. Before it was so narrowed down, with every change that
mutmut can make anywhere in the first room, its tests noticed 54 % of all, and 76 % of those that they reach.
"""

from __future__ import annotations

import ast
import difflib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = "telegram_session.py"
# The tests of each room that need no server.
TESTS = {
    "WHAT PEOPLE TYPE": "test_credentials test_phone",
    "SESSIONS": "test_sessions test_sessions_strings test_sessions_databases test_sessions_companions "
    "test_sessions_tdata",
    "LOOKING AN ERROR UP": "test_errors test_explain test_explain_pasted",
}


# mutmut runs the tests once without a change before it forks for each: what was worked out then must not be taken.
CACHES = """

@pytest.fixture(autouse=True, scope="session")
def nothing_is_remembered():
    import telegram_session

    for each in vars(telegram_session).values():
        getattr(each, "cache_clear", lambda: None)()
"""


def prepare(place: Path, room: str) -> None:
    """Copies the script and its tests; mutmut is told to leave everything but the room alone."""
    for name in ("README.md", "requirements.txt"):
        shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "tests", place / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    source = (ROOT / SCRIPT).read_text("utf-8")
    found = re.search(rf"^# ══ \d+  {room} ═.*?(?=^# ══ )", source, re.MULTILINE | re.DOTALL)
    assert found, f"no room {room}"
    head = source.index("\nimport re\n")  # behind the docstring and `from __future__`
    off, on = "\n# pragma: no mutate start\n", "\n# pragma: no mutate end\n"
    marked = source[:head] + off + source[head : found.start()] + on + found[0] + off + source[found.end() :] + on
    (place / SCRIPT).write_text(marked, "utf-8")
    with open(place / "tests" / "conftest.py", "a", encoding="utf-8") as conftest:
        conftest.write(CACHES)
    # Everything takes longer with all changes in the file: tests of how long it takes would fail without any.
    tests = "".join(f"\n  tests/{name}.py" for name in TESTS[room].split())
    settings = f"source_paths={SCRIPT}\nalso_copy=\n  README.md\n  requirements.txt\n"
    settings += "pytest_add_cli_args=\n  -pno:xdist\n  -knot long\n"
    (place / "setup.cfg").write_text(f"[mutmut]\n{settings}pytest_add_cli_args_test_selection={tests}\n", "utf-8")


def mutmut(place: Path, *names: str) -> dict[str, int | None]:
    """Runs mutmut for these changes; returns how pytest ended for every change that there is."""
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "1", *names]
    with open(place / "log", "ab") as log:
        subprocess.run(command, cwd=place, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False)
    codes: dict[str, int | None] = json.loads((place / "mutants" / f"{SCRIPT}.meta").read_text("utf-8"))[
        "exit_code_by_key"
    ]
    return codes


def changes(place: Path) -> dict[str, list[str]]:
    """By the name of each change its lines, as a diff; none for a change of nothing but words."""
    lines = (place / "mutants" / SCRIPT).read_text("utf-8").split("\n")
    functions = {
        node.name: lines[node.lineno - 1 : node.end_lineno]
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and "__mutmut_" in node.name
    }
    found = {}
    for name, changed in functions.items():
        base, _, number = name.rpartition("__mutmut_")
        if number == "orig":
            continue
        before = functions[f"{base}__mutmut_orig"]
        words = [re.sub("xx", "", "\n".join(text[1:]).lower()) for text in (before, changed)]
        same = words[0] == words[1] and before[0].partition("(")[2] == changed[0].partition("(")[2]
        found[f"telegram_session.{name}"] = [] if same else list(difflib.unified_diff(before, changed, n=0))[3:]
    return found


def reached_functions(place: Path) -> set[str]:
    """The functions that some test reaches. Tests are forgotten whose names pytest does not take as arguments."""
    path = place / "mutants" / "mutmut-stats.json"
    stats = json.loads(path.read_text("utf-8"))
    tests = stats["tests_by_mangled_function_name"]
    for function, names in tests.items():
        tests[function] = [name for name in names if not re.search(r"\\|::.*::|[^ -~]", name)]
    path.write_text(json.dumps(stats), "utf-8")
    return {function for function, names in tests.items() if names}


def main(room: str, number: int) -> None:
    os.nice(19)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        prepare(place, room)
        mutmut(place, "nothing")  # makes the changes, and sees which test reaches which function
        lines = changes(place)
        reached = reached_functions(place)
        known = sorted(name for name, diff in lines.items() if diff and name.rpartition("__mutmut_")[0] in reached)
        drawn = random.Random(room).sample(known, min(number, len(known)))
        codes = mutmut(place, *drawn)
        if None in [codes[name] for name in drawn]:
            sys.exit((place / "log").read_text("utf-8", "replace")[-5000:])  # the tests fail without any change, too
        missed = sorted(name for name in drawn if not codes[name])
        for name in missed:
            print(name, *lines[name], sep="\n")
        noticed = len(drawn) - len(missed)
        print(f"{room}: {noticed} of {len(drawn)} changes were noticed ({100 * noticed // len(drawn)} %).")


if __name__ == "__main__":
    main(sys.argv[1].upper(), int(sys.argv[2]) if len(sys.argv) > 2 else 200)
