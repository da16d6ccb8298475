"""People see what a failure would undo, try a draft before it is published, and mend what is wrong."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import add_by_keyboard, expect_saved, new_workflow, node, tool


def mark(page: Page, step: str) -> Locator:
    return node(page, step).locator(".step-node-what-if")


def test_a_person_asks_what_a_failure_would_undo_and_mends_the_gap(page: Page) -> None:
    new_workflow(page, "order_processing")
    tool(page, "What if…").click()
    panel = page.get_by_role("region", name="What if a step fails?")
    panel.get_by_label("What if this fails?").select_option("send_confirmation")
    expect(mark(page, "create_shipment")).to_have_text("Undo 1")
    expect(mark(page, "reserve_inventory")).to_have_text("Undo 3")
    node(page, "create_shipment").click()
    expect(mark(page, "create_shipment")).to_have_text("Fails")
    expect(mark(page, "charge_payment")).to_have_text("Undo 1")
    expect(panel.get_by_role("list", name="Undone, in this order").get_by_role("listitem")).to_have_text(
        [re.compile("charge_payment by refund_payment"), re.compile("reserve_inventory by release_inventory")]
    )
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("button", name="Undo").click()
    inspector.get_by_label("Undo", exact=True).select_option("irreversible")
    expect_saved(page)
    panel.get_by_label("What if this fails?").select_option("create_shipment")
    expect(mark(page, "charge_payment")).to_have_text("Remains")
    expect(panel.get_by_role("list", name="Would remain")).to_contain_text("cannot be undone")
    panel.get_by_role("button", name="Close").click()
    expect(page.locator(".step-node-what-if")).to_have_count(0)


def test_the_plan_of_a_published_workflow_is_seen_on_its_page_by_keyboard(visits: Visits) -> None:
    page = visits.page(viewport={"width": 390, "height": 900})
    page.goto("/workflows/order_processing/")
    page.get_by_role("button", name="What if a step fails?").press("Enter")
    expect(page.get_by_label("What if this fails?")).to_be_focused()
    page.keyboard.type("create")
    expect(mark(page, "reserve_inventory")).to_have_text("Undo 2")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


FAULT = '{"order_items": [{"sku": "MUG-002", "quantity": 1}], "simulate": {"create_shipment": "error"}}'


def start_trial(page: Page, given: str, label: str = "Input (JSON)") -> Locator:
    """Answers the open question; gives the bar of the trial."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(label).fill(given)
    dialog.get_by_role("button", name="Start the trial").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    return page.get_by_role("region", name="Trial")


def badge(page: Page, step: str, about: str) -> Locator:
    return node(page, step).locator(f'.step-node-badges [data-badge^="{about}-"]')


def test_a_draft_is_tried_with_a_fault_and_seen_walking_back_on_the_canvas(page: Page) -> None:
    name = new_workflow(page, "order_processing")
    tool(page, "Try it").click()
    dialog = page.get_by_role("dialog", name="Try this draft")
    expect(dialog).to_contain_text("charge_payment acts, and is undone by refund_payment")
    expect(dialog.get_by_role("button", name="Start the trial")).to_be_disabled()
    dialog.get_by_label("I know that these really act").check()
    bar = start_trial(page, FAULT)
    expect(bar).to_have_attribute("data-status", "compensated")
    expect(badge(page, "create_shipment", "step")).to_have_text("Failed")
    for step in ("reserve_inventory", "charge_payment"):
        expect(badge(page, step, "undo")).to_have_text("Undone")
    expect(badge(page, "send_confirmation", "step")).to_have_text("Not reached")
    tool(page, "Try it").click()
    expect(page.get_by_label("I know that")).to_have_count(0)
    page.keyboard.press("Escape")
    with page.context.expect_page() as opened:
        bar.get_by_role("link", name="Open its page").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Trial")
    page.goto(f"/workflows/{name}/")
    expect(page.get_by_text("Nothing is published yet")).to_be_visible()
    page.goto(f"/runs/?workflow={name}")
    expect(page.get_by_text("No run matches")).to_be_visible()
    page.goto(f"/runs/?workflow={name}&kind=trials")
    expect(page.get_by_role("row").filter(has_text=name)).to_have_count(1)


def test_one_step_is_tried_alone_with_a_given_context(page: Page) -> None:
    new_workflow(page, "order_processing")
    expect(tool(page, "Try step")).to_be_disabled()
    node(page, "reserve_inventory").click()
    tool(page, "Try step").click()
    dialog = page.get_by_role("dialog", name="Try reserve_inventory alone")
    expect(dialog.get_by_label("Context (JSON)")).to_have_value(re.compile("order_items"))
    dialog.get_by_label("I know that reserve_inventory really acts").check()
    bar = start_trial(page, '{"order_items": [{"sku": "MUG-002", "quantity": 1}]}', "Context (JSON)")
    expect(bar).to_have_attribute("data-status", "completed")
    expect(bar).to_contain_text("reservation_id")
    expect(badge(page, "reserve_inventory", "step")).to_have_text("Completed")
    expect(badge(page, "charge_payment", "step")).to_have_count(0)
    bar.get_by_role("button", name="Put away").click()
    expect(page.locator(".step-node-badges [data-badge]")).to_have_count(0)


def write(page: Page, label: str, text: str) -> Locator:
    """Types an expression anew; gives its field."""
    editor = page.get_by_role("textbox", name=label)
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
    return page.locator("[data-field]").filter(has=editor)


def test_a_condition_is_written_with_completion_and_shows_what_it_gives(page: Page) -> None:
    new_workflow(page, "conditional_processing")
    node(page, "simple_processing").click()
    expect(page.locator(".cm-content").first).to_be_visible()
    field = write(page, "Only when", "context.da")
    page.keyboard.press("Control+Space")
    option = page.locator(".cm-tooltip-autocomplete li").first
    expect(option).to_have_text(re.compile("^data"))
    option.click()  # Enter is a line's end to an editor whose list opened a moment ago
    page.keyboard.type(" != ''")
    expect(field.locator(".preview")).to_have_text(re.compile("true"))
    expect_saved(page)
    write(page, "Only when", "format_n")
    page.keyboard.press("Control+Space")
    options = page.locator(".cm-tooltip-autocomplete")
    expect(options.locator("li", has_text="format_number(")).to_contain_text(
        "(value[, digits][, separators])"
    )
    expect(options.locator(".cm-completionInfo")).to_contain_text(
        'format_number(1234.5, 2, ".,") → "1.234,50"'
    )
    page.keyboard.press("Escape")
    field = write(page, "Only when", "size(context.data)")
    expect(field.locator(".preview")).to_contain_text("not true or false")
    expect_saved(page)
    page.reload()
    expect(node(page, "simple_processing")).to_contain_text("guarded")


def test_a_value_of_a_trial_is_previewed_in_a_param(page: Page) -> None:
    new_workflow(page, "conditional_processing")
    tool(page, "Try it").click()
    page.get_by_role("button", name="Start the trial").click()
    expect(page.get_by_role("region", name="Trial")).to_have_attribute("data-status", "completed")
    node(page, "finalize_results").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_label("Name of a new param").fill("how")
    inspector.get_by_role("button", name="Add param").click()
    inspector.get_by_role("button", name="Use an expression for how").click()
    field = write(page, "how, as an expression", "steps.analyze_input")
    expect_saved(page)
    expect(field.locator(".preview")).to_contain_text("no such key")
    source = inspector.get_by_label("Expressions show what they give with")
    source.focus()
    expect(source.locator("option")).to_have_count(2)
    source.select_option(index=1)
    expect(field.locator(".preview")).to_contain_text("object")


def test_a_click_on_a_problem_leads_to_its_field(page: Page) -> None:
    new_workflow(page, "order_processing")
    node(page, "charge_payment").click()
    inspector = page.get_by_role("complementary", name="Inspector")
    inspector.get_by_role("button", name="Undo").click()
    inspector.get_by_label("Undo", exact=True).select_option("worker")
    inspector.get_by_label("Undone by").fill("nobody")
    problems = page.get_by_role("region", name="Problems")
    expect(problems.get_by_role("heading")).to_have_text("1 problem, 0 warnings")
    inspector.get_by_role("button", name="Step", exact=True).click()
    node(page, "reserve_inventory").click()
    problems.get_by_role("button").click()
    field = inspector.get_by_label("Undone by")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("there is no worker 'nobody'"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("refund_payment")
    expect(problems.get_by_role("heading")).to_have_text("No problems")


def test_a_session_that_ends_while_editing_loses_nothing(visits: Visits) -> None:
    page = visits.page()
    new_workflow(page)
    add_by_keyboard(page, "Reserve inventory")
    expect_saved(page)
    page.context.clear_cookies(name="sessionid")
    add_by_keyboard(page, "Charge payment")
    expect(page.locator(".save-badge")).to_contain_text("Signed out: kept here")
    page.get_by_role("button", name="Sign in again").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_label("Name").fill(visits.board.user)
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("do not match")
    dialog.get_by_label("Password").fill(visits.board.password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect_saved(page)
    page.reload()
    expect(page.locator(".step-node")).to_have_count(2)
