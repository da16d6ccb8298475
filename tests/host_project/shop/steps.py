"""Workers of the project, which use its models; the product imports them by WORKER_MODULES."""

from __future__ import annotations

from typing import Any

from shop.models import Order

from workers import worker


@worker("ship_order", compensation="unship_order")
def ship_order(context: dict[str, Any]) -> dict[str, Any]:
    Order.objects.filter(number=context["number"]).update(status="shipped")
    return {"shipped": context["number"]}


@worker("unship_order")
def unship_order(context: dict[str, Any]) -> dict[str, Any]:
    Order.objects.filter(number=context["number"]).update(status="new")
    return {}
