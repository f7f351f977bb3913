"""`estafette ask origins|uses|quality`: how practice is, in numbers. docs/questions.md has an example of each."""

from services.cli.ask import Asking, Row, Shown, question, table


@question("origins")
def origins_command(asking: Asking) -> None:
    """Who waits and who is refused: families with a report at Veilig Thuis, and others."""
    asking.show("/api/numbers/origins", _origins)


@question("uses")
def uses_command(asking: Asking) -> None:
    """How often each service is asked and taken on, light ones too."""
    asking.show("/api/numbers/uses", _uses)


@question("quality")
def quality_command(asking: Asking) -> None:
    """What goes well and what does not, in parts."""
    asking.show("/api/numbers/quality", _quality)


def _origins(answer: Row) -> Shown:
    columns = ("family", "asked", "refused", "share", "made to wait", "share", "unanswered", "days to an answer")
    words = {"REPORTED": "with a report", "OTHER": "others"}
    rows = (
        (
            words[o["origin"]],
            o["asked"],
            o["declined"],
            f"{o['percent_declined']:.0f} %",
            o["waited"],
            f"{o['percent_waited']:.0f} %",
            o["unanswered"],
            f"{o['mean_days']:.1f}",
        )
        for o in answer["origins"]
    )
    yield table("Where the case comes from", *columns, rows=rows)


def _uses(answer: Row) -> Shown:
    names = ("kind", "asked", "taken", "declined", "ended")
    yield table("Services", *names, rows=([use[name] for name in names] for use in answer["uses"]))


PARTS = {
    "experiences": ("How a handover was", ("who", "asked", "involved", "partly", "not_involved", "told_again")),
    "assessed": ("Assessed after it was accepted", ("organisation", "accepted", "in_time", "later", "none")),
    "evaluated": ("Evaluated", ("what", "number", "with_family")),
    "attendance": ("At talks of helpers", ("organisation", "came", "did_not_come")),
    "returns": ("Returned after a measure", ("how", "number", "followed")),
    "afterwards": ("Afterwards", ("what", "how", "number")),
    "updates": ("During a measure", ("organisation", "measures", "said", "by_six_weeks", "joined_plan")),
}
"""Title and columns of each part."""


def _quality(answer: Row) -> Shown:
    for name, (title, columns) in PARTS.items():
        rows = ([_short(row[column]) for column in columns] for row in answer[name])
        yield table(title, *(column.replace("_", " ") for column in columns), rows=rows)


def _short(value: object) -> object:
    return f"{value:.1f}" if isinstance(value, float) else value
