"""Sockets: hints say that a run has moved, and what is sent is read from the journal.

So a lost hint costs latency and never an event, and a slow browser is caught up from the
database instead of from an endless buffer.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import parse_qs, urlparse
from uuid import UUID

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.security.websocket import OriginValidator
from django.conf import settings

from config.access import may
from runs.announce import CASES_GROUP, RUNS_GROUP, run_group
from runs.models import Intervention, Run
from runs.queries import FRAMES_MAX, case_json, frames, list_frame

ANONYMOUS, FOREIGN, NO_SUCH_RUN, BAD_REQUEST = 4401, 4403, 4404, 4400
POLL_S = 5.0  # lost hints are made up for within this time
MERGE_S = 0.1  # list frames: at most ten a second and run


class Watcher(AsyncWebsocketConsumer):
    """Lets signed-in people of this site in; everybody else is told why not by a close code."""

    group = ""

    async def connect(self) -> None:
        await self.accept()
        code = await self.refusal()
        if code:
            await self.close(code)
            return
        self.pump_task = asyncio.create_task(self.pump())
        await self.channel_layer.group_add(self.group, self.channel_name)

    async def refusal(self) -> int | None:
        if not _is_own_origin(self.scope):
            return FOREIGN
        return None if await database_sync_to_async(may)(self.scope["user"], "view") else ANONYMOUS

    async def disconnect(self, code: int) -> None:
        task = getattr(self, "pump_task", None)
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def pump(self) -> None:
        raise NotImplementedError

    async def say(self, message: dict[str, Any]) -> None:
        await self.send(text_data=orjson.dumps(message).decode())


class RunConsumer(Watcher):
    """Every journal entry after `?after=SEQ`, in order, then each new one as it is committed."""

    async def refusal(self) -> int | None:
        self.run_id: UUID = self.scope["url_route"]["kwargs"]["run_id"]
        self.group = run_group(self.run_id)
        self.moved = asyncio.Event()
        code = await super().refusal()
        if code:
            return code
        after = parse_qs(self.scope["query_string"].decode()).get("after", ["0"])[0]
        if not after.isdecimal():
            return BAD_REQUEST
        self.sent = int(after)
        return None if await database_sync_to_async(_run_exists)(self.run_id) else NO_SUCH_RUN

    async def run_moved(self, message: dict[str, Any]) -> None:
        self.moved.set()

    async def pump(self) -> None:
        while True:
            self.moved.clear()
            found = await database_sync_to_async(frames)(self.run_id, self.sent)
            for entry in found:
                await self.say(entry)
                self.sent = entry["seq"]
            if len(found) < FRAMES_MAX:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.moved.wait(), POLL_S)


class Hinted(Watcher):
    """Sends one frame a thing that moved, merged while it keeps moving."""

    async def refusal(self) -> int | None:
        self.hints: asyncio.Queue[None] = asyncio.Queue(maxsize=1)
        self.waiting: set[Any] = set()
        return await super().refusal()

    def note(self, key: Any) -> None:
        self.waiting.add(key)
        with contextlib.suppress(asyncio.QueueFull):
            self.hints.put_nowait(None)

    async def pump(self) -> None:
        while True:
            await self.hints.get()
            keys, self.waiting = self.waiting, set()
            for message in await database_sync_to_async(self.read)(keys):
                await self.say(message)
            await asyncio.sleep(MERGE_S)

    def read(self, keys: set[Any]) -> list[dict[str, Any]]:
        raise NotImplementedError


class RunsConsumer(Hinted):
    """One frame per run whose state or progress changed."""

    group = RUNS_GROUP

    async def run_moved(self, message: dict[str, Any]) -> None:
        self.note(message["run"])

    def read(self, keys: set[str]) -> list[dict[str, Any]]:
        return [list_frame(run) for run in Run.objects.filter(pk__in=keys)]


class InterventionsConsumer(Hinted):
    """One frame per intervention that was opened, claimed or answered; `open` says how many are open.

    With `?count` it begins with a frame of that number alone.
    """

    group = CASES_GROUP

    async def case_moved(self, message: dict[str, Any]) -> None:
        self.note((message["run"], message["opened"], message["event"]))

    async def pump(self) -> None:
        if parse_qs(self.scope["query_string"].decode(), keep_blank_values=True).get("count"):
            await self.say({"event": "count", "open": await database_sync_to_async(_open_cases)()})
        await super().pump()

    def read(self, keys: set[tuple[str, int, str]]) -> list[dict[str, Any]]:
        found = []
        for run_id, opened, event in sorted(keys):
            case = Intervention.objects.filter(run_id=run_id, opened_seq=opened).first()
            if case is not None:
                found.append(case_json(case) | {"event": event})
        return [frame | {"open": _open_cases()} for frame in found]


def _open_cases() -> int:
    return Intervention.objects.filter(status="open").count()


def _run_exists(run_id: UUID) -> bool:
    return Run.objects.filter(pk=run_id).exists()


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
