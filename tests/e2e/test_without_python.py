"""A business process by clicks alone: webhook, checks, branch, API call, approval, mail, and the undo."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from secrets import token_hex
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Visits
from tests.e2e.designer.gestures import (
    add_by_keyboard,
    connect,
    expect_saved,
    expect_still,
    new_workflow,
    node,
    tool,
)
from tests.e2e.orders import PATIENCE_MS, expect_status
from tests.http_api import HttpApi, http_api
from tests.integration.workers.library.ready.mail_server import mail_server

SIGNING_SECRET = "a secret of two parties"
SCHEMA = {
    "type": "object",
    "required": ["amount", "outcome"],
    "properties": {"amount": {"type": "integer", "minimum": 1}},
}
FORM = {"type": "object", "properties": {"reason": {"type": "string", "title": "Reason"}}}


def test_an_order_is_charged_approved_and_mailed_or_refunded(visits: Visits) -> None:
    page = visits.page(permissions=["clipboard-read", "clipboard-write"])
    payments, mail, signing = (f"{name}_{token_hex(3)}" for name in ("payments", "mail", "signing"))
    with http_api() as api, mail_server() as post:
        make_connection(page, payments, api.url, "Bearer token", secret="the-token-of-payments")
        make_connection(page, mail, f"smtp://127.0.0.1:{post.port}", "None", kind="Mail server (SMTP)")
        make_secret(page, signing, SIGNING_SECRET)
        name = design(page, payments, mail)
        address = make_webhook(page, name, signing)

        run = call(address, {"amount": 500, "outcome": 201})
        page.goto(f"/runs/{run}/")
        asked = page.get_by_role("region", name="ask waits for approval")
        asked.get_by_label("Reason").fill("A good customer")
        asked.get_by_role("button", name="Approve").click()
        expect_status(page, "Completed")
        assert [message.message["Subject"] for message in post.taken] == ["Order of 500"]
        assert len(api.charges) == 1 and not api.refunds

        page.goto(f"/runs/{call(address, {'amount': 50, 'outcome': 402})}/")
        expect_status(page, "Undone")
        assert len(post.taken) == 1
        expect_refunded(api)
        assert "the-token-of-payments" not in page.content()


def expect_refunded(api: HttpApi) -> None:
    """The second charge is refunded, once, under a key of the refund's own."""
    charge = list(api.charges.values())[-1]
    [refund] = api.refunds.values()
    assert len(api.to("/refunds")) == 1 and refund["charge"] == charge["id"]
    assert refund["key"] != charge["key"]
    signed_in = {request.headers["authorization"] for request in api.requests}
    assert signed_in == {"Bearer the-token-of-payments"}


def make_connection(
    page: Page, name: str, address: str, sign_in: str, kind: str = "HTTP API", secret: str = ""
) -> None:
    page.goto("/connections/")
    page.get_by_role("link", name="New connection").click()
    page.get_by_role("navigation", name="Kind of service").get_by_role("link", name=kind).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address", exact=True).fill(address)
    page.get_by_label(sign_in, exact=True).check()
    if secret:
        page.get_by_label("Value of the new secret").fill(secret)
    page.get_by_role("button", name="Make this connection").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{name} is made")


def make_secret(page: Page, name: str, value: str) -> None:
    page.goto("/connections/")
    page.get_by_role("link", name="New secret").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Value", exact=True).fill(value)
    page.get_by_role("button", name="Keep this secret").click()
    expect(page.get_by_role("status").first).to_contain_text(name)


def design(page: Page, payments: str, mail: str) -> str:
    name = new_workflow(page)
    step(page, "Validate JSON", "check")
    inspector(page).get_by_role("button", name="Use an expression for Data").click()
    fill(page, "Data", "input")
    fill(page, "Schema", json.dumps(SCHEMA))
    step(page, "HTTP request", "charge")
    post(page, payments, "/charges", {"amount": "=input.amount"})
    fill(page, "Put its output under", "charged")
    undo = inspector(page)
    undo.get_by_role("button", name="Undo", exact=True).click()
    undo.get_by_label("Undo", exact=True).select_option("worker")
    undo.get_by_label("Undone by").fill("http_request")
    post(page, payments, "/refunds", {"charge": "=output.body.id"})
    step(page, "HTTP request", "book")
    post(page, payments, "/status/{outcome}", {})
    fill(page, "Path", json.dumps({"outcome": "=input.outcome"}))
    undo.get_by_role("button", name="Undo", exact=True).click()
    undo.get_by_label("Undo", exact=True).select_option("none")
    step(page, "Send e-mail", "mail")
    fill(page, "To", "ann@example.org")
    fill(page, "Subject", "Order of {{ amount }}")
    fill(page, "Text", "It is booked.")
    inspector(page).get_by_label("Mail server").select_option(mail)
    branch(page)
    expect_saved(page)
    tool(page, "Publish").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Publish")).click()
    expect(page.get_by_text("Version 1 is published")).to_be_visible()
    return name


def branch(page: Page) -> None:
    """Asks a person about orders above 100."""
    node(page, "check").click()
    step(page, "Ask for approval", "ask")
    fill(page, "Question", "Shall it be charged?")
    fill(page, "Form of the answer", json.dumps(FORM))
    connect(page, "ask", "charge")
    take(page, "From check to ask", when="context.amount > 100")
    take(page, "From check to charge", otherwise=True)


def take(page: Page, edge: str, when: str = "", otherwise: bool = False) -> None:
    expect_still(page)
    page.get_by_label(edge, exact=True).focus()
    page.keyboard.press("Enter")
    expect(inspector(page).get_by_role("heading", name="Edge")).to_be_visible()
    if when:
        fill(page, "Taken when", when)
    if otherwise:
        inspector(page).get_by_label("Otherwise: when no condition is true").check()


def step(page: Page, words: str, name: str) -> None:
    add_by_keyboard(page, words)
    inspector(page).get_by_role("button", name="Step", exact=True).click()
    fill(page, "Name", name)
    expect(node(page, name)).to_be_visible()


def post(page: Page, payments: str, url: str, body: dict[str, Any]) -> None:
    inspector(page).get_by_label("Method").select_option("POST")
    inspector(page).get_by_label("Connection", exact=True).select_option(payments)
    fill(page, "URL", url)
    fill(page, "JSON", json.dumps(body))


def fill(page: Page, label: str, text: str) -> None:
    marks = r"( \(needed\))?( \((JSON|JSON Schema)\)|, as an expression)?"
    field = inspector(page).get_by_label(re.compile(f"^{label}{marks}$"))
    field.fill(text)
    field.press("Tab")


def inspector(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Inspector")


def make_webhook(page: Page, name: str, signing: str) -> str:
    page.goto(f"/workflows/{name}/triggers/")
    panel = page.locator("#new-hook")
    panel.get_by_label("How its sender is known").select_option("github")
    panel.get_by_label("Names of the secrets that it signs with").fill(signing)
    page.get_by_role("button", name="Make a webhook").click()
    return page.locator("#hook-address").inner_text(timeout=PATIENCE_MS)


def call(address: str, order: dict[str, Any]) -> str:
    """Calls the webhook as GitHub signs its calls; gives the run."""
    body = json.dumps(order).encode()
    signature = hmac.new(SIGNING_SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    with urlopen(Request(address, body, headers)) as answer:
        run: str = json.load(answer)["run"]
    return run
