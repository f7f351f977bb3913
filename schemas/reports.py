"""An investigation of Veilig Thuis itself after a report, and telling a person later than the law has it."""

from datetime import date
from typing import ClassVar, Literal

from schemas.base import Uuid
from schemas.body import Body
from schemas.person import PersonRef


class VtInvestigationDetermined(Body):
    """Veilig Thuis established that an investigation is needed; ten weeks of deciding count from that day. Said again
    with `started_on` once it begins (Uitvoeringsbesluit Wmo 2015 art. 4.1.7).
    """

    name: ClassVar[str] = "reports.investigation_determined"
    report: Uuid
    determined_on: date
    started_on: date | None = None


class VtInvestigationConcluded(Body):
    """What the investigation of Veilig Thuis found (conclusie onderzoek); what follows is said when the report ends."""

    name: ClassVar[str] = "reports.investigation_concluded"
    report: Uuid
    finding: Literal["CONFIRMED", "NOT_CONFIRMED", "UNDECIDED"]


class InformingPostponed(Body):
    """A person is told later, two weeks each time, because somebody's safety asks it (Wmo 2015 art. 5.3.1(2))."""

    name: ClassVar[str] = "reports.informing_postponed"
    report: Uuid
    person: PersonRef
    reason: Literal["SAFETY_OF_CHILD", "SAFETY_OF_PERSON", "SAFETY_OF_OTHER"]
    until: date
