"""Effects that happen once per idempotency key, in whatever order attempts and compensations arrive.

The key is unique in the table. The first to insert a row with it wins: a further attempt of the step finds
the row and returns its output, and a compensation undoes it. A compensation that comes before the work
inserts a row that is void, so that a late attempt finds it and does nothing.

Call within a transaction. Rows are locked: by `FOR UPDATE` on PostgreSQL, and on SQLite because a transaction
that writes is the only one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from workers import CriticalFailure, StepHandle
from workers.library.shop.models import Effect
from workers.library.shop.orders import reference_number

Row = TypeVar("Row", bound=Effect)

UNDONE = frozenset({"released", "refunded", "cancelled", "void"})


def claimed(model: type[Row], step: StepHandle, **fields: Any) -> tuple[Row, bool]:
    """Returns the row of this step, and whether it is new.

    Raises CriticalFailure if the step was undone before.
    """
    row, is_new = get_or_insert(model, step, fields)
    status = getattr(row, "status", "")
    if status in UNDONE:
        raise CriticalFailure(f"{row.reference} was undone before ({status}); this attempt comes too late")
    return row, is_new


def to_undo(
    model: type[Row], step: StepHandle, context: Mapping[str, Any], reference_key: str
) -> tuple[Row, bool]:
    """Returns the row that this compensation undoes, and whether there is nothing to undo.

    The row has the step's key, or else the reference in the step's output (in the context, where the worker
    is a step of its own). If there is neither, a void row takes the key, so that an attempt that is still
    under way cannot take effect afterwards.
    """
    output = context.get("output")
    source = output if isinstance(output, dict) else context
    number = reference_number(source, reference_key, model.PREFIX)
    rows = model._default_manager.select_for_update()
    row = rows.filter(key=step.idempotency_key).first() or rows.filter(pk=number).first()
    if row is None:  # an attempt may insert one meanwhile: then that is the row to undo
        row, is_new = get_or_insert(model, step, {"status": "void"})
        return row, is_new or getattr(row, "status", "") == "void"
    return row, getattr(row, "status", "") == "void"


def get_or_insert(model: type[Row], step: StepHandle, fields: Mapping[str, Any]) -> tuple[Row, bool]:
    return model._default_manager.select_for_update().get_or_create(
        key=step.idempotency_key, defaults={"run_id": step.run_id, **fields}
    )
