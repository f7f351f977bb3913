"""Where a case or a thread lives: its slot, which is a partition of every topic, and its group in a slot's state."""

from itertools import count
from uuid import NAMESPACE_URL, uuid5

from aiokafka.partitioner import murmur2  # the partitioner of the Java client, kafkajs and aiokafka

from schemas.base import Subject

_THREAD = "thread-"


def slot_of(subject: Subject, slots: int) -> int:
    """The slot, and so the partition, that a subject belongs to: as the Java client counts it."""
    return int((murmur2(subject.encode()) & 0x7FFFFFFF) % slots)


def of_slot(slot: int, slots: int, epoch: str) -> Subject:
    """What a slot's own records are about: a thread that nobody else has, and that belongs to this slot."""
    made = (f"thread:{uuid5(NAMESPACE_URL, f'estafette:{epoch}:{slot}:{number}')}" for number in count())
    return next(subject for subject in made if slot_of(subject, slots) == slot)


def group_of(subject: Subject) -> str:
    """The state group of a case (its UUID) or of a thread."""
    kind, _, uuid = subject.partition(":")
    return uuid if kind == "case" else f"{kind}-{uuid}"


def subject_of(group: str) -> Subject:
    """The case or thread of a state group."""
    return f"thread:{group.removeprefix(_THREAD)}" if group.startswith(_THREAD) else f"case:{group}"
