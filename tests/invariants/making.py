"""Well-formed values for a message of any type, made from its own JSON Schema; ids are mostly those that are there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pydantic import ValidationError

from schemas.base import UUID_PATTERN
from schemas.body import Body

NAMED = {"statement": "consent", "plan": "monitoring", "of_message": "item", "child": "person", "about": "person"}
"""Fields that go by another name than what they refer to."""
TRIES = 4
"""A body of values that do not fit together is made anew so often."""
OFTEN = 6
"""So many times more often something is chosen that is there."""
MOST = 3
"""Elements in a list, where it may have so many."""


@cache
def schema_of(body: type[Body]) -> dict[str, Any]:
    return body.model_json_schema()


@dataclass(frozen=True)
class Making:
    """Makes values for one case. `there`: the ids that stand in it, by what they are ids of; `whole`: ready values of a
    model by its name. `choose` picks one.
    """

    choose: Callable[[Sequence[Any]], Any]
    now: datetime
    subject: str
    persons: Sequence[str]
    slugs: Sequence[str]
    there: Mapping[str, Sequence[str]]
    fresh: Callable[[], str]
    whole: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def body(self, body: type[Body]) -> Any:
        """The JSON of such a body; None when no try made one that is valid."""
        schema = schema_of(body)
        for _ in range(TRIES):
            made = _Values(self, schema.get("$defs", {})).value(schema)
            try:
                body.model_validate(made)
            except ValidationError:
                continue
            return made
        return None


@dataclass(frozen=True)
class _Values:
    making: Making
    known: Mapping[str, Any]

    def value(self, schema: Mapping[str, Any]) -> Any:
        """A value that this part of a JSON Schema allows."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            ready = self.making.whole.get(name)
            return self._one(ready) if ready else self.value(self.known[name])
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
        there = [key for key in self.making.there.get(NAMED.get(name, name), ()) if key]
        return str(self._one(there)) if there and self._one((True,) * OFTEN + (False,)) else None

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        least = schema.get("minItems", 0)
        count = self._one(range(least, max(least, min(schema.get("maxItems", MOST), MOST)) + 1))
        return [self.value(schema.get("items", {"type": "string"})) for _ in range(count)]

    def _text(self, schema: Mapping[str, Any]) -> str:
        now = self.making.now
        match schema.get("format"):
            case "date":
                return (now.date() + timedelta(days=self._one((-30, -1, 0, 1, 7, 40, 200)))).isoformat()
            case "date-time":
                return (now + timedelta(hours=self._one((-48, -1, 0, 24)))).isoformat()
        pattern = schema.get("pattern", "")
        if pattern == f"^{UUID_PATTERN}$":
            return str(self._one((*self._ids(), self.making.fresh())))
        if UUID_PATTERN in pattern:
            return self.making.subject
        if pattern.startswith("^[0-9a-f]{64}"):
            return "0" * 64
        if pattern.startswith("^[a-z]"):
            return str(self._one(self.making.slugs))
        return str(self._one((*self.making.persons, *self.making.persons, "CODE")))

    def _ids(self) -> list[str]:
        return [key for keys in self.making.there.values() for key in keys if len(key) == 36]

    def _one(self, choices: Sequence[Any]) -> Any:
        return self.making.choose(choices)
