"""Who looked at the ledger, as a chain: each look names the SHA-256 of the one before.

One ledger service writes it at a time; two at once would give two records the same number, and `chain_of_looks` says
so.
"""

import hashlib
from collections.abc import Iterable, Iterator
from enum import StrEnum

from pydantic import ValidationError

from schemas.base import Code, Count, Digest, Frozen, Instant, Slug, Subject
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from services.runtime.tokens import Role


class Question(StrEnum):
    """What was asked."""

    CASE = "CASE"
    PERSON = "PERSON"
    ORGANISATION = "ORGANISATION"
    ALERTS = "ALERTS"
    EXPORT = "EXPORT"
    LEADS = "LEADS"
    KNEW = "KNEW"
    RECEIVED = "RECEIVED"
    CONTACT = "CONTACT"
    WAITS = "WAITS"
    ROUTES = "ROUTES"
    ALONE = "ALONE"
    REFUSALS = "REFUSALS"
    LEARN = "LEARN"
    ORIGINS = "ORIGINS"
    USES = "USES"
    QUALITY = "QUALITY"


class Asked(Frozen):
    """One question with its limits."""

    question: Question
    case: Subject | None = None
    person: PersonRef | None = None
    organisation: Slug | None = None
    since: Instant | None = None
    until: Instant | None = None
    at: Instant | None = None  # the moment asked about
    state: Code | None = None
    kind: OrganisationKind | None = None  # of the organisations asked about
    siblings: bool | None = None  # whether brothers and sisters count each
    after: Code | None = None  # from which page on


class Look(Frozen):
    """Who asked what, when. `at` is the wall clock's, also where the chain runs on a simulated one."""

    seq: Count
    previous: Digest | None = None
    at: Instant
    organisation: Slug
    ref: Code
    role: Role
    allowed: bool  # False: the role does not let its holder ask this; nothing was answered
    asked: Asked


def chain_of_looks(values: Iterable[bytes]) -> Iterator[str]:
    """What is wrong in the chain of looks, in words; nothing when it is whole. The first may follow on expired ones."""
    seq: int | None = None
    last: str | None = None
    for number, value in enumerate(values, start=1):
        try:
            look = Look.model_validate_json(value, extra="ignore")
        except ValidationError:
            yield f"record {number} is not a look"
            continue
        if seq is not None and (look.seq, look.previous) != (seq + 1, last):
            yield f"record {number} (look {look.seq}) does not follow from look {seq}"
        seq, last = look.seq, look_hash(value)


def look_hash(value: bytes) -> str:
    """What the next look names as the one before it."""
    return hashlib.sha256(value).hexdigest()
