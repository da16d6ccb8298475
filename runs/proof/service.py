"""Proof service: starts, follows and stops an exploration, mends a draft, opens a counterexample as a run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson

from config.lib.apart import in_background
from designer.document.document import parse
from designer.document.graph import Graph
from designer.errors import DesignerError, PublishRefused
from designer.models import Certificate, Workflow
from designer.services import workflows
from designer.services.folder_rights import seen_names
from designer.services.queries import document_of, published_graph
from runs.errors import RunsError
from runs.explorer.certificate import certificate_of, shown
from runs.explorer.mends import mended
from runs.explorer.search import Budget, Exploration, explore
from runs.models import Run
from runs.proof import certificates
from runs.proof.histories import history_of
from runs.store import reader
from runs.transfer.import_ import keep, read
from workers.registry import get_catalog

CPU_S_MAX = 300.0
PAIRS_MAX = 2_000_000
TOLD_EVERY_S = 0.5
SILENT_S = 20.0  # a process that is not heard of for so long has ended
KEPT_MAX = 20  # certificates of one workflow

State = Certificate.State
Json = dict[str, Any]


class NoProof(RunsError):
    """There is no such proof."""

    status = 404
    code = "no_proof"


class NotMendable(DesignerError):
    """The draft has changed, so that this cannot be mended any more; have it proven again."""

    status = 409
    code = "not_mendable"


def start(name: str, revision: int | None = None, pairs: int | None = None, user: Any = None) -> Certificate:
    """Starts the exploration of what `user` would publish of a workflow, in the background.

    `pairs`: how many states pairs of faults may take. Raises `PublishRefused`, `StaleDraft`,
    `UnknownWorkflow` or `NoTurn`.
    """
    workflow, resolved = workflows.publishable_document(name, revision, user)
    graph = parsed(resolved)
    certificate = Certificate.objects.create(
        workflow=workflow,
        digest=certificates.digest_of(resolved),
        builds_on=certificates.builds_on(graph),
        progress={"histories": 0, "states": 0},
        seen_at=reader.now(),
    )
    try:
        in_background(work, certificate.pk, document_of(workflow), resolved, pairs, cpu_s=CPU_S_MAX)
    except Exception:
        certificate.delete()
        raise
    _forget_old(workflow)
    certificate.refresh_from_db()
    return certificate


def parsed(resolved: Mapping[str, Any]) -> Graph:
    """Returns the graph of a definition that can be published. Raises PublishRefused."""
    graph, problems = parse(resolved)
    if graph is None:
        raise PublishRefused(problems)
    return graph


def _forget_old(workflow: Workflow) -> None:
    kept = list(workflow.certificates.values_list("pk", flat=True)[:KEPT_MAX])
    published = [
        certificates.digest_of(resolved)
        for resolved in workflow.versions.values_list("resolved", flat=True)[:KEPT_MAX]
    ]
    workflow.certificates.exclude(pk__in=kept).exclude(digest__in=published).delete()


# --- the process in the background ---


def work(pk: int, document: Json, resolved: Json, pairs: int | None) -> None:
    """Explores, and writes down how far it has come and what has come of it."""
    graph, row = parsed(resolved), Certificate.objects.filter(pk=pk)
    budget = Budget() if pairs is None else Budget(pairs=pairs)
    teller = _Teller(pk)
    try:
        found = explore(graph, published_graph, budget, teller.tell)
    except Exception:
        row.update(state=State.FAILED, seen_at=reader.now())
        raise
    row.update(
        state=State.STOPPED if teller.is_stopped else State.DONE,
        holds=found.is_proven,
        content=certificate_of(graph, found, undos()),
        histories=[history_of(one, document, resolved) for one in shown(found)],
        progress={"histories": found.histories, "states": found.decisions},
        seen_at=reader.now(),
    )


def undos() -> dict[str, str]:
    """Returns by worker the one that its author names as its undo."""
    return {name: spec.compensation for name, spec in get_catalog().items() if spec.compensation}


class _Teller:
    """Writes progress down now and then, and looks whether somebody wants it stopped."""

    def __init__(self, pk: int) -> None:
        self.pk = pk
        self.next_at = time.monotonic() + TOLD_EVERY_S
        self.is_stopped = False

    def tell(self, found: Exploration) -> bool:
        if time.monotonic() >= self.next_at:
            self.next_at = time.monotonic() + TOLD_EVERY_S
            row = Certificate.objects.filter(pk=self.pk)
            progress = {"histories": found.histories, "states": found.decisions}
            row.update(progress=progress, seen_at=reader.now())
            self.is_stopped = not row.filter(stop_asked=False).exists()
        return not self.is_stopped


def stop(certificate: Certificate) -> None:
    """Asks an exploration to stop; what it has found until then stays."""
    Certificate.objects.filter(pk=certificate.pk, state=State.RUNNING).update(stop_asked=True)


# --- what is shown ---


def latest(workflow: Workflow) -> Certificate | None:
    """Returns the newest certificate, whatever it speaks of; one whose process is gone counts as failed."""
    found = workflow.certificates.defer("histories").first()
    if found is not None and is_silent(found):
        Certificate.objects.filter(pk=found.pk, state=State.RUNNING).update(state=State.FAILED)
        found.refresh_from_db()
    return found


def is_silent(certificate: Certificate) -> bool:
    silent_since = reader.now() - timedelta(seconds=SILENT_S)
    return certificate.state == State.RUNNING and certificate.seen_at < silent_since


def is_current(certificate: Certificate) -> bool:
    """Whether it speaks of what would be published now."""
    try:
        workflow, resolved = workflows.publishable_document(certificate.workflow.name)
    except PublishRefused:
        return False
    current = certificates.certificate_of(workflow, resolved)
    return current is not None and current.pk == certificate.pk


def builds_on_for(certificate: Certificate, user: Any) -> dict[str, int]:
    """Returns the versions that it builds on, of workflows that a person may see."""
    seen = seen_names(user, set(certificate.builds_on))
    return {name: number for name, number in certificate.builds_on.items() if name in seen}


def hides_counterexamples(certificate: Certificate, user: Any) -> bool:
    """Whether its counterexamples may tell of workflows that a person may not see."""
    names = set(certificate.builds_on)
    return seen_names(user, names) != names


def content_for(certificate: Certificate, user: Any) -> Json | None:
    """Returns what a proof has shown, as far as a person may know it."""
    content: Json | None = certificate.content
    if content is None or not hides_counterexamples(certificate, user):
        return content
    count = len(content["counterexamples"]) + content["left_out"]
    hidden = "Counterexamples are not shown: it runs workflows that are not for you to see."
    return {
        **content,
        "counterexamples": [],
        "left_out": count,
        "not_explored": [*content["not_explored"], hidden],
    }


def certificate_json(certificate: Certificate, user: Any, *, current: bool) -> Json:
    """`content` is None while the exploration is under way."""
    return {
        "id": certificate.pk,
        "workflow": certificate.workflow.name,
        "digest": certificate.digest,
        "builds_on": builds_on_for(certificate, user),
        "state": certificate.state,
        "holds": certificate.holds,
        "current": current,
        "progress": certificate.progress,
        "started_at": certificate.started_at.isoformat(),
        "content": content_for(certificate, user),
    }


# --- what is done with it ---


def open_counterexample(certificate: Certificate, number: int, user: Any) -> Run:
    """Opens a counterexample as a run that can be looked at, entry by entry. Raises NoProof."""
    if hides_counterexamples(certificate, user):
        raise NoProof("Its counterexamples may tell of workflows that are not for you to see.")
    histories = Certificate.objects.values_list("histories", flat=True).get(pk=certificate.pk)
    if not 0 <= number < len(histories):
        raise NoProof(f"The proof has no counterexample {number + 1}.")
    name = f"counterexample {number + 1} of {certificate.workflow.name}"
    return keep(read(orjson.dumps(histories[number])), user, name, is_explored=True)


def mend(certificate: Certificate, number: int, mend_number: int, user: Any) -> int:
    """Changes the draft as a counterexample proposes. Returns the draft's new revision.

    Raises NoProof, NotMendable or `StaleDraft`.
    """
    content = certificate.content or {}
    try:
        chosen = content["counterexamples"][number]["mends"][mend_number]
    except (KeyError, IndexError):
        raise NoProof("There is no such proposal.") from None
    workflow = Workflow.objects.get(pk=certificate.workflow_id)
    document = mended(document_of(workflow) or {}, chosen)
    if document is None:
        raise NotMendable
    return workflows.save_draft(workflow.name, document, workflow.draft_revision, user).revision
