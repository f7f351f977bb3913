"""Says messages as the gate decides them: a signed entry, and the coded fact beside it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.body import Body, Phase
from schemas.entry import EntryHandover, entry_hash
from schemas.handovers import HandoverState
from schemas.parties import OrganisationKind
from schemas.service import AgeBand, CaseFact, Fact, FactKind, HandoverFact
from services.ledger.chain import read_entry
from services.ledger.projection import FACTS, LEDGER
from services.runtime.faust_app import Incoming

KINDS = {
    "team": OrganisationKind.LOCAL_TEAM,
    "vt": OrganisationKind.VEILIG_THUIS,
    "gi": OrganisationKind.CERTIFIED_INSTITUTION,
    "raad": OrganisationKind.RAAD,
}


@dataclass
class Teller:
    """`slots`: a case stands in the slot of its number. `leads`: who leads a case unless it is said otherwise."""

    gate: Any
    slots: int = 4
    leads: str = "team-a"
    facts: list[tuple[int, Fact]] = field(default_factory=list)

    def say(
        self,
        subject: str,
        actor: str,
        to: str,
        body: Body,
        children: Iterable[str] = (),
        ages: dict[str, AgeBand] | None = None,
        state: tuple[HandoverState | None, HandoverState, str, str] | None = None,
        **entry: Any,
    ) -> str:
        """The seal. `state`: of the handover before and after, with its sender and receiver."""
        slot = int(subject[-12:], 16) % self.slots
        moved = _moved(body, state)
        told = {} if moved is None else {"handover": _in_entry(moved)}
        seal: str = self.gate.delivered(slot, subject, actor, to, name=body.name, **told, **entry)
        written = read_entry(seal, self.gate.resolve)
        assert written.message is not None
        regie = written.regie.holder_after if written.regie else self.leads
        fact = Fact(
            kind=FactKind.MESSAGE,
            at=written.at,
            id=written.message.id,
            subject=subject,
            type=body.name,
            actor=actor,
            actor_kind=KINDS.get(actor.partition("-")[0], OrganisationKind.LOCAL_TEAM),
            to=(to,),
            body=body.model_dump(mode="json", exclude_none=True),
            case=CaseFact(open=True, regie=regie, phase=Phase.STABLE_SAFETY, vt_origin=False, children=tuple(children)),
            handover=moved,
            ages=ages or {},
            entry=written.slot_seq,
        )
        self.facts.append((slot, fact))
        assert entry_hash(seal) == entry_hash(self.gate.lines[-1][1])
        return seal

    def entries(self) -> list[Incoming]:
        return [Incoming(LEDGER, slot, i, b"", seal.encode(), ()) for i, (slot, seal) in enumerate(self.gate.lines)]

    def told(self) -> list[Incoming]:
        """The facts, as they stand on case.facts."""
        values = ((slot, fact.model_dump_json(exclude_none=True).encode()) for slot, fact in self.facts)
        return [Incoming(FACTS, slot, i, b"", value, ()) for i, (slot, value) in enumerate(values)]


def _moved(body: Body, state: tuple[HandoverState | None, HandoverState, str, str] | None) -> HandoverFact | None:
    if state is None:
        return None
    before, after, sender, receiver = state
    handover: str = body.model_dump()["handover"]
    kind = getattr(body, "kind", "REGIE") if body.name == "handovers.proposed" else "REGIE"
    return HandoverFact(
        id=handover,
        kind=kind,
        before=before,
        after=after,
        sender=sender,
        receiver=receiver,
    )


def _in_entry(moved: HandoverFact) -> EntryHandover:
    return EntryHandover(id=moved.id, kind=moved.kind, state=moved.after, sender=moved.sender, receiver=moved.receiver)
