"""A secret is opened for the worker that asks for it, and is found nowhere else, in no form."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client

from config.lib.caches import clear_all
from config.lib.secrets import DOTS, MARK, input_place, param_place, place_of, seal
from designer.errors import PublishRefused
from designer.models import WorkflowVersion
from designer.services import queries, workflows
from runs.delivery import queue
from runs.engine import engine
from runs.errors import BadInput
from runs.models import Run
from tests.people import client_of
from tests.security import keepers
from workers.cli.local_run import _work_once, start_and_run

SECRET = "correct-horse'battery\\9"
SCHEMA = {
    "type": "object",
    "properties": {
        "password": {"type": "string", "writeOnly": True, "maxLength": 40},
        "n": {"type": "integer"},
    },
}


def document(worker: str, password: str = "=context.password") -> dict[str, Any]:
    steps: list[dict[str, Any]] = [
        {
            "name": name,
            "worker": worker,
            "params": {"user": "ada", "password": password, "inner": {"token": password}},
        }
        for name in ("a", "b")
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


# --- a sealed value stays where it was sealed ---


def sealed_param(step: str = "a", **changes: str) -> str:
    place = {"workflow": "keeps", "step": step, "slot": "", "worker": "blab", "path": "/password", **changes}
    return seal(SECRET, str(settings.SECRET_KEY), param_place(**place))


def problems_of(made: dict[str, Any]) -> set[tuple[str, str]]:
    return {(problem.code, problem.path) for problem in queries.problems_of(made)}


@pytest.mark.parametrize(
    "elsewhere",
    [{"step": "b"}, {"slot": "fallback"}, {"worker": "cry"}, {"path": "/inner/token"}, {"workflow": "other"}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_sealed_param_is_refused_at_every_other_place(elsewhere: dict[str, str]) -> None:
    made = document("blab", SECRET)
    made["steps"][0]["params"]["password"] = sealed_param(**elsewhere)
    assert ("sealed_elsewhere", "steps[0].params.password") in problems_of(made)
    with pytest.raises(PublishRefused):
        publish(made)
    made["steps"][0]["params"]["password"] = sealed_param()
    assert problems_of(made) == set()


def test_it_opens_nowhere_else_at_run_time_either() -> None:
    version = publish(document("blab", "=context.password"))
    resolved = version.resolved
    resolved["steps"][0]["params"]["password"] = sealed_param("b")
    WorkflowVersion.objects.filter(pk=version.pk).update(resolved=resolved)
    clear_all()
    version.refresh_from_db()
    *_, run = start_and_run(version, {"password": SECRET}, None)
    run.refresh_from_db()
    assert run.status == "failed" and "sealed for another place" in str(run.error) and not keepers.seen


@pytest.mark.parametrize("where", ["expression", "message", "title", "edge", "key"])
def test_a_sealed_input_cannot_be_written_into_a_definition(where: str) -> None:
    text = run_of(document("blab"), password=SECRET).input["password"]
    made = document("blab")
    step = made["steps"][0]
    if where == "expression":
        step["params"]["password"] = f'="{text}"'
    elif where == "message":
        step["params"]["user"] = f"Bearer {text}"
    elif where == "title":
        step["title"] = text
    elif where == "edge":
        made["edges"][0]["when"] = f'context.user == "{text}"'
    else:
        step["params"]["inner"] = {text: 1}
    assert any(code == "sealed_elsewhere" for code, _ in problems_of(made))


def test_nor_be_put_together_by_an_expression() -> None:
    text = run_of(document("blab"), password=SECRET).input["password"]
    keepers.seen.clear()
    made = document("blab")
    made["steps"][0]["params"]["password"] = f'="{text[:4]}" + "{text[4:]}"'
    assert problems_of(made) == set()
    run = run_of(made, password=SECRET)
    assert run.status == "failed" and "sealed for another place" in str(run.error) and not keepers.seen


def test_an_operators_correction_is_sealed_and_opens() -> None:
    made = document("blab")
    made["steps"][0] |= {"when": "size(context.user) > 0", "on_failure": "pause"}
    version = publish(made)
    *_, run = start_and_run(version, {"password": SECRET}, None)
    [intervention] = run.interventions.filter(status="open")
    olga = client_of("olga", "operator")
    answer = {"answer": "retry", "patch": {"user": "ada", "password": f"{SECRET}-2"}}
    url = f"/api/v1/interventions/{intervention.pk}/answer"
    with queue.collect_dispatches() as dispatches:
        assert olga.post(url, answer, content_type="application/json").status_code == 200
        while _work_once(run.pk, dispatches):
            pass
    assert keepers.seen == [f"{SECRET}-2", SECRET]
    assert_nowhere(everything_stored())


def test_a_value_of_another_key_is_a_problem_at_check_and_publish(settings: Any) -> None:
    made = publish(document("blab", SECRET)).document
    settings.SECRET_KEY = "another"
    assert ("cannot_open", "steps[1].params.inner.token") in problems_of(made)
    with pytest.raises(PublishRefused):
        publish(made)


def test_a_renamed_step_keeps_its_secret_and_a_copied_one_asks_for_it() -> None:
    made = workflows.save_draft("keeps", document("blab", SECRET), 0)
    assert made.problems == []
    draft = client_of("dora", "designer").get("/api/v1/workflows/keeps").json()["draft"]
    draft["steps"][0]["name"], draft["edges"][0]["from"] = "first", "first"
    assert workflows.save_draft("keeps", draft, 1).problems == []
    draft = client_of("deb", "designer").get("/api/v1/workflows/keeps").json()["draft"]
    draft["steps"].append({**draft["steps"][0], "name": "copy"})
    codes = {(problem.code, problem.path) for problem in workflows.save_draft("keeps", draft, 2).problems}
    assert codes >= {("sealed_elsewhere", "steps[2].params.password")}
    draft["steps"].pop()
    *_, run = start_and_run(publish(draft), {}, None)
    run.refresh_from_db()
    assert run.status == "completed" and keepers.seen == [SECRET] * 2


def test_a_document_that_is_brought_in_twice_with_its_secret_stays_the_same() -> None:
    first = publish(document("blab", SECRET)).document
    assert publish(document("blab", SECRET)).document == first
    other = publish(document("blab", SECRET + "x")).document
    assert other["steps"][0]["params"]["password"] != first["steps"][0]["params"]["password"]


def test_equal_secrets_look_different() -> None:
    steps = publish(document("blab", SECRET)).document["steps"]
    texts = {step["params"]["password"] for step in steps} | {
        step["params"]["inner"]["token"] for step in steps
    }
    assert len(texts) == 4


class TestPeople:
    """Nobody can move a sealed value that they see to a step that sends it elsewhere."""

    def test_an_input_takes_it_only_at_its_own_place(self) -> None:
        text = run_of(document("blab"), password=SECRET).input["password"]
        version = publish(document("blab"))
        for bad in ({"note": text}, {"password": f"x{text}"}, {"deep": [{"note": text}]}, {text: 1}):
            with pytest.raises(BadInput, match="opens only where it was sealed"):
                engine.start_run(version, bad)
        assert engine.start_run(version, {"password": text}).input["password"] == text

    def test_nor_another_workflow(self) -> None:
        text = run_of(document("blab"), password=SECRET).input["password"]
        other = workflows.import_document({**document("blab"), "name": "other"}, publish=True).version
        assert other is not None
        with pytest.raises(BadInput, match="opens only where it was sealed"):
            engine.start_run(other, {"password": text})

    def test_nor_a_signal(self) -> None:
        waits = {"schema": 1, "name": "waits", "steps": [{"name": "w", "kind": "wait", "signal": "s"}]}
        version = workflows.import_document(waits, publish=True).version
        assert version is not None
        run = engine.start_run(version, {})
        with pytest.raises(BadInput, match="opens only where it was sealed"):
            engine.signal(run.pk, "s", {"token": sealed_param()})


def test_a_child_run_gets_the_secret_of_its_parents_input() -> None:
    publish(document("blab"))
    step = {
        "name": "inner",
        "kind": "workflow",
        "workflow": "keeps",
        "input": {"password": "=context.password"},
    }
    made = {"schema": 1, "name": "outer", "input_schema": SCHEMA, "steps": [step], "edges": []}
    version = workflows.import_document(made, publish=True).version
    assert version is not None
    *_, run = start_and_run(version, {"password": SECRET}, None)
    run.refresh_from_db()
    assert run.status == "completed" and keepers.seen == [SECRET] * 2
    child = Run.objects.get(parent=run)
    assert place_of(child.input["password"]) == input_place("keeps", "/password")
    assert_nowhere(everything_stored())


@pytest.mark.parametrize(
    ("worker", "given"),
    [
        ("count_down", {"pin": 987654321}),
        ("count_down", {"words": ["aardvark-1", "zebra-2"]}),
        ("count_down", {"card": {"number": "4111-1111", "year": 20871}}),
    ],
)
def test_values_of_every_type_are_sealed(worker: str, given: dict[str, Any]) -> None:
    step = {"name": "a", "worker": worker, "params": given}
    made = {"schema": 1, "name": "keeps", "steps": [step], "edges": []}
    run = run_of(made)
    [(key, value)] = given.items()
    assert run.status == "completed" and keepers.seen == [value]
    stored = everything_stored() + everything_shown(client_of("root", "admin"), run)
    for part in ("987654321", "aardvark-1", "zebra-2", "4111-1111", "20871"):
        assert part not in stored


def test_params_that_mark_keys_are_refused_with_their_path() -> None:
    step = {"name": "a", "worker": "keyed", "params": {"by_token": {"t": 1}}}
    made = {"schema": 1, "name": "keeps", "steps": [step], "edges": []}
    assert ("secret_keys", "steps[0].params") in problems_of(made)
    schema = {"type": "object", "propertyNames": {"writeOnly": True}}
    assert ("secret_keys", "input_schema") in problems_of({**document("blab"), "input_schema": schema})


def test_answers_of_the_api_are_not_kept_by_browsers_and_proxies() -> None:
    run = run_of(document("blab"), password=SECRET)
    client = client_of("olga", "operator")
    for path in ("", f"runs/{run.pk}", "workflows", "nothing-here", f"runs/{run.pk}/values/input"):
        assert "no-store" in client.get(f"/api/v1/{path}")["Cache-Control"], path
