"""What no basis cures: a category, a purpose, a recipient or a source that do not go together."""

from dataclasses import dataclass

from schemas.manifest import Category, Purpose, Section, SourceKind, StatementKind
from schemas.parties import OrganisationKind, Party
from schemas.person import PersonRef
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables import categories as table
from services.gate.rules.case import Context
from services.gate.rules.case_records import ReportRecord, SightRecord
from services.gate.rules.grounds import named, roster
from services.gate.rules.voices import Day

UNNAMED = frozenset({"CITIZEN", "FAMILY", "YOUTH"})
"""Who is no professional stays unnamed unless they agree in writing (Uitvoeringsbesluit Wmo 2015 4.1.8(3)b)."""

OF_NO_ROUTE = {Category.PUBLIC_ORDER: Mend.KEEP_APART, Category.FINANCIAL_FRAUD: Mend.TALK_IT_OVER}
"""What to do instead of sending what goes nowhere (JB Noord 2016 §4.4 e, §5.4)."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One section on its way to the recipient."""

    ctx: Context
    section: Section
    recipient: Party
    purpose: Purpose
    day: Day


def closed(leg: Leg) -> tuple[Reason, ...]:
    """Category, purpose and recipient do not go together, whatever the basis."""
    category, recipient = leg.section.category, leg.recipient
    if category in table.NO_ROUTE:
        mend, law = (Mend.LEAVE_OUT, OF_NO_ROUTE[category]), table.LAWS[category].law
        return (reason(leg, Refusal.CATEGORY_NOT_ALLOWED, mend=mend, law=law),)
    if recipient.kind not in table.CONTENT_TO:
        mend = (Mend.LEAVE_OUT, Mend.SAY_IN_HAND)
        return (reason(leg, Refusal.CATEGORY_NOT_ALLOWED, mend=mend, law=table.ADMINISTRATORS.law),)
    found: tuple[Reason, ...] = ()
    if category not in table.PURPOSES[leg.purpose]:
        found += (reason(leg, Refusal.PURPOSE_NOT_ALLOWED, mend=(Mend.LEAVE_OUT,), law=table.PURPOSE_LAW.law),)
    only_others = category in table.ONLY_TO and recipient.kind not in table.ONLY_TO[category]
    in_the_open = category in table.UNDER_SECRECY and not recipient.under_secrecy
    if only_others or in_the_open:
        law = table.LAWS[category].law
        found += (reason(leg, Refusal.CATEGORY_NOT_ALLOWED, mend=(Mend.LEAVE_OUT,), law=law),)
    return found or _told_back(leg)


def _told_back(leg: Leg) -> tuple[Reason, ...]:
    """What who reported may hear: what was agreed only with a part in it, and the rest about nobody."""
    category, law = leg.section.category, table.FEEDBACK_LAW.law
    if leg.purpose is not Purpose.FEEDBACK:
        return ()
    if category in table.FEEDBACK_WITH_A_ROLE and not _has_a_part(leg):
        return (reason(leg, Refusal.CATEGORY_NOT_ALLOWED, ("roster",), (Mend.LEAVE_OUT,), law),)
    if category in table.FEEDBACK_ABOUT_NOBODY and leg.section.about:
        return (reason(leg, Refusal.CATEGORY_NOT_ALLOWED, ("about",), (Mend.CORRECT, Mend.LEAVE_OUT), law),)
    return ()


def _has_a_part(leg: Leg) -> bool:
    """Helps in the plan, or sees a child by a plan of sight."""
    case, slug = leg.ctx.case, leg.recipient.slug
    watches = any(w.organisation == slug for r in case.of(SightRecord).values() for w in r.plan.by)
    return watches or slug in roster(case, leg.ctx.today)


def source(leg: Leg) -> tuple[Reason, ...]:
    """A diagnosis says who may make it; who reported stays unnamed where the law says so; nothing is of tomorrow."""
    section = leg.section
    said_by = section.source
    found: tuple[Reason, ...] = ()
    qualified = said_by.kind is SourceKind.REGISTER or (said_by.kind is SourceKind.PROFESSIONAL and said_by.qualified)
    if section.kind is StatementKind.DIAGNOSIS and not qualified:
        law = "IGJ 2023, quality of reporting"
        mend = (Mend.CORRECT, Mend.LEAVE_OUT)
        found += (reason(leg, Refusal.DIAGNOSIS_WITHOUT_SOURCE, ("source.qualified",), mend, law),)
    if section.as_of > leg.ctx.today:
        law = "IGJ 2023, quality of reporting; D#119"
        found += (reason(leg, Refusal.DATE_NOT_ALLOWED, ("as_of",), (Mend.CORRECT,), law),)
    return found + _reporter(leg)


def _reporter(leg: Leg) -> tuple[Reason, ...]:
    """Who reported is named only in a REPORTER section: a professional who reports openly, or anyone who agreed in
    writing. Elsewhere such a source is quoted as known to Veilig Thuis, also without its function.
    """
    said_by, law = leg.section.source, table.LAWS[Category.REPORTER].law
    if said_by.released:
        return ()
    openly = said_by.kind is SourceKind.PROFESSIONAL and said_by.open and not _all_unnamed(leg)
    if leg.section.category is Category.REPORTER and not openly:
        return (reason(leg, Refusal.CATEGORY_NOT_ALLOWED, ("source.released",), (Mend.LEAVE_OUT,), law),)
    if said_by.kind is SourceKind.REPORTER and said_by.function is not None:
        mend = (Mend.QUOTE_AS_KNOWN, Mend.LEAVE_OUT)
        return (reason(leg, Refusal.CATEGORY_NOT_ALLOWED, ("source.function",), mend, law),)
    return ()


def _all_unnamed(leg: Leg) -> bool:
    """No professional reported in this case: then no reporter in it reports openly."""
    reporters = [report.reporter for report in leg.ctx.case.of(ReportRecord).values()]
    return bool(reporters) and all(who in UNNAMED for who in reporters)


def about_someone(leg: Leg) -> tuple[Reason, ...]:
    """Every section says whom it is about, but for what may be about nobody."""
    if leg.section.about or leg.section.category in table.ABOUT_NOBODY:
        return ()
    return (reason(leg, Refusal.PERSON_UNKNOWN, ("about",), (Mend.ADD,)),)


def reveals_where(leg: Leg) -> bool:
    """Where a hidden person lives goes to nobody outside the chain, and inside it to who works with them by name."""
    if leg.section.category not in table.REVEALS_WHERE:
        return False
    recipient, case = leg.recipient, leg.ctx.case
    if recipient.kind in table.WITHOUT_NAMED_PROFESSIONAL:
        return False
    party = case.is_party(recipient.slug) and recipient.slug in set(named(case, leg.ctx.today))
    return recipient.kind is OrganisationKind.EXTERNAL or not party


def reason(
    leg: Leg,
    code: Refusal,
    missing: tuple[str, ...] = (),
    mend: tuple[Mend, ...] = (),
    law: str | None = None,
    person: PersonRef | None = None,
) -> Reason:
    """Why this section may not go, or not as far as `person` is concerned."""
    return Reason(code=code, section=leg.section.item, person=person, missing=missing, law=law, mend=mend)
