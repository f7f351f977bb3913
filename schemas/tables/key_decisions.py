"""Which decisions weigh so much that nobody takes them over the head of who leads (kernbeslissingen).

While the lead is away their stand-in signs; without a named stand-in they are refused.
"""

from dataclasses import dataclass

from schemas.handovers import HandoverKind


@dataclass(frozen=True, slots=True)
class KeyDecision:
    """One of them. `kind`: only handovers of this kind."""

    message: str
    source: str
    kind: HandoverKind | None = None


KEY_DECISIONS: tuple[KeyDecision, ...] = (
    KeyDecision("investigations.registered", "D#73, D#82: asking the Raad (VTO, VOTS)"),
    KeyDecision("cases.closed", "D#73, D#50"),
    KeyDecision("cases.lead_to_family", "D#73: letting go of the lead"),
    KeyDecision("handovers.proposed", "D#73: return after a measure", HandoverKind.FROM_MEASURE),
)


def is_key_decision(message: str, kind: HandoverKind | None) -> bool:
    """Whether a message takes one."""
    return any(row.message == message and row.kind in (None, kind) for row in KEY_DECISIONS)
