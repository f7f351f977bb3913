"""From wherever a handover stands, the two sides alone can bring it to an end: what they say for that."""

from schemas.handovers import HandoverState
from services.gate.rules.case import Judgement
from services.gate.rules.case_records import HandoverRecord
from tests.invariants.talk import Talk

S = HandoverState


def come_to_an_end(talk: Talk, handover: str) -> None:
    """The two sides say what leads to an end, and nobody else says anything. Raises when they are stuck."""
    for _ in range(6):
        record = talk.handover(handover)
        if record.final:
            return
        if not _go_on(talk, record):
            break
    state = talk.handover(handover).state
    assert talk.handover(handover).final, f"I5: the two sides cannot get out of {state}: {talk.last.reasons}"


def _go_on(talk: Talk, record: HandoverRecord) -> bool:
    """One round of what both sides can say in this state; whether any of it was accepted."""
    ref = record.handover
    match record.state:
        case S.PROPOSED | S.WAITING:
            said = [talk.decline(ref)]
        case S.IMPOSED:
            said = [talk.assigned(ref)]
        case S.HANDED_BACK:
            said = [talk.answer_back("TAKEN_BACK", ref)]
        case S.RETURNING:
            said = [talk.waive("S", ref), talk.waive("R", ref)]
        case _:
            said = _warm(talk, ref)
    return any(not judged.reasons for judged in said)


def _warm(talk: Talk, ref: str) -> list[Judgement]:
    """The story given or owned up to, read; both attest; the first contact."""
    said = [talk.tell_story(ref, missing=True), talk.read(ref)]
    for side in ("S", "R"):
        if talk.state(ref) in (S.ACCEPTED, S.EMERGENCY):
            said.append(talk.attest(side, ref))
    if talk.state(ref) is S.WARM:
        said.append(talk.meet(ref))
    return said
