"""The cause of a case: its error without what differs from case to case. PURE.

Cases with the same cause are shown, and can be answered, together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

CAUSE_LENGTH_MAX = 300
READ_MAX = 4_000
KEY_LENGTH = 16

# In order: what an earlier pattern took is not looked at by a later one.
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), mark)
    for pattern, mark in (
        (r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", "<address>"),
        (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", "<e-mail>"),
        (r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?)?", "<time>"),
        (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b", "<host>"),
        (r"\b0x[0-9a-f]+\b", "<number>"),
        (r"\b(?=[0-9a-z]*\d)(?=[0-9a-z]*[a-z])[0-9a-z]{8,}\b", "<id>"),
        (r"\b(?:[a-z]+[-_#])+\d[\w-]*", "<id>"),
        (r"(?<![\w<])[-+]?\d+(?:[.,]\d+)*", "<number>"),
    )
)
SPACE = re.compile(r"\s+")
REPEATED = re.compile(r"(<[a-z-]+>)(?:[,;/ ]+\1)+")


def cause_of(error: Mapping[str, Any]) -> str:
    """The error's code and its message with marks in place of ids, numbers, times and addresses."""
    message = str(error.get("message") or "")[:READ_MAX]
    for pattern, mark in PATTERNS:
        message = pattern.sub(mark, message)
    message = REPEATED.sub(r"\1", SPACE.sub(" ", message)).strip()
    code = str(error.get("code") or error.get("type") or "")
    return (f"{code}: {message}" if code and message else code or message)[:CAUSE_LENGTH_MAX]


def cause_key(kind: str, cause: str) -> str:
    """A short key of a cause, for addresses. A failed step and a failed undo are asked about apart."""
    return hashlib.sha256(f"{kind}\n{cause}".encode()).hexdigest()[:KEY_LENGTH]
