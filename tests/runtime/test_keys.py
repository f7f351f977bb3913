"""Where private keys come from, which one is used, and that nobody hears of them."""

import base64
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from deploy.directory import signed_record
from schemas.directory import DirectoryKey, KeyState, KeyUse
from services.runtime.directory import Accepted, Directory
from services.runtime.jose import SealingKey, SigningKey, open_sealed, seal
from services.runtime.keys import (
    Folder,
    KeyRing,
    KeySettings,
    KeysUnusable,
    NoKey,
    key_of,
    lock,
    read_key,
    unlock,
)
from tests.runtime.test_directory import DAY, IDENTITY, OPERATOR, PINS, SLUG, START, Row, entry, key, keys

PASSPHRASE = SecretStr("een zin die niemand raadt")
FIRST, SECOND = SigningKey.generate(f"{SLUG}.sign.a"), SigningKey.generate(f"{SLUG}.sign.b")
SEALING = SealingKey.generate(f"{SLUG}.seal.a")


def write(folder: Path, name: str, made: SigningKey | SealingKey, passphrase: SecretStr | None = None) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(lock(made.to_jwk(), passphrase))


def windows(**ends: datetime) -> tuple[DirectoryKey, ...]:
    """The first key ends as told; the second began on day 5."""
    first = key(KeyUse.SIGN, FIRST.public().to_jwk(), **ends)
    second = key(KeyUse.SIGN, SECOND.public().to_jwk(), not_before=START + 5 * DAY)
    return (*(each for each in keys() if each.use is not KeyUse.SIGN), first, second)


def directory(**ends: datetime) -> Directory:
    made = Directory(PINS)
    value = signed_record(entry(keys=windows(**ends)), IDENTITY, OPERATOR)
    assert isinstance(made.apply(Row(0, SLUG.encode(), value)), Accepted)
    return made


def test_a_locked_key_opens_with_its_passphrase_only() -> None:
    """And what is locked shows nothing of the key."""
    text = lock(FIRST.to_jwk(), PASSPHRASE)
    assert unlock(text, PASSPHRASE) == FIRST.to_jwk()
    assert FIRST.to_jwk()["d"].encode() not in text
    for wrong in (None, SecretStr("een andere zin dan deze")):
        with pytest.raises(KeysUnusable):
            unlock(text, wrong)


def test_a_locked_key_names_what_anyone_can_open_it_with() -> None:
    """RFC 7517 §7: PBES2 and many rounds, so that guessing is slow and other programs can read it."""
    header = json.loads(base64.urlsafe_b64decode(lock(FIRST.to_jwk(), PASSPHRASE).split(b".")[0] + b"=="))
    assert (header["alg"], header["enc"], header["cty"]) == ("PBES2-HS512+A256KW", "A256GCM", "jwk+json")
    assert header["p2c"] >= 210_000


@given(st.binary(max_size=200))
def test_no_broken_key_file_tells_what_is_in_it(text: bytes) -> None:
    """Whatever the file holds: one named error, without its content."""
    try:
        key_of(unlock(text, None, "file"), "file")
    except KeysUnusable as told:
        assert str(told).startswith("file")


def test_an_error_about_a_key_does_not_quote_it(tmp_path: Path) -> None:
    """A private key of the wrong form, damaged, or under another key's name is named by its file."""
    jwk = FIRST.to_jwk()
    for spoiled in ({**jwk, "d": "no"}, {**jwk, "crv": "P-256"}, {**jwk, "d": jwk["d"][:-2]}, [jwk]):
        (tmp_path / "signing.jwk").write_text(json.dumps(spoiled))
        with pytest.raises(KeysUnusable) as raised:
            read_key(tmp_path / "signing.jwk", None)
        assert jwk["d"][:10] not in str(raised.value) and raised.value.__cause__ is None


def test_the_passphrase_comes_from_variable_file_or_descriptor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A descriptor goes before a file, a file before the variable; a short one is refused."""
    monkeypatch.setenv("ESTAFETTE_KEY_PASSPHRASE", "uit de omgeving gelezen")
    found = KeySettings().passphrase()
    assert found is not None and found.get_secret_value() == "uit de omgeving gelezen"
    (tmp_path / "secret").write_text("uit een bestand gelezen\n")
    monkeypatch.setenv("ESTAFETTE_KEY_PASSPHRASE_FILE", str(tmp_path / "secret"))
    found = KeySettings().passphrase()
    assert found is not None and found.get_secret_value() == "uit een bestand gelezen"
    reading, writing = os.pipe()
    os.write(writing, b"uit een pijp gelezen\n")
    os.close(writing)
    monkeypatch.setenv("ESTAFETTE_KEY_PASSPHRASE_FD", str(reading))
    for _ in range(2):
        found = KeySettings().passphrase()
        assert found is not None and found.get_secret_value() == "uit een pijp gelezen"
    assert "gelezen" not in repr(KeySettings())
    monkeypatch.delenv("ESTAFETTE_KEY_PASSPHRASE_FD")
    (tmp_path / "secret").write_text("kort")
    with pytest.raises(KeysUnusable, match="shorter"):
        KeySettings().passphrase()


def test_the_newest_key_in_use_that_is_here_signs(tmp_path: Path) -> None:
    """The directory says which is the newest; one whose private half is elsewhere is passed over."""
    write(tmp_path, "signing.jwk", FIRST)
    write(tmp_path, "signing-b.jwk", SECOND)
    made = directory(sign_until=START + 7 * DAY, accept_until=START + 30 * DAY)
    ring = KeyRing(SLUG, [Folder(tmp_path, None)])
    assert ring.signer(made, START + 4 * DAY).kid == FIRST.kid
    assert ring.signer(made, START + 5 * DAY).kid == SECOND.kid
    (tmp_path / "signing-b.jwk").unlink()
    assert ring.signer(made, START + 5 * DAY).kid == FIRST.kid
    with pytest.raises(NoKey):
        ring.signer(made, START + 8 * DAY)
    assert ring.signer_or_last(made, START + 8 * DAY).kid == FIRST.kid


def test_a_new_key_file_is_taken_up_by_a_ring_that_is_in_use(tmp_path: Path) -> None:
    """Without a restart; the old key to open with stays, and a file that cannot be read changes nothing."""
    write(tmp_path, "signing.jwk", FIRST, PASSPHRASE)
    write(tmp_path, "sealing.jwk", SEALING, PASSPHRASE)
    ring = KeyRing(SLUG, [Folder(tmp_path, PASSPHRASE)])
    old = seal(b"before", SEALING.public_jwk())
    later = SealingKey.generate(f"{SLUG}.seal.b")
    write(tmp_path, "sealing-b.jwk", later, PASSPHRASE)
    assert open_sealed(old, ring) == b"before" and open_sealed(seal(b"after", later.public_jwk()), ring) == b"after"
    write(tmp_path, "sealing-c.jwk", SealingKey.generate(f"{SLUG}.seal.c"), SecretStr("een heel andere zin"))
    assert set(ring.sealing) == {SEALING.kid, later.kid} and set(ring.signing) == {FIRST.kid}


def test_a_ring_holds_no_identity_key_and_none_of_another(tmp_path: Path) -> None:
    """A service that was broken into cannot change its organisation's entry."""
    write(tmp_path, "identity.jwk", IDENTITY)
    write(tmp_path, "signing.jwk", FIRST)
    write(tmp_path, "signing-x.jwk", SigningKey.generate("lokaal-team-berk.sign.1"))
    assert set(KeyRing(SLUG, [Folder(tmp_path, None)]).signing) == {FIRST.kid}


def test_keys_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JWK set, beside what files there are; one that is broken stops the start without being quoted."""
    monkeypatch.setenv("ESTAFETTE_KEYS", json.dumps({"keys": [FIRST.to_jwk(), SEALING.to_jwk()]}))
    ring = KeyRing.of(tmp_path, SLUG)
    assert set(ring.signing) == {FIRST.kid} and open_sealed(seal(b"x", SEALING.public_jwk()), ring) == b"x"
    assert FIRST.to_jwk()["d"] not in repr(KeySettings())
    monkeypatch.setenv("ESTAFETTE_KEYS", json.dumps({"keys": [{**FIRST.to_jwk(), "crv": "none"}]}))
    with pytest.raises(KeysUnusable) as raised:
        KeyRing.of(tmp_path, SLUG)
    assert FIRST.to_jwk()["d"] not in str(raised.value)
    monkeypatch.delenv("ESTAFETTE_KEYS")
    with pytest.raises(KeysUnusable, match="no key to sign with"):
        KeyRing.of(tmp_path, SLUG)


def test_under_the_gates_seal_a_revocation_counts_a_minute_later() -> None:
    """The gate refuses at once what it reads of; what it let through just before is not lost on the way."""
    made = key(KeyUse.SIGN, FIRST.public().to_jwk(), revoked_at=START + DAY)
    at = START + DAY
    assert made.state(at) is KeyState.REVOKED and made.credible(at)
    assert made.credible(at + timedelta(seconds=59)) and not made.credible(at + timedelta(minutes=1))
    assert not made.credible(START - timedelta(microseconds=1))
    ended = key(KeyUse.SIGN, FIRST.public().to_jwk(), sign_until=START + DAY, accept_until=START + 2 * DAY)
    assert ended.credible(START + 2 * DAY - timedelta(microseconds=1)) and not ended.credible(START + 2 * DAY)


def test_a_key_to_sign_with_never_opens_and_the_other_way_round() -> None:
    """Each by its curve."""
    assert isinstance(key_of(SEALING.to_jwk()), SealingKey) and isinstance(key_of(FIRST.to_jwk()), SigningKey)
