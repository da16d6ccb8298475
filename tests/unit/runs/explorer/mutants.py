"""Rules of the machine made wrong on purpose, one at a time.

Each is a function whose source is changed at one place, compiled, and put in by its code, so that every
module that has imported the function runs the wrong one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

from config.lib import caches


@dataclass(frozen=True)
class Mutant:
    """`says`: what is wrong. `new` stands where `old` stood in the function."""

    says: str
    module: str
    function: str
    old: str
    new: str

    def __str__(self) -> str:
        return self.says


@contextmanager
def wrong(mutant: Mutant) -> Iterator[None]:
    """The machine with one rule wrong."""
    function: Any = getattr(import_module(mutant.module), mutant.function)
    right = function.__code__
    function.__code__ = _code_of(mutant, function)
    try:
        yield
    finally:
        function.__code__ = right
        caches.clear_all()


def _code_of(mutant: Mutant, function: FunctionType) -> CodeType:
    source = inspect.getsource(function)
    assert source.count(mutant.old) == 1, f"{mutant}: {source.count(mutant.old)} places"
    module = compile(
        "from __future__ import annotations\n" + source.replace(mutant.old, mutant.new), mutant.module, "exec"
    )
    return next(
        code for code in module.co_consts if isinstance(code, CodeType) and code.co_name == mutant.function
    )


PLAN = "runs.machine.rollback.plan"
PIVOTS = "runs.machine.rollback.pivots"
UNDOS = "runs.machine.rollback.attempts"
OF_UNDOS = "runs.machine.journal.undo_effects"
OF_STEPS = "runs.machine.journal.step_effects"
OF_RUNS = "runs.machine.journal.run_effects"
ACTS = "runs.machine.acts"
ATTEMPTS = "runs.machine.steps.attempts"
COMPLETION = "runs.machine.steps.completion"
READY = "runs.machine.steps.ready"
MAPS = "runs.machine.steps.maps"
CHILDREN = "runs.machine.steps.child_runs"
PEOPLE = "runs.machine.operator_actions"
COVERAGE = "designer.analysis.coverage"

MUTANTS = (
    Mutant("the first comes first", COVERAGE, "plan_of", "list(done)[::-1]", "list(done)"),
    Mutant(
        "runs are not undone",
        COVERAGE,
        "is_undoable",
        "has_child or step.undo is not None",
        "step.undo is not None",
    ),
    Mutant(
        "workers are not undone", COVERAGE, "is_undoable", "has_child or step.undo is not None", "has_child"
    ),
    Mutant(
        "nothing is irreversible", COVERAGE, "is_irreversible", "step.compensation == IRREVERSIBLE", "False"
    ),
    Mutant("undone by name", PLAN, "plan", "_order(step, state)", "step.name"),
    Mutant("the last is not undone", PLAN, "plan", "for step in acted]", "for step in acted[:-1]]"),
    Mutant(
        "the unknown is not undone",
        PLAN,
        "has_acted",
        "step.status == StepStatus.COMPLETED or may_have",
        "step.status == StepStatus.COMPLETED",
    ),
    Mutant(
        "the completed is not undone",
        PLAN,
        "has_acted",
        "step.status == StepStatus.COMPLETED or may_have",
        "may_have",
    ),
    Mutant(
        "runs under way are not cancelled",
        PLAN,
        "_cancel",
        'transition.command(CancelChild((step.waits or {})["child"], "compensate", by))',
        "pass",
    ),
    Mutant("what is queued still begins", PLAN, "_cancel", "step.status in STOPPABLE or", ""),
    Mutant("undos begin too soon", PLAN, "walk", "not transition.run.is_drained", "False"),
    Mutant(
        "the run ends too soon",
        PLAN,
        "walk",
        "transition.run.undo_left == 0",
        "transition.run.undo_left <= 1",
    ),
    Mutant("what is left is not told", PLAN, "final_status", "run.left_undone", "False"),
    Mutant(
        "a late failure is not undone",
        PLAN,
        "late_plan",
        '"error" in data and not may_have_acted',
        '"error" in data',
    ),
    Mutant(
        "what ends late is not undone", PLAN, "late_plan", "not is_undoable(transition.graph, ended)", "True"
    ),
    Mutant(
        "what ends late and stays is not named",
        PLAN,
        "late_plan",
        "is_irreversible(transition.graph, ended)",
        "False",
    ),
    Mutant(
        "what ends late is undone beside the others", PLAN, "_undone_next", "if is_ready(step)", "if False"
    ),
    Mutant(
        "side by side, what comes before does not wait",
        PLAN,
        "_nearest_planned",
        "{edge.target} if edge.target in planned else nearest[edge.target]",
        "set()",
    ),
    Mutant(
        "turns are undone side by side",
        PLAN,
        "turns_in_a_row",
        "1 if place else after",
        "0 if place else after",
    ),
    Mutant(
        "runs are not rolled back",
        PLAN,
        "start_undo",
        'return transition.command(RollBackChild(state.child or "", transition.run.by or state.undo_by))',
        "return None",
    ),
    Mutant("what is left by abandoning is not named", PLAN, "left_behind", ", *rest.undo]", "]"),
    Mutant("what stays after abandoning is not named", PLAN, "left_behind", "*rest.remains)", "*())"),
    Mutant(
        "what is under way when abandoned is not named",
        PLAN,
        "left_behind",
        "*(done.key for done in acting), ",
        "",
    ),
    Mutant(
        "a run that is rolled back completes",
        PLAN,
        "final_status",
        "RunStatus.COMPENSATED if run.undone else RunStatus.FAILED",
        "RunStatus.COMPLETED",
    ),
    Mutant(
        "pivots are passed", PIVOTS, "must_ask", 'run.pivot and BEGINNINGS[beginning].asks != ""', "False"
    ),
    Mutant("pivots below are passed", PIVOTS, "asks_before_undo", "step.child_pivot and", "False and"),
    Mutant(
        "pivots below are not told",
        CHILDREN,
        "_ended",
        '{"child_pivot": True} if event.past_pivot else {}',
        "{}",
    ),
    Mutant(
        "pivots are not noted", OF_STEPS, "_note_pivots", "state.run = evolve(state.run, pivot=True)", "pass"
    ),
    Mutant("undos do not wait", OF_UNDOS, "plan_undos", '"after": int(place > 0)', '"after": 0'),
    Mutant(
        "late undos are not waited for",
        OF_UNDOS,
        "plan_late_undo",
        "undo_after=state.step(name).undo_after + 1",
        "undo_after=state.step(name).undo_after",
    ),
    Mutant(
        "what a person leaves is not counted", OF_UNDOS, "end_undo", "undo == UndoStatus.ABANDONED", "False"
    ),
    Mutant(
        "those that wait are not released",
        OF_UNDOS,
        "_release",
        "_release_each(state, step.undo_then)",
        "pass",
    ),
    Mutant(
        "those that wait for a map are not released",
        OF_UNDOS,
        "_release",
        "_release_each(state, parent.undo_then)",
        "pass",
    ),
    Mutant(
        "the undo of one act is all",
        UNDOS,
        "end",
        "not state.undo_second and other_has_acted(state)",
        "False",
    ),
    Mutant(
        "the other act is undone again and again",
        OF_UNDOS,
        "_turn_to_other_act",
        "undo_second=True",
        "undo_second=False",
    ),
    Mutant(
        "an undo that nobody knows of counts",
        UNDOS,
        "conclude",
        'outcome.kind == "succeeded"',
        'outcome.kind in ("succeeded", "unknown")',
    ),
    Mutant(
        "an undo that fails counts",
        UNDOS,
        "conclude",
        "return _fail(transition, key, state, _failure(outcome))",
        'return end(transition, key, "compensated")',
    ),
    Mutant(
        "what is there counts as not done",
        UNDOS,
        "_verified",
        'answer.get("outcome") == "not_done"',
        'answer.get("outcome") == "done"',
    ),
    Mutant(
        "the unknown counts as failed",
        ATTEMPTS,
        "_retry_or_fail",
        "failure, outcome.output, unknown=unknown, **effect",
        "failure, outcome.output, unknown=False, **effect",
    ),
    Mutant("the unknown is forgotten", ACTS, "marked", '{"unknown": unknown}', '{"unknown": False}'),
    Mutant(
        "what the fallback did is forgotten",
        OF_STEPS,
        "_act_done",
        '{"fallback_effect": "done", "fallback_seq": None}',
        "{}",
    ),
    Mutant(
        "what was done before the fallback is forgotten",
        ATTEMPTS,
        "_fall_back",
        '"unknown": unknown',
        '"unknown": False',
    ),
    Mutant("dead ways are not told", COMPLETION, "skip_dead", ', "dead": targets', ""),
    Mutant(
        "both ways are taken", COMPLETION, "choose_edges", "edge not in choices or edge is chosen]", "True]"
    ),
    Mutant(
        "the last way is taken",
        COMPLETION,
        "_first_true",
        "        if truth:",
        "        if truth and edge is choices[-1]:",
    ),
    Mutant("a failure is passed over", COMPLETION, "fail", 'step.on_failure == "continue"', "True"),
    Mutant(
        "a failure begins no rollback",
        COMPLETION,
        "fail",
        'plan.begin(transition, "step_failed", failure=_failure_facts(name, failure))',
        "pass",
    ),
    Mutant(
        "joins do not wait",
        READY,
        "advance",
        "state.edges_decided == len(transition.graph.incoming[name])",
        "state.edges_taken",
    ),
    Mutant(
        "dead steps run", READY, "advance", "state.edges_taken or not transition.graph.incoming[name]", "True"
    ),
    Mutant(
        "maps with failed items complete",
        MAPS,
        "end_map",
        "has_enough and not is_failing(state, step)",
        "True",
    ),
    Mutant("failed runs complete their step", CHILDREN, "_ended", 'event.status == "completed"', "True"),
    Mutant(
        "what a run left is not told",
        CHILDREN,
        "_rolled_back",
        'data = {"undo": "compensated" if is_clean else "abandoned", **_left(event)}',
        'data = {"undo": "compensated"}',
    ),
    Mutant(
        "who gives up undoes nothing",
        PEOPLE,
        "_give_up",
        'return plan.begin(transition, "answer", failure=facts, by=event.by)',
        "return None",
    ),
    Mutant(
        "what stays is not counted",
        OF_RUNS,
        "_compensating",
        "        count_left(state, name)",
        "        pass",
    ),
    Mutant(
        "what stays late is not counted",
        OF_STEPS,
        "_settle_edges",
        "        count_left(state, entry.step)",
        "        pass",
    ),
    Mutant(
        "items are undone once",
        OF_UNDOS,
        "_count_map_undo",
        "UndoStatus.PENDING if left else at_end",
        "at_end",
    ),
)
