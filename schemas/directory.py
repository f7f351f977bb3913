"""The directory: who takes part, what each may be trusted for, and the public keys to check and seal with.

One record an organisation on the compacted topic `directory` (one partition, key = slug). The record holds the entry as
the exact text the organisation signed with its identity key, and the operator's signed membership. Every party pins the
fingerprints of the identity keys: the operator decides who is a member and as what, and can neither swap a key nor
write an entry.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.agreements import Agreements, unsaid
from schemas.base import Code, Count, Frozen, Instant, Slug
from schemas.parties import ExternalKind, OrganisationKind

TOPIC: Final = "directory"
DIRECTORY_CONFLICT: Final = "DIRECTORY_CONFLICT"
"""The alarm on a record that was ignored because its signatures, pins or history do not hold."""

MAX_ENTRY = 65_536
"""The most characters an entry may take."""

HEARD: Final = timedelta(minutes=1)
"""How much later than its moment a revocation may reach the gate; our own choice."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""JWK thumbprint (RFC 7638): SHA-256 in base64url without padding."""


class KeyUse(StrEnum):
    """What a key is for; a key has one use."""

    SIGN = "sign"  # messages
    SEAL = "seal"  # sections are sealed to it
    IDENTITY = "identity"  # the directory entry, and nothing else


class KeyState(StrEnum):
    """What a key is worth at one moment to whoever receives something made with it."""

    UNKNOWN = "UNKNOWN"
    NOT_YET = "NOT_YET"
    ACCEPTED = "ACCEPTED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


class PublicJwk(Frozen):
    """A public key (RFC 8037). There is no field for a private part, so none can be published by mistake."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519", "X25519"]
    x: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]

    @property
    def fingerprint(self) -> Fingerprint:
        canonical = json.dumps({"crv": self.crv, "kty": self.kty, "x": self.x}, separators=(",", ":"))
        return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


class DirectoryKey(Frozen):
    """A public key with its windows, which begin at `not_before` and end just before their `until`; no end means open.

    `sign_until`: the owner signs with it, others seal to it. `accept_until`: what was signed with it is accepted on
    arrival. `revoked_at`: from then on nothing is accepted, whatever the windows say. Past keys stay, to check what was
    signed long ago.
    """

    kid: Code
    use: KeyUse
    jwk: PublicJwk
    not_before: Instant
    sign_until: Instant | None = None
    accept_until: Instant | None = None
    revoked_at: Instant | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.jwk.crv != ("X25519" if self.use is KeyUse.SEAL else "Ed25519"):
            raise ValueError("a key to seal is X25519, every other key Ed25519")
        ends = [end for end in (self.sign_until, self.accept_until) if end is not None]
        if any(end <= self.not_before for end in ends):
            raise ValueError("a key's window ends after it begins")
        if self.accept_until is not None and (self.sign_until is None or self.sign_until > self.accept_until):
            raise ValueError("a key is accepted at least as long as it signs")
        return self

    def state(self, at: Instant) -> KeyState:
        """What it is worth at `at` to a receiver."""
        if self.revoked_at is not None and at >= self.revoked_at:
            return KeyState.REVOKED
        if at < self.not_before:
            return KeyState.NOT_YET
        if self.accept_until is not None and at >= self.accept_until:
            return KeyState.EXPIRED
        return KeyState.ACCEPTED

    def credible(self, at: Instant) -> bool:
        """Whether what the gate sealed at `at` may stand on this key.

        As `state`, but a revocation counts `HEARD` later: the gate itself refuses from the moment it reads of one, and
        what it let through before that must not be lost on the way.
        """
        lately = self.revoked_at is not None and self.revoked_at <= at < self.revoked_at + HEARD
        return self.model_copy(update={"revoked_at": None} if lately else {}).state(at) is KeyState.ACCEPTED

    def in_use(self, at: Instant) -> bool:
        """Whether the owner signs with it, or others seal to it, at `at`."""
        return self.state(at) is KeyState.ACCEPTED and (self.sign_until is None or at < self.sign_until)


class Contact(Frozen):
    """How another organisation reaches this one: functional addresses, never those of a person."""

    email: Text
    phone: Text
    out_of_hours: Text | None = None


class Topics(Frozen):
    """The organisation's own topics: it alone writes the outbox and reads the inbox."""

    outbox: Code | None = None
    inbox: Code | None = None


class Standing(Frozen):
    """What gives an organisation its powers and reach. The organisation states it and the operator confirms it."""

    slug: Slug
    kind: OrganisationKind
    subkind: ExternalKind | None = None
    under_secrecy: bool = False  # its professionals are bound by professional secrecy; HEALTH goes to no one else
    designated_for_vto: bool = False  # by the municipality, to ask the Raad for an investigation (Jeugdwet art. 3.1(1))
    lenient_consent: bool = False  # its region lets a youth of 12 to 15, with a reason, go before one parent's no
    coordination: Slug | None = None  # the chain coordination that sees its alerts
    regions: Annotated[tuple[Code, ...], Field(max_length=64)] = ()
    successor: Slug | None = None  # the legal person it merges into (BW 2:309), of the same kind
    ended_at: Instant | None = None  # from then on the successor stands in its place
    topics: Topics = Topics()
    agreements: Annotated[tuple[Agreements, ...], Field(default=(), max_length=32, exclude_if=unsaid)]
    """What the chain of a coordination agreed. Nothing that was said is changed or taken back, only followed."""

    @model_validator(mode="after")
    def _kinds(self) -> Self:
        if (self.subkind is not None) != (self.kind is OrganisationKind.EXTERNAL):
            raise ValueError("an EXTERNAL organisation has a subkind, no other has")
        may_be_designated = self.kind is OrganisationKind.LOCAL_TEAM or self.subkind is ExternalKind.PROVIDER
        if self.designated_for_vto and not may_be_designated:
            raise ValueError("only a local team or a provider is designated for a VTO")
        if self.coordination is None and self.kind in _HOLDS_REGIE:
            raise ValueError("who may hold regie names its coordination")
        if self.agreements and self.kind is not OrganisationKind.COORDINATION:
            raise ValueError("agreements stand in the entry of the coordination of the chain")
        if self.successor == self.slug:
            raise ValueError("an organisation does not succeed itself")
        if (self.successor is None) != (self.ended_at is None):
            raise ValueError("a successor comes with the moment from which it stands in")
        if self.successor is not None and self.kind is OrganisationKind.SERVICE:
            raise ValueError("a service has no successor")
        return self

    @model_validator(mode="after")
    def _own_topics(self) -> Self:
        own = Topics(outbox=f"{self.slug}.outbox", inbox=f"{self.slug}.inbox")
        if self.kind is not OrganisationKind.SERVICE and self.topics != own:
            raise ValueError("an organisation has the outbox and inbox that carry its slug")
        if self.topics.outbox not in (None, own.outbox) or self.topics.inbox not in (None, own.inbox):
            raise ValueError("a topic belongs to the slug it begins with")
        return self


_HOLDS_REGIE: Final = frozenset(
    {OrganisationKind.LOCAL_TEAM, OrganisationKind.VEILIG_THUIS, OrganisationKind.CERTIFIED_INSTITUTION}
)


class Membership(Standing):
    """What the operator signs (compact JWS): this identity takes part, with this standing."""

    type: Literal["nl.estafette.directory.membership.v1"] = "nl.estafette.directory.membership.v1"
    identity: Fingerprint


class Organisation(Standing):
    """One organisation's entry, signed by itself.

    `version` rises by at least one with every change; a lower one is never accepted after a higher one, so that a
    revoked key does not come back. Key ids begin with the slug and a dot, so that no organisation can claim another's.
    """

    type: Literal["nl.estafette.directory.entry.v1"] = "nl.estafette.directory.entry.v1"
    version: Annotated[Count, Field(ge=1)]
    name: Text
    contact: Contact | None = None
    complaint_route: Text | None = None  # where parent or youth complains: Jeugdwet art. 4.2.1, Wmo 2015 art. 4.2.7
    keys: Annotated[tuple[DirectoryKey, ...], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind is not OrganisationKind.SERVICE and (self.contact is None or self.complaint_route is None):
            raise ValueError("an organisation has a contact and a complaint route")
        return self

    @model_validator(mode="after")
    def _keys(self) -> Self:
        kids = [key.kid for key in self.keys]
        if len(set(kids)) != len(kids):
            raise ValueError("a key id stands once")
        if any(not kid.startswith(f"{self.slug}.") for kid in kids):
            raise ValueError("a key id begins with the slug and a dot")
        if not any(key.use is KeyUse.IDENTITY for key in self.keys):
            raise ValueError("an entry has an identity key")
        return self

    def keys_for(self, use: KeyUse) -> Iterable[DirectoryKey]:
        return (key for key in self.keys if key.use is use)

    def membership(self, identity: Fingerprint) -> Membership:
        """What the operator must have signed for this entry."""
        standing = {name: getattr(self, name) for name in Standing.model_fields}
        return Membership(**standing, identity=identity)


class DirectoryRecord(Frozen):
    """The value of a record on topic `directory`."""

    entry: Annotated[str, StringConstraints(max_length=MAX_ENTRY)]  # exact text of an Organisation, as signed
    identity_jws: Annotated[str, StringConstraints(max_length=1024)]  # detached, by the identity key in the entry
    membership: Annotated[str, StringConstraints(max_length=MAX_ENTRY)]  # compact JWS of a Membership, by the operator
    operator_key: PublicJwk  # worth something only when its fingerprint is the pinned one
