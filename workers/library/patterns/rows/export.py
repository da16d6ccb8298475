"""Writes rows as the text of a file: JSON, JSON Lines or CSV. PURE."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Literal

Format = Literal["json", "jsonl", "csv"]
FORMATS: tuple[Format, ...] = ("json", "jsonl", "csv")


def text_of(data: Any, format_: Format) -> str:
    """Returns the text of a file. A single object is one row; JSON keeps it as it is."""
    if format_ == "json":
        return json.dumps(data, ensure_ascii=False, indent=1)
    rows = data if isinstance(data, list) else [data]
    if format_ == "jsonl":
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    return as_csv(rows)


def as_csv(rows: list[Any]) -> str:
    """Columns are in the order of their first appearance; lists and objects are JSON in their cell."""
    columns = dict.fromkeys(key for row in rows for key in row)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: cell(value) for key, value in row.items()})
    return out.getvalue()


def cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value
