"""The numbers in tables that say what they are."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table

from tests.bench.driver import Busy, Contestant, Latency
from tests.bench.loading import Load


class Row(NamedTuple):
    """One contestant's numbers; latency by rate."""

    contestant: Contestant
    busy: Busy
    latency: dict[int, Latency]


def race(rows: Sequence[Row], size: int) -> Table:
    """The first table, with the last contestant's ratio to each other one."""
    rates = list(rows[0].latency)
    table = Table(title=f"one process each, 4 slots, messages of {size} bytes, one broker", title_justify="left")
    table.add_column("what")
    for heading in (
        "messages/s",
        "CPU a message",
        "core used",
        *(f"p{p} at {rate}/s" for rate in rates for p in (50, 99)),
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        times = [f"{each:.1f} ms" for rate in rates for each in row.latency[rate]]
        table.add_row(
            row.contestant.label,
            f"{row.busy.per_second:,.0f}",
            f"{row.busy.cpu_ms:.2f} ms",
            f"{row.busy.core:.0%}",
            *times,
        )
    table.add_section()
    last = rows[-1]
    for row in rows[:-1]:
        speed = f"{last.busy.per_second / row.busy.per_second:.2f}"
        times = [f"{a / b:.2f}" for rate in rates for a, b in zip(last.latency[rate], row.latency[rate], strict=True)]
        cost = f"{last.busy.cpu_ms / row.busy.cpu_ms:.2f}"
        table.add_row(f"({last.contestant.label[0]}) / ({row.contestant.label[0]})", speed, cost, "", *times)
    return table


def loads(found: Sequence[Load]) -> Table:
    """The second table. A bare read does nothing with what it reads."""
    table = Table(title="a gate takes over one slot", title_justify="left")
    table.add_column("open cases")
    headings = ("state records", "size", "until it decides", "memory of the process", "records/s")
    for heading in (*headings, "bare read (aiokafka)", "ratio", "bare read (librdkafka)", "ratio"):
        table.add_column(heading, justify="right")
    for load in found:
        table.add_row(
            f"{load.cases:,}",
            f"{load.records:,}",
            f"{load.bytes / 2**20:,.0f} MiB",
            f"{load.seconds:.1f} s",
            f"{load.memory / 2**20:,.0f} MiB",
            f"{load.records / load.seconds:,.0f}",
            f"{load.records / load.aiokafka_seconds:,.0f}",
            f"{load.aiokafka_seconds / load.seconds:.2f}",
            f"{load.records / load.librdkafka_seconds:,.0f}",
            f"{load.librdkafka_seconds / load.seconds:.2f}",
        )
    return table
