"""Well-formed messages of every type in the table, with whatever values, said in a talk."""

from collections.abc import Iterable

from hypothesis import strategies as st

from schemas.body import Body
from schemas.parties import OrganisationKind, Party
from schemas.tables.messages import ROWS, MessageRow, Shape
from tests.gate.rules.families import GI, OTHER_TEAM, RAAD, RVT, SCHOOL, TEAM, VT
from tests.invariants.making import Making
from tests.invariants.talk import PERSONS, Talk

EVERYBODY = (TEAM, OTHER_TEAM, VT, GI, RAAD, RVT, SCHOOL)
BY_KIND: dict[OrganisationKind, tuple[Party, ...]] = {
    kind: tuple(party for party in EVERYBODY if party.kind is kind) for kind in OrganisationKind
}
SAYABLE = {
    row.name: row for row in ROWS if row.by_hand and not row.thread and any(BY_KIND[kind] for kind in row.senders)
}
"""What a person may say in a case. Machines are not made up: oversight is the real one."""
OFTEN = 6
"""So many times more often a party of the case is chosen."""


def anyone_says(talk: Talk, row: MessageRow, draw: st.DataObject) -> None:
    """Somebody who may say such a message says one, to somebody who may get it."""
    body = _body(talk, row, draw)
    if body is None:
        return
    sender = draw.draw(st.sampled_from(_rather_parties(talk, row.senders)))
    others = [party for party in _rather_parties(talk, row.recipients) if party != sender]
    to = draw.draw(st.sampled_from(others)) if others and row.shape is Shape.LETTER else None
    talk.say(sender, body, to)


def _rather_parties(talk: Talk, kinds: Iterable[OrganisationKind]) -> list[Party]:
    """Those of these kinds; parties of the case several times, so that they are chosen more often."""
    found = [party for kind in sorted(kinds) for party in BY_KIND[kind]]
    return found + [party for party in found if talk.case.is_party(party.slug)] * OFTEN


def _body(talk: Talk, row: MessageRow, draw: st.DataObject) -> Body | None:
    there: dict[str, list[str]] = {}
    for record, held in talk.case.records.items():
        there.setdefault(record.kind, []).extend(held)
    making = Making(
        choose=lambda choices: draw.draw(st.sampled_from(choices)),
        now=talk.now,
        subject=talk.subject,
        persons=PERSONS,
        slugs=[party.slug for party in EVERYBODY],
        there=there,
        fresh=lambda: talk.fresh("anything"),
    )
    made = making.body(row.body)
    return None if made is None else row.body.model_validate(made)
