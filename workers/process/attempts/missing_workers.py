"""Steps that this process cannot carry out. Processes of an old and a new version may run side by side.

* The process lacks the step's worker: the step goes to a process that has it. If no process has had the
  worker for `GIVE_UP_S`, the step ends with a question to a person.
* Newer code wrote the run: the run waits for a newer process, without a limit. It cannot be given up here, as
  this code cannot write what it cannot read.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from uuid import UUID

from config.lib.caches import register
from runs.delivery import queue as run_queue
from runs.delivery import worker_processes
from runs.errors import NewerState, WorkerMissing
from runs.machine.events import Dispatch
from runs.models import StepRun
from workers.process import identity
from workers.sdk.outcome import Direction, Failure, Outcome

GIVE_UP_S = 60.0  # without any process that has the worker
PASS_PAUSE_S = 0.2  # so that a step does not spin between processes that lack its worker
FIRST_SEEN_MAX = 10_000

logger = logging.getLogger(__name__)
_first_seen: OrderedDict[tuple[str, str, int], float] = OrderedDict()  # seconds of `time.monotonic()`
register(_first_seen.clear)


def leave_to_others(missing: WorkerMissing, step: str, lease: int) -> bool:
    """Leaves a step to another process.

    Returns False if it is to be given up: nobody has had its worker for long.
    """
    if not identity.queues():  # outside a pool: there is no other process to wait for
        return False
    since = _first_seen.setdefault((str(missing.run_id), step, lease), time.monotonic())
    while len(_first_seen) > FIRST_SEEN_MAX:
        _first_seen.popitem(last=False)
    if worker_processes.note_lacking(identity.current_process_id(), missing.worker):
        logger.warning("%s; its steps are left to other worker processes", missing)
    if worker_processes.is_known(missing.worker, missing.queue):
        time.sleep(PASS_PAUSE_S)
        run_queue.dispatch(missing.run_id, [Dispatch(step, lease, missing.queue)])
        return True
    return time.monotonic() - since < GIVE_UP_S  # until then, the sweep dispatches it every few seconds


def leave_to_newer(newer: NewerState, run_id: UUID, step: str, lease: int) -> None:
    """Leaves a run that this code cannot read to a process of newer code."""
    here = identity.current_process_id()
    if worker_processes.note_lacking(here, worker_processes.NEWER_CODE):
        logger.warning("run %s: %s Such runs wait for worker processes of the newer version.", run_id, newer)
    queue = StepRun.objects.filter(run=run_id, name=step).values_list("queue", flat=True).first()
    if queue and worker_processes.may_be_newer(queue, here):
        time.sleep(PASS_PAUSE_S)
        run_queue.dispatch(run_id, [Dispatch(step, lease, queue)])


def missing_worker_outcome(worker: str, direction: Direction) -> Outcome:
    """The outcome of a step that is given up: a question to a person, or a failure for a verification."""
    message = (
        f"No worker process has the worker {worker!r}. Start one whose WORKER_MODULES hold it, "
        "then answer with a retry."
    )
    return Outcome(
        "failed" if direction == "verify" else "intervention", None, Failure("unknown_worker", message)
    )
