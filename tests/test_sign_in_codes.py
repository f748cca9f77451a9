"""Every way a code is sent, resent or set up, and what is typed then; to a string or to an honest end."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from telethon.tl.types import auth

import telegram_session

from .helpers.camera import scanned
from .helpers.signing_in import APP, PHONE, SMS, gets_a_string, start
from .practice.accounts import Delivery, RawObject

if TYPE_CHECKING:
    from .conftest import Run
    from .practice import PracticeTelegram

# ── every way a code is sent ──

# The type, what the person reads, what is typed, and the code that Telegram waits for.
URL = "https://fragment.com/login/88812345678"
EMAIL = auth.SentCodeTypeEmailCode("pe***a@example.org", 6)
DELIVERIES: list[tuple[Any, str, str, str]] = [
    (APP, "to your Telegram APP. It is not an SMS", "12345", "12345"),
    (SMS, "by SMS to +4915112345678", "12345", "12345"),
    (auth.SentCodeTypeCall(5), "a voice reads the code out", "12 345", "12345"),
    (auth.SentCodeTypeFlashCall("+4930*****99"), "It looks like +4930*****99", "+49 30 12345-99", "49301234599"),
    (auth.SentCodeTypeMissedCall("4930", 5), "begins with 4930. Type its last 5 digits", "34599", "34599"),
    (auth.SentCodeTypeMissedCall("4930", 5), "last 5 digits", "+49 30 1234599", "34599"),
    (EMAIL, "by E-MAIL to pe***a@example.org", "654 321", "654321"),
    (auth.SentCodeTypeFragmentSms(URL, 5), URL, "12345", "12345"),
    (auth.SentCodeTypeSmsWord("b"), "type the word. It begins with “b”", "banana", "banana"),
    (auth.SentCodeTypeSmsWord(), "secret WORD", "Banana", "Banana"),
    (
        auth.SentCodeTypeSmsPhrase("correct"),
        "It begins with “correct”",
        " correct  horse staple ",
        "correct horse staple",
    ),
    (auth.SentCodeTypeSmsPhrase(), "secret PHRASE", "correct horse", "correct horse"),
    # A class that Telethon can read and the script has no row for, as a new one will be.
    (auth.CodeTypeMissedCall(), "this version of the script does not know", "12-345", "12345"),
    # A constructor that Telethon cannot read: a number, a string and a flag of it follow.
    (bytes.fromhex("efbeadde 05000000 03616263 b5757299"), "UnknownSentCodeType", "12345", "12345"),
]


@pytest.mark.parametrize(
    ("kind", "words", "typed", "code"),
    DELIVERIES,
    ids=[f"{type(row[0]).__name__}-{row[2].strip()}" for row in DELIVERIES],
)
def test_a_code_by_every_way_leads_to_a_string(
    telegram: PracticeTelegram, run: Run, kind: Any, words: str, typed: str, code: str
) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(kind, code=code)])
    person = start(run)
    person.sees(type(kind).__name__ if not isinstance(kind, bytes) else "0xdeadbeef")
    person._seen = 0
    person.sees(words)
    person.answers("Code", typed)
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize(
    ("kind", "typed", "doubt", "code"),
    [
        (auth.SentCodeTypeFlashCall("+4930*****99"), "+49 30 1234598", "should look like +4930*****99", "49301234599"),
        (auth.SentCodeTypeSmsWord("b"), "apple", "It should begin with “b”", "banana"),
        (auth.SentCodeTypeSmsPhrase("correct"), "horse correct", "It should begin with “correct”", "correct horse"),
        (auth.SentCodeTypeMissedCall("4930", 5), "345", "5 digits, and this is 3", "34599"),
    ],
)
def test_what_cannot_be_the_code_is_doubted_before_it_is_sent(
    telegram: PracticeTelegram, run: Run, kind: Any, typed: str, doubt: str, code: str
) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(kind, code=code)])
    person = start(run)
    person.answers("Code", typed)
    person.sees(doubt)
    person.is_asked("Code")
    assert "auth.signIn" not in telegram.methods
    person.types(code)
    gets_a_string(person, telegram, account)


def test_a_wrong_code_from_the_e_mail_is_asked_for_again(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[EMAIL])
    person = start(run)
    person.answers("Code", "111111")
    person.sees("CODE_INVALID")
    person.answers("Code", "654321")
    gets_a_string(person, telegram, account)


def test_telegram_wants_a_login_e_mail_first(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[auth.SentCodeTypeSetUpEmailRequired()])
    person = start(run)
    person.sees("Telegram has sent NO code yet")
    person.answers("Email", "nonsense")
    person.sees("That is not an e-mail address")
    person.answers("Email", "me@nowhere.invalid")
    person.sees("EMAIL_NOT_ALLOWED")
    person.answers("Email", "typo@example.org")
    person.sees("ty***o@example.org")
    person.answers("Email code", "")
    person.answers("Email", "petra@example.org")
    person.sees("a code of 6 digits to pe***a@example.org")
    person.answers("Email code", "12345")
    person.sees("The code has 6 digits, and this is 5")
    person.answers("Email code", "111111")
    person.sees("CODE_INVALID")
    person.answers("Email code", "Your code: 654-321")
    person.sees("The address petra@example.org is confirmed.")
    person.sees("SentCodeTypeEmailCode")
    person.answers("Code", "654321")
    gets_a_string(person, telegram, account)
    assert account.login_email == "petra@example.org"


def test_the_qr_code_instead_of_a_login_e_mail(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[auth.SentCodeTypeSetUpEmailRequired()])
    person = start(run)
    person.answers("Email", "[4]")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    assert "auth.cancelCode" in telegram.methods


@pytest.mark.parametrize(("kind", "where"), [(APP, "to your Telegram APP"), (EMAIL, "by E-MAIL to pe***a@example.org")])
def test_a_next_way_that_does_not_exist_yet(telegram: PracticeTelegram, run: Run, kind: Any, where: str) -> None:
    """Telethon cannot read the answer for its sake; the code that was sent by a known way counts all the same."""
    code = "12345" if kind is APP else "654321"
    unknown = RawObject(bytes.fromhex("efbeadde"))
    account = telegram.add_account(PHONE, delivery=[Delivery(kind, next_type=unknown, code=code, timeout=60)])
    person = start(run)
    person.sees("UnknownCodeType")
    person.sees("0xdeadbeef")
    person.sees(where)
    person.sees("[2] send the code again in a way that this version of the script does not know (possible in")
    person.answers("Code", code)
    gets_a_string(person, telegram, account)


def test_firebase_sends_nothing_and_a_resend_does(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(auth.SentCodeTypeFirebaseSms(5), timeout=0), SMS])
    person = start(run)
    person.sees("NO code has been sent")
    person.answers("Code", "12345")
    person.sees("No code has been sent, so there is none to type")
    assert "auth.signIn" not in telegram.methods
    person.answers("Code", "2")
    person.sees("SentCodeTypeSms")
    person.answers("Code", "23456")
    gets_a_string(person, telegram, account)


def test_a_payment_cannot_be_made_here(telegram: PracticeTelegram, run: Run) -> None:
    wanted = auth.SentCodePaymentRequired(
        store_product="org.telegram.sms",
        phone_code_hash="",
        support_email_address="sms@telegram.example",
        support_email_subject="Paid login 42",
        premium_days=7,
        currency="EUR",
        amount=199,
    )
    account = telegram.add_account(PHONE, delivery=[wanted])
    person = start(run)
    person.sees("What to do:")
    for field in ("org.telegram.sms", "sms@telegram.example", "Paid login 42", "premium_days", "EUR", "199"):
        assert field in person.transcript.split("✗")[0]
    assert "7 days of Telegram Premium" in " ".join(person.transcript.split())
    person.sees("sign in here with a QR code")
    person.sees("sms@telegram.example, subject: Paid login 42")
    person.sees("[3] sign in with a QR code")
    person.answers("Press Enter to exit", "3")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("password", [None, "secret"])
def test_telegram_signs_in_at_once(telegram: PracticeTelegram, run: Run, password: str | None) -> None:
    account = telegram.add_account(PHONE, delivery=[auth.SentCodeSuccess], password=password)
    person = start(run)
    if password:  # then auth.sendCode answers SESSION_PASSWORD_NEEDED
        person.answers("2FA password", password, hidden=True)
    gets_a_string(person, telegram, account)
    assert "auth.signIn" not in telegram.methods


def test_every_class_of_the_installed_telethon_has_an_explanation() -> None:
    names = set(vars(auth))
    kinds = {name for name in names if name.startswith("SentCodeType")}
    assert kinds
    assert kinds - set(telegram_session.DELIVERIES) == set()
    next_types = {name for name in names if name.startswith("CodeType")}
    assert next_types - set(telegram_session.NEXT_TYPES) == set()
    answers = {name for name in names if name.startswith("SentCode")} - kinds
    assert answers - set(telegram_session.SENT_CODES) == set()


def test_every_explanation_can_be_filled_in_from_the_fields_of_its_type() -> None:
    for name, delivery in telegram_session.DELIVERIES.items():
        fields = {"phone", "beginning"} | set(getattr(auth, name).__init__.__code__.co_varnames)
        assert set(re.findall(r"{(\w+)}", delivery.where + delivery.look)) <= fields, name


# ── resend, SMS, the login e-mail ──


def test_a_resend_waits_until_it_is_allowed(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=2), SMS])
    person = start(run)
    person.sees(re.compile(r"\[2\] send the code again by SMS \(possible in [12]s\)"))
    person.answers("Code", "2")
    person.sees(re.compile(r"until the code can be sent again: [12]s left"))
    person.sees("SentCodeTypeSms")
    person.answers("Code", "23456")
    gets_a_string(person, telegram, account)
    first, second = (call for call in telegram.calls if call.method in ("auth.sendCode", "auth.resendCode"))
    assert second.at - first.at >= 2


def test_enter_alone_does_not_end_the_wait(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=3), SMS])
    person = start(run)
    person.answers("Code", "2")
    person.sees(re.compile(r"until the code can be sent again: [123]s left"))
    person.types("")
    person.sees("SentCodeTypeSms")
    person.answers("Code", "23456")
    gets_a_string(person, telegram, account)
    person.does_not_see("Nothing was typed")


def test_the_wait_can_be_interrupted_and_the_last_code_still_counts(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=120), SMS])
    person = start(run)
    person.answers("Code", "2")
    person.sees("until the code can be sent again: 2m 0s left")
    person.presses("ctrl-c")
    person.sees("Back to the code prompt.")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)
    assert "auth.resendCode" not in telegram.methods


def test_each_resend_replaces_hash_type_and_dump(telegram: PracticeTelegram, run: Run) -> None:
    call = auth.SentCodeTypeCall(5)
    telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=0), Delivery(SMS, timeout=0), call])
    person = start(run)
    hashes = []
    for kind, where in ((APP, "Telegram APP"), (SMS, "by SMS"), (call, "reads the code out")):
        person.sees(type(kind).__name__)
        person.sees(where)
        person.is_asked("Code")
        sent = telegram.account(PHONE).sent
        assert sent
        hashes.append(sent.hash)
        assert sent.hash in person.transcript
        if kind is not call:
            person.types("2")
    assert len(set(hashes)) == 3
    resent = [made.request.phone_code_hash for made in telegram.calls if made.method == "auth.resendCode"]
    assert resent == hashes[:2]


def test_there_is_nothing_to_resend(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = start(run)
    person.sees("[2] send the code again: not possible, Telegram offers no other way now")
    person.answers("Code", "2")
    person.sees("Telegram offers no other way to send a code now. [4], the QR code, does not need one.")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)
    assert "auth.resendCode" not in telegram.methods


@pytest.mark.parametrize(
    ("option", "method", "code", "name"),
    [
        ("2", "auth.resendCode", 406, "SEND_CODE_UNAVAILABLE"),
        ("2", "auth.resendCode", 420, "FLOOD_WAIT_3600"),
        ("3", "auth.sendCode", 420, "FLOOD_WAIT_3600"),
        ("3", "auth.sendCode", 400, "PHONE_NUMBER_FLOOD"),
    ],
)
def test_a_refused_resend_leaves_the_last_code_alive(
    telegram: PracticeTelegram, run: Run, option: str, method: str, code: int, name: str
) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=0), SMS])
    nth = 2 if method == "auth.sendCode" else 1
    telegram.faults.add(method, "error", code=code, name=name, popup="" if code == 406 else None, nth=nth)
    person = start(run)
    person.answers("Code", option)
    person.sees(name)
    person.sees("The last code that was sent still counts.")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("name", ["PHONE_CODE_EXPIRED", "AUTH_RESTART"])
def test_a_resend_of_a_dead_code_begins_again(telegram: PracticeTelegram, run: Run, name: str) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=0), SMS])
    telegram.faults.add("auth.resendCode", "error", name=name, times=1)
    person = start(run)
    person.answers("Code", "2")
    person.answers("Ask Telegram for a new code?", "y")
    person.answers("Code", telegram.wait_for_call("auth.sendCode", nth=2) and "23456")
    gets_a_string(person, telegram, account)


def test_force_sms_tries_all_that_can_be_tried(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(APP, timeout=1), SMS])
    person = start(run)
    person.answers("Code", "3")
    person.sees("Telegram alone decides how a code is sent")
    person.sees("SentCodeTypeApp")
    person.sees("until the code can be sent again")
    person.sees("SentCodeTypeSms")
    person.answers("Code", "34567")
    gets_a_string(person, telegram, account)
    assert telegram.methods[:3] == ["auth.sendCode", "auth.sendCode", "auth.resendCode"]
    settings = telegram.calls[1].request.settings
    assert not any(value for name, value in vars(settings).items() if name.startswith(("allow", "current", "token")))


def test_force_sms_where_telegram_wants_to_check_an_app_first(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=[Delivery(auth.SentCodeTypeFirebaseSms(5), timeout=0), SMS])
    person = start(run)
    person.answers("Code", "3")
    person.sees("SentCodeTypeSms")
    person.answers("Code", "34567")
    gets_a_string(person, telegram, account)


def email_delivery(period: int | None) -> list[Any]:
    return [auth.SentCodeTypeEmailCode("pe***a@example.org", 6, reset_available_period=period)]


def test_a_login_e_mail_that_nobody_can_read_is_reset(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=email_delivery(0))
    person = start(run)
    person.sees("[6] I cannot read this e-mail any more: reset the login e-mail (at once)")
    person.answers("Code", "6")
    person.sees("SentCodeTypeSms")
    person.answers("Code", "23456")
    gets_a_string(person, telegram, account)


def test_a_reset_of_the_login_e_mail_that_takes_days(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=email_delivery(7 * 86400))
    person = start(run, env={"TZ": "UTC"})
    person.sees("reset the login e-mail (takes 7 days)")
    person.answers("Code", "6")
    person.sees("reset_pending_date")
    person.sees("Telegram sent the code by E-MAIL to pe***a@example.org.")  # which Telegram does not repeat
    person.sees("[6] ask whether the login e-mail is reset by now (due")
    day = time.strftime("%d %b %Y", time.gmtime(time.time() + 7 * 86400))
    person.sees(day)
    person.answers("Code", "6")
    person.sees("TASK_ALREADY_EXISTS")
    person.sees("The last code that was sent still counts.")
    person.answers("Code", "654321")
    gets_a_string(person, telegram, account)


def test_the_day_on_which_the_login_e_mail_is_reset_has_come(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, delivery=email_delivery(7 * 86400))
    person = start(run)
    person.answers("Code", "6")
    person.sees("[6] ask whether the login e-mail is reset by now (due")
    account.email_reset_pending = telegram.clock()
    person.answers("Code", "6")
    person.sees("Telegram sent the code by SMS")
    person.answers("Code", "34567")
    gets_a_string(person, telegram, account)


def test_no_reset_is_offered_where_telegram_offers_none(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, delivery=email_delivery(None))
    person = start(run)
    person.is_asked("Code")
    person.does_not_see("[6]")
