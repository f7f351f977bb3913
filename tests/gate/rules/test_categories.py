"""What no basis cures: purposes, recipients and sources; and what a basis needs beside it."""

import re
from typing import Any

import pytest

from schemas.body import SightPlan, Watcher, WatcherKind
from schemas.care import DossierShared
from schemas.consents import Decision
from schemas.manifest import (
    Basis,
    Category,
    Manifest,
    Purpose,
    Section,
    Source,
    SourceKind,
    SpecialArticle,
    Weighing,
    Withheld,
    WithheldReason,
)
from schemas.parties import Party
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.authority import Authority
from schemas.tables.categories import EXEMPTIONS, LAWS, NO_ROUTE, ONLY_TO, UNDER_SECRECY
from schemas.tables.consent_ages import AGES
from schemas.tables.grounds import BY_CODE, GROUNDS
from schemas.tables.refusals import render
from services.gate.rules.case import Case
from services.gate.rules.case_records import ItemRecord, ReportRecord, SightRecord
from services.gate.rules.record import Record
from services.gate.rules.sections import judge_sections
from tests.gate.rules.families import (
    BOARD,
    CLINIC,
    COLLEAGUE,
    FATHER,
    GI,
    MOTHER,
    NOW,
    OTHER_TEAM,
    OTHER_VT,
    POLICE,
    RAAD,
    SCHOOL,
    TEAM,
    TODAY,
    VT,
    Letter,
    case_of,
    child,
    codes,
    context,
    said,
    section,
    uid,
    yes,
)

ANSWERED = Weighing(answers=(True,) * 5)


def report(reporter: str = "PROFESSIONAL") -> ReportRecord:
    return ReportRecord(report=uid(reporter), centre=VT.slug, received_at=NOW, children=("child",), reporter=reporter)


def watched_by(organisation: Party) -> SightRecord:
    watcher = Watcher(kind=WatcherKind.OTHER_ORGANISATION, function="TEACHER", organisation=organisation.slug)
    return SightRecord(owner=VT.slug, plan=SightPlan(child="child", by=(watcher,), every_days=7))


def family(*records: Record) -> Case:
    return case_of(child(8), MOTHER, FATHER, records=records)


def reasons(case: Case, *sections: Section, **more: Any) -> tuple[Reason, ...]:
    return judge_sections(Letter(case, sections, **more).context).reasons


# What the rows stand on


def test_every_row_says_what_it_stands_on_and_whether_that_was_read() -> None:
    """A lawyer finds an article or a report in each, and nobody takes our choice for a law."""
    rows = [(row.law, row.authority) for row in GROUNDS] + [(row.law, row.authority) for row in AGES]
    rows += [(row.law, row.authority) for row in EXEMPTIONS] + [(row.law, row.authority) for row in LAWS.values()]
    assert all(re.search(r"\d", law) or "meldcode" in law for law, _ in rows)
    assert {authority for _, authority in rows} == set(Authority)
    assert set(LAWS) >= NO_ROUTE | set(ONLY_TO) | UNDER_SECRECY


def test_only_an_institution_that_supervises_must_be_answered() -> None:
    """Who is asked under another ground may say no without a reason."""
    assert [row.code for row in GROUNDS if row.duty_on_request] == ["G4"]
    assert BY_CODE["G4"].authority is Authority.LAW


# Grounds of Veilig Thuis


@pytest.mark.parametrize("to", [RAAD, POLICE])
def test_veilig_thuis_informs_the_raad_and_the_police_about_a_report_it_has(to: Party) -> None:
    """Nobody else of those outside, and not without a report."""
    alert = section(Category.SAFETY, basis="G11")
    assert reasons(family(report()), alert, sender=VT, to=to, purpose=Purpose.SAFETY_ALERT) == ()
    (without,) = reasons(family(), alert, sender=VT, to=to, purpose=Purpose.SAFETY_ALERT)
    assert without.code is Refusal.NO_BASIS
    (wrong,) = reasons(family(report()), alert, sender=VT, to=SCHOOL, purpose=Purpose.SAFETY_ALERT)
    assert wrong.code is Refusal.BASIS_WRONG_DIRECTION


def test_another_veilig_thuis_takes_over_a_report_and_nothing_else() -> None:
    """What is no report of the sender does not move with the family."""
    moved = section(basis="G12")
    assert reasons(family(report()), moved, sender=VT, to=OTHER_VT) == ()
    assert codes(judge_sections(Letter(family(), (moved,), sender=VT, to=OTHER_VT).context)) == [Refusal.NO_BASIS]


# What who reported hears


def told_back(case: Case, one: Section, to: Party = SCHOOL) -> list[Refusal]:
    return [reason.code for reason in reasons(case, one, sender=VT, to=to, purpose=Purpose.FEEDBACK)]


def test_who_reported_hears_that_something_is_done_and_nothing_of_the_family() -> None:
    """By which kind of organisation, about nobody in particular."""
    assert told_back(family(report()), section(Category.ACCOUNT, persons=())) == []
    assert told_back(family(report()), section(Category.ACCOUNT, basis="D6")) == [Refusal.CATEGORY_NOT_ALLOWED]
    assert told_back(family(report()), section(Category.STORY, basis="D6")) == [Refusal.PURPOSE_NOT_ALLOWED]


@pytest.mark.parametrize("category", [Category.SAFETY, Category.PLAN])
def test_who_reported_hears_what_was_agreed_only_with_a_part_in_it(category: Category) -> None:
    """The school that sees the child every week does; the police do not. Consent of everyone does not change that."""
    agreed, consented = section(category, basis="D6"), section(category)
    case = family(report(), watched_by(SCHOOL), *yes("mother", "father"))
    assert told_back(case, agreed) == []
    assert told_back(case, agreed, POLICE) == [Refusal.CATEGORY_NOT_ALLOWED]
    assert told_back(case, consented, POLICE) == [Refusal.CATEGORY_NOT_ALLOWED]
    assert told_back(family(watched_by(SCHOOL)), agreed) == [Refusal.NO_BASIS]


# Who reported


OPEN = Source(kind=SourceKind.PROFESSIONAL, open=True)


@pytest.mark.parametrize(
    ("reporters", "named"),
    [((), True), (("PROFESSIONAL",), True), (("POLICE", "CITIZEN"), True), (("CITIZEN",), False), (("YOUTH",), False)],
)
def test_a_citizen_is_never_named_as_if_a_professional_reported(reporters: tuple[str, ...], named: bool) -> None:
    """Professionals report openly as a rule; a neighbour, the family or a youth only after they agreed in writing."""
    case = family(*(report(who) for who in reporters), *yes("mother", "father"))
    found = reasons(case, section(Category.REPORTER, source=OPEN))
    assert [reason.code for reason in found] == ([] if named else [Refusal.CATEGORY_NOT_ALLOWED])
    agreed = OPEN.model_copy(update={"released": True})
    assert reasons(case, section(Category.REPORTER, source=agreed)) == ()


def test_a_source_that_stays_unnamed_is_quoted_as_known() -> None:
    """Its function would say who it is; that a reporter said it may be told."""
    case = family(*yes("mother", "father"))
    revealing = section(source=Source(kind=SourceKind.REPORTER, function="neighbour-at-12"))
    (reason,) = reasons(case, revealing)
    assert (reason.code, reason.missing) == (Refusal.CATEGORY_NOT_ALLOWED, ("source.function",))
    assert "known to Veilig Thuis" in render(reason)
    assert reasons(case, section(source=Source(kind=SourceKind.REPORTER))) == ()
    agreed = Source(kind=SourceKind.REPORTER, function="neighbour-at-12", released=True)
    assert reasons(case, section(source=agreed)) == ()


# The second part of the basis


@pytest.mark.parametrize(
    ("sender", "to", "purpose", "basis", "found"),
    [
        (TEAM, CLINIC, Purpose.JOINT_SUPPORT, "CONSENT", []),
        (GI, OTHER_TEAM, Purpose.HANDOVER, "CONSENT", []),
        (VT, OTHER_TEAM, Purpose.HANDOVER, "G10", []),
        (SCHOOL, VT, Purpose.SAFETY_ALERT, "G8", []),
        (SCHOOL, OTHER_TEAM, Purpose.JOINT_SUPPORT, "CONSENT", []),
        (SCHOOL, OTHER_TEAM, Purpose.JOINT_SUPPORT, "G18", []),
        (SCHOOL, OTHER_TEAM, Purpose.JOINT_SUPPORT, "REPRESENTATIVE_SET_ASIDE", [Refusal.NO_BASIS]),
    ],
)
def test_health_needs_an_exemption_beside_the_basis(
    sender: Party, to: Party, purpose: Purpose, basis: str, found: list[Refusal]
) -> None:
    """Care, a task in law, a danger to life or the person's own express yes: a school has none of its own."""
    aside = said("aside", "father", None, seq=5)
    case = family(report(), *yes("mother", "father"), aside)
    health = section(Category.HEALTH, basis=basis, weighing=ANSWERED if basis == "G18" else None)
    letter = Letter(case, (health,), purpose, sender, to, second=COLLEAGUE)
    assert codes(judge_sections(letter.context)) == found


@pytest.mark.parametrize(
    ("category", "special", "lacks"),
    [
        (Category.HEALTH, SpecialArticle.CARE, False),
        (Category.HEALTH, SpecialArticle.CRIMINAL, True),
        (Category.HEALTH, SpecialArticle.EXPLICIT_CONSENT, True),
        (Category.CRIMINAL, SpecialArticle.CRIMINAL, False),
        (Category.CONCERNS, SpecialArticle.CARE, True),
    ],
)
def test_an_exemption_that_is_stated_must_fit(category: Category, special: SpecialArticle, lacks: bool) -> None:
    """A local team does not process health on consent, and ordinary concerns need no exemption."""
    basis = Basis(person="child", secrecy="CONSENT", special=special)
    found = reasons(family(*yes("mother", "father")), section(category, bases=(basis,)), to=GI)
    assert [(reason.code, reason.missing) for reason in found] == ([(Refusal.NO_BASIS, ("special",))] if lacks else [])


# Not told to everyone, not told too early, not left out


def test_an_administrator_hears_that_it_is_in_hand() -> None:
    """No section goes to a desk that coordinates or governs; the refusal says what may be said."""
    (reason,) = reasons(family(*yes("mother", "father")), section(), to=BOARD)
    assert (reason.code, reason.mend) == (Refusal.CATEGORY_NOT_ALLOWED, (Mend.LEAVE_OUT, Mend.SAY_IN_HAND))
    assert "D#145" in (reason.law or "")


def test_nothing_is_seen_on_a_day_that_is_still_to_come() -> None:
    """The as-of date of a statement is the day it was true."""
    ahead = section().model_copy(update={"as_of": TODAY.replace(day=TODAY.day + 1)})
    (reason,) = reasons(family(*yes("mother", "father")), ahead)
    assert (reason.code, reason.missing) == (Refusal.DATE_NOT_ALLOWED, ("as_of",))


@pytest.mark.parametrize(
    ("sender", "category", "found"),
    [
        (GI, Category.CONTRARY, [Refusal.REQUIRED_SECTION_MISSING]),
        (RAAD, Category.CONTRARY, [Refusal.REQUIRED_SECTION_MISSING]),
        (TEAM, Category.CONTRARY, []),
        (GI, Category.STRENGTHS, []),
    ],
)
def test_who_must_tell_fully_leaves_out_no_contrary_finding_for_its_purpose(
    sender: Party, category: Category, found: list[Refusal]
) -> None:
    """The Raad and an institution state the facts fully and truthfully (Jeugdwet 3.3)."""
    held = ItemRecord(
        item=uid("finding"),
        category=category,
        about=("child",),
        digest="ab" * 32,
        author=sender.slug,
        held_by=(sender.slug,),
    )
    withheld = Withheld(item=uid("finding"), reason=WithheldReason.PURPOSE)
    manifest = Manifest(purpose=Purpose.HANDOVER, withheld=(withheld,))
    letter = context(family(held), DossierShared(), sender, OTHER_TEAM, manifest=manifest)
    assert codes(judge_sections(letter)) == found


# A region that is lenient


def test_the_region_of_who_sends_says_whether_a_youth_may_go_before_a_parents_no() -> None:
    """It stands in the directory, signed by the organisation and by the operator."""
    case = case_of(
        child(14),
        MOTHER,
        FATHER,
        records=(
            said("own", "child", override="YOUTH_KEEPS_WISHING"),
            said("m", "mother", seq=2),
            said("no", "father", Decision.REFUSED, seq=3),
        ),
    )
    lenient = TEAM.model_copy(update={"lenient_consent": True})
    assert reasons(case, section(), sender=lenient) == ()
    (reason,) = reasons(case, section())
    assert (reason.code, reason.missing) == (Refusal.NO_BASIS, ("father",))
