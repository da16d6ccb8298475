"""Sockets: frames in order, once, without a gap, whatever is lost; read once a process; and for whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from config.accounts.permissions import Role
from config.accounts.tokens import make as make_token
from config.asgi import application
from designer.document.graph import Graph
from runs.delivery import hints
from runs.engine import engine
from runs.interventions import service
from runs.live import frames as live_frames
from runs.live import hub as hubs
from runs.live.backpressure import Backpressure, Send
from runs.live.consumers import WAITING_MAX, ListWatcher
from runs.live.feeds import RunFeed
from runs.models import Intervention, JournalEntry, Run
from tests.integration.runs.conftest import RunHere, chain, step

WAIT_S = 20.0
in_thread = sync_to_async(thread_sensitive=True)


@asynccontextmanager
async def socket_of(client: Client, path: str, **headers: str) -> AsyncIterator[WebsocketCommunicator]:
    cookie = client.cookies.get("sessionid")
    found = [(b"cookie", f"sessionid={cookie.value}".encode())] if cookie else []
    found += [(name.encode(), value.encode()) for name, value in headers.items()]
    socket = WebsocketCommunicator(application, path, headers=found)
    connected, _ = await socket.connect(timeout=WAIT_S)
    assert connected
    try:
        yield socket
    finally:
        await socket.disconnect(timeout=WAIT_S)


async def frames_from(socket: WebsocketCommunicator, count: int) -> list[dict[str, Any]]:
    return [json.loads(await socket.receive_from(timeout=WAIT_S)) for _ in range(count)]


async def closing_code(socket: WebsocketCommunicator) -> int:
    message = await socket.receive_output(timeout=WAIT_S)
    assert message["type"] == "websocket.close"
    return int(message["code"])


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


async def settled(run_id: UUID, watchers: int) -> None:
    """Until so many sockets watch the run and the hub has read all that it knew of."""
    hub = hubs.current_hub()
    await until(lambda: run_id in hub.runs and hub.runs[run_id].watchers == watchers)
    await until(lambda: not hub._has_moved.is_set())
    await hub.read_for_all(lambda: None)  # its one thread has ended the readings before


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, int]]:
    """Every reading of a journal: which run, after which number."""
    seen: list[tuple[Any, int]] = []
    chunk = live_frames.chunk

    def counted(run_id: Any, after: int) -> Any:
        seen.append((run_id, after))
        return chunk(run_id, after)

    monkeypatch.setattr(live_frames, "chunk", counted)
    return seen


@pytest.fixture
def no_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loses every hint and has the hub poll more often."""
    monkeypatch.setattr(hubs.Hub, "note", lambda hub, message: None)
    monkeypatch.setattr(hubs, "POLL_S", 0.2)


async def test_a_socket_gets_the_journal_and_then_what_comes(viewer: Client, waiting: Run) -> None:
    async with socket_of(viewer, f"/ws/runs/{waiting.pk}/") as socket:
        known = waiting.last_seq
        assert [frame["seq"] for frame in await frames_from(socket, known)] == list(range(1, known + 1))
        await in_thread(engine.signal)(waiting.pk, "paid", {"sum": 1})
        (frame,) = await frames_from(socket, 1)
        assert (frame["seq"], frame["type"], frame["run"]) == (known + 1, "signal.received", str(waiting.pk))
        assert set(frame) == {"seq", "type", "run", "step", "attempt", "at", "status", "data"}


async def test_only_what_comes_after_a_number_is_sent(viewer: Client, undone: Run) -> None:
    last = undone.last_seq
    async with socket_of(viewer, f"/ws/runs/{undone.pk}/?after={last - 2}") as socket:
        assert [frame["seq"] for frame in await frames_from(socket, 2)] == [last - 1, last]
        assert await socket.receive_nothing(0.3)


async def test_lost_hints_cost_time_and_no_entry(viewer: Client, waiting: Run, no_hints: None) -> None:
    async with socket_of(viewer, f"/ws/runs/{waiting.pk}/?after={waiting.last_seq}") as socket:
        await in_thread(engine.signal)(waiting.pk, "paid")
        assert (await frames_from(socket, 1))[0]["seq"] == waiting.last_seq + 1


async def test_lists_hear_of_what_no_hint_told(
    viewer: Client, stuck: Run, waiting: Run, no_hints: None
) -> None:
    async with (
        socket_of(viewer, "/ws/runs/") as runs,
        socket_of(viewer, "/ws/interventions/") as interventions,
    ):
        intervention = await in_thread(Intervention.objects.get)()
        user = await in_thread(User.objects.create_user)("olga", is_superuser=True)
        await in_thread(engine.cancel_run)(waiting.pk, "abandon")
        await in_thread(service.claim)(intervention.pk, user)
        await in_thread(service.answer)(intervention.pk, service.Reply("abandon", "so be it"), user)
        found = {frame["run"]: frame["status"] for frame in await frames_from(runs, 2)}
        assert found[str(waiting.pk)] == "cancelled"
        claimed, answered = await frames_from(interventions, 2)
        assert (claimed["event"], claimed["claimed_by"]) == ("intervention.claimed", "olga")
        assert (answered["event"], answered["answer"]) == ("intervention.answered", "abandon")
        assert await interventions.receive_nothing(0.5)


async def test_a_list_says_how_far_each_run_is(viewer: Client, waiting: Run) -> None:
    async with socket_of(viewer, "/ws/runs/") as socket:
        await in_thread(engine.signal)(waiting.pk, "paid")
        (frame,) = await frames_from(socket, 1)
        assert frame.pop("at").endswith("Z")
        assert frame == {
            "run": str(waiting.pk),
            "workflow": "paper",
            "status": "waiting",
            "done": 1,
            "total": 3,
        }


async def test_each_act_on_an_intervention_is_one_frame(viewer: Client, stuck: Run) -> None:
    user = await in_thread(User.objects.create_user)("olga", is_superuser=True)
    intervention = await in_thread(Intervention.objects.get)()
    async with socket_of(viewer, "/ws/interventions/") as socket:
        await in_thread(service.claim)(intervention.pk, user)
        await in_thread(service.answer)(intervention.pk, service.Reply("abandon", "so be it"), user)
        events = [frame["event"] for frame in await frames_from(socket, 2)]
        assert sorted(events) == ["intervention.answered", "intervention.claimed"]


async def test_many_pages_of_one_run_cost_one_reading_an_event(
    viewer: Client, waiting: Run, reads: list[Any]
) -> None:
    known = waiting.last_seq
    path = f"/ws/runs/{waiting.pk}/?after={known}"
    sockets = [socket_of(viewer, path) for _ in range(200)]
    opened = [await socket.__aenter__() for socket in sockets]
    await settled(waiting.pk, len(opened))
    reads.clear()
    await in_thread(engine.signal)(waiting.pk, "paid")
    for socket in opened:
        assert (await frames_from(socket, 1))[0]["seq"] == known + 1
    assert reads == [(waiting.pk, known)]
    for context in sockets:
        await context.__aexit__(None, None, None)
    assert not hubs._hubs


async def test_pages_that_open_at_once_share_the_reading_of_the_past(
    viewer: Client, undone: Run, reads: list[Any]
) -> None:
    async with socket_of(viewer, f"/ws/runs/{undone.pk}/?after={undone.last_seq}"):
        hub = hubs.current_hub()
        found = await asyncio.gather(*(hub.chunk(undone.pk, 0) for _ in range(50)))
        assert all(len(frames) == undone.last_seq for frames in found)
        assert reads.count((undone.pk, 0)) == 1


async def test_a_database_that_is_away_is_waited_for(
    viewer: Client, waiting: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OperationalError("away")] * 2)
    chunk = live_frames.chunk
    monkeypatch.setattr(hubs, "AGAIN_S", 0.05)

    def unsure(run_id: Any, after: int) -> Any:
        for failure in failures:
            raise failure
        return chunk(run_id, after)

    async with socket_of(viewer, f"/ws/runs/{waiting.pk}/?after={waiting.last_seq}") as socket:
        await settled(waiting.pk, 1)
        monkeypatch.setattr(live_frames, "chunk", unsure)
        await in_thread(engine.signal)(waiting.pk, "paid")
        assert (await frames_from(socket, 1))[0]["seq"] == waiting.last_seq + 1
    assert next(failures, None) is None


@pytest.fixture
def early(run_here: RunHere) -> Run:
    """A run that keeps each signal `paid`, as the step that takes it comes after an approval."""
    boss = step("boss", kind="approval", worker=None, compensation=None)
    bank = step("bank", kind="wait", worker=None, compensation=None, signal="paid")
    return run_here(chain(boss, bank, name="early"))


async def test_a_slow_browser_is_caught_up_from_the_journal(
    viewer: Client, early: Run, monkeypatch: pytest.MonkeyPatch, reads: list[Any]
) -> None:
    monkeypatch.setattr("runs.live.feeds.KEPT_FRAMES_MAX", 2)
    senders: list[Backpressure] = []
    made = Backpressure.__init__

    def noted(backpressure: Backpressure, send: Send) -> None:
        made(backpressure, send)
        senders.append(backpressure)

    monkeypatch.setattr(Backpressure, "__init__", noted)
    known = early.last_seq
    async with socket_of(viewer, f"/ws/runs/{early.pk}/?after={known}") as socket:
        senders[-1].pauseProducing()
        for _ in range(9):
            await in_thread(engine.signal)(early.pk, "paid")
        feed = hubs.current_hub().runs[early.pk]
        await until(lambda: feed.last == known + 9)
        assert len(feed._frames) == 2
        assert await socket.receive_nothing(0.1)
        senders[-1].resumeProducing()
        assert [frame["seq"] for frame in await frames_from(socket, 9)] == list(range(known + 1, known + 10))


def test_a_list_that_is_not_read_takes_no_endless_room() -> None:
    listener = ListWatcher()
    listener.waiting, listener.is_behind, listener.has_news = {}, False, asyncio.Event()
    for number in range(3 * WAITING_MAX):
        listener.offer(number, "x")
        listener.offer(0, "again")
    assert len(listener.waiting) <= WAITING_MAX
    assert listener.is_behind


def test_a_feed_keeps_order_and_says_what_it_does_not_have() -> None:
    feed = RunFeed(UUID(int=1), 5)
    feed.add([(5, "old"), (6, "a"), (8, "gap"), (7, "b"), (7, "again")])
    assert (feed.since(5), feed.since(6), feed.since(7)) == ([(6, "a"), (7, "b")], [(7, "b")], [])
    assert feed.since(4) is None
    assert feed.since(99) == []


# --- for whom ---


async def test_strangers_and_foreign_pages_are_refused(viewer: Client, stranger: Client, undone: Run) -> None:
    for path in (f"/ws/runs/{undone.pk}/", "/ws/runs/", "/ws/interventions/"):
        async with socket_of(stranger, path) as socket:
            assert await closing_code(socket) == 4401
        async with socket_of(viewer, path, origin="https://elsewhere.example", host="localhost") as socket:
            assert await closing_code(socket) == 4403


@pytest.mark.parametrize(
    ("origin", "host", "trusted", "is_own"),
    [
        ("http://localhost:8000", "localhost:8000", [], True),
        ("http://LOCALHOST:8000", "localhost:8000", [], True),
        ("http://localhost:9000", "localhost:8000", [], False),
        ("http://localhost", "localhost:8000", [], False),
        ("https://localhost:8000", "localhost:8000", [], False),
        ("http://other.localhost:8000", "localhost:8000", [], False),
        ("http://evil.example:8000", "evil.example:8000", [], False),
        ("null", "localhost:8000", [], False),
        ("https://board.example", "localhost:8000", ["https://board.example"], True),
        ("http://board.example", "localhost:8000", ["https://board.example"], False),
        ("https://board.example:8443", "localhost:8000", ["https://board.example"], False),
    ],
)
async def test_a_page_of_this_site_is_told_by_scheme_host_and_port(
    viewer: Client, settings: Any, origin: str, host: str, trusted: list[str], is_own: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = trusted
    async with socket_of(viewer, "/ws/runs/", origin=origin, host=host) as socket:
        if is_own:
            assert await socket.receive_nothing(0.05)
        else:
            assert await closing_code(socket) == 4403


async def test_behind_https_a_page_is_of_https(viewer: Client, settings: Any) -> None:
    settings.HTTPS = True
    async with socket_of(viewer, "/ws/runs/", origin="https://localhost", host="localhost") as socket:
        assert await socket.receive_nothing(0.05)
    async with socket_of(viewer, "/ws/runs/", origin="http://localhost", host="localhost") as socket:
        assert await closing_code(socket) == 4403


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "٣"])
async def test_an_unreadable_number_is_refused(viewer: Client, undone: Run, after: str) -> None:
    async with socket_of(viewer, f"/ws/runs/{undone.pk}/?after={after}") as socket:
        assert await closing_code(socket) == 4400


async def test_no_run_no_frames(viewer: Client) -> None:
    async with socket_of(viewer, "/ws/runs/01a20617-51be-779d-b020-d363b36b87fb/") as socket:
        assert await closing_code(socket) == 4404


def sign_out(client: Client) -> None:
    client.logout()


def deactivate(client: Client) -> None:
    user = User.objects.get(username__startswith="viv")
    user.is_active = False
    user.save()


def change_password(client: Client) -> None:
    user = User.objects.get(username__startswith="viv")
    user.set_password("another")
    user.save()


def remove(client: Client) -> None:
    User.objects.get(username__startswith="viv").delete()


@pytest.mark.parametrize("act", [sign_out, deactivate, change_password, remove])
@pytest.mark.parametrize("hinted", [True, False])
async def test_who_may_not_see_any_more_is_turned_out(
    viewer: Client, waiting: Run, act: Callable[[Client], None], hinted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hinted:
        monkeypatch.setattr(hints, "people_changed", lambda: None)
        monkeypatch.setattr(hubs, "POLL_S", 0.2)
    async with socket_of(viewer, f"/ws/runs/{waiting.pk}/?after={waiting.last_seq}") as socket:
        await in_thread(act)(viewer)
        assert await closing_code(socket) == 4401
        await in_thread(engine.signal)(waiting.pk, "paid")
        assert await socket.receive_nothing(0.3)


async def test_a_token_that_is_revoked_ends_its_sockets(
    waiting: Run, stranger: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "POLL_S", 0.2)
    owner = await in_thread(User.objects.create_user)("tom", is_superuser=True)
    token, text = await in_thread(make_token)(owner, "script", Role.VIEWER)
    path = f"/ws/runs/{waiting.pk}/?after={waiting.last_seq}"
    async with socket_of(stranger, path, authorization=f"Bearer {text}") as socket:
        assert await socket.receive_nothing(0.5)
        await in_thread(token.delete)()
        assert await closing_code(socket) == 4401


async def test_others_stay_when_one_signs_out(viewer: Client, operator: Client, waiting: Run) -> None:
    path = f"/ws/runs/{waiting.pk}/?after={waiting.last_seq}"
    async with socket_of(viewer, path) as leaving, socket_of(operator, path) as staying:
        await in_thread(sign_out)(viewer)
        assert await closing_code(leaving) == 4401
        await in_thread(engine.signal)(waiting.pk, "paid")
        assert (await frames_from(staying, 1))[0]["seq"] == waiting.last_seq + 1


async def test_random_orders_of_reading_and_reconnecting_lose_nothing(
    viewer: Client, run_here: RunHere, order: Graph
) -> None:
    run = await in_thread(run_here)(order)
    last = await in_thread(JournalEntry.objects.filter(run=run).count)()
    seen: list[int] = []
    for size in (1, 2, 3, 1, last):
        async with socket_of(viewer, f"/ws/runs/{run.pk}/?after={len(seen)}") as socket:
            seen += [frame["seq"] for frame in await frames_from(socket, min(size, last - len(seen)))]
    assert seen == list(range(1, last + 1))
