"""What the Raad may tell: to who asked it to look, and to who carries out a measure, about whom it was asked."""

import pytest

from schemas.investigations import InvestigationState
from schemas.manifest import Category, Purpose
from schemas.parties import OrganisationKind, Party
from schemas.refusal import Refusal
from schemas.tables.authority import Authority
from schemas.tables.grounds import BY_CODE
from services.gate.rules.investigation_record import InvestigationRecord
from services.gate.rules.record import Record
from services.gate.rules.sections import judge_sections
from tests.gate.rules.families import (
    FATHER,
    GI,
    MOTHER,
    NOW,
    OTHER_TEAM,
    RAAD,
    RVT,
    SCHOOL,
    TEAM,
    VT,
    Letter,
    case_of,
    child,
    codes,
    section,
    uid,
)
from tests.gate.rules.test_grounds import measure

FAMILY = (child(), child(ref="sister"), MOTHER, FATHER)
ASKED = InvestigationRecord(
    investigation=uid("vto"),
    state=InvestigationState.STARTED,
    applicant=TEAM.slug,
    raad=RAAD.slug,
    children=("child",),
    opened_at=NOW,
)


def told(
    to: Party,
    *about: str,
    purpose: Purpose = Purpose.INVESTIGATION,
    sender: Party = RAAD,
    records: tuple[Record, ...] = (ASKED,),
    under: OrganisationKind | None = None,
) -> list[Refusal]:
    case = case_of(*FAMILY, records=records, parties=(TEAM, RAAD, GI))
    letter = Letter(
        case,
        (section(Category.SAFETY, basis="RAAD_TASK", persons=about or ("child",)),),
        purpose,
        sender,
        to,
        acting_under=under,
    )
    return codes(judge_sections(letter.context))


def test_who_asked_hears_what_the_raad_found_about_the_child_and_its_parents() -> None:
    assert told(TEAM, "child", "mother", "father") == []


def test_a_sister_nobody_asked_about_is_left_out() -> None:
    assert told(TEAM, "sister") == [Refusal.NO_BASIS]


@pytest.mark.parametrize(("to", "code"), [(OTHER_TEAM, Refusal.NO_BASIS), (SCHOOL, Refusal.BASIS_WRONG_DIRECTION)])
def test_nobody_else_hears_it(to: Party, code: Refusal) -> None:
    assert told(to) == [code]


@pytest.mark.parametrize("purpose", [Purpose.INVESTIGATION, Purpose.MEASURE])
def test_the_institution_hears_it_once_a_court_charged_it(purpose: Purpose) -> None:
    assert told(GI, purpose=purpose) == [Refusal.NO_BASIS]
    assert told(GI, purpose=purpose, records=(ASKED, measure())) == []


def test_it_is_the_raad_that_tells_and_for_its_task() -> None:
    assert told(OTHER_TEAM, sender=TEAM) == [Refusal.BASIS_WRONG_DIRECTION]
    assert told(VT, sender=TEAM) == [Refusal.BASIS_WRONG_DIRECTION]
    assert told(TEAM, purpose=Purpose.HANDOVER) == [Refusal.NO_BASIS]


def test_another_location_of_the_raad_tells_nothing_of_it() -> None:
    elsewhere = ASKED.model_copy(update={"raad": "raad-zuid"})
    assert told(TEAM, records=(elsewhere,)) == [Refusal.NO_BASIS]


def test_a_regional_safety_team_under_its_powers_tells_the_same() -> None:
    assert told(TEAM, sender=RVT, under=OrganisationKind.RAAD) == []
    assert told(TEAM, sender=RVT, under=OrganisationKind.VEILIG_THUIS) == [Refusal.BASIS_WRONG_DIRECTION]


def test_that_no_article_was_found_for_it_is_said() -> None:
    assert BY_CODE["RAAD_TASK"].authority is Authority.UNCONFIRMED
