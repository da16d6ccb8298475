"""One worker: what its author says, where it runs, which steps call it, and how that went. Reads only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.accounts.permissions import page_for
from designer.services.worker_catalog import described, is_ready_made
from runs.delivery import worker_processes
from runs.models import WorkerProcess
from runs.statistics.blast_radius import blast_radius
from runs.statistics.worker_figures import worker_figures
from runs.store import reader
from workers.registry import Catalog, get_catalog
from workers.rehearsal.keeping import examined_undos
from workers.sdk.errors import WorkersError
from workers.sdk.spec import WorkerSpec

PROCESSES_MAX = 500
NO_WORKER = "there is no worker of this name, here, in a worker process or in a workflow"
Json = dict[str, Any]


@require_safe
@never_cache
@page_for("view")
def worker_page(request: HttpRequest, name: str) -> HttpResponse:
    worker = describe(name, request.user)
    schema = worker["params_schema"] or {}
    required = schema.get("required", [])
    fields = [
        {"name": key, "is_required": key in required, **_of_field(field)}
        for key, field in schema.get("properties", {}).items()
    ]
    paragraphs = [" ".join(part.split()) for part in worker.get("doc", "").split("\n\n") if part.strip()]
    return render(
        request, "fleet/worker.html", {"worker": worker, "fields": fields, "paragraphs": paragraphs}
    )


def describe(name: str, user: Any) -> Json:
    """All about a worker. Raises Http404 for one that nobody knows."""
    catalog = _catalog()
    spec = catalog.get(name)
    processes = _processes(name)
    radius = blast_radius("worker", name, user)
    if spec is None and not processes["with"] and not radius.dependents:
        raise Http404(NO_WORKER)
    figures, failures = worker_figures(name, user)
    return {
        "name": name,
        "is_known": spec is not None,
        **_said(name, spec, catalog, user),
        "processes": processes,
        **radius.as_json(),
        "figures": figures.as_json(),
        "failures": failures,
    }


def names() -> list[Json]:
    """Every worker that is known here, by name."""
    specs = sorted(_catalog().values(), key=lambda spec: spec.name)
    return [{"name": spec.name, "is_ready_made": is_ready_made(spec)} for spec in specs]


def _catalog() -> Catalog:
    try:
        return get_catalog()
    except WorkersError:
        return Catalog([])  # `doctor` and the log of each process say what is wrong with the modules


def _said(name: str, spec: WorkerSpec | None, catalog: Catalog, user: Any) -> Json:
    """What the decorator and the function say, and what rehearsals have shown."""
    undoes = sorted(each.name for each in catalog.values() if each.compensation == name)
    examined = [each for each in examined_undos(user) if name in (each["worker"], each["undo"])]
    if spec is None:
        return {"params_schema": None, "undoes": undoes, "examined": examined}
    return described(spec) | {
        "module": spec.module,
        "is_async": spec.is_async,
        "takes": sorted(spec.takes),
        "rehearsal": spec.rehearsal,
        "books": spec.books,
        "undoes": undoes,
        "examined": examined,
    }


def _processes(name: str) -> Json:
    """The worker processes that show signs of life: those with it, and those without."""
    silent_before = reader.now() - timedelta(seconds=worker_processes.SILENT_AFTER_S)
    online = WorkerProcess.objects.filter(seen_at__gte=silent_before).order_by("host", "pid")
    found: dict[str, list[str]] = {"with": [], "without": []}
    for process, workers in online.values_list("pk", "workers")[:PROCESSES_MAX]:
        found["with" if name in workers else "without"].append(process)
    return found


def _of_field(field: Json) -> Json:
    kinds = [field, *field.get("anyOf", [])]
    kind = " or ".join(str(each["type"]) for each in kinds if "type" in each)
    return {
        "title": field.get("title", ""),
        "kind": kind or ("one of a list" if "enum" in field else "any"),
        "text": field.get("description", ""),
        "has_default": "default" in field,
        "default": field.get("default"),
    }
