"""What a proposal says that it brings beside the story comes along, about persons of this case, on days that may be."""

from collections.abc import Iterator
from typing import Final

from schemas.body import Known
from schemas.handovers import HandoverProposed
from schemas.manifest import Category, Section, StatementKind
from schemas.refusal import Mend, Reason, Refusal
from services.gate.rules import sight
from services.gate.rules.case import Context
from services.gate.rules.case_records import ItemRecord
from services.gate.rules.refusing import wrong_date

IN_OWN_WORDS: Final = frozenset({Category.STORY, Category.ACCOUNT, Category.YOUTH_VOICE, Category.CLIENT_RESPONSE})
BEHIND: Final = frozenset({StatementKind.FACT, StatementKind.OBSERVATION})
FACTS_LAW: Final = "IGJ 2023: which facts worry (D#189)"


def reasons(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    """Everything that does not fit, at once."""
    persons = (*(asked.person for asked in body.questions), *(goal.person for goal in body.goals))
    yield from sight.unknown_persons(ctx, persons)
    yield from _words(ctx, body)
    yield from _days(ctx, body)


def _words(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    """A plan that is made, goals that are set and questions that were put into words travel along."""
    planned = bool(body.goals) or (body.group_plan is not None and body.group_plan.state == "MADE")
    if planned and not _carries(ctx, frozenset({Category.PLAN})):
        yield _lacks("PLAN", "Jeugdwet 4.1.2; TSD 2017, Bijlage 1 (D#129, D#174)")
    for asked in body.questions:
        if asked.state is Known.GIVEN and not _carries(ctx, IN_OWN_WORDS, asked.person):
            yield _lacks(f"QUESTION:{asked.person}", "TSD 2017, Bijlage 1 (D#130)")


def _carries(ctx: Context, categories: frozenset[Category], about: str | None = None) -> bool:
    return any(s.category in categories and (about is None or about in s.about) for s in ctx.sections)


def _lacks(what: str, law: str) -> Reason:
    return Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=(what,), law=law, mend=(Mend.ADD,))


def _days(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    if body.group_plan is not None and body.group_plan.on > ctx.today:
        yield wrong_date("group_plan.on")
    if any(one.shown_on is not None and one.shown_on > ctx.today for one in body.client_response):
        yield wrong_date("client_response.shown_on")
    if any(goal.due < ctx.today for goal in body.goals):
        yield wrong_date("goals.due")


def behind(ctx: Context, section: Section) -> tuple[str, ...]:
    """What a concern that is written now says that it rests on and that is no fact or observation of the sender, in
    this letter or held before. A concern that travels on keeps what its maker named.
    """
    known = ctx.case.of(ItemRecord)
    if section.item in known:
        return ()
    here = {other.item for other in ctx.sections if other.kind in BEHIND}
    held = {item for item in section.rests_on if (record := known.get(item)) and _holds(ctx, record)}
    return tuple(item for item in section.rests_on if item not in here | held)


def _holds(ctx: Context, record: ItemRecord) -> bool:
    return ctx.sender.slug in record.held_by and record.stated_as in BEHIND
