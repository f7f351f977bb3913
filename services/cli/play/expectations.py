"""Judges a step: each expectation as one sentence, met or not, with what was found instead."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from services.cli.play.desk import Desks, Said
from services.cli.play.scenario import AlertExpected, Expect, QueryExpected, Scenario, Step


class Found(NamedTuple):
    """One expectation and whether it was met."""

    expected: str
    met: bool
    instead: str = ""


class Judge:
    """Looks at what the organisations see. `labels` turns `$names` into the ids of this play."""

    def __init__(self, desks: Desks, scenario: Scenario, labels: Mapping[str, str]) -> None:
        self._desks = desks
        self._scenario = scenario
        self._labels = labels

    def judge(self, step: Step, said: list[Said]) -> list[Found]:
        """Every expectation of a step, in the order of the format."""
        expect, case = step.expect, self._labels.get(step.case)
        found = [*self._verdict(step, said)]
        if expect.regie is not None:
            found.append(self._regie(expect.regie, case))
        found += [self._handover(label, state, case) for label, state in expect.handovers.items()]
        found += [self._alert(alert, case) for alert in expect.alerts]
        if expect.no_alert:
            found.append(self._no_alert(expect.no_alert, case))
        found += [self._sight(child, set(owners), case) for child, owners in expect.sight.items()]
        found += [self._query(query) for query in expect.queries]
        return found

    def _verdict(self, step: Step, said: list[Said]) -> Iterable[Found]:
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
        yield from self._reasons(expect, said)

    def _reasons(self, expect: Expect, said: list[Said]) -> Iterable[Found]:
        reasons = [dict(reason) for one in said for reason in one.reasons]
        for wanted in expect.reasons:
            resolved = self.resolve(wanted)
            yield Found(f"a reason with {wanted}", any(includes(reason, resolved) for reason in reasons), str(reasons))
        flags = {flag for one in said for flag in one.flags}
        for flag in expect.flags:
            yield Found(f"flagged {flag}", flag in flags, ", ".join(sorted(flags)) or "no flag")

    def _regie(self, holder: str, case: str | None) -> Found:
        held = {slug: page["regie"] or "nobody" for slug, page in self._pages(case).items()}
        met = bool(held) and set(held.values()) == {holder}
        return Found(f"regie with {holder}", met, _each(held))

    def _handover(self, label: str, state: str, case: str | None) -> Found:
        handover = self._labels.get(label)
        states = {
            slug: row["state"]
            for slug, page in self._pages(case).items()
            for row in page["handovers"]
            if row["id"] == handover
        }
        return Found(f"handover {label} {state}", bool(states) and set(states.values()) == {state}, _each(states))

    def _alert(self, alert: AlertExpected, case: str | None) -> Found:
        where = f" about {alert.child}" if alert.child else ""
        tier = f" tier {alert.tier}" if alert.tier else ""
        text = f"alert {alert.code}{where}{tier} to {', '.join(alert.to)}"
        open_alerts = {slug: self._alerts(slug, case) for slug in alert.to}
        met = all(any(_fits(row, alert) for row in rows) for rows in open_alerts.values())
        return Found(text, met, _each({slug: _shown(rows) for slug, rows in open_alerts.items()}))

    def _no_alert(self, codes: bool | tuple[str, ...], case: str | None) -> Found:
        rows = [row for slug in self._scenario.organisations for row in self._alerts(slug, case)]
        unwanted = [row for row in rows if codes is True or (isinstance(codes, tuple) and row["code"] in codes)]
        text = "no alert" if codes is True else f"no alert {', '.join(codes if isinstance(codes, tuple) else ())}"
        return Found(text, not unwanted, _shown(unwanted))

    def _sight(self, child: str, owners: set[str], case: str | None) -> Found:
        pages = self._pages(case)
        seen = {slug: {row["owner"] for row in page["sight"] if row["child"] == child} for slug, page in pages.items()}
        met = bool(seen) and set().union(*seen.values()) == owners
        return Found(f"sight of {child} with {', '.join(sorted(owners)) or 'nobody'}", met, _each(seen))

    def _query(self, query: QueryExpected) -> Found:
        status, answer = self._desks.get(query.who, str(self.resolve(query.get)), query.at)
        faults = [] if status == query.status else [f"status {status}"]
        if query.contains is not None and not includes(answer, self.resolve(query.contains)):
            faults.append("not contained")
        if query.count is not None and (not isinstance(answer, list) or len(answer) != query.count):
            faults.append(f"{len(answer) if isinstance(answer, list) else 'no'} rows")
        faults += [f"contains {text!r}" for text in query.lacks if text in str(answer)]
        return Found(f"{query.who} asks {query.get}", not faults, f"{', '.join(faults)}: {str(answer)[:600]}")

    def _pages(self, case: str | None) -> dict[str, Any]:
        """The case as every organisation of the scenario that knows it sees it."""
        if case is None:
            return {}
        asked = {s: self._desks.get(self._desks.anyone(s), f"/api/cases/{case}") for s in self._scenario.organisations}
        return {slug: page for slug, (status, page) in asked.items() if status == 200}

    def _alerts(self, slug: str, case: str | None) -> list[dict[str, Any]]:
        status, rows = self._desks.get(self._desks.anyone(slug), f"/api/alerts?case={case}&state=open")
        return list(rows) if status == 200 else []

    def resolve(self, value: Any) -> Any:
        """The value with every `$label` in it replaced."""
        if isinstance(value, str):
            return _replaced(value, self._labels)
        if isinstance(value, Mapping):
            return {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(inner) for inner in value]
        return value


def includes(found: Any, wanted: Any) -> bool:
    """Whether `found` has everything `wanted` names; a list has an element for each one wanted."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(k in found and includes(found[k], v) for k, v in wanted.items())
    if isinstance(wanted, list | tuple):
        return isinstance(found, list) and all(any(includes(row, one) for row in found) for one in wanted)
    return str(found) == str(wanted) if not isinstance(wanted, bool) else found is wanted


def _replaced(text: str, labels: Mapping[str, str]) -> str:
    for label in sorted(labels, key=len, reverse=True):
        text = text.replace(label, labels[label])
    return text


def _fits(row: Mapping[str, Any], alert: AlertExpected) -> bool:
    wanted = {"code": alert.code, "tier": alert.tier, "child": alert.child}
    return all(row.get(field) == value for field, value in wanted.items() if value is not None)


def _shown(rows: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(f"{row['code']} tier {row['tier']}" for row in rows) or "none"


def _each(found: Mapping[str, Any]) -> str:
    return "; ".join(f"{slug}: {value}" for slug, value in found.items()) or "nobody knows this case"
