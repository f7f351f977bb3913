"""What someone owes after a message, until when, who else looks on, and how loud it gets. One row an obligation.

Read a row as: "CODE opens when ..., on RESPONSIBLE, due ..., WATCHER looks on; it closes when ...". A term marked LAW
or NORM is not ours to change; OURS is a default that a chain may agree otherwise. Rows of a handover also close when it
ends or an emergency overtakes it, unless the row outlives it; every row closes with its case but those that say so.
"""

from schemas.handovers import HandoverState as S
from schemas.tables.obligation_row import Basis, From, On, Per, Row, When, Who, days, gone, hours, months, working_days
from schemas.tables.obligations_of_help import HELP
from schemas.tables.obligations_of_raad import INVESTIGATIONS, TABLES
from schemas.tables.transitions import Effect

LAW, NORM = Basis.LAW, Basis.NORM

WARM_HANDOVER: tuple[Row, ...] = (
    Row(
        "FIRST_REACTION", Per.HANDOVER, (On(enters=S.PROPOSED),), working_days(3), Who.RECEIVER, Who.SENDER,
        (
            On("handovers.accepted"), On("handovers.declined"), On("handovers.wait_announced"), gone(enters=S.IMPOSED),
        ),
        "D#13, D#55; a question neither answers nor suspends it", direct=hours(24),
    ),
    Row(
        "ANSWER_QUESTION", Per.HANDOVER, (On("handovers.questioned"),), working_days(2), Who.SENDER, Who.RECEIVER,
        (On("handovers.answered"), gone(enters=S.HANDED_BACK), gone(enters=S.IMPOSED)), "D#44",
    ),
    Row(
        "WAIT_REVIEW", Per.HANDOVER, (On("handovers.wait_announced"),), None, Who.RECEIVER, Who.SENDER,
        (On("handovers.accepted"), On("handovers.declined"), gone(leaves=S.WAITING)),
        "D#63: the wait is registered and counts on the receiver", counts_from=From.WAIT_UNTIL, restarts=True,
    ),
    Row(
        "WARM_CONTACT", Per.HANDOVER, (On(enters=S.ACCEPTED), On(enters=S.IMPOSED)), working_days(5), Who.BOTH,
        Who.COORDINATION, (On(enters=S.WARM), On(effect=Effect.AGREED), gone(enters=S.HANDED_BACK)),
        "D#27, D§3e", direct=hours(48), keeps_date=working_days(2),
    ),
    Row(
        "FIRST_CONTACT", Per.HANDOVER, (On(enters=S.ACCEPTED), On(enters=S.IMPOSED)), working_days(5), Who.RECEIVER,
        Who.SENDER, (On(enters=S.COMPLETED), gone(enters=S.HANDED_BACK)), "D§3e.2-3", direct=hours(48),
    ),
    Row(
        "JOINT_CONSULT", Per.HANDOVER, (On(effect=Effect.CONSULT_OPENED),), working_days(5), Who.BOTH,
        Who.COORDINATION, (On(effect=Effect.CONSULT_CLOSED),), "D#43-45", direct=hours(24),
    ),
    Row(
        "HAND_BACK_ANSWER", Per.HANDOVER, (On(enters=S.HANDED_BACK),), working_days(2), Who.SENDER, Who.RECEIVER,
        (On("handovers.hand_back_answered"), On(enters=S.RETURNED), gone(leaves=S.HANDED_BACK)), "D#43",
    ),
    Row(
        "REROUTE", Per.HANDOVER, (On(enters=S.DECLINED),), working_days(2), Who.SENDER, Who.COORDINATION,
        (
            On("handovers.proposed", when=When.BY_RESPONSIBLE), On("cases.lead_kept", when=When.THIS_HANDOVER),
            On("reports.ended", when=When.BY_RESPONSIBLE), gone(leaves=S.DECLINED), gone(when=When.LEAD_LOST),
        ),
        "D#38, D#57: a refusal is not the end", outlives=True,
    ),
    Row(
        "WARM_FOLLOW_UP", Per.HANDOVER, (On(enters=S.EMERGENCY),), hours(24), Who.BOTH, Who.COORDINATION,
        (On(enters=S.COMPLETED), gone(leaves=S.EMERGENCY)), "D§0.2: the warm part of an emergency still follows",
    ),
    Row(
        "EMERGENCY_FLAG", Per.HANDOVER, (On(enters=S.EMERGENCY),), working_days(10), Who.RECEIVER, Who.COORDINATION,
        (On(enters=S.COMPLETED), gone(leaves=S.EMERGENCY)), "an emergency does not quietly become normal",
        direct=working_days(10),
    ),
    Row(
        "URGENT_REVIEW", Per.HANDOVER, (On(enters=S.EMERGENCY),), hours(24), Who.RECEIVER, Who.COORDINATION,
        (
            On("handovers.urgent_reviewed"), On("reviews.recorded", when=When.SHOWS_REVIEW),
            On("handovers.emergency_ended"),
        ),
        "G18: a second professional looks at it", heights="FROM_TWO",
    ),
    Row(
        "STORY_OWED", Per.HANDOVER, (On(enters=S.EMERGENCY, effect=Effect.STORY_OWED),), hours(24), Who.SENDER,
        Who.RECEIVER,
        (On(effect=Effect.STORY_GIVEN), On(effect=Effect.STORY_READ)), "D#27: the family need not tell it again",
    ),
    Row(
        "VTO_OWED", Per.HANDOVER, (On(effect=Effect.VTO_OWED),), working_days(2), Who.SENDER, Who.COORDINATION,
        (
            On("investigations.registered", when=When.BY_RESPONSIBLE), On(when=When.CHARGED),
            gone(when=When.LEAD_LOST),
        ),
        "JB Noord 2016 §5.2: both want the Raad to look, the one who hands over asks it", direct=hours(24),
    ),
    Row(
        "RETURN_PROPOSAL", Per.HANDOVER, (On(enters=S.RETURNING),), working_days(2), Who.HOLDER, Who.COORDINATION,
        (On("handovers.proposed", when=When.RETURNS_THIS), On(leaves=S.RETURNING)),
        "JB Noord 2016 §3.3: a needless take-over goes back",
    ),
)  # fmt: skip
"""How one organisation hands over to the next."""

AFTER_HANDOVER: tuple[Row, ...] = (
    Row(
        "SAFETY_ASSESSMENT", Per.HANDOVER_CHILD, (On(enters=S.COMPLETED, when=When.VT_ORIGIN),), working_days(10),
        Who.RECEIVER, Who.COORDINATION,
        (On("assessments.recorded", when=When.THIS_CHILD_ASSESSED), gone(when=When.LEAD_LOST)),
        "TSD 2017 §2.3; IGJ 2023", direct=working_days(10), outlives=True,
    ),
    Row(
        "CHILD_SEEN", Per.HANDOVER_CHILD, (On(enters=S.COMPLETED, when=When.VT_ORIGIN),), working_days(10),
        Who.RECEIVER, Who.COORDINATION, (On(when=When.THIS_CHILD_SEEN), gone(when=When.LEAD_LOST)),
        "TSD 2017 §2.3, D#133: seen by a professional, not by a parent's word", direct=working_days(10), outlives=True,
        alarm="CHILD_NOT_SEEN", heights="AT_THREE", alert_per_child=True,
    ),
    Row(
        "MONITORING_CHECK", Per.PLANNED_DATE, (On("monitoring.planned"),), None, Who.PLANNED, Who.ACTOR,
        (On("monitoring.checked", when=When.THIS_DATE), gone("monitoring.planned", when=When.DATE_DROPPED)),
        "D7, D8: dates as planned", counts_from=From.PLAN,
    ),
    Row(
        "SIGHT_CHECK", Per.CHILD, (), None, Who.PLANNED, Who.COORDINATION, (On(when=When.THIS_CHILD_SEEN),),
        "D#60-62: at the interval of the plan", alert_per_child=True,
    ),
    Row(
        "CASE_UPDATE", Per.CASE, (On("cases.opened"), On(when=When.BY_HOLDER), On(when=When.REGIE_MOVED)), days(90),
        Who.HOLDER, Who.COORDINATION, (), "D#21; six weeks while a measure runs", restarts=True,
    ),
    Row(
        "INFORM_LATER", Per.PERSON_NOT_TOLD, (On("handovers.proposed"),), None, Who.ACTOR, Who.COORDINATION,
        (
            On("reports.person_informed", when=When.THIS_PERSON), On("handovers.proposed", when=When.PERSON_TOLD),
        ),
        "Wmo 2015 art. 5.3.1, Jeugdwet 7.3.2(4), D5", counts_from=From.TELL_BEFORE,
    ),
    Row(
        "GROUND_REVIEW", Per.MESSAGE, (On(when=When.URGENT_GROUND),), hours(24), Who.ACTOR, Who.COORDINATION,
        (On("reviews.recorded", when=When.SHOWS_REVIEW),),
        "G18: five answers and a second person follow within 24 hours", heights="FROM_TWO", alarm="URGENT_REVIEW",
        after_closing=True,
    ),
    Row(
        "SET_ASIDE_REVIEW", Per.STATEMENT, (On("consents.set_aside"),), None, Who.ACTOR, Who.COORDINATION,
        (
            On("reviews.recorded", when=When.SHOWS_REVIEW), On(when=When.STATEMENT_OVER), On(when=When.HOLDER_SPOKE),
        ),
        "Jeugdwet 7.3.15(4): looked at again by the day given, four weeks at most", counts_from=From.REVIEW_ON,
    ),
    Row(
        "CONSENT_REVIEW", Per.BIRTHDAY, (On(),), None, Who.HOLDER, Who.COORDINATION,
        (On("consents.recorded", when=When.ABOUT_PERSON), On("consents.withdrawn", when=When.ABOUT_PERSON)),
        "D§3c: at 12, 16 and 18 another must consent", counts_from=From.BIRTHDAY, opens_before=days(30),
    ),
)  # fmt: skip
"""What follows once a case has its holder."""

VEILIG_THUIS: tuple[Row, ...] = (
    Row(
        "VT_ASSESSMENT", Per.REPORT, (On("reports.registered"),), working_days(5, NORM), Who.ACTOR, Who.COORDINATION,
        (On("reports.assessed", when=When.THIS_REPORT), gone("reports.ended", when=When.THIS_REPORT)),
        "D2: handelingsprotocol Veilig Thuis", counts_from=From.RECEIVED, heights="VEILIG_THUIS", after_closing=True,
    ),
    Row(
        "VT_START", Per.REPORT, (On("reports.assessed", when=When.INVESTIGATES),), days(5, LAW), Who.ACTOR,
        Who.COORDINATION,
        (
            On("reports.investigation_determined", when=When.INVESTIGATION_BEGUN),
            On("reports.investigation_concluded", when=When.INVESTIGATION_CONCLUDED),
            gone("reports.ended", when=When.THIS_REPORT),
        ),
        "D1: Uitvoeringsbesluit Wmo 2015 art. 4.1.7(1), five days after receipt once an investigation is needed",
        counts_from=From.RECEIVED, heights="VEILIG_THUIS", after_closing=True,
    ),
    Row(
        "VT_DECISION", Per.REPORT, (On("reports.investigation_determined"),), days(70, LAW), Who.ACTOR,
        Who.COORDINATION,
        (
            On("reports.investigation_concluded", when=When.INVESTIGATION_CONCLUDED),
            gone("reports.ended", when=When.THIS_REPORT),
        ),
        "D3: Uitvoeringsbesluit Wmo 2015 art. 4.1.7(2), ten weeks after the determination, not after the report",
        counts_from=From.DETERMINED, heights="VEILIG_THUIS", after_closing=True,
    ),
    Row(
        "VT_INFORM", Per.REPORT, (On("reports.registered"),), days(28, LAW), Who.ACTOR, Who.COORDINATION,
        (On("reports.person_informed", when=When.THIS_REPORT), gone("reports.ended", when=When.THIS_REPORT)),
        "D5: Wmo 2015 art. 5.3.1(1)", counts_from=From.NOW, heights="VEILIG_THUIS", after_closing=True,
    ),
    Row(
        "REPORTER_FEEDBACK", Per.REPORT, (On("reports.assessed", when=When.THIS_REPORT),), working_days(10), Who.ACTOR,
        Who.COORDINATION, (On("reports.reporter_informed", when=When.AFTER_ASSESSMENT),),
        "D6: Wmo 2015 art. 4.1.1(2)g gives the duty, the term is ours", direct=working_days(10), after_closing=True,
    ),
    Row(
        "INVESTIGATION_FEEDBACK", Per.REPORT,
        (On("reports.ended", when=When.INVESTIGATED), On("reports.investigation_concluded")), working_days(10),
        Who.ACTOR, Who.COORDINATION, (On("reports.reporter_informed", when=When.AFTER_INVESTIGATION),),
        "D6: the second time, after the investigation", alarm="REPORTER_FEEDBACK", direct=working_days(10),
        after_closing=True,
    ),
)  # fmt: skip
"""Clocks of Veilig Thuis; four in ten assessments run late, so the first tier never pages anyone."""

MEASURES: tuple[Row, ...] = (
    Row(
        "GI_ASSIGN", Per.MEASURE, (On("measures.started"), On("measures.transferred")), working_days(5, LAW), Who.ACTOR,
        Who.COORDINATION,
        (On("measures.worker_assigned", when=When.CONTACT_HELD), gone("measures.ended", when=When.THIS_MEASURE)),
        "D13: Besluit Jeugdwet art. 4.2.1-4.2.3: worker named and first contact held",
    ),
    Row(
        "MEASURE_END", Per.MEASURE, (On("measures.started"),), None, Who.ACTOR, Who.COORDINATION,
        (
            On("measures.ending", when=When.THIS_MEASURE), On("measures.ended", when=When.THIS_MEASURE),
            On("measures.started", when=When.SAME_CHILD),
        ),
        "D§3a D19, D20: the order's own end", counts_from=From.BEFORE_END,
    ),
)  # fmt: skip
"""Child-protection measures."""

ASKED: tuple[Row, ...] = (
    Row(
        "SIGNAL_ACK", Per.THREAD, (On("signals.raised"),), working_days(2), Who.RECIPIENT, Who.COORDINATION,
        (On("signals.acknowledged"),), "D#179: who raises a signal hears what to expect", direct=hours(4),
        after_closing=True,
    ),
    Row(
        "MATCH_ANSWER", Per.THREAD, (On("cases.match_asked"),), working_days(2), Who.RECIPIENT, Who.ACTOR,
        (On("cases.match_answered"),), "D#21, D#30: a family keeps its case, and its one that leads",
        after_closing=True,
    ),
    Row(
        "INFORMATION_REPLY", Per.REQUEST, (On("information.requested"),), working_days(10), Who.RECIPIENT, Who.ACTOR,
        (
            On("information.provided", when=When.THIS_REQUEST), On("information.declined", when=When.THIS_REQUEST),
        ),
        "Jeugdwet 7.3.11(4) and Wmo 2015 art. 5.2.6 give no term",
    ),
    Row(
        "DSAR", Per.REQUEST, (On("access.requested"),), months(1, LAW), Who.RECIPIENT, Who.ACTOR,
        (On("access.answered", when=When.THIS_REQUEST),), "D23: GDPR art. 12(3)", after_closing=True,
    ),
    Row(
        "ERASURE", Per.REQUEST, (On("rights.destruction_asked"),), months(3, LAW), Who.RECIPIENT, Who.ACTOR,
        (On("rights.decided", when=When.THIS_REQUEST),), "D24: Jeugdwet 7.3.9; Wmo 2015 art. 5.3.5",
        after_closing=True,
    ),
    Row(
        "RIGHT_DECISION", Per.REQUEST, (On("rights.correction_asked"), On("rights.objected")), months(1, LAW),
        Who.RECIPIENT, Who.ACTOR, (On("rights.decided", when=When.THIS_REQUEST),), "GDPR art. 12(3), 16, 21",
        after_closing=True,
    ),
)  # fmt: skip
"""Who is asked or told something answers."""

DELIVERIES: tuple[Row, ...] = (
    Row(
        "RECEIPT", Per.DELIVERY, (On(when=When.DELIVERED),), working_days(1), Who.RECIPIENT, Who.ACTOR,
        (On(when=When.STORED), gone(when=When.MISSED)), "D§0.2: who sends stays responsible until it has arrived",
        direct=hours(4), after_closing=True, tells_watcher=True,
    ),
    Row(
        "RESEND", Per.DELIVERY, (On(when=When.MISSING),), working_days(1), Who.ACTOR, Who.RECIPIENT,
        (On(when=When.SENT_AGAIN), On(when=When.SAID_ANEW)),
        "D§0.2; a letter that was lost stays owed: only saying it again helps the receiver",
        direct=hours(4), after_closing=True, tells_watcher=True,
    ),
)  # fmt: skip
"""What happens on the way. They end with what becomes of the delivery, also in a closed case."""

REJECTIONS: tuple[Row, ...] = (
    Row(
        "UNREADABLE_LETTER", Per.REJECTION, (On("dossiers.rejected", when=When.UNREADABLE),), working_days(1),
        Who.RECIPIENT, Who.ACTOR, (On(when=When.ITEM_SENT),), "IGJ 2023: the receiver has what it needs",
        direct=hours(4), tells_watcher=True,
    ),
    Row(
        "UNTRUE_CATEGORY", Per.REJECTION, (On("dossiers.rejected", when=When.UNTRUE),), working_days(2),
        Who.RECIPIENT, Who.ACTOR,
        (On(when=When.SHARED_ANEW), On("reviews.recorded", when=When.SHOWS_REVIEW)),
        "GDPR art. 5(1)d: what is called by a wrong name is corrected, or a second person says why not",
    ),
)  # fmt: skip
"""What a receiver cannot use is the sender's to mend."""

CORRECTIONS: tuple[Row, ...] = (
    Row(
        "CORRECTION_SEND", Per.CORRECTION, (On("dossiers.corrected"),), working_days(1), Who.GIVER, Who.COORDINATION,
        (On("dossiers.corrected", when=When.CORRECTED_THERE),),
        "D#124; GDPR art. 19: everyone who got it", after_closing=True,
    ),
)  # fmt: skip
"""A correction follows its item hop by hop."""

FAMILIES: tuple[Row, ...] = (
    Row(
        "SPLIT_OPEN", Per.LINK, (On("cases.split"),), working_days(1), Who.HOLDER, Who.COORDINATION,
        (On("cases.linked", when=When.SPLIT_LINKED), gone(when=When.SPLIT_OVER)),
        "D#14, D#22: until the other case is there its children stay counted here",
    ),
    Row(
        "DUAL_REGIE", Per.LINK, (On("cases.linked", when=When.SAME_FAMILY),), working_days(5), Who.HOLDER,
        Who.COORDINATION, (On("cases.linked", when=When.JOINED),), "D#14, D#21: one family, one that leads",
    ),
)  # fmt: skip
"""Two cases of one family: two that are meant to be, or two of which one must go."""

ROWS: tuple[Row, ...] = (
    *WARM_HANDOVER,
    *AFTER_HANDOVER,
    *VEILIG_THUIS,
    *INVESTIGATIONS,
    *TABLES,
    *MEASURES,
    *ASKED,
    *DELIVERIES,
    *REJECTIONS,
    *CORRECTIONS,
    *HELP,
    *FAMILIES,
)
BY_CODE: dict[str, Row] = {row.code: row for row in ROWS}

CASE_UPDATE_WITH_MEASURE = days(42)
"""The term of CASE_UPDATE while someone has the duty of a measure."""
LONGEST_WAIT = days(28)
INFORM_WITHIN = days(28)
INFORM_WITHIN_VT = days(42)  # Wmo 2015 art. 5.3.1(2): two weeks more
BEFORE_MEASURE_END = 30  # days
LONGEST_EXPECTED = days(92)  # D§3a D11: after three months the Raad speaks with the family again
SIGHT_GRACE = 1  # days after the interval before a child counts as without oversight

STANDING: dict[S, str] = {
    S.PROPOSED: "FIRST_REACTION",
    S.WAITING: "WAIT_REVIEW",
    S.IMPOSED: "WARM_CONTACT",
    S.ACCEPTED: "WARM_CONTACT",
    S.WARM: "FIRST_CONTACT",
    S.EMERGENCY: "WARM_FOLLOW_UP",
    S.HANDED_BACK: "HAND_BACK_ANSWER",
    S.RETURNING: "RETURN_PROPOSAL",
}
"""What is owed in each open state when nothing else is: a joint consult that says GO_ON puts the ball back here."""
