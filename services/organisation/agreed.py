"""What the chain of who leads a case agreed, for the page of the case: who stands in sees it at once (D#19, D#158)."""

from datetime import date
from typing import Any

from schemas.agreements import agreed_by
from schemas.base import Slug
from services.runtime.directory import Directory


def agreed_in(directory: Directory, holder: Slug | None, day: date) -> dict[str, Any] | None:
    """As it holds on a day; None where nothing was agreed, or nobody leads."""
    agreements = agreed_by(directory.find(holder or ""), directory.find, day)
    return agreements.model_dump(mode="json") if agreements else None
