"""The facts of a run's journal, and the rules about going forward; `witness` has those about going back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.calls import policies
from designer.document.document import parse_step
from designer.document.graph import Graph
from runs.machine.events import Entry
from tests.simulation.items import Items
from tests.simulation.model import demand
from tests.simulation.workflows import is_bad


class Facts(Items):
    """The facts of one run's journal so far."""

    def __init__(self, graph: Graph, input: Mapping[str, Any]) -> None:
        super().__init__(graph, input)
        self.seq = 0
        self.at: Any = None
        self.reason = ""
        self.status = ""
        self.is_blocked = self.is_partial = self.is_paused = self.is_started = False
        self.by = ""
        self.pivots: dict[str, int] = {}  # completed ones, with the number of the entry
        self.child_pivots: set[str] = set()  # steps whose child run has passed one
        self.allowed: dict[str, str] = {}  # by step, who lets its child's rollback pass a pivot
        self.begun: set[str] = set()
        self.over: set[str] = set()  # steps that were taken over from an earlier run
        self.events: set[str] = set()  # keys of those that were taken
        self.acted: dict[str, int] = {}  # number of the entry after which a step's effect is there, or may be
        self.unknown: set[str] = set()  # acts: steps and items; of a fallback `key:fallback`
        self.refused: dict[
            str, Any
        ] = {}  # by act, what is known of an output that was refused: it has had its effect
        self.by_fallback: set[str] = set()  # steps and items whose present act is the fallback
        self.children: set[str] = set()  # steps that completed through a child
        self.undo: dict[str, str] = {}
        self.scope: set[str] = set()  # planned by the rollback under way
        self.remains: set[str] = set()
        self.left: dict[str, int] = {}  # by step, what its child runs left
        self.left_last: set[str] = set()  # steps whose last child run left something
        self.leases: dict[str, int] = {}
        self.live: dict[str, int] = {}
        self.held_up: set[str] = set()  # what was to begin during a pause
        self.was_held_up: set[str] = set()  # the same, before the entry that is read
        self.interventions: dict[str, int] = {}
        self.given_up: set[str] = set()  # steps whose undo a person abandoned
        self.failures: dict[str, int] = {}
        self.fallbacks: set[str] = set()
        self.waits: dict[str, str] = {}

    # --- beginning ---

    def _begin(self, key: str, acts: bool = True) -> None:
        demand(self.phase == "forward", "something new starts after the rollback began")
        if key in self.begun:
            return
        self.begun.add(key)
        if "[" in key:
            self._check_item(key.partition("[")[0])
        else:
            demand(self._is_ready(key), "a step starts before what it depends on")
            demand(not acts or not is_bad(self.model.step(key)), "a step begins with data that it cannot use")

    def queued(self, entry: Entry) -> None:
        key, data = entry.step, entry.data
        is_new = key not in self.begun
        demand("held_up" not in data or self.is_paused, "held up without a pause")
        self.was_held_up = set(self.held_up)
        (self.held_up.add if "held_up" in data else self.held_up.discard)(key)
        self._begin(key)
        if self._enters(key, data):
            pass
        elif not is_new:
            self._check_queued_again(key, data)
        elif "[" not in key:
            self._check_guard(key, True)
        if data.get("fresh"):
            self._forget_attempts(key)
        self._drop_lease(key)
        self._open(key, "queued")
        asks_first = self._may_have_acted(key) and self.model.step(key).verify is not None
        if "unknown" in data:
            self._mark(key, data["unknown"])
        self._note_effect(entry)
        is_asked = data.get("direction") == "verify"
        demand(not data.get("fresh") or is_asked == asks_first, "a person's retry of what may have happened")
        if not is_asked and data.get("direction") != "fallback":
            self.by_fallback.discard(key)
        elif "by_fallback" in data:
            (self.by_fallback.add if data["by_fallback"] else self.by_fallback.discard)(key)
            demand(self._acted(self.act(key)), "asked about an act that has had no effect")

    def _enters(self, key: str, data: Mapping[str, Any]) -> bool:
        """An item enters its map or loop again, or a turn begins."""
        if data.get("item") == "again":
            demand(self.ended.pop(key, "") in ("failed", "cancelled"), "what did not fail is run again")
        elif data.get("item") == "turn":
            self._check_turn(key)
        return data.get("item") == "again"

    def act(self, key: str) -> str:
        """Returns the name of the present act of a step or item."""
        return f"{key}:fallback" if key in self.by_fallback else key

    def _mark(self, key: str, unknown: bool) -> None:
        (self.unknown.add if unknown else self.unknown.discard)(self.act(key))

    def _acted(self, act: str) -> bool:
        return act in self.unknown or act in self.refused

    def _may_have_acted(self, key: str) -> bool:
        return self._acted(key) or self._acted(f"{key}:fallback")

    def _note_effect(self, entry: Entry) -> None:
        """An output was refused, or the verify worker has found that there is no effect."""
        if entry.data.get("acted"):
            demand(self.open.get(entry.step) in ("running", "queued", None), "an effect of what did not run")
            self.refused[self.act(entry.step)] = entry.payload
        elif "acted" in entry.data:
            self.refused.pop(self.act(entry.step), None)
            self._mark(entry.step, False)

    def _check_queued_again(self, key: str, data: Mapping[str, Any]) -> None:
        is_asked = (
            data.get("fresh") or key not in self.leases
        )  # a person tries it again, or for the first time
        before = "blocked" if is_asked else "running" if data.get("handed_back") else "retrying, running"
        before = "waiting" if self.waits.pop(key, "") == "delay" else before
        status = self.open.get(key)
        was_held_up = status == "queued" and key in self.was_held_up  # it begins now that the pause is over
        demand(was_held_up or (status is not None and status in before), f"queued while {status}")

    def _forget_attempts(self, key: str) -> None:
        self.failures.pop(key, None)
        self.fallbacks.discard(key)
        self.answers.pop(key, None)
        self.acted.pop(key, None)  # if its effect may be there, `unknown` says so

    def _open(self, key: str, how: str) -> None:
        self.open[key] = how
        name = key.partition("[")[0]
        if name != key:
            step = self.model.step(name)
            count = sum(other.startswith(f"{name}[") for other in self.open)
            demand(count <= (step.max_concurrency or count), "more items under way than the window has")

    def started(self, entry: Entry) -> None:
        key, data = entry.step, entry.data
        if "items" in data:
            self._map_started(key, data, entry.payload)
        elif "again" in data:
            self._map_again(key)
        else:
            demand(self.phase == "forward", "an attempt starts after the rollback began")
            demand(self.open.get(key) == "queued", f"started while {self.open.get(key)}")
            self._take_lease(key, data["lease"])
            self.open[key] = "running"

    def waiting(self, entry: Entry) -> None:
        self.left_last.discard(entry.step)
        key = entry.step
        is_new = key not in self.begun
        self._begin(key)
        self._enters(key, entry.data)
        if is_new and "[" not in key:
            self._check_guard(key, True)
        if entry.data.get("fresh"):
            self._forget_attempts(key)
        self.answers.pop(key, None)
        self.waits[key] = entry.data["for"]
        self._open(key, "waiting")

    def enough_said(self, entry: Entry) -> None:
        demand(self.open.get(entry.step) == "running", "a loop is ended that is not under way")
        self.enough.add(entry.step)
        for item in entry.data.get("cancelled", ()):
            self._cancel(item, entry.seq)

    def retry_scheduled(self, entry: Entry) -> None:
        key = entry.step
        demand(self.phase == "forward", "a retry is planned after the rollback began")
        is_run = self.open.get(key) == "waiting" and self.waits.pop(key, "") == "child"
        demand(is_run or self.open.get(key) == "running", "a retry of what does not run")
        self._count_left(entry)
        self._drop_lease(key)
        self.open[key] = "retrying"
        self._mark(key, entry.data["unknown"])
        self.failures[key] = self.failures.get(key, 0) + 1
        bound = max(each.max_attempts - 1 + each.asks_max for each in policies(self.model.step(key).retry))
        demand(self.failures[key] <= bound, "more attempts than the policy grants")

    def fallback(self, entry: Entry) -> None:
        key = entry.step
        demand(self.phase == "forward", "a fallback starts after the rollback began")
        demand(self.open.get(key) == "running" and key not in self.fallbacks, "the fallback is tried twice")
        self.fallbacks.add(key)
        self._mark(key, entry.data["unknown"])
        self._note_effect(entry)
        demand(key not in self.refused, "a fallback though the effect is there")
        self.by_fallback.add(key)
        self._drop_lease(key)
        self.open[key] = "queued"

    def expanded(self, entry: Entry) -> None:
        demand(self.phase == "forward", "a run grows after the rollback began")
        self.model.insert(entry.step, [parse_step(document) for document in entry.payload])

    def taken_over(self, entry: Entry, how: str) -> None:
        """A step that an earlier run did: it has ended before this run starts, and all before it has."""
        name, edges = entry.step, (entry.data.get("taken", []), entry.data.get("dead", []))
        demand(not self.is_started and name not in self.begun, "a step is taken over that has begun")
        decided = self.taken.get(name, [])
        demand(len(decided) == len(self.model.sources(name)), "taken over, and not what is before it")
        self.begun.add(name)
        self.over.add(name)
        self.ended[name] = how
        if how == "failed":
            self.model.failed.add(name)
        if entry.payload is not None:
            self.model.outputs[name] = entry.payload
        if entry.data.get("caught"):
            self.model.caught[name] = self._failure_of(entry)
        else:
            every = [edge.target for edge in self.model.targets(name)]
            expected = self.model.branches(name) if any(decided) or not decided else ([], every)
            demand(edges == expected, f"edges {edges}, where the rules say {expected}")
        self._decide(*edges)

    # --- leases ---

    def _take_lease(self, key: str, lease: int) -> None:
        demand(key not in self.live, "two live leases")
        demand(lease == self.leases.get(key, 0) + 1, "a lease number is left out or used twice")
        self.leases[key] = self.live[key] = lease

    def _drop_lease(self, key: str) -> None:
        self.live.pop(key, None)

    def progress(self, entry: Entry) -> None:
        demand(entry.step in self.live, "progress of what does not run")

    # --- ending ---

    def _count_left(self, entry: Entry) -> None:
        if entry.data.get("left"):
            self.left[entry.step] = self.left.get(entry.step, 0) + entry.data["left"]
            self.left_last.add(entry.step)

    def completed(self, entry: Entry) -> None:
        key = entry.step
        self._count_left(entry)
        is_again = self.ended.get(key) == "completed"
        if is_again:
            demand(key in self.interventions or entry.data.get("by_hand"), "a step completes twice")
        elif key not in self.open:
            self._begin(key)
        self.waits.pop(key, "")
        if "child" in entry.data:
            self.children.add(key)
        if entry.data.get("by_hand") and not is_again:
            self.by_fallback.discard(key)
            self.by_hand.add(key)
        if not is_again:
            self._mark(key, False)
            self.refused.pop(self.act(key), None)
        self._note_pivots(entry)
        if entry.data.get("enough"):
            self.enough.add(key.partition("[")[0])
        self._end(entry, "completed")
        if not is_again:
            self.acted[key] = entry.seq
        for item in entry.data.get("cancelled", ()):
            self._cancel(item, entry.seq)
        self._check_end_of_items(key)

    def _note_pivots(self, entry: Entry) -> None:
        if "[" not in entry.step and self.model.step(entry.step).pivot:
            self.pivots.setdefault(entry.step, entry.seq)
        if entry.data.get("child_pivot"):
            self.child_pivots.add(entry.step)

    def failed(self, entry: Entry) -> None:
        key, data = entry.step, entry.data
        self._count_left(entry)
        if key not in self.open and key not in self.ended:
            self._begin(key, acts=False)
        was_blocked = self.open.get(key) == "blocked"
        self._mark(key, data.get("unknown", False))
        self._note_effect(entry)
        if self.act(key) in self.refused:
            self._note_pivots(entry)
        if not self._may_have_acted(key):
            self.acted.pop(key, None)
        elif not was_blocked or key not in self.acted:
            self.acted[key] = entry.seq
        if data.get("case"):
            demand(self.phase == "forward", "a question about going forward while going back")
            self._check_not_doomed(key)
            step, asks = self.model.step(key), data["error"]["code"] == "intervention_requested"
            demand(asks or self.pivots or step.on_failure == "pause", "a person is asked without a reason")
            if not asks and "[" not in key and not was_blocked:
                self._keep_output(entry, True)
                is_free = data.get("not_caught") or self.model.catching(key, data["error"]) is None
                demand(is_free, "a person is asked about what is caught")
            self._drop_lease(key)
            self._end_map(entry)
            self._keep_output(entry, not was_blocked)
        else:
            self._end(entry, "failed", was_blocked)
        for item in data.get("cancelled", ()):
            self._cancel(item, entry.seq)

    def skipped(self, entry: Entry) -> None:
        name = entry.step
        is_new = name not in self.begun or self.open.get(name) == "blocked" or name in self.held_up
        demand(self.phase == "forward" and is_new, "a step that began is skipped")
        decided = self.taken.get(name, [])
        demand(len(decided) == len(self.model.sources(name)), "skipped before its edges are decided")
        if decided and not any(decided):
            self.begun.add(name)
            self.ended[name] = "skipped"
            dead = [edge.target for edge in self.model.targets(name)]
            demand(entry.data.get("dead", []) == dead and "taken" not in entry.data, "a dead edge lives")
            self._decide([], dead)
        else:
            self._begin(name, acts=False)
            self._check_guard(name, False)
            self._end(entry, "skipped")

    def _end(self, entry: Entry, how: str, was_blocked: bool = False) -> None:
        key = entry.step
        self._drop_lease(key)
        self.open.pop(key, None)
        is_again = self.ended.get(key) == "completed"  # a person has entered another output
        self.ended[key] = how
        (self.model.failed.add if how == "failed" else self.model.failed.discard)(key)
        if "[" in key:
            return self._end_item(entry, how == "completed")
        self._end_map(entry, how == "completed" and not is_again)
        self._keep_output(entry, how in ("completed", "skipped") or (how == "failed" and not was_blocked))
        is_decided = self.answers.get(key, "retry") != "retry"
        goes_on = self.phase == "forward" and (how != "failed" or self._goes_on(entry))
        if how == "failed" and not is_decided and self.phase == "forward":
            self._check_catch(entry)
        if entry.data.get("caught"):
            self.model.caught[key] = self._failure_of(entry)
        elif goes_on:
            self._route(entry)
        else:
            demand("taken" not in entry.data and "dead" not in entry.data, "edges decided while going back")

    def _goes_on(self, entry: Entry) -> bool:
        answer = self.answers.pop(entry.step, "")
        is_undecided = answer in ("", "retry")
        return answer == "skip" or (is_undecided and self.model.step(entry.step).on_failure == "continue")

    def _keep_output(self, entry: Entry, replaces: bool = False) -> None:
        name = entry.step
        if entry.payload is not None and not entry.data.get("acted"):
            self.model.outputs[name] = entry.payload
        elif name in self.maps and (name not in self.model.outputs or replaces):
            self._keep_items(name)
        elif replaces:
            self.model.outputs.pop(name, None)

    def _cancel(self, key: str, seq: int) -> None:
        was = self.open.pop(key, None)
        is_map = key in self.maps
        demand(was in ("queued", "retrying", "waiting") or is_map, f"{key} is cancelled while {was}")
        self.ended[key] = "cancelled"
        self.results.pop(key, None)
        demand(self.waits.get(key) != "child", "a child run is left alone")
        if self._may_have_acted(key):
            self.acted[key] = seq
