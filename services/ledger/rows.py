"""What an entry becomes in the tables. Pure: rows from an entry, nothing else."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from schemas.entry import Entry
from services.ledger import store
from services.ledger.chain import concerned

Rows = Iterator[tuple[sa.Table, dict[str, Any]]]


def rows_of(entry: Entry, hashed: str, jws: str) -> Rows:
    """Every row of an entry, the entry's own first."""
    place = {"epoch": entry.epoch, "slot": entry.slot, "slot_seq": entry.slot_seq}
    yield store.entries, place | _head(entry) | {"hash": hashed, "jws": jws}
    for table, row in (*_who(entry), *_what(entry), *where_it_stands(entry)):
        yield table, place | row


def _head(entry: Entry) -> dict[str, Any]:
    message = entry.message
    return {
        "case": entry.case,
        "case_seq": entry.case_seq,
        "at": entry.at,
        "kind": entry.kind.value,
        "actor": entry.actor,
        "actor_ref": entry.actor_ref,
        "purpose": entry.purpose,
        "name": message.type if message else None,
        "message": message.id if message else None,
        "regards": entry.regards,
        "verdict": entry.verdict.value if entry.verdict else None,
    }


def _who(entry: Entry) -> Rows:
    for organisation in dict.fromkeys(entry.recipients):
        yield store.entry_recipients, {"organisation": organisation}
    for organisation in sorted(concerned(entry)):
        yield store.entry_parties, {"organisation": organisation}
    for place in entry.inbox:
        yield store.inbox_sequences, {"inbox": place.inbox, "sequence": place.sequence}


def _what(entry: Entry) -> Rows:
    for section in entry.sections:
        yield store.entry_sections, section.model_dump(mode="json", include={"item", "category", "digest"})
        for basis in section.bases:
            row = {"item": section.item, "person": basis.person, "secrecy": basis.secrecy, "gdpr": basis.gdpr}
            yield store.entry_bases, row
    for number, reason in enumerate(entry.reasons):
        of = {"section": reason.section, "person": reason.person}
        yield store.entry_reasons, {"number": number, "code": reason.code.value, **of}
    for person in sorted(_persons(entry)):
        yield store.entry_persons, {"person": person}


def where_it_stands(entry: Entry) -> Rows:
    """The handovers as they are after the decision, and the move of regie. An entry names a handover once."""
    told = {each.id: each for each in (*entry.also, *((entry.handover,) if entry.handover else ()))}
    for handover in told.values():
        sides = {"sender": handover.sender, "receiver": handover.receiver}
        yield (
            store.entry_handovers,
            {"handover": handover.id, "kind": handover.kind.value, "state": handover.state.value, **sides},
        )
    if entry.regie is not None:
        yield store.entry_regie, entry.regie.model_dump(mode="json")


def _persons(entry: Entry) -> set[str]:
    sections = {person for section in entry.sections for person in section.about}
    bases = {basis.person for section in entry.sections for basis in section.bases}
    return sections | bases | {reason.person for reason in entry.reasons if reason.person}
