"""What a writer is told about a file that is not right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.directory import Deployment
from services.cli.play.reading import BadScenario, load
from services.cli.play.scenario import Scenario
from tests.play.conftest import DOCS

Faults = Callable[..., str]
SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_every_scenario_in_the_repository_is_in_order(file: Path, deployment: Deployment) -> None:
    """So a change of a schema shows here, without Kafka."""
    assert load(file, deployment).steps


def test_the_page_names_every_story() -> None:
    page = (DOCS / "scenarios.md").read_text()
    assert [file.stem for file in SCENARIOS if f"| `{file.stem}` |" not in page] == []


def test_the_example_of_the_page_is_in_order(read: Callable[..., Scenario]) -> None:
    assert len(read().steps) == 5


def test_an_unknown_field_is_said_with_its_line_and_what_was_meant(faults: Faults) -> None:
    told = faults(("    after: 1 hour", "    afterr: 1 hour"))
    assert "line 26, step 2 (It shares her story without asking), afterr: there is no field 'afterr' here" in told
    assert "did you mean after" in told


def test_an_unknown_message_is_said_with_near_ones(faults: Faults) -> None:
    assert "there is no message 'dossier.shared'; did you mean dossiers.shared" in faults(
        ("dossiers.shared", "dossier.shared")
    )


def test_what_machines_say_no_professional_says(faults: Faults) -> None:
    assert "alerts.raised is said by machines" in faults(("say: cases.opened", "say: alerts.raised"))


def test_a_body_is_held_against_its_message(faults: Faults) -> None:
    told = faults(("how_asked: IN_PERSON", "how_askd: IN_PERSON"))
    assert "body.how_askd: there is no field 'how_askd' here; did you mean how_asked?" in told
    assert "body.how_asked: this field is missing" in told


def test_a_wrong_value_is_said_with_what_may_stand_there(faults: Faults) -> None:
    told = faults(("decision: GRANTED", "decision: GRANT"))
    assert "body.decision: 'GRANT' is not one of GRANTED or REFUSED; did you mean GRANTED?" in told


def test_an_unknown_person_is_said_with_near_ones(faults: Faults) -> None:
    assert "body.given_by: 'mothr' does not stand under persons; did you mean mother?" in faults(
        ("given_by: mother", "given_by: mothr")
    )


def test_an_unknown_professional_is_said_with_who_works_there(faults: Faults) -> None:
    told = faults(("who: lokaal-team-berk/berk-1", "who: lokaal-team-berk/berk-9"))
    assert "nobody called 'berk-9' works at lokaal-team-berk; there is berk-1, berk-2" in told


def test_an_organisation_must_take_part(faults: Faults) -> None:
    assert "'raad-noord' does not stand under organisations" in faults(("to: lokaal-team-berk", "to: raad-noord"))
    assert "there is no organisation 'lokaal-team-berkk'; did you mean lokaal-team-berk" in faults(
        (
            "organisations: [lokaal-team-linde, lokaal-team-berk]",
            "organisations: [lokaal-team-linde, lokaal-team-berkk]",
        )
    )


def test_who_may_not_say_it_is_said_before_playing(faults: Faults) -> None:
    told = faults(("say: cases.opened", "say: reports.ended\n    body: {report: $r, outcome: END}"))
    assert "lokaal-team-linde is a LOCAL_TEAM; reports.ended is said by VEILIG_THUIS" in told


def test_who_may_not_say_it_is_let_be_where_a_refusal_is_expected(read: Callable[..., Scenario]) -> None:
    """That is what such a step is for."""
    wrong = "say: reports.ended\n    body: {report: $r, outcome: END}\n    expect: {refused: ROLE_NOT_ALLOWED}"
    assert read(("say: cases.opened\n    expect: {regie: lokaal-team-linde, no_alert: true}", wrong)).steps


def test_a_letter_needs_a_recipient(faults: Faults) -> None:
    told = faults(("    to: lokaal-team-berk\n    message", "    message"))
    assert "dossiers.shared is a letter: `to` says to whom" in told


def test_a_label_is_made_before_it_is_used(faults: Faults) -> None:
    assert "no letter before this one has `message: $shard`; did you mean $shared?" in faults(
        ("open: $shared", "open: $shard")
    )
    assert "no step before names $caze; did you mean $case?" in faults(
        ("get: /api/cases/$case/audit", "get: /api/cases/$caze/audit")
    )


def test_time_does_not_go_back(faults: Faults) -> None:
    assert "time goes back: the step before is at 2026-09-01 10:00" in faults(
        ("at: 2026-09-02 14:00", "at: 2026-08-31 14:00")
    )


def test_a_field_that_stands_twice_is_a_fault(faults: Faults) -> None:
    """YAML would keep the last without a word."""
    assert "the field 'about' stands here twice" in faults(("start: 2026", "about: once more\nstart: 2026"))


def test_every_custody_holder_is_somebody(faults: Faults) -> None:
    told = faults(("custody: mother}", "custody: [fathr, mother]}"))
    assert "persons.child.custody: 'fathr' is no person here" in told


def test_a_person_of_a_family_is_whole(faults: Faults) -> None:
    told = faults(("child: {role: YOUTH, birth_date: 2016-05-01,", "child: {role: YOUTH,"))
    assert "a YOUTH needs a birth_date" in told


def test_a_verdict_is_not_expected_of_a_step_that_says_nothing(faults: Faults) -> None:
    told = faults(("    open: $shared\n    expect:", "    expect:\n      delivered: true"))
    assert "there is no verdict to expect" in told


def test_all_faults_are_told_at_once(faults: Faults) -> None:
    told = faults(("dossiers.shared", "dossier.shared"), ("given_by: mother", "given_by: mothr"))
    assert told.splitlines()[0].endswith("2 faults")


@pytest.mark.parametrize("text", ["a: [", "- just\n- a list\n", "", "steps: 3\n"])
def test_what_is_no_scenario_is_said_without_a_traceback(text: str, deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "story.yaml"
    file.write_text(text)
    with pytest.raises(BadScenario):
        load(file, deployment)


def test_a_file_that_is_not_there_is_said(deployment: Deployment, tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="cannot be read"):
        load(tmp_path / "none.yaml", deployment)


def test_words_for_yes_and_on_stay_the_words_they_are(read: Callable[..., Scenario], faults: Faults) -> None:
    """The field `on` of a measure, the code NO and a title are no truth values; `yes` still is."""
    told = read(("step: The team opens the case", "step: Yes"), ("no_alert: true", "no_alert: yes"))
    assert told.steps[0].step == "Yes" and told.steps[0].expect.no_alert is True
    wrong = faults(("how_asked: IN_PERSON", "how_asked: NO\n      on: 2026-09-02"))
    assert "body.how_asked: 'NO' is not one of" in wrong and "body.on: there is no field 'on' here" in wrong


def test_one_value_may_stand_for_a_list_in_a_body_too(read: Callable[..., Scenario]) -> None:
    short = ("categories: [STORY], recipients: [lokaal-team-berk]", "categories: STORY, recipients: lokaal-team-berk")
    assert len(read(short).steps) == 5


def test_a_label_that_is_none_and_a_code_with_spaces_are_said_so(faults: Faults) -> None:
    about = ("about: mother\n      given_by", "about: the mother\n      given_by")
    told = faults(("statement: $yes", "statement: hers"), about)
    assert "body.statement: 'hers' is not a label: write it as $name" in told
    assert "body.about: 'the mother' is not a code: letters, digits and _ . : / - without spaces" in told


def test_an_unknown_alert_is_said_with_near_ones(faults: Faults) -> None:
    told = faults(("no_alert: true", "no_alert: FIRST_REACTON"))
    assert "expect.no_alert: there is no alert 'FIRST_REACTON'; did you mean FIRST_REACTION" in told


def test_that_something_is_refused_whatever_for_is_written_otherwise(faults: Faults) -> None:
    assert "`delivered: false`" in faults(("refused: CONSENT_INCOMPLETE", "refused: true"))


def test_a_person_who_is_not_in_order_is_said_once(faults: Faults) -> None:
    told = faults(("role: YOUTH, birth_date: 2016-05-01, ", "role: YOUTH, "))
    assert "persons.child: a YOUTH needs a birth_date" in told and "1 fault\n" in told


def test_what_is_not_yaml_says_what_needs_quotes(faults: Faults) -> None:
    assert "stands between quotes" in faults(('text: "What she told us, in her words."', "text: What she told: us"))
