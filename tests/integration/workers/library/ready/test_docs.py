"""`docs/library.md` is true: its examples run as they are, and its tables name all fields and codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from designer.formats.formats import from_yaml
from designer.services import workflows
from runs.delivery import queue
from runs.engine import engine
from runs.models import Run
from runs.queries.run_page import run_value
from tests.http_api import HttpApi, http_api
from tests.integration.workers.library.ready.mail_server import mail_server
from workers.connections import service
from workers.connections.databases import connect
from workers.connections.opening import open_connection
from workers.connections.service import ConnectionSpec
from workers.library import READY_MODULES
from workers.process.jobs import run_attempt
from workers.registry import load_catalog

TEXT = (Path(django_settings.BASE_DIR) / "docs" / "library.md").read_text(encoding="utf-8")
SECTIONS = {part.split("\n")[0]: part for part in TEXT.split("\n## ")[1:]}
READY = load_catalog([], READY_MODULES)
UNDOS = {"remove_rows_file", "roll_back_run"}
LIBRARY = Path(django_settings.BASE_DIR) / "workers" / "library"
FOLDERS = ("data", "flow", "http", "llm", "mail", "python", "rows", "sql", "text")
SOURCES = "".join(path.read_text() for name in FOLDERS for path in (LIBRARY / name).glob("*.py"))


def example(worker: str) -> dict[str, Any]:
    [block] = re.findall(r"```yaml\n(.*?)```", SECTIONS[worker], re.DOTALL)
    document: dict[str, Any] = from_yaml(block)
    return document


def run_of(worker: str, capsys: pytest.CaptureFixture[str], *before: str) -> dict[str, Any]:
    for name in (*before, worker):
        workflows.import_document(example(name), publish=True)
    with pytest.raises(SystemExit) as ended:
        call_command("run_workflow", example(worker)["name"], "--local")
    assert ended.value.code == 0, capsys.readouterr().out
    return dict(run_value(Run.objects.get(workflow_name=example(worker)["name"], parent=None), "context"))


@pytest.fixture(autouse=True)
def database(transactional_db: None, redis_client: Any) -> None:
    """Each run is the only one."""


def test_a_letter_is_rendered(capsys: pytest.CaptureFixture[str]) -> None:
    context = run_of("render_text", capsys)
    assert context["text"] == "Dear Ann,\n- 2 × Tea\n- 1 × Mug\nare waiting for you.\n"


def test_an_order_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_of("validate_json", capsys)["valid"] is True
    with pytest.raises(SystemExit) as ended:
        call_command("run_workflow", "check_order", "--local", input='{"order": {"id": 1}}')
    assert ended.value.code == 0
    run = Run.objects.latest("created_at")
    assert run_value(run, "context")["kept"] == {"id": 1}


def test_chunks_are_read_by_a_map(capsys: pytest.CaptureFixture[str]) -> None:
    context = run_of("read_rows", capsys)
    assert [chunk["total"] for chunk in context["sums"]] == [23.4, 39]
    assert all(chunk["rows"] is None for chunk in context["sums"])


def test_a_price_list_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    context = run_of("write_rows", capsys)
    assert context["rows"] == [{"price": 8.9, "sku": "TEA"}, {"price": 14.5, "sku": "MUG"}]


def test_an_event_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_of("publish_event", capsys)["runs"] == []


def test_another_workflow_is_started(capsys: pytest.CaptureFixture[str]) -> None:
    context = run_of("start_workflow", capsys, "render_text")
    started = Run.objects.get(pk=context["run_id"])
    assert (started.status, started.labels) == ("completed", {"customer": "Ann"})


def test_a_mail_is_sent(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        run_of("send_email", capsys)
    assert server.taken[0].message["Subject"] == "Your order A7"


def test_a_function_is_called(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    settings.PYTHON_FUNCTIONS = ["statistics.mean", "statistics.median"]
    schema = vars(READY["python_function"])
    schema.pop("params_schema", None)  # of another test's setting
    try:
        assert run_of("python_function", capsys)["result"] == 20.8
    finally:
        schema.pop("params_schema", None)


@pytest.fixture
def api(settings: Any) -> Iterator[HttpApi]:
    settings.HTTP_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
    service.put_secret("key", "the-key-of-the-api")
    with http_api() as api:
        yield api


def test_an_order_is_charged_and_refunded(capsys: pytest.CaptureFixture[str], api: HttpApi) -> None:
    service.put("payments", ConnectionSpec("http", api.url, "bearer", secret="key"))
    context = run_of("http_request", capsys)
    assert context["charge"]["body"]["amount"] == 1250
    run = Run.objects.get(workflow_name="charge_order")
    with queue.collect_dispatches() as dispatches:
        engine.roll_back(run.pk)
        while dispatches:
            owner, dispatch = dispatches.popleft()
            run_attempt(str(owner), dispatch.step, dispatch.lease)
    [charge], [refund] = api.charges.values(), api.refunds.values()
    assert refund["charge"] == charge["id"] and refund["key"] != charge["key"]
    run.refresh_from_db()
    assert run.status == "compensated"


def test_a_database_is_changed_and_read(capsys: pytest.CaptureFixture[str]) -> None:
    service.put("shop", ConnectionSpec("sql", "sqlite:///shop.db"))
    with connect(open_connection("shop", "sql"), read_only=False, timeout=10) as database:
        table = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, age_days INTEGER)"
        database.exec_driver_sql(table)
        database.exec_driver_sql("INSERT INTO orders (customer, age_days) VALUES ('Bob', 5)")
    assert run_of("sql_query", capsys)["rows"] == [{"id": 1, "customer": "Bob"}]
    assert run_of("sql_execute", capsys)["rows"] == [{"id": 2}]


def test_a_model_is_asked(capsys: pytest.CaptureFixture[str], api: HttpApi) -> None:
    service.put("llm", ConnectionSpec("http", f"{api.url}/v1", "bearer", secret="key"))
    assert run_of("ask_model", capsys)["text"].startswith("You said: Sum this up: A saga")


@pytest.mark.parametrize("name", sorted(READY.keys() - UNDOS))
def test_every_worker_has_a_section_with_all_its_fields(name: str) -> None:
    assert f"[`{name}`](#{name})" in TEXT
    properties = (READY[name].params_schema or {})["properties"]
    assert {field for field in properties if f"`{field}`" not in SECTIONS[name]} == set()


def test_every_code_is_documented() -> None:
    codes = set(re.findall(r"code=\"(\w+)\"", SOURCES)) | set(re.findall(r'"code": "(\w+)"', SOURCES))
    assert codes and {code for code in codes if f"`{code}`" not in TEXT} == set()
