"""What people and programs do with steps that wait: signals, events, approvals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from designer.document.waits import signals_of
from runs.machine.allowed import allowed
from runs.machine.errors import Refused
from runs.machine.events import Approve, EndLoop, Event, HappenNow, Signal, TakeEvent
from runs.machine.steps.waits import signals_in, takers
from tests.simulation.memory import Memory
from tests.simulation.model import demand
from tests.simulation.workflows import EVENTS, SIGNALS, VALUES
from tests.simulation.world import World

EVENTS_KEPT = 20


class Waiting:
    """Part of a history; it needs its world."""

    world: World
    rng: Random

    def some_run(self) -> Memory:
        raise NotImplementedError

    def signal(self) -> None:
        self.send_signal(self.some_run(), self.rng.choice(SIGNALS))

    def send_signal(self, run: Memory, name: str) -> None:
        payload = self.rng.choice((None, 3, {"v": self.rng.randrange(VALUES)}))
        ended = {step.name for step in run.rows.values() if step.is_done}
        to_come = [step for step in run.graph.steps if step.name not in ended]
        may_be_taken = run.run.phase == "forward" and any(s.dynamic or name in signals_of(s) for s in to_come)
        try:
            self.world.take(run.run.id, Signal(self.world.now, name, payload, "anna"))
        except Refused:
            demand(not may_be_taken, "a signal is refused that a step can take")
        else:
            demand(may_be_taken, "a signal is accepted that no step can take")

    def event(self) -> None:
        data = {"v": self.rng.randrange(VALUES), "ok": self.rng.random() < 0.5}
        self.send_event(self.rng.choice(EVENTS), data)

    def event_again(self) -> None:
        """An event is delivered again: a run that has taken it does not take it again."""
        if self.world.events:
            self.hand_on(self.rng.choice(list(self.world.events)))

    def approve(self) -> None:
        run = self.some_run()
        names = allowed(run.graph, run.state()).approvals
        if names:
            self.answer_approval(run, self.rng.choice(names), self.rng.random() < 0.6)

    def answer_approval(self, run: Memory, name: str, approved: bool) -> None:
        """Two people answer at once: the second is refused. So is who is not asked, and what does not fit."""
        step = run.graph.by_name[name]
        answer = {"v": self.rng.randrange(VALUES)} if step.form else None
        event = Approve(self.world.now, name, approved, "anna", "fine", answer, ("bosses",))
        wrong = [replace(event, by="carl", groups=())] if step.assignees else []
        wrong += [replace(event, approved=False, comment="")] if step.comment_required else []
        for one in [*wrong, replace(event, approved=True, answer={"v": "none"})]:
            self.demand_refused(run, one)
        self.world.take(run.run.id, event)
        self.demand_refused(run, Approve(self.world.now, name, not approved, "bert"))

    def demand_refused(self, run: Memory, event: Event) -> None:
        try:
            self.world.take(run.run.id, event)
        except Refused:
            return
        demand(False, f"what is to be refused counts: {event}")

    def happen_now(self) -> None:
        """A person lets happen now what may be, and what may not: that is refused."""
        run = self.some_run()
        names = allowed(run.graph, run.state()).happen_now
        if names:
            self.world.take(run.run.id, HappenNow(self.world.now, self.rng.choice(names), "anna"))
        for name in list(run.rows):
            if name not in allowed(run.graph, run.state()).happen_now:
                return self.demand_refused(run, HappenNow(self.world.now, name, "anna"))

    def end_loop(self) -> None:
        run = self.some_run()
        for name in allowed(run.graph, run.state()).loops[:1]:  # the end of one may end the run
            self.world.take(run.run.id, EndLoop(self.world.now, name, "anna"))

    # --- events ---

    def send_event(self, type: str, data: Any) -> None:
        """An event comes: it is kept, and handed on to the runs. Which of them take it, the rules say."""
        key = f"event {len(self.world.events)}"
        self.world.events[key] = {"id": key, "source": "/simulation", "type": type, "data": data}
        self.hand_on(key)

    def hand_on(self, key: str) -> None:
        event = self.world.events[key]
        for run, memory in list(self.world.runs.items()):
            if takers(memory.graph, memory.state(), key, event):
                self.world.take(run, TakeEvent(self.world.now, key, event))

    def sweep(self) -> None:
        """Steps that have begun to wait get what had come before; what was lost is repeated."""
        self.world.sweep()
        for key in list(self.world.events)[-EVENTS_KEPT:]:
            self.hand_on(key)

    def attend_waiting(self, run: Memory, name: str, waits: Mapping[str, Any]) -> None:
        """Gives a step what it waits for, so that it ends."""
        if waits.get("for") == "approval":
            self.answer_approval(run, name, True)
        for signal in signals_in(waits)[:1]:
            self.send_signal(run, signal)
        for want in waits.get("wants", ()):
            self.send_event(want["event"], {"v": want.get("value", 9), "ok": True})
