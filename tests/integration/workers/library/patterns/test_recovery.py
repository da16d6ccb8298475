"""Retries, cleaning up, and child workflows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.integration.workers.library.patterns.calls import step_of, through
from workers import TemporaryFailure
from workers.library.patterns import (
    nested,
    recovery,
)
from workers.testing import call


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
