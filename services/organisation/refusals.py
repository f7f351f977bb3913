"""A refusal in words."""

from collections.abc import Mapping
from typing import Any

from schemas.refusal import Reason


def explained(reason: Mapping[str, Any]) -> dict[str, Any]:
    """The reason as it was given, with `text` for people."""
    known = Reason.model_validate(reason, extra="ignore")
    return {**reason, "text": known.code.replace("_", " ").capitalize()}
