"""`place_order NUMBER`: saves an order and enqueues its run, in one transaction that may fail at its end."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from sagaboard.outbox import enqueue_start
from shop.models import Order


class Command(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number")
        parser.add_argument("--workflow", default="order")
        parser.add_argument("--fail", action="store_true")

    def handle(self, *args: Any, number: str, workflow: str, fail: bool, **options: Any) -> None:
        with transaction.atomic():
            order = Order.objects.create(number=number)
            enqueue_start(workflow, {"number": order.number}, key=f"order-{order.number}")
            if fail:
                raise CommandError("the order is not placed after all")
