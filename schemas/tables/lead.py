"""What comes with the lead (regie): what only who leads may say, and what who leads owes. One answer to what it means
(TSD 2017 §2.5; D#12): whoever takes a case over takes this over.
"""

from collections.abc import Mapping
from typing import Final

from schemas.tables.obligation_row import Who
from schemas.tables.obligations import ROWS

ALONE: Final[Mapping[str, str]] = {
    "handovers.proposed": "hand the case over",
    "cases.closed": "close it",
    "cases.lead_to_family": "give the lead to the family",
    "cases.lead_person_changed": "name another case manager",
    "cases.lead_kept": "keep the lead after a refusal",
    "cases.split": "let children go on in a case of their own",
    "supports.requested": "ask others to join",
}
"""By message; refused of anybody else with NOT_REGIE_HOLDER. Veilig Thuis also hands over its own report, and who
carries out a measure also asks others to join.
"""

OWED: Final[tuple[str, ...]] = tuple(row.code for row in ROWS if row.responsible is Who.HOLDER)
"""Obligations of who leads, whoever that is by then."""
