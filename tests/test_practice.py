"""The practice Telegram itself: what Telethon makes of it, and how a person starts it."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from telethon import TelegramClient, errors
from telethon.tl import functions, types

from .conftest import LAUNCHER, ROOT
from .helpers import terminal
from .helpers.practising import PHONE, App, Call, Sms, ask, send_code
from .helpers.second_client import new_client, sign_in, use, who_is
from .practice import Delivery, PracticeTelegram
from .practice.telegram import API_HASH, API_ID, PUBLISHED_API_HASH, PUBLISHED_API_ID

# ── signing in, with Telethon's own helpers ──


def test_a_code_signs_in_and_the_string_works_elsewhere(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, first_name="Petra", username="petra")
    user = who_is(telegram, sign_in(telegram, PHONE))
    assert user and (user.first_name, user.username, user.phone) == ("Petra", "petra", PHONE[1:])
    assert len(telegram.authorizations(PHONE)) == 1


def test_the_right_password_signs_in_after_a_wrong_one(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="pässword ✓", hint="h")

    async def go(client: TelegramClient) -> Any:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        with pytest.raises(errors.PasswordHashInvalidError):
            await client.sign_in(password="wrong")
        return await client.sign_in(password="pässword ✓")

    assert use(telegram, go).phone == PHONE[1:]


def test_a_password_challenge_is_good_for_one_answer_and_the_newest_only(telegram: PracticeTelegram) -> None:
    from telethon.password import compute_check

    telegram.add_account(PHONE, password="right")

    async def go(client: TelegramClient) -> None:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        old = await client(functions.account.GetPasswordRequest())
        new = await client(functions.account.GetPasswordRequest())
        assert old.srp_id != new.srp_id and old.srp_B != new.srp_B
        with pytest.raises(errors.SrpIdInvalidError):
            await client(functions.auth.CheckPasswordRequest(compute_check(old, "right")))
        with pytest.raises(errors.PasswordHashInvalidError):
            await client(functions.auth.CheckPasswordRequest(compute_check(new, "wrong")))
        with pytest.raises(errors.SrpIdInvalidError):
            await client(functions.auth.CheckPasswordRequest(compute_check(new, "right")))

    use(telegram, go)


def test_a_number_of_another_data_centre_is_sent_there(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, dc=4)
    user = who_is(telegram, sign_in(telegram, PHONE, dc=2))
    assert user is not None
    outcomes = [call.outcome for call in telegram.calls if call.method == "auth.sendCode"]
    assert outcomes == ["PHONE_MIGRATE_4", "SentCode"]
    assert telegram.authorizations(PHONE)[0].dc == 4


def test_a_bot_signs_in_by_token_and_moves_to_its_data_centre(telegram: PracticeTelegram) -> None:
    telegram.add_bot("777:token", dc=5, username="some_bot")

    async def go(client: TelegramClient) -> Any:
        with pytest.raises(errors.AccessTokenInvalidError):
            await client.sign_in(bot_token="777:other")
        return await client.sign_in(bot_token="777:token")

    me = use(telegram, go)
    assert me.bot and me.id == 777
    assert telegram.authorizations("777:token")[0].dc == 5


def test_a_login_through_start_costs_seven_calls_or_eight(telegram: PracticeTelegram) -> None:
    """What the script is measured against: 8 with Telethon 1.45, 7 with 1.36; wrappers do not count."""
    telegram.add_account(PHONE)

    async def go() -> None:
        client = new_client(telegram)
        await client.start(phone=lambda: PHONE, code_callback=lambda: "12345")
        await client.disconnect()

    asyncio.run(go())
    assert len(telegram.calls) in (7, 8), telegram.methods


# ── codes ──


def test_a_code_is_good_once_and_for_its_own_hash(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)

    async def go(client: TelegramClient) -> None:
        def with_code(code: str, phone_code_hash: str) -> Any:
            return client(functions.auth.SignInRequest(PHONE, phone_code_hash, code))

        first = await client(send_code())
        second = await client(send_code())
        assert first.phone_code_hash != second.phone_code_hash
        assert telegram.code(PHONE) == "23456"
        with pytest.raises(errors.PhoneCodeExpiredError):
            await with_code("12345", first.phone_code_hash)
        with pytest.raises(errors.PhoneCodeInvalidError):
            await with_code("12345", second.phone_code_hash)
        with pytest.raises(errors.PhoneCodeEmptyError):
            await with_code("", second.phone_code_hash)
        await with_code("23456", second.phone_code_hash)
        with pytest.raises(errors.PhoneCodeExpiredError):
            await with_code("23456", second.phone_code_hash)

    use(telegram, go)


def test_a_resend_waits_for_its_time_and_then_changes_hash_type_and_code(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[Delivery(App(5), timeout=1), Sms(5)])

    async def go(client: TelegramClient) -> None:
        sent = await client(send_code())
        assert isinstance(sent.next_type, types.auth.CodeTypeSms) and sent.timeout == 1
        again = functions.auth.ResendCodeRequest(PHONE, sent.phone_code_hash)
        with pytest.raises(errors.SendCodeUnavailableError):
            await client(again)
        await asyncio.sleep(1)
        resent = await client(again)
        assert isinstance(resent.type, Sms) and resent.next_type is None and resent.timeout is None
        with pytest.raises(errors.SendCodeUnavailableError):
            await client(functions.auth.ResendCodeRequest(PHONE, resent.phone_code_hash))
        await client(functions.auth.SignInRequest(PHONE, resent.phone_code_hash, telegram.code(PHONE)))

    use(telegram, go)


KINDS = [
    App(5),
    Sms(5),
    Call(5),
    types.auth.SentCodeTypeFlashCall("+4989*"),
    types.auth.SentCodeTypeFragmentSms("https://fragment.com/number/1", 5),
    types.auth.SentCodeTypeMissedCall("+4989", 4),
    types.auth.SentCodeTypeFirebaseSms(5, nonce=b"n"),
    *(getattr(types.auth, name)(beginning="a") for name in ("SentCodeTypeSmsWord", "SentCodeTypeSmsPhrase")),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_every_type_of_code_arrives_as_it_was_planned(telegram: PracticeTelegram, kind: Any) -> None:
    telegram.add_account(PHONE, delivery=[Delivery(kind, code="apple tree")])
    sent = ask(telegram, send_code())
    assert sent.type.to_dict() == kind.to_dict()
    assert telegram.code(PHONE) == "apple tree"


def test_a_type_that_does_not_exist_yet_is_bytes_that_telethon_cannot_read(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[b"\xef\xbe\xad\xde\x05\0\0\0"])
    with pytest.raises(errors.TypeNotFoundError) as caught:
        ask(telegram, send_code())
    assert caught.value.invalid_constructor_id == 0xDEADBEEF


@pytest.mark.skipif(not hasattr(types.auth, "SentCodePaymentRequired"), reason="this Telethon is older")
def test_payment_and_success_can_take_the_place_of_a_code(telegram: PracticeTelegram) -> None:
    payment = types.auth.SentCodePaymentRequired("store", "", "help@example.org", "subject", 7, "EUR", 199)
    telegram.add_account(PHONE, delivery=[payment, types.auth.SentCodeSuccess])
    assert ask(telegram, send_code()).premium_days == 7
    telegram.account(PHONE).plan.pop(0)
    assert ask(telegram, send_code()).authorization.user.phone == PHONE[1:]


def test_numbers_credentials_and_limits_are_refused_as_telegram_does(telegram: PracticeTelegram) -> None:
    telegram.add_account("+441111111", banned=True)
    telegram.send_limit = 1

    async def go(client: TelegramClient) -> None:
        with pytest.raises(errors.PhoneNumberInvalidError):
            await client(send_code("letters"))
        with pytest.raises(errors.PhoneNumberBannedError):
            await client(send_code("+441111111"))
        for app, error in (
            ((API_ID, "f" * 32), errors.ApiIdInvalidError),
            ((PUBLISHED_API_ID, PUBLISHED_API_HASH), errors.ApiIdPublishedFloodError),
        ):
            with pytest.raises(error):
                await client(send_code(PHONE, *app))
        sent = await client(send_code())
        with pytest.raises(errors.FloodWaitError) as caught:
            await client(send_code())
        assert caught.value.seconds == 3600
        answer = await client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, "12345"))
        assert isinstance(answer, types.auth.AuthorizationSignUpRequired), "nobody has signed up with this number"

    use(telegram, go)


def test_a_cancelled_code_is_dead(telegram: PracticeTelegram) -> None:
    async def go(client: TelegramClient) -> None:
        sent = await client(send_code())
        assert await client(functions.auth.CancelCodeRequest(PHONE, sent.phone_code_hash)) is True
        with pytest.raises(errors.PhoneCodeExpiredError):
            await client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, "12345"))

    use(telegram, go)


# ── the login e-mail and the forgotten password ──


def test_a_code_by_email_signs_in_only_as_an_email_code(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[types.auth.SentCodeTypeEmailCode("p***a@example.org", 6)])

    async def go(client: TelegramClient) -> Any:
        sent = await client(send_code())

        def with_email(code: str) -> Any:
            verification = types.EmailVerificationCode(code)
            return client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, email_verification=verification))

        with pytest.raises(errors.PhoneCodeInvalidError):
            await client(functions.auth.SignInRequest(PHONE, sent.phone_code_hash, "654321"))
        with pytest.raises(errors.CodeInvalidError):
            await with_email("000000")
        return await with_email("654321")

    assert use(telegram, go).user.phone == PHONE[1:]


def test_an_email_is_set_up_before_the_code_is_sent_to_it(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, delivery=[types.auth.SentCodeTypeSetUpEmailRequired()])

    async def go(client: TelegramClient) -> Any:
        sent = await client(send_code())
        purpose = types.EmailVerifyPurposeLoginSetup(PHONE, sent.phone_code_hash)
        for address, error in (("nonsense", "EMAIL_INVALID"), ("a@b.invalid", "EMAIL_NOT_ALLOWED")):
            with pytest.raises(errors.BadRequestError) as caught:
                await client(functions.account.SendVerifyEmailCodeRequest(purpose, address))
            assert telegram.calls[-1].outcome == error, caught
        asked = await client(functions.account.SendVerifyEmailCodeRequest(purpose, "petra@example.org"))
        assert (asked.email_pattern, asked.length) == ("pe***a@example.org", 6)
        code = types.EmailVerificationCode("654321")
        verified = await client(functions.account.VerifyEmailRequest(purpose, code))
        sent = verified.sent_code
        assert isinstance(sent.type, types.auth.SentCodeTypeEmailCode)
        request = functions.auth.SignInRequest(PHONE, sent.phone_code_hash, email_verification=code)
        return await client(request)

    assert use(telegram, go).user.phone == PHONE[1:]


@pytest.mark.parametrize("period", [0, 86400])
def test_a_login_email_is_reset_at_once_or_pending(telegram: PracticeTelegram, period: int) -> None:
    email = types.auth.SentCodeTypeEmailCode("p***a@example.org", 6, reset_available_period=period)
    telegram.add_account(PHONE, delivery=[email])

    async def go(client: TelegramClient) -> None:
        sent = await client(send_code())
        sent = await client(functions.auth.ResetLoginEmailRequest(PHONE, sent.phone_code_hash))
        if period == 0:
            assert isinstance(sent.type, Sms)
            return
        assert sent.type.reset_available_period is None and sent.type.reset_pending_date
        assert sent.type.email_pattern == ""
        with pytest.raises(errors.BadRequestError):
            await client(functions.auth.ResetLoginEmailRequest(PHONE, sent.phone_code_hash))
        assert telegram.calls[-1].outcome == "TASK_ALREADY_EXISTS"
        telegram.account(PHONE).email_reset_pending = telegram.clock()  # the day has come
        sent = await client(functions.auth.ResetLoginEmailRequest(PHONE, sent.phone_code_hash))
        assert isinstance(sent.type, Sms)

    use(telegram, go)


def test_a_password_that_is_removed_meanwhile_is_missed_and_the_code_still_signs_in(telegram: PracticeTelegram) -> None:
    from telethon.password import compute_check

    account = telegram.add_account(PHONE, password="forgotten")

    async def go(client: TelegramClient) -> Any:
        sent = await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        challenge = await client(functions.account.GetPasswordRequest())
        account.password = None
        with pytest.raises(errors.PasswordEmptyError):
            await client(functions.auth.CheckPasswordRequest(compute_check(challenge, "forgotten")))
        assert (await client(functions.account.GetPasswordRequest())).current_algo is None
        return await client.sign_in(PHONE, "12345", phone_code_hash=sent.phone_code_hash)

    assert use(telegram, go).phone == PHONE[1:]


def test_a_forgotten_password_is_removed_by_the_code_of_the_recovery_email(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="forgotten", recovery_email="petra@example.org")

    async def go(client: TelegramClient) -> Any:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        recovery = await client(functions.auth.RequestPasswordRecoveryRequest())
        assert recovery.email_pattern == "pe***a@example.org"
        with pytest.raises(errors.CodeInvalidError):
            await client(functions.auth.CheckRecoveryPasswordRequest("000000"))
        assert await client(functions.auth.CheckRecoveryPasswordRequest("765432"))
        return await client(functions.auth.RecoverPasswordRequest("765432"))

    assert use(telegram, go).user.phone == PHONE[1:]
    assert telegram.account(PHONE).password is None


def test_without_a_recovery_email_nothing_can_be_recovered(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="forgotten")

    async def go(client: TelegramClient) -> None:
        await client.send_code_request(PHONE)
        with pytest.raises(errors.SessionPasswordNeededError):
            await client.sign_in(PHONE, "12345")
        with pytest.raises(errors.PasswordRecoveryNaError):
            await client(functions.auth.RequestPasswordRecoveryRequest())

    use(telegram, go)


# ── QR codes ──


@pytest.mark.parametrize("dc", [2, 4])
def test_a_scanned_qr_code_signs_in_wherever_the_account_lives(telegram: PracticeTelegram, dc: int) -> None:
    telegram.add_account(PHONE, dc=dc)

    async def go(client: TelegramClient) -> Any:
        qr = await client.qr_login()
        waiting = asyncio.ensure_future(qr.wait(10))
        await asyncio.sleep(0)
        await asyncio.get_running_loop().run_in_executor(None, telegram.scan, PHONE, qr.url)
        await waiting
        return client.session.save()

    assert who_is(telegram, use(telegram, go)) is not None


def test_after_the_scan_the_password_is_asked_for(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, password="secret")
    telegram.auto_scan = (PHONE, 0.05)

    async def go(client: TelegramClient) -> Any:
        qr = await client.qr_login()
        with pytest.raises(errors.SessionPasswordNeededError):
            await qr.wait(10)
        return await client.sign_in(password="secret")

    assert use(telegram, go).phone == PHONE[1:]


def test_the_first_export_may_already_be_a_success(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    telegram.auto_scan = (PHONE, 0)
    answer = ask(telegram, functions.auth.ExportLoginTokenRequest(API_ID, API_HASH, []))
    assert isinstance(answer, types.auth.LoginTokenSuccess)


def test_a_qr_code_expires_and_the_next_is_another(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    telegram.login_token_life = 0.2
    export = functions.auth.ExportLoginTokenRequest(API_ID, API_HASH, [])

    async def go(client: TelegramClient) -> None:
        first = await client.qr_login()
        assert (await client(export)).token == first.token, "the same until it expires"
        await asyncio.sleep(0.25)
        with pytest.raises(LookupError, match="EXPIRED"):
            telegram.scan(PHONE, first.url)
        assert (await client(export)).token != first.token

    use(telegram, go)


def test_another_signed_in_client_can_accept_a_qr_code(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    phone_app = sign_in(telegram, PHONE)

    async def go(client: TelegramClient) -> Any:
        qr = await client.qr_login()
        waiting = asyncio.ensure_future(qr.wait(10))
        other = new_client(telegram, string=phone_app)
        await other.connect()
        authorization = await other(functions.auth.AcceptLoginTokenRequest(qr.token))
        await other.disconnect()
        assert isinstance(authorization, types.Authorization)
        return await waiting

    assert use(telegram, go).phone == PHONE[1:]


# ── who may call what ──


def test_calls_need_a_session_that_is_signed_in_and_alive(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    me = functions.users.GetUsersRequest([types.InputUserSelf()])
    with pytest.raises(errors.AuthKeyUnregisteredError):
        ask(telegram, me)
    string = sign_in(telegram, PHONE)
    telegram.revoke(PHONE)
    with pytest.raises(errors.SessionRevokedError):
        ask(telegram, me, string=string)
    string = sign_in(telegram, PHONE)
    telegram.account(PHONE).banned = True
    with pytest.raises(errors.UserDeactivatedBanError):
        ask(telegram, me, string=string)
    telegram.account(PHONE).banned = False
    assert ask(telegram, functions.auth.LogOutRequest(), string=string)
    with pytest.raises(errors.AuthKeyUnregisteredError):
        ask(telegram, me, string=string)


def test_one_key_on_two_lines_at_once_is_dead_for_good(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)

    async def go(client: TelegramClient) -> None:
        await client.get_me()
        second = new_client(telegram, string=string)
        with pytest.raises(errors.AuthKeyDuplicatedError):
            await second.connect()
        await second.disconnect()

    use(telegram, go, string=string)
    with pytest.raises(errors.AuthKeyDuplicatedError):
        ask(telegram, functions.users.GetUsersRequest([types.InputUserSelf()]), string=string)


def test_a_key_that_the_server_does_not_know_gets_404(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    string = sign_in(telegram, PHONE)
    telegram.forget_keys()
    with pytest.raises(errors.AuthKeyNotFound):
        ask(telegram, functions.help.GetConfigRequest(), string=string)


def test_everything_else_is_no_method_here(telegram: PracticeTelegram) -> None:
    with pytest.raises(errors.BadRequestError):
        ask(telegram, functions.messages.GetDialogFiltersRequest())
    assert telegram.calls[-1].outcome.startswith("INPUT_METHOD_INVALID_")


def test_an_account_tells_about_itself(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE, unconfirmed=True, frozen=True, premium=True)

    async def go(client: TelegramClient) -> None:
        authorizations = await client(functions.account.GetAuthorizationsRequest())
        (current,) = authorizations.authorizations
        assert current.current and current.unconfirmed and authorizations.authorization_ttl_days == 183
        config = await client(functions.help.GetAppConfigRequest(0))
        assert {"freeze_since_date", "freeze_until_date", "freeze_appeal_url"} <= {v.key for v in config.config.value}
        full = await client(functions.users.GetFullUserRequest(types.InputUserSelf()))
        assert full.users[0].premium

    use(telegram, go, string=sign_in(telegram, PHONE))


def test_an_authorization_can_be_carried_to_another_data_centre(telegram: PracticeTelegram) -> None:
    telegram.add_account(PHONE)
    ticket = ask(telegram, functions.auth.ExportAuthorizationRequest(4), string=sign_in(telegram, PHONE))
    carried = ask(telegram, functions.auth.ImportAuthorizationRequest(ticket.id, ticket.bytes), dc=4)
    assert carried.user.phone == PHONE[1:]
    assert {key.dc for key in telegram.authorizations(PHONE)} == {2, 4}


# ── the launcher ──

STAND_IN = """
import sys
from typing import Dict, NamedTuple, Tuple

class DataCentre(NamedTuple):
    id: int
    place: str
    ipv4: str
    ipv6: str
    ports: Tuple[int, ...]

DATA_CENTRES: Dict[int, DataCentre] = {i: DataCentre(i, "", "149.154.167.51", "::2", (443, 80)) for i in range(1, 6)}

def main(argv):
    early = [name for name in ("telethon", "socket", "asyncio", "ssl") if name in sys.modules]
    assert not early, early
    import socket
    try:
        {attempt}
    except OSError as error:
        print(error)
    return 0
"""


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        ("print(DATA_CENTRES[2].ipv4)", 0),
        ("socket.create_connection((DATA_CENTRES[2].ipv4, DATA_CENTRES[2].ports[0])).close()", 0),
        ("socket.create_connection(('149.154.167.51', 443), timeout=1)", 99),
        ("socket.socket().connect_ex(('192.0.2.1', 443))", 99),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))", 99),
        ("socket.socket(socket.AF_INET6).connect(('2001:db8::1', 443))", 99),
        ("socket.getaddrinfo('telegram.org', 443)", 99),
        ("import asyncio; asyncio.run(asyncio.open_connection('192.0.2.1', 443))", 99),
    ],
)
def test_the_launcher_leads_here_and_nowhere_else(
    telegram: PracticeTelegram, tmp_path: Any, clean_env: dict[str, str], attempt: str, code: int
) -> None:
    (tmp_path / "tests" / "practice").mkdir(parents=True)
    launcher = tmp_path / "tests" / "practice" / "launcher.py"
    launcher.write_text(LAUNCHER.read_text())
    (tmp_path / "telegram_session.py").write_text(STAND_IN.replace("{attempt}", attempt))
    ended = subprocess.run(
        [sys.executable, str(launcher), "--config", telegram.config], env=clean_env, capture_output=True, text=True
    )
    assert ended.returncode == code, ended.stderr
    assert ("practice: the script tried" in ended.stderr) is (code == 99)


def test_importing_the_package_brings_nothing_along() -> None:
    check = (
        "import sys, tests.practice, tests.practice.launcher; sys.exit(bool({'telethon', 'socket'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0


# By hand: python3 -m tests.practice
needs_terminal = pytest.mark.skipif(not terminal.AVAILABLE, reason="no pseudo-terminals on this platform")


@pytest.fixture
def by_hand(clean_env: dict[str, str]) -> Iterator[terminal.Person]:
    with terminal.Person([sys.executable, "-m", "tests.practice"], cwd=ROOT, env=clean_env) as person:
        yield person


@needs_terminal
def test_whoever_types_what_the_notice_says_is_signed_in(by_hand: terminal.Person) -> None:
    by_hand.sees("Nothing leaves this computer")
    by_hand.answers("Do you already have an API ID and API hash?", "y")
    notice = by_hand.transcript

    def told(pattern: str) -> str:
        match = re.search(pattern, notice)
        assert match, pattern
        return match.group(1)

    by_hand.answers("API ID", told(r"API ID +(\d+)"))
    by_hand.answers("API hash", told(r"API hash +(\w+)"))
    by_hand.answers("Phone number", told(r"(?s)2FA.*?Phone number +(\+[\d ]+\d)"))
    by_hand.answers("Code", told(r"(?s)2FA.*?Code +(\d+)"))
    by_hand.answers("2FA password", told(r"2FA password +(.+)"), hidden=True)
    by_hand.sees("Session string")
    by_hand.is_asked("Press Enter to exit")
    by_hand.presses("enter")
    by_hand.exits(0)


@needs_terminal
def test_ctrl_c_ends_the_practice_as_it_ends_the_script(by_hand: terminal.Person) -> None:
    by_hand.is_asked("Do you already have an API ID and API hash?")
    by_hand.presses("ctrl-c")
    by_hand.is_asked("Press Enter to exit")
    by_hand.presses("enter")
    by_hand.exits(130)
    by_hand.does_not_see("Traceback")


def test_without_telethon_the_practice_says_what_it_needs() -> None:
    hide = "import sys, runpy; sys.modules['telethon'] = None; runpy.run_module('tests.practice', run_name='__main__')"
    ended = subprocess.run([sys.executable, "-c", hide], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "pip install telethon" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_notice_of_a_practice_run_fits_an_ordinary_window() -> None:
    from .practice.__main__ import NOTICE

    assert max(map(len, NOTICE.splitlines())) < 80
