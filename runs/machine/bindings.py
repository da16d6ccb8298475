"""The values that expressions and workers see: contexts, bindings and bound params. PURE.

A context depends on the graph and on outputs only, never on the order in which parallel branches end, so it
is the same on every replay (semantics 2).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from designer.document.graph import Action, Graph, Step
from designer.document.limits import TEXT_LENGTH_MAX
from designer.expressions.budget import SharedBudget
from designer.expressions.expressions import resolve
from designer.expressions.functions.times import NOW, Time
from runs.machine import acts
from runs.machine.retry_policy import action_of
from runs.machine.states import State, StepState, StepStatus, lean
from workers.sdk.outcome import Direction

JSON = Any
OF_ATTEMPT = ("output", "failure", "item", "batch", "index", "turn", "previous")
NOT_RUN = {"code": "cancelled", "message": "Not run: too many other items had failed."}
NOT_NEEDED = {"code": "cancelled", "message": "Not run: enough other items had completed."}
PASSED_ON = frozenset({StepStatus.COMPLETED, StepStatus.FAILED})
ENDED = PASSED_ON | {StepStatus.SKIPPED, StepStatus.CANCELLED}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a step ends that has not ended in the state yet."""

    status: StepStatus
    output: JSON = None
    error: Mapping[str, Any] | None = None
    is_caught: bool = False


def contribution(step: Step, output: JSON) -> dict[str, JSON]:
    """Returns the keys that an output adds to the contexts of later steps."""
    if step.output_key:
        return {step.output_key: output}
    if isinstance(output, dict):
        return output
    return {} if output is None else {"result": output}


def outputs(graph: Graph, state: State, names: list[str]) -> dict[str, JSON]:
    """Returns outputs by step name, in the order of `names`, without steps that have none."""
    return _outputs(graph, state, state.steps_named(names))


def _outputs(graph: Graph, state: State, steps: Mapping[str, StepState]) -> dict[str, JSON]:
    seqs = [step.output_seq for step in steps.values() if step.output_seq is not None]
    payloads = state.payloads(seqs)
    values: dict[str, JSON] = {}
    for name, step in steps.items():
        if step.status not in PASSED_ON:
            continue
        if step.output_seq is not None:
            values[name] = payloads[step.output_seq]
        elif step.is_map and (value := items_output(graph, state, name)) is not None:
            values[name] = value
    return values


def items_output(graph: Graph, state: State, name: str) -> JSON:
    """Returns the output of a map or a loop, which is that of its items; None for a loop without a turn."""
    step = graph.by_name[name]
    if not step.repeats:
        return map_results(state, name)
    names = [f"{name}[{turn}]" for turn in range(state.step(name).items_total or 0)]
    if not step.collect:  # a loop may have had very many turns, and the last one says it
        turns = map(state.step, reversed(names))
        last = next((turn for turn in turns if turn.status == StepStatus.COMPLETED), None)
        return None if last is None or last.output_seq is None else state.payload(last.output_seq)
    return _settled(state, name, partial(_completed_turns, state, names))


def _settled(state: State, name: str, make: Callable[[], JSON]) -> JSON:
    """Returns what `make` derives from the items; each step behind them and each undo of one ask for it.

    What the items of a completed map or loop gave stays as it is, so of a stored one it is worked out once.
    """
    whole = state.step(name)
    if whole.status != StepStatus.COMPLETED or whole.ended_seq is None or name in state.changed:
        return make()
    return state.source.derived(whole.ended_seq, make)


def _completed_turns(state: State, names: list[str]) -> list[JSON]:
    done = [turn for turn in state.steps_named(names).values() if turn.status == StepStatus.COMPLETED]
    payloads = state.payloads([turn.output_seq for turn in done if turn.output_seq is not None])
    return [None if turn.output_seq is None else payloads[turn.output_seq] for turn in done]


def map_results(state: State, name: str) -> list[JSON]:
    """Returns the results of a map in item order, with `{"error": …}` for an item that did not complete."""
    results, others = _settled(state, name, partial(_completed_items, state, name))
    if not others:
        return list(results)
    reason = NOT_NEEDED if state.step(name).enough else NOT_RUN
    errors = {
        item.index: item.error if item.status == StepStatus.FAILED else reason
        for item in state.steps_named(others).values()
    }
    return [{"error": errors[index]} if index in errors else result for index, result in enumerate(results)]


def _completed_items(state: State, name: str) -> tuple[list[JSON], list[str]]:
    """Returns the outputs of a map's items, and the names of those that have not completed."""
    items = state.items(name)
    keys = (f"{name}[{index}]" for index in range(state.step(name).items_total or 0))
    ordered = [items.get(key) or lean(StepState, name=key) for key in keys]
    others = [item.name for item in ordered if item.status != StepStatus.COMPLETED]
    payloads = state.payloads([item.output_seq for item in ordered if item.output_seq is not None])
    results = [
        payloads[item.output_seq]
        if item.status == StepStatus.COMPLETED and item.output_seq is not None
        else None
        for item in ordered
    ]
    return results, others


def merged(
    graph: Graph, values: Mapping[str, JSON], caught: Mapping[str, JSON] = MappingProxyType({})
) -> dict[str, JSON]:
    """Merges the contributions of outputs by step name, in topological order; later keys win.

    `caught`: failures that error edges have taken, by step name; each adds `failure`.
    """
    result: dict[str, JSON] = {}
    for name in sorted({**values, **caught}, key=graph.position.__getitem__):
        if name in values:
            result.update(contribution(graph.by_name[name], values[name]))
        if name in caught:
            result["failure"] = caught[name]
    return result


def bindings_at(graph: Graph, state: State, name: str) -> dict[str, JSON]:
    """Bindings of a step before it runs: outputs of its completed ancestors, with operators' patches."""
    before = state.steps_named(list(graph.ancestors(name)))
    ended = _outcomes(before)
    caught = caught_among(state, ended)
    bindings = _bindings(graph, state, _outputs(graph, state, before), ended, caught)
    return _patched(state, state.step(name).patches, bindings)


def bindings_after(graph: Graph, state: State, name: str, own: Ending) -> dict[str, JSON]:
    """Bindings of the outgoing edges of a step that ends: those of its ancestors, and its own."""
    before, step = state.steps_named(list(graph.ancestors(name))), state.step(name)
    values, ended = _outputs(graph, state, before), _outcomes(before)
    if own.output is not None:
        values[name] = own.output
    elif step.is_map and (value := items_output(graph, state, name)) is not None:
        values[name] = value
    caught = caught_among(state, ended) | ({name: failure_facts(name, own.error)} if own.is_caught else {})
    ended[name] = _outcome(own.status, own.error, step.attempt)
    return _bindings(graph, state, values, ended, caught)


def caught_among(state: State, ended: Mapping[str, JSON]) -> dict[str, JSON]:
    """Returns by step name the failures that error edges have taken, as `failure` says them."""
    failed = [name for name, outcome in ended.items() if outcome["status"] == StepStatus.FAILED]
    steps = state.steps_named(failed) if failed else {}
    return {name: failure_facts(name, step.error) for name, step in steps.items() if step.caught}


def failure_facts(name: str, error: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns `failure`, as the context of compensations and of steps behind an error edge has it."""
    error = error or {}
    return {"step": name, "error": error.get("code", ""), "message": error.get("message", "")}


def outcomes(state: State, names: list[str]) -> dict[str, JSON]:
    """Returns by step name how each step that has ended came out."""
    return _outcomes(state.steps_named(names))


def _outcomes(steps: Mapping[str, StepState]) -> dict[str, JSON]:
    return {
        name: _outcome(step.status, step.error, step.attempt)
        for name, step in steps.items()
        if step.status in ENDED
    }


def _outcome(status: StepStatus, error: Mapping[str, Any] | None, attempts: int) -> JSON:
    known = {"code": error["code"], "message": error["message"], "attempts": attempts} if error else None
    return {"status": status.value, "error": known}


def steps_of(values: Mapping[str, JSON], ended: Mapping[str, JSON]) -> dict[str, JSON]:
    """Returns `steps`: outputs, `{}` for a step that ended without one, nothing for one that never ran."""
    ran: dict[str, JSON] = {name: {} for name, outcome in ended.items() if outcome["status"] in PASSED_ON}
    return ran | dict(values)


def _bindings(
    graph: Graph,
    state: State,
    values: Mapping[str, JSON],
    ended: Mapping[str, JSON],
    caught: Mapping[str, JSON] = MappingProxyType({}),
) -> dict[str, JSON]:
    return {
        "context": {**state.input, **merged(graph, values, caught)},
        "input": dict(state.input),
        "steps": steps_of(values, ended),
        "outcomes": dict(ended),
        "run": {"id": state.run.id, "workflow": graph.name},
        **{name: state.input.get(name) for name in graph.variables},
        NOW: state.now,
    }


def run_output(graph: Graph, state: State) -> dict[str, JSON]:
    """Returns the merged outputs of all steps, which a parent run gets as the output of its step."""
    return merged(graph, outputs(graph, state, [step.name for step in graph.steps]))


def task_bindings(graph: Graph, state: State, key: str, direction: Direction) -> dict[str, JSON]:
    """Returns everything that params may refer to in an attempt of `key`, a step or an item of a map."""
    step_state = state.step(key)
    step = graph.by_name[step_state.map_name or key]
    bindings = (
        undo_bindings(graph, state, step, step_state)
        if direction == "undo"
        else forward_bindings(graph, state, step, step_state)
    )
    bindings[NOW] = time_of_attempt(state, step_state, direction)
    if step_state.map_name:
        own = item_of(state, step, step_state)
        bindings |= own
        bindings["context"] |= own
    if step.fallback is not None and direction in ("undo", "verify"):
        bindings["context"]["acted"] = "fallback" if step_state.by_fallback else "step"
    if direction == "undo":
        bindings = _patched(state, step_state.undo_patches, bindings)
        own = {} if step_state.map_name else {step.name: bindings["output"]}  # a person may have supplied it
        return bindings | {"steps": bindings["steps"] | own}
    return _patched(state, step_state.patches, bindings) if step_state.map_name else bindings


def time_of_attempt(state: State, step_state: StepState, direction: Direction) -> Time:
    """What `now()` is in the params of an attempt: when it began, as its entry says; of none yet, now."""
    if step_state.phase == direction and step_state.begun_at:
        return step_state.begun_at
    return (step_state.started_at if direction == "forward" else None) or state.now


def forward_bindings(graph: Graph, state: State, step: Step, step_state: StepState) -> dict[str, JSON]:
    bindings = bindings_at(graph, state, step.name)
    bindings["context"] |= {**laid_over(state, step), **_carried(state, step_state)}
    return bindings


def undo_bindings(graph: Graph, state: State, step: Step, step_state: StepState) -> dict[str, JSON]:
    """Bindings of an undo: the outputs of all steps, with the step's own output and the failure on top."""
    names = [step.name for step in graph.steps]
    bindings = _bindings(graph, state, outputs(graph, state, names), outcomes(state, names))
    seq = acts.output_seq(step_state)
    output = {} if seq is None else state.payload(seq)
    own = {"output": output, "failure": dict(state.run.failure or {})}
    is_whole = state.step(step.name).status == StepStatus.COMPLETED  # its output is among those of all steps
    laid = {} if is_whole else laid_over(state, step)
    bindings["context"] |= {**laid, **contribution(step, output), **_carried(state, step_state), **own}
    return bindings | own


def _carried(state: State, step_state: StepState) -> JSON:
    """Returns the dict with which the worker asked for this attempt (`retry_needed`)."""
    return {} if step_state.carry_seq is None else state.payload(step_state.carry_seq) or {}


def item_bindings(graph: Graph, state: State, key: str) -> dict[str, JSON]:
    """Bindings of a step, or of an item of a map or a turn of a loop, before it runs."""
    step_state = state.step(key)
    if not step_state.map_name:
        return bindings_at(graph, state, key)
    step = graph.by_name[step_state.map_name]
    bindings, own = bindings_at(graph, state, step.name), item_of(state, step, step_state)
    bindings["context"] |= {**laid_over(state, step), **own}
    return _patched(state, step_state.patches, bindings | own)


def loop_bindings(graph: Graph, state: State, name: str) -> dict[str, JSON]:
    """Bindings of a loop, with what its turns so far lay over its context."""
    bindings = bindings_at(graph, state, name)
    bindings["context"] |= laid_over(state, graph.by_name[name])
    return bindings


def turn_bindings(
    bindings: Mapping[str, JSON], state: State, name: str, turns: int, *, is_next: bool = False
) -> dict[str, JSON]:
    """Bindings of a loop's conditions after `turns` turns, on top of `loop_bindings`.

    `is_next`: about the turn that would follow. `output` is that of the turn that ended last; `previous` that
    of the turn before the one it is about.
    """
    return {
        **bindings,
        "turn": turns + is_next,
        "output": _turn_output(state, name, turns - 1),
        "previous": _turn_output(state, name, turns - 1 if is_next else turns - 2),
    }


def laid_over(state: State, step: Step) -> dict[str, JSON]:
    """Returns what the turns of a loop so far lay over the context of the next one; {} for any other step."""
    laid = state.step(step.name).laid if step.repeats else {}
    payloads = state.payloads(sorted(set(laid.values()))) if laid else {}
    outputs_of = {seq: contribution(step, payload) for seq, payload in payloads.items()}
    return {key: outputs_of[seq][key] for key, seq in laid.items()}


def _turn_output(state: State, name: str, turn: int) -> JSON:
    """Returns the output of a turn, counted from 0; {} for one without an output, null for none."""
    if turn < 0:
        return None
    ended = state.step(f"{name}[{turn}]")
    if ended.status != StepStatus.COMPLETED or ended.output_seq is None:
        return {}
    return state.payload(ended.output_seq)


def item_of(state: State, step: Step, item: StepState) -> dict[str, JSON]:
    """Returns `item`, or `batch` where items come in batches, and `index` of one item of a map.

    Of a turn of a loop `turn`, from 1, and `previous`, the output of the turn before.
    """
    if step.repeats:
        return {"turn": item.index + 1, "previous": _turn_output(state, step.name, item.index - 1)}
    values = state.payload(state.step(step.name).items_seq or 0)
    start = item.index * step.batch_size
    if step.batch_size > 1:
        return {"batch": values[start : start + step.batch_size], "index": item.index}
    return {"item": values[start], "index": item.index}


def _patched(state: State, patches: tuple[int, ...], bindings: dict[str, JSON]) -> dict[str, JSON]:
    """Lays operators' patches over the context, and over what params read of it by a name of its own."""
    context = bindings["context"]
    for seq in patches:
        context = merge_patch(context, state.payload(seq))
    own = {name: context[name] for name in OF_ATTEMPT if name in bindings and name in context}
    return bindings | {"context": context} | own


def merge_patch(target: JSON, patch: JSON) -> JSON:
    """Applies a JSON merge patch (RFC 7396): null removes, objects merge, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def text_of(graph: Graph, state: State, name: str, source: str) -> str:
    """Returns a text for people, which may be an expression; a value that is no text as JSON.

    Raises ExpressionError.
    """
    if not source:
        return ""
    value = resolve(source, bindings_at(graph, state, name))
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= TEXT_LENGTH_MAX else f"{text[: TEXT_LENGTH_MAX - 1]}…"


def bind(action: Action, bindings: Mapping[str, JSON]) -> dict[str, JSON]:
    """Returns the params with their expressions resolved. Raises ExpressionError."""
    with SharedBudget():
        return {key: resolve(value, bindings) for key, value in action.params.items()}


def bound_params(graph: Graph, state: State, key: str, direction: Direction) -> dict[str, JSON]:
    """Returns the params that an attempt of `key` would get now. Raises ExpressionError."""
    step = graph.by_name[state.step(key).map_name or key]
    return bind(action_of(step, direction), task_bindings(graph, state, key, direction))
