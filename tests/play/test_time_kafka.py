"""The simulated clock on a real broker."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

from deploy.system import System
from schemas.service import ClockRecord
from services.cli.play.time import CLOCK, Timekeeper
from services.runtime.directory import OPERATOR

pytestmark = pytest.mark.kafka
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def clock(kafka_broker: Any) -> Timekeeper:
    """A cluster's clock; no service runs."""
    kafka_broker.settings(OPERATOR)
    admin = kafka_broker.admin()
    if CLOCK not in admin.list_topics(timeout=10).topics:
        for future in admin.create_topics([NewTopic(CLOCK, num_partitions=4)]).values():
            future.result(20)
    return Timekeeper(System(kafka_broker.home, first_port=1))


def test_time_is_what_the_clock_was_last_told(clock: Timekeeper, kafka_broker: Any) -> None:
    """Of all partitions the latest; before the first record time has not begun."""
    assert clock.now() is None
    producer = Producer(kafka_broker.settings().confluent())
    for slot, hours in enumerate((0, 2, 1)):
        record = ClockRecord(at=AT + timedelta(hours=hours), barrier=f"{hours:012}")
        producer.produce(CLOCK, record.model_dump_json().encode(), partition=slot)
    assert producer.flush(20) == 0
    assert clock.now() == AT + timedelta(hours=2)
