"""`python -m tests.docs.reference`: writes pages of docs/reference/ from the code, and the JSON Schema.

With `--check` it writes nothing and fails if one of them is stale.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.docs.blocks import ROOT

APPS = ("config", "designer", "runs", "workers")
HTTP = ("get", "post", "put", "patch", "delete")
REFERRED = {"#/$defs/step": "a step", "#/$defs/edge": "an edge", "#/$defs/body": "a body"}
COMMON = {"--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--help"}
COMMON |= {"--no-color", "--force-color", "--skip-checks"}
WRITTEN_HERE = "<!-- Written by `make reference`; do not edit. -->\n\n"


def commands_page() -> str:
    from django.core.management import get_commands, load_command_class

    text = WRITTEN_HERE + (
        "# Commands\n\nEach is `.venv/bin/python manage.py NAME …`, and reads the same "
        "[settings](../operations.md#settings) as the product. Bad input, a missing Redis and a missing "
        "database are one line and exit code 2; `--traceback` shows where it came from.\n"
    )
    for name, app in sorted(get_commands().items()):
        if app.split(".")[0] in APPS:
            parser = load_command_class(app, name).create_parser("manage.py", name)
            text += f"\n## {name}\n\n{parser.description}\n\n{_table(parser)}"
    return text


def _table(parser: argparse.ArgumentParser) -> str:
    shown = (action for action in parser._actions if action.help != argparse.SUPPRESS)
    rows = [_row(action) for action in shown if not COMMON & set(action.option_strings)]
    return "| argument | |\n| --- | --- |\n" + "".join(rows) if rows else "It takes no arguments.\n"


def _row(action: argparse.Action) -> str:
    words = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    if action.option_strings and action.nargs != 0:
        words += f" {action.metavar or action.dest.upper()}"
    said = (action.help or "").replace("%(default)s", str(action.default)).replace("|", "\\|")
    one_of = f" One of {', '.join(map(str, action.choices))}." if action.choices else ""
    return f"| `{words}` | {said}{one_of} |\n"


def rest_page() -> str:
    from config.api.api import api

    text = WRITTEN_HERE + (
        "# REST\n\nAll calls are below `/api/v1/`, take and give JSON, and are signed in by a token: "
        "`Authorization: Bearer …` ([roles and tokens](../operations.md#people-and-roles)). What is refused "
        "is answered with a problem document (RFC 9457). The product itself serves the whole description at "
        "`/api/v1/openapi.json`, and `/api/v1/docs` lets you try each call. Lists come in pages: pass "
        "`next` on as `after`.\n"
    )
    groups: dict[str, list[str]] = {}
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method in HTTP:
            if method in operations:
                operation = operations[method]
                groups.setdefault(operation["tags"][0], []).append(_call(method, path, operation))
    for tag, rows in groups.items():
        text += f"\n## {tag.capitalize()}\n\n| call | |\n| --- | --- |\n{''.join(rows)}"
    return text


def _call(method: str, path: str, operation: dict[str, Any]) -> str:
    said = (operation.get("description") or operation["summary"]).split("\n\n")[0]
    words = " ".join(said.split()).replace("|", "\\|")
    return f"| `{method.upper()} {path.removeprefix('/api/v1')}` | {words} |\n"


def document_page() -> str:
    from designer.document.document import BODY_FIELDS, EDGE_FIELDS, GRAPH_FIELDS
    from designer.document.kinds import COMMON_FIELDS, DEFAULT_KIND, KINDS

    text = WRITTEN_HERE + (
        "# The document, as a schema\n\n[workflow.json](../schema/workflow.json) is the JSON Schema "
        "(2020-12) of a workflow document; the product serves it at `/docs/schema/workflow.json`. It is "
        "made of the tables that read documents. [Workflow documents](../definitions.md) says what each "
        "field means, and what publishing checks beyond a schema: names, cycles, expressions, workers.\n\n"
        "An editor that knows YAML checks and completes a file that begins with\n\n"
        "```text\n# yaml-language-server: $schema=http://localhost:8000/docs/schema/workflow.json\n```\n"
    )
    for title, table, needed in (
        ("The workflow", GRAPH_FIELDS, ("name",)),
        ("Every step", COMMON_FIELDS, ("name",)),
    ):
        text += f"\n## {title}\n\n{_fields(table, needed)}"
    for kind, row in KINDS.items():
        one_of = f" It has exactly one of {_names(row.one_of)}." if row.one_of else ""
        default = " This is the kind of a step that states none." if kind == DEFAULT_KIND else ""
        text += f"\n## {kind}\n\n{row.description}{one_of}{default}\n\n{_fields(row.fields, row.required)}"
    text += f"\n## An edge\n\n{_fields(EDGE_FIELDS, ('from', 'to'))}"
    return text + f"\n## A body\n\n{_fields(BODY_FIELDS, ())}"


def _fields(table: dict[str, Any], needed: tuple[str, ...]) -> str:
    from designer.document.readers import schema_of

    rows = [
        f"| `{name}` | {_kind(schema_of(reader))} | {'needed' if name in needed else ''} |\n"
        for name, reader in table.items()
    ]
    return "| field | takes | |\n| --- | --- | --- |\n" + "".join(rows)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _kind(schema: dict[str, Any]) -> str:
    """What a schema takes, in words."""
    if "anyOf" in schema:
        words = (word for part in schema["anyOf"] for word in _kind(part).split(" or "))
        return " or ".join(dict.fromkeys(words))
    if "$ref" in schema:
        return REFERRED[schema["$ref"]]
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "array":
        return f"a list of: {_kind(schema['items'])}"
    if schema.get("pattern") == "^=":
        return "an expression `=…`"
    names = {"string": "a text", "object": "an object", "boolean": "true or false"}
    return names.get(schema["type"]) or _number(schema)


def _number(schema: dict[str, Any]) -> str:
    noun = "a whole number" if schema["type"] == "integer" else "a number"
    above = f" above {schema['exclusiveMinimum']}" if "exclusiveMinimum" in schema else ""
    least = f" from {schema['minimum']:,}" if "minimum" in schema else ""
    most = f" to {schema['maximum']:,}" if "maximum" in schema else ""
    return f"{noun}{above or least}{most}"


def schema_file() -> str:
    from designer.document.json_schema import workflow_schema

    return json.dumps(workflow_schema(), indent=1, ensure_ascii=False) + "\n"


FILES: dict[str, Callable[[], str]] = {
    "docs/reference/commands.md": commands_page,
    "docs/reference/rest.md": rest_page,
    "docs/reference/document.md": document_page,
    "docs/schema/workflow.json": schema_file,
}


def stale() -> Iterator[tuple[Path, str]]:
    """The files that differ from what they should be, with that."""
    for name, make in FILES.items():
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            yield path, text


def documented_settings() -> set[str]:
    """Names of the first column of the table of settings."""
    section = (ROOT / "docs/operations.md").read_text().split("\n## Settings\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    names = {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}
    return {name for name in names if not name.startswith("OTEL_")}


def settings_read() -> set[str]:
    """Names that the settings read from the environment, but for the standard ones of OpenTelemetry."""
    files = ("config/settings.py", "config/telemetry/options.py")
    read = r'(?:env\.\w+|host_apps)\(\s*"([A-Z_]+)"'
    names = {name for file in files for name in re.findall(read, (ROOT / file).read_text())}
    return {name for name in names if not name.startswith("OTEL_")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.docs.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    check = parser.parse_args().check
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    found = list(stale())
    for path, text in found:
        print(f"{path.relative_to(ROOT)} is {'stale: run `make reference`' if check else 'written'}.")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return int(check and bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
