"""The page of what waits for people, with the answer in the row where it is a yes or a no. Thin.

`runs.queries.inbox` reads; approvals are given by the same function as on the page of a run.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.accounts.permissions import may, page_for
from runs.detail.approval_forms import AnswerForm, give_answer
from runs.detail.views import run_or_404
from runs.errors import RunsError
from runs.interventions.wording import rejection
from runs.machine.errors import Refused
from runs.machine.preview import preview_rejection
from runs.models import Approval
from runs.queries.inbox import BadPlace, Whose, count, count_all
from runs.queries.inbox_rows import definition_of, rows_of
from runs.queries.runs import load
from runs.store import reader

UNPROCESSABLE = 422


@require_safe
@never_cache
@page_for("view")
def inbox(request: HttpRequest) -> HttpResponse:
    """Of one who may not operate runs, nothing can wait: they see what waits for others."""
    may_answer = may(request.user, "operate")
    whose: Whose = "mine" if may_answer and request.GET.get("of") != "all" else "all"
    cursor = request.GET.get("cursor") or None
    try:
        rows, following = rows_of(request.user, whose, cursor)
    except BadPlace:
        return redirect(f"{reverse('inbox')}?of={whose}")
    context = {
        "rows": rows,
        "next_cursor": following,
        "cursor": cursor,
        "whose": whose,
        "mine": count(request.user),
        "everything": count_all(request.user),
        "now": reader.now(),
    }
    return render(request, "inbox/page.html", context)


@require_safe
@page_for("view")
def approval_list(request: HttpRequest) -> HttpResponse:
    """Answers the address that the list of approvals had."""
    return redirect(f"{reverse('inbox')}?of={'all' if request.GET.get('of') == 'all' else 'mine'}")


@require_POST
@page_for("operate")
def inbox_approve(request: HttpRequest, run_id: UUID, step: str) -> HttpResponse:
    return _decide(request, run_id, step, "approve")


@require_http_methods(["GET", "POST"])
@never_cache
@page_for("operate")
def inbox_reject(request: HttpRequest, run_id: UUID, step: str) -> HttpResponse:
    """Shows what follows and asks for a comment, then rejects."""
    if request.method == "POST":
        return _decide(request, run_id, step, "reject")
    approval = _waiting(run_id, step)
    return redirect(_back(request)) if approval is None else _ask(request, approval, AnswerForm())


def _decide(request: HttpRequest, run_id: UUID, step: str, decision: str) -> HttpResponse:
    """Gives the answer; the form of a rejection that is refused is shown again."""
    run = run_or_404(run_id)
    approval = _waiting(run_id, step)
    data = {"decision": decision, "comment": request.POST.get("comment", "")}
    definition = definition_of(approval) if approval else load(run.pk)[0].by_name.get(step)
    try:
        form = give_answer(run.pk, definition, step, data, request.user)
    except (Refused, RunsError) as refused:
        messages.error(request, str(refused))
        return redirect(_back(request))
    if form is not None and approval is not None and decision == "reject":
        return _ask(request, approval, form, UNPROCESSABLE)
    if form is not None:  # it needs more than a yes
        return redirect(f"{reverse('run-detail', args=[run.pk])}#approval-{step}")
    words = "Approved" if decision == "approve" else "Rejected"
    messages.success(request, f"{words}: {approval.message if approval and approval.message else step}")
    return redirect(_back(request))


def _ask(request: HttpRequest, approval: Approval, form: AnswerForm, status: int = 200) -> HttpResponse:
    graph, state = load(approval.run_id)
    try:
        effect = rejection(
            approval.step,
            preview_rejection(graph, state, approval.step, reader.now()),
            is_part=approval.run.parent_id is not None and not approval.run.detached,
        )
    except Refused as refused:
        effect = str(refused)
    definition = definition_of(approval)
    context = {
        "approval": approval,
        "effect": effect,
        "form": form,
        "comment_required": definition is not None and definition.comment_required,
        "back": _back(request),
    }
    return render(request, "inbox/reject.html", context, status=status)


def _waiting(run_id: UUID, step: str) -> Approval | None:
    """Returns the approval with its run; None if the step waits for none any more. Raises Http404."""
    run = run_or_404(run_id)
    approval = Approval.objects.filter(run_id=run.pk, step=step).first()
    if approval is not None:
        approval.run = run
    elif step not in load(run.pk)[0].by_name:
        raise Http404(f"this run has no step {step!r}")
    return approval


def _back(request: HttpRequest) -> str:
    """Returns the page of this site that the form was on."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if wanted and is_ours else reverse("inbox")
