"""JSONPath as Amazon States Language has it → CEL. PURE."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, count

from designer.formats.asl.expressions.cel import (
    Cel,
    Value,
    as_cel,
    call,
    field_of,
    is_plain,
    literal,
    object_of,
    operation,
    text,
)
from designer.formats.asl.expressions.scope import Scope, Untranslatable

PATH_LENGTH_MAX = 1_000
_PART = re.compile(
    r"""\.(?P<name>[^.\[\]'"\s*@?(),:]+)            # .name
      | \.?\[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]     # ['name']
      | \.?\[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]     # ["name"]
      | \.?\[\s*(?P<index>\d+)\s*\]                    # [0]
      | \.?\[\s*(?P<slice>\d*:\d*)\s*\]         # [1:], [:2]
      | (?P<last>\[\s*(?:-1|-1:|\(@\.length-1\))\s*\])
      | (?P<all>\.\*|\[\s*\*\s*\])                  # [*]
      | \[\?\(?\s*(?P<filter>@[^\[\]()]*?)\s*\)?\]  # [?(@.a == 1)]
    """,
    re.VERBOSE,
)
_FILTER = re.compile(
    r"""@(?P<path>(?:\.[A-Za-z_]\w*)*)\s*
        (?:(?P<operator>==|!=|<=|>=|<|>)\s*
           (?:(?P<number>-?\d+(?:\.\d+)?|true|false|null)|'(?P<text>[^'\\]*)'|"(?P<quoted>[^"\\]*)"|(?P<other>\$\S*)))?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Part:
    """`kind` is key, index, last, slice, all (`[*]`) or filter."""

    kind: str
    value: str


def parts_of(path: str) -> list[Part]:
    """The parts behind the leading `$`. Raises Untranslatable."""
    if not path.startswith("$") or len(path) > PATH_LENGTH_MAX:
        raise Untranslatable(f"{path[:80]} is no path")
    parts: list[Part] = []
    position = 1
    while position < len(path):
        found = _PART.match(path, position)
        if found is None:
            raise Untranslatable(
                f"the path {path[:80]} uses what CEL has no word for: {path[position:][:40]}"
            )
        kind, value = found.lastgroup or "", found[found.lastgroup or 0]
        is_key = kind in ("name", "single", "double")
        parts.append(Part("key", re.sub(r"\\(.)", r"\1", value)) if is_key else Part(kind, value))
        position = found.end()
    return parts


def read_path(path: str, scope: Scope) -> Value:
    """What a path `$…` or `$$…` reads. Raises Untranslatable."""
    if path.startswith("$$"):
        return _read_machine(path, scope)
    parts = parts_of(path)
    value = scope.data
    if parts and parts[0].kind != "key" and value in (Cel("input"), Cel("context")):
        value = list_in(as_cel(value), scope)
    for place, part in enumerate(parts):
        if part.kind == "key":
            value = field_of(value, part.value)
        elif part.kind == "index":
            value = _item(value, int(part.value))
        elif part.kind == "last":
            value = call("last", as_cel(value))
        elif part.kind == "slice":
            value = _slice(as_cel(value), part.value)
        else:
            return _read_each(as_cel(value), parts[place:], scope)
    return value


def list_in(data: Cel, scope: Scope) -> Cel:
    """The list that a machine's input is, where ours has to be an object."""
    scope.say("a run's input is an object: give the list that the machine takes under `items`")
    return data.key("items")


def _item(value: Value, place: int) -> Value:
    return value[place] if isinstance(value, list) and place < len(value) else as_cel(value).index(place)


def _slice(items: Cel, bounds: str) -> Cel:
    start, _, end = bounds.partition(":")
    most = f"min({end}, size({items}))" if end else f"size({items})"
    place = free_name("place", str(items))
    return Cel(f"range({start or 0}, {most} - 1).map({place}, {items.atom}[{place}])")


def _read_each(items: Cel, parts: list[Part], scope: Scope) -> Cel:
    """`[*].a.b` and `[?(@.a == 1)].b`: a list of what is read from each item."""
    first, *rest = parts
    if any(part.kind in ("all", "filter") for part in rest):
        raise Untranslatable("several wildcards or filters in one path")
    if first.kind == "filter":
        items = _filtered(items, first.value, scope)
    end = next((place for place, part in enumerate(rest) if part.kind != "key"), len(rest))
    if end:
        each = Cel("each")
        for part in rest[:end]:
            each = each.key(part.value)
        items = Cel(f"{items.atom}.map(each, {each})")
    value: Value = items
    for part in rest[end:]:
        value = (
            as_cel(value).index(int(part.value)) if part.kind == "index" else as_cel(value).key(part.value)
        )
    return as_cel(value)


def _filtered(items: Cel, filter_text: str, scope: Scope) -> Cel:
    found = _FILTER.fullmatch(filter_text)
    if found is None:
        raise Untranslatable(f"the filter {filter_text[:80]}")
    if found["operator"] is None:
        condition = f"has(each{found['path']})" if found["path"] else "true"
        return Cel(f"{items.atom}.filter(each, {condition})")
    if found["other"] is not None:
        right = str(as_cel(read_path(found["other"], scope)))
    else:
        right = found["number"] or text(found["text"] if found["text"] is not None else found["quoted"])
    each = free_name("each", right)
    return Cel(f"{items.atom}.filter({each}, {each}{found['path']} {found['operator']} {right})")


def free_name(name: str, expression: str) -> str:
    """A name for the items of a loop around an expression, whose own loops may have taken the name."""
    taken = set(re.findall(r"\w+", expression))
    names = chain([name], (f"{name}{number}" for number in count(2)))
    return next(each for each in names if each not in taken)


def _read_machine(path: str, scope: Scope) -> Value:
    """A path of the context object: the longest known name of it, then what is read from there."""
    parts = parts_of(path[1:])
    names = [part.value for part in parts if part.kind == "key"]
    for length in range(len(names), 0, -1):
        known = scope.machine.get(".".join(names[:length]))
        if known is not None:
            rest = "".join(_written(part) for part in parts[length:])
            return read_path(f"${rest}", scope.on(known))
    if not parts:
        return _nested(scope)
    raise Untranslatable(f"{path[:80]} has no counterpart here")


def _nested(scope: Scope) -> Cel:
    """The whole context object, as far as it is known."""
    fields: dict[str, dict[str, Cel]] = {}
    for name, value in scope.machine.items():
        group, _, key = name.partition(".")
        if key and "." not in key:
            fields.setdefault(group, {})[key] = as_cel(value)
    return object_of({group: object_of(values) for group, values in fields.items()})


def _written(part: Part) -> str:
    if part.kind == "key":
        return f"['{part.value}']"
    return f"[{part.value}]" if part.kind == "index" else part.value


def is_present(path: str, scope: Scope) -> Cel:
    """Whether there is something at a path; nothing on the way may be missing. Raises Untranslatable."""
    value, tests = as_cel(scope.data), []
    if path.startswith("$$"):
        return Cel("true")
    for part in parts_of(path):
        if part.kind == "key":
            if value.fields is not None and value.source.startswith("{"):
                if part.value not in value.fields:
                    return Cel("false")
            else:
                found = (
                    f"has({value.key(part.value)})"
                    if is_plain(part.value)
                    else f"{text(part.value)} in {value.atom}"
                )
                tests.append(found)
            value = value.key(part.value)
        elif part.kind == "index":
            tests.append(f"size({value}) > {part.value}")
            value = value.index(int(part.value))
        else:
            raise Untranslatable("IsPresent with a wildcard")
    return Cel(" && ".join(tests) or "true", is_atom=len(tests) <= 1)


def reference_keys(path: object) -> list[str] | None:
    """The keys of a reference path such as a ResultPath; None if it is none. `$` has no keys."""
    if not isinstance(path, str):
        return None
    try:
        parts = parts_of(path)
    except Untranslatable:
        return None
    return [part.value for part in parts] if all(part.kind == "key" for part in parts) else None


def _object_at(data: Cel, key: str) -> Cel:
    """What an object has under a key, or an empty object."""
    if "." not in key:
        return call("get", data, literal(key), literal({}))
    return operation(f"{text(key)} in {data.atom} ? {data.key(key)} : {{}}")


def placed(data: Value, keys: list[str], result: Value) -> Value:
    """`data` with the result at the path of `keys`, as a ResultPath puts it."""
    if not keys:
        return result
    first, *rest = keys
    if isinstance(data, dict):
        return {**data, first: placed(data.get(first, {}), rest, result)}
    inner = placed(_object_at(as_cel(data), first), rest, result) if rest else result
    source = call("merge", as_cel(data), object_of({first: as_cel(inner)})).source
    return Cel(source, fields={first: as_cel(inner)})
