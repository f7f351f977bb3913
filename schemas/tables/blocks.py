"""What a proposal must hold, by who hands over to whom: nobody starts over, and nobody fills in more than is needed.

M: refused when absent. U: a value, or the coded reason why there is none, is welcome and never refused. -: not asked.
What was entered once is carried forward; the sections are judged apart, each on its own basis.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.manifest import Category
from schemas.parties import OrganisationKind as K


class Need(StrEnum):
    """How badly a block is needed."""

    M = "M"
    U = "U"
    NOT_ASKED = "-"


class Block(StrEnum):
    """A part of a proposal. Each is one line of `given` in services/gate/rules/required.py."""

    REASON = "REASON"
    CONDITIONS = "CONDITIONS"
    TOLD = "TOLD"
    SAFETY_ASSESSMENT = "SAFETY_ASSESSMENT"
    STORY = "STORY"
    STORY_APPROVAL = "STORY_APPROVAL"
    YOUTH_VOICE = "YOUTH_VOICE"
    CLIENT_RESPONSE = "CLIENT_RESPONSE"
    TRIED = "TRIED"
    LEAD_WISH = "LEAD_WISH"
    CRITERIA = "CRITERIA"
    END_DATE = "END_DATE"


class Route(StrEnum):
    """Which column of the matrix counts."""

    FROM_VEILIG_THUIS = "FROM_VEILIG_THUIS"
    TEAM_TO_INSTITUTION = "TEAM_TO_INSTITUTION"
    BACK_OR_MOVED = "BACK_OR_MOVED"


def route_of(sender: K, receiver: K) -> Route:
    """The column for a proposal. Reason, phase and sight are asked of every one; a measure is no proposal: the court's
    order opens it and waits for no block.
    """
    if sender is K.VEILIG_THUIS:
        return Route.FROM_VEILIG_THUIS
    if sender is K.LOCAL_TEAM and receiver is K.CERTIFIED_INSTITUTION:
        return Route.TEAM_TO_INSTITUTION
    return Route.BACK_OR_MOVED


@dataclass(frozen=True, slots=True)
class BlockRow:
    """One block: where its words travel (a section of `category`), its source, and its need by route. `light`: asked
    in a light case too (docs/decisions/light-cases.md).
    """

    block: Block
    category: Category | None
    from_veilig_thuis: Need
    team_to_institution: Need
    back_or_moved: Need
    source: str
    light: bool = False

    def need(self, route: Route, light: bool = False) -> Need:
        """The cell of this row. In a light case what is not asked of one is welcome, and never refused."""
        cells = (self.from_veilig_thuis, self.team_to_institution, self.back_or_moved)
        cell = cells[tuple(Route).index(route)]
        return Need.U if light and not self.light and cell is Need.M else cell


M, U, N = Need.M, Need.U, Need.NOT_ASKED
C = Category

BLOCKS: tuple[BlockRow, ...] = (
    # block, section                              VT  LT-GI  BACK
    BlockRow(Block.REASON, C.ACCOUNT, M, M, M, "D#48: the reason for referral never fades", light=True),
    BlockRow(Block.CONDITIONS, C.SAFETY, M, M, M, "TSD 2017 §2.1; D#49", light=True),
    BlockRow(Block.TOLD, None, M, M, M, "Wmo 2015 art. 5.3.1; Jeugdwet 7.3.2", light=True),
    BlockRow(Block.SAFETY_ASSESSMENT, C.SAFETY, M, U, M, "D#51; JB Noord 2016 §4.1"),
    BlockRow(Block.STORY, C.STORY, U, M, M, "D#27: the family does not tell it again"),
    BlockRow(Block.STORY_APPROVAL, None, U, M, M, "D#27; an honest NOT_ASKED is a value"),
    BlockRow(Block.YOUTH_VOICE, C.YOUTH_VOICE, M, M, M, "IGJ 2023; D§3e.7; D#113", light=True),
    BlockRow(Block.CLIENT_RESPONSE, C.CLIENT_RESPONSE, U, M, M, "IGJ 2023; D§3e.7"),
    BlockRow(Block.TRIED, C.HELP_HISTORY, U, M, M, "D#28, D#24"),
    BlockRow(Block.LEAD_WISH, None, N, M, U, "D#2: the client has a say in who leads"),
    BlockRow(Block.CRITERIA, None, N, M, U, "D#8: criteria a-c"),
    BlockRow(Block.END_DATE, None, N, M, U, "D#6, D#9: for a time"),
)
"""The matrix. The family's own account may say no: NOT_ASKED with its reason is an approval value, absence is not."""
