"""Days on which no term ends, under the Algemene termijnenwet (BWBR0002448): the days of art. 3, and what was decreed.

Good Friday and 5 May count every year, also where offices are open (art. 3(1) and (2)).
"""

from datetime import date

FIXED: tuple[tuple[int, int], ...] = ((1, 1), (5, 5), (12, 25), (12, 26))
"""Month and day, each year: Nieuwjaarsdag, 5 mei, both Kerstdagen (art. 3(1))."""

FROM_EASTER: tuple[int, ...] = (-2, 1, 39, 50)
"""Days after Easter Sunday: Goede Vrijdag (art. 3(2)), Paasmaandag, Hemelvaartsdag, Pinkstermaandag (art. 3(1))."""

KINGS_DAY: tuple[int, int] = (4, 27)
"""Koningsdag, the day on which the king's birthday is celebrated: the day before when this is a Sunday (art. 3(1))."""

DECREE_DAYS: dict[int, frozenset[date]] = {
    2023: frozenset({date(2023, 4, 28), date(2023, 5, 19)}),
    2024: frozenset({date(2024, 5, 10), date(2024, 12, 27)}),
    2025: frozenset({date(2025, 5, 30)}),
    2026: frozenset({date(2026, 1, 2), date(2026, 5, 15)}),
    2027: frozenset({date(2027, 5, 7)}),
    2028: frozenset({date(2028, 4, 28), date(2028, 5, 26)}),
}
"""Days made equal by royal decree (art. 3(3)), which is given for three years at a time; a year without any has an
empty set. A year that is absent is not known yet: nothing is reckoned in it.

Sources: the titles of the "Besluit gelijkstelling van 28 april 2023, 19 mei 2023, 10 mei 2024, 27 december 2024 en
30 mei 2025 met een algemeen erkende feestdag" and of that for 2 January 2026 to 26 May 2028, as quoted by
sterfgeval.nl, question 70745. Read them in the Staatsblad before live use.
"""
