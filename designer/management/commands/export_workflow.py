"""`manage.py export_workflow`: prints a definition as text."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandParser

from config.lib.commands import SagaboardCommand
from designer.document.document import parse
from designer.errors import DocumentRefused
from designer.formats.asl.export.exporting import export_machine
from designer.formats.formats import EXPORTS, json_of, yaml_of
from designer.problems import errors
from designer.saved_tests.files import dump_file
from designer.services.queries import document_of, get_version, get_workflow
from designer.services.saved_tests import read, tests_of


class Command(SagaboardCommand):
    help = "Prints a workflow: the version named, else the latest one, else the draft."

    def create_parser(self, prog_name: str, subcommand: str, **options: Any) -> CommandParser:
        # Our --version replaces Django's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name of the workflow")
        parser.add_argument("--version", type=int, dest="number", metavar="N", help="number of the version")
        parser.add_argument("--format", choices=EXPORTS, default="yaml")
        parser.add_argument(
            "--tests", action="store_true", help="print its saved tests instead, as yaml (or json)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["tests"]:
            document = dump_file(options["name"], read(tests_of(options["name"])))
            as_json = options["format"] == "json"
            self.stdout.write(json_of(document) if as_json else yaml_of(document), ending="")
            return
        graph, problems = parse(self._document(options["name"], options["number"]))
        if graph is None:
            raise DocumentRefused(errors(problems), "The draft cannot be exported before it is put right:")
        self.stdout.write(EXPORTS[options["format"]](graph), ending="")
        if options["format"] == "asl":
            self.stderr.write(export_machine(graph)[1].as_text(), ending="")

    def _document(self, name: str, number: int | None) -> object:
        workflow = get_workflow(name)
        if number is None and not workflow.versions.exists():
            return document_of(workflow)
        return get_version(name, number).document
