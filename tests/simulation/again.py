"""Ended runs that are started again from a step, and what must hold of what the new run takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runs.machine.errors import Refused
from runs.machine.steps.taking_over import TYPES, starting_points, taken_over
from tests.simulation.memory import Memory
from tests.simulation.model import demand

if TYPE_CHECKING:
    from tests.simulation.simulate import History
    from tests.simulation.world import World

RUNS_MAX = 16  # beyond so many, none is started again


def start_again(history: History) -> None:
    """A person starts an ended run again, most often from a step from which that can be done."""
    world, rng = history.world, history.rng
    ended = [run for run in world.runs.values() if run.run.phase == "ended" and run.parent is None]
    if not ended or len(world.runs) >= RUNS_MAX:
        return
    run = rng.choice(ended)
    points = starting_points(run.graph, run.state())
    names = points if points and rng.random() < 0.8 else [step.name for step in run.graph.steps]
    start, ends = rng.choice(names), ends_of(run)
    of = {name: end["taken_over"] for name, end in ends.items() if "taken_over" in end}
    try:
        taken = taken_over(run.graph, run.state(), start, ends, of)
    except Refused as refused:
        world.seen[f"start again refused: {refused.code}"] += 1
        return
    if not all(_stands(world, one.step, one.of) for one in taken):  # as `runs.engine.again`
        demand(of, "what was undone is taken over")
        return
    again = {"run": run.run.id, "from": start}
    made = world.start(run.base.name, run.input, {"again": again}, taken)
    world.seen["started again from a step"] += made is not None


def ends_of(run: Memory) -> dict[str, Any]:
    ends: dict[str, Any] = {}
    for entry in run.journal:
        is_decided = "taken" in entry.data or "dead" in entry.data
        if entry.type in TYPES.values() and (entry.step not in ends or is_decided):
            ends[entry.step] = entry.data
    return ends


def _stands(world: World, name: str, run: str) -> bool:
    """Whether what a run did by a step is there still, as the witness of that run knows."""
    return world.watched[run].witness.stands(name)
