"""What is owed around an investigation of the Raad and a round table. Read as obligations.py says."""

from schemas.tables.obligation_row import Basis, From, On, Per, Row, When, Who, days, gone, hours, working_days

INVESTIGATIONS: tuple[Row, ...] = (
    Row(
        "RAAD_RECEIPT", Per.INVESTIGATION, (On("investigations.registered"),), working_days(2), Who.RECIPIENT,
        Who.ACTOR,
        (
            On("investigations.received", when=When.THIS_INVESTIGATION),
            On("investigations.wait_announced", when=When.THIS_INVESTIGATION),
            On("investigations.started", when=When.THIS_INVESTIGATION),
            On("investigations.concluded", when=When.THIS_INVESTIGATION),
        ),
        "D#59: a request is not lost between two systems", heights="RAAD",
    ),
    Row(
        "RAAD_START", Per.INVESTIGATION, (On("investigations.registered"),), days(10, Basis.NORM), Who.RECIPIENT,
        Who.ACTOR,
        (
            On("investigations.started", when=When.THIS_INVESTIGATION),
            gone("investigations.concluded", when=When.THIS_INVESTIGATION),
        ),
        "D§3a D10: the Raad's own norm; announcing a wait does not move it", heights="RAAD",
    ),
    Row(
        "RAAD_WAIT_NOTICE", Per.INVESTIGATION, (On("investigations.registered"),), working_days(10), Who.RECIPIENT,
        Who.ACTOR,
        (
            On("investigations.wait_announced", when=When.FAMILY_TOLD),
            On("investigations.started", when=When.THIS_INVESTIGATION),
            gone("investigations.concluded", when=When.THIS_INVESTIGATION),
        ),
        "D§3a D11: the family hears how long it will take; the term is ours", heights="RAAD",
        direct=working_days(10),
    ),
    Row(
        "RAAD_WAIT", Per.INVESTIGATION, (On("investigations.wait_announced"),), None, Who.ACTOR, Who.COORDINATION,
        (
            On("investigations.started", when=When.THIS_INVESTIGATION),
            gone("investigations.concluded", when=When.THIS_INVESTIGATION),
        ),
        "D§3a D11: on the day the Raad named, and after three months at most, it starts or speaks again",
        counts_from=From.EXPECTED, heights="RAAD", restarts=True,
    ),
    Row(
        "RAAD_DECISION", Per.INVESTIGATION, (On("investigations.started"),), days(42), Who.ACTOR, Who.COORDINATION,
        (On("investigations.concluded", when=When.THIS_INVESTIGATION),),
        "D§3a D12: six weeks, unconfirmed", heights="RAAD",
    ),
    Row(
        "COLLEGE_NOTICE", Per.INVESTIGATION,
        (
            On("investigations.registered", when=When.COLLEGE_UNTOLD),
            On("investigations.started", when=When.COLLEGE_UNTOLD),
        ),
        days(0), Who.ACTOR, Who.COORDINATION, (On("investigations.noted", when=When.COLLEGE_TOLD),),
        "D§3a D9: Wmo 2015 art. 4.1.1(2)f, Jeugdwet 3.1(3)-(4): at once, by Veilig Thuis, the institution or the Raad",
    ),
    Row(
        "CORV_REFERENCE", Per.INVESTIGATION, (On("investigations.registered", when=When.CORV_MISSING),),
        working_days(5), Who.ACTOR, Who.COORDINATION,
        (
            On("investigations.noted", when=When.CORV_GIVEN), On("investigations.received", when=When.CORV_GIVEN),
            On("investigations.started", when=When.CORV_GIVEN),
            gone("investigations.concluded", when=When.THIS_INVESTIGATION),
        ),
        "D#89: the request itself goes by CORV; without its reference it may never have gone",
        direct=working_days(5),
    ),
    Row(
        "REQUEST_REVIEW", Per.MESSAGE, (On("investigations.registered", when=When.NOT_IN_FULL),), hours(24), Who.ACTOR,
        Who.COORDINATION, (On("reviews.recorded", when=When.SHOWS_REVIEW),),
        "JB Noord 2016 §3.1: asked in danger, or something was not done: a second professional looks at it",
        heights="FROM_TWO", alarm="URGENT_REVIEW", after_closing=True,
    ),
)  # fmt: skip
"""The Raad is the receiver of a request, and answers for how long a child waits."""

TABLES: tuple[Row, ...] = (
    Row(
        "TABLE_INVITATION", Per.TABLE, (On("tables.requested"),), working_days(5), Who.ACTOR, Who.COORDINATION,
        (On("tables.invited", when=When.THIS_TABLE),), "D§3g; D#76: the term is ours",
    ),
    Row(
        "TABLE_DECISION", Per.TABLE, (On("tables.invited"),), None, Who.ACTOR, Who.COORDINATION,
        (On("tables.decided", when=When.THIS_TABLE),), "D§3g: on the day of the talk", counts_from=From.EXPECTED,
        restarts=True,
    ),
    Row(
        "TABLE_REQUEST", Per.TABLE, (On("tables.decided", when=When.RAAD_TO_LOOK),), working_days(2), Who.ACTOR,
        Who.COORDINATION, (On("investigations.registered"), On(when=When.CHARGED)),
        "D§3g; D#86: what is decided is sent", direct=hours(24),
    ),
    Row(
        "TABLE_REVIEW", Per.TABLE, (On("tables.decided", when=When.FIRM_AGREEMENTS),), None, Who.HOLDER,
        Who.COORDINATION,
        (On("assessments.recorded", when=When.SAFETY_ASSESSED_BY_RESPONSIBLE), On("investigations.registered")),
        "D§3g; D#65: agreements are looked at again", counts_from=From.EXPECTED,
    ),
)  # fmt: skip
"""A round table decides, and what it decides is done."""
