"""Error recovery: try, retry later, fall back, ask for a person; then verify and clean up.

`{"simulate": {"attempt_processing": …}}` is a fault of the primary processing, so that `temporary:N` stands
for a service that is busy for N attempts; a fault under `fallback_processing` is one of the fallback.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field

from workers import CriticalFailure, StepHandle, TemporaryFailure, worker
from workers.library import files, measures
from workers.library.clock import now_text
from workers.library.faults import after_work, before_work, fault_of, simulated
from workers.library.inputs import required, whole_number

CATEGORY = "Examples/Error recovery"
FOLDER = "scratch"
FILE = "result.json"
MAX_RETRIES = 3
MAX_RETRIES_MOST = 100
BACKOFF_S_MAX = 30


class RetryParams(BaseModel):
    """How patient the worker is."""

    max_retries: int | None = Field(
        None,
        ge=0,
        le=MAX_RETRIES_MOST,
        title="Retries",
        description="Then it falls back; the input's, or 3",
    )


@worker("attempt_processing", category=CATEGORY, compensation="cleanup_resources", rehearsal="real")
def attempt_processing(context: dict[str, Any], params: RetryParams, step: StepHandle) -> dict[str, Any]:
    """Processes the data; asks for another attempt while the service is busy, then falls back.

    Reads `data`, `max_retries` and `retry_count`. Gives `result`, `status`, `method` and `attempts_used`,
    and keeps its work in a scratch folder until "Clean up resources".
    """
    fault = fault_of(context, step, step.name, "attempt_processing")
    if fault.kind == "failed":
        return {"status": "failed", "error": "simulated failure of attempt_processing"}
    data = required(context, "data")
    retry_count = whole_number(context, "retry_count", 0, least=0, most=10**6)
    try:
        before_work(fault, "attempt_processing", step)
        result = primary_processing(data, step)
    except TemporaryFailure as error:
        return recovered(context, step, data, retry_count, str(error))
    except CriticalFailure as error:
        return {"status": "critical_failure", "error": str(error), "requires_intervention": True}
    after_work(fault, step)
    return {"result": result, "status": "success", "method": "primary", "attempts_used": retry_count + 1}


@worker("verify_results", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def verify_results(context: dict[str, Any]) -> dict[str, Any]:
    """Checks that there is a result, and that it is one of the data, where it says of which it is.

    Reads `result` and `data`. Gives `verification_passed`, `verified_result` and
    `verification_timestamp`; an empty result, or one of other data, fails the step.
    """
    result = required(context, "result")
    if not measures.is_filled(result):
        return {"status": "validation_failed", "error": "the result is empty"}
    expected = measures.fingerprint_of(context.get("data"))
    fingerprint = result.get("fingerprint", expected) if isinstance(result, dict) else expected
    if fingerprint != expected:
        return {
            "status": "validation_failed",
            "error": f"the result is of {fingerprint!r:.40}, not of {expected!r}",
        }
    return {
        "verification_passed": True,
        "verified_result": result,
        "verification_timestamp": now_text(),
    }


@worker(
    "cleanup_resources", category=CATEGORY, title="Clean up resources", compensation="none", rehearsal="real"
)
@simulated
def cleanup_resources(step: StepHandle) -> dict[str, Any]:
    """Empties the run's scratch folder; also undoes "Attempt processing".

    Gives `cleaned_files` and `cleanup_timestamp`.
    """
    if step.direction == "undo":
        files.mark_undone(step)
    folder = files.run_folder(FOLDER, step)
    return {"cleaned_files": files.remove_folder(folder), "cleanup_timestamp": now_text()}


def primary_processing(data: Any, step: StepHandle) -> dict[str, Any]:
    """The full processing; keeps its result in the scratch folder."""
    result = {
        "processed": True,
        "method": "primary",
        "fingerprint": measures.fingerprint_of(data),
        "type": measures.type_of(data),
        "quality": measures.quality_of(data),
    }
    files.write_of(step, files.run_folder(FOLDER, step) / FILE, json.dumps(result))
    return result


def fallback_processing(data: Any) -> dict[str, Any]:
    """The reduced processing, which needs no service."""
    return {
        "processed": True,
        "method": "fallback",
        "fingerprint": measures.fingerprint_of(data),
        "quality": "basic",
    }


def recovered(
    context: dict[str, Any], step: StepHandle, data: Any, retry_count: int, error: str
) -> dict[str, Any]:
    """The result after a temporary failure: another attempt while some are left, then the fallback."""
    if retry_count < whole_number(context, "max_retries", MAX_RETRIES, least=0, most=MAX_RETRIES_MOST):
        return {
            "status": "retry_needed",
            "error": error,
            "retry_count": retry_count + 1,
            # Exponential: 1, 2, 4, … seconds up to the limit.
            "next_attempt_delay": min(BACKOFF_S_MAX, 1 << min(retry_count, BACKOFF_S_MAX)),
        }
    attempts_used = retry_count + 1
    try:
        before_work(fault_of(context, step, "fallback_processing"), "fallback_processing", step)
        result = fallback_processing(data)
    except Exception as fallback_error:
        return {
            "status": "failed",
            "primary_error": error,
            "fallback_error": str(fallback_error),
            "attempts_used": attempts_used,
        }
    return {
        "result": result,
        "status": "fallback_success",
        "method": "fallback",
        "attempts_used": attempts_used,
        "primary_error": error,
    }
