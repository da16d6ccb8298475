"""A workflow as a state machine, and a report by step. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designer.document.document import dump
from designer.document.graph import Graph
from designer.formats.asl.export.expressions import marked
from designer.formats.asl.export.failures import CAN_FAIL, EVERY, catchers, guard, undo_chain, until_every
from designer.formats.asl.export.kinds import FIELDS, WRITERS, call
from designer.formats.asl.export.writer import Exporting, Part, State, lead
from designer.formats.asl.report import Entry, Report

Ways = Sequence[Mapping[str, Any]]
COMMENT_LENGTH_MAX = 2_000
OF_WORKFLOW = ("schema", "name", "title", "description", "steps", "edges", "defaults", "timeout", "layout")


def export_machine(graph: Graph) -> tuple[dict[str, Any], Report]:
    """The machine of a workflow, in JSONata, and the report on its steps."""
    return export_document(dump(graph))


def export_document(document: Mapping[str, Any]) -> tuple[dict[str, Any], Report]:
    report = Report(document["name"])
    has_undo = any(isinstance(step.get("compensation"), Mapping) for step in document.get("steps", []))
    keeps_steps = has_undo or "steps." in str(document)
    keeps_outcomes = "outcomes." in str(document)
    exporting = Exporting(report, document.get("defaults", {}), keeps_steps, keeps_outcomes)
    begin = {"context": "$states.input", "input": "$states.input", **_kept(exporting)}
    machine = _Level(exporting, document, is_top=True).machine(begin)
    machine = {"Comment": "", "QueryLanguage": "JSONata", **machine}
    if document.get("timeout"):
        machine["TimeoutSeconds"] = round(document["timeout"])
    for key in document:
        if key not in OF_WORKFLOW:
            report.note(f"{key} of the workflow is left out.")
    report.note("Each ${worker} stands for the ARN of a function that does what the worker does.")
    report.note("Where an expression here fails for want of a value, JSONata goes on without it.")
    machine["Comment"] = _comment(document, report)
    return machine, report


def _kept(exporting: Exporting) -> dict[str, str]:
    """The variables that a level begins with beside the context."""
    kept = {"steps": exporting.keeps_steps, "outcomes": exporting.keeps_outcomes}
    return {name: "{}" for name, is_kept in kept.items() if is_kept}


def _comment(document: Mapping[str, Any], report: Report) -> str:
    """What the workflow is, and what its machine does not say."""
    about = document.get("description") or document.get("title") or ""
    differs = [f"{entry.path}: {words}" for entry in report.entries for words in [*entry.why, *entry.differs]]
    return " | ".join([about, *differs] if about else differs)[:COMMENT_LENGTH_MAX]


class _Level:
    """One graph. Its states are built from some steps up to a step at which branches join."""

    def __init__(self, exporting: Exporting, graph: Mapping[str, Any], is_top: bool = False) -> None:
        self.exporting, self.is_top = exporting, is_top
        self.steps = {step["name"]: step for step in graph.get("steps", [])}
        self.edges: Ways = graph.get("edges", [])
        targets = {edge["to"] for edge in self.edges}
        self.roots = [name for name in self.steps if name not in targets]

    def machine(self, begin: Mapping[str, str]) -> dict[str, Any]:
        return _Build(self, None, self.is_top).machine(self.roots, begin)

    def ways(self, name: str, are_errors: bool = False) -> list[Mapping[str, Any]]:
        return [edge for edge in self.edges if edge["from"] == name and ("on" in edge) is are_errors]

    def reach(self, name: str, stop: str | None) -> set[str]:
        """The steps that may follow from a step, itself among them; `stop` is not passed."""
        found: set[str] = set()
        pending = [name]
        while pending:
            at = pending.pop()
            if at not in found:
                found.add(at)
                pending += [edge["to"] for edge in self.edges if edge["from"] == at and at != stop]
        return found

    def join(self, targets: list[str], stop: str | None) -> tuple[str | None, bool]:
        """Where branches meet, None for the end; and whether each of them has steps of its own only."""
        reaches = [self.reach(target, stop) for target in targets]
        common = set.intersection(*reaches)
        meeting = max(common, key=lambda name: len(self.reach(name, stop) & common), default=None)
        beyond = self.reach(meeting, stop) if meeting is not None else set()
        regions = [reach - beyond for reach in reaches]
        apart = sum(map(len, regions)) == len(set().union(*regions))
        entered = all(
            edge["from"] in region or edge["to"] in targets
            for region in regions
            for edge in self.edges
            if edge["to"] in region
        )
        leaves = all(
            edge["to"] in region or edge["to"] == meeting
            for region in regions
            for edge in self.edges
            if edge["from"] in region
        )
        return meeting, apart and entered and leaves


class _Build:
    def __init__(self, level: _Level, stop: str | None, is_top: bool) -> None:
        self.level, self.stop, self.is_top = level, stop, is_top
        self.exporting = level.exporting
        self.states: dict[str, State] = {}
        self.names: dict[str, str] = {}
        self.pending: list[str] = []
        self.parts: list[Part] = []
        self.end = ""

    def machine(self, roots: list[str], begin: Mapping[str, str]) -> dict[str, Any]:
        start = self.exporting.name("begin")
        assigned = {key: marked(source) for key, source in begin.items()}
        self.states[start] = {"Type": "Pass", "Assign": assigned}
        self.end = self.exporting.name("end")
        lead(self.states[start], self._go(roots, "", None))
        while self.pending:
            self._write(self.pending.pop(0))
        self.states[self.end] = {"Type": "Succeed", "Output": marked("$context")}
        self._undo()
        return {"StartAt": start, "States": self.states}

    def _go(self, targets: list[str], source: str, entry: Entry | None) -> str:
        """The state to go to for one target, several at once, or none."""
        if not targets:
            return self.end
        if len(targets) == 1:
            return self._arrive(targets[0])
        meeting, is_sound = self.level.join(targets, self.stop)
        name = self.exporting.name(f"{source} branches".strip())
        if entry is not None:
            entry.steps.append(name)
        if not is_sound:
            words = f"the branches behind {source or 'the start'} cross each other"
            if entry is not None:
                entry.refuse(words)
            self.exporting.report.note(f"Not possible: {words}.")
            self.states[name] = {"Type": "Fail", "Error": "not_exported", "Cause": words}
            return name
        branches = [
            _Build(self.level, meeting, False).machine([target], {"context": "$context"})
            for target in targets
            if target != meeting
        ]
        merged = marked("$merge($append([$context], $states.result))")
        self.states[name] = {"Type": "Parallel", "Branches": branches, "Assign": {"context": merged}}
        self.states[name]["Next"] = self.end if meeting is None else self._arrive(meeting)
        return name

    def _arrive(self, target: str) -> str:
        if target == self.stop:
            return self.end
        if target not in self.names:
            self.names[target] = self.exporting.name(target)
            self.pending.append(target)
        return self.names[target]

    def _write(self, name: str) -> None:
        step = self.level.steps[name]
        part = Part(self.exporting, step, self.names[name])
        self.parts.append(part)
        _tell_fields(part)
        condition = step.get("when")
        if condition:
            part.add(
                {"Type": "Choice", "Choices": [{"Condition": marked(part.expression(condition)), "Next": ""}]}
            )
        WRITERS[step.get("kind", "task")](part, self._body)
        after = self._after(part)
        if condition:
            part.states[part.first]["Default"] = after
        catch = catchers(part, self.level.ways(name, are_errors=True), self._arrive)
        guard(part, catch + self._last_catch(part, after))
        lead(part.states[part.last], after)
        self.states |= part.states

    def _body(self, part: Part, graph: Mapping[str, Any], begin: Mapping[str, str]) -> dict[str, Any]:
        return _Level(self.exporting, graph).machine({**begin, **_kept(self.exporting)})

    def _after(self, part: Part) -> str:
        """The state behind a step that has ended well."""
        ways = self.level.ways(part.step["name"])
        rules = [edge for edge in ways if edge.get("when")]
        others = [edge["to"] for edge in ways if edge.get("otherwise")]
        plain = [edge["to"] for edge in ways if not edge.get("when") and not edge.get("otherwise")]
        if not rules:
            return self._go(plain, part.step["name"], part.entry)
        if plain:
            part.entry.refuse("ways that are always taken stand beside conditional ones")
        choices = [
            {"Condition": marked(part.expression(edge["when"])), "Next": self._arrive(edge["to"])}
            for edge in rules
        ]
        lost = {"Type": "Fail", "Error": "no_branch_matched"}
        default = self._arrive(others[0]) if others else part.aside(lost, "leads nowhere")
        return part.aside({"Type": "Choice", "Choices": choices, "Default": default}, "leads to")

    def _last_catch(self, part: Part, after: str) -> list[dict[str, Any]]:
        """What happens to an error that no error edge takes: the fallback, or going on."""
        step = part.step
        if step.get("on_failure") == "pause":
            part.entry.say("nobody is asked when it fails: the machine fails")
        target = after if step.get("on_failure") == "continue" else ""
        if fallback := step.get("fallback"):
            state = call(part, fallback["worker"], fallback.get("params", {}))
            state |= {"Assign": part.merging("$states.result.Payload"), "Next": after}
            target = part.aside(state, "otherwise")
        return [{"ErrorEquals": EVERY, "Next": target}] if target else []

    def _undo(self) -> None:
        """Undos of completed steps behind whatever fails; only where no branch hides what has completed."""
        parts = [part for part in self.parts if isinstance(part.step.get("compensation"), Mapping)]
        if not self.is_top:
            for part in parts:
                part.entry.say(
                    "its undo is left out: what completed in a branch or a body is not known outside"
                )
            return
        if not parts:
            return
        first = self.exporting.name(f"{parts[-1].step['name']} was done")
        for state in self.states.values():
            if state["Type"] in CAN_FAIL:
                state["Catch"] = until_every([*state.get("Catch", []), {"ErrorEquals": EVERY, "Next": first}])
        self.states |= undo_chain(parts[::-1], first)


def _tell_fields(part: Part) -> None:
    for key, value in part.step.items():
        part.entry.fields[key] = FIELDS.get(key, "left out")
        if key not in FIELDS and value:
            part.entry.say(f"{key} is left out")
