"""Makes a test of a real run: what came from outside becomes mocks and acts, its end the expectation. PURE.

A run of another workflow is recorded as a whole, so that the test stays runnable when that workflow changes;
the run of a body step by step. Times are those of the run where steps go on side by side, since their order
may decide what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from designer.saved_tests.model import (
    Act,
    ActName,
    Approval,
    Event,
    Expectation,
    Mock,
    Reply,
    SavedTest,
    Signal,
)
from runs.machine.answers import Answer
from runs.machine.events import Entry
from runs.machine.rollback.pivots import has_passed
from runs.testing.mocks import place_of, plain
from runs.testing.recorded import RecordedRun, expectation_of, goes_side_by_side
from workers.sdk.outcome import Direction

TAKES_SHOWN_S = 1.0
VERIFICATION = "inconclusive"
DIGITS = 6
FIELDS: Mapping[str, Direction] = {
    "mocks": "forward",
    "fallbacks": "fallback",
    "verifications": "verify",
    "undos": "undo",
}
OWN_KEYS = ("approved", "by", "comment")


@dataclass
class _Call:
    """A call that has begun. `ready_at`: when it could have, since nothing waits for a process in a test."""

    direction: Direction
    started_at: datetime
    ready_at: datetime


def record(name: str, run: RecordedRun) -> SavedTest:
    """Returns a test that plays a run as it was."""
    recorder = _Recorder(run)
    recorder.read("", run)
    return replace(recorder.test(name), expect=expectation_of(run))


def mocks_in(run: RecordedRun) -> SavedTest:
    """Returns the mocks of a run alone, for a test that takes single ones from it."""
    return replace(record("recorded", run), expect=Expectation())


def with_recorded(test: SavedTest, mocks_of: Callable[[str], SavedTest]) -> SavedTest:
    """Returns a test with what it takes from recorded runs copied into it.

    `mocks_of`: the test that `mocks_in` makes of a run. A step of which that run made no call gets no mock.
    """
    found: dict[str, Any] = {}
    for field_name, direction in FIELDS.items():
        copied: dict[str, tuple[Mock, ...]] = {}
        for place, calls in test.mocks_of(direction).items():
            run = next((mock.recorded for mock in calls if mock.recorded), None)
            if run is None:
                copied[place] = calls
                continue
            recorded = mocks_of(run).mocks_of(direction)
            copied |= {other: mocks for other, mocks in recorded.items() if place in (other, plain(other))}
        found[field_name] = copied
    return replace(test, **found)


class _Recorder:
    def __init__(self, run: RecordedRun) -> None:
        self.run = run
        self.began_at = run.state.started_at or run.entries[0].at
        self.has_times = goes_side_by_side(run.graph) or any(map(_has_its_time, run.entries))
        self.mocks: dict[Direction, dict[str, list[Mock]]] = {
            "forward": {},
            "fallback": {},
            "verify": {},
            "undo": {},
        }
        self.signals: list[Signal] = []
        self.events: list[Event] = []
        self.approvals: list[Approval] = []
        self.answers: list[Reply] = []
        self.acts: list[Act] = []

    def test(self, name: str) -> SavedTest:
        by_direction = {
            direction: {place: _shortest(mocks) for place, mocks in found.items()}
            for direction, found in self.mocks.items()
        }
        return SavedTest(
            name,
            self.run.input,
            by_direction["forward"],
            by_direction["fallback"],
            by_direction["verify"],
            by_direction["undo"],
            tuple(self.signals),
            tuple(self.events),
            tuple(self.approvals),
            tuple(self.answers),
            tuple(sorted(self.acts, key=lambda act: act.at)),
        )

    def read(self, path: str, run: RecordedRun) -> None:
        _RunReader(self, path, run).read()
        for step, child in run.children:
            if child.is_body:
                self.read(f"{path}{step}/", child)
            elif run.graph.by_name[step.partition("[")[0]].detached:
                self.add("forward", place_of(path, step), Mock())
            else:
                self._add_whole(place_of(path, step), child)

    def _add_whole(self, place: str, child: RecordedRun) -> None:
        """Adds the mocks of a run of another workflow, and of its undo."""
        entries, run = child.entries, child.state
        began, ended = entries[0].at, _end_of_work(entries)
        takes = self.seconds(began, ended) if ended is not None else None
        has_completed = any(entry.type == "run.completed" for entry in entries)
        if has_completed:
            whole = Mock(child.output, takes=takes, past_pivot=has_passed(run))
            self.add("forward", place, whole)
        elif (run.error or {}).get("code") == "cancelled":  # it was under way until then
            lasts = (self.run.entries[-1].at - began).total_seconds() + 1
            self.add("forward", place, Mock(takes=round(lasts, DIGITS), left=run.left_undone))
        else:
            error = run.error or {}
            code, message = error.get("code") or "failed", error.get("message", "")
            self.add("forward", place, Mock(fails=code, message=message, takes=takes, left=run.left_undone))
        if has_completed and run.status != "completed":
            left = run.left_undone
            self.add("undo", place, Mock(fails="left", left=left) if left else Mock())

    def add(self, direction: Direction, place: str, mock: Mock) -> None:
        self.mocks[direction].setdefault(place, []).append(mock)

    def since(self, at: datetime) -> float:
        return round(max(0.0, (at - self.began_at).total_seconds()), DIGITS)

    def waits(self, ready: datetime, started: datetime) -> float | None:
        """Returns how long a call waited for a worker process, where that matters."""
        seconds = round((started - ready).total_seconds(), DIGITS)
        return seconds if self.has_times and seconds > 0 else None

    def seconds(self, began: datetime, ended: datetime) -> float | None:
        """Returns how long something took, where that matters."""
        seconds = round(max(0.0, (ended - began).total_seconds()), DIGITS)
        return seconds if seconds and (self.has_times or seconds >= TAKES_SHOWN_S) else None


def _has_its_time(entry: Entry) -> bool:
    """Whether somebody did something to a run that comes to something else at another time."""
    if entry.type == "run.compensating":
        return entry.data.get("reason") in ("cancel", "timeout")
    return entry.type in ("run.cancelled", "step.brought_forward", "step.enough")


def _shortest(mocks: list[Mock]) -> tuple[Mock, ...]:
    """Returns the mocks of consecutive calls; one that stands for all where they are alike."""
    return (mocks[0],) if all(mock == mocks[0] for mock in mocks) else tuple(mocks)


def _end_of_work(entries: Sequence[Entry]) -> datetime | None:
    """Returns when a run ended that may have been rolled back later."""
    ends = ("run.completed", "run.compensated", "run.failed", "run.cancelled")
    return next((entry.at for entry in entries if entry.type in ends), None)


class _RunReader:
    """Reads the entries of one run in their order."""

    def __init__(self, recorder: _Recorder, path: str, run: RecordedRun) -> None:
        self.recorder = recorder
        self.path = path
        self.run = run
        self.calls: dict[str, _Call] = {}
        self.ready: dict[str, datetime] = {}
        self.unclear: set[str] = set()

    def read(self) -> None:
        for index, entry in enumerate(self.run.entries):
            self._read_call(entry)
            self._read_act(index, entry)
        for key, call in self.calls.items():  # under way when the run ended
            waits = self.recorder.waits(call.ready_at, call.started_at)
            mock = Mock(takes=self._beyond_end(call.started_at), waits=waits)
            self.recorder.add(call.direction, place_of(self.path, key), mock)
        for key, ready_at in self.ready.items():  # offered, and never begun
            if self.recorder.has_times and self.run.graph.by_name[key.partition("[")[0]].calls_worker:
                mock = Mock(waits=self._beyond_end(ready_at))
                self.recorder.add("forward", place_of(self.path, key), mock)

    def _beyond_end(self, since: datetime) -> float:
        return round(max(0.0, (self.run.entries[-1].at - since).total_seconds()) + 1, DIGITS)

    # --- calls ---

    def _read_call(self, entry: Entry) -> None:
        key, data = entry.step, entry.data
        if entry.type in ("step.started", "compensation.started"):
            if "lease" in data:
                ready = self.ready.pop(key, entry.at) if entry.type == "step.started" else entry.at
                self.calls[key] = _Call(data["direction"], entry.at, min(ready, entry.at))
            for index in range(data.get("queued", 0)):
                self.ready[f"{key}[{index}]"] = entry.at
            return
        call = self.calls.get(key)
        if call is not None and (mock := self._mock(entry, call)) is not None:
            del self.calls[key]
            waits = self.recorder.waits(call.ready_at, call.started_at)
            takes = self.recorder.seconds(call.started_at, entry.at)
            if mock.times_out is not None and takes is None:
                takes = 0.0
            if call.direction == "verify":
                takes = waits = None
            mock = replace(mock, takes=takes, waits=waits)
            self.recorder.add(call.direction, place_of(self.path, key), mock)
        if entry.type == "step.queued":
            self.ready[key] = entry.at
        elif "due_at" in data and entry.type.endswith("retry_scheduled"):
            self.ready[key] = datetime.fromisoformat(data["due_at"])

    def _mock(self, entry: Entry, call: _Call) -> Mock | None:
        """Returns what a call came to by the entry that ends it; None if this one does not."""
        if entry.type in ("step.progress", "signal.received", "intervention.claimed"):
            return None
        if entry.type == "step.queued" and entry.data.get("handed_back"):
            return None
        if call.direction == "verify":
            return self._verification(entry)
        if entry.type == "step.completed" or _ends_undo(entry):
            return Mock(entry.payload if entry.type == "step.completed" else None)
        return self._failure(entry)

    def _verification(self, entry: Entry) -> Mock:
        data = entry.data
        if entry.type == "step.completed" or data.get("output"):
            output = {} if entry.payload is None else entry.payload
            return Mock({"outcome": "done", "output": output})
        if data.get("verified") is False or (data.get("unknown") and data.get("acted") is not False):
            return Mock(fails=VERIFICATION, for_good=True)
        return Mock({"outcome": "not_done"})

    def _failure(self, entry: Entry) -> Mock | None:
        data = entry.data
        error = data.get("error")
        if not isinstance(error, dict):
            return None
        code, message = error.get("code", "failed"), error.get("message", "")
        is_retried = entry.type.endswith("retry_scheduled")
        if data.get("asked") or code == "intervention_requested":
            return Mock(entry.payload) if entry.payload is not None else Mock(fails=code, for_good=True)
        if code == "timeout":
            return Mock(times_out="not_done")
        if code == "worker_lost":
            return Mock(lost="not_done")
        is_unclear = bool(data.get("unknown")) and entry.step not in self.unclear
        if data.get("unknown"):
            self.unclear.add(entry.step)
        return Mock(
            entry.payload,
            fails=code,
            message=message,
            cause=error.get("cause", ""),
            for_good=not is_retried,
            unclear=is_unclear,
            bad_output=bool(data.get("acted")),
            retry_after=self._delay(entry) if is_retried else None,
        )

    def _delay(self, entry: Entry) -> float | None:
        due_at = datetime.fromisoformat(entry.data["due_at"])
        return self.recorder.seconds(entry.at, due_at) if self.recorder.has_times else None

    # --- what people and programs did ---

    def _read_act(self, index: int, entry: Entry) -> None:
        data, at = entry.data, self.recorder.since(entry.at)
        place = place_of(self.path, entry.step) if entry.step else ""
        match entry.type:
            case "signal.received" if data.get("name") == "approval" and "approved" in data:
                answer = {k: v for k, v in self._output_after(index, entry).items() if k not in OWN_KEYS}
                about = (data["approved"], data.get("comment", ""), answer if data["approved"] else {})
                self.recorder.approvals.append(Approval(place, *about, at=at, by=data.get("by", "")))
            case "signal.received":
                brought = entry.payload if data.get("kept") else self._brought_after(index, entry)
                self.recorder.signals.append(Signal(data["name"], brought, at, data.get("by", "")))
            case "event.received":
                brought = self._brought_after(index, entry)
                kind, id, source = (str(data.get(name) or "") for name in ("type", "id", "source"))
                self.recorder.events.append(Event(kind, brought, at, id, source or "test"))
            case "intervention.answered" if data.get("by"):
                self.recorder.answers.append(self._reply(index, entry, place, at))
            case "step.brought_forward":
                self._act("happen_now", at, place, data.get("by", ""))
            case "step.enough" if data.get("by"):
                self._act("end_loop", at, place, data["by"])
            case "run.compensating" if not self.path and data.get("reason") in ("cancel", "rollback"):
                act: ActName = "cancel" if data["reason"] == "cancel" else "roll_back"
                if not self._is_of_answer(index):
                    self._act(act, at, data.get("to_step") or "", data.get("by", ""))
            case "run.cancelled" if not self.path and "undone" not in data:
                self._act("abandon", at, "", data.get("by", ""))

    def _is_of_answer(self, index: int) -> bool:
        before = self.run.entries[index - 1] if index else None
        return before is not None and before.type == "intervention.answered"

    def _act(self, act: ActName, at: float, step: str, by: str) -> None:
        self.recorder.acts.append(Act(act, at, step, by))

    def _reply(self, index: int, entry: Entry, place: str, at: float) -> Reply:
        answer = cast(Answer, entry.data["answer"])
        output = self._next_output(index, entry) if answer == "resolve" else None
        note, by = entry.data.get("note", ""), entry.data["by"]
        return Reply(place, answer, note or "Recorded.", output, entry.payload, at, by)

    def _next_output(self, index: int, entry: Entry) -> Any:
        """Returns the output of the step of an entry that the entries behind it, of the same time, tell."""
        for later in self.run.entries[index + 1 :]:
            if later.at > entry.at + timedelta(seconds=1):
                return None
            if later.step == entry.step and later.type in ("step.completed", "step.failed"):
                return later.payload
        return None

    def _output_after(self, index: int, entry: Entry) -> dict[str, Any]:
        output = self._next_output(index, entry)
        return output if isinstance(output, dict) else {}

    def _brought_after(self, index: int, entry: Entry) -> Any:
        output = self._next_output(index, entry)
        step = self.run.graph.by_name.get(entry.step)
        is_one_of_many = step is not None and step.any_of is not None and isinstance(output, dict)
        return output.get("output") if is_one_of_many else output


def _ends_undo(entry: Entry) -> bool:
    return entry.type == "compensation.completed" or (
        entry.type == "compensation.retry_scheduled" and "first" in entry.data
    )
