"""The simulation within `make test`: the same histories every time. More: `make simulate`."""

from __future__ import annotations

from random import Random

import pytest

from designer.document.document import dump, parse
from runs.machine.events import Event
from runs.machine.journal.apply import EFFECTS
from tests.simulation.__main__ import simulate_many
from tests.simulation.simulate import ACTIONS, simulate
from tests.simulation.workflows import make_library

rule = pytest.mark.rule
HISTORIES = 2_000
CHUNK = 100


@rule("R10.1")
@rule("R10.2")
@rule("R10.3")
@rule("R10.4")
@rule("R11.5")
@rule("R11.6")
@pytest.mark.parametrize("first", range(0, HISTORIES, CHUNK))
def test_no_history_breaks_a_rule(first: int) -> None:
    """A failure names the seed; `python -m tests.simulation --runs 1 --seed …` lives it again."""
    _, broken = simulate_many(range(first, first + CHUNK))
    assert not broken, "\n".join(f"seed {seed}:\n{text}" for seed, text in broken)


def test_the_histories_hold_everything_that_can_happen() -> None:
    """They are lived until all of it has been seen, or for too long."""
    expected = {
        *EFFECTS,
        *(kind.__name__ for kind in Event.__args__),
        *(action.__name__ for action in ACTIONS),
    }
    expected |= {"crash before the commit", "crash after the commit", "rolled back on demand"}
    expected |= {"asked about the run: timeout", "asked about the run: cancel"}
    expected |= {"asked before the undo of a child", "a pivot passed", "rolled back further on demand"}
    expected |= {"a beginning held up by a pause", "a pause repeated", "Together"}
    expected |= {f"a run {how}" for how in ("begins", "waits", "refused", "makes_room")}
    expected |= {f"answer {answer} forward" for answer in ("retry", "resolve", "skip", "compensate")}
    expected |= {f"answer {answer} undo" for answer in ("retry", "resolve", "abandon")}
    expected |= {
        f"{kind} stale" for kind in ("Claim", "Report", "Lose", "HandBack", "Wake", "Note", "EndChild")
    }
    expected |= {
        f"failed {code}" for code in ("bad_expression", "bad_items", "bad_output", "bad_value", "internal")
    }
    missing = expected - {"Start"}
    for first in range(HISTORIES, HISTORIES + 12 * CHUNK, CHUNK):
        seen, _ = simulate_many(range(first, first + CHUNK))
        missing -= seen.keys()
        if not missing:
            break
    assert not missing


def test_the_workflows_are_ones_that_could_be_published() -> None:
    for seed in range(CHUNK):
        for graph in make_library(Random(seed)).values():
            assert parse(dump(graph)) == (graph, [])


def test_a_history_is_the_same_whenever_it_is_lived() -> None:
    assert simulate(7) == simulate(7)
