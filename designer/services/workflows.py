"""Workflow service, the only writer of workflows and versions: drafts, publishing, imports, shipped patterns.

A draft has a revision. A save states the revision that was edited, and the UPDATE matches only that one, so a
concurrent change is refused instead of overwritten. Validation, which may take a while for a large workflow,
runs before a row is locked; the revision is checked again under the lock. A published version never changes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.lib.apart import apart
from config.sealing_keys import sealing_keys
from designer import patterns
from designer.analysis.single_step import places_of, single_step
from designer.document.document import dump, parse, storage_problem, with_schema
from designer.document.limits import TITLE_LENGTH_MAX
from designer.document.readers import INVALID
from designer.document.readers import name as read_name
from designer.document.resolve import resolve_graph
from designer.document.waits import event_types
from designer.errors import (
    DocumentRefused,
    ExpressionError,
    PublishRefused,
    StaleDraft,
    TrialRefused,
    UnknownWorkflow,
)
from designer.models import FILES, TRIAL_NUMBER, AwaitedEvent, PublishNeeds, Workflow, WorkflowVersion
from designer.problems import Problem, Problems, errors, join
from designer.saved_tests.model import SavedTest
from designer.saved_tests.reading import dump_tests
from designer.services import before_publishing
from designer.services.connections import limit_of
from designer.services.folder_rights import barred
from designer.services.queries import document_of, find_version, get_workflow, problems_of
from designer.services.saved_tests import documents_of, read, replace_tests
from designer.services.secrets import Sealing
from workers.registry import get_catalog

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Saved:
    """A stored draft and its problems; `version` is set if it was published at once."""

    name: str
    revision: int
    problems: list[Problem]
    version: WorkflowVersion | None = None


def save_draft(name: str, document: object, revision: int, user: Any = None) -> Saved:
    """Stores a draft, which may have errors, if its revision is still `revision` (0: there is no draft yet).

    Raises `StaleDraft`, or `DocumentRefused` if the document cannot be stored at all.
    """
    storable = _storable(name, document)
    with transaction.atomic():
        Workflow.objects.get_or_create(name=name)
        _write_draft(name, with_schema(storable), revision, user)
    return Saved(name, revision + 1, apart(problems_of, storable, name, barred(user, "view")))


def publish(
    name: str,
    user: Any = None,
    revision: int | None = None,
    note: str = "",
    despite: frozenset[str] = frozenset(),
) -> WorkflowVersion:
    """Publishes the draft as the next version, if its revision is still `revision` or that is None.

    `note` says what is new in it. `despite`: codes of the gates that are to be passed all the same, as
    `tests_failed`.

    Raises `PublishRefused` with every problem, `StaleDraft`, `UnknownWorkflow`, or what a gate raises.
    """
    workflow = _workflow_at(name, revision)
    publishable = _publishable(_draft_of(workflow), name, user)
    before_publishing.ask(name, publishable.resolved, documents_of(workflow), despite)
    with transaction.atomic():
        locked = _lock_workflow(name)
        _check_revision(locked, workflow.draft_revision)
        _draft_of(locked)
        return _add_version(locked, publishable, user, note.strip(), draft=None, is_pattern=False)


def publishable_document(
    name: str, revision: int | None = None, user: Any = None
) -> tuple[Workflow, dict[str, Any]]:
    """Returns a workflow and what `user` would publish of it, or is published, with all defaults filled in.

    Raises `PublishRefused`, `StaleDraft` or `UnknownWorkflow`.
    """
    workflow = _workflow_at(name, revision)
    return workflow, _publishable(document_of(workflow) or {}, name, user).resolved


def create_trial_version(name: str, revision: int | None = None, user: Any = None) -> WorkflowVersion:
    """Stores the document that is edited next for one trial of it, if its revision is still `revision`.

    Raises `TrialRefused` with every problem, `StaleDraft` or `UnknownWorkflow`.
    """
    workflow = _workflow_at(name, revision)
    return _create_trial_version(workflow, document_of(workflow) or {}, user)


def create_imported_version(
    document: Mapping[str, Any], resolved: Mapping[str, Any], user: Any
) -> WorkflowVersion:
    """Stores the definition of an imported run, as for a trial, under the holder of imported definitions."""
    holder, _ = Workflow.every.get_or_create(name=FILES)
    return WorkflowVersion.every.create(
        workflow=holder, number=TRIAL_NUMBER, document=document, resolved=resolved, published_by=user
    )


def create_step_trial_version(
    name: str, step: str, scope: Mapping[str, Any], revision: int | None = None, user: Any = None
) -> WorkflowVersion:
    """The same for a single step, `outer/inner` for one of a body, its expressions evaluated in `scope`.

    Other steps may have errors.
    """
    workflow = _workflow_at(name, revision)
    document = document_of(workflow) or {}
    places = places_of(document, step)
    if len(places) != 1:
        message = f"there are several steps '{step}'" if places else "there is no step of that name"
        raise TrialRefused([Problem("unknown_step", "steps", message)])
    path = ".body.".join(join("steps", place) for place in places[0])
    try:
        return _create_trial_version(workflow, single_step(document, places[0], scope), user)
    except ExpressionError as error:
        raise TrialRefused([Problem("bad_expression", path, str(error))]) from None
    except TrialRefused as error:
        raise TrialRefused([_moved(problem, path) for problem in error.problems]) from None


def _moved(problem: Problem, path: str) -> Problem:
    """A problem of the single step, with the path that the step has in its workflow."""
    return replace(problem, path=problem.path.replace("steps[0]", path, 1))


def _create_trial_version(workflow: Workflow, document: dict[str, Any], user: Any) -> WorkflowVersion:
    try:
        publishable = _publishable(document, workflow.name, user)
    except PublishRefused as error:
        raise TrialRefused(error.problems) from None
    version = WorkflowVersion.every.create(
        workflow=workflow,
        number=TRIAL_NUMBER,
        document=publishable.document,
        resolved=publishable.resolved,
        published_by=user,
    )
    note_awaited_events(version)
    return version


def _workflow_at(name: str, revision: int | None) -> Workflow:
    workflow = get_workflow(name)
    if revision is not None:
        _check_revision(workflow, revision)
    return workflow


def import_document(
    document: object,
    publish: bool = False,
    user: Any = None,
    tests: Sequence[SavedTest] | None = None,
    despite: frozenset[str] = frozenset(),
) -> Saved:
    """Stores a document as the draft, or at once as the next version, of the workflow that it names.

    Replaces an existing draft, and with `tests` the tests that the workflow has. Raises `DocumentRefused`,
    `PublishRefused` or `TestsFailed`, and stores nothing then.
    """
    stated_name = document.get("name") if isinstance(document, Mapping) else None
    name = stated_name if isinstance(stated_name, str) else ""
    hidden = barred(user, "view")
    storable = _storable(name, document)
    publishable = _publishable(storable, name, user) if publish else None
    if publishable:
        before_publishing.ask(name, publishable.resolved, _tests_for(name, tests), despite)
    version = None
    with transaction.atomic():
        Workflow.objects.get_or_create(name=name)
        workflow = _lock_workflow(name)
        if tests is not None:
            replace_tests(name, tests)
        _write_draft(name, with_schema(storable), workflow.draft_revision, user)
        if publishable:
            version = _add_version(workflow, publishable, user, draft=None, is_pattern=False)
    return Saved(name, workflow.draft_revision + 1, apart(problems_of, storable, None, hidden), version)


def _tests_for(name: str, tests: Sequence[SavedTest] | None) -> list[dict[str, Any]]:
    """Returns the tests that come with a document, else those that its workflow has."""
    if tests is not None:
        return dump_tests(tests)
    workflow = Workflow.objects.filter(name=name).first()
    return documents_of(workflow) if workflow else []


def discard_draft(name: str, revision: int) -> None:
    """Deletes a draft, so that the newest version is edited next.

    Raises `StaleDraft` or `UnknownWorkflow`.
    """
    with transaction.atomic():
        workflow = _lock_workflow(name)
        _check_revision(workflow, revision)
        Workflow.objects.filter(pk=workflow.pk).update(draft=None)


def set_publish_needs(workflow: Workflow, needs: str) -> None:
    """Says what publishing needs from now on."""
    Workflow.objects.filter(pk=workflow.pk).update(publish_needs=PublishNeeds(needs))


def sync_patterns() -> list[WorkflowVersion]:
    """Publishes the shipped patterns that are new or changed, and returns the new versions.

    A workflow of a person that has the name of a pattern stays as it is. A pattern that cannot be published,
    for example because a worker is missing, is logged and does not stop the others.
    """
    published = []
    for document in patterns.offered():
        try:
            version = sync_pattern(document)
        except PublishRefused as error:
            logger.error("The pattern %s is not published: %s", document["name"], error)
            continue
        published += [version] if version else []
    return published


def sync_pattern(document: dict[str, Any]) -> WorkflowVersion | None:
    """Publishes a shipped pattern that is new or changed; returns the new version. Raises PublishRefused."""
    publishable = _publishable(document, document["name"])
    with transaction.atomic():
        Workflow.objects.get_or_create(name=document["name"], defaults={"is_pattern": True})
        workflow = _lock_workflow(document["name"])
        if workflow.is_pattern:
            _sync_tests(workflow)
        newest = find_version(workflow)
        is_current = newest is not None and (newest.document, newest.resolved) == (
            document,
            publishable.resolved,
        )
        if is_current or not workflow.is_pattern:
            return None
        return _add_version(workflow, publishable, None)


def _sync_tests(workflow: Workflow) -> None:
    """Brings the shipped tests of a pattern up to date; those that people have added stay."""
    shipped, stored = patterns.tests_of(workflow.name), documents_of(workflow)
    names = {test["name"] for test in shipped}
    merged = read([*shipped, *(test for test in stored if test["name"] not in names)]) if shipped else []
    if merged and dump_tests(merged) != stored:
        replace_tests(workflow.name, merged)


@dataclass(frozen=True)
class _Publishable:
    """A document without errors, and the same with its defaults resolved."""

    document: dict[str, Any]
    resolved: dict[str, Any]


def _publishable(document: dict[str, Any], name: str, user: Any = None) -> _Publishable:
    """Validates and resolves a document; raises `PublishRefused`. Takes no lock, as this may take a while."""
    problems = errors(apart(problems_of, document, name, barred(user, "view")))
    graph, _ = parse(document)
    if problems or graph is None:
        raise PublishRefused(problems)
    return _Publishable(with_schema(document), dump(resolve_graph(graph, get_catalog(), limit_of)))


def _add_version(
    workflow: Workflow, publishable: _Publishable, user: Any, note: str = "", **changes: Any
) -> WorkflowVersion:
    newest = find_version(workflow)
    Workflow.objects.filter(pk=workflow.pk).update(
        title=_title(publishable.document),
        updated_at=timezone.now(),
        updated_by=user,
        updated_by_name=None,
        **changes,
    )
    version = WorkflowVersion.objects.create(
        workflow=workflow,
        number=newest.number + 1 if newest else 1,
        document=publishable.document,
        resolved=publishable.resolved,
        published_by=user,
        note=note,
    )
    note_awaited_events(version)
    return version


def note_awaited_events(version: WorkflowVersion) -> None:
    """Stores the types of events that steps of a new version wait for."""
    types = sorted(event_types(version.resolved))
    AwaitedEvent.objects.bulk_create(AwaitedEvent(version=version, event_type=type) for type in types)


def _draft_of(workflow: Workflow) -> dict[str, Any]:
    if workflow.draft is None:
        raise PublishRefused([Problem("no_draft", "", "there is no draft to publish")])
    return dict(workflow.draft)


def _check_revision(workflow: Workflow, revision: int) -> None:
    if workflow.draft_revision != revision:
        current = document_of(workflow) or {}
        raise StaleDraft(current, workflow.draft_revision, current)


def _lock_workflow(name: str) -> Workflow:
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
        updated_by_name=None,
    )
    if not changed:
        workflow = Workflow.objects.get(name=name)
        raise StaleDraft(document_of(workflow) or {}, workflow.draft_revision, document)


def _title(document: Mapping[str, Any]) -> str:
    title = document.get("title")
    return title[:TITLE_LENGTH_MAX] if isinstance(title, str) else ""


def _storable(name: object, document: object) -> dict[str, Any]:
    """The document with its secrets sealed.

    Raises `DocumentRefused` if it is no object or too large, or `name` is no name of a workflow.
    """
    refusal = storage_problem(document)
    if refusal is None and not isinstance(document, Mapping):
        refusal = Problem("bad_type", "", "a workflow is an object")
    problems = Problems()
    if refusal is None and read_name(name, "name", problems.error) is INVALID:
        refusal = problems.reported[0]
    if refusal is not None or not isinstance(document, Mapping):
        raise DocumentRefused([refusal] if refusal else [])
    stored = _stored_documents(str(name))
    return Sealing(str(name), get_catalog(), sealing_keys(), stored).document(dict(document))


def _stored_documents(name: str) -> list[dict[str, Any]]:
    """The newest version's document and the draft of a workflow, as far as there are any."""
    newest = find_version(name)
    drafts = Workflow.objects.filter(name=name, draft__isnull=False).values_list("draft", flat=True)
    return [*([newest.document] if newest else []), *drafts]
