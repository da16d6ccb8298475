"""Effects of entries about steps that go forward, items of maps included. PURE."""

from __future__ import annotations

from typing import Any

from runs.machine.acts import cleared, known, marked
from runs.machine.events import Entry
from runs.machine.journal.effects import effect, time_of
from runs.machine.journal.undo_effects import count_left, plan_late_undo
from runs.machine.states import State, StepState, StepStatus, UndoStatus, evolve, lean


@effect("step.queued")
def _queued(state: State, entry: Entry) -> None:
    data, before = entry.data, state.step(entry.step)
    direction = data.get("direction", "forward")
    step = state.change(
        entry.step,
        status=StepStatus.QUEUED,
        phase=direction,
        process="",
        due_at=None,
        waits=None,
        ended_seq=None,
        held_up="held_up" in data,
        by_fallback=direction != "forward" and data.get("by_fallback", before.by_fallback),
        begins_again=data.get("asks", before.begins_again if data.get("handed_back") else 0),
        **({"failures": 0, "asked": 0} if data.get("fresh") else {}),
        **((marked(before, data["unknown"]) if "unknown" in data else {}) | _effect(before, entry)),
        **({"error": data["error"]} if "error" in data else {}),
    )
    if "item" in data:
        _enter_map(state, step, data["item"])


def _enter_map(state: State, item: StepState, source: str) -> None:
    """`source`: "next" for the item after all so far, "again" for one that an operator runs again.

    "turn": for the next turn of a loop, which has as many items as turns have begun.
    """
    parent = state.step(item.map_name or "")
    changes: dict[str, Any] = {"items_open": parent.items_open + 1}
    if source == "again":
        changes["again_next"] = parent.again_next + 1
    else:
        changes["items_next"] = parent.items_next + 1
    if source == "turn":
        changes["items_total"] = (parent.items_total or 0) + 1
    state.put(evolve(parent, **changes))


@effect("step.started")
def _step_started(state: State, entry: Entry) -> None:
    data = entry.data
    if "items" in data:
        return _map_started(state, entry)
    if "again" in data:
        return _map_again(state, entry)
    step = state.step(entry.step)
    state.change(
        entry.step,
        status=StepStatus.RUNNING,
        attempt=entry.attempt,
        lease=data["lease"],
        process=data.get("process", ""),
        due_at=time_of(data["until"]),
        started_at=step.started_at or entry.at,
        begun_at=entry.at,
        error=step.error if data["direction"] == "verify" else None,
    )
    return None


def _map_started(state: State, entry: Entry) -> None:
    state.change(
        entry.step,
        status=StepStatus.RUNNING,
        started_at=entry.at,
        items_seq=entry.seq,
        items_total=entry.data["items"],
        outer_seq=None,
        items_next=entry.data["queued"],
        items_open=entry.data["queued"],
        held_up=False,
    )
    for index in range(entry.data["queued"]):
        state.put(lean(StepState, name=f"{entry.step}[{index}]", status=StepStatus.QUEUED))


def _map_again(state: State, entry: Entry) -> None:
    """Every item that did not complete runs again; the entries that queue them follow."""
    state.change(
        entry.step,
        status=StepStatus.RUNNING,
        ended_seq=None,
        items_failed=0,
        enough=False,
        again_seq=entry.seq,
        again_next=0,
        outer_seq=None,
    )


@effect("step.progress")
def _progress(state: State, entry: Entry) -> None:
    """The state does not change: progress is read from the journal."""


@effect("step.enough")
def _enough(state: State, entry: Entry) -> None:
    state.change(entry.step, enough=True)
    for name in entry.data.get("cancelled", ()):
        end_early(state, entry, name)


@effect("step.waiting")
def _waiting(state: State, entry: Entry) -> None:
    fresh = {"failures": 0, "asked": 0} if entry.data.get("fresh") else {}
    step = state.change(
        entry.step,
        status=StepStatus.WAITING,
        waits=entry.data,
        due_at=time_of(entry.data.get("until")),
        started_at=state.step(entry.step).started_at or entry.at,
        attempt=entry.attempt,
        left_last=0,
        process="",
        ended_seq=None,
        held_up=False,
        **fresh,
    )
    if "item" in entry.data:
        _enter_map(state, step, entry.data["item"])
    if entry.payload is not None:
        state.change(step.map_name or "", outer_seq=entry.seq)


@effect("step.brought_forward")
def _brought_forward(state: State, entry: Entry) -> None:
    """What was to come later is due; the entries of what happens follow."""
    state.change(entry.step, due_at=entry.at)


@effect("step.retry_scheduled")
def _retry_scheduled(state: State, entry: Entry) -> None:
    data = entry.data
    step = state.step(entry.step)
    state.change(
        entry.step,
        status=StepStatus.RETRYING,
        phase=data["direction"],
        process="",
        due_at=time_of(data["due_at"]),
        error=data.get("error"),
        **marked(step, data["unknown"]),
        failures=step.failures + data.get("failed", 0),
        asked=step.asked + data.get("asked", 0),
        carry_seq=entry.seq if entry.payload is not None else step.carry_seq,
        waits=None,
    )
    if "left" in data:
        count_left(state, entry.step, data["left"], data["left_names"])


@effect("step.fallback_started")
def _fallback_started(state: State, entry: Entry) -> None:
    before = state.step(entry.step)
    state.change(
        entry.step,
        status=StepStatus.QUEUED,
        phase="fallback",
        process="",
        due_at=None,
        error=entry.data.get("error"),
        **(marked(before, entry.data["unknown"]) | _effect(before, entry)),
        by_fallback=True,
        failures=0,
        asked=0,
    )


@effect("step.completed")
def _completed(state: State, entry: Entry) -> None:
    ending = _ending(state, entry, StepStatus.COMPLETED)
    ending["output_seq"] = entry.seq if entry.payload is not None else None
    before = state.step(entry.step)
    if (
        before.status == StepStatus.COMPLETED
    ):  # a person has entered another output for it, so that a branch matches
        ending["ended_seq"] = before.ended_seq
    if "taken_over" in entry.data:
        ending["undo"] = UndoStatus.TAKEN_OVER
    step = state.change(entry.step, **ending, **_act_done(before, entry), error=None, **_child_of(entry))
    _note_pivots(state, entry)
    if "signal" in entry.data:
        _take_signal(state, entry.data["signal"])
    for name in entry.data.get("cancelled", ()):
        end_early(state, entry, name)
    _leave_map(state, step, failed=False, completed=entry)
    _settle_edges(state, entry)


def _child_of(entry: Entry) -> dict[str, Any]:
    """Returns the fields about the child run that did the work of a step."""
    return {name: entry.data[name] for name in ("child", "child_pivot") if name in entry.data}


def _note_pivots(state: State, entry: Entry) -> None:
    if entry.data.get("pivot"):
        state.run = evolve(state.run, pivot=True)
    if entry.data.get("child_pivot"):
        state.run = evolve(state.run, pivot_below=True)


def _act_done(before: StepState, entry: Entry) -> dict[str, Any]:
    """Returns the fields that say which act completed the step; a person's word stands for the step's own.

    What the other act may have done stays as it was.
    """
    if before.status == StepStatus.COMPLETED:
        return {}
    if before.by_fallback and not entry.data.get("by_hand"):
        return {"fallback_effect": "done", "fallback_seq": None}
    return {"unknown": False, "effect_seq": None, "by_fallback": False}


@effect("step.failed")
def _failed(state: State, entry: Entry) -> None:
    before = state.step(entry.step)
    ending = _ending(state, entry, StepStatus.FAILED)
    if before.status == StepStatus.BLOCKED:  # it had failed before the intervention was opened
        ending["ended_seq"] = before.ended_seq
    elif entry.payload is None or entry.data.get(
        "acted"
    ):  # what is known of a refused output is for the undo
        ending["output_seq"] = None  # nor is that of an earlier attempt seen any more
    is_unknown = entry.data.get("unknown", False)
    fields = marked(before, is_unknown) | _effect(before, entry) | _child_of(entry)
    fields |= {"error": entry.data["error"], "caught": entry.data.get("caught", False)}
    step = state.change(entry.step, **ending, **fields)
    _note_pivots(state, entry)
    for name in entry.data.get("cancelled", ()):
        end_early(state, entry, name)
    if not entry.data.get("case"):
        _leave_map(state, step, failed=not entry.data.get("tolerated"))
    _settle_edges(state, entry)


@effect("step.skipped")
def _skipped(state: State, entry: Entry) -> None:
    state.change(entry.step, **_ending(state, entry, StepStatus.SKIPPED))
    _settle_edges(state, entry)


def _ending(state: State, entry: Entry, status: StepStatus) -> dict[str, Any]:
    """Returns the fields of a step that ends; without a payload it keeps the output that it had."""
    output_seq = state.step(entry.step).output_seq
    return {
        "status": status,
        "process": "",
        "due_at": None,
        "waits": None,
        "intervention": None,
        "carry_seq": None,
        "output_seq": entry.seq if entry.payload is not None else output_seq,
        "ended_seq": entry.seq,
        "finished_at": entry.at,
        **({"attempt": entry.attempt} if "taken_over" in entry.data else {}),
    }


def _effect(before: StepState, entry: Entry) -> dict[str, Any]:
    """Returns the fields about an effect that is known to be there, or not to be."""
    if "acted" not in entry.data:
        return {}
    return known(before, entry.seq) if entry.data["acted"] else cleared(before)


def _leave_map(state: State, item: StepState, failed: bool, completed: Entry | None = None) -> None:
    if item.map_name is None:
        return
    parent = state.step(item.map_name)
    changes: dict[str, Any] = {"items_open": parent.items_open - 1}
    if failed:
        changes["items_failed"] = parent.items_failed + 1
    if completed is not None:
        changes["items_done"] = parent.items_done + 1
        if "lays" in completed.data:
            changes["laid"] = {**parent.laid, **_laid_by(completed)}
        if completed.data.get("enough"):
            changes["enough"] = True
    state.put(evolve(parent, **changes))


def _laid_by(turn: Entry) -> dict[str, int]:
    """Returns the keys that a turn lays over the context of the turns behind it, with its entry."""
    if isinstance(turn.data["lays"], str):
        return {turn.data["lays"]: turn.seq} if turn.payload is not None else {}
    if isinstance(turn.payload, dict):
        return dict.fromkeys(turn.payload, turn.seq)
    return {} if turn.payload is None else {"result": turn.seq}


def end_early(state: State, entry: Entry, name: str) -> None:
    """Cancels a step; an item of a map also leaves its map."""
    step = state.change(
        name,
        status=StepStatus.CANCELLED,
        due_at=None,
        waits=None,
        finished_at=entry.at,
        ended_seq=entry.seq,
    )
    _leave_map(state, step, failed=False)


def _settle_edges(state: State, entry: Entry) -> None:
    """Counts decided edges at their targets; a step that ends during the rollback extends its plan."""
    for name in entry.data.get("taken", ()):
        step = state.step(name)
        state.change(name, edges_decided=step.edges_decided + 1, edges_taken=step.edges_taken + 1)
    for name in entry.data.get("dead", ()):
        state.change(name, edges_decided=state.step(name).edges_decided + 1)
    if "undo" in entry.data:
        plan_late_undo(state, entry)
    if "left" in entry.data:
        count_left(state, entry.step, entry.data["left"], entry.data["left_names"])
    if entry.data.get("remains"):
        count_left(state, entry.step)


def _take_signal(state: State, name: str) -> None:
    signals = {**state.run.signals, name: state.run.signals[name][1:]}
    state.run = evolve(state.run, signals={name: seqs for name, seqs in signals.items() if seqs})
