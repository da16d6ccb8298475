"""The hub: receives hints, reads what has moved, and passes it to the feeds. One per event loop.

However many sockets watch, a change is read from the database once per process. A hint says which runs and
interventions have moved; `_listen` receives hints from the channel layer and notes them, `_read` reads the
runs that somebody watches, `_send_lists` the frames of the lists. Hints may be lost: `_poll` looks at the
database every POLL_S, so a lost one costs that long. `_check` expels people that may not watch any more. Each
of these loops is a task that begins again after an error; a database that is away delays frames and loses
none, as what was noted is noted again.

Reading blocks, so it runs in two threads of one connection each: one for what all sockets wait for, one for
what a single socket asks for, so that a slow reader of an old journal does not delay the others.

A hub lives while it has sockets: the first starts the tasks, the last ends them and closes the connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, Protocol, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.db import DatabaseError, InterfaceError, connections
from redis import RedisError

from runs.delivery.hints import BOARD_GROUP, INBOX, PEOPLE
from runs.live import access
from runs.live import frames as live_frames
from runs.live.feeds import InboxFeed, InterventionFeed, Listener, ListFeed, RunFeed
from runs.machine.limits import FRAMES_MAX

logger = logging.getLogger(__name__)

POLL_S = 5.0
MERGE_S = 0.1  # list frames: at most ten a second and run
INBOX_MERGE_S = 0.5
INBOX_SHARE = 4  # counting for many people takes no more than a fifth of the time
AGAIN_S = 1.0

P = ParamSpec("P")
T = TypeVar("T")


class Member(Protocol):
    """A socket as the hub sees it, or an answer that waits; that has no person whose rights are checked."""

    @property
    def person(self) -> access.Person | None: ...

    async def expel(self) -> None: ...

    async def restrict(self, hidden: frozenset[int]) -> None: ...


class Hub:
    """The feeds of one event loop and the tasks that fill them; see the module."""

    def __init__(self) -> None:
        self.members: set[Member] = set()
        self.runs: dict[UUID, RunFeed] = {}
        self.list = ListFeed()
        self.interventions = InterventionFeed()
        self.inbox = InboxFeed()
        self._moved: set[UUID] = set()
        self._has_moved = asyncio.Event()
        self._has_listed = asyncio.Event()
        self._people_changed = asyncio.Event()
        self._listens = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._reads: dict[tuple[UUID, int], asyncio.Future[list[live_frames.Frame]]] = {}
        self._for_all = ThreadPoolExecutor(1, "hub-live")
        self._for_one = ThreadPoolExecutor(1, "hub-back")

    # --- sockets come and go ---

    async def join(self, member: Member) -> None:
        self.members.add(member)
        if not self._tasks:
            loops = (
                *(self._listen, self._read, self._send_lists, self._send_inbox),
                *(self._poll, self._check),
            )
            self._tasks = [asyncio.create_task(self._repeat(loop)) for loop in loops]
        with contextlib.suppress(TimeoutError):  # without Redis there are no hints, but polling
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
        while tasks:  # a task that is just connecting to Redis may swallow the first cancellation
            for task in tasks:
                task.cancel()
            _, tasks = await asyncio.wait(tasks, timeout=AGAIN_S / 10)
        for pool in (self._for_all, self._for_one):
            pool.submit(connections.close_all)
            await asyncio.to_thread(pool.shutdown)

    async def watch(self, run_id: UUID) -> RunFeed | None:
        """Returns the feed of a run, to be given back with `unwatch`; None if there is no such run."""
        feed = self.runs.get(run_id)
        if feed is None:
            last = await self.read_for_one(live_frames.last_seq, run_id)
            if last is None:
                return None
            feed = self.runs.setdefault(run_id, RunFeed(run_id, last))
            self._note_runs(
                {run_id: last + 1}
            )  # the run may have moved since, before the feed was there to be noted
        feed.watchers += 1
        return feed

    def unwatch(self, feed: RunFeed) -> None:
        feed.watchers -= 1
        if not feed.watchers:
            self.runs.pop(feed.run_id, None)

    async def chunk(self, run_id: UUID, after: int) -> list[live_frames.Frame]:
        """Reads frames that the feed does not keep any more; equal concurrent requests share one reading."""
        key = run_id, after
        if key not in self._reads:
            self._reads[key] = asyncio.ensure_future(self.read_for_one(live_frames.chunk, run_id, after))
            self._reads[key].add_done_callback(lambda _: self._reads.pop(key, None))
        return await asyncio.shield(
            self._reads[key]
        )  # a socket that closes must not cancel it for the others

    async def read_for_one(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Reads for a single socket."""
        return await self._in(self._for_one, lambda: read(*args, **kwargs))

    async def read_for_all(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Reads what all sockets wait for."""
        return await self._in(self._for_all, lambda: read(*args, **kwargs))

    async def _in(self, pool: ThreadPoolExecutor, read: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, _with_connection, read)

    # --- loops ---

    async def _repeat(self, loop: Callable[[], Awaitable[None]]) -> None:
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
                self.note(await layer.receive(channel))
        finally:
            with contextlib.suppress(RedisError, OSError, RuntimeError):
                await layer.group_discard(BOARD_GROUP, channel)

    def note(self, message: dict[str, Any]) -> None:
        """Notes a hint (`runs.delivery.hints`) for the loops that read."""
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
        if message["cases"] or message.get(INBOX):
            self.inbox.moved.set()
        if message.get(PEOPLE):
            self._people_changed.set()
            self.inbox.moved.set()

    def _note_runs(self, seqs: dict[UUID, int]) -> None:
        moved = {
            run_id for run_id, seq in seqs.items() if run_id in self.runs and self.runs[run_id].last < seq
        }
        if moved:
            self._moved |= moved
            self._has_moved.set()

    async def _read(self) -> None:
        """Reads the new frames of each watched run that has moved."""
        await self._has_moved.wait()
        self._has_moved.clear()
        moved, self._moved = self._moved & self.runs.keys(), set()
        try:
            positions = {run_id: self.runs[run_id].last for run_id in moved}
            frames_by_run = await self.read_for_all(live_frames.chunks, positions)
        except BaseException:  # cancellation included: nothing that was noted may be lost
            self._moved |= moved
            self._has_moved.set()
            raise
        for run_id, frames in frames_by_run.items():
            if run_id in self.runs:
                self.runs[run_id].add(frames)
            if len(frames) == FRAMES_MAX:  # there may be more
                self._moved.add(run_id)
                self._has_moved.set()

    async def _send_lists(self) -> None:
        """Sends the frames of runs and interventions that have moved, those of MERGE_S at once."""
        await self._has_listed.wait()
        self._has_listed.clear()
        runs, self.list.moved = self.list.moved, set()
        interventions, self.interventions.moved = self.interventions.moved, set()
        try:
            if runs:
                self.list.send(await self.read_for_all(live_frames.list_frames, runs))
            if interventions:
                views = {frozenset[int](), *(one.hidden for one in self.interventions.listeners)}
                frames = await self.read_for_all(live_frames.intervention_frames, interventions, views)
                self.interventions.send(frames)
        except BaseException:
            self.list.moved |= runs
            self.interventions.moved |= interventions
            self._has_listed.set()
            raise
        await asyncio.sleep(MERGE_S)

    async def _send_inbox(self) -> None:
        """Sends each person how much waits for them."""
        await self.inbox.moved.wait()
        self.inbox.moved.clear()
        began = asyncio.get_running_loop().time()
        people = set(self.inbox.listeners.values())
        try:
            self.inbox.send(await self.read_for_all(live_frames.inbox_frames, people))
        except BaseException:
            self.inbox.moved.set()
            raise
        took = asyncio.get_running_loop().time() - began
        await asyncio.sleep(max(INBOX_MERGE_S, INBOX_SHARE * took))

    async def _poll(self) -> None:
        """Looks for what has moved without a hint."""
        await asyncio.sleep(POLL_S)
        self._note_runs(await self.read_for_all(live_frames.last_seqs, list(self.runs)))
        if self.list.listeners:
            self.list.reconcile(await self.read_for_all(live_frames.live_seqs))
        if self.interventions.listeners:
            now_open = await self.read_for_all(live_frames.open_interventions)
            closed = self.interventions.reconcile(now_open)
            if closed:
                answered = await self.read_for_all(live_frames.answered_interventions, closed)
                self.interventions.moved |= set(answered)
        if self.inbox.listeners:
            self.inbox.reconcile(await self.read_for_all(live_frames.inbox_now))
        if self.list.moved or self.interventions.moved:
            self._has_listed.set()

    async def _check(self) -> None:
        """Expels people that may not watch any more, and tells sockets which folders are hidden from theirs.

        At once after a hint, else within POLL_S.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._people_changed.wait(), POLL_S)
        self._people_changed.clear()
        by_person: dict[access.Person, list[Member]] = defaultdict(list)
        for member in self.members:
            if member.person is not None:
                by_person[member.person].append(member)
        allowed = await self.read_for_one(access.watching, list(by_person))
        for person, members in by_person.items():
            for member in members:
                if person in allowed:
                    await member.restrict(allowed[person])
                else:
                    self.members.discard(member)
                    await member.expel()

    # --- lists ---

    async def subscribe_to_list(self, listener: Listener) -> None:
        if not self.list.listeners:
            self.list.begin(await self.read_for_all(live_frames.live_seqs))
        self.list.listeners.add(listener)

    async def subscribe_to_inbox(self, listener: Listener, person: access.Person) -> None:
        """Begins with a frame of what waits now."""
        self.inbox.listeners[listener] = person
        listener.offer("inbox", await self.read_for_one(live_frames.inbox_frame, person))

    async def subscribe_to_interventions(self, listener: Listener) -> None:
        if not self.interventions.listeners:
            now_open = await self.read_for_all(live_frames.open_interventions)
            self.interventions.open = {pk: claimed_by for pk, (_, claimed_by) in now_open.items()}
        self.interventions.listeners.add(listener)


def _with_connection(read: Callable[[], T]) -> T:
    """Reads; after an error the thread's connection is closed, so that a broken one is not used again."""
    try:
        return read()
    except (DatabaseError, InterfaceError):
        connections.close_all()
        raise


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current_hub() -> Hub:
    """Returns the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
