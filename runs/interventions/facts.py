"""What the pages of interventions show. Reading only; `runs.interventions.wording` has the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from config.lib.secrets import mask_secrets
from designer.document.graph import Graph
from designer.errors import ExpressionError
from designer.services.worker_catalog import params_problems
from runs.form_fields import as_text
from runs.interventions.answer_form import AnswerForm
from runs.interventions.queries import history_json
from runs.interventions.service import Reply, needs_second_person
from runs.interventions.wording import TITLES, Asked, consequences
from runs.machine.allowed import answers
from runs.machine.bindings import bind, merge_patch, task_bindings
from runs.machine.errors import Refused
from runs.machine.events import Answer
from runs.machine.preview import may_depend_on_output, preview, waits_behind
from runs.machine.retry_policy import action_of
from runs.machine.states import State, StepState
from runs.models import Intervention
from runs.queries.differences import Change, changes
from runs.queries.runs import load
from runs.store import reader
from workers.sdk.outcome import Direction

EDITED_CHARS_MAX = 200_000
NOTE_NEEDED = ("resolve", "abandon")


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed answer, and what it leads to."""

    answer: str
    title: str
    effect: str
    needs_note: bool
    needs_second: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    step: str
    worker: str


class Facts:
    """A case with its run as it is now, read once."""

    def __init__(self, case: Intervention) -> None:
        self.case = case
        self.graph: Graph
        self.state: State
        self.graph, self.state = load(case.run_id)
        self.step: StepState = self.state.step(case.step)
        self.direction: Direction = "undo" if case.kind == "compensation_failed" else "forward"

    @property
    def worker(self) -> str:
        """What a retry calls."""
        step = self.graph.by_name[self.step.map_name or self.step.name]
        if self.direction == "undo":
            return step.undo.worker if step.undo else "the undo of its run"
        return step.worker or step.workflow or step.kind

    @property
    def is_open(self) -> bool:
        return self.case.status == "open" and self.step.intervention == self.case.opened_seq

    @property
    def answers(self) -> tuple[Answer, ...]:
        return answers(self.step) if self.is_open else ()

    def context(self) -> dict[str, Any]:
        """What the worker would get now."""
        found: dict[str, Any] = task_bindings(self.graph, self.state, self.step.name, self.direction)[
            "context"
        ]
        return found

    def effect(self, reply: Reply) -> str:
        """What follows from an answer, in sentences; why not, where it is refused."""
        asked = Asked(self.case.kind, self.case.step, self.worker)
        try:
            found = preview(
                self.graph,
                self.state,
                self.case.step,
                reply.answer,
                reader.now(),
                patch=reply.patch,
                output=reply.output,
            )
        except Refused as refused:
            return str(refused)
        is_output_given = reply.output is not None
        depends = not is_output_given and may_depend_on_output(self.graph, self.state, self.case.step)
        return consequences(asked, reply.answer, found, depends=depends)

    def choices(self) -> list[Choice]:
        return [
            Choice(
                answer,
                TITLES[self.case.kind, answer],
                self.effect(Reply(answer)),
                answer in NOTE_NEEDED,
                needs_second_person(self.case, answer),
            )
            for answer in self.answers
        ]

    def behind(self) -> list[Waiting]:
        """The undos that wait until this one is dealt with."""
        if self.direction == "forward" or not self.is_open:
            return []
        return [Waiting(name, self._undo_worker(name)) for name in waits_behind(self.state, self.case.step)]

    def _undo_worker(self, name: str) -> str:
        undo = self.graph.by_name[name.partition("[")[0]].undo
        return undo.worker if undo else ""

    def changes(self, patch: Mapping[str, Any] | None) -> list[Change]:
        before = self.context()
        found = changes(before, merge_patch(before, patch)) if patch else []
        return [replace(one, before=mask_secrets(one.before), after=mask_secrets(one.after)) for one in found]

    def params_problems(self, patch: Mapping[str, Any] | None) -> list[str]:
        """Why the worker would refuse its params, with the context as patched."""
        step = self.graph.by_name[self.step.map_name or self.step.name]
        if not step.traits.calls_worker or (self.direction == "undo" and step.undo is None):
            return []
        action = action_of(step, self.direction)
        bindings = task_bindings(self.graph, self.state, self.step.name, self.direction)
        bindings["context"] = merge_patch(bindings["context"], patch or {})
        try:
            params = bind(action, bindings)
        except ExpressionError as error:
            return [str(error)]
        return [f"{misfit.path}: {misfit.message}" for misfit in params_problems(action.worker, params)]


def happened(facts: Facts) -> str:
    """What happened, in one sentence."""
    case, run, step = facts.case, facts.state.run, facts.step
    if case.kind == "step_failed":
        tries = _tries(step.attempt)
        why = "after the point of no return" if run.pivot else "and a person is to say how it goes on"
        return f"{case.step} failed{tries}, {why}."
    failure = run.failure or {}
    cause = f"{failure['step']} had failed" if failure.get("step") else _reasons(run.reason)
    tries = _tries(step.undo_attempt)
    return (
        f"{cause}, so what was done is being undone; {facts.worker}, the undo of {case.step}, failed{tries}."
    )


def _reasons(reason: str | None) -> str:
    words = {"cancel": "The run was cancelled", "timeout": "The run took too long"}
    return words.get(reason or "", "The run is rolled back")


def _tries(number: int) -> str:
    return f" in {number} attempts" if number > 1 else ""


def intervention_page(facts: Facts) -> dict[str, Any]:
    """Everything that stands on the page of a case."""
    context = facts.context()
    text = mask_secrets(as_text(context))
    is_editable = len(text) <= EDITED_CHARS_MAX
    return {
        "case": facts.case,
        "worker": facts.worker,
        "sentence": happened(facts),
        "choices": facts.choices(),
        "behind": facts.behind(),
        "context_text": text if is_editable else "",
        "context_size": len(text),
        "history": history_json(facts.case)[::-1],
    }


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
class RunChoice:
    answer: str
    title: str
    effect: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Question:
    """`error` has a code and a message."""

    id: int
    step: str
    question: str
    error: Mapping[str, Any]
    claimed_by: str
    choices: list[RunChoice]
    form: AnswerForm

    @classmethod
    def of(cls, case: Mapping[str, Any], form: AnswerForm | None = None) -> Question:
        answers = list(case["answers"])
        chosen = form.data.get("answer") if form else None
        return cls(
            id=case["id"],
            step=case["step"],
            question=QUESTIONS[case["kind"]],
            error=case["error"] or {},
            claimed_by=case.get("claimed_by") or "",
            choices=[RunChoice(name, *CHOICES[case["kind"], name], name == chosen) for name in answers],
            form=form or AnswerForm(answers=answers, auto_id=f"case-{case['id']}-%s"),
        )
