"""Defences taken away one at a time, and the tests that must then fail. `old` stands in the file exactly once."""

from tests.invariants.breaks import Break

MESSAGES, PARSERS = "tests/attacks/test_messages.py", "tests/attacks/test_parsers.py"
SIGNED = (f"{MESSAGES}::test_a_message_is_not_believed_unless_signed_as_it_must_be",)
ONCE = (f"{MESSAGES}::test_a_message_counts_once_in_one_place_and_not_long_after",)
BYTES = (f"{MESSAGES}::test_bytes_that_are_no_message_are_refused_and_the_next_message_goes_on",)
CONSENT = (f"{MESSAGES}::test_consent_comes_from_who_has_to_do_with_the_person",)
SECTION = (f"{MESSAGES}::test_a_section_is_what_its_letter_says_or_is_sent_back",)
WITHHELD = (f"{MESSAGES}::test_a_delivery_that_is_withheld_or_moved_is_missed",)
MARKUP = (f"{MESSAGES}::test_markup_and_queries_in_a_text_reach_no_page_and_no_ledger",)
FLOOD = (f"{MESSAGES}::test_a_flood_of_bad_messages_leaves_the_others_their_turn",)
EDGE = "tests/organisation/test_behaviour.py"
TURNS = ("tests/relay/test_inputs.py::test_topics_take_turns",)  # which topic stands first on a broker is chance
FORGED = (f"{EDGE}::test_a_record_without_a_true_seal_is_kept_and_not_believed[sqlite]",)
OTHERS = (f"{EDGE}::test_a_message_that_is_not_its_senders_is_kept_and_not_applied[sqlite]",)
STORY = (f"{PARSERS}::test_a_scenario_is_read_or_its_faults_are_told",)
NODE = ("tests/client_node/test_client_node.py::test_a_client_in_another_language_takes_part",)
WORKED = ("tests/cli/test_schemas.py",)

JOSE, EVENT = "services/runtime/jose.py", "schemas/event.py"
ENVELOPE, DECISION = "services/gate/envelope.py", "services/gate/decision.py"
RULES, SECTIONS = "services/gate/rules", "services/organisation/sections.py"

BREAKS: tuple[Break, ...] = (
    # Signatures
    Break(
        "signature", "whatever algorithm a header names is taken", JOSE,
        '    if members["alg"] != ALGORITHM:\n', '    if not members["alg"]:\n', SIGNED,
    ),
    Break(
        "signature", "a header may say that the payload is encoded, or name other critical members", JOSE,
        ' or members["b64"] is not False or members["crit"] != ["b64"]:\n', ":\n", SIGNED,
    ),
    Break(
        "signature", "a header may hold more members", JOSE,
        '    if members.keys() != {"alg", "b64", "crit", "kid"} or', '    if "crit" not in members or', SIGNED,
    ),
    Break(
        "signature", "one signature may be written in many ways", JOSE,
        "    if _encode(raw) != segment:\n", "    if raw is None:\n", SIGNED,
    ),
    Break(
        "signature", "an organisation may sign for another", ENVELOPE,
        "    if directory.owner(kid) != received.owner:\n", "    if not kid:\n", SIGNED,
    ),
    Break(
        "signature", "a message may name another source", ENVELOPE,
        "    if event is not None and event.source != received.owner:\n",
        "    if event is not None and not event.source:\n",
        SIGNED,
    ),
    # Replay
    Break(
        "replay", "a message that was decided is decided again", DECISION,
        "    if before is None:\n        return False\n",
        "    if before is None or not before.at.second < 0:\n        return False\n",
        ONCE,
    ),
    Break(
        "replay", "other bytes may come under an old id", DECISION,
        "    if before.hash != received.hash:\n", "    if not before.hash:\n", ONCE,
    ),
    Break(
        "replay", "a message never grows too old", DECISION,
        "    if not scribe.now - OLDEST <= event.time", "    if not scribe.now - 9 * OLDEST <= event.time", ONCE,
    ),
    Break(
        "replay", "a message may stand in any partition", ENVELOPE,
        " or slot_of(event.subject, slots) != record.partition:\n", ":\n", ONCE,
    ),
    # Bytes
    Break(
        "bytes", "of two equal keys the last counts", EVENT,
        "    if len(found) != len(pairs):\n", "    if len(found) > len(pairs):\n", BYTES,
    ),
    Break(
        "bytes", "NaN is a number", EVENT, ", parse_constant=_no_constant)", ")", BYTES,
    ),
    Break(
        "bytes", "nesting has no bound", EVENT, "    if left == 0:\n", "    if left == -900:\n", BYTES,
    ),
    Break(
        "bytes", "a message may hold as many values as fit", EVENT,
        '    if value.count(b",") > MAX_VALUES:', "    if len(value) > 2**40:",
        (*BYTES, f"{PARSERS}::test_a_message_of_nothing_but_bad_values_is_refused_before_they_are_counted_out"),
    ),
    Break(
        "bytes", "a message may have any size", ENVELOPE,
        "    if len(value) > MAX_OUTBOX:\n", "    if len(value) > 2 * MAX_OUTBOX:\n", BYTES,
    ),
    Break(
        "bytes", "deep nesting is an error nobody expects", EVENT,
        "    except (ValueError, RecursionError) as error:\n", "    except ValueError as error:\n",
        (f"{PARSERS}::test_an_envelope_is_a_message_or_malformed",),
    ),
    Break(
        "bytes", "a message may hold fields that nobody knows", "schemas/base.py",
        'extra="forbid", ser', 'extra="ignore", ser', BYTES,
    ),
    # Consent
    Break(
        "consent", "an organisation outside the case may speak in it", f"{RULES}/roles.py",
        "    return ctx.sender.slug not in head.parties and not _makes_itself_party(ctx) and not _answers(ctx)\n",
        "    return False\n", CONSENT,
    ),
    Break(
        "consent", "anybody's word counts for anybody", f"{RULES}/consent.py",
        "    if speaker in may:\n", "    if speaker in may or speaker:\n", CONSENT,
    ),
    Break(
        "consent", "a person need not stand in the case", f"{RULES}/consent.py",
        "    unknown = [] if about in known else [about]\n", "    unknown: list[PersonRef] = []\n", CONSENT,
    ),
    # Sections
    Break(
        "section", "the header inside a seal is not compared", SECTIONS,
        "    if plain.header != expected:\n", "    if plain.header is None:\n", SECTION,
    ),
    Break(
        "section", "the digest of a section is not compared", SECTIONS,
        "    if digest(salt, plain.body) != section.digest:\n", "    if not plain.body:\n", SECTION,
    ),
    # That a seal is not compressed is checked in its header and in the list of algorithms: one of them is enough.
    Break(
        "section", "an unreadable section is not told to its sender", "services/organisation/intake.py",
        "            if opened.fault is None:\n",
        "            if opened.fault is None or opened.item is None:\n", SECTION,
    ),
    Break(
        "section", "the salt follows the text", SECTIONS,
        "    return hashlib.sha256(salt + text.encode()).hexdigest()\n",
        "    return hashlib.sha256(text.encode() + salt).hexdigest()\n", NODE,
    ),
    # Deliveries
    Break(
        "delivery", "a hole in the inbox goes by unnoticed", "services/organisation/intake.py",
        "        if delivery.sequence > progress.highest + 1:\n", "        if delivery.sequence < 0:\n", WITHHELD,
    ),
    Break(
        "delivery", "what the gate says by itself is about another slot", "services/runtime/subjects.py",
        " if slot_of(subject, slots) == slot)", ")",
        ("tests/gate/test_gate.py::test_a_gap_that_a_checkpoint_shows_is_told_under_its_subject",),
    ),
    Break(
        "delivery", "anybody's seal is a gate's seal", "services/organisation/deliveries.py",
        "if directory.owner(kid) == owner else None", "if owner else None", FORGED,
    ),
    Break(
        "delivery", "a seal for another is good for all", "services/organisation/deliveries.py",
        "for each in entry.inbox if each.inbox == self.slug)", "for each in entry.inbox if each.inbox)", FORGED,
    ),
    Break(
        "delivery", "what another organisation signed passes for the source's", "services/organisation/deliveries.py",
        "        if directory.owner(kid) != source:\n", "        if not source:\n", OTHERS,
    ),
    Break(
        "delivery", "other bytes than those decided on are taken in", "services/organisation/deliveries.py",
        "    if told.hash != message_hash(value):\n", "    if not told.hash:\n", OTHERS,
    ),
    # Floods
    Break(
        "flood", "the outbox that was read first is decided first", "services/relay/inputs.py",
        "        records = self._waiting.pop(head.topic)\n", "        records = self._waiting[head.topic]\n", TURNS,
    ),
    Break(
        "flood", "every unreadable message is kept", "services/gate/quarantine.py",
        "    if kept.copies >= COPIES or kept.size + size > BYTES:\n", "    if kept.size + size > BYTES:\n", FLOOD,
    ),
    Break(
        "flood", "an unreadable message is kept however large", "services/gate/quarantine.py",
        "    if kept.copies >= COPIES or kept.size + size > BYTES:\n", "    if kept.copies >= COPIES:\n", FLOOD,
    ),
    # Texts
    Break(
        "text", "names of unknown fields are repeated", EVENT,
        "    return str(part) if isinstance(part, int) or _FIELD.fullmatch(part)", "    return str(part) if part != ()",
        MARKUP,
    ),
    Break(
        "text", "a code may be any text", "schemas/base.py",
        'Code = Annotated[str, StringConstraints(pattern=f"^{CODE_PATTERN}$")]\n',
        "Code = str\n", MARKUP,
    ),
    # Scenarios
    Break(
        "scenario", "aliases of aliases are written out", "services/cli/play/reading.py",
        "        if _unfolded(node, {}) > LARGEST:\n", "        if node is None and text:\n",
        (f"{PARSERS}::test_a_small_scenario_that_unfolds_into_a_huge_one_is_refused",),
    ),
    Break(
        "scenario", "a bad date ends the program", "services/cli/play/reading.py",
        "    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:\n",
        "    except yaml.YAMLError as error:\n", STORY,
    ),
    Break(
        "scenario", "nesting ends the program", "services/cli/play/reading.py",
        "    except RecursionError:\n", "    except MemoryError:\n", STORY,
    ),
    # The page for writers of clients
    Break(
        "client", "the gate counts partitions in another way than the page says", "services/cli/example.py",
        "    hashed = murmur2(subject.encode()) & 0x7FFFFFFF\n",
        "    hashed = murmur2(subject.encode()[::-1]) & 0x7FFFFFFF\n",
        WORKED,
    ),
    Break(
        "client", "a schema of a message is not renewed", "schemas/service.py",
        '    name: ClassVar[str] = "receipts.stored"\n',
        '    name: ClassVar[str] = "receipts.stored"\n    more: int = 0\n', WORKED,
    ),
)  # fmt: skip
