"""What everything else is a ratio to, measured on this machine in this run."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from pathlib import Path

from redis import Redis
from rq import Queue, SimpleWorker

from tests.bench.figures import Figure, median

JOBS = 200
TRANSACTIONS = 500
ROUND_TRIPS = 2_000
QUEUE = "bench-reference"


def nothing() -> None:
    """An empty job."""


def rq_job_s(client: Redis, jobs: int = JOBS) -> float:
    """Seconds that RQ's own SimpleWorker takes for an empty job, from its queue to its end."""
    queue = Queue(QUEUE, connection=client)
    for _ in range(jobs):
        queue.enqueue_call(nothing)
    worker = SimpleWorker([queue], connection=client)
    logging.getLogger("rq.worker").setLevel(logging.ERROR)
    began = time.perf_counter()
    worker.work(burst=True, logging_level="ERROR")
    took = time.perf_counter() - began
    queue.delete()
    return took / jobs


def redis_trip_s(client: Redis) -> float:
    began = time.perf_counter()
    for _ in range(ROUND_TRIPS):
        client.ping()
    return (time.perf_counter() - began) / ROUND_TRIPS


def sqlite_transaction_s(folder: Path) -> float:
    """Seconds for one row in one transaction, in WAL mode with `synchronous=FULL`."""
    path = folder / f"reference-{os.getpid()}.sqlite3"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS facts (id INTEGER PRIMARY KEY, fact TEXT)")
    began = time.perf_counter()
    for _ in range(TRANSACTIONS):
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO facts (fact) VALUES ('x')")
        database.execute("COMMIT")
    took = time.perf_counter() - began
    database.close()
    return took / TRANSACTIONS


class References:
    """Repeated measures; a ratio is taken to the median, or to one's own round."""

    def __init__(self, client: Redis, folder: Path) -> None:
        self._client = client
        self._folder = folder
        self.rq_jobs: list[float] = []

    def rq_job(self) -> float:
        """Seconds of an empty RQ job now; kept for the median."""
        self.rq_jobs.append(rq_job_s(self._client))
        return self.rq_jobs[-1]

    @property
    def rq_job_median(self) -> float:
        return median(self.rq_jobs or [self.rq_job()])

    def figures(self) -> list[Figure]:
        job = self.rq_job_median
        transactions = median([sqlite_transaction_s(self._folder) for _ in range(3)])
        trips = median([redis_trip_s(self._client) for _ in range(3)])
        return [
            Figure("references", "empty RQ job on SimpleWorker", job * 1e3, "ms"),
            Figure("references", "SQLite transaction, synchronous=FULL", transactions * 1e3, "ms"),
            Figure("references", "the same, of an RQ job", transactions / job, "x"),
            Figure("references", "Redis round trip", trips * 1e3, "ms"),
            Figure("references", "the same, of an RQ job", trips / job, "x"),
        ]
