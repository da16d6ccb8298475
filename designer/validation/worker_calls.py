"""Validation of what a graph calls: workers, with their params and undo slots, and other workflows.

PURE. The catalog of workers and the published workflows are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from config.lib.secret_places import secret_keys
from designer.document.graph import IRREVERSIBLE, NO_UNDO, Action, Graph, Step
from designer.document.resolve import Catalog, Spec, undo_of
from designer.document.wording import called
from designer.expressions.expressions import is_expression
from designer.problems import Problems, join, suggestion
from designer.validation.bodies import with_bodies
from designer.validation.json_schema import SchemaValidator, misfits

NESTING_MAX = 20
CONSTANT = "x-constant"  # marks a param in a worker's schema that takes no expression, as a text of SQL

Workflows = Callable[[str, int | None], Graph | None]
"""The published graph of a workflow by name and version (None: the latest), or None."""


def check_calls(graph: Graph, catalog: Catalog, problems: Problems) -> None:
    """Reports `unknown_worker`, `bad_params`, `secret_keys`, `constant_needed`; warns of `unknown_param`."""
    validators: dict[str, Any] = {}
    for index, step in enumerate(graph.steps):
        for path, worker, params in _calls(step, join("steps", index), catalog):
            spec = catalog.get(worker)
            if spec is None:
                known = [*catalog, NO_UNDO, IRREVERSIBLE] if ".compensation" in path else catalog
                hint = suggestion(worker, known) or "; is its module named in WORKER_MODULES?"
                message = f"there is no worker '{worker}'{hint}"
                problems.error("unknown_worker", path, message)
            elif spec.params_schema is not None:
                if worker not in validators:
                    validators[worker] = SchemaValidator(spec.params_schema)
                params_path = path.removesuffix("worker") + "params"
                if keys := secret_keys(spec.params_schema):
                    message = f"the worker marks keys as secret ({keys}), and keys cannot be sealed"
                    problems.error("secret_keys", params_path, message)
                _check_params(validators[worker], spec, params, params_path, problems)


def _calls(step: Step, path: str, catalog: Catalog) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path of the worker's name, the name and the params of every call that a step may make."""
    if step.worker is not None:
        yield join(path, "worker"), step.worker, step.params
    undo = undo_of(step, catalog)
    for field, action in (("compensation", undo), ("verify", step.verify), ("fallback", step.fallback)):
        if isinstance(action, Action):
            yield f"{path}.{field}.worker", action.worker, action.params


def _check_params(
    validator: Any, spec: Spec, params: Mapping[str, Any], path: str, problems: Problems
) -> None:
    for misfit in misfits(validator, params, path):
        problems.error("bad_params", misfit.path, misfit.message)
    known = (spec.params_schema or {}).get("properties", {})
    for key in params.keys() & {key for key, schema in known.items() if schema.get(CONSTANT) is True}:
        if is_expression(params[key]):
            message = "this is no place for an expression: what varies goes into the values beside it"
            problems.error("constant_needed", join(path, key), message)
    if "context" in spec.takes or (spec.params_schema or {}).get("additionalProperties") is not None:
        return
    for key in params:
        if key not in known:
            message = f"the worker has no param '{key}' and ignores it{suggestion(key, known)}"
            problems.warn("unknown_param", join(path, key), message)


def check_undo_stated(graph: Graph, catalog: Catalog, problems: Problems) -> None:
    """Reports `undo_unstated`, a warning, for steps whose undo neither they nor their workers state."""
    for index, step in enumerate(graph.steps):
        is_unstated = step.worker in catalog and undo_of(step, catalog) is None
        if is_unstated or (step.detached and step.compensation is None):
            problems.warn(
                "undo_unstated",
                join(join("steps", index), "compensation"),
                f"nothing says how {called(step)} is undone: choose a worker that does it, or say that "
                "there is nothing to undo, or that it cannot be undone",
            )


def check_child_workflows(graph: Graph, workflows: Workflows, problems: Problems) -> None:
    """Reports `unknown_workflow`, `unknown_version`, `self_reference`, `workflow_too_deep`, `bad_input`."""
    known = cache(workflows)
    nesting_problem = cache(partial(_nesting_problem, graph.name, known))
    for index, step in enumerate(graph.steps):
        if step.workflow is None:
            continue
        path = join("steps", index)
        child = known(step.workflow, step.version)
        if nesting := nesting_problem(step.workflow, step.version):
            problems.error(nesting[0], join(path, "workflow"), nesting[1])
        elif child is None:
            _report_unknown(step.workflow, step.version, path, known, problems)
        elif child.input_schema is not None and step.input is not None:
            for misfit in misfits(SchemaValidator(child.input_schema), step.input, join(path, "input")):
                problems.error("bad_input", misfit.path, misfit.message)


def _report_unknown(
    name: str, version: int | None, path: str, workflows: Workflows, problems: Problems
) -> None:
    if version is not None and workflows(name, None) is not None:
        problems.error(
            "unknown_version", join(path, "version"), f"workflow '{name}' has no version {version}"
        )
    else:
        message = f"there is no published workflow '{name}'; publish it first"
        problems.error("unknown_workflow", join(path, "workflow"), message)


def _nesting_problem(
    root: str, workflows: Workflows, name: str, version: int | None
) -> tuple[str, str] | None:
    """Code and message of a recursion or too deep nesting below a child, or None. Searches level by level."""
    level: set[tuple[str, int | None]] = {(name, version)}
    for _ in range(NESTING_MAX):
        if any(child == root for child, _ in level):
            return "self_reference", f"'{name}' is this workflow, or runs it again"
        graphs = [graph for parent in level if (graph := workflows(*parent))]
        steps = [step for graph in graphs for part, _ in with_bodies(graph) for step in part.steps]
        level = {(step.workflow, step.version) for step in steps if step.workflow is not None}
        if not level:
            return None
    return "workflow_too_deep", f"workflows may be nested {NESTING_MAX} deep; '{name}' goes deeper"
