"""One accepted message as this edge follows it."""

from dataclasses import dataclass
from datetime import datetime

from schemas.base import Slug, Subject
from schemas.body import Body
from schemas.entry import Entry


@dataclass(frozen=True, slots=True)
class Said:
    """One accepted message, of this organisation or another, with the entry that accepted it."""

    name: str
    subject: Subject
    source: Slug
    body: Body | None
    entry: Entry

    @property
    def at(self) -> datetime:
        return self.entry.at
