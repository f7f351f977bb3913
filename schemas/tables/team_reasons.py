"""The eight reasons that teams give (JB Noord 2016 §4.4), each as one of the reasons that count (§8.3.3; D#110-111)."""

from collections.abc import Mapping
from typing import Final

from schemas.supports import SupportReason, TeamReason

REASON_OF: Final[Mapping[TeamReason, SupportReason]] = {
    TeamReason.BREAKTHROUGH: SupportReason.STAGNATION,
    TeamReason.BACK_IN_POSITION: SupportReason.STAGNATION,
    TeamReason.SPARRING: SupportReason.COMPLEXITY,
    TeamReason.JUDGEMENT: SupportReason.OBJECTIVE_JUDGEMENT,
    TeamReason.DE_ESCALATION: SupportReason.OBJECTIVE_JUDGEMENT,
    TeamReason.CAPACITY: SupportReason.CAPACITY,
    TeamReason.COMPLEXITY: SupportReason.COMPLEXITY,
    TeamReason.CONTINUITY: SupportReason.PERSPECTIVE_ON_MEASURE,
}
"""Ours where the study names no pair: de-escalating brings it back to facts (§5.4), continuity is towards a measure."""
