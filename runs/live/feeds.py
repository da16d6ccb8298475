"""Feeds, which the sockets of one process share: a run's newest frames, and the frames of the lists. No I/O.

Frames reach a feed by two ways: after a hint, and by the hub's regular look at the database, which makes up
for lost hints. A feed therefore remembers what it has sent, so that each change is sent once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Protocol
from uuid import UUID

from runs.live.access import Person

KEPT_FRAMES_MAX = 1_000
KEPT_CHARS_MAX = 1_000_000
SENT_MAX = 10_000  # runs whose last sent entry is remembered

Frame = tuple[int, str]
Texts = Mapping[frozenset[int], str]
"""A frame as it reads for people from whom these folders are hidden."""


class RunFeed:
    """The newest frames of one run, in order and without a gap.

    Each socket keeps its own position and reads by `since`; `more` waits for new frames.
    """

    def __init__(self, run_id: UUID, last: int) -> None:
        self.run_id = run_id
        self.last = last
        self.watchers = 0
        self._frames: deque[Frame] = deque()
        self._chars = 0
        self._news = asyncio.Event()

    def add(self, frames: Iterable[Frame]) -> None:
        """Adds frames that follow the last one without a gap, ignores others, and drops the oldest."""
        for seq, text in frames:
            if seq == self.last + 1:
                self.last = seq
                self._frames.append((seq, text))
                self._chars += len(text)
        while len(self._frames) > KEPT_FRAMES_MAX or self._chars > KEPT_CHARS_MAX:
            self._chars -= len(self._frames.popleft()[1])
        self._news.set()  # wakes all who wait; who waits from now on waits for the next frames
        self._news = asyncio.Event()

    def since(self, after: int) -> list[Frame] | None:
        """Returns the frames after number `after`; None if the feed does not have all of them (any more)."""
        first = self.last - len(self._frames) + 1
        if after >= self.last:
            return []
        return None if after + 1 < first else list(islice(self._frames, after + 1 - first, None))

    async def more(self) -> None:
        """Returns when frames have been added since the call."""
        await self._news.wait()


class Listener(Protocol):
    """A socket that takes frames of a list. It may drop a frame for a newer one of the same key.

    `hidden`: the folders whose runs its person may not see.
    """

    @property
    def hidden(self) -> frozenset[int]: ...

    def offer(self, key: object, text: str) -> None: ...


class ListFeed:
    """Frames of `/ws/runs/`.

    `moved`: runs whose frame is to be read. `_sent`: the number of the entry up to which each run was sent.
    `_live`: runs that were under way then.
    """

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.moved: set[UUID] = set()
        self._sent: OrderedDict[UUID, int] = OrderedDict()
        self._live: set[UUID] = set()

    def begin(self, live: dict[UUID, int]) -> None:
        """Starts from the runs under way, whose state the first listener has from its page."""
        self._sent = OrderedDict(live)
        self._live = set(live)

    def note(self, seqs: dict[UUID, int]) -> None:
        """Notes numbers of entries by run; a run whose number differs from the sent one has moved."""
        self.moved |= {run_id for run_id, seq in seqs.items() if self._sent.get(run_id) != seq}

    def reconcile(self, live: dict[UUID, int]) -> None:
        """Notes what has moved without a hint, given all runs under way; a missing one has ended."""
        self.note(live)
        self.moved |= self._live - live.keys()

    def send(self, frames: Iterable[tuple[UUID, int, str, bool, int | None]]) -> None:
        """`frames`: each with the run, the number of its last entry, whether it has ended, and its folder."""
        for run_id, seq, text, is_ended, folder in frames:
            self._sent[run_id] = seq
            self._sent.move_to_end(run_id)
            (self._live.discard if is_ended else self._live.add)(run_id)
            for listener in self.listeners:
                if folder not in listener.hidden:
                    listener.offer(run_id, text)
        while len(self._sent) > SENT_MAX:
            self._live.discard(self._sent.popitem(last=False)[0])


InterventionMove = tuple[str, int, str]


class InterventionFeed:
    """Frames of `/ws/interventions/`: each opening, claim and answer once."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.moved: set[InterventionMove] = set()
        self.open: dict[int, str] = {}
        """By id of an open intervention, the person whose claim was sent last; "" for none."""

    def reconcile(self, now_open: dict[int, tuple[InterventionMove, str]]) -> set[int]:
        """Notes what has happened without a hint. Returns ids of interventions that are not open any more."""
        for pk, (move, claimed_by) in now_open.items():
            if pk not in self.open:
                self.moved.add(move)
            if claimed_by and self.open.get(pk) != claimed_by:
                self.moved.add((*move[:2], "intervention.claimed"))
        return self.open.keys() - now_open.keys()

    def send(self, frames: Iterable[tuple[int, str, Texts, str, int | None]]) -> None:
        """`frames`: each with the id, the event, its texts, who has claimed it, and its folder."""
        for pk, event, texts, claimed_by, folder in frames:
            if not self._is_news(pk, event, claimed_by):
                continue
            for listener in self.listeners:
                if folder not in listener.hidden and listener.hidden in texts:
                    listener.offer((pk, event), texts[listener.hidden])

    def _is_news(self, pk: int, event: str, claimed_by: str) -> bool:
        """Whether an event has not been sent yet: `reconcile` may have been faster than its hint."""
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


class InboxFeed:
    """How much waits for each person, of sockets that asked for it."""

    def __init__(self) -> None:
        self.listeners: dict[Listener, Person] = {}
        self.moved = asyncio.Event()
        self.seen: object = None
        """What the tables held when they were last looked at without a hint."""

    def reconcile(self, now: object) -> None:
        """Notes that something has moved without a hint."""
        if now != self.seen:
            self.seen = now
            self.moved.set()

    def send(self, frames: Mapping[Person, str]) -> None:
        for listener, person in self.listeners.items():
            if person in frames:
                listener.offer("inbox", frames[person])
