"""The two acts of a step that names a fallback: its own work, and the fallback's. PURE.

Each may have an effect of its own. It is verified and undone under an idempotency key of its own, the latest
act first; so a step of which nobody knows what its own attempts did, and whose fallback then completed it, is
undone twice. `StepState.by_fallback` says which act the step is at.
"""

from __future__ import annotations

from typing import Any

from runs.machine.states import StepState, StepStatus


def is_unknown(step: StepState) -> bool:
    """Whether nobody knows if the present act has had its effect."""
    return step.fallback_effect == "unknown" if step.by_fallback else step.unknown


def is_there(step: StepState) -> bool:
    """Whether the effect of the present act is known to be there although the step did not complete."""
    return step.fallback_effect == "done" if step.by_fallback else step.effect_seq is not None


def has_acted(step: StepState, *, by_fallback: bool) -> bool:
    """Whether an act has had its effect, or may have had it. Not while the undo is at the second act."""
    if by_fallback:
        return step.fallback_effect != ""
    is_own = step.status == StepStatus.COMPLETED and not step.by_fallback
    return is_own or step.unknown or step.effect_seq is not None


def other_has_acted(step: StepState) -> bool:
    """Whether the act that the step is not at has had an effect, or may have had one."""
    return has_acted(step, by_fallback=not step.by_fallback)


def acts_left(step: StepState) -> int:
    """Returns how many acts of a step are not undone, at least one."""
    acted = has_acted(step, by_fallback=True) + has_acted(step, by_fallback=False)
    return 1 if step.undo_second else max(1, acted)


def output_seq(step: StepState) -> int | None:
    """Returns the entry that holds what is known of the output of the act that is undone."""
    known_seq = step.fallback_seq if step.by_fallback else step.effect_seq
    if known_seq is not None:
        return known_seq
    return step.undo_output_seq if step.undo_second else step.output_seq


def key_of(run_id: str, step: StepState) -> str:
    """Returns the idempotency key of the present act, the same for its attempts, verification and undo."""
    return f"{run_id}:{step.name}:fallback" if step.by_fallback else f"{run_id}:{step.name}"


# --- what is known of the present act, as fields of its step ---


def marked(step: StepState, unknown: bool) -> dict[str, Any]:
    """Nobody knows whether it has had its effect, or has not had one more than is known to be there."""
    if not step.by_fallback:
        return {"unknown": unknown}
    is_known = step.fallback_effect == "done"
    return {} if is_known else {"fallback_effect": "unknown" if unknown else ""}


def known(step: StepState, seq: int) -> dict[str, Any]:
    """Its effect is there, and entry `seq` holds what is known of its output."""
    if step.by_fallback:
        return {"fallback_effect": "done", "fallback_seq": seq}
    return {"effect_seq": seq}


def cleared(step: StepState) -> dict[str, Any]:
    """It has no effect, or none any more."""
    if step.by_fallback:
        return {"fallback_effect": "", "fallback_seq": None}
    return {"unknown": False, "effect_seq": None}
