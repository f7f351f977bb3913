"""What an audit answers: entries as a privacy officer reads them. Codes stand beside the words."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from schemas.base import Code, Count, Digest, Frozen, Instant, Slug, Subject, Uuid
from schemas.entry import Caution, Entry, EntryHandover, EntryRegie, EntrySection
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from schemas.refusal import Reason
from schemas.tables.refusals import WORDS, how_to_mend
from services.ledger import words
from services.ledger.looks import Asked


class SharedBasis(Frozen):
    """Why one person's data could be shared. `statements`: the consent statements it stood on."""

    person: PersonRef
    secrecy: Code
    secrecy_in_words: str
    gdpr: Code
    gdpr_in_words: str
    statements: tuple[Uuid, ...] = ()


class SharedSection(Frozen):
    """One thing that was shared, without its content."""

    item: Uuid
    category: Code
    category_in_words: str
    about: tuple[PersonRef, ...]
    digest: Digest
    bases: tuple[SharedBasis, ...]


class RefusedBecause(Frozen):
    """One reason of a refusal, and what would mend it."""

    code: Code
    in_words: str
    section: Code | None = None
    person: PersonRef | None = None
    missing: tuple[str, ...] = ()
    law: str | None = None
    mend: tuple[str, ...] = ()


class Opened(Frozen):
    """When a recipient opened what was shared."""

    by: Slug
    at: Instant


class FlagRaised(Frozen):
    code: Code
    in_words: str


class Line(Frozen):
    """One entry of the ledger. `hash` is that of the signed entry: it names the proof."""

    hash: Digest
    slot: Count
    slot_seq: Count
    at: Instant  # when the gate decided
    kind: Code
    case: Subject | None = None
    case_seq: Count | None = None
    actor: Slug | None = None
    professional: Code | None = None
    second: Code | None = None
    acting_under: OrganisationKind | None = None
    message: Code | None = None  # its id
    name: Code | None = None  # its type, e.g. handovers.proposed
    recipients: tuple[Slug, ...] = ()
    purpose: Code | None = None
    purpose_in_words: str | None = None
    verdict: Code | None = None
    sections: tuple[SharedSection, ...] = ()
    reasons: tuple[RefusedBecause, ...] = ()
    flags: tuple[FlagRaised, ...] = ()
    opened: tuple[Opened, ...] = ()
    handover: EntryHandover | None = None
    regie: EntryRegie | None = None
    caution: Caution | None = None


class Repeated(Frozen):
    """One organisation, about one case, and one person where the refusals name somebody."""

    code: str = "REPEATED_REFUSED_REQUESTS"
    actor: Slug
    case: Subject
    person: PersonRef | None = None
    times: Count  # the most within 30 days
    first: Instant
    last: Instant


class ReadUpTo(Frozen):
    """How far this service has read a slot: what was decided later is not in the answer."""

    slot: Count
    slot_seq: Count
    at: Instant
    hash: Digest
    checkpoint_seq: Count | None = None


class Audit(Frozen):
    """The answer to one question. Of a case the asker has no part in it shows nothing, whether that exists or not."""

    asked: Asked
    by: Slug
    entries: tuple[Line, ...]
    caution: Annotated[Caution | None, Field(description="what to beware of in the case now")] = None
    by_kind: Annotated[bool, Field(description="other organisations go by their kind: an address is secret")] = False
    patterns: Annotated[tuple[Repeated, ...], Field(description="refused again and again, for want of a basis")] = ()
    next: Annotated[str | None, Field(description="give this as `after` for the next page")] = None
    read_up_to: tuple[ReadUpTo, ...]


class Alert(Frozen):
    """The latest state of one alert."""

    alert: Uuid
    case: Subject
    code: Code
    tier: Count | None = None
    state: Code
    responsible: tuple[Slug, ...]
    addressees: tuple[Slug, ...]
    child: PersonRef | None = None
    handover: Uuid | None = None
    due: Instant | None = None
    acknowledged_by: Slug | None = None  # since it was last raised or escalated
    acknowledged_at: Instant | None = None
    raised_at: Instant | None = None
    at: Instant
    how: Code | None = None


class Alerts(Frozen):
    """Alerts of the asker's organisation, or of the region of a chain coordinator."""

    alerts: tuple[Alert, ...]


def line_of(entry: Entry, hashed: str, opened: tuple[tuple[str, datetime], ...] = ()) -> Line:
    """The entry in words."""
    return Line(
        hash=hashed,
        slot=entry.slot,
        slot_seq=entry.slot_seq,
        at=entry.at,
        kind=entry.kind,
        case=entry.case,
        case_seq=entry.case_seq,
        actor=entry.actor,
        professional=entry.actor_ref,
        second=entry.second_ref,
        acting_under=entry.acting_under,
        message=entry.message.id if entry.message else None,
        name=entry.message.type if entry.message else None,
        recipients=entry.recipients,
        purpose=entry.purpose,
        purpose_in_words=words.purpose(entry.purpose) if entry.purpose else None,
        verdict=entry.verdict,
        sections=tuple(map(_section, entry.sections)),
        reasons=tuple(map(_reason, entry.reasons)),
        flags=tuple(FlagRaised(code=flag, in_words=words.FLAGS.get(flag, flag)) for flag in entry.flags),
        opened=tuple(Opened(by=by, at=at) for by, at in opened),
        handover=entry.handover,
        regie=entry.regie,
        caution=entry.caution,
    )


def _section(section: EntrySection) -> SharedSection:
    bases = tuple(
        SharedBasis(
            person=basis.person,
            secrecy=basis.secrecy,
            secrecy_in_words=words.basis(basis.secrecy),
            gdpr=basis.gdpr,
            gdpr_in_words=words.gdpr(basis.gdpr),
            statements=basis.statements,
        )
        for basis in section.bases
    )
    return SharedSection(
        item=section.item,
        category=section.category,
        category_in_words=words.CATEGORIES[section.category],
        about=section.about,
        digest=section.digest,
        bases=bases,
    )


def _reason(reason: Reason) -> RefusedBecause:
    return RefusedBecause(
        code=reason.code,
        in_words=WORDS.get(reason.code, reason.code),
        section=reason.section,
        person=reason.person,
        missing=reason.missing,
        law=reason.law,
        mend=how_to_mend(reason),
    )
