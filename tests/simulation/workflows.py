"""Random workflows: every kind of step, every option, two levels of child runs.

Only what `designer.document.graph` describes; nothing here runs anything. All randomness comes from the
given generator, so a seed always gives the same workflows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from designer.document.graph import Action, Body, Edge, Graph, Retry, RollBack, Step
from designer.document.waits import ON_TIMEOUT
from tests.simulation.flow.graphs import make_flow

ROOT = "root"
LEVELS = ((ROOT, 14), ("child_a", 5), ("child_b", 5), ("grandchild", 4))  # name, most steps
CHILDREN: Mapping[str, tuple[str, ...]] = {
    ROOT: ("child_a", "child_b"),
    "child_a": ("grandchild",),
    "child_b": ("grandchild",),
}
INSIDE: Mapping[str, str] = {ROOT: "body", "body": "inner body", "child_a": "inner body"}
"""The workflows whose steps may have bodies, and what that of a body counts as."""
SIGNALS = ("go", "stop")
EVENTS = ("paid", "sent")
MATCHES = (
    None,
    "event.data.v == context.v",
    "event.data.v > 3",
    "event.data.ok && context.v == event.data.v",
)
QUEUES = ("default", "slow")
OPERATORS = (">", "<", ">=", "<=", "==", "!=")
VALUES = 10  # outputs hold numbers below this
BAD = 0.04  # the share of steps with data, or with a guard or an edge, that no rule can use

FORM: Mapping[str, Any] = {
    "type": "object",
    "properties": {"v": {"type": "integer", "default": 4}},
    "required": ["v"],
}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


# What the root's input has beside its numbers; children lack it, which is as bad.
BAD_INPUT: Mapping[str, Any] = {
    "far": "9999-12-31T23:59:59-12:00",
    "later": "2400-01-01T00:00:00Z",
    "long": 2**63 - 1,
    "deep": nested(198),
    "text": "ab" * 22_000,
}
BAD_CONDITIONS = (
    "context.deep",
    "context.long * context.long > 1",
    "context.far > 1",
    "'no'",
    "context.text.matches('([ab]{1,30}){1,20}c')",  # more than one search may cost
)
BAD_PARAMS: Mapping[str, Any] = {"v": "=context.text.matches('([ab]{1,30}){1,20}c')", "x": "=context.nope"}
BAD_ITEMS = ("[[[context.deep]]]", "['\\u0000']", "context.v", "context.long")
BAD_SECONDS = ("=context.long", "=context.far", "=-context.long * 4", "=[context.v]")
BAD_UNTIL = ("=context.far", "=context.later", "=context.v", "='never'")
BAD_CHILD_INPUT = ("=[[[context.deep]]]", "='\\u0000'", "=context.far.far")


PATTERNS: tuple[tuple[str, ...], ...] = (
    (),
    (),
    ("*ed",),
    ("worker_lost", "crit*"),
    ("bad_*", "card.*"),
    ("nothing",),
)


def make_library(rng: Random) -> dict[str, Graph]:
    """Returns a root workflow and those that its steps may run, by name."""
    return {name: make_flow(rng, make_graph(rng, name, steps_max)) for name, steps_max in LEVELS}


def make_input(rng: Random) -> dict[str, Any]:
    return {
        "v": rng.randrange(VALUES),
        "items": [rng.randrange(100) for _ in range(rng.choice((0, 1, 3, 7)))],
        **BAD_INPUT,
    }


def make_graph(rng: Random, name: str, steps_max: int) -> Graph:
    count = rng.randint(1, steps_max)
    steps = [make_step(rng, f"s{place}", name) for place in range(count)]
    edges = make_edges(rng, [step.name for step in steps])
    rng.shuffle(steps)
    return Graph(
        name,
        compensation_order=rng.choice(("sequential", "sequential", "parallel")),
        continue_compensating=rng.random() < 0.25,
        timeout=rng.choice((None, None, None, None, 40.0, 300.0)),
        steps=tuple(steps),
        edges=edges,
    )


# --- edges ---


def make_edges(rng: Random, names: list[str]) -> tuple[Edge, ...]:
    pairs: list[tuple[str, str]] = []
    for place in range(1, len(names)):
        sources = rng.sample(names[:place], min(place, rng.choice((0, 1, 1, 1, 2, 2, 3))))
        pairs += [(source, names[place]) for source in sorted(sources)]
    edges: list[Edge] = []
    for place, name in enumerate(names):
        edges += make_branches(rng, [pair for pair in pairs if pair[0] == name])
        edges += make_catches(rng, name, names[place + 1 :])
    return tuple(edges)


def make_catches(rng: Random, name: str, later: list[str]) -> list[Edge]:
    """Error edges of one step, also to steps that a plain edge of it leads to."""
    if not later or rng.random() > 0.2:
        return []
    targets = rng.sample(later, min(len(later), rng.choice((1, 1, 2))))
    return [
        Edge(
            name,
            target,
            when=make_condition(rng, name) if rng.random() < 0.3 else None,
            on="failed",
            errors=rng.choice(PATTERNS),
        )
        for target in targets
    ]


def make_branches(rng: Random, pairs: list[tuple[str, str]]) -> list[Edge]:
    """Outgoing edges of one step: plain ones, or choices with or without an `otherwise`."""
    if rng.random() > (0.5 if len(pairs) > 1 else 0.1):
        return [Edge(source, target) for source, target in pairs]
    edges = [Edge(source, target, when=make_condition(rng, source)) for source, target in pairs]
    if len(edges) > 1 and rng.random() < 0.8:
        last = pairs[-1]
        edges[-1] = Edge(*last, otherwise=True)
    if len(edges) > 2 and rng.random() < 0.3:
        edges[0] = Edge(*pairs[0])
    return edges


def make_condition(rng: Random, source: str) -> str:
    """Compares a number of the context; `source`'s own may be missing, which is an error."""
    if rng.random() < BAD:
        return rng.choice(BAD_CONDITIONS)
    key = source if rng.random() < 0.1 else "v"
    return f"context.{key} {rng.choice(OPERATORS)} {rng.randrange(VALUES)}"


# --- steps ---


def make_step(rng: Random, name: str, workflow: str) -> Step:
    kinds = ["task"] * 12 + ["map"] * 3 + ["wait"] * 2 + ["loop"] * 2 + ["approval", "dynamic", "set", "fail"]
    kinds += ["workflow"] * 4 if workflow in CHILDREN else []
    kinds += ["group"] if workflow in INSIDE else []
    return KINDS[rng.choice(kinds)](rng, workflow, make_common(rng, name))


def make_body(rng: Random, workflow: str) -> Body:
    """The graph inside a step of a workflow; what is inside a body has further bodies, up to a depth."""
    names = [f"b{place}" for place in range(rng.randint(1, 3))]
    steps = [make_step(rng, name, INSIDE[workflow]) for name in names]
    return Body(tuple(steps), make_edges(rng, names))


def make_inner(rng: Random, workflow: str, common: dict[str, Any]) -> dict[str, Any]:
    """Who does the work of an item or a turn: a worker, a run of another workflow, or of a body."""
    choices = ["worker"] * 3 + (["workflow"] if workflow in CHILDREN else [])
    match rng.choice(choices + (["body"] if workflow in INSIDE else [])):
        case "worker":
            return make_work(rng, common["name"])
        case "workflow":
            return make_run(rng, {"workflow": rng.choice(CHILDREN[workflow])})
        case _:
            return make_run(rng, {"body": make_body(rng, workflow)})


def make_run(rng: Random, what: dict[str, Any]) -> dict[str, Any]:
    """Fields of a step that runs a workflow or a body."""
    undo = Action("undo", timeout=10.0, queue=rng.choice(QUEUES))
    return {
        **what,
        "input": make_child_input(rng) if rng.random() < 0.3 else None,
        "retry": make_retry(rng) if rng.random() < 0.3 else None,
        "timeout": rng.choice((None, None, 60.0)),
        "compensation": rng.choice((None, None, None, undo, "none", "irreversible")),
    }


def make_child_input(rng: Random) -> dict[str, Any]:
    mapped: dict[str, Any] = {"v": "=context.v", "items": [1, 2]}
    if rng.random() < BAD:
        mapped["bad"] = rng.choice(BAD_CHILD_INPUT)
    return mapped


def make_common(rng: Random, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "when": make_condition(rng, name) if rng.random() < 0.12 else None,
        "on_failure": rng.choice(("compensate", "compensate", "continue", "pause")),
        "output_key": f"k_{name}" if rng.random() < 0.1 else None,
        "pivot": rng.random() < 0.08,
    }


def make_work(rng: Random, name: str) -> dict[str, Any]:
    return {
        "worker": "work",
        "params": make_params(rng),
        "compensation": make_undo(rng),
        "verify": Action("verify", timeout=20.0) if rng.random() < 0.3 else None,
        "fallback": Action("other", timeout=20.0, queue="slow") if rng.random() < 0.25 else None,
        "timeout": rng.choice((5.0, 30.0)),
        "retry": make_retry(rng),
        "queue": rng.choice(QUEUES),
        "limit": rng.choice((None, None, None, "two", "other")),
    }


def make_params(rng: Random) -> Mapping[str, Any]:
    if rng.random() < BAD:
        return BAD_PARAMS
    return {"v": "=context.v", "at": "=now()"} if rng.random() < 0.3 else {}


def make_undo(rng: Random) -> Any:
    about = {"was": "=output", "why": "=failure", "at": "=now()"}
    params: Mapping[str, Any] = about if rng.random() < 0.5 else {}
    if rng.random() < BAD / 2:
        params = BAD_PARAMS
    action = Action("undo", params, timeout=10.0, retry=make_retry(rng), queue=rng.choice(QUEUES))
    return rng.choice((action, action, action, action, None, "none", "irreversible"))


def make_retry(rng: Random) -> Retry | tuple[Retry, ...]:
    if rng.random() < 0.1:
        return tuple(
            replace(make_policy(rng), only=rng.choice(PATTERNS), never=rng.choice(PATTERNS)) for _ in range(2)
        )
    return make_policy(rng)


def make_policy(rng: Random) -> Retry:
    return Retry(
        max_attempts=rng.choice((1, 2, 3)),
        initial=rng.choice((0.0, 1.0, 5.0)),
        factor=2.0,
        max=8.0,
        jitter=rng.choice((0.0, 0.1)),
        asks_max=rng.choice((0, 1, 3)),
    )


def make_task(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    return Step(**common, **make_work(rng, common["name"]))


def make_dynamic(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    return Step(**common, **make_work(rng, common["name"]), dynamic=True)


def make_map(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    tolerate: int | str = rng.choice((0, 0, 1, 2, "50 %"))
    needed = rng.choice((1, 2)) if rng.random() < 0.15 else None
    return Step(
        **common,
        **make_inner(rng, workflow, common),
        kind="map",
        items=rng.choice(BAD_ITEMS)
        if rng.random() < BAD
        else rng.choice(("input.items", "context.items", "[1, 2]")),
        batch_size=rng.choice((1, 1, 2, 3)),
        max_concurrency=rng.choice((None, 1, 2)),
        tolerate=0 if needed else tolerate,
        needed=needed,
    )


def make_loop(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    return Step(
        **common,
        **make_inner(rng, workflow, common),
        kind="loop",
        until=make_condition(rng, "v") if rng.random() < 0.7 else None,
        while_=make_condition(rng, "v") if rng.random() < 0.3 else None,
        max_turns=rng.choice((1, 2, 3, 5)),
        delay=rng.choice((None, None, 0, 3, "=turn * 2")),
        collect=rng.random() < 0.3,
        on_exhausted=rng.choice(("fail", "continue")),
    )


def make_group(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    return Step(**common, **make_run(rng, {"body": make_body(rng, workflow)}), kind="group")


def make_child(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    child = "missing" if rng.random() < 0.04 else rng.choice(CHILDREN[workflow])
    if rng.random() < 0.12:
        undo: Any = rng.choice((None, RollBack(True), RollBack(True), Action("undo", timeout=10.0)))
        return Step(**common, kind="workflow", workflow=child, detached=True, compensation=undo)
    if rng.random() < 0.3:
        return Step(**common, **make_run(rng, {"workflow": child}), kind="workflow")
    return Step(**common, kind="workflow", workflow=child, input=rng.choice((None, make_child_input(rng))))


def make_wait(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    kind = rng.choice(("seconds", "signal", "expression", "event", "any_of"))
    if kind == "event":
        match = rng.choice(MATCHES)
        timeout = 50.0 if match else rng.choice((None, 50.0))
        return Step(**common, kind="wait", event=rng.choice(EVENTS), match=match, timeout=timeout)
    if kind == "any_of":
        return Step(**common, kind="wait", any_of=make_parts(rng), timeout=rng.choice((None, 50.0)))
    if kind == "signal":
        return Step(**common, kind="wait", signal=rng.choice(SIGNALS), timeout=rng.choice((None, 50.0)))
    if rng.random() < 2 * BAD:
        return Step(**common, kind="wait", until=rng.choice(BAD_UNTIL))
    if rng.random() < 2 * BAD:
        return Step(**common, kind="wait", seconds=rng.choice(BAD_SECONDS))
    return Step(**common, kind="wait", seconds=rng.choice((0, 3, 100)) if kind == "seconds" else "=context.v")


def make_set(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    values: dict[str, Any] = {"v": rng.randrange(VALUES)} if rng.random() < 0.7 else {"v": "=context.v"}
    if rng.random() < 2 * BAD:
        values["bad"] = rng.choice(BAD_CHILD_INPUT)
    return Step(**common, kind="set", values=values)


def make_fail(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    message = rng.choice(("on purpose", "", "='because of ' + string(context.v)"))
    return Step(**common, kind="fail", code=rng.choice(("card.declined", "refused")), message=message)


def make_parts(rng: Random) -> tuple[dict[str, Any], ...]:
    """Returns two to four things to wait for, of which one comes for certain."""
    certain: list[dict[str, Any]] = [{"signal": rng.choice(SIGNALS)}, {"timeout": 30, "name": "late"}]
    others: list[dict[str, Any]] = [
        {"event": rng.choice(EVENTS)} | ({"match": match} if (match := rng.choice(MATCHES)) else {}),
        {"timeout": "=context.v"},
        {"until": "2026-01-01T00:01:00Z"},
        {"signal": rng.choice(SIGNALS)},
    ]
    parts: list[dict[str, Any]] = [rng.choice(certain), *rng.sample(others, rng.randint(1, 3))]
    rng.shuffle(parts)
    return tuple(parts)


def is_bad(step: Step) -> bool:
    """Whether a step has data with which it cannot begin."""
    bound = {} if step.traits.has_items else {**(step.input or {}), **(step.values or {})}
    in_child = bound.get("bad") in BAD_CHILD_INPUT
    return step.items in BAD_ITEMS or step.until in BAD_UNTIL or step.seconds in BAD_SECONDS or in_child


def make_approval(rng: Random, workflow: str, common: dict[str, Any]) -> Step:
    timeout = rng.choice((None, 50.0))
    return Step(
        **common,
        kind="approval",
        timeout=timeout,
        on_timeout=rng.choice((None, *ON_TIMEOUT)) if timeout else None,
        assignees=rng.choice((None, None, ("anna", "group:bosses"), "=['group:bosses']")),
        form=rng.choice((None, FORM)),
        comment_required=rng.random() < 0.3,
    )


KINDS = {
    "task": make_task,
    "map": make_map,
    "wait": make_wait,
    "approval": make_approval,
    "dynamic": make_dynamic,
    "workflow": make_child,
    "loop": make_loop,
    "group": make_group,
    "set": make_set,
    "fail": make_fail,
}
