"""Evaluates compiled expressions: bounded in time and memory, with errors that their author understands.

PURE.

The CEL library copies every value that it is given, runs its own loops in quadratic time, compiles a regular
expression anew for each text, and cannot be stopped. Four measures keep an evaluation bounded:

* A plain path such as `context.order.id`, which most expressions are, is followed without the library.
* A program gets only the first-level keys that it reads of each variable (`Code.keys`).
* Loops (`map`, `filter`, `all`, `exists`, `exists_one`) run here. The compiler cuts each loop out of the
  source and puts a call of a function `_loopN_` in its place; the evaluation provides that function, which
  evaluates the loop's body once for each item.
* Arithmetic, comparisons and most functions run here, too (`designer.expressions.functions`): `matches` for
  example on RE2, compiled once, in linear time.

Everything is paid for before it is done. What a program reads costs its size, for the copy and once for
each place that reads it. A call of a function costs a constant, the size of what it is given beyond what the
program reads, and what the function itself takes off the budget before it works. An item of a loop costs its
size, a constant for the call, and the size of what the body reads beside it, since the library copies it anew
each time. One evaluation, its loops included, may cost
`WORK_MAX`; all within a `SharedBudget` may cost no more together. The weight of results is bounded
separately, so that small inputs cannot grow into large values. Work is counted and not time, so that an
evaluation comes to the same everywhere.

An error that is raised inside a loop passes through the library, which wraps it in its own. So
`_Evaluation.error` keeps the original, and that is what the author sees.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.budget import RESULT_WEIGHT_MAX, Budget, SharedBudget, weight
from designer.expressions.functions.catalog import FUNCTIONS, STAND_INS
from designer.expressions.functions.times import NOW
from designer.expressions.functions.values import plain
from designer.expressions.library import cel
from designer.expressions.rewriting import loop_name
from designer.problems import suggestion, truncate

COPY_WORK = 2
"""Cost of a value that the library copies, in values."""
FUNCTION_WORK = 3
"""Cost of one call of a function, in values."""
CALL_WORK = 20
"""Cost of one call of the library, in values."""
SOURCE_SHOWN_MAX = 200
OWN_FAILED = "Python function call failed"
"""What the library says of a function that was provided."""
SMALL = frozenset({bool, int, float, type(None), datetime, timedelta})
"""Types whose values are not weighed."""

_UNDEFINED = re.compile(r"Undefined variable or function: '(\w+)'")

# An error in an expression is shown to its author; in the log of this process it would be noise.
logging.getLogger("cel").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A compiled expression: either a plain `path`, or a `program` that calls its `loops` by number.

    `keys` holds the first-level keys that are read of each name; None: all may be needed. `reads` counts, by
    name and key, the places that read it; the key None stands for the whole. `functions`: the names
    of those that it calls.
    """

    source: str
    variables: frozenset[str]
    keys: Mapping[str, frozenset[str] | None]
    path: tuple[str, ...] = ()
    program: cel.Program | None = None
    loops: tuple[Loop, ...] = ()
    reads: Mapping[tuple[str, str | None], int] = field(default_factory=dict)
    functions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """`target.kind(variable, body)`, or `target.map(variable, condition, body)`."""

    kind: str
    variable: str
    body: Code
    condition: Code | None = None


@dataclass(frozen=True, slots=True)
class _Copy:
    """The library's copy of what a program read, for the next one that reads no more of the same values.

    `weights`: of the parts that were read, by name and key.
    """

    values: Mapping[str, Any]
    keys: Mapping[str, frozenset[str] | None]
    context: cel.Context
    weights: dict[tuple[str, str | None], int]

    def serves(self, code: Code, scope: Mapping[str, Any]) -> bool:
        return all(
            name in self.values
            and self.values[name] is scope.get(name)
            and self._has(name, code.keys.get(name))
            for name in code.variables
        )

    def _has(self, name: str, keys: frozenset[str] | None) -> bool:
        copied = self.keys.get(name)
        return copied is None or (keys is not None and keys <= copied)


def evaluate(code: Code, scope: Mapping[str, Any]) -> Any:
    """Returns the JSON value of an expression. Raises ExpressionError."""
    if code.path:
        return _follow(code.path, scope)
    with SharedBudget() as budget:
        return _json(_Evaluation(budget).outcome(code, scope), code.source)


class _Evaluation:
    """One evaluation: its budget, and the error that stopped one of its functions.

    `prepaid`: the work for values that the program reads and that no function has been given yet.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.prepaid = 0
        self.now: Any = None
        self.error: ExpressionError | None = None

    def outcome(self, code: Code, scope: Mapping[str, Any]) -> Any:
        """The value of the outermost program, which is paid for first."""
        self.now = scope.get(NOW)
        copy = self.budget.copy
        if copy is not None and not copy.serves(code, scope):
            copy = self.budget.copy = None
        weights = self._pay(code, scope, copy)
        if copy is None:
            values = {name: scope[name] for name in code.variables if name in scope}
            context = cel.Context({name: _read(code, name, scope) for name in code.variables})
            copy = self.budget.copy = _Copy(values, code.keys, context, weights)
        try:
            return self.value_of(code, scope, copy.context)
        finally:
            # Its traceback knows the library's copy, which knows this evaluation by its functions: a circle
            # that no garbage collection sees.
            self.error = None

    def _pay(
        self, code: Code, scope: Mapping[str, Any], copy: _Copy | None
    ) -> dict[tuple[str, str | None], int]:
        """Takes the cost of a program off the budget, that of compiling it included.

        Returns the weights of what it reads, which are known of a copy.
        """
        self.budget.spend(CALL_WORK + 2 * len(code.source))
        weights = copy.weights if copy else {}
        for (name, key), count in code.reads.items():
            value = scope.get(name)
            if key is not None and isinstance(value, Mapping):
                value = value.get(key)
            times = (0 if copy else COPY_WORK) + count
            if (name, key) not in weights:
                weights[name, key] = self.budget.weigh(value, times)
            self.budget.spend(weights[name, key] * times)
            self.prepaid += weights[name, key] * count
        return weights

    def value_of(self, code: Code, scope: Mapping[str, Any], context: cel.Context | None = None) -> Any:
        """The value of a program. `context`: the library's copy of what it reads, if there is one."""
        if code.path:
            return _follow(code.path, scope)
        if code.program is None:
            raise AssertionError("neither path nor program")
        variables = {name: _read(code, name, scope) for name in code.variables}
        functions: dict[str, Callable[..., Any]] = {
            loop_name(number): partial(self._run, loop, variables) for number, loop in enumerate(code.loops)
        }
        for name in code.functions:
            given = (self.now,) if name == STAND_INS[NOW] else ()
            functions[name] = partial(self._call, code.source, FUNCTIONS[name], *given)
        if context is None and functions:
            context = cel.Context(variables, functions)
        elif context is not None:
            for name, function in functions.items():
                context.add_function(name, function)
        try:
            return code.program.execute(variables if context is None else context)
        except Exception as error:
            raise self._shown_error(code.source, error) from None

    def _shown_error(self, source: str, error: Exception) -> ExpressionError:
        if self.error is not None and OWN_FAILED in str(error):  # else `||` has taken away an earlier one
            return self.error
        return ExpressionError(_message(source, error))

    def _call(self, source: str, function: Callable[..., Any], *values: Any) -> Any:
        """Calls a function of this package. Called by the library."""
        try:
            self.budget.spend(FUNCTION_WORK)
            for value in values:
                if value.__class__ not in SMALL:
                    self._pay_for(value)
            result = function(*values)
            if result.__class__ not in SMALL:
                weight(result, RESULT_WEIGHT_MAX)
            return result
        except ExpressionError as error:
            self.error = ExpressionError(f"`{_shown(source)}`: {error}")
        except RecursionError:
            self.error = ExpressionError(f"`{_shown(source)}`: the data is nested too deep")
        raise self.error

    def _pay_for(self, value: Any) -> None:
        given = weight(value, self.prepaid + self.budget.left)
        covered = min(given, self.prepaid)
        self.prepaid -= covered
        self.budget.spend(given - covered)

    def _run(self, loop: Loop, scope: Mapping[str, Any], target: Any) -> Any:
        """Runs a loop over `target`, a list or the keys of an object. Called by the library."""
        try:
            if not isinstance(target, list | dict):
                raise ExpressionError(f"'{loop.kind}' needs a list, not {truncate(target)}")
            items = sorted(target, key=str) if isinstance(target, dict) else target
            return _LOOPS[loop.kind](self, loop, scope, items)
        except ExpressionError as error:
            self.error = error
            raise

    def _values(self, loop: Loop, body: Code, scope: Mapping[str, Any], items: list[Any]) -> Iterator[Any]:
        # The cost of the loop is taken off the budget before it runs.
        outer = body.variables & scope.keys() if body.program else ()  # a path copies nothing
        read_each_time = sum(self.budget.weigh(_read(body, name, scope)) for name in outer)
        self.budget.spend(self.budget.weigh(items) + len(items) * (CALL_WORK + read_each_time))
        inner = dict(scope)
        for item in items:
            inner[loop.variable] = item
            yield self.value_of(body, inner)

    def _truths(self, loop: Loop, body: Code, scope: Mapping[str, Any], items: list[Any]) -> Iterator[bool]:
        for value in self._values(loop, body, scope, items):
            if not isinstance(value, bool):
                raise ExpressionError(f"`{body.source.strip()}` gives {truncate(value)}, not true or false")
            yield value

    def map(self, loop: Loop, scope: Mapping[str, Any], items: list[Any]) -> list[Any]:
        if loop.condition is not None:
            items = self._selected(loop, loop.condition, scope, items)
        left, results = RESULT_WEIGHT_MAX, []
        for value in self._values(loop, loop.body, scope, items):
            left -= weight(value, left)
            results.append(value)
        return results

    def filter(self, loop: Loop, scope: Mapping[str, Any], items: list[Any]) -> list[Any]:
        return self._selected(loop, loop.body, scope, items)

    def _selected(self, loop: Loop, test: Code, scope: Mapping[str, Any], items: list[Any]) -> list[Any]:
        truths = self._truths(loop, test, scope, items)
        return [item for item, truth in zip(items, truths, strict=True) if truth]

    def all(self, loop: Loop, scope: Mapping[str, Any], items: list[Any]) -> bool:
        return all(self._truths(loop, loop.body, scope, items))

    def exists(self, loop: Loop, scope: Mapping[str, Any], items: list[Any]) -> bool:
        return any(self._truths(loop, loop.body, scope, items))

    def exists_one(self, loop: Loop, scope: Mapping[str, Any], items: list[Any]) -> bool:
        return sum(self._truths(loop, loop.body, scope, items)) == 1


_LOOPS: Mapping[str, Callable[[_Evaluation, Loop, Mapping[str, Any], list[Any]], Any]] = {
    "map": _Evaluation.map,
    "filter": _Evaluation.filter,
    "all": _Evaluation.all,
    "exists": _Evaluation.exists,
    "exists_one": _Evaluation.exists_one,
}


def _read(code: Code, name: str, scope: Mapping[str, Any]) -> Any:
    """The part of a variable that a program reads."""
    if name not in scope:
        raise ExpressionError(f"`{code.source.strip()}`: '{name}' is not known here")
    value, keys = scope[name], code.keys.get(name)
    if not isinstance(value, Mapping):
        return value
    return {key: value[key] for key in (value if keys is None else keys) if key in value}


def _follow(path: tuple[str, ...], scope: Mapping[str, Any]) -> Any:
    """The value at a plain path; errors name the first part that does not exist."""
    value: Any = scope
    for depth, key in enumerate(path):
        if not isinstance(value, Mapping):
            raise ExpressionError(f"`{'.'.join(path[:depth])}` is {truncate(value)} and has no '{key}'")
        if key not in value:
            if depth == 0:
                raise ExpressionError(f"'{key}' is not known here")
            read = ".".join(path[: depth + 1])
            raise ExpressionError(f"`{read}`: no such key{suggestion(key, list(value)[:100])}")
        value = value[key]
    return value


def _shown(source: str) -> str:
    return truncate(source.strip(), SOURCE_SHOWN_MAX)[1:-1]


def _message(source: str, error: Exception) -> str:
    """Rewords an error of the library for the author of the expression."""
    text = str(error)
    if isinstance(error, KeyError):
        key = str(error.args[0])
        path = re.search(rf"(?:\w+\.)+{re.escape(key)}\b", source)
        return f"`{path[0]}`: no such key" if path else f"`{source.strip()}`: no such key {truncate(key)}"
    if undefined := _UNDEFINED.match(text):
        text = f"'{undefined[1].strip('_')}' cannot be used on these values"
    elif text.startswith("No such overload"):
        text = "this cannot be done with values of these kinds"
    elif isinstance(error, UnicodeError):
        text = "the text holds characters that are not Unicode"
    return f"`{_shown(source)}`: {text.splitlines()[0].replace(' in CEL expression', '')}"


def _json(value: Any, source: str) -> Any:
    weight(value, RESULT_WEIGHT_MAX)
    try:
        return plain(value)
    except ExpressionError as error:
        raise ExpressionError(f"`{source.strip()}`: {error}") from None
