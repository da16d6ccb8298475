"""What `doctor` finds, and that it says what to do."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from config.operations import diagnostics
from designer.models import Workflow
from runs.models import Run, StepRun, WorkerProcess
from workers.connections.service import put_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker_process():
    now = timezone.now()
    return WorkerProcess.objects.create(
        id="there:1:a", host="there", pid=1, queues=["default"], started_at=now, seen_at=now
    )


def wrong(findings) -> list[str]:
    return [f"{found.subject}: {found.text}" for found in findings if found.level == "wrong"]


def doctor() -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("doctor", stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_all_is_well(worker_process):
    assert doctor()[0] == 0


def test_no_worker_process_is_wrong():
    code, said = doctor()
    assert code == 1
    assert "WRONG fleet: no worker process; start `manage.py up` or `manage.py worker`" in said
    assert said.splitlines()[-1] == "1 thing to put right."


def test_a_silent_worker_process_is_wrong(worker_process):
    WorkerProcess.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    assert any("there:1:a died" in text for text in wrong(diagnostics.fleet_check()))


def test_a_process_that_lacks_workers_is_wrong(worker_process):
    WorkerProcess.objects.update(lacks=["charge"])
    [text] = wrong(diagnostics.fleet_check())
    assert "there:1:a met steps of workers that it lacks (charge)" in text


def test_a_queue_that_nobody_listens_to_is_wrong(worker_process):
    WorkerProcess.objects.update(queues=["default"])
    version = Workflow.objects.create(name="w").versions.create(number=1, document={}, resolved={})
    run = Run.objects.create(version=version, workflow_name="w", created_at=timezone.now())
    StepRun.objects.create(run=run, name="s", status="queued", queue="gpu")
    [text] = wrong(diagnostics.fleet_check())
    assert "steps wait in gpu, which no process listens to" in text


def test_an_overdue_timer_is_wrong():
    version = Workflow.objects.create(name="w").versions.create(number=1, document={}, resolved={})
    run = Run.objects.create(version=version, workflow_name="w", created_at=timezone.now())
    StepRun.objects.create(run=run, name="s", due_at=timezone.now() - timedelta(minutes=2))
    [text] = wrong(diagnostics.overdue_check())
    assert "start `manage.py scheduler`" in text


def test_a_redis_that_does_not_answer_is_wrong(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.REDIS_EMBEDDED = False
    [text] = wrong(diagnostics.redis_check())
    assert "check that it runs and that REDIS_URL is right" in text


@pytest.mark.parametrize(
    ("difference_s", "is_wrong"), [(0.5, False), (-1.9, False), (3.0, True), (-60, True)]
)
def test_clocks(difference_s, is_wrong):
    assert bool(wrong(diagnostics.skew("Redis", difference_s))) is is_wrong


def test_a_key_that_others_can_read_is_wrong(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    (tmp_path / "secret_key").touch(mode=0o644)
    [text] = wrong(diagnostics.settings_check())
    assert f"chmod 600 {tmp_path}/secret_key" in text


def test_a_key_that_does_not_open_what_is_sealed_is_wrong(settings):
    put_secret("bank", "s3cret")
    assert wrong(diagnostics.keys_check()) == []
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [settings.SECRET_KEY]
    assert wrong(diagnostics.keys_check()) == []
    settings.SECRET_KEY_FALLBACKS = []
    [text] = wrong(diagnostics.keys_check())
    assert "1 of secrets" in text and "SECRET_KEY_FALLBACKS" in text


def test_a_short_key_is_noted(settings):
    settings.SECRET_KEY = "changeme"
    assert any("is short" in found.text for found in diagnostics.keys_check() if found.level == "note")


def test_workers_that_replace_shipped_ones_are_noted(monkeypatch):
    class Spec:
        module = "shop.workers"

    class Old:
        module = "workers.library.patterns.x"

    class Catalog(dict[str, Spec]):
        overrides = {"charge": Old()}

    monkeypatch.setattr(diagnostics, "get_catalog", lambda: Catalog(charge=Spec()))
    texts = [found.text for found in diagnostics.catalog_check() if found.level == "note"]
    assert texts == ["charge of shop.workers replaces the one of workers.library.patterns.x"]


def test_a_disk_that_is_almost_full_is_wrong(monkeypatch):
    monkeypatch.setattr(diagnostics, "DISK_BYTES_MIN", 10**18)
    assert any("make room" in text for text in wrong(diagnostics.disk_check()))
