"""Trials: runs of an unpublished draft, or of one step of it, by the real workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.expressions.functions.times import NOW
from designer.models import WorkflowVersion
from designer.services import workflows
from runs.engine import engine
from runs.errors import BadInput
from runs.models import Run
from runs.store import reader


def try_draft(name: str, input: Mapping[str, Any], revision: int | None = None, user: Any = None) -> Run:
    """Starts a run of the draft as it would be published now.

    Raises `TrialRefused` with its problems, `StaleDraft`, `UnknownWorkflow` or `BadInput`.
    """
    return _start(workflows.create_trial_version(name, revision, user), input, user)


def try_step(
    name: str,
    step: str,
    context: Mapping[str, Any],
    steps: Mapping[str, Any],
    revision: int | None = None,
    user: Any = None,
) -> Run:
    """Starts a run of one step alone; `steps` are the outputs that its expressions read as `steps.<name>`.

    Raises what `try_draft` raises.
    """
    scope = {
        "context": context,
        "input": context,
        "steps": steps,
        "outcomes": {step: {"status": "completed", "error": None} for step in steps},
        "run": {"id": "", "workflow": name},
        NOW: reader.now(),
    }
    return _start(workflows.create_step_trial_version(name, step, scope, revision, user), context, user)


def _start(version: WorkflowVersion, input: Mapping[str, Any], user: Any) -> Run:
    try:
        return engine.start_run(version, input, user=user, trial=True)
    except BadInput:
        version.delete()
        raise
