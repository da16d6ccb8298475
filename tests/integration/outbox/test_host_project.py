"""The outbox in a Django project beside the product, which has no module of the product in its path."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config.accounts import tokens
from config.accounts.permissions import Role
from designer.services.workflows import import_document
from runs.models import Run
from tests.architecture.source import ROOT
from tests.people import person

CHECKS = 27
WAIT_S = 60


@dataclass
class HostProject:
    """A copy of the project, with the outbox as it is shipped: as `sagaboard.outbox`."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "host_settings", **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str]:
        process = self.begin(*words)
        said, _ = process.communicate(timeout=WAIT_S)
        return process.returncode, said

    def rows(self, statement: str) -> list[Any]:
        with sqlite3.connect(self.environment["HOST_FILE"]) as database:
            return database.execute(statement).fetchall()


@pytest.fixture
def host(tmp_path: Path) -> HostProject:
    folder = shutil.copytree(ROOT / "tests" / "host_project", tmp_path / "host")
    (folder / "__init__.py").unlink()
    (folder / "sagaboard").mkdir()
    (folder / "sagaboard" / "__init__.py").touch()
    shutil.copytree(ROOT / "workers/outbox", folder / "sagaboard" / "outbox")
    return HostProject(folder, {"HOST_FILE": str(folder / "host.sqlite3"), "PYTHONPATH": str(folder)})


def test_what_the_outbox_does_in_a_project(host: HostProject) -> None:
    (host.folder / "pytest.ini").write_text("[pytest]\n")
    code, said = host.run(
        "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "checks_of_outbox.py"
    )
    assert code == 0 and f"{CHECKS} passed" in said, said


def test_the_outbox_imports_nothing_of_the_product(host: HostProject) -> None:
    script = (
        "import django, sys; django.setup(); import sagaboard.outbox.admin, sagaboard.outbox.delivery; "
        "import sagaboard.outbox.management.commands.deliver_starts; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} "
        "& {'config', 'designer', 'runs', 'workers', 'channels', 'rq', 'pydantic'}))"
    )
    (host.folder / "imports.py").write_text(script)
    assert host.run("imports") == (0, "[]\n")


class BoardServer(HTTPServer):
    """The product's API on loopback, in the thread of the test. `victim` is killed before its answer."""

    victim: subprocess.Popen[str] | None = None

    def serve_until_ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        self.timeout = 0.05
        while process.poll() is None:
            self.handle_request()
        return process.returncode, process.communicate()[0]


class Forwarded(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, BoardServer)
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name: self.headers[name] for name in ("Authorization", "Idempotency-Key")}
        answer = Client().post(self.path, body, content_type="application/json", headers=headers)
        if self.server.victim is not None:
            self.server.victim.send_signal(signal.SIGKILL)
            self.server.victim.wait(WAIT_S)
            self.server.victim = None
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer["Content-Type"])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *words: Any) -> None:
        """Says nothing."""


@pytest.fixture
def board(db: None, host: HostProject) -> Iterator[BoardServer]:
    step = {"name": "ask", "kind": "approval", "message": "May it go on?"}
    import_document({"schema": 1, "name": "order", "steps": [step], "edges": []}, publish=True)
    host.environment["SAGABOARD_TOKEN"] = tokens.make(person("ada", "operator"), "host", Role.OPERATOR)[1]
    with BoardServer(("127.0.0.1", 0), Forwarded) as server:
        host.environment["SAGABOARD_URL"] = f"http://127.0.0.1:{server.server_port}"
        yield server


def test_one_run_though_the_board_is_away_and_the_delivery_killed_between_post_and_mark(
    host: HostProject, board: BoardServer
) -> None:
    assert host.run("django", "migrate", "-v0") == (0, "")
    assert host.run("django", "place_order", "A-1", "--fail")[0] == 1
    assert host.run("django", "place_order", "A-2") == (0, "")
    assert host.run("django", "place_order", "A-3", "--workflow", "unknown") == (0, "")

    url, host.environment["SAGABOARD_URL"] = host.environment["SAGABOARD_URL"], "http://127.0.0.1:9"
    code, said = host.run("django", "deliver_starts", "--once")
    assert code == 1 and "order-A-2 is sent again at" in said, "the board is away"
    host.environment["SAGABOARD_URL"] = url
    host.rows("UPDATE sagaboard_outbox_start SET due_at = created_at")  # as time goes by

    board.victim = host.begin("django", "deliver_starts", "--once")
    code, _ = board.serve_until_ended(board.victim)
    assert code == -signal.SIGKILL
    [run] = Run.objects.all()
    assert run.input == {"number": "A-2"} and run.workflow_name == "order"
    host.rows("UPDATE sagaboard_outbox_start SET claimed_until = created_at")

    code, said = board.serve_until_ended(host.begin("django", "deliver_starts", "--once"))
    assert code == 1 and "unknown order-A-3 was given up: 404" in said
    assert [each.pk for each in Run.objects.all()] == [run.pk]
    rows = host.rows("SELECT key, state, run FROM sagaboard_outbox_start ORDER BY id")
    assert rows == [("order-A-2", "delivered", str(run.pk)), ("order-A-3", "given up", "")]


IN_THE_PRODUCT = """
import django; django.setup()
from django.apps import apps
from django.contrib import admin
from django.core.management import call_command
from django.db import connections
from config.lib.commands import Refused
from workers.registry import get_catalog
from workers.testing import call, outcome_of

call_command("migrate", "auth", verbosity=0)
try:
    call_command("migrate", database="host", verbosity=0)
    raise SystemExit("the host's database was migrated")
except Refused as refused:
    print(refused)
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
Order = apps.get_model("shop", "Order")
assert Order not in admin.site._registry
assert "shop_order" not in connections["default"].introspection.table_names()
order = Order.objects.get(number="A-1")
assert (order._state.db, order.placed_by.username, order.placed_by._state.db) == ("host", "olga", "host")
worker = get_catalog()["ship_order"].function
assert outcome_of(worker, {"number": "A-1"}).kind == "succeeded"
print(Order.objects.get().status)
"""


def test_workers_use_the_models_of_the_project_and_its_database_is_not_migrated(
    host: HostProject, tmp_path: Path
) -> None:
    assert host.run("django", "migrate", "-v0") == (0, "")
    host.rows("INSERT INTO auth_user VALUES (7, '', NULL, 0, 'olga', '', '', 0, 1, '2026-01-01', '')")
    host.rows("INSERT INTO shop_order (number, status, placed_by_id) VALUES ('A-1', 'new', 7)")
    before = [host.rows(f"SELECT * FROM {table}") for table in ("sqlite_master", "django_migrations")]
    (tmp_path / "in_the_product.py").write_text(IN_THE_PRODUCT)
    host.environment |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": f"{tmp_path}:{host.folder}:{ROOT}",
        "DATA_DIR": str(tmp_path / "data"),
        "HOST_APPS": "shop",
        "HOST_DATABASE_URL": f"sqlite:///{host.environment['HOST_FILE']}",
        "WORKER_MODULES": "shop.steps",
    }
    code, said = host.run("in_the_product")
    assert code == 0, said
    assert said.splitlines()[-2:] == [
        "the database at HOST_DATABASE_URL belongs to the host project, which migrates it itself",
        "shipped",
    ]
    after = [host.rows(f"SELECT * FROM {table}") for table in ("sqlite_master", "django_migrations")]
    assert after == before

    host.environment["HOST_DATABASE_URL"] = f"sqlite:///{tmp_path}/data/db.sqlite3"
    assert "is the product's own database" in host.run("django", "check")[1]
    host.environment["HOST_APPS"] = "shop,no_such_app"
    assert "HOST_APPS: no_such_app is no Django app that can be imported" in host.run("django", "check")[1]
