"""Arguments that are meant to make each function of expressions take too long or too much memory.

Run as a program under a limit of memory, it evaluates all of them and prints what each has cost.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from designer.errors import ExpressionError
from designer.expressions.budget import RESULT_WEIGHT_MAX, WORK_MAX, SharedBudget
from designer.expressions.expressions import compile_expression
from designer.expressions.functions.times import PARTS

MEMORY_BYTES_MAX = 400_000_000
"""Beside the arguments themselves; an evaluation holds three copies of them, the library's among these."""
LONG = "x" * 8_000_000
WIDE = "é" * 2_000_000
NUMBERS = list(range(100_000))
SHUFFLED = [number * 7_919 % 500_009 for number in range(100_000)]
KEYS = {str(number): number for number in range(100_000)}
DEEP = "[" * 60_000 + "]" * 60_000
ALL_OF_X = ", ".join(["context.x"] * 60)

HOSTILE: list[tuple[str, str, Any]] = [
    ("size", f"size([{ALL_OF_X}])", NUMBERS),
    ("contains", "context.x.contains({'a': 1})", [{"a": number} for number in range(40_000)]),
    ("contains", "context.x.contains(context.x.substring(4000000) + 'y')", LONG),
    ("matches", r"context.x.matches('(x{1,20}){1,20}y')", LONG),
    ("substring", "size(substring(context.x, 1))", LONG),
    ("split", "size(split(context.x, 'x'))", LONG),
    ("split", "size(split(context.x, ''))", WIDE),
    ("split", "size(split(context.x, 'x'))", "x" * 240_000),
    ("join", "size(join(context.x, context.x[0]))", ["a" * 1_000] * 10_000),
    ("join", "size(join(context.x, 'é'))", ["a"] * 150_000),
    ("replace", "size(replace(context.x, 'x', context.x))", "x" * 3_000),
    ("replace", "size(replace(context.x, 'x', 'yy'))", LONG),
    ("lower", "size(lower(context.x))", LONG),
    ("upper", "size(upper(context.x))", "ΐ" * 2_700_000),
    ("trim", "size(trim(context.x))", " " * 8_000_000),
    ("format", f"size(format('{'{}' * 60}', {ALL_OF_X}))", "x" * 1_000_000),
    ("format", "size(format('{}', context.x))", NUMBERS),
    ("format_number", "size(range(1, 10000).map(n, format_number(1.7e308, 20)))", 0),
    ("base64", "size(base64(context.x))", LONG),
    ("base64_decode", "size(base64_decode(context.x))", "QUJD" * 1_900_000),
    ("int", "int(context.x)", "9" * 8_000_000),
    ("double", "double(context.x)", "9" * 8_000_000),
    ("string", "size(string(context.x))", LONG),
    ("bool", "bool(context.x)", LONG),
    ("sha256", "sha256(context.x)", LONG),
    ("sum", "sum(context.x)", NUMBERS),
    ("sum", "sum(context.x)", [1e308, -1e308] * 100_000),
    ("avg", "avg(context.x)", NUMBERS),
    ("min", "min(context.x)", NUMBERS),
    ("max", "max(context.x)", [LONG[: 10_000 + number] for number in range(300)]),
    ("first", "first(context.x)", [list(range(RESULT_WEIGHT_MAX))]),
    ("last", "last(context.x)", [NUMBERS]),
    ("sort", "size(sort(context.x))", SHUFFLED),
    ("sort", "size(sort(context.x))", [f"{'x' * 50}{number}" for number in SHUFFLED[:100_000]]),
    ("sort", "size(sort(context.x, 'a.b'))", [{"a": {"b": number}} for number in SHUFFLED[:20_000]]),
    ("sort", f"size(sort(context.x, '{'a.' * 99}a'))", [{"a": number} for number in SHUFFLED[:60_000]]),
    ("reverse", "size(reverse(context.x))", NUMBERS),
    ("distinct", "size(distinct(context.x))", SHUFFLED),
    ("distinct", "size(distinct(context.x))", [{"a": [number]} for number in range(20_000)]),
    ("flatten", "size(flatten([context.x, context.x, context.x, context.x]))", NUMBERS),
    ("chunk", "size(chunk(context.x, 1))", NUMBERS),
    ("index_of", "context.x.index_of(-1)", NUMBERS),
    ("range", "size(range(0, 9223372036854775807))", 0),
    ("range", f"size([{', '.join(['range(1, 499000)'] * 40)}])", 0),
    ("range", "size(range(1, 100000).map(n, range(1, 10000)))", 0),
    ("get", f"get(context.x, '{'0.' * 99}0')", NUMBERS),
    ("merge", f"size(merge({ALL_OF_X}))", KEYS),
    ("merge", "size(range(1, 1000).map(n, merge(context.x, {'a': n})))", KEYS),
    ("to_json", "size(to_json(context.x))", NUMBERS),
    ("to_json", "size(to_json(context.x))", "\x01" * 7_900_000),
    ("to_json", "size(to_json(to_json(to_json(to_json(to_json(context.x))))))", "\\" * 1_000_000),
    ("from_json", "from_json(context.x)", DEEP),
    ("from_json", "size(from_json(context.x))", f"[{'{},' * 600_000}0]"),
    ("from_json", "from_json(context.x)", "9" * 1_900_000),
    ("from_json", "size(from_json(context.x))", f"[{'1e400,' * 200_000}0]"),
    ("now", "size(range(1, 10000).map(n, now()))", 0),
    ("timestamp", "size(range(1, 10000).map(n, timestamp(n)))", 0),
    *((name, f"size(range(1, 10000).map(n, {name}(timestamp(n), 'Europe/Vienna')))", 0) for name in PARTS),
    ("date_add", "size(range(1, 10000).map(n, date_add(timestamp(n), n, 'months', 'Europe/Vienna')))", 0),
    ("date_diff", "size(range(1, 10000).map(n, date_diff(timestamp(0), timestamp(n), 'days')))", 0),
    ("format_time", f"size(range(1, 10000).map(n, format_time(timestamp(n), '{'%B' * 100}')))", 0),
    ("+", f"size({' + '.join(['context.x'] * 60)})", WIDE),
    ("+", f"size({' + '.join(['context.x'] * 60)})", NUMBERS[:100_000]),
    ("*", f"context.x.map(n, {' + '.join(['n * 2.5'] * 60)})", NUMBERS),
    ("==", f"{' && '.join(['context.x == context.x'] * 45)}", NUMBERS),
    ("in", f"{' || '.join(['context.x in context.x'] * 38)}", NUMBERS),
]


def evaluated(source: str, value: Any) -> Any:
    """What one comes to; None where it is refused."""
    try:
        return compile_expression(source).evaluate({"context": {"x": value}, "now": None})
    except ExpressionError:
        return None


class Cost(NamedTuple):
    """What an evaluation has cost. `work`: the share of an evaluation's budget."""

    function: str
    source: str
    seconds: float
    work: float
    has_memory: bool


def costs() -> Iterator[Cost]:
    for function, source, value in HOSTILE:
        compile_expression(source)
        has_memory, started = True, time.process_time()
        with SharedBudget() as budget:
            budget.left = WORK_MAX // 2
            try:
                evaluated(source, value)
            except MemoryError:
                has_memory = False
        seconds, work = time.process_time() - started, 0.5 - budget.left / WORK_MAX
        yield Cost(function, source[:60], seconds, work, has_memory)


def main() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES_MAX
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print(json.dumps(list(costs())))


if __name__ == "__main__":
    main()
