"""Whoever has ended goes by the name of its successor: in any value, wherever its type names an organisation."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel

from schemas.base import Slug

Names = Mapping[Slug, Slug]
"""Who stands in for each organisation that has ended."""

M = TypeVar("M", bound=BaseModel)


def of_today(model: M, names: Names) -> M:
    """The value with every organisation by its name of today; the same object when none of them has ended."""
    changes: dict[str, Any] = {}
    for name, slugs in _parts(type(model)):
        before = getattr(model, name)
        after = _renamed(before, slugs, names)
        if after is not before:
            changes[name] = after
    return model.model_copy(update=changes) if changes else model


@lru_cache(maxsize=512)
def _parts(kind: type[BaseModel]) -> tuple[tuple[str, bool], ...]:
    """The fields in which an organisation may be named, and whether in the field itself or only deeper."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for name in kind.model_fields:
        inside = tuple(_inside(hints[name]))
        slugs = Slug in inside
        if slugs or any(isinstance(part, type) and issubclass(part, BaseModel) for part in inside):
            found.append((name, slugs))
    return tuple(found)


def _inside(hint: Any) -> Iterator[Any]:
    """A type and all it is made of."""
    yield hint
    if hint != Slug:
        for part in get_args(hint):
            yield from _inside(part)


def _renamed(value: Any, slugs: bool, names: Names) -> Any:
    if isinstance(value, str):
        return names.get(value, value) if slugs else value
    if isinstance(value, BaseModel):
        return of_today(value, names)
    if isinstance(value, tuple):
        parts = tuple(_renamed(part, slugs, names) for part in value)
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return tuple(dict.fromkeys(parts)) if slugs else parts
    return value
