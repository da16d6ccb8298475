"""Random tests of random workflows, and what a played test leaves as a recorded run."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from designer.document.graph import Graph, Step
from designer.saved_tests.model import Act, ActName, Answer, Approval, Mock, Reply, SavedTest, Signal
from runs.machine.bindings import run_output
from runs.testing.play import Play
from runs.testing.recorded import RecordedRun

KINDS = ("ok",) * 6 + ("flaky", "fails", "for_good", "times_out", "found", "lost", "bad", "asks", "again")
ANSWERS: tuple[Answer, ...] = ("retry", "resolve", "skip", "compensate", "abandon")
ACTS: tuple[ActName, ...] = ("cancel", "abandon", "roll_back")


def random_test(rng: Random, graph: Graph) -> SavedTest:
    steps = list(steps_of(graph))
    called = [path for path, step in steps if step.calls_worker]
    signals = {name for _, step in steps for name in _signals(step)}
    return SavedTest(
        "random",
        {
            "v": rng.randint(0, 12),
            "items": [1, 2, 3],
            "seconds": 3,
            "at": "2026-01-01T00:01:00Z",
            "flag": True,
        },
        {path: _calls(rng) for path in called},
        {path: _calls(rng) for path in called},
        {path: (Mock(fails="unsure", for_good=True),) for path in called if rng.random() < 0.1},
        {path: _undos(rng) for path in called},
        tuple(Signal(name, {"v": n}, rng.random() * 9) for name in sorted(signals) for n in range(3)),
        (),
        tuple(_approval(rng, path) for path, step in steps for _ in range(3) if step.kind == "approval"),
        tuple(_reply(rng, path) for path, _ in steps for _ in range(3)),
        (Act(rng.choice(ACTS), rng.random() * 30),) if rng.random() < 0.3 else (),
    )


def steps_of(graph: Graph, prefix: str = "") -> Iterator[tuple[str, Step]]:
    for step in graph.steps:
        yield prefix + step.name, step
        if step.body is not None:
            yield from steps_of(graph.body_of(step.name), f"{prefix}{step.name}/")


def _signals(step: Step) -> list[str]:
    parts = [part["signal"] for part in step.any_of or () if part.get("signal")]
    return [*parts, *([step.signal] if step.signal else [])]


def _takes(rng: Random) -> float:
    """No two calls end at the same time, so that what comes first does not hang on the order of a list."""
    return round(0.1 + rng.random() * 5, 6)


def _calls(rng: Random) -> tuple[Mock, ...]:
    takes = _takes(rng)
    ok = Mock({"v": rng.randint(0, 12), "items": [1, 2, 3]}, takes=_takes(rng))
    found: dict[str, tuple[Mock, ...]] = {
        "ok": (ok,),
        "flaky": (Mock(fails="odd", takes=takes), ok),
        "fails": (Mock(fails="odd", takes=takes),),
        "for_good": (Mock(fails="bad", for_good=True, takes=takes),),
        "times_out": (Mock(times_out="not_done"), ok),
        "found": (Mock({"v": 1}, times_out="done", takes=takes),),
        "lost": (Mock(lost="done", takes=takes), ok),
        "bad": (Mock({"v": 4}, fails="bad_output", bad_output=True, takes=takes),),
        "asks": (Mock({"requires_intervention": True}, takes=takes), ok),
        "again": (Mock({"status": "retry_needed", "next_attempt_delay": 2}, takes=takes), ok),
    }
    return found[rng.choice(KINDS)]


def _undos(rng: Random) -> tuple[Mock, ...]:
    ok = Mock(takes=_takes(rng))
    failing = (Mock(fails="gone", takes=_takes(rng), for_good=rng.random() < 0.5), ok)
    return failing if rng.random() < 0.2 else (ok,)


def _approval(rng: Random, path: str) -> Approval:
    return Approval(path, rng.random() < 0.6, "because", {}, round(rng.random() * 20, 6))


def _reply(rng: Random, path: str) -> Reply:
    return Reply(path, rng.choice(ANSWERS), output={"v": 3}, at=round(rng.random() * 9, 6))


def recorded(play: Play, path: str = "") -> RecordedRun:
    """Returns a played run as the database would give it."""
    member = play.members[path]
    parent = play.members.get(member.parent or "") if member.parent is not None else None
    output: Any = run_output(member.graph, play.state_of(member))
    return RecordedRun(
        member.abstraction.original,
        member.state.run,
        [entry for of, entry in play.entries() if of == path],
        [(child.step, recorded(play, of)) for of, child in play.members.items() if child.parent == path],
        dict(play.inputs[path]),
        output,
        parent is not None and parent.graph.name == member.graph.name,
    )
