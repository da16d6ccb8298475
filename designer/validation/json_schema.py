"""JSON Schemas (draft 2020-12): whether one is safe to use, and where a value violates it.

PURE. Users write schemas, and the input of other users is validated by them, so validation must be cheap for
any schema that passes `check_schema` and any value: `violations` counts each keyword, member, item and search
for a pattern, and ends at `WORK_MAX`. Patterns are RE2, compiled once (`config.lib.patterns`). References
must stay inside the schema and must not be recursive. A schema of a few hundred bytes can still expand
exponentially by references to references, so `_Survey` adds up its expanded size, each target once, and
refuses it above `SCHEMA_EXPANDED_MAX`. Keywords that would need more than this are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import SchemaError, best_match

from config.lib.patterns import BadPattern, TooMuchToSearch, compile_pattern, matches, work_of
from config.lib.secret_places import secret_keys
from config.lib.secrets import MARK
from designer.expressions.expressions import expressions_in
from designer.problems import Problem, join, truncate

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_VALUES_MAX = 5_000
SCHEMA_EXPANDED_MAX = 20_000
SCHEMA_DEPTH_MAX = 100
MISFITS_MAX = 20
VIOLATIONS_MAX = 10_000  # that are looked through for those that are certain
WORK_MAX = 2_000_000  # keywords, members and items looked at; some seconds at most
SEARCH_PER_UNIT = 200  # instructions of a pattern × characters that take as long as one keyword
MESSAGE_LENGTH_MAX = 300

DATA_KEYWORDS = frozenset({"const", "enum", "default", "examples"})
UNSUPPORTED = frozenset(
    {
        "$id",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
        "$vocabulary",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
KEY_RULES = frozenset({"required", "additionalProperties", "propertyNames", "dependentRequired"})

Errors = Iterator[ValidationError]


class UnsafeSchema(Exception):
    """The schema cannot be used."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


class TooMuchWork(Exception):
    """The value takes too long to check against this schema."""


_work_left: ContextVar[list[int]] = ContextVar("work_left")


def _spend(units: int) -> None:
    """Counts work of the `violations` under way. Raises TooMuchWork."""
    left = _work_left.get(None)
    if left is not None:
        left[0] -= units
        if left[0] < 0:
            raise TooMuchWork


def _size(value: Any) -> int:
    return len(value) if isinstance(value, list | dict) else 0


def _counted(check: Callable[..., Any]) -> Callable[..., Any]:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        _spend(1 + _size(value) + _size(instance))
        return check(validator, value, instance, schema)

    return counted


def _fits(pattern: str, text: str) -> bool:
    _spend(work_of(pattern, text) // SEARCH_PER_UNIT)
    try:
        return matches(pattern, text)
    except TooMuchToSearch:
        raise TooMuchWork from None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Errors:
    if isinstance(instance, str) and not _fits(pattern, instance):
        yield ValidationError(f"{truncate(instance)} does not match {truncate(pattern)}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], instance: Any, schema: Any) -> Errors:
    if isinstance(instance, dict):
        for pattern, part in patterns.items():
            for key in (key for key in instance if _fits(pattern, key)):
                yield from validator.descend(instance[key], part, path=key, schema_path=pattern)


def _additional_properties(validator: Any, rule: Any, instance: Any, schema: Mapping[str, Any]) -> Errors:
    if not isinstance(instance, dict):
        return
    patterns = list(schema.get("patternProperties", ()))
    for key in (key for key in instance if key not in schema.get("properties", ())):
        if any(_fits(pattern, key) for pattern in patterns):
            continue
        if rule is False:
            yield ValidationError(f"{truncate(key)} is not expected here")
        else:
            yield from validator.descend(instance[key], rule, path=key)


def _unique_items(validator: Any, is_required: bool, instance: Any, schema: Any) -> Errors:
    if is_required and isinstance(instance, list):
        texts = {orjson.dumps(item, option=orjson.OPT_SORT_KEYS) for item in instance}
        if len(texts) < len(instance):
            yield ValidationError("the list has an item twice")


_extend: Callable[..., Any] = validators.extend
_CHECKS = dict(Draft202012Validator.VALIDATORS) | {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
SchemaValidator = _extend(Draft202012Validator, {word: _counted(check) for word, check in _CHECKS.items()})
"""Validates values against a schema, which must have passed `check_schema`."""


def violations(validator: Any, instance: Any, most: int) -> list[ValidationError]:
    """The first `most` violations of a schema; what takes too long to check is one."""
    token = _work_left.set([WORK_MAX])
    found: list[ValidationError] = []
    try:
        found.extend(islice(validator.iter_errors(instance), most))
    except TooMuchWork:
        found.append(ValidationError(TooMuchWork.__doc__ or "", instance=None))
    finally:
        _work_left.reset(token)
    return found


ALTERNATIVES_TOLD_BY = {"type": 0, "enum": 0, "const": 1}  # keywords, and to which depth of the value


def innermost(error: ValidationError) -> list[ValidationError]:
    """The violations of the alternative that the value was meant for, or the one that says that none fits."""
    if error.validator not in ("anyOf", "oneOf") or not error.context:
        return [error]
    by_alternative: dict[Any, list[ValidationError]] = {}
    for inner in error.context:
        by_alternative.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = [found for found in by_alternative.values() if not any(map(_is_other, found))]
    if len(meant) != 1:
        others = [found for found in by_alternative.values() if found[0].validator_value != "null"]
        meant = others if not meant and len(others) == 1 else []
    return [deeper for inner in meant[0] for deeper in innermost(inner)] if meant else [error]


def _is_other(error: ValidationError) -> bool:
    """Whether the value, or a member with a fixed value, shows that another alternative was meant."""
    return len(error.relative_path) <= ALTERNATIVES_TOLD_BY.get(str(error.validator), -1)


def check_schema(schema: Mapping[str, Any], path: str) -> list[Problem]:
    """The reason why a schema cannot be used: at most one problem, `bad_input_schema` or `secret_keys`."""
    try:
        _Survey(schema).check()
        Draft202012Validator.check_schema(schema)
    except UnsafeSchema as error:
        return [Problem("bad_input_schema", _joined(path, [error.path]), error.message)]
    except SchemaError as error:
        worst = best_match(error.context) or error
        return [Problem("bad_input_schema", _joined(path, worst.absolute_path), _message(worst))]
    if keys := secret_keys(schema):
        return [Problem("secret_keys", path, f"{keys} marks keys as secret, and keys cannot be sealed")]
    return []


@dataclass(frozen=True, slots=True)
class Misfit:
    """One violation of a schema."""

    path: str
    message: str


def misfits(validator: Any, instance: Any, path: str, *, certain_only: bool = True) -> list[Misfit]:
    """Violations of a schema by a value, at most `MISFITS_MAX`.

    With `certain_only`, as in a document: in parts that hold expressions only the keys are checked, as values
    are not known yet; sealed secrets are not checked.
    """
    found = violations(validator, instance, VIOLATIONS_MAX)
    certain = (error for error in found if not certain_only or _is_certain(error))
    return [
        Misfit(_joined(path, error.absolute_path), _message(error)) for error in islice(certain, MISFITS_MAX)
    ]


def _message(error: ValidationError | SchemaError) -> str:
    return error.message[:MESSAGE_LENGTH_MAX]


def _is_certain(error: ValidationError) -> bool:
    if isinstance(error.instance, str) and error.instance.startswith(MARK):
        return False
    return error.validator in KEY_RULES or next(expressions_in(error.instance, ""), None) is None


def _joined(path: str, keys: Iterable[str | int]) -> str:
    for key in keys:
        path = join(path, key) if key != "" else path
    return path


class _Survey:
    """Adds up the size of a schema with all references expanded, as an upper bound of a validation's work."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.root = schema
        self.cost_of: dict[str, int] = {}
        self.in_progress: set[str] = set()
        self.values = 0

    def check(self) -> None:
        if self.root.get("$schema", DIALECT) != DIALECT:
            raise UnsafeSchema("$schema", f"only {DIALECT} is supported")
        self._cost(self.root, "", 0)

    def _cost(self, part: Any, path: str, depth: int) -> int:
        self.values += 1
        if self.values > SCHEMA_VALUES_MAX:
            raise UnsafeSchema("", f"a schema may hold {SCHEMA_VALUES_MAX:,} values; this one has more")
        if depth > SCHEMA_DEPTH_MAX:
            raise UnsafeSchema(path, f"a schema may be {SCHEMA_DEPTH_MAX} levels deep")
        if isinstance(part, list):
            return sum(self._cost(item, join(path, place), depth + 1) for place, item in enumerate(part))
        if not isinstance(part, dict):
            return 1
        cost = 1 + sum(self._keyword_cost(key, value, path, depth) for key, value in part.items())
        if cost > SCHEMA_EXPANDED_MAX:
            raise UnsafeSchema(path, "the schema's references multiply too much")
        return cost

    def _keyword_cost(self, key: str, value: Any, path: str, depth: int) -> int:
        place = join(path, key)
        if key == "$ref" and isinstance(value, str):
            return self._reference_cost(value, place, depth)
        if key in UNSUPPORTED and not path.endswith(("properties", "$defs")):
            raise UnsafeSchema(place, f"'{key}' is not supported")
        if key == "pattern" and isinstance(value, str):
            _check_pattern(value, place)
        if key == "patternProperties" and isinstance(value, dict):
            for pattern in value:
                _check_pattern(pattern, place)
        return 1 if key in DATA_KEYWORDS else self._cost(value, place, depth + 1)

    def _reference_cost(self, reference: str, path: str, depth: int) -> int:
        if reference in self.in_progress:
            raise UnsafeSchema(path, "a schema that refers to itself is not supported")
        if reference not in self.cost_of:
            self.in_progress.add(reference)
            self.cost_of[reference] = self._cost(self._target(reference, path), path, depth + 1)
            self.in_progress.remove(reference)
        return self.cost_of[reference]

    def _target(self, reference: str, path: str) -> Any:
        if not reference.startswith("#"):
            raise UnsafeSchema(path, "only references into the schema itself, as #/$defs/name, are supported")
        target: Any = self.root
        for key in reference[1:].split("/")[1:]:
            key = key.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or key not in target:
                raise UnsafeSchema(path, f"there is nothing at {truncate(reference)}")
            target = target[key]
        return target


def _check_pattern(pattern: str, path: str) -> None:
    try:
        compile_pattern(pattern)
    except BadPattern as error:
        raise UnsafeSchema(path, f"{truncate(pattern)}: {error}") from None
