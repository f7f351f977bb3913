"""Signatures and seals on honest and hostile input."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.jwk import OctKey, OKPKey

from services.runtime.jose import (
    MAX_SEALED,
    BadSignature,
    CannotOpen,
    PublicKey,
    SealingKey,
    SigningKey,
    open_sealed,
    seal,
    sign_compact,
    sign_detached,
    verify_compact,
    verify_detached,
)

KEY = SigningKey.generate("linde.sign.1")
OTHER = SigningKey.generate("berk.sign.1")
KNOWN = {key.kid: key.public() for key in (KEY, OTHER)}
SEALING = SealingKey.generate("linde.seal.1")
PAYLOAD = b'{"id":"1"}'
DETACHED_HEADER = {"alg": "Ed25519", "b64": False, "crit": ["b64"], "kid": KEY.kid}
COMPACT_HEADER = {"alg": "Ed25519", "kid": KEY.kid}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def detached(header: Any, payload: bytes = PAYLOAD) -> str:
    """A signature that is genuine for whatever header is given."""
    head = b64(json.dumps(header).encode() if not isinstance(header, bytes) else header)
    return f"{head}..{KEY._sign(head.encode(), payload).decode()}"


def compact(header: Any, payload: bytes = PAYLOAD) -> str:
    head, body = b64(json.dumps(header).encode()), b64(payload)
    return f"{head}.{body}.{KEY._sign(head.encode(), body.encode()).decode()}"


@given(st.binary(max_size=4096))
def test_what_was_signed_detached_verifies_and_names_its_key(payload: bytes) -> None:
    """Any bytes can be signed, also what is not text, and the check gives the key id."""
    assert verify_detached(payload, sign_detached(payload, KEY), KNOWN.get) == KEY.kid


@given(st.binary(max_size=4096))
def test_a_compact_signature_gives_the_payload_back(payload: bytes) -> None:
    """The payload and the key id come out as they went in."""
    assert verify_compact(sign_compact(payload, KEY), KNOWN.get) == (payload, KEY.kid)


def test_a_large_message_is_signed_and_checked() -> None:
    """Four megabytes, the largest outbox record, is no exception."""
    payload = b"\xff" * (4 * 1024 * 1024)
    assert verify_detached(payload, sign_detached(payload, KEY).encode(), KNOWN.get) == KEY.kid


@given(st.binary(min_size=1, max_size=200), st.data())
def test_one_changed_bit_is_noticed(payload: bytes, data: st.DataObject) -> None:
    """No bit of the payload can change unnoticed."""
    signature = sign_detached(payload, KEY)
    place = data.draw(st.integers(0, len(payload) * 8 - 1))
    changed = bytearray(payload)
    changed[place // 8] ^= 1 << place % 8
    with pytest.raises(BadSignature):
        verify_detached(bytes(changed), signature, KNOWN.get)


@given(st.integers(0, 10_000), st.characters(max_codepoint=0x2FF))
def test_one_signature_has_one_text(place: int, sign: str) -> None:
    """Changing, adding or dropping any character of a signature breaks it, also where decoders are lenient."""
    for text, check in ((sign_detached(PAYLOAD, KEY), _check_detached), (sign_compact(PAYLOAD, KEY), _check_compact)):
        at = place % len(text)
        for changed in (text[:at] + sign + text[at + 1 :], text[:at] + sign + text[at:], text[:at] + text[at + 1 :]):
            if changed != text:
                with pytest.raises(BadSignature):
                    check(changed)


def test_the_spare_bits_of_a_signature_must_be_zero() -> None:
    """The last character of a signature has four bits that say nothing; another value there is another text."""
    text = sign_detached(PAYLOAD, KEY)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    changed = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
    assert base64.urlsafe_b64decode(changed[-86:] + "==") == base64.urlsafe_b64decode(text[-86:] + "==")
    with pytest.raises(BadSignature):
        verify_detached(PAYLOAD, changed, KNOWN.get)


def _check_detached(text: str) -> None:
    verify_detached(PAYLOAD, text, KNOWN.get)


def _check_compact(text: str) -> None:
    verify_compact(text, KNOWN.get)


def test_the_strictness_tests_sign_what_they_think() -> None:
    """With the right headers the hand-made signatures of this file are genuine."""
    assert verify_detached(PAYLOAD, detached(DETACHED_HEADER), KNOWN.get) == KEY.kid
    assert verify_compact(compact(COMPACT_HEADER), KNOWN.get) == (PAYLOAD, KEY.kid)


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "EdDSA"},
        {"alg": "HS256"},
        {"alg": ["Ed25519"]},
        {"b64": True},
        {"b64": 0},
        {"b64": "false"},
        {"crit": ["b64", "exp"]},
        {"crit": []},
        {"crit": ["exp"]},
        {"crit": "b64"},
        {"crit": ["b64", "b64"]},
        {"kid": ""},
        {"kid": None},
        {"kid": 1},
        {"kid": "unknown"},
        {"kid": "berk.sign.1"},
        {"kid": "linde.sign.1\n"},
        {"kid": "k" * 65},
        {"jwk": {"kty": "OKP"}},
        {"jku": "https://example.org"},
        {"typ": "JWT"},
        {"x": "y" * 600},
    ],
)
def test_a_genuine_signature_under_another_detached_header_is_refused(change: dict[str, Any]) -> None:
    """Algorithm, criticality and key id are exactly the agreed ones, however well the bytes are signed."""
    with pytest.raises(BadSignature):
        verify_detached(PAYLOAD, detached({**DETACHED_HEADER, **change}), KNOWN.get)


@pytest.mark.parametrize("missing", ["alg", "b64", "crit", "kid"])
def test_a_detached_header_misses_nothing(missing: str) -> None:
    """Each of the four members must be there."""
    header = {name: value for name, value in DETACHED_HEADER.items() if name != missing}
    with pytest.raises(BadSignature):
        verify_detached(PAYLOAD, detached(header), KNOWN.get)


@pytest.mark.parametrize("change", [{"alg": "none"}, {"b64": False, "crit": ["b64"]}, {"kid": None}, {"crit": ["exp"]}])
def test_a_genuine_signature_under_another_compact_header_is_refused(change: dict[str, Any]) -> None:
    """A compact header holds algorithm and key id only."""
    with pytest.raises(BadSignature):
        verify_compact(compact({**COMPACT_HEADER, **change}), KNOWN.get)


def test_a_member_named_twice_is_refused() -> None:
    """Two readers could take another one of the two."""
    header = b'{"alg":"Ed25519","b64":false,"crit":["b64"],"kid":"berk.sign.1","kid":"linde.sign.1"}'
    with pytest.raises(BadSignature):
        verify_detached(PAYLOAD, detached(header), KNOWN.get)


def test_a_signature_that_carries_its_own_payload_is_not_detached() -> None:
    """Else the bytes that were checked would not be the bytes that are used."""
    head = b64(json.dumps(DETACHED_HEADER).encode())
    own = f"{head}.other.{KEY._sign(head.encode(), b'other').decode()}"
    with pytest.raises(BadSignature):
        verify_detached(PAYLOAD, own, KNOWN.get)
    with pytest.raises(BadSignature):
        verify_compact(own, KNOWN.get)


def test_a_public_key_is_not_taken_for_a_secret() -> None:
    """A code made with the public key as shared secret (algorithm confusion) is refused."""
    secret = OctKey.import_key(base64.urlsafe_b64decode(KEY.public().to_jwk()["x"] + "="))
    forged = jws.serialize_compact({"alg": "HS256", "kid": KEY.kid}, PAYLOAD, secret, algorithms=["HS256"])
    with pytest.raises(BadSignature):
        verify_compact(forged, KNOWN.get)


@given(st.text() | st.binary())
def test_garbage_for_a_signature_is_a_bad_signature_and_nothing_else(garbage: str | bytes) -> None:
    """Whatever stands in the header, the check ends with BadSignature."""
    for check in (lambda: verify_detached(PAYLOAD, garbage, KNOWN.get), lambda: verify_compact(garbage, KNOWN.get)):
        with pytest.raises(BadSignature):
            check()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
members = st.dictionaries(st.sampled_from(["alg", "b64", "crit", "kid", "enc", "epk", "zip", "p2c"]), json_values)


@given(members)
def test_any_json_for_a_header_is_a_bad_signature_and_nothing_else(header: dict[str, Any]) -> None:
    """Also headers that are genuine JSON with any values."""
    with pytest.raises(BadSignature):
        verify_detached(PAYLOAD, detached(header), KNOWN.get)
    with pytest.raises(BadSignature):
        verify_compact(compact(header), KNOWN.get)


@pytest.mark.parametrize("header", [b"[" * 380, b'{"a":' * 70, b"1" * 380, b"\xff\xfe{}", b"NaN", b'"\\ud800"'])
def test_a_header_made_to_upset_a_parser_is_a_bad_signature(header: bytes) -> None:
    """Depth, length and encodings do not get past the header's reader."""
    with pytest.raises(BadSignature):
        verify_detached(PAYLOAD, detached(header), KNOWN.get)


def test_other_libraries_sign_and_check_alike() -> None:
    """A supplier with an ordinary JOSE library talks to us without effort."""
    theirs = OKPKey.import_key({**KEY.to_jwk()})
    signed = jws.detach_content(jws.serialize_compact(DETACHED_HEADER, PAYLOAD, theirs, algorithms=["Ed25519"]))
    assert verify_detached(PAYLOAD, signed, KNOWN.get) == KEY.kid
    ours = sign_detached(PAYLOAD, KEY)
    assert jws.deserialize_compact(ours, theirs, payload=PAYLOAD, algorithms=["Ed25519"]).payload == PAYLOAD
    token = sign_compact(PAYLOAD, KEY)
    assert jws.deserialize_compact(token, theirs, algorithms=["Ed25519"]).payload == PAYLOAD


@given(st.binary(max_size=4096))
@settings(max_examples=50)
def test_what_is_sealed_opens_for_its_reader_only(plaintext: bytes) -> None:
    """The holder of the key reads it, another does not, also not under the same key id."""
    sealed = seal(plaintext, SEALING.public_jwk())
    assert open_sealed(sealed, [SealingKey.generate("older"), SEALING]) == plaintext
    for keys in ([], [SealingKey.generate("berk.seal.1")], [SealingKey.generate(SEALING.kid)]):
        with pytest.raises(CannotOpen):
            open_sealed(sealed, keys)


def test_two_mebibytes_are_sealed_and_opened() -> None:
    """The largest letter fits."""
    plaintext = b"x" * (2 * 1024 * 1024)
    assert open_sealed(seal(plaintext, SEALING.public_jwk()).encode(), [SEALING]) == plaintext


@given(st.integers(0, 10_000), st.characters(max_codepoint=0x2FF))
@settings(max_examples=50)
def test_a_changed_seal_does_not_give_other_content(place: int, sign: str) -> None:
    """It opens to what was sealed or not at all."""
    sealed = seal(b"secret", SEALING.public_jwk())
    at = place % len(sealed)
    try:
        assert open_sealed(sealed[:at] + sign + sealed[at + 1 :], [SEALING]) == b"secret"
    except CannotOpen as error:
        assert "secret" not in str(error)


def sealed_with(header: dict[str, Any], key: Any = None) -> str:
    registry = jwe.JWERegistry(algorithms=[*jwe.JWERegistry.algorithms["alg"], "A256GCM", "A128GCM", "DEF"])
    receiver = key or OKPKey.import_key({**SEALING.public_jwk()})
    return jwe.encrypt_compact({"kid": SEALING.kid, **header}, b"x" * 100, receiver, registry=registry)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "zip": "DEF"},
        {"alg": "ECDH-ES+A128KW", "enc": "A256GCM"},
        {"alg": "ECDH-ES", "enc": "A256GCM"},
        {"alg": "ECDH-ES+A256KW", "enc": "A128GCM"},
        {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "apu": "QQ"},
        {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "typ": "x"},
    ],
)
def test_a_genuine_seal_of_another_make_is_refused(header: dict[str, Any]) -> None:
    """No compression (which leaks length and can explode), no other algorithm, no other member."""
    with pytest.raises(CannotOpen):
        open_sealed(sealed_with(header), [SEALING])


def test_a_seal_with_a_shared_secret_is_refused() -> None:
    """A key that both sides know is not a seal."""
    secret = OctKey.generate_key(256)
    with pytest.raises(CannotOpen):
        open_sealed(sealed_with({"alg": "dir", "enc": "A256GCM"}, secret), [SEALING])


@pytest.mark.parametrize(
    "ephemeral",
    [
        {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43},
        {"kty": "OKP", "crv": "X25519", "x": "short"},
        {"kty": "OKP", "crv": "X25519", "x": 5},
        {"kty": "oct", "crv": "X25519", "x": "A" * 43},
        {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "d": "A" * 43},
        None,
        [],
    ],
)
def test_a_strange_ephemeral_key_does_not_open(ephemeral: Any) -> None:
    """Other curves, the all-zero point and other shapes end in CannotOpen."""
    sealed = seal(b"secret", SEALING.public_jwk())
    header = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": SEALING.kid, "epk": ephemeral}
    with pytest.raises(CannotOpen):
        open_sealed(b64(json.dumps(header).encode()) + sealed[sealed.index(".") :], [SEALING])


@given(members, st.lists(st.binary(max_size=40), min_size=3, max_size=5))
def test_any_parts_of_a_seal_end_in_cannot_open(header: dict[str, Any], parts: list[bytes]) -> None:
    """Genuine JSON and base64url of anything."""
    whole = {"alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": SEALING.kid, **header}
    with pytest.raises(CannotOpen):
        open_sealed(".".join([b64(json.dumps(whole).encode()), *map(b64, parts)]), [SEALING])


@given(st.text() | st.binary())
def test_garbage_for_a_seal_ends_in_cannot_open(garbage: str | bytes) -> None:
    """Whatever stands there."""
    with pytest.raises(CannotOpen):
        open_sealed(garbage, [SEALING])


def test_an_oversize_seal_is_not_even_read() -> None:
    """More than the largest letter can take is refused at once."""
    with pytest.raises(CannotOpen, match="too long"):
        open_sealed("A" * (MAX_SEALED + 1), [SEALING])


def test_a_key_to_sign_with_is_no_key_to_seal_to() -> None:
    """A wrong public key is an error of the sender, named as such."""
    with pytest.raises(ValueError, match="X25519"):
        seal(b"x", KEY.public().to_jwk())
    with pytest.raises(ValueError, match="Ed25519"):
        PublicKey.from_jwk(SEALING.public_jwk())


def test_keys_survive_a_file_and_never_show_their_private_part() -> None:
    """A key written and read signs alike; its repr names the key id only."""
    assert SigningKey.from_jwk(KEY.to_jwk()).to_jwk() == KEY.to_jwk()
    assert SealingKey.from_jwk(SEALING.to_jwk()).to_jwk() == SEALING.to_jwk()
    assert "d" not in KEY.public().to_jwk() and "d" not in SEALING.public_jwk()
    assert repr(KEY) == "SigningKey('linde.sign.1')" and repr(SEALING) == "SealingKey('linde.seal.1')"
    with pytest.raises(ValueError, match="private"):
        SigningKey.from_jwk(KEY.public().to_jwk())
    with pytest.raises(ValueError, match="private"):
        SealingKey.from_jwk(SEALING.public_jwk())
