"""Workers and workflows run as users write them, with nothing added but imports and their own helpers."""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from config.lib.caches import clear_all
from designer.builder import WorkflowBuilder
from designer.document.document import dump
from designer.services import workflows
from runs.models import Run
from runs.queries.runs import run_json
from tests.stock import stock_shelves
from workers.cli.local_run import start_and_run
from workers.library.models import Product

SECONDS_MAX = 30
IMPORTS = """
import asyncio, json, random
from datetime import datetime
from typing import Any, Dict
from designer.builder import WorkflowBuilder
from workers import worker, TemporaryFailure, CriticalFailure
"""
OWN_ERRORS = re.compile(r"class (?:Temporary|Critical)Failure\(Exception\):\n.*?pass\n", re.DOTALL)
HELPERS = {
    "sequential": """
def perform_complex_processing(data):
    return {"items": data}
""",
    "orders": """
held = {}

def allocate_inventory(items):
    held["held-1"] = items
    return "held-1"

def release_allocated_inventory(reservation_id):
    del held[reservation_id]
""",
    "batches": """
def process_item(item):
    return item * 2
""",
    "branching": """
def calculate_complexity(data): return 0.9 if isinstance(data, dict) else 0.2
def needs_llm_processing(data): return isinstance(data, str)
def determine_priority(data): return "normal"
def calculate_duration(): return "0.1s"
""",
    "master": """
async def simulate_analysis_workflow(data): return {"analysed": data}
async def simulate_export_workflow(data): return {"exported": data}
async def simulate_default_workflow(data): return {"seen": data}
""",
    "adaptive": """
def calculate_complexity_score(data): return 0.9 if isinstance(data, dict) else 0.1
def infer_data_type(data): return "time_series" if isinstance(data, list) else "text"
def assess_data_quality(data): return 1.0
def estimate_processing_time(steps): return len(steps)
""",
}
CODE = dict(
    re.findall(
        r"^## (\w+)\n\n```python\n(.*?)^```",
        Path(__file__).with_name("user_workflows.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
)
RunUserCode = Callable[..., dict[str, Any]]

pytestmark = [
    pytest.mark.usefixtures("transactional_db"),
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),
]


@pytest.fixture
def user_code(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Any]]:
    """Makes one block of the file a module of WORKER_MODULES."""
    settings.DATA_DIR = tmp_path
    monkeypatch.syspath_prepend(tmp_path)

    def load(name: str) -> Any:
        text = OWN_ERRORS.sub("", CODE[name])
        (tmp_path / f"user_{name}.py").write_text(IMPORTS + text + HELPERS.get(name, ""))
        settings.WORKER_MODULES = [f"user_{name}"]
        clear_all()
        return import_module(f"user_{name}")

    yield load
    for name in CODE:
        sys.modules.pop(f"user_{name}", None)


@pytest.fixture
def run(user_code: Callable[[str], Any]) -> RunUserCode:
    """Publishes the workflow of a block, runs it in this process and gives the run as JSON."""

    def carry_out(name: str, given: dict[str, Any], graph: Any = None) -> dict[str, Any]:
        module = user_code(name)
        built = [value for key, value in vars(module).items() if key.startswith("create_")]
        saved = workflows.import_document(dump(graph or built[0]()), publish=True)
        [*_, last] = start_and_run(saved.version, given, time.monotonic() + SECONDS_MAX)
        return run_json(Run.objects.get(pk=last.pk))

    return carry_out


def test_every_block_is_run_here():
    tests = {name.removeprefix("test_").partition("_")[0] for name in globals() if name.startswith("test_")}
    assert len(CODE) == 9 and set(CODE) <= tests


def test_sequential(run: RunUserCode):
    ended = run("sequential", {"raw_data": [1, 2]})
    assert ended["status"] == "completed"
    assert ended["context"]["processed_data"] == {"items": [1, 2]}
    assert Path(ended["context"]["results_path"]).exists()


def test_orders_are_completed_or_undone_with_the_users_own_stock(run: RunUserCode, user_code: Any):
    stock_shelves(Product)
    order = {"order_items": [{"sku": "MUG-002", "quantity": 1}], "customer": "ada@example.org"}
    ended = run("orders", order)
    assert ended["status"] == "completed" and ended["context"]["reservation_id"] == "held-1"
    assert ended["context"]["charged_amount_cents"] == 1_450
    undone = run("orders", {**order, "simulate": {"create_shipment": "critical"}})
    assert undone["status"] == "compensated"
    assert [step["undo"] for step in undone["steps"]][:2] == ["compensated", "compensated"]
    assert sys.modules["user_orders"].held == {}


def test_batches(run: RunUserCode):
    """As written, each of the three fixed steps takes the first batch; the engine changes nothing of it."""
    ended = run("batches", {"data": [1, 2, 3, 4, 5], "batch_size": 2})
    assert ended["status"] == "completed"
    assert ended["context"]["total_batches"] == 3 and ended["context"]["combined_results"] == [2, 4]


@pytest.mark.parametrize(
    ("data", "way"), [("text", "llm_enhanced"), ({"a": 1}, "complex_analysis"), ([1], "basic_processing")]
)
def test_branching(run: RunUserCode, data: Any, way: str):
    ended = run("branching", {"data": data})
    assert ended["status"] == "completed"
    assert ended["context"]["final_results"]["processing_type"] == way


def test_resilient(run: RunUserCode, monkeypatch: pytest.MonkeyPatch):
    moods = iter([0.1, 0.9])
    monkeypatch.setattr(random, "random", lambda: next(moods))
    ended = run("resilient", {"data": [1]})
    assert ended["status"] == "completed"
    assert ended["context"]["status"] == "success" and ended["context"]["attempts_used"] == 2
    assert ended["context"]["verification_passed"] is True


def test_pipeline(run: RunUserCode):
    ended = run("pipeline", {"data": {"user_id": 7, "name": " Ada "}})
    assert ended["status"] == "completed"
    assert ended["context"]["final_data"]["name"] == "ada"
    assert Path(ended["context"]["export_path"]).exists()


def test_events(run: RunUserCode):
    ended = run("events", {"raw_event": '{"type": "purchase", "data": {"amount": 2000}}'})
    assert ended["status"] == "completed"
    assert ended["context"]["processing_result"]["action"] == "update_revenue_metrics"
    assert ended["context"]["aggregated_metrics"]["by_urgency"] == {"high": 1}


def test_master(run: RunUserCode):
    graph = (
        WorkflowBuilder("master_workflow")
        .add_step("prepare_data", "prepare_data")
        .add_step("execute_sub_workflow_1", "execute_sub_workflow")
        .add_step("execute_sub_workflow_2", "execute_sub_workflow")
        .add_step("consolidate_results", "consolidate_results")
        .build()
    )
    given = {"sub_workflow_type": "data_analysis", "sub_workflow_input": {"a": 1}}
    for same in (None, graph):
        ended = run("master", given, same)
        assert ended["status"] == "completed"
        results = ended["context"]["consolidated_results"]
        assert results["sub_workflow_result"] == {"analysed": {"a": 1}}


@pytest.mark.parametrize(
    ("data", "added"),
    [
        ({"a": 1}, ["complex_analysis", "detailed_validation", "expert_review"]),
        ([["2026-01-01", 1], ["2026-01-02", 2]], ["time_series_analysis", "trend_detection", "forecasting"]),
        ("plain", ["standard_processing", "basic_validation"]),
    ],
)
def test_adaptive(run: RunUserCode, data: Any, added: list[str]):
    graph = WorkflowBuilder("adaptive").add_step("router", "dynamic_router", dynamic=True).build()
    ended = run("adaptive", {"data": data}, graph)
    assert ended["status"] == "completed"
    assert [step["worker"] for step in ended["steps"]] == ["dynamic_router", *added]
