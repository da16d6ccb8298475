"""What happens next in a test, and when: calls end, times come, people and programs do what it says. PURE."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from designer.saved_tests.model import Act, Approval, Event, Reply, SavedTest, Signal
from runs.explorer.world import ROOT, START, Kind, Spot
from runs.machine.errors import Refused, Stale
from runs.machine.events import (
    AnswerIntervention,
    Approve,
    Cancel,
    EndLoop,
    HappenNow,
    Rollback,
    TakeEvent,
    TimeOut,
    Wake,
)
from runs.machine.events import Signal as SendSignal
from runs.machine.steps.waits import signals_in, takers
from runs.testing.mocks import names_of, place_of
from runs.testing.play import Play

HAPPENINGS_MAX = 50_000
CALL_ENDS, TIME_COMES, SOMEBODY_ACTS, WAIT_ENDS, RUN_ENDS = range(5)
WAITS: frozenset[Kind] = frozenset({"approval", "signal", "event", "any"})


class TooLong(Exception):
    """The test does not come to an end."""


@dataclass(frozen=True, slots=True)
class Happening:
    """`rank`: which of those at one time comes first."""

    at: datetime
    rank: int
    go: Callable[[], None]


class Timeline:
    """Plays a test to its end: until nothing more can happen."""

    def __init__(self, play: Play, test: SavedTest) -> None:
        self.play = play
        self.signals = sorted(test.signals, key=lambda signal: signal.at)
        self.events = sorted(enumerate(test.events, 1), key=lambda event: event[1].at)
        self.approvals = list(test.approvals)
        self.answers = list(test.answers)
        self.acts = sorted(test.acts, key=lambda act: act.at)
        self.taken: set[tuple[int, str]] = set()  # an event and a run that it came to
        self.refused: list[str] = []

    def run(self) -> None:
        """Raises TooLong."""
        for _ in range(HAPPENINGS_MAX):
            found = min(self._happenings(), key=lambda one: (one.at, one.rank), default=None)
            if found is None:
                return
            self.play.now = max(self.play.now, found.at)
            found.go()
        raise TooLong(f"it does not end: {HAPPENINGS_MAX:,} things have happened")

    def unused(self) -> list[str]:
        """Returns what people and programs were to do and could not, in words."""
        return [
            *self.refused,
            *(f"no step asked for the approval of {given.step}" for given in self.approvals),
            *(f"nobody was asked about {given.step}" for given in self.answers),
            *(f"no step waited for the signal {given.name}" for given in self.signals),
            *(
                f"no step waited for the event {event.type}"
                for number, event in self.events
                if not any(taken == number for taken, _ in self.taken)
            ),
        ]

    def _happenings(self) -> Iterator[Happening]:
        play = self.play
        for spot, kind in play.open.items():
            yield from self._at(spot, kind)
        for child, stand_in in play.stand_ins.items():
            yield Happening(stand_in.ends_at, CALL_ENDS, partial(play.end_stand_in, child))
        for path, member in play.members.items():
            run = member.state.run
            if run.phase == "forward" and run.due_at is not None and (path, "") not in play.notes:
                yield Happening(run.due_at, RUN_ENDS, partial(self._time_out, path))
        if self.acts:
            act = self.acts[0]
            yield Happening(_at(act.at), SOMEBODY_ACTS, self._act)

    def _at(self, spot: Spot, kind: Kind) -> Iterator[Happening]:
        play = self.play
        if kind == "attempt":
            call = play.calls.get(spot)
            if call is not None:
                yield Happening(call.ends_at, CALL_ENDS, partial(play.end_call, spot))
            return
        if kind == "queued":
            yield Happening(play.claims_at[spot], CALL_ENDS, partial(play.claim, spot))
            return
        due_at = play.step(spot).due_at
        if kind in ("later", "time"):
            yield Happening(due_at or play.now, TIME_COMES, partial(self._wake, spot))
            return
        for at, go in self._answers_to(spot, kind):
            yield Happening(at, SOMEBODY_ACTS, go)
        if kind in WAITS and due_at is not None:
            yield Happening(due_at, WAIT_ENDS, partial(self._wake, spot))

    def _answers_to(self, spot: Spot, kind: Kind) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """Yields what ends the waiting of a step, with the time from which on it is there."""
        names = list(names_of(place_of(*spot)))
        if kind == "approval":
            approval = next((given for given in self.approvals if given.step in names), None)
            if approval is not None:
                yield _at(approval.at), partial(self._approve, spot, approval)
        elif kind == "question":
            reply = next((given for given in self.answers if given.step in names), None)
            if reply is not None:
                yield _at(reply.at), partial(self._reply, spot, reply)
        if kind in ("signal", "any"):
            awaited = signals_in(self.play.step(spot).waits)
            signal = next((given for given in self.signals if given.name in awaited), None)
            if signal is not None:
                yield _at(signal.at), partial(self._send, spot[0], signal)
        if kind in ("event", "any"):
            yield from self._events_for(spot[0])

    def _events_for(self, path: str) -> Iterator[tuple[datetime, Callable[[], None]]]:
        member = self.play.members[path]
        state = self.play.state_of(member)
        for number, event in self.events:
            if (number, path) in self.taken:
                continue
            if takers(member.graph, state, _key(number, event), _attributes(number, event)):
                yield _at(event.at), partial(self._bring, path, number, event)
                return

    # --- what happens ---

    def _wake(self, spot: Spot) -> None:
        self.play.open.pop(spot, None)
        with suppress(Stale):
            self.play.take(spot[0], Wake(self.play.now, spot[1]))

    def _time_out(self, path: str) -> None:
        self.play.notes[path, ""] = "timed out"  # a person may have been asked instead, once
        with suppress(Stale):
            self.play.take(path, TimeOut(self.play.now))

    def _send(self, path: str, signal: Signal) -> None:
        self.signals.remove(signal)
        self._take(path, SendSignal(self.play.now, signal.name, signal.data, signal.by))

    def _bring(self, path: str, number: int, event: Event) -> None:
        self.taken.add((number, path))
        taken = TakeEvent(self.play.now, _key(number, event), _attributes(number, event))
        self._take(path, taken)

    def _approve(self, spot: Spot, given: Approval) -> None:
        self.approvals.remove(given)
        about = (given.approved, given.by, given.comment, given.answer)
        self._take(spot[0], Approve(self.play.now, spot[1], *about, is_admin=True))

    def _reply(self, spot: Spot, given: Reply) -> None:
        self.answers.remove(given)
        opened = self.play.step(spot).intervention or 0
        about = (given.answer, given.by, given.note, given.patch, given.output)
        self._take(spot[0], AnswerIntervention(self.play.now, spot[1], opened, *about))

    def _act(self) -> None:
        act = self.acts.pop(0)
        path = self._path_of(act)
        key = act.step.rpartition("/")[2]
        now = self.play.now
        events: dict[str, Any] = {
            "cancel": Cancel(now, "compensate", act.by),
            "abandon": Cancel(now, "abandon", act.by),
            "roll_back": Rollback(now, act.by, key or None),
            "end_loop": EndLoop(now, key, act.by),
            "happen_now": HappenNow(now, key, act.by),
        }
        self._take(path, events[act.act])

    def _path_of(self, act: Act) -> str:
        """Returns the run that an act is about: the one that began last of those with its step."""
        above = act.step.rpartition("/")[0]
        found = [path for path in self.play.members if above in names_of(place_of(path, "").rstrip("/"))]
        return found[-1] if above and found else ROOT

    def _take(self, path: str, event: Any) -> None:
        """Has a run take what a person or program does; a refusal is kept, and changes nothing."""
        try:
            self.play.take(path, event)
        except Refused as error:
            self.refused.append(str(error))
        except Stale as error:
            self.refused.append(f"it came too late: {error}")


def _at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _key(number: int, event: Event) -> str:
    return event.id or f"event {number}"


def _attributes(number: int, event: Event) -> dict[str, Any]:
    known = {"id": _key(number, event), "source": event.source, "type": event.type, "data": event.data}
    return {**event.more, **known}
