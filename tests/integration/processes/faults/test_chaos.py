"""A short chaos, see `tests.chaos`: what must hold when anything breaks at any moment, holds."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

MINUTES = 1.0
SEED = 20261123
ORDERS_MIN = 20
KILLS_MIN = 3


@pytest.mark.long
@pytest.mark.rule("R10.5")
def test_nothing_is_lost_and_nothing_hangs_in_chaos() -> None:
    database = "sqlite" if connection.vendor == "sqlite" else "postgres"
    words = [sys.executable, "-m", "tests.chaos", "--database", database]
    done = subprocess.run(
        [*words, "--minutes", str(MINUTES), "--seed", str(SEED)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    orders, kills = (re.search(rf"^(\d+) {what}", done.stdout, re.M) for what in ("orders in", "processes"))
    assert orders is not None and int(orders[1]) >= ORDERS_MIN
    assert kills is not None and int(kills[1]) >= KILLS_MIN
