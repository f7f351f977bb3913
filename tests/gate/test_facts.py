"""What a fact says of a child: which consent its age asks for, and never when it was born."""

from datetime import date

import pytest

from schemas.person import Person, Role
from schemas.service import AgeBand
from services.gate.facts import age_band

BORN = date(2012, 2, 29)


@pytest.mark.parametrize(
    ("day", "band"),
    [
        (date(2012, 2, 29), AgeBand.UNDER_12),
        (date(2024, 2, 28), AgeBand.UNDER_12),
        (date(2024, 2, 29), AgeBand.FROM_12),
        (date(2028, 2, 28), AgeBand.FROM_12),
        (date(2028, 2, 29), AgeBand.FROM_16),
        (date(2030, 2, 28), AgeBand.FROM_16),
        (date(2030, 3, 1), AgeBand.ADULT),
    ],
)
def test_a_child_is_as_old_as_on_the_day_itself(day: date, band: AgeBand) -> None:
    """Not as old as when it came in (D#117); born on 29 February it turns on 1 March in other years."""
    assert age_band(Person(ref="child", role=Role.YOUTH, birth_date=BORN), day) is band


def test_who_is_not_born_yet_has_no_age() -> None:
    unborn = Person(ref="unborn", role=Role.UNBORN, due_date=date(2026, 9, 1), mother="mother")
    assert age_band(unborn, date(2026, 3, 2)) is AgeBand.UNBORN
