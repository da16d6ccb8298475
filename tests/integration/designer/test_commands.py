"""`import_workflow`, `export_workflow` and `check_workflow`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from designer import patterns
from designer.document.document import parse
from designer.formats.formats import WRITERS, load_file
from designer.models import Workflow
from designer.services import workflows
from designer.services.queries import get_version, get_workflow

pytestmark = pytest.mark.django_db
GOOD: dict[str, Any] = {
    "schema": 1,
    "name": "good",
    "steps": [{"name": "a", "worker": "validate_input"}],
}
BAD: dict[str, Any] = {**GOOD, "name": "bad", "steps": [{"name": "a", "worker": "validate_inputs"}]}


def run(command: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    out, err = StringIO(), StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    except SystemExit as error:
        return int(error.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(document: Any, name: str = "flow.json") -> str:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return str(path)

    return write


def test_import_makes_a_draft_or_a_version(file: Any) -> None:
    assert run("import_workflow", file(GOOD)) == (0, "good: draft, revision 1\n", "")
    assert get_workflow("good").draft == GOOD
    assert run("import_workflow", file(GOOD), "--publish") == (0, "good: version 1\n", "")
    assert get_version("good").document == GOOD


def test_import_of_a_python_file_takes_all_its_workflows(file: Any) -> None:
    code = (
        "from designer.builder import WorkflowBuilder\n"
        "one = WorkflowBuilder('one').add_step('a', 'validate_input').build()\n"
        "def create_two():\n    return WorkflowBuilder('two').add_step('a', 'validate_input').build()\n"
    )
    assert run("import_workflow", file(code, "flows.py"), "--publish") == (
        0,
        "one: version 1\ntwo: version 1\n",
        "",
    )


def test_import_tells_the_problems_of_a_draft(file: Any) -> None:
    code, out, err = run("import_workflow", file(BAD))
    assert (code, out) == (0, "bad: draft, revision 1\n")
    assert "steps[0].worker: unknown_worker: there is no worker 'validate_inputs'; did you mean" in err


@pytest.mark.parametrize(
    ("document", "name", "said"),
    [
        (BAD, "flow.json", "unknown_worker"),
        ("{", "flow.json", "line 1"),
        ("a: [", "flow.yaml", "line 2"),
        ("import nope", "flow.py", "ModuleNotFoundError: No module named 'nope' (line 1)"),
        ([], "flow.json", "a workflow is an object"),
        ({**GOOD, "steps": [{}] * 1_001}, "flow.json", "a workflow may have 1,000 steps"),
        ("x", "flow.txt", "a workflow's file ends in"),
    ],
)
def test_import_refuses_in_one_line(document: Any, name: str, said: str, file: Any) -> None:
    code, out, err = run("import_workflow", file(document, name), "--publish")
    assert (code, out) == (2, "")
    assert said in err and name in err and "\n" not in err


@pytest.mark.parametrize("format_", WRITERS)
@pytest.mark.parametrize("name", patterns.NAMES)
def test_what_is_exported_is_imported_without_a_difference(name: str, format_: str, tmp_path: Path) -> None:
    workflows.sync_patterns()
    code, out, _ = run("export_workflow", name, "--format", format_)
    path = tmp_path / f"flow.{'py' if format_ == 'python' else format_}"
    path.write_text(out, encoding="utf-8")
    assert code == 0
    assert [parse(document)[0] for document in load_file(path)] == [parse(patterns.read(name))[0]]


def test_export_takes_the_version_that_is_named(file: Any) -> None:
    for title in ("One", "Two"):
        run("import_workflow", file({**GOOD, "title": title}), "--publish")
    run("import_workflow", file({**GOOD, "title": "Draft"}))
    assert "title: Two\n" in run("export_workflow", "good")[1]
    assert "title: One\n" in run("export_workflow", "good", "--version", "1")[1]


def test_export_takes_the_draft_of_what_was_never_published(file: Any) -> None:
    run("import_workflow", file({**GOOD, "title": "Draft"}))
    assert json.loads(run("export_workflow", "good", "--format", "json")[1])["title"] == "Draft"


def test_export_refuses_in_one_line(file: Any) -> None:
    run("import_workflow", file(GOOD))
    assert run("export_workflow", "nope") == (2, "", "There is no workflow 'nope'.")
    assert run("export_workflow", "good", "--version", "3")[0] == 2
    run("import_workflow", file({**GOOD, "steps": 5}))
    code, out, err = run("export_workflow", "good")
    assert (code, out) == (2, "") and "steps: bad_type" in err


def test_check_prints_one_line_a_problem(file: Any) -> None:
    path = file({**BAD, "extra": 1})
    code, out, _ = run("check_workflow", path)
    lines = out.splitlines()
    assert code == 1 and len(lines) == 2
    assert lines[0].startswith(f"{path}:extra: unknown_field: ")
    assert lines[1].startswith(f"{path}:steps[0].worker: unknown_worker: ")
    assert not Workflow.objects.exists()


def test_check_says_nothing_of_what_is_right(file: Any) -> None:
    assert run("check_workflow", file(GOOD)) == (0, "", "")


def test_a_warning_is_told_and_does_no_harm(file: Any) -> None:
    path = file({**GOOD, "input_schema": {"required": ["x"]}, "sample_input": {}})
    code, out, _ = run("check_workflow", path)
    assert code == 0
    assert out == f"{path}:sample_input: sample_input_misfit: warning: 'x' is a required property\n"


def test_check_knows_the_other_files(file: Any) -> None:
    step = {"name": "a", "kind": "workflow", "workflow": "good"}
    parent = file({"schema": 1, "name": "parent", "steps": [step]}, "parent.json")
    assert run("check_workflow", parent)[0] == 1
    assert run("check_workflow", parent, file(GOOD)) == (0, "", "")


def test_check_goes_on_after_a_file_that_cannot_be_read(file: Any, tmp_path: Path) -> None:
    missing, bad = str(tmp_path / "missing.json"), file(BAD)
    code, out, _ = run("check_workflow", missing, bad)
    assert code == 1
    assert out.startswith(f"{missing}:: unreadable: No such file or directory\n{bad}:steps[0].worker")


MACHINE = {
    "StartAt": "Look",
    "States": {
        "Look": {"Type": "Task", "Resource": "${LookFunctionArn}", "Next": "Dream"},
        "Dream": {"Type": "Dream", "End": True},
    },
}


def test_import_of_a_state_machine_makes_a_draft_and_reports_each_state(file: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    code, out, err = run("import_workflow", file(MACHINE, "Look.asl.json"), "--report", str(report))
    assert code == 0
    assert out.startswith("look: draft, revision 1\nlook: of 2, 1 mapped, 0 approximated, 1 not possible\n")
    assert "unknown_worker: there is no worker 'look'" in err
    assert [state["status"] for state in json.loads(report.read_text())["states"]] == [
        "mapped",
        "not_possible",
    ]
    assert get_workflow("look").draft is not None


def test_a_state_that_is_not_possible_is_an_error_only_if_asked(file: Any) -> None:
    assert run("import_workflow", file(MACHINE, "Look.asl.json"), "--strict")[0] == 1
    good = {"StartAt": "Look", "States": {"Look": {"Type": "Pass", "End": True}}}
    assert run("import_workflow", file(good, "other.asl.json"), "--strict")[0] == 0


def test_several_state_machines_have_a_list_of_reports(file: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    files = [file(MACHINE, "one.asl.json"), file(MACHINE, "two.asl")]
    assert run("import_workflow", *files, "--report", str(report))[0] == 0
    assert [each["workflow"] for each in json.loads(report.read_text())] == ["one", "two"]
    assert run("import_workflow", files[0], "--report", str(tmp_path / "no" / "where"))[0] == 2
    assert run("import_workflow", file("[]", "bad.asl.json"))[0] == 2
    assert run("check_workflow", files[0])[0] == 1


def test_export_as_a_state_machine_reports_each_step_beside_it(file: Any) -> None:
    run("import_workflow", file(GOOD), "--publish")
    code, out, err = run("export_workflow", "good", "--format", "asl")
    machine = json.loads(out)
    assert (code, machine["QueryLanguage"]) == (0, "JSONata")
    assert machine["States"]["a"]["Arguments"]["FunctionName"] == "${validate_input}"
    assert err.startswith("good: of 1, 1 mapped") and "a (task) → a" in err
