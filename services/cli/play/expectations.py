"""Judges a step: each expectation as one sentence, met or not, with what was found instead."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

from services.cli.play.desk import Said
from services.cli.play.scenario import AlertExpected, Expect, QueryExpected, Step
from services.cli.play.seen import Row, Seen

Ask = Callable[[str, str, str | None], tuple[int, Any]]
"""Who asks, what, and where (their own organisation when None) -> status and answer."""


class Found(NamedTuple):
    """One expectation and whether it was met."""

    expected: str
    met: bool
    instead: str = ""


class Judge:
    """Holds a step's expectations against what the organisations see. `labels` turns `$names` into ids of this play."""

    def __init__(self, ask: Ask, labels: MutableMapping[str, str]) -> None:
        self._ask = ask
        self._labels = labels

    def judge(self, step: Step, said: list[Said], seen: Seen) -> list[Found]:
        """Every expectation of a step, in the order of the format."""
        expect = step.expect
        found = [*_verdict(step, said), *self._reasons(expect, said)]
        if expect.regie is not None:
            held = seen.regie
            found.append(Found(f"regie with {expect.regie}", _all_say(held, expect.regie), _each(held)))
        for label, state in expect.handovers.items():
            states = seen.handover(self._labels.get(label))
            found.append(Found(f"handover {label} {state}", _all_say(states, state), _each(states)))
        found += [self._alert(alert, seen) for alert in expect.alerts]
        if expect.no_alert:
            found.append(_no_alert(expect.no_alert, seen))
        found += [_sight(child, set(owners), seen) for child, owners in expect.sight.items()]
        found += [self._query(query) for query in expect.queries]
        return found

    def _reasons(self, expect: Expect, said: list[Said]) -> Iterator[Found]:
        reasons = [dict(reason) for one in said for reason in one.reasons]
        for wanted in expect.reasons:
            resolved = self.resolve(wanted)
            yield Found(
                f"a reason with {_terms(wanted)}", any(includes(row, resolved) for row in reasons), str(reasons)
            )
        flags = {flag for one in said for flag in one.flags}
        for flag in expect.flags:
            yield Found(f"flagged {flag}", flag in flags, ", ".join(sorted(flags)) or "no flag")

    def _alert(self, alert: AlertExpected, seen: Seen) -> Found:
        text = f"alert {alert.code}{f' about {alert.child}' if alert.child else ''}"
        text += f"{f' tier {alert.tier}' if alert.tier else ''} to {', '.join(alert.to)}"
        text += f" and not to {', '.join(alert.not_to)}" if alert.not_to else ""
        rows = {slug: seen.alerts.get(slug, ()) for slug in (*alert.to, *alert.not_to)}
        fitting = [next((row for row in rows[slug] if _fits(row, alert)), None) for slug in alert.to]
        told = any(row["code"] == alert.code for slug in alert.not_to for row in rows[slug])
        if alert.named is not None and fitting[0] is not None:
            self._labels[alert.named] = str(fitting[0]["alert"])
        instead = _each({slug: _shown(found) for slug, found in rows.items()})
        return Found(text, None not in fitting and not told, instead)

    def _query(self, query: QueryExpected) -> Found:
        status, answer = self._ask(query.who, str(self.resolve(query.get)), query.at)
        looked_at = _part(answer, query.under)
        faults = [] if status == query.status else [f"status {status}"]
        if query.contains is not None and not includes(looked_at, self.resolve(query.contains)):
            faults.append("not contained")
        if query.count is not None and (not isinstance(looked_at, list) or len(looked_at) != query.count):
            faults.append(f"{len(looked_at)} rows" if isinstance(looked_at, list) else "no list")
        faults += [f"contains {text!r}" for text in query.lacks if text in str(looked_at)]
        where = f" at {query.at}" if query.at else ""
        return Found(f"{query.who} asks{where} {query.get}", not faults, f"{', '.join(faults)}: {str(looked_at)[:800]}")

    def resolve(self, value: Any) -> Any:
        """The value with every `$label` in it replaced."""
        if isinstance(value, str):
            for label in sorted(self._labels, key=len, reverse=True):
                value = value.replace(label, self._labels[label])
            return value
        if isinstance(value, Mapping):
            return {key: self.resolve(inner) for key, inner in value.items()}
        return [self.resolve(inner) for inner in value] if isinstance(value, list | tuple) else value


def _verdict(step: Step, said: list[Said]) -> Iterator[Found]:
    if step.say is None:
        return
    expect, codes = step.expect, sorted({code for one in said for code in one.codes})
    instead = f"{', '.join(one.status for one in said)} {' '.join(codes)}".strip()
    if not step.expects_refusal:
        yield Found("delivered", all(one.status == "delivered" for one in said), instead)
    if expect.delivered is False:
        yield Found("not delivered", all(one.status != "delivered" for one in said), instead)
    if expect.refused is not None:
        wanted = sorted(set(expect.refused))
        yield Found(f"refused with exactly {' '.join(wanted)}", wanted == codes, instead)
    if expect.refused_with:
        wanted = sorted(set(expect.refused_with))
        yield Found(f"refused with {' '.join(wanted)}", set(wanted) <= set(codes), instead)


def _no_alert(codes: bool | tuple[str, ...], seen: Seen) -> Found:
    rows = {
        slug: [r for r in found if codes is True or r["code"] in _names(codes)] for slug, found in seen.alerts.items()
    }
    text = f"no alert {', '.join(_names(codes))}".strip()
    return Found(text, not any(rows.values()), _each({slug: _shown(found) for slug, found in rows.items() if found}))


def _names(codes: bool | tuple[str, ...]) -> tuple[str, ...]:
    return codes if isinstance(codes, tuple) else ()


def _sight(child: str, owners: set[str], seen: Seen) -> Found:
    found = seen.sight(child)
    text = f"sight of {child} with {', '.join(sorted(owners)) or 'nobody'}"
    return Found(text, bool(seen.pages) and found == owners, ", ".join(sorted(found)) or "nobody")


def includes(found: Any, wanted: Any) -> bool:
    """Whether `found` has everything `wanted` names; a list has an element for each one wanted."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(k in found and includes(found[k], v) for k, v in wanted.items())
    if isinstance(wanted, list | tuple):
        return isinstance(found, list | tuple) and all(any(includes(row, one) for row in found) for one in wanted)
    if isinstance(found, list | tuple):
        return any(includes(row, wanted) for row in found)
    return found is wanted if isinstance(wanted, bool) or wanted is None else str(found) == str(wanted)


def _part(answer: Any, path: str | None) -> Any:
    """The part of an answer at a dotted path; None when it is not there."""
    for name in (path or "").split("."):
        if name:
            answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer


def _all_say(found: Mapping[str, str], wanted: str) -> bool:
    return bool(found) and set(found.values()) == {wanted}


def _fits(row: Row, alert: AlertExpected) -> bool:
    wanted = {"code": alert.code, "tier": alert.tier, "child": alert.child}
    return all(row.get(field) == value for field, value in wanted.items() if value is not None)


def _shown(rows: Iterable[Row]) -> str:
    return ", ".join(f"{row['code']} tier {row['tier']}" for row in rows) or "none"


def _each(found: Mapping[str, Any]) -> str:
    return "; ".join(f"{slug}: {value}" for slug, value in found.items()) or "nobody knows this case"


def _terms(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{field} {value}" for field, value in wanted.items())
