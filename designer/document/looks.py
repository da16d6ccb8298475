"""How people see a status: a word, an icon and a tone; also of undo slots and of imported states. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from designer.document.graph import Slot


@dataclass(frozen=True, slots=True)
class Look:
    """`moves`: the attribute that makes the icon move, where it does."""

    word: str
    icon: str
    tone: str
    moves: str = ""


SLOT_LOOKS: Mapping[Slot, Look] = {
    "action": Look("Can be undone", "undo", "idle"),
    "none": Look("Nothing to undo", "none", "idle"),
    "irreversible": Look("Irreversible", "lock", "care"),
    "unstated": Look("No undo", "gap", "care"),
}

IMPORT_LOOKS: Mapping[str, Look] = {
    "mapped": Look("Mapped", "check", "go"),
    "approximated": Look("Approximated", "alert", "care"),
    "not_possible": Look("Not possible", "cross", "stop"),
}
"""Of a state of a machine, by what became of it."""
