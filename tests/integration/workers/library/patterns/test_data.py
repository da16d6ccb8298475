"""Rows validated, transformed and stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.integration.workers.library.patterns.calls import step_of, through
from workers import CriticalFailure
from workers.library.patterns import (
    sequential,
    transformation,
)
from workers.testing import call

FILM = {
    "Title": "Predator 2", "US Gross": 28317513, "Worldwide Gross": 54768418, "Production Budget": 35000000,
    "Release Date": "Nov 21 1990", "Director": None, "IMDB Rating": 6,
}  # fmt: skip


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
