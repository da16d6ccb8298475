"""A stocked shop, and orders as a run would carry them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.stock import stock_shelves
from workers.execution.encode import encode
from workers.library.shop.models import Product
from workers.testing import OUTPUT_BYTES_MAX, call, fake_step

ITEMS = [{"sku": "MUG-002", "quantity": 2}, {"sku": "TEA-001", "quantity": 1}]
TOTAL_CENTS = 2 * 1_450 + 890


@pytest.fixture
def shop(transactional_db: None) -> None:
    """Products on the shelves, whatever an earlier test left of them."""
    stock_shelves(Product)


@dataclass
class Order:
    """Calls the shop's workers one by one with the context of one run."""

    run_id: str = "run-1"
    context: dict[str, Any] = field(
        default_factory=lambda: {"order_items": ITEMS, "customer": "ada@example.org"}
    )

    def do(self, worker: Any, step: str = "", *, attempt: int = 1) -> Any:
        """A step: its output goes into the context."""
        result = self.call(worker, step or worker.__name__, self.context, attempt=attempt)
        self.context.update(result)
        return result

    def undo(self, worker: Any, step: str, output: dict[str, Any] | None = None) -> Any:
        """A compensation of `step`, which returned `output` (nothing when that is unknown)."""
        failure = {"step": "later", "error": "exception", "message": "no"}
        return self.call(worker, step, {**self.context, "output": output or {}, "failure": failure})

    def call(self, worker: Any, step: str, context: dict[str, Any], *, attempt: int = 1) -> Any:
        key = f"{self.run_id}:{step}"
        handle = fake_step(step, attempt=attempt, idempotency_key=key, run_id=self.run_id)
        return encode(call(worker, context, step=handle), OUTPUT_BYTES_MAX)


@pytest.fixture
def order(shop: None) -> Order:
    return Order()
