"""One hub a process and event loop: it hears hints, reads what moved once, and tells the feeds.

A lost hint costs POLL_S at most, as the hub also looks by itself; and a database that is away for a while
costs as long as it is away. It lives while there are sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, Protocol, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError, connections
from redis import RedisError

from runs.delivery.hints import BOARD_GROUP, PEOPLE
from runs.live import access
from runs.live import frames as live_frames
from runs.live.feeds import InterventionFeed, ListFeed, RunFeed
from runs.machine.limits import FRAMES_MAX

logger = logging.getLogger(__name__)

POLL_S = 5.0
MERGE_S = 0.1  # list frames: at most ten a second and run
AGAIN_S = 1.0

P = ParamSpec("P")
T = TypeVar("T")


class Member(Protocol):
    """A socket, as far as the hub must know it."""

    @property
    def person(self) -> access.Person: ...

    async def turn_out(self) -> None: ...


class Hub:
    def __init__(self) -> None:
        self.members: set[Member] = set()
        self.runs: dict[UUID, RunFeed] = {}
        self.list = ListFeed()
        self.interventions = InterventionFeed()
        self._moved: set[UUID] = set()
        self._has_moved = asyncio.Event()
        self._has_listed = asyncio.Event()
        self._people_changed = asyncio.Event()
        self._listens = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._reads: dict[tuple[UUID, int], asyncio.Future[list[live_frames.Frame]]] = {}
        self._live = ThreadPoolExecutor(1, "hub-live")
        self._back = ThreadPoolExecutor(1, "hub-back")

    # --- sockets come and go ---

    async def join(self, member: Member) -> None:
        self.members.add(member)
        if not self._tasks:
            loops = (self._listen, self._read, self._tell, self._poll, self._check)
            self._tasks = [asyncio.create_task(self._for_ever(loop)) for loop in loops]
        with contextlib.suppress(TimeoutError):  # without Redis there are no hints: the hub looks by itself
            await asyncio.wait_for(self._listens.wait(), AGAIN_S)

    async def leave(self, member: Member) -> None:
        self.members.discard(member)
        if not self.members:
            _hubs.pop(asyncio.get_running_loop(), None)
            await self._end()

    async def _end(self) -> None:
        tasks, self._tasks = set(self._tasks), []
        if not tasks:
            return
        while tasks:  # a task that is just connecting to Redis may not hear the first time
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=AGAIN_S / 10)
        for pool in (self._live, self._back):
            pool.submit(connections.close_all)
            await asyncio.to_thread(pool.shutdown)

    async def watch(self, run_id: UUID) -> RunFeed | None:
        """The feed of a run; None where there is no such run. Give it back with `unwatch`."""
        feed = self.runs.get(run_id)
        if feed is None:
            last = await self.back(live_frames.last_seq, run_id)
            if last is None:
                return None
            feed = self.runs.setdefault(run_id, RunFeed(run_id, last))
            self._note_runs({run_id: last + 1})  # something may have moved since it was read
        feed.watchers += 1
        return feed

    def unwatch(self, feed: RunFeed) -> None:
        feed.watchers -= 1
        if not feed.watchers:
            self.runs.pop(feed.run_id, None)

    async def chunk(self, run_id: UUID, after: int) -> list[live_frames.Frame]:
        """What the feed does not keep any more. Those who ask for the same at once get one reading."""
        key = run_id, after
        if key not in self._reads:
            self._reads[key] = asyncio.ensure_future(self.back(live_frames.chunk, run_id, after))
            self._reads[key].add_done_callback(lambda _: self._reads.pop(key, None))
        return await asyncio.shield(self._reads[key])

    async def back(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Reads for one socket, beside what all wait for."""
        return await self._in(self._back, lambda: read(*args, **kwargs))

    async def live(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in(self._live, lambda: read(*args, **kwargs))

    async def _in(self, pool: ThreadPoolExecutor, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, _afresh, read)

    # --- loops ---

    async def _for_ever(self, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except (DatabaseError, InterfaceError, RedisError, OSError) as error:
                logger.warning("sockets are told later: %s", error)
                await asyncio.sleep(AGAIN_S)
            except Exception:
                logger.exception("sockets are told later")
                await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        layer: Any = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(BOARD_GROUP, channel)
        self._listens.set()
        try:
            while True:
                self.hear(await layer.receive(channel))
        finally:
            with contextlib.suppress(RedisError, OSError, RuntimeError):
                await layer.group_discard(BOARD_GROUP, channel)

    def hear(self, message: dict[str, Any]) -> None:
        seqs = {UUID(run_id): seq for run_id, seq in message["runs"].items()}
        self._note_runs(seqs)
        if self.list.listeners:
            self.list.note(seqs)
        if self.interventions.listeners:
            self.interventions.moved |= {
                (run_id, opened, event) for run_id, opened, event in message["cases"]
            }
        if self.list.moved or self.interventions.moved:
            self._has_listed.set()
        if message.get(PEOPLE):
            self._people_changed.set()

    def _note_runs(self, seqs: dict[UUID, int]) -> None:
        moved = {
            run_id for run_id, seq in seqs.items() if run_id in self.runs and self.runs[run_id].last < seq
        }
        if moved:
            self._moved |= moved
            self._has_moved.set()

    async def _read(self) -> None:
        """Each run that moved is read once, however many watch it."""
        await self._has_moved.wait()
        self._has_moved.clear()
        moved, self._moved = self._moved & self.runs.keys(), set()
        try:
            found = await self.live(live_frames.chunks, {run_id: self.runs[run_id].last for run_id in moved})
        except BaseException:
            self._moved |= moved
            self._has_moved.set()
            raise
        for run_id, frames in found.items():
            if run_id in self.runs:
                self.runs[run_id].hear(frames)
            if len(frames) == FRAMES_MAX:
                self._moved.add(run_id)
                self._has_moved.set()

    async def _tell(self) -> None:
        await self._has_listed.wait()
        self._has_listed.clear()
        runs, self.list.moved = self.list.moved, set()
        interventions, self.interventions.moved = self.interventions.moved, set()
        try:
            self.list.tell(await self.live(live_frames.list_frames, runs) if runs else [])
            self.interventions.tell(
                await self.live(live_frames.intervention_frames, interventions) if interventions else []
            )
        except BaseException:
            self.list.moved |= runs
            self.interventions.moved |= interventions
            self._has_listed.set()
            raise
        await asyncio.sleep(MERGE_S)

    async def _poll(self) -> None:
        """Looks for what no hint told of."""
        await asyncio.sleep(POLL_S)
        self._note_runs(await self.live(live_frames.last_seqs, list(self.runs)))
        if self.list.listeners:
            self.list.unheard(await self.live(live_frames.live_seqs))
        if self.interventions.listeners:
            closed = self.interventions.unheard(await self.live(live_frames.open_interventions))
            self.interventions.moved |= set(
                await self.live(live_frames.answered_interventions, closed) if closed else []
            )
        if self.list.moved or self.interventions.moved:
            self._has_listed.set()

    async def _check(self) -> None:
        """Who may not see any more is turned out: at once after a hint, else within POLL_S."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._people_changed.wait(), POLL_S)
        self._people_changed.clear()
        by_person: dict[access.Person, list[Member]] = defaultdict(list)
        for member in self.members:
            by_person[member.person].append(member)
        allowed = await self.back(access.allowed_people, list(by_person))
        for person in by_person.keys() - allowed:
            self.members -= set(by_person[person])
            await _turn_out(by_person[person])

    # --- lists ---

    async def list_to(self, listener: Any) -> None:
        if not self.list.listeners:
            self.list.begin(await self.live(live_frames.live_seqs))
        self.list.listeners.add(listener)

    async def interventions_to(self, listener: Any) -> None:
        if not self.interventions.listeners:
            now_open = await self.live(live_frames.open_interventions)
            self.interventions.open = {pk: claimed_by for pk, (_, claimed_by) in now_open.items()}
        self.interventions.listeners.add(listener)


async def _turn_out(members: Iterable[Member]) -> None:
    for member in members:
        await member.turn_out()


def _afresh(read: Callable[[], T]) -> T:
    """A connection that broke is not used again."""
    try:
        return read()
    except (DatabaseError, InterfaceError):
        connections.close_all()
        raise


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub_here() -> Hub:
    """The hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
