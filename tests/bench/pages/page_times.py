"""How long one page takes, as its reader sees it: asked for over HTTP of a daphne, again and again.

The processor's time is told beside: it is the same on a machine that others use too.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import Any

from tests.bench.figures import Bar, median, quantile
from tests.bench.parts import cpu_s
from tests.bench.report import WORDS, machine

FIRST_PAGE_MS = Bar(100)
WARM_UP, ROUNDS = 3, 20
HEADERS = ("first", "least", "median", "p95", "CPU web", "CPU db", "kB")
COLUMNS = ["ms", *HEADERS, f"{FIRST_PAGE_MS}"]
OK = 200


@dataclass(frozen=True)
class PageTime:
    """Times in ms, of the whole answer; CPU as a mean. `database_ms` is None where it has no process.

    `first_ms`: the first time that it is asked for, when the database may not have read it yet.
    """

    name: str
    path: str
    first_ms: float
    least_ms: float
    median_ms: float
    p95_ms: float
    web_ms: float
    database_ms: float | None
    kilobytes: float

    @property
    def holds(self) -> bool:
        return FIRST_PAGE_MS.holds(self.median_ms)

    @property
    def cells(self) -> list[str]:
        times = (self.first_ms, self.least_ms, self.median_ms, self.p95_ms, self.web_ms, self.database_ms)
        shown = ["" if value is None else f"{value:,.0f}" for value in (*times, self.kilobytes)]
        return [self.name, *shown, WORDS[self.holds]]


@dataclass(frozen=True)
class Reader:
    """Somebody signed in, at a web process; `database`: the process whose children serve it, if any."""

    port: int
    web: int
    database: int | None
    cookie: str

    def timed(self, name: str, path: str) -> PageTime:
        connection = HTTPConnection("localhost", self.port, timeout=20)
        first, _ = self._asked(connection, path)
        for _ in range(WARM_UP):
            self._asked(connection, path)
        before = self._cpu_ms()
        took = [self._asked(connection, path) for _ in range(ROUNDS)]
        web_ms, database_ms = (
            None if used is None or spent is None else (used - spent) / ROUNDS
            for used, spent in zip(self._cpu_ms(), before, strict=True)
        )
        connection.close()
        times, sizes = [one for one, _ in took], [size for _, size in took]
        quantiles = median(times), quantile(times, 0.95)
        return PageTime(
            name, path, first, min(times), *quantiles, web_ms or 0.0, database_ms, max(sizes) / 1e3
        )

    def _asked(self, connection: HTTPConnection, path: str) -> tuple[float, int]:
        """Milliseconds and bytes of an answer."""
        began = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1_000
        if answer.status != OK:
            raise RuntimeError(f"{path} is answered {answer.status}: {body[:500]!r}")
        return took, len(body)

    def _cpu_ms(self) -> tuple[float | None, float | None]:
        """Of the web process; and of the database, whose process of a request ends with it."""
        database = None if self.database is None else cpu_s(self.database, with_ended=True) * 1_000
        return cpu_s(self.web) * 1_000, database


def line(cells: Sequence[str]) -> str:
    return f"{cells[0]:<42}" + "".join(f"{cell:>10}" for cell in cells[1:])


def markdown(database: str, runs: int, times: Sequence[PageTime]) -> str:
    """For the document: calls that do what a page does too stand there only where they miss the bar."""
    times = [one for one in times if not (one.name.startswith("API runs: ") and one.holds)]
    rows = [COLUMNS, ["---", *["---:"] * len(HEADERS), "---"], *(one.cells for one in times)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"{machine()}, {database}, {runs:,} runs.", "", *lines])


def as_json(database: str, runs: int, times: Sequence[PageTime]) -> Mapping[str, Any]:
    pages = [{**asdict(one), "holds": one.holds} for one in times]
    return {
        "database": database,
        "machine": machine(),
        "runs": runs,
        "bar_ms": FIRST_PAGE_MS.limit,
        "pages": pages,
    }
