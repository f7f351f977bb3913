"""The difference between the catalogue and a real cluster, and its removal: topics, users and access rights.

`plan` reads and changes nothing; `apply` makes the plan so. Nothing is deleted unless `prune` says so. Needs an
administrator: every call first checks that its rights suffice, as Kafka answers "you may not see" with an empty list.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from deploy.broker import ADMIN, ITERATIONS, write_secret
from services.runtime.settings import Settings
from topics import rights as catalogue
from topics.catalogue import Cleanup, Topic

TIMEOUT = 30.0
NEEDED = frozenset({"CREATE", "ALTER", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS"})
ANY_RIGHT = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)


class NotAllowed(Exception):
    """This user may not see or change topics, users and rights."""


class SlotsChanged(Exception):
    """A topic has another number of partitions than the catalogue wants. Slots are fixed at a cluster's birth."""


class MissingTopic(NamedTuple):
    name: str
    partitions: int
    config: Mapping[str, str]


class OtherSetting(NamedTuple):
    topic: str
    setting: str
    have: str
    want: str


class OtherPartitions(NamedTuple):
    topic: str
    have: int
    want: int


class Plan(NamedTuple):
    """What must change before the cluster is as the catalogue says. The last three wait for `prune`."""

    topics: tuple[MissingTopic, ...]
    settings: tuple[OtherSetting, ...]
    partitions: tuple[OtherPartitions, ...]
    users: tuple[str, ...]
    acls: tuple[AclBinding, ...]
    extra_topics: tuple[str, ...]
    extra_users: tuple[str, ...]
    extra_acls: tuple[AclBinding, ...]

    def complete(self) -> bool:
        """Nothing is missing and nothing differs; something may be left over."""
        return not any(self[:5])

    def lines(self, prune: bool = False) -> Iterator[str]:
        """The plan to read: + is made, ~ is changed, - is deleted, ! stands in the way."""
        minus = "-" if prune else "(left alone without --prune) -"
        for odd in self.partitions:
            yield f"! topic {odd.topic}: {odd.have} partitions, wanted {odd.want}"
        for topic in self.topics:
            about = ", ".join(f"{key}={value}" for key, value in sorted(topic.config.items()))
            yield f"+ topic {topic.name}: {topic.partitions} partitions, {about}"
        for change in self.settings:
            yield f"~ topic {change.topic}: {change.setting} {change.have} -> {change.want}"
        yield from (f"+ user {user}" for user in self.users)
        yield from (f"+ right {described(acl)}" for acl in self.acls)
        yield from (f"{minus} topic {name}, with all that is in it" for name in self.extra_topics)
        yield from (f"{minus} user {user}" for user in self.extra_users)
        yield from (f"{minus} right {described(acl)}" for acl in self.extra_acls)


class Cluster(NamedTuple):
    """A connection of an administrator, and what this cluster should be like."""

    admin: AdminClient
    home: Path
    slots: int
    organisations: tuple[str, ...]
    replication: int = 1

    @classmethod
    def connect(cls, settings: Settings, organisations: Iterable[str], user: str = ADMIN) -> "Cluster":
        """Connect, find out how many brokers there are, and make sure that `user` may do all that follows."""
        admin = AdminClient(settings.kafka(user).confluent())
        about = admin.describe_cluster(include_authorized_operations=True, request_timeout=TIMEOUT).result()
        missing = NEEDED - {operation.name for operation in about.authorized_operations or ()}
        if missing:
            raise NotAllowed(f"user {user} lacks {', '.join(sorted(missing))} on the cluster")
        slugs = catalogue.checked(organisations)
        return cls(admin, settings.home, settings.cluster().slots, slugs, min(3, len(about.nodes)))


def plan(cluster: Cluster) -> Plan:
    """Compare. Users can be compared by name only: Kafka does not give passwords back."""
    wanted = catalogue.topics(cluster.organisations, cluster.slots)
    there = _topics(cluster.admin)
    acls = frozenset(_acl(right) for right in catalogue.rights(cluster.organisations))
    have_acls = frozenset(cluster.admin.describe_acls(ANY_RIGHT, request_timeout=TIMEOUT).result())
    users, have_users = catalogue.users(cluster.organisations), _users(cluster.admin)
    return Plan(
        topics=tuple(
            MissingTopic(name, partitions, _config(row, cluster.replication))
            for name, (row, partitions) in sorted(wanted.items())
            if name not in there
        ),
        settings=tuple(_other_settings(cluster, {name: row for name, (row, _) in wanted.items() if name in there})),
        partitions=tuple(
            OtherPartitions(name, there[name], partitions)
            for name, (_, partitions) in sorted(wanted.items())
            if there.get(name, partitions) != partitions
        ),
        users=tuple(user for user in users if user not in have_users),
        acls=_sorted(acls - have_acls),
        extra_topics=tuple(sorted(there.keys() - wanted.keys())),
        extra_users=tuple(sorted(have_users - set(users) - {ADMIN})),
        extra_acls=_sorted(have_acls - acls),
    )


def apply(cluster: Cluster, changes: Plan, prune: bool = False) -> None:
    """Make it so; doing it twice does no harm. Passwords of new users are made here and kept in `home`/secrets.

    Raises SlotsChanged before anything is touched.
    """
    if changes.partitions:
        odd = changes.partitions[0]
        raise SlotsChanged(
            f"topic {odd.topic} has {odd.have} partitions and should have {odd.want}: the number of slots is fixed "
            "when a cluster is born, as positions, chains and cases belong to a slot. "
            "Put the number back, or start a new cluster."
        )
    _make_topics(cluster, changes)
    _make_users(cluster, changes.users)
    if changes.acls:
        _finish(cluster.admin.create_acls(list(changes.acls), request_timeout=TIMEOUT))
        _wait_in_force(cluster.admin, frozenset(changes.acls))
    if prune:
        _prune(cluster.admin, changes)


def _wait_in_force(admin: AdminClient, acls: frozenset[AclBinding]) -> None:
    """A broker learns of a right a moment after it was granted; whoever uses it sooner is turned away."""
    end = time.monotonic() + TIMEOUT
    while missing := acls - frozenset(admin.describe_acls(ANY_RIGHT, request_timeout=TIMEOUT).result()):
        if time.monotonic() > end:
            raise NotAllowed(f"{len(missing)} rights were granted but are not in force after {TIMEOUT} s")
        time.sleep(0.05)


def described(acl: AclBinding) -> str:
    """A right in words, e.g. `raad-noord READ topic raad-noord.inbox`."""
    who, what = acl.principal.removeprefix("User:"), acl.restype.name.lower().replace("_", " ")
    denied = "" if acl.permission_type == AclPermissionType.ALLOW else "DENIED "
    every = "*" if acl.resource_pattern_type == ResourcePatternType.PREFIXED else ""
    return f"{who} {denied}{acl.operation.name} {what} {acl.name}{every}"


def _topics(admin: AdminClient) -> dict[str, int]:
    topics = admin.list_topics(timeout=TIMEOUT).topics
    return {name: len(about.partitions) for name, about in topics.items() if not name.startswith("__")}


def _users(admin: AdminClient) -> frozenset[str]:
    return frozenset(admin.describe_user_scram_credentials(request_timeout=TIMEOUT).result())


def _config(row: Topic, replication: int) -> dict[str, str]:
    retention = "-1" if row.retention is None else str(int(row.retention.total_seconds() * 1000))
    config = {
        "cleanup.policy": row.cleanup.value,
        "max.message.bytes": str(row.largest),
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    return config if row.cleanup is Cleanup.COMPACT else {**config, "retention.ms": retention}


def _other_settings(cluster: Cluster, there: Mapping[str, Topic]) -> Iterator[OtherSetting]:
    if not there:
        return
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in sorted(there)]
    for resource, future in cluster.admin.describe_configs(resources, request_timeout=TIMEOUT).items():
        have = future.result()
        for setting, want in _config(there[resource.name], cluster.replication).items():
            if have[setting].value != want:
                yield OtherSetting(resource.name, setting, have[setting].value, want)


def _acl(right: catalogue.Right) -> AclBinding:
    return AclBinding(
        ResourceType[right.kind.value],
        right.name,
        ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL,
        f"User:{right.user}",
        "*",
        AclOperation[right.operation],
        AclPermissionType.ALLOW,
    )


def _sorted(acls: Iterable[AclBinding]) -> tuple[AclBinding, ...]:
    return tuple(sorted(acls, key=described))


def _make_topics(cluster: Cluster, changes: Plan) -> None:
    if changes.topics:
        new = [NewTopic(t.name, t.partitions, cluster.replication, config=dict(t.config)) for t in changes.topics]
        _finish(cluster.admin.create_topics(new, request_timeout=TIMEOUT))
    by_topic: dict[str, list[ConfigEntry]] = {}
    for change in changes.settings:
        entry = ConfigEntry(change.setting, change.want, incremental_operation=AlterConfigOpType.SET)
        by_topic.setdefault(change.topic, []).append(entry)
    if by_topic:
        resources = [
            ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=entries)
            for name, entries in by_topic.items()
        ]
        _finish(cluster.admin.incremental_alter_configs(resources, request_timeout=TIMEOUT))


def _make_users(cluster: Cluster, users: Iterable[str]) -> None:
    """A password that was put into secrets/ beforehand is used as it is."""
    wanted = []
    for user in users:
        file = cluster.home / "secrets" / user
        if not file.exists():
            write_secret(file, secrets.token_urlsafe(24) + "\n")
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        wanted.append(UserScramCredentialUpsertion(user, credential, file.read_text().strip().encode()))
    if wanted:
        _finish(cluster.admin.alter_user_scram_credentials(wanted, request_timeout=TIMEOUT))


def _prune(admin: AdminClient, changes: Plan) -> None:
    if changes.extra_acls:
        exactly = [
            AclBindingFilter(
                acl.restype,
                acl.name,
                acl.resource_pattern_type,
                acl.principal,
                acl.host,
                acl.operation,
                acl.permission_type,
            )
            for acl in changes.extra_acls
        ]
        _finish(admin.delete_acls(exactly, request_timeout=TIMEOUT))
    if changes.extra_users:
        gone = [UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512) for user in changes.extra_users]
        _finish(admin.alter_user_scram_credentials(gone, request_timeout=TIMEOUT))
    if changes.extra_topics:
        _finish(admin.delete_topics(list(changes.extra_topics), request_timeout=TIMEOUT))


def _finish(futures: Mapping[Any, Any]) -> None:
    """Wait for all; the first error is raised."""
    for future in futures.values():
        future.result(TIMEOUT + 5)
