"""Ways that depend on the data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.workers.library.patterns.calls import PROSE, TANGLED, through
from workers.execution.encode import encode
from workers.library.patterns import (
    conditional,
    dynamic,
)
from workers.testing import OUTPUT_BYTES_MAX, call

pytestmark = pytest.mark.django_db


class TestConditional:
    DRAWN = {
        "llm_enhanced": conditional.process_with_llm,
        "complex_analysis": conditional.complex_processing,
        "basic_processing": conditional.simple_processing,
    }

    @pytest.mark.parametrize(
        ("data", "way"),
        [
            (PROSE, "llm_enhanced"),
            ({"text": "short", "requires_llm": True}, "llm_enhanced"),
            (TANGLED, "complex_analysis"),
            ([1, 2, 3], "basic_processing"),
            ("", "basic_processing"),
        ],
    )
    def test_data_takes_the_way_that_suits_it_in_a_worker_and_on_a_drawn_branch(self, data: Any, way: str):
        line = (conditional.analyze_input, conditional.route_processing, conditional.finalize_results)
        context = through(line, {"data": data})
        assert context["processing_type"] == context["final_results"]["processing_type"] == way
        drawn = through((conditional.analyze_input, self.DRAWN[way]), {"data": data})
        assert drawn["processed_result"] == context["processed_result"]
        assert context["processing_duration"] >= 0 and context["analysis_used"] == context["analysis"]

    def test_the_insights_come_from_the_text(self):
        result = through((conditional.analyze_input, conditional.process_with_llm), {"data": PROSE})
        assert "order" in result["processed_result"]["key_terms"]
        assert "order" in result["processed_result"]["llm_insights"]
        assert 0 < result["processed_result"]["confidence"] <= 1

    def test_the_input_may_state_its_type(self):
        assert (
            through((conditional.analyze_input,), {"data": 1, "data_type": "odd"})["analysis"]["data_type"]
            == "odd"
        )


SERIES = [{"timestamp": f"2026-01-{day:02d}", "value": day * 2} for day in range(1, 11)]


class TestDynamic:
    def routed(self, data: Any, params: dict[str, Any] | None = None) -> dict[str, Any]:
        context = {"data": data}
        context.update(call(dynamic.dynamic_router, context, params=params))
        for name in context["dynamic_steps"]:
            context.update(encode(call(getattr(dynamic, name), context), OUTPUT_BYTES_MAX))
        return context

    def test_complex_data_is_analysed_validated_and_reviewed(self):
        context = self.routed(TANGLED)
        assert context["dynamic_steps"] == ["complex_analysis", "detailed_validation", "expert_review"]
        assert context["review_result"]["remarks"] == ["records differ in their fields"]
        assert context["complex_analysis_result"]["values_by_depth"]["0"] == 1

    def test_a_time_series_is_put_in_order_and_carried_on(self):
        context = self.routed(list(reversed(SERIES)))
        assert context["dynamic_steps"] == ["time_series_analysis", "trend_detection", "forecasting"]
        assert context["series"][0] == ["2026-01-01", 2.0]
        assert context["trend"]["direction"] == "rising"
        assert context["forecast"] == [22.0, 24.0, 26.0]

    @pytest.mark.parametrize(
        ("values", "direction"), [([5, 5, 5], "flat"), ([9, 5, 1], "falling"), ([], "flat")]
    )
    def test_trends(self, values: list[int], direction: str):
        series = [["2026", value] for value in values]
        assert call(dynamic.trend_detection, {"series": series})["trend"]["direction"] == direction

    def test_large_data_is_chunked_processed_and_merged(self):
        data = [f"item {number}" for number in range(2_500)]
        context = self.routed(data, {"large_above": 1_000})
        assert context["dynamic_steps"] == ["chunk_data", "parallel_processing", "merge_results"]
        assert context["chunks"] == [[0, 1000], [1000, 2000], [2000, 2500]]
        assert context["merged_result"]["items"] == 2_500

    def test_plain_data_takes_the_standard_way(self):
        context = self.routed({"name": "Ada", "n": 1})
        assert context["dynamic_steps"] == ["standard_processing", "basic_validation"]
        assert context["standard_result"]["type"] == "record"
        assert context["basic_validation_result"] == {"quality": 1.0, "passed": True}

    def test_the_input_may_state_its_type(self):
        answer = call(dynamic.dynamic_router, {"data": [1, 2], "data_type": "time_series"})
        assert answer["route"] == "time_series" and answer["estimated_duration"] > 0

    def test_points_that_are_none_are_counted(self):
        answer = call(dynamic.time_series_analysis, {"data": [*SERIES, "x"]})
        assert answer["points_left_out"] == 1
