"""Session files and strings that the script writes are opened by the real other side, and the other way round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import telegram_session as script

from . import others

KEY = bytes((number * 7 + 1) % 256 for number in range(256))
OTHER_KEY = bytes((number * 11 + 5) % 256 for number in range(256))
HASH = "0123456789abcdef0123456789abcdef"
TELETHONS = ("telethon==1.24.0", "telethon==1.42.0", "telethon==1.45.0")


@pytest.fixture
def session() -> script.Session:
    return script.Session(
        (script.DataCenter(4, "149.154.167.91:443", None, KEY), script.DataCenter(2, None, None, OTHER_KEY)),
        script.User(7000000001, 4, False, "somebody"),
        script.UpdateState(120, 3, 1700000000, 9, (script.ChannelState(1500000001, 55),)),
        script.ApiIdentity(31337, HASH, "Toaster", "Linux", "1.0", "en-GB", "tdesktop", "en", {"twoFA": "pw"}),
        False,
    )


def of(session: script.Session) -> list[Any]:
    """The core of a session, as the scripts for the other side print it."""
    return [session.user.dc, *script.home_address(session), script.home_key(session).hex()]


def read(path: Path, passcode: str = "") -> script.Session:
    storage = script.recognise_path(str(path))
    assert not isinstance(storage, script.Tdata) or storage.unlock(passcode)
    return storage.load()


# ── Telethon ──

OPEN_STRING = """
from telethon.sessions import StringSession
one = StringSession(sys.argv[1])
print(json.dumps([[one.dc_id, one.server_address, one.port, one.auth_key.key.hex()], one.save()]))
"""
OPEN_FILE = """
from telethon.sessions import SQLiteSession
one = SQLiteSession(sys.argv[1])
state = one.get_update_state(0)
row = one._execute("select hash from entities where id = 0")
core = [one.dc_id, one.server_address, one.port, one.auth_key.key.hex()]
print(json.dumps([core, row and row[0], state and state.pts]))
"""
MAKE_FILE = """
from telethon.sessions import SQLiteSession
from telethon.crypto import AuthKey
one = SQLiteSession(sys.argv[1])
one.set_dc(4, "149.154.167.91", 443)
one.auth_key = AuthKey(bytes.fromhex(sys.argv[2]))
one.save()
one.close()
print("null")
"""


@pytest.mark.parametrize("telethon", TELETHONS)
@pytest.mark.parametrize("host", ["149.154.167.91", "2001:67c:4e8:f004::a"])
def test_telethon_loads_the_string_and_writes_the_same(telethon: str, host: str) -> None:
    session = script.new_session(4, KEY, host, 443)
    text = script.encode_telethon_string(session)
    assert others.in_python(telethon, OPEN_STRING, text) == [of(session), text]


@pytest.mark.parametrize("telethon", TELETHONS)
def test_telethon_opens_the_file(tmp_path: Path, telethon: str, session: script.Session) -> None:
    script.save_session([session], str(tmp_path / "new.session"), "telethon")
    assert others.in_python(telethon, OPEN_FILE, str(tmp_path / "new.session")) == [of(session), 7000000001, 120]


def test_the_newest_telethon_opens_schema_8(tmp_path: Path, session: script.Session) -> None:
    script.save_session([session], str(tmp_path / "new.session"), "telethon", schema=8)
    opened = others.in_python(TELETHONS[-1], OPEN_FILE, str(tmp_path / "new.session"))
    assert opened == [of(session), 7000000001, 120]


@pytest.mark.parametrize("telethon", TELETHONS)
def test_telethons_own_file_is_read(tmp_path: Path, telethon: str) -> None:
    others.in_python(telethon, MAKE_FILE, str(tmp_path / "its.session"), KEY.hex())
    assert of(read(tmp_path / "its.session")) == [4, "149.154.167.91", 443, KEY.hex()]


# ── opentele2 ──

OPENTELE = "opentele2==2.0.0"
OPEN_TDATA = """
from opentele2.td import TDesktop
folder = TDesktop(sys.argv[1], passcode=sys.argv[2] or None)
print(json.dumps([[one.UserId, int(one.MainDcId), one.authKey.key.hex()] for one in folder.accounts]))
"""
OPEN_PAIR = """
import asyncio
from opentele2.tl import TelegramClient
async def main():
    client = await TelegramClient.FromSessionJson(sys.argv[1])
    one = client.session
    print(json.dumps([[one.dc_id, one.server_address, one.port, one.auth_key.key.hex()], client.UserId, client.api_id,
                      client._init_request.device_model]))
asyncio.run(main())
"""
TDATA_TO_PAIR = """
import asyncio
from opentele2.td import TDesktop
async def main():
    await TDesktop(sys.argv[1]).SaveSessionJson(sys.argv[2])
    print("null")
asyncio.run(main())
"""
PAIR_TO_TDATA = """
import asyncio
from opentele2.td import TDesktop
async def main():
    folder = await TDesktop.FromSessionJson(sys.argv[1])
    folder.SaveTData(sys.argv[2], passcode=sys.argv[3] or None)
    print("null")
asyncio.run(main())
"""


@pytest.mark.parametrize("passcode", ["", "пароль"])
def test_opentele2_opens_the_folder(tmp_path: Path, passcode: str, session: script.Session) -> None:
    second = script.new_session(2, OTHER_KEY, user_id=42)
    script.save_session([session, second], str(tmp_path / "tdata"), "tdata", passcode=passcode)
    opened = others.in_python(OPENTELE, OPEN_TDATA, str(tmp_path / "tdata"), passcode)
    assert opened == [[7000000001, 4, KEY.hex()], [42, 2, OTHER_KEY.hex()]]


def test_opentele2_opens_the_pair(tmp_path: Path, session: script.Session) -> None:
    script.save_session([session], str(tmp_path / "acc"), "json")
    opened = others.in_python(OPENTELE, OPEN_PAIR, str(tmp_path / "acc"))
    assert opened == [of(session), 7000000001, 31337, "Toaster"]


def test_opentele2_opens_a_pair_that_knows_only_the_api_id_and_hash(tmp_path: Path, session: script.Session) -> None:
    bare = session._replace(api=script.ApiIdentity(31337, HASH), user=script.User(0, 4))
    script.save_session([bare], str(tmp_path / "acc"), "json")
    assert others.in_python(OPENTELE, OPEN_PAIR, str(tmp_path / "acc"))[:3] == [of(session), None, 31337]


@pytest.mark.parametrize("passcode", ["", "hello"])
def test_what_opentele2_makes_of_ours_is_read_again(tmp_path: Path, passcode: str, session: script.Session) -> None:
    if passcode:
        pytest.importorskip("argon2", reason="argon2-cffi is not installed: opentele2 locks folders with Argon2id")
    script.save_session([session], str(tmp_path / "acc"), "json")
    others.in_python(OPENTELE, PAIR_TO_TDATA, str(tmp_path / "acc"), str(tmp_path / "tdata"), passcode)
    again = read(tmp_path / "tdata", passcode)
    assert (again.user.id, again.user.dc, script.home_key(again)) == (7000000001, 4, KEY)
    if not passcode:
        script.save_session([again], str(tmp_path / "mine"), "tdata")
        others.in_python(OPENTELE, TDATA_TO_PAIR, str(tmp_path / "mine"), str(tmp_path / "back"))
        back = read(tmp_path / "back.json")
        assert (back.user.id, script.home_key(back)) == (7000000001, KEY)


def test_the_companion_has_the_keys_of_opentele2_in_its_order(tmp_path: Path, session: script.Session) -> None:
    script.save_session([session], str(tmp_path / "tdata"), "tdata")
    others.in_python(OPENTELE, TDATA_TO_PAIR, str(tmp_path / "tdata"), str(tmp_path / "its"))
    script.save_session([session], str(tmp_path / "ours"), "json")
    its, ours = (json.loads((tmp_path / f"{name}.json").read_text("utf-8")) for name in ("its", "ours"))
    assert list(ours) == list(its)
    assert {key: type(value) for key, value in ours.items() if its[key] is not None and value is not None} == {
        key: type(value) for key, value in its.items() if value is not None and ours[key] is not None
    }


# ── Pyrogram's family ──

KURIGRAM = "kurigram==2.2.26"
OPEN_KURIGRAM = """
import asyncio, pathlib
from pyrogram.storage import SQLiteStorage
async def main():
    one = SQLiteStorage("x", pathlib.Path("."), sys.argv[1], in_memory=True)
    await one.open()
    values = [await one.dc_id(), (await one.auth_key()).hex(), await one.user_id(), await one.api_id(),
              bool(await one.test_mode()), bool(await one.is_bot())]
    print(json.dumps([values, await one.export_session_string()]))
asyncio.run(main())
"""
MAKE_KURIGRAM = """
import asyncio, pathlib
from pyrogram.storage import SQLiteStorage
async def main():
    one = SQLiteStorage("its", pathlib.Path(sys.argv[1]), in_memory=False)
    await one.open()
    await one.dc_id(4)
    await one.auth_key(bytes.fromhex(sys.argv[2]))
    await one.user_id(7000000001)
    await one.api_id(31337)
    await one.test_mode(False)
    await one.is_bot(False)
    await one.save()
    await one.close()
    print("null")
asyncio.run(main())
"""


def test_kurigram_opens_the_string_and_writes_the_same(session: script.Session) -> None:
    text = script.PyrogramString.encode(session)
    values = [4, KEY.hex(), 7000000001, 31337, False, False]
    assert others.in_python(KURIGRAM, OPEN_KURIGRAM, text) == [values, text]


def test_kurigrams_own_file_is_read(tmp_path: Path) -> None:
    others.in_python(KURIGRAM, MAKE_KURIGRAM, str(tmp_path), KEY.hex())
    again = read(tmp_path / "its.session")
    assert (again.user.dc, script.home_key(again)) == (4, KEY)
    assert (again.user.id, again.user.bot, again.api) == (7000000001, False, script.ApiIdentity(31337))


OPEN_KURIGRAMS_FILE = """
import asyncio, pathlib
from pyrogram.storage import SQLiteStorage
async def main():
    one = SQLiteStorage("acc", pathlib.Path(sys.argv[1]), in_memory=False)
    await one.open()
    print(json.dumps([await one.dc_id(), (await one.auth_key()).hex(), await one.user_id(), await one.api_id(),
                      bool(await one.test_mode()), bool(await one.is_bot())]))
    await one.close()
asyncio.run(main())
"""


@pytest.mark.parametrize(("library", "storage"), [(KURIGRAM, "SQLiteStorage"), ("pyrogram==2.0.106", "FileStorage")])
def test_the_file_that_is_written_for_pyrogram_and_kurigram_is_opened_by_them(
    tmp_path: Path, library: str, storage: str
) -> None:
    session = script.new_session(4, KEY, user_id=7000000001)._replace(api=script.ApiIdentity(31337))
    script.save_session([session], str(tmp_path / "acc.session"), "pyrogram-file")
    code = OPEN_KURIGRAMS_FILE.replace("SQLiteStorage", storage)
    code = code.replace(", in_memory=False", "") if storage == "FileStorage" else code
    values = others.in_python(library, code, str(tmp_path))
    assert values == [4, KEY.hex(), 7000000001, 31337, False, False]


# ── Node ──

GRAMJS = """
import { StringSession } from "telegram/sessions/index.js";
const one = new StringSession(args[0]);
await one.load();
const values = [one.dcId, one.serverAddress, one.port, one.authKey.getKey().toString("hex")];
console.log(JSON.stringify([values, one.save()]));
"""
MTCUTE = """
import { readStringSession, writeStringSession } from "@mtcute/core/utils.js";
import * as convert from "@mtcute/convert";
const ways = { mtcute: text => readStringSession(text), string: convert.convertFromTelethonSession,
               gramjs: convert.convertFromGramjsSession, pyrogram: convert.convertFromPyrogramSession };
const one = await ways[args[0]](args[1]);
const { id, ipAddress, port } = one.primaryDcs.main;
const values = [[id, ipAddress, port, Buffer.from(one.authKey).toString("hex")], one.self ? one.self.userId : 0];
console.log(JSON.stringify([values, writeStringSession(one)]));
"""
MTCUTE_OPENS = """
import { convertFromTdata } from "@mtcute/convert";
const one = await convertFromTdata({ path: args[0], passcode: args[1] || undefined }, Number(args[2]));
console.log(JSON.stringify([one.self.userId, one.primaryDcs.main.id, Buffer.from(one.authKey).toString("hex")]));
"""
MTCUTE_WRITES = """
import { convertToTdata } from "@mtcute/convert";
await convertToTdata(args.slice(1), { path: args[0] });
console.log("null");
"""


def test_gramjs_loads_the_string_and_writes_the_same(session: script.Session) -> None:
    text = script.GramjsString.encode(session)
    assert others.in_node(GRAMJS, text) == [of(session), text]


@pytest.mark.parametrize("target", ["mtcute", "string", "gramjs", "pyrogram"])
def test_mtcute_reads_the_string(target: str, session: script.Session) -> None:
    storage = script.new_storage(target)
    storage.save(session)
    assert isinstance(storage, script.StringStorage)
    (core, user_id), its_own = others.in_node(MTCUTE, target, storage.text)
    assert core == of(session)
    assert user_id == (7000000001 if "user" in storage.holds.split() else 0)
    again = script.recognise_text(its_own).load()
    assert (of(again), again.user.id) == (of(session), user_id)


@pytest.mark.parametrize("passcode", ["", "hello"])
def test_mtcute_opens_the_folder(tmp_path: Path, passcode: str, session: script.Session) -> None:
    second = script.new_session(2, OTHER_KEY, user_id=42)
    script.save_session([session, second], str(tmp_path / "tdata"), "tdata", passcode=passcode)
    opened = [others.in_node(MTCUTE_OPENS, str(tmp_path / "tdata"), passcode, number) for number in "01"]
    assert opened == [[7000000001, 4, KEY.hex()], [42, 2, OTHER_KEY.hex()]]


def test_mtcutes_own_folder_is_read(tmp_path: Path, session: script.Session) -> None:
    second = script.new_session(2, OTHER_KEY, user_id=42)
    texts = [script.MtcuteString.encode(one) for one in (session, second)]
    others.in_node(MTCUTE_WRITES, str(tmp_path / "tdata"), *texts)
    storage = script.Tdata(str(tmp_path / "tdata"))
    assert [(one.user.id, script.home_key(one)) for one in storage.load_all()] == [(7000000001, KEY), (42, OTHER_KEY)]
