"""Who helps this family, by professional: so that it can be seen when there are too many (JB Noord 2016 §3.2)."""

from collections.abc import Iterator
from datetime import date

from schemas.base import Slug
from services.gate.rules.case import Case
from services.gate.rules.case_records import HandoverRecord, MeasureRecord, SupportRecord
from services.gate.rules.grounds import ACCEPTED, runs

Helper = tuple[Slug, str]
"""An organisation and the professional's ref; of who merely stays involved the function."""


def helpers(case: Case, today: date) -> tuple[Helper, ...]:
    """Everyone named who is involved now: who leads, the fixed contact, who supports, who takes over, who carries out a
    measure, who stays."""
    return tuple(dict.fromkeys((*_leading(case), *_supporting(case), *_measures(case, today), *_handovers(case))))


def _leading(case: Case) -> Iterator[Helper]:
    head = case.head
    if head is not None and head.regie and head.lead:
        yield head.regie, head.lead.ref
    if head is not None and head.contact is not None:
        yield head.contact.organisation, head.contact.professional.ref


def _supporting(case: Case) -> Iterator[Helper]:
    for support in case.of(SupportRecord).values():
        if support.state == "ACCEPTED" and support.professional:
            yield support.helper, support.professional.ref


def _measures(case: Case, today: date) -> Iterator[Helper]:
    for measure in case.of(MeasureRecord).values():
        if measure.worker and runs(measure, case, today):
            yield measure.institution, measure.worker.ref


def _handovers(case: Case) -> Iterator[Helper]:
    """Who accepted one that runs, and who stays beside the last receiver; an organisation counted by name already does
    not count once more for staying."""
    handovers = tuple(case.of(HandoverRecord).values())
    completed = [h for h in handovers if h.state == "COMPLETED"]
    last = max(completed, key=lambda h: h.opened_at, default=None)
    named = {*(slug for slug, _ in (*_leading(case), *_supporting(case)))}
    for handover in handovers:
        if handover.state in ACCEPTED and handover.professional:
            yield handover.receiver, handover.professional.ref
        if handover.state in ACCEPTED or handover is last:
            yield from ((s.organisation, s.function) for s in handover.stays if s.organisation not in named)
