"""Every page of the product, once. Pictures, axe, the walk by keyboard and the figures go by this list."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.e2e.situations import started

BLOCKED = "the undo of reserve_inventory waits behind"
COMPLETED = "completed in"
PAGES = {
    "home": "/",
    "inbox": "/inbox/",
    "workflows": "/workflows/",
    "workflow": "/workflows/order_processing/",
    "workflow-new": "/new-workflow/",
    "workflow-import": "/import-workflow/",
    "designer": "/workflows/order_processing/edit/",
    "start": "/workflows/order_processing/start/",
    "runs": "/runs/",
    "open-run": "/open-run/",
    "connections": "/connections/",
    "connection-new": "/new-connection/",
    "secret-new": "/new-secret/",
    "subscriptions": "/subscriptions/",
    "subscription-new": "/subscriptions/new/",
    "triggers": "/workflows/order_processing/triggers/",
    "proof": "/workflows/order_processing/proof/",
    "rehearsal": "/workflows/order_processing/rehearsal/",
    "limits": "/limits/",
    "fleet": "/fleet/",
    "worker": "/workers/charge_payment/",
    "account": "/accounts/",
    "password": "/accounts/password/",
    "second-factor": "/accounts/second-factor/",
    "admin": "/admin/",
    "interventions": "/admin/runs/intervention/",
    "causes": "/admin/runs/intervention/causes/",
    "audit": "/admin/runs/intervention/audit/",
    "users": "/admin/auth/user/add/",
    "missing": "/no-such-page/",
}


def staged_pages(page: Page) -> dict[str, str]:
    """Starts runs in each situation, for somebody who is signed in; gives the addresses of all pages."""
    runs = started(page)
    page.goto(f"/runs/{runs[BLOCKED]}/")
    page.get_by_role("button", name="Send the answer").wait_for()
    interventions = page.request.get("/api/v1/interventions").json()["interventions"]
    question = {"intervention": f"/admin/runs/intervention/{interventions[0]['id']}/change/"}
    again = {"run-again": f"/runs/{runs[COMPLETED]}/again/"}
    return PAGES | {f"run {words}": f"/runs/{run}/" for words, run in runs.items()} | again | question
