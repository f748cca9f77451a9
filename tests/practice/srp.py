"""How a 2FA password is proven without being sent: the server's half of https://core.telegram.org/api/srp.

Written from that page's formulas and not with Telethon's helper, so that the two check each other.
"""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache

from telethon.tl import types

from .keys import DH_GENERATOR, DH_PRIME

_P = DH_PRIME.to_bytes(256, "big")
_G = DH_GENERATOR.to_bytes(256, "big")
_SALT1 = b"practice salt one"
_SALT2 = b"practice salt two"
_MARGIN = 1 << (2048 - 64)


def _h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


_K = _number(_h(_P, _G))


@lru_cache(maxsize=64)
def _verifier(password: str) -> int:
    """v = g^x mod p, where x = PH2(password, salt1, salt2). One password costs 100,000 rounds, so it is kept."""
    ph1 = _h(_SALT2, _h(_SALT1, password.encode(), _SALT1), _SALT2)
    stretched = hashlib.pbkdf2_hmac("sha512", ph1, _SALT1, 100_000)
    return pow(DH_GENERATOR, _number(_h(_SALT2, stretched, _SALT2)), DH_PRIME)


def algorithm() -> types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow:
    return types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
        salt1=_SALT1, salt2=_SALT2, g=DH_GENERATOR, p=_P
    )


class Challenge:
    """One `srp_id` and `srp_B`, good for one answer."""

    def __init__(self, password: str) -> None:
        self.srp_id = secrets.randbits(63)
        self._v = _verifier(password)
        self._b = secrets.randbits(2048)
        self.srp_B = ((_K * self._v + pow(DH_GENERATOR, self._b, DH_PRIME)) % DH_PRIME).to_bytes(256, "big")

    def proves(self, a: bytes, m1: bytes) -> bool:
        """Whether M1 shows that the client knows the password. ValueError if g_a (`a`) is no valid half."""
        g_a = _number(a)
        if len(a) > 256 or not _MARGIN <= g_a <= DH_PRIME - _MARGIN:
            raise ValueError("g_a is out of range")
        a = g_a.to_bytes(256, "big")
        u = _number(_h(a, self.srp_B))
        s_b = pow(g_a * pow(self._v, u, DH_PRIME), self._b, DH_PRIME)
        k_b = _h(s_b.to_bytes(256, "big"))
        p_xor_g = bytes(x ^ y for x, y in zip(_h(_P), _h(_G)))
        return secrets.compare_digest(m1, _h(p_xor_g, _h(_SALT1), _h(_SALT2), a, self.srp_B, k_b))


class Challenges:
    """The challenges of one account: each `account.getPassword` asks for a new one, and only the newest counts."""

    def __init__(self) -> None:
        self._open: dict[int, Challenge] = {}

    def new(self, password: str) -> Challenge:
        challenge = Challenge(password)
        self._open = {challenge.srp_id: challenge}
        return challenge

    def take(self, srp_id: int) -> Challenge:
        """KeyError when that challenge is not, or no longer, open."""
        return self._open.pop(srp_id)
