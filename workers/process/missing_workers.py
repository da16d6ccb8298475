"""Steps whose worker this process lacks: left to a process that has it, and after a while to a person.
Runs that newer code has written are left to newer processes, for as long as it takes.

So worker processes of an old and a new version may stand side by side.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from uuid import UUID

from runs.delivery import queue as run_queue
from runs.delivery import worker_processes
from runs.errors import NewerState, WorkerMissing
from runs.machine.events import Dispatch
from runs.models import StepRun
from workers.process import identity
from workers.sdk.outcome import Direction, Failure, Outcome

GIVE_UP_S = 60.0  # without any process that has the worker
PASS_PAUSE_S = 0.2  # so that a step does not spin between processes that lack its worker
REMEMBERED_MAX = 10_000

logger = logging.getLogger(__name__)
_met: OrderedDict[tuple[str, str, int], float] = OrderedDict()


def pass_on(missing: WorkerMissing, step: str, lease: int) -> bool:
    """Leaves a step to another process. False when nobody has had its worker for long: give it up."""
    if not identity.queues():
        return False
    since = _first_met((str(missing.run_id), step, lease))
    if worker_processes.note_lacking(identity.current_process_id(), missing.worker):
        logger.warning("%s; its steps are left to other worker processes", missing)
    if worker_processes.is_known(missing.worker, missing.queue):
        time.sleep(PASS_PAUSE_S)
        run_queue.dispatch(missing.run_id, [Dispatch(step, lease, missing.queue)])
        return True
    return time.monotonic() - since < GIVE_UP_S  # until then, the sweep rings every few seconds


def leave_to_newer(newer: NewerState, run_id: UUID, step: str, lease: int) -> None:
    """Leaves a run that this code cannot read; nobody is asked, as nothing could be written."""
    here = identity.current_process_id()
    if worker_processes.note_lacking(here, worker_processes.NEWER_CODE):
        logger.warning("run %s: %s Such runs wait for worker processes of the newer version.", run_id, newer)
    queue = StepRun.objects.filter(run=run_id, name=step).values_list("queue", flat=True).first()
    if queue and worker_processes.may_be_newer(queue, here):
        time.sleep(PASS_PAUSE_S)
        run_queue.dispatch(run_id, [Dispatch(step, lease, queue)])


def given_up(worker: str, direction: Direction) -> Outcome:
    """A question to a person; a verification can ask none and only fails."""
    message = (
        f"No worker process has the worker {worker!r}. Start one whose WORKER_MODULES hold it, "
        "then answer with a retry."
    )
    return Outcome(
        "failed" if direction == "verify" else "intervention", None, Failure("unknown_worker", message)
    )


def _first_met(key: tuple[str, str, int]) -> float:
    since = _met.setdefault(key, time.monotonic())
    while len(_met) > REMEMBERED_MAX:
        _met.popitem(last=False)
    return since
