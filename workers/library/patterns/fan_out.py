"""Fan-out and fan-in: split into batches, process each batch, combine the results in order.

Batches are items of a map step. In a workflow with fixed steps instead, the number at the end of a step's
name says which batch it takes. A batch that no step processed is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from workers import CriticalFailure, StepHandle, worker
from workers.library import measures
from workers.library.clock import now_text
from workers.library.faults import simulated
from workers.library.inputs import list_of, required, whole_number

CATEGORY = "Examples/Fan-out and fan-in"
BATCH_SIZE = 100
BATCH_SIZE_MAX = 100_000
RESULT_KEYS = ("results", "batch_results", "processed_batches", "process_batches", "result")
STEP_NUMBER = re.compile(r"(\d+)$")
PROCESSED = re.compile(r"processed_batch_(\d+)")


class SplitParams(BaseModel):
    """How the data is split."""

    batch_size: int | None = Field(
        None, ge=1, le=BATCH_SIZE_MAX, title="Batch size", description="Items a batch; the input's, or 100"
    )


@worker("split_data", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def split_data(context: dict[str, Any], params: SplitParams) -> dict[str, Any]:
    """Splits a list into batches, all of them.

    Reads `data` (a list) and `batch_size`. Gives `batches`, `total_batches`, `batch_size` and
    `total_items_in`.
    """
    data = list_of(context, "data")
    size = whole_number(context, "batch_size", BATCH_SIZE, least=1, most=BATCH_SIZE_MAX)
    batches = [data[start : start + size] for start in range(0, len(data), size)]
    return {
        "batches": batches,
        "total_batches": len(batches),
        "batch_size": size,
        "total_items_in": len(data),
    }


@worker("process_batch", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def process_batch(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Processes one batch: cleans and fingerprints each of its items.

    Reads `batch` or `item`, and `index`, as a map step hands them over; else `batch_N`, or the Nth of
    `batches`, for a step whose name ends in N. Gives `processed_batch` (in a map) or
    `processed_batch_N`, `batch_number`, `items_processed` and `processing_timestamp`.
    """
    number, batch, key = batch_of(context, step)
    if batch is None:
        return {"message": "No batch data found", "batch_number": number, "items_processed": 0}
    processed = [processed_item(item) for item in batch]
    return {
        key: processed,
        "batch_number": number,
        "items_processed": len(processed),
        "processing_timestamp": now_text(),
    }


@worker("process_item", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def process_item(context: dict[str, Any]) -> dict[str, Any]:
    """Processes one item: cleans and fingerprints it.

    Reads `item` as a map step hands it over. Gives `value` and `fingerprint`.
    """
    return processed_item(required(context, "item"))


@worker("combine_results", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def combine_results(context: dict[str, Any]) -> dict[str, Any]:
    """Puts the results of all batches together, in order; a missing batch fails the step.

    Reads the results of a map step (under `results`, `batch_results` or `result`) or the keys
    `processed_batch_N`. Gives `combined_results`, `total_items`, `batch_statistics`, `failed_batches`
    and `combination_timestamp`.
    """
    results = mapped_results(context)
    refuse_missing(results, context.get("total_batches"))
    done = {number: items for number, items in sorted(results.items()) if items is not None}
    return {
        "combined_results": [item for items in done.values() for item in items],
        "total_items": sum(map(len, done.values())),
        "batch_statistics": [
            {"batch_number": number, "items_count": len(items)} for number, items in done.items()
        ],
        "failed_batches": sorted(results.keys() - done.keys()),
        "combination_timestamp": now_text(),
    }


def batch_of(context: dict[str, Any], step: StepHandle) -> tuple[int, list[Any] | None, str]:
    """Number (from 1) and items of the batch to process, and the key of its result."""
    if "batch" in context or "item" in context:
        batch = context["batch"] if "batch" in context else context["item"]
        number = whole_number(context, "index", 0, least=0, most=10**9) + 1
        return number, batch if isinstance(batch, list) else [batch], "processed_batch"
    match = STEP_NUMBER.search(step.name)
    number = int(match.group()) if match else 1
    return number, numbered_batch(context, number), f"processed_batch_{number}"


def numbered_batch(context: Mapping[str, Any], number: int) -> list[Any] | None:
    batch = context.get(f"batch_{number}")
    batches = context.get("batches")
    if batch is None and isinstance(batches, list) and 0 < number <= len(batches):
        batch = batches[number - 1]
    return batch if isinstance(batch, list) else None


def processed_item(item: Any) -> dict[str, Any]:
    value = item.strip() if isinstance(item, str) else item
    return {"value": value, "fingerprint": measures.fingerprint_of(value)}


def mapped_results(context: Mapping[str, Any]) -> dict[int, list[Any] | None]:
    """Processed items by batch number; None for a batch whose failure the map step tolerated."""
    results = next((context[key] for key in RESULT_KEYS if isinstance(context.get(key), list)), None)
    if results is not None:
        return {number: items_of(result) for number, result in enumerate(results, start=1)}
    numbered = ((PROCESSED.fullmatch(key), value) for key, value in context.items())
    return {int(match.group(1)): value for match, value in numbered if match and isinstance(value, list)}


def items_of(result: Any) -> list[Any] | None:
    """The items in one result of a map step: those of a batch, or a single one. None for an error."""
    if not isinstance(result, dict) or set(result) == {"error"}:
        return None
    items = result.get("processed_batch", [result])
    return items if isinstance(items, list) else None


def refuse_missing(results: Mapping[int, Any], total: Any) -> None:
    """Raises CriticalFailure if fewer batches were processed than there are."""
    missing = sorted(set(range(1, total + 1)) - results.keys()) if isinstance(total, int) else []
    if missing:
        numbers = ", ".join(map(str, missing[:10]))
        raise CriticalFailure(
            f"{len(missing)} of {total} batches were never processed ({numbers}); "
            "use a map step over `batches`"
        )
