"""What a run's page reads beside the journal: the graph, the state it starts from, and single values.

Values are read one by one, when a person looks at them, and as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from config.lib.caches import cached_for_process
from config.lib.json import iso, json_text
from designer.document.document import dump
from designer.document.graph import Graph
from designer.document.wording import wording_fields
from designer.errors import ExpressionError
from designer.services.folder_rights import seen
from runs.errors import RunsError
from runs.machine.bindings import bound_params, contribution, items_output, run_output, task_bindings
from runs.machine.states import State, StepState
from runs.models import JournalEntry, Run
from runs.queries.runs import frame, frames, load
from runs.queries.snapshot import routes_of, snapshot, without_traceback
from runs.store import reader
from runs.store.graph_cache import version_graph

Json = dict[str, Any]
REPLAYED_MAX = 500  # a journal of up to this many entries is sent to a page as a whole
NEWEST_SENT = 100  # entries of a longer one that are in the page itself
DOCUMENTS_KEPT = 32
CHILDREN_MAX = 200
ITEMS_PAGE = 50
TIMELINE_STEPS_MAX = 100
TIMELINE_PAGE = 2_000
ENDS = ("step.completed", "step.failed", "step.skipped")
SHOWN_FIELDS = frozenset(
    {
        "name",
        "title",
        "kind",
        "retry",
        "timeout",
        "when",
        "on_failure",
        "fallback",
        "dynamic",
        "pivot",
        "limit",
    }
    | {"compensation", "limit"}
    | wording_fields()
)


class UnknownValue(RunsError):
    """There is no such value in this run."""

    status = 404


def view_json(run: Run, user: Any = None) -> Json:
    """Returns what a canvas starts from. `start`: a state; None if the whole journal follows instead.

    `user`: the person whom it is shown; child runs that they may not see are left out.
    """
    graph, state = load(run.pk)
    base = version_graph(run.version_id).at(run.body or "")
    is_long = state.run.last_seq > REPLAYED_MAX
    return {
        "id": str(run.pk),
        "workflow": run.workflow_name,
        "body": run.body or "",
        "names": sorted(base.by_name, key=base.position.__getitem__),
        "document": _version_document(run.version_id, run.body or "")
        if graph is base
        else shown_document(graph),
        "start": starting_state(run.pk, state) if is_long else None,
        "children": children_of(run.pk, user=user),
        "lastSeq": state.run.last_seq,
        "now": reader.now().isoformat(),
        "socket": f"/ws/runs/{run.pk}/",
        "api": f"/api/v1/runs/{run.pk}",
        "page": f"/runs/{run.pk}/",
    }


def opening_json(run: Run, user: Any = None) -> Json:
    """Returns what a page starts from: the view, or of a long run its newest entries; the view follows."""
    if run.last_seq <= REPLAYED_MAX:
        return view_json(run, user)
    newest = frames(run.pk, run.last_seq - NEWEST_SENT, NEWEST_SENT)
    return {"api": f"/api/v1/runs/{run.pk}", "lastSeq": run.last_seq, "newest": newest}


@cached_for_process(maxsize=DOCUMENTS_KEPT)
def _version_document(version_id: int, body: str) -> Json:
    """Returns the document of a version, or of the body at a path, which never changes, from a cache."""
    return shown_document(version_graph(version_id).at(body))


def shown_document(graph: Graph) -> Json:
    """Returns the document as far as a canvas draws it, with the bodies of its steps."""
    return {"name": graph.name} | _shown_graph(dump(graph))


def _shown_graph(written: Json) -> Json:
    """The layout is left out if it lacks steps that the run has added; the canvas then computes one."""
    steps = [_shown_step(step) for step in written.get("steps", [])]
    layout = written.get("layout", {})
    is_placed = all(step["name"] in layout for step in steps)
    return {"edges": written.get("edges", []), "steps": steps} | ({"layout": layout} if is_placed else {})


def _shown_step(step: Json) -> Json:
    shown = {key: value for key, value in step.items() if key in SHOWN_FIELDS}
    return shown | ({"body": _shown_graph(step["body"])} if "body" in step else {})


def starting_state(run_id: UUID, state: State) -> Json:
    """Returns the state as a page replays it, with what only the journal tells.

    That are the places of undos, from all plans, and the edges that steps have taken.
    """
    journal = JournalEntry.objects.filter(run_id=run_id).order_by("seq")
    plans = journal.filter(type="run.compensating").values_list("data", flat=True)
    ends = journal.filter(type__in=ENDS).exclude(step__endswith="]").values_list("step", "data")
    routes = {step: found for step, data in ends if (found := routes_of(data))}
    return snapshot(state, [data["plan"] for data in plans], routes)


def children_of(run_id: UUID, steps: list[str] | None = None, user: Any = None) -> dict[str, str]:
    """Returns, by step, the newest run that it has started; of `steps`, or of the newest runs.

    `user`: the person whom they are shown, if not all of them.
    """
    runs = seen(Run.objects.filter(parent_id=run_id), user).order_by("-created_at", "-id")
    if steps is not None:
        runs = runs.filter(parent_step__in=steps)
    pairs = list(runs.values_list("parent_step", "pk")[:CHILDREN_MAX])
    return {step: str(pk) for step, pk in reversed(pairs)}


# --- the timeline ---


def timeline(run: Run, names: list[str], after: int) -> Json:
    """Returns entries of some steps after number `after`, without progress; `next`: the next page's `after`.

    Of the items of a map, the last page has the first and the last entry about their undos.
    """
    rows = JournalEntry.objects.filter(run=run, seq__gt=after, step__in=names).exclude(type="step.progress")
    entries = list(rows.order_by("seq").defer("payload")[: TIMELINE_PAGE + 1])
    page = entries[:TIMELINE_PAGE]
    if len(entries) > len(page):
        return {"events": [frame(entry) for entry in page], "next": page[-1].seq}
    ends = [entry for name in _maps(run, names) for entry in _undo_of_items(run, name)]
    entries = sorted([*page, *ends], key=lambda entry: entry.seq)
    return {"events": [frame(entry) for entry in entries], "next": None}


def _maps(run: Run, names: list[str]) -> list[str]:
    graph = version_graph(run.version_id).at(run.body or "")
    return [name for name in names if name in graph.by_name and graph.by_name[name].traits.has_items]


def _undo_of_items(run: Run, name: str) -> list[JournalEntry]:
    rows = JournalEntry.objects.filter(run=run, step__startswith=f"{name}[").defer("payload")
    first = rows.filter(type="compensation.started").order_by("seq").first()
    last = rows.filter(type__in=("compensation.completed", "compensation.failed")).order_by("-seq").first()
    return [entry for entry in (first, last) if entry is not None]


# --- single values ---


def run_value(run: Run, what: str) -> Any:
    """Returns a run's `input`, `context` or `output`."""
    graph, state = load(run.pk)
    if what == "input":
        return dict(state.input)
    output = run_output(graph, state)
    return output if what == "output" else {**state.input, **output}


def step_value(run: Run, name: str, what: str) -> Any:
    """Returns a step's `output`, the `context` it read, its bound `params`, or the `changes` of its output.

    `name` may be an item of a map. Raises UnknownValue if there is none (yet).
    """
    graph, state = load(run.pk)
    step = _known_step(graph, state, name)
    try:
        return VALUES[what](graph, state, step)
    except ExpressionError as error:
        raise UnknownValue(f"The {what} of {name} cannot be worked out: {error}") from error


def _known_step(graph: Graph, state: State, name: str) -> StepState:
    if name.partition("[")[0] not in graph.by_name:
        raise UnknownValue(f"This run has no step {name!r}.")
    return state.step(name)


def _output(graph: Graph, state: State, step: StepState) -> Any:
    if step.output_seq is not None:
        return state.payload(step.output_seq)
    if step.is_map and step.is_done:
        return items_output(graph, state, step.name)
    raise UnknownValue(f"{step.name} has no output.")


def _context(graph: Graph, state: State, step: StepState) -> Any:
    return task_bindings(graph, state, step.name, "forward")["context"]


def _params(graph: Graph, state: State, step: StepState) -> Any:
    if graph.by_name[step.map_name or step.name].worker is None:
        raise UnknownValue(f"{step.name} calls no worker, so it has no params.")
    return bound_params(graph, state, step.name, "forward")


def _changes(graph: Graph, state: State, step: StepState) -> Json:
    """Returns the keys that the output added to the context, and those it replaced, as `[before, after]`."""
    before = _context(graph, state, step)
    contributed = contribution(graph.by_name[step.map_name or step.name], _output(graph, state, step))
    return {
        "added": {key: value for key, value in contributed.items() if key not in before},
        "changed": {
            key: [before[key], value]
            for key, value in contributed.items()
            if key in before and before[key] != value
        },
    }


VALUES = {"output": _output, "context": _context, "params": _params, "changes": _changes}


# --- a step and its items ---


def step_facts(run: Run, name: str, with_traceback: bool, user: Any = None) -> Json:
    """Returns what a step's panel shows at first. `output_bytes`: the size of the output, None without."""
    graph, state = load(run.pk)
    step = _known_step(graph, state, name)
    try:
        size = len(json_text(_output(graph, state, step)).encode())
    except UnknownValue:
        size = None
    facts = {
        "name": name,
        "output_bytes": size,
        "error": without_traceback(step.error),
        "waits": step.waits,
        "due_at": iso(step.due_at),
        "child": children_of(run.pk, [name], user).get(name),
    }
    return facts | ({"traceback": _traceback(run.pk, name)} if with_traceback else {})


def _traceback(run_id: UUID, name: str) -> str | None:
    """Returns the newest traceback of a step."""
    entries = JournalEntry.objects.filter(run_id=run_id, step=name, data__has_key="error")
    for data in entries.order_by("-seq").values_list("data", flat=True)[:20]:
        text = (data["error"] or {}).get("traceback")
        if text:
            return str(text)
    return None


def items_page(run: Run, name: str, status: str | None, text: str, after: int, user: Any = None) -> Json:
    """Returns items of a map in the order in which they began, after row `after`; `next`: None at the end."""
    rows = run.steps.filter(name__startswith=f"{name}[", pk__gt=after)
    if status:
        rows = rows.filter(status=status)
    if text:
        rows = rows.filter(error__icontains=text)
    fields = ("pk", "name", "status", "undo", "attempt", "undo_attempt", "error")
    items = list(rows.order_by("pk").values(*fields)[: ITEMS_PAGE + 1])
    page = items[:ITEMS_PAGE]
    children = children_of(run.pk, [row["name"] for row in page], user)
    return {
        "items": [_item_json(row) | {"child": children.get(row["name"])} for row in page],
        "next": page[-1]["pk"] if len(items) > ITEMS_PAGE else None,
    }


def _item_json(row: Mapping[str, Any]) -> Json:
    return {
        "index": int(row["name"].rpartition("[")[2][:-1]),
        "name": row["name"],
        "status": row["status"],
        "undo": row["undo"],
        "attempts": row["attempt"],
        "undo_attempts": row["undo_attempt"],
        "error": without_traceback(row["error"]),
    }
