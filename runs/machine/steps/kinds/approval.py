"""Approvals: the step waits for a person to approve or reject. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.document.graph import Step
from designer.document.limits import ASSIGNEE_LENGTH_MAX, ASSIGNEES_MAX
from designer.document.waits import GROUP, defaults_of
from designer.expressions.expressions import resolve
from designer.problems import truncate
from designer.validation.json_schema import SchemaValidator, misfits
from runs.machine.bindings import bindings_at, text_of
from runs.machine.errors import BadAnswer, BadValue, NotAssigned, Refused
from runs.machine.events import Approve
from runs.machine.steps import completion, waits
from runs.machine.steps.kinds import Rules
from runs.machine.transition import Transition
from workers.sdk.outcome import Failure


def begin(transition: Transition, step: Step) -> None:
    message = text_of(transition.graph, transition.state, step.name, step.message)
    data: dict[str, Any] = {"for": "approval", "message": message or step.title}
    if step.assignees is not None:
        data["assignees"] = _assignees(step, bindings_at(transition.graph, transition.state, step.name))
    waits.wait(transition, step, data | waits.time_limit(transition, step))


def _assignees(step: Step, bindings: Mapping[str, Any]) -> list[str]:
    """Returns the usernames and groups that may answer. Raises ExpressionError or BadValue."""
    value = resolve(step.assignees, bindings)
    names = list(dict.fromkeys(value)) if _are_texts(value) else [value] if isinstance(value, str) else []
    if not names or len(names) > ASSIGNEES_MAX or not all(0 < len(n) <= ASSIGNEE_LENGTH_MAX for n in names):
        raise BadValue(
            f"assignees of {step.name} is {truncate(value)}; needed is a list of 1 to {ASSIGNEES_MAX} "
            f"usernames and {GROUP}NAME"
        )
    return names


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


def approve(transition: Transition, event: Approve) -> None:
    """A person answers; who it is, a needed comment and the form are checked first."""
    waiting = transition.step(event.step).waits or {}
    if waiting.get("for") != "approval":
        raise Refused(f"{event.step} does not wait for an approval.", code="not_waiting")
    step = transition.definition(event.step)
    if not may_answer(waiting, event.by, event.groups, event.is_admin):
        raise NotAssigned(event.step, waiting["assignees"])
    if step.comment_required and not event.approved and not event.comment.strip():
        raise Refused("Rejecting it needs a comment that says why.", code="comment_required")
    answer = _answer(step, event) if event.approved else {}
    data = {"name": "approval", "approved": event.approved, "by": event.by, "comment": event.comment}
    transition.emit("signal.received", event.step, data=data)
    _settle(transition, event.step, answer, event.approved, event.by, event.comment)


def may_answer(waiting: Mapping[str, Any], by: str, groups: tuple[str, ...], is_admin: bool) -> bool:
    """Whether a person who may operate runs may answer this approval: an assignee, or an administrator."""
    assignees = waiting.get("assignees")
    return (
        assignees is None or is_admin or by in assignees or any(GROUP + name in assignees for name in groups)
    )


def _answer(step: Step, event: Approve) -> dict[str, Any]:
    """Returns what the form was filled in with. Raises BadAnswer."""
    answer = dict(event.answer or {})
    if step.form is None:
        if answer:
            raise BadAnswer(f"{step.name} has no form, so it takes no answer beside approval and comment.")
        return {}
    found = misfits(SchemaValidator(step.form), answer, "answer", certain_only=False)
    if found:
        problems = [{"code": "bad_answer", "path": one.path, "message": one.message} for one in found]
        raise BadAnswer(f"{found[0].path}: {found[0].message}", problems)
    return answer


def expire(transition: Transition, step: Step) -> None:
    """Nobody has answered in time."""
    if step.on_timeout in (None, "fail"):
        return waits.time_out(transition, step.name)
    approved = step.on_timeout == "approve"
    answer = defaults_of(step.form) if approved and step.form else {}
    comment = f"Nobody answered within {step.timeout:g} seconds."
    return _settle(transition, step.name, answer, approved, "", comment)


def _settle(
    transition: Transition, name: str, answer: dict[str, Any], approved: bool, by: str, comment: str
) -> None:
    """`by`: "" where the time that nobody used decides."""
    output = answer | {"approved": approved, "by": by, "comment": comment}
    if approved:
        return completion.complete(transition, name, output, **({} if by else {"timed_out": True}))
    message = f"Rejected by {by}: {comment or 'no comment'}" if by else f"Counts as rejected: {comment}"
    return completion.fail(transition, name, Failure("rejected", message), output)


RULES = Rules(begin, expire=expire)
