"""Every history of a small workflow, in every order: slow, and with none of the search's reductions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from functools import partial

from designer.document.graph import Graph
from runs.explorer import moves, properties
from runs.explorer.choices import Undecided
from runs.explorer.properties import Violation, violations_in
from runs.explorer.world import Setting, World
from runs.machine.errors import Refused, Stale

Act = Callable[[World], None]
WORLDS_MAX = 60_000
FAULTS_MAX = 1


def every_history(graph: Graph) -> tuple[set[Violation], set[Hashable]]:
    """Returns what does not hold somewhere, and how the histories end, with at most one fault in each."""
    setting = Setting(lambda name, version: None, properties.watch)
    start = World(setting)
    start.claims_late = True
    waiting: deque[World] = deque(_after(start, partial(World.begin, graph=graph)))
    seen: set[Hashable] = set()
    broken: set[Violation] = set()
    ends: set[Hashable] = set()
    while waiting:
        world = waiting.popleft()
        key = _key(world)
        if key in seen:
            continue
        seen.add(key)
        assert len(seen) < WORLDS_MAX, "too large for this"
        following = [twin for act in _acts(world) for twin in _after(world, act)]
        if not world.open:
            properties.check_end(world)
            ends.add(end_of(world))
        broken.update(violations_in(world))
        waiting.extend(following)
    return broken, ends


def end_of(world: World) -> Hashable:
    """Returns how a history ended, for each of its runs and steps."""
    return frozenset(
        (path, member.state.run.status, step.name, step.status, step.undo)
        for path, member in world.members.items()
        for step in member.stored.by_name.values()
    )


def _acts(world: World) -> Iterator[Act]:
    for spot, kind in world.open.items():
        if kind == "queued":
            yield partial(World.claim, spot=spot)
            continue
        yield partial(moves.go, spot=spot)
        if len(world.injected) < FAULTS_MAX and not world.whole:
            for injected in moves.faults_at(world, spot):
                yield partial(moves.inject, spot=spot, injected=injected)
    if not world.injected and not world.whole and moves.may_be_cancelled(world):
        yield partial(_of_the_whole, act=moves.cancel, what="cancelled")
        yield partial(_of_the_whole, act=moves.abandon, what="abandoned")
    if not world.injected and not world.whole and moves.may_be_rolled_back(world):
        yield partial(_of_the_whole, act=moves.roll_back, what="")  # no fault: one may follow


def _of_the_whole(world: World, act: Act, what: str) -> None:
    world.whole = what
    act(world)


def _after(world: World, act: Act) -> list[World]:
    """Returns the worlds after an act, one for each option of what has to be chosen."""
    twin = world.fork()
    try:
        act(twin)
    except Undecided as undecided:
        found = []
        for option in undecided.choice.options:
            chosen = world.fork()
            chosen.choices[undecided.choice.id] = option
            found += _after(chosen, act)
        return found
    except (Refused, Stale):
        return []
    return [twin]


def _key(world: World) -> Hashable:
    """Returns everything that what follows depends on. Of numbers of entries only their order counts."""
    steps = []
    for path, member in world.members.items():
        ended = sorted(step.ended_seq or 0 for step in member.stored.by_name.values())
        for step in member.stored.by_name.values():
            rank = ended.index(step.ended_seq or 0)
            facts = (step.status, step.undo, step.phase, step.attempt, step.undo_attempt, step.failures)
            acts = (step.undo_after, step.by_fallback, step.unknown, step.fallback_effect, step.edges_taken)
            steps.append((path, step.name, rank, facts, acts, step.edges_decided, step.intervention is None))
    runs = tuple((path, member.state.run.status) for path, member in world.members.items())
    there = frozenset(place for place, effect in world.ledger.effects.items() if effect.there)
    history = (frozenset(world.choices.items()), world.injected, world.whole, violations_in(world))
    return frozenset(steps), runs, there, frozenset(world.lasting), frozenset(world.open.items()), history
