"""What an entry tells of a decision: who sent what to whom, which items on which basis, and what it changed."""

import hashlib
import json

from schemas.base import Subject
from schemas.body import Body
from schemas.care import DossierOpened, DossierRejected, ReviewRecorded
from schemas.entry import EntryBasis, EntryContact, EntryHandover, EntryMessage, EntryRegie, EntrySection
from schemas.event import Event
from schemas.manifest import Section
from schemas.service import AlertAcknowledged, HandoverFact
from services.gate.envelope import Received
from services.gate.rules.case import Case
from services.gate.rules.case_records import ItemRecord, StatementRecord
from services.gate.scribe import derived_id


def who_and_what(received: Received, event: Event | None) -> dict[str, object]:
    """The fields of an entry that say who sent what to whom; for unreadable bytes only whose outbox and the hash."""
    told: dict[str, object] = {"actor": received.owner, "message": message(received)}
    if event is None:
        return told
    data = event.data
    return told | {
        "case": event.subject,
        "claimed_at": event.time,
        "actor_ref": data.by.ref if data.by else None,
        "second_ref": data.second.ref if data.second else None,
        "acting_under": data.acting_under,
        "regards": _regards(received.body),
        "recipients": data.to,
        "keys": (received.kid,) if received.kid else (),
    }


def _regards(body: Body | None) -> str | None:
    """The earlier message (or alert) a message is about, where its body names one."""
    if isinstance(body, DossierOpened | DossierRejected | ReviewRecorded):
        return body.message
    return body.alert if isinstance(body, AlertAcknowledged) else None


def message(received: Received) -> EntryMessage:
    event = received.event
    if event is None:
        return EntryMessage(source=received.owner, id="unreadable", type="unreadable", hash=received.hash)
    return EntryMessage(source=received.owner, id=event.id, type=event.name, hash=received.hash)


def said(event: Event) -> str:
    """SHA-256 of what a message says, however it is sealed and whoever it goes to: its body, its items, its purpose."""
    told = json.dumps((event.name, event.data.body), sort_keys=True)
    carried = event.data.manifest.model_dump_json() if event.data.manifest else ""
    return hashlib.sha256(f"{told}\n{carried}".encode()).hexdigest()


def subject(received: Received) -> Subject:
    """The subject of the message; of unreadable bytes a thread that follows from them."""
    if received.event is not None:
        return received.event.subject
    return f"thread:{derived_id('unreadable', received.owner, received.hash)}"


def sections(event: Event, after: Case) -> tuple[EntrySection, ...]:
    return tuple(_section(section, after) for section in event.data.manifest.sections) if event.data.manifest else ()


def attempted(received: Received) -> dict[str, object]:
    """What a refused letter would have carried, by the manifest its sender signed; no consent was relied on. Empty for
    bytes that could not be read, or that nobody's signature stands for.
    """
    event = received.event
    if event is None or event.data.manifest is None or received.kid is None:
        return {}
    return {"sections": sections(event, Case(event.subject)), "purpose": event.data.manifest.purpose}


def _section(section: Section, after: Case) -> EntrySection:
    """What travelled, and on which basis; a consent names the statements it stands on."""
    item = after.of(ItemRecord).get(section.item)
    given = [after.of(StatementRecord)[statement] for statement in item.relied_on] if item else []
    bases = tuple(
        EntryBasis(
            person=basis.person,
            secrecy=basis.secrecy,
            gdpr=basis.gdpr,
            special=basis.special,
            statements=tuple(s.statement for s in given if s.about == basis.person),
        )
        for basis in section.bases
    )
    return EntrySection(
        item=section.item, category=section.category, about=section.about, digest=section.digest, bases=bases
    )


def handover(fact: HandoverFact) -> EntryHandover:
    return EntryHandover(id=fact.id, kind=fact.kind, state=fact.after, sender=fact.sender, receiver=fact.receiver)


def contact(after: Case) -> EntryContact | None:
    """The family's fixed contact."""
    head = after.head
    if head is None or head.contact is None:
        return None
    known = head.contact.professional
    return EntryContact(
        organisation=head.contact.organisation, ref=known.ref, function=known.function, changes=head.contact_changes
    )


def regie(before: Case, after: Case) -> EntryRegie | None:
    held = before.head.regie if before.head else None
    holds = after.head.regie if after.head else None
    return EntryRegie(holder_before=held, holder_after=holds) if held != holds else None
