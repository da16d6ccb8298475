"""Writes rows as a file that is there as a whole or not at all, and takes it back.

The bytes go to a file beside the place, which is then linked or renamed there. What is replaced is kept
beside it under a name of its own until the file is replaced again, so that the undo can put it back.
"""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from workers import CriticalFailure
from workers.library.data_folder import digest_of
from workers.library.rows.layout import CODECS, COLUMNS_MAX, Format, Layout, Row, bad_row


def write_file(path: Path, rows: list[Row], columns: list[str], layout: Layout, format_: Format) -> Path:
    """Writes the rows to a new file beside `path`, and returns its path. Raises CriticalFailure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part, delimiter = part_of(path), layout.delimiter_of(path.name)
    try:
        with part.open("xb") as file:
            write_rows(file, rows, columns, layout, format_, delimiter)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def write_rows(
    file: BinaryIO, rows: list[Row], columns: list[str], layout: Layout, format_: Format, delimiter: str
) -> None:
    if format_ == "excel":
        from workers.library.rows import excel  # few need it, and it takes some MB

        excel.write(file, lists_of(rows, columns, layout), layout.sheet)
        return
    text = io.TextIOWrapper(file, CODECS[layout.encoding], newline="")
    try:
        if format_ == "csv":
            out = csv.writer(text, delimiter=delimiter, lineterminator="\n")
            out.writerows(lists_of(rows, columns, layout))
        elif format_ == "jsonl":
            text.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        else:
            text.writelines(json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(rows))
    except UnicodeEncodeError as error:
        character = error.object[error.start : error.start + 1]
        message = f"{character!r} cannot be written in {layout.encoding}; state another encoding"
        raise CriticalFailure(message, code="bad_encoding") from None
    finally:
        text.detach()


def lists_of(rows: Iterable[Row], columns: list[str], layout: Layout) -> Iterator[list[Any]]:
    if layout.header:
        yield list(columns)
    for row in rows:
        yield [plain(row.get(column)) for column in columns]


def plain(value: Any) -> Any:
    """Returns what stands in a cell: lists, objects and truths are written as JSON."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Returns the columns of rows in the order of their first appearance. Raises CriticalFailure."""
    columns: dict[str, None] = {}
    for number, row in enumerate(rows, 1):
        columns |= dict.fromkeys(row)
        if len(columns) > COLUMNS_MAX:
            raise bad_row(number, f"by now there are more than {COLUMNS_MAX:,} columns")
    return list(columns)


def part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


def backup_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.before")


def keep_replaced(path: Path) -> str:
    """Keeps the present file for the undo. Returns its digest; empty if there is none."""
    digest = digest_of(path)
    if digest:
        kept = part_of(path)
        os.link(path, kept)
        kept.replace(backup_of(path))
    return digest


def put_in_place(part: Path, path: Path, *, replace: bool) -> bool:
    """Moves a written file to its place. Returns False if another one is there that may not be replaced."""
    if replace:
        part.replace(path)
        return True
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    finally:
        part.unlink()
    return True


def take_back(path: Path, details: Mapping[str, Any]) -> str:
    """Removes a file that a step wrote, or puts back what stood there before.

    Returns what became of it: `removed`, `put_back`, `absent`, or `kept`: somebody else has written it since.
    """
    digest = digest_of(path)
    if not digest:
        return "absent"
    if not details.get(f"sha256:{digest}"):
        return "kept"
    before = details.get("replaced")
    if before and digest_of(backup_of(path)) == before:
        backup_of(path).replace(path)
        return "put_back"
    path.unlink()
    return "removed"
