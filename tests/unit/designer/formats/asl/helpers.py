"""Short ways to machines, drafts and reports, and what must be true of every draft."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from designer.formats.asl.importing import every_step, import_machine
from designer.formats.asl.machine import Machine, machine_of
from designer.formats.asl.report import Entry, Report
from designer.problems import Problem, errors
from designer.validation.workflow import check_document
from tests.unit.designer.helpers import catalog, published

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
SAMPLES = Path(__file__).with_name("machines.jsonl")
"""Machines of github.com/aws-samples/step-functions-workflows-collection (MIT-0), one a line."""

Draft = dict[str, Any]


def chain(**states: Mapping[str, Any]) -> dict[str, Any]:
    """A machine whose states follow each other; a state may say otherwise."""
    names = list(states)
    made = {}
    for place, (name, state) in enumerate(states.items()):
        leads = any(key in state for key in ("Next", "End")) or state["Type"] in ("Choice", "Succeed", "Fail")
        on = {"Next": names[place + 1]} if place + 1 < len(names) else {"End": True}
        made[name] = dict(state) if leads else {**state, **on}
    return {"StartAt": names[0], "States": made}


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "${WorkFunctionArn}", **fields}


def imported(machine: Mapping[str, Any], **options: Any) -> tuple[Draft, Report]:
    read = machine_of(machine)
    draft, report = import_machine(read, "main", **options)
    check(read, draft, report)
    return draft, report


def problems_of(draft: Draft) -> list[Problem]:
    """What keeps a draft from being published, but for the workers that somebody has to write."""
    found = errors(check_document(draft, catalog(), published))
    return [problem for problem in found if problem.code != "unknown_worker"]


def draft_of(machine: Mapping[str, Any]) -> Draft:
    return imported(machine)[0]


def step_of(draft: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in every_step(draft) if step["name"] == name)


def entry_of(report: Report, path: str) -> Entry:
    return next(entry for entry in report.entries if entry.path == path)


def edges_of(graph: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Each edge as its ends and how it is taken."""
    return [(edge["from"], edge["to"], _how(edge)) for edge in graph["edges"]]


def _how(edge: Mapping[str, Any]) -> str:
    failed = f"failed {','.join(edge.get('errors', ['*']))}" if "on" in edge else ""
    return " ".join(
        part for part in (failed, edge.get("when", ""), "otherwise" if "otherwise" in edge else "") if part
    )


@cache
def samples() -> dict[str, Any]:
    lines = map(json.loads, SAMPLES.read_text(encoding="utf-8").splitlines())
    return {line["name"]: line["machine"] for line in lines}


def graphs(graph: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The graph and those of all bodies in it."""
    yield graph
    for step in graph["steps"]:
        if "body" in step:
            yield from graphs(step["body"])


def check(machine: Machine, draft: Draft, report: Report) -> None:
    """What the report says is what the draft has, and no field of a state is lost without a word."""
    states = {state.path: state for state in machine.every()}
    assert [entry.path for entry in report.entries] == list(states), "each state stands once, in order"
    names = [step["name"] for step in every_step(draft)]
    assert len(names) == len(set(names)), "names are those of one step"
    assert all(NAME.fullmatch(name) for name in names)
    for entry in report.entries:
        assert entry.fields.keys() == states[entry.path].fields.keys()
        assert set(entry.steps) <= set(names)
        left_out = any("no way leads" in words for words in entry.differs)
        is_inside = any("the state around it" in words for words in entry.why)
        assert entry.steps or left_out or is_inside, f"{entry.path} has no step"
        unknown = [key for key, words in entry.fields.items() if words == "left out"]
        assert all(any(key in words for words in entry.differs) for key in unknown)
    told = {name for entry in report.entries for name in entry.steps}
    assert {name for name in names if name not in told} <= {
        name for name in names if "begin" in name or _is_way(name)
    }
    for graph in graphs(draft):
        check_graph(graph)


def _is_way(name: str) -> bool:
    """Whether a step is only on the way between states: into, around or out of a loop."""
    return name.startswith(("enter_", "choose_", "to_")) or "_ends" in name


def check_graph(graph: Mapping[str, Any]) -> None:
    names = {step["name"] for step in graph["steps"]}
    joined = [(edge["from"], edge["to"], "on" in edge) for edge in graph["edges"]]
    assert len(joined) == len(set(joined)), "two steps are joined once"
    pairs = [(source, target) for source, target, _ in joined]
    assert {name for pair in pairs for name in pair} <= names
    left = set(names)
    while free := {
        name for name in left if not any(target == name and source in left for source, target in pairs)
    }:
        left -= free
    assert not left, f"a circle of {left}"
