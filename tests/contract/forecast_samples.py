"""Workflows whose steps behave as is known, what forecasts of them rest on, and what really happens to runs.

`python -m tests.contract.forecast_samples` makes ten thousand runs of each by the rules and writes
`forecast/`, which the forecasts of the front end's tests are held against. A test makes the first runs again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designer.document.document import parse
from designer.document.graph import Graph
from runs.statistics.policies import with_critical
from runs.statistics.step_facts import WHOLE, Facts, facts_of, merge
from tests.contract.made_runs import Chances, Made, Maker, Worker

FOLDER = Path(__file__).parent / "forecast"
RUNS = 10_000
FIRST = 100
RUNS_LEAST = 20
SEED = 7


def _task(name: str, worker: str, undo: Any = "none", **fields: Any) -> dict[str, Any]:
    compensation = undo if undo in ("none", "irreversible") else {"worker": undo}
    return {"name": name, "worker": worker, "compensation": compensation, **fields}


def _edge(source: str, target: str, **fields: Any) -> dict[str, Any]:
    return {"from": source, "to": target, **fields}


ORDER = {
    "schema": 1,
    "name": "order",
    "steps": [
        _task("check", "look", output_key="check"),
        _task("reserve", "reserve", "release", retry={"max_attempts": 2, "initial": 1.0}),
        _task("charge", "charge", "refund", retry={"max_attempts": 3, "initial": 2.0, "never": ["declined"]}),
        _task("express", "courier", "recall", fallback={"worker": "post"}, retry={"max_attempts": 2}),
        _task("standard", "post", "recall", retry={"max_attempts": 2}),
        _task("notify", "mail", retry={"max_attempts": 3, "initial": 1.0}, on_failure="continue"),
        _task("book", "book", "unbook", timeout=20.0, retry={"max_attempts": 2, "initial": 1.0}),
    ],
    "edges": [
        _edge("check", "reserve"),
        _edge("check", "charge"),
        _edge("reserve", "express", when="steps.check.express"),
        _edge("reserve", "standard", otherwise=True),
        _edge("express", "book"),
        _edge("standard", "book"),
        _edge("charge", "book"),
        _edge("book", "notify"),
    ],
}
ORDER_CHANCES = Chances(
    {
        "look": Worker(0.2, 0.3, output=lambda rng: {"express": rng.random() < 0.3}),
        "reserve": Worker(1.5, 0.4, fails=0.2),
        "release": Worker(0.8),
        "charge": Worker(
            3.0, 0.7, fails=0.2, again=0.5, codes={"unavailable": 0.8, "declined": 0.15, "blocked": 0.05},
            critical=frozenset({"blocked"}),
        ),
        "refund": Worker(2.0, 0.6),
        "courier": Worker(2.0, 0.6, fails=0.2),
        "post": Worker(1.0, 0.4, fails=0.02),
        "recall": Worker(1.0),
        "book": Worker(4.0, 0.8, fails=0.03),
        "unbook": Worker(1.0),
        "mail": Worker(0.3, 0.5, fails=0.1),
    }
)  # fmt: skip

PAPER = {
    "schema": 1,
    "name": "paper",
    "steps": [
        {
            "name": "pages",
            "kind": "map",
            "items": "input.pages",
            "max_concurrency": 3,
            "worker": "scan",
            "compensation": {"worker": "shred"},
            "retry": {"max_attempts": 2, "initial": 1.0},
            "tolerate": 1,
        },
        {
            "name": "file",
            "kind": "group",
            "retry": {"max_attempts": 2, "initial": 5.0},
            "body": {
                "steps": [
                    _task("open", "open", "close", retry={"max_attempts": 1}),
                    _task("store", "store", "remove", retry={"max_attempts": 2, "initial": 1.0}),
                ],
                "edges": [_edge("open", "store")],
            },
        },
        {"name": "agree", "kind": "approval", "message": "Is it right?", "timeout": 300.0},
        {"name": "rest", "kind": "wait", "seconds": 10},
        _task("send", "send", "irreversible", pivot=True, retry={"max_attempts": 3, "initial": 1.0}),
        _task("record", "record", "unrecord", retry={"max_attempts": 2, "initial": 1.0}),
        _task("mend", "mend"),
    ],
    "edges": [
        _edge("pages", "file"),
        _edge("file", "agree"),
        _edge("agree", "rest"),
        _edge("rest", "send"),
        _edge("send", "record"),
        _edge("record", "mend", on="failed", errors=["odd_*"]),
    ],
}
PAPER_CHANCES = Chances(
    {
        "scan": Worker(2.0, 0.4, fails=0.15),
        "shred": Worker(0.5),
        "open": Worker(1.0, 0.3, fails=0.04),
        "close": Worker(0.5),
        "store": Worker(3.0, 0.5, fails=0.2),
        "remove": Worker(0.7),
        "send": Worker(2.0, 0.5, fails=0.1),
        "record": Worker(1.0, 0.4, fails=0.2, codes={"unavailable": 0.7, "odd_page": 0.3}),
        "unrecord": Worker(0.5),
        "mend": Worker(6.0, 0.3),
    },
    answers={"retry": 0.7, "compensate": 0.2, "skip": 0.1},
    person_s=400.0,
    approves=0.93,
    approval_s=60.0,
)
PAGES = (1, 1, 2, 3, 5, 8)
SAMPLES = {
    "order": (ORDER, ORDER_CHANCES, lambda rng: {}),
    "paper": (PAPER, PAPER_CHANCES, lambda rng: {"pages": list(range(rng.choice(PAGES)))}),
}


@dataclass(frozen=True)
class Sample:
    """The runs of a workflow, as a forecast sees them and as they were. Times in ms."""

    document: dict[str, Any]
    basis: Facts
    really: dict[str, float]
    first: list[list[Any]]
    """How the first runs ended, and after how many ms: a change of the engine's rules is seen in them."""

    def as_json(self) -> str:
        return json.dumps(vars(self), indent=1, sort_keys=True) + "\n"


def graph_of(name: str) -> Graph:
    graph, problems = parse(SAMPLES[name][0])
    assert graph is not None, problems
    return graph


def made(name: str, runs: int) -> Any:
    _, chances, input = SAMPLES[name]
    return Maker(graph_of(name), chances, SEED).make(runs, input)


def sample(name: str, runs: int = RUNS) -> Sample:
    graph = graph_of(name)
    steps: dict[str, Facts] = {}
    times: list[float] = []
    asked = 0
    for family in made(name, runs):
        for run in family:
            add_facts(steps, run)
        times.append(took_ms(family[0]))
        asked += any(entry.type == "intervention.opened" for run in family for entry in run.entries)
    times.sort()
    whole = steps.pop(WHOLE)
    inner = {path: facts for path, facts in steps.items() if not path.endswith("/")}
    basis = {
        "least": RUNS_LEAST,
        "runs": runs,
        "versions": [1],
        "whole": whole,
        "steps": with_critical(inner, graph),
        "workers": {},
    }
    really = {"p50_ms": times[runs // 2], "p95_ms": times[runs * 95 // 100], "asked": asked / runs}
    really["rolled_back"] = whole["rolled_back"] / runs
    return Sample(SAMPLES[name][0], basis, really, first_runs(name))


def took_ms(run: Made) -> float:
    return (run.entries[-1].at - run.entries[0].at).total_seconds() * 1000


def first_runs(name: str) -> list[list[Any]]:
    runs = [family[0] for family in made(name, FIRST)]
    return [[run.state.run.status.value, round(took_ms(run))] for run in runs]


def add_facts(steps: dict[str, Facts], run: Made) -> None:
    entries = [(entry.type, entry.step, entry.at, entry.data) for entry in run.entries]
    for step, facts in facts_of(run.started_at, entries).items():
        merge(steps.setdefault(f"{run.body}/{step}" if run.body else step, {}), facts)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for sample_name in SAMPLES:
        (FOLDER / f"{sample_name}.json").write_text(sample(sample_name).as_json(), encoding="utf-8")
