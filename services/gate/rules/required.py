"""What a proposal must hold (the matrix of schemas/tables/blocks.py), and what the sender may not leave out."""

from collections.abc import Callable, Iterator, Mapping

from schemas.body import Known, Phase
from schemas.handovers import ClientResponse, HandoverKind, HandoverProposed, Weight
from schemas.manifest import Category
from schemas.parties import OrganisationKind
from schemas.person import Person, PersonRef, PersonStatus, Role
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.blocks import BLOCKS, Block, BlockRow, Need, route_of
from services.gate.rules.case import Context
from services.gate.rules.case_records import ConditionRecord, ItemRecord, MeasureRecord
from services.gate.rules.grounds import runs

ONE_SIDED = frozenset({Category.CONTRARY, Category.STRENGTHS})
"""What speaks against the conclusion travels along, or is named as withheld."""


def missing(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    """One reason a block that lacks its code or its section, and one for findings silently left out."""
    receiver = ctx.recipients[0].kind if ctx.recipients else ctx.sender.kind
    route, light = route_of(ctx.sender.kind, receiver), is_light(ctx, body)
    for row in BLOCKS:
        lacking = tuple(_lacking(ctx, body, row, row.need(route, light)))
        if lacking:
            yield Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=lacking[:64], law=row.source, mend=(Mend.ADD,))
    yield from _leads_for_a_time(ctx, body)
    yield from left_out(ctx)


def is_light(ctx: Context, body: HandoverProposed) -> bool:
    """Said to be light, and nothing says otherwise: no report, no measure, no direct unsafety, no change of frame. What
    is called light and is not is asked everything (D#135; TSD 2017, Bijlage 1).
    """
    head = ctx.case.head
    reported = head is None or head.vt_origin or OrganisationKind.VEILIG_THUIS is ctx.sender.kind
    unsafe = Phase.DIRECT_SAFETY in (body.phase, head.phase if head else None)
    measure = any(runs(measure, ctx.case, ctx.today) for measure in ctx.case.of(MeasureRecord).values())
    between_teams = {OrganisationKind.LOCAL_TEAM} == {ctx.sender.kind, *(party.kind for party in ctx.recipients)}
    return body.weight is Weight.LIGHT and between_teams and not (reported or unsafe or measure)


def _leads_for_a_time(ctx: Context, body: HandoverProposed) -> Iterator[Reason]:
    """An institution leads before a measure only on criteria a-c, until a day to come, and with the client's wish
    known: whoever proposes it (D#1-2, D#6-9).
    """
    to_institution = any(party.kind is OrganisationKind.CERTIFIED_INSTITUTION for party in ctx.recipients)
    if not to_institution or body.kind is not HandoverKind.REGIE or ctx.sender.kind is OrganisationKind.LOCAL_TEAM:
        return  # of a local team the matrix asks it
    asked = (Block.LEAD_WISH, Block.CRITERIA, Block.END_DATE)
    lacking = tuple(name for block in asked for name in _COUNTED[block](ctx, body))
    if lacking:
        law = "D#1-2, D#6-9; JB Noord 2016 §2.1.1, §8.4"
        yield Reason(code=Refusal.REQUIRED_SECTION_MISSING, missing=lacking, law=law, mend=(Mend.ADD,))


def _lacking(ctx: Context, body: HandoverProposed, row: BlockRow, need: Need) -> Iterator[str]:
    if need is Need.M:
        yield from _COUNTED[row.block](ctx, body)
    if row.category is not None and need is not Need.NOT_ASKED:
        yield from _sections(ctx, body, row.block, row.category)


def _sections(ctx: Context, body: HandoverProposed, block: Block, category: Category) -> Iterator[str]:
    """A block that says GIVEN comes with the section that gives it."""
    carried = [s for s in ctx.sections if s.category is category]
    if block is Block.YOUTH_VOICE:
        spoken = [voice.child for voice in body.youth_voice if voice.given]
        yield from (f"{category}:{child}" for child in spoken if not any(child in s.about for s in carried))
    elif _GIVEN[block](body) and not carried:
        yield category.value


_GIVEN: Mapping[Block, Callable[[HandoverProposed], bool]] = {
    Block.REASON: lambda body: True,
    Block.CONDITIONS: lambda body: bool(body.conditions),
    Block.SAFETY_ASSESSMENT: lambda body: body.safety_assessment is Known.GIVEN,
    Block.STORY: lambda body: body.story is Known.GIVEN,
    Block.CLIENT_RESPONSE: lambda body: any(r.state is Known.GIVEN for r in body.client_response),
    Block.TRIED: lambda body: body.tried is Known.GIVEN,
}
"""Whether the coded part says that the words travel along."""


def _when(absent: bool, name: Block) -> Iterator[str]:
    if absent:
        yield name.value


def _told(ctx: Context, body: HandoverProposed) -> Iterator[str]:
    named = {told.person for told in body.told}
    for person in ctx.case.family:
        if person.ref not in named and _to_be_told(ctx, person):
            yield f"{Block.TOLD}:{person.ref}"


def _to_be_told(ctx: Context, person: Person) -> bool:
    """Everyone of twelve and older who can be found; younger children are told through their parents."""
    if person.status is not PersonStatus.KNOWN or person.role is Role.UNBORN:
        return False
    age = person.age_on(ctx.today)
    return age is None or age >= 12


def _voices(ctx: Context, body: HandoverProposed) -> Iterator[str]:
    named: set[PersonRef] = {voice.child for voice in body.youth_voice}
    yield from (f"{Block.YOUTH_VOICE}:{p.ref}" for p in ctx.case.family if p.is_child and p.ref not in named)


def _answered(response: ClientResponse) -> bool:
    return response.state is not Known.NOT_ASKED or response.asked_on is not None


_COUNTED: Mapping[Block, Callable[[Context, HandoverProposed], Iterator[str]]] = {
    Block.REASON: lambda ctx, body: iter(()),  # the type has no proposal without a reason, a phase
    Block.CONDITIONS: lambda ctx, body: _when(
        not body.conditions and not ctx.case.of(ConditionRecord), Block.CONDITIONS
    ),
    Block.TOLD: _told,
    Block.SAFETY_ASSESSMENT: lambda ctx, body: _when(
        body.safety_assessment is not Known.GIVEN, Block.SAFETY_ASSESSMENT
    ),
    Block.STORY: lambda ctx, body: _when(body.story is not Known.GIVEN, Block.STORY),
    Block.STORY_APPROVAL: lambda ctx, body: _when(body.story_approval is None, Block.STORY_APPROVAL),
    Block.YOUTH_VOICE: _voices,
    Block.CLIENT_RESPONSE: lambda ctx, body: _when(
        not any(map(_answered, body.client_response)), Block.CLIENT_RESPONSE
    ),
    Block.TRIED: lambda ctx, body: _when(body.tried is not Known.GIVEN, Block.TRIED),
    Block.LEAD_WISH: lambda ctx, body: _when(body.lead_wish is None, Block.LEAD_WISH),
    Block.CRITERIA: lambda ctx, body: _when(not body.criteria, Block.CRITERIA),
    Block.END_DATE: lambda ctx, body: _when(body.end_date is None or body.end_date <= ctx.today, Block.END_DATE),
}
"""Whether the coded part is there where it must be."""


def left_out(ctx: Context) -> Iterator[Reason]:
    """A reason when a finding for the family, held by the sender about who it writes of, is neither sent nor named."""
    manifest, carried = ctx.event.data.manifest, ctx.sections
    accounted = {s.item for s in carried} | {w.item for w in (manifest.withheld if manifest else ())}
    about = {person for section in carried for person in section.about}
    silent = tuple(
        item.item
        for item in ctx.case.of(ItemRecord).values()
        if item.category in ONE_SIDED
        and item.corrected_at is None
        and (item.author == ctx.sender.slug or ctx.sender.slug in item.held_by)
        and about.intersection(item.about)
        and item.item not in accounted
    )
    if silent:
        yield Reason(
            code=Refusal.REQUIRED_SECTION_MISSING, missing=silent[:64], law="D#123; IGJ 2023", mend=(Mend.ADD,)
        )
