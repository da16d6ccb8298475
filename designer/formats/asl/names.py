"""Names of steps, workers and workflows made from the names of states and resources. PURE."""

from __future__ import annotations

import re

from designer.document.limits import NAME_LENGTH_MAX

TELLING_LENGTH_MIN = 3
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^a-z0-9]+")
_TAIL = re.compile(r"_(arn|function|fn|lambda|lambda_function)$")


def snake(text: str, otherwise: str = "state") -> str:
    """`CreateOrder 2` → `create_order_2`, a name as documents need them."""
    name = _OTHER.sub("_", _HUMP.sub("_", text).lower()).strip("_")
    if not name or not name[0].isalpha():
        name = f"{otherwise}_{name}".rstrip("_")
    return name[:NAME_LENGTH_MAX].rstrip("_")


def with_tail(name: str, tail: str) -> str:
    """A name with a tail, of which as much is kept as a name may have."""
    return name[: NAME_LENGTH_MAX - len(tail)] + tail


def worker_name(resource: str) -> str:
    """The readable name in an ARN or a `${Placeholder}`: `${ChargeCardFunctionArn}` → `charge_card`."""
    inner = re.search(r"\$\{([^}]*)\}[^${]*$", resource)
    parts = resource.split(":")
    last = inner[1] if inner else next((part for part in reversed(parts) if _is_telling(part)), resource)
    last = last.rpartition(".")[0] if last.endswith((".Arn", ".arn")) else last
    name = snake(last, "worker")
    if last == name:  # a name of ours already
        return name.removesuffix("_arn")
    while (shorter := _TAIL.sub("", name)) != name and len(shorter) >= TELLING_LENGTH_MIN:
        name = shorter
    return name


def _is_telling(part: str) -> bool:
    return bool(part) and not part.startswith("$LATEST") and not part.isdigit()


class Names:
    """Gives each step a name that no other step of the document has."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, wanted: str) -> str:
        name, number = snake(wanted), 2
        base = name
        while name in self._taken:
            name, number = with_tail(base, f"_{number}"), number + 1
        self._taken.add(name)
        return name
