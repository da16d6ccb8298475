"""Whatever happens to runs, the spans of each are a well-formed tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid5

import pytest

from config.telemetry import ids
from config.telemetry.spans import Span
from runs.machine.events import Entry
from runs.tracing.spans import ENDS, Rollback, Traced, rollback_in
from tests.simulation.simulate import History
from tests.simulation.units import Unit
from tests.simulation.workflows import make_library
from tests.simulation.world import World

HISTORIES = 150
CHUNK = 30


class Journal:
    """The past of a run, as `runs.tracing.spans.History` asks for it."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def rollback(self) -> Rollback | None:
        return rollback_in((entry.seq, entry.type, entry.at) for entry in self.entries)

    def undo_began_at(self, step: str, rollback: int) -> datetime | None:
        begun = (entry for entry in self.entries if entry.type == "compensation.started")
        return next((entry.at for entry in begun if entry.step == step and entry.seq > rollback), None)


class TracedWorld(World):
    """Has the spans of each commit made from the state before it, as the product does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.spans: dict[str, list[Span]] = defaultdict(list)

    def _commit(self, unit: Unit) -> None:
        entries = [entry for decision in unit.decisions for entry in decision.entries]
        journal = Journal([*unit.memory.journal, *entries])
        about = {"sagaboard.workflow": unit.graph.name}
        traced = Traced(run_id(unit.id), unit.graph, None, about, journal)
        self.spans[unit.id] += traced.spans(unit.memory.state(), unit.decisions)
        super()._commit(unit)


def run_id(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, name)


def attempts_in(journal: Sequence[Entry]) -> list[tuple[str, int]]:
    """Step and lease of each attempt that was begun."""
    begun: dict[tuple[str, int], None] = {}
    latest: dict[str, int] = {}
    for entry in journal:
        if entry.type in ("step.started", "compensation.started") and "lease" in entry.data:
            latest[entry.step] = entry.data["lease"]
            begun[entry.step, entry.data["lease"]] = None
        is_plain = entry.type == "compensation.retry_scheduled"
        is_plain &= entry.data.keys() == {"direction", "due_at"}
        if "handed_back" in entry.data or is_plain:
            begun.pop((entry.step, latest[entry.step]))
    return list(begun)


@pytest.mark.parametrize("first", range(0, HISTORIES, CHUNK))
def test_every_history_gives_a_well_formed_tree(first: int) -> None:
    kinds = set()
    for seed in range(first, first + CHUNK):
        rng = Random(seed)
        world = TracedWorld(rng, make_library(rng))
        History(world).live()
        for name, memory in world.runs.items():
            spans = world.spans[name]
            try:
                check(run_id(name), spans, memory.journal)
            except AssertionError as error:
                error.add_note(f"seed {seed}\n" + "\n".join(memory.lines()))
                raise
            kinds |= {span.name.partition(" ")[0] for span in spans}
    assert kinds == {"run", "step", "attempt", "rollback", "undo"}


def check(run: UUID, spans: Sequence[Span], journal: Sequence[Entry]) -> None:
    by_id = {span.id: span for span in spans}
    assert len(by_id) == len(spans), [span for span in spans if span is not by_id[span.id]]
    for span in spans:
        assert span.start <= span.end
        kind = span.name.partition(" ")[0]
        if kind == "run":
            assert (span.id, span.parent) == (ids.run_span(run), None)
            continue
        assert span.parent in by_id, span
        assert by_id[span.parent].start <= span.start
        assert bool(span.links) == (kind == "undo")
        if kind == "undo":
            [undone] = [by_id[one] for one in span.links]
            assert undone.name == f"step {span.name.removeprefix('undo ')}"
            assert undone.attributes["sagaboard.step"] == span.attributes["sagaboard.step"]
    made = [span.id for span in spans if span.name.startswith("attempt ")]
    assert sorted(made) == sorted(ids.attempt_span(run, *one) for one in attempts_in(journal))
    ends = [entry for entry in journal if entry.type in ENDS]
    assert [span.end for span in spans if span.name.startswith("run ")] == [end.at for end in ends[:1]]
