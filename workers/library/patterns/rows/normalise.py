"""Cleans a row: its title, dates, numbers and texts. PURE."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.library.patterns.rows.dates import is_ahead, iso_date

UNTITLED = "Untitled"
UNKNOWN = frozenset({"-", "?", "n/a", "na", "nan", "none", "null", "unknown", "tba", "tbd"})
DATE_KEY = re.compile(r"(^|[^a-z])(date|timestamp|datetime)([^a-z]|$)", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
RULES = (
    "trim_whitespace", "titles_as_text", "dates_to_iso", "numbers_from_text", "unknown_to_null",
)  # fmt: skip
VALUE_CHARS_SHOWN = 80


class BadRow(Exception):
    """The row cannot be cleaned."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which keys hold the title, dates and numbers in a set of rows."""

    title: str | None = None
    dates: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()


@dataclass
class CleanRow:
    """The clean values, and by key a remark on a value that was guessed or looks wrong."""

    values: dict[str, Any]
    remarks: dict[str, str] = field(default_factory=dict)


def columns_of(rows: Sequence[Mapping[str, Any]], numbers: Collection[str]) -> Columns:
    keys = dict.fromkeys(key for row in rows for key in row)
    title = next((key for key in keys if key.strip().lower() == "title"), None)
    return Columns(title, frozenset(filter(DATE_KEY.search, keys)), frozenset(numbers))


def clean_row(row: Mapping[str, Any], columns: Columns) -> CleanRow:
    """Cleans a row. Raises BadRow, which names the key whose value cannot be read."""
    clean = CleanRow({})
    for key, value in row.items():
        clean.values[key] = clean_value(key, value, columns)
    for key in columns.dates & row.keys():
        if is_ahead(clean.values[key]):
            clean.remarks[key] = f"{clean.values[key]} lies in the future"
    if columns.title is not None:
        give_title(clean, columns.title)
    return clean


def clean_value(key: str, value: Any, columns: Columns) -> Any:
    if isinstance(value, str):
        value = plain_text(value)
    if key == columns.title:
        return value
    if value == "":
        return None
    if key in columns.dates:
        return clean_date(key, value)
    if key in columns.numbers and isinstance(value, str):
        return clean_number(key, value)
    return value


def plain_text(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def clean_date(key: str, value: Any) -> str | None:
    if is_unknown(value):
        return None
    text = iso_date(value)
    if text is None:
        raise BadRow(f"{key}: can't read {truncated(value)} as a date")
    return text


def clean_number(key: str, text: str) -> int | float | None:
    if is_unknown(text):
        return None
    digits = text.lstrip("$€£ ").replace(",", "").replace(" ", "")
    if not NUMBER.fullmatch(digits) or len(digits) > VALUE_CHARS_SHOWN:
        raise BadRow(f"{key}: can't read {truncated(text)} as a number")
    number = float(digits)
    # Above 2**53 a float no longer holds every integer, and the digits of an int would claim a precision.
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def is_unknown(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.lower() in UNKNOWN)


def give_title(clean: CleanRow, key: str) -> None:
    title = clean.values.get(key)
    if title is None or title == "":
        clean.values[key] = UNTITLED
        clean.remarks[key] = f"the title is missing; {UNTITLED!r} stands for it"
    elif isinstance(title, dict | list):
        raise BadRow(f"{key}: can't read {truncated(title)} as a title")
    elif not isinstance(title, str):
        clean.values[key] = str(title)
        clean.remarks[key] = f"the title was {title}, not text"


def truncated(value: Any) -> str:
    return f"{value!r:.{VALUE_CHARS_SHOWN}}"
