"""Outbox of a Django project: starts of runs that exist exactly if the project's own transaction commits.

A Django app for projects beside the product. It imports nothing of the product: Django and httpx2 are all
that it needs, and its imports are relative, so that it works under any name that it is installed by.

    with transaction.atomic():
        order.save()
        enqueue_start("order_processing", {"order": order.pk}, key=f"order-{order.pk}")

`manage.py deliver_starts` sends what is committed to the board.
"""

from .enqueue import KeyReused, enqueue_start

__all__ = ["KeyReused", "enqueue_start"]
