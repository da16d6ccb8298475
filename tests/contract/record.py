"""Journals of random runs with the state after every entry, for `random/`; both replays are held to them.

`python -m tests.contract.record` writes them anew. The same seeds give the same files for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from config.lib.json import iso
from designer.document.document import dump
from designer.document.graph import Graph
from runs.machine.allowed import allowed
from runs.machine.events import Entry
from runs.machine.journal.apply import Nothing, apply
from runs.machine.states import RunState, State
from runs.machine.steps.expansion import effective_graph
from runs.queries.snapshot import routes_of, snapshot, without_traceback
from tests.simulation.memory import Memory
from tests.simulation.simulate import History
from tests.simulation.workflows import make_library
from tests.simulation.world import World

FOLDER = Path(__file__).parent / "random"
HISTORIES = 80
ENTRIES_MAX = 250
ALLOWED = ("cancel", "abandon", "pause", "resume", "rerun", "approvals", "signals", "interventions")
SHOWN = ("name", "kind", "compensation")
Json = dict[str, Any]


def histories() -> Iterator[tuple[str, list[Json]]]:
    """File name and its runs."""
    for seed in range(HISTORIES):
        rng = Random(seed)
        history = History(World(rng, make_library(rng)))
        history.live()
        runs = [recorded(memory) for memory in history.world.runs.values()]
        yield f"{seed:02}.json", runs


def recorded(memory: Memory) -> Json:
    """Returns a run as both sides read it.

    `states[n]`: what entry n + 1 changed of the snapshot: fields of the run, and steps as they are.
    `facts[n]`: what it changed of what the machine alone knows: `allowed` but for loops, and by step, how
    many of the edges to it are decided and how many of them taken.
    """
    entries = memory.journal[:ENTRIES_MAX]
    position = memory.base.position
    return {
        "names": sorted(memory.base.by_name, key=position.__getitem__),
        "frames": [frame(entry) for entry in entries],
        "document": document_of(memory.graph),
        "states": list(changes(entries)),
        "facts": list(machine_facts(memory.base, entries)),
    }


def document_of(graph: Graph) -> Json:
    """Returns what a page needs of the document here."""
    written = dump(graph)
    steps = [{key: step[key] for key in SHOWN if key in step} for step in written["steps"]]
    return {"steps": steps, "edges": written.get("edges", [])}


def frame(entry: Entry) -> Json:
    data = dict(entry.data)
    if isinstance(data.get("error"), dict):
        data["error"] = without_traceback(data["error"])
    fields = {"step": entry.step, "attempt": entry.attempt, "status": str(entry.status), "data": data}
    return {"seq": entry.seq, "type": entry.type, "at": iso(entry.at), **fields}


def changes(entries: list[Entry]) -> Iterator[Json]:
    state = State(RunState(), {}, Nothing())
    plans: list[list[str]] = []
    routes: dict[str, Json] = {}
    before: Json = {"steps": {}}
    for entry in entries:
        apply(state, entry)
        if entry.type == "run.compensating":
            plans.append(list(entry.data["plan"]))
        if found := routes_of(entry.data):
            routes[entry.step] = found
        now = json.loads(json.dumps(snapshot(state, plans, routes)))
        steps = {name: step for name, step in now["steps"].items() if before["steps"].get(name) != step}
        yield {key: value for key, value in now.items() if before.get(key) != value} | {"steps": steps}
        before = now


def machine_facts(base: Graph, entries: list[Entry]) -> Iterator[Json]:
    state = State(RunState(), {}, Nothing())
    before: Json = {"edges": {}}
    for entry in entries:
        apply(state, entry)
        can = asdict(allowed(effective_graph(base, state), state))
        now = {key: value for key, value in can.items() if key in ALLOWED}
        now["edges"] = {
            s.name: [s.edges_decided, s.edges_taken] for s in state.steps().values() if s.edges_decided
        }
        now = json.loads(json.dumps(now))
        edges = {name: counts for name, counts in now["edges"].items() if before["edges"].get(name) != counts}
        yield {key: value for key, value in now.items() if before.get(key) != value} | {"edges": edges}
        before = now


def text(runs: list[Json]) -> str:
    return (
        "[\n" + ",\n".join(json.dumps(run, separators=(",", ":"), sort_keys=True) for run in runs) + "\n]\n"
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, runs in histories():
        (FOLDER / name).write_text(text(runs))
