#!/usr/bin/env python3
# /// script
# requires-python = ">=3.9"
# dependencies = ["telethon>=1.36,<2", "segno", "python-socks[asyncio]"]
# ///
"""Sign in to Telegram out loud and leave with a working Telethon session string.

    python3 telegram_session.py                    sign in, step by step, and print the session string
    python3 telegram_session.py check [WHAT…]      what is in it, is it intact, does it still work?
    python3 telegram_session.py convert SRC DST    from any session format to any other, one or a whole folder
    python3 telegram_session.py network            can this machine reach Telegram?
    python3 telegram_session.py explain [ERROR]    what an error means and what to do about it
    python3 telegram_session.py doctor             why does the MCP server not connect?

What happens to the account is read first. A room uses the rooms below it, and this head; only 8 and 14, where commands
begin, use every other one:

     1  What this is          this page, `Problem`, and what Telegram is told about this computer
     2  Signing in            steps 0 to 3; phone code, e-mail, 2FA, QR code, bot: each reads like its page of the API
     3  The line to Telegram  the connection: one thread, one event loop, one `call()`
     4  Handing over          the string, how to keep it safe, ready to paste, on the clipboard, in a file
     5  What people type      API ID and API hash, phone number, bot token
     6  Findings              what was given, and what is in it: files, folders, archives, texts, settings
     7  Sessions              the session model, and one storage class per format
     8  Other commands        check, convert, doctor, network, explain, and the report
     9  Network and proxies   reachability, the first step of a key exchange, proxies, the clock
    10  What is installed     step 0, and the helpers that are installed when they are needed
    11  Looking an error up   from an exception or a pasted text to its row
    12  Terminal              the only place that prints, asks, colours, counts down and masks
    13  Tables                delivery types, errors, calling codes, data centres, paste targets
    14  Main                  arguments, and the one place that turns a `Problem` into words and an exit code

Every call that it ever makes to Telegram, and what for:

    users.getUsers                  whom a key is signed in as: nobody, or who it is
    auth.sendCode                   the login code; with no permission for ways that need a phone's own app
    auth.resendCode                 the same by the next way, when the person wants it
    auth.cancelCode                 a code that nobody will type is taken back
    auth.resetLoginEmail            when the person cannot read the login e-mail any more, and says so
    account.sendVerifyEmailCode     a code to the e-mail address that Telegram wants for this sign-in
    account.verifyEmail             that code
    auth.signIn                     the login code: the session begins
    account.getPassword             how the 2FA password is to be proven
    auth.checkPassword              the proof of it; the password itself never leaves this computer
    auth.requestPasswordRecovery    an e-mail for those who have forgotten it, when they want it
    auth.checkRecoveryPassword      the code in that e-mail
    auth.recoverPassword            the same: it REMOVES the 2FA password, which is asked about before
    auth.exportLoginToken           a QR code, or whether it was scanned
    auth.importLoginToken           the same in another data centre
    auth.importBotAuthorization     the token of a bot
    account.getAuthorizations       after a sign-in, and in `check --online`: the sessions; is this one confirmed
    help.getAppConfig               the same: is the account frozen
    ping                            a sign of life on a line that is idle

The first call on a line is wrapped into invokeWithLayer and initConnection, which tell what `this_device` says.
`network`, and a connection that does not come about, knock at Telegram's addresses and begin a key exchange there.
Nothing is sent to anybody else, but through a proxy if there is one; venv, pip, uv and, for `doctor --start`, an MCP
server are started after a yes.

Every file that it writes is one that was asked for, is new, and goes through `write_new` of the room about sessions;
only the settings of an MCP client are replaced, by `replace_settings`, and what they were stays beside them.

Everything that goes wrong becomes one exception, `Problem`, and only `main` ends the program. Telethon is imported
when a connection is about to be made and not before: the first prompt and the offline commands never wait for it.
"""

from __future__ import annotations

import os
import sys

# Python searches the script's folder first. That is one for downloads, perhaps, or somebody else's: a re.py, segno.py
# or argon2.py that lies there would be run with the secrets in reach. So it is searched last, and only if pip has put
# Telethon there; the library comes first, so that no PYTHONPATH hides it from the imports below.
if __name__ == "__main__":
    _here = os.path.dirname(__file__)
    sys.path[:] = [os.path.dirname(os.__file__), *(folder for folder in sys.path if folder not in (_here, ""))]
    if os.path.isfile(os.path.join(_here, "telethon", "__init__.py")):
        sys.path.append(_here)

import contextlib
import functools
import re
import time
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
    from ipaddress import IPv4Address, IPv6Address

    Rows = Iterable[tuple[str, Sequence[Any]]]  # of a database: the table and the values of all its columns
    Way = tuple[str, Callable[[], "Outcome"]]  # something that can be done now: its words, and what carries it out

__version__ = "1.0.0"

# The whole file keeps to the syntax of Python 3.7, so that an old Python gets as far as this sentence.
if sys.version_info < (3, 9):
    sys.exit(
        "telegram_session.py needs Python 3.9 or newer, and this is Python {}.{} ({}). Install a newer one from "
        "https://www.python.org/downloads/ and run the script with that.".format(*sys.version_info[:2], sys.executable)
    )


class Problem(Exception):
    """Something went wrong, told so that a person can do something about it.

    `title` says in one line what happened, `meaning` why, `steps` what to do now, in order.
    `name` is Telegram's own name for it (`PHONE_NUMBER_INVALID`), or Python's (`ConnectionRefusedError`),
    `call` the API call that was answered with it (`auth.sendCode`), `retry_at` the Unix time from which a new try
    makes sense, `again` the same in words where there is no time to name ("at once, with a new code"). `said` is
    what Telegram itself says to the person: it pushes a text after most 406 errors. `code` is the exit code if the
    program ends here, `ways` what the person can choose to do instead.
    """

    def __init__(
        self,
        title: str,
        meaning: str = "",
        steps: Iterable[str] = (),
        *,
        name: str = "",
        call: str = "",
        retry_at: float | None = None,
        again: str = "",
        said: str = "",
        code: int = 1,
        ways: Sequence[Way] = (),
    ) -> None:
        super().__init__(title)
        self.title = title
        self.meaning = meaning
        self.steps = tuple(steps)
        self.name = name
        self.call = call
        self.retry_at = retry_at
        self.again = again
        self.said = said
        self.code = code
        self.ways = ways


class Outcome(NamedTuple):
    """How a command ended: the exit code, and what the person can choose to do next."""

    code: int
    ways: Sequence[Way] = ()


# What the environment says to this script, TELEGRAM_API_ID and the like. `take_settings` has moved it here, so that no
# program that is started, be it by this script or by Python's own library, inherits a secret.
SETTINGS: dict[str, str] = {}


def this_device() -> dict[str, str]:
    """What initConnection says about this program and computer.

    It is honest and stays the same: people read it in Settings → Devices, and empty or changing values are said to get
    sessions ended.
    """
    import platform

    return {
        "device_model": f"{platform.system() or 'Unknown'} {platform.machine()}".strip(),
        "system_version": platform.release() or "unknown",
        "app_version": f"telegram_session.py {__version__}",
        "system_lang_code": "en",
        "lang_pack": "",
        "lang_code": "en",
    }


# ══ 2  SIGNING IN ════════════════════════════════════════════════════════════════════════════════════════════════════
#
# The main job: steps 0 to 3, and each way in beside its page: core.telegram.org/api/auth (phone code, e-mail), /api/srp
# (2FA), /api/qr-login, /api/bots. The raw requests are used: Telethon's helpers resend by themselves, cannot do the
# e-mail types, and hide which error it was. Begin with `command_sign_in`; what must never go wrong is in `authorise`.


def command_sign_in(options: Any) -> Outcome:
    """Steps 0 to 3: from an empty terminal to a working session string."""
    term.heading("Step 0 of 3 · What is installed")
    check_dependencies()
    load_telethon_meanwhile()
    if SETTINGS.get("TELEGRAM_SESSION_STRING"):
        term.warn(
            "TELEGRAM_SESSION_STRING is set: there is a session string already, and each sign-in counts against about "
            "five a day. “check” looks at it, and “check --online” asks whether it still works."
        )
        if term.interactive and term.confirm("Look at it first?", default=False):
            raise Turn("check")
    options.chosen_proxy = choose_proxy(options)
    term.heading("Step 1 of 3 · API credentials")
    credentials = ask_credentials()
    if options.qr:
        return session_string(options, credentials, WantsQr())
    term.heading("Step 2 of 3 · Phone number")
    return session_string(options, credentials, ask_phone())


def session_string(
    options: Any, credentials: Credentials, who: PhoneNumber | BotToken | WantsQr, dc_id: int = 2, auth_key: bytes = b""
) -> Outcome:
    """Step 3: connects, signs in, and hands the string over. What goes wrong comes with the ways on from there.

    With the `auth_key` of a sign-in whose fate is not known, Telegram is asked about that instead.
    """
    term.heading("Step 3 of 3 · Session string")
    if isinstance(who, PhoneNumber) and not auth_key:
        term.need_a_person("Code")  # before a code is sent that nobody can type
    if isinstance(who, WantsQr) and not term.interactive:
        term.warn("If the account has a 2FA password, this ends after the scan: there is nobody here to type it.")
    telegram = Telegram(
        credentials.api_id, proxy=options.chosen_proxy, ipv6=options.ipv6, dc_id=dc_id, auth_key=auth_key
    )
    try:
        with telegram:
            telegram.connect()
            try:
                signed = ask_again(telegram) if auth_key else sign_in(telegram, credentials, who)
            except BaseException as leaving:
                signed = before_leaving(telegram, leaving)
            try:
                handed = hand_over(telegram.session, credentials, signed)
            except KeyboardInterrupt:  # too late: there is a session now, and its string must be seen
                handed = hand_over(telegram.session, credentials, signed)
            tell_state(telegram, signed)
    except Turn:  # to another phone number
        return session_string(options, credentials, ask_phone(use_environment=False))
    except Problem as problem:
        problem.ways = ways_on(options, credentials, who)
        if isinstance(problem, FateUnknown) or auth_key:
            dc_id, auth_key = telegram.dc_id, telegram.auth_key
            again = lambda: session_string(options, credentials, who, dc_id, auth_key)  # noqa: E731
            problem.ways = [("ask again whether you are signed in", again), *problem.ways]
        raise
    tell_safety(signed)
    another = ("make another string, for another program", lambda: session_string(options, credentials, who))
    return ways_after(handed, another)


def sign_in(telegram: Telegram, credentials: Credentials, who: PhoneNumber | BotToken | WantsQr) -> SignedIn:
    """Signs in by the way that was asked for; the person may turn to the QR code on the way."""
    if isinstance(who, BotToken):
        return sign_in_bot(telegram, credentials, who.token)
    if isinstance(who, PhoneNumber):
        try:
            return PhoneSignIn(telegram, credentials, who.e164).run()
        except Turn as turn:
            if turn.way != "qr":
                raise
    return sign_in_by_qr(telegram, credentials)


def ways_on(options: Any, credentials: Credentials, who: Any) -> list[Way]:
    """What can be done right now, after a problem of step 3."""

    def other_credentials() -> Outcome:
        return session_string(options, ask_credentials(use_environment=False), who)

    def other_number() -> Outcome:
        return session_string(options, credentials, ask_phone(use_environment=False))

    ways: list[Way] = [
        ("try again", lambda: session_string(options, credentials, who)),
        ("use another phone number or bot token", other_number),
    ]
    if not isinstance(who, WantsQr):
        ways.append(("sign in with a QR code", lambda: session_string(options, credentials, WantsQr())))
    return [*ways, ("enter the API ID and API hash again", other_credentials)]


class Turn(Exception):
    """The person turns to another way in: `qr`, or `phone` for another number."""

    def __init__(self, way: str) -> None:
        super().__init__(way)
        self.way = way


# ── nothing is lost ──


def authorise(telegram: Telegram, request: Any, doing: str) -> Any:
    """Makes a call that can sign in, and believes neither that it failed nor that a later one did before it has asked.

    When the answer is lost with the line, or the person presses Ctrl-C while it is under way, the account may be
    signed in already: this asks on a new line who the key is. As long as such a call is not answered it may still be
    carried out, and then the next one is refused: so after each one this asks again. Returns Telegram's answer, or a
    `SignedIn`.
    """
    tries = 0
    while True:
        tries += 1
        open_before = telegram.undecided
        try:
            answer = telegram.call(request, doing, repeat=False)
            if open_before and type(answer).__name__ == "LoginToken":  # of no use to a key that is signed in
                return after_all(telegram, None) or answer
            return answer
        except (Problem, KeyboardInterrupt) as doubt:
            lost = isinstance(doubt, (Lost, UnknownAnswer, KeyboardInterrupt))
            if not (lost or open_before):
                raise
            signed = after_all(telegram, doubt)
            if signed:
                return signed
            if not lost or isinstance(doubt, KeyboardInterrupt):
                raise
            if tries == 2:
                raise fate_unknown(doubt) if telegram.undecided else doubt from None


def after_all(telegram: Telegram, doubt: BaseException | None) -> SignedIn | None:
    """Whom this key is signed in as, whatever `doubt` there is about it; None: nobody. Else a `Problem`.

    SESSION_PASSWORD_NEEDED is one after a code, which was right then; after a password it only means “not yet”.
    """
    if isinstance(doubt, Lost) and doubt.by_network:
        raise fate_unknown(doubt)  # it was examined just now
    name, call = (doubt.name, doubt.call) if isinstance(doubt, Problem) else ("", "")
    term.say(f"It is not clear whether you are signed in now. Asking …{f' ({name})' if name else ''}")
    try:
        user = telegram.who_am_i()
    except (Problem, KeyboardInterrupt) as problem:
        if isinstance(doubt, UnknownAnswer) and says_signed_in(doubt.body):
            return SignedIn(unread_user())
        if not isinstance(problem, Problem) or problem.name != "SESSION_PASSWORD_NEEDED":
            raise fate_unknown(problem) from problem
        if not isinstance(doubt, Problem) or call in ("auth.checkPassword", "auth.recoverPassword"):
            return None
        raise
    return None if user is None else SignedIn(user)


def says_signed_in(body: bytes) -> bool:
    """Whether an answer that cannot be read begins as an `auth.authorization`, alone or inside what brings one."""
    from telethon.tl.types import auth

    constructors = [int.from_bytes(body[at : at + 4], "little") for at in (0, 4)]
    if constructors[0] in (auth.LoginTokenSuccess.CONSTRUCTOR_ID, auth.SentCodeSuccess.CONSTRUCTOR_ID):
        constructors.pop(0)
    return bool(constructors[0] == auth.Authorization.CONSTRUCTOR_ID)


def unread_user(user_id: int = 0) -> Any:
    """Stands for an account that cannot be read: signed in is signed in, and the string must not be lost over it."""
    from telethon.tl.types import User as TelegramUser

    return TelegramUser(user_id)


class FateUnknown(Problem):
    """A call that can sign in was sent, and what has become of it is not known. The key is worth asking about again."""


def fate_unknown(doubt: BaseException) -> FateUnknown:
    """What to say while the account may have been signed in, or may be at any moment."""
    title, name, call = (doubt.title, doubt.name, doubt.call) if isinstance(doubt, Problem) else (PRESSED, "", "")
    return FateUnknown(
        "It is not known whether you are signed in now.",
        f"What signs you in was sent, and its answer has not come. ({title}) It may have gone through, or still do so.",
        [
            "Ask again with the same key, while this script runs.",
            "Or open Telegram → Settings → Devices (or Privacy and Security → Active Sessions).",
            f"If a session “telegram_session.py {__version__}” from just now is there, end it: its string is lost once "
            "this script has ended.",
            "Run this script again.",
        ],
        name=name or "FateUnknown",
        call=call,
        code=1 if isinstance(doubt, Problem) else 130,
    )


PRESSED = "You pressed Ctrl-C before the answer came."


def before_leaving(telegram: Telegram, leaving: BaseException) -> SignedIn:
    """Asks about the key once more if a call that can sign in is not answered yet; raises what is then to be said."""
    if isinstance(leaving, FateUnknown) or not telegram.undecided:
        raise leaving
    signed = after_all(telegram, None)
    if signed is None:
        raise fate_unknown(leaving) if telegram.undecided and not telegram.code_is_cancelled else leaving
    return signed


def ask_again(telegram: Telegram) -> SignedIn:
    """Whether the key of a sign-in whose fate was not known is signed in by now."""
    signed = after_all(telegram, None)
    if signed is None:
        raise FateUnknown(
            "Nobody is signed in with this key so far.",
            "If Telegram's servers were in trouble, it may still come.",
            ["Ask again in a minute.", "Or look at Telegram → Settings → Devices, and sign in again."],
            name="FateUnknown",
        )
    return signed


def signed_in(telegram: Telegram, answer: Any) -> SignedIn:
    """An `auth.Authorization` as a `SignedIn`. A number without an account is a `Problem`: apps may not sign up.

    Another object may stand for a sign-in that cannot be read: then Telegram is asked.
    """
    if isinstance(answer, SignedIn):
        return answer
    if type(answer).__name__ == "AuthorizationSignUpRequired":
        problem = named_problem("PHONE_NUMBER_UNOCCUPIED", call="auth.signIn")
        problem.name = "auth.authorizationSignUpRequired"  # what was answered; the card fits
        raise problem
    if type(answer).__name__ != "Authorization" or not hasattr(answer, "user"):  # there is another Authorization, too
        doubt = unexpected(answer, "auth.Authorization")
        signed = after_all(telegram, doubt)
        if signed is None:
            raise doubt
        return signed
    user = answer.user
    if type(user).__name__ != "User":
        user = unread_user(getattr(user, "id", 0))
    return SignedIn(user, (answer.otherwise_relogin_days or 0) if answer.setup_password_required else 0)


# ── the phone code ──


class PhoneSignIn:
    """Signing in with a phone number and a code, by whatever way Telegram sends it.

    `sent` is Telegram's last `auth.SentCode` and `phone_code_hash` its hash: each new send replaces both.
    """

    def __init__(self, telegram: Telegram, credentials: Credentials, phone: str) -> None:
        self.telegram = telegram
        self.credentials = credentials
        self.phone = phone
        self.phone_code_hash = ""
        self.sent: Any = None
        self.sent_at = 0.0
        self.request: Any = None  # the last auth.signIn

    def run(self) -> SignedIn:
        """The whole flow. Who leaves it on purpose has Telegram forget the code; after a trouble it still counts."""
        try:
            try:
                return self._by_code()
            except Problem as problem:
                if problem.name != "SESSION_PASSWORD_NEEDED":
                    raise
                return sign_in_with_password(self.telegram, self._authorise if self.request else self._by_code)
        except (KeyboardInterrupt, Turn):
            self._forget_code()
            raise

    def _by_code(self) -> SignedIn:
        """From auth.sendCode to the code that signs in. 2FA is a Problem (`run`)."""
        self._send_code()
        while True:
            kind = type(self.sent).__name__
            if isinstance(self.sent, SignedIn):
                return self.sent
            if kind == "SentCodeSuccess":
                return signed_in(self.telegram, self.sent.authorization)
            if kind == "SentCodePaymentRequired":
                raise self._payment_required()
            if kind != "SentCode":
                raise unexpected(self.sent, "auth.SentCode")
            if type(self.sent.type).__name__ == "SentCodeTypeSetUpEmailRequired":
                self._set_up_email()
            else:
                outcome = self._ask_for_code()
                if outcome:
                    return outcome

    # ── sending ──

    def _send_code(self) -> None:
        """auth.sendCode with every optional way of delivery off: nothing in CodeSettings chooses app or SMS."""
        from telethon.tl.functions.auth import SendCodeRequest
        from telethon.tl.types import CodeSettings

        term.say("Asking Telegram for a login code …")
        request = SendCodeRequest(self.phone, self.credentials.api_id, self.credentials.api_hash, CodeSettings())
        try:
            self._ask_to_send(request)
        except Problem as problem:
            if problem.name != "AUTH_RESTART":
                raise
            term.warn("Telegram asks to begin again (AUTH_RESTART). Doing that once.")
            self._ask_to_send(request)

    def _resend_code(self) -> None:
        """auth.resendCode: the next code, by `next_type`, once `timeout` seconds have passed since the last one."""
        from telethon.tl.functions.auth import ResendCodeRequest

        if self.sent.next_type is None:
            term.warn("Telegram offers no other way to send a code now. [4], the QR code, does not need one.")
            return
        left = self._seconds_to_resend()
        if left > 0:
            term.say(
                "Telegram allows this only after a pause. If the last code arrives meanwhile, just type it; Ctrl-C "
                "goes back to the code prompt."
            )
            try:
                if term.wait(term.something_typed_within, "until the code can be sent again", left, countdown=True):
                    return  # to the code prompt, where what was typed is the answer
            except KeyboardInterrupt:
                term.say("Back to the code prompt. The last code still counts.")
                return
        term.say("Asking Telegram to send the code again …")
        self._ask_to_send(ResendCodeRequest(self.phone, self.phone_code_hash))

    def _seconds_to_resend(self) -> float:
        """`timeout` is not the life of the code: it is the delay before `next_type` may be asked for."""
        return max(0.0, self.sent_at + (self.sent.timeout or 0) - time.monotonic())

    def _force_sms(self) -> None:
        """A fresh auth.sendCode, and if Telegram still picks another way but names a next one, auth.resendCode.

        No flag of CodeSettings asks for SMS, and since 18 February 2023 Telegram hardly sends any for third-party
        apps (github.com/LonamiWebs/Telethon/issues/4050): this does all that can be done, and says so.
        """
        term.say(
            "Telegram alone decides how a code is sent, and since 2023 it rarely sends an SMS for apps like this one. "
            "Trying all that can be tried; if it fails, [4] (QR code) is the way that works."
        )
        self._send_code()
        if (
            type(self.sent).__name__ == "SentCode"
            and not re.fullmatch("SentCodeType(Fragment)?Sms(Word|Phrase)?", type(self.sent.type).__name__)
            and self.sent.next_type
        ):
            self._resend_code()

    def _reset_login_email(self) -> None:
        """auth.resetLoginEmail: for people who cannot read the login e-mail any more; the code comes another way."""
        from telethon.tl.functions.auth import ResetLoginEmailRequest

        term.say("Asking Telegram to reset the login e-mail …")
        self._ask_to_send(ResetLoginEmailRequest(self.phone, self.phone_code_hash))

    def _ask_to_send(self, request: Any) -> None:
        """Makes a call that sends a code, and keeps and shows what Telegram says about it."""
        try:
            sent = self.telegram.call(request, "asking for a code")
        except UnknownAnswer as unknown:
            sent = rescue_sent_code(unknown)
            if sent is None:  # it may have been an auth.sentCodeSuccess
                signed = after_all(self.telegram, unknown)
                if signed is None:
                    raise
                self.sent = signed
                return
        self._keep(sent)

    def _keep(self, sent: Any) -> None:
        """A new SentCode takes the place of the one before; an empty hash means that the old one stays.

        So does an empty address, as a login e-mail that is being reset is not named again (TDLib, AuthManager.cpp,
        on_sent_code, and Telegram for Android, LoginActivity.java, keep the old one, too).
        """
        address = getattr(getattr(self.sent, "type", None), "email_pattern", "")
        self.sent, self.sent_at = sent, time.monotonic()
        self.phone_code_hash = getattr(sent, "phone_code_hash", "") or self.phone_code_hash
        show_answer(sent)
        if getattr(getattr(sent, "type", None), "email_pattern", None) == "":
            sent.type.email_pattern = address or "your login e-mail"

    def _forget_code(self) -> None:
        """auth.cancelCode: a code that nobody will type should not stay valid, nor sign in what is still under way."""
        if self.phone_code_hash:
            from telethon.tl.functions.auth import CancelCodeRequest

            cancelled = self.telegram.mention(CancelCodeRequest(self.phone, self.phone_code_hash))
            self.telegram.code_is_cancelled = cancelled is True and self.telegram.last_call == "auth.signIn"

    def _payment_required(self) -> Problem:
        """auth.sentCodePaymentRequired: the purchase works in official apps only (api/auth#paid-auth)."""
        sent = self.sent
        premium = f" ({sent.premium_days} days of Telegram Premium)" if getattr(sent, "premium_days", 0) else ""
        return Problem(
            SENT_CODES["SentCodePaymentRequired"],
            f"SMS to this country are dear, so somebody has to pay{premium} first. That works only in Telegram's own "
            "apps on a phone, not here.",
            [
                "If you are signed in anywhere: sign in here with a QR code, it needs neither a code nor a payment.",
                "Otherwise sign in with Telegram's own app on a phone first, then come back.",
                f"Telegram's address for questions: {in_one_line(sent.support_email_address, 200)}, subject: "
                f"{in_one_line(sent.support_email_subject, 200)}",
            ],
            name="auth.SentCodePaymentRequired",
            call="auth.sendCode",
        )

    # ── typing ──

    def _ask_for_code(self) -> SignedIn | None:
        """One round of the code prompt: an option, or a code that is then sent. None: another round."""
        delivery = tell_where(self.sent, self.phone)
        term.options(self._options())
        doubted = ""
        while True:
            typed = term.ask("Code (or the number of an option)")
            word = typed.casefold().strip("[]. ")
            word = "4" if word == "qr" else word
            if word in self._options():
                self._choose(word)
                return None
            if not typed:
                term.warn("Nothing was typed, and nothing was sent. Type the code, or the number of an option.")
                continue
            if delivery.ask == "nothing":
                term.warn("No code has been sent, so there is none to type. Please take one of the options.")
                continue
            code, doubt = read_code(typed, self.sent.type, delivery.ask)
            if doubt and (code != doubted or not code):
                term.warn(f"{doubt} {DOUBTED}" if code else doubt)
                doubted = code
                continue
            try:
                return self._sign_in(code)
            except Problem as problem:
                if problem.name not in CODE_IS_WRONG:
                    raise
                term.problem(problem)
                term.options(self._options())
                term.forget_typed()  # the rest of a message that was pasted
                doubted = ""

    def _options(self) -> dict[str, str]:
        """The options at the code prompt; their numbers are fixed, so that people and docs can rely on them."""
        next_type = self.sent.next_type
        if next_type is None:
            resend = "send the code again: not possible, Telegram offers no other way now"
        else:
            by = NEXT_TYPES.get(type(next_type).__name__, f"by {type(next_type).__name__}")
            left = self._seconds_to_resend()
            resend = f"send the code again {by} ({f'possible in {duration(left)}' if left else 'possible now'})"
        options = {
            "2": resend,
            "3": "force SMS (Telegram rarely does it since 2023)",
            "4": "sign in with a QR code instead (needs no code at all)",
            "5": "use another phone number",
        }
        period = getattr(self.sent.type, "reset_available_period", None)
        pending = getattr(self.sent.type, "reset_pending_date", None)
        if pending:
            options["6"] = f"ask whether the login e-mail is reset by now (due {clock(pending.timestamp())})"
        elif period is not None:
            takes = f"takes {duration(period)}" if period else "at once"
            options["6"] = f"I cannot read this e-mail any more: reset the login e-mail ({takes})"
        return options

    def _choose(self, option: str) -> None:
        """Carries out an option; what Telegram refuses is shown, and the last code still counts."""
        try:
            if option == "2":
                self._resend_code()
            elif option == "3":
                self._force_sms()
            elif option == "4":
                import_segno()  # without it the person stays here
                raise Turn("qr")
            elif option == "5":
                raise Turn("phone")
            else:
                self._reset_login_email()
        except Problem as problem:
            if problem.name in CODE_IS_DEAD:
                self._begin_again(problem)
            elif problem.name in NOT_SENT or re.match(REFUSED_TO_SEND, problem.name):
                term.problem(problem)
                term.say("The last code that was sent still counts.", mark="→")
            else:
                raise

    def _sign_in(self, code: str) -> SignedIn | None:
        """auth.signIn with the code. None: it was dead, and a new one was sent. 2FA is a Problem (`run`)."""
        from telethon.tl.functions.auth import SignInRequest
        from telethon.tl.types import EmailVerificationCode

        if type(self.sent.type).__name__ == "SentCodeTypeEmailCode":
            verification = EmailVerificationCode(code)
            self.request = SignInRequest(self.phone, self.phone_code_hash, email_verification=verification)
        else:
            self.request = SignInRequest(self.phone, self.phone_code_hash, phone_code=code)
        try:
            return self._authorise()
        except Problem as problem:
            if problem.name not in CODE_IS_DEAD:
                raise
            self._begin_again(problem)
            return None

    def _authorise(self) -> SignedIn:
        """auth.signIn. The code that led to the 2FA password can be sent again, as TDLib does (AuthManager.cpp)."""
        return signed_in(self.telegram, authorise(self.telegram, self.request, "signing in with the code"))

    def _begin_again(self, problem: Problem) -> None:
        """The code, or its hash, is dead: a new one, if the person wants it."""
        term.problem(problem)
        if not term.confirm("Ask Telegram for a new code?"):
            raise problem
        self._send_code()

    # ── the login e-mail ──

    def _set_up_email(self) -> None:
        """account.sendVerifyEmailCode → account.verifyEmail → the SentCode inside account.emailVerifiedLogin.

        When that answer is lost or cannot be read, the hash that it brought is lost with it: auth.sendCode brings one.
        """
        from telethon.tl.functions.account import SendVerifyEmailCodeRequest
        from telethon.tl.types import EmailVerifyPurposeLoginSetup

        tell_where(self.sent, self.phone)
        purpose = EmailVerifyPurposeLoginSetup(self.phone, self.phone_code_hash)
        while True:
            address = term.ask("Email (or 4 for the QR code)")
            if address.strip("[].") == "4":
                raise Turn("qr")
            if not re.match(r"[^@\s]+@[^@\s]+\.[^@\s]+$", address):
                term.warn("That is not an e-mail address. It looks like name@example.com.")
                continue
            try:
                sent = self.telegram.call(SendVerifyEmailCodeRequest(purpose, address), "asking for an e-mail code")
                show_answer(sent)
                if self._verify_email(purpose, sent):
                    return
            except Problem as problem:
                if problem.name.startswith("EMAIL_"):
                    term.problem(problem)
                    continue
                if problem.name not in CODE_IS_DEAD and not isinstance(problem, UnknownAnswer):
                    raise
                self._begin_again(problem)
                return

    def _verify_email(self, purpose: Any, sent: Any) -> bool:
        """Asks for the code in the e-mail until it is right; False when another address is wanted."""
        from telethon.tl.functions.account import VerifyEmailRequest
        from telethon.tl.types import EmailVerificationCode

        mailbox = in_one_line(sent.email_pattern, 200)
        term.say(f"Telegram sent a code of {sent.length} digits to {mailbox}.", "bold", mark="→")
        term.say("Look into the spam folder too.", indent=2)
        doubted = ""
        while True:
            typed = term.ask("Email code (Enter: another address)")
            if not typed:
                return False
            code, doubt = read_code(typed, sent, "digits")
            if doubt and (code != doubted or not code):
                term.warn(f"{doubt} {DOUBTED}" if code else doubt)
                doubted = code
                continue
            try:
                verified = self.telegram.call(VerifyEmailRequest(purpose, EmailVerificationCode(code)), "checking it")
            except Problem as problem:
                if problem.name not in CODE_IS_WRONG:
                    raise
                term.problem(problem)
                continue
            if type(verified).__name__ != "EmailVerifiedLogin":
                raise unexpected(verified, "account.EmailVerifiedLogin")
            term.good(f"The address {in_one_line(verified.email, 200)} is confirmed.")
            self._keep(verified.sent_code)
            return True


# After these there is no code that counts.
CODE_IS_DEAD = (
    "PHONE_CODE_EXPIRED", "PHONE_CODE_HASH_EMPTY", "PHONE_HASH_EXPIRED", "EMAIL_VERIFY_EXPIRED", "AUTH_RESTART",
)  # fmt: skip

# A code was typed, and it is not the right one: it is asked for again.
CODE_IS_WRONG = ("PHONE_CODE_INVALID", "CODE_INVALID", "EMAIL_CODE_INVALID")

# Telegram refuses to send another code, or a helper is missing, but the last code stays valid.
NOT_SENT = (
    "SEND_CODE_UNAVAILABLE", "TASK_ALREADY_EXISTS", "EMAIL_INSTALL_MISSING", "FRESH_RESET_AUTHORISATION_FORBIDDEN",
    "METHOD_INVALID", "SegnoMissing",
)  # fmt: skip

REFUSED_TO_SEND = "FLOOD|PHONE_NUMBER_FLOOD|PHONE_PASSWORD_FLOOD"
DOUBTED = "Please type it again; exactly the same once more is sent as it is."


def read_code(text: str, kind: Any, ask: str) -> tuple[str, str]:
    """What the person typed as the code to send, and a doubt about it ("" if it looks right).

    Spaces, dashes and a pasted sentence around the digits are understood. `kind` is what says how long it is (a
    `SentCodeType`, or an `account.SentEmailCode`), `ask` the column of `Delivery`.
    """
    import unicodedata

    text = unicodedata.normalize("NFKC", text).strip().strip("\"'“”")
    text = "".join(str(unicodedata.digit(character, character)) for character in text)  # of any script
    compact = re.sub(r"[\s\-–—._]", "", text)
    digits = re.sub("[^0-9]", "", text)
    if ask == "words" and compact != digits:
        beginning = getattr(kind, "beginning", None) or ""
        code = " ".join(text.split())
        right = code.casefold().startswith(beginning.casefold())
        doubt = "" if right else f"It should begin with “{in_one_line(beginning, 200)}”."
        return code, doubt
    if not digits and (ask == "number" or not compact.isalnum()):
        return "", "There is no digit in it."
    if ask == "number":
        position = 0
        for part in kind.pattern.split("*"):
            part = re.sub("[^0-9]", "", part)
            found = digits.find(part, position)
            if found < 0:
                return digits, f"The number should look like {in_one_line(kind.pattern, 200)}."
            position = found + len(part)
        return digits, ""
    length = min(max(0, getattr(kind, "length", 0) or 0), 100)
    runs = re.findall(rf"(?<!\d)\d{{{length}}}(?!\d)", text) if length else []
    if len(runs) == 1:  # the whole message was pasted: “Login code: 12345. Do not give …”
        return runs[0], ""
    if type(kind).__name__ == "SentCodeTypeMissedCall" and len(digits) > length > 0:
        return digits[-length:], ""  # the whole number was typed; its end is the code
    if length in (0, len(digits)):
        return digits or compact, ""
    if compact == digits:
        return digits, f"The code has {length} digits, and this is {len(digits)}."
    return compact if compact.isalnum() else digits, f"The code is {length} digits and nothing else."


# ── what Telegram answered ──


def show_answer(answer: Any) -> None:
    """Prints the full dump of an answer: every field of every nested object, known or not."""
    term.rule("Telegram response (full debug dump)")
    rows = list(answer_rows(answer))
    widest = max((len(name) for name, _, _ in rows), default=0)
    for name, value, shareable in rows:
        term.say(
            " ".join(value.split("\n"))[:LONGEST_FIELD], mark=f"{name.ljust(widest)} : ", indent=2, shareable=shareable
        )
    term.rule()


def answer_rows(answer: Any, indent: str = "") -> Iterator[tuple[str, str, str]]:
    """The dump of a TLObject as rows of name, value, and what the report says for it.

    Plain fields come first, then the objects inside it. A list is a row for each of its members.
    """
    fields: list[tuple[str, Any]] = []
    for name, value in getattr(answer, "__dict__", {"value": answer}).items():
        if isinstance(value, list) and value:
            fields += [(f"{name}[{number}]", one) for number, one in enumerate(value)]
        else:
            fields.append((name, value))
    nested = [(name, value) for name, value in fields if hasattr(value, "__dict__") or name in ("type", "next_type")]
    for name, value in fields:
        if (name, value) not in nested:
            described = describe_value(name, value)
            yield indent + name, described, described if is_shareable(name, value) else NOT_SHOWN
    for name, value in nested:
        kind = "None" if value is None else type(value).__name__
        yield f"{indent}{name} (raw)", kind, kind
        if value is not None:
            yield from answer_rows(value, indent + "  .")


def is_shareable(name: str, value: Any) -> bool:
    """Whether a field of an answer gives nothing away: flags, dates, and the numbers that are no identifiers."""
    return value is None or isinstance(value, bool) or hasattr(value, "timestamp") or name in SHAREABLE_FIELDS


# Characters of a field that are shown; those of real answers have a hundred at most.
LONGEST_FIELD = 800

# Numbers of Telegram's answers that are the same for many people.
SHAREABLE_FIELDS = (
    "timeout", "length", "push_timeout", "reset_available_period", "dc_id", "premium_days", "constructor",
    "otherwise_relogin_days",
)  # fmt: skip


def describe_value(name: str, value: Any) -> str:
    """A field's value for the dump: seconds also in minutes, dates in local time, bytes as hexadecimal digits."""
    if isinstance(value, bytes):
        return f"{value.hex()} ({len(value)} bytes)"
    if hasattr(value, "timestamp"):
        return clock(value.timestamp())
    if isinstance(value, int) and name in ("timeout", "push_timeout", "reset_available_period"):
        return f"{value}s  ({duration(value)})" if value >= 60 else f"{value}s"
    return str(value)


def tell_where(sent: Any, phone: str) -> Delivery:
    """Says in plain words where the code went; returns the row of the table for it."""
    kind = type(sent.type).__name__
    delivery = DELIVERIES.get(kind, UNKNOWN_DELIVERY)
    told = getattr(sent.type, "__dict__", {})
    fields = {"phone": phone, **{name: in_one_line(value, 200) for name, value in told.items()}}
    if delivery.ask == "words":
        beginning = told.get("beginning") and fields["beginning"]
        fields["beginning"] = f" It begins with “{beginning}”." if beginning else ""
    term.say(delivery.where.format(**fields), "bold", mark="→", shareable=delivery.where)
    term.say(delivery.look.format(**fields), indent=2, shareable=delivery.look)
    length = told.get("length")
    if length and delivery.ask == "digits":
        term.say(f"The code has {length} digits.", indent=2)
    return delivery


def rescue_sent_code(unknown: UnknownAnswer) -> Any:
    """Reads an `auth.sentCode` around a `type` or `next_type` that Telethon does not know: its code can still be typed.

    auth.sentCode#5e002502 is flags:int type:auth.SentCodeType phone_code_hash:string next_type:flags.1?auth.CodeType
    timeout:flags.2?int (core.telegram.org/constructor/auth.sentCode). How long the unknown type is nobody knows, and
    random padding follows the answer; but the hash is a string of letters and digits, and what follows it is known, or
    is what was not (every CodeType is a constructor alone). So the last place where that fits is taken. None when there
    is none.
    """
    import struct

    from telethon.extensions import BinaryReader
    from telethon.tl.alltlobjects import tlobjects
    from telethon.tl.types.auth import SentCode

    body = unknown.body
    if len(body) < 12 or struct.unpack_from("<I", body)[0] != SentCode.CONSTRUCTOR_ID:
        return None
    flags = struct.unpack_from("<I", body, 4)[0]
    rescued = None
    for start in range(12, len(body) - 12, 4):
        length = body[start]
        end = start + 4 * ((length + 4) // 4)
        text, filling = body[start + 1 : start + 1 + length], body[start + 1 + length : end]
        if not (8 <= length < 254 and text.isalnum() and end + 8 <= len(body)) or any(filling):
            continue
        kind: Any = UnknownSentCodeType(unknown.constructor, body[12:start])
        next_type: Any = None
        if flags & 2:
            constructor = struct.unpack_from("<I", body, end)[0]
            known = tlobjects.get(constructor)
            if constructor == unknown.constructor:
                kind, next_type = BinaryReader(body[8:start]).tgread_object(), UnknownCodeType(constructor)
            elif getattr(known, "__name__", "") in NEXT_TYPES:
                next_type = known()
            else:
                continue
        timeout = struct.unpack_from("<i", body, end + (4 if flags & 2 else 0))[0] if flags & 4 else None
        rescued = SentCode(kind, text.decode(), next_type, timeout)
    return rescued


class UnknownCodeType:
    """Stands for a `CodeType`, the way of the next code, that the installed Telethon cannot read."""

    def __init__(self, constructor: int) -> None:
        self.constructor = f"0x{constructor:08x}"


class UnknownSentCodeType(UnknownCodeType):
    """Stands for a `SentCodeType` that the installed Telethon cannot read."""

    def __init__(self, constructor: int, fields: bytes) -> None:
        super().__init__(constructor)
        self.fields = fields


# ── the 2FA password ──


def sign_in_with_password(telegram: Telegram, again: Callable[[], SignedIn]) -> SignedIn:
    """account.getPassword → auth.checkPassword (api/srp), asked again with a fresh challenge until it is right.

    Who has forgotten it may remove it on another device meanwhile: then `again` signs in without it.
    """
    from telethon.tl.functions.account import GetPasswordRequest
    from telethon.tl.functions.auth import CheckPasswordRequest

    term.say()
    term.say(
        "This account has two-step verification (2FA): Telegram wants its password too. (SESSION_PASSWORD_NEEDED)",
        "bold",
        mark="→",
    )
    term.say(
        "It is the password that you chose yourself in Telegram, not the code and not a PIN of the phone. It is not "
        "shown while you type. If you have forgotten it, press Enter alone.",
        indent=2,
    )
    while True:
        challenge = telegram.call(GetPasswordRequest(), "fetching the 2FA challenge")
        if not challenge.has_password:
            term.note("The account has no 2FA password any more. Signing in without it.")
            return again()
        if challenge.hint:
            term.say(f"Your hint: {in_one_line(challenge.hint, 300)}", indent=2, shareable=f"Your hint: {NOT_SHOWN}")
        typed = term.ask_secret("2FA password (Enter alone: forgotten)")
        if not typed:
            recovered = recover_by_email(telegram, challenge)
            if recovered:
                return recovered
            continue
        try:
            request = CheckPasswordRequest(password_proof(challenge, typed))
            return signed_in(telegram, authorise(telegram, request, "checking the password"))
        except Problem as problem:
            if problem.name == "AUTH_KEY_UNREGISTERED":  # Telegram Desktop begins again, too
                raise Problem(
                    "Telegram does not know of the half-done sign-in any more.",
                    "The code was right, but too much time or something else came before the password.",
                    ["Begin again, with a new code."],
                    name=problem.name,
                    call=problem.call,
                ) from problem
            if problem.name not in PASSWORD_IS_WRONG:
                raise
            term.problem(problem)


# After these a fresh challenge shows what to do: ask once more, or do without.
PASSWORD_IS_WRONG = ("PASSWORD_HASH_INVALID", "SRP_ID_INVALID", "SRP_PASSWORD_CHANGED", "PASSWORD_EMPTY")


def password_proof(challenge: Any, password: str) -> Any:
    """The `InputCheckPasswordSRP` for a password: it never leaves this computer (api/srp)."""
    import hashlib

    from telethon.password import compute_check

    try:
        if hashlib.sha256(challenge.current_algo.p).hexdigest() == SRP_PRIME_SHA256:
            return compute_check(challenge, password)
        reason = ""
    except (AttributeError, TypeError, ValueError) as error:  # what is missing or impossible in the challenge
        reason = f" ({in_one_line(error, 100)})"
    raise Problem(
        "Telegram asks for the password in a way that this script does not know.",
        f"It sent another prime number, method or value than the ones that its 2FA has always used.{reason}",
        [
            "Bring Telethon and this script up to date.",
            "If that does not help, something stands between you and Telegram: do not go on.",
        ],
        name="SrpUnknown",
        call="account.getPassword",
    )


# SHA-256 of the one 2048-bit prime that Telegram's 2FA uses. Telethon checks any other by factorising it, for ever.
SRP_PRIME_SHA256 = "02f85e7687fc6f33ba678226a963b3c8a191b47c890cf30debe17c1d623b5af1"


def recover_by_email(telegram: Telegram, challenge: Any) -> SignedIn | None:
    """auth.requestPasswordRecovery → checkRecoveryPassword → recoverPassword, which removes the password (api/srp).

    None when the person turns back, or when the account has no recovery e-mail.
    """
    from telethon.tl.functions.auth import (
        CheckRecoveryPasswordRequest,
        RecoverPasswordRequest,
        RequestPasswordRecoveryRequest,
    )

    if not challenge.has_recovery:
        term.warn("This account has no recovery e-mail, so the password cannot be recovered from here.")
        term.steps([SEVEN_DAYS, "Come back then. Or try to remember it: type it below."])
        return None
    term.warn("Recovery by e-mail REMOVES the 2FA password from the account. You can set a new one afterwards.")
    if not term.confirm("Recover by e-mail?", default=False):
        return None
    try:
        pattern = telegram.call(RequestPasswordRecoveryRequest(), "asking for a recovery e-mail").email_pattern
    except Problem as problem:
        if problem.name not in ("PASSWORD_RECOVERY_NA", "PASSWORD_EMPTY"):
            raise
        term.problem(problem)
        return None
    term.say(f"Telegram sent a recovery code to {in_one_line(pattern, 200)}. Look into the spam folder too.", mark="→")
    term.say(f"If you cannot read that mailbox any more: {SEVEN_DAYS}", indent=2)
    while True:
        code = re.sub(r"[\s-]", "", term.ask("Recovery code (Enter alone: back)"))
        if not code:
            return None
        try:
            telegram.call(CheckRecoveryPasswordRequest(code), "checking the recovery code")
            request = RecoverPasswordRequest(code)
            return signed_in(telegram, authorise(telegram, request, "removing the password, signing in"))
        except Problem as problem:
            if problem.name not in ("CODE_INVALID", "CODE_EMPTY", "PASSWORD_RECOVERY_EXPIRED"):
                raise
            term.problem(problem)
            if problem.name == "PASSWORD_RECOVERY_EXPIRED":
                return None


# For those who know neither the password nor can read the recovery e-mail (api/srp#password-reset).
SEVEN_DAYS = (
    "On a device where you are signed in: Settings → Privacy and Security → Two-Step Verification → Forgot password. "
    "Telegram then removes it after 7 days."
)


# ── the QR code ──


def sign_in_by_qr(telegram: Telegram, credentials: Credentials, *, once_more: bool = True) -> SignedIn:
    """auth.exportLoginToken, drawn, until the phone has accepted it (api/qr-login); then the 2FA password if any.

    Where the password is gone before it was entered, there is a code `once_more`.
    """
    segno = import_segno()
    drawn, stale = b"", False
    try:
        while True:
            answer = next_login_token(telegram, credentials)
            if isinstance(answer, SignedIn):
                return answer
            left = answer.expires.timestamp() - time.time() - telegram.clock_offset
            if answer.token == drawn and left <= 0 and not stale:
                stale = True
                term.warn("Telegram still gives the code that has run out. Asking again until there is a fresh one …")
            if not 0 < len(answer.token) <= LONGEST_TOKEN:
                raise unexpected(answer, f"a login token of at most {LONGEST_TOKEN} bytes")
            if answer.token != drawn:
                if not drawn:
                    tell_where_to_scan()
                if left <= 0:
                    left = QR_LIFE
                    if not drawn:
                        term.warn(
                            f"By its date this code ran out before it came ({clock(answer.expires.timestamp())}): some "
                            f"clock is wrong. Scan it all the same; a fresh one comes every {duration(QR_LIFE)}."
                        )
                matrix = segno.make(login_url(answer.token), error="l", micro=False).matrix_iter(border=2)
                term.draw([list(row) for row in matrix])
                drawn = answer.token
                left -= RENEW_BEFORE
            doing = "scan this; a fresh code follows by itself"
            telegram.wait_for_update("UpdateLoginToken", min(max(left, 1.0), QR_LIFE), doing)
    except KeyboardInterrupt:
        if not drawn:
            raise
        return last_look(telegram, credentials)
    except Problem as problem:
        if problem.name != "SESSION_PASSWORD_NEEDED" or not once_more:
            problem.steps = tuple(step for step in problem.steps if not re.search("(by|try the) QR code", step))
            raise
        term.good("The code was scanned and accepted.")
        return sign_in_with_password(telegram, lambda: sign_in_by_qr(telegram, credentials, once_more=False))


def tell_where_to_scan() -> None:
    """What to do with a QR code, before the first one is drawn."""
    term.say()
    term.say("Scan the code with the phone that is signed in to your Telegram account:", "bold", mark="→")
    for device, where in rows_of(WHERE_TO_SCAN):
        term.say(f"{device}: {where}.", mark="•", indent=2)
    term.say("The camera app of the phone does not work for this. Ctrl-C stops.", indent=2)


def last_look(telegram: Telegram, credentials: Credentials) -> SignedIn:
    """Ctrl-C at the QR code: a scan of the last moment may have signed this key in, and its string must not get lost.

    Raises KeyboardInterrupt when it has not.
    """
    term.say("Stopping. Asking whether the code was scanned in the last moment …")
    try:
        answer = next_login_token(telegram, credentials)
    except Problem as problem:
        if problem.name != "SESSION_PASSWORD_NEEDED":
            term.warn(
                f"Telegram could not be asked ({problem.title}) If you have just scanned the code: open Settings → "
                f"Devices on the phone, and end the session “telegram_session.py {__version__}” if it is there."
            )
        raise KeyboardInterrupt from None
    if isinstance(answer, SignedIn):
        return answer
    term.warn("It was not. Do not scan it any more: that would begin a session whose string nobody has.")
    raise KeyboardInterrupt


def next_login_token(telegram: Telegram, credentials: Credentials) -> Any:
    """The `auth.LoginToken` to draw now, or the `SignedIn` if the last one has been accepted.

    An accepted token may lead to another data centre (`loginTokenMigrateTo`), at the first export or at any other. A
    token that ran out or was used up meanwhile (400 AUTH_TOKEN_…) is met with a fresh one.
    """
    from telethon.tl.functions.auth import ExportLoginTokenRequest, ImportLoginTokenRequest

    request: Any = ExportLoginTokenRequest(credentials.api_id, credentials.api_hash, [])
    for _ in range(5):
        try:
            answer = authorise(telegram, request, "asking for a QR code")
        except Problem as problem:
            if not problem.name.startswith("AUTH_TOKEN_"):
                raise
            term.note(f"That code is no longer good ({problem.name}). Here comes a fresh one.")
            request = ExportLoginTokenRequest(credentials.api_id, credentials.api_hash, [])
            continue
        kind = type(answer).__name__
        if kind == "LoginToken" or isinstance(answer, SignedIn):
            return answer
        if kind == "LoginTokenSuccess":
            return signed_in(telegram, answer.authorization)
        if kind != "LoginTokenMigrateTo":
            raise unexpected(answer, "auth.LoginToken")
        telegram.go_to(answer.dc_id)
        request = ImportLoginTokenRequest(answer.token)
    raise named_problem("AUTH_TOKEN_EXPIRED", call="auth.exportLoginToken")


LONGEST_TOKEN = 300  # bytes; real ones have 32 (2026), and a QR code of more fits no window
RENEW_BEFORE = 1.0  # seconds before a QR code ends in which a fresh one takes its place; TDLib does it so

# Seconds after which a QR code is renewed in any case: real ones live as long (2026), and what its `expires` says is
# wrong when a clock has jumped meanwhile.
QR_LIFE = 30.0


def login_url(token: bytes) -> str:
    """What the QR code says. Source: core.telegram.org/api/qr-login."""
    import base64

    return "tg://login?token=" + base64.urlsafe_b64encode(token).decode().rstrip("=")


def import_segno() -> Any:
    """The library that draws QR codes; offered for install when it is missing."""
    try:
        import segno
    except ImportError:
        if not offer_install("segno", "segno", "The QR code is drawn by the small library “segno”, which is missing."):
            raise Problem(
                "Without “segno” there is no QR code.",
                "The sign-in link in the code cannot be opened by hand: Telegram's apps only take it from a camera.",
                ways_to_install("segno"),
                name="SegnoMissing",
            ) from None
        import segno
    return segno


# ── a bot ──


def sign_in_bot(telegram: Telegram, credentials: Credentials, token: str) -> SignedIn:
    """auth.importBotAuthorization: a bot has no phone number and no code, its token is all there is (api/bots)."""
    from telethon.tl.functions.auth import ImportBotAuthorizationRequest

    term.say("This is a bot token. Signing in as that bot, not as a person.")
    request = ImportBotAuthorizationRequest(0, credentials.api_id, credentials.api_hash, token)
    signed = signed_in(telegram, authorise(telegram, request, "signing the bot in"))
    signed.user.bot = True  # also where it could not be read
    return signed


# ── after the sign-in ──

# What Telegram answers when a session that was signed in is over (api/errors, 401 and 406).
DEAD_SESSION = (
    "AUTH_KEY_UNREGISTERED", "AUTH_KEY_INVALID", "SESSION_REVOKED", "SESSION_EXPIRED", "AUTH_KEY_DUPLICATED",
    "USER_DEACTIVATED", "USER_DEACTIVATED_BAN",
)  # fmt: skip


def tell_state(telegram: Telegram, signed: SignedIn) -> None:
    """Says what else the person should know about a session that has just begun; a `Problem` if it is over already."""
    if signed.relogin_days:
        term.warn(
            f"Telegram wants this account to set a 2FA password. Without one, it may refuse sign-ins by SMS for "
            f"{signed.relogin_days} days after the next log-out. Set it in Settings → Privacy and Security."
        )
    if signed.user.bot:
        return
    try:
        look_around(telegram, (tell_unconfirmed, "Whether it is confirmed"), (tell_frozen, "Whether it is frozen"))
    except Problem as over:
        raise Problem(
            "The session that has just begun is over already: this string does not work.",
            f"Telegram signed you in, and a moment later: {over.title} Somebody may have ended the session.",
            ["Throw the string away.", "Look at Telegram → Settings → Devices.", "Sign in again."],
            name=over.name,
            call=over.call,
        ) from over


def look_around(telegram: Telegram, *looks: tuple[Callable[[Telegram], Any], str]) -> list[Any]:
    """What each look at a session that is signed in finds; what one does not find in time or in order is noted.

    A `Problem` when the session is over: Telegram says so, or no longer knows the key, which was then replaced.
    """
    key = telegram.auth_key
    found = []
    for look, what in looks:
        problem = None
        try:
            found.append(look(telegram))
        except KeyboardInterrupt:  # the rest is not worth waiting for
            break
        except Exception as error:  # an answer that makes no sense, too
            problem = problem_from(error)
        if telegram.auth_key != key:
            raise named_problem("AuthKeyNotFound")
        if problem and problem.name in DEAD_SESSION:
            raise problem
        if problem:
            term.note(f"{what} could not be looked up ({problem.name or problem.title}).")
    return found


def tell_unconfirmed(telegram: Telegram) -> None:
    """account.getAuthorizations: a fresh session can be unconfirmed, and “No” on another device then ends it."""
    from telethon.tl.functions.account import GetAuthorizationsRequest

    answer = telegram.call(GetAuthorizationsRequest(), "looking at the new session")
    current = next((one for one in answer.authorizations if one.current), None)
    if current is not None and getattr(current, "unconfirmed", False):
        term.warn(
            "The new session is not confirmed yet. Telegram on your other devices asks “Is this you?”: tap Yes. "
            "No would end the session, and the string with it."
        )


def tell_frozen(telegram: Telegram) -> bool:
    """help.getAppConfig: `freeze_since_date`, `freeze_until_date` and `freeze_appeal_url` of a frozen account.

    Says so if it is frozen, and returns whether it is.
    """
    from telethon.tl.functions.help import GetAppConfigRequest

    config = getattr(telegram.call(GetAppConfigRequest(0), "looking at the state of the account"), "config", None)
    values = {one.key: getattr(one.value, "value", None) for one in getattr(config, "value", ())}
    since, until = values.get("freeze_since_date") or 0, values.get("freeze_until_date") or 0
    if since:
        deletion = f"Without an appeal it is deleted after {clock(until)}. " if until else ""
        term.warn(
            f"Telegram has FROZEN this account since {clock(since)}: it can read, but hardly act. {deletion}"
            f"Appeal here: {in_one_line(values.get('freeze_appeal_url') or 'https://t.me/SpamBot', 200)}"
        )
    return bool(since)


# ══ 3  THE LINE TO TELEGRAM ══════════════════════════════════════════════════════════════════════════════════════════
#
# The connection. It lives on a background thread with its own event loop, so that the line stays up while a person
# goes looking for a code; `Telegram.call` is the only door between the conversation and that thread: begin there.
#
# Telethon's client waits for ever on a silent server, reconnects without end to one that closes, sleeps through flood
# waits and hides Telegram's name of an error. So this room takes Telethon's parts below the client (the transports,
# the key exchange and `MTProtoSender`) and makes every wait bounded and spoken.

CONNECT_LIMIT = 10.0  # seconds for the TCP connection and the key exchange together, over all addresses that are tried
DOUBT_AFTER = 3.0  # seconds after which the network is examined while the connection is still being tried
NEXT_ADDRESS_AFTER = 2.0  # seconds after which the next address of a data centre is tried beside the first one
CALL_LIMIT = 20.0  # seconds for one answer; Telegram's own apps give up at about the same time
SILENCE_IS_ODD_AFTER = 5.0  # seconds without an answer after which the line is pinged and the network examined
FLOOD_PATIENCE = 60  # a FLOOD_WAIT of up to so many seconds is counted down and the call made again
READING_TIME = 0.1  # seconds after step 0 when Telethon begins to be imported: nobody has answered a question by then
LOADING_LIMIT = 60.0  # seconds that are allowed for it in words; it is waited for in any case
PING_EVERY = 30.0  # seconds between two signs of life on an idle line; routers forget a silent one after minutes

# How often keys are exchanged on one line. Telethon cuts zero bytes off the front of a new key (authenticator.py,
# get_byte_array), and so takes one exchange in 256 for a forged one; its own client begins anew up to six times.
KEY_EXCHANGES = 3

# What they answer is about the key: with another one, in another data centre, they would ask about nobody.
ABOUT_THE_KEY = ("users.getUsers", "account.getAuthorizations", "help.getAppConfig")

# How often one call is made again, by what went wrong with it.
REPEATS = {"moved": 3, "flood": 3, "server": 2, "line": 1, "introduction": 1}


class Telegram:
    """One connection to Telegram with one auth key, and everything the person must hear about it.

    `call` is made on the main thread. The connection begins in data centre `dc_id` and follows Telegram to another
    one when told to; then it has a new auth key. Close it with `close` (or a `with` block).
    """

    def __init__(
        self,
        api_id: int,
        *,
        proxy: Proxy | None = None,
        ipv6: bool = False,
        dc_id: int = 2,
        auth_key: bytes = b"",
    ) -> None:
        import asyncio
        import signal
        import threading

        self.api_id = api_id
        self.dc_id = dc_id
        self.auth_key = auth_key
        self.inbox = Inbox()
        self.clock_offset = 0  # Telegram's time minus this computer's, in seconds
        self._proxy = proxy
        self._ipv6 = ipv6
        self._address = ("", 0)
        self._since = 0.0  # when the line was asked for, until it is said to be there
        self._answered_beside = False  # has this data centre answered another line, while one was waited for?
        self._sender: Any = None
        self._closing: Any = None  # kept, as the loop holds its tasks only weakly
        self._introduced = False  # has this line heard initConnection?
        self._known: Any = None  # the last sender that had a line
        self.last_call = ""  # of those that can sign in
        self.code_is_cancelled = False  # so that the last call signs nobody in any more
        self._open_calls: list[Any] = []  # the futures of calls that can sign in
        self._dropped = ""  # what Telethon said when it threw an answer away on this line
        self._ears = Ears(self._heard)
        self._loop = asyncio.new_event_loop()
        # The name of a proxy is looked up by this loop.
        self._loop.getaddrinfo = functools.partial(look_up, self._loop)  # type: ignore[method-assign,unused-ignore]
        # Telethon leaves exceptions of dead lines behind that nobody asks for; the pending call has its own.
        self._loop.set_exception_handler(lambda loop, context: None)
        if sys.platform != "win32":  # SIGCONT has to wake the thread that asks (`Terminal._resumed`), and not this one
            self._loop.call_soon(signal.pthread_sigmask, signal.SIG_BLOCK, [signal.SIGCONT])
        self._thread = threading.Thread(target=self._loop.run_forever, name="telegram", daemon=True)
        self._thread.start()

    def __enter__(self) -> Telegram:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    @property
    def session(self) -> Session:
        """The session as it stands: the current data centre, its address and the auth key."""
        return new_session(self.dc_id, self.auth_key, *self._address)

    @property
    def _alive(self) -> bool:
        return self._sender is not None and bool(self._sender.is_connected())

    @property
    def undecided(self) -> bool:
        """Whether a call that can sign in is not answered, or was granted after nobody waited for it any more.

        TDLib (AuthManager.cpp) counts a late authorisation, too. A call that was refused is decided.
        """
        return any(
            not call.done()
            or call.cancelled()
            or (call.exception() is None and type(call.result()).__name__ in ("Authorization", "LoginTokenSuccess"))
            for call in self._open_calls
        )

    # ── the main thread's side ──

    def _run(self, coroutine: Any, doing: str, limit: float) -> Any:
        """Runs a coroutine on the background thread; the person hears what is being waited for.

        Raises TimeoutError after `limit` seconds, ConnectionError when Telethon has thrown an answer away,
        KeyboardInterrupt, or what the coroutine raised.
        """
        import asyncio

        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            if term.wait(lambda pause: bool(self._dropped) or settled(future, pause), doing, limit) and future.done():
                return future.result()
        finally:
            future.cancel()
        if self._dropped:
            raise ConnectionError(self._dropped)
        raise TimeoutError(f"no answer within {limit:.0f} seconds")

    def connect(self, *, once_more: bool = True) -> None:
        """Connects to the current data centre (with the auth key, or making one), and says where and how fast.

        Where it fails although the examination of the network finds nothing wrong, it is tried `once_more`.
        """
        centre = DATA_CENTRES[self.dc_id]
        through = f" through {self._proxy.describe()}" if self._proxy else ""
        term.say(f"Connecting to Telegram's data centre {centre.id} ({centre.place}){through} …")
        import_telethon()
        started, known = time.monotonic(), self.auth_key  # with a known one nothing is exchanged, so nothing is heard
        try:
            self._wait_or_find_out_why_not(
                self._open(), f"connecting to data centre {centre.id}", CONNECT_LIMIT, DOUBT_AFTER
            )
        except Exception as error:
            self._hang_up()
            ours = isinstance(error, TimeoutError) and error.errno is None  # the limit; the system's has a number
            if ours and self._answered_beside:
                verdict: Problem | None = network_problem("NetworkStalled")
            else:
                verdict = problem_from(error, "the key exchange") if ours else self._why_not_connected(error)
            if verdict or not once_more:
                raise (verdict or problem_from(error, "the key exchange")) from error
            term.note("Telegram answers now.")
            self.connect(once_more=False)
            return
        self._since = started
        if not known:
            self._tell_connected()
        if abs(self.clock_offset) > CLOCK_TOLERANCE:
            term.warn(clock_warning(self.clock_offset))

    def _tell_connected(self) -> None:
        """Says, once for a line, that Telegram has answered on it."""
        if self._since:
            seconds, self._since = time.monotonic() - self._since, 0.0
            term.good(f"Connected to {self._address[0]} port {self._address[1]} in {seconds:.2f} s.")

    def _wait_or_find_out_why_not(self, coroutine: Any, doing: str, limit: float, doubt_after: float) -> Any:
        """What a coroutine returns or raises. When that takes suspiciously long, the network is examined meanwhile.

        So what is slow has all the time of `limit`, while a line that is blocked or dead ends in its verdict within
        that time, too: a `Problem`. A line on which a ping is answered is slow; on a silent one nothing more is waited
        for when the examination has ended. The rest is as with `_run`.
        """
        import asyncio

        started = time.monotonic()
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        pings: list[Any] = []
        examinations: list[Examination] = []
        verdicts: list[Problem] = []
        self._answered_beside = False

        def finished(pause: float) -> bool:
            if not examinations and time.monotonic() - started > doubt_after:
                examinations.append(Examination(self._proxy, self._ipv6, CONNECT_LIMIT - DOUBT_AFTER - 2.5))
                if self._alive:
                    pings.append(asyncio.run_coroutine_threadsafe(self._ping(self._sender), self._loop))
            if self._dropped or (examinations and not examinations[0].go_on(pause)):
                return bool(self._dropped) or future.done()
            if examinations and not future.done() and not any(ping.done() and not ping.exception() for ping in pings):
                diagnosis = examinations[0].diagnosis
                self._answered_beside = diagnosis.reaches(self.dc_id, self._ipv6)
                if diagnosis.verdict and not self._answered_beside:
                    verdicts.append(diagnosis.verdict)
                if verdicts or pings:
                    return True
            return settled(future, pause)

        try:
            term.wait(finished, doing, limit)
            if verdicts:
                raise verdicts[0]
            if future.done():
                return future.result()
            raise ConnectionError(self._dropped) if self._dropped else TimeoutError(f"no answer within {limit:.0f} s")
        finally:
            for under_way in (future, *pings):
                under_way.cancel()
            for examination in examinations:
                examination.close()

    def _why_not_connected(self, error: Exception) -> Problem | None:
        """The reason why there is no line; None if the network turns out to be fine by now."""
        if isinstance(error, Problem):
            return error
        if type(error).__name__ == "InvalidBufferError" or (self._proxy is None and isinstance(error, ValueError)):
            return problem_from(error, "the key exchange")
        term.bad("That did not work. Looking for the reason …")
        diagnosis = diagnose(self._proxy, self._ipv6)
        return None if diagnosis.reaches(self.dc_id, self._ipv6) else diagnosis.verdict

    def call(self, request: Any, doing: str, *, repeat: bool = True) -> Any:
        """Asks Telegram one thing and returns its answer; raises a `Problem` and nothing else.

        `doing` reads after “…”: “asking for a code”. Data centre moves are followed, short flood waits counted down,
        server trouble and a lost line met by asking again, each a bounded number of times and each said. With
        `repeat=False` (calls that sign in) a call whose fate is unknown is not made again: `Lost`.
        """
        tried: dict[str, int] = {}
        call = request_name(request)
        while True:
            if not self._alive:
                if self._sender is not None:
                    key = "the same key" if self.auth_key else "a new key, for Telegram no longer knows the old one"
                    term.note(f"The line to Telegram went down meanwhile. Bringing it back with {key} …")
                self.connect()
            started = time.monotonic()
            if not repeat:
                self.last_call, self.code_is_cancelled = call, False
            try:
                answer = self._wait_or_find_out_why_not(
                    self._ask(request, not repeat), doing, CALL_LIMIT, SILENCE_IS_ODD_AFTER
                )
            except Exception as error:
                name = telegram_name(error) or type(error).__name__
                term.debug(f"{call} → {name} ({time.monotonic() - started:.2f} s)")
                if getattr(error, "rpc_error", None):
                    self._tell_connected()
                self._mend(error, call, tried, repeat)
                continue
            self._tell_connected()
            if not repeat:
                self._open_calls.pop()  # it is answered
            hide_private(answer)
            term.debug(f"{call} → {type(answer).__name__} ({time.monotonic() - started:.2f} s)")
            if not answers_to(request, answer):
                problem = unexpected(answer, f"the answer to {call}")
                if repeat:
                    raise problem
                raise Lost(problem, call)
            return answer

    def _mend(self, error: Exception, call: str, tried: dict[str, int], repeat: bool) -> None:
        """Returns if the call may be made again, after doing what that takes; raises the `Problem` otherwise."""
        problem = problem_from(error, call)
        rpc_error = getattr(error, "rpc_error", None)

        def once_more(reason: str) -> bool:
            tried[reason] = tried.get(reason, 0) + 1
            return tried[reason] <= REPEATS[reason]

        body = getattr(error, "body", None)
        if body:  # there is an answer, but it cannot be read
            constructor = getattr(error, "invalid_constructor_id", int.from_bytes(body[:4], "little"))
            raise UnknownAnswer(constructor, body, call) from error
        if rpc_error is None:
            self._drop_line()
            if type(error).__name__ == "AuthKeyNotFound":  # Telegram no longer knows the key: only a new one helps
                self.auth_key = b""
            if not repeat:
                raise Lost(problem, call, by_network=isinstance(error, Problem)) from error
            if isinstance(error, Problem) or not once_more("line"):
                raise problem from error
            return
        name, code = in_one_line(rpc_error.error_message, 100), abs(rpc_error.error_code)
        moved = re.match(r"(?:PHONE|NETWORK|USER)_MIGRATE_(\d{1,9})$", name)
        flood = re.match(r"FLOOD(?:_PREMIUM|_TEST_PHONE)?_WAIT_(\d{1,9})$", name)
        if moved and int(moved.group(1)) not in DATA_CENTRES:
            self.go_to(int(moved.group(1)), name)  # which says that there is none
        elif moved and call not in ABOUT_THE_KEY and once_more("moved"):
            self._move(int(moved.group(1)), name)
        elif flood and int(flood.group(1)) <= FLOOD_PATIENCE and once_more("flood"):
            term.warn(f"Telegram asks for a pause ({name}). Trying again by itself afterwards.")
            term.wait(never_within, "pause asked for by Telegram", int(flood.group(1)) + 1, countdown=True)
        elif name in ("CONNECTION_NOT_INITED", "CONNECTION_LAYER_INVALID") and once_more("introduction"):
            self._introduced = False
        elif name == "AUTH_RESTART" or code not in (500, 503):
            if code == 406 and name != "AUTH_KEY_DUPLICATED":  # the words for people come as an update, api/errors
                notification = self.wait_for_update("UpdateServiceNotification", 2, "what Telegram says about it")
                problem.said = in_one_line(notification.message, 1000) if notification else ""
            raise problem from error
        elif not repeat:
            raise Lost(problem, call) from error
        elif once_more("server"):
            term.warn(f"Telegram's server has trouble ({name}). Trying again.")
            term.wait(never_within, "a moment for Telegram's server", 2, countdown=True)
        else:
            raise problem from error

    def _move(self, dc_id: int, name: str) -> None:
        """Goes to the data centre that Telegram named. Auth keys belong to one data centre: there is a new one."""
        centre = DATA_CENTRES[dc_id]
        term.say(f"Telegram keeps this account in data centre {centre.id} ({centre.place}). Moving there. ({name})")
        self._hang_up()
        self.dc_id, self.auth_key = dc_id, b""
        self.connect()

    def go_to(self, dc_id: int, name: str = "") -> None:
        """Moves to a data centre that an answer named (`loginTokenMigrateTo`); a number of none is a `Problem`."""
        if dc_id not in DATA_CENTRES:
            raise Problem(
                f"Telegram sent the sign-in to data centre {dc_id}, which this script does not know.",
                "There are five data centres, 1 to 5.",
                ["Look for a newer version of this script."],
                name=name or f"MIGRATE_{dc_id}",
            )
        self._move(dc_id, "loginTokenMigrateTo")

    def who_am_i(self, doing: str = "asking whether the sign-in went through") -> Any:
        """The `User` this auth key is signed in as, or None. Raises SESSION_PASSWORD_NEEDED as a `Problem`."""
        from telethon.tl.functions.users import GetUsersRequest
        from telethon.tl.types import InputUserSelf

        try:
            users = self.call(GetUsersRequest([InputUserSelf()]), doing)
        except Problem as problem:
            if problem.name == "AUTH_KEY_UNREGISTERED":
                return None
            raise
        if not users or type(users[0]).__name__ != "User":
            raise unexpected(users[0] if users else None, "a User")
        return users[0]

    def mention(self, request: Any) -> Any:
        """Tells Telegram something that does not matter enough to wait for or to fail over, on a line that is up.

        Returns the answer; None if there is none.
        """
        if self._alive:
            try:
                return self._run(self._ask(request), "saying goodbye to Telegram", 3)
            except (Exception, KeyboardInterrupt):  # the person is leaving anyway
                pass
        return None

    def wait_for_update(self, kind: str, seconds: float, text: str) -> Any:
        """Counts down until an update of this class comes; None if none does."""
        arrived: list[Any] = []

        def finished(pause: float) -> bool:
            arrived.append(self.inbox.take(kind, pause))
            return arrived[-1] is not None

        return arrived[-1] if term.wait(finished, text, seconds, countdown=True) else None

    def close(self) -> None:
        """Closes the line and ends the background thread."""
        import asyncio

        self._hang_up()
        settled(asyncio.run_coroutine_threadsafe(end_other_tasks(), self._loop), 1)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2)

    def _drop_line(self) -> None:
        """Lets go of a line that no longer answers; the next call opens a new one with the same key."""
        sender = self._sender
        self._hang_up()
        if self._dropped:  # with such a session nothing would be understood on the next line either
            self._known, self._dropped = None, ""
        self._sender = sender  # no longer connected: `call` says that it brings the line back

    def _hang_up(self) -> None:
        """Closes the line and waits a moment for it; a dead one may take longer, and nobody needs it."""
        import asyncio

        sender, self._sender = self._sender, None
        if sender is not None:
            settled(asyncio.run_coroutine_threadsafe(sender.disconnect(), self._loop), 1)

    # ── the background thread's side ──

    def _heard(self, line: str) -> None:
        """Telethon drops answers that it cannot read or whose time is far off, and says so only in its log."""
        if term.debugging:
            term.debug(line)
        if re.search("very (new|old) message|Security error while unpacking|Invalid buffer", line):
            self._dropped = line

    async def _open(self) -> None:
        """Opens a line to the data centre: its ports start one after another, and the first that answers wins."""
        import asyncio

        centre = DATA_CENTRES[self.dc_id]
        waiting = [(centre.ipv6 if self._ipv6 else centre.ipv4, port) for port in centre.ports]
        if self._proxy:
            waiting = waiting[:1] * 2  # there is one way only, and a key exchange on it may stall once
        # Telethon itself looks for two seconds whether an MTProxy hangs up (tcpmtproxy.py, _connect, 1.45).
        patience = NEXT_ADDRESS_AFTER + 2 * (self._proxy is not None and self._proxy.kind == "mtproxy")
        running: set[Any] = set()
        others: list[Any] = []
        failure: BaseException | None = None
        try:
            while waiting or running:
                if waiting:
                    running.add(asyncio.ensure_future(self._dial(*waiting.pop(0))))
                    others += running.difference(others)
                done, running = await asyncio.wait(
                    running, timeout=patience if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    failure = failure or task.exception()
                    if not task.exception():
                        others.remove(task)
                        await self._take_over(*task.result())
                        return
            assert failure is not None
            raise failure
        finally:
            for task in others:
                task.cancel()
                task.add_done_callback(self._give_up)

    def _give_up(self, dialling: Any) -> None:
        """Closes a line that another was quicker than, if it stands already."""
        import asyncio

        if not dialling.cancelled() and not dialling.exception():
            self._closing = asyncio.ensure_future(dialling.result()[1].disconnect())

    async def _dial(self, ip: str, port: int) -> tuple[tuple[str, int], Any, Any, int]:
        """Connects to one address and exchanges keys if there is none yet: address, line, key and clock offset.

        The address is the data centre's own; a line through an MTProxy only knows the proxy's.
        """
        from telethon.crypto import AuthKey
        from telethon.errors import SecurityError
        from telethon.network import authenticator
        from telethon.network.mtprotoplainsender import MTProtoPlainSender

        connection_class, proxy = telethon_connection(self._proxy)
        line = connection_class(ip, port, self.dc_id, loggers=self._ears, proxy=proxy)
        try:
            await line.connect(timeout=CONNECT_LIMIT)
            if self.auth_key:
                return (ip, port), line, AuthKey(self.auth_key), self.clock_offset
            tries = 0
            while True:
                tries += 1
                try:
                    plain = MTProtoPlainSender(line, loggers=self._ears)
                    return ((ip, port), line, *await authenticator.do_authentication(plain))
                except (SecurityError, AssertionError):
                    if tries == KEY_EXCHANGES:
                        raise
        except BaseException:
            await line.disconnect()
            if getattr(line, "_writer", None):
                line._writer.close()  # which Telethon leaves open if it was not through with connecting (1.45)
            raise

    async def _take_over(self, address: tuple[str, int], line: Any, auth_key: Any, clock_offset: int) -> None:
        """Gives an open line to a sender. Telethon may not reconnect by itself: it would do so in silence."""
        import asyncio

        async def already_connected(**_: Any) -> None:
            return None

        self._address = address
        self._introduced = False
        self._sender = telethon_sender()(
            auth_key, loggers=self._ears, retries=0, auto_reconnect=False, updates_queue=self.inbox
        )
        self.auth_key, self.clock_offset = auth_key.key, clock_offset
        term.hide(self.auth_key, "auth key")
        self._sender._state.time_offset = clock_offset
        if self._known is not None and self._known.auth_key.key == self.auth_key:
            self._sender.go_on_from(self._known)
        self._known = self._sender
        line.connect = already_connected  # the sender would connect once more
        await self._sender.connect(line)
        # Kept, because the loop itself holds its tasks only weakly (Python's library reference, asyncio.create_task).
        self._keeping_alive = asyncio.ensure_future(self._keep_alive(self._sender))

    async def _keep_alive(self, sender: Any) -> None:
        """Pings an idle line, and hangs up when Telegram no longer answers, so that the next call opens a new one."""
        import asyncio

        while sender.is_connected():
            await asyncio.sleep(PING_EVERY)
            try:
                await asyncio.wait_for(self._ping(sender), PING_EVERY / 3)
            except Exception:
                await sender.disconnect()

    async def _ping(self, sender: Any) -> None:
        from telethon.tl.functions import PingRequest

        await sender.send(PingRequest(time.time_ns() >> 1))

    async def _ask(self, request: Any, can_sign_in: bool = False) -> Any:
        """Sends a request; the first one on a line carries who is asking (api/invoking#layers).

        The future of the answer outlives the line: what is not acknowledged comes again on the next one.
        """
        import asyncio

        sender = self._sender
        future = sender.send(request if self._introduced else self._introduction(request))
        if can_sign_in:
            self._open_calls.append(future)
        await asyncio.wait([future, sender.over], return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            raise sender.over.result() or ConnectionError("the line was closed")
        self._introduced = self._introduced or not future.exception()
        return future.result()

    def _introduction(self, request: Any) -> Any:
        """`request` inside invokeWithLayer and initConnection."""
        from telethon.tl.alltlobjects import LAYER
        from telethon.tl.functions import InitConnectionRequest, InvokeWithLayerRequest

        return InvokeWithLayerRequest(LAYER, InitConnectionRequest(self.api_id, **this_device(), query=request))


class Lost(Problem):
    """The line went down, or Telegram fell silent, during a call that must not be repeated blindly.

    Whether Telegram has carried it out is not known: `Telegram.who_am_i` finds out.
    """

    def __init__(self, problem: Problem, call: str, by_network: bool = False) -> None:
        super().__init__(
            problem.title, problem.meaning, problem.steps, name=problem.name, call=call, again=problem.again
        )
        self.by_network = by_network  # which was found to be down while the call waited


class UnknownAnswer(Problem):
    """The installed Telethon cannot read Telegram's answer, whose bytes are `body`, for the sake of `constructor`."""

    def __init__(self, constructor: int, body: bytes, call: str) -> None:
        card = named_problem("TypeNotFoundError")
        meaning = f"{card.meaning} Here it cannot read Telegram's answer (0x{constructor:08x})."
        super().__init__(card.title, meaning, card.steps, name=card.name, call=call, again=card.again)
        self.constructor = constructor
        self.body = body


def unexpected(answer: Any, wanted: str) -> Problem:
    """Telegram answered with an object of the wrong kind."""
    return Problem(
        f"Telegram's answer is of an unexpected kind: {type(answer).__name__} instead of {wanted}.",
        "Telegram may have changed its sign-in, or something between here and Telegram is broken.",
        ["Try once more.", "Look for a newer version of this script."],
        name="UnexpectedAnswer",
    )


def answers_to(request: Any, answer: Any) -> bool:
    """Whether an answer is of the kind that a request is answered with.

    Telethon reads any object in answer to anything. It knows types by the CRC32 of their names (`SUBCLASS_OF_ID`).
    """
    import zlib

    if isinstance(answer, (bool, list)):  # the only vector that is asked for here is that of users.getUsers
        kind = zlib.crc32(b"Bool" if isinstance(answer, bool) else b"Vector<User>")
    else:
        kind = getattr(answer, "SUBCLASS_OF_ID", 0)
    return bool(kind == request.SUBCLASS_OF_ID)


def request_name(request: Any) -> str:
    """The name of a request in Telegram's own spelling: `auth.SendCodeRequest` → `auth.sendCode`."""
    namespace = type(request).__module__.rpartition(".")[2]
    name = type(request).__name__[: -len("Request")]
    name = name[0].lower() + name[1:]
    return name if namespace == "functions" else f"{namespace}.{name}"


# Fields of Telegram's answers that say who somebody is, or that let somebody in.
PRIVATE_FIELDS = """
first_name last_name username phone phone_number phone_code_hash id access_hash email email_pattern hint token url
login_email_pattern email_unconfirmed_pattern pattern prefix beginning nonce play_integrity_nonce ip region hash
future_auth_token
"""


def hide_private(answer: Any) -> None:
    """Tells the mask what is private in an answer, however deep it lies."""
    private = PRIVATE_FIELDS.split()
    inside = [answer]
    while inside:
        one = inside.pop()
        if isinstance(one, (list, tuple)):
            inside += one
        elif hasattr(one, "CONSTRUCTOR_ID"):
            for name, value in vars(one).items():
                if name in private and isinstance(value, (str, bytes, int)):
                    term.hide(value, name.replace("_", " "))
                else:
                    inside.append(value)


# ── Telethon, made to tell what it does ──


class Inbox:
    """Takes the updates that Telegram pushes. Telethon's sender puts them in from the background thread."""

    def __init__(self) -> None:
        import threading

        self._newest: dict[str, Any] = {}  # by the name of its class
        self._arrived = threading.Event()

    def put_nowait(self, updates: Any) -> None:
        """Called by Telethon with an `Updates` object of any kind."""
        for update in getattr(updates, "updates", None) or [getattr(updates, "update", updates)]:
            self._newest[type(update).__name__] = update
        self._arrived.set()

    def take(self, kind: str, seconds: float) -> Any:
        """The newest update whose class is named `kind`; None if none comes in `seconds`, or another one does first."""
        self._arrived.clear()
        if kind not in self._newest:
            self._arrived.wait(seconds)
        return self._newest.pop(kind, None)


class Ears:
    """Telethon's log, listened to: the sender says some things there and nowhere else."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        import logging

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                heard(record.getMessage())

        self._logger = logging.Logger("telethon")
        self._logger.addHandler(Handler())

    def __getitem__(self, name: str) -> Any:
        """Telethon asks for its loggers as `loggers[module_name]`."""
        return self._logger


def telethon_sender() -> Any:
    """Telethon's `MTProtoSender`, taught to keep what it throws away about a failed call and about its session.

    The exception of a failed call gets `rpc_error` (Telegram's own `RpcError`: name and code, which Telethon's
    exception classes hide) or, if the answer cannot be read, `body` (its bytes).

    A call outlives its line: Telegram sends what was not acknowledged again on the next line of the same session
    (core.telegram.org/mtproto/description#session), and there its future waits for it. Telethon begins a new session
    on each line, and cancels what is under way. `over` is a future of why the line ended.
    """
    import asyncio

    from telethon.network import MTProtoSender

    class Sender(MTProtoSender):  # type: ignore[misc,unused-ignore]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._state.reset = lambda: None
            self.unanswered: dict[int, Any] = {}  # calls by their msg_id
            self.over = asyncio.get_running_loop().create_future()

        def go_on_from(self, known: Any) -> None:
            """Takes over the session of a sender whose line has ended: its id, its counters, what is not answered."""
            self._state.__dict__.update(known._state.__dict__)
            self._pending_state = known.unanswered
            self._pending_ack = known._pending_ack

        async def _disconnect(self, error: Any = None) -> None:
            self.unanswered.update(self._pending_state)
            self._pending_state = {}
            try:
                await super()._disconnect(error)
            finally:
                if not self.over.done():
                    self.over.set_result(error)

        async def _handle_rpc_result(self, message: Any) -> None:
            state = self._pending_state.get(message.obj.req_msg_id)
            await super()._handle_rpc_result(message)
            if state and state.future.done() and not state.future.cancelled() and state.future.exception():
                state.future.exception().rpc_error = message.obj.error
                state.future.exception().body = message.obj.body

    return Sender


def settled(future: Any, seconds: float) -> bool:
    """Waits up to `seconds` for a future of another thread; True when it has a result or an exception."""
    import concurrent.futures

    return bool(concurrent.futures.wait([future], seconds).done)


def load_telethon() -> Exception | None:
    """Imports all of Telethon that is used here. Runs on threads, so what goes wrong is returned and not raised."""
    try:
        import telethon.network
        import telethon.tl.functions  # noqa: F401
    except Exception as error:
        return error
    return None


def load_telethon_meanwhile() -> None:
    """Begins to import Telethon while the first question is read; the prompt itself does not wait for that."""
    import threading

    begin = threading.Timer(READING_TIME, load_telethon)
    begin.daemon = True
    begin.start()


def import_telethon() -> None:
    """Imports Telethon, which takes a moment on a slow machine; whatever stops it is a `Problem`."""
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        loading = thread.submit(load_telethon)
        term.wait(lambda pause: settled(loading, pause), "loading Telethon", LOADING_LIMIT)
        error = loading.result()
    if error:
        raise problem_from(error) from error


# ══ 4  HANDING OVER ══════════════════════════════════════════════════════════════════════════════════════════════════
#
# What the person came for, and what happens to it afterwards: shown, kept safe, ready to paste, on the clipboard, in a
# file. Begin with `hand_over`. Every file that is written here goes through `offer_to_write`, and is written by
# `write_new` of the room about sessions.


class SignedIn(NamedTuple):
    """Telegram said “authorised”: the `User`, and `otherwise_relogin_days` if Telegram wants a 2FA password set."""

    user: Any
    relogin_days: int = 0


class Handed(NamedTuple):
    """What a sign-in ended with: the session with the account it belongs to, as a string, and the app that made it.

    `shown` are the lines that were last shown ready to paste.
    """

    string: str
    session: Session
    credentials: Credentials
    shown: list[str]


def hand_over(session: Session, credentials: Credentials, signed: SignedIn) -> Handed:
    """Shows what the person came for, before anything else can go wrong: who, API ID, API hash, session string."""
    user, home = signed.user, session.home
    string = encode_telethon_string(session)
    if home_key(decode_telethon_string(string)) != home_key(session):  # never hand out a string that does not work
        raise AssertionError("the string does not decode to the authorised key")
    term.hide(string, "session string")
    name = " ".join(in_one_line(part, 200) for part in (user.first_name, user.last_name) if part)
    none = "(could not be read)" if user.access_hash is None and not name else "(none)"
    rows = [
        ("Signed in as", f"{name or none}{' (a bot)' if user.bot else ''}"),
        ("Username", f"@{in_one_line(user.username)}" if user.username else none),
        ("User ID", user.id or none),
        ("Data centre", f"{home.id} ({DATA_CENTRES[home.id].place})"),
        ("API ID", credentials.api_id),
        ("API hash", credentials.api_hash),
    ]
    term.good("Signed in.")
    term.rule("Your session")
    term.facts(rows, private=("Signed in as", "Username", "User ID", "API ID", "API hash"))
    term.say()
    where = "it goes into your pipe or file" if term.delivered_to_pipe else "one line, beginning with 1; copy all of it"
    term.say(f"Session string ({where}):", "bold")
    term.deliver(string)
    term.rule()
    if home.ipv6_addr:
        term.warn(BY_IPV6)
    return Handed(string, with_account(session, user), credentials, [])


def tell_safety(signed: SignedIn) -> None:
    """How to treat what was just printed: what it can do, where it is listed, and how it is ended."""
    bot = bool(signed.user.bot)
    can = (
        "Whoever has it is the bot, without the token. It is no user session: a bot cannot read chats that it is not "
        "in. Programs that want YOUR account need a string made with your phone number."
        if bot
        else "Whoever has it can read and write everything as you, also the codes that Telegram sends you. No code and "
        "no password is asked for any more."
    )
    end = (
        "The sessions of a bot are listed nowhere. @BotFather → /revoke gives it a new token if somebody else has it."
        if bot
        else f"If anybody has seen it, end it: Telegram → Settings → Devices → “telegram_session.py {__version__}” → "
        "Terminate. That works at once."
    )
    term.say()
    term.say("Keep the session string secret:", "bold")
    for sentence in (
        can,
        "Put it only where the program reads it (its settings or .env file), never into a chat, a screenshot, an issue "
        "or git.",
        "One string for each program: two at once kill it (AUTH_KEY_DUPLICATED).",
        end,
    ):
        term.say(sentence, mark="•")


def ways_after(handed: Handed, another: Way) -> Outcome:
    """The menu after a success. Each way comes back to it, whatever happens on the way: the string is there already."""

    def way(do: Callable[[Handed], None]) -> Callable[[], Outcome]:
        def run() -> Outcome:
            term.say()
            try:
                do(handed)
            except Exception as error:
                term.problem(problem_from(error))
                term.traceback(error)
            except KeyboardInterrupt:
                term.say()
            return outcome

        return run

    outcome = Outcome(
        0,
        [
            ("show it ready to paste: .env, MCP servers, n8n, Docker", way(show_ready_to_paste)),
            ("copy it to the clipboard", way(copy_to_clipboard)),
            ("save it to a file", way(save_to_file)),
            another,
        ],
    )
    return outcome


def choose(question: str, answers: Sequence[str]) -> int | None:
    """Asks for one of the answers by its number: its index, or None to go back."""
    term.say(question, "bold")
    term.options({str(number): answer for number, answer in enumerate(answers, 1)})
    number = term.ask_number("Number (Enter alone: back)", len(answers), "go back")
    return number - 1 if number else None


def offer_to_write(*paths: str) -> bool:
    """Whether files with secrets may be written there: asked again where git would take one up, if anybody is there."""
    taken = next(filter(git_would_take, paths), None)
    if taken is None:
        return True
    term.warn(
        f"{taken} lies in a git repository that does not seem to ignore it: “git add” would take it up, and a push "
        "would publish your account. Better choose another folder, or name the file in .gitignore first."
    )
    return not term.interactive or term.confirm("Write it there all the same?", default=False)


# ── ready to paste ──


def show_ready_to_paste(handed: Handed) -> None:
    """Asks where it goes, and shows exactly that: nothing to rename, nothing to quote."""
    groups = ("variables", "mcp", "n8n", "docker")
    handed.shown.clear()
    group = choose(
        "Where does it go?",
        (
            "into a .env file, or the environment of a program",
            "into an MCP server (for Claude, Cursor, VS Code, Codex)",
            "into n8n",
            "into docker run",
        ),
    )
    if group is None:
        return
    if groups[group] == "docker":
        show_docker(handed)
        return
    targets = paste_targets(groups[group])
    chosen = choose("Which one?", [target.name for target in targets])
    if chosen is not None:
        show_for(targets[chosen], handed)


def show_for(target: Target, handed: Handed) -> None:
    """What one program needs."""
    names = target.session.split(", ")
    if len(names) > 1:
        chosen = choose("What does it call the session? Its manual tells.", names)
        if chosen is None:
            return
        target = target._replace(session=names[chosen])
    if target.takes == "variables":
        term.say("These lines go into the .env file, or wherever the program reads its environment:", mark="→")
        show_snippet("\n".join(filter(None, (env_lines(variables(target, handed)), target.place))), handed)
    elif target.takes == "mcp":
        term.note(target.place)
        show_for_mcp_client(target, handed)
    elif target.takes == "tgcf":
        import json

        login = {**variables(target, handed), "API_ID": handed.credentials.api_id, "user_type": 1}
        term.say(f"This goes into {target.place}; what else is in that file stays:", mark="→")
        show_snippet(json.dumps({"login": login}, indent=2), handed)
    elif target.takes == "fields":
        term.say(f"In n8n, make a credential of {target.name}, and fill in:", mark="→")
        show_snippet("\n".join(f"{name}: {value}" for name, value in variables(target, handed).items()), handed)
        if target.place:
            term.say(f"Its other fields ({target.place}) you know yourself.")
    elif target.takes == "nothing":
        term.warn(f"{target.name} cannot take a session string. {target.place} Sign in with its own login.")
    else:
        write_for(target, handed)


def show_for_mcp_client(target: Target, handed: Handed) -> None:
    """The settings of an MCP client that start a server with its values; on request they are put in."""
    clients = rows_of(MCP_CLIENTS)
    chosen = choose("Which program starts the MCP server?", [row[0] for row in clients])
    if chosen is None:
        return
    client, key, *_ = row = clients[chosen]
    command, environment = target.command.split(), variables(target, handed)
    name = target.name.rpartition("/")[2]
    places = client_places(row)
    term.say(
        f"This goes into {' or '.join(places)}. If there are other servers in it, put this one beside them.", mark="→"
    )
    if len(places) > 1:
        term.say("Which of the two is read depends on how it was installed: from the Store, the second.", indent=2)
    show_snippet(with_server("", key, name, command, environment), handed)
    if UNKNOWN_FOLDER in target.command:
        term.say(f"Instead of {UNKNOWN_FOLDER}{name}, write the folder that {name} is in on your computer.")
    term.say(
        f"If {client} does not find {command[0]}, write its full path there: a program that is started from the dock "
        "looks for it in fewer folders than a terminal."
    )
    if client == "Claude Code":
        term.say("Do not put it into .mcp.json: that file is made to be shared through git.")
        term.warn(
            "The command below is for the folder that you run it in; with “-s user” behind “add” it is for all. It "
            "stays in the history of your shell, and everybody on this computer can see it while it runs. The file "
            "above is better."
        )
        show_snippet(claude_command(name, command, environment), handed)
    offer_to_put_in(row, name, command, environment)


UNKNOWN_FOLDER = "/full/path/to/"  # in the commands of PASTE_TARGETS that start a checkout


def offer_to_put_in(row: Sequence[str], name: str, command: Sequence[str], environment: dict[str, str]) -> None:
    """Puts a server into the settings of a client of MCP_CLIENTS, if the person wants that; nothing else changes."""
    paths = client_paths(row)
    home = os.path.expanduser("~")
    folders = [one for one in paths if os.path.dirname(one) != home and os.path.isdir(os.path.dirname(one))]
    path = next(filter(os.path.isfile, paths), "") or next(iter(folders), "")
    if not path:
        return
    term.say(f"It can be put into {path} for you; all else in it stays as it is.", mark="→")
    if not term.confirm("Put it in?", default=False):
        return
    while UNKNOWN_FOLDER + name in command:
        folder = os.path.expanduser(term.ask(f"Folder of {name} on this computer (Enter alone: back)"))
        if not folder:
            return
        if os.path.isdir(folder):
            command = [os.path.abspath(folder) if word == UNKNOWN_FOLDER + name else word for word in command]
        else:
            term.warn(f"There is no folder {folder}.")
    command = [program(command[0]) or command[0], *command[1:]]  # a client may look in fewer folders than a terminal
    path = os.path.realpath(path)  # some keep their settings elsewhere, and link them
    before = settings_now(path)
    try:
        text = before.decode("utf-8")
        after = with_server(text, row[1], name, command, environment)
        if not is_only_added(row, name, text, after):
            raise ValueError
    except (ValueError, KeyError):
        what = "It is not written as expected, so that it is not certain what would become of it."
        steps = ["Put the lines above in yourself.", "“check” says whether the file is all right."]
        raise Problem(f"{path} is left alone.", what, steps, name="NotPutIn") from None
    for there in (text, after):
        kind, entries, _ = settings_entries(there)
        for server in servers_in(kind, entries):
            hide_values(server)
    show_change(text, after)
    term.warn(f"End {row[0]} first: it may write this file, too, and would undo this.")
    copy = f"{path}.{time.strftime('%Y%m%d-%H%M%S')}"
    if term.confirm("Write this?", default=False) and offer_to_write(path, copy, f"{copy}.new"):
        replace_settings(path, copy, before, after.encode("utf-8"))
        term.say(f"Start {row[0]} again. Whether the server starts: telegram_session.py doctor --start {name}")


def settings_now(path: str) -> bytes:
    """What is in a file; nothing if it is not there."""
    return read_file(path, TEXT_LIMIT) if os.path.exists(path) else b""


def replace_settings(path: str, copy: str, before: bytes, after: bytes) -> None:
    """Writes settings in the place of those that were read; what they were stays beside them, as `copy`."""
    if settings_now(path) != before:
        raise Problem(f"{path} has changed meanwhile, and is left alone.", "", ["Try again."], name="NotPutIn")
    if not os.path.lexists(path):
        write_bytes(path, after)
        term.good(f"Written: {path}")
        return
    if not os.access(path, os.W_OK):
        what = f"{path} may not be written, and is left alone."
        raise Problem(what, "", ["Allow it, or put the lines above in yourself."], name="NotPutIn")
    write_bytes(copy, before)
    write_bytes(f"{copy}.new", after)
    try:
        os.replace(f"{copy}.new", path)
    except OSError as error:
        os.unlink(f"{copy}.new")
        raise not_written(path, error) from None
    term.good(f"Written: {path}. As it was before, it is in {copy}.")


def show_change(before: str, after: str) -> None:
    """The lines that go and come, without secrets; none of it is in a report."""
    import difflib

    term.say()
    for line in list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]:
        colour = {"+": "green", "-": "red"}.get(line[:1], "dim")
        term.verbatim("    " + term.mask(line), colour, shareable=NOT_SHOWN)
    term.say()


def is_only_added(row: Sequence[str], name: str, before: str, after: str) -> bool:
    """Whether the client of a row can read settings before and after, and they differ in this one server alone."""
    try:
        was, now = (as_read(row, text) for text in (before, after))
    except (ValueError, AttributeError):  # a value, and something that is said to be inside of it
        return False
    here, there = was.setdefault(row[1], {}), now.get(row[1])
    if not (isinstance(here, dict) and isinstance(there, dict) and there.pop(name, None)):
        return False
    here.pop(name, None)
    return bool(was == now)


def as_read(row: Sequence[str], text: str) -> dict[str, Any]:
    """Settings as the client of a row reads them. ValueError where it cannot, or where that is not certain."""
    import json

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):  # programs differ in which of two of the same name counts
            raise ValueError("a name stands there twice")
        return dict(pairs)

    if row[1] == "mcp_servers" and sys.version_info >= (3, 11):
        import tomllib  # novermin  where it is not there, the lines are read

        return tomllib.loads(text)
    if row[1] not in ("mcp_servers", "extensions"):
        found = json.loads(plain_json(text) if row[2] else text or "{}", object_pairs_hook=object_of, parse_int=str)
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found
    kind, entries, odd = settings_entries(text)
    if odd or (text.strip() and not kind):
        raise ValueError("not read")
    data: dict[str, Any] = {}
    for one in entries:
        place = data
        for part in one.path[:-1]:
            place = place.setdefault(part, {})
        place[one.path[-1]] = one.value
    return {name: in_lists(value) for name, value in data.items()}


def in_lists(value: Any) -> Any:
    """Objects with nothing but numbers for names, which are lines of the text, as the lists that they are."""
    if not isinstance(value, dict):
        return value
    inside = {name: in_lists(each) for name, each in value.items()}
    return list(inside.values()) if all(map(str.isdigit, inside)) else inside


def with_server(text: str, key: str, name: str, command: Sequence[str], environment: dict[str, str]) -> str:
    """The text of an MCP client's settings with this server among its servers, or in the place of the one of its name.

    `key` is what the client calls their list. All else stays as it is. ValueError or KeyError where it cannot be done.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    if key in ("mcp_servers", "extensions"):
        block = (codex_toml if key == "mcp_servers" else goose_yaml)(name, command, environment)
        there = [one for one in settings_entries(text)[1] if one.path[:2] == (key, name)]
        if there or re.search(rf"(?m)^\s*(\[?mcp_servers\s*\.\s*)?[\"']?{re.escape(name)}[\"']?\s*[].:=]", text):
            raise ValueError(f"{name} is there already")
        lists = re.findall(r"(?m)^extensions:[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*( *)", text)
        if key == "extensions" and lists not in ([], [""], ["  "]):
            raise ValueError("it is indented in another way, or there are two lists")
        if re.search(r"(?m)^extensions:", text):
            return re.sub(r"(?m)^extensions:[ \t]*(?=\r?$)", lambda _: block.replace("\n", end), text, count=1)
        return text + (end * 2 if text.strip() else "") + block.replace("\n", end) + (end if text else "")
    import json

    spans: dict[tuple[str, ...], tuple[int, int]] = {}
    json_entries(text, spans)
    unit = (re.findall(r"(?m)^[{[]\s*?\n([ \t]+)", text) or ["  "])[0]

    def block_at(depth: int, value: object) -> str:
        return json.dumps(value, indent=unit).replace("\n", end + unit * depth)

    server = mcp_server(command, environment, key)
    if not text.strip():
        return block_at(0, {key: {name: server}})
    if (key, name) in spans:
        start, stop = spans[key, name]
        return text[:start] + block_at(2, server) + text[stop:]
    inside = (key,) if (key,) in spans else ()
    start, stop = spans[inside]
    new, depth = ({name: server}, 2) if inside else ({key: {name: server}}, 1)
    entry = block_at(depth - 1, new)[1:-1].rstrip()
    empty = not text[start + 1 : stop - 1].strip()
    return f"{text[: start + 1]}{entry}{end + unit * (depth - 1) if empty else ','}{text[start + 1 :]}"


def offer_to_move_aside(path: str) -> None:
    """What is in the way is given another name, which says when, if the person wants that."""
    if not os.path.lexists(path):
        return
    aside = f"{path}.{time.strftime('%Y%m%d-%H%M%S')}"
    term.warn(f"{path} is there already. It can get the name {os.path.basename(aside)}.")
    if not term.confirm("Move it aside?", default=False):
        return
    for ending in ("", *DATABASE_LOGS):  # what SQLite may have left beside it belongs to it
        if os.path.lexists(path + ending):
            os.rename(path + ending, aside + ending)


def show_docker(handed: Handed) -> None:
    """Lines for --env-file, because `docker run -e NAME=VALUE` would leave the values behind."""
    term.say("Save these lines as telegram.env (or let me do it: “save it to a file” in the menu):", mark="→")
    show_snippet(env_lines(variables(paste_targets("variables")[0], handed)), handed)
    term.say("Then start the container so, with the name of your image:", mark="→")
    show_snippet("docker run --env-file telegram.env IMAGE", handed)
    term.note("“docker run -e …=…” works too, but leaves the secrets in the history of your shell.")


def show_snippet(text: str, handed: Handed) -> None:
    """Text to be copied: whole lines with nothing before or behind them, and never in the report."""
    handed.shown.append(text)
    term.say()
    term.verbatim(text, "cyan", shareable=NOT_SHOWN)
    term.say()


def variables(target: Target, handed: Handed) -> dict[str, str]:
    """The three values by the names that a program has for them; no session where it takes a file."""
    values = {target.api_id: str(handed.credentials.api_id), target.api_hash: handed.credentials.api_hash}
    return {**values, target.session: handed.string} if target.session != "-" else values


def env_lines(environment: dict[str, str]) -> str:
    """`NAME=value` lines, for .env files and for `docker run --env-file`.

    Nothing is quoted, because docker takes quotes for a part of the value. None of the values needs it: they have
    letters, digits, `-`, `_` and `=` only.
    """
    return "\n".join(f"{name}={value}" for name, value in environment.items())


def mcp_server(command: Sequence[str], environment: dict[str, str], servers: str) -> dict[str, Any]:
    """A server in the JSON of an MCP client; `servers` is its name for the list; VS Code's and OpenCode's differ."""
    if servers == "mcp":
        return {"type": "local", "command": list(command), "environment": environment}
    server = {"command": command[0], "args": list(command[1:]), "env": environment}
    return {"type": "stdio", **server} if servers == "servers" else server


def goose_yaml(name: str, command: Sequence[str], environment: dict[str, str]) -> str:
    """The YAML of Goose. What JSON makes of a text or a list of texts is YAML, too."""
    import json

    lines = ["extensions:", f"  {name}:", "    type: stdio", "    enabled: true", f"    name: {name}"]
    lines += [f"    cmd: {json.dumps(command[0])}", f"    args: {json.dumps(list(command[1:]))}", "    envs:"]
    return "\n".join([*lines, *(f"      {key}: {json.dumps(value)}" for key, value in environment.items())])


def codex_toml(name: str, command: Sequence[str], environment: dict[str, str]) -> str:
    """The TOML of Codex. What JSON makes of a text is a basic string of TOML, too."""
    import json

    lines = [f"[mcp_servers.{json.dumps(name)}]", f"command = {json.dumps(command[0])}"]
    lines += [f"args = {json.dumps(list(command[1:]))}", "", f"[mcp_servers.{json.dumps(name)}.env]"]
    return "\n".join([*lines, *(f"{key} = {json.dumps(value)}" for key, value in environment.items())])


def claude_command(name: str, command: Sequence[str], environment: dict[str, str]) -> str:
    """The command that makes an MCP server known to Claude Code."""
    values = [word for key, value in environment.items() for word in ("-e", f"{key}={value}")]
    return in_shell_words(["claude", "mcp", "add", name, *values, "--", *command])


def write_for(target: Target, handed: Handed) -> None:
    """Writes the file that a program looks for, where it looks, if the person wants that."""
    state = os.environ.get("XDG_STATE_HOME", "")
    state = state if os.path.isabs(state) else "~/.local/state"  # a relative one is to be ignored, says the standard
    path = os.path.normpath(os.path.expanduser(target.place.replace("{state}", state)))
    what = "a .session file" if target.takes == "file" else "a file with the string"
    term.say(f"{target.name} takes no session string from its settings, but {what} here:", mark="→")
    term.verbatim(f"    {path}")
    if not term.confirm("Write it there now?", default=False) or not offer_to_write(path):
        return
    offer_to_move_aside(path)
    try:
        make_folder(os.path.dirname(path))
    except OSError as error:
        raise not_written(os.path.dirname(path), error) from None
    if target.takes == "file":
        save_session([handed.session], path, "telethon", schema=7)
    else:
        # GramJS reads standard base64 only; others it takes for no session, without a word.
        write_bytes(path, handed.string.translate(STANDARD).encode("ascii"))
    term.good(f"Written: {path}")
    term.say("In its environment it needs these, too:", mark="→")
    show_snippet(env_lines(variables(target, handed)), handed)
    show_for_mcp_client(target, handed)


# ── clipboard and file ──


def copy_to_clipboard(handed: Handed) -> None:
    """Puts the string, or what was shown ready to paste, on the clipboard, and says what clipboards do with it."""
    text, what = handed.string, "The session string"
    if handed.shown:
        several = len(handed.shown) > 1
        shown = [f"what was shown ready to paste{f' ({n})' if several else ''}" for n, _ in enumerate(handed.shown, 1)]
        chosen = choose("What?", ["the session string alone", *shown])
        if chosen is None:
            return
        if chosen:
            text, what = handed.shown[chosen - 1], "What was shown"
    by = copy_by_program(text)
    if by:
        term.good(f"{what} is on the clipboard ({by}).")
    elif term.to_clipboard(text):
        term.good(f"{what}: your terminal was asked to put it on the clipboard of the computer you sit at.")
        term.say("It does not tell whether it did: paste it to see. If not, mark the string and copy it.", indent=2)
    else:
        term.warn("There is no way to the clipboard here. Mark the string with the mouse and copy it.")
        return
    term.warn(
        "A clipboard is not private: every program here can read it, and some systems keep what was on it, or send it "
        "to your other devices. Paste the string now, then copy something else."
    )


def copy_by_program(text: str) -> str:
    """The program that put text on the clipboard of this computer, or "" if none could.

    Over SSH this is not the computer that the person sits at, and none is asked. The text goes through standard input:
    a command line can be read by everybody.
    """
    if any(os.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")):
        return ""
    for words in CLIPBOARDS.strip().split("\n"):
        name, *arguments = words.split()
        command = [program(name), *arguments]
        if run_program(command, f"giving it to {name}", 3, typed=text.encode("utf-8")).code == 0:
            return name
    return ""


def save_to_file(handed: Handed) -> None:
    """Saves the session as the person wants it, for nobody else to read."""
    rows = [row for row in rows_of(SAVE_AS) if not (handed.session.user.bot and row[0] == "tdata")]
    chosen = choose("As what?", [row[2] for row in rows])
    if chosen is None:
        return
    target, default, _ = rows[chosen]
    path = os.path.expanduser(term.ask(f"File name (Enter alone: {default})", default))
    if not offer_to_write(*files_of(target, path)):
        return
    session = handed.session
    if target == "env":
        lines = env_lines(variables(paste_targets("variables")[0], handed))
        write_bytes(path, lines.encode("ascii") + b"\n")
        written = [path]
    else:
        written = save_session([with_app(session, handed.credentials)], path, target)
    for each in written:
        term.good(f"Written: {each}")
    term.say("Only you can read it. It is the same session as the string: use one of the two, in one program.")


def with_app(session: Session, credentials: Credentials) -> Session:
    """The session with the app and the device that it was made with, for formats that hold them."""
    device = this_device()
    api = session.api._replace(
        app_id=credentials.api_id,
        app_hash=credentials.api_hash,
        device=device["device_model"],
        sdk=device["system_version"],
        app_version=device["app_version"],
        system_lang_code=device["system_lang_code"],
        lang_pack=device["lang_pack"],
        lang_code=device["lang_code"],
    )
    return session._replace(api=api)


# ══ 5  WHAT PEOPLE TYPE ══════════════════════════════════════════════════════════════════════════════════════════════
#
# API ID and API hash (step 1), phone number, bot token or `qr` (step 2): whatever is pasted is understood if it can be,
# and refused with the reason if not, before anything is sent. Begin with `ask_credentials` and `ask_phone`.


# ── step 1: API credentials ──


class Credentials(NamedTuple):
    """What Telegram knows an application by, from https://my.telegram.org/apps: a number, and 32 hexadecimal digits."""

    api_id: int
    api_hash: str


def ask_credentials(use_environment: bool = True) -> Credentials:
    """Step 1: from TELEGRAM_API_ID and TELEGRAM_API_HASH, or asked for until they can be right.

    `use_environment` is False when Telegram has just refused what stands there. The API hash is echoed: it is pasted,
    not remembered, and whoever pastes 32 characters must see whether they arrived; only passwords are not echoed.
    """
    found = PastedCredentials()
    if use_environment:
        for variable, wanted in (("TELEGRAM_API_ID", "API ID"), ("TELEGRAM_API_HASH", "API hash")):
            found = found.and_what(from_environment(variable, parse_credentials, wanted))
    if found == PastedCredentials() and not term.confirm("Do you already have an API ID and API hash?"):
        explain_api_page()
    while found.api_id is None or found.api_hash is None:
        wanted = "API ID" if found.api_id is None else "API hash"
        answer = term.ask(wanted)
        if not answer:
            term.note(f"Nothing arrived. Type or paste the {wanted} and press Enter; Ctrl-C leaves.")
            continue
        try:
            pasted = parse_credentials(answer, wanted)
        except Problem as problem:
            term.problem(problem)
            continue
        if wanted == "API ID" and pasted.api_id is None and pasted.api_hash:
            term.note("That is the API hash; kept. The API ID is the shorter one, “App api_id”: only digits.")
        found = found.and_what(pasted)
    credentials = Credentials(found.api_id, found.api_hash)
    term.hide(credentials.api_hash, "API hash")
    term.hide(credentials.api_id, "API ID")
    masked = f"{credentials.api_hash[:4]}…{credentials.api_hash[-2:]}"  # enough to recognise it by
    term.hide(masked, "API hash")
    term.good(f"API ID {credentials.api_id}, API hash {masked} (32 characters)")
    app = published_app(credentials.api_id)
    if app:
        term.warn(
            f"{credentials.api_id} is not your own API ID: it is {app}, and public. Telegram answers such keys with "
            "API_ID_PUBLISHED_FLOOD, and may lock accounts that use them. Your own costs nothing: "
            "https://my.telegram.org/apps"
        )
    return credentials


def from_environment(variable: str, parse: Callable[..., Any], *details: str) -> Any:
    """What `parse` makes of a variable's value, or None; a value that cannot be right is said and asked for instead."""
    value = SETTINGS.get(variable, "").strip()
    if not value:
        return None
    try:
        found = parse(value, *details)
    except Problem as problem:
        term.warn(f"{variable} is set, but cannot be used. {problem.title} {problem.meaning}")
        return None
    term.note(f"Using {variable}.")
    return found


def explain_api_page() -> None:
    """How an API ID and API hash are made. Source: core.telegram.org/api/obtaining_api_id, my.telegram.org (2026)."""
    term.say()
    term.say("They are free, belong to your account, and take two minutes:")
    term.steps(
        [
            "Open https://my.telegram.org/apps in a browser.",
            "Enter your phone number with its country code. The code comes as a message in the Telegram app, in the "
            "chat “Telegram”, not by SMS.",
            "Fill in “Create new application”; if you made one before, the page shows that instead. App title: any "
            "name, such as My reader. Short name: 5 to 32 letters and digits, such as myreader2026. URL: leave it "
            "empty. Platform: Desktop. Description: leave it empty.",
            "Press “Create application”. The next page shows “App api_id” and “App api_hash”.",
        ]
    )
    term.say()
    term.say("If the page only answers “ERROR”, which it does without a reason, try these one after the other:")
    term.steps(
        [
            "Turn off VPN, proxy and ad blocker, and use another browser or a private window.",
            "Use mobile data, in the country that your number is from.",
            "Leave URL empty, and take a short name of letters only that nobody else will have.",
            "Wait some hours and try again.",
        ]
    )
    term.say()
    term.say("Copy both lines from the page and paste them here, together or one by one.")
    term.say()


class PastedCredentials(NamedTuple):
    """What was pasted: either value, both, or neither (`App api_id:`, the first of two pasted lines)."""

    api_id: int | None = None
    api_hash: str | None = None

    def and_what(self, came: PastedCredentials | None) -> PastedCredentials:
        """With the values that came after these."""
        return PastedCredentials(came.api_id or self.api_id, came.api_hash or self.api_hash) if came else self


LONGEST_ANSWER = 2000  # characters of what was pasted that are looked at; a whole page of my.telegram.org has fewer

# `123456789:` and 35 characters that begin with AA (34 in the example of core.telegram.org/bots/features); others that
# begin so are recognised too, to say that they are cut off.
BOT_TOKEN = re.compile(r"(?<!\d)(\d{5,}):((?![0-9a-fA-F]{32}(?![\w-]))[\w-]{20,35}(?![\w-])|AA[\w-]*)", re.ASCII)

BOT_SECRET_LENGTHS = (34, 35)

EXPLAINED = {
    "API ID": "An API ID is a whole number of at most 9 digits that does not begin with 0.",
    "API hash": "An API hash has 32 characters: digits, and letters from a to f.",
}

# What else is typed where something is wanted, and what is said then. Below the last line: of the digits of a number.
MISTAKEN = r"""
API ID       | [1-9][0-9]{9}    | That is not an API ID: it looks like a phone number or the number of a bot.
    | The phone number, or the whole token of a bot, is asked for in step 2.
API ID       | \+[0-9.-]+       | That is not an API ID: it looks like a phone number.
    | The phone number is asked for in step 2.
API ID       | [0-9.-]{10,}     | That is not an API ID: it looks like a phone number.
    | The phone number is asked for in step 2.
API ID       | 0[0-9.-]{5,}     | That is not an API ID: it looks like a phone number.
    | The phone number is asked for in step 2.
API hash     | [0-9]{1,9}       | That is not the API hash: it looks like an API ID. |
API hash     | \+[0-9.-]+       | That is not the API hash: it looks like a phone number.
    | The phone number is asked for in step 2.
API hash     | [0-9.-]{10,16}   | That is not the API hash: it looks like a phone number.
    | The phone number is asked for in step 2.
phone number | @\w+             | That is not a phone number.
    | That is a username. Telegram signs people in by phone number: the one of that account.
phone number | \S+@\S+\.\S+     | That is not a phone number.
    | That is an e-mail address. Telegram signs people in by phone number.
phone number | [0-9a-fA-F]{32}  | That is not a phone number.
    | That is an API hash, and it has been asked for already. Here, type the phone number.
phone number | [\w=-]{200,}     | That is not a phone number.
    | That looks like a session string. To look at it, run this script with the word: check
digits       |                  | There is no number in that.
    | Type it with its country code, like +44 7700 900123.
digits       | .*\+.*           | There is a + in the middle of it.
    | Type one number, with the + in front: +44 7700 900123.
"""


def refuse_mistaken(wanted: str, typed: str) -> None:
    """Raises a Problem if something else was typed: a row of MISTAKEN."""
    for what, pattern, title, meaning in rows_of(MISTAKEN):
        if what == wanted and re.fullmatch(pattern, typed):
            raise Problem(title, f"{EXPLAINED.get(wanted, '')} {meaning}".strip())


def plain_text(text: str) -> str:
    """What was meant by what was pasted: full-width characters and digits of any script become plain ones, characters
    that cannot be seen (zero-width, direction marks, byte order marks) go, white space becomes single spaces."""
    import unicodedata

    plain = []
    for character in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(character)
        if category == "Nd":
            plain.append(str(unicodedata.decimal(character)))
        elif category not in ("Cf", "Cs"):
            plain.append(" " if category == "Cc" else character)
    return " ".join("".join(plain).split())


def shortened(text: str) -> str:
    """What was typed, short enough to be shown again."""
    short = text if len(text) <= 40 else text[:37] + "…"
    term.hide(short, "what was typed")
    return short


def parse_credentials(text: str, wanted: str) -> PastedCredentials:
    """Finds the API ID, the API hash, or both, in what was pasted at the prompt `wanted` (`API ID` or `API hash`).

    Understands bare values and `api_id = 123`, `App api_id: 123`, `export TELEGRAM_API_ID="123"`, `"apiId": 123,`.
    Neither is found in a line that only names them. Raises a Problem that says why it can be neither of them.
    """
    text = typed = plain_text(text[:LONGEST_ANSWER])
    if BOT_TOKEN.search(text):
        raise Problem(
            f"That is the token of a bot, not the {wanted}.",
            "A bot signs in with all three: its token, an API ID and an API hash. The token is asked for in step 2, at "
            f"“Phone number”. Here, paste the {wanted} from https://my.telegram.org/apps",
        )
    whole_hash = re.search(r"(?<!\w)[0-9a-f]{32}(?!\w)", text, re.IGNORECASE)
    if whole_hash:
        text = text[: whole_hash.start()] + " " + text[whole_hash.end() :]
    elif PLACEHOLDER_WORDS.search(text):
        raise _placeholder(text, wanted)
    api_id, api_hash = None, _checked_hash(whole_hash.group()) if whole_hash else None
    for name, value in _pasted_values(text, wanted, alone=not whole_hash):
        if name.lower().endswith("hash") or re.fullmatch("(?=.*[a-f])[0-9a-f]{20,}", value, re.IGNORECASE):
            api_hash = api_hash or _checked_hash(value)
        else:
            api_id = _checked_id(value, typed)
    return PastedCredentials(api_id, api_hash)


def _pasted_values(text: str, wanted: str, alone: bool) -> Iterator[tuple[str, str]]:
    """The values in a paste, each with its name, which ends in `id` or `hash`.

    Without names it is one value, of the name `wanted`, if there was no API hash beside it (`alone`); if there was,
    a single number is the API ID.
    """
    _, *named = re.split(r"(?:\bapp )?\b\w*?(?:api|app)[ _-]?(id|hash)\b", text, flags=re.IGNORECASE)
    if not named and alone:
        named = [wanted, text]
    elif not named:
        numbers = re.findall(r"(?<![\w+.-])\d+(?![\w.-])", text)
        named = ["id", *numbers] if len(numbers) == 1 else []
    for name, value in zip(named[::2], named[1::2]):
        value = re.sub(r"""#.*|[\s"'`‘’“”„«»=:;,{}()\[\]]+""", "", value)
        if value:
            yield name, value


def _placeholder(value: str, wanted: str) -> Problem:
    return Problem(
        f"{shortened(value)} is an example, not your {wanted}.",
        f"It stands in manuals and sample files. Your own {wanted} is at https://my.telegram.org/apps",
    )


def _checked_id(value: str, typed: str) -> int:
    """The API ID that `value` is, which was found in what was `typed`. Raises a Problem that says why it is none."""
    if value in PLACEHOLDER_API_IDS:
        raise _placeholder(value, "API ID")
    if re.fullmatch("[1-9][0-9]{0,8}", value):
        return int(value)
    refuse_mistaken("API ID", value)
    raise Problem("That is not an API ID.", f"{EXPLAINED['API ID']} You typed: {shortened(typed)}")


def _checked_hash(value: str) -> str:
    """The API hash that `value` is, in lower case as Telegram writes it. Raises a Problem that says why it is none."""
    value = value.lower()
    refuse_mistaken("API hash", value)
    explanation = f"{EXPLAINED['API hash']} This has {len(value)}"
    wrong = sorted(set(re.findall("[^0-9a-f]", value)))
    if wrong:
        likely = {"o": "the letter o (a zero, 0, is meant?)", "l": "the letter l (a 1 is meant?)"}
        others = ", ".join(likely.get(character, character) for character in wrong[:5])
        raise Problem("That is not an API hash.", f"{explanation}, and among them: {others}")
    missing = 32 - len(value)
    if missing:
        count = f"{abs(missing)} {'character is' if abs(missing) == 1 else 'characters are'}"
        raise Problem(
            f"That is not a whole API hash: {count} missing." if missing > 0 else f"API hash: {count} too many.",
            f"{explanation}. Copy it once more.",
        )
    if _made_up(value):
        raise _placeholder(value, "API hash")
    return value


def _made_up(value: str) -> bool:
    """Whether 32 hexadecimal digits follow a pattern that no random hash has: a repetition, or counting up or down."""
    steps = {(int(after, 16) - int(before, 16)) % 16 for before, after in zip(value, value[1:])}
    return value[:16] == value[16:] or len(steps) <= 3


def published_app(api_id: int) -> str:
    """Whose well-known key this is; empty for everybody's own."""
    found = re.search(f"^{api_id} +(.+)", PUBLISHED_API_IDS, re.MULTILINE)
    return found[1] if found else ""


# ── step 2: phone number ──


def ask_phone(use_environment: bool = True) -> PhoneNumber | BotToken | WantsQr:
    """Step 2: from TELEGRAM_PHONE, or asked for until it can be right.

    `use_environment` is False when the person wants another number than the one that stands there. What is found is
    shown and not asked about, unless nothing said that the number begins with its country code.
    """
    given: PhoneNumber | BotToken | WantsQr | None = None
    if use_environment:
        given = from_environment("TELEGRAM_PHONE", parse_phone_answer)
    if given is not None:
        tell_phone_answer(given)
        return given
    term.say("Type one of these:")
    term.say("your phone number with its country code, like +44 7700 900123", mark="•", indent=2)
    term.say("qr, to scan a QR code with the Telegram app instead", mark="•", indent=2)
    term.say("the token of a bot, to sign in as that bot", mark="•", indent=2)
    refused = ""
    while True:
        answer = term.ask("Phone number")
        if not answer:
            term.note("Nothing arrived. Type the number and press Enter; Ctrl-C leaves.")
            continue
        try:
            found = parse_phone_answer(answer, any_length=answer == refused)
        except Problem as problem:
            term.problem(problem)
            refused = answer
            continue
        tell_phone_answer(found)
        if not (isinstance(found, PhoneNumber) and found.assumed) or term.confirm("Is this the number?"):
            return found
        term.say("Then type it with + and the country code in front.")


def tell_phone_answer(found: PhoneNumber | BotToken | WantsQr) -> None:
    """Says how the answer was understood, so that a person sees a slip."""
    if isinstance(found, PhoneNumber):
        for spelling in (found.e164, found.e164[1:], found.formatted):
            term.hide(spelling, "phone number")
        for note in found.notes:
            term.note(note)
        term.good(f"{found.formatted} – {found.country}")
    elif isinstance(found, BotToken):
        term.hide(found.token, "bot token")
        term.good(f"The token of bot {found.bot_id}")
    else:
        term.good("Sign-in by QR code")


class PhoneNumber(NamedTuple):
    """A telephone number as Telegram takes it (`+447700900123`), its country, and how people write it.

    `notes` are sentences about what was changed on the way (a trunk zero taken out). `assumed` is True when nothing
    in front (`+`, `00`) said that the number begins with its country code.
    """

    e164: str
    country: str
    formatted: str
    notes: tuple[str, ...] = ()
    assumed: bool = False


class BotToken(NamedTuple):
    """What @BotFather gives out, `123456789:AA…`: the answer of someone who signs in a bot."""

    token: str

    @property
    def bot_id(self) -> int:
        """The number before the colon is the bot's user id."""
        return int(self.token.partition(":")[0])


class WantsQr:
    """The answer `qr`: sign in by QR code, without a phone number."""


def parse_phone_answer(text: str, any_length: bool = False) -> PhoneNumber | BotToken | WantsQr:
    """What was answered at the prompt `Phone number`: a number, the token of a bot, or `qr`. Raises a Problem."""
    text = plain_text(text)
    if re.fullmatch("(--)?qr([ -]?code)?", text.strip(QUOTES), re.IGNORECASE):
        return WantsQr()
    token = BOT_TOKEN.search(text)
    if token is None:
        return parse_phone(text, any_length)
    if len(token.group(2)) not in BOT_SECRET_LENGTHS:
        raise Problem(
            "That is not a whole bot token.",
            f"After the colon come {max(BOT_SECRET_LENGTHS)} characters, and here are {len(token.group(2))}. Copy it "
            "once more from the chat with @BotFather.",
        )
    return BotToken(token.group())


QUOTES = " ,;\"'`‘’“”„«»"

# What stands in front of the country code, what it stands for, and what is said of it where that is a guess. The first
# that can be right is taken. 0011 is how Australia dials abroad; no number of +1 begins with 1, so 00 is not meant.
ABROAD = r"""
0011(00)?           |   |
\++(00)?            |   |
00(00)?             |   |
(?!\+)(?!00)(?!011) |   | There was no + in front, so the first digits were taken for the country code.
011(00)?            |   | Read 011 as what is dialled in North America to call abroad.
810(00)?            |   | Read 8 10 as what is dialled in Russia to call abroad.
8(?=[79][0-9]{9}$)  | 7 | Read the 8 in front as +7: it is dialled inside Russia and Kazakhstan.
"""


def parse_phone(text: str, any_length: bool = False) -> PhoneNumber:
    """Reads a phone number the way people write it. Raises a Problem that says what is wrong with it.

    `any_length` is for a person who insists: the digits are then taken as they are, not held against CALLING_CODES.
    """
    written = _phone_digits(plain_text(text[:LONGEST_ANSWER]))
    refusals = []
    for front, meant, note in rows_of(ABROAD):
        if re.match(front, written):
            try:
                number = _phone_number(re.sub(front, meant, written, count=1), any_length and not note)
                return number._replace(notes=(note, *number.notes), assumed=True) if note else number
            except Problem as problem:
                refusals.append(problem)
    if written.startswith(("+", "00")):
        raise refusals[-1]
    reading = "" if written.startswith("0") else f"As it stands: {refusals[0].title} {refusals[0].meaning}"
    raise _country_code_missing(reading)


def _phone_digits(text: str) -> str:
    """The digits of a number as written, behind a + if there was one."""
    text = re.sub(
        r"^(?:export )?\w*(?:phone|tel|number)\w*( number)?\s*[:=]\s*", "", text.strip(QUOTES), flags=re.IGNORECASE
    )
    refuse_mistaken("phone number", text.strip(QUOTES))
    number = re.sub(r"[" + QUOTES + r"()\[\]{}./·•_\u2010-\u2015\u2212-]", "", text)
    if number.endswith("+"):  # where it lands when a number is copied out of text that runs from right to left
        number = "+" + number[:-1]
    digits = number.lstrip("+")
    refuse_mistaken("digits", digits)
    others = re.findall("[^0-9]", digits)
    if others:
        zero = ". Is the letter O meant to be a zero?" if set(others) <= set("oO") else ""
        raise Problem(
            "A phone number has only digits.",
            f"You typed: {shortened(text)}{zero}",
            ["Type it with its country code, like +44 7700 900123."],
        )
    return number


def _phone_number(digits: str, any_length: bool) -> PhoneNumber:
    """The number that `digits` are, country code first."""
    codes = calling_codes()
    row = next((codes[digits[:length]] for length in (5, 4, 3, 2, 1) if digits[:length] in codes), None)
    if row is None:
        if digits.startswith("0"):
            raise _country_code_missing()
        raise Problem(
            f"No country has the calling code +{digits[:3]}.",
            "After the + comes the country code, then the number without the 0 in front, like +44 7700 900123.",
        )
    if not row.lengths:
        raise Problem(f"+{row.code} {row.country}.", "Type the number that the Telegram account was made with.")
    dialled = digits[len(row.code) :]
    national = dialled if any_length else _without_trunk(dialled, row)
    trunk = dialled[: len(dialled) - len(national)]
    country = next((area for prefix, area in row.areas if national.startswith(prefix)), row.country)
    if len(national) not in row.lengths and not (any_length and 4 <= len(national) <= 15 - len(row.code)):
        raise _wrong_length(national, row, country)
    notes = [f"Left out the {trunk} after +{row.code}: it is only dialled without the country code."] if trunk else []
    if row.hint and len(national) != row.shape.count("X"):
        notes.append(row.hint)
    return PhoneNumber(f"+{row.code}{national}", country, f"+{row.code} {_grouped(national, row.shape)}", tuple(notes))


def _without_trunk(national: str, row: CallingCode) -> str:
    """Takes out what is only dialled inside the country: `07700900123` → `7700900123`.

    Where that is 0, no number begins with it; anything else is taken out only if the length is right then.
    """
    for trunk in row.trunks:
        rest = national.lstrip("0") if trunk == "0" else national[len(trunk) :]
        fits = len(rest) in row.lengths and len(national) not in row.lengths
        if national.startswith(trunk) and (trunk == "0" or fits):
            return rest
    return national


def _grouped(national: str, shape: str) -> str:
    """`7700900123` in the shape `XXXX XXXXXX` → `7700 900123`; of another length: threes, and the rest."""
    if len(national) != shape.count("X"):
        return re.sub(r"(\d{3})(?=\d{2})", r"\1 ", national)
    digits = iter(national)
    return re.sub("X", lambda _: next(digits), shape)


def _wrong_length(national: str, row: CallingCode, country: str) -> Problem:
    shortest, longest = min(row.lengths), max(row.lengths)
    expected = " or ".join(str(length) for length in row.lengths)
    if len(row.lengths) == longest - shortest + 1 > 2:
        expected = f"{shortest} to {longest}"
    wrong = "too short" if len(national) < shortest else "too long" if len(national) > longest else "not complete"
    return Problem(
        f"That number is {wrong} for +{row.code} ({country}).",
        f"After +{row.code} come {expected} digits, like +{row.code} {row.shape}; here are {len(national)}. "
        f"{row.hint}".strip(),
        [
            f"Look for a digit {'too many' if wrong == 'too long' else 'that is missing'}. The Telegram app shows your "
            "number under Settings.",
            f"If +{row.code} is not your country’s code, put that in front of the whole number.",
            "If the number is right as it is, type it once more.",
        ],
    )


def _country_code_missing(reading: str = "") -> Problem:
    return Problem(
        "The country code is missing.",
        "Telegram needs the number as it is dialled from another country: +, the country code, and the rest without "
        f"the 0 in front. In the United Kingdom, 07700 900123 becomes +44 7700 900123. {reading}".strip(),
        ["The Telegram app shows your number with its country code under Settings."],
    )


# ══ 6  FINDINGS ══════════════════════════════════════════════════════════════════════════════════════════════════════
#
# Whatever is given holds findings: each has its place, as a person would say it, and a session or the `Problem` that it
# has. What was given (`given_findings`) is a text or paths; files, folders and texts all go through `findings_at` or
# `findings_in_text`; `check` shows what comes out of it, and `convert` takes it from there.


class Finding(NamedTuple):
    """One thing that was found.

    `place` is what a person would call it: “accounts.json, line 12”, “account 2”; empty for the whole of a text.
    `storage` is a bare one where no format could be made out; `number` is what --account knows the finding by. `doubts`
    are what is odd about this session; what is odd about all of its storage is in `storage.warnings`.
    `faults` are those of the settings around it, where `variable` is its name.
    """

    place: str
    session: Session | Problem
    storage: Storage
    number: int = 1
    doubts: Sequence[str] = ()
    faults: Sequence[Problem] = ()
    variable: str = ""


def sessions_of(found: Iterable[Finding]) -> list[Session]:
    """The sessions among the findings."""
    return [finding.session for finding in found if isinstance(finding.session, Session)]


# ── what was given ──


def given_findings(
    words: Sequence[str], json_path: str | None = None, key_name: str = "", account: int = 0, dc: int = 0
) -> list[Finding]:
    """All that is in what was given, never nothing; or the one of number `account`, a `Problem` if it is not there.

    `dc` is the data centre of a bare key; without it a person is asked.

    `words` are paths, in whatever spelling, or texts; `-` is standard input, and no word at all TELEGRAM_SESSION_STRING
    or the keyboard. Findings of one storage keep their numbers; those of several are numbered in their order.
    """
    paths = [path for word in words if word for path in paths_meant(word)]
    found = []
    for path in without_halves(paths) if paths else [""]:
        if path in ("", "-"):
            found += findings_in_input(path, json_path, key_name)
        elif is_secret(path) and not os.path.lexists(path):
            term.warn(
                "A secret on the command line stays in the shell's history. Remove it there (history -d, or "
                "Clear-History), and next time leave it out: it is asked for without showing it."
            )
            found += findings_in_text(path, "")
        else:
            alone = len(paths) == 1 and os.path.isdir(path)
            place = "" if alone else os.path.basename(os.path.abspath(path))
            found += findings_at(path.rstrip("/" + os.sep) or path, place, json_path, key_name)
    found = with_same_strings([in_data_centre(finding, dc) for finding in found])
    if len({id(finding.storage) for finding in found}) > 1:
        found = [finding._replace(number=number) for number, finding in enumerate(found, 1)]
    found = [finding for finding in found if account in (0, finding.number)]
    if not found:
        raise Problem(f"There is no account {account} in it.", "", [PICK_ACCOUNT], name="NoSuchAccount")
    return found


def is_secret(word: str) -> bool:
    """Whether a word is no path, but a string or the beginning of one, or a bot token."""
    return len(word) > 200 or looks_like_a_string(word) or bool(re.fullmatch(r"\d{5,12}:[\w-]{30,}", word))


def findings_in_input(source: str, json_path: str | None, key_name: str) -> list[Finding]:
    """What is in TELEGRAM_SESSION_STRING, or is typed, until it is a session, or comes by standard input.

    With `-` as the `source` standard input goes before the variable, where it is no terminal.
    """
    given = SETTINGS.get("TELEGRAM_SESSION_STRING")
    if given and (not source or term.interactive):
        term.note("Using the session string in TELEGRAM_SESSION_STRING.")
        return findings_in_text(given, "")
    while term.interactive:
        answer = term.ask_secret("Session string, or the path of a file or folder", lines=True).strip()
        paths = paths_meant(answer) if len(answer) < 4096 else []
        there = any(map(os.path.exists, paths))
        found = given_findings(paths, json_path, key_name) if there else findings_in_text(answer, "")
        if sessions_of(found):
            return found
        for finding in found:
            if isinstance(finding.session, Problem):
                term.problem(finding.session)
    data = sys.stdin.buffer.read(TEXT_LIMIT)
    if data.startswith(b"SQLite format 3\0"):
        what = "Give the path of a .session file; only a string can come by standard input."
        raise Problem(what, code=2, name="DatabaseByInput")
    return findings_in_bytes(data, "")


def paths_meant(word: str) -> list[str]:
    """The paths that somebody means who typed, pasted or dropped this; the word itself if there is nothing there.

    Terminals and file managers give `file:///` URLs, quotes, blanks behind a backslash; PowerShell `& '…'`. Windows'
    shells leave `~` and patterns to the program. The endings .session and .json may be left out.
    """
    import glob
    from urllib.request import url2pathname

    bare = re.sub(r"^&\s+(?=['\"])", "", word.strip()).strip(WRAPPING + " ")
    if re.match("file:/", bare, re.IGNORECASE):
        bare = url2pathname(
            re.sub("^file:/*(localhost/+)?", "///" if sys.platform == "win32" else "/", bare, flags=re.I)
        )
    readings = [word]
    for reading in (bare, bare.replace("''", "'"), re.sub(r"\\(.)", r"\1", bare)):
        readings += [reading, os.path.expanduser(reading)]
    for reading in readings:
        for ending in ("", ".session", ".json"):
            if os.path.lexists(reading + ending):
                return [reading + ending if ending else reading]
    for reading in readings if glob.has_magic(word) and "\0" not in word else ():
        found = sorted(glob.glob(reading))
        if found:
            return found
    return [word]


def without_halves(paths: Sequence[str]) -> list[str]:
    """The paths, each once, without a `.json` that belongs to a `.session` among them."""
    bases = {path[: -len(".session")] for path in paths if path.lower().endswith(".session")}
    return [path for path in dict.fromkeys(paths) if not (path.lower().endswith(".json") and path[:-5] in bases)]


# ── files and folders ──

FOLDER_DEPTH = 3  # folders in each other that are looked into
# Files of a folder that are looked into. Of those that do not end in .session only what is found in them is told.
LOOKED_INTO = r"(?i)(?!\._).*\.(session|json|txt|csv|log|md|db|sqlite3?|string|env|toml|ya?ml|ini|conf|cfg|zip)|\.env.*"


def joined(*places: object) -> str:
    """`accounts.json`, ``, `line 12` → `accounts.json, line 12`."""
    return ", ".join(str(place) for place in places if place)


def findings_at(
    path: str, place: str, json_path: str | None = None, key_name: str = "", depth: float = FOLDER_DEPTH
) -> list[Finding]:
    """Everything in a file or folder, never nothing: what holds no session is one finding with its `Problem`."""
    import zipfile

    found: list[Finding] = []
    with contextlib.suppress(Problem):  # too long for settings, or not to be read, which will be said
        found = findings_in_settings_file(path, place) if os.path.isfile(path) and not json_path else []
    if found:
        return found
    try:
        found = [] if is_around_tdata(path) else findings_of(recognise_path(path, json_path, key_name), place)
    except Problem as problem:
        found = [Finding(place, problem, Storage())]
    if sessions_of(found) and not isinstance(found[0].storage, StringStorage):
        return found
    if os.path.isdir(path):
        return findings_in_folder(path, place, key_name, depth) or found
    if depth > 0 and os.path.isfile(path) and zipfile.is_zipfile(path):
        return findings_in_zip(path, place, key_name, depth - 1) or found
    return findings_in_text_file(path, place) or found


def is_around_tdata(path: str) -> bool:
    """Whether the folder of Telegram Desktop lies in this one, perhaps beside other things."""
    return os.path.isdir(path) and Tdata.find(path) not in (None, os.path.abspath(path))


def findings_of(storage: Storage, place: str) -> list[Finding]:
    """Every session in a storage, and for each account that cannot be read its `Problem`; the active one first."""
    accounts: Sequence[tuple[int, Session | Problem]]
    try:
        if isinstance(storage, Tdata):
            unlock(storage)
            accounts = storage.accounts()
        else:
            accounts = list(enumerate(storage.load_all(), 1))
    except Problem as problem:
        accounts = [(1, problem)]
    found = []
    for number, account in accounts:
        here = joined(place, account_name(storage, number) if len(accounts) > 1 else "")
        odd = doubts(account) if isinstance(account, Session) else ()
        found.append(Finding(here, account, storage, number, odd))
    for session in sessions_of(found):
        term.hide(home_key(session).hex(), "key")
    return found


def in_data_centre(finding: Finding, dc: int) -> Finding:
    """The finding of a bare key with its data centre, which is asked for if it was not given; any other as it is."""
    storage = finding.storage
    if not isinstance(storage, BareKey):
        return finding
    while not dc and term.interactive:
        term.say(f"{finding.place or 'This'}: {storage.label}, all 256 bytes of it.")
        answer = term.ask("Data centre of this key, 1 to 5 (Enter alone: I do not know)")
        dc = int(answer) if answer in ("1", "2", "3", "4", "5") else 0
        if not answer:
            break
    storage.dc = dc
    return findings_of(storage, finding.place)[0]


def account_name(storage: Storage, number: int) -> str:
    """`account 2`, what the storage calls it, and whether it is the one that is open in Telegram Desktop."""
    active = isinstance(storage, Tdata) and number == storage.active
    return storage.names.get(number) or f"account {number}{' (the active one)' if active else ''}"


def findings_in_folder(folder: str, place: str, key_name: str, depth: float) -> list[Finding]:
    """What lies in a folder and its folders: all `.session` files and known folders, else only what holds a session."""
    found = []
    _, folders, files = next(os.walk(folder), ("", [], []))
    depth -= 0.2 if len(folders) == 1 and not files else 1  # where one folder is all there is, one has to go on
    for number, name in enumerate(without_halves(sorted(folders + files))):
        path, here = os.path.join(folder, name), f"{place}/{name}" if place else name
        inner = name in folders
        wanted = bool(re.fullmatch(LOOKED_INTO, name))
        if inner:
            wanted = depth > -1 and name[:1] != "." and not os.path.islink(path)
        if term.redraws and number % 20 == 19:
            term.status("… looking into ", here)
        for finding in findings_at(path, here, None, key_name, depth) if wanted else ():
            certain = inner or name.lower().endswith(".session") or finding.place != here
            if isinstance(finding.session, Session) or (certain and finding.session.name != "NoSession"):
                found.append(finding)
    term.clear_status()
    return found


ZIP_LIMIT = 64 << 20  # bytes that are taken out of an archive
# The last are what tdata, the data of Android and GramJS's folders are read of, and the logs of databases.
IN_ZIP = f"{LOOKED_INTO}|(?i:key_.+|[0-9a-f]{{16}}s?|maps?|configs?|tgnet\\.dat|.+%3A.+|.+-(wal|journal))"


def findings_in_zip(path: str, place: str, key_name: str, depth: float) -> list[Finding]:
    """What is in a zip: taken out to where only its owner can read it, in memory on Linux, and removed again."""
    import shutil
    import tempfile
    import zipfile

    memory, left = "/dev/shm", ZIP_LIMIT
    folder = tempfile.mkdtemp(prefix="telegram-session-", dir=memory if os.access(memory, os.W_OK) else None)
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                info.filename = info.filename.replace("\\", "/")
                if re.fullmatch(IN_ZIP, info.filename.rpartition("/")[2]):
                    left -= info.file_size
                    if left < 0:
                        raise ValueError(f"it holds more than {ZIP_LIMIT >> 20} MiB of what could be sessions")
                    archive.extract(info, folder)  # which lets no name lead out of the folder, nor more come than that
        found = findings_at(folder, place, None, key_name, depth)
        for number, one in enumerate(found):
            if isinstance(one.session, Session) and one.session.contacts:  # they would be read later, and are gone then
                behind = [*one.doubts, "Its contacts stay behind: unpack the archive to take them along."]
                found[number] = one._replace(session=one.session._replace(contacts=None), doubts=behind)
        return [one for one in found if not (isinstance(one.session, Problem) and one.session.name == "NoSession")]
    except Exception as error:  # a damaged one makes zipfile raise anything
        what = f"{os.path.basename(path)} is an archive that is not unpacked here: {error}."
        problem = Problem(what, "", ["If you trust it, unpack it yourself, and give the folder."], name="Archive")
        return [Finding(place, problem, Storage())]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unlock(tdata: Tdata) -> None:
    """Opens a Telegram Desktop folder: without a passcode, with TELEGRAM_PASSCODE, or with one that is asked for."""
    tdata.open()  # a folder that is damaged needs no package
    offer_install(TELETHON, "pyaes", "To open this folder the package pyaes is needed. It comes with Telethon:")
    if tdata.unlock():
        return
    if any(wrap.kind == 1 for wrap in tdata.open().wraps):
        why = "Telegram Desktop 7.3 protects its passcode with Argon2id, which takes one more Python package to open."
        offer_install("argon2-cffi", "argon2", why)
    given = SETTINGS.get("TELEGRAM_PASSCODE")
    if given:
        term.note("Using the passcode in TELEGRAM_PASSCODE.")
        term.hide(given, "passcode")
        if tdata.unlock(given):
            return
        if not term.interactive:
            what = "The one in TELEGRAM_PASSCODE does not open this folder."
            raise Problem("Wrong passcode.", what, [PASSCODE_IS], name="WrongPasscode")
        term.bad("Wrong passcode.")
    if term.interactive:
        term.note(f"{tdata.path} is locked.")
    while True:
        if not term.interactive:
            tdata.accounts()  # raises the `Problem` of a locked folder
        passcode = term.ask_secret("Passcode of this Telegram Desktop")
        term.hide(passcode, "passcode")
        if tdata.unlock(passcode):
            return
        term.bad(f"Wrong passcode. {PASSCODE_IS}")


PASSCODE_IS = "It is the one that Telegram Desktop asks for when it starts, not the 2FA password."


# ── texts ──

TEXT_LIMIT = 4 << 20  # bytes of a text that strings are looked for in: settings, exports of n8n, logs


def findings_in_text_file(path: str, place: str) -> list[Finding]:
    """The session strings in a file, whole or damaged; none if it has none, or cannot be read."""
    try:
        found = findings_in_bytes(read_file(path, TEXT_LIMIT), place)
    except Problem:
        return []
    return [finding for finding in found if finding.place != place or isinstance(finding.session, Session)]


def findings_in_bytes(data: bytes, place: str) -> list[Finding]:
    """The session strings in bytes, whatever their encoding; or one finding, with the `Problem` of the whole."""
    text, odd = text_of_file(data)
    found = findings_in_text(text, place)
    for finding in found:
        if odd and isinstance(finding.storage, StringStorage):
            finding.storage.repaired.append(odd)
    return found


def findings_in_text(text: str, place: str) -> list[Finding]:
    """The session strings in a text: with their names and lines where other things stand around them.

    A string that is damaged is one of them, if it shows whose it was. Otherwise one finding, with the `Problem` that
    the whole text has.
    """
    found = [] if place else findings_in_settings(text, place)
    if found:
        return found
    found = strings_in(text, place)
    try:
        whole = recognise_text(text[:STRING_LIMIT])
    except Problem as problem:
        return found or [Finding(place, problem, Storage())]
    return found if sessions_of(found) and (len(found) > 1 or "\n" in text.strip()) else findings_of(whole, place)


def strings_in(text: str, place: str) -> list[Finding]:
    """The session strings in a text of any kind, whole or damaged."""
    found: list[Finding] = []
    seen = set()
    for name, line, piece, rest in pieces_of(text):
        if (name, piece) in seen:
            continue
        seen.add((name, piece))
        likely = re.search("(?i)session|string", name) or looks_like_a_string(piece)
        if not likely and len(piece) < 250:  # shorter than every whole one: a hash, a signature
            continue
        here = joined(place, name, f"line {line}")
        before = sum(finding.place.startswith(here) for finding in found)
        here += f" ({before + 1})" if before else ""
        damage: Problem | None = None
        for candidate in (piece, piece + rest) if rest else (piece,):
            try:
                found += findings_of(recognise_text(candidate), here)
                break
            except Problem as problem:
                damage = damage or problem
        else:
            if damage and likely:
                damage.meaning = f"It is in {here}. {damage.meaning}"
                found.append(Finding(here, damage, Storage()))
    return found


# A long run of base64, in which settings may have put JSON's marks for a line end, “/” and “=”, perhaps twice over, and
# a person letters that only look like those of base64.
PIECE = r"(?:[\w+/-]|\\{1,4}(?:[nrt/]|u00[0-9A-Fa-f]{2})){60,}=*"


# More of it on the next line, in quotes of its own, behind a backslash or a plus.
GOES_ON_BELOW = r"(?:[\"'\\+\s]{0,20}\s[ \t]{0,40}b?[\"']?[A-Za-z0-9+/_-]{8,}=*(?=[\s\"'\\]|$))+"


def pieces_of(text: str) -> Iterator[tuple[str, int, str, str]]:
    """What could be strings in settings of any kind: the name in front, the line, the value, and how it may go on."""
    line = counted = 0
    for found in re.finditer(PIECE, text):
        start, end = found.span()
        line += text.count("\n", counted, start)
        counted = start
        piece = re.sub(r"\\+u00(..)", lambda mark: chr(int(mark[1], 16)), found[0])
        piece = re.sub(r"\\+[nrt]", "\n", re.sub(r"\\+/", "/", piece))
        before = text[max(0, start - 80) : start].rpartition("\n")[2]
        # Short, and masked: it can be the end of another string.
        named = re.search(r"(?<![\w+/=-])([A-Za-z_][\w.-]{0,40})[\\\"']*\s*[:=]\s*[\\\"']*$", before)
        goes_on = re.match(GOES_ON_BELOW, text[end : end + 1000])
        rest = re.findall("[A-Za-z0-9+/_-]{8,}=*", goes_on[0]) if goes_on else []
        yield term.mask(named[1]) if named else "", line + 1, piece, "".join(f"\n{more}" for more in rest)


# ── settings: what stands in them ──


class Entry(NamedTuple):
    """One value in settings: the names that lead to it, the items of a list by their number, the value, its line.

    One that is commented out has `#` and its name alone.
    """

    path: tuple[str, ...]
    value: Any
    line: int


class Server(NamedTuple):
    """What belongs together in settings: a server, a service, or a whole .env; each value's path is its name alone."""

    name: str
    values: list[Entry]
    command: list[Entry]
    off: int = 0  # the line that switches it off
    more: bool = False  # whether it gets values from elsewhere, too
    folder: str = ""  # the one that it is started in, where the settings say so

    @property
    def words(self) -> list[str]:
        """The command that starts it."""
        return [str(one.value) for one in self.command]


def hide_values(server: Server) -> None:
    """Has the values of a server's variables masked, and the words of its command that follow the name of a secret."""
    for one in server.values:
        term.hide(one.value, one.path[0])
    for before, word in zip(server.words, server.words[1:]):
        if re.search("(?i)password|passcode|hash|session|token|secret|key", before):
            term.hide(word, before.lstrip("-"))


Odd = tuple[str, int]  # a row of SETTINGS_DOUBTS and its line

# The kinds of settings, by what only they have; anything else of which all lines are assignments is a .env file.
SETTINGS_KINDS = {
    "command": r"\bmcp add(?:-json)?\s",
    "json": r"\A\s*(?!\[[A-Za-z])(?:[{\[][\s\"{}\]]|//|/\*)",
    "toml": r"(?m)^[ \t]*\[mcp_servers\b",
    "unit": r"(?m)^\[Service\]",
    "yaml": r"(?m)^(?:services|extensions):",
}

# Lists of servers in settings: of MCP clients, and of compose.
SERVERS_KEYS = ("mcpServers", "servers", "context_servers", "mcp", "mcp_servers", "extensions", "services")
QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'"
SCALAR = rf"{QUOTED}|[^\s,\[\]{{}}=]+"
ASSIGNMENT = r"\s*(#?)\s*(?:export\s+|set\s+|\$env:)?([A-Za-z_]\w*)\s*=[ \t]*(.*)"
# Where a line is not the end of it: in a list, in three quotes, behind a backslash.
UNFINISHED = r"(?s)[=:]\s*(?:\[[^\]]*|(\"{3}|'{3})(?:(?!\1).)*)\Z|\\\Z"
SESSION_NAMES = (
    r"(?i).*(session.?string|string.?session).*|((\w+_)?(telegram|tg|telethon|pyrogram|gramjs|user|bot|client)_?)?session"
    r"(_?\d+)?|(telegram|tg|telethon|pyrogram|user)_string"
)
REFERENCE = (
    r"\$\{.+\}|\$\w+|%\w+%|\{\{.+\}\}|op://.+|\{(?:env|file):.+\}|\$\(.+\)|`.+`|(?:int\()?os\.(?:environ|getenv).+"
    r"|process\.env\b.+"
)
# Where a server gets values besides those that stand in its settings.
FROM_ELSEWHERE = ("env_file", "envFile", "env_keys", "env_vars")


def settings_entries(text: str) -> tuple[str, list[Entry], list[Odd]]:
    """What stands in settings of any kind, and which (`env`, or one of SETTINGS_KINDS); "": these are no settings."""
    for kind, pattern in SETTINGS_KINDS.items():
        found = re.search(pattern, text)
        if found and kind == "command":
            return kind, command_entries(text, pattern), []
        if found:
            return (kind, *(json_entries(text) if kind == "json" else line_entries(text, kind)))
    lines = [line for line in text[:100_001].splitlines() if line.strip() and line.lstrip()[0] != "#"]
    if (
        1 < len(lines) < 2000
        and len(text) <= 100_000
        and all(re.match(ASSIGNMENT, line) or re.fullmatch(r"\s*[\w+/=-]+[\"']?\s*", line) for line in lines)
    ):
        return ("env", *line_entries(text, "env"))
    return "", [], []


def json_entries(
    text: str, spans: dict[tuple[str, ...], tuple[int, int]] | None = None
) -> tuple[list[Entry], list[Odd]]:
    """The values of JSON, also with comments and trailing commas, and where it is not what JSON allows.

    `spans` gets where each object and list begins and ends.
    """
    import json

    starts: list[int] = []
    entries: list[Entry] = []
    odd: list[Odd] = []
    brackets, keys, last, comma = "", [], "", 0
    number, at = 1, 0
    for found in re.finditer(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+|"', text, re.DOTALL):
        token = found[0]
        number, at = number + text.count("\n", at, found.start()), found.start()
        if token[:2] in ("//", "/*"):
            odd.append(("comment", number))
            entries += [Entry(("#", name), "", number) for name in re.findall(r'"(\w+)"\s*:', token)]
            continue
        if last == "value" and token not in "}],:":
            odd.append(("no_comma", number))
        if token in "{[":
            brackets, last = brackets + token, token
            keys.append("0" if token == "[" else "")
            starts.append(at)
        elif token in "}]":
            if brackets[-1:] != {"}": "{", "]": "["}[token]:
                break
            odd += [("comma", comma)] if last == "," else []
            brackets, last = brackets[:-1], "value"
            keys.pop()
            if spans is not None:
                spans[tuple(keys)] = starts[-1], found.end()
            starts.pop()
        elif token == ",":
            last, comma = ",", number
            if brackets[-1:] == "[":
                keys[-1] = str(int(keys[-1]) + 1)
        elif token == ":":
            last = ":"
        else:
            try:
                value = json.loads(token, strict=False)
            except ValueError:
                break
            odd += [("raw_break", number)] if "\n" in token else []
            if brackets[-1:] == "{" and last != ":":
                keys[-1], last = str(value), "key"
            else:
                entries.append(Entry(tuple(keys), value, number))
                last = "value"
        if len(brackets) > 100:  # nobody's settings
            break
    else:
        if not brackets:
            forgiven = all(doubt in ("comment", "comma") for doubt, _ in odd)
            return entries, [*odd, *(refused_by_json(plain_json(text)) if forgiven else [])]
    return entries, [*odd, ("no_json", number)]


def plain_json(text: str) -> str:
    """JSON without comments and commas at the end of lists, which some clients forgive; its lines stay."""
    text = re.sub(
        r'(?s)("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda one: one[1] or re.sub(r"[^\n]", " ", one[0]), text
    )
    return re.sub(r'(?s)("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', lambda one: one[1] or "", text)


def refused_by_json(text: str) -> list[Odd]:
    """The line where JSON itself ends, if there is one: a colon that is missing, for one."""
    try:
        load_json(text)
    except ValueError as error:
        return [("no_json", getattr(error, "lineno", 1))]
    return []


def scalar(text: str) -> Any:
    """A value as TOML, YAML and .env files write it, without its quotes and its comment; whole numbers are numbers."""
    import json

    text = re.sub(rf"^({QUOTED})\s*(?:#.*)?$|(?:^|\s+)#.*", r"\1", text)
    if text[:1] in ("'", '"') and text[0] == text[-1]:
        try:
            return json.loads(text, strict=False)
        except ValueError:  # in single quotes, or with a backslash that JSON does not know
            return text[1:-1]
    return int(text) if re.fullmatch(r"\d{1,20}", text) else text


def listed(path: tuple[str, ...], words: Iterable[str], line: int) -> list[Entry]:
    """The items of a list."""
    return [Entry((*path, str(number)), scalar(word), line) for number, word in enumerate(words)]


def flow_entries(path: tuple[str, ...], text: str, line: int) -> list[Entry]:
    """The values of a list or a table that stands in brackets, or the one value that this is."""
    if text[:1] == "[":
        return listed(path, re.findall(SCALAR, text), line)
    if re.match(r"\{(?!\{)", text):
        pairs = re.findall(rf"([\w.-]+|\"[^\"]*\")\s*[=:]\s*(\[[^\]]*\]|{SCALAR})", text)
        return [one for name, item in pairs for one in flow_entries((*path, scalar(name)), item, line)]
    return [Entry(path, scalar(text), line)]


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines and their numbers; one that ends in a list, in three quotes or with a backslash, with what follows."""
    lines = enumerate(text.splitlines(), 1)
    for number, line in lines:
        for _, more in lines if re.search(UNFINISHED, line) else ():
            line = f"{line}\n{more}"
            if not re.search(UNFINISHED, line):
                break
        yield number, line


def line_entries(text: str, kind: str) -> tuple[list[Entry], list[Odd]]:
    """The values of TOML, YAML, a .env file or a systemd unit, and a line that not every reader of .env files takes.

    As the settings of clients, compose files and units have them: of YAML no anchors and tags.
    """
    entries: list[Entry] = []
    odd: list[Odd] = []
    section: tuple[str, ...] = ()
    above: list[tuple[int, str]] = []  # how far in, and the name
    sign = r":(?=\s|$)" if kind == "yaml" else r"\s*="
    for number, line in enumerate(text.splitlines(), 1) if kind == "env" else logical_lines(text):
        indent, item, prefix, name, value = re.fullmatch(  # type: ignore[union-attr]
            rf"(?s)(\s*)(- +)?(export\s+|set\s+|\$env:)?(?:([\w.-]+|\"[^\"]*\"){sign})?\s*(.*?)\s*", line
        ).groups("")
        depth = len(indent) if kind == "yaml" else 0
        head = re.match(r"\[+([^\]]+)\]", value)
        goes_on = not (item or name) or (kind == "env" and re.fullmatch(REST_OF_VALUE, line.strip()))
        if not line.strip() or (not name and value[:1] in ("#", ";")):
            signs = ":=" if kind == "yaml" else "="
            commented = re.match(rf"[#;]\s*(?:- *|export +|Environment=[\"']?)?([\w.]+)[\"']?\s*[{signs}](.*)", value)
            entries += [Entry(("#", commented[1]), scalar(commented[2].strip()), number)] if commented else []
        elif head and goes_on:
            section = tuple(str(scalar(part)) for part in re.findall(rf"{QUOTED}|[^.\s]+", head[1]))
        elif goes_on:
            path = (*section, *(part for _, part in above))
            more = str(scalar(line.strip()))
            if kind == "env" and entries and re.search(r"[\w+/-]{20}\\?$", str(entries[-1].value)):
                path = entries[-1].path
            elif kind == "env" or not above or depth <= above[-1][0]:
                continue
            begun = entries.pop() if entries and entries[-1].path == path else Entry(path, "", number)
            entries.append(begun._replace(value="\n".join(filter(None, (str(begun.value), more)))))
        else:
            while above and (above[-1][0], above[-1][1].isdigit()) >= (depth, bool(item)):
                above.pop()
            above += [(depth, str(number))] if item else []
            above += [(depth + len(item), name.strip('"'))] if name else []
            path = (*section, *(part for _, part in above))
            if kind == "env":
                quoted_there = prefix[:6] == "export" or (not prefix and value[:1] in ("'", '"'))
                odd = odd or ([("quotes", number)] if quoted_there else [])
                entries.append(Entry(path, scalar(value), number))
            elif kind == "unit":
                part = {"Environment": "env", "ExecStart": "args", "EnvironmentFile": "env_file"}.get(name, "")
                entries += listed(("services", "the unit", part), words_of(value.replace("\\\n", " ")), number)
            elif value:
                value = re.sub(r"(?s)^(\"{3}|'{3})(.*?)\1.*|^[|>]-?$", r"'\2'", value)
                path = (*section, *name.split(".")) if kind == "toml" and name[:1] != '"' else path
                entries += flow_entries(path, value, number)
    return entries, odd


# A line of a .env file that goes on with a string, and is no variable that is empty.
REST_OF_VALUE = r"(?![A-Z_][A-Z\d_]*=$|[a-z_][a-z\d_]*=$)(?:[\w+/-]{20,}=*|[\w+/-]+={1,2})[\"']?"


def words_of(command: str) -> list[str]:
    """The words of a command as a shell splits it; at blanks alone if its quotes do not close."""
    import shlex

    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def command_entries(text: str, pattern: str) -> list[Entry]:
    """The values of each `claude mcp add NAME -e A=b -- COMMAND`, or of `add-json NAME JSON`, behind these words."""
    entries: list[Entry] = []
    for found in re.finditer(pattern + REST_OF_COMMAND, text):
        words = [re.sub("^(-e|--env)=", "", word) for word in words_of(found[1].replace("\\\n", " "))]
        places = [max(found.start(), text.find(word, found.start(), found.end())) for word in words]
        lines = [text.count("\n", 0, place) + 1 for place in places]
        end = words.index("--") if "--" in words else len(words)
        plain = [
            (word, line)
            for before, word, line in zip(["", *words], words[:end], lines)
            if word[:1] != "-" and before not in ADD_OPTIONS.split()
        ]
        path = ("mcp", next((word for word, _ in plain if re.fullmatch(r"[\w.@/-]{1,60}", word)), ""))
        for word, line in plain:
            if word[:1] == "{":
                there = json_entries(word)[0]
                entries += [Entry(path + one.path, one.value, line + one.line - 1) for one in there]
            elif "=" in word:
                entries.append(Entry((*path, "env", str(len(entries))), scalar(word), line))
        entries += listed((*path, "args"), words[end + 1 :], lines[0] if lines else 0)
    return entries


# What stands behind these words up to the end of the command; a backslash or a quote takes it over the end of a line.
REST_OF_COMMAND = rf"((?:\\\n|{QUOTED}|[^\n])*)"

# Options of `claude mcp add` and `codex mcp add` that take a value, but those for the environment.
ADD_OPTIONS = "-s --scope -t --transport -H --header --url --timeout --client-id --client-secret --callback-port"


def servers_in(kind: str, entries: Sequence[Entry]) -> list[Server]:
    """The servers of settings, in their order."""
    servers: dict[tuple[str, ...], Server] = {}
    inside: tuple[str, ...]
    names = {one.path[:-1]: str(one.value) for one in entries if one.path[-1] == "name"}
    for one in entries:
        path = one.path
        at = next((at for at, key in enumerate(path[:-2]) if key in SERVERS_KEYS), None)
        if path[0] == "#":
            continue
        if kind == "env" or path[0] == "login":
            group, inside, name = path[:-1], ("env", path[-1]), ""
        elif path[-2:-1] == ("data",):
            group, inside, name = path[:-2], ("env", path[-1]), names.get(path[:-2], "credentials")
        elif at is not None:
            group, inside, name = path[: at + 2], path[at + 2 :], path[at + 1]
        else:
            continue
        if inside[0] == "command" and inside[1:2] and not inside[1].isdigit():  # Zed's older shape
            inside = ("command",) if inside[1] == "path" else inside[1:]
        server = servers.setdefault(group, Server(name if len(name) <= 60 else "…", [], []))
        if inside[0] in ("env", "environment", "envs") and len(inside) == 2:
            variable, sign, value = str(one.value).partition("=")
            listed_there = inside[1].isdigit() and sign and re.fullmatch(r"[A-Za-z_][\w.-]{0,60}", variable)
            server.values.append(Entry((variable,), value, one.line) if listed_there else one._replace(path=inside[1:]))
        elif inside[0] in ("command", "cmd", "args"):
            server.command.append(one)
        elif (inside[0], str(one.value).lower()) in (("disabled", "true"), ("enabled", "false")):
            servers[group] = server._replace(off=one.line)
        elif inside[0] in FROM_ELSEWHERE:
            servers[group] = server._replace(more=True)
        elif inside == ("cwd",):
            servers[group] = server._replace(folder=str(one.value))
    return list(servers.values())


# ── settings: what is wrong with them ──


# Servers that are not chigwell/telegram-mcp, by their command: what that one says is not said of them.
OTHER_SERVERS = r"\b(tgmcp|telethon-mcp|mcp-telegram|fast-mcp-telegram)\b"

# The package of a command of uvx or pipx: the first word that is no option, and no value of one.
FIRST_WORD = r"\b(?:uvx|run)(?: (?:--with|--python|-p|--index-url)[ =]\S+| -\S+)* (\S+)"

# Servers that read the TELEGRAM_ names and a Telethon string, by their command.
READS_STRINGS = r"telegram-mcp.* main\.py|\btgmcp\b|\btelethon-mcp\b|chigwell/telegram-mcp"
WANTED = {"id": "TELEGRAM_API_ID", "hash": "TELEGRAM_API_HASH", "session": "TELEGRAM_SESSION_STRING"}
SHAPES = {"id": r"[1-9]\d{0,9}", "hash": "[0-9a-fA-F]{32}"}

# The key, or the name of the file, that one client alone has.
CLIENT_SIGNS = {
    "Zed": "context_servers",
    "Codex": "mcp_servers",
    "Goose": "extensions",
    "VS Code": "servers",
    "Claude Desktop": "claude_desktop_config.json",
}

# What a client says of a number where a text must be: Claude Code, and Codex, whose settings are TOML.
NUMBER_SAYS = ("Claude Code: it skips the server", "Codex: “invalid type: integer, expected a string”")

NO_SERVER = "NoTelegramServer"

# What is nothing to object.
NOT_IN_IT = (
    "The session string is not in this file: it is asked for, or comes from elsewhere.",
    "There is no session string in it.",
)


def role_of(one: Entry) -> str:
    """What a variable is for, by its name or its value: `id`, `hash`, `session`, or nothing of the three."""
    name, value = one.path[-1], str(one.value).strip()
    bare = re.sub(r"[\W_]", "", name).lower()
    credential = re.fullmatch("(?:telegram|tg)?(?:api|app(?:api)?)(id|hash)", bare)
    if credential:
        return credential[1]
    whole = looks_like_a_string(value) or (re.search("(?i)session", name) and re.fullmatch(r"[\w+/-]{300,}=*", value))
    return "session" if whole or re.fullmatch(SESSION_NAMES, name) else ""


def is_for_telegram(server: Server) -> bool:
    """Whether a server has to do with Telegram, by its name, its command, or its variables."""
    roles = {role_of(one) for one in server.values}
    words = " ".join([server.name, *server.words])
    named = any(re.match("(?i)(telegram|tg)_", one.path[0]) and role_of(one) for one in server.values)
    there = any(role_of(one) == "session" and re.fullmatch(r"[\w+/-]{200,}=*", str(one.value)) for one in server.values)
    return named or there or {"id", "hash"} <= roles or bool(re.search("(?i)telegram|tgmcp|telethon", words))


def client_of(kind: str, path: str, keys: set[str]) -> str:
    """Whose settings these are: by a key or file name that nobody else has, or by the end of their path."""
    if "data" in keys:
        return "n8n"
    if "login" in keys and kind == "json":
        return "tgcf"
    end = "/".join(os.path.abspath(path).replace("\\", "/").split("/")[-2:])
    for client, *places in rows_of(MCP_CLIENTS):
        ends = [place.strip().endswith("/" + end) for cell in places for place in cell.split(";")]
        if (path and any(ends)) or CLIENT_SIGNS.get(client) in (*keys, os.path.basename(path)):
            return client
    return {"env": ".env", "yaml": "a compose file"}.get(kind, "an MCP client")


def settings_doubt(doubt: str, command: str = "", **values: object) -> Problem:
    """What a row of SETTINGS_DOUBTS says; no secret is among the values. What is only a remark has an empty step."""
    row = next(row for row in rows_of(SETTINGS_DOUBTS) if row[0] == doubt)
    title, step, says = (cell.format(**{"says": "", **values}) for cell in row[1:])
    if says and ": " not in says:  # what names nobody was seen with chigwell/telegram-mcp
        says = "" if re.search(OTHER_SERVERS, command) else f"chigwell/telegram-mcp, for one, says: {says}"
    return Problem(title, says, [step], name="Settings" + doubt.title().replace("_", ""))


class Judge:
    """Judges one server of settings: collects its faults and remarks, by the rows of SETTINGS_DOUBTS."""

    def __init__(self, server: Server, kind: str, client: str) -> None:
        self.server, self.kind, self.client = server, kind, client
        self.faults: list[Problem] = []
        self.remarks: list[str] = []
        self.command = " ".join(server.words)
        self.known = bool(re.search(READS_STRINGS, self.command))
        self.of_role = {role_of(one): one for one in server.values}

    def add(self, doubt: str, one: Entry | None = None, **values: object) -> None:
        """Adds what the row `doubt` says of a value."""
        values = {**({"name": one.path[0], "line": one.line} if one else {}), **values}
        fault = settings_doubt(doubt, self.command, **values)
        if fault.steps[0]:
            self.faults.append(fault)
        else:
            self.remarks.append(fault.title)

    def judge_values(self) -> list[Entry]:
        """API ID and API hash, and every name. What is left to look at: the session strings."""
        number, text = self.of_role.get("id"), self.of_role.get("hash")
        swapped = number and text and re.fullmatch(SHAPES["hash"], str(number.value)) and str(text.value).isdigit()
        if number and text and swapped:
            self.add("swapped", number, other=text.path[0], there=text.line)
        names = [one.path[0].upper() for one in self.server.values]
        seen: dict[str, int] = {}
        strings = []
        for one in self.server.values:
            value, role = str(one.value).strip(), role_of(one)
            if one.path[0] in seen:
                self.add("twice", one, there=one.line, line=seen[one.path[0]])
            seen[one.path[0]] = one.line
            if one.path[0].isdigit() and re.match(r"[A-Za-z_]\w*\s*[: ]", value):
                self.add("no_equals", line=one.line)
            if not role or (one.path[0].upper() == "APP_ID" and "APP_HASH" not in names):  # many a service has an app
                continue
            texts_only = self.kind == "toml" or (self.kind == "json" and self.client not in ("VS Code", "tgcf", "n8n"))
            if texts_only and isinstance(one.value, (int, float)):
                self.add("number", one, client=self.client, says=NUMBER_SAYS[self.kind == "toml"])
            if re.fullmatch(REFERENCE, value):
                strings += [one] if role == "session" else []
            elif not value:
                self.add("empty", one)
            elif value in PLACEHOLDER_API_IDS or (len(value) < 100 and PLACEHOLDER_WORDS.search(value)):
                says = {"id": "invalid literal for int() with base 10", "session": "Not a valid string"}
                self.add("placeholder", one, says=says.get(role, ""))
            elif role == "session":
                pool = re.split(r"[\s,;]+", value) if one.path[0].upper().endswith("STRINGS") else [one.value]
                strings += [one._replace(value=each) for each in pool]
            elif not swapped and not re.fullmatch(SHAPES[role], value):
                self.add(f"not_{role}", one, size=len(value))
        complete = not self.server.more and set(WANTED) & set(self.of_role)
        for role, wanted in WANTED.items() if self.known and complete else ():
            if role not in self.of_role:
                if role != "session" or not self.by_name():
                    self.add("missing", name=wanted)
            elif not self.of_role[role].path[0].startswith(wanted):
                self.add("misnamed", self.of_role[role], wanted=wanted)
        return strings

    def by_name(self) -> list[Entry]:
        """The variables that name a file of a session, and hold no string."""
        return [one for one in self.server.values if one.path[0].endswith("SESSION_NAME") and not role_of(one)]

    def judge_command(self, here: bool) -> None:
        """The command; whether it can be found only where the file is a client's `here`, on this computer."""
        import shutil

        words = self.server.words
        by_uvx = re.search(r"\b(?:uvx|pipx run|uv tool run)(?: .*|$)", self.command)
        package = re.search(r" --(?:from|spec)[ =](\S+)", self.command) or re.search(FIRST_WORD, self.command)
        if by_uvx and package and re.fullmatch(r"telegram-mcp(\[.*\])?([=<>@].*)?", package[1]):
            self.add("stranger")
        pinned = re.search(r"mcp[^ ]*(<|==|~=)|fast-mcp-telegram|@|--constraint|--with-requirements", self.command)
        if by_uvx and not pinned and re.search(r"\b(tgmcp|mcp-telegram|telethon-mcp)\b", self.command):
            self.add("pin")
        if self.server.off:
            self.add("off", line=self.server.off)
        if not here or not words or re.search(r"\$|%\w+%", words[0]):
            return
        found = shutil.which(words[0])
        if not found:
            self.add("no_command", name=words[0], line=self.server.command[0].line)
        elif not os.path.isabs(words[0]):
            self.add("bare_command", name=words[0], what=found)
        inside = re.search(r"(?i)\b(docker|podman|wsl|ssh)\b", words[0])  # of another system: its folders are not these
        for before, one in zip(words, self.server.command[1:]) if not inside else ():
            folder = os.path.expanduser(str(one.value))
            if before in ("--directory", "--project", "--cwd") and "$" not in folder and not os.path.isdir(folder):
                self.add("no_folder", name=one.value, line=one.line)

    def judge_string(self, one: Entry, place: str) -> Finding:
        """What the session string of one variable is, and what is wrong with it."""
        value = str(one.value)
        if re.fullmatch(REFERENCE, value.strip()):
            return Finding(place, Problem(NOT_IN_IT[0], name="NoStringInSettings"), Storage())
        try:
            storage = recognise_text(value)
            found = findings_of(storage, place)[0]._replace(variable=one.path[0])
        except Problem as problem:
            return Finding(place, problem, Storage())
        if value.strip() != value:
            self.add("blanks", one)
        broken = re.search(r"\s", value.strip())
        if broken:
            sign = "a line break (\\n)" if broken[0] in "\r\n" else "a blank"
            what = f"{sign} after character {broken.start()}."
            self.add("damaged", one, what=what, says="unpack requires a buffer of 275 bytes")
        elif value.strip() != storage.text:
            says = "Not a valid string" if re.search("[\"'“”]", value) else ""
            signs = iter(value)
            only_added = all(sign in signs for sign in storage.text)
            self.add("damaged" if only_added else "altered", one, what=" ".join(storage.repaired), says=says)
        if not isinstance(storage, TelethonString):
            says = "Not a valid string" if value[:1] != "1" else ""
            self.add("library" if self.known else "other_kind", one, what=storage.label, says=says)
        return found

    def judge_absence(self, entries: Sequence[Entry]) -> None:
        """Why there is no session string: it is commented out, or the program is told to look for a file."""
        lines = [one.line for one in self.server.values + self.server.command]
        commented = [
            one
            for one in entries
            if one.path[0] == "#" and role_of(one) == "session"
            and (re.search("(?i)string", one.path[1]) or looks_like_a_string(str(one.value)))
            and (self.kind == "env" or min(lines, default=0) - 1 <= one.line <= max(lines, default=0) + 1)
        ]  # fmt: skip
        by_name = self.by_name()
        if commented:
            self.add("commented", name=commented[0].path[1], line=commented[0].line)
        elif by_name and self.kind == "env":
            self.add("name_only", by_name[0])

    def judge(self, entries: Sequence[Entry], place: str, here: bool) -> list[Finding]:
        """A finding for each session string, or one without a session; the first has all faults and remarks."""
        strings = self.judge_values()
        self.judge_command(here)
        where = joined(place, self.server.name and f"server {self.server.name}")
        found = [self.judge_string(one, joined(where, one.path[0], f"line {one.line}")) for one in strings]
        if not any(str(one.value).strip() for one in self.server.values if role_of(one) == "session"):
            self.judge_absence(entries)
        names = [one.path[0] for one in self.server.values if role_of(one)]
        if self.kind == "env" and strings and not any(re.match("(?i)(telegram|tg)_", one) for one in names):
            self.add("other_names", names=", ".join(names))
        if not found:
            nothing = Problem(NOT_IN_IT[1], name="NoStringInSettings")
            found = [Finding(where, self.faults.pop(0) if self.faults else nothing, Storage())]
        return [found[0]._replace(faults=self.faults, doubts=[*found[0].doubts, *self.remarks]), *found[1:]]


def findings_in_settings(text: str, place: str, path: str = "") -> list[Finding]:
    """What settings say of Telegram, a finding for each server; none if these are no settings with a Telegram server.

    Where a client of this computer reads the file at `path`, its commands and folders are looked for, too.
    """
    kind, entries, odd = settings_entries(text)
    keys = {key for one in entries for key in one.path[:-1]}
    client = client_of(kind, path, keys)
    encrypted = [one for one in entries if one.path[-1] == "data" and str(one.value).startswith("U2FsdGVkX1")]
    servers = [server for server in servers_in(kind, entries) if is_for_telegram(server)]
    if kind == "json" and encrypted:
        return [Finding(place, settings_doubt("encrypted", line=encrypted[0].line), Storage())]
    _, wanted, lenient, *_ = next((row for row in rows_of(MCP_CLIENTS) if row[0] == client), ["", "", ""])
    broken = [(doubt, line) for doubt, line in odd if doubt in ("no_json", "no_comma")]
    if broken and not servers and (wanted or {"mcpServers", "servers", "context_servers"} & keys):
        return [Finding(place, settings_doubt(broken[-1][0], line=broken[-1][1]), Storage())]
    if not servers and {"mcpServers", "context_servers", "mcp_servers"} & keys:
        what = "These are settings of an MCP client, and no server in them has to do with Telegram."
        steps = ["Give the settings that the Telegram server stands in."]
        return [Finding(place, Problem(what, "", steps, name=NO_SERVER), Storage())]
    here = bool(servers and path) and os.path.abspath(path) in [one for _, one in client_files()]
    found: list[Finding] = []
    for server in servers:
        judge = Judge(server, kind, client)
        for doubt, line in () if found else odd:
            spoken = re.search(r"(?i)\.(py|bat|cmd|ps1|sh|fish)$", path) if doubt == "quotes" else lenient
            if not (spoken and doubt in ("comment", "comma", "quotes")):
                judge.add(doubt, line=line)
        if not found and wanted and wanted not in keys:
            judge.add("wrong_key", client=client, wanted=wanted, name=next(key for key in SERVERS_KEYS if key in keys))
        if not found and os.path.basename(path) == "mcp.json" and "mcpServers" in keys and client == "an MCP client":
            judge.add("vs_code")
        found += judge.judge(entries, place, here)
    if found and all(str(one.session) == NOT_IN_IT[1] for one in found):
        there = strings_in(text, place)
        return [one._replace(faults=found[0].faults, doubts=found[0].doubts) for one in there[:1]] + there[1:] or found
    return found


def findings_in_settings_file(path: str, place: str) -> list[Finding]:
    """The same of a file, with what can be said of its encoding, and of git. Raises `Problem` if it cannot be read."""
    data = read_file(path, TEXT_LIMIT)
    if data[:4] in (b"SQLi", b"PK\3\4", b"TDF$"):
        return []
    text, odd = text_of_file(data)
    found = findings_in_settings(text, place, path)
    faults = [settings_doubt("encoding", what=odd)] if odd else []
    if os.path.basename(path) == ".mcp.json" and sessions_of(found) and git_would_take(path):
        faults.append(settings_doubt("in_git", name=path))
    if found:
        found[0] = found[0]._replace(faults=[*faults, *found[0].faults])
    return found


def with_same_strings(found: Sequence[Finding]) -> list[Finding]:
    """The findings; one that holds the session of another place in settings has that as a fault."""
    first: dict[bytes, Finding] = {}
    result = []
    for finding in found:
        session = finding.session
        if finding.variable and isinstance(session, Session):
            other = first.setdefault(home_key(session), finding)
            lines = r", line \d+$"  # of one variable that stands there twice only one counts
            if re.sub(lines, "", other.place) != re.sub(lines, "", finding.place):
                fault = settings_doubt("same", name=finding.place, other=other.place)
                finding = finding._replace(faults=[*finding.faults, fault])
        result.append(finding)
    return result


# ── what is odd about a session ──


def doubts(session: Session) -> list[str]:
    """What is odd about a session, whatever its format."""
    found = []
    home = session.home
    host, _ = home_address(session)
    owners = owners_of(host)
    if owners and home.id not in owners:
        found.append(
            f"The address {host} belongs to data centre {owners[0]}, but the session says {home.id}: Telethon would "
            "connect to the wrong one."
        )
    if home.address and not is_telegrams(host):
        found.append(f"{host} is not one of Telegram's addresses: it is damaged, or another server was used.")
    if home.ipv6_addr and not home.ipv4_addr:
        found.append(BY_IPV6)
    return found


# ══ 7  SESSIONS ══════════════════════════════════════════════════════════════════════════════════════════════════════
#
# A session is a data centre and the 256-byte key agreed with it; some formats know more. The model is Telethon v2's.
# Each format is one class with the same verbs in the same order: recognise, load, save, delete. Reading never changes
# what is read, believes no length before it is checked, and ends in a `Session` or a `Problem`. A key is never printed.

KEY_SIZE = 256  # bytes of an authorisation key, in every format


class DataCenter(NamedTuple):
    """A data centre as a session knows it. Addresses are `host:port`, IPv6 without brackets, as in Telethon v2."""

    id: int
    ipv4_addr: str | None = None
    ipv6_addr: str | None = None
    auth: bytes | None = None

    @property
    def address(self) -> str:
        """Its address, the one of IPv4 first; "" if the session has none."""
        return self.ipv4_addr or self.ipv6_addr or ""


class User(NamedTuple):
    """Whose session it is. `id` 0: the format does not say; `bot` None: the same."""

    id: int
    dc: int
    bot: bool | None = None
    username: str | None = None


class ChannelState(NamedTuple):
    """How far the updates of one channel were read; `id` is the bare positive channel id."""

    id: int
    pts: int


class UpdateState(NamedTuple):
    """How far the account's updates were read; `date` is Unix time."""

    pts: int
    qts: int
    date: int
    seq: int
    channels: tuple[ChannelState, ...] = ()


class ApiIdentity(NamedTuple):
    """What the program that made the session told Telegram about itself: the JSON companion, by its own key names.

    `other` holds every other key of the companion as it was, so that a round trip loses none.
    """

    app_id: int = 0
    app_hash: str | None = None
    device: str | None = None
    sdk: str | None = None
    app_version: str | None = None
    system_lang_code: str | None = None
    lang_pack: str | None = None
    lang_code: str | None = None
    other: dict[str, Any] = {}  # noqa: RUF012  never changed: a new one is made instead


class Session(NamedTuple):
    """All that any format can hold. `user.dc` is the home data centre, also when nothing else is known of the user."""

    dcs: tuple[DataCenter, ...]
    user: User
    state: UpdateState | None = None
    api: ApiIdentity = ApiIdentity()
    test: bool | None = None  # Telegram's test servers; None: nothing tells
    contacts: str | None = None  # the Telethon 1 file whose contacts, sent files and takeout id can come along

    @property
    def home(self) -> DataCenter:
        """The user's own data centre, whose key is the session."""
        return next((dc for dc in self.dcs if dc.id == self.user.dc), DataCenter(self.user.dc))


def new_session(
    dc: int,
    key: bytes,
    host: str | None = None,
    port: int = 0,
    *,
    user_id: int = 0,
    bot: bool | None = None,
    username: str | None = None,
    test: bool | None = None,
    api_id: int = 0,
) -> Session:
    """A session from what every format has: the home data centre, its key, and where it listens, if that is known.

    Raises a `Problem` for what cannot be one: an unknown data centre, a port or user id out of range, an empty key.
    """
    check_key(key)  # first: a file of Telethon's that was never connected has no key, and says data centre 0
    damage = ""
    if dc not in DATA_CENTRES and dc != 203:
        damage = f"Data centre {dc} does not exist."
    elif host and not can_be_a_server(host):
        damage = f"{host} cannot be the address of a server."
    elif host and not 0 < port < 65536:
        damage = f"Port {port} is not valid."
    elif not 0 <= user_id < 1 << 63:
        damage = f"The user id {user_id} is not possible."
    if damage:
        raise Problem(damage, "This session is damaged.", [SIGN_IN_AGAIN], name="DamagedSession")
    if test is None and host:
        test = known_server(host)
    address = join_address(host, port) if host else ""
    centre = data_centre(dc, key, address)
    if not centre.address:
        centre = centre._replace(ipv4_addr=address or None)  # a host name, as GramJS has it
    api = ApiIdentity(api_id if 0 < api_id <= LARGEST_API_ID else 0)
    return Session((centre,), User(user_id, dc, bot, username), api=api, test=test)


def data_centre(number: int, key: bytes | None, *addresses: str) -> DataCenter:
    """A data centre with the first address of either kind; what is no IP address with a port is left out."""
    places = {
        ":" in host: join_address(host, port)
        for host, port in map(split_address, reversed(addresses))
        if ip_address(host) and port
    }
    return DataCenter(number, places.get(False), places.get(True), key)


def with_all_keys(dcs: Sequence[DataCenter], user: User, test: bool | None = None) -> Session:
    """A session that knows several data centres; a `Problem` if the user's own, or its key, cannot be right."""
    home = next((dc for dc in dcs if dc.id == user.dc), DataCenter(user.dc))
    checked = new_session(home.id, home.auth or b"", *split_address(home.address), user_id=user.id, test=test)
    others = [dc for dc in dcs if dc.id != home.id and (dc.id in DATA_CENTRES or dc.id == 203)]
    kept = [dc for dc in others if len(dc.auth or b"") == KEY_SIZE and any(dc.auth or b"")]
    return checked._replace(dcs=(home, *kept), user=user)


def check_key(key: bytes) -> None:
    """Raises a `Problem` if `key` cannot be an authorisation key."""
    if not any(key):
        what = "The key is all zeros" if key else "There is no key in it"
        raise never_signed_in(f"{what}: this session was never signed in, or was logged out.")
    if len(key) != KEY_SIZE:
        title = f"The key has {len(key)} bytes instead of {KEY_SIZE}: this session is damaged."
        raise Problem(title, "", [SIGN_IN_AGAIN], name="DamagedSession")


LARGEST_API_ID = (1 << 31) - 1  # initConnection has an `int` for it
SIGN_IN_AGAIN = "Sign in again to get a new session: run this script without any arguments."
COPY_AGAIN = "Copy the whole string again from where you got it."


def never_signed_in(title: str) -> Problem:
    """The `Problem` of what is whole and holds no session."""
    return Problem(title, "", [SIGN_IN_AGAIN], name="NeverSignedIn")


def damaged_string(title: str, meaning: str = "") -> Problem:
    """The `Problem` of a string that is not as its program made it."""
    return Problem(title, meaning, [COPY_AGAIN, SIGN_IN_AGAIN], name="DamagedString")


def fingerprint(key: bytes) -> str:
    """What may be shown of a key: its id, by which Telegram's servers know it (bytes 12 to 19 of its SHA-1), in hex."""
    return digest("sha1", key)[12:20].hex()


def digest(kind: str, data: bytes) -> bytes:
    """The hash of `data`; `kind` is `md5`, `sha1` or `sha512`."""
    import hashlib

    return hashlib.new(kind, data).digest()


# ── addresses ──


def join_address(host: str, port: int) -> str:
    """`host:port`, IPv6 without brackets: Telethon v2's form."""
    return f"{host}:{port}"


def split_address(address: str) -> tuple[str, int]:
    """The opposite of `join_address`; a port that is not a number is 0."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() and len(port) < 6 else 0


def known_server(host: str) -> bool | None:
    """True for a test server, False for a production one, None for an address that neither table has."""
    host = str(ip_address(host) or host)  # opentele2 writes IPv6 with all its zeros
    if any(host in addresses for addresses in TEST_DATA_CENTRES.values()):
        return True
    return False if owners_of(host) else None


def owners_of(host: str) -> list[int]:
    """The data centre that has this address, if any."""
    return [dc.id for dc in DATA_CENTRES.values() if host in (dc.ipv4, dc.ipv6)]


def usual_address(dc: int, test: bool | None) -> tuple[str, int]:
    """Where a data centre listens when a session does not say."""
    if test and dc in TEST_DATA_CENTRES:
        return TEST_DATA_CENTRES[dc][0], 443
    if dc == 203:  # a data centre for files that Pyrogram's table has (2026)
        return "91.105.192.100", 443
    return DATA_CENTRES[dc].ipv4, DATA_CENTRES[dc].ports[0]


def ip_address(host: str | bytes) -> IPv4Address | IPv6Address | None:
    """An IP address, from text or its 4 or 16 bytes; None for anything else (a host name, `fe80::1%eth0`)."""
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if "%" in str(address) else address


def can_be_a_server(host: str) -> bool:
    """False for addresses that no server has: 0.0.0.0, those of groups, and those that are kept for later."""
    address = ip_address(host)
    return address is None or not (address.is_unspecified or address.is_multicast or (
        address.is_reserved and address.version == 4
    ))  # fmt: skip


def is_telegrams(host: str | bytes) -> bool:
    """Whether an IP address lies in one of Telegram's networks, or a name is one of its web hosts."""
    import ipaddress

    address = ip_address(host)
    if address is None:
        return str(host).endswith(".web.telegram.org")
    return any(address in ipaddress.ip_network(network) for network in TELEGRAM_NETWORKS.split())


def home_address(session: Session) -> tuple[str, int]:
    """The host and port of the home data centre: those of the session, else the usual ones."""
    home = session.home
    return split_address(home.address) if home.address else usual_address(home.id, session.test)


def home_ip(session: Session) -> tuple[str, int]:
    """Like `home_address`, for formats that take an IP address only: a host name gives way to the usual address."""
    host, port = home_address(session)
    return (host, port) if ip_address(host) else usual_address(session.user.dc, session.test)


def home_key(session: Session) -> bytes:
    """The key that is the session; a `Problem` if there is none."""
    key = session.home.auth or b""
    check_key(key)
    return key


# Source: telethon/client/telegrambaseclient.py, connect (1.45): it sets the address anew and keeps the key.
BY_IPV6 = (
    "The session holds an IPv6 address, so a program must connect by IPv6 too (Telethon: use_ipv6=True). Otherwise "
    "Telethon goes to data centre 2 with it, whichever it belongs to. “convert” can give it an IPv4 address."
)


# ── Telethon's string ──


def encode_telethon_string(session: Session) -> str:
    """Telethon 1's StringSession: `1`, then URL-safe base64 of DC (u8), IP (4 or 16 bytes), port (u16), key.

    353 characters with an IPv4 address, 369 with an IPv6 one. Source: `telethon/sessions/string.py`.
    """
    import ipaddress

    host, port = home_ip(session)
    body = bytes([session.user.dc]) + ipaddress.ip_address(host).packed + port.to_bytes(2, "big")
    return "1" + as_base64(body + home_key(session))


def decode_telethon_string(text: str) -> Session:
    """The opposite of `encode_telethon_string`; padding and alphabet do not matter. A `Problem` says what is wrong."""
    import struct

    body, start = base64_bytes(text[1:]), base64_bytes(text[1:9])
    ipv6 = start[1:3] in (b"\x20\x01", b"\x2a\x0a") or (len(body) == 275 and not is_telegrams(body[1:5]))
    if len(body) == 275 and body[1] == 0 < body[2] and text[:1] == "1":  # so begins a length, and no address but ::
        raise damaged_string(
            "The string is damaged inside: where a server's address should be there is none.",
            "It may be a GramJS string, which has its address as text there, or a Telethon one with an IPv6 address.",
        )
    layout = f">B{16 if ipv6 else 4}sH256s"
    if text[:1] != "1" or len(body) != struct.calcsize(layout):
        if len(text) < 200 and not looks_like_a_string(text):  # many a thing begins with a 1
            raise Problem(UNKNOWN_STRING.format(len(text)), "", [COPY_AGAIN, SIGN_IN_AGAIN], name="UnknownString")
        raise cut_off(text, 369 if ipv6 else 353)
    dc, ip, port, key = struct.unpack(layout, body)
    return new_session(dc, key, str(ip_address(ip)), port)


UNKNOWN_STRING = "This is not a session string of any library that this script knows ({} characters)."

URL_SAFE, STANDARD = str.maketrans("+/", "-_"), str.maketrans("-_", "+/")  # the two alphabets of base64


def base64_bytes(text: str) -> bytes:
    """What base64 text of either alphabet holds, with or without its padding; b"" if it is not base64."""
    import base64

    bare = text.rstrip("=").translate(STANDARD)
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError:
        return b""


def base64_start(text: str) -> bytes:
    """Like `base64_bytes`, of a text that may be cut off after any character."""
    size = len(text.rstrip("="))
    return base64_bytes(text[: size - (size % 4 == 1)])


def as_base64(data: bytes) -> str:
    """Bytes as URL-safe base64 with its padding."""
    import base64

    return base64.urlsafe_b64encode(data).decode("ascii")


def looks_like_a_string(piece: str) -> bool:
    """Whether what cannot be read begins like a session string for certain: with one of Telegram's addresses."""
    start = base64_bytes(re.sub(r"\s", "", piece)[1:9])
    return piece[:1] == "1" and (is_telegrams(start[1:5]) or GramjsString.recognise(piece))


def cut_off(text: str, whole: int, kind: str = "a Telethon string") -> Problem:
    """The `Problem` of a string that is not as long as it must be; `whole` characters include the padding."""
    missing = whole - len(text)
    if missing > 0:
        sure = "may be" if "as far as" in kind else "is"
        title = f"The string {sure} cut off: {len(text)} of {whole} characters, so {missing} are missing."
    elif missing:
        title = f"The string is too long: {len(text)} characters instead of {whole}, so it holds something else too."
    else:
        title = f"The string is damaged inside, although it has the right length ({whole} characters)."
    ends = " Its end seems to be there: look in its middle." if missing > 0 and text.endswith("=") else ""
    return damaged_string(title, f"It begins like {kind}.{ends}")


# ── files ──


class Storage:
    """A session in one format. A subclass says what the format can hold and gives the four verbs their meaning."""

    name = ""  # what `convert --to` calls it
    label = ""  # what people are told it is
    mark = ""  # how one knows it
    holds = ""  # of the keys of PARTS
    checked = False  # whether the format has a check sum over the key

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.repaired: list[str] = []  # what had to be put right before it could be read
        self.warnings: list[str] = []  # what is odd about it
        self.facts: list[tuple[str, str]] = []  # what only this format knows: its schema, its layout
        self.names: dict[int, str] = {}  # what an account is called in it, by its number

    @classmethod
    def recognise(cls, source: Any) -> bool:
        """Whether this is the format: of a text, of a path, of a database's tables, as the family of formats has it."""
        raise NotImplementedError

    def load(self) -> Session:
        """Reads the session, the first of several; a `Problem` says why it cannot. A subclass has this or the next."""
        return self.load_all()[0]

    def load_all(self) -> list[Session]:
        """Every session in it, in the order in which --account counts them."""
        return [self.load()]

    def save(self, session: Session) -> None:
        """Writes the session: whole or not at all, for its owner only, and never over something that is there."""
        raise Problem(f"This script reads {self.label}, but does not write it.", code=2)

    def save_all(self, sessions: Sequence[Session]) -> None:
        """Writes every session, where the format has room for more than one."""
        if len(sessions) != 1:
            raise Problem(
                f"{self.label[:1].upper()}{self.label[1:]} holds one account, and here are {len(sessions)}.",
                "",
                [PICK_ACCOUNT],
                code=2,
            )
        self.save(sessions[0])

    @property
    def files(self) -> list[str]:
        """The paths of all that belongs to it."""
        return [self.path]

    def delete(self) -> None:
        """Removes what holds the session."""
        for path in filter(os.path.lexists, self.files):
            try:
                os.remove(path)
            except OSError as error:
                raise Problem(f"{path} cannot be removed: {error.strerror or error}.", name="NotRemoved") from None


PICK_ACCOUNT = "Say which one you want with --account N; “check” lists them."

# What a session can hold beside its key and data centre, and what it means to lose it.
PARTS = {
    "address": "its own server address (the usual one of the data centre is used instead)",
    "user": "the user id",
    "bot": "that it is a bot",
    "username": "the username",
    "state": "how far updates were read",
    "keys": "the keys for other data centres",
    "test": "that it belongs to Telegram's test servers",
    "api_id": "the API id",
    "api": "the API hash and the device it calls itself, and the other keys of its JSON file",
    "contacts": "the contacts and sent files that Telethon has noted, and a takeout that is under way",
}


def parts(session: Session) -> set[str]:
    """Which of PARTS a session really has."""
    home = session.home
    has = {
        "address": bool(home.address) and known_server(split_address(home.address)[0]) is None,
        "user": bool(session.user.id),
        "bot": bool(session.user.bot),
        "username": bool(session.user.username),
        "state": session.state is not None,
        "keys": any(dc.auth for dc in session.dcs if dc.id != home.id),
        "test": bool(session.test),
        "api_id": bool(session.api.app_id),
        "api": any(session.api[1:]),
        "contacts": session.contacts is not None,
    }
    return {part for part in has if has[part]}


def losses(session: Session, target: type[Storage]) -> list[str]:
    """What the target format cannot hold of this session, in words."""
    return [PARTS[part] for part in PARTS if part in parts(session) - set(target.holds.split())]


def read_file(path: str, limit: int, beginning: int = 0) -> bytes:
    """An ordinary file, or so many bytes of its `beginning`; pipes, devices and more than `limit` bytes are refused."""
    import stat

    name = os.path.basename(path)
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise Problem(f"{name} is a folder, and a file was expected.")
        if not stat.S_ISREG(found.st_mode):
            raise Problem(
                f"{name} is not an ordinary file (a pipe, or a device).", "",
                ["To read from a pipe, give - as the name and let it come by standard input."],
            )  # fmt: skip
        if found.st_size > limit:
            raise Problem(f"{name} is too large to be looked at: {found.st_size} bytes, and {limit} are read at most.")
        with open(path, "rb") as file:
            return file.read(beginning or limit)
    except FileNotFoundError:
        raise Problem(
            f"There is no file {name}.", f"Looked for {os.path.abspath(path)}.", ["Check the name and the folder."]
        ) from None
    except (OSError, ValueError) as error:
        raise not_readable(name, path, error) from None


def names_in(folder: str) -> list[str]:
    """The names in a folder; a `Problem` if it may not be looked into."""
    try:
        return os.listdir(folder)
    except OSError as error:
        raise not_readable(folder, os.path.abspath(folder), error) from None


def as_there(folder: str, name: str) -> str:
    """The path of a name in a folder, also if it is spelled in other letters there: some systems change them."""
    path = os.path.join(folder, name)
    others = [] if os.path.exists(path) else names_in(folder)
    return next((os.path.join(folder, other) for other in others if other.lower() == name.lower()), path)


def not_readable(name: str, path: str, error: Exception) -> Problem:
    """The `Problem` of a file or folder that is there and cannot be read."""
    return Problem(
        f"{name} cannot be read: {getattr(error, 'strerror', None) or error}.",
        f"Its path is {path}.",
        [
            "If another user, Docker or “sudo” made it: become that user, or make it yours (sudo chown $USER FILE).",
            "On a Mac: System Settings → Privacy & Security → Files and Folders, and let your terminal look there.",
            "If a program has it open: close that program first.",
        ],
        name=type(error).__name__,
    )


def write_new(path: str, fill: Callable[[str], object], *, folder: bool = False) -> None:
    """Makes a file or folder that nobody else can read; `fill` gets the name to write it under.

    That lies in a folder of its own beside `path`, which nobody else may enter; what is whole is moved to `path`, and
    what is not is removed. A `Problem` if `path` is there already, whatever it is, or if it cannot be written.
    """
    import shutil
    import tempfile

    workshop, mask = "", os.umask(0o077)
    place = os.path.dirname(path) or "."
    try:
        refuse_existing(path)
        left = [name for name in os.listdir(place) if re.fullmatch(r"\.session-.+\.part", name)]
        if left:
            term.note(f"{left[0]} in {place} was left behind when a file was not finished. It can be deleted.")
        workshop = tempfile.mkdtemp(".part", ".session-", place)  # with mode 700
        inode = os.stat(workshop).st_ino
        new = os.path.join(workshop, "new")
        if folder:
            os.mkdir(new, 0o700)
        fill(new)
        if not folder:
            with open(new, "rb+") as file:
                os.fsync(file.fileno())
        # Where others may write, they may have put something of theirs in its place.
        if os.stat(workshop).st_ino != inode or (hasattr(os, "getuid") and os.lstat(new).st_uid != os.getuid()):
            raise PermissionError(1, "somebody else changed the folder meanwhile")
        move_new(new, path)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        raise not_written(path, error) from None
    finally:
        os.umask(mask)
        if workshop:
            shutil.rmtree(workshop, ignore_errors=True)
    mode = os.stat(place).st_mode
    if os.name != "nt" and mode & 0o022 and not mode & 0o1000:  # there each may only replace what is theirs
        term.warn(
            f"Other users of this computer may write in the folder {place}. They cannot read the file, but they could "
            "put another in its place. A folder of your own is better."
        )


def write_bytes(path: str, data: bytes) -> None:
    """Makes a new file of these bytes, in the manner of `write_new`."""
    import pathlib

    write_new(path, lambda new: pathlib.Path(new).write_bytes(data))


def move_new(temporary: str, path: str) -> None:
    """Gives what is finished its name without ever replacing another."""
    if sys.platform != "win32":
        try:
            os.link(temporary, path)  # unlike a rename this fails when `path` exists
            os.remove(temporary)
            return
        except FileExistsError:
            raise
        except (
            OSError,
            AttributeError,
        ):  # a folder, or links are unknown to its file system or to this Python (WebAssembly)
            refuse_existing(path)
    os.rename(temporary, path)


def make_folder(folder: str) -> None:
    """Makes a folder and those above it that are missing, all for their owner only; `os.makedirs` minds the last."""
    if folder and not os.path.isdir(folder):
        make_folder(os.path.dirname(folder))
        os.mkdir(folder, 0o700)


def refuse_existing(path: str) -> None:
    """Raises a `Problem` if there is anything at `path`, be it a dangling link, or no folder to put it in."""
    if os.path.lexists(path):
        raise not_written(path, FileExistsError())
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise not_written(path, FileNotFoundError(2, f"there is no folder {folder}"))


def not_written(path: str, error: Exception) -> Problem:
    """The `Problem` of a file that could not be written."""
    if isinstance(error, FileExistsError):
        return Problem(
            f"{path} exists already, and nothing was changed.",
            "Nothing is ever written over another file.",
            ["Give another name, or move the old one away first."],
            name="FileExistsError",
        )
    return Problem(
        f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.",
        "Nothing was written.",
        ["Check that the folder exists, that you may write in it, and that the disk is not full."],
        name=type(error).__name__,
    )


def text_of_file(data: bytes) -> tuple[str, str | None]:
    """Text of a file in whatever encoding an editor or PowerShell gave it, and a sentence if that was not UTF-8."""
    if b"\0" in data[:2] != b"\0\0":  # the same without its mark
        data = (b"\xfe\xff" if data[:1] == b"\0" else b"\xff\xfe") + data
    for mark, encoding, name in (
        (b"\xef\xbb\xbf", "utf-8", "UTF-8 with a byte order mark"),
        (b"\xff\xfe", "utf-16-le", "UTF-16, as PowerShell's “>” writes"),
        (b"\xfe\xff", "utf-16-be", "UTF-16"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), f"The file is in {name}."
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        byte = data[error.start]
        return data.decode("latin-1"), f"The file is not UTF-8 (byte 0x{byte:02x}); it was read as Latin-1."


TL_TRUE, TL_FALSE = 0x997275B5, 0xBC799737  # boolTrue and boolFalse


class Reader:
    """Takes fields from bytes in order. A length that the bytes do not have is a `Problem`."""

    def __init__(self, data: bytes, what: str) -> None:
        self.data = data
        self.what = what
        self.at = 0

    @property
    def left(self) -> int:
        """How many bytes have not been taken."""
        return len(self.data) - self.at

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if not 0 <= size <= self.left:
            raise Problem(f"{self.what} is cut off or damaged: {size} more bytes were announced, {self.left} are left.")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, kind: str) -> int:
        """The next number, by the letters of `struct`: `>i`, `>Q`, `<I`, `B`."""
        import struct

        value: int = struct.unpack(kind, self.take(struct.calcsize(kind)))[0]
        return value

    def qt_bytes(self) -> bytes:
        """Qt's QByteArray: u32 length and bytes; the null one (length FFFFFFFF) is empty here."""
        size = self.number(">I")
        return b"" if size == 0xFFFFFFFF else self.take(size)

    def tl_bytes(self) -> bytes:
        """TL's `bytes`: a short or long length, the bytes, zeros up to a multiple of four."""
        size = self.number("B")
        head = 1
        if size == 254:
            size, head = int.from_bytes(self.take(3), "little"), 4
        value = self.take(size)
        self.take(-(head + size) % 4)
        return value


# ── strings ──


class StringStorage(Storage):
    """A session in one line of text, most of them in base64."""

    front = ""  # a pattern for what stands before the base64
    begins = rb""  # a pattern for the first of the bytes that it holds

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.text = text

    @classmethod
    def recognise(cls, source: str) -> bool:
        """Whether it begins like this format."""
        found = re.match(f"{cls.front}([A-Za-z0-9+/_-]{{0,24}})", source)
        return found is not None and bool(re.match(cls.begins, base64_start(found[1])))

    @classmethod
    def encode(cls, session: Session) -> str:
        """The session as text, for those of TARGETS."""
        raise NotImplementedError

    def save(self, session: Session) -> None:
        """Keeps the session as `text`."""
        self.text = self.encode(session)

    def delete(self) -> None:
        """Forgets the text."""
        self.text = ""


class TelethonString(StringStorage):
    """Telethon 1's StringSession."""

    name = "string"
    label = "a Telethon StringSession"
    mark = "a 1 in front, then a data centre, an IP address, a port and a key"
    holds = "address test"
    front = "1(?=.{40})"
    begins = rb"(?s)(?!.{3}[!-~]{8}).{18}"  # not with GramJS's address

    def load(self) -> Session:
        """Decodes the text."""
        return decode_telethon_string(self.text)

    encode = staticmethod(encode_telethon_string)


class GramjsString(StringStorage):
    """GramJS: `1`, then base64 of DC (u8), address length (u16), address as text, port (u16), key.

    With an address of 14 characters it is as long as a Telethon IPv6 string, and Telethon loads it without an error,
    with a nonsense address. Source: `gramjs/sessions/StringSession.ts`.
    """

    name = "gramjs"
    label = "a GramJS StringSession"
    mark = "a 1 in front, then a data centre and an address written as text"
    holds = "address test"
    front = "1"
    begins = rb"(?s).{3}[!-~]{8}"  # text after the length, as an IP address and port are not

    def load(self) -> Session:
        """Decodes the text."""
        import struct

        body = base64_bytes(self.text[1:])
        size = int.from_bytes(base64_bytes(self.text[1:5])[1:3], "big")
        layout = f">BH{size}sH256s"
        if size > 255:
            raise damaged_string(
                f"The GramJS string is damaged: its address length ({size}) is larger than any address."
            )
        if len(body) != struct.calcsize(layout):
            raise cut_off(self.text, 1 + -(-(261 + size) // 3) * 4, "a GramJS string")
        dc, _, address, port, key = struct.unpack(layout, body)
        host = address.decode("latin-1")
        if not (ip_address(host) or re.fullmatch(r"[A-Za-z0-9.-]+", host)):
            raise damaged_string("The GramJS string is damaged: its address is no address.")
        self.warnings.append("It begins with 1 like a Telethon string, but Telethon would read its address wrongly.")
        return new_session(dc, key, host, port)

    @classmethod
    def encode(cls, session: Session) -> str:
        """The session as GramJS's text."""
        host, port = home_address(session)
        body = bytes([session.user.dc, 0, len(host)]) + host.encode("ascii") + port.to_bytes(2, "big")
        return "1" + as_base64(body + home_key(session)).translate(STANDARD)


class PyrogramString(StringStorage):
    """Pyrogram and its heirs (Kurigram, Pyrofork, Hydrogram): URL-safe base64 without padding. Version 2 is written.

    v2, 271 bytes: DC u8, API id u32, test u8, key, user id u64, bot u8; v1, 267 or 263 bytes: without the API id, and
    the older one with a u32 user id. Source: `pyrogram/storage/storage.py`.
    """

    name = "pyrogram"
    label = "a Pyrogram/Kurigram string"
    mark = "its exact size, with a data centre and yes or no where they belong"
    holds = "user bot test api_id"
    LAYOUTS: ClassVar = {
        271: (">BI?256sQ?", "dc api_id test key user_id bot"),
        267: (">B?256sQ?", "dc test key user_id bot"),
        263: (">B?256sI?", "dc test key user_id bot"),
    }
    START = rb"(?s)[\x01-\x05][\0-\x03].{3}[\0\x01]"  # version 2: a data centre, a small API id, yes or no
    MARKS = rb"(?s)[\x01-\x05\xcb](.{4}[\0\x01].{264}|[\0\x01].{260}(.{4})?)[\0\x01]"

    @classmethod
    def recognise(cls, source: str) -> bool:
        """The size of one of the layouts, a data centre that exists, and yes or no where those belong."""
        body = base64_bytes(source)
        return bool(re.fullmatch(cls.MARKS, body)) and (len(body) == 271 or not re.match(cls.START, body))

    def load(self) -> Session:
        """Decodes the text."""
        import struct

        if not self.recognise(self.text):
            raise not_a_string(self.text, None)
        body = base64_bytes(self.text)
        layout, names = self.LAYOUTS[len(body)]
        fields = dict(zip(names.split(), struct.unpack(layout, body)))
        self.facts.append(("layout", "version 2" if "api_id" in fields else "version 1 (without an API id)"))
        if not fields["user_id"]:
            self.warnings.append("It says no user id" + ("" if fields.get("api_id") else " and no API id") + ".")
        return new_session(**fields)

    @classmethod
    def encode(cls, session: Session) -> str:
        """The session as version 2 text."""
        import struct

        user = session.user
        values = (user.dc, session.api.app_id, bool(session.test), home_key(session), user.id, bool(user.bot))
        body = struct.pack(cls.LAYOUTS[271][0], *values)
        return as_base64(body).rstrip("=")


class MtcuteString(StringStorage):
    """mtcute's version 3: URL-safe base64 without padding of version, flags, data centre, user, key.

    Source: `packages/core/src/utils/string-session.ts` of mtcute.
    """

    name = "mtcute"
    label = "an mtcute string"
    mark = "a version 3 in front, then flags and a data centre"
    holds = "address user bot test"
    begins = rb"(?s)\x03[\0-\x07]\0{3}.[\x01\x02]"  # a data centre of version 1 or 2 after known flags

    def load(self) -> Session:
        """Decodes the text."""
        body = base64_start(self.text)
        reader = Reader(body + bytes(400), "The mtcute string")  # with room for what is cut off
        reader.take(1)
        flags = reader.number("<i")
        dc, address, test = mtcute_place(Reader(reader.tl_bytes(), "The data centre in the mtcute string"))
        if flags & 4:
            reader.tl_bytes()  # another server of the same data centre, for files
        user_id, bot = 0, None
        if flags & 1:
            user_id, word = reader.number("<q"), reader.number("<I")
            bot = word == TL_TRUE
            if user_id < 0 or word not in (TL_TRUE, TL_FALSE):
                raise damaged_string("The mtcute string is damaged: the user in it makes no sense.")
        whole = -(-(reader.at + 4 + KEY_SIZE) * 4 // 3)
        key = reader.tl_bytes()
        if reader.at != len(body):
            raise cut_off(self.text, whole, "an mtcute string")
        return new_session(dc, key, *split_address(address), user_id=user_id, bot=bot, test=test or bool(flags & 2))

    @classmethod
    def encode(cls, session: Session) -> str:
        """The session as version 3 text."""
        import struct

        host, port = home_ip(session)
        user = session.user
        marks = (":" in host) | (4 if session.test else 0)
        place = bytes((2, user.dc, marks)) + cls.tl(host.encode("ascii")) + struct.pack("<i", port)
        who = struct.pack("<qI", user.id, TL_TRUE if user.bot else TL_FALSE) if user.id else b""
        flags = bool(user.id) | (2 if session.test else 0)
        body = struct.pack("<Bi", 3, flags) + cls.tl(place) + who + cls.tl(home_key(session))
        return as_base64(body).rstrip("=")

    @staticmethod
    def tl(data: bytes) -> bytes:
        """TL's `bytes`; the opposite of `Reader.tl_bytes`."""
        head = bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
        return head + data + bytes(-(len(head) + len(data)) % 4)


def mtcute_place(reader: Reader) -> tuple[int, str, bool]:
    """mtcute's BasicDcOption: number and address of a data centre, and whether it is one of the test servers."""
    version, dc, marks = reader.take(3)
    host, port = reader.tl_bytes().decode("latin-1"), reader.number("<i")
    if ip_address(host) is None:
        raise damaged_string(f"{reader.what} is damaged: its address is no address.")
    return dc, join_address(host, port), version == 2 and bool(marks & 4)


class MtkrutoString(StringStorage):
    """MTKruto: URL-safe base64 of TL `2` or `2-test` and TL key, with runs of zeros as `00 n`. Read only."""

    name = "mtkruto"
    label = "an MTKruto string"
    mark = "squeezed zeros, a data centre in words and a key"
    holds = "test"

    @classmethod
    def recognise(cls, source: str) -> bool:
        """Readable from end to end."""
        return cls.fields(source) is not None

    @staticmethod
    def fields(text: str) -> re.Match[bytes] | None:
        """Data centre, `-test`, key; None if the text is something else."""
        packed = base64_bytes(text[:1400])
        plain = re.sub(rb"(?s)\0(.)", lambda run: bytes(run[1][0]), packed)
        return re.fullmatch(rb"(?s)[\x01\x06]([1-5])(-test)?\0{1,2}\xfe\0\x01\0(.{256})", plain)

    def load(self) -> Session:
        """Decodes the text."""
        fields = self.fields(self.text)
        if not fields:
            raise not_a_string(self.text, None)
        return new_session(int(fields[1]), fields[3], test=bool(fields[2]))


class WzgramString(StringStorage):
    """wzgram, an heir of Pyrogram: `WZ_`, then base64 of version, DC, API id, test, key, user id, bot, port, address.

    Version 2 ends there; version 3 has a longer address, and the CRC-32 of all that as a check. Read only. Source:
    `pyrogram/storage/storage.py` of wzgram 3.1.5.
    """

    name = "wzgram"
    label = "a wzgram string"
    mark = "WZ_ in front"
    front = "WZ_(?=.{38})"
    LAYOUTS: ClassVar = {b"\2": ">BBI?256sQ?H16s", b"\3": ">BBI?256sQ?H48s"}

    def load(self) -> Session:
        """Decodes the text; its check sum tells damage."""
        import struct
        import zlib

        body = base64_bytes(self.text[3:])
        layout = self.LAYOUTS.get(body[:1], self.LAYOUTS[b"\3"])
        size = struct.calcsize(layout)
        right = body[:1] in self.LAYOUTS and len(body) == size + 4
        if not right or zlib.crc32(body[:size]) != int.from_bytes(body[size:], "little"):
            raise cut_off(self.text, 3 + -(-(size + 4) * 4 // 3), "a wzgram string")
        _, dc, api_id, test, key, user_id, bot, port, address = struct.unpack(layout, body[:size])
        host = address.rstrip(b"\0").decode("latin-1")
        host = host if ip_address(host) else ""
        return new_session(dc, key, host, port, user_id=user_id, bot=bot, test=test, api_id=api_id)


class GrammersString(StringStorage):
    """grammers before 0.8, a library for Rust: TL of every data centre, the user and the update state. Read only.

    A file has the same bytes; as text they are base64. Source: `grammers-session`, its `session.tl` of 0.7: session
    flags dcs user:flags.0 state:flags.1; dataCenter flags id ipv4:flags.0 ipv6:flags.1 port auth:flags.2.
    """

    name = "grammers"
    label = "a session of grammers (Rust)"
    mark = "its constructor A73EB8CE"
    begins = (0xA73EB8CE).to_bytes(4, "little")

    def load(self) -> Session:
        """Decodes the text."""
        reader = Reader(base64_start(self.text), "The grammers session")
        reader.take(4)
        flags, _, count = (reader.number("<I") for _ in range(3))
        dcs = []
        for _ in range(min(count, 20)):
            _, has, number = (reader.number("<I") for _ in range(3))
            hosts = [reader.take(4)[::-1] if has & 1 else b"", reader.take(16) if has & 2 else b""]
            port = reader.number("<i")
            places = (join_address(str(ip_address(host)), port) for host in hosts)
            dcs.append(data_centre(number, reader.tl_bytes() if has & 4 else None, *places))
        user = User(0, next((dc.id for dc in dcs if dc.auth), 0))
        if flags & 1:
            reader.take(4)
            user = User(reader.number("<q"), reader.number("<i"), reader.number("<I") == TL_TRUE)
        return with_all_keys(dcs, user)


class BareKey(StringStorage):
    """A key and nothing else: 512 hex digits, or 256 bytes as Python writes them. Which data centre it is for, `dc`,
    somebody must know.
    """

    name = "bare-key"
    label = "a bare key, without its data centre"
    mark = "256 bytes, as hex digits or in Python's spelling"
    dc = 0

    @classmethod
    def recognise(cls, source: str) -> bool:
        """Nothing but the key, perhaps with a name in front."""
        return len(cls.key_in(source)) == KEY_SIZE

    @staticmethod
    def key_in(text: str) -> bytes:
        """The bytes of the key, b"" if there is none."""
        import ast

        bare = re.sub(r"^\s*[\w.]{1,40}\s*[:=]\s*", "", text[:3000]).strip().strip("\"',;")
        literal = re.search(r"(?s)\bb(['\"])(?:\\.|(?!\1).)*\1", text[:3000])
        try:
            return bytes(ast.literal_eval(literal[0])) if literal else bytes.fromhex(bare.replace(":", " "))
        except (ValueError, SyntaxError):
            return b""

    def load(self) -> Session:
        """The key, in its data centre; a `Problem` if that is not known."""
        if self.dc:
            return new_session(self.dc, self.key_in(self.text))
        raise Problem(
            "This is a bare key, and its data centre was not found with it.",
            "It has all its 256 bytes. Telegram has five data centres (1 to 5), and each knows only its own keys.",
            ["Look where the key came from: a number named dc, dc_id or “data centre” stands beside it.",
             "Then give it along: --dc 2, for example."],
            name="DataCentreNotSaid",
        )  # fmt: skip


class JsonSessions(StringStorage):
    """Sessions that a program keeps as JSON, with the keys in it: the rows of JSON_SESSIONS. Read only.

    For Telegram Web, lines of names and values will do, as people copy them out of the browser's tools.
    """

    name = "json-keys"
    label = "JSON with a key in it"
    mark = "the names in its JSON"

    @classmethod
    def recognise(cls, source: str) -> bool:
        """An object with the names of one of the rows."""
        return bool(cls.found_in(source))

    @staticmethod
    def found_in(text: str) -> list[tuple[list[str], dict[str, Any]]]:
        """Each object that a row fits, with that row."""
        if not re.search("(?i)auth_?key", text):
            return []
        whole = json_in(text)
        if whole is None:
            lines = re.findall(r"(?m)^[^\w\n]{0,20}(\w+)[^\w\n]{0,2}[\t:=| ][ \t]*(\S.*)$", text)
            whole = {name: value.rstrip().rstrip(",") for name, value in lines}
        rows = rows_of(JSON_SESSIONS)
        fits = (
            ([row for row in rows if None not in [at(one, mark) for mark in row[1].split()]], one)
            for one in objects_in(unfolded(whole))
        )
        return [(fitting[0], one) for fitting, one in fits if fitting]

    def load_all(self) -> list[Session]:
        """All of them, each once."""
        found: dict[bytes, Session] = {}
        problems: list[Problem] = []
        for row, one in self.found_in(self.text):
            try:
                session = self.session_in(row, one)
            except Problem as problem:
                problem.meaning = problem.meaning or f"It stands in {self.label}."
                problems.append(problem)
                continue
            known = found.setdefault(home_key(session), session)
            if len(session.dcs) > len(known.dcs):
                found[home_key(session)] = session
        if not found:
            raise problems[0]
        self.warnings += [f"Another account in it cannot be read: {problem.title}" for problem in problems]
        return list(found.values())

    def session_in(self, row: list[str], one: dict[str, Any]) -> Session:
        """The session in one object, by its row."""
        owner, _, centre, key, address, user, test, warning = row
        self.label, self.warnings = f"a session of {owner}, as JSON", [warning] if warning else []
        keys = {int(name[2]): key_in(value) for name, value in one.items() if re.fullmatch("dc[1-5]_auth_key", name)}
        place = ":".join(str(at(one, path)) for path in address.split() if at(one, path))
        host, _ = split_address(place)
        dc = as_number(at(one, centre)) or min(owners_of(host) or keys, default=0)
        keys.setdefault(dc, key_in(at(one, key)))
        if not dc:
            raise Problem(
                f"This is {self.label}, and neither its data centre nor a known address stands in it.", "",
                [SIGN_IN_AGAIN], name="DataCentreNotSaid",
            )  # fmt: skip
        dcs = [data_centre(number, keys[number], place if number == dc else "") for number in keys]
        said = at(one, test)
        return with_all_keys(dcs, User(as_number(at(one, user)), dc), None if said is None else bool(said))


# Which programs keep a session as JSON: whose it is; the names that show it; where its data centre, key, address, user
# ID and the mark of the test servers stand (the first of several that is there, # is a digit); a warning. Sources:
# Telegram Web A, src/util/sessions.ts; Telegram Web K, src/lib; gotd, session/storage.go; Telethon 0.15,
# telethon/tl/session.py; Pyrogram 0.7, pyrogram/client/client.py.
JSON_SESSIONS = """
Telegram Web K|auth_key_fingerprint dcId dc#_auth_key|dcId|dc#_auth_key|-|userId|isTest|{web}
Telegram Web A|dcId dc#_auth_key|dcId|dc#_auth_key|-|userId|isTest|{web}
Telegram Web K or Webogram|dc#_auth_key|dc user_auth.dcID|dc#_auth_key|-|user_auth.id user_auth|-|{web}
gotd (Go)|Data.AuthKey|Data.DC Data.Config.ThisDC|Data.AuthKey|Data.Addr|-|Data.Config.TestMode|
Telethon before 0.16|auth_key_data|dc_id|auth_key_data|server_address port|-|-|
Pyrogram before 0.8|dc_id test_mode auth_key|dc_id|auth_key|-|user_id|test_mode|
a program that is not known|auth_?[kK]ey dc(_?[iI]d)?|dc(_?[iI]d)?|auth_?[kK]ey|-|user_?[iI]d|-|
""".replace(
    "{web}",
    "It is the browser's own session: a second program that uses it can end both. A string of its own is better: run "
    "this script without any arguments.",
)


def load_json(text: str) -> Any:
    """What `json.loads` makes of a text; a ValueError, too, for a number of thousands of digits, and for NaN None."""
    import json

    def integer(digits: str) -> int:
        if len(digits) > 40:  # turning thousands of digits into a number takes Python minutes
            raise ValueError("a number has more than 40 digits")
        return int(digits)

    return json.loads(text, parse_int=integer, parse_constant=lambda _: None)


def json_in(text: str) -> Any:
    """What a text holds as JSON, None if it is none."""
    try:
        return load_json(text)
    except (ValueError, RecursionError):
        return None


def unfolded(value: Any, depth: int = 9) -> Any:
    """JSON in which texts that are JSON themselves, as browsers keep them, are what they hold; None for the depths."""
    if isinstance(value, str) and value[:1] in ("{", "[", '"'):
        inside = json_in(value)
        value = value if inside is None else inside
    if isinstance(value, dict):
        return {name: unfolded(each, depth - 1) for name, each in value.items()} if depth else None
    if isinstance(value, list):
        return [unfolded(each, depth - 1) for each in value] if depth else None
    return value


def objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in JSON."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from objects_in(each)


def at(one: Any, paths: str) -> Any:
    """What stands at the first of the paths that is there: `dc user_auth.dcID`."""
    for path in paths.split():
        found = one
        for part in path.replace("#", "[1-5]").split("."):
            names = found if isinstance(found, dict) else {}
            found = next((names[name] for name in names if re.fullmatch(part, name)), None)
        if found is not None:
            return found
    return None


def as_number(value: Any) -> int:
    """A number of JSON that may be written as text; 0 for anything else."""
    return int(value) if re.fullmatch("[0-9]{1,19}", str(value)) else 0


def key_in(value: Any) -> bytes:
    """A key in JSON: hex digits, base64, or base64 in several pieces; with quotes around it or not."""
    value = value.get("data") if isinstance(value, dict) else value
    if isinstance(value, list) and len(value) == KEY_SIZE and all(each in range(256) for each in value):
        return bytes(value)
    text = "".join(map(str, value)) if isinstance(value, list) else str(value or "").strip('"')
    return bytes.fromhex(text) if re.fullmatch("(?:[0-9a-fA-F]{2})+", text) else base64_bytes(text)


STRINGS = (GramjsString, TelethonString, WzgramString, GrammersString, PyrogramString, MtcuteString, MtkrutoString)
INVISIBLE = "[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
WRAPPING = "\"'`“”‘’«»„,;"


def recognise_text(text: str) -> StringStorage:
    """The session string in a text, whatever surrounds it, and what was repaired; a `Problem` if there is none."""
    for whole in (JsonSessions, BareKey):
        if whole.recognise(text):
            return whole(text)
    first: Problem | None = None
    for candidate, repaired in candidates(text):
        kind = next((kind for kind in STRINGS if kind.recognise(candidate)), None)
        if kind:
            try:
                kind(candidate).load()
            except Problem as problem:
                first = first or problem
                continue
            right, tidied = tidy(candidate)
            storage = kind(right)
            storage.repaired = [*repaired, *tidied]
            return storage
    raise not_a_string(text, first)


def candidates(text: str) -> Iterable[tuple[str, list[str]]]:
    """What in a text could be the string, the least surgery first, each with what was done to get it."""
    visible = re.sub(INVISIBLE, "", text)
    repaired = ["Removed invisible characters."] if visible != text else []
    bare = visible.strip()
    named = re.match(r"(?:export\s+|set\s+|\$env:)?[A-Za-z_][\w.-]*\s*[=:]\s*(?=[^\s=])", bare)
    if named and len(named[0]) < 80:
        bare = bare[named.end() :]
        repaired.append(f"Removed “{named[0].strip()}” in front of it.")
    unquoted = "\n".join(line.strip(WRAPPING + "()> \t\r") for line in bare.splitlines())
    if unquoted.split() != bare.split():
        repaired.append("Removed quotes or other signs around it.")
    plain = re.sub("(?i)%(2B|2F|3D)", lambda sign: chr(int(sign[1], 16)), unquoted)
    if plain != unquoted:
        repaired.append("Turned %2B, %2F and %3D, as links have them, back into “+”, “/” and “=”.")
    if "\\" in plain:
        plain = re.sub(r"\\(?=[_=+/\s-])", "", plain)
        repaired.append("Took backslashes out, as Markdown and programs put them in front of signs.")
    words = plain.split()
    if sum(len(word) > 300 for word in words) < 2:
        joined = "".join(words)
        spaced = [*repaired, "Joined the pieces it was broken into."] if len(words) > 1 else repaired
        yield joined, spaced
        for first, ours in FIRST_CHARACTERS:
            if is_whole(first + joined):
                yield first + joined, [*spaced, f"Put back the “{first}” that {ours} string begins with."]
    runs = set(re.findall(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{340,}={0,2}", visible))
    if len(runs) > 1:
        raise Problem(
            f"There are {len(runs)} different strings in this text.", "Only one session can be looked at at a time.",
            ["Give one of them alone."],
        )  # fmt: skip
    for run in runs:
        yield run, ["Took the string out of the text around it."]
    inside = base64_bytes("".join(words))
    if re.fullmatch(rb"[\w+/=-]{300,}", inside):  # as Kubernetes keeps the values of a Secret
        yield inside.decode("ascii"), ["It was encoded in base64 once more, which was undone."]


def tidy(text: str) -> tuple[str, list[str]]:
    """A string in the alphabet and with the padding that its format has, and what of that was wrong."""
    body = text.rstrip("=")
    right = body.translate(STANDARD if GramjsString.recognise(text) else URL_SAFE)
    repaired = ["Changed it to the base64 alphabet its format has."] if right != body else []
    whole = right + "=" * ((1 - len(right)) % 4 * (right[:1] == "1"))  # Telethon and GramJS pad, not counting the 1
    if len(whole) > len(text):
        repaired.append("Put back the “=” at its end.")
    return whole, repaired


# What strings have lost when their first character was not marked for copying.
FIRST_CHARACTERS = (("1", "a Telethon"), ("A", "this"))


def is_whole(text: str) -> bool:
    """Whether this is the whole string of a library, for certain: it can be read, and its server is Telegram's."""
    kind = next((kind for kind in (TelethonString, PyrogramString, MtcuteString) if kind.recognise(text)), None)
    try:
        return kind is not None and is_telegrams(home_address(kind(text).load())[0])
    except Problem:
        return False


# How strings begin, as bytes; how many characters they have, and whose they are. Older Pyrogram strings begin like
# many another thing: what is said of them is “may”.
STRING_STARTS = (
    (PyrogramString.START, 362, "a Pyrogram string"),
    (rb"\x01[1-5]\0\x02\xfe\0\x01\x01\0\x01", 354, "an MTKruto string"),
    (rb"[\x01-\x05][\0\x01]", 356, "an older Pyrogram string (version 1), as far as its first two bytes can tell"),
)


def not_a_string(text: str, damage: Problem | None) -> Problem:
    """The `Problem` of a text without a session string: the most precise of what can be said about it."""
    bare = re.sub(INVISIBLE, "", text).strip().strip(WRAPPING + " \t\r\n").strip()
    long = max(re.findall(r"\S+", bare), key=len, default="")
    odd = re.match(r"[A-Za-z0-9+/_=-]*([^A-Za-z0-9+/_=-])", long)
    again = [COPY_AGAIN]
    if not bare:
        return Problem("There is nothing in it: no session string was given.", "", again, name="Empty")
    shortened = re.search(r"(?<![\w+/=-])([\w+/=-]{20,})\s*(?:…|\.\.\.)", bare)
    if shortened and (looks_like_a_string(shortened[1]) or re.search("(?=.*[A-Z])(?=.*[a-z]).*[0-9]", shortened[1])):
        title = "The string is shortened (“…”): its middle is missing."
        return Problem(title, "Some programs and chats show long strings that way.", again, name="ShortenedString")
    if len(re.findall("[A-Za-z0-9+/_=-]", long)) > max(300, 0.9 * len(long)) and odd and odd[1].isalpha():
        title = f"Character {odd.end()} of the string is “{odd[1]}” (U+{ord(odd[1]):04X}), which only looks Latin."
        meaning = "A session string has the letters a to z, digits, - _ + / and = only."
        return Problem(title, meaning, again, name="ForeignLetter")
    known = only_recognised("text", bare) or damage
    if known:
        return known
    for pattern, whole, kind in STRING_STARTS:
        if 40 < len(bare) < whole and re.match(pattern, base64_bytes(bare[:16])) and base64_start(bare):
            return cut_off(bare, whole, kind)
    return Problem(
        UNKNOWN_STRING.format(len(bare)),
        "Telethon's has 353 (or 369) characters and begins with 1.", [*again, SIGN_IN_AGAIN], name="UnknownString",
    )  # fmt: skip


# ── SQLite files ──

STRING_LIMIT = 1 << 18  # bytes of a text that a string is looked for in
DATABASE_LIMIT = 256 << 20  # bytes; a session with the names of half a million people has 40 million


def with_database(path: str, read: Callable[[Database], Any], patience: float = 1.5) -> Any:
    """Opens a database without changing it or anything beside it, and returns what `read` makes of it.

    A database with a journal or a write-ahead log beside it is in use or was left by a crash: it is copied together
    with them, and the copy is read, so that the answer is what its owner sees (`immutable=1` would give old rows,
    `mode=ro` cannot roll a journal back).
    """
    import sqlite3

    path = os.path.realpath(path)
    name, head = os.path.basename(path), read_head(path)
    beside = [path + end for end in ("-journal", "-wal") if os.path.exists(path + end)]
    logs = [log for log in beside if read_file(log, DATABASE_LIMIT, 1)]  # SQLite would wait for ever for a pipe
    if not logs:
        page = int.from_bytes(head[16:18], "little") * 256  # 10 00 means 4,096, and 00 01 means 65,536
        size = page * int.from_bytes(head[28:32], "big")
        there = os.path.getsize(path)
        if there < size and head[24:28] == head[92:96]:  # else an old SQLite has not kept its size
            raise damaged_database(name, f"{there:,} of its {size:,} bytes are there")
        if head[18:20] != b"\2\2":  # 2: this database keeps a write-ahead log
            url = "".join(f"%{byte:02X}" for byte in os.fsencode(path))  # slashes too: two in front would name a host
            return query(sqlite3.connect(f"file:{url}?mode=ro", uri=True, timeout=1), read, name, patience)
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="telegram-session-")
    try:
        copy = os.path.join(folder, "copy")
        for source in [path, *logs]:
            shutil.copyfile(source, copy + source[len(path) :])
            os.chmod(copy + source[len(path) :], 0o600)
        return query(sqlite3.connect(copy, timeout=1), read, name, patience)
    except OSError as error:
        raise Problem(f"{name} cannot be copied to be read: {error.strerror or error}.") from None
    except Problem as problem:
        if problem.name == "NeverSignedIn" and not logs:
            problem.title = f"No session was found in {name}, and part of it may be missing."
            problem.meaning = (
                "It keeps a write-ahead log, and none lies beside it: what was written last may be in a file of the "
                "same name with “-wal” behind it, which belongs to it."
            )
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_head(path: str) -> bytes:
    """The first 100 bytes of a database; a `Problem` names what the file is instead."""
    name = os.path.basename(path)
    head = read_file(path, DATABASE_LIMIT, 100)
    if not head:
        raise never_signed_in(f"{name} is empty (0 bytes): nothing was written into it, or it was lost in copying.")
    if not head.startswith(b"SQLite format 3\0"):
        raise no_session(head, path)
    return head


LONGEST_VALUE = 4 << 20  # bytes of one value in a database
DATABASE_LOGS = ("-journal", "-wal", "-shm")  # what SQLite keeps beside one, behind its name


class Database:
    """An open database: its tables, each with the names of its columns, and what stands in them."""

    def __init__(self, connection: Any, tables: dict[str, list[str]]) -> None:
        self.connection = connection
        self.tables = tables

    def has(self, wanted: str) -> bool:
        """Whether it has tables with these columns: `dc_home dc_id; dc_option dc_id ipv4`; of several sets (|) one."""
        return any(
            all(
                table in self.tables and set(columns) <= set(self.tables[table])
                for table, *columns in map(str.split, each.split(";"))
            )
            for each in wanted.split("|")
        )

    def rows(self, table: str, names: str, rest: str = "limit 20") -> list[list[Any]]:
        """Rows of a table: its columns of these names, None for each that it has not got; no rows without the table."""
        has = self.tables.get(table, ())
        columns = ", ".join(name if name in has else f"null as {name}" for name in names.split())
        return list(map(list, self.connection.execute(f"select {columns} from {table} {rest}"))) if has else []

    def first(self, table: str, names: str, where: str = "") -> list[Any]:
        """The first of these rows; None for each column where there is no row."""
        return (self.rows(table, names, f"{where} limit 1") or [[None for _ in names.split()]])[0]

    def numbers(self, table: str, names: str, where: str = "") -> list[list[int]]:
        """Whole numbers out of a table; no rows if it has not got all of these columns."""
        rows = self.rows(table, names, f"{where} limit 20000") if self.has(f"{table} {names}") else []
        return [[whole_number(value) for value in row] for row in rows]

    def update_state(
        self, table: str, where: str = "", channels: str = "no table", of_channels: str = ""
    ) -> UpdateState | None:
        """How far updates were read: the account's row, and the rows of its channels."""
        own = self.numbers(table, "pts qts date seq", where)
        states = [ChannelState(number, read) for number, read in self.numbers(channels, "id pts", of_channels)]
        return UpdateState._make([*own[0], tuple(states)]) if own else None


def query(connection: Any, read: Callable[[Database], Any], name: str, patience: float) -> Any:
    """Runs `read` on an open database and closes it; what SQLite complains about becomes a `Problem`."""
    import sqlite3

    give_up = time.monotonic() + patience  # seconds: a view or an index may be made to run for ever
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    connection.set_progress_handler(lambda: time.monotonic() > give_up, 10000)
    limited = hasattr(connection, "setlimit")  # from Python 3.11 on
    try:
        connection.execute("pragma trusted_schema = off")
        if limited:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)  # type: ignore[attr-defined,unused-ignore]
        tables: dict[str, list[str]] = {}
        for (table,) in connection.execute(
            "select name from sqlite_master where type = 'table' and sql not like 'create virtual%' limit 100"
        ).fetchall():
            columns = list(connection.execute(f"pragma table_xinfo({quoted(table)})"))
            # A computed column can ask for any amount of memory, and no Telegram library has one.
            if not any(row[6] for row in columns):
                tables[table] = [row[1] for row in columns]
        for table in () if limited else tables:
            lengths = " + ".join(f"length({quoted(name)})" for name in tables[table])
            if connection.execute(
                f"select 1 from {quoted(table)} where {lengths} > {LONGEST_VALUE} limit 1"
            ).fetchone():
                raise sqlite3.DataError("string or blob too big")
        return read(Database(connection, tables))
    except (sqlite3.Error, OverflowError, ValueError) as error:  # ValueError: names that are no text, or hold a NUL
        if "locked" in str(error):
            raise Problem(
                f"{name} is locked: another program is using it right now.", "It was not touched.",
                ["Stop the program that uses this session (a bot, a script), then try again."], name="DatabaseLocked",
            ) from None  # fmt: skip
        if "too big" in str(error):
            what = f"{name} holds a value of more than {LONGEST_VALUE:,} bytes, which no session has. It was not read."
            raise Problem(what, "", [SIGN_IN_AGAIN], name="ValueTooLong") from None
        if "interrupted" in str(error):
            what = f"{name} was not read to its end: that takes more than {patience:g} seconds."
            raise Problem(what, "", ["Try again when the computer has less to do."], name="DatabaseTooSlow") from None
        raise damaged_database(name, error) from None
    finally:
        connection.close()


def damaged_database(name: str, why: object) -> Problem:
    """The `Problem` of a database that is not whole."""
    return Problem(
        f"{name} is a damaged database: {why}.", "It may have been cut off while it was copied.",
        ["Copy the file again from where it was, while no program is using it.", SIGN_IN_AGAIN], name="DamagedDatabase",
    )  # fmt: skip


def quoted(name: object) -> str:
    """A name as SQL has it in quotes."""
    return '"{}"'.format(str(name).replace('"', '""'))


def whole_number(value: Any) -> int:
    """A database's number, whatever a program stored in its place."""
    return int(value) if isinstance(value, int) or (isinstance(value, float) and abs(value) < 1 << 62) else 0


class SqliteStorage(Storage):
    """A session in an SQLite database, which is known by the tables and columns that it `NEEDS` (`Database.has`)."""

    NEEDS = ""
    DDL = ""  # what a new database is made with

    @classmethod
    def recognise(cls, source: Database) -> bool:
        """Whether a database has what this format needs."""
        return source.has(cls.NEEDS)

    @property
    def files(self) -> list[str]:
        """The database, and the logs beside it, which hold a part of it."""
        return [self.path, *(log for log in (self.path + end for end in DATABASE_LOGS) if os.path.lexists(log))]

    def load_all(self) -> list[Session]:
        """Reads every session that is in it."""
        sessions: list[Session] = with_database(self.path, self.read_all)
        return sessions

    def read_all(self, database: Database) -> list[Session]:
        """The sessions in an open database: most formats have room for one."""
        return [self.read(database)]

    def read(self, database: Database) -> Session:
        """The session in an open database."""
        raise NotImplementedError

    def stored(self, dc: Any, host: Any, port: Any, key: Any, **details: Any) -> Session:
        """A session from what stands in the columns of a row; a host that is no IP address gives way to the usual."""
        place = str(host or "")
        port = whole_number(port) or 443
        return new_session(whole_number(dc), self.key_bytes(key), place if ip_address(place) else None, port, **details)

    def rows(self, session: Session) -> Rows:
        """Which rows a new database gets, for those of TARGETS."""
        raise NotImplementedError

    def save(self, session: Session) -> None:
        """Makes a new database."""
        import sqlite3

        rows = list(self.rows(session))

        def fill(temporary: str) -> None:
            connection = sqlite3.connect(temporary)
            try:
                connection.executescript(self.DDL)
                for table, values in rows:
                    connection.execute(f"insert into {table} values ({','.join('?' * len(values))})", values)
                connection.commit()
            except (sqlite3.Error, OverflowError) as error:
                raise not_written(self.path, error) from None
            finally:
                connection.close()

        write_new(self.path, fill)

    def key_bytes(self, value: Any) -> bytes:
        """The key in a column, also where a program stored it as text."""
        if not isinstance(value, str) or not value:
            return value if isinstance(value, bytes) else b""
        key = key_in(re.sub("^0x(?=[0-9a-fA-F]{512}$)", "", value))
        if len(key) != KEY_SIZE:
            what = f"Where the key belongs a text of {len(value)} characters stands, which is no key that can be read."
            raise Problem(what, "", [SIGN_IN_AGAIN], name="NoKey")
        self.warnings.append("The key is stored as text, which Telethon itself cannot read.")
        return key


class TelethonFile(SqliteStorage):
    """Telethon 1's `.session`, schema 1 to 8 by its columns (version rows lie); schema 7 or 8 is written.

    Every Telethon from 1.17 on opens schema 7; those before 1.43 cannot open 8. Source: `telethon/sessions/sqlite.py`
    of 0.16 to 1.45.
    """

    name = "telethon"
    label = "a Telethon .session file"
    mark = "its table “sessions” with the columns of Telethon 1"
    holds = "address user state test contacts"
    NEEDS = "sessions dc_id server_address auth_key"
    # The newest column that each schema has; 5 and 6 have the same.
    SCHEMAS = """
        8 sessions tmp_auth_key
        7 entities date
        5 sessions takeout_id
        4 update_state pts
        3 sent_files type
        2 sent_files file_id
        1 sessions dc_id
    """
    DDL = """
        create table version (version integer primary key);
        create table sessions (dc_id integer primary key, server_address text, port integer, auth_key blob,
            takeout_id integer);
        create table entities (id integer primary key, hash integer not null, username text, phone integer,
            name text, date integer);
        create table sent_files (md5_digest blob, file_size integer, type integer, id integer, hash integer,
            primary key(md5_digest, file_size, type));
        create table update_state (id integer primary key, pts integer, qts integer, date integer, seq integer);
    """

    def __init__(self, path: str, schema: int = 7) -> None:
        super().__init__(path)
        self.schema = schema
        self.DDL += "alter table sessions add column tmp_auth_key blob;" if schema == 8 else ""

    def read(self, database: Database) -> Session:
        """The row that has a key; Telethon itself takes the first one."""
        self.facts.append(("schema", self.schema_of(database)))
        rows = [
            [*row, self.key_bytes(key)] for *row, key in database.rows("sessions", "dc_id server_address port auth_key")
        ]
        if not rows:
            raise never_signed_in("This session was never signed in (no row in its table “sessions”).")
        signed_in = [row for row in rows if any(row[3])] or rows[:1]
        dc, host, port, key = signed_in[0]
        more = ", ".join(str(row[0]) for row in signed_in[1:])
        host = str(host or "").strip("[]")
        valid = ip_address(host) or re.fullmatch(r"[A-Za-z0-9.-]+\.telegram\.org", host)
        odd = [
            (signed_in[0] is not rows[0],
             "Its first row has no key, so Telethon would say “not signed in”; another row has one."),
            (more,
             f"Another row of it has a key, too (data centre {more}). Telethon takes the first row, as is done here."),
            (host and not port, "It says no port; the usual one is used instead."),
            (host and not valid,
             f"The server address “{in_one_line(host)}” is not valid; the usual one is used instead."),
        ]  # fmt: skip
        self.warnings += [what for is_so, what in odd if is_so]
        # Since 1.28 Telethon notes the own user id in the row 0 of its contacts.
        user_id = max(0, whole_number(database.first("entities", "hash", "where id = 0")[0]))
        [username] = database.first("entities", "username", f"where id = {user_id}") if user_id else [None]
        session = new_session(
            whole_number(dc), key, host if valid else "", whole_number(port or 443), user_id=user_id,
            username=str(username or "") or None,
        )  # fmt: skip
        return session._replace(
            state=database.update_state("update_state", "where id = 0", "update_state", "where id != 0"),
            contacts=self.path if next(self.noted(database, 1), None) else None,
        )

    @staticmethod
    def noted(database: Database, most: int = 1_000_000) -> Iterator[tuple[str, Sequence[Any]]]:
        """The rows that only Telethon 1 has a use for: contacts, sent files, a takeout; of each at `most` so many."""
        for table, where, wanted in (
            ("entities", "where id != 0", "id hash username phone name date"),
            ("sent_files", "", "md5_digest file_size type id hash"),
            ("sessions", "where takeout_id > 0", "takeout_id"),
        ):
            if database.has(" ".join([table, *wanted.split()[:2]])):
                for row in database.rows(table, wanted, f"{where} limit {most}"):
                    yield table, row

    def schema_of(self, database: Database) -> str:
        """The schema that the columns show, and what the version row says if that is something else."""
        versions = [row[0] for row in database.rows("version", "version", "limit 5")]
        marks = (line.split(None, 1) for line in self.SCHEMAS.strip().split("\n"))
        schema = next(int(number) for number, column in marks if database.has(column))
        if versions == [schema] or (schema, versions) == (5, [6]):
            return str(versions[0])
        said = ", ".join(map(str, versions)) or "nothing"
        if versions and whole_number(versions[0]) > 8:
            self.warnings.append("A newer Telethon than this script knows has written it; what is known was read.")
        return f"{schema} by its columns, while its version row says {in_one_line(said, 40)}"

    def rows(self, session: Session) -> Rows:
        """One session; the user id and the update state where Telethon itself keeps them."""
        host, port = home_ip(session)  # Telethon does not speak WebSocket, as Telegram's web hosts do
        noted: Rows = ()
        if session.contacts:
            noted = with_database(session.contacts, lambda database: list(self.noted(database)), 60)
        takeout = next((row[0] for table, row in noted if table == "sessions"), None)
        yield "version", (self.schema,)
        key = home_key(session)
        yield "sessions", (session.user.dc, host, port, key, takeout, *([None] if self.schema == 8 else []))
        yield from (each for each in noted if each[0] != "sessions")
        if session.user.id:
            yield "entities", (0, session.user.id, None, None, None, int(time.time()))
        if session.state:
            yield "update_state", (0, *session.state[:4])
            for channel in session.state.channels:
                yield "update_state", (*channel, 0, session.state.date, 0)


class TelethonV2File(SqliteStorage):
    """Telethon v2's `.session`: every form is read, also those of 2022 and September 2023, and the final one written.

    Its schema number is 10 throughout while the columns changed, so the columns decide. Source:
    `client/src/telethon/_impl/session/storage/sqlite.py` on Telethon's branch `v2`.
    """

    name = "telethon-v2"
    label = "a Telethon v2 .session file"
    mark = "its table “datacenter”"
    holds = "address user bot username state keys test"
    NEEDS = "datacenter id auth; user | datacenter id auth; session"
    DDL = """
        create table version (version integer primary key);
        create table datacenter (id integer primary key, ipv4_addr text, ipv6_addr text, auth blob);
        create table user (id integer primary key, dc integer not null, bot integer not null, username text);
        create table state (pts integer not null, qts integer not null, date integer not null, seq integer not null);
        create table channelstate (id integer primary key, pts integer not null);
    """

    def read(self, database: Database) -> Session:
        """Every data centre, the user and the update state."""
        if "session" in database.tables:
            schema, own = "8 of the abandoned v2 of 2022", database.first("session", "user_id dc_id bot username")
        else:
            form = "final" if database.has("datacenter ipv4_addr") else "September 2023"
            schema, own = f"10 ({form} form)", database.first("user", "id dc bot username")
        self.facts.append(("schema", schema))
        dcs = [
            data_centre(
                whole_number(number), self.key_bytes(auth), str(final4), str(final6), str(addr), f"{ipv4}:{port}",
                f"{ipv6}:{port}",
            )
            for number, ipv4, ipv6, port, addr, final4, final6, auth in database.rows(
                "datacenter", "id ipv4 ipv6 port addr ipv4_addr ipv6_addr auth"
            )
        ]  # fmt: skip
        user_id, home, bot, username = own
        home = whole_number(home) or next((dc.id for dc in dcs if dc.auth), 2)
        bot = None if bot is None else bool(bot)
        user = User(whole_number(user_id), home, bot, str(username or "") or None)
        return with_all_keys(dcs, user)._replace(state=database.update_state("state", "", "channelstate"))

    def rows(self, session: Session) -> Rows:
        """Every data centre; the home one with an address, as v2 needs it to connect."""
        home_key(session)
        yield "version", (10,)
        for dc in session.dcs:
            known = data_centre(dc.id, dc.auth, str(dc.ipv4_addr), str(dc.ipv6_addr))
            usual = join_address(*usual_address(dc.id, session.test))
            yield "datacenter", known if known.address else known._replace(ipv4_addr=usual)
        user = session.user
        if user.id:
            yield "user", (user.id, user.dc, bool(user.bot), user.username)
        if session.state:
            yield "state", session.state[:4]
            for channel in session.state.channels:
                yield "channelstate", channel


class PyrogramFile(SqliteStorage):
    """The `.session` of Pyrogram and its heirs: schema 1 to 7 is read, Kurigram's 7 is written.

    Source: their `storage/sqlite_storage.py`; Kurigram 2.2.
    """

    name = "pyrogram-file"
    label = "a Pyrogram/Kurigram .session file"
    mark = "its table “sessions” with the column “test_mode”"
    holds = "address user bot test api_id"
    NEEDS = "sessions dc_id test_mode auth_key user_id is_bot"
    DDL = """
        create table sessions (dc_id integer primary key, server_address text, port integer, api_id integer,
            test_mode integer, auth_key blob, date integer not null, user_id integer, is_bot integer);
        create table peers (id integer primary key, access_hash integer, type integer not null, phone_number text,
            last_update_on integer not null default (cast(strftime('%s', 'now') as integer)));
        create table usernames (id integer, username text, foreign key (id) references peers(id));
        create table update_state (id integer primary key, pts integer, qts integer, date integer, seq integer);
        create table version (number integer primary key);
        create index idx_peers_id on peers (id);
        create index idx_peers_phone_number on peers (phone_number);
        create index idx_usernames_id on usernames (id);
        create index idx_usernames_username on usernames (username);
        create trigger trg_peers_last_update_on after update on peers begin
            update peers set last_update_on = cast(strftime('%s', 'now') as integer) where id = new.id;
        end;
    """

    def read(self, database: Database) -> Session:
        """The one row of `sessions`."""
        [version] = database.first("version", "number")
        self.facts.append(("schema", "not said" if version is None else in_one_line(version, 20)))
        rows = database.rows("sessions", "dc_id server_address port auth_key user_id is_bot test_mode api_id")
        if not rows:
            raise never_signed_in("This session was never signed in (no row in “sessions”).")
        dc, host, port, key, user_id, bot, test, api_id = rows[0]
        return self.stored(
            dc, host, port, key, user_id=max(0, whole_number(user_id)), bot=None if bot is None else bool(bot),
            test=bool(test), api_id=whole_number(api_id),
        )  # fmt: skip

    def rows(self, session: Session) -> Rows:
        """The one row of `sessions`, and the schema."""
        user, app = session.user, session.api.app_id
        host, port = home_ip(session)
        key, test = home_key(session), bool(session.test)
        yield "version", (7,)
        yield "sessions", (user.dc, host, port, app, test, key, int(time.time()), user.id, bool(user.bot))


class AlchemyFile(SqliteStorage):
    """Telethon's sessions as telethon-session-sqlalchemy 0.2.16 and mautrix-telegram keep them: one for each person.

    What one has noted is never mixed with another's: `session_id` tells them apart. Read only.
    """

    name = "sqlalchemy"
    label = "a database of Telethon sessions (AlchemySession)"
    mark = "a table of sessions with the column “session_id”"
    COLUMNS = "dc_id server_address port auth_key session_id"

    @classmethod
    def recognise(cls, source: Database) -> bool:
        """A table of sessions that has the columns of Telethon, and whose they are."""
        return cls.table_in(source) is not None

    @classmethod
    def table_in(cls, database: Database) -> str | None:
        """The name of that table: `sessions`, `telethon_sessions`."""
        named = (table for table in database.tables if re.fullmatch(r"\w*sessions", table))
        return next((table for table in named if database.has(f"{table} {cls.COLUMNS}")), None)

    def read_all(self, database: Database) -> list[Session]:
        """A session for each row with a key."""
        sessions = []
        for dc, host, port, key, who in database.rows(self.table_in(database) or "", self.COLUMNS, "limit 2000"):
            name = f"session_id “{in_one_line(who)}”"
            try:
                if any(self.key_bytes(key)):
                    sessions.append(self.stored(dc, host, port, key))
                    self.names[len(sessions)] = name
            except Problem as problem:
                self.warnings.append(f"{as_sentence(name)}: {problem.title}")
        if not sessions:
            raise never_signed_in("There is no signed-in session in this database.")
        self.facts.append(("sessions in it", str(len(sessions))))
        return sessions


class GrammersFile(SqliteStorage):
    """grammers' SQLite session, from 0.8 on. Read only. Source: `grammers-session/src/storages/sqlite.rs`."""

    name = "grammers-file"
    label = "a session file of grammers (Rust)"
    mark = "its tables “dc_home” and “dc_option”"
    NEEDS = "dc_home dc_id; dc_option dc_id ipv4 ipv6 auth_key"

    def read(self, database: Database) -> Session:
        """Every data centre, and the peer that is the account itself (subtype 1, a bot 3)."""
        dcs = [
            data_centre(whole_number(number), self.key_bytes(key), str(ipv4), str(ipv6))
            for number, ipv4, ipv6, key in database.rows("dc_option", "dc_id ipv4 ipv6 auth_key")
        ]
        home = whole_number(database.first("dc_home", "dc_id")[0])
        own = database.numbers("peer_info", "peer_id subtype", "where subtype in (1, 3)")
        user = User(own[0][0], home, own[0][1] == 3) if len(own) == 1 else User(0, home)
        return with_all_keys(dcs, user)._replace(state=database.update_state("update_state"))


class MtcuteFile(SqliteStorage):
    """mtcute's SQLite storage. Read only. Source: `packages/core/src/storage` of mtcute.

    `dc_main` holds what its string has for the data centre, `current_user` a version, flags (1: a bot) and the user ID.
    """

    name = "mtcute-file"
    label = "an mtcute session file"
    mark = "its tables “auth_keys” and “key_value”"
    NEEDS = "auth_keys dc key; key_value key value"

    def read(self, database: Database) -> Session:
        """Every key, the home data centre and the user."""
        wanted = "where key in ('dc_main', 'current_user') limit 2"
        found = database.rows("key_value", "key value", wanted)
        values = {str(name): value for name, value in found if isinstance(value, bytes)}
        if "dc_main" not in values:
            raise never_signed_in(
                "No data centre stands in this mtcute session: nobody was signed in, or it is damaged."
            )
        home, place, test = mtcute_place(Reader(values["dc_main"], "The data centre in the mtcute session"))
        user = User(0, home)
        if "current_user" in values:
            reader = Reader(values["current_user"], "The user in the mtcute session")
            reader.take(4)
            bot = bool(reader.number("<I") & 1)
            user = User(reader.number("<q"), home, bot)
        keys = database.rows("auth_keys", "dc key")
        dcs = [data_centre(dc, self.key_bytes(key), place if dc == home else "") for dc, key in keys]
        return with_all_keys(dcs, user, test)


# Pyrogram and AlchemySession have the columns of Telethon 1, and more.
DATABASES = (PyrogramFile, AlchemyFile, TelethonFile, TelethonV2File, GrammersFile, MtcuteFile)


def recognise_database(path: str) -> SqliteStorage:
    """The storage for a database; a `Problem` names the program it belongs to otherwise."""
    name = os.path.basename(path)

    def look(database: Database) -> Database:
        if not database.tables:
            raise never_signed_in(f"{name} is an empty database: it was never signed in.")
        return database

    database: Database = with_database(path, look)
    for kind in DATABASES:
        if kind.recognise(database):
            return kind(path)
    tables = sorted(database.tables)
    shown = ", ".join(in_one_line(table) for table in tables[:5])
    raise only_recognised("tables", " ".join(tables), name) or Problem(
        f"{name} is a database of no Telegram library that this script knows, perhaps of another program "
        f"(tables {shown}).", "", [SIGN_IN_AGAIN], name="UnknownDatabase",
    )  # fmt: skip


# ── .session + .json ──

# The companion's keys in the order opentele2 2.0.0 writes them, with the values of a new one; the first nine are the
# API identity. Telegram Desktop itself uses API id 2040.
COMPANION = """
{"app_id": null, "app_hash": null, "device": null, "sdk": null, "app_version": null, "system_lang_pack": null,
"system_lang_code": null, "lang_pack": null, "lang_code": null, "twoFA": null, "role": "", "id": null, "phone": null,
"username": null, "date_of_birth": null, "date_of_birth_integrity": null, "is_premium": false, "has_profile_pic": false,
"spamblock": null, "register_time": null, "last_check_time": null, "avatar": null, "first_name": "", "last_name": "",
"sex": null, "proxy": null, "ipv6": false, "session_file": ""}
"""

# Of these names one at least stands in every companion.
COMPANION_KEYS = "app_id app_hash api_id api_hash device device_model sdk twoFA phone phone_number user_id"

# What other tools call the same things.
ALIASES = {
    "app_id": "api_id", "app_hash": "api_hash", "device": "device_model", "sdk": "system_version", "id": "user_id",
    "system_lang_code": "system_lang_pack", "phone": "phone_number",
}  # fmt: skip


class SessionJson(Storage):
    """A Telethon `.session` and a `.json` beside it with the API identity and account data, as opentele2 has them.

    Of a path one `.session` and then one `.json` at its end do not count. Every key is kept through a round trip.
    """

    name = "json"
    label = "a .session file with its .json"
    mark = "two files of the same name"
    holds = f"{TelethonFile.holds} username api_id api"

    def __init__(self, path: str, json_path: str | None = None, schema: int = 7) -> None:
        super().__init__(path)
        base = self.base(path)
        self.session_path = base + ".session"
        self.json_path = json_path or base + ".json"
        self.schema = schema

    @staticmethod
    def base(path: str) -> str:
        """The name that both files share."""
        return re.sub(r"(\.json)?(\.session)?\Z", "", path)

    @classmethod
    def recognise(cls, source: str) -> bool:
        """Whether one of the two is there and can be the half of a pair."""
        return os.path.isfile(cls.base(source) + ".json") or cls.other_name(cls.base(source)) is not None

    @classmethod
    def other_name(cls, base: str) -> str | None:
        """A `.json` of another name in the same folder that names this session as its own."""
        folder, session = os.path.split(base)
        if not os.path.isfile(base + ".session"):
            return None
        with contextlib.suppress(Problem):  # it lets its files be read, but not be listed
            for name in sorted(name for name in names_in(folder or ".") if name.endswith(".json"))[:50]:
                path = os.path.join(folder, name)
                with contextlib.suppress(Problem):
                    if cls.base(str(cls.parse(path)[0].get("session_file") or "")) == session:
                        return path
        return None

    def load(self) -> Session:
        """Reads both files. Without the `.session` a string session inside the `.json` will do."""
        base = self.base(self.session_path)
        if not os.path.isfile(self.json_path):
            self.json_path = self.other_name(base) or self.json_path
        try:
            companion, odd = self.parse(self.json_path)
        except Problem as problem:
            alone = f"Or move that file elsewhere: {os.path.basename(self.session_path)} is then read without it."
            problem.steps = (*problem.steps, alone) if os.path.isfile(self.session_path) else problem.steps
            raise
        self.warnings += [odd] if odd else []
        self.facts.append(("JSON file", os.path.basename(self.json_path)))
        named = self.base(str(companion.get("session_file") or ""))
        beside = os.path.join(os.path.dirname(base), os.path.basename(named) + ".session")
        path = next(filter(os.path.isfile, (self.session_path, base, beside)), None)
        storage = recognise_database(path) if path else self.string_in(companion)
        session = storage.load()
        self.warnings += storage.warnings
        self.facts += [("session in it", storage.label), *storage.facts]
        if named not in ("", os.path.basename(base)) and path in (self.session_path, base, None):
            self.warnings.append(
                f"Its “session_file” names another file ({in_one_line(companion['session_file'])}), which was not used."
            )
        return self.with_companion(session, companion)

    def string_in(self, companion: dict[str, Any]) -> StringStorage:
        """The session string inside the companion; a `Problem` if there is none."""
        texts = [str(companion.get(key)) for key in ("session_string", "string_session", "session")]
        for text in texts:
            if len(text) > 300:
                self.label, self.mark = "a JSON file with a session string in it", "the string in it"
                return recognise_text(text)
        if not {*companion} & {"session_file", *COMPANION_KEYS.split()}:
            name = os.path.basename(self.json_path)
            raise Problem(f"{name} is JSON, and no session was found in it.", "", [SIGN_IN_AGAIN], name="NotASession")
        raise Problem(
            f"{os.path.basename(self.session_path)} is missing, and no key was found in the JSON file alone.",
            f"Looked for {self.session_path}.", ["Put both files in the same folder."],
        )  # fmt: skip

    @staticmethod
    def parse(path: str) -> tuple[dict[str, Any], str | None]:
        """The JSON object in a file, and a sentence if its encoding is odd."""
        name = os.path.basename(path)
        text, odd = text_of_file(read_file(path, 1 << 20))
        try:
            found = load_json(text)
        except RecursionError:
            raise Problem(f"{name} is nested too deeply to be what belongs to a session.") from None
        except ValueError as error:
            raise Problem(
                f"{name} is not valid JSON: {error}.", "", ["Get the file again; it may be cut off."]
            ) from None
        if not isinstance(found, dict):
            raise Problem(f"{name} holds no JSON object ({{…}}), so it does not belong to a session.")
        return found, odd

    def with_companion(self, session: Session, companion: dict[str, Any]) -> Session:
        """The session with what the companion knows; a `Problem` for an API id that cannot be one."""

        missing = [key for key in ALIASES if companion.get(key) in (None, "") and ALIASES[key] in companion]
        companion = {**companion, **{key: companion[ALIASES[key]] for key in missing}}

        def text(key: str) -> str | None:
            value = companion.get(key)
            if value in (None, "", "null") or isinstance(value, (dict, list)):
                return None
            return str(value).encode("utf-8", "replace").decode("utf-8")  # JSON can hold half a character

        def number(key: str, largest: int) -> int | None:
            """0 if it is missing, None if it is none; it may be text, or have a fraction of zero."""
            found = re.fullmatch(r"\s*([+-]?\d{1,20})(\.0+)?\s*", text(key) or "0")
            return int(found[1]) if found and 0 <= int(found[1]) <= largest else None

        app_id = number("app_id", LARGEST_API_ID)
        if app_id is None:
            raise Problem(
                f"app_id must be a positive number, and it is {text('app_id')}.", f"It is in {self.json_path}."
            )
        app_hash = text("app_hash")
        if app_hash and not re.fullmatch("[0-9a-fA-F]{32}", app_hash):
            self.warnings.append(f"app_hash must be 32 hex digits, and it has {len(app_hash)} characters.")
        user, user_id = session.user, number("id", (1 << 63) - 1)
        if user_id is None:
            self.warnings.append("Its “id” is no user id and was left out.")
        if user_id and user.id not in (0, user_id):
            self.warnings.append(
                f"The two files do not match: the .session belongs to user {user.id}, and the JSON file is about user "
                f"{user_id}. The user ID shown is the .session's."
            )
        else:
            user = user._replace(id=user_id or user.id, username=text("username") or user.username)
        identity = ApiIdentity._fields[:-1]
        other = {key: value for key, value in companion.items() if key not in (*identity, "id", "session_file")}
        api = ApiIdentity._make([app_id, *map(text, identity[1:]), other])
        return session._replace(user=user, api=api)

    def companion(self, session: Session) -> dict[str, Any]:
        """The JSON object to write: known keys first and in order, then every other key that came with the session."""
        api, user = session.api, session.user
        companion: dict[str, Any] = {
            **load_json(COMPANION), **dict(zip(api._fields[:-1], api)), "system_lang_pack": api.system_lang_code,
            **api.other, "id": user.id or None, "session_file": os.path.basename(self.base(self.session_path)),
        }  # fmt: skip
        return {**companion, "username": user.username or companion["username"]}

    def save(self, session: Session) -> None:
        """Writes both files; if the second fails, the first is taken away again."""
        import json

        text = json.dumps(self.companion(session), indent=2, ensure_ascii=False)
        write_bytes(self.json_path, text.encode("utf-8", "backslashreplace"))  # which is JSON's own way, too
        try:
            TelethonFile(self.session_path, self.schema).save(session)
        except BaseException:
            os.remove(self.json_path)
            raise

    @property
    def files(self) -> list[str]:
        """Both of them."""
        return [self.session_path, self.json_path]


def with_account(session: Session, me: Any) -> Session:
    """The session with what a signed-in account says of itself: `me` is the `User` that `users.getUsers` answers.

    Fills what opentele2's `fetch_user_info` fills: id, phone without +, username, names, premium.
    """
    about = {
        "phone": me.phone,
        "username": me.username,
        "first_name": me.first_name or "",
        "last_name": me.last_name or "",
        "is_premium": bool(me.premium),
        "has_profile_pic": me.photo is not None,
    }
    user = User(me.id, session.user.dc, bool(me.bot), me.username)
    api = session.api._replace(other={**session.api.other, **about})
    return session._replace(user=user, api=api)


# ── Telegram Desktop ──

#
# Source: Telegram Desktop, `storage_domain.cpp`, `storage_account.cpp` and `storage_file_utilities.cpp` up to 7.3.

TDATA_LIMIT = 256 << 10  # bytes of a key or account file; real ones have under 8 thousand

MOST_ACCOUNTS = 20  # of one folder that are decrypted; each takes up to two seconds
TDATA_VERSION = (3004000).to_bytes(4, "little")  # written: every Telegram Desktop since 3.4 opens and updates it
WIDE_IDS = b"\xff" * 8  # stands before a 64-bit user id, where old files have a 32-bit one


class Tdata(Storage):
    """The folder of Telegram Desktop: one or more accounts, all encrypted with one local key.

    The local key is itself encrypted with the passcode, which is empty if the person has set none: `unlock` before
    `load`. Read are the layouts since 2014, written is the one from 2020 to 7.2.
    """

    name = "tdata"
    label = "a Telegram Desktop folder (tdata)"
    mark = "a key file, and files with names of 16 hex digits"
    checked = True
    holds = "user keys"

    def __init__(self, path: str, key_name: str = "", passcode: str = "") -> None:
        super().__init__(path)
        self.key_name = key_name
        self.passcode = passcode
        self.local_key = b""
        self.indices: list[int] = []
        self.active = 1  # the number of the account that is open in Telegram Desktop
        self.found: list[tuple[int, Session | Problem]] = []
        self.key_file: KeyFile | None = None

    @classmethod
    def recognise(cls, source: str) -> bool:
        """A key file, or the single account of old, in the folder, in `tdata` inside it, or around what was given."""
        return cls.find(source) is not None

    @staticmethod
    def find(path: str) -> str | None:
        """The folder itself, also when its parent, an account's folder or one of its files was given."""
        path = os.path.abspath(path)
        folders = [path, os.path.join(path, "tdata")]
        if re.fullmatch("(?i)key_.*|[0-9A-F]{16}s?", os.path.basename(path)):
            folders.append(os.path.dirname(path))
        for folder in folders:
            if os.path.isdir(folder) and any(re.fullmatch(IN_TDATA, name) for name in names_in(folder)):
                return folder
        return None

    # ── the key file ──

    def open(self) -> KeyFile:
        """Finds and parses the key file, once."""
        if self.key_file is None:
            folder = self.find(self.path)
            if folder is None:
                raise Problem(f"There is no Telegram Desktop folder at {self.path}.")
            self.path = folder
            self.key_file = found = self.new_key_file() or self.old_key_file()
            self.facts.append(("layout", found.layout))
            for size in {len(salt) for salt in (found.salt, *(wrap.salt for wrap in found.wraps))} - {32}:
                self.warnings.append(f"A salt in its key file has {size} bytes; Telegram Desktop writes 32.")
            if found.unknown:
                self.warnings.append(f"Behind all that is known of its key file there are {found.unknown} more bytes.")
        return self.key_file

    def new_key_file(self) -> KeyFile | None:
        """`key_datas`, or the only one of another name; None if the folder has none but a single account of old."""
        names = sorted({name[4:-1] for name in names_in(self.path) if re.fullmatch("key_.+[s01]", name)})
        wanted = self.key_name or ("data" if "data" in names or len(names) != 1 else names[0])
        if wanted not in names:
            if not names and os.path.isdir(os.path.join(self.path, folder_name("data"))) and not self.key_name:
                return None
            has = ", ".join(names) if names else "none at all"
            raise Problem(
                f"There is no key file key_{wanted}s in this folder; it has: {has}.",
                "Without its key file nothing in a Telegram Desktop folder can be read.",
                ["Copy the folder again, whole, while Telegram Desktop is closed."]
                + (["Name the key file with --key-name."] if names else []),
            )  # fmt: skip
        if not self.key_name and wanted != "data":
            self.warnings.append(f"It has no key_datas; the only key file in it was used (--key-name {wanted}).")
        if len(names) > 1:
            rest = ", ".join(name for name in names if name != wanted)
            self.warnings.append(f"It has other key files too ({rest}); the one of “{wanted}” was used.")
        self.key_name = wanted
        self.facts.append(("key file", f"key_{wanted}s"))
        return parse_key_file(Reader(self.payload(f"key_{wanted}"), f"key_{wanted}s"))

    def old_key_file(self) -> KeyFile:
        """The single account of Telegram Desktop before 2.1.14, whose map file holds the key."""
        self.key_name = "data"
        name = os.path.join(folder_name("data"), "map")
        reader = Reader(self.payload(name), name)
        salt, key = reader.qt_bytes(), reader.qt_bytes()
        if not (salt and key):
            raise Problem(
                "The key file key_datas is missing from this folder.",
                "Without it nothing in a Telegram Desktop folder can be read.",
                ["Copy the folder again, whole, while Telegram Desktop is closed."],
            )
        return KeyFile(salt, key, b"", (), "single account, before 2.1.14", 0)

    def payload(self, name: str) -> bytes:
        """What a file of the folder holds, its check sum verified. `name` is without the suffix.

        `s` alone counts where it exists; before 2020 there were `0` and `1` in turn, and the newer whole one counts.
        """
        found = self.versions(name)
        if found and found[0].endswith("s"):
            del found[1:]
        problems = []
        for candidate in sorted(found, key=os.path.getmtime, reverse=True):
            try:
                return tdf_payload(read_file(candidate, TDATA_LIMIT), os.path.basename(candidate))
            except Problem as problem:
                problems.append(problem)
        missing = Problem(f"{os.path.basename(name)}s is missing from the folder.", f"Looked in {self.path}.")
        raise [*problems, missing][0]

    def versions(self, name: str) -> list[str]:
        """The files that are there of a name without suffix."""
        inner, last = os.path.split(name)
        folder = as_there(self.path, inner) if inner else self.path
        paths = [as_there(folder, last + suffix) for suffix in "s01"] if os.path.isdir(folder) else []
        return [path for path in paths if os.path.exists(path)]

    def unlock(self, passcode: str = "") -> bool:
        """Opens the local key with a passcode; False if it is not the one. The empty one opens an unlocked folder."""
        key_file = self.open()
        if passcode and key_file.wraps:  # a passcode set with 7.3 opens its wrap, and nothing else does
            tries = [(wrap.key, wrap_key(wrap, passcode)) for wrap in key_file.wraps]
        else:
            tries = [(key_file.key, passcode_key(key_file.salt, passcode, old=not key_file.info))]
        for sealed, key in tries:
            opened = local_decrypt(sealed, key)
            if opened and len(opened) == KEY_SIZE:
                self.local_key = opened
                self.passcode = passcode
                self.read_info(key_file)
                return True
        return False

    def read_info(self, key_file: KeyFile) -> None:
        """Which accounts there are, by their index, and which one is open in Telegram Desktop."""
        if not key_file.info:  # the single account of old
            self.indices = [0]
            return
        info = local_decrypt(key_file.info, self.local_key)
        if info is None:
            raise Problem(
                f"key_{self.key_name}s is damaged: its list of accounts cannot be decrypted.", "", TDATA_AGAIN
            )
        reader = Reader(info, f"The list of accounts in key_{self.key_name}s")
        listed = [reader.number(">i") for _ in range(reader.number(">i"))]
        self.indices = [index for index in dict.fromkeys(listed) if 0 <= index < 1000]
        if not self.indices:
            raise Problem("No account is signed in in this folder.", "", TDATA_AGAIN)
        active = reader.number(">i") if reader.left >= 4 else -1
        self.active = self.indices.index(active) + 1 if active in self.indices else 1

    # ── accounts ──

    def load_all(self) -> list[Session]:
        """Every account that can be read, the active one first; `warnings` tell about the others."""
        found = [account for _, account in self.accounts()]
        sessions = [account for account in found if isinstance(account, Session)]
        problems = [account for account in found if isinstance(account, Problem)]
        if not sessions:
            raise problems[0]
        self.warnings += [problem.title for problem in problems]
        return sessions

    def accounts(self) -> list[tuple[int, Session | Problem]]:
        """All accounts with their numbers in the key file, the active one first; a `Problem` for one not readable."""
        if not self.local_key and not self.unlock():
            raise Problem(
                "This folder is locked with a local passcode.",
                "It is the one that Telegram Desktop asks for when it starts, not the 2FA password.",
                ["Give the passcode when you are asked for it, or in TELEGRAM_PASSCODE."],
            )
        began = time.monotonic()
        for number, index in enumerate([] if self.found else self.indices[:MOST_ACCOUNTS], 1):
            if time.monotonic() - began > 1:
                of = f" of {len(self.indices)}: {duration(time.monotonic() - began)}"
                term.status(f"… decrypting account {number}", of)
            try:
                self.found.append((number, self.account(index)))
            except Problem as problem:
                problem.title = f"Account {number}: {problem.title}"
                self.found.append((number, problem))
        term.clear_status()
        if len(self.indices) > MOST_ACCOUNTS and len(self.found) == MOST_ACCOUNTS:
            self.warnings.append(
                f"It says {len(self.indices)} accounts; {MOST_ACCOUNTS} were read. Telegram Desktop has six at most."
            )
        return sorted(self.found, key=lambda account: account[0] != self.active)

    def account(self, index: int) -> Session:
        """The account of one index: its authorisation file, and what its configuration says about test servers."""
        number = f"#{index + 1}" if index else ""
        # A `#` in the key's name: Telegram Desktop leaves it out of the folder's name, opentele and mtcute do not.
        names = [folder_name(name + number) for name in (self.key_name.replace("#", ""), self.key_name)]
        name = next(filter(self.versions, names), names[0])
        data = self.decrypted(name)
        if data is None:
            raise Problem(
                f"{name}s cannot be decrypted (its SHA-1 does not match).",
                "It was encrypted with another local key: files of two folders are mixed, or it is damaged.",
                TDATA_AGAIN,
            )  # fmt: skip
        if not self.versions(os.path.join(name, "map")):
            self.warnings.append(f"{name} has no map file, so Telegram Desktop itself would not show this account.")
        return account_session(Reader(data, f"{name}s"), self.test_servers(name))

    def decrypted(self, name: str) -> bytes | None:
        """What is in a file that is encrypted with the local key; None if it was another key."""
        return local_decrypt(Reader(self.payload(name), f"{name}s").qt_bytes(), self.local_key)

    def test_servers(self, name: str) -> bool | None:
        """What the optional file `configs` says; None if it is not there or cannot be read."""
        try:
            reader = Reader(self.decrypted(os.path.join(name, "config")) or b"", "configs")
            reader = Reader(reader.qt_bytes(), "configs")
            said = reader.number(">i"), reader.number(">i")
        except Problem:
            return None
        return {(1, 0): False, (1, 1): True}.get(said)

    # ── writing ──

    def save(self, session: Session) -> None:
        """Makes a folder with one account."""
        self.save_all([session])

    def save_all(self, sessions: Sequence[Session]) -> None:
        """Makes a folder of all these accounts, locked with `passcode` unless that is empty; the first is active."""
        name = self.key_name or "data"
        if not re.fullmatch("[a-z0-9_-]+", name):
            raise Problem(
                f"Telegram Desktop cannot open a folder whose key name is “{name}”.",
                "Its option -key knows small letters from a to z, digits, - and _ only.", ["Give another --key-name."],
                code=2,
            )  # fmt: skip
        local_key, salt = os.urandom(KEY_SIZE), os.urandom(32)
        info = pack_numbers(len(sessions), *range(len(sessions)), 0)
        key = passcode_key(salt, self.passcode)
        files = {f"key_{name}s": qt(salt) + qt(local_encrypt(local_key, key)) + qt(local_encrypt(info, local_key))}
        for index, session in enumerate(sessions):
            folder = folder_name(name + (f"#{index + 1}" if index else ""))
            # A map that names one cache file, which need not exist. opentele2 cannot save a folder with an empty map.
            cache = pack_numbers(9) + os.urandom(8)
            files[f"{folder}s"] = qt(local_encrypt(account_data(session), local_key))
            files[os.path.join(folder, "maps")] = qt(b"") + qt(b"") + qt(local_encrypt(cache, local_key))

        def fill(temporary: str) -> None:
            for file, payload in files.items():
                os.makedirs(os.path.join(temporary, os.path.dirname(file)), mode=0o700, exist_ok=True)
                write_bytes(os.path.join(temporary, file), tdf_file(payload))

        write_new(self.path.rstrip("/" + os.sep), fill, folder=True)

    def delete(self) -> None:
        """Removes the folder."""
        import shutil

        folder = self.find(self.path)  # what was given may be the folder around it
        if folder is None:
            raise Problem(f"There is no Telegram Desktop folder at {self.path}.", name="NoSession")
        shutil.rmtree(folder)


IN_TDATA = "(?i)key_.+[s01]|D877F783D5D3EF8C[s01]?"
TDATA_AGAIN = ["Close Telegram Desktop, and copy its whole tdata folder again."]


class Wrap(NamedTuple):
    """One way to the local key in the layout of 7.3: kind 1 is Argon2id (memory in KiB), 2 is scrypt (memory is N)."""

    kind: int
    memory: int
    passes: int
    lanes: int
    salt: bytes
    key: bytes


class KeyFile(NamedTuple):
    """The key file: `key` is the local key under a PBKDF2 of the passcode; empty if 7.3 has locked the folder."""

    salt: bytes
    key: bytes
    info: bytes
    wraps: tuple[Wrap, ...]
    layout: str
    unknown: int  # bytes behind all that is known


def parse_key_file(reader: Reader) -> KeyFile:
    """Three blobs since 2.1.14; 7.3 added a fourth with better passcode functions: the committed ones count."""
    salt, key, info, rest = reader.qt_bytes(), reader.qt_bytes(), reader.qt_bytes(), reader.left
    trailer = Reader(reader.qt_bytes() if reader.left else b"", f"The passcode part of {reader.what}")
    if trailer.left < 16 or trailer.number(">I") != 0x4B443200:
        return KeyFile(salt, key, info, (), "2.1.14 to 7.2", rest)
    form, committed, count = trailer.number(">I"), trailer.number(">I"), trailer.number(">I")
    if form > 2 or count > 2:
        raise Problem(f"{reader.what} is of a newer Telegram Desktop than this script knows (layout {form}).")
    wraps = []
    for _ in range(count):
        kind, generation, memory, passes, lanes = (trailer.number(">I") for _ in range(5))
        wrap = Wrap(kind, memory, passes, lanes, trailer.qt_bytes(), trailer.qt_bytes())
        check_wrap(wrap, reader.what)
        if generation == committed:
            wraps.append(wrap)
    layout = "7.3 (with Argon2id or scrypt for the passcode)"
    return KeyFile(salt, key, info, tuple(wraps), layout, trailer.left + reader.left)


def check_wrap(wrap: Wrap, what: str) -> None:
    """Refuses parameters beyond Telegram Desktop's own limits: they would only use up memory and time."""
    if wrap.kind not in (1, 2):
        raise Problem(f"{what} uses an unknown passcode method ({wrap.kind}).", "", TDATA_AGAIN)
    if wrap.kind == 1:
        name, reasonable = "Argon2id", 8 * wrap.lanes <= wrap.memory <= 262144 and 0 < wrap.passes <= 64
        reasonable = reasonable and wrap.memory * wrap.passes <= 1 << 21  # KiB: a few seconds
    else:
        power = wrap.memory > 1 and not wrap.memory & (wrap.memory - 1)
        # Written are 8 passes. OpenSSL itself refuses a single one with much memory, and very many with little.
        name, reasonable = "scrypt", power and 1 < wrap.passes <= 32 and wrap.memory * wrap.passes <= 192 << 13
    if not (reasonable and 0 < wrap.lanes <= 16 and 8 <= len(wrap.salt) <= 64):
        raise Problem(
            f"The passcode parameters of {what} are unreasonable and were refused ({name}, memory {wrap.memory}, "
            f"{wrap.passes} passes, {wrap.lanes} lanes).",
            "Opening it would use up this computer's memory or time.", TDATA_AGAIN,
        )  # fmt: skip


def passcode_key(salt: bytes, passcode: str, *, old: bool = False) -> bytes:
    """The key that a passcode makes from 2.1.14 to 7.2, or by the rule of the time before (`old`)."""
    import hashlib

    if not hasattr(hashlib, "pbkdf2_hmac"):
        raise Problem(
            "Folders of Telegram Desktop can be neither opened nor made: this Python was built without PBKDF2.",
            "", [OTHER_PYTHON], name="NoPbkdf2",
        )  # fmt: skip
    password = passcode.encode("utf-8", "replace")
    if old:
        return hashlib.pbkdf2_hmac("sha1", password, salt, 4000 if passcode else 4, KEY_SIZE)
    password = digest("sha512", salt + password + salt)
    return hashlib.pbkdf2_hmac("sha512", password, salt, 100000 if passcode else 1, KEY_SIZE)


OTHER_PYTHON = "Use the Python from https://www.python.org/downloads/ for this."


def wrap_key(wrap: Wrap, passcode: str) -> bytes:
    """The passcode's key since 7.3."""
    import hashlib

    password = passcode.encode("utf-8", "replace")
    if wrap.kind == 2:
        if not hasattr(hashlib, "scrypt"):
            raise Problem("This Python cannot open the folder: it was built without scrypt.", "", [OTHER_PYTHON])
        return hashlib.scrypt(
            password, salt=wrap.salt, n=wrap.memory, r=wrap.passes, p=wrap.lanes, maxmem=200 << 20, dklen=KEY_SIZE
        )
    try:
        from argon2.low_level import Type, hash_secret_raw
    except ImportError:
        raise Problem(
            "To open this locked folder one more Python package is needed: argon2-cffi.",
            "Telegram Desktop 7.3 and newer protects its passcode with Argon2id, which Python does not have.",
            [f"Run: {sys.executable} -m pip install argon2-cffi", "Then run this command again."],
        ) from None
    key: bytes = hash_secret_raw(password, wrap.salt, wrap.passes, wrap.memory, wrap.lanes, KEY_SIZE, Type.ID)
    return key


def account_session(reader: Reader, test: bool | None) -> Session:
    """The account in a decrypted authorisation file: block 0x4B since 2017, dbiKey and dbiUser before."""
    user_id, main = 0, 0
    keys: dict[int, bytes] = {}
    while reader.left >= 4:
        block = reader.number(">I")
        if block == 0x4B:
            user_id, main, keys = authorization(Reader(reader.qt_bytes(), reader.what))
        elif block == 0x00:
            dc = reader.number(">i")
            keys[dc] = reader.take(KEY_SIZE)
        elif block == 0x01:
            user_id, main = reader.number(">i"), reader.number(">I")
        elif block in OTHER_BLOCKS:
            for field in OTHER_BLOCKS[block]:
                if field == "b":
                    reader.qt_bytes()
                else:
                    reader.take(4)
        else:
            break
    if main not in keys:
        has = "keys for " + ", ".join(f"DC {dc}" for dc in sorted(keys)) + " only" if keys else "no keys at all"
        raise Problem(
            f"No key for its main data centre (DC {main}): {has}.", "The account was logged out.", [SIGN_IN_AGAIN]
        )
    session = new_session(main, keys[main], user_id=max(0, user_id), test=test)
    known = {*DATA_CENTRES, 203} - {main}
    others = tuple(DataCenter(dc, auth=key) for dc, key in sorted(keys.items()) if dc in known)
    return session._replace(dcs=session.dcs + others)


# What else stood in an authorisation file before 2017, to be passed over; n: a number of four bytes, b: a QByteArray.
OTHER_BLOCKS = {
    0x02: "nbbn", 0x27: "nnbn", 0x4A: "b", 0x5E: "b", 0x03: "n", 0x32: "n", 0x35: "n", 0x43: "n", 0x50: "n",
}  # fmt: skip


def authorization(reader: Reader) -> tuple[int, int, dict[int, bytes]]:
    """User id, main data centre and keys; the list of keys to destroy that follows holds logged-out ones."""
    wide = reader.data.startswith(WIDE_IDS)
    reader.take(8 * wide)
    user_id, main = reader.number(">Q" if wide else ">i"), reader.number(">i")
    return user_id, main, {reader.number(">i"): reader.take(KEY_SIZE) for _ in range(reader.number(">i"))}


def account_data(session: Session) -> bytes:
    """An authorisation file's content: one block 0x4B with a wide user id and every key."""
    home_key(session)
    user = session.user
    keys = [(dc.id, dc.auth) for dc in session.dcs if dc.auth]
    data = WIDE_IDS + user.id.to_bytes(8, "big") + pack_numbers(user.dc, len(keys))
    for dc, key in keys:
        data += pack_numbers(dc) + key
    return pack_numbers(0x4B) + qt(data + pack_numbers(0))


def folder_name(data_name: str) -> str:
    """MD5 of an account's data name, 8 bytes in hex, the low half of each byte first."""
    name = data_name.encode("utf-8", "surrogateescape")  # the name of a file need not be text
    return "".join(f"{byte & 15:X}{byte >> 4:X}" for byte in digest("md5", name)[:8])


def pack_numbers(*numbers: int) -> bytes:
    """Qt's i32 numbers."""
    return b"".join(number.to_bytes(4, "big", signed=True) for number in numbers)


def qt(data: bytes) -> bytes:
    """Qt's QByteArray; the empty one."""
    return len(data).to_bytes(4, "big") + data


def tdf_payload(data: bytes, name: str) -> bytes:
    """What a `TDF$` file holds: magic, version, payload, MD5 over payload, its length, the version and the magic."""
    if not data:
        raise Problem(f"{name} is empty.", "", TDATA_AGAIN)
    if not data.startswith(b"TDF$"):
        raise Problem(f"{name} is damaged: it does not begin with TDF$.", "", TDATA_AGAIN)
    if tdf_file(data[8:-16], data[4:8]) == data:
        return data[8:-16]
    reader = Reader(data[8:], name)
    try:
        while reader.left > 16:
            reader.qt_bytes()
        reader.take(16)
    except Problem:
        raise Problem(f"{name} is cut off.", "", TDATA_AGAIN) from None
    raise Problem(f"{name} is damaged: its MD5 does not match.", "", TDATA_AGAIN)


def tdf_file(payload: bytes, version: bytes = TDATA_VERSION) -> bytes:
    """The opposite of `tdf_payload`."""
    total = digest("md5", payload + len(payload).to_bytes(4, "little") + version + b"TDF$")
    return b"TDF$" + version + payload + total


def local_decrypt(blob: bytes, key: bytes) -> bytes | None:
    """What Telegram Desktop encrypted with a 256-byte key; None if it was another key, or the data is damaged."""
    if len(blob) <= 16 or len(blob) % 16:
        return None
    body = aes_ige(blob[16:], *local_aes(key, blob[:16]), decrypt=True)
    size = int.from_bytes(body[:4], "little")
    if digest("sha1", body)[:16] != blob[:16] or not len(body) - 16 < size <= len(body) or size < 4:
        return None
    return body[4:size]


def local_encrypt(data: bytes, key: bytes) -> bytes:
    """The opposite of `local_decrypt`."""
    body = (4 + len(data)).to_bytes(4, "little") + data
    body += os.urandom(-len(body) % 16)
    name = digest("sha1", body)[:16]
    return name + aes_ige(body, *local_aes(key, name), decrypt=False)


def local_aes(key: bytes, name: bytes) -> tuple[bytes, bytes]:
    """AES key and IV for one message: MTProto 1's rule with x = 8 (core.telegram.org/mtproto/description_v1)."""
    parts = (name + key[8:40], key[40:56] + name + key[56:72], key[72:104] + name, name + key[104:136])
    a, b, c, d = (digest("sha1", part) for part in parts)
    return a[:8] + b[8:20] + c[4:16], a[8:20] + b[:8] + c[16:20] + d[:8]


def aes_ige(data: bytes, key: bytes, iv: bytes, *, decrypt: bool) -> bytes:
    """AES-256 in IGE mode; `iv` is 32 bytes: the cipher block before the first, then the plain one."""
    try:
        import pyaes
    except ImportError:
        raise Problem(
            "Without the Python package pyaes, a folder of Telegram Desktop can be neither opened nor made.",
            "Such a folder is encrypted with AES, which Python does not have by itself. Telethon brings pyaes along.",
            ["Install Telethon, then run this command again."],
        ) from None
    cipher = pyaes.AES(key)
    turned = cipher.decrypt if decrypt else cipher.encrypt
    before, other = int.from_bytes(iv[:16], "big"), int.from_bytes(iv[16:], "big")
    if decrypt:
        before, other = other, before
    out = b""
    for at in range(0, len(data), 16):
        block = int.from_bytes(data[at : at + 16], "big")
        made = int.from_bytes(turned((block ^ before).to_bytes(16, "big")), "big") ^ other
        before, other = made, block
        out += made.to_bytes(16, "big")
    return out


# ── the rest ──


class GramjsFolder(Storage):
    """GramJS's StoreSession: a folder with one small file for each value. Read only."""

    name = "gramjs-folder"
    label = "a GramJS StoreSession folder"
    mark = "files whose names end in %3AauthKey"

    @classmethod
    def recognise(cls, source: str) -> bool:
        """A file whose name ends in `:authKey`, written as a link writes it."""
        return os.path.isdir(source) and any(name.endswith("%3AauthKey") for name in names_in(source))

    def load_all(self) -> list[Session]:
        """Every session: each has four files whose names begin alike."""
        ends = (name for name in sorted(names_in(self.path)) if name.endswith("%3AauthKey"))
        return [self.read(name[: -len("authKey")]) for name in ends]

    def read(self, prefix: str) -> Session:
        """The session whose files begin so."""
        values = []
        for name in ("authKey", "dcId", "port", "serverAddress"):
            text, _ = text_of_file(read_file(os.path.join(self.path, prefix + name), 1 << 14))
            try:
                values.append(load_json(text))
            except (ValueError, RecursionError):
                raise Problem(f"{prefix}{name} in the GramJS folder is damaged.", "", [SIGN_IN_AGAIN]) from None
        try:
            key = bytes(list(values[0]["data"]))  # `bytes` of a number would be as many zeros
            dc, port, host = int(values[1]), int(values[2]), str(values[3])
        except (TypeError, ValueError, KeyError, OverflowError):
            raise Problem("The GramJS folder is damaged: its values make no sense.", "", [SIGN_IN_AGAIN]) from None
        return new_session(dc, key, host if re.fullmatch(r"[A-Za-z0-9.:-]+", host) else None, port & 0xFFFF)


class AndroidData(Storage):
    """Telegram for Android: `tgnet.dat` in the folder `files`, and one for each further account in `files/accountN`.

    Little-endian; a truth is a Bool of TL. Read only. Source: ConnectionsManager::loadConfig and Datacenter.cpp of
    Telegram for Android, as AndroidTelePorter 1.2.1 (PyPI) reads them.
    """

    name = "android"
    label = "the data of Telegram for Android (tgnet.dat)"
    mark = "a file tgnet.dat"

    @classmethod
    def recognise(cls, source: str) -> bool:
        """A `tgnet.dat`, or a folder that has one where Android keeps it."""
        return bool(cls.files_at(source))

    @staticmethod
    def files_at(path: str) -> list[str]:
        """The files of all accounts, in their order."""
        if os.path.isfile(path):
            return [path] if os.path.basename(path).lower() == "tgnet.dat" else []
        names = ["tgnet.dat", *(os.path.join(f"account{number}", "tgnet.dat") for number in range(1, 32))]
        folder = path if os.path.isfile(os.path.join(path, names[0])) else os.path.join(path, "files")
        return list(filter(os.path.isfile, (os.path.join(folder, name) for name in names)))

    def load_all(self) -> list[Session]:
        """Every account that is signed in."""
        sessions, problems = [], []
        for path in self.files_at(self.path):
            try:
                sessions.append(self.parse(read_file(path, 1 << 20)))
            except Problem as problem:
                problems.append(problem)
        if not sessions:
            raise problems[0]
        self.warnings += [f"Another account in it cannot be read: {problem.title}" for problem in problems]
        return sessions

    @staticmethod
    def parse(data: bytes) -> Session:
        """The session in one file: every data centre with its addresses and key."""
        reader = Reader(data, "The file tgnet.dat of Telegram for Android")

        def number(count: int = 1) -> int:
            """The last one of so many numbers; the others say nothing that is needed here."""
            return [0, *(reader.number("<I") for _ in range(count))][-1]

        version, test = number(2), number()
        number(version >= 3)
        if version >= 4:
            reader.tl_bytes()
        if number() != TL_TRUE:
            check_key(b"")
        home = number()
        number(4 + (version >= 2) + (version >= 5))
        reader.take(8 * number())
        dcs = []
        for _ in range(number()):
            kind, dc = number(), number()
            number(1 + (kind > 10))
            places: dict[int, str] = {}
            for group in range(4 if kind >= 5 else 1):
                for _ in range(number()):
                    host, port = reader.tl_bytes().decode("latin-1"), number()
                    number(kind >= 7)
                    if kind >= 9:
                        reader.tl_bytes()
                    if ip_address(host):
                        places.setdefault(group, join_address(host, port))
            number(kind >= 6)
            keys = []
            for _ in range(1 + (kind >= 8) + (kind >= 12)):  # behind the first those that hold for a day
                keys.append(reader.take(number()))
                reader.take(8)
            number()
            for _ in range(1 + (kind >= 13)):  # salts
                reader.take(16 * number())
            dcs.append(DataCenter(dc, places.get(0), places.get(1), keys[0]))
        return with_all_keys(dcs, User(0, home), test == TL_TRUE)


class Memory(Storage):
    """A session that is kept nowhere."""

    name = "memory"
    label = "a session in memory"
    mark = "it was made by this script"
    holds = " ".join(PARTS)

    def __init__(self, session: Session | None = None) -> None:
        super().__init__()
        self.session = session

    def load(self) -> Session:
        """The session that was put in."""
        if self.session is None:
            raise Problem("There is no session in memory.")
        return self.session

    def save(self, session: Session) -> None:
        """Keeps the session."""
        self.session = session

    def delete(self) -> None:
        """Forgets the session."""
        self.session = None


TARGETS: dict[str, type[Storage]] = {
    kind.name: kind
    for kind in (
        TelethonString, TelethonFile, TelethonV2File, SessionJson, Tdata, PyrogramString, PyrogramFile, GramjsString,
        MtcuteString,
    )
}  # fmt: skip


def recognise_path(path: str, json_path: str | None = None, key_name: str = "") -> Storage:
    """The storage for a file or folder; a `Problem` says what it is instead."""
    if json_path:
        return SessionJson(path, json_path)
    if Tdata.recognise(path):
        return Tdata(path, key_name)
    if GramjsFolder.recognise(path):
        return GramjsFolder(path)
    if AndroidData.recognise(path):
        return AndroidData(path)
    if os.path.isdir(path):
        raise only_recognised("folder", "\n".join(sorted(names_in(path)))) or Problem(
            "No session was found in this folder.",
            f"Looked in {os.path.abspath(path)}, some folders deep, and into files that usually hold one. Links were "
            "left out, and folders whose names begin with a dot.",
            ["Give the .session file itself, or the tdata folder of Telegram Desktop."], name="NoSession",
        )  # fmt: skip
    if not os.path.exists(path):
        path += next((end for end in (".session", ".json") if os.path.isfile(path + end)), "")
    head = read_file(path, DATABASE_LIMIT, STRING_LIMIT)
    name, ending = os.path.basename(path), os.path.splitext(path)[1].lower()
    if head.startswith(b"SQLite format 3\0"):
        return SessionJson(path) if SessionJson.recognise(path) else recognise_database(path)
    if not head:
        raise Problem(f"{name} is empty: there is nothing in it.", "", [SIGN_IN_AGAIN], name="Empty")
    if head.startswith(GrammersString.begins):
        return GrammersString(as_base64(head))
    other = no_session(head, path)
    if other.name == "NotASession" or not is_text(head):
        raise other
    text, odd = text_of_file(head)
    pair = ending == ".json" and not JsonSessions.recognise(text)
    if pair and text.lstrip().startswith("{"):
        return SessionJson(path)
    try:
        if len(head) == STRING_LIMIT:
            read_file(path, STRING_LIMIT)  # refuses what is longer
        storage = recognise_text(text)
    except Problem as problem:
        if pair:
            return SessionJson(path)
        if ending == ".session":
            problem.meaning = f"{name} is a text file. {problem.meaning}"
        raise
    storage.repaired += [odd] if odd else []
    return storage


def only_recognised(where: str, seen: str, name: str = "") -> Problem | None:
    """What something is that is no session for this script, by ONLY_RECOGNISED; None if that has no row for it.

    `where` it was looked: at its `text`, at the `start` of a file (bytes as Latin-1), at the `tables` of a database
    (their names with a blank between), into a `folder` (its names, each in a line).
    """
    for row in ONLY_RECOGNISED.strip().split("\n\n"):
        place, pattern, title, *steps = (line.strip() for line in row.split("\n"))
        if place == where and re.search(pattern, seen):
            title = title.replace("{name}", name or "This")
            return Problem(title, "", [SIGN_IN_AGAIN if step == "-" else step for step in steps], name="NotASession")
    return None


def no_session(head: bytes, path: str) -> Problem:
    """The `Problem` of a file by what it begins with: what it is instead, or that this script does not know it."""
    name = os.path.basename(path)
    return only_recognised("start", head.decode("latin-1"), name) or Problem(
        f"{name} is neither text nor a database, and this script does not know what it is: binary, "
        f"{os.path.getsize(path):,} bytes, which begin with {head[:8].hex(' ')}.",
        "It may be damaged, encrypted, or of a program that this script does not know.",
        ["Look up which program made it, and give that program's session file or folder.", SIGN_IN_AGAIN],
        name="UnknownFile",
    )


def is_text(data: bytes) -> bool:
    """Whether bytes can be text of some encoding: without the control characters that binary files are full of."""
    text, _ = text_of_file(data[:4096])
    return not re.search("[\0-\x08\x0e-\x1a\x1c-\x1f]", text)


def new_storage(target: str, path: str = "", **details: Any) -> Storage:
    """An empty storage of one of TARGETS, with what it takes of `schema`, `json_path`, `key_name` and `passcode`."""
    kind: Any = TARGETS[target]
    taken = {name: details[name] for name in TAKEN.get(target, ()) if name in details}
    storage: Storage = kind() if issubclass(kind, StringStorage) else kind(path, **taken)
    storage.path = path
    return storage


TAKEN = {"telethon": ["schema"], "json": ["json_path", "schema"], "tdata": ["key_name", "passcode"]}


def save_session(sessions: Sequence[Session], path: str, target: str, **details: Any) -> list[str]:
    """Saves sessions (all but tdata take one) in one of TARGETS and returns the paths that were made.

    A string goes to standard output if `path` is `-`. `details` are those of `new_storage`. Files are for their owner
    only, appear whole or not at all, and never replace anything. A `Problem` otherwise.
    """
    storage = new_storage(target, path, **details)
    storage.save_all(sessions)
    if isinstance(storage, StringStorage):
        if path == "-":
            term.hide(storage.text, "session string")
            term.deliver(storage.text)
            return []
        write_bytes(path, storage.text.encode("ascii") + b"\n")
    return storage.files


def files_of(target: str, path: str, json_path: str | None = None) -> list[str]:
    """What is made at a path: one file or folder, or the two files of a pair."""
    return SessionJson(path, json_path).files if target == "json" else [path]


# ══ 8  OTHER COMMANDS ════════════════════════════════════════════════════════════════════════════════════════════════
#
# `check`, `convert`, `network`, `explain`, and the report of a conversation. Like `main`, this room begins things: it
# may use every other one, and only `main` uses it.


# ── check ──


def command_check(options: Any) -> Outcome:
    """What was given, is it intact, and, only if asked, does it still work? Exit code 0 if all of it is all right.

    `options`: `what` (paths, `-`, or nothing), `online`, `json`, `account`, `key_name`, `json_path`, and with `online`
    also `proxy`, `ipv6`, `debug`. Without `online` nothing is connected to and Telethon is not imported.

    With `json` an object: `valid`; `place`; of what was read `format` (a `Storage.name`), `accounts`
    (`facts_of`) and what `told` gives; `online` (`account_online`), if Telegram accepts it; `problem`, if the
    exit code is not 0. Where there are several storages it is a list of such objects, in the order in which they were
    found. New keys may come, these stay.
    """
    if options.json:
        return check_for_programs(options)
    found = given_findings(
        options.what, options.json_path, options.key_name or "", options.account or 0, options.dc or 0
    )
    show(found)
    if options.online:
        check_online(found, options)
    elif sessions_of(found):
        which = "it still works" if len(found) == 1 else "they still work"
        term.say(f"Whether {which} only Telegram knows: add --online to ask.")
    return Outcome(1 if any(problems_of(finding) for finding in found) else 0)


def problems_of(finding: Finding) -> list[Problem]:
    """All that must be changed."""
    own = finding.session
    return [*([own] if isinstance(own, Problem) and own.title not in NOT_IN_IT else []), *finding.faults]


def check_for_programs(options: Any) -> Outcome:
    """`check --json`."""
    import json

    reports: list[dict[str, Any]] = []
    try:
        found = given_findings(
            options.what, options.json_path, options.key_name or "", options.account or 0, options.dc or 0
        )
        storages = dict.fromkeys(id(finding.storage) for finding in found)
        reports = [told([finding for finding in found if id(finding.storage) == one]) for one in storages]
        if options.online:
            reports[0]["online"] = check_online(found, options)
    except Problem as problem:
        reports = reports or [{"valid": False}]
        reports[0]["problem"] = for_programs(problem)
    term.deliver(json.dumps(reports if len(reports) > 1 else reports[0], indent=2))
    return Outcome(1 if any("problem" in report for report in reports) else 0)


def told(findings: Sequence[Finding]) -> dict[str, Any]:
    """What there is to say about the findings of one storage, for programs."""
    storage = findings[0].storage
    accounts = [
        {"account": finding.number, **{key: value for key, value, *_ in facts_of(finding.session)}}
        for finding in findings if isinstance(finding.session, Session)
    ]  # fmt: skip
    report: dict[str, Any] = {"valid": bool(accounts), "place": findings[0].place if len(findings) == 1 else ""}
    if accounts:
        report.update(format=storage.name, recognised_by=storage.mark, facts=dict(storage.facts))
        report.update(repaired=storage.repaired, warnings=storage.warnings, accounts=accounts)
    problems = [for_programs(problem) for finding in findings for problem in problems_of(finding)]
    if problems:
        report["problem"] = problems[0]
    if any(finding.faults for finding in findings):
        report["faults"] = problems
    known = [sentence for account in accounts for sentence in account["warnings"]]
    remarks = [sentence for finding in findings for sentence in finding.doubts if sentence not in known]
    if remarks:
        report["warnings"] = [*report.get("warnings", ()), *remarks]
    return report


def for_programs(problem: Problem) -> dict[str, Any]:
    """A `Problem` as an object of JSON. One of a thing that is damaged or unknown has no name but this."""
    report = {key: getattr(problem, key) for key in ("name", "title", "meaning", "steps")}
    return {**report, "name": problem.name or "NotReadable"}


def show_one(finding: Finding) -> None:
    """All that is known of the one session that was found; its `Problem`, if it has one."""
    place, session, storage, _, odd, faults, _ = finding
    if isinstance(session, Problem):
        for sentence in odd:
            term.warn(sentence)
        if session.title in NOT_IN_IT:
            term.note(f"{place}: {session.title}")
        elif not faults:
            raise session
    for problem in problems_of(finding):
        term.problem(problem)
    if isinstance(session, Problem):
        return
    term.heading("What is this session?")
    term.good(f"This is {storage.label}.")
    rows = [("Place", place), ("Recognised by", storage.mark), *storage.facts]
    rows += [(name, str(words)) for _, _, name, words in facts_of(session) if words]
    term.facts(
        [(as_sentence(name), value) for name, value in rows if value],
        private=("User ID", "Username", "API ID", "Key"),
    )  # fmt: skip
    for sentence in storage.repaired:
        term.note(f"Repaired: {sentence}")
    for sentence in [*storage.warnings, *odd]:
        term.warn(sentence)
    missing = missing_for(session)
    if missing:
        term.say()
        term.say("“convert” turns it into any other format. It will ask for what only you know:")
        term.facts((TARGETS[target].label, wanted) for target, wanted in missing.items())
    term.say()
    if any("is damaged" in sentence for sentence in odd):
        term.say("Nothing else in it shows damage.")
        return
    unseen = "" if storage.checked else " A character that was changed would not show: this format has no check sum."
    term.say(f"It is intact.{unseen}")


def show_faults(faults: Sequence[Problem]) -> None:
    """What must be changed in settings: a line for each."""
    for fault in faults:
        says = f"{fault.meaning.rstrip('.')}." if fault.meaning else ""
        term.say(" ".join(filter(None, [fault.title, says, *fault.steps])), "red", mark="✗", indent=2)


def show(found: Sequence[Finding]) -> None:
    """All about what was found, if it is one; else a line for each, and how many of them can be read."""
    if len(found) == 1:
        show_one(found[0])
        return
    term.heading("What is in it?")
    show_lines(found)
    good = len(sessions_of(found))
    counted = [f"{good} {'session is' if good == 1 else 'sessions are'} intact"] if good else []
    bad = sum(isinstance(finding.session, Problem) and finding.session.title not in NOT_IN_IT for finding in found)
    counted += [f"{bad} cannot be read"] if bad else []
    term.say()
    term.say((", ".join(counted) or "No session string stands there") + ".")
    if good > 1:
        term.say("--account N shows one alone, and lets “convert” take it.")


def show_lines(found: Sequence[Finding]) -> None:
    """A line for each, and what is to be changed around it."""
    for place, session, storage, number, odd, faults, _ in found:
        if isinstance(session, Problem):
            (term.note if session.title in NOT_IN_IT else term.bad)(f"{number}. {place}: {session.title}")
            for sentence in odd:
                term.warn(sentence)
            show_faults(faults)
            continue
        odd = [*storage.warnings, *odd]
        what = f"{number}. {place}: {storage.label}, data centre {session.user.dc}"
        which = f"user {session.user.id or 'not said'}, key {fingerprint(home_key(session))}"
        ways = [" ".join([f"{what}, {details}.", *odd]) for details in (which, NOT_SHOWN)]
        term.say(ways[0], "yellow" if odd else "green", mark="!" if odd else "✓", shareable=ways[1])
        show_faults(faults)


YES = {True: "yes", False: "no", None: "not said in this format"}


def facts_of(session: Session) -> list[tuple[str, Any, str, Any]]:
    """What is known of a session, without anything secret.

    Of each fact its key and value for programs, then its name and words for people; empty where they need none.
    """
    home, user = session.home, session.user
    host, port = home_address(session)
    stored, telegrams = bool(home.address), is_telegrams(host)
    app_id = session.api.app_id
    key = fingerprint(home_key(session))
    others = [dc.id for dc in session.dcs if dc.auth and dc.id != home.id]
    place = f" ({DATA_CENTRES[home.id].place})" if home.id in DATA_CENTRES else ""
    address = f"{host} port {port} ({'' if telegrams else 'not one of '}Telegram's)"
    return [
        ("dc", home.id, "Data centre", f"{home.id}{place}"),
        ("address", host, "Address", address if stored else f"not stored; the usual one is {address}"),
        ("port", port, "", ""),
        ("address_stored", stored, "", ""),
        ("address_is_telegrams", telegrams, "", ""),
        ("user_id", user.id or None, "User ID", user.id or "not said"),
        ("username", user.username, "Username", user.username and f"@{user.username}"),
        ("bot", user.bot, "Bot", YES[user.bot]),
        ("api_id", app_id or None, "API ID", app_id or "not said"),
        ("test_servers", session.test, "Test servers", YES[session.test]),
        ("key_fingerprint", key, "Key", f"whole; its fingerprint is {key}"),
        ("keys_for_other_dcs", others, "Other keys", ", ".join(f"data centre {dc}" for dc in others)),
        ("missing_for", missing_for(session), "", ""),
        ("warnings", doubts(session), "", ""),
    ]


def missing_for(session: Session) -> dict[str, str]:
    """What a person must know to convert this session to some formats.

    Pyrogram signs in anew with a string that says no user id: its `Client.connect` answers with `bool(user_id)`.
    """
    api = session.api
    user, app = ("" if session.user.id else "the user ID"), ("" if api.app_id else "an API ID")
    others = any(dc.auth for dc in session.dcs if dc.id != session.user.dc)  # then only the user's row tells the home
    needs = {"tdata": user, "json": "" if api.app_hash and not app else "an API ID and API hash"}
    needs["telethon-v2"] = user if others else ""
    needs["pyrogram"] = needs["pyrogram-file"] = " and ".join(filter(None, (user, app)))
    return {target: missing for target, missing in needs.items() if missing}


def check_online(found: Sequence[Finding], options: Any) -> dict[str, Any]:
    """Asks Telegram, once, whether the one session still works, and says who it is; a `Problem` if it does not."""
    [session] = sessions_of(the_ones(found))
    term.heading("Does it still work?")
    if session.test or session.user.dc not in DATA_CENTRES:
        raise Problem("This session belongs to servers that this script does not connect to.", name="OtherServers")
    term.warn(
        "A session that another program is using right now can be ended for good by a second connection "
        "(AUTH_KEY_DUPLICATED). Stop that program first."
    )
    if not term.confirm("Connect once with this session?", default=False):
        raise Problem("Telegram was not asked.", "You did not say yes.", name="NotAsked")
    check_dependencies()
    proxy = choose_proxy(options)
    api_id = session.api.app_id or ask_credentials().api_id
    key = home_key(session)
    with Telegram(api_id, proxy=proxy, ipv6=options.ipv6, dc_id=session.user.dc, auth_key=key) as telegram:
        telegram.connect()
        me = telegram.who_am_i("asking whose session this is")
        if me is None:
            raise named_problem("AUTH_KEY_UNREGISTERED", call="users.getUsers")
        answer = account_online(telegram, me)
        term.good("Telegram accepts it.")
    words = {"True": "yes", "False": "no", "None": "(none)"}
    rows = [(as_sentence(name.replace("_", " ")), words.get(str(value), value)) for name, value in answer.items()]
    term.facts(rows, private=("Name", "Username", "User id"))
    return answer


def account_online(telegram: Telegram, me: Any) -> dict[str, Any]:
    """What Telegram says about the account and its sessions; what it does not say in time or in order is left out."""
    answer = {
        "name": in_one_line(f"{me.first_name or ''} {me.last_name or ''}", 200) or "(no name)",
        "username": in_one_line(me.username or "", 200) or None,
        "user_id": me.id,
        "bot": bool(me.bot),
        "premium": bool(me.premium),
        "restricted": bool(me.restricted),
    }
    if not me.bot:
        for found in look_around(
            telegram,
            (sessions_online, "How many sessions it has"),
            (lambda line: {"frozen": tell_frozen(line)}, "Whether it is frozen"),
        ):
            answer.update(found)
    return answer


def sessions_online(telegram: Telegram) -> dict[str, Any]:
    """account.getAuthorizations: how many sessions the account has, and what is known of this one."""
    from telethon.tl.functions.account import GetAuthorizationsRequest

    found = telegram.call(GetAuthorizationsRequest(), "asking about its sessions")
    answer = {"sessions": len(found.authorizations), "ends_after_days_unused": found.authorization_ttl_days}
    current = next((one for one in found.authorizations if one.current), None)
    if current is not None:
        answer["confirmed"] = not getattr(current, "unconfirmed", False)
        program = f"{current.app_name} {current.app_version}, {current.device_model}"
        answer["program"] = in_one_line(program, 200)
    return answer


# ── convert ──


def command_convert(options: Any) -> Outcome:
    """From any format to any other: says what gets lost, asks for what is missing, writes, and says where.

    `options`: `src`, `dst`, `to`, `account`, `user_id`, `key_name`, `json_path`, `schema`. A `json_path` that exists is
    the source's, another the one to write; so is a `key_name` the source's, if that is a Telegram Desktop folder.
    Several storages go into a folder `dst`, each on its own.
    """
    target, folder, dst = target_of(options)
    if options.user_id is not None and not 0 < options.user_id < 1 << 63:
        raise Problem("--user-id: a user ID is a number such as 7000000001.", code=2, name="NoUserId")
    if not os.path.isdir(folder):
        refuse_present(dst, target)
    if options.account is not None and options.account < 1:
        raise Problem("--account: accounts are counted from 1.", "", [PICK_ACCOUNT], code=2, name="NoSuchAccount")
    its_json = options.json_path if os.path.exists(options.json_path or "") else None
    new_json = None if its_json else options.json_path
    if new_json and target != "json":
        what = "--json-path names the .json of a .session."
        raise Problem(f"There is no file {new_json}.", what, ["Check the name and the folder."], code=2, name="NoFile")
    found = given_findings([options.src], its_json, options.key_name or "", options.account or 0, options.dc or 0)
    several = len({id(finding.storage) for finding in found}) > 1
    if several and not re.search(r"(?i)^-$|\.(session|json|txt|string)$", folder):
        return convert_all(found, folder, target, options)
    refuse_present(dst, target)
    if dst != "-" and not offer_to_write(*files_of(target, dst, new_json)):
        return Outcome(1)
    picked = the_ones(found, several=target == "tdata")
    storage = picked[0].storage
    term.say(f"From {storage.label} to {TARGETS[target].label}.")
    odd = [sentence for finding in picked for sentence in finding.doubts if sentence != BY_IPV6]  # that is asked about
    for sentence in [*(f"Repaired: {repaired}" for repaired in storage.repaired), *storage.warnings, *odd]:
        term.warn(sentence)
    if options.user_id and sum(not session.user.id for session in sessions_of(picked)) > 1:
        what = "--user-id is of one account, and there are several."
        raise Problem(what, "", [PICK_ACCOUNT], code=2, name="NoUserId")
    sessions = [completed(session, target, options.user_id) for session in sessions_of(picked)]
    tell_losses(sessions, target)
    key_name = "" if isinstance(storage, Tdata) else options.key_name or ""
    passcode = target_passcode(storage) if target == "tdata" else ""
    schema = options.schema or 7
    for path in save_session(
        sessions, dst, target, schema=schema, json_path=new_json, key_name=key_name, passcode=passcode
    ):
        term.good(f"Written: {path}")
    if dst != "-":
        term.say(ONLY_YOU)
    return Outcome(0)


ONLY_YOU = "Only you can read it. Whoever has a copy controls the account; use each session in one program only."


def the_ones(found: Sequence[Finding], several: bool = False) -> list[Finding]:
    """The sessions that are meant: all of one storage if `several` are wanted, else one, never none.

    Of several it is asked which; without a terminal it is the first account of a storage of several.
    """
    good = [finding for finding in found if isinstance(finding.session, Session)]
    for finding in found:
        if isinstance(finding.session, Problem):
            if not good:
                raise finding.session
            term.warn(f"{finding.place} cannot be read: {finding.session.title}")
    of_one = len({id(finding.storage) for finding in found}) == 1
    if len(good) == 1 or (several and of_one):
        return good
    if term.interactive:
        index = choose("Which one?", [finding.place for finding in good])
        if index is None:
            raise KeyboardInterrupt
        return [good[index]]
    if not of_one:
        raise Problem(
            f"There are {len(good)} sessions in it, and one is wanted.", "",
            [PICK_ACCOUNT, "To convert all of them give a folder as the target, and the format with --to."],
            code=2, name="SeveralSessions",
        )  # fmt: skip
    term.warn(f"It holds {len(good)} accounts; {good[0].place.rpartition(', ')[2]} is taken. {PICK_ACCOUNT}")
    return good[:1]


def convert_all(found: Sequence[Finding], folder: str, target: str, options: Any) -> Outcome:
    """Each finding into a file or folder of its own name in `folder`, and a line on what became of it."""
    ending = ".txt" if issubclass(TARGETS[target], StringStorage) else "/tdata" if target == "tdata" else ".session"
    if os.path.lexists(folder) and not os.path.isdir(folder):
        refuse_existing(folder)
    if not offer_to_write(os.path.join(folder, "session")):
        return Outcome(1)
    others = [finding.storage for finding in found if not isinstance(finding.storage, Tdata)]
    passcode = target_passcode(others[0]) if target == "tdata" and others else ""
    if target == "tdata" and len(others) < len(found):
        term.note("A folder of Telegram Desktop keeps the passcode that it has.")
    tell_losses(sessions_of(found), target)
    failed = 0
    taken: set[str] = set()
    for place, session, storage, _, odd, *_ in found:
        name = re.sub(r"(?i)^.*\.zip/|\.(session|json|txt)$|[/\\]?tdata$", "", place)
        bare = re.sub(r"[^\w.+@-]+", "-", name).strip("-.") or "session"
        name = next(each for each in (bare, *(f"{bare}-{n}" for n in range(2, 9999))) if each not in taken)
        taken.add(name)
        path = os.path.join(folder, name) + ending
        its = storage.passcode if isinstance(storage, Tdata) else passcode
        try:
            if isinstance(session, Problem):
                raise session
            missing = missing_for(session).get(target)
            if missing:
                raise Problem(f"It does not say {missing}: convert it alone.", name="IncompleteSession")
            make_folder(os.path.dirname(path))
            save_session([session], path, target, schema=options.schema or 7, passcode=its)
            term.good(f"{place} → {path}")
            for sentence in [*storage.repaired, *storage.warnings, *odd]:
                term.warn(f"{place}: {sentence}")
        except (OSError, Problem) as error:
            failed += 1
            term.bad(f"{place}: {problem_from(error).title}")
    term.say()
    term.say(f"{len(found) - failed} of {len(found)} were written to {folder}.")
    if failed < len(found):
        term.say(ONLY_YOU)
    return Outcome(1 if failed else 0)


def target_of(options: Any) -> tuple[str, str, str]:
    """The format that is asked for, where to, and the name of a single file there; a `Problem` if they do not fit."""
    path = options.dst.rstrip("/" + os.sep) or options.dst
    name = os.path.basename(path)
    by_name = "tdata" if name.startswith("tdata") else None
    target = options.to or ENDINGS.get(path if path == "-" else os.path.splitext(name)[1], by_name)
    if not target:
        raise Problem(
            f"It cannot be told from the name “{name}” which format you want.", "",
            [f"Say it with --to, one of: {', '.join(TARGETS)}."], code=2, name="UnknownTarget",
        )  # fmt: skip
    label, text = as_sentence(TARGETS[target].label), issubclass(TARGETS[target], StringStorage)
    if path == "-" and not text:
        raise Problem(f"{label} is no text: name a file instead of “-”.", code=2, name="NotAText")
    if text and path.lower().endswith(".session"):
        what = "Programs expect a database in a file of that name, and would call it damaged."
        raise Problem(f"{label} is text: give a name that ends in .txt.", what, code=2, name="TextInSession")
    database = issubclass(TARGETS[target], SqliteStorage)  # the libraries look for no other name
    return target, path, path + (".session" if database and not path.endswith(".session") else "")


# What the name of a target asks for.
ENDINGS = {"-": "string", ".session": "telethon", ".json": "json", ".txt": "string", ".string": "string"}


def refuse_present(path: str, target: str) -> None:
    """Ends before anything is asked if the target is there already, or has no folder to go to."""
    for one in files_of(target, path):
        refuse_existing(one)


def completed(session: Session, target: str, user_id: int | None) -> Session:
    """The session with what the target needs and the source did not say, asked for; and with IPv4 if that is wanted."""
    home = session.home
    if user_id and not session.user.id:
        session = session._replace(user=session.user._replace(id=user_id))
    if home.ipv6_addr and not home.ipv4_addr and "address" in TARGETS[target].holds:
        term.warn(BY_IPV6)
        if term.interactive and term.confirm("Give it Telegram's IPv4 address instead?"):
            home = home._replace(ipv4_addr=join_address(*usual_address(home.id, session.test)))
            session = session._replace(dcs=tuple(home if dc.id == home.id else dc for dc in session.dcs))
    missing = missing_for(session).get(target, "")
    if missing:
        term.say(f"{as_sentence(TARGETS[target].label)} needs {missing}, which this session does not say.")
    if "user ID" in missing:
        session = session._replace(user=session.user._replace(id=ask_user_id()))
    if "API ID" in missing:
        credentials = ask_credentials()
        api = session.api._replace(app_id=credentials.api_id)
        session = session._replace(api=api._replace(app_hash=credentials.api_hash) if target == "json" else api)
    if "bot" in TARGETS[target].holds and session.user.bot is None and session.user.id:
        term.note("Whether it is a bot is not said in the source: written down as “no”.")
    return session


def ask_user_id() -> int:
    """Asks for the user ID until it can be one."""
    term.say(
        "An app shows the user ID in the profile of the account when “Show Peer IDs in Profile” is on: Telegram "
        "Desktop → Settings → Advanced → Experimental settings."
    )
    while True:
        answer = term.ask("User ID")
        if re.fullmatch("[1-9][0-9]{0,18}", answer) and int(answer) < 1 << 63:
            return int(answer)
        term.warn("A user ID is a number such as 7000000001.")


def tell_losses(sessions: Sequence[Session], target: str) -> None:
    """Says what the target cannot hold, before it is lost."""
    lost = list(dict.fromkeys(loss for session in sessions for loss in losses(session, TARGETS[target])))
    if lost:
        term.warn(f"{as_sentence(TARGETS[target].label)} cannot hold:")
        for loss in lost:
            term.say(loss, mark="•", indent=2)


def target_passcode(storage: Storage) -> str:
    """The passcode of a new Telegram Desktop folder: the source's, TELEGRAM_PASSCODE, or what is answered."""
    if isinstance(storage, Tdata) and storage.passcode:
        term.note("The new folder has the same passcode as the old one.")
        if any(wrap.kind == 1 for wrap in storage.open().wraps):
            term.warn(
                "The old one protects it with Argon2id. The new one has the older way, which is easier to guess at."
            )
        return storage.passcode
    if SETTINGS.get("TELEGRAM_PASSCODE"):
        term.note("The new folder is locked with the passcode in TELEGRAM_PASSCODE.")
        return SETTINGS["TELEGRAM_PASSCODE"]
    return term.ask_secret("Passcode for the new folder (Enter alone: none)") if term.interactive else ""


# ── doctor ──


def command_doctor(options: Any) -> Outcome:
    """Why does the MCP server not connect? Exit code 1 if anything that was looked at is to be changed.

    `options`: `start` (the name of a server), `online`, and with it `proxy`, `ipv6`. Only what `online` and `start` say
    contacts anybody.
    """
    files = client_files()
    if options.start:
        return start_server(options.start, files)
    term.heading("This computer")
    faults = look_at_this_computer(options)
    term.heading("Settings of MCP clients")
    found: list[Finding] = []
    for client, path in files:
        try:
            here = findings_in_settings_file(path, client)
        except Problem as problem:
            problem.steps = tuple(problem.steps) or (f"See what lies at {path}.",)
            here = [Finding(client, problem, Storage())]
        of_telegram = [one for one in here if not (isinstance(one.session, Problem) and one.session.name == NO_SERVER)]
        term.say(f"{client}: {path}{'' if of_telegram else ' (no Telegram server)'}", mark="•")
        found += of_telegram
    if not files:
        term.note(f"None is there of {', '.join(row[0] for row in rows_of(MCP_CLIENTS))}.")
    found = with_same_strings([one._replace(number=number) for number, one in enumerate(found, 1)])
    show_lines(found)
    faults += [(finding.place, fault) for finding in found for fault in problems_of(finding)]
    if not faults:
        term.good("Nothing is wrong with what was looked at.")
        if found:
            term.say("Whether a server starts, and what it says: doctor --start NAME")
        return Outcome(0)
    place, first = min(faults, key=lambda one: URGENT.index(one[1].name) if one[1].name in URGENT else len(URGENT))
    term.heading("What to do first")
    term.say(place)
    term.problem(first)
    if len(faults) > 1:
        term.say(f"Then look again: there {'is one more' if len(faults) == 2 else f'are {len(faults) - 1} more'}.")
    return Outcome(1)


def look_at_this_computer(options: Any) -> list[tuple[str, Problem]]:
    """A line each for Python, Telethon, the way to Telegram and open sessions; what is wrong with any, and where."""
    faults: list[tuple[str, Problem]] = []
    term.good("Python {}.{}.{} ({})".format(*sys.version_info[:3], sys.executable))
    try:
        term.good(f"Telethon {telethon_at_hand().version}")
    except Problem as problem:
        term.note(f"{problem.title} Only signing in needs it; MCP servers bring their own.")
    if options.online:
        verdict = diagnose(named_proxy(options), options.ipv6).verdict
        if verdict:
            term.bad(verdict.title)
            faults.append(("", verdict))
        else:
            term.good("Telegram answers, and the clock is right.")
    else:
        term.note("The way to Telegram was not looked at: --online does that.")
    for path, programs in open_sessions().items():
        if len(programs) > 1:
            title = f"{path} is open in {len(programs)} programs: {', '.join(sorted(programs))}."
            term.bad(title)
            faults.append(("", Problem(title, TWO_AT_ONCE, ["End all of them but one."], name="SessionOpenTwice")))
        else:
            term.note(f"{path} is open in {programs.pop()}.")
    return faults


TWO_AT_ONCE = "Two programs at once with one session end it for good (AUTH_KEY_DUPLICATED)."


def open_sessions() -> dict[str, set[str]]:
    """The .session files that are open, and the programs that have them, as far as Linux tells it to this person."""
    import glob

    found: dict[str, set[str]] = {}
    for link in glob.glob("/proc/[0-9]*/fd/*"):
        with contextlib.suppress(OSError):  # it is somebody else's, or has just ended
            path, number = os.readlink(link), link.split("/")[2]
            if path.endswith(".session"):
                with open(f"/proc/{number}/comm", encoding="utf-8", errors="replace") as name:
                    found.setdefault(path, set()).add(f"{in_one_line(name.read().strip())} (process {number})")
    return found


def start_server(name: str, files: Sequence[tuple[str, str]]) -> Outcome:
    """Starts one server as its client does, speaks to it, says what came of it, and ends it."""
    client, server = server_named(name, files)
    hide_values(server)
    why = f"{client} asks for it, or takes it from elsewhere, so the server cannot be started from here."
    for one in server.values:
        if re.fullmatch(REFERENCE, str(one.value).strip()):
            raise Problem(f"The value of {one.path[0]} is not in the settings.", why, name="NotInSettings")
    if server.more or "${" in " ".join([*server.words, server.folder]):
        raise Problem(f"Something that {name} is started with is not in the settings.", why, name="NotInSettings")
    if not server.words:
        raise Problem(f"{client} starts no program for {name}: it reaches it by an address.", "", name="NothingToStart")
    found = program(server.words[0])
    if not found:
        raise settings_doubt("no_command", name=server.words[0], line=server.command[0].line)
    term.say(f"This starts {name} as {client} does. It may sign in to Telegram with the session in these settings.")
    term.warn(f"Close {client} first if it runs. {TWO_AT_ONCE}")
    if term.interactive and not term.confirm("Start it now?", default=False):
        return Outcome(0)
    answers: dict[int, dict[str, Any]] = {}
    odd: list[str] = []

    def hears(line: bytes) -> bool:
        text = line.decode("utf-8", "replace")
        message = json_in(text)
        if not isinstance(message, dict):
            odd.append(in_one_line(term.mask(text[:LONGEST_TEXT])))
        elif "method" not in message and message.get("id") in (1, 2, 3):
            result = message.get("result")
            answers[message["id"]] = result if isinstance(result, dict) else {"error": message.get("error") or result}
        return "error" in answers.get(1, {}) or (2 in answers and (3 in answers or not has_get_me(answers)))

    ran = run_program(
        [found, *server.words[1:]], f"starting {name}", 60, typed=MCP_GREETING.encode("ascii"), hears=hears,
        folder=os.path.expanduser(server.folder or "~"),
        **{one.path[0]: str(one.value) for one in server.values},
    )  # fmt: skip
    if not ran.started:
        raise Problem(f"{name} cannot be started: {ran.said}.", "", ["Mend its command."], name="NotStarted")
    if odd:
        term.warn(
            f"Lines on standard output that are no messages of MCP, which clients do not take: {len(odd)}. The first: "
            f"{odd[0]}"
        )
    if ran.said:
        term.say("It says on standard error:")
        term.say(term.mask("\n".join(ran.said.splitlines()[-6:])), "dim", indent=2)
    return tell_answers(name, ran, answers)


def tools_of(answers: dict[int, dict[str, Any]]) -> list[Any]:
    """The tools that an MCP server offers."""
    tools = answers.get(2, {}).get("tools")
    return [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []


def has_get_me(answers: dict[int, dict[str, Any]]) -> bool:
    """Whether an MCP server offers the tool that tells whose account it uses."""
    return any(tool.get("name") == "get_me" for tool in tools_of(answers))


def tell_answers(name: str, ran: Ran, answers: dict[int, dict[str, Any]]) -> Outcome:
    """What a server answered to MCP_GREETING. Raises `Problem` if that is not what a server does that is signed in."""
    why = "it gave no answer, and was ended" if ran.code is None else f"it ended with exit code {ran.code}"
    for answer in (answers.get(1, {}), answers.get(2, {})):
        if "error" in answer:
            why = f"it answered: {in_one_line(term.mask(str(answer['error'])))}"
    known = find_answer(ran.said)
    if "tools" in answers.get(2, {}):
        term.good(f"It starts, and offers {len(tools_of(answers))} tools.")
        if not has_get_me(answers):
            term.note("Whether it is signed in shows when one of them is used.")
            return Outcome(0)
        answer = answers.get(3, {})
        content = answer.get("content")
        parts = [part.get("text") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
        said = " ".join(map(str, [*parts, answer.get("structuredContent") or "", answer.get("error") or ""])).strip()
        shown = in_one_line(term.mask(said), 200)
        refused = answer.get("isError") or find_answer(said) or re.search(REFUSED_TO_TELL, said)
        if said and not refused:
            if re.search(r"(?i)(^|[\W_])id\b\W{1,4}\d{5,}", said):
                term.good("It is signed in: asked whose account it uses, it says so.")
            else:
                term.note(f"Asked whose account it uses, it answers: {shown}")
            return Outcome(0)
        why = f"asked whose account it uses, it {f'answers: {shown}' if said else 'gives no answer'}"
        known = find_answer(f"{said}\n{ran.said}")
    if known:
        term.problem(known.problem())
    steps = ["Mend what it says.", "See what “check” says of the settings, and with --online of the session in them."]
    raise Problem(f"{name} does not work as it should: {why}.", "", steps, name="ServerFailed")


def server_named(name: str, files: Sequence[tuple[str, str]]) -> tuple[str, Server]:
    """The server of that name in the settings of the first client that has it, and which client that is."""
    names = []
    for client, path in files:
        kind, entries, _ = settings_entries(text_of_file(read_file(path, TEXT_LIMIT))[0])
        for server in servers_in(kind, entries):
            if server.name == name:
                return client, server
            names.append(server.name)
    there = f"These are: {', '.join(dict.fromkeys(names))}." if names else "There is none at all."
    raise Problem(
        f"No server {in_one_line(name)} is in the settings of an MCP client here.", there, [DOCTOR_LISTS], code=2,
        name="NoSuchServer",
    )  # fmt: skip


DOCTOR_LISTS = "“doctor” alone shows the settings that it looks at."

REFUSED_TO_TELL = r"(?i)\b(error|failed|invalid|revoked|expired|not (authori[sz]ed|signed|logged))\b"

# What is said to a server on its standard input, a message a line: the beginning, which tools there are, and the call
# of the one that most servers for Telegram have for asking who one is; the others refuse it.
# Source: modelcontextprotocol.io/specification/2025-06-18, Lifecycle, Tools and Transports (stdio).
MCP_GREETING = """\
{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},\
"clientInfo":{"name":"telegram_session.py","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}
{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"get_me","arguments":{}}}
"""


# ── network ──


def command_network(options: Any) -> Outcome:
    """Can this computer reach Telegram? A table of every way there, then one verdict; exit code 0 if all is well.

    `options`: `proxy`, `ipv6`. It contacts Telegram's addresses, or the proxy, and nobody else.
    """
    term.heading("Can this computer reach Telegram?")
    proxy = named_proxy(options)
    if proxy and proxy.kind == "mtproxy":
        find_telethon()  # brings pyaes, because the cipher of MTProxy is not in Python's own library
    way = f"through {proxy.describe()}" if proxy else "by every address and port"
    term.say(f"Trying Telegram's five data centres {way}, all at once. This takes 12 seconds at most.")
    diagnosis = diagnose(proxy, options.ipv6)
    if diagnosis.probes:
        show_probes(diagnosis.probes)
    if not diagnosis.names_work and not proxy:
        said = "no answer about" if diagnosis.names_work is None else "no address for"
        term.warn(
            f"Names cannot be looked up here (DNS): {said} {TELEGRAM_NAME}. Signing in works without names, "
            "but a browser will not find the page with the API ID and API hash."
        )
    if diagnosis.clock is not None and abs(diagnosis.clock) <= CLOCK_TOLERANCE:
        term.good(f"The clock is right ({abs(diagnosis.clock):.1f} s from Telegram's).")
    if diagnosis.verdict:
        raise diagnosis.verdict
    if not options.ipv6 and any(probe.ipv6 and probe.failure for probe in diagnosis.probes):
        term.note("IPv6 does not get through here. That does no harm: IPv4 is used, unless you say --ipv6.")
    term.good("All is well: every data centre of Telegram answers.")
    return Outcome(0)


def show_probes(probes: Sequence[Probe]) -> None:
    """The table: a line for each data centre and address family, a column for each of its ports."""
    wide = term.width >= 70
    ways = {probe.ipv6 for probe in probes if probe.failure != "no route"}
    rows: dict[tuple[bool, int], list[Probe]] = {}
    for probe in probes:
        if probe.ipv6 in ways:
            rows.setdefault((probe.ipv6, probe.dc), []).append(probe)
    for ipv6 in sorted({probe.ipv6 for probe in probes} - ways):
        term.say(f"{'IPv6' if ipv6 else 'IPv4'}: this computer has no way out by it (no route).", mark="✗", indent=2)
    if not rows:
        return
    headings = {tuple(str(probe.port) for probe in row) for row in rows.values()}
    if len(headings) > 1:  # only a practice Telegram has different ports in each data centre
        headings = {tuple(f"port {number + 1}" for number in range(max(map(len, rows.values()))))}

    def line(name: str, family: str, cells: Iterable[str]) -> None:
        columns = "".join(f"{text:<{18 if wide else 8}}" for text in cells)
        term.verbatim(f"  {name:<{13 if wide else 2}} {family:<4} {columns}".rstrip())

    term.say()
    line("data centre" if wide else "DC", "", headings.pop())
    for (ipv6, dc), row in sorted(rows.items()):
        name = f"{dc} {DATA_CENTRES[dc].place}" if wide else str(dc)
        line(name, "IPv6" if ipv6 else "IPv4", (cell(probe, wide) for probe in row))
    if any(not probe.failure for probe in probes):
        key = "time to connect + time to Telegram's first answer" if wide else "milliseconds to Telegram's first answer"
        term.say(f"✓ {key}", "dim", indent=2)
    term.say()


def cell(probe: Probe, wide: bool) -> str:
    """One attempt in a few letters: `✓ 41 + 43 ms`, `✗ refused`; in a narrow terminal `✓ 43`, `✗`."""
    if probe.exchange is not None and probe.tcp is not None:
        connect, answer = (f"{seconds * 1000:.0f}" for seconds in (probe.tcp, probe.exchange))
        return f"✓ {connect} + {answer} ms" if wide else f"✓ {answer}"
    word = "by the proxy" if probe.failure.startswith("Proxy") else probe.failure
    return f"✗ {word}" if wide else "✗"


# ── explain ──


def command_explain(options: Any) -> Outcome:
    """`explain [ERROR]`: what an error means and what to do; without ERROR the whole table. It goes to standard output.

    `options.error` holds the words of the command line: a name, a class, a log line, a whole traceback; the name of a
    file that has it; `["-"]`, or none and something that is piped in, for standard input. What was pasted is never
    shown again, because there may be a secret in it.
    """
    term.speak_on(sys.stdout)
    text = words = " ".join(options.error)
    if os.path.isfile(words):
        with open(words, "rb") as file:
            text = read_pasted(file)
    elif words == "-" or not (words or term.interactive):
        text = read_pasted(sys.stdin.buffer)
    if not (words or text.strip()):
        explain_all()
        return Outcome(0)
    found = find_answer(text)
    if not found:
        tell_unknown(text)
        return Outcome(1)
    problem = found.problem()
    if not found.of_telegram:
        problem.name = ""
        whose = found.answer.whose
        about, means = (f"This error is {whose}", "In general") if whose else ("Others write so, too", "From Telegram")
        term.say(f"{about}; nothing in it points to Telegram. {means} it means:")
        term.say()
    term.problem(problem)
    known = found.of_telegram or found.asked
    return Outcome(0 if known and not found.answer.head.startswith("ANY_OTHER") else 1)


def explain_all() -> None:
    """The whole table, in the order of what the person was doing."""
    group = ""
    for answer in answers():
        if answer.group != group:
            group = answer.group
            term.heading(group)
        card = Found(answer, "", {}).problem()
        term.say(table_head(answer), "bold")
        term.say(card.title, indent=2)
        term.say(card.meaning, indent=2)
        term.steps(card.steps)
        term.say(f"Next try: {card.again}", indent=2)
        term.say()


def table_head(answer: Answer) -> str:
    """`FLOOD_WAIT_{seconds} PEER_FLOOD` → `FLOOD_WAIT_N, PEER_FLOOD`."""
    shown = re.sub("[%*]", "…", re.sub(r"\{\w+\}", "N", answer.head))
    return re.sub(" (?![^“]*”)", ", ", shown)


def read_pasted(file: Any) -> str:
    """What a file or standard input holds, of a long one only the end; a log of PowerShell is UTF-16."""
    import threading

    waiting = threading.Timer(1, term.note, ["Reading to the end of what is given …"])
    waiting.daemon = True
    if term.interactive and file is sys.stdin.buffer:
        term.say("Paste the error here. Then press Enter and Ctrl-D (on Windows Ctrl-Z and Enter).")
    else:
        with contextlib.suppress(RuntimeError):  # WebAssembly has no threads
            waiting.start()
    limit = 1 << 16
    piece = raw = file.read(limit)
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(raw[:2], "utf-8")
    while len(piece) == limit:  # on a terminal a shorter one is the end
        piece = file.read(limit)
        raw = (raw + piece)[-limit:]
    waiting.cancel()
    return str(raw.decode(encoding, "replace"))


def tell_unknown(text: str) -> None:
    """Says that there is no answer, and which names of the table come near."""
    near = near_misses(text)
    why = ", because what was given is empty"
    if text.strip():
        why = "" if library_in(text) else ", and nothing in it points to Telegram"
    term.bad(f"There is no answer for that in the list of errors{why}.{' Did you mean one of these?' if near else ''}")
    for each in near:
        term.say(each, mark="•", indent=2)
    term.say()
    term.steps(
        [
            "Paste the last lines of the error as they are, or give a file: telegram_session.py explain error.txt",
            "Without anything behind it, “explain” shows the whole list.",
        ]
    )


# ── the report ──


def prepare_report(path: str) -> None:
    """Makes sure, before anything else is done, that the report can be written later."""
    try:
        refuse_existing(path)
        if not os.access(os.path.dirname(path) or ".", os.W_OK):
            raise not_written(path, PermissionError(13, "you may not write into its folder"))
    except Problem as problem:
        problem.code = 2
        raise


def with_report(outcome: Outcome, options: Any) -> Outcome:
    """A way to save a report, offered beside the others unless `--report` writes one anyway."""
    if options.report:
        return outcome

    def save() -> Outcome:
        default, number = "telegram-session-report.txt", 1
        while os.path.lexists(default):
            number += 1
            default = f"telegram-session-report-{number}.txt"
        try:
            name = term.ask(f"File name (Enter alone: {default})", default)
            write_report(os.path.expanduser(name), options, outcome.code)
        except KeyboardInterrupt:
            term.say()
        return longer

    longer = Outcome(outcome.code, [*outcome.ways, ("save a report, to ask for help with; secrets are masked", save)])
    return longer


def write_report(path: str, options: Any, code: int) -> None:
    """Writes what was said so far, masked, as a new file that only its owner can read; says so, or why it cannot."""
    try:
        write_bytes(path, f"{report_head(options, code)}\n{term.transcript()}".encode())
    except Problem as problem:
        term.problem(problem)
        return
    term.good(f"Report written: {path}")
    term.say("Phone numbers, codes, keys, names and strings are masked in it. Read it once before you share it.")


def report_head(options: Any, code: int) -> str:
    """What a helper asks first: the versions, the system, the terminal, how the script was started and how it ended."""
    import platform

    try:
        telethon = telethon_at_hand()
        library = f"{telethon.version}, layer {telethon.layer}"
    except Problem as problem:
        library = term.mask(problem.title)
    flags = [name for name, value in vars(options).items() if value is True or (value and name == "proxy")]
    command = options.run.__name__.replace("command_", "").replace("_", " ")
    written = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    helpers = ", ".join(filter(None, map(installed_version, OPTIONAL_HELPERS.split()))) or "none"
    system = f"{platform.system()} {platform.release()} {platform.machine()} {platform.mac_ver()[0]}".strip()
    return f"""\
script    : {__version__}
command   : {command}{" with " + ", ".join(flags) if flags else ""}
exit code : {code}
written   : {written}
Python    : {platform.python_version()} {sys.implementation.name}, {sys.maxsize.bit_length() + 1} bit
Telethon  : {library}
helpers   : {helpers}
platform  : {system}
terminal  : {term.size[0]} columns, {term.size[1]} lines, TERM={os.environ.get("TERM", "")}
encoding  : {term.encoding}, Unicode {YES[term.unicode]}, colours {YES[term.colours]}
asks      : on a terminal: {YES[term.interactive]}
output    : to a terminal: {YES[not term.delivered_to_pipe]}
"""


OPTIONAL_HELPERS = "segno python-socks argon2-cffi cryptg"


def installed_version(package: str) -> str:
    """`segno 1.6`, or "" when it is not installed."""
    from importlib import metadata

    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return ""


# ══ 9  NETWORK AND PROXIES ═══════════════════════════════════════════════════════════════════════════════════════════
#
# Can this machine reach Telegram, through which proxy, and if not, what is in the way? Nothing here needs Telethon:
# a probe sends the first message of a key exchange itself, and speaks to proxies itself, because a library tells a
# wrong password from a forbidden address only in the words of its error messages.


# ── the diagnosis: all probes at once, then one verdict ──

# A wrong clock matters from here on: Telegram refuses messages that come from more than 30 s in the future or 300 s in
# the past (https://core.telegram.org/mtproto/description#message-identifier-msg-id).
CLOCK_TOLERANCE = 30

# The name that is looked up, at this computer's own name service, to see whether names work here at all.
TELEGRAM_NAME = "my.telegram.org"


class Diagnosis(NamedTuple):
    """What all probes together say: `verdict` is None when all is well.

    `names_work` tells whether the name my.telegram.org could be looked up; None when that was not known in time.
    """

    probes: tuple[Probe, ...]
    proxy: Proxy | None
    names_work: bool | None
    verdict: Problem | None

    @property
    def clock(self) -> float | None:
        """Telegram's time minus this computer's in seconds: the middle one of all measurements; None without any."""
        offsets = sorted(probe.clock for probe in self.probes if probe.clock is not None)
        return offsets[len(offsets) // 2] if offsets else None

    def reaches(self, dc: int, ipv6: bool) -> bool:
        """Whether this data centre answered, by the address family that is to be used."""
        return any(probe.dc == dc and probe.ipv6 == ipv6 and not probe.failure for probe in self.probes)


def diagnose(proxy: Proxy | None = None, ipv6: bool = False, limit: float = 9.0) -> Diagnosis:
    """Tries every address of every data centre at once, for `limit` seconds at most, and says what is the matter.

    Direct: IPv4 and IPv6, all ports. Through a proxy: one connection for each data centre. Once Telegram has answered
    somewhere, the other attempts get four seconds in all: a silent port does not hold the verdict up. When none has
    worked, up to two more seconds go into asking what answers instead. What is being waited for is shown.
    """
    examination = Examination(proxy, ipv6, limit)
    try:
        way = f"through {proxy.describe()}" if proxy else "at all data centres"
        term.wait(examination.go_on, f"trying to reach Telegram {way}", limit + 2)
        return examination.diagnosis
    finally:
        examination.close()


class Examination:
    """A diagnosis under way. It runs on the thread that calls `go_on` and only then; `close` ends it at any time."""

    def __init__(self, proxy: Proxy | None, ipv6: bool, limit: float) -> None:
        import asyncio

        self._loop = asyncio.SelectorEventLoop()  # on Windows, too: its errors have the usual numbers
        # Ctrl-C in the middle of an attempt ends that, too, with an exception that nobody asks for.
        self._loop.set_exception_handler(lambda loop, context: None)
        self._task = self._loop.create_task(_diagnosis(proxy, ipv6, limit))

    def go_on(self, seconds: float) -> bool:
        """Lets it run for so many seconds at most; True when the diagnosis is made."""
        import asyncio

        if not self._task.done():
            self._loop.run_until_complete(asyncio.wait([self._task], timeout=seconds))
        return self._task.done()

    @property
    def diagnosis(self) -> Diagnosis:
        """What has come out, waiting for it if it is not there yet."""
        return self._loop.run_until_complete(self._task)

    def close(self) -> None:
        """Ends whatever is still being tried."""
        self._loop.run_until_complete(end_other_tasks())
        self._loop.close()


async def end_other_tasks() -> None:
    """Ends what is still under way in this loop; Python would complain of it below the last prompt."""
    import asyncio

    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    if others:
        await asyncio.wait(others)


async def _diagnosis(proxy: Proxy | None, ipv6: bool, limit: float) -> Diagnosis:
    import asyncio
    import socket

    started = time.monotonic()
    lookup = look_up(asyncio.get_running_loop(), proxy.host if proxy else TELEGRAM_NAME, type=socket.SOCK_STREAM)
    addresses: list[str] = []
    if proxy:
        await asyncio.wait([lookup], timeout=limit)
        if not lookup.done() or lookup.exception():
            return Diagnosis((), proxy, False, network_problem("ProxyName", host=proxy.host))
        addresses = [str(found[4][0]) for found in lookup.result()]
    probes = await _all_probes(proxy, ipv6, addresses, started + limit)
    portal = "" if proxy or any(not probe.failure for probe in probes) else await _portal(probes)
    await asyncio.wait([lookup], timeout=max(0.0, started + 2 - time.monotonic()))
    names_work = lookup.exception() is None if lookup.done() else None
    diagnosis = Diagnosis(tuple(probes), proxy, names_work, None)
    if proxy:
        return diagnosis._replace(verdict=await _verdict_on_proxy(diagnosis, proxy, addresses))
    return diagnosis._replace(verdict=verdict_on_network(diagnosis, ipv6, portal))


def look_up(loop: Any, host: str, port: int = 0, **how: Any) -> Any:
    """Looks a name up on a thread of its own: a dead name service holds up nothing, not even the end of the program.

    The threads of the loop's own `getaddrinfo` are waited for there. The future's result is that of
    `socket.getaddrinfo`, or an OSError (ValueError for a name that cannot be one).
    """
    import socket
    import threading

    future = loop.create_future()

    def settle(set_outcome: Callable[[Any], None], outcome: Any) -> None:
        if not future.done():
            set_outcome(outcome)
            future.exception()  # nobody has to look at it

    def ask() -> None:
        settled: tuple[Any, Any]
        try:
            settled = future.set_result, socket.getaddrinfo(host, port, **how)
        except (OSError, ValueError) as failed:
            settled = future.set_exception, failed
        with contextlib.suppress(RuntimeError):  # the diagnosis is over
            loop.call_soon_threadsafe(settle, *settled)

    threading.Thread(target=ask, name="look up a name", daemon=True).start()
    return future


async def _all_probes(proxy: Proxy | None, ipv6: bool, addresses: Sequence[str], deadline: float) -> list[Probe]:
    """Runs all probes at once; what they tell comes in the order of data centres, addresses and ports."""
    import asyncio

    started = time.monotonic()
    tasks = [
        asyncio.ensure_future(_probe(dc.id, address, port, proxy, addresses or [address]))
        for dc in DATA_CENTRES.values()
        for address in ([dc.ipv6 if ipv6 else dc.ipv4] if proxy else [dc.ipv4, dc.ipv6])
        for port in (dc.ports[:1] if proxy else dc.ports)
    ]
    pending = set(tasks)
    while pending and time.monotonic() < deadline:
        done, pending = await asyncio.wait(
            pending, timeout=deadline - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
        )
        if any(not task.result().failure for task in done):
            deadline = min(deadline, started + 4)
    for task in pending:
        task.cancel()
    return list(await asyncio.gather(*tasks))


async def _portal(probes: Sequence[Probe]) -> str:
    """Asks, as a browser would, what stands where Telegram should be: the first line of a sign-in page's answer, or "".

    Wi-Fi that wants people to sign in first answers every web request itself, with a redirect or with 511 (RFC 6585,
    section 6). Telegram's servers answer such a request with 404 or not at all.
    """

    async def ask(probe: Probe) -> str:
        async with line_to([probe.address], probe.port) as (reader, writer):
            writer.write(f"GET / HTTP/1.1\r\nHost: {TELEGRAM_NAME}\r\nConnection: close\r\n\r\n".encode())
            line = in_one_line((await reader.readline()).decode("latin-1"))
        return line if re.match(r"HTTP/1\.[01] (30[1278]|511)\b", line) else ""

    reached = {probe.port: probe for probe in probes if probe.tcp is not None}
    return await first_answer([ask(probe) for probe in reached.values()], 1.8)


async def first_answer(questions: Sequence[Any], seconds: float) -> str:
    """Asks all these coroutines at once; the first text, in their order, that one of them gives in time, or ""."""
    import asyncio

    tasks = [asyncio.ensure_future(question) for question in questions]
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    return next((answer for answer in answers if answer and isinstance(answer, str)), "")


def verdict_on_network(diagnosis: Diagnosis, ipv6: bool, portal: str = "") -> Problem | None:
    """What the probes of a direct connection mean, for somebody who wants to use IPv6 or not; None: all is well."""
    families = {probe.ipv6 for probe in diagnosis.probes if not probe.failure}
    if ipv6 in families:
        return _verdict_on_reached(diagnosis, [probe for probe in diagnosis.probes if probe.ipv6 == ipv6])
    if families:
        return network_problem("NetworkNoIPv6" if ipv6 else "NetworkIPv6Only")
    if portal:
        return network_problem("NetworkCaptivePortal", said=portal)
    seen = [probe.failure for probe in diagnosis.probes]
    telling = next(kinds for kinds in TELLING if not kinds.isdisjoint(seen))
    usual = max(filter(telling.__contains__, seen), key=seen.count)
    said = next(probe.detail for probe in diagnosis.probes if probe.failure == usual)
    if usual == "no answer" and diagnosis.names_work:
        usual = "blocked"
    return network_problem("Network" + usual.title().replace(" ", ""), said=said)


# Of the failures of probes the first of these kinds that was seen decides, and of that what happened most often. An
# answer says more than a connection that stood, and that more than many that did not stand. An address family that this
# computer does not have says nothing.
TELLING = (
    {"turned away", "HTTP", "garbage"},
    {"closed", "silent"},
    {"denied", "refused", "no answer", "error"},
    {"no route"},
)


def _verdict_on_reached(diagnosis: Diagnosis, probes: Sequence[Probe]) -> Problem | None:
    """The verdict when Telegram answers at least somewhere."""
    missing = {probe.dc for probe in probes} - {probe.dc for probe in probes if not probe.failure}
    if missing:
        return network_problem("NetworkPartly", centres=", ".join(str(dc) for dc in sorted(missing)))
    first_ports = [probe for probe in probes if probe.port == DATA_CENTRES[probe.dc].ports[0]]
    blocked = {probe.dc for probe in first_ports} - {probe.dc for probe in first_ports if not probe.failure}
    if blocked:
        port = next(probe.port for probe in probes if not probe.failure)
        centres = ", ".join(map(str, sorted(blocked)))
        return network_problem("NetworkPort", port=first_ports[0].port, other=port, centres=centres)
    return clock_problem(diagnosis.clock)


async def _verdict_on_proxy(diagnosis: Diagnosis, proxy: Proxy, addresses: Sequence[str]) -> Problem | None:
    """What the probes through a proxy mean; None: all is well."""
    failures = [probe.failure for probe in diagnosis.probes]
    if "" in failures:
        return _verdict_on_reached(diagnosis, diagnosis.probes)
    failure = max(failures, key=failures.count)
    said = next(probe.detail for probe in diagnosis.probes if probe.failure == failure)
    if failure == "turned away":  # by Telegram itself: the proxy does its work
        return network_problem("NetworkTurnedAway", said=said)
    other = ""
    if failure in ("ProxyWrongType", "ProxyHangsUp", "ProxyHangs") or proxy.kind == "mtproxy":
        other = await _kind_of_proxy(proxy, addresses, diagnosis.probes[0])
    if other:
        name = "ProxyOtherType"
    elif failure.startswith("Proxy"):
        name = failure
    elif all(probe.tcp is None for probe in diagnosis.probes):
        name = "ProxyDead"
    else:
        name = "ProxySecret" if proxy.kind == "mtproxy" else "ProxyWithoutTelegram"
    return network_problem(
        name, proxy=proxy.describe(), scheme=proxy.kind, kind=PROXY_KINDS[proxy.kind], said=said,
        reason=PROXY_NOT_REACHED.get(failure, said), other=PROXY_KINDS.get(other),
        address=f"{other}://{host_and_port(proxy.host, proxy.port)}",
    )  # fmt: skip


PROXY_KINDS = {
    "socks5": "a SOCKS5 proxy",
    "socks4": "a SOCKS4 proxy",
    "http": "a web (HTTP) proxy",
    "mtproxy": "an MTProxy",
}

PROXY_NOT_REACHED = {
    "refused": "the computer is there, but nothing listens on that port",
    "no answer": "nothing answers at that address",
    "no route": "there is no way from here to that address",
    "denied": "this computer's own firewall forbids it",
    "closed": "the connection is cut as soon as it stands",
}


async def _kind_of_proxy(proxy: Proxy, addresses: Sequence[str], target: Probe) -> str:
    """Which kind of proxy answers sensibly at this address, other than the kind that was named; "" if none does."""

    async def answers(kind: str) -> str:
        async with line_to(addresses, proxy.port) as (reader, writer):
            try:
                await THROUGH[kind](reader, writer, proxy, target.address, target.port)
            except NotReached as answer:
                return "" if answer.failure == "ProxyWrongType" else kind
        return kind

    return await first_answer([answers(kind) for kind in THROUGH if kind != proxy.kind], 1.5)


def clock_problem(offset: float | None) -> Problem | None:
    """The `Problem` of a clock that is wrong; None if it is not. `offset`: Telegram's time minus ours, in seconds."""
    if offset is None or abs(offset) <= CLOCK_TOLERANCE:
        return None
    return network_problem(
        "NetworkClock",
        wrong=f"{duration(abs(offset))} {'slow' if offset > 0 else 'fast'}",
        here=clock(time.time()),
        there=clock(time.time() + offset),
        how="\n".join(SET_THE_CLOCK.get(sys.platform, SET_THE_CLOCK["linux"])),
    )


def clock_warning(offset: float) -> str:
    """What to say about a wrong clock to somebody whose sign-in goes on all the same."""
    problem = clock_problem(offset)
    return f"{problem.title} The sign-in goes on by Telegram's time. {problem.steps[0]}" if problem else ""


SET_THE_CLOCK = {
    "win32": [
        "Open Settings, “Time & language”, “Date & time”; switch “Set time automatically” on, check the time zone, and "
        "press “Sync now”.",
    ],
    "darwin": [
        "Open System Settings, “General”, “Date & Time”; switch “Set time and date automatically” on, and check the "
        "time zone.",
    ],
    "linux": [
        "On most Linux systems: sudo timedatectl set-ntp true (a minute later, timedatectl shows whether it worked).",
        "In WSL: sudo hwclock -s. In a container or a virtual machine: set the clock of the machine that runs it.",
    ],
}


# ── proxies ──


class Proxy(NamedTuple):
    """A proxy: `kind` is socks5, socks4, http or mtproxy.

    `secret` belongs to MTProxy: 32 hexadecimal digits, with "dd" in front when the proxy wants padded packets.
    """

    kind: str
    host: str
    port: int
    username: str = ""
    password: str = ""
    secret: str = ""

    def describe(self) -> str:
        """The proxy in words, without password and secret: `socks5://127.0.0.1:1080 (with a login)`."""
        place = host_and_port(self.host, self.port)
        if self.kind == "mtproxy":
            return f"MTProxy {place}"
        return f"{self.kind}://{place}" + (" (with a login)" if self.username or self.password else "")

    def __repr__(self) -> str:
        return self.describe()  # a traceback, a log or a report never shows the password


def host_and_port(host: str, port: int) -> str:
    """As in an address: `10.0.0.1:1080`, `[2001:db8::1]:1080`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


# What people write before “://”, and the kind of proxy they mean. SOCKS with “h” or “a” lets the proxy look names up:
# Telegram is reached by address, so there is no difference.
PROXY_SCHEMES = {
    "socks5": "socks5", "socks5h": "socks5", "socks": "socks5",
    "socks4": "socks4", "socks4a": "socks4",
    "http": "http",
    "mtproxy": "mtproxy", "mtproto": "mtproxy",
}  # fmt: skip

# What Telegram's own links call them: tg://proxy?server=…, https://t.me/socks?server=…
PROXY_LINKS = {"proxy": "mtproxy", "socks": "socks5", "http": "http"}


def choose_proxy(options: Any) -> Proxy | None:
    """The proxy to use, or None: `options.proxy`, TELEGRAM_PROXY, or the system's if the person says yes to it.

    Says which one and why. Makes sure that what Telethon needs for it is there, or raises a `Problem`.
    """
    proxy = named_proxy(options)
    if proxy and proxy.kind != "mtproxy":
        _need_python_socks()
    return proxy


def named_proxy(options: Any) -> Proxy | None:
    """Like `choose_proxy`, but without asking whether Telethon could use it."""
    given, from_environment = getattr(options, "proxy", None), SETTINGS.get("TELEGRAM_PROXY", "").strip()
    if given is not None:
        proxy = parse_proxy(given)
        term.note(f"Proxy: {proxy.describe()}")
        if proxy.password or proxy.secret:
            what = "password" if proxy.password else "secret"
            term.warn(
                f"The proxy's {what} was given on the command line: other programs on this computer can read it there, "
                "and it stays in the shell's history. The environment variable TELEGRAM_PROXY is a better place for it."
            )
        return proxy
    if from_environment:
        proxy = parse_proxy(from_environment)
        term.note(f"Proxy from TELEGRAM_PROXY: {proxy.describe()}")
        return proxy
    return _proxy_of_the_system()


def _proxy_of_the_system() -> Proxy | None:
    """The proxy that ALL_PROXY or HTTPS_PROXY names, if the person wants Telegram to go through it too."""
    for variable in ("ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
        value = os.environ.get(variable, "").strip()
        if not value:
            continue
        try:
            proxy = parse_proxy(value)
        except Problem as problem:
            term.note(f"{variable} is set, but Telegram cannot be reached through it. {problem.title}")
            return None
        if not term.interactive:
            term.note(
                f"{variable} is set but not used. To go through that proxy, set TELEGRAM_PROXY to the same address."
            )
            return None
        term.say(f"This computer has a proxy set ({variable}): {proxy.describe()}")
        return proxy if term.confirm("Use it for Telegram too?", default=False) else None
    return None


def parse_proxy(text: str) -> Proxy:
    """Reads a proxy address or link as people have it; anything else is a `Problem`.

    `socks5://user:pass@host:port`, `socks4://`, `http://`, and for MTProxy `tg://proxy?server=…&port=…&secret=…`,
    `https://t.me/proxy?…` (also t.me/socks, t.me/http) and `mtproxy://secret@host:port` or with `?secret=…`.
    """
    import urllib.parse

    text = text.strip().strip("\"'<>“”‘’").strip()
    if not text:
        raise network_problem("ProxyLink", reason="it is empty")
    shared = r"(?:tg:(?://)?|(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/)(proxy|socks|http)/?\?(.*)"
    link = re.match(shared, text, re.I | re.S)
    try:
        if link:
            values = _link_values(link.group(2))
            return _proxy(
                PROXY_LINKS[link.group(1).lower()], values.get("server", ""), values.get("port", ""),
                values.get("user", ""), values.get("pass", ""), values.get("secret", ""),
            )  # fmt: skip
        scheme, separator, _ = text.partition("://")
        kind = PROXY_SCHEMES.get(scheme.lower(), "")
        if not separator:
            raise network_problem("ProxyLink", reason="it does not say which kind of proxy it is")
        if scheme.lower() == "https":
            raise network_problem("ProxyLink", reason="Telethon cannot speak to a proxy over TLS (https://)")
        if not kind:
            raise network_problem("ProxyLink", reason="it names a kind of proxy that Telethon does not speak to")
        parts = urllib.parse.urlsplit(text)
        if kind != "mtproxy" and "@" in parts.path + parts.query + parts.fragment:
            reason = "a / ? or # in its user or password has to be written as %2F, %3F or %23"
            raise network_problem("ProxyLink", reason=reason)
        texts = (parts.username, parts.password, parts.path.strip("/"))
        user, password, path = (urllib.parse.unquote(text or "") for text in texts)
        if kind != "mtproxy":
            return _proxy(kind, parts.hostname or "", "" if parts.port is None else str(parts.port), user, password, "")
        values = _link_values(parts.query)
        host, port = parts.hostname or values.get("server", ""), str(parts.port or values.get("port", ""))
        return _proxy(kind, host, port, "", "", values.get("secret") or user or password or path)
    except ValueError as error:  # urlsplit: "Port could not be cast to integer value", "Invalid IPv6 URL"
        about_port = "ort" in str(error)
        reason = "its port is not a number from 1 to 65535" if about_port else "host and port cannot be told apart"
        raise network_problem("ProxyLink", reason=reason) from None


def _link_values(query: str) -> dict[str, str]:
    """The values of a link's query. A “+” stays what it is: base64 secrets contain it, and nothing here has spaces."""
    import urllib.parse

    pairs = (pair.partition("=") for pair in query.partition("#")[0].split("&"))
    return {name.lower(): urllib.parse.unquote(value) for name, _, value in pairs}


def _proxy(kind: str, host: str, port: str, username: str, password: str, secret: str) -> Proxy:
    """Checks the parts of a proxy address and puts them together. What is private in it is masked in reports."""
    import urllib.parse

    host = host.strip().strip("[]")
    checks = (
        (host, "the host is missing"),
        (port, "the port is missing"),
        (re.fullmatch(r"[\w.:%-]{1,253}", host), "its host has characters no host has"),
        (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536, "its port is not a number from 1 to 65535"),
        # What python-socks cannot send, and the one byte that SOCKS5 has for each length.
        ((username + password).isascii(), "its user or password has letters outside of ASCII"),
        (max(len(username), len(password)) < 256, "its user or password is longer than a proxy takes"),
    )
    for passed, reason in checks:
        if not passed:
            raise network_problem("ProxyLink", reason=reason)
    for private, label in ((username, "proxy user"), (password, "proxy password"), (secret, "proxy secret")):
        term.hide(private, label)
        term.hide(urllib.parse.quote(private, safe=""), label)
    if not re.match(r"127\.|localhost$|::1$", host):
        term.hide(host, "proxy")
    if kind != "mtproxy":
        return Proxy(kind, host, int(port), username, password)
    secret = _mtproxy_secret(secret)
    term.hide(secret[-32:], "proxy secret")
    return Proxy(kind, host, int(port), secret=secret)


def _mtproxy_secret(text: str) -> str:
    """The secret of an MTProxy as 32 hexadecimal digits, "dd" in front if it wants padding; a `Problem` if it is none.

    It comes as hexadecimal or base64 (either alphabet, with or without “=”): 16 bytes; 17 that begin with dd; or, for
    fake-TLS, 18 and more that begin with ee. Source: TDLib, td/mtproto/ProxySecret.cpp, and
    https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation
    """
    import base64
    import binascii

    if not text:
        raise network_problem("ProxyLink", reason="the secret is missing")
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        try:
            plain = text.rstrip("=").replace("-", "+").replace("_", "/")
            secret = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            raise network_problem("ProxyLink", reason="its secret is neither hexadecimal nor base64") from None
    if len(secret) == 16:
        return secret.hex()
    if len(secret) == 17 and secret[0] == 0xDD:
        return secret.hex()
    if len(secret) > 17 and secret[0] == 0xEE:
        raise network_problem("ProxyFakeTls")
    raise network_problem(
        "ProxyLink", reason=f"its secret is {len(secret)} bytes long and not 16: part of it is missing or too much"
    )


def _need_python_socks() -> None:
    """Telethon speaks to SOCKS and HTTP proxies through python-socks, which before Python 3.11 needs async_timeout."""
    package = "python-socks[asyncio]"
    modules = ["python_socks"] if sys.version_info >= (3, 11) else ["python_socks", "async_timeout"]
    why = "To speak to this proxy, Telethon needs the package python-socks, which is not installed. This installs it:"
    if not all(offer_install(package, module, why) for module in modules):
        problem = network_problem("ProxyNeedsPythonSocks")
        problem.steps = (*ways_to_install(package), *problem.steps)
        raise problem


def telethon_connection(proxy: Proxy | None) -> tuple[Any, Any]:
    """Telethon's connection class and `proxy` argument for this proxy (TelegramClient(connection=…, proxy=…)).

    An MTProxy secret is always handed over with "dd" in front, because Telethon takes two letters off any secret that
    begins with "dd" or "ee", also off one whose first byte happens to be that (tcpmtproxy.py, normalize_secret, 1.45).
    """
    from telethon import connection

    if proxy is None:
        return connection.ConnectionTcpFull, None
    if proxy.kind == "mtproxy":
        padded = connection.ConnectionTcpMTProxyRandomizedIntermediate
        kind = padded if len(proxy.secret) == 34 else connection.ConnectionTcpMTProxyIntermediate
        return kind, (proxy.host, proxy.port, "dd" + proxy.secret[-32:])
    return connection.ConnectionTcpFull, {
        "proxy_type": proxy.kind,
        "addr": proxy.host,
        "port": proxy.port,
        "username": proxy.username or None,
        "password": proxy.password if proxy.username else None,
        "rdns": True,
    }


# ── probing: one connection, as far as the first answer of a key exchange ──


class Probe(NamedTuple):
    """What came of one attempt to reach one address of a data centre.

    `tcp` is the time until the connection stood (through a proxy: until the proxy had put it through), `exchange` the
    time from the first message to Telegram's answer, both in seconds or None if it did not come to that. `failure` is
    "" when Telegram answered, else one of: no route, denied, refused, no answer (the connection never stood); closed,
    silent, HTTP, garbage, turned away (it stood); error; or a name of ERRORS when a proxy is at fault.
    `detail` adds what the other side said. `clock` is Telegram's time minus this computer's, in seconds.
    """

    dc: int
    address: str
    port: int
    tcp: float | None = None
    exchange: float | None = None
    failure: str = ""
    detail: str = ""
    clock: float | None = None

    @property
    def ipv6(self) -> bool:
        return ":" in self.address


class NotReached(Exception):
    """Something else than a lost connection ended an attempt: the `failure` and `detail` of its `Probe`."""

    def __init__(self, failure: str, detail: str = "") -> None:
        super().__init__(failure)
        self.failure = failure
        self.detail = detail


# SOCKS5 reply codes (RFC 1928, section 6) in words.
SOCKS5_REPLIES = {
    1: "a general failure", 2: "a rule forbids it", 3: "no network", 4: "no route to Telegram",
    5: "Telegram's address refused it", 6: "its time ran out", 7: "it opens no connections", 8: "not such addresses",
}  # fmt: skip


async def _through_socks5(reader: Any, writer: Any, proxy: Proxy, address: str, port: int) -> None:
    """Asks a SOCKS5 proxy for a connection (RFC 1928, and RFC 1929 for user and password)."""
    import ipaddress

    # Telethon's python-socks offers a login only when it has both user and password; the probe does the same.
    login = bool(proxy.username and proxy.password)
    writer.write(b"\5\2\0\2" if login else b"\5\1\0")
    version, method = await reader.readexactly(2)
    if version != 5:
        raise NotReached("ProxyWrongType")
    if method not in (0, 2) or (method == 2 and not login):
        raise NotReached("ProxyLoginWrong" if login else "ProxyLoginWanted")
    if method == 2:
        user, password = proxy.username.encode(), proxy.password.encode()
        writer.write(b"\1" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if (await reader.readexactly(2))[1] != 0:
            raise NotReached("ProxyLoginWrong")
    target = ipaddress.ip_address(address)
    writer.write(b"\5\1\0" + (b"\1" if target.version == 4 else b"\4") + target.packed + port.to_bytes(2, "big"))
    _, reply, _, kind = await reader.readexactly(4)
    if reply != 0:
        raise NotReached("ProxyRefuses", SOCKS5_REPLIES.get(reply, f"code {reply}"))
    length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
    await reader.readexactly(length + 2)


async def _through_socks4(reader: Any, writer: Any, proxy: Proxy, address: str, port: int) -> None:
    """Asks a SOCKS4 proxy for a connection (Ying-Da Lee, “SOCKS: a protocol for TCP proxy across firewalls”)."""
    import ipaddress

    target = ipaddress.ip_address(address)
    if target.version != 4:
        raise NotReached("ProxyRefuses", "SOCKS4 knows no IPv6; leave --ipv6 away")
    writer.write(b"\4\1" + port.to_bytes(2, "big") + target.packed + proxy.username.encode() + b"\0")
    version, reply, *_ = await reader.readexactly(8)
    if version != 0 or not 90 <= reply <= 93:
        raise NotReached("ProxyWrongType")
    if reply in (92, 93):
        raise NotReached("ProxyLoginWrong" if proxy.username else "ProxyLoginWanted")
    if reply != 90:
        raise NotReached("ProxyRefuses", "SOCKS4 does not tell why; perhaps it wants a user name")


async def _through_http(reader: Any, writer: Any, proxy: Proxy, address: str, port: int) -> None:
    """Asks a web proxy for a connection with CONNECT (RFC 9110, section 9.3.6)."""
    import base64

    host = host_and_port(address, port)
    request = f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n"
    if proxy.username:
        login = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
        request += f"Proxy-Authorization: Basic {login}\r\n"
    writer.write((request + "\r\n").encode())
    if await reader.readexactly(5) != b"HTTP/":
        raise NotReached("ProxyWrongType")
    status = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[0]
    code, _, words = status.partition(" ")[2].partition(" ")
    if code in ("400", "404", "405", "501"):  # a web server, which knows no CONNECT
        raise NotReached("ProxyWrongType")
    if code == "407":
        raise NotReached("ProxyLoginWrong" if proxy.username else "ProxyLoginWanted")
    if not code.startswith("2"):
        raise NotReached("ProxyRefuses", in_one_line(f"{code} {words}"))


THROUGH = {"socks5": _through_socks5, "socks4": _through_socks4, "http": _through_http}


def first_message(now: float) -> tuple[bytes, bytes]:
    """The unencrypted message that opens a key exchange, and the 16 random bytes its answer must repeat.

    `req_pq_multi#be7e8ef1 nonce:int128`, in front of it a key id of 0, a message id (Unix time × 2³², divisible by 4)
    and the length. Source: https://core.telegram.org/mtproto/auth_key and /mtproto/description#unencrypted-message
    """
    nonce = os.urandom(16)
    message_id = int(now * 2**32) & ~3
    return bytes(8) + message_id.to_bytes(8, "little") + b"\x14\0\0\0" + b"\xf1\x8e\x7e\xbe" + nonce, nonce


def time_in_answer(message: bytes, nonce: bytes) -> float:
    """Checks that `message` is `resPQ#05162463` for this nonce, and returns the Unix time at which it was written.

    resPQ itself carries no time, but the id of the message does: a server's message ids are about Unix time × 2³², and
    odd (https://core.telegram.org/mtproto/description#message-identifier-msg-id). ValueError for anything else.
    """
    if len(message) < 40 or message[:8] != bytes(8) or message[20:24] != b"\x63\x24\x16\x05" or message[24:40] != nonce:
        raise ValueError("not resPQ for this nonce")
    return int.from_bytes(message[8:16], "little") / 2**32


class _FullTransport:
    """MTProto's “full” transport: length, number, message, CRC32. Telethon's default, so filters see the same thing.

    Source: https://core.telegram.org/mtproto/mtproto-transports#full
    """

    counted = 4  # of the bytes that the length counts: those of the length itself
    inside = slice(4, -4)  # where the message is in what follows
    decrypt: Callable[[bytes], bytes] = bytes  # nothing is encrypted

    def packet(self, message: bytes) -> bytes:
        import zlib

        packet = (len(message) + 12).to_bytes(4, "little") + bytes(4) + message
        return packet + zlib.crc32(packet).to_bytes(4, "little")

    async def read(self, reader: Any) -> bytes:
        """The message in the next packet; or, of what is no packet, the first four bytes."""
        start = self.decrypt(await reader.readexactly(4))
        length = int.from_bytes(start, "little", signed=True) - self.counted
        if not 0 < length <= 4096:
            return start
        return self.decrypt(await reader.readexactly(length))[self.inside]


class _MTProxyTransport(_FullTransport):
    """The obfuscated (padded) intermediate transport as MTProxy wants it: AES-256-CTR with keys made from its secret.

    Source: https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation
    """

    counted, inside = 0, slice(None)

    def __init__(self, secret: str, dc: int) -> None:
        import hashlib

        import pyaes

        def cipher(seed: bytes) -> Any:
            key = hashlib.sha256(seed[8:40] + bytes.fromhex(secret[-32:])).digest()
            counter = pyaes.Counter(int.from_bytes(seed[40:56], "big"))
            return pyaes.AESModeOfOperationCTR(key, counter)

        tag = b"\xdd" * 4 if len(secret) == 34 else b"\xee" * 4
        # 0x01 in front keeps clear of what the first bytes must not be: GET, POST, HEAD, 0xef, a TLS greeting, …
        start = b"\1" + os.urandom(3) + b"\1" + os.urandom(51) + tag + dc.to_bytes(2, "little") + os.urandom(2)
        self._encrypt, self.decrypt = cipher(start).encrypt, cipher(start[::-1]).decrypt
        self._header: bytes = start[:56] + self._encrypt(start)[56:]

    def packet(self, message: bytes) -> bytes:
        encrypted: bytes = self._encrypt(len(message).to_bytes(4, "little") + message)
        return self._header + encrypted


async def _probe(dc: int, address: str, port: int, proxy: Proxy | None, doors: Sequence[str]) -> Probe:
    """One attempt, from the connection to Telegram's first answer. Cancelled, it tells how far it got.

    `doors` are the addresses to connect to: those of the proxy, or the one of Telegram itself.
    """
    import asyncio

    state = Probe(dc, address, port)
    started = time.monotonic()
    try:
        async with line_to(doors, proxy.port if proxy else port) as (reader, writer):
            if proxy and proxy.kind in THROUGH:
                state = state._replace(failure="ProxyHangs")  # if this is as far as it gets
                await THROUGH[proxy.kind](reader, writer, proxy, address, port)
            state = state._replace(tcp=time.monotonic() - started, failure="")
            transport = _MTProxyTransport(proxy.secret, dc) if proxy and proxy.secret else _FullTransport()
            took, offset = await _first_step(transport, reader, writer)
            return state._replace(exchange=took, clock=offset)
    except asyncio.CancelledError:
        return state._replace(failure=state.failure or ("no answer" if state.tcp is None else "silent"))
    except NotReached as answer:
        return state._replace(failure=answer.failure, detail=answer.detail)
    except (ValueError, asyncio.LimitOverrunError):  # a packet, but not resPQ; or a web proxy's answer without an end
        return state._replace(failure="ProxyWrongType" if state.failure else "garbage")
    except EOFError:  # IncompleteReadError in a proxy's part
        return state._replace(failure="ProxyHangsUp")
    except OSError as error:
        return state._replace(failure="ProxyHangsUp" if state.failure else why_not_connected(error), detail=str(error))


async def _first_step(transport: _FullTransport, reader: Any, writer: Any) -> tuple[float, float]:
    """Begins a key exchange: the seconds until Telegram's answer, and its time minus this computer's."""
    import asyncio

    began, sent = time.monotonic(), time.time()
    message, nonce = first_message(sent)
    writer.write(transport.packet(message))
    try:
        answer = await transport.read(reader)
    except asyncio.IncompleteReadError as short:
        if not short.partial:
            raise ConnectionResetError from None
        answer = short.partial[:4]
    took = time.monotonic() - began
    if len(answer) < 20:  # no message is that short: a transport error, behind which an MTProxy may put padding
        raise NotReached(*await _what_else_answered(answer[:4], reader))
    return took, time_in_answer(answer, nonce) - (sent + took / 2)


@contextlib.asynccontextmanager
async def line_to(addresses: Sequence[str], port: int) -> AsyncIterator[tuple[Any, Any]]:
    """A connection to the first of these addresses that takes one, as a reader and a writer; cut off at the end."""
    import asyncio

    for more, address in enumerate(addresses, 1 - len(addresses)):
        try:
            reader, writer = await asyncio.open_connection(address, port)
            break
        except OSError:
            if not more:
                raise
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def why_not_connected(error: OSError) -> str:
    """The `failure` of a `Probe` for an error that the operating system gave."""
    import errno

    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return "no route"
    if isinstance(error, PermissionError):
        return "denied"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return "no answer"
    return "closed" if isinstance(error, ConnectionError) else "error"


async def _what_else_answered(start: bytes, reader: Any) -> tuple[str, str]:
    """`failure` and `detail` of a `Probe` for an answer that begins with these bytes and is not resPQ.

    In place of an answer Telegram may send a negative number, such as -429 for too many connections from one address:
    https://core.telegram.org/mtproto/mtproto-transports#transport-errors
    """
    import asyncio

    code = int.from_bytes(start, "little", signed=True)
    if len(start) == 4 and -1000 < code < 0:
        return "turned away", str(code)
    try:
        more: bytes = start + await asyncio.wait_for(reader.read(1024), 0.5)
    except (OSError, asyncio.TimeoutError, asyncio.CancelledError):  # the time of the probe is up: what is there counts
        more = start
    if more.startswith((b"HTTP/", b"<")):
        return "HTTP", in_one_line(more.split(b"\r\n")[0].decode("latin-1"))
    return "garbage", ""


# ── what can be in the way ──


def network_problem(name: str, **values: object) -> Problem:
    """The `Problem` of that name in ERRORS; `values` fill the {words} of its text."""
    return Found(rows_by_name()[squashed(name)][0], name, values).problem()


# ══ 10  WHAT IS INSTALLED ════════════════════════════════════════════════════════════════════════════════════════════
#
# Step 0, and the helpers that are installed only when they are needed. Begin with `check_dependencies`. What installs
# anything, after a yes, is `set_up` and `offer_install`.


# ── step 0: dependency check ──


def check_dependencies() -> None:
    """Step 0: one line for each thing that must be there. Raises a Problem that says how to mend what is not right."""
    term.good("Python {}.{}.{}".format(*sys.version_info[:3]))
    library = os.path.dirname(os.__file__)
    try:
        here = os.getcwd()
    except FileNotFoundError:  # somebody has deleted it meanwhile
        here = ""
    before = sys.path[: len(sys.path) - 1 - sys.path[::-1].index(library)] if library in sys.path else sys.path[:1]
    folders = list(dict.fromkeys(folder or here for folder in before if folder != library))
    hiding = files_in_the_way(folders)
    if hiding:
        raise Problem(
            "A file here has the name of something that Python needs.",
            "Python takes it for its own module, or for Telethon, because it lies beside the script or in another "
            "folder that is searched first:\n" + "\n".join(f"    {path}" for path in hiding),
            ["Give it another name (my_telethon.py, for example), or move it elsewhere.", "Start the script again."],
            name="HiddenModule",
        )
    for path in files_in_the_way([folder for folder in {here, os.path.dirname(__file__)} if folder not in folders]):
        term.warn(
            f"{path} has the name of a module that Python or Telethon needs. It does no harm to this script, but to "
            "every Python program that lies beside it: give it another name."
        )
    telethon = telethon_at_hand()
    term.good(f"Telethon {telethon.version}, which speaks layer {telethon.layer} of Telegram's API")
    if telethon.layer < NEWEST_LAYER:
        term.say(
            f"Layer {NEWEST_LAYER} is known too: upgrade if Telegram answers UPDATE_APP_TO_LOGIN.", "dim", indent=2
        )


OLDEST_TELETHON = (1, 36)  # its layer, 181, is the first with all eleven SentCodeType classes that Telegram uses today
NEWEST_LAYER = 229  # of Telethon 1.45 (2026)


class Installed(NamedTuple):
    """A Telethon on this computer: its version, and the layer of Telegram's API that it speaks."""

    version: str
    layer: int


def files_in_the_way(folders: Sequence[str]) -> list[str]:
    """Paths of the files and packages in `folders` that Python takes for a module that is needed."""
    from importlib.machinery import PathFinder

    found = []
    for folder in folders:
        try:
            names = {entry.partition(".")[0] for entry in os.listdir(folder)}
        except OSError:
            continue
        for name in sorted(names.intersection(MODULES_NEEDED.split())):
            spec = PathFinder.find_spec(name, [folder])
            if spec is None or not spec.origin:  # a folder without any code in it has no origin, and hides nothing
                continue
            package = os.path.dirname(spec.origin) if spec.submodule_search_locations else ""
            if not (package and name in ("telethon", "pyaes", "pyasn1", "rsa")):  # put there by pip --target
                found.append(package or spec.origin)
    return found


def telethon_at_hand() -> Installed:
    """The Telethon of this Python or, where that has none that will do, the one that was set up for this script."""
    from importlib.util import find_spec

    wrong = None
    if find_spec("telethon"):
        try:
            return find_telethon()
        except Problem as problem:
            wrong = problem
    if enter_environment():
        return find_telethon()
    raise wrong or telethon_missing()


def find_telethon() -> Installed:
    """The Telethon that `import telethon` would load, known by its files and not imported. Raises Problem without one.

    Sources: `telethon/version.py` and LAYER in `telethon/tl/alltlobjects.py` of Telethon 1; Telethon 2 has
    `telethon/_impl` in the place of `telethon/tl`.
    """
    from importlib.util import find_spec

    spec = find_spec("telethon")
    if spec is None or not spec.origin:  # a folder without any code in it has no origin
        raise telethon_missing()
    folder = os.path.dirname(spec.origin)
    version = first_match(r"__version__ = ['\"]([^'\"]+)", os.path.join(folder, "version.py"))
    layer = first_match(r"LAYER = (\d+)", os.path.join(folder, "tl", "alltlobjects.py"))
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers >= (2,) or os.path.isdir(os.path.join(folder, "_impl")):
        raise Problem(
            f"Telethon {version or '2'} is another library under the same name.",
            "This script, and the programs that take Telethon session strings, need Telethon 1. Version 2 is an alpha "
            f"that was never finished. It lies in {folder}.",
            ways_to_install(TELETHON, "--upgrade"),
            name="TelethonTwo",
        )
    missing = [name for name in ("pyaes", "rsa", "pyasn1") if find_spec(name) is None]
    if not (version and layer) or missing:
        what = f"it needs {' and '.join(missing)}, which is not there" if version and layer else "files are missing"
        raise Problem(
            "Telethon is there, but not whole.",
            f"What Python finds under that name is {folder}, and {what}. Either an installation was interrupted, or "
            "that folder is something else.",
            ["If that folder is your own, give it another name.", *ways_to_install(TELETHON, "--force-reinstall")],
            name="TelethonBroken",
        )
    if numbers < OLDEST_TELETHON:
        oldest = "{}.{}".format(*OLDEST_TELETHON)
        raise Problem(
            f"Telethon {version} is too old; {oldest} or newer is needed.",
            f"It speaks layer {layer} of Telegram's API. Telegram now sends codes in ways that this version does not "
            f"know, and fails on them. It lies in {folder}.",
            ways_to_install(TELETHON, "--upgrade"),
            name="TelethonTooOld",
        )
    return Installed(version, int(layer))


def telethon_missing() -> Problem:
    """No Telethon can be imported: never installed for this Python, or only pip believes that it is."""
    from importlib import metadata

    try:
        version = metadata.version("telethon")
    except metadata.PackageNotFoundError:
        return Problem(
            "Telethon is not installed.",
            f"It is the library that speaks to Telegram, and this Python does not have it: {sys.executable}",
            ways_to_install(TELETHON),
            name="TelethonMissing",
        )
    return Problem(
        "Telethon is there, but not whole.",
        f"pip has version {version} on its list, but the library itself has been deleted.",
        ways_to_install(TELETHON, "--force-reinstall"),
        name="TelethonBroken",
    )


def first_match(pattern: str, path: str) -> str:
    """What the first group of `pattern` matches in the first 1000 bytes of a file, or "" where there is none."""
    try:
        with open(path, "rb") as file:
            found = re.search(pattern, file.read(1000).decode("utf-8", "replace"))
    except OSError:
        return ""
    return found.group(1) if found else ""


# ── an environment of its own ──

TELETHON = "telethon~=1.36"  # any 1.x from 1.36 on, in the one spelling that no shell takes for something else
PACKAGES = (TELETHON, "segno", "python-socks[asyncio]")  # the dependencies in the first lines of this file

# Installers give up in bounded time, ask nothing, and leave nothing elsewhere.
PATIENCE: dict[str, Any] = {
    "PIP_NO_INPUT": "1", "PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "10", "PIP_NO_CACHE_DIR": "1", "PIP_USER": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_CACHE": "1", "UV_HTTP_TIMEOUT": "10",
}  # fmt: skip

# The user's data folder, by system; elsewhere it is the one of Linux.
DATA_FOLDERS = {"win32": "%LOCALAPPDATA%", "darwin": "~/Library/Application Support", "linux": "~/.local/share"}


def places() -> list[str]:
    """Where an environment for this script may be: beside it, or in the user's data folder; nowhere else."""
    data = os.path.expanduser(os.path.expandvars(DATA_FOLDERS.get(sys.platform, DATA_FOLDERS["linux"])))
    folders = (os.path.dirname(os.path.realpath(__file__)), os.path.join(data, "telegram-session"))
    return [os.path.join(folder, ".venv") for folder in folders if os.path.isabs(folder)]


def packages_of(environment: str) -> str:
    """The folder in which an environment for a Python like this one has its packages."""
    library = ["Lib"] if sys.platform == "win32" else ["lib", os.path.basename(os.path.dirname(os.__file__))]
    return os.path.join(environment, *library, "site-packages")


def python_of(environment: str) -> str:
    return os.path.join(environment, *(["Scripts", "python.exe"] if sys.platform == "win32" else ["bin", "python"]))


def is_environment(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "pyvenv.cfg"))


def enter_environment() -> bool:
    """Lets this Python use the packages of the environment that was set up for this script, if there is a sound one.

    They are added to this very process, in front of what is installed: the window, the arguments, the streams, Ctrl-C
    and the exit code stay what they are on every system, and no second Python has to start. That wants an environment
    for the same version of Python. Where a virtual environment is active, that one counts and no other.
    """
    for environment in filter(is_environment, [] if in_virtual_environment() else places()):
        fault = fault_of(environment)
        if not fault:
            term.note(f"Using the environment {environment}.")
            sys.path.insert(0, packages_of(environment))
            return True
        term.warn(f"The environment {environment} is not used: {fault}.")
    return False


def fault_of(environment: str) -> str:
    """Why an environment cannot be used, or ""."""
    version = "{}.{}".format(*sys.version_info[:2])
    made_for = first_match(r"version(?:_info)? *= *(\d+\.\d+)", os.path.join(environment, "pyvenv.cfg"))
    if not is_private(environment):
        return NOT_PRIVATE
    if not os.path.exists(python_of(environment)):
        return "its Python has gone"
    if made_for != version:
        return f"it was made for Python {made_for}, and this is {version}"
    return "" if os.path.isdir(os.path.join(packages_of(environment), "telethon")) else NOT_FOR_THIS


NOT_PRIVATE = "it belongs to somebody else, or others may write there"
NOT_FOR_THIS = "Telethon is not in it"


def is_private(environment: str) -> bool:
    """Whether nobody but this person and the administrator may write there. Windows has no such answer to give."""
    if sys.platform == "win32":
        return True
    folder, private = os.path.join(packages_of(environment), "telethon"), True
    while private and folder != os.path.dirname(environment):
        state = os.stat(folder if os.path.exists(folder) else environment)
        private = state.st_uid in (0, os.getuid()) and not state.st_mode & 0o022
        folder = os.path.dirname(folder)
    return private


def ways_to_set_up(problem: Problem, go_on: Callable[[], Outcome]) -> list[Way]:
    """The way that brings what is missing and goes on, if that is what `problem` is about and if it can be done."""
    if problem.name not in ("TelethonMissing", "TelethonBroken", "TelethonTooOld", "TelethonTwo"):
        return []
    place = sys.prefix if in_virtual_environment() else place_to_set_up()
    commands = commands_to_set_up(place, *([] if problem.name == "TelethonMissing" else ["--force-reinstall"]))
    what = f"set it up here and go on (in {place}, and nowhere else)"
    if place != sys.prefix and is_environment(place):
        what = f"make {place} anew, without what is in it now, and go on"

    def way() -> Outcome:
        set_up(place, commands)
        return go_on()

    return [(what, way)] if place and commands else []


def place_to_set_up() -> str:
    """Where an environment can be made: a place that is free, or whose environment is of no use any more; or ""."""
    for environment in places():
        folder = os.path.dirname(environment)
        if not os.access(folder if os.path.isdir(folder) else os.path.expanduser("~"), os.W_OK):
            continue
        if not os.path.lexists(environment):
            return environment
        if is_environment(environment) and fault_of(environment) not in (NOT_PRIVATE, NOT_FOR_THIS):
            return environment
    return ""


def commands_to_set_up(place: str, *options: str) -> list[list[str]]:
    """The commands that bring `PACKAGES` into the active virtual environment, or into a new one; [] if none can."""
    from importlib.util import find_spec

    active, python, uv = place == sys.prefix, python_of(place), program("uv")
    if active and pip_command(TELETHON):
        return [pip_command(*PACKAGES, *options)]
    if find_spec("ensurepip"):  # Debian and Ubuntu keep it in a package of its own
        first = [python, "-I", "-m", "ensurepip"] if active else [sys.executable, "-I", "-m", "venv", place]
        return [first, [python, "-I", "-m", "pip", "install", *PACKAGES]]
    first = [uv, "venv", "--allow-existing", "--python", sys.executable, place]
    return [first, [uv, "pip", "install", "--python", python, *PACKAGES]] if uv and not active else []


def set_up(place: str, commands: Sequence[Sequence[str]]) -> None:
    """Brings `PACKAGES` into the virtual environment that is active, or into a new one at `place`.

    A new one is made whole or not at all, and what stood in its place before comes back if that fails.
    """
    import shutil

    before, made = f"{place}.{os.getpid()}", ""
    term.say(f"Setting up {place}. Nothing else on this computer changes.")
    try:
        if place != sys.prefix:
            if is_environment(place):
                os.rename(place, before)
            os.makedirs(place, 0o700)
            made = place
        for command in commands:
            term.verbatim(f"    {in_shell_words(command)}", "dim")
            run_installer(command, f"setting up {place}", TMPDIR=place)
        made = ""
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)
        if os.path.exists(before):
            shutil.rmtree(before) if os.path.exists(place) else os.rename(before, place)


def run_installer(command: Sequence[str], doing: str, **environment: str) -> None:
    """Runs pip, uv or venv. If it fails, its last words are shown, and the `Problem` is what is known about them."""
    import importlib

    ran = run_program(command, doing, 300, **{**PATIENCE, **environment})
    if ran.code != 0:
        term.bad(f"Failed: {doing}.")
        term.say("\n".join(ran.said.split("\n")[-5:]), "dim", indent=2)
        found = find_answer(ran.said)
        raise found.problem() if found else Problem("It ended with an error, or not in time.", name="SetUpFailed")
    importlib.invalidate_caches()


# ── what may be installed, and how ──


def in_virtual_environment() -> bool:
    return sys.prefix != sys.base_prefix


def belongs_to_the_system() -> bool:
    """Whether pip refuses this Python: PEP 668, a file EXTERNALLY-MANAGED beside the standard library."""
    import sysconfig

    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    return not in_virtual_environment() and os.path.exists(marker)


def pip_command(package: str, *options: str) -> list[str]:
    """The command that installs `package` where this script finds it, or [] if there is none.

    That is the environment that was set up for this script, if it is in use, or else the very Python that runs it.
    There is none where the system's package manager owns this Python, where this person may not write, and where there
    is neither pip nor uv.
    """
    import importlib.util
    import site
    import sysconfig

    python, folder, to_user = sys.executable, sysconfig.get_path("purelib"), []
    pip = bool(importlib.util.find_spec("pip"))
    entered = [place for place in places() if packages_of(place) in sys.path]
    if entered:
        python, folder = python_of(entered[0]), packages_of(entered[0])
        pip = os.path.isdir(os.path.join(folder, "pip"))
    elif belongs_to_the_system():
        return []
    elif os.path.exists(folder) and not os.access(folder, os.W_OK):
        to_user = ["--user"]
    if to_user and not site.ENABLE_USER_SITE:
        return []
    if pip:
        alone = [] if to_user else ["-I"]  # runs no pip.py of the working folder; pip --user refuses to work under it
        return [python, *alone, "-m", "pip", "install", *to_user, *options, package]
    uv = program("uv")  # its environments come without pip
    return [uv, "pip", "install", "--python", python, *options, package] if uv and not to_user else []


def pip_comes_from() -> list[str]:
    """The command that gives pip to a Python that has none, or []."""
    import importlib.util

    if importlib.util.find_spec("pip"):
        return []
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return ["conda", "install", "--prefix", sys.prefix, "pip"]
    if in_virtual_environment() and importlib.util.find_spec("ensurepip"):
        return [sys.executable, "-m", "ensurepip"]
    return []


def in_shell_words(command: Sequence[str]) -> str:
    """A command as one types it, quoted as this system's shell wants it."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.list2cmdline(command)
    import shlex

    return " ".join(shlex.quote(word) for word in command)


def ways_to_install(package: str, *options: str) -> list[str]:
    """Steps that bring `package` to this script. Commands to copy stand behind four spaces on a line of their own."""
    command = pip_command(package, *options)
    first = [] if command else pip_comes_from()
    if first:
        command = [sys.executable, "-m", "pip", "install", *options, package]
    if not command:
        return ways_around_this_python(package)
    if sys.platform == "win32" and not in_virtual_environment() and command[0] == sys.executable and program("py"):
        command[:1] = ["py", "-{}.{}".format(*sys.version_info[:2])]  # a path with spaces fails in PowerShell
    return [
        *([f"This Python has no pip yet. Bring it:\n    {in_shell_words(first)}"] if first else []),
        f"Install it for the Python that runs this script:\n    {in_shell_words(command)}",
        "Start the script again.",
    ]


def for_this_python(problem: Problem) -> Problem:
    """A card for what happened in this script: UPGRADE and REINSTALL become what works for this Python."""
    steps: list[str] = []
    for step in problem.steps:
        option = {UPGRADE: "--upgrade", REINSTALL: "--force-reinstall"}.get(step)
        first, *more = ways_to_install(TELETHON, option) if option else [step]
        steps += [f"{step.partition(':')[0]}. {first}" if option else first, *more]
    problem.steps = tuple(steps)
    return problem


def ways_around_this_python(package: str) -> list[str]:
    """Steps for a Python that must not or cannot be installed into: run the script in an environment of its own."""
    import importlib.util

    script = os.path.abspath(__file__)
    home = os.path.dirname(script)
    if home == os.getcwd():
        script, environment = os.path.basename(script), ".venv"
    else:
        environment = os.path.join(home if os.access(home, os.W_OK) else os.path.expanduser("~"), ".venv")
    python = os.path.join(environment, "Scripts" if sys.platform == "win32" else "bin", "python")
    why = "This Python has no pip, or you may not write into its folder."
    if belongs_to_the_system():
        why = "This Python belongs to the system, which does not let pip change it (PEP 668)."
    make = in_shell_words([sys.executable, "-m", "venv", environment])
    install = in_shell_words([python, "-m", "pip", "install", *dict.fromkeys([TELETHON, package])])
    steps = [
        f"{why} Give the script an environment of its own:\n    {make}\n    {install}",
        f"Start the script with that, now and later:\n    {in_shell_words([python, script])}",
    ]
    if not importlib.util.find_spec("ensurepip"):  # Debian and Ubuntu keep it in a package of its own
        debian = "sudo apt install python{}.{}-venv".format(*sys.version_info[:2])
        steps.insert(0, f"This Python cannot make environments yet. On Debian and Ubuntu that takes:\n    {debian}")
    run = in_shell_words([script])
    uv = f"Instead, with uv or pipx (1.4.3 or newer), one command does it all:\n    uv run {run}\n    pipx run {run}"
    return [*steps, uv]


def offer_install(package: str, module: str, why: str) -> bool:
    """Says `why` a package is needed and offers to install it; True if `module` can be imported afterwards.

    Nothing is installed without a yes. Without a terminal to ask on, and where pip may not be used, nobody is asked:
    the ways to get the package are shown and the answer is False.
    """
    from importlib.util import find_spec

    if not find_spec("telethon"):
        enter_environment()
    if find_spec(module):
        return True
    term.say(why)
    command = pip_command(package)
    if not command:
        term.steps(ways_to_install(package))
        return False
    term.verbatim(f"    {in_shell_words(command)}")
    if not (term.interactive and term.confirm("Install it now?", default=False)):
        return False
    try:
        run_installer(command, f"installing {package}")
    except Problem as problem:
        term.problem(problem)
    done = bool(find_spec(module))
    (term.good if done else term.bad)(f"{package} {'is' if done else 'could not be'} installed.")
    return done


# ── other programs ──


def take_settings() -> None:
    """Takes out of the environment what no program may get, or be found by: secrets, and the working folder.

    TELEGRAM_* goes to SETTINGS. The working folder, where anybody may have put a “git” or a “gcc”, leaves PATH: not
    only this script looks programs up there, Python's `ctypes` does so, too.
    """
    for name in [name for name in os.environ if name.startswith("TELEGRAM_")]:
        SETTINGS[name] = os.environ.pop(name)
        term.hide(SETTINGS[name].strip(), name)
    if "PATH" in os.environ:
        folders = filter(os.path.isabs, os.environ["PATH"].split(os.pathsep))
        os.environ["PATH"] = os.pathsep.join(folder for folder in folders if not is_working_folder(folder))


def be_careful() -> None:
    """From here on: files are made for their owner only, and no memory is dumped to disk.

    A closed window or `kill` ends what is under way as Ctrl-C does: nothing half-made stays.
    """
    import signal

    os.umask(0o077)
    if sys.platform != "win32":
        with contextlib.suppress(ImportError, OSError, ValueError):  # nor has WebAssembly all of it
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in ("SIGHUP", "SIGTERM"):
        with contextlib.suppress(AttributeError, ValueError):  # ValueError: not on the main thread
            signal.signal(getattr(signal, name), signal.default_int_handler)


def is_working_folder(folder: str) -> bool:
    try:
        return os.path.samefile(folder, os.curdir)
    except OSError:  # one of the two is not there
        return False


def program(name: str) -> str:
    """The absolute path of a program, or "" if there is none; Windows would take one from the working folder first."""
    import shutil

    found = shutil.which(name) or ""
    own = not os.path.isabs(name) and is_working_folder(os.path.dirname(found))
    return found if os.path.isabs(found) and not own else ""


class Ran(NamedTuple):
    """How another program ended: its exit code, and the last that it said (on standard error, if `hears` got the rest).

    The code is None if it could not be `started`, did not end in time or had too much to say.
    """

    code: int | None
    said: str = ""
    started: bool = True


def run_program(
    command: Sequence[str], doing: str, limit: float, *, typed: bytes = b"",
    hears: Callable[[bytes], bool] | None = None, folder: str = sys.base_prefix, **environment: str,
) -> Ran:  # fmt: skip
    """Runs another program: the one way in which this script does.

    `command` begins with an absolute path (see `program`), and no shell reads it. The working folder is Python's own:
    pip, uv and git look for settings and modules where they are started, and anybody may have put some into ours.
    `environment` is added to what `take_settings` has left. After a second the person is told what is being done; after
    `limit` seconds, or a megabyte of words, the program is ended, and what it has started with it (not on Windows).
    `typed` comes to it by standard input, because a command line can be read by everybody; a pipe holds 4 kB of it.
    With `hears` it is a conversation: that gets each line of standard output, until it says that this was the last.
    """
    import subprocess
    import tempfile
    import threading

    heard = threading.Event()

    with tempfile.TemporaryFile() as output:

        def finished(pause: float) -> bool:
            try:
                process.wait(pause)
            except subprocess.TimeoutExpired:
                return heard.is_set() or os.fstat(output.fileno()).st_size > MOST_WORDS
            return True

        def listen(said: Any) -> None:
            left = MOST_WORDS
            while left > 0 and hears:
                line = said.readline(left)
                left -= len(line) or left
                if line and hears(line):
                    heard.set()

        try:
            # Not as part of this terminal: xclip and wl-copy stay behind to hand out what they got, and would end.
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
                stdout=subprocess.PIPE if hears else output, stderr=output if hears else subprocess.STDOUT,
                env={**os.environ, **environment}, cwd=folder, start_new_session=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:  # ValueError: a NUL in what it is given
            return Ran(None, str(error), started=False)
        try:
            if process.stdin:
                with contextlib.suppress(OSError):  # it does not want it
                    process.stdin.write(typed)
                    process.stdin.flush() if hears else process.stdin.close()
            listener = threading.Thread(target=listen, args=[process.stdout], daemon=True)
            if hears:
                listener.start()
            term.wait(finished, doing, limit)
            code = process.poll()
            if hears and process.stdin and code is None:
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # the end of its input is its end
                    process.stdin.close()
                    process.wait(3)
        finally:
            if hears or process.poll() is None:  # what has been spoken to may have ended and left others behind
                end_with_all(process)
        if hears:
            listener.join(1)
        output.seek(-min(MOST_WORDS // 16, output.seek(0, 2)), 2)
        return Ran(code, output.read().decode("utf-8", "replace").strip())


MOST_WORDS = 1 << 20  # bytes that a program may say


def end_with_all(process: Any) -> None:
    """Ends a program that was started in a session of its own, and what it has started."""
    import signal

    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(OSError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def git_would_take(path: str) -> bool:
    """Whether a path, which need not exist, lies in a git work tree and is not ignored there, as far as git can say."""
    try:
        path = os.path.realpath(path)  # git takes up what it finds in its folders, whatever links lead there
    except (OSError, ValueError):  # nothing can be written there, which will be said
        return False
    above = os.path.dirname(path)
    while not os.path.lexists(os.path.join(above, ".git")):
        if above == os.path.dirname(above):
            return False
        above = os.path.dirname(above)
    safely = [word for setting in GIT_SETTINGS.split() for word in ("-c", setting)]
    asked = run_program(
        [program("git"), *safely, "-C", above, "check-ignore", "-q", "--", path],
        "asking git whether it ignores the file", 3, GIT_NO_LAZY_FETCH="1", GIT_ALLOW_PROTOCOL="none",
    )  # fmt: skip
    return asked.code != 0


# A repository, which may be somebody else's, can name programs that git starts when it is only asked something: these
# settings undo what it says. What it lacks it can have fetched by a program, too; variables forbid that.
# Source: git-config(1), GIT_ALLOW_PROTOCOL and GIT_NO_LAZY_FETCH in git(1).
GIT_SETTINGS = """
core.fsmonitor=false
core.hooksPath=/dev/null
protocol.allow=never
"""


# ══ 11  LOOKING AN ERROR UP ══════════════════════════════════════════════════════════════════════════════════════════
#
# From an exception, or from whatever people have of one (a name, a class, a log line, a whole traceback), to its row in
# ERRORS. What was pasted is read into statements; a row of Telegram's counts only if something points to Telegram; and
# the last error counts. Begin with `problem_from` and `find_answer`.


# ── from an exception to the card ──


def problem_from(error: BaseException, call: str = "") -> Problem:
    """The card for any exception: by Telegram's name, by its text, by its class. A `Problem` comes back as it is."""
    if isinstance(error, Problem):
        return error
    name = telegram_name(error)
    if name:
        return named_problem(name, call=call)
    kind = type(error)
    family = " ".join(f"{base.__module__}.{base.__name__}" for base in reversed(kind.__mro__))
    words = term.mask(str(error)).split("\n", 1)[0][:200]
    found = find_answer(f"{family}: {error}", of_telegram=True) or Found(
        rows_by_name()["ANYOTHEREXCEPTION"][0], "", {"said": f"{kind.__name__}{': ' + words if words else ''}"}
    )
    return found.problem(name=kind.__name__, call=call, since=time.time())


def named_problem(name: str, *, call: str = "") -> Problem:
    """The card for an answer of Telegram by its own name or text (`FLOOD_WAIT_37`, `No workers running`), with the
    clock time of the next try.
    """
    other, wanted = other_name(name)
    found = find_answer(name, of_telegram=True) or Found(other, wanted, values_of(wanted, name))
    return found.problem(name=re.sub(KEY_BEHIND, "", name), call=call, since=time.time())


def telegram_name(error: BaseException) -> str:
    """Telegram's own name for an exception of Telethon, `""` if it is not an answer of Telegram.

    Telethon's exceptions do not carry it: `e.message` of a PhoneNumberInvalidError is `BAD_REQUEST`. So it is read from
    the answer that the connection keeps with the exception (`rpc_error`).
    """
    return in_one_line(getattr(getattr(error, "rpc_error", None), "error_message", ""), 100)


# ── from what people have to the row ──


class Found(NamedTuple):
    """An answer, the name it was found under (`FLOOD_WAIT_37`), and the values in it (`{"seconds": 37}`).

    `of_telegram`: something points to Telegram. `asked`: just this name or text was asked for. `rank`: how much counts
    for it: does it say more than that something went wrong; in which statement it is; 3 a name of Telegram, 2 a text,
    1 what others write, too; where it ends, and where it begins.
    """

    answer: Answer
    name: str
    values: dict[str, object]
    of_telegram: bool = True
    asked: bool = True
    rank: tuple[int, ...] = ()

    def problem(self, *, name: str = "", call: str = "", since: float | None = None) -> Problem:
        """The card. `since` is the Unix time of the error; without it a wait is told in words, not as a clock time."""
        row, values = self.answer, self.values
        wait = re.match(r"after (\d+) (second|minute|hour)", filled(row.again, values))
        seconds = int(wait[1]) * {"second": 1, "minute": 60, "hour": 3600}[wait[2]] if wait else 0
        return Problem(
            filled(row.title, values),
            filled(row.meaning, values),
            filled("\n".join(row.steps), values).split("\n"),  # a value may bring several steps
            name=name or self.name,
            call=call,
            retry_at=since + seconds if since is not None and seconds else None,
            again=filled(row.again, values),
        )


def find_answer(text: str, of_telegram: bool = False) -> Found | None:
    """The answer to whatever people have: a name, a class, a message, a log line, a whole traceback, in any case.

    The last error counts, unless it only says that there was one. A row of Telegram's counts if something in the text
    points to Telegram, or if the caller knows that it comes from there (`of_telegram`).
    """
    text = text[-20_000:]
    said = statements(text)
    asked = re.sub(r"^\d{3}\W+(?=\D)", "", said[0][0].strip(AROUND_A_NAME)) if len(said) == 1 else ""
    lower = "\n".join(whole for _, whole in said).lower()
    texts = []
    for row in () if row_of(asked) else answers():
        for pattern, own in row.texts:  # to look for a word first spares compiling hundreds of expressions
            if max(re.split(ANYTHING, pattern), key=len).lower() in lower:
                texts.append((row, pattern, own, re.compile(as_expression(pattern), re.IGNORECASE | re.DOTALL)))
    found = [each for place, words in enumerate(said) for each in clues_in(place, *words, asked, texts)]
    values = library_in(text)
    of_telegram = of_telegram or bool(values) or any(each.of_telegram for each in found)
    found = [each for each in found if of_telegram or each.answer.whose or each.asked]
    found.sort(key=lambda each: each.rank)
    same = [each for each in found if each.answer is found[-1].answer]
    if not same:
        return None
    for each in same:  # the name may say which error it is, and the text how long to wait
        values.update(each.values)
    name = [same[-1].name, *(each.name for each in same if each.rank[2] == 3)][-1]
    return same[-1]._replace(name=with_values(name, values), values=values, of_telegram=of_telegram)


def library_in(text: str) -> dict[str, object]:
    """The library of LIBRARIES that a text shows, and the step that brings it up to date; {}: nothing of Telegram."""
    for name, words, upgrade in rows_of(LIBRARIES):
        if re.search(words.replace(" ", "|"), text, re.IGNORECASE):
            return {"library": name, "upgrade": upgrade or UPGRADE}
    return {}


def near_misses(text: str) -> list[str]:
    """Names of the table that are written nearly like what a person typed, at most five, the nearest first."""
    import difflib

    typed = text.strip(AROUND_A_NAME)
    if len(typed) > 200 or re.search(r"""[\n"'{}()=/\\]""", typed):  # nobody types that
        return []
    # Plain words of a sentence are no names, but a few may be one together.
    words = re.findall(r"\S*(?:\w_\w|[a-z][A-Z])\S*", typed)[:8] or [typed]
    keys = [re.sub("ERROR$", "", squashed(word.rpartition(".")[2])) for word in words]
    near = [rows_by_name()[it][1] for key in keys for it in difflib.get_close_matches(key, rows_by_name(), 5, 0.8)]
    return [with_values(name, {}) for name in dict.fromkeys(near) if not name.endswith("!")][:5]


# ── from what was pasted to its statements ──


# What a log puts around its words: a service (docker compose, pm2) in front of them, a place in the code behind them;
# then the date, and with it the host and the process.
LOG_EDGES = r"^> ?|^[\w.@-]*(?:\|[\w.-]+)? *\| ?|(?<!\s)\s{2,200}[\w./-]{1,200}\.\w{1,4}:\d+$"
LOG_DATE = (
    r"^\W{0,2}(?:(?:\d{2,4}[-/.]\d\d[-/.]\d{2,4}|[A-Z][a-z]{2} +\d{1,2})[T ,]+)?\d\d:\d\d:\d\d[\d.,]*"
    r"(?:Z|[+-]\d\d:?\d\d)?\W? ?(?:(?:\S+ )?[\w.@-]+\[[\w.]+\]: ?)?"
)

# A line of a traceback that says where it was: Python's, Node's, Go's, and those in a frame of rich.
FRAME = r"""(?i)\s+(?:File "|at |\S+\.go:\d|[\w.-]+\.\w+/\S+$)|\s*[│╭╰❱]"""

# A line that goes on with the one before: it is indented, or has been broken in the middle of a sentence.
GOES_ON = r"\s+(?!\W*(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b)|(?:[a-z(]\w*|\d+) "


def statements(text: str) -> list[tuple[str, str]]:
    """What a log or a traceback says, in its order: the words, and the same with the places in code in front of them.

    A log may have broken the words over several lines, or a traceback into one.
    """
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", text).replace('\\"', '"')
    text = re.sub(r"(?<!\\)\\n", "\n", text)
    text = re.sub(r"(?i)WinError(?= \d{4})", "Errno", text)  # smaller numbers mean something else on Windows
    found = [["", ""]]
    in_python = False
    for line in text.splitlines():
        line = re.sub(LOG_EDGES, "", line.rstrip())
        body = re.sub(LOG_DATE, "", line)
        if re.match(FRAME, body) or (in_python and body[:1].isspace()):
            found[-1][0] += f"{body}\n"
            in_python = in_python or 'file "' in body.lower()
        elif body.strip():
            if found[-1][1] and not in_python and (body != line or not re.match(GOES_ON, body)):
                found.append(["", ""])
            found[-1][1] += f"{body}\n"
            in_python = False
    return [(said, frames + said) for frames, said in found]


def clues_in(
    place: int, said: str, whole: str, asked: str, texts: list[tuple[Answer, str, bool, re.Pattern[str]]]
) -> Iterator[Found]:
    """Every row of whose names or `texts` one is in a statement. What is `asked` for alone is of whoever writes so."""
    sent = {"".join(words) for words in re.findall(SENT, said)}
    for found in re.finditer(r"-?[A-Za-z0-9][\w.%{}]*", said):
        token = found[0].rstrip(".")
        if token == asked or re.search(r"_|[a-z][A-Z]|(?i:error)$|^[A-Z\d]+$", token):
            answer, name = row_of(token) or (other_name(token) if token in sent else (None, "!"))
            a_name_of_ours = token == asked and ("_" in name or "_" not in token)  # NETWORK_ERROR is no NetworkError
            mentioned = re.search(MENTIONED, said[: found.start()][-40:])
            if answer and not mentioned and (a_name_of_ours or not name.endswith("!")):
                doubtful = name.endswith("?")
                rank = (not answer.hides, place, 1 if answer.whose else 3 - doubtful, found.end(), -found.start())
                values = values_of(name, token, said[found.end() :], said)
                yield Found(answer, name, values, not (doubtful or answer.whose), token == asked, rank)
    for answer, pattern, own, expression in texts:
        where, before = (whole, len(whole) - len(said)) if "*" in pattern else (said, 0)
        for found in expression.finditer(where):
            if found.end() > before:
                values = {key: int(value) for key, value in found.groupdict().items()}
                end, start = found.end() - before, found.start() - before
                rank = (not answer.hides, place, 1 if answer.whose else 2, end, -start)
                name = pattern if re.search("[ “]", answer.head) else answer.head
                asked_for = len(found[0]) >= len(asked) > 0
                yield Found(answer, name, values, own and not answer.whose, asked_for, rank)


def row_of(token: str) -> tuple[Answer, str] | None:
    """The row of a name: Telegram's (`FLOOD_WAIT_37`), a class (`telethon.errors.FloodWaitError`), an errno's.

    Telethon makes its class names out of Telegram's names (telethon_generator/generators/errors.py): `FLOOD_WAIT_X` →
    `FloodWaitError`. So it has a `TimeoutError` that is Telegram's `TIMEOUT` and not Python's.
    """
    module, _, last = token.rpartition(".")
    key = squashed(re.sub(KEY_BEHIND, "", last))
    keys = [key, re.sub("ERROR$", "", key)]
    first, second = reversed(keys) if module.startswith("telethon") else keys
    return rows_by_name().get(first) or rows_by_name().get(second)


def other_name(token: str) -> tuple[Answer, str]:
    """The row of a name that Telegram has sent and that has no row of its own."""
    name = re.sub(r"(?<=WAIT_)\d+$", "{seconds}", token)
    return rows_by_name()["ANYOTHERNAME" if name == token else "ANYOTHERWAIT"][0], name


def values_of(name: str, token: str, behind: str = "", said: str = "") -> dict[str, object]:
    """The value of a name: in it (`FLOOD_WAIT_37`), right behind it (`FLOOD_WAIT (37)`), elsewhere in what is said."""
    values: dict[str, object] = {"name": token}
    wanted = re.search(r"\{(seconds|dc|length|number)\}", name)
    if wanted:
        number = (
            re.search(r"\d{1,9}", re.sub("(?i)2fa", "", token.rpartition(".")[2]))
            or re.match(r"\W{1,4}(\d{1,9})\b(?!:)", behind)
            or re.search(VALUES_ELSEWHERE.get(wanted[1], "(?!)"), said, re.IGNORECASE)
        )
        if number:
            values[wanted[1]] = int(number[number.lastindex or 0])
    return values


def as_expression(text: str) -> str:
    """The text of a row as a regular expression; `{seconds}` is any number."""
    expression = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>\\d{1,9})\\d*", re.escape(text))
    for sign, meaning in WILDCARDS.items():
        expression = expression.replace(sign, meaning)
    return rf"(?<!\w){expression}(?!\w)"


def with_values(name: str, values: dict[str, object]) -> str:
    """`FLOOD_WAIT_{seconds}` → `FLOOD_WAIT_37`, or `FLOOD_WAIT` if the seconds are not known."""
    for key, value in values.items():
        name = name.replace(f"{{{key}}}", str(value))
    return re.sub("[%*]", "…", re.sub(r"_?\{\w+\}|[?!]$", "", name))


# ── the rows ──


class Answer(NamedTuple):
    """One row of ERRORS: what an error means and what to do. Values stand in braces: `{seconds}`, `{dc}`.

    `head` is the row's first line, `names` the names in it with their marks, `texts` the texts that mean it, and
    whether only Telegram and its libraries write so. `whose` it is, if it is not Telegram's or of a library for it.
    `hides`: it says that something went wrong, and not what.
    """

    group: str
    head: str
    hides: bool
    names: tuple[str, ...]
    texts: tuple[tuple[str, bool], ...]
    whose: str
    title: str
    meaning: str
    steps: tuple[str, ...]
    again: str


@functools.cache
def answers() -> tuple[Answer, ...]:
    """Every row of ERRORS, in the order of the table."""
    return tuple(
        _answer(group, *row.split("\n"))
        for group, *rows in (part.strip().split("\n\n") for part in re.sub(r"\n {4,}", " ", ERRORS).split("== ")[1:])
        for row in rows
    )


def _answer(group: str, head: str, *lines: str) -> Answer:
    """A row: its head, and its other lines with their marks. What stands in “ ” in the head is a text of it."""

    def marked(mark: str) -> tuple[str, ...]:
        return tuple(line[4:] for line in lines if line[2] == mark)

    texts = [(text, not doubtful) for text, doubtful in re.findall(r"“(.+?)”(\??)", head)]
    texts += [(line[4:], line[2] == "~") for line in lines if line[2] in "~|"]
    texts += [(f"Errno {number}", True) for number in " ".join(marked("#")).split()]
    head, hides, _ = head.partition(" (hides")
    names = tuple(re.sub("“.*", "", head).split())
    return Answer(
        group, re.sub(r"[?!](?=\s|$)", "", head), bool(hides), names, tuple(texts), "".join(marked("=")),
        marked("!")[0], marked("?")[0], marked("-"), marked("@")[0],
    )  # fmt: skip


@functools.cache
def rows_by_name() -> dict[str, tuple[Answer, str]]:
    """Squashed name → its row, and the name as the table writes it."""
    return {squashed(name): (answer, name) for answer in reversed(answers()) for name in answer.names}


def squashed(name: str) -> str:
    """What all spellings of a name share: `FLOOD_WAIT_37`, `FLOOD_WAIT_X`, `flood_wait` → `FLOODWAIT`."""
    without_values = re.sub(r"\{\w+\}|%[DS]|_[XN]$", "", name.upper().replace("2FA", "TWOFA"))
    return re.sub("[^A-Z]", "", without_values) or name.rstrip("!")


def filled(text: str, values: dict[str, object]) -> str:
    """`text` with its values: `{seconds}` → `420 seconds (7m 0s)`, `{dc}` → `4`; for one that nobody knows `N`, `…`."""

    def words(match: re.Match[str]) -> str:
        known = {**STANDING_WORDS, **values}.get(match[1], "…")
        if match[1] != "seconds":
            return str(known)
        exact = f"{known} second{'' if known == 1 else 's'}"
        return f"{exact} ({duration(known)})" if isinstance(known, int) and known >= 60 else exact

    return re.sub(r"\{(\w+)\}", words, text)


# Right for most programs. For this script itself `for_this_python` puts the exact command in the place of this one.
UPGRADE = (
    "Bring Telethon up to date: python3 -m pip install --upgrade telethon (with the Python that the program uses; "
    "if pip refuses: explain externally-managed-environment)"
)

REINSTALL = "If there is none, install Telethon anew: python3 -m pip install --force-reinstall telethon"

# What helps against most of what can be in the way.
ANOTHER_WAY = """\
Try another network: a phone's hotspot is the quickest test.
Or switch a VPN on.
Or use a proxy: --proxy socks5://host:port, or the link of an MTProxy (tg://proxy?…) in TELEGRAM_PROXY."""

AROUND_A_NAME = "'\"`“”:;,.!?()[]<> \n"

# What stands for words in braces, unless a text shows something else.
STANDING_WORDS: dict[str, object] = {
    "library": "Telethon", "upgrade": UPGRADE, "reinstall": REINSTALL, "another_way": ANOTHER_WAY,
    **dict.fromkeys(("seconds", "dc", "number", "length"), "N"),
}  # fmt: skip

# What stands in a text of a row for what may be different each time.
ANYTHING = r"\{\w+\}|[ %…*]"
WILDCARDS = {r"\ ": r"\s+", "%": r"\w*", "…": r"[^\n]{0,40}", r"\*": r".{0,3000}"}

# What stands in front of a name that Python misses, and that nobody has raised.
MENTIONED = r"(?i)(?:import name|Error: name|no (?:attribute|exported member)|Error: (?:type object )?) ?['\"]$"

# RECAPTCHA_CHECK_… ends in something that only Telegram knows.
KEY_BEHIND = "(?i)(?<=_CHECK)_(?!CLASSIC).*|(?<=_CHECK_CLASSIC)_.*"

# A name that Telegram has sent, in the forms in which libraries show it.
SENT = (
    r"(?:RPC_?Error:? \(?\d{3}:? |rpc error (?:code )?\d{3}: |Telegram says: \[\d{3} )([A-Z][A-Z\d_]{3,})"
    r"|([A-Z][A-Z\d]*_[A-Z\d_]+) \(?caused by (?:[a-z]+\.[A-Z]|\w+Request)"
)

# Values that stand neither in a name nor right behind it.
VALUES_ELSEWHERE = {
    "seconds": r"(?:value|seconds|\bX|retry.after|wait(?:ing)?(?: of| for)?|sleep\w*(?: for)?)\W{0,4}(?:Some.)?"
    r"(\d{1,9})\b(?! ?[mh]|:)|(\d{1,9}) ?s(?:ec\w*)?\b",
    "dc": r"(?:DC|data.?cent\w*|value)\W{0,3}(\d)\b",
}


# ══ 12  TERMINAL ═════════════════════════════════════════════════════════════════════════════════════════════════════
#
# The only place that prints, asks, colours, counts down, masks, or knows about encodings and terminals.
# Every other room says what it has to say through `term`.

# What a console that cannot encode the left side gets instead. Anything else it cannot encode becomes a question mark.
PLAIN_CHARACTERS = str.maketrans(
    "─–—│✓✗•“”‘’×\u00a0▸·",
    "---|+x*\"\"''x >-",
) | str.maketrans({"→": "->", "…": "...", "≤": "<=", "≥": ">="})

# Control characters (but tab and line feed), direction overrides, line separators, lone surrogates: what could drive or
# fool a terminal.
# Patterns are kept as text and compiled by `re` on first use, which spares the start a few milliseconds.
NOT_PRINTABLE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"

# What looks private wherever it stands, and what everything that is meant to be shared has in its place. Whatever is
# known to be private is told to `Terminal.hide` besides; this is the net below it.
LOOKS_PRIVATE = (
    (r"""\bb(['"])(?:\\.|(?!\1).)*(?:\1|$)""", "[bytes]"),  # an answer that Telethon could not read may hold anything
    (r"\b(tg|ton):\S+", r"[\1 link]"),
    (r"(\w://)[^/\s@]+@", r"\1[login]@"),
    (r"(\w://[^\s?#]{1,500}[?#])[^\s”\"'),]+", r"\1[rest of the link]"),
    (r"(?<![\w.+*-])[\w.+*-]{1,200}@(?!telegram\.org\b)[\w*-]+\.[\w.*-]*\w", "[e-mail address]"),
    (r"\b\d{6,12}:[A-Za-z0-9_-]{30,}", "[bot token]"),
    (r"\b[0-9a-fA-F]{16,}\b", "[hash]"),
    (r"(?<![\w+/-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[A-Za-z0-9_+/-]{24,}={0,2}", "[long string]"),
    (r"(?<![\w.])(?!(?:149\.154\.|91\.108\.|127\.0\.0\.|0\.0\.0\.))(?:\d{1,3}\.){3}\d{1,3}(?![\w.])", "[address]"),
    (r"(t\.me/login/)\d+", r"\1[code]"),
    (
        r"(?i)(?<![\w:.])(?!2001:67c:4e8:|2001:b28:f23|2a0a:f280:)(?=[\da-f:]*(?:::|(?:[\da-f]+:){4}))[\da-f:]{4,39}(?![\w:])",
        "[address]",
    ),
    (r"(?<![\d.])\+?\d(?:[ ()-]{0,2}\d){6,}(?!\d|\.\d)", "[number]"),
)

# How a line of somebody else's words must not begin when a sentence is wrapped in front of it: as a new one of ours.
POSING = r"^(\s*)[✓✗•!─]"

NOT_SHOWN = "‹not shown›"

# Characters of one text that are shown; no words of this script have so many, but a server may send any number.
LONGEST_TEXT = 4000

# Characters or bytes of a secret that are looked for; a session string has 369.
LONGEST_SECRET = 1000

# What may be written down of what was typed: numbers of options, yes and no.
HARMLESS_ANSWERS = r"\d{0,2}|y(es)?|no?|qr"

NO_ARROWS = "Arrow keys do not work here, only Backspace does. Please type it once more."

# For GNU readline: several lines that are pasted are several answers, and keys that it does not know do nothing. The
# mark in front of a paste comes from terminals that another program has told to send it.
EDITING = ("set enable-bracketed-paste off", r'"\e[": skip-csi-sequence', r'"\e[200~": ""', r'"\e[201~": ""')

HALF_A_LETTER = (
    "A letter in it could not be read: it came in another encoding than this system has, or Backspace left half a "
    "letter behind. Please type it once more."
)

COLOUR = r"\x1b\[\d*m"
COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36", "plain": ""}


class Terminal:
    """The conversation with the person: one instance, `term`.

    Words go to standard output on a terminal, and to standard error when standard output is a pipe or a file, so that
    `SESSION=$(python3 telegram_session.py)` gets the string and nothing else (`deliver`). Text from a server is
    never trusted to drive the terminal: whatever is printed passes `clean`.
    """

    def __init__(self) -> None:
        import _thread

        for name in ("stdin", "stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None:  # closed by whoever started this: nothing can be read from the stand-in, nor written
                setattr(sys, name, open(os.devnull, encoding="utf-8"))  # noqa: SIM115  it stays open to the end
            elif hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        self.delivered_to_pipe = not self._is_terminal(sys.stdout)
        self.interactive = self._is_terminal(sys.stdin)
        self.debugging = False
        self.asked = False  # whether anything was
        self._asking = ""  # the prompt that waits for an answer
        self._settle: Callable[[], str] = str  # sets the terminal as that prompt needs it; gives what was typed there
        self._held: list[str] = []  # lines of `debug` that wait for the end of a prompt
        self._showing = _thread.allocate_lock()  # held by the thread that shows them
        self._status_shown = False
        self._gap = False  # whether what was said last is an empty line
        self._pictures = 0  # drawn so far
        self._picture = 0  # lines of the one that was drawn last, 0 if something was said since
        self._started = time.monotonic()
        self._transcript: list[tuple[float, str]] = []  # moment, line; masked when it is given out
        self._secrets: dict[str | bytes, str] = {}  # secret → what it is
        self._mask: tuple[int, Any, dict[str, str]] = (-1, None, {})
        self.hide(os.path.basename(os.path.expanduser("~")), "user name")  # it stands in paths outside of ~, too
        self.speak_on(sys.stderr if self.delivered_to_pipe else sys.stdout)

    def speak_on(self, out: Any) -> None:
        """Words go to this stream from here on: to standard output for a command whose words are its result."""
        self.out = out
        self.screen = self._is_terminal(out)
        self.redraws = self.screen and self._understands_escapes()
        self.colours = self.redraws and not os.environ.get("NO_COLOR")
        self.encoding = getattr(out, "encoding", None) or "ascii"
        self.unicode = self._encodes("─✓✗•…")

    # ── what this terminal can do ──

    @staticmethod
    def _is_terminal(stream: Any) -> bool:
        try:
            return bool(stream.isatty())
        except (AttributeError, ValueError):  # something else in its place, or a closed one
            return False

    def _understands_escapes(self) -> bool:
        """Whether ANSI escapes work. Windows consoles understand them only when asked to (Windows 10 and newer)."""
        if sys.platform != "win32":
            return os.environ.get("TERM", "") not in ("dumb", "")
        import ctypes

        kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
        console, mode = kernel32.GetStdHandle(-12 if self.out is sys.stderr else -11), ctypes.c_uint32()
        if not kernel32.GetConsoleMode(console, ctypes.byref(mode)):
            return False
        return bool(kernel32.SetConsoleMode(console, mode.value | 4))  # ENABLE_VIRTUAL_TERMINAL_PROCESSING

    def _encodes(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    @property
    def width(self) -> int:
        """Columns to write in: the terminal's own, at most 100 (longer lines are hard to read), at least 20."""
        return max(20, min(self.size[0] or 80, 100))

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines as they are now; some terminals say 0."""
        try:
            return os.get_terminal_size(self.out.fileno()) if self.screen else (80, 24)
        except (OSError, ValueError, AttributeError):
            return 80, 24

    # ── printing ──

    def clean(self, text: object) -> str:
        """Makes text safe to print: control characters, escape sequences and direction overrides become `·`."""
        safe = str(text)
        if not safe.isprintable():
            safe = re.sub(NOT_PRINTABLE, "·", safe)
        if not self.unicode:
            safe = safe.translate(PLAIN_CHARACTERS)
        return safe

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour of COLOURS, where the terminal has colours and the person did not say NO_COLOR."""
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.colours and COLOURS[colour] else text

    def _write(self, text: str) -> None:
        self.clear_status()
        self._picture, self._gap = 0, False
        self._put(text)

    def _put(self, text: str) -> None:
        try:
            self.out.write(text)
            self.out.flush()
        except (OSError, ValueError):  # closed, or the pipe's reader has gone: nobody reads this
            self._let_go_of(self.out)

    @staticmethod
    def _let_go_of(stream: Any) -> None:
        """Turns a stream that nobody reads any more to nowhere. Python would flush it at its end, fail, and exit 120.

        Source: docs.python.org/3/library/signal.html#note-on-sigpipe.
        """
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
        except (OSError, ValueError, AttributeError):  # closed already
            return

    def _leave_gap(self) -> None:
        """Writes an empty line, unless there is one already."""
        if not self._gap:
            self._write("\n")
            self._gap = True

    def say(
        self,
        text: str = "",
        colour: str = "plain",
        *,
        mark: str = "",
        indent: int = 0,
        shareable: str | None = None,
    ) -> None:
        """Prints paragraphs, wrapped to the terminal. `mark` hangs in front of the first (`✓`, `1.`, `•`).

        A line that begins with four spaces is a command to be copied: it stays whole. `shareable` is what the report
        says instead of `text`, where that holds something private that `mask` cannot know by its looks.
        """
        import textwrap

        if not (text or mark):
            self.record("")
            self._leave_gap()
            return
        text = cut_to(LONGEST_TEXT, text)
        first = " " * indent + (mark + " " if mark else "")
        self.record(first + (text if shareable is None else shareable))
        rest = " " * len(first)
        lines = []
        needed = max([min(len(text), 12), *map(len, text.split())])
        if len(first) > 8 and needed > self.width - 1 - len(first):
            lines.append(first.rstrip())  # a name and a value that have no room beside each other
            first = rest = " " * (indent + 2)
        for paragraph in self.clean(text).split("\n"):
            if paragraph.startswith("    "):
                lines.append(rest + paragraph)
                continue
            wrapped = textwrap.wrap(
                paragraph, self.width - 1, initial_indent=first, subsequent_indent=rest,
                break_long_words=False, break_on_hyphens=False,
            ) or [first.rstrip()]  # fmt: skip
            lines += wrapped[:1] + [re.sub(POSING, r"\1·", line) for line in wrapped[1:]]
            first = rest
        self._write("".join(self.paint(self.clean(line), colour) + "\n" for line in lines))

    def verbatim(self, text: str, colour: str = "plain", *, shareable: str | None = None) -> None:
        """Prints lines as they are, not wrapped: strings and commands that are there to be copied."""
        self.record(text if shareable is None else shareable)
        for line in self.clean(text).split("\n"):
            self._write(self.paint(line, colour) + "\n")

    def rule(self, text: str = "") -> None:
        """A line across the screen, `── Telegram response ──────────`, with or without words in it."""
        line = f"── {text} " if text else ""
        self.record(line + "──")
        self._write(self.paint(self.clean(line + "─" * (self.width - 1 - len(line))), "bold") + "\n")

    def heading(self, text: str) -> None:
        """A rule with room above and below: a new step begins."""
        self._leave_gap()
        self.rule(text)
        self._leave_gap()

    def good(self, text: str) -> None:
        """A line that says that something worked."""
        self.say(text, "green", mark="✓")

    def bad(self, text: str) -> None:
        """A line that says that something did not work."""
        self.say(text, "red", mark="✗")

    def note(self, text: str) -> None:
        """A line beside the main road: worth knowing, nothing to do."""
        self.say(text, "dim")

    def warn(self, text: str) -> None:
        """A line that must not be overlooked."""
        self.say(text, "yellow", mark="!")

    def steps(self, steps: Iterable[str]) -> None:
        """A numbered list of things to do."""
        for number, step in enumerate(steps, 1):
            self.say(step, mark=f"{number}.", indent=2)

    def options(self, options: dict[str, str]) -> None:
        """What can be chosen at the next prompt: `[2] send the code again`."""
        for key, text in options.items():
            self.say(text, mark=f"[{key}]", indent=2)

    def facts(self, rows: Iterable[tuple[str, object]], private: Sequence[str] = ()) -> None:
        """Lines of `name : value`, the colons below each other; the report has no values for the `private` names."""
        clean = [(self.clean(name), self.clean(value).replace("\n", " ")) for name, value in rows]
        widest = max((len(name) for name, _ in clean), default=0)
        for name, value in clean:
            shareable = NOT_SHOWN if name in private else None
            self.say(value, mark=f"{name.ljust(widest)} :", indent=2, shareable=shareable)

    def deliver(self, text: str) -> None:
        """What the person came for, on a line of its own, whole however narrow the terminal; alone on a pipe."""
        self.clear_status()
        self._gap = False
        self.record(f"‹{len(text)} characters, {'through a pipe' if self.delivered_to_pipe else 'shown'}›")
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (OSError, ValueError) as error:  # it must not be lost
            self._let_go_of(sys.stdout)
            gone = "The program that should have received this has gone."
            what = gone if isinstance(error, BrokenPipeError) else f"Standard output cannot be written ({error})."
            self.warn(f"{what} Here it is instead:")
            self.verbatim(text, shareable=NOT_SHOWN)

    def draw(self, dark: Sequence[Sequence[int]]) -> None:
        """Draws a QR code from rows of modules (1 is dark), in the place of the last one if nothing was said since.

        It is black on white whatever the terminal's colours and NO_COLOR say, because this is a picture and not
        decoration: the camera needs it. A terminal without colours shows light letters on dark, or dark ones on light,
        and does not tell which: there every second picture has them exchanged.
        """
        self.record("‹QR code›")
        rows = [list(row) for row in dark]
        ink = 1 if self.redraws else self._pictures % 2  # which modules are drawn: without colours the light ones first
        if self._encodes("▄▀█"):
            rows += [[0] * len(rows[0])] * (len(rows) % 2)
            pairs = zip(rows[::2], rows[1::2])
            lines = ["".join(" ▄▀█"[2 * (t == ink) + (b == ink)] for t, b in zip(*pair)) for pair in pairs]
        else:
            black, white = ("\x1b[40;48;5;16m  ", "\x1b[47;48;5;231m  ") if self.redraws else ("##", "  ")
            lines = ["".join(black if module == ink else white for module in row) for row in rows]
        if self.redraws:  # black on white; the second half is free of the terminal's own palette
            lines = [f"\x1b[30;47m\x1b[38;5;16;48;5;231m{line}\x1b[0m" for line in lines]
        height = self.size[1] or 24
        fits = height > len(lines)
        over = self._picture if self.redraws and fits else 0
        self._write((f"\x1b[{over}A\r" if over else "\n") + "".join(line + "\n" for line in lines))
        self._pictures += 1
        if self.screen and not fits:
            self.warn(
                f"The code needs {len(lines) + 1} lines, and this window has {height}. Make the window larger, or "
                "its letters smaller; the next code fits then."
            )
        elif not self.redraws:
            self.note("If the phone does not take it, wait for the next one: it has dark and light exchanged.")
        else:
            self._picture = len(lines)

    def to_clipboard(self, text: str) -> bool:
        """Asks the terminal to put text on the clipboard of the computer it runs on; False if it cannot be asked.

        OSC 52 (invisible-island.net/xterm/ctlseqs/ctlseqs.html). The terminal does not say whether it did it.
        """
        import base64

        if not self.redraws:
            return False
        self._write(f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07")
        return True

    # ── asking ──

    def ask(self, prompt: str, default: str = "") -> str:
        """Asks for one line and returns it without the white space around it; Enter alone gives `default`.

        Ctrl-C and Ctrl-D raise KeyboardInterrupt; without a terminal to ask on this is a `Problem` at once.
        """
        while True:
            with self._question(prompt):
                line = self._read_line(f"{prompt}: ")
            typed = line.strip()
            self._record_answer(prompt, typed)
            if "\x1b" in line:
                self.warn(NO_ARROWS)
            elif typed.casefold() not in ("q", "quit", "exit"):
                return typed or default
            elif self.confirm("Leave?", default=False):
                raise KeyboardInterrupt

    @contextlib.contextmanager
    def _question(self, prompt: str) -> Iterator[None]:
        """While a question stands on the screen: Ctrl-D is like Ctrl-C, and the prompt comes back after Ctrl-Z."""
        self.need_a_person(prompt)
        self._mind_resuming()
        try:
            yield
        except (EOFError, KeyboardInterrupt):
            self.record(f"{prompt}: ‹Ctrl-C or Ctrl-D›")
            self._write("\n")
            raise KeyboardInterrupt from None
        finally:
            self._asks("")

    def _read_line(self, prompt: str) -> str:
        """Shows a prompt and waits for a line."""
        prompt = self.paint(self.clean(prompt), "cyan")
        edited = self._for_editing(prompt)
        self._asks(prompt, self._edit_again if edited else str)
        if edited:
            return input(edited)
        ahead = sys.platform != "win32" and self.typed_within(0)
        self._write(prompt)
        line = without_paste_marks(sys.stdin.readline())
        if not line:
            raise EOFError
        if ahead:  # the terminal has shown it somewhere above
            self._write(self.clean(line))
        return line

    def _for_editing(self, prompt: str) -> str:
        """The prompt as `input` is given it, where arrow keys, Home, End and Ctrl keys can edit the line, or else "".

        Python's readline draws on standard output and on nothing else. Windows' consoles edit by themselves.
        """
        if sys.platform == "win32" or not self.redraws or self.out is not sys.stdout:
            return ""
        try:
            import readline
        except ImportError:
            return ""
        readline.set_auto_history(False)
        if "libedit" in (readline.__doc__ or ""):  # it has other settings; old ones count colours as letters
            return re.sub(COLOUR, "", prompt)
        for setting in EDITING:
            readline.parse_and_bind(setting)
        return re.sub(COLOUR, "\x01\\g<0>\x02", prompt)

    @staticmethod
    def _edit_again() -> str:
        """The terminal gives each key at once from now on, as readline has it; returns what was typed until now."""
        if sys.platform == "win32":
            return ""
        import readline
        import tty

        tty.setcbreak(sys.stdin)
        return readline.get_line_buffer()

    def ask_secret(self, prompt: str, lines: bool = False) -> str:
        """Asks without showing what is typed. White space belongs to a password: only the line end is taken off.

        With `lines` an answer that was pasted in several lines is one answer; Windows gives the first of them.
        """
        while True:
            with self._question(prompt):
                typed = without_paste_marks(self._read_unseen(self.clean(f"{prompt}: "), lines))
            self.hide(typed, "what was typed unseen")
            self.record(f"{prompt}: {'‹typed, unseen›' if typed else '‹Enter›'}")
            if "\x1b" not in typed and "\ufffd" not in typed:
                return typed
            self.warn(NO_ARROWS if "\x1b" in typed else HALF_A_LETTER)

    def _read_unseen(self, prompt: str, lines: bool) -> str:
        """What getpass does, but for the lines behind the first, which it would drop or, if they come late, show."""
        self.clear_status()
        self._asks(prompt, self._stop_echo)
        if sys.platform == "win32":
            import getpass

            return getpass.getpass(prompt)
        try:
            import termios

            before = termios.tcgetattr(sys.stdin)
        except Exception:  # no real terminal (IDLE)
            import getpass

            return getpass.getpass(prompt, stream=self.out)
        try:
            self._stop_echo()
            self._write(prompt)
            typed = line = sys.stdin.readline()
            while lines and line and self.typed_within(0.2):
                line = sys.stdin.readline()
                typed += line
        finally:
            with contextlib.suppress(termios.error):  # the window was closed
                termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)
        if not typed:
            raise EOFError
        self._write("\n")
        return typed.rstrip("\n")

    @staticmethod
    def _stop_echo() -> str:
        """The terminal shows nothing of what is typed from now on, and forgets what was typed until now."""
        if sys.platform != "win32":
            import termios

            quiet = termios.tcgetattr(sys.stdin)
            quiet[3] &= ~termios.ECHO
            termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, quiet)
        return ""

    def _record_answer(self, prompt: str, typed: str) -> None:
        """Writes down that something was typed, but not what, unless it gives nothing away."""
        if re.fullmatch(HARMLESS_ANSWERS, typed, re.IGNORECASE):
            self.record(f"{prompt}: {typed or '‹Enter›'}")
            return
        what = prompt.partition(" (")[0].partition(" [")[0]
        self.hide(typed, what)
        self.hide(re.sub(r"\W", "", typed), what)
        self.record(f"{prompt}: ‹typed: {len(typed)} characters›")

    def confirm(self, question: str, default: bool = True) -> bool:
        """Asks `question [Y/n]` (or `[y/N]`) until the answer is one of yes and no."""
        while True:
            answer = self.ask(f"{question} [{'Y/n' if default else 'y/N'}]").lower()
            if not answer:
                return default
            if answer in ("y", "yes", "n", "no"):
                return answer.startswith("y")
            self.warn("Please answer y (yes) or n (no), or press Enter for the one in capitals.")

    def ask_number(self, prompt: str, most: int, otherwise: str) -> int:
        """Asks for a number from 1 to `most` until it is one; 0: Enter alone, which is to do `otherwise`."""
        while True:
            answer = self.ask(prompt).strip("[].")
            if not answer:
                return 0
            if answer.isdecimal() and 1 <= int(answer) <= most:
                return int(answer)
            self.warn(f"Please type a number from 1 to {most}, or press Enter alone to {otherwise}.")

    def forget_typed(self) -> None:
        """Drops what was typed or pasted ahead: it is no answer to a question that has not been asked yet."""
        try:
            if sys.platform == "win32":
                import msvcrt

                while msvcrt.kbhit():
                    msvcrt.getwch()
            else:
                import termios

                termios.tcflush(sys.stdin, termios.TCIFLUSH)
        except Exception:  # no terminal that could do it
            return

    def need_a_person(self, prompt: str) -> None:
        """Raises a `Problem` where nobody can answer."""
        if self.interactive:
            self.asked = True
            return
        raise Problem(
            "There is no terminal to ask on.",
            f"The next question is “{prompt}”, but standard input is not a terminal: this was started by another "
            "program, in a pipe, in a container without -it, or by a scheduler.",
            [
                "Open a terminal and run the same command there.",
                "In Docker: docker run -it …, or docker exec -it …",
                "For a program that cannot ask (an MCP server, n8n): sign in here in a terminal once, and paste the "
                "session string into that program.",
            ],
            name="NoTerminal",
        )

    # ── waiting ──

    def status(self, text: str, end: str) -> None:
        """Shows one line that the next one replaces; on a terminal that cannot redraw it is an ordinary line.

        Where it is too long, `text` is cut and `end`, the seconds, stays.
        """
        text, end = self.clean(text), self.clean(end)
        if self.redraws:
            line = (text[: max(10, self.width - 1 - len(end))] + end)[: self.width - 1]
            self._put("\r\x1b[K" + self.paint(line, "dim"))
            self._status_shown = True
        else:
            self._write(text + end + "\n")

    def clear_status(self) -> None:
        """Takes the status line away."""
        if self._status_shown:
            self._status_shown = False
            self._put("\r\x1b[K")

    def wait(self, finished: Callable[[float], bool], doing: str, limit: float, *, countdown: bool = False) -> bool:
        """Waits for `finished(seconds)`, which blocks that long at most and says whether it is done.

        After one second the person is told what is being waited for, for how long, and when it will be given up; with
        `countdown`, of waits whose end is known, from the start how long it still takes. False when `limit` seconds are
        over. Ctrl-C works all the time.
        """
        if countdown:
            self.record(f"… {doing}: {duration(limit)}")
        started = time.monotonic()
        waited = 0.0
        pause = 1 if self.redraws else 10 if countdown else 5
        due = 0.0 if countdown else pause
        try:
            while waited < limit:
                if waited >= due:
                    told = f"{duration(limit - waited)} left"
                    if not countdown:
                        told = f"{duration(waited)} (gives up after {duration(limit)})"
                    self.status(f"… {doing}", f": {told}")
                    due = waited + pause
                if finished(0.1):
                    return True
                waited = time.monotonic() - started
            return False
        finally:
            self.clear_status()

    # ── the ends ──

    def problem(self, problem: Problem) -> None:
        """The card of a `Problem`: title, why, numbered steps, when to try again, its name."""
        self._leave_gap()
        self.bad(problem.title)
        if problem.meaning:
            self.say(problem.meaning, indent=2)
        if problem.said:
            self.say()
            self.say(f"Telegram says: {problem.said}", "yellow", indent=2)
        if problem.steps:
            self.say()
            self.say("What to do:", "bold", indent=2)
            self.steps(problem.steps)
        if problem.retry_at:
            left = duration(problem.retry_at - time.time())
            self.say(f"Next try: {clock(problem.retry_at)} (in {left})", "bold", indent=2)
        elif problem.again:
            self.say(f"Next try: {problem.again}", "bold", indent=2)
        if problem.name:
            whose, when = "Name of the error", "at"
            if re.match(r"(?!E[A-Z]+$|EAI_)[A-Z\d_]+$", problem.name):
                whose, when = "Telegram's name for it", "in answer to"
            asked = f", {when} {problem.call}" if problem.call else ""
            self.say(f"{whose}: {problem.name}{asked}", "dim", indent=2)

    def traceback(self, error: BaseException) -> None:
        """Where in the program an error came from, as `debug` lines."""
        import traceback

        for line in "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines():
            self.debug(line)

    def debug(self, line: str) -> None:
        """A line about what happens inside: for the report, and with `--debug` shown too, with secrets masked.

        The connection goes on while somebody types: what it says then is shown after the answer.
        """
        self.record(line)
        if self.debugging:
            self._held.append(line)
            self._show_held()

    def _show_held(self) -> None:
        with self._showing:  # whoever is about to ask waits until the line is on the screen
            while self._held and not self._asking:
                self._write(self.paint(self.clean(self.mask(self._held.pop(0))), "dim") + "\n")

    def _asks(self, prompt: str, settle: Callable[[], str] = str) -> None:
        """Says that this prompt stands on the screen from now on, or with "" that none does any longer."""
        with self._showing:
            self._asking, self._settle = prompt, settle
        self._show_held()

    def _mind_resuming(self) -> None:
        """From now on a prompt comes back after Ctrl-Z and `fg`."""
        import signal

        if hasattr(signal, "SIGCONT"):  # not on Windows
            signal.signal(signal.SIGCONT, self._resumed)

    def _resumed(self, *_signal: object) -> None:
        """Shows the prompt again, because the shell has written below it, and the terminal is as the shell wants it.

        Writes past the buffer of `out`, which may be in the middle of something.
        """
        if not self._asking:
            return
        try:
            shown = self._asking + self._settle()
            os.write(self.out.fileno(), shown.encode(self.encoding, "replace"))
        except Exception:  # the terminal has gone
            return

    def goodbye(self, ways: Sequence[Way] = (), patience: float = 0) -> Callable[[], Outcome] | None:
        """Keeps the window open until Enter: on Windows it closes with the program, and the string with it.

        `ways` are offered by their number; returns what carries out the one that was chosen. With `patience`, a
        program is waiting too: it goes on by itself after so many seconds.
        """
        if not (self.interactive and self.screen):
            return None
        self.forget_typed()
        with contextlib.suppress(KeyboardInterrupt, OSError, ValueError):
            if ways:
                self.say()
                self.say("Right now you can:", "bold")
                self.options({str(number): text for number, (text, _) in enumerate(ways, 1)})
                self._leave_gap()
                chosen = self.ask_number("Press Enter to exit (or choose a number)", len(ways), "exit")
                return ways[chosen - 1][1] if chosen else None
            self._leave_gap()
            with self._question("Press Enter to exit"):
                if not patience:
                    self._read_line("Press Enter to exit")
                    return None
                self._write(self.paint(f"Press Enter to exit (goes on by itself in {duration(patience)})", "cyan"))
                if sys.platform != "win32" and self.typed_within(patience):  # Windows cannot wait with a limit
                    sys.stdin.readline()
                self._write("\n")
        return None

    @staticmethod
    def typed_within(seconds: float) -> bool:
        """Waits until a line is typed, at most so long; it is left for the next prompt. On Windows a key is enough."""
        if sys.platform == "win32":
            import msvcrt

            time.sleep(seconds)
            return msvcrt.kbhit()
        import select

        try:
            return bool(select.select([sys.stdin], [], [], seconds)[0])
        except (OSError, ValueError):  # no real terminal (IDLE)
            time.sleep(seconds)
            return False

    def something_typed_within(self, seconds: float) -> bool:
        """The same, but Enter alone is nothing, and forgotten. Windows does not tell."""
        if not self.typed_within(seconds):
            return False
        if sys.platform != "win32":
            import array
            import fcntl
            import termios

            count = array.array("i", [0])
            fcntl.ioctl(sys.stdin, termios.FIONREAD, count)
            if count[0] == 1:  # a line end and nothing else
                self.forget_typed()
                return False
        return True

    # ── what may be shared ──

    def record(self, line: str) -> None:
        """Keeps a line for `transcript`, with the time."""
        if len(line) > LONGEST_TEXT:  # masked before it is cut: half a secret would not be known for one
            line = cut_to(LONGEST_TEXT, self.mask(line[: LONGEST_TEXT + LONGEST_SECRET]))
        self._transcript.append((time.monotonic() - self._started, line))

    def transcript(self) -> str:
        """The conversation so far as it may be shared: each line with the seconds since the start, secrets masked."""
        lines = []
        for moment, text in self._transcript:
            for line in re.sub(NOT_PRINTABLE, "·", self.mask(text)).split("\n"):
                lines.append(f"{moment:8.2f}  {line}".rstrip())
        return "\n".join(lines) + "\n"

    def hide(self, secret: object, label: str) -> None:
        """From now on `mask` puts `[label]` in the place of this text, number or bytes, if it has four characters.

        Of one that no person ever had, because a server made it that long, the beginning is enough.
        """
        secret = secret if isinstance(secret, bytes) else str(secret)
        if len(secret) >= 4:
            self._secrets.setdefault(secret[:LONGEST_SECRET], label)

    def mask(self, text: str) -> str:
        """`text` as it may be shared: without the secrets that were met, however encoded, and what looks like one."""
        if self._mask[0] != len(self._secrets):
            self._mask = (len(self._secrets), *self._masking())
        _, pattern, labels = self._mask
        text = pattern.sub(lambda match: labels.get(match.group().casefold(), "[private]"), text)
        for looks, instead in LOOKS_PRIVATE:
            text = re.sub(looks, instead, text)
        return text

    def _masking(self) -> tuple[Any, dict[str, str]]:
        """One pattern for every spelling of every secret, and what each is called.

        A secret that is an ordinary word of this script, such as the first name Will, stays: its own words give nothing
        away, but “[first name]” in the place of each of them would.
        """
        labels: dict[str, str] = {}
        own_words = script_text().casefold()
        for secret, label in list(self._secrets.items()):
            if isinstance(secret, str) and not re.search(r"\d", secret) and secret.casefold() in own_words:
                continue
            for spelling in spellings(secret):
                labels.setdefault(spelling.casefold(), f"[{label}]")
        if os.path.expanduser("~") not in ("~", "/"):
            labels[os.path.expanduser("~").casefold()] = "~"
        longest_first = sorted(labels, key=len, reverse=True)
        return re.compile("|".join(map(re.escape, longest_first)) or "(?!)", re.IGNORECASE), labels


def never_within(seconds: float) -> bool:
    """For `Terminal.wait`, where there is nothing to wait for but the time."""
    time.sleep(seconds)
    return False


# ── texts ──


def duration(seconds: float) -> str:
    """`45` → `45s`, `300` → `5m 0s`, `86399` → `23h 59m`, `200000` → `2 days 7h`, `604800` → `7 days`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    days, hours = whole // 86400, whole % 86400 // 3600
    return f"{days} day{'s' if days > 1 else ''}{f' {hours}h' if hours else ''}"


def clock(moment: float) -> str:
    """A Unix time as the wall clock shows it: `14:05:09`, with the day in front when it is not today."""
    try:
        then, now = time.localtime(moment), time.localtime()
    except (OverflowError, ValueError, OSError):  # a moment that a server made up; Windows knows none before 1970
        return f"{moment:.0f} seconds after 1970"
    same_day = (then.tm_year, then.tm_yday) == (now.tm_year, now.tm_yday)
    return time.strftime("%H:%M:%S" if same_day else "%a %d %b %Y %H:%M", then)


def cut_to(limit: int, text: str) -> str:
    """`text`, or its beginning and how long it is, if it has more than `limit` characters."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def without_paste_marks(line: str) -> str:
    """What was pasted, without the marks that a terminal puts around it as long as some program has asked for them."""
    return line.replace("\x1b[200~", "").replace("\x1b[201~", "")


def in_one_line(text: object, limit: int = 60) -> str:
    """What a server or a file says, short enough to be quoted in a sentence, and nothing that could pose as our words.

    Every kind of blank, also those that are letters for Unicode (U+2800, U+3164), is one blank; a long word is broken;
    the marks that our own lines begin with become `·`.
    """
    import unicodedata

    shown = str(text)[: 20 * limit]
    shown = "".join(" " if unicodedata.category(sign)[0] in "ZC" or sign in BLANKS else sign for sign in shown)
    shown = re.sub(r"(?<!\S)[✓✗→•▸─━!…│|]+|\[(?=\d+\])", "·", " ".join(shown.split()))
    shown = re.sub(r"(?<!\S)(\d+)\.(?=\s)", r"\1·", shown)
    return re.sub(r"(\S{40})(?=\S)", r"\1 ", shown)[:limit].rstrip()


BLANKS = "\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5"  # letters that show nothing


def as_sentence(text: str) -> str:
    """The text with its first letter in upper case, and the others as they are."""
    return text[:1].upper() + text[1:]


def script_text() -> str:
    """This file."""
    try:
        with open(__file__, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def spellings(secret: str | bytes) -> set[str]:
    """A secret as it can turn up in a text: as it is, escaped, quoted for a URL, in hexadecimal digits, in base64."""
    import base64
    from urllib.parse import quote, quote_plus

    data = secret if isinstance(secret, bytes) else secret.encode("utf-8", "replace")
    found = {data.hex(), repr(secret).lstrip("b")[1:-1], quote(data, safe=""), quote_plus(data)}
    if isinstance(secret, str):
        found |= {secret, ascii(secret)[1:-1]}
    for before in range(3):  # base64 looks different with one or two bytes before it; the characters at its ends vary
        encoded = base64.b64encode(bytes(before) + data)[-(-before * 8 // 6) : (before + len(data)) * 8 // 6].decode()
        if len(encoded) >= 5:
            found |= {encoded, encoded.replace("+", "-").replace("/", "_")}
    return found


term = Terminal()


# ══ 13  TABLES ═══════════════════════════════════════════════════════════════════════════════════════════════════════
#
# Data, and how it is read when first needed; in each table an order that a reader can predict. Texts cost the start
# nothing.


def rows_of(table: str) -> list[list[str]]:
    """The rows of a table: its cells, without the blanks around them. An indented line continues the one above."""
    lines = re.sub(r"\n {2,}", " ", table).split("\n")
    return [[" ".join(cell.split()) for cell in line.split("|")] for line in lines if line]


# ── data centres ──


class DataCentre(NamedTuple):
    """One of Telegram's five data centres: its addresses, and the ports that each of them listens on."""

    id: int
    place: str
    ipv4: str
    ipv6: str
    ports: tuple[int, ...] = (443, 80, 5222)


# The only addresses the script ever connects to. Source: TDLib (ConnectionCreator.cpp, get_default_dc_options); for the
# IPv4 addresses of 1 and 5 Pyrogram's list and help.getConfig (2026).
DATA_CENTRES = {
    int(number): DataCentre(int(number), place, ipv4, ipv6)
    for number, place, ipv4, ipv6 in rows_of("""
1 | Miami     | 149.154.175.53  | 2001:b28:f23d:f001::a
2 | Amsterdam | 149.154.167.51  | 2001:67c:4e8:f002::a
3 | Miami     | 149.154.175.100 | 2001:b28:f23d:f003::a
4 | Amsterdam | 149.154.167.91  | 2001:67c:4e8:f004::a
5 | Singapore | 91.108.56.130   | 2001:b28:f23f:f005::a
""")
}

# Test servers: data centre, IPv4, IPv6. Source: Telethon's, Pyrogram's and mtcute's tables (2026).
TEST_DATA_CENTRES = {
    1: ("149.154.175.10", "2001:b28:f23d:f001::e"),
    2: ("149.154.167.40", "2001:67c:4e8:f002::e"),
    3: ("149.154.175.117", "2001:b28:f23d:f003::e"),
}

# Networks that are Telegram's, from its published list (core.telegram.org/resources/cidr.txt, 2026).
TELEGRAM_NETWORKS = """
149.154.160.0/20  91.108.4.0/22   91.108.8.0/22     91.108.12.0/22    91.108.16.0/22  91.108.20.0/22  91.108.56.0/22
91.105.192.0/23   95.161.64.0/20  185.76.151.0/24
2001:67c:4e8::/48 2001:b28:f23d::/48 2001:b28:f23f::/48 2001:b28:f23c::/48 2a0a:f280::/32
"""


# ── delivery types ──


class Delivery(NamedTuple):
    """Where a login code went, by the name of its `SentCodeType`; `{fields}` of Telegram's answer are filled in."""

    ask: str  # what is typed at the prompt: digits, words, number (a phone number), nothing
    where: str  # one line
    look: str  # what to do to find it


# Every SentCodeType of layer 229 (2026). Source: core.telegram.org/api/auth and the pages of the constructors.
DELIVERIES = {
    name: Delivery(*row)
    for name, *row in rows_of("""
SentCodeTypeApp | digits \
  | Telegram sent the code to your Telegram APP. It is not an SMS. \
  | Open Telegram on a phone, tablet or computer where you are signed in, and open the chat named “Telegram” (blue \
    tick). Look in the archived chats too. Do not forward the code to anyone, and never type it into a Telegram \
    chat: that makes it invalid at once.
SentCodeTypeSms | digits \
  | Telegram sent the code by SMS to {phone}. \
  | Open the messages of the phone with this number.
SentCodeTypeCall | digits \
  | Telegram calls {phone}, and a voice reads the code out. \
  | Take the call and write the digits down.
SentCodeTypeFlashCall | number \
  | Telegram calls {phone} and hangs up at once. The number that called IS the code. \
  | Open the list of calls of that phone. Type the whole number that called. It looks like {pattern} (* stands for \
    any digit).
SentCodeTypeMissedCall | digits \
  | Telegram calls {phone} and hangs up. The last {length} digits of the number that called are the code. \
  | Open the list of calls of that phone. The number begins with {prefix}. Type its last {length} digits.
SentCodeTypeEmailCode | digits \
  | Telegram sent the code by E-MAIL to {email_pattern}. It is not an SMS and not in the app. \
  | Look into that mailbox, also into the spam folder.
SentCodeTypeSetUpEmailRequired | nothing \
  | Telegram has sent NO code yet. It first wants an e-mail address for this account. \
  | Give an e-mail address that you can read now. Telegram sends a code there first, and then the login code.
SentCodeTypeFragmentSms | digits \
  | This is an anonymous number bought on Fragment. The code is on the Fragment website. \
  | Open {url} in a browser, log in with the wallet that owns the number, and read the code there.
SentCodeTypeFirebaseSms | nothing \
  | Telegram wants to check an official phone app before it sends an SMS. NO code has been sent. \
  | Only Telegram's own apps can pass this check. Ask for another way with [2], or use the QR code with [4].
SentCodeTypeSmsWord | words \
  | Telegram sent an SMS with a secret WORD to {phone}, not with digits. \
  | Open the messages of the phone with this number and type the word.{beginning}
SentCodeTypeSmsPhrase | words \
  | Telegram sent an SMS with a secret PHRASE of several words to {phone}, not with digits. \
  | Open the messages of the phone with this number and type the whole phrase.{beginning}
""")
}  # fmt: skip

# A type that this script does not know: newer than 2026, or of a layer that Telethon does not know yet.
UNKNOWN_DELIVERY = Delivery(
    "words",
    "Telegram used a way to send the code that this version of the script does not know.",
    "Everything that Telegram said about it stands above; its name often tells. Look into the Telegram app (chat "
    "“Telegram”), your SMS, your e-mail and your calls. If you find a code, type it. Otherwise use the QR code, [4].",
)

# What `next_type` offers, as it reads after “resend the code”. None: Telegram has no further way to send one.
NEXT_TYPES = dict(rows_of("""
CodeTypeSms         | by SMS
CodeTypeCall        | by a phone call that reads it out
CodeTypeFlashCall   | by a call that hangs up (its number is the code)
CodeTypeMissedCall  | by a missed call (the last digits of its number are the code)
CodeTypeFragmentSms | on the Fragment website
UnknownCodeType     | in a way that this version of the script does not know
"""))  # fmt: skip

# The other answers of auth.sendCode, by class: what they mean for the person.
SENT_CODES = dict(rows_of("""
SentCode                | A code was sent; where, its `type` says.
SentCodeSuccess         | Telegram signed you in at once, without a code.
SentCodePaymentRequired | Telegram wants a payment (Telegram Premium) before it sends an SMS to this number.
"""))  # fmt: skip

# Where to scan a QR code, by device. Source: core.telegram.org/api/qr-login and the apps of 2026.
WHERE_TO_SCAN = """
iPhone, iPad | Settings → Devices → Link Desktop Device, then point the camera at the code
Android      | menu (or profile) → Settings → Devices → Link Desktop Device, then point the camera at the code
Computer     | Telegram Desktop cannot scan. Use the phone that is signed in to the account
"""


# ── paste targets ──


class Target(NamedTuple):
    """A program that a session is made for: a row of PASTE_TARGETS.

    `takes` is `variables` (`place`: further lines), `mcp` (variables, in the settings of an MCP client), `fields` (of
    an n8n credential; `place`: its others), `tgcf` (its own file), `file` (a Telethon .session), `string file`, or
    `nothing`. `place` is the path at which a program looks for its file, or what is to be said; `command` starts an MCP
    server. Several names of the session stand for a choice.
    """

    name: str
    takes: str
    api_id: str
    api_hash: str
    session: str
    command: str
    place: str


# Programs that people sign in for, and what they call the three values. The paths and names were read in the programs'
# own sources and manuals (November 2026). {state} is $XDG_STATE_HOME, or ~/.local/state where that is not set. Version
# 2 of the package mcp (July 2026) broke the servers that have `mcp<2` here: they set no upper bound of their own.
#
#     name · takes · names of the API ID, the API hash and the session · command · path, or what is to be said
PASTE_TARGETS = """
= variables
most programs (TELEGRAM_…)  | variables | TELEGRAM_API_ID | TELEGRAM_API_HASH | TELEGRAM_SESSION_STRING | |
without TELEGRAM_           | variables | API_ID | API_HASH | SESSION_STRING | |
Ultroid and other userbots  | variables | API_ID | API_HASH | SESSION, STRING_SESSION, TG_SESSION_STRING, \
  TELEGRAM_STRING_SESSION, TELEGRAM_SESSION, TG_SESSION, TELETHON_SESSION | |
mediaflow-proxy             | variables | TELEGRAM_API_ID | TELEGRAM_API_HASH | TELEGRAM_SESSION_STRING | | \
  ENABLE_TELEGRAM=true
tgcf                        | tgcf | API_ID | API_HASH | SESSION_STRING | | tgcf.config.json

= mcp
chigwell/telegram-mcp       | mcp  | TELEGRAM_API_ID | TELEGRAM_API_HASH | TELEGRAM_SESSION_STRING | \
  uv --directory /full/path/to/telegram-mcp run main.py | Never start it as “uvx telegram-mcp”: that package on PyPI \
  is another project, and it would get your session.
OEvortex/tgmcp              | mcp  | TELEGRAM_API_ID | TELEGRAM_API_HASH | TELEGRAM_SESSION_STRING | \
  uvx --with mcp<2 tgmcp start | It does not start with version 2 of the package mcp.
sparfenyuk/mcp-telegram     | file | TELEGRAM_API_ID | TELEGRAM_API_HASH | - | \
  uvx --with mcp<2 --from git+https://github.com/sparfenyuk/mcp-telegram mcp-telegram | \
  {state}/mcp-telegram/mcp_telegram_session.session
dryeab/mcp-telegram         | file | API_ID | API_HASH | - | uvx --with mcp<2 mcp-telegram start | \
  {state}/mcp-telegram/session.session
fast-mcp-telegram           | file | API_ID | API_HASH | - | uvx --python 3.12 fast-mcp-telegram | \
  ~/.config/fast-mcp-telegram/telegram.session
mcp-telegram/mcp-telegram   | string file | TELEGRAM_API_ID | TELEGRAM_API_HASH | - | npx -y @overpod/mcp-telegram | \
  ~/.mcp-telegram/session
telethon-mcp                | mcp  | TELEGRAM_API_ID | TELEGRAM_API_HASH | TELEGRAM_SESSION_STRING | \
  uvx --with mcp<2 telethon-mcp | It does not start with version 2 of the package mcp.
better-telegram-mcp         | file | TELEGRAM_API_ID | TELEGRAM_API_HASH | - | \
  uvx --python 3.13 better-telegram-mcp | ~/.better-telegram-mcp/default.session
telegram-mcp-jgalea         | file | TELEGRAM_API_ID | TELEGRAM_API_HASH | - | \
  uvx --from telegram-mcp-jgalea telegram-mcp | ~/.telegram-mcp/session.session
j2h4u/mcp-telegram          | nothing | | | | | It wants a config.toml of its own, and a daemon that keeps running.
chaindead/telegram-mcp      | nothing | | | | | It is written in Go, with a session format of its own.
kfastov/telegram-mcp-server | nothing | | | | | It keeps its session in a database of its own (mtcute).
tacticlaunch/mcp-telegram   | nothing | | | | | It keeps its session in files of its own.

= n8n
Telegram GramPro API                      | fields  | API ID | API Hash | Session String | |
Personal Telegram MTPROTO API (veezex)    | fields  | App api_id | App api_hash | Session string | | \
  Phone Number, which may stay empty
Telegram User Bot API (darakcheeff)       | fields  | API ID | API Hash | Session String (GramJS) | |
Telegram Client (criptoraily)             | nothing | | | | | It never uses its session field.
TelePilot                                 | nothing | | | | | It is built on TDLib, which has no session strings.
"""

# MCP clients: the key that their servers stand under, whether comments and trailing commas are allowed, and where their
# settings are on Linux, macOS and Windows (November 2026). A place that is missing is the one of Linux.
MCP_CLIENTS = """
Claude Desktop | mcpServers | | ~/.config/Claude/claude_desktop_config.json | \
  ~/Library/Application Support/Claude/claude_desktop_config.json | %APPDATA%/Claude/claude_desktop_config.json; \
  %LOCALAPPDATA%/Packages/Claude_*/LocalCache/Roaming/Claude/claude_desktop_config.json
Cursor         | mcpServers | | ~/.cursor/mcp.json | |
VS Code        | servers | comments | ~/.config/Code/User/mcp.json | \
  ~/Library/Application Support/Code/User/mcp.json | %APPDATA%/Code/User/mcp.json
Claude Code    | mcpServers | | ~/.claude.json | |
Codex          | mcp_servers | comments | ~/.codex/config.toml | |
Gemini CLI     | mcpServers | comments | ~/.gemini/settings.json | |
OpenCode       | mcp | comments | ~/.config/opencode/opencode.json | |
Windsurf       | mcpServers | | ~/.codeium/windsurf/mcp_config.json | |
Zed            | context_servers | comments | ~/.config/zed/settings.json | | %APPDATA%/Zed/settings.json
Cline          | mcpServers | | ~/.cline/data/settings/cline_mcp_settings.json | |
LM Studio      | mcpServers | | ~/.lmstudio/mcp.json | |
Goose          | extensions | comments | ~/.config/goose/config.yaml | | %APPDATA%/Block/goose/config/config.yaml
"""

# What a client reads besides, in the folder that it is started in.
PROJECT_FILES = """
Claude Code in this folder | .mcp.json
Cursor in this folder      | .cursor/mcp.json
VS Code in this folder     | .vscode/mcp.json
"""

# Programs that take text for the clipboard from standard input, in the order they are tried.
CLIPBOARDS = """
pbcopy
wl-copy
xclip -selection clipboard
xsel --clipboard --input
clip.exe
"""

# What a session can be saved as: the name in TARGETS (`env`: lines of variables), a file name, and what it is.
SAVE_AS = """
env      | telegram.env     | the lines of a .env file: API ID, API hash and session string
string   | session.txt      | a text file with the session string and nothing else
telethon | telegram.session | a .session file of Telethon 1
json     | telegram.session | a .session file with the .json that many tools want beside it
tdata    | tdata            | a tdata folder for Telegram Desktop
"""


def client_places(row: Sequence[str], system: str = sys.platform) -> list[str]:
    """Where an MCP client of MCP_CLIENTS keeps its settings on a system, with %NAME% and ~ as they stand there."""
    places = row[{"darwin": 4, "win32": 5}.get(system, 3)] or row[3]
    return [os.path.normpath(place.strip()) for place in places.split(";")]


def client_paths(row: Sequence[str], system: str = sys.platform) -> list[str]:
    """The paths of `client_places` on this computer; in one there may be a `*`."""
    if row[0] == "Codex" and os.environ.get("CODEX_HOME"):
        return [os.path.join(os.environ["CODEX_HOME"], "config.toml")]
    places = map(os.path.expanduser, client_places(row, system))
    return [re.sub(r"%(\w+)%", lambda name: os.environ.get(name[1], name[0]), place) for place in places]


def client_files(system: str = sys.platform) -> list[tuple[str, str]]:
    """The settings of MCP clients that are there: the client and the path; those for this folder alone come last."""
    import glob

    found = [
        (row[0], one)
        for row in rows_of(MCP_CLIENTS) for path in client_paths(row, system) for one in sorted(glob.glob(path))
    ]  # fmt: skip
    found += [(client, os.path.abspath(path)) for client, path in rows_of(PROJECT_FILES) if os.path.isfile(path)]
    first = {os.path.realpath(path): client for client, path in reversed(found)}  # this folder may be the home
    return [(client, path) for client, path in found if first[os.path.realpath(path)] == client]


def paste_targets(group: str) -> list[Target]:
    """The rows of PASTE_TARGETS in one group: `variables`, `mcp` or `n8n`."""
    groups = dict(part.split("\n", 1) for part in PASTE_TARGETS.split("\n= ")[1:])
    return [Target(*row) for row in rows_of(groups[group])]


# ── settings ──

# No id and hash that anybody was given: they stand in manuals and sample files.
PLACEHOLDER_API_IDS = ("12345", "123456", "1234567", "12345678", "123456789")

PLACEHOLDER_WORDS = re.compile(r"your|here|example|change.?me|0123456789abcdef|<.*>|\.\.\.|x{4}|\*{3}", re.IGNORECASE)

# What is to be mended before all else: what endangers the account, and what keeps a whole file from being read.
URGENT = ("SettingsStranger", "SettingsSame", "SettingsInGit", "SettingsNoJson", "SettingsComma", "SettingsNoCommand")

# What settings are doubted for: what is wrong, what to change (nothing: it is only worth a word), and what the program
# says. What programs say was seen with chigwell/telegram-mcp 2.0.1, Claude Code 2.1.197 and Codex
# 0.171.0 in November 2026. {name} and {line} are those of the variable.
SETTINGS_DOUBTS = """
placeholder  | {name} (line {line}) is an example, not your own value. | Put your own value there. | {says}
empty        | {name} (line {line}) is empty. | Put its value there. |
swapped      | {name} (line {line}) and {other} (line {there}) have changed places: the API ID is the number, the \
  API hash has 32 hex digits. | Exchange the two values. | invalid literal for int() with base 10
not_id       | {name} (line {line}) is no API ID: that is a number of up to ten digits. | \
  Copy it again from https://my.telegram.org/apps | invalid literal for int() with base 10
not_hash     | {name} (line {line}) is no API hash: it has {size} characters, and an API hash has 32 hex digits. | \
  Copy it again from https://my.telegram.org/apps |
number       | {name} (line {line}) is a number, and {client} takes texts only. | Put quotes around it. | {says}
damaged      | {name} (line {line}) has something in it that is not part of the string: {what} | \
  Take it out; what is left is whole. | {says}
altered      | {name} (line {line}) is not as its program made it: {what} | \
  Copy it again from where you got it, or let “convert” write it anew. | {says}
no_equals    | In line {line} the sign “=” between a name and its value is missing. | Write NAME=value there. |
blanks       | {name} (line {line}) has blanks around the string. | Take them out. |
broken       | {name} (line {line}) is damaged. {what} | \
  Copy the whole string again from where you got it, in one line. | Invalid base64-encoded string
library      | {name} (line {line}) is {what}, and this server reads Telethon's only. | \
  “convert” makes a Telethon string of it. | {says}
other_kind   | {name} (line {line}) is {what}: right for programs that are built on that library, and wrong for \
  those that read Telethon's. | |
commented    | {name} is commented out (line {line}), so there is no session string. | \
  Take the comment mark away, and put your string there. | Interactive phone login is disabled
name_only    | There is no session string: {name} (line {line}) makes the program look for a file. | \
  Add TELEGRAM_SESSION_STRING with your string. | \
  Telegram client 'default' is not authorized. Interactive phone login is disabled
missing      | {name} is missing: this server reads it. | Add it, by exactly this name. |
misnamed     | {name} (line {line}) is a name that this server does not read: it reads {wanted}. | \
  Rename it to {wanted}. |
other_names  | The names here are {names}. chigwell/telegram-mcp and tgmcp read TELEGRAM_API_ID, \
  TELEGRAM_API_HASH and TELEGRAM_SESSION_STRING. | |
twice        | {name} stands there twice (lines {line} and {there}): one of the two is not used. | \
  Remove the one that is old. |
same         | {name} is the same string as {other}. Two programs at once end it for good \
  (AUTH_KEY_DUPLICATED). | Sign in once more, and give each program its own string. |
stranger     | “telegram-mcp” on PyPI is another project, not chigwell/telegram-mcp, and this gives it your \
  session (chigwell/telegram-mcp issue 117). | If it was started: end that session in Telegram → Settings → Devices. \
  Start a checkout (uv --directory FOLDER run main.py), or uvx --from \
  git+https://github.com/chigwell/telegram-mcp telegram-mcp |
pin          | This server sets no upper bound for the package mcp, and does not start with its version 2. | \
  Put --with and mcp<2 in front of the name of the server, as two words. | \
  It says: No module named 'mcp.server.fastmcp', or 'Server' object has no attribute 'list_prompts'
in_git       | {name} is made to be shared through git, which would take it up, and your session with it. | \
  Write ${{TELEGRAM_SESSION_STRING}} there in place of the string, and put the string into your environment. |
no_command   | {name} (line {line}) is not there, or not on the PATH. | \
  Install it, or write its full path there (which, or on Windows where, tells it). | Clients say: spawn {name} ENOENT
bare_command | A program that is started from the dock may not find “{name}”. Its full path here is {what}. | |
no_folder    | There is no folder {name} (line {line}). | Write the folder that the server is in. |
off          | This server is switched off in the settings (line {line}). | |
comment      | There is a comment in line {line}, and this client's JSON allows none. | Take it out. | \
  Claude Code: “MCP config is not a valid JSON”; Claude Desktop shows no servers
comma        | Line {line} ends with a comma, and no value follows: JSON forgives none. | Take the comma away. | \
  Claude Code: “MCP config is not a valid JSON”; Claude Desktop shows no servers
no_comma     | A comma is missing before line {line}. | Put it at the end of the line above. | \
  Claude Code: “MCP config is not a valid JSON”
raw_break    | A text goes over the end of line {line}: JSON allows no line break in a text. | \
  Join the lines to one. | Claude Code: “MCP config is not a valid JSON”
no_json      | This is not whole JSON: it cannot be read any further at line {line}. | \
  Look there for a quote or a bracket that is missing or too many. | Claude Code: “MCP config is not a valid JSON”
encoding     | {what} The programs that read such settings expect UTF-8. | Save it as UTF-8. |
wrong_key    | {client} reads “{wanted}” in this file, and here it is called “{name}”. | Call it “{wanted}”. |
vs_code      | “mcpServers” is right for Cursor, Claude Code (.mcp.json) and LM Studio; in VS Code's own mcp.json \
  the key is “servers”. | |
encrypted    | The credentials in this export (line {line}) are still encrypted by n8n. | \
  Export them with --decrypted, or copy the field in n8n. |
quotes       | Line {line} has quotes or “export”: python-dotenv and docker compose read that, but docker run \
  --env-file takes quotes as part of the value, and refuses “export”. | |
"""


# ── credentials and modules ──

# Keys that anyone can read in public source code. Telegram answers most of them with API_ID_PUBLISHED_FLOOD, and an
# account that signs in with one looks like an imitation of that app. Source: the apps' own repositories (2026).
PUBLISHED_API_IDS = """
1        an old Telegram app
4        Telegram for Android (beta)
5        Telegram for Android (beta)
6        Telegram for Android
8        Telegram for iOS
9        Telegram for macOS (beta)
2040     Telegram Desktop
2496     Telegram Web
2834     Telegram for macOS
2899     telegram-cli
10840    Telegram for iOS
16623    Plus Messenger
17349    the sample in Telegram Desktop’s source code
21724    Telegram X
94575    the sample in TDLib’s source code
611335   Telegram Desktop as built by Linux distributions
1025907  Telegram Web K
"""

# What Python and Telethon load on the way to Telegram (a test compares this with what they really load): a file of
# such a name in a folder that Python searches first is taken for the real one.
MODULES_NEEDED = """
annotationlib argparse array ast asyncio base64 binascii bisect bz2 collections compression concurrent contextlib
contextvars copy copyreg csv ctypes datetime difflib dis email enum fcntl fnmatch functools getpass gettext glob grp
gzip hashlib heapq hmac html importlib inspect ipaddress json keyword linecache locale logging lzma math mimetypes
ntpath numbers opcode operator pathlib platform posixpath pyaes pyasn1 queue random re readline reprlib resource rsa
secrets select selectors shlex shutil signal site socket sqlite3 sre_compile sre_constants sre_parse ssl string struct
subprocess sysconfig telethon tempfile termios textwrap threading token tokenize tomllib traceback tty types typing
unicodedata urllib uuid warnings weakref webbrowser zipfile zlib
"""


# ── what is only recognised ──

# Things that people bring and that are no session for this script: where it shows (in a text, at the start of a file,
# in the tables of a database, in the names of a folder), the pattern, what it is, what to do (-: sign in anew). The
# first row that fits counts. {name} is the file's. What cannot be read is said of this script, never of the thing.
ONLY_RECOGNISED = r"""
text
(?i)^<(!doctype|html|\?xml)
This is a web page (HTML) or XML, not a session.
Download the file itself, not the page that shows it.

text
^(?:\w+ *= *)?\d{5,12}:[A-Za-z0-9_-]{30,}$
This is a bot token, not a session string.
Run this script without arguments and give the token where it asks for the phone number.

text
^[0-9a-fA-F]{32}$
This looks like an API hash (32 hex digits), not a session string.
Run this script without arguments, and give it your API id and this hash.

text
^[0-9a-fA-F]{300,511}$|^[0-9a-fA-F]{513,700}$
These are hex digits, as a bare key has, but not its 512: some are missing, or too many.
Copy the whole key again from where you got it.

text
^eyJ[\w-]+\.[\w-]+\.[\w-]*$
This is a JSON web token (JWT), not a session string.
It belongs to another service.

text
^\+?\d[\d ()-]{6,20}$
This is a number, not a session string.
To sign in with a phone number, run this script without arguments.

text
^(https?|tg)://
This is a link, not a session string.
Copy the session string itself.

text
^VAE_
This begins with VAE_, as strings of vaegram do, a heir of Pyrogram; this script does not know how they are made.
Get a string in Pyrogram's format from that program (export_session_string), or sign in anew here.

text
^U2FsdGVkX1
This is encrypted by another program (it begins with U2FsdGVkX1, “Salted__”), as n8n keeps its credentials.
In n8n, copy the field from the credential itself, or export with --decrypted.

text
^(?!.*\n)(?:~?[/\\]|\.{1,2}[/\\]|[A-Za-z]:\\|.*\.(?:session|json|txt|env)$)
This looks like a path, and there is no file of that name.
Check the name and the folder.

start
^(?s:.{0,2000}?)<string name="user">
{name} is the account file of Telegram for Android (userconfing.xml): it says who the user is, and holds no key.
Give the file tgnet.dat, or the folder “files” that it lies in.

start
^\s*<\?php __HALT_COMPILER
{name} is a PHP file that holds data, as MadelineProto keeps its sessions (safe.php); this script does not read it.
-

start
^\s*<\?php
{name} is a program in PHP, not a session.
-

start
(?i)^\s*<(!doctype html|html|head|body)
{name} is a web page (HTML).
Download the file itself, not the page that shows it.

start
^\s*<[?!A-Za-z][ -~\s]{20}
{name} is XML or something like it, not a session.
Give the session file itself.

start
^PK\x03\x04
{name} is a zip archive. No session was found in it, or it is cut off and cannot be opened.
Unpack it, and give the file or folder in it.

start
^Rar!|^7z\xbc\xaf\x27\x1c|^\x1f\x8b|^BZh\d|^\xfd7zXZ|^\x28\xb5\x2f\xfd|^(?s:.{257})ustar
{name} is an archive (rar, 7z, gzip, bzip2, xz, zstd or tar).
Unpack it first, and give the file or folder in it.

start
^TDF[$]
{name} is one file of a Telegram Desktop folder.
Give the whole folder, the one with key_datas in it.

start
^(?s:.{16})\xed\xda\x0c\xed
{name} is a database of the kind “bbolt”, in which tdl (iyear/tdl) keeps its sessions; this script does not read those.
Sign in again with tdl, or sign in here for a session of its own.

start
^\xd9\xd5\x05\xf9\x20\xa1\x63\xd7
{name} is the journal of an SQLite database, not the database itself.
Give the file of the same name without “-journal”; leave the journal beside it.

start
^\x37\x7f\x06[\x82\x83]
{name} is the write-ahead log (WAL) of an SQLite database, not the database itself.
Give the file of the same name without “-wal”; leave the log beside it.

start
^\x18\xe2\x2d\x00
{name} is the index of a write-ahead log (-shm) of an SQLite database, not the database itself.
Give the file of the same name without “-shm”.

start
^\x2c\0\0\0(?s:.{40})
{name} begins with 2c 00 00 00, as TDLib's log (td.binlog) does. If it is that: this script does not read it.
-

start
^\x89PNG|^\xff\xd8\xff|^GIF8|^%PDF-|^\x7fELF|^MZ(?s:.{0,60})\x00
{name} is a picture, a PDF or a program, not a session.
Give the session file itself.

tables
\bmoz_cookies\b
{name} is Firefox's database of cookies. Telegram Web keeps its session elsewhere (localStorage).
-

tables
(^| )sessions( |$)
{name} has a table “sessions”, but not with the columns of Telethon or Pyrogram. It may belong to another program.
-

folder
(?m)^\.tempkeyEncrypted$
This is the data of Telegram for macOS (App Store) or iOS, not of Telegram Desktop; this script does not read it.
-

folder
(?m)^(safe|lightState|ipcState)\.php$
This is a session folder of MadelineProto (PHP); this script does not read those.
-

folder
(?m)^(td|td_test)\.binlog$
This is the data of TDLib (Telegram X, Unigram, TelePilot and others); this script does not read it.
-

folder
(?m)^D877F783D5D3EF8Cs?$
The key file (key_datas) is missing from this Telegram Desktop folder.
Close Telegram Desktop, and copy its whole tdata folder again.
"""


# ── calling codes ──


class CallingCode(NamedTuple):
    """What can follow one calling code: the row of CALLING_CODES, with its indented rows."""

    code: str
    lengths: tuple[int, ...]  # of the national number, in digits; empty where nobody has a Telegram account
    trunks: tuple[str, ...]  # dialled in front inside the country, never after +
    shape: str  # how a mobile number is grouped
    country: str
    areas: tuple[tuple[str, str], ...]  # what the national number begins with, and whose it then is
    hint: str  # what people get wrong there


# Every calling code that the ITU has assigned (list of E.164 codes, 2025), and the two that only Telegram knows.
#
#     code · digits of a mobile number after it · trunk prefixes · how it is grouped · whose it is
#
# The rows below a code say whose the numbers are that begin otherwise, and (!) what people get wrong. Digits are those
# of mobile numbers, because a Telegram account needs a code; `none` is for codes that no account can have. A trunk
# prefix is what is dialled in front of a number inside the country only; `-`: there is none, and a 0 in front stays.
# The lengths are computed from the metadata of libphonenumber 9.0.43 (2026), which tests/test_phone.py compares.
CALLING_CODES = """
1      10       1             XXX XXX XXXX     United States
       204 226 236 249 250 257 263 273 289     Canada
       306 343 354 365 367 368 382 403 416     Canada
       418 428 431 437 438 450 468 474 506     Canada
       514 519 548 579 581 584 587 600 604     Canada
       613 622 633 639 647 672 683 705 709     Canada
       742 753 778 780 782 807 819 825 867     Canada
       873 879 902 905 942                     Canada
       242                                     Bahamas
       246                                     Barbados
       264                                     Anguilla
       268                                     Antigua and Barbuda
       284                                     British Virgin Islands
       340                                     US Virgin Islands
       345                                     Cayman Islands
       441                                     Bermuda
       473                                     Grenada
       649                                     Turks and Caicos Islands
       658 876                                 Jamaica
       664                                     Montserrat
       670                                     Northern Mariana Islands
       671                                     Guam
       684                                     American Samoa
       721                                     Sint Maarten
       758                                     Saint Lucia
       767                                     Dominica
       784                                     Saint Vincent and the Grenadines
       787 939                                 Puerto Rico
       809 829 849                             Dominican Republic
       868                                     Trinidad and Tobago
       869                                     Saint Kitts and Nevis
20     10       0             XX XXXXXXXX      Egypt
211    9        0             XXX XXX XXX      South Sudan
212    9        0             X XX XX XX XX    Morocco
       5288 5289                               Western Sahara
213    9        0             XXX XX XX XX     Algeria
216    8        -             XX XXX XXX       Tunisia
218    9        0             XX XXXXXXX       Libya
220    7,9      -             XXX XXXX         Gambia
221    9        -             XX XXX XX XX     Senegal
222    8        -             XX XX XX XX      Mauritania
223    8        -             XX XX XX XX      Mali
224    9        -             XXX XX XX XX     Guinea
225    10       -             XX XX XX XXXX    Ivory Coast
       ! Since 2021 numbers have 10 digits: 01, 05 or 07 came in front of the old 8 of a mobile number.
226    8        -             XX XX XX XX      Burkina Faso
227    8        -             XX XX XX XX      Niger
228    8        -             XX XX XX XX      Togo
229    10       -             XX XX XX XX XX   Benin
       ! Since the end of 2024 numbers have 10 digits: 01 came in front of the old 8.
230    8        -             XXXX XXXX        Mauritius
231    7,9      0             XX XXX XXXX      Liberia
232    8        0             XX XXXXXX        Sierra Leone
233    9        0             XX XXX XXXX      Ghana
234    10       0             XXX XXX XXXX     Nigeria
235    8        -             XX XX XX XX      Chad
236    8        -             XX XX XX XX      Central African Republic
237    9        -             X XX XX XX XX    Cameroon
238    7        -             XXX XX XX        Cape Verde
239    7        -             XXX XXXX         São Tomé and Príncipe
240    9        -             XXX XXX XXX      Equatorial Guinea
241    7,8      -             XX XX XX XX      Gabon
242    9        -             XX XXX XXXX      Congo (Brazzaville)
243    7,9      0             XXX XXX XXX      Congo (Kinshasa)
244    9        -             XXX XXX XXX      Angola
245    9        -             XXX XXX XXX      Guinea-Bissau
246    7        -             XXX XXXX         British Indian Ocean Territory
247    5        -             XXXXX            Ascension Island
248    7        -             X XXX XXX        Seychelles
249    9        0             XX XXX XXXX      Sudan
250    9        0             XXX XXX XXX      Rwanda
251    9        0             XX XXX XXXX      Ethiopia
252    7-9      0             XX XXXXXXX       Somalia
253    8        -             XX XX XX XX      Djibouti
254    9        0             XXX XXXXXX       Kenya
255    9        0             XXX XXX XXX      Tanzania
256    9        0             XXX XXXXXX       Uganda
257    8        -             XX XX XX XX      Burundi
258    9        -             XX XXX XXXX      Mozambique
260    9        0             XX XXXXXXX       Zambia
261    9        0             XX XX XXX XX     Madagascar
262    9        0             XXX XX XX XX     Réunion
       269 639                                 Mayotte
263    9        0             XX XXX XXXX      Zimbabwe
264    9        0             XX XXX XXXX      Namibia
265    9        0             XXX XX XX XX     Malawi
266    8        -             XXXX XXXX        Lesotho
267    8        -             XX XXX XXX       Botswana
268    8        -             XXXX XXXX        Eswatini
269    7        -             XXX XX XX        Comoros
27     5-9      0             XX XXX XXXX      South Africa
290    4,5      -             XXXXX            Saint Helena
       8                                       Tristan da Cunha
291    7        0             X XXX XXX        Eritrea
297    7        -             XXX XXXX         Aruba
298    6        -             XX XX XX         Faroe Islands
299    6        -             XX XX XX         Greenland
30     10       -             XXX XXX XXXX     Greece
31     9,11     0             X XXXXXXXX       Netherlands
32     9        0             XXX XX XX XX     Belgium
33     9        0             X XX XX XX XX    France
34     9        -             XXX XX XX XX     Spain
350    8        -             XXXXXXXX         Gibraltar
351    9        -             XXX XXX XXX      Portugal
352    9        -             XXX XXX XXX      Luxembourg
353    9        0             XX XXX XXXX      Ireland
354    7,9      -             XXX XXXX         Iceland
355    9        0             XX XXX XXXX      Albania
356    8        -             XXXX XXXX        Malta
357    8        -             XX XXXXXX        Cyprus
358    6-10     0             XX XXXXXXX       Finland
       18                                      Åland Islands
359    8,9      0             XX XXX XXXX      Bulgaria
36     9        06            XX XXX XXXX      Hungary
370    8        0,8           XXX XXXXX        Lithuania
371    8        -             XX XXX XXX       Latvia
372    7,8      -             XXXX XXXX        Estonia
373    8        0             XXX XX XXX       Moldova
374    8        0             XX XXXXXX        Armenia
375    9        80,8,0        XX XXX XX XX     Belarus
376    6,9      -             XXX XXX          Andorra
377    8,9      0             X XX XX XX XX    Monaco
378    8        -             XX XX XX XX      San Marino
379    none     -             -                is kept for Vatican City, whose numbers begin with +39 06 698
380    9        0             XX XXX XXXX      Ukraine
381    8-10     0             XX XXXXXXX       Serbia
382    8        0             XX XXX XXX       Montenegro
383    8        0             XX XXX XXX       Kosovo
385    8,9      0             XX XXX XXXX      Croatia
386    8        0             XX XXX XXX       Slovenia
387    8,9      0             XX XXX XXX       Bosnia and Herzegovina
388    none     -             -                was for European services and is not in use
389    8        0             XX XXX XXX       North Macedonia
39     9,10     -             XXX XXX XXXX     Italy
       06698                                   Vatican City
       0549                                    San Marino
       ! In Italy a 0 in front belongs to the number and stays; mobile numbers begin with 3.
40     9        0             XXX XXX XXX      Romania
41     9        0             XX XXX XX XX     Switzerland
420    9        -             XXX XXX XXX      Czechia
421    9        0             XXX XXX XXX      Slovakia
423    7,9      0             XXX XXX XXX      Liechtenstein
43     7-13     0             XXX XXXXXXX      Austria
44     10       0             XXXX XXXXXX      United Kingdom
       1481 7781 7839 79111 79117              Guernsey
       1534 7509 77003 77007 77008 7797 7829 7937  Jersey
       1624 74576 7524 7624 7924               Isle of Man
45     8        -             XX XX XX XX      Denmark
46     9        0             XX XXX XX XX     Sweden
47     8        -             XX XX XX XX      Norway
       79                                      Svalbard and Jan Mayen
48     9        -             XXX XXX XXX      Poland
49     10,11    0             XXXX XXXXXXX     Germany
500    5        -             XXXXX            Falkland Islands
501    7        -             XXX XXXX         Belize
502    8        -             XXXX XXXX        Guatemala
503    8        -             XXXX XXXX        El Salvador
504    8        -             XXXX XXXX        Honduras
505    8        -             XXXX XXXX        Nicaragua
506    8        -             XXXX XXXX        Costa Rica
507    7,8      -             XXXX XXXX        Panama
508    6,9      0             XX XX XX         Saint Pierre and Miquelon
509    8        -             XX XX XXXX       Haiti
51     9        0             XXX XXX XXX      Peru
52     10       1,01,044,045  XXX XXX XXXX     Mexico
       ! Since 2019 the 10 digits are enough: no 1, 01, 044 or 045 in front of them.
53     8        0             X XXXXXXX        Cuba
54     10,11    0             X XX XXXX XXXX   Argentina
       ! A mobile number has a 9 after +54 and no 15: 011 15 2345 6789 becomes +54 9 11 2345 6789.
55     10,11    0             XX XXXXX XXXX    Brazil
       ! A mobile number is the area code without 0 or a carrier’s code, and nine digits that begin with 9.
56     9        -             X XXXX XXXX      Chile
57     10       0             XXX XXXXXXX      Colombia
58     10       0             XXX XXXXXXX      Venezuela
590    9        0             XXX XX XX XX     Guadeloupe, Saint Martin or Saint Barthélemy
591    8        0             XXXXXXXX         Bolivia
592    7        -             XXX XXXX         Guyana
593    9        0             XX XXX XXXX      Ecuador
594    9        0             XXX XX XX XX     French Guiana
595    9        0             XXX XXXXXX       Paraguay
596    9        0             XXX XX XX XX     Martinique
597    7        -             XXX XXXX         Suriname
598    8        0             XX XXX XXX       Uruguay
599    7,8      -             X XXX XXXX       Curaçao or the Caribbean Netherlands
       9                                       Curaçao
       3                                       Sint Eustatius
       4                                       Saba
       7                                       Bonaire
60     9,10     0             XX XXXX XXXX     Malaysia
61     9        0             XXX XXX XXX      Australia
       89162                                   Cocos Islands
       89164                                   Christmas Island
62     9-12     0             XXX XXXX XXXX    Indonesia
63     10       0             XXX XXX XXXX     Philippines
64     8-10     0             XX XXX XXXX      New Zealand
65     8        -             XXXX XXXX        Singapore
66     9        0             XX XXX XXXX      Thailand
670    8        -             XXXX XXXX        East Timor
6721   5        -             XX XXX           Australian Antarctic bases
6723   5        -             XX XXX           Norfolk Island
673    7        -             XXX XXXX         Brunei
674    7        -             XXX XXXX         Nauru
675    8        -             XXXX XXXX        Papua New Guinea
676    7        -             XXX XXXX         Tonga
677    5,7      -             XX XXXXX         Solomon Islands
678    7        -             XXX XXXX         Vanuatu
679    7        -             XXX XXXX         Fiji
680    7        -             XXX XXXX         Palau
681    6        -             XX XX XX         Wallis and Futuna
682    5        -             XX XXX           Cook Islands
683    4,7      -             XXX XXXX         Niue
685    7,10     -             XX XXXXX         Samoa
686    8        0             XXXXXXXX         Kiribati
687    6        -             XX XX XX         New Caledonia
688    6,7      -             XX XXXX          Tuvalu
689    8        -             XX XX XX XX      French Polynesia
690    4-7      -             XXXXXXX          Tokelau
691    7        -             XXX XXXX         Micronesia
692    7        1             XXX XXXX         Marshall Islands
7      10       8             XXX XXX XX XX    Russia
       6 7                                     Kazakhstan
       840 940                                 Abkhazia
       ! Inside the country numbers are dialled with 8 in front; +7 takes the place of that 8.
800    none     -             -                is for freephone numbers, which cannot have a Telegram account
808    none     -             -                is for shared-cost numbers, which cannot have a Telegram account
81     10       0             XX XXXX XXXX     Japan
82     9,10     0             XX XXXX XXXX     South Korea
84     9        0             XXX XXX XXX      Vietnam
850    10       0             XXX XXX XXXX     North Korea
852    8        -             XXXX XXXX        Hong Kong
853    8        -             XXXX XXXX        Macau
855    8,9      0             XX XXX XXX       Cambodia
856    9,10     0             XX XX XXX XXX    Laos
86     11       0             XXX XXXX XXXX    China
870    9,12     -             XXX XXX XXX      Inmarsat satellite phone
878    12       -             XX XXXXXXXXXX    universal personal number
880    10       0             XXXX XXXXXX      Bangladesh
881    9,10     -             X XXX XXXXX      satellite phone
       6 7                                     Iridium satellite phone
       8 9                                     Globalstar satellite phone
882    7-10,12  -             XX XXXXXXX       international network
883    8-12     -             XXX XXX XXX XXX  international network
886    9        0             XXX XXX XXX      Taiwan
888    4,8      -             XXXX XXXX        anonymous number from Fragment
90     10       0             XXX XXX XX XX    Turkey
91     10       0             XXXXX XXXXX      India
92     10       0             XXX XXXXXXX      Pakistan
93     9        0             XX XXX XXXX      Afghanistan
94     9        0             XX XXX XXXX      Sri Lanka
95     7-10     0             X XXX XXX XXX    Myanmar
960    7        -             XXX XXXX         Maldives
961    7,8      0             XX XXX XXX       Lebanon
962    9        0             X XXXX XXXX      Jordan
963    9        0             XXX XXX XXX      Syria
964    10       0             XXX XXX XXXX     Iraq
965    8        -             XXX XXXXX        Kuwait
966    9        0             XX XXX XXXX      Saudi Arabia
967    9        0             XXX XXX XXX      Yemen
968    8        -             XXXX XXXX        Oman
970    9        0             XXX XXX XXX      Palestine
971    9        0             XX XXX XXXX      United Arab Emirates
972    9        0             XX XXX XXXX      Israel
973    8        -             XXXX XXXX        Bahrain
974    8        -             XXXX XXXX        Qatar
975    8        -             XX XX XX XX      Bhutan
976    8        0             XXXX XXXX        Mongolia
977    10       0             XXX XXXXXXX      Nepal
979    none     -             -                is for premium-rate numbers, which cannot have a Telegram account
98     10       0             XXX XXX XXXX     Iran
991    none     -             -                was for a trial and is not in use
992    9        -             XX XXX XXXX      Tajikistan
993    8        8             XX XXXXXX        Turkmenistan
994    9        0             XX XXX XX XX     Azerbaijan
995    9        0             XXX XX XX XX     Georgia
996    9        0             XXX XXX XXX      Kyrgyzstan
998    9        -             XX XXX XX XX     Uzbekistan
99966  5        -             X XXXX           number of Telegram’s test servers
"""


@functools.cache
def calling_codes() -> dict[str, CallingCode]:
    """CALLING_CODES by code, read when it is first needed."""
    codes = {}
    for lines in re.split(r"\n(?=\d)", CALLING_CODES.strip()):
        code, digits, trunks, shape, country, *below = re.split(r" {2,}|\n +", lines)
        spans = re.findall(r"(\d+)-?(\d*)", digits)
        lengths = tuple(length for least, most in spans for length in range(int(least), int(most or least) + 1))
        hint = "".join(line[2:] for line in below if line.startswith("! "))
        areas = [line for line in below if not line.startswith("! ")]
        codes[code] = CallingCode(
            code, lengths, tuple(re.findall(r"\d+", trunks)), shape, country,
            tuple((prefix, area) for prefixes, area in zip(areas[::2], areas[1::2]) for prefix in prefixes.split()),
            hint,
        )  # fmt: skip
    return codes


# ── libraries ──

# What shows that a text is about Telegram: a library's name, the words that only it uses (% no more than the word), and
# the step that brings it up to date. The first row that fits counts; the last one is about none.
LIBRARIES = r"""
mtcute          | mtcute | Bring mtcute up to date: npm install @mtcute/node@latest
Pyrogram        | pyrogram kurigram hydrogram pyrofork pyroblack \bpyrotgfork | Bring Pyrogram up to date; it gets no
    updates any more, but its heir does: python3 -m pip install --upgrade kurigram
GramJS          | \bgram-?js node_modules/telegram/ | Bring GramJS up to date: npm install telegram@latest
tdl             | iyear/tdl \btdl.login \btdl.dl\b \btdl.chat | Bring tdl up to date, as it was installed:
    https://docs.iyear.me/tdl
gotd            | \bgotd\b \*tg\.[A-Z] rpcDoRequest \btgerr\b | Bring gotd up to date: go get
    github.com/gotd/td@latest
TDLib           | \btdlib tdjson td\.binlog authorizationState[A-Z] @type\W{3,8}error telepilot | Bring
    TDLib up to date, and the program that uses it
WTelegramClient | WTelegram TL\.RpcException WTException RpcError.\d{3}.\w+\s+#[0-9A-F]{4}
    | Bring WTelegramClient up to date: dotnet add package WTelegramClient
MadelineProto   | MadelineProto | Bring MadelineProto up to date: composer update danog/madelineproto
grammers        | \bgrammers rpc.error.\d{3}:.[A-Z]+_[A-Z_]+.caused | Bring grammers up to date: cargo update
Telethon        | telethon |
python-telegram-bot | telegram/ext telegram.ext telegram\.error\. | Bring python-telegram-bot up to date:
    python3 -m pip install --upgrade python-telegram-bot
grammY          | GrammyError | Bring grammY up to date: npm update grammy
aiogram         | aiogram | Bring aiogram up to date: python3 -m pip install --upgrade aiogram
pyTelegramBotAPI | telebot pyTelegramBotAPI | Bring pyTelegramBotAPI up to date:
    python3 -m pip install --upgrade pyTelegramBotAPI
Telethon        | telegram mtproto mtproxy api.?hash \btdata\b \.session['\"] StringSession \bt\.me/ BotFather
    phone_code_hash \b149\.154\.1[67]\d\. \b91\.108\. auth\.send_?code send_?code_?request
    RPC_?Error:?.\(?\d{3}:?.[A-Z\d]+_ RPC_?Error:?.-\d{3}: rpc.error.(?:code.)?\d{3}:.[A-Z\d]+_ rpc.error.code.-\d{3}
    RpcError.\{.code caused.by.auth\.\w caused.by.account\.\w caused.by.users\.\w caused.by.contacts\.\w
    caused.by.messages\.\w caused.by.updates\.\w caused.by.photos\.\w caused.by.upload\.\w caused.by.help\.\w
    caused.by.channels\.\w caused.by.bots\.\w caused.by.payments\.\w \(caused.by.\w+Request\) "_":.?"(?:mt_)?rpc_error
    auth_key.gen new.auth_key you.must.use.\W?async.with \btg-?crypto\b \btg-?signer\b \btgcf\b \bopentele2?\b
    bad_?msg_?notification tgcalls |
"""


# ── errors ──

# Each row: the names that share one answer (Telegram's own, or Python's classes and errno names), or in “ ” what people
# see where there is no name. Behind a name or a text ? says that others use it, too, so that it counts only where
# something points to Telegram; ! that it counts only when it is asked for alone. Telethon's class names follow from
# Telegram's and are not listed. “(hides the cause)”: it counts only if nothing else is found. Below, a mark per line:
#   = whose it is; a row without that line is Telegram's, or of a library for Telegram
#   ~ a text that means this error, too, and that only Telegram and its libraries write; | the same for one that others
#     write, too: {seconds} stands for a number, % for the rest of a word, … for some words of the line, * for anything
#   # the numbers of an error of the operating system: Linux, macOS, Windows (four digits and more)
#   ! what happened    ? why    - what to do (one line each, in order)    @ when to try again
# A line indented further continues the one above. “after {seconds}” and “after 24 hours” become a clock time. For the
# words in braces see `filled`; the rows of the last group are those of `network_problem`, which has the others.
# Sources: core.telegram.org/api/errors and the method pages (layer 223), Telethon 1.45 (its errors.csv, and the texts
# in its code), python-socks, CPython, and reports in the issues of Telethon, Pyrogram, GramJS, gotd, tdl, TDLib,
# WTelegramClient and of programs that use them (2018 to 2026).
ERRORS = """\
== The API ID and API hash

API_ID_INVALID CONNECTION_API_ID_INVALID
  ~ api_id/api_hash combination is invalid
  | The provided API id is invalid
  ! Telegram does not know this pair of API ID and API hash.
  ? The two belong together like a user name and its password. One of them is mistyped, or they come from two
    different applications, or the application was deleted.
  - Open https://my.telegram.org/apps and sign in with your phone number.
  - Copy App api_id (digits only) and App api_hash (32 letters and digits) from the same page, with the mouse.
  - Paste them without quotes or blanks, and mind which is which.
  @ as soon as you have the right pair

API_ID_PUBLISHED_FLOOD
  ~ This API id was published somewhere
  ! This API ID is burnt: Telegram has blocked it for sign-ins.
  ? It has been published somewhere, in a tutorial, in sample code or in another program, and too many strangers
    signed in with it.
  - Make your own pair at https://my.telegram.org/apps, it is free and takes two minutes.
  - Use that pair here and never post it anywhere.
  @ as soon as you have your own pair

UPDATE_APP_TO_LOGIN
  ! Telegram finds this app too old to sign in.
  ? It looks at the version of its own interface that the library speaks (the “layer”), and at what the API ID claims
    to be. Usually {library} is out of date; sometimes the API ID is one of an official app.
  - {upgrade}
  - Use an API ID of your own from https://my.telegram.org/apps, not one of an official app.
  - If it stays, try to sign in by QR code.
  @ at once, with the newer {library}

RECAPTCHA_CHECK_{key}? APNS_VERIFY_CHECK_{key} INTEGRITY_CHECK_CLASSIC_{key}
  ! Telegram wants a proof that only its own phone apps can give.
  ? It asks for a captcha, or for a check by Apple or Google. That happens when the API ID is one of an official app,
    or when the number looks like a new registration.
  - Use an API ID of your own from https://my.telegram.org/apps.
  - Make sure that the account exists: open it once in the official app.
  - Then sign in here by QR code.
  @ at once, with your own API ID

“Your API ID or Hash cannot be empty or None”
  ~ KeyError: 'API_ID'
  ~ KeyError: 'TELEGRAM_API_ID'
  ~ KeyError: 'TG_API_ID'
  | KeyError: '%API_ID'
  ~ KeyError: '%API_HASH'
  ~ KeyError: "API_ID"
  ~ KeyError: "TELEGRAM_API_ID"
  ~ KeyError: "TG_API_ID"
  | KeyError: "%API_ID"
  ~ KeyError: "%API_HASH"
  ~ API ID or Hash cannot be empty
  ~ API_ID' not found
  ~ TELEGRAM_API_ID' not found
  ~ TG_API_ID' not found
  | %API_ID' not found
  ~ %API_HASH' not found
  ~ API_ID…not set
  ~ TELEGRAM_API_ID…not set
  ~ TG_API_ID…not set
  | %API_ID…not set
  ~ %API_HASH…not set
  ~ API_ID…not found
  ~ TELEGRAM_API_ID…not found
  ~ TG_API_ID…not found
  | %API_ID…not found
  ~ %API_HASH…not found
  ~ %API_HASH…required
  ~ %API_HASH…missing
  ~ missing…API_ID
  ~ missing…TELEGRAM_API_ID
  ~ missing…TG_API_ID
  | missing…%API_ID
  ~ missing…%API_HASH
  ~ api_id and api_hash…required
  ~ api_id and api_hash…missing
  ~ api_id and api_hash…not set
  ~ api_id and api_hash…needed
  ~ api_id and api_hash…must be
  ~ must provide…api_hash
  ~ No API ID or API hash
  ~ api_id*int() argument must be a string
  ~ TELEGRAM_API_ID*int() argument must be a string
  ~ TG_API_ID*int() argument must be a string
  ~ api_id int() argument must be a string
  ~ %api_id Field required
  ~ %api_hash Field required
  ~ %api_id field required
  ~ api-id…api-hash…not set
  ~ API id or hash is missing
  ~ app-id…api-hash…not set
  ~ TG_APP_ID…not set
  ~ TG_API_HASH…not set
  | API_ID is required
  | %API_ID…missing
  ! The API ID or the API hash is missing.
  ? The program was started without one of them. Often the variable in the .env file has another name than the program
    reads, or the file lies in another folder.
  - Get both at https://my.telegram.org/apps.
  - Write them where the program looks for them, under the names it expects, and start it again.
  @ as soon as both are there

“os.environ with the value in the place of the name”
  ~ environ*KeyError: '{number}'
  ~ environ*KeyError: "{number}"
  ! The value was written where the NAME of the variable belongs.
  ? The program looks for an environment variable that is called like that number. In os.environ["API_ID"] the name
    stands, and the number stands in the environment or in the .env file.
  - Put the name back into the program: os.environ["API_ID"].
  - Write the value into the .env file, as API_ID=…, and start the program where that file lies.
  @ at once, with the name in its place

“KeyError: '%SESSION_STRING'”
  ~ KeyError: '%STRING_SESSION'
  ~ KeyError: "%SESSION_STRING"
  | environ*KeyError: '%SESSION'
  | os.py*KeyError: '%SESSION'
  | KeyError: 'SESSION'
  | KeyError: 'SESSION_NAME'
  | KeyError: 'SESSION_FILE'
  ~ KeyError: 'TG_SESSION'
  ~ %SESSION_STRING…not set
  ~ %STRING_SESSION…not set
  ~ SESSION_STRING…missing
  ~ missing…SESSION_STRING
  ~ SESSION_STRING…required
  ~ SESSION_STRING…not found
  | %SESSION%…not set
  | No session string
  | session string is empty
  ! The setting that should hold the session is missing.
  ? The program reads the session from a variable of that name, and there is none. Often the variable in the .env file
    has another name than the program reads, or the file lies in another folder.
  - Write the session string where the program looks for it, under the name that the message shows.
  - If you have none yet, sign in with this script.
  @ as soon as it is there

“int() argument must be a string, a bytes-like object or a…not 'NoneType'”
  = Python's
  ! A number is missing.
  ? The program wants to make a number of a setting, and finds none. The line above names it. In a program for Telegram
    that is mostly the API ID: the variable in the .env file has another name than the program reads, or the file lies
    in another folder.
  - Write the value where the program looks for it, under the name it expects, and start it again.
  @ as soon as it is there

“invalid literal for int() with base 10”
  = Python's
  | Input should be a valid integer
  | value is not a valid integer
  ! A number was expected, and something else was given.
  ? Python could not read it as a number. In a program for Telegram that is mostly the API ID: it and the API hash have
    changed places, a placeholder was left in, or quotes or a blank were pasted along.
  - API ID is the short number of https://my.telegram.org/apps, API hash the 32 letters and digits. Put each in its
    place.
  - Remove quotes, blanks and comments around the number.
  @ at once, with the corrected value

“'i' format requires -2147483648 <= number <= 2147483647”?
  ! A number is too big for the place where it was put.
  ? In a sign-in that is the API ID, which has at most nine digits: perhaps a phone number, a user id or the number of a
    bot token was pasted. Elsewhere it may be the id of a user or chat: libraries from before 2022 do not know long
    ones.
  - In a sign-in: copy App api_id once more from https://my.telegram.org/apps.
  - Otherwise look at the line above, which shows the call. {upgrade}
  @ at once, with the corrected value

“bytes or str expected, not <class 'int'>”?
  ! A number was given where a text has to be.
  ? In a sign-in that is the API hash: it has to be a text, also when it happens to look like a number. Elsewhere the
    line above shows the call.
  - Put the API hash, or whatever it is, in quotes in the program or settings file that passes it on.
  - Check that API ID and API hash have not changed places.
  @ at once, with the corrected value

== The phone number

PHONE_NUMBER_INVALID
  | The phone number is invalid
  ! Telegram does not recognise this phone number.
  ? The country code is missing, a digit is wrong, or a zero stands where none belongs.
  - Write it with + and the country code, for example +44 7700 900123.
  - Leave out 00 at the beginning, and the 0 that follows the country code in national writing.
  - Compare it with the number in the Telegram app: Settings, at the top.
  @ at once, with the corrected number

PHONE_NUMBER_BANNED
  ~ phone number has been banned from Telegram
  ! Telegram has banned this phone number.
  ? It cannot sign in anywhere, with this or any other app. Telegram does so when it suspects spam, and sometimes it is
    wrong, above all with new and rented numbers.
  - Enter the number in an official Telegram app. When it says that the number is banned, tap Help: it prepares the
    mail to recover@telegram.org.
  - Say in it how you use Telegram, and that you believe it is a mistake. An answer takes days.
  - Do not try again and again: it does not help and looks like a robot.
  @ only after Telegram has lifted the ban

PHONE_NUMBER_UNOCCUPIED PHONE_NOT_OCCUPIED AuthorizationSignUpRequired
  | The phone number is not yet being used
  ! There is no Telegram account with this number.
  ? The number itself is fine, but nobody has registered it, or the account was deleted. Only Telegram's own apps can
    make new accounts.
  - Look at each digit again: one wrong digit is another person's number, or nobody's.
  - If it is right, install Telegram on a phone and register there.
  - Then sign in here.
  @ as soon as the account exists

PHONE_NUMBER_APP_SIGNUP_FORBIDDEN FIRSTNAME_INVALID? LASTNAME_INVALID?
  | You can't sign up using this app
  | The first name is invalid
  | The last name is invalid
  ~ Third-party applications cannot sign up for Telegram
  ! New accounts cannot be made here.
  ? There is no account with this number yet, and since 2023 Telegram lets only its own phone apps register one.
  - Install Telegram on a phone and register the number there.
  - Then sign in here.
  @ as soon as the account exists

PHONE_NUMBER_OCCUPIED
  | The phone number is already in use
  ! This number has an account already.
  ? The program tried to register it, as if it were new.
  - Sign in with the number instead of registering it.
  @ at once

PHONE_PASSWORD_PROTECTED
  | This phone is password protected
  ! The account has a password, and this program took a way in that cannot ask for it.
  ? That way is older than two-step verification; only very old programs take it.
  - Bring the program and its Telegram library up to date.
  - Sign in with number, code and password, as this script does.
  @ at once, with the newer program

“Please make sure to call send_code_request first.”
  ~ send_code*bytes or str expected, not <class 'NoneType'>
  ! {library} could not read the phone number.
  ? It understands only digits, +, brackets, dashes and blanks. Dots, slashes, letters, or nothing at all make it give
    up, with a text that says something else.
  - Write the number with + and digits only, for example +447700900123.
  - If a settings file holds it, check that the program reads that file, and that the value is not empty.
  @ at once, with the corrected number

“bytes or str expected, not <class 'NoneType'>”?
  ! Nothing was given where a text has to be.
  ? In a sign-in that is the phone number: Telethon makes nothing of one with dots, slashes or letters, or of an empty
    one. Elsewhere the line above shows the call. Often it is a setting that the program does not find.
  - Write a phone number with + and digits only, for example +447700900123.
  - If a settings file holds the value, check that the program reads that file, and that the value is not empty.
  @ at once, with the value in its place

== The code

PHONE_CODE_INVALID
  | The phone code entered was invalid
  | code you entered is not correct
  | code you entered is incorrect
  ! This code is wrong.
  ? It is mistyped, or it belongs to an older message: each new code replaces the one before.
  - Look at the newest message where the code was sent, and type exactly that code.
  - If it is the right one and still refused, ask for a new code. Wrong tries count against a daily limit.
  @ at once

PHONE_CODE_EMPTY “You must provide a phone and a code the first time”
  | The phone code is missing
  ! No code arrived at Telegram.
  ? The request to sign in was sent without a code.
  - Type the code that you received. If none has come, ask for another one, or sign in by QR code.
  @ at once

PHONE_CODE_EXPIRED
  | The confirmation code has expired
  ! This code is not valid any more.
  ? Codes live for a few minutes, and a new code kills the old one. Telegram also kills a code at once when it is
    written into any Telegram chat, forwarded, or sent as a screenshot, even to yourself.
  - Ask for a new code.
  - Read it on the phone and type it here by hand. Do not send it to yourself in Telegram.
  @ at once, with a new code

PHONE_CODE_HASH_EMPTY PHONE_HASH_EXPIRED CODE_HASH_INVALID?
  ~ The phone code hash is missing
  ~ An invalid or expired `phone_code_hash` was provided
  | Code hash invalid
  ~ You also need to provide a phone_code_hash.
  ! The code does not belong to this sign-in any more.
  ? With each code Telegram hands out a receipt (phone_code_hash), and the two must come together. The receipt is
    missing or too old: the program was started again in between, or the code was asked for somewhere else.
  - Start again from the phone number and let a new code be sent.
  - Enter it in the same run of the program, without a long pause.
  @ at once, with a new code

SEND_CODE_UNAVAILABLE
  ~ all available options for this type of number were already used
  ! Telegram has no other way left to send the code.
  ? Programs that are not Telegram's own get codes in the Telegram app, rarely elsewhere; text messages ended in 2023.
    What could be tried for this number has been tried.
  - Use the code that was already sent: look in the chat “Telegram” on each device where the account is open, also in
    the archive.
  - If the account is open on a phone, sign in by QR code: that needs no code.
  - Otherwise start again tomorrow.
  @ after 24 hours, counted from the last try

SMS_CODE_CREATE_FAILED
  ~ An error occurred while creating the SMS code
  ! Telegram could not send the text message.
  ? Something is out of order on the way from Telegram to the phone company. It is not your fault.
  - Wait some minutes and ask for a code again.
  - Or sign in by QR code, which needs no message.
  @ after 10 minutes

SentCodePaymentRequired
  ~ 'SentCodePaymentRequired' object has no attribute
  ! Telegram wants to be paid for the text message to this country.
  ? For some countries it sends codes by SMS only after a Premium subscription was bought in the official app. That
    cannot be done here.
  - If the account is open on a phone, sign in here by QR code.
  - Otherwise sign in with the official app first, then here by QR code.
  @ at once, by QR code

SentCodeSuccess
  | logged in right after sending the code
  ! You are signed in already.
  ? Telegram recognised this program from before and asked for no code. Some programs crash on that answer.
  - In this script there is nothing to do.
  - In another program: start it again, and it will find itself signed in.
  @ not needed

“the code never arrives”
  ~ no login code
  ~ login code…not arriv%
  ~ login code…not receiv%
  ~ login code…not com%
  ~ login code…not sent
  ~ login code…not being sent
  ~ login code…n't arriv%
  ~ login code…n't com%
  ~ login code…n't receiv%
  ~ login code…never arriv%
  ~ login code…never c%
  ~ not receiv%…login code
  ~ n't receive…login code
  ~ can% receive…login code
  ~ can't receive…login code
  ~ not get%…login code
  ~ n't get…login code
  ~ never receiv%…login code
  ~ never g%…login code
  ~ Telegram Code Not Being Sent
  | no code arrives
  | no code received
  | no code is sent
  | no code was sent
  | the code is not sent
  | code is not being sent
  | code not being sent
  | code was not sent
  | code not sent
  | code not receiv%
  | code is not receiv%
  | code not arriv%
  | code…n't arrive
  | code…does not arrive
  | code not com%
  | code is not coming
  | code does not come
  | code…n't come
  | code never comes
  | code never came
  | code never arriv%
  | not receive the…code
  | not receive code
  | not receive any code
  | not receiving…code
  | n't receive…code
  | can% receive…code
  | can't receive…code
  | can% received my code
  | never receive%…code
  | not get the…code
  | not getting…code
  | n't get the…code
  | not send the…code
  | not sending…code
  | n't send…code
  | did not receive the code
  | where is the code
  ! Telegram says that the code was sent, but nothing comes.
  ? In most cases it lies unseen in the chat “Telegram” in an app where the account is open. Often enough Telegram
    simply does not deliver codes for programs that are not its own.
  - Search for the chat “Telegram” on every phone and computer where the account is open, also in the archive.
  - Read what this script says about where the code was sent: it may be an e-mail.
  - Sign in by QR code: scan it in the app under Settings → Devices → Link Desktop Device. That needs no code.
  - Do not ask for codes again and again: that ends in a lock of a day.
  @ after 24 hours, counted from the last try

“{number} consecutive sign-in attempts failed. Aborting”
  ! Three wrong codes, and Telethon gave up.
  ? It asks three times and then stops. It says “invalid code” also when the code has run out, so the code may have
    been typed right.
  - Start again and let a new code be sent.
  - Type the newest code within a few minutes.
  @ at once, with a new code

== The password of two-step verification

SESSION_PASSWORD_NEEDED NoPasswordProvided?
  ~ Two-steps verification is enabled and a password is required
  ~ Two-step verification is enabled for this account. Please provide the
  ! This account also wants its password.
  ? Its owner has set up two-step verification. This is a normal step, not a failure.
  - Enter the password of two-step verification. It is not the code and not the PIN of the phone.
  - If it is forgotten, let it be reset by the recovery e-mail.
  @ at once

PASSWORD_HASH_INVALID PasswordIncorrect?
  | The password (and thus its hash value) you entered is invalid
  ! The password is wrong.
  ? Telegram compared it with the password of two-step verification, and they differ. Capitals and blanks count.
  - Check Caps Lock and the language of the keyboard, or type it in a text editor first to see it.
  - Make sure that it is the password of two-step verification (Settings → Privacy and Security), not the passcode
    that opens the app, not the PIN of the phone, not the password of your e-mail.
  - If it is forgotten, reset it by the recovery e-mail, or in an app that is still signed in (takes 7 days).
  @ at once, a few times; then Telegram asks for a pause

“2FA enabled”?
  ~ QR login not supported
  | Account has 2FA enabled
  | 2FA…not supported
  | 2FA password…required
  | 2FA is enabled
  | authorizationStateWaitPassword
  | onPasswordRequired
  ! The account has a password, and this program did not ask for it.
  ? Its owner has set up two-step verification (2FA). The program knows no way to take the password, or was given none.
  - Sign in with this script, which asks for the password, and paste the session string into that program.
  - Or look in the settings of the program for a place for the 2FA password.
  @ at once

SRP_ID_INVALID SRP_A_INVALID
  | Invalid SRP ID provided
  ! The password could not be checked this time.
  ? Passwords are never sent to Telegram; they answer a riddle that it sets. The riddle had changed meanwhile, or the
    answer was built wrongly. It says nothing about your password.
  - Enter the password again: a new riddle is fetched for each try.
  - If it repeats, start again from the phone number.
  @ at once

SRP_PASSWORD_CHANGED
  | Password has changed
  ! The password was changed just now.
  ? Somebody changed it on another device while this sign-in was under way.
  - If that was you, enter the new password.
  - If not, open Telegram on your phone at once: Settings → Devices, and end the sessions that you do not know.
  @ at once, with the new password

PASSWORD_EMPTY? PASSWORD_MISSING? PASSWORD_REQUIRED?
  | The provided password is empty
  ~ unsupported password algorithm NoneType
  ! This account has no password.
  ? It has no two-step verification, so there is none to enter, to recover or to reset.
  - Go on without a password, or start again and enter only the code.
  @ at once, without a password

“unsupported password algorithm PasswordKdfAlgoUnknown”
  ! This Telethon is too old for the password of this account.
  ? Telegram checks it by a method that the installed version does not know.
  - {upgrade}
  @ at once, with the newer {library}

“bad p/g in password”
  ~ bad b in check
  ~ bad g_b
  ! The password was not sent, because the other side cannot be trusted.
  ? The numbers for checking it are not the ones that Telegram uses. Something between this machine and Telegram may be
    altering the traffic.
  - Do not enter the password on this network.
  - Switch off proxies, or use another network, and start again.
  @ at once, on another network

PASSWORD_RECOVERY_NA
  ~ No email was set, can't recover password via email
  ! This account has no recovery e-mail.
  ? None was set when the password was made, so it cannot be reset that way.
  - Think of the hint that is shown, and of how you usually write passwords.
  - Where Telegram is still open: Settings → Privacy and Security → Two-Step Verification → Forgot password. That takes
    7 days.
  - The last resort is to delete the account in the app and begin anew. Chats and contacts are lost then.
  @ at once, with the right password

PASSWORD_RECOVERY_EXPIRED?
  | The recovery code has expired
  ! The recovery code is too old.
  ? Codes in recovery mails are good for a short time only, and a newer mail kills the older.
  - Let a new recovery mail be sent.
  - Enter its code soon.
  @ at once, with a new mail

CODE_EMPTY?
  | The provided code is empty
  ! No recovery code arrived at Telegram.
  ? The line was empty.
  - Enter the code from the recovery mail.
  @ at once

NEW_SETTINGS_INVALID? NEW_SALT_INVALID?
  | The new settings are invalid
  | The new salt is invalid
  ! The new password was not accepted.
  ? Recovery and a new password in one step did not work. Recovery alone does.
  - Recover without setting a new password.
  - Set the new one in the Telegram app afterwards: Settings → Privacy and Security → Two-Step Verification.
  @ at once, without a new password

RESET_REQUEST_MISSING?
  | No password reset is in progress
  ! There is no reset of the password to call off.
  ? None was asked for, or it has been called off or finished already.
  - Nothing.
  @ not needed

PASSWORD_TOO_FRESH_{seconds} SESSION_TOO_FRESH_{seconds}
  ~ The password was added too recently and {seconds} seconds must pass
  ~ The session logged in too recently and {seconds} seconds must pass
  ! The password or the session is too new for this.
  ? Telegram allows some sensitive things only when both are some days old.
  - Wait {seconds}, or do it on a device that has been signed in for longer.
  @ after {seconds}, counted from the error

2FA_CONFIRM_WAIT_{seconds}
  ~ it will be deleted in a week. Otherwise it can be reset in {seconds}
  ! The account will be deleted when the wait is over.
  ? Somebody asked for its deletion without knowing the password. Telegram waits a week first: {seconds} are left.
  - If you do not want that, open Telegram on another device and refuse it in the chat “Telegram”.
  - Better: recover the password by e-mail, then nothing has to be deleted.
  @ after {seconds}, counted from the error

2FA_RECENT_CONFIRM
  ! The deletion of the account was just called off.
  ? Somebody refused it on a device that is signed in. So it cannot be asked for again soon.
  - Sign in with the help of that device: it shows codes and scans QR codes.
  - Otherwise wait a week.
  @ in a week

== The e-mail

“SentCodeTypeEmailCode'> is not a valid SentCodeType”
  ~ SentCodeTypeEmailCode*is not a valid
  ~ SentCodeTypeSetUpEmailRequired*is not a valid
  ~ 'SentCodeTypeSetUpEmailRequired' object has no attribute
  ! The code was sent by e-mail, or Telegram wants an e-mail address, and this program does not know that.
  ? The library is older than login e-mails. The code itself may be in the mail already.
  - {upgrade}
  - Or sign in with this script, which asks for the code of the e-mail, and turn the session into one for that program
    with “convert”.
  @ at once, with the newer library

“is not a valid SentCodeType”
  ~ is not a valid NextCodeType
  ~ unexpected type %SentCodeType%
  ! The code was sent in a way that this program does not know.
  ? The library is older than that way. The message names it.
  - {upgrade}
  - Or sign in with this script, and turn the session into one for that program with “convert”.
  @ at once, with the newer library

EMAIL_INVALID?
  | The given email is invalid
  ! This e-mail address is not valid.
  ? A character is wrong or missing.
  - Type it again: name, @, provider, ending.
  @ at once, with the corrected address

EMAIL_NOT_ALLOWED?
  ! Telegram does not accept this e-mail address.
  ? It refuses throw-away addresses and some providers, and addresses that were used for many accounts.
  - Use another address, with a well-known provider.
  @ at once, with another address

EMAIL_NOT_SETUP? EMAIL_INSTALL_MISSING
  ! This account has no login e-mail.
  ? A code by e-mail was asked for, or a change of the address, but no address has ever been set.
  - Start again from the phone number. If Telegram wants an address, it asks for one then.
  - Or sign in by QR code.
  @ at once, from the beginning

EMAIL_CODE_EMPTY?
  ! No e-mail code arrived at Telegram.
  ? The line was empty.
  - Enter the code from the newest mail. Look in the spam folder too.
  @ at once

CODE_INVALID?
  | Code invalid (i.e. from email)
  ! The code from the e-mail is wrong.
  ? It is mistyped, or from an older mail: only the newest one counts.
  - Open the newest mail from Telegram and copy the code from it.
  @ at once

EMAIL_VERIFY_EXPIRED? EMAIL_HASH_EXPIRED?
  | The verification email has expired
  ~ The email hash expired and cannot be used to verify it
  ! The code from the e-mail is too old.
  ? It is good for a short time only.
  - Let a new mail be sent and enter its code soon.
  @ at once, with a new mail

EMAIL_UNCONFIRMED_{length}?
  ~ Email unconfirmed, the length of the code must be {length}
  | Email unconfirmed
  ! The new e-mail address still has to be confirmed.
  ? Telegram has sent a mail with a code of {length} digits to it.
  - Open that mail (also look in the spam folder) and enter the {length} digits.
  @ at once, with the code

TASK_ALREADY_EXISTS?
  ! The login e-mail is being reset already.
  ? That was asked for before and takes some days. Then Telegram sends codes another way.
  - Wait for the date that Telegram gave when the reset was asked for (sent_code.type.reset_pending_date).
  - Meanwhile sign in by QR code, if the account is open on a phone.
  @ on the date of the reset

== The QR code

AUTH_TOKEN_EXPIRED?
  | The provided authorization token has expired
  ! This QR code is too old.
  ? Each one is good for about 30 seconds, then a new one takes its place.
  - Scan the code that is on the screen now. Have the scanner open before: Settings → Devices → Link Desktop Device.
  @ at once, with the new QR code

AUTH_TOKEN_ALREADY_ACCEPTED
  | The authorization token was already used
  ! This QR code has been used already.
  ? A code works once. Either this sign-in is finished, or somebody else scanned it first.
  - If the script does not go on, let it show a new QR code and scan that one.
  - Look at Settings → Devices in the app, and end a session that you do not know.
  @ at once, with the new QR code

AUTH_TOKEN_INVALID? AUTH_TOKEN_INVALIDX AUTH_TOKEN_EXCEPTION
  | An invalid authorization token was provided
  | The specified auth token is invalid
  ~ An error occurred while importing the auth token
  ! Telegram does not recognise this QR code.
  ? It was damaged on the way, or belongs to another data centre, or to Telegram's test servers.
  - Let a new QR code be shown and scan it with the app itself, not with the camera of the phone.
  - If the screen makes it blurred, enlarge the window or use a lighter background.
  @ at once, with the new QR code

WEBAUTH_TOKEN_EXPIRED?
  ! This web login link is too old.
  ? Links from the app to Telegram Web carry a ticket that is good for a short time.
  - Open the link in the app again, or sign in by code or QR code.
  @ at once, with a new link

CREDENTIAL_INVALID? PASSKEY_ORIGIN_MISMATCH? PASSKEY_CREDENTIAL_NOT_FOUND?
  ! Passkeys do not work here.
  ? A passkey for Telegram only answers Telegram's own apps and website. Other programs cannot use it.
  - Sign in by code or by QR code.
  @ at once, by code or QR code

“QR not scanned in time”
  ~ QR login with receive_updates=False, or scanned before wait()
  ~ qrlogin.py*TimeoutError
  ~ qr_login*TimeoutError
  ~ qr%.wait(*TimeoutError
  | qr code…expired
  | qr login timed out
  | qr…not scanned
  ! Nobody scanned the QR code, or the program did not notice it.
  ? Each code is good for about 30 seconds. Some programs also miss a scan, because they do not listen at that moment.
  - Open the scanner first: Settings → Devices → Link Desktop Device. Then scan the newest code.
  - If the app says that it worked and the program still waits, start it again.
  @ at once, with the new QR code

“Login token response was unexpected”
  | couldn't perform the QR login
  ! The scan was seen, but the sign-in did not follow.
  ? Telegram handed out another QR code in place of the sign-in. Often the account also has a password, or is in
    another data centre, and the program does not know how to go on.
  - Use this script: it asks for the password and moves to the right data centre.
  - Or scan the newest QR code once more.
  @ at once, with the new QR code

“'LoginTokenSuccess' object has no attribute”
  ~ unexpected type *tg.AuthLoginTokenSuccess
  ~ unexpected type %AuthLoginTokenSuccess
  ! You are signed in already.
  ? Telegram accepted at once, and the program still looked for a QR code. That is a gap in the program.
  - Start it again; it will find itself signed in. If not, sign in by code or with this script, which knows that answer.
  @ not needed

“'LoginTokenMigrateTo' object has no attribute”
  ~ unexpected type %AuthLoginTokenMigrateTo
  ! The account is in another data centre, and the program did not follow.
  ? After the scan Telegram said where to go on. That is a gap in the program's use of Telethon.
  - Sign in by QR code with this script: it moves to the right data centre.
  @ at once

== Bots

ACCESS_TOKEN_INVALID?
  | The provided token is not valid
  ! Telegram does not know this bot token.
  ? It is mistyped, cut off, or was never one. A token looks like 123456789:AA… with 35 characters after the colon.
  - Open @BotFather, /mybots, choose the bot, API Token.
  - Copy the whole line, digits, colon and letters.
  @ at once, with the right token

ACCESS_TOKEN_EXPIRED?
  | Bot token expired
  ! This bot token is not valid any more.
  ? It was revoked, or the bot was deleted.
  - Get the present token: @BotFather, /mybots, choose the bot, API Token.
  @ at once, with the new token

BOT_METHOD_INVALID
  ~ The API access for bot users is restricted
  ! Bots may not do this.
  ? The session belongs to a bot, and Telegram allows this call to people only.
  - If the program needs your own account, sign in with your phone number and use that session string.
  - If it should be a bot, look for what the program offers for bots.
  @ at once, with the other kind of session

BUSINESS_CONNECTION_NOT_ALLOWED
  ! This cannot be done in the name of a business account.
  ? The program wrapped the call for a connected business bot. Sign-in calls cannot be wrapped so.
  - Report it to the makers of the program.
  @ no use before the program is mended

“telegram.error.Unauthorized: Unauthorized”
  ~ telegram.error.InvalidToken
  ~ TelegramUnauthorizedError
  ~ The token … was rejected by the server
  ~ api.telegram.org*401 Unauthorized
  ~ ETELEGRAM: 401 Unauthorized
  ~ ETELEGRAM: 404 Not Found
  ~ A request to the Telegram API was unsuccessful. Error code: 401
  ~ "error_code":401,"description":"Unauthorized"
  ~ "error_code": 401, "description": "Unauthorized"
  ! The Bot API does not accept the token of this bot.
  ? It is mistyped, cut off, or was revoked at @BotFather. The Bot API is another way to Telegram than a session string.
  - Get the present token: @BotFather, /mybots, choose the bot, API Token.
  - Copy the whole line, digits, colon and letters.
  @ at once, with the right token

“terminated by other getUpdates request”
  ~ Conflict: terminated by other
  ~ TelegramConflictError
  ~ telegram.error.Conflict
  ~ ETELEGRAM: 409 Conflict
  ! Two programs use the token of this bot at the same time.
  ? Telegram's Bot API gives the news to one of them only: a second copy of the program runs, or another one.
  - Find and stop the second program: another terminal, a server, a container.
  @ at once, when the other program has stopped

“can't use getUpdates method while webhook is active”
  ! This bot has a webhook, so its news cannot be fetched.
  ? The Bot API brings them to the address that was set (setWebhook), and does not hand them out besides. n8n, for
    example, sets one for a workflow that is active.
  - Remove it (deleteWebhook, or switch that workflow off), or use it in the place of getUpdates.
  @ at once, without the webhook

“bad webhook”
  ! Telegram cannot use the address of this bot's webhook.
  ? The Bot API looks that address up and calls it, from outside. Behind “bad webhook” it says what was wrong with it.
  - Give an address that begins with https:// and is reached from the internet, at port 443, 80, 88 or 8443.
  - In n8n that is WEBHOOK_URL; for a computer at home it takes a tunnel.
  @ at once, with the right address

== The session

AUTH_KEY_UNREGISTERED ACTIVE_USER_REQUIRED? TelethonUnauthorized TDesktopUnauthorized
  | The key is not registered in the system
  | account is not logged in
  ~ tdl*not authorized. please login first
  | not authorized. please login first
  | User is unauthorized
  ~ Telegram client…is not authorized
  | client is not authorized
  | user is not authorized
  | You are not authorized
  | Invalid Session
  | session is invalid
  | session…is not valid
  | Session not found
  ~ The method is only available to already activated users
  ! This session is not signed in.
  ? The key in it is unknown to Telegram as a signed-in one: the sign-in was never finished, or it was logged out, or
    Telegram ended it. For a key that has just been made this is normal.
  - Sign in once more and use the new session string.
  - Put the new string in the place of the old one wherever you pasted it.
  @ at once, with a new sign-in

AUTH_KEY_INVALID? AUTH_KEY_PERM_EMPTY AUTH_BYTES_INVALID ENCRYPTED_MESSAGE_INVALID?
  | The key is invalid
  ~ unavailable for temporary authorization key
  | The provided authorization is invalid
  | Encrypted message invalid
  ! The key in this session is not valid.
  ? The session is damaged, was half converted from another program, or its key was thrown away by Telegram.
  - Put the old session aside. Do not delete it yet.
  - Sign in once more and use the new session string.
  @ at once, with a new sign-in

AUTH_KEY_DUPLICATED
  ~ used under two different IP addresses simultaneously
  ! This session was used in two places at once, and is dead for good.
  ? Telegram allows one connection at a time for a session. It saw two, from two programs or two machines, and so ended
    it for your safety. It cannot be brought back.
  - Find and stop the second program: another server, another container, your own computer, an old process.
  - Sign in again here, once for each program, so that each has a session string of its own.
  - Never give the same string to two programs that run at the same time.
  @ at once, with a new sign-in

SESSION_REVOKED
  ~ because of the user terminating all sessions
  ! This session was ended from another device.
  ? Somebody chose “Terminate session” or “Terminate all other sessions” in Telegram, or tapped “No, it's not me”.
  - If that was not you, look at Settings → Devices in the Telegram app and change your password.
  - Sign in once more and use the new session string.
  @ at once, with a new sign-in

SESSION_EXPIRED?
  | The authorization has expired
  ! This session has run out.
  ? Telegram ends sessions that were not used for a while. How long is set in the Telegram app: Settings → Devices →
    Automatically terminate sessions.
  - Sign in once more and use the new session string.
  - To keep it longer, raise that limit, and let the program connect now and then.
  @ at once, with a new sign-in

USER_DEACTIVATED?
  | The user has been deleted/deactivated
  ! This account has been deleted.
  ? Its owner deleted it, or Telegram did after a long time without use. With this text Telegram also answers for some
    banned accounts.
  - Enter the number in an official Telegram app: it says whether the account is gone or banned.
  - If it is gone, the number can be registered anew there. Chats and contacts do not come back.
  @ as soon as the account exists again

USER_DEACTIVATED_BAN
  ! Telegram has banned this account.
  ? It believes that its rules were broken, usually by spam. The session is useless as long as the ban lasts.
  - Enter the number in an official Telegram app and tap Help when it says that the number is banned: that prepares the
    mail to recover@telegram.org.
  - Do not try again and again here.
  @ only after Telegram has lifted the ban

FROZEN_METHOD_INVALID FROZEN_PARTICIPANT_MISSING
  ~ You tried to use a method that is not available for frozen accounts
  ~ Your account is frozen and can't access the chat
  ! This account is frozen: it can read, but not act.
  ? Telegram froze it because of a complaint or a suspicion. Without an appeal it is deleted on a date that the app
    shows.
  - Open Telegram on the phone: it shows a bar about the freeze with a link to appeal. The bot @SpamBot does it too.
  - Do it before that date, and explain in your own words.
  - Do not try again here meanwhile.
  @ only after Telegram has lifted the freeze

FRESH_RESET_AUTHORISATION_FORBIDDEN FRESH_CHANGE_PHONE_FORBIDDEN FRESH_CHANGE_ADMINS_FORBIDDEN
  ~ The current session is too new and cannot be used to reset other authorisations yet
  ! A new session may not do this yet.
  ? For its first 24 hours a session can neither end other sessions nor change the account. That protects you from
    somebody who has just broken in.
  - Do it on a device that has been signed in for longer, or wait a day.
  @ after 24 hours, counted from the last try

HASH_INVALID?
  | The provided hash is invalid
  ! This session is not in the list any more.
  ? The one that was to be ended has ended already.
  - Open Settings → Devices in the Telegram app and look at the list again.
  @ not needed

TEMP_AUTH_KEY_EMPTY TEMP_AUTH_KEY_ALREADY_BOUND EXPIRES_AT_INVALID?
  ~ No temporary auth key provided
  ~ The passed temporary key is already bound
  ! The short-lived key of this connection was refused.
  ? Some libraries change keys every day, and tie each to the key of the session. That did not work, often because the
    clock of the computer is wrong. Telethon does not do this by itself.
  - Set the clock of the computer automatically.
  - Start the program again. If it stays, report it to its makers.
  @ at once, with the right time

AuthKeyNotFound? -404!
  ~ The server claims it doesn't know about the authorization key
  ~ transport error -404 (key exists)
  ~ transport error -404
  | transport error: 404
  ~ l\\xfe\\xff\\xff
  ! Telegram does not know the key in this session at all.
  ? The session is damaged, was made on Telegram's test servers, belongs to another data centre, or was converted
    wrongly: some strings of other libraries are misread without a word. With a key that has just been made it is a
    fault of Telegram's own.
  - In a sign-in that has only begun, try again.
  - Otherwise run this script with “check” to see what the session really is.
  - If it comes from another library, use “convert”. If not, put it aside and sign in once more.
  @ at once, with a new sign-in

“session 401 hidden”
  | get_me() returned None
  | get_me*'NoneType' object has no attribute
  | me.id*'NoneType' object has no attribute 'id'
  | me.first_name*'NoneType' object has no attribute 'first_name'
  | me.username*'NoneType' object has no attribute 'username'
  ! The session is not signed in, and the program hides why.
  ? Telethon turns every such answer of Telegram into “nobody is there”: never signed in, ended, run out, banned,
    deleted, or waiting for the password.
  - Run this script with “check --online”: it tells these apart.
  - Usually a new sign-in is needed.
  @ at once, with a new sign-in

“Interactive phone login is disabled”
  ~ Refusing to start…interactive
  ~ Refusing to start…session
  ~ Refusing to start…login
  | Refusing to start
  ! The program is not signed in, and it may not ask for number and code.
  ? It was started by another program (an MCP client, a service), where nobody can answer. It has only the name of a
    session, and that session is not signed in.
  - Sign in with this script, and give the program the session string.
  - Look how the variable for it is called: often TELEGRAM_SESSION_STRING.
  @ as soon as the session string is there

“Session decryption failed”
  ~ session*Unsupported state or unable to authenticate data
  | Unsupported state or unable to authenticate data
  | decrypt…session
  ! The program cannot read this session: it is encrypted with another key.
  ? Some programs keep the session encrypted with a key of their own. It was encrypted by another program or
    another installation, the key has changed, or what was pasted is no session of that program at all.
  - Let the program sign in anew, or give it a plain session string if it takes one.
  - Run this script with “check” on what you have: it says what it is.
  @ at once, with a session of that very program

“Exception while reading session file”
  ~ Use the correct api_hash/id/key, or delete the file to start a new session
  | Padding is invalid and cannot be removed
  ! WTelegramClient cannot read its session file.
  ? It is encrypted with the API hash it was made with. That has changed since, or the file belongs to another library.
  - Give it the API ID and API hash that the file was made with.
  - Or put the file aside and sign in once more with that program.
  @ at once, with the right API hash or a new sign-in

“Can't lock file…binlog”
  ~ td.binlog*already in use
  ~ binlog…already in use
  ! Another program is using this folder of TDLib.
  ? Only one program at a time can work with it. Often the same program still runs in the background.
  - Find and stop it: another terminal, a service, a container.
  - Give each program a folder of its own.
  @ at once, when the other program has stopped

“unexpected authState=authorizationStateWaitTdlibParameters”
  ~ authorizationStateWaitTdlibParameters
  ~ Initialization parameters are needed: call setTdlibParameters first
  ! TDLib was started only half in this program.
  ? It still waits for its first settings (API ID, API hash, its folder), and the program went on without them.
  - Start the program again (in n8n: restart n8n).
  - If it stays, remove the folder that TDLib keeps for it, and sign in there once more.
  @ at once, after a new start

“User is already connected”?
  ! The program says that somebody is signed in already, and that may hide a first connection that failed.
  ? mautrix-telegram says so after a first try that went wrong. Its log says how: often a wrong API ID (the number of a
    bot in its place), or no connection.
  - Look into the log for the first error, and look that one up here.
  - Check API ID and API hash in its settings, then start it again.
  @ as soon as the first error is mended

“IPv6 session, use_ipv6=False”
  ! This session belongs to an IPv6 address, and the program uses IPv4.
  ? Telethon then goes to data centre 2 with a key that may belong to another one, and Telegram does not know it there.
  - Run this script with “convert” to make an IPv4 string of it.
  - Or switch IPv6 on in the program (use_ipv6=True).
  @ at once, with the converted string

“GramJS string accepted by mistake”
  ! This is a session string of GramJS (JavaScript), not of Telethon.
  ? Both begin with 1. Some have just the length that Telethon expects, so it reads nonsense without noticing.
  - Run this script with “convert” to make a Telethon string of it.
  @ at once, with the converted string

“StringSession with all-zero key”
  ! This session string holds no key.
  ? It was saved before anybody signed in, so it is empty inside.
  - Sign in and use the new session string.
  @ at once, with a new sign-in

“Not a valid string”?
  | Invalid session string
  ! This is not a session string of Telethon.
  ? It has to begin with the digit 1. It may have a quote or a blank in front, come from another library (Pyrogram,
    GramJS, mtcute), or be something else: an API hash, a bot token, a file name.
  - Copy only the string itself, without quotes and without the name in front of it.
  - Run this script with “check”: it says what it is, and repairs what can be repaired.
  - If it comes from another library, use “convert”.
  @ at once, with the right string

“unpack requires a buffer of 271 bytes”
  ~ unpack requires a buffer of 267 bytes
  ~ pyrogram*unpack requires a buffer of {number} bytes
  ~ pyrogram/storage*Incorrect padding
  ~ pyrogram/storage*Invalid base64-encoded string
  ~ pyrogram\\storage*Incorrect padding
  ~ pyrogram\\storage*Invalid base64-encoded string
  ! This is not a whole session string of Pyrogram.
  ? Part of it is missing, a blank or a line break has got in, or it comes from another library: a string of Telethon
    begins with 1, one of Pyrogram and its heirs does not, and one of the oldest has another length.
  - Copy it again in one piece.
  - Run this script with “check”: it says what it is. “convert” makes the right kind of it.
  @ at once, with the whole string

“unpack requires a buffer of 275 bytes”
  ~ unpack requires a buffer of 263 bytes
  ~ stringsession*Incorrect padding
  | Incorrect padding
  | Invalid base64-encoded string: number of data characters ({number}) cannot be 1 more than a multiple of 4
  | Invalid base64-encoded string
  ! The session string has been damaged in copying.
  ? Part of it is missing, or a blank or a line break has got in. A whole one has 353 characters (369 with an IPv6
    address) on a single line, begins with 1 and ends with =.
  - Copy it again in one piece, up to the = at the end. Widen the window first, so that it is not broken into lines.
  - Run this script with “check”: it says how much is missing, and repairs what can be repaired.
  @ at once, with the whole string

“string argument should contain only ASCII characters”?
  ! A foreign character is in the session string.
  ? Only plain letters, digits, -, _ and = belong there. Word processors and chats like to put in others.
  - Copy the string again as plain text, from a terminal or a text editor.
  @ at once, with the clean string

“sessions/sqlite.py*file is not a database”
  ~ sessions\\sqlite.py*file is not a database
  ~ sessions/sqlite.py*database disk image is malformed
  ~ sessions\\sqlite.py*database disk image is malformed
  ~ pyrogram/storage*file is not a database
  ~ pyrogram\\storage*file is not a database
  ~ .session*file is not a database
  ~ .session*database disk image is malformed
  | SessionFileInvalid
  ! The session file is damaged, or is not a session file.
  ? A Telethon session is a small SQLite database, and this file is not one, or parts of it are broken. It may be
    encrypted, half copied, or belong to another program.
  - Check that the path is the right one.
  - Run this script with “check” on the file.
  - Take a copy from before, or sign in once more.
  @ at once, with a good file

“file is not a database”
  = SQLite's
  ~ database disk image is malformed
  ! This file is no database of SQLite, or it is damaged.
  ? It may be encrypted, half copied, or belong to another program.
  - Check that the path is the right one.
  - If it is a session file of Telethon or Pyrogram (.session), run this script with “check” on it.
  - Take a copy from before, or sign in once more.
  @ at once, with a good file

“sessions/sqlite.py*database is locked”
  ~ sessions\\sqlite.py*database is locked
  ~ pyrogram/storage*database is locked
  ~ pyrogram\\storage*database is locked
  ~ .session*database is locked
  ~ .session%*being used by another process
  ~ .session%*WinError 32
  ~ being used by another process: '%.session'
  ~ WinError 32*.session'
  ! Another program is using this session file.
  ? Only one program at a time can work with it (or with the program's own database, if it has one). Often the same bot
    or server still runs in the background.
  - Find and stop it: another terminal, a service, a container, an editor that restarts programs.
  - Give each program a session of its own. A session string avoids the file altogether.
  @ at once, when the other program has stopped

“database is locked”
  = SQLite's
  ~ WinError 32
  ~ being used by another process
  ! Another program is using this file.
  ? Only one program at a time can write into a database of SQLite, such as a session file (.session). Often the same
    program still runs in the background.
  - Find and stop it: another terminal, a service, a container, an editor that restarts programs.
  - Give each program a session of its own. A session string avoids the file altogether.
  @ at once, when the other program has stopped

“sessions/sqlite.py*unable to open database file”
  ~ sessions\\sqlite.py*unable to open database file
  ~ pyrogram/storage*unable to open database file
  ~ pyrogram\\storage*unable to open database file
  ~ .session*unable to open database file
  | SessionFileNotFound
  ! The session file cannot be opened.
  ? The folder does not exist, the path is a folder, or the program may not read it. In containers the folder is often
    not there at all.
  - Check each part of the path, as the program sees it from where it runs.
  - Check that the user who runs the program may write in that folder.
  @ at once, with the corrected path

“unable to open database file”
  = SQLite's
  ! The database file cannot be opened.
  ? The folder does not exist, the path is a folder, or the program may not read it. In containers the folder is often
    not there at all. A session file (.session) of Telethon is such a database.
  - Check each part of the path, as the program sees it from where it runs.
  - Check that the user who runs the program may write in that folder.
  @ at once, with the corrected path

“sessions/sqlite.py*attempt to write a readonly database”
  ~ sessions\\sqlite.py*attempt to write a readonly database
  ~ pyrogram/storage*attempt to write a readonly database
  ~ pyrogram\\storage*attempt to write a readonly database
  ~ .session*attempt to write a readonly database
  ~ Read-only file system*.session'
  ! The session file is read-only.
  ? Telethon writes into it, also when it only reads messages. The file, its folder or the whole disk does not allow it.
  - Make file and folder writable for the user who runs the program.
  - Or copy the file to a place that is, or use a session string instead.
  @ at once, with a writable file

EROFS “attempt to write a readonly database”
  = SQLite's and the system's
  # 30
  ~ Read-only file system
  ! The file is read-only.
  ? The file, its folder or the whole disk does not allow to write. Telethon writes into its session file also when it
    only reads messages.
  - Make file and folder writable for the user who runs the program.
  - Or copy the file to a place that is, or use a session string instead.
  @ at once, with a writable file

“the terminal is gone”
  = the system's
  ~ print(*Errno 5
  ~ input(*Errno 5
  ~ stdout*Errno 5
  ~ stdin*Errno 5
  ~ readline*Errno 5
  ~ write EIO
  ~ read EIO
  ! The terminal that the program talked to is gone.
  ? Its window was closed, or the connection to the server ended, while the program still ran: it can neither show nor
    read anything any more.
  - Start it again in a terminal that stays open: tmux or screen, or as a service.
  - As a service it cannot ask for number and code: sign in before, and give it the session string.
  @ at once

EIO
  = the system's
  # 5
  ~ Input/output error
  ! The system could not read or write.
  ? If the program ran in a terminal, its window may have been closed meanwhile. Otherwise the disk is at fault.
  - Start it again in a terminal that stays open.
  - If it stays, look whether the disk is full or failing, and copy the session file elsewhere.
  @ at once

ENOSPC EDQUOT “disk I/O error”
  = the system's
  # 28
  ~ database or disk is full
  ~ No space left on device
  ~ Disk quota exceeded
  ! The disk is full or failing.
  ? The file could not be read or written.
  - Free some space, then start again.
  - If there is space enough, the disk itself may be at fault: copy the session file elsewhere.
  @ as soon as there is space

“SQLite objects created in a thread can only be used in that same thread”
  = SQLite's
  ! The program uses its database from two threads.
  ? SQLite allows only the one that opened it. With Telethon: the client was made in one thread and is used in another.
  - Make and use the client in the same thread, inside one event loop.
  - Or give the program a session string: it needs no database.
  @ at once, with the program mended

“Cannot operate on a closed database”
  = SQLite's
  ! The program went on after its database was closed.
  ? With Telethon: the client was disconnected, and something still used it. Another error often came first.
  - Look further up in the log for the first error.
  - Start the program again. Or give it a session string, which needs no database.
  @ at once

“pyrogram/storage*no such column: number”
  ~ pyrogram\\storage*no such column: number
  ~ pyrogram*storage*no such column: number
  | no such column: server_address
  ~ table sessions has no column named
  ~ pyrogram*no such table: version
  ! The session file is of another library than the program's.
  ? Telethon and Pyrogram both write files that end in .session; they look alike from outside, and their insides
    differ. Pyrogram and its heirs say this of a file of Telethon.
  - Run this script with “check” on the file: it says whose it is.
  - Run it with “convert” to make the right kind of it.
  @ at once, with the converted session

“sessions/sqlite.py*no such column: version”
  ~ sessions\\sqlite.py*no such column: version
  ! This is a session file of Pyrogram, not of Telethon.
  ? Both end in .session and look alike from outside; their insides differ.
  - Run this script with “convert” to make a Telethon session of it.
  @ at once, with the converted session

“no such column”
  = SQLite's
  ! The database is not built as the program expects.
  ? It lacks a column that the program asks for. The program is of another version than the one that made the database,
    or it is the database of another program. A session file (.session) may be of another library: those of Telethon and
    of Pyrogram have different columns.
  - If it is a session file, run this script with “check” on it: it says whose it is.
  - Otherwise look how the program brings its database up to date.
  @ at once, with the right database

“duplicate column name: takeout_id”
  ! The session file was left half upgraded.
  ? Two versions of Telethon have changed it, or one was stopped in the middle.
  - Run this script with “convert”: it reads such files, too.
  - Or take a copy from before, or sign in once more.
  @ at once, with the converted session

“too many values to unpack (expected 5)”?
  ~ sessions/sqlite.py*too many values to unpack
  ~ sessions\\sqlite.py*too many values to unpack
  | too many values to unpack (expected 5, got 6)
  | too many values to unpack (expected 6)
  ~ table entities has 6 columns but 5 values were supplied
  ~ table sessions has {number} columns but {total} values were supplied
  ~ table entities has {number} columns but {total} values were supplied
  ! The session file was made by a newer Telethon than this one.
  ? Telethon 1.43 and newer add a column to every session file that they open, and older ones cannot read it then.
  - {upgrade}
  - Or run this script with “convert”: it writes files that all of them read.
  @ at once, with the newer {library} or the converted file

SecurityError? “Server replied with a wrong session ID”
  ~ Server replied with an invalid auth key
  ~ Received msg_key doesn't match with expected one
  ~ Server sent an even msg_id
  ! An answer came that was not meant for this connection.
  ? Two programs use the same session, or something in between alters the traffic. Telethon throws such answers away.
  - Stop every other program that uses this session; give each its own.
  - If there is none, try another network, without proxy.
  @ at once, when nothing else uses the session

“tdesktop*msg_key mismatch”
  ~ decrypt keyEncrypted
  ! This tdata folder cannot be unlocked.
  ? Telegram Desktop has locked it with a passcode and none or a wrong one was given, or the tdata folder is damaged or
    was copied while Telegram Desktop was running.
  - Give the passcode that Telegram Desktop asks for when it starts (in tdl: tdl login -p).
  - Or switch it off in Telegram Desktop (Settings → Privacy and Security → Local passcode), close it, and copy the
    folder again.
  @ at once, with the passcode or the whole folder

TDataAuthKeyNotFound TDataInvalidMagic TDataBadDecryptKey TFileNotFound
  ~ No account has been loaded
  ~ open key_data
  ~ key_datas…not found
  ! This tdata folder cannot be read.
  ? It is not the whole folder of Telegram Desktop, was copied while Telegram Desktop was running, or nobody is signed
    in there.
  - Close Telegram Desktop and copy the whole tdata folder again.
  - Run this script with “check” on the folder.
  @ at once, with the whole folder

TDataWrongPasscode
  ! Telegram Desktop has locked this folder with a passcode.
  ? That is the passcode that Telegram Desktop asks for when it starts. It is not the password of the account.
  - Give the passcode, or switch it off in Telegram Desktop (Settings → Privacy and Security → Local passcode) and copy
    the folder again.
  @ at once, with the passcode

“popup after a 406”
  ~ updateServiceNotification
  ! Telegram has something to tell you.
  ? After some refusals it sends the reason as a message for people, in the language of the account.
  - Read the text that is shown with the error: it says more than the name of the error.
  @ as that text says

== Too many tries

FLOOD_WAIT_{seconds}
  ~ A wait of {seconds} seconds is required
  | flood wait of {seconds}
  | flood wait: {seconds}
  ~ Sleeping for {seconds}s…flood wait
  | Too Many Requests: retry after {seconds}
  ~ must wait for {seconds}s
  ~ Waiting for {seconds} seconds before continuing (required by
  ~ requests again only after {seconds} seconds
  ! Telegram asks for a pause of {seconds}.
  ? There were too many tries of one kind in a short time: by this account, for this number or from this API ID.
    Telegram refuses more until the pause is over. Of sign-ins about five a day are allowed for a number.
  - Wait until then. Trying earlier is refused, and can make the pause longer.
  - Stop every other program that does the same with this account or number.
  - In a sign-in: if a code has already arrived, it may still be good: use it then.
  @ after {seconds}, counted from the error

“Flood control exceeded…Retry in {seconds}”
  ~ Error code: 429. Description: Too Many Requests: retry after {seconds}
  ~ 429: Too Many Requests: retry after {seconds}
  ~ "error_code":429*Too Many Requests: retry after {seconds}
  ~ "error_code": 429*Too Many Requests: retry after {seconds}
  ~ Retry in {seconds} seconds*api.telegram.org
  ~ "parameters":{"retry_after":{seconds}
  ~ TelegramRetryAfter…retry after {seconds}
  ~ TelegramRetryAfter*Retry in {seconds} seconds
  ! The Bot API asks for a pause of {seconds}.
  ? The bot did too much in a short time. About one message a second is allowed in a chat, 20 a minute in a group, and
    30 a second in all.
  - Wait until then, and let the bot write more slowly.
  @ after {seconds}, counted from the error

FLOOD_PREMIUM_WAIT_{seconds} FLOOD_SKIP_FAILED_WAIT_{seconds} SLOWMODE_WAIT_{seconds}
  ~ A wait of {seconds} seconds is required in non-premium accounts
  ~ A wait of {seconds} seconds is required before sending another message in this chat
  ! A short pause of {seconds}.
  ? Telegram slows this down on purpose: transfers for accounts without Premium, messages in a chat with slow mode, or
    calls that follow each other too fast. It has nothing to do with the sign-in.
  - Wait until then and go on.
  @ after {seconds}, counted from the error

FLOOD_TEST_PHONE_WAIT_{seconds}
  ~ A wait of {seconds} seconds is required in the test servers
  ! Telegram's test servers ask for a pause of {seconds}.
  ? Too many sign-ins with this test number.
  - Wait until then, or use another test number (99966, the data centre's digit, and any four more).
  @ after {seconds}, counted from the error

PHONE_NUMBER_FLOOD
  ~ You asked for the code too many times
  ! Too many codes were asked for with this number.
  ? Telegram has a daily limit for each number, and this number is over it. It does not say how long it lasts; a day is
    what the limits are made for.
  - Do not ask for more codes, not here and not in any other app.
  - Try the last code that you received; it may still be good.
  - If the account is open on a phone, sign in by QR code: that needs no code.
  @ after 24 hours, counted from the last try

PHONE_PASSWORD_FLOOD
  ~ You have tried logging in too many times
  ! Too many failed sign-ins with this number.
  ? Codes or passwords were wrong too often, so Telegram has locked the door for a while. It does not say for how long;
    a day is what its limits are made for.
  - Stop trying, in every app.
  - Find the right password meanwhile, or have the recovery e-mail at hand.
  - Try once when the time is over.
  @ after 24 hours, counted from the last try

FLOOD? 420!
  ! Too many tries.
  ? Telegram has closed this way for a while, and does not say for how long. A day is what its limits are made for.
  - Stop trying, in every app and program.
  - Try once when the time is over.
  @ after 24 hours, counted from the last try

-429! “Invalid response buffer (HTTP code 429)”
  ~ transport error -429
  | transport error: 429
  ~ transport error: -429
  ~ transport flood
  ~ S\\xfe\\xff\\xff
  ! Too many connections from this address.
  ? A program here, or somebody else behind the same address, connects again and again. Telegram refuses them all for a
    while. Telethon makes it worse: it comes back at once, hundreds of times a second.
  - Stop every program that uses Telegram from this machine.
  - Wait ten minutes or more, then start one.
  @ after 10 minutes

PEER_FLOOD
  | Too many requests (caused by
  ! Telegram has limited this account because it looks like spam.
  ? Too many messages to strangers, or invitations, in a short time. Signing in still works.
  - Ask the bot @SpamBot in the app what is limited, and until when.
  - Stop sending to people who have not written to you.
  @ as @SpamBot says

TAKEOUT_INIT_DELAY_{seconds}
  ~ A wait of {seconds} seconds is required before being able to initiate the takeout
  ! The export of the account has to wait {seconds}.
  ? Telegram asks on your other devices whether the export is really yours, and waits until you say so.
  - Open the chat “Telegram” on your phone and allow the export, or wait.
  @ after {seconds}, counted from the error

== The data centre

PHONE_MIGRATE_{dc} NETWORK_MIGRATE_{dc}? USER_MIGRATE_{dc}? FILE_MIGRATE_{dc}? STATS_MIGRATE_{dc}?
  ~ is associated with DC {dc}
  ~ Phone migrated to {dc}
  ! This belongs to Telegram's data centre {dc}.
  ? Telegram keeps each account in one of five data centres, and sends the sign-in there. This is normal, and this
    script moves by itself. A session that was made for another data centre does not work there.
  - Nothing, if the sign-in goes on by itself.
  - If it does not: run this script with “network” to see whether this machine reaches data centre {dc}.
  - If a session from elsewhere says this, sign in once more: it carries the wrong data centre.
  @ at once

DC_ID_INVALID “Failed to get DC {dc}”
  ~ an authorization is tried to be exported for the same data center
  ~ Invalid response buffer (HTTP code 444)
  ~ transport error -444
  | transport error: 444
  ~ D\\xfe\\xff\\xff
  ! There is no such data centre.
  ? Telegram has five, and the number asked for is none of them, or not to be found in the list. A session from
    elsewhere may carry a wrong number, or an MTProxy leads somewhere else.
  - Run this script with “check” on the session to see which data centre it names.
  - With a proxy: use another one, or none.
  - Otherwise start again. If it stays, go on with the next step.
  - {upgrade}
  @ at once, with the corrected session or proxy

CDN_METHOD_INVALID UNKNOWN_METHOD?
  ~ This method cannot be invoked on a CDN server
  ~ The method you tried to call cannot be called on non-CDN DCs
  ! This is one of Telegram's file servers; nobody can sign in there.
  ? The session points to the wrong kind of server.
  - Put the session aside and sign in once more.
  @ at once, with a new sign-in

== Telegram's servers

AUTH_RESTART_{number} SIGN_IN_FAILED?
  | Restart the authorization process
  | Failure while signing in
  ! Telegram lost the thread and wants the sign-in to start again.
  ? Something failed inside Telegram between two steps. It is not about your number, code or password.
  - Start again from the phone number; a new code will come.
  - If it comes again, wait ten minutes.
  @ at once, from the beginning

AUTH_KEY_UNSYNCHRONIZED
  ! Telegram's servers have not all heard of this new connection yet.
  ? The one that checks the password needs some seconds more.
  - Wait a few seconds and enter the password again.
  @ in a few seconds

TIMEOUT? TimedOutError? RPC_CALL_FAIL? RPC_MCGET_FAIL RPC_SEND_FAIL? RPC_CONNECT_FAILED? INTERDC_{dc}_CALL_ERROR
    INTERDC_{dc}_CALL_RICH_ERROR WORKER_BUSY_TOO_LONG_RETRY POSTPONED_TIMEOUT? MSG_WAIT_FAILED MSG_WAIT_TIMEOUT?
    MSGID_DECREASE_RETRY NEED_MEMBER_INVALID REG_ID_GENERATE_FAILED MEMBER_OCCUPY_PRIMARY_LOC_FAILED
    STORE_INVALID_SCALAR_TYPE? RANDOM_ID_DUPLICATE PERSISTENT_TIMESTAMP_OUTDATED -503! -500!
  | Timeout while fetching data
  | No workers running
  | Persistent timestamp outdated
  ~ Telegram is having internal issues
  ~ Telegram is having internal problems
  ~ Telegram says: [500
  | -503 Timeout
  | -503: Timeout
  ~ An error occurred while communicating with DC {dc}
  ~ A rich error occurred while communicating with DC {dc}
  ~ Telegram workers are too busy to respond immediately
  | The postponed call has timed out
  | A waiting call returned an error
  | The request should be retried with a lower message ID
  | The provided member is invalid or does not exist
  ~ Failure while generating registration ID
  ~ Occupation of primary member location failed
  ~ You provided a random ID that was already used
  ! Telegram has trouble of its own just now.
  ? One of its servers failed, was too busy or did not reach another. It has nothing to do with you.
  - Wait a minute and try again.
  - If it lasts for an hour, look whether Telegram itself works on your phone.
  @ after 1 minute

MEMBER_NO_LOCATION?
  | couldn't find location
  ! Telegram cannot find where this account is kept.
  ? That is a fault inside Telegram. It usually goes away by itself.
  - Wait an hour and try again.
  - If it stays for days, write to Telegram: Settings → Ask a Question in the app.
  @ after 1 hour

“Invalid response buffer (HTTP code 404)”
  ~ transport error -404 (no key yet)
  ! Telegram's server refused to start a connection.
  ? It hung up during the first steps, before any session came into play.
  - Try again.
  - If it stays, try another network, and no proxy. Run this script with “network” to see which data centres answer.
  @ at once

“Request was unsuccessful {number} time(s)” (hides the cause)
  ! {library} gave up, and hides why.
  ? It repeated the call several times in silence. Behind it is a pause that Telegram asked for, trouble on its
    servers, or a data centre that is not reached.
  - Wait a minute, then run it with this script, which shows the real answer.
  - If it repeats, wait an hour.
  @ after 1 minute

== The network

“Connection to Telegram failed {number} time(s)” (hides the cause)
  ~ Failed to connect to Telegram
  ~ Unable to connect to Telegram
  ~ Cannot connect to host api.telegram.org
  ~ mtproto.(*Conn)*dial failed
  ! No connection to Telegram could be made.
  ? Neither Telegram nor the proxy answered. Either this machine is offline, or something on the way blocks Telegram.
  - Check that other pages open in a browser on this machine.
  - Run this script with “network”: it finds out where it ends.
  - Try another network, for example the hotspot of a phone, or a VPN or proxy.
  @ as soon as the network is mended

“auth_key generation failed {number} time(s)” (hides the cause)
  ~ Attempt {number} at new auth_key failed
  ~ Step 1 invalid nonce from server
  ~ Step 2 could not find a valid key for fingerprints
  ~ Step 2 invalid nonce from server
  ~ Step 2 invalid server nonce from server
  ~ Step 2 invalid DH fail nonce from server
  ~ Step 3 AES block size mismatch
  ~ Step 3 invalid nonce
  ~ Step 3 invalid new nonce hash
  ~ g_a is not within
  | Step {number} answer was
  ~ Step N answer was
  ~ Bad auth_key_id
  | Bad msg_id
  ! The first handshake with Telegram failed.
  ? Somebody answered, but not as Telegram does. A proxy, a filter or a fake server stands in between, or this Telethon
    is too old to know Telegram's present keys.
  - Switch off proxy and VPN, or use another network.
  - Set the clock of the computer automatically.
  - {upgrade}
  @ at once, on another network

“Cannot send requests while disconnected” (hides the cause)
  ~ engine forcibly closed
  ~ engine was closed
  | ConnectionError: Not connected
  | Not connected
  ! The connection was closed in the middle.
  ? The line dropped, or {library} hung up by itself after another error, which stands further up in the log.
  - Look further up in the log for the first error.
  - Start again.
  @ at once

“0 bytes read on a total of 8 expected bytes”?
  | Server closed the connection
  | {number} bytes read on a total of {total} expected bytes
  | IncompleteReadError
  ! The other side picked up and hung up without a word.
  ? A filter, a wrong proxy, or Telegram itself does that, when there were too many connections from this address.
  - Run this script with “network”: it finds out which.
  - If you use a proxy, check its type and port.
  - Try another network, or wait some minutes.
  @ as soon as the network is mended

“{number} bytes read on a total of 1347703872 expected bytes”
  ! A web page answered in the place of Telegram.
  ? The network wants you to sign in first, as in hotels and trains, or a web proxy stands in between.
  - Open any page in a browser on this machine and sign in to the network.
  - If you use a proxy, set its type to http.
  @ as soon as the network lets you through

“Invalid response buffer (too short”
  ~ Invalid response buffer (HTTP code 403)
  ~ transport error -403
  | transport error: 403
  ~ No more data left to read
  | InvalidBufferError
  ! The answer was not Telegram's.
  ? Some bytes came back that are not its language. Usually a proxy of another type answers, or a filter on the way.
  - If you use a proxy, check type, port and secret.
  - Run this script with “network”, or try another network.
  @ as soon as the network is mended

InvalidChecksumError?
  ~ This packet should be skipped
  ! An answer was damaged on the way.
  ? The line or a proxy changes what passes through.
  - Try again.
  - If it stays, use another network or no proxy.
  @ at once

“connect hangs: server accepts, never answers”?
  | connect hangs
  | hangs on connect
  ! The line stands, but Telegram never answers.
  ? Something on the way lets the call through and swallows what is said: a filter that recognises Telegram, or a proxy
    with a wrong secret. Telethon waits without end.
  - Stop the program with Ctrl-C.
  - Run this script with “network”: it gives a verdict in seconds.
  - Try another network, a VPN or another proxy.
  @ as soon as the network is mended

“call hangs: answer never comes”?
  | call hangs
  ! A question was sent, and no answer comes.
  ? The line died without anybody noticing, or the clock of the computer jumped, so that answers are thrown away.
  - Stop the program with Ctrl-C and start it again.
  - Check that the clock of the computer is right.
  @ at once

“Pool timeout: All connections in the connection pool are occupied”
  | httpx.PoolTimeout
  ! The program had no connection free, and nothing was sent.
  ? It does more at once than it has connections for (python-telegram-bot: connection_pool_size).
  - Raise connection_pool_size or pool_timeout in the program, or let it do less at once.
  @ at once

TimeoutError ETIMEDOUT
  = the network's
  # 110 60 10060
  ~ WinError 121
  ~ telegram.error.TimedOut
  ~ i/o timeout
  ~ context deadline exceeded
  ~ Connection timed out
  ! Nobody answered.
  ? The call went out and nothing came back, not even a refusal. Firewalls and filters do that, and so does a network
    that is down somewhere on the way.
  - If it is Telegram that was called, run this script with “network”: it finds out where it ends.
  - Try another network, for example the hotspot of a phone, or a VPN or proxy.
  - Allow Python in the firewall of this computer.
  @ as soon as the network is mended

ConnectionRefusedError ECONNREFUSED
  = the network's
  # 111 61 10061 1225
  ~ Connection refused
  ! The connection was refused.
  ? The machine was reached, but nothing listens there. If you use a proxy, it is not running, or its port is wrong.
    Otherwise a firewall says no.
  - If you use a proxy, check that it runs, its host and its port.
  - If it is Telegram that was called, run this script with “network”, and try another network.
  @ as soon as the network or proxy is mended

ConnectionResetError ECONNRESET BrokenPipeError EPIPE
  = the network's
  # 104 54 32 10054 10058
  ~ WinError 64
  ~ Connection reset by peer
  ~ Broken pipe
  ! The connection was cut off.
  ? The other side, or a filter on the way, hung up in the middle. Filters that look into connections do just that.
  - Try again.
  - If it repeats, try another network, a VPN or a proxy. If it is Telegram that was called, run this script with
    “network” for a verdict.
  @ at once

ConnectionAbortedError ECONNABORTED
  = the network's
  # 103 53 10053 1236
  ! This computer cut the connection itself.
  ? An antivirus, a VPN or a change of network (Wi-Fi to cable, sleep) closed it.
  - Try again.
  - If it repeats, switch off VPN and web protection of the antivirus for a moment.
  @ at once

ENETUNREACH EHOSTUNREACH ENETDOWN
  = the network's
  # 101 51 113 65 100 50 10051 1231 10065 1232 10050
  ~ Network is unreachable
  ~ Network is down
  ~ No route to host
  ! This machine has no way to that network.
  ? It is offline, a VPN is half open, or it was told to use IPv6 where there is none.
  - Check Wi-Fi, cable and VPN; open a page in a browser.
  - Leave out --ipv6 (use_ipv6=True) unless this network has IPv6 only.
  - In a container: check that it has a network at all.
  @ as soon as the machine is online

“Invalid argument: '%”
  = the system's
  ~ Invalid argument: "%
  ~ filename, directory name, or volume label syntax is incorrect
  ! The name of a file is one that this system does not allow.
  ? It stands in the message. On Windows characters such as : ? * are not allowed in it, and a path that was pasted may
    have marks in it that nobody sees.
  - Take such characters out of the name of the file, or of the session.
  - Type the path anew in the settings.
  @ at once, with another name

EINVAL
  = the system's
  # 22 10022
  ! The system refused a value.
  ? It does not say which one: the line of the program above the error shows it. That may be a date that Windows does
    not know (before 1970, or in the far future), the name of a file, or an address that does not fit.
  - Look at that line, and at the value that it uses.
  - If it comes from a connection: leave out --ipv6 (use_ipv6=True) and the local address (local_addr).
  @ at once, with another value

EADDRNOTAVAIL EAFNOSUPPORT
  = the network's
  # 99 49 97 47 10049 1214 10047
  ~ Cannot assign requested address
  ~ Can't assign requested address
  ~ Address family not supported
  ~ A local IPv6 address must only be used with
  ~ Unknown local address format
  ! This computer cannot use that kind of address.
  ? IPv6 is switched off here, or a local address or a proxy address does not fit.
  - Leave out --ipv6 (use_ipv6=True).
  - Leave out the local address (local_addr), and check host and port of the proxy.
  @ at once, with the corrected setting

gaierror EAI_NONAME EAI_AGAIN ENOTFOUND
  = the network's
  ~ getaddrinfo failed
  ~ getaddrinfo ENOTFOUND
  ~ Name or service not known
  ~ nodename nor servname provided
  ~ Temporary failure in name resolution
  ~ No address associated with hostname
  # -2 -3 11001 11002
  ! A name could not be turned into an address.
  ? The name is wrong, or the name service (DNS) of this machine is not working. The message often shows the name.
  - Check how it is written. If a proxy is used, it may be the proxy's.
  - Otherwise this machine is probably offline: open a page in a browser.
  - In a container or a VPN: check its DNS setting.
  @ as soon as the name is right or DNS works

== The proxy

ProxyConnectionError
  = the proxy's
  ~ Could not connect to proxy
  ~ Couldn't connect to proxy
  ! The proxy cannot be reached.
  ? Host or port is wrong, or the proxy is not running.
  - Check that the proxy program runs, and compare host and port.
  - Try it in a browser.
  @ as soon as the proxy runs

ProxyTimeoutError
  = the proxy's
  ~ Proxy connection timed out
  ! The proxy does not answer.
  ? Host, port or type is wrong, or it is overloaded.
  - Compare type, host and port with what the provider says.
  - Try it in a browser, or use another one.
  @ as soon as the proxy answers

“Username and password authentication failure”
  = the proxy's
  ~ No acceptable authentication methods were offered
  ~ Unexpected SOCKS authentication method
  ~ 407 Proxy Authentication Required
  ! The proxy wants a user name and password, and these are not right.
  ? None were given, or they are mistyped, or have run out.
  - Put them in the proxy's address: socks5://user:password@host:port
  - Characters such as @, : and / in the password must be written as %40, %3A and %2F.
  @ at once, with the right user name and password

“Connection not allowed by ruleset”
  = the proxy's
  ~ ProxyError…403 Forbidden
  ~ proxy: 403 Forbidden
  ~ Tunnel connection failed: 403
  ! The proxy forbids this connection.
  ? Its owner has blocked that address (Telegram's, in a sign-in), or allows web pages only.
  - Use another proxy, or ask its owner.
  @ at once, with another proxy

ProxyError
  = the proxy's
  ~ General SOCKS server failure
  ~ proxy…Network unreachable
  ~ proxy…Host unreachable
  ~ Connection refused by destination host
  ~ proxy…TTL expired
  ~ Command not supported or protocol error
  ~ Address type not supported
  ~ Request rejected or failed
  ~ ProxyError…502 Bad Gateway
  ~ proxy: 502 Bad Gateway
  ~ Tunnel connection failed: 502
  ! The proxy works, but does not get through.
  ? It has no way there, is itself behind a block, or does not know this kind of connection (for example IPv6).
  - Leave out --ipv6.
  - Use another proxy.
  @ at once, with another proxy

“Unexpected SOCKS version number”
  = the proxy's
  ~ Invalid proxy response
  ! This proxy is of another type.
  ? The program spoke SOCKS, and the other side answered in another language: it is an HTTP proxy.
  - Write http:// in place of socks5:// (or set the type to http).
  @ at once, with the right type

“Unknown proxy protocol type”
  ~ Proxy of unknown format
  ~ _parse_proxy() missing
  ~ _parse_proxy() got an unexpected keyword
  ! The proxy setting cannot be understood.
  ? Telethon wants type (socks5, socks4 or http), host and port as separate values; a link is not understood there.
  - In this script write it as one address: socks5://host:port
  - In other programs give type, host and port separately. MTProxy has a setting of its own.
  @ at once, with the corrected setting

“No module named 'socks'”
  ~ No module named 'python_socks'
  ! The helper for proxies is not installed.
  ? Telethon needs the package python-socks to speak to a proxy.
  - Install it: python3 -m pip install "python-socks[asyncio]"
  - If pip refuses: explain externally-managed-environment
  - If you did not want a proxy, remove the proxy setting.
  @ as soon as it is installed

“MTProxy secret must be a hex-string representing 16 bytes”
  ~ MTProxy secret*Incorrect padding
  ~ tcpmtproxy*Incorrect padding
  ~ tcpmtproxy*Invalid base64-encoded string
  ~ No proxy info specified for MTProxy connection
  ~ Failed to submit input*unknown tag
  ~ invalid secret*unknown tag
  | mtproxy*unknown tag
  | unhashable type: 'slice'
  | KeyError: slice
  ! The MTProxy setting is not complete.
  ? It needs host, port and secret. The secret is 32 characters of 0-9 and a-f, sometimes with dd in front. “unknown
    tag” comes from a bridge (mautrix-telegram) that hands the secret over as text: a newer one is mended.
  - Copy the whole link of the proxy again (tg://proxy?server=…&port=…&secret=…).
  - In other programs give host, port and secret in this order.
  @ at once, with the whole setting

“Proxy closed the connection after sending initial payload”
  ! The MTProxy hung up.
  ? The secret is wrong, or the proxy only takes “fake TLS” secrets, which begin with ee. Telethon cannot speak to
    those.
  - Copy the secret again.
  - If it begins with ee, use another MTProxy (secret without ee), or a SOCKS5 proxy.
  @ at once, with another proxy

== The clock

“Server sent a very new message”
  ~ Server sent a very old message
  ~ Too many messages had to be ignored consecutively
  ~ bad_msg_notification 16
  ~ bad_msg_notification 17
  ~ bad_msg_notification 20
  ~ BadMsgNotification: [16]
  ~ BadMsgNotification: [17]
  ~ BadMsgNotification: [20]
  ~ BadMsgNotification…msg_id
  | msg_id is too low
  | msg_id is too high
  | msg_id too low
  | msg_id too high
  | Message too old, and it cannot be verified
  | System clock is wrong
  ! The clock of this computer is wrong.
  ? Telegram and Telethon ignore messages from the wrong time: more than 30 seconds ahead or 5 minutes behind. A clock
    that jumps (sleep, virtual machine) makes every call hang.
  - Let the computer set its clock automatically. Linux: sudo timedatectl set-ntp true. Windows and macOS: Settings →
    Date & time.
  - In a virtual machine or WSL: restart it, or switch on its time synchronisation.
  - Start the program again.
  @ at once, with the right time

== This computer, and the program

EOFError! “EOF when reading a line”
  = Python's
  ~ input(*EOFError
  ~ auth.py*EOFError
  ~ getpass*EOFError
  ! The program asked a question, but nobody could answer.
  ? It runs without a terminal: as a service, in a container, or started by another program such as Claude or n8n. There
    is no keyboard.
  - If it asks for Telegram's number and code: sign in once in a terminal with this script, and paste the session string
    into the settings of that program; then it has nothing to ask.
  - Otherwise look how the answer can be given in its settings, or start it in a terminal.
  - In Docker: add -it to docker run.
  @ as soon as nothing has to be asked

“EOFError”
  = Python's
  ! Something was to be read, and nothing came any more.
  ? Nearly always the program asked a question (phone number, code, password), and it runs without a terminal, so that
    nobody can answer. A file or a connection that ended too early is the other reason.
  - If it is a program for Telegram: sign in once in a terminal with this script, and paste the session string into the
    settings of that program; then it has nothing to ask.
  - Otherwise look at the lines before it: they say what was to be read.
  @ as soon as nothing has to be asked

“the input device is not a TTY”
  = docker's
  ~ input device is not a TTY
  ~ cannot attach stdin to a TTY-enabled container
  ! Docker was to give the program a terminal, and has none itself.
  ? “docker run -t” needs a terminal. A service, a scheduled task or an MCP client has none.
  - Where an MCP client or a service starts it: use -i in the place of -it.
  - To sign in, start it in a real terminal with -it (in Git Bash on Windows: winpty docker run -it …).
  @ at once, without -t

“Permission denied (publickey”
  = the program ssh's
  ! The other computer does not let this one in: it knows none of the keys that were shown.
  ? That is about ssh or git, and not about Telegram.
  - With git: use the address that begins with https://, or add your public key to your account there.
  @ as soon as it knows the key

PermissionError EACCES EPERM
  = the system's
  # 13 1 10013
  ~ WinError 5
  ~ Permission denied
  ! The operating system does not allow this.
  ? A firewall or antivirus forbids Python the connection, or the user may not read or write that file or folder.
  - For a connection: allow Python in the firewall, or ask whoever looks after this computer.
  - For a file: check who owns it, and that this user may write in its folder.
  @ as soon as it is allowed

FileNotFoundError ENOENT
  = the system's
  # 2
  ~ WinError 2
  ~ WinError 3
  ~ No such file or directory
  | ENOENT
  ! A file, a folder or a program was not found.
  ? Its name stands in the message: “spawn uvx ENOENT” means that there is no program uvx where the other program looks.
    What another program starts (Claude, n8n, a service) runs in another folder, and with another search path.
  - Compare the name, letter by letter, and install what is missing.
  - Write the path in full, from the root of the disk.
  @ as soon as it is there

EADDRINUSE
  = the system's
  # 98 48 10048
  ~ Address already in use
  ~ Only one usage of each socket address
  ! Another program uses this port already.
  ? A program that serves others needs a port for itself. Often it is the same one, started before and still running.
  - Find and stop it: another terminal, a service, a container.
  - Or give one of the two another port in its settings.
  @ as soon as the port is free

EMFILE ENFILE ENOBUFS
  = the system's
  # 24 23 105 55 10024 10055
  ~ Too many open files
  ~ No buffer space available
  ! This computer has run out of connections or open files.
  ? A program opens them and never closes them. A Telethon that reconnects in a loop does that.
  - Stop other programs, above all those that use Telegram; or restart the computer.
  - Wait a minute, then start again.
  @ after 1 minute

OSError (hides the cause)
  = the system's
  ! The operating system refused something.
  ? The text behind the name says what, and often names the file or the address.
  - Read that text; look its number up here, for example: explain Errno 13
  - If it comes from a connection to Telegram, run this script with “network”.
  @ as that text says

KeyboardInterrupt (hides the cause)
  = Python's
  ! Somebody stopped the program.
  ? Ctrl-C was pressed, or another program sent the same signal. That is no error.
  - Nothing. If it had hung before, look at the lines above.
  @ at once

CancelledError (hides the cause)
  = Python's
  ! The call was dropped before its answer came.
  ? The program hung up while the call was under way, mostly because of another error that stands further up in the log.
  - Look further up in the log for the first error.
  - Start again.
  @ at once

CONNECTION_NOT_INITED “TelegramClient instance cannot be reused after logging out”
  | Connection not initialized
  ~ Client has not been started yet
  ! The connection was left half open.
  ? An earlier step failed, and the program went on with the same connection.
  - Close the program and start it again.
  @ at once

CONNECTION_LAYER_INVALID INPUT_LAYER_INVALID INPUT_METHOD_INVALID INPUT_CONSTRUCTOR_INVALID INPUT_FETCH_ERROR
    INPUT_FETCH_FAIL METHOD_INVALID? TypeNotFoundError?
  ~ The very first request must always be InvokeWithLayerRequest
  | The provided layer is invalid
  ~ The invoked method does not exist anymore or has never existed
  | The provided constructor is invalid
  ~ An error occurred while deserializing TL parameters
  ~ Failed deserializing TL payload
  ~ The API method is invalid and cannot be used
  ~ Could not find a matching Constructor ID
  ~ The server sent an unknown constructor
  ~ unknown constructor
  ~ unexpected constructor
  ~ unexpected id 0x
  ~ Type id … not found
  ~ tl_object.py*KeyError: {number}
  ! {library} and Telegram do not understand each other.
  ? They speak different versions of the same language (the “layer”). Nearly always {library} is out of date.
  - {upgrade}
  - Do not use one session with two different libraries.
  - If it stays, report it to the makers of the program.
  @ at once, with the newer {library}

INPUT_REQUEST_TOO_LONG “Request payload is too big”
  | The input request was too long
  ! Too much was sent at once.
  ? Something huge was pasted where a number, a code or a hash belongs.
  - Look at what was pasted, and enter it again.
  @ at once, with the corrected value

CONNECTION_APP_VERSION_EMPTY CONNECTION_DEVICE_MODEL_EMPTY CONNECTION_SYSTEM_EMPTY CONNECTION_SYSTEM_LANG_CODE_EMPTY
    CONNECTION_LANG_CODE_INVALID CONNECTION_LANG_PACK_INVALID LANG_CODE_INVALID? LANG_CODE_NOT_SUPPORTED?
  | App version is empty
  | Device model empty
  ~ Connection system empty
  ~ The system language string was empty during connection
  ~ The specified language pack is not valid
  ! The program introduces itself to Telegram in a way that is refused.
  ? With each connection it tells its name, version, device and language. One of them is empty or not allowed; a
    language pack (lang_pack) is for official apps only.
  - Leave device_model, system_version, app_version, lang_code and system_lang_code unset: Telethon fills them.
  - Leave lang_pack empty.
  @ at once, with the corrected settings

DATE_EMPTY? PERSISTENT_TIMESTAMP_EMPTY PERSISTENT_TIMESTAMP_INVALID
  | Date empty
  | Persistent timestamp empty
  | Persistent timestamp invalid
  ! The program lost its place in the list of news.
  ? It asks Telegram for what it has missed, and names a place that Telegram does not know. The sign-in itself has
    usually worked.
  - Start the program again.
  - If it stays: run this script with “check --online” to see whether the session is alive, and sign in once more.
  @ at once

CHANNEL_INVALID? CHANNEL_PRIVATE? CHANNEL_MONOFORUM_UNSUPPORTED CHANNELS_TOO_MUCH CHAT_NOT_MODIFIED?
    CHAT_WRITE_FORBIDDEN CHAT_ADMIN_REQUIRED CHAT_ID_INVALID CHAT_FORWARDS_RESTRICTED CHAT_SEND_MEDIA_FORBIDDEN
    PEER_ID_INVALID FROM_MESSAGE_BOT_DISABLED USERNAME_INVALID? USERNAME_OCCUPIED USERNAME_NOT_OCCUPIED
    USER_BANNED_IN_CHANNEL USER_NOT_PARTICIPANT USER_ALREADY_PARTICIPANT USER_PRIVACY_RESTRICTED USER_IS_BLOCKED
    USER_NOT_MUTUAL_CONTACT INPUT_USER_DEACTIVATED INVITE_HASH_EXPIRED INVITE_HASH_INVALID MSG_ID_INVALID?
    MESSAGE_ID_INVALID? MESSAGE_NOT_MODIFIED MESSAGE_EMPTY? MESSAGE_TOO_LONG? FILE_REFERENCE_EXPIRED MEDIA_EMPTY?
    DATA_INVALID? TOPIC_DELETED?
  | Invalid channel object
  | The specified user was deleted
  ~ target user has been deleted/deactivated
  ~ The message ID used in the peer was invalid
  | Encrypted data invalid
  ~ The channel specified is private
  ~ The chat or channel wasn't modified
  | You can't write in this chat
  | An invalid Peer was used
  ~ Bots can't use fromMessage min constructors
  | Nobody is using this username
  | The username is already taken
  ~ You're banned from sending messages in
  ~ The target user is not a member of the specified
  ~ The user's privacy settings do not allow you to do this
  ~ The chat the user tried to join has expired
  ~ Could not find the input entity for
  ~ Cannot cast InputPeer%
  ~ Cannot find any entity corresponding to
  ! This is about a chat or a person, not about signing in.
  ? Telegram only refuses what the program wanted to do there: write, join, read a message, look somebody up. The
    session itself is not what it complains of.
  - Check the name or link of the chat, and that this account may see and write there.
  - Open the chat once in the Telegram app with the same account.
  @ at once, with the corrected chat, name or message

USER_ID_INVALID?
  | Invalid object ID for a user
  ! Telegram knows no user by the number that was sent.
  ? Mostly the program has put a chat where a user belongs, or a user whom this account has never met. Only where the
    session itself was being taken along to another data centre (auth.importAuthorization) is it the session's fault.
  - Look at the call that is named with the error, and at the user that it is about.
  - In a sign-in: put the old session aside, and sign in once more.
  @ at once, with the right user or a new sign-in

“Peer id invalid: -{number}”
  ! The library does not take the id of this chat.
  ? Pyrogram up to 2.0.106 knows ids of channels down to -1002147483647 only; newer channels have longer ones.
  - Use a library that goes on from Pyrogram and knows them, such as Kurigram, or bring the one that you use up to date.
  - Check that the id has not lost or gained a digit.
  @ at once, with the newer library

BadMessageError?
  ~ bad_msg_notification 18
  ~ bad_msg_notification 19
  ~ bad_msg_notification 34
  ~ bad_msg_notification 35
  ~ bad_msg_notification 64
  ~ bad_msg_notification (unknown code)
  ~ Incorrect two lower order msg_id bits
  ~ Container msg_id is the same as msg_id of a previously received message
  | An even msg_seqno expected
  | Odd msg_seqno expected
  | Invalid container
  | Unknown error code (this should not happen)
  ! Telegram refused the form of a message, not its content.
  ? That is between Telethon and Telegram, and nothing that you entered.
  - Start again. If it repeats, go on with the next step.
  - {upgrade}
  @ at once

“bad_msg_notification 32”
  ~ bad_msg_notification 33
  ~ BadMsgNotification: [32]
  ~ BadMsgNotification: [33]
  | msg_seqno is too low
  | msg_seqno is too high
  | msg_seqno too low
  | msg_seqno too high
  ! Two connections got in each other's way.
  ? The numbering of messages does not fit: the same session is in use twice, or the line has just been renewed.
    Telethon mends it by itself.
  - Nothing, if it comes once.
  - If it keeps coming, stop the other program that uses this session.
  @ at once

“bad_server_salt” (hides the cause)
  ~ bad_msg_notification 48
  | Incorrect server salt
  ! Telegram changed a number that each message carries.
  ? It does so every half hour. Telethon takes the new one and sends the message again.
  - Nothing. This line in a log is harmless.
  @ not needed

MultiError? (hides the cause)
  ! Several calls that were sent together failed.
  ? Each has its own reason; they stand in the same log.
  - Find the first error in the log and look that one up.
  @ as the first error says

“required argument is not an integer”?
  ! A value has the wrong type.
  ? A number was expected and a text was given, mostly the API ID in quotes.
  - Give the API ID as a number, without quotes, in the program or settings file that passes it on.
  @ at once, with the corrected value

“The given session must be a str or a Session instance”
  ! The session setting cannot be used.
  ? It is empty or of the wrong type. The variable that should hold it probably does not exist.
  - Give a session string or a file name, and check that the program reads the right variable.
  @ at once, with the corrected setting

“No phone number or bot token provided”
  | Both a phone and a bot token provided
  ! The program needs a phone number or a bot token, and exactly one of them.
  ? It was started with none, or with both.
  - Give the one that you want to sign in with, and remove the other from the settings.
  @ at once, with the corrected setting

“The asyncio event loop must not change after connection”
  = Python's
  ~ Event loop of type*lacks `sock_connect`
  ~ There is no current event loop
  ~ no running event loop
  ~ This event loop is already running
  ~ asyncio.run() cannot be called from a running event loop
  ~ You must use "async with" if the event loop is running
  ! The program and Python do not agree on the “event loop”.
  ? Programs with asyncio, and with Telethon, work inside one. This one started two of them, or none where one is
    needed, or its Telethon is older than its Python (3.14 needs Telethon 1.42 or newer).
  - {upgrade}
  - If it stays, report it to the makers of the program.
  @ at once, with the newer {library}

“Event loop is closed” (hides the cause)
  = Python's
  ~ Task was destroyed but it is pending
  ! The program ended while something was still to be done.
  ? Python says this at the end, when the “event loop” is closed already; another error mostly came first. If there is
    none, its Telethon may be older than its Python (3.14 needs Telethon 1.42 or newer).
  - Look further up in the log for the first error.
  - {upgrade}
  - If it stays, report it to the makers of the program.
  @ as the first error says

“was never awaited” (hides the cause)
  = Python's
  ! The program made a call and did not wait for it.
  ? “await” is missing before it; or another error ended the program first; or, with Telethon, it is older than this
    Python (3.14 needs Telethon 1.42 or newer), so that the call never began.
  - Look further up in the log for another error, and look that one up.
  - {upgrade}
  - If the program is yours, write “await” before that call.
  @ at once, with the newer {library} or the program mended

“can't be used in 'await' expression”
  = Python's
  ! The program waits for something that has been done already.
  ? “await” stands before a call that does not need it. With Telethon: after “import telethon.sync” each call waits by
    itself, outside of an “async def”.
  - Take away “import telethon.sync” (from telethon import TelegramClient instead), or the word “await”.
  @ at once, with the program mended

“cannot import name”
  = Python's
  ~ has no attribute
  ~ NameError: name
  ! The program uses a name that is not there.
  ? The message shows it. Either it is a slip of the pen in the program, or program and library are of different
    versions: names come, go and change between them (in Pyrogram 2, for example, the seconds of FloodWait are called
    value and not x).
  - Compare the name with what the library's documentation says for the version that is installed.
  - Install the version that the program was written for, or bring both up to date.
  @ at once, with names that fit

“'coroutine' object has no attribute”
  = Python's
  ~ coroutine' object is not
  ! The program did not wait for an answer.
  ? A call was made without “await”, and the promise of an answer was used like the answer.
  - Write “await” before that call, inside of an “async def”. With Telethon, “import telethon.sync” is the other way.
  @ at once, with the program mended

“No module named 'imghdr'”
  ~ No module named imghdr
  ! This Telethon is too old for this Python.
  ? Python 3.13 no longer has the module imghdr, which Telethon before 1.29 imports (so do some other packages). It is
    out of date.
  - Bring it up to date: python3 -m pip install --upgrade telethon
  @ at once, with the newer {library}

“No module named '_sqlite3'”
  = Python's
  ~ No module named '_sqlite3'
  ~ No module named 'sqlite3'
  ~ No module named _sqlite3
  ! This Python was built without SQLite.
  ? Telethon and others keep their session files in it. A Python that was built by hand lacks it when the system had no
    sqlite3 headers at that time.
  - Use another Python: the one of the system, or of python.org.
  - Or install the headers (Debian, Ubuntu: libsqlite3-dev) and build Python again.
  @ at once, with another Python

“Microsoft Visual C++ 14.0 or greater is required”
  = pip's
  ~ Microsoft Visual C++ 14
  ~ Failed building wheel for TgCrypto
  ~ Failed building wheel for cryptg
  ~ Could not build wheels for TgCrypto
  ~ Could not build wheels for cryptg
  ~ Failed to build TgCrypto
  ~ Failed to build cryptg
  ~ command 'gcc' failed
  ~ command 'x86_64-linux-gnu-gcc' failed
  ~ command 'cl.exe' failed
  ~ error: Microsoft Visual C++
  ~ can't find Rust compiler
  ~ unable to execute 'gcc'
  ! A package has to be built here, and that failed.
  ? There is no ready-made one for this Python, mostly because the Python is newer than the package. To build it takes a
    compiler and the headers of Python. tgcrypto and cryptg only make things faster: they are optional.
  - If it is tgcrypto or cryptg, leave it out: take its line out of requirements.txt.
  - Otherwise use a Python that is a year or two old: pip then finds a ready-made package.
  - Or install both (Debian, Ubuntu: build-essential and python3-dev).
  @ at once, without that package

“No module named 'mcp.server.fastmcp'”
  = the MCP library's
  ~ No module named 'mcp.%
  ~ has no attribute 'list_prompts'
  ~ cannot import name 'FastMCP'
  ! The MCP server and the package “mcp” do not fit each other.
  ? mcp 2.0 (July 2026) moved things away that older servers use, and they do not say which version they need.
  - Take an older one along: uvx --with 'mcp<2' NAME, or uv tool install --with 'mcp<2' NAME
  - With pip: python3 -m pip install 'mcp<2'
  - Or bring the server up to date.
  @ at once, with mcp before 2.0

“No module named 'telethon'”
  ~ No module named telethon
  ! Telethon is not installed for this Python.
  ? A computer can have several Pythons, and each has its own packages. It may be there for another one.
  - Install it for the Python that you start the program with: python3 -m pip install telethon
  - If pip refuses: explain externally-managed-environment
  @ as soon as it is installed

“command not found”
  = the system's
  ~ is not recognized as an internal or external command
  ~ is not recognized as the name of a cmdlet
  ! The system does not know that command.
  ? The program is not installed, or not in one of the folders that are searched (PATH).
  - Install it, and open a new terminal: one that was open before does not know of it.
  - In the place of pip: python3 -m pip (Windows: py -m pip) takes the pip of that Python.
  @ as soon as it is installed

“Cannot find module”
  = Node's
  ~ Cannot find package
  ~ ERR_MODULE_NOT_FOUND
  ! A package or a file that the program needs is not there.
  ? The message names it. A name without a path is a package, which is installed in the program's own folder; a path is
    a file, which may have to be built first.
  - In the folder of the program: npm install
  - Compare a path, letter by letter, with what is there.
  @ as soon as it is there

ModuleNotFoundError
  = Python's
  | No module named
  ! A package that the program needs is not installed for this Python.
  ? The message names it; pip may know it by another name. A computer can have several Pythons, and each has its own
    packages.
  - Install what the program's own instructions name, with the Python that starts it.
  - If pip refuses: explain externally-managed-environment
  @ as soon as it is installed

“externally-managed-environment”
  = Python's
  ~ This environment is externally managed
  ~ externally managed environment
  ! This Python belongs to the system, which does not let pip change it.
  ? Its packages come with the system (Debian, Ubuntu, Fedora, Homebrew and others), and pip could break them (PEP 668).
  - Make an environment for the program, in its folder: python3 -m venv .venv
  - Install there what it needs: .venv/bin/python -m pip install --upgrade telethon
  - Start the program with that Python from now on: .venv/bin/python
  @ at once, in that environment

“cannot import name*from partially initialized module”
  = Python's
  ~ cannot import name*from 'telethon'
  ~ module 'telethon' has no attribute
  ~ No module named 'telethon.sync'; 'telethon' is not a package
  ~ 'telethon' is not a package
  ! A file of yours hides a part of Python or of a package.
  ? A file beside the program is called telethon.py, signal.py, asyncio.py or like another module, so Python takes it
    for the real one. Or the installed Telethon is broken or another version.
  - Rename that file, and delete the folder __pycache__ beside it.
  - {reinstall}
  @ as soon as it is renamed

SSLError SSLCertVerificationError “CERTIFICATE_VERIFY_FAILED”
  = the network's
  ~ certificate verify failed
  ~ self-signed certificate
  ~ self signed certificate
  ~ unable to get local issuer certificate
  ~ WRONG_VERSION_NUMBER
  ! A web address was reached, but no secure connection (TLS) could be made.
  ? Signing in to Telegram needs none; this comes from a download (pip), the Bot API or another web page. A filter or an
    antivirus looks into such connections, the clock is wrong, Python has no list of certificates, or what answers there
    does not speak TLS.
  - With the Python of python.org on macOS: run “Install Certificates.command” in its folder under Applications.
  - Let the computer set its clock automatically.
  - Try another network, or ask whoever runs this one for its certificate.
  @ as soon as that is mended

“expected a string”?
  = an MCP client's
  ~ invalid type: integer*expected a string
  ~ mcp_servers*expected a string
  ! A number stands in the settings where a text must be.
  ? In the settings of an MCP client each value of “env” is a text. Codex then refuses its whole file, and Claude Code
    leaves out that server.
  - Put the API ID in quotes: TELEGRAM_API_ID = "1234567"
  @ at once, with the quotes

“write EPIPE”
  = Node's
  ! The program that was to read this has ended: for example an MCP server that stopped.
  ? Node says so when it writes to a program that is not there any more. No network is involved.
  - Look into the log of that server, or start the same command in a terminal: its last lines name the reason.
  - Look that reason up here.
  @ as soon as the reason is mended

“MCP error -32001” (hides the cause)
  = an MCP client's
  ~ MCP error -32001: Request timed out
  ~ MCP client for…timed out after
  ~ failed to start: MCP client for…timed out after
  ! The server did not answer in time.
  ? MCP clients wait for an answer for some time, often a minute, and then give up. The server may be at work still: on
    a large question, in a pause that Telegram asked for, or waiting for a sign-in that nobody sees.
  - Look into the log of that server: its last lines name what it was doing.
  - Ask for less at once, or let the client wait longer if its settings allow that (Codex: startup_timeout_sec).
  @ at once, with a smaller question

“MCP*Unexpected token*is not valid JSON”
  = an MCP client's
  ~ mcp*Unexpected token*is not valid JSON
  ~ Unexpected non-whitespace character after JSON
  ~ Expected ',' or ']' after array element in JSON
  ~ Failed to parse JSONRPC message from server
  ! The server writes words where its client expects JSON.
  ? An MCP server answers on standard output, and nothing else may stand there. The message shows the beginning of what
    did: a greeting, a log line, or an error. The server may work all the same.
  - If these words name an error, look that one up here.
  - Let the server write its log to standard error or to a file; often a newer version does.
  @ at once, without those words

“MCP error -32000” (hides the cause)
  = an MCP client's
  ~ MCP error -32000: Connection closed
  ~ Server transport closed unexpectedly
  ~ MCP…Connection closed
  ~ MCP…Server disconnected
  ~ Server disconnected
  ~ MCP server…failed
  ~ MCP client for…failed to start
  ~ handshaking with MCP server failed
  ~ server…exited before responding
  ! The server stopped, and its client does not show why.
  ? MCP clients say so when the program at the other end, the MCP server, has ended. With one for Telegram the API ID,
    the API hash or the session string is often missing in its settings, or the session has ended.
  - Look into the log of that server, or start the same command in a terminal: its last lines name the reason.
  - Look that reason up here.
  @ as soon as the reason is mended

UnicodeEncodeError
  = Python's
  ~ codec can't encode character
  ! This console cannot show a character.
  ? It works with an old character set, as Windows consoles do.
  - Set the variable PYTHONUTF8=1 and start the program again, or use Windows Terminal.
  @ at once

JSONDecodeError
  = a file's or an answer's
  ~ Expecting property name enclosed in double quotes
  ~ Expecting ',' delimiter
  ~ Expected ',' or '}' after property value in JSON
  ~ is not valid JSON
  ! Something that should be JSON is none.
  ? If it is a settings file: a comma too many or too few, single quotes in the place of double quotes, or a comment. If
    it is the answer of a server, a web page with an error came in its place.
  - Look at the line and column that the message names, and at the line before it.
  - The last entry in braces must have no comma after it.
  @ at once, with the corrected file

ServerError? InvalidDCError? BadRequestError? UnauthorizedError? ForbiddenError? NotFoundError? AuthKeyError? RPCError?
    RpcException? RPCErrorException? (hides the cause)
  ! Telegram refused, and this is only the family of the error.
  ? The name that matters stands in the same line or near it, in capitals, for example PHONE_NUMBER_INVALID.
  - Look for that name in the log and look that one up: explain PHONE_NUMBER_INVALID
  - If there is none, run it with this script, which shows Telegram's own name.
  @ as that name says

303! 400! 401! 403! 404! 406! 500! 503!
  = of many programs
  ! This number is only the family of an error.
  ? From Telegram 303 means that the account is in another data centre, 400 that something was wrong with the request,
    401 that nobody is signed in, 403 that it is not allowed, 404 that there is no such thing, 406 much the same as 400,
    and 500 or 503 trouble on its servers. Web pages use the same numbers.
  - Look for the name in capitals beside it, such as PHONE_NUMBER_INVALID, and look that one up.
  @ as that name says

ANY_OTHER_NAME!
  ! Telegram answered with an error that this script does not know.
  ? Telegram calls it {name}. Nothing in the list of known errors has that name: it is new, or not about signing in. The
    name itself often says what is missing.
  - Try once more, without changing anything.
  - Search the web for {name} together with the word Telegram.
  - If it came in a sign-in, try the QR code instead: that takes another way through Telegram.
  - If it stays, report it to the project of this script with the name above. It is safe to share.
  @ once, at once; not in a loop

ANY_OTHER_EXCEPTION!
  ! Something unexpected went wrong in this script or in Telethon.
  ? Python calls it {said}. The list of errors has no answer for it.
  - Run the same command again.
  - {upgrade}
  - If it stays, run it with --debug and report what is shown; secrets are masked there.
  @ at once

ANY_OTHER_WAIT_{seconds}!
  ! Telegram answered with an error that this script does not know, and asks for a pause of {seconds}.
  ? Telegram calls it {name}. Nothing in the list of known errors has that name: it is new, or not about signing in. The
    name itself often says what is missing.
  - Wait until then, and try once more.
  - Search the web for {name} together with the word Telegram.
  - If it stays, report it to the project of this script with the name above. It is safe to share.
  @ after {seconds}, counted from the error

== What “network” and a sign-in find out

ProxyLink!
  ~ Name of the error: ProxyLink
  ! This is not a proxy address: {reason}.
  ? A proxy address says which kind of proxy it is, where it is, and the user and password if it wants them.
  - For a SOCKS5 proxy: socks5://user:password@host:port (without “user:password@” if it wants none).
  - For a web proxy: http://user:password@host:port. For SOCKS4: socks4://host:port.
  - For an MTProxy, the link that Telegram shows for it: tg://proxy?server=…&port=…&secret=…
  - If user or password has characters such as @ : / # %, write them as %40 %3A %2F %23 %25.
  - On a command line put quotes around it, because the shell ends a command at “&”. TELEGRAM_PROXY keeps it out of the
    shell's history.
  @ as soon as the proxy is right

ProxyFakeTls!
  ~ Name of the error: ProxyFakeTls
  ! This MTProxy only speaks fake-TLS, which Telethon cannot.
  ? Its secret begins with “ee” (or “7” in the short form): such a proxy disguises itself as a web site. The Telegram
    apps can do that, Telethon 1 cannot, so neither this script nor the program you want the session for could use it.
  - Ask the owner of the proxy for a secret that is 32 digits long or begins with “dd”.
  - Or use a SOCKS5 proxy: socks5://host:port.
  - Or use a VPN and no proxy at all.
  @ at once, with another proxy

ProxyNeedsPythonSocks!
  ~ Name of the error: ProxyNeedsPythonSocks
  ! To use this proxy, Python needs the package python-socks.
  ? Telethon speaks to SOCKS and HTTP proxies through that package, and it is not installed.
  - Or use an MTProxy (tg://proxy?…), which works without that package.
  @ as soon as it is installed

ProxyName!
  ~ Name of the error: ProxyName
  ! The name of the proxy cannot be looked up: {host}
  ? Either there is no such name, or this computer has no name service (DNS) at the moment.
  - Compare the name, letter by letter, with the one you were given.
  - Open any web page: if that does not work either, this computer is offline.
  - If you know the proxy's address in numbers, use that instead of the name.
  @ as soon as the proxy is right

ProxyDead!
  ~ Name of the error: ProxyDead
  ! The proxy cannot be reached: {reason}.
  ? This computer tried {proxy}; Telegram was not even asked.
  - Compare host and port with what you were given.
  - If the proxy is a program on this computer (Tor, a VPN client), start it, and look up its port in its settings.
  - Otherwise the proxy may be gone: ask its owner, or use another one.
  @ as soon as the proxy runs

ProxyOtherType!
  ~ Name of the error: ProxyOtherType
  ! This is {other}, not {kind}.
  ? At the address of {proxy} something answers the way {other} does.
  - Use {address} instead (with user:password@ in front of the host if it wants a login).
  @ as soon as the proxy is right

ProxyWrongType!
  ~ Name of the error: ProxyWrongType
  ! What answers there is not {kind}.
  ? Something listens at the address of {proxy}, but it does not speak that language, nor that of another kind of proxy.
  - Compare host and port with what you were given: a port of another service is the usual reason.
  - A link that begins with tg://proxy is an MTProxy; use that link as it is.
  @ as soon as the proxy is right

ProxyHangsUp!
  ~ Name of the error: ProxyHangsUp
  ! The proxy hung up without a word.
  ? {proxy} took the connection and closed it instead of answering. That is how proxies treat the wrong kind of
    connection, people who are not on their list, or everybody when they are full.
  - Check that it really is {kind}, and whether it wants a user and a password.
  - Ask its owner whether this computer's address must be allowed first.
  - Or use another proxy.
  @ at once, with another proxy

ProxyHangs!
  ~ Name of the error: ProxyHangs
  ! The proxy takes the connection and then says nothing.
  ? {proxy} did not finish its part in time. It may be overloaded, be of another kind, or fail to reach Telegram itself.
  - Check that it really is {kind}.
  - Try again in a minute, or use another proxy.
  @ in a minute, or at once with another proxy

ProxyLoginWanted!
  ~ Name of the error: ProxyLoginWanted
  ! The proxy wants a user and a password.
  ? {proxy} answers, but only to people who log in.
  - Add them to the address: {scheme}://user:password@host:port.
  - If the password has characters such as @ : / # %, write them as %40 %3A %2F %23 %25.
  - Put the address into the environment variable TELEGRAM_PROXY, so that the password stays out of the shell's history.
  @ at once, with user and password

ProxyLoginWrong!
  ~ Name of the error: ProxyLoginWrong
  ! The proxy does not accept this user and password.
  ? {proxy} answers, but it refuses this login, or every way to log in that was offered to it.
  - Compare user and password with what you were given; capital letters count.
  - If the password has characters such as @ : / # %, write them as %40 %3A %2F %23 %25.
  - Proxies that are paid for often stop working on the day the plan ends. Some, in offices, want a way to log in that
    Telethon does not know (NTLM, Negotiate, Digest): ask its owner for another.
  @ at once, with the right user and password

ProxyRefuses!
  ~ Name of the error: ProxyRefuses
  ! The proxy refuses to connect to Telegram ({said}).
  ? {proxy} itself works, but it does not put this connection through: its owner may forbid Telegram, or only allow web
    pages, or Telegram may be blocked where the proxy stands.
  - Use another proxy, best one in another country.
  - If it is your own: allow connections to Telegram's addresses, port 443.
  @ at once, with another proxy

ProxySecret!
  ~ Name of the error: ProxySecret
  ! The MTProxy does not answer: its secret is probably wrong.
  ? {proxy} takes the connection, but an MTProxy that is called with a wrong secret keeps silent or hangs up, and so
    does one that only speaks fake-TLS (secrets that begin with “ee”), or that cannot reach Telegram itself.
  - Copy the whole link again, best by “Share” in the Telegram app where it works; the secret is all after “secret=”.
  - On a command line put quotes around the link.
  - Or use another proxy.
  @ as soon as the proxy is right

ProxyWithoutTelegram!
  ~ Name of the error: ProxyWithoutTelegram
  ! The proxy puts the connection through, but Telegram does not answer behind it.
  ? {proxy} said that it reached Telegram's address; then no sensible answer came. Something between the proxy and
    Telegram filters it, or the proxy only pretends.
  - Use another proxy, best one in another country.
  - Or try without a proxy.
  @ at once, with another proxy

NetworkNoRoute!
  ~ Name of the error: NetworkNoRoute
  ! This computer is not connected to a network.
  ? The operating system knows no way to any of Telegram's addresses.
  - Switch Wi-Fi on or plug the cable in; switch flight mode off.
  - If a VPN is on, switch it off and on again.
  - In a container or a sandbox: give it access to the network.
  @ as soon as the network is mended

NetworkNoAnswer!
  ~ Name of the error: NetworkNoAnswer
  ! Nothing answers: neither Telegram nor the name service (DNS).
  ? The network seems to be there, but no packet comes back, and even names cannot be looked up. This computer is
    probably offline, or a firewall lets this program talk to nobody.
  - Open any web page in a browser. If that fails too, mend the internet connection first.
  - If the browser works, allow Python in the firewall or antivirus, or set the proxy that the browser uses (--proxy).
  - {another_way}
  @ as soon as the network is mended

NetworkBlocked!
  ~ Name of the error: NetworkBlocked
  ! Telegram is blocked here: its addresses do not answer.
  ? The network works (names can be looked up), but every packet to Telegram's data centres disappears. Providers,
    companies, schools and some countries block Telegram like that.
  - {another_way}
  @ as soon as the network is mended

NetworkRefused!
  ~ Name of the error: NetworkRefused
  ! Telegram is blocked here: connections to its addresses are refused.
  ? Something on the way (a firewall, a provider's filter, this computer's own protection) answers in Telegram's place
    and says no. Telegram itself never does that.
  - {another_way}
  @ as soon as the network is mended

NetworkDenied!
  ~ Name of the error: NetworkDenied
  ! This computer's own firewall does not let this program reach Telegram.
  ? The operating system forbade the connections before anything was sent ({said}).
  - Allow Python in the firewall or antivirus program, or ask the administrator of this computer.
  - {another_way}
  @ as soon as it is allowed

NetworkSilent!
  ~ Name of the error: NetworkSilent
  ! Telegram is blocked here by inspection: the connection stands, but Telegram's answer never comes.
  ? Connections to Telegram's addresses open, then nothing comes back to Telegram's way of speaking. A filter on the way
    looks into connections and drops Telegram's.
  - {another_way}
  @ as soon as the network is mended

NetworkStalled!
  ~ Name of the error: NetworkStalled
  ! Telegram answered at first, and then no more: the key exchange stopped in the middle.
  ? The connection stands, and attempts beside it were answered. So a filter or a proxy on the way lets the beginning
    through and then drops what follows, or that data centre of Telegram has trouble.
  - Try again in a minute.
  - {another_way}
  @ in a minute

NetworkClosed!
  ~ Name of the error: NetworkClosed
  ! Telegram is blocked here by inspection: connections are cut as soon as Telegram's protocol is spoken.
  ? Connections to Telegram's addresses open and are closed at the first message. That is a filter on the way; Telegram
    itself closes like that only for some minutes, when too many connections came from one address.
  - {another_way}
  - If programs on this network connect to Telegram again and again, stop them and wait ten minutes.
  @ as soon as the network is mended

NetworkHttp!
  ~ Name of the error: NetworkHttp
  ! Something else answers in Telegram's place: a web server or web filter ({said}).
  ? Telegram never speaks HTTP here. A company's web proxy, a filter or a Wi-Fi sign-in page takes every connection.
  - Open a page in a browser: if a sign-in page of this network appears, sign in there and start again.
  - In a company or school: ask for the web proxy's address and use it: --proxy http://host:port.
  - {another_way}
  @ as soon as the network is mended

NetworkCaptivePortal!
  ~ Name of the error: NetworkCaptivePortal
  ! A web page answers in Telegram's place. Perhaps this network wants you to sign in first.
  ? Hotels, cafés, trains and campuses do that, and so does a provider that blocks Telegram ({said}).
  - Open any page in a browser; the sign-in page of the network should appear, if it is that.
  - Sign in or accept the terms there, then start again here.
  - Or use another network, such as a phone's hotspot.
  @ as soon as the network lets you through

NetworkGarbage!
  ~ Name of the error: NetworkGarbage
  ! Something answers in Telegram's place, and it is not Telegram.
  ? The answer does not belong to the question that was asked. A filter or a faulty device on the way changes the
    traffic.
  - {another_way}
  @ as soon as the network is mended

NetworkTurnedAway!
  ~ Name of the error: NetworkTurnedAway
  ! Telegram turns connections from this address away for now (transport error {said}).
  ? The number -429 means too many connections in a short time. Everybody behind the same address counts: a provider's
    shared address, a VPN, a proxy, a server with several bots. Any other number means trouble of another kind, at
    Telegram, or with a proxy that leads elsewhere.
  - With -429: stop other programs that connect to Telegram from here, and wait ten minutes.
  - With another number: try again in a minute, and without a proxy.
  - {another_way}
  @ after 10 minutes

NetworkError!
  ~ Name of the error: NetworkError
  ! The connection to Telegram fails on this computer ({said}).
  ? The operating system could not open the connections.
  - Close programs that use many connections, or restart the computer.
  - Check VPN, firewall and antivirus programs.
  - {another_way}
  @ as soon as the network is mended

NetworkIPv6Only!
  ~ Name of the error: NetworkIPv6Only
  ! Telegram can be reached here by IPv6 only.
  ? By IPv4 Telegram was not reached on this network, by IPv6 it was.
  - Start again with --ipv6.
  @ at once, with --ipv6

NetworkNoIPv6!
  ~ Name of the error: NetworkNoIPv6
  ! There is no way to Telegram by IPv6 here, but there is by IPv4.
  ? By IPv6 Telegram was not reached on this network, by IPv4 it was.
  - Start again without --ipv6.
  @ at once, without --ipv6

NetworkPartly!
  ~ Name of the error: NetworkPartly
  ! Telegram answers, but not from all of its data centres: {centres} cannot be reached.
  ? Every account lives in one of the five. If yours lives in one of those that do not answer, signing in will not work.
  - Try to sign in: with an account that lives elsewhere it works.
  - {another_way}
  @ at once, with an account that lives elsewhere

NetworkPort!
  ~ Name of the error: NetworkPort
  ! Port {port} to Telegram is blocked here (data centres {centres}); port {other} is open.
  ? Signing in here works all the same, but programs that use Telethon connect to port {port}: on this network they will
    not get through.
  - Allow outgoing connections to port {port} in the firewall of this network or computer.
  - {another_way}
  @ at once

NetworkClock!
  ~ Name of the error: NetworkClock
  ! The clock of this computer is wrong: {wrong}.
  ? Here it is {here}, at Telegram it is {there}. Telegram refuses messages from the past or the future, and signing in,
    codes that expire and QR codes go wrong in odd ways.
  - {how}
  - Then start again.
  @ at once, with the right time
"""


# ══ 14  MAIN ═════════════════════════════════════════════════════════════════════════════════════════════════════════
#
# Arguments, and the one place that turns a `Problem` into words and an exit code.


# Each command, what carries it out, and what it is for.
COMMANDS: dict[str, tuple[Callable[[Any], Outcome], str]] = {
    "network": (command_network, "can this computer reach Telegram?"),
    "explain": (command_explain, "what an error means and what to do about it"),
    "check": (command_check, "what is in this file, folder or text, and does it still work?"),
    "convert": (command_convert, "turns a session of any format into any other"),
    "doctor": (command_doctor, "why does the MCP server not connect?"),
}

# What may stand behind a command (`front`: before any, or without one); what it is for. Behind the name of an option
# stands what its value is called, behind another word ? where it may be missing, * where there may be any number.
OPTIONS = """
--qr             | front                         | sign in by QR code, without a phone number
--proxy URL      | front, network, check, doctor | socks5://, socks4://, http:// or tg://proxy?…; or TELEGRAM_PROXY
--ipv6           | front, network, check, doctor | connect by IPv6 only
--report FILE    | front, network, check, doctor | write the conversation there, secrets masked, for asking for help
--debug          | front, network, check, doctor | show what happens inside; secrets are masked
ERROR *          | explain                       | a name, a log line, a file with one; - or a pipe: standard input
WHAT *           | check                         | files, folders, settings; -: standard input; nothing: it is asked for
--online         | check                         | also ask Telegram whether it still works
--online         | doctor                        | also see whether this computer reaches Telegram
--start NAME     | doctor                        | start this server as its client does, and see what it says
--json           | check                         | print the facts for a program
SRC              | convert                       | a file or folder, or - for standard input or the keyboard
DST              | convert                       | a new file or folder, or - to print a string
--to FORMAT      | convert                       | the format to write, if the name of DST does not tell: %(choices)s
--schema VERSION | convert                       | of a Telethon .session: 7, or 8 for 1.43 and newer
--account N      | check, convert                | which one of several, as check counts them
--dc NUMBER      | check, convert                | which data centre a bare key belongs to, 1 to 5
--user-id N      | convert                       | whose session it is, where the source does not say it
--key-name NAME  | check, convert                | of a Telegram Desktop folder: the X in key_Xs
--json-path FILE | check, convert                | the .json of a .session, if its name is another
"""

# The values that are not simply text, in argparse's words.
VALUES: dict[str, dict[str, Any]] = {
    "N": {"type": int},
    "NUMBER": {"type": int, "choices": (1, 2, 3, 4, 5)},
    "FORMAT": {"choices": TARGETS},
    "VERSION": {"type": int, "choices": (7, 8)},
}


# What is done when it has answered; whoever gave everything on the command line is not kept waiting.
ANSWERS = (command_check, command_convert, command_doctor)


def parse_arguments(argv: Sequence[str]) -> Any:
    """The command line as a namespace; `run` is the command to call with it. Wrong usage exits with 2."""
    from types import SimpleNamespace

    options = SimpleNamespace(run=command_sign_in, qr=False, proxy=None, ipv6=False, report=None, debug=False)
    if not argv:  # the usual start: to import argparse takes longer than all else that stands before the first prompt
        return options
    import argparse

    if argv[0] == "explain" and not {"-h", "--help", "--"} & set(argv[1:2]):  # what begins with “-” is no option there
        argv = ["explain", "--", *argv[1:]]
    # Left alone, argparse asks shutil for the width, and importing that takes longer than all the rest here.
    layout = functools.partial(argparse.HelpFormatter, width=term.width)
    parser = argparse.ArgumentParser(
        prog="telegram_session.py", formatter_class=layout, description=(__doc__ or "").split("\n", 1)[0],
        epilog="Secrets are never taken from the command line: they are asked for, or read from TELEGRAM_API_ID, "
        "TELEGRAM_API_HASH, TELEGRAM_PHONE, TELEGRAM_PROXY, TELEGRAM_SESSION_STRING, TELEGRAM_PASSCODE. "
        "Exit codes: 0 done, 1 a problem, 2 wrong usage, 130 Ctrl-C.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"telegram_session.py {__version__}")
    commands = parser.add_subparsers(title="other commands, each with its own --help", metavar="COMMAND")
    parsers = {"front": parser}
    for name, (run, what) in COMMANDS.items():
        parsers[name] = commands.add_parser(name, formatter_class=layout, help=what, description=as_sentence(what))
        parsers[name].set_defaults(run=run)
    for words, whose, what in rows_of(OPTIONS):
        name, _, value = words.partition(" ")
        details: dict[str, Any] = {"metavar": name, "nargs": value or None}
        if name.startswith("-"):
            details = {"metavar": value, **VALUES.get(value, {})} if value else {"action": "store_true"}
        if whose.startswith("front"):  # it may stand on either side of a command, and must not be undone there
            details["default"] = argparse.SUPPRESS
        for command in whose.split(", "):
            parsers[command].add_argument(name.lower(), help=what, **details)
    return parser.parse_args(argv, options)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 a diagnosed problem, 2 wrong usage, 130 Ctrl-C."""
    try:
        options = parse_arguments(sys.argv[1:] if argv is None else argv)
    except SystemExit as end:  # argparse has said it: --help, --version, or what is wrong with the arguments
        return int(end.code or 0)
    term.debugging = options.debug
    take_settings()
    be_careful()
    run: Callable[[], Outcome] | None = lambda: start(options)  # noqa: E731  what is chosen later replaces it
    outcome = Outcome(130)
    try:
        while run:
            try:
                outcome = run()
            except KeyboardInterrupt:
                term.say()
                term.say("Stopped. Nothing was left signed in that you were not told about.")
                outcome = Outcome(130)
            except Exception as error:
                problem = for_this_python(problem_from(error))
                problem.ways = [*ways_to_set_up(problem, lambda: options.run(options)), *problem.ways]
                term.problem(problem)
                if options.debug or not isinstance(error, Problem):
                    term.traceback(error)
                outcome = with_report(Outcome(problem.code, problem.ways), options)
            told = not term.asked and options.run in ANSWERS  # all by the command line
            if outcome.code == 0 and (told or term.delivered_to_pipe):  # nor is a program at the other end kept waiting
                run = term.goodbye(patience=3) if options.run is command_sign_in else None
            else:
                run = term.goodbye(outcome.ways)
    finally:
        if options.report:
            write_report(options.report, options, outcome.code)
    return outcome.code


def start(options: Any) -> Outcome:
    """Runs the command that was asked for, once it is certain that its report can be written."""
    if options.report:
        report, options.report = options.report, None  # if it cannot be written, none is written at the end
        prepare_report(report)
        options.report = report
    try:
        return options.run(options)  # type: ignore[no-any-return]
    except Turn:  # to the string that is there already
        found = given_findings([])
        del SETTINGS["TELEGRAM_SESSION_STRING"]
        try:
            show(found)
            term.say("Whether it still works only Telegram knows: “check --online” asks.")
        except Problem as problem:
            term.problem(problem)
        return Outcome(0, [("sign in all the same", lambda: options.run(options))])


if __name__ == "__main__":
    sys.exit(main())
