"""The dashboard and the alerts name only metrics and labels that there are; each alert has its page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from django.db import transaction
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from config.operations import metrics
from designer.models import Workflow, WorkflowVersion
from runs.models import FleetSample, HeldInput, HourFigures, Line, Place, Run
from runs.statistics import operations
from tests.architecture.source import ROOT

FILES = ROOT / "deploy" / "observability"
DASHBOARD = json.loads((FILES / "grafana-dashboard.json").read_text())
RULES = yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"][0]["rules"]
RULE_TESTS = Path(__file__).with_name("alerts.test.yaml")
OF_PROMETHEUS = {"up": {"job", "instance"}}
OF_SCRAPES = {"job", "instance"}
GRID = 24
INTERVAL = "$__rate_interval"

alert = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])


@pytest.fixture
def told(transactional_db: None, redis_client: Redis) -> dict[str, set[str]]:
    """The labels of each metric, as they are told where there is something of everything."""
    now = timezone.now()
    workflow = Workflow.objects.create(name="order")
    version = WorkflowVersion.objects.create(workflow=workflow, number=1, document={}, resolved={})
    run = Run.objects.create(version=version, workflow_name="order", created_at=now)
    Place.objects.create(
        run=run, line=Line.objects.create(workflow_name="order", key_digest="k"), turn_at=now
    )
    HeldInput.objects.create(workflow=workflow, version=version, key_digest="k", first_at=now, due_at=now)
    HourFigures.objects.create(hour=now, status="failed", count=1, durations={"1": 1})
    FleetSample.objects.create(at=now, queued=0, processes=0)
    counted = operations.Counted()
    counted.add(now - timedelta(seconds=1), now)
    kinds = ("run", "step", "undo", "attempt", "undo_attempt", "wait")
    with transaction.atomic():
        operations.write({operations.Key(kind, "order", ""): counted for kind in kinds})
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel["targets"]:
            yield target["expr"].replace(INTERVAL, "5m")
    yield from (rule["expr"] for rule in RULES)


def selectors(expression: Any) -> Iterator[tuple[str, set[str]]]:
    """Each metric that an expression reads, with the labels that it is selected or grouped by."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression.name or "", {matcher.name for matcher in expression.matchers.matchers}
        return
    grouped: set[str] = set()
    if isinstance(expression, promql_parser.AggregateExpr) and expression.modifier is not None:
        grouped = set(expression.modifier.labels)
    parts = [getattr(expression, name, None) for name in ("expr", "lhs", "rhs", "vector_selector")]
    for part in [*parts, *getattr(expression, "args", [])]:
        if part is not None and not isinstance(part, str):
            yield from ((name, labels | grouped) for name, labels in selectors(part))


def test_every_metric_and_label_that_is_read_is_told(told: dict[str, set[str]]) -> None:
    read = [one for text in expressions() for one in selectors(promql_parser.parse(text))]
    assert len(read) >= len(list(expressions()))
    known = {**told, **OF_PROMETHEUS}
    unknown = [(name, labels - known.get(name, set()) - OF_SCRAPES) for name, labels in read]
    assert not [(name, labels) for name, labels in unknown if name not in known or labels]


def test_every_metric_is_documented(told: dict[str, set[str]]) -> None:
    documented = set(re.findall(r"`(sagaboard_\w+)", (ROOT / "docs/operations.md").read_text()))
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told}
    assert names == documented


def test_legends_show_labels_that_are_left() -> None:
    for panel in panels():
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            by = {
                label for part in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in part.split(", ")
            }
            assert shown <= by | OF_SCRAPES, target


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    assert DASHBOARD["title"] and DASHBOARD["uid"] and DASHBOARD["schemaVersion"] >= 36
    assert "__inputs" not in DASHBOARD and "id" not in DASHBOARD
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(numbers)) == len(numbers)
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    for panel in panels():
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"] and panel["title"]
        assert [target["refId"] for target in panel["targets"]] == list("ABCDE"[: len(panel["targets"])])
        for target in panel["targets"]:
            used = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"}
            assert used <= variables


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= GRID
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@alert
def test_an_alert_says_what_is_wrong_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("warning", "critical") and rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


IS_LEFT_OUT = shutil.which("promtool") is None and not os.environ.get("CI")


@pytest.mark.skipif(IS_LEFT_OUT, reason="Debian's prometheus is not installed; .ci/run installs it")
def test_alerts_fire_when_they_should() -> None:
    """By Prometheus itself; the tests above read the same rules without it."""
    for words in (("check", "rules", FILES / "alerts.yaml"), ("test", "rules", RULE_TESTS)):
        done = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
