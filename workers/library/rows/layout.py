"""How a file holds its rows: the fields that reading and writing share, and what both refuse."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workers import CriticalFailure

Row = dict[str, Any]
Format = Literal["csv", "json", "jsonl", "excel"]

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
CODECS = {"utf-8": "utf-8", "latin-1": "latin-1", "windows-1252": "cp1252"}
COLUMNS_MAX = 1_000


class Layout(BaseModel):
    """How a file holds its rows."""

    model_config = ConfigDict(extra="forbid")
    format: Literal["by name", "csv", "json", "jsonl", "excel"] = Field(
        "by name",
        title="Format",
        description="By name: the end of the file's name says it (.csv, .tsv, .json, .jsonl, .xlsx)",
    )
    encoding: Literal["utf-8", "latin-1", "windows-1252"] = Field(
        "utf-8",
        title="Encoding",
        description="Of CSV and JSON Lines; utf-8 with or without a byte order mark",
    )
    delimiter: Literal["by name", "comma", "semicolon", "tab", "pipe"] = Field(
        "by name",
        title="Delimiter",
        description="What stands between the cells of CSV. By name: a tab in .tsv, else a comma",
    )
    header: bool = Field(
        True, title="Header", description="Of CSV and Excel: the first row names the columns"
    )
    sheet: str = Field("", title="Sheet", description="Of Excel: the sheet's name; left empty, the first one")

    def format_of(self, name: str) -> Format:
        """Returns the format of a file. Raises CriticalFailure with the code `unknown_format`."""
        if self.format != "by name":
            return self.format
        suffix = f".{name.rpartition('.')[2].lower()}"
        if suffix not in SUFFIXES:
            known = ", ".join(SUFFIXES)
            raise CriticalFailure(
                f"{name!r:.120} ends in none of {known}; state the format", code="unknown_format"
            )
        return SUFFIXES[suffix]

    def delimiter_of(self, name: str) -> str:
        by_name = "tab" if name.lower().endswith(".tsv") else "comma"
        return DELIMITERS[by_name if self.delimiter == "by name" else self.delimiter]


def bad_row(number: int, message: str) -> CriticalFailure:
    """`number`: of the row, from 1; the header is none."""
    return CriticalFailure(f"row {number:,}: {message}", code="bad_row")


def bad_file(message: str) -> CriticalFailure:
    return CriticalFailure(message, code="bad_file")
