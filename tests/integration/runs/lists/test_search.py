"""Finding runs: each filter, their combinations, and pages that follow each other."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from designer.models import WorkflowVersion
from runs.engine import engine
from runs.lists import search
from runs.lists.filters import SORTS, BadFilter, Filters
from runs.lists.search import page_of
from runs.models import Run, RunText, StepRun
from runs.store.search_index import index
from tests.integration.runs.conftest import Publish, chain, step
from tests.people import client_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def version(publish: Publish) -> WorkflowVersion:
    return publish(chain(step("a"), name="order"))


def add(version: WorkflowVersion, count: int = 1, **fields: Any) -> list[Run]:
    """Runs a second apart, the oldest first."""
    runs = [
        Run(
            version=version,
            workflow_name="order",
            **{"created_at": NOON + timedelta(seconds=number), "status": "completed", **fields},
        )
        for number in range(count)
    ]
    Run.objects.bulk_create(runs)
    index(runs)
    return runs


def everything(filters: Filters, rows: int) -> list[Run]:
    found, cursor = page_of(filters, None, rows)
    while cursor:
        more, cursor = page_of(filters, cursor, rows)
        found += more
    return found


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(label="shop"), Filters(label="shop=north"), Filters(q="tea-0"), Filters(q="te")],
    ids=str,
)
def test_pages_follow_each_other_newest_first(version: WorkflowVersion, filters: Filters) -> None:
    runs = add(version, 7, input={"sku": "TEA-001"}, labels={"shop": "north"})
    assert [run.pk for run in everything(filters, 2)] == [run.pk for run in reversed(runs)]


def test_runs_of_one_moment_are_each_listed_once(version: WorkflowVersion) -> None:
    runs = add(version, 7, created_at=NOON, labels={"shop": "north"})
    for filters in (Filters(), Filters(label="shop")):
        found = everything(filters, 3)
        assert len(found) == 7
        assert {run.pk for run in found} == {run.pk for run in runs}


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("TEA-001", True),
        ("tea-0", True),
        ("ea-00", True),
        ("TEA-002", False),
        ("Grüße", True),
        ("GRÜSSE", True),
        ('say "hi"', False),
        ('"hi", 100', True),
        ('\\"hi\\"', False),
        ("100%", True),
        ("100_", False),
        ("%", True),
        ("*", False),
        ("NEAR(a b)", False),
        ("\x00", False),
    ],
)
def test_text_is_found_wherever_it_stands(version: WorkflowVersion, text: str, is_found: bool) -> None:
    (run,) = add(version, input={"sku": "TEA-001", "note": 'Grüße, "hi", 100%'})
    assert [found.pk for found in page_of(Filters(q=text))[0]] == ([run.pk] if is_found else [])


def test_text_and_other_filters_go_together(version: WorkflowVersion, monkeypatch: Any) -> None:
    failed = add(version, 1, input={"sku": "TEA-001"}, status="failed")
    add(version, 40, input={"sku": "TEA-001"}, labels={"shop": "north"})
    assert [run.pk for run in page_of(Filters(q="tea", status="failed"))[0]] == [failed[0].pk]
    assert len(page_of(Filters(q="tea", label="shop=north"))[0]) == 40


def test_a_page_that_looks_at_many_stops_and_the_next_goes_on(
    version: WorkflowVersion, monkeypatch: Any
) -> None:
    both = add(version, 1, input={"sku": "TEA-001"}, status="failed", created_at=NOON - timedelta(days=1))
    add(version, 20, input={"sku": "TEA-001"})
    add(version, 20, input={"sku": "MUG-002"}, status="failed")
    monkeypatch.setattr(search, "LOOKED_AT_MAX", 8)
    monkeypatch.setattr(search, "PROBED", 4)
    filters = Filters(q="tea", status="failed")
    first, cursor = page_of(filters, None, 1)
    assert (first, cursor is not None) == ([], True)
    assert [run.pk for run in everything(filters, 1)] == [both[0].pk]


@pytest.mark.parametrize(
    "filters",
    [
        Filters(q="tea", status="failed"),
        Filters(q="te", status="failed"),
        Filters(q="tea", label="shop"),
        Filters(q="Grün", label="shop", status="failed"),
        Filters(label="shop=north", status="failed"),
        Filters(q="tea", label="shop=south", status="completed", workflow="order"),
        Filters(q="tea", since=(NOON + timedelta(seconds=9)).isoformat()),
        Filters(label="shop", until=(NOON + timedelta(seconds=40)).isoformat(), status="failed"),
        Filters(q="tea", label="shop", workflow="other"),
    ],
    ids=str,
)
@pytest.mark.parametrize("probed", [1, 4, 1_000])
def test_whichever_way_is_taken_each_run_that_fits_is_listed_once(
    version: WorkflowVersion, monkeypatch: Any, filters: Filters, probed: int
) -> None:
    """The newer half is mostly of one sort, so that the ways differ in what they meet first."""
    dice = random.Random(7)  # noqa: S311
    for second in range(60):
        text = dice.choice(("TEA-001 grün", "MUG-002"))
        labels = dice.choice(({}, {"shop": "north"}, {"shop": "south"}))
        status = "failed" if dice.random() < second / 60 else "completed"
        at = NOON + timedelta(seconds=second)
        add(version, 1, input={"sku": text}, labels=labels, status=status, created_at=at)
    monkeypatch.setattr(search, "LOOKED_AT_MAX", 8)
    monkeypatch.setattr(search, "PROBED", probed)
    found = everything(filters, 3)
    wanted = [run for run in Run.objects.order_by("-created_at") if _fits(run, filters)]
    assert [run.pk for run in found] == [run.pk for run in wanted]


def _fits(run: Run, filters: Filters) -> bool:
    key, _, value = (filters.label or "").partition("=")
    at = run.created_at.isoformat()
    return (
        (filters.q or "").lower() in str(run.input).lower()
        and (not key or key in run.labels and run.labels[key] == (value or run.labels[key]))
        and run.status == (filters.status or run.status)
        and run.workflow_name == (filters.workflow or run.workflow_name)
        and (filters.since or at) <= at < (filters.until or "9")
    )


def test_labels_and_times_narrow(version: WorkflowVersion) -> None:
    north = add(version, 2, labels={"shop": "north"})
    south = add(version, 2, labels={"shop": "south"})
    assert {run.pk for run in page_of(Filters(label="shop"))[0]} == {run.pk for run in [*north, *south]}
    assert {run.pk for run in page_of(Filters(label="shop=south"))[0]} == {run.pk for run in south}
    since = (NOON + timedelta(seconds=1)).isoformat()
    late = {north[1].pk, south[1].pk}
    assert {run.pk for run in page_of(Filters(since=since))[0]} == late
    assert {run.pk for run in page_of(Filters(since=since, label="shop=north"))[0]} == {north[1].pk}
    assert {run.pk for run in page_of(Filters(until=since))[0]} == {north[0].pk, south[0].pk}


OUTSIDE = ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:01")
EXTREMES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999+14:00")


@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("text", [*OUTSIDE, *EXTREMES])
@pytest.mark.parametrize("more", [{}, {"label": "shop"}, {"q": "tea"}, {"status": "completed"}])
def test_times_outside_all_calendars_are_refused(
    version: WorkflowVersion, name: str, text: str, more: dict[str, str]
) -> None:
    add(version, 2, labels={"shop": "north"}, input={"x": "tea"})
    viewer = client_of("vera", "viewer")
    answer = viewer.get("/api/v1/runs", {name: text, **more})
    assert answer.status_code == (422 if text in OUTSIDE else 200), answer.content
    page = viewer.get("/runs/", {name: text, **more})
    assert page.status_code == answer.status_code
    assert ("cannot be searched for" in page.content.decode()) == (text in OUTSIDE)


def test_trials_are_listed_only_when_they_are_asked_for(version: WorkflowVersion) -> None:
    (run,) = add(version)
    (trial,) = add(version, trial=True)
    (imported,) = add(version, trial=True, imported={"by": "ada"})
    assert [found.pk for found in page_of(Filters())[0]] == [run.pk]
    assert [found.pk for found in page_of(Filters(trials=True))[0]] == [trial.pk]
    assert [found.pk for found in page_of(Filters(imported=True))[0]] == [imported.pk]


@pytest.mark.parametrize("cursor", ["x", "text~x", "text~-1", f"text~{'9' * 30}", "2026-01-01~x"])
@pytest.mark.parametrize("filters", [Filters(), Filters(q="abc")])
def test_a_place_that_is_none_is_refused(db: None, cursor: str, filters: Filters) -> None:
    with pytest.raises(BadFilter):
        page_of(filters, cursor)


def test_a_new_run_can_be_found_at_once_and_a_removed_one_no_more(version: WorkflowVersion) -> None:
    run = engine.start_run(version, {"sku": "MUG-002"}, labels={"shop": "north"})
    for filters in (Filters(q="mug-002"), Filters(label="shop=north")):
        assert [found.pk for found in page_of(filters)[0]] == [run.pk]
    run.delete()
    assert not page_of(Filters(q="mug-002"))[0]
    assert not RunText.objects.exists()


TYPED = 'say "hi" C:\\temp\\new line1\nline2 tab\there ÄÖ straße 100% a_b ёлка 東京都 नमस्ते été'
TYPED_PARTS = [
    'say "hi"', '"hi"', '"', "C:\\temp", "\\t", "\\", "line1\nline2", "line1\r\nline2", "line1 line2",
    "tab\there", "tab here", "äö", "ÄÖ", "Äö", "straße", "STRASSE", "strasse", "100%", "%", "a_b",
    "_", "ёл", "ЁЛКА", "東京", "京都", "東", "नम", "स्ते", "été", "E\u0301T", "HI\" c:\\TEMP\\NEW LINE1 line2",
]  # fmt: skip
UNTYPED_PARTS = ["say hi", "C:/temp", "line1line2", "aab", "a%b", "100_", "ои", "京東"]


@pytest.mark.parametrize("narrow", [Filters(), Filters(workflow="order"), Filters(label="shop")], ids=str)
def test_what_is_in_a_value_is_found_as_a_person_types_it(version: WorkflowVersion, narrow: Filters) -> None:
    run = engine.start_run(version, {"note": TYPED}, labels={"shop": "north"})
    engine.start_run(version, {}, labels={"shop": "north"})
    for text in TYPED_PARTS:
        assert [found.pk for found in page_of(replace(narrow, q=text))[0]] == [run.pk], text
    for text in UNTYPED_PARTS:
        assert not page_of(replace(narrow, q=text))[0], text


def test_long_inputs_are_searched_at_their_beginning(version: WorkflowVersion) -> None:
    engine.start_run(version, {"a": "begin", "b": "x" * 20_000, "c": "finish"})
    assert len(page_of(Filters(q="begin"))[0]) == 1
    assert not page_of(Filters(q="finish"))[0]
    assert RunText.objects.get().text.startswith('{"a":"begin"')


def test_a_run_is_found_by_its_id_or_the_end_of_it(version: WorkflowVersion) -> None:
    run, other = add(version, 2)
    for text in (str(run.pk), run.pk.hex, run.pk.hex[-8:], f" {run.pk.hex[-12:].upper()} "):
        assert [found.pk for found in page_of(Filters(run=text))[0]] == [run.pk]
    assert page_of(Filters(run=("0" if run.pk.hex[-9] != "0" else "1") + run.pk.hex[-8:])) == ([], None)
    for bad in (run.pk.hex[-7:], "order", run.pk.hex + "0", "'; --"):
        with pytest.raises(BadFilter, match="last 8 digits"):
            page_of(Filters(run=bad))


def test_runs_are_found_by_what_they_failed_of(version: WorkflowVersion) -> None:
    add(version, 3)
    (one,) = add(version, error={"code": "refund.refused", "message": "Gateway closed: 100 % déjà vu"})
    (other,) = add(version, error={"code": "timeout", "message": "too late"}, status="failed")
    for text in ("gateway", "Gateway closed", "100 %", "déjà", "refund.r"):
        assert [run.pk for run in page_of(Filters(error=text))[0]] == [one.pk], text
    assert page_of(Filters(error="100 _"))[0] == []
    assert [run.pk for run in page_of(Filters(error="o", status="failed"))[0]] == [other.pk]


def test_runs_are_found_by_a_step_and_what_became_of_it(version: WorkflowVersion) -> None:
    runs = add(version, 3)
    for run, status in zip(runs, ("completed", "failed", "failed"), strict=True):
        StepRun.objects.create(run=run, name="charge", status=status)
    StepRun.objects.create(run=runs[0], name="ship", status="failed")
    found = {text: [run.pk for run in page_of(Filters(step=text))[0]] for text in STEPS}
    assert found == {
        "charge": [run.pk for run in reversed(runs)],
        "charge=failed": [runs[2].pk, runs[1].pk],
        "ship": [runs[0].pk],
        "char": [],
    }
    with pytest.raises(BadFilter, match="no status of a step"):
        page_of(Filters(step="charge=lost"))


STEPS = ("charge", "charge=failed", "ship", "char")
WAYS: tuple[dict[str, Any], ...] = (
    {},
    {"status": "failed"},
    {"top": True},
    {"top": True, "status": "failed"},
    {"error": "late"},
    {"step": "charge"},
    {"label": "shop"},
    {"q": "tea", "workflow": "order"},
    {"error": "late", "step": "charge", "label": "shop", "q": "tea", "top": True},
)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_each_order_lists_each_run_that_fits_once(
    version: WorkflowVersion, monkeypatch: Any, sort: str, way: dict[str, Any]
) -> None:
    """Against what a plain look at every run gives; several runs share their times."""
    pick = random.Random(f"{sort} {way}")
    runs: list[Run] = []
    for _ in range(40):
        created = NOON + timedelta(seconds=pick.randrange(15))
        ended = created + timedelta(seconds=pick.randrange(30)) if pick.random() < 0.7 else None
        is_late = pick.random() < 0.5
        runs += add(
            version,
            created_at=created,
            finished_at=ended,
            status=pick.choice(["failed", "completed"]),
            error={"code": "timeout", "message": "too late"} if is_late else None,
            labels={"shop": "north"} if pick.random() < 0.6 else {},
            input={"sku": pick.choice(["TEA-001", "MUG-002"])},
            parent=runs[0] if runs and pick.random() < 0.4 else None,
        )
        if pick.random() < 0.7:
            StepRun.objects.create(run=runs[-1], name="charge", status="completed")
    monkeypatch.setattr(search, "LOOKED_AT_MAX", 12)
    with_step = set(StepRun.objects.values_list("run_id", flat=True))

    def fits(run: Run) -> bool:
        return (
            way.get("status") in (None, run.status)
            and not (way.get("top") and run.parent_id)
            and not ("error" in way and run.error is None)
            and not ("step" in way and run.pk not in with_step)
            and not ("label" in way and not run.labels)
            and not ("q" in way and run.input["sku"] != "TEA-001")
            and not (sort == "ended" and run.finished_at is None)
        )

    def place(run: Run) -> Any:
        return (run.finished_at if sort == "ended" else run.created_at), run.pk

    expected = sorted(filter(fits, runs), key=place, reverse=sort != "oldest")
    found = everything(Filters(**way, sort=sort), 3)
    assert {run.pk for run in found} == {run.pk for run in expected} and len(found) == len(expected)
    if "q" not in way or sort:
        assert [place(run) for run in found] == [place(run) for run in expected]


def test_child_runs_of_a_run_are_listed_by_it(version: WorkflowVersion) -> None:
    (parent,) = add(version)
    children = add(version, 5, parent=parent)
    add(version, 2)
    assert everything(Filters(parent=str(parent.pk)), 2) == children[::-1]
    with pytest.raises(BadFilter, match="no id"):
        page_of(Filters(parent="x"))
    with pytest.raises(BadFilter, match="no order"):
        page_of(Filters(sort="random"))
