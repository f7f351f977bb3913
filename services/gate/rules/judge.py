"""The one entry to the rules: a message and the case as it stands -> every reason why not, or everything it changes."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from schemas.base import Slug
from schemas.tables.messages import Audience, Shape
from services.gate.rules import absences, roles
from services.gate.rules.absences import judge_absence
from services.gate.rules.alerts import judge_machine
from services.gate.rules.care import judge_care
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import CaseHead
from services.gate.rules.cases import judge_case
from services.gate.rules.consent import judge_statement
from services.gate.rules.contacts import judge_contact
from services.gate.rules.handover import judge_handover
from services.gate.rules.information import judge_information
from services.gate.rules.investigations import judge_investigation, judge_table
from services.gate.rules.measures import judge_measure
from services.gate.rules.refusing import wrong_state
from services.gate.rules.reports import judge_report
from services.gate.rules.rights import judge_right
from services.gate.rules.sections import judge_sections
from services.gate.rules.stagnations import judge_stagnation
from services.gate.rules.supports import judge_support
from services.gate.rules.threads import judge_thread

Rule = Callable[[Context], Judgement]

CONVERSATIONS: Mapping[str, Rule] = {
    "cases": judge_case,
    "consents": judge_statement,
    "handovers": judge_handover,
    "measures": judge_measure,
    "investigations": judge_investigation,
    "tables": judge_table,
    "reports": judge_report,
    "sight": judge_care,
    "supports": judge_support,
    "assessments": judge_care,
    "monitoring": judge_care,
    "dossiers": judge_care,
    "reviews": judge_care,
    "absences": judge_absence,
    "stagnations": judge_stagnation,
    "consults": judge_stagnation,
    "information": judge_information,
    "access": judge_right,
    "rights": judge_right,
    "advice": judge_thread,
    "signals": judge_thread,
    "contacts": judge_contact,
    "alerts": judge_machine,
    "receipts": judge_machine,
}
"""Which rules judge which conversation."""

AFTER_CLOSING = frozenset(
    {
        "cases.opened",  # judged by its own rule: the case exists
        "cases.reopened",
        "cases.persons_changed",
        "reports.registered",
        "reports.investigation_determined",
        "reports.investigation_concluded",
        "reports.person_informed",
        "reports.informing_postponed",
        "reports.reporter_informed",
        "reports.ended",
        "consents.withdrawn",
        "consents.recorded",
        "dossiers.corrected",
        "dossiers.opened",
        "dossiers.rejected",
        "reviews.recorded",
        "measures.ending",
        "measures.ended",
        "supports.reviewed",
        "supports.ended",
        "access.requested",
        "access.answered",
        "rights.correction_asked",
        "rights.destruction_asked",
        "rights.objected",
        "rights.decided",
        "absences.ended",
        "investigations.noted",
    }
)
"""What may still be said in a closed case; everything else waits until it is reopened."""


def judge(ctx: Context) -> Judgement:
    """Judge one message after the envelope. Reasons and no effects, or effects and no reasons."""
    unknown = roles.unknown_recipients(ctx)
    if unknown:
        return Judgement(unknown)
    if roles.is_outsider(ctx):
        return Judgement((roles.NOT_A_PARTY,))
    found = list(roles.reasons(ctx))
    if _closed(ctx):
        found.append(wrong_state("OPEN_CASE"))
        return Judgement(tuple(found))
    said = CONVERSATIONS[ctx.event.name.partition(".")[0]](ctx)
    carried = _carried(ctx, said)
    found += [*absences.reasons(ctx), *said.reasons, *carried.reasons]
    if found:
        return Judgement(tuple(dict.fromkeys(found)))
    seen = Effects(flags=absences.flags(ctx))
    return Judgement(effects=_known_to(ctx, said.effects + carried.effects + seen))


def _carried(ctx: Context, said: Judgement) -> Judgement:
    """What a letter carries. In a thread the persons, and what they agreed to, come with the letter itself."""
    if not ctx.row.thread:
        return judge_sections(ctx)
    return Judgement() if said.reasons else judge_sections(replace(ctx, case=ctx.case.after(said.effects)))


def _closed(ctx: Context) -> bool:
    head = ctx.case.head
    return (
        head is not None
        and not head.open
        and _bound(ctx)
        and not ctx.row.thread
        and ctx.event.name not in AFTER_CLOSING
    )


def _bound(ctx: Context) -> bool:
    return ctx.row.party_bound or ctx.row.makes_party


def _known_to(ctx: Context, effects: Effects) -> Effects:
    """Who speaks in a case is a party of it; who gets a letter becomes one; who gets anything of it holds something. A
    guest only answers what it was asked, and stays one.
    """
    changed = [record for record in effects.put if isinstance(record, CaseHead)]
    head = changed[-1] if changed else ctx.case.head
    if head is None or ctx.row.audience is Audience.ANYONE or not (_bound(ctx) or ctx.row.opens_case):
        return effects
    to = ctx.event.data.to
    joining = to if ctx.row.shape is Shape.LETTER and ctx.row.joins else ()
    speaking = () if ctx.sender.slug in ctx.case.guests else (ctx.sender.slug,)
    parties = _once((*head.parties, *speaking, *joining))
    holders = _once((*head.holders, *to))
    if (parties, holders) == (head.parties, head.holders):
        return effects
    return _with_head(effects, head.model_copy(update={"parties": parties, "holders": holders}))


def _with_head(effects: Effects, head: CaseHead) -> Effects:
    rest = tuple(record for record in effects.put if not isinstance(record, CaseHead))
    return Effects((*rest, head), effects.drop, effects.notices, effects.flags, effects.handover, effects.also)


def _once(slugs: tuple[Slug, ...]) -> tuple[Slug, ...]:
    return tuple(dict.fromkeys(slugs))
