"""Which refusals oversight hears of."""

import pytest

from schemas.consents import Decision
from schemas.manifest import Category, Purpose
from schemas.parties import Party
from schemas.refusal import Flag
from schemas.service import FactKind
from services.gate.facts import refused_of
from services.gate.rules.judge import judge
from services.gate.rules.record import Record
from tests.gate.rules.families import (
    FATHER,
    GI,
    MOTHER,
    OTHER_TEAM,
    Letter,
    case_of,
    child,
    said,
    section,
    yes,
)

NO = said("no", "father", Decision.REFUSED)


@pytest.mark.parametrize(
    ("basis", "to", "purpose", "records", "flags"),
    [
        (
            "CONSENT",
            OTHER_TEAM,
            Purpose.HANDOVER,
            (NO, *yes("mother")),
            (Flag.DISSENT,),
        ),
        ("CONSENT", OTHER_TEAM, Purpose.HANDOVER, yes("mother"), ()),
        ("G2", OTHER_TEAM, Purpose.HANDOVER, (NO,), ()),
        ("G4", GI, Purpose.MEASURE, (), (Flag.GROUND_BEFORE_MEASURE,)),
    ],
)
def test_a_no_and_a_ground_too_early_are_told_and_nothing_else(
    basis: str, to: Party, purpose: Purpose, records: tuple[Record, ...], flags: tuple[Flag, ...]
) -> None:
    """Not who refused, not what it was about: the fact holds ids and codes."""
    letter = Letter(case_of(child(8), MOTHER, FATHER, records=records), (section(basis=basis),), purpose, to=to)
    fact = refused_of(letter.context, judge(letter.context).reasons)
    assert (fact.flags if fact else ()) == flags
    if fact is not None:
        assert (fact.kind, fact.body, fact.items, fact.to) == (FactKind.REFUSED, {}, (), ())


def test_a_category_that_goes_nowhere_is_no_dissent() -> None:
    """Nobody was asked."""
    letter = Letter(case_of(child(8), MOTHER, FATHER), (section(Category.FINANCIAL_FRAUD),))
    assert refused_of(letter.context, judge(letter.context).reasons) is None
