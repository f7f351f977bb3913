"""Who may say what to whom (schemas/tables/messages.py), by name and, where asked, with a second person."""

from collections.abc import Iterator

from schemas.handovers import EmergencyTakenOver, HandoverKind, HandoverProposed
from schemas.parties import OrganisationKind, Party
from schemas.refusal import Mend, Reason, Refusal
from schemas.tables.messages import Audience, Shape
from services.gate.rules import threads
from services.gate.rules.asked_records import RequestRecord
from services.gate.rules.case import Context

NOT_A_PARTY = Reason(code=Refusal.NOT_A_PARTY)
"""The whole answer to an outsider: the same for a case that exists and one that does not."""

K = OrganisationKind
ACTS_UNDER = frozenset({K.VEILIG_THUIS, K.RAAD, K.CERTIFIED_INSTITUTION})
"""Whose powers a regional safety team may use; it has none of its own (Staatscourant 2024, 37825)."""


def unknown_recipients(ctx: Context) -> tuple[Reason, ...]:
    """A reason when a recipient is not in the directory."""
    missing = tuple(slug for slug in ctx.event.data.to if slug not in ctx.directory)
    return (Reason(code=Refusal.UNKNOWN_RECIPIENT, missing=missing, mend=(Mend.CORRECT,)),) if missing else ()


def is_outsider(ctx: Context) -> bool:
    """Whether the sender may not even learn that this case exists."""
    head = ctx.case.head
    if ctx.row.thread or ctx.case.thread is not None:
        return threads.is_outsider(ctx)
    if not ctx.row.party_bound and not ctx.row.makes_party and not ctx.row.opens_case:
        return False
    if head is None:
        return not ctx.row.opens_case
    return ctx.sender.slug not in head.parties and not _makes_itself_party(ctx) and not _answers(ctx)


GUEST_SAYS = frozenset(
    {
        "information.provided",
        "information.declined",
        "access.answered",
        "rights.decided",
        "dossiers.opened",
        "dossiers.rejected",
    }
)
"""What who was asked something, and is no party, may say to who asked."""


def _answers(ctx: Context) -> bool:
    """A stranger to the case that was asked something may answer who asked, and nobody else."""
    asked = [request for request in ctx.case.of(RequestRecord).values() if request.asked == ctx.sender.slug]
    return ctx.row.name in GUEST_SAYS and bool(asked) and set(ctx.event.data.to) <= {one.asker for one in asked}


def _makes_itself_party(ctx: Context) -> bool:
    """An emergency, a report of Veilig Thuis or a court order lets in who was outside; nothing else does."""
    if isinstance(ctx.body, HandoverProposed):
        return ctx.sender.kind is K.VEILIG_THUIS and ctx.body.kind is HandoverKind.INTO_RUNNING_HELP
    if isinstance(ctx.body, EmergencyTakenOver):
        return ctx.sender.kind is K.VEILIG_THUIS
    return ctx.row.makes_party and ctx.sender.kind in ctx.row.senders


def reasons(ctx: Context) -> Iterator[Reason]:
    """Everything wrong with who speaks, to whom, and in whose name."""
    if ctx.sender.kind not in ctx.row.senders:
        kinds = tuple(sorted(ctx.row.senders))
        yield Reason(
            code=Refusal.ROLE_NOT_ALLOWED,
            missing=kinds,
            law=ctx.row.law,
            mend=ctx.row.mend,
        )
    yield from _acting_under(ctx)
    yield from _recipients(ctx)
    yield from _named(ctx)


def _acting_under(ctx: Context) -> Iterator[Reason]:
    under, team = ctx.event.data.acting_under, ctx.sender.kind is K.REGIONAL_SAFETY_TEAM
    if team and under is None and ctx.row.name.startswith("advice."):
        return  # advice takes no powers
    if (under not in ACTS_UNDER) if team else (under is not None):
        missing = ("acting_under", *sorted(ACTS_UNDER)) if team else ("acting_under",)
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=missing, law="D#91", mend=(Mend.CORRECT,))


def _recipients(ctx: Context) -> Iterator[Reason]:
    to, row = ctx.event.data.to, ctx.row
    wrong_count = len(to) != 1 if row.shape is Shape.LETTER else len(set(to)) != len(to)
    wrong_count = wrong_count and not (row.own and not to)
    if wrong_count or (row.shape is Shape.STATEMENT and row.audience is Audience.NOBODY and to):
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to",), mend=(Mend.CORRECT,))
        return
    if _shows_where(ctx):
        yield Reason(
            code=Refusal.CATEGORY_NOT_ALLOWED, missing=("to", K.EXTERNAL), law=ADDRESS_LAW, mend=(Mend.SEND_ANEW,)
        )
    wrong = tuple(party.slug for party in ctx.recipients if not _may_get(ctx, party))
    if wrong:
        yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("to", *wrong), mend=(Mend.CORRECT,))


ADDRESS_LAW = "Wmo 2015 5.3.2(4); Jeugdwet 7.3.10"


def _shows_where(ctx: Context) -> bool:
    """In a case with a secret address nobody outside the chain gets what names other organisations as recipients."""
    head = ctx.case.head
    secret = head is not None and head.caution is not None and head.caution.address_secret
    outside = any(party.kind is K.EXTERNAL for party in ctx.recipients)
    return secret and outside and len(ctx.event.data.to) > 1 and ctx.sender.kind is not K.SERVICE


def _may_get(ctx: Context, party: Party) -> bool:
    if party.kind not in ctx.row.recipients or party.slug == ctx.sender.slug:
        return False
    bound = ctx.row.shape is Shape.STATEMENT and ctx.row.audience is Audience.PARTIES
    return not bound or ctx.case.is_party(party.slug)


def _named(ctx: Context) -> Iterator[Reason]:
    by, second = ctx.event.data.by, ctx.event.data.second
    if ctx.row.decided_by and by is None:
        yield Reason(code=Refusal.NO_NAMED_PROFESSIONAL, missing=("by",), law="D#13", mend=(Mend.NAME_PROFESSIONAL,))
    if ctx.row.second and (second is None or (by is not None and second.ref == by.ref)):
        yield Reason(
            code=Refusal.SECOND_PERSON_MISSING, missing=("second",), law="D§0.9", mend=(Mend.NAME_PROFESSIONAL,)
        )
