"""Workers of the engine's tests. `did` lists their effects, in order."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from workers import CriticalFailure, StepHandle, TemporaryFailure, worker

did: list[str] = []


def _act_of(step: StepHandle) -> str:
    """The step's name, or `name:fallback`: what is behind the run in its idempotency key."""
    return step.idempotency_key.partition(":")[2]


def _act(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    act = _act_of(step)
    fault = context.get("faults", {}).get(act)
    if fault == "temporary" and step.attempt == 1:
        raise TemporaryFailure("not yet")
    if fault == "critical":
        raise CriticalFailure("never")
    did.append(act)
    return {step.name: context.get(step.name, 0) + 1}


@worker("act", retry={"max_attempts": 2, "initial": 0})
def act(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    return _act(context, step)


@worker("act_async", retry={"max_attempts": 2, "initial": 0})
async def act_async(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    return _act(context, step)


@worker("undo", retry={"max_attempts": 1})
def undo(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    if context.get("faults", {}).get(f"undo_{step.name}"):
        return {"status": "failed", "requires_manual_intervention": True}
    did.append(
        f"undo {_act_of(step)} of {context['output'].get(step.name)} after {context['failure'].get('step')}"
    )
    return {}


@worker("double", compensation="none")
def double(context: dict[str, Any]) -> dict[str, Any]:
    return {"doubled": context["item"] * 2}


@worker("choose", compensation="none")
def choose(context: dict[str, Any]) -> dict[str, Any]:
    return {"dynamic_steps": context["choice"], "chosen": True}


@worker("talk", compensation="none")
async def talk(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
    step.log("half way")
    step.progress(0.5, "half")
    return {}


class Size(BaseModel):
    size: int


@worker("measured", compensation="none")
def measured(params: Size) -> dict[str, Any]:
    return {"size": params.size}


@worker("late", compensation="none")
def late(context: dict[str, Any]) -> dict[str, Any]:
    raise TemporaryFailure("not yet")
