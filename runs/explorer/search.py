"""The search: plays a workflow over its branches and faults, and keeps the shortest counterexamples. PURE.

Breadth first by the number of faults. A history that is taken up is played to its end in the usual way; each
branch and each fault on its way that has not been tried yet forks it. So prefixes are played once, and what
follows a fault is played once for each order that matters: a step goes wrong after those that began before it
have ended, while they are under way, and before anybody has begun them.

Where steps run side by side, the whole is played once more with one branch after the other. Every fault is
tried at every step, unless everything else stood as it did when it was tried before; pairs of faults within a
budget, counted in decisions so that two machines come to the same. Where there are too many ways to take all
of them, each branch is taken, and a step that has been through every fault on another way only fails, soon
after the branch.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial

from designer.document.graph import Graph
from runs.explorer import moves, properties
from runs.explorer.choices import Choice, Option, Undecided
from runs.explorer.faults import Injected
from runs.explorer.properties import Violation, violations_in
from runs.explorer.world import Library, Setting, Spot, World
from runs.machine.errors import Refused, Stale
from runs.machine.states import RunState, StepStatus

Act = Callable[[World], None]

DECISIONS_MAX = 1_000_000
PAIR_DECISIONS = 20_000
FAULTS_MAX = 2
WORK = ("attempt", "queued")
LARGE = 100  # steps; beyond, other orders and ways are tried with plain failures alone
NEAR_IN_LARGE = 12
NEAR = 40  # entries after a branch, within which its steps fail again
LENGTH_MAX = 20_000  # entries of one history
WAYS_ALL_MAX = 12


@dataclass(frozen=True, slots=True)
class Budget:
    """`pairs`: decisions that pairs of faults may take; `decisions`: all together."""

    pairs: int = PAIR_DECISIONS
    decisions: int = DECISIONS_MAX


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A history that shows that a property does not hold. `told`: what was chosen and went wrong in it."""

    violation: Violation
    world: World
    told: tuple[str, ...]


@dataclass
class Exploration:
    """What was explored, and what was found."""

    histories: int = 0
    decisions: int = 0
    ways: int = 0
    choices: int = 0
    faults: int = 0
    pairs: int = 0
    pairs_left: int = 0
    all_ways: bool = True
    is_large: bool = False
    cut_short: bool = False
    unknown: tuple[str, ...] = ()
    counterexamples: dict[tuple[str, str, str], Counterexample] = field(default_factory=dict)

    @property
    def is_proven(self) -> bool:
        return not self.counterexamples and not self.cut_short


@dataclass(frozen=True, slots=True)
class _Task:
    """A history to take up: `act` is done first, in `world`. `faults`: how many it has then."""

    world: World
    act: Act
    faults: int


def explore(
    graph: Graph,
    library: Library = lambda name, version: None,
    budget: Budget = Budget(),  # noqa: B008  # frozen
    progress: Callable[[Exploration], bool] = lambda exploration: True,
) -> Exploration:
    """Explores a graph with all defaults filled in. `progress` is called now and then; False stops it."""
    was_enabled = gc.isenabled()
    gc.disable()  # worlds hold no cycles, and looking for some takes half of the time
    try:
        return Search(graph, library, budget, progress).run()
    finally:
        if was_enabled:
            gc.enable()


class Search:
    def __init__(
        self, graph: Graph, library: Library, budget: Budget, progress: Callable[[Exploration], bool]
    ) -> None:
        self.graph = graph
        self.budget = budget
        self.progress = progress
        self.setting = Setting(library, properties.watch)
        self.found = Exploration()
        self.tasks: deque[_Task] = deque()
        self.pairs: deque[_Task] = deque()
        self.tried: set[object] = set()
        self.choices: dict[str, set[Option]] = {}
        self.futures: dict[int, int] = {}  # how worlds stood, with the fewest faults that led there
        self.is_parallel = False
        self.is_bare = False  # no fault is tried
        self.takes_all_ways = True
        self.known_spots: set[Spot] = set()  # where every fault has been tried
        self.cancelled_at: set[Spot] = set()
        self.is_large = len(graph.steps) > LARGE

    def run(self) -> Exploration:
        self.takes_all_ways = self._has_few_ways()
        self._begin(World(self.setting))
        if self.is_parallel:  # once more, one branch after the other
            world = World(self.setting)
            world.claims_late = world.newest_first = True
            self._begin(world)
        self.found.cut_short = bool(self.tasks)
        singles = self.setting.decisions
        while self.pairs and not self._is_over() and self.setting.decisions - singles < self.budget.pairs:
            self._take_up(self.pairs.popleft())
            self.found.pairs += 1
            while self.tasks and not self._is_over():  # branches that only a pair leads to
                self._take_up(self.tasks.popleft())
        self.found.pairs_left = len(self.pairs)
        self.found.decisions = self.setting.decisions
        self.found.choices = len(self.choices)
        self.found.is_large = self.is_large
        self.found.unknown = tuple(sorted(self.setting.unknown))
        return self.found

    def _has_few_ways(self) -> bool:
        """Whether there are so few ways without a fault that every combination of branches can be taken."""
        bare = Search(self.graph, self.setting.library, self.budget, lambda exploration: True)
        bare.is_bare = True
        bare._begin(World(bare.setting))
        return bare.found.all_ways

    def _begin(self, world: World) -> None:
        self._take_up(_Task(world, partial(World.begin, graph=self.graph), 0))
        while self.tasks and not self._is_over():
            self._take_up(self.tasks.popleft())

    def _is_over(self) -> bool:
        if self.setting.decisions > self.budget.decisions:
            return True
        self.found.decisions = self.setting.decisions
        return not self.progress(self.found)

    # --- one history ---

    def _take_up(self, task: _Task) -> None:
        world = self._done(task, task.world, task.act)
        while world is not None and world.length < LENGTH_MAX:
            spot = moves.next_spot(world)
            if spot is None:
                break
            if self._is_known(task, world):
                self.found.histories += 1
                return
            self._fork_faults(task, world, spot)
            world = self._done(task, world, partial(moves.go, spot=spot))
        if world is not None:
            self._end(task, world)

    def _done(self, task: _Task, world: World, act: Act) -> World | None:
        """Returns the world after an act; where something is to be chosen, with the usual option.

        The other options become tasks. None: the act is refused.
        """
        chosen: dict[str, Option] = {}
        while True:
            twin = world.fork()
            twin.choices.update(chosen)
            try:
                act(twin)
                return twin
            except Undecided as undecided:
                self._fork_choice(task, world, chosen, undecided.choice, act)
                chosen[undecided.choice.id] = undecided.choice.options[0]
            except (Refused, Stale):
                return None

    def _fork_choice(
        self, task: _Task, world: World, chosen: dict[str, Option], choice: Choice, act: Act
    ) -> None:
        known = self.choices.setdefault(choice.id, set())
        for option in choice.options[1:]:
            is_new = option not in known
            known.add(option)
            is_plain = task.faults == 0
            if is_new or (is_plain and self.takes_all_ways and self.found.ways < WAYS_ALL_MAX):
                twin = world.fork()
                twin.choices.update({**chosen, choice.id: option})
                self.found.ways += is_plain
                self.tasks.append(_Task(twin, act, task.faults))
            else:
                self.found.all_ways &= not is_plain

    def _is_known(self, task: _Task, world: World) -> bool:
        """Whether a history with as many faults, or fewer, has stood as this one does; it went on like it.

        One that has shown something is played to its end, for the story.
        """
        if violations_in(world):
            return False
        future = _future(world)
        before = self.futures.get(future)
        if before is None or before > task.faults:
            self.futures[future] = task.faults
        return before is not None and task.faults > 0 and before <= task.faults

    # --- faults ---

    def _fork_faults(self, task: _Task, world: World, spot: Spot) -> None:
        """Makes tasks of what may go wrong now: at `spot`, beside it, and with the run as a whole."""
        if self.is_bare:
            return
        under_way = [other for other, kind in world.open.items() if kind in WORK]
        if task.faults < FAULTS_MAX and spot in under_way:
            injected = list(moves.faults_at(world, spot))
            self._offer(task, world, spot, injected)
            if len(under_way) > 1 and not task.faults:
                self._fork_beside(task, world, spot, under_way, injected)
        is_tried = (self.is_large or not self.takes_all_ways) and spot in self.cancelled_at
        if task.faults == 0 and spot in under_way and moves.may_be_cancelled(world) and not is_tried:
            self.cancelled_at.add(spot)
            self._offer_whole(world, "cancelled", moves.cancel)
            self._offer_whole(world, "abandoned", moves.abandon)
            if moves.may_time_out(world):
                self._offer_whole(world, "timed out", moves.time_out)

    def _fork_beside(
        self, task: _Task, world: World, spot: Spot, under_way: list[Spot], injected: list[Injected]
    ) -> None:
        """Makes tasks of the other orders of what goes on side by side."""
        self.is_parallel = True
        alone = world.fork()
        moves.hand_back_others(alone, spot)
        plain = [one for one in injected if one.is_plain]
        self._offer(task, alone, spot, plain if self.is_large else injected)
        for other in under_way:
            if other != spot:
                self._offer(
                    task, world, other, [one for one in moves.faults_at(world, other) if one.is_plain]
                )

    def _offer(self, task: _Task, world: World, spot: Spot, faults: list[Injected]) -> None:
        """Makes tasks of faults, unless they have been tried in a world in which everything stood as here."""
        stands = (spot, task.faults, world.injected, _standing(world, spot))
        if stands in self.tried:
            return
        self.tried.add(stands)
        if not task.faults and (self.is_large or not self.takes_all_ways):
            if spot in self.known_spots:
                near = NEAR_IN_LARGE if self.is_large else NEAR
                is_near = world.newest_first or world.length - task.world.length < near
                faults = [fault for fault in faults if fault.is_plain and is_near]
            self.known_spots.add(spot)
        for injected in faults:
            self.found.faults += task.faults == 0
            act = partial(moves.inject, spot=spot, injected=injected)
            (self.pairs if task.faults else self.tasks).append(_Task(world, act, task.faults + 1))

    def _offer_whole(self, world: World, what: str, act: Act) -> None:
        self.found.faults += 1
        self.tasks.append(_Task(world, partial(_whole, act=act, what=what), 1))

    # --- the end ---

    def _end(self, task: _Task, world: World) -> None:
        self.found.histories += 1
        properties.check_end(world, is_endless=world.length >= LENGTH_MAX)
        for violation in violations_in(world):
            known = self.found.counterexamples.get(violation.subject)
            if known is None or world.length < known.world.length:
                told = tuple(injected.sentence for injected in world.injected)
                self.found.counterexamples[violation.subject] = Counterexample(violation, world, told)
        if task.faults == 0 and moves.may_be_rolled_back(world):
            self.tasks.append(_Task(world, partial(_whole, act=moves.roll_back, what="rolled back"), 0))


def _whole(world: World, act: Act, what: str) -> None:
    """Something that happens to the run as a whole, remembered for the story."""
    world.whole = what
    act(world)


def _standing(world: World, spot: Spot) -> Hashable:
    """Returns how everything but `spot` stands in a world, whatever the order in which it came about."""
    return frozenset(
        (path, step.name, step.status, step.undo)
        for path, member in world.members.items()
        for step in member.stored.by_name.values()
        if (path, step.name) != spot
    )


def _future(world: World) -> int:
    """Returns a number that is the same for worlds from which the same follows."""
    runs = tuple(
        (path, member.stored.mark, member.stored.order, _run_facts(member.state.run))
        for path, member in world.members.items()
    )
    answers = (id for id in world.choices if "|answer " not in id or not _is_done(world, id))
    choices = frozenset((id, world.choices[id]) for id in answers)
    lasting = frozenset(spot for spot in world.lasting if not world.step(spot).is_done)
    return hash((runs, world.ledger.mark, choices, lasting, world.claims_late, world.newest_first))


def _is_done(world: World, id: str) -> bool:
    """Whether the step that an answer was about has completed, so that nothing asks for it any more."""
    path, _, key = id.partition("|")[0].rpartition("/")
    return world.step((f"{path}/" if path else "", key)).status == StepStatus.COMPLETED


def _run_facts(run: RunState) -> Hashable:
    undo = (run.reason, bool(run.by), run.partial, run.left_undone > 0)
    passed = (run.pivot, run.pivot_below, run.goes_on)
    return run.phase, run.final, undo, passed, tuple(run.signals), len(run.added)
