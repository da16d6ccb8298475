"""How long workers have lately taken in this process: which of them are quick."""

from __future__ import annotations

from collections import deque
from collections.abc import Container

from config.lib.caches import register

QUICK_S = 0.003
LATELY = 16  # attempts of a worker that count
SLOW_ONE_OF = 8
KNOWN = 3  # attempts after which a worker may be called quick


class Pace(Container[str]):
    """How long workers have lately taken. Contains the names of those that are quick."""

    def __init__(self) -> None:
        self._were_slow: dict[str, deque[bool]] = {}
        self._quick: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self._quick

    def note(self, name: str, seconds: float) -> None:
        """One attempt of a worker; one of eight that is slow may have met a busy machine."""
        lately = self._were_slow.get(name)
        if lately is None:
            lately = self._were_slow[name] = deque(maxlen=LATELY)
        lately.append(seconds > QUICK_S)
        if len(lately) >= KNOWN and lately.count(True) * SLOW_ONE_OF <= len(lately):
            self._quick.add(name)
        else:
            self._quick.discard(name)

    def forget(self) -> None:
        self._were_slow.clear()
        self._quick.clear()


pace = Pace()
register(pace.forget)
