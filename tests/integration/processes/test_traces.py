"""The trace that a collector gets of the product's own processes: an order that fails and is rolled back."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from config.telemetry import ids
from tests.http_api import HttpApi, http_api
from tests.integration.processes.conftest import WAIT_S, manage, running, wait_for
from tests.integration.processes.test_up import ADDRESS, Up, free_port
from tests.otlp import Collector, Received, collecting

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CARD = "4000 0000 0000 0002"
WORKFLOWS = Path(__file__).with_name("traced_workflows.py")


@dataclass
class Traced:
    """An order that was placed by a caller with a trace, and another by one without."""

    run: UUID
    plain: UUID
    collector: Collector
    api: HttpApi
    log: str

    def of(self, trace: str) -> list[Received]:
        return [span for span in self.collector.spans if span.trace == trace]

    @property
    def spans(self) -> list[Received]:
        return self.of(CALLER.split("-")[1])


def start(address: str, token: str, body: Any, **headers: str) -> UUID:
    request = urllib.request.Request(
        f"{address}/api/v1/workflows/traced_order/runs",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        run = json.load(answer)["id"]
    request = urllib.request.Request(
        f"{address}/api/v1/runs/{run}?wait=60", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
        assert json.load(answer)["status"] == "compensated"
    return UUID(run)


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """One life of the product for all tests here, as it takes some seconds."""
    folder = tmp_path_factory.mktemp("traced")
    with collecting() as collector, http_api("127.0.0.1") as api:
        more = {
            "DATA_DIR": str(folder / "data"),
            "DATABASE_URL": "",
            "WORKER_MODULES": "tests.integration.processes.traced_workers",
            "HTTP_PRIVATE_NETWORKS": "127.0.0.0/8",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_SERVICE_NAME": "shop-board",
            "LOG_FORMAT": "json",
        }
        log = folder / "log"
        with running("up", "--port", str(free_port()), "--workers", "2", log=log, **more) as process:
            up = Up(process, folder / "data", log)
            wait_for(lambda: "Ctrl-C stops everything" in up.printed or process.poll() is not None)
            address = ADDRESS.search(up.printed)
            assert address, up.printed
            imported = manage("import_workflow", str(WORKFLOWS), "--publish", **more)
            assert imported.returncode == 0, imported.stderr + imported.stdout
            token = manage("create_token", "caller", "--role", "operator", **more).stdout.split()[-1]
            body = {"input": {"notes": f"{api.url}/echo", "card": CARD}}
            run = start(address[1], token, body, traceparent=CALLER)
            plain = start(address[1], token, body)
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT_S) == 0, up.printed
            assert "Traceback" not in up.printed, up.printed
        yield Traced(run, plain, collector, api, up.printed)


def named(spans: list[Received], name: str) -> Received:
    [span] = [span for span in spans if span.name == name]
    return span


def test_the_run_goes_on_in_the_callers_trace(traced: Traced) -> None:
    run = named(traced.spans, "run traced_order")
    assert (run.trace, run.parent) == tuple(CALLER.split("-")[1:3])
    assert run.attributes["sagaboard.run"] == str(traced.run)
    assert run.attributes["sagaboard.status"] == "compensated"
    assert (run.is_error, run.attributes["error.type"]) == (True, "no_carrier")


def test_a_run_without_a_caller_has_a_trace_of_its_own_by_the_runs_id(traced: Traced) -> None:
    spans = traced.of(traced.plain.hex)
    run = named(spans, "run traced_order")
    assert (run.parent, int(run.id, 16)) == ("", ids.run_span(traced.plain))
    assert len(spans) == len(traced.spans)


def test_steps_and_attempts_lie_below_the_run(traced: Traced) -> None:
    spans = traced.spans
    by_id = {span.id: span for span in spans}
    assert len(by_id) == len(spans)
    tree = {(span.name, by_id[span.parent].name) for span in spans if span.parent in by_id}
    assert {(name, above) for name, above in tree if name.startswith("step ")} == {
        ("step reserve", "run traced_order"),
        ("step price", "run traced_order"),
        ("step charge", "run traced_order"),
        ("step tell", "run traced_order"),
        ("step ship", "run traced_order"),
        ("step look_up", "run traced_price"),
    }
    assert ("attempt charge", "step charge") in tree and ("attempt charge", "undo charge") in tree
    assert ("run traced_price", "step price") in tree
    assert ("undo reserve", "rollback") in tree and ("rollback", "run traced_order") in tree
    for span in spans:
        above = by_id.get(span.parent)
        assert span.start_ns <= span.end_ns
        assert above is not None or span.name == "run traced_order"
        assert above is None or above.start_ns <= span.start_ns


def test_each_retry_is_an_attempt_and_failures_have_code_and_message(traced: Traced) -> None:
    step = named(traced.spans, "step charge")
    attempts = [span for span in traced.spans if span.name == "attempt charge" and span.parent == step.id]
    first, second = sorted(attempts, key=lambda span: span.start_ns)  # each process sends its own
    assert [one.attributes["sagaboard.attempt"] for one in (first, second)] == [1, 2]
    assert [one.attributes.get("error.type") for one in (first, second)] == ["busy", None]
    assert (first.message, step.is_error) == ("the bank is busy", False)
    assert named(traced.spans, "step ship").message == "nobody ships there"


def test_each_undo_is_linked_to_what_it_undoes(traced: Traced) -> None:
    undos = [span for span in traced.spans if span.name.startswith("undo ")]
    assert {span.name for span in undos} == {"undo reserve", "undo charge", "undo price", "undo look_up"}
    for undo in undos:
        assert undo.links == (named(traced.spans, undo.name.replace("undo ", "step ")).id,)
    linked = [span.name for span in traced.spans if span.links]
    assert sorted(linked) == sorted(undo.name for undo in undos)


def test_spans_of_workers_lie_below_their_attempts(traced: Traced) -> None:
    """Also of async workers, which share a process."""
    by_id = {span.id: span for span in traced.spans}
    own = [span for span in traced.spans if span.scope == "shop"]
    assert {(span.name, by_id[span.parent].name) for span in own} == {
        ("SELECT stock", "attempt reserve"),
        ("SELECT stock", "attempt look_up"),
        ("POST /charges", "attempt charge"),
    }
    charges = [span for span in own if span.name == "POST /charges"]
    assert len({span.parent for span in charges}) == len(charges) == 2


def test_a_service_that_is_called_gets_the_context_of_the_attempt(traced: Traced) -> None:
    attempt = named(traced.spans, "attempt tell")
    headers = [request.headers["traceparent"] for request in traced.api.to("/echo")]
    assert f"00-{attempt.trace}-{attempt.id}-01" in headers
    assert len(headers) == 2


def test_nothing_of_inputs_and_outputs_is_sent(traced: Traced) -> None:
    assert traced.collector.raw
    for secret in (CARD, traced.api.url, "ch_1", "reserved"):
        assert not any(secret.encode() in body for body in traced.collector.raw), secret
    assert {span.service for span in traced.collector.spans} == {"shop-board"}


def test_log_lines_are_objects_with_their_place(traced: Traced) -> None:
    lines = [json.loads(line) for line in re.findall(r"\| (\{.*\})$", traced.log, re.MULTILINE)]
    [line] = [one for one in lines if one["message"] == "shipping" and one["run"] == str(traced.run)]
    attempt = named(traced.spans, "attempt ship")
    assert (line["step"], line["attempt"], line["level"]) == ("ship", 1, "info")
    assert (line["trace_id"], line["span_id"]) == (attempt.trace, attempt.id)
