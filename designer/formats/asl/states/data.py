"""Where a machine's data is kept in our context. PURE.

Each state of a machine reads what the state before it left as `$`. Our context grows: it is the input and
all outputs before. Where states only add keys to `$`, the context itself is `$`, and the draft reads as if
written by hand ("flat"). Where some state replaces `$`, the data is kept under one key of the context,
`data`; states before the first replacement read the run's `input`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from designer.formats.asl.expressions.cel import is_plain
from designer.formats.asl.expressions.paths import reference_keys
from designer.formats.asl.machine import Machine, State, targets
from designer.formats.asl.states.cycles import components
from designer.formats.asl.states.pieces import Piece, Transition

DATA = "data"
_RESULTS = ("Task", "Map", "Parallel")
_SPOKEN_FOR = (DATA, "item", "index", "batch", "previous", "turn", "failure")


def is_flat(machine: Machine) -> bool:
    """Whether no state of the machine's own level replaces `$` before the end."""
    return all(_only_adds(state, machine) for state in machine.states.values())


def _only_adds(state: State, machine: Machine) -> bool:
    fields = state.fields
    if state.is_jsonata or "Assign" in fields or any("Assign" in rule for rule in _rules(fields)):
        return False
    if _is_narrowed(fields.get("OutputPath", "$")):
        return False
    caught = all(
        _adds_key(rule.get("ResultPath", "$")) or not reads_data(machine.states[rule["Next"]])
        for rule in fields.get("Catch", [])
    )
    if state.type in _RESULTS:
        is_plain_result = "ResultSelector" not in fields and "ResultPath" not in fields
        is_last = is_plain_result and _is_read_no_more(state, machine)
        return caught and (_adds_key(fields.get("ResultPath", "$")) or (is_last and state.type == "Task"))
    if state.type == "Pass":
        sets = "Parameters" in fields or "Result" in fields or "InputPath" in fields
        return not sets or _adds_key(fields.get("ResultPath", "$"))
    return state.type == "Fail" or not _is_narrowed(fields.get("InputPath", "$"))


def _is_read_no_more(state: State, machine: Machine) -> bool:
    """Whether the machine ends behind a state, and nothing reads the data any more."""
    if state.fields.get("End") is True or state.next is None:
        return True
    after = machine.states[state.next]
    return not reads_data(after) or (after.type == "Succeed" and after.fields.keys() <= {"Type", "Comment"})


def _rules(fields: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in ("Choices", "Catch"):
        yield from fields.get(group, [])


def _is_narrowed(path: object) -> bool:
    return path != "$"


def _adds_key(path: object) -> bool:
    keys = reference_keys(path)
    return path is None or (
        keys is not None and len(keys) == 1 and is_plain(keys[0]) and keys[0] not in _SPOKEN_FOR
    )


def reads_data(state: State) -> bool:
    """Whether a state can see what a Catch put into the data; a Fail with fixed words cannot."""
    return state.type != "Fail" or any(key.endswith("Path") for key in state.fields) or state.is_jsonata


def sources(machine: Machine) -> tuple[dict[str, str], bool]:
    """For each state where `$` is when it begins, `input` or `data`; and whether a first step has to copy
    it.

    The run's input is read in place, unless some ways to a state have replaced the data and others have not,
    or a loop has to pass it on.
    """
    before = _before(machine)
    circling = {name for members in components(ways_of(machine), frozenset()) for name in members}
    needs_copy = any(
        len(found) > 1 or (name in circling and "input" in found) for name, found in before.items()
    )
    if needs_copy:
        return dict.fromkeys(machine.states, DATA), True
    return {name: next(iter(found), DATA) for name, found in before.items()}, False


def always_leaves_data(machine: Machine) -> bool:
    """Whether each way to an end has replaced the data."""
    before = _before(machine)
    return all(
        "input" not in before[name] or _replaces(state)
        for name, state in machine.states.items()
        if not list(_ways(state, machine)) or state.fields.get("End")
    )


def _before(machine: Machine) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in machine.states}
    pending = [(machine.start, "input")]
    while pending:
        name, source = pending.pop()
        if source in found[name]:
            continue
        found[name].add(source)
        pending += [
            (target, DATA if is_replaced else source)
            for target, is_replaced in _ways(machine.states[name], machine)
        ]
    return found


def _ways(state: State, machine: Machine) -> Iterator[tuple[str, bool]]:
    """The states that may come next, and whether the data has been replaced on the way there."""
    for key, target in targets(state):
        if key.startswith("Catch"):
            rule = state.fields["Catch"][int(key[6 : key.index("]")])]
            yield str(target), state.is_jsonata or rule.get("ResultPath", "$") is not None
        else:
            yield str(target), _replaces(state)


def _replaces(state: State) -> bool:
    fields = state.fields
    if state.is_jsonata:
        return state.type in _RESULTS or "Output" in fields
    if _is_narrowed(fields.get("OutputPath", "$")):
        return True
    if state.type in _RESULTS:
        return fields.get("ResultPath", "$") is not None
    if state.type == "Pass":
        sets = any(key in fields for key in ("Parameters", "Result", "InputPath"))
        return sets and fields.get("ResultPath", "$") is not None
    return _is_narrowed(fields.get("InputPath", "$")) and state.type != "Fail"


def ways_of(machine: Machine) -> dict[str, Piece]:
    """The states and their ways as far as finding circles needs them."""
    return {
        name: Piece(transitions=[Transition(name, str(target)) for _, target in targets(state)])
        for name, state in machine.states.items()
    }
