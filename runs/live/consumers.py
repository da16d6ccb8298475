"""Sockets. What they send is read once a process by `runs.live.hub`; here is who may, and each one's place.

A slow browser is waited for: what it misses meanwhile is read again from the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import UUID

from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.security.websocket import OriginValidator
from channels.utils import await_many_dispatch
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from config.accounts.permissions import may
from config.accounts.rate_limits import TooMany, consume
from runs.live import frames as live_frames
from runs.live.access import Person, person_of
from runs.live.backpressure import Backpressure
from runs.live.feeds import RunFeed
from runs.live.hub import Hub, hub_here

ANONYMOUS, FOREIGN, NO_SUCH_RUN, BAD_REQUEST, AGAIN_LATER = 4401, 4403, 4404, 4400, 1013
CHATTER, TOO_LARGE = 1008, 1009
NUMBER_LENGTH_MAX = 9
WAITING_MAX = 5_000  # frames of lists that a slow browser has not taken
SAID_A_MINUTE_MAX, SAID_CHARS_MAX = 60, 1_000  # a watcher has nothing to say; signs of life are let be

_open: Counter[Any] = Counter()
"""Sockets of each person in this process."""


class Watcher(AsyncWebsocketConsumer):
    """Lets signed-in people of this site in; everybody else is told why not by a close code."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Without a channel of its own: sockets open while Redis is away, too."""
        self.scope, self.base_send, self.channel_layer = scope, send, None
        self.pump_task: asyncio.Task[None] | None = None
        self.hub: Hub | None = None
        self.said: Counter[int] = Counter()
        self.counted: Any = None
        with contextlib.suppress(StopConsumer):
            await await_many_dispatch([receive], self.dispatch)

    @property
    def person(self) -> Person:
        return person_of(self.scope)

    @property
    def backpressure(self) -> Backpressure:
        backpressure: Backpressure = self.scope["valve"]
        return backpressure

    async def connect(self) -> None:
        """Accepts when all that happens from now on will be told; a refusal needs an open socket too."""
        try:
            code = await self.refusal() or await self.enter()
        except (DatabaseError, InterfaceError):
            code = AGAIN_LATER
        await self.accept()
        if code:
            await self.close(code)
        else:
            self.pump_task = asyncio.create_task(self._pump())

    async def refusal(self) -> int | None:
        if not _is_own_origin(self.scope):
            return FOREIGN
        if not await database_sync_to_async(may)(self.scope["user"], "view"):
            return ANONYMOUS
        return await self._take_place()

    async def _take_place(self) -> int | None:
        """One of the sockets that a person may have open, and one of their calls."""
        person_id = self.scope["user"].pk
        try:
            await database_sync_to_async(consume)("calls", f"person {person_id}")
        except TooMany:
            return AGAIN_LATER
        if _open[person_id] >= settings.SOCKETS_PER_PERSON:
            return AGAIN_LATER
        _open[person_id] += 1
        self.counted = person_id
        return None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing that a watcher says is listened to."""
        minute = int(asyncio.get_running_loop().time() // 60)
        self.said = Counter({minute: self.said[minute] + 1})
        if len(text_data or bytes_data or "") > SAID_CHARS_MAX:
            await self.close(TOO_LARGE)
        elif self.said[minute] > SAID_A_MINUTE_MAX:
            await self.close(CHATTER)

    async def enter(self) -> int | None:
        """Joins those who are told; the code of a refusal."""
        self.hub = hub_here()
        await self.hub.join(self)
        return None

    async def disconnect(self, code: int) -> None:
        await self._stop()
        self._give_place_back()
        if self.hub is not None:
            hub, self.hub = self.hub, None
            await self.exit(hub)
            await hub.leave(self)

    def _give_place_back(self) -> None:
        person_id, self.counted = self.counted, None
        if person_id is not None:
            _open[person_id] -= 1
            if not _open[person_id]:
                del _open[person_id]

    async def exit(self, hub: Hub) -> None:
        """Gives back what `enter` took."""

    async def turn_out(self) -> None:
        await self._stop()
        await self.close(ANONYMOUS)

    async def _stop(self) -> None:
        task, self.pump_task = self.pump_task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _pump(self) -> None:
        try:
            await self.pump()
        except (DatabaseError, InterfaceError):
            await self.close(AGAIN_LATER)

    async def pump(self) -> None:
        raise NotImplementedError


class RunConsumer(Watcher):
    """Every journal entry after `?after=SEQ`, in order, then each new one as it is committed."""

    feed: RunFeed | None = None

    async def enter(self) -> int | None:
        after = parse_qs(self.scope["query_string"].decode("latin1")).get("after", ["0"])[0]
        if not (after.isascii() and after.isdecimal() and len(after) <= NUMBER_LENGTH_MAX):
            return BAD_REQUEST
        self.sent = int(after)
        await super().enter()
        assert self.hub is not None
        self.run_id: UUID = self.scope["url_route"]["kwargs"]["run_id"]
        self.feed = await self.hub.watch(self.run_id)
        return None if self.feed else NO_SUCH_RUN

    async def exit(self, hub: Hub) -> None:
        if self.feed is not None:
            hub.unwatch(self.feed)

    async def pump(self) -> None:
        assert self.hub is not None and self.feed is not None
        backpressure = self.backpressure
        while True:
            frames = self.feed.since(self.sent)
            if frames is None:
                frames = await self.hub.chunk(self.run_id, self.sent)
            elif not frames:
                await self.feed.more()
            for seq, text in frames:
                await backpressure.send(text)
                self.sent = seq


class ListWatcher(Watcher):
    """Frames of a list. Those of one key that a slow browser has not taken yet are merged."""

    async def enter(self) -> int | None:
        self.waiting: dict[object, str] = {}
        self.is_behind = False
        self.has_news = asyncio.Event()
        await super().enter()
        return None

    def offer(self, key: object, text: str) -> None:
        self.waiting.pop(key, None)
        self.is_behind = self.is_behind or len(self.waiting) >= WAITING_MAX
        if not self.is_behind:
            self.waiting[key] = text
        self.has_news.set()

    async def pump(self) -> None:
        while not self.is_behind:
            await self.has_news.wait()
            self.has_news.clear()
            while self.waiting and not self.is_behind:
                key = next(iter(self.waiting))
                await self.backpressure.send(self.waiting.pop(key))
        await self.close(AGAIN_LATER)


class RunsConsumer(ListWatcher):
    """One frame per run whose state or progress changed."""

    async def enter(self) -> int | None:
        await super().enter()
        assert self.hub is not None
        await self.hub.list_to(self)
        return None

    async def exit(self, hub: Hub) -> None:
        hub.list.listeners.discard(self)


class InterventionsConsumer(ListWatcher):
    """One frame per intervention that was opened, claimed or answered; `open` says how many are open.

    With `?count` it begins with a frame of that number alone.
    """

    async def enter(self) -> int | None:
        await super().enter()
        assert self.hub is not None
        await self.hub.interventions_to(self)
        if parse_qs(self.scope["query_string"].decode("latin1"), keep_blank_values=True).get("count"):
            self.offer("count", await self.hub.back(live_frames.open_count))
        return None

    async def exit(self, hub: Hub) -> None:
        hub.interventions.listeners.discard(self)


def _is_own_origin(scope: dict[str, Any]) -> bool:
    """A browser's origin must be one of this site's hosts; other clients send none."""
    headers = dict(scope.get("headers", []))
    if b"origin" not in headers:
        return True
    allowed = list(settings.ALLOWED_HOSTS) + list(settings.CSRF_TRUSTED_ORIGINS)
    validator = OriginValidator(None, allowed)
    return bool(validator.valid_origin(_parsed(headers[b"origin"])))


def _parsed(origin: bytes) -> Any:
    return urlparse(origin.decode("latin1"))
