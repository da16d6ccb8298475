"""Resolution of defaults, so that a published version states everything that a run needs.

PURE. The most specific value wins: the step's (or its compensation's) own, then its worker's decorator, then
the workflow's defaults, then the product's; a limit may come from the connection that the call names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from designer.document.calls import IRREVERSIBLE, NO_UNDO, Action, Retries, Retry, Undo, policies
from designer.document.graph import Defaults, Graph, Step
from designer.document.limits import DEFAULT_QUEUE, DEFAULT_TIMEOUT_S
from designer.errors import UnknownWorker
from workers.sdk.spec import RetryPolicies


class Spec(Protocol):
    """What resolution and validation need of a worker; `workers.sdk.spec.WorkerSpec` has it."""

    @property
    def takes(self) -> frozenset[str]: ...
    @property
    def timeout(self) -> float | None: ...
    @property
    def retry(self) -> RetryPolicies: ...
    @property
    def queue(self) -> str | None: ...
    @property
    def limit(self) -> str | None: ...
    @property
    def compensation(self) -> str | None: ...
    @property
    def params_schema(self) -> Mapping[str, Any] | None: ...


Catalog = Mapping[str, Spec]
LimitOf = Callable[[Action], str | None]
"""The limit of what a call uses, for where neither the call nor its worker states one."""


def resolve_graph(graph: Graph, catalog: Catalog, limit_of: LimitOf = lambda action: None) -> Graph:
    """The graph with all defaults filled in; raises `UnknownWorker`."""
    steps = tuple(resolve_step(step, catalog, graph.defaults, limit_of) for step in graph.steps)
    return replace(graph, steps=steps)


def resolve_step(
    step: Step,
    catalog: Catalog,
    defaults: Defaults | None = None,
    limit_of: LimitOf = lambda action: None,
) -> Step:
    """The step with its timeout (seconds), retry, queue, limit, on_failure and undo slot filled in."""
    defaults = defaults or Defaults()

    def resolved(action: Action) -> Action:
        action = _resolve_action(action, catalog, defaults)
        return action if action.limit else replace(action, limit=limit_of(action))

    step = replace(step, on_failure=step.on_failure or defaults.on_failure or "compensate")
    if step.body is not None:
        inside = tuple(resolve_step(inner, catalog, defaults, limit_of) for inner in step.body.steps)
        step = replace(step, body=replace(step.body, steps=inside))
    if isinstance(step.compensation, Action):
        step = replace(step, compensation=resolved(step.compensation))
    if step.starts_runs and step.retry is not None:
        step = replace(step, retry=resolve_policies(step.retry))
    if not step.calls_worker or step.worker is None:
        return step
    own = resolved(step.own)
    undo = undo_of(step, catalog)
    return replace(
        step,
        timeout=own.timeout,
        retry=own.retry,
        queue=own.queue,
        limit=own.limit,
        compensation=resolved(undo) if isinstance(undo, Action) else undo,
        verify=step.verify and resolved(step.verify),
        fallback=step.fallback and resolved(step.fallback),
    )


def undo_of(step: Step, catalog: Catalog) -> Undo:
    """The undo slot of a step: its own, else that of its worker's decorator."""
    spec = catalog.get(step.worker or "") if step.calls_worker else None
    if step.compensation is not None or spec is None or spec.compensation is None:
        return step.compensation
    if spec.compensation == NO_UNDO:
        return NO_UNDO
    return IRREVERSIBLE if spec.compensation == IRREVERSIBLE else Action(spec.compensation)


def _resolve_action(action: Action, catalog: Catalog, defaults: Defaults) -> Action:
    spec = catalog.get(action.worker)
    if spec is None:
        raise UnknownWorker(action.worker)
    return replace(
        action,
        timeout=action.timeout or spec.timeout or defaults.timeout or DEFAULT_TIMEOUT_S,
        retry=_resolve_retry(action.retry, spec, defaults),
        queue=action.queue or spec.queue or DEFAULT_QUEUE,
        limit=action.limit or spec.limit,
    )


def _resolve_retry(stated: Retries | None, spec: Spec, defaults: Defaults) -> Retries:
    if stated is None and spec.retry is not None:
        given = [spec.retry] if isinstance(spec.retry, Mapping) else spec.retry
        stated = tuple(_policy(policy) for policy in given)
    return resolve_policies(stated or defaults.retry)


def resolve_policies(retry: Retries | None) -> Retries:
    """A stated `max_attempts` also bounds how often the worker may ask for another attempt (`asks_max`)."""
    if retry is None:
        return Retry()
    resolved = tuple(
        replace(policy, asks_max=policy.max_attempts - 1) if policy.asks_max == Retry().asks_max else policy
        for policy in policies(retry)
    )
    return resolved if len(resolved) > 1 else resolved[0]


def _policy(stated: Mapping[str, Any]) -> Retry:
    """The policy of a worker's decorator."""
    patterns = {key: tuple(stated[key]) for key in ("only", "never") if key in stated}
    return Retry(**{**stated, **patterns})
