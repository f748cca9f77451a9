"""Every way in: QR code, bot, each way a code is sent, a forgotten password; each to a string or to an honest end."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import re
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from telethon.tl import types

import telegram_session

from .helpers.camera import DARK, LIGHT, scan
from .helpers.signing_in import CREDENTIALS, PHONE, gets_a_string, leaves_nothing_behind, start
from .practice.accounts import Delivery, RawObject

if TYPE_CHECKING:
    from .conftest import Run
    from .helpers.terminal import Person
    from .practice import PracticeTelegram
    from .practice.accounts import Account

auth = types.auth
APP, SMS = auth.SentCodeTypeApp(5), auth.SentCodeTypeSms(5)
COUNTDOWN = "scan this; a fresh code follows by itself"


# ── QR code ──


def scanned(person: Person, terminal: tuple[int, int] = DARK) -> str:
    """Waits for a code on the screen, all of it with the countdown below, and returns the link that a camera reads."""
    person.sees(COUNTDOWN)
    assert COUNTDOWN in person.screen().splitlines()[-1]
    (link,) = scan(person, terminal)
    return link


def test_qr_at_the_phone_prompt(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run(env=CREDENTIALS)
    person.answers("Phone number", "qr")
    for device in ("iPhone", "Android", "Computer"):
        person.sees(device)
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    assert "auth.sendCode" not in telegram.methods


def test_qr_on_the_command_line_asks_for_no_number(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    person.does_not_see("Phone number")


@pytest.mark.parametrize("typed", ["4", "[4]", "QR"])
def test_qr_at_the_code_prompt_and_the_code_is_taken_back(telegram: PracticeTelegram, run: Run, typed: str) -> None:
    account = telegram.add_account(PHONE)
    person = start(run)
    person.answers("Code", typed)
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    assert telegram.methods[:3] == ["auth.sendCode", "auth.cancelCode", "auth.exportLoginToken"]


@pytest.mark.parametrize(
    ("env", "size"),
    [
        ({}, (80, 24)),
        ({"NO_COLOR": "1"}, (80, 24)),
        ({"PYTHONIOENCODING": "ascii"}, (80, 45)),
    ],
    ids=["80x24", "no-colour", "ascii"],
)
def test_the_code_can_be_read_on_dark_and_on_light_backgrounds(
    telegram: PracticeTelegram, run: Run, env: dict[str, str], size: tuple[int, int]
) -> None:
    telegram.add_account(PHONE)
    person = run("--qr", env={**CREDENTIALS, **env}, size=size)
    assert [scanned(person, DARK)] == scan(person, LIGHT)
    if env.get("PYTHONIOENCODING") == "ascii":
        assert max(person.raw) < 128


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_without_colours_every_second_code_is_for_a_light_background(
    telegram: PracticeTelegram, run: Run, encoding: str
) -> None:
    telegram.add_account(PHONE)
    telegram.login_token_life = 2
    person = run("--qr", env={**CREDENTIALS, "TERM": "dumb", "PYTHONIOENCODING": encoding}, size=(80, 45))
    first = scanned_in_turn(person, DARK)
    second = scanned_in_turn(person, LIGHT, other_than=first)
    assert first != second
    assert b"\x1b" not in person.raw


def scanned_in_turn(person: Person, terminal: tuple[int, int], other_than: str = "") -> str:
    while True:
        person.sees("it has dark and light exchanged")
        person.sees("follows by itself")
        links = [link for link in scan(person, terminal) if link != other_than]
        if links:
            return links[-1]


def test_a_narrow_terminal_shows_the_code_and_the_seconds(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS, size=(40, 24))
    person.sees("scan this; a fresh code")
    assert re.search(r"scan this; a fresh code.*: (29|28|27)s left$", person.screen())
    telegram.scan(PHONE, scan(person)[0])
    gets_a_string(person, telegram, account)


def test_a_window_that_is_too_small_is_told(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS, size=(80, 15))
    person.sees("The code needs 20 lines, and this window has 15. Make the window larger")


def test_a_fresh_code_takes_the_place_of_the_old_one(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.login_token_life = 2
    person = run("--qr", env=CREDENTIALS)
    first = scanned(person)
    while len(telegram.login_tokens) < 2:
        person.sees("follows by itself")
    telegram.login_token_life = 30
    taken = False
    while not taken:
        second = scanned(person)  # one code on the screen, and not two
        if second != first:
            with contextlib.suppress(LookupError):  # it may run out while the camera looks: then the next
                telegram.scan(PHONE, second)
                taken = True
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_wrong_clock_does_not_change_the_countdown(telegram: PracticeTelegram, run: Run, hours: int) -> None:
    telegram.add_account(PHONE)
    telegram.clock_offset = hours * 3600
    person = run("--qr", env=CREDENTIALS)
    person.sees(re.compile(rf"{COUNTDOWN}: [12]\ds left"))


def test_a_clock_that_jumps_while_the_code_is_shown(telegram: PracticeTelegram, run: Run) -> None:
    """By the clock the next code is good for ten minutes more than it is; it is renewed in time all the same."""
    telegram.add_account(PHONE)
    telegram.login_token_life = 2
    person = run("--qr", env=CREDENTIALS)
    person.sees(COUNTDOWN)
    telegram.clock_offset = 600
    person.sees(f"{COUNTDOWN}: 30s left")
    person.does_not_see("m 0s left")


def test_codes_that_ran_out_before_they_came_are_shown_for_a_while(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.login_token_life = -300
    person = run("--qr", env=CREDENTIALS)
    person.sees("By its date this code ran out before it came")
    person.sees(re.compile(rf"{COUNTDOWN}: [12]\ds left"))
    person.sees(re.compile(rf"{COUNTDOWN}: [12]\ds left"))
    assert telegram.methods.count("auth.exportLoginToken") == 1
    (token,) = telegram.login_tokens.values()
    token.expires += 600
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)


def test_success_at_the_first_export(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.auto_scan = (PHONE, 0)
    person = run("--qr", env=CREDENTIALS)
    gets_a_string(person, telegram, account)
    person.does_not_see("█")


@pytest.mark.parametrize("seconds", [0, 0.2], ids=["at the first export", "after the scan"])
@pytest.mark.parametrize("password", [None, "secret"], ids=["", "with 2FA"])
def test_the_account_that_scans_lives_in_another_data_centre(
    telegram: PracticeTelegram, run: Run, seconds: float, password: str | None
) -> None:
    account = telegram.add_account(PHONE, dc=4, password=password)
    telegram.auto_scan = (PHONE, seconds)
    person = run("--qr", env=CREDENTIALS)
    person.sees("data centre 4 (Amsterdam). Moving there.")
    if password:
        person.answers("2FA password", password, hidden=True)
    gets_a_string(person, telegram, account)
    assert "auth.importLoginToken" in telegram.methods


def test_the_password_after_the_scan(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    person.sees("The code was scanned and accepted.")
    person.answers("2FA password", "wrong", hidden=True)
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


def test_the_password_is_removed_after_the_scan(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    person.is_asked("2FA password")
    account.password = None
    person.answers("2FA password", "guess", hidden=True)
    person.sees("The account has no 2FA password any more. Signing in without it.")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)


def test_a_password_that_is_needed_before_there_is_a_qr_code(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE, password="secret")
    telegram.auto_scan = (PHONE, 0)
    person = run("--qr", env=CREDENTIALS)
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("name", ["AUTH_TOKEN_EXPIRED", "AUTH_TOKEN_ALREADY_ACCEPTED", "AUTH_TOKEN_INVALID"])
def test_a_token_that_is_used_up_is_replaced(telegram: PracticeTelegram, run: Run, name: str) -> None:
    account = telegram.add_account(PHONE, dc=4)
    telegram.faults.add("auth.importLoginToken", "error", name=name, times=1)
    person = run("--qr", env=CREDENTIALS)
    telegram.scan(PHONE, scanned(person))
    person.sees(f"That code is no longer good ({name}). Here comes a fresh one.")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)


def test_tokens_that_are_never_good_end_in_a_card(telegram: PracticeTelegram, run: Run) -> None:
    telegram.faults.add("auth.exportLoginToken", "error", name="AUTH_TOKEN_EXPIRED")
    person = run("--qr", env=CREDENTIALS)
    person.sees("What to do:")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    assert len(telegram.calls) < 10


def test_stopping_at_the_qr_code(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS)
    scanned(person)
    person.presses("ctrl-c")
    person.sees("Do not scan it any more")
    person.answers("Press Enter to exit", "")
    person.exits(130)
    leaves_nothing_behind(person, telegram)


def test_a_scan_in_the_last_moment_is_not_lost(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    person = run("--qr", env=CREDENTIALS)
    scanned(person)
    for token in telegram.login_tokens.values():
        token.account = account  # accepted; the update that says so is still on its way
    person.presses("ctrl-c")
    gets_a_string(person, telegram, account)


@pytest.fixture
def without_segno(tmp_path: Path) -> dict[str, str]:
    """Segno is not found, unless pip has put it into a folder of its own; pip finds it in another and nowhere else."""
    installed, packages, hook = tmp_path / "installed", tmp_path / "packages", tmp_path / "hook"
    for folder in (installed, packages, hook):
        folder.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import sys\n"
        "from importlib.machinery import PathFinder\n"
        "class Elsewhere(PathFinder):\n"
        "    @classmethod\n"
        "    def find_spec(cls, name, path=None, target=None):\n"
        f"        return PathFinder.find_spec(name, [{str(installed)!r}] if name == 'segno' else path, target)\n"
        "sys.meta_path[:] = [Elsewhere if finder is PathFinder else finder for finder in sys.meta_path]\n"
    )
    segno = importlib.metadata.distribution("segno")
    with zipfile.ZipFile(packages / f"segno-{segno.version}-py3-none-any.whl", "w") as wheel:
        for file in segno.files or ():
            if file.parts[0].startswith("segno") and file.suffix != ".pyc":
                wheel.write(str(segno.locate_file(file)), str(file))
    pip = {"TARGET": str(installed), "FIND_LINKS": str(packages), "NO_INDEX": "1", "NO_DEPS": "1", "NO_CACHE_DIR": "1"}
    return {"PYTHONPATH": str(hook), **{f"PIP_{name}": value for name, value in pip.items()}}


needs_pip = pytest.mark.skipif(
    importlib.util.find_spec("pip") is None or not telegram_session.pip_command("segno"), reason="needs a usable pip"
)


@needs_pip
def test_a_missing_segno_is_installed_while_the_sign_in_stays_alive(
    telegram: PracticeTelegram, run: Run, without_segno: dict[str, str]
) -> None:
    account = telegram.add_account(PHONE)
    person = start(run, env=without_segno)
    person.answers("Code", "4")
    person.sees("drawn by the small library “segno”, which is missing")
    person.sees("pip install segno")
    person.answers("Install it now? [y/N]", "y")
    telegram.scan(PHONE, scanned(person))
    gets_a_string(person, telegram, account)
    assert len(telegram.connections) == 1 + 1  # the second is that of the client that tries the string


@needs_pip
def test_without_segno_the_code_still_counts(
    telegram: PracticeTelegram, run: Run, without_segno: dict[str, str]
) -> None:
    account = telegram.add_account(PHONE)
    person = start(run, env=without_segno)
    person.answers("Code", "4")
    person.answers("Install it now? [y/N]", "")
    person.sees("Without “segno” there is no QR code.")
    person.sees("The last code that was sent still counts.")
    person.answers("Code", "12345")
    gets_a_string(person, telegram, account)


# ── bot ──

BOT = "5000000777:AAGpracticebotpracticebotpracticebo"


@pytest.mark.parametrize("dc", [2, 4])
def test_a_bot_token_at_the_phone_prompt(telegram: PracticeTelegram, run: Run, dc: int) -> None:
    bot = telegram.add_bot(BOT, dc=dc, first_name="Robby", username="robby_bot")
    person = run(env=CREDENTIALS)
    person.answers("Phone number", f" {BOT} ")
    person.sees("This is a bot token. Signing in as that bot, not as a person.")
    person.sees("Robby (a bot)")
    person.sees("It is no user session")
    person._seen = 0
    gets_a_string(person, telegram, bot)
    assert len([name for name in telegram.methods if name == "auth.importBotAuthorization"]) == (1 if dc == 2 else 2)


def test_a_bot_needs_no_terminal(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_bot(BOT)
    person = start(run, phone=BOT, stdin="null", stdout="pipe", stderr="pipe")
    person.exits(0)
    session = telegram_session.decode_telethon_string(person.output.strip())
    assert [key.key for key in telegram.authorizations(BOT)] == [telegram_session.home_key(session)]


@pytest.mark.parametrize(("banned", "name"), [(None, "ACCESS_TOKEN_INVALID"), (True, "ACCESS_TOKEN_EXPIRED")])
def test_a_bot_token_that_telegram_refuses(
    telegram: PracticeTelegram, run: Run, banned: bool | None, name: str
) -> None:
    if banned:
        telegram.add_bot(BOT, banned=True)
    person = start(run, phone=BOT)
    person.sees("What to do:")
    person.sees(f"Telegram's name for it: {name}")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)


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


# ── a forgotten password ──


def forgets_the_password(telegram: PracticeTelegram, run: Run, **details: Any) -> tuple[Person, Account]:
    account = telegram.add_account(PHONE, password="secret", **details)
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "", hidden=True)
    return person, account


def test_a_forgotten_password_is_removed_by_the_recovery_e_mail(telegram: PracticeTelegram, run: Run) -> None:
    person, account = forgets_the_password(telegram, run, recovery_email="petra@example.org")
    person.sees("REMOVES the 2FA password")
    person.answers("Recover by e-mail? [y/N]", "y")
    person.sees("recovery code to pe***a@example.org")
    person.answers("Recovery code", "111111")
    person.sees("CODE_INVALID")
    assert account.password == "secret"
    person.answers("Recovery code", "765 432")
    gets_a_string(person, telegram, account)
    assert account.password is None


def test_turning_back_from_the_recovery_keeps_the_password(telegram: PracticeTelegram, run: Run) -> None:
    person, account = forgets_the_password(telegram, run, recovery_email="petra@example.org")
    person.answers("Recover by e-mail? [y/N]", "")
    person.answers("2FA password", "", hidden=True)
    person.answers("Recover by e-mail? [y/N]", "y")
    person.sees("cannot read that mailbox any more")
    person.sees("removes it after 7 days")
    person.answers("Recovery code", "")
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)
    assert account.password == "secret"
    assert "auth.recoverPassword" not in telegram.methods


def test_without_a_recovery_e_mail_the_seven_days_are_explained(telegram: PracticeTelegram, run: Run) -> None:
    person, account = forgets_the_password(telegram, run)
    person.sees("This account has no recovery e-mail")
    person.sees("Two-Step Verification → Forgot password")
    person.sees("after 7 days")
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)
    assert "auth.requestPasswordRecovery" not in telegram.methods


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("auth.requestPasswordRecovery", "PASSWORD_RECOVERY_NA"),
        ("auth.checkRecoveryPassword", "PASSWORD_RECOVERY_EXPIRED"),
    ],
)
def test_a_recovery_that_telegram_refuses_leads_back_to_the_password(
    telegram: PracticeTelegram, run: Run, method: str, name: str
) -> None:
    person, account = forgets_the_password(telegram, run, recovery_email="petra@example.org")
    telegram.faults.add(method, "error", name=name)
    person.answers("Recover by e-mail? [y/N]", "y")
    if method == "auth.checkRecoveryPassword":
        person.answers("Recovery code", "765432")
    person.sees(name)
    person.answers("2FA password", "secret", hidden=True)
    gets_a_string(person, telegram, account)


@pytest.mark.parametrize("then", ["a guess", "forgotten", "recovery"])
def test_a_password_that_was_removed_on_another_device_is_not_needed(
    telegram: PracticeTelegram, run: Run, then: str
) -> None:
    email = "petra@example.org" if then == "recovery" else None
    account = telegram.add_account(PHONE, password="secret", recovery_email=email)
    person = start(run)
    person.answers("Code", "12345")
    person.is_asked("2FA password")
    account.password = None
    person.answers("2FA password", "guess" if then == "a guess" else "", hidden=True)
    if email:
        person.answers("Recover by e-mail? [y/N]", "y")
    person.sees("The account has no 2FA password any more. Signing in without it.")
    gets_a_string(person, telegram, account)
    assert telegram.methods.count("auth.sendCode") == 1


def test_too_many_wrong_passwords_end_with_the_time_of_the_next_try(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, password="secret")
    telegram.password_limit = 1
    person = start(run)
    person.answers("Code", "12345")
    person.answers("2FA password", "wrong", hidden=True)
    person.answers("2FA password", "wrong", hidden=True)
    person.sees("Next try:")
    person.sees("FLOOD_WAIT_3600, in answer to auth.checkPassword")
    person.answers("Press Enter to exit", "")
    person.exits(1)
    leaves_nothing_behind(person, telegram)


# ── after the sign-in ──


def test_telegram_wants_a_password_to_be_set(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, setup_password_required=True, otherwise_relogin_days=5)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("Telegram wants this account to set a 2FA password")
    person.sees("for 5 days")
    person.is_asked("Press Enter to exit")


def test_an_unconfirmed_session_is_told(telegram: PracticeTelegram, run: Run) -> None:
    telegram.add_account(PHONE, unconfirmed=True)
    person = start(run)
    person.answers("Code", "12345")
    person.sees("The new session is not confirmed yet")
    person.sees("No would end the session")
    person.is_asked("Press Enter to exit")


@pytest.mark.parametrize("sessions_too", [False, True], ids=["", "sessions may not be listed"])
def test_a_frozen_account_is_told_with_its_dates_and_where_to_appeal(
    telegram: PracticeTelegram, run: Run, sessions_too: bool
) -> None:
    telegram.add_account(PHONE, frozen=True)
    if sessions_too:
        telegram.faults.add("account.getAuthorizations", "error", code=420, name="FROZEN_METHOD_INVALID")
    person = start(run, env={"TZ": "UTC"})
    person.answers("Code", "12345")
    since, until = (time.strftime("%d %b %Y", time.gmtime(time.time() + days * 86400)) for days in (-1, 7))
    person.sees("Telegram has FROZEN this account since")
    person.sees(since)
    person.sees(until)
    person.sees("https://t.me/spambot?start=freeze")
    person.is_asked("Press Enter to exit")


@pytest.mark.parametrize("name", ["SESSION_REVOKED", "AUTH_KEY_INVALID", "USER_DEACTIVATED", "USER_DEACTIVATED_BAN"])
def test_a_session_that_is_over_at_once_is_told_with_the_reason(
    telegram: PracticeTelegram, run: Run, name: str
) -> None:
    telegram.add_account(PHONE)
    telegram.faults.add("account.getAuthorizations", "revoke", name=name, times=1)
    person = start(run)
    person.answers("Code", "12345")
    person.sees(f"does not seem to know this session any more ({name})")
    person.is_asked("Press Enter to exit")


def test_ctrl_c_after_the_string_does_not_take_it_back(telegram: PracticeTelegram, run: Run) -> None:
    account = telegram.add_account(PHONE)
    telegram.faults.add("account.getAuthorizations", "silence")
    person = start(run)
    person.answers("Code", "12345")
    telegram.wait_for_call("account.getAuthorizations")
    person.sees("looking at the new session")
    person.presses("ctrl-c")
    person._seen = 0
    gets_a_string(person, telegram, account)
