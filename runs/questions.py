"""Open interventions as a page asks them: the question, the allowed answers, what each leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runs.forms import AnswerForm

QUESTIONS = {
    "step_failed": "failed and waits for a decision",
    "compensation_failed": "could not be undone",
}
CHOICES = {
    ("step_failed", "retry"): ("Try again", "The step runs again, with the context as you patch it."),
    ("step_failed", "resolve"): ("It is done", "The step counts as completed with the output you enter."),
    ("step_failed", "skip"): ("Go on without it", "The run continues as if the step had completed."),
    ("step_failed", "compensate"): ("Give up and undo", "Every completed step with an undo is undone."),
    ("compensation_failed", "retry"): ("Try the undo again", "Then the undos that wait behind it follow."),
    ("compensation_failed", "resolve"): ("I undid it by hand", "It counts as undone; the others follow."),
    ("compensation_failed", "abandon"): ("Leave it undone", "The others follow; the run ends as failed."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    answer: str
    title: str
    effect: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Case:
    """`error` has a code and a message."""

    id: int
    step: str
    question: str
    error: Mapping[str, Any]
    claimed_by: str
    choices: list[Choice]
    form: AnswerForm

    @classmethod
    def of(cls, case: Mapping[str, Any], form: AnswerForm | None = None) -> Case:
        answers = list(case["answers"])
        chosen = form.data.get("answer") if form else None
        return cls(
            id=case["id"],
            step=case["step"],
            question=QUESTIONS[case["kind"]],
            error=case["error"] or {},
            claimed_by=case.get("claimed_by") or "",
            choices=[Choice(name, *CHOICES[case["kind"], name], name == chosen) for name in answers],
            form=form or AnswerForm(answers=answers, auto_id=f"case-{case['id']}-%s"),
        )
