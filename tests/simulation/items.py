"""The items of maps and the turns of loops, as a run's journal has them, compared with the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.graph import Graph
from runs.machine.events import Entry
from tests.simulation.model import Wrong, demand
from tests.simulation.routes import Routes

NOT_RUN = {"code": "cancelled", "message": "Not run: too many other items had failed."}
NOT_NEEDED = {"code": "cancelled", "message": "Not run: enough other items had completed."}


class Items(Routes):
    """What has become of the items so far. `Facts` says how each begins and ends."""

    def __init__(self, graph: Graph, input: Mapping[str, Any]) -> None:
        super().__init__(graph, input)
        self.phase = "forward"
        self.open: dict[str, str] = {}  # steps and items under way
        self.ended: dict[str, str] = {}
        self.answers: dict[str, str] = {}
        self.results: dict[str, Any] = {}  # of items
        self.maps: dict[str, int] = {}
        self.items_failed: dict[str, int] = {}
        self.maps_ended: dict[str, int] = {}
        self.enough: set[str] = set()  # maps that need no further item, and loops that somebody has ended
        self.by_hand: set[str] = set()

    def _begin(self, key: str, acts: bool = True) -> None:
        raise NotImplementedError

    def _open(self, key: str, how: str) -> None:
        raise NotImplementedError

    def _check_not_doomed(self, key: str) -> None:
        """Whatever a person says about an item, a map in which too many have failed can only fail."""
        name = key.partition("[")[0]
        is_fine = name == key or self.items_failed.get(name, 0) <= self._tolerated(name)
        demand(is_fine, "a person is asked about an item in vain")

    def _check_item(self, name: str) -> None:
        demand(self.open.get(name) == "running", "an item of a map that does not run")
        demand(
            self.items_failed.get(name, 0) <= self._tolerated(name), "an item starts though too many failed"
        )

    def _tolerated(self, name: str) -> int:
        step, total = self.model.step(name), self.maps.get(name, 0)
        if step.needed is not None:
            return total - step.needed
        if isinstance(step.tolerate, int):
            return step.tolerate
        return int(total * float(step.tolerate.rstrip(" %")) / 100)

    def _check_turn(self, key: str) -> None:
        """A turn begins after the one before it, if the conditions of its loop say so."""
        name, turn = key.partition("[")[0], int(key.partition("[")[2][:-1])
        demand(turn == self.maps[name] and turn < (self.model.step(name).max_turns or 0), "a turn too many")
        demand(
            turn == 0 or f"{name}[{turn - 1}]" in self.ended, "a turn begins before the one before it ended"
        )
        demand(name not in self.enough, "a turn begins after somebody has ended the loop")
        demand(self._wants_turn(name) is True, "a turn begins though its loop is complete")
        self.maps[name] = turn + 1

    def _wants_turn(self, name: str) -> bool | None:
        """Whether the conditions of a loop ask for another turn; None: one of them has no value."""
        step, turns = self.model.step(name), self.maps[name]
        results = [self.results.get(f"{name}[{turn}]") for turn in range(turns)]
        done = [self.ended.get(f"{name}[{turn}]") == "completed" for turn in range(turns)]
        context = self.model.turn_context(
            name, [out for out, is_done in zip(results, done, strict=True) if is_done]
        )
        try:
            if (
                step.until
                and turns
                and done[-1]
                and self.model.is_true(step.until, context, self.model.above(name))
            ):
                return False
            return step.while_ is None or bool(
                self.model.is_true(step.while_, context, self.model.above(name))
            )
        except Wrong:
            return None

    def _map_started(self, key: str, data: Mapping[str, Any], items: Any) -> None:
        self._begin(key)
        step = self.model.step(key)
        demand(data["items"] == -(-len(items or []) // step.batch_size), "an item is lost")
        self.maps[key] = data["items"]
        self.open[key] = "running"
        for index in range(data["queued"]):
            self._begin(f"{key}[{index}]")
            self._open(f"{key}[{index}]", "queued")

    def _map_again(self, key: str) -> None:
        demand(self.phase == "forward" and self.open.get(key) == "blocked", "a map is retried unasked")
        self.answers.pop(key, None)
        self.open[key] = "running"
        self.items_failed[key] = 0
        self.maps_ended.pop(key, None)

    def _check_end_of_items(self, key: str) -> None:
        """A loop is complete if its conditions say so, a map if enough items are."""
        if key not in self.maps or self.phase != "forward" or key in self.by_hand:
            return
        step, turns = self.model.step(key), self.maps[key]
        done = sum(self.ended.get(f"{key}[{index}]") == "completed" for index in range(turns))
        demand(step.needed is None or done >= step.needed, "a map completes before enough items have")
        if step.repeats and key not in self.enough and self._wants_turn(key) is not False:
            is_exhausted = turns >= (step.max_turns or 0) and step.on_exhausted == "continue"
            demand(is_exhausted, "a loop completes before its condition holds")

    def _end_map(self, entry: Entry, is_completed: bool = False) -> None:
        """A map that failed has ended then, whatever is decided about it later."""
        if entry.step in self.maps and (is_completed or entry.step not in self.maps_ended):
            self.maps_ended[entry.step] = entry.seq

    def _end_item(self, entry: Entry, is_completed: bool) -> None:
        name = entry.step.partition("[")[0]
        self.results[entry.step] = entry.payload if is_completed else {"error": entry.data["error"]}
        is_needless = (
            self.phase == "forward" and self.model.step(name).needed is not None and name in self.enough
        )
        demand(
            not is_needless or is_completed or entry.data.get("tolerated"), "an item fails that nobody needs"
        )
        if not is_completed and not entry.data.get("tolerated"):
            self.items_failed[name] = self.items_failed.get(name, 0) + 1

    def _keep_items(self, name: str) -> None:
        """The output of a map or a loop is that of its items."""
        step, keys = self.model.step(name), [f"{name}[{index}]" for index in range(self.maps[name])]
        if not step.repeats:
            reason = NOT_NEEDED if name in self.enough else NOT_RUN
            self.model.outputs[name] = [self.results.get(key, {"error": reason}) for key in keys]
            return
        done = [self.results[key] for key in keys if self.ended.get(key) == "completed"]
        if step.collect or done:
            self.model.outputs[name] = done if step.collect else done[-1]
        else:
            self.model.outputs.pop(name, None)
