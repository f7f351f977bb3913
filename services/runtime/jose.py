"""Signatures and seals: JWS with Ed25519 (RFC 9864), detached over unencoded bytes (RFC 7797) or compact; JWE to one
X25519 key.

Checking is strict on purpose. A detached header is exactly {alg: Ed25519, b64: false, crit: ["b64"], kid}, a compact
one exactly {alg: Ed25519, kid}, and base64url is canonical, so that one signature has one text. Whatever comes in,
checking raises BadSignature and opening raises CannotOpen, and neither says anything about content. Why the JWS part
stands directly on `cryptography`: docs/decisions/signature-check.md.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from joserfc import jwe
from joserfc.jwk import OKPKey

ALGORITHM: Final = "Ed25519"
KEY_AGREEMENT: Final = "ECDH-ES+A256KW"
ENCRYPTION: Final = "A256GCM"

MAX_HEADER: Final = 512
"""Longest protected header, in base64url characters."""
MAX_COMPACT: Final = 4 * 1024 * 1024
"""Longest compact JWS, in characters."""
MAX_SEALED: Final = 4 * 1024 * 1024
"""Longest JWE, in characters: 2 MiB of plaintext and what the encoding adds."""

_SIGNATURE: Final = 86  # base64url characters of 64 bytes
_KID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")

Jwk = Mapping[str, Any]


class BadSignature(Exception):
    """What was to be checked is not signed as it must be. The text names the reason, never content."""


class CannotOpen(Exception):
    """A sealed text does not open with the keys at hand. The text names the reason, never content."""


class PublicKey:
    """A key to check signatures with, parsed once."""

    __slots__ = ("_key", "kid")

    def __init__(self, kid: str, key: Ed25519PublicKey) -> None:
        self.kid = kid
        self._key = key

    @classmethod
    def from_jwk(cls, jwk: Jwk, kid: str | None = None) -> Self:
        """From a public JWK; `kid` where the JWK carries none. Raises ValueError when it is no Ed25519 key."""
        key = _okp(jwk, "Ed25519").get_op_key("verify")
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 key")
        return cls(_checked_kid(kid or jwk.get("kid")), key)

    def to_jwk(self) -> dict[str, str]:
        return {"kty": "OKP", "crv": "Ed25519", "x": _encode(self._key.public_bytes_raw()).decode(), "kid": self.kid}

    def check(self, signature: bytes, signed: bytes) -> None:
        """Raises BadSignature."""
        try:
            self._key.verify(signature, signed)
        except InvalidSignature:
            raise BadSignature("signature does not match") from None

    def __repr__(self) -> str:
        return f"PublicKey({self.kid!r})"


Resolve = Callable[[str], PublicKey | None]
"""Finds the key of a key id; None when it is unknown or no longer accepted."""


class Signer(Protocol):
    """A private Ed25519 key, in this process or in a device that never gives it away."""

    def sign(self, data: bytes, /) -> bytes: ...
    def public_key(self) -> Ed25519PublicKey: ...


class Exchanger(Protocol):
    """A private X25519 key in a device that never gives it away."""

    def exchange(self, peer: X25519PublicKey, /) -> bytes: ...
    def public_key(self) -> X25519PublicKey: ...


class SigningKey:
    """A private Ed25519 key. Its repr shows the key id only."""

    __slots__ = ("_compact", "_detached", "_key", "kid")

    def __init__(self, kid: str, key: Signer) -> None:
        self.kid = _checked_kid(kid)
        self._key = key
        self._detached = _encode(_json({"alg": ALGORITHM, "b64": False, "crit": ["b64"], "kid": kid}))
        self._compact = _encode(_json({"alg": ALGORITHM, "kid": kid}))

    @classmethod
    def generate(cls, kid: str) -> Self:
        return cls(kid, Ed25519PrivateKey.generate())

    @classmethod
    def from_jwk(cls, jwk: Jwk) -> Self:
        """Raises ValueError when it is no private Ed25519 key with a key id."""
        key = _okp(jwk, "Ed25519").private_key
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("not a private Ed25519 key")
        return cls(_checked_kid(jwk.get("kid")), key)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        return cls.from_jwk(json.loads(path.read_bytes()))

    def to_jwk(self) -> dict[str, str]:
        """With the private part: for a file of the owner only. Raises ValueError for a key in a device."""
        if not isinstance(self._key, Ed25519PrivateKey):
            raise ValueError("the device does not give this key away")
        return {**self.public().to_jwk(), "d": _encode(self._key.private_bytes_raw()).decode()}

    def public(self) -> PublicKey:
        return PublicKey(self.kid, self._key.public_key())

    def _sign(self, header: bytes, part: bytes) -> bytes:
        return _encode(self._key.sign(b"%b.%b" % (header, part)))

    def __repr__(self) -> str:
        return f"SigningKey({self.kid!r})"


class SealingKey:
    """A private X25519 key that others seal to. Its repr shows the key id only."""

    __slots__ = ("_key", "kid")

    def __init__(self, kid: str, key: OKPKey) -> None:
        self.kid = _checked_kid(kid)
        self._key = key

    @classmethod
    def generate(cls, kid: str) -> Self:
        return cls(kid, OKPKey.generate_key("X25519", {"kid": kid}, auto_kid=False))

    @classmethod
    def in_device(cls, kid: str, device: Exchanger) -> Self:
        """A key that a device holds: only the key agreement is asked of it."""
        return cls(kid, _DeviceKey.of(device, kid))

    @classmethod
    def from_jwk(cls, jwk: Jwk) -> Self:
        """Raises ValueError when it is no private X25519 key with a key id."""
        key = _okp(jwk, "X25519")
        if not key.is_private:
            raise ValueError("not a private X25519 key")
        return cls(_checked_kid(jwk.get("kid")), key)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        return cls.from_jwk(json.loads(path.read_bytes()))

    def to_jwk(self) -> dict[str, str]:
        """With the private part: for a file of the owner only."""
        return self._members(private=True)

    def public_jwk(self) -> dict[str, str]:
        return self._members(private=False)

    def _members(self, *, private: bool) -> dict[str, str]:
        if private and isinstance(self._key, _DeviceKey):
            raise ValueError("the device does not give this key away")
        jwk = self._key.as_dict(private=private)
        return {name: str(jwk[name]) for name in ("kty", "crv", "x", "d") if name in jwk} | {"kid": self.kid}

    def __repr__(self) -> str:
        return f"SealingKey({self.kid!r})"


class _DeviceKey(OKPKey):
    """The public half, and a device that does with the private half what ECDH-ES asks for."""

    device: Exchanger

    @classmethod
    def of(cls, device: Exchanger, kid: str) -> Self:
        public = {"kty": "OKP", "crv": "X25519", "x": _encode(device.public_key().public_bytes_raw()).decode()}
        key = cls.import_key({**public, "kid": kid})
        key.device = device
        return key

    def exchange_derive_key(self, key: OKPKey) -> bytes:
        peer = key.get_op_key("deriveKey")
        if not isinstance(peer, X25519PublicKey):
            raise CannotOpen("does not open")
        return self.device.exchange(peer)


def sign_detached(payload: bytes, key: SigningKey) -> str:
    """A detached JWS over exactly these bytes."""
    return (key._detached + b".." + key._sign(key._detached, payload)).decode()


def verify_detached(payload: bytes, signature: str | bytes, resolve: Resolve) -> str:
    """The key id that signed exactly these bytes. Raises BadSignature."""
    jws = _ascii(signature)
    if len(jws) > MAX_HEADER + 2 + _SIGNATURE:
        raise BadSignature("too long")
    header, separator, signed = jws.partition(b"..")
    if not separator:
        raise BadSignature("not a detached signature")
    kid = _detached_kid(header)
    _key_of(kid, resolve).check(_signature(signed), b"%b.%b" % (header, payload))
    return kid


def sign_compact(payload: bytes, key: SigningKey) -> str:
    """A compact JWS that carries the payload."""
    body = _encode(payload)
    return (b"%b.%b.%b" % (key._compact, body, key._sign(key._compact, body))).decode()


def verify_compact(token: str | bytes, resolve: Resolve) -> tuple[bytes, str]:
    """The payload and the key id that signed it. Raises BadSignature."""
    jws = _ascii(token)
    if len(jws) > MAX_COMPACT:
        raise BadSignature("too long")
    parts = jws.split(b".", 3)
    if len(parts) != 3:
        raise BadSignature("not a compact signature")
    header, body, signed = parts
    kid = _compact_kid(header)
    _key_of(kid, resolve).check(_signature(signed), b"%b.%b" % (header, body))
    return _decode(body), kid


def seal(plaintext: bytes, public_jwk: Jwk) -> str:
    """A compact JWE that only the holder of this key opens. Raises ValueError on any key but X25519 with a kid."""
    kid = _checked_kid(public_jwk.get("kid"))
    header = {"alg": KEY_AGREEMENT, "enc": ENCRYPTION, "kid": kid}
    return jwe.encrypt_compact(header, plaintext, _okp(public_jwk, "X25519"), registry=_REGISTRY)


def open_sealed(sealed: str | bytes, keys: Iterable[SealingKey]) -> bytes:
    """The plaintext, opened with that one of `keys` the header names. Raises CannotOpen."""
    text = sealed if isinstance(sealed, bytes) else sealed.encode("ascii", "replace")
    if len(text) > MAX_SEALED:
        raise CannotOpen("too long")
    kid = _sealed_kid(text.partition(b".")[0])
    key = next((key for key in keys if key.kid == kid), None)
    if key is None:
        raise CannotOpen("sealed to another key")
    try:
        opened = jwe.decrypt_compact(text, key._key, registry=_REGISTRY).plaintext
    except Exception:  # the library lets KeyError, TypeError and the like through on hostile input
        raise CannotOpen("does not open") from None
    if opened is None:
        raise CannotOpen("does not open")
    return opened


class _Registry(jwe.JWERegistry):
    """The library's own limit is 64 KiB of ciphertext."""

    max_ciphertext_length = MAX_SEALED


_REGISTRY: Final = _Registry(algorithms=[KEY_AGREEMENT, ENCRYPTION])


@lru_cache(maxsize=4096)
def _detached_kid(header: bytes) -> str:
    """The key id of a well-formed detached header. A sender's header is the same every time: parsed once."""
    members = _members(header, BadSignature)
    if members.keys() != {"alg", "b64", "crit", "kid"} or members["b64"] is not False or members["crit"] != ["b64"]:
        raise BadSignature("header is not that of a detached signature")
    return _signer(members)


@lru_cache(maxsize=4096)
def _compact_kid(header: bytes) -> str:
    members = _members(header, BadSignature)
    if members.keys() != {"alg", "kid"}:
        raise BadSignature("header is not that of a compact signature")
    return _signer(members)


def _signer(members: Mapping[str, Any]) -> str:
    if members["alg"] != ALGORITHM:
        raise BadSignature("algorithm not allowed")
    kid = members["kid"]
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise BadSignature("no key id")
    return kid


def _sealed_kid(header: bytes) -> str:
    members = _members(header, CannotOpen)
    if members.keys() != {"alg", "enc", "kid", "epk"}:
        raise CannotOpen("header is not that of a seal")
    kid, ephemeral = members["kid"], members["epk"]
    if members["alg"] != KEY_AGREEMENT or members["enc"] != ENCRYPTION:
        raise CannotOpen("algorithm not allowed")
    if not isinstance(ephemeral, dict) or ephemeral.keys() != {"kty", "crv", "x"} or ephemeral["crv"] != "X25519":
        raise CannotOpen("ephemeral key not allowed")
    if not isinstance(kid, str):
        raise CannotOpen("no key id")
    return kid


def _members(header: bytes, error: type[BadSignature] | type[CannotOpen]) -> dict[str, Any]:
    """The members of a protected header, each named once."""
    if len(header) > MAX_HEADER:
        raise error("header too long")
    try:
        members = json.loads(_decode(header), object_pairs_hook=_once)
    except (BadSignature, ValueError, RecursionError):
        raise error("header unreadable") from None
    if not isinstance(members, dict):
        raise error("header unreadable")
    return members


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _key_of(kid: str, resolve: Resolve) -> PublicKey:
    key = resolve(kid)
    if key is None:
        raise BadSignature("key unknown or not accepted")
    return key


def _ascii(text: str | bytes) -> bytes:
    """As bytes; what is not ASCII becomes a sign that base64url does not have."""
    return text if isinstance(text, bytes) else text.encode("ascii", "replace")


def _signature(segment: bytes) -> bytes:
    if len(segment) != _SIGNATURE:
        raise BadSignature("signature has another length")
    return _decode(segment)


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decode(segment: bytes) -> bytes:
    """Canonical base64url only: the decoder skips foreign signs, which would give one signature many texts."""
    try:
        raw = base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except (binascii.Error, ValueError):
        raise BadSignature("not base64url") from None
    if _encode(raw) != segment:
        raise BadSignature("not canonical base64url")
    return raw


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


def _checked_kid(kid: object) -> str:
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise ValueError("a key needs a key id of at most 64 plain characters")
    return kid


def _okp(jwk: Jwk, curve: str) -> OKPKey:
    if jwk.get("kty") != "OKP" or jwk.get("crv") != curve:
        raise ValueError(f"not an {curve} key")
    members = {name: jwk[name] for name in ("kty", "crv", "x", "d", "kid") if name in jwk}
    try:
        return OKPKey.import_key(members)
    except Exception:  # the library raises many kinds; none may carry key material
        raise ValueError(f"not an {curve} key") from None
