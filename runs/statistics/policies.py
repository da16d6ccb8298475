"""What steps call, and what their retry policies say of the failures that were counted. PURE."""

from __future__ import annotations

from collections.abc import Mapping

from designer.document.calls import policies
from designer.document.graph import Graph, Step
from designer.services.calls import steps_by_path
from runs.statistics.step_facts import Facts


def with_critical(rows: Mapping[str, Facts | None], graph: Graph) -> dict[str, Facts]:
    """Returns the facts of the steps of a graph by path, with `what` they call.

    Their attempts have `critical` too: failures after which there was no other one, though the policy granted
    it.
    """
    known = dict(steps_by_path(graph))
    return {
        path: {"what": _what(step), **_of_attempts(facts, step)}
        for path, facts in rows.items()
        if facts and (step := known.get(path)) is not None
    }


def _what(step: Step) -> str:
    """Says what a step does, as `designer/frontend/src/graph/forecast/resolve.ts` does of a draft's."""
    return f"{step.kind}:{step.workflow or (step.worker if step.calls_worker else '') or ''}"


def _of_attempts(facts: Facts, step: Step) -> Facts:
    return {
        key: {**value, "critical": _critical(value, step)} if key in ("own", "item") else value
        for key, value in facts.items()
    }


def _critical(tries: Facts, step: Step) -> Facts:
    granted = () if step.retry is None and not step.calls_worker else policies(step.retry)
    critical: Facts = {}
    for key, count in tries.get("final", {}).items():
        number, _, code = key.partition(":")
        policy = next((policy for policy in granted if policy.fits((code,))), None)
        if policy is not None and int(number) < policy.max_attempts:
            critical[code] = critical.get(code, 0) + count
    return critical
