"""Log records as lines of JSON, with the run, step, attempt and span that they belong to."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Any

import orjson

from config.telemetry import attempt

RUN = re.compile(r"run ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b")  # how lines about a run begin


class JsonFormatter(logging.Formatter):
    """Each record becomes an object on one line; what is not known is left out."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            "process": record.process,
            **_place(message),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def _place(message: str) -> dict[str, Any]:
    now = attempt.current()
    if now is None:
        found = RUN.match(message)
        return {"run": found[1]} if found else {}
    place = {"run": now.run, "step": now.step, "attempt": now.number, "direction": now.direction}
    if now.context is not None:
        place |= {"trace_id": f"{now.context.trace:032x}", "span_id": f"{now.context.span:016x}"}
    return place
