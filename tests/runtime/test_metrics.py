"""The page /metrics: what stands in the table, with labels that cannot grow."""

import uuid

import pytest

from services.runtime.metrics import COUNTERS, GAUGES, LABELS, MOST_SERIES, Gauge, Metrics, count, families


def test_every_metric_has_labels_of_the_few_there_are() -> None:
    """No case, person, message or organisation is a label."""
    assert {label for family in (*COUNTERS.values(), *GAUGES.values()) for label in family.labels} <= LABELS
    assert not LABELS & {"organisation", "case", "person", "message", "name", "ref", "inbox"}


def test_what_is_no_code_is_left_out_and_counted() -> None:
    """A uuid, a sentence, an address: they would make a series of each."""
    values = [str(uuid.uuid4()), f"case:{uuid.uuid4()}", "two words", "x" * 41, "", "NO_BASIS"]
    found = {family.name: family for family in families(Gauge("estafette_alarm", 1, (value,)) for value in values)}
    assert [sample.labels for sample in found["estafette_alarm"].samples] == [{"code": "NO_BASIS"}]
    assert found["estafette_metrics_left_out"].samples[0].value == 5


def test_a_metric_has_a_bound_whatever_happens() -> None:
    """Ten thousand codes make five hundred series."""
    found = families(Gauge("estafette_alarm", 1, (f"CODE_{number}",)) for number in range(10_000))
    assert [len(family.samples) for family in found] == [MOST_SERIES, 1]


def test_a_metric_that_is_not_in_the_table_is_a_fault_of_this_program() -> None:
    """It would have no description and no place in the documentation."""
    with pytest.raises(KeyError):
        families([Gauge("estafette_something", 1)])


async def test_the_page_has_counters_and_what_the_sources_say() -> None:
    """In Prometheus' text."""

    async def source() -> list[Gauge]:
        return [Gauge("estafette_slot_lag_records", 7, ("3",))]

    count("estafette_refusals", "NO_BASIS")
    page = (await Metrics(source).page()).decode()
    assert 'estafette_slot_lag_records{slot="3"} 7.0' in page
    assert 'estafette_refusals_total{code="NO_BASIS"}' in page
    assert "process_cpu_seconds_total" in page
