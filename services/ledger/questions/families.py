"""Which cases are of one family: linked to each other (`cases.linked`), however many steps apart."""

import sqlalchemy as sa


def families(events: sa.CTE) -> sa.CTE:
    """Columns `case` and `family`: the least case that can be reached from it, itself included."""
    linked = sa.select(events.c.case, events.c.thing.label("other")).where(events.c.name == "cases.linked")
    turned = sa.select(events.c.thing, events.c.case).where(events.c.name == "cases.linked")
    links = sa.union_all(linked, turned).cte("links")
    itself = sa.select(events.c.case, sa.cast(events.c.case, sa.Text).label("reached")).distinct()
    reach = itself.cte("reach", recursive=True)
    further = sa.select(reach.c.case, sa.cast(links.c.other, sa.Text)).where(reach.c.reached == links.c.case)
    reach = reach.union(further)
    return sa.select(reach.c.case, sa.func.min(reach.c.reached).label("family")).group_by(reach.c.case).cte("families")
