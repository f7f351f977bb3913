"""The audit at the end of the demonstration, as lines."""

from typing import Any

from services.cli.play.audit_lines import lines

ENTRY: dict[str, Any] = {
    "at": "2026-03-04T10:10:00Z",
    "kind": "MESSAGE",
    "name": "dossiers.shared",
    "actor": "lokaal-team-linde",
    "professional": "linde-1",
    "recipients": ["school-de-brug"],
    "verdict": "DELIVERED",
    "slot": 3,
    "slot_seq": 12,
    "hash": "f" * 64,
    "sections": [],
    "reasons": [],
    "opened": [],
    "regie": None,
}


def told(**fields: Any) -> str:
    return "\n".join(line.plain for line in lines([{**ENTRY, **fields}]))


def test_what_was_shared_says_about_whom_and_on_which_basis() -> None:
    bases: list[dict[str, Any]] = [{"person": ref, "secrecy": "G10", "statements": []} for ref in ("child", "mother")]
    section = {"category_in_words": "the family's own story", "bases": bases}
    text = told(sections=[section])
    assert "dossiers.shared lokaal-team-linde/linde-1 to school-de-brug" in text
    assert "the family's own story: child, mother on G10" in text


def test_what_was_refused_says_what_was_attempted_and_why_it_did_not_go() -> None:
    reason = {"person": "child", "in_words": "the consent was withdrawn", "missing": ["father"]}
    section = {"category_in_words": "health", "about": ["child"], "bases": []}
    text = told(verdict="REFUSED", reasons=[reason], sections=[section])
    assert "about child: the consent was withdrawn (father)" in text
    assert "health: about child, not sent" in text


def test_a_move_of_the_lead_is_told() -> None:
    assert "the lead went from a to b" in told(regie={"holder_before": "a", "holder_after": "b"})


def test_machines_are_counted_only() -> None:
    text = told(name="receipts.stored")
    assert "receipts.stored" not in text and "1 entries of machines" in text
