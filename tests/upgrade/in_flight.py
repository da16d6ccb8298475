"""Workflows whose runs rest, or are carried out, in every state that an upgrade can meet.

Only fields that the first release knew are used: the oldest product that is recorded reads this file as well.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def _workflow(name: str, *steps: Json) -> Json:
    names = [step["name"] for step in steps]
    edges = [{"from": first, "to": then} for first, then in zip(names, names[1:], strict=False)]
    return {
        "schema": 1,
        "name": f"in_flight_{name}",
        "steps": list(steps),
        "edges": edges,
        "sample_input": {},
    }


def _task(name: str, worker: str, **more: Any) -> Json:
    return {"name": name, "worker": f"in_flight_{worker}", "compensation": "none", **more}


DO = _task("first", "do", compensation={"worker": "in_flight_undo"})
WORKFLOWS = [
    _workflow("done", DO),
    _workflow("undone", DO, _task("then", "fail")),
    _workflow("asked", DO, {"name": "approved", "kind": "approval"}),
    _workflow("signalled", DO, {"name": "told", "kind": "wait", "signal": "go"}),
    _workflow("delayed", DO, {"name": "rests", "kind": "wait", "seconds": 120}),
    _workflow("retried", DO, _task("then", "later")),
    _workflow("parent", {"name": "child", "kind": "workflow", "workflow": "in_flight_signalled"}),
    _workflow("blocked", DO, _task("then", "fail")),
    _workflow(
        "mapped",
        {
            "name": "each",
            "kind": "map",
            "worker": "in_flight_item",
            "items": "input.numbers",
            "compensation": {"worker": "in_flight_undo"},
        },
        _task("then", "fail"),
    ),
    _workflow("held", DO, _task("then", "slow", compensation={"worker": "in_flight_undo"})),
    _workflow("undoing", DO, _task("then", "fail")),
]
