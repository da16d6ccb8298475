"""A state machine as a draft and a report. PURE."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from designer.document.graph import SCHEMA
from designer.document.limits import TEXT_LENGTH_MAX
from designer.formats.asl.machine import Machine
from designer.formats.asl.names import snake
from designer.formats.asl.report import Report
from designer.formats.asl.states.data import DATA
from designer.formats.asl.states.levels import write_machine
from designer.formats.asl.states.writer import Drafting
from designer.formats.asl.undo import accept, propose
from workers.sdk.limits import SECONDS_MAX


def import_machine(
    machine: Machine, title: str, workflows: Collection[str] = (), accepts_undo: bool = False
) -> tuple[dict[str, Any], Report]:
    """The draft of a machine, and the report by state. `workflows` are those that it may start.

    With `accepts_undo` the undo slots that the report proposes are written into the draft.
    """
    name = snake(title, "machine")
    report = Report(name)
    drafting = Drafting(report, frozenset(workflows) - {name})
    graph = write_machine(drafting, machine)
    document: dict[str, Any] = {"schema": SCHEMA, "name": name, "title": title}
    if isinstance(comment := machine.fields.get("Comment"), str) and comment:
        document["description"] = comment[:TEXT_LENGTH_MAX]
    document["defaults"] = {"timeout": SECONDS_MAX, "retry": {"max_attempts": 1}}
    _tell_machine(machine, document, report)
    document |= graph
    propose(machine, drafting.calls, report)
    if accepts_undo:
        accept(document, report)
    _tell_steps(drafting, document)
    _in_order_of_file(report, machine)
    return document, report


def _tell_machine(machine: Machine, document: dict[str, Any], report: Report) -> None:
    for key, value in machine.fields.items():
        if key == "TimeoutSeconds" and isinstance(value, int | float) and value > 0:
            document["timeout"] = min(value, SECONDS_MAX)
            report.note("After TimeoutSeconds the run is cancelled, and what can be undone is undone.")
        elif key not in ("Comment", "Version", "QueryLanguage"):
            report.note(f"{key} of the machine is left out.")


def _tell_steps(drafting: Drafting, document: Mapping[str, Any]) -> None:
    report = drafting.report
    steps = {step["name"]: step for step in every_step(document)}
    for entry in report.entries:
        names = (drafting.stands_for.get(name, name) for name in entry.steps)
        entry.steps = list(dict.fromkeys(name for name in names if name in steps))
    for step in steps.values():
        if worker := step.get("worker"):
            report.workers.setdefault(worker, []).append(step["name"])
    if any(DATA in (step.get("output_key"), *step.get("values", {})) for step in steps.values()):
        report.note(
            f"The machine's data, $, is kept under the key {DATA} of the context, and so is the run's output."
        )
    else:
        report.note("The machine's data, $, is the context itself: what states add is added to it.")
    report.note("A Task has no retries and no timeout but those that it states: see the workflow's defaults.")
    if "${" in str(document):
        report.note("${Placeholders} stand as they are in the params: fill them in.")


def every_step(graph: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of a document, those in bodies too."""
    for step in graph.get("steps", []):
        yield step
        yield from every_step(step.get("body", {}))


def _in_order_of_file(report: Report, machine: Machine) -> None:
    place = {state.path: number for number, state in enumerate(machine.every())}
    report.entries.sort(key=lambda entry: place[entry.path])
