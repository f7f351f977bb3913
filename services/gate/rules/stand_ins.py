"""Who carries a case for an organisation, who of them is away today, and who stands in."""

from collections.abc import Iterator

from schemas.base import Slug
from schemas.parties import Professional
from services.gate.rules.case import Case, Context
from services.gate.rules.case_records import HandoverRecord, MeasureRecord, SupportRecord
from services.gate.rules.help_records import AbsenceRecord


def carriers(case: Case, slug: Slug) -> frozenset[str]:
    """The refs of an organisation's professionals who are named in the case now."""
    return frozenset(found.ref for found in _named(case, slug) if found is not None)


def _named(case: Case, slug: Slug) -> Iterator[Professional | None]:
    yield from leads(case, slug)
    for record in case.of(HandoverRecord).values():
        if not record.final:
            yield record.professional if record.receiver == slug else None
            yield record.sender_professional if record.sender == slug else None
    for support in case.of(SupportRecord).values():
        if support.helper == slug and support.state == "ACCEPTED":
            yield support.professional


def leads(case: Case, slug: Slug) -> Iterator[Professional | None]:
    """Who leads for an organisation: the case manager of who holds regie, the worker of who carries out a measure."""
    if case.head is not None and case.head.regie == slug:
        yield case.head.lead
    for measure in case.of(MeasureRecord).values():
        if measure.institution == slug and measure.ended_on is None:
            yield measure.worker


def stand_ins(ctx: Context, professional: Professional | None) -> Iterator[Professional]:
    """Who stands in today for a professional of the sender."""
    for record in running(ctx):
        if professional is not None and record.professional == professional.ref and record.stand_in is not None:
            yield record.stand_in


def running(ctx: Context) -> Iterator[AbsenceRecord]:
    """Absences of professionals of the sender that run today."""
    for record in ctx.case.of(AbsenceRecord).values():
        if record.owner == ctx.sender.slug and record.runs_on(ctx.today):
            yield record
