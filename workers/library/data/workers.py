"""The worker that checks data against a JSON Schema."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from designer.validation.json_schema import SchemaValidator, check_schema, misfits
from workers import CriticalFailure, worker
from workers.library.faults import simulated

CATEGORY = "Data"
ERRORS_SHOWN_MAX = 5


class ValidationParams(BaseModel):
    """What is checked, and by which schema."""

    model_config = ConfigDict(extra="forbid")
    data: Any = Field(title="Data", description="What to check, mostly an expression such as =context.order")
    data_schema: dict[str, Any] = Field(
        title="Schema", description="JSON Schema, draft 2020-12", alias="schema"
    )
    on_errors: Literal["fail", "list"] = Field(
        "fail",
        title="On errors",
        description="fail: the step fails with the code not_valid; list: it completes, and gives `errors`",
    )


@worker(
    "validate_json",
    title="Validate JSON",
    category=CATEGORY,
    timeout=60,
    compensation="none",
    rehearsal="real",
)
@simulated
def validate_json(params: ValidationParams) -> dict[str, Any]:
    """Checks data against a JSON Schema.

    Gives `valid` and `errors`, a list of `{path, message}` with 20 at most.
    """
    for problem in check_schema(params.data_schema, "schema"):
        raise CriticalFailure(f"{problem.path}: {problem.message}", code="bad_schema")
    found = misfits(SchemaValidator(params.data_schema), params.data, "data", certain_only=False)
    if found and params.on_errors == "fail":
        shown = "; ".join(f"{misfit.path}: {misfit.message}" for misfit in found[:ERRORS_SHOWN_MAX])
        more = f"; and {len(found) - ERRORS_SHOWN_MAX} more" if len(found) > ERRORS_SHOWN_MAX else ""
        raise CriticalFailure(shown + more, code="not_valid")
    return {
        "valid": not found,
        "errors": [{"path": misfit.path, "message": misfit.message} for misfit in found],
    }
