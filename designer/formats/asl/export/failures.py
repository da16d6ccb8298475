"""What a step does when it fails: Retry, Catch, and undos as states behind a Catch. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from designer.document.calls import Retry
from designer.formats.asl.export.expressions import marked
from designer.formats.asl.export.kinds import call
from designer.formats.asl.export.writer import Part, State

CAN_FAIL = ("Task", "Map", "Parallel")
EVERY = ["States.ALL"]


def retries(part: Part) -> list[dict[str, Any]]:
    """The retriers of a step: its own policies, the workflow's, or the product's."""
    if part.step.get("kind", "task") not in ("task", "map", "group", "loop"):
        return []
    own = asdict(Retry()) if part.step.get("kind", "task") == "task" else {"max_attempts": 1}
    stated = part.step.get("retry") or part.exporting.defaults.get("retry") or own
    rules = []
    for policy in stated if isinstance(stated, list | tuple) else [stated]:
        given = {**asdict(Retry()), **policy}
        if never := _errors(part, given["never"]):
            rules.append({"ErrorEquals": never, "MaxAttempts": 0})
        if given["max_attempts"] > 1:
            rules.append(_retrier(part, given))
    return rules


def _retrier(part: Part, given: Mapping[str, Any]) -> dict[str, Any]:
    rule = {
        "ErrorEquals": _errors(part, given["only"]) or EVERY,
        "IntervalSeconds": max(1, round(given["initial"])),
        "MaxAttempts": given["max_attempts"] - 1,
        "BackoffRate": given["factor"],
    }
    if given["initial"] != rule["IntervalSeconds"]:
        part.entry.say("the first pause before another attempt is a whole second at least")
    if given["max"]:
        rule["MaxDelaySeconds"] = max(1, round(given["max"]))
    return rule | ({"JitterStrategy": "FULL"} if given["jitter"] >= 0.5 else {})


def _errors(part: Part, patterns: Any) -> list[str]:
    """The names of errors for patterns of codes."""
    if "*" in (patterns or ()):
        return EVERY
    unsaid = [pattern for pattern in patterns or () if "*" in pattern]
    if unsaid:
        part.entry.say(f"a machine knows no patterns of errors: {', '.join(unsaid)} is taken as it stands")
    return ["States.Timeout" if pattern == "timeout" else pattern for pattern in patterns or ()]


def catchers(
    part: Part, edges: list[Mapping[str, Any]], arrive: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The catchers for the error edges of a step."""
    found = "{'step': '%s', 'error': $states.errorOutput.Error, 'message': $states.errorOutput.Cause}"
    failure = found % part.step["name"]
    error = "{'code': $states.errorOutput.Error, 'message': $states.errorOutput.Cause}"
    failed = part.outcome({"status": "'failed'", "error": error})
    rules = []
    for edge in edges:
        if edge.get("when"):
            part.entry.say(
                f"the condition of the error edge to {edge['to']} is left out: every such error leads there"
            )
        rules.append(
            {
                "ErrorEquals": _errors(part, edge.get("errors")) or EVERY,
                "Assign": {"context": marked(f"$merge([$context, {{'failure': {failure}}}])"), **failed},
                "Next": arrive(edge["to"]),
            }
        )
    return rules


def guard(part: Part, catch: list[dict[str, Any]]) -> None:
    """Puts Retry and Catch on the states of a step that can fail."""
    retry = retries(part)
    for state in part.states.values():
        if state["Type"] in CAN_FAIL:
            if retry:
                state["Retry"] = retry
            if catch:
                state["Catch"] = until_every(catch)


def until_every(catch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Catchers up to the first that takes every error: a machine allows none behind it."""
    end = next((place for place, rule in enumerate(catch) if rule["ErrorEquals"] == EVERY), len(catch))
    return catch[: end + 1]


def undo_chain(parts: list[Part], first: str) -> dict[str, State]:
    """The undos of steps, the last one first, each only if its step has completed; then the machine fails."""
    states: dict[str, State] = {}
    ends = parts[0].exporting.name("undone")
    names = [first, *(part.exporting.name(f"{part.step['name']} was done") for part in parts[1:]), ends]
    for part, name, after in zip(parts, names, names[1:], strict=False):
        slot = part.step["compensation"]
        output = f", {{'output': $lookup($steps, '{part.step['name']}')}}"
        undo = part.exporting.name(f"undo {part.step['name']}")
        states[name] = {
            "Type": "Choice",
            "Choices": [
                {"Condition": marked(f"$exists($lookup($steps, '{part.step['name']}'))"), "Next": undo}
            ],
            "Default": after,
        }
        states[undo] = {**call(part, slot["worker"], slot.get("params", {}), output), "Next": after}
        part.entry.steps += [name, undo]
        part.entry.say("its undo runs behind a Catch; nobody is asked when an undo fails")
    states[ends] = {
        "Type": "Fail",
        "Error": "compensated",
        "Cause": "It failed, and what was done is undone.",
    }
    return states
