"""The list of runs, and bulk acts. Thin: permissions, parameters, rendering."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from config.accounts.permissions import page_for
from config.accounts.rate_limits import caller, consume
from designer.models import Workflow
from designer.services.folder_rights import barred, seen
from runs.errors import KeyReused
from runs.lists import bulk, saved_views
from runs.lists.filters import SORTS, BadFilter, Filters
from runs.lists.rows import COLUMNS, chosen_columns, columns_text, rows_of
from runs.lists.search import LOOKED_AT_MAX, page_of
from runs.machine.events import CancelMode
from runs.machine.states import RunStatus
from runs.models import Run
from runs.queries import steps
from runs.store import reader

WITHIN = {
    "1h": (timedelta(hours=1), "In the last hour"),
    "24h": (timedelta(days=1), "In the last 24 hours"),
    "7d": (timedelta(days=7), "In the last 7 days"),
    "30d": (timedelta(days=30), "In the last 30 days"),
}
GIVEN = ("status", "workflow", "label", "q", "until", "run", "error", "step", "parent")
FINDING = tuple(name for name in GIVEN if name != "until")
COLUMNS_COOKIE = "run_columns"
YEAR = timedelta(days=365)
MODES: dict[str, CancelMode] = {"compensate": "compensate", "abandon": "abandon"}


# --- the list ---


@require_safe
@never_cache
@page_for("view")
def run_list(request: HttpRequest) -> HttpResponse:
    cursor = request.GET.get("cursor") or None
    runs: list[Run] = []
    following, problem, status = None, "", 200
    filters = filters_of(request.GET, request.user)
    columns = request.GET.get("columns", request.COOKIES.get(COLUMNS_COOKIE))
    try:
        runs, following = page_of(filters, cursor)
    except BadFilter as error:
        if cursor:
            messages.error(request, str(error))
            return redirect(f"{reverse('run-list')}?{query_of(request.GET)}")
        problem, status = str(error), error.status
    context = {
        "filters": filters,
        "since": request.GET.get("since", ""),
        "inner": bool(request.GET.get("inner")),
        "within": request.GET.get("within", ""),
        "withins": [(value, words) for value, (_, words) in WITHIN.items()],
        "query": query_of(request.GET),
        "is_filtered": filters.is_any,
        "statuses": list(RunStatus),
        "names": seen(Workflow.objects.all(), request.user, "name").values_list("name", flat=True)[
            : steps.FILTER_NAMES_MAX
        ],
        "sorts": SORTS.items(),
        "runs": runs,
        "rows": rows_of(runs, request.user),
        "columns": chosen_columns(columns),
        "all_columns": COLUMNS.items(),
        **_views_of(request),
        "next_cursor": following,
        "cursor": cursor,
        "problem": problem,
        "looked_at": f"{LOOKED_AT_MAX:,}",
        "bulk_max": bulk.BULK_MAX,
    }
    return render(request, "runs/list.html", context, status=status)


def _views_of(request: HttpRequest) -> dict[str, Any]:
    """The views of a person, and the one that the page shows."""
    views = list(saved_views.visible_to(request.user)[: saved_views.VIEWS_SHOWN_MAX])
    shown = next((view for view in views if str(view.pk) == request.GET.get("view")), None)
    may_delete = shown is not None and saved_views.may_delete(request.user, shown)
    return {"views": views, "shown_view": shown, "may_delete_view": may_delete}


@require_POST
@page_for("view")
def run_columns(request: HttpRequest) -> HttpResponse:
    """Remembers the columns that a person chose, in this browser."""
    parameters = QueryDict(request.POST.get("filter", ""), mutable=True)
    parameters.pop("columns", None)
    response = redirect(f"{reverse('run-list')}?{parameters.urlencode()}")
    text = columns_text(request.POST.getlist("columns"))
    is_secure = request.is_secure()
    response.set_cookie(COLUMNS_COOKIE, text, YEAR, httponly=True, samesite="Lax", secure=is_secure)
    return response


@require_safe
@page_for("view")
def view_detail(request: HttpRequest, view_id: int) -> HttpResponse:
    """The address of a saved view: leads to the list as it was saved."""
    try:
        view = saved_views.get(request.user, view_id)
    except saved_views.UnknownView as error:
        raise Http404(str(error)) from error
    query = "&".join(filter(None, [view.query, f"view={view.pk}"]))
    return redirect(f"{reverse('run-list')}?{query}")


@require_POST
@page_for("view")
def view_save(request: HttpRequest) -> HttpResponse:
    query, columns = request.POST.get("filter", ""), request.POST.get("columns", "")
    if columns and "columns" not in dict(parse_qsl(query)):
        query = "&".join(filter(None, [query, urlencode({"columns": columns})]))
    try:
        view = saved_views.save(
            request.user, request.POST.get("name", ""), query, bool(request.POST.get("shared"))
        )
    except saved_views.BadView as error:
        return _back(request, str(error))
    messages.success(request, f"Saved as “{view.name}”.")
    return redirect("run-view", view_id=view.pk)


@require_POST
@page_for("view")
def view_delete(request: HttpRequest, view_id: int) -> HttpResponse:
    try:
        saved_views.delete(request.user, view_id)
    except saved_views.UnknownView as error:
        return _back(request, str(error))
    messages.success(request, "The view is deleted; its runs are not.")
    return redirect("run-list")


def filters_of(query: QueryDict | dict[str, str], user: Any = None) -> Filters:
    """The filters of a query string; `within` counts back from now.

    Child runs stand under their parents, unless `inner` or a filter looks for runs wherever they are.
    """
    since = query.get("since") or None
    span = WITHIN.get(query.get("within", ""))
    if span and not since:
        since = (reader.now() - span[0]).isoformat()
    given = {name: query.get(name) or None for name in GIVEN}
    kind, sort = query.get("kind", ""), query.get("sort", "")
    is_top = not (query.get("inner") or kind or any(given[name] for name in FINDING))
    return Filters(
        **given,
        since=since,
        trials=kind == "trials",
        imported=kind == "imported",
        top=is_top,
        sort=sort,
        hidden=barred(user, "view"),
    )


def query_of(query: QueryDict) -> str:
    """The query string without its cursor and empty values, for links of the page."""
    parameters = query.copy()
    for name in [name for name, value in query.items() if name in ("cursor", "view") or not value]:
        del parameters[name]
    return parameters.urlencode()


# --- many runs at once ---


@require_POST
@page_for("operate")
def run_bulk(request: HttpRequest) -> HttpResponse:
    """Shows the preview of a bulk act, to be confirmed."""
    act = request.POST.get("act")
    if act not in bulk.ACTS:
        return _back(request, "Choose what is to be done with the runs.")
    try:
        run_ids = _chosen(request)
    except BadFilter as error:
        return _back(request, str(error))
    if not 0 < len(run_ids) <= bulk.BULK_MAX:
        return _back(request, f"Choose between 1 and {bulk.BULK_MAX} runs.")
    mode, results = _previewed(act, run_ids, request.user)
    willing = [result for result in results if result.is_done]
    context = {
        "act": act,
        "willing": willing,
        "refusing": [result for result in results if not result.is_done],
        "mode": mode,
        "passing": sum(bool(result.past_pivot) for result in willing),
        "run_ids": " ".join(str(result.run_id) for result in willing),
        "key": f"page-{uuid4()}",
        "query": request.POST.get("filter", ""),
    }
    return render(request, "runs/bulk_confirm.html", context)


@require_POST
@page_for("operate")
def run_bulk_do(request: HttpRequest) -> HttpResponse:
    """Carries a confirmed bulk act out and shows the results."""
    act, mode = request.POST.get("act"), MODES.get(request.POST.get("mode", "compensate"))
    run_ids = _uuids(request.POST.get("runs", "").split())
    if act not in bulk.ACTS or mode is None or not 0 < len(run_ids) <= bulk.BULK_MAX:
        return _back(request, "That cannot be understood. Choose the runs again.")
    key = request.POST.get("key", "")[:100]
    if act == "rerun":
        consume("starts", caller(request), len(run_ids))
    try:
        results = bulk.do(bulk.Order(act, mode, request.user, key), run_ids)
    except KeyReused as error:
        return _back(request, str(error))
    context = {
        "act": act,
        "mode": mode,
        "done": [result for result in results if result.is_done],
        "refused": [result for result in results if not result.is_done],
        "query": request.POST.get("filter", ""),
    }
    return render(request, "runs/bulk_done.html", context)


def _previewed(act: bulk.Act, run_ids: list[UUID], user: Any) -> tuple[CancelMode, list[bulk.Result]]:
    """The preview and its mode: if all runs are being undone already, they can still be abandoned."""
    results = bulk.preview(bulk.Order(act, user=user), run_ids)
    if any(result.is_done or result.code != bulk.UndoneAlready.code for result in results):
        return "compensate", results
    return "abandon", bulk.preview(bulk.Order(act, "abandon", user), run_ids)


def _chosen(request: HttpRequest) -> list[UUID]:
    """The ids of the ticked runs, or of the newest that match the filter."""
    form = request.POST
    if not form.get("all"):
        return _uuids(form.getlist("runs"))
    runs, _ = page_of(filters_of(dict(parse_qsl(form.get("filter", ""))), request.user), None, bulk.BULK_MAX)
    return [run.pk for run in runs]


def _uuids(texts: Iterable[str]) -> list[UUID]:
    """The ids among the texts, each once."""
    unique = dict.fromkeys(text for text in texts if steps.is_uuid(text))
    return [UUID(text) for text in unique]


def _back(request: HttpRequest, message: str) -> HttpResponse:
    messages.error(request, message)
    return redirect(f"{reverse('run-list')}?{request.POST.get('filter', '')}")
