"""Data transformation pipeline: validate, normalise, enrich, score, export.

`data` is a list of rows, each validated and cleaned by itself, or a single object. A bad row is removed and
reported with its index in the input and the reason. The rules for rows are in
`workers.library.patterns.rows`.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field

from workers import CriticalFailure, StepHandle, worker
from workers.library import files
from workers.library.clock import now_text
from workers.library.faults import simulated, simulated_undo
from workers.library.inputs import required
from workers.library.patterns.rows import enrich, export
from workers.library.patterns.rows.normalise import RULES, BadRow, clean_row, columns_of
from workers.library.patterns.rows.schema import (
    ROW_SCHEMA,
    field_problems,
    is_json_schema,
    numeric_fields,
    reasons,
    validator_of,
)

CATEGORY = "Examples/Data transformation"
FOLDER = "exports"
HELD_FOLDER = "exports/held"
READY_SCORE = 0.7
COMPLETE = 0.8
ERRORS_MAX = 20

Row = dict[str, Any]


class SchemaParams(BaseModel):
    """What each row must look like."""

    data_schema: dict[str, Any] | None = Field(
        None,
        title="Schema",
        description="JSON Schema of one row, or {field: type name}; without one, any object will do",
        alias="schema",
    )


class ExportParams(BaseModel):
    """How the file is written."""

    format: export.Format = Field("json", title="Format", description="json, jsonl or csv")


@worker("validate_schema", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def validate_schema(context: dict[str, Any], params: SchemaParams) -> dict[str, Any]:
    """Checks the data against a schema; takes bad rows out and reports them.

    Reads `data` and `schema`. Gives `validated_data`, `schema_version`, `schema_used`, and of rows
    `row_report` and `rejected_rows`. Data of which nothing is left fails the step.
    """
    data = required(context, "data")
    schema = params.data_schema or context.get("schema") or {}
    if not isinstance(schema, dict):
        raise CriticalFailure(f"schema: expected an object, got {type(schema).__name__}")
    if isinstance(data, dict):
        return validated_object(data, schema)
    if isinstance(data, list):
        return validated_rows(data, schema or ROW_SCHEMA)
    raise CriticalFailure(f"data: expected a list of rows or an object, got {type(data).__name__}")


@worker("normalize_data", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def normalize_data(context: dict[str, Any]) -> dict[str, Any]:
    """Brings titles, dates, numbers and texts into one form.

    Reads `validated_data`. Gives `normalized_data` and `normalization_rules_applied`, and of rows
    `row_remarks` and the longer `rejected_rows`: rows with a date or number that can't be read.
    """
    data = required(context, "validated_data")
    if isinstance(data, dict):
        return normalized_object(data)
    return normalized_rows(data, context.get("rejected_rows") or [], context.get("schema_used") or {})


@worker("enrich_data", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def enrich_data(context: dict[str, Any]) -> dict[str, Any]:
    """Adds what follows from the data: fingerprints, years, decades, profits.

    Reads `normalized_data`. Gives `enriched_data`, `enrichment_sources`, `enrichment_completeness`
    (0 to 1) and `enrichment_timestamp`.
    """
    data = required(context, "normalized_data")
    schema = context.get("schema_used") or {}
    enriched = enrich.enriched_object(data) if isinstance(data, dict) else enrich.enriched_rows(data)
    return {
        "enriched_data": enriched,
        "enrichment_sources": enrich.sources_of(enriched),
        "enrichment_completeness": enrich.completeness(enriched, schema.get("required")),
        "enrichment_timestamp": now_text(),
    }


@worker("validate_output", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def validate_output(context: dict[str, Any]) -> dict[str, Any]:
    """Judges the quality of the result, from 0 to 1; 0.7 and more is ready for export.

    Reads `enriched_data`, `normalized_data` and `enrichment_completeness`. Gives `final_data`,
    `quality_score`, `quality_checks_passed`, `ready_for_export` and `column_fill`.
    """
    enriched = required(context, "enriched_data")
    checks = {
        "fingerprint_present": (0.3, enrich.has_fingerprints(enriched)),
        "high_completeness": (0.4, context.get("enrichment_completeness", 0) > COMPLETE),
        "data_preserved": (0.3, len(enriched) >= len(context.get("normalized_data") or ())),
    }
    score = round(sum(weight for weight, is_passed in checks.values() if is_passed), 3)
    return {
        "final_data": enriched,
        "quality_score": score,
        "quality_checks_passed": [name for name, (_, is_passed) in checks.items() if is_passed],
        "ready_for_export": score >= READY_SCORE,
        "column_fill": enrich.column_fill(enriched),
    }


@worker("export_data", category=CATEGORY, compensation="remove_export", rehearsal="real")
@simulated
def export_data(context: dict[str, Any], params: ExportParams, step: StepHandle) -> dict[str, Any]:
    """Writes the result to a file in the data folder; what is not ready goes to its `held` folder.

    Reads `final_data`, `ready_for_export` and `rejected_rows`. Gives `export_path`, `exported_rows`,
    `export_bytes`, `export_sha256`, `export_timestamp`, `held_for_review`, and where rows were
    rejected the `rejected_path` of a file that lists them.
    """
    data = required(context, "final_data")
    is_held = context.get("ready_for_export") is False
    path = files.step_file(HELD_FOLDER if is_held else FOLDER, step, f".{params.format}")
    written = files.write_of(step, path, export.text_of(data, params.format))
    output = {
        "export_path": written.path,
        "export_format": params.format,
        "exported_rows": len(data) if isinstance(data, list) else 1,
        "export_bytes": written.bytes,
        "export_sha256": written.sha256,
        "export_timestamp": now_text(),
        "held_for_review": is_held,
    }
    rejected = context.get("rejected_rows")
    if rejected:
        report = files.write_of(step, rejected_file(step), json.dumps(rejected, ensure_ascii=False, indent=1))
        output |= {"rejected_path": report.path, "rejected_count": len(rejected)}
    return output


@worker("remove_export", category=CATEGORY, compensation="irreversible", rehearsal="real")
@simulated_undo
def remove_export(step: StepHandle) -> dict[str, Any]:
    """Removes the exported files of a step: undoes "Export data" and "Write export"."""
    files.mark_undone(step)
    folders = (FOLDER, HELD_FOLDER)
    paths = [files.step_file(folder, step, f".{format_}") for folder in folders for format_ in export.FORMATS]
    removed = [path.name for path in [*paths, rejected_file(step)] if files.remove(path)]
    return {"status": "success" if removed else "no_action_needed", "removed_files": removed}


def rejected_file(step: StepHandle) -> Any:
    return files.step_file(FOLDER, step, ".rejected.json")


def validated_object(data: Row, schema: Row) -> dict[str, Any]:
    errors = (
        reasons(validator_of(schema), data) if is_json_schema(schema) else [*field_problems(data, schema)]
    )
    if errors:
        return {"status": "validation_failed", "errors": errors, "data": data}
    return {
        "status": "validation_passed",
        "validated_data": data,
        "schema_version": version_of(schema),
        "schema_used": schema,
    }


def validated_rows(rows: list[Any], schema: Row) -> dict[str, Any]:
    validator = validator_of(schema) if is_json_schema(schema) else None
    good, rejected = [], []
    for index, row in enumerate(rows):
        problems = row_problems(row, schema, validator)
        if problems:
            rejected.append(rejection(index, "; ".join(problems), row))
        else:
            good.append(row)
    report = {"rows_in": len(rows), "rows_valid": len(good), "rows_rejected": len(rejected)}
    if rows and not good:
        errors = [f"row {bad['index']}: {bad['reason']}" for bad in rejected[:ERRORS_MAX]]
        return {
            "status": "validation_failed",
            "errors": errors,
            "row_report": report,
            "rejected_rows": rejected,
        }
    return {
        "status": "validation_passed",
        "validated_data": good,
        "schema_version": version_of(schema),
        "schema_used": schema,
        "row_report": report,
        "rejected_rows": rejected,
    }


def row_problems(row: Any, schema: Row, validator: Any) -> list[str]:
    if not isinstance(row, dict):
        return [f"expected an object, got {row!r:.80}"]
    return reasons(validator, row) if validator is not None else list(field_problems(row, schema))


def rejection(index: int, reason: str, row: Any) -> dict[str, Any]:
    return {"index": index, "reason": reason, "row": row}


def version_of(schema: Row) -> str:
    version = schema.get("version", "1.0")
    return version if isinstance(version, str) else "1.0"


def normalized_object(data: Row) -> dict[str, Any]:
    return {
        "normalized_data": {key: plain_form(value) for key, value in data.items()},
        "normalization_rules_applied": ["trim_whitespace", "lowercase_strings", "float_conversion"],
        "original_data": data,
    }


def plain_form(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip().lower()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def normalized_rows(rows: list[Row], rejected: list[Row], schema: Row) -> dict[str, Any]:
    columns = columns_of(rows, numeric_fields(schema))
    good, remarks, bad = [], [], list(rejected)
    for index, row in zip(input_indexes(len(rows), rejected), rows, strict=True):
        try:
            clean = clean_row(row, columns)
        except BadRow as error:
            bad.append(rejection(index, str(error), row))
            continue
        good.append(clean.values)
        remarks += [{"index": index, "field": key, "remark": text} for key, text in clean.remarks.items()]
    return {
        "normalized_data": good,
        "normalization_rules_applied": list(RULES),
        "row_remarks": remarks,
        "rejected_rows": sorted(bad, key=lambda rejected_row: rejected_row["index"]),
        "row_report": {
            "rows_in": len(rows) + len(rejected), "rows_valid": len(good), "rows_rejected": len(bad),
        },
    }  # fmt: skip


def input_indexes(count: int, rejected: list[Row]) -> list[int]:
    """Indexes in the input of the `count` rows that are left after the rejected ones were removed."""
    removed = {row["index"] for row in rejected}
    return [index for index in range(count + len(removed)) if index not in removed]
