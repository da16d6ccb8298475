"""Answers that wait for the end of a run, without a thread: `GET /runs/{id}?wait=`, and webhooks that wait.

A view that wants to wait answers at once (`runs.delivery.waiting`) and says for which run and how long. This
ASGI middleware holds that answer back and waits on the event loop, by the hub that also serves the sockets.
When the run has ended, or the time is over, it calls the view again with `scope[WAITED]`, the run's id; a
client cannot set that. So the caller's rights are checked again, and what is answered is how things are
then.

Where too many wait, or the application is not called by this middleware, the first answer is given.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from runs.delivery.waiting import WAIT, WAITED
from runs.live.hub import Hub, current_hub
from runs.machine.states import RUN_ENDED
from runs.models import Run

WAITING_MAX = 5_000  # answers of one process
LOOK_AGAIN_S = 0.05  # so that a run of many steps is not asked for at each of them
HEADER = WAIT.lower().encode()

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class WaitingAnswers:
    """The ASGI middleware; see the module."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.waiting = 0

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            """Sends an answer on, unless it asks to wait."""
            if message["type"] == "http.response.start" and _wanted(message):
                held.append(message)
            elif not held:
                await send(message)
            else:
                held.append(message)

        await self.inner(scope, receive, hold)
        if not held:
            return
        run_id, seconds = _wanted(held[0]) or (UUID(int=0), 0.0)
        if self.waiting >= WAITING_MAX or not await self._wait(run_id, seconds, receive):
            held[0]["headers"] = [pair for pair in held[0]["headers"] if pair[0].lower() != HEADER]
            for message in held:
                await send(message)
            return
        await self.inner({**scope, WAITED: run_id}, _nothing_more(), send)

    async def _wait(self, run_id: UUID, seconds: float, receive: Receive) -> bool:
        """Waits for the end of a run. Returns False where the caller has gone."""
        self.waiting += 1
        gone = asyncio.ensure_future(receive())
        ended = asyncio.ensure_future(_end_of(run_id, seconds))
        try:
            await asyncio.wait({gone, ended}, return_when=asyncio.FIRST_COMPLETED)
            return ended.done()
        finally:
            self.waiting -= 1
            for task in (gone, ended):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


def _wanted(message: Message) -> tuple[UUID, float] | None:
    value = next((value for name, value in message["headers"] if name.lower() == HEADER), None)
    if value is None:
        return None
    run_id, _, seconds = value.decode().partition(" ")
    return UUID(run_id), float(seconds)


def _nothing_more() -> Receive:
    """What the view receives when it is called again: an empty body, then silence."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.get_running_loop().create_future()
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


class _Waiter:
    """A member of the hub that is nobody's socket: its caller's rights are checked by the view."""

    person = None

    async def expel(self) -> None: ...

    async def restrict(self, hidden: frozenset[int]) -> None: ...


async def _end_of(run_id: UUID, seconds: float) -> None:
    """Returns when the run has ended, or after `seconds`; also when the database cannot be asked."""
    until = time.monotonic() + seconds
    hub, waiter = current_hub(), _Waiter()
    with contextlib.suppress(TimeoutError, DatabaseError, InterfaceError):
        async with asyncio.timeout(seconds):
            try:
                await hub.join(waiter)
                await _follow(hub, run_id, until)
            finally:
                await hub.leave(waiter)


async def _follow(hub: Hub, run_id: UUID, until: float) -> None:
    feed = await hub.watch(run_id)
    if feed is None:
        return
    try:
        while time.monotonic() < until:
            more = asyncio.ensure_future(feed.more())  # asked for first, so that no end is missed
            try:
                if await hub.read_for_one(_has_ended, run_id):
                    return
                await more
                await asyncio.sleep(LOOK_AGAIN_S)
            finally:
                more.cancel()
    finally:
        hub.unwatch(feed)


def _has_ended(run_id: UUID) -> bool:
    return not Run.objects.filter(pk=run_id).exclude(status__in=RUN_ENDED).exists()
