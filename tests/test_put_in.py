"""“Put it in for me”: a server comes into a client's settings, and nothing else there changes by a byte."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import telegram_session as script

from .helpers.signing_in import shown_string, start

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram

PHONE = "+49 151 12345678"
COMMAND, VALUES = ["uvx", "--with", "mcp<2", "tgmcp", "start"], {"TELEGRAM_API_ID": "20481632", "X": 'a"b\\c'}
SERVER = {"command": "uvx", "args": COMMAND[1:], "env": VALUES}
ROWS = {row[0]: row for row in script.rows_of(script.MCP_CLIENTS)}


def put(text: str, client: str = "Cursor", name: str = "tgmcp") -> str:
    """The settings with the server, which the script itself finds to be all right."""
    row = ROWS[client]
    after = script.with_server(text, row[1], name, COMMAND, VALUES)
    assert script.is_only_added(row, name, text, after)
    return after


OTHER = '{"command": "npx", "args": ["-y", "x"]}'
TEXTS = {
    "empty": "",
    "an empty object": "{}",
    "an empty object over lines": "{\n}\n",
    "an empty list of servers": '{\n  "mcpServers": {}\n}\n',
    "another server": f'{{\n  "mcpServers": {{\n    "files": {OTHER}\n  }}\n}}\n',
    "four blanks": f'{{\n    "theme": "dark",\n    "mcpServers": {{\n        "files": {OTHER}\n    }}\n}}',
    "tabs": f'{{\n\t"mcpServers": {{\n\t\t"files": {OTHER}\n\t}}\n}}\n',
    "Windows' line ends": f'{{\r\n  "mcpServers": {{\r\n    "files": {OTHER}\r\n  }}\r\n}}\r\n',
    "all in one line": f'{{"a": [1, 2], "mcpServers": {{"files": {OTHER}}}, "b": {{"mcpServers": {{}}}}}}',
    "no servers yet": '{\n  "theme": "dark"\n}\n',
    "others of that name inside": '{"projects": {"/x": {"mcpServers": {}}}}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_server_is_added_and_all_else_stays_as_it_was(text):
    after = put(text)
    before = json.loads(text or "{}")
    expected = {**before, "mcpServers": {"tgmcp": SERVER, **before.get("mcpServers", {})}}
    assert json.loads(after) == expected
    assert ("\r\n" in text) == ("\r\n" in after)
    assert not re.search(r"[^\r]\n", after) or "\r\n" not in text
    # What was there is still there, as one piece before and one behind what is new.
    pieces = [text[:cut] for cut in range(len(text) + 1) if after.startswith(text[:cut])]
    assert after.endswith(text[len(pieces[-1]) :])


def test_a_server_of_that_name_is_replaced_and_its_neighbours_are_not_touched():
    text = (
        f'{{\n  "mcpServers": {{\n    "a": {OTHER},\n    "tgmcp": {{"command": "old"}},\n    "b":  {OTHER}\n  }}\n}}\n'
    )
    after = put(text)
    assert json.loads(after)["mcpServers"]["tgmcp"] == SERVER
    head, tail = text.split('{"command": "old"}')
    assert after.startswith(head)
    assert after.endswith(tail)


@pytest.mark.parametrize(
    "text",
    [
        '// mine\n{\n  "servers": {\n    // one\n    "files": {"command": "npx",},\n  },\n}\n',
        '{"servers": {/* none */}}',
    ],
)
def test_comments_and_commas_stay_where_the_client_allows_them(text):
    after = put(text, "VS Code")
    for piece in re.findall(r"//.*|/\*.*\*/", text):
        assert piece in after
    assert '"type": "stdio"' in after
    assert not script.is_only_added(ROWS["Cursor"], "tgmcp", text, after)  # Cursor would not read it


@pytest.mark.parametrize("text", ['{"mcpServers": {', '{"mcpServers": {"a": 1 "b": 2}}', '{"a": 1}}', "hello", "[1]"])
def test_what_is_not_certain_is_refused(text):
    try:
        after = script.with_server(text, "mcpServers", "tgmcp", COMMAND, VALUES)
    except (ValueError, KeyError):
        return
    assert not script.is_only_added(ROWS["Cursor"], "tgmcp", text, after)


def test_codex_and_goose_get_theirs_in_their_own_formats():
    toml = 'model = "x"\n\n[mcp_servers.files]\ncommand = "npx"\n'
    after = put(toml, "Codex")
    assert after.startswith(toml)
    tomllib = pytest.importorskip("tomllib")
    servers = tomllib.loads(after)["mcp_servers"]
    assert servers == {"files": {"command": "npx"}, "tgmcp": SERVER}
    yaml = "GOOSE_MODEL: x\nextensions:\n  developer:\n    enabled: true\nother: 1\n"
    after = put(yaml, "Goose")
    assert after.startswith("GOOSE_MODEL: x\nextensions:\n  tgmcp:\n")
    assert after.endswith("  developer:\n    enabled: true\nother: 1\n")
    for client, text in (("Codex", put(toml, "Codex")), ("Goose", after)):
        with pytest.raises(ValueError, match="there already"):
            script.with_server(text, ROWS[client][1], "tgmcp", COMMAND, VALUES)


REFUSED = {
    "Codex": [
        '[mcp_servers]\ntgmcp = { command = "npx" }\n',
        "[mcp_servers.'tgmcp']\ncommand = \"npx\"\n",
        '[mcp_servers. tgmcp]\ncommand = "npx"\n',
        'mcp_servers.tgmcp.command = "npx"\n',
        "a = 1\na = 2\n",
        "x = \n",
    ],
    "Goose": [
        "extensions:\n developer:\n  enabled: true\n",
        "extensions:\n    developer:\n    other:\n",
        "extensions:\n  a:\n    enabled: true\nextensions:\n  b:\n    enabled: true\n",
    ],
    "Cursor": [
        '{"mcpServers": null}',
        '{"mcpServers": "x"}',
        '{"mcpServers": {"tgmcp": {"command": "x"}}, "mcpServers": {"b": {"command": "y"}}}',
    ],
    "VS Code": [
        '{"servers" {"a": 1}, /* c */ "b": 2}',
        '{"a": 1,, /* c */ "b": 2}',
        '{"a", /* c */ "b": 2}',
        '{"a": 1} /*',
    ],
}


@pytest.mark.parametrize(("client", "text"), [(client, text) for client in REFUSED for text in REFUSED[client]])
def test_what_the_client_would_read_otherwise_is_refused(client, text):
    if client == "Codex":
        pytest.importorskip("tomllib")
    try:
        after = script.with_server(text, ROWS[client][1], "tgmcp", COMMAND, VALUES)
    except (ValueError, KeyError):
        return
    assert not script.is_only_added(ROWS[client], "tgmcp", text, after)


def test_settings_without_a_server_and_lists_over_lines_are_no_reason_to_refuse():
    pytest.importorskip("tomllib")
    assert put('model = "x"\n[projects."/home/me"]\ntrust_level = "trusted"\n', "Codex")
    assert put("extensions:\n  developer:\n    args:\n      - -y\n      - x\n", "Goose")


def test_where_it_cannot_be_put_in_place_nothing_of_it_stays(tmp_path, monkeypatch):
    path = tmp_path / "mcp.json"
    path.write_text("{}")

    def refuse(*_paths: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(script.Problem):
        script.replace_settings(str(path), f"{path}.old", b"{}", b'{"a": 1}')
    assert path.read_text() == "{}"
    assert sorted(os.listdir(tmp_path)) == ["mcp.json", "mcp.json.old"]


def test_an_empty_file_is_replaced_like_any_other(tmp_path):
    path = tmp_path / "mcp.json"
    path.write_text("")
    script.replace_settings(str(path), f"{path}.old", b"", b"{}")
    assert path.read_text() == "{}"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(max_size=6), values, max_size=4),
    st.none() | st.dictionaries(st.text(max_size=6), values, max_size=3),
    st.sampled_from([None, 1, 2, 4, "\t"]),
)
def test_whatever_else_is_in_the_settings_it_stays(others, servers, indent):
    before = {**others, **({} if servers is None else {"mcpServers": servers})}
    if not isinstance(before.get("mcpServers", {}), dict):
        return
    after = script.with_server(json.dumps(before, indent=indent), "mcpServers", "tgmcp", COMMAND, VALUES)
    assert json.loads(after) == {**before, "mcpServers": {"tgmcp": SERVER, **before.get("mcpServers", {})}}


# ── in the conversation ──


@pytest.fixture
def person(telegram: PracticeTelegram, run: Run, tmp_path: Path) -> Person:
    """Signed in, with Cursor's settings there, and before the question whether to put the server in."""
    telegram.add_account(PHONE, code="24680")
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text(TEXTS["another server"])
    (tmp_path / "uvx").write_text("#!/bin/sh\n")
    (tmp_path / "uvx").chmod(0o755)
    person = start(run, phone=PHONE, env={"PATH": str(tmp_path)}, cwd="/")
    person.answers("Code", "24680")
    person.answers("Press Enter to exit", "1")
    person.answers("Number", "2")
    person.answers("Number", "2")  # OEvortex/tgmcp
    person.answers("Number", "2")  # Cursor
    return person


def test_it_is_shown_first_and_the_old_file_stays_beside_it(person, tmp_path):
    path = tmp_path / ".cursor" / "mcp.json"
    other = "npx"  # of a server that is there already
    string = shown_string(person)
    person.answers("Put it in? [y/N]", "y")
    person.is_asked("Write this? [y/N]")
    shown = person.transcript.split("Put it in? [y/N]")[1]
    assert '"TELEGRAM_SESSION_STRING": "[session string]"' in shown
    assert string[:40] not in shown
    assert other not in shown
    assert path.read_text() == TEXTS["another server"]
    person.types("y")
    person.sees("Written:")
    person.is_asked("Press Enter to exit")
    after = json.loads(path.read_text())["mcpServers"]
    assert after["tgmcp"]["env"]["TELEGRAM_SESSION_STRING"] == string
    assert after["tgmcp"]["command"] == str(tmp_path / "uvx")  # the whole path
    assert after["files"] == json.loads(OTHER)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (copy,) = [one for one in path.parent.iterdir() if one != path]
    assert copy.read_text() == TEXTS["another server"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_file_that_changes_meanwhile_is_left_alone(person, tmp_path):
    path = tmp_path / ".cursor" / "mcp.json"
    person.answers("Put it in? [y/N]", "y")
    person.is_asked("Write this? [y/N]")
    path.write_text("{}")
    person.types("y")
    person.sees("has changed meanwhile, and is left alone")
    person.is_asked("Press Enter to exit")
    assert path.read_text() == "{}"
    assert os.listdir(path.parent) == ["mcp.json"]


@pytest.mark.parametrize("text", [b'{"mcpServers": {"files": {},}}', b"hello", b"\xff\xfe{\0}\0"])
def test_a_file_that_its_client_cannot_read_is_left_alone(person, tmp_path, text):
    path = tmp_path / ".cursor" / "mcp.json"
    path.write_bytes(text)
    person.answers("Put it in? [y/N]", "y")
    person.sees("is left alone")
    person.sees("Put the lines above in yourself")
    person.is_asked("Press Enter to exit")
    assert os.listdir(path.parent) == ["mcp.json"]
