"""Workers of the tests of traces. Two make spans of their own, as instrumented code does."""

from __future__ import annotations

import logging
from typing import Any

from opentelemetry import trace

from workers import CriticalFailure, StepHandle, TemporaryFailure, worker

tracer = trace.get_tracer("shop")


@worker("reserve")
def reserve(context: dict[str, Any]) -> dict[str, Any]:
    with tracer.start_as_current_span("SELECT stock"):
        return {"reserved": True}


@worker("release")
def release(context: dict[str, Any]) -> dict[str, Any]:
    return {}


@worker("charge", retry={"max_attempts": 2, "initial": 0})
async def charge(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    with tracer.start_as_current_span("POST /charges"):
        if step.attempt == 1:
            raise TemporaryFailure("the bank is busy", code="busy")
    return {"charge": "ch_1"}


@worker("refund")
async def refund(context: dict[str, Any]) -> dict[str, Any]:
    return {}


@worker("ship")
def ship(context: dict[str, Any]) -> dict[str, Any]:
    logging.getLogger("shop").info("shipping")
    raise CriticalFailure("nobody ships there", code="no_carrier")
