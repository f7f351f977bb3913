"""A refusal in words."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from schemas.refusal import Reason
from schemas.tables.refusals import how_to_mend, why


def explained(reason: Mapping[str, Any]) -> dict[str, Any]:
    """The reason as it was given, with `text` and what would mend it for people; a code of a later version stands
    alone."""
    try:
        known = Reason.model_validate(reason, extra="ignore")
    except ValidationError:
        return {**reason, "text": str(reason.get("code", "")), "how_to_mend": []}
    return {**reason, "text": why(known), "how_to_mend": list(how_to_mend(known))}
