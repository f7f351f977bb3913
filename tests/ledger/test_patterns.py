"""What a privacy officer sees of requests that were refused again and again."""

from datetime import UTC, datetime, timedelta

from services.ledger.answers import Line, RefusedBecause
from services.ledger.patterns import repeated

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASE = "case:00000000-0000-4000-8000-000000000001"


def refused(
    place: int, day: int, code: str = "NO_BASIS", person: str | None = "child", actor: str = "gi-noord"
) -> Line:
    return Line(
        hash="ab" * 32,
        slot=0,
        slot_seq=place,
        at=START + timedelta(days=day),
        kind="MESSAGE",
        case=CASE,
        actor=actor,
        verdict="REFUSED",
        reasons=(RefusedBecause(code=code, in_words="", person=person),),
    )


def test_three_refusals_within_thirty_days_are_a_pattern() -> None:
    (found,) = repeated([refused(1, 0), refused(2, 10), refused(3, 30)])
    assert (found.code, found.actor, found.person, found.times) == ("REPEATED_REFUSED_REQUESTS", "gi-noord", "child", 3)
    assert repeated([refused(1, 0), refused(2, 10), refused(3, 31)]) == ()


def test_a_stranger_that_keeps_knocking_is_seen_too() -> None:
    (found,) = repeated([refused(place, place, "NOT_A_PARTY", None) for place in range(4)])
    assert (found.person, found.times) == (None, 4)


def test_the_same_entry_twice_counts_once_and_another_fault_never() -> None:
    assert repeated([refused(1, 0)] * 5) == ()
    assert repeated([refused(place, 0, "WRONG_STATE") for place in range(5)]) == ()
    assert repeated([refused(1, 0), refused(2, 1), refused(3, 2, actor="school"), refused(4, 2, person="mother")]) == ()
