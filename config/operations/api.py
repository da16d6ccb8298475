"""REST calls for operation: fleet, health and metrics. Only transport; the content is made elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from prometheus_client import CONTENT_TYPE_LATEST

from config.accounts.authentication import callers
from config.accounts.permissions import may, require_here
from config.operations import fleet_status, health, metrics, worker_page
from designer.services.folder_rights import require_all

router = Router(tags=["operation"])
METRICS_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}


def anonymous(request: HttpRequest) -> AnonymousUser:
    """Authenticator that accepts every request: the last one for calls that need no account."""
    return AnonymousUser()


def stranger_while_away(request: HttpRequest) -> AnonymousUser | None:
    """Authenticator for while nobody can be recognized: what is broken is the answer, not an error."""
    return None if health.parts(("database",))["database"].is_ok else AnonymousUser()


EVERYBODY = [stranger_while_away, *callers(), anonymous]
Answer = Status[dict[str, Any]]
ANSWERS = {200: dict[str, Any], 503: dict[str, Any]}


@router.get("/workers", response=dict[str, Any])
def list_worker_processes(request: HttpRequest) -> dict[str, Any]:
    """Worker processes with what they run now and what they lack, the queues, and replaced workers."""
    return fleet_status.overview(request.user)


@router.get("/workers/{name}", response=dict[str, Any])
def get_worker(request: HttpRequest, name: str) -> dict[str, Any]:
    """A worker: what its author says, the processes that have it, which steps call it, and how that went."""
    require_here(request, "view")
    return worker_page.describe(name, request.user)


@router.get("/health", response=ANSWERS, auth=EVERYBODY)
def get_health(request: HttpRequest) -> Answer:
    """Whether everything works: 200 or 503. Who may view sees the parts; strangers only `ok` or `not ok`."""
    return _answer(request, ())


@router.get("/health/ready", response=ANSWERS, auth=EVERYBODY)
def get_readiness(request: HttpRequest) -> Answer:
    """Whether this web process can serve: database and migrations. For load balancers."""
    return _answer(request, health.WEB)


@router.get("/health/live", response=dict[str, Any], auth=anonymous)
def get_liveness(request: HttpRequest) -> dict[str, Any]:
    """That this web process answers; nothing else is looked at."""
    return {"status": "ok"}


@router.get("/metrics", response={200: None}, openapi_extra={"responses": {200: METRICS_TEXT}})
def get_metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' text format, over all workflows: 403 for who may not see some of them."""
    require_all(request.user)
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)


def _answer(request: HttpRequest, names: tuple[str, ...]) -> Answer:
    parts = health.parts(names)
    status = 200 if health.status_of(parts) == "ok" else 503
    # Permissions are read from the database, so nobody sees details while it is unavailable.
    sees_parts = parts["database"].is_ok and may(request.user, "view")
    return Status(status, health.as_json(parts) if sees_parts else {"status": health.status_of(parts)})
