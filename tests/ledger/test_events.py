"""What is counted of facts follows the messages as they are."""

import pytest

from schemas.tables.messages import BODIES
from services.ledger.events import ROWS, EventRow


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_counted_field_is_one_of_its_message(row: EventRow) -> None:
    """A field that is renamed is not silently counted as nothing."""
    fields = BODIES[row.name].model_fields
    named = (row.thing, row.kind, row.day, None if callable(row.outcome) else row.outcome)
    assert {name for name in named if name} <= set(fields)
