"""Sequential processing: validate, process, transform, save."""

from __future__ import annotations

import json
import re
from collections import Counter
from time import perf_counter
from typing import Any

from workers import CriticalFailure, StepHandle, worker
from workers.library import files, measures
from workers.library.clock import now_text
from workers.library.faults import simulated, simulated_undo
from workers.library.inputs import required

CATEGORY = "Examples/Sequential processing"
FOLDER = "results"
SUFFIX = ".json"
TOP_WORDS = 5
WORD = re.compile(r"\w+")


@worker("validate_input", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def validate_input(context: dict[str, Any]) -> dict[str, Any]:
    """Makes sure that there is data to work on.

    Reads `raw_data`. Gives `validated_data`, `validation_timestamp` and `data_size` (characters).
    """
    data = context.get("raw_data")
    if not measures.is_filled(data):
        raise CriticalFailure("No data provided: raw_data is missing or empty")
    return {
        "validated_data": data,
        "validation_timestamp": now_text(),
        "data_size": measures.size_of(data),
    }


@worker("process_data", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def process_data(context: dict[str, Any]) -> dict[str, Any]:
    """Cleans the data and works out what there is to say of it.

    Reads `validated_data`. Gives `processed_data` and `processing_stats`.
    """
    started = perf_counter()
    data = required(context, "validated_data")
    cleaned = clean(data)
    processed = {"data": cleaned, "summary": summary_of(cleaned), "quality": measures.quality_of(cleaned)}
    return {
        "processed_data": processed,
        "processing_stats": {
            "input_size": context.get("data_size", measures.size_of(data)),
            "output_size": measures.size_of(processed),
            "processing_time": f"{perf_counter() - started:.3f}s",
        },
    }


@worker("transform_output", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def transform_output(context: dict[str, Any]) -> dict[str, Any]:
    """Puts the processed data into the form in which it is kept.

    Reads `processed_data`. Gives `transformed_data` and `transformation_timestamp`.
    """
    processed = required(context, "processed_data")
    return {
        "transformed_data": {
            "format": 1,
            "type": measures.type_of(context.get("validated_data", processed)),
            "fingerprint": measures.fingerprint_of(processed),
            "content": processed,
        },
        "transformation_timestamp": now_text(),
    }


@worker("save_results", category=CATEGORY, compensation="discard_results", rehearsal="real")
@simulated
def save_results(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Saves the transformed data to a file in the data folder.

    Reads `transformed_data`. Gives `results_path`, `results_bytes`, `results_sha256` and `save_timestamp`.
    """
    text = json.dumps(required(context, "transformed_data"), ensure_ascii=False, indent=2)
    written = files.write_of(step, files.step_file(FOLDER, step, SUFFIX), text)
    return {
        "results_path": written.path,
        "results_bytes": written.bytes,
        "results_sha256": written.sha256,
        "save_timestamp": now_text(),
    }


@worker("discard_results", category=CATEGORY, compensation="irreversible", rehearsal="real")
@simulated_undo
def discard_results(step: StepHandle) -> dict[str, Any]:
    """Removes the saved file: undoes "Save results"."""
    files.mark_undone(step)
    was_there = files.remove(files.step_file(FOLDER, step, SUFFIX))
    return {"status": "success" if was_there else "no_action_needed"}


def clean(value: Any) -> Any:
    """The data with its texts stripped and each run of whitespace replaced by one space."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {key: clean(member) for key, member in value.items()}
    return value


def summary_of(data: Any) -> dict[str, Any]:
    if isinstance(data, str):
        words = WORD.findall(data.lower())
        return {"words": len(words), "top_words": Counter(words).most_common(TOP_WORDS)}
    summary: dict[str, Any] = {"numbers": measures.statistics_of(measures.numbers_in(data))}
    if isinstance(data, list | dict):
        summary["items"] = len(data)
    return summary
