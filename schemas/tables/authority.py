"""How firmly a row of a rule table stands: read in the law, read about, or chosen by us."""

from enum import StrEnum


class Authority(StrEnum):
    """Where a row comes from, so that nobody takes a choice for a law."""

    LAW = "LAW"  # the article's text was read (docs/sources.md says in which edition)
    PAGE = "PAGE"  # a page of a professional body or commentary was read, not the article
    UNCONFIRMED = "UNCONFIRMED"  # a task in law, of which no article was found that gives this leave
    CHOICE = "CHOICE"  # our reading or our choice; the article named is the one it leans on
