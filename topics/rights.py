"""The catalogue unfolded for a list of organisations: concrete topics, users and the least rights each user needs."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from topics.catalogue import EVERYBODY, ORGANISATION, ORGANISATION_LIMITS, SERVICES, TOPICS, Limits, Topic

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,60}[a-z0-9]")
RESERVED = frozenset({service.user for service in SERVICES} | {"admin", "notifier", "console"})


class BadSlug(ValueError):
    """An organisation's slug that cannot be a Kafka user beside the others."""


class Kind(StrEnum):
    TOPIC = "TOPIC"
    GROUP = "GROUP"
    TRANSACTIONAL_ID = "TRANSACTIONAL_ID"


class Right(NamedTuple):
    """READ or WRITE on one resource. Both bring DESCRIBE along; nobody needs a right on the cluster itself."""

    user: str
    operation: str
    kind: Kind
    name: str
    prefixed: bool = False


def checked(organisations: Iterable[str]) -> tuple[str, ...]:
    """The slugs, sorted. A slug is lower case, and is not the name of a service."""
    slugs = tuple(sorted(set(organisations)))
    for slug in slugs:
        if not _SLUG.fullmatch(slug) or slug in RESERVED:
            raise BadSlug(f"{slug!r} cannot be the slug of an organisation")
    return slugs


def topics(organisations: Iterable[str], slots: int) -> dict[str, tuple[Topic, int]]:
    """Every topic by its full name, with its row and its number of partitions."""
    return {
        name: (row, slots if row.partitions == "slots" else row.partitions)
        for row in TOPICS
        for name, _ in _named(row, checked(organisations))
    }


def users(organisations: Iterable[str]) -> tuple[str, ...]:
    return (*(service.user for service in SERVICES), *checked(organisations))


def limits(organisations: Iterable[str]) -> dict[str, Limits]:
    """The quotas of each user that has any."""
    return dict.fromkeys(checked(organisations), ORGANISATION_LIMITS)


def rights(organisations: Iterable[str]) -> frozenset[Right]:
    """The least rights, one by one: Kafka has no pattern for "every outbox", so each organisation has its own rows."""
    slugs = checked(organisations)
    return frozenset(_on_topics(slugs)) | frozenset(_of_services()) | frozenset(_own_groups(slugs))


def _named(row: Topic, slugs: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    if ORGANISATION in row.name:
        yield from ((row.name.replace(ORGANISATION, slug), slug) for slug in slugs)
    else:
        yield row.name, None


def _on_topics(slugs: tuple[str, ...]) -> Iterator[Right]:
    for row in TOPICS:
        for name, owner in _named(row, slugs):
            for operation, parties in (("WRITE", row.writers), ("READ", row.readers)):
                for user in _meant(parties, owner, slugs):
                    yield Right(user, operation, Kind.TOPIC, name)


def _meant(parties: tuple[str, ...], owner: str | None, slugs: tuple[str, ...]) -> Iterator[str]:
    for party in parties:
        if party == EVERYBODY:
            yield from users(slugs)
        elif party == ORGANISATION and owner is not None:
            yield owner
        else:
            yield party


def _of_services() -> Iterator[Right]:
    for service in SERVICES:
        if service.groups is not None:
            yield Right(service.user, "READ", Kind.GROUP, service.groups, prefixed=True)
        if service.transactional_ids is not None:
            yield Right(service.user, "WRITE", Kind.TRANSACTIONAL_ID, service.transactional_ids, prefixed=True)


def _own_groups(slugs: tuple[str, ...]) -> Iterator[Right]:
    """The final dot matters: without it the groups of `raad` would take in those of `raad-noord`."""
    return (Right(slug, "READ", Kind.GROUP, f"{slug}.", prefixed=True) for slug in slugs)
