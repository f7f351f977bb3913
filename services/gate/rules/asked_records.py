"""What was asked of whom: threads without a case, and requests within one."""

from enum import StrEnum
from typing import ClassVar

from schemas.base import Code, Slug, Uuid
from schemas.manifest import Category
from schemas.person import PersonRef
from services.gate.rules.record import Record


class ThreadRecord(Record):
    """A thread: what has no case. Who began it and to whom it went are its only parties."""

    kind: ClassVar[str] = "thread"
    conversation: Code  # advice or signals
    started_by: Slug
    to: Slug
    open: bool = True  # an answer is waited for
    urgent: bool = False
    about_persons: bool = False
    by_professional: bool = True

    @property
    def key(self) -> str:
        return ""

    @property
    def parties(self) -> tuple[Slug, Slug]:
        return (self.started_by, self.to)


class Sort(StrEnum):
    """What a request is for."""

    INFORMATION = "INFORMATION"
    ACCESS = "ACCESS"
    CORRECTION = "CORRECTION"
    DESTRUCTION = "DESTRUCTION"
    OBJECTION = "OBJECTION"


class RequestRecord(Record):
    """A request that one organisation put to another, or to itself where the person asked there."""

    kind: ClassVar[str] = "request"
    request: Uuid
    sort: Sort
    asker: Slug
    asked: Slug
    about: tuple[PersonRef, ...]
    person: PersonRef | None = None  # who asks about their own data
    categories: tuple[Category, ...] = ()
    ground: Code | None = None  # of a request for information; of destruction: the law
    open: bool = True

    @property
    def key(self) -> str:
        return self.request
