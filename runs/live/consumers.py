"""Consumers of the sockets: the right to open one, limits per person, and the position of each.

`runs.live.hub` reads what they send, once per process. Sending waits for a slow browser; entries that the
feed has dropped meanwhile are read again from the journal.
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
from django.http.request import split_domain_port, validate_host

from config.accounts.rate_limits import TooMany, client_of, consume
from runs.live.access import Person, folders_of, hidden_from, person_of
from runs.live.backpressure import Backpressure
from runs.live.feeds import RunFeed
from runs.live.hub import Hub, current_hub

ANONYMOUS, FOREIGN, NO_SUCH_RUN, BAD_REQUEST, TRY_AGAIN_LATER = 4401, 4403, 4404, 4400, 1013
CHATTER, TOO_LARGE = 1008, 1009
NUMBER_LENGTH_MAX = 9
WAITING_MAX = 5_000  # frames of lists that a slow browser has not taken
MESSAGES_PER_MINUTE_MAX, MESSAGE_CHARS_MAX = 60, 1_000  # from a browser; it sends keep-alives

open_sockets: Counter[Any] = Counter()
"""Sockets of each person in this process."""


class Watcher(AsyncWebsocketConsumer):
    """Accepts signed-in people of this site; a refusal is a close code.

    A browser sees the code only of a socket that was accepted, so a refused one is accepted and closed.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Runs without a channel layer, unlike the base class, so that sockets open without Redis, too."""
        self.scope, self.base_send, self.channel_layer = scope, send, None
        self.pump_task: asyncio.Task[None] | None = None
        self.hub: Hub | None = None
        self.received: Counter[int] = Counter()
        self.slot_owner: Any = None
        self.hidden: frozenset[int] = frozenset()
        with contextlib.suppress(StopConsumer):
            await await_many_dispatch([receive], self.dispatch)

    @property
    def person(self) -> Person:
        return person_of(self.scope)

    @property
    def backpressure(self) -> Backpressure:
        backpressure: Backpressure = self.scope["backpressure"]
        return backpressure

    async def connect(self) -> None:
        """Accepts once the hub sends all changes from now on."""
        try:
            code = await self.refusal() or await self.enter()
        except (DatabaseError, InterfaceError):
            code = TRY_AGAIN_LATER
        await self.accept()
        if code:
            await self.close(code)
        else:
            self.pump_task = asyncio.create_task(self._pump())

    async def refusal(self) -> int | None:
        if not _is_own_origin(self.scope):
            return FOREIGN
        hidden = await database_sync_to_async(hidden_from)(self.scope["user"])
        if hidden is None:
            return ANONYMOUS
        self.hidden = hidden
        return await self._take_slot()

    async def _take_slot(self) -> int | None:
        """Takes one of the sockets that a person may have open, and one of their calls."""
        person_id = self.scope["user"].pk
        try:
            await database_sync_to_async(consume)("calls", client_of(self.scope["user"]))
        except TooMany:
            return TRY_AGAIN_LATER
        if open_sockets[person_id] >= settings.SOCKETS_PER_PERSON:
            return TRY_AGAIN_LATER
        open_sockets[person_id] += 1
        self.slot_owner = person_id
        return None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Ignores messages from the browser; too many or too long ones close the socket."""
        minute = int(asyncio.get_running_loop().time() // 60)
        self.received = Counter({minute: self.received[minute] + 1})
        if len(text_data or bytes_data or "") > MESSAGE_CHARS_MAX:
            await self.close(TOO_LARGE)
        elif self.received[minute] > MESSAGES_PER_MINUTE_MAX:
            await self.close(CHATTER)

    async def enter(self) -> int | None:
        """Joins the hub. Returns the close code of a refusal."""
        self.hub = current_hub()
        await self.hub.join(self)
        return None

    async def disconnect(self, code: int) -> None:
        await self._stop()
        self._free_slot()
        if self.hub is not None:
            hub, self.hub = self.hub, None
            await self.exit(hub)
            await hub.leave(self)

    def _free_slot(self) -> None:
        person_id, self.slot_owner = self.slot_owner, None
        if person_id is not None:
            open_sockets[person_id] -= 1
            if not open_sockets[person_id]:
                del open_sockets[person_id]

    async def exit(self, hub: Hub) -> None:
        """Gives back what `enter` took."""

    async def expel(self, code: int = ANONYMOUS) -> None:
        await self._stop()
        await self.close(code)

    async def restrict(self, hidden: frozenset[int]) -> None:
        """Takes the folders that are hidden from the person from now on."""
        self.hidden = hidden

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
            await self.close(TRY_AGAIN_LATER)

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
        if await self._is_hidden():
            return NO_SUCH_RUN
        self.feed = await self.hub.watch(self.run_id)
        return None if self.feed else NO_SUCH_RUN

    async def _is_hidden(self) -> bool:
        if not self.hidden or self.hub is None:
            return False
        folders = await self.hub.read_for_one(folders_of, [self.run_id])
        return folders.get(self.run_id) in self.hidden

    async def restrict(self, hidden: frozenset[int]) -> None:
        """Ends where the run is among what the person may not see any more."""
        await super().restrict(hidden)
        if self.feed is not None and await self._is_hidden():
            await self.expel(NO_SUCH_RUN)

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
    """Frames of a list. Of a key, only the newest unsent frame is kept; too many keys close the socket."""

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
        await self.close(TRY_AGAIN_LATER)


class RunsConsumer(ListWatcher):
    """One frame for each run whose state or progress changed."""

    async def enter(self) -> int | None:
        await super().enter()
        assert self.hub is not None
        await self.hub.subscribe_to_list(self)
        return None

    async def exit(self, hub: Hub) -> None:
        hub.list.listeners.discard(self)


class InterventionsConsumer(ListWatcher):
    """One frame per intervention that was opened, claimed or answered; `open` says how many are open.

    With `?inbox` also one of how much waits for the person, at the beginning and whenever that changes.
    """

    async def enter(self) -> int | None:
        await super().enter()
        assert self.hub is not None
        await self.hub.subscribe_to_interventions(self)
        if parse_qs(self.scope["query_string"].decode("latin1"), keep_blank_values=True).get("inbox"):
            await self.hub.subscribe_to_inbox(self, self.person)
        return None

    async def exit(self, hub: Hub) -> None:
        hub.interventions.listeners.discard(self)
        hub.inbox.listeners.pop(self, None)


def _is_own_origin(scope: dict[str, Any]) -> bool:
    """A browser's origin must be this very site, with scheme and port, or a trusted one; others send none."""
    headers = {name: value.decode("latin1").lower() for name, value in scope.get("headers", [])}
    if b"origin" not in headers:
        return True
    is_secure = settings.HTTPS or scope.get("scheme") == "wss"
    host = headers.get(b"host", "")
    own = [f"{'https' if is_secure else 'http'}://{host}"] if _is_allowed(host) else []
    validator = OriginValidator(None, [*own, *settings.CSRF_TRUSTED_ORIGINS])
    return bool(validator.valid_origin(urlparse(headers[b"origin"])))


def _is_allowed(host: str) -> bool:
    """Whether the site is served under a host, given with its port or without."""
    hosts = settings.ALLOWED_HOSTS or [".localhost", "127.0.0.1", "[::1]"]
    return validate_host(split_domain_port(host)[0], hosts)
