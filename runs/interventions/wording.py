"""What happens next, in sentences, before a person answers an intervention. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from runs.machine.events import Answer
from runs.machine.preview import Preview
from runs.machine.states import RunStatus

NAMES_MAX = 3

TITLES: dict[tuple[str, str], str] = {
    ("step_failed", "retry"): "Try again",
    ("step_failed", "resolve"): "It is done",
    ("step_failed", "skip"): "Go on without it",
    ("step_failed", "compensate"): "Give up and undo",
    ("compensation_failed", "retry"): "Try the undo again",
    ("compensation_failed", "resolve"): "I undid it by hand",
    ("compensation_failed", "abandon"): "Leave it undone",
}
ENDS = {
    RunStatus.COMPLETED: "The run ends as completed.",
    RunStatus.COMPENSATED: "The run ends with everything undone.",
    RunStatus.FAILED: "The run ends as failed.",
    RunStatus.CANCELLED: "The run ends as cancelled.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the question is about. `worker`: what is tried again; `step`: whose effect it is."""

    kind: str
    step: str
    worker: str


def consequences(asked: Asked, answer: Answer, found: Preview, *, depends: bool = False) -> str:
    """Sentences for one answer. `depends`: what begins depends on the output that is entered."""
    if asked.kind == "compensation_failed":
        parts = _of_undo(asked, answer, found)
    else:
        parts = _of_step(asked, answer, found, depends)
    if found.asked:
        parts.append(f"{_count(found.asked, 'other question')} about this run {_stays(found.asked)} open.")
    elif found.ends is not None:
        parts.append(ENDS[found.ends])
    return " ".join(part for part in parts if part)


def _of_undo(asked: Asked, answer: Answer, found: Preview) -> list[str]:
    undo = tuple(name for name in found.undo if name != asked.step)
    if answer == "retry":
        return [f"{asked.worker} is tried again for {asked.step}.", following(undo)]
    if answer == "resolve":
        return [f"{asked.step} counts as undone.", following(undo)]
    return [f"What {asked.step} did stays.", following(undo)]


def _of_step(asked: Asked, answer: Answer, found: Preview, depends: bool) -> list[str]:
    if answer == "retry":
        return [f"{asked.worker} is tried again for {asked.step}, with the context as you change it."]
    if answer == "compensate":
        return [f"{asked.step} is given up.", undoing(found.undo), _remaining(found.remains)]
    if answer == "skip":
        return [f"The run goes on without {asked.step}.", _starting(found.starts), undoing(found.undo)]
    begins = "What begins then depends on your output." if depends else _starting(found.starts)
    return [f"{asked.step} counts as completed with the output that you enter.", begins]


def following(undo: tuple[str, ...]) -> str:
    """The undos that come afterwards, by number and name."""
    if not undo:
        return "No undo waits behind it."
    return (
        f"Then {_count(len(undo), 'more undo')} {'follow' if len(undo) > 1 else 'follows'}: {_names(undo)}."
    )


def undoing(undo: tuple[str, ...]) -> str:
    if not undo:
        return ""
    return f"{_count(len(undo), 'undo')} {_follow(undo)}, in this order: {_names(undo)}."


def _follow(undo: tuple[str, ...]) -> str:
    return "follow" if len(undo) > 1 else "follows"


def _remaining(names: tuple[str, ...]) -> str:
    return f"What {_names(names)} did cannot be undone and stays." if names else ""


def _starting(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    return f"Next {'begins' if len(names) == 1 else 'begin'} {_names(names)}."


def _names(names: tuple[str, ...]) -> str:
    listed = ", ".join(names[:NAMES_MAX])
    more = len(names) - NAMES_MAX
    return f"{listed} and {more} more" if more > 0 else listed


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _stays(number: int) -> str:
    return "stays" if number == 1 else "stay"
