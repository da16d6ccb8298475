"""`manage.py run_workflow`: starts one run or many, and follows them on request.

The exit code says how they ended.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from config.lib.commands import Refused, SagaboardCommand
from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from designer.models import WorkflowVersion
from designer.services.queries import find_version
from runs.delivery import worker_processes
from runs.detail.terminal import TIMED_OUT, JournalFollower, exit_code, worst
from runs.engine import engine
from runs.errors import UnknownWorkflow
from runs.machine.limits import IDEMPOTENCY_KEY_LENGTH_MAX, INPUT_BYTES_MAX, PRIORITY_MAX, PRIORITY_STANDARD
from runs.models import Run, StepRun
from runs.queries.runs import run_json
from runs.store import reader
from workers.cli import json_lines
from workers.cli.local_run import start_and_run

POLL_S = 0.05
QUIET_S = 3.0  # until it is said that nobody can do what a run waits for


class Command(SagaboardCommand):
    help = "Starts a run of a published workflow; with --wait, follows it to its end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name of the workflow")
        parser.add_argument("--input", help="JSON, @file or - for standard input; default: the sample input")
        parser.add_argument(
            "--lines", help="JSON Lines, @file or -: starts one run a line, all of them or none"
        )
        parser.add_argument("--key", help="idempotency key: called again with it, nothing is started again")
        parser.add_argument(
            "--priority",
            type=int,
            default=PRIORITY_STANDARD,
            choices=range(PRIORITY_MAX + 1),
            help="0 to 9; what is ready of runs with a higher one comes first (default: 5)",
        )
        parser.add_argument("--wait", action="store_true", help="follow the run, one line per journal entry")
        parser.add_argument("--timeout", type=float, help="seconds to follow it for")
        parser.add_argument("--json", action="store_true", help="print the run as one JSON document")
        parser.add_argument("--local", action="store_true", help="in this process, without Redis")

    def handle(self, *args: Any, **options: Any) -> None:
        version = latest_version(options["name"])
        seconds = options["timeout"]
        if seconds is not None and not seconds > 0:
            raise Refused("--timeout must be a number of seconds above 0")
        deadline = None if seconds is None else time.monotonic() + seconds
        if options["lines"] is not None:
            sys.exit(self._start_lines(version, deadline, options))
        input = read_input(options["input"], version)
        key = checked_key(options["key"])
        if options["local"]:
            settings.SIMULATE_FAULTS = True  # the input comes from whoever runs this command
            steps = start_and_run(version, input, deadline, key)
        else:
            until = deadline if options["wait"] else 0.0
            steps = start_and_wait(version, input, until, key, options["priority"])
        run = self._follow(steps, options)
        code = exit_code(run.status) if options["wait"] or options["local"] else 0
        if options["json"]:
            self.stdout.write(json.dumps(run_json(run), indent=2))
        sys.exit(TIMED_OUT if code is None else code)

    def _start_lines(self, version: WorkflowVersion, deadline: float | None, options: dict[str, Any]) -> int:
        """Starts one run per line, and with --wait follows all of them. Returns the worst exit code."""
        if options["local"] or options["input"] is not None:
            raise Refused("--lines goes neither with --input nor with --local")
        if options["key"] is not None:
            raise Refused("--key is for one run; --lines takes none")
        runs = json_lines.start(
            version, json_lines.inputs_of(_text_of(options["lines"], json_lines.BYTES_MAX))
        )
        out = self.stderr if options["json"] else self.stdout
        for run in runs:
            out.write(f"run {run.pk} of {run.workflow_name} {run.version.label}", self.style.HTTP_INFO)
        codes = [0]
        for run, code in json_lines.ends(runs, deadline) if options["wait"] else ():
            out.write(f"run {run.pk} {run.status if code != TIMED_OUT else 'has not ended in time'}")
            codes.append(code)
        if options["json"]:
            ended = Run.objects.select_related("version").in_bulk([run.pk for run in runs])
            self.stdout.write(json.dumps({"runs": [run_json(ended[run.pk]) for run in runs]}, indent=2))
        return worst(codes)

    def _follow(self, steps: Iterator[Run], options: dict[str, Any]) -> Run:
        """Writes the journal while `steps` brings the run forward. Returns the run as it is then."""
        out = self.stderr if options["json"] else self.stdout
        asked_at = reader.now()
        run = next(steps)
        earlier = f", started {run.created_at:%Y-%m-%d %H:%M:%S} UTC" if run.created_at < asked_at else ""
        title = f"run {run.pk} of {run.workflow_name} {run.version.label}{earlier}"
        out.write(title, self.style.HTTP_INFO)
        follower = JournalFollower(run.pk)
        if options["wait"] or options["local"]:
            for line in follower.lines():
                out.write(line)
            quiet_since, is_told = time.monotonic(), False
            for _ in steps:
                for line in follower.lines():
                    out.write(line)
                    quiet_since = time.monotonic()
                if not is_told and time.monotonic() - quiet_since > QUIET_S:
                    is_told = True
                    for reason in waits_in_vain(run):
                        self.stderr.write(reason)
        run.refresh_from_db()
        for line in follower.lines() if options["wait"] or options["local"] else ():
            out.write(line)
        return run


def start_and_wait(
    version: WorkflowVersion,
    input: dict[str, Any],
    deadline: float | None,
    key: str | None = None,
    priority: int = PRIORITY_STANDARD,
) -> Iterator[Run]:
    """Starts a run and yields it until it has ended, is blocked, or `deadline` has passed."""
    run = engine.start_run(version, input, idempotency_key=key, priority=priority)
    yield run
    while exit_code(run.status) is None and (deadline is None or time.monotonic() < deadline):
        time.sleep(POLL_S)
        run.refresh_from_db()
        yield run


def waits_in_vain(run: Run) -> Iterator[str]:
    """Why nobody carries out what a run has queued, as far as worker processes tell."""
    if not worker_processes.lately_seen().exists():
        yield "it waits: no worker process is running; start `up`, or `worker`"
        return
    workers = {step["name"]: step.get("worker", "") for step in run.version.document["steps"]}
    for step, queue in StepRun.objects.filter(run=run, status="queued").values_list("name", "queue"):
        worker = workers.get(step.partition("[")[0], "")
        if worker and not worker_processes.is_known(worker, queue):
            yield f"{step} waits: no worker process has {worker!r}; name its module in their WORKER_MODULES"


def latest_version(name: str) -> WorkflowVersion:
    """Returns the newest published version. Raises UnknownWorkflow."""
    version = find_version(name)
    if version is None:
        known = ", ".join(
            WorkflowVersion.objects.order_by("workflow__name")
            .values_list("workflow__name", flat=True)
            .distinct()[:20]
        )
        raise UnknownWorkflow(f"There is no published workflow {name!r}. Published: {known or 'none yet'}.")
    return version


def checked_key(key: str | None) -> str | None:
    """Returns an idempotency key as it is. Raises Refused."""
    if key is not None and not 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX:
        raise Refused(f"--key takes 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters")
    return key


def read_input(argument: str | None, version: WorkflowVersion) -> dict[str, Any]:
    """Returns the input of the run: JSON in the argument, in a file or on standard input, or the sample.

    Raises Refused.
    """
    if argument is None:
        return dict(version.document.get("sample_input") or {})
    text = _text_of(argument, INPUT_BYTES_MAX)
    if len(text.encode()) > INPUT_BYTES_MAX:
        raise Refused(f"The input has more than {INPUT_BYTES_MAX:,} bytes; pass a smaller one.")
    try:
        value = read_json(text)
    except Unreadable as error:
        raise Refused(f"The input cannot be used: {error}") from error
    if not isinstance(value, dict):
        raise Refused('The input must be a JSON object, like {"order_items": []}.')
    return value


def _text_of(argument: str, bytes_max: int) -> str:
    """The text of `-` (standard input), `@file`, or the argument itself.

    One byte too many shows that it is too long.
    """
    try:
        if argument == "-":
            return sys.stdin.read(bytes_max + 1)
        if argument.startswith("@"):
            return Path(argument[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"The input cannot be read: {error}") from error
    return argument
