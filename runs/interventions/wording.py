"""What happens next, in sentences, before a person answers an intervention. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from runs.machine.answers import OPTION, Answer
from runs.machine.preview import Preview
from runs.machine.states import RunStatus

NAMES_MAX = 3

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
    lead = OPTION[asked.kind, answer].lead.format(step=asked.step, worker=asked.worker)
    if asked.kind == "compensation_failed":
        parts = [lead, following(tuple(name for name in found.undo if name != asked.step))]
    else:
        parts = [lead, *_of_step(answer, found, depends)]
    if found.asked:
        parts.append(f"{_count(found.asked, 'other question')} about this run {_stays(found.asked)} open.")
    elif found.ends is not None:
        parts.append(ENDS[found.ends])
    return " ".join(part for part in parts if part)


def _of_step(answer: Answer, found: Preview, depends: bool) -> list[str]:
    if answer == "retry":
        return []  # what begins is the step itself
    if answer == "compensate":
        return [undoing(found.undo), _remaining(found.remains)]
    if answer == "resolve":
        return ["What begins then depends on your output." if depends else _starting(found.starts)]
    return [_starting(found.starts), undoing(found.undo)]


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
