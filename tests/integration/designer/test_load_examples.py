"""`load_examples` publishes what ships, once."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from designer.models import Workflow, WorkflowVersion


def said() -> str:
    out = StringIO()
    call_command("load_examples", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_examples_are_published_once_and_own_workflows_stay() -> None:
    Workflow.objects.create(name="poll_until_done")
    first = said()
    assert "order_processing: version 1\n" in first and "poll_until_done" not in first
    assert said() == "There is nothing new to publish.\n"
    assert not WorkflowVersion.objects.filter(workflow__name="poll_until_done").exists()
