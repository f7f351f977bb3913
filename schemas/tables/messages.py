"""Who may say what to whom. One row a message type; the gate, the edges and the documentation all read this table."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from schemas import (
    absences,
    advice,
    care,
    cases,
    consents,
    contacts,
    corrections,
    handovers,
    information,
    investigations,
    matching,
    reports,
    rights,
    service,
    signals,
    stagnations,
    supports,
)
from schemas.body import Body
from schemas.parties import OrganisationKind as K
from schemas.refusal import Mend

LT, VT, GI = K.LOCAL_TEAM, K.VEILIG_THUIS, K.CERTIFIED_INSTITUTION
RVT, RAAD, COORDINATION, EXTERNAL = K.REGIONAL_SAFETY_TEAM, K.RAAD, K.COORDINATION, K.EXTERNAL
LEADS = frozenset({LT, VT, GI})  # may hold regie
CHAIN = frozenset({LT, VT, GI, RVT, RAAD})
HELPERS = CHAIN | {EXTERNAL}
SERVICES = frozenset({K.SERVICE})


class Shape(StrEnum):
    """A STATEMENT has coded fields only; a LETTER has one recipient and may carry sealed sections."""

    STATEMENT = "STATEMENT"
    LETTER = "LETTER"


class Audience(StrEnum):
    """Who else than the gate may get a statement."""

    NOBODY = "NOBODY"
    PARTIES = "PARTIES"  # of the case
    ANYONE = "ANYONE"  # alerts: addressees are checked by their own rule


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message type.

    `party_bound`: only a party of the case may send it. `makes_party`: saying it makes the sender one. `opens_case`: it
    may be
    the first word about a subject. `decided_by`: a named professional decided it; `sometimes_by_hand`: a machine says
    it, and for some of its reasons a professional. `second`: a second person must be named. `thread`: its subject is a
    thread, whose only parties are who began it and to whom it went. `joins`: a letter makes its recipient a party.
    `own`: `to` may be empty, where a person asks this very organisation. `law` and `mend`: what an organisation of
    another kind is told.
    """

    body: type[Body]
    shape: Shape
    senders: frozenset[K]
    recipients: frozenset[K] = frozenset()
    audience: Audience = Audience.NOBODY
    party_bound: bool = True
    makes_party: bool = False
    opens_case: bool = False
    decided_by: bool = True
    sometimes_by_hand: bool = False
    second: bool = False
    thread: bool = False
    law: str = "schemas/tables/messages.py"
    mend: tuple[Mend, ...] = (Mend.ASK_REGIE_HOLDER,)
    joins: bool = True
    own: bool = False

    @property
    def name(self) -> str:
        """e.g. `handovers.proposed`."""
        return self.body.name

    @property
    def by_hand(self) -> bool:
        """A professional may say it."""
        return self.decided_by or self.sometimes_by_hand


def statement(body: type[Body], senders: Iterable[K], audience: Audience = Audience.NOBODY, **more: Any) -> MessageRow:
    """A row of shape STATEMENT."""
    return MessageRow(body, Shape.STATEMENT, frozenset(senders), HELPERS | {COORDINATION}, audience, **more)


def letter(body: type[Body], senders: Iterable[K], recipients: Iterable[K], **more: Any) -> MessageRow:
    """A row of shape LETTER."""
    return MessageRow(body, Shape.LETTER, frozenset(senders), frozenset(recipients), Audience.PARTIES, **more)


PARTIES, NOBODY, ANYONE = Audience.PARTIES, Audience.NOBODY, Audience.ANYONE

ROWS: tuple[MessageRow, ...] = (
    # cases
    statement(cases.CaseOpened, LEADS, party_bound=False, opens_case=True),
    statement(cases.PersonsChanged, LEADS),
    statement(cases.LeadPersonChanged, LEADS, PARTIES),
    statement(cases.LeadKept, LEADS, PARTIES),
    statement(cases.LeadToFamily, LEADS, PARTIES),
    statement(cases.CaseSplit, LEADS, PARTIES),
    statement(cases.CaseLinked, LEADS, PARTIES),
    letter(matching.MatchAsked, {VT, GI, RAAD}, {LT}, opens_case=True, thread=True),
    letter(matching.MatchAnswered, {LT}, {VT, GI, RAAD}, thread=True),
    statement(cases.CaseReopened, LEADS, PARTIES),
    statement(cases.CaseClosed, LEADS, PARTIES),
    # reports
    statement(care.ReportRegistered, {VT}, party_bound=False, makes_party=True),
    statement(care.ReportAssessed, {VT}),
    statement(reports.VtInvestigationDetermined, {VT}),
    statement(reports.VtInvestigationConcluded, {VT}),
    statement(care.PersonInformed, {VT}),
    statement(reports.InformingPostponed, {VT}, second=True),
    statement(care.ReporterInformed, {VT}),
    statement(care.ReportEnded, {VT}),
    # consents
    statement(consents.ConsentAsked, HELPERS),
    statement(consents.ConsentRecorded, HELPERS),
    statement(consents.ConsentSetAside, CHAIN, second=True),
    statement(consents.ConsentWithdrawn, HELPERS),
    # handovers
    letter(handovers.HandoverProposed, LEADS, LEADS),
    letter(handovers.HandoverQuestioned, LEADS, LEADS),
    letter(handovers.HandoverAnswered, LEADS, LEADS),
    letter(handovers.WaitAnnounced, LEADS, LEADS),
    letter(handovers.HandoverAccepted, LEADS, LEADS),
    letter(handovers.HandoverDeclined, LEADS, LEADS),
    letter(handovers.ProfessionalChanged, LEADS, LEADS),
    letter(handovers.WarmContactAttested, LEADS, LEADS),
    letter(handovers.StoryAcknowledged, LEADS, LEADS),
    letter(handovers.ContactAttemptFailed, LEADS, LEADS),
    letter(handovers.ConsultHeld, LEADS, LEADS),
    letter(handovers.FirstContactHeld, LEADS, LEADS),
    letter(handovers.HandedBack, LEADS, LEADS),
    letter(handovers.HandBackAnswered, LEADS, LEADS),
    letter(handovers.HandoverCancelled, LEADS, LEADS),
    letter(handovers.CancelConfirmed, LEADS, LEADS),
    letter(handovers.EmergencyTakenOver, LEADS, LEADS, party_bound=False, makes_party=True),
    letter(handovers.UrgentReviewed, LEADS, LEADS, second=True),
    letter(handovers.EmergencyEnded, LEADS, LEADS, second=True),
    letter(handovers.ReturnWaived, LEADS, LEADS),
    # dossiers
    letter(care.DossierShared, HELPERS, HELPERS),
    letter(corrections.DossierCorrected, HELPERS, HELPERS),
    letter(care.DossierOpened, HELPERS, HELPERS),
    letter(care.DossierRejected, HELPERS, HELPERS, decided_by=False, sometimes_by_hand=True),
    # supports
    # advice about nobody, and signals: in threads
    letter(advice.AdviceAsked, HELPERS, {GI, VT, RVT}, opens_case=True, thread=True),
    letter(advice.AdviceGiven, {GI, VT, RVT}, HELPERS, thread=True),
    letter(signals.SignalRaised, HELPERS, {LT, VT}, opens_case=True, thread=True),
    letter(signals.SignalAcknowledged, {LT, VT}, HELPERS, thread=True),
    # information: the asked may answer without being a party
    letter(information.InformationRequested, {LT, VT, RAAD, GI}, HELPERS, joins=False),
    letter(information.InformationProvided, HELPERS, {LT, VT, RAAD, GI}, joins=False),
    letter(information.InformationDeclined, HELPERS, {LT, VT, RAAD, GI}, joins=False),
    # what a person asks about their own data, of another or of this very organisation
    letter(rights.AccessRequested, HELPERS, HELPERS, joins=False, own=True),
    letter(rights.AccessAnswered, HELPERS, HELPERS, joins=False, own=True),
    letter(rights.CorrectionAsked, HELPERS, HELPERS, joins=False, own=True),
    letter(rights.DestructionAsked, HELPERS, HELPERS, joins=False, own=True),
    letter(rights.Objected, HELPERS, HELPERS, joins=False, own=True),
    letter(rights.RightDecided, HELPERS, HELPERS, joins=False, own=True),
    # investigations of the Raad, and the round table before them
    replace(
        letter(investigations.InvestigationRegistered, LEADS, {RAAD}),
        law="Jeugdwet 3.1(1)",
        mend=(Mend.REPORT_TO_VT, Mend.INFORM_RAAD),
    ),
    statement(investigations.InvestigationReceived, {RAAD}, PARTIES),
    statement(investigations.RaadWaitAnnounced, {RAAD}, PARTIES),
    statement(investigations.InvestigationStarted, {RAAD}, PARTIES, party_bound=False, makes_party=True),
    statement(investigations.InvestigationConcluded, {RAAD}, PARTIES),
    statement(investigations.InvestigationNoted, LEADS | {RAAD}, PARTIES),
    letter(investigations.TableRequested, LEADS, {RAAD}),
    statement(investigations.TableInvited, LEADS | {RAAD}, PARTIES),
    statement(investigations.TableDecided, LEADS | {RAAD}, PARTIES),
    letter(supports.SupportRequested, LEADS, HELPERS),
    letter(supports.SupportWaitAnnounced, HELPERS, LEADS),
    letter(supports.SupportAccepted, HELPERS, LEADS),
    letter(supports.SupportDeclined, HELPERS, LEADS),
    letter(supports.SupportReviewed, HELPERS, LEADS),
    letter(supports.SupportEnded, HELPERS, HELPERS),
    # measures: by court order, never by handover
    statement(care.MeasureStarted, {GI}, PARTIES, party_bound=False, makes_party=True),
    statement(care.WorkerAssigned, {GI}, PARTIES),
    statement(care.MeasureTransferred, {GI}, PARTIES, party_bound=False, makes_party=True),
    statement(care.MeasureEnding, {GI}, PARTIES),
    statement(care.MeasureEnded, {GI}, PARTIES),
    # sight, assessment, monitoring
    statement(care.SightPlanned, CHAIN, PARTIES),
    statement(care.SightConfirmed, HELPERS, PARTIES),
    statement(care.TrustBroken, CHAIN, PARTIES),
    statement(care.AssessmentRecorded, CHAIN, PARTIES),
    statement(care.MonitoringPlanned, LEADS, PARTIES),
    letter(care.MonitoringChecked, CHAIN, CHAIN),
    statement(care.ReviewRecorded, CHAIN, PARTIES, second=True),
    # who is away, what stands still, what is talked over
    statement(absences.AbsencePlanned, HELPERS, PARTIES),
    statement(absences.AbsenceStarted, HELPERS, PARTIES),
    statement(absences.AbsenceEnded, HELPERS, PARTIES),
    statement(stagnations.StagnationRaised, HELPERS, PARTIES),
    statement(stagnations.StagnationActioned, HELPERS, PARTIES),
    statement(stagnations.StagnationResolved, HELPERS, PARTIES),
    statement(stagnations.ConsultRequested, HELPERS, PARTIES),
    statement(stagnations.JointConsultHeld, HELPERS, PARTIES),
    # the one who stays
    statement(contacts.FixedContactChanged, HELPERS, PARTIES),
    # machines
    statement(service.AlertRaised, SERVICES, ANYONE, party_bound=False, decided_by=False),
    statement(service.AlertEscalated, SERVICES, ANYONE, party_bound=False, decided_by=False),
    statement(service.AlertResolved, SERVICES, ANYONE, party_bound=False, decided_by=False),
    statement(service.AlertAcknowledged, HELPERS | {COORDINATION}, ANYONE, party_bound=False),
    statement(service.ReceiptStored, HELPERS | {COORDINATION}, party_bound=False, decided_by=False),
    statement(service.ReceiptMissing, HELPERS | {COORDINATION}, party_bound=False, decided_by=False),
)

BY_NAME: dict[str, MessageRow] = {row.name: row for row in ROWS}
"""The table by message name."""

GATE_MADE: tuple[type[Body], ...] = (
    service.VerdictGiven,
    service.RegieMoved,
    service.ConsentWithdrawnNotice,
    service.CorrectedNotice,
    service.StoredNotice,
    service.ResendDue,
    service.Lost,
    service.Gone,
    service.HandoverCancelledNotice,
    service.Succeeded,
    service.CheckpointMade,
)
"""What only the gate says; an organisation that sends one is refused."""

BODIES: dict[str, type[Body]] = {row.name: row.body for row in ROWS} | {body.name: body for body in GATE_MADE}
"""Every body by name, for a reader."""
