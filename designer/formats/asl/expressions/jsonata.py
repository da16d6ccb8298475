"""The common forms of JSONata (`{% … %}`) → CEL; the rest is refused with its reason. PURE."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from designer.formats.asl.expressions.cel import (
    NOW,
    Cel,
    Value,
    as_cel,
    call,
    field_of,
    list_of,
    literal,
    object_of,
    operation,
    text,
)
from designer.formats.asl.expressions.scope import Scope, Untranslatable

LENGTH_MAX = 4_000
_LOOPED = re.compile(r"\.(map|filter)\(\w+, .*\)$", re.DOTALL)
NESTED_MAX = 40
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<name>\$?[A-Za-z_]\w*|`[^`]+`|\$)
      | (?P<sign>!=|<=|>=|~>|\*\*|\.\.|:=|[.\[\](){},:?&+\-*/%=<>^@#|;]))""",
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"\s*(?P<pattern>/(?:[^/\\\n]|\\.)+/)")
_BINARY: Mapping[str, tuple[int, str]] = {
    "or": (1, "||"),
    "and": (2, "&&"),
    "=": (3, "=="),
    "!=": (3, "!="),
    "<": (3, "<"),
    "<=": (3, "<="),
    ">": (3, ">"),
    ">=": (3, ">="),
    "in": (3, "in"),
    "&": (4, "&"),
    "+": (5, "+"),
    "-": (5, "-"),
    "*": (6, "*"),
    "/": (6, "/"),
    "%": (6, "%"),
}


def is_jsonata(value: object) -> bool:
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def read_jsonata(source: str, scope: Scope) -> Value:
    """The expression of `{% … %}`. Raises Untranslatable."""
    inner = source[2:-2]
    if len(inner) > LENGTH_MAX:
        raise Untranslatable("the expression is too long")
    parser = _Parser(_tokens(inner), scope)
    value = parser.expression(0, 0)
    if parser.kind != "end":
        raise Untranslatable(f"`{parser.word}` in {inner.strip()[:60]}")
    return value


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    while source[position:].strip():
        begins = tokens[-1][1] in ("(", ",") if tokens else False
        found = (begins and _PATTERN.match(source, position)) or _TOKEN.match(source, position)
        if found is None:
            raise Untranslatable(f"{source[position:].strip()[:40]} is no JSONata that is known here")
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
        position = found.end()
    return [*tokens, ("end", "")]


@dataclass
class _Parser:
    tokens: list[tuple[str, str]]
    scope: Scope
    place: int = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.place][0]

    @property
    def word(self) -> str:
        return self.tokens[self.place][1]

    def take(self, wanted: str | None = None) -> str:
        word = self.word
        if self.kind == "end" or (wanted is not None and word != wanted):
            raise Untranslatable(f"`{word}` where {wanted or 'a value'} belongs")
        self.place += 1
        return word

    def expression(self, binding: int, depth: int) -> Value:
        if depth > NESTED_MAX:
            raise Untranslatable("the expression is nested too deep")
        left = self._steps(self._value(depth), depth)
        while self.kind in ("sign", "name") and self.word in _BINARY and _BINARY[self.word][0] > binding:
            power, sign = _BINARY[self.take()]
            right = self.expression(power, depth + 1)
            left = _joined(as_cel(left), as_cel(right)) if sign == "&" else _binary(left, sign, right)
        if binding == 0 and self.word == "?" and self.kind == "sign":
            self.take()
            first = self.expression(0, depth + 1)
            self.take(":")
            second = self.expression(0, depth + 1)
            left = operation(f"{as_cel(left).atom} ? {as_cel(first).atom} : {as_cel(second).atom}")
        return left

    def _value(self, depth: int) -> Value:
        kind, word = self.kind, self.take()
        if kind == "text":
            return literal(_unquoted(word))
        if kind in ("number", "pattern"):
            return Cel(word)
        if word == "(":
            value = self.expression(0, depth + 1)
            self.take(")")
            return operation(as_cel(value).source)
        if word == "-":
            return operation(f"-{as_cel(self.expression(6, depth + 1)).atom}")
        if word == "[":
            items = [as_cel(item) for item in self._several("]", depth)]
            is_sequence = len(items) == 1 and _LOOPED.search(items[0].source) is not None
            return items[0] if is_sequence else list_of(*items)
        if word == "{":
            return self._object(depth)
        if kind == "name":
            return self._name(word, depth)
        raise Untranslatable(f"`{word}`")

    def _name(self, word: str, depth: int) -> Value:
        if word in ("true", "false", "null"):
            return Cel(word)
        if not word.startswith("$"):
            raise Untranslatable(f"`{word}` without $states")
        if word in ("$map", "$filter") and self.word == "(":
            return self._loop(word[1:], depth)
        if self.word == "(" and self.kind == "sign":
            self.take()
            return _apply(word[1:], [as_cel(value) for value in self._several(")", depth)], self.scope)
        if word == "$states":
            self.take(".")
            return self._of_states(self.take())
        known = self.scope.machine.get(f"Variables.{word[1:]}")
        if known is None:
            raise Untranslatable(f"`{word}` is not assigned before")
        return known

    def _loop(self, name: str, depth: int) -> Value:
        """`$map(items, function($item) { … })`."""
        self.take("(")
        items = as_cel(self.expression(0, depth + 1))
        for wanted in (",", "function", "("):
            self.take(wanted)
        variable = self.take()[1:]
        for wanted in (")", "{"):
            self.take(wanted)
        outer = self.scope
        known = {**outer.machine, f"Variables.{variable}": Cel(variable)}
        self.scope = replace(outer, machine=known)
        body = as_cel(self.expression(0, depth + 1))
        self.scope = outer
        for wanted in ("}", ")"):
            self.take(wanted)
        return Cel(f"{items.atom}.{name}({variable}, {body})")

    def _of_states(self, name: str) -> Value:
        if name == "context":
            names: list[str] = []
            while self.word == "." and ".".join(names) not in self.scope.machine:
                self.take()
                names.append(self.take())
            if (known := self.scope.machine.get(".".join(names))) is not None:
                return known
            raise Untranslatable(f"$states.context.{'.'.join(names)}")
        if name not in self.scope.states:
            raise Untranslatable(f"$states.{name} here")
        return self.scope.states[name]

    def _steps(self, value: Value, depth: int) -> Value:
        while self.kind == "sign" and self.word in (".", "["):
            if self.take() == ".":
                if self.kind not in ("name", "text"):
                    raise Untranslatable(f"`.{self.word}`")
                key = _unquoted(self.take())
                if key.startswith("$") or (self.kind == "sign" and self.word == "("):
                    raise Untranslatable(f"`.{key}`")
                value = field_of(value, key)
            elif self.kind == "number":
                value = as_cel(value).index(int(self.take()))
                self.take("]")
            elif [word for _, word in self.tokens[self.place : self.place + 3]] == ["-", "1", "]"]:
                self.place += 3
                value = call("last", as_cel(value))
            else:
                raise Untranslatable(f"a filter [{self.word} …]")
        return value

    def _several(self, end: str, depth: int) -> list[Value]:
        values = []
        while self.word != end:
            values.append(self.expression(0, depth + 1))
            if self.word != end:
                self.take(",")
        self.take(end)
        return values

    def _object(self, depth: int) -> Value:
        fields: dict[str, Cel] = {}
        while self.word != "}":
            if self.kind != "text":
                raise Untranslatable("an object with computed keys")
            key = _unquoted(self.take())
            self.take(":")
            fields[key] = as_cel(self.expression(0, depth + 1))
            if self.word != "}":
                self.take(",")
        self.take("}")
        return object_of(fields)


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word[0] in "\"'`" else word


def _binary(left: Value, sign: str, right: Value) -> Cel:
    return operation(f"{as_cel(left).atom} {sign} {as_cel(right).atom}")


def _joined(left: Cel, right: Cel) -> Cel:
    return operation(f"{_as_text(left)} + {_as_text(right)}")


def _as_text(value: Cel) -> str:
    is_text = (
        value.source.startswith('"') or value.source.startswith("string(") or " + string(" in value.source
    )
    return value.source if is_text else f"string({value})"


def _apply(name: str, arguments: list[Cel], scope: Scope) -> Cel:
    rule = FUNCTIONS.get((name, len(arguments)))
    if rule is None:
        raise Untranslatable(f"${name} with {len(arguments)} arguments")
    if name == "uuid":
        scope.say("$uuid() is the run's id and the time here: unique, but no random UUID")
    return rule(*arguments)


def _exists(value: Cel) -> Cel:
    if "." not in value.source or not re.search(r"\.\w+$", value.source):
        raise Untranslatable("$exists of what is no path")
    return call("has", value)


def _appended(first: Cel, second: Cel) -> Cel:
    if first.items is not None and second.items is not None:
        return list_of(*first.items, *second.items)
    return operation(f"{first.atom} + {second.atom}")


def _contains(value: Cel, part: Cel) -> Cel:
    if not part.source.startswith("/"):
        return Cel(f"{value.atom}.contains({part})")
    return Cel(f"{value.atom}.matches({text(part.source[1:-1].replace(chr(92) + '/', '/'))})")


def _merged(values: Cel) -> Cel:
    if not values.items:
        raise Untranslatable("$merge of a list that is not written out")
    return call("merge", *values.items)


FUNCTIONS: Mapping[tuple[str, int], Callable[..., Cel]] = {
    ("string", 1): lambda value: call("string", value),
    ("number", 1): lambda value: call("double", value),
    ("boolean", 1): lambda value: operation(f"{value.atom} == true"),
    ("not", 1): lambda value: operation(f"!{value.atom}"),
    ("exists", 1): _exists,
    ("count", 1): lambda value: call("size", value),
    ("length", 1): lambda value: call("size", value),
    ("sum", 1): lambda value: call("sum", value),
    ("average", 1): lambda value: call("avg", value),
    ("min", 1): lambda value: call("min", value),
    ("max", 1): lambda value: call("max", value),
    ("distinct", 1): lambda value: call("distinct", value),
    ("sort", 1): lambda value: call("sort", value),
    ("append", 2): _appended,
    ("lowercase", 1): lambda value: call("lower", value),
    ("uppercase", 1): lambda value: call("upper", value),
    ("trim", 1): lambda value: call("trim", value),
    ("contains", 2): _contains,
    ("split", 2): lambda value, by: call("split", value, by),
    ("join", 2): lambda items, by: call("join", items, by),
    ("join", 1): lambda items: call("join", items, text("")),
    ("replace", 3): lambda value, old, new: call("replace", value, old, new),
    ("lookup", 2): lambda value, key: Cel(f"{value.atom}[{key}]"),
    ("now", 0): lambda: NOW,
    ("uuid", 0): lambda: operation('run.id + "-" + string(now())'),
    ("parse", 1): lambda value: call("from_json", value),
    ("base64encode", 1): lambda value: call("base64", value),
    ("base64decode", 1): lambda value: call("base64_decode", value),
    ("partition", 2): lambda items, size: call("chunk", items, size),
    ("range", 3): lambda first, last, step: call("range", first, last, step),
    ("merge", 1): _merged,
}
"""By name and number of arguments."""
