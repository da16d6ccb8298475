"""Documents that name connections: warnings, limits, what an import says, and runs without one."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import Client

from designer.services import workflows
from designer.services.queries import get_version, problems_of
from designer.services.uses import Use, uses_of
from workers.cli.local_run import start_and_run
from workers.connections import service
from workers.connections.service import ConnectionSpec

SHOP = ConnectionSpec("http", "https://shop.example.org", limit="stripe")


def document(worker: str = "ask", name: str = "asks", **params: Any) -> dict[str, Any]:
    step = {"name": "a", "worker": worker, "params": {"connection": "shop", **params}}
    return {"schema": 1, "name": name, "steps": [step]}


def warnings(made: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = problems_of(made)
    assert all(problem.level == "warning" for problem in found)
    return [(problem.code, problem.path, problem.message) for problem in found]


def test_names_that_nobody_has_given_are_warned_of_and_may_be_published() -> None:
    service.put("shops", SHOP)
    service.put_secret("key", "correct-horse")
    found = warnings(document(keys=["key", "kye", "=context.key"]))
    assert [problem[:2] for problem in found] == [
        ("unknown_connection", "steps[0].params.connection"),
        ("unknown_secret", "steps[0].params.keys[1]"),
    ]
    assert "did you mean 'shops'" in found[0][2] and "did you mean 'key'" in found[1][2]
    saved = workflows.import_document(document(keys=["kye"]), publish=True)
    assert {problem.code for problem in saved.problems} == {"unknown_connection", "unknown_secret"}


def test_a_connection_of_another_kind_is_warned_of() -> None:
    service.put("post", ConnectionSpec("smtp", "smtp://mail.example.org"))
    made = document() | {"steps": [{"name": "a", "worker": "ask", "params": {"connection": "post"}}]}
    ((code, _, message),) = warnings(made)
    assert code == "wrong_connection" and "Mail server (SMTP)" in message and "HTTP API is needed" in message
    service.put("shop", SHOP)
    assert warnings(document()) == []


def test_names_are_found_in_undo_slots_and_bodies() -> None:
    call = {"worker": "ask", "params": {"connection": "shop"}}
    inside = {"name": "g", "kind": "group", "body": {"steps": [{"name": "a", **call, "compensation": call}]}}
    found = problems_of({**document(), "steps": [inside]})
    paths = {problem.path for problem in found if problem.code == "unknown_connection"}
    base = "steps[0].body.steps[0]"
    assert paths == {f"{base}.params.connection", f"{base}.compensation.params.connection"}


def test_a_step_takes_the_limit_of_its_connection_unless_something_nearer_states_one() -> None:
    service.put("shop", SHOP)
    made = document()
    step = made["steps"][0]
    made["steps"] = [
        {**step, "compensation": {"worker": "ask", "params": step["params"]}},
        {**step, "name": "own", "limit": "mine"},
        {**step, "name": "worker", "worker": "ask_slowly"},
        {**step, "name": "dynamic", "params": {"connection": "=context.shop"}},
    ]
    workflows.import_document(made, publish=True)
    by_name = {step["name"]: step for step in get_version("asks").resolved["steps"]}
    limits = {name: step.get("limit") for name, step in by_name.items()}
    assert limits == {"a": "stripe", "own": "mine", "worker": "slow", "dynamic": None}
    assert by_name["a"]["compensation"]["limit"] == "stripe"
    assert "limit" not in get_version("asks").document["steps"][0]


def test_uses_are_drafts_and_newest_versions_that_name_exactly_it() -> None:
    workflows.import_document(document(), publish=True)
    workflows.import_document(document(connection="other"), publish=True)
    assert uses_of("shop") == []
    workflows.save_draft("asks", document(), 2)
    assert uses_of("shop") == [Use("asks", ("draft",))] and uses_of("shop", is_secret=True) == []
    assert uses_of("other") == [Use("asks", ("version 2",))]


def test_an_import_says_what_is_missing_and_an_export_holds_names_alone(
    tmp_path: Path, designer: Client
) -> None:
    path = tmp_path / "asks.json"
    path.write_text(json.dumps(document()))
    out, err = StringIO(), StringIO()
    call_command("import_workflow", str(path), "--publish", stdout=out, stderr=err)
    assert "unknown_connection: there is no connection 'shop'" in err.getvalue()
    read = designer.post(
        "/api/v1/documents/read?name=asks.json", path.read_text(), content_type="text/plain"
    ).json()
    assert [problem["code"] for problem in read["problems"]] == ["unknown_connection"]
    service.put_secret("shop", "correct-horse")
    service.put("shop", ConnectionSpec("http", "https://shop.example.org", "bearer", secret="shop"))
    exported = designer.get("/workflows/asks/export/yaml/").content.decode()
    assert "connection: shop" in exported and "example.org" not in exported


def test_a_run_without_its_connection_fails_by_that_name() -> None:
    version = workflows.import_document(document(), publish=True).version
    assert version is not None
    *_, run = start_and_run(version, {}, None)
    run.refresh_from_db()
    assert run.status == "failed" and run.error["code"] == "unknown_connection"
    assert "Make it on the page Connections" in run.error["message"]


def test_the_editor_gets_the_names(designer: Client) -> None:
    service.put("shop", SHOP)
    workflows.save_draft("asks", document(), 0)
    page = designer.get("/workflows/asks/edit/").content.decode()
    assert '"names": {"connections": [{"name": "shop", "kind": "http"}], "secrets": []}' in page
