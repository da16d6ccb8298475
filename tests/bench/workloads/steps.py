"""Workers and workflows of the measurements: they do as little as can be."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Any

from django.conf import settings
from redis import Redis

from designer.document.document import dump
from designer.document.graph import Action, Body, Edge, Graph, Retry, Step
from designer.document.resolve import resolve_graph
from designer.models import Workflow, WorkflowVersion
from workers import CriticalFailure, worker
from workers.registry import get_catalog

WAIT_S = 5.0
KILOBYTE = 1_000
STEPS = 10
GROWING_STEPS = 200
LIMIT = "bench"
LIMIT_AT_ONCE = 1_000
DIED_AT = "bench:died-at"
BACK_AT = "bench:back-at"


@worker("bench_nothing", compensation="none")
def nothing() -> None:
    return None


@worker("bench_undo")
def undo() -> None:
    return None


@worker("bench_fail", compensation="none")
def fail() -> None:
    raise CriticalFailure("as planned")


@worker("bench_grow", compensation="none")
def grow(step: Any) -> dict[str, str]:
    """A kilobyte under a key of its own."""
    return {step.name: "x" * KILOBYTE}


@worker("bench_item", compensation="none")
def item(context: dict[str, Any]) -> Any:
    return context["item"]


@worker("bench_die", compensation="none")
def die(step: Any) -> None:
    """Ends its process in the first attempt, as kill -9 does; says when, and when it runs again."""
    with Redis.from_url(settings.REDIS_URL) as client:
        client.set(DIED_AT if step.attempt == 1 else BACK_AT, time.time())
    if step.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)


@worker("bench_nothing_async", compensation="none")
async def nothing_async() -> None:
    return None


@worker("bench_wait", timeout=7_200, compensation="none")
async def wait(context: dict[str, Any]) -> None:
    """A call of another service that takes its time."""
    await asyncio.sleep(context.get("wait_s", WAIT_S))


def chain(name: str, *steps: Step) -> Graph:
    edges = tuple(Edge(a.name, b.name) for a, b in zip(steps, steps[1:], strict=False))
    return Graph(name, steps=steps, edges=edges)


def row(name: str, worker: str, count: int, **fields: Any) -> Graph:
    """`count` steps one after the other."""
    return chain(name, *(Step(f"s{place}", worker=worker, **fields) for place in range(count)))


THREE = Body(
    tuple(Step(f"s{place}", worker="bench_nothing") for place in range(3)),
    (Edge("s0", "s1"), Edge("s1", "s2")),
)
GRAPHS = {
    graph.name: graph
    for graph in (
        row("bench_row", "bench_nothing", STEPS),
        row("bench_limited", "bench_nothing", STEPS, limit=LIMIT),
        row("bench_row_async", "bench_nothing_async", STEPS),
        row("bench_forward", "bench_nothing", 11),
        row("bench_grow", "bench_grow", GROWING_STEPS),
        row("bench_undoable", "bench_nothing", 5, compensation=Action("bench_undo")),
        chain(
            "bench_die",
            *(Step(f"s{n}", worker="bench_nothing") for n in range(4)),
            Step("dies", worker="bench_die", retry=Retry(initial=0)),
            *(Step(f"t{n}", worker="bench_nothing") for n in range(5)),
        ),
        chain("bench_wait", Step("wait", worker="bench_wait")),
        chain(
            "bench_map", Step("m", kind="map", worker="bench_item", items="context.numbers", output_key="all")
        ),
        chain(
            "bench_loop",
            Step("turns", kind="loop", worker="bench_nothing", until="turn == input.turns", max_turns=10_000),
        ),
        row("bench_three", "bench_nothing", 3),
        chain("bench_parent", Step("runs", kind="workflow", workflow="bench_three")),
        chain("bench_bodies", Step("m", kind="map", body=THREE, items="context.numbers", output_key="all")),
        chain(
            "bench_saga",
            *(Step(f"s{n}", worker="bench_nothing", compensation=Action("bench_undo")) for n in range(5)),
            Step("fails", worker="bench_fail"),
        ),
    )
}


def publish() -> dict[str, WorkflowVersion]:
    """All workflows of the measurements, by name."""
    return {name: _publish(graph) for name, graph in GRAPHS.items()}


def _publish(graph: Graph) -> WorkflowVersion:
    workflow, _ = Workflow.objects.get_or_create(name=graph.name)
    return WorkflowVersion.objects.create(
        workflow=workflow,
        number=1,
        document=dump(graph),
        resolved=dump(resolve_graph(graph, get_catalog())),
    )
