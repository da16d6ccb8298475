"""What the watchers of one process share: a run's newest frames, and the frames of the lists. No I/O here."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable
from itertools import islice
from typing import Protocol
from uuid import UUID

KEPT_FRAMES_MAX = 1_000
KEPT_CHARS_MAX = 1_000_000
TOLD_MAX = 10_000

Frame = tuple[int, str]


class RunFeed:
    """The newest frames of one run, in order and without a gap, and whom to wake when there are more."""

    def __init__(self, run_id: UUID, last: int) -> None:
        self.run_id = run_id
        self.last = last
        self.watchers = 0
        self._kept: deque[Frame] = deque()
        self._chars = 0
        self._news = asyncio.Event()

    def hear(self, frames: Iterable[Frame]) -> None:
        for seq, text in frames:
            if seq == self.last + 1:
                self.last = seq
                self._kept.append((seq, text))
                self._chars += len(text)
        while len(self._kept) > KEPT_FRAMES_MAX or self._chars > KEPT_CHARS_MAX:
            self._chars -= len(self._kept.popleft()[1])
        self._news.set()
        self._news = asyncio.Event()

    def since(self, after: int) -> list[Frame] | None:
        """Frames after number `after`; None where they are not kept any more, or never were."""
        first = self.last - len(self._kept) + 1
        if after >= self.last:
            return []
        return None if after + 1 < first else list(islice(self._kept, after + 1 - first, None))

    async def more(self) -> None:
        """Returns when frames have come since the call."""
        await self._news.wait()


class Listener(Protocol):
    """A socket that takes frames of a list. It may merge those of one key."""

    def offer(self, key: object, text: str) -> None: ...


class ListFeed:
    """Frames of `/ws/runs/`: what is to be read, and how far each run was when watchers last heard of it."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.moved: set[UUID] = set()
        self._told: OrderedDict[UUID, int] = OrderedDict()
        self._live: set[UUID] = set()

    def begin(self, live: dict[UUID, int]) -> None:
        self._told = OrderedDict(live)
        self._live = set(live)

    def note(self, seqs: dict[UUID, int]) -> None:
        """Runs have so many entries now."""
        self.moved |= {run_id for run_id, seq in seqs.items() if self._told.get(run_id) != seq}

    def unheard(self, live: dict[UUID, int]) -> set[UUID]:
        """After a look at all runs under way: what has moved without a hint, the ended included."""
        self.note(live)
        ended = self._live - live.keys()
        self.moved |= ended
        return ended

    def tell(self, frames: Iterable[tuple[UUID, int, str, bool]]) -> None:
        for run_id, seq, text, is_ended in frames:
            self._told[run_id] = seq
            self._told.move_to_end(run_id)
            (self._live.discard if is_ended else self._live.add)(run_id)
            for listener in self.listeners:
                listener.offer(run_id, text)
        while len(self._told) > TOLD_MAX:
            self._live.discard(self._told.popitem(last=False)[0])


InterventionMove = tuple[str, int, str]


class InterventionFeed:
    """Frames of `/ws/interventions/`: each that was opened, claimed or answered, once."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.moved: set[InterventionMove] = set()
        self.open: dict[int, str] = {}
        """Who has claimed it, by intervention, as was last told."""

    def unheard(self, now_open: dict[int, tuple[InterventionMove, str]]) -> set[int]:
        """Notes what happened without a hint; returns ids of those that are not open any more."""
        for pk, (move, claimed_by) in now_open.items():
            if pk not in self.open:
                self.moved.add(move)
            if claimed_by and self.open.get(pk) != claimed_by:
                self.moved.add((*move[:2], "intervention.claimed"))
        return self.open.keys() - now_open.keys()

    def tell(self, frames: Iterable[tuple[int, str, str, str]]) -> None:
        for pk, event, text, claimed_by in frames:
            if not self._is_news(pk, event, claimed_by):
                continue
            for listener in self.listeners:
                listener.offer((pk, event), text)

    def _is_news(self, pk: int, event: str, claimed_by: str) -> bool:
        """A hint may come after the look that did without it."""
        known = self.open.get(pk)
        match event:
            case "intervention.opened":
                self.open.setdefault(pk, "")
                return known is None
            case "intervention.answered":
                self.open.pop(pk, None)
                return known is not None
            case "intervention.claimed":
                is_news = known is not None and known != claimed_by
            case _:
                is_news = True
        if known is not None:
            self.open[pk] = claimed_by
        return is_news
