"""`python_function`: only functions that the setting lists, with arguments that fit."""

from __future__ import annotations

from typing import Any

import pytest

from config.lib import env
from config.lib.caches import clear_all
from config.lib.errors import BadSetting
from designer.validation.workflow import check_document
from workers.library.python.workers import FunctionParams, python_function
from workers.registry import get_catalog
from workers.sdk.params_schema import params_schema
from workers.testing import call, outcome_of

HERE = "tests.integration.workers.library.ready.functions"


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    settings.PYTHON_FUNCTIONS = ["statistics.mean", f"{HERE}:*", "math.hypot", "no.such.module:*"]


def outcome(function: str, **arguments: Any) -> Any:
    return outcome_of(python_function, params={"function": function, "arguments": arguments})


def test_a_function_gets_its_arguments_by_name() -> None:
    params = {"function": "statistics.mean", "arguments": {"data": [1, 2, 6]}}
    assert call(python_function, params=params) == 3


def test_coroutines_and_all_functions_of_a_module() -> None:
    assert outcome(f"{HERE}.total", prices=[1, 2], tax=0.5).output == {"total": 4.5}
    assert outcome(f"{HERE}.later", text="a").output == "a later"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("os.system", "not_allowed"),
        ("statistics.median", "not_allowed"),
        ("mean", "not_allowed"),
        ("", "not_allowed"),
        (f"{HERE}._private", "not_found"),
        (f"{HERE}.getcwd", "not_found"),  # imported there, and no function of that module
        (f"{HERE}.LIMIT", "not_found"),
        (f"{HERE}.nothing", "not_found"),
        ("no.such.module.f", "not_found"),
    ],
)
def test_other_functions_are_refused(name: str, code: str) -> None:
    refused = outcome(name)
    assert (refused.failure.code, refused.retryable) == (code, False)


def test_arguments_that_do_not_fit_are_no_error_of_the_function() -> None:
    refused = outcome(f"{HERE}.total", price=1)
    assert refused.failure.code == "bad_arguments" and not refused.retryable
    assert "price" in refused.failure.message or "prices" in refused.failure.message
    raised = outcome(f"{HERE}.total", prices=None)
    assert raised.failure.type == "TypeError" and raised.retryable


def test_a_draft_with_another_function_has_a_problem() -> None:
    schema: Any = params_schema(FunctionParams)
    assert schema["properties"]["function"]["enum"] == [
        "math.hypot",
        "statistics.mean",
        f"{HERE}.later",
        f"{HERE}.total",
    ]
    clear_all()
    catalog = dict(get_catalog())
    vars(catalog["python_function"]).pop("params_schema", None)  # of another test's setting
    step = {"name": "a", "worker": "python_function", "params": {"function": "os.system"}}
    document = {"schema": 1, "name": "a", "steps": [step]}
    problems = check_document(document, catalog, lambda name, version: None)
    vars(catalog["python_function"]).pop("params_schema", None)
    assert ("bad_params", "steps[0].params.function") in [(p.code, p.path) for p in problems]
    assert "undo_unstated" in [problem.code for problem in problems]


def test_the_setting_takes_names_of_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_FUNCTIONS", "shop.prices.total, shop.texts:*")
    assert env.functions("PYTHON_FUNCTIONS") == ["shop.prices.total", "shop.texts:*"]
    for bad in ("total", "shop.*", "*", "shop:total", "shop.prices:*x"):
        monkeypatch.setenv("PYTHON_FUNCTIONS", bad)
        with pytest.raises(BadSetting, match="PYTHON_FUNCTIONS"):
            env.functions("PYTHON_FUNCTIONS")
