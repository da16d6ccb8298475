"""Secrets in documents: values that a worker's params model or the input schema marks are stored sealed.

A param is sealed for its workflow, step, slot, worker and path, a sample input for its workflow and path, so
a sealed text that is copied from elsewhere opens nowhere, and publishing says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.lib.secret_places import below, has_secrets, map_secrets, sealed_texts
from config.lib.secrets import (
    MARK,
    CannotOpen,
    Place,
    SealedElsewhere,
    input_place,
    is_sealed,
    param_place,
    place_of,
    resealed,
    seal,
    unseal,
)
from designer.expressions.expressions import expressions_in
from designer.problems import Problem
from workers.sdk.spec import WorkerSpec

SLOTS = ("", "compensation", "fallback", "verify")
Catalog = Mapping[str, WorkerSpec]
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Call:
    """A worker's params in a document. `path`: that of the call in problems; `slot`: "" for the step."""

    step: str
    slot: str
    worker: str
    params: Mapping[str, Any]
    path: str


def _calls(document: Document) -> Iterable[_Call]:
    """The calls of a document that are well-formed as far as secrets go."""
    steps = document.get("steps")
    for at, step in enumerate(steps if isinstance(steps, list) else ()):
        for slot in SLOTS if isinstance(step, Mapping) else ():
            call = step.get(slot) if slot else step
            if not isinstance(call, Mapping) or not isinstance(call.get("params"), Mapping):
                continue
            names = str(step.get("name")), str(call.get("worker"))
            yield _Call(
                names[0], slot, names[1], call["params"], f"steps[{at}]" + (f".{slot}" if slot else "")
            )


@dataclass(slots=True)
class Sealing:
    """Seals the secrets of a document that is saved as a workflow.

    `stored`: documents of the workflow as they are stored. A value that is sealed there at the same place
    keeps its text, so that a document that is brought in twice does not change; what was sealed for a step
    that is gone, and stands at the same param of another one now, has been renamed and is sealed anew.
    """

    workflow: str
    catalog: Catalog
    keys: tuple[str, ...]
    stored: Iterable[Document] = ()
    _texts: dict[Place, str] = field(default_factory=dict)
    _steps: set[str] = field(default_factory=set)

    def document(self, document: dict[str, Any]) -> dict[str, Any]:
        """A copy of the document with its secrets sealed; malformed parts stay as they are."""
        self._steps = {call.step for call in _calls(document)}
        self._texts = {
            place: text
            for earlier in self.stored
            for place, text, _ in _sealed_places(earlier, self.workflow)
            if place is not None and place_of(text) in (place, None)
        }
        copy = dict(document)
        if isinstance(copy.get("steps"), list):
            copy["steps"] = [self._step(step) for step in copy["steps"]]
        schema = copy.get("input_schema")
        if isinstance(schema, Mapping) and "sample_input" in copy and has_secrets(schema):
            copy["sample_input"] = map_secrets(
                copy["sample_input"], schema, lambda value, path: self._sealed(value, self._input(path))
            )
        return copy

    def _input(self, path: str) -> Place:
        return input_place(self.workflow, path)

    def _step(self, step: Any) -> Any:
        if not isinstance(step, Mapping):
            return step
        name = str(step.get("name"))
        slots = {slot: self._call(step[slot], name, slot) for slot in SLOTS if slot and slot in step}
        return {**self._call(step, name, ""), **slots}

    def _call(self, call: Any, step: str, slot: str) -> Any:
        if not isinstance(call, Mapping) or not isinstance(call.get("params"), Mapping):
            return call
        worker = call.get("worker")
        spec = self.catalog.get(worker) if isinstance(worker, str) else None
        if spec is None or not spec.takes_secrets:
            return call

        def change(value: Any, path: str) -> Any:
            return self._param(value, (step, slot, spec.name), path)

        return {**call, "params": map_secrets(call["params"], spec.params_schema, change)}

    def _param(self, value: Any, names: tuple[str, str, str], path: str) -> Any:
        """Expressions are no secrets and stay; what stands beside them in a container is sealed by itself."""
        if isinstance(value, str) and value.startswith("=") and not value.startswith("=="):
            return value
        if isinstance(value, Mapping | list) and next(expressions_in(value, ""), None) is not None:
            members = value.items() if isinstance(value, Mapping) else enumerate(value)
            parts = {key: self._param(part, names, below(path, key)) for key, part in members}
            return parts if isinstance(value, Mapping) else list(parts.values())
        if isinstance(value, str) and value.startswith("=="):
            value = value[1:]
        return self._sealed(value, param_place(self.workflow, *names, path))

    def _sealed(self, value: Any, place: Place) -> Any:
        if value is None or value == "":
            return value
        known = self._texts.get(place)
        if not is_sealed(value):
            is_same = known is not None and self._opened(known) == value
            return known if is_same else seal(value, self.keys[0], place)
        origin = place_of(value)
        if origin == place:
            return self._current(value)
        if origin is None and known != value:
            return value
        if origin is not None and not self._is_renamed(origin, place):
            return value
        opened = self._opened(value)
        if known is not None and opened == self._opened(known) and origin is not None:
            return known  # an editor that has not seen the text that the renamed step has got
        is_stored = value in (known, self._texts.get(origin or place))
        return seal(opened, self.keys[0], place) if is_stored and opened is not None else value

    def _current(self, text: str) -> str:
        """The text under the current key, also where an editor brings one from before the key changed."""
        try:
            return resealed(text, self.keys) if len(self.keys) > 1 else text
        except CannotOpen:
            return text

    def _opened(self, text: str) -> Any:
        """The value of a sealed text, wherever it was sealed; None if it cannot be opened."""
        try:
            return unseal(text, self.keys, lambda _: True)
        except CannotOpen:
            return None

    def _is_renamed(self, origin: Place, place: Place) -> bool:
        """Whether the same param of a step that is gone had been sealed."""
        is_param = len(origin) == len(place) > len(self._input(""))
        return (
            is_param
            and origin[2] not in self._steps
            and (*origin[:2], *origin[3:]) == (*place[:2], *place[3:])
        )


def _sealed_places(document: Document, workflow: str) -> Iterable[tuple[Place | None, str, str]]:
    """Each text with a sealed value: the place where it stands, if one may stand there, it, and its path."""
    for call in _calls(document):
        for path, text in sealed_texts(call.params):
            yield param_place(workflow, call.step, call.slot, call.worker, path), text, f"{call.path}.params"
    for path, text in sealed_texts(document.get("sample_input")):
        yield input_place(workflow, path), text, "sample_input"
    rest = {key: part for key, part in document.items() if key != "sample_input"}
    rest["steps"] = [_without_params(step) for step in _list(document.get("steps"))]
    for path, text in sealed_texts(rest):
        yield None, text, _dotted(path)


def _without_params(step: Any) -> Any:
    if not isinstance(step, Mapping):
        return step
    kept = {key: value for key, value in step.items() if key != "params" or not isinstance(value, Mapping)}
    return {key: _without_params(value) if key in SLOTS else value for key, value in kept.items()}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dotted(pointer: str) -> str:
    """A JSON pointer as problems write paths: `/steps/2/when` is `steps[2].when`."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in parts).lstrip(".")


def sealed_problems(document: object, workflow: str, keys: tuple[str, ...]) -> list[Problem]:
    """A problem for each sealed value that does not open where it stands."""
    if not isinstance(document, Mapping):
        return []
    problems = []
    for place, text, path in _sealed_places(document, workflow):
        try:
            if place is None or not text.startswith(MARK):
                raise SealedElsewhere
            unseal(text, keys, place.__eq__)
        except CannotOpen as error:
            code = "sealed_elsewhere" if isinstance(error, SealedElsewhere) else "cannot_open"
            pointer = _dotted(place[-1]) if place else ""
            joined = path + (pointer if pointer.startswith("[") or not pointer else f".{pointer}")
            problems.append(Problem(code, joined, str(error)))
    return problems
