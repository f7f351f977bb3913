"""Attacks on the broker itself, by organisations that take part: one with a password, one with a certificate. Both have
the same rights; each tries what only the other, or nobody, may do.
"""

import contextlib
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, KafkaConnectionError
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from deploy import certificates, quotas
from deploy.certificates import Pair
from deploy.kafka import LocalKafka
from deploy.plan import Cluster, apply, plan
from services.runtime.kafka import KafkaSettings
from services.runtime.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

LINDE, BERK = "linde", "berk"  # with a password
RAAD, WILG = "raad-noord", "wilg"  # with a certificate
AGAIN = timedelta(seconds=3)  # a user logs in again so often
LONGEST = 60.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A broker of its own: users log in again every few seconds, and lose their rights."""
    with tempfile.TemporaryDirectory(prefix="estafette-") as folder:
        local = LocalKafka(Path(folder) / "home", slots=1, reauth=AGAIN)
        local.start()
        try:
            organisations = (LINDE, BERK, RAAD, WILG)
            made = Cluster.connect(local.settings, organisations, with_certificate=(RAAD, WILG))
            apply(made, plan(made))
            yield made
        finally:
            local.stop()


@pytest.fixture
def settings(cluster: Cluster) -> Settings:
    return Settings(home=cluster.home)


class Sides(NamedTuple):
    """Who attacks whom."""

    attacker: str
    victim: str


@pytest.fixture(params=[Sides(LINDE, RAAD), Sides(RAAD, LINDE)], ids=["password", "certificate"])
def sides(request: pytest.FixtureRequest, settings: Settings) -> Sides:
    told: Sides = request.param
    protocols = {LINDE: "SASL_SSL", RAAD: "SSL"}
    assert settings.kafka(told.attacker).security_protocol == protocols[told.attacker]
    return told


class Writer:
    """A producer that stays connected. `other`: settings to replace."""

    def __init__(self, kafka: KafkaSettings, **other: str) -> None:
        self.errors: list[KafkaError] = []
        wanted = {"message.timeout.ms": 5000, "error_cb": self.errors.append, "linger.ms": 0}
        self._producer = Producer({**kafka.confluent(), **wanted, **other})

    def write(self, topic: str, value: bytes = b"value") -> int | None:
        """The code with which one record was refused; None when Kafka took it."""
        answers: list[KafkaError | None] = []
        self._producer.produce(topic, value, partition=0, on_delivery=lambda error, _: answers.append(error))
        self._producer.flush(30)
        return code(answers[0])

    def sees(self) -> bool:
        """Whether it is let in: the broker tells it about topics."""
        try:
            return self._producer.list_topics(timeout=0.5) is not None
        except KafkaException:
            self._producer.poll(0)
            return False


def code(error: object) -> int | None:
    return error.code() if isinstance(error, KafkaError) else None


def let_in(kafka: KafkaSettings, **other: str) -> bool:
    """Whether the broker lets a client in. It is waited for: being slow to answer is not refusing."""
    writer = Writer(kafka, **other)
    return bool(until(lambda: "in" if writer.sees() else writer.errors) == "in")


def until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {LONGEST:.0f} s in vain")


def read(kafka: KafkaSettings, topic: str, group: str) -> bytes | int | None:
    """The first record, or the code with which reading was refused."""
    consumer = Consumer({**kafka.confluent(), "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])  # assign() on a forbidden topic stays silent
        message = consumer.poll(30)
        return None if message is None else code(message.error()) or message.value()
    finally:
        consumer.close()


def test_writing_what_is_not_ones_own(settings: Settings, sides: Sides) -> None:
    """The own outbox takes the record; another's outbox, any inbox and the services' topics do not."""
    writer = Writer(settings.kafka(sides.attacker))
    assert writer.write(f"{sides.attacker}.outbox") is None
    inboxes = (f"{sides.attacker}.inbox", f"{sides.victim}.inbox")
    for topic in (f"{sides.victim}.outbox", *inboxes, "ledger", "directory", "clock", "gate.state"):
        assert writer.write(topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED, topic


def test_reading_what_is_not_ones_own(settings: Settings, sides: Sides) -> None:
    """What the gate delivers to one, that one reads and the other does not."""
    assert Writer(settings.kafka("gate")).write(f"{sides.victim}.inbox", b"sealed") is None
    assert read(settings.kafka(sides.victim), f"{sides.victim}.inbox", f"{sides.victim}.a") == b"sealed"
    for topic in (f"{sides.victim}.inbox", f"{sides.victim}.outbox", "ledger", "gate.state", "case.facts"):
        answer = read(settings.kafka(sides.attacker), topic, f"{sides.attacker}.a")
        assert answer == KafkaError.TOPIC_AUTHORIZATION_FAILED, topic


def test_looking_around(settings: Settings, sides: Sides) -> None:
    """Another organisation's topics and groups look as if they did not exist, and rights are not told."""
    read(settings.kafka(sides.victim), f"{sides.victim}.inbox", f"{sides.victim}.seen")
    admin = AdminClient(settings.kafka(sides.attacker).confluent())
    own = {"directory", f"{sides.attacker}.inbox", f"{sides.attacker}.outbox"}
    assert set(admin.list_topics(timeout=20).topics) == own
    groups = admin.list_consumer_groups(request_timeout=20).result().valid
    assert all(group.group_id.startswith(f"{sides.attacker}.") for group in groups)
    every = AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
    )
    try:
        assert admin.describe_acls(every, request_timeout=20).result() == []
    except KafkaException as refused:
        assert code(refused.args[0]) == KafkaError.CLUSTER_AUTHORIZATION_FAILED


def test_giving_oneself_rights(settings: Settings, cluster: Cluster, sides: Sides) -> None:
    """No topic, right, password or quota is made or changed by an organisation: not even the other's new password."""
    admin = AdminClient(settings.kafka(sides.attacker).confluent())
    right = AclBinding(
        ResourceType.TOPIC, f"{sides.victim}.inbox", ResourcePatternType.LITERAL, f"User:{sides.attacker}", "*",
        AclOperation.READ, AclPermissionType.ALLOW,
    )  # fmt: skip
    taken = UserScramCredentialUpsertion(
        sides.victim, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), b"known to the attacker"
    )
    asked = {
        **admin.create_topics([NewTopic(f"{sides.attacker}.more", 1, 1)], request_timeout=20),
        **admin.create_acls([right], request_timeout=20),
        **admin.alter_user_scram_credentials([taken], request_timeout=20),
    }
    for what, future in asked.items():
        with pytest.raises(KafkaException) as refused:
            future.result(25)
        denied = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED}
        assert code(refused.value.args[0]) in denied, what
    with pytest.raises(Exception, match="ClusterAuthorizationFailed"):
        quotas.write(settings.kafka(sides.attacker), {quotas.of_user(sides.attacker, "producer_byte_rate"): None})
    assert plan(cluster).complete()


async def test_using_anothers_consumer_group(settings: Settings, sides: Sides) -> None:
    """Else it could take the other's partitions, or move its positions past letters it has not read."""
    kafka = settings.kafka(sides.attacker)
    assert read(kafka, f"{sides.attacker}.inbox", f"{sides.victim}.a") == KafkaError.GROUP_AUTHORIZATION_FAILED
    consumer = AIOKafkaConsumer(**kafka.aiokafka(), group_id=f"{sides.victim}.a", enable_auto_commit=False)
    await consumer.start()
    try:
        position = TopicPartition(f"{sides.attacker}.inbox", 0)
        consumer.assign([position])
        with pytest.raises(GroupAuthorizationFailedError):
            await consumer.commit({position: 99})
    finally:
        await consumer.stop()


def test_using_anothers_transactional_id(settings: Settings, sides: Sides) -> None:
    """Starting a producer under the gate's id would fence a slot out. Organisations have no such ids at all."""
    Producer({**settings.kafka("gate").confluent(), "transactional.id": "gate-0"}).init_transactions(30)
    for name in ("gate-0", "oversight-0", sides.victim, sides.attacker):
        producer = Producer({**settings.kafka(sides.attacker).confluent(), "transactional.id": name})
        with pytest.raises(KafkaException) as refused:
            producer.init_transactions(30)
        assert code(refused.value.args[0]) == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, name


def test_connecting_without_tls(settings: Settings, cluster: Cluster) -> None:
    """Not even with the right password, at no port."""
    kafka = settings.kafka(LINDE)
    assert let_in(kafka)
    for port in ports(cluster):
        for protocol in ("sasl_plaintext", "plaintext"):
            told = {"security.protocol": protocol, "bootstrap.servers": f"127.0.0.1:{port}"}
            assert not let_in(kafka, **told), (port, protocol)


def test_guessing_a_password(settings: Settings) -> None:
    """A wrong password, an unknown user, and a password for one who logs in with a certificate."""
    right = settings.kafka(LINDE)
    assert right.password is not None
    wrong = SecretStr(right.password.get_secret_value()[:-1])
    for user, password in ((LINDE, wrong), ("nobody", right.password), (RAAD, right.password)):
        assert not let_in(right.model_copy(update={"username": user, "password": password})), user


def shown(settings: Settings, pair: Pair, port: int | None = None) -> KafkaSettings:
    """A connection with this certificate."""
    kafka = settings.kafka(RAAD)
    changed = {"certificate": pair.certificate, "key": pair.key}
    return kafka.model_copy(update=changed | ({"bootstrap": f"127.0.0.1:{port}"} if port else {}))


def test_showing_a_certificate_that_nobody_vouches_for(settings: Settings, cluster: Cluster, tmp_path: Path) -> None:
    """None at all, one of an authority of one's own with the right name on it, and one that another user signed."""
    assert let_in(settings.kafka(RAAD))
    assert not let_in(settings.kafka(RAAD), **{"ssl.certificate.location": "", "ssl.key.location": ""})
    foreign, signed = Pair.at(tmp_path, "foreign"), Pair.at(tmp_path, "signed")
    certificates.authority(certificates.users_authority(tmp_path)).issue(foreign, certificates.USERS, RAAD)
    assert not let_in(shown(settings, foreign))
    own = certificates.authority(certificates.user_certificate(cluster.home, WILG))
    own.issue(signed, certificates.USERS, RAAD)
    assert not let_in(shown(settings, signed))


def test_naming_somebody_else_in_a_certificate(settings: Settings, cluster: Cluster, tmp_path: Path) -> None:
    """The authority signed it, and still: nobody becomes a service, the administrator or a broker by certificate, and
    only the whole name counts. A further name in a certificate of one's own gives nothing.
    """
    users = certificates.authority(certificates.users_authority(cluster.home))
    for place, (unit, name) in enumerate(
        [
            (certificates.USERS, "admin"),
            (certificates.USERS, "gate"),
            (certificates.USERS, "broker_1"),
            (certificates.USERS, f"x,CN={LINDE}"),
            (certificates.BROKERS, "broker_1"),
            (certificates.BROKERS, LINDE),
            (f"x,OU={certificates.USERS}", LINDE),
        ]
    ):
        pair = Pair.at(tmp_path, str(place))
        users.issue(pair, unit, name)
        assert not let_in(shown(settings, pair)), (unit, name)
    also = Pair.at(tmp_path, "also")
    users.issue(also, certificates.USERS, RAAD, (LINDE, "admin"))
    writer = Writer(shown(settings, also))
    assert writer.write(f"{LINDE}.outbox") == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert writer.write(f"{RAAD}.outbox") is None


def test_coming_in_through_the_brokers_own_ports(settings: Settings, cluster: Cluster) -> None:
    """Neither an organisation's certificate nor a password opens them; a broker's opens no user's port."""
    _, certified, internal, controller = ports(cluster)
    node = certificates.node_certificate(cluster.home, 1)
    assert let_in(shown(settings, node, internal))
    assert not let_in(shown(settings, node, certified))
    for port in (internal, controller):
        own = settings.kafka(RAAD)
        assert not let_in(own.model_copy(update={"bootstrap": f"127.0.0.1:{port}"}))
        linde = settings.kafka(LINDE)
        assert not let_in(linde.model_copy(update={"bootstrap": f"127.0.0.1:{port}"}))


def ports(cluster: Cluster) -> list[int]:
    """Those with a password, those with a certificate, between brokers, of controllers."""
    return list(LocalKafka(cluster.home)._ports())


@pytest.mark.parametrize("user", [BERK, WILG])
def test_rights_that_are_taken_away_end_at_once(settings: Settings, cluster: Cluster, user: str) -> None:
    """Also for one who is connected and writing."""
    writer = Writer(settings.kafka(user))
    assert writer.write(f"{user}.outbox") is None
    own = AclBindingFilter(
        ResourceType.TOPIC, f"{user}.outbox", ResourcePatternType.LITERAL, f"User:{user}", "*",
        AclOperation.WRITE, AclPermissionType.ALLOW,
    )  # fmt: skip
    for gone in cluster.admin.delete_acls([own], request_timeout=20).values():
        assert len(gone.result(25)) == 1
    until(lambda: writer.write(f"{user}.outbox") == KafkaError.TOPIC_AUTHORIZATION_FAILED)
    apply(cluster, plan(cluster))
    until(lambda: Writer(settings.kafka(user)).write(f"{user}.outbox") is None)


def test_a_user_whose_password_is_taken_away_is_shut_out_while_connected(settings: Settings, cluster: Cluster) -> None:
    """With all its rights left: the password opens nothing any more, and the open connection ends when it must log in
    again.
    """
    writer = Writer(settings.kafka(BERK))
    assert writer.write(f"{BERK}.outbox") is None
    gone = UserScramCredentialDeletion(BERK, ScramMechanism.SCRAM_SHA_512)
    for future in cluster.admin.alter_user_scram_credentials([gone], request_timeout=20).values():
        future.result(25)
    until(lambda: not let_in(settings.kafka(BERK)))
    until(lambda: writer.write(f"{BERK}.outbox") is not None)
    apply(cluster, plan(cluster))
    until(lambda: Writer(settings.kafka(BERK)).write(f"{BERK}.outbox") is None)


def test_one_who_floods_is_slowed_down_and_others_are_not(settings: Settings, cluster: Cluster) -> None:
    """Counted in records, while another writes one by one: without a limit as many of the flood get through."""
    slow = quotas.of_user(RAAD, "producer_byte_rate")
    quotas.write(cluster.kafka, {slow: 20_000.0})
    taken: list[int] = []
    flood = Producer({**settings.kafka(RAAD).confluent(), "linger.ms": 0, "max.in.flight": 1, "batch.num.messages": 1})
    for _ in range(3000):
        flood.produce(
            f"{RAAD}.outbox", bytes(20_000), partition=0, on_delivery=lambda error, _: taken.append(error is None)
        )
    writer = Writer(settings.kafka(LINDE))
    until(lambda: (flood.poll(0.05), taken)[1])
    before = len(taken)
    for _ in range(300):
        assert writer.write(f"{LINDE}.outbox") is None
        flood.poll(0)
    during = len(taken) - before
    flood.purge()
    flood.flush(0.1)
    assert during < 60, "five to one"
    apply(cluster, plan(cluster))
    assert plan(cluster).complete()


async def test_a_broker_that_is_another_host_or_of_another_authority(tmp_path: Path) -> None:
    """Both client libraries break off before they have said anything; to the right one they do speak."""
    ours = certificates.authority(certificates.brokers_authority(tmp_path))
    theirs = certificates.authority(certificates.brokers_authority(tmp_path / "theirs"))
    servers = ((ours, "127.0.0.1", True), (ours, "kafka.example", False), (theirs, "127.0.0.1", False))
    for authority, host, speaks in servers:
        pair = Pair.at(tmp_path, host)
        authority.issue(pair, certificates.BROKERS, "server", (host,))
        with listening(pair) as (address, heard):
            ca_file = certificates.brokers_authority(tmp_path).certificate
            kafka = KafkaSettings(bootstrap=address, username="x", password=SecretStr("y"), ca_file=ca_file)
            assert await by_aiokafka(kafka, heard) is speaks
            assert by_confluent(kafka, heard) is speaks


@contextlib.contextmanager
def listening(pair: Pair) -> Iterator[tuple[str, list[bytes]]]:
    """A server with this certificate: its address, and the first byte it hears of each connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    heard: list[bytes] = []

    def serve() -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                connection, _ = listener.accept()
                try:
                    with context.wrap_socket(connection, server_side=True) as spoken:
                        heard.append(spoken.recv(1))
                except OSError:
                    heard.append(b"")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(LONGEST)
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", heard


async def by_aiokafka(kafka: KafkaSettings, heard: list[bytes]) -> bool:
    """Whether it spoke."""
    heard.clear()
    producer = AIOKafkaProducer(**kafka.aiokafka())
    with pytest.raises(KafkaConnectionError):
        await producer.start()
    await producer.stop()
    until(lambda: heard)
    return b"" not in heard


def by_confluent(kafka: KafkaSettings, heard: list[bytes]) -> bool:
    heard.clear()
    client = Producer(kafka.confluent())
    until(lambda: (client.poll(0.1), heard)[1])
    return b"" not in heard
