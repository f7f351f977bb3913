"""Plan, apply and audit on a real broker. What users can then do and not do: tests/attacks/test_broker_rights.py."""

import json
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
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

from deploy import quotas
from deploy.audit import audit
from deploy.kafka import LocalKafka
from deploy.plan import Cluster, NotAllowed, OtherSetting, SlotsChanged, apply, plan
from services.cli.topics import topics
from services.runtime.settings import Settings
from topics import rights as catalogue

pytestmark = pytest.mark.kafka

ORGANISATIONS = ("linde", "raad-noord")


@pytest.fixture(scope="module")
def applied() -> Iterator[Settings]:
    """A broker of its own: pruning would take the topics of other tests."""
    with tempfile.TemporaryDirectory(prefix="estafette-") as folder:
        local = LocalKafka(Path(folder) / "home", slots=2)
        local.start()
        try:
            cluster = Cluster.connect(local.settings, ORGANISATIONS)
            apply(cluster, plan(cluster))
            yield local.settings
        finally:
            local.stop()


@pytest.fixture
def cluster(applied: Settings) -> Cluster:
    return Cluster.connect(applied, ORGANISATIONS)


def written(settings: Settings, user: str, topic: str) -> KafkaError | None:
    """What Kafka answers to one record of `user`; None when it took it."""
    answers: list[KafkaError | None] = []
    producer = Producer({**settings.kafka(user).confluent(), "message.timeout.ms": 15000})
    producer.produce(topic, b"value", on_delivery=lambda error, _: answers.append(error))
    producer.flush(20)
    return answers[0]


def test_applying_leaves_nothing_to_do(cluster: Cluster) -> None:
    """Reading back gives what was asked for, so a second plan is empty."""
    changes = plan(cluster)
    assert changes.complete()
    assert list(changes.lines()) == []


def test_a_user_without_rights_is_told_so_and_not_that_all_is_missing(applied: Settings) -> None:
    """Kafka answers an empty list to who may not look; planning on that would make everything anew."""
    with pytest.raises(NotAllowed, match="gate lacks"):
        Cluster.connect(applied, ORGANISATIONS, user="gate")


def test_another_number_of_slots_is_refused_before_anything_changes(cluster: Cluster) -> None:
    """Also when the same plan has a new organisation in it: nothing of it is made."""
    changed = cluster._replace(slots=3, organisations=(*cluster.organisations, "berk"))
    changes = plan(changed)
    assert "! topic ledger: 2 partitions, wanted 3" in changes.lines()
    with pytest.raises(SlotsChanged, match="fixed when a cluster is born"):
        apply(changed, changes)
    assert "berk.outbox" not in cluster.admin.list_topics(timeout=20).topics


def test_a_setting_that_was_changed_by_hand_is_put_back(cluster: Cluster) -> None:
    """The catalogue is the truth about how long content lives."""
    changes = plan(cluster)
    assert changes.complete()
    wrong = changes._replace(settings=(OtherSetting("linde.inbox", "retention.ms", "604800000", "1000"),))
    apply(cluster, wrong)
    assert list(plan(cluster).lines()) == ["~ topic linde.inbox: retention.ms 1000 -> 604800000"]
    apply(cluster, plan(cluster))
    assert plan(cluster).complete()


def test_what_is_left_over_is_deleted_only_when_asked(cluster: Cluster) -> None:
    """An organisation that left the list keeps topics, user and rights until --prune."""
    with_berk = cluster._replace(organisations=(*cluster.organisations, "berk"))
    apply(with_berk, plan(with_berk))
    assert {limit for quota, limit in quotas.read(cluster.kafka).items() if quota.user == "berk"} == {
        2 * 1024 * 1024, 8 * 1024 * 1024, 100
    }  # fmt: skip
    stray = cluster.admin.create_topics([NewTopic("stray", 1, 1)])["stray"]
    stray.result(20)
    end = time.monotonic() + 30
    while "stray" not in cluster.admin.list_topics(timeout=20).topics and time.monotonic() < end:
        time.sleep(0.1)  # the broker shows a new topic a moment after it was made

    left = plan(cluster)
    assert left.complete()
    assert left.extra_topics == ("berk.inbox", "berk.outbox", "stray")
    assert left.extra_users == ("berk",)
    assert {other.quota.user for other in left.extra_quotas} == {"berk"}
    assert all("left alone" in line for line in left.lines())
    apply(cluster, left)
    assert plan(cluster) == left

    apply(cluster, left, prune=True)
    assert list(plan(cluster).lines()) == []


def test_a_password_put_there_beforehand_is_the_one_that_works(cluster: Cluster, applied: Settings) -> None:
    """An organisation may bring its own."""
    (applied.home / "secrets" / "wilg").write_text("a-password-of-their-own\n")
    with_wilg = cluster._replace(organisations=(*cluster.organisations, "wilg"))
    apply(with_wilg, plan(with_wilg))
    assert applied.secret("wilg").get_secret_value() == "a-password-of-their-own"
    assert written(applied, "wilg", "wilg.outbox") is None
    apply(cluster, plan(cluster), prune=True)


def test_an_organisation_that_changes_to_a_certificate_and_back(cluster: Cluster, applied: Settings) -> None:
    """Its certificate is made here; its password goes with --prune, and a new one comes when it changes back."""
    certified = cluster._replace(with_certificate=("linde",))
    changes = plan(certified)
    assert "+ certificate of user linde" in changes.lines()
    assert changes.extra_users == ("linde",)
    apply(certified, changes, prune=True)
    assert list(plan(certified).lines()) == []
    assert applied.kafka("linde").security_protocol == "SSL"
    assert stat.S_IMODE((applied.home / "certificates" / "linde.key").stat().st_mode) == 0o600
    assert written(applied, "linde", "linde.outbox") is None

    back = plan(cluster)
    assert "- certificate of user linde, who has a password" in back.lines()
    apply(cluster, back)
    assert applied.kafka("linde").security_protocol == "SASL_SSL"
    assert written(applied, "linde", "linde.outbox") is None


@pytest.fixture
def planted(cluster: Cluster) -> Iterator[None]:
    """A broker on which much was changed by hand, put right again after the test."""
    admin, rights = cluster.admin, catalogue.rights(("linde",))
    read = next(right for right in rights if (right.user, right.name) == ("linde", "linde.inbox"))
    short = UserScramCredentialUpsertion("linde", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), b"known")
    unknown = UserScramCredentialUpsertion("mallory", ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192), b"hers")
    kept = ConfigEntry("retention.ms", "-1", incremental_operation=AlterConfigOpType.SET)
    other = ConfigEntry("segment.ms", "900000", incremental_operation=AlterConfigOpType.SET)
    inbox = ConfigResource(ConfigResource.Type.TOPIC, "raad-noord.inbox", incremental_configs=[kept, other])
    done = [
        admin.create_acls([
            acl("User:linde", "READ", "raad-noord.inbox"),
            acl("User:*", "READ", "*"),
            acl("User:raad-noord", "WRITE", "linde.", pattern=ResourcePatternType.PREFIXED, host="10.0.0.1"),
            acl("User:gate", "WRITE", "ledger", AclPermissionType.DENY),
        ]),
        admin.delete_acls([AclBindingFilter(*as_fields(acl("User:linde", read.operation, read.name)))]),
        admin.alter_user_scram_credentials([unknown, short]),
        admin.incremental_alter_configs([inbox]),
    ]  # fmt: skip
    for future in (future for futures in done for future in futures.values()):
        future.result(20)
    limit = quotas.of_user
    quotas.write(cluster.kafka, {
        limit("linde", "producer_byte_rate"): None,
        limit("raad-noord", "consumer_byte_rate"): 1e12,
        limit("gate", "request_percentage"): 1.0,
        quotas.Quota((("client-id", None),), "producer_byte_rate"): 1000.0,
    })  # fmt: skip
    yield
    for future in admin.alter_user_scram_credentials(
        [UserScramCredentialDeletion("linde", ScramMechanism.SCRAM_SHA_256)]
    ).values():
        future.result(20)
    apply(cluster, plan(cluster), prune=True)
    assert audit(cluster) == ()


def acl(
    user: str,
    operation: str,
    topic: str,
    permission: AclPermissionType = AclPermissionType.ALLOW,
    *,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
    host: str = "*",
) -> AclBinding:
    return AclBinding(ResourceType.TOPIC, topic, pattern, user, host, AclOperation[operation], permission)


def as_fields(acl: AclBinding) -> tuple[Any, ...]:
    return (
        acl.restype, acl.name, acl.resource_pattern_type, acl.principal, acl.host, acl.operation, acl.permission_type
    )  # fmt: skip


@pytest.mark.usefixtures("planted")
def test_the_audit_names_every_difference_and_how_to_mend_it(cluster: Cluster, applied: Settings) -> None:
    """Each of these was planted; nothing else is named. The command says the same, and ends with 1."""
    found = {(d.kind, d.whose, d.what) for d in audit(cluster)}
    assert found == {
        ("right", "linde", "may READ topic raad-noord.inbox, and should not"),
        ("right", "everybody", "may READ every topic, and should not"),
        ("right", "raad-noord", "may WRITE every topic that begins with linde. from 10.0.0.1, and should not"),
        ("right", "gate", "is denied to WRITE topic ledger; nothing should be denied"),
        ("right", "linde", "may not READ topic linde.inbox, and should"),
        ("user", "mallory", "is not known to the catalogue and can log in"),
        ("user", "linde", "its password is kept as SCRAM_SHA_256 with 4096 iterations, weaker than should be"),
        ("quota", "linde", "has no producer_byte_rate, and should have 2097152: it can flood"),
        ("quota", "raad-noord", "has consumer_byte_rate 1000000000000, and should have 8388608"),
        ("quota", "gate", "has request_percentage 1, and should have none"),
        ("quota", "client-id (any other)", "has producer_byte_rate 1000, and should have none"),
        ("topic", "raad-noord.inbox", "has retention.ms -1, and should have 604800000: content is kept too long"),
        ("topic", "raad-noord.inbox", "sets segment.ms to 900000, which the catalogue leaves alone"),
    }  # fmt: skip
    assert all(d.mend for d in audit(cluster))
    file = applied.home / "organisations.yaml"
    file.write_text("[{slug: linde}, {slug: raad-noord}]")
    told = CliRunner().invoke(topics, ["audit", "--organisations", str(file), "--json"], obj=applied)
    assert told.exit_code == 1
    differences = json.loads(told.output)["differences"]
    assert {(d["kind"], d["whose"], d["what"]) for d in differences} == found
    assert {d["mend"] for d in differences if d["kind"] == "quota"} == {
        "estafette topics apply", "estafette topics apply --prune"
    }  # fmt: skip


def test_the_audit_is_silent_when_all_is_as_it_should_be(cluster: Cluster, applied: Settings) -> None:
    """And the command ends with 0."""
    file = applied.home / "organisations.yaml"
    file.write_text("[{slug: linde}, {slug: raad-noord}]")
    told = CliRunner().invoke(topics, ["audit", "--organisations", str(file)], obj=applied)
    assert (told.exit_code, told.output) == (0, "users, rights, quotas and topics are as they should be\n")
    assert audit(cluster) == ()
