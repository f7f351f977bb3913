"""What is owed around the help itself: who stands in, what stands still, what is talked over. As obligations.py."""

from schemas.handovers import HandoverState as S
from schemas.tables.obligation_row import Basis, From, On, Per, Row, When, Who, days, gone, hours, working_days

ABSENCES: tuple[Row, ...] = (
    Row(
        "STAND_IN_NAMED", Per.ABSENCE, (On("absences.started", when=When.NO_STAND_IN),), working_days(1), Who.ACTOR,
        Who.COORDINATION,
        (
            On("absences.started", when=When.STAND_IN_GIVEN), On("cases.lead_person_changed", when=When.BY_RESPONSIBLE),
            On("handovers.professional_changed", when=When.BY_RESPONSIBLE), On("absences.ended", when=When.ABOUT_THIS),
        ),
        "Besluit Jeugdwet 4.2.1(2), 4.2.2(2)a; D#184: the term is ours", direct=hours(24),
    ),
    Row(
        "LEAD_PERSON_NAMED", Per.ABSENCE, (On("absences.started", when=When.LEAVES),), working_days(2), Who.ACTOR,
        Who.COORDINATION,
        (
            On("cases.lead_person_changed", when=When.BY_RESPONSIBLE),
            On("measures.worker_assigned", when=When.BY_RESPONSIBLE),
            On("handovers.professional_changed", when=When.BY_RESPONSIBLE),
            gone("absences.ended", when=When.ABOUT_THIS), gone(when=When.LEAD_LOST),
        ),
        "D#13, D#31: a named person, also the day after somebody left",
    ),
)  # fmt: skip
"""Nobody is away without somebody there."""

STANDSTILL: tuple[Row, ...] = (
    Row(
        "STAGNATION_ACTION", Per.STAGNATION, (On("stagnations.raised"),), None, Who.OWNER, Who.COORDINATION,
        (
            On("stagnations.actioned", when=When.ABOUT_THIS), On("stagnations.resolved", when=When.ABOUT_THIS),
        ),
        "D#64-65: by the date named", counts_from=From.ACT_BEFORE,
    ),
    Row(
        "STAGNATION_EVALUATION", Per.STAGNATION, (On("stagnations.raised"),), None, Who.OWNER, Who.COORDINATION,
        (On("stagnations.resolved", when=When.ABOUT_THIS),), "D#65, D#69: it is looked at afterwards",
        counts_from=From.EVALUATE_ON,
    ),
    Row(
        "CONSULT_HELD", Per.CONSULT, (On("consults.requested"),), None, Who.ACTOR, Who.COORDINATION,
        (On("consults.held", when=When.ABOUT_THIS),), "D#71, D#180", counts_from=From.BEFORE,
    ),
)  # fmt: skip
"""What stands still is somebody's, and talked over."""

SUPPORTS: tuple[Row, ...] = (
    Row(
        "SUPPORT_REVIEW", Per.SUPPORT_MARK, (On("supports.accepted", when=When.SPECIALIST),), None, Who.ACTOR,
        Who.COORDINATION,
        (
            On("supports.reviewed", when=When.MARK_REVIEWED), On("supports.ended", when=When.ABOUT_THIS),
            gone(when=When.CHARGED),
        ),
        "D#9, D#98: specialist case management only", counts_from=From.PLAN, opens_before=days(30),
    ),
    Row(
        "SUPPORT_WAIT_REVIEW", Per.SUPPORT, (On("supports.wait_announced"),), None, Who.ACTOR, Who.COORDINATION,
        (
            On("supports.accepted", when=When.ABOUT_THIS), On("supports.declined", when=When.ABOUT_THIS),
            gone("supports.ended", when=When.ABOUT_THIS),
        ),
        "D#56, D#63: the wait counts on who makes wait", counts_from=From.WAIT_UNTIL, restarts=True,
        alarm="WAIT_REVIEW",
    ),
    Row(
        "LEAD_END", Per.HANDOVER, (On("handovers.proposed", when=When.FOR_A_TIME),), None, Who.RECEIVER, Who.SENDER,
        (
            On(when=When.LEAD_LOST), gone(when=When.CHARGED), gone(enters=S.DECLINED), gone(enters=S.CANCELLED),
            gone(enters=S.RETURNED), gone(enters=S.SUPERSEDED),
        ),
        "D#6, D#9: an institution leads for a time", counts_from=From.END_DATE, outlives=True,
    ),
)  # fmt: skip
"""Help beside the lead, and a lead that was given for a time."""

REVIEW_MARKS = (78, 185, 249)
"""Days after the start at which specialist case management is looked at: the mean lengths of what led to a measure,
what did not, and what was still open (JB Noord 2016 §7.1, table 1; D#98). Ours.
"""

PAIRS: tuple[Row, ...] = (
    Row(
        "PAIR_NAMED", Per.CASE, (On(when=When.PAIR_LACKS),), working_days(5), Who.HOLDER, Who.COORDINATION,
        (On(when=When.PAIRED), gone(when=When.NO_PAIR_OWED)),
        "D#187: the team's professional and one of the safety team, where the chain agreed on a fixed pair",
    ),
)  # fmt: skip
"""Who stands beside the one who leads."""

AROUND_MEASURE: tuple[Row, ...] = (
    Row(
        "PLAN", Per.MEASURE, (On("measures.started"),), days(42, Basis.LAW), Who.ACTOR, Who.COORDINATION,
        (On(when=When.PLAN_SENT), gone("measures.ended", when=When.THIS_MEASURE)),
        "D17: Jeugdwet 4.1.3(4); that it counts from the order is our reading",
    ),
    Row(
        "LOCAL_TEAM_OUT_OF_SIGHT", Per.CASE,
        (On("measures.started"), On("measures.transferred"), On(when=When.DUTY_TELLS)), days(42), Who.DUTY,
        Who.COORDINATION, (gone(when=When.NO_DUTY),),
        "D#25: during a measure who leads hears from the institution; the other way it is CASE_UPDATE", restarts=True,
    ),
    Row(
        "CONSENT_NEEDED_AT_MEASURE_END", Per.MEASURE, (On("measures.started"),), None, Who.ACTOR, Who.COORDINATION,
        (
            On("consents.recorded", when=When.ABOUT_PERSON), On("measures.started", when=When.SAME_CHILD),
            gone("measures.ended", when=When.THIS_MEASURE),
        ),
        "Jeugdwet 7.3.11(4) ends with the order: what is shared after it needs consent (D§6.7)",
        counts_from=From.BEFORE_END, opens_before=days(60),
    ),
    Row(
        "RETURN_HANDOVER", Per.MEASURE,
        (On("measures.ending", when=When.RETURN_OWED), On("measures.ended", when=When.RETURN_OWED)), working_days(2),
        Who.ACTOR, Who.COORDINATION,
        (On("handovers.proposed", when=When.RETURN_PROPOSED), gone(when=When.LEAD_LOST), gone(when=When.CHARGED)),
        "D#7, D#37: who leads at the end of a measure hands back before it", counts_from=From.ENDING_ON,
    ),
    Row(
        "RETURN_STALLED", Per.HANDOVER, (On(enters=S.PROPOSED, when=When.FROM_MEASURE),), working_days(10), Who.BOTH,
        Who.COORDINATION,
        (On(when=When.RETURN_TAKEN), gone(when=When.LEAD_LOST), gone(when=When.CHARGED), gone(enters=S.CANCELLED)),
        "D#38: nobody to hand back to; a wait or a refusal does not stop this clock", heights="AT_TWO", outlives=True,
        direct=working_days(10),
    ),
)  # fmt: skip
"""Where a measure touches the local team: its start is a handover, then two-way updates, then its end."""

FOLLOW_UP: tuple[Row, ...] = (
    Row(
        "INTENDED_REQUEST", Per.CASE, (On("consults.held", when=When.INTENDS_REQUEST),), working_days(2), Who.HOLDER,
        Who.COORDINATION,
        (
            On("investigations.registered"), On("tables.requested"), On("consults.held", when=When.DROPS_REQUEST),
            gone(when=When.CHARGED),
        ),
        "JB Noord 2016 §8.3.2, aanb. 6; D#86: what cannot be avoided is done at once, or dropped in so many words",
        direct=hours(24),
    ),
    Row(
        "SCALE_UP", Per.CASE,
        (On("supports.ended", when=When.HELP_FAILED), On("supports.reviewed", when=When.HELP_FAILED)), working_days(10),
        Who.HOLDER, Who.COORDINATION,
        (
            On("supports.requested"), On("handovers.proposed"), On("tables.requested"), On("consults.held"),
            On("stagnations.raised"), On("investigations.registered"), gone(when=When.CHARGED),
        ),
        "TSD 2017, Bijlage 1; D#176: voluntary help that failed is followed by something else, or talked over",
    ),
    Row(
        "PLAN_REVIEW", Per.CASE,
        (On("assessments.recorded", when=When.NEED_CHANGED), On("supports.reviewed", when=When.NEED_CHANGED)),
        working_days(10), Who.HOLDER, Who.COORDINATION,
        (On("consults.held", when=When.PLAN_TALKED_OVER), On(when=When.PLAN_SENT)),
        "TSD 2017, Bijlage 1; D#177: another need gets another plan",
    ),
    Row(
        "GOAL_REVIEW", Per.CASE, (On("handovers.proposed", when=When.HAS_GOALS),), None, Who.HOLDER, Who.COORDINATION,
        (On("consults.held", when=When.PLAN_TALKED_OVER), On("supports.reviewed", when=When.BY_RESPONSIBLE)),
        "TSD 2017, Bijlage 1; D#174-175: on the day that the first goal names", counts_from=From.FIRST_GOAL,
        restarts=True,
    ),
)  # fmt: skip
"""What was said has to have a sequel."""

HELP: tuple[Row, ...] = (*ABSENCES, *STANDSTILL, *SUPPORTS, *PAIRS, *AROUND_MEASURE, *FOLLOW_UP)
