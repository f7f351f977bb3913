"""Agreements of a chain as files that are kept in git: read, and every mistake in them named at once."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.agreements import Agreements
from schemas.tables.agreed import flaws


class NotAgreed(Exception):
    """These cannot be agreements of a chain; the text names every reason with what to do about it."""


def read_agreements(file: Path) -> Agreements:
    """The agreements in a file. Raises NotAgreed."""
    told = _loaded(file)
    try:
        agreements, found = Agreements.model_validate(told), []
    except ValidationError as error:
        agreements, found = _readable(told, error), list(map(_plainly, error.errors()))
    found += map(str, flaws(agreements))
    if found:
        raise NotAgreed("\n".join((f"{file.name} cannot be agreed:", *found)))
    return agreements


def read_named(told: Any, file: Path) -> Any:
    """What an organisation says of itself in `file`, with its agreements read where it names their files, which stand
    beside it. Raises NotAgreed.
    """
    if isinstance(told, dict) and isinstance(named := told.get("agreements"), list):
        told["agreements"] = [
            read_agreements(file.parent / each).model_dump() if isinstance(each, str) else each for each in named
        ]
    return told


def _loaded(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_bytes())
    except (yaml.YAMLError, OSError) as error:
        raise NotAgreed(f"{file.name} cannot be read: {error}") from None


def _readable(told: Any, error: ValidationError) -> Agreements:
    """What can be judged of it all the same, so that nobody mends one mistake to hear of the next."""
    broken = {tuple(each["loc"][:2]) for each in error.errors()}
    parts: dict[str, Any] = {}
    for name in ("terms", "numbers"):
        said = told.get(name) if isinstance(told, dict) and (name,) not in broken else None
        parts[name] = {key: value for key, value in (said or {}).items() if (name, key) not in broken}
    return Agreements(since=date.min, document="unread", **parts)


def _plainly(each: ErrorDetails) -> str:
    where = ".".join(map(str, each["loc"][:2])) or "the file"
    match each["type"], each["loc"][0] if each["loc"] else None:
        case "string_pattern_mismatch", "terms":
            return f"{where}: {each['input']!r} is no length of time\n    write `5 working days`, `28 days`, `24 hours`"
        case "extra_forbidden", _:
            return f"{where}: is no part of agreements\n    there is {', '.join(Agreements.model_fields)}"
        case "missing", _:
            return f"{where}: is missing\n    {_MEANT[where]}"
    return f"{where}: {each['msg']}"


_MEANT = {"since": "the day from which it holds, e.g. 2027-01-01", "document": "where it is written down and signed"}
