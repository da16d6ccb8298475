"""Gives what waits for a person already its place in the order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import migrations
from django.db.models import F

CENTURY = timedelta(days=36_525)


def place(apps: Any, schema_editor: Any) -> None:
    """An approval's assignees are few, so they are read and written one approval at a time."""
    approval, assignee, intervention = (
        apps.get_model("runs", name) for name in ("Approval", "ApprovalAssignee", "Intervention")
    )
    for rows in (approval.objects.all(), intervention.objects.filter(status="open")):
        rows.filter(due_at__isnull=False).update(order_at=F("due_at"))
        rows.filter(due_at__isnull=True).update(order_at=F("opened_at") + CENTURY)
    for key, order_at in approval.objects.values_list("pk", "order_at").iterator():
        assignee.objects.filter(approval=key).update(order_at=order_at)


class Migration(migrations.Migration):
    dependencies = [("runs", "0029_waiting_in_the_order_of_deadlines")]
    operations = [migrations.RunPython(place, migrations.RunPython.noop)]
