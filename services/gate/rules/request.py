"""What a request to the Raad holds (schemas/tables/request.py): everything that lacks is named at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from schemas.body import Known
from schemas.investigations import InvestigationRegistered
from schemas.manifest import Category, Section, SourceKind, StatementKind
from schemas.parties import Competence
from schemas.person import Person, PersonStatus, Role
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.request import ELEMENTS, Element, ElementRow
from services.gate.rules import required, sight
from services.gate.rules.case import Context
from services.gate.rules.case_records import SightRecord

BY_EYE = frozenset({StatementKind.FACT, StatementKind.OBSERVATION})


def missing(ctx: Context, body: InvestigationRegistered) -> Iterator[Reason]:
    """One reason an element; none in acute danger. What speaks for the family may never be left out silently."""
    yield from required.left_out(ctx)
    if body.acute_danger:
        return
    yield from _unseen(ctx, body)
    for row in ELEMENTS:
        lacking = tuple(_LACKING[row.element](ctx, body, row))
        if lacking:
            yield Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=lacking[:64], law=row.source, mend=(Mend.ADD,))


def _unseen(ctx: Context, body: InvestigationRegistered) -> Iterator[Reason]:
    """The children it is about for whom the sender has no plan in force, neither here nor before."""
    kept = (r.plan for r in ctx.case.of(SightRecord).values() if r.owner == ctx.sender.slug)
    covered = {plan.child for plan in (*body.sight, *kept) if sight.in_force(ctx, plan)}
    unseen = tuple(child for child in body.children if child not in covered)
    if unseen:
        yield Reason(code=Refusal.NO_INTERIM_OVERSIGHT, missing=unseen, law=sight.LAW, mend=(Mend.ADD,))


def _carried(ctx: Context, category: Category | None) -> tuple[Section, ...]:
    return tuple(section for section in ctx.sections if section.category is category)


def _words(ctx: Context, row: ElementRow) -> Iterator[str]:
    """A code without its words is half an answer."""
    if row.category is not None and not _carried(ctx, row.category):
        yield row.category.value


def _about_each(ctx: Context, row: ElementRow, persons: Iterable[str]) -> Iterator[str]:
    about = {ref for section in _carried(ctx, row.category) for ref in section.about}
    yield from (f"{row.category}:{ref}" for ref in persons if ref not in about)


def _each(row: ElementRow, wanted: Iterable[str], given: Iterable[str]) -> Iterator[str]:
    there = set(given)
    yield from (f"{row.element}:{ref}" for ref in wanted if ref not in there)


def _reason(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    if body.reason is None:
        yield row.element.value
    yield from _words(ctx, row)


def _risk(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    yield from _each(row, body.children, (risk.child for risk in body.risks))
    yield from _about_each(ctx, row, body.children)


def _tried(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    if body.tried:
        yield from _words(ctx, row)
    elif body.tried_unless is None:
        yield row.element.value


def _talk(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    yield from _each(row, (p.ref for p in ctx.case.persons if _to_speak_with(p)), (t.parent for t in body.talks))


def _to_speak_with(person: Person) -> bool:
    """Each parent and guardian, but who died or may not be led to."""
    parent = person.role in (Role.PARENT, Role.GUARDIAN)
    return parent and person.status is not PersonStatus.DECEASED and not person.contact_unsafe


def _response(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    held = [talk for talk in body.talks if talk.held_on is not None]
    yield from (f"{row.element}:{talk.parent}" for talk in held if talk.response is Known.NOT_ASKED)
    yield from _about_each(ctx, row, (talk.parent for talk in held if talk.response is Known.GIVEN))


def _observed(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    """Coded, and in at least one item of whoever saw it."""
    if body.observed is None:
        yield row.element.value
        return
    source = SourceKind.OWN_OBSERVATION if body.observed.by == "DECIDER" else SourceKind.PROFESSIONAL
    if not any(section.source.kind is source and section.kind in BY_EYE for section in ctx.sections):
        yield f"{row.element}:{source}"


def _advice(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    """Reflection and dissent by one of those whom the chain names; where it names nobody, a behavioural scientist."""
    named = ctx.agreed.advisers if ctx.agreed else ()
    wanted = named or (Competence.BEHAVIOURAL_SCIENCE,)
    if body.advice is None or not set(wanted).intersection(body.advice.adviser.competences):
        yield row.element.value
        yield from (f"{row.element}:{competence}" for competence in named)


def _voice(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    yield from _each(row, body.children, (voice.child for voice in body.youth_voice))
    yield from _about_each(ctx, row, (voice.child for voice in body.youth_voice if voice.given))


def _adviser_told(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    if body.adviser_told_on is None:
        yield row.element.value


def _objective(ctx: Context, body: InvestigationRegistered, row: ElementRow) -> Iterator[str]:
    """An objective judgement is needed where the adviser is not for it."""
    divided = body.advice is not None and body.advice.view != "FOR"
    independent = body.observed is not None and body.observed.by == "INDEPENDENT"
    if divided and not independent and body.objective_unless is None:
        yield row.element.value


_LACKING: Mapping[Element, Callable[[Context, InvestigationRegistered, ElementRow], Iterator[str]]] = {
    Element.REASON: _reason,
    Element.RISK: _risk,
    Element.TRIED: _tried,
    Element.TALK: _talk,
    Element.RESPONSE: _response,
    Element.OBSERVED: _observed,
    Element.ADVICE: _advice,
    Element.VOICE: _voice,
    Element.ADVISER_TOLD: _adviser_told,
    Element.OBJECTIVE: _objective,
}
