"""Async workers for the tests of worker processes: they wait, talk, hang and hold the loop."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from workers import worker

GATE_POLL_S = 0.05


@worker("nap", timeout=30, compensation="none", retry={"max_attempts": 3, "initial": 0})
async def nap(context: dict[str, Any]) -> dict[str, Any]:
    await asyncio.sleep(context["nap_s"])
    return {"slept_in": os.getpid()}


@worker("gated", timeout=300, compensation="none", retry={"max_attempts": 3, "initial": 0})
async def gated(context: dict[str, Any]) -> dict[str, Any]:
    """Waits until the test makes a file."""
    while not Path(context["gate"]).exists():
        await asyncio.sleep(GATE_POLL_S)
    return {"waited_in": os.getpid()}


@worker("hang", timeout=0.3, compensation="none", retry={"max_attempts": 1})
async def hang() -> None:
    await asyncio.sleep(60)


@worker("talk", timeout=30, compensation="none")
async def talk(step: Any) -> None:
    for number in range(3):
        step.log("line", number)
        step.progress(number / 2, f"at {number}")
        await asyncio.sleep(0.2)


@worker("hold_loop", timeout=0.5, compensation="none", retry={"max_attempts": 1})
async def hold_loop() -> None:
    """Async by its name only: nothing else comes to its turn meanwhile."""
    time.sleep(60)


@worker("plain", timeout=30, compensation="none")
def plain() -> dict[str, Any]:
    return {"plain_in": os.getpid()}


@worker("undo_nap")
async def undo_nap(context: dict[str, Any]) -> None:
    await asyncio.sleep(context["nap_s"])
