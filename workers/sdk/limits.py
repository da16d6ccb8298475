"""Bounds that a worker's author meets and that a workflow's document shares. No Django, no imports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

SECONDS_MAX = 366 * 24 * 3600
ATTEMPTS_MAX = 1_000

RETRY_BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "max_attempts": (1, ATTEMPTS_MAX),
        "initial": (0, SECONDS_MAX),
        "factor": (1, 1_000),
        "max": (0, SECONDS_MAX),
        "jitter": (0, 1),
    }
)
"""What a retry policy may say, in a decorator and in a document: the least and the greatest number."""

ERROR_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
"""The code of an error, as workers give it."""
ERROR_PATTERN = re.compile(r"[A-Za-z0-9_.*-]{1,100}", re.ASCII)
"""A pattern of codes, where `*` stands for any characters."""
ERROR_PATTERNS_MAX = 100  # in one list
POLICIES_MAX = 20  # of one retry
LIMIT_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,62}", re.ASCII)
"""The name of a limit that calls take slots of."""

WORKER_TIMEOUT_S_MAX = 86_400  # a step's own timeout, which wins, may be longer
DELAY_S_MAX = float(SECONDS_MAX)  # until the attempt that a worker asks for, or its policy gives
LOG_CHARS_MAX = 2_000
LOG_LINES_MAX = 1_000  # of one attempt
