"""Parallel → groups side by side; Map → a map with a body. PURE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from designer.formats.asl.expressions.cel import Cel, Value, as_cel, list_of, literal, written
from designer.formats.asl.expressions.paths import list_in
from designer.formats.asl.expressions.scope import Untranslatable
from designer.formats.asl.expressions.templates import dynamic, jsonata
from designer.formats.asl.machine import Machine
from designer.formats.asl.names import with_tail
from designer.formats.asl.states.data import DATA, always_leaves_data
from designer.formats.asl.states.pieces import StepDocument
from designer.formats.asl.states.resources import resource_of
from designer.formats.asl.states.wrapping import wrap_in_group, write_catches
from designer.formats.asl.states.writer import Writer, edge, escaped

ITEM = "item"  # of a batch, in whose expression other loops may stand

WriteBody = Callable[[Writer, Machine, Mapping[str, Value], list[StepDocument]], dict[str, Any]]
"""The body for a machine inside a state, given more facts of the context object, and its first steps."""


def write_parallel(writer: Writer, write_body: WriteBody) -> None:
    found, fields = writer.input(), writer.fields
    key = "Arguments" if writer.state.is_jsonata else "Parameters"
    if key in fields:
        found = writer.value(fields[key], writer.scope.on(found))
    writer.set({}, "branches")
    start, groups = writer.last or "", []
    for number, branch in enumerate(writer.state.parts, 1):
        _tell_part(writer, branch)
        group: StepDocument = {"kind": "group", "title": f"{writer.state.name}: branch {number}"[:200]}
        if found != Cel(f"context.{DATA}"):
            group["input"] = {DATA: written(found)}
        first = [] if always_leaves_data(branch) else [_begin(writer, {DATA: Cel(f"context.{DATA}")})]
        group["body"] = write_body(writer, branch, {}, first)
        writer.last = start
        made = writer.add(group, f"branch_{number}")
        made["output_key"] = made["name"]
        groups.append(made["name"])
    result = list_of(*(Cel(f"context.{name}.{DATA}") for name in groups))
    _join(writer, groups, result)
    guarded = wrap_in_group(writer) if "Retry" in fields or "Catch" in fields else ""
    writer.go_on()
    write_catches(writer, guarded)


def _join(writer: Writer, groups: list[str], result: Value) -> None:
    """The step behind all groups; it puts the list of what they left where the state says."""
    first, place, writer.last = writer.piece.first, len(writer.piece.steps), None
    writer.finish(None, None, result)
    if writer.last is None:
        writer.set({}, None)
    writer.piece.first = first
    writer.piece.edges += [edge(group, writer.piece.steps[place]["name"]) for group in groups]


def _tell_part(writer: Writer, part: Machine) -> None:
    for key, value in part.fields.items():
        if key == "TimeoutSeconds":
            writer.entry.say("TimeoutSeconds of a part is left out: state a timeout of the group")
        elif key == "ProcessorConfig":
            if isinstance(value, Mapping) and value.get("ExecutionType") == "EXPRESS":
                writer.entry.say("an item's run is kept like any other; EXPRESS is left out")
        elif key not in ("Comment", "QueryLanguage"):
            writer.entry.say(f"{key} of a part is left out")


def write_map(writer: Writer, write_body: WriteBody) -> None:
    fields, part = writer.fields, writer.state.parts[0]
    _tell_part(writer, part)
    found = writer.input()
    items = _items(writer, found)
    step: StepDocument = {"kind": "map", "items": as_cel(items).source}
    first = _item_steps(writer, found, step)
    facts = {"Map.Item.Value": Cel("context.item"), "Map.Item.Index": Cel("context.index")}
    step["body"] = write_body(writer, part, facts, first)
    _limits(writer, step)
    made = writer.add(step)
    made["output_key"] = with_tail(writer.main, "_result")
    raw = Cel(f"context.{made['output_key']}")
    left = f"has(each.{DATA}) ? each.{DATA} : each" if "tolerate" in step else f"each.{DATA}"
    result = Cel(f"{raw}.map(each, {left})")
    if "ResultWriter" in fields:
        result = _result_writer(writer, result)
    writer.finish(made, raw, result)
    guarded = wrap_in_group(writer) if "Retry" in fields else made["name"]
    writer.go_on()
    write_catches(writer, guarded)


def _items(writer: Writer, found: Value) -> Value:
    fields, scope = writer.fields, writer.scope.on(found)
    if "ItemReader" in fields:
        return _item_reader(writer, scope.data)
    if "Items" in fields:
        items = jsonata(fields["Items"], scope)
        return items if isinstance(items, Cel) else literal(items)
    items = dynamic(fields["ItemsPath"], scope) if "ItemsPath" in fields else found
    if items in (Cel("input"), Cel("context")):
        return list_in(as_cel(items), scope)
    return items


def _item_reader(writer: Writer, found: Value) -> Cel:
    """A step whose worker reads the items, as the ItemReader would."""
    reader = writer.fields["ItemReader"]
    given = reader if isinstance(reader, Mapping) else {}
    key = "Arguments" if writer.state.is_jsonata else "Parameters"
    resource = resource_of(given.get("Resource"), given.get(key), f"read {writer.state.name}")
    params = writer.value(resource.params or {}, writer.scope.on(found))
    if config := given.get("ReaderConfig"):
        params = {**params, "ReaderConfig": writer.value(config, writer.scope.on(found))}
    step = writer.add({"worker": resource.worker, "params": written(params)}, "items")
    step["output_key"] = step["name"]
    step["compensation"] = "none"
    writer.entry.say(
        f"a worker {resource.worker} reads the items, all at once, and returns them as a list under `items`; "
        "at most what fits into one output"
    )
    for name in given:
        if name not in ("Resource", key, "ReaderConfig"):
            writer.entry.say(f"{name} of ItemReader is left out")
    return Cel(f"context.{step['name']}.items")


def _begin(writer: Writer, values: Mapping[str, Value]) -> StepDocument:
    """The step with which a body begins."""
    return {"name": writer.new_name("begin"), "kind": "set", "values": written(dict(values))}


def _item_steps(writer: Writer, found: Value, step: StepDocument) -> list[StepDocument]:
    """What the body begins with as data: the item, the selected values, or a batch of items.

    What cannot be said of an item is left to a worker in the body.
    """
    fields = writer.fields
    key = next((key for key in ("ItemSelector", "Parameters") if key in fields), None)
    machine = {
        **writer.scope.machine,
        "Map.Item.Value": Cel("context.item"),
        "Map.Item.Index": Cel("context.index"),
    }
    first: list[StepDocument] = []

    def evaluate(worker: str, source: str, data: str) -> Cel:
        name = writer.new_name("item")
        params = {"expression": escaped(source), "data": f"={data}", "item": "=context.item"}
        first.append(
            {"name": name, "worker": worker, "params": params, "compensation": "none", "output_key": name}
        )
        return Cel(f"context.{name}.value")

    scope = replace(writer.scope, data=found, machine=machine, elsewhere=evaluate)
    data: Value = Cel("context.item") if key is None else writer.value(fields[key], scope)
    if isinstance(fields.get("ItemBatcher"), Mapping):
        first, data = [], _batch(writer, found, step, key)
    steps = [*first, _begin(writer, {DATA: data})]
    writer.entry.steps += [made["name"] for made in steps]
    return steps


def _batch(writer: Writer, found: Value, step: StepDocument, key: str | None) -> Value:
    batcher = writer.fields["ItemBatcher"]
    size = batcher.get("MaxItemsPerBatch")
    step["batch_size"] = size if isinstance(size, int) and size > 1 else 100
    if step["batch_size"] != size:
        writer.entry.say(
            f"how many items a batch takes is not fixed: batch_size {step['batch_size']} is taken"
        )
    for name in batcher:
        if name not in ("MaxItemsPerBatch", "BatchInput"):
            writer.entry.say(f"{name} of ItemBatcher is left out")
    items = _selected_items(writer, found, key)
    if items is None:
        writer.entry.say(
            f"{key} is left out where items come in batches: the worker gets the items as they are"
        )
    batch: dict[str, Value] = {"Items": items or Cel("context.batch")}
    if "BatchInput" in batcher:
        batch["BatchInput"] = writer.value(batcher["BatchInput"], writer.scope.on(found))
    return batch


def _selected_items(writer: Writer, found: Value, key: str | None) -> Cel | None:
    """The items of a batch as they are selected; None if no expression says so."""
    if key is None:
        return Cel("context.batch")
    facts = {name: value for name, value in writer.scope.machine.items() if not name.startswith("Map.")}
    machine = {**facts, "Map.Item.Value": Cel(ITEM)}
    scope = replace(writer.scope, data=found, machine=machine, elsewhere=None)
    try:
        return Cel(f"context.batch.map({ITEM}, {as_cel(writer.value(writer.fields[key], scope))})")
    except Untranslatable:
        return None


def _limits(writer: Writer, step: StepDocument) -> None:
    fields = writer.fields
    most = fields.get("MaxConcurrency")
    if isinstance(most, int) and not isinstance(most, bool) and most > 0:
        step["max_concurrency"] = most
    elif most not in (None, 0):
        writer.entry.say("MaxConcurrency is no number here and is left out")
    share, count = fields.get("ToleratedFailurePercentage"), fields.get("ToleratedFailureCount")
    if isinstance(share, int | float) and share > 0:
        step["tolerate"] = f"{share:g} %"
        if count is not None:
            writer.entry.say("of ToleratedFailurePercentage and ToleratedFailureCount the percentage counts")
    elif isinstance(count, int) and count > 0:
        step["tolerate"] = count
    elif share not in (None, 0) or count not in (None, 0):
        writer.entry.say("how many failures are tolerated is no number here and is left out")
    if "tolerate" in step:
        writer.entry.say("an item that failed stays in the list of results, as an object with its error")


def _result_writer(writer: Writer, result: Cel) -> Cel:
    """A step whose worker writes the results, as the ResultWriter would."""
    given = writer.fields["ResultWriter"]
    given = given if isinstance(given, Mapping) else {}
    key = "Arguments" if writer.state.is_jsonata else "Parameters"
    resource = resource_of(given.get("Resource"), given.get(key), f"write {writer.state.name}")
    params = written(writer.value(resource.params or {}, writer.scope))
    step = writer.add({"worker": resource.worker, "params": {**params, "results": f"={result}"}}, "written")
    step["output_key"] = step["name"]
    writer.entry.say(f"a worker {resource.worker} writes the results and returns where they are")
    for name in given:
        if name not in ("Resource", key):
            writer.entry.say(f"{name} of ResultWriter is left out")
    return Cel(f"context.{step['name']}")
