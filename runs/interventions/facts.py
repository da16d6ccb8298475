"""The facts of an intervention for the person who answers it: what happened, the answers, their consequences.

Reading only. The texts of answers are in `runs.machine.answers`, those of consequences in `wording`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from config.lib.secrets import mask_secrets
from designer.document.graph import Graph
from designer.errors import ExpressionError
from designer.services.worker_catalog import params_problems
from runs.form_fields import as_text
from runs.interventions.queries import history_json
from runs.interventions.service import Reply, needs_second_person
from runs.interventions.wording import Subject, answered, consequences
from runs.machine.allowed import answers
from runs.machine.answers import DIRECTIONS, Answer, Option, option_of
from runs.machine.bindings import bind, merge_patch, task_bindings
from runs.machine.errors import Refused
from runs.machine.preview import may_depend_on_output, preview, waits_behind
from runs.machine.retry_policy import action_of
from runs.machine.rollback.pivots import PAST_PIVOT
from runs.machine.states import State, StepState
from runs.models import Intervention, JournalEntry
from runs.queries.differences import Change, changes
from runs.queries.runs import load
from runs.store import reader
from workers.sdk.outcome import Direction

EDITED_CHARS_MAX = 200_000
ATTEMPTS_COUNTED_MAX = 10_000
HEADINGS = {
    "step_failed": "failed and waits for a decision",
    "compensation_failed": "could not be undone",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed answer. `effect`: the line about it in the table, or its consequences now."""

    option: Option
    effect: str
    needs_second: bool = False


@dataclass(frozen=True, slots=True)
class WaitingUndo:
    """An undo that waits for another one. `worker`: "" where a child run is rolled back."""

    step: str
    worker: str


class Question:
    """An intervention with its run as it is now. `run`: the run's graph and state, loaded if left out."""

    def __init__(self, intervention: Intervention, run: tuple[Graph, State] | None = None) -> None:
        self.intervention = intervention
        self.graph, self.state = run or load(intervention.run_id)
        self.step: StepState = self.state.step(intervention.step)
        self.direction: Direction = DIRECTIONS[intervention.kind]

    @property
    def heading(self) -> str:
        if self.is_about_run or self.was_about_run:
            return "was the point of no return: shall the run be undone?"
        is_past = self.intervention.error.get("code") == PAST_PIVOT
        return "has a run past its point of no return" if is_past else HEADINGS[self.intervention.kind]

    @property
    def was_about_run(self) -> bool:
        """As `is_about_run`, also when it is answered."""
        return self.direction == "forward" and self.intervention.error.get("code") == PAST_PIVOT

    @property
    def answered(self) -> str:
        """What the answer did that was given; "" while there is none."""
        row = self.intervention
        if row.status != "answered":
            return ""
        subject = Subject(row.kind, row.step, self.worker, self.was_about_run)
        return answered(subject, row.answer, row.answered_by, row.note)

    @property
    def is_about_run(self) -> bool:
        """Whether it asks, while it is open, if the run as a whole is to be undone."""
        return self.step.about != "" and self.is_open

    @property
    def worker(self) -> str:
        """The worker, or else the workflow or kind, that a retry calls."""
        step = self.graph.by_name[self.step.map_name or self.step.name]
        if self.direction == "undo":
            return step.undo.worker if step.undo else "the undo of its run"
        return step.worker or step.workflow or step.kind

    @property
    def is_open(self) -> bool:
        return self.intervention.status == "open" and self.step.intervention == self.intervention.opened_seq

    @property
    def answers(self) -> tuple[Answer, ...]:
        return answers(self.step) if self.is_open else ()

    def context(self) -> dict[str, Any]:
        """Returns the context that the worker would get now."""
        bindings = task_bindings(self.graph, self.state, self.step.name, self.direction)
        context: dict[str, Any] = bindings["context"]
        return context

    def effect(self, reply: Reply) -> str:
        """Returns the consequences of an answer in sentences; for a refused one, the reason."""
        subject = Subject(self.intervention.kind, self.intervention.step, self.worker, self.is_about_run)
        try:
            previewed = preview(
                self.graph,
                self.state,
                self.intervention.step,
                reply.answer,
                reader.now(),
                patch=reply.patch,
                output=reply.output,
            )
        except Refused as refused:
            return str(refused)
        depends = reply.output is None and may_depend_on_output(
            self.graph, self.state, self.intervention.step
        )
        return consequences(subject, reply.answer, previewed, depends=depends)

    def choices(self) -> list[Choice]:
        """Returns the allowed answers, each with the table's line about it."""
        kind, is_about_run = self.intervention.kind, self.is_about_run
        options = [option_of(kind, answer, is_about_run=is_about_run) for answer in self.answers]
        return [Choice(option, option.effect) for option in options]

    def previewed_choices(self) -> list[Choice]:
        """Returns the allowed answers, each with its consequences now."""
        workflow, kind = self.intervention.run.workflow_name, self.intervention.kind
        return [
            Choice(
                choice.option,
                self.effect(Reply(choice.option.answer)),
                needs_second_person(workflow, kind, choice.option.answer),
            )
            for choice in self.choices()
        ]

    def waiting_undos(self) -> list[WaitingUndo]:
        """Returns the undos that start only after this one has ended or been answered."""
        if self.direction == "forward" or not self.is_open:
            return []
        return [
            WaitingUndo(name, self._undo_worker(name))
            for name in waits_behind(self.state, self.intervention.step)
        ]

    def _undo_worker(self, name: str) -> str:
        undo = self.graph.by_name[name.partition("[")[0]].undo
        return undo.worker if undo else ""

    def changes(self, patch: Mapping[str, Any] | None) -> list[Change]:
        """Returns how a patch changes the context, with secrets masked."""
        if not patch:
            return []
        before = self.context()
        return [
            replace(change, before=mask_secrets(change.before), after=mask_secrets(change.after))
            for change in changes(before, merge_patch(before, patch))
        ]

    def params_problems(self, patch: Mapping[str, Any] | None) -> list[str]:
        """Returns why the worker would refuse its params with the context as patched; [] if it would not."""
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
        return [f"{problem.path}: {problem.message}" for problem in params_problems(action.worker, params)]


def sentence_about(question: Question) -> str:
    """Returns one sentence about what happened."""
    intervention, run = question.intervention, question.state.run
    if question.is_about_run:
        return f"{intervention.error['message']} Nothing is undone unless a person says so."
    failed = f"failed{_in_attempts(intervention)}"
    if intervention.kind == "step_failed":
        if not question.is_open:
            return f"{intervention.step} {failed}, and a person was asked how it goes on."
        why = "after the point of no return" if run.pivot else "and a person is to say how it goes on"
        return f"{intervention.step} {failed}, {why}."
    failure = run.failure or {}
    cause = f"{failure['step']} had failed" if failure.get("step") else _reason(run.reason)
    undoing = f"{cause}, so what was done {'is' if question.is_open else 'was'} being undone"
    if intervention.error.get("code") == PAST_PIVOT:
        return f"{undoing}. {intervention.error['message']}"
    return f"{undoing}; {question.worker}, the undo of {intervention.step}, {failed}."


def _reason(reason: str | None) -> str:
    words = {"cancel": "The run was cancelled", "timeout": "The run took too long"}
    return words.get(reason or "", "The run is rolled back")


def _in_attempts(intervention: Intervention) -> str:
    """Returns how often the step was tried for this question: since the one before it about the same step."""
    started = "step.started" if DIRECTIONS[intervention.kind] == "forward" else "compensation.started"
    entries = JournalEntry.objects.filter(
        run_id=intervention.run_id, step=intervention.step, seq__lt=intervention.opened_seq
    )
    asked = (
        entries.filter(type="intervention.answered").order_by("-seq").values_list("seq", flat=True).first()
    )
    tries = entries.filter(type=started, seq__gt=asked or 0).values_list("data", flat=True)
    number = sum(data.get("direction") != "verify" for data in tries[:ATTEMPTS_COUNTED_MAX])
    return (" again" if asked else "") + (f" in {number} attempts" if number > 1 else "")


def answers_json(question: Question) -> dict[str, Any]:
    """What happened, and each possible answer with its consequences. `seen`: the last journal entry."""
    return {
        "sentence": mask_secrets(sentence_about(question)),
        "worker": question.worker,
        "seen": question.state.run.last_seq,
        "answers": [
            {
                "answer": choice.option.answer,
                "title": choice.option.title,
                "leads_to": choice.effect,
                "needs_note": choice.option.needs_note,
                "needs_second_person": choice.needs_second,
            }
            for choice in question.previewed_choices()
        ],
    }


def preview_json(question: Question, reply: Reply) -> dict[str, Any]:
    """The consequences of one answer; `problems`: why the worker would refuse its params then."""
    return {
        "answer": reply.answer,
        "leads_to": question.effect(reply),
        "seen": question.state.run.last_seq,
        "problems": question.params_problems(reply.patch) if question.is_open else [],
    }


def intervention_page(question: Question) -> dict[str, Any]:
    """Returns everything that the page of an intervention shows."""
    text = mask_secrets(as_text(question.context()))
    is_editable = len(text) <= EDITED_CHARS_MAX
    return {
        "intervention": question.intervention,
        "worker": question.worker,
        "sentence": sentence_about(question),
        "answered": question.answered,
        "choices": question.previewed_choices(),
        "behind": question.waiting_undos(),
        "context_text": text if is_editable else "",
        "context_size": len(text),
        "history": history_json(question.intervention)[::-1],
    }
