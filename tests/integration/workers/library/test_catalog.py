"""The shipped library as a whole: complete, described, and with a stated undo for every worker."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from workers.library import EXAMPLE_MODULES, MODULES, READY_MODULES
from workers.registry import load_catalog
from workers.sdk.spec import WorkerSpec

CATALOG = load_catalog([], MODULES)
EXAMPLES = load_catalog([], EXAMPLE_MODULES)
READY = load_catalog([], READY_MODULES)
HEADINGS = {"Data", "Databases", "Flow", "HTTP and APIs", "Language models", "Mail", "Python", "Text"}
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
STATED_BY_THE_STEP = {"http_request", "sql_execute", "python_function"}  # another request, and so on


def test_every_worker_of_the_patterns_is_there():
    assert not OF_THE_PATTERNS - EXAMPLES.keys()


def test_ready_made_workers_have_headings_of_their_own_and_examples_are_folded():
    assert {spec.category for spec in READY.values()} == HEADINGS
    assert all(spec.category.startswith("Examples/") for spec in EXAMPLES.values())
    assert not READY.keys() & EXAMPLES.keys()


def test_a_setting_takes_the_examples_away():
    script = "import django; django.setup(); from workers.registry import get_catalog; print(*get_catalog())"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "EXAMPLES": "off"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert set(done.stdout.decode().split()) == READY.keys()


@pytest.mark.parametrize("spec", CATALOG.values(), ids=CATALOG.keys())
def test_each_worker_is_described_and_its_undo_is_stated(spec: WorkerSpec):
    first_line = spec.doc.splitlines()[0]
    assert spec.category and spec.title and first_line.endswith((".", '"', ":"))
    undoes = {"none", "irreversible", *(READY if spec.name in READY else CATALOG)}
    assert spec.compensation in undoes or spec.name in STATED_BY_THE_STEP
    assert spec.function.__name__ == spec.name, "`simulate` knows workers by the name of their function"
    assert spec.takes <= {"context", "params", "step"}


@pytest.mark.parametrize("spec", [s for s in CATALOG.values() if s.params_model], ids=lambda spec: spec.name)
def test_each_form_describes_its_fields_and_examples_need_none_of_them(spec: WorkerSpec):
    schema = spec.params_schema
    assert schema and ("required" not in schema or spec.name in READY)
    assert all(field.get("title") and field.get("description") for field in schema["properties"].values())
