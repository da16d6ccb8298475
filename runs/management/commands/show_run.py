"""`manage.py show_run`: a run, or its journal."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from config.lib.commands import Refused, SagaboardCommand
from runs.detail.terminal import JournalFollower
from runs.machine.limits import FRAMES_MAX
from runs.queries.lookup import find_run
from runs.queries.runs import frames, run_json


class Command(SagaboardCommand):
    help = "Shows a run with its steps, or its journal."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="id of the run")
        parser.add_argument("--events", action="store_true", help="the journal instead of the steps")
        parser.add_argument("--json", action="store_true", help="as one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        run = find_run(id_of(options["id"]))
        if options["json"]:
            document = {"events": all_frames(run.pk)} if options["events"] else run_json(run)
            self.stdout.write(json.dumps(document, indent=2))
        elif options["events"]:
            for line in JournalFollower(run.pk).lines():
                self.stdout.write(line)
        else:
            self._show(run_json(run))

    def _show(self, run: dict[str, Any]) -> None:
        self.stdout.write(f"{run['workflow']} v{run['version']}  {run['status']}  {run['id']}")
        if run["error"]:
            self.stdout.write(f"  {run['error']['code']}: {run['error']['message']}")
        for step in run["steps"]:
            undo = "" if step["undo"] == "none" else f"undo {step['undo']}"
            self.stdout.write(f"  {step['name']:<32}{step['status']:<12}{undo}".rstrip())


def id_of(text: str) -> UUID:
    """Raises Refused where the text is no id."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Refused(f"{text!r} is not the id of a run") from error


def all_frames(run_id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := frames(run_id, found[-1]["seq"] if found else 0):
        found += page
        if len(page) < FRAMES_MAX:
            break
    return found
