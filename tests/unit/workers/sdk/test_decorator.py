"""The decorator: what it notes of a function and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import BaseModel

from workers import worker
from workers.sdk.errors import BadDefinition
from workers.testing import spec_of


def test_the_function_stays_itself_and_carries_its_spec():
    @worker(
        "double", timeout=30, retry={"max_attempts": 5}, queue="slow", category="Math", compensation="none"
    )
    def double(context: dict[str, int]) -> dict[str, int]:
        """Doubles a number.

        More words.
        """
        return {"number": context["number"] * 2}

    spec = spec_of(double)
    assert double({"number": 2}) == {"number": 4}
    assert (spec.name, spec.timeout, spec.retry, spec.queue) == ("double", 30, {"max_attempts": 5}, "slow")
    assert (spec.category, spec.title, spec.compensation) == ("Math", "Double", "none")
    assert spec.doc == "Doubles a number.\n\nMore words."
    assert spec.takes == {"context"} and not spec.is_async and spec.params_schema is None


def test_an_async_worker_may_take_all_three_in_any_order():
    class Card(BaseModel):
        number: str

    @worker("charge")
    async def charge(step, params: Card, context):
        return None

    spec = spec_of(charge)
    assert spec.is_async and spec.takes == {"context", "params", "step"}
    assert spec.params_model is Card
    assert spec.params_schema and spec.params_schema["required"] == ["number"]


def test_params_without_a_model_have_no_form():
    @worker("loose")
    def loose(params: dict[str, int], *, extra: int = 1, **rest):
        return params

    assert spec_of(loose).params_model is None and spec_of(loose).takes == {"params"}


def test_a_worker_may_take_nothing():
    @worker("tick")
    def tick():
        return 1

    assert spec_of(tick).takes == frozenset()


@pytest.mark.parametrize("name", ["", "1a", "with space", "a" * 81, "ü", None, 3])
def test_bad_names_are_refused(name):
    with pytest.raises(BadDefinition, match="names are letters"):
        worker(name)(lambda: None)


forgetful: Any = worker


def test_a_forgotten_name_is_explained():
    with pytest.raises(BadDefinition, match='write @worker\\("name"\\)'):
        forgetful(lambda context: None)


def test_an_unknown_argument_is_named():
    with pytest.raises(BadDefinition, match="'amount'"):
        worker("charge")(lambda context, amount: None)


def test_a_positional_only_argument_is_refused():
    def positional(context, /):
        return None

    with pytest.raises(BadDefinition, match="positional-only"):
        worker("charge")(positional)


def test_an_annotation_that_can_not_be_read_is_named():
    def charge(params):
        return None

    charge.__annotations__["params"] = "NoSuchModel"
    with pytest.raises(BadDefinition, match="NoSuchModel"):
        worker("charge")(charge)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan"), True, "5", 86_401])
def test_bad_timeouts_are_refused(timeout):
    with pytest.raises(BadDefinition, match="timeout"):
        worker("charge", timeout=timeout)(lambda: None)


@pytest.mark.parametrize(
    ("retry", "named"),
    [
        ({"attempts": 3}, "attempts"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": 1.5}, "max_attempts"),
        ({"initial": -1}, "initial"),
        ({"factor": "2"}, "factor"),
        ({"jitter": 2}, "jitter"),
        ({"max": float("nan")}, "max"),
    ],
)
def test_bad_retry_policies_name_the_key(retry, named):
    with pytest.raises(BadDefinition, match=named):
        worker("charge", retry=retry)(lambda: None)


def test_the_sdk_needs_no_settings():
    code = "import workers, sys; assert 'django' not in sys.modules; workers.worker('a')(lambda context: 1)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PATH": ""})
