"""Well-formed messages of every type in the table, with whatever values: made from each body's own schema."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.base import UUID_PATTERN
from schemas.body import Body
from schemas.parties import OrganisationKind, Party
from schemas.tables.messages import ROWS, MessageRow, Shape
from tests.gate.rules.families import GI, OTHER_TEAM, RAAD, RVT, SCHOOL, TEAM, VT
from tests.invariants.talk import PERSONS, Talk

EVERYBODY = (TEAM, OTHER_TEAM, VT, GI, RAAD, RVT, SCHOOL)
BY_KIND: dict[OrganisationKind, tuple[Party, ...]] = {
    kind: tuple(party for party in EVERYBODY if party.kind is kind) for kind in OrganisationKind
}
SAYABLE = {
    row.name: row for row in ROWS if row.by_hand and not row.thread and any(BY_KIND[kind] for kind in row.senders)
}
"""What a person may say in a case. Machines are not made up: oversight is the real one."""
NAMED = {"statement": "consent", "plan": "monitoring", "of_message": "item", "child": "person", "about": "person"}
"""Fields that go by another name than what they refer to."""
TRIES = 4
"""A body of values that do not fit together is made anew so often."""
OFTEN = 6
"""So many times more often something is chosen that is there."""
MOST = 3
"""Elements in a list, where it may have so many."""


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
    making = Making(talk, draw, _schema(row.body).get("$defs", {}))
    for _ in range(TRIES):
        try:
            return row.body.model_validate(making.value(_schema(row.body)))
        except ValidationError:
            continue
    return None


@cache
def _schema(body: type[Body]) -> dict[str, Any]:
    return body.model_json_schema()


@dataclass(frozen=True)
class Making:
    """Makes values for one talk. Ids are mostly those that stand in the case."""

    talk: Talk
    draw: st.DataObject
    known: Mapping[str, Any]

    def value(self, schema: Mapping[str, Any]) -> Any:
        """A value that this part of a JSON Schema allows."""
        if "$ref" in schema:
            return self.value(self.known[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return self.value(self._one(schema["anyOf"]))
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._one(schema["enum"])
        return self._of_type(schema)

    def _of_type(self, schema: Mapping[str, Any]) -> Any:
        match schema.get("type"):
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema)
            case "boolean":
                return self._one((True, False))
            case "integer":
                lowest = schema.get("minimum", 0)
                return self._one(range(lowest, min(schema.get("maximum", lowest + 9), lowest + 9) + 1))
            case "string":
                return self._text(schema)
        return None

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        needed = schema.get("required", ())
        fields = schema.get("properties", {})
        said = {name: part for name, part in fields.items() if name in needed or self._one((True, False))}
        return {name: self._known_as(name) or self.value(part) for name, part in said.items()}

    def _known_as(self, name: str) -> str | None:
        """The id of something of that name that stands in the case: `handover`, `measure`, `report`."""
        kind = NAMED.get(name, name)
        there = [key for record, held in self.talk.case.records.items() if record.kind == kind for key in held if key]
        return str(self._one(there)) if there and self._one((True,) * OFTEN + (False,)) else None

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        least = schema.get("minItems", 0)
        count = self._one(range(least, max(least, min(schema.get("maxItems", MOST), MOST)) + 1))
        return [self.value(schema.get("items", {"type": "string"})) for _ in range(count)]

    def _text(self, schema: Mapping[str, Any]) -> str:
        now = self.talk.now
        match schema.get("format"):
            case "date":
                return (now.date() + timedelta(days=self._one((-30, -1, 0, 1, 7, 40, 200)))).isoformat()
            case "date-time":
                return _moment(now + timedelta(hours=self._one((-48, -1, 0, 24))))
        pattern = schema.get("pattern", "")
        if pattern == f"^{UUID_PATTERN}$":
            return str(self._one((*self._ids(), self.talk.fresh("anything"))))
        if UUID_PATTERN in pattern:
            return self.talk.subject
        if pattern.startswith("^[0-9a-f]{64}"):
            return "0" * 64
        if pattern.startswith("^[a-z]"):
            return str(self._one([party.slug for party in EVERYBODY]))
        return str(self._one((*PERSONS, *PERSONS, "CODE")))

    def _ids(self) -> list[str]:
        keys = [key for records in self.talk.case.records.values() for key in records]
        return [key for key in keys if len(key) == 36]

    def _one(self, choices: Sequence[Any]) -> Any:
        return self.draw.draw(st.sampled_from(choices))


def _moment(at: datetime) -> str:
    return at.isoformat()
