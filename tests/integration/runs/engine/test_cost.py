"""What a step costs the database, in statements and transactions: so that none is added by accident."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from psycopg import Cursor

from runs.delivery import queue
from runs.engine import engine
from runs.engine.creation import Request
from runs.engine.engine import ClaimedAttempt
from runs.models import Run
from runs.store import database
from runs.store.prepared_statements import Prepared
from runs.store.sqlite_gate import SUFFIX
from tests.gates import is_free
from tests.integration.runs.conftest import Publish, chain, step
from workers.sdk.outcome import Failure, Outcome

HERE = engine.Continuation("here", frozenset({"default"}))
MOVE = 1  # of the run's row
ENTRIES = ["completed", "queued", "started"]
ONLY_POSTGRES = pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="a file has no server that prepares statements"
)


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that this thread's connection carries out, as often as it does."""
    found: list[str] = []
    if connection.vendor == "sqlite":
        connection.connection.set_trace_callback(found.append)
        yield found
        connection.connection.set_trace_callback(None)
        return

    class Counting(Cursor[Any]):
        def execute(self, query: Any, *args: Any, **options: Any) -> Any:
            found.append(query)
            return super().execute(query, *args, **options)

    def counted(self: Prepared, statements: Any) -> Any:
        found.extend(sql for sql, _ in statements)
        return prepared_results(self, statements)

    prepared_results = Prepared.results
    with monkeypatch.context() as patched:
        patched.setattr(database, "Cursor", Counting)
        patched.setattr(Prepared, "results", counted)
        vars(database.database()).pop("_cursor", None)
        yield found
    vars(database.database()).pop("_cursor", None)


def count(found: list[str], *begins: str) -> int:
    return sum(statement.startswith(begins) for statement in found)


def is_gate_free() -> bool:
    """Whether the next one may write to an SQLite file at once."""
    return connection.vendor != "sqlite" or is_free(Path(connection.settings_dict["NAME"] + SUFFIX))


def start(publish: Publish, *steps: Any, **input: Any) -> ClaimedAttempt:
    """A new run whose first step is claimed."""
    with queue.collect_dispatches() as dispatches:
        run = engine.start_run(publish(chain(*steps)), input)
        _, dispatch = dispatches[0]
    claimed = engine.claim(run.pk, dispatch.step, dispatch.lease, "here")
    assert claimed is not None
    return claimed


def report(claimed: ClaimedAttempt, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], ClaimedAttempt]:
    """The statements of one report, and the next step that was claimed with it."""
    with statements(monkeypatch) as found:
        following = engine.report(claimed, Outcome("succeeded", {"x": 1}), continuation=HERE)
    assert following is not None
    return found, following


def check_one_transaction(found: list[str], steps: int) -> None:
    """One statement on PostgreSQL, which is a transaction by itself; on SQLite one for each row."""
    if connection.vendor != "sqlite":
        assert len(found) == 1, found
        return
    assert count(found, "BEGIN", "COMMIT") == 2
    assert count(found, "SELECT") == 0, "what is known is not read again"
    assert count(found, "UPDATE runs_run") == MOVE
    assert count(found, "INSERT INTO runs_journalentry") == len(ENTRIES)
    assert count(found, "INSERT INTO runs_steprun") == steps
    assert len(found) == 2 + MOVE + len(ENTRIES) + steps, found


def test_a_step_in_a_row_is_one_transaction(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = report(start(publish, step("a"), step("b")), monkeypatch)
    check_one_transaction(found, steps=2)
    assert is_gate_free()


@pytest.mark.parametrize("runs", [1, 50])
def test_starts_are_one_transaction_however_many(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, runs: int
) -> None:
    """Each run has a row of its own, three entries and a step; what is asked once is asked for all."""
    version = publish(chain(step("a"), step("b")))
    engine.start_run(version, {})  # reads what stays in memory
    with queue.collect_dispatches() as dispatches, statements(monkeypatch) as found:
        assert len(engine.start_runs([Request(version, {}, {})] * runs)) == runs
    assert len(dispatches) == runs
    assert count(found, "BEGIN") == count(found, "COMMIT") == 1
    writes = count(found, "INSERT", "WITH", "UPDATE")
    if connection.vendor == "sqlite":
        assert writes == 5 * runs and len(found) == 2 + writes, found
    else:
        assert writes <= 2 * runs and len(found) == 3 + writes, found


def test_a_claim_takes_no_lock(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads the run with its input, and its steps, and writes where the run is still as it was read."""
    with queue.collect_dispatches() as dispatches:
        run = engine.start_run(publish(chain(step("a"), step("b"))), {})
        _, dispatch = dispatches[0]
    with statements(monkeypatch) as found:
        assert engine.claim(run.pk, dispatch.step, dispatch.lease, "here") is not None
    assert count(found, "SELECT") == 2, found
    others = [statement for statement in found if not statement.startswith("SELECT")]
    begin, move, entry, state, commit = ("BEGIN", "UPDATE", "INSERT", "INSERT", "COMMIT")
    expected = [begin, move, entry, state, commit] if connection.vendor == "sqlite" else ["WITH"]
    assert [statement.split()[0] for statement in others] == expected


@ONLY_POSTGRES
def test_postgres_is_sent_a_statement_s_text_once(publish: Publish) -> None:
    claimed = start(publish, *(step(f"s{n}") for n in range(6)))
    for _ in range(5):
        following = engine.report(claimed, Outcome("succeeded", {"x": 1}), continuation=HERE)
        assert following is not None
        claimed = following
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH moved%'")
        assert cursor.fetchone()[0] == 1


@ONLY_POSTGRES
def test_what_postgres_was_made_to_forget_is_prepared_again(publish: Publish) -> None:
    """psycopg drops what a connection has prepared after each rollback."""
    claimed = start(publish, step("a"), step("b"))
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    following = engine.report(claimed, Outcome("succeeded", {"x": 1}), continuation=HERE)
    assert following is not None and following.step == "b"


def test_the_end_of_a_run_that_nobody_waits_for_reads_nothing(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = start(publish, step("a"))
    with statements(monkeypatch) as found:
        assert engine.report(claimed, Outcome("succeeded", {"x": 1}), continuation=HERE) is None
    assert Run.objects.get().status == "completed"
    assert count(found, "SELECT") == 0, found


def test_an_item_of_a_map_is_one_transaction(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items that are still to come are not looked for."""
    items = step("m", kind="map", items="context.numbers", compensation=None, max_concurrency=1)
    _, second = report(start(publish, items, numbers=[1, 2, 3]), monkeypatch)
    found, _ = report(second, monkeypatch)
    check_one_transaction(found, steps=3)  # the item, the next one and their map


def locks(found: list[str]) -> int:
    return count(found, "SELECT locked", "SELECT last_seq")


def test_items_of_a_map_take_the_lock_only_where_others_have_moved_the_run(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = step("m", kind="map", items="context.numbers", compensation=None, max_concurrency=2)
    first = start(publish, items, numbers=[1, 2, 3, 4, 5, 6])
    found, second = report(first, monkeypatch)
    assert locks(found) == 0

    assert engine.claim(second.run_id, "m[1]", 1, "there") is not None
    expected = [1, 1, 0]  # the second time, because somebody may be at it still
    claimed = second
    for count_of in expected:
        found, claimed = report(claimed, monkeypatch)
        assert locks(found) == count_of
    done = Run.objects.get().steps.filter(name__startswith="m[", status="completed")
    assert done.count() == 1 + len(expected)


def test_a_run_that_somebody_else_moved_is_decided_again_under_the_lock(publish: Publish) -> None:
    claimed = start(publish, step("a"), step("b"))
    engine.cancel_run(claimed.run_id)
    following = engine.report(claimed, Outcome("succeeded", {"x": 1}), continuation=HERE)
    assert following is not None and following.step == "a", "what goes on is its undo"
    run = Run.objects.get()
    assert run.status == "compensating" and not run.steps.filter(name="b").exists()
    assert list(run.journal.order_by("seq").values_list("seq", flat=True)) == list(range(1, run.last_seq + 1))


def test_a_report_that_asks_a_person_is_written_under_the_lock(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = start(publish, step("a", on_failure="pause"))
    with statements(monkeypatch) as found:
        engine.report(
            claimed, Outcome("intervention", failure=Failure("critical", "no stock")), continuation=HERE
        )
    assert count(found, "SELECT locked", "SELECT last_seq") == 1
    assert Run.objects.get().interventions.get().step == "a"


def test_a_late_report_changes_nothing(publish: Publish) -> None:
    claimed = start(publish, step("a"), step("b"))
    assert engine.report(claimed, Outcome("succeeded", {}), continuation=HERE) is not None
    before = Run.objects.get().last_seq
    assert engine.report(claimed, Outcome("succeeded", {}), continuation=HERE) is None
    assert Run.objects.get().last_seq == before


def test_a_step_touches_no_index_of_its_run(publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    """The columns that lists are ordered and filtered by are not even named while a run only moves on."""
    found, _ = report(start(publish, step("a"), step("b")), monkeypatch)
    (update,) = [statement for statement in found if "UPDATE runs_run" in statement]
    update = update.partition("UPDATE runs_run")[2].partition("WHERE")[0]
    assert "status" not in update and "due_at" not in update


def test_a_transaction_that_fails_leaves_nothing_and_the_connection_usable(
    publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = start(publish, step("a"), step("b"))

    def broken(*args: Any) -> None:
        raise ValueError("in the middle of a unit")

    with monkeypatch.context() as patched:
        patched.setattr("runs.engine.unit_of_work.interventions.project", broken)
        with pytest.raises(ValueError, match="in the middle"):
            engine.report(claimed, Outcome("succeeded", {}))
    assert not connection.in_atomic_block and connection.get_autocommit()
    assert is_gate_free()
    assert Run.objects.get().last_seq == claimed.state.run.last_seq
    assert engine.report(claimed, Outcome("succeeded", {}), continuation=HERE) is not None
