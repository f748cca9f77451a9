"""What people paste into `explain`, as it comes out of ten libraries and out of the logs around them; and hundreds of
texts that have nothing to do with Telegram, none of which may be given to it.

`fixtures/pasted` holds texts from public threads: `cases.tsv` says what each answer must hold, `unrelated.txt` has one
text of other programs a line. `related.tsv` and `unrelated_more.txt` are more of both kinds.
"""

from __future__ import annotations

import builtins
import csv
import errno
import http
import importlib
import inspect
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

import telegram_session as script

from .helpers.explaining import Explain
from .test_errors import CATALOGUE, Known

SAMPLES = Path(__file__).parent / "fixtures" / "pasted"
SCRIPT = Path(__file__).resolve().parents[1] / "telegram_session.py"
NOTHING = "nothing in it points to Telegram"


# ── from public threads ──

with (SAMPLES / "cases.tsv").open(encoding="utf-8", newline="") as lines:
    CASES = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_people_pasted_gets_its_answer(case: list[str], explain: Explain) -> None:
    name, _, wanted, *_ = case
    text = (SAMPLES / name).read_text(encoding="utf-8")
    code, said = explain(text.rstrip("\n"))
    kind, pattern = re.fullmatch(r"must (not )?say: (.*?)(?: \(or: .*\))?", wanted).groups()  # type: ignore[union-attr]
    assert bool(re.search(pattern, said, re.IGNORECASE)) is not bool(kind), said
    assert code == 1 or "There is no answer" not in said


with (SAMPLES / "related.tsv").open(encoding="utf-8", newline="") as lines:
    RELATED = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


@pytest.mark.parametrize(("text", "wanted"), RELATED)
def test_what_the_libraries_and_the_programs_around_them_say_gets_its_answer(
    text: str, wanted: str, explain: Explain
) -> None:
    text = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text)
    _, said = explain(text)
    assert re.search(wanted, " ".join(said.split()), re.IGNORECASE), said


# ── what has nothing to do with Telegram ──


def broken_calls() -> Iterator[str]:
    """What Python's own library says when it is used wrongly."""
    calls = """
        int("abc"); float("1,5"); [][1]; {}["a"]; {}[0]; {"API": 1}["API_KEY"]; None.id; (1).x; 1 / 0; "a" + 1; len(5)
        [1, 2][slice]; {}[[]]; {}[1:2]; a, b = 1, 2, 3; a, b = 1,; next(iter([])); open("/no/such/file")
        open("/"); __import__("no_such_module"); __import__("json").loads("{"); __import__("json").loads("{'a': 1}")
        __import__("base64").b64decode("a"); __import__("base64").b64decode("abcde"); bytes.fromhex("zz")
        __import__("struct").unpack("<i", b"a"); __import__("struct").pack("<i", 1 << 40)
        __import__("struct").pack("<i", "1"); b"\\xff".decode(); "é".encode("ascii"); "\\ud800".encode()
        __import__("sqlite3").connect("/no/such/dir/x"); __import__("sqlite3").connect(":memory:").execute("select x")
        __import__("sqlite3").connect(":memory:").execute("select * from users"); __import__("re").compile("(")
        __import__("socket").create_connection(("127.0.0.1", 1), 1); __import__("socket").inet_aton("x")
        __import__("ipaddress").ip_address("x"); __import__("datetime").date(2024, 13, 1)
        __import__("datetime").datetime.fromisoformat("x"); __import__("decimal").Decimal("x")
        __import__("subprocess").run(["/no/such/program"]); __import__("subprocess").run(["false"], check=True)
        __import__("zipfile").ZipFile(__import__("io").BytesIO(b"x")); __import__("zlib").decompress(b"x")
        __import__("gzip").decompress(b"xx"); __import__("pickle").loads(b""); __import__("pickle").loads(b"x")
        __import__("configparser").ConfigParser().get("a", "b"); __import__("asyncio").get_running_loop()
        __import__("asyncio").run(5); __import__("queue").Queue().get_nowait(); __import__("enum").Enum("A", "b")(5)
        __import__("xml.etree.ElementTree").etree.ElementTree.fromstring("<a>"); __import__("tomllib").loads("a = ")
        __import__("http.client").client.HTTPConnection("127.0.0.1", 1, timeout=1).request("GET", "/")
        __import__("urllib.request").request.urlopen("x"); __import__("importlib").import_module("telnetlib3")
        __import__("ctypes").CDLL("libnosuch.so"); __import__("locale").setlocale(0, "xx_YY")
        __import__("shutil").copy("/no/such", "/no"); __import__("os").listdir("/no/such")
        __import__("ast").literal_eval("x"); compile("a b", "x", "exec"); exec("import os.nothing"); (lambda x: x)()
        int(None); "".join([1]); object() < object(); iter(5); "x".index("y"); [].remove(1); bytearray(-1); chr(-1)
        {**{"session": 1}}["session_id"]; getattr(__import__("math"), "tauu"); __import__("math").sqrt(-1)
    """
    for call in filter(None, re.split(r"[;\n]\s*", calls)):
        try:
            exec(call.replace("\\\\", "\\"))
        except BaseException as error:
            yield f"{type(error).__name__}: {error}"
            yield f"{type(error).__module__}.{type(error).__qualname__}: {error}".replace("builtins.", "")


def of_the_standard_library() -> Iterator[str]:
    for number, name in errno.errorcode.items():
        yield f"[Errno {number}] {os.strerror(number)}"
        yield f"{type(OSError(number, '')).__name__}: [Errno {number}] {os.strerror(number)}: '/srv/data/file.txt'"
        yield f"Error: read {name}"
    for name, kind in vars(builtins).items():
        if isinstance(kind, type) and issubclass(kind, BaseException):
            yield f"{name}: something went wrong"
            yield f"{name}: {inspect.getdoc(kind)}"
    for status in http.HTTPStatus:
        yield status.name
        yield f"HTTP/1.1 {status.value} {status.phrase}"
        yield f"requests.exceptions.HTTPError: {status.value} Client Error: {status.phrase} for url: https://example.org/"
    for number in signal.Signals:
        yield f"Process finished with {number.name}"
    for name in dir(socket):
        if name.startswith("EAI_"):
            yield f"socket.gaierror: [Errno {getattr(socket, name)}] {name}"
    yield from broken_calls()


def of_the_dependencies() -> Iterator[str]:
    """The exceptions of what the tests themselves need, with the first sentence of what they are for."""
    names = """
        pytest hypothesis.errors concurrent.futures asyncio sqlite3 ssl smtplib imaplib ftplib poplib email.errors
        http.client urllib.error subprocess multiprocessing configparser decimal zipfile tarfile pickle queue xml.sax
    """
    for name in names.split():
        module = importlib.import_module(name)
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, BaseException):
                about = (inspect.getdoc(kind) or "it failed").split("\n")[0]
                yield f"{kind.__module__}.{kind.__qualname__}: {about}"


def in_capitals() -> Iterator[str]:
    what = (
        "USER ACCOUNT TOKEN LOGIN ORDER PAYMENT CARD API_KEY QUOTA LICENSE DEVICE CERTIFICATE REQUEST RESPONSE SERVER"
    )
    how = "INVALID EXPIRED NOT_FOUND REQUIRED BLOCKED LIMIT_EXCEEDED ALREADY_EXISTS MISSING REVOKED"
    return (f"{first}_{second}" for first in what.split() for second in how.split())


UNRELATED = {
    "samples": (SAMPLES / "unrelated.txt").read_text(encoding="utf-8").splitlines(),
    "more samples": (SAMPLES / "unrelated_more.txt").read_text(encoding="utf-8").splitlines(),
    "the standard library": [*dict.fromkeys(of_the_standard_library())],
    "dependencies": [*dict.fromkeys(of_the_dependencies())],
    "capitals": [*in_capitals()],
}


@pytest.mark.parametrize("whose", UNRELATED)
def test_what_has_nothing_to_do_with_telegram_is_not_given_to_it(
    whose: str, explain: Explain, count: Callable[[str, int], None]
) -> None:
    texts = UNRELATED[whose]
    assert len(texts) > (28 if whose == "samples" else 100)
    given = []
    for text in texts:
        for pasted in (
            text,
            f"2026-02-11 09:14:07,331 ERROR root: {text}",
            f"web-1  | {text}\nweb-1 exited with code 1",
        ):
            found = script.find_answer(pasted)
            if found and found.of_telegram:
                given.append((pasted, found.name))
    assert given == []
    for text in texts[::5]:
        _, said = explain(text)
        assert NOTHING in said and "Telegram's name for it" not in said, said
    count("unrelated texts left alone", 3 * len(texts))


# ── ten libraries ──


def camel(name: str) -> str:
    """`FLOOD_WAIT_37` → `FloodWait`, as the classes of Pyrogram are called."""
    return "".join(part.capitalize() for part in name.split("_") if not part.isdigit())


def telethon(known: Known, name: str, value: str) -> str:
    if known.telethon_class:
        return f"telethon.errors.rpcerrorlist.{known.telethon_class}: {known.text} (caused by SendCodeRequest)"
    return f"telethon.errors.rpcbaseerrors.RPCError: RPCError {known.code}: {known.name} (caused by SendCodeRequest)"


def telethon_traceback(known: Known, name: str, value: str) -> str:
    return f"""\
Traceback (most recent call last):
  File "/srv/tg/main.py", line 31, in main
    await client.send_code_request(phone)  # PASSWORD_REQUIRED, TIMEOUT
  File "/usr/lib/python3.12/site-packages/telethon/client/users.py", line 88, in _call
    result = await future
             ^^^^^^^^^^^^
{telethon(known, name, value)}
"""


def pyrogram(known: Known, name: str, value: str) -> str:
    shown = f"{name}_X" if value else name
    text = known.text or "No description"
    return (
        f"pyrogram.errors.exceptions.bad_request_400.{camel(name)}: Telegram says: [{known.code} {shown}] - {text} "
        f'(caused by "auth.SendCode")'
    )


def gramjs(known: Known, name: str, value: str) -> str:
    return (
        f"RPCError: {known.code}: {known.name} (caused by auth.SendCode)\n"
        "    at RPCMessageToError (/app/node_modules/telegram/errors/index.js:29:16)\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {\n"
        f"  code: {known.code},\n  errorMessage: '{known.name}'\n}}"
    )


def gotd(known: Known, name: str, value: str) -> str:
    return f"send code: callback: rpcDoRequest: rpc error code {known.code}: {name}{f' ({value})' if value else ''}"


def tdl(known: Known, name: str, value: str) -> str:
    return f"""\
Error: callback:
    github.com/gotd/td/telegram.(*Client).Run.func3
        github.com/gotd/td@v0.122.0/telegram/connect.go:174
  - invoke:
    github.com/gotd/td/telegram.(*Client).invokeDirect
        github.com/gotd/td@v0.122.0/telegram/invoke.go:48
  - rpcDoRequest: rpc error code {known.code}: {name}{f" ({value})" if value else ""}:
    github.com/gotd/td/mtproto.(*Conn).Invoke
        github.com/gotd/td@v0.122.0/mtproto/rpc.go:44
"""


def tdlib(known: Known, name: str, value: str) -> str:
    return f'{{"@type":"error","code":{known.code},"message":"{known.name}","@client_id":1}}'


def wtelegram(known: Known, name: str, value: str) -> str:
    return (
        f"5>Receiving RpcResult                                2024-10-11 09:06:10Z\n"
        f"             → RpcError {known.code} {known.name}          #F0A7"
    )


def mtcute(known: Known, name: str, value: str) -> str:
    return (
        f"RpcError ({known.code} {known.name}): the call failed\n    at #onMessage (node_modules/@mtcute/core/mtp.js:9)"
    )


def madelineproto(known: Known, name: str, value: str) -> str:
    return (
        f"PHP Fatal error:  Uncaught Telegram returned an RPC error: {known.text or known.name} ({known.name}), "
        "caused by /app/vendor/danog/madelineproto/src/danog/MadelineProto/Wrappers/Login.php:71"
    )


def grammers(known: Known, name: str, value: str) -> str:
    return f"rpc error {known.code}: {name} caused by auth.sendCode{f' (value: {value})' if value else ''}"


def webogram(known: Known, name: str, value: str) -> str:
    return f'Method: auth.sendCode Result: {{"_":"rpc_error","error_code":{known.code},"error_message":"{known.name}"}}'


LIBRARIES = [
    telethon, telethon_traceback, pyrogram, gramjs, gotd, tdl, tdlib, wtelegram, mtcute, madelineproto, grammers,
    webogram,
]  # fmt: skip


# ── what logs put around it ──


def plain(text: str) -> str:
    return text


def compose(text: str) -> str:
    return "\n".join(f"telegram-mcp-1  | {line}" for line in text.split("\n")) + "\ntelegram-mcp-1 exited with code 1"


def dated(text: str) -> str:
    return (
        "2026-03-02 10:00:00,001 - main - INFO - Starting, 3 accounts, timeout 30 seconds\n"
        f"2026-03-02 10:00:01,120 - main - ERROR - could not sign in: {text}\n"
        "2026-03-02 10:00:01,130 - main - INFO - bye"
    )


def json_line(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return (
        '{"level":"info","ts":1761400000,"msg":"starting","timeout":30}\n'
        f'{{"level":"error","ts":1761400001,"msg":"sign-in failed","error":"{escaped}","attempt":3}}'
    )


def journald(text: str) -> str:
    return "\n".join(f"Feb 03 04:05:06 vps bot[811]: {line}" for line in text.split("\n"))


def heroku(text: str) -> str:
    lines = (f"2022-05-27T19:45:18.076038+00:00 app[worker.1]: {line}" for line in text.split("\n"))
    return "\n".join(lines) + "\n2022-05-27T19:45:18.30+00:00 heroku[worker.1]: Process exited with status 1"


def pm2(text: str) -> str:
    return "\n".join(f"0|tg-bot   | {line}" for line in text.split("\n"))


def coloured(text: str) -> str:
    return f"\x1b[2m10:00:01\x1b[0m \x1b[31;1mERROR\x1b[0m \x1b[36m{text}\x1b[0m"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


def rich(text: str) -> str:
    """As RichHandler breaks it: in columns of 44, the place in the code at the right edge of the first line."""
    import textwrap

    rows = textwrap.wrap(" ".join(text.split()), 44, break_long_words=False)
    first = f"[11/27/26 02:38:52] ERROR    {rows[0]:<44} main.py:100"
    return "\n".join([first, *(f"{'':<29}{row:<44}            " for row in rows[1:])])


def handled(text: str) -> str:
    return (
        'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f\n    d["a"]\nKeyError: \'a\'\n\n'
        "During handling of the above exception, another exception occurred:\n\n" + text
    )


LOGS = [plain, compose, dated, json_line, journald, heroku, pm2, coloured, quoted, rich, handled]

NAMES = [known for known in CATALOGUE if known.code and re.fullmatch(r"[A-Z\d_]+", known.name)]


def split(name: str) -> tuple[str, str]:
    """`FLOOD_WAIT_4` → `FLOOD_WAIT` and `4`."""
    found = re.fullmatch(r"(.*_(?:WAIT|MIGRATE|UNCONFIRMED))_(\d+)", name)
    return (found[1], found[2]) if found else (name, "")


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.__name__)
def test_every_name_is_found_in_the_forms_of_a_library_and_in_every_log(
    library: Callable[[Known, str, str], str], count: Callable[[str, int], None]
) -> None:
    wrong = []
    for position, known in enumerate(NAMES):
        own = script.find_answer(known.name)
        assert own
        name, value = split(known.name)
        for log in {plain, LOGS[position % len(LOGS)], LOGS[(position * 7 + 3) % len(LOGS)]}:
            text = log(library(known, name, value))
            found = script.find_answer(text)
            said = found and found.problem()
            if not (found and found.of_telegram and found.answer is own.answer):
                wrong.append((known.name, log.__name__, found and found.name, text))
            elif said and value and own.problem().title != said.title and "_" in name:
                wrong.append((known.name, log.__name__, said.title, text))
            count("pasted errors found", 1)
    assert wrong == []


@pytest.mark.parametrize("name", ["NETWORK_ERROR", "NETWORK_BLOCKED", "PROXY_REFUSED", "NO_TERMINAL"])
def test_names_in_capitals_are_not_taken_for_those_of_the_scripts_own_cards(name):
    assert script.find_answer(name) is None
    assert script.find_answer("NetworkError") is not None
