"""From a list of organisations to a directory: keys, signed entries, pins, and their publication.

`init` plays every part at once, that of each organisation (signing its own entry) and that of the operator (confirming
it), because the demonstration and the tests hold all keys on one machine. Elsewhere each organisation keeps its own.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

import yaml
from pydantic import Field, model_validator

from deploy.agreeing import read_named
from deploy.ceremony import About, Described, confirm, join, own_pins, pin
from deploy.ceremony import PinDiffersError as PinDiffersError
from deploy.keys import identity_key, issuer_key, operator_key
from deploy.publishing import NotPublishedError as NotPublishedError
from deploy.publishing import publish as publish
from deploy.registry import Folder, fingerprint, plan, public, write_records
from schemas.base import Code, Frozen, Instant, Slug
from schemas.directory import Contact, DirectoryRecord, Organisation, Text, Topics
from schemas.parties import OrganisationKind, Professional
from services.runtime.directory import OPERATOR, Directory
from services.runtime.jose import SigningKey, sign_compact, sign_detached
from services.runtime.tokens import Caller, Role

DEMO: Final = Path(__file__).parent / "demo.yaml"
WITH_ENTRY: Final = {
    "gate": ("Gate", Topics()),
    "oversight": ("Oversight", Topics(outbox="oversight.outbox")),
}
"""The services that sign: they stand in the directory beside the organisations."""

Port = Annotated[int, Field(ge=1, le=65535)]


class Member(Professional):
    """A professional of the demonstration and the role a token gives."""

    role: Role


class Service(Frozen):
    """Something that runs, and the port of its HTTP pages."""

    slug: Slug
    port: Port


class Login(StrEnum):
    """How an organisation shows Kafka who it is, over TLS in both cases."""

    PASSWORD = "PASSWORD"  # noqa: S105  the word, not one
    CERTIFICATE = "CERTIFICATE"


class Participant(Service, About):
    """One organisation as `demo.yaml` describes it. `profile` is the package under services/ that runs its edge."""

    contact: Contact
    complaint_route: Text
    profile: Code
    login: Login = Login.PASSWORD
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
        told = yaml.safe_load(file.read_bytes())
        for member in told.get("organisations") or () if isinstance(told, dict) else ():
            read_named(member, file)
        return cls.model_validate(told)

    def moved(self, first_port: int) -> Self:
        """The same, on consecutive ports from `first_port`: services first, then organisations, in their order."""
        moved = [{**part.model_dump(), "port": first_port + place} for place, part in enumerate(self.parts)]
        cut = len(self.services)
        return self.model_validate({**self.model_dump(), "services": moved[:cut], "organisations": moved[cut:]})

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(part.slug for part in self.organisations)

    @property
    def with_certificate(self) -> tuple[str, ...]:
        """The organisations that log in to Kafka with a certificate."""
        return tuple(part.slug for part in self.organisations if part.login is Login.CERTIFICATE)

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


def init(home: Path, deployment: Deployment) -> dict[str, Change]:
    """Make what is missing under `home`: keys, token issuer, pins and one signed record a party in directory/.

    Keys are never overwritten, and an entry that says the same is kept byte for byte. Raises PinDiffersError.
    """
    folder, wanted = Folder(home / "directory"), described(deployment)
    issuer_key(home)
    operator = operator_key(home)
    pins = {slug: fingerprint(identity_key(home, slug)) for slug in wanted}
    pin(own_pins(home), {OPERATOR: fingerprint(operator), **pins})
    folder.write_pins({**folder.pins, OPERATOR: fingerprint(operator)})
    changes = {slug: _join(home, folder, each, deployment.keys_valid_from) for slug, each in wanted.items()}
    for slug in wanted:
        confirm(folder, slug, pins[slug])
    write_records(folder, plan(folder, Directory(folder.pins), deployment.keys_valid_from).stated, operator)
    return changes


def described(deployment: Deployment) -> dict[str, Described]:
    """What each party says of itself, by slug: the signing services and every organisation."""
    services = {
        slug: Described(slug=slug, kind=OrganisationKind.SERVICE, name=name, topics=topics)
        for slug, (name, topics) in WITH_ENTRY.items()
    }
    own = set(Described.model_fields) & set(Participant.model_fields)
    return services | {
        part.slug: Described.model_validate(part.model_dump(include=own)) for part in deployment.organisations
    }


def records(home: Path) -> dict[str, bytes]:
    """The signed records under directory/, by slug."""
    return Folder(home / "directory").records()


def signed_record(organisation: Organisation, identity: SigningKey, operator: SigningKey) -> bytes:
    """The value on the topic: the entry signed by the organisation, its membership by the operator."""
    text = organisation.model_dump_json(exclude_none=True)
    membership = organisation.membership(fingerprint(identity))
    record = DirectoryRecord(
        entry=text,
        identity_jws=sign_detached(text.encode(), identity),
        membership=sign_compact(membership.model_dump_json(exclude_none=True).encode(), operator),
        operator_key=public(operator.public().to_jwk()),
    )
    return record.model_dump_json().encode()


def _join(home: Path, folder: Folder, each: Described, valid_from: datetime) -> Change:
    before = folder.entry(each.slug)
    _, signed = join(home, folder, each, valid_from)
    if not signed:
        return Change.KEPT
    return Change.CHANGED if before else Change.MADE
