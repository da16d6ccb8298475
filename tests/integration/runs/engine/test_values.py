"""Values from outside have one limit of depth, wherever they are handed on inside the product."""

from __future__ import annotations

from typing import Any

import pytest

from config.lib.json_reader import LEVELS_MAX
from designer.document.graph import Step
from runs.engine import engine
from runs.errors import Unstorable
from tests.integration.runs.conftest import Publish, RunHere, chain, step
from tests.integration.runs.workers import did


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_an_input_at_the_limit_is_kept_and_one_beyond_it_is_refused(publish: Publish) -> None:
    version = publish(chain(step("first")))
    kept = engine.start_run(version, {"x": nested(LEVELS_MAX - 1)})
    assert kept.input == {"x": nested(LEVELS_MAX - 1)}
    for levels in (LEVELS_MAX, 200, 300, 2_000):
        with pytest.raises(Unstorable, match="deeper than 64 levels") as refusal:
            engine.start_run(version, {"x": nested(levels)})
        assert refusal.value.code == "too_deep" and refusal.value.problems[0]["path"].startswith("input.x[0]")


@pytest.mark.parametrize("around", [0, 1, 6])
@pytest.mark.parametrize("inside", [10, LEVELS_MAX - 7, LEVELS_MAX - 1])
def test_what_a_child_is_handed_fails_its_own_step(
    publish: Publish, run_here: RunHere, around: int, inside: int
) -> None:
    publish(chain(step("inner"), name="child"))
    mapped: Any = "=context.x"
    for _ in range(around):
        mapped = {"k": mapped}
    sub = Step("sub", kind="workflow", workflow="child", input={"p": mapped})
    run = run_here(chain(step("first"), sub), x=nested(inside))
    assert did.count("first") <= 1
    fits = inside + around + 1 <= LEVELS_MAX
    assert run.steps.get(name="sub").status == ("completed" if fits else "failed")
    if not fits:
        error = run.error or {}
        assert error["step"] == "sub" and "deeper than 64 levels" in error["message"]
        assert run.status == "compensated"
