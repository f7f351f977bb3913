"""Corrections: who was wrong says so, and everyone who got the item hears it (D#124)."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from schemas.base import Uuid
from schemas.body import Body


class DossierCorrected(Body):
    """An item was wrong (rectificatie, GDPR art. 16 and 19). What takes its place goes to everyone who got it, hop by
    hop: the author says it first, then whoever passed the item on. Without `replaced_by` nothing takes its place, or
    there is no basis left to send it.
    """

    name: ClassVar[str] = "dossiers.corrected"
    item: Uuid  # the one that was wrong
    replaced_by: Uuid | None = None  # travels in this letter
    reason: Literal["WRONG_FACT", "WRONG_PERSON", "WRONG_ASSESSMENT", "INCOMPLETE", "OUTDATED", "NOT_THEIRS_TO_HOLD"]

    @model_validator(mode="after")
    def _another_item(self) -> Self:
        if self.replaced_by == self.item:
            raise ValueError("what takes the place of an item is another item, with an id of its own")
        return self
