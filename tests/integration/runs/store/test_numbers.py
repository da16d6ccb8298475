"""A number that is stored comes back equal and of its type, from a column and through whole runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer.models import Workflow
from runs.queries.runs import run_json
from tests.integration.runs import workers as sample
from tests.integration.runs.conftest import RunHere, chain, step

WHOLE_MAX = 2**63 - 1
ODD = [
    9007199254740993,
    WHOLE_MAX,
    -WHOLE_MAX,
    2,
    2.0,
    1e16,
    -1e16,
    1.5e16,
    1e22,
    1.7976931348623157e308,
    5e-324,
    0.1,
]
TEXTS = ["1e22", '"1e16"', "3e5 \\ 1e+22"]

numbers = (
    st.integers(-WHOLE_MAX, WHOLE_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(ODD)
)
values = st.recursive(
    numbers | st.booleans() | st.none() | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=10,
)


def typed(value: Any) -> Any:
    """The value with the types of its numbers, since 2 == 2.0."""
    if isinstance(value, dict):
        return {key: typed(member) for key, member in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return (type(value).__name__, value)


def same(value: Any, other: Any) -> bool:
    return bool(typed(value) == typed(other))


each_value = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.rule("R2.12")
@each_value
@given(values)
def test_a_column_gives_back_what_was_stored(value: Any) -> None:
    workflow, _ = Workflow.objects.update_or_create(name="kept", defaults={"draft": {"value": value}})
    workflow.refresh_from_db()
    assert workflow.draft is not None
    assert same(workflow.draft["value"], value)


@pytest.mark.rule("R2.12")
@each_value
@given(st.lists(values, min_size=1, max_size=3))
def test_a_run_hands_on_what_it_was_given(run_here: RunHere, given_values: list[Any]) -> None:
    """From the input through params, a worker and the next context, to the run as the API gives it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "_act", lambda context, handle: {handle.name: context["value"]})
        run = run_here(
            chain(
                step("first", params={"value": "=input.value"}),
                step("second", params={"value": "=[steps.first.first][0]"}),
                name="numbers",
            ),
            value=given_values,
        )
    told = run_json(run)
    assert told["status"] == "completed", told["error"]
    assert same(told["input"]["value"], given_values)
    assert same(told["output"]["second"], given_values)
