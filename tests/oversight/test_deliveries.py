"""What is owed on the way: that it is stored, that it is sent again, and that what cannot be used is mended."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.body import Phase
from schemas.handovers import HandoverState
from schemas.service import AlertRaised, DeliveryFact, DeliveryState, Fact, FactKind
from schemas.tables.transitions import Effect
from services.oversight.rules.follow import follow_delivery, new_watch
from tests.oversight.story import (
    CALENDAR,
    COORDINATION,
    GI,
    LT,
    MONDAY,
    SUBJECT,
    VT,
    Story,
    at,
    handover,
    heard,
    local,
    plan,
    uuid,
)

S, D = HandoverState, DeliveryState
DIRECT = {"phase": Phase.DIRECT_SAFETY}
_VTO = (Effect.VTO_OWED, Effect.CONSULT_CLOSED)


def story(**case: Any) -> Story:
    """A case in which nobody stores by itself."""
    told = Story(**case)
    told.stores = False
    return told


def sent(told: Story, name: str = "dossiers.shared", to: str = LT, by: str = VT, **more: Any) -> str:
    """A message of Veilig Thuis to the local team; its id."""
    fact = told.fact(name, by, told.now, to=(to,), **more)
    told.take(fact)
    return fact.id


def test_what_is_delivered_must_be_stored_within_a_working_day() -> None:
    """By its recipient; the sender looks on. Each recipient of a statement owes its own."""
    told = story()
    told.tell("sight.planned", VT, MONDAY, to=(LT, GI))
    owed = told.watch.of("RECEIPT")
    assert {(o.responsible, o.watcher, local(o.due)) for o in owed} == {
        ((LT,), (VT,), "2026-03-03 23:59:59"), ((GI,), (VT,), "2026-03-03 23:59:59"),
    }  # fmt: skip


def test_in_direct_unsafety_it_must_be_stored_within_four_hours() -> None:
    """Counted from then on when the case becomes so later."""
    told = story()
    sent(told)
    told.tell("cases.lead_person_changed", VT, at("2026-03-02 10:00"), case=DIRECT)
    assert local(told.owed("RECEIPT").due) == "2026-03-02 14:00:00"


def test_a_receipt_in_time_is_quiet() -> None:
    told = story()
    message = sent(told)
    assert told.became(D.STORED, LT, message, when=at("2026-03-03 12:00")) == []
    assert told.watch.of("RECEIPT") == ()
    told.wait(at("2026-03-20"))
    assert "RECEIPT" not in {say.body.code for say in told.said}


def test_a_letter_that_is_not_stored_is_told_to_both_sides_and_over_when_it_is() -> None:
    """The recipient's edge may be down, so its word alone would reach nobody."""
    told = story()
    message = sent(told)
    assert heard(told.wait(at("2026-03-04"))) == [("raised", "RECEIPT", 1, {LT, VT})]
    said = told.became(D.STORED, LT, message, when=at("2026-03-04 12:00"))
    assert heard(said) == [("resolved", "RECEIPT", None, {LT, VT})]
    assert [say.body.how for say in said] == ["MET"]  # type: ignore[union-attr]


def test_who_sent_it_hears_of_it_also_when_it_holds_nothing_of_the_case() -> None:
    """An institution that says a court charged it holds no delivery yet."""
    told = story()
    told.tell("measures.started", GI, MONDAY, to=(LT,), handover=uuid(99))
    raised = [entry for entry in heard(told.wait(at("2026-03-04"))) if entry[1] == "RECEIPT"]
    assert raised == [("raised", "RECEIPT", 1, {LT, GI})]


def test_it_climbs_to_the_coordination_like_any_other() -> None:
    told = story()
    sent(told)
    told.wait(at("2026-03-04"))
    climbed = [entry for entry in heard(told.wait(at("2026-03-09"))) if entry[1] == "RECEIPT"]
    assert climbed == [("escalated", "RECEIPT", 2, {LT, VT, COORDINATION})]


def test_a_receipt_of_another_message_or_another_recipient_closes_nothing() -> None:
    told = story()
    message = sent(told)
    told.became(D.STORED, GI, message)
    told.became(D.STORED, LT, uuid())
    assert told.owed("RECEIPT").ref == message


def test_alerts_and_what_goes_to_nobody_are_not_receipted() -> None:
    told = story()
    told.tell("alerts.acknowledged", LT, MONDAY, to=(VT,), alert=uuid(5), reason="IN_HAND", until="2026-03-04")
    told.tell("reports.registered", VT, MONDAY)
    assert told.watch.of("RECEIPT") == ()


def test_a_missing_letter_is_the_senders_to_send_again() -> None:
    """The recipient has said what it could; sent again, the recipient owes a receipt of the new one."""
    told = story()
    message, again = sent(told), uuid()
    told.became(D.MISSING, LT, message, type="dossiers.shared")
    assert told.watch.of("RECEIPT") == ()
    assert (told.owed("RESEND").responsible, told.owed("RESEND").watcher) == ((VT,), (LT,))
    assert heard(told.wait(at("2026-03-04"))) == [("raised", "RESEND", 1, {VT, LT})]
    said = told.became(D.SENT_AGAIN, LT, message, again=again, type="dossiers.shared")
    assert [entry[:2] for entry in heard(said)] == [("resolved", "RESEND")]
    assert [(o.ref, o.responsible) for o in told.watch.of("RECEIPT")] == [(again, (LT,))]
    told.became(D.STORED, LT, again)
    assert told.watch.of("RECEIPT") == ()


@pytest.mark.parametrize("name", ["sight.planned", "dossiers.shared"])
def test_a_lost_message_stays_owed_until_it_is_said_anew(name: str) -> None:
    """That its term ran out helps nobody: the same message, or the dossier, to the same recipient does."""
    told = story()
    lost = sent(told, "sight.planned")
    told.became(D.MISSING, LT, lost, type="sight.planned")
    told.became(D.LOST, LT, lost, type="sight.planned", when=at("2026-03-06"))
    assert told.owed("RESEND").ref == lost
    sent(told, name, to=GI)
    sent(told, "monitoring.planned")
    sent(told, name, to=VT, by=LT)
    assert told.owed("RESEND").ref == lost
    sent(told, name)
    assert told.watch.of("RESEND") == ()


def test_in_a_closed_case_a_letter_must_still_arrive() -> None:
    told = story()
    message = sent(told)
    told.tell("cases.closed", VT, None, to=(LT,), case={"open": False})
    assert {o.ref for o in told.watch.of("RECEIPT")} > {message}
    told.became(D.MISSING, LT, message, type="dossiers.shared")
    assert told.owed("RESEND").ref == message


def test_what_becomes_of_a_delivery_of_a_case_not_watched_changes_nothing() -> None:
    body = DeliveryFact(state=D.STORED, sender=VT, recipient=LT, messages=(uuid(),))
    fact = Fact(kind=FactKind.DELIVERY, at=MONDAY, id=uuid(), subject=SUBJECT, delivery=body)
    watch, said = follow_delivery(fact, new_watch(SUBJECT), CALENDAR)
    assert (watch.owed, said) == ({}, ())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", *DeliveryState]), st.integers(0, 3), st.sampled_from([LT, GI]), st.integers(0, 40)
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_whatever_happens_on_the_way_each_delivery_is_owed_by_exactly_one_side(
    steps: list[tuple[str, int, str, int]],
) -> None:
    """Not stored: the recipient owes a receipt, or the sender owes it again; stored: neither does. An alarm is open
    exactly while something overdue is.
    """
    told, where = story(holders=(VT, LT, GI)), dict[tuple[str, str], str]()
    for what, place, to, hours in steps:
        told.wait(timedelta(hours=hours))
        message = uuid(500 + place)
        if what == "send":
            fact = told.fact("sight.planned", VT, told.now, to=(to,), plans=[plan(every_days=92)])
            told.take(fact)
            where[fact.id, to] = "RECEIPT"
            continue
        running = sorted(key for key in where if key[1] == to)
        if not running:
            continue
        message, _ = key = running[place % len(running)]
        if what == D.SENT_AGAIN and where[key] == "RESEND":
            new = uuid()
            told.became(D.SENT_AGAIN, to, message, again=new, type="sight.planned")
            where[key], where[new, to] = "", "RECEIPT"
        elif what == D.STORED and where[key] == "RECEIPT":
            told.became(D.STORED, to, message)
            where[key] = ""
        elif what == D.MISSING and where[key] == "RECEIPT":
            told.became(D.MISSING, to, message, type="monitoring.checked")
            where[key] = "RESEND"
        owed = {(o.ref, o.to): o.code for o in (*told.watch.of("RECEIPT"), *told.watch.of("RESEND"))}
        assert owed == {key: code for key, code in where.items() if code}
    for code in ("RECEIPT", "RESEND"):
        assert (code in told.watch.alerts) == any(o.overdue for o in told.watch.of(code))


# Rejections


def rejected(told: Story, reason: str = "CANNOT_OPEN", item: str | None = uuid(16), by: str = LT, to: str = VT) -> str:
    fields = {"message": uuid(15), "reason": reason, "item": item}
    machine = reason != "CATEGORY_UNTRUE"
    return sent(told, "dossiers.rejected", to=to, by=by, automatic=machine, **fields)


def test_a_letter_that_cannot_be_opened_is_the_senders_to_send_anew() -> None:
    """Until that very item has gone to who rejected it; another letter, or to another, does not do."""
    told = Story()
    rejected(told)
    owed = told.owed("UNREADABLE_LETTER")
    assert (owed.responsible, owed.watcher, local(owed.due)) == ((VT,), (LT,), "2026-03-03 23:59:59")
    assert heard(told.wait(at("2026-03-04"))) == [("raised", "UNREADABLE_LETTER", 1, {VT, LT})]
    sent(told, items=(uuid(77),))
    sent(told, to=GI, items=(uuid(16),))
    sent(told, to=VT, by=LT, items=(uuid(16),))
    assert told.owed("UNREADABLE_LETTER")
    sent(told, "handovers.answered", items=(uuid(16),))
    assert [entry[:2] for entry in heard(told.said)][-1] == ("resolved", "UNREADABLE_LETTER")


def test_a_whole_letter_that_was_rejected_is_mended_by_sharing_it() -> None:
    told = Story()
    rejected(told, item=None)
    sent(told, "handovers.answered", items=(uuid(16),))
    assert told.owed("UNREADABLE_LETTER")
    sent(told)
    assert told.watch.of("UNREADABLE_LETTER") == ()


def test_each_item_is_owed_by_itself_and_once() -> None:
    told = Story()
    for item in (uuid(16), uuid(17), uuid(16)):
        rejected(told, "DIGEST", item)
    assert {o.ref for o in told.watch.of("UNREADABLE_LETTER")} == {uuid(16), uuid(17)}
    sent(told, items=(uuid(16),))
    assert told.owed("UNREADABLE_LETTER").ref == uuid(17)


@pytest.mark.parametrize("mended", ["shared", "reviewed"])
def test_what_is_called_by_a_wrong_name_is_corrected_or_a_second_person_says_why_not(mended: str) -> None:
    told = Story()
    rejection = rejected(told, "CATEGORY_UNTRUE")
    assert local(told.owed("UNTRUE_CATEGORY").due) == "2026-03-04 23:59:59"
    assert told.watch.of("UNREADABLE_LETTER") == ()
    told.tell("reviews.recorded", VT, None, message=uuid())
    assert told.owed("UNTRUE_CATEGORY").responsible == (VT,)
    if mended == "shared":
        sent(told)
    else:
        told.tell("reviews.recorded", VT, None, message=rejection)
    assert told.watch.of("UNTRUE_CATEGORY") == ()


def test_the_alert_of_a_letter_says_who_owes_it() -> None:
    told = story()
    sent(told)
    (say,) = told.wait(at("2026-03-04"))
    assert isinstance(say.body, AlertRaised) and say.body.responsible == (LT,)


# What a joint consult, and setting a custody holder aside, leave to do


def test_a_consult_that_asks_for_an_investigation_is_the_senders_to_ask() -> None:
    """By a request to the Raad of its own, or a court that has charged an institution meanwhile."""
    for answer, by in (("investigations.registered", VT), ("measures.started", GI)):
        told = Story()
        told.propose()
        told.accept()
        decided = handover(S.ACCEPTED, S.ACCEPTED, *_VTO)
        told.tell("handovers.consult_held", LT, MONDAY, decided, decision="VTO")
        owed = told.owed("VTO_OWED")
        assert (owed.responsible, owed.watcher, local(owed.due)) == ((VT,), (COORDINATION,), "2026-03-04 23:59:59")
        told.tell("investigations.registered", LT)
        assert told.owed("VTO_OWED")
        raised = [entry for entry in heard(told.wait(at("2026-03-05"))) if entry[1] == "VTO_OWED"]
        assert raised == [("raised", "VTO_OWED", 1, {VT})]
        told.tell(answer, by, None, **({"handover": uuid(99)} if answer == "measures.started" else {}))
        assert ("resolved", "VTO_OWED") in [entry[:2] for entry in heard(told.said)]


def test_in_direct_unsafety_an_investigation_is_asked_within_a_day() -> None:
    told = Story(**DIRECT)
    told.tell("handovers.consult_held", LT, MONDAY, handover(S.ACCEPTED, S.ACCEPTED, *_VTO), decision="VTO")
    assert local(told.owed("VTO_OWED").due) == "2026-03-03 09:00:00"


def test_an_investigation_brings_its_sight_plan() -> None:
    """Who asks it keeps sight until the Raad begins."""
    told = Story()
    told.tell("investigations.registered", VT, MONDAY, sight=[plan(every_days=5)])
    assert [(p.owner, p.every_days) for p in told.watch.sights["child-1"].plans] == [(VT, 5)]


def test_setting_a_custody_holder_aside_is_looked_at_again_by_the_day_given() -> None:
    """By who decided it; on that day, not later."""
    told = Story()
    fact = told.fact("consents.set_aside", VT, MONDAY)
    told.take(fact)
    owed = told.owed("SET_ASIDE_REVIEW")
    assert (owed.responsible, owed.watcher, local(owed.due)) == ((VT,), (COORDINATION,), "2026-03-20 23:59:59")
    told.tell("reviews.recorded", VT, None, message=uuid())
    raised = [entry for entry in heard(told.wait(at("2026-03-21"))) if entry[1] == "SET_ASIDE_REVIEW"]
    assert raised == [("raised", "SET_ASIDE_REVIEW", 1, {VT})]
    said = told.tell("reviews.recorded", VT, None, message=fact.id)
    assert [entry[:2] for entry in heard(said)] == [("resolved", "SET_ASIDE_REVIEW")]


@pytest.mark.parametrize(
    ("name", "fields", "over"),
    [
        ("consents.withdrawn", {"statement": uuid(14)}, True),
        ("consents.withdrawn", {"statement": uuid(12)}, False),
        ("consents.set_aside", {"statement": uuid(88)}, True),
        ("consents.set_aside", {"statement": uuid(88), "holder": "parent-1"}, False),
        ("consents.recorded", {"given_by": "parent-2"}, True),
        ("consents.recorded", {"given_by": "parent-1"}, False),
    ],
)
def test_it_is_over_when_withdrawn_decided_anew_or_the_holder_was_asked_after_all(
    name: str, fields: dict[str, Any], over: bool
) -> None:
    told = Story()
    told.tell("consents.set_aside", VT, MONDAY)
    told.tell(name, VT, None, **fields)
    assert (uuid(14) in {o.ref for o in told.watch.of("SET_ASIDE_REVIEW")}) is not over
