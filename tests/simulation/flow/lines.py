"""Lines of runs: the rules are the machine's; rows, locks and transactions are imitated.

A place is taken in the transaction that creates a run and left in the one that ends it. What follows the
commit may be lost with the process, and is repeated by the sweep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from designer.document.graph import Graph
from runs.machine.errors import Refused, Stale
from runs.machine.events import Cancel, Start
from runs.machine.flow import lines as rules
from tests.simulation.memory import Memory
from tests.simulation.model import demand

if TYPE_CHECKING:
    from tests.simulation.world import World

Name = tuple[str, Any]  # workflow and key


@dataclass
class Place:
    run: str
    number: int
    begun_at: datetime | None = None
    has_ended: bool = False
    is_leaving: bool = False
    is_settled: bool = False

    @property
    def may_begin(self) -> bool:
        return self.begun_at is not None

    @property
    def waits(self) -> bool:
        return self.begun_at is None and not self.has_ended


@dataclass
class Lines:
    """All lines. `came`: the line of each run and its number there; `begun`: who is known to have begun."""

    places: dict[Name, list[Place]] = field(default_factory=dict)
    count: int = 0
    came: dict[str, tuple[Name, int]] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Takes back what changes inside if it fails."""
        places = {name: [replace(place) for place in line] for name, line in self.places.items()}
        before = places, self.count, dict(self.came)
        try:
            yield
        except BaseException:
            self.places, self.count, self.came = before
            raise

    def of(self, run: str) -> Place | None:
        name, _ = self.came.get(run, (None, 0))
        return next((place for place in self.places[name] if place.run == run), None) if name else None


def join(world: World, graph: Graph, run: str, input: Mapping[str, Any]) -> Place | None:
    """Gives a run that is being created its place; None if a full line takes nobody."""
    if not graph.lines_up:
        return Place(run, 0, world.now)
    flow = graph.concurrency if graph.concurrency and graph.concurrency.key else graph.rate
    key = input["v"] if flow and flow.key else None
    lines, name = world.lines, (graph.name, key)
    places = lines.places.setdefault(name, [])
    free = 0 if any(place.waits for place in places) else _room(world, graph, places)
    how = rules.entry(free, graph.concurrency.when_full if graph.concurrency else "queue")
    world.seen[f"a run {how}"] += 1
    if how == "refused":
        demand(_is_full(world, graph, name), "a run is refused though there is room")
        return None
    if how == "makes_room":
        staying = [place for place in places if not place.has_ended and not place.is_leaving]
        limit = graph.concurrency.limit if graph.concurrency else None
        for place in staying[: rules.excess(len(staying), limit)]:
            place.is_leaving = True
    lines.count += 1
    joined = Place(run, lines.count, world.now if how == "begins" else None)
    places.append(joined)
    lines.came[run] = (name, lines.count)
    return joined


def leave(world: World, memory: Memory) -> None:
    """Marks the place of a run that ends, in its transaction."""
    place = world.lines.of(memory.run.id)
    if place is not None and memory.run.phase == "ended":
        place.has_ended = True


def follow(world: World, run: str) -> None:
    """What follows the commit of a run: who waits for its end begins, and who makes room for it leaves."""
    if run in world.lines.came:
        name, _ = world.lines.came[run]
        for place in list(world.lines.places[name]):
            if place.is_leaving and not place.has_ended:
                _cancel(world, place.run)
        if world.runs[run].run.phase == "ended":
            advance(world, name)


def advance(world: World, name: Name) -> None:
    """Begins those whose turn it is, each in a transaction of its own; the last settles what has ended."""
    graph = world.library[name[0]]
    while True:
        places = world.lines.places[name]
        place = next((place for place in places if place.waits), None)
        if place is None or not _room(world, graph, places):
            break
        try:
            with world.unit(place.run) as unit:
                unit.take(Start(world.now))
                place.begun_at = world.now
        except Stale:
            demand(False, "a run that waits has begun or ended, and its place does not say so")
    for place in places:
        place.is_settled = place.is_settled or place.has_ended


def sweep(world: World) -> None:
    """Repeats what was lost, and lets in those for whom the time has come."""
    for name, places in list(world.lines.places.items()):
        graph = world.library[name[0]]
        is_left = any(place.has_ended and not place.is_settled for place in places)
        if is_left or _is_due(world, graph, places):
            advance(world, name)
        for place in [place for place in places if place.is_leaving and not place.has_ended]:
            _cancel(world, place.run)
        places = world.lines.places[name]
        is_held_up = not graph.rate and any(place.waits for place in places) and _room(world, graph, places)
        demand(not is_held_up, "a run waits though there is room")


def _is_due(world: World, graph: Graph, places: list[Place]) -> bool:
    if graph.rate is None or not any(place.waits for place in places):
        return False
    begun = _counted(world, graph, places)
    due_at = rules.looked_at(begun, graph.rate.limit, graph.rate.per, somebody_waits=True)
    return due_at is None or due_at <= world.now


def _cancel(world: World, run: str) -> None:
    if world.runs[run].run.phase == "forward":
        try:
            world.take(run, Cancel(world.now))
        except Refused:
            world.seen["a run does not leave its line"] += 1


def _room(world: World, graph: Graph, places: list[Place]) -> int:
    under_way = sum(place.begun_at is not None and not place.has_ended for place in places)
    limit = graph.concurrency.limit if graph.concurrency else None
    rate = graph.rate.limit if graph.rate else None
    return rules.room(limit, rate, under_way, len(_counted(world, graph, places)))


def _counted(world: World, graph: Graph, places: list[Place]) -> list[datetime]:
    since = world.now - timedelta(seconds=graph.rate.per if graph.rate else 0)
    return sorted(place.begun_at for place in places if place.begun_at is not None and place.begun_at > since)


# --- the rules, seen from the journals of the runs alone ---


def check(world: World) -> None:
    """Holds the runs of each line to R11.5 and R11.6."""
    new = [run for run in world.lines.came if run not in world.lines.begun and _started_at(world, run)]
    for name in {world.lines.came[run][0] for run in new}:
        graph = world.library[name[0]]
        runs = [run for run, (line, _) in world.lines.came.items() if line == name]
        limit = graph.concurrency.limit if graph.concurrency else len(runs)
        demand(len(_under_way(world, runs)) <= limit, "more runs are under way than the limit says")
        demand(graph.rate is None or _keeps_rate(world, graph, runs), "more begin than the rate says")
        waiting = [world.lines.came[run][1] for run in runs if world.runs[run].run.status == "pending"]
        last = max(world.lines.came[run][1] for run in new if run in runs)
        demand(not waiting or last < min(waiting), "a run has begun before one that came earlier")
    world.lines.begun += new


def _started_at(world: World, run: str) -> datetime | None:
    return world.runs[run].run.started_at


def _under_way(world: World, runs: list[str]) -> list[str]:
    """Those that have begun and not ended; a rollback on demand of one that has ended does not count."""
    ends = {"run.completed", "run.compensated", "run.failed", "run.cancelled"}
    journals = {run: {entry.type for entry in world.runs[run].journal} for run in runs}
    return [run for run, types in journals.items() if "run.started" in types and not types & ends]


def _keeps_rate(world: World, graph: Graph, runs: list[str]) -> bool:
    assert graph.rate is not None
    begun = sorted(at for run in runs if (at := _started_at(world, run)))
    pairs = zip(begun, begun[graph.rate.limit :], strict=False)
    return all((later - first).total_seconds() >= graph.rate.per for first, later in pairs)


def _is_full(world: World, graph: Graph, name: Name) -> bool:
    runs = [run for run, (line, _) in world.lines.came.items() if line == name]
    if not world.runs.keys() >= set(runs):
        return True  # the same transaction has created another one, which is not to be seen yet
    since = world.now - timedelta(seconds=graph.rate.per if graph.rate else 0)
    begun = [run for run in runs if (at := _started_at(world, run)) and at > since]
    is_full = graph.concurrency is not None and len(_under_way(world, runs)) >= graph.concurrency.limit
    return is_full or (graph.rate is not None and len(begun) >= graph.rate.limit)
