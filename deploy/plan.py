"""The difference between the catalogue and a real cluster, and its removal: topics, users, access rights and quotas.

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
    ConfigSource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from deploy import certificates, quotas
from deploy.broker import ADMIN, ITERATIONS, BrokerSettings, write_secret
from deploy.quotas import Quota
from services.runtime.kafka import KafkaSettings
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
    """`want` is None for a setting the catalogue leaves at the broker's own."""

    topic: str
    setting: str
    have: str
    want: str | None


class OtherPartitions(NamedTuple):
    topic: str
    have: int
    want: int


class OtherQuota(NamedTuple):
    """None: there is no such quota, or there should be none."""

    quota: Quota
    have: float | None
    want: float | None

    def __str__(self) -> str:
        have, want = (number(value) for value in (self.have, self.want))
        return f"quota {self.quota}: {have} -> {want}"


class Plan(NamedTuple):
    """What must change before the cluster is as the catalogue says. Those named extra wait for `prune`."""

    topics: tuple[MissingTopic, ...]
    settings: tuple[OtherSetting, ...]
    partitions: tuple[OtherPartitions, ...]
    users: tuple[str, ...]
    acls: tuple[AclBinding, ...]
    extra_topics: tuple[str, ...]
    extra_users: tuple[str, ...]
    extra_acls: tuple[AclBinding, ...]
    quotas: tuple[OtherQuota, ...] = ()
    extra_quotas: tuple[OtherQuota, ...] = ()
    certificates: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()

    def complete(self) -> bool:
        """Nothing is missing and nothing differs; something may be left over."""
        return not any((*self[:5], self.quotas, self.certificates, self.withdrawn))

    def lines(self, prune: bool = False) -> Iterator[str]:
        """The plan to read: + is made, ~ is changed, - is deleted, ! stands in the way."""
        minus = "-" if prune else "(left alone without --prune) -"
        for odd in self.partitions:
            yield f"! topic {odd.topic}: {odd.have} partitions, wanted {odd.want}"
        for topic in self.topics:
            about = ", ".join(f"{key}={value}" for key, value in sorted(topic.config.items()))
            yield f"+ topic {topic.name}: {topic.partitions} partitions, {about}"
        for change in self.settings:
            yield f"~ topic {change.topic}: {change.setting} {change.have} -> {change.want or 'not set'}"
        yield from (f"+ user {user}" for user in self.users)
        yield from (f"+ certificate of user {user}" for user in self.certificates)
        yield from (f"- certificate of user {user}, who has a password" for user in self.withdrawn)
        yield from (f"+ right {described(acl)}" for acl in self.acls)
        yield from (f"{'+' if quota.have is None else '~'} {quota}" for quota in self.quotas)
        yield from (f"{minus} topic {name}, with all that is in it" for name in self.extra_topics)
        yield from (f"{minus} user {user}" for user in self.extra_users)
        yield from (f"{minus} right {described(acl)}" for acl in self.extra_acls)
        yield from (f"{minus} {quota}" for quota in self.extra_quotas)


class Cluster(NamedTuple):
    """A connection of an administrator, and what this cluster should be like."""

    admin: AdminClient
    kafka: KafkaSettings
    home: Path
    slots: int
    organisations: tuple[str, ...]
    with_certificate: tuple[str, ...] = ()
    replication: int = 1

    @classmethod
    def connect(
        cls,
        settings: Settings,
        organisations: Iterable[str],
        user: str = ADMIN,
        *,
        with_certificate: Iterable[str] = (),
    ) -> "Cluster":
        """Connect, find out how many brokers there are, and make sure that `user` may do all that follows.

        Organisations `with_certificate` log in with one, and get no password.
        """
        kafka = settings.kafka(user)
        admin = AdminClient(kafka.confluent())
        about = admin.describe_cluster(include_authorized_operations=True, request_timeout=TIMEOUT).result()
        missing = NEEDED - {operation.name for operation in about.authorized_operations or ()}
        if missing:
            raise NotAllowed(f"user {user} lacks {', '.join(sorted(missing))} on the cluster")
        slugs, certified = catalogue.checked(organisations), catalogue.checked(with_certificate)
        slots, copies = settings.cluster().slots, min(3, len(about.nodes))
        return cls(admin, kafka, settings.home, slots, slugs, certified, copies)

    @property
    def with_password(self) -> tuple[str, ...]:
        return tuple(user for user in catalogue.users(self.organisations) if user not in self.with_certificate)


def plan(cluster: Cluster) -> Plan:
    """Compare. Users can be compared by name only: Kafka does not give passwords back."""
    wanted = catalogue.topics(cluster.organisations, cluster.slots)
    there = _topics(cluster.admin)
    acls = frozenset(_acl(right) for right in catalogue.rights(cluster.organisations))
    have_acls = frozenset(cluster.admin.describe_acls(ANY_RIGHT, request_timeout=TIMEOUT).result())
    users, have_users = cluster.with_password, _users(cluster.admin)
    other_quotas = tuple(_other_quotas(cluster))
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
        quotas=tuple(other for other in other_quotas if other.want is not None),
        extra_quotas=tuple(other for other in other_quotas if other.want is None),
        certificates=_lacking(cluster),
        withdrawn=tuple(user for user in users if certificates.user_certificate(cluster.home, user).exists()),
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
    certificates.issue_user_certificates(cluster.home, changes.certificates)
    for user in changes.withdrawn:
        certificates.withdraw_user_certificate(cluster.home, user)
    if changes.acls:
        _finish(cluster.admin.create_acls(list(changes.acls), request_timeout=TIMEOUT))
        _wait_in_force(cluster.admin, frozenset(changes.acls))
    quotas.write(cluster.kafka, {other.quota: other.want for other in changes.quotas})
    if prune:
        _prune(cluster, changes)


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


def _lacking(cluster: Cluster) -> tuple[str, ...]:
    """Who needs a certificate from here; none where the broker believes another authority."""
    if BrokerSettings().users_ca_file is not None:
        return ()
    return certificates.lacking(cluster.home, cluster.with_certificate)


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
        have, wanted = future.result(), _config(there[resource.name], cluster.replication)
        for setting, want in wanted.items():
            if have[setting].value != want:
                yield OtherSetting(resource.name, setting, have[setting].value, want)
        for setting, entry in have.items():
            if entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value and setting not in wanted:
                yield OtherSetting(resource.name, setting, entry.value, None)


def _other_quotas(cluster: Cluster) -> Iterator[OtherQuota]:
    have = quotas.read(cluster.kafka)
    want = {
        quotas.of_user(user, limit): float(value)
        for user, limits in catalogue.limits(cluster.organisations).items()
        for limit, value in limits.model_dump().items()
    }
    for quota in sorted(have.keys() | want.keys(), key=str):
        if have.get(quota) != want.get(quota):
            yield OtherQuota(quota, have.get(quota), want.get(quota))


def number(value: float | None) -> str:
    """A limit to read, e.g. 2097152 or 0.5."""
    return "none" if value is None else f"{value:g}" if value % 1 else str(int(value))


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
        how = AlterConfigOpType.DELETE if change.want is None else AlterConfigOpType.SET
        entry = ConfigEntry(change.setting, change.want or "", incremental_operation=how)
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


def _prune(cluster: Cluster, changes: Plan) -> None:
    """Rights first: they end at once, also for whoever is connected. A deleted user keeps its connections until it must
    log in again."""
    admin = cluster.admin
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
        _finish(admin.alter_user_scram_credentials(_deletions(admin, changes.extra_users), request_timeout=TIMEOUT))
    quotas.write(cluster.kafka, {other.quota: None for other in changes.extra_quotas})
    if changes.extra_topics:
        _finish(admin.delete_topics(list(changes.extra_topics), request_timeout=TIMEOUT))


def _deletions(admin: AdminClient, users: Iterable[str]) -> list[UserScramCredentialDeletion]:
    """A user may have a password for each mechanism."""
    found = admin.describe_user_scram_credentials(list(users), request_timeout=TIMEOUT)
    return [
        UserScramCredentialDeletion(user, info.mechanism)
        for user, future in found.items()
        for info in future.result().scram_credential_infos
    ]


def _finish(futures: Mapping[Any, Any]) -> None:
    """Wait for all; the first error is raised."""
    for future in futures.values():
        future.result(TIMEOUT + 5)
