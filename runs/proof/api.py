"""REST calls on proofs. Thin: `service` does the work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Body, Router, Status
from pydantic import BaseModel, Field

from config.accounts.authentication import callers
from config.accounts.rate_limits import caller, consume
from designer.models import Certificate
from designer.services import queries, workflows
from designer.web.api import IfMatch, revision_of
from runs.proof import service

router = Router(tags=["workflows"])


class ProveIn(BaseModel, extra="forbid"):
    pairs: int | None = Field(None, ge=0, le=service.PAIRS_MAX)


class NeedsIn(BaseModel, extra="forbid"):
    needs: Literal["nothing", "proof", "rehearsal"]


class MendIn(BaseModel, extra="forbid"):
    counterexample: int = Field(ge=0, le=1_000)
    mend: int = Field(ge=0, le=1_000)


def _latest(name: str) -> Certificate:
    found = service.latest(queries.get_workflow(name))
    if found is None:
        raise service.NoProof(f"{name} has not been proven yet.")
    return found


@router.get("/workflows/{name}/proof", response=dict[str, Any])
def get_proof(request: HttpRequest, name: str) -> dict[str, Any]:
    """The newest proof of a workflow. `current`: it speaks of what would be published now.

    `content.properties` say what holds, `content.counterexamples` what does not, each with its `story` and
    `mends`; `content.not_explored` says what the proof does not speak of. `state` is `none` before the first.
    """
    found = service.latest(queries.get_workflow(name))
    if found is None:
        return {"workflow": name, "state": "none", "holds": None, "current": False, "content": None}
    return service.certificate_json(found, request.user, current=service.is_current(found))


@router.post("/workflows/{name}/proof", auth=callers("design"), response={202: dict[str, Any]})
def prove(
    request: HttpRequest,
    name: str,
    body: Annotated[ProveIn | None, Body()] = None,
    if_match: IfMatch = None,
) -> Status[dict[str, Any]]:
    """Starts to explore what would be published: every branch, every fault, and pairs of faults.

    `pairs`: how many states pairs may take. With `If-Match` only if the draft still has that revision. 409
    with `problems` when the draft has errors, 503 while two others are under way.
    """
    consume("starts", caller(request))
    certificate = service.start(name, revision_of(if_match), body.pairs if body else None, request.user)
    return Status(202, service.certificate_json(certificate, request.user, current=True))


@router.delete("/workflows/{name}/proof", auth=callers("design"), response={204: None})
def stop_proof(request: HttpRequest, name: str) -> Status[None]:
    """Stops the exploration that is under way; what it has found stays."""
    service.stop(_latest(name))
    return Status(204, None)


@router.post(
    "/workflows/{name}/proof/counterexamples/{int:number}/run",
    auth=callers("operate", "design"),
    response={201: dict[str, Any]},
)
def open_counterexample(request: HttpRequest, name: str, number: int) -> Status[dict[str, Any]]:
    """Opens a counterexample, counted from 0, as a run that can be looked at like one from a file."""
    run = service.open_counterexample(_latest(name), number, request.user)
    return Status(201, {"id": str(run.pk)})


@router.post("/workflows/{name}/proof/mend", auth=callers("design"), response=dict[str, Any])
def mend(request: HttpRequest, name: str, body: MendIn) -> dict[str, Any]:
    """Changes the draft as a counterexample proposes; both are counted from 0."""
    return {"revision": service.mend(_latest(name), body.counterexample, body.mend, request.user)}


@router.put("/workflows/{name}/publish-needs", auth=callers("design"), response=dict[str, Any])
def set_publish_needs(request: HttpRequest, name: str, body: NeedsIn) -> dict[str, Any]:
    """Says what publishing needs from now on: nothing, a proof that holds, or a rehearsal as well."""
    workflows.set_publish_needs(queries.get_workflow(name), body.needs)
    return {"needs": body.needs}
