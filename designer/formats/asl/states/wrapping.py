"""Groups around the steps of a state, and the error edges of a Catch. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.formats.asl.expressions.cel import Cel, Value, as_cel, object_of
from designer.formats.asl.expressions.paths import placed, reference_keys
from designer.formats.asl.states.data import DATA, reads_data
from designer.formats.asl.states.errors import patterns, retry_policies
from designer.formats.asl.states.pieces import StepDocument, Transition, without_idle_steps
from designer.formats.asl.states.writer import Writer, edge

CATCH_FIELDS = ("ErrorEquals", "Next", "ResultPath", "Comment", "Assign", "Output")


def wrap_in_group(writer: Writer) -> str:
    """Puts all steps of the state into the body of one group, which is retried and caught as a whole."""
    piece = writer.piece
    steps, edges, folded = without_idle_steps(piece.steps, piece.edges)
    writer.level.drafting.stands_for.update(folded)
    piece.steps, piece.edges, writer.last = [], [], None
    group: StepDocument = {"kind": "group", "body": {"steps": steps, "edges": edges}}
    if rules := writer.fields.get("Retry"):
        group["retry"] = retry_policies(rules, writer.entry.say)
    return str(writer.add({**group, "title": writer.state.name}, "group")["name"])


def write_catches(writer: Writer, guarded: str) -> None:
    """The error edges of a Catch, each with a step that puts the error into the data where somebody can see
    it.
    """
    for rule in writer.fields.get("Catch", []):
        for key in rule:
            if key not in CATCH_FIELDS:
                writer.entry.say(f"{key} of Catch is left out")
        rules = _error_rules(rule, guarded)
        values = _caught_values(writer, rule, guarded)
        if not values:
            writer.piece.transitions.append(Transition(guarded, rule["Next"], rules))
            continue
        name = writer.aside(values, "caught")
        writer.piece.edges.append(edge(guarded, name, **rules))
        writer.piece.transitions.append(Transition(name, rule["Next"]))


def _error_rules(rule: Mapping[str, Any], guarded: str) -> dict[str, Any]:
    listed, but_timeout = patterns(rule.get("ErrorEquals"))
    rules: dict[str, Any] = {"on": "failed"}
    if listed is not None:
        rules["errors"] = listed
    if but_timeout:
        rules["when"] = f'outcomes.{guarded}.error.code != "timeout"'
    return rules


def _caught_values(writer: Writer, rule: Mapping[str, Any], guarded: str) -> dict[str, Value]:
    error = object_of(
        {
            "Error": Cel(f"outcomes.{guarded}.error.code"),
            "Cause": Cel(f"outcomes.{guarded}.error.message"),
        }
    )
    values = writer.values_of_rule(rule, error)
    path = rule.get("ResultPath", "$")
    if writer.state.is_jsonata or path is None or not reads_data(writer.siblings[rule["Next"]]):
        return values
    keys = reference_keys(path) or []
    if writer.level.is_flat and keys:
        return {**values, keys[0]: error}
    return {**values, DATA: as_cel(placed(writer.data, keys, error))}
