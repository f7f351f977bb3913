"""What must hold in everything the system left behind. Each check counts what it saw and, under `!`, what is wrong."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from schemas.entry import Entry, EntryHandover, EntryKind, Verdict
from schemas.event import message_hash
from schemas.handovers import FINAL, HandoverState
from schemas.refusal import Refusal
from schemas.service import GATE, VerdictGiven
from tests.chaos.reading import Read
from tests.chaos.stories import Accepted
from tests.chaos.trail import OVERSIGHT, Edge, Line, Slot, Trail

FIRST = (Verdict.DELIVERED, Verdict.REFUSED)
Message = tuple[str, str]
"""Who made it, and its id."""
OF_IDENTITY = frozenset(
    {Refusal.UNSIGNED, Refusal.WRONG_SOURCE, Refusal.STALE_DIRECTORY_KEY, Refusal.STALE, Refusal.MALFORMED}
    | {Refusal.UNKNOWN_RECIPIENT, Refusal.WRONG_PARTITION, Refusal.INTERNAL_ERROR}
)
"""No page's message is ever refused for these: renewed keys and new names are no reason."""


class Succession(NamedTuple):
    """An organisation that merged into another during the storm."""

    old: str
    new: str
    at: datetime


def check(trail: Trail, accepted: Sequence[Accepted], succession: Succession | None = None) -> dict[str, int]:
    found: Counter[str] = Counter({"accepted by a page (202)": len(accepted)})
    for slot in trail.slots:
        found.update(identities(slot, succession))
        for part in (chains(slot), inboxes(slot), outboxes(slot), state(slot), facts(slot), regie(slot), watched(slot)):
            found.update(part)
    found.update(messages(trail, accepted, succession))
    found.update(stores(trail))
    return dict(found)


def by_kind(trail: Trail) -> dict[str, tuple[int, int]]:
    """How many of each kind of message were delivered, and how many refused."""
    decided = [entry for slot in trail.slots for entry in _decisions(slot.ledger) if entry.verdict in FIRST]
    counted = Counter((entry.message.type, entry.verdict) for entry in decided if entry.message)
    return {
        kind: (counted[kind, Verdict.DELIVERED], counted[kind, Verdict.REFUSED])
        for kind in sorted({k for k, _ in counted})
    }


def chains(slot: Slot) -> dict[str, int]:
    """Slot chain and case chains: numbered from 1, each naming the one before."""
    before: tuple[int, str | None] = (0, None)
    cases: dict[str, tuple[int, str | None]] = defaultdict(lambda: (0, None))
    broken = broken_cases = 0
    for line in slot.ledger:
        entry = line.entry
        broken += (entry.slot_seq, entry.slot_previous) != (before[0] + 1, before[1])
        before = (entry.slot_seq, line.hash)
        if entry.case is not None and entry.case_seq is not None:
            last = cases[entry.case]
            broken_cases += (entry.case_seq, entry.case_previous) != (last[0] + 1, last[1])
            cases[entry.case] = (entry.case_seq, line.hash)
    times = [line.entry.at for line in slot.ledger]
    back = sum(later < earlier for earlier, later in pairwise(times))
    return {
        "ledger entries": len(slot.ledger),
        "cases": len(cases),
        "! slot chain broken": broken,
        "! case chain broken": broken_cases,
        "! time ran back": back,
    }


def inboxes(slot: Slot) -> dict[str, int]:
    """Each delivery carries a line of the ledger, stands in its place, and is the message the line is about."""
    lines = {line.seal: line.entry for line in slot.ledger}
    promised = Counter(place.inbox for line in slot.ledger for place in line.entry.inbox)
    found: Counter[str] = Counter()
    for slug, records in slot.inboxes.items():
        found["inbox records"] += len(records)
        found["! entry without its inbox record, or the other way"] += abs(promised[slug] - len(records))
        found["! sequence in the state is not that of the inbox"] += int(
            slot.gate.get(f"sequence::{slug}", b"0")
        ) != len(records)
        last = 0
        for read in records:
            entry = lines.get(read.header("seal"))
            found["! seal that is no ledger entry"] += entry is None
            place = next((p.sequence for p in entry.inbox if p.inbox == slug), None) if entry else None
            found["! gap or step back in an inbox"] += place != last + 1
            last = place or last + 1
            found["! bytes are not those of the seal"] += entry is not None and not _proves(entry, read.value)
    return dict(found)


def _proves(entry: Entry, value: bytes) -> bool:
    """A verdict carries the entry of the message it is about; anything else its own."""
    body = json.loads(value)["data"]["body"]
    about = body.get("message")
    told = entry.message
    if told is None:
        return False
    return told.hash == message_hash(value) or (isinstance(about, dict) and about.get("hash") == told.hash)


def outboxes(slot: Slot) -> dict[str, int]:
    """Each record was decided once, in the order of its case, and repetitions were told as such."""
    found: Counter[str] = Counter()
    answers = _dry_run_answers(slot)
    for slug, records in slot.outboxes.items():
        sent = [json.loads(read.value) for read in records if read.key != b"barrier"]
        decided = [e for e in _decisions(slot.ledger) if e.actor == slug]
        real = [event for event in sent if ".dry_run." not in event["type"]]
        found["outbox records"] += len(sent)
        found["of them sent again"] += len(real) - len({event["id"] for event in real})
        found["! outbox records without an entry, or the other way"] += abs(len(real) - len(decided))
        found["! dry runs without an answer, or the other way"] += abs(len(sent) - len(real) - answers[slug])
        found["! out of order in a case"] += _out_of_order(real, decided)
        found["! doubled: decided twice"] += _decided_twice(decided)
        read_up_to = int(slot.gate.get(f"position::{slug}.outbox", b"0"))
        found["! outbox not read to its end"] += bool(records) and read_up_to < len(records)
    return dict(found)


def _dry_run_answers(slot: Slot) -> Counter[str]:
    return Counter(slug for slug, verdict in _verdicts(slot) if verdict.dry_run)


def _verdicts(slot: Slot) -> Iterator[tuple[str, VerdictGiven]]:
    for slug, records in slot.inboxes.items():
        for read in records:
            event = json.loads(read.value)
            if event["source"] == GATE and event["type"] == "nl.estafette.verdicts.given.v1":
                yield slug, VerdictGiven.model_validate(event["data"]["body"])


def _decisions(lines: Sequence[Line]) -> list[Entry]:
    return [line.entry for line in lines if line.entry.kind is EntryKind.MESSAGE]


def _out_of_order(sent: Sequence[Mapping[str, Any]], decided: Sequence[Entry]) -> int:
    """Cases in which an outbox's messages were first decided in another order than they were first sent."""
    wanted, got = defaultdict[str, dict[str, None]](dict), defaultdict[str, dict[str, None]](dict)
    for event in sent:
        wanted[event["subject"]][event["id"]] = None
    for entry in decided:
        if entry.verdict in FIRST and entry.case and entry.message:
            got[entry.case].setdefault(entry.message.id)
    return sum(list(ids) != list(got[subject]) for subject, ids in wanted.items())


def _decided_twice(decided: Sequence[Entry]) -> int:
    """A receipt may be: it is cumulative, and not remembered."""
    times = Counter(
        entry.message.id
        for entry in decided
        if entry.verdict in FIRST and entry.message and not entry.message.type.startswith("receipts.")
    )
    return sum(count > 1 for count in times.values())


def state(slot: Slot) -> dict[str, int]:
    """The counters that the next decision will count on are those of the log."""
    last = slot.ledger[-1] if slot.ledger else None
    head = json.loads(slot.gate.get("chain::slot", b"{}"))
    ends: dict[str, tuple[int, str]] = {}
    for line in slot.ledger:
        if line.entry.case is not None and line.entry.case_seq is not None:
            ends[line.entry.case] = (line.entry.case_seq, line.hash)
    kept = {subject: json.loads(slot.gate.get(f"chain:{_group(subject)}:", b"{}")) for subject in ends}
    wrong = sum((kept[s].get("seq"), kept[s].get("hash")) != end for s, end in ends.items())
    return {
        "! slot counter in the state is not that of the log": int(
            last is not None and (head.get("seq"), head.get("hash")) != (last.entry.slot_seq, last.hash)
        ),
        "! case counter in the state is not that of the log": wrong,
    }


def facts(slot: Slot) -> dict[str, int]:
    """Oversight was told of each accepted message once, in order; of receipts and its own alerts it hears nothing."""
    told = [fact["id"] for fact in map(_json, slot.facts) if fact["kind"] == "MESSAGE"]
    accepted = [
        entry.message.id
        for entry in _decisions(slot.ledger)
        if entry.verdict is Verdict.DELIVERED and entry.message and entry.actor != OVERSIGHT
        if not entry.message.type.startswith("receipts.")
    ]
    refused = sum(fact["kind"] == "ALERT_REFUSED" for fact in map(_json, slot.facts))
    return {
        "facts": len(told),
        "! facts are not the accepted messages": int(told != accepted),
        "! alerts refused": refused,
    }


def regie(slot: Slot) -> dict[str, int]:
    """One holder at every moment: each move starts from who held it, and the state says who holds it now."""
    holder: dict[str, str | None] = {}
    found: Counter[str] = Counter()
    for entry in (line.entry for line in slot.ledger):
        if entry.case and entry.regie:
            found["! regie moved from who did not hold it"] += holder.get(entry.case) != entry.regie.holder_before
            found["moves of regie between two"] += None not in (entry.regie.holder_before, entry.regie.holder_after)
            holder[entry.case] = entry.regie.holder_after
    for key, value in slot.gate.items():
        if key.startswith("case:"):
            head = json.loads(value)
            now = holder.get(f"case:{key.split(':')[1]}")
            found["! open case without one holder"] += head["open"] and (now is None or now != head.get("regie"))
            found["open cases"] += head["open"]
    return dict(found)


def watched(slot: Slot) -> dict[str, int]:
    """Each handover stands where its last entry left it, and an open one is owed something that oversight watches."""
    last: dict[str, EntryHandover] = {}
    for entry in (line.entry for line in slot.ledger):
        last.update({each.id: each for each in (entry.handover, *entry.also) if each})
    owed = {(o["handover"]) for o in _of_kind(slot.oversight, "owed") if o.get("handover")}
    kept = {record["handover"]: record["state"] for record in _of_kind(slot.gate, "handover")}
    found: Counter[str] = Counter({"handovers": len(last)})
    for handover, stands in ((handover, told.state) for handover, told in last.items()):
        found["! handover in the state is not that of the log"] += kept.get(handover) != stands
        found["handovers completed"] += stands is HandoverState.COMPLETED
        if stands not in FINAL:
            found["handovers open"] += 1
            found["! open handover that nobody watches"] += handover not in owed
    return dict(found)


def identities(slot: Slot, succession: Succession | None) -> dict[str, int]:
    """Nothing is refused for a key that was renewed or a name that changed, but what was said in the old name after."""
    found: Counter[str] = Counter()
    signed = {kid for entry in _decisions(slot.ledger) for kid in entry.keys}
    for entry in _decisions(slot.ledger):
        codes = {reason.code for reason in entry.reasons}
        found["! refused for a key, a name or a place"] += bool(codes & OF_IDENTITY)
        if Refusal.SUCCEEDED in codes:
            late = succession is not None and entry.claimed_at is not None and entry.claimed_at > succession.at
            found["refused: said in the old name after the merger"] += late
            found["! refused as if it had been said after the merger"] += not late
    found["keys that signed, slot by slot"] += len(signed)
    return dict(found)


def messages(trail: Trail, accepted: Sequence[Accepted], succession: Succession | None) -> dict[str, int]:
    """What a page accepted: one first verdict, told once; delivered once to each recipient, or to nobody."""
    first, told, delivered = Counter[Message](), Counter[Message](), Counter[tuple[str, Message]]()
    verdict: dict[Message, Verdict] = {}
    for slot in trail.slots:
        for entry in _decisions(slot.ledger):
            if entry.message and entry.verdict in FIRST:
                first[entry.message.source, entry.message.id] += 1
                verdict[entry.message.source, entry.message.id] = Verdict(entry.verdict)
        told.update((v.message.source, v.message.id) for _, v in _verdicts(slot) if v.verdict in FIRST)
        delivered.update(_delivered(slot))
    found: Counter[str] = Counter()
    for one in accepted:
        message = (one.source, one.id)
        status = trail.edges[one.source].sent.get(one.id, {}).get("status")
        found["! accepted and not in the page's own store"] += status is None
        if status == "blocked":
            found["held back by the page itself"] += 1
        elif one.dry_run:
            found["dry runs"] += 1
            found["! lost: no verdict"] += told[message] == 0
        else:
            found[str(verdict.get(message, "without verdict")).lower()] += 1
            found["! lost: no verdict"] += first[message] == 0
            found["! verdict not told exactly once"] += told[message] != 1
            wanted = 1 if verdict.get(message) is Verdict.DELIVERED else 0
            for slug in one.to:
                found["! not delivered exactly once"] += _reached(delivered, slug, message, succession) != wanted
    return dict(found)


def _reached(
    delivered: Mapping[tuple[str, Message], int], slug: str, message: Message, succession: Succession | None
) -> int:
    """How often it came to `slug`, or to who goes on as `slug`."""
    names = {slug, succession.new} if succession is not None and slug == succession.old else {slug}
    return sum(delivered.get((name, message), 0) for name in names)


def _delivered(slot: Slot) -> Iterable[tuple[str, Message]]:
    for slug, records in slot.inboxes.items():
        for event in map(_json, records):
            if event["source"] != GATE:
                yield slug, (event["source"], event["id"])


def stores(trail: Trail) -> dict[str, int]:
    """The SQL stores say what Kafka says."""
    found: Counter[str] = Counter()
    seals = Counter(line.seal.decode() for slot in trail.slots for line in slot.ledger)
    found["! read model is not the ledger"] += int(Counter(trail.read_model) != seals)
    verdicts = {
        (e.message.source, e.message.id): (str(e.verdict).lower(), line.hash)
        for slot in trail.slots
        for line in slot.ledger
        if (e := line.entry).kind is EntryKind.MESSAGE and e.verdict in FIRST and e.message
    }
    for slug, edge in trail.edges.items():
        found.update(_edge(slug, edge, trail.slots))
        for message, row in edge.sent.items():
            if row["status"] == "blocked" or row["dry_run"] or row["automatic"]:
                continue
            found["! page says another verdict than the ledger"] += (row["status"], row["entry_hash"]) != verdicts.get(
                (slug, message)
            )
    return dict(found)


def _edge(slug: str, edge: Edge, slots: Sequence[Slot]) -> dict[str, int]:
    stored = {(row["partition"], row["sequence"]): (bytes(row["value"]), row["seal"].encode()) for row in edge.inbox}
    inbox = {
        (slot.number, place): (read.value, read.header("seal"))
        for slot in slots
        for place, read in enumerate(slot.inboxes[slug], 1)
    }
    return {
        "stored by pages": len(stored),
        "! page's inbox is not that of Kafka": len(stored.items() ^ inbox.items()),
        "! rejected by a page": edge.rejected,
    }


def _of_kind(records: Mapping[str, bytes], kind: str) -> list[dict[str, Any]]:
    return [json.loads(value) for key, value in records.items() if key.startswith(f"{kind}:")]


def _json(read: Read) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read.value)
    return found


def _group(subject: str) -> str:
    kind, _, uuid = subject.partition(":")
    return uuid if kind == "case" else f"{kind}-{uuid}"
