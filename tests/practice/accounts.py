"""Who exists on the practice Telegram, and by which way each of their codes is sent."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from telethon.tl import TLObject, types

from .srp import Challenges


class RawObject(TLObject):  # type: ignore[misc]
    """Bytes where a TL object belongs: constructors that no library knows yet."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def _bytes(self) -> bytes:
        return self.data


class Delivery(NamedTuple):
    """One way a code is sent.

    `type` is a SentCodeType, the bytes of one that does not exist yet, or a whole SentCodePaymentRequired or
    SentCodeSuccess. `next_type` is taken from the delivery that follows where it is not given; `timeout` is in
    seconds. `code` is what then signs in; without one, the account's code for the first send and another for each
    further one (`Account.code_of_send`).
    """

    type: Any
    next_type: Any = None
    timeout: int | None = None
    code: str | None = None


@dataclass
class SentCode:
    """A code on its way: good once, for one `phone_code_hash`, until `expires`."""

    hash: str
    code: str
    delivery: Delivery
    step: int  # the delivery's place in the account's plan
    expires: float
    resend_from: float
    email: str | None = None  # the address that account.sendVerifyEmailCode was asked to write to


@dataclass
class Account:
    """A phone number and, unless `occupied` is False, the person behind it."""

    phone: str
    dc: int = 2
    code: str = "12345"
    password: str | None = None
    hint: str | None = None
    recovery_email: str | None = None
    recovery_code: str = "765432"
    login_email: str | None = None
    email_code: str = "654321"
    first_name: str = "Practice"
    last_name: str | None = None
    username: str | None = None
    user_id: int = 0
    premium: bool = False
    bot_token: str | None = None
    occupied: bool = True
    banned: bool = False
    frozen: bool = False
    unconfirmed: bool = False
    setup_password_required: bool = False
    otherwise_relogin_days: int | None = None
    delivery: list[Delivery | Any] = field(default_factory=list)
    resend_timeout: int = 60

    def __post_init__(self) -> None:
        self.access_hash = int.from_bytes(os.urandom(7), "little")
        self.challenges = Challenges()
        self.sent: SentCode | None = None
        self.sends: list[float] = []  # when, for the flood limit
        self.wrong_passwords = 0
        self.recovery_sent = False
        self.email_reset_pending: float | None = None
        self.plan = [_as_delivery(step) for step in self.delivery] or [Delivery(types.auth.SentCodeTypeApp(5))]

    @property
    def digits(self) -> str:
        return "".join(filter(str.isdigit, self.phone))

    def code_of_send(self, number: int) -> str:
        """The code of the `number`-th send (from 0): `code`, and for each further one every digit one higher."""
        return "".join(str((int(c) + number) % 10) if c.isdigit() else c for c in self.code)

    def next_type(self, step: int) -> Any:
        """What a resend after this step of the plan would be, as a CodeType; None at the end of the plan.

        `auth.CodeTypeX` has the name of `auth.SentCodeTypeX`; types that have no CodeType cannot be announced.
        """
        delivery = self.plan[step]
        if delivery.next_type is not None or step + 1 >= len(self.plan):
            return delivery.next_type
        following = type(self.plan[step + 1].type).__name__.replace("SentCodeType", "CodeType")
        kind = getattr(types.auth, following, None)
        return kind() if kind else None

    def user(self, *, is_self: bool = True) -> types.User:
        return types.User(
            id=self.user_id,
            is_self=is_self,
            access_hash=self.access_hash,
            first_name=self.first_name,
            last_name=self.last_name,
            username=self.username,
            phone=None if self.bot_token else self.digits,
            bot=bool(self.bot_token) or None,
            bot_info_version=1 if self.bot_token else None,
            premium=self.premium or None,
        )


def _as_delivery(step: Any) -> Delivery:
    return step if isinstance(step, Delivery) else Delivery(step)


def email_pattern(address: str) -> str:
    """`someone@example.org` as Telegram shows it: `so***e@example.org`, short names with less."""
    name, _, domain = address.partition("@")
    return f"{name[:2]}***{name[-1:]}@{domain}" if len(name) > 3 else f"{name[:1]}***@{domain}"
