"""Settings that a string was pasted into: every fault gets its verdict, a good file none, and no secret is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import telegram_session as script

from .conftest import ROOT
from .helpers.explaining import Explain
from .helpers.sessions import KEY

SAMPLES = ROOT / "tests" / "fixtures" / "settings"
GOOD = SAMPLES / "01-claude-good" / "claude_desktop_config.json"
STRING = json.loads(GOOD.read_text())["mcpServers"]["telegram-mcp"]["env"]["TELEGRAM_SESSION_STRING"]
API_HASH = "c3a1f0d94b7e4e6f8a25d1907be6643c"

# The sample, the exit code, and what the answer says.
VERDICTS = [
    ("01-claude-good", 0, ""),
    ("03-claude-break-escaped", 1, r"line 22.*line break \(\\n\) after character 120.*275 bytes"),
    ("06-claude-swapped", 1, r"TELEGRAM_API_ID \(line 20\) and TELEGRAM_API_HASH \(line 21\) have changed places"),
    ("08-claude-trailing-comma", 1, r"Line 22 ends with a comma.*MCP config is not a valid JSON"),
    ("11-vscode-comments", 0, ""),
    ("13-env-quotes-export", 0, r"docker run --env-file takes quotes"),
    ("16-env-placeholder", 1, r"API_ID \(line 2\) is an example.*API_HASH \(line 3\) is an example.*commented out"),
    ("18-env-wrong-name", 0, r"read TELEGRAM_API_ID, TELEGRAM_API_HASH and TELEGRAM_SESSION_STRING"),
    ("21-compose-map", 0, ""),
    ("23-codex-cut", 1, r"250 of 353.*is a number, and Codex takes texts only"),
    ("26-n8n-encrypted", 1, r"still encrypted by n8n.*--decrypted"),
    ("28-claude-uvx-pypi", 1, r"another project.*git\+https://github.com/chigwell/telegram-mcp"),
    ("31-vscode-wrong-key", 0, r"in VS Code's own mcp.json the key is “servers”"),
    ("33-claude-utf16", 1, r"UTF-16.*Save it as UTF-8"),
    ("36-env-cut", 1, r"250 of 353 characters, so 103 are missing"),
    ("38-env-swapped", 1, r"changed places"),
    ("41-zed-settings", 0, ""),
    ("43-tgcf-config", 0, ""),
]


def check(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "telegram_session.py"), "check", *options, str(path)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, check=False,
        env={**os.environ, "LANG": "C.UTF-8", "HOME": str(path.parent)},
    )  # fmt: skip


def says_no_secret(text: str) -> bool:
    return API_HASH not in text and not any(STRING[at : at + 24] in text for at in range(0, 250, 8))


@pytest.mark.parametrize("sample, code, words", VERDICTS, ids=[row[0] for row in VERDICTS])
def test_a_settings_file_gets_its_verdict(sample, code, words):
    path = next((SAMPLES / sample).iterdir())
    answer = check(path)
    said = " ".join((answer.stdout + answer.stderr).split())
    assert answer.returncode == code, said
    assert re.search(words, said), said
    assert says_no_secret(said)
    report = check(path, "--json")
    assert report.returncode == code
    assert says_no_secret(report.stdout)
    if not words:
        assert "faults" not in json.loads(report.stdout)
        assert "warnings" not in json.loads(report.stdout) or not json.loads(report.stdout)["warnings"]


def judged(text: str, path: str = "claude_desktop_config.json") -> tuple[list[str], list[str]]:
    """The titles of the faults, and the remarks."""
    found = script.findings_in_settings(text, "here", path)
    faults = [problem.title for finding in found for problem in script.problems_of(finding)]
    return faults, [remark for finding in found for remark in finding.doubts]


def settings(**changed: Any) -> str:
    """Good settings of Claude Desktop with other values; None takes a variable out."""
    environment = {"TELEGRAM_API_ID": "20481632", "TELEGRAM_API_HASH": API_HASH, "TELEGRAM_SESSION_STRING": STRING}
    command = changed.pop("command", ["uv", "--directory", "/home/me/telegram-mcp", "run", "main.py"])
    environment = {name: value for name, value in {**environment, **changed}.items() if value is not None}
    server = {"command": command[0], "args": command[1:], "env": environment}
    return json.dumps({"mcpServers": {"telegram-mcp": server}}, indent=2)


@pytest.mark.parametrize(
    "changed, words",
    [
        ({"TELEGRAM_SESSION_STRING": f'"{STRING}"'}, "not part of the string"),
        ({"TELEGRAM_SESSION_STRING": f" {STRING}"}, "blanks around"),
        ({"TELEGRAM_SESSION_STRING": STRING[:100] + " " + STRING[100:]}, "a blank after character 100"),
        ({"TELEGRAM_SESSION_STRING": STRING[:-50]}, "cut off: 303 of 353"),
        ({"TELEGRAM_SESSION_STRING": ""}, "is empty"),
        ({"TELEGRAM_SESSION_STRING": "your_session_string_here"}, "is an example"),
        ({"TELEGRAM_SESSION_STRING": None}, "TELEGRAM_SESSION_STRING is missing"),
        ({"TELEGRAM_API_ID": None, "API_ID": "20481632"}, "a name that this server does not read"),
        ({"TELEGRAM_API_ID": 20481632}, "takes texts only"),
        ({"TELEGRAM_API_HASH": API_HASH[:-3]}, "has 29 characters"),
        ({"command": ["uvx", "tgmcp", "start"]}, "no upper bound for the package mcp"),
        ({"command": ["uvx", "mcp-telegram", "start"]}, "no upper bound for the package mcp"),
    ],
)
def test_a_fault_is_named_and_is_the_only_one(changed, words):
    faults, _ = judged(settings(**changed))
    assert len(faults) == 1, faults
    assert words in faults[0]
    assert says_no_secret(faults[0])


@pytest.mark.parametrize(
    "changed",
    [
        {"TELEGRAM_SESSION_STRING": "${input:session}", "TELEGRAM_API_ID": "${env:ID}"},
        {"command": ["uvx", "--with", "mcp<2", "tgmcp", "start"]},
        {"command": ["uvx", "--from", "git+https://github.com/chigwell/telegram-mcp", "telegram-mcp"]},
    ],
)
def test_what_is_right_is_not_objected_to(changed):
    faults, remarks = judged(settings(**changed))
    assert not faults
    assert not [remark for remark in remarks if not remark.startswith("127.0.0.1")]  # where the samples were made


def test_the_same_string_in_two_servers_is_a_fault(tmp_path):
    twice = json.loads(settings())
    twice["mcpServers"]["second-telegram"] = twice["mcpServers"]["telegram-mcp"]
    path = tmp_path / "claude_desktop_config.json"
    path.write_text(json.dumps(twice))
    answer = check(path)
    said = " ".join((answer.stdout + answer.stderr).split())
    assert answer.returncode == 1
    assert "server second-telegram, TELEGRAM_SESSION_STRING, line 1 is the same string as" in said, said
    assert said.count("AUTH_KEY_DUPLICATED") == 1


def test_the_same_string_in_two_files_is_a_fault_of_the_second(tmp_path):
    one, other = tmp_path / "claude_desktop_config.json", tmp_path / "bot.env"
    one.write_text(settings())
    other.write_text(LINES + STRING)
    first, second = script.given_findings([str(one), str(other)])
    assert not first.faults
    assert [fault.name for fault in second.faults] == ["SettingsSame"]
    assert "bot.env, TELEGRAM_SESSION_STRING, line 3 is the same string as claude_desktop" in second.faults[0].title


LINES = f"TELEGRAM_API_ID=20481632\nTELEGRAM_API_HASH={API_HASH}\nTELEGRAM_SESSION_STRING="
COMPOSE = f"services:\n  telegram:\n    image: x\n    environment:\n      - TELEGRAM_API_ID=20481632\n      - \
TELEGRAM_API_HASH={API_HASH}\n      - TELEGRAM_SESSION_STRING="
UNIT = f"[Unit]\nDescription=x\n[Service]\nExecStart=/usr/bin/telegram-bot\nEnvironment=TELEGRAM_API_ID=20481632\n\
Environment=TELEGRAM_API_HASH={API_HASH}\nEnvironment="
GOOSE = f"extensions:\n  telegram:\n    type: stdio\n    cmd: uv\n    args:\n    - run\n    envs:\n      \
TELEGRAM_API_ID: '20481632'\n      TELEGRAM_API_HASH: {API_HASH}\n      TELEGRAM_SESSION_STRING: "
ADD_JSON = f"""claude mcp add-json telegram '{{"command": "uv", "args": ["run", "main.py"], "env": {{\
"TELEGRAM_API_ID": "20481632", "TELEGRAM_API_HASH": "{API_HASH}", "TELEGRAM_SESSION_STRING": "…"}}}}'"""
COMMAND = f"claude mcp add telegram -e TELEGRAM_API_ID=20481632 -e TELEGRAM_API_HASH={API_HASH} \\\n -e \
TELEGRAM_SESSION_STRING="


@pytest.mark.parametrize(
    "text, fault",
    [
        (LINES + STRING, ""),
        (LINES + STRING[:200] + "\n" + STRING[200:], "after character 200"),
        (LINES + STRING + "\n" + LINES + STRING, "stands there twice"),
        (COMPOSE + STRING, ""),
        (COMPOSE + f'"{STRING}"', "not part of the string"),
        (COMPOSE + STRING[:300], "cut off: 300 of 353"),
        (UNIT + f'"TELEGRAM_SESSION_STRING={STRING}"', ""),
        (UNIT + f"TELEGRAM_SESSION_STRING={STRING[:300]}", "cut off: 300 of 353"),
        (GOOSE + STRING, ""),
        (GOOSE + STRING[:300], "cut off: 300 of 353"),
        (COMMAND + STRING + " -- uv run main.py", ""),
        (COMMAND + STRING[:300] + " -- uv run main.py", "cut off: 300 of 353"),
        (ADD_JSON.replace("…", STRING), ""),
        (ADD_JSON.replace("…", STRING[:300]), "cut off: 300 of 353"),
        (LINES + f'""{STRING}""', "not part of the string"),
    ],
)
def test_every_kind_of_settings_is_read(text, fault):
    faults, _ = judged(text, "settings")
    assert bool(faults) == bool(fault), faults
    assert not fault or any(fault in title for title in faults), faults
    assert script.findings_in_settings(text, "here")


@pytest.mark.parametrize(
    "text, words",
    [
        ('{"mcpServers": {"telegram": {"command": "uv" "args": [], "env": {"TELEGRAM_API_ID": "20481632"}}}}', "comma"),
        ('{"mcpServers": {"telegram": {"env": {"TELEGRAM_API_ID": "20481632"}}}', "cannot be read any further"),
        ('{"mcpServers": {"telegram": {// mine\n"env": {"TELEGRAM_API_ID": "20481632"}}}}', "comment in line 1"),
    ],
)
def test_json_that_its_client_refuses_is_a_fault(text, words):
    faults, _ = judged(text)
    assert any(words in title for title in faults), faults


SETTINGS = json.dumps(
    {"mcpServers": {"telegram": {"command": "uv", "args": ["run", "main.py"], "env": {
        "TELEGRAM_API_ID": "20481632", "TELEGRAM_API_HASH": "c3a1f0d94b7e4e6f8a25d1907be6643c",
        "TELEGRAM_SESSION_STRING": script.encode_telethon_string(script.new_session(2, KEY, "149.154.167.51", 443)),
    }}}}, indent=2,
)  # fmt: skip


def test_settings_without_telegram_are_called_that():
    [found] = script.findings_in_settings('{"mcpServers": {"files": {"command": "npx", "args": []}}}', "")
    assert found.session.name == "NoTelegramServer"
    assert not script.findings_in_settings('{"name": "telegram", "version": "1.0.0"}', "")


def test_json_that_no_client_reads_is_a_fault_whatever_is_wrong_with_it():
    text = SETTINGS.replace('"args": [', '"args" [')
    [found] = script.findings_in_settings(text, "")
    assert "cannot be read any further at line" in found.faults[0].title
    assert found.faults[0].meaning.startswith("Claude Code: ")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["uv", "--directory", "/srv/telegram-mcp", "run", "main.py"], True),
        (["uvx", "--with", "mcp<2", "tgmcp"], False),
        (["uvx", "--with", "mcp<2", "mcp-telegram"], False),
    ],
)
def test_what_one_server_says_is_said_with_its_name_and_of_no_other(command, said):
    env = {"TELEGRAM_API_ID": "your_id", "TELEGRAM_API_HASH": "0" * 32}
    text = json.dumps({"mcpServers": {"telegram": {"command": command[0], "args": command[1:], "env": env}}})
    (finding,) = script.findings_in_settings(text, "mcp.json")
    assert isinstance(finding.session, script.Problem)
    assert "example" in finding.session.title
    assert finding.session.meaning.startswith("chigwell/telegram-mcp, for one, says: ") == said
    assert bool(finding.session.meaning) == said


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"TELEGRAM_API_ID": "your_id"}, "invalid literal for int()"),
        ({"TELEGRAM_API_HASH": "your_hash"}, ""),
        ({"TELEGRAM_SESSION_STRING": "your_session"}, "Not a valid string"),
        ({"TELEGRAM_SESSION_STRING": script.GramjsString.encode(script.decode_telethon_string(STRING))}, ""),
        ({"TELEGRAM_SESSION_STRING": script.MtcuteString.encode(script.decode_telethon_string(STRING))}, "Not a valid"),
    ],
)
def test_what_a_program_says_is_what_it_says_of_that_value(changed, says):
    [fault] = [
        problem
        for finding in script.findings_in_settings(settings(**changed), "here", "claude_desktop_config.json")
        for problem in script.problems_of(finding)
    ]
    assert bool(says) == bool(fault.meaning)
    assert says in fault.meaning


def test_an_api_id_of_zero_is_none():
    faults, _ = judged(settings(TELEGRAM_API_ID="0"))
    assert "is no API ID" in faults[0]


def test_assignments_of_powershell_are_no_env_file_of_docker():
    lines = [f'$env:{line.replace("=", "=" + chr(34), 1)}"' for line in (LINES + STRING).splitlines()]
    faults, remarks = judged("\n".join(lines), "settings.ps1")
    assert not faults
    assert not [remark for remark in remarks if "docker" in remark]


def test_a_server_is_known_by_its_name_too_and_a_text_of_settings_is_no_path(tmp_path):
    path = tmp_path / "docker-compose.yml"
    path.write_text("services:\n  telegram-mcp:\n    image: x\n    env_file: .env\n")
    answer = check(path)
    assert answer.returncode == 0
    assert "server telegram-mcp: There is no session string in it." in " ".join(answer.stderr.split())
    path.write_text("services:\n  other:\n    image: x\n    env_file: .env\n")
    assert "looks like a path" not in check(path).stderr


def test_a_bot_token_is_known_also_with_its_name(tmp_path):
    (tmp_path / ".env").write_text("TELEGRAM_BOT_TOKEN=5000000777:AAGpracticebotpracticebotpracticebo\n")
    assert "This is a bot token, not a session string." in check(tmp_path / ".env").stderr


# ── what people's own files have besides ──

ENV = f"TELEGRAM_API_ID=20481632\nTELEGRAM_API_HASH={API_HASH}\n"
SESSION = f"TELEGRAM_SESSION_STRING={STRING}\n"
MCP_ADD = f"claude mcp add -e TELEGRAM_API_ID=20481632 -e TELEGRAM_API_HASH={API_HASH}"
COMPOSE_HEAD = "services:\n  bot:\n    image: telegram-bot\n    environment:\n"
BROKEN_ABOVE = (
    '{"mcpServers": {\n"files": {"command": "x", "args": ["C:\\Users\\me"]},\n"telegram": {"command": "uv"}}}'
)

# The name of the file, what is in it, what is said of it, and what must not be.
SAID = {
    "a list item without =": (
        "docker-compose.yml",
        COMPOSE_HEAD.replace("bot", "telegram") + f'      - "TELEGRAM_SESSION_STRING: {STRING}"\n',
        "line 5 the sign “=”",
        "is empty",
    ),
    "a command with a colon": (
        "setup.sh",
        f'{MCP_ADD} -e "TELEGRAM_SESSION_STRING: {STRING}" telegram -- uv run main.py\n',
        "line 1 the sign “=”",
        "",
    ),
    "a header": (
        "setup.sh",
        f'{MCP_ADD} -H "Authorization: Bearer s3cr3t-T0ken-9911" -e {SESSION.strip()} telegram -- uv\n',
        "server telegram",
        "s3cr3t",
    ),
    "an empty variable below the hash": (
        ".env",
        ENV + "TELEGRAM_SESSION_STRING=\n",
        r"TELEGRAM_SESSION_STRING \(line 3\) is empty",
        "no API hash",
    ),
    "an empty variable below the string": (
        ".env",
        ENV + SESSION + "TELEGRAM_SESSION_STRING_BACKUP=\n",
        r"BACKUP \(line 4\) is empty",
        "line break",
    ),
    "a word of direnv below the string": (".envrc", ENV + SESSION + "dotenv\n", "Telethon StringSession", "line break"),
    "JSON that breaks above the server": (
        "claude_desktop_config.json",
        BROKEN_ABOVE,
        "cannot be read any further at line 2",
        "no server in them",
    ),
    "a string of a server without a name": (
        "mcp.json",
        json.dumps({"mcpServers": {"tg": {"command": "uv", "env": {"SESSION_STRING": STRING}}}}, indent=1),
        "server tg, SESSION_STRING",
        "no server in them",
    ),
    "a string among the arguments": (
        "mcp.json",
        json.dumps({"mcpServers": {"telegram": {"command": "docker", "args": ["run", "-e", SESSION.strip(), "x"]}}}),
        "Telethon StringSession",
        "no session string",
    ),
    "a string under the name for a file": (
        ".env",
        f"{ENV}SESSION_NAME={STRING}\n",
        "SESSION_NAME, line 3",
        "look for a file",
    ),
    "a comment that speaks of a session": (
        ".env",
        f"{ENV}# session: made by the login script\nTELEGRAM_SESSION_NAME=anon\n",
        "look for a file",
        "commented",
    ),
    "variables of other services": (
        ".env",
        f"{ENV}{SESSION}SESSION_SECRET={'ab' * 16}\nSESSION_TIMEOUT=3600\nAWS_SESSION_TOKEN=x\n"
        "APP_ID=com.example.bot\n",
        "Telethon StringSession",
        "SESSION_SECRET|TIMEOUT|AWS|APP_ID",
    ),
    "variables of web frameworks": (
        ".env",
        f"{ENV}{SESSION}SESSION_ENGINE=django\nSESSION_LIFETIME=120\nGREETING_STRING=hello\nSESSION_DOMAIN=example.com\n",
        "Telethon StringSession",
        "SESSION_ENGINE|LIFETIME|GREETING|DOMAIN|an example",
    ),
    "a string that goes on behind a backslash": (
        ".env",
        f"{ENV}TELEGRAM_SESSION_STRING={STRING[:100]}\\\n{STRING[100:]}\n",
        "Telethon StringSession",
        "cut off",
    ),
    "one variable twice": (
        ".env",
        f"{ENV}{SESSION}{SESSION}",
        "stands there twice",
        "same string",
    ),
    "references": (
        "opencode.json",
        json.dumps(
            {
                "mcp": {
                    "telegram": {
                        "environment": {
                            "TELEGRAM_API_ID": "{env:TELEGRAM_API_ID}",
                            "TELEGRAM_SESSION_STRING": "{env:TELEGRAM_SESSION_STRING}",
                        }
                    }
                }
            }
        ),
        "not in this file",
        "no API ID",
    ),
    "commands of a shell": (
        ".envrc",
        f"{ENV}TELEGRAM_SESSION_STRING=$(pass show telegram)\n",
        "not in this file",
        "(?i)sign in again",
    ),
    "its end is missing": (
        ".env",
        f"{ENV}{SESSION.rstrip('=' + chr(10))}\n",
        "not as its program made it.*Put back the “=”",
        "Take it out",
    ),
    "a bounded package": (
        "mcp.json",
        json.dumps({"mcpServers": {"telegram": {"command": "uvx", "args": ["--with", "mcp>=1.9,<2", "tgmcp"]}}}),
        "",
        "upper bound",
    ),
    "a package from its repository": (
        "mcp.json",
        json.dumps(
            {
                "mcpServers": {
                    "telegram": {
                        "command": "uvx",
                        "args": ["--from=git+https://github.com/chigwell/telegram-mcp", "telegram-mcp"],
                    }
                }
            }
        ),
        "",
        "another project",
    ),
    "the stranger by another way": (
        "mcp.json",
        json.dumps(
            {"mcpServers": {"telegram": {"command": "uvx", "args": ["--from", "telegram-mcp", "telegram-mcp"]}}}
        ),
        "another project",
        "",
    ),
    "the wrong key for a client": (
        "claude_desktop_config.json",
        json.dumps({"servers": {"telegram": {"command": "uv", "env": {"TELEGRAM_API_ID": "20481632"}}}}),
        "Claude Desktop reads “mcpServers”",
        "",
    ),
    "values from a file": (
        "telegram.service",
        "[Service]\nExecStart=uv run telegram-mcp/ main.py\nEnvironmentFile=x\nEnvironment=TELEGRAM_API_ID=20481632\n",
        "",
        "is missing",
    ),
    "a folded string": (
        "docker-compose.yml",
        COMPOSE_HEAD + f"      TELEGRAM_SESSION_STRING: >-\n        {STRING}\n",
        "Telethon StringSession",
        "blanks|line break",
    ),
    "a value on the next line": (
        "docker-compose.yml",
        COMPOSE_HEAD + f"      TELEGRAM_API_HASH: {API_HASH}\n      TELEGRAM_SESSION_STRING:\n        {STRING}\n",
        "Telethon StringSession",
        "no API hash",
    ),
    "two commands": (
        "setup.sh",
        f"{MCP_ADD} -e {SESSION.strip()} work -- uv\n{MCP_ADD} -e {SESSION[:300]} home -- uv\n",
        "server work.*server home, TELEGRAM_SESSION_STRING, line 2: The string is cut",
        "",
    ),
    "several strings on purpose": (
        ".env",
        f"{ENV}TELEGRAM_SESSION_STRINGS={STRING} {STRING[:-4]}AAA=\n",
        "2 sessions",
        "Give one of them",
    ),
}


@pytest.mark.parametrize("what", SAID)
def test_what_is_said_of_a_file_is_in_it(what: str, tmp_path: Path, here: Explain) -> None:
    name, text, said, never = SAID[what]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    _, shown = here("check", str(path))
    assert re.search(said, shown), shown
    assert not never or not re.search(never, shown), shown
    assert says_no_secret(shown)
    assert says_no_secret(here("check", "--json", str(path))[1])
