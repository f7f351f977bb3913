"""Reports, sight, assessments, monitoring, dossiers and reviews: what happens with the child and its help."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from schemas.base import Slug, Uuid
from schemas.body import Body, ConditionChange, WatcherKind
from schemas.care import (
    AssessmentRecorded,
    DossierOpened,
    DossierRejected,
    DossierShared,
    MonitoringChecked,
    MonitoringPlanned,
    PersonInformed,
    ReportAssessed,
    ReportEnded,
    ReporterInformed,
    ReportRegistered,
    ReviewRecorded,
    SightConfirmed,
    SightPlanned,
    TrustBroken,
)
from schemas.corrections import DossierCorrected
from schemas.manifest import Category, Purpose
from schemas.parties import OrganisationKind
from schemas.refusal import Mend, Reason, Refusal
from services.gate.rules import agreed, corrections, handover, regie, sight
from services.gate.rules.case import Context, Effects, Judgement
from services.gate.rules.case_records import (
    AssessmentRecord,
    ConditionRecord,
    HandoverRecord,
    ItemRecord,
    MonitoringRecord,
    ReportRecord,
    SightRecord,
    SupportRecord,
)
from services.gate.rules.record import Record
from services.gate.rules.refusing import put_unless, unknown, used_before, wrong_date, wrong_state
from services.gate.rules.walk import other_side, side_of, step


def judge_care(ctx: Context) -> Judgement:
    """Every message about the child and its help that is neither a handover nor a measure."""
    return _JUDGES[type(ctx.body)](ctx, ctx.body)


# Reports at Veilig Thuis


def _registered(ctx: Context, body: ReportRegistered) -> Judgement:
    reasons = list(sight.unknown_persons(ctx, body.children))
    if body.report in ctx.case.of(ReportRecord):
        reasons.append(used_before())
    if body.received_at > ctx.now:
        reasons.append(wrong_date("received_at"))
    head = regie.head_of(ctx).model_copy(update={"vt_origin": True})
    report = ReportRecord(
        report=body.report,
        centre=ctx.sender.slug,
        received_at=body.received_at,
        children=body.children,
        reporter=body.reporter,
    )
    return put_unless(reasons, head, report)


def _report(ctx: Context, report: Uuid) -> ReportRecord | None:
    found = ctx.case.of(ReportRecord).get(report)
    return found if found is not None and found.centre == ctx.sender.slug else None


def _assessed(ctx: Context, body: ReportAssessed) -> Judgement:
    report = _report(ctx, body.report)
    if report is None:
        return Judgement((unknown("report"),))
    if report.assessed or report.ended:
        return Judgement((wrong_state("REGISTERED"),))
    head = regie.head_of(ctx).model_copy(update={"phase": body.phase})
    return Judgement(effects=Effects(put=(head, report.model_copy(update={"assessed": True}))))


def _informed(ctx: Context, body: PersonInformed) -> Judgement:
    reasons = list(sight.unknown_persons(ctx, (body.person,)))
    if _report(ctx, body.report) is None:
        reasons.insert(0, unknown("report"))
    return put_unless(reasons)


def _reporter_informed(ctx: Context, body: ReporterInformed) -> Judgement:
    return put_unless([] if _report(ctx, body.report) else [unknown("report")])


def _report_ended(ctx: Context, body: ReportEnded) -> Judgement:
    report = _report(ctx, body.report)
    if report is None:
        return Judgement((unknown("report"),))
    if report.ended:
        return Judgement((wrong_state("REGISTERED", "ASSESSED"),))
    return Judgement(effects=Effects(put=(report.model_copy(update={"ended": True}),)))


# Sight of the child


def _planned(ctx: Context, body: SightPlanned) -> Judgement:
    return put_unless(_plans_fit(ctx, body), *sight.recorded(ctx.sender.slug, body.plans))


def _trust_broken(ctx: Context, body: TrustBroken) -> Judgement:
    """The family does not let this organisation in: the plan names somebody else for each child."""
    own = tuple(plan.child for plan in body.plans if all(w.kind is WatcherKind.PROFESSIONAL for w in plan.by))
    reasons = _plans_fit(ctx, body)
    if own:
        reasons.append(Reason(code=Refusal.NO_INTERIM_OVERSIGHT, missing=own, law=sight.LAW, mend=(Mend.ADD,)))
    return put_unless(reasons, *sight.recorded(ctx.sender.slug, body.plans))


def _plans_fit(ctx: Context, body: SightPlanned | TrustBroken) -> list[Reason]:
    reasons = list(sight.unknown_persons(ctx, (plan.child for plan in body.plans)))
    if not all(sight.in_force(ctx, plan) for plan in body.plans):
        reasons.append(wrong_date("until"))
    return reasons


def _confirmed(ctx: Context, body: SightConfirmed) -> Judgement:
    """Said by the owner of the plan or the watcher it names; a parent's word alone shows nothing."""
    reasons = list(sight.unknown_persons(ctx, (seen.child for seen in body.children)))
    not_theirs = tuple(seen.child for seen in body.children if not _watches(ctx, seen.child))
    if not_theirs and not reasons:
        reasons.append(
            Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=not_theirs, law=sight.LAW, mend=(Mend.ASK_REGIE_HOLDER,))
        )
    if body.by.kind is WatcherKind.PARENT:
        reasons.append(Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("by",), law="D#133", mend=(Mend.CORRECT,)))
    if body.seen_at > ctx.now:
        reasons.append(wrong_date("seen_at"))
    return put_unless(reasons)


def _watches(ctx: Context, child: str) -> bool:
    slug = ctx.sender.slug
    for record in ctx.case.of(SightRecord).values():
        watchers = (*record.plan.by, *((record.plan.stand_in,) if record.plan.stand_in else ()))
        named = any(watcher.organisation == slug for watcher in watchers)
        if record.plan.child == child and (record.owner == slug or named):
            return True
    return False


# Assessments and monitoring


def _assessment(ctx: Context, body: AssessmentRecorded) -> Judgement:
    reasons = [*sight.unknown_persons(ctx, body.children), *_may_change(ctx, body.conditions), *_together(ctx, body)]
    if body.assessment in ctx.case.of(AssessmentRecord):
        reasons.append(used_before())
    if body.made_on > ctx.today:
        reasons.append(wrong_date("made_on"))
    if body.kind == "SAFETY":
        reasons += agreed.team_lacks(ctx)
    made = AssessmentRecord(assessment=body.assessment, type=body.kind, made_on=body.made_on, author=ctx.sender.slug)
    head = regie.head_of(ctx).model_copy(update={"phase": body.phase})
    return put_unless(reasons, head, made, *_changed_conditions(ctx, body.conditions))


def _together(ctx: Context, body: AssessmentRecorded) -> Iterator[Reason]:
    """Who examined it as well joins the help in this case by name: each acts under its own powers (D#188)."""
    joined = {s.helper for s in ctx.case.of(SupportRecord).values() if s.state == "ACCEPTED"}
    joined |= {s.asked_by for s in ctx.case.of(SupportRecord).values() if s.state == "ACCEPTED"}
    strangers = tuple(slug for slug in body.together_with if slug not in joined - {ctx.sender.slug})
    if strangers:
        yield Reason(code=Refusal.UNKNOWN_REFERENCE, missing=("together_with", *strangers), mend=(Mend.CORRECT,))


def _monitoring_planned(ctx: Context, body: MonitoringPlanned) -> Judgement:
    reasons = list(sight.unknown_persons(ctx, body.children))
    if not ctx.case.is_party(body.by):
        reasons.append(unknown("by"))
    before = ctx.case.of(MonitoringRecord).get(body.plan)
    head = regie.head_of(ctx)
    if before is not None and ctx.sender.slug not in (before.by, head.regie):
        reasons += regie.not_holder(ctx)
    done, known = (before.done, before.baselines) if before else ((), ())
    return put_unless(
        reasons,
        MonitoringRecord(
            plan=body.plan, children=body.children, by=body.by, dates=body.dates, done=done, baselines=known
        ),
    )


def _checked(ctx: Context, body: MonitoringChecked) -> Judgement:
    plan = ctx.case.of(MonitoringRecord).get(body.plan)
    if plan is None or plan.by != ctx.sender.slug:
        return Judgement((unknown("plan"),))
    reasons = [
        *sight.unknown_persons(ctx, (risk.child for risk in body.risks)),
        *_may_change(ctx, body.conditions),
    ]
    if body.planned_for not in plan.dates:
        reasons.append(wrong_date("planned_for"))
    baselines = {(child, risk): level for child, risk, level in plan.baselines}
    moved = tuple(
        f"{risk.child}/{risk.risk}"[:64]
        for risk in body.risks
        if baselines.setdefault((risk.child, risk.risk), risk.baseline) is not risk.baseline
    )
    if moved:
        law = "D#136: change is read against where it started"
        reasons.append(Reason(code=Refusal.TERMS_DIFFER, missing=moved, law=law, mend=(Mend.CORRECT,)))
    seen = {
        "done": tuple(sorted({*plan.done, body.planned_for})),
        "baselines": tuple((child, risk, level) for (child, risk), level in baselines.items()),
    }
    return put_unless(reasons, plan.model_copy(update=seen), *_changed_conditions(ctx, body.conditions))


def _may_change(ctx: Context, changes: Iterable[ConditionChange]) -> Iterator[Reason]:
    """Who monitors says whether a condition is met; without a plan that is who leads."""
    wanted = tuple(change.id for change in changes)
    if not wanted:
        return
    unknown = tuple(ref for ref in wanted if ref not in ctx.case.of(ConditionRecord))
    if unknown:
        yield Reason(code=Refusal.UNKNOWN_REFERENCE, missing=unknown, mend=(Mend.CORRECT,))
    planned = {plan.by for plan in ctx.case.of(MonitoringRecord).values()}
    monitors: set[Slug | None] = {*planned} if planned else {regie.head_of(ctx).regie}
    if ctx.sender.slug not in monitors:
        yield Reason(
            code=Refusal.ROLE_NOT_ALLOWED,
            missing=("conditions",),
            law="TSD 2017 §2.1; D#49",
            mend=(Mend.ASK_REGIE_HOLDER,),
        )


def _changed_conditions(ctx: Context, changes: Iterable[ConditionChange]) -> Iterator[Record]:
    known = ctx.case.of(ConditionRecord)
    return (known[c.id].model_copy(update={"status": c.status}) for c in changes if c.id in known)


# Dossiers and reviews


def _shared(ctx: Context, body: DossierShared) -> Judgement:
    manifest = ctx.event.data.manifest
    reasons: list[Reason] = []
    if not (manifest and manifest.sections) and body.story_missing is None:
        reasons.append(Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=("sections",), mend=(Mend.ADD,)))
    about = ctx.case.of(HandoverRecord).get(body.handover) if body.handover else None
    side = side_of(about, ctx.sender.slug) if about else None
    if body.handover is not None and side is None:
        reasons.append(unknown("handover"))
    elif about and side and ctx.event.data.to != (other_side(about, side),):
        reasons.append(Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to",), mend=(Mend.CORRECT,)))
    if reasons:
        return Judgement(tuple(reasons))
    alerted = _alerted(ctx)
    taken = step(ctx, about, side) if about and side and _tells_story(ctx, body) else None
    return Judgement(effects=alerted + handover.outcome(ctx, taken) if taken else alerted)


def _tells_story(ctx: Context, body: DossierShared) -> bool:
    return body.story_missing is not None or any(section.category is Category.STORY for section in ctx.sections)


def _alerted(ctx: Context) -> Effects:
    """A concern reported to Veilig Thuis is remembered: a case may only close with open concern when there is one."""
    centres = tuple(p.slug for p in ctx.recipients if p.kind is OrganisationKind.VEILIG_THUIS)
    if ctx.purpose is not Purpose.SAFETY_ALERT or not centres:
        return Effects()
    head = regie.head_of(ctx)
    return Effects(put=(head.model_copy(update={"alerted": tuple(dict.fromkeys((*head.alerted, *centres)))}),))


def _rejected(ctx: Context, body: DossierRejected) -> Judgement:
    """Said to the sender of a letter by who got it: that a section does not open or differs is seen by a machine, that
    it is not what it is called by a professional.
    """
    reasons = []
    if not _got(ctx, body):
        reasons.append(unknown("message"))
    seen = body.reason == "CATEGORY_UNTRUE"
    if seen and ctx.event.data.by is None:
        reasons.append(
            Reason(code=Refusal.NO_NAMED_PROFESSIONAL, missing=("by",), law="D#13", mend=(Mend.NAME_PROFESSIONAL,))
        )
    if seen and body.item is None:
        reasons.append(Reason(code=Refusal.UNKNOWN_REFERENCE, missing=("item",), mend=(Mend.ADD,)))
    if not seen and ctx.event.data.by is not None:
        reasons.append(Reason(code=Refusal.REASON_NOT_ALLOWED, missing=("reason",), mend=(Mend.CORRECT,)))
    return put_unless(reasons)


def _got(ctx: Context, body: DossierRejected) -> bool:
    """Whether the letter reached who rejects it. One too long ago to be remembered is known by its item."""
    item = ctx.case.of(ItemRecord).get(body.item) if body.item else None
    holds = item is not None and {ctx.sender.slug, *ctx.event.data.to} <= set(item.held_by)
    if body.item is not None and not holds:
        return False
    return holds if ctx.regarded is None else ctx.sender.slug in ctx.regarded.to


def _nothing(ctx: Context, body: Body) -> Judgement:
    """Delivered and kept in the ledger; the state of the case stays as it is."""
    return Judgement()


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    ReportRegistered: _registered,
    ReportAssessed: _assessed,
    PersonInformed: _informed,
    ReporterInformed: _reporter_informed,
    ReportEnded: _report_ended,
    SightPlanned: _planned,
    SightConfirmed: _confirmed,
    TrustBroken: _trust_broken,
    AssessmentRecorded: _assessment,
    MonitoringPlanned: _monitoring_planned,
    MonitoringChecked: _checked,
    DossierShared: _shared,
    DossierCorrected: corrections.judge_correction,
    DossierOpened: _nothing,
    DossierRejected: _rejected,
    ReviewRecorded: _nothing,
}
