"""Workers of the patterns, each family from its input to its end, on good and bad data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from workers import CriticalFailure, TemporaryFailure
from workers.execution.encode import encode
from workers.library.models import EventMetric
from workers.library.patterns import (
    conditional,
    dynamic,
    events,
    fan_out,
    nested,
    recovery,
    sequential,
    transformation,
)
from workers.testing import OUTPUT_BYTES_MAX, call, fake_step

FILM = {
    "Title": "Predator 2", "US Gross": 28317513, "Worldwide Gross": 54768418, "Production Budget": 35000000,
    "Release Date": "Nov 21 1990", "Director": None, "IMDB Rating": 6,
}  # fmt: skip


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> None:
    """A data folder that no other test writes to."""
    settings.DATA_DIR = tmp_path


def step_of(worker: Any, run_id: str = "run-1", attempt: int = 1, name: str = "") -> Any:
    name = name or worker.__name__
    return fake_step(name, run_id=run_id, attempt=attempt, idempotency_key=f"{run_id}:{name}")


def through(workers: Sequence[Any], given: dict[str, Any], run_id: str = "run-1") -> dict[str, Any]:
    """The context after a line of steps, each named like its worker."""
    context = dict(given)
    for worker in workers:
        context.update(encode(call(worker, context, step=step_of(worker, run_id)), OUTPUT_BYTES_MAX))
    return context


class TestSequential:
    LINE = (
        sequential.validate_input,
        sequential.process_data,
        sequential.transform_output,
        sequential.save_results,
    )

    @pytest.mark.parametrize(
        ("raw_data", "cleaned"),
        [
            ([{"name": "  Ada   L "}, {"n": 3}], [{"name": "Ada L"}, {"n": 3}]),
            (" some   text ", "some text"),
            ({"a": None}, {"a": None}),
            (5, 5),
            ([1, 2, 3], [1, 2, 3]),
        ],
    )
    def test_data_is_cleaned_summed_up_and_saved(self, raw_data: Any, cleaned: Any):
        context = through(self.LINE, {"raw_data": raw_data})
        assert context["validated_data"] == raw_data and context["data_size"] == len(str(raw_data))
        assert context["processed_data"]["data"] == cleaned
        saved = json.loads(Path(context["results_path"]).read_text())
        assert saved == context["transformed_data"] and saved["content"]["data"] == cleaned

    @pytest.mark.parametrize("given", [{}, {"raw_data": None}, {"raw_data": []}, {"raw_data": ""}])
    def test_no_data_is_refused(self, given: dict[str, Any]):
        with pytest.raises(CriticalFailure, match="No data provided"):
            through(self.LINE, given)

    def test_a_second_attempt_writes_the_same_file_and_the_undo_removes_it(self):
        first, second = (through(self.LINE, {"raw_data": [1]}) for _ in range(2))
        path = Path(first["results_path"])
        assert path == Path(second["results_path"]) and path.parent == settings.DATA_DIR / "results"
        undo = step_of(sequential.save_results)
        assert call(sequential.discard_results, step=undo) == {"status": "success"}
        assert call(sequential.discard_results, step=undo) == {"status": "no_action_needed"}
        assert not path.exists()

    def test_a_missing_key_is_named(self):
        with pytest.raises(CriticalFailure, match="validated_data: missing"):
            call(sequential.process_data, {})


class TestTransformation:
    LINE = (
        transformation.validate_schema,
        transformation.normalize_data,
        transformation.enrich_data,
        transformation.validate_output,
        transformation.export_data,
    )

    def test_every_row_goes_through_or_is_reported_with_its_index_and_reason(self):
        rows = [
            FILM,
            "not a row",
            {**FILM, "Title": 300, "Release Date": "9-Mar-07"},
            {**FILM, "US Gross": {}},
            {**FILM, "Title": None},
            {**FILM, "Release Date": "someday"},
            {**FILM, "Production Budget": "lots"},
        ]
        context = through(self.LINE, {"data": rows})
        assert [row["Title"] for row in context["final_data"]] == ["Predator 2", "300", "Untitled"]
        assert [row["Release Date"] for row in context["final_data"]] == [
            "1990-11-21",
            "2007-03-09",
            "1990-11-21",
        ]
        assert [one["index"] for one in context["rejected_rows"]] == [1, 3, 5, 6]
        assert all(one["reason"] and one["row"] == rows[one["index"]] for one in context["rejected_rows"])
        assert [(one["index"], one["field"]) for one in context["row_remarks"]] == [
            (2, "Title"),
            (4, "Title"),
        ]
        assert context["row_report"] == {"rows_in": 7, "rows_valid": 3, "rows_rejected": 4}
        assert json.loads(Path(context["export_path"]).read_text()) == context["final_data"]
        assert json.loads(Path(context["rejected_path"]).read_text()) == context["rejected_rows"]
        assert context["exported_rows"] == 3 and context["rejected_count"] == 4

    def test_rows_are_enriched_and_judged(self):
        context = through(self.LINE, {"data": [FILM, {"Title": "Plain"}]})
        first, second = context["final_data"]
        assert (first["year"], first["decade"], first["profit"]) == (1990, 1990, 19768418)
        assert first["data_fingerprint"] != second["data_fingerprint"] and "year" not in second
        assert context["quality_score"] == 1.0 and context["ready_for_export"] is True
        assert context["column_fill"]["Title"] == 1.0 and context["column_fill"]["Director"] == 0.0
        assert not context["held_for_review"]

    def test_data_of_which_nothing_is_good_fails(self):
        answer = call(transformation.validate_schema, {"data": [1, 2]})
        assert answer["status"] == "validation_failed" and len(answer["rejected_rows"]) == 2

    def test_no_rows_are_no_error(self):
        context = through(self.LINE, {"data": []})
        assert context["final_data"] == [] and context["exported_rows"] == 0
        assert context["held_for_review"] and "held" in context["export_path"]

    def test_rows_may_have_a_schema_of_their_own(self):
        schema = {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer"}},
            "version": "7",
        }
        context = through(self.LINE, {"data": [{"id": 1}, {"id": "x"}, {}], "schema": schema})
        assert [one["index"] for one in context["rejected_rows"]] == [1, 2]
        assert context["schema_version"] == "7" and context["enrichment_completeness"] == 1.0

    def test_rows_may_be_checked_by_a_plain_mapping(self):
        context = through(self.LINE, {"data": [{"id": 1}, {"id": "x"}], "schema": {"id": "int"}})
        assert context["rejected_rows"][0]["reason"] == "Invalid type for id: expected int"

    def test_one_object_goes_through_in_the_plainest_way(self):
        data = {"user_id": 7, "name": " Ada ", "timestamp": "T1", "ok": True}
        schema = {"user_id": "int", "name": "str", "version": "3"}
        context = through(self.LINE, {"data": data, "schema": schema})
        assert context["normalized_data"] == {"user_id": 7.0, "name": "ada", "timestamp": "t1", "ok": True}
        assert context["original_data"] == data and context["schema_version"] == "3"
        assert context["final_data"]["user_metadata"] and context["enrichment_completeness"] == 1.0
        assert context["quality_score"] == 1.0 and context["exported_rows"] == 1

    def test_an_object_that_does_not_fit_fails_with_every_reason(self):
        answer = call(transformation.validate_schema, {"data": {"a": 1}, "schema": {"a": "str", "b": "int"}})
        assert answer["status"] == "validation_failed"
        assert answer["errors"] == ["Invalid type for a: expected str", "Missing required field: b"]

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({}, "data: missing"),
            ({"data": 5}, "data: expected a list"),
            ({"data": [], "schema": 5}, "schema: expected"),
        ],
    )
    def test_bad_input_is_named(self, given: dict[str, Any], message: str):
        with pytest.raises(CriticalFailure, match=message):
            call(transformation.validate_schema, given)

    @pytest.mark.parametrize("format_", ["json", "jsonl", "csv"])
    def test_the_file_has_the_format_asked_for_and_the_undo_removes_it(self, format_: str):
        context = {"final_data": [{"a": 1}], "rejected_rows": [{"index": 1}]}
        step = step_of(transformation.export_data)
        output = call(transformation.export_data, context, params={"format": format_}, step=step)
        assert output["export_path"].endswith(f".{format_}")
        undone = call(transformation.remove_export, step=step)
        assert len(undone["removed_files"]) == 2 and not Path(output["export_path"]).exists()
        assert call(transformation.remove_export, step=step)["status"] == "no_action_needed"


@pytest.mark.usefixtures("transactional_db")
class TestEvents:
    LINE = (events.parse_event, events.classify_event, events.process_by_type, events.aggregate_metrics)
    EVENT = {
        "id": "gh-1",
        "type": "issue_comment.created",
        "source": "github",
        "data": {"sender": {"login": "ada"}},
    }

    @pytest.mark.parametrize("is_text", [True, False])
    def test_an_event_is_read_classified_processed_and_counted(self, is_text: bool):
        context = through(self.LINE, {"raw_event": json.dumps(self.EVENT) if is_text else self.EVENT})
        assert context["original_format"] == ("str" if is_text else "dict")
        assert context["classified_event"]["category"] == "user_engagement"
        assert context["processing_result"]["actor"] == "ada"
        metrics = context["aggregated_metrics"]
        assert metrics["total_events"] == metrics["of_this_type"] == metrics["of_this_source"] == 1
        assert metrics["by_category"] == {"user_engagement": 1}

    def test_a_second_attempt_counts_nothing_and_another_run_does(self):
        for run_id, total in (("a", 1), ("a", 1), ("b", 2)):
            context = through(self.LINE, {"raw_event": self.EVENT}, run_id)
            assert context["aggregated_metrics"]["total_events"] == total

    def test_the_undo_takes_the_event_out_once_and_for_good(self):
        context = through(self.LINE, {"raw_event": self.EVENT})
        step = step_of(events.aggregate_metrics)
        assert call(events.retract_metrics, step=step) == {"status": "success"}
        assert call(events.retract_metrics, step=step) == {"status": "no_action_needed"}
        assert set(EventMetric.objects.values_list("count", flat=True)) == {0}
        with pytest.raises(CriticalFailure, match="too late"):
            call(events.aggregate_metrics, context, step=step)

    def test_an_undo_without_the_event_stops_a_late_one(self):
        step = step_of(events.aggregate_metrics)
        assert call(events.retract_metrics, step=step) == {"status": "no_action_needed"}
        with pytest.raises(CriticalFailure, match="too late"):
            through(self.LINE, {"raw_event": self.EVENT})

    @pytest.mark.parametrize(
        ("event", "category", "urgency"),
        [
            ({"type": "user_action"}, "user_engagement", "normal"),
            ({"type": "payment", "data": {"amount": 1001}}, "business_transaction", "high"),
            ({"type": "payment", "data": {"amount": "1001"}}, "business_transaction", "normal"),
            ({"type": "failure", "data": {"error_message": "Fatal"}}, "system_error", "high"),
            ({"type": "security_advisory.published", "data": []}, "system_error", "normal"),
            ({"type": "marketplace_purchase.changed", "data": None}, "business_transaction", "normal"),
            ({"type": "push", "data": "error"}, "general", "high"),
            ({}, "general", "normal"),
            ({"type": {"odd": 1}, "id": ["x"], "source": None, "time": "T"}, "general", "normal"),
        ],
    )
    def test_categories_and_urgency(self, event: dict[str, Any], category: str, urgency: str):
        classified = through(self.LINE, {"raw_event": event})["classified_event"]
        assert (classified["category"], classified["urgency"]) == (category, urgency)
        assert classified["event_id"] and classified["event_type"] and classified["timestamp"]

    @pytest.mark.parametrize(
        ("message", "severity"), [("FATAL", "critical"), ("timeout", "medium"), ("?", "low"), (5, "low")]
    )
    def test_severities_of_errors(self, message: Any, severity: str):
        event = {"type": "error", "data": {"error_message": message}}
        assert through(self.LINE, {"raw_event": event})["processing_result"]["severity"] == severity

    @pytest.mark.parametrize("raw_event", ["{", "[]", "5", "", [], 5, None, "NaN"])
    def test_an_event_that_can_not_be_read_fails(self, raw_event: Any):
        answer = call(events.parse_event, {"raw_event": raw_event})
        assert (
            answer["status"] == "validation_failed"
            and answer["parsing_status"] == "failed"
            and answer["error"]
        )


class TestFanOut:
    def mapped(self, data: list[Any], size: int) -> dict[str, Any]:
        split = call(fan_out.split_data, {"data": data, "batch_size": size})
        results = [
            call(fan_out.process_batch, {**split, "batch": batch, "index": index})
            for index, batch in enumerate(split["batches"])
        ]
        return {**split, "results": results}

    @pytest.mark.parametrize(
        ("count", "size", "batches"), [(7, 1, 7), (0, 5, 0), (10_000, 100, 100), (11, 5, 3)]
    )
    def test_no_item_is_lost_and_their_order_stays(self, count: int, size: int, batches: int):
        context = self.mapped(list(range(count)), size)
        assert context["total_batches"] == batches
        combined = encode(call(fan_out.combine_results, context), OUTPUT_BYTES_MAX)
        assert [item["value"] for item in combined["combined_results"]] == list(range(count))
        assert combined["total_items"] == count and len(combined["batch_statistics"]) == batches

    def test_the_batch_size_may_come_from_the_params(self):
        assert call(fan_out.split_data, {"data": [1, 2, 3]}, params={"batch_size": 2})["batches"] == [
            [1, 2],
            [3],
        ]

    @pytest.mark.parametrize("size", [0, -1, "5", 1.5, True])
    def test_a_bad_batch_size_is_refused(self, size: Any):
        with pytest.raises(CriticalFailure, match="batch_size: expected a whole number"):
            call(fan_out.split_data, {"data": [], "batch_size": size})

    def test_data_must_be_a_list(self):
        with pytest.raises(CriticalFailure, match="data: expected a list, got str"):
            call(fan_out.split_data, {"data": "abc"})

    def test_three_fixed_steps_take_three_batches(self):
        context = call(fan_out.split_data, {"data": [1, 2, 3], "batch_size": 1})
        for number in (1, 2, 3):
            step = step_of(fan_out.process_batch, name=f"process_batch_{number}")
            context.update(call(fan_out.process_batch, context, step=step))
        combined = call(fan_out.combine_results, context)
        assert [item["value"] for item in combined["combined_results"]] == [1, 2, 3]

    def test_a_batch_that_nobody_took_fails_the_step(self):
        context = call(fan_out.split_data, {"data": [1, 2, 3, 4], "batch_size": 1})
        for number in (1, 2, 3):
            step = step_of(fan_out.process_batch, name=f"process_batch_{number}")
            context.update(call(fan_out.process_batch, context, step=step))
        with pytest.raises(CriticalFailure, match=r"1 of 4 batches were never processed \(4\)"):
            call(fan_out.combine_results, context)

    def test_numbered_batch_keys_are_understood(self):
        step = step_of(fan_out.process_batch, name="process_batch_2")
        assert (
            call(fan_out.process_batch, {"batch_2": ["x "]}, step=step)["processed_batch_2"][0]["value"]
            == "x"
        )
        assert call(fan_out.process_batch, {"batch_1": ["x "]}, step=step)["message"] == "No batch data found"

    def test_items_may_be_mapped_one_by_one(self):
        results = [call(fan_out.process_item, {"item": item, "index": 0}) for item in (1, {"a": 2})]
        combined = call(fan_out.combine_results, {"result": results})
        assert [item["value"] for item in combined["combined_results"]] == [1, {"a": 2}]

    def test_tolerated_failures_are_listed(self):
        context = self.mapped([1, 2, 3], 1)
        context["results"][1] = {"error": {"code": "exception", "message": "no"}}
        combined = call(fan_out.combine_results, context)
        assert combined["failed_batches"] == [2] and combined["total_items"] == 2


TANGLED = {
    "a": [{"b": {"c": [{"d": [1, "x", None, True]}, {"e": 2}]}}, {"f": [[[1.5]]]}],
    "g": [{"h": 1}, {"i": [{"j": {"k": [{"l": "deep"}]}}]}],
}
PROSE = "The order came late. The order was wet. " * 10


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


class TestRecovery:
    def attempts(self, fault: str, given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answers of the attempts of one step, each with the one before in its context."""
        context = {"data": [1], "simulate": {"attempt_processing": fault}, **(given or {})}
        answers: list[dict[str, Any]] = []
        for attempt in range(1, 10):
            step = step_of(recovery.attempt_processing, attempt=attempt)
            answers.append(call(recovery.attempt_processing, context, step=step))
            context.update(answers[-1])
            if answers[-1]["status"] != "retry_needed":
                break
        return answers

    def test_without_a_fault_the_primary_way_works(self):
        [answer] = self.attempts("")
        assert (answer["status"], answer["method"], answer["attempts_used"]) == ("success", "primary", 1)

    def test_a_busy_service_is_tried_again_with_growing_delays(self):
        *busy, last = self.attempts("temporary:2")
        assert [answer["next_attempt_delay"] for answer in busy] == [1, 2]
        assert (last["status"], last["attempts_used"]) == ("success", 3)

    def test_a_service_that_stays_busy_is_given_up_for_the_other_way(self):
        *busy, last = self.attempts("temporary:9")
        assert len(busy) == 3
        assert (last["status"], last["method"], last["attempts_used"]) == ("fallback_success", "fallback", 4)
        verified = call(recovery.verify_results, {"data": [1], **last})
        assert verified["verification_passed"] is True

    def test_when_both_ways_fail_the_step_fails_with_both_errors(self):
        given = {
            "max_retries": 0,
            "simulate": {"attempt_processing": "temporary:9", "fallback_processing": "error"},
        }
        [answer] = self.attempts("", given)
        assert answer["status"] == "failed" and "fallback_processing" in answer["fallback_error"]
        assert "temporary" in answer["primary_error"]

    def test_a_critical_failure_asks_for_a_person(self):
        [answer] = self.attempts("critical")
        assert answer["status"] == "critical_failure" and answer["requires_intervention"] is True

    def test_other_faults_strike_the_step(self):
        assert self.attempts("failed")[0]["status"] == "failed"
        with pytest.raises(RuntimeError, match="simulated error"):
            self.attempts("error")
        with pytest.raises(TemporaryFailure):
            call(recovery.verify_results, {"simulate": {"verify_results": "temporary:1"}})

    def test_a_result_of_other_data_or_none_is_not_verified(self):
        [answer] = self.attempts("")
        for context in ({"data": [2], **answer}, {"data": [1], "result": {}}, {"data": [1], "result": None}):
            assert call(recovery.verify_results, context)["status"] == "validation_failed"
        assert call(recovery.verify_results, {"result": {"processed": True}})["verification_passed"]

    def test_cleaning_up_empties_the_runs_scratch_folder_once(self):
        self.attempts("")
        folder = settings.DATA_DIR / "scratch" / "run-1"
        assert folder.is_dir()
        step = step_of(recovery.cleanup_resources)
        assert call(recovery.cleanup_resources, step=step)["cleaned_files"] == 1
        assert call(recovery.cleanup_resources, step=step)["cleaned_files"] == 0
        assert not folder.exists()


class TestNested:
    ROWS = [{"name": "a", "n": 1}, {"name": "b", "n": 3}]

    def test_the_children_analyse_and_export_what_the_master_prepared(self):
        context = through((nested.prepare_data,), {"sub_workflow_input": {"data": self.ROWS}})
        child = {"data": context["prepared_data"]}
        context |= through((nested.profile_data, nested.store_analysis), child, "child-1")
        context |= through((nested.format_export, nested.write_export), child, "child-2")
        whole = through((nested.consolidate_results,), context)["consolidated_results"]
        assert whole["record_count"] == whole["exported_rows"] == 2
        assert whole["analysis"]["columns"]["n"]["mean"] == 2
        assert json.loads(Path(whole["analysis_path"]).read_text()) == whole["analysis"]
        assert json.loads(Path(whole["export_path"]).read_text())[1]["row_number"] == 2

    def test_a_completed_child_can_be_rolled_back(self):
        stored = through((nested.profile_data, nested.store_analysis), {"data": self.ROWS}, "child-1")
        step = step_of(nested.store_analysis, "child-1")
        assert call(nested.discard_analysis, step=step) == {"status": "success"}
        assert call(nested.discard_analysis, step=step) == {"status": "no_action_needed"}
        assert not Path(stored["analysis_path"]).exists()

    @pytest.mark.parametrize(
        ("given", "rows"),
        [
            ({"data": [1]}, [1]),
            ({"sub_workflow_input": {"a": 1}}, [{"a": 1}]),
            ({"raw_data": "x"}, ["x"]),
            ({}, []),
        ],
    )
    def test_input_in_any_form_becomes_rows(self, given: dict[str, Any], rows: list[Any]):
        prepared = call(nested.prepare_data, given)
        assert prepared["prepared_data"] == rows and prepared["record_count"] == len(rows)
        assert call(nested.profile_data, {"data": rows})["analysis"]["records"] == len(rows)
        assert len(call(nested.format_export, {"data": rows})["export_rows"]) == len(rows)


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
