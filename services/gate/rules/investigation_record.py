"""What the gate remembers of an investigation of the Raad and of a round table."""

from typing import ClassVar

from schemas.base import Code, Instant, Slug, Uuid
from schemas.investigations import InvestigationState, TableState
from schemas.person import PersonRef
from services.gate.rules.record import Record


class InvestigationRecord(Record):
    """An investigation. `applicant` None: the Raad acts on its own motion."""

    kind: ClassVar[str] = "investigation"
    investigation: Uuid
    state: InvestigationState
    applicant: Slug | None = None
    raad: Slug
    children: tuple[PersonRef, ...]
    opened_at: Instant
    corv: Code | None = None

    @property
    def key(self) -> str:
        return self.investigation

    @property
    def pending(self) -> bool:
        """Its children wait until the Raad has concluded."""
        return self.state is not InvestigationState.CONCLUDED


class TableRecord(Record):
    """A round table (Beschermingstafel)."""

    kind: ClassVar[str] = "table"
    table: Uuid
    state: TableState
    applicant: Slug
    raad: Slug
    children: tuple[PersonRef, ...]

    @property
    def key(self) -> str:
        return self.table
