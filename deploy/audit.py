"""What is other on a real cluster than it should be, in words: what it is, whose it is, and how to mend it.

Sees rights, users, quotas, topics and the broker's own settings for listeners. Cannot see passwords (Kafka gives none
back), the list of super users (Kafka does not show it), nor certificates that others hold.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from confluent_kafka.admin import (
    AclBinding,
    AclPermissionType,
    ConfigResource,
    ResourcePatternType,
    ScramMechanism,
)

from deploy.broker import ADMIN, ITERATIONS
from deploy.plan import TIMEOUT, Cluster, OtherQuota, OtherSetting, Plan, number, plan

APPLY: Final = "estafette topics apply"
PRUNE: Final = "estafette topics apply --prune"
SAFE_PROTOCOLS: Final = frozenset({"SASL_SSL", "SSL"})
EVERYTHING: Final = "*"


class Difference(NamedTuple):
    """`kind`: right, user, quota, topic or broker. `whose`: the user or topic it is about."""

    kind: str
    whose: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.kind} of {self.whose}: {self.what}. To mend: {self.mend}"


class User(NamedTuple):
    """One password as the broker stores it; of the password itself it tells nothing."""

    name: str
    mechanism: str
    iterations: int


def audit(cluster: Cluster) -> tuple[Difference, ...]:
    """Every difference between this cluster and the catalogue. Changes nothing."""
    return differences(plan(cluster), users(cluster), broker_settings(cluster), cluster.with_certificate)


def differences(
    changes: Plan,
    passwords: Iterable[User],
    brokers: Mapping[str, Mapping[str, str | None]],
    with_certificate: Iterable[str] = (),
) -> tuple[Difference, ...]:
    """The words for what was found; see `audit`."""
    return (
        *_rights(changes),
        *_users(changes, frozenset(with_certificate)),
        *_weak(passwords, frozenset(changes.extra_users)),
        *(_quota(other) for other in (*changes.quotas, *changes.extra_quotas)),
        *_topics(changes),
        *(found for broker, settings in sorted(brokers.items()) for found in _broker(broker, settings)),
    )


def users(cluster: Cluster) -> tuple[User, ...]:
    """Every password of the cluster."""
    found = cluster.admin.describe_user_scram_credentials(request_timeout=TIMEOUT).result()
    return tuple(
        User(name, info.mechanism.name, info.iterations)
        for name, about in sorted(found.items())
        for info in about.scram_credential_infos
    )


def broker_settings(cluster: Cluster) -> dict[str, dict[str, str | None]]:
    """The settings of each broker, by its number."""
    nodes = cluster.admin.describe_cluster(request_timeout=TIMEOUT).result().nodes
    resources = [ConfigResource(ConfigResource.Type.BROKER, str(node.id)) for node in nodes]
    return {
        resource.name: {name: entry.value for name, entry in future.result().items()}
        for resource, future in cluster.admin.describe_configs(resources, request_timeout=TIMEOUT).items()
    }


def _rights(changes: Plan) -> Iterator[Difference]:
    for acl in changes.acls:
        yield Difference("right", _who(acl), f"may not {_act(acl)}, and should", APPLY)
    for acl in changes.extra_acls:
        if acl.permission_type == AclPermissionType.DENY:
            yield Difference("right", _who(acl), f"is denied to {_act(acl)}; nothing should be denied", PRUNE)
        else:
            yield Difference("right", _who(acl), f"may {_act(acl)}, and should not", PRUNE)


def _who(acl: AclBinding) -> str:
    user = str(acl.principal).removeprefix("User:")
    return "everybody" if user == EVERYTHING else user


def _act(acl: AclBinding) -> str:
    """E.g. `READ topic raad-noord.inbox`, `WRITE every topic`, `READ every group that begins with gate.`"""
    kind = acl.restype.name.lower().replace("_", " ")
    if acl.resource_pattern_type == ResourcePatternType.PREFIXED:
        what = f"every {kind} that begins with {acl.name}"
    elif acl.name == EVERYTHING:
        what = f"every {kind}"
    else:
        what = f"{kind} {acl.name}"
    place = "" if acl.host == EVERYTHING else f" from {acl.host}"
    return f"{acl.operation.name} {what}{place}"


def _users(changes: Plan, with_certificate: frozenset[str]) -> Iterator[Difference]:
    for user in changes.users:
        yield Difference("user", user, "has no password on the cluster, so it cannot log in", APPLY)
    for user in changes.certificates:
        yield Difference("user", user, "has no certificate here, or one that ends soon", APPLY)
    for user in changes.withdrawn:
        yield Difference("user", user, "has a certificate here and should log in with a password", APPLY)
    for user in changes.extra_users:
        if user in with_certificate:
            yield Difference("user", user, "can log in with a password too; it should with a certificate only", PRUNE)
        else:
            yield Difference("user", user, "is not known to the catalogue and can log in", PRUNE)


def _weak(passwords: Iterable[User], extra: frozenset[str]) -> Iterator[Difference]:
    """How the broker keeps the passwords of those who should have one."""
    for user in passwords:
        if user.name in extra or (
            user.mechanism == ScramMechanism.SCRAM_SHA_512.name and user.iterations >= ITERATIONS
        ):
            continue
        mend = f"give it a new password: kafka-configs --alter --entity-type users --entity-name {user.name}"
        if user.name != ADMIN:
            mend = f"delete this password of it (kafka-configs --alter --delete-config), then {APPLY}"
        what = f"its password is kept as {user.mechanism} with {user.iterations} iterations, weaker than should be"
        yield Difference("user", user.name, what, mend)


def _quota(other: OtherQuota) -> Difference:
    quota, have, want = other.quota, other.have, other.want
    whose = quota.user or ", ".join(f"{kind} {name or '(any other)'}" for kind, name in quota.whose)
    if want is None:
        return Difference("quota", whose, f"has {quota.limit} {number(have)}, and should have none", PRUNE)
    if have is None:
        return Difference("quota", whose, f"has no {quota.limit}, and should have {number(want)}: it can flood", APPLY)
    return Difference("quota", whose, f"has {quota.limit} {number(have)}, and should have {number(want)}", APPLY)


def _topics(changes: Plan) -> Iterator[Difference]:
    for topic in changes.topics:
        yield Difference("topic", topic.name, "is not there", APPLY)
    for other in changes.settings:
        yield Difference("topic", other.topic, _setting(other), APPLY)
    for odd in changes.partitions:
        what = f"has {odd.have} partitions, and should have {odd.want}"
        yield Difference("topic", odd.topic, what, "by hand: the number of slots is fixed when a cluster is born")
    for name in changes.extra_topics:
        yield Difference("topic", name, "is not known to the catalogue", f"{PRUNE} (deletes what is in it)")


def _setting(other: OtherSetting) -> str:
    if other.want is None:
        return f"sets {other.setting} to {other.have}, which the catalogue leaves alone"
    note = ""
    if other.setting == "retention.ms" and _longer(other.have, other.want):
        note = ": content is kept too long"
    return f"has {other.setting} {other.have}, and should have {other.want}{note}"


def _longer(have: str, want: str) -> bool:
    """-1 is for ever."""
    return want != "-1" and (have == "-1" or int(have) > int(want))


def _broker(broker: str, settings: Mapping[str, str | None]) -> Iterator[Difference]:
    """What a broker must be started with for rights to mean anything."""
    where, mend = f"broker {broker}", "in its server.properties, then start it again"
    if not settings.get("authorizer.class.name"):
        yield Difference("broker", where, "checks no rights: authorizer.class.name is empty", mend)
    if settings.get("auto.create.topics.enable") != "false":
        yield Difference("broker", where, "makes topics that nobody asked for: auto.create.topics.enable is on", mend)
    for pair in (settings.get("listener.security.protocol.map") or "").split(","):
        listener, _, protocol = pair.partition(":")
        if protocol not in SAFE_PROTOCOLS and _listens(listener, settings):
            yield Difference("broker", where, f"listener {listener} speaks {protocol or 'PLAINTEXT'}, not TLS", mend)


def _listens(listener: str, settings: Mapping[str, str | None]) -> bool:
    return any(each.startswith(f"{listener}://") for each in (settings.get("listeners") or "").split(","))
