"""What a pydantic model says of its fields: for messages about faults, and to fill in what a writer may leave short."""

import difflib
import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model an annotation may hold: through unions, optional values, tuples and dicts."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, types.UnionType, tuple, list, dict, Annotated):
        for inner in get_args(annotation):
            yield from models_in(inner)


def holds_a_list(annotation: Any) -> bool:
    """Whether a list is expected: a tuple of any length, which may be optional."""
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        return any(holds_a_list(inner) for inner in get_args(annotation))
    return get_origin(annotation) is tuple and get_args(annotation)[-1] is Ellipsis


def model_at(root: type[BaseModel], path: Iterable[str | int]) -> tuple[type[BaseModel], ...]:
    """The models that may stand at a path of a pydantic error; numbers and union tags on the way are passed over."""
    found: tuple[type[BaseModel], ...] = (root,)
    for part in path:
        inner = [m for model in found if part in model.model_fields for m in _held(model, str(part))]
        named = [model for model in found if model.__name__ == part]
        found = tuple(dict.fromkeys(inner or named or found))
    return found


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` with what looks like it, else nothing."""
    names = list(known)
    found = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    found = found or [name for name in names if word and (word in name or name in word)][:3]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _held(model: type[BaseModel], field: str) -> Iterator[type[BaseModel]]:
    return models_in(model.model_fields[field].annotation)
