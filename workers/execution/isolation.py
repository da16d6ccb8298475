"""Isolation of the context: a worker may change its values, and nothing outside the attempt changes. PURE."""

from __future__ import annotations

import pickle  # nosec B403
from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from typing import Any


def copied(value: Any) -> Any:
    """A deep copy of a JSON value; pickle makes it several times as fast as `copy.deepcopy`."""
    return (
        pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))  # nosec B301  # of this process
        if isinstance(value, dict | list)
        else value
    )


class IsolatedContext(dict[str, Any]):
    """A dict whose values are copied when they are first read.

    Contexts are large and workers read little of them: one item of a map must not cost a copy of all items.
    Every way to read goes through `__getitem__`; `__iter__` is here so that `dict(...)` and `**` do too.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._own: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        if key not in self._own:
            value = copied(value)
            self[key] = value
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self._own.add(key)
        super().__setitem__(key, value)

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        return ValuesView(self)

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        return ItemsView(self)

    def copy(self) -> dict[str, Any]:
        return dict(self)

    def __or__(self, other: Any) -> Any:
        return dict(self) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict(self)

    def update(self, *args: Any, **values: Any) -> None:
        MutableMapping.update(self, *args, **values)

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    get = Mapping.get  # type: ignore[assignment]
    pop = MutableMapping.pop
    popitem = MutableMapping.popitem
    setdefault = MutableMapping.setdefault
