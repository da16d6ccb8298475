"""What a graph must obey to be published, beside the shape that `designer.document.document` checks.

PURE. `problems` runs every check, so that an author sees all that is wrong at once. Names and
edges are checked here, expressions in `designer.validation.references`, workers and other workflows in
`designer.validation.worker_calls`, schemas in `designer.validation.json_schema`.
"""

from __future__ import annotations

from collections import Counter

from designer.document.document import salvage
from designer.document.graph import Edge, Graph
from designer.document.resolve import Catalog
from designer.problems import Problem, Problems, TooManyProblemsError, join
from designer.validation.json_schema import SchemaValidator, check_schema, misfits
from designer.validation.references import check_expressions, sound_edges
from designer.validation.worker_calls import Workflows, check_calls, check_child_workflows, check_undo_stated

CYCLES_SHOWN_MAX = 10
CYCLE_STEPS_SHOWN_MAX = 12


def check_document(document: object, catalog: Catalog, workflows: Workflows) -> list[Problem]:
    """Every problem of a document: of its shape and, of what can be read, of its meaning."""
    graph, found = salvage(document)
    if not graph.steps and found:
        return found
    wrong = [problem.path for problem in found]
    return found + [
        problem for problem in problems(graph, catalog, workflows) if not _is_known(problem.path, wrong)
    ]


def _is_known(path: str, wrong: list[str]) -> bool:
    """Whether something at the path or below it could not be read, so that what follows is no news."""
    return any(other == path or other.startswith((f"{path}.", f"{path}[")) for other in wrong if path)


def problems(graph: Graph, catalog: Catalog, workflows: Workflows) -> list[Problem]:
    """Every problem of a graph. `workflows` gives the published graph of a name and version, or None."""
    found = Problems()
    try:
        _check_names(graph, found)
        _check_edges(graph, found)
        _check_routing(graph, found)
        _check_cycles(graph, found)
        check_expressions(graph, found)
        check_calls(graph, catalog, found)
        check_child_workflows(graph, workflows, found)
        _check_schema(graph, found)
        check_undo_stated(graph, catalog, found)
    except TooManyProblemsError:
        pass
    return found.found


def _check_names(graph: Graph, found: Problems) -> None:
    if not graph.steps:
        found.error("no_steps", "steps", "the workflow has no steps; add one")
    first: dict[str, int] = {}
    for place, step in enumerate(graph.steps):
        earlier = first.setdefault(step.name, place)
        if step.name and earlier != place:
            path = join(join("steps", place), "name")
            found.error("duplicate_name", path, f"steps[{earlier}] is named '{step.name}' as well")


def _check_edges(graph: Graph, found: Problems) -> None:
    seen: dict[tuple[str, str], int] = {}
    for place, edge in enumerate(graph.edges):
        path = join("edges", place)
        for end, name in (("from", edge.source), ("to", edge.target)):
            if name and name not in graph.by_name:
                found.error("dangling_edge", join(path, end), f"there is no step '{name}'")
        earlier = seen.setdefault((edge.source, edge.target), place)
        if not (edge.source and edge.target):
            continue
        if edge.source == edge.target:
            found.error("self_edge", path, f"the edge leads from '{edge.source}' to itself")
        elif earlier != place:
            said = f"edges[{earlier}] leads from '{edge.source}' to '{edge.target}' as well"
            found.error("duplicate_edge", path, f"{said}; join their conditions with ||")


def _check_routing(graph: Graph, found: Problems) -> None:
    otherwise = [(place, edge) for place, edge in enumerate(graph.edges) if edge.otherwise and edge.source]
    many = Counter(edge.source for _, edge in otherwise)
    conditional = {edge.source for edge in graph.edges if edge.is_conditional}
    first: set[str] = set()
    for place, edge in otherwise:
        path = join(join("edges", place), "otherwise")
        if many[edge.source] > 1 and edge.source in first:
            found.error("two_otherwise", path, f"'{edge.source}' has an 'otherwise' edge already")
        elif edge.source not in conditional:
            said = f"'{edge.source}' has no edge with a condition, so this one would always be taken"
            found.error("otherwise_alone", path, f"{said}; remove 'otherwise' or add a condition beside it")
        first.add(edge.source)


def _check_cycles(graph: Graph, found: Problems) -> None:
    edges = sound_edges(graph)
    for _ in range(CYCLES_SHOWN_MAX):
        cycle = _find_cycle(graph, edges)
        if not cycle:
            return
        place = graph.edges.index(cycle[-1])
        names = [edge.source for edge in cycle][:CYCLE_STEPS_SHOWN_MAX] + [cycle[-1].target]
        found.error("cycle", join("edges", place), f"the steps go round in a circle: {' → '.join(names)}")
        edges = tuple(edge for edge in edges if edge is not cycle[-1])


def _find_cycle(graph: Graph, edges: tuple[Edge, ...]) -> list[Edge]:
    """The edges of one cycle in order, or none."""
    sound = graph.with_steps(graph.by_name.values(), edges)
    stuck = {name for name in sound.by_name if name not in sound.position}
    if not stuck:
        return []
    # Every step that Kahn's algorithm never reaches has a predecessor like itself: walk back to a repetition.
    walked: list[Edge] = []
    place_of: dict[str, int] = {}
    name = next(name for name in sound.by_name if name in stuck)
    while name not in place_of:
        place_of[name] = len(walked)
        walked.append(next(edge for edge in sound.incoming[name] if edge.source in stuck))
        name = walked[-1].source
    return walked[place_of[name] :][::-1]


def _check_schema(graph: Graph, found: Problems) -> None:
    if graph.input_schema is None:
        return
    wrong = check_schema(graph.input_schema, "input_schema")
    for problem in wrong:
        found.error(problem.code, problem.path, problem.message)
    if graph.sample_input is not None and not wrong:
        for misfit in misfits(SchemaValidator(graph.input_schema), graph.sample_input, "sample_input"):
            found.warn("sample_input_misfit", misfit.path, misfit.message)
