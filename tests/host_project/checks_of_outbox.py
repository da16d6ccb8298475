"""What the outbox does inside a project; `tests/integration/outbox` runs this in a copy of the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import httpx2
import pytest
from board import Board, Killed
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone
from sagaboard.outbox import KeyReused, enqueue_start
from sagaboard.outbox.delivery import Reply, deliver_next, prune
from sagaboard.outbox.models import Start, State
from shop.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def board() -> Board:
    return Board()


@pytest.fixture
def deliver(board: Board) -> Iterator[Callable[[], Reply | None]]:
    with board.client() as http:
        yield lambda: deliver_next(http, DEFAULT_DB_ALIAS)


def enqueue(key: str, workflow: str = "order", **more: Any) -> Start:
    with transaction.atomic():
        return enqueue_start(workflow, {"number": key}, key, **more)


def pass_time(**changes: Any) -> None:
    """As if what is stated were so long ago that it is over."""
    Start.objects.update(**dict.fromkeys(changes or ("due_at", "claimed_until"), timezone.now()))


@pytest.mark.django_db(transaction=True)
def test_a_run_is_started_if_the_transaction_commits_and_only_then(board: Board, deliver: Any) -> None:
    with pytest.raises(CommandError):
        call_command("place_order", "A-1", fail=True)
    assert deliver() is None and not Order.objects.exists()
    call_command("place_order", "A-2")
    assert deliver().run == board.runs["order", "order-A-2"]
    assert deliver() is None and board.posted == ["order-A-2"]
    start = Start.objects.get()
    assert (start.state, start.run, start.error) == (State.DELIVERED, board.runs["order", "order-A-2"], "")


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_nothing_is_enqueued() -> None:
    with pytest.raises(transaction.TransactionManagementError, match=r"atomic\(\) of what the run is about"):
        enqueue_start("order", {}, "k")
    assert not Start.objects.exists()


def test_killed_between_post_and_mark_it_is_sent_again_and_is_one_run(board: Board, deliver: Any) -> None:
    enqueue("k")
    board.after = lambda: (_ for _ in ()).throw(Killed)
    with pytest.raises(Killed):
        deliver()
    assert deliver() is None and len(board.posted) == 1, "it is claimed"
    board.after = lambda: None
    pass_time(claimed_until=0)
    assert deliver().run == board.runs["order", "k"]
    assert len(board.posted) == 2 and len(board.runs) == 1


def test_sent_by_two_at_the_same_time_it_is_one_run(board: Board, deliver: Any) -> None:
    enqueue("k")

    def second() -> None:
        board.after = lambda: None
        pass_time(claimed_until=0)  # the first one is slower than its claim lasts
        assert deliver().run == board.runs["order", "k"]

    board.after = second
    assert deliver().run == board.runs["order", "k"]
    assert len(board.posted) == 2 and len(board.runs) == 1
    assert Start.objects.get().attempts == 1


def test_while_the_board_is_away_starts_wait_ever_longer(board: Board, deliver: Any) -> None:
    enqueue("k")
    pauses = []
    for answer in (httpx2.ConnectError("refused"), 503, 500, 429, 401):
        board.answers = [answer]
        assert deliver().is_away and deliver() is None
        start = Start.objects.get()
        assert start.state == State.WAITING and start.error
        pauses.append((start.due_at - timezone.now()).total_seconds())
        pass_time()
    assert pauses == sorted(pauses) and pauses[-1] > 8
    assert "401: so it is" in start.error
    board.answers, board.headers = [503], {"retry-after": "600"}
    assert deliver().is_away
    assert Start.objects.get().due_at > timezone.now() + timedelta(seconds=590)
    pass_time()
    assert deliver().run and len(board.runs) == 1


def test_starts_of_a_group_are_sent_in_order(board: Board, deliver: Any) -> None:
    for key, group in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")):
        enqueue(key, group=group)
    board.answers = [503]
    assert deliver().is_away  # a1
    assert deliver().run and deliver() is None
    assert board.posted == ["a1", "b1"], "what comes after a1 waits for it, and b1 does not"
    pass_time()
    while deliver() is not None:
        pass
    assert board.posted == ["a1", "b1", "a1", "a2", "a3"]


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_what_is_refused_is_given_up_and_said(board: Board, deliver: Any, status: int, caplog: Any) -> None:
    enqueue("k1", group="g")
    enqueue("k2", group="g")
    board.answers = [status]
    assert deliver().is_final
    assert f"k1 is given up, and starts no run: {status}: so it is" in caplog.text
    assert deliver().run == board.runs["order", "k2"], "the group goes on"
    assert deliver() is None
    assert Start.objects.get(key="k1").state == State.GIVEN_UP


def test_after_days_of_trying_a_start_is_given_up(board: Board, deliver: Any) -> None:
    enqueue("k")
    Start.objects.update(give_up_at=timezone.now())
    board.answers = [503]
    deliver()
    start = Start.objects.get()
    assert start.state == State.GIVEN_UP and start.error == "503: so it is"


def test_the_command_says_what_was_given_up_and_fails(board: Board, monkeypatch: Any) -> None:
    enqueue("k1")
    enqueue("k2")
    monkeypatch.setattr("sagaboard.outbox.management.commands.deliver_starts.open_client", board.client)
    board.answers = [404]
    errors = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("deliver_starts", once=True, stderr=errors)
    assert ended.value.code == 1 and "order k1 was given up: 404: so it is" in errors.getvalue()
    assert Start.objects.get(key="k2").state == State.DELIVERED


def test_the_admin_shows_starts_and_sends_them_again(board: Board, deliver: Any, admin_client: Any) -> None:
    start = enqueue("k")
    board.answers = [404]
    deliver()
    page = admin_client.get("/admin/sagaboard_outbox/start/")
    assert "404: so it is" in page.content.decode()
    assert admin_client.get(f"/admin/sagaboard_outbox/start/{start.pk}/change/").status_code == 200
    action = {"action": "send_again", "_selected_action": [start.pk]}
    assert admin_client.post("/admin/sagaboard_outbox/start/", action).status_code == 302
    assert deliver().run == board.runs["order", "k"]


def test_a_key_is_one_start(deliver: Any) -> None:
    first = enqueue("k")
    assert enqueue("k").pk == first.pk
    assert enqueue("k", workflow="other").pk != first.pk
    with transaction.atomic(), pytest.raises(KeyReused, match="'k' was enqueued for 'order' before"):
        enqueue_start("order", {"number": "another"}, "k")
    assert Start.objects.count() == 2


@pytest.mark.parametrize(
    ("workflow", "key", "value", "error"),
    [("", "k", 1, ValueError), ("w" * 64, "k", 1, ValueError), ("w", "", 1, ValueError)]
    + [("w", "k" * 201, 1, ValueError), ("w", "a\nb", 1, ValueError), ("w", "k", float("nan"), ValueError)]
    + [("w", "k", object(), TypeError)],
)
def test_what_the_board_would_not_take_is_refused_at_once(
    workflow: str, key: str, value: Any, error: type[Exception]
) -> None:
    with transaction.atomic(), pytest.raises(error):
        enqueue_start(workflow, {"value": value}, key)
    assert not Start.objects.exists()


def test_delivered_starts_are_removed_in_the_end(board: Board, deliver: Any, settings: Any) -> None:
    settings.SAGABOARD_OUTBOX = {"KEEP_DAYS": 2}
    for key in ("old", "new", "given_up"):
        enqueue(key)
    deliver(), deliver()
    board.answers = [404]
    deliver()
    Start.objects.exclude(key="new").update(delivered_at=timezone.now() - timedelta(days=3))
    assert prune(DEFAULT_DB_ALIAS) == 1
    assert set(Start.objects.values_list("key", flat=True)) == {"new", "given_up"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SAGABOARD_URL", "board", "SAGABOARD_URL is the board's address"),
        ("SAGABOARD_TOKEN", "", "SAGABOARD_TOKEN is a token"),
        ("SAGABOARD_OUTBOX", {"TIMEOUT": 1}, "has no 'TIMEOUT'"),
        ("SAGABOARD_OUTBOX", {"TIMEOUT_S": 0}, "is a number above 0"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    settings: Any, name: str, value: Any, message: str, board: Board
) -> None:
    setattr(settings, name, value)
    with pytest.raises(ImproperlyConfigured, match=message):
        board.client()


def test_the_migrations_are_complete() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
