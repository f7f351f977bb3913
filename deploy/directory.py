"""From a list of organisations to a directory: keys, signed entries, pins, and their publication.

`init` plays every part at once, that of each organisation (signing its own entry) and that of the operator (confirming
it), because the demonstration and the tests hold all keys on one machine. Elsewhere each organisation keeps its own.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, NamedTuple, Self

import yaml
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from pydantic import Field, model_validator

from deploy.keys import OrganisationKeys, issuer_key, operator_key, organisation_keys, replace
from schemas.base import Code, Frozen, Instant, Slug
from schemas.directory import (
    TOPIC,
    Contact,
    DirectoryKey,
    DirectoryRecord,
    Fingerprint,
    KeyUse,
    Organisation,
    PublicJwk,
    Standing,
    Text,
    Topics,
)
from schemas.parties import ExternalKind, OrganisationKind, Professional
from services.runtime.directory import OPERATOR, load_pins
from services.runtime.jose import SigningKey, sign_compact, sign_detached
from services.runtime.kafka import KafkaSettings
from services.runtime.tokens import Caller, Role

DEMO: Final = Path(__file__).parent / "demo.yaml"
WITH_ENTRY: Final = {
    "gate": ("Gate", Topics()),
    "oversight": ("Oversight", Topics(outbox="oversight.outbox")),
}
"""The services that sign: they stand in the directory beside the organisations."""

Port = Annotated[int, Field(ge=1, le=65535)]


class PinDiffersError(Exception):
    """A key on disk is not the one that was pinned: keys were replaced by hand. Nothing was changed."""


class NotPublishedError(Exception):
    """Kafka did not confirm every entry."""


class Member(Professional):
    """A professional of the demonstration and the role a token gives."""

    role: Role


class Service(Frozen):
    """Something that runs, and the port of its HTTP pages."""

    slug: Slug
    port: Port


class Participant(Service):
    """One organisation as `demo.yaml` describes it. `profile` is the package under services/ that runs its edge."""

    kind: OrganisationKind
    subkind: ExternalKind | None = None
    name: Text
    under_secrecy: bool = False
    designated_for_vto: bool = False
    coordination: Slug | None = None
    regions: tuple[Code, ...] = ()
    contact: Contact
    complaint_route: Text
    profile: Code
    professionals: Annotated[tuple[Member, ...], Field(min_length=1)]

    def caller(self, ref: str) -> Caller:
        """What a token of this professional says. Raises KeyError."""
        for member in self.professionals:
            if member.ref == ref:
                return Caller(organisation=self.slug, **member.model_dump())
        raise KeyError(ref)


class Deployment(Frozen):
    """Everything that runs: services and organisations with their ports, and from when keys count."""

    keys_valid_from: Instant
    services: tuple[Service, ...]
    organisations: tuple[Participant, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        slugs = [part.slug for part in self.parts]
        ports = [part.port for part in self.parts]
        if len(set(slugs)) != len(slugs) or OPERATOR in slugs:
            raise ValueError("a slug stands once, and 'operator' is taken")
        if len(set(ports)) != len(ports):
            raise ValueError("a port stands once")
        desks = {part.slug for part in self.organisations if part.kind is OrganisationKind.COORDINATION}
        if {part.coordination for part in self.organisations} - desks - {None}:
            raise ValueError("a coordination is an organisation of kind COORDINATION")
        return self

    @classmethod
    def load(cls, file: Path = DEMO) -> Self:
        """Raises ValueError (pydantic) when the file does not describe a deployment."""
        return cls.model_validate(yaml.safe_load(file.read_bytes()))

    def moved(self, first_port: int) -> Self:
        """The same, on consecutive ports from `first_port`: services first, then organisations, in their order."""
        moved = [{**part.model_dump(), "port": first_port + place} for place, part in enumerate(self.parts)]
        cut = len(self.services)
        return self.model_validate({**self.model_dump(), "services": moved[:cut], "organisations": moved[cut:]})

    @property
    def parts(self) -> tuple[Service, ...]:
        return (*self.services, *self.organisations)

    def organisation(self, slug: str) -> Participant:
        """Raises KeyError."""
        return {part.slug: part for part in self.organisations}[slug]

    def port(self, slug: str) -> int:
        """Raises KeyError."""
        return {part.slug: part.port for part in self.parts}[slug]


class Change(StrEnum):
    """What `init` did with an entry."""

    MADE = "MADE"
    CHANGED = "CHANGED"
    KEPT = "KEPT"


class Entry(NamedTuple):
    """An entry before it has keys and a version."""

    standing: Standing
    name: str
    contact: Contact | None
    complaint_route: str | None


def init(home: Path, deployment: Deployment) -> dict[str, Change]:
    """Make what is missing under `home`: keys, token issuer, pins and one signed record a party in directory/.

    Keys are never overwritten, and an entry that says the same is kept byte for byte. Raises PinDiffersError.
    """
    operator = operator_key(home)
    issuer_key(home)
    wanted = entries(deployment)
    keys = {slug: organisation_keys(home, slug) for slug in wanted}
    pins = {OPERATOR: _fingerprint(operator)} | {slug: _fingerprint(own.identity) for slug, own in keys.items()}
    _pin(home / "pins.yaml", pins)
    return {
        slug: _write_entry(home, entry, keys[slug], deployment.keys_valid_from, operator)
        for slug, entry in wanted.items()
    }


def entries(deployment: Deployment) -> dict[str, Entry]:
    """What each party's entry says, by slug: the signing services and every organisation."""
    made = {slug: _service(slug) for slug in WITH_ENTRY}
    for part in deployment.organisations:
        own = Topics(outbox=f"{part.slug}.outbox", inbox=f"{part.slug}.inbox")
        shared = part.model_dump(include=set(Standing.model_fields) - {"topics"})
        made[part.slug] = Entry(Standing(**shared, topics=own), part.name, part.contact, part.complaint_route)
    return made


def signed_record(organisation: Organisation, identity: SigningKey, operator: SigningKey) -> bytes:
    """The value on the topic: the entry signed by the organisation, its membership by the operator."""
    text = organisation.model_dump_json(exclude_none=True)
    membership = organisation.membership(_fingerprint(identity))
    record = DirectoryRecord(
        entry=text,
        identity_jws=sign_detached(text.encode(), identity),
        membership=sign_compact(membership.model_dump_json(exclude_none=True).encode(), operator),
        operator_key=_public(operator.public().to_jwk()),
    )
    return record.model_dump_json().encode()


def records(home: Path) -> dict[str, bytes]:
    """The signed records under directory/, by slug."""
    return {file.stem: file.read_bytes() for file in sorted((home / "directory").glob("*.json"))}


def publish(kafka: KafkaSettings, values: Mapping[str, bytes], within: float = 30.0) -> int:
    """Write the records to the topic and wait until Kafka has them. Harmless to repeat. Raises NotPublishedError."""
    failed: list[str] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(error.name())

    settings = {"acks": "all", "enable.idempotence": True, "message.timeout.ms": int(within * 1000)}
    producer = Producer(kafka.confluent() | settings | {"partitioner": "murmur2_random"})
    try:
        for slug, value in values.items():
            producer.produce(TOPIC, value, slug.encode(), on_delivery=delivered)
        waiting = producer.flush(within + 5)
    except KafkaException as refused:  # a user without any right to write is refused before the first record
        raise NotPublishedError(f"{len(values)} of {len(values)}: {refused.args[0].name()}") from None
    if failed or waiting:
        raise NotPublishedError(f"{len(failed) + waiting} of {len(values)}: {', '.join(sorted(set(failed)))}")
    return len(values)


def _service(slug: str) -> Entry:
    name, topics = WITH_ENTRY[slug]
    return Entry(Standing(slug=slug, kind=OrganisationKind.SERVICE, topics=topics), name, None, None)


def _write_entry(
    home: Path, entry: Entry, keys: OrganisationKeys, valid_from: datetime, operator: SigningKey
) -> Change:
    file = home / "directory" / f"{entry.standing.slug}.json"
    before = _held(file)
    organisation = _organisation(entry, keys, valid_from, before)
    if organisation == before:
        return Change.KEPT
    replace(file, signed_record(organisation, keys.identity, operator))
    return Change.CHANGED if before else Change.MADE


def _organisation(
    entry: Entry, keys: OrganisationKeys, valid_from: datetime, before: Organisation | None
) -> Organisation:
    """The entry with its keys, past ones included. Its version rises only when something changed."""
    past = before.keys if before else ()
    known = {key.kid for key in past}
    fresh = tuple(key for key in _directory_keys(keys, valid_from) if key.kid not in known)
    organisation = Organisation(
        **entry.standing.model_dump(),
        version=before.version if before else 1,
        name=entry.name,
        contact=entry.contact,
        complaint_route=entry.complaint_route,
        keys=(*past, *fresh),
    )
    if before is None or organisation == before:
        return organisation
    return organisation.model_copy(update={"version": before.version + 1})


def _directory_keys(keys: OrganisationKeys, valid_from: datetime) -> tuple[DirectoryKey, ...]:
    public = {
        KeyUse.IDENTITY: keys.identity.public().to_jwk(),
        KeyUse.SIGN: keys.signing.public().to_jwk(),
        KeyUse.SEAL: keys.sealing.public_jwk(),
    }
    return tuple(
        DirectoryKey(kid=jwk["kid"], use=use, jwk=_public(jwk), not_before=valid_from) for use, jwk in public.items()
    )


def _held(file: Path) -> Organisation | None:
    if not file.exists():
        return None
    return Organisation.model_validate_json(DirectoryRecord.model_validate_json(file.read_bytes()).entry)


def _pin(file: Path, pins: Mapping[str, Fingerprint]) -> None:
    held = load_pins(file) if file.exists() else {}
    differing = sorted(slug for slug, pin in pins.items() if held.get(slug, pin) != pin)
    if differing:
        raise PinDiffersError(", ".join(differing))
    replace(file, yaml.safe_dump({**held, **pins}, sort_keys=True).encode())


def _fingerprint(key: SigningKey) -> Fingerprint:
    return _public(key.public().to_jwk()).fingerprint


def _public(jwk: Mapping[str, str]) -> PublicJwk:
    return PublicJwk.model_validate_json(json.dumps({name: jwk[name] for name in ("kty", "crv", "x")}))
