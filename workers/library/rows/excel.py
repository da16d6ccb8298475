"""Excel's files, read and written row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import InvalidFileException

from workers import CriticalFailure
from workers.library.rows.layout import bad_file, bad_row

SHEETS_BYTES_MAX = 4_000_000_000  # unpacked; they are read piece by piece
OTHERS_BYTES_MAX = 200_000_000  # texts and styles, which are held
ROWS_MAX = 1_048_576
CELL_CHARS_MAX = 32_767


@contextmanager
def opened(path: Path, name: str) -> Iterator[Any]:
    """A sheet by its name, or the first one. Raises CriticalFailure."""
    try:
        check_size(path)
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise bad_file(f"this is no file of Excel: {error}") from None
    try:
        if name and name not in book.sheetnames:
            sheets = ", ".join(book.sheetnames)
            raise CriticalFailure(f"there is no sheet {name!r:.80}; there are {sheets:.300}", code="no_sheet")
        sheet: Any = book[name or book.sheetnames[0]]
        sheet.reset_dimensions()  # what a file says of its size is often wrong
        yield sheet
    finally:
        book.close()


def check_size(path: Path) -> None:
    """Raises CriticalFailure for a file that is small only while it is packed."""
    with ZipFile(path) as packed:
        sizes = [(part.filename.startswith("xl/worksheets/"), part.file_size) for part in packed.infolist()]
    for of_sheets, most in ((True, SHEETS_BYTES_MAX), (False, OTHERS_BYTES_MAX)):
        if sum(size for is_sheet, size in sizes if is_sheet == of_sheets) > most:
            raise bad_file(f"it unpacks to more than {most:,} bytes")


def cells_of(sheet: Any) -> Iterator[list[Any]]:
    """Yields the values of each row, without the empty cells at its end."""
    for row in sheet.iter_rows(values_only=True):
        cells = [as_json(value) for value in row]
        while cells and cells[-1] is None:
            cells.pop()
        yield cells


def as_json(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)


def write(file: BinaryIO, rows: Iterable[list[Any]], name: str) -> None:
    """Writes rows of plain values, all of which are checked before. Raises CriticalFailure."""
    table = list(rows)
    if len(table) > ROWS_MAX:
        raise CriticalFailure(f"Excel takes {ROWS_MAX:,} rows; write CSV instead", code="too_large")
    for number, row in enumerate(table, 1):
        for text in (value for value in row if isinstance(value, str)):
            if ILLEGAL_CHARACTERS_RE.search(text):
                raise bad_row(number, "Excel takes no control characters")
            if len(text) > CELL_CHARS_MAX:
                raise bad_row(number, f"a cell of Excel takes {CELL_CHARS_MAX:,} characters")
    book = Workbook(write_only=True)
    try:
        sheet = book.create_sheet(name or "Sheet1")
    except ValueError as error:
        raise CriticalFailure(f"sheet: {error}", code="no_sheet") from None
    for row in table:
        sheet.append([as_cell(sheet, value) for value in row])
    book.save(file)


def as_cell(sheet: Any, value: Any) -> Any:
    """A text is kept a text, also one that begins with `=`, which Excel would take for a formula."""
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell
