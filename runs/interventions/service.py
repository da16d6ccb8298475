"""What people do with interventions: the one door for pages, API and admin.

Claiming and answering goes through `runs.engine.engine`, which decides. What happens around it (notes, due
times, proposals for a second person) is written here, and everything is noted in Django's admin log.
Each act locks the run first, as the engine does, so that two people never both win.
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

from config.lib.json import is_storable
from runs.delivery import hints
from runs.engine import engine
from runs.engine.creation import sealed_patch
from runs.errors import AnsweredAlready, UnknownIntervention, UnstorableText
from runs.machine.errors import Refused
from runs.machine.events import Answer
from runs.machine.limits import NOTE_LENGTH_MAX
from runs.models import CaseAct, CaseMail, Intervention, Run, Severity
from runs.store import reader
from runs.store.interventions import policy_for

SECOND_PERSON_FOR = ("resolve", "abandon")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a person gives it. `batch` marks answers that are given together."""

    answer: Answer
    note: str = ""
    patch: Mapping[str, Any] | None = None
    output: Any = None
    batch: UUID | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        return {"answer": self.answer, "note": self.note, "patch": self.patch, "output": self.output}


# --- who works on it ---


def claim(case_id: int, user: Any, *, take_over: bool = False) -> None:
    """Say that one works on it. Raises Refused where somebody else does, unless it is taken over."""
    with _open_intervention(case_id) as case:
        by = name_of(user)
        if case.claimed_by == by:
            return
        if case.claimed_by and not take_over:
            raise Refused(f"{case.claimed_by} has claimed it.", code="already_claimed")
        engine.claim_intervention(case_id, user)
        _log(case, user, f"Claimed{f', taken over from {case.claimed_by}' if case.claimed_by else ''}.")


def release(case_id: int, user: Any) -> None:
    """Give it back. Raises Refused where somebody else has claimed it."""
    with _open_intervention(case_id) as case:
        if not case.claimed_by:
            return
        if case.claimed_by != name_of(user):
            raise Refused(f"{case.claimed_by} has claimed it, not you.", code="not_yours")
        engine.claim_intervention(case_id, "")
        _log(case, user, "Released.")


def note(case_id: int, user: Any, text: str) -> None:
    """Add a note to the history; it stays for ever, and closed cases take notes too."""
    _check_note(text)
    with _locked(case_id) as case:
        _act(case, user, "noted", text.strip())
        _log(case, user, f"Noted: {text.strip()}")


def plan(case_id: int, user: Any, severity: Severity, due_at: datetime | None) -> None:
    """Set how bad it is and by when it should be answered; None: whenever."""
    with _open_intervention(case_id) as case:
        if (case.severity, case.due_at) == (severity, due_at):
            return
        case.severity, case.due_at = severity, due_at
        case.save(update_fields=["severity", "due_at"])
        _plan_mail(case)
        due = due_at.isoformat(timespec="minutes") if due_at else None
        _act(case, user, "planned", data={"severity": severity, "due_at": due})
        _log(case, user, f"Severity {severity}, due {due or 'never'}.")


def _plan_mail(case: Intervention) -> None:
    CaseMail.objects.filter(case=case, about="overdue").delete()
    if case.due_at is not None:
        CaseMail.objects.create(case=case, about="overdue", due_at=case.due_at)


# --- answers ---


def answer(case_id: int, reply: Reply, user: Any) -> Literal["answered", "proposed"]:
    """Answer it, or propose the answer where a second person has to agree.

    Whoever gives the very answer that somebody else proposed agrees to it. Raises Refused.
    """
    with _locked(case_id) as case:
        if case.status != "open":
            raise AnsweredAlready(case.answered_by, case.answer)
        reply = replace(reply, patch=sealed_patch(case.run.version_id, reply.patch))
        proposed = case.proposal or {}
        if not needs_second_person(case, reply.answer):
            _give(case, reply, user)
        elif proposed.get("by", name_of(user)) == name_of(user):
            _propose(case, reply, user)
            return "proposed"
        elif proposed["answer"] == reply.answer:
            _give(case, reply, user, proposed["by"])
        else:
            raise Refused(
                f"{proposed['by']} has proposed {proposed['answer']}: agree to it, or reject it first.",
                code="other_proposal",
            )
        return "answered"


def approve(case_id: int, user: Any) -> None:
    """Agree to what another person proposed: it is answered as they said. Raises Refused."""
    with _open_intervention(case_id) as case:
        proposed = _proposal_of(case)
        if proposed["by"] == name_of(user):
            raise Refused("You proposed it yourself; a second person has to agree.", code="same_person")
        reply = Reply(proposed["answer"], proposed["note"], proposed["patch"], proposed["output"])
        _give(case, reply, user, proposed["by"])


def withdraw(case_id: int, user: Any, text: str = "") -> None:
    """Take back one's own proposal, or reject another's."""
    with _open_intervention(case_id) as case:
        proposed = _proposal_of(case)
        case.proposal = None
        case.save(update_fields=["proposal"])
        _act(case, user, "withdrawn", text.strip(), {"answer": proposed["answer"], "by": proposed["by"]})
        _log(case, user, f"Took back what {proposed['by']} proposed: {proposed['answer']}. {text}".strip())


def needs_second_person(case: Intervention, answer: str) -> bool:
    if case.kind != "compensation_failed" or answer not in SECOND_PERSON_FOR:
        return False
    return policy_for(case.run.workflow_name, case.kind).second_person


def _propose(case: Intervention, reply: Reply, user: Any) -> None:
    if not reply.note.strip():
        raise Refused(f"{reply.answer} needs a note that says what was done.", code="note_required")
    _check_text([reply.note, reply.patch, reply.output])
    case.proposal = {**reply.as_json(), "by": name_of(user), "at": reader.now().isoformat()}
    case.save(update_fields=["proposal"])
    _act(case, user, "proposed", reply.note, reply.as_json(), reply.batch)
    _log(case, user, f"Proposed {reply.answer}: {reply.note}")


def _give(case: Intervention, reply: Reply, user: Any, proposed_by: str = "") -> None:
    engine.answer(
        case.pk,
        reply.answer,
        user=user,
        note=reply.note,
        patch=reply.patch if reply.answer == "retry" else None,
        output=reply.output if reply.answer == "resolve" else None,
        proposed_by=proposed_by,
    )
    if reply.batch:
        _act(case, user, "in_bulk", data=reply.as_json(), batch=reply.batch)
    words = [f"Answered {reply.answer}", f"as {proposed_by} proposed" if proposed_by else "", reply.note]
    _log(case, user, ": ".join(word for word in words if word))


def answer_many(case_ids: Iterable[int], reply: Reply, user: Any) -> UUID:
    """Answer cases alike, each by itself: one that is refused holds up no other. Returns their batch."""
    batch = uuid4()
    for case_id in case_ids:
        try:
            answer(case_id, replace(reply, batch=batch), user)
        except UnknownIntervention:
            continue  # its run was removed meanwhile
        except Refused as refused:
            with _locked(case_id) as case:
                _act(
                    case,
                    user,
                    "in_bulk",
                    data=reply.as_json() | {"patch": None, "refused": str(refused)},
                    batch=batch,
                )
    return batch


def _proposal_of(case: Intervention) -> dict[str, Any]:
    if not case.proposal:
        raise Refused("Nothing is proposed here.", code="no_proposal")
    proposal: dict[str, Any] = case.proposal
    return proposal


# --- how acts are written ---


@contextmanager
def _locked(case_id: int) -> Iterator[Intervention]:
    """The case, with its run locked until the act is committed."""
    with transaction.atomic():
        run_id = Intervention.objects.filter(pk=case_id).values_list("run_id", flat=True).first()
        if run_id is None:
            raise UnknownIntervention()
        Run.objects.select_for_update().only("pk").get(pk=run_id)
        yield Intervention.objects.select_related("run").defer("run__input", "run__state").get(pk=case_id)


@contextmanager
def _open_intervention(case_id: int) -> Iterator[Intervention]:
    with _locked(case_id) as case:
        if case.status != "open":
            raise AnsweredAlready(case.answered_by, case.answer)
        yield case


def _act(
    case: Intervention,
    user: Any,
    act: str,
    text: str = "",
    data: Mapping[str, Any] | None = None,
    batch: UUID | None = None,
) -> None:
    CaseAct.objects.create(
        case=case,
        at=reader.now(),
        by=name_of(user),
        act=act,
        text=text,
        data=dict(data or {}),
        batch=batch,
    )
    transaction.on_commit(lambda: hints.intervention_changed(case.run_id, case.opened_seq, f"case.{act}"))


def _log(case: Intervention, user: Any, message: str) -> None:
    if getattr(user, "pk", None):
        cases = Intervention.objects.filter(pk=case.pk)
        LogEntry.objects.log_actions(user.pk, cases, CHANGE, message, single_object=True)


def _check_note(text: str) -> None:
    _check_text(text)
    if not text.strip():
        raise Refused("An empty note says nothing.", code="note_required")
    if len(text) > NOTE_LENGTH_MAX:
        raise Refused(f"A note has at most {NOTE_LENGTH_MAX:,} characters.", code="note_too_long")


def _check_text(value: Any) -> None:
    if not is_storable(value):
        raise UnstorableText


def name_of(user: Any) -> str:
    return user if isinstance(user, str) else str(user.get_username())
