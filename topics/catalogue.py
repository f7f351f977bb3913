"""Every topic: what it is for, who writes it, who reads it, how long it lives.

Topics, users and access rights all follow from here (topics/rights.py unfolds it, deploy/plan.py applies it).
`{organisation}` stands for the slug of each organisation: such a row is one topic for each of them.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

ORGANISATION = "{organisation}"
EVERYBODY = "everybody"
MIB = 1024 * 1024


class Cleanup(StrEnum):
    DELETE = "delete"
    COMPACT = "compact"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Topic(_Row):
    """One topic, or one for each organisation.

    `partitions`: "slots" follows the cluster, fixed at its birth; a number stands. `retention`: None keeps records for
    ever. `largest`: the largest record in bytes, headers included. `writers` and `readers`: services, ORGANISATION or
    EVERYBODY.
    """

    name: str
    purpose: str
    key: str
    partitions: Literal["slots"] | int = "slots"
    retention: timedelta | None = None
    cleanup: Cleanup = Cleanup.DELETE
    largest: int = MIB
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    messages: tuple[str, ...]


class Service(_Row):
    """A Kafka user and the names that belong to it alone: its consumer groups and its transactional ids, by prefix."""

    user: str
    groups: str | None = None
    transactional_ids: str | None = None


class Limits(_Row):
    """What one user may ask of each broker before it is slowed down (Kafka holds its answers back, nothing is lost).

    `producer_byte_rate` and `consumer_byte_rate`: bytes a second, averaged over about ten seconds.
    `request_percentage`: the share of one thread's time that its requests may take, in percent.
    """

    producer_byte_rate: int
    consumer_byte_rate: int
    request_percentage: int


SUBJECT = "subject of the message: case:<uuid> or thread:<uuid>"
STATE_KEY = "<kind>:<group>:<id>"
CONTENT = timedelta(days=7)  # sealed content never lives longer on the cluster
FACTS = timedelta(days=90)
ACCESS_LOG = timedelta(days=5 * 365)

ORGANISATION_LIMITS = Limits(producer_byte_rate=2 * MIB, consumer_byte_rate=8 * MIB, request_percentage=100)
"""Each organisation's. In ten seconds it can send five of the largest letters, and catch up on twenty. Services have
none: a gate that is slowed down slows everybody down."""

TOPICS = (
    Topic(
        name="directory",
        purpose="who takes part: kinds, keys, topics; each entry signed by its organisation and by the operator",
        key="slug of the organisation",
        partitions=1,
        cleanup=Cleanup.COMPACT,
        writers=("operator",),
        readers=(EVERYBODY,),
        messages=("directory entry",),
    ),
    Topic(
        name="{organisation}.outbox",
        purpose="what an organisation sends; the right to write here is what binds a message to it",
        key=SUBJECT,
        retention=CONTENT,
        largest=4 * MIB + 64 * 1024,
        writers=(ORGANISATION,),
        readers=("gate",),
        messages=("every type the organisation's kind may send",),
    ),
    Topic(
        name="{organisation}.inbox",
        purpose="what the gate delivered to an organisation: messages with their seal, verdicts, notices, checkpoints",
        key=SUBJECT,
        retention=CONTENT,
        largest=5 * MIB + 64 * 1024,
        writers=("gate",),
        readers=(ORGANISATION,),
        messages=("every type its kind may receive", "verdict", "regie.moved", "notices.*", "checkpoint"),
    ),
    Topic(
        name="ledger",
        purpose="one signed, chained entry for each decision; metadata only",
        key=SUBJECT,
        writers=("gate",),
        readers=("ledger",),
        messages=("ledger entry",),
    ),
    Topic(
        name="ledger.reads",
        purpose="who looked at the ledger, written before the answer is given",
        key="user who looked",
        retention=ACCESS_LOG,
        writers=("ledger",),
        readers=("ledger",),
        messages=("ledger read",),
    ),
    Topic(
        name="case.facts",
        purpose="coded facts and ticks, for oversight and for what is counted; internal",
        key=SUBJECT,
        retention=FACTS,
        writers=("gate",),
        readers=("oversight", "ledger"),
        messages=("fact", "tick"),
    ),
    Topic(
        name="gate.state",
        purpose="the gate's state by slot; its partitions are also what slots are elected by",
        key=STATE_KEY,
        cleanup=Cleanup.COMPACT,
        writers=("gate",),
        readers=("gate",),
        messages=("state record",),
    ),
    Topic(
        name="oversight.state",
        purpose="oversight's state by slot; its partitions are also what slots are elected by",
        key=STATE_KEY,
        cleanup=Cleanup.COMPACT,
        writers=("oversight",),
        readers=("oversight",),
        messages=("state record",),
    ),
    Topic(
        name="oversight.outbox",
        purpose="alerts and barriers of oversight; to the gate, and to the board also when the gate is down",
        key=SUBJECT,
        retention=FACTS,
        writers=("oversight",),
        readers=("gate", "ledger"),
        messages=("alerts.*", "barrier"),
    ),
    Topic(
        name="clock",
        purpose="the time of a simulated cluster, one record to each partition",
        key="none",
        retention=CONTENT,
        writers=("operator",),
        readers=("gate",),
        messages=("tick",),
    ),
    Topic(
        name="quarantine",
        purpose="records that made a decision fail, for repair; sealed content stays sealed",
        key=SUBJECT,
        retention=CONTENT,
        largest=5 * MIB + 64 * 1024,
        writers=("gate",),
        readers=("operator",),
        messages=("the record as it came",),
    ),
)

SERVICES = (
    Service(user="gate", groups="gate.", transactional_ids="gate-"),
    Service(user="oversight", groups="oversight.", transactional_ids="oversight-"),
    Service(user="ledger", groups="ledger."),
    Service(user="operator"),
)
