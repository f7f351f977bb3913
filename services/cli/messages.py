"""`estafette messages`: every message a professional may send and its body, from the schemas: docs/messages.md."""

import inspect
import re
import types
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from schemas import base
from schemas.tables.messages import ROWS, MessageRow, Shape
from services.cli.play.models import models_in

HEAD = """# Messages

What a professional may send, and the fields of each body. Made from the schemas: change it there, and run
`estafette messages > docs/messages.md`. In a scenario a UUID is written as a label (`$handover`), a professional as
`linde-1`, a person by the ref that stands under `persons`, a date as `2026-03-02` or `today+3`, and a moment as
`2026-03-02 14:00`, `today 14:00` or `now-2h` ([scenarios](scenarios.md)).

**Letter**: to one recipient at a time (several in `to` are several letters), with sealed sections. **Statement**: coded
fields only, for the broker; whoever stands in `to` gets it too. A field in **bold** must be given.
"""
_PATTERNS = {base.Uuid: "UUID", base.Slug: "organisation", base.Subject: "case", base.Code: "code"}
"""The named texts of schemas/base.py. `code`: at most 64 letters, digits and `_ . : / -`."""
_COMMENT = r"^    {field}: .*?  # (.+)$"


@click.command("messages")
def messages() -> None:
    """Print every message a professional may send, with the fields of its body, as Markdown."""
    click.echo(document(), nl=False)


def document() -> str:
    """docs/messages.md."""
    rows = [row for row in ROWS if row.by_hand]
    conversations = dict.fromkeys(row.name.partition(".")[0] for row in rows)
    lines = [HEAD]
    for conversation in conversations:
        lines.append(f"\n## {conversation}\n")
        for row in rows:
            if row.name.partition(".")[0] == conversation:
                lines += _message(row)
    parts = _parts(row.body for row in rows)
    lines.append("\n## Parts\n\nWhat several bodies share.\n")
    for part in sorted(parts, key=lambda model: model.__name__):
        lines += [f"### {part.__name__}\n", f"{_said(part)}\n", *_fields(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def _message(row: MessageRow) -> Iterator[str]:
    yield f"### {row.name}\n"
    yield f"{_said(row.body)}\n"
    second = " A second person stands behind it (`second`)." if row.second else ""
    shape = "Letter" if row.shape is Shape.LETTER else "Statement"
    to = f"; to {_kinds(row.recipients)}" if row.shape is Shape.LETTER else ""
    yield f"{shape}, by {_kinds(row.senders)}{to}.{second}\n"
    yield from _fields(row.body)
    yield ""


def _fields(model: type[BaseModel]) -> Iterator[str]:
    if not model.model_fields:
        yield "No fields."
        return
    yield "| field | value | if left out | |"
    yield "|---|---|---|---|"
    for name, field in model.model_fields.items():
        told = f"**{name}**" if field.is_required() else name
        yield f"| {told} | {_words(_whole(field))} | {_default(field)} | {_comment(model, name)} |"


def _whole(field: FieldInfo) -> Any:
    """The annotation with what pydantic took off it."""
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _default(field: FieldInfo) -> str:
    if field.is_required() or field.default in (None, PydanticUndefined):
        return ""
    if field.default == ():
        return "none"
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


def _words(annotation: Any) -> str:
    """A type as a writer reads it."""
    if annotation in _PATTERNS:
        return _PATTERNS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _named(annotation) or _words(arguments[0])
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(inner) for inner in arguments if inner is not type(None)))
    if origin is tuple:
        inner = [one for one in arguments if one is not Ellipsis]
        return f"list of: {_words(inner[0])}" if len(inner) == 1 else f"[{', '.join(map(_words, inner))}]"
    if origin is Literal:
        return " \\| ".join(map(str, arguments))
    return _plain(annotation)


def _named(annotation: Any) -> str | None:
    """A text of schemas/base.py under its own name: pydantic keeps the pattern, not the name."""
    for known, name in _PATTERNS.items():
        if get_args(known)[1:] == get_args(annotation)[1:]:
            return name
    return None


def _plain(annotation: Any) -> str:
    if annotation is bool:
        return "true or false"
    if annotation is datetime:
        return "moment"
    if annotation is date:
        return "date"
    if annotation is int:
        return "number"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " \\| ".join(member.value for member in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return "text"


def _comment(model: type[BaseModel], field: str) -> str:
    """What the schema says beside the field."""
    for owner in model.__mro__:
        if field in vars(owner).get("__annotations__", {}):
            found = re.search(_COMMENT.format(field=field), inspect.getsource(owner), re.MULTILINE)
            return found[1] if found else ""
    return ""


def _parts(bodies: Iterable[type[BaseModel]]) -> set[type[BaseModel]]:
    """Every model a body holds, however deep."""
    found: set[type[BaseModel]] = set()
    waiting = list(bodies)
    while waiting:
        held = [m for f in waiting.pop().model_fields.values() for m in models_in(f.annotation) if m not in found]
        found.update(held)
        waiting += held
    return found


def _said(model: type[BaseModel]) -> str:
    return " ".join(inspect.cleandoc(model.__doc__ or "").split())


def _kinds(kinds: Iterable[str]) -> str:
    return ", ".join(sorted(kinds))
