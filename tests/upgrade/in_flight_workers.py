"""Workers of the workflows in `in_flight.py`. What is named in the file HOLD is held until it is gone."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from workers import CriticalFailure, TemporaryFailure, worker

HOLD = Path(os.environ.get("IN_FLIGHT_HOLD", "/nonexistent"))
HELD_MAX_S = 600.0


def is_held(name: str) -> bool:
    return HOLD.exists() and name in HOLD.read_text().split()


def wait_while_held(name: str) -> None:
    until = time.monotonic() + HELD_MAX_S
    while is_held(name) and time.monotonic() < until:
        time.sleep(0.05)


@worker("in_flight_do", timeout=10, compensation="in_flight_undo")
def do(context: dict[str, Any]) -> dict[str, Any]:
    """Does a thing that can be undone."""
    return {"ticket": 7}


@worker("in_flight_slow", timeout=HELD_MAX_S, compensation="in_flight_undo")
def slow(context: dict[str, Any]) -> dict[str, Any]:
    """Does another one, slowly."""
    wait_while_held("slow")
    return {"ticket": 8}


@worker("in_flight_undo", timeout=HELD_MAX_S)
def undo(context: dict[str, Any]) -> dict[str, Any]:
    """Undoes it; needs what the step returned."""
    wait_while_held("undo")
    if is_held("undo_fails"):
        raise CriticalFailure("the undo is not to be had")
    return {"returned": context["output"]["ticket"]}


@worker("in_flight_item", timeout=HELD_MAX_S, compensation="in_flight_undo")
def item(context: dict[str, Any]) -> dict[str, Any]:
    """Does a thing for one item of a map."""
    if context["item"] > 1:
        wait_while_held("item")
    return {"ticket": context["item"]}


@worker("in_flight_later", timeout=10, retry={"max_attempts": 3, "initial": 120, "max": 120, "jitter": 0})
def later(context: dict[str, Any]) -> dict[str, Any]:
    """Works at its second attempt, two minutes later."""
    if is_held("later"):
        raise TemporaryFailure("not yet")
    return {}


@worker("in_flight_fail", timeout=10)
def fail(context: dict[str, Any]) -> dict[str, Any]:
    """Fails for good."""
    raise CriticalFailure("on purpose")
