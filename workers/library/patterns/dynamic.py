"""Dynamic workflow: a router that chooses the following steps at run time, and the workers of those steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from typing import Any

from pydantic import BaseModel, Field

from workers import worker
from workers.library import measures
from workers.library.clock import now_text
from workers.library.faults import simulated
from workers.library.inputs import required

CATEGORY = "Examples/Dynamic workflow"
COMPLEX = 0.8
LARGE_CHARS = 1_000_000
GOOD_QUALITY = 0.8
TREND_SHARE = 0.05
FORECAST_POINTS = 3
CHUNK_ITEMS = 1_000
CHUNKS_MAX = 1_000
THREADS = 4
TOP_VALUES = 5

ROUTES = {
    "complex": ["complex_analysis", "detailed_validation", "expert_review"],
    "time_series": ["time_series_analysis", "trend_detection", "forecasting"],
    "large": ["chunk_data", "parallel_processing", "merge_results"],
    "standard": ["standard_processing", "basic_validation"],
}
SECONDS = {"expert_review": 2.0, "parallel_processing": 1.0, "complex_analysis": 0.5}
SECONDS_USUAL = 0.1


class RouterParams(BaseModel):
    """Where the routes part."""

    complex_above: float = Field(COMPLEX, ge=0, le=1, title="Complex above", description="Complexity, 0 to 1")
    large_above: int = Field(
        LARGE_CHARS, ge=0, title="Large above", description="Characters of the data as text"
    )


@worker("dynamic_router", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def dynamic_router(context: dict[str, Any], params: RouterParams) -> dict[str, Any]:
    """Chooses the steps that suit the data: complex, time series, large, or standard.

    Reads `data` and `data_type`. Gives `dynamic_steps`, `analysis_results`, `routing_decision`,
    `route` and `estimated_duration` (seconds).
    """
    data = required(context, "data")
    analysis = {
        "size": measures.size_of(data),
        "complexity": measures.complexity_of(data),
        "data_type": context.get("data_type") or measures.type_of(data),
        "quality": measures.quality_of(data),
    }
    route = route_of(analysis, params)
    return {
        "dynamic_steps": ROUTES[route],
        "analysis_results": analysis,
        "routing_decision": "adaptive_processing",
        "route": route,
        "estimated_duration": round(sum(SECONDS.get(step, SECONDS_USUAL) for step in ROUTES[route]), 3),
    }


@worker("complex_analysis", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def complex_analysis(context: dict[str, Any]) -> dict[str, Any]:
    """Counts the values of the data by kind and depth.

    Reads `data`. Gives `complex_analysis_result`.
    """
    values = list(measures.sampled(required(context, "data")))
    depths = Counter(depth for _, depth in values)
    return {
        "complex_analysis_result": {
            "values_by_kind": dict(Counter(measures.kind_of(value) for value, _ in values)),
            "values_by_depth": {str(depth): depths[depth] for depth in sorted(depths)},
            "numbers": measures.statistics_of([value for value, _ in values if measures.is_number(value)]),
        }
    }


@worker("detailed_validation", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def detailed_validation(context: dict[str, Any]) -> dict[str, Any]:
    """Counts what is empty, and whether records are alike.

    Reads `data`. Gives `validation_result`.
    """
    data = required(context, "data")
    empty = sum(not measures.is_filled(value) for value, _ in measures.sampled(data))
    return {
        "validation_result": {
            "empty_values": empty,
            "quality": measures.quality_of(data),
            "irregularity": round(measures.irregularity_of(data), 3),
        }
    }


@worker("expert_review", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def expert_review(context: dict[str, Any]) -> dict[str, Any]:
    """Says by rules whether a person should look at the data.

    Reads `validation_result`. Gives `review_result`.
    """
    result = context.get("validation_result") or {}
    remarks = [
        *(["many values are empty"] if result.get("quality", 1) < GOOD_QUALITY else []),
        *(["records differ in their fields"] if result.get("irregularity", 0) > 0 else []),
    ]
    return {"review_result": {"approved": not remarks, "remarks": remarks, "reviewed_at": now_text()}}


@worker("time_series_analysis", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def time_series_analysis(context: dict[str, Any]) -> dict[str, Any]:
    """Puts the points in order of time and describes their values.

    Reads `data`: records with a time and a number, or pairs. Gives `series` and `series_statistics`.
    """
    data = required(context, "data")
    candidates = [measures.point_of(item) for item in (data if isinstance(data, list) else [data])]
    points = sorted(point for point in candidates if point)
    return {
        "series": [[moment, value] for moment, value in points],
        "series_statistics": measures.statistics_of([value for _, value in points]),
        "points_left_out": len(candidates) - len(points),
    }


@worker("trend_detection", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def trend_detection(context: dict[str, Any]) -> dict[str, Any]:
    """Fits a straight line through the series.

    Reads `series`. Gives `trend`: direction, slope a point, and the line's start.
    """
    slope, start = fitted_line(values_of(context))
    level = abs(fmean(values_of(context))) if values_of(context) else 0.0
    is_flat = abs(slope) <= TREND_SHARE * level or slope == 0
    direction = "flat" if is_flat else "rising" if slope > 0 else "falling"
    return {"trend": {"direction": direction, "slope": round(slope, 6), "start": round(start, 6)}}


@worker("forecasting", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def forecasting(context: dict[str, Any]) -> dict[str, Any]:
    """Goes on with the line for three more points.

    Reads `series` and `trend`. Gives `forecast`.
    """
    count = len(values_of(context))
    trend = required(context, "trend")
    return {
        "forecast": [
            round(trend["start"] + trend["slope"] * (count + ahead), 6) for ahead in range(FORECAST_POINTS)
        ]
    }


@worker("chunk_data", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def chunk_data(context: dict[str, Any]) -> dict[str, Any]:
    """Marks off chunks of large data; the data itself is not copied.

    Reads `data`. Gives `chunks` (first and last place of each) and `chunk_count`.
    """
    count = len(items_of(context))
    size = max(CHUNK_ITEMS, -(-count // CHUNKS_MAX))
    chunks = [[start, min(start + size, count)] for start in range(0, count, size)]
    return {"chunks": chunks, "chunk_count": len(chunks)}


@worker("parallel_processing", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def parallel_processing(context: dict[str, Any]) -> dict[str, Any]:
    """Fingerprints and measures all chunks, four at a time.

    Reads `data` and `chunks`. Gives `chunk_results`, in order.
    """
    items = items_of(context)
    chunks = [items[first:last] for first, last in required(context, "chunks")]
    with ThreadPoolExecutor(THREADS) as pool:
        return {"chunk_results": list(pool.map(chunk_result, chunks))}


@worker("merge_results", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def merge_results(context: dict[str, Any]) -> dict[str, Any]:
    """Adds the chunks up.

    Reads `chunk_results`. Gives `merged_result`.
    """
    results = required(context, "chunk_results")
    return {
        "merged_result": {
            "items": sum(result["items"] for result in results),
            "characters": sum(result["characters"] for result in results),
            "fingerprint": measures.fingerprint_of([result["fingerprint"] for result in results]),
        }
    }


@worker("standard_processing", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def standard_processing(context: dict[str, Any]) -> dict[str, Any]:
    """Describes plain data: type, size, most frequent values.

    Reads `data`. Gives `standard_result`.
    """
    data = required(context, "data")
    texts = Counter(measures.texts_in(data))
    return {
        "standard_result": {
            "type": measures.type_of(data),
            "size": measures.size_of(data),
            "numbers": measures.statistics_of(measures.numbers_in(data)),
            "frequent_texts": texts.most_common(TOP_VALUES),
        }
    }


@worker("basic_validation", category=CATEGORY, compensation="none", rehearsal="real")
@simulated
def basic_validation(context: dict[str, Any]) -> dict[str, Any]:
    """Says whether the data is there and filled in well enough.

    Reads `data`. Gives `basic_validation_result`.
    """
    quality = measures.quality_of(required(context, "data"))
    return {"basic_validation_result": {"quality": quality, "passed": quality >= GOOD_QUALITY}}


def route_of(analysis: dict[str, Any], params: RouterParams) -> str:
    if analysis["complexity"] > params.complex_above:
        return "complex"
    if analysis["data_type"] == "time_series":
        return "time_series"
    return "large" if analysis["size"] > params.large_above else "standard"


def items_of(context: dict[str, Any]) -> Sequence[Any]:
    data = required(context, "data")
    return data if isinstance(data, list | str) else [data]


def chunk_result(chunk: Sequence[Any]) -> dict[str, Any]:
    return {
        "items": len(chunk),
        "characters": measures.size_of(chunk),
        "fingerprint": measures.fingerprint_of(chunk),
    }


def values_of(context: dict[str, Any]) -> list[float]:
    return [value for _, value in required(context, "series")]


def fitted_line(values: Sequence[float]) -> tuple[float, float]:
    """Slope and intercept of the least-squares line over x = 0, 1, 2, …; flat for fewer than two values."""
    if len(values) < 2:
        return 0.0, values[0] if values else 0.0
    middle, mean = (len(values) - 1) / 2, fmean(values)
    spread = sum((x - middle) ** 2 for x in range(len(values)))
    slope = sum((x - middle) * (value - mean) for x, value in enumerate(values)) / spread
    return slope, mean - slope * middle
