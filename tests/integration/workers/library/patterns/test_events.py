"""Events that come in, and work that fans out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.workers.library.patterns.calls import step_of, through
from workers import CriticalFailure
from workers.execution.encode import encode
from workers.library.models import EventMetric
from workers.library.patterns import (
    events,
    fan_out,
)
from workers.testing import OUTPUT_BYTES_MAX, call


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
            ({"event_type": "push", "id": ["x"], "source": None, "time": "T"}, "general", "normal"),
        ],
    )
    def test_categories_and_urgency(self, event: dict[str, Any], category: str, urgency: str):
        classified = through(self.LINE, {"raw_event": event})["classified_event"]
        assert (classified["category"], classified["urgency"]) == (category, urgency)
        assert classified["event_id"] and classified["event_type"] and classified["timestamp"]

    @pytest.mark.parametrize("form", ["object", "text", "form"])
    @pytest.mark.parametrize(
        ("headers", "body", "event_type", "source", "category"),
        [
            ({"x-github-event": "push"}, {"ref": "x"}, "push", "github", "general"),
            ({"X-GitHub-Event": "issues"}, {"action": "opened"}, "issues.opened", "github", "general"),
            ({"x-github-event": "star"}, {"action": "deleted"}, "star.deleted", "github", "user_engagement"),
            ({"x-github-event": "page_build"}, {"id": 130514899}, "page_build", "github", "general"),
            ({"x-gitlab-event": "Push Hook"}, {"ref": "x"}, "Push Hook", "gitlab", "general"),
            ({"x-github-event": "push", "x-gitea-event": "push"}, {}, "push", "gitea", "general"),
            ({"x-shopify-topic": "orders/paid"}, {"id": 1}, "orders/paid", "shopify", "general"),
            (
                {"ce-type": "payment.made", "ce-source": "/shop"},
                {},
                "payment.made",
                "/shop",
                "business_transaction",
            ),
            ({"x-github-event": "push"}, {"type": "own", "data": {}}, "own", "github", "general"),
        ],
    )
    def test_a_webhook_says_its_type_in_a_header(
        self, headers: Any, body: Any, event_type: str, source: str, category: str, form: str
    ):
        raw_event = {"object": body, "text": json.dumps(body), "form": {"payload": json.dumps(body)}}[form]
        context = through(self.LINE, {"raw_event": raw_event, "headers": headers})
        event = context["classified_event"]
        assert (event["event_type"], event["source"], event["category"]) == (event_type, source, category)
        assert event["data"] == body.get("data", body)

    def test_the_delivery_is_the_id_of_a_bare_body(self):
        headers = {"x-github-event": "page_build", "x-github-delivery": "72d3"}
        parsed = call(events.parse_event, {"raw_event": {"id": 5}, "headers": headers})["parsed_event"]
        assert parsed["event_id"] == "72d3"

    @pytest.mark.parametrize(
        ("message", "severity"), [("FATAL", "critical"), ("timeout", "medium"), ("?", "low"), (5, "low")]
    )
    def test_severities_of_errors(self, message: Any, severity: str):
        event = {"type": "error", "data": {"error_message": message}}
        assert through(self.LINE, {"raw_event": event})["processing_result"]["severity"] == severity

    @pytest.mark.parametrize(
        "raw_event",
        ["{", "[]", "5", "", [], 5, None, "NaN", '{"type": "a", "type": "b"}']
        + [{}, {"type": {"odd": 1}}, {"type": " "}, {"data": {"a": 1}}, {"action": "opened", "issue": {}}]
        + [{"payload": "{"}, {"payload": "5"}],
    )
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
