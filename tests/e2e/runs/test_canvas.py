"""A run on its canvas: painted live, walked back, and as it was at any moment."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.e2e.documents import PATIENCE_MS, expect_canvas, publish, start
from tests.e2e.orders import STEPS, expect_status, row, start_order, stored, tab

RECORD = """() => {
  window.walk = [];
  const note = (node) => {
    const now = `${node.dataset.node} ${node.dataset.status} ${node.dataset.undo}`;
    if (window.walk.at(-1) !== now) window.walk.push(now);
  };
  const options = { attributes: true, subtree: true, attributeFilter: ["data-status", "data-undo"] };
  const seen = (changes) => changes.forEach(({ target }) => target.dataset.node && note(target));
  new MutationObserver(seen).observe(document.querySelector("workflow-canvas"), options);
}"""


def node(page: Page, step: str) -> Locator:
    return page.locator(f'workflow-canvas [data-node="{step}"]')


def expect_states(page: Page, **states: str) -> None:
    """Forward and undo status of nodes, as `completed/none`."""
    for step, state in states.items():
        status, undo = state.split("/")
        expect(node(page, step)).to_have_attribute("data-status", status, timeout=PATIENCE_MS)
        expect(node(page, step)).to_have_attribute("data-undo", undo, timeout=PATIENCE_MS)


def move_to(page: Page, seq: int) -> None:
    page.get_by_label("Moment of the run").fill(str(seq))
    expect(page.locator("[data-slot=moment]")).to_contain_text(f"As of entry {seq} of")


def test_the_undo_is_seen_walking_backwards_with_its_order(page: Page) -> None:
    undos = {"release_inventory": "slow:2", "refund_payment": "slow:2"}  # no two of them in one frame
    start_order(page, reserve_inventory="slow:2", create_shipment="critical", **undos)
    expect_canvas(page)
    page.evaluate(RECORD)
    expect_status(page, "Undone")
    expect_states(
        page,
        reserve_inventory="completed/compensated",
        charge_payment="completed/compensated",
        create_shipment="failed/none",
        send_confirmation="unreached/none",
    )
    walk: list[str] = page.evaluate("() => window.walk")
    charge, reserve = (walk.index(f"{step} completed compensated") for step in reversed(STEPS[:2]))
    assert charge < reserve
    assert walk.index("charge_payment completed running") < charge
    expect(node(page, "charge_payment").locator(".run-mark-undo")).to_have_text("1Undone")
    expect(node(page, "reserve_inventory").locator(".run-mark-undo")).to_have_text("2Undone")


def test_the_slider_shows_any_moment_and_comes_back(page: Page) -> None:
    start_order(page, create_shipment="critical")
    expect_status(page, "Undone")
    expect_canvas(page)
    entries = page.request.get(f"/api/v1/runs/{stored(page)['id']}/events").json()["events"]
    number = {(entry["type"], entry["step"]): entry["seq"] for entry in entries}

    move_to(page, number["step.started", "charge_payment"])
    expect_states(page, reserve_inventory="completed/none", charge_payment="running/none")
    expect_states(page, create_shipment="pending/none")
    expect(row(page, "charge_payment")).to_have_attribute("data-status", "running")
    expect(page.locator("[data-slot=entries] > li[aria-current]")).to_have_attribute(
        "data-seq", str(number["step.started", "charge_payment"])
    )
    move_to(page, number["compensation.completed", "charge_payment"])
    expect_states(page, charge_payment="completed/compensated", reserve_inventory="completed/pending")
    page.get_by_role("button", name="One entry back").click()
    expect_states(page, charge_payment="completed/running")
    move_to(page, 0)
    expect_states(page, reserve_inventory="pending/none")
    page.get_by_role("button", name="Back to now").click()
    expect_states(page, reserve_inventory="completed/compensated", send_confirmation="unreached/none")
    expect(page.locator("[data-slot=run-status]")).to_have_text("Undone")


def test_a_moment_of_a_live_run_stays_while_the_run_goes_on(page: Page) -> None:
    start_order(page, reserve_inventory="slow:3")
    expect_canvas(page)
    expect_states(page, reserve_inventory="running/none")
    tab(page, "Journal")
    page.locator("[data-slot=entries] > li[data-seq='3'] button").click()
    expect(page.locator("[data-slot=moment]")).to_contain_text("As of entry 3 of")
    expect_states(page, reserve_inventory="queued/none")
    expect_status(page, "Completed")
    expect_states(page, reserve_inventory="queued/none")
    page.get_by_role("button", name="Back to now").click()
    expect_states(page, reserve_inventory="completed/none", send_confirmation="completed/none")


def test_steps_that_were_added_are_marked_and_gone_before_they_came(page: Page) -> None:
    page.goto("/workflows/dynamic_workflow/start/")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*/")
    expect_status(page, "Completed")
    added = [step["name"] for step in stored(page)["steps"] if step["added_by"]]
    assert added
    expect(node(page, added[0])).to_contain_text("added by dynamic_router", timeout=PATIENCE_MS)
    move_to(page, 3)
    expect(node(page, added[0])).to_have_count(0)
    expect(row(page, added[0])).to_be_hidden()
    expect(node(page, "final_check")).to_have_count(1)


def test_a_nested_run_opens_in_place_and_follows_the_slider(page: Page) -> None:
    page.goto("/workflows/master_workflow/start/")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/runs/*/")
    expect_status(page, "Completed")
    opener = node(page, "execute_sub_workflow_1").locator(".run-open")
    opener.click()
    inner = page.locator('workflow-canvas [data-node^="execute_sub_workflow_1/"]')
    expect(inner.first).to_have_attribute("data-status", "completed", timeout=PATIENCE_MS)
    expect(node(page, "execute_sub_workflow_1").get_by_role("link", name="Its own page")).to_be_visible()
    move_to(page, 3)
    expect(inner.first).to_have_attribute("data-status", "pending", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Back to now").click()
    expect(inner.first).to_have_attribute("data-status", "completed", timeout=PATIENCE_MS)
    node(page, "execute_sub_workflow_1").locator(".run-open").click()
    expect(inner).to_have_count(0)


def test_a_map_is_one_node_and_its_failing_items_a_table(page: Page) -> None:
    step = {"kind": "map", "worker": "split_data", "items": "=context.sizes", "tolerate": 3}
    fields = {"params": {"batch_size": "=item"}, "retry": {"max_attempts": 1}}
    publish(page, {"name": "thousand", "steps": [{"name": "items", **step, **fields}]})
    failing = (7, 300, 901)
    start(page, "thousand", {"data": [1], "sizes": [0 if index in failing else 1 for index in range(1_000)]})
    expect(page.locator("[data-slot=run-status]")).to_have_text("Completed", timeout=4 * PATIENCE_MS)
    expect(page.locator("workflow-canvas [data-node]")).to_have_count(1)
    expect(node(page, "items").locator(".run-note")).to_have_text("1000 of 1000, 3 failed")
    node(page, "items").click()
    panel = page.get_by_role("region", name="items thousand")
    shown = panel.locator("tbody tr")
    expect(shown).to_have_count(3)
    assert {int(found) for found in shown.evaluate_all("rows => rows.map((row) => row.dataset.item)")} == set(
        failing
    )
    panel.get_by_label("Text in an item's error").fill("no such thing")
    expect(panel.get_by_text("No item matches.")).to_be_visible()
    panel.get_by_label("Text in an item's error").fill("")
    panel.get_by_label("Status of items").select_option("All")
    expect(shown).to_have_count(50)
    panel.get_by_role("button", name="50 more").click()
    expect(shown).to_have_count(100)
