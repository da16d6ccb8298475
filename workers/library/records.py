"""Records of effects by idempotency key, so that attempts and undos of one step know of each other.

An attempt notes what it is about to do before it does it (`begin`), and asks afterwards whether it was undone
meanwhile (`is_withdrawn`). An undo first marks the record (`withdraw`), and then undoes what it says. So in
whatever order they come, nothing stays of a step that was undone: either the undo sees the effect, or the
attempt sees the mark and takes the effect back itself.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from workers import CriticalFailure, StepHandle
from workers.library.models import EffectRecord

UNDONE = "this step was undone before; this attempt comes too late and leaves nothing behind"


def begin(step: StepHandle, **details: Any) -> EffectRecord:
    """Returns the record of this step's effect, made with `details` by its first attempt.

    Raises CriticalFailure, with the code `undone`, if the step was undone before.
    """
    record, _ = EffectRecord.objects.get_or_create(
        key=step.idempotency_key, defaults={"run_id": step.run_id, "details": details}
    )
    if record.is_undone:
        raise CriticalFailure(UNDONE, code="undone")
    return record


def note(record: EffectRecord, **details: Any) -> None:
    """Adds to what a record says. The mark of an undo, which may have come meanwhile, stays."""
    with transaction.atomic():
        row = EffectRecord.objects.select_for_update().get(pk=record.pk)
        record.details = row.details = {**row.details, **details}
        row.save(update_fields=["details"])


def is_withdrawn(step: StepHandle) -> bool:
    """Whether an undo of this step has begun."""
    return EffectRecord.objects.filter(key=step.idempotency_key, is_undone=True).exists()


def withdraw(step: StepHandle) -> EffectRecord:
    """Marks the effect of a step as undone, also one that has not come yet. Returns its record."""
    EffectRecord.objects.update_or_create(
        key=step.idempotency_key,
        defaults={"is_undone": True},
        create_defaults={"run_id": step.run_id, "details": {}, "is_undone": True},
    )
    return EffectRecord.objects.get(key=step.idempotency_key)
