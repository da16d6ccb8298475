"""The only writer of designs: drafts, publishing, importing, the shipped patterns.

A draft is guarded by its revision: who saves over somebody else's change is told, and nobody's
work is lost. A published version never changes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from designer import patterns
from designer.analysis.single_step import single_step
from designer.document.document import dump, parse, refused
from designer.document.limits import TITLE_LENGTH_MAX
from designer.document.readers import INVALID
from designer.document.readers import name as read_name
from designer.document.resolve import resolve_graph
from designer.errors import (
    DocumentRefused,
    ExpressionError,
    PublishRefused,
    StaleDraft,
    TrialRefused,
    UnknownWorkflow,
)
from designer.models import FILES, TRIAL_NUMBER, Workflow, WorkflowVersion
from designer.problems import Problem, Problems, errors, join
from designer.services.queries import document_of, find_version, get_workflow, problems_of
from designer.services.secrets import sealed_document
from workers.registry import get_catalog

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Saved:
    """A stored draft (published at once if `version` is given) and what is wrong with it."""

    name: str
    revision: int
    problems: list[Problem]
    version: WorkflowVersion | None = None


def save_draft(name: str, document: object, revision: int, user: Any = None) -> Saved:
    """Stores a draft, with its errors, if nobody saved since `revision` (0: there is no draft yet).

    Raises `StaleDraft`, or `DocumentRefused` for what cannot be stored at all.
    """
    storable = _storable(name, document)
    with transaction.atomic():
        Workflow.objects.get_or_create(name=name)
        _write_draft(name, storable, revision, user)
    return Saved(name, revision + 1, problems_of(document, name))


def publish(name: str, user: Any = None, revision: int | None = None) -> WorkflowVersion:
    """Makes the draft, if it still has that revision, the next version.

    Raises `PublishRefused` with every problem, `StaleDraft` or `UnknownWorkflow`.
    """
    workflow = _workflow_at(name, revision)
    ready = _ready(_draft_of(workflow), name)
    with transaction.atomic():
        locked = _locked(name)
        _check_revision(locked, workflow.draft_revision)
        _draft_of(locked)
        return _add_version(locked, ready, user, draft=None, is_pattern=False)


def keep_for_trial(name: str, revision: int | None = None, user: Any = None) -> WorkflowVersion:
    """Keeps what would be edited next, if the draft still has that revision, for one trial of it.

    Raises `TrialRefused` with every problem, `StaleDraft` or `UnknownWorkflow`.
    """
    workflow = _workflow_at(name, revision)
    return _keep(workflow, document_of(workflow) or {}, user)


def keep_of_file(document: Mapping[str, Any], resolved: Mapping[str, Any], user: Any) -> WorkflowVersion:
    """Keeps the definition of a run that came as a file, as trials are kept, under no workflow's name."""
    holder, _ = Workflow.every.get_or_create(name=FILES)
    return WorkflowVersion.every.create(
        workflow=holder, number=TRIAL_NUMBER, document=document, resolved=resolved, published_by=user
    )


def keep_step_for_trial(
    name: str, step: str, scope: Mapping[str, Any], revision: int | None = None, user: Any = None
) -> WorkflowVersion:
    """The same for one step alone, its expressions evaluated in `scope`; other steps may be wrong."""
    workflow = _workflow_at(name, revision)
    document = document_of(workflow) or {}
    steps = document.get("steps")
    places = [
        place
        for place, found in enumerate(steps if isinstance(steps, list) else ())
        if isinstance(found, dict) and found.get("name") == step
    ]
    if len(places) != 1:
        said = f"there is no step '{step}'" if not places else f"there are several steps '{step}'"
        raise TrialRefused([Problem("unknown_step", "steps", said)])
    try:
        return _keep(workflow, single_step(document, places[0], scope), user)
    except ExpressionError as error:
        raise TrialRefused([Problem("bad_expression", join("steps", places[0]), str(error))]) from None
    except TrialRefused as error:
        raise TrialRefused([_moved(problem, places[0]) for problem in error.problems]) from None


def _moved(problem: Problem, place: int) -> Problem:
    """A problem of the only step, told at the place that the step has in its workflow."""
    return replace(problem, path=problem.path.replace("steps[0]", join("steps", place), 1))


def _keep(workflow: Workflow, document: dict[str, Any], user: Any) -> WorkflowVersion:
    try:
        ready = _ready(document, workflow.name)
    except PublishRefused as error:
        raise TrialRefused(error.problems) from None
    return WorkflowVersion.every.create(
        workflow=workflow,
        number=TRIAL_NUMBER,
        document=ready.document,
        resolved=ready.resolved,
        published_by=user,
    )


def _workflow_at(name: str, revision: int | None) -> Workflow:
    workflow = get_workflow(name)
    if revision is not None:
        _check_revision(workflow, revision)
    return workflow


def import_document(document: object, publish: bool = False, user: Any = None) -> Saved:
    """Stores a document as the draft, or at once as the next version, of the workflow that it names.

    A draft that was there is replaced. Raises `DocumentRefused` or `PublishRefused`; then nothing
    is stored.
    """
    written = document.get("name") if isinstance(document, Mapping) else None
    name = written if isinstance(written, str) else ""
    storable = _storable(name, document)
    ready = _ready(storable, name) if publish else None
    version = None
    with transaction.atomic():
        Workflow.objects.get_or_create(name=name)
        workflow = _locked(name)
        _write_draft(name, storable, workflow.draft_revision, user)
        if ready:
            version = _add_version(workflow, ready, user, draft=None, is_pattern=False)
    return Saved(name, workflow.draft_revision + 1, problems_of(document), version)


def discard_draft(name: str, revision: int) -> None:
    """Forgets a draft, so that the newest version is what is edited next. Raises `StaleDraft`."""
    with transaction.atomic():
        workflow = _locked(name)
        _check_revision(workflow, revision)
        Workflow.objects.filter(pk=workflow.pk).update(draft=None)


def sync_patterns() -> list[WorkflowVersion]:
    """Publishes the shipped patterns that are new or changed; gives those versions.

    What a person has published or drafted under a pattern's name is left alone. A pattern that
    cannot be published (a worker is missing) is logged and does not stop the others.
    """
    published = []
    for document in patterns.load():
        try:
            version = _sync_pattern(document)
        except PublishRefused as error:
            logger.error("The pattern %s is not published: %s", document["name"], error)
            continue
        published += [version] if version else []
    return published


def _sync_pattern(document: dict[str, Any]) -> WorkflowVersion | None:
    ready = _ready(document, document["name"])
    with transaction.atomic():
        Workflow.objects.get_or_create(name=document["name"], defaults={"is_pattern": True})
        workflow = _locked(document["name"])
        newest = find_version(workflow)
        is_current = newest is not None and (newest.document, newest.resolved) == (document, ready.resolved)
        if is_current or not workflow.is_pattern:
            return None
        return _add_version(workflow, ready, None)


@dataclass(frozen=True)
class _Ready:
    """A document that may be published."""

    document: dict[str, Any]
    resolved: dict[str, Any]


def _ready(document: dict[str, Any], name: str) -> _Ready:
    """Checked before anything is locked: it may take a moment for a large workflow."""
    wrong = errors(problems_of(document, name))
    graph, _ = parse(document)
    if wrong or graph is None:
        raise PublishRefused(wrong)
    return _Ready(document, dump(resolve_graph(graph, get_catalog())))


def _add_version(workflow: Workflow, ready: _Ready, user: Any, **changes: Any) -> WorkflowVersion:
    newest = find_version(workflow)
    Workflow.objects.filter(pk=workflow.pk).update(
        title=_title(ready.document), updated_at=timezone.now(), updated_by=user, **changes
    )
    return WorkflowVersion.objects.create(
        workflow=workflow,
        number=newest.number + 1 if newest else 1,
        document=ready.document,
        resolved=ready.resolved,
        published_by=user,
    )


def _draft_of(workflow: Workflow) -> dict[str, Any]:
    if workflow.draft is None:
        raise PublishRefused([Problem("no_draft", "", "there is no draft to publish")])
    return dict(workflow.draft)


def _check_revision(workflow: Workflow, revision: int) -> None:
    if workflow.draft_revision != revision:
        current = document_of(workflow) or {}
        raise StaleDraft(current, workflow.draft_revision, current)


def _locked(name: str) -> Workflow:
    workflow = Workflow.objects.select_for_update().filter(name=name).first()
    if workflow is None:
        raise UnknownWorkflow(name)
    return workflow


def _write_draft(name: str, document: dict[str, Any], revision: int, user: Any) -> None:
    changed = Workflow.objects.filter(name=name, draft_revision=revision).update(
        draft=document,
        draft_revision=F("draft_revision") + 1,
        title=_title(document),
        updated_at=timezone.now(),
        updated_by=user,
    )
    if not changed:
        workflow = Workflow.objects.get(name=name)
        raise StaleDraft(document_of(workflow) or {}, workflow.draft_revision, document)


def _title(document: Mapping[str, Any]) -> str:
    title = document.get("title")
    return title[:TITLE_LENGTH_MAX] if isinstance(title, str) else ""


def _storable(name: object, document: object) -> dict[str, Any]:
    """The document, or `DocumentRefused`: not an object, too large, without a name to keep it under.

    Secrets in it are sealed."""
    refusal = refused(document)
    if refusal is None and not isinstance(document, Mapping):
        refusal = Problem("bad_type", "", "a workflow is an object")
    found = Problems()
    if refusal is None and read_name(name, "name", found.error) is INVALID:
        refusal = found.found[0]
    if refusal is not None or not isinstance(document, Mapping):
        raise DocumentRefused([refusal] if refusal else [])
    return sealed_document(dict(document), get_catalog(), settings.SECRET_KEY)
