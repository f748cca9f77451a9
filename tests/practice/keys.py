"""The practice server's RSA key and Telegram's Diffie-Hellman group.

The RSA key was made for this server alone and protects nothing: it is fixed so that a server starts at once, and it
is in the open so that nobody mistakes it for a secret.
"""

from __future__ import annotations

import struct
from hashlib import sha1

import rsa

_P = int(
    "fcb3fc469ac9b2d8857cb7f60c12ae7b1272d5ccf238d1aa3655a910f02244378fc35bed245b1f6962dacc039196c7b0"
    "1bbffbdd31cc6be3ae77c229f7bad1f570bf7bfc5cd9e86399b41f14c4d28791b796c8aa3b84a42b0f12177902101c34"
    "38487ab3f7b4c3567874d3f72797726f26c53685766b4bea6f4ad6799a1fdeda9b16533178cb25e1",
    16,
)
_Q = int(
    "8862757cc483df50d8acd306bff952501124906350871ff380c21397e982ac2e597826af9831beeddb27da9710bdbb81"
    "b0f0195db30535b9f028a7777673d9d21128ef83e61a29d4bd5724955f9ec63e6ee272ce284ed977109e18efcfcb974f"
    "d9a01b7a360035f16ab8654b8d8d3a7bc43ba04cf6c72f27",
    16,
)
RSA_MODULUS = _P * _Q
RSA_EXPONENT = 65537
_RSA_PRIVATE = pow(RSA_EXPONENT, -1, (_P - 1) * (_Q - 1))
RSA_PUBLIC_PEM: str = rsa.PublicKey(RSA_MODULUS, RSA_EXPONENT).save_pkcs1().decode("ascii")

# The safe prime that Telegram has used since 2013, both for the key exchange and for 2FA passwords; clients may
# keep it as known good (https://core.telegram.org/mtproto/auth_key, "checks for dh_prime").
DH_PRIME = int(
    "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4db"
    "fa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64"
    "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b41"
    "0dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4"
    "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf"
    "6f4fadf034b10403119cd8e3b92fcc5b",
    16,
)
DH_GENERATOR = 3

# Products of two of these are what the client has to factorise: as long as Telegram's own (just under 2^63).
PQ_PRIMES = (
    1096239247,
    1179855307,
    1191206537,
    1286344639,
    1596107507,
    1663879099,
    1918139099,
    1939227509,
    1957743379,
    1967723099,
    2037600437,
    2134765693,
)


def big_endian(number: int) -> bytes:
    """The shortest big-endian form, in which TL strings carry large numbers."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def tl_string(data: bytes) -> bytes:
    """`data` as a TL string: length, bytes, padding to four (https://core.telegram.org/mtproto/serialize#base-types)."""
    head = bytes([len(data)]) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
    return head + data + bytes(-(len(head) + len(data)) % 4)


def fingerprint(modulus: int, exponent: int) -> int:
    """The lower 64 bits of SHA1 over the bare `rsa_public_key n:string e:string`, as a signed long."""
    digest = sha1(tl_string(big_endian(modulus)) + tl_string(big_endian(exponent))).digest()
    return int(struct.unpack("<q", digest[-8:])[0])


RSA_FINGERPRINT = fingerprint(RSA_MODULUS, RSA_EXPONENT)


def rsa_decrypt(block: bytes) -> bytes:
    """Raw RSA, without any padding scheme, to 256 bytes; by the Chinese remainder theorem, which is thrice as fast."""
    cipher = int.from_bytes(block, "big")
    plain_p = pow(cipher, _RSA_PRIVATE % (_P - 1), _P)
    plain_q = pow(cipher, _RSA_PRIVATE % (_Q - 1), _Q)
    plain = plain_q + _Q * ((plain_p - plain_q) * pow(_Q, -1, _P) % _P)
    return plain.to_bytes(256, "big")
