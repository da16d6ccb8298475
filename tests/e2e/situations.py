"""Runs in each situation in which a person looks at one: waiting, blocked, and ended in each way."""

from __future__ import annotations

import json

from playwright.sync_api import Page

from tests.e2e.documents import headers_of, publish

SPLIT = {"worker": "split_data", "params": {"data": "=context.data", "batch_size": "=context.size"}}
ASKS = {
    "name": "bench_asks",
    "steps": [{"name": "boss", "kind": "approval", "message": "Ship order 17?"}, {"name": "ship", **SPLIT}],
    "edges": [{"from": "boss", "to": "ship"}],
}
WAITS = {"name": "bench_waits", "steps": [{"name": "paid", "kind": "wait", "signal": "paid"}]}
NESTS = {"name": "bench_nests", "steps": [{"name": "inner", "kind": "workflow", "workflow": "bench_asks"}]}
STOPS = {
    "name": "bench_stops",
    "steps": [{"name": "split", **SPLIT, "on_failure": "pause", "retry": {"max_attempts": 1}}],
}


def started(page: Page) -> dict[str, str]:
    """Starts one run for each situation; gives their ids by words that the page says of them."""
    for document in (ASKS, WAITS, NESTS, STOPS):
        publish(page, document)
    headers = headers_of(page)  # from the page on which an order is started
    sample = json.loads(page.get_by_label("Input (JSON)").input_value())

    def start(workflow: str, **simulate: str) -> str:
        given = {"data": [1], "size": 0, **sample, "simulate": simulate}
        answer = page.request.post(
            f"/api/v1/workflows/{workflow}/runs", data={"input": given}, headers=headers
        )
        assert answer.ok, answer.text()
        return str(answer.json()["id"])

    undone = {"create_shipment": "critical"}
    found = {
        "waits for your approval": start("bench_asks"),
        "waits for the signal": start("bench_waits"),
        "waits for the run": start("bench_nests"),
        "a person has to say": start("bench_stops"),
        "the undo of reserve_inventory waits behind": start(
            "order_processing", refund_payment="critical", **undone
        ),
        "failed at reserve_inventory": start("order_processing", reserve_inventory="critical"),
        "completed in": start("order_processing"),
        "cancelled.": start("bench_asks"),
    }
    cancel = f"/api/v1/runs/{found['cancelled.']}/cancel"
    assert page.request.post(cancel, data={"mode": "abandon"}, headers=headers).ok
    return found
