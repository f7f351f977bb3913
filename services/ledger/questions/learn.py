"""Numbers to learn from, outside the organisations they are of: nothing in them identifies anyone (JB Noord 2016 §8.4).

Kinds of organisations, never which; no case, no person, no day; whole quarters that have ended, so that two answers
cannot be subtracted; no number under the least, and no small rest of a whole.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated, Final

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.base import Code, Count, Frozen
from schemas.days import midnight
from services.ledger.questions.alone import Alone, alone
from services.ledger.questions.contact import Contact, contact
from services.ledger.questions.refusals import Refusals, refusals
from services.ledger.questions.routes import Days, Routes, routes
from services.ledger.questions.scope import Scope, period
from services.ledger.questions.waits import KindOf, Wait, waits

LEAST: Final = 10
"""The smallest number that is told*: our choice."""
QUARTER: Final = r"^20[0-9]{2}-Q[1-4]$"


class Cell(Frozen):
    """One number. `of`: which question; `what`: which of its groups; `mean_days` in whole days."""

    of: Code
    what: tuple[Code, ...]
    number: Annotated[Count, Field(ge=LEAST)]
    mean_days: int | None = None


class Learning(Frozen):
    """`least`: groups of fewer are left out, and it is not said which or how many."""

    quarter: Code
    least: Count = LEAST
    cells: tuple[Cell, ...]


def days_of(quarter: str) -> tuple[date, date]:
    """First and last day of, say, 2026-Q1."""
    year, number = int(quarter[:4]), int(quarter[-1])
    following = date(year + number // 4, 1 + 3 * (number % 4), 1)
    return date(year, 3 * number - 2, 1), date.fromordinal(following.toordinal() - 1)


async def learning(connection: AsyncConnection, scope: Scope, quarter: str, kind_of: KindOf) -> Learning:
    """As things stood on the quarter's last day."""
    first, last = days_of(quarter)
    when, end = period(first, last), midnight(last, 1)
    if end is None:
        raise AssertionError("a quarter has an end")
    counts = scope._replace(counts_only=True)
    cells = (
        *_of_routes(await routes(connection, counts, Days(first, last, last), siblings=True)),
        *_of_contact(await contact(connection, counts, first, last, last)),
        *_of_waits((await waits(connection, counts, when, end, kind_of)).waits),
        *_of_alone(await alone(connection, counts, when)),
        *_of_refusals(await refusals(connection, counts, when)),
    )
    return Learning(quarter=quarter, cells=tuple(told(cells)))


Draft = tuple[str, tuple[str, ...], int, float | None]


def told(drafts: Iterable[Draft]) -> Iterator[Cell]:
    """Of each question the groups that are large enough, as long as what is left out of it is large enough too: a whole
    that is known elsewhere must not tell a small rest.
    """
    groups: dict[str, list[Draft]] = {}
    for draft in drafts:
        groups.setdefault(draft[0], []).append(draft)
    for of in groups.values():
        left = sorted((draft for draft in of if draft[2] > 0), key=lambda draft: draft[2])
        out = 0
        while left and (left[0][2] < LEAST or 0 < out < LEAST):
            out += left.pop(0)[2]
        for name, what, number, mean in left:
            yield Cell(of=name, what=what, number=number, mean_days=None if mean is None else round(mean))


def _of_routes(found: Routes) -> Iterator[Draft]:
    for route in found.routes:
        yield "ROUTE", (route.route,), route.number, route.mean_days


def _of_contact(found: Contact) -> Iterator[Draft]:
    yield "FIRST_CONTACT", ("MET",), found.met, found.met_mean_days
    yield "FIRST_CONTACT", ("WAITING",), found.waiting, found.waiting_mean_days
    for name, groups in (("HOPS", found.hops), ("BOUNCES", found.bounces)):
        for each in groups:
            yield name, (str(each.times),), each.cases, None


def _of_waits(found: Iterable[Wait]) -> Iterator[Draft]:
    """By kind: what one organisation waited on another is told to neither."""
    groups: dict[tuple[str, ...], list[Wait]] = {}
    for wait in found:
        kinds = (str(wait.waiting_kind or "OTHER"), str(wait.on_kind or "OTHER"))
        groups.setdefault((wait.what, *kinds), []).append(wait)
    for what, links in groups.items():
        number = sum(link.number for link in links)
        yield "WAIT", what, number, sum(link.mean_days * link.number for link in links) / number


def _of_alone(found: Alone) -> Iterator[Draft]:
    for each in found.ages:
        age = str(each.age or "NOT_KNOWN")
        yield "SPOKEN", (age, "ALONE"), each.alone, None
        yield "SPOKEN", (age, "NOT_ALONE"), each.children - each.alone, None


def _of_refusals(found: Refusals) -> Iterator[Draft]:
    numbers: dict[str, int] = {}
    for reason in found.reasons:
        numbers[reason.code] = numbers.get(reason.code, 0) + reason.number
    for code, number in numbers.items():
        yield "REFUSAL", (code,), number, None
