"""The order in which what waits for people is listed: by deadline, then by age. No queries.

`Approval`, `ApprovalAssignee` and `Intervention` store `order_at`, so that a page of them is one range of an
index although many have no deadline.
"""

from __future__ import annotations

from datetime import datetime, timedelta

NEVER_DUE = timedelta(days=36_525)
ORDER_AT_HELP = "When it is due; without a deadline a century after it was opened."


def order_at(due_at: datetime | None, opened_at: datetime) -> datetime:
    """Returns the place in the order: what has no deadline comes after all that has one, the oldest first."""
    return opened_at + NEVER_DUE if due_at is None else due_at
