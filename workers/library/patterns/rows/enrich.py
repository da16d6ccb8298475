"""Enriches clean data with computed fields (fingerprint, year, profit), and measures its completeness.

PURE.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from workers.library import measures
from workers.library.clock import now_text
from workers.library.patterns.rows.normalise import DATE_KEY

FINGERPRINT = "data_fingerprint"
OBJECT_FIELDS = ("user_id", "timestamp", FINGERPRINT)
INCOME_KEY, COST_KEY = "Worldwide Gross", "Production Budget"
SEGMENTS = ("standard", "premium", "enterprise")
COLUMNS_MAX = 200

Row = dict[str, Any]


def enriched_object(data: Row) -> Row:
    enriched = {**data, "enrichment_timestamp": now_text(), FINGERPRINT: measures.fingerprint_of(data)}
    if "user_id" in data:
        enriched["user_metadata"] = user_metadata(data["user_id"])
    return enriched


def user_metadata(user_id: Any) -> Row:
    """Stands for a directory of users: always returns the same for the same user."""
    number = int(measures.fingerprint_of(user_id), 16)
    return {
        "user_segment": SEGMENTS[number % len(SEGMENTS)],
        "preferences": {"notifications": number % 2 == 0},
    }


def enriched_rows(rows: Sequence[Row]) -> list[Row]:
    date_keys = [key for key in dict.fromkeys(key for row in rows for key in row) if DATE_KEY.search(key)]
    return [{**row, **computed_fields(row, date_keys)} for row in rows]


def computed_fields(row: Row, date_keys: Sequence[str]) -> Row:
    fields: Row = {}
    year = next((year_of(row[key]) for key in date_keys if row.get(key)), None)
    if year:
        fields |= {"year": year, "decade": year // 10 * 10}
    income, cost = row.get(INCOME_KEY), row.get(COST_KEY)
    if measures.is_number(income) and measures.is_number(cost):
        fields["profit"] = income - cost
    return {**fields, FINGERPRINT: measures.fingerprint_of(row)}


def year_of(value: Any) -> int | None:
    text = str(value)[:4]
    return int(text) if text.isascii() and text.isdigit() else None


def sources_of(enriched: Any) -> list[str]:
    rows = [enriched] if isinstance(enriched, dict) else enriched
    has_users = any("user_metadata" in row for row in rows)
    return ["computed_fields", *(["user_metadata"] if has_users else [])]


def completeness(enriched: Any, required: Iterable[str] | None) -> float:
    """Mean share of expected fields that are filled in: those that the schema requires, or the usual ones."""
    if isinstance(enriched, dict):
        return measures.completeness_of(enriched, OBJECT_FIELDS)
    if not enriched:
        return 0.0
    # The title and the dates, if rows have them, identify a row.
    keys = dict.fromkeys(key for row in enriched for key in row)
    usual = [key for key in keys if key.lower() == "title" or DATE_KEY.search(key)]
    expected = [*(required or usual), FINGERPRINT]
    return round(sum(measures.completeness_of(row, expected) for row in enriched) / len(enriched), 3)


def has_fingerprints(enriched: Any) -> bool:
    rows = [enriched] if isinstance(enriched, dict) else enriched
    return bool(rows) and all(FINGERPRINT in row for row in rows)


def column_fill(enriched: Any) -> dict[str, float]:
    """Share of the rows that have a column filled in, by column; `COLUMNS_MAX` columns at most."""
    rows = [enriched] if isinstance(enriched, dict) else enriched
    filled = Counter(key for row in rows for key, value in row.items() if measures.is_filled(value))
    keys = list(dict.fromkeys(key for row in rows for key in row))[:COLUMNS_MAX]
    return {key: round(filled[key] / len(rows), 3) for key in keys}
