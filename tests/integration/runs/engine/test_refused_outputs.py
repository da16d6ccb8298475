"""An effect is undone though the output of its worker was refused, on a real database (R6.15)."""

from __future__ import annotations

from typing import Any

import pytest

from designer.document.graph import Action
from runs.models import JournalEntry, StepRun
from runs.queries.rollback_plan import rollback_plan
from runs.queries.runs import run_json
from tests.integration.runs.conftest import RunHere, chain, step
from tests.integration.runs.workers import did
from tests.replay import replayed
from workers.sdk.handle import StepHandle

pytestmark = pytest.mark.rule("R6.15")

BAD: dict[str, Any] = {
    "nan": float("nan"),
    "set": {1, 2},
    "nul": "a\0b",
    "half a character": "\ud800",
    "beyond 64 bits": 2**64,
    "bytes": b"1",
    "over the limit": "x" * 2_000_000,
}


@pytest.fixture(params=["sync", "async"])
def odd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Makes `act` and `act_async` return, beside their output, what is put into the list, step by step."""
    from tests.integration.runs import workers

    returned: list[Any] = []
    real = workers._act

    def act(context: dict[str, Any], step: StepHandle) -> dict[str, Any]:
        return real(context, step) | ({"odd": returned[0]} if returned and step.name.startswith("b") else {})

    monkeypatch.setattr(workers, "_act", act)
    returned.append(None)
    returned.append("act" if request.param == "sync" else "act_async")
    return returned


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_the_effect_of_a_refused_output_is_undone_with_the_rest_of_it(
    run_here: RunHere, odd: list[Any], value: Any
) -> None:
    odd[0] = value
    run = run_here(chain(step("a"), step("b", worker=odd[1]), step("c")))
    assert did == ["a", "b", "undo b of 1 after b", "undo a of 1 after b"]
    assert run.status == "compensated"
    assert run.error is not None and (run.error["step"], run.error["code"]) == ("b", "bad_output")
    assert run_json(run)["steps"][1]["output"] is None
    assert replayed(run).run.status == run.status


def test_it_is_in_the_plan_before_it_is_undone(run_here: RunHere, odd: list[Any]) -> None:
    odd[0] = {1}
    run = run_here(chain(step("a"), step("b", worker=odd[1], on_failure="pause")))
    assert run.status == "blocked"
    plan = rollback_plan(run)
    assert [undo["step"] for undo in plan["undo"]] == ["b", "a"]


def test_items_of_a_map(run_here: RunHere, odd: list[Any]) -> None:
    odd[0] = float("inf")
    graph = chain(step("b", worker=odd[1], kind="map", items="[1, 2]", tolerate=1), step("c"))
    run = run_here(graph)
    assert run.status == "compensated"
    assert sorted(did)[:2] == ["b[0]", "b[1]"]
    assert len([effect for effect in did if effect.startswith("undo b[")]) == 2


@pytest.mark.parametrize(
    "choice",
    [5, ["nobody"], [{"name": "x"}], [{"name": "UPPER", "worker": "act"}], [None], [[["x"]]]],
    ids=repr,
)
def test_dynamic_steps_that_cannot_be_added(run_here: RunHere, choice: Any) -> None:
    run = run_here(
        chain(step("b", worker="choose", dynamic=True, compensation=Action("undo"))), choice=choice
    )
    assert run.error is not None and run.error["code"] == "bad_dynamic_steps"
    assert did == ["undo b of None after b"]
    assert run.status == "compensated"


def test_what_is_left_of_the_output_is_stored_once(run_here: RunHere, odd: list[Any]) -> None:
    odd[0] = {1}
    run = run_here(chain(step("b", worker=odd[1], compensation=None)))
    entry = JournalEntry.objects.get(run=run, type="step.failed")
    assert (entry.payload, entry.data["acted"]) == ({"b": 1}, True)
    assert StepRun.objects.get(run=run, name="b").output_seq is None
