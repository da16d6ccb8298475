"""What must hold in every explored history, each with an id and a sentence for people. PURE.

`watch` looks at each decision, `check_end` at a history that can go no further. Both judge by the ledger and
by the graph as its author wrote it, not by the plan of the rules that they check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from designer.document.graph import Action, Graph, Step, slot_of
from runs.explorer.ledger import Effect, Place
from runs.explorer.progress import ended_wrongly, went_wrong
from runs.explorer.reads import missing_reads
from runs.explorer.world import Member, World
from runs.machine.events import AnswerIntervention, Cancel, Decision, Entry, Event, Rollback
from runs.machine.preview import undo_line
from runs.machine.states import RUN_ENDED, RunStatus, StepState, StepStatus, UndoStatus

PropertyId = Literal["accounted", "order", "ends", "branches", "pivots", "plan", "reads", "sound"]

SENTENCES: Mapping[PropertyId, str] = {
    "accounted": "Every effect is undone once, answered by a person, or named as left.",
    "order": "Nothing is undone before what depends on it.",
    "ends": "Every run ends, or waits for a person, a signal, an event or a time.",
    "branches": "Every branch leads on.",
    "pivots": "No failure goes back over a point of no return by itself.",
    "plan": "What is undone is what the plan said, in its order.",
    "reads": "No step reads what can be missing on its way.",
    "sound": "The rules meet no fault of their own.",
}
"""The properties in the order in which they are shown."""

ANSWERED = frozenset({UndoStatus.COMPENSATED, UndoStatus.RESOLVED, UndoStatus.ABANDONED})


@dataclass(frozen=True, slots=True)
class Violation:
    """A property that does not hold, in the run at `path`. `step`: which it is about; `why`: in words."""

    broken: PropertyId
    path: str
    step: str
    why: str

    @property
    def subject(self) -> tuple[str, str, str]:
        """What it is about, whichever item or turn showed it."""
        places = "/".join(part.partition("[")[0] for part in self.path.split("/") if not part.isdigit())
        return self.broken, places, self.step.partition("[")[0]


def watch(world: World, before: Member, event: Event, decision: Decision) -> None:
    """Judges one decision, and remembers in `world` what does not hold."""
    member = world.members[before.path]
    for fault in decision.faults:
        _broken(world, Violation("sound", member.path, fault.step, f"A rule fails: {fault.error!r}."))
    for path, key in world.notes.pop("undone twice", ()):
        _broken(world, Violation("accounted", path, key, f"{key} is undone twice."))
    for entry in decision.entries:
        for violation in _judged(world, before, member, event, entry):
            _broken(world, violation)


def _broken(world: World, violation: Violation) -> None:
    known: tuple[Violation, ...] = world.notes.get("violations", ())
    if all(other.subject != violation.subject for other in known):
        world.notes["violations"] = (*known, violation)


def violations_in(world: World) -> tuple[Violation, ...]:
    found: tuple[Violation, ...] = world.notes.get("violations", ())
    return found


def _judged(world: World, before: Member, member: Member, event: Event, entry: Entry) -> Iterator[Violation]:
    match entry.type:
        case "run.compensating":
            yield from _no_branch(member, entry)
            yield from _past_pivot(before, member, event)
            yield from _told_otherwise(member, entry)
            world.notes["line", member.path] = tuple(entry.data["plan"])
            world.notes["begun", member.path] = ()
        case "intervention.opened":
            yield from _no_branch(member, entry)
        case "run.completed":
            yield from _of(member, "ends", ended_wrongly(world, member))
        case "compensation.started":
            yield from _undone_too_soon(world, member, entry)
            yield from _not_as_planned(world, member, entry)
        case "step.queued" | "step.started" | "step.waiting" | "step.completed":
            yield from _of(member, "branches", went_wrong(world, member, entry))
            yield from _reads(member, entry)
        case _:
            pass
    if "undo" in entry.data and entry.type in ("step.completed", "step.failed"):
        line = world.notes.get(("line", member.path), ())
        world.notes["line", member.path] = (entry.step, *line)  # it ended late, and is undone first


def _of(member: Member, broken: PropertyId, found: Iterator[tuple[str, str]]) -> Iterator[Violation]:
    for step, why in found:
        yield Violation(broken, member.path, step, why)


def _no_branch(member: Member, entry: Entry) -> Iterator[Violation]:
    failure = entry.data.get("failure") or entry.data.get("error") or {}
    code = failure.get("error") or failure.get("code")
    if code == "no_branch_matched":
        step = failure.get("step") or entry.step
        yield Violation("branches", member.path, step, f"No edge after {step} fits, so the run fails there.")


def _past_pivot(before: Member, member: Member, event: Event) -> Iterator[Violation]:
    by_person = isinstance(event, AnswerIntervention) or (
        isinstance(event, Cancel | Rollback) and bool(event.by)
    )
    steps = before.state.steps()
    passed = (step.name for step in member.graph.steps if step.pivot and _is_done(steps.get(step.name)))
    pivot = next(passed, None)
    if pivot is not None and not by_person:
        yield Violation(
            "pivots", member.path, pivot, f"The rollback goes back over {pivot}, and nobody was asked."
        )


def _is_done(step: StepState | None) -> bool:
    return step is not None and step.status == StepStatus.COMPLETED


# --- order ---


def _undone_too_soon(world: World, member: Member, entry: Entry) -> Iterator[Violation]:
    """Whether something that has to be undone before is still there."""
    graph = member.abstraction.graph
    key, name = entry.step, entry.step.partition("[")[0]
    own = member.state.step(key)
    if entry.attempt > 1 or entry.data.get("direction") == "verify":
        return
    for path, other_key in world.open:
        if path == member.path and member.state.step(other_key).status == StepStatus.RUNNING:
            yield Violation("order", path, key, f"{key} is undone while {other_key} is still at work.")
    for (path, _), effect in world.ledger.effects.items():
        if not effect.there or path != member.path or effect.step == key:
            continue
        other = member.state.step(effect.step)
        if other.undo in ANSWERED or not isinstance(member.definition(effect.step).compensation, Action):
            continue
        is_asked = other.undo == UndoStatus.FAILED and graph.continue_compensating
        if not is_asked and _comes_first(graph, member, other, effect.step.partition("[")[0], own, name):
            why = f"{key} is undone while {other.name}, which came after it, is not."
            yield Violation("order", member.path, key, why)


def _comes_first(
    graph: Graph, member: Member, other: StepState, other_name: str, own: StepState, name: str
) -> bool:
    """Whether `other` must be undone before `own`."""
    if other_name == name:
        return graph.by_name[name].repeats and other.is_map is own.is_map and other.index > own.index
    if other_name in member.graph.by_name and name in member.graph.ancestors(other_name):
        return True
    is_later = (other.ended_seq or 0) > (own.ended_seq or 0)
    return graph.compensation_order == "sequential" and is_later


# --- plan ---


def _told_otherwise(member: Member, entry: Entry) -> Iterator[Violation]:
    """Whether a page would show another line of undos than the plan that the journal holds."""
    shown = undo_line(member.state)
    is_same = shown == tuple(entry.data["plan"])
    if set(shown) != set(entry.data["plan"]) or (
        member.graph.compensation_order == "sequential" and not is_same
    ):
        yield Violation("plan", member.path, "", "The line of undos that is shown is not the plan.")


def _not_as_planned(world: World, member: Member, entry: Entry) -> Iterator[Violation]:
    """Whether an undo starts that the plan does not name, or before one that comes first in it."""
    line: tuple[str, ...] = world.notes.get(("line", member.path), ())
    begun: tuple[str, ...] = world.notes.get(("begun", member.path), ())
    key = entry.step
    if entry.attempt > 1 or key in begun:
        return
    world.notes["begun", member.path] = (*begun, key)
    if key not in line:
        yield Violation("plan", member.path, key, f"{key} is undone, and the plan does not name it.")
    elif member.graph.compensation_order == "sequential":
        before = line[: line.index(key)]
        passed = [name for name in before if name not in begun and _is_left(member, name)]
        if passed:
            yield Violation(
                "plan", member.path, key, f"{key} is undone before {passed[0]}, against the plan."
            )


def _is_left(member: Member, name: str) -> bool:
    return member.state.step(name).undo in (UndoStatus.PENDING, UndoStatus.RUNNING)


# --- reads ---


def _reads(member: Member, entry: Entry) -> Iterator[Violation]:
    name = entry.step
    if name not in member.abstraction.original.by_name:  # an item, or a step that a worker has added
        return
    at_end = entry.type == "step.completed"
    ways = (True, False) if at_end and member.definition(name).kind == "set" else (at_end,)
    for read, why in (missing for way in ways for missing in missing_reads(member, name, at_end=way)):
        yield Violation("reads", member.path, name, f"{name} reads {read}, {why}.")


# --- the end ---


def check_end(world: World, *, is_endless: bool = False) -> None:
    """Judges a history in which nothing can happen any more, or that is too long to go on with."""
    for member in world.members.values():
        if member.state.run.status not in RUN_ENDED:
            why = (
                "The run goes on for ever."
                if is_endless
                else "The run goes no further, and waits for nobody."
            )
            _broken(world, Violation("ends", member.path, _stuck(member), why))
    for place, effect in world.ledger.standing():
        violation = _left(world, place, effect)
        if violation is not None:
            _broken(world, violation)


def _stuck(member: Member) -> str:
    live = (
        step.name
        for step in member.state.steps().values()
        if not step.is_done or step.undo == UndoStatus.PENDING
    )
    return next(live, "")


def _left(world: World, place: Place, effect: Effect) -> Violation | None:
    """Returns what is wrong with an effect that is there at the end; None if that is in order."""
    member = world.members[place[0]]
    step, definition = member.state.step(effect.step), member.definition(effect.step)
    if _is_kept(world, member) or slot_of(definition) == "none":
        return None
    if slot_of(definition) == "unstated":
        return Violation("accounted", member.path, effect.step, _unstated(definition))
    is_named = step.left or step.undo == UndoStatus.ABANDONED or _is_named(world, member, effect.step)
    silent = next((run for run in _around(world, member) if run == RunStatus.COMPENSATED), None)
    if is_named and silent is None:
        return None
    ends = f"ends as {silent or member.state.run.status}"
    why = f"What {effect.step} did stays, and the run, which {ends}, does not say so."
    return Violation("accounted", member.path, effect.step, why)


def _around(world: World, member: Member) -> Iterator[RunStatus]:
    """Yields the status of a run, and of those around it that wait for it."""
    yield member.state.run.status
    if member.parent is not None and not member.detached:
        yield from _around(world, world.members[member.parent])


def _unstated(step: Step) -> str:
    return f"What {step.name} did stays: it has no undo, and nobody has said that it needs none."


def _is_named(world: World, member: Member, key: str) -> bool:
    """Whether the journal of a run names a step as one whose effect stays."""
    for path, entry in world.entries():
        if path == member.path:
            remains = entry.data.get("remains", ())  # names, or in the entry of a step that ended late: true
            named = (entry.step,) if remains is True else remains
            if key in (*named, *entry.data.get("abandoned", ())):
                return True
    return False


def _is_kept(world: World, member: Member) -> bool:
    """Whether what a run did is to stay: it went well, and so did all that it was done for, or that names it.

    A run that was set free goes its own way. What was done in the run of a step that says itself how it is
    undone, or that nothing is to be, is that step's business.
    """
    if member.state.run.status != RunStatus.COMPLETED:
        return False
    if member.parent is None or member.detached:
        return True
    parent = world.members[member.parent]
    around, state = parent.definition(member.step), parent.state.step(member.step)
    if around.compensation is None:
        is_named = bool(state.left) or state.undo == UndoStatus.ABANDONED
        return is_named or _is_kept(world, parent)
    is_undone = not isinstance(around.compensation, Action) or state.undo in ANSWERED
    return is_undone or _is_kept(world, parent)
