"""A draft as large as the limit allows, with conditions and expressions everywhere."""

from __future__ import annotations

from typing import Any


def large_draft(count: int) -> dict[str, Any]:
    """A chain whose every second step is also led to by a condition; each step reads the one before."""
    chain = [{"from": f"s{place}", "to": f"s{place + 1}"} for place in range(count - 1)]
    jumps = [
        {"from": f"s{place}", "to": f"s{place + 2}", "when": f"context.k > {place}"}
        for place in range(count - 2)
    ]
    return {
        "schema": 1,
        "name": "large",
        "steps": [_step(place) for place in range(count)],
        "edges": chain + jumps,
    }


def _step(place: int) -> dict[str, Any]:
    before = f"=steps.s{place - 1}.out" if place else 1
    return {
        "name": f"s{place}",
        "title": f"Step {place}",
        "worker": "reserve_inventory",
        "when": f"context.n{place} > {place}",
        "params": {"x": f"=context.total * {place}", "y": before},
    }
