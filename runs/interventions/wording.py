"""What an answer to an intervention leads to, and what a given one did, in sentences. PURE."""

from __future__ import annotations

from dataclasses import dataclass

from runs.machine.answers import DONE_BY_NOBODY, OPTION, RUN_OPTIONS, Answer, option_of
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


def answered(subject: Subject, answer: str, by: str, note: str = "") -> str:
    """Returns a sentence about the answer that was given, in the past tense. `by`: "" where no person did."""
    if not by:
        return f"Nobody answered: {note}" if note else DONE_BY_NOBODY.get(answer, "Nobody answered.")
    of_run = {key: option for key, option in RUN_OPTIONS.items() if subject.is_about_run and key == answer}
    option = next(iter(of_run.values()), None) or OPTION.get((subject.kind, answer))
    if option is None:
        return f"{by} answered: {answer}."
    return option.done.format(by=by, step=subject.step, worker=subject.worker)


def _of_failed_step(answer: Answer, preview: Preview, depends: bool) -> list[str]:
    if answer == "retry":
        return []  # the step itself begins, which the lead says
    if answer == "compensate":
        return [undoing(preview.undo), _remaining(preview.remains)]
    if answer == "resolve":
        return ["What begins then depends on your output." if depends else _starting(preview.starts)]
    return [_starting(preview.starts), undoing(preview.undo)]


def rejection(step: str, preview: Preview, *, is_part: bool = False) -> str:
    """Returns sentences about rejecting the approval of a step. `is_part`: its run is part of another one."""
    parts = [
        f"{step} counts as failed.",
        "A person is then asked how the run goes on." if preview.asks else "",
        _passing(preview.past_pivot),
        _starting(preview.starts),
        undoing(preview.undo),
        _remaining(preview.remains),
    ]
    if preview.ends is not None and not preview.still_open:
        parts.append(ENDS[preview.ends])
    elif not (preview.asks or preview.starts or preview.undo):
        parts.append("The rest of the run goes on.")
    if is_part:
        parts.append("It is part of another run, which then decides what follows there.")
    return " ".join(part for part in parts if part)


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
