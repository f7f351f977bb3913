"""Defences of what is kept, taken away one at a time, as in breaks.py: tables, stores, states; who succeeds whom."""

from tests.invariants.breaks import Break

STEPS = "tests/organisation/test_migrations.py"
NEWER = (f"{STEPS}::test_a_newer_database_is_not_touched",)
STRANGE = (f"{STEPS}::test_a_version_nobody_knows_is_refused",)
FAILED = (f"{STEPS}::test_a_step_that_fails_leaves_the_database_as_it_was",)
BROUGHT = (f"{STEPS}::test_a_database_from_before_the_steps_is_brought_along",)
REFERS = (f"{STEPS}::test_a_step_that_breaks_a_reference_is_undone",)
ERASING = "tests/organisation/test_erasure.py"
NOTHING_LEFT = (f"{ERASING}::test_nothing_of_it_is_left_in_the_database",)
CAME_BACK = (f"{ERASING}::test_what_came_back_is_erased_again",)
TORN = (f"{ERASING}::test_a_line_that_was_cut_off_costs_no_other",)
WRITTEN_FIRST = (f"{ERASING}::test_what_cannot_be_written_down_is_not_erased",)
HELD = (f"{ERASING}::test_a_hold_stands_in_the_way_until_it_is_lifted_or_over",)
GOING_ON = (f"{ERASING}::test_what_is_going_on_is_not_erased",)
READY = ("tests/relay/test_ready.py",)
FROZEN = ("tests/operations/test_running.py::test_a_gate_that_cannot_commit_is_not_ready_until_it_can",)
STALLED = ("tests/oversight/test_watching.py::test_a_gate_that_is_silent_for_a_minute_has_stalled",)
TOO_LATE = ("tests/gate/test_successors.py::test_nobody_speaks_in_the_name_of_an_organisation_that_has_ended",)
TO_ITSELF = ("tests/gate/test_successors.py::test_a_letter_between_two_that_are_one_is_needed_by_neither",)
BY_TICKS = ("tests/gate/test_successors.py::test_more_cases_than_go_over_at_once_go_over_in_the_next_ticks",)
GONE_OVER = "tests/gate/test_successors.py"
CHAIN = (f"{GONE_OVER}::test_a_case_goes_over_to_the_end_of_a_chain",)
CIRCLE = (f"{GONE_OVER}::test_what_a_slot_has_learned_never_becomes_a_circle",)
CIRCLE_THERE = (f"{GONE_OVER}::test_a_circle_changes_nothing",)
SIGNED_CIRCLE = (f"{GONE_OVER}::test_the_operator_is_not_given_a_circle_to_confirm",)
SUPPORT = (f"{GONE_OVER}::test_support_between_two_that_become_one_ends",)
PLANS = (f"{GONE_OVER}::test_of_two_plans_for_one_child_the_longer_counts_and_then_the_more_frequent",)
REFUSAL = (f"{GONE_OVER}::test_a_refusal_goes_with_every_step_of_a_chain",)
WILL = "tests/organisation/test_bequest.py"
WHOLE = (f"{WILL}::test_a_file_that_is_not_whole_or_not_of_the_predecessor_brings_nothing",)
UNREADABLE = (f"{WILL}::test_nothing_of_the_store_can_be_read_in_the_file",)
UNSEALED = (f"{WILL}::test_a_delivery_that_the_gate_did_not_seal_is_not_taken_over",)
ANEW = "tests/oversight/test_rebuild.py"
SAME_STATE = (f"{ANEW}::test_from_all_facts_the_state_becomes_what_it_was_and_nothing_is_said_but_what_is_open",)
MIDDLE = (f"{ANEW}::test_a_case_of_which_only_the_middle_is_known_is_named_and_watched_from_there",)
ECHO = (f"{ANEW}::test_a_barrier_that_was_not_echoed_is",)
FALSE_ALARM = (f"{ANEW}::test_a_wrong_state_is_put_right_and_who_heard_a_false_alarm_is_told",)
NUMBERS = (f"{ANEW}::test_a_number_that_an_alarm_had_is_not_given_again",)
RUNNING = (f"{ANEW}::test_it_is_not_made_anew_while_oversight_runs",)
QUARANTINE = "tests/gate/test_quarantine.py"
MIGRATING, DISCRETION = "services/runtime/migrating/__init__.py", "services/gate/discretion.py"
ERASURE, BEQUEST = "services/organisation/erasure.py", "services/organisation/bequest.py"
REBUILD, LADDER = "services/oversight/rebuild.py", "services/oversight/rules/ladder.py"

STORE_BREAKS: tuple[Break, ...] = (
    # What is kept of bad messages
    Break(
        "quarantine", "one organisation's flood takes the place of another's messages", "services/gate/quarantine.py",
        '    key = f"quarantine::{owner}"\n', '    key = "quarantine::all"\n', (QUARANTINE,),
    ),
    Break(
        "quarantine", "the first hour's bound lasts for ever", "services/gate/quarantine.py",
        "    if now - kept.since >= SPAN:\n", "    if now - kept.since >= 9 * SPAN:\n", (QUARANTINE,),
    ),
    Break(
        "quarantine", "any number is kept", "services/gate/quarantine.py",
        "    if kept.copies >= COPIES or kept.size + size > BYTES:\n", "    if kept.size + size > BYTES:\n",
        (QUARANTINE,),
    ),
    Break(
        "quarantine", "any size is kept", "services/gate/quarantine.py",
        "    if kept.copies >= COPIES or kept.size + size > BYTES:\n", "    if kept.copies >= COPIES:\n", (QUARANTINE,),
    ),
    # Migrations
    Break(
        "migration", "a database of a newer program is taken for one of this", MIGRATING,
        "    if held is not None and held not in known:\n", "    if held is not None and not known:\n", NEWER,
    ),
    Break(
        "migration", "whatever was there before steps were counted is taken for version 1 of an edge",
        "services/organisation/store.py", "    if held != 1:\n", "    if held is None:\n", STRANGE,
    ),
    Break(
        "migration", "a step that fails has happened by half", MIGRATING,
        "            async with connection.begin():\n                yield connection\n                broken",
        "            async with connection.begin() as steps_taken:\n                try:\n"
        "                    yield connection\n                except Exception:\n"
        "                    await steps_taken.commit()\n                    raise\n                broken",
        FAILED,
    ),
    Break(
        "migration", "a table that others refer to takes their rows with it", MIGRATING,
        '        await driver.execute("pragma foreign_keys=off")\n', "", BROUGHT,
    ),
    Break(
        "migration", "nobody looks whether references hold", MIGRATING,
        "                if broken:\n", "                if broken is None:\n", REFERS,
    ),
    # Erasure
    Break(
        "erasure", "it is written down nowhere but in the database", ERASURE,
        "                self.journal.write(erasure)\n", "", CAME_BACK,
    ),
    Break(
        "erasure", "it is written down when it is done", ERASURE,
        "                self.journal.write(erasure)\n                await _cut(connection, erasure)\n",
        "                await _cut(connection, erasure)\n                await connection.commit()\n"
        "                self.journal.write(erasure)\n", WRITTEN_FIRST,
    ),
    Break(
        "erasure", "half a line stops the edge", ERASURE,
        'for line in lines if line.endswith("}")]', "for line in lines]", TORN,
    ),
    Break(
        "erasure", "what follows half a line is lost with it", ERASURE,
        '            file.write(_mend(self._file) + erasure.model_dump_json() + "\\n")\n',
        '            file.write(erasure.model_dump_json() + "\\n")\n', TORN,
    ),
    Break(
        "erasure", "deleted pages stay in the file", ERASURE,
        "        if not reasons:\n            await compact(self.engine)\n", "", NOTHING_LEFT,
    ),
    Break(
        "erasure", "the texts stay", ERASURE,
        "        await connection.execute(sa.delete(t.items).where(items.item.in_(chunk)))\n",
        "        await connection.execute(sa.select(t.items).where(items.item.in_(chunk)))\n", NOTHING_LEFT,
    ),
    Break(
        "erasure", "what was received stays", ERASURE,
        '.where(inbox).values(value=b"", jws="", state="erased"))', '.where(inbox).values(state="erased"))',
        NOTHING_LEFT,
    ),
    Break(
        "erasure", "a hold holds nothing", ERASURE,
        "        found = await recorded(connection, subject, now)\n", "        found: list[Hold] = []\n", HELD,
    ),
    Break(
        "erasure", "a running case is erased", ERASURE,
        "        if await _running(connection, self.slug, subject):\n",
        "        if await _running(connection, self.slug[:1], subject):\n", GOING_ON,
    ),
    Break(
        "erasure", "a letter that may have to be sent again is erased", ERASURE,
        "        if await _waiting(connection, subject):\n",
        "        if not await _waiting(connection, subject) and 0:\n",
        GOING_ON,
    ),
    # Ready
    Break(
        "readiness", "a slot whose last transaction hangs is ready", "services/relay/relay.py",
        "if silent > SILENCE else None)", "if silent < 0 else None)", READY,
    ),
    Break(
        "readiness", "a slot that says why it is not is ready", "services/relay/relay.py",
        "    return status.reason or (", "    return (", READY,
    ),
    Break(
        "readiness", "a process is ready before it takes part", "services/relay/relay.py",
        "        ready = self._election.joined and not reasons\n", "        ready = not reasons\n", READY,
    ),
    Break(
        "readiness", "not ready is answered as ready", "services/runtime/health.py",
        '        return JSONResponse(told, status_code=200 if answer.get("ready") is True else 503)\n',
        "        return JSONResponse(told)\n", READY,
    ),
    Break(
        "frozen broker", "a gate whose broker is frozen is ready", "services/relay/relay.py",
        "if silent > SILENCE else None)", "if silent < 0 else None)", FROZEN,
    ),
    Break(
        "readiness", "a silent gate alarms nobody", "services/oversight/watching.py",
        "if now - status.decided > SILENT_SECONDS)", "if now - status.decided < 0)", STALLED,
    ),
    # Successors
    Break(
        "successor", "who has ended speaks on", "services/gate/decision.py",
        "    if ended_at is None or event.time <= ended_at or by_machine",
        "    if ended_at is None or ended_at or by_machine",
        TOO_LATE,
    ),
    Break(
        "successor", "what was said in time is refused when it arrives late", "services/gate/decision.py",
        "ended_at is None or event.time <= ended_at or by_machine", "ended_at is None or by_machine", TOO_LATE,
    ),
    Break(
        "successor", "its machine is refused too", "services/gate/decision.py",
        " or event.time <= ended_at or by_machine or", " or event.time <= ended_at or", TOO_LATE,
    ),
    Break(
        "successor", "a letter to oneself under the old name is judged as any other", "services/gate/decision.py",
        "        return Judgement((_succeeded(me),))\n", "        return None\n", TO_ITSELF,
    ),
    Break(
        "successor", "the walk stops after the first hundred cases", "services/gate/succession.py",
        '"done": after is None}', '"done": True}', BY_TICKS,
    ),
    Break(
        "successor", "of a chain only the next link is taken", "services/gate/succession.py",
        "    while slug in held:\n", "    if slug in held:\n", CHAIN,
    ),
    Break(
        "successor", "a slot learns a circle", "services/gate/succession.py",
        "        if ended not in held and _last(successor, held) != ended:\n",
        "        if ended not in held:\n", CIRCLE,
    ),
    Break(
        "successor", "the directory names successors in a circle", "services/runtime/directory.py",
        "            if following in passed:\n                return slug\n",
        "            if following in passed:\n                return following\n", CIRCLE_THERE,
    ),
    Break(
        "successor", "a circle is signed", "deploy/succession.py",
        "        if other.successor in passed:\n", "        if other.successor == other.slug:\n", SIGNED_CIRCLE,
    ),
    Break(
        "successor", "support between two that are one goes on", "services/gate/rules/succession.py",
        "    if isinstance(after, SupportRecord) and after.asked_by == after.helper:\n",
        "    if isinstance(after, SupportRecord) and not after.helper:\n", SUPPORT,
    ),
    Break(
        "successor", "a child waits for an answer that nobody can give", "services/oversight/rules/succession.py",
        " if waiting.by not in waiting.of}", "}", SUPPORT,
    ),
    Break(
        "successor", "of two plans the one of the new name counts", "services/gate/rules/succession.py",
        "        kept = max((after, other), key=_reach) if other is not None else after\n",
        "        kept = other or after\n", PLANS,
    ),
    Break(
        "successor", "oversight holds two promises of one", "services/oversight/rules/succession.py",
        "    if len(own) < 2:\n", "    if len(own) < 3:\n", PLANS,
    ),
    Break(
        "successor", "a grant goes on where a refusal stands", "services/gate/rules/succession.py",
        "    if not turned_down:\n", "    if said:\n", REFUSAL,
    ),
    # The store of an organisation that ends
    Break(
        "store", "anybody may have signed it", BEQUEST,
        "                if self.directory.owner(kid) != part.ended:\n", "                if not kid:\n", WHOLE,
    ),
    Break(
        "store", "nobody need have signed it", BEQUEST,
        "                    text, kid = verify_compact(line.strip(), self.directory.past_key)\n",
        '                    text = b64decode(line.split(b".")[1] + b"==", b"-_")\n'
        '                    kid = Part.model_validate_json(text).ended + ".x"\n',
        (*WHOLE, f"{WILL}::test_a_line_that_nobody_signed_brings_nothing"),
    ),
    Break(
        "store", "a line may be left out", BEQUEST, "or part.number != expected or last", "or last", WHOLE,
    ),
    Break(
        "store", "the end may be left out", BEQUEST,
        "        if first is None or not last:\n", "        if first is None:\n", WHOLE,
    ),
    Break(
        "store", "anybody's store is taken over", BEQUEST,
        "        if self.directory.successions(self.now).get(first.ended) != self.slug:\n",
        "        if first.ended == self.slug:\n", WHOLE,
    ),
    Break(
        "store", "it is not sealed", BEQUEST,
        "        sealed = seal(piece, key)\n", '        sealed = piece.decode() if key else ""\n', UNREADABLE,
    ),
    Break(
        "store", "everybody on the machine may read the file", BEQUEST,
        "os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)", "os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)", UNREADABLE,
    ),
    Break(
        "store", "what its owner wrote counts as delivered", BEQUEST,
        "        good = [row for row in rows if _holds(checker, row)]\n",
        "        good = [row for row in rows if checker]\n",
        UNSEALED,
    ),
    # State made anew
    Break(
        "rebuild", "every alarm is told again", LADDER,
        "        was = before.alerts.get(key)\n", "        was = None if before.alerts else None\n", SAME_STATE,
    ),
    Break(
        "rebuild", "numbers of alarms begin anew", LADDER,
        '"raised": max(watch.head.raised, before.head.raised)', '"raised": watch.head.raised', NUMBERS,
    ),
    Break(
        "rebuild", "the numbers of a case known from its middle begin anew", REBUILD,
        'update={"raised": (self._beginning + 1) * MOST})', 'update={"raised": 0})', MIDDLE,
    ),
    Break(
        "rebuild", "a barrier is echoed twice", REBUILD,
        "if fact.barrier and record.offset >= self._read_up_to]", "if fact.barrier]", ECHO,
    ),
    Break(
        "rebuild", "who heard a false alarm never hears that it was one", LADDER,
        "        if key not in watch.alerts:\n            watch.alerts[key] = was\n",
        "        if watch.alerts.get(key, 0) is None:\n            watch.alerts[key] = was\n", FALSE_ALARM,
    ),
    Break(
        "rebuild", "it is made anew while oversight writes it", REBUILD, "    await log.fence()\n", "", RUNNING,
    ),
)  # fmt: skip
