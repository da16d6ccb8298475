"""Bringing a workflow in from a file on its page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from designer import patterns
from designer.document.graph import Graph
from designer.document.limits import DOCUMENT_BYTES_MAX
from designer.formats.formats import yaml_of
from designer.models import Workflow

URL = "/import-workflow/"
DOCUMENT = {"schema": 1, "name": "brought", "title": "Brought <b>", "steps": [{"name": "a", "worker": "act"}]}


def bring(client: Client, content: str | bytes, name: str = "brought.json") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(URL, {"file": SimpleUploadedFile(name, data)})


def test_a_file_becomes_a_draft_as_it_is(designer: Client) -> None:
    made = bring(designer, json.dumps(DOCUMENT))
    assert made["Location"] == reverse("workflow-edit", args=["brought"])
    assert Workflow.objects.get(name="brought").draft == DOCUMENT


@pytest.mark.parametrize("name", patterns.NAMES)
def test_every_pattern_comes_in_without_a_difference(designer: Client, name: str) -> None:
    document = {**patterns.read(name), "name": "copy"}
    bring(designer, yaml_of(document), "copy.yaml")
    assert Workflow.objects.get(name="copy").draft == document


def test_a_file_without_a_name_is_named_after_the_file(designer: Client) -> None:
    bring(designer, json.dumps({"schema": 1, "steps": []}), "Order & ship.json")
    assert Workflow.objects.get(name="order_ship").draft == {"schema": 1, "steps": [], "name": "order_ship"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "line 1"),
        ("[]", "a workflow is an object"),
        ('{"schema": 2, "name": "x"}', "reads schema 1"),
        (b"\xff", "not UTF-8"),
        ("x" * (DOCUMENT_BYTES_MAX + 1), "bytes"),
        ('{"schema": 1, "name": "No good"}', "is not a name"),
    ],
)
def test_what_is_no_workflow_is_told_in_place_and_stores_nothing(
    designer: Client, content: str | bytes, said: str
) -> None:
    before = Workflow.objects.count()
    answer = bring(designer, content)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Workflow.objects.count() == before
    assert designer.post(URL, {}).status_code == 422


def test_a_name_that_is_taken_is_asked_about(designer: Client, order: Graph) -> None:
    content = json.dumps({**DOCUMENT, "name": "order"})
    answer = bring(designer, content)
    assert answer.status_code == 422 and "There is a workflow named order already" in answer.content.decode()
    assert Workflow.objects.get(name="order").draft is None
    again = {"file_name": "brought.json", "text": content}
    assert designer.post(URL, {**again, "name": "order"}).status_code == 422
    assert designer.post(URL, {**again, "name": "other"}).status_code == 302
    assert Workflow.objects.get(name="other").draft == {**DOCUMENT, "name": "other"}
    assert designer.post(URL, {**again, "name": "order", "replace": "on"}).status_code == 302
    assert Workflow.objects.get(name="order").draft == {**DOCUMENT, "name": "order"}
    assert Workflow.objects.get(name="order").versions.count() == 1


def test_only_who_may_design_brings_in(viewer: Client, stranger: Client, designer: Client) -> None:
    assert designer.get(URL).status_code == 200
    assert viewer.get(URL).status_code == 403 and bring(viewer, "{}").status_code == 403
    assert stranger.get(URL).status_code == 302
    assert URL in designer.get("/workflows/").content.decode()
    assert URL not in viewer.get("/workflows/").content.decode()


MACHINE = {
    "StartAt": "Book <hotel>",
    "States": {
        "Book <hotel>": {"Type": "Task", "Resource": "${Book}", "ResultPath": "$.hotel", "Next": "Charge"},
        "Charge": {
            "Type": "Task",
            "Resource": "${Charge}",
            "ResultPath": None,
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Cancel hotel"}],
            "End": True,
        },
        "Cancel hotel": {"Type": "Task", "Resource": "${Cancel}", "Next": "Failed"},
        "Failed": {"Type": "Fail", "Error": "Failed"},
    },
}


def test_a_state_machine_becomes_a_draft_and_a_report(designer: Client) -> None:
    answer = bring(designer, json.dumps(MACHINE), "Trip.asl.json")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Book &lt;hotel&gt;" in page and reverse("workflow-edit", args=["trip"]) in page
    assert "is undone by" in page and "Fill them in" in page
    draft = Workflow.objects.get(name="trip").draft or {}
    assert [step["name"] for step in draft["steps"]][:2] == ["book_hotel", "charge"]
    assert "compensation" not in draft["steps"][0]


def test_proposed_undo_slots_are_filled_in_when_they_are_accepted(designer: Client) -> None:
    sent = {"file_name": "Trip.asl.json", "text": json.dumps(MACHINE), "name": "trip"}
    answer = designer.post(URL, {**sent, "replace": "on", "accept_undo": "on"})
    assert "Undo slots that were filled in" in answer.content.decode()
    draft = Workflow.objects.get(name="trip").draft or {}
    assert draft["steps"][0]["compensation"] == {"worker": "cancel"}


def test_a_state_machine_that_is_wrong_is_told_in_place(designer: Client) -> None:
    answer = bring(designer, json.dumps({**MACHINE, "StartAt": "Nowhere"}), "Trip.asl.json")
    assert answer.status_code == 422
    assert "StartAt: &#x27;Nowhere&#x27; is not the name of a state" in answer.content.decode()
