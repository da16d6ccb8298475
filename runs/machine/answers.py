"""The answers that a person can give to an intervention, as one table. PURE.

Rules, forms, pages and the API read this table; the effect of an answer on a run is its rule in
`operator_actions`. A new answer is a name in `Answer`, a row here and a rule there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workers.sdk.outcome import Direction

Answer = Literal["retry", "resolve", "skip", "compensate", "abandon"]
Kind = Literal["step_failed", "compensation_failed"]
Field = Literal["", "patch", "output"]

DIRECTIONS: Mapping[str, Direction] = {"step_failed": "forward", "compensation_failed": "undo"}


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to one kind of intervention.

    `effect`: the line beside the title on the run's page. `lead`: the first sentence of the preview; its
    placeholders are `{step}` and `{worker}`, the worker that a retry calls. `done`: what a person `{by}` did
    by it, once it is given. `field`: the value that comes with the answer. `is_by_hand`: a person, not a
    worker, states the result of the step or of its undo. `after_end`: also accepted for a step that has ended
    and that no branch leads on from.
    """

    kind: Kind
    answer: Answer
    title: str
    effect: str
    lead: str
    done: str
    field: Field = ""
    needs_note: bool = False
    may_need_second_person: bool = False
    is_by_hand: bool = False
    after_end: bool = False


OPTIONS: tuple[Option, ...] = (
    Option(
        "step_failed",
        "retry",
        title="Try again",
        effect="The step runs again, with the context as you patch it.",
        lead="{worker} is tried again for {step}, with the context as you change it.",
        done="{by} had {worker} tried again for {step}.",
        field="patch",
    ),
    Option(
        "step_failed",
        "resolve",
        title="It is done",
        effect="The step counts as completed with the output you enter.",
        lead="{step} counts as completed with the output that you enter.",
        done="{by} entered what {step} gives, so that it counts as completed.",
        field="output",
        needs_note=True,
        is_by_hand=True,
        after_end=True,
    ),
    Option(
        "step_failed",
        "skip",
        title="Go on without it",
        effect="The run continues as if the step had completed.",
        lead="The run goes on without {step}.",
        done="{by} let the run go on without {step}.",
        is_by_hand=True,
    ),
    Option(
        "step_failed",
        "compensate",
        title="Give up and undo",
        effect="Every completed step with an undo is undone.",
        lead="{step} is given up.",
        done="{by} gave {step} up.",
        after_end=True,
    ),
    Option(
        "compensation_failed",
        "retry",
        title="Try the undo again",
        effect="Then the undos that wait behind it follow.",
        lead="{worker} is tried again for {step}.",
        done="{by} had {worker} tried again for {step}.",
        field="patch",
    ),
    Option(
        "compensation_failed",
        "resolve",
        title="I undid it by hand",
        effect="It counts as undone; the others follow.",
        lead="{step} counts as undone.",
        done="{by} said that {step} is undone by hand.",
        field="output",  # asked for on the run's page and kept in a proposal; nothing reads it
        needs_note=True,
        may_need_second_person=True,
        is_by_hand=True,
    ),
    Option(
        "compensation_failed",
        "abandon",
        title="Leave what it did",
        effect="The others follow; the run ends as failed.",
        lead="What {step} did stays.",
        done="{by} left what {step} did as it is.",
        needs_note=True,
        may_need_second_person=True,
        is_by_hand=True,
    ),
)

RUN_OPTIONS: Mapping[Answer, Option] = {
    "skip": Option(
        "step_failed",
        "skip",
        title="Let the run go on",
        effect="The run continues as if nobody had asked.",
        lead="The run goes on as before.",
        done="{by} let the run go on.",
        is_by_hand=True,
    ),
    "compensate": Option(
        "step_failed",
        "compensate",
        title="Give up and undo",
        effect="Every completed step with an undo is undone, past the point of no return too.",
        lead="The run is given up.",
        done="{by} gave the run up.",
    ),
}
"""The answers where a person is asked, at a completed pivot, whether the run as a whole is to be undone."""

DONE_BY_NOBODY: Mapping[str, str] = {
    "compensate": "Nobody answered: the run was rolled back meanwhile.",
    "abandon": "Nobody answered: the run was ended meanwhile.",
}
"""What happened where the run itself closed an intervention."""

BY_HAND = frozenset(option.answer for option in OPTIONS if option.is_by_hand)
OPTION: Mapping[tuple[str, str], Option] = {(option.kind, option.answer): option for option in OPTIONS}


def title_of(kind: str, answer: str) -> str:
    """Returns the title; the answer itself if the table has none, as for answers of the end of a run."""
    option = OPTION.get((kind, answer))
    return option.title if option else answer


def option_of(kind: str, answer: Answer, *, is_about_run: bool = False) -> Option:
    """Returns the row of an answer that is possible. Raises KeyError."""
    return RUN_OPTIONS[answer] if is_about_run else OPTION[kind, answer]


def answers_to(kind: Kind, *, has_ended: bool = False) -> tuple[Answer, ...]:
    """Returns the answers to a kind, in table order; with `has_ended`, those that `after_end` allows."""
    return tuple(
        option.answer for option in OPTIONS if option.kind == kind and (option.after_end or not has_ended)
    )
