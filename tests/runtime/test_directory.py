"""What counts in the directory, and for how long."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deploy.directory import signed_record
from schemas.directory import DirectoryKey, KeyState, KeyUse, Organisation, PublicJwk
from services.runtime.directory import Accepted, Conflict, ConflictReason, Directory, load_pins
from services.runtime.jose import SealingKey, SigningKey, sign_compact, sign_detached, verify_detached

SLUG = "lokaal-team-linde"
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)

OPERATOR = SigningKey.generate("operator.identity.1")
IDENTITY = SigningKey.generate(f"{SLUG}.identity.1")
SIGNING = SigningKey.generate(f"{SLUG}.sign.1")
SEALING = SealingKey.generate(f"{SLUG}.seal.1")


class Row(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None


def public(jwk: dict[str, str]) -> PublicJwk:
    return PublicJwk.model_validate({name: jwk[name] for name in ("kty", "crv", "x")})


def key(use: KeyUse, jwk: dict[str, str], **windows: Any) -> DirectoryKey:
    return DirectoryKey(kid=jwk["kid"], use=use, jwk=public(jwk), **{"not_before": START, **windows})


def keys(**signing_windows: Any) -> tuple[DirectoryKey, ...]:
    return (
        key(KeyUse.IDENTITY, IDENTITY.public().to_jwk()),
        key(KeyUse.SIGN, SIGNING.public().to_jwk(), **signing_windows),
        key(KeyUse.SEAL, SEALING.public_jwk()),
    )


def entry(**changes: Any) -> Organisation:
    plain = {
        "slug": SLUG,
        "kind": "LOCAL_TEAM",
        "coordination": "coordinatie-noord",
        "regions": ("noord",),
        "topics": {"outbox": f"{SLUG}.outbox", "inbox": f"{SLUG}.inbox"},
        "version": 1,
        "name": "Lokaal Team Linde",
        "contact": {"email": "bereikbaar@linde.example", "phone": "000-0000011"},
        "complaint_route": "https://linde.example/klacht",
        "keys": keys(),
    }
    return Organisation.model_validate({**plain, **changes})


def row(offset: int = 0, organisation: Organisation | None = None, **parts: Any) -> Row:
    """A record as it should be, with `parts` of its value replaced."""
    value = json.loads(signed_record(organisation or entry(), IDENTITY, OPERATOR))
    return Row(offset, SLUG.encode(), json.dumps({**value, **parts}).encode())


PINS = {
    SLUG: public(IDENTITY.public().to_jwk()).fingerprint,
    "operator": public(OPERATOR.public().to_jwk()).fingerprint,
}


def directory(*rows: Row) -> Directory:
    made = Directory(PINS)
    for each in rows:
        assert isinstance(made.apply(each), Accepted)
    return made


def refused(made: Directory, record: Row, reason: ConflictReason) -> None:
    """The record changes nothing and is reported."""
    before = (made.organisations, made.revision)
    outcome = made.apply(record)
    assert isinstance(outcome, Conflict) and outcome.reason is reason
    assert outcome in made.conflicts
    assert (made.organisations, made.revision) == before


def test_an_entry_signed_by_both_counts() -> None:
    """Pinned identity, pinned operator, equal standing: the organisation is found and its keys work."""
    made = directory(row(offset=7))
    found = made.find(SLUG)
    assert found is not None and found.name == "Lokaal Team Linde"
    assert made.revision == 8
    assert verify_detached(b"x", sign_detached(b"x", SIGNING), made.resolver(START)) == SIGNING.kid
    assert made.sealing_key(SLUG, START) == SEALING.public_jwk()
    assert made.own_kid(SLUG, START) == SIGNING.kid
    assert made.owner(SIGNING.kid) == SLUG and made.owner("nobody.sign.1") is None
    assert made.find("nobody") is None and made.sealing_key("nobody", START) is None


def test_an_empty_directory_knows_nothing() -> None:
    """Its revision is 0."""
    made = Directory(PINS)
    assert made.revision == 0 and not made.organisations and made.key(SIGNING.kid, START) is None


def test_the_same_record_again_changes_nothing_but_is_no_conflict() -> None:
    """Publishing twice is harmless; the revision follows the topic, so that all readers name the same."""
    made = directory(row(0))
    assert made.apply(row(5)) == Accepted(SLUG, 6, changed=False)


def other_identity() -> Row:
    stranger = SigningKey.generate(IDENTITY.kid)
    swapped = entry(keys=(key(KeyUse.IDENTITY, stranger.public().to_jwk()), *keys()[1:]))
    return Row(0, SLUG.encode(), signed_record(swapped, stranger, OPERATOR))


def swapped_key() -> Row:
    """The operator puts a signing key of its own into the entry and signs what it can."""
    stranger = SigningKey.generate(SIGNING.kid)
    altered = entry(keys=(keys()[0], key(KeyUse.SIGN, stranger.public().to_jwk()), keys()[2]))
    return row(entry=altered.model_dump_json())


def standing_of_own_choice() -> Row:
    """An organisation calls itself designated; the operator signed that it is not."""
    promoted = entry(designated_for_vto=True).model_dump_json()
    return row(entry=promoted, identity_jws=sign_detached(promoted.encode(), IDENTITY))


def other_operator() -> Row:
    return Row(0, SLUG.encode(), signed_record(entry(), IDENTITY, SigningKey.generate(OPERATOR.kid)))


def membership_by_another_under_the_operators_key() -> Row:
    own = entry().membership(PINS[SLUG]).model_dump_json().encode()
    return row(membership=sign_compact(own, IDENTITY))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (other_identity, ConflictReason.IDENTITY),
        (swapped_key, ConflictReason.IDENTITY),
        (standing_of_own_choice, ConflictReason.STANDING),
        (other_operator, ConflictReason.MEMBERSHIP),
        (membership_by_another_under_the_operators_key, ConflictReason.MEMBERSHIP),
        (lambda: row(membership=sign_compact(b"{}", OPERATOR)), ConflictReason.MEMBERSHIP),
        (lambda: row(identity_jws="x..y"), ConflictReason.IDENTITY),
        (lambda: Row(0, SLUG.encode(), None), ConflictReason.REMOVED),
        (lambda: Row(0, SLUG.encode(), b"{}"), ConflictReason.UNREADABLE),
        (lambda: Row(0, None, row().value), ConflictReason.UNREADABLE),
        (lambda: Row(0, b"operator", row().value), ConflictReason.UNREADABLE),
        (lambda: Row(0, b"lokaal-team-berk", row().value), ConflictReason.OTHER_SLUG),
    ],
)
def test_a_record_that_does_not_hold_is_ignored_and_reported(record: Callable[[], Row], reason: ConflictReason) -> None:
    """Before anything is held and after a good entry is held alike; the next good record counts and ends the report."""
    refused(Directory(PINS), record(), reason)
    made = directory(row(0))
    refused(made, record()._replace(offset=1), reason)
    if made.conflicts[0].slug == SLUG:
        assert isinstance(made.apply(row(2)), Accepted)
        assert made.conflicts == ()


def test_an_identity_nobody_pinned_is_not_trusted_on_first_sight() -> None:
    """A perfectly signed entry of an unknown organisation does not count."""
    refused(Directory({"operator": PINS["operator"]}), row(), ConflictReason.NOT_PINNED)


def test_an_organisation_named_operator_does_not_exist() -> None:
    """The operator's pin cannot serve as an organisation's."""
    made = Directory({"operator": PINS[SLUG]})
    refused(made, Row(0, b"operator", row().value), ConflictReason.UNREADABLE)


def test_without_a_pinned_operator_nobody_is_a_member() -> None:
    """A missing pin is not a wild card."""
    refused(Directory({SLUG: PINS[SLUG]}), row(), ConflictReason.MEMBERSHIP)


def test_an_older_entry_does_not_come_back() -> None:
    """Else the operator could undo a revocation by repeating what was signed before it."""
    made = directory(row(0), row(1, entry(version=2, keys=keys(revoked_at=START + DAY))))
    refused(made, row(2), ConflictReason.OLDER)
    assert made.key(SIGNING.kid, START + DAY) is None


def test_one_version_has_one_text() -> None:
    """Two texts under one version number show that someone is told something else."""
    refused(directory(row(0)), row(1, entry(name="Another name")), ConflictReason.TWO_FACES)


def test_past_keys_stay_as_they_were() -> None:
    """What was signed long ago must remain checkable, and a revocation cannot be taken back or put off."""
    without = entry(version=2, keys=(keys()[0], keys()[2]))
    refused(directory(row(0)), row(1, without), ConflictReason.KEY_LOST)
    stranger = SigningKey.generate(SIGNING.kid)
    altered = entry(version=2, keys=(keys()[0], key(KeyUse.SIGN, stranger.public().to_jwk()), keys()[2]))
    refused(directory(row(0)), row(1, altered), ConflictReason.KEY_LOST)
    revoked = directory(row(0, entry(keys=keys(revoked_at=START + DAY))))
    refused(revoked, row(1, entry(version=2)), ConflictReason.KEY_LOST)
    refused(revoked, row(1, entry(version=2, keys=keys(revoked_at=START + 2 * DAY))), ConflictReason.KEY_LOST)


def test_a_key_is_accepted_within_its_windows_only() -> None:
    """From not_before, until just before accept_until, and not from its revocation on."""
    ends = {"sign_until": START + 10 * DAY, "accept_until": START + 20 * DAY, "revoked_at": START + 15 * DAY}
    made = directory(row(0, entry(keys=keys(**ends))))
    last = timedelta(microseconds=1)
    states = {
        START - last: KeyState.NOT_YET,
        START: KeyState.ACCEPTED,
        START + 10 * DAY: KeyState.ACCEPTED,
        START + 15 * DAY - last: KeyState.ACCEPTED,
        START + 15 * DAY: KeyState.REVOKED,
        START + 20 * DAY: KeyState.REVOKED,
    }
    for at, state in states.items():
        assert made.key_state(SIGNING.kid, at) is state
        assert (made.key(SIGNING.kid, at) is not None) is (state is KeyState.ACCEPTED)
    assert made.key_state("nobody.sign.1", START) is KeyState.UNKNOWN
    assert made.past_key(SIGNING.kid) is not None
    expired = directory(row(0, entry(keys=keys(sign_until=START + DAY, accept_until=START + 2 * DAY))))
    assert expired.key_state(SIGNING.kid, START + 2 * DAY - last) is KeyState.ACCEPTED
    assert expired.key_state(SIGNING.kid, START + 2 * DAY) is KeyState.EXPIRED


def test_the_newest_key_in_use_is_used() -> None:
    """Signing and sealing move to the next key at its start; the old one is still accepted."""
    next_signing = SigningKey.generate(f"{SLUG}.sign.2")
    next_sealing = SealingKey.generate(f"{SLUG}.seal.2")
    later = {"not_before": START + 5 * DAY}
    both = (
        *keys(sign_until=START + 7 * DAY, accept_until=START + 30 * DAY),
        key(KeyUse.SIGN, next_signing.public().to_jwk(), **later),
        key(KeyUse.SEAL, next_sealing.public_jwk(), **later),
    )
    made = directory(row(0, entry(keys=both)))
    assert made.own_kid(SLUG, START + 4 * DAY) == SIGNING.kid
    assert made.own_kid(SLUG, START + 5 * DAY) == next_signing.kid
    assert made.sealing_key(SLUG, START + 5 * DAY) == next_sealing.public_jwk()
    assert made.key(SIGNING.kid, START + 29 * DAY) is not None
    assert made.own_kid(SLUG, START - DAY) is None


def test_only_a_key_to_sign_with_signs_messages() -> None:
    """The identity key signs entries, nothing else."""
    made = directory(row(0))
    assert made.key(IDENTITY.kid, START) is None
    assert made.key_state(IDENTITY.kid, START) is KeyState.UNKNOWN
    assert made.owner(IDENTITY.kid) == SLUG


@given(st.none() | st.binary(max_size=60) | st.just(SLUG.encode()), st.none() | st.binary(max_size=300))
def test_no_record_makes_the_directory_fall_over(record_key: bytes | None, value: bytes | None) -> None:
    """Whatever stands in the topic: ignored and reported."""
    assert isinstance(Directory(PINS).apply(Row(0, record_key, value)), Conflict)


@given(
    st.sampled_from(["entry", "identity_jws", "membership", "operator_key"]),
    st.text(max_size=50) | st.integers() | st.none() | st.dictionaries(st.sampled_from(["kty", "crv", "x"]), st.text()),
)
def test_no_altered_part_of_a_record_counts(part: str, value: Any) -> None:
    """Each part is needed as it was signed."""
    assert isinstance(Directory(PINS).apply(row(0, None, **{part: value})), Conflict)


def test_an_entry_with_half_a_character_is_unreadable() -> None:
    """JSON can spell a lone surrogate, which has no bytes to sign."""
    value = row().value
    assert value is not None
    refused(Directory(PINS), Row(0, SLUG.encode(), value.replace(b"Linde", rb"\ud800")), ConflictReason.UNREADABLE)


@pytest.mark.parametrize(
    "change",
    [
        {"keys": (*keys(), key(KeyUse.SIGN, {**SIGNING.public().to_jwk(), "kid": "lokaal-team-berk.sign.1"}))},
        {"keys": keys()[1:]},
        {"keys": (*keys(), keys()[1])},
        {"topics": {"outbox": "lokaal-team-berk.outbox", "inbox": f"{SLUG}.inbox"}},
        {"topics": {}},
        {"coordination": None},
        {"subkind": "SCHOOL"},
        {"kind": "EXTERNAL"},
        {"kind": "EXTERNAL", "subkind": "SCHOOL", "designated_for_vto": True},
        {"complaint_route": None},
        {"contact": None},
        {"successor": SLUG},
        {"version": 0},
        {"unknown": 1},
        {"slug": "Lokaal"},
    ],
)
def test_an_entry_cannot_claim_what_is_not_its_own(change: dict[str, Any]) -> None:
    """Another's key ids or topics, a designation for a school, no complaint route: no such entry exists."""
    with pytest.raises(ValidationError):
        entry(**change)


def test_a_private_key_cannot_be_published() -> None:
    """The form of a published key has no place for a private part."""
    with pytest.raises(ValidationError):
        PublicJwk.model_validate({name: part for name, part in SIGNING.to_jwk().items() if name != "kid"})


@pytest.mark.parametrize(
    "windows",
    [
        {"sign_until": START},
        {"accept_until": START + DAY},
        {"sign_until": START + 2 * DAY, "accept_until": START + DAY},
        {"not_before": datetime(2026, 1, 1)},  # noqa: DTZ001 (the point of the case)
    ],
)
def test_the_windows_of_a_key_make_sense(windows: dict[str, Any]) -> None:
    """It is accepted at least as long as it signs, and moments have a time zone."""
    with pytest.raises(ValidationError):
        key(KeyUse.SIGN, SIGNING.public().to_jwk(), **windows)


def test_a_key_has_the_curve_of_its_use() -> None:
    """A sealing key cannot sign and the other way round."""
    with pytest.raises(ValidationError):
        key(KeyUse.SEAL, SIGNING.public().to_jwk())
    with pytest.raises(ValidationError):
        key(KeyUse.SIGN, SEALING.public_jwk())


def test_a_fingerprint_is_the_thumbprint_every_library_computes() -> None:
    """RFC 8037, appendix A.3."""
    known = PublicJwk(crv="Ed25519", x="11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert known.fingerprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_malformed_pins_are_refused(tmp_path: Path) -> None:
    """A pin that is no fingerprint would otherwise simply never match."""
    file = tmp_path / "pins.yaml"
    file.write_text(f"{SLUG}: {PINS[SLUG]}\n")
    assert load_pins(file) == {SLUG: PINS[SLUG]}
    for wrong in (f"{SLUG}: short", "- a list", f"Upper: {PINS[SLUG]}"):
        file.write_text(wrong)
        with pytest.raises(ValueError):
            load_pins(file)
