"""`simulate`: each form of fault, where it strikes, and what is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.unit.workers.helpers import why
from workers import CriticalFailure, StepHandle, TemporaryFailure, worker
from workers.library.faults import Fault, SimulatedError, fault_of, simulated, simulated_undo
from workers.testing import call, fake_step, outcome_of, spec_of

done: list[str] = []


@worker("act")
@simulated
def act(context: dict[str, Any]) -> dict[str, Any]:
    """Acts."""
    done.append("act")
    return {"acted": True}


@worker("unact")
@simulated_undo
def unact(step: StepHandle) -> dict[str, Any]:
    """Undoes acting."""
    done.append("unact")
    return {"status": "success"}


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


def with_fault(fault: Any) -> dict[str, Any]:
    return {"simulate": {"act": fault, "unact": fault}}


def test_without_a_fault_the_worker_works():
    contexts: tuple[dict[str, Any], ...] = (
        {},
        {"simulate": {}},
        {"simulate": None},
        {"simulate": {"other": "error"}},
        with_fault(""),
    )
    for context in contexts:
        assert call(act, context) == {"acted": True}
    assert call(unact) == {"status": "success"}


def test_the_worker_is_still_described_as_its_author_wrote_it():
    spec = spec_of(act)
    assert (spec.name, spec.doc, spec.is_async) == ("act", "Acts.", False)
    assert spec.takes == {"context", "step"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [("error", SimulatedError), ("critical", CriticalFailure), ("temporary:1", TemporaryFailure)],
)
def test_errors_strike_before_the_work(fault: str, error: type[Exception]):
    with pytest.raises(error, match="simulated"):
        call(act, with_fault(fault))
    assert not done


def test_failed_is_a_result_and_of_a_compensation_it_asks_for_a_person():
    assert call(act, with_fault("failed")) == {"status": "failed", "error": "simulated failure of act"}
    assert call(unact, with_fault("failed"))["requires_manual_intervention"] is True
    assert not done


def test_temporary_counts_attempts():
    for attempt in (1, 2):
        with pytest.raises(TemporaryFailure):
            call(act, with_fault("temporary:2"), step=fake_step(attempt=attempt))
    assert call(act, with_fault("temporary:2"), step=fake_step(attempt=3)) == {"acted": True}


def test_hang_outlasts_the_timeout_after_the_work():
    outcome = outcome_of(act, with_fault("hang"), timeout=0.2)
    assert outcome.kind == "unknown" and why(outcome).code == "timeout"
    assert done == ["act"]


def test_slow_takes_its_time_and_works():
    started = time.monotonic()
    assert call(act, with_fault("slow:0.2")) == {"acted": True}
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(
    ("fault", "attempt", "dies"),
    [("crash", 1, True), ("crash", 9, True), ("crash:2", 2, True), ("crash:2", 3, False)],
)
def test_crash_kills_the_process_after_the_work(fault: str, attempt: int, dies: bool):
    code = (
        "from tests.unit.workers.library.test_faults import act, done, with_fault\n"
        "from workers.testing import call, fake_step\n"
        "import atexit\n"
        f"call(act, with_fault({fault!r}), step=fake_step(attempt={attempt}))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert ended.returncode == (-signal.SIGKILL if dies else 0)


def test_a_step_may_be_named_instead_of_the_worker():
    context = {"simulate": {"acts[3]": "error"}}
    assert call(act, context, step=fake_step("acts[2]")) == {"acted": True}
    with pytest.raises(SimulatedError):
        call(act, context, step=fake_step("acts[3]"))


@pytest.mark.parametrize(
    "fault",
    ["explode", "temporary", "temporary:x", "crash:-1", "slow:", "error:1", 3, ["error"], "temporary:99999"],
)
def test_an_unknown_fault_is_refused_with_the_forms_there_are(fault: Any):
    with pytest.raises(CriticalFailure, match="simulate: unknown fault .* for act; use error, temporary:N"):
        fault_of(with_fault(fault), fake_step(), "act")


@pytest.mark.parametrize("asked", ["error", ["act"], 5])
def test_simulate_must_be_an_object(asked: Any):
    with pytest.raises(CriticalFailure, match="simulate: expected"):
        fault_of({"simulate": asked}, fake_step(), "act")


def test_where_faults_are_off_a_run_that_asks_for_one_fails_and_says_so():
    step = fake_step()
    step.may_simulate = False
    with pytest.raises(CriticalFailure, match="SIMULATE_FAULTS=1"):
        fault_of(with_fault("crash"), step, "act")
    assert fault_of({}, step, "act") == fault_of({"simulate": {}}, step, "act") == Fault()
