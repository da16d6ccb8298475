"""`manage.py import_workflow`: stores definitions from files as drafts, or at once as versions."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.lib.commands import Refused, SagaboardCommand
from designer.errors import DesignerError
from designer.formats.asl.names import snake
from designer.formats.asl.report import Report
from designer.formats.uploads import load_tests, load_tests_beside, load_workflows
from designer.saved_tests.files import is_test_file
from designer.services.queries import workflow_names
from designer.services.saved_tests import replace_tests
from designer.services.workflows import import_document

INCOMPLETE = 1


class Command(SagaboardCommand):
    help = (
        "Stores the workflows of JSON, YAML or Python files as drafts; with --publish, as versions. A state "
        "machine of Amazon States Language becomes a draft, and what became of each state is reported. Saved "
        "tests beside a file (NAME.tests.yaml) come with it, and can be given alone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help=".json, .yaml, .asl.json or .py (which is run)"
        )
        parser.add_argument("--publish", action="store_true", help="publish each workflow at once")
        parser.add_argument(
            "--despite-failed-tests", action="store_true", help="publish although saved tests fail"
        )
        parser.add_argument(
            "--report", metavar="FILE", help="write the reports of state machines there, as JSON"
        )
        parser.add_argument(
            "--strict", action="store_true", help="exit code 1 if a state of a machine is not possible here"
        )
        parser.add_argument(
            "--accept-undo",
            action="store_true",
            help="write the undo slots that a report proposes into the draft of a state machine",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        reports: list[Report] = []
        together = {snake(Path(file).name.partition(".")[0]) for file in options["files"]}
        for file in sorted(map(Path, options["files"]), key=is_test_file):  # a workflow before its tests
            try:
                if is_test_file(file):
                    self._import_tests(file)
                else:
                    reports += self._import(file, frozenset(together), options)
            except DesignerError as error:
                raise Refused(f"{file}: {error}") from error
        if options["report"]:
            self._write(Path(options["report"]), reports)
        if options["strict"] and not all(report.is_complete for report in reports):
            sys.exit(INCOMPLETE)

    def _import_tests(self, path: Path) -> None:
        """Stores the saved tests of a file in the place of those that its workflow has."""
        found = load_tests(path)
        name = found.workflow or path.name.partition(".")[0]
        stored = replace_tests(name, found.tests)
        self.stdout.write(f"{name}: {counted(len(stored))}")

    def _import(self, path: Path, together: frozenset[str], options: dict[str, Any]) -> list[Report]:
        """Stores the workflows of a file. Returns the reports on those that were state machines."""
        reports = []
        beside = load_tests_beside(path)
        despite = frozenset({"tests_failed"} if options["despite_failed_tests"] else ())
        for brought in load_workflows(path, workflow_names() | together, options["accept_undo"]):
            tests = None if beside is None else beside.of(name_in(brought.document))
            saved = import_document(brought.document, options["publish"], tests=tests, despite=despite)
            for problem in saved.problems:
                self.stderr.write(f"{path}:{problem.path}: {problem.code}: {problem.message}")
            what = f"version {saved.version.number}" if saved.version else f"draft, revision {saved.revision}"
            self.stdout.write(f"{saved.name}: {what}{'' if tests is None else f', {counted(len(tests))}'}")
            if brought.report is not None:
                self.stdout.write(brought.report.as_text(), ending="")
                reports.append(brought.report)
        return reports

    def _write(self, path: Path, reports: list[Report]) -> None:
        """One report as an object, several as a list."""
        values = [report.as_json() for report in reports]
        text = json.dumps(values[0] if len(values) == 1 else values, ensure_ascii=False, indent=2)
        try:
            path.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise Refused(f"{path}: {error.strerror or error}") from error


def name_in(document: Any) -> str:
    """Returns the name that a document states."""
    return str(document.get("name", "")) if isinstance(document, Mapping) else ""


def counted(tests: int) -> str:
    return "1 test" if tests == 1 else f"{tests} tests"
