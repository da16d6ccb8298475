"""Upgrade: rows of searched text that an older release wrote are brought into the normal form."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.apps import apps
from django.db import connection
from django.utils.timezone import now

from runs.lists.filters import Filters
from runs.lists.search import page_of
from runs.models import Run, RunText
from runs.store.search_text import text_of
from tests.integration.runs.conftest import Publish, chain, step

migration: Any = import_module("runs.migrations.0012_search_texts_in_normal_form")
INPUTS = [{"n": number, "note": 'Say "Hi"\n'} for number in range(7)]  # as PostgreSQL orders keys


@pytest.mark.parametrize("times", [1, 2])
def test_rows_of_an_older_release_are_found_as_typed(
    publish: Publish, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(migration, "ROWS_AT_ONCE", 3)
    version = publish(chain(step("a"), name="order"))
    runs = [Run(version=version, workflow_name="order", input=input, created_at=now()) for input in INPUTS]
    Run.objects.bulk_create(runs)
    RunText.objects.bulk_create(RunText(run=run, text=orjson.dumps(run.input).decode()) for run in runs)
    before = list(RunText.objects.order_by("id").values_list("id", "run_id"))
    assert not page_of(Filters(q='say "hi"'))[0]
    for _ in range(times):
        migration.write_anew(apps, SimpleNamespace(connection=connection))
    assert list(RunText.objects.order_by("id").values_list("id", "run_id")) == before
    assert len(page_of(Filters(q='say "hi" '))[0]) == len(runs)
    for index, input in enumerate(INPUTS):
        assert RunText.objects.get(run=runs[index]).text == text_of(input) == migration.text_of(input)
        assert [run.pk for run in page_of(Filters(q=f'"n":{index}'))[0]] == [runs[index].pk]
    RunText.objects.all().delete()
    assert not page_of(Filters(q='say "hi"'))[0]
