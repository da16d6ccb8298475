"""A secret is opened for the worker that asks for it, and is found nowhere else, in no form."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client

from config.lib.secrets import DOTS, MARK, map_secrets, mask_secrets, redact, seal, secrets_in, unseal
from designer.models import WorkflowVersion
from designer.services import workflows
from runs.engine import engine
from runs.errors import BadInput
from runs.models import Run
from tests.people import client_of
from tests.security import keepers
from workers.cli.local_run import start_and_run

SECRET = "correct-horse'battery\\9"
SCHEMA = {
    "type": "object",
    "properties": {
        "password": {"type": "string", "writeOnly": True, "maxLength": 40},
        "n": {"type": "integer"},
    },
}


def document(worker: str, password: str = "=context.password") -> dict[str, Any]:
    params = {"user": "ada", "password": password, "inner": {"token": password}}
    steps = [
        {"name": "a", "worker": worker, "params": params},
        {"name": "b", "worker": worker, "params": params},
    ]
    return {
        "schema": 1,
        "name": "keeps",
        "input_schema": SCHEMA,
        "steps": steps,
        "edges": [{"from": "a", "to": "b"}],
    }


@pytest.fixture(autouse=True)
def catalog(settings: Any, redis_client: Any, transactional_db: None) -> None:
    settings.WORKER_MODULES = ["tests.security.keepers"]
    keepers.seen.clear()


def publish(made: dict[str, Any]) -> WorkflowVersion:
    version = workflows.import_document(made, publish=True).version
    assert version is not None
    return version


def run_of(made: dict[str, Any], **input: Any) -> Run:
    *_, run = start_and_run(publish(made), input, None)
    run.refresh_from_db()
    return run


def everything_stored() -> str:
    """Each row of each table as text, with the escapes of JSON undone."""
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.managed:
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
                rows += [str(row) for row in cursor.fetchall()]
    text = "\n".join(rows)
    return text + text.replace("\\\\", "\\") + text.replace("\\'", "'")


def everything_shown(client: Client, run: Run) -> str:
    """The pages, API answers and admin pages of a run and its workflow."""
    workflow = "/workflows/keeps"
    pages = [
        *("/", "/runs/", f"/runs/{run.pk}/", f"/runs/{run.pk}/panel/", f"{workflow}/", f"{workflow}/edit/"),
        *(f"{workflow}/export/{written}/" for written in ("yaml", "json", "python")),
        *(f"{workflow}/start/?from={run.pk}", "/admin/runs/journalentry/"),
        f"/admin/runs/run/{run.pk}/change/",
        *(f"/admin/runs/journalentry/{entry.pk}/change/" for entry in run.journal.all()),
        *(f"/admin/runs/steprun/{step.pk}/change/" for step in run.steps.all()),
    ]
    parts = ["", "/events", "/steps", "/view", "/values/input", "/values/context", "/values/output"]
    values = [f"/steps/a/values/{what}" for what in ("params", "output", "context", "changes")]
    calls = [f"runs/{run.pk}{part}" for part in [*parts, *values, "/steps/a/facts"]]
    calls += ["runs", "workflows/keeps", "workflows/keeps/versions/1"]
    answers = [client.get(url) for url in [*pages, *(f"/api/v1/{call}" for call in calls)]]
    return "\n".join(answer.content.decode() for answer in answers)


def assert_nowhere(text: str) -> None:
    for form in (SECRET, json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1], "correct-horse"):
        assert form not in text, text[max(0, text.index(form) - 200) :][:400]


@pytest.mark.parametrize("worker", ["blab", "cry"])
@pytest.mark.parametrize("source", ["input", "document"])
def test_it_reaches_its_worker_and_nothing_else(worker: str, source: str, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    made = document(worker) if source == "input" else document(worker, SECRET)
    run = run_of(made, **({"password": SECRET} if source == "input" else {}))
    assert keepers.seen == [SECRET] * (2 if worker == "blab" else 1)
    assert run.status == ("completed" if worker == "blab" else "failed")
    assert_nowhere(everything_stored())
    assert_nowhere(everything_shown(client_of("root", "admin"), run))
    assert_nowhere(caplog.text)


@pytest.mark.parametrize("source", ["input", "document"])
def test_commands_print_dots(source: str) -> None:
    made = document("blab") if source == "input" else document("blab", SECRET)
    run = run_of(made, **({"password": SECRET} if source == "input" else {}))
    out = io.StringIO()
    for words in (
        ["show_run", str(run.pk), "--json"],
        ["show_run", str(run.pk), "--events", "--json"],
        ["show_run", str(run.pk), "--events"],
        ["export_workflow", "keeps"],
    ):
        call_command(*words, stdout=out)
    assert_nowhere(out.getvalue())
    assert DOTS in out.getvalue() or "u2022" in out.getvalue()


def test_a_worker_without_a_secret_field_gets_it_sealed() -> None:
    run = run_of(document("blab"), password=SECRET)
    output = run.journal.filter(type="step.completed").first()
    assert output is not None and output.payload is not None
    assert output.payload["given"].startswith(MARK)
    assert output.payload["echo"] == DOTS and DOTS in output.payload


def test_an_input_is_checked_in_plain_and_refused_without_telling_it() -> None:
    version = publish(document("blab"))
    with pytest.raises(BadInput) as caught:
        engine.start_run(version, {"password": SECRET * 9})
    assert_nowhere(str(caught.value) + str(caught.value.problems))
    with pytest.raises(BadInput, match="another SECRET_KEY"):
        engine.start_run(version, {"password": MARK + "AAAA"})


def test_a_run_is_started_again_with_the_sealed_input() -> None:
    first = run_of(document("blab"), password=SECRET)
    again = client_of("olga", "operator").post(f"/api/v1/runs/{first.pk}/rerun")
    assert again.status_code == 201
    assert Run.objects.get(pk=again.json()["id"]).input == first.input


def test_with_another_key_the_step_fails_and_says_what_to_do(settings: Any) -> None:
    version = publish(document("blab", SECRET))
    settings.SECRET_KEY = "another"
    *_, run = start_and_run(version, {}, None)
    run.refresh_from_db()
    assert run.status == "failed" and "give it again" in str(run.error)


def test_a_draft_that_is_saved_again_stays_the_same() -> None:
    for revision in (0, 1):
        workflows.save_draft("keeps", document("blab", SECRET), revision)
    saved = client_of("dora", "designer").get("/api/v1/workflows/keeps").json()["draft"]
    workflows.save_draft("keeps", saved, 2)
    again = client_of("deb", "designer").get("/api/v1/workflows/keeps").json()["draft"]
    assert again == saved and saved["steps"][0]["params"]["password"].startswith(MARK)
    assert saved["steps"][0]["params"]["user"] == "ada"
    assert document("blab")["steps"][0]["params"]["password"] == "=context.password"


def test_sealing_is_undone_by_its_key_alone() -> None:
    sealed = seal("x", "key")
    assert unseal(sealed, "key") == "x" and seal(sealed, "key") == sealed and seal("", "key") == ""
    assert mask_secrets(f'"{sealed}", "{sealed}"') == f'"{DOTS}", "{DOTS}"'
    for text in (sealed[:-2], sealed + "A", MARK, MARK + "é"):
        with pytest.raises(Exception, match="another SECRET_KEY"):
            unseal(text, "key")


def test_secret_places_are_found_through_references_choices_and_lists() -> None:
    secret = {"type": "string", "format": "password"}
    schema = {
        "$defs": {"S": {"anyOf": [secret, {"type": "null"}]}, "Loop": {"$ref": "#/$defs/Loop"}},
        "properties": {"a": {"$ref": "#/$defs/S"}, "loop": {"$ref": "#/$defs/Loop"}},
        "additionalProperties": {"type": "array", "items": secret},
    }
    value = {"a": "1", "more": ["2", {"x": "no"}], "loop": "no"}
    assert secrets_in(value, schema) == ["1", "2"]
    assert map_secrets(value, schema, str.upper) == value
    assert redact({"k-abcd": ["abcd", 1, None]}, ["abcd"]) == {f"k-{DOTS}": [DOTS, 1, None]}
