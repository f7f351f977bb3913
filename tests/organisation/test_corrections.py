"""A correction stands beside the item it is about, and on the list of who passed that item on."""

import uuid
from typing import Any

from schemas import service
from schemas.event import parse_event
from tests.organisation.small_gate import SmallGate
from tests.organisation.test_behaviour import GI, LINDE, VT, contents, opened_case, section


async def letter_from_vt(street: Any, gate: SmallGate) -> tuple[Any, Any, str, str, str]:
    """A letter that the local team received: its edge, that of the sender, the case, the letter and its item."""
    recipient, sender = await street.office(LINDE), await street.office(VT)
    case = await opened_case(sender)
    (letter,) = await sender.send("dossiers.shared", "vt-1", case=case, to=[LINDE], body={}, manifest=contents())
    made = await sender.decided(letter["id"])
    await recipient.take(made[LINDE])
    (row,) = await sender.sent("dossiers.shared")
    (item,) = parse_event(row.value).data.sealed
    return recipient, sender, case, letter["id"], item


async def corrected(office: Any) -> list[dict[str, Any]]:
    return [row for row in await office.get("/api/worklist", "linde-1") if row["kind"] == "CORRECTED"]


async def test_a_correction_shows_beside_the_item(any_street: Any, gate: SmallGate) -> None:
    """In the letter that brought it, and on the page of the case; at the author's too."""
    recipient, sender, case, letter, item = await letter_from_vt(any_street, gate)
    new = str(uuid.uuid4())
    right = contents(section(item=new, text="It was the neighbour's child."))
    body = {"item": item, "replaced_by": new, "reason": "WRONG_PERSON"}
    (said,) = await sender.send("dossiers.corrected", "vt-1", case=case, to=[LINDE], body=body, manifest=right)
    made = await sender.decided(said["id"])
    await recipient.take(made[LINDE])
    (shown,) = (await recipient.get(f"/api/inbox/{letter}/content", "linde-1"))["sections"]
    assert shown["corrected"]["replaced_by"] == new
    (shown,) = (await recipient.get(f"/api/inbox/{said['id']}/content", "linde-1"))["sections"]
    assert (shown["text"], shown["corrected"]) == ("It was the neighbour's child.", None)
    for office, who in ((recipient, "linde-1"), (sender, "vt-1")):
        (row,) = (await office.get(f"/api/cases/{case}", who))["corrections"]
        assert (row["item"], row["replaced_by"]) == (item, new)
    assert len(await corrected(recipient)) == 1


async def test_the_gates_word_without_content_marks_the_item_too(any_street: Any, gate: SmallGate) -> None:
    """Where no basis was left to send what takes its place."""
    recipient, _, case, letter, item = await letter_from_vt(any_street, gate)
    await recipient.take(gate.notice(LINDE, case, service.CorrectedNotice(item=item)))
    (shown,) = (await recipient.get(f"/api/inbox/{letter}/content", "linde-1"))["sections"]
    assert (shown["corrected"]["replaced_by"], shown["text"] is not None) == (None, True)
    page = await recipient.get(f"/api/cases/{case}?shown_to=family", "linde-1")
    assert [row["item"] for row in page["corrections"]] == [item]


async def test_who_passed_it_on_is_told_to_whom_the_correction_goes(any_street: Any, gate: SmallGate) -> None:
    """Until it went there."""
    recipient, _, case, _, item = await letter_from_vt(any_street, gate)
    bases = [{"person": "child-1", "secrecy": "CONSENT", "gdpr": "6.1.e"}]
    passed = {"purpose": "HANDOVER", "sections": [{"forward": item, "bases": bases}]}
    (on,) = await recipient.send("dossiers.shared", "linde-1", case=case, to=[GI], body={}, manifest=passed)
    await recipient.decided(on["id"])
    assert await corrected(recipient) == []
    await recipient.take(gate.notice(LINDE, case, service.CorrectedNotice(item=item)))
    (task,) = await corrected(recipient)
    assert (task["messages"], GI in task["text"]) == (["dossiers.corrected"], True)
    body = {"item": item, "reason": "WRONG_FACT"}
    (said,) = await recipient.send("dossiers.corrected", "linde-1", case=case, to=[GI], body=body)
    await recipient.decided(said["id"])
    (task,) = await corrected(recipient)
    assert (task["messages"], GI in task["text"]) == ([], False)
