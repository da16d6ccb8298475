"""The wording of a preview: what an answer to an intervention leads to, in sentences. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from runs.machine.answers import Answer, option_of
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
class Subject:
    """The subject of an intervention: its kind, the step, and the `worker` that a retry calls.

    `is_about_run`: it asks whether the run as a whole is to be undone.
    """

    kind: str
    step: str
    worker: str
    is_about_run: bool = False


def consequences(subject: Subject, answer: Answer, preview: Preview, *, depends: bool = False) -> str:
    """Returns sentences about one answer. `depends`: what begins depends on the output that is entered."""
    option = option_of(subject.kind, answer, is_about_run=subject.is_about_run)
    lead = option.lead.format(step=subject.step, worker=subject.worker)
    if subject.kind == "compensation_failed":
        parts = [lead, following(tuple(name for name in preview.undo if name != subject.step))]
    else:
        parts = [lead, *_of_failed_step(answer, preview, depends)]
    parts.insert(1, _passing(preview.past_pivot))
    if preview.still_open:
        questions = _count(preview.still_open, "other question")
        parts.append(f"{questions} about this run {'stays' if preview.still_open == 1 else 'stay'} open.")
    elif preview.ends is not None:
        parts.append(ENDS[preview.ends])
    return " ".join(part for part in parts if part)


def _of_failed_step(answer: Answer, preview: Preview, depends: bool) -> list[str]:
    if answer == "retry":
        return []  # the step itself begins, which the lead says
    if answer == "compensate":
        return [undoing(preview.undo), _remaining(preview.remains)]
    if answer == "resolve":
        return ["What begins then depends on your output." if depends else _starting(preview.starts)]
    return [_starting(preview.starts), undoing(preview.undo)]


def following(undo: tuple[str, ...]) -> str:
    """Returns a sentence about the undos that come after the failed one."""
    if not undo:
        return "No undo waits behind it."
    return f"Then {_count(len(undo), 'more undo')} {_follow(undo)}: {_names(undo)}."


def undoing(undo: tuple[str, ...]) -> str:
    if not undo:
        return ""
    return f"{_count(len(undo), 'undo')} {_follow(undo)}, in this order: {_names(undo)}."


def _follow(undo: tuple[str, ...]) -> str:
    return "follow" if len(undo) > 1 else "follows"


def _remaining(names: tuple[str, ...]) -> str:
    return f"What {_names(names)} did cannot be undone and stays." if names else ""


def _passing(names: tuple[str, ...]) -> str:
    return f"This goes back past the point of no return: {_names(names)}." if names else ""


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
