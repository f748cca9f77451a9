"""The command `explain`: people bring a name, a class, a log line or a whole traceback, and get the answer."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import telegram_session as script

from .helpers.explaining import Explain

ROOT = Path(__file__).resolve().parents[1]

STRING = "1BVtsOHkBu" + "aB3dE5fG7h" * 34 + "_-0="
API_HASH = "5f3a9c0e71d84b26a0c9e1f47d2b6835"
PHONE = "+447700900123"
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawx"
SECRETS = (STRING, API_HASH, PHONE, PHONE[1:], TOKEN)


def in_a_process(*words: str, stdin: str | bytes = b"", **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [
        sys.executable,
        *map(str, options.get("python", ())),
        str(ROOT / "telegram_session.py"),
        "explain",
        *words,
    ]
    pasted = stdin if isinstance(stdin, bytes) else stdin.encode()
    return subprocess.run(command, input=pasted, capture_output=True, timeout=30, check=False)


# ── what tools print ──


class Pasted(NamedTuple):
    """`of_telegram`: something in the text points to Telegram."""

    tool: str
    text: str
    title: str
    of_telegram: bool = True


PASTED = [
    Pasted(
        "a traceback of Telethon",
        f"""\
Traceback (most recent call last):
  File "/home/ann/bot.py", line 12, in <module>
    client.start(phone="{PHONE}")
  File "/home/ann/.venv/lib/python3.11/site-packages/telethon/client/auth.py", line 156, in start
    else self.loop.run_until_complete(coro)
         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/home/ann/.venv/lib/python3.11/site-packages/telethon/client/users.py", line 87, in _call
    result = await future
telethon.errors.rpcerrorlist.PhoneNumberBannedError: The used phone number has been banned from Telegram and cannot \
be used anymore. Maybe check https://www.telegram.org/faq_spam (caused by SendCodeRequest)
""",
        "Telegram has banned this phone number.",
    ),
    Pasted(
        "a flood wait in a log of Python",
        "2026-02-11 09:14:07,331 ERROR root: Could not send code: A wait of 82331 seconds is required (caused by "
        "SendCodeRequest)",
        "Telegram asks for a pause of 82331 seconds (22h 52m).",
    ),
    Pasted(
        "an MCP server, JSON with a traceback in it",
        '{"level":"error","ts":"2026-03-02T10:00:01Z","logger":"telegram-mcp","msg":"Traceback (most recent call last)'
        ':\\n  File \\"/app/main.py\\", line 88, in main\\n    await client.connect()\\ntelethon.errors.rpcerrorlist.'
        "AuthKeyDuplicatedError: The authorization key (session file) was used under two different IP addresses "
        f'simultaneously, and can no longer be used.","env":{{"TELEGRAM_SESSION_STRING":"{STRING}"}}}}',
        "This session was used in two places at once, and is dead for good.",
    ),
    Pasted(
        "an MCP server in Claude Desktop's log",
        "2026-01-20T18:22:10.120Z [telegram] [info] Server started and connected successfully { metadata: undefined }\n"
        "2026-01-20T18:22:12.001Z [telegram] [error] EOFError: EOF when reading a line\n"
        "2026-01-20T18:22:12.044Z [telegram] [info] Server transport closed unexpectedly",
        "The program asked a question, but nobody could answer.",
    ),
    Pasted(
        "an MCP server with a short string",
        f"ERROR:telegram_mcp:Failed to start: unpack requires a buffer of 275 bytes (session={STRING[:200]})",
        "The session string has been damaged in copying.",
    ),
    Pasted(
        "a session file of a newer Telethon",
        '  File "/usr/lib/python3/site-packages/telethon/sessions/sqlite.py", line 56, in __init__\n'
        "    self._dc_id, self._server_address, self._port, key, self._takeout_id = tuple_\n"
        "ValueError: too many values to unpack (expected 5)",
        "The session file was made by a newer Telethon than this one.",
    ),
    Pasted(
        "n8n with GramJS",
        'NodeApiError: 401: AUTH_KEY_UNREGISTERED (caused by users.GetUsers)\n    at ExecuteContext.execute (/usr/'
        "local/lib/node_modules/n8n/node_modules/telegram/client/users.js:71:19)",
        "This session is not signed in.",
    ),
    Pasted(
        "GramJS",
        "[2026-04-01T08:00:00.000] [ERROR] - FloodWaitError: A wait of 305 seconds is required (caused by auth.X)",
        "Telegram asks for a pause of 305 seconds (5m 5s).",
    ),
    Pasted(
        "Pyrogram",
        "pyrogram.errors.exceptions.bad_request_400.PhoneCodeExpired: Telegram says: [400 PHONE_CODE_EXPIRED] - The "
        'confirmation code has expired (caused by "auth.SignIn")',
        "This code is not valid any more.",
    ),
    Pasted(
        "Pyrogram, flood wait",
        'Telegram says: [420 FLOOD_WAIT_X] - A wait of 1520 seconds is required (caused by "auth.SendCode")',
        "Telegram asks for a pause of 1520 seconds (25m 20s).",
    ),
    Pasted(
        "gotd (Go)",
        'login: send code: callback: rpcDoRequest: rpc error code 406: UPDATE_APP_TO_LOGIN',
        "Telegram finds this app too old to sign in.",
    ),
    Pasted(
        "gotd (Go), flood wait",
        "2026/05/01 12:00:00 auth flow: send code: rpc error code 420: FLOOD_WAIT (3600)",
        "Telegram asks for a pause of 3600 seconds (1h 0m).",
    ),
    Pasted(
        "mtcute",
        "RpcError (400 PASSWORD_HASH_INVALID): The provided password isn't valid\n    at #onMessage (mtcute/core.js:1)",
        "The password is wrong.",
    ),
    Pasted(
        "TDLib",
        '{"@type":"error","code":400,"message":"PHONE_NUMBER_INVALID","@client_id":1}',
        "Telegram does not recognise this phone number.",
    ),
    Pasted(
        "TDLib, too many requests",
        '{"@type":"error","code":429,"message":"Too Many Requests: retry after 2700"}',
        "Telegram asks for a pause of 2700 seconds (45m 0s).",
    ),
    Pasted(
        "structlog in lower case",
        'ts=2026-02-02T02:02:02Z level=error event=login_failed reason=session_revoked user=ann',
        "This session was ended from another device.",
    ),
    Pasted(
        "Docker Compose with colours",
        "\x1b[36mbot-1  |\x1b[0m \x1b[31mtelethon.errors.rpcerrorlist.ApiIdInvalidError\x1b[0m: The api_id/api_hash "
        f"combination is invalid (caused by SendCodeRequest) api_hash={API_HASH}",
        "Telegram does not know this pair of API ID and API hash.",
    ),
    Pasted(
        "systemd, connection tries",
        "Feb 03 04:05:06 vps bot[811]: WARNING telethon.network.mtprotosender: Attempt 1 at connecting failed: "
        "ConnectionRefusedError: [Errno 111] Connect call failed ('149.154.167.51', 443)\n"
        "Feb 03 04:05:12 vps bot[811]: ConnectionError: Connection to Telegram failed 5 time(s)",
        "The connection was refused.",
    ),
    Pasted(
        "Windows",
        "OSError: [WinError 121] The semaphore timeout period has expired",
        "Nobody answered.",
        False,
    ),
    Pasted(
        "a bot framework",
        f"ERROR | login with {TOKEN} failed: telethon.errors.rpcerrorlist.AccessTokenExpiredError: Bot token expired "
        "(caused by ImportBotAuthorizationRequest)",
        "This bot token is not valid any more.",
    ),
    Pasted(
        "an error while another one was handled",
        """\
telethon.errors.rpcerrorlist.SessionPasswordNeededError: Two-steps verification is enabled and a password is required

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/login.py", line 40, in login
    await client.sign_in(password=getpass())
telethon.errors.rpcerrorlist.PasswordHashInvalidError: The password (and thus its hash value) you entered is invalid
""",
        "The password is wrong.",
    ),
    Pasted(
        "a name that Telethon has no class for",
        "telethon.errors.rpcbaseerrors.BadRequestError: RPCError 400: EMAIL_NOT_ALLOWED (caused by "
        "SendVerifyEmailCodeRequest)",
        "Telegram does not accept this e-mail address.",
    ),
    Pasted(
        "Telethon gave up, and a line before says why",
        "INFO telethon.client.users: Sleeping for 40s (0:00:40) on SendCodeRequest flood wait\n"
        "ValueError: Request was unsuccessful 6 time(s)",
        "Telegram asks for a pause of 40 seconds.",
    ),
    Pasted(
        "a proxy",
        'WARNING telethon.network.mtprotosender: Attempt 1 at connecting failed: ProxyError: 407 Proxy Authentication '
        'Required',
        "The proxy wants a user name and password, and these are not right.",
    ),
    Pasted(
        "pip on a system's Python",
        """\
$ python3 -m pip install --upgrade telethon
error: externally-managed-environment

× This environment is externally managed
╰─> To install Python packages system-wide, try apt install
    python3-xyz, where xyz is the package you are trying to
    install.

note: If you believe this is a mistake, please contact your Python installation or OS distribution provider. You can \
override this, at the risk of breaking your Python installation or OS, by passing --break-system-packages.
hint: See PEP 668 for the detailed specification.
""",
        "This Python belongs to the system, which does not let pip change it.",
    ),
    Pasted(
        "gotd, which writes the number behind the name",
        "callback: send code: rpcDoRequest: rpc error code 303: PHONE_MIGRATE (4)",
        "This belongs to Telegram's data centre 4.",
    ),
    Pasted(
        "a client of MCP",
        'time="2026-03-02T10:11:12" level=error msg="McpError: MCP error -32000: Connection closed"',
        "The server stopped, and its client does not show why.",
        False,
    ),
    Pasted(
        "a client of MCP that does not find the program",
        "Error: spawn uvx ENOENT\n    at ChildProcess._handle.onexit (node:internal/child_process:285:19)",
        "A file, a folder or a program was not found.",
        False,
    ),
    Pasted(
        "Windows, about a session file",
        "PermissionError: [WinError 32] The process cannot access the file because it is being used by another "
        "process: 'anon.session'",
        "Another program is using this session file.",
    ),
    Pasted("a disk with errors", "OSError: [Errno 5] Input/output error", "The system could not read or write.", False),
    Pasted(
        "a disk that is not to be written to",
        "OSError: [Errno 30] Read-only file system: '/data/anon.session'",
        "The session file is read-only.",
    ),
    Pasted(
        "aiohttp behind a company's filter",
        "aiohttp.client_exceptions.ClientConnectorCertificateError: Cannot connect to host api.telegram.org:443 "
        "ssl:True [SSLCertVerificationError: (1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
        "self-signed certificate in certificate chain (_ssl.c:1000)')]",
        "A web address was reached, but no secure connection (TLS) could be made.",
    ),
    Pasted(
        "a program without its settings",
        "  File \"main.py\", line 9, in <module>\n    api_id = int(os.environ['TELEGRAM_API_ID'])\n"
        "KeyError: 'TELEGRAM_API_ID'",
        "The API ID or the API hash is missing.",
    ),
    Pasted(
        "a server that was started twice",
        "OSError: [Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
        "Another program uses this port already.",
        False,
    ),
]  # fmt: skip


@pytest.mark.parametrize("pasted", PASTED, ids=[pasted.tool for pasted in PASTED])
def test_a_pasted_log_finds_its_error(pasted: Pasted, explain: Explain) -> None:
    code, said = explain(pasted.text)
    assert (code, pasted.title in said) == (0 if pasted.of_telegram else 1, True), said
    assert ("nothing in it points to Telegram" in said) is not pasted.of_telegram
    assert "What to do: 1." in said and "Next try: " in said


@pytest.mark.parametrize("pasted", PASTED, ids=[pasted.tool for pasted in PASTED])
def test_the_case_of_the_letters_does_not_matter(pasted: Pasted, explain: Explain) -> None:
    for text in (pasted.text.upper(), pasted.text.lower()):
        assert pasted.title in explain(text)[1]


@pytest.mark.parametrize("pasted", PASTED, ids=[pasted.tool for pasted in PASTED])
def test_what_was_pasted_is_not_shown_again(pasted: Pasted, explain: Explain) -> None:
    said = explain(pasted.text)[1]
    assert not [secret for secret in (*SECRETS, STRING[:200], "149.154", "/home/ann", "/app/") if secret in said]


# ── names ──


@pytest.mark.parametrize(
    "asked",
    [
        "PHONE_NUMBER_BANNED",
        "phone_number_banned",
        "'PHONE_NUMBER_BANNED'",
        "400 PHONE_NUMBER_BANNED",
        "PhoneNumberBanned",
        "PhoneNumberBannedError",
        "phonenumberbannederror",
        "errors.PhoneNumberBannedError()",
        "telethon.errors.rpcerrorlist.PhoneNumberBannedError:",
    ],
)
def test_a_name_is_found_however_it_is_written(asked: str, explain: Explain) -> None:
    code, said = explain(asked)
    assert code == 0
    assert "Telegram has banned this phone number." in said
    assert "Telegram's name for it: PHONE_NUMBER_BANNED" in said


def test_the_words_of_a_message_need_no_quotes(explain: Explain) -> None:
    code, said = explain("A", "wait", "of", "37", "seconds", "is", "required")
    assert code == 0 and "a pause of 37 seconds." in said


def test_an_old_log_gets_no_clock_time(explain: Explain) -> None:
    """When the error happened is not known: the wait counts from then, not from now."""
    assert "Next try: after 420 seconds (7m 0s), counted from the error" in explain("FLOOD_WAIT_420")[1]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("PHONE_NUMBR_BANNED", "PHONE_NUMBER_BANNED"),
        ("PhoneCodeInvlidError", "PHONE_CODE_INVALID"),
        ("FLOD_WAIT_30", "FLOOD_WAIT"),
        ("telethon.errors.SesionPasswordNeededError", "SESSION_PASSWORD_NEEDED"),
        ("it says AUTH_KEY_DUPLICATE and stops", "AUTH_KEY_DUPLICATED"),
        ("connectionrefusederr", "ConnectionRefusedError"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion(asked: str, meant: str, explain: Explain) -> None:
    code, said = explain(asked)
    assert code == 1
    assert "Did you mean one of these?" in said and f"• {meant} " in said + " "


@pytest.mark.parametrize(
    "asked", ["what is wrong with me", "???", STRING, API_HASH, PHONE, TOKEN, "KeyError: 'x'", " "]
)
def test_what_is_no_known_error_is_said_to_be_unknown(asked: str, explain: Explain) -> None:
    code, said = explain(asked)
    assert code == 1
    assert "no answer" in said
    assert not [secret for secret in SECRETS if secret in said]


def test_a_new_name_of_telegram_is_told_as_such(explain: Explain) -> None:
    code, said = explain("RPCError 400: MOON_TOO_FULL (caused by SignInRequest)")
    assert code == 1
    assert "MOON_TOO_FULL" in said and "it is new, or not about signing in" in said


def test_the_words_of_a_name_without_its_strokes_get_a_suggestion(explain: Explain) -> None:
    code, said = explain("flood", "wait")
    assert code == 1
    assert "Did you mean" in said and "• FLOOD_WAIT" in said


@given(st.text(max_size=300))
@example("\\")
@example("{" * 300)
@example("_" * 300)
@example("telethon." * 30)
def test_nothing_that_is_pasted_breaks_it(text: str) -> None:
    found = script.find_answer(text)
    assert found is None or found.problem().steps
    assert len(script.near_misses(text)) <= 5


# ── the table ──


def test_without_a_name_the_whole_table_is_printed() -> None:
    run = in_a_process()
    said = " ".join(run.stdout.decode().split())
    assert run.returncode == 0
    for answer in script.answers():
        assert script.filled(answer.title, {}) in said
        assert not answer.names or script.table_head(answer) in said
    assert "{" not in said


def test_the_table_goes_to_standard_output_in_the_order_of_a_sign_in() -> None:
    run = in_a_process()
    assert (run.returncode, run.stderr) == (0, b"")
    table = run.stdout.decode()
    places = [table.find(f"── {group} ") for group in dict.fromkeys(answer.group for answer in script.answers())]
    assert len(places) > 12 and -1 not in places and places == sorted(places)
    assert "\x1b" not in table


# ── standard input ──


def test_a_traceback_comes_through_standard_input() -> None:
    run = in_a_process("-", stdin=PASTED[0].text)
    assert run.returncode == 0
    assert b"Telegram has banned this phone number." in run.stdout


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_end_of_a_log_of_many_megabytes_is_what_counts(encoding: str) -> None:
    line = "09:14:07 INFO telethon.client.updates: nothing new\n"
    log = line * (3_000_000 // len(line)) + "PHONE_NUMBER_BANNED\n"
    run = in_a_process("-", stdin=log.encode(encoding))
    assert b"Telegram has banned this phone number." in run.stdout


def test_a_log_that_powershell_wrote_is_read() -> None:
    run = in_a_process("-", stdin=PASTED[0].text.encode("utf-16"))
    assert b"Telegram has banned this phone number." in run.stdout


@pytest.mark.parametrize("pasted", [b"", b"\xff\xfe\x00", b"\x80\x81" * 500, b"hello"])
def test_nothing_useful_on_standard_input_is_said(pasted: bytes) -> None:
    run = in_a_process("-", stdin=pasted)
    assert (run.returncode, run.stderr) == (1, b"")
    assert "no answer" in run.stdout.decode("utf-8", "replace")


def test_it_never_imports_telethon() -> None:
    run = in_a_process("PhoneNumberBannedError", python=("-X", "importtime"))
    assert run.returncode == 0
    assert b"telethon" not in run.stderr and b"asyncio" not in run.stderr


@pytest.mark.parametrize(
    ("last_line", "code"),
    [("telethon.errors.rpcerrorlist.FloodWaitError: A wait of 37 seconds is required", 0), ("Nothing_known here", 1)],
)
def test_a_huge_log_does_not_take_long(last_line: str, code: int, explain: Explain) -> None:
    lines = [
        f"2026-01-01 DEBUG telethon.network: Handling some_update_{i:x} for peerUser_{i * 7:x} a_b"
        for i in range(20_000)
    ]
    started = time.process_time()
    assert explain("\n".join([*lines, last_line]))[0] == code
    assert time.process_time() - started < 2


# ── ways in ──


def test_what_is_piped_in_needs_no_dash() -> None:
    run = in_a_process(stdin=PASTED[0].text)
    assert run.returncode == 0
    assert b"Telegram has banned this phone number." in run.stdout


def test_a_pipe_that_nobody_closes_is_no_silent_wait() -> None:
    command = [sys.executable, str(ROOT / "telegram_session.py"), "explain"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        assert b"Reading to the end" in process.stdout.readline()
        process.stdin.write(b"FLOOD_WAIT_37")
        process.stdin.close()
        assert b"a pause of 37 seconds" in process.stdout.read()


@pytest.mark.parametrize("name", ["error.txt", "FLOOD_WAIT_37"])
def test_the_name_of_a_file_is_read_as_a_file(name: str, tmp_path: Path, explain: Explain) -> None:
    (tmp_path / name).write_text(PASTED[0].text, encoding="utf-16")
    code, said = explain(str(tmp_path / name))
    assert (code, "Telegram has banned this phone number." in said) == (0, True)


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_file_is_called_empty(content: str, tmp_path: Path, explain: Explain) -> None:
    (tmp_path / "log").write_text(content)
    code, said = explain(str(tmp_path / "log"))
    assert (code, "what was given is empty" in said) == (1, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-404"], "Telegram does not know the key in this session at all."),
        (["-429"], "Too many connections from this address."),
        (["-503"], "Telegram has trouble of its own just now."),
        (["420"], "Too many tries."),
        (["401"], "401 that nobody is signed in"),
        (["MCP", "error", "-32000:", "Connection", "closed"], "The server stopped, and its client does not show why."),
        (["--", "-404"], "Telegram does not know the key in this session at all."),
    ],
)
def test_words_that_begin_with_a_dash_and_bare_numbers_are_no_options(
    words: list[str], said: str, explain: Explain
) -> None:
    code, shown = explain(*words)
    assert (code, said in shown) == (0, True), shown


def test_help_is_still_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["explain", "--help"]) == 0
    assert "a name, a log line" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["ConnectionRefusedError", "OSError", "EPIPE", "TIMEOUT", "HASH_INVALID"])
def test_a_name_of_the_list_that_others_use_too_is_answered_and_called_that(name: str, explain: Explain) -> None:
    code, said = explain(name)
    assert (code, "nothing in it points to Telegram" in said, "What to do: 1." in said) == (0, True, True)
    assert "Telegram's name for it" not in said


def test_the_scripts_own_cards_are_found_by_their_whole_names_alone(explain: Explain) -> None:
    assert "Telegram is blocked here" in explain("NetworkBlocked")[1]
    assert "Telegram is blocked here" in explain("Name of the error: NetworkRefused, at the key exchange")[1]
    for text in ("telethon said NetworkBlocked", "NetworkBlockedByAdmin", "a telegram proxyDead thing"):
        assert "There is no answer" in explain(text)[1]


# ── the last error counts ──


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "telethon.errors.rpcerrorlist.PhoneCodeInvalidError: The phone code entered was invalid (caused by X)\n"
            "telethon.errors.rpcerrorlist.FloodWaitError: A wait of 37 seconds is required (caused by SignInRequest)",
            "Telegram asks for a pause of 37 seconds.",
        ),
        (
            "telethon.errors.rpcerrorlist.FloodWaitError: A wait of 37 seconds is required (caused by X)\n"
            "sys:1: RuntimeWarning: coroutine 'UpdateMethods.disconnect' was never awaited",
            "Telegram asks for a pause of 37 seconds.",
        ),
        (
            "telethon: AuthKeyDuplicatedError\n\n"
            "The above exception was the direct cause of the following exception:\n\nasyncio.exceptions.CancelledError",
            "This session was used in two places at once, and is dead for good.",
        ),
        (
            "INFO telethon connected to 149.154.167.51\nERROR ModuleNotFoundError: No module named 'pandas'",
            "A package that the program needs is not installed for this Python.",
        ),
    ],
)
def test_the_last_error_counts_unless_it_only_says_that_there_was_one(text: str, title: str, explain: Explain) -> None:
    assert title in explain(text)[1]


@pytest.mark.parametrize(
    "text",
    [
        "FLOOD_WAIT (3600)",
        "FloodWait: 3600",
        "FLOOD_WAIT_X caused by auth.sendCode (value: 3600)",
        "kurigram: must wait for 3600s",
        "FloodWaitError { code: 420, errorMessage: 'FLOOD', seconds: 3600 }",
        '[pyrogram] Waiting for 3600 seconds before continuing (required by "auth.SendCode")',
        "telethon.errors.rpc_error_list.FloodWaitError: (FloodWaitError(...), 'A wait of 3600 seconds is required')",
        "TelegramRetryAfter: Telegram server says - Flood control exceeded on method 'SendMessage' in chat 1. Retry in "
        "3600 seconds.",
    ],
)
def test_the_seconds_are_found_wherever_they_stand(text: str, explain: Explain) -> None:
    assert re.search(r"(Telegram|The Bot API) asks for a pause of 3600 seconds \(1h 0m\)\.", explain(text)[1])


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("pyrogram.errors.NotAcceptable: Telegram says: [406 UPDATE_APP_TO_LOGIN]", "--upgrade kurigram"),
        ("RPCError: 406: UPDATE_APP_TO_LOGIN at node_modules/telegram/errors/index.js:29", "npm install telegram"),
        ("rpcDoRequest: rpc error code 406: UPDATE_APP_TO_LOGIN", "go get github.com/gotd/td"),
        ("telethon: UPDATE_APP_TO_LOGIN", "--upgrade telethon"),
    ],
)
def test_the_step_that_brings_the_library_up_to_date_names_that_library(text: str, step: str, explain: Explain) -> None:
    assert step in explain(text)[1]


def test_nothing_is_suggested_for_what_nobody_has_typed(explain: Explain) -> None:
    for text in (
        'File "/srv/PHONE_CODE_INVALI.py", line 3\nFloodWaitErro',
        '{"code_invalid": true, "message": "discount code invalid"}',
        "unexpected authState=authorizationStateWaitRestart()",
    ):
        assert "Did you mean" not in explain(text)[1]


@pytest.mark.parametrize("line", ["a" * 20_000, "A_" * 10_000, " " * 20_000, "1" * 20_000])
def test_one_long_line_is_looked_at_in_no_time(line: str, explain: Explain) -> None:
    began = time.process_time()
    explain(line)
    assert time.process_time() - began < 5
