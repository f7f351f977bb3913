"""How an alarm climbs. Tier 1: the responsible organisation's next digest. Tier 2: its team manager and the chain
coordinator. Tier 3: both organisations and the coordinator, at once.
"""

from dataclasses import dataclass

from schemas.tables.obligation_row import Term, days, hours, working_days


@dataclass(frozen=True, slots=True)
class Rung:
    """One tier, and how long after the rung below it (the first: after the due moment)."""

    tier: int
    after: Term | None = None


Ladder = tuple[Rung, ...]

STANDARD: Ladder = (Rung(1), Rung(2, working_days(3)), Rung(3, working_days(7)))
"""Tier 2 three, tier 3 ten working days after the due moment. Ours."""

DIRECT: Ladder = (Rung(2), Rung(3, hours(24)))
"""STANDARD in direct unsafety: tier 1 is skipped, and a day later it is tier 3. Ours."""

SLOW: Ladder = (Rung(1), Rung(2, days(20)))
"""Where most are late: it reaches tier 3 only through NO_OVERSIGHT. Ours."""

LADDERS: dict[str, tuple[Ladder, Ladder]] = {
    "STANDARD": (STANDARD, DIRECT),
    "FROM_TWO": ((Rung(2), Rung(3, working_days(7))), DIRECT),
    "AT_TWO": ((Rung(2),), (Rung(2),)),
    "AT_THREE": ((Rung(3),), (Rung(3),)),
    "VEILIG_THUIS": (SLOW, SLOW),
    "RAAD": (SLOW, SLOW),
}
"""By the name a row gives: outside and in direct unsafety."""

TOP = 3
LONGEST_SILENCE = working_days(10)
"""The longest that acknowledging keeps an alert silent; then it goes one tier up (at the top: sounds again)."""

NO_OVERSIGHT = "NO_OVERSIGHT"
"""Tier 3 at once: a child of a waiting case whom nobody sees."""

MANY_HELPERS = 7
"""More named professionals than this around one family call for a look (JB Noord 2016 §3.2 tells of fifteen; ours)."""

PATTERNS: dict[str, int] = {
    "BOUNCE_LOOP": 2,
    "CLOSED_WITH_OPEN_CONCERN": 2,
    "SINGLE_SOURCE": 1,
    "TOO_MANY_HELPERS": 1,
    "DECIDED_DURING_ABSENCE": 2,
    "AGREEMENT_OVERRIDDEN": 1,
    "DISSENT": 1,
    "GROUND_BEFORE_MEASURE": 1,
    "MANIFEST_VIOLATION": 1,
    "NO_SUITABLE_OFFER": 2,
    "REPORT_DURING_MONITORING": 2,
}
"""Alerts without a due moment, with their tier. SINGLE_SOURCE, TOO_MANY_HELPERS and DISSENT go to
the regie holder only. None of them climbs.
"""

TO_PRIVACY_OFFICERS = frozenset({"GROUND_BEFORE_MEASURE", "MANIFEST_VIOLATION"})
"""Shown to the privacy officers of the organisations it goes to, and to nobody else: not to a colleague, not to the
coordination (JB Noord 2016 §5.4; D#148).
"""
