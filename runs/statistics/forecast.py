"""The basis of forecasts: what ended runs of a workflow say of each of its steps. Reads only.

The forecast itself is made in the browser, of the draft as it is edited; here is what it rests on. Facts are
those of `runs.statistics.step_facts`, taken from the newest versions until RUNS_WANTED runs are found:
counters of a few rows, never a scan of runs.
"""

from __future__ import annotations

from typing import Any

from designer.document.document import parse
from designer.models import WorkflowVersion
from designer.services.calls import calls_in
from designer.services.dependents import newest_that_call
from designer.services.folder_rights import seen_names
from designer.services.queries import document_of, get_workflow, published_versions
from runs.models import StepFigures
from runs.statistics.policies import with_critical
from runs.statistics.step_facts import WHOLE, Facts, merge

RUNS_LEAST = 20
"""Of fewer runs nothing is forecast, and of fewer attempts nothing is said of a step."""

RUNS_WANTED = 1_000
VERSIONS_MAX = 5
WORKERS_MAX = 50
VERSIONS_ELSEWHERE_MAX = 5  # that figures of one worker are taken from
VERSIONS_LOOKED_AT_MAX = 50  # for some that the person may see

Json = dict[str, Any]


def basis(name: str, user: Any = None) -> Json:
    """Returns what a forecast of a workflow rests on, as far as a person may see it. Raises UnknownWorkflow.

    `runs` and the `versions` that they were of; `whole`: facts of the runs; `steps`: by path, what the step
    calls and its facts; `workers`: of workers of the draft whose steps have too few figures, their facts in
    other workflows, and which these are.
    """
    workflow = get_workflow(name)
    versions = _versions(workflow.name)
    steps: dict[str, Facts] = {}
    for version in versions:
        _merge_version(steps, version)
    whole = steps.pop(WHOLE, {})
    return {
        "least": RUNS_LEAST,
        "runs": sum(whole.get("ends", {}).values()),
        "versions": [version.number for version in versions],
        "whole": whole,
        "steps": steps,
        "workers": _elsewhere(workflow.name, _without_figures(document_of(workflow), steps), user),
    }


def _versions(name: str) -> list[WorkflowVersion]:
    """Returns the newest versions that have ended runs, until there are enough runs."""
    newest = list(published_versions(name).defer("document")[:VERSIONS_MAX])
    rows = StepFigures.objects.filter(version__in=newest, step=WHOLE).values_list("version", "facts")
    runs = {version: sum((facts or {}).get("ends", {}).values()) for version, facts in rows}
    chosen: list[WorkflowVersion] = []
    for version in newest:
        if sum(runs[earlier.pk] for earlier in chosen) >= RUNS_WANTED:
            break
        if runs.get(version.pk):
            chosen.append(version)
    return chosen


def _merge_version(steps: dict[str, Facts], version: WorkflowVersion) -> None:
    """Adds the facts of a version to those of newer ones. A step that called something else before is another
    one."""
    rows = dict(StepFigures.objects.filter(version=version).values_list("step", "facts"))
    merge(steps.setdefault(WHOLE, {}), rows.pop(WHOLE, None) or {})
    graph = parse(version.resolved)[0]
    for path, facts in with_critical(rows, graph).items() if graph else ():
        what = facts.pop("what")
        into = steps.setdefault(path, {"what": what})
        if into["what"] == what:
            merge(into, facts)


def _without_figures(document: object, steps: dict[str, Facts]) -> list[str]:
    """Returns the workers of the draft that no step with enough attempts calls."""
    called = {str(call.get("worker")) for path, call in calls_in(document) if path.endswith("]")}
    known = {facts["what"].partition(":")[2] for facts in steps.values() if _attempts(facts) >= RUNS_LEAST}
    return sorted(name for name in called - known if name not in ("", "None"))[:WORKERS_MAX]


def _attempts(facts: Facts) -> int:
    return max(int(sum(facts.get(part, {}).get("first", {}).values())) for part in ("own", "item"))


def _elsewhere(workflow: str, workers: list[str], user: Any) -> dict[str, Json]:
    """Returns, by worker, the attempts of its steps in other workflows, if there are enough."""
    found: dict[str, Json] = {}
    for worker in workers:
        facts: Facts = {}
        names = set()
        versions = list(newest_that_call(worker, besides=workflow)[:VERSIONS_LOOKED_AT_MAX])
        seen = seen_names(user, {version.workflow.name for version in versions})
        for version in [one for one in versions if one.workflow.name in seen][:VERSIONS_ELSEWHERE_MAX]:
            steps: dict[str, Facts] = {}
            _merge_version(steps, version)
            for path, own in steps.items():
                if path != WHOLE and own["what"] == f"task:{worker}":
                    merge(facts, {"own": own.get("own", {}), "undo": own.get("undo", {})})
                    names.add(version.workflow.name)
        if _attempts(facts) >= RUNS_LEAST:
            found[worker] = {"facts": facts, "workflows": sorted(names)}
    return found
