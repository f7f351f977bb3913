"""What becomes of a family's case as a whole: children who go on in another case, and two cases of one family."""

from schemas.cases import CaseLinked
from schemas.tables.obligation_row import Per, When
from services.oversight.rules.case import Obligation
from services.oversight.rules.conditions import Event, condition

OF_A_CHILD = frozenset({Per.HANDOVER_CHILD, Per.CHILD, Per.MEASURE, Per.BIRTHDAY})


def follow(event: Event) -> None:
    """Children who left are another case's: nothing about them is owed, waited for or watched here any more."""
    watch = event.watch
    gone = set(event.before.children) - set(watch.head.children)
    if not gone:
        return
    for owed in tuple(watch.owed.values()):
        own = owed.row.per in OF_A_CHILD and owed.child in gone
        if own or (owed.children and gone.issuperset(owed.children)):
            del watch.owed[owed.key]
    for child in gone & watch.sights.keys():
        del watch.sights[child]
    for waiting in tuple(watch.waiting.values()):
        if waiting.children and gone.issuperset(waiting.children):
            del watch.waiting[waiting.key]


@condition(When.SPLIT_LINKED)
def _split_linked(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and isinstance(event.body, CaseLinked) and event.body.other == owed.ref


@condition(When.SPLIT_OVER)
def _split_over(event: Event, owed: Obligation | None) -> bool:
    return owed is not None and owed.ref not in event.watch.head.splitting


@condition(When.SAME_FAMILY)
def _same_family(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, CaseLinked) and event.body.kind == "SAME_FAMILY"


@condition(When.JOINED)
def _joined(event: Event, owed: Obligation | None) -> bool:
    return isinstance(event.body, CaseLinked) and event.body.kind == "JOINED" and _split_linked(event, owed)
