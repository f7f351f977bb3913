"""What a chain agreed on, and what that asks of who speaks: who does what, and who may decide what alone."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from schemas.agreements import InstitutionRole, Power, TeamTask, agreed_by
from schemas.base import Slug
from schemas.parties import OrganisationKind
from schemas.refusal import Mend, Reason, Refusal
from schemas.supports import SupportKind
from services.gate.rules.case import Context
from services.gate.rules.case_records import SupportRecord
from services.gate.rules.help_records import ConsultRecord

ROLE_LAW: Final = "D#17-18; Jeugdwet 3.5(3)"
TALKED_OVER: Final = timedelta(days=28)
"""So long what was talked over with somebody may be decided. Our own choice."""
CAN_ASSESS: Final = frozenset(
    {SupportKind.SAFETY_TEAM, SupportKind.JOIN_SUPPORT, SupportKind.SPECIALIST_CASE_MANAGEMENT}
)


def role_lacks(ctx: Context, role: InstitutionRole | None) -> Iterator[Reason]:
    """Where the chain agreed what an institution does, a request says which of that it expects (D#17)."""
    agreed = ctx.agreed.institution if ctx.agreed else ()
    if agreed and role not in agreed:
        code = Refusal.REQUIRED_SECTION_MISSING if role is None else Refusal.TERMS_DIFFER
        mend = Mend.ADD if role is None else Mend.CORRECT
        yield Reason(code=code, missing=("role", *agreed), law=ROLE_LAW, mend=(mend,))


def power_lacks(ctx: Context, power: Power, partner: Slug) -> Iterator[Reason]:
    """Who leads decides for a partner where its function holds that power, or after talking it over (D#19-20)."""
    functions = ctx.agreed.powers.get(power) if ctx.agreed else None
    by = ctx.event.data.by
    if functions is None or (by is not None and by.function in functions) or _talked_over(ctx, partner):
        return
    yield Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=(power, *functions), law="D#19-20", mend=(Mend.ESCALATE,))


def _talked_over(ctx: Context, partner: Slug) -> bool:
    both = {ctx.sender.slug, partner}
    return any(
        consult.held_on is not None and consult.held_on >= ctx.today - TALKED_OVER and both <= set(consult.took_part)
        for consult in ctx.case.of(ConsultRecord).values()
    )


def team_lacks(ctx: Context) -> Iterator[Reason]:
    """A team of which its chain agreed that it signals and discusses leaves judging safety to who joins it (D#139)."""
    if ctx.sender.kind is not OrganisationKind.LOCAL_TEAM or _assesses(ctx) or _joined(ctx):
        return
    missing = (TeamTask.ASSESS_AND_INTERVENE,)
    yield Reason(code=Refusal.COMPETENCE_MISSING, missing=missing, law="D#139; IGJ 2023", mend=(Mend.LET_JOIN,))


def _assesses(ctx: Context) -> bool:
    own = agreed_by(ctx.directory.get(ctx.sender.slug), ctx.directory.get, ctx.today)
    tasks = own.teams.get(ctx.sender.slug) if own else None
    return tasks is None or TeamTask.ASSESS_AND_INTERVENE in tasks


def _joined(ctx: Context) -> bool:
    """Somebody who judges safety stands beside the team."""
    supports = ctx.case.of(SupportRecord).values()
    return any(support.state == "ACCEPTED" and support.type in CAN_ASSESS for support in supports)
