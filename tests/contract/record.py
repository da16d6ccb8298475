"""Journals of random runs with the state after every entry, for `random/`; both replays are held to them.

`python -m tests.contract.record` writes them anew. The same seeds give the same files for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from config.lib.json import iso
from runs.machine.events import Entry
from runs.machine.journal.apply import apply
from runs.machine.states import RunState, State
from runs.queries.snapshot import snapshot, without_traceback
from tests.simulation.checks import Nothing
from tests.simulation.memory import Memory
from tests.simulation.simulate import History
from tests.simulation.workflows import make_library
from tests.simulation.world import World

FOLDER = Path(__file__).parent / "random"
HISTORIES = 40
ENTRIES_MAX = 250
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
    """`states[n]` is what entry n + 1 changed of the snapshot: fields of the run, and steps as they are."""
    entries = memory.journal[:ENTRIES_MAX]
    position = memory.base.position
    return {
        "names": sorted(memory.base.by_name, key=position.__getitem__),
        "frames": [frame(entry) for entry in entries],
        "states": list(changes(entries)),
    }


def frame(entry: Entry) -> Json:
    data = dict(entry.data)
    if isinstance(data.get("error"), dict):
        data["error"] = without_traceback(data["error"])
    fields = {"step": entry.step, "attempt": entry.attempt, "status": str(entry.status), "data": data}
    return {"seq": entry.seq, "type": entry.type, "at": iso(entry.at), **fields}


def changes(entries: list[Entry]) -> Iterator[Json]:
    state = State(RunState(), {}, Nothing())
    plans: list[list[str]] = []
    before: Json = {"steps": {}}
    for entry in entries:
        apply(state, entry)
        if entry.type == "run.compensating":
            plans.append(list(entry.data["plan"]))
        now = json.loads(json.dumps(snapshot(state, plans)))
        steps = {name: step for name, step in now["steps"].items() if before["steps"].get(name) != step}
        yield {key: value for key, value in now.items() if before.get(key) != value} | {"steps": steps}
        before = now


def text(runs: list[Json]) -> str:
    return (
        "[\n" + ",\n".join(json.dumps(run, separators=(",", ":"), sort_keys=True) for run in runs) + "\n]\n"
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, runs in histories():
        (FOLDER / name).write_text(text(runs))
