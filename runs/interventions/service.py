"""Intervention service: claim, release, note, plan, answer. Pages, API, admin and lists call it.

Every call is one unit of work on the run: its row is locked first, so that of two people one wins and the
other is refused. What `decide` returns is committed together with what stands beside it: notes, due times,
proposals for a second person, Django's admin log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from config.accounts.actors import actor, is_agent, is_same_person
from config.lib.secret_places import sealed_texts
from runs.delivery import hints
from runs.engine.after_commit import carry_out, start_children
from runs.engine.creation import refuse_unstorable
from runs.engine.sealing import sealed_patch
from runs.engine.unit_of_work import Unit, unit_of
from runs.errors import AnsweredAlready, SealedInput, UnknownIntervention
from runs.machine.answers import OPTION, Answer, title_of
from runs.machine.errors import NoteRequired, Refused
from runs.machine.events import AnswerIntervention, ClaimIntervention
from runs.machine.limits import NOTE_LENGTH_MAX
from runs.models import CaseAct, CaseMail, Intervention, Severity
from runs.models.inbox import order_at
from runs.store.interventions import policy_for


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a person gives it. `batch`: the same id for answers that are given together."""

    answer: Answer
    note: str = ""
    patch: Mapping[str, Any] | None = None
    output: Any = None
    batch: UUID | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        return {"answer": self.answer, "note": self.note, "patch": self.patch, "output": self.output}


@dataclass(frozen=True, slots=True)
class _Work:
    """A person's unit of work on an intervention, whose run is locked. `by`: the person's name."""

    intervention: Intervention
    unit: Unit
    user: Any
    by: str

    def record(
        self, act: str, text: str = "", data: Mapping[str, Any] | None = None, batch: UUID | None = None
    ) -> None:
        """Adds to the history, and hints to watching pages after the commit."""
        row, at = self.intervention, self.unit.at
        CaseAct.objects.create(
            case=row, at=at, by=self.by, act=act, text=text, data=dict(data or {}), batch=batch
        )
        transaction.on_commit(lambda: hints.intervention_changed(row.run_id, row.opened_seq, f"case.{act}"))

    def log(self, message: str) -> None:
        """Adds to Django's admin log, unless the user has no account."""
        if getattr(self.user, "pk", None):
            rows = Intervention.objects.filter(pk=self.intervention.pk)
            LogEntry.objects.log_actions(self.user.pk, rows, CHANGE, message, single_object=True)


@contextmanager
def _work_on(
    intervention_id: int, user: Any, *, closed_too: bool = False, seen: int | None = None
) -> Iterator[_Work]:
    """Locks the run until the act is committed.

    Raises UnknownIntervention, AnsweredAlready unless `closed_too`, and Refused where the journal of the run
    has not ended with the entry `seen`.
    """
    run_id = Intervention.objects.filter(pk=intervention_id).values_list("run_id", flat=True).first()
    if run_id is None:
        raise UnknownIntervention()
    with unit_of(run_id, carry_out) as unit:
        intervention = Intervention.objects.get(pk=intervention_id)
        if intervention.status != "open" and not closed_too:
            title = title_of(intervention.kind, intervention.answer)
            raise AnsweredAlready(intervention.answered_by, intervention.answer, title)
        if seen is not None and seen != unit.state.run.last_seq:
            raise Refused(
                "The run has moved since you looked: look again at what the answer leads to.", code="moved"
            )
        yield _Work(intervention, unit, user, actor(user))


# --- who works on it ---


def claim(intervention_id: int, user: Any, *, take_over: bool = False) -> None:
    """Claims an intervention for a person. Raises Refused if another one has it, unless `take_over`."""
    with _work_on(intervention_id, user) as work:
        claimed_by = work.intervention.claimed_by
        if claimed_by == work.by:
            return
        if claimed_by and not take_over and not is_same_person(claimed_by, work.by):
            raise Refused(f"{claimed_by} has claimed it.", code="already_claimed")
        _claim_for(work, work.by)
        work.log(f"Claimed{f', taken over from {claimed_by}' if claimed_by else ''}.")


def release(intervention_id: int, user: Any) -> None:
    """Gives up a claim. Raises Refused if another person has it."""
    with _work_on(intervention_id, user) as work:
        claimed_by = work.intervention.claimed_by
        if not claimed_by:
            return
        if not is_same_person(claimed_by, work.by):
            raise Refused(f"{claimed_by} has claimed it, not you.", code="not_yours")
        _claim_for(work, "")
        work.log("Released.")


def _claim_for(work: _Work, name: str) -> None:
    work.unit.take(
        ClaimIntervention(work.unit.at, work.intervention.step, work.intervention.opened_seq, name)
    )


def note(intervention_id: int, user: Any, text: str) -> None:
    """Adds a note to the history; answered interventions take notes too. Raises Refused."""
    _check_note(text)
    with _work_on(intervention_id, user, closed_too=True) as work:
        work.record("noted", text.strip())
        work.log(f"Noted: {text.strip()}")


def plan(intervention_id: int, user: Any, severity: Severity, due_at: datetime | None) -> None:
    """Sets the severity and the time by which it should be answered; None: at any time."""
    with _work_on(intervention_id, user) as work:
        intervention = work.intervention
        if (intervention.severity, intervention.due_at) == (severity, due_at):
            return
        intervention.severity, intervention.due_at = severity, due_at
        intervention.order_at = order_at(due_at, intervention.opened_at)
        intervention.save(update_fields=["severity", "due_at", "order_at"])
        CaseMail.objects.filter(case=intervention, about="overdue").delete()
        if due_at is not None:
            CaseMail.objects.create(case=intervention, about="overdue", due_at=due_at)
        due = due_at.isoformat(timespec="minutes") if due_at else None
        work.record("planned", data={"severity": severity, "due_at": due})
        work.log(f"Severity {severity}, due {due or 'never'}.")


# --- answers ---


def answer(
    intervention_id: int, reply: Reply, user: Any, seen: int | None = None
) -> Literal["answered", "proposed"]:
    """Answers an intervention, or proposes the answer where a second person has to agree.

    Giving the answer that another person has proposed is agreeing to it. `seen`: the last entry of the run's
    journal when its consequences were looked at. Raises Refused.
    """
    with _work_on(intervention_id, user, seen=seen) as work:
        kind, run = work.intervention.kind, work.unit.loaded
        if any(sealed_texts(reply.output)):
            raise SealedInput
        if reply.patch:
            reply = replace(reply, patch=sealed_patch(run.version_id, reply.patch))
        proposed = work.intervention.proposal or {}
        if not needs_second_person(run.workflow, kind, reply.answer):
            _give(work, reply)
        elif is_same_person(proposed.get("by", work.by), work.by):
            _propose(work, reply)
            return "proposed"
        elif is_agent(user):
            raise Refused(f"{proposed['by']} has proposed it; a person has to agree.", code="person_needed")
        elif proposed["answer"] == reply.answer:
            _give(work, reply, proposed["by"])
        else:
            raise Refused(
                f"{proposed['by']} has proposed {proposed['answer']}: agree to it, or reject it first.",
                code="other_proposal",
            )
        return "answered"


def answer_many(intervention_ids: Iterable[int], reply: Reply, user: Any) -> UUID:
    """Gives several interventions the same answer, each in its own unit of work. Returns the batch.

    A refused one is recorded and does not stop the others.
    """
    batch = uuid4()
    for intervention_id in intervention_ids:
        try:
            answer(intervention_id, replace(reply, batch=batch), user)
        except UnknownIntervention:
            continue  # its run has been removed meanwhile
        except Refused as refused:
            data = reply.as_json() | {"patch": None, "refused": str(refused)}
            with _work_on(intervention_id, user, closed_too=True) as work:
                work.record("in_bulk", data=data, batch=batch)
    return batch


def approve(intervention_id: int, user: Any) -> None:
    """Agrees to the proposal of another person, which answers the intervention. Raises Refused."""
    with _work_on(intervention_id, user) as work:
        proposed = _proposal_of(work.intervention)
        if is_agent(user):
            raise Refused("A person has to agree, and no agent.", code="person_needed")
        if is_same_person(proposed["by"], work.by):
            raise Refused("You proposed it yourself; a second person has to agree.", code="same_person")
        reply = Reply(proposed["answer"], proposed["note"], proposed["patch"], proposed["output"])
        _give(work, reply, proposed["by"])


def withdraw(intervention_id: int, user: Any, text: str = "") -> None:
    """Withdraws a proposal, one's own or another person's. Raises Refused if there is none."""
    with _work_on(intervention_id, user) as work:
        proposed = _proposal_of(work.intervention)
        work.intervention.proposal = None
        work.intervention.save(update_fields=["proposal"])
        work.record("withdrawn", text.strip(), {"answer": proposed["answer"], "by": proposed["by"]})
        work.log(f"Took back what {proposed['by']} proposed: {proposed['answer']}. {text}".strip())


def needs_second_person(workflow: str, kind: str, answer: str) -> bool:
    option = OPTION.get((kind, answer))
    may_need = option is not None and option.may_need_second_person
    return may_need and policy_for(workflow, kind).second_person


def _propose(work: _Work, reply: Reply) -> None:
    if not reply.note.strip():
        raise NoteRequired(reply.answer)
    _check_values(reply.note, reply.patch, reply.output)
    work.intervention.proposal = {**reply.as_json(), "by": work.by, "at": work.unit.at.isoformat()}
    work.intervention.save(update_fields=["proposal"])
    work.record("proposed", reply.note, reply.as_json(), reply.batch)
    work.log(f"Proposed {reply.answer}: {reply.note}")


def _give(work: _Work, reply: Reply, proposed_by: str = "") -> None:
    # Without an option `decide` refuses the answer, so no value needs to be kept.
    option = OPTION.get((work.intervention.kind, reply.answer))
    patch = reply.patch if option and option.field == "patch" else None
    output = reply.output if option and option.field == "output" else None
    _check_values(reply.note, patch, output)
    work.unit.take(
        AnswerIntervention(
            work.unit.at,
            work.intervention.step,
            work.intervention.opened_seq,
            reply.answer,
            work.by,
            reply.note,
            patch,
            output,
            proposed_by,
        )
    )
    start_children(work.unit)
    if reply.batch:
        work.record("in_bulk", data=reply.as_json(), batch=reply.batch)
    words = [f"Answered {reply.answer}", f"as {proposed_by} proposed" if proposed_by else "", reply.note]
    work.log(": ".join(word for word in words if word))


def _proposal_of(intervention: Intervention) -> dict[str, Any]:
    if not intervention.proposal:
        raise Refused("Nothing is proposed here.", code="no_proposal")
    proposal: dict[str, Any] = intervention.proposal
    return proposal


def _check_note(text: str) -> None:
    refuse_unstorable(text, "note")
    if not text.strip():
        raise Refused("An empty note says nothing.", code="note_required")
    if len(text) > NOTE_LENGTH_MAX:
        raise Refused(f"A note has at most {NOTE_LENGTH_MAX:,} characters.", code="note_too_long")


def _check_values(note: str, patch: Any, output: Any) -> None:
    refuse_unstorable(note, "note")
    refuse_unstorable(patch, "patch")
    refuse_unstorable(output, "output")
