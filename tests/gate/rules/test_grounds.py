"""Legal grounds: who may use which, to whom, what for, about whom."""

from datetime import date, timedelta

import pytest

from schemas.body import Staying
from schemas.care import MeasureKind
from schemas.handovers import HandoverKind, HandoverState
from schemas.manifest import Purpose, Weighing
from schemas.parties import Party
from schemas.person import Person, Role
from schemas.refusal import Flag, Mend, Refusal
from schemas.supports import SupportKind
from schemas.tables.grounds import GROUNDS
from services.gate.rules.case import Case
from services.gate.rules.case_records import (
    HandoverRecord,
    MeasureRecord,
    ReportRecord,
    SupportRecord,
)
from services.gate.rules.grounds import CONDITIONS, PERSONS
from services.gate.rules.record import Record
from services.gate.rules.sections import judge_sections
from tests.gate.rules.families import (
    CLINIC,
    COLLEAGUE,
    FATHER,
    GI,
    MOTHER,
    NOW,
    OTHER_TEAM,
    OTHER_VT,
    RAAD,
    RVT,
    SCHOOL,
    TEAM,
    TODAY,
    VT,
    WORKER,
    K,
    Letter,
    adult,
    case_of,
    child,
    codes,
    held_by,
    section,
    uid,
    yes,
)

FAMILY = (child(8), MOTHER, FATHER)
YEAR = timedelta(days=365)
ANSWERED = Weighing(answers=(True,) * 5)


def measure(
    of: str = "child",
    kind: MeasureKind = MeasureKind.OTS,
    by: Party = GI,
    since: date = TODAY - YEAR,
    until: date = TODAY + YEAR,
    ended_on: date | None = None,
) -> MeasureRecord:
    return MeasureRecord(
        measure=uid("measure"),
        type=kind,
        child=of,
        institution=by.slug,
        since=since,
        until=until,
        ended_on=ended_on,
        worker=WORKER,
    )


def report(centre: Party = VT) -> ReportRecord:
    return ReportRecord(report=uid("report"), centre=centre.slug, received_at=NOW, children=("child",))


def support(state: str = "ACCEPTED", helper: Party = CLINIC) -> SupportRecord:
    return SupportRecord(
        support=uid("support"),
        type=SupportKind.SIDE_CARE,
        asked_by=TEAM.slug,
        helper=helper.slug,
        state=state,
        professional=WORKER,
    )


def handover(state: HandoverState, receiver: Party = OTHER_TEAM, *stays: Party) -> HandoverRecord:
    return HandoverRecord(
        handover=uid("handover"),
        type=HandoverKind.REGIE,
        state=state,
        sender=TEAM.slug,
        receiver=receiver.slug,
        opened_at=NOW,
        professional=WORKER,
        stays=tuple(Staying(organisation=p.slug, function="NURSE", task="CARE") for p in stays),
    )


def judged(
    ground: str,
    sender: Party,
    to: Party,
    purpose: Purpose,
    case: Case | None = None,
    about: str = "child",
    weighing: Weighing | None = None,
    **more: object,
) -> list[Refusal]:
    letter = Letter(
        case or case_of(*FAMILY),
        (section(basis=ground, persons=(about,), weighing=weighing),),
        purpose,
        sender,
        to,
        **more,  # type: ignore[arg-type]
    )
    return codes(judge_sections(letter.context))


def test_every_row_names_rules_that_exist() -> None:
    """A row that names a condition nobody wrote would let everything pass or stop everything."""
    assert {row.condition for row in GROUNDS} == set(CONDITIONS)
    assert {row.persons for row in GROUNDS} == set(PERSONS)


@pytest.mark.parametrize(
    ("ground", "sender", "to", "purpose"),
    [
        ("G10", VT, OTHER_TEAM, Purpose.HANDOVER),
        ("G10", VT, CLINIC, Purpose.HANDOVER),
        ("G12", VT, OTHER_VT, Purpose.HANDOVER),
        ("G8", TEAM, VT, Purpose.SAFETY_ALERT),
        ("G8", SCHOOL, VT, Purpose.SAFETY_ALERT),
        ("G8", GI, VT, Purpose.MONITORING),
    ],
)
def test_a_ground_carries_in_its_own_direction(ground: str, sender: Party, to: Party, purpose: Purpose) -> None:
    """The grounds towards and from Veilig Thuis need nobody's consent."""
    assert judged(ground, sender, to, purpose, case_of(*FAMILY, records=[report()])) == []


@pytest.mark.parametrize(
    ("ground", "sender", "to", "purpose"),
    [
        ("G10", TEAM, OTHER_TEAM, Purpose.HANDOVER),
        ("G10", VT, SCHOOL, Purpose.HANDOVER),
        ("G10", VT, RAAD, Purpose.HANDOVER),
        ("G8", TEAM, OTHER_TEAM, Purpose.SAFETY_ALERT),
        ("G8", VT, OTHER_VT, Purpose.SAFETY_ALERT),
        ("G8", TEAM, RAAD, Purpose.INVESTIGATION),
        ("G7", TEAM, VT, Purpose.INVESTIGATION),
        ("G4", TEAM, OTHER_TEAM, Purpose.MEASURE),
        ("G12", VT, OTHER_TEAM, Purpose.HANDOVER),
        ("G2", TEAM, SCHOOL, Purpose.JOINT_SUPPORT),
        ("G2", VT, TEAM, Purpose.JOINT_SUPPORT),
    ],
)
def test_a_ground_carries_in_no_other_direction(ground: str, sender: Party, to: Party, purpose: Purpose) -> None:
    """What may go to Veilig Thuis may not therefore go to a local team."""
    case = case_of(*FAMILY, records=[report(), measure(by=OTHER_TEAM)])
    assert judged(ground, sender, to, purpose, case, weighing=ANSWERED) == [Refusal.BASIS_WRONG_DIRECTION]


def test_veilig_thuis_hands_over_a_report_it_has() -> None:
    """Or that brought the case to it: not a matter of others in which it only takes part."""
    assert judged("G10", VT, OTHER_TEAM, Purpose.HANDOVER) == [Refusal.NO_BASIS]
    assert judged("G10", VT, OTHER_TEAM, Purpose.HANDOVER, case_of(*FAMILY, records=[report(OTHER_VT)])) == [
        Refusal.NO_BASIS
    ]


def test_a_handover_goes_back_to_a_veilig_thuis_that_had_the_case() -> None:
    """To another it is a safety alert first."""
    assert judged("G8", TEAM, VT, Purpose.HANDOVER) == [Refusal.NO_BASIS]
    assert judged("G8", TEAM, VT, Purpose.HANDOVER, case_of(*FAMILY, parties=(TEAM, VT))) == []


def test_a_safety_team_has_the_powers_it_acts_under() -> None:
    """Under Veilig Thuis it may do what Veilig Thuis may; under nobody it may not. Nobody else borrows powers."""
    case = case_of(*FAMILY, records=[report()])
    assert judged("G10", RVT, OTHER_TEAM, Purpose.HANDOVER, case, acting_under=K.VEILIG_THUIS) == []
    assert judged("G10", RVT, OTHER_TEAM, Purpose.HANDOVER, case) == [Refusal.BASIS_WRONG_DIRECTION]
    assert judged("G10", TEAM, OTHER_TEAM, Purpose.HANDOVER, case, acting_under=K.VEILIG_THUIS) == [
        Refusal.BASIS_WRONG_DIRECTION
    ]


# G4: the institution that supervises


@pytest.mark.parametrize("kind", [MeasureKind.OTS, MeasureKind.VOTS])
def test_the_institution_that_supervises_is_informed(kind: MeasureKind) -> None:
    """About the child and its parents, by whoever works with them."""
    case = case_of(*FAMILY, records=[measure(kind=kind)])
    for sender in (TEAM, SCHOOL, VT):
        for about in ("child", "mother"):
            assert judged("G4", sender, GI, Purpose.MEASURE, case, about) == []


@pytest.mark.parametrize(
    "record",
    [
        None,
        measure(kind=MeasureKind.GUARDIANSHIP),
        measure(kind=MeasureKind.YOUTH_PROBATION),
        measure(by=OTHER_TEAM),
        measure(since=TODAY + timedelta(days=1)),
        measure(until=TODAY),
        measure(ended_on=TODAY),
    ],
)
def test_without_a_running_supervision_there_is_no_such_duty(record: Record | None) -> None:
    """Not before its first day, not from its last, not for another institution or another measure."""
    case = case_of(*FAMILY, records=[record] if record else [])
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case) == [Refusal.BASIS_NEEDS_MEASURE]


def test_the_first_day_of_an_order_counts() -> None:
    """From that morning on."""
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case_of(*FAMILY, records=[measure(since=TODAY)])) == []


@pytest.mark.parametrize(("days", "found"), [(-1, []), (0, [Refusal.BASIS_NEEDS_MEASURE])])
def test_supervision_ends_at_eighteen(days: int, found: list[Refusal]) -> None:
    """Whatever the order says."""
    case = case_of(child(18, days=days), MOTHER, FATHER, records=[measure()])
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case) == found


def test_a_sister_without_an_order_is_not_covered() -> None:
    """Nor is another adult, nor the father of the sister alone."""
    sister = child(5, ref="sister", custody=held_by("mother", "her-father"))
    case = case_of(
        *FAMILY,
        sister,
        adult("her-father"),
        adult("granny", role=Role.OTHER_ADULT),
        records=[measure()],
    )
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case, "sister") == [Refusal.BASIS_NEEDS_MEASURE]
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case, "granny") == [Refusal.NO_BASIS]
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case, "her-father") == [Refusal.NO_BASIS]


def test_a_parent_without_custody_is_a_parent() -> None:
    """The article speaks of the parent, not of who holds custody."""
    case = case_of(child(8, custody=held_by("mother")), MOTHER, FATHER, records=[measure()])
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case, "father") == []


def test_an_order_can_be_made_before_birth() -> None:
    """It covers the unborn child and the mother."""
    unborn = Person(ref="unborn", role=Role.UNBORN, due_date=TODAY, mother="mother")
    case = case_of(unborn, MOTHER, records=[measure("unborn")])
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case, "unborn") == []
    assert judged("G4", TEAM, GI, Purpose.MEASURE, case, "mother") == []


# G2: who help in one plan


def test_helpers_in_one_plan_are_not_others() -> None:
    """The regie holder and who accepted to help share what the help needs, without asking again."""
    case = case_of(*FAMILY, records=[support()])
    assert judged("G2", TEAM, CLINIC, Purpose.JOINT_SUPPORT, case) == []
    assert judged("G2", CLINIC, TEAM, Purpose.JOINT_SUPPORT, case) == []


@pytest.mark.parametrize("state", ["REQUESTED", "DECLINED", "ENDED"])
def test_who_does_not_help_is_another(state: str) -> None:
    """Not before the yes, not after the end."""
    case = case_of(*FAMILY, records=[support(state)])
    assert judged("G2", TEAM, CLINIC, Purpose.JOINT_SUPPORT, case) == [Refusal.NO_BASIS]


def test_a_helper_cannot_bring_in_another() -> None:
    """Both sides stand on the roster."""
    case = case_of(*FAMILY, records=[support()])
    assert judged("G2", CLINIC, OTHER_TEAM, Purpose.JOINT_SUPPORT, case) == [Refusal.NO_BASIS]
    assert judged("G2", OTHER_TEAM, CLINIC, Purpose.JOINT_SUPPORT, case) == [Refusal.NO_BASIS]


def test_joint_support_is_never_a_handover() -> None:
    """A case does not change hands on the ground that people already work together."""
    case = case_of(*FAMILY, records=[support()])
    assert judged("G2", TEAM, CLINIC, Purpose.HANDOVER, case) == [Refusal.NO_BASIS]


@pytest.mark.parametrize(
    ("record", "to", "found"),
    [
        (handover(HandoverState.ACCEPTED), OTHER_TEAM, []),
        (handover(HandoverState.PROPOSED), OTHER_TEAM, [Refusal.NO_BASIS]),
        (handover(HandoverState.DECLINED), OTHER_TEAM, [Refusal.NO_BASIS]),
        (handover(HandoverState.COMPLETED), OTHER_TEAM, [Refusal.NO_BASIS]),
        (handover(HandoverState.COMPLETED, OTHER_TEAM, CLINIC), CLINIC, []),
        (handover(HandoverState.PROPOSED, OTHER_TEAM, CLINIC), CLINIC, [Refusal.NO_BASIS]),
        (measure(), GI, []),
        (measure(ended_on=TODAY), GI, [Refusal.NO_BASIS]),
    ],
)
def test_the_roster_is_who_accepted_who_stays_and_who_has_the_duty(
    record: Record, to: Party, found: list[Refusal]
) -> None:
    """A handover that is over leaves only who stays; regie itself says who leads then."""
    assert judged("G2", TEAM, to, Purpose.JOINT_SUPPORT, case_of(*FAMILY, records=[record])) == found


# G7 and G18: weighed


def test_the_raad_is_informed_after_weighing() -> None:
    """The account of that weighing is an item the basis names."""
    assert judged("G7", TEAM, RAAD, Purpose.INVESTIGATION) == [Refusal.BASIS_NEEDS_WEIGHING]
    weighed = Weighing(account=uid("account"))
    assert judged("G7", TEAM, RAAD, Purpose.INVESTIGATION, weighing=weighed) == []


@pytest.mark.parametrize(
    ("weighing", "second", "missing"),
    [
        (None, None, ("weighing.answers", "second")),
        (Weighing(answers=(True,) * 4), COLLEAGUE, ("weighing.answers",)),
        (Weighing(answers=(True, True, False, True, True)), COLLEAGUE, ("weighing.answers",)),
        (ANSWERED, None, ("second",)),
        (ANSWERED, WORKER, ("second",)),
        (Weighing(urgent=True), None, ("weighing.account",)),
    ],
)
def test_a_conflict_of_duties_is_weighed_by_two(
    weighing: Weighing | None, second: object, missing: tuple[str, ...]
) -> None:
    """Five questions answered with yes, and a second person who is another person."""
    one = section(basis="G18", weighing=weighing)
    (reason,) = judge_sections(Letter(case_of(*FAMILY), (one,), second=second).context).reasons  # type: ignore[arg-type]
    assert (reason.code, reason.missing) == (Refusal.BASIS_NEEDS_WEIGHING, missing)
    assert Mend.ADD in reason.mend
    assert Mend.ASK_CONSENT not in reason.mend


def test_a_weighed_conflict_of_duties_carries() -> None:
    """Also between local teams, which have no other ground."""
    assert judged("G18", TEAM, OTHER_TEAM, Purpose.HANDOVER, weighing=ANSWERED, second=COLLEAGUE) == []


def test_in_haste_one_account_is_enough_and_is_seen() -> None:
    """Delivered now; the flag opens the review of the next 24 hours."""
    hasty = section(basis="G18", weighing=Weighing(urgent=True, account=uid("account")))
    judgement = judge_sections(Letter(case_of(*FAMILY), (hasty,)).context)
    assert judgement.reasons == ()
    assert judgement.effects.flags == (Flag.URGENT_GROUND,)


# What is proposed instead


@pytest.mark.parametrize(
    ("sender", "to", "purpose", "grounds"),
    [
        (TEAM, OTHER_TEAM, Purpose.HANDOVER, ("G18",)),
        (TEAM, VT, Purpose.SAFETY_ALERT, ("G8", "G18")),
        (TEAM, RAAD, Purpose.INVESTIGATION, ("G7", "G18")),
        (VT, CLINIC, Purpose.HANDOVER, ("G10", "G18")),
        (TEAM, GI, Purpose.MEASURE, ("G4", "G18")),
        (TEAM, CLINIC, Purpose.JOINT_SUPPORT, ("G2", "G18")),
    ],
)
def test_only_grounds_that_would_carry_are_proposed(
    sender: Party, to: Party, purpose: Purpose, grounds: tuple[str, ...]
) -> None:
    """In the order of the table: the last resort last."""
    case = case_of(*FAMILY, records=[report(), measure(), support()])
    (reason,) = judge_sections(Letter(case, (section(),), purpose, sender, to).context).reasons
    assert reason.grounds == grounds


def test_consent_that_is_there_is_proposed_and_not_applied() -> None:
    """The professional chooses the basis, not the gate."""
    case = case_of(*FAMILY, records=yes("mother", "father"))
    (reason,) = judge_sections(Letter(case, (section(basis="G8"),)).context).reasons
    assert reason.code is Refusal.BASIS_WRONG_DIRECTION
    assert reason.grounds == ("CONSENT", "G18")
    assert Mend.ASK_CONSENT not in reason.mend


def test_a_ground_nobody_knows_is_no_basis() -> None:
    """G34 is reserved and off."""
    assert judged("G34", TEAM, OTHER_TEAM, Purpose.HANDOVER) == [Refusal.NO_BASIS]
