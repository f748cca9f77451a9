"""The API methods that a sign-in calls, each as its page on core.telegram.org/method describes it.

The flows are those of https://core.telegram.org/api/auth, .../api/srp, .../api/qr-login and .../api/datacenter.
"""

from __future__ import annotations

import base64
import copy
import inspect
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from telethon.tl import TLRequest, functions, types
from telethon.tl.alltlobjects import LAYER

from .accounts import Account, Delivery, RawObject, SentCode, email_pattern
from .srp import algorithm

if TYPE_CHECKING:
    from .mtproto import AuthKey
    from .telegram import PracticeTelegram

# Of 2025; older Telethon versions do not know it.
SentCodePaymentRequired: Any = getattr(types.auth, "SentCodePaymentRequired", ())
CODE_LIFE = 300  # seconds; Telegram's own is not documented
WAIT = 3600  # seconds in the FLOOD_WAIT that a limit ends in


class RpcError(Exception):
    """What a method answers with when it refuses."""

    def __init__(self, code: int, name: str) -> None:
        super().__init__(f"{code} {name}")
        self.code = code
        self.name = name


class Caller(NamedTuple):
    """Whose call it is, and at which data centre."""

    key: AuthKey
    dc: int


@dataclass
class LoginToken:
    """What a QR code shows: whoever accepts it signs `key` in."""

    token: bytes
    key: AuthKey
    expires: float
    account: Account | None = None
    used: bool = False

    @property
    def link(self) -> str:
        return "tg://login?token=" + base64.urlsafe_b64encode(self.token).decode().rstrip("=")


class _Method(NamedTuple):
    carry_out: Callable[[Any, Caller, Any], Any]
    signed_in: bool


_METHODS: dict[str, _Method] = {}


def _method(name: str, *, signed_in: bool = False) -> Callable[[Any], Any]:
    def register(carry_out: Any) -> Any:
        _METHODS[name] = _Method(carry_out, signed_in)
        return carry_out

    return register


def method_name(request: Any) -> str:
    """Telegram's name of a request's method: `functions.auth.SendCodeRequest` is `auth.sendCode`."""
    name = re.sub("Request$", "", type(request).__name__)
    space = type(request).__module__.rpartition(".")[2]
    name = name[0].lower() + name[1:]
    return name if space == "functions" else f"{space}.{name}"


def wrappers(request: Any) -> Iterator[Any]:
    """invokeWithLayer, initConnection and their like, from the outside in, and last the query itself."""
    while isinstance(getattr(request, "query", None), TLRequest):
        yield request
        request = request.query
    yield request


def filled(kind: Any, **known: Any) -> Any:
    """A TL object whose other required fields are 0 or empty, as only its layer knows what they are."""
    for name, parameter in list(inspect.signature(kind.__init__).parameters.items())[1:]:
        if parameter.default is parameter.empty and name not in known:
            known[name] = "" if parameter.annotation in (str, "str") else 0
    return kind(**known)


class Methods:
    """Carries out calls; everything it knows it keeps in the accounts and the keys."""

    def __init__(self, telegram: PracticeTelegram) -> None:
        self._telegram = telegram

    def invoke(self, caller: Caller, request: Any) -> Any:
        """The answer to a call, wrapped or not. Raises RpcError."""
        query = self._open(caller.key, request)
        key = caller.key
        method = _METHODS.get(method_name(query))
        if key.refused:
            raise RpcError(*key.refused)
        if key.init is None:
            raise RpcError(400, "CONNECTION_NOT_INITED")
        if method is None:
            raise RpcError(400, f"INPUT_METHOD_INVALID_{query.CONSTRUCTOR_ID}_{key.layer or LAYER}")
        if method.signed_in:
            self._require_signed_in(key)
        return method.carry_out(self, caller, query)

    def _open(self, key: AuthKey, request: Any) -> Any:
        """Remembers what the wrappers say about the client (https://core.telegram.org/api/invoking)."""
        *outer, query = wrappers(request)
        for wrapper in outer:
            if isinstance(wrapper, functions.InvokeWithLayerRequest):
                key.layer = wrapper.layer
            elif isinstance(wrapper, functions.InitConnectionRequest):
                if key.layer is None:
                    raise RpcError(400, "CONNECTION_LAYER_INVALID")
                if wrapper.api_id <= 0:
                    raise RpcError(400, "CONNECTION_API_ID_INVALID")
                key.init = wrapper
        return query

    @staticmethod
    def _require_signed_in(key: AuthKey) -> None:
        if key.password_pending:
            raise RpcError(401, "SESSION_PASSWORD_NEEDED")
        if key.account is None:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        if key.account.banned:
            raise RpcError(401, "USER_DEACTIVATED_BAN")

    # help

    @_method("help.getConfig")
    def _get_config(self, caller: Caller, _request: Any) -> Any:
        now = int(self._telegram.clock())
        options = []
        for dc in self._telegram.data_centres.values():
            options.append(types.DcOption(dc.id, "127.0.0.1", dc.port, static=True))
            if dc.has_ipv6:
                options.append(types.DcOption(dc.id, "::1", dc.port, ipv6=True, static=True))
        return filled(
            types.Config, date=now, expires=now + 3600, test_mode=False, this_dc=caller.dc, dc_options=options
        )

    @_method("help.getNearestDc")
    def _get_nearest_dc(self, caller: Caller, _request: Any) -> Any:
        return types.NearestDc(country="DE", this_dc=caller.dc, nearest_dc=2)

    @_method("help.getAppConfig")
    def _get_app_config(self, caller: Caller, _request: Any) -> Any:
        """For a frozen account also since when, until when, and where to appeal (api/auth#frozen-accounts)."""
        values: dict[str, Any] = {"qr_login_camera": types.JsonBool(True)}
        if caller.key.account and caller.key.account.frozen:
            now = int(self._telegram.clock())
            values["freeze_since_date"] = types.JsonNumber(float(now - 86400))
            values["freeze_until_date"] = types.JsonNumber(float(now + 7 * 86400))
            values["freeze_appeal_url"] = types.JsonString("https://t.me/spambot?start=freeze")
        config = types.JsonObject([types.JsonObjectValue(name, value) for name, value in values.items()])
        return types.help.AppConfig(hash=1, config=config)

    # auth: the code

    def _check_app(self, api_id: int, api_hash: str) -> None:
        app_hash, published = self._telegram.apps.get(api_id, (None, False))
        if app_hash != api_hash:
            raise RpcError(400, "API_ID_INVALID")
        if published:
            raise RpcError(400, "API_ID_PUBLISHED_FLOOD")

    def _account(self, caller: Caller, phone: str) -> Account:
        """The account of a number; numbers that nobody added exist too, but nobody has signed up with them."""
        digits = "".join(filter(str.isdigit, phone))
        if not re.fullmatch(r"\+?[\d\s()-]+", phone) or not 7 <= len(digits) <= 15:
            raise RpcError(406, "PHONE_NUMBER_INVALID")
        account = self._telegram.accounts.get(digits)
        if account is None:
            account = self._telegram.add_account("+" + digits, dc=caller.dc, occupied=False)
        if account.banned:
            raise RpcError(400, "PHONE_NUMBER_BANNED")
        if account.dc != caller.dc:
            raise RpcError(303, f"PHONE_MIGRATE_{account.dc}")
        return account

    def _send(self, key: AuthKey, account: Account, step: int, **changes: Any) -> Any:
        """Sends the code by one step of the account's plan. Each send has a new hash and ends the last."""
        now = self._telegram.clock()
        account.sends = [when for when in account.sends if now - when < 86400]
        if len(account.sends) >= self._telegram.send_limit:
            raise RpcError(420, f"FLOOD_WAIT_{WAIT}")
        delivery = account.plan[step]
        next_type = account.next_type(step)
        timeout = delivery.timeout
        if timeout is None and next_type is not None:
            timeout = account.resend_timeout
        account.sent = SentCode(
            hash=os.urandom(9).hex(),
            code=delivery.code or account.code_of_send(len(account.sends)),
            delivery=delivery,
            step=step,
            expires=now + CODE_LIFE,
            resend_from=now + (timeout or 0),
        )
        account.sends.append(now)
        kind = delivery.type
        if isinstance(kind, SentCodePaymentRequired):
            kind.phone_code_hash = account.sent.hash
            return kind
        if kind is types.auth.SentCodeSuccess:
            return types.auth.SentCodeSuccess(self._pass_password(key, account))
        if isinstance(kind, bytes):
            kind = RawObject(kind)
        if isinstance(kind, types.auth.SentCodeTypeEmailCode) and account.email_reset_pending is not None:
            changes.update(reset_available_period=None, reset_pending_date=int(account.email_reset_pending))
        kind = copy.copy(kind)  # the plan stays as it is
        for name, value in changes.items():
            setattr(kind, name, value)
        return types.auth.SentCode(kind, account.sent.hash, next_type=next_type, timeout=timeout)

    def _sent(self, account: Account, phone_code_hash: str) -> SentCode:
        if not phone_code_hash:
            raise RpcError(400, "PHONE_CODE_HASH_EMPTY")
        sent = account.sent
        if sent is None or sent.hash != phone_code_hash or sent.expires < self._telegram.clock():
            raise RpcError(400, "PHONE_CODE_EXPIRED")
        return sent

    @_method("auth.sendCode")
    def _send_code(self, caller: Caller, request: Any) -> Any:
        self._check_app(request.api_id, request.api_hash)
        return self._send(caller.key, self._account(caller, request.phone_number), 0)

    @_method("auth.resendCode")
    def _resend_code(self, caller: Caller, request: Any) -> Any:
        account = self._account(caller, request.phone_number)
        sent = self._sent(account, request.phone_code_hash)
        if account.next_type(sent.step) is None or self._telegram.clock() < sent.resend_from:
            raise RpcError(406, "SEND_CODE_UNAVAILABLE")
        return self._send(caller.key, account, min(sent.step + 1, len(account.plan) - 1))

    @_method("auth.cancelCode")
    def _cancel_code(self, caller: Caller, request: Any) -> Any:
        account = self._account(caller, request.phone_number)
        self._sent(account, request.phone_code_hash)
        account.sent = None
        return True

    @_method("auth.reportMissingCode")
    def _report_missing_code(self, caller: Caller, request: Any) -> Any:
        self._sent(self._account(caller, request.phone_number), request.phone_code_hash)
        return True

    @_method("auth.signIn")
    def _sign_in_with_code(self, caller: Caller, request: Any) -> Any:
        account = self._account(caller, request.phone_number)
        email = getattr(request, "email_verification", None)
        if not request.phone_code and email is None:
            raise RpcError(400, "PHONE_CODE_EMPTY")
        sent = self._sent(account, request.phone_code_hash)
        if isinstance(sent.delivery.type, types.auth.SentCodeTypeEmailCode):
            if email is None:
                raise RpcError(400, "PHONE_CODE_INVALID")
            self._check_email_code(email, sent.delivery.code or account.email_code)
        elif request.phone_code != sent.code:
            raise RpcError(400, "PHONE_CODE_INVALID")
        # The code is used up by a sign-in only: auth.signUp wants its hash too, and TDLib sends it once more when the
        # 2FA password turns out to be gone (AuthManager.cpp, on_get_password_result).
        if not account.occupied:
            return types.auth.AuthorizationSignUpRequired()
        return self._pass_password(caller.key, account)

    def _pass_password(self, key: AuthKey, account: Account) -> Any:
        if account.password is not None:
            key.password_pending = account
            raise RpcError(401, "SESSION_PASSWORD_NEEDED")
        return self._sign_in(key, account)

    def _sign_in(self, key: AuthKey, account: Account) -> Any:
        key.account = account
        key.password_pending = None
        key.created = self._telegram.clock()
        account.sent = None
        return types.auth.Authorization(
            account.user(),
            setup_password_required=account.setup_password_required or None,
            otherwise_relogin_days=account.otherwise_relogin_days,
        )

    # auth: the 2FA password

    def _password_account(self, key: AuthKey) -> Account:
        if key.refused:
            raise RpcError(*key.refused)
        account = key.password_pending or key.account
        if account is None:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        return account

    @_method("account.getPassword")
    def _get_password(self, caller: Caller, _request: Any) -> Any:
        account = self._password_account(caller.key)
        password = filled(
            types.account.Password,
            new_algo=algorithm(),
            new_secure_algo=types.SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000(os.urandom(8)),
            secure_random=os.urandom(256),
        )
        if account.password is not None:
            challenge = account.challenges.new(account.password)
            password.has_password = True
            password.has_recovery = account.recovery_email is not None or None
            password.current_algo = algorithm()
            password.srp_B = challenge.srp_B
            password.srp_id = challenge.srp_id
            password.hint = account.hint
        if account.login_email:
            password.login_email_pattern = email_pattern(account.login_email)
        return password

    @_method("auth.checkPassword")
    def _check_password(self, caller: Caller, request: Any) -> Any:
        account = self._password_account(caller.key)
        if account.password is None:  # Telegram Desktop, intro_password_check.cpp, pwdSubmitFail
            raise RpcError(400, "PASSWORD_EMPTY")
        if not isinstance(request.password, types.InputCheckPasswordSRP):
            raise RpcError(400, "PASSWORD_HASH_INVALID")
        if account.wrong_passwords >= self._telegram.password_limit:
            raise RpcError(420, f"FLOOD_WAIT_{WAIT}")
        try:
            challenge = account.challenges.take(request.password.srp_id)
        except KeyError:
            raise RpcError(400, "SRP_ID_INVALID") from None
        try:
            right = challenge.proves(request.password.A, request.password.M1)
        except ValueError:
            raise RpcError(400, "SRP_A_INVALID") from None
        if not right:
            account.wrong_passwords += 1
            raise RpcError(400, "PASSWORD_HASH_INVALID")
        account.wrong_passwords = 0
        return self._sign_in(caller.key, account)

    @_method("auth.requestPasswordRecovery")
    def _request_password_recovery(self, caller: Caller, _request: Any) -> Any:
        account = self._password_account(caller.key)
        if account.password is None:
            raise RpcError(400, "PASSWORD_EMPTY")
        if account.recovery_email is None:
            raise RpcError(400, "PASSWORD_RECOVERY_NA")
        account.recovery_sent = True
        return types.auth.PasswordRecovery(email_pattern(account.recovery_email))

    def _check_recovery(self, caller: Caller, code: str) -> Account:
        account = self._password_account(caller.key)
        if not code:
            raise RpcError(400, "CODE_EMPTY")
        if not account.recovery_sent:
            raise RpcError(400, "PASSWORD_RECOVERY_EXPIRED")
        if code != account.recovery_code:
            raise RpcError(400, "CODE_INVALID")
        return account

    @_method("auth.checkRecoveryPassword")
    def _check_recovery_password(self, caller: Caller, request: Any) -> Any:
        self._check_recovery(caller, request.code)
        return True

    @_method("auth.recoverPassword")
    def _recover_password(self, caller: Caller, request: Any) -> Any:
        """Without `new_settings` the password is removed."""
        account = self._check_recovery(caller, request.code)
        if getattr(request, "new_settings", None) is not None:
            raise RpcError(400, "NEW_SETTINGS_INVALID")
        account.password = None
        account.recovery_sent = False
        return self._sign_in(caller.key, account)

    # auth: the login e-mail

    @staticmethod
    def _check_email_code(verification: Any, code: str) -> None:
        given = getattr(verification, "code", "")
        if not given:
            raise RpcError(400, "EMAIL_CODE_EMPTY")
        if given != code:
            raise RpcError(400, "CODE_INVALID")

    def _setting_up(self, caller: Caller, purpose: Any) -> Account:
        if not isinstance(purpose, types.EmailVerifyPurposeLoginSetup):
            raise RpcError(400, "EMAIL_NOT_SETUP")
        account = self._account(caller, purpose.phone_number)
        try:
            self._sent(account, purpose.phone_code_hash)
        except RpcError:
            raise RpcError(400, "PHONE_HASH_EXPIRED") from None
        return account

    @_method("account.sendVerifyEmailCode")
    def _send_verify_email_code(self, caller: Caller, request: Any) -> Any:
        account = self._setting_up(caller, request.purpose)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", request.email):
            raise RpcError(400, "EMAIL_INVALID")
        if request.email.endswith(".invalid"):
            raise RpcError(400, "EMAIL_NOT_ALLOWED")
        assert account.sent
        account.sent.email = request.email
        return types.account.SentEmailCode(email_pattern(request.email), len(account.email_code))

    @_method("account.verifyEmail")
    def _verify_email(self, caller: Caller, request: Any) -> Any:
        account = self._setting_up(caller, request.purpose)
        assert account.sent
        if account.sent.email is None:
            raise RpcError(400, "EMAIL_VERIFY_EXPIRED")
        self._check_email_code(request.verification, account.email_code)
        account.login_email = account.sent.email
        step = account.sent.step + 1
        if step == len(account.plan):
            pattern = email_pattern(account.login_email)
            account.plan.append(Delivery(types.auth.SentCodeTypeEmailCode(pattern, len(account.email_code))))
        return types.account.EmailVerifiedLogin(account.login_email, self._send(caller.key, account, step))

    @_method("auth.resetLoginEmail")
    def _reset_login_email(self, caller: Caller, request: Any) -> Any:
        """With no waiting period the code comes by the next step at once; else the reset is pending until it ends.

        Meanwhile the address is not named again: TDLib (AuthManager.cpp, on_sent_code) and Telegram for Android
        (LoginActivity.java) put the one that they know in the place of the empty `email_pattern`. When the time has
        come, the next call brings the code (TDLib, td_api.tl, emailAddressResetStatePending).
        """
        account = self._account(caller, request.phone_number)
        sent = self._sent(account, request.phone_code_hash)
        kind = sent.delivery.type
        if not isinstance(kind, types.auth.SentCodeTypeEmailCode):
            raise RpcError(400, "EMAIL_INSTALL_MISSING")
        now, due = self._telegram.clock(), account.email_reset_pending
        if due is not None and now < due:
            raise RpcError(400, "TASK_ALREADY_EXISTS")
        if due is not None or kind.reset_available_period == 0:
            account.login_email = account.email_reset_pending = None
            if sent.step + 1 == len(account.plan):
                account.plan.append(Delivery(types.auth.SentCodeTypeSms(len(account.code))))
            return self._send(caller.key, account, sent.step + 1)
        account.email_reset_pending = now + (kind.reset_available_period or 7 * 86400)
        return self._send(caller.key, account, sent.step, email_pattern="")

    # auth: QR codes

    @_method("auth.exportLoginToken")
    def _export_login_token(self, caller: Caller, request: Any) -> Any:
        """A token until its end; once it has been accepted, what it leads to."""
        self._check_app(request.api_id, request.api_hash)
        telegram, now = self._telegram, self._telegram.clock()
        pending = caller.key.password_pending
        if pending and pending.password is not None:
            raise RpcError(401, "SESSION_PASSWORD_NEEDED")
        token = telegram.login_tokens.get(caller.key.login_token or b"")
        if token is None or token.used or (token.account is None and token.expires <= now):
            token = LoginToken(os.urandom(32), caller.key, now + telegram.login_token_life)
            telegram.add_login_token(token)
            caller.key.login_token = token.token
        if token.account:
            return self._finish_login_token(caller, token)
        return types.auth.LoginToken(int(token.expires), token.token)

    def _finish_login_token(self, caller: Caller, token: LoginToken) -> Any:
        assert token.account
        if token.account.dc != caller.dc:
            return types.auth.LoginTokenMigrateTo(token.account.dc, token.token)
        token.used = True
        return types.auth.LoginTokenSuccess(self._pass_password(caller.key, token.account))

    def _login_token(self, raw: bytes) -> LoginToken:
        token = self._telegram.login_tokens.get(raw)
        if token is None:
            raise RpcError(400, "AUTH_TOKEN_INVALID")
        if token.account is None and token.expires <= self._telegram.clock():
            raise RpcError(400, "AUTH_TOKEN_EXPIRED")
        if token.used:
            raise RpcError(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
        return token

    @_method("auth.importLoginToken")
    def _import_login_token(self, caller: Caller, request: Any) -> Any:
        token = self._login_token(request.token)
        if token.account is None:
            raise RpcError(400, "AUTH_TOKEN_INVALID")
        return self._finish_login_token(caller, token)

    @_method("auth.acceptLoginToken", signed_in=True)
    def _accept_login_token(self, caller: Caller, request: Any) -> Any:
        """What the app on the phone calls after it has scanned the code; the waiting client gets updateLoginToken."""
        token = self._login_token(request.token)
        if token.account:
            raise RpcError(400, "AUTH_TOKEN_ALREADY_ACCEPTED")
        assert caller.key.account
        self._telegram.accept(token, caller.key.account)
        return self._describe(token.key, current=False)

    # auth: bots, other data centres, the end

    @_method("auth.importBotAuthorization")
    def _import_bot_authorization(self, caller: Caller, request: Any) -> Any:
        self._check_app(request.api_id, request.api_hash)
        bot = self._telegram.bots.get(request.bot_auth_token)
        if bot is None:
            raise RpcError(400, "ACCESS_TOKEN_INVALID")
        if bot.banned:
            raise RpcError(400, "ACCESS_TOKEN_EXPIRED")
        if bot.dc != caller.dc:
            raise RpcError(303, f"USER_MIGRATE_{bot.dc}")
        return self._sign_in(caller.key, bot)

    @_method("auth.exportAuthorization", signed_in=True)
    def _export_authorization(self, caller: Caller, request: Any) -> Any:
        if request.dc_id == caller.dc or request.dc_id not in self._telegram.data_centres:
            raise RpcError(400, "DC_ID_INVALID")
        ticket = os.urandom(32)
        assert caller.key.account
        self._telegram.exported[ticket] = caller.key.account
        return types.auth.ExportedAuthorization(caller.key.account.user_id, ticket)

    @_method("auth.importAuthorization")
    def _import_authorization(self, caller: Caller, request: Any) -> Any:
        account = self._telegram.exported.pop(request.bytes, None)
        if account is None:
            raise RpcError(400, "AUTH_BYTES_INVALID")
        if account.user_id != request.id:
            raise RpcError(400, "USER_ID_INVALID")
        return self._sign_in(caller.key, account)

    @_method("auth.logOut")
    def _log_out(self, caller: Caller, _request: Any) -> Any:
        caller.key.account = caller.key.password_pending = None
        return types.auth.LoggedOut()

    @_method("auth.resetAuthorizations", signed_in=True)
    def _reset_authorizations(self, caller: Caller, _request: Any) -> Any:
        for key in self._keys_of(caller.key.account):
            if key is not caller.key:
                key.refused = (401, "SESSION_REVOKED")
        return True

    # account, users, updates

    def _keys_of(self, account: Account | None) -> list[AuthKey]:
        return [key for key in self._telegram.keys if key.account is account and key.refused is None]

    def _describe(self, key: AuthKey, *, current: bool) -> types.Authorization:
        init = key.init
        now = int(self._telegram.clock())
        return filled(
            types.Authorization,
            hash=0 if current else key.hash,
            device_model=init.device_model if init else "",
            platform="",
            system_version=init.system_version if init else "",
            api_id=init.api_id if init else 0,
            app_name="Practice app",
            app_version=init.app_version if init else "",
            date_created=int(key.created or now),
            date_active=now,
            ip="127.0.0.1",
            country="Nowhere",
            current=current or None,
            password_pending=bool(key.password_pending) or None,
            unconfirmed=(key.account is not None and key.account.unconfirmed) or None,
        )

    @_method("account.getAuthorizations", signed_in=True)
    def _get_authorizations(self, caller: Caller, _request: Any) -> Any:
        keys = self._keys_of(caller.key.account)
        return types.account.Authorizations(183, [self._describe(key, current=key is caller.key) for key in keys])

    @_method("account.getAccountTTL", signed_in=True)
    def _get_account_ttl(self, _caller: Caller, _request: Any) -> Any:
        return types.AccountDaysTTL(548)

    @_method("users.getUsers", signed_in=True)
    def _get_users(self, caller: Caller, request: Any) -> Any:
        assert caller.key.account
        found = []
        for wanted in request.id:
            if isinstance(wanted, types.InputUserSelf):
                found.append(caller.key.account.user())
            else:
                found.append(types.UserEmpty(getattr(wanted, "user_id", 0)))
        return found

    @_method("users.getFullUser", signed_in=True)
    def _get_full_user(self, caller: Caller, _request: Any) -> Any:
        assert caller.key.account
        full = filled(
            types.UserFull,
            id=caller.key.account.user_id,
            settings=types.PeerSettings(),
            notify_settings=types.PeerNotifySettings(),
        )
        return types.users.UserFull(full_user=full, chats=[], users=[caller.key.account.user()])

    @_method("updates.getState", signed_in=True)
    def _get_state(self, _caller: Caller, _request: Any) -> Any:
        return types.updates.State(pts=1, qts=0, date=int(self._telegram.clock()), seq=0, unread_count=0)

    # What MCP servers and bots ask first: here an account has no chats and knows nobody.

    @_method("messages.getDialogs", signed_in=True)
    def _get_dialogs(self, _caller: Caller, _request: Any) -> Any:
        return types.messages.Dialogs(dialogs=[], messages=[], chats=[], users=[])

    @_method("messages.getHistory", signed_in=True)
    def _get_history(self, _caller: Caller, _request: Any) -> Any:
        return types.messages.Messages(messages=[], topics=[], chats=[], users=[])

    @_method("contacts.getContacts", signed_in=True)
    def _get_contacts(self, _caller: Caller, _request: Any) -> Any:
        return types.contacts.Contacts(contacts=[], saved_count=0, users=[])

    @_method("contacts.search", signed_in=True)
    def _search(self, _caller: Caller, _request: Any) -> Any:
        return types.contacts.Found(my_results=[], results=[], chats=[], users=[])

    @_method("updates.getDifference", signed_in=True)
    def _get_difference(self, _caller: Caller, _request: Any) -> Any:
        return types.updates.DifferenceEmpty(date=int(self._telegram.clock()), seq=0)
