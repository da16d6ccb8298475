"""Service of saved tests, the only writer of `WorkflowTest`: a workflow's list is read and replaced whole.

Who replaces it may state the digest of the list that was read, so that nobody's change is lost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from designer.errors import StaleTests, TestsRefused, UnknownWorkflow
from designer.models import Workflow, WorkflowTest
from designer.saved_tests.model import SavedTest
from designer.saved_tests.reading import dump_tests, read_tests
from designer.services.queries import get_workflow

Document = dict[str, Any]


def documents_of(workflow: Workflow) -> list[Document]:
    """Returns the tests of a workflow as JSON values, in their order."""
    return [dict(document) for document in workflow.tests.values_list("document", flat=True)]


def tests_of(name: str) -> list[Document]:
    """Raises UnknownWorkflow."""
    return documents_of(get_workflow(name))


def digest_of(documents: Sequence[Document]) -> str:
    """Returns what changes whenever a list of tests does."""
    text = json.dumps(documents, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def read(documents: object) -> list[SavedTest]:
    """Raises TestsRefused with every problem."""
    tests, problems = read_tests(documents)
    if problems:
        raise TestsRefused(problems)
    return tests


def replace_tests(name: str, tests: Sequence[SavedTest], digest: str | None = None) -> list[Document]:
    """Stores the tests of a workflow in the place of those that it has, if these still have `digest`.

    Raises UnknownWorkflow, StaleTests, or TestsRefused if all of them together cannot be stored.
    """
    documents = dump_tests(tests)
    read(documents)  # together they may be too large
    with transaction.atomic():
        workflow = Workflow.objects.select_for_update().filter(name=name).first()
        if workflow is None:
            raise UnknownWorkflow(name)
        if digest is not None and digest != digest_of(documents_of(workflow)):
            raise StaleTests
        workflow.tests.all().delete()
        WorkflowTest.objects.bulk_create(
            WorkflowTest(workflow=workflow, place=place, name=test.name, document=document)
            for place, (test, document) in enumerate(zip(tests, documents, strict=True))
        )
    return documents


def add_test(name: str, test: SavedTest) -> list[Document]:
    """Adds a test to a workflow's; one of its name is replaced. Raises UnknownWorkflow or TestsRefused."""
    with transaction.atomic():
        Workflow.objects.select_for_update().filter(name=name).first()
        kept = read(tests_of(name))
        places = [place for place, other in enumerate(kept) if other.name == test.name]
        if places:
            kept[places[0]] = test
        else:
            kept.append(test)
        return replace_tests(name, kept)
