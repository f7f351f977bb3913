"""Messages as an attacker, or a half-broken client, would make them."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from joserfc import jwe
from joserfc.jwk import OKPKey

from services.runtime.jose import PublicKey, SigningKey

SALT = b"\x07" * 16


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _header(members: Mapping[str, Any]) -> str:
    return b64(json.dumps(members).encode())


def signed(value: bytes, key: SigningKey, *, as_it_is: bool = False, **header: Any) -> str:
    """A signature that holds over the header it carries, whatever that says; `as_it_is`: over the bytes unencoded, also
    where the header says otherwise.
    """
    members = {"alg": "Ed25519", "b64": False, "crit": ["b64"], "kid": key.kid, **header}
    protected = _header({name: told for name, told in members.items() if told is not None})
    payload = value if as_it_is or members["b64"] is False else b64(value).encode()
    return f"{protected}..{b64(key._key.sign(protected.encode() + b'.' + payload))}"


def signed_with_the_public_key(value: bytes, key: PublicKey) -> str:
    """HS256 with the bytes of a public key as the secret: who takes the algorithm from the header is fooled."""
    protected = _header({"alg": "HS256", "b64": False, "crit": ["b64"], "kid": key.kid})
    secret = base64.urlsafe_b64decode(key.to_jwk()["x"] + "=")
    return f"{protected}..{b64(hmac.digest(secret, protected.encode() + b'.' + value, 'sha512'))[:86]}"


def signatures(value: bytes, key: SigningKey, other: SigningKey) -> dict[str, str]:
    """Every way in which a signature can be almost right, by what is wrong with it."""
    right = signed(value, key)
    protected, _, signature = right.partition("..")
    return {
        "none at all": "",
        "of other bytes": signed(value + b" ", key),
        "alg none, no signature": _header({"alg": "none", "b64": False, "crit": ["b64"], "kid": key.kid}) + "..",
        "alg none, a signature": signed(value, key, alg="none"),
        "alg HS256 with the public key": signed_with_the_public_key(value, key.public()),
        "alg EdDSA": signed(value, key, alg="EdDSA"),
        "b64 true": signed(value, key, b64=True),
        "b64 true, and signed as if false": signed(value, key, as_it_is=True, b64=True),
        "crit empty": signed(value, key, crit=[]),
        "b64 left out": signed(value, key, b64=None, crit=None),
        "another crit": signed(value, key, crit=["b64", "exp"], exp=1),
        "a member more": signed(value, key, typ="JOSE"),
        "crit left out": signed(value, key, crit=None),
        "its own key in the header": signed(value, other, kid=key.kid, jwk=other.public().to_jwk()),
        "the name of another key": signed(value, key, kid=other.kid),
        "the key of another, under its own name": signed(value, other, kid=key.kid),
        "a key nobody has": signed(value, key, kid="veilig-thuis-noord.sign.nobody"),
        "padded": f"{protected}..{signature}==",
        "another text of the same bytes": right[:-1] + _same_bits(right[-1]),
        "with the payload in it": f"{protected}.{b64(value)}.{signature}"[:500],
    }


def _same_bits(last: str) -> str:
    """The last sign of 64 bytes in base64url holds two bits that decoders ignore."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(last) ^ 1]


def row(text: str, *, item: str | None = None, category: str = "CONCERNS", salt: bytes = SALT) -> dict[str, Any]:
    """A row of a manifest about the child, on consent."""
    return {
        "item": item or str(uuid.uuid4()),
        "category": category,
        "about": ["child-1"],
        "kind": "OBSERVATION",
        "as_of": "2026-03-02",
        "source": {"kind": "OWN_OBSERVATION"},
        "bases": [{"person": "child-1", "secrecy": "CONSENT"}],
        "digest": hashlib.sha256(salt + text.encode()).hexdigest(),
    }


def plaintext(event: Mapping[str, Any], told: Mapping[str, Any], text: str, salt: bytes = SALT, **header: Any) -> bytes:
    """What is sealed for a row of the manifest; `header`: members that say something else."""
    inside = {
        "source": event["source"],
        "recipient": event["data"]["to"][0],
        "subject": event["subject"],
        "message": event["id"],
        **{name: told[name] for name in ("item", "category", "about", "kind")},
        **header,
    }
    return json.dumps({"header": inside, "salt": b64(salt), "body": text}).encode()


def sealed(plain: bytes, key: Mapping[str, str], **header: Any) -> str:
    """A JWE whose header says what it is told to."""
    registry = jwe.JWERegistry(algorithms=["ECDH-ES+A256KW", "A256GCM", "DEF"])
    members = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": key["kid"], **header}
    public = OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})
    return jwe.encrypt_compact(members, plain, public, registry=registry)


def with_bad_tag(token: str) -> str:
    head, _, _ = token.rpartition(".")
    return f"{head}.{b64(secrets.token_bytes(16))}"


def unreadable(event: Mapping[str, Any], limit: int) -> dict[str, tuple[bytes, str]]:
    """Bytes that are no message, each with words of the answer. Most are a good message but for one thing."""
    good = json.dumps(event)
    start = good[:-1]
    deep = "[" * 30 + "]" * 30
    return {
        "nothing": (b"", "not JSON"),
        "not UTF-8": (good.replace("1.0", "1.\xff").encode("latin-1"), "UnicodeDecodeError"),
        "a byte order mark": (b"\xef\xbb\xbf" + good.encode(), "not JSON"),
        "UTF-16": (good.encode("utf-16"), "UnicodeDecodeError"),
        "half a surrogate": (f'{start}, "dataschema": "\\ud800"}}'.encode(), "half a character"),
        "the character 0": (f'{start}, "dataschema": "a\\u0000b"}}'.encode(), "U+0000"),
        "two texts": (good.encode() + good.encode(), "not JSON"),
        "a list": (f"[{good}]".encode(), "message"),
        "a key twice": (f'{start}, "id": "{event["id"]}"}}'.encode(), "same key twice"),
        "a key twice, deep inside": (good.replace('"ref": ', '"ref": "x", "ref": ').encode(), "twice"),
        "NaN": (f'{start}, "x": NaN}}'.encode(), "NaN"),
        "Infinity": (f'{start}, "x": -Infinity}}'.encode(), "NaN"),
        "a number beyond all": (good.replace(f'"{event["time"]}"', "1e999").encode(), "time"),
        "a number of 5,000 digits": (f'{start}, "x": {"9" * 5000}}}'.encode(), "ValueError"),
        "nested deeply": (f'{start}, "x": {deep}}}'.encode(), "nested deeper"),
        "nested very deeply": (b"[" * 200_000, "RecursionError"),
        "too many values": (f'{start}, "x": [{"0," * 40_000}0]}}'.encode(), "more than 32768"),
        "a field nobody knows": (f'{start}, "x": 1}}'.encode(), "x: Extra"),
        "oversized": (start.encode() + b" " * limit + b"}", "bytes"),
    }


def leaves(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """The place of every text in a message."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, *path, name)


def altered(event: Mapping[str, Any], path: tuple[str | int, ...], value: Any) -> Any:
    """The message with another value in one place."""
    made = json.loads(json.dumps(event))
    inner: Any = made
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return made
