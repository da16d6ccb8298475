"""Workers for the tests of rehearsals: careful ones, and some that do what they should not."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from django.conf import settings

from workers import StepHandle, worker


def notes() -> Path:
    folder = Path(settings.DATA_DIR) / "notes"
    folder.mkdir(exist_ok=True)
    return folder


@worker("write_note", compensation="remove_note", rehearsal="real", books="count_notes", timeout=5)
def write_note(step: StepHandle) -> dict[str, Any]:
    """Writes a note under its key."""
    if (notes() / f"{step.idempotency_key}.undone").exists():
        return {"status": "failed", "error": "undone before"}
    (notes() / f"{step.idempotency_key}.note").write_text(str(step.is_rehearsal))
    return {"note": step.idempotency_key}


@worker("keep_note", rehearsal="real", timeout=5)
def keep_note(step: StepHandle) -> dict[str, Any]:
    """Writes a note, and names nothing that undoes it."""
    (notes() / f"{step.idempotency_key}.kept").write_text("x")
    return {}


@worker("remove_note", compensation="irreversible", rehearsal="real")
def remove_note(step: StepHandle) -> dict[str, Any]:
    """Removes it, and leaves a mark."""
    (notes() / f"{step.idempotency_key}.undone").touch()
    (notes() / f"{step.idempotency_key}.note").unlink(missing_ok=True)
    return {}


@worker("forget_note", compensation="irreversible", rehearsal="real")
def forget_note(step: StepHandle) -> dict[str, Any]:
    """An undo that says that it is done, and is not."""
    return {}


@worker("count_notes", compensation="none", rehearsal="real")
def count_notes(context: dict[str, Any]) -> dict[str, Any]:
    """Notes stand only for runs that have completed."""
    kept = sorted(path.name for path in notes().glob("*.note"))
    is_ended = context["run"]["status"] in ("compensated", "failed", "cancelled")
    return {"problems": kept if is_ended else [], "books": len(kept)}


@worker("call_home", compensation="none", rehearsal="real", timeout=5)
def call_home() -> dict[str, Any]:
    """Swallows what the guard says to it."""
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    except Exception:
        return {"reached": False}
    return {"reached": True}


@worker("say_plainly", compensation="none", stub={"said": "by the stub"})
def say_plainly() -> dict[str, Any]:
    """One that no rehearsal calls."""
    raise AssertionError("called in a rehearsal")


@worker("look_up", compensation="none", rehearsal="record", stub={"price": 1})
def look_up() -> dict[str, Any]:
    """One that answers as it did before."""
    return {"price": 42}
