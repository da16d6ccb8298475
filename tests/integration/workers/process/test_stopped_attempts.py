"""An attempt that is stopped in the middle of a query does not spoil its process for the next one."""

from __future__ import annotations

import random

import pytest
from django.db import connection, transaction

from workers import worker
from workers.library.models import EventMetric
from workers.process import database_retry
from workers.testing import outcome_of

ROUNDS = 150


@worker("count_for_ever")
def count_for_ever() -> None:
    while True:
        with transaction.atomic():
            metric, _ = EventMetric.objects.get_or_create(dimension="test", value="")
            EventMetric.objects.filter(pk=metric.pk).update(count=1)


@pytest.mark.usefixtures("transactional_db")
# Where the alarm falls into a callback of the collector, Python ignores what it raises; it rings again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_process_works_on_wherever_the_attempt_was_broken_off():
    moments = random.Random(5)
    for _ in range(ROUNDS):
        assert outcome_of(count_for_ever, timeout=moments.uniform(0.002, 0.02)).kind == "unknown"
        database_retry.drop_connections()
        with transaction.atomic():
            EventMetric.objects.update_or_create(dimension="other", value="")
        assert not connection.in_atomic_block
