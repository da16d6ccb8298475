"""Nested workflows: the workers of `master_workflow` and of the two workflows that it runs.

`data_analysis` profiles the data and stores the analysis; `data_export` formats the data and writes a file.
The compensations of both remove what they have written.
"""

from __future__ import annotations

import json
from typing import Any

from workers import StepHandle, worker
from workers.library import files, measures
from workers.library.clock import now_text
from workers.library.faults import simulated, simulated_undo
from workers.library.inputs import list_of, required
from workers.library.patterns.rows import export
from workers.library.patterns.rows.enrich import column_fill
from workers.library.patterns.transformation import FOLDER as EXPORT_FOLDER
from workers.library.patterns.transformation import ExportParams

CATEGORY = "Examples/Nested workflows"
ANALYSIS_FOLDER = "analyses"
SUFFIX = ".json"
INPUT_KEYS = ("sub_workflow_input", "data", "raw_data")
RESULT_KEYS = (
    "analysis", "analysis_path", "export_path", "exported_rows", "sub_workflow_result",
)  # fmt: skip


@worker("prepare_data", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def prepare_data(context: dict[str, Any]) -> dict[str, Any]:
    """Brings the input into rows that both child workflows take.

    Reads `sub_workflow_input` (an object with `data`, or the data itself), `data` or `raw_data`, and
    `sub_workflow_type`. Gives `prepared_data`, `record_count`, `sub_workflow_type` and
    `preparation_timestamp`.
    """
    rows = rows_of(context)
    return {
        "prepared_data": rows,
        "record_count": len(rows),
        "sub_workflow_type": context.get("sub_workflow_type") or "default",
        "preparation_timestamp": now_text(),
    }


@worker("consolidate_results", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def consolidate_results(context: dict[str, Any]) -> dict[str, Any]:
    """Puts what the children gave together.

    Reads the children's outputs (`analysis`, `analysis_path`, `export_path`, `exported_rows`) and
    `record_count`. Gives `consolidated_results` and `consolidation_timestamp`.
    """
    return {
        "consolidated_results": {
            "record_count": context.get("record_count", 0),
            **{key: context[key] for key in RESULT_KEYS if key in context},
        },
        "consolidation_timestamp": now_text(),
    }


@worker("profile_data", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def profile_data(context: dict[str, Any]) -> dict[str, Any]:
    """Describes rows: how many, how complete, the statistics of each column of numbers.

    Reads `data`. Gives `analysis`.
    """
    rows = list_of(context, "data")
    records = [row for row in rows if isinstance(row, dict)]
    return {
        "analysis": {
            "records": len(rows),
            "type": measures.type_of(rows),
            "complexity": measures.complexity_of(rows),
            "quality": measures.quality_of(rows),
            "column_fill": column_fill(records),
            "columns": column_statistics(records),
        }
    }


@worker("store_analysis", category=CATEGORY, compensation="discard_analysis", rehearsal="real")
@simulated
def store_analysis(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Keeps the analysis as a file in the data folder.

    Reads `analysis`. Gives `analysis_path` and `analysis_timestamp`.
    """
    text = json.dumps(required(context, "analysis"), ensure_ascii=False, indent=2)
    written = files.write_of(step, files.step_file(ANALYSIS_FOLDER, step, SUFFIX), text)
    return {"analysis_path": written.path, "analysis_timestamp": now_text()}


@worker("discard_analysis", category=CATEGORY, compensation="irreversible", rehearsal="real")
@simulated_undo
def discard_analysis(step: StepHandle) -> dict[str, Any]:
    """Removes the file of an analysis: undoes "Store analysis"."""
    files.mark_undone(step)
    was_there = files.remove(files.step_file(ANALYSIS_FOLDER, step, SUFFIX))
    return {"status": "success" if was_there else "no_action_needed"}


@worker("format_export", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def format_export(context: dict[str, Any]) -> dict[str, Any]:
    """Numbers and fingerprints each row for export.

    Reads `data`. Gives `export_rows`.
    """
    rows = list_of(context, "data")
    return {"export_rows": [numbered(number, row) for number, row in enumerate(rows, start=1)]}


@worker("write_export", category=CATEGORY, compensation="remove_export", rehearsal="real")
@simulated
def write_export(context: dict[str, Any], params: ExportParams, step: StepHandle) -> dict[str, Any]:
    """Writes the rows to a file in the data folder.

    Reads `export_rows`. Gives `export_path`, `exported_rows` and `export_timestamp`.
    """
    rows = list_of(context, "export_rows")
    path = files.step_file(EXPORT_FOLDER, step, f".{params.format}")
    written = files.write_of(step, path, export.text_of(rows, params.format))
    return {"export_path": written.path, "exported_rows": len(rows), "export_timestamp": now_text()}


def rows_of(context: dict[str, Any]) -> list[Any]:
    data: Any = next((context[key] for key in INPUT_KEYS if context.get(key) is not None), [])
    if isinstance(data, dict) and "data" in data:
        data = data["data"]
    return data if isinstance(data, list) else [data]


def column_statistics(records: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    numbers: dict[str, list[float]] = {}
    for record in records:
        for key, value in record.items():
            if measures.is_number(value):
                numbers.setdefault(key, []).append(float(value))
    return {key: measures.statistics_of(values) for key, values in numbers.items()}


def numbered(number: int, row: Any) -> dict[str, Any]:
    values = row if isinstance(row, dict) else {"value": row}
    return {"row_number": number, **values, "fingerprint": measures.fingerprint_of(row)}
