"""`manage.py test_workflow`, and tests in files that are brought in and written out."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree as xml

import pytest

from designer import patterns
from designer.document.document import dump
from designer.formats.formats import yaml_of
from designer.services import saved_tests, workflows
from tests.integration.designer.test_commands import run
from tests.integration.runs.conftest import chain, step

SHIPPED = (
    "poll_until_done",
    "fetch_pages",
    "approve_and_revise",
    "scope_and_other_way",
    "import_rows",
    "customer_queue",
)
TESTS = """\
workflow: sample
tests:
- name: all goes well
  expect: {status: completed}
"""
FAILING = TESTS.replace("completed", "failed")


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "sample.yaml"
    path.write_text(yaml_of(dump(chain(step("a"), step("b")))))
    (tmp_path / "sample.tests.yaml").write_text(TESTS)
    return path


def test_a_file_is_tested_with_the_tests_beside_it(flow: Path) -> None:
    code, out, _ = run("test_workflow", str(flow))
    assert code == 0
    assert "sample: 1 of 1 passed" in out
    assert "  ok    all goes well" in out
    assert run("test_workflow", str(flow.with_name("sample.tests.yaml")))[0] == 0


def test_a_failing_test_says_why_and_ends_with_1(flow: Path, tmp_path: Path) -> None:
    flow.with_name("sample.tests.yaml").write_text(FAILING)
    report = tmp_path / "report.xml"
    code, out, _ = run("test_workflow", str(flow), "--junit", str(report))
    assert code == 1
    assert "  FAIL  all goes well\n        status: expected failed, came completed" in out
    assert "run.completed" in out
    suite = xml.fromstring(report.read_text())
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite.find("testsuite/testcase/failure")
    assert failure is not None and failure.get("message") == "status: expected failed, came completed"


@pytest.mark.parametrize("text", ["tests: [", "tests: [{}]", "workflow: other\ntests: []"])
def test_what_cannot_be_read_ends_with_2(flow: Path, text: str) -> None:
    flow.with_name("sample.tests.yaml").write_text(text)
    code, _, err = run("test_workflow", str(flow))
    assert code == 2
    assert "sample" in err


def test_an_unknown_workflow_ends_with_2() -> None:
    assert run("test_workflow", "nobody")[0] == 2
    assert run("test_workflow", "nobody.yaml")[0] == 2
    assert run("test_workflow")[0] == 2


def test_a_workflow_of_this_installation_is_tested_by_its_name(flow: Path) -> None:
    assert run("import_workflow", str(flow)) == (0, "sample: draft, revision 1, 1 test\n", "")
    assert "sample: 1 of 1 passed" in run("test_workflow", "sample")[1]
    assert "1 of 1 tests passed" in run("test_workflow", "--all")[1]


def test_tests_go_out_as_they_came_in(flow: Path) -> None:
    run("import_workflow", str(flow))
    code, out, _ = run("export_workflow", "sample", "--tests")
    assert code == 0
    flow.with_name("sample.tests.yaml").write_text(out)
    before = saved_tests.tests_of("sample")
    assert run("import_workflow", str(flow.with_name("sample.tests.yaml"))) == (0, "sample: 1 test\n", "")
    assert saved_tests.tests_of("sample") == before
    assert '"name": "all goes well"' in run("export_workflow", "sample", "--tests", "--format", "json")[1]


def test_an_import_does_not_publish_what_fails_its_tests(flow: Path) -> None:
    flow.with_name("sample.tests.yaml").write_text(FAILING)
    code, _, err = run("import_workflow", str(flow), "--publish")
    assert code == 2
    assert "all goes well: status: expected failed, came completed" in err
    assert run("import_workflow", str(flow), "--publish", "--despite-failed-tests")[0] == 0


def test_the_shipped_examples_pass_their_tests_in_less_than_two_seconds() -> None:
    files = [str(patterns.FOLDER / f"{name}.yaml") for name in SHIPPED]
    began = perf_counter()
    code, out, _ = run("test_workflow", *files)
    assert code == 0, out
    assert "18 of 18 tests passed" in out
    assert perf_counter() - began < 2


def test_shipped_tests_come_with_their_workflows_and_others_stay() -> None:
    workflows.sync_patterns()
    shipped = patterns.tests_of("poll_until_done")
    assert [test["name"] for test in saved_tests.tests_of("poll_until_done")] == [
        test["name"] for test in shipped
    ]
    own = saved_tests.read([{"name": "my own"}])
    saved_tests.add_test("poll_until_done", own[0])
    workflows.sync_patterns()
    assert [test["name"] for test in saved_tests.tests_of("poll_until_done")] == [
        *(test["name"] for test in shipped),
        "my own",
    ]
