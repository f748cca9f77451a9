"""The practice Telegram's bytes, by Telegram's own pages and without Telethon."""

from __future__ import annotations

import os
import struct
import time
from hashlib import pbkdf2_hmac, sha256
from typing import Any

import pytest
from telethon.tl import types

from .helpers.practising import NEAREST, PHONE, App, Call, Sms, outcome
from .helpers.raw_client import GZIP, MSG_CONTAINER, RPC_ERROR, RPC_RESULT, VECTOR, Cursor, RawClient, string
from .practice import PracticeTelegram
from .practice.accounts import Account
from .practice.keys import DH_GENERATOR, DH_PRIME
from .practice.srp import Challenge, algorithm
from .practice.telegram import API_ID

STATE_REQ, STATE_INFO, RESEND_REQ = 0xDA69FB52, 0x04DEB57D, 0x7D861A08
PING, PONG, PING_DELAY_DISCONNECT = 0x7ABE77EC, 0x347773C5, 0xF3427B8C
NEW_SESSION, BAD_SALT, BAD_MSG = 0x9EC20908, 0xEDAB447B, 0xA7EFF811
NEAREST_DC, NEAREST_DC_ANSWER = 0x1FB33026, 0x8E1A1775


def ping(number: int = 7) -> bytes:
    return struct.pack("<Iq", PING, number)


@pytest.fixture
def raw(telegram: PracticeTelegram) -> Any:
    with RawClient(telegram.data_centres[2].port) as client:
        client.exchange_key()
        yield client


def test_the_key_exchange_keeps_to_its_page(telegram: PracticeTelegram, raw: RawClient) -> None:
    """RawClient asserts each field and hash; here, that both ends have come to the same key and salt."""
    (key,) = telegram.keys
    assert (key.key, key.salt) == (raw.auth_key, raw.salt)
    assert abs(raw.server_time - time.time()) < 2


def test_the_first_answer_comes_with_new_session_created(raw: RawClient) -> None:
    asked = raw.send(ping())
    messages = raw.receive()
    constructors = [int.from_bytes(body[:4], "little") for _, _, body in messages]
    assert constructors == [NEW_SESSION, PONG]
    assert [msg_id % 4 for msg_id, _, _ in messages] == [3, 1]
    assert [seqno % 2 for _, seqno, _ in messages] == [1, 0]
    assert struct.unpack_from("<q", messages[0][2], 4)[0] == asked
    assert struct.unpack_from("<qq", messages[1][2], 4) == (asked, 7)
    raw.send(ping(8))
    assert [int.from_bytes(body[:4], "little") for _, _, body in raw.receive()] == [PONG]


def test_a_wrong_salt_is_told_the_right_one(raw: RawClient) -> None:
    right, raw.salt = raw.salt, raw.salt ^ 1
    asked = raw.send(ping())
    assert struct.unpack("<qiiq", raw.receive_until(BAD_SALT)) == (asked, 1, 48, right)


@pytest.mark.parametrize(("offset", "code"), [(-400, 16), (60, 17)])
def test_messages_of_another_time_are_refused(raw: RawClient, offset: int, code: int) -> None:
    asked = raw.send(ping(), msg_id=raw.msg_id(offset))
    assert struct.unpack("<qii", raw.receive_until(BAD_MSG)) == (asked, 1, code)


def test_identifiers_and_numbers_have_to_fit(raw: RawClient) -> None:
    raw.send(ping(), msg_id=raw.msg_id() + 1)
    assert struct.unpack("<qii", raw.receive_until(BAD_MSG))[2] == 18
    raw.send(ping(), content=False)
    assert struct.unpack("<qii", raw.receive_until(BAD_MSG))[2] == 35


def test_an_unknown_key_and_a_forged_message_get_404(telegram: PracticeTelegram, raw: RawClient) -> None:
    raw.send_packet(os.urandom(24 + 64))
    assert raw.receive_packet() == struct.pack("<i", -404)
    raw.send_packet(raw.key_id + os.urandom(16 + 64))
    assert raw.receive_packet() == struct.pack("<i", -404)


def test_a_call_needs_layer_and_init_connection_first(raw: RawClient) -> None:
    asked = raw.send(struct.pack("<I", NEAREST_DC))
    answer = Cursor(raw.receive_until(RPC_RESULT))
    assert answer.long() == asked
    assert (answer.word(), answer.word(), answer.string()) == (RPC_ERROR, 400, b"CONNECTION_NOT_INITED")


def init(query: bytes, api_id: int = API_ID) -> bytes:
    """invokeWithLayer(229, initConnection(…, query)) as the schema has had it since layer 117."""
    fields = b"".join(map(string, (b"device", b"1", b"2", b"en", b"", b"en")))
    return struct.pack("<IIIII", 0xDA9B0D0D, 229, 0xC1CD5EA9, 0, api_id) + fields + query


def test_what_is_long_is_gzipped(raw: RawClient) -> None:
    import gzip

    asked = raw.send(init(struct.pack("<I", 0xC4F9186B)))  # help.getConfig
    answer = Cursor(raw.receive_until(RPC_RESULT))
    assert (answer.long(), answer.word()) == (asked, GZIP)
    assert gzip.decompress(answer.string())[:4] == struct.pack("<I", 0xCC1A241E)  # config


def test_a_container_with_gzipped_and_plain_messages_is_taken_apart(raw: RawClient) -> None:
    import gzip

    first, second, outer = raw.msg_id(), raw.msg_id(), raw.msg_id()
    zipped = struct.pack("<I", GZIP) + string(gzip.compress(init(struct.pack("<I", NEAREST_DC))))
    body = struct.pack("<Ii", MSG_CONTAINER, 2)
    body += struct.pack("<qii", first, 1, len(zipped)) + zipped
    body += struct.pack("<qii", second, 3, 12) + ping()
    raw.content_messages = 2
    raw.send(body, msg_id=outer, content=False)
    answers: dict[int, bytes] = {}
    while len(answers) < 3:
        answers.update((int.from_bytes(body[:4], "little"), body[4:]) for _, _, body in raw.receive())
    assert struct.unpack_from("<q", answers[NEW_SESSION])[0] == first
    assert struct.unpack_from("<qI", answers[RPC_RESULT]) == (first, NEAREST_DC_ANSWER)
    assert struct.unpack("<qq", answers[PONG]) == (second, 7)


def test_a_message_that_comes_twice_is_carried_out_once(telegram: PracticeTelegram, raw: RawClient) -> None:
    asked = raw.send(init(struct.pack("<I", NEAREST_DC)))
    first = raw.receive_until(RPC_RESULT)
    raw.send(init(struct.pack("<I", NEAREST_DC)), msg_id=asked)
    assert raw.receive_until(RPC_RESULT) == first
    assert telegram.methods == ["help.getNearestDc"]


def test_an_answer_that_nobody_acknowledged_comes_again_on_the_next_line(
    telegram: PracticeTelegram, raw: RawClient
) -> None:
    asked = raw.send(init(struct.pack("<I", NEAREST_DC)))
    telegram.wait_for_call("help.getNearestDc")
    with RawClient(telegram.data_centres[2].port) as again:
        again.auth_key, again.salt, again.session_id = raw.auth_key, raw.salt, raw.session_id
        again.content_messages = 5
        again.send(ping())
        assert struct.unpack_from("<qI", again.receive_until(RPC_RESULT)) == (asked, NEAREST_DC_ANSWER)


def test_a_line_ends_when_no_ping_comes_in_time(raw: RawClient) -> None:
    raw.send(struct.pack("<Iqi", PING_DELAY_DISCONNECT, 1, 1))
    raw.receive_until(PONG)
    with pytest.raises(EOFError):
        raw.receive()


def test_a_ping_can_stay_unanswered_while_calls_are_answered(telegram: PracticeTelegram, raw: RawClient) -> None:
    fault = telegram.faults.add("ping", "silence")
    raw.send(ping())
    raw.send(init(struct.pack("<I", NEAREST_DC)))
    seen: list[int] = []
    while RPC_RESULT not in seen:
        seen += [int.from_bytes(body[:4], "little") for _, _, body in raw.receive()]
    assert PONG not in seen
    assert fault.hits == 1


NONSENSE = {
    "empty": b"",
    "zeros": bytes(4),
    "cut-off container": struct.pack("<Ii", MSG_CONTAINER, 9),
    "broken gzip": struct.pack("<I", GZIP) + b"\3abc",
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_a_message_without_sense_harms_nobody_else(telegram: PracticeTelegram, raw: RawClient, body: bytes) -> None:
    raw.send(body)
    assert isinstance(outcome(telegram, NEAREST), types.NearestDc)


def test_the_state_of_messages_and_future_salts_can_be_asked_for(raw: RawClient) -> None:
    known = raw.send(ping())
    raw.receive()
    about = (known, known - 4, known + 4, known + (60 << 32))  # received, too old, missing in between, not sent yet
    asked = raw.send(struct.pack("<IIi4q", STATE_REQ, VECTOR, len(about), *about), content=False)
    info = Cursor(raw.receive_until(STATE_INFO))
    assert (info.long(), info.string()) == (asked, b"\x04\x01\x02\x03")
    asked = raw.send(struct.pack("<Ii", 0xB921BD04, 1))
    salts = Cursor(raw.receive_until(0xAE500895))
    assert (salts.long(), abs(salts.word() - time.time()) < 2, salts.word()) == (asked, True, 1)
    since, until = salts.word(), salts.word()
    assert since < time.time() < until and salts.long() == raw.salt


def test_a_message_can_be_asked_for_once_more(raw: RawClient) -> None:
    raw.send(init(struct.pack("<I", NEAREST_DC)))
    ((first, *answer),) = [message for message in raw.receive() if message[2][:4] == struct.pack("<I", RPC_RESULT)]
    raw.send(struct.pack("<IIiq", RESEND_REQ, VECTOR, 1, first), content=False)
    assert raw.receive() == [(first, *answer)]
    asked = raw.send(struct.pack("<IIi2q", RESEND_REQ, VECTOR, 2, first, first + 4), content=False)
    (again, _), (_, state) = ((message[0], message[2]) for message in raw.receive())
    assert again == first and struct.unpack_from("<Iq", state) == (STATE_INFO, asked)


def test_a_client_that_speaks_the_srp_page_is_let_in(telegram: PracticeTelegram) -> None:
    """The client's half, from https://core.telegram.org/api/srp, in the words of that page."""

    def h(*parts: bytes) -> bytes:
        return sha256(b"".join(parts)).digest()

    def sh(data: bytes, salt: bytes) -> bytes:
        return h(salt, data, salt)

    def m1(password: str) -> tuple[bytes, bytes]:
        salt1, salt2 = algorithm().salt1, algorithm().salt2
        p, g = DH_PRIME, DH_GENERATOR
        p_bytes, g_bytes = p.to_bytes(256, "big"), g.to_bytes(256, "big")
        ph1 = sh(sh(password.encode(), salt1), salt2)
        x = int.from_bytes(sh(pbkdf2_hmac("sha512", ph1, salt1, 100000), salt2), "big")
        k = int.from_bytes(h(p_bytes, g_bytes), "big")
        a = int.from_bytes(os.urandom(256), "big")
        g_a = pow(g, a, p).to_bytes(256, "big")
        u = int.from_bytes(h(g_a, challenge.srp_B), "big")
        k_v = k * pow(g, x, p) % p
        t = (int.from_bytes(challenge.srp_B, "big") - k_v) % p
        k_a = h(pow(t, a + u * x, p).to_bytes(256, "big"))
        p_xor_g = bytes(i ^ j for i, j in zip(h(p_bytes), h(g_bytes)))
        return g_a, h(p_xor_g, h(salt1), h(salt2), g_a, challenge.srp_B, k_a)

    challenge = Challenge("right")
    assert challenge.proves(*m1("right"))
    assert not challenge.proves(*m1("wrong"))
    with pytest.raises(ValueError, match="out of range"):
        challenge.proves((1).to_bytes(256, "big"), b"")


def test_what_follows_is_announced_by_its_own_name() -> None:
    account = Account(PHONE, delivery=[App(5), Call(5), types.auth.SentCodeTypeEmailCode("p", 6), Sms(5)])
    assert [type(account.next_type(step)).__name__ for step in range(4)] == [
        "CodeTypeCall",
        "NoneType",  # there is no CodeTypeEmailCode
        "CodeTypeSms",
        "NoneType",
    ]
