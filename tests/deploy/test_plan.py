"""Plan and apply on a real broker, and what each user can then do."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import NewTopic

from deploy.kafka import LocalKafka
from deploy.plan import Cluster, NotAllowed, OtherSetting, SlotsChanged, apply, plan
from services.runtime.settings import Settings

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


def read(settings: Settings, user: str, topic: str, group: str) -> bytes | KafkaError | None:
    """The first record that `user` can read of the topic, or what Kafka answers instead."""
    conf = {**settings.kafka(user).confluent(), "group.id": group, "auto.offset.reset": "earliest"}
    consumer = Consumer(conf)
    try:
        consumer.subscribe([topic])  # assign() on a forbidden topic stays silent
        message = consumer.poll(15)
        return None if message is None else message.error() or message.value()
    finally:
        consumer.close()


def code(answer: object) -> int | None:
    return answer.code() if isinstance(answer, KafkaError) else None


def test_applying_leaves_nothing_to_do(cluster: Cluster) -> None:
    """Reading back gives what was asked for, so a second plan is empty."""
    changes = plan(cluster)
    assert changes.complete()
    assert list(changes.lines()) == []


def test_an_organisation_cannot_write_what_is_not_its_own(applied: Settings) -> None:
    """Its own outbox takes the record; another's outbox, any inbox and the ledger do not."""
    assert written(applied, "linde", "linde.outbox") is None
    for topic in ("raad-noord.outbox", "linde.inbox", "raad-noord.inbox", "ledger", "directory", "clock"):
        assert code(written(applied, "linde", topic)) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_organisation_cannot_read_anothers_inbox(applied: Settings) -> None:
    """The gate delivers to raad-noord: raad-noord reads it, linde does not."""
    producer = Producer(applied.kafka("gate").confluent())
    producer.produce("raad-noord.inbox", b"sealed", partition=0)
    assert producer.flush(20) == 0
    assert read(applied, "raad-noord", "raad-noord.inbox", "raad-noord.inbox") == b"sealed"
    for topic in ("raad-noord.inbox", "raad-noord.outbox", "ledger", "gate.state"):
        assert code(read(applied, "linde", topic, "linde.inbox")) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_organisation_cannot_join_anothers_consumer_group(applied: Settings) -> None:
    """Else it could take its partitions or move its positions."""
    consumer = Consumer({**applied.kafka("linde").confluent(), "group.id": "raad-noord.inbox"})
    consumer.subscribe(["linde.inbox"])
    try:
        message = consumer.poll(15)
        assert message is not None
        assert code(message.error()) == KafkaError.GROUP_AUTHORIZATION_FAILED
    finally:
        consumer.close()


def test_only_the_gate_can_use_the_gates_transactional_ids(applied: Settings) -> None:
    """Starting a producer under its id would fence a slot out."""
    Producer({**applied.kafka("gate").confluent(), "transactional.id": "gate-0"}).init_transactions(20)
    for user in ("linde", "oversight", "operator"):
        producer = Producer({**applied.kafka(user).confluent(), "transactional.id": "gate-0"})
        with pytest.raises(KafkaException) as refused:
            producer.init_transactions(20)
        assert code(refused.value.args[0]) == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_an_organisation_sees_no_other_organisation_in_the_list_of_topics(applied: Settings) -> None:
    """A topic that is forbidden looks like one that does not exist."""
    consumer = Consumer({**applied.kafka("linde").confluent(), "group.id": "linde.look"})
    try:
        assert set(consumer.list_topics(timeout=20).topics) == {"directory", "linde.inbox", "linde.outbox"}
    finally:
        consumer.close()


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
    stray = cluster.admin.create_topics([NewTopic("stray", 1, 1)])["stray"]
    stray.result(20)

    left = plan(cluster)
    assert left.complete()
    assert left.extra_topics == ("berk.inbox", "berk.outbox", "stray")
    assert left.extra_users == ("berk",)
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
