"""Workers of the tests of faults. They tell through Redis lists, and wait until Redis has a key."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from django.conf import settings
from redis import Redis

from workers import StepHandle, TemporaryFailure, worker

POLL_S = 0.05
MEGABYTE = 1 << 20


def tell(key: str, value: object) -> None:
    with Redis.from_url(settings.REDIS_URL) as client:
        client.rpush(f"test:{key}", str(value))


def is_told(key: str) -> bool:
    with Redis.from_url(settings.REDIS_URL) as client:
        return bool(client.exists(f"test:{key}"))


@worker("newcomer")
def newcomer(context: dict[str, Any]) -> dict[str, Any]:
    return {}


@worker("stubborn", timeout=1, retry={"max_attempts": 5, "initial": 0})
def stubborn(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Its first attempt overlooks its timeout and says so late that it is done."""
    tell("attempts", f"{step.attempt} {os.getpid()}")
    while step.attempt == 1:
        try:
            if is_told("wake"):
                break
            time.sleep(POLL_S)
        except BaseException:  # noqa: BLE001
            continue
    return {"by": step.attempt}


@worker("swift", retry={"max_attempts": 3, "initial": 0})
def swift(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Notes that it has begun. The first attempt of the step that the run calls fatal ends its process."""
    with (settings.DATA_DIR / "begun").open("a") as file:
        file.write(f"{step.idempotency_key}\n")
    if step.attempt == 1 and context.get("fatal") == step.name:
        os.kill(os.getpid(), signal.SIGKILL)
    return {}


@worker("long", timeout=100, retry={"max_attempts": 3, "initial": 0})
def long(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    tell("begun", step.attempt)
    while step.attempt == 1:
        time.sleep(POLL_S)
    return {}


@worker("greedy", timeout=60, retry={"max_attempts": 2, "initial": 0})
def greedy(context: dict[str, Any]) -> dict[str, Any]:
    """Takes memory until there is none."""
    taken = []
    try:
        while True:
            taken.append(b"x" * MEGABYTE)
    except MemoryError:
        if context.get("aborts"):
            os.abort()  # as libraries in C do
        raise


@worker("bulky", timeout=100, compensation="none")
def bulky(context: dict[str, Any]) -> dict[str, Any]:
    """Waits until it may end, and returns more than a full disk takes."""
    tell("bulky", os.getpid())
    while not is_told("end"):
        time.sleep(POLL_S)
    return {"bulk": os.urandom(3 * MEGABYTE).hex()}


@worker("hesitant", timeout=2, retry={"max_attempts": 3, "initial": 2, "factor": 1, "jitter": 0})
def hesitant(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    """Fails at first, then takes too long, then succeeds."""
    if step.attempt == 1:
        raise TemporaryFailure("not yet")
    if step.attempt == 2:
        time.sleep(60)
    return {}
