"""What must hold for every family: consent judged a second time, by other code, and what no addition may change."""

from datetime import date, timedelta
from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.consents import ConsentRecorded, ConsentWithdrawn, Decision, Scope
from schemas.manifest import Category, Purpose
from schemas.parties import Party
from schemas.person import Custody, Person, PersonStatus, Role
from schemas.refusal import Mend
from services.gate.rules.case import Case, Context
from services.gate.rules.case_records import ItemRecord, StatementRecord
from services.gate.rules.consent import judge_statement
from services.gate.rules.sections import judge_sections
from tests.gate.rules.families import (
    GI,
    JWE,
    NOW,
    OTHER_TEAM,
    TEAM,
    TODAY,
    VT,
    K,
    Letter,
    case_of,
    context,
    section,
    uid,
)
from tests.gate.rules.families import said as record

SPEAKERS = ("child", "mother", "father", GI.slug)
BASES = ("CONSENT", "REPRESENTATIVE_SET_ASIDE")


ALL_SCOPES = [
    Scope(categories=categories, recipients=recipients, purposes=purposes, items=items)
    for categories, recipients, purposes, items in product(
        [(), (Category.CONCERNS,), (Category.HEALTH,), (Category.HEALTH, Category.CONCERNS)],
        [(), (OTHER_TEAM.slug,), (K.LOCAL_TEAM,), (GI.slug,), (K.LOCAL_TEAM, OTHER_TEAM.slug)],
        [(), (Purpose.HANDOVER,), (Purpose.MEASURE,)],
        [(), (uid("item"),), (uid("other"),)],
    )
]
SCOPES = st.sampled_from(ALL_SCOPES)
DAYS_AGO = st.sampled_from([0, 1, 2, 3, 20, 40, 400, 800, 1500, 2500])
DECISIONS = st.sampled_from([Decision.GRANTED, Decision.GRANTED, Decision.REFUSED, None])


@st.composite
def persons(draw: st.DrawFn) -> tuple[Person, ...]:
    """A child around one of its birthdays, and adults who may hold custody, be dead, missing or unsafe."""
    age = draw(st.sampled_from([8, 11, 12, 13, 15, 16, 17, 18, 20]))
    birth = date(TODAY.year - age, TODAY.month, TODAY.day) + timedelta(days=draw(st.integers(-2, 2)))
    holders = draw(st.lists(st.sampled_from(SPEAKERS[1:]), unique=True))
    custody = tuple(
        Custody(
            holder=holder,
            checked_on=TODAY,
            until=draw(st.sampled_from([None, None, TODAY, TODAY - timedelta(days=1)])),
        )
        for holder in holders
    )
    youth = Person(
        ref="child",
        role=Role.YOUTH,
        birth_date=birth,
        custody=custody,
        competent=draw(st.sampled_from([None, None, True, False])),
        representative=draw(st.sampled_from([None, "mother"])),
    )
    parents = tuple(
        Person(
            ref=ref,
            role=Role.PARENT,
            status=draw(st.sampled_from([PersonStatus.KNOWN, *PersonStatus])),
            contact_unsafe=draw(st.booleans()),
        )
        for ref in ("mother", "father")
    )
    return (youth, *parents)


@st.composite
def statements(draw: st.DrawFn) -> tuple[StatementRecord, ...]:
    """Everything that was ever said, in the order in which it was recorded; withdrawals share that order."""
    found: list[StatementRecord] = []
    days = sorted(draw(st.lists(DAYS_AGO, max_size=7)), reverse=True)
    for place, ago in enumerate(days):
        who = draw(st.sampled_from(SPEAKERS))
        end = draw(st.sampled_from([None, None, -3, -1, 0, 20]))
        gone = draw(st.sampled_from([None, None, None, *range(2 * place + 2, 2 * len(days) + 2)]))
        found.append(
            record(
                f"s{place}",
                who,
                draw(DECISIONS),
                draw(SCOPES),
                seq=2 * place + 1,
                on=TODAY - timedelta(days=ago),
                until=None if end is None else TODAY + timedelta(days=end),
                withdrawn_at=None if gone is None else NOW,
                withdrawn_seq=gone,
                recorder=draw(st.sampled_from([GI.slug, TEAM.slug])) if who == GI.slug else TEAM.slug,
            )
        )
    return tuple(found)


SENDERS = st.sampled_from([TEAM, VT])


def letter(case: Case, sender: Party = TEAM, basis: str = "CONSENT") -> Context:
    return Letter(
        case, (section(basis=basis),), Purpose.HANDOVER, sender, OTHER_TEAM, sealed={uid("item"): JWE}
    ).context


def goes(case: Case, sender: Party = TEAM, basis: str = "CONSENT") -> bool:
    return not judge_sections(letter(case, sender, basis)).reasons


# The same question answered another way: by birthdays instead of ages, one statement at a time, without a table


def birthday(person: Person, years: int) -> date:
    assert person.birth_date is not None
    try:
        return person.birth_date.replace(year=person.birth_date.year + years)
    except ValueError:
        return date(person.birth_date.year + years, 3, 1)


def oracle_needed(family: tuple[Person, ...], sender: Party) -> set[str]:
    youth = family[0]
    dead = {person.ref for person in family if person.status is PersonStatus.DECEASED}
    holders = {c.holder for c in youth.custody if c.until is None or c.until >= TODAY} - dead
    representative = {youth.representative} - dead - {None} if youth.representative else set()
    able = youth.competent if youth.competent is not None else birthday(youth, 12) <= TODAY
    if birthday(youth, 12) > TODAY:
        return {str(who) for who in holders or representative}
    if birthday(youth, 18) > TODAY and not able:
        return {str(who) for who in holders or representative}
    if not able:
        return {str(who) for who in representative}
    if birthday(youth, 16) > TODAY and sender is TEAM:
        return {"child", *map(str, holders)}
    return {"child"}


def oracle_hits(scope: Scope) -> bool:
    what = uid("item") in scope.items or not scope.items
    category = Category.CONCERNS in scope.categories or not scope.categories
    to = {OTHER_TEAM.slug, "LOCAL_TEAM"} & {str(r) for r in scope.recipients} or not scope.recipients
    return bool(what and category and to) and (Purpose.HANDOVER in scope.purposes or not scope.purposes)


HITS = st.sampled_from([scope for scope in ALL_SCOPES if oracle_hits(scope)])


def oracle_blocks(objection: Scope, grant: Scope) -> bool:
    """Whether an objection of that scope stops a grant of this one: unless the grant is nowhere wider, somewhere
    closer.
    """
    wider = [
        bool(objection.items) and not grant.items,
        bool(objection.categories) and not (grant.categories or grant.items),
        OTHER_TEAM.slug in objection.recipients and OTHER_TEAM.slug not in grant.recipients,
        bool(objection.recipients) and not grant.recipients,
        bool(objection.purposes) and not grant.purposes,
    ]
    closer = [
        bool(grant.items) and not objection.items,
        bool(grant.categories) and not (objection.categories or objection.items),
        OTHER_TEAM.slug in grant.recipients and OTHER_TEAM.slug not in objection.recipients,
        bool(grant.recipients) and not objection.recipients,
        bool(grant.purposes) and not objection.purposes,
    ]
    return any(wider) or not any(closer)


def oracle_says_yes(who: str, youth: Person, spoken: tuple[StatementRecord, ...]) -> bool:
    standing: dict[str, StatementRecord] = {}
    for one in spoken:
        day = one.recorded_at.date()
        mine = one.given_by == who and one.about == "child" and one.decision is not None
        own_word = who != GI.slug or one.recorder == GI.slug
        too_early = day < birthday(youth, 12) if who == "child" else day < birthday(youth, 18) <= TODAY
        if mine and own_word and not too_early:
            standing[
                repr(
                    [
                        sorted(map(str, part))
                        for part in (one.scope.items, one.scope.categories, one.scope.recipients, one.scope.purposes)
                    ]
                )
            ] = one
    about_this = [one for one in standing.values() if oracle_hits(one.scope)]
    for grant in about_this:
        over = grant.until is not None and grant.until < TODAY
        if grant.decision is not Decision.GRANTED or grant.withdrawn_at or over:
            continue
        for objection in about_this:
            expired = objection.until is not None and objection.until < TODAY
            if objection.withdrawn_seq is not None:
                speaks = objection.withdrawn_seq >= grant.seq  # the case never gives two the same place
            elif expired:
                speaks = objection.until is not None and grant.recorded_at.date() <= objection.until
            else:
                speaks = objection.decision is Decision.REFUSED
            if speaks and oracle_blocks(objection.scope, grant.scope):
                break
        else:
            return True
    return False


def oracle(family: tuple[Person, ...], spoken: tuple[StatementRecord, ...], sender: Party, basis: str) -> bool:
    needed = oracle_needed(family, sender)
    aside: set[str] = set()
    if basis == "REPRESENTATIVE_SET_ASIDE":
        for one in spoken:
            live = one.withdrawn_at is None and (one.until is None or one.until >= TODAY)
            custody = any(c.holder == one.given_by and c.holds_on(TODAY) for c in family[0].custody)
            if one.decision is None and live and custody and one.given_by != "child" and oracle_hits(one.scope):
                aside.add(one.given_by)
        if not aside & needed:
            return False
    left = needed - aside
    return bool(left) and all(oracle_says_yes(who, family[0], spoken) for who in left)


@given(persons(), statements(), SENDERS, st.sampled_from(BASES))
@settings(max_examples=100, deadline=None)
def test_a_section_goes_exactly_when_an_independent_reading_of_the_rules_says_so(
    family: tuple[Person, ...], spoken: tuple[StatementRecord, ...], sender: Party, basis: str
) -> None:
    """Nothing travels under consent that is not there, and nothing is held back that is."""
    case = case_of(*family, records=spoken)
    assert goes(case, sender, basis) == oracle(family, spoken, sender, basis)


@st.composite
def agreed(draw: st.DrawFn) -> tuple[tuple[Person, ...], tuple[StatementRecord, ...]]:
    """A family in which everybody agreed in one scope or another, whatever was said before."""
    family = draw(persons())
    early = draw(statements())
    late = tuple(
        record(
            f"late-{who}",
            who,
            scope=draw(HITS),
            seq=100 + place,
            on=TODAY,
            recorder=GI.slug if who == GI.slug else TEAM.slug,
        )
        for place, who in enumerate(SPEAKERS)
    )
    return family, early + late


@given(agreed(), SENDERS, st.sampled_from(BASES))
@settings(max_examples=60, deadline=None)
def test_also_when_nearly_everyone_agreed(
    made: tuple[tuple[Person, ...], tuple[StatementRecord, ...]], sender: Party, basis: str
) -> None:
    """The same comparison where most sections do go."""
    family, spoken = made
    assert goes(case_of(*family, records=spoken), sender, basis) == oracle(family, spoken, sender, basis)


@given(agreed(), SENDERS, st.data())
@settings(max_examples=60, deadline=None)
def test_after_a_withdrawal_nothing_relies_on_it(
    made: tuple[tuple[Person, ...], tuple[StatementRecord, ...]], sender: Party, data: st.DataObject
) -> None:
    """It can only stop things; what still goes stands on other statements; and all who held something are told."""
    family, spoken = made
    case = case_of(*family, records=spoken)
    delivered = judge_sections(letter(case, sender))
    held = case.after(delivered.effects)
    one = data.draw(st.sampled_from([s for s in spoken if s.withdrawn_at is None]))
    withdrawn = judge_statement(context(held, ConsentWithdrawn(statement=one.statement)))
    assert withdrawn.reasons == ()
    after = held.after(withdrawn.effects)
    again = judge_sections(letter(after, sender))
    assert bool(delivered.reasons) <= bool(again.reasons)
    if not delivered.reasons:
        (item,) = delivered.effects.put
        assert isinstance(item, ItemRecord)
        told = {notice.to for notice in withdrawn.effects.notices}
        assert told == ({*item.held_by} - {TEAM.slug} if one.statement in item.relied_on else set())
    fresh = judge_sections(letter(case.after(withdrawn.effects), sender)).effects.put
    assert all(one.statement not in made.relied_on for made in fresh if isinstance(made, ItemRecord))


@given(agreed(), SENDERS, SCOPES, st.sampled_from(SPEAKERS), st.sampled_from(BASES), st.sampled_from([None, 0, 30]))
@settings(max_examples=60, deadline=None)
def test_a_refusal_never_makes_something_allowed(
    made: tuple[tuple[Person, ...], tuple[StatementRecord, ...]],
    sender: Party,
    scope: Scope,
    who: str,
    basis: str,
    days: int | None,
) -> None:
    """Whoever says no, in whatever scope and for however long."""
    family, spoken = made
    case = case_of(*family, records=spoken)
    assume(not goes(case, sender, basis))
    no = ConsentRecorded(
        statement=uid("no"),
        about="child",
        given_by=who,
        decision=Decision.REFUSED,
        scope=scope,
        until=None if days is None else TODAY + timedelta(days=days),
        how_asked="PHONE",
    )
    said_no = judge_statement(context(case, no, GI if who == GI.slug else TEAM))
    assert not goes(case.after(said_no.effects), sender, basis)


@given(agreed(), SENDERS, st.sampled_from(BASES), HITS)
@settings(max_examples=50, deadline=None)
def test_the_last_no_of_a_competent_youth_blocks(
    made: tuple[tuple[Person, ...], tuple[StatementRecord, ...]], sender: Party, basis: str, scope: Scope
) -> None:
    """From 12, in any scope that no yes of the youth is narrower than."""
    family, spoken = made
    youth = family[0]
    assume(youth.is_competent_on(TODAY) and birthday(youth, 12) <= TODAY)
    no = record("no", "child", Decision.REFUSED, scope, seq=500, on=TODAY)
    grants = [s.scope for s in spoken if s.given_by == "child" and s.decision is Decision.GRANTED]
    assume(all(oracle_blocks(scope, grant) for grant in grants))
    assert not goes(case_of(*family, records=(*spoken, no)), sender, basis)


@given(persons(), statements(), SENDERS, st.sampled_from(BASES))
@settings(max_examples=50, deadline=None)
def test_no_reason_ever_leads_to_someone_who_is_unsafe(
    family: tuple[Person, ...], spoken: tuple[StatementRecord, ...], sender: Party, basis: str
) -> None:
    """Not by name; and asking is advised only where somebody is named to ask."""
    unsafe = {person.ref for person in family if person.contact_unsafe}
    for reason in judge_sections(letter(case_of(*family, records=spoken), sender, basis)).reasons:
        assert not unsafe & set(reason.missing)
        assert Mend.ASK_CONSENT not in reason.mend or reason.missing


@given(persons(), statements(), SENDERS)
@settings(max_examples=50, deadline=None)
def test_doing_what_is_advised_cures_it(
    family: tuple[Person, ...], spoken: tuple[StatementRecord, ...], sender: Party
) -> None:
    """Where asking alone is advised, everyone named saying yes to this very item lets it go."""
    case = case_of(*family, records=spoken)
    for reason in judge_sections(letter(case, sender)).reasons:
        if Mend.ASK_CONSENT in reason.mend and Mend.USE_SET_ASIDE not in reason.mend:
            exact = Scope(items=(uid("item"),), recipients=(OTHER_TEAM.slug,), purposes=(Purpose.HANDOVER,))
            answers = [
                record(f"asked-{who}", who, scope=exact, seq=900, on=TODAY, recorder=who if who == GI.slug else "x1")
                for who in reason.missing
            ]
            assert goes(case_of(*family, records=(*spoken, *answers)), sender)
