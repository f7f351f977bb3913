"""What pydantic found, as sentences for a writer: where, why, and what was probably meant."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas.base import CODE_PATTERN, SLUG_PATTERN, UUID_PATTERN
from services.cli.play.models import model_at, near

TAGS = frozenset({"section", "forwarded", "plain", "whole", "a person", "codes"})
"""Names of the shapes a value may have; not part of a path in the file."""
FORMS = {
    "(case|thread)": "is not a case: write it as case:$name",
    UUID_PATTERN: "is not a label: write it as $name",
    CODE_PATTERN: "is not a code: letters, digits and _ . : / - without spaces",
    SLUG_PATTERN: "is not an organisation: its slug, as in deploy/demo.yaml",
}
"""What stands behind the patterns that a writer meets."""

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
        if fault["type"] == "too_short" and fault["input"]:
            continue  # what stands in it was faulty, and is told by itself
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
        hint = near(str(fault["input"]), options)
        return f"{shown(fault['input'])} is not one of {expected}{hint or _any_refusal(loc, fault['input'])}"
    if kind in _KINDS:
        return _KINDS[kind]
    if kind == "string_pattern_mismatch" and (form := _form(str(fault["ctx"]["pattern"]))):
        return f"{fault['input']!r} {form}"
    if kind == "string_pattern_mismatch":
        return f"{fault['input']!r} does not have the form expected here ({fault['ctx']['pattern']})"
    return str(fault["msg"]).removeprefix("Value error, ")


def shown(value: Any) -> str:
    """A value as it stands in the file."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _any_refusal(loc: tuple[str | int, ...], value: Any) -> str:
    told = "; that it is refused, for whatever reason, is `delivered: false`"
    return told if "refused" in loc and value is True else ""


def _form(pattern: str) -> str | None:
    return next((says for known, says in FORMS.items() if known in pattern), None)


def _unknown_field(name: str, models: tuple[type[BaseModel], ...]) -> str:
    fields = [field for model in models for field in model.model_fields]
    if not fields:
        return f"there is no field {name!r} here: this message has no fields of its own"
    return f"there is no field {name!r} here{near(name, fields) or '; there is ' + ', '.join(fields)}"
