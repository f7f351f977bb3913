"""What every state record of a case is."""

from typing import ClassVar

from schemas.base import Frozen


class Record(Frozen):
    """One state record of a case, kept under `<kind>:<case>:<key>`."""

    kind: ClassVar[str]

    @property
    def key(self) -> str:
        """What tells it apart within the case."""
        raise NotImplementedError
