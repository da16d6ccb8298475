"""States as they are stored: what newer code wrote is told from what is broken."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from runs.errors import NewerState
from runs.machine.errors import Stale
from runs.machine.states import RunState, RunStatus, StepState, StepStatus, UndoStatus
from runs.store.codec import pack, unpack


def test_states_come_back_as_they_were() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    step = StepState("a", StepStatus.RETRYING, UndoStatus.PENDING, due_at=at, patches=(1, 2))
    run = RunState("r", final=RunStatus.FAILED, signals={"go": (3,)}, finished_at=at)
    assert unpack(StepState, orjson.loads(orjson.dumps(pack(step)))) == step
    assert unpack(RunState, orjson.loads(orjson.dumps(pack(run)))) == run


@pytest.mark.parametrize(
    ("stored", "what"),
    [
        ({"priority": 3}, "the field 'priority' of its StepState"),
        ({"status": "asleep"}, "the status 'asleep'"),
    ],
)
def test_what_newer_code_wrote_is_left_alone(stored: dict[str, object], what: str) -> None:
    with pytest.raises(NewerState, match=what) as raised:
        unpack(StepState, stored, name="a")
    assert isinstance(raised.value, Stale), "who comes from an older version has no effect"
