"""Which ways a graph's conditions allow, found by trying values. PURE.

Values are made from what the conditions compare with, and the product's own evaluator says what each
condition comes to. So two conditions that exclude each other, or of which one is always true, need no solver.
Where trying says too little (no value made a condition true, or there are too many values), a condition
counts as free: a way too many is explored, never one too few.

What is read of the input is the same at every place of a run; such values are `facts`. So is `context.k`
where `k` is known to come with the input and no step is known to write it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from designer.document.graph import Edge, Graph
from designer.errors import ExpressionError
from designer.expressions.expressions import bare, condition
from designer.expressions.scanner import Token, scan
from designer.validation.json_schema import SchemaValidator, misfits
from runs.explorer.choices import Option, Worlds

Path = tuple[str, ...]
SAMPLES_MAX = 400
ROOTS = frozenset({"context", "input", "steps", "outcomes", "failure"})
THIS_RUN = {"id": "", "workflow": ""}
Options = dict[Option, Worlds | None]


@dataclass
class Feasible:
    """The conditions of one graph."""

    graph: Graph

    def ways(self, choices: Sequence[Edge]) -> Options:
        """Returns which of a step's conditional edges may be taken: places among them, or None for no one."""
        sources = [edge.when for edge in choices if edge.when is not None]
        otherwise = next((place for place, edge in enumerate(choices) if edge.otherwise), None)
        places = [place for place, edge in enumerate(choices) if edge.when is not None]

        def way(truths: tuple[bool, ...]) -> Option:
            return next((place for place, truth in zip(places, truths, strict=True) if truth), otherwise)

        return self._ways(sources, way, [*places, otherwise])

    def truths(self, source: str) -> Options:
        """Returns whether a guard may be true, and whether it may be false."""
        return self._ways([source], lambda truths: truths[0], [True, False])

    @cached_property
    def facts(self) -> list[dict[Path, Any]]:
        """The samples of the input; a single empty one if there is nothing to tell them apart by."""
        values: dict[Path, list[Any]] = {}
        for source in self._sources():
            for path in _paths(source):
                fact = self._fact(path)
                if fact is not None:
                    known = values.setdefault(fact, [])
                    known += [
                        value
                        for value in self._fitting(fact, _candidates([source]))
                        if not _is_in(value, known)
                    ]
        samples = list(_combined(values))
        return samples or [{}]

    def _sources(self) -> Iterator[str]:
        yield from (edge.when for edge in self.graph.edges if edge.when is not None and not edge.is_error)
        yield from (step.when for step in self.graph.steps if step.when is not None)

    def _ways(
        self, sources: list[str], way: Callable[[tuple[bool, ...]], Option], every: Iterable[Option]
    ) -> Options:
        paths = {path for source in sources for path in _paths(source)}
        free = {path: _candidates(sources) for path in paths if self._fact(path) is None}
        found: dict[Option, set[int]] = {}
        hits: list[set[bool]] = [set() for _ in sources]
        others = list(_combined(free)) or [{}]
        for number, facts in enumerate(self.facts):
            for other in others:
                truths = self._evaluated(sources, facts, paths, other)
                if truths is not None:
                    found.setdefault(way(truths), set()).add(number)
                    for hit, truth in zip(hits, truths, strict=True):
                        hit.add(truth)
        is_told = all(
            hit == {True, False} or _is_plain(source) for hit, source in zip(hits, sources, strict=True)
        )
        order = dict.fromkeys(every)
        if is_told and found:
            return {option: frozenset(found[option]) for option in order if option in found}
        return {option: frozenset(found.get(option, ())) or None for option in order}

    def _evaluated(
        self, sources: list[str], facts: Mapping[Path, Any], paths: set[Path], other: Mapping[Path, Any]
    ) -> tuple[bool, ...] | None:
        """Returns what the conditions come to; None if one of them cannot be evaluated with these values."""
        scope: dict[str, Any] = {root: {} for root in ROOTS} | {"run": THIS_RUN}
        for path in sorted(paths, key=len, reverse=True):
            fact = self._fact(path)
            value = other.get(path) if fact is None else facts.get(fact)
            if not _put(scope, path, value):
                return None
        try:
            return tuple(condition(bare(source), scope) for source in sources)
        except ExpressionError:
            return None

    def _fact(self, path: Path) -> Path | None:
        """Returns the path below the input that a path reads; None if it may change during a run."""
        if len(path) < 2:
            return None
        if path[0] == "input":
            return path[1:]
        return path[1:] if path[0] == "context" and path[1] in self._of_input else None

    @cached_property
    def _of_input(self) -> frozenset[str]:
        """The keys that come with the input and that no step is known to write."""
        properties = (self.graph.input_schema or {}).get("properties") or {}
        written = {key for step in self.graph.steps for key in (step.output_key, *(step.values or {})) if key}
        return frozenset({*properties, *(self.graph.sample_input or {})} - written)

    def _fitting(self, path: Path, values: list[Any]) -> list[Any]:
        """Returns the values that the input's schema allows at a path, with those that it names itself."""
        schema: Any = self.graph.input_schema
        for key in path:
            schema = (schema.get("properties") or {}).get(key) if isinstance(schema, Mapping) else None
        if not isinstance(schema, Mapping):
            return values
        named = schema.get("enum") or ([True, False] if schema.get("type") == "boolean" else [])
        with suppress(Exception):  # a schema that this reader does not understand forbids nothing
            validator = SchemaValidator(schema)
            fitting = [
                value for value in [*named, *values] if not misfits(validator, value, "", certain_only=False)
            ]
            return fitting or values
        return values


def _paths(source: str) -> list[Path]:
    """Returns the plain paths that an expression reads, as `("context", "order", "amount")`."""
    tokens = _tokens(source)
    found: list[Path] = []
    for place, token in enumerate(tokens):
        is_first = place == 0 or tokens[place - 1].text != "."
        if token.kind != "name" or token.text not in ROOTS or not is_first:
            continue
        path, at = [token.text], place + 1
        while at + 1 < len(tokens) and tokens[at].text == "." and tokens[at + 1].kind == "name":
            if at + 2 < len(tokens) and tokens[at + 2].text == "(":
                break
            path.append(tokens[at + 1].text)
            at += 2
        found.append(tuple(path))
    return list(dict.fromkeys(found))


def _tokens(source: str) -> list[Token]:
    try:
        return [token for token in scan(bare(source)) if token.kind != "space"]
    except ExpressionError:
        return []


def _is_plain(source: str) -> bool:
    """Whether an expression reads nothing, so that it is the same every time."""
    return not _paths(source) and bool(_tokens(source))


def _candidates(sources: Iterable[str]) -> list[Any]:
    """Returns values that tell conditions apart: around their numbers, their texts and another one."""
    numbers: list[float | int] = []
    texts: list[str] = []
    measures = False
    for token in (token for source in sources for token in _tokens(source)):
        if token.kind == "number":
            with suppress(ValueError):
                numbers.append(
                    float(token.text) if "." in token.text or "e" in token.text else int(token.text)
                )
        elif token.kind == "string" and token.text[:1] in "\"'":
            texts.append(token.text.strip("\"'"))
        measures |= token.text == "size"
    values: list[Any] = [value for number in numbers for value in (number, number - 1, number + 1)]
    if measures:
        values += [["item"] * int(count) for count in {*values, 0, 1} if 0 <= count <= 20]
    values += [*texts, "another text"] if texts else []
    values += [True, False] if not values or _reads_truth(sources) else []
    return [value for place, value in enumerate(values) if not _is_in(value, values[:place])]


def _reads_truth(sources: Iterable[str]) -> bool:
    """Whether a condition may take a value as true or false itself."""
    signs = {"&&", "||", "!", "true", "false", "?"}
    return any(token.text in signs for source in sources for token in _tokens(source))


def _is_in(value: Any, known: Iterable[Any]) -> bool:
    return any(type(value) is type(other) and value == other for other in known)


def _combined(values: Mapping[Path, list[Any]]) -> Iterator[dict[Path, Any]]:
    """Yields each combination of values; nothing where there are too many of them."""
    count = 1
    for candidates in values.values():
        count *= len(candidates)
    if values and count <= SAMPLES_MAX:
        for combination in product(*values.values()):
            yield dict(zip(values, combination, strict=True))


def _put(scope: dict[str, Any], path: Path, value: Any) -> bool:
    """Puts a value at a path; returns whether its place is free."""
    at: Any = scope
    for key in path[:-1]:
        at = at.setdefault(key, {})
        if not isinstance(at, dict):
            return False
    if path[-1] in at:  # a longer path has been put below it
        return isinstance(at[path[-1]], dict)
    at[path[-1]] = value
    return True


def is_known(source: str) -> bool:
    """Whether a condition reads only how steps ended, which an exploration knows by itself."""
    paths = _paths(source)
    return bool(paths) and all(path[0] == "outcomes" and path[2:] == ("status",) for path in paths)
