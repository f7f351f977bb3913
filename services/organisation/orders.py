"""What a professional asks to be sent, in the words of the HTTP interface: one model a message type, from its row."""

from datetime import date
from functools import cache
from typing import Annotated, Any

from pydantic import Discriminator, Field, StringConstraints, Tag, create_model

from schemas.base import Frozen, Slug, Subject, Uuid
from schemas.body import Body
from schemas.event import MAX_PLAINTEXT
from schemas.manifest import Basis, Category, Purpose, Source, StatementKind, Withheld
from schemas.parties import OrganisationKind
from schemas.person import PersonRef
from schemas.tables.messages import MessageRow, Shape

Bases = Annotated[tuple[Basis, ...], Field(max_length=16)]


class NewSection(Frozen):
    """A section written now. `item`: the id it gets, where another part of the message names it (an account)."""

    item: Uuid | None = None
    category: Category
    about: Annotated[tuple[PersonRef, ...], Field(max_length=16)] = ()
    kind: StatementKind
    as_of: date
    source: Source
    bases: Bases = ()
    rests_on: Annotated[tuple[Uuid, ...], Field(max_length=16)] = ()
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_PLAINTEXT)] = Field(repr=False)


class ForwardedSection(Frozen):
    """An item this organisation holds already, its own or received: it travels on unchanged."""

    forward: Uuid
    bases: Bases = ()


def _which(section: Any) -> str:
    named = section if isinstance(section, dict) else section.__dict__
    return "forward" if "forward" in named else "new"


AnySection = Annotated[
    Annotated[NewSection, Tag("new")] | Annotated[ForwardedSection, Tag("forward")], Discriminator(_which)
]


class Contents(Frozen):
    """What a letter carries."""

    purpose: Purpose
    sections: Annotated[tuple[AnySection, ...], Field(max_length=64)] = ()
    withheld: Annotated[tuple[Withheld, ...], Field(max_length=64)] = ()


class Order(Frozen):
    """What every request to send has in common."""

    case: Subject | None = None
    to: Annotated[tuple[Slug, ...], Field(max_length=32)] = ()
    body: Body
    acting_under: OrganisationKind | None = None
    dry_run: bool = False
    manifest: Contents | None = None


@cache
def order_model(row: MessageRow) -> type[Order]:
    """The model of one row: its own body; `case` needed unless the message may open one; sections in letters only."""
    fields: dict[str, Any] = {"body": (row.body, ...)}
    if not row.opens_case:
        fields["case"] = (Subject, ...)
    if row.shape is Shape.LETTER:
        least = 0 if row.own else 1
        whole = Annotated[tuple[Slug, ...], Field(min_length=least, max_length=32)]
        fields["to"] = (whole, () if row.own else ...)
    else:
        fields["manifest"] = (None, None)
    return create_model(row.body.__name__ + "Order", __base__=Order, __doc__=row.body.__doc__, **fields)
