"""Investigations of the Raad: who may ask for one, and who sees the child until it begins."""

from schemas.investigations import InvestigationRegistered
from schemas.parties import OrganisationKind
from schemas.refusal import Mend, Reason, Refusal
from services.gate.rules import sight
from services.gate.rules.case import Context, Effects, Judgement, SightRecord

LAW = "Jeugdwet 3.1(1): the college's own or designated organisation, an institution, Veilig Thuis"


def judge_investigation(ctx: Context) -> Judgement:
    """Every message of the conversation investigations."""
    body = ctx.body
    if not isinstance(body, InvestigationRegistered):
        raise TypeError(f"not about an investigation: {body.name}")
    reasons = list(sight.unknown_persons(ctx, (*body.children, *(plan.child for plan in body.sight))))
    if ctx.sender.kind is OrganisationKind.LOCAL_TEAM and not ctx.sender.designated_for_vto:
        reasons.append(
            Reason(
                code=Refusal.ROLE_NOT_ALLOWED, missing=("designated_for_vto",), law=LAW, mend=(Mend.ASK_REGIE_HOLDER,)
            )
        )
    unseen = _unseen(ctx, body)
    if unseen and not reasons:
        reasons.append(Reason(code=Refusal.NO_INTERIM_OVERSIGHT, missing=unseen, law=sight.LAW, mend=(Mend.ADD,)))
    if reasons:
        return Judgement(tuple(reasons))
    return Judgement(effects=Effects(put=sight.recorded(ctx.sender.slug, body.sight)))


def _unseen(ctx: Context, body: InvestigationRegistered) -> tuple[str, ...]:
    """The children it is about for whom the sender has no plan in force, neither here nor before."""
    kept = (r.plan for r in ctx.case.of(SightRecord).values() if r.owner == ctx.sender.slug)
    covered = {plan.child for plan in (*body.sight, *kept) if sight.in_force(ctx, plan)}
    return tuple(child for child in body.children if child not in covered)
