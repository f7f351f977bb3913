"""What a letter carries: the clear manifest the gate judges, and the sealed sections it cannot read."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.base import Code, Digest, Frozen, Slug, Subject, Uuid
from schemas.person import PersonRef


class Category(StrEnum):
    """What a section holds. The category, the purpose and the recipient's kind decide whether it may travel."""

    IDENTITY = "IDENTITY"
    CONTACT = "CONTACT"
    STORY = "STORY"  # the family's own account
    CONCERNS = "CONCERNS"
    SAFETY = "SAFETY"
    STRENGTHS = "STRENGTHS"
    CONTRARY = "CONTRARY"  # findings that speak against the conclusion
    PLAN = "PLAN"
    ACCOUNT = "ACCOUNT"  # the professional's prose: reasons, attempts, weighing
    HELP_HISTORY = "HELP_HISTORY"
    YOUTH_VOICE = "YOUTH_VOICE"
    CLIENT_RESPONSE = "CLIENT_RESPONSE"
    HEALTH = "HEALTH"
    EDUCATION = "EDUCATION"
    HOUSING_MONEY = "HOUSING_MONEY"
    CRIMINAL = "CRIMINAL"
    REPORTER = "REPORTER"
    PUBLIC_ORDER = "PUBLIC_ORDER"
    FINANCIAL_FRAUD = "FINANCIAL_FRAUD"


class Purpose(StrEnum):
    """Why something is shared (doelbinding, GDPR art. 5(1)b)."""

    HANDOVER = "HANDOVER"
    JOINT_SUPPORT = "JOINT_SUPPORT"
    MEASURE = "MEASURE"
    MONITORING = "MONITORING"
    SAFETY_ALERT = "SAFETY_ALERT"
    INVESTIGATION = "INVESTIGATION"
    FEEDBACK = "FEEDBACK"


class StatementKind(StrEnum):
    """How a statement is meant (IGJ 2023, quality of reporting: facts and opinions apart)."""

    FACT = "FACT"
    OBSERVATION = "OBSERVATION"
    OPINION = "OPINION"
    DIAGNOSIS = "DIAGNOSIS"
    HEARSAY = "HEARSAY"


class SourceKind(StrEnum):
    """Who said or saw it."""

    OWN_OBSERVATION = "OWN_OBSERVATION"
    YOUTH = "YOUTH"
    PARENT = "PARENT"
    NETWORK = "NETWORK"
    PROFESSIONAL = "PROFESSIONAL"
    REGISTER = "REGISTER"
    REPORTER = "REPORTER"


class Source(Frozen):
    """Where a statement comes from. `open`: a professional named openly; `released`: the reporter agreed in writing."""

    kind: SourceKind
    function: Code | None = None
    qualified: bool = False  # may make the diagnosis quoted
    open: bool = False
    released: bool = False


class GdprArticle(StrEnum):
    """The GDPR basis of the processing; never consent for a public body by default (AP 2016)."""

    LEGAL_DUTY = "6.1.c"
    VITAL_INTEREST = "6.1.d"
    PUBLIC_TASK = "6.1.e"
    CONSENT = "6.1.a"


class SpecialArticle(StrEnum):
    """Why health data or criminal data may be processed at all (GDPR art. 9(2) and 10, with the UAVG)."""

    EXPLICIT_CONSENT = "9.2.a"
    VITAL_INTEREST = "9.2.c"
    PUBLIC_INTEREST = "9.2.g"
    CARE = "9.2.h"
    CRIMINAL = "10"


class Weighing(Frozen):
    """That the necessity was weighed, in codes; the words are the ACCOUNT item named here."""

    account: Uuid | None = None
    urgent: bool = False  # answers follow within 24 hours
    answers: Annotated[tuple[bool, ...], Field(max_length=5)] = ()  # the five questions of the conflict of duties


class Basis(Frozen):
    """Why secrecy may be broken for one person in one section, and the GDPR article beside it.

    `secrecy` is CONSENT, REPRESENTATIVE_SET_ASIDE or a ground of `schemas/tables/grounds.py` (G2, G4, ...). `special`
    of HEALTH and CRIMINAL; left out, it is the first that fits in `schemas/tables/categories.py`.
    """

    person: PersonRef
    secrecy: Code
    gdpr: GdprArticle = GdprArticle.PUBLIC_TASK
    special: SpecialArticle | None = None
    weighing: Weighing | None = None


class Section(Frozen):
    """One item in the manifest. `item` survives forwarding; `digest` = SHA-256(salt || body), the same on every re-
    seal.
    """

    item: Uuid
    category: Category
    about: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()
    kind: StatementKind
    as_of: date
    source: Source
    bases: Annotated[tuple[Basis, ...], Field(max_length=16)] = ()
    digest: Digest
    rests_on: Annotated[tuple[Uuid, ...], Field(max_length=16)] = ()  # facts and observations behind a concern

    @model_validator(mode="after")
    def _one_basis_a_person(self) -> Self:
        if len({b.person for b in self.bases}) != len(self.bases):
            raise ValueError(
                "state one basis a person; alternatives are the professional's choice, made before sending"
            )
        return self


class WithheldReason(StrEnum):
    """Why a CONTRARY or STRENGTHS item the sender holds does not travel along."""

    NO_BASIS = "NO_BASIS"
    PURPOSE = "PURPOSE"
    REPLACED = "REPLACED"


class Withheld(Frozen):
    """An item the sender holds and leaves out; the receiver sees that something was withheld, not what."""

    item: Uuid
    reason: WithheldReason


class Manifest(Frozen):
    """The clear list of what a letter carries, for the gate to judge section by section and person by person."""

    purpose: Purpose
    sections: Annotated[tuple[Section, ...], Field(max_length=64)] = ()
    withheld: Annotated[tuple[Withheld, ...], Field(max_length=64)] = ()

    @model_validator(mode="after")
    def _items_once(self) -> Self:
        items = [s.item for s in self.sections]
        if len(set(items)) != len(items):
            raise ValueError("an item may stand in the manifest once")
        return self


class SealedHeader(Frozen):
    """What is repeated inside the seal beside salt and body; the receiver compares it by machine with the manifest."""

    source: Slug
    recipient: Slug
    subject: Subject
    message: Uuid
    item: Uuid
    category: Category
    about: tuple[PersonRef, ...] = ()
    kind: StatementKind


class SealedSection(Frozen):
    """The plaintext of one section's JWE. Its repr shows no content."""

    header: SealedHeader
    salt: str = Field(repr=False)  # base64url, 16 bytes
    body: str = Field(repr=False)
