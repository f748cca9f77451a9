"""What the tests of the session formats share: the samples, and how one is read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import telegram_session as script

CASES = Path(__file__).resolve().parents[1] / "fixtures" / "sessions"
KEY = bytes((number * 7 + 1) % 256 for number in range(256))
OTHER_KEY = bytes((number * 11 + 5) % 256 for number in range(256))


def cases(*kinds: str) -> list[Any]:
    found = [path.parent for kind in kinds for path in sorted((CASES / kind).glob("**/expected.json"))]
    return [pytest.param(path, id=path.relative_to(CASES).as_posix()) for path in found]


def given_path(case: Path) -> Path:
    """What a person would name: the string's file, the folder, the .session file."""
    names = sorted(path for path in case.iterdir() if path.name != "expected.json")
    folders = [path for path in names if path.is_dir()]
    first = [path for path in names if path.suffix in (".session", ".txt")]
    return (folders or first or names)[0]


def needs_argon2(path: Path) -> bool:
    key_files = [] if path.is_file() else sorted(path.glob("key_*s"))
    return any(b"KD2\0\0\0\0\2" in file.read_bytes() for file in key_files if file.is_file())


def read(path: Path, passcode: str = "") -> tuple[script.Storage, script.Session]:
    storage = script.recognise_path(str(path))
    if isinstance(storage, script.Tdata) and not storage.unlock() and passcode and not storage.unlock(passcode):
        raise script.Problem("Wrong passcode.")
    return storage, storage.load()


def refusal(path: Path, passcode: str = "") -> str:
    with pytest.raises(script.Problem) as raised:
        read(path, passcode)
    assert raised.value.steps or raised.value.meaning or raised.value.title
    return f"{raised.value.title} {raised.value.meaning}"


@pytest.fixture
def copies_are_taken_away(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = tmp_path_factory.mktemp("copies")
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def rich() -> script.Session:
    """A session with something in every place that any format has."""
    return script.Session(
        (
            script.DataCenter(4, "149.154.167.91:443", None, KEY),
            script.DataCenter(2, "149.154.167.51:443", "2001:67c:4e8:f002::a:443", OTHER_KEY),
        ),
        script.User(7000000001, 4, True, "some_bot"),
        script.UpdateState(120, 3, 1700000000, 9, (script.ChannelState(1500000001, 55),)),
        script.ApiIdentity(
            31337, "0123456789abcdef0123456789abcdef", "Toaster", "Linux", "1.0", "en-GB", "tdesktop", "en",
            {"twoFA": "secret words", "proxy": [2, "127.0.0.1", 1080, True, "u", "p"], "invented_key": {"deep": [1]}},
        ),
        False,
    )  # fmt: skip


TELETHON = (CASES / "good/telethon_string/v4_dc1/session.txt").read_text().strip()
STRINGS = {
    path.parent.parent.name + "/" + path.parent.name: path.read_text().strip()
    for path in sorted((CASES / "good").glob("*_string/*/session.txt"))
}


def session_or_problem(text: str) -> None:
    try:
        session = script.recognise_text(text).load()
    except script.Problem:
        return
    assert len(script.home_key(session)) == 256
    script.decode_telethon_string(script.encode_telethon_string(session))
    for kind in (script.PyrogramString, script.GramjsString, script.MtcuteString):
        kind().save(session)


def goes_everywhere(session: script.Session) -> None:
    """Every format takes it; what is in it that no format could take is not read in the first place."""
    with tempfile.TemporaryDirectory() as folder:
        for target in script.TARGETS:
            script.save_session([session], str(Path(folder, target)), target)
            assert script.home_key(read(Path(folder, target))[1]) == script.home_key(session)


def telethon_file(path: Path, key: bytes = KEY) -> Path:
    script.TelethonFile(str(path)).save(script.new_session(2, key, "149.154.167.51", 443))
    return path


def pair(folder: Path, companion: Any, name: str = "acc") -> Path:
    text = companion if isinstance(companion, str) else json.dumps(companion)
    (folder / f"{name}.json").write_text(text, "utf-8")
    return telethon_file(folder / f"{name}.session")


def desktop(path: Path, *users: int, passcode: str = "", key_name: str = "") -> Path:
    storage = script.Tdata(str(path), key_name, passcode)
    storage.save_all([script.new_session(2, KEY, user_id=user) for user in users or (42,)])
    return path
