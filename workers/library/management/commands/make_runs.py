"""`manage.py make_runs`: generates many runs to try lists, searches and pages with."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from itertools import islice
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from designer import patterns
from designer.models import WorkflowVersion
from designer.services.queries import find_version
from designer.services.workflows import import_document
from runs.engine import engine
from runs.interventions import service
from runs.models import Intervention, Run
from workers.cli.local_run import start_and_run
from workers.library.demo.generator import BATCH, Exemplar, Plan, make

COUNT_MAX = 10_000_000
PREFIX = "made_"
NAMES = tuple(
    f"{PREFIX}{name}"
    for name in ("order", "subscription", "refill", "gift", "wholesale", "return", "sample", "preorder")
)
APPROVAL: dict[str, Any] = {
    "schema": 1,
    "name": f"{PREFIX}expense_claim",
    "title": "An expense claim that waits for its approval",
    "steps": [
        {"name": "approve", "kind": "approval", "message": "Is the claim all right?"},
        {"name": "send_confirmation", "worker": "send_confirmation", "compensation": "none"},
    ],
    "edges": [{"from": "approve", "to": "send_confirmation"}],
}
SAMPLE = {"order_items": [{"sku": "MUG-002", "quantity": 1}], "customer": "ada@example.com"}
FAULTS = {
    "completed": {},
    "compensated": {"create_shipment": "critical"},
    "failed": {"reserve_inventory": "critical"},
    "blocked": {"create_shipment": "critical", "refund_payment": "failed"},
}
TURNS = {"running": 2, "cancelled": 3}  # steps or waits before the run is left as it is, or cancelled


class Command(SagaboardCommand):
    help = (
        "Makes many runs of workflows of its own, as copies of a few that really run here. "
        "For trial installations: they stay in lists and figures until they are pruned."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("count", type=int, help="how many")
        parser.add_argument("--days", type=float, default=90.0, help="spread over so many days until now")
        parser.add_argument(
            "--whole", type=int, default=2_000, help="how many of the newest have a journal and steps"
        )
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same runs")
        parser.add_argument("--yes", action="store_true", help="also beside runs that are real")

    def handle(self, *args: Any, count: int, days: float, whole: int, yes: bool, **options: Any) -> None:
        if not 0 < count <= COUNT_MAX:
            raise Refused(f"the count must be between 1 and {COUNT_MAX:,}")
        if not days > 0 or whole < 0:
            raise Refused("--days must be above 0, and --whole not below it")
        if not yes and has_real_runs():
            raise Refused("there are real runs here, and the made ones would stand among them; --yes does it")
        began = time.monotonic()
        exemplars = {kind: Exemplar.of(pk) for kind, pk in run_exemplars().items()}
        plan = Plan(exemplars, [published(name) for name in NAMES], count, days, whole, options["seed"])
        for done in make(plan):
            if done % (10 * BATCH) == 0:
                self.stderr.write(f"{done:,} of {count:,}")
        self.stdout.write(f"{count:,} runs made in {time.monotonic() - began:.0f} s")


def has_real_runs() -> bool:
    """Whether there is any run of another workflow.

    Reads the two ends of an index, as the names share a prefix.
    """
    names = Run.every.order_by("workflow_name").values_list("workflow_name", flat=True)
    first, last = names.first(), names.last()
    return any(name is not None and not name.startswith(PREFIX) for name in (first, last))


def run_exemplars() -> dict[str, Any]:
    """Runs one exemplar of each kind, in this process. Returns their ids by kind: a status, or "answered".

    Raises Refused if a status was not reached.
    """
    version = published(NAMES[0])
    run_ids = [_run(version, {**SAMPLE, "simulate": faults}) for faults in FAULTS.values()]
    run_ids += [_run(version, SAMPLE, TURNS["running"]), _run_and_cancel(version)]
    run_ids.append(_run(published(APPROVAL["name"]), {}))
    by_status = dict(Run.objects.filter(pk__in=run_ids).values_list("status", "pk"))
    missing = {*FAULTS, *TURNS, "waiting"} - by_status.keys()
    if missing:
        raise Refused(
            f"no sample run came to be {', '.join(sorted(missing))}; are the shipped workers there?"
        )
    return by_status | {"answered": _run_and_answer(version)}


def _run(version: WorkflowVersion, input: dict[str, Any], turns: int | None = None) -> Any:
    steps = start_and_run(version, input, None)
    run = next(steps)
    for _ in islice(steps, turns):
        pass
    return run.pk


def _run_and_cancel(version: WorkflowVersion) -> Any:
    steps = start_and_run(version, SAMPLE, None)
    run = next(steps)
    for _ in islice(steps, TURNS["cancelled"]):
        pass
    engine.cancel_run(run.pk)
    for _ in steps:
        pass
    return run.pk


def _run_and_answer(version: WorkflowVersion) -> Any:
    """A run whose undo fails; the intervention is answered: a person did the undo by hand."""
    for run in start_and_run(version, {**SAMPLE, "simulate": FAULTS["blocked"]}, None):
        for intervention in Intervention.objects.filter(run=run, status="open"):
            service.answer(intervention.pk, service.Reply("resolve", "Refunded by hand."), "ada")
    return run.pk


def published(name: str) -> WorkflowVersion:
    """Returns the newest version of one of the workflows; publishes it if there is none."""
    version = find_version(name)
    if version is None:
        document = APPROVAL if name == APPROVAL["name"] else _order(name)
        import_document(document, publish=True)
        return published(name)
    return version


def _order(name: str) -> dict[str, Any]:
    title = name.removeprefix(PREFIX).capitalize()
    return patterns.read("order_processing") | {"name": name, "title": f"{title} (made)"}
