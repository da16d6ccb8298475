"""A draft is proven, mended as proposed, published under its policy: over REST, on the page, by command."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from designer.models import Certificate, Workflow
from designer.services import workflows
from runs.models import Run
from runs.proof import service
from tests.people import client_of

URL = "/api/v1/workflows/shaky"
STEPS: list[dict[str, Any]] = [
    {"name": "reserve", "worker": "reserve_inventory"},
    {"name": "tell", "worker": "http_request", "params": {"url": "https://example.org/told"}},
    {"name": "big", "worker": "create_shipment"},
]
EDGES = [{"from": "reserve", "to": "tell"}, {"from": "tell", "to": "big", "when": "context.amount > 100"}]
SHAKY = {"schema": 1, "name": "shaky", "steps": STEPS, "edges": EDGES}


@pytest.fixture
def dora(transactional_db: None) -> Client:
    return client_of("dora", "designer")


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    data = "" if body is None else json.dumps(body)
    return client.generic(method, f"{URL}{path}", data, content_type="application/json")


def proof(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{URL}/proof").json()
    return found


def broken(found: dict[str, Any]) -> list[str]:
    return [one["id"] for one in found["content"]["properties"] if not one["holds"]]


def test_a_draft_is_proven_mended_and_published_only_then(dora: Client) -> None:
    workflows.save_draft("shaky", SHAKY, 0)
    assert send(dora, "PUT", "/publish-needs", {"needs": "proof"}).json() == {"needs": "proof"}
    refused = send(dora, "POST", "/publish", {})
    assert refused.status_code == 409 and "have this draft proven first" in refused.json()["detail"]

    assert send(dora, "POST", "/proof").status_code == 202
    found = proof(dora)
    assert (found["state"], found["holds"], found["current"]) == ("done", False, True)
    assert broken(found) == ["accounted", "branches"]
    first = found["content"]["counterexamples"][0]
    assert first["step"] == "tell" and first["story"][-1].startswith("The run ends")
    assert "does not hold" in send(dora, "POST", "/publish", {}).json()["detail"]

    for _ in range(2):  # each change is proven anew
        chosen = {"counterexample": 0, "mend": 0}
        assert send(dora, "POST", "/proof/mend", chosen).status_code == 200
        assert not proof(dora)["current"]
        send(dora, "POST", "/proof")
    found = proof(dora)
    assert (found["holds"], broken(found)) == (True, [])
    draft = Workflow.objects.get(name="shaky").draft or {}
    assert draft["steps"][1]["compensation"] == "irreversible" and draft["steps"][3]["kind"] == "fail"
    assert send(dora, "POST", "/publish", {}).status_code == 201
    assert proof(dora)["current"]


def test_a_counterexample_is_opened_as_a_run(dora: Client) -> None:
    workflows.save_draft("shaky", SHAKY, 0)
    send(dora, "POST", "/proof")
    number = len(proof(dora)["content"]["counterexamples"])
    for place in range(number):
        run = send(dora, "POST", f"/proof/counterexamples/{place}/run").json()["id"]
        page = dora.get(f"/runs/{run}/")
        assert page.status_code == 200 and b"never happened" in page.content
        assert Run.objects.get(pk=run).imported
    assert send(dora, "POST", f"/proof/counterexamples/{number}/run").status_code == 404


def test_those_of_bodies_and_of_other_workflows_open_too(dora: Client) -> None:
    inner = {"name": "inside", "worker": "http_request", "params": {"url": "https://example.org"}}
    workflows.import_document({"schema": 1, "name": "other", "steps": [inner]}, publish=True)
    steps = [
        {"name": "each", "kind": "map", "items": "=input.items", "body": {"steps": [inner]}},
        {"name": "whole", "kind": "workflow", "workflow": "other"},
    ]
    edges = [{"from": "each", "to": "whole"}]
    workflows.save_draft("shaky", {"schema": 1, "name": "shaky", "steps": steps, "edges": edges}, 0)
    send(dora, "POST", "/proof")
    found = proof(dora)
    assert found["builds_on"] == {"other": 1}
    counterexamples = found["content"]["counterexamples"]
    assert {(one["path"].partition("[")[0].rstrip("/"), one["step"]) for one in counterexamples} == {
        ("each", "inside"),
        ("whole", "inside"),
    }
    assert [bool(one["mends"]) for one in counterexamples] == [
        one["path"].startswith("each") for one in counterexamples
    ]
    for place in range(len(counterexamples)):
        run = Run.objects.get(pk=send(dora, "POST", f"/proof/counterexamples/{place}/run").json()["id"])
        assert Run.objects.filter(parent=run).exists()


def test_a_new_version_of_what_it_runs_makes_a_proof_old(dora: Client) -> None:
    inner = {"name": "inside", "kind": "set", "values": {"a": 1}}
    other = {"schema": 1, "name": "other", "steps": [inner]}
    workflows.import_document(other, publish=True)
    document = {
        "schema": 1,
        "name": "shaky",
        "steps": [{"name": "whole", "kind": "workflow", "workflow": "other"}],
    }
    workflows.save_draft("shaky", document, 0)
    send(dora, "POST", "/proof")
    assert proof(dora)["current"]
    workflows.import_document({**other, "title": "Another"}, publish=True)
    assert not proof(dora)["current"]


def test_looks_do_not_matter_to_a_proof(dora: Client) -> None:
    workflows.save_draft("shaky", SHAKY, 0)
    send(dora, "POST", "/proof")
    workflows.save_draft("shaky", {**SHAKY, "title": "Shaky", "layout": {"reserve": [1, 2]}}, 1)
    assert proof(dora)["current"]
    steps = [{**STEPS[0], "on_failure": "pause"}, *STEPS[1:]]
    workflows.save_draft("shaky", {**SHAKY, "steps": steps}, 2)
    assert not proof(dora)["current"]


def test_what_has_errors_is_not_proven(dora: Client) -> None:
    workflows.save_draft(
        "shaky", {**SHAKY, "steps": [{"name": "reserve", "worker": "nobody"}], "edges": []}, 0
    )
    answer = send(dora, "POST", "/proof")
    assert answer.status_code == 409 and answer.json()["problems"]
    assert proof(dora)["state"] == "none"
    assert "cannot be proven before" in dora.get("/workflows/shaky/proof/").content.decode()


def test_an_exploration_is_stopped_and_one_whose_process_is_gone_has_failed(
    dora: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflows.save_draft("shaky", SHAKY, 0)
    monkeypatch.setattr(service, "TOLD_EVERY_S", 0.0)
    monkeypatch.setattr(
        service, "in_background", lambda work, pk, *rest, **more: _stopped_first(work, pk, *rest)
    )
    send(dora, "POST", "/proof")
    found = proof(dora)
    assert (found["state"], found["holds"]) == ("stopped", False)
    assert "Not everything" in found["content"]["not_explored"][1]

    monkeypatch.setattr(service, "in_background", lambda *work, **more: None)
    send(dora, "POST", "/proof")
    assert proof(dora)["state"] == "running"
    Certificate.objects.update(seen_at=timezone.now() - timedelta(seconds=service.SILENT_S + 1))
    assert proof(dora)["state"] == "failed"
    assert "ended without a result" in dora.get("/workflows/shaky/proof/").content.decode()


def _stopped_first(work: Any, pk: int, *rest: Any) -> None:
    service.stop(Certificate.objects.get(pk=pk))
    work(pk, *rest)


def test_the_page_does_the_same(dora: Client) -> None:
    workflows.save_draft("shaky", SHAKY, 0)
    page = "/workflows/shaky/proof/"
    assert "Nothing is proven yet" in dora.get(page).content.decode()
    assert dora.post(page, {"act": "start"}, follow=True).status_code == 200
    shown = dora.get(page).content.decode()
    assert "It does not hold" in shown and "Mark it irreversible" in shown
    certificate = Certificate.objects.get()
    chosen = {"certificate": certificate.pk, "counterexample": 0, "mend": 0}
    shown = dora.post(f"{page}mend/", chosen, follow=True).content.decode()
    assert "The draft is changed, and proven again." in shown
    opened = dora.post(
        f"{page}open/", {"certificate": Certificate.objects.latest("pk").pk, "counterexample": 0}
    )
    assert opened["Location"].startswith("/runs/")
    assert "needs a proof" in dora.post(f"{page}needs/", {"needs": "proof"}, follow=True).content.decode()
    assert dora.post(f"{page}mend/", {**chosen, "mend": "x"}, follow=True).status_code == 200


def test_the_command_proves_files_and_drafts(transactional_db: None, tmp_path: Path) -> None:
    file = tmp_path / "shaky.json"
    file.write_text(json.dumps(SHAKY))
    told = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("prove_workflow", str(file), stdout=told)
    assert ended.value.code == 1
    assert "shaky: does not hold" in told.getvalue() and "BROKEN Every branch leads on." in told.getvalue()
    workflows.import_document({"schema": 1, "name": "fine", "steps": [STEPS[0]], "edges": []})
    told = StringIO()
    call_command("prove_workflow", "fine", "--json", stdout=told)
    assert json.loads(told.getvalue())["holds"] is True
    with pytest.raises(CommandError, match="There is no workflow"):
        call_command("prove_workflow", "nobody_knows")
