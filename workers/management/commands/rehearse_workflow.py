"""`manage.py rehearse_workflow`: runs a draft in a sandbox, once per step and fault, and says what is left.

Exit code 0 if every run ended well or asks a person, 1 if something is left, was touched outside, or a check
says no, 2 if the workflow cannot be read.
"""

from __future__ import annotations

import json
import sys
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from designer.errors import DesignerError
from designer.formats.uploads import load_workflows
from designer.services.queries import workflow_names
from workers.rehearsal.faults import FAULT
from workers.rehearsal.job import VERDICTS, Job
from workers.rehearsal.keeping import carry_out
from workers.rehearsal.report import Report
from workers.rehearsal.service import job_of, rehearse

BAD = 1
FILES = (".json", ".yaml", ".yml", ".py")


class Command(SagaboardCommand):
    help = "Rehearses workflows: real workers in a sandbox, each step failed once in each way."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workflows", nargs="+", metavar="NAME|FILE", help="name of a workflow, or a file")
        parser.add_argument("--input", help="JSON or @file; default: the sample input")
        parser.add_argument("--outputs", help="JSON or @file: what stubs answer, by step")
        parser.add_argument("--check", default="", help="a worker that judges the books, or =expression")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--kept", type=int, help=SUPPRESS)  # the row of a rehearsal that was begun

    def handle(self, *args: Any, **options: Any) -> None:
        if options["kept"] is not None:
            return carry_out(options["kept"])
        input, outputs = _object(options["input"]), _object(options["outputs"])
        reports = []
        for named in options["workflows"]:
            for job in _jobs(named, input, outputs, options["check"]):
                report = Report(job.name)
                for event in rehearse(job):
                    report.take(event)
                    if not options["json"]:
                        self._show(event)
                if report.refused:
                    raise Refused(f"{job.name}: {report.refused}")
                if not options["json"]:
                    self.stdout.write(report.as_line())
                reports.append(report)
        if options["json"]:
            values = [report.as_json() for report in reports]
            self.stdout.write(json.dumps(values[0] if len(values) == 1 else values, indent=2))
        if any(report.is_bad for report in reports):
            sys.exit(BAD)

    def _show(self, event: dict[str, Any]) -> None:
        if event["kind"] == "cell":
            what = FAULT[event["fault"]].title if event["fault"] else "without a fault"
            self.stdout.write(f"{event['step']:<28} {what:<28} {_ending(event)}")
        elif event["kind"] == "examined":
            problems = [
                f"{found['title']}: {found['problem']}" for found in event["findings"] if found["problem"]
            ]
            verdict = "; ".join(problems) or "the books are the same"
            self.stdout.write(f"{event['step']:<28} {event['undo']}, examined: {verdict}")


def _ending(cell: dict[str, Any]) -> str:
    parts = [f"{VERDICTS[cell['verdict']]}: {cell['status']}"]
    for key, word in (
        ("undone", "undone"),
        ("left", "LEFT"),
        ("remains", "remains"),
        ("asks", "asks"),
        ("books", "books"),
        ("outside", "outside"),
    ):
        if cell[key]:
            parts.append(f"{word} {', '.join(cell[key])}")
    if cell["note"] and cell["verdict"] in ("stuck", "unfit", "waits"):
        parts.append(cell["note"])
    return "; ".join(parts)


def _jobs(named: str, input: Any, outputs: Any, check: str) -> list[Job]:
    """What is to be rehearsed under a name or in a file. Raises Refused."""
    path = Path(named)
    if path.suffix not in FILES:
        return [job_of(named, input, outputs=outputs, check=check)]
    try:
        return [
            job_of(
                str(brought.document.get("name")),
                input,
                document=brought.document,
                outputs=outputs,
                check=check,
            )
            for brought in load_workflows(path, workflow_names(), False)
        ]
    except DesignerError as error:
        raise Refused(f"{named}: {error}") from error


def _object(argument: str | None) -> dict[str, Any] | None:
    if argument is None:
        return None
    try:
        text = Path(argument[1:]).read_text(encoding="utf-8") if argument.startswith("@") else argument
        value = read_json(text)
    except (OSError, UnicodeDecodeError, Unreadable) as error:
        raise Refused(f"{argument!r:.80} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise Refused(f"{argument!r:.80} is no JSON object")
    return value
