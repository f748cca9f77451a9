"""The programs that a session is made for sign in with what the script shows and writes, on a practice Telegram."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Callable

import pytest

import telegram_session as script

from . import others
from .helpers.signing_in import shown_string, start
from .helpers.waiting import wait_until
from .practice.telegram import API_HASH, API_ID

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram

PHONE = "+49 151 12345678"


@pytest.fixture
def person(telegram: PracticeTelegram, run: Run) -> Person:
    """Signed in, before the menu."""
    telegram.add_account(PHONE, code="24680", first_name="Petra")
    person = start(run, phone=PHONE)
    person.answers("Code", "24680")
    person.is_asked("Press Enter to exit (")
    return person


def write_for(person: Person, program: str) -> dict[str, str]:
    """Lets the script write the file that a program looks for; the environment that it shows."""
    person.answers("Press Enter to exit", "1")
    person.answers("Number", "2")
    number = [target.name for target in script.paste_targets("mcp")].index(program) + 1
    person.answers("Number", str(number))
    person.answers("Write it there now?", "y")
    person.answers("Number (Enter alone: back)", "")
    person.is_asked("Press Enter to exit")
    shown = person.transcript.rpartition("In its environment it needs these, too:")[2]
    return dict(line.split("=", 1) for line in shown.splitlines() if line.startswith(("API_", "TELEGRAM_API_")))


def shown_for(person: Person, program: str) -> dict[str, Any]:
    """The server in the settings that the script shows for Cursor."""
    person.answers("Press Enter to exit", "1")
    person.answers("Number", "2")
    number = [target.name for target in script.paste_targets("mcp")].index(program) + 1
    person.answers("Number", str(number))
    person.answers("Number (Enter alone: back)", "2")
    person.is_asked("Press Enter to exit")
    shown = person.transcript.rpartition("\n{\n")[2].partition("\n}\n")[0]
    (server,) = json.loads(f"{{{shown}}}")["mcpServers"].values()
    return dict(server)


def use_tool(
    command: list[str], environment: dict[str, str], tool: str, arguments: dict[str, Any],
    when: Callable[[], bool] = lambda: True,
) -> Any:  # fmt: skip
    """Starts an MCP server, speaks to it as a client does, and returns what one of its tools answers."""
    greeting = script.MCP_GREETING.splitlines()
    call = json.loads(greeting[-1])
    call["params"] = {"name": tool, "arguments": arguments}
    server = subprocess.Popen(
        command, env={"PATH": os.environ["PATH"], **environment}, text=True, encoding="utf-8",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    bound = threading.Timer(60, server.kill)
    bound.start()
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write("\n".join([*greeting[:-1], ""]))
        server.stdin.flush()
        wait_until(when, "the server has connected")
        server.stdin.write(f"{json.dumps(call)}\n")
        server.stdin.flush()
        for line in server.stdout:
            if line.startswith("{") and json.loads(line).get("id") == call["id"]:
                return json.loads(line)
    finally:
        bound.cancel()
        server.kill()
        server.communicate()
    pytest.fail("the server ended without an answer")


def signed_in_since(telegram: PracticeTelegram, before: int, string: str) -> bool:
    """Whether somebody asked who he is with the key of this string, and was told."""
    told = [call for call in telegram.calls[before:] if call.method == "users.getUsers" and call.outcome == "list"]
    key = script.home_key(script.decode_telethon_string(string))
    key_id = int.from_bytes(hashlib.sha1(key).digest()[-8:], "little", signed=True)
    return bool(told) and {call.key_id for call in told} == {key_id}


def signs_in_for_a_tool(
    telegram: PracticeTelegram, person: Person, command: list[str], environment: dict[str, str], tool: str,
    arguments: dict[str, Any],
) -> None:  # fmt: skip
    """Starts a server whose tool must answer, and which must have signed in with the string on the person's screen."""
    telegram.wait_until_idle()
    before = len(telegram.calls)
    answer = use_tool(command, environment, tool, arguments)
    assert not answer["result"].get("isError"), answer
    assert signed_in_since(telegram, before, shown_string(person))


@pytest.mark.parametrize(
    ("program", "package", "command", "tool"),
    [
        ("OEvortex/tgmcp", "tgmcp==0.2.2", ["tgmcp", "start"], "get_me"),
        ("telethon-mcp", "telethon-mcp==1.0.0", ["telethon-mcp"], "list_contacts"),
    ],
)
def test_a_server_takes_the_settings_that_are_shown(person, telegram, tmp_path, program, package, command, tool):
    path, environment = others.server(package, command[0])
    server = shown_for(person, program)
    assert server["args"] == ["--with", "mcp<2", *command]  # as uvx installs it; here it is installed so already
    environment = {**environment, **server["env"], "HOME": str(tmp_path)}
    signs_in_for_a_tool(telegram, person, [path, *command[1:]], environment, tool, {})


@pytest.mark.parametrize(
    ("program", "package", "command", "tool"),
    [
        ("dryeab/mcp-telegram", "mcp-telegram==0.1.11", ["mcp-telegram", "start"], "search_dialogs"),
        ("fast-mcp-telegram", "fast-mcp-telegram==0.46.1", ["fast-mcp-telegram"], "find_chats"),
    ],
)
def test_a_server_takes_the_file_that_was_written(person, telegram, tmp_path, program, package, command, tool):
    path, environment = others.server(package, command[0])
    values = write_for(person, program)
    assert set(values) == {"API_ID", "API_HASH"}
    environment = {**environment, **values, "HOME": str(tmp_path)}
    signs_in_for_a_tool(telegram, person, [path, *command[1:]], environment, tool, {"query": "a"})


def test_overpods_mcp_telegram_takes_the_string_that_was_written(person, telegram, tmp_path):
    program, place = others.node("overpod")
    values = write_for(person, "mcp-telegram/mcp-telegram")
    assert (tmp_path / ".mcp-telegram" / "session").exists()
    telegram.wait_until_idle()
    before = len(telegram.calls)
    environment = others.on_port_80(tmp_path, telegram.data_centres[2].port)
    command = [program, str(place / "node_modules" / "@overpod" / "mcp-telegram" / "dist" / "cli.js")]
    use_tool(
        command, {**environment, **values, "HOME": str(tmp_path)}, "telegram-status", {},
        when=lambda: any(call.outcome == "Config" for call in telegram.calls[before:]),  # it connects by itself
    )  # fmt: skip
    assert signed_in_since(telegram, before, shown_string(person))


ASK = """
import { TelegramClient } from "LIBRARY";
import { StringSession } from "LIBRARY/sessions/index.js";
const client = new TelegramClient(new StringSession(args[0]), Number(args[1]), args[2], { connectionRetries: 1 });
client.setLogLevel("none");
await client.connect();
// The practice Telegram answers in the newest layer, which these do not know: that it answers is enough.
await Promise.race([client.getMe(), new Promise((done) => setTimeout(done, 3000))]).catch(() => null);
console.log("true");
process.exit(0);
"""


@pytest.mark.parametrize("library", ["telegram", "teleproto"])
def test_gramjs_and_its_heir_take_telethons_string_as_it_is(person, telegram, tmp_path, library):
    string = shown_string(person)
    telegram.wait_until_idle()
    before = len(telegram.calls)
    environment = others.on_port_80(tmp_path, telegram.data_centres[2].port)
    others.in_node(ASK.replace("LIBRARY", library), string, str(API_ID), API_HASH, environment=environment)
    assert signed_in_since(telegram, before, string)
