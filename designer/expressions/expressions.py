"""CEL expressions in documents: recognising, compiling and resolving them. PURE.

A scope maps `context`, `input`, `steps`, `run` (and, where they exist, `item`, `index`, `batch`, `output`,
`failure`) to JSON values. Compiling checks names and functions and cuts the loops out of the source;
`designer.expressions.evaluation` says why. The text is read by `designer.expressions.scanner`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.lib.caches import memoized
from designer.errors import ExpressionError, UnknownVariable
from designer.expressions.evaluation import Code, Loop, evaluate
from designer.expressions.functions.catalog import CATALOG, FUNCTIONS, STAND_INS
from designer.expressions.library import cel
from designer.expressions.rewriting import rewritten
from designer.expressions.scanner import LENGTH_MAX, LoopText, Token, calls, keys_used, loops, reads, scan
from designer.expressions.syntax import explain
from designer.problems import join, suggestion, truncate

LOOPS_NESTED_MAX = 2
CACHE_MAX = 4_096

VARIABLES = frozenset(
    {
        "context",
        "input",
        "steps",
        "outcomes",
        "run",
        "item",
        "index",
        "batch",
        "output",
        "failure",
        "turn",
        "previous",
        "event",
    }
)
BY_STEP = ("steps", "outcomes")
TYPES = frozenset({"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint"})

_PLAIN = re.compile(r"(?!(?:true|false|null|in)$)[A-Za-z_]\w*", re.ASCII)
_FUNCTION = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Its scope must hold its `variables`."""

    source: str
    code: Code

    @property
    def variables(self) -> frozenset[str]:
        return self.code.variables

    @property
    def step_names(self) -> frozenset[str]:
        """The steps that are read by name, as in `steps.<name>` or `outcomes.<name>`."""
        return frozenset().union(*(self.code.keys.get(variable) or () for variable in BY_STEP))

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """Returns the JSON value of the expression. Raises ExpressionError."""
        return evaluate(self.code, scope)


@memoized(maxsize=CACHE_MAX)
def compile_expression(source: str, names: frozenset[str] = VARIABLES) -> Expression:
    """Compiles a bare CEL expression that reads `names`. Raises ExpressionError if it is wrong or large."""
    return Expression(source, _compile(source, names, 0))


@memoized(maxsize=CACHE_MAX)
def check_texts(source: str) -> None:
    """Raises ExpressionError if a text that is written as an argument, such as a unit, is none that passes.

    For whoever checks a document: what is evaluated meets the text only if it comes to that call.
    """
    for name, given in calls(scan(source)):
        if name in CATALOG:
            CATALOG[name].check_texts(given)


def is_expression(value: object) -> bool:
    """Whether a value is an expression: a text `=…`, but not the escaped `==…`."""
    return isinstance(value, str) and value.startswith("=") and not value.startswith("==")


def bare(text: str) -> str:
    """The source of an expression that may be written with or without its leading `=`."""
    return text[1:] if is_expression(text) else text


def resolve(value: Any, scope: Mapping[str, Any], names: frozenset[str] = VARIABLES) -> Any:
    """Returns a JSON value with each `=…` in it replaced by its result, and `==…` by the text `=…`."""
    if isinstance(value, str):
        if is_expression(value):
            return compile_expression(value[1:], names).evaluate(scope)
        return value[1:] if value.startswith("==") else value
    if isinstance(value, Mapping):
        return {key: resolve(part, scope, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(part, scope, names) for part in value]
    return value


def expressions_in(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields path and bare source of each `=…` in a JSON value."""
    if isinstance(value, str):
        if is_expression(value):
            yield path, value[1:]
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from expressions_in(part, join(path, key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from expressions_in(part, join(path, index))


def condition(source: str, scope: Mapping[str, Any], names: frozenset[str] = VARIABLES) -> bool:
    """Evaluates a guard or an edge's condition. Raises ExpressionError for anything but true or false."""
    value = compile_expression(source, names).evaluate(scope)
    if isinstance(value, bool):
        return value
    raise ExpressionError(f"`{source.strip()}` gives {truncate(value)}, not true or false")


def _compile(source: str, known: frozenset[str], depth: int) -> Code:
    path = tuple(source.strip().split("."))
    if path[0] in known and len(source) <= LENGTH_MAX and all(_PLAIN.fullmatch(key) for key in path):
        return Code(source, frozenset(path[:1]), {path[0]: frozenset(path[1:2]) or None}, path)
    tokens = scan(source)
    program = _parse(source)  # the whole, loops included: their syntax and functions are checked too
    for name in program.functions():
        if _FUNCTION.fullmatch(name) and name not in CATALOG:
            raise ExpressionError(f"there is no function '{name}'{suggestion(name, CATALOG)}")
    for name, given in calls(tokens):
        if name in CATALOG:
            CATALOG[name].check_count(len(given))
    loop_texts = list(loops(tokens))
    compiled = [_compile_loop(source, loop, known, depth) for loop in loop_texts]
    text = rewritten(tokens, loop_texts, STAND_INS, TYPES)
    if text != " ".join(token.text for token in tokens):
        program = _parse(text)
    return _compile_program(source, tokens, program, compiled, known)


def _compile_program(
    source: str,
    tokens: list[Token],
    program: cel.Program,
    compiled: list[Loop],
    known: frozenset[str],
) -> Code:
    variables = frozenset(program.variables()) - TYPES
    for name in sorted(variables - known):
        raise UnknownVariable(f"'{name}' does not exist{suggestion(name, known)}")
    for loop in compiled:
        for part in (loop.body, loop.condition):
            variables |= part.variables - {loop.variable} if part else frozenset()
    read = {place: count for place, count in reads(tokens).items() if place[0] in variables}
    functions = frozenset(program.functions()) & FUNCTIONS.keys()
    return Code(source, variables, keys_used(tokens), (), program, tuple(compiled), read, functions)


def _compile_loop(source: str, loop: LoopText, known: frozenset[str], depth: int) -> Loop:
    if depth >= LOOPS_NESTED_MAX:
        raise ExpressionError(f"loops may be nested {LOOPS_NESTED_MAX} deep")
    if loop.variable in known or loop.variable in TYPES:
        raise ExpressionError(f"'{loop.variable}' cannot name the items of a loop; choose another name")
    inner = known | {loop.variable}
    body = _compile(source[slice(*loop.body)], inner, depth + 1)
    condition = _compile(source[slice(*loop.condition)], inner, depth + 1) if loop.condition else None
    return Loop(loop.kind, loop.variable, body, condition)


def _parse(source: str) -> cel.Program:
    try:
        return cel.compile(source)
    except ValueError as error:
        raise ExpressionError(explain(scan(source), str(error))) from None
