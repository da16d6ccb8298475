"""The workers that publish events, and start and roll back runs."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from designer.document.limits import EVENT_TYPE_LENGTH_MAX
from designer.services.queries import find_version
from runs.engine import engine
from runs.engine.after_commit import roll_back_child
from runs.engine.creation import Request
from runs.engine.starting import Started
from runs.errors import BadInput, RunsError, WorkflowFull
from runs.machine.errors import Refused
from runs.machine.limits import PRIORITY_MAX, PRIORITY_STANDARD
from runs.machine.states import RUN_ENDED
from runs.models import Run
from runs.triggers.debounce import Held
from runs.triggers.events import Result, start_by_event
from runs.triggers.incoming.cloudevents import CloudEvent
from workers import CriticalFailure, StepHandle, TemporaryFailure, worker
from workers.library import records
from workers.library.faults import simulated, simulated_undo
from workers.sdk.limits import ERROR_CODE

CATEGORY = "Flow"
PROBLEMS_SHOWN_MAX = 5
UNTIL_ROLLED_BACK = {"max_attempts": 1_000, "initial": 1, "factor": 2, "max": 60}  # for half a day and more


class EventParams(BaseModel):
    """The event."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(
        title="Type",
        description="What happened, as order.paid; workflows and steps wait for it by this name",
        pattern=r"^\S+$",
        max_length=EVENT_TYPE_LENGTH_MAX,
    )
    data: dict[str, Any] = Field(
        {}, title="Data", description="What there is to say of it; the input of the runs that it starts"
    )
    source: str = Field(
        "sagaboard", title="Source", description="Where it happened", min_length=1, max_length=500
    )


class StartParams(BaseModel):
    """The run that is started."""

    model_config = ConfigDict(extra="forbid")
    workflow: str = Field(title="Workflow", description="The name of a published workflow")
    input: dict[str, Any] = Field({}, title="Input", description="What it starts with")
    labels: dict[str, str] = Field({}, title="Labels", description="By which the run is found in lists")
    priority: int = Field(
        PRIORITY_STANDARD,
        title="Priority",
        description="0 to 9; what is ready of runs with a higher one comes first",
        ge=0,
        le=PRIORITY_MAX,
    )
    version: int | None = Field(
        None, title="Version", description="Which published version; left empty, the newest", ge=1
    )


@worker(
    "publish_event", title="Publish event", category=CATEGORY, compensation="irreversible", rehearsal="real"
)
@simulated
def publish_event(params: EventParams, step: StepHandle) -> dict[str, Any]:
    """Publishes an event: starts the workflows that wait for its type, and wakes the steps that do.

    Gives `event_id`, `runs` that it started, `taken` by how many waiting runs, and `refused`. A further
    attempt publishes nothing twice.
    """
    identity = {"id": key_of(step), "source": params.source, "type": params.type}
    event = CloudEvent(**identity, attributes=identity, data=params.data)
    try:
        _, taken = engine.take_event({**identity, "data": params.data})
        results = start_by_event(event)
    except RunsError as error:
        raise failure_of(error) from error
    return {
        "event_id": event.id,
        "runs": [fact for result in results if (fact := run_of(result))],
        "taken": taken,
        "refused": [
            {"workflow": result.workflow, "code": result.error.code, "message": str(result.error)}
            for result in results
            if result.error
        ],
    }


def run_of(result: Result) -> dict[str, Any] | None:
    """What came of an event for one workflow; None if it was refused."""
    if isinstance(result.started, Started):
        return {"workflow": result.workflow, "run_id": str(result.started.run.pk)}
    if isinstance(result.started, Held):
        return {"workflow": result.workflow, "run_id": None, "starts_at": result.started.until}
    return None


@worker(
    "start_workflow",
    title="Start workflow",
    category=CATEGORY,
    compensation="roll_back_run",
    rehearsal="real",
)
@simulated
def start_workflow(params: StartParams, step: StepHandle) -> dict[str, Any]:
    """Starts a run of another workflow, and goes on without waiting for it.

    Gives `run_id`, `workflow` and `version`. A further attempt starts nothing twice. Undone, that run is
    rolled back as well.
    """
    version = find_version(params.workflow, params.version)
    if version is None:
        which = (
            f"version {params.version} of {params.workflow!r}" if params.version else repr(params.workflow)
        )
        raise CriticalFailure(f"there is no published workflow {which:.200}", code="unknown_workflow")
    record = records.begin(step, workflow=params.workflow)
    request = Request(
        version, params.input, params.labels, None, key_of(step), is_of_trial(step), priority=params.priority
    )
    try:
        run = engine.start_one(request).run
    except (RunsError, Refused) as error:
        raise failure_of(error) from error
    records.note(record, run_id=str(run.pk))
    if records.is_withdrawn(step):
        roll_back_child(run.pk, by="")
        raise CriticalFailure(records.UNDONE, code="undone")
    return {"run_id": str(run.pk), "workflow": params.workflow, "version": version.number}


@worker(
    "roll_back_run",
    title="Roll back run",
    category=CATEGORY,
    compensation="irreversible",
    retry=UNTIL_ROLLED_BACK,
    rehearsal="real",
)
@simulated_undo
def roll_back_run(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Rolls back the run that "Start workflow" started, also one that is under way, and waits for its end.

    Gives `run_id` and the `run_status` that it has then.
    """
    run = started_run(context, step)
    if run is None:
        return {"run_id": None, "run_status": None}
    if run.status != "compensated":
        roll_back_child(run.pk, by="")
        run.refresh_from_db()
    facts = {"run_id": str(run.pk), "run_status": str(run.status)}
    if run.status not in RUN_ENDED:
        waits = "waits for a person" if run.status == "blocked" else "is being rolled back"
        return {**facts, "status": "retry_needed", "error": f"run {run.pk} {waits}"}
    if run.left or run.status == "completed":  # it has passed its point of no return
        problem = f"run {run.pk} has ended as {run.status} and cannot be undone wholly"
        return {**facts, "status": "failed", "error": problem, "requires_manual_intervention": True}
    return facts


def started_run(context: dict[str, Any], step: StepHandle) -> Run | None:
    """Returns the run that a step started, also if its output is lost, or was never given."""
    record = records.withdraw(step)
    output = context.get("output")
    run_id = record.details.get("run_id") or (output.get("run_id") if isinstance(output, dict) else None)
    if isinstance(run_id, str):
        return Run.objects.filter(pk=UUID(run_id)).first()
    name = record.details.get("workflow")
    return Run.objects.filter(workflow_name=name, idempotency_key=key_of(step)).first() if name else None


def is_of_trial(step: StepHandle) -> bool:
    """Whether the step belongs to a trial of a draft; then the runs that it starts are trials, too."""
    try:
        return Run.objects.filter(pk=UUID(step.run_id), trial=True).exists()
    except ValueError:  # of a test that calls a worker without a run
        return False


def key_of(step: StepHandle) -> str:
    """The idempotency key of what a step sends into this system; a step's own key may be too long for one."""
    return f"step-{sha256(step.idempotency_key.encode()).hexdigest()}"


def failure_of(error: RunsError | Refused) -> CriticalFailure | TemporaryFailure:
    """The failure of a step for a refusal, with its code."""
    code = error.code if ERROR_CODE.fullmatch(error.code or "") else "refused"
    message = str(error)
    if isinstance(error, BadInput) and error.problems:
        shown = error.problems[:PROBLEMS_SHOWN_MAX]
        message += " " + "; ".join(f"{problem['path']}: {problem['message']}" for problem in shown)
    if isinstance(error, WorkflowFull):
        return TemporaryFailure(message, code=code)
    return CriticalFailure(message, code=code)
