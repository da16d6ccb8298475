"""Validation of a workflow before it is published. `designer.document.document` has checked its shape.

PURE. `check_graph` runs every check, so that an author sees all problems at once. Names and edges are checked
here, expressions in `designer.validation.references`, workers and other workflows in
`designer.validation.worker_calls`, schemas in `designer.validation.json_schema`.
"""

from __future__ import annotations

from collections import Counter

from designer.document.document import salvage
from designer.document.graph import Edge, Graph
from designer.document.limits import EDGES_MAX, STEPS_MAX
from designer.document.resolve import Catalog
from designer.document.wording import called
from designer.expressions.expressions import bare
from designer.problems import Problem, Problems, TooManyProblemsError, join
from designer.validation.approvals import check_approvals
from designer.validation.bodies import with_bodies
from designer.validation.json_schema import SchemaValidator, check_schema, misfits
from designer.validation.kinds import check_kinds
from designer.validation.references import check_expressions, sound_edges
from designer.validation.worker_calls import Workflows, check_calls, check_child_workflows, check_undo_stated

CYCLES_SHOWN_MAX = 10
CYCLE_STEPS_SHOWN_MAX = 12


def check_document(document: object, catalog: Catalog, workflows: Workflows) -> list[Problem]:
    """Every problem of a document: those of its shape, then those of the graph that can be read from it."""
    graph, problems = salvage(document)
    if not graph.steps and problems:
        return problems
    malformed = [problem.path for problem in problems]
    return problems + [
        problem
        for problem in check_graph(graph, catalog, workflows)
        if not _is_known(problem.path, malformed)
    ]


def _is_known(path: str, malformed: list[str]) -> bool:
    """Whether a part at or below `path` is malformed and reported.

    A further problem would only follow from it.
    """
    return any(other == path or other.startswith((f"{path}.", f"{path}[")) for other in malformed if path)


def check_graph(graph: Graph, catalog: Catalog, workflows: Workflows) -> list[Problem]:
    """Every problem of a graph. `workflows` returns the published graph of a name and version, or None."""
    problems = Problems()
    try:
        _check_size(graph, problems)
        _check_any_edge(graph, problems)
        for part, path in with_bodies(graph):
            _check_part(part, catalog, workflows, problems.within(path) if path else problems)
        _check_schema(graph, problems)
        _check_flow(graph, problems)
    except TooManyProblemsError:
        pass
    return problems.reported


def _check_part(graph: Graph, catalog: Catalog, workflows: Workflows, problems: Problems) -> None:
    _check_names(graph, problems)
    _check_edges(graph, problems)
    _check_connected(graph, problems)
    _check_routing(graph, problems)
    _check_cycles(graph, problems)
    check_kinds(graph, problems)
    check_expressions(graph, problems)
    check_approvals(graph, problems)
    check_calls(graph, catalog, problems)
    check_child_workflows(graph, workflows, problems)
    check_undo_stated(graph, catalog, problems)


def _check_size(graph: Graph, problems: Problems) -> None:
    """The limits count what is inside of bodies, too."""
    parts = [part for part, _ in with_bodies(graph)]
    for what, limit in (("steps", STEPS_MAX), ("edges", EDGES_MAX)):
        count = sum(len(getattr(part, what)) for part in parts)
        if count > limit:
            message = (
                f"a workflow may have {limit:,} {what}, with those of its bodies; this one has {count:,}"
            )
            problems.error(f"too_many_{what}", what, message)


def _check_names(graph: Graph, problems: Problems) -> None:
    if not graph.steps:
        problems.error("no_steps", "steps", "there are no steps yet; add one")
    first: dict[str, int] = {}
    for place, step in enumerate(graph.steps):
        earlier = first.setdefault(step.name, place)
        if step.name and earlier != place:
            path = join(join("steps", place), "name")
            problems.error("duplicate_name", path, f"steps[{earlier}] is named '{step.name}' as well")


def _check_edges(graph: Graph, problems: Problems) -> None:
    seen: dict[tuple[str, str, bool], int] = {}
    for place, edge in enumerate(graph.edges):
        path = join("edges", place)
        for end, name in (("from", edge.source), ("to", edge.target)):
            if name and name not in graph.by_name:
                problems.error("dangling_edge", join(path, end), f"there is no step '{name}'")
        earlier = seen.setdefault((edge.source, edge.target, edge.is_error), place)
        if not (edge.source and edge.target):
            continue
        if edge.source == edge.target:
            problems.error("self_edge", path, f"the edge leads from '{edge.source}' to itself")
        elif earlier != place:
            message = f"edges[{earlier}] leads from '{edge.source}' to '{edge.target}' as well"
            problems.error("duplicate_edge", path, f"{message}; join {_what_to_join(edge)}")


def _check_connected(graph: Graph, problems: Problems) -> None:
    """Warns of steps without any edge beside steps that have some: they begin at once."""
    connected = {name for edge in graph.edges for name in (edge.source, edge.target)}
    for place, step in enumerate(graph.steps):
        if connected and step.name and step.name not in connected:
            message = f"no edge leads to {called(step)} or from it, so it begins at once"
            problems.warn("unconnected", join("steps", place), f"{message}; connect it if it is to wait")


def _check_any_edge(graph: Graph, problems: Problems) -> None:
    """The same, said once, of a workflow whose steps are all without edges."""
    if len(graph.steps) > 1 and not graph.edges:
        message = "no edge connects the steps, so all of them begin at once; connect those that are to wait"
        problems.warn("unconnected", join("steps", 1), message)


def _what_to_join(edge: Edge) -> str:
    return "the errors that they are for" if edge.is_error else "their conditions with ||"


def _check_routing(graph: Graph, problems: Problems) -> None:
    otherwise = [(place, edge) for place, edge in enumerate(graph.edges) if edge.otherwise and edge.source]
    count = Counter(edge.source for _, edge in otherwise)
    conditional = {edge.source for edge in graph.edges if edge.is_choice and not edge.otherwise}
    first: set[str] = set()
    for place, edge in otherwise:
        path = join(join("edges", place), "otherwise")
        if count[edge.source] > 1 and edge.source in first:
            problems.error("two_otherwise", path, f"'{edge.source}' has an 'otherwise' edge already")
        elif edge.source not in conditional:
            message = f"'{edge.source}' has no edge with a condition, so this one would always be taken"
            problems.error(
                "otherwise_alone", path, f"{message}; remove 'otherwise' or add a condition beside it"
            )
        first.add(edge.source)


def _check_cycles(graph: Graph, problems: Problems) -> None:
    edges = sound_edges(graph)
    for _ in range(CYCLES_SHOWN_MAX):
        cycle = _find_cycle(graph, edges)
        if not cycle:
            return
        place = graph.edges.index(cycle[-1])
        names = [edge.source for edge in cycle][:CYCLE_STEPS_SHOWN_MAX] + [cycle[-1].target]
        problems.error("cycle", join("edges", place), f"the steps go round in a circle: {' → '.join(names)}")
        edges = tuple(edge for edge in edges if edge is not cycle[-1])


def _find_cycle(graph: Graph, edges: tuple[Edge, ...]) -> list[Edge]:
    """The edges of one cycle in order; empty if there is none."""
    sound = graph.with_steps(graph.by_name.values(), edges)
    unreached = {name for name in sound.by_name if name not in sound.position}
    if not unreached:
        return []
    # Every step that Kahn's algorithm never reaches has a predecessor that it does not reach either: walking
    # back along these must repeat a step, and the walk between the repetitions is a cycle.
    walked: list[Edge] = []
    index_of: dict[str, int] = {}
    name = next(name for name in sound.by_name if name in unreached)
    while name not in index_of:
        index_of[name] = len(walked)
        walked.append(next(edge for edge in sound.incoming[name] if edge.source in unreached))
        name = walked[-1].source
    return walked[index_of[name] :][::-1]


def _check_flow(graph: Graph, problems: Problems) -> None:
    """Runs stand in one line each, so both limits of flow need the same key."""
    debounce = graph.debounce
    if debounce and debounce.at_most is not None and debounce.at_most < debounce.wait:
        message = (
            f"at most {debounce.at_most:g} s is less than the {debounce.wait:g} s that each input waits; "
            "state more, or a shorter 'wait'"
        )
        problems.error("bad_debounce", "debounce.at_most", message)
    if not (graph.concurrency and graph.rate and graph.rate.key is not None):
        return
    if bare(graph.rate.key) != bare(graph.concurrency.key or ""):
        message = "the rate has another key than the concurrency; leave it out, then it has the same"
        problems.error("two_keys", "rate.key", message)


def _check_schema(graph: Graph, problems: Problems) -> None:
    if graph.input_schema is None:
        return
    schema_problems = check_schema(graph.input_schema, "input_schema")
    for problem in schema_problems:
        problems.error(problem.code, problem.path, problem.message)
    if graph.sample_input is not None and not schema_problems:
        for misfit in misfits(SchemaValidator(graph.input_schema), graph.sample_input, "sample_input"):
            problems.warn("sample_input_misfit", misfit.path, misfit.message)
