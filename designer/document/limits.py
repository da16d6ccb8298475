"""Bounds and defaults of a workflow's document, each of them once. PURE.

Those that a worker's decorator shares are in `workers.sdk.limits`.
"""

from __future__ import annotations

DOCUMENT_BYTES_MAX = 5_000_000
STEPS_MAX = 1_000
EDGES_MAX = 20_000
NAME_LENGTH_MAX = 63  # of a workflow, a step, a key of the context
SIGNAL_LENGTH_MAX = 100
TITLE_LENGTH_MAX = 200
TEST_NAME_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 10_000
WORKER_LENGTH_MAX = 200
QUEUE_LENGTH_MAX = 60
ANY_OF_MAX = 20  # things that a wait waits for the first of
EVENT_TYPE_LENGTH_MAX = 200
ASSIGNEES_MAX = 50  # of an approval
ASSIGNEE_LENGTH_MAX = 160  # a username, or `group:` and the name of a group
MAP_NUMBER_MAX = 1_000_000  # more than a map can have items, so that no list is too long for one batch
TURNS_MAX = 10_000  # of a loop
LIMIT_NUMBER_MAX = 1_000_000
VERSIONS_MAX = 1_000_000
VERSION_NOTE_LENGTH_MAX = 500
COORDINATE_MAX = 1_000_000

DEFAULT_TIMEOUT_S = 300.0
DEFAULT_QUEUE = "default"
