"""One simulated history: a phase with faults, then one without.

In the first, no rule may be broken, whatever goes wrong (safety); in the second, everything must end
(liveness).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from designer.document.graph import Step
from runs.machine import conditions
from runs.machine.acts import key_of
from runs.machine.allowed import answers
from runs.machine.errors import Refused
from runs.machine.events import (
    AnswerIntervention,
    CancelMode,
    ClaimIntervention,
    Event,
    HandBack,
    Note,
    Rollback,
    Signal,
)
from runs.machine.rollback.plan import may_go_back
from runs.machine.states import RUN_ENDED, StepState, StepStatus, UndoStatus
from runs.machine.steps import completion, ready
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition
from tests.simulation.again import start_again
from tests.simulation.flow import pauses
from tests.simulation.flow.batches import work_together
from tests.simulation.memory import Memory
from tests.simulation.model import demand
from tests.simulation.units import ClaimedAttempt, Crash, Job
from tests.simulation.waiting import Waiting
from tests.simulation.workflows import ROOT, SIGNALS, VALUES, make_input, make_library, nested
from tests.simulation.world import World

FAULTY_ACTIONS_MAX = 200
CALM_ROUNDS_MAX = 2_000  # twelve runs in line, each with retries and a rate, take some hundred
RUNS_MAX = 12  # beyond so many, no other is started
NONSENSE = (math.nan, math.inf, 2**64, "\0", "\ud800", nested(201), {1: 2})


def simulate(seed: int) -> Counter[str]:
    """Runs one history. Returns how often what occurred in it. Raises if a rule is broken."""
    rng = Random(seed)
    history = History(World(rng, make_library(rng)))
    try:
        with breaking_rules(rng, rng.choice((0.0, 0.0, 0.02))):
            history.live()
    except Exception as error:
        error.add_note(history.journals())
        raise
    return history.world.seen


class Bug(Exception):
    """A rule of the product is wrong."""


@contextmanager
def breaking_rules(rng: Random, share: float) -> Iterator[None]:
    """Lets rules break sometimes: those by which steps begin, after they have done something, and edges'."""

    def breaking(rules: Rules) -> Rules:
        def begin(transition: Transition, step: Step) -> None:
            rules.begin(transition, step)
            if rng.random() < share:
                raise Bug

        return replace(rules, begin=begin)

    def holds(source: str, scope: Mapping[str, Any]) -> bool | None:
        if rng.random() < share:
            raise Bug
        return conditions.holds(source, scope)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ready, "RULES", {kind: breaking(rules) for kind, rules in ready.RULES.items()})
        patch.setattr(completion, "holds", holds)
        yield


class History(Waiting):
    """Random actions on a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        self.late: list[ClaimedAttempt] = []
        self.unbegun: list[Job] = []

    def live(self) -> None:
        self.root = self.world.start(ROOT, make_input(self.rng)) or ""
        self.faulty_phase()
        self.calm_phase()
        while may_go_back(self.world.runs[self.root].run) and self.rng.random() < 0.6:
            further = "further " if self.world.runs[self.root].run.status == "failed" else ""
            self.world.seen[f"rolled back {further}on demand"] += 1
            self.roll_back(self.root)
            self.faulty_phase()
            self.calm_phase()
        if self.rng.random() < 0.4:
            start_again(self)
            self.faulty_phase()
            self.calm_phase()
        for watched in self.world.watched.values():
            watched.check_end(self.world.effects)
            parent = self.world.watched.get(watched.memory.parent or "")
            if parent is not None:
                parent.check_child(watched.memory)

    def journals(self) -> str:
        """Returns the graphs and journals of all runs, for a report about a broken rule."""
        return "\n".join(line for memory in self.world.runs.values() for line in memory.lines())

    # --- phase one ---

    def faulty_phase(self) -> None:
        world, rng = self.world, self.rng
        world.crashes = rng.choice((0.0, 0.02, 0.1))
        world.effects.faults = rng.choice((0.0, 0.1, 0.3, 1.0))
        actions = list(ACTIONS)
        weights = [
            weight if weight >= 10 else weight * rng.choice((0, 1, 1, 3)) for weight in ACTIONS.values()
        ]
        for _ in range(rng.randint(10, FAULTY_ACTIONS_MAX)):
            if world.runs[self.root].run.status in RUN_ENDED and rng.random() < 0.2:
                return
            action = rng.choices(actions, weights)[0]
            world.seen[action.__name__] += 1
            try:
                action(self)
            except Crash as crash:
                world.seen[f"crash {crash}"] += 1

    def start_another(self) -> None:
        """Another run of a workflow whose runs stand in line."""
        root = self.world.library[ROOT]
        is_first = self.rng.random() < 0.6
        input = self.world.runs[self.root].input if is_first else make_input(self.rng)
        if root.lines_up and len(self.world.runs) < RUNS_MAX:
            self.world.start(ROOT, input)

    def some_run(self) -> Memory:
        return self.world.runs[self.rng.choice(list(self.world.runs))]

    def work(self) -> None:
        """A worker process takes a random job of the queue, where the job sometimes stays for another one."""
        queue = self.world.queue
        if queue:
            place = self.rng.randrange(len(queue))
            job = queue[place] if self.rng.random() < 0.1 else queue.pop(place)
            begins = self.rng.random() < 0.96
            is_claimed = self.world.claim(job, self.rng.choice(self.world.processes), begins=begins)
            if is_claimed and not begins:
                self.unbegun.append(job)

    def finish(self) -> None:
        """A report arrives; sometimes again later, when the lease is over."""
        claimed = self._some_claimed()
        if claimed is None:
            return
        self.world.report(claimed, continues=self.rng.random() < 0.5)
        if self.rng.random() < 0.1:
            self.late.append(claimed)

    def _some_claimed(self) -> ClaimedAttempt | None:
        claimed = self.world.claimed
        return claimed.pop(self.rng.randrange(len(claimed))) if claimed else None

    def report_late(self) -> None:
        if self.late:
            self.world.report(self.late.pop(self.rng.randrange(len(self.late))))

    def lose_report(self) -> None:
        """A report arrives never, or after the lease has expired."""
        claimed = self._some_claimed()
        if claimed is not None and self.rng.random() < 0.5:
            self.late.append(claimed)

    def die(self) -> None:
        """A worker process dies, or only seems to have died."""
        world = self.world
        process = self.rng.choice(world.processes)
        if self.rng.random() < 0.7:
            world.claimed = [claimed for claimed in world.claimed if claimed.process != process]
            world.processes[world.processes.index(process)] = f"p{self.rng.randrange(1_000_000)}"
        world.lose_process(process)

    def hand_back(self) -> None:
        """A process that stops gives an attempt back before it began."""
        if self.unbegun:
            job = self.unbegun.pop()
            self.world.take(job.run, HandBack(self.world.now, job.step, job.lease))

    def empty_redis(self) -> None:
        self.world.queue.clear()

    def duplicate(self) -> None:
        """A job is delivered again, or one that was never sent."""
        run = self.some_run()
        if run.rows:
            step = run.rows[self.rng.choice(list(run.rows))]
            self.world.queue.append(Job(run.run.id, step.name, step.lease + self.rng.choice((0, 1, 1))))

    def wait(self) -> None:
        self.world.pass_time(self.rng.choice((0.5, 2.0, 10.0, 60.0)))
        self.sweep()

    def note(self) -> None:
        if self.world.claimed:
            job = self.rng.choice(self.world.claimed).job
            self.world.take(job.run, Note(self.world.now, job.step, job.lease, 0.5, "half", ("line",)))

    def tell_again(self) -> None:
        """A parent run is told of a child's end again."""
        children = [run for run, memory in self.world.runs.items() if memory.parent]
        if children:
            self.world.tell_parent(self.rng.choice(children))

    # --- people ---

    def send_nonsense(self) -> None:
        """What cannot be kept is refused, and changes nothing."""
        run, bad = self.some_run(), self.rng.choice(NONSENSE)
        events: list[Event] = [Signal(self.world.now, self.rng.choice(SIGNALS), bad, "anna")]
        for name, step in run.rows.items():
            if step.intervention is not None:
                opened, answer = step.intervention, self.rng.choice(answers(step))
                given = AnswerIntervention(self.world.now, name, opened, answer, "anna", "a note")
                events += [replace(given, patch={"v": bad}), replace(given, output=bad)]
        before = run.run.last_seq
        for event in events:
            self.demand_refused(run, event)
        demand(run.run.last_seq == before, "nonsense has an effect")

    def answer(self) -> None:
        run = self.some_run()
        for name, step in list(run.rows.items()):
            if step.intervention is not None and self.rng.random() < 0.6:
                self.answer_intervention(run, name)

    def answer_intervention(self, run: Memory, name: str, calm: bool = False) -> None:
        """Two people answer at once: the second is refused."""
        step = run.rows[name]
        if step.intervention is None:
            return
        choice = self.rng.choice([one for one in answers(step) if not calm or one != "retry"])
        patch = {"v": self.rng.randrange(VALUES)}
        event = AnswerIntervention(
            self.world.now, name, step.intervention, choice, "anna", "a note", patch, {"v": 2}
        )
        self.world.take(run.run.id, ClaimIntervention(self.world.now, name, step.intervention, "anna"))
        if run.rows[name].intervention != step.intervention:
            return  # what follows a commit moves lines of runs, and one of these made room for another
        self.world.seen[f"answer {choice} {'undo' if step.undo == UndoStatus.FAILED else 'forward'}"] += 1
        try:
            self.world.take(run.run.id, event)
        finally:
            if choice == "resolve" and run.rows[name].intervention != step.intervention:
                self._do_by_hand(run, step)
        self.demand_refused(run, event)

    def _do_by_hand(self, run: Memory, step: StepState) -> None:
        """A person undoes the act in question; what is completed by hand counts as the step's own act."""
        is_undo = step.undo == UndoStatus.FAILED
        if step.map_name or run.graph.by_name[step.name].kind == "task":
            acting = (
                step if is_undo or step.status == StepStatus.COMPLETED else replace(step, by_fallback=False)
            )
            self.world.effects.by_hand(run.run.id, key_of(run.run.id, acting), is_undo=is_undo)

    def cancel(self) -> None:
        mode: CancelMode = self.rng.choice(("compensate", "compensate", "abandon"))
        self.world.cancel(self.some_run().run.id, mode, self.rng.choice(("anna", "anna", "")))

    def roll_back_some(self) -> None:
        self.roll_back(self.some_run().run.id)

    def roll_back(self, run: str) -> None:
        """Wholly, or back to a step."""
        rows = self.world.runs[run].rows
        done = [name for name, step in rows.items() if step.status == StepStatus.COMPLETED]
        to_step = self.rng.choice(done) if done and self.rng.random() < 0.4 else None
        self.world.tell_parent(run)  # as `runs.engine` does
        try:
            self.world.take(run, Rollback(self.world.now, "anna", to_step))
        except Refused:
            self.world.seen["Rollback refused"] += 1

    # --- phase two ---

    def calm_phase(self) -> None:
        """Without faults everything ends within a bound."""
        world = self.world
        world.crashes, world.effects.faults = 0.0, 0.0
        world.claimed.clear()  # whoever held a lease is gone: it runs out
        for _ in range(CALM_ROUNDS_MAX):
            if all(memory.run.status in RUN_ENDED for memory in world.runs.values()):
                return
            self._calm_round()
        left = {run: memory.run.status.value for run, memory in world.runs.items()}
        demand(False, f"not ended after {CALM_ROUNDS_MAX} rounds: {left}")

    def _calm_round(self) -> None:
        world = self.world
        while world.queue or world.claimed:
            while world.queue:
                self.rng.shuffle(world.queue)
                world.claim(world.queue.pop(), self.rng.choice(world.processes))
            while world.claimed:
                world.report(world.claimed.pop(), continues=self.rng.random() < 0.5)
        pauses.resume_by_hand(self)
        for run in list(world.runs.values()):
            self._attend(run)
        if not world.queue:
            world.pass_time(self._next_due())
        self.sweep()

    def _attend(self, run: Memory) -> None:
        for name, step in list(run.rows.items()):
            if run.rows[name].intervention is not None:
                self.answer_intervention(run, name, calm=self.rng.random() < 0.5)
            elif run.rows[name].waits:
                self.attend_waiting(run, name, step.waits or {})

    def _next_due(self) -> float:
        """Seconds until the next thing is due, and at least some."""
        due = [at for run in self.world.runs.values() for at in run.due.values() if at is not None]
        return max(2.0, (min(due) - self.world.now).total_seconds()) if due else 6.0


ACTIONS: dict[Callable[[History], None], int] = {
    History.work: 40,
    History.finish: 40,
    work_together: 10,
    History.wait: 10,
    History.sweep: 4,
    History.report_late: 3,
    History.lose_report: 2,
    History.start_another: 4,
    History.die: 2,
    History.hand_back: 2,
    History.empty_redis: 1,
    History.duplicate: 3,
    History.note: 1,
    History.tell_again: 3,
    History.signal: 3,
    History.event: 6,
    History.happen_now: 3,
    History.event_again: 2,
    History.send_nonsense: 1,
    History.approve: 3,
    History.answer: 6,
    History.end_loop: 1,
    History.cancel: 1,
    pauses.pause: 3,
    pauses.resume: 3,
    History.roll_back_some: 1,
    start_again: 2,
}
