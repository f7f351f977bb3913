"""An investigation of Veilig Thuis itself, and telling a person later: what may be said when."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from schemas.base import Uuid
from schemas.body import Body
from schemas.days import dutch_day
from schemas.refusal import Mend, Reason, Refusal
from schemas.reports import InformingPostponed, VtInvestigationConcluded, VtInvestigationDetermined
from services.gate.rules import sight
from services.gate.rules.care import judge_care
from services.gate.rules.case import Context, Judgement
from services.gate.rules.case_records import ReportRecord
from services.gate.rules.refusing import put_unless, unknown, wrong_date, wrong_state

INFORM_WITHIN: Final = timedelta(days=28)
POSTPONED_BY: Final = timedelta(days=14)
LAW: Final = "Wmo 2015 art. 5.3.1(2)"


def judge_report(ctx: Context) -> Judgement:
    """Every message of the conversation reports."""
    judge = _JUDGES.get(type(ctx.body))
    return judge(ctx, ctx.body) if judge else judge_care(ctx)


def _own(ctx: Context, report: Uuid) -> ReportRecord | None:
    found = ctx.case.of(ReportRecord).get(report)
    return found if found is not None and found.centre == ctx.sender.slug else None


def _determined(ctx: Context, body: VtInvestigationDetermined) -> Judgement:
    report = _own(ctx, body.report)
    if report is None:
        return Judgement((unknown("report"),))
    days = {"determined_on": body.determined_on, "started_on": body.started_on}
    reasons = [wrong_date(field) for field, day in days.items() if day is not None and day > ctx.today]
    again = report.determined_on is not None
    if report.ended or report.concluded or report.begun or (again and body.started_on is None):
        reasons.append(wrong_state("NOT_BEGUN"))
    if again and body.determined_on != report.determined_on:
        reasons.append(Reason(code=Refusal.TERMS_DIFFER, missing=("determined_on",), mend=(Mend.CORRECT,)))
    update = {"determined_on": body.determined_on, "begun": body.started_on is not None}
    return put_unless(reasons, report.model_copy(update=update))


def _concluded(ctx: Context, body: VtInvestigationConcluded) -> Judgement:
    report = _own(ctx, body.report)
    if report is None:
        return Judgement((unknown("report"),))
    fits = report.determined_on is not None and not report.concluded and not report.ended
    return put_unless([] if fits else [wrong_state("DETERMINED")], report.model_copy(update={"concluded": True}))


def _postponed(ctx: Context, body: InformingPostponed) -> Judgement:
    report = _own(ctx, body.report)
    if report is None:
        return Judgement((unknown("report"),))
    reasons = list(sight.unknown_persons(ctx, (body.person,)))
    if not ctx.today < body.until <= _inform_by(report) + POSTPONED_BY:
        reasons.append(wrong_date("until", LAW))
    later = max(body.until, _inform_by(report))
    return put_unless(reasons, report.model_copy(update={"inform_by": later}))


def _inform_by(report: ReportRecord) -> date:
    """The last day to tell a person, as it stands."""
    return report.inform_by or dutch_day(report.received_at) + INFORM_WITHIN


_JUDGES: Mapping[type[Body], Callable[[Context, Any], Judgement]] = {
    VtInvestigationDetermined: _determined,
    VtInvestigationConcluded: _concluded,
    InformingPostponed: _postponed,
}
