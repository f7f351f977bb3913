"""DIRECTORY_CONFLICT: why a directory record was ignored, in words for whoever must act on it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple

from schemas.directory import DIRECTORY_CONFLICT


class ConflictReason(StrEnum):
    """Why a directory record was ignored."""

    UNREADABLE = "UNREADABLE"
    REMOVED = "REMOVED"  # an organisation leaves by its successor, not by an empty record
    OTHER_SLUG = "OTHER_SLUG"  # the record stands under another organisation's key
    NOT_PINNED = "NOT_PINNED"  # this party pinned no identity for that slug
    IDENTITY = "IDENTITY"  # not signed with the pinned identity key
    MEMBERSHIP = "MEMBERSHIP"  # not signed by the pinned operator
    STANDING = "STANDING"  # entry and membership say different things
    OLDER = "OLDER"  # a lower version than the one held
    TWO_FACES = "TWO_FACES"  # the same version with another text
    KEY_LOST = "KEY_LOST"  # a past key is gone, altered, or no longer revoked
    SUCCESSOR = "SUCCESSOR"  # a successor is named once: another, another moment, or none any more
    AGREEMENTS = "AGREEMENTS"  # what a chain agreed before is altered or gone


class Conflict(NamedTuple):
    """The record was ignored. `slug` is empty when its key is no slug."""

    slug: str
    offset: int
    reason: ConflictReason


MEANING: Final = {
    ConflictReason.UNREADABLE: "what stands in the topic is no directory record",
    ConflictReason.REMOVED: "the entry was emptied; an organisation leaves by naming its successor",
    ConflictReason.OTHER_SLUG: "the entry of another organisation stands in its place",
    ConflictReason.NOT_PINNED: "nobody here has pinned its identity: compare fingerprints by telephone, then pin it",
    ConflictReason.IDENTITY: "the entry is not signed with the identity key that is pinned here",
    ConflictReason.MEMBERSHIP: "its membership is not signed by the operator that is pinned here",
    ConflictReason.STANDING: "the organisation and the operator say different things about its standing",
    ConflictReason.OLDER: "an older version of the entry was published again",
    ConflictReason.TWO_FACES: "one version of the entry has two texts: someone may be told something else",
    ConflictReason.KEY_LOST: "a past key is gone or altered, or a revocation was taken back",
    ConflictReason.SUCCESSOR: "a successor was named before; that is not changed or taken back",
    ConflictReason.AGREEMENTS: "agreements of before are altered or gone: what changes is agreed anew, from a day on",
}
"""What a conflict means, for whoever must act on it. What was held before stays in force until it is mended."""


def warnings(conflicts: Iterable[Conflict]) -> list[dict[str, Any]]:
    """Conflicts as a health page shows them: ids and plain words."""
    return [
        {
            "code": DIRECTORY_CONFLICT,
            "organisation": conflict.slug or None,
            "reason": conflict.reason.value,
            "offset": conflict.offset,
            "means": MEANING[conflict.reason],
        }
        for conflict in conflicts
    ]
