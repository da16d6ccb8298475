"""The shipped library as a whole: complete, described, and with a stated undo for every worker."""

from __future__ import annotations

import pytest

from workers.library import MODULES
from workers.registry import load_catalog
from workers.sdk.spec import WorkerSpec

CATALOG = load_catalog([], MODULES)
OF_THE_PATTERNS = {
    "validate_input", "process_data", "transform_output", "save_results", "reserve_inventory",
    "release_inventory", "charge_payment", "refund_payment", "create_shipment", "cancel_shipment",
    "send_confirmation", "split_data", "process_batch", "combine_results", "analyze_input",
    "route_processing", "finalize_results", "process_with_llm", "complex_processing", "simple_processing",
    "attempt_processing", "verify_results", "cleanup_resources", "validate_schema", "normalize_data",
    "enrich_data", "validate_output", "export_data", "parse_event", "classify_event", "process_by_type",
    "aggregate_metrics", "prepare_data", "consolidate_results", "dynamic_router", "complex_analysis",
    "detailed_validation", "expert_review", "time_series_analysis", "trend_detection", "forecasting",
    "chunk_data", "parallel_processing", "merge_results", "standard_processing", "basic_validation",
}  # fmt: skip


def test_every_worker_of_the_patterns_is_there():
    assert not OF_THE_PATTERNS - CATALOG.keys()


@pytest.mark.parametrize("spec", CATALOG.values(), ids=CATALOG.keys())
def test_each_worker_is_described_and_its_undo_is_stated(spec: WorkerSpec):
    first_line = spec.doc.splitlines()[0]
    assert spec.category and spec.title and first_line.endswith((".", '"', ":"))
    assert spec.compensation in {"none", "irreversible", *CATALOG}
    assert spec.function.__name__ == spec.name, "`simulate` knows workers by the name of their function"
    assert spec.takes <= {"context", "params", "step"}


@pytest.mark.parametrize("spec", [s for s in CATALOG.values() if s.params_model], ids=lambda spec: spec.name)
def test_each_form_describes_its_fields_and_needs_none_of_them(spec: WorkerSpec):
    schema = spec.params_schema
    assert schema and "required" not in schema
    assert all(field.get("title") and field.get("description") for field in schema["properties"].values())
