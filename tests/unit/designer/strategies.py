"""Random JSON values, documents and graphs for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from designer.document.document import parse
from designer.document.graph import Graph

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(TEXTS, parts, max_size=3),
    max_leaves=8,
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.integers(), parts, max_size=3)
        | st.tuples(parts)
        | st.binary(max_size=2)
    ),
    max_leaves=10,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
SECONDS = st.integers(1, 10_000) | st.floats(0.001, 10_000)
EXPRESSIONS = st.sampled_from(["true", "context.a > 1", "size(context.l) == 0", ' input.x == "é" '])
PATTERNS = st.lists(st.sampled_from(["timeout", "card.*", "*"]), min_size=1, max_size=3)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "max_attempts": st.integers(1, 1_000),
        "initial": st.floats(0, 100),
        "factor": st.floats(1, 10),
        "max": st.integers(0, 100),
        "jitter": st.floats(0, 1),
        "asks_max": st.integers(0, 1_000),
        "only": PATTERNS,
        "never": PATTERNS,
    },
)
RETRIES = POLICIES | st.lists(POLICIES, min_size=1, max_size=3)
ACTIONS = st.fixed_dictionaries(
    {"worker": NAMES | st.sampled_from(["none", "irreversible", "Ünicode"])},
    optional={"params": OBJECTS, "timeout": SECONDS, "retry": RETRIES, "queue": NAMES, "limit": NAMES},
)
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXTS,
    "notes": TEXTS,
    "when": EXPRESSIONS,
    "on_failure": st.sampled_from(["compensate", "continue", "pause"]),
    "output_key": st.none() | NAMES,
    "pivot": st.booleans(),
}
UNDO = ACTIONS | st.sampled_from(["none", "irreversible", None])
WORKED = {
    "params": OBJECTS,
    "compensation": UNDO,
    "verify": ACTIONS,
    "fallback": ACTIONS,
    "retry": RETRIES,
    "queue": NAMES,
    "limit": NAMES,
    "timeout": SECONDS,
}
OF_RUN: dict[str, st.SearchStrategy[Any]] = {
    "input": st.none() | OBJECTS,
    "compensation": UNDO | st.just({"rollback": True}),
    "retry": RETRIES,
    "timeout": SECONDS,
}
BODIES = st.fixed_dictionaries(
    {"steps": st.lists(st.fixed_dictionaries({"name": NAMES, "worker": NAMES}), max_size=2)},
    optional={"layout": st.dictionaries(NAMES, st.tuples(SECONDS, SECONDS).map(list), max_size=2)},
)
WORK: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "worker": ({"worker": NAMES}, WORKED),
    "workflow": ({"workflow": NAMES}, {**OF_RUN, "version": st.integers(1, 9)}),
    "body": ({"body": BODIES}, {**OF_RUN, "params": OBJECTS}),
}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "task": ({"worker": NAMES}, {**WORKED, "dynamic": st.booleans()}),
    "group": ({"body": BODIES}, {**OF_RUN, "params": OBJECTS}),
    "loop": (
        {"max_turns": st.integers(1, 99)},
        {
            "until": EXPRESSIONS,
            "while": EXPRESSIONS,
            "delay": st.integers(0, 9) | st.just("=turn * 2"),
            "collect": st.booleans(),
            "on_exhausted": st.sampled_from(["fail", "continue"]),
        },
    ),
    "map": (
        {"items": st.sampled_from(["context.rows", "=context.rows"])},
        {
            "batch_size": st.integers(1, 9),
            "max_concurrency": st.none() | st.integers(1, 9),
            "tolerate": st.integers(0, 9) | st.sampled_from(["10 %", "0.5%"]),
            "needed": st.integers(1, 9),
        },
    ),
    "workflow": (
        {"workflow": NAMES},
        {"version": st.none() | st.integers(1, 9), **OF_RUN, "detached": st.booleans()},
    ),
    "set": ({"values": OBJECTS}, {}),
    "fail": ({"code": NAMES}, {"message": TEXTS.filter(lambda text: not text.startswith("="))}),
    "approval": (
        {},
        {
            "message": TEXTS.filter(lambda text: not text.startswith("=")),
            "timeout": SECONDS,
            "assignees": st.just("=context.bosses") | st.lists(NAMES, min_size=1, max_size=3),
            "form": st.none() | OBJECTS,
            "on_timeout": st.sampled_from(["fail", "approve", "reject"]),
            "remind_after": SECONDS,
            "comment_required": st.booleans(),
        },
    ),
}
PARTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"signal": NAMES}, optional={"name": NAMES}),
    st.fixed_dictionaries({"event": NAMES}, optional={"name": NAMES, "match": EXPRESSIONS}),
    st.fixed_dictionaries({"timeout": st.integers(0, 99) | st.just("=context.pause")}),
    st.fixed_dictionaries({"until": st.just("2030-01-31T09:00:00Z")}, optional={"name": NAMES}),
)
WAITS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries({"seconds": st.integers(0, 99) | st.just("=context.pause")}),
    st.fixed_dictionaries({"until": st.sampled_from(["2030-01-31T09:00:00Z", "=context.at"])}),
    st.fixed_dictionaries({"signal": NAMES}, optional={"timeout": SECONDS}),
    st.fixed_dictionaries({"event": NAMES}, optional={"match": EXPRESSIONS, "timeout": SECONDS}),
    st.fixed_dictionaries({"any_of": st.lists(PARTS, min_size=2, max_size=4)}, optional={"timeout": SECONDS}),
)


@st.composite
def steps(draw: st.DrawFn, name: str) -> dict[str, Any]:
    kind = draw(st.sampled_from([*KINDS, "wait"]))
    common = draw(st.fixed_dictionaries({}, optional=COMMON))
    if kind == "wait":
        return {"name": name, "kind": kind, **draw(WAITS), **common}
    required, optional = KINDS[kind]
    if kind in ("map", "loop"):
        work = WORK[draw(st.sampled_from(list(WORK)))]
        required, optional = {**work[0], **required}, {**work[1], **optional}
    return {"name": name, "kind": kind, **draw(st.fixed_dictionaries(required, optional=optional)), **common}


@st.composite
def edges(draw: st.DrawFn, names: list[str]) -> list[dict[str, Any]]:
    """A chain, or any edges that lead forwards, in any order."""
    if draw(st.booleans()):
        return [{"from": a, "to": b} for a, b in zip(names, names[1:], strict=False)]
    pairs = [(a, b) for at, a in enumerate(names) for b in names[at + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=10)) if pairs else []
    caught = {"on": "failed", "errors": draw(PATTERNS)}
    kinds: list[dict[str, Any]] = [
        {},
        {"when": "context.a == 1"},
        {"otherwise": True},
        {"on": "failed"},
        caught,
        {**caught, "when": "context.a == 1"},
    ]
    conditions = st.sampled_from(kinds)
    return [{"from": a, "to": b, **draw(conditions)} for a, b in chosen]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(NAMES, min_size=0, max_size=6, unique=True))
    stated = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "title": TEXTS,
                "description": TEXTS,
                "input_schema": st.none() | OBJECTS,
                "sample_input": st.none() | OBJECTS,
                "defaults": st.fixed_dictionaries(
                    {}, optional={"timeout": SECONDS, "retry": RETRIES, "on_failure": st.just("pause")}
                ),
                "compensation_order": st.sampled_from(["sequential", "parallel"]),
                "continue_compensating": st.booleans(),
                "timeout": SECONDS,
                "concurrency": st.fixed_dictionaries(
                    {"limit": st.integers(1, 99)},
                    optional={
                        "key": EXPRESSIONS,
                        "when_full": st.sampled_from(["queue", "skip", "cancel_oldest"]),
                    },
                ),
                "rate": st.fixed_dictionaries(
                    {"limit": st.integers(1, 99)}, optional={"per": SECONDS, "key": EXPRESSIONS}
                ),
                "debounce": st.fixed_dictionaries(
                    {"wait": SECONDS}, optional={"key": EXPRESSIONS, "at_most": SECONDS}
                ),
                "layout": st.dictionaries(NAMES, st.tuples(st.integers(-9, 9), st.floats(-9, 9)), max_size=3),
            },
        )
    )
    return {
        "schema": 1,
        "name": draw(NAMES),
        **stated,
        "steps": [draw(steps(name)) for name in names],
        "edges": draw(edges(names)),
    }


def parsed(document: dict[str, Any]) -> Graph:
    graph, problems = parse(document)
    assert graph is not None, problems
    return graph


GRAPHS = documents().map(parsed)
