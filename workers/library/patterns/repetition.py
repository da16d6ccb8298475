"""Repetition: what loops and maps with bodies repeat in the shipped workflows.

A report takes its time and is asked after until it is done; a catalogue is read page by page; a text is
revised until somebody approves it; rows are checked and written one by one.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from workers import CriticalFailure, StepHandle, worker
from workers.library import files
from workers.library.clock import now
from workers.library.faults import simulated, simulated_undo
from workers.library.inputs import list_of, required

CATEGORY = "Examples/Repetition"
ROWS_FOLDER = "imports"
SUFFIX = ".json"
PAGE_SIZE_MAX = 1_000
REPORT_S_MAX = 3_600.0


class ReportParams(BaseModel):
    """How long the report takes."""

    seconds: float = Field(
        2.0, ge=0, le=REPORT_S_MAX, title="Seconds until it is done", description="From when it is ordered"
    )


class PageParams(BaseModel):
    """Which part of the catalogue is read."""

    start: int | None = Field(None, ge=0, title="First row", description="The first page where left out")
    size: int = Field(3, ge=1, le=PAGE_SIZE_MAX, title="Rows a page", description="The last may have fewer")


@worker("order_report", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def order_report(params: ReportParams, step: StepHandle) -> dict[str, Any]:
    """Orders a report that takes `seconds`. Gives `report` with `id` and `ready_at`."""
    ready_at = now() + timedelta(seconds=params.seconds)
    return {"report": {"id": step.idempotency_key, "ready_at": ready_at.isoformat()}}


@worker("check_report", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def check_report(context: dict[str, Any]) -> dict[str, Any]:
    """Asks whether a report is done. Reads `report`, gives `state`: running or done."""
    report = required(context, "report")
    is_done = now() >= datetime.fromisoformat(report["ready_at"])
    return {"state": "done" if is_done else "running", "asked": int(context.get("asked", 0)) + 1}


@worker("read_page", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def read_page(context: dict[str, Any], params: PageParams) -> dict[str, Any]:
    """Reads a page of `catalogue`. Gives `rows`, and `next`: where the next page starts, or null."""
    rows, start = list_of(context, "catalogue"), params.start or 0
    end = start + params.size
    return {"rows": rows[start:end], "next": end if end < len(rows) else None}


@worker("write_draft", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def write_draft(context: dict[str, Any]) -> dict[str, Any]:
    """Writes the next version of a text. Reads `subject`, `turn`, and `comment` on the last one."""
    subject, turn, comment = required(context, "subject"), context.get("turn", 1), context.get("comment")
    change = f" As asked: {comment}" if comment else ""
    return {"draft": f"Version {turn} of “{subject}”.{change}"}


@worker("check_row", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def check_row(context: dict[str, Any]) -> dict[str, Any]:
    """Checks one row of an import: a name, and a price that is no less than 0. Reads `item`, gives `row`."""
    item = required(context, "item")
    if not isinstance(item, dict) or not item.get("name"):
        raise CriticalFailure("The row has no name.", code="row.no_name")
    price = item.get("price")
    if isinstance(price, bool) or not isinstance(price, int | float) or price < 0:
        raise CriticalFailure(f"{item['name']} has no price.", code="row.no_price")
    return {"row": {"name": str(item["name"]).strip(), "price": price}}


@worker("write_row", category=CATEGORY, compensation="remove_row", rehearsal="real")
@simulated
def write_row(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Writes a row into a file of its own. Reads `row`, gives `path`."""
    text = json.dumps(required(context, "row"), ensure_ascii=False)
    return {"path": files.write_of(step, files.step_file(ROWS_FOLDER, step, SUFFIX), text).path}


@worker("remove_row", category=CATEGORY, compensation="irreversible", rehearsal="real")
@simulated_undo
def remove_row(step: StepHandle) -> dict[str, Any]:
    """Removes the file of a row: undoes "Write row"."""
    files.mark_undone(step)
    was_there = files.remove(files.step_file(ROWS_FOLDER, step, SUFFIX))
    return {"status": "success" if was_there else "no_action_needed"}
