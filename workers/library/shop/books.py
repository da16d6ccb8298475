"""The check worker of the shop: judges its books after a rehearsal, and says what must be the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Sum

from runs.machine.answers import BY_HAND
from runs.machine.states import RUN_ENDED, RunStatus, StepStatus, UndoStatus
from runs.models import Intervention, Run, StepRun
from workers import worker
from workers.library.shop.audit import RunFacts, audit
from workers.library.shop.inventory import CATEGORY
from workers.library.shop.models import Confirmation, Payment, Product, Reservation, Shipment

LEFT = (UndoStatus.ABANDONED, UndoStatus.RESOLVED, UndoStatus.FAILED)
SHOWN_MAX = 20


@worker(
    "shop_books", category=CATEGORY, title="Check the shop's books", compensation="none", rehearsal="real"
)
def shop_books() -> dict[str, Any]:
    """Judges the shop's books: stock, payments, shipments, and that an ended run left all or nothing.

    Gives `ok`, `problems`, and `books`: stock by product, and what is held, charged, shipped and confirmed.
    """
    broken, _ = audit(run_facts())
    problems = [f"{breach.invariant}: {breach.subject}: {breach.message}" for breach in broken]
    return {"ok": not broken, "problems": problems[:SHOWN_MAX], "books": books()}


def books() -> dict[str, Any]:
    """What must be the same after an effect and its undo."""
    charged = Payment.objects.filter(status=Payment.Status.CHARGED)
    return {
        "stock": dict(Product.objects.order_by("sku").values_list("sku", "stock")),
        "held": Reservation.objects.filter(status=Reservation.Status.HELD).count(),
        "charged_cents": charged.aggregate(sum=Sum("amount_cents"))["sum"] or 0,
        "charged": charged.count(),
        "shipped": Shipment.objects.filter(status=Shipment.Status.SHIPPED).count(),
        "confirmed": Confirmation.objects.count(),
    }


def run_facts() -> dict[str, RunFacts]:
    """Returns what the audit reads of the runs of this installation."""
    reasons = reasons_apart()
    rows = Run.objects.values_list("id", "workflow_name", "status").iterator()
    facts = {}
    for run_id, workflow, status in rows:
        is_ended = RunStatus(status) in RUN_ENDED
        apart = reasons.get(str(run_id), "") if is_ended else f"not ended: {status}"
        facts[str(run_id)] = RunFacts(workflow, status, apart)
    return facts


def reasons_apart() -> dict[str, str]:
    """Reasons by run why an ended run is not judged: a person decided the end of one of its steps."""
    ended_partly = StepRun.objects.filter(run__status=RunStatus.COMPLETED)
    answered = Intervention.objects.filter(answer__in=BY_HAND)
    return {
        **reasons(ended_partly.filter(status__in=(StepStatus.FAILED, StepStatus.SKIPPED)), "status"),
        **reasons(ended_partly.filter(undo=UndoStatus.COMPENSATED), "undo"),
        **reasons(answered, "answer"),
        **reasons(StepRun.objects.filter(undo__in=LEFT), "undo"),
    }


def reasons(rows: Any, state: str) -> dict[str, str]:
    name = "step" if state == "answer" else "name"
    values: Iterable[tuple[Any, str, str]] = rows.order_by("id").values_list("run_id", name, state)
    return {str(run_id): f"{step}: {text}" for run_id, step, text in values}
