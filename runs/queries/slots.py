"""Steps of a run that wait for a slot of a named limit, and how many are before them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from designer.document.graph import Graph
from runs.machine.states import State
from runs.models import Slot
from runs.store.database import database
from runs.store.slots import before

STEPS_MAX = 20  # of one run, whose place is counted


def waits_of(run_id: UUID, graph: Graph, state: State) -> dict[str, dict[str, Any]]:
    """Returns, by step, the limit that it waits for and how many steps are before it, up to COUNTED_MAX.

    Of a map's items, the first that waits counts.
    """
    if not graph.has_limits or state.run.phase == "ended":
        return {}
    rows = Slot.objects.filter(run_id=run_id, held=False).order_by("rank", "turn_at", "id")
    first: dict[str, Slot] = {}
    for row in rows[: STEPS_MAX * 10]:
        first.setdefault(row.step.partition("[")[0], row)
    db = database()
    return {
        step: {"limit": row.limit_name, "before": before(db, row.limit_name, row.rank, row.turn_at, row.pk)}
        for step, row in list(first.items())[:STEPS_MAX]
    }
