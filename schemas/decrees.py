"""Days made equal to a holiday by a decree that came after this release (Algemene termijnenwet art. 3(3))."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from schemas.base import Code, Frozen


class DecreeYear(Frozen):
    """The days of one year, all of them, as one decree gives them. `known_from`: terms that begin on that day or later
    are reckoned with it; what was reckoned before stays as it was.
    """

    year: Annotated[int, Field(ge=2023, le=2100)]
    days: Annotated[tuple[date, ...], Field(max_length=16)]
    known_from: date
    document: Code  # e.g. Stb.2028-123


def mistakes(years: Iterable[DecreeYear]) -> Iterator[str]:
    """Everything that cannot be right, with what to do about it."""
    last: dict[int, date] = {}
    for each in years:
        name = f"{each.year} ({each.document})"
        for day in each.days:
            if day.year != each.year:
                yield f"{name}: {day} is a day of {day.year}\n    put it under that year"
            if day.weekday() >= 5:
                yield f"{name}: {day} is a {day:%A}, on which no term ends anyway\n    leave it out"
        if len(set(each.days)) != len(each.days):
            yield f"{name}: a day stands twice\n    leave one out"
        if each.year in last and each.known_from <= last[each.year]:
            yield f"{name}: what was listed before it was known no earlier\n    list a year again from a later day on"
        last[each.year] = max(each.known_from, last.get(each.year, each.known_from))


def known_on(
    day: date, table: Mapping[int, frozenset[date]], later: Iterable[DecreeYear]
) -> Mapping[int, frozenset[date]]:
    """The days by year, as they are reckoned with on a day. A year of which nothing was known before counts at once: no
    term could be reckoned in it.
    """
    found = dict(table)
    for each in later:
        if each.year not in found or each.known_from <= day:
            found[each.year] = frozenset(each.days)
    return found
