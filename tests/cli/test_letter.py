"""The answer to a person who asks who saw what."""

from typing import Any

from services.cli.letter import letter


def section(category: str, *about: str) -> dict[str, Any]:
    bases = [{"person": ref, "secrecy_in_words": f"consent of {ref}"} for ref in about]
    told = {"category": category.upper(), "category_in_words": category}
    return {"item": f"item of {category}", **told, "about": about, "bases": bases}


def line(*sections: dict[str, Any], verdict: str = "DELIVERED", opened: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "message": "a letter",
        "at": "2026-03-02T09:00:00Z",
        "actor": "lokaal-team-linde",
        "recipients": ["gi-noord"],
        "purpose_in_words": "to help together",
        "verdict": verdict,
        "sections": sections,
        "opened": [{"by": by, "at": "2026-03-03T10:00:00Z"} for by in opened],
    }


def test_it_says_who_when_what_on_which_ground_and_when_it_was_opened() -> None:
    told = "\n".join(
        letter({"by": "linde", "entries": [line(section("school", "anna"), opened=("gi-noord",))]}, "anna")
    )
    for words in ("02-03-2026 10:00", "lokaal-team-linde gave to gi-noord", "school", "consent of anna", "03-03-2026"):
        assert words in told


def test_nothing_about_somebody_else_stands_in_it() -> None:
    entries = [line(section("school", "anna", "brother"), section("health", "mother")), line(section("plan", "mother"))]
    told = "\n".join(letter({"by": "linde", "entries": entries}, "anna"))
    assert "school" in told
    assert not [words for words in ("health", "plan", "brother", "mother") if words in told]


def test_what_was_refused_was_not_seen() -> None:
    told = "\n".join(letter({"by": "linde", "entries": [line(section("school", "anna"), verdict="REFUSED")]}, "anna"))
    assert "Nothing was shared." in told


def test_it_says_so_when_organisations_go_by_their_kind() -> None:
    told = "\n".join(letter({"by": "linde", "entries": [line(section("school", "anna"))], "by_kind": True}, "anna"))
    assert "address must stay secret" in told
    assert "Not opened yet." in told
