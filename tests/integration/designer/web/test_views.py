"""The pages on which workflows are designed: who may, and what a new draft starts with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from designer import patterns
from designer.document.document import dump
from designer.document.graph import Graph
from designer.formats.formats import load_file
from designer.models import Workflow
from designer.web.forms import name_from

NEW = "/new-workflow/"
EDIT = "/workflows/order/edit/"


def test_a_new_workflow_is_an_empty_draft_named_after_its_title(designer: Client) -> None:
    made = designer.post(NEW, {"title": "Order & ship 2"})
    assert made["Location"] == reverse("workflow-edit", args=["order_ship_2"])
    draft = Workflow.objects.get(name="order_ship_2").draft
    assert draft == {"schema": 1, "name": "order_ship_2", "title": "Order & ship 2"}


def test_a_new_workflow_may_be_a_copy_of_a_pattern(designer: Client) -> None:
    designer.post(NEW, {"title": "Mine", "name": "mine", "start": "order_processing"})
    copied = patterns.read("order_processing") | {"name": "mine", "title": "Mine"}
    assert Workflow.objects.get(name="mine").draft == copied


@pytest.mark.parametrize("fields", [{}, {"title": "!"}, {"title": "x", "name": "No"}, {"title": "Order"}])
def test_what_cannot_be_a_new_workflow_is_told_in_place(
    designer: Client, order: Graph, fields: dict[str, str]
) -> None:
    before = Workflow.objects.count()
    answer = designer.post(NEW, fields)
    assert answer.status_code == 422 and "field-error" in answer.content.decode()
    assert Workflow.objects.count() == before
    assert not Workflow.objects.exclude(draft=None).exists()


def test_the_designer_gets_what_is_edited_next_and_what_it_needs(designer: Client, order: Graph) -> None:
    page = designer.get(EDIT).content.decode()
    found = re.search(r'<script id="canvas-data" type="application/json">(.*?)</script>', page)
    assert found
    data = json.loads(found[1])
    assert data["document"] == data["published"] and data["document"]["name"] == "order"
    assert data["revision"] == 0 and data["problems"] == []
    assert {"act", "undo"} <= {worker["name"] for worker in data["workers"]}


def test_only_who_may_design_gets_in_and_sees_the_way(
    designer: Client, viewer: Client, stranger: Client, order: Graph
) -> None:
    for url in (NEW, EDIT):
        assert stranger.get(url).status_code == 302
        assert viewer.get(url).status_code == 403
        assert designer.get(url).status_code == 200
    assert designer.get("/workflows/none/edit/").status_code == 404
    assert viewer.post(NEW, {"title": "x"}).status_code == 403
    for url, way in (("/workflows/", NEW), ("/workflows/order/", EDIT)):
        assert way in designer.get(url).content.decode()
        assert way not in viewer.get(url).content.decode()


def test_names_are_made_from_titles() -> None:
    assert name_from("2. Ship it!") == "ship_it"
    assert name_from("Äpfel") == "pfel"
    assert name_from("…") == ""
    assert len(name_from("a" * 200)) == 63


@pytest.mark.parametrize(("written", "suffix"), [("yaml", ".yaml"), ("json", ".json"), ("python", ".py")])
def test_a_version_is_downloaded_as_a_file_that_means_the_same(
    viewer: Client, stranger: Client, order: Graph, tmp_path: Path, written: str, suffix: str
) -> None:
    url = f"/workflows/order/export/{written}/?version=1"
    answer = viewer.get(url)
    assert f'filename="order{suffix}"' in answer["Content-Disposition"]
    file = tmp_path / f"order{suffix}"
    file.write_bytes(answer.content)
    assert load_file(file) == [dump(order)]
    assert url in viewer.get("/workflows/order/").content.decode()
    assert stranger.get(url).status_code == 302


def test_there_is_no_download_of_what_is_not_there(viewer: Client, order: Graph) -> None:
    for path in ("order/export/xml/", "order/export/yaml/?version=9", "none/export/yaml/"):
        assert viewer.get(f"/workflows/{path}").status_code == 404
