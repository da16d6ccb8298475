"""`python -m tests.bench.peers`: what a step costs other engines, in empty RQ jobs of the same round.

Needs the dependency group `bench`. Prints a line an engine, with what it keeps of each step.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import median
from tests.bench.peers import celery_chain, dbos_workflow, huey_pipeline, rq_chain
from tests.bench.peers.stage import STEPS, Peer, Place, redis_server, seconds
from tests.bench.references import rq_job_s
from tests.bench.report import machine
from tests.postgres import postgres

ROUNDS = 5
RUNS = 20
WARM_UP = 10
PEERS = (rq_chain.PEER, celery_chain.PEER, huey_pipeline.PEER, dbos_workflow.SQLITE, dbos_workflow.POSTGRESQL)


def main() -> int:
    print(machine(), "\n", "per step, of an empty RQ job: median of runs of ten steps", sep="")
    with postgres(fsync="on") as server:
        for peer in PEERS:
            with tempfile.TemporaryDirectory(prefix="sagaboard-peers-") as name:
                print(measured(peer, Path(name), server.url), flush=True)
    return 0


def measured(peer: Peer, folder: Path, database_url: str) -> str:
    with redis_server(folder) as redis:
        place = Place(folder, redis, database_url)
        with peer.running(place) as run:
            for _ in range(WARM_UP):
                run()
            ratios = [_ratio(place, run) for _ in range(ROUNDS)]
    return f"{peer.name:<38}{median(ratios):>6.2f} x   keeps {peer.keeps}"


def _ratio(place: Place, run: Callable[[], object]) -> float:
    job = rq_job_s(place.redis)
    return median([seconds(run) for _ in range(RUNS)]) / STEPS / job


if __name__ == "__main__":
    sys.exit(main())
