"""A worker for measurements: it takes its time."""

from __future__ import annotations

import time
from typing import Any

from workers import worker

NAP_S = 300.0


@worker("nap", timeout=NAP_S, retry={"max_attempts": 100, "initial": 0}, compensation="none")
def nap() -> dict[str, Any]:
    time.sleep(NAP_S)
    return {}
