"""Orders at the shop with random faults, as fast as they are filled."""

from __future__ import annotations

import random
import threading
from collections import deque
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError

from designer.models import WorkflowVersion
from designer.services.workflows import import_document, sync_patterns
from runs.engine import engine
from runs.machine.states import RUN_ENDED
from runs.models import Run
from tests.chaos import limited
from tests.chaos.misbehaving import ODD
from tests.stock import stock_shelves
from workers.library.shop.models import Product
from workers.process import database_retry

STEPS = ("reserve_inventory", "charge_payment", "create_shipment", "send_confirmation")
UNDOS = ("release_inventory", "refund_payment", "cancel_shipment")
FAULTS = (*("error", "temporary:1", "critical", "failed", "crash:1", "slow:0.3") * 5, "slow:1.5", "hang")
UNDO_FAULTS = ("failed", "temporary:1", "crash:1", "slow:0.5")
NONE_OF_TEN = 7  # so many of ten orders ask for no fault
TIMEOUT_S = 3
RETRY = {"max_attempts": 4, "initial": 0.2, "max": 2}
OPEN_MAX = 400  # so many that those whose leases must end first leave work to the others
AT_ONCE_MAX = 5
PAUSE_S = 0.1
STOCK = 1_000_000
WATCHED_ONE_OF = 8
LIMITED_ONE_OF = 6  # so many orders for one in line, behind a named limit
ODD_ONE_OF = 15  # so many orders for one that calls a worker that misbehaves


def publish() -> WorkflowVersion:
    """The shop's workflow with short timeouts, so that leases end while the faults go on."""
    sync_patterns()
    stock_shelves(Product)
    for product in Product.objects.all():
        Product.objects.filter(pk=product.pk).update(
            stock=product.stock + STOCK, initial_stock=product.initial_stock + STOCK
        )
    newest = WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")
    document = {**newest.document, "defaults": {"timeout": TIMEOUT_S, "retry": RETRY}}
    import_document(document, publish=True)
    return WorkflowVersion.objects.filter(workflow__name="order_processing").latest("number")


def publish_odd() -> WorkflowVersion:
    """One step of each worker that misbehaves; a run names the one that it calls."""
    steps = [{"name": name, "worker": name, "when": f'context.odd == "{name}"'} for name in sorted({*ODD})]
    document = {"schema": 1, "name": "odd", "steps": steps, "edges": [], "defaults": {"retry": RETRY}}
    version = import_document(document, publish=True).version
    assert version is not None
    return version


class Orders(threading.Thread):
    """Starts orders while fewer than `OPEN_MAX` are open. A database that is away is tried again."""

    def __init__(self, version: WorkflowVersion, rnd: random.Random, watched: deque[UUID]) -> None:
        super().__init__(daemon=True)
        self.version = version
        self.odd = publish_odd()
        self.limited = limited.publish()
        self.rnd = rnd
        self.watched = watched
        self.count = 0
        self.refused = 0
        self.next: dict[str, Any] | None = None
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(PAUSE_S):
            self._flow()
        database_retry.drop_connections()

    def end(self) -> None:
        self.ended.set()
        self.join()

    def _flow(self) -> None:
        """One that was not answered is asked for again, by its key."""
        try:
            for _ in range(min(AT_ONCE_MAX, OPEN_MAX - open_count())):
                self._order()
        except (OperationalError, InterfaceError):
            self.refused += 1
            database_retry.drop_connections()

    def _order(self) -> None:
        if self.next is None and self.rnd.randrange(ODD_ONE_OF) == 0:
            self.next = {"odd": self.rnd.choice(ODD)}
        if self.next is None and self.rnd.randrange(LIMITED_ONE_OF) == 0:
            self.next = {"limited": self.rnd.choice(limited.LINES)}
        self.next = self.next or {**self.version.document["sample_input"], "simulate": self._faults()}
        named = {"odd": self.odd, "limited": self.limited}
        version = next((named[name] for name in named if name in self.next), self.version)
        run = engine.start_run(version, self.next, idempotency_key=f"order {self.count}")
        self.next = None
        self.count += 1
        if self.count % WATCHED_ONE_OF == 0:
            self.watched.append(run.pk)

    def _faults(self) -> dict[str, str]:
        if self.rnd.randrange(10) < NONE_OF_TEN:
            return {}
        faults = {step: self.rnd.choice(FAULTS) for step in self.rnd.sample(STEPS, self.rnd.choice((1, 2)))}
        if self.rnd.randrange(3) == 0:
            faults[self.rnd.choice(UNDOS)] = self.rnd.choice(UNDO_FAULTS)
        return faults


def open_count() -> int:
    return Run.objects.exclude(status__in=[*RUN_ENDED, "blocked"]).count()
