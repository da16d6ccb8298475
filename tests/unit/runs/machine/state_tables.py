"""The tables of section 8 of docs/semantics.md: every state, and what becomes of every event in it.

`+` the event counts, `.` it is too late or not for this state and is ignored, `x` a person is told why not.
Nothing but `+` changes anything; `Driver.verdict` checks that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from designer.document.graph import Action, Retry, Step
from runs.machine.events import (
    AnswerIntervention,
    Approve,
    Cancel,
    Claim,
    ClaimIntervention,
    EndChild,
    EndLoop,
    Event,
    HandBack,
    HappenNow,
    Lose,
    Note,
    Pause,
    Report,
    Resume,
    Rollback,
    Signal,
    Start,
    TakeEvent,
    TimeOut,
    Wake,
    child_id,
)
from runs.machine.states import StepStatus
from runs.machine.steps.taking_over import TakenOver
from tests.unit.runs.machine.driver import (
    CRITICAL,
    DONE,
    ERROR,
    NOT_DONE,
    OK,
    START,
    UNKNOWN,
    Driver,
    chain,
    each,
    graph,
    kind,
    saga,
    task,
)
from workers.sdk.outcome import Outcome

CHILD = child_id("run", "s", 1)
DUE: dict[str, Any] = {"due_at": (START + timedelta(seconds=1)).isoformat()}


def parse(table: str) -> list[tuple[str, str, str]]:
    """State, event and verdict of each cell."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return [(row[0], event, verdict) for row in rows for event, verdict in zip(head, row[1:], strict=True)]


# --- runs ---


def run_in(state: str) -> Driver:
    steps = [saga("s"), task("z", on_failure="pause" if state == "asking" else "compensate")]
    driver = Driver(chain(*steps), starts=state != "pending", **DUE)
    RUNS[state](driver)
    driver.wait(5)
    return driver


def _failed(driver: Driver) -> None:
    driver.run("s")
    driver.run("z", CRITICAL)


def _completed(driver: Driver) -> None:
    driver.run("s")
    driver.run("z")


def _asking_about_undo(driver: Driver) -> None:
    _failed(driver)
    driver.run("s", CRITICAL)


def _left_undone(driver: Driver) -> None:
    _asking_about_undo(driver)
    driver.answer("s", "abandon")


def _compensated(driver: Driver) -> None:
    _failed(driver)
    driver.run("s")


RUNS: dict[str, Callable[[Driver], object]] = {
    "pending": lambda driver: None,
    "running": lambda driver: None,
    "paused": lambda driver: driver.take(Pause(driver.now, "anna")),
    "asking": _failed,
    "compensating": _failed,
    "asking-undo": _asking_about_undo,
    "completed": _completed,
    "compensated": _compensated,
    "failed": _left_undone,
    "cancelled": lambda driver: driver.cancel("abandon"),
}
RUN_STATUS = {"paused": "running", "asking": "blocked", "asking-undo": "blocked"}
RUN_EVENTS: dict[str, Callable[[Driver], Event]] = {
    "Start": lambda driver: Start(driver.now),
    "Cancel": lambda driver: Cancel(driver.now, "compensate"),
    "Abandon": lambda driver: Cancel(driver.now, "abandon"),
    "TimeOut": lambda driver: TimeOut(driver.now),
    "Rollback": lambda driver: Rollback(driver.now),
    "RollbackByParent": lambda driver: Rollback(driver.now, by_parent=True),
    "Signal": lambda driver: Signal(driver.now, "n"),
    "Pause": lambda driver: Pause(driver.now, "anna"),
    "Resume": lambda driver: Resume(driver.now, "anna"),
}
RUN_TABLE = """
              Start  Cancel  Abandon  TimeOut  Rollback  RollbackByParent  Signal  Pause  Resume
pending         +       +       +        +        x             x            x       x       x
running         .       +       +        +        x             x            x       +       x
paused          .       +       +        .        x             x            x       x       +
asking          .       +       +        +        x             x            x       +       x
compensating    .       x       +        .        x             x            x       +       x
asking-undo     .       x       +        .        x             x            x       +       x
completed       .       x       x        .        +             +            x       x       x
compensated     .       x       x        .        x             x            x       x       x
failed          .       x       x        .        x             x            x       x       x
cancelled       .       x       x        .        x             x            x       x       x
"""


# --- steps going forward ---

PATIENT = {"retry": Retry(max_attempts=9, initial=1.0, jitter=0.0)}
STEPS: dict[str, tuple[Step, Callable[[Driver], object]]] = {
    "pending": (task("s"), lambda driver: None),
    "queued": (task("s"), lambda driver: driver.run("before")),
    "running": (task("s", **PATIENT), lambda driver: [driver.run("before"), driver.claim("s")]),
    "retrying": (task("s", **PATIENT), lambda driver: [driver.run("before"), driver.run("s", ERROR)]),
    "verify-queued": (
        task("s", verify=Action("look")),
        lambda driver: [driver.run("before"), driver.run("s", UNKNOWN)],
    ),
    "verify-running": (
        task("s", verify=Action("look")),
        lambda driver: [driver.run("before"), driver.run("s", UNKNOWN), driver.claim("s")],
    ),
    "fallback": (
        task("s", fallback=Action("other")),
        lambda driver: [driver.run("before"), driver.run("s", ERROR), driver.claim("s")],
    ),
    "waiting-time": (kind("s", "wait", seconds=4), lambda driver: driver.run("before")),
    "waiting-signal": (kind("s", "wait", signal="n", timeout=4.0), lambda driver: driver.run("before")),
    "waiting-event": (kind("s", "wait", event="e", timeout=4.0), lambda driver: driver.run("before")),
    "approval": (kind("s", "approval"), lambda driver: driver.run("before")),
    "child": (kind("s", "workflow", workflow="other"), lambda driver: driver.run("before")),
    "blocked": (
        task("s", on_failure="pause"),
        lambda driver: [driver.run("before"), driver.run("s", CRITICAL)],
    ),
    "completed": (task("s"), lambda driver: [driver.run("before"), driver.run("s")]),
    "skipped": (task("s", when="context.v > 9"), lambda driver: driver.run("before")),
    "failed": (
        task("s", on_failure="continue"),
        lambda driver: [driver.run("before"), driver.run("s", CRITICAL)],
    ),
    "cancelled": (task("s"), lambda driver: [driver.run("before"), driver.cancel()]),
    "map": (each("s"), lambda driver: driver.run("before")),
    "loop": (each("s", kind="loop", max_turns=3), lambda driver: driver.run("before")),
    "delayed": (
        each("s", kind="loop", max_turns=3, delay=4),
        lambda driver: [driver.run("before"), driver.run("s[0]")],
    ),
}
STEP_STATUS = {
    "verify-queued": "queued",
    "verify-running": "running",
    "fallback": "running",
    "waiting-time": "waiting",
    "waiting-signal": "waiting",
    "waiting-event": "waiting",
    "approval": "waiting",
    "child": "waiting",
    "map": "running",
    "loop": "running",
    "delayed": "running",
}


def step_in(state: str) -> Driver:
    """Step `s` in a state; `other` keeps the run from ending; everything that is due is due."""
    step, bring = STEPS[state]
    others = [task("before"), task("other")]
    driver = Driver(graph([*others, step], [("before", "s")]), {"v": 1, "items": [1]})
    driver.claim("other")
    bring(driver)
    driver.wait(1_000)
    return driver


def _lease(driver: Driver) -> int:
    return driver.step("s").lease


EVENTS: dict[str, Callable[[Driver], Event]] = {
    "Claim": lambda driver: Claim(driver.now, "s", _lease(driver) + 1, "p2"),
    "OldClaim": lambda driver: Claim(driver.now, "s", _lease(driver), "p2"),
    "Report": lambda driver: Report(driver.now, "s", _lease(driver), OK),
    "Old": lambda driver: Report(driver.now, "s", _lease(driver) - 1, OK),
    "Lose": lambda driver: Lose(driver.now, "s", _lease(driver)),
    "Back": lambda driver: HandBack(driver.now, "s", _lease(driver)),
    "Note": lambda driver: Note(driver.now, "s", _lease(driver), 0.5),
    "Wake": lambda driver: Wake(driver.now, "s"),
    "Approve": lambda driver: Approve(driver.now, "s", True, "anna"),
    "Event": lambda driver: TakeEvent(driver.now, "k", {"type": "e", "source": "/s", "id": "1"}),
    "Now": lambda driver: HappenNow(driver.now, "s", "anna"),
    "EndChild": lambda driver: EndChild(driver.now, "s", CHILD, "completed"),
    "EndLoop": lambda driver: EndLoop(driver.now, "s", "anna"),
    "Undone": lambda driver: EndChild(driver.now, "s", CHILD, "compensated"),
    "Take": lambda driver: ClaimIntervention(driver.now, "s", driver.step("s").intervention or 0, "anna"),
    "Answer": lambda driver: AnswerIntervention(
        driver.now, "s", driver.step("s").intervention or 0, "retry", "anna", "a note"
    ),
}
STEP_TABLE = """
              Claim OldClaim Report Old Lose Back Note Wake Approve EndChild Take Answer EndLoop Event Now
pending         .      .       .     .   .    .    .    .      x       .      x     x       x      .    x
queued          +      .       .     .   .    .    .    +      x       .      x     x       x      .    x
running         .      .       +     .   +    +    +    +      x       .      x     x       x      .    x
retrying        .      .       .     .   .    .    .    +      x       .      x     x       x      .    +
verify-queued   +      .       .     .   .    .    .    +      x       .      x     x       x      .    x
verify-running  .      .       +     .   +    +    +    +      x       .      x     x       x      .    x
fallback        .      .       +     .   +    +    +    +      x       .      x     x       x      .    x
waiting-time    .      .       .     .   .    .    .    +      x       .      x     x       x      .    +
waiting-signal  .      .       .     .   .    .    .    +      x       .      x     x       x      .    x
waiting-event   .      .       .     .   .    .    .    +      x       .      x     x       x      +    x
approval        .      .       .     .   .    .    .    .      +       .      x     x       x      .    x
child           .      .       .     .   .    .    .    .      x       +      x     x       x      .    x
blocked         .      .       .     .   .    .    .    .      x       .      +     +       x      .    x
completed       .      .       .     .   .    .    .    .      x       .      x     x       x      .    x
skipped         .      .       .     .   .    .    .    .      x       .      x     x       x      .    x
failed          .      .       .     .   .    .    .    .      x       .      x     x       x      .    x
cancelled       .      .       .     .   .    .    .    .      x       .      x     x       x      .    x
map             .      .       .     .   .    .    .    .      x       .      x     x       x      .    x
loop            .      .       .     .   .    .    .    .      x       .      x     x       +      .    x
delayed         .      .       .     .   .    .    .    .      x       .      x     x       +      .    x
"""


# --- steps going back ---

AGAIN = Action("undo", retry=Retry(max_attempts=9, initial=1.0, jitter=0.0))
OTHER = saga("s", compensation=AGAIN, verify=Action("look"))


def _unknown(driver: Driver) -> None:
    """The step's outcome is unknown when the rollback begins."""
    driver.claim("s")
    driver.run("z", CRITICAL)
    driver.report("s", UNKNOWN)


def _undo(*outcomes: Outcome) -> Callable[[Driver], None]:
    """The step completed, and its undo was attempted with these outcomes."""

    def bring(driver: Driver) -> None:
        driver.run("s")
        driver.run("z", CRITICAL)
        for outcome in outcomes:
            driver.run("s", outcome)

    return bring


def _behind(driver: Driver) -> None:
    driver.run("s")
    driver.run("later")
    driver.run("z", CRITICAL)


def _draining(driver: Driver) -> None:
    driver.run("s")
    driver.claim("later")
    driver.run("z", CRITICAL)


def _child(status: str) -> Callable[[Driver], None]:
    def bring(driver: Driver) -> None:
        driver.take(EndChild(driver.now, "s", CHILD, "completed"))
        driver.run("z", CRITICAL)
        if status:
            driver.take(EndChild(driver.now, "s", CHILD, status))

    return bring


def _then(first: Callable[[Driver], object], *more: Callable[[Driver], object]) -> Callable[[Driver], None]:
    def bring(driver: Driver) -> None:
        for one in (first, *more):
            one(driver)

    return bring


CHILD_STEP = kind("s", "workflow", workflow="other")
UNDOS: dict[str, tuple[Step, Callable[[Driver], object]]] = {
    "none": (task("s"), _undo()),
    "behind": (saga("s"), _behind),
    "draining": (saga("s"), _draining),
    "ready": (saga("s"), _undo()),
    "running": (saga("s", compensation=AGAIN), _then(_undo(), lambda driver: driver.claim("s"))),
    "retrying": (saga("s", compensation=AGAIN), _undo(ERROR)),
    "verify-ready": (OTHER, _unknown),
    "verifying": (OTHER, _then(_unknown, lambda driver: driver.claim("s"))),
    "verified": (OTHER, _then(_unknown, lambda driver: driver.run("s", DONE))),
    "not-done": (OTHER, _then(_unknown, lambda driver: driver.run("s", NOT_DONE))),
    "child": (CHILD_STEP, _child("")),
    "child-undone": (CHILD_STEP, _child("compensated")),
    "child-left": (CHILD_STEP, _child("failed")),
    "failed": (saga("s"), _undo(CRITICAL)),
    "compensated": (saga("s"), _undo(OK)),
    "resolved": (saga("s"), _then(_undo(CRITICAL), lambda driver: driver.answer("s", "resolve"))),
    "abandoned": (saga("s"), _then(_undo(CRITICAL), lambda driver: driver.answer("s", "abandon"))),
    "taken-over": (saga("s"), lambda driver: driver.run("z", CRITICAL)),
}
TAKEN = {"taken-over": [TakenOver("s", StepStatus.COMPLETED, "an earlier run")]}
UNDO_STATUS = {
    "behind": "pending",
    "draining": "pending",
    "ready": "pending",
    "retrying": "pending",
    "verify-ready": "pending",
    "verifying": "running",
    "verified": "pending",
    "not-done": "none",
    "child": "running",
    "child-undone": "compensated",
    "child-left": "abandoned",
    "taken-over": "taken_over",
}
UNDO_TABLE = """
              Claim OldClaim Report Old Lose Back Note Wake Approve EndChild Undone Take Answer Now
none            .      .       .     .   .    .    .    .      x       .       .     x     x     x
behind          .      .       .     .   .    .    .    .      x       .       .     x     x     x
draining        .      .       .     .   .    .    .    .      x       .       .     x     x     x
ready           +      .       .     .   .    .    .    +      x       .       .     x     x     x
running         .      .       +     .   +    +    +    +      x       .       .     x     x     x
retrying        +      .       .     .   .    .    .    +      x       .       .     x     x     +
verify-ready    +      .       .     .   .    .    .    +      x       .       .     x     x     x
verifying       .      .       +     .   +    +    +    +      x       .       .     x     x     x
verified        +      .       .     .   .    .    .    +      x       .       .     x     x     +
not-done        .      .       .     .   .    .    .    .      x       .       .     x     x     x
child           .      .       .     .   .    .    .    .      x       .       +     x     x     x
child-undone    .      .       .     .   .    .    .    .      x       .       .     x     x     x
child-left      .      .       .     .   .    .    .    .      x       .       .     x     x     x
failed          .      .       .     .   .    .    .    .      x       .       .     +     +     x
compensated     .      .       .     .   .    .    .    .      x       .       .     x     x     x
resolved        .      .       .     .   .    .    .    .      x       .       .     x     x     x
abandoned       .      .       .     .   .    .    .    .      x       .       .     x     x     x
taken-over      .      .       .     .   .    .    .    .      x       .       .     x     x     x
"""


def undo_in(state: str) -> Driver:
    """Step `s` with its undo in a state; `first`, done before it, keeps the run from ending."""
    step, bring = UNDOS[state]
    driver = Driver(graph([saga("first"), step, saga("later"), task("z")]), taken=TAKEN.get(state, ()))
    driver.run("first")
    bring(driver)
    driver.wait(1_000)
    return driver
