"""Alerts come from oversight alone; taking one up is for everybody who got it. Receipts carry no rule."""

from schemas.refusal import Reason, Refusal
from schemas.service import OVERSIGHT, AlertEscalated, AlertRaised, AlertResolved
from services.gate.rules.case import Context, Judgement

_RAISED = (AlertRaised, AlertEscalated, AlertResolved)


def judge_machine(ctx: Context) -> Judgement:
    """alerts.* and receipts.*: the case stays as it is. To whom an alert was sent only its receiver can tell."""
    if isinstance(ctx.body, _RAISED) and ctx.sender.slug != OVERSIGHT:
        return Judgement(
            (Reason(code=Refusal.ROLE_NOT_ALLOWED, missing=("SERVICE",), law="D§0.7: the watcher is one service"),)
        )
    return Judgement()
