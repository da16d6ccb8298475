"""CEL → JSONata, in which a machine's variables hold what our expressions read. PURE.

JSONata gives nothing where CEL fails; the report says so once.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from designer.errors import ExpressionError
from designer.expressions.expressions import is_expression
from designer.expressions.scanner import Token, scan
from designer.formats.asl.expressions.scope import Untranslatable

NESTED_MAX = 40
RUN = {"id": "$states.context.Execution.Id", "workflow": "$states.context.StateMachine.Name"}
ISO_TIME = '"%Y-%m-%dT%H:%M:%S.000Z"'
VARIABLES = frozenset(
    {"context", "input", "steps", "outcomes", "item", "index", "batch", "output", "turn", "failure"}
)
_PATH = re.compile(r'"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"', re.ASCII)
_BINARY: Mapping[str, tuple[int, str]] = {
    "||": (1, "or"),
    "&&": (2, "and"),
    "==": (3, "="),
    "!=": (3, "!="),
    "<": (3, "<"),
    "<=": (3, "<="),
    ">": (3, ">"),
    ">=": (3, ">="),
    "in": (3, "in"),
    "+": (4, "+"),
    "-": (4, "-"),
    "*": (5, "*"),
    "/": (5, "/"),
    "%": (5, "%"),
}
_FUNCTIONS: Mapping[str, str] = {
    "size": "count",
    "string": "string",
    "int": "number",
    "double": "number",
    "sum": "sum",
    "avg": "average",
    "min": "min",
    "max": "max",
    "sort": "sort",
    "distinct": "distinct",
    "join": "join",
    "split": "split",
    "replace": "replace",
    "lower": "lowercase",
    "upper": "uppercase",
    "trim": "trim",
    "to_json": "string",
    "from_json": "parse",
    "base64": "base64encode",
    "base64_decode": "base64decode",
    "chunk": "partition",
    "now": "now",
    "has": "exists",
}


def to_jsonata(source: str) -> str:
    """The JSONata of an expression, without its marks. Raises Untranslatable."""
    try:
        tokens = scan(source)
    except ExpressionError as error:
        raise Untranslatable(str(error)) from None
    parser = _Parser([token for token in tokens if token.kind != "space"])
    written = parser.ternary(0)
    if parser.text:
        raise Untranslatable(f"`{parser.text}` in {source[:60]}")
    return written


def marked(source: str) -> str:
    return f"{{% {source} %}}"


def value_of(value: Any) -> Any:
    """A JSON value with its `=…` texts as marked JSONata. Raises Untranslatable."""
    if is_expression(value):
        return marked(to_jsonata(value[1:]))
    if isinstance(value, str):
        return value[1:] if value.startswith("==") else value
    if isinstance(value, Mapping):
        return {key: value_of(part) for key, part in value.items()}
    return [value_of(part) for part in value] if isinstance(value, list | tuple) else value


def inner_of(value: Any) -> str:
    """The same as one JSONata expression, without marks. Raises Untranslatable."""
    if is_expression(value):
        return to_jsonata(value[1:])
    if isinstance(value, str):
        return json.dumps(value[1:] if value.startswith("==") else value, ensure_ascii=False)
    if isinstance(value, Mapping):
        fields = (f"{json.dumps(key, ensure_ascii=False)}: {inner_of(part)}" for key, part in value.items())
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inner_of(part) for part in value) + "]"
    return json.dumps(value)


@dataclass
class _Parser:
    tokens: list[Token]
    place: int = 0
    bound: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.tokens[self.place].text if self.place < len(self.tokens) else ""

    @property
    def kind(self) -> str:
        return self.tokens[self.place].kind if self.place < len(self.tokens) else "end"

    def take(self, wanted: str | None = None) -> str:
        text = self.text
        if not text or (wanted is not None and text != wanted):
            raise Untranslatable(f"`{text}` where {wanted or 'a value'} belongs")
        self.place += 1
        return text

    def ternary(self, depth: int) -> str:
        if depth > NESTED_MAX:
            raise Untranslatable("the expression is nested too deep")
        value = self.binary(0, depth)
        if self.text == "?":
            self.take()
            first = self.ternary(depth + 1)
            self.take(":")
            return f"({value} ? {first} : {self.ternary(depth + 1)})"
        return value

    def binary(self, binding: int, depth: int) -> str:
        left = self.unary(depth)
        while self.text in _BINARY and _BINARY[self.text][0] > binding:
            power, sign = _BINARY[self.take()]
            right = self.binary(power, depth + 1)
            is_text = sign == "+" and any(side.startswith(('"', "$string(")) for side in (left, right))
            left = f"({left} & {right})" if is_text else f"({left} {sign} {right})"
        return left

    def unary(self, depth: int) -> str:
        if self.text in ("!", "-"):
            sign, value = self.take(), self.unary(depth + 1)
            return f"$not({value})" if sign == "!" else f"-{value}"
        return self.member(self.primary(depth), depth)

    def primary(self, depth: int) -> str:
        kind, text = self.kind, self.take()
        if kind == "string":
            return json.dumps(_literal(text), ensure_ascii=False)
        if kind == "number":
            return text.rstrip("uU")
        if text == "(":
            value = self.ternary(depth + 1)
            self.take(")")
            return f"({value})"
        if text == "[":
            return f"[{', '.join(self.several(']', depth))}]"
        if text == "{":
            return self.fields(depth)
        if kind == "name":
            return self.name(text, depth)
        raise Untranslatable(f"`{text}`")

    def name(self, text: str, depth: int) -> str:
        if text in ("true", "false", "null"):
            return text
        if self.text == "(":
            self.take()
            arguments = self.several(")", depth)
            return _called(text, arguments)
        if text == "run":
            self.take(".")
            return RUN[self.take()]
        if text in VARIABLES or text in self.bound:
            return f"${text}"
        raise Untranslatable(f"`{text}` has no counterpart")

    def member(self, value: str, depth: int) -> str:
        while self.text in (".", "["):
            if self.take() == "[":
                inside = self.ternary(depth + 1)
                self.take("]")
                is_key = inside.startswith('"')
                value = f"$lookup({value}, {inside})" if is_key else f"{value}[{inside}]"
                continue
            name = self.take()
            if self.text != "(":
                value = (
                    f"{value}.{name}" if value.startswith("$") or value.endswith(")") else f"({value}).{name}"
                )
            else:
                value = self.method(value, name, depth)
        return value

    def method(self, value: str, name: str, depth: int) -> str:
        self.take("(")
        if name in ("map", "filter"):
            variable = self.take()
            self.take(",")
            outer, self.bound = self.bound, (*self.bound, variable)
            body = self.ternary(depth + 1)
            self.bound = outer
            self.take(")")
            return f"[${name}({value}, function(${variable}) {{ {body} }})]"
        arguments = self.several(")", depth)
        if name == "contains" and len(arguments) == 1:
            return f"$contains({value}, {arguments[0]})"
        if name == "matches" and len(arguments) == 1 and arguments[0].startswith('"'):
            pattern = _literal(arguments[0]).replace("/", "\\/")
            return f"$contains({value}, /{pattern}/)"
        raise Untranslatable(f"`.{name}(…)` has no counterpart")

    def several(self, end: str, depth: int) -> list[str]:
        values = []
        while self.text != end:
            values.append(self.ternary(depth + 1))
            if self.text != end:
                self.take(",")
        self.take(end)
        return values

    def fields(self, depth: int) -> str:
        parts = []
        while self.text != "}":
            key = self.ternary(depth + 1)
            self.take(":")
            parts.append(f"{key}: {self.ternary(depth + 1)}")
            if self.text != "}":
                self.take(",")
        self.take("}")
        return "{" + ", ".join(parts) + "}"


def _literal(text: str) -> str:
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        raise Untranslatable(f"the text {text[:40]}") from None


def _called(name: str, arguments: list[str]) -> str:
    if name == "merge":
        return f"$merge([{', '.join(arguments)}])"
    if name == "range" and arguments[2:] in ([], ["1"]):
        return f"[{arguments[0]}..{arguments[1]}]"
    if name == "get" and len(arguments) == 3 and (path := _PATH.fullmatch(arguments[1])):
        found = f"{arguments[0]}.{path[1]}"
        return f"($exists({found}) ? {found} : {arguments[2]})"
    if name == "format_time" and arguments == ["$now()", ISO_TIME]:
        return "$now()"
    if name in ("first", "last"):
        return f"{arguments[0]}[{0 if name == 'first' else -1}]"
    return f"${_FUNCTIONS[name]}({', '.join(arguments)})" if name in _FUNCTIONS else _refuse(name)


def _refuse(name: str) -> str:
    raise Untranslatable(f"`{name}(…)` has no counterpart")
