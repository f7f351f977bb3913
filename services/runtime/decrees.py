"""Decree days that came after this release: `decree-days.yaml` under ESTAFETTE_HOME."""

from pathlib import Path
from typing import Final

import yaml
from pydantic import TypeAdapter, ValidationError

from schemas.decrees import DecreeYear, mistakes
from schemas.event import problems_of

NAME: Final = "decree-days.yaml"
_YEARS: Final = TypeAdapter(tuple[DecreeYear, ...])


class NotDecreed(Exception):
    """The file cannot be right; the text names every reason."""


def decrees_of(home: Path) -> tuple[DecreeYear, ...]:
    """Those kept under `home`; none without a file. Raises NotDecreed."""
    file = home / NAME
    return read_decrees(file) if file.exists() else ()


def read_decrees(file: Path) -> tuple[DecreeYear, ...]:
    """Raises NotDecreed."""
    try:
        years = _YEARS.validate_python(yaml.safe_load(file.read_bytes()) or ())
    except ValidationError as error:
        raise NotDecreed(
            "\n".join((f"{file.name} is no list of years with their days:", *problems_of(error)))
        ) from None
    except (yaml.YAMLError, OSError) as error:
        raise NotDecreed(f"{file.name} cannot be read: {error}") from None
    found = list(mistakes(years))
    if found:
        raise NotDecreed("\n".join((f"{file.name} cannot be right:", *found)))
    return years
