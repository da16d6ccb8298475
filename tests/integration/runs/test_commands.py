"""`run_workflow` and `show_run`: what they print, and the exit codes that scripts rely on."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from redis import Redis

from designer.document.graph import Action, Graph, Step
from runs.engine import engine
from runs.machine.limits import INPUT_BYTES_MAX
from runs.models import Run, WorkerProcess
from tests.integration.runs.conftest import Publish, chain, step
from workers.management.commands import run_workflow

LOCAL = ("run_workflow", "sample", "--local")


def call(*words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*words, stdout=out, stderr=err)
    except SystemExit as left:
        return int(left.code or 0), out.getvalue(), err.getvalue()
    except CommandError as refused:
        return refused.returncode, out.getvalue(), str(refused)
    return 0, out.getvalue(), err.getvalue()


def with_input(**input: Any) -> tuple[str, ...]:
    return (*LOCAL, "--input", json.dumps(input))


@pytest.fixture
def order(publish: Publish) -> Graph:
    graph = chain(step("a"), step("b"), sample_input={"faults": {}})
    publish(graph)
    return graph


def test_a_run_that_completes_exits_with_0_and_is_followed(order: Graph) -> None:
    code, out, err = call(*LOCAL)
    assert code == 0
    assert "step.completed" in out and out.rstrip().endswith("run.completed")


@pytest.mark.parametrize(
    ("faults", "code"),
    [({"b": "critical"}, 4), ({"a": "critical"}, 3), ({"b": "critical", "undo_a": 1}, 6)],
    ids=["compensated", "failed", "blocked"],
)
def test_the_exit_code_says_how_it_ended(order: Graph, faults: dict[str, Any], code: int) -> None:
    assert call(*with_input(faults=faults))[0] == code


def test_with_json_standard_output_is_one_document(order: Graph) -> None:
    code, out, err = call(*LOCAL, "--json")
    assert json.loads(out)["status"] == "completed"
    assert "run.completed" in err


def test_a_run_that_takes_too_long_exits_with_7(publish: Publish) -> None:
    publish(chain(Step("wait", kind="wait", seconds=60)))
    assert call(*LOCAL, "--timeout", "0.2")[0] == 7


def test_a_run_that_is_cancelled_by_its_timeout_exits_with_5(publish: Publish) -> None:
    publish(chain(Step("wait", kind="wait", seconds=60), timeout=0.1))
    code, out, _ = call(*LOCAL, "--timeout", "20")
    assert code == 5, out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nosuch",), "no published workflow 'nosuch'"),
        (("sample", "--input", "{"), "not valid JSON"),
        (("sample", "--input", '{"a": NaN}'), "NaN"),
        (("sample", "--input", "[1]"), "must be a JSON object"),
        (("sample", "--input", "@/nonexistent"), "cannot be read"),
        (("sample", "--input", "[" * 100_000), "deeper than 64 levels"),
        (("sample", "--timeout", "0"), "--timeout"),
        (("sample", "--key", ""), "--key"),
        (("sample", "--key", "k" * 201), "--key"),
        (("sample", "--key", "k", "--lines", "-"), "--key"),
    ],
)
def test_bad_input_is_refused_in_one_line_with_2(order: Graph, words: tuple[str, ...], said: str) -> None:
    code, out, err = call("run_workflow", *words)
    assert (code, out) == (2, "")
    assert said in err and "\n" not in err
    assert not Run.objects.exists()


def test_the_same_key_again_starts_nothing_and_with_another_input_is_refused(order: Graph) -> None:
    first, again = (call(*LOCAL, "--key", "k", "--input", '{"amount": 1}', "--json") for _ in range(2))
    assert (first[0], again[0]) == (0, 0)
    assert json.loads(first[1])["id"] == json.loads(again[1])["id"]
    code, out, err = call(*LOCAL, "--key", "k", "--input", '{"amount": 2}', "--json")
    assert (code, out) == (2, "") and "sent before with another body" in err
    assert Run.objects.count() == 1


def test_an_input_that_is_too_large_is_refused(order: Graph, tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(json.dumps({"a": "x" * INPUT_BYTES_MAX}))
    code, _, err = call("run_workflow", "sample", "--input", f"@{path}")
    assert code == 2 and "5,000,000" in err


def test_the_input_may_come_from_a_file(order: Graph, tmp_path: Path) -> None:
    path = tmp_path / "order.json"
    path.write_text('{"order": 7}')
    code, out, _ = call(*LOCAL, "--input", f"@{path}", "--json")
    assert json.loads(out)["input"] == {"order": 7}


def test_show_run_shows_the_run_and_its_journal(publish: Publish) -> None:
    run = engine.start_run(publish(chain(step("a", compensation=Action("undo")))), {})
    assert "running" in call("show_run", str(run.pk))[1]
    assert json.loads(call("show_run", str(run.pk), "--json")[1])["id"] == str(run.pk)
    events = json.loads(call("show_run", str(run.pk), "--events", "--json")[1])["events"]
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert len(call("show_run", str(run.pk), "--events")[1].splitlines()) == 3


@pytest.mark.parametrize("name", ["7", "01a20617-51be-779d-b020-d363b36b87fb"])
def test_show_run_refuses_what_is_no_run(name: str) -> None:
    code, out, err = call("show_run", name)
    assert (code, out) == (2, "") and name in err


def test_it_is_said_why_a_run_stands_still(
    order: Graph, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_workflow, "QUIET_S", 0.0)
    waiting = ("run_workflow", "sample", "--wait", "--timeout", "0.5")
    code, _, said = call(*waiting)
    assert code == 7 and said == "it waits: no worker process is running; start `up`, or `worker`\n"
    now, here = timezone.now(), {"host": "there", "pid": 1, "queues": ["default"]}
    WorkerProcess.objects.create(id="there:1:a", workers=["other"], started_at=now, seen_at=now, **here)
    code, _, said = call(*waiting)
    assert code == 7 and said.startswith("a waits: no worker process has 'act'; name its module")
    WorkerProcess.objects.update(workers=["act"])
    assert call(*waiting)[::2] == (7, "")


def test_the_same_key_shows_when_its_run_was_started(order: Graph) -> None:
    first, again = (call(*LOCAL, "--key", "order-1")[1].splitlines()[0] for _ in range(2))
    assert again.startswith(f"{first}, started ") and again.endswith(" UTC")
