"""What pydantic found, as sentences for a writer: where, why, and what was probably meant."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from services.cli.play.models import model_at, near

TAGS = frozenset({"section", "forwarded", "plain", "whole", "a person", "codes"})
"""Names of the shapes a value may have; not part of a path in the file."""

_MISSING = "this field is missing"
_KINDS = {
    "string_type": "a text is expected here",
    "dict_type": "named fields are expected here",
    "model_type": "named fields are expected here",
    "model_attributes_type": "named fields are expected here",
    "tuple_type": "a list is expected here",
    "bool_type": "true or false is expected here",
    "int_parsing": "a whole number is expected here",
    "missing": _MISSING,
}


def faults(root: type[BaseModel], error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each fault as a path into the value and a sentence."""
    for fault in error.errors(include_url=False):
        path = tuple(part for part in fault["loc"] if part not in TAGS and not _is_machinery(part))
        yield path, _sentence(root, fault)


def _is_machinery(part: str | int) -> bool:
    return isinstance(part, str) and ("[" in part or "(" in part)


def _sentence(root: type[BaseModel], fault: Mapping[str, Any]) -> str:
    kind, loc = fault["type"], fault["loc"]
    if kind == "extra_forbidden":
        return _unknown_field(str(loc[-1]), model_at(root, loc[:-1]))
    if kind == "enum" or kind == "literal_error":
        expected = str(fault["ctx"]["expected"]).replace("'", "")
        options = expected.replace(" or ", ", ").split(", ")
        return f"{fault['input']!r} is not one of {expected}{near(str(fault['input']), options)}"
    if kind in _KINDS:
        return _KINDS[kind]
    if kind == "string_pattern_mismatch":
        return f"{fault['input']!r} does not have the form expected here ({fault['ctx']['pattern']})"
    return str(fault["msg"]).removeprefix("Value error, ")


def _unknown_field(name: str, models: tuple[type[BaseModel], ...]) -> str:
    fields = [field for model in models for field in model.model_fields]
    if not fields:
        return f"there is no field {name!r} here: this message has no fields of its own"
    return f"there is no field {name!r} here{near(name, fields) or '; there is ' + ', '.join(fields)}"
