"""Fingerprints as they are read out over the telephone: 16 groups of four signs 0-9 a-f, without upper case."""

import base64

from schemas.directory import Fingerprint


class Misheard(ValueError):
    """This is no fingerprint: a group is missing, or has a sign that does not occur."""


def spoken(fingerprint: Fingerprint) -> str:
    """For reading out."""
    text = base64.urlsafe_b64decode(fingerprint + "=").hex()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def heard(text: str) -> Fingerprint:
    """What was read out, or the short form of a pins file. Raises Misheard."""
    plain = text.strip()
    if len(plain) == 43:
        return plain
    try:
        raw = bytes.fromhex("".join(plain.lower().split()))
    except ValueError:
        raise Misheard("a fingerprint is 16 groups of four signs 0-9 a-f") from None
    if len(raw) != 32:
        raise Misheard(f"a fingerprint is 16 groups of four signs; these are {len(raw) / 2:g}")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
