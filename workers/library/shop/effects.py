"""Effects that happen once a key, whatever the number of attempts, and whoever comes first.

Call inside a transaction. Rows come locked: by the row on PostgreSQL, and on SQLite because
every transaction there is the only writer.
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
    """The row of this step, and whether it is new. Refuses a step that has been undone already."""
    row, is_new = keyed(model, step, fields)
    status = getattr(row, "status", "")
    if status in UNDONE:
        raise CriticalFailure(f"{row.reference} was undone before ({status}); this attempt comes too late")
    return row, is_new


def to_undo(
    model: type[Row], step: StepHandle, context: Mapping[str, Any], reference_key: str
) -> tuple[Row, bool]:
    """The row that this compensation undoes, and whether there was nothing to undo.

    Found by the step's key, else by the reference in the step's output (in the context, where the
    worker is a step of its own); else a void row takes the key, so that an attempt that is still
    under way can't take effect afterwards.
    """
    output = context.get("output")
    source = output if isinstance(output, dict) else context
    number = reference_number(source, reference_key, model.PREFIX)
    rows = model._default_manager.select_for_update()
    found = rows.filter(key=step.idempotency_key).first() or rows.filter(pk=number).first()
    if found is None:
        found, is_new = keyed(model, step, {"status": "void"})
        return found, is_new or getattr(found, "status", "") == "void"
    return found, getattr(found, "status", "") == "void"


def keyed(model: type[Row], step: StepHandle, fields: Mapping[str, Any]) -> tuple[Row, bool]:
    return model._default_manager.select_for_update().get_or_create(
        key=step.idempotency_key, defaults={"run_id": step.run_id, **fields}
    )
