"""Which message answers which: the later word of the other side that a sender waits for."""

from collections.abc import Mapping

ANSWERS: Mapping[str, frozenset[str]] = {
    "handovers.proposed": frozenset(
        {"handovers.accepted", "handovers.declined", "handovers.wait_announced", "measures.started"}
    ),
    "handovers.questioned": frozenset({"handovers.answered"}),
    "handovers.accepted": frozenset({"handovers.warm_contact_attested"}),
    "handovers.warm_contact_attested": frozenset({"handovers.warm_contact_attested", "handovers.first_contact_held"}),
    "handovers.consult_held": frozenset({"handovers.consult_held"}),
    "handovers.handed_back": frozenset({"handovers.hand_back_answered"}),
    "handovers.cancelled": frozenset({"handovers.cancel_confirmed"}),
    "handovers.return_waived": frozenset({"handovers.return_waived"}),
    "information.requested": frozenset({"information.provided", "information.declined"}),
    "access.requested": frozenset({"access.answered"}),
    "rights.correction_asked": frozenset({"rights.decided"}),
    "rights.destruction_asked": frozenset({"rights.decided"}),
    "rights.objected": frozenset({"rights.decided"}),
    "advice.asked": frozenset({"advice.given"}),
    "signals.raised": frozenset({"signals.acknowledged"}),
    "investigations.registered": frozenset(
        {"investigations.received", "investigations.wait_announced", "investigations.started"}
    ),
    "tables.requested": frozenset({"tables.invited", "tables.decided"}),
    "supports.requested": frozenset({"supports.accepted", "supports.declined", "supports.wait_announced"}),
    "consults.requested": frozenset({"consults.held"}),
}
"""Message name to the names that answer it, about the same handover or support (protocol §4)."""

THREADS = ("handover", "support", "consult", "investigation", "table", "request")
"""The field of a body that says which conversation it belongs to."""


def answered_by(name: str) -> frozenset[str]:
    """The messages that `name` answers."""
    return frozenset(question for question, answers in ANSWERS.items() if name in answers)
