"""What is owed around the help itself: who stands in, what stands still, what is talked over. As obligations.py."""

from schemas.tables.obligation_row import From, On, Per, Row, When, Who, gone, hours, working_days

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

HELP: tuple[Row, ...] = (*ABSENCES, *STANDSTILL)
