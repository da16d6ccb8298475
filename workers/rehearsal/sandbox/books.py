"""Judges the books after a rehearsed run: by the check workers of what it called, and by an expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import connections

from designer.errors import ExpressionError
from designer.expressions.expressions import condition
from workers.execution.execute import Task
from workers.execution.forked import begin
from workers.registry import get_catalog

TIMEOUT_S = 20.0
NAMES = frozenset({"run", "input", "undone", "left", "remains", "asks"})
PROBLEMS_MAX = 5


def judged(checks: Iterable[str], facts: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Returns what the checks found wrong, and by check the books that it read.

    A check is the name of a worker, or an expression that begins with `=`. `facts` is what both may read.
    """
    problems: list[str] = []
    books: dict[str, Any] = {}
    for check in checks:
        if check.startswith("="):
            problems += _by_expression(check[1:], facts)
            continue
        found, books[check] = _by_worker(check, facts)
        problems += [f"{check}: {problem}" for problem in found]
    return problems, books


def _by_expression(source: str, facts: Mapping[str, Any]) -> list[str]:
    try:
        holds = condition(source, facts, NAMES)
    except ExpressionError as error:
        return [str(error)]
    return [] if holds else [f"`{source.strip()}` is false"]


def _by_worker(name: str, facts: Mapping[str, Any]) -> tuple[list[str], Any]:
    spec = get_catalog().get(name)
    if spec is None:
        return ["there is no worker of that name"], None
    task = Task(
        run_id=str(facts["run"]["id"]),
        workflow=str(facts["run"]["workflow"]),
        step="check",
        direction="forward",
        worker=name,
        attempt=1,
        idempotency_key=f"{facts['run']['id']}:check",
        context=dict(facts),
        params={},
        timeout=TIMEOUT_S,
        output_bytes_max=settings.OUTPUT_BYTES_MAX,
        is_rehearsal=True,
    )
    outcome = begin(task, spec, connections.close_all)().outcome
    if outcome is None or outcome.kind != "succeeded":
        message = outcome.failure.message if outcome and outcome.failure else "its process was lost"
        return [message], None
    output = outcome.output if isinstance(outcome.output, dict) else {}
    listed = [str(problem) for problem in output.get("problems") or ()][:PROBLEMS_MAX]
    return listed or (["it says no"] if output.get("ok") is False else []), output.get("books")
