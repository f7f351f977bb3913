"""Whether schemas can take the place of those of the last release, with older clients still about.

Older clients write by the old schema and read by it, ignoring fields and values they do not know. So a new message, a
new optional field, a new value of an enumeration and a wider bound are fine. Whatever makes an old message wrong
(required, narrowed, taken away, renamed), or takes from a reader what it may count on, breaks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Json = Mapping[str, Any]

LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
SAME: Final = ("type", "pattern", "format")
SILENT: Final = frozenset({"description", "title", "$id", "$schema", "examples"})
"""What says nothing about which values are right."""


@dataclass(frozen=True, slots=True)
class Break:
    """One place where an older client fails: in which schema, where in it, and why."""

    schema: str
    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.schema}{': ' + self.place if self.place else ''}: {self.why}"


def breaks(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[Break]:
    """Everything that breaks, by the name of the schema. Both are {name: schema}."""
    found: list[Break] = []
    for name, schema in sorted(old.items()):
        if name not in new:
            found.append(Break(name, "", "no longer there"))
        else:
            places = _Pair(schema, new[name]).compare(schema, new[name], "")
            found += [Break(name, place, why) for place, why in dict.fromkeys(places)]
    return found


def bare(schema: Any) -> Any:
    """Without what says nothing about which values are right: how a release is kept."""
    if isinstance(schema, list):
        return [bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: one for key, one in schema.items() if key not in SILENT or not isinstance(one, str | list)}
    return {key: bare(one) for key, one in kept.items()}


Found = Iterator[tuple[str, str]]


class _Pair:
    """Two documents, whose references lead each into itself."""

    def __init__(self, old: Json, new: Json) -> None:
        self._old = old
        self._new = new
        self._met: set[tuple[str, str]] = set()

    def compare(self, old: Json, new: Json, place: str) -> Found:
        """Places and reasons. A part that two fields share is looked into once."""
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(pair):
            if pair in self._met:
                return
            self._met.add(pair)
        old, new = _followed(old, self._old), _followed(new, self._new)
        yield from _default(old, new, place)
        if _choices(old) != (old,) or _choices(new) != (new,):
            yield from self._alternatives(_choices(old), _choices(new), place)
            return
        yield from _bounds(old, new, place)
        yield from _values(old, new, place)
        yield from self._fields(old, new, place)
        yield from self._items(old, new, place)

    def _fields(self, old: Json, new: Json, place: str) -> Found:
        had, has = old.get("properties", {}), new.get("properties", {})
        needed_then, needed_now = set(old.get("required", ())), set(new.get("required", ()))
        for field in had:
            here = f"{place}.{field}".lstrip(".")
            if field not in has:
                yield here, "no longer there"
                continue
            if field in needed_now - needed_then:
                yield here, "required now"
            if field in needed_then - needed_now:
                yield here, "may be absent now, and readers count on it"
            yield from self.compare(had[field], has[field], here)
        for field in sorted((needed_now - needed_then) - had.keys()):
            yield f"{place}.{field}".lstrip("."), "new and required"
        if old.get("additionalProperties") is not False and new.get("additionalProperties") is False and had:
            yield place, "no other fields any more"
        values_then, values_now = old.get("additionalProperties"), new.get("additionalProperties")
        if isinstance(values_then, dict) and isinstance(values_now, dict):
            yield from self.compare(values_then, values_now, f"{place}{{}}")

    def _items(self, old: Json, new: Json, place: str) -> Found:
        if "items" in old and isinstance(old["items"], dict):
            yield from self.compare(old["items"], new.get("items") or {}, f"{place}[]")
        then, now = old.get("prefixItems", ()), new.get("prefixItems", ())
        if len(then) != len(now):
            yield place, "has another number of parts"
        for number, (one, other) in enumerate(zip(then, now, strict=False)):
            yield from self.compare(one, other, f"{place}[{number}]")

    def _alternatives(self, then: tuple[Json, ...], now: tuple[Json, ...], place: str) -> Found:
        """Each old alternative must go on as one of the new; null is never written, so a new null is nothing new."""
        for one in then:
            tried = [list(_Pair(self._old, self._new).compare(one, other, place)) for other in now]
            if all(tried):
                yield from min(tried, key=len)
        if sum(map(_says, now)) > sum(map(_says, then)):
            yield place, "has a form that readers do not know"


def _followed(schema: Json, document: Json) -> Json:
    """What a reference leads to, with what stands beside it."""
    while "$ref" in schema:
        beside = {key: one for key, one in schema.items() if key != "$ref"}
        target: Any = document
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        schema = {**target, **beside}
    return schema


def _choices(schema: Json) -> tuple[Json, ...]:
    return tuple(schema.get("anyOf") or schema.get("oneOf") or (schema,))


def _says(schema: Json) -> bool:
    return schema.get("type") != "null"


def _default(old: Json, new: Json, place: str) -> Found:
    if "default" in old and old["default"] != new.get("default"):
        yield place, f"when absent it means {new.get('default')!r} instead of {old['default']!r}"


def _bounds(old: Json, new: Json, place: str) -> Found:
    for word in (*LOWER, *UPPER):
        then, now = old.get(word), new.get(word)
        tighter = now is not None and (then is None or (now > then if word in LOWER else now < then))
        if tighter:
            yield place, f"{word} {now} instead of {'none' if then is None else then}"
    for word in SAME:
        then, now = old.get(word), new.get(word)
        if then != now:
            yield place, f"{word} {now or 'none'} instead of {then or 'none'}"


def _values(old: Json, new: Json, place: str) -> Found:
    then, now = _enumerated(old), _enumerated(new)
    if then is None and now is not None:
        yield place, "only these values now: " + ", ".join(map(str, now))
    elif then is not None and now is not None:
        for gone in [value for value in then if value not in now]:
            yield place, f"no longer {gone}"


def _enumerated(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")
