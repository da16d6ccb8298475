"""Who sees which page, and what the others are told; nothing happens for those who may not."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from designer.document.graph import Graph
from runs.models import JournalEntry, Run

Address = Callable[[Run], str]

PAGES: dict[str, Address] = {
    "home": lambda run: reverse("home"),
    "workflow-list": lambda run: reverse("workflow-list"),
    "workflow-detail": lambda run: reverse("workflow-detail", args=["order"]),
    "run-list": lambda run: reverse("run-list"),
    "run-detail": lambda run: reverse("run-detail", args=[run.pk]),
    "run-panel": lambda run: reverse("run-panel", args=[run.pk]),
}
ACTS: dict[str, Address] = {
    "run-start": lambda run: reverse("run-start", args=["order"]),
    "run-cancel": lambda run: reverse("run-cancel", args=[run.pk]),
    "run-rollback": lambda run: reverse("run-rollback", args=[run.pk]),
    "run-approve": lambda run: reverse("run-approve", args=[run.pk, "ship"]),
    "run-signal": lambda run: reverse("run-signal", args=[run.pk]),
    "run-bulk": lambda run: reverse("run-bulk"),
    "run-bulk-do": lambda run: reverse("run-bulk-do"),
    "intervention-answer": lambda run: reverse("intervention-answer", args=[run.interventions.get().pk]),
}
SENT = {"input": "{}", "key": "k", "mode": "abandon", "decision": "approve", "name": "x", "answer": "retry"}


@pytest.mark.parametrize("name", PAGES | ACTS)
def test_a_stranger_is_asked_to_sign_in(stranger: Client, stuck: Run, name: str) -> None:
    url = (PAGES | ACTS)[name](stuck)
    response = stranger.get(url) if name in PAGES else stranger.post(url, SENT)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("name", PAGES)
def test_a_viewer_sees_each_page(viewer: Client, stuck: Run, name: str) -> None:
    assert viewer.get(PAGES[name](stuck)).status_code == 200


@pytest.mark.parametrize("name", ACTS)
def test_a_viewer_who_acts_is_refused_and_nothing_happens(viewer: Client, stuck: Run, name: str) -> None:
    before = (Run.objects.count(), JournalEntry.objects.count())
    response = viewer.post(ACTS[name](stuck), SENT)
    assert response.status_code == 403
    assert "may not operate" in response.content.decode()
    assert (Run.objects.count(), JournalEntry.objects.count()) == before


def test_what_a_viewer_may_not_do_is_not_drawn(viewer: Client, operator: Client, stuck: Run) -> None:
    for address in (PAGES["run-detail"], PAGES["workflow-detail"], PAGES["workflow-list"]):
        url = address(stuck)
        seen = {client: _targets(client.get(url).content.decode()) for client in (viewer, operator)}
        assert seen[viewer] < seen[operator]
        assert seen[viewer] == {reverse("logout")}


def _targets(page: str) -> set[str]:
    """Addresses that a page posts to, or that start something; favourites are a person's own."""
    found = re.findall(r'(?<!-)action="([^"]+)"|href="([^"]+/start/)"', page)
    return {action or start for action, start in found if not action.endswith("/favourite/")}


@pytest.mark.parametrize("name", sorted(set(ACTS) - {"run-start"}))
def test_acts_are_posted(operator: Client, stuck: Run, name: str) -> None:
    assert operator.get(ACTS[name](stuck)).status_code == 405


def test_signing_in_leads_to_the_page_that_was_wanted(order: Graph) -> None:
    client = Client()
    response = client.get(reverse("run-list"), follow=True)
    page = response.content.decode()
    assert "Sign in to see that page" in page
    assert 'name="next" value="/runs/"' in page


def test_a_wrong_password_is_told_in_place(transactional_db: None) -> None:
    page = Client().post(reverse("login"), {"username": "ada", "password": "x"}).content.decode()
    assert "do not match" in page
    assert 'value="ada"' in page
