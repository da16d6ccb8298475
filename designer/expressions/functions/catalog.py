"""The functions that expressions may call: for the compiler, for completion in the designer and for the docs.

PURE. One of the library's own functions cannot be replaced, so the compiler writes the name of a stand-in
where one of `STAND_INS` is called. The library hands over as the first argument what stands before the dot of
a call; so each function with an argument can be written both ways, `size(x)` and `x.size()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from designer.expressions.functions import arithmetic, conversions, lists, texts, times, values
from designer.expressions.functions.signatures import Function
from designer.expressions.rewriting import CALCULATE, COMPARE, NEGATE

T = '"2026-01-31T09:30:00Z"'

GROUPS: Mapping[str, tuple[Function, ...]] = {
    "Texts": (
        Function(
            "size",
            "group: any",
            "The characters of a text, the items of a list, the keys of an object.",
            'size("Zoë")',
            "3",
            texts.size,
        ),
        Function(
            "contains",
            "group: group, value: any",
            "Whether a text holds a text, a list a value, an object a key.",
            '"order-17".contains("17")',
            "true",
            lists.contains,
        ),
        Function(
            "startsWith",
            "text: text, part: text",
            "Whether a text begins so.",
            '"order-17".startsWith("order")',
            "true",
        ),
        Function(
            "endsWith",
            "text: text, part: text",
            "Whether a text ends so.",
            '"order-17".endsWith("17")',
            "true",
        ),
        Function(
            "matches",
            "text: any, pattern: any",
            "Whether a regular expression (RE2) is found in a text.",
            '"order-17".matches("^order-[0-9]+$")',
            "true",
            texts.matches,
        ),
        Function(
            "substring",
            "text: text, from: whole, to?: whole",
            "The characters from one place to before another, counted from 0.",
            'substring("Größe", 2, 4)',
            '"öß"',
            texts.substring,
        ),
        Function(
            "split",
            "text: text, separator: text",
            "The parts of a text; its characters where the separator is empty.",
            'split("a,b,c", ",")',
            '["a","b","c"]',
            texts.split,
        ),
        Function(
            "join",
            "list: list, separator?: text",
            "One text of the texts and numbers of a list.",
            'join(["a", 2], "-")',
            '"a-2"',
            texts.join,
        ),
        Function(
            "replace",
            "text: text, old: text, new: text",
            "The text with another in place of each one.",
            'replace("1.234.567", ".", "")',
            '"1234567"',
            texts.replace,
        ),
        Function("lower", "text: text", "In small letters.", 'lower("ÄRA")', '"ära"', texts.lower),
        Function("upper", "text: text", "In capital letters.", 'upper("straße")', '"STRASSE"', texts.upper),
        Function(
            "trim", "text: text", "Without the spaces around it.", 'trim("  a b ")', '"a b"', texts.trim
        ),
        Function(
            "format",
            "template: text, values*: any",
            "The template with a value in place of each {}.",
            'format("{} of {}", 2, 3)',
            '"2 of 3"',
            texts.format_text,
        ),
        Function(
            "format_number",
            "value: number, digits?: whole, separators?: text",
            "A number with so many decimals, halves rounded up; separators of thousands and decimals.",
            'format_number(1234.5, 2, ".,")',
            '"1.234,50"',
            texts.format_number,
        ),
        Function(
            "base64",
            "value: data",
            "A text (in UTF-8) or bytes as Base64.",
            'base64("Zoë")',
            '"Wm/Dqw=="',
            texts.base64_of,
        ),
        Function(
            "base64_decode",
            "text: text",
            "The text that some Base64 stands for.",
            'base64_decode("Wm/Dqw==")',
            '"Zoë"',
            texts.base64_decode,
        ),
        Function(
            "sha256",
            "value: data",
            "The SHA-256 of a text (in UTF-8) or of bytes, in hexadecimal digits.",
            'sha256("abc")',
            '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"',
            texts.sha256,
        ),
    ),
    "Numbers": (
        Function(
            "sum",
            "numbers: list",
            "The sum of a list; 0 of an empty one.",
            "sum([1, 2, 3.5])",
            "6.5",
            lists.sum_of,
        ),
        Function("avg", "numbers: list", "The average of a list.", "avg([1, 2])", "1.5", lists.average),
        Function(
            "min",
            "value: any, more*: any",
            "The smallest item of a list, or of the values: numbers, texts or times.",
            "min([3, 1.5, 2])",
            "1.5",
            lists.smallest,
        ),
        Function("max", "value: any, more*: any", "The largest.", "max(3, 1.5)", "3", lists.largest),
        Function(
            "int",
            "value: any",
            "As a whole number, without a fraction; from digits too, and of a time the seconds since 1970.",
            "int(2.9)",
            "2",
            conversions.to_int,
        ),
        Function("uint", "value: any", "As a whole number that is not negative.", 'uint("5")', "5"),
        Function(
            "double",
            "value: any",
            "As a number that need not be whole; from its text too.",
            "double(5) / 2",
            "2.5",
            conversions.to_double,
        ),
        Function(
            "string",
            "value: any",
            "As a text; numbers without an exponent.",
            "string(2.5)",
            '"2.5"',
            conversions.to_string,
        ),
        Function(
            "bool",
            "value: any",
            "The texts true and false as a truth value.",
            'bool("true")',
            "true",
            conversions.to_bool,
        ),
    ),
    "Lists": (
        Function("first", "list: list", "The first item.", "first([3, 1, 2])", "3", lists.first),
        Function("last", "list: list", "The last item.", "last([3, 1, 2])", "2", lists.last),
        Function(
            "sort",
            "list: list, path?: text",
            "Smallest first; objects by what stands at a path in them.",
            'sort([{"n": 2}, {"n": 1}], "n")',
            '[{"n":1},{"n":2}]',
            lists.sort,
        ),
        Function(
            "reverse",
            "list: list",
            "The last item first.",
            "reverse(sort([3, 1, 2]))",
            "[3,2,1]",
            lists.reverse,
        ),
        Function(
            "distinct", "list: list", "Each value once.", 'distinct([1, "a", 1.0])', '[1,"a"]', lists.distinct
        ),
        Function(
            "flatten",
            "list: list",
            "The items of the lists in a list, one level deep.",
            "flatten([[1, 2], 3, [[4]]])",
            "[1,2,3,[4]]",
            lists.flatten,
        ),
        Function(
            "chunk",
            "list: list, length: whole",
            "Lists of so many items.",
            "chunk([1, 2, 3], 2)",
            "[[1,2],[3]]",
            lists.chunk,
        ),
        Function(
            "index_of",
            "group: sequence, value: any",
            "The place of a value in a list, or of a text in a text, from 0; -1 if it is not there.",
            'index_of(["a", "b"], "b")',
            "1",
            lists.index_of,
        ),
        Function(
            "range",
            "from: whole, to: whole, step?: whole",
            "Whole numbers, both ends included.",
            "range(1, 9, 4)",
            "[1,5,9]",
            lists.range_of,
        ),
    ),
    "Objects and JSON": (
        Function(
            "get",
            "value: any, path: text, default?: any",
            "What stands at a path of keys and places; the default, or null, if something is missing.",
            'get({"a": {"b": [7]}}, "a.b.0", 0)',
            "7",
            values.get,
        ),
        Function(
            "merge",
            "object: object, more*: object",
            "The keys of all; the value of the last that has it.",
            'merge({"a": 1, "b": 1}, {"b": 2})',
            '{"a":1,"b":2}',
            values.merge,
        ),
        Function(
            "to_json",
            "value: any",
            "As JSON, with sorted keys.",
            'to_json({"b": [1, 2.0], "a": null})',
            r'"{\"a\":null,\"b\":[1,2.0]}"',
            values.to_json,
        ),
        Function(
            "from_json",
            "text: text",
            "The value of some JSON.",
            'from_json("{\\"a\\": [1]}").a',
            "[1]",
            values.from_json,
        ),
    ),
    "Times": (
        Function(
            "now",
            "",
            "The time at which the engine decides; of params, at which the attempt began.",
            "now()",
            f"{T}",
            times.now,
        ),
        Function(
            "timestamp",
            "value: any",
            "A time, from a text with a zone or from seconds since 1970.",
            'timestamp("2026-01-31T10:30:00+01:00")',
            f"{T}",
            times.timestamp,
        ),
        Function("duration", "text: any", "A length of time.", 'duration("1h30m")', "5400.0"),
        Function(
            "date_add",
            "time: time, amount: number, unit: text, zone?: text",
            "So many seconds, minutes, hours, days, weeks, months or years later.",
            f'date_add({T}, 1, "month")',
            '"2026-02-28T09:30:00Z"',
            times.date_add,
        ),
        Function(
            "date_diff",
            "from: time, to: time, unit: text, zone?: text",
            "How many whole units lie between two times.",
            f'date_diff({T}, "2026-03-01T00:00:00Z", "days")',
            "28",
            times.date_diff,
        ),
        Function(
            "format_time",
            "time: time, pattern: text, zone?: text",
            "A time by placeholders.",
            f'format_time({T}, "%d.%m.%Y %H:%M", "Europe/Vienna")',
            '"31.01.2026 10:30"',
            times.format_time,
        ),
    ),
    "Parts of times": tuple(
        Function(
            name,
            "time: any, zone?: any",
            f"{about} In a zone if one is named, else in UTC.",
            f"timestamp({T}).{name}()",
            result,
        )
        for name, about, result in (
            ("getFullYear", "The year.", "2026"),
            ("getMonth", "The month, from 0.", "0"),
            ("getDate", "The day of the month, from 1.", "31"),
            ("getDayOfMonth", "The day of the month, from 0.", "30"),
            ("getDayOfYear", "The day of the year, from 0.", "30"),
            ("getDayOfWeek", "The day of the week, Sunday is 0.", "6"),
            ("getHours", "The hour.", "9"),
            ("getMinutes", "The minute.", "30"),
            ("getSeconds", "The second.", "0"),
            ("getMilliseconds", "The milliseconds.", "0"),
        )
    ),
    "Types": (
        Function("bytes", "value: any", "The bytes of a text in UTF-8.", 'size(bytes("Zoë"))', "4"),
        Function("type", "value: any", "The type of a value.", "type(1) == int", "true"),
        Function("dyn", "value: any", "The value itself.", "dyn(1)", "1"),
    ),
}
CATALOG: Mapping[str, Function] = {one.name: one for group in GROUPS.values() for one in group}
STAND_INS: Mapping[str, str] = {one.name: f"_{one.name}_" for one in CATALOG.values() if one.call}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    CALCULATE: arithmetic.calculate,
    COMPARE: arithmetic.compare,
    NEGATE: arithmetic.negate,
    **{stand_in: CATALOG[name] for name, stand_in in STAND_INS.items()},
    **{part: times.part_in_zone(part) for part in times.PARTS},
    STAND_INS[times.NOW]: times.now,
}
"""By the name under which the library calls them."""


def vocabulary() -> dict[str, Any]:
    """The functions as the editor offers them."""
    return {
        "functions": [
            {
                "name": one.name,
                "usage": one.usage,
                "about": one.about,
                "example": one.example,
                "result": one.result,
            }
            for one in CATALOG.values()
        ]
    }
