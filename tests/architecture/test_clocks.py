"""What decides anything about a run is the database's time: hosts may disagree by minutes."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

HOST_CLOCK = re.compile(r"\b(datetime\.now|timezone\.now|time\.time|date\.today|utcnow|host_time)\(")
ALLOWED = {
    "runs/store/database.py": 1,  # SQLite's time is its host's
    "runs/models/ids.py": 1,  # the order of ids, which decides nothing
    "workers/sdk/handle.py": 1,  # a worker's own deadline, on its own host
    "workers/execution/execute.py": 1,
    "workers/testing.py": 1,
    "workers/connections/opening.py": 1,  # when a connection was last used
    "workers/outbox/delivery.py": 4,  # of another project, on its own host
    "workers/outbox/enqueue.py": 1,
    "workers/rehearsal/sandbox/matrix.py": 2,  # how long a rehearsed run would have taken
}


def test_no_host_s_clock_decides_about_a_run() -> None:
    root = Path(settings.BASE_DIR)
    files = [
        *root.glob("runs/**/*.py"),
        *(path for path in root.glob("workers/**/*.py") if "library" not in path.parts),
    ]
    found = {str(path.relative_to(root)): len(HOST_CLOCK.findall(path.read_text())) for path in files}
    assert {name: count for name, count in found.items() if count} == ALLOWED
