"""Readers of fields that steps, worker calls and workflows share. PURE."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from designer.document.calls import IRREVERSIBLE, NO_UNDO, ON_FAILURE, Action, Retry, RollBack
from designer.document.limits import (
    LIMIT_NUMBER_MAX,
    NAME_LENGTH_MAX,
    QUEUE_LENGTH_MAX,
    SIGNAL_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    WORKER_LENGTH_MAX,
)
from designer.document.readers import (
    INVALID,
    any_schema,
    described,
    either,
    integer,
    is_true,
    json_object,
    list_of,
    matching,
    number,
    one_of,
    record,
    schema_of,
    text,
)
from designer.problems import Report, truncate
from workers.sdk.limits import (
    ATTEMPTS_MAX,
    ERROR_CODE,
    ERROR_PATTERN,
    ERROR_PATTERNS_MAX,
    LIMIT_NAME,
    POLICIES_MAX,
    RETRY_BOUNDS,
    SECONDS_MAX,
)

title = text(TITLE_LENGTH_MAX)
long_text = text(TEXT_LENGTH_MAX)
seconds = number(above=0, up_to=SECONDS_MAX)
worker = text(WORKER_LENGTH_MAX, empty=False)
queue = text(QUEUE_LENGTH_MAX, empty=False)
limit_number = integer(1, LIMIT_NUMBER_MAX)
limit = matching(LIMIT_NAME, "the name of a limit (small letters, digits, '_', '.', '-'; a letter first)")
on_failure = one_of(ON_FAILURE)
output_key = matching(
    re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{NAME_LENGTH_MAX - 1}}}", re.ASCII),
    "a name of letters, digits and underscores",
)
SIGNAL = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{SIGNAL_LENGTH_MAX - 1}}}", re.ASCII)
signal = matching(
    SIGNAL,
    "a signal's name (letters, digits, '_', '.', '-')",
)

error_patterns = list_of(
    matching(ERROR_PATTERN, "an error code, or a pattern of codes as payment.*"),
    least=1,
    up_to=ERROR_PATTERNS_MAX,
)
_policy = record(
    Retry,
    {
        **{field: number(least=least, up_to=most) for field, (least, most) in RETRY_BOUNDS.items()},
        "max_attempts": integer(*RETRY_BOUNDS["max_attempts"]),
        "asks_max": integer(0, ATTEMPTS_MAX),
        "only": error_patterns,
        "never": error_patterns,
    },
)
error_code = matching(ERROR_CODE, "an error's code (letters, digits, '_', '.', '-')")
retry = either(
    lambda value: isinstance(value, list | tuple), list_of(_policy, least=1, up_to=POLICIES_MAX), _policy
)
_roll_back = record(RollBack, {"rollback": is_true}, required=("rollback",))
_action = record(
    Action,
    {
        "worker": worker,
        "params": json_object,
        "timeout": seconds,
        "retry": retry,
        "queue": queue,
        "limit": limit,
    },
    required=("worker",),
)
share = matching(re.compile(r"(?:100|\d{1,2}(?:\.\d{1,3})?) ?%", re.ASCII), "a number, or a share as 10 %")


@described(any_schema(schema_of(worker), schema_of(_action)))
def action(value: object, path: str, report: Report) -> Any:
    """Reads a worker call. The name of a worker alone is a call without params, as in the builder."""
    return _action({"worker": value} if isinstance(value, str) else value, path, report)


@described(any_schema({"enum": [NO_UNDO, IRREVERSIBLE]}, schema_of(_roll_back), schema_of(action)))
def undo(value: object, path: str, report: Report) -> Any:
    """Reads an undo slot: a worker call, `{rollback: true}`, "none" or "irreversible"."""
    if value in (NO_UNDO, IRREVERSIBLE):
        return value
    return (_roll_back if isinstance(value, Mapping) and "rollback" in value else action)(value, path, report)


@described({"type": "string", "format": "date-time"})
def moment(value: object, path: str, report: Report) -> Any:
    """Reads a time with its zone, as `2026-01-31T09:00:00Z`, and keeps its text unchanged.

    A time that in UTC lies before year 1 or after year 9999 has no form in any database.
    """
    try:
        if isinstance(value, str) and (read := datetime.fromisoformat(value)).tzinfo:
            read.astimezone(UTC)
            return value
    except OverflowError:
        report("bad_value", path, f"{truncate(value)} lies outside the years 1 to 9999 in UTC")
        return INVALID
    except ValueError:
        pass
    report(
        "bad_value",
        path,
        f"a time with its zone is needed here, as 2026-01-31T09:00:00Z, not {truncate(value)}",
    )
    return INVALID
