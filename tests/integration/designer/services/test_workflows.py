"""Drafts, versions, imports and the shipped patterns, in the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from designer import patterns
from designer.errors import DocumentRefused, NotPublished, PublishRefused, StaleDraft, UnknownWorkflow
from designer.models import Workflow, WorkflowVersion
from designer.problems import errors
from designer.services import workflows
from designer.services.queries import document_of, get_version, get_workflow, problems_of, published_graph

pytestmark = pytest.mark.django_db


def document(name: str = "mine", *, worker: str = "validate_input", **fields: Any) -> dict[str, Any]:
    return {"schema": 1, "name": name, "steps": [{"name": "a", "worker": worker}], **fields}


@pytest.fixture
def ada() -> Any:
    return get_user_model().objects.create_user("ada")


def test_a_draft_is_made_saved_and_published(ada: Any) -> None:
    assert workflows.save_draft("mine", document(title="One"), 0, ada).revision == 1
    saved = workflows.save_draft("mine", document(title="Two"), 1, ada)
    assert (saved.revision, saved.problems) == (2, [])
    version = workflows.publish("mine", ada)
    workflow = get_workflow("mine")
    assert (version.number, version.document, version.published_by) == (1, document(title="Two"), ada)
    assert (workflow.draft, workflow.draft_revision, workflow.title) == (None, 2, "Two")
    assert version.resolved["steps"][0]["timeout"] == 300
    assert version.resolved["steps"][0]["compensation"] == "none"


@pytest.mark.rule("R1.2")
def test_versions_are_numbered_and_stay() -> None:
    for number in (1, 2, 3):
        workflows.import_document(document(title=f"V{number}"), publish=True)
    assert [get_version("mine", number).document["title"] for number in (1, 2, 3)] == ["V1", "V2", "V3"]
    assert get_version("mine").number == 3


def test_after_publishing_the_version_is_what_is_edited_next() -> None:
    workflows.import_document(document(), publish=True)
    workflow = get_workflow("mine")
    assert document_of(workflow) == document()
    saved = workflows.save_draft("mine", document(title="Next"), workflow.draft_revision)
    assert document_of(get_workflow("mine")) == document(title="Next")
    workflows.discard_draft("mine", saved.revision)
    assert document_of(get_workflow("mine")) == document()


def test_who_saves_second_gets_both_documents() -> None:
    workflows.save_draft("mine", document(title="Base"), 0)
    workflows.save_draft("mine", document(title="First"), 1)
    with pytest.raises(StaleDraft) as error:
        workflows.save_draft("mine", document(title="Second"), 1)
    assert error.value.revision == 2
    assert (error.value.current["title"], error.value.yours["title"]) == ("First", "Second")
    assert get_workflow("mine").draft == document(title="First")


def test_a_revision_that_never_was_makes_no_workflow() -> None:
    with pytest.raises(StaleDraft):
        workflows.save_draft("mine", document(), 7)
    assert not Workflow.objects.filter(name="mine").exists()


def test_publishing_a_draft_that_somebody_changed() -> None:
    workflows.save_draft("mine", document(), 0)
    with pytest.raises(StaleDraft):
        workflows.publish("mine", revision=0)
    assert workflows.publish("mine", revision=1).number == 1


def test_a_draft_may_hold_errors_but_is_not_published() -> None:
    wrong = document(worker="nope", surprise=1)
    saved = workflows.save_draft("mine", wrong, 0)
    assert [problem.code for problem in saved.problems] == ["unknown_field", "unknown_worker"]
    assert get_workflow("mine").draft == wrong
    with pytest.raises(PublishRefused) as error:
        workflows.publish("mine")
    assert [problem.path for problem in error.value.problems] == ["surprise", "steps[0].worker"]
    assert get_workflow("mine").draft == wrong
    assert not WorkflowVersion.objects.filter(workflow__name="mine").exists()


def test_warnings_do_not_keep_from_publishing() -> None:
    workflows.import_document(document(sample_input={"a": 1}, input_schema={"required": ["b"]}), publish=True)
    assert [problem.level for problem in problems_of(get_version("mine").document)] == ["warning"]


def test_there_is_nothing_to_publish_twice() -> None:
    workflows.import_document(document(), publish=True)
    with pytest.raises(PublishRefused, match="no draft"):
        workflows.publish("mine")


@pytest.mark.parametrize("name", ["Mine", "", "a" * 64, "../x"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(DocumentRefused, match="is not a name"):
        workflows.save_draft(name, document(), 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([], "bad_type"),
        (None, "bad_type"),
        (document(steps=[{}] * 1_001), "too_many_steps"),
        (document(notes="\0"), "bad_value"),
        (document(x=float("nan")), "bad_value"),
    ],
)
def test_what_cannot_be_stored_is_refused(content: Any, code: str) -> None:
    with pytest.raises(DocumentRefused) as error:
        workflows.save_draft("mine", content, 0)
    assert [problem.code for problem in error.value.problems] == [code]
    assert not Workflow.objects.filter(name="mine").exists()


def test_a_workflow_keeps_its_name() -> None:
    saved = workflows.save_draft("mine", document("other"), 0)
    assert [(problem.code, problem.path) for problem in saved.problems] == [("name_mismatch", "name")]
    with pytest.raises(PublishRefused, match="keeps its name"):
        workflows.publish("mine")


def test_a_refused_import_leaves_nothing_behind() -> None:
    with pytest.raises(PublishRefused):
        workflows.import_document(document(worker="nope"), publish=True)
    with pytest.raises(DocumentRefused):
        workflows.import_document({"schema": 1})
    assert not Workflow.objects.filter(name="mine").exists()


def test_an_import_replaces_the_draft() -> None:
    workflows.save_draft("mine", document(title="Draft"), 0)
    saved = workflows.import_document(document(title="File"))
    assert (saved.revision, saved.version) == (2, None)
    assert get_workflow("mine").draft == document(title="File")


def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(UnknownWorkflow, match="'nope'"):
        workflows.publish("nope")
    workflows.save_draft("mine", document(), 0)
    with pytest.raises(NotPublished, match="publish its draft first"):
        get_version("mine")
    workflows.publish("mine")
    with pytest.raises(UnknownWorkflow, match="a version 9"):
        get_version("mine", 9)
    assert published_graph("nope") is None


def child(name: str, workflow: str) -> dict[str, Any]:
    return {"schema": 1, "name": name, "steps": [{"name": "a", "kind": "workflow", "workflow": workflow}]}


def test_workflows_that_would_run_each_other_for_ever_are_refused() -> None:
    workflows.import_document(document("bottom"), publish=True)
    workflows.import_document(child("middle", "bottom"), publish=True)
    workflows.import_document(child("top", "middle"), publish=True)
    with pytest.raises(PublishRefused, match="self_reference"):
        workflows.import_document(child("bottom", "top"), publish=True)


def test_workflows_may_be_nested_twenty_deep() -> None:
    workflows.import_document(document("level_20"), publish=True)
    for level in range(19, -1, -1):
        workflows.import_document(child(f"level_{level}", f"level_{level + 1}"), publish=True)
    with pytest.raises(PublishRefused, match="workflow_too_deep"):
        workflows.import_document(child("one_more", "level_0"), publish=True)


def test_patterns_are_published_once() -> None:
    Workflow.objects.all().delete()
    assert [version.workflow.name for version in workflows.sync_patterns()] == list(patterns.NAMES)
    assert workflows.sync_patterns() == []
    assert set(Workflow.objects.filter(is_pattern=True).values_list("name", flat=True)) == set(patterns.NAMES)


def test_without_examples_none_is_published_or_offered(settings: Any) -> None:
    Workflow.objects.all().delete()
    settings.EXAMPLES = False
    assert workflows.sync_patterns() == []
    assert not Workflow.objects.exists()
    assert patterns.offered() == [] and patterns.load()


def test_a_changed_pattern_becomes_a_new_version(monkeypatch: pytest.MonkeyPatch) -> None:
    workflows.sync_patterns()
    changed = patterns.read("order_processing") | {"title": "Orders"}
    monkeypatch.setattr(patterns, "load", lambda: [changed])
    assert [version.number for version in workflows.sync_patterns()] == [2]
    assert workflows.sync_patterns() == []
    assert get_workflow("order_processing").title == "Orders"


def test_patterns_leave_alone_what_a_person_made(monkeypatch: pytest.MonkeyPatch, ada: Any) -> None:
    workflows.sync_patterns()
    mine = patterns.read("order_processing") | {"title": "Mine"}
    revision = get_workflow("order_processing").draft_revision
    workflows.save_draft("order_processing", mine, revision, ada)
    monkeypatch.setattr(patterns, "load", lambda: [mine | {"title": "Shipped again"}])
    assert len(workflows.sync_patterns()) == 1
    assert get_workflow("order_processing").draft == mine
    workflows.publish("order_processing", ada)
    assert workflows.sync_patterns() == []
    assert get_version("order_processing").document["title"] == "Mine"


def test_a_workflow_with_the_name_of_a_pattern_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    workflows.import_document(document("mine"), publish=True)
    monkeypatch.setattr(patterns, "load", lambda: [document("mine", title="Shipped")])
    assert workflows.sync_patterns() == []


def test_one_broken_pattern_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patterns, "load", lambda: [document("broken", worker="nope"), document("fine")])
    assert [version.workflow.name for version in workflows.sync_patterns()] == ["fine"]
    assert "The pattern broken is not published" in caplog.text
    assert not Workflow.objects.filter(name="broken").exists()


def in_threads(work: Any, count: int = 4) -> list[Any]:
    def closing(number: int) -> Any:
        try:
            return work(number)
        except (StaleDraft, PublishRefused) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(closing, range(count)))


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_at_once_publish_each_pattern_once() -> None:
    published = [
        version for versions in in_threads(lambda _: workflows.sync_patterns()) for version in versions
    ]
    assert sorted(version.workflow.name for version in published) == sorted(patterns.NAMES)
    assert set(WorkflowVersion.objects.values_list("number", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_at_once_one_wins() -> None:
    workflows.save_draft("mine", document(), 0)
    results = in_threads(lambda number: workflows.save_draft("mine", document(title=str(number)), 1))
    saved = [result for result in results if isinstance(result, workflows.Saved)]
    assert len(saved) == 1 and get_workflow("mine").draft_revision == 2
    assert all(isinstance(result, StaleDraft) for result in results if result not in saved)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_publish_at_once_one_does() -> None:
    workflows.save_draft("mine", document(), 0)
    results = in_threads(lambda _: workflows.publish("mine"))
    assert sum(isinstance(result, WorkflowVersion) for result in results) == 1
    assert list(WorkflowVersion.objects.values_list("number", flat=True)) == [1]


@pytest.mark.django_db(transaction=True)
def test_versions_that_are_imported_at_once_have_different_numbers() -> None:
    in_threads(lambda number: workflows.import_document(document(title=str(number)), publish=True))
    assert sorted(WorkflowVersion.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    assert not errors(problems_of(get_version("mine").document))
