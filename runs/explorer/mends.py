"""What to change about a workflow, where a rule knows it. PURE."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from designer.document.graph import Graph, Step, slot_of
from runs.explorer.properties import Violation
from runs.explorer.world import World

OTHERWISE = "no_way_on"


@dataclass(frozen=True, slots=True)
class Mend:
    """One change. `title`: of its button. `path`: of the graph that it is about, as `outer/inner`.

    `changes`: fields of the step. `adds`: a step and an edge to it, for what no branch fits.
    """

    title: str
    path: str
    step: str
    changes: Mapping[str, Any] | None = None
    adds: bool = False

    def as_json(self) -> dict[str, Any]:
        changes = None if self.changes is None else dict(self.changes)
        return {
            "title": self.title,
            "path": self.path,
            "step": self.step,
            "changes": changes,
            "adds": self.adds,
        }


def advice_of(violation: Violation) -> str:
    """Returns what to do about a violation, in a sentence; "" where no rule knows."""
    step = violation.step
    match violation.broken:
        case "accounted":
            return f"Give {step} an undo, mark it irreversible, or say that there is nothing to undo."
        case "branches":
            return f"Add an otherwise edge after {step}, or let its conditions cover every case."
        case "reads":
            return (
                f"Let {step} ask first, as with has(…), or run it only where the step that it reads has run."
            )
        case _:
            return ""


def mends_of(violation: Violation, world: World, undos: Mapping[str, str]) -> list[Mend]:
    """Returns the changes that would mend a violation. `undos`: by worker, the one that undoes its work.

    Of the workflow itself only: what another workflow lacks is mended there.
    """
    place = _place_in_document(violation, world)
    if place is None:
        return []
    path, graph = place
    step = graph.by_name.get(violation.step.partition("[")[0])
    if step is None:
        return []
    if violation.broken == "accounted" and slot_of(step) == "unstated":
        return _undo_mends(path, step, undos)
    if violation.broken == "branches":
        return [Mend("Add an otherwise edge to a step that fails on purpose", path, step.name, adds=True)]
    return []


def _undo_mends(path: str, step: Step, undos: Mapping[str, str]) -> list[Mend]:
    known = undos.get(step.worker or "")
    found = (
        [Mend(f"Undo it with {known}", path, step.name, {"compensation": {"worker": known}})] if known else []
    )
    return [
        *found,
        Mend("Mark it irreversible", path, step.name, {"compensation": "irreversible"}),
        Mend("There is nothing to undo", path, step.name, {"compensation": "none"}),
    ]


def _place_in_document(violation: Violation, world: World) -> tuple[str, Graph] | None:
    """Returns where the graph of the violation stands in the document; None if it is another workflow's."""
    path, names = violation.path, []
    while path:
        member = world.members[path]
        parent = world.members[member.parent or ""]
        name = member.step.partition("[")[0]
        if parent.abstraction.original.by_name[name].body is None:
            return None
        names.append(name)
        path = member.parent or ""
    return "/".join(reversed(names)), world.members[violation.path].abstraction.original


def mended(document: Mapping[str, Any], mend: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the document with a mend, as `Mend.as_json` writes it; None if it has no such step any more."""
    changed = copy.deepcopy(dict(document))
    graph: Any = changed
    for name in filter(None, str(mend["path"]).split("/")):
        outer = _step_of(graph, name)
        if outer is None or not isinstance(outer.get("body"), dict):
            return None
        graph = outer["body"]
    step = _step_of(graph, mend["step"])
    if step is None:
        return None
    step.update(mend.get("changes") or {})
    if mend.get("adds"):
        _add_otherwise(graph, mend["step"])
    return changed


def _step_of(graph: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    steps = graph.get("steps") or ()
    return next((step for step in steps if isinstance(step, dict) and step.get("name") == name), None)


def _add_otherwise(graph: dict[str, Any], name: str) -> None:
    taken, added, number = {step.get("name") for step in graph["steps"]}, OTHERWISE, 2
    while added in taken:
        added, number = f"{OTHERWISE}_{number}", number + 1
    message = f"No condition after {name} fits."
    graph["steps"].append({"name": added, "kind": "fail", "code": OTHERWISE, "message": message})
    graph.setdefault("edges", []).append({"from": name, "to": added, "otherwise": True})
