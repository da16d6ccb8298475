"""The workers that read rows from files and write them."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, model_validator

from workers import CriticalFailure, StepHandle, worker
from workers.connections.fields import HttpConnection
from workers.library import records
from workers.library.data_folder import digest_of, existing, path_of
from workers.library.faults import simulated, simulated_undo
from workers.library.files import safe_name
from workers.library.forms import TextList
from workers.library.http.fetching import fetch
from workers.library.rows import writing
from workers.library.rows.layout import COLUMNS_MAX, Layout, Row
from workers.library.rows.reading import rows_of

CATEGORY = "Data"
TIMEOUT_S = 900
CHUNKS_MAX = 5_000
FETCHED = "fetched"  # the folder of what was read from URLs
CHUNK_ROWS_MAX = 1_000_000
PROGRESS_ROWS = 50_000

WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
WORDS = {"true": True, "false": False, "": None}


class ReadLayout(Layout):
    """How a file holds its rows, and what is made of the texts in it."""

    convert: bool = Field(
        False,
        title="Convert texts",
        description="Of CSV: 12, 1.5 and true become numbers and truths, empty cells null; else texts",
    )


class Chunk(BaseModel):
    """A part of a file, as a step with a number of rows a chunk gives it."""

    model_config = ConfigDict(extra="forbid")
    file: str
    start: int = Field(ge=0)
    row_count: int = Field(ge=0)
    position: int = Field(ge=0)
    version: str
    layout: ReadLayout


class ReadTarget(BaseModel):
    """Which file is read, or which part of one."""

    file: str = Field(
        "", title="File", description="Its name in the folder files/ of the data folder, as orders/today.csv"
    )
    url: str = Field(
        "", title="URL", description="Instead of a file: below the address of the connection, or a whole one"
    )
    connection: HttpConnection | None = Field(
        None, title="Connection", description="The API that has it, as it is named on the page Connections"
    )
    chunk: int | Chunk | None = Field(
        None,
        title="Chunk",
        description="Rows a chunk, to get a list of chunks of a large file; in a map =item, to read one",
    )


class ReadParams(ReadLayout, ReadTarget):
    """Which file is read, and how."""

    @model_validator(mode="after")
    def _names_what_is_read(self) -> ReadParams:
        if isinstance(self.chunk, int) and not 1 <= self.chunk <= CHUNK_ROWS_MAX:
            raise ValueError(f"a chunk has 1 to {CHUNK_ROWS_MAX:,} rows")
        is_chunk = isinstance(self.chunk, Chunk)
        if bool(self.file) + bool(self.url) != 1 and not is_chunk:
            raise ValueError("state the file, or the URL")
        if self.connection and not self.url:
            raise ValueError("a connection is for a URL")
        return self


class WriteTarget(BaseModel):
    """What is written, and where."""

    file: str = Field(
        title="File", description="Its name in the folder files/ of the data folder, as reports/today.xlsx"
    )
    rows: list[Row] = Field(
        title="Rows", description="A list of objects, mostly an expression such as =context.rows"
    )
    columns: TextList = Field(
        [], title="Columns", description="Which columns, in which order; left empty, all, as they come"
    )
    replace: bool = Field(
        False,
        title="Replace",
        description="Replace a file of this name; else the step fails with file_exists",
    )


class WriteParams(Layout, WriteTarget):
    """What is written, where, and how."""


@worker(
    "read_rows",
    title="Read rows",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="none",
    rehearsal="real",
)
@simulated
def read_rows(params: ReadParams, step: StepHandle) -> dict[str, Any]:
    """Reads the rows of a file: CSV, JSON, JSON Lines or Excel.

    Gives `rows`, `row_count` and `columns`; with a number of rows a chunk, `chunks` in place of `rows`.
    """
    if isinstance(params.chunk, Chunk):
        return rows_of_chunk(params.chunk)
    size = params.chunk
    if params.url:
        params = params.model_copy(update={"file": fetched(params, step)})
    path = existing(params.file)
    return all_rows(path, params) if size is None else chunks_of(path, params, size, step)


def fetched(params: ReadParams, step: StepHandle) -> str:
    """Fetches what is at the URL, and returns the name of its file, the same for all attempts of a step."""
    suffix = PurePosixPath(urlsplit(params.url).path).suffix.lower()
    name = f"{FETCHED}/{safe_name(step.run_id, step.name)}{suffix}"
    params.format_of(name)  # before anything is fetched
    fetch(params.url, params.connection, path_of(name), step)
    return name


def all_rows(path: Path, params: ReadParams) -> dict[str, Any]:
    rows = rows_of(path, params, params.format_of(params.file))
    return fitting(
        (row for row, _ in rows), params, "state a number of rows in `chunk`, and read chunk by chunk"
    )


def rows_of_chunk(chunk: Chunk) -> dict[str, Any]:
    path = existing(chunk.file)
    if version_of(path) != chunk.version:
        raise CriticalFailure(
            f"{chunk.file!r:.120} has changed since it was cut into chunks; read it anew", code="changed"
        )
    format_ = chunk.layout.format_of(chunk.file)
    rows = rows_of(path, chunk.layout, format_, chunk.position, chunk.start)
    part = (row for row, _ in islice(rows, chunk.row_count))
    return fitting(part, chunk.layout, "state fewer rows a chunk")


def fitting(rows: Any, layout: ReadLayout, advice: str) -> dict[str, Any]:
    """Returns rows, their number and columns. Raises CriticalFailure if an output has no room for them."""
    kept: list[Row] = []
    columns: dict[str, None] = {}
    room = settings.OUTPUT_BYTES_MAX - 2_000
    for row in rows:
        kept.append(converted(row) if layout.convert else row)
        columns |= dict.fromkeys(row)
        room -= len(orjson.dumps(row, default=str)) + 1
        if room < 0:
            limit = f"an output may take {settings.OUTPUT_BYTES_MAX:,} bytes"
            raise CriticalFailure(f"the rows are too large: {limit}; {advice}", code="too_large")
    return {"rows": kept, "row_count": len(kept), "columns": list(columns)[:COLUMNS_MAX]}


def converted(row: Row) -> Row:
    return {name: value_of(cell) if isinstance(cell, str) else cell for name, cell in row.items()}


def value_of(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if DECIMAL.fullmatch(text) else text


def chunks_of(path: Path, params: ReadParams, size: int, step: StepHandle) -> dict[str, Any]:
    """Cuts a file into chunks; every row is read once, and none is kept."""
    layout = ReadLayout(**params.model_dump(include=set(ReadLayout.model_fields)))
    version, bytes_total = version_of(path), max(1, path.stat().st_size)
    chunks: list[dict[str, Any]] = []
    columns: dict[str, None] = {}
    position = count = 0
    for row, behind in rows_of(path, layout, layout.format_of(params.file)):
        if count % size == 0:
            chunks.append({"start": count, "position": position})
            if len(chunks) > CHUNKS_MAX:
                message = f"there are more than {CHUNKS_MAX:,} chunks; state more rows a chunk"
                raise CriticalFailure(message, code="too_large")
        count, position = count + 1, behind
        if len(columns) < COLUMNS_MAX:
            columns |= dict.fromkeys(row)
        if count % PROGRESS_ROWS == 0:
            step.progress(min(1.0, position / bytes_total), f"{count:,} rows")
    common = {"file": params.file, "version": version, "layout": layout.model_dump(exclude_defaults=True)}
    full = [{**common, **chunk, "row_count": min(size, count - chunk["start"])} for chunk in chunks]
    return {"chunks": full, "row_count": count, "columns": list(columns)[:COLUMNS_MAX]}


def version_of(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"


@worker(
    "write_rows",
    title="Write rows",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="remove_rows_file",
    rehearsal="real",
)
@simulated
def write_rows(params: WriteParams, step: StepHandle) -> dict[str, Any]:
    """Writes rows as a file: CSV, JSON, JSON Lines or Excel, as a whole or not at all.

    Gives `file`, `row_count`, `bytes`, `sha256`, `columns` and `replaced`.
    """
    path, format_ = path_of(params.file), params.format_of(params.file)
    columns = params.columns or writing.columns_of(params.rows)
    record = records.begin(step, file=params.file)
    is_own = bool(record.details.get(f"sha256:{digest_of(path)}"))  # of an attempt whose outcome was lost
    part = writing.write_file(path, params.rows, columns, params, format_)
    digest, size = digest_of(part), part.stat().st_size
    replaced = writing.keep_replaced(path) if params.replace and not is_own else ""
    records.note(record, **{f"sha256:{digest}": True}, **({"replaced": replaced} if replaced else {}))
    if not writing.put_in_place(part, path, replace=params.replace or is_own):
        records.note(record, **{f"sha256:{digest}": False})
        raise CriticalFailure(
            f"there is a file {params.file!r:.120} already; choose another name, or state `replace`",
            code="file_exists",
        )
    if records.is_withdrawn(step):
        writing.take_back(path, record.details)
        raise CriticalFailure(records.UNDONE, code="undone")
    return {
        "file": params.file,
        "row_count": len(params.rows),
        "bytes": size,
        "sha256": digest,
        "columns": columns,
        "replaced": bool(record.details.get("replaced")),
    }


@worker(
    "remove_rows_file",
    title="Remove rows file",
    category=CATEGORY,
    timeout=TIMEOUT_S,
    compensation="irreversible",
    rehearsal="real",
)
@simulated_undo
def remove_rows_file(step: StepHandle) -> dict[str, Any]:
    """Removes the file that "Write rows" wrote, and puts back what it replaced.

    A file that somebody else has written there since stays. Gives `file` and `became`.
    """
    record = records.withdraw(step)
    name = record.details.get("file")
    if name is None:
        return {"file": None, "became": "absent"}
    return {"file": name, "became": writing.take_back(path_of(name), record.details)}
