"""Where each message of this process stands in its trace: from the request that ordered it, or the delivery it answers.

Kept in memory for the last messages only. A restart ends the traces of what waits; nothing else depends on them.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from schemas.base import Slug
from services.organisation.deliveries import Delivery, Unplaced
from services.runtime import telemetry
from services.runtime.telemetry import HEADER, Kind, Step, Trace

REMEMBERED = 10_000
"""Messages of which the place is known."""

log = structlog.get_logger(__name__)
_places: OrderedDict[tuple[Slug, str], Trace] = OrderedDict()


def remember(organisation: Slug, message: str, trace: Trace | None) -> None:
    """What this organisation does with the message from now on belongs to this trace."""
    if trace is not None:
        _places[organisation, message] = trace
        while len(_places) > REMEMBERED:
            _places.popitem(last=False)


def place(organisation: Slug, message: str) -> Trace | None:
    return _places.get((organisation, message))


def publishing(organisation: Slug, message: str, name: str) -> Step:
    """The step from the outbox table to Kafka; ended by the caller when Kafka has the record."""
    told: dict[str, str | int] = {"estafette.message": message, "estafette.name": name}
    return telemetry.step("publish", Kind.PRODUCER, place(organisation, message), told)


def header(step: Step) -> list[tuple[str, bytes]]:
    """For the record of a message: where its next step goes on."""
    return [] if step.trace is None else [(HEADER, str(step.trace).encode())]


@contextmanager
def storing(organisation: Slug, checked: Sequence[Delivery | Unplaced]) -> Iterator[None]:
    """The step from the inbox topic to the table, for each delivery of a batch; a line in the log when it is done."""
    steps = [(delivery, _step(organisation, delivery)) for delivery in _readable(checked)]
    yield
    for delivery, step in steps:
        step.end()
        with telemetry.within(step.trace):
            log.info("stored", slot=delivery.partition, sequence=delivery.sequence, **_named(delivery))


def _readable(checked: Iterable[Delivery | Unplaced]) -> list[Delivery]:
    return [each for each in checked if isinstance(each, Delivery) and each.event is not None]


def _step(organisation: Slug, delivery: Delivery) -> Step:
    named = _named(delivery)
    told: dict[str, str | int] = {"estafette.message": named["message"], "estafette.name": named["name"]}
    parent = telemetry.parse(dict(delivery.record.headers).get(HEADER))
    step = telemetry.step("store", Kind.CONSUMER, parent, {**told, "estafette.slot": delivery.partition})
    remember(organisation, named["message"], step.trace)
    return step


def _named(delivery: Delivery) -> dict[str, str]:
    event = delivery.event
    return {"message": event.id, "name": event.name, "case": event.subject} if event is not None else {}
