"""How a row of the obligation table is written: terms, who, per what, on what. The rows: obligations.py."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.handovers import HandoverState as S
from schemas.tables.transitions import Effect


class Unit(StrEnum):
    """How a term counts. Working days and days end at 23:59:59 in the Netherlands; hours are elapsed hours."""

    WORKING_DAYS = "WORKING_DAYS"
    DAYS = "DAYS"
    MONTHS = "MONTHS"
    HOURS = "HOURS"


class Basis(StrEnum):
    """Whose term it is."""

    LAW = "LAW"
    NORM = "NORM"  # of the field, in a protocol the inspectorate holds it to
    OURS = "OURS"  # our default, or what the region agreed


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time. Terms set by law run on over days off (Algemene termijnenwet)."""

    count: int
    unit: Unit
    basis: Basis = Basis.OURS

    @property
    def by_law(self) -> bool:
        return self.basis is Basis.LAW

    def in_direct_unsafety(self) -> "Term":
        """Our own terms count 24 hours a working day; a term of law or norm does not change."""
        if self.basis is Basis.OURS and self.unit is Unit.WORKING_DAYS:
            return Term(24 * self.count, Unit.HOURS)
        return self


def working_days(count: int, basis: Basis = Basis.OURS) -> Term:
    return Term(count, Unit.WORKING_DAYS, basis)


def days(count: int, basis: Basis = Basis.OURS) -> Term:
    return Term(count, Unit.DAYS, basis)


def months(count: int, basis: Basis = Basis.OURS) -> Term:
    return Term(count, Unit.MONTHS, basis)


def hours(count: int, basis: Basis = Basis.OURS) -> Term:
    return Term(count, Unit.HOURS, basis)


class Who(StrEnum):
    """An organisation, seen from the obligation."""

    SENDER = "SENDER"  # of the handover
    RECEIVER = "RECEIVER"  # of the handover
    BOTH = "BOTH"  # sides of the handover
    HOLDER = "HOLDER"  # of regie, whoever that is by then
    ACTOR = "ACTOR"  # who said what opened it
    PLANNED = "PLANNED"  # whom the message names for it
    COORDINATION = "COORDINATION"
    RECIPIENT = "RECIPIENT"  # of the message that opened it
    GIVER = "GIVER"  # who passed the item on
    DUTY = "DUTY"  # who carries out a measure; before its first day who said so
    OWNER = "OWNER"  # whose the message says it is


class Per(StrEnum):
    """What there is one of."""

    CASE = "CASE"
    HANDOVER = "HANDOVER"
    HANDOVER_CHILD = "HANDOVER_CHILD"  # each child of the case, because of a handover
    CHILD = "CHILD"  # opened by its sight plan (services/oversight/rules/sight.py)
    REPORT = "REPORT"
    MEASURE = "MEASURE"
    PLANNED_DATE = "PLANNED_DATE"
    PERSON_NOT_TOLD = "PERSON_NOT_TOLD"
    BIRTHDAY = "BIRTHDAY"
    MESSAGE = "MESSAGE"  # by the id of the message that opens it
    THREAD = "THREAD"
    REQUEST = "REQUEST"  # who is asked answers it; an organisation that was asked by the person itself too
    DELIVERY = "DELIVERY"  # each recipient of a message
    REJECTION = "REJECTION"  # each item that was rejected, or whole letter
    LINK = "LINK"  # each other case
    CORRECTION = "CORRECTION"  # each who got an item from who corrects it, or from who is told so
    INVESTIGATION = "INVESTIGATION"
    TABLE = "TABLE"  # round table
    STATEMENT = "STATEMENT"  # each decision to set a custody holder aside
    ABSENCE = "ABSENCE"
    STAGNATION = "STAGNATION"
    CONSULT = "CONSULT"
    SUPPORT = "SUPPORT"
    SUPPORT_MARK = "SUPPORT_MARK"  # each day counted from the start of a support at which it is looked at


class From(StrEnum):
    """What a term counts from; or, where it has no term, the moment itself."""

    NOW = "NOW"
    RECEIVED = "RECEIVED"  # when Veilig Thuis received the report
    WAIT_UNTIL = "WAIT_UNTIL"  # the announced end of the wait, 28 days at most
    PLAN = "PLAN"  # the planned date
    TELL_BEFORE = "TELL_BEFORE"  # the date given, at most 4 weeks on (Veilig Thuis: 6)
    BIRTHDAY = "BIRTHDAY"
    DETERMINED = "DETERMINED"  # that Veilig Thuis has to investigate
    EXPECTED = "EXPECTED"  # the day a message names, three months on at most
    REVIEW_ON = "REVIEW_ON"  # the day given for looking at it again
    ACT_BEFORE = "ACT_BEFORE"  # the day named in the message, as are the three below
    EVALUATE_ON = "EVALUATE_ON"
    BEFORE = "BEFORE"
    END_DATE = "END_DATE"
    ENDING_ON = "ENDING_ON"  # the announced end of a measure; when it is over already, the term
    FIRST_GOAL = "FIRST_GOAL"  # the first day on which a goal is looked at
    BEFORE_END = "BEFORE_END"  # 30 days before the measure ends; half-way through a shorter one


class When(StrEnum):
    """A further condition. Each is one function of services/oversight/rules/conditions.py."""

    VT_ORIGIN = "VT_ORIGIN"
    BY_RESPONSIBLE = "BY_RESPONSIBLE"
    BY_HOLDER = "BY_HOLDER"
    THIS_HANDOVER = "THIS_HANDOVER"  # the body names the obligation's handover
    THIS_REPORT = "THIS_REPORT"
    THIS_MEASURE = "THIS_MEASURE"
    THIS_CHILD_ASSESSED = "THIS_CHILD_ASSESSED"  # by the responsible, on safety
    SAFETY_ASSESSED_BY_RESPONSIBLE = "SAFETY_ASSESSED_BY_RESPONSIBLE"
    THIS_CHILD_SEEN = "THIS_CHILD_SEEN"  # and not by a parent's word
    THIS_DATE = "THIS_DATE"
    DATE_DROPPED = "DATE_DROPPED"  # planned anew without it
    THIS_PERSON = "THIS_PERSON"
    PERSON_TOLD = "PERSON_TOLD"
    SAME_CHILD = "SAME_CHILD"  # another measure for the same child
    ABOUT_PERSON = "ABOUT_PERSON"
    RETURNS_THIS = "RETURNS_THIS"
    LEAD_LOST = "LEAD_LOST"  # regie left the responsible organisation
    REGIE_MOVED = "REGIE_MOVED"  # to another organisation
    INVESTIGATES = "INVESTIGATES"  # Veilig Thuis chose an investigation of its own
    INVESTIGATED = "INVESTIGATED"  # ... and this report had one
    AFTER_ASSESSMENT = "AFTER_ASSESSMENT"
    AFTER_INVESTIGATION = "AFTER_INVESTIGATION"
    CONTACT_HELD = "CONTACT_HELD"
    URGENT_GROUND = "URGENT_GROUND"  # the gate let a section through in haste
    ABOUT_THIS = "ABOUT_THIS"  # the message names the same absence, standstill, consult or support
    NO_STAND_IN = "NO_STAND_IN"
    STAND_IN_GIVEN = "STAND_IN_GIVEN"  # for this absence
    LEAVES = "LEAVES"  # and does not come back
    SPECIALIST = "SPECIALIST"  # it is about specialist case management
    MARK_REVIEWED = "MARK_REVIEWED"  # this support, and this mark was near
    RETURN_OWED = "RETURN_OWED"  # said by who leads, and no return handover runs
    RETURN_PROPOSED = "RETURN_PROPOSED"  # by the responsible
    FROM_MEASURE = "FROM_MEASURE"  # the handover returns a case after a measure
    RETURN_TAKEN = "RETURN_TAKEN"  # one was accepted
    FOR_A_TIME = "FOR_A_TIME"  # the lead that is proposed has an end
    PLAN_SENT = "PLAN_SENT"  # by the responsible
    DUTY_TELLS = "DUTY_TELLS"  # who carries out the measure tells who leads, or leads and tells another
    PAIR_LACKS = "PAIR_LACKS"  # the chain agreed on a fixed pair for such a case, and there is none
    PAIRED = "PAIRED"  # a professional of the safety team is named beside the team
    NO_PAIR_OWED = "NO_PAIR_OWED"  # no local team leads, or the chain asks no pair for such a case any more
    NO_DUTY = "NO_DUTY"  # nobody carries out a measure any more
    SHOWS_REVIEW = "SHOWS_REVIEW"  # a second person reviewed the message that opened it
    DELIVERED = "DELIVERED"  # into an inbox that confirms what it stored; also a letter that was sent again
    STORED = "STORED"  # this message, at this recipient
    MISSING = "MISSING"  # a delivery never came, or could not be read
    MISSED = "MISSED"  # ... this one
    SENT_AGAIN = "SENT_AGAIN"  # this one, under another id
    SAID_ANEW = "SAID_ANEW"  # the responsible said such a thing to that recipient again, or shared the dossier with it
    UNREADABLE = "UNREADABLE"  # a machine says that it could not open it, or that it differs
    UNTRUE = "UNTRUE"  # a professional says that it is not what it is called
    ITEM_SENT = "ITEM_SENT"  # the responsible sent this item to who rejected it
    SHARED_ANEW = "SHARED_ANEW"  # the responsible shared something with who rejected it
    SPLIT_LINKED = "SPLIT_LINKED"  # the other case is there
    SPLIT_OVER = "SPLIT_OVER"  # no child is to go there any more
    SAME_FAMILY = "SAME_FAMILY"  # another case about the same persons
    JOINED = "JOINED"  # ... that closed into this one
    CORRECTED_THERE = "CORRECTED_THERE"  # this item, to this recipient, by whomever
    STATEMENT_OVER = "STATEMENT_OVER"  # withdrawn, or set aside anew
    THIS_REQUEST = "THIS_REQUEST"  # answered whole
    CHARGED = "CHARGED"  # a court charged an institution with a measure
    INVESTIGATION_BEGUN = "INVESTIGATION_BEGUN"  # by Veilig Thuis, of this report
    INVESTIGATION_CONCLUDED = "INVESTIGATION_CONCLUDED"
    THIS_INVESTIGATION = "THIS_INVESTIGATION"
    FAMILY_TOLD = "FAMILY_TOLD"  # how long it will wait for the Raad
    COLLEGE_UNTOLD = "COLLEGE_UNTOLD"  # by one that has to tell it of an investigation
    COLLEGE_TOLD = "COLLEGE_TOLD"
    CORV_MISSING = "CORV_MISSING"
    CORV_GIVEN = "CORV_GIVEN"
    NOT_IN_FULL = "NOT_IN_FULL"  # a request in danger, or with a reason why something was not done
    THIS_TABLE = "THIS_TABLE"
    RAAD_TO_LOOK = "RAAD_TO_LOOK"  # the round table decided that the Raad is asked
    FIRM_AGREEMENTS = "FIRM_AGREEMENTS"  # the round table made agreements
    INTENDS_REQUEST = "INTENDS_REQUEST"  # a consult decided that the Raad will be asked
    DROPS_REQUEST = "DROPS_REQUEST"  # ... or that it will not after all
    HELP_FAILED = "HELP_FAILED"  # help stopped before its task was done, or its review says that it is not enough
    NEED_CHANGED = "NEED_CHANGED"  # another help is needed
    PLAN_TALKED_OVER = "PLAN_TALKED_OVER"
    HAS_GOALS = "HAS_GOALS"
    HOLDER_SPOKE = "HOLDER_SPOKE"  # the one who was set aside was asked after all


@dataclass(frozen=True, slots=True)
class On:
    """An event. All that is given must hold. `met` False: it closes because it no longer applies."""

    message: str | None = None
    enters: S | None = None  # the handover comes into this state from another
    leaves: S | None = None
    effect: Effect | None = None
    when: When | None = None
    met: bool = True


def gone(
    message: str | None = None, *, enters: S | None = None, leaves: S | None = None, when: When | None = None
) -> On:
    """An event after which the obligation no longer applies."""
    return On(message, enters=enters, leaves=leaves, when=when, met=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One obligation. `alarm`: the code of its alert where that has another name. `restarts`: opening it again sets a
    new date. `keeps_date`: opened again within one handover it keeps the old date, with at least this term left.
    `tells_watcher`: the watcher hears of it from the first tier on: the responsible may be who cannot hear.
    """

    code: str
    per: Per
    opens: tuple[On, ...]
    due: Term | None
    responsible: Who
    watcher: Who
    closes: tuple[On, ...]
    source: str
    direct: Term | None = None
    counts_from: From = From.NOW
    heights: str = "STANDARD"
    alarm: str | None = None
    outlives: bool = False  # the end of its handover
    after_closing: bool = False  # stays, and opens, in a closed case: a duty of law that closing does not end
    restarts: bool = False
    keeps_date: Term | None = None
    alert_per_child: bool = False
    opens_before: Term | None = None  # counted back from its date
    tells_watcher: bool = False

    @property
    def alert_code(self) -> str:
        return self.alarm or self.code

    def term(self, direct_unsafety: bool) -> Term | None:
        """The term in this phase: the row's own value for direct unsafety, else our working days as hours."""
        if not direct_unsafety or self.due is None:
            return self.due
        return self.direct or self.due.in_direct_unsafety()
