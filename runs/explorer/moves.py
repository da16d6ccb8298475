"""What may happen next in a world: attempts and their faults, times, people and their answers. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from designer.document.calls import policies
from designer.document.graph import Step
from runs.explorer.choices import Option
from runs.explorer.faults import CODE_USUAL, FAULT, FAULTS, Injected
from runs.explorer.ledger import Place
from runs.explorer.world import PERSON, ROOT, Kind, Spot, World
from runs.machine.acts import key_of
from runs.machine.allowed import answers
from runs.machine.errors import Stale
from runs.machine.events import (
    AnswerIntervention,
    Approve,
    Cancel,
    HandBack,
    Lose,
    Report,
    Rollback,
    Signal,
    TakeEvent,
    TimeOut,
    Wake,
)
from runs.machine.rollback.plan import may_go_back
from runs.machine.states import StepState, StepStatus, UndoStatus
from workers.sdk.outcome import Outcome

SOON: tuple[tuple[Kind, ...], ...] = (("attempt", "queued"), ("later",), ("question",))
ANSWERS_USUAL = ("compensate", "resolve")
STEP = timedelta(seconds=1)
APPROVED, REJECTED, NOBODY = "approved", "rejected", "nobody answers"
COMES, IN_VAIN = "comes", "comes too late"


def next_spot(world: World) -> Spot | None:
    """Returns where the next thing happens: work before times, these before people."""
    found = list(reversed(world.open) if world.newest_first else world.open)
    for kinds in SOON:
        for spot in found:
            if world.open[spot] in kinds:
                return spot
    return found[0] if found else None


def go(world: World, spot: Spot) -> None:
    """Lets happen what is usual at a spot. Raises Undecided."""
    world.now += STEP
    kind = world.open[spot]
    if kind == "queued":
        world.claim(spot)
        if world.open.get(spot) != "attempt":
            return
        kind = "attempt"
    if kind == "attempt":
        lasting = world.lasting.get(spot)
        finish(world, spot, lasting if lasting is not None and _is_forward(world.step(spot)) else None)
    elif kind in ("later", "time"):
        _wake(world, spot)
    elif kind == "question":
        _answer(world, spot)
    else:
        _wait_ends(world, spot, kind)


def _is_forward(step: StepState) -> bool:
    return step.undo != UndoStatus.RUNNING and step.phase != "verify"


def finish(world: World, spot: Spot, injected: Injected | None = None) -> None:
    """Reports the attempt under way: as it usually ends, or with a fault."""
    step = world.step(spot)
    fault = None if injected is None else FAULT[injected.fault]
    outcome = _usual(world, spot, step) if injected is None or fault is None else fault.outcome(injected.code)
    if fault is None or fault.has_effect:
        _act(world, spot, step, is_known=fault is None)
    if fault is not None and fault.id == "worker_lost":
        world.take(spot[0], Lose(world.now, spot[1], step.lease))
    else:
        world.take(spot[0], Report(world.now, spot[1], step.lease, outcome))


def _place(spot: Spot, step: StepState) -> Place:
    return spot[0], key_of(spot[0], step)


def _act(world: World, spot: Spot, step: StepState, *, is_known: bool) -> None:
    """The effect of an attempt that does its work; a verification has none."""
    if step.phase == "verify":
        return
    if step.undo != UndoStatus.RUNNING:
        world.ledger.bring_about(_place(spot, step), spot[1])
        return
    times = world.ledger.undo(_place(spot, step), spot[1], is_known=is_known)
    if times > 1:
        world.notes["undone twice"] = (*world.notes.get("undone twice", ()), spot)
    if world.members[spot[0]].definition(spot[1]).starts_runs:
        world.ledger.forget(_runs_below(world, spot))


def _runs_below(world: World, spot: Spot) -> frozenset[str]:
    """Returns the runs that a step has started, and those that they have."""
    first = f"{spot[0]}{spot[1]}/"
    return frozenset(path for path in world.members if path.startswith(first))


def _usual(world: World, spot: Spot, step: StepState) -> Outcome:
    if step.phase != "verify":
        return Outcome("succeeded", {})
    is_done = world.ledger.is_there(_place(spot, step))
    return Outcome("succeeded", {"outcome": "done", "output": {}} if is_done else {"outcome": "not_done"})


# --- faults ---


def faults_at(world: World, spot: Spot) -> Iterator[Injected]:
    """Yields what may go wrong with the attempt at a spot, which may still have to be claimed."""
    step = world.step(spot)
    if world.open[spot] not in ("attempt", "queued") or step.phase == "verify":
        return
    definition = world.members[spot[0]].definition(spot[1])
    is_undo = step.undo in (UndoStatus.PENDING, UndoStatus.RUNNING)
    for fault in FAULTS:
        if (fault.direction == "undo") != is_undo:
            continue
        if fault.with_fallback_only and (definition.fallback is None or step.by_fallback):
            continue
        for code in (
            _codes(world, spot, definition) if fault.kind == "failed" and not is_undo else (CODE_USUAL,)
        ):
            yield Injected(fault.id, spot[0], spot[1], code)


def _codes(world: World, spot: Spot, step: Step) -> tuple[str, ...]:
    """Returns error codes that what reacts to failures tells apart: one for each pattern, and one for none.

    The failure of a body is that of the step around it, so the error edges around count too.
    """
    patterns = [pattern for policy in policies(step.retry) for pattern in (*policy.only, *policy.never)]
    path, key = spot
    while True:
        member = world.members[path]
        name = key.partition("[")[0]
        for edge in member.abstraction.original.outgoing[name]:
            patterns += edge.errors
        if member.parent is None:
            break
        path, key = member.parent, member.step
    return tuple(dict.fromkeys([CODE_USUAL, *(pattern.replace("*", "x") for pattern in patterns)]))


def hand_back_others(world: World, spot: Spot) -> None:
    """Gives back every other attempt that has begun, so that those steps are ready and nobody is at them."""
    world.claims_late = True
    others = [other for other, kind in world.open.items() if kind == "attempt" and other != spot]
    for path, key in others:
        if world.open.get((path, key)) == "attempt":
            world.take(path, HandBack(world.now, key, world.step((path, key)).lease))


def inject(world: World, spot: Spot, injected: Injected) -> None:
    """Lets a fault happen to the attempt at a spot. Raises Undecided."""
    world.now += STEP
    if world.open[spot] == "queued":
        world.claim(spot)
    world.injected = (*world.injected, injected)
    if FAULT[injected.fault].lasts:
        world.lasting[spot] = injected
    finish(world, spot, injected)


# --- times and people ---


def _wake(world: World, spot: Spot) -> None:
    due_at = world.step(spot).due_at
    world.now = max(world.now, due_at or world.now)
    world.open.pop(spot, None)
    with suppress(Stale):
        world.take(spot[0], Wake(world.now, spot[1]))


def _answer(world: World, spot: Spot) -> None:
    """A person answers an intervention, each answer being an option."""
    step = world.step(spot)
    count = world.answered.get(spot, 0)
    options = sorted(answers(step), key=lambda answer: answer not in ANSWERS_USUAL)
    if count:
        options = [answer for answer in options if answer != "retry"] or options
    answer = world.choose(f"{spot[0]}{spot[1]}|answer {count + 1}", options)
    world.answered[spot] = count + 1
    world.lasting.pop(spot, None)
    if answer == "resolve":
        _do_by_hand(world, spot, step)
    note = "Explored."
    given = next(option for option in options if option == answer)
    event = AnswerIntervention(world.now, spot[1], step.intervention or 0, given, PERSON, note, None, {})
    world.take(spot[0], event)


def _do_by_hand(world: World, spot: Spot, step: StepState) -> None:
    """The person has undone the act in question, or done what the step should have done."""
    if step.undo == UndoStatus.FAILED:
        world.ledger.undo(_place(spot, step), spot[1])
        world.ledger.forget(_runs_below(world, spot))
    elif world.members[spot[0]].definition(spot[1]).calls_worker and not (step.is_map or step.is_done):
        own = step if step.status == StepStatus.COMPLETED else replace(step, by_fallback=False)
        world.ledger.bring_about(_place(spot, own), spot[1])


def _wait_ends(world: World, spot: Spot, kind: Kind) -> None:
    path, key = spot
    step = world.step(spot)
    waits = step.waits or {}
    has_end = "until" in waits
    id = f"{path}{key}|{kind}"
    if kind == "approval":
        chosen = world.choose(id, (APPROVED, REJECTED, *((NOBODY,) if has_end else ())))
        if chosen == NOBODY:
            return _wake(world, spot)
        return world.take(
            path, Approve(world.now, key, chosen == APPROVED, PERSON, "Explored.", is_admin=True)
        )
    late: tuple[Option, ...] = (IN_VAIN,) if has_end else ()
    if kind == "any":
        return _part_comes(world, spot, id)
    if world.choose(id, (COMES, *late)) == IN_VAIN:
        return _wake(world, spot)
    if kind == "signal":
        return world.take(path, Signal(world.now, waits["signal"], {}, PERSON))
    return _event_comes(world, spot, waits["event"])


def _part_comes(world: World, spot: Spot, id: str) -> None:
    """One part of a wait for the first of several comes: a signal, an event, or a time."""
    waits = world.step(spot).waits or {}
    wants = [want["event"] for want in waits.get("wants", ())]
    timed = ("a time",) if "until" in waits else ()
    chosen = world.choose(id, (*waits.get("signals", ()), *wants, *timed))
    if chosen in waits.get("signals", ()):
        return world.take(spot[0], Signal(world.now, str(chosen), {}, PERSON))
    if chosen in wants:
        return _event_comes(world, spot, str(chosen))
    return _wake(world, spot)


def _event_comes(world: World, spot: Spot, type: str) -> None:
    key = f"{type} {spot[0]}{spot[1]}"
    event = {"id": key, "source": "explorer", "type": type, "data": {}}
    world.take(spot[0], TakeEvent(world.now, key, event))


# --- the run as a whole ---


def cancel(world: World) -> None:
    """A person cancels the run."""
    world.take(ROOT, Cancel(world.now, "compensate", PERSON))


def abandon(world: World) -> None:
    """A person ends the run where it stands; attempts under way do their work all the same."""
    for spot, kind in world.open.items():
        step = world.step(spot)
        if kind == "attempt" and _is_forward(step):
            _act(world, spot, step, is_known=False)
    world.take(ROOT, Cancel(world.now, "abandon", PERSON))


def time_out(world: World) -> None:
    """The time of the run is over."""
    due_at = world.root.state.run.due_at
    world.now = max(world.now, due_at or world.now + timedelta(0))
    world.take(ROOT, TimeOut(world.now))


def may_be_cancelled(world: World) -> bool:
    return world.root.state.run.phase == "forward"


def may_time_out(world: World) -> bool:
    run = world.root.state.run
    return run.phase == "forward" and run.due_at is not None


def may_be_rolled_back(world: World) -> bool:
    return may_go_back(world.root.state.run)


def roll_back(world: World) -> None:
    """A person rolls a run that has ended back."""
    world.take(ROOT, Rollback(world.now, PERSON))
