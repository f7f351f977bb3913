"""Deliberate breaks: what each takes away, and which tests must then fail. `old` stands in the file exactly once."""

from typing import NamedTuple

STORIES, LIVES = "tests/invariants/test_stories.py", "tests/invariants/test_lives.py"
LEDGER, RELAY = "tests/invariants/test_ledger.py", "tests/invariants/test_relay.py"
EDGE = "tests/organisation/test_behaviour.py::test_the_same_record_read_again_changes_nothing[sqlite]"


class Break(NamedTuple):
    """One line of code that is changed. `tests` None: the stories and lives that watch the invariant."""

    invariant: str
    says: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] | None = None


RULES = "services/gate/rules"
BREAKS: tuple[Break, ...] = (
    Break(
        "I1", "who closes a case goes on leading it", f"{RULES}/cases.py",
        '            "regie": None,\n', '            "regie": head.regie,\n',
    ),
    Break(
        "I1", "a second handover may begin while one runs", f"{RULES}/handover.py",
        "    if open_now:\n", "    if open_now and ctx.now is None:\n",
    ),
    Break(
        "I1", "the entry of a move names the old holder", "services/gate/telling.py",
        "holder_after=holds) if held", "holder_after=held) if held",
    ),
    Break(
        "I2", "only the first person of a section is judged", f"{RULES}/sections.py",
        "for ref in leg.section.about]\n", "for ref in leg.section.about[:1]]\n",
    ),
    Break(
        "I2", "who was never asked does not stand in the way", f"{RULES}/bases.py",
        "    return _code(view.open)\n", "    return _code(tuple(a for a in view.open if a.word is not Word.NEVER))\n",
    ),
    Break(
        "I2", "a supervision order opens the files of brothers and sisters", f"{RULES}/grounds.py",
        "    if any(person.ref == child.ref or _parent_of(case, person, child) for child in children):\n",
        "    if children:\n",
    ),
    Break(
        "I2", "the ground of Veilig Thuis also serves local teams", "schemas/tables/grounds.py",
        "        senders=VT,\n        recipients=HELPERS,\n", "        senders=CHAIN,\n        recipients=HELPERS,\n",
    ),
    Break(
        "I3", "the story need not be read before the first contact", "schemas/tables/transitions.py",
        "(W.STORY_READ,), effects=(E.FIRST_CONTACT, E.COMPLETES)", "(), effects=(E.FIRST_CONTACT, E.COMPLETES)",
    ),
    Break(
        "I3", "attestations agree whoever of the family was there", f"{RULES}/walk.py",
        " and set(one.family) == set(two.family)\n", "\n",
    ),
    Break(
        "I3", "only the first party is told that regie moved", f"{RULES}/regie.py",
        "for p in head.parties if p != ctx.sender.slug", "for p in head.parties[:1] if p != ctx.sender.slug",
    ),
    Break(
        "I3", "one side alone can decide to go on without the family", f"{RULES}/walk.py",
        "    same = record.consult_sender is not None and record.consult_sender == record.consult_receiver\n",
        "    same = record.consult_sender is not None or record.consult_receiver is not None\n",
    ),
    Break(
        "I3", "an emergency raises no flag", "schemas/tables/obligations.py",
        '"EMERGENCY_FLAG", Per.HANDOVER, (On(enters=S.EMERGENCY),)',
        '"EMERGENCY_FLAG", Per.HANDOVER, (On(enters=S.RETURNED),)',
    ),
    Break(
        "I4", "the gate forgets what it decided", "services/gate/decision.py",
        "    before = scribe.counters.decided(event.subject, received.owner, event.id)\n", "    before = None\n",
    ),
    Break(
        "I4", "a number of an inbox is skipped", "services/gate/state.py",
        "        number = self.sequence(inbox) + 1\n",
        "        number = self.sequence(inbox) + 1 + (self.sequence(inbox) == 3)\n",
    ),
    Break(
        "I4", "the engine does not write how far it has read", "services/relay/batch.py",
        '] = b"%d" % position\n', '] = b"0"\n', (RELAY,),
    ),
    Break(
        "I4", "outputs and state are two transactions", "services/relay/worker.py",
        "        await self._write(batch.changes(), batch.emits())\n",
        "        await self._write({}, batch.emits())\n        await self._write(batch.changes())\n", (RELAY,),
    ),
    Break(
        "I4", "an edge takes in a record it already has", "services/organisation/intake.py",
        "            if place not in held:\n", "            if held.get(place) in (None, delivery.entry_hash):\n",
        (EDGE,),
    ),
    Break(
        "I5", "oversight is not told of handovers", "services/gate/facts.py",
        "        handover=effects.handover,\n", "        handover=None,\n",
    ),
    Break(
        "I5", "what the receiver owes is owed by nobody", "services/oversight/rules/openings.py",
        "        Who.RECEIVER: (receiver,),\n", "        Who.RECEIVER: (),\n",
    ),
    Break(
        "I5", "a state in which nothing is owed any more stays so", "services/oversight/rules/openings.py",
        "        if not owed and not returning:\n", "        if not owed and not returning and not watch:\n",
    ),
    Break(
        "I5", "taking back what was handed back leads nowhere", "schemas/tables/transitions.py",
        'Side.SENDER, S.RETURNED, "D#44", variant="TAKEN_BACK"', 'Side.SENDER, None, "D#44", variant="TAKEN_BACK"',
    ),
    Break(
        "I6", "a withdrawal is accepted and not kept", f"{RULES}/consent.py",
        '    gone = said.model_copy(update={"withdrawn_at": ctx.now, "withdrawn_seq": _next(ctx.case)})\n',
        "    gone = said\n",
    ),
    Break(
        "I6", "who holds something under it is not told", f"{RULES}/consent.py",
        "Effects(put=(gone,), notices=_notices(ctx, said))", "Effects(put=(gone,))",
    ),
    Break(
        "I6", "what was withdrawn still counts until its last day", f"{RULES}/voices.py",
        "    return said.withdrawn_at is not None or (", "    return (",
    ),
    Break(
        "I7", "only the first child of a family is watched", "services/oversight/rules/ladder.py",
        "    for child in watch.head.children:\n", "    for child in watch.head.children[:1]:\n",
    ),
    Break(
        "I7", "a month passes before an unseen child counts", "services/oversight/rules/sight.py",
        "timedelta(days=plan.every_days + grace)", "timedelta(days=plan.every_days + 30)",
    ),
    Break(
        "I7", "after a refusal nobody waits any more", "services/oversight/rules/sight.py",
        '    since += [owed.opened_at for owed in watch.of("REROUTE")]\n', "",
    ),
    Break(
        "I8", "links between the entries of a slot are not compared", "services/ledger/chain.py",
        "    elif end is not None and entry.slot_previous != end.hash:\n", "    elif end is None and entry.slot < 0:\n",
        (LEDGER,),
    ),
    Break(
        "I8", "a held seal may differ from the export", "services/ledger/chain.py",
        "        elif here != hashed:\n", "        elif not here:\n", (LEDGER,),
    ),
    Break(
        "I8", "signatures of entries are not checked", "services/ledger/chain.py",
        "    payload, kid = verify_compact(line, resolve)\n",
        '    kid, payload = "", __import__("base64").urlsafe_b64decode(str(line).split(".")[1] + "==")\n', (LEDGER,),
    ),
    Break(
        "I8", "the gate does not chain the entries of a case", "services/gate/scribe.py",
        "            case_previous=link.hash if link else None,\n", "            case_previous=None,\n", (LEDGER,),
    ),
)  # fmt: skip
