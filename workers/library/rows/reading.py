"""Reads rows of a file one by one, from its beginning or from a position on.

A position is where a row begins, in the terms of the format: bytes in CSV and JSON Lines, so that a chunk is
read without what stands before it; a number of rows in JSON and Excel, which are read from their beginning.
No more than a row is held at a time, except of JSON, whose files are limited for that.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from config.lib.errors import Unreadable
from config.lib.json_reader import read_json
from workers.library.rows.layout import (
    CODECS,
    COLUMNS_MAX,
    Format,
    Layout,
    Row,
    bad_file,
    bad_row,
)

Positioned = Iterator[tuple[Row, int]]
"""Rows, each with the position behind it."""
Read = Callable[[Path, Layout, int, int], Positioned]

LINE_BYTES_MAX = 5_000_000
JSON_BYTES_MAX = 50_000_000
BOM = "\ufeff"


def rows_of(path: Path, layout: Layout, format_: Format, position: int = 0, before: int = 0) -> Positioned:
    """Yields the rows from a position on. `before`: how many rows stand before it, for messages."""
    return READERS[format_](path, layout, position, before)


class Lines:
    """The lines of a file as texts; `offset` is behind the last one that was taken."""

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self.file, self.layout = file, layout
        self.offset = file.tell()

    def __iter__(self) -> Iterator[str]:
        codec = CODECS[self.layout.encoding]
        while line := self.file.readline(LINE_BYTES_MAX + 1):
            if len(line) > LINE_BYTES_MAX:
                raise bad_file(f"a line at byte {self.offset:,} is longer than {LINE_BYTES_MAX:,} bytes")
            try:
                text = line.decode(codec)
            except UnicodeDecodeError:
                raise bad_file(
                    f"the line at byte {self.offset:,} is not {self.layout.encoding}; state another encoding"
                ) from None
            is_first, self.offset = self.offset == 0, self.offset + len(line)
            yield text.removeprefix(BOM) if is_first else text


def csv_rows(path: Path, layout: Layout, position: int, before: int) -> Positioned:
    number = before
    with path.open("rb") as file:
        lines = Lines(file, layout)
        records = csv.reader(lines, delimiter=layout.delimiter_of(path.name), strict=True)
        try:
            names = column_names(next(records, [])) if layout.header else []
            if position:
                file.seek(position)
                lines.offset = position
            for cells in records:
                if not cells:
                    continue
                number += 1
                names = names or [f"column_{place + 1}" for place in range(len(cells))]
                yield row_of(names, cells, number), lines.offset
        except csv.Error as error:
            raise bad_row(number + 1, str(error)) from None


def column_names(cells: list[Any]) -> list[str]:
    """Returns the names of columns; those without one are numbered. Raises CriticalFailure."""
    names = [
        str(cell).strip() if cell not in (None, "") else f"column_{place + 1}"
        for place, cell in enumerate(cells)
    ]
    if len(names) > COLUMNS_MAX:
        raise bad_file(f"there are {len(names):,} columns; the limit is {COLUMNS_MAX:,}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise bad_file(f"the column {twice!r:.80} stands twice in the header")
    return names


def row_of(names: list[str], cells: list[Any], number: int) -> Row:
    """Returns a row by columns; cells that are missing at its end are null. Raises CriticalFailure."""
    if len(cells) > len(names):
        raise bad_row(number, f"it has {len(cells):,} cells, and there are {len(names):,} columns")
    missing = [None] * (len(names) - len(cells))
    return dict(zip(names, [*cells, *missing], strict=True))


def json_lines_rows(path: Path, layout: Layout, position: int, before: int) -> Positioned:
    number = before
    with path.open("rb") as file:
        file.seek(position)
        lines = Lines(file, layout)
        for line in lines:
            if not line.strip():
                continue
            number += 1
            try:
                value = read_json(line)
            except Unreadable as error:
                raise bad_row(number, str(error)) from None
            yield as_row(value, number), lines.offset


def json_rows(path: Path, layout: Layout, position: int, before: int) -> Positioned:
    if path.stat().st_size > JSON_BYTES_MAX:
        limit = f"{JSON_BYTES_MAX:,} bytes, as JSON can only be read as a whole"
        raise bad_file(f"the limit is {limit}; write larger files as JSON Lines or CSV")
    try:
        value = read_json(path.read_bytes())
    except Unreadable as error:
        raise bad_file(str(error)) from None
    rows = value if isinstance(value, list) else [value]
    for number, row in enumerate(rows[position:], position + 1):
        yield as_row(row, number), number


def as_row(value: Any, number: int) -> Row:
    if not isinstance(value, dict):
        raise bad_row(number, "a row is an object, with values by the names of columns")
    return value


def excel_rows(path: Path, layout: Layout, position: int, before: int) -> Positioned:
    from workers.library.rows import excel  # few need it, and it takes some MB

    number, names = before, list[str]()
    with excel.opened(path, layout.sheet) as sheet:
        for place, cells in enumerate(excel.cells_of(sheet), 1):
            if layout.header and not names:
                names = column_names(cells)
            elif place > position and cells:
                number += 1
                names = names or [f"column_{column + 1}" for column in range(len(cells))]
                yield row_of(names, cells, number), place


READERS: dict[Format, Read] = {
    "csv": csv_rows,
    "jsonl": json_lines_rows,
    "json": json_rows,
    "excel": excel_rows,
}
