"""Orders as a person starts and watches them in the browser."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any

from playwright.sync_api import Locator, Page, expect

PATIENCE_MS = 30_000
POLL_MS = 100
SLOW = "slow:0.5"
SLOW_UNDO = "slow:2"  # longer than a busy machine takes to paint
STEPS = ("reserve_inventory", "charge_payment", "create_shipment", "send_confirmation")

RECORD = """() => {
  window.seen = [];
  const note = (row) => {
    const now = [row.dataset.step, row.dataset.status, row.dataset.undo].join(" ");
    if (window.seen.at(-1) !== now) window.seen.push(now);
  };
  const list = document.querySelector("[data-slot=steps]");
  const rows = [...list.querySelectorAll("[data-step]")];
  rows.forEach(note);
  const options = { attributes: true, subtree: true, attributeFilter: ["data-status", "data-undo"] };
  new MutationObserver((changes) => changes.forEach(({ target }) => note(target))).observe(list, options);
}"""


def start_order(page: Page, **simulate: str) -> None:
    """Starts an order from its page, with faults, and is then on the run's page."""
    page.goto("/workflows/order_processing/start/")
    field = page.get_by_label("Input (JSON)")
    sample = json.loads(field.input_value())
    field.fill(json.dumps({**sample, "simulate": simulate}))
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*/")


def record(page: Page) -> None:
    """From now on, `seen` gives each change of a step's two states."""
    page.evaluate(RECORD)


def seen(page: Page, step: str) -> list[tuple[str, str]]:
    """Forward and undo states of a step, in the order in which the page showed them."""
    found: list[str] = page.evaluate("() => window.seen")
    states = [(status, undo) for name, status, undo in map(str.split, found) if name == step]
    return [state for state, _ in groupby(states)]


def moments(page: Page) -> list[str]:
    """Every change as `step status undo`, in order."""
    found: list[str] = page.evaluate("() => window.seen")
    return found


def tab(page: Page, name: str) -> None:
    """Shows a part of the run's panel: Now, Step, Journal or Data."""
    page.get_by_role("tab", name=name, exact=True).click()


def show_timeline(page: Page) -> None:
    page.get_by_role("button", name="Timeline", exact=True).click()


def row(page: Page, step: str) -> Locator:
    return page.locator(f"[data-slot=steps] > [data-step={step}]")


def expect_status(page: Page, word: str) -> None:
    expect(page.locator("[data-slot=run-status]")).to_have_text(word, timeout=PATIENCE_MS)


def expect_connection(page: Page, state: str) -> None:
    expect(page.locator("[data-slot=connection]")).to_have_attribute("data-state", state, timeout=PATIENCE_MS)


def journal_numbers(page: Page, last: int | None = None) -> list[int]:
    """The entries that the page lists, once it lists entry `last`: without one, the last that is stored."""
    last = stored(page)["last_seq"] if last is None else last
    expect(page.locator(f"[data-slot=entries] > li[data-seq='{last}']")).to_be_attached(timeout=PATIENCE_MS)
    found: list[str] = page.locator("[data-slot=entries] > li").evaluate_all(
        "rows => rows.map((row) => row.dataset.seq)"
    )
    return [int(number) for number in found]


def shown_as_of(page: Page) -> int:
    """The entry up to which a page that lost its connection says that it is true."""
    connection = page.locator("[data-slot=connection]")
    expect(connection).to_contain_text(re.compile(r"entry \d+"))
    return int(re.findall(r"entry (\d+)", connection.inner_text())[0])


def stored(page: Page) -> dict[str, Any]:
    """The run as the API has it."""
    run: dict[str, Any] = page.request.get(f"/api/v1/runs/{page.url.rstrip('/').rpartition('/')[2]}").json()
    return run


def wait_until_ended(page: Page) -> None:
    """Until the run has ended, whatever the page knows of it."""
    for _ in range(PATIENCE_MS // POLL_MS):
        if stored(page)["finished_at"]:
            return
        page.wait_for_timeout(POLL_MS)
    raise AssertionError("the run did not end in time")
