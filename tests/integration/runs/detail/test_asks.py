"""What a person is asked at the runs below the one that is looked at."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from runs.models import Run
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.people import client_of


@pytest.fixture
def operator(transactional_db: None) -> Client:
    return client_of("olga", "operator")


def parent_of_a_question(publish: Publish, run_here: RunHere, *, detached: bool) -> Run:
    asks = step("boss", kind="approval", worker=None, compensation=None, message="Ship order 17?")
    publish(chain(asks, name="child"))
    apart = {"detached": True, "compensation": "none"} if detached else {"compensation": None}
    inner = step("inner", kind="workflow", worker=None, workflow="child", **apart)
    last = step("later", kind="wait", worker=None, compensation=None, signal="go")
    return run_here(chain(inner, last, name="parent"))


def panel_of(client: Client, run: Run) -> str:
    return client.get(reverse("run-panel", args=[run.pk])).content.decode()


def test_the_question_of_a_child_is_answered_on_the_page_of_its_parent(
    publish: Publish, run_here: RunHere, operator: Client
) -> None:
    run = parent_of_a_question(publish, run_here, detached=False)
    child = run.children.get()
    address = reverse("run-approve", args=[child.pk, "boss"])
    page = panel_of(operator, run)
    assert address in page and "Ship order 17?" in page
    answer = operator.post(address, {"decision": "approve", "back": str(run.pk)})
    assert answer["Location"] == reverse("run-detail", args=[run.pk])
    assert not child.approvals.exists()


def test_an_answer_leads_back_only_to_a_run_above(
    publish: Publish, run_here: RunHere, operator: Client
) -> None:
    child = parent_of_a_question(publish, run_here, detached=False).children.get()
    other = run_here(chain(step("alone"), name="other"))
    answer = operator.post(
        reverse("run-approve", args=[child.pk, "boss"]), {"decision": "approve", "back": str(other.pk)}
    )
    assert answer["Location"] == reverse("run-detail", args=[child.pk])


def test_a_detached_run_is_not_waited_for(publish: Publish, run_here: RunHere, operator: Client) -> None:
    run = parent_of_a_question(publish, run_here, detached=True)
    assert run.children.get().approvals.exists()
    assert "Ship order 17?" not in panel_of(operator, run)
